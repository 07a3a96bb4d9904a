/* SPDX-License-Identifier: MIT */
/*
 * AGGREGATE between sink and source: DISTINCT aggregates get their input, workers' tables become results.
 */
#include "executor/aggregate.h"

#include "executor/exec.h"
#include "executor/sched.h"

/* Fewer groups than this are merged and given out in one piece. */
#define AGGREGATE_SMALL (8u * RZ_VECTOR_CAPACITY)

ruzu_status rz_aggregate_key_vecs(rz_arena *arena, const rz_group_layout *layout, rz_vec ***out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(arena, rz_vec *, layout->key_count);
    RZ_TRY_ALLOC(*out, err, "aggregating");
    for (uint32_t k = 0; k < layout->key_count; k++) {
        RZ_TRY(rz_vec_create(arena, arena, layout->key_types[k], RZ_VECTOR_CAPACITY, &(*out)[k], err));
    }
    return RUZU_OK;
}

/* ---- DISTINCT ---- */

typedef struct aggregate_feed {
    rz_worker *worker;
    rz_aggregate_shared *shared;
    const rz_aggregate_set *set;
    rz_group_table *table;  /* where the groups are */
    rz_vec **vecs;          /* the set's columns: keys, argument */
    uint64_t *hashes;
    uint8_t **groups;
    uint8_t **states;
    uint64_t budget;
} aggregate_feed;

/* Every member of the set is one input of the aggregate. */
static ruzu_status aggregate_feed_batch(aggregate_feed *feed, uint8_t *const *members, uint32_t count, rz_error *err)
{
    rz_aggregate_shared *shared = feed->shared;
    const rz_group_layout *layout = shared->layout;
    const rz_agg_bound *bound = layout->aggs[feed->set->agg];
    uint32_t off = layout->state_offs[feed->set->agg];
    rz_agg_context context = {.arena = &feed->table->arena, .fn = &feed->worker->fn};
    rz_sel sel = {.rows = NULL, .count = count};
    for (uint32_t k = 0; k <= layout->key_count; k++) {
        rz_vec_reset(feed->vecs[k]);
    }
    RZ_TRY(rz_group_read_keys(feed->set->layout, members, count, feed->vecs, err));
    const rz_vec *arg = feed->vecs[layout->key_count];
    if (layout->key_count == 0) {
        return bound->agg->update_one(bound, &context, feed->table->lone_group + off, arg, &sel, NULL, err);
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_vec_hash(feed->vecs[k], &sel, feed->hashes, k != 0);
    }
    RZ_TRY(rz_group_find(feed->table, feed->vecs, feed->hashes, &sel, NULL, feed->groups, err));
    for (uint32_t i = 0; i < count; i++) {
        feed->states[i] = feed->groups[i] + off;
    }
    RZ_TRY(bound->agg->update(bound, &context, feed->states, arg, &sel, NULL, err));
    if (rz_spill_needed(feed->worker->exec, feed->budget, rz_group_table_bytes(feed->table))) {
        shared->spilled = true;
        return rz_group_spill(feed->table, shared->mem, shared->pool, shared->parts, err);
    }
    return RUZU_OK;
}

static ruzu_status aggregate_feed_table(aggregate_feed *feed, const rz_group_table *members, rz_error *err)
{
    rz_group_cursor cursor;
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    uint32_t count = 0;
    rz_group_cursor_open(members, 0, 0, &cursor);
    while ((count = rz_group_cursor_next(&cursor, groups, RZ_VECTOR_CAPACITY)) != 0) {
        RZ_TRY(rz_exec_poll(feed->worker->exec, err));
        RZ_TRY(aggregate_feed_batch(feed, groups, count, err));
        rz_arena_reset(&feed->worker->scratch);
    }
    return RUZU_OK;
}

/* Part p of all groups of the tables and of the records, merged into `into`. */
static ruzu_status aggregate_merge_part(rz_worker *worker, rz_group_table *const *tables, uint32_t table_count, uint32_t part_bits, uint32_t part, rz_group_table *into,
                                        rz_vec *const *vecs, rz_error *err)
{
    rz_agg_context context = {.arena = &into->arena, .fn = &worker->fn};
    for (uint32_t t = 0; t < table_count; t++) {
        rz_group_cursor cursor;
        uint8_t *groups[RZ_VECTOR_CAPACITY];
        uint32_t count = 0;
        rz_group_cursor_open(tables[t], part_bits, part, &cursor);
        while ((count = rz_group_cursor_next(&cursor, groups, RZ_VECTOR_CAPACITY)) != 0) {
            RZ_TRY(rz_exec_poll(worker->exec, err));
            RZ_TRY(rz_group_merge(into, &context, groups, count, vecs, err));
            rz_arena_reset(&worker->scratch);
        }
    }
    return RUZU_OK;
}

static ruzu_status aggregate_feed_part(aggregate_feed *feed, uint32_t part, rz_error *err)
{
    const rz_aggregate_set *set = feed->set;
    rz_aggregate_shared *shared = feed->shared;
    rz_group_table *members = NULL;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_group_table_create(shared->mem, set->layout, RZ_SPILL_BITS, &members, err));
    RZ_TRY_GOTO(aggregate_merge_part(feed->worker, set->tables, shared->table_count, RZ_SPILL_BITS, part, members, feed->vecs, err));
    if (set->parts[part] != NULL) {
        rz_agg_context context = {.arena = &members->arena, .fn = &feed->worker->fn};
        RZ_TRY_GOTO(rz_group_load(members, feed->worker->exec, &context, set->parts[part], feed->vecs, err));
    }
    RZ_TRY_GOTO(aggregate_feed_table(feed, members, err));
cleanup:
    rz_group_table_free(members);
    return status;
}

static ruzu_status aggregate_feed_set(aggregate_feed *feed, rz_aggregate_set *set, rz_error *err)
{
    rz_aggregate_shared *shared = feed->shared;
    feed->set = set;
    RZ_TRY(rz_aggregate_key_vecs(&feed->worker->arena, set->layout, &feed->vecs, err));
    if (!set->spilled && shared->table_count == 1) {
        RZ_TRY(aggregate_feed_table(feed, set->tables[0], err));
    } else {
        for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
            RZ_TRY(aggregate_feed_part(feed, p, err));
        }
    }
    for (uint32_t t = 0; t < shared->table_count; t++) {
        rz_group_table_free(set->tables[t]);
        set->tables[t] = NULL;
    }
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        rz_records_free(set->parts[p]);
        set->parts[p] = NULL;
    }
    return RUZU_OK;
}

/* Feeds all sets. Groups go into a table of their own, unless the only worker's can take them. */
static ruzu_status aggregate_feed_all(rz_worker *worker, rz_aggregate_shared *shared, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    aggregate_feed feed = {.worker = worker, .shared = shared, .budget = rz_spill_budget(worker->exec)};
    feed.hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    feed.groups = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    feed.states = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    if (feed.hashes == NULL || feed.groups == NULL || feed.states == NULL) {
        return rz_error_no_memory(err, "aggregating");
    }
    rz_group_table *own = NULL;
    feed.table = shared->tables[0];
    if (shared->layout->key_count != 0 && shared->table_count != 1) {
        RZ_TRY(rz_group_table_create(shared->mem, shared->layout, 0, &own, err));
        feed.table = own;
    }
    ruzu_status status = RUZU_OK;
    for (uint32_t s = 0; s < shared->set_count && status == RUZU_OK; s++) {
        status = aggregate_feed_set(&feed, &shared->sets[s], err);
    }
    if (own != NULL) {
        RZ_ASSERT(shared->table_count < shared->table_capacity);
        shared->tables[shared->table_count++] = own;
    }
    return status;
}

/* ---- merging in memory, part by part ---- */

typedef struct aggregate_merge {
    rz_exec *exec;
    rz_aggregate_shared *shared;
    rz_morsel_source parts;
    rz_mutex lock;
    rz_error error; /* guarded by lock */
} aggregate_merge;

static ruzu_status aggregate_merge_parts(aggregate_merge *merge, rz_worker *worker, rz_error *err)
{
    rz_aggregate_shared *shared = merge->shared;
    rz_vec **vecs = NULL;
    uint64_t part = 0;
    RZ_TRY(rz_aggregate_key_vecs(&worker->arena, shared->layout, &vecs, err));
    while (rz_morsel_take(&merge->parts, false, NULL, &part)) {
        rz_group_table *into = NULL;
        RZ_TRY(rz_group_table_create(shared->mem, shared->layout, RZ_SPILL_BITS, &into, err));
        shared->results[part] = into;
        RZ_TRY(aggregate_merge_part(worker, shared->tables, shared->table_count, RZ_SPILL_BITS, (uint32_t)part, into, vecs, err));
    }
    return RUZU_OK;
}

static void aggregate_merge_task(void *arg, uint32_t worker_idx)
{
    aggregate_merge *merge = (aggregate_merge *)arg;
    rz_worker worker;
    rz_error err;
    rz_error_init(&err);
    ruzu_status status = rz_worker_open(merge->exec, worker_idx, &worker, &err);
    if (status == RUZU_OK) {
        status = aggregate_merge_parts(merge, &worker, &err);
    }
    rz_worker_close(&worker);
    if (status != RUZU_OK) {
        rz_mutex_lock(&merge->lock);
        bool is_echo = atomic_exchange_explicit(&merge->exec->failed, 1, memory_order_relaxed) != 0 && status == RUZU_ERROR_INTERRUPTED;
        if (!is_echo || merge->error.code == RUZU_OK) {
            (void)rz_error_copy(&merge->error, &err);
        }
        rz_mutex_unlock(&merge->lock);
    }
}

static ruzu_status aggregate_merge_parallel(rz_exec *exec, rz_aggregate_shared *shared, rz_error *err)
{
    aggregate_merge merge = {.exec = exec, .shared = shared, .parts = {.count = RZ_SPILL_PARTS}};
    atomic_init(&merge.parts.next, 0);
    rz_error_init(&merge.error);
    if (rz_mutex_init(&merge.lock) != RUZU_OK) {
        return rz_error_no_memory(err, "aggregating");
    }
    shared->merged = true;
    shared->unit_count = RZ_SPILL_PARTS;
    rz_sched_run(exec->context->sched, exec->context->max_threads, aggregate_merge_task, &merge);
    rz_mutex_destroy(&merge.lock);
    return merge.error.code == RUZU_OK ? RUZU_OK : rz_error_copy(err, &merge.error);
}

/* ---- the end of the sink ---- */

static ruzu_status aggregate_spill_rest(rz_aggregate_shared *shared, rz_error *err)
{
    for (uint32_t t = 0; t < shared->table_count; t++) {
        RZ_TRY(rz_group_spill(shared->tables[t], shared->mem, shared->pool, shared->parts, err));
    }
    shared->unit_count = RZ_SPILL_PARTS;
    return RUZU_OK;
}

static ruzu_status aggregate_finish_tables(rz_exec *exec, rz_worker *worker, rz_aggregate_shared *shared, rz_error *err)
{
    if (shared->set_count != 0) {
        RZ_TRY(aggregate_feed_all(worker, shared, err));
    }
    if (shared->spilled) {
        return aggregate_spill_rest(shared, err);
    }
    uint64_t total = 0;
    for (uint32_t t = 0; t < shared->table_count; t++) {
        total += shared->tables[t]->count;
    }
    shared->unit_count = total < AGGREGATE_SMALL ? 1 : RZ_SPILL_PARTS;
    if (shared->table_count == 1) {
        return RUZU_OK;
    }
    if (shared->unit_count != 1) {
        return aggregate_merge_parallel(exec, shared, err);
    }
    rz_vec **vecs = NULL;
    RZ_TRY(rz_aggregate_key_vecs(&worker->arena, shared->layout, &vecs, err));
    return aggregate_merge_part(worker, shared->tables + 1, shared->table_count - 1, 0, 0, shared->tables[0], vecs, err);
}

ruzu_status rz_aggregate_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)plan;
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    rz_worker worker;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_worker_open(exec, 0, &worker, err));
    RZ_TRY_GOTO(aggregate_finish_tables(exec, &worker, shared, err));
    shared->source.count = shared->unit_count;
cleanup:
    rz_worker_close(&worker);
    return status;
}
