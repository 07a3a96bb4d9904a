/* SPDX-License-Identifier: MIT */
/*
 * What SET, DELETE and MERGE share (private to the executor): references of rows, sets of things touched, assignments.
 */
#ifndef RZ_EXECUTOR_CHANGE_H
#define RZ_EXECUTOR_CHANGE_H

#include "executor/op.h"

/* Id (of the node, of the relationship) that row holds; false when it is NULL. vec: NODE or REL references of any kind. */
bool rz_change_id(const rz_vec *vec, uint32_t row, rz_id *out_id);
/* The same for all selected rows: ids[row]; the rows that are not NULL go to rows (room for sel->count + 1), their number is returned. refs[row] too, for REL unless NULL. */
uint32_t rz_change_ids(const rz_vec *vec, const rz_sel *sel, rz_id *ids, rz_rel_ref *refs, uint32_t *rows);
/* Of the rows those whose id lies in the table, to out (room for count + 1). */
uint32_t rz_change_table_rows(const rz_id *ids, const uint32_t *rows, uint32_t count, uint32_t table_id, uint32_t *out);

/* ---- sets of ids, to be cleared often ---- */

typedef struct rz_touched {
    rz_id *ids;
    uint32_t *epochs; /* ids[i] is in the set when epochs[i] == epoch */
    uint32_t epoch;
    uint32_t mask;
} rz_touched;

/* capacity: ids at most in the set at a time. */
RZ_NODISCARD ruzu_status rz_touched_init(rz_touched *set, rz_arena *arena, uint32_t capacity, rz_error *err);
void rz_touched_clear(rz_touched *set);
bool rz_touched_has(const rz_touched *set, rz_id id);
void rz_touched_add(rz_touched *set, rz_id id);

/* ---- the assignments of a SET ---- */

typedef struct rz_assigner rz_assigner;

/* For rows laid out as the output of `input`. */
RZ_NODISCARD ruzu_status rz_assigner_create(rz_worker *worker, const rz_bound_set *set, const rz_plan *input, rz_assigner **out, rz_error *err);
/* Evaluates all values for the selected rows: */
RZ_NODISCARD ruzu_status rz_assigner_evaluate(rz_assigner *assigner, const rz_chunk *input, const rz_sel *sel, rz_error *err);
/* and writes them for some of these rows, in the order of the items; NULL targets are passed over. Forgets the readers of the tables. */
RZ_NODISCARD ruzu_status rz_assigner_write(rz_assigner *assigner, const rz_chunk *input, const rz_sel *sel, rz_error *err);
/* Positions of the targets in the input, each once. */
uint32_t rz_assigner_targets(const rz_assigner *assigner, const int32_t **out_positions);

#endif
