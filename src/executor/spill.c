/* SPDX-License-Identifier: MIT */
/*
 * Memory budgets of sinks.
 *
 * A sink gets a quarter of the smallest limit above the query's account, divided by the workers that may run. Several sinks can be alive at once (the builds of a chain of
 * joins), so the second test looks at the query as a whole: when half of the limit is in use, whoever holds more than an eighth of its budget spills.
 */
#include "executor/spill.h"

#ifdef RZ_TINY
#define SPILL_MIN_BUDGET 4096u
#else
#define SPILL_MIN_BUDGET (256u * 1024u)
#endif

uint64_t rz_spill_budget(const rz_exec *exec)
{
#ifdef RZ_TINY
    (void)exec;
    return SPILL_MIN_BUDGET;
#else
    uint64_t limit = rz_mem_smallest_limit(exec->context->mem);
    if (limit == UINT64_MAX) {
        return UINT64_MAX;
    }
    uint64_t workers = exec->context->max_threads == 0 ? 1 : exec->context->max_threads;
    uint64_t share = limit / 4 / workers;
    return share < SPILL_MIN_BUDGET ? SPILL_MIN_BUDGET : share;
#endif
}

bool rz_spill_needed(const rz_exec *exec, uint64_t budget, uint64_t own_bytes)
{
    if (RZ_LIKELY(own_bytes <= budget / 8)) {
        return false;
    }
    if (own_bytes > budget) {
        return true;
    }
    return atomic_load_explicit(&exec->context->mem->used, memory_order_relaxed) > rz_mem_smallest_limit(exec->context->mem) / 2;
}
