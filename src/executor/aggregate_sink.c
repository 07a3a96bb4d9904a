/* SPDX-License-Identifier: MIT */
/*
 * AGGREGATE, consuming side: groups rows into a table of the worker.
 */
#include "executor/aggregate.h"
#include "executor/aggregate_entries.h"
#include "executor/aggregate_fold.h"
#include "executor/aggregate_slots.h"

#include <string.h>

typedef struct aggregate_local {
    rz_group_table *table;
    rz_group_table **sets;   /* one per DISTINCT aggregate */
    rz_records **parts;      /* spilled groups; NULL entries */
    rz_records ***set_parts;
    rz_node_set **nodes;     /* per DISTINCT aggregate; NULL: not by node */
    bool spilled;
    rz_eval **keys;
    rz_eval **args;          /* per aggregate; NULL: COUNT(*) */
    bool *distinct;
    rz_vec **key_vecs;       /* of the current chunk; one more for a set's argument */
    uint64_t *hashes;
    uint64_t *set_hashes;
    uint8_t **groups;
    uint8_t **states;
    uint32_t *rows;
    uint64_t budget;
    uint32_t set_count;
    rz_aggregate_slots *slots;    /* NULL: DISTINCT aggregates want rows, or there are no keys */
    rz_aggregate_entries *entries; /* NULL: no keys */
    rz_agg_slot_kind *slot_kinds; /* per aggregate */
    bool by_slot;                 /* the current chunk */
    bool groups_known;            /* by_slot: groups[row] are, too */
    rz_aggregate_fold *folds;     /* per aggregate */
} aggregate_local;

/* ---- shared object ---- */

/* A node of one table, for all of whose nodes there is room: an eighth of a byte each. */
static bool aggregate_fits_bits(const rz_exec *exec, const rz_type *type)
{
    if (type->id != RUZU_TYPE_NODE || type->physical != RZ_PHYS_UINT64 || type->table_count != 1) {
        return false;
    }
    const rz_ntab *table = rz_txn_ntab(exec->context->txn, type->tables[0]);
    rz_table_stats stats;
    if (table == NULL) {
        return false;
    }
    rz_ntab_stats(table, &stats);
    return stats.rows / 2 <= rz_spill_budget(exec); /* deleted ones and new ones included, many times over */
}

static ruzu_status aggregate_make_set(rz_exec *exec, rz_aggregate_shared *shared, uint32_t agg, rz_aggregate_set *set, rz_error *err)
{
    const rz_plan *plan = shared->plan;
    uint32_t key_count = plan->u.aggregate.key_count;
    const rz_type **types = RZ_NEW_ARRAY(&exec->arena, const rz_type *, key_count + 1);
    set->parts = RZ_NEW_ARRAY(&exec->arena, rz_records *, RZ_SPILL_PARTS);
    set->tables = RZ_NEW_ARRAY(&exec->arena, rz_group_table *, shared->table_capacity);
    if (types == NULL || set->parts == NULL || set->tables == NULL) {
        return rz_error_no_memory(err, "preparing an aggregation");
    }
    for (uint32_t k = 0; k < key_count; k++) {
        types[k] = plan->u.aggregate.keys[k]->type;
    }
    const rz_expr *arg = plan->u.aggregate.aggregates[agg]->children[0];
    types[key_count] = arg->type;
    set->agg = agg;
    set->counts = key_count == 0 && strcmp(plan->u.aggregate.aggregates[agg]->u.aggregate.bound->agg->name, "COUNT") == 0;
    set->by_node = set->counts && aggregate_fits_bits(exec, arg->type);
    return rz_group_layout_create(&exec->arena, types, key_count + 1, NULL, 0, &set->layout, err);
}

static ruzu_status aggregate_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    rz_arena *arena = &exec->arena;
    uint32_t key_count = plan->u.aggregate.key_count;
    uint32_t agg_count = plan->u.aggregate.aggregate_count;
    rz_aggregate_shared *shared = RZ_NEW(arena, rz_aggregate_shared);
    const rz_type **types = RZ_NEW_ARRAY(arena, const rz_type *, key_count);
    const rz_agg_bound **bounds = RZ_NEW_ARRAY(arena, const rz_agg_bound *, agg_count);
    if (shared == NULL || types == NULL || bounds == NULL) {
        return rz_error_no_memory(err, "preparing an aggregation");
    }
    shared->plan = plan;
    shared->mem = rz_exec_account(exec, plan);
    shared->pool = rz_store_pool(rz_txn_store(exec->context->txn));
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "preparing an aggregation");
    }
    shared->locked = true;
    *out = shared;
    shared->table_capacity = 2 * exec->context->max_threads + 2; /* workers of the sink, and of the end */
    shared->parts = RZ_NEW_ARRAY(arena, rz_records *, RZ_SPILL_PARTS);
    shared->results = RZ_NEW_ARRAY(arena, rz_group_table *, RZ_SPILL_PARTS);
    shared->tables = RZ_NEW_ARRAY(arena, rz_group_table *, shared->table_capacity);
    shared->sets = RZ_NEW_ARRAY(arena, rz_aggregate_set, agg_count);
    if (shared->parts == NULL || shared->results == NULL || shared->tables == NULL || shared->sets == NULL) {
        return rz_error_no_memory(err, "preparing an aggregation");
    }
    for (uint32_t k = 0; k < key_count; k++) {
        types[k] = plan->u.aggregate.keys[k]->type;
    }
    for (uint32_t a = 0; a < agg_count; a++) {
        const rz_expr *expr = plan->u.aggregate.aggregates[a];
        bounds[a] = expr->u.aggregate.bound;
        if (expr->u.aggregate.distinct && expr->child_count != 0) {
            RZ_TRY(aggregate_make_set(exec, shared, a, &shared->sets[shared->set_count], err));
            shared->set_count++;
        }
    }
    RZ_TRY(rz_vec_create(arena, arena, RZ_BOOL, 1, &shared->one, err));
    return rz_group_layout_create(arena, types, key_count, bounds, agg_count, &shared->layout, err);
}

static void aggregate_free_tables(rz_group_table **tables, uint32_t count)
{
    for (uint32_t i = 0; tables != NULL && i < count; i++) {
        rz_group_table_free(tables[i]);
        tables[i] = NULL;
    }
}

static void aggregate_free_parts(rz_records **parts)
{
    for (uint32_t p = 0; parts != NULL && p < RZ_SPILL_PARTS; p++) {
        rz_records_free(parts[p]);
        parts[p] = NULL;
    }
}

static void aggregate_free_all(rz_aggregate_shared *shared)
{
    for (uint32_t s = 0; s < shared->set_count; s++) {
        aggregate_free_tables(shared->sets[s].tables, shared->worker_count);
        aggregate_free_parts(shared->sets[s].parts);
    }
    aggregate_free_tables(shared->tables, shared->table_count);
    aggregate_free_tables(shared->results, RZ_SPILL_PARTS);
    aggregate_free_parts(shared->parts);
}

static void aggregate_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    aggregate_free_all(shared);
    for (uint32_t s = 0; s < shared->set_count; s++) {
        rz_node_set_free(shared->sets[s].nodes);
    }
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

/* ---- a worker's share ---- */

static ruzu_status aggregate_open_buffers(rz_worker *worker, const rz_plan *plan, aggregate_local *local, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    uint32_t agg_count = plan->u.aggregate.aggregate_count;
    local->keys = RZ_NEW_ARRAY(arena, rz_eval *, plan->u.aggregate.key_count);
    local->key_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->u.aggregate.key_count + 1);
    local->args = RZ_NEW_ARRAY(arena, rz_eval *, agg_count);
    local->distinct = RZ_NEW_ARRAY(arena, bool, agg_count);
    local->folds = RZ_NEW_ARRAY(arena, rz_aggregate_fold, agg_count);
    local->parts = RZ_NEW_ARRAY(arena, rz_records *, RZ_SPILL_PARTS);
    local->sets = RZ_NEW_ARRAY(arena, rz_group_table *, local->set_count);
    local->set_parts = RZ_NEW_ARRAY(arena, rz_records **, local->set_count);
    local->nodes = RZ_NEW_ARRAY(arena, rz_node_set *, local->set_count);
    local->hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    local->set_hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    local->groups = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    local->states = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    local->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    bool ok = local->keys != NULL && local->key_vecs != NULL && local->args != NULL && local->distinct != NULL && local->folds != NULL && local->parts != NULL && local->sets != NULL &&
              local->set_parts != NULL && local->nodes != NULL && local->hashes != NULL && local->set_hashes != NULL && local->groups != NULL && local->states != NULL && local->rows != NULL;
    for (uint32_t s = 0; ok && s < local->set_count; s++) {
        local->set_parts[s] = RZ_NEW_ARRAY(arena, rz_records *, RZ_SPILL_PARTS);
        ok = local->set_parts[s] != NULL;
    }
    return ok ? RUZU_OK : rz_error_no_memory(err, "preparing an aggregation");
}

static ruzu_status aggregate_open_tables(const rz_aggregate_shared *shared, aggregate_local *local, rz_error *err)
{
    RZ_TRY(rz_group_table_create(shared->mem, shared->layout, 0, RZ_GROUP_LOCAL_BITS, &local->table, err));
    if (shared->layout->key_count == 0) {
        RZ_TRY(rz_group_find_lone(local->table, err));
    }
    for (uint32_t s = 0; s < local->set_count; s++) {
        if (shared->sets[s].by_node && local->nodes[s] == NULL) {
            RZ_TRY(rz_node_set_create(shared->mem, &local->nodes[s], err));
        }
        RZ_TRY(rz_group_table_create(shared->mem, shared->sets[s].layout, 0, RZ_GROUP_LOCAL_BITS, &local->sets[s], err));
    }
    return RUZU_OK;
}

static ruzu_status aggregate_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    const rz_plan *input = plan->children[0];
    aggregate_local *local = RZ_NEW(&worker->arena, aggregate_local);
    RZ_TRY_ALLOC(local, err, "preparing an aggregation");
    local->budget = rz_spill_budget(worker->exec);
    uint32_t set_count = shared->set_count;
    local->set_count = set_count;
    RZ_TRY(aggregate_open_buffers(worker, plan, local, err));
    *out = local; /* from here on aggregate_close frees what is there */
    for (uint32_t k = 0; k < plan->u.aggregate.key_count; k++) {
        RZ_TRY(rz_eval_create(worker, plan->u.aggregate.keys[k], input->columns, input->column_count, &local->keys[k], err));
    }
    for (uint32_t a = 0; a < plan->u.aggregate.aggregate_count; a++) {
        const rz_expr *expr = plan->u.aggregate.aggregates[a];
        if (expr->child_count != 0) {
            RZ_TRY(rz_eval_create(worker, expr->children[0], input->columns, input->column_count, &local->args[a], err));
        }
        RZ_TRY(rz_aggregate_fold_open(worker, plan, a, &local->folds[a], err));
    }
    if (shared->layout->key_count != 0 && set_count == 0) {
        local->slots = RZ_NEW(&worker->arena, rz_aggregate_slots);
        local->slot_kinds = RZ_NEW_ARRAY(&worker->arena, rz_agg_slot_kind, plan->u.aggregate.aggregate_count);
        if (local->slots == NULL || local->slot_kinds == NULL) {
            return rz_error_no_memory(err, "preparing an aggregation");
        }
        for (uint32_t a = 0; a < plan->u.aggregate.aggregate_count; a++) {
            local->slot_kinds[a] = rz_agg_slots_of(shared->layout->aggs[a]);
        }
    }
    if (shared->layout->key_count != 0) {
        RZ_TRY(rz_aggregate_entries_create(&worker->arena, shared->layout, &local->entries, err));
    }
    for (uint32_t s = 0; s < set_count; s++) {
        local->distinct[shared->sets[s].agg] = true;
    }
    return aggregate_open_tables(shared, local, err);
}

static void aggregate_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    aggregate_local *local = (aggregate_local *)local_object;
    rz_group_table_free(local->table);
    aggregate_free_parts(local->parts);
    for (uint32_t s = 0; s < local->set_count; s++) {
        rz_group_table_free(local->sets[s]);
        rz_node_set_free(local->nodes[s]);
        aggregate_free_parts(local->set_parts[s]);
    }
}

/* ---- consuming ---- */

/* Adds the (keys, argument) rows to a set; rows with a NULL argument count for nothing. */
static ruzu_status aggregate_add_distinct(aggregate_local *local, uint32_t s, uint32_t key_count, rz_vec *arg, const rz_sel *sel, rz_error *err)
{
    rz_sel rows = *sel;
    rz_view view;
    if (local->nodes[s] != NULL) {
        return rz_node_set_add(local->nodes[s], arg, sel, err);
    }
    rz_vec_view(arg, &view);
    if (view.validity != NULL) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            local->rows[kept] = row;
            kept += rz_bit_get(view.validity, rz_view_at(&view, row));
        }
        rows.rows = local->rows;
        rows.count = kept;
    }
    if (rows.count == 0 || arg->type->physical == RZ_PHYS_NONE) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < rows.count && key_count != 0; i++) {
        uint32_t row = rz_sel_at(&rows, i);
        local->set_hashes[row] = local->hashes[row];
    }
    rz_vec_hash(arg, &rows, local->set_hashes, key_count != 0);
    local->key_vecs[key_count] = arg;
    return rz_group_find(local->sets[s], local->key_vecs, local->set_hashes, &rows, NULL, local->states, err);
}

/* Aggregate a by slot; false when it must go by rows, whose groups are known then. */
static bool aggregate_update_slots(aggregate_local *local, uint32_t a, const rz_vec *arg, const rz_sel *sel)
{
    rz_aggregate_slots *slots = local->slots;
    const rz_group_layout *layout = local->table->layout;
    rz_agg_slots view = {.slots = slots->slots, .counts = slots->counts, .groups = slots->groups, .count = slots->count};
    if (rz_agg_update_slots(local->slot_kinds[a], layout->aggs[a], &view, layout->state_offs[a], arg, sel)) {
        return true;
    }
    for (uint32_t i = 0; i < sel->count && !local->groups_known; i++) {
        local->groups[rz_sel_at(sel, i)] = slots->groups[slots->slots[i]];
    }
    local->groups_known = true;
    return false;
}

static ruzu_status aggregate_update(rz_worker *worker, aggregate_local *local, const rz_chunk *chunk, const rz_sel *sel, rz_error *err)
{
    const rz_group_layout *layout = local->table->layout;
    rz_agg_context context = {.arena = &local->table->arena, .fn = &worker->fn};
    uint32_t s = 0;
    rz_fold_rows rows;
    rows.made = false;
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        const rz_agg_bound *bound = layout->aggs[a];
        rz_vec *arg = NULL;
        bool folded = false;
        if (local->folds[a].kind != RZ_FOLD_NONE) {
            RZ_TRY(rz_aggregate_fold_run(worker, &local->folds[a], bound, chunk, &rows, local->table->lone_group + layout->state_offs[a], &folded, err));
        }
        if (folded) {
            continue;
        }
        if (local->args[a] != NULL) {
            RZ_TRY(rz_eval_run(local->args[a], chunk, sel, &arg, err));
        }
        if (local->distinct[a]) {
            RZ_TRY(aggregate_add_distinct(local, s++, layout->key_count, arg, sel, err));
            continue;
        }
        if (local->by_slot && aggregate_update_slots(local, a, arg, sel)) {
            continue;
        }
        uint32_t off = layout->state_offs[a];
        if (layout->key_count == 0) {
            RZ_TRY(bound->agg->update_one(bound, &context, local->table->lone_group + off, arg, sel, chunk->weight, err));
            continue;
        }
        for (uint32_t i = 0; i < sel->count && off != 0; i++) {
            uint32_t row = rz_sel_at(sel, i);
            local->states[row] = local->groups[row] + off;
        }
        RZ_TRY(bound->agg->update(bound, &context, off == 0 ? local->groups : local->states, arg, sel, chunk->weight, err));
    }
    return RUZU_OK;
}

static ruzu_status aggregate_spill(rz_aggregate_shared *shared, aggregate_local *local, rz_error *err)
{
    if (shared->layout->key_count != 0) {
        local->spilled = true;
        RZ_TRY(rz_group_spill(local->table, shared->mem, shared->pool, local->parts, err));
        if (local->slots != NULL) {
            rz_aggregate_slots_forget(local->slots);
        }
    }
    for (uint32_t s = 0; s < local->set_count; s++) {
        RZ_TRY(rz_group_spill(local->sets[s], shared->mem, shared->pool, local->set_parts[s], err));
    }
    return RUZU_OK;
}

/* Groups of the rows by hash. */
static ruzu_status aggregate_find(aggregate_local *local, const rz_group_layout *layout, const rz_chunk *chunk, const rz_sel *sel, rz_error *err)
{
    /* An inline key's slots mean keys, from chunk to chunk; others are entries of the chunk at hand. */
    rz_aggregate_slots *slots = layout->inline_key || chunk->weight != NULL ? NULL : local->slots;
    rz_entries_found found = RZ_ENTRIES_NONE;
    RZ_TRY(rz_aggregate_entries_find(local->entries, local->table, local->key_vecs, sel, slots, local->hashes, local->groups, &found, err));
    local->by_slot = found == RZ_ENTRIES_SLOTS;
    if (found != RZ_ENTRIES_NONE) {
        return RUZU_OK;
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_vec_hash(local->key_vecs[k], sel, local->hashes, k != 0);
    }
    return rz_group_find(local->table, local->key_vecs, local->hashes, sel, NULL, local->groups, err);
}

static ruzu_status aggregate_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    aggregate_local *local = (aggregate_local *)local_object;
    const rz_group_layout *layout = shared->layout;
    rz_sel sel = rz_chunk_sel(chunk);
    for (uint32_t k = 0; k < layout->key_count; k++) {
        RZ_TRY(rz_eval_run(local->keys[k], chunk, &sel, &local->key_vecs[k], err));
    }
    local->by_slot = local->groups_known = false;
    if (local->slots != NULL && layout->inline_key && chunk->weight == NULL) {
        RZ_TRY(rz_aggregate_slots_find(local->slots, local->table, local->key_vecs, &sel, local->hashes, local->groups, &local->by_slot, err));
    }
    if (layout->key_count != 0 && !local->by_slot) {
        RZ_TRY(aggregate_find(local, layout, chunk, &sel, err));
    }
    RZ_TRY(aggregate_update(worker, local, chunk, &sel, err));
    uint64_t bytes = layout->key_count == 0 ? 0 : rz_group_table_bytes(local->table);
    for (uint32_t s = 0; s < local->set_count; s++) {
        bytes += rz_group_table_bytes(local->sets[s]);
    }
    return rz_spill_needed(worker->exec, local->budget, bytes) ? aggregate_spill(shared, local, err) : RUZU_OK;
}

ruzu_status rz_aggregate_seed(void *local_object, rz_vec *const *keys, const rz_sel *sel, rz_error *err)
{
    aggregate_local *local = (aggregate_local *)local_object;
    for (uint32_t k = 0; k < local->table->layout->key_count; k++) {
        rz_vec_hash(keys[k], sel, local->hashes, k != 0);
    }
    return rz_group_find(local->table, keys, local->hashes, sel, NULL, local->groups, err);
}

/* ---- handing over ---- */

ruzu_status rz_aggregate_take_parts(rz_records **into, rz_records **from, rz_error *err)
{
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        if (from[p] == NULL) {
            continue;
        }
        if (into[p] == NULL) {
            into[p] = from[p];
        } else {
            RZ_TRY(rz_records_take(into[p], from[p], err));
        }
        from[p] = NULL;
    }
    return RUZU_OK;
}

static ruzu_status aggregate_hand_over(rz_aggregate_shared *shared, aggregate_local *local, rz_error *err)
{
    uint32_t idx = shared->table_count++;
    shared->worker_count = shared->table_count;
    shared->tables[idx] = local->table;
    local->table = NULL;
    shared->spilled = shared->spilled || local->spilled;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        shared->sets[s].tables[idx] = local->sets[s];
        local->sets[s] = NULL;
        if (local->nodes[s] != NULL && shared->sets[s].nodes != NULL) {
            RZ_TRY(rz_node_set_unite(shared->sets[s].nodes, local->nodes[s], err));
        } else {
            shared->sets[s].nodes = local->nodes[s];
            local->nodes[s] = NULL;
        }
    }
    RZ_TRY(rz_aggregate_take_parts(shared->parts, local->parts, err));
    for (uint32_t s = 0; s < shared->set_count; s++) {
        for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
            shared->sets[s].spilled = shared->sets[s].spilled || local->set_parts[s][p] != NULL;
        }
        RZ_TRY(rz_aggregate_take_parts(shared->sets[s].parts, local->set_parts[s], err));
    }
    return RUZU_OK;
}

/* A table that has let go of groups will be merged part by part: what it still holds goes to the parts while every worker does so for itself. */
static ruzu_status aggregate_retire_rest(rz_group_table *table, rz_error *err)
{
    return table->parts == NULL ? RUZU_OK : rz_group_retire(table, err);
}

static ruzu_status aggregate_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    aggregate_local *local = (aggregate_local *)local_object;
    RZ_TRY(aggregate_retire_rest(local->table, err));
    for (uint32_t s = 0; s < local->set_count; s++) {
        RZ_TRY(aggregate_retire_rest(local->sets[s], err));
    }
    rz_mutex_lock(&shared->lock);
    ruzu_status status = aggregate_hand_over(shared, local, err);
    rz_mutex_unlock(&shared->lock);
    return status;
}

/* Tables begin anew; what was spilled went with them. */
static ruzu_status aggregate_restart(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    aggregate_local *local = (aggregate_local *)local_object;
    aggregate_free_all(shared);
    shared->table_count = shared->worker_count = shared->unit_count = 0;
    shared->spilled = local->spilled = shared->late = false;
    shared->source.count = 0;
    atomic_store_explicit(&shared->source.next, 0, memory_order_relaxed);
    for (uint32_t s = 0; s < shared->set_count; s++) {
        rz_aggregate_set *set = &shared->sets[s];
        set->spilled = set->divided = set->fed = false;
        if (set->nodes != NULL) {
            rz_node_set_free(local->nodes[s]);
            local->nodes[s] = set->nodes;
            set->nodes = NULL;
        }
        if (local->nodes[s] != NULL) {
            rz_node_set_reset(local->nodes[s]);
        }
    }
    if (local->slots != NULL) {
        rz_aggregate_slots_forget(local->slots);
    }
    return aggregate_open_tables(shared, local, err);
}

const rz_sink_class rz_sink_aggregate = {.prepare = aggregate_prepare,
                                         .open = aggregate_open,
                                         .consume = aggregate_consume,
                                         .combine = aggregate_combine,
                                         .close = aggregate_close,
                                         .finish = rz_aggregate_finish,
                                         .destroy = aggregate_destroy,
                                         .restart = aggregate_restart};
