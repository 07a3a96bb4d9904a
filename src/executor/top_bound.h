/* SPDX-License-Identifier: MIT */
/*
 * What a SORT with a limit tells the scan below it: how far the first key may go (private to SORT and NODE_SCAN).
 *
 * The bound is a rank, the value's bytes in the sort key as a number: the smaller, the earlier, for descending keys too. Each worker that has k rows of its own lowers it to the
 * k-th's rank; rows of greater ranks cannot be among the first k of all. It only falls, so that a stale one is merely weaker.
 */
#ifndef RZ_EXECUTOR_TOP_BOUND_H
#define RZ_EXECUTOR_TOP_BOUND_H

#include "executor/op.h"

typedef struct rz_top_bound {
    _Atomic uint64_t rank; /* UINT64_MAX: not known. Relaxed: nothing else hangs on it */
} rz_top_bound;

/* Types that bounds are made of: integers, dates, timestamps. */
bool rz_top_bound_fits(const rz_type *type);
void rz_top_bound_reset(rz_top_bound *bound);
/* key: of the k-th row, as long as one of the type at least. */
void rz_top_bound_lower(rz_top_bound *bound, const rz_type *type, const uint8_t *key, bool nulls_first);
static inline uint64_t rz_top_bound_get(const rz_top_bound *bound)
{
    return atomic_load_explicit(&bound->rank, memory_order_relaxed);
}
/* The values whose ranks are at most `rank`. */
bool rz_top_bound_range(const rz_type *type, bool descending, uint64_t rank, rz_col_range *out);
/* The least and greatest ranks of a zone's values. False: NULLs come first and there are some, or the zone has no bounds. */
bool rz_top_bound_zone(const rz_type *type, const rz_plan_order *order, const rz_zone *zone, uint64_t *out_low, uint64_t *out_high);

/* A piece of a scan and the ranks that its zone allows; low 0 and high UINT64_MAX where that is not known. */
typedef struct rz_top_piece {
    uint64_t low, high;
    uint64_t unit;
} rz_top_piece;
/* Sorts the best pieces to the front, where that helps: true when one of them alone could make half of the others superfluous. Else they stay as they are, as reading in
 * order costs less. */
bool rz_top_pieces_order(rz_top_piece *pieces, uint64_t count);

#endif
