/* SPDX-License-Identifier: MIT */
/*
 * Makes the nodes and relationships of a pattern (private to the executor): CREATE does for every row, MERGE for rows without a match.
 */
#ifndef RZ_EXECUTOR_INSERT_H
#define RZ_EXECUTOR_INSERT_H

#include "executor/op.h"

typedef struct rz_inserter rz_inserter;

/* For rows laid out as the output of `input`. heap: of the references made. null_ends_fail: a relationship with an end that is NULL is an error, not NULL itself. */
RZ_NODISCARD ruzu_status rz_inserter_create(rz_worker *worker, rz_arena *heap, const rz_bound_create *create, const rz_plan *input, bool null_ends_fail,
                                            rz_inserter **out, rz_error *err);
/* Evaluates the values, inserts for the selected rows, forgets the readers of the tables. */
RZ_NODISCARD ruzu_status rz_inserter_run(rz_inserter *inserter, const rz_chunk *input, const rz_sel *sel, rz_error *err);
/* Another execution begins: as it was created. */
void rz_inserter_restart(rz_inserter *inserter);
/* References to what the last run made, in its rows. */
const rz_vec *rz_inserter_node(const rz_inserter *inserter, uint32_t idx);
const rz_vec *rz_inserter_rel(const rz_inserter *inserter, uint32_t idx);

#endif
