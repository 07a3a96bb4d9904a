/* SPDX-License-Identifier: MIT */
/*
 * PROFILE: rows, time, memory and spilled bytes per plan node, summed over workers. Times include the operators below, in the way that a pull does; what a sink takes to
 * collect its input is counted apart, without its input's time.
 */
#include "executor/profile.h"

#include "executor/spread.h"

typedef struct profile_entry {
    rz_mem mem;                  /* the node's account */
    _Atomic uint64_t rows;
    _Atomic uint64_t time_ns;
    _Atomic uint64_t taken_rows; /* of a sink */
    _Atomic uint64_t taken_ns;
    _Atomic uint64_t arena;      /* bytes of arenas that live as long as the statement or its workers */
    _Atomic uint64_t scratch;    /* most bytes of a scratch arena at a time */
    _Atomic bool is_sink;
} profile_entry;

struct rz_profile {
    uint32_t count;
    profile_entry *entries;
};

ruzu_status rz_profile_create(rz_arena *arena, rz_mem *mem, uint32_t plan_count, rz_profile **out, rz_error *err)
{
    *out = RZ_NEW(arena, rz_profile);
    RZ_TRY_ALLOC(*out, err, "profiling a statement");
    (*out)->entries = RZ_NEW_ARRAY(arena, profile_entry, plan_count);
    RZ_TRY_ALLOC((*out)->entries, err, "profiling a statement");
    (*out)->count = plan_count;
    for (uint32_t i = 0; i < plan_count; i++) {
        rz_mem_init(&(*out)->entries[i].mem, mem, UINT64_MAX);
    }
    return RUZU_OK;
}

rz_mem *rz_profile_account(rz_profile *profile, const rz_plan *plan)
{
    RZ_ASSERT(plan->id < profile->count);
    return &profile->entries[plan->id].mem;
}

/* ---- memory of arenas ---- */

/* What the worker's arenas gave out since the last time goes to who was at work. */
static void profile_settle(rz_worker *worker)
{
    rz_profile *profile = worker->exec->profile;
    uint64_t arena = worker->arena.used_bytes;
    uint64_t scratch = worker->scratch.used_bytes;
    if (worker->profiled != NULL) {
        profile_entry *entry = &profile->entries[worker->profiled->id];
        if (arena != worker->arena_mark) {
            atomic_fetch_add_explicit(&entry->arena, arena - worker->arena_mark, memory_order_relaxed);
        }
        uint64_t taken = scratch > worker->scratch_mark ? scratch - worker->scratch_mark : 0; /* less: it was reset */
        uint64_t most = atomic_load_explicit(&entry->scratch, memory_order_relaxed);
        while (RZ_UNLIKELY(taken > most) &&
               !atomic_compare_exchange_weak_explicit(&entry->scratch, &most, taken, memory_order_relaxed, memory_order_relaxed)) {
        }
    }
    worker->arena_mark = arena;
    worker->scratch_mark = scratch;
}

const rz_plan *rz_profile_enter(rz_worker *worker, const rz_plan *plan)
{
    const rz_exec *exec = worker->exec;
    const rz_plan *before = worker->profiled;
    if (exec->profile != NULL) {
        profile_settle(worker);
        worker->profiled = plan;
        worker->account = plan == NULL ? exec->context->mem : rz_exec_account(exec, plan);
    }
    return before;
}

/* ---- rows and time ---- */

void rz_profile_add(const rz_op *op)
{
    rz_profile *profile = op->worker->exec->profile;
    if (profile != NULL && op->class != &rz_op_spread) { /* rows that are dealt out were counted below */
        profile_entry *entry = &profile->entries[op->plan->id];
        atomic_fetch_add_explicit(&entry->rows, op->rows_out, memory_order_relaxed);
        atomic_fetch_add_explicit(&entry->time_ns, op->time_ns, memory_order_relaxed);
    }
}

void rz_profile_begin_sink(rz_worker *worker, const rz_plan *sink, rz_profile_mark *out)
{
    out->before = rz_profile_enter(worker, sink);
    out->time_ns = rz_now_monotonic_ns();
    out->arena_bytes = 0;
}

void rz_profile_end_sink(rz_worker *worker, const rz_plan *sink, const rz_profile_mark *begin, uint64_t rows)
{
    profile_entry *entry = &worker->exec->profile->entries[sink->id];
    atomic_fetch_add_explicit(&entry->taken_ns, rz_now_monotonic_ns() - begin->time_ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&entry->taken_rows, rows, memory_order_relaxed);
    atomic_store_explicit(&entry->is_sink, true, memory_order_relaxed);
    (void)rz_profile_enter(worker, begin->before);
}

void rz_profile_begin_setup(const rz_exec *exec, rz_profile_mark *out)
{
    *out = (rz_profile_mark){.before = NULL};
    if (exec->profile != NULL) {
        out->arena_bytes = exec->arena.used_bytes;
        out->time_ns = rz_now_monotonic_ns();
    }
}

void rz_profile_end_setup(const rz_exec *exec, const rz_plan *plan, const rz_profile_mark *begin)
{
    if (exec->profile != NULL) {
        profile_entry *entry = &exec->profile->entries[plan->id];
        _Atomic uint64_t *time_ns = exec->sinks[plan->id] == NULL ? &entry->time_ns : &entry->taken_ns;
        atomic_fetch_add_explicit(time_ns, rz_now_monotonic_ns() - begin->time_ns, memory_order_relaxed);
        atomic_fetch_add_explicit(&entry->arena, exec->arena.used_bytes - begin->arena_bytes, memory_order_relaxed);
    }
}

/* ---- showing ---- */

static void profile_show_time(const char *name, uint64_t time_ns, rz_str *out)
{
    uint64_t time_us = time_ns / 1000;
    rz_str_append_format(out, "  %s: %llu.%03llu ms", name, (unsigned long long)(time_us / 1000), (unsigned long long)(time_us % 1000));
}

/* Rounded up: 0 stands for nothing at all. */
static void profile_show_bytes(const char *name, uint64_t bytes, rz_str *out)
{
    rz_str_append_format(out, "  %s: %llu KiB", name, (unsigned long long)((bytes + 1023) / 1024));
}

void rz_profile_note(void *user, const rz_plan *op, rz_str *out)
{
    const rz_profile *profile = (const rz_profile *)user;
    if (op->id >= profile->count) {
        return;
    }
    const profile_entry *entry = &profile->entries[op->id];
    rz_str_append_format(out, "  NumOutputTuples: %llu", (unsigned long long)atomic_load_explicit(&entry->rows, memory_order_relaxed));
    profile_show_time("ExecutionTime", atomic_load_explicit(&entry->time_ns, memory_order_relaxed), out);
    if (atomic_load_explicit(&entry->is_sink, memory_order_relaxed)) {
        rz_str_append_format(out, "  NumInputTuples: %llu", (unsigned long long)atomic_load_explicit(&entry->taken_rows, memory_order_relaxed));
        profile_show_time("CollectionTime", atomic_load_explicit(&entry->taken_ns, memory_order_relaxed), out);
    }
    profile_show_bytes("Memory",
                       atomic_load_explicit(&entry->mem.peak, memory_order_relaxed) + atomic_load_explicit(&entry->arena, memory_order_relaxed) +
                           atomic_load_explicit(&entry->scratch, memory_order_relaxed),
                       out);
    profile_show_bytes("Spilled", rz_mem_spilled(&entry->mem), out);
}
