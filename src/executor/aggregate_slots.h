/* SPDX-License-Identifier: MIT */
/*
 * Grouping by one integer key of a small range without hashing (private to AGGREGATE's sink): the key less the least one is a slot, and an array says which group
 * of the worker's table a slot is.
 */
#ifndef RZ_EXECUTOR_AGGREGATE_SLOTS_H
#define RZ_EXECUTOR_AGGREGATE_SLOTS_H

#include "executor/group_table.h"

typedef struct rz_aggregate_slots {
    bool off;          /* the keys are not of that kind */
    uint32_t moves;    /* times that the range had to be chosen anew */
    uint64_t base;     /* the key of slot 0 */
    uint32_t count;    /* slots in use; 0: no range chosen yet */
    const uint64_t *tags; /* of the current chunk: the vector's own values, or those below */
    uint64_t tag_room[RZ_VECTOR_CAPACITY];
    uint16_t slots[RZ_VECTOR_CAPACITY];
    uint32_t counts[RZ_AGG_SLOTS_MAX];
    uint8_t *groups[RZ_AGG_SLOTS_MAX]; /* NULL: not met yet */
} rz_aggregate_slots;

/* Slots, counts and groups of the rows of a chunk; *out_done is false where this is no chunk for it (NULL keys, a wide range). hashes, found: scratch by row. */
RZ_NODISCARD ruzu_status rz_aggregate_slots_find(rz_aggregate_slots *slots, rz_group_table *table, rz_vec *const *keys, const rz_sel *sel, uint64_t *hashes,
                                                 uint8_t **found, bool *out_done, rz_error *err);
/* Slots and counts of the rows of a chunk from their numbers index[row] < slot_count <= RZ_AGG_SLOTS_MAX; groups[slot] are the caller's to fill. */
void rz_aggregate_slots_number(rz_aggregate_slots *slots, const uint32_t *index, const rz_sel *sel, uint32_t slot_count);
/* The table's groups are gone. */
void rz_aggregate_slots_forget(rz_aggregate_slots *slots);

#endif
