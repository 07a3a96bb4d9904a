/* SPDX-License-Identifier: MIT */
/*
 * Row sets: rows of vectors kept as records, and result sets over them.
 */
#include "executor/exec.h"
#include "executor/records.h"

#include <string.h>

struct rz_rowset {
    rz_mem *mem;
    rz_pool *pool;
    const rz_type *const *types; /* borrowed */
    uint32_t column_count;
    rz_records *records;
    uint64_t batch_bytes; /* one batch is not read on beyond so many */
    size_t *sizes; /* owned, RZ_VECTOR_CAPACITY: scratch for one batch; made by the first append */
};

ruzu_status rz_rowset_create(rz_mem *mem, rz_pool *pool, const rz_type *const *types, uint32_t column_count, rz_rowset **out, rz_error *err)
{
    *out = NULL;
    rz_rowset *rows = (rz_rowset *)rz_mem_alloc(mem, sizeof *rows);
    RZ_TRY_ALLOC(rows, err, "keeping rows");
    rows->sizes = NULL;
    rows->mem = mem;
    rows->pool = pool;
    rows->types = types;
    rows->column_count = column_count;
    rows->batch_bytes = rz_texts_budget(mem, 1);
    ruzu_status status = rz_records_create(mem, pool, &rows->records, err);
    if (status != RUZU_OK) {
        rz_mem_free(mem, rows, sizeof *rows);
        return status;
    }
    *out = rows;
    return RUZU_OK;
}

void rz_rowset_free(rz_rowset *rows)
{
    if (rows != NULL) {
        rz_records_free(rows->records);
        rz_mem_free(rows->mem, rows->sizes, RZ_VECTOR_CAPACITY * sizeof *rows->sizes);
        rz_mem_free(rows->mem, rows, sizeof *rows);
    }
}

/* Appends rows one by one when their order of columns and place must be found first; each row is written column by column. */
ruzu_status rz_rowset_append(rz_rowset *rows, rz_vec *const *vecs, const rz_sel *sel, rz_error *err)
{
    if (rows->sizes == NULL) {
        rows->sizes = (size_t *)rz_mem_alloc(rows->mem, RZ_VECTOR_CAPACITY * sizeof *rows->sizes);
        RZ_TRY_ALLOC(rows->sizes, err, "keeping rows");
    }
    memset(rows->sizes, 0, sel->count * sizeof *rows->sizes);
    for (uint32_t c = 0; c < rows->column_count; c++) {
        rz_row_values_size(vecs[c], sel, rows->sizes);
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        if (rows->sizes[i] > INT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A row of %zu bytes is larger than the limit of 2 GiB.", rows->sizes[i]);
        }
        uint8_t *place = NULL;
        RZ_TRY(rz_records_add(rows->records, (uint32_t)rows->sizes[i], &place, err));
        uint32_t row = rz_sel_at(sel, i);
        for (uint32_t c = 0; c < rows->column_count; c++) {
            place = rz_row_value_write(vecs[c], row, place);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_rowset_take(rz_rowset *rows, rz_rowset *from, rz_error *err)
{
    RZ_TRY(rz_records_take(rows->records, from->records, err));
    from->records = NULL;
    rz_rowset_free(from);
    return RUZU_OK;
}

ruzu_status rz_rowset_move(rz_rowset *rows, rz_rowset *from, rz_error *err)
{
    return rz_records_move(rows->records, from->records, err);
}

void rz_rowset_clear(rz_rowset *rows)
{
    rz_records_clear(rows->records);
}

void rz_rowset_seal(rz_rowset *rows)
{
    rz_records_seal(rows->records);
}

uint64_t rz_rowset_count(const rz_rowset *rows)
{
    return rz_records_count(rows->records);
}

uint64_t rz_rowset_bytes(const rz_rowset *rows)
{
    return rz_records_bytes(rows->records);
}

ruzu_status rz_rowset_read(rz_rowset *rows, rz_rowset_cursor *cursor, rz_vec *const *vecs, uint32_t max, uint32_t *out_count, rz_error *err)
{
    rz_records_cursor at;
    rz_records_open(rows->records, &at);
    at.block = (uint32_t)cursor->block;
    at.off = cursor->off;
    ruzu_status status = RUZU_OK;
    const uint8_t *starts[RZ_VECTOR_CAPACITY];
    uint32_t total = 0;
    uint64_t bytes = 0;
    while (total < max && bytes < rows->batch_bytes) { /* block by block: the records of one batch are pinned together */
        uint32_t count = 0;
        bool block_end = false;
        while (total + count < max) {
            uint32_t size = 0;
            RZ_TRY_GOTO(rz_records_next(&at, count != 0, &starts[count], &size, &block_end, err));
            if (starts[count] == NULL) {
                break;
            }
            count++;
            bytes += size;
        }
        for (uint32_t c = 0; c < rows->column_count && count != 0; c++) {
            RZ_TRY_GOTO(rz_row_values_read(starts, count, true, vecs[c], total, err));
        }
        total += count;
        if (count == 0 || !block_end) {
            break;
        }
    }
    cursor->block = at.block;
    cursor->off = at.off;
    cursor->row += total;
    *out_count = total;
cleanup:
    rz_records_close(&at);
    return status;
}

/* ---- result sets ---- */

/* What may stay in a set that waits to be used again. */
#define RESULT_SET_SMALL_BYTES (64u * 1024u)

struct rz_result_set {
    rz_mem *mem;
    rz_pool *pool;
    rz_rowset *rows;
    rz_arena arena;  /* types, chunk */
    rz_arena heap;   /* strings of the current chunk */
    rz_chunk *chunk; /* made at the first read */
    const rz_type *const *types;
    uint32_t column_count;
    rz_rowset_cursor cursor;
};

/* types are cloned: a result outlives its plan. */
static ruzu_status result_set_create(rz_mem *mem, rz_pool *pool, const rz_type *const *types, uint32_t column_count, rz_result_set **out, rz_error *err)
{
    *out = NULL;
    rz_result_set *set = (rz_result_set *)rz_mem_calloc(mem, 1, sizeof *set);
    RZ_TRY_ALLOC(set, err, "making a result");
    set->mem = mem;
    set->pool = pool;
    set->column_count = column_count;
    rz_arena_init(&set->arena, mem);
    rz_arena_init(&set->heap, mem);
    ruzu_status status = RUZU_OK;
    const rz_type **copies = RZ_NEW_ARRAY(&set->arena, const rz_type *, column_count);
    for (uint32_t i = 0; copies != NULL && i < column_count; i++) {
        copies[i] = rz_type_clone(&set->arena, types[i]);
        if (copies[i] == NULL) {
            copies = NULL;
        }
    }
    if (copies == NULL) {
        status = rz_error_no_memory(err, "making a result");
        goto cleanup;
    }
    set->types = copies;
    RZ_TRY_GOTO(rz_rowset_create(mem, pool, set->types, column_count, &set->rows, err));
    *out = set;
    set = NULL;
cleanup:
    rz_result_set_free(set);
    return status;
}

void rz_result_set_free(rz_result_set *set)
{
    if (set != NULL) {
        rz_rowset_free(set->rows);
        rz_arena_free(&set->heap);
        rz_arena_free(&set->arena);
        rz_mem_free(set->mem, set, sizeof *set);
    }
}

bool rz_result_set_recycle(rz_result_set *set)
{
    bool small = rz_rowset_bytes(set->rows) <= RESULT_SET_SMALL_BYTES && set->heap.used_bytes <= RESULT_SET_SMALL_BYTES;
    if (small) {
        rz_rowset_clear(set->rows);
        rz_arena_reset(&set->heap);
        rz_result_set_rewind(set);
    }
    return small;
}

uint64_t rz_result_set_rows(const rz_result_set *set)
{
    return rz_rowset_count(set->rows);
}

void rz_result_set_rewind(rz_result_set *set)
{
    memset(&set->cursor, 0, sizeof set->cursor);
}

ruzu_status rz_result_set_next(rz_result_set *set, const rz_chunk **out, rz_error *err)
{
    *out = NULL;
    if (set->chunk == NULL) {
        RZ_TRY(rz_chunk_create(&set->arena, &set->heap, set->types, set->column_count, &set->chunk, err));
    }
    rz_arena_reset(&set->heap);
    rz_chunk_reset(set->chunk);
    uint32_t count = 0;
    RZ_TRY(rz_rowset_read(set->rows, &set->cursor, set->chunk->columns, RZ_VECTOR_CAPACITY, &count, err));
    set->chunk->count = count;
    *out = count == 0 ? NULL : set->chunk;
    return RUZU_OK;
}

ruzu_status rz_result_set_from_text(rz_mem *mem, rz_pool *pool, const char *const *texts, uint32_t row_count, rz_result_set **out, rz_error *err)
{
    *out = NULL;
    const rz_type *type = RZ_STRING;
    rz_result_set *set = NULL;
    rz_vec *vec = NULL;
    rz_arena arena;
    rz_arena_init(&arena, mem);
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(result_set_create(mem, pool, &type, 1, &set, err));
    RZ_TRY_GOTO(rz_vec_create(&arena, &arena, type, RZ_VECTOR_CAPACITY, &vec, err));
    for (uint32_t i = 0; i < row_count; i++) {
        rz_sel one = {.rows = NULL, .count = 1};
        rz_vec_reset(vec);
        RZ_TRY_GOTO(rz_vec_set_string(vec, 0, texts[i], strlen(texts[i]), err));
        RZ_TRY_GOTO(rz_rowset_append(set->rows, &vec, &one, err));
    }
    rz_rowset_seal(set->rows);
    *out = set;
    set = NULL;
cleanup:
    rz_result_set_free(set);
    rz_arena_free(&arena);
    return status;
}

/* ---- the RESULT sink ---- */

/* Rows of one stretch of an ordered source. */
typedef struct result_stretch {
    uint64_t number;
    rz_rowset *rows; /* owned */
} result_stretch;

typedef struct result_shared {
    rz_mutex lock;
    const rz_plan *plan;
    rz_result_set *set; /* NULL: the query returns nothing */
    bool locked;
    result_stretch *stretches; /* by number; guarded by lock while workers run */
    uint32_t stretch_count;
    uint32_t stretch_capacity;
} result_shared;

typedef struct result_local {
    rz_eval **evals;
    rz_vec **vecs;
    rz_rowset *rows; /* owned */
    uint64_t stretch; /* that rows are of */
} result_local;

/* PROFILE shows no rows: the set does not outlive the statement, and is the node's like everything else. */
static rz_mem *result_account(const rz_exec *exec, const rz_plan *plan)
{
    return exec->profile == NULL ? exec->context->result_mem : rz_exec_account(exec, plan);
}

static ruzu_status result_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    result_shared *shared = RZ_NEW(&exec->arena, result_shared);
    RZ_TRY_ALLOC(shared, err, "making a result");
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "making a result");
    }
    shared->locked = true;
    shared->plan = plan;
    *out = shared;
    rz_store *store = rz_txn_store(exec->context->txn);
    return plan->u.result.count == 0 ? RUZU_OK
                                     : result_set_create(result_account(exec, plan), rz_store_pool(store), plan->u.result.types, plan->u.result.count,
                                                         &shared->set, err);
}

static ruzu_status result_create_rows(const rz_exec *exec, const result_shared *shared, rz_rowset **out, rz_error *err)
{
    return rz_rowset_create(result_account(exec, shared->plan), rz_store_pool(rz_txn_store(exec->context->txn)), shared->set->types, shared->set->column_count, out, err);
}

static ruzu_status result_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    result_shared *shared = (result_shared *)shared_object;
    result_local *local = RZ_NEW(&worker->arena, result_local);
    RZ_TRY_ALLOC(local, err, "making a result");
    *out = local;
    uint32_t count = plan->u.result.count;
    const rz_plan *input = plan->children[0];
    local->evals = RZ_NEW_ARRAY(&worker->arena, rz_eval *, count);
    local->vecs = RZ_NEW_ARRAY(&worker->arena, rz_vec *, count);
    if (local->evals == NULL || local->vecs == NULL) {
        return rz_error_no_memory(err, "making a result");
    }
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_eval_create(worker, plan->u.result.exprs[i], input->columns, input->column_count, &local->evals[i], err));
    }
    return shared->set == NULL ? RUZU_OK : result_create_rows(worker->exec, shared, &local->rows, err);
}

/* Puts rows to those of the stretches before and behind them. *rows stays the caller's when it fails, else it is NULL. */
static ruzu_status result_add_stretch(result_shared *shared, rz_mem *mem, uint64_t number, rz_rowset **rows, rz_error *err)
{
    if (shared->stretch_count == shared->stretch_capacity) {
        uint32_t capacity = shared->stretch_capacity == 0 ? 16 : 2 * shared->stretch_capacity;
        result_stretch *more =
            (result_stretch *)rz_mem_realloc(mem, shared->stretches, shared->stretch_capacity * sizeof *more, capacity * sizeof *more);
        RZ_TRY_ALLOC(more, err, "making a result");
        shared->stretches = more;
        shared->stretch_capacity = capacity;
    }
    uint32_t at = shared->stretch_count++;
    for (; at > 0 && shared->stretches[at - 1].number > number; at--) {
        shared->stretches[at] = shared->stretches[at - 1];
    }
    shared->stretches[at] = (result_stretch){.number = number, .rows = *rows};
    *rows = NULL;
    return RUZU_OK;
}

/* Hands over the rows of a worker's stretch. */
static ruzu_status result_end_stretch(const rz_worker *worker, result_shared *shared, result_local *local, rz_error *err)
{
    if (local->rows == NULL || rz_rowset_count(local->rows) == 0) {
        return RUZU_OK;
    }
    rz_rowset_seal(local->rows);
    rz_mutex_lock(&shared->lock);
    ruzu_status status = result_add_stretch(shared, result_account(worker->exec, shared->plan), local->stretch, &local->rows, err);
    rz_mutex_unlock(&shared->lock);
    return status;
}

static ruzu_status result_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    result_shared *shared = (result_shared *)shared_object;
    result_local *local = (result_local *)local_object;
    if (shared->set == NULL) {
        return RUZU_OK;
    }
    if (worker->exec->in_stretches && worker->stretch != local->stretch) {
        RZ_TRY(result_end_stretch(worker, shared, local, err));
        local->stretch = worker->stretch;
    }
    if (local->rows == NULL) {
        RZ_TRY(result_create_rows(worker->exec, shared, &local->rows, err));
    }
    rz_sel sel = rz_chunk_sel(chunk);
    for (uint32_t i = 0; i < shared->set->column_count; i++) {
        RZ_TRY(rz_eval_run(local->evals[i], chunk, &sel, &local->vecs[i], err));
    }
    return rz_rowset_append(local->rows, local->vecs, &sel, err);
}

static ruzu_status result_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    result_shared *shared = (result_shared *)shared_object;
    result_local *local = (result_local *)local_object;
    if (shared->set == NULL || local->rows == NULL) {
        return RUZU_OK;
    }
    if (worker->exec->in_stretches) {
        return result_end_stretch(worker, shared, local, err);
    }
    rz_mutex_lock(&shared->lock);
    ruzu_status status = rz_rowset_move(shared->set->rows, local->rows, err);
    rz_mutex_unlock(&shared->lock);
    return status;
}

/* The set went to the caller; one that nobody reads any more may have come back. */
static ruzu_status result_restart(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)local_object;
    result_shared *shared = (result_shared *)shared_object;
    const rz_plan *plan = shared->plan;
    const rz_exec_context *context = worker->exec->context;
    if (plan->u.result.count == 0 || shared->set != NULL) {
        return RUZU_OK;
    }
    return result_set_create(context->result_mem, rz_store_pool(rz_txn_store(context->txn)), plan->u.result.types, plan->u.result.count, &shared->set, err);
}

static void result_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    rz_rowset_free(((result_local *)local_object)->rows);
}

static void result_free_stretches(const rz_exec *exec, result_shared *shared)
{
    for (uint32_t i = 0; i < shared->stretch_count; i++) {
        rz_rowset_free(shared->stretches[i].rows);
    }
    rz_mem_free(result_account(exec, shared->plan), shared->stretches, shared->stretch_capacity * sizeof *shared->stretches);
    shared->stretches = NULL;
    shared->stretch_count = shared->stretch_capacity = 0;
}

static ruzu_status result_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)plan;
    result_shared *shared = (result_shared *)shared_object;
    if (shared->set == NULL) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < shared->stretch_count; i++) {
        RZ_TRY(rz_rowset_take(shared->set->rows, shared->stretches[i].rows, err));
        shared->stretches[i].rows = NULL;
    }
    result_free_stretches(exec, shared);
    rz_rowset_seal(shared->set->rows);
    return RUZU_OK;
}

static void result_destroy(rz_exec *exec, void *shared_object)
{
    result_shared *shared = (result_shared *)shared_object;
    result_free_stretches(exec, shared);
    rz_result_set_free(shared->set);
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

void rz_sink_result_give(rz_exec *exec, const rz_plan *plan, rz_result_set *set)
{
    result_shared *shared = (result_shared *)rz_exec_shared(exec, plan);
    RZ_ASSERT(shared->set == NULL);
    shared->set = set;
}

rz_result_set *rz_sink_result_take(rz_exec *exec, const rz_plan *plan)
{
    result_shared *shared = (result_shared *)rz_exec_shared(exec, plan);
    rz_result_set *set = shared->set;
    shared->set = NULL;
    return set;
}

const rz_sink_class rz_sink_result = {.prepare = result_prepare,
                                      .open = result_open,
                                      .consume = result_consume,
                                      .combine = result_combine,
                                      .close = result_close,
                                      .finish = result_finish,
                                      .destroy = result_destroy,
                                      .restart = result_restart,
                                      .keeps_order = true};

/* ---- BARRIER: everything below is done before the first row goes on ---- */

typedef struct barrier_shared {
    rz_mutex lock;
    bool locked;
    rz_rowset *rows;
    const rz_type *const *types;
} barrier_shared;

static ruzu_status barrier_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    barrier_shared *shared = RZ_NEW(&exec->arena, barrier_shared);
    RZ_TRY_ALLOC(shared, err, "keeping rows");
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "keeping rows");
    }
    shared->locked = true;
    shared->types = plan->types;
    *out = shared;
    return rz_rowset_create(rz_exec_account(exec, plan), rz_store_pool(rz_txn_store(exec->context->txn)), plan->types, plan->column_count, &shared->rows, err);
}

typedef struct barrier_local {
    rz_rowset *rows;
    rz_vec **vecs;
    int32_t *positions;
    rz_vec **flats;
    uint32_t column_count;
} barrier_local;

static ruzu_status barrier_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    (void)shared_object;
    barrier_local *local = RZ_NEW(&worker->arena, barrier_local);
    RZ_TRY_ALLOC(local, err, "keeping rows");
    *out = local;
    local->column_count = plan->column_count;
    local->vecs = RZ_NEW_ARRAY(&worker->arena, rz_vec *, plan->column_count);
    local->flats = RZ_NEW_ARRAY(&worker->arena, rz_vec *, plan->column_count);
    local->positions = RZ_NEW_ARRAY(&worker->arena, int32_t, plan->column_count);
    if (local->vecs == NULL || local->flats == NULL || local->positions == NULL) {
        return rz_error_no_memory(err, "keeping rows");
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        local->positions[i] = rz_plan_position(plan->children[0], plan->columns[i]);
        RZ_TRY(rz_vec_create_empty(&worker->arena, &worker->scratch, plan->types[i], &local->flats[i], err));
    }
    return rz_rowset_create(rz_exec_account(worker->exec, plan), rz_store_pool(rz_txn_store(worker->exec->context->txn)), plan->types, plan->column_count, &local->rows,
                            err);
}

static ruzu_status barrier_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    (void)worker;
    (void)shared_object;
    barrier_local *local = (barrier_local *)local_object;
    rz_sel sel = rz_chunk_sel(chunk);
    for (uint32_t i = 0; i < local->column_count; i++) {
        local->vecs[i] = chunk->columns[local->positions[i]];
        if (local->vecs[i]->kind == RZ_VEC_SEQUENCE) {
            rz_vec_reset(local->flats[i]);
            rz_vec_reference(local->flats[i], local->vecs[i]);
            RZ_TRY(rz_vec_flatten(local->flats[i], &sel, err));
            local->vecs[i] = local->flats[i];
        }
    }
    return rz_rowset_append(local->rows, local->vecs, &sel, err);
}

static ruzu_status barrier_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    barrier_shared *shared = (barrier_shared *)shared_object;
    barrier_local *local = (barrier_local *)local_object;
    rz_mutex_lock(&shared->lock);
    ruzu_status status = rz_rowset_move(shared->rows, local->rows, err);
    rz_mutex_unlock(&shared->lock);
    return status;
}

static ruzu_status barrier_restart(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    (void)local_object;
    (void)err;
    rz_rowset_clear(((barrier_shared *)shared_object)->rows);
    return RUZU_OK;
}

static void barrier_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    rz_rowset_free(((barrier_local *)local_object)->rows);
}

static ruzu_status barrier_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)exec;
    (void)plan;
    (void)err;
    rz_rowset_seal(((barrier_shared *)shared_object)->rows);
    return RUZU_OK;
}

static void barrier_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    barrier_shared *shared = (barrier_shared *)shared_object;
    rz_rowset_free(shared->rows);
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

const rz_sink_class rz_sink_barrier = {.prepare = barrier_prepare,
                                       .open = barrier_open,
                                       .consume = barrier_consume,
                                       .combine = barrier_combine,
                                       .close = barrier_close,
                                       .finish = barrier_finish,
                                       .destroy = barrier_destroy,
                                       .restart = barrier_restart};

typedef struct op_barrier {
    rz_op op;
    rz_rowset_cursor cursor;
} op_barrier;

static ruzu_status barrier_op_open(rz_op *base, rz_error *err)
{
    return rz_chunk_create(&base->worker->arena, &base->heap, base->plan->types, base->plan->column_count, &base->chunk, err);
}

static ruzu_status barrier_op_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_barrier *op = (op_barrier *)base;
    const barrier_shared *shared = (const barrier_shared *)rz_exec_shared(base->worker->exec, base->plan);
    uint32_t count = 0;
    rz_arena_reset(&base->heap);
    rz_chunk_reset(base->chunk);
    RZ_TRY(rz_rowset_read(shared->rows, &op->cursor, base->chunk->columns, base->worker->exec->vector_rows, &count, err));
    base->chunk->count = count;
    *out = count == 0 ? NULL : base->chunk;
    return RUZU_OK;
}

static ruzu_status barrier_op_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    memset(&((op_barrier *)base)->cursor, 0, sizeof(rz_rowset_cursor));
    return RUZU_OK;
}

/* Each worker's cursor goes over all rows, so there is one worker; saying so keeps the count of workers from looking below. */
static uint64_t barrier_op_units(const rz_exec *exec, const rz_plan *plan)
{
    (void)exec;
    (void)plan;
    return 1;
}

const rz_op_class rz_op_barrier = {
    .name = "BARRIER", .size = sizeof(op_barrier), .open = barrier_op_open, .next = barrier_op_next, .rewind = barrier_op_rewind,
    .restart = rz_op_restart_plain, .units = barrier_op_units, .single_worker = true};
