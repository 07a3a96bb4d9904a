/* SPDX-License-Identifier: MIT */
/*
 * HASH_JOIN, build side: keeps the rows of children[1]. The smaller a row, the better: only keys and the columns wanted above are kept.
 */
#include "executor/join.h"

#include <string.h>

typedef struct join_local {
    rz_eval **evals;
    rz_vec **keys;
    rz_vec **columns;   /* payload; CROSS: and the weight */
    uint64_t *hashes;
    uint32_t *rows_left;
    size_t *sizes;
    uint8_t **cursors;
    rz_arena arena;     /* of the rows */
    rz_join_row *rows;
    rz_join_row *last;
    uint64_t count;
    rz_records **parts;
    bool spilled;
    bool weighted;
    uint64_t budget;
    rz_rowset *rowset;  /* CROSS */
    rz_join_sieve *sieves;
    uint32_t sieve_count;
    rz_vec **sieve_keys;
    uint64_t *sieve_hashes;
    rz_join_bounds *bounds;
    uint32_t bound_count;
} join_local;

static ruzu_status join_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    rz_arena *arena = &exec->arena;
    rz_join_shared *shared = RZ_NEW(arena, rz_join_shared);
    RZ_TRY_ALLOC(shared, err, "preparing a join");
    shared->plan = plan;
    shared->mem = rz_exec_account(exec, plan);
    shared->pool = rz_store_pool(rz_txn_store(exec->context->txn));
    rz_join_table_init(&shared->table, shared->mem);
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "preparing a join");
    }
    shared->locked = true;
    *out = shared;
    RZ_TRY(rz_join_columns_map(arena, plan, &shared->columns, err));
    shared->parts = RZ_NEW_ARRAY(arena, rz_records *, RZ_SPILL_PARTS);
    shared->row_types = RZ_NEW_ARRAY(arena, const rz_type *, shared->columns.payload_count + 1);
    if (shared->parts == NULL || shared->row_types == NULL) {
        return rz_error_no_memory(err, "preparing a join");
    }
    for (uint32_t i = 0; i < shared->columns.payload_count; i++) {
        shared->row_types[i] = plan->types[shared->columns.payload[i]];
    }
    shared->row_types[shared->columns.payload_count] = rz_type_of(RUZU_TYPE_UINT64);
    shared->sieves = RZ_NEW_ARRAY(arena, rz_join_sieve, plan->u.join.sieve_count);
    RZ_TRY_ALLOC(shared->sieves, err, "preparing a join");
    shared->bounds = RZ_NEW_ARRAY(arena, rz_join_bounds, plan->u.join.bound_count);
    RZ_TRY_ALLOC(shared->bounds, err, "preparing a join");
    for (uint32_t b = 0; b < plan->u.join.bound_count; b++) {
        rz_join_bounds_open(&shared->bounds[b], shared->mem);
    }
    if (plan->u.join.kind == RZ_JOIN_CROSS) {
        return rz_rowset_create(shared->mem, shared->pool, shared->row_types, shared->columns.payload_count + 1, &shared->rows, err);
    }
    return RUZU_OK;
}

static void join_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    rz_join_shared *shared = (rz_join_shared *)shared_object;
    rz_join_table_clear(&shared->table);
    rz_rowset_free(shared->rows);
    for (uint32_t s = 0; shared->sieves != NULL && s < shared->plan->u.join.sieve_count; s++) {
        rz_join_sieve_close(&shared->sieves[s]);
    }
    for (uint32_t b = 0; shared->bounds != NULL && b < shared->plan->u.join.bound_count; b++) {
        rz_join_bounds_close(&shared->bounds[b]);
    }
    for (uint32_t p = 0; shared->parts != NULL && p < RZ_SPILL_PARTS; p++) {
        rz_records_free(shared->parts[p]);
    }
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

static ruzu_status join_open_sieves(rz_worker *worker, const rz_plan *plan, join_local *local, rz_error *err)
{
    uint32_t count = plan->u.join.sieve_count;
    rz_join_sieve *sieves = RZ_NEW_ARRAY(&worker->arena, rz_join_sieve, count);
    local->sieve_keys = RZ_NEW_ARRAY(&worker->arena, rz_vec *, plan->u.join.key_count);
    local->sieve_hashes = RZ_NEW_ARRAY(&worker->arena, uint64_t, count == 0 ? 0 : RZ_VECTOR_CAPACITY);
    if (sieves == NULL || local->sieve_keys == NULL || local->sieve_hashes == NULL) {
        return rz_error_no_memory(err, "preparing a join");
    }
    for (uint32_t s = 0; s < count; s++) {
        rz_join_sieve_open(&sieves[s], rz_exec_account(worker->exec, plan), plan->u.join.sieves[s].rows, local->budget / 8 / count);
    }
    local->sieves = sieves;
    local->sieve_count = count;
    local->bounds = RZ_NEW_ARRAY(&worker->arena, rz_join_bounds, plan->u.join.bound_count);
    RZ_TRY_ALLOC(local->bounds, err, "preparing a join");
    for (uint32_t b = 0; b < plan->u.join.bound_count; b++) {
        rz_join_bounds_open(&local->bounds[b], worker->exec->context->mem);
    }
    local->bound_count = plan->u.join.bound_count;
    return RUZU_OK;
}

static ruzu_status join_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    const rz_join_shared *shared = (const rz_join_shared *)shared_object;
    const rz_plan *input = plan->children[1];
    rz_arena *arena = &worker->arena;
    uint32_t key_count = plan->u.join.key_count;
    join_local *local = RZ_NEW(arena, join_local);
    RZ_TRY_ALLOC(local, err, "preparing a join");
    rz_arena_init(&local->arena, shared->mem);
    local->parts = RZ_NEW_ARRAY(arena, rz_records *, RZ_SPILL_PARTS);
    RZ_TRY_ALLOC(local->parts, err, "preparing a join");
    *out = local;
    local->evals = RZ_NEW_ARRAY(arena, rz_eval *, key_count);
    local->keys = RZ_NEW_ARRAY(arena, rz_vec *, key_count);
    local->columns = RZ_NEW_ARRAY(arena, rz_vec *, shared->columns.payload_count + 1);
    local->hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    local->rows_left = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    local->sizes = RZ_NEW_ARRAY(arena, size_t, RZ_VECTOR_CAPACITY);
    local->cursors = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    if (local->evals == NULL || local->keys == NULL || local->columns == NULL || local->hashes == NULL || local->rows_left == NULL || local->sizes == NULL ||
        local->cursors == NULL) {
        return rz_error_no_memory(err, "preparing a join");
    }
    local->budget = rz_spill_budget(worker->exec);
    RZ_TRY(join_open_sieves(worker, plan, local, err));
    for (uint32_t k = 0; k < key_count; k++) {
        RZ_TRY(rz_eval_create(worker, plan->u.join.build_keys[k], input->columns, input->column_count, &local->evals[k], err));
    }
    if (shared->rows == NULL) {
        return RUZU_OK;
    }
    RZ_TRY(rz_vec_create(arena, arena, rz_type_of(RUZU_TYPE_UINT64), RZ_VECTOR_CAPACITY, &local->columns[shared->columns.payload_count], err));
    return rz_rowset_create(shared->mem, shared->pool, shared->row_types, shared->columns.payload_count + 1, &local->rowset, err);
}

static void join_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    join_local *local = (join_local *)local_object;
    rz_arena_free(&local->arena);
    rz_rowset_free(local->rowset);
    for (uint32_t s = 0; local->sieves != NULL && s < local->sieve_count; s++) {
        rz_join_sieve_close(&local->sieves[s]);
    }
    for (uint32_t b = 0; b < local->bound_count; b++) {
        rz_join_bounds_close(&local->bounds[b]);
    }
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        rz_records_free(local->parts[p]);
    }
}

/* ---- consuming ---- */

static ruzu_status join_keep_cross(const rz_join_shared *shared, join_local *local, const rz_chunk *chunk, const rz_sel *sel, rz_error *err)
{
    uint64_t *weights = (uint64_t *)local->columns[shared->columns.payload_count]->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        weights[row] = chunk->weight == NULL ? 1 : chunk->weight[row];
    }
    local->count += sel->count;
    return rz_rowset_append(local->rowset, local->columns, sel, err);
}

static ruzu_status join_keep_rows(const rz_join_shared *shared, join_local *local, const rz_chunk *chunk, const rz_sel *sel, rz_error *err)
{
    uint32_t key_count = shared->plan->u.join.key_count;
    size_t total = 0;
    rz_join_measure(local->keys, key_count, local->columns, shared->columns.payload_count, sel, local->sizes);
    for (uint32_t i = 0; i < sel->count; i++) {
        local->sizes[i] = (sizeof(rz_join_row) + local->sizes[i] + 7) & ~(size_t)7;
        total += local->sizes[i];
    }
    uint8_t *place = (uint8_t *)rz_arena_alloc(&local->arena, total);
    RZ_TRY_ALLOC(place, err, "joining");
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t at = rz_sel_at(sel, i);
        rz_join_row *row = (rz_join_row *)(void *)place;
        row->next = local->rows;
        row->hash = local->hashes[at];
        row->weight = chunk->weight == NULL ? 1 : chunk->weight[at];
        local->rows = row;
        local->last = local->last == NULL ? row : local->last;
        local->cursors[i] = row->values;
        place += local->sizes[i];
    }
    local->count += sel->count;
    rz_join_write(local->keys, key_count, local->columns, shared->columns.payload_count, sel, local->cursors);
    return RUZU_OK;
}

static void join_feed_sieves(const rz_plan *plan, const join_local *local, const rz_sel *sel)
{
    for (uint32_t s = 0; s < local->sieve_count; s++) {
        const rz_plan_sieve *sieve = &plan->u.join.sieves[s];
        for (uint32_t k = 0; k < sieve->key_count; k++) {
            local->sieve_keys[k] = local->keys[sieve->keys[k]];
        }
        rz_join_hash(local->sieve_keys, sieve->key_count, sel, local->sieve_hashes);
        rz_join_sieve_add(&local->sieves[s], local->sieve_hashes, sel);
    }
    for (uint32_t b = 0; b < local->bound_count; b++) {
        rz_join_bounds_add(&local->bounds[b], local->keys[plan->u.join.bounds[b]], sel);
    }
}

/* The bytes of a row's keys and payload. */
static size_t join_values_size(const rz_join_shared *shared, const rz_join_row *row)
{
    const uint8_t *end = row->values;
    for (uint32_t k = 0; k < shared->plan->u.join.key_count; k++) {
        end = rz_row_value_skip(shared->plan->u.join.build_keys[k]->type, end);
    }
    for (uint32_t c = 0; c < shared->columns.payload_count; c++) {
        end = rz_row_value_skip(shared->row_types[c], end);
    }
    return (size_t)(end - row->values);
}

/* Moves rows in memory to records. */
static ruzu_status join_spill_rows(const rz_join_shared *shared, rz_join_row *rows, rz_records **parts, rz_error *err)
{
    for (const rz_join_row *row = rows; row != NULL; row = row->next) {
        uint32_t p = rz_spill_part(row->hash);
        uint8_t *place = NULL;
        size_t size = 16 + join_values_size(shared, row);
        if (parts[p] == NULL) {
            RZ_TRY(rz_records_create_part(shared->mem, shared->pool, &parts[p], err));
        }
        if (size > INT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A row of %zu bytes is larger than the limit of 2 GiB.", size);
        }
        RZ_TRY(rz_records_add(parts[p], (uint32_t)size, &place, err));
        memcpy(place, &row->hash, size);
    }
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        if (parts[p] != NULL) {
            rz_records_seal(parts[p]);
        }
    }
    return RUZU_OK;
}

static ruzu_status join_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    const rz_join_shared *shared = (const rz_join_shared *)shared_object;
    join_local *local = (join_local *)local_object;
    uint32_t key_count = shared->plan->u.join.key_count;
    rz_sel sel = rz_chunk_sel(chunk);
    for (uint32_t c = 0; c < shared->columns.payload_count; c++) {
        local->columns[c] = chunk->columns[shared->columns.build[shared->columns.payload[c]]];
    }
    local->weighted = local->weighted || chunk->weight != NULL;
    if (shared->rows != NULL) {
        return join_keep_cross(shared, local, chunk, &sel, err);
    }
    for (uint32_t k = 0; k < key_count; k++) {
        RZ_TRY(rz_eval_run(local->evals[k], chunk, &sel, &local->keys[k], err));
    }
    rz_join_drop_nulls(local->keys, key_count, &sel, local->rows_left);
    rz_join_hash(local->keys, key_count, &sel, local->hashes);
    if (sel.count == 0) {
        return RUZU_OK;
    }
    join_feed_sieves(shared->plan, local, &sel);
    RZ_TRY(join_keep_rows(shared, local, chunk, &sel, err));
    if (rz_spill_needed(worker->exec, local->budget, local->arena.used_bytes + local->count * 2 * sizeof(rz_join_row *))) {
        RZ_TRY(join_spill_rows(shared, local->rows, local->parts, err));
        rz_arena_free(&local->arena);
        local->arena.used_bytes = 0;
        local->rows = local->last = NULL;
        local->count = 0;
        local->spilled = true;
    }
    return RUZU_OK;
}

/* ---- handing over ---- */

static ruzu_status join_hand_over(rz_join_shared *shared, join_local *local, rz_error *err)
{
    shared->weighted = shared->weighted || local->weighted;
    shared->spilled = shared->spilled || local->spilled;
    shared->row_count += local->count;
    for (uint32_t s = 0; s < local->sieve_count; s++) {
        rz_join_sieve_take(&shared->sieves[s], &local->sieves[s]);
    }
    for (uint32_t b = 0; b < local->bound_count; b++) {
        rz_join_bounds_take(&shared->bounds[b], &local->bounds[b]);
    }
    if (shared->rows != NULL) {
        RZ_TRY(rz_rowset_take(shared->rows, local->rowset, err));
        local->rowset = NULL;
        return RUZU_OK;
    }
    RZ_TRY(rz_join_table_take(&shared->table, &local->arena, local->rows, local->last, local->count, err));
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        if (local->parts[p] == NULL) {
            continue;
        }
        if (shared->parts[p] == NULL) {
            shared->parts[p] = local->parts[p];
        } else {
            RZ_TRY(rz_records_take(shared->parts[p], local->parts[p], err));
        }
        local->parts[p] = NULL;
    }
    return RUZU_OK;
}

static ruzu_status join_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    rz_join_shared *shared = (rz_join_shared *)shared_object;
    rz_mutex_lock(&shared->lock);
    ruzu_status status = join_hand_over(shared, (join_local *)local_object, err);
    rz_mutex_unlock(&shared->lock);
    return status;
}

static ruzu_status join_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)exec;
    (void)plan;
    rz_join_shared *shared = (rz_join_shared *)shared_object;
    if (shared->rows != NULL) {
        rz_rowset_seal(shared->rows);
        return RUZU_OK;
    }
    for (uint32_t b = 0; b < shared->plan->u.join.bound_count; b++) {
        rz_join_bounds_seal(&shared->bounds[b]);
    }
    if (!shared->spilled) {
        return rz_join_table_build(&shared->table, err);
    }
    RZ_TRY(join_spill_rows(shared, shared->table.rows, shared->parts, err));
    rz_join_table_clear(&shared->table);
    return RUZU_OK;
}

const rz_sink_class rz_sink_hash_build = {.prepare = join_prepare,
                                          .open = join_open,
                                          .consume = join_consume,
                                          .combine = join_combine,
                                          .close = join_close,
                                          .finish = join_finish,
                                          .destroy = join_destroy};
