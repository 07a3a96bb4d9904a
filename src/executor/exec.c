/* SPDX-License-Identifier: MIT */
/*
 * Runs a plan: prepares shared objects, runs one pipeline per sink in dependency order, collects the result.
 *
 * exec_prepare walks the tree bottom up: first the node's children, then the node's own shared object, then, when the node is a sink, the pipeline that feeds it. So when a
 * pipeline starts, everything below it is ready, and its workers only read what exec->shared holds.
 */
#include "executor/exec.h"

#include "executor/profile.h"
#include "executor/sched.h"
#include "executor/spread.h"
#include "executor/triangle.h"

#include <string.h>

rz_mem *rz_exec_account(const rz_exec *exec, const rz_plan *plan)
{
    return RZ_LIKELY(exec->profile == NULL) ? exec->context->mem : rz_profile_account(exec->profile, plan);
}

void *rz_exec_shared(const rz_exec *exec, const rz_plan *plan)
{
    return exec->shared[plan->id];
}

/*
 * A pipeline begins on the caller's thread. Others are called when it has worked for so long that waking them costs little beside it, at one of its polls; at once where
 * the plan expects much. Builds that check themselves always call at once, so that their tests see several workers whatever the size of their data.
 */
#ifdef RZ_ASSERTS
#define CALL_AFTER_US 0u
#else
#define CALL_AFTER_US 250u
#endif
#define CALL_AT_ONCE_ROWS 100000.0 /* estimated in one place of the pipeline */

struct rz_exec_call {
    rz_sched_job *job; /* NULL: nobody is left to be called. Written while only the caller's thread runs the pipeline. */
    uint64_t due_us;
};

static void exec_call(const rz_exec *exec)
{
    rz_sched_job *job = exec->call->job;
    exec->call->job = NULL;
    rz_sched_invite(exec->context->sched, job);
}

rz_sched_job *rz_exec_hold_call(const rz_exec *exec)
{
    rz_sched_job *job = exec->call->job;
    if (job != NULL) { /* else other threads may be reading it */
        exec->call->job = NULL;
    }
    return job;
}

void rz_exec_resume_call(const rz_exec *exec, rz_sched_job *uncalled)
{
    if (uncalled != NULL) {
        exec->call->job = uncalled;
    }
}

ruzu_status rz_exec_poll(const rz_exec *exec, rz_error *err)
{
    if (exec->call != NULL && RZ_UNLIKELY(exec->call->job != NULL) && rz_now_monotonic_us() >= exec->call->due_us) {
        exec_call(exec);
    }
    if (RZ_UNLIKELY(atomic_load_explicit(&exec->failed, memory_order_relaxed) != 0)) {
        return rz_error_set(err, RUZU_ERROR_INTERRUPTED, "Interrupted.");
    }
    _Atomic uint32_t *interrupted = exec->context->interrupted;
    uint32_t why = interrupted == NULL ? 0 : atomic_load_explicit(interrupted, memory_order_relaxed);
    if (RZ_LIKELY(why == 0)) {
        if (RZ_LIKELY(exec->context->deadline_us == 0) || rz_now_monotonic_us() < exec->context->deadline_us) {
            return RUZU_OK;
        }
        why = 2;
        if (interrupted != NULL) {
            atomic_store_explicit(interrupted, why, memory_order_relaxed);
        }
    }
    return rz_error_set(err, why == 2 ? RUZU_ERROR_TIMEOUT : RUZU_ERROR_INTERRUPTED, "Interrupted.");
}

/* ---- workers ---- */

/* What functions may know of the statement. */
static void worker_set_context(rz_worker *worker)
{
    const rz_exec *exec = worker->exec;
    worker->fn.now_us = rz_txn_start_us(exec->context->txn);
    worker->fn.interrupted = exec->context->interrupted;
    worker->fn.deadline_us = exec->context->deadline_us;
    worker->fn.map_key_check = exec->context->map_key_check;
    const uint64_t *seed = exec->context->random_seed;
    if ((seed[0] | seed[1]) != 0) {
        worker->fn.random_state[0] = rz_hash_combine(seed[0], worker->idx);
        worker->fn.random_state[1] = rz_hash_combine(seed[1], worker->idx);
    } else {
        rz_vfs *vfs = rz_store_vfs(rz_txn_store(exec->context->txn));
        vfs->random(vfs, worker->fn.random_state, sizeof worker->fn.random_state);
    }
    worker->fn.random_state[0] |= 1; /* the generator must not start from zero */
}

ruzu_status rz_worker_open(rz_exec *exec, uint32_t idx, rz_worker *worker, rz_error *err)
{
    memset(worker, 0, sizeof *worker);
    worker->exec = exec;
    worker->idx = idx;
    rz_arena_init(&worker->arena, exec->context->mem);
    rz_arena_init(&worker->scratch, exec->context->mem);
    worker->fn.mem = exec->context->mem;
    worker->account = exec->context->mem;
    worker->fn.scratch = &worker->scratch;
    worker_set_context(worker);
    const rz_catalog *catalog = rz_txn_catalog(exec->context->txn);
    worker->reader_slots = rz_catalog_id_end(catalog);
    worker->ntabs = RZ_NEW_ARRAY(&worker->arena, rz_ntab_reader *, worker->reader_slots);
    worker->rtabs = RZ_NEW_ARRAY(&worker->arena, rz_rtab_reader *, worker->reader_slots);
    if (worker->ntabs == NULL || worker->rtabs == NULL) {
        worker->reader_slots = 0;
        return rz_error_no_memory(err, "starting a worker");
    }
    return RUZU_OK;
}

void rz_worker_close(rz_worker *worker)
{
    for (uint32_t i = 0; i < worker->reader_slots; i++) {
        if (worker->ntabs[i] != NULL) {
            rz_ntab_reader_free(worker->ntabs[i]);
        }
        if (worker->rtabs[i] != NULL) {
            rz_rtab_reader_free(worker->rtabs[i]);
        }
    }
    worker->reader_slots = 0;
    rz_eval_close_all(worker);
    rz_arena_free(&worker->scratch);
    rz_arena_free(&worker->arena);
}

void rz_worker_suspend(rz_worker *worker)
{
    for (uint32_t i = 0; i < worker->reader_slots; i++) {
        if (worker->ntabs[i] != NULL) {
            rz_ntab_reader_suspend(worker->ntabs[i]);
        }
        if (worker->rtabs[i] != NULL) {
            rz_rtab_reader_suspend(worker->rtabs[i]);
        }
    }
}

ruzu_status rz_worker_restart(rz_worker *worker, rz_error *err)
{
    const rz_snapshot *snapshot = rz_txn_snapshot(worker->exec->context->txn);
    worker_set_context(worker);
    for (uint32_t i = 0; i < worker->reader_slots; i++) {
        if (worker->ntabs[i] != NULL) {
            RZ_TRY(rz_ntab_reader_resume(worker->ntabs[i], snapshot, err));
        }
        if (worker->rtabs[i] != NULL) {
            RZ_TRY(rz_rtab_reader_resume(worker->rtabs[i], snapshot, err));
        }
    }
    return rz_eval_restart_all(worker, err);
}

ruzu_status rz_worker_ntab(rz_worker *worker, uint32_t table_id, rz_ntab_reader **out, rz_error *err)
{
    *out = table_id < worker->reader_slots ? worker->ntabs[table_id] : NULL;
    if (RZ_LIKELY(*out != NULL)) {
        return RUZU_OK;
    }
    const rz_exec_context *context = worker->exec->context;
    rz_ntab *table = rz_txn_ntab(context->txn, table_id);
    if (table == NULL || table_id >= worker->reader_slots) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "node table %u has no storage", table_id);
    }
    RZ_TRY(rz_ntab_reader_create(table, rz_txn_snapshot(context->txn), worker->account, out, err));
    worker->ntabs[table_id] = *out;
    return RUZU_OK;
}

ruzu_status rz_worker_rtab(rz_worker *worker, uint32_t pair_id, rz_rtab_reader **out, rz_error *err)
{
    *out = pair_id < worker->reader_slots ? worker->rtabs[pair_id] : NULL;
    if (RZ_LIKELY(*out != NULL)) {
        return RUZU_OK;
    }
    const rz_exec_context *context = worker->exec->context;
    rz_rtab *table = rz_txn_rtab(context->txn, pair_id);
    if (table == NULL || pair_id >= worker->reader_slots) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "relationship table %u has no storage", pair_id);
    }
    RZ_TRY(rz_rtab_reader_create(table, rz_txn_snapshot(context->txn), worker->account, out, err));
    worker->rtabs[pair_id] = *out;
    return RUZU_OK;
}

void rz_worker_forget_ntab(rz_worker *worker, uint32_t table_id)
{
    if (table_id < worker->reader_slots && worker->ntabs[table_id] != NULL) {
        rz_ntab_reader_free(worker->ntabs[table_id]);
        worker->ntabs[table_id] = NULL;
    }
}

void rz_worker_forget_rtab(rz_worker *worker, uint32_t pair_id)
{
    if (pair_id < worker->reader_slots && worker->rtabs[pair_id] != NULL) {
        rz_rtab_reader_free(worker->rtabs[pair_id]);
        worker->rtabs[pair_id] = NULL;
    }
}

/* ---- pipelines ---- */

static ruzu_status pipeline_consume(rz_exec_pipeline *pipeline, rz_worker *worker, void *local, const rz_chunk *chunk, rz_error *err)
{
    if (RZ_LIKELY(pipeline->exec->profile == NULL)) {
        return pipeline->sink->consume(worker, pipeline->shared, local, chunk, err);
    }
    rz_profile_mark begin;
    rz_profile_begin_sink(worker, pipeline->sink_plan, &begin);
    ruzu_status status = pipeline->sink->consume(worker, pipeline->shared, local, chunk, err);
    rz_profile_end_sink(worker, pipeline->sink_plan, &begin, rz_chunk_weight(chunk));
    return status;
}

static ruzu_status pipeline_combine(rz_exec_pipeline *pipeline, rz_worker *worker, void *local, rz_error *err)
{
    if (RZ_LIKELY(pipeline->exec->profile == NULL)) {
        return pipeline->sink->combine(worker, pipeline->shared, local, err);
    }
    rz_profile_mark begin;
    rz_profile_begin_sink(worker, pipeline->sink_plan, &begin);
    ruzu_status status = pipeline->sink->combine(worker, pipeline->shared, local, err);
    rz_profile_end_sink(worker, pipeline->sink_plan, &begin, 0);
    return status;
}

/* Pulls the whole input through one worker's chain into the sink. */
static ruzu_status pipeline_drain(rz_exec_pipeline *pipeline, rz_worker *worker, rz_op *chain, void *local, rz_error *err)
{
    for (;;) {
        rz_chunk *chunk = NULL;
        RZ_TRY(rz_exec_poll(pipeline->exec, err));
        RZ_TRY(rz_op_next(chain, &chunk, err));
        if (chunk == NULL) {
            atomic_store_explicit(&pipeline->ended, 1, memory_order_relaxed);
            break;
        }
        RZ_TRY(pipeline_consume(pipeline, worker, local, chunk, err));
        rz_arena_reset(&worker->scratch);
    }
    return pipeline_combine(pipeline, worker, local, err);
}

static ruzu_status pipeline_build(rz_exec_pipeline *pipeline, rz_worker *worker, rz_op **out_chain, void **out_local, rz_error *err)
{
    RZ_TRY(rz_op_build(worker, pipeline->input, NULL, out_chain, err));
    if (RZ_LIKELY(pipeline->exec->profile == NULL)) {
        return pipeline->sink->open(worker, pipeline->sink_plan, pipeline->shared, out_local, err);
    }
    rz_profile_mark begin;
    rz_profile_begin_sink(worker, pipeline->sink_plan, &begin);
    ruzu_status status = pipeline->sink->open(worker, pipeline->sink_plan, pipeline->shared, out_local, err);
    rz_profile_end_sink(worker, pipeline->sink_plan, &begin, 0);
    return status;
}

static void pipeline_tear_down(const rz_exec_pipeline *pipeline, rz_worker *worker, rz_op *chain, void *local)
{
    if (local != NULL && pipeline->sink->close != NULL) {
        pipeline->sink->close(worker, local);
    }
    rz_op_close(chain);
    rz_worker_close(worker);
}

void rz_exec_pipeline_close(rz_exec_pipeline *pipeline)
{
    if (pipeline->kept) {
        pipeline_tear_down(pipeline, &pipeline->worker, pipeline->chain, pipeline->local);
    }
    pipeline->kept = false;
    rz_spread_close(pipeline->spread);
    pipeline->spread = NULL;
}

/* The first worker of a plan that is kept: builds its objects, or begins again with those that are there, and leaves them. */
static ruzu_status pipeline_run_kept(rz_exec_pipeline *pipeline, rz_error *err)
{
    rz_worker *worker = &pipeline->worker;
    if (!pipeline->kept) {
        pipeline->chain = NULL;
        pipeline->local = NULL;
        pipeline->kept = true; /* from here on rz_exec_pipeline_close frees what is there */
        RZ_TRY(rz_worker_open(pipeline->exec, 0, worker, err));
        RZ_TRY(pipeline_build(pipeline, worker, &pipeline->chain, &pipeline->local, err));
    } else {
        RZ_TRY(rz_worker_restart(worker, err));
        RZ_TRY(pipeline->sink->restart(worker, pipeline->shared, pipeline->local, err));
    }
    RZ_TRY(pipeline_drain(pipeline, worker, pipeline->chain, pipeline->local, err));
    RZ_TRY(rz_op_restart(pipeline->chain, err));
    rz_worker_suspend(worker);
    return RUZU_OK;
}

static ruzu_status pipeline_run_once(rz_exec_pipeline *pipeline, uint32_t worker_idx, rz_error *err)
{
    rz_worker worker;
    rz_op *chain = NULL;
    void *local = NULL;
    ruzu_status status = rz_worker_open(pipeline->exec, worker_idx, &worker, err);
    if (status == RUZU_OK) {
        status = pipeline_build(pipeline, &worker, &chain, &local, err);
    }
    if (status == RUZU_OK) {
        status = pipeline_drain(pipeline, &worker, chain, local, err);
    }
    pipeline_tear_down(pipeline, &worker, chain, local);
    return status;
}

static void pipeline_worker(void *arg, uint32_t worker_idx)
{
    rz_exec_pipeline *pipeline = (rz_exec_pipeline *)arg;
    rz_error err;
    rz_error_init(&err);
    if (worker_idx != 0 && atomic_load_explicit(&pipeline->ended, memory_order_relaxed) != 0) {
        return; /* woke up too late: building its operators would keep the others waiting */
    }
    bool keeps = pipeline->exec->keeps && worker_idx == 0;
    ruzu_status status = keeps ? pipeline_run_kept(pipeline, &err) : pipeline_run_once(pipeline, worker_idx, &err);
    if (status != RUZU_OK) {
        rz_mutex_lock(&pipeline->lock);
        /* "Interrupted" because another worker failed must not hide that failure. */
        bool is_echo = atomic_exchange_explicit(&pipeline->exec->failed, 1, memory_order_relaxed) != 0 && status == RUZU_ERROR_INTERRUPTED;
        if (!is_echo || pipeline->error.code == RUZU_OK) {
            (void)rz_error_copy(&pipeline->error, &err);
        }
        rz_mutex_unlock(&pipeline->lock);
    }
}

/* Does an operator treat rows one by one, whoever else treats the others, and give them on in their order? */
static bool pipeline_row_by_row(const rz_plan *plan)
{
    rz_expr *const *exprs = plan->kind == RZ_PLAN_PROJECT ? plan->u.project.exprs : plan->u.filter.predicates;
    uint32_t count = plan->kind == RZ_PLAN_PROJECT ? plan->u.project.count : plan->kind == RZ_PLAN_FILTER ? plan->u.filter.count : 0;
    bool passes = plan->kind == RZ_PLAN_PROJECT || plan->kind == RZ_PLAN_FILTER;
    for (uint32_t i = 0; i < count; i++) {
        passes = passes && !rz_expr_is_volatile(exprs[i]);
    }
    return passes;
}

/* Pieces of an ordered source's order that several workers may take; 1: one worker keeps it. */
static uint64_t pipeline_stretches(const rz_exec *exec, const rz_plan *sink_plan, const rz_plan *plan, const rz_sink_class *sink)
{
    bool passes = sink->keeps_order && exec->context->max_threads > 1;
    for (uint32_t i = 0; passes && i < sink_plan->u.result.count; i++) {
        passes = !rz_expr_is_volatile(sink_plan->u.result.exprs[i]);
    }
    while (passes && rz_op_class_of(plan->kind)->stretches == NULL) {
        passes = pipeline_row_by_row(plan);
        plan = passes ? plan->children[0] : plan;
    }
    return passes && !plan->correlated ? rz_op_class_of(plan->kind)->stretches(exec, plan) : 1;
}

/* Number of workers worth starting: pieces of work at the source, unless something in the chain wants to be alone. */
static uint32_t pipeline_workers(const rz_exec *exec, const rz_plan *plan, const rz_sink_class *sink)
{
    uint32_t limit = exec->context->max_threads;
    if (sink->single_worker || limit <= 1) {
        return 1;
    }
    bool dealt = false;
    for (; plan != NULL; plan = rz_op_class_of(plan->kind)->units == NULL && plan->child_count != 0 ? plan->children[0] : NULL) {
        const rz_op_class *class = rz_op_class_of(plan->kind);
        if (class->single_worker) {
            return 1;
        }
        if (class->units != NULL) {
            uint64_t units = class->units(exec, plan);
            limit = units < limit ? (uint32_t)units : limit;
        } else if (plan->child_count == 0 && !dealt) {
            limit = 1;
        }
        dealt |= plan->spread;
    }
    return limit < 1 ? 1 : limit;
}

/* Is it clear from the start that a pipeline has work for several threads? */
static bool pipeline_is_long(const rz_exec *exec, const rz_plan *plan)
{
    while (rz_op_class_of(plan->kind)->units == NULL && plan->child_count != 0) {
        plan = plan->children[0];
    }
    if ((plan->kind == RZ_PLAN_TRIANGLE || plan->kind == RZ_PLAN_CLOSED) && !plan->correlated) {
        return rz_triangle_is_long(exec, plan);
    }
    return (plan->kind == RZ_PLAN_NODE_SCAN && plan->u.scan.work >= CALL_AT_ONCE_ROWS) || plan->kind == RZ_PLAN_FILE_SCAN;
}

/* Rows of a chain that begins at one row are dealt out to several workers, or there is one. A first worker that was kept goes on as it began. */
static ruzu_status pipeline_open_spread(rz_exec_pipeline *pipeline, uint32_t *worker_count, rz_error *err)
{
    const rz_plan *plan = pipeline->input;
    while (plan != NULL && !plan->spread) {
        plan = rz_op_class_of(plan->kind)->units == NULL && plan->child_count != 0 ? plan->children[0] : NULL;
    }
    if (plan != NULL && *worker_count > 1 && !pipeline->kept) {
        RZ_TRY(rz_spread_create(pipeline->exec, plan, &pipeline->spread, err));
    }
    if (plan != NULL && pipeline->spread == NULL) {
        *worker_count = 1;
    }
    pipeline->exec->spread = pipeline->spread;
    return RUZU_OK;
}

static ruzu_status pipeline_close_spread(rz_exec_pipeline *pipeline, rz_error *err)
{
    pipeline->exec->spread = NULL;
    if (pipeline->kept) {
        return pipeline->spread == NULL ? RUZU_OK : rz_spread_restart(pipeline->spread, err);
    }
    rz_spread_close(pipeline->spread);
    pipeline->spread = NULL;
    return RUZU_OK;
}

static void pipeline_run_workers(rz_exec_pipeline *pipeline, uint32_t worker_count)
{
    const rz_exec *exec = pipeline->exec;
    rz_sched_job job;
    rz_sched_open(&job, worker_count, pipeline_worker, pipeline);
    if (job.limit > 1) {
        bool at_once = CALL_AFTER_US == 0 || pipeline_is_long(exec, pipeline->input);
        exec->call->job = &job;
        exec->call->due_us = at_once ? 0 : rz_now_monotonic_us() + CALL_AFTER_US;
        if (at_once && !exec->keeps) { /* they wake up while the first worker's objects are made; a kept one's must begin again before */
            exec_call(exec);
        }
    }
    pipeline_worker(pipeline, 0);
    rz_sched_close(exec->context->sched, &job);
    exec->call->job = NULL;
}

ruzu_status rz_exec_pipeline_run(rz_exec_pipeline *pipeline, rz_error *err)
{
    rz_exec *exec = pipeline->exec;
    rz_error_init(&pipeline->error);
    atomic_store_explicit(&pipeline->ended, 0, memory_order_relaxed);
    uint64_t stretches = pipeline_stretches(exec, pipeline->sink_plan, pipeline->input, pipeline->sink);
    exec->in_stretches = stretches > 1;
    uint32_t worker_count = !exec->in_stretches                        ? pipeline_workers(exec, pipeline->input, pipeline->sink)
                            : stretches < exec->context->max_threads ? (uint32_t)stretches
                                                                     : exec->context->max_threads;
    RZ_TRY(pipeline_open_spread(pipeline, &worker_count, err));
    exec->worker_count = worker_count;
    if (rz_mutex_init(&pipeline->lock) != RUZU_OK) {
        (void)pipeline_close_spread(pipeline, err);
        return rz_error_no_memory(err, "starting a pipeline");
    }
    pipeline_run_workers(pipeline, worker_count);
    rz_mutex_destroy(&pipeline->lock);
    if (pipeline->error.code != RUZU_OK) {
        rz_error ignored;
        rz_error_init(&ignored);
        (void)pipeline_close_spread(pipeline, &ignored);
        return rz_error_copy(err, &pipeline->error);
    }
    RZ_TRY(pipeline_close_spread(pipeline, err));
    rz_profile_mark begin;
    rz_profile_begin_setup(exec, &begin);
    RZ_TRY(pipeline->sink->finish(exec, pipeline->sink_plan, pipeline->shared, err));
    rz_profile_end_setup(exec, pipeline->sink_plan, &begin);
    return RUZU_OK;
}

static ruzu_status pipeline_run(rz_exec *exec, const rz_plan *sink_plan, const rz_plan *input, const rz_sink_class *sink, rz_error *err)
{
    rz_exec_pipeline own; /* the worker in it is used by kept plans only */
    rz_exec_pipeline *pipeline = &own;
    if (exec->keeps) {
        rz_exec_pipeline **link = &exec->pipelines;
        while (*link != NULL) {
            link = &(*link)->next;
        }
        pipeline = *link = RZ_NEW(&exec->arena, rz_exec_pipeline);
        RZ_TRY_ALLOC(pipeline, err, "starting a pipeline");
    }
    pipeline->exec = exec;
    pipeline->kept = false;
    pipeline->spread = NULL;
    pipeline->sink_plan = sink_plan;
    pipeline->input = input;
    pipeline->sink = sink;
    exec->sinks[sink_plan->id] = sink;
    rz_profile_mark begin;
    rz_profile_begin_setup(exec, &begin);
    RZ_TRY(sink->prepare(exec, sink_plan, &exec->shared[sink_plan->id], err));
    rz_profile_end_setup(exec, sink_plan, &begin);
    pipeline->shared = exec->shared[sink_plan->id];
    return rz_exec_pipeline_run(pipeline, err);
}

/* ---- plans ---- */

static const rz_sink_class *exec_sink_of(rz_plan_kind kind)
{
    switch (kind) {
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED: return &rz_sink_triangle;
    case RZ_PLAN_AGGREGATE: return &rz_sink_aggregate;
    case RZ_PLAN_SORT: return &rz_sink_sort;
    case RZ_PLAN_HASH_JOIN: return &rz_sink_hash_build;
    case RZ_PLAN_REUSE: return &rz_sink_reuse;
    case RZ_PLAN_BARRIER: return &rz_sink_barrier;
    case RZ_PLAN_MESSAGE: return &rz_sink_message;
    case RZ_PLAN_RESULT: return &rz_sink_result;
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_NODE_SCAN:
    case RZ_PLAN_TABLE_FUNCTION:
    case RZ_PLAN_FILE_SCAN:
    case RZ_PLAN_NODE_LOOKUP:
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_INTERSECT:
    case RZ_PLAN_DEGREE:
    case RZ_PLAN_COUNT_EXCEPT:
    case RZ_PLAN_RECURSIVE:
    case RZ_PLAN_FILTER:
    case RZ_PLAN_JOIN_FILTER:
    case RZ_PLAN_PROJECT:
    case RZ_PLAN_UNWIND:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_MESSAGE_APPLY:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_LIMIT:
    case RZ_PLAN_APPLY:
    case RZ_PLAN_UNION:
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE:
    case RZ_PLAN_MERGE: break;
    }
    return NULL;
}

static ruzu_status exec_prepare(rz_exec *exec, const rz_plan *plan, rz_error *err)
{
    if (plan->kind == RZ_PLAN_MESSAGE && exec->plans[plan->id] != NULL) {
        return RUZU_OK; /* another operator asks it, too */
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        RZ_TRY(exec_prepare(exec, plan->children[i], err));
    }
    exec->plans[plan->id] = plan;
    bool reads = plan->kind == RZ_PLAN_REUSE && plan->u.reuse.source != NULL; /* what another one keeps */
    const rz_sink_class *sink = plan->correlated || reads ? NULL : exec_sink_of(plan->kind);
    if (sink != NULL) {
        return pipeline_run(exec, plan, plan->children[plan->kind == RZ_PLAN_HASH_JOIN ? 1 : 0], sink, err);
    }
    const rz_op_class *class = rz_op_class_of(plan->kind);
    if (class->prepare == NULL) {
        return RUZU_OK;
    }
    rz_profile_mark begin;
    rz_profile_begin_setup(exec, &begin);
    RZ_TRY(class->prepare(exec, plan, &exec->shared[plan->id], err));
    rz_profile_end_setup(exec, plan, &begin);
    return RUZU_OK;
}

static uint32_t exec_count_plans(const rz_plan *plan)
{
    uint32_t end = plan->id + 1;
    for (uint32_t i = 0; i < plan->child_count; i++) {
        uint32_t child_end = exec_count_plans(plan->children[i]);
        end = child_end > end ? child_end : end;
    }
    return end;
}

ruzu_status rz_exec_open(const rz_exec_context *context, const rz_plan *plan, rz_profile *profile, rz_exec *exec, rz_error *err)
{
    memset(exec, 0, sizeof *exec);
    exec->context = context;
    exec->profile = profile;
    exec->vector_rows = context->vector_rows == 0 || context->vector_rows > RZ_VECTOR_CAPACITY ? RZ_VECTOR_CAPACITY : context->vector_rows;
    atomic_init(&exec->failed, 0);
    rz_arena_init(&exec->arena, context->mem);
    uint32_t count = exec_count_plans(plan);
    exec->shared = RZ_NEW_ARRAY(&exec->arena, void *, count);
    exec->plans = RZ_NEW_ARRAY(&exec->arena, const rz_plan *, count);
    exec->sinks = RZ_NEW_ARRAY(&exec->arena, const rz_sink_class *, count);
    exec->call = RZ_NEW(&exec->arena, rz_exec_call);
    if (exec->shared == NULL || exec->plans == NULL || exec->sinks == NULL || exec->call == NULL) {
        return rz_error_no_memory(err, "starting a statement");
    }
    exec->plan_count = count;
    return RUZU_OK;
}

void rz_exec_close(rz_exec *exec)
{
    for (rz_exec_pipeline *pipeline = exec->pipelines; pipeline != NULL; pipeline = pipeline->next) {
        rz_exec_pipeline_close(pipeline);
    }
    exec->pipelines = NULL;
    for (uint32_t i = 0; i < exec->plan_count; i++) {
        if (exec->shared[i] == NULL) {
            continue;
        }
        if (exec->sinks[i] != NULL) {
            exec->sinks[i]->destroy(exec, exec->shared[i]);
        } else if (exec->plans[i] != NULL && rz_op_class_of(exec->plans[i]->kind)->destroy != NULL) {
            rz_op_class_of(exec->plans[i]->kind)->destroy(exec, exec->shared[i]);
        }
    }
    exec->plan_count = 0;
    rz_arena_free(&exec->arena);
}

ruzu_status rz_exec_run_plan(rz_exec *exec, const rz_plan *plan, rz_result_set **out, rz_error *err)
{
    RZ_TRY(exec_prepare(exec, plan, err));
    *out = rz_sink_result_take(exec, plan);
    return RUZU_OK;
}

ruzu_status rz_exec_run(const rz_exec_context *context, const rz_plan *plan, rz_profile *profile, rz_result_set **out, rz_error *err)
{
    *out = NULL;
    rz_exec exec;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_exec_open(context, plan, profile, &exec, err));
    RZ_TRY_GOTO(rz_exec_run_plan(&exec, plan, out, err));
cleanup:
    rz_exec_close(&exec);
    return status;
}

ruzu_status rz_exec_run_into(rz_exec *exec, const rz_plan *plan, const rz_sink_class *sink, void **out_shared, rz_error *err)
{
    RZ_ASSERT(plan->kind == RZ_PLAN_RESULT);
    exec->plans[plan->id] = plan;
    RZ_TRY(exec_prepare(exec, plan->children[0], err));
    RZ_TRY(pipeline_run(exec, plan, plan->children[0], sink, err));
    *out_shared = exec->shared[plan->id];
    return RUZU_OK;
}
