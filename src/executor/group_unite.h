/* SPDX-License-Identifier: MIT */
/*
 * Uniting groups of several tables whose keys are plain (private to the executor): of each key's groups the first becomes the one, where it lies; the others are added to it.
 *
 * Nothing is copied or read into vectors, and nothing grows with the groups but a list of the ones that remain and the slots that find them again: 8 bytes a slot, so that those
 * of a part stay in the cache while memory is read front to back. A unite object is one thread's and serves part after part.
 */
#ifndef RZ_EXECUTOR_GROUP_UNITE_H
#define RZ_EXECUTOR_GROUP_UNITE_H

#include "executor/group_table.h"

typedef struct rz_group_unite {
    rz_mem *mem;
    const rz_group_layout *layout;
    uint64_t *slots; /* 1 << bits of them: lower hash bits << 32 | position in the list + 1; 0: free. Owned */
    uint32_t bits;
    uint32_t skip_bits; /* upper hash bits that the groups share */
    uint64_t limit;  /* groups beyond which there must be more slots */
} rz_group_unite;

void rz_group_unite_init(rz_group_unite *unite, rz_mem *mem, const rz_group_layout *layout);
void rz_group_unite_deinit(rz_group_unite *unite);

#define RZ_GROUP_WHOLE RZ_SPILL_PARTS /* in place of a part: tables that retired nothing */

/* Unites one part of tables; out (empty) gets the groups that remain. Polls for interruption. */
RZ_NODISCARD ruzu_status rz_group_unite_run(rz_group_unite *unite, const rz_exec *exec, rz_agg_context *context, rz_group_table *const *tables, uint32_t table_count,
                                            uint32_t part, rz_group_list *out, rz_error *err);

#endif
