/* SPDX-License-Identifier: MIT */
/*
 * PROFILE: rows and time per plan node, summed over workers. Times include the operators below, in the way that a pull does.
 */
#include "executor/profile.h"

typedef struct profile_entry {
    _Atomic uint64_t rows;
    _Atomic uint64_t time_us;
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
    if (profile != NULL && op->plan->id < profile->count) {
        atomic_fetch_add_explicit(&profile->entries[op->plan->id].rows, op->rows_out, memory_order_relaxed);
        atomic_fetch_add_explicit(&profile->entries[op->plan->id].time_us, op->time_us, memory_order_relaxed);
    }
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
}
