/* SPDX-License-Identifier: MIT */
/*
 * Grouping by keys that repeat within a chunk by an index – properties of an expansion's parents, texts of a dictionary – (private to AGGREGATE's sink): each entry
 * is hashed and looked up once a chunk, its rows take the group from it.
 */
#ifndef RZ_EXECUTOR_AGGREGATE_ENTRIES_H
#define RZ_EXECUTOR_AGGREGATE_ENTRIES_H

#include "executor/aggregate_slots.h"

typedef struct rz_aggregate_entries {
    uint8_t marks[RZ_VECTOR_CAPACITY];
    uint32_t used[RZ_VECTOR_CAPACITY + 1]; /* entries that rows of the chunk show */
    uint64_t hashes[RZ_VECTOR_CAPACITY];   /* by entry */
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    rz_vec **keys;                         /* show the vectors in which entries stand */
} rz_aggregate_entries;

RZ_NODISCARD ruzu_status rz_aggregate_entries_create(rz_arena *arena, const rz_group_layout *layout, rz_aggregate_entries **out, rz_error *err);
typedef enum rz_entries_found {
    RZ_ENTRIES_NONE,  /* the keys do not repeat in this way, or hardly: nothing was done */
    RZ_ENTRIES_ROWS,  /* hashes[row] and groups[row] are filled */
    RZ_ENTRIES_SLOTS  /* slots are, one an entry */
} rz_entries_found;

/* Groups of the selected rows. slots: NULL where rows are wanted. */
RZ_NODISCARD ruzu_status rz_aggregate_entries_find(rz_aggregate_entries *entries, rz_group_table *table, rz_vec *const *keys, const rz_sel *sel,
                                                   rz_aggregate_slots *slots, uint64_t *hashes, uint8_t **groups, rz_entries_found *out, rz_error *err);

#endif
