/* SPDX-License-Identifier: MIT */
/*
 * PROFILE: rows and time per plan node, summed over workers. Times include the operators below, in the way that a pull does; what a sink takes to collect its
 * input is counted apart, without its input's time.
 */
#include "executor/profile.h"

#include "executor/spread.h"

typedef struct profile_entry {
    _Atomic uint64_t rows;
    _Atomic uint64_t time_us;
    _Atomic uint64_t taken_rows; /* of a sink */
    _Atomic uint64_t taken_us;
    uint64_t memory;             /* what the statement held more when a sink had finished than before it began */
    uint64_t spilled;            /* temporary pages that the pool wrote meanwhile, in bytes */
    bool is_sink;
} profile_entry;

struct rz_profile {
    uint32_t count;
    profile_entry *entries;
};

ruzu_status rz_profile_create(rz_arena *arena, uint32_t plan_count, rz_profile **out, rz_error *err)
{
    *out = RZ_NEW(arena, rz_profile);
    RZ_TRY_ALLOC(*out, err, "profiling a statement");
    (*out)->entries = RZ_NEW_ARRAY(arena, profile_entry, plan_count);
    RZ_TRY_ALLOC((*out)->entries, err, "profiling a statement");
    (*out)->count = plan_count;
    return RUZU_OK;
}

void rz_profile_add(const rz_op *op)
{
    rz_profile *profile = op->worker->exec->profile;
    if (profile != NULL && op->plan->id < profile->count && op->class != &rz_op_spread) { /* rows that are dealt out were counted below */
        atomic_fetch_add_explicit(&profile->entries[op->plan->id].rows, op->rows_out, memory_order_relaxed);
        atomic_fetch_add_explicit(&profile->entries[op->plan->id].time_us, op->time_us, memory_order_relaxed);
    }
}

void rz_profile_add_taken(const rz_worker *worker, const rz_plan *sink, uint64_t rows, uint64_t time_us)
{
    rz_profile *profile = worker->exec->profile;
    if (profile != NULL && sink->id < profile->count) {
        atomic_fetch_add_explicit(&profile->entries[sink->id].taken_rows, rows, memory_order_relaxed);
        atomic_fetch_add_explicit(&profile->entries[sink->id].taken_us, time_us, memory_order_relaxed);
    }
}

static void profile_measure(const rz_exec *exec, rz_profile_mark *out)
{
    rz_pool_stats stats;
    rz_pool_stats_get(rz_store_pool(rz_txn_store(exec->context->txn)), &stats);
    out->time_us = rz_now_monotonic_us();
    out->memory = atomic_load_explicit(&exec->context->mem->used, memory_order_relaxed);
    out->spilled = stats.dirty_writes * RZ_PAGE_SIZE;
}

void rz_profile_begin_sink(const rz_exec *exec, rz_profile_mark *out)
{
    if (exec->profile != NULL) {
        profile_measure(exec, out);
    }
}

void rz_profile_end_sink(const rz_exec *exec, const rz_plan *sink, const rz_profile_mark *begin, uint64_t finish_us)
{
    rz_profile *profile = exec->profile;
    if (profile == NULL || sink->id >= profile->count) {
        return;
    }
    rz_profile_mark end;
    profile_measure(exec, &end);
    profile_entry *entry = &profile->entries[sink->id];
    entry->is_sink = true;
    entry->memory += end.memory > begin->memory ? end.memory - begin->memory : 0;
    entry->spilled += end.spilled - begin->spilled;
    atomic_fetch_add_explicit(&entry->taken_us, end.time_us - finish_us, memory_order_relaxed);
}

void rz_profile_note(void *user, const rz_plan *op, rz_str *out)
{
    const rz_profile *profile = (const rz_profile *)user;
    if (op->id >= profile->count) {
        return;
    }
    uint64_t time_us = atomic_load_explicit(&profile->entries[op->id].time_us, memory_order_relaxed);
    rz_str_append_format(out, "  NumOutputTuples: %llu  ExecutionTime: %llu.%03llu ms",
                         (unsigned long long)atomic_load_explicit(&profile->entries[op->id].rows, memory_order_relaxed), (unsigned long long)(time_us / 1000),
                         (unsigned long long)(time_us % 1000));
    const profile_entry *entry = &profile->entries[op->id];
    if (entry->is_sink) {
        uint64_t taken_us = atomic_load_explicit(&entry->taken_us, memory_order_relaxed);
        rz_str_append_format(out, "  NumInputTuples: %llu  CollectionTime: %llu.%03llu ms  Memory: %llu KiB  Spilled: %llu KiB",
                             (unsigned long long)atomic_load_explicit(&entry->taken_rows, memory_order_relaxed), (unsigned long long)(taken_us / 1000),
                             (unsigned long long)(taken_us % 1000), (unsigned long long)(entry->memory / 1024), (unsigned long long)(entry->spilled / 1024));
    }
}
