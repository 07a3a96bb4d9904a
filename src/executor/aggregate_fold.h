/* SPDX-License-Identifier: MIT */
/*
 * Aggregates without keys that are taken from columns as they are stored (private to AGGREGATE): rows that come straight from a scan, an argument that is one property.
 *
 *   SUM, AVG   of integers: encoded values are added up
 *   MIN, MAX   of integers: a block is not looked at where its zone has nothing better than what was found
 *
 * Whatever that cannot do (changes in memory, other codecs, few rows) goes the usual way.
 */
#ifndef RZ_EXECUTOR_AGGREGATE_FOLD_H
#define RZ_EXECUTOR_AGGREGATE_FOLD_H

#include "executor/op.h"

typedef enum rz_fold_kind { RZ_FOLD_NONE, RZ_FOLD_SUM, RZ_FOLD_MIN, RZ_FOLD_MAX } rz_fold_kind;

typedef struct rz_aggregate_fold {
    rz_fold_kind kind;
    int32_t position;         /* of the node in the input */
    const rz_expr *property;
    rz_vec *best;             /* MIN, MAX: what was found, one row */
} rz_aggregate_fold;

/* The rows of the chunk at hand as bits, made when the first fold wants them. */
typedef struct rz_fold_rows {
    bool made;
    bool whole; /* all of them: bits are not needed */
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
} rz_fold_rows;

/* For an aggregate of `plan`; kind is NONE where there is no such way. */
RZ_NODISCARD ruzu_status rz_aggregate_fold_open(rz_worker *worker, const rz_plan *plan, uint32_t agg, rz_aggregate_fold *out, rz_error *err);
/* *out_done: the rows are in the state. */
RZ_NODISCARD ruzu_status rz_aggregate_fold_run(rz_worker *worker, const rz_aggregate_fold *fold, const rz_agg_bound *bound, const rz_chunk *chunk, rz_fold_rows *rows,
                                               uint8_t *state, bool *out_done, rz_error *err);

#endif
