/* SPDX-License-Identifier: MIT */
/*
 * When sinks must move what they hold to records (private to the executor).
 */
#ifndef RZ_EXECUTOR_SPILL_H
#define RZ_EXECUTOR_SPILL_H

#include "executor/op.h"

/* Spilled rows are divided by the upper bits of a hash, so that one part at a time fits in memory. */
#define RZ_SPILL_BITS 6u
#define RZ_SPILL_PARTS (1u << RZ_SPILL_BITS)

static inline uint32_t rz_spill_part(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - RZ_SPILL_BITS));
}

/* Bytes that one worker's share of one sink should not pass; UINT64_MAX when the query's memory has no limit. */
uint64_t rz_spill_budget(const rz_exec *exec);
/* True when own_bytes is beyond the budget, or not small while the query as a whole has used half of what it may. */
bool rz_spill_needed(const rz_exec *exec, uint64_t budget, uint64_t own_bytes);

#endif
