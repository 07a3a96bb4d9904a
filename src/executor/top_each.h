/* SPDX-License-Identifier: MIT */
/*
 * The best rows of each outer row, roughly (private to the executor; used by op_collect.c).
 *
 * ORDER BY … LIMIT k in a subquery sorts the inner rows of many outer rows together. Before they go there, this drops those that k rows of the same outer row come before for certain: by the
 * first key alone, where that is an integer, date or timestamp. Rows that agree in it are kept; the sort and the limit above it decide.
 */
#ifndef RZ_EXECUTOR_TOP_EACH_H
#define RZ_EXECUTOR_TOP_EACH_H

#include "executor/op.h"

typedef struct rz_top_each {
    rz_eval *eval;       /* of the first key; NULL: nothing is dropped */
    int32_t number;      /* position of the row number in the input */
    uint32_t limit;      /* rows wanted of each outer row, skipped ones included */
    bool descending;
    bool nulls_first;
    uint64_t *heaps;     /* by outer row: `limit` ranks, the largest first */
    uint32_t *counts;    /* by outer row: ranks in its heap */
    uint32_t *rows;
    int64_t *values;     /* of the first key, by selected row of the chunk */
} rz_top_each;

/* plan: a correlated SORT; input: its input. */
RZ_NODISCARD ruzu_status rz_top_each_open(rz_worker *worker, const rz_plan *plan, const rz_plan *input, rz_top_each *out, rz_error *err);
/* Forgets all rows: other outer rows follow. */
void rz_top_each_begin(rz_top_each *top);
/* The rows of the chunk that may be wanted. */
RZ_NODISCARD ruzu_status rz_top_each_keep(rz_top_each *top, rz_chunk *chunk, rz_sel *out, rz_error *err);

#endif
