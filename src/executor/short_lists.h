/* SPDX-License-Identifier: MIT */
/*
 * Neighbour lists of all rows of a chunk, decoded at once (private to the executor; used by COUNT_EXCEPT). Where lists are short, what costs is to begin one, not to read it.
 */
#ifndef RZ_EXECUTOR_SHORT_LISTS_H
#define RZ_EXECUTOR_SHORT_LISTS_H

#include "executor/hops.h"

typedef struct rz_short_lists {
    rz_id *ids;        /* NULL: not opened */
    uint32_t *begins;  /* by row: of its list in ids */
    uint32_t *lengths;
} rz_short_lists;

RZ_NODISCARD ruzu_status rz_short_lists_open(rz_arena *arena, rz_short_lists *out, rz_error *err);
/* Decodes the lists of the rows of sel, each sorted. Call after rz_hops_lookup. *out_done is false where they are too long, or a row has lists by several hops. */
RZ_NODISCARD ruzu_status rz_short_lists_read(rz_hops *hops, const rz_sel *sel, rz_short_lists *lists, bool *out_done, rz_error *err);
/* By row of sel: how many pairs of equal entries its two lists have; or (pairs false) how many entries of a stand in b. */
void rz_short_lists_equal(const rz_short_lists *a, const rz_short_lists *b, const rz_sel *sel, bool pairs, uint64_t *out);
void rz_short_lists_equal_scalar(const rz_short_lists *a, const rz_short_lists *b, const rz_sel *sel, bool pairs, uint64_t *out);

/* Pairs of equal entries of two sorted lists. */
uint64_t rz_list_equal_pairs(const rz_id *a, uint64_t a_count, const rz_id *b, uint64_t b_count);
/* Entries of a that stand in b. */
uint64_t rz_list_common(const rz_id *a, uint64_t a_count, const rz_id *b, uint64_t b_count);

#endif
