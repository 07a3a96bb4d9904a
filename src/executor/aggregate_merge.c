/* SPDX-License-Identifier: MIT */
/*
 * AGGREGATE between sink and source: DISTINCT aggregates get their input, workers' tables become results. Both go part by part, on several threads when there is enough to do.
 */
#include "executor/aggregate.h"

#include "executor/exec.h"
#include "executor/sched.h"

#include <string.h>

/* Fewer groups than this are merged by one thread and given out in one piece. */
#define AGGREGATE_SMALL (16u * RZ_VECTOR_CAPACITY)

ruzu_status rz_aggregate_key_vecs(rz_arena *arena, const rz_group_layout *layout, rz_vec ***out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(arena, rz_vec *, layout->key_count);
    RZ_TRY_ALLOC(*out, err, "aggregating");
    for (uint32_t k = 0; k < layout->key_count; k++) {
        RZ_TRY(rz_vec_create(arena, arena, layout->key_types[k], RZ_VECTOR_CAPACITY, &(*out)[k], err));
    }
    return RUZU_OK;
}

/* ---- work in units on several threads ---- */

typedef struct aggregate_tasks aggregate_tasks;
struct aggregate_tasks {
    rz_exec *exec;
    rz_aggregate_shared *shared;
    ruzu_status (*run)(aggregate_tasks *tasks, rz_worker *worker, rz_error *err); /* takes units until none is left */
    rz_morsel_source units;
    rz_mutex lock;
    rz_error error; /* guarded by lock */
};

static void aggregate_task(void *arg, uint32_t worker_idx)
{
    aggregate_tasks *tasks = (aggregate_tasks *)arg;
    rz_worker worker;
    rz_error err;
    rz_error_init(&err);
    ruzu_status status = rz_worker_open(tasks->exec, worker_idx, &worker, &err);
    if (status == RUZU_OK) {
        status = tasks->run(tasks, &worker, &err);
    }
    rz_worker_close(&worker);
    if (status != RUZU_OK) {
        rz_mutex_lock(&tasks->lock);
        bool is_echo = atomic_exchange_explicit(&tasks->exec->failed, 1, memory_order_relaxed) != 0 && status == RUZU_ERROR_INTERRUPTED;
        if (!is_echo || tasks->error.code == RUZU_OK) {
            (void)rz_error_copy(&tasks->error, &err);
        }
        rz_mutex_unlock(&tasks->lock);
    }
}

static ruzu_status aggregate_run_tasks(rz_exec *exec, rz_aggregate_shared *shared, ruzu_status (*run)(aggregate_tasks *, rz_worker *, rz_error *), uint64_t unit_count,
                                       bool parallel, rz_error *err)
{
    aggregate_tasks tasks = {.exec = exec, .shared = shared, .run = run, .units = {.count = unit_count}};
    atomic_init(&tasks.units.next, 0);
    rz_error_init(&tasks.error);
    if (rz_mutex_init(&tasks.lock) != RUZU_OK) {
        return rz_error_no_memory(err, "aggregating");
    }
    if (parallel) {
        rz_sched_run(exec->context->sched, exec->context->max_threads, aggregate_task, &tasks);
    } else {
        aggregate_task(&tasks, 0);
    }
    rz_mutex_destroy(&tasks.lock);
    return tasks.error.code == RUZU_OK ? RUZU_OK : rz_error_copy(err, &tasks.error);
}

/* ---- merging ---- */

static ruzu_status aggregate_merge_groups(rz_worker *worker, rz_group_cursor *cursor, rz_group_table *into, rz_vec *const *vecs, rz_error *err)
{
    rz_agg_context context = {.arena = &into->arena, .fn = &worker->fn};
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    for (uint32_t count; (count = rz_group_cursor_next(cursor, groups, RZ_VECTOR_CAPACITY)) != 0;) {
        RZ_TRY(rz_exec_poll(worker->exec, err));
        RZ_TRY(rz_group_merge(into, &context, groups, count, vecs, err));
        rz_arena_reset(&worker->scratch);
    }
    return RUZU_OK;
}

/* Merges one part of divided tables, or all of tables that are not. before: a merged one, or NULL; it will not be asked for groups any more. */
static ruzu_status aggregate_merge_tables(rz_worker *worker, rz_group_table *const *tables, uint32_t table_count, bool divided, uint32_t part, rz_group_table *before,
                                          rz_group_table *into, rz_vec *const *vecs, rz_error *err)
{
    uint64_t total = 0;
    for (uint32_t t = 0; t < table_count; t++) {
        total += divided ? rz_group_part_count(&tables[t]->parts[part]) : tables[t]->list.count;
    }
    rz_group_table_expect(into, total);
    if (before != NULL) {
        rz_group_table_hand_on(before, into);
    }
    for (uint32_t t = 0; t < table_count; t++) {
        rz_group_cursor cursor;
        if (divided) {
            rz_group_cursor_open(&cursor, into->layout, &tables[t]->parts[part]);
        } else {
            rz_group_cursor_open_list(&cursor, into->layout, &tables[t]->list);
        }
        RZ_TRY(aggregate_merge_groups(worker, &cursor, into, vecs, err));
    }
    return RUZU_OK;
}

/* Is it worth while, or even necessary, to go part by part? Then all tables are retired. */
static ruzu_status aggregate_divide(rz_group_table *const *tables, uint32_t table_count, bool spilled, bool *out_divided, rz_error *err)
{
    uint64_t total = 0;
    bool retired = spilled;
    for (uint32_t t = 0; t < table_count; t++) {
        retired = retired || tables[t]->parts != NULL;
        total += tables[t]->list.count;
    }
    *out_divided = retired || (table_count > 1 && total > AGGREGATE_SMALL);
    for (uint32_t t = 0; t < table_count && *out_divided; t++) {
        RZ_TRY(rz_group_retire(tables[t], err));
    }
    return RUZU_OK;
}

/* ---- DISTINCT ---- */

typedef struct aggregate_feed {
    rz_worker *worker;
    rz_aggregate_shared *shared;
    const rz_aggregate_set *set;
    rz_group_table *table;  /* where the groups are: this thread's own */
    rz_vec **vecs;          /* the set's columns: keys, argument */
    uint64_t *hashes;
    uint8_t **groups;
    uint8_t **states;
    rz_group_unite unite;   /* where the set's columns are plain */
    rz_group_list united;   /* of the part at hand, then */
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
    if (layout->key_count != 0 || strcmp(bound->agg->name, "COUNT") != 0) { /* COUNT alone only asks how many there are */
        RZ_TRY(rz_group_read_keys(feed->set->layout, members, count, feed->vecs, err));
    }
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
    return bound->agg->update(bound, &context, feed->states, arg, &sel, NULL, err);
}

static ruzu_status aggregate_feed_list(aggregate_feed *feed, const rz_group_list *members, rz_error *err)
{
    for (uint64_t at = 0; at < members->count; at += RZ_VECTOR_CAPACITY) {
        uint32_t count = members->count - at < RZ_VECTOR_CAPACITY ? (uint32_t)(members->count - at) : RZ_VECTOR_CAPACITY;
        RZ_TRY(rz_exec_poll(feed->worker->exec, err));
        RZ_TRY(aggregate_feed_batch(feed, members->groups + at, count, err));
        rz_arena_reset(&feed->worker->scratch);
    }
    return RUZU_OK;
}

/* A COUNT without keys only asks how many members there are. */
static ruzu_status aggregate_feed_number(aggregate_feed *feed, uint64_t count, rz_error *err)
{
    const rz_group_layout *layout = feed->shared->layout;
    const rz_agg_bound *bound = layout->aggs[feed->set->agg];
    rz_agg_context context = {.arena = &feed->table->arena, .fn = &feed->worker->fn};
    rz_sel one_row = {.rows = NULL, .count = 1};
    return bound->agg->update_one(bound, &context, feed->table->lone_group + layout->state_offs[feed->set->agg], feed->shared->one, &one_row, &count, err);
}

static ruzu_status aggregate_feed_members(aggregate_feed *feed, const rz_group_list *members, rz_error *err)
{
    return feed->set->counts ? aggregate_feed_number(feed, members->count, err) : aggregate_feed_list(feed, members, err);
}

/* Members that lie in memory are united where they are. */
static ruzu_status aggregate_feed_united(aggregate_feed *feed, uint32_t part, rz_error *err)
{
    const rz_aggregate_set *set = feed->set;
    rz_agg_context context = {.arena = NULL, .fn = &feed->worker->fn}; /* members have no states */
    feed->united.count = 0;
    RZ_TRY(rz_group_unite_run(&feed->unite, feed->worker->exec, &context, set->tables, feed->shared->worker_count, set->divided ? part : RZ_GROUP_WHOLE, &feed->united, err));
    return aggregate_feed_members(feed, &feed->united, err);
}

/* Members of one part of the tables (or all of them) into a table of their own. */
static ruzu_status aggregate_merge_members(aggregate_feed *feed, uint32_t part, rz_group_table *members, rz_error *err)
{
    const rz_aggregate_set *set = feed->set;
    rz_agg_context context = {.arena = &members->arena, .fn = &feed->worker->fn};
    RZ_TRY(aggregate_merge_tables(feed->worker, set->tables, feed->shared->worker_count, set->divided, part, NULL, members, feed->vecs, err));
    bool spilled = set->divided && set->parts[part] != NULL;
    return spilled ? rz_group_load(members, feed->worker->exec, &context, set->parts[part], feed->vecs, err) : RUZU_OK;
}

/* Unites one part of the set (or all of it) and feeds its members. */
static ruzu_status aggregate_feed_part(aggregate_feed *feed, uint32_t part, rz_error *err)
{
    const rz_aggregate_set *set = feed->set;
    rz_aggregate_shared *shared = feed->shared;
    if (!set->divided && shared->worker_count == 1) {
        return aggregate_feed_list(feed, &set->tables[0]->list, err);
    }
    if (set->layout->plain_keys && (!set->divided || set->parts[part] == NULL)) {
        return aggregate_feed_united(feed, part, err);
    }
    rz_group_table *members = NULL;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_group_table_create(shared->mem, set->layout, set->divided ? RZ_SPILL_BITS : 0, RZ_GROUP_NO_LIMIT, &members, err));
    RZ_TRY_GOTO(aggregate_merge_members(feed, part, members, err));
    RZ_TRY_GOTO(aggregate_feed_members(feed, &members->list, err));
cleanup:
    rz_group_table_free(members);
    return status;
}

/* The table is full: its groups go to the shared records. */
static ruzu_status aggregate_feed_spill(aggregate_tasks *tasks, aggregate_feed *feed, rz_error *err)
{
    rz_aggregate_shared *shared = feed->shared;
    if (shared->layout->key_count == 0 || !rz_spill_needed(feed->worker->exec, feed->budget, rz_group_table_bytes(feed->table))) {
        return RUZU_OK;
    }
    rz_mutex_lock(&tasks->lock);
    shared->spilled = true;
    ruzu_status status = rz_group_spill(feed->table, shared->mem, shared->pool, shared->parts, err);
    rz_mutex_unlock(&tasks->lock);
    return status;
}

static ruzu_status aggregate_feed_units(aggregate_tasks *tasks, aggregate_feed *feed, rz_error *err)
{
    rz_aggregate_shared *shared = feed->shared;
    uint64_t unit = 0;
    while (rz_morsel_take(&tasks->units, false, NULL, &unit)) {
        const rz_aggregate_set *set = &shared->sets[unit / RZ_SPILL_PARTS];
        uint32_t part = (uint32_t)(unit % RZ_SPILL_PARTS);
        if (set->fed || (!set->divided && part != 0)) {
            continue;
        }
        if (feed->set != set) {
            RZ_TRY(rz_aggregate_key_vecs(&feed->worker->arena, set->layout, &feed->vecs, err));
            feed->set = set;
            rz_group_unite_deinit(&feed->unite);
            rz_group_unite_init(&feed->unite, shared->mem, set->layout);
        }
        RZ_TRY(aggregate_feed_part(feed, part, err));
        RZ_TRY(aggregate_feed_spill(tasks, feed, err));
    }
    return RUZU_OK;
}

static ruzu_status aggregate_feed_run(aggregate_tasks *tasks, rz_worker *worker, rz_error *err)
{
    rz_aggregate_shared *shared = tasks->shared;
    rz_arena *arena = &worker->arena;
    aggregate_feed feed = {.worker = worker, .shared = shared, .budget = rz_spill_budget(worker->exec)};
    feed.hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    feed.groups = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    feed.states = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    if (feed.hashes == NULL || feed.groups == NULL || feed.states == NULL) {
        return rz_error_no_memory(err, "aggregating");
    }
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_group_table_create(shared->mem, shared->layout, 0, RZ_GROUP_LOCAL_BITS, &feed.table, err));
    if (shared->layout->key_count == 0) {
        RZ_TRY_GOTO(rz_group_find_lone(feed.table, err));
    }
    RZ_TRY_GOTO(aggregate_feed_units(tasks, &feed, err));
    rz_mutex_lock(&tasks->lock);
    RZ_ASSERT(shared->table_count < shared->table_capacity);
    shared->tables[shared->table_count++] = feed.table;
    rz_mutex_unlock(&tasks->lock);
    feed.table = NULL;
cleanup:
    rz_group_unite_deinit(&feed.unite);
    rz_group_list_free(shared->mem, &feed.united);
    rz_group_table_free(feed.table);
    return status;
}

/* Tells a COUNT without keys how many members there are, if that is known. */
static ruzu_status aggregate_feed_count(rz_exec *exec, rz_aggregate_shared *shared, rz_aggregate_set *set, rz_error *err)
{
    const rz_agg_bound *bound = shared->layout->aggs[set->agg];
    if (!set->counts || (!set->by_node && (set->divided || shared->worker_count != 1))) {
        return RUZU_OK;
    }
    rz_worker nobody = {.exec = exec};
    rz_agg_context context = {.arena = &shared->tables[0]->arena, .fn = &nobody.fn};
    uint64_t count = set->by_node ? set->nodes->count : set->tables[0]->list.count;
    rz_sel one_row = {.rows = NULL, .count = 1};
    set->fed = true;
    return bound->agg->update_one(bound, &context, shared->tables[0]->lone_group + shared->layout->state_offs[set->agg], shared->one, &one_row, &count, err);
}

static ruzu_status aggregate_feed_all(rz_exec *exec, rz_aggregate_shared *shared, rz_error *err)
{
    bool parallel = false;
    bool left = false;
    for (uint32_t s = 0; s < shared->set_count; s++) {
        rz_aggregate_set *set = &shared->sets[s];
        RZ_TRY(aggregate_divide(set->tables, shared->worker_count, set->spilled, &set->divided, err));
        parallel = parallel || set->divided;
        RZ_TRY(aggregate_feed_count(exec, shared, set, err));
        left = left || !set->fed;
    }
    if (left) {
        RZ_TRY(aggregate_run_tasks(exec, shared, aggregate_feed_run, (uint64_t)shared->set_count * RZ_SPILL_PARTS, parallel, err));
    }
    for (uint32_t s = 0; s < shared->set_count; s++) {
        rz_aggregate_set *set = &shared->sets[s];
        for (uint32_t t = 0; t < shared->worker_count; t++) {
            rz_group_table_free(set->tables[t]);
            set->tables[t] = NULL;
        }
        for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
            rz_records_free(set->parts[p]);
            set->parts[p] = NULL;
        }
    }
    return RUZU_OK;
}

/* ---- results ---- */

ruzu_status rz_aggregate_unite(rz_worker *worker, rz_aggregate_shared *shared, rz_group_unite *unite, uint32_t part, rz_arena *arena, rz_group_list *out, rz_error *err)
{
    rz_agg_context context = {.arena = arena, .fn = &worker->fn};
    return rz_group_unite_run(unite, worker->exec, &context, shared->tables, shared->table_count, part, out, err);
}

ruzu_status rz_aggregate_unite_shared(rz_worker *worker, rz_aggregate_shared *shared, rz_group_unite *unite, uint32_t part, rz_error *err)
{
    rz_group_table *into = NULL;
    RZ_TRY(rz_group_table_create(shared->mem, shared->layout, RZ_SPILL_BITS, RZ_GROUP_NO_LIMIT, &into, err));
    ruzu_status status = rz_aggregate_unite(worker, shared, unite, part, &into->arena, &into->list, err);
    if (status == RUZU_OK) {
        shared->results[part] = into;
    } else {
        rz_group_table_free(into);
    }
    return status;
}

/* The result of tables that are not divided and have plain keys. */
static ruzu_status aggregate_unite_whole(rz_worker *worker, rz_aggregate_shared *shared, rz_group_table *into, rz_error *err)
{
    rz_group_unite unite;
    rz_group_unite_init(&unite, shared->mem, shared->layout);
    ruzu_status status = rz_aggregate_unite(worker, shared, &unite, RZ_GROUP_WHOLE, &into->arena, &into->list, err);
    rz_group_unite_deinit(&unite);
    return status;
}

static ruzu_status aggregate_merge_run(aggregate_tasks *tasks, rz_worker *worker, rz_error *err)
{
    rz_aggregate_shared *shared = tasks->shared;
    bool divided = shared->unit_count != 1;
    rz_group_table *before = NULL;
    rz_vec **vecs = NULL;
    uint64_t part = 0;
    RZ_TRY(rz_aggregate_key_vecs(&worker->arena, shared->layout, &vecs, err));
    while (rz_morsel_take(&tasks->units, false, NULL, &part)) {
        rz_group_table *into = NULL;
        RZ_TRY(rz_group_table_create(shared->mem, shared->layout, divided ? RZ_SPILL_BITS : 0, RZ_GROUP_NO_LIMIT, &into, err));
        shared->results[part] = into;
        if (shared->layout->plain_keys) {
            RZ_TRY(aggregate_unite_whole(worker, shared, into, err)); /* parts are united later */
            continue;
        }
        RZ_TRY(aggregate_merge_tables(worker, shared->tables, shared->table_count, divided, (uint32_t)part, before, into, vecs, err));
        before = into;
    }
    if (before != NULL) {
        rz_group_table_close(before);
    }
    return RUZU_OK;
}

static ruzu_status aggregate_spill_rest(rz_aggregate_shared *shared, rz_error *err)
{
    for (uint32_t t = 0; t < shared->table_count; t++) {
        RZ_TRY(rz_group_spill(shared->tables[t], shared->mem, shared->pool, shared->parts, err));
    }
    shared->unit_count = RZ_SPILL_PARTS;
    return RUZU_OK;
}

static ruzu_status aggregate_make_results(rz_exec *exec, rz_aggregate_shared *shared, rz_error *err)
{
    if (shared->set_count != 0) {
        RZ_TRY(aggregate_feed_all(exec, shared, err));
    }
    if (shared->spilled) {
        return aggregate_spill_rest(shared, err);
    }
    bool divided = false;
    if (shared->layout->key_count != 0) {
        RZ_TRY(aggregate_divide(shared->tables, shared->table_count, false, &divided, err));
    }
    shared->unit_count = divided ? RZ_SPILL_PARTS : 1;
    shared->late = divided && shared->layout->plain_keys;
    if (shared->late) {
        return RUZU_OK;
    }
    if (!divided && shared->table_count == 1) {
        shared->results[0] = shared->tables[0];
        shared->tables[0] = NULL;
        shared->table_count = 0;
        return RUZU_OK;
    }
    return aggregate_run_tasks(exec, shared, aggregate_merge_run, shared->unit_count, divided, err);
}

ruzu_status rz_aggregate_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)plan;
    rz_aggregate_shared *shared = (rz_aggregate_shared *)shared_object;
    RZ_TRY(aggregate_make_results(exec, shared, err));
    shared->source.count = shared->unit_count;
    return RUZU_OK;
}
