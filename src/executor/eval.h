/* SPDX-License-Identifier: MIT */
/*
 * The compiled form of expressions (private to the evaluator's files).
 *
 * An eval node owns a result vector and a heap for its strings; running it overwrites both. Rows outside the selection are never computed, so an expression that
 * would fail for them does not.
 */
#ifndef RZ_EXECUTOR_EVAL_H
#define RZ_EXECUTOR_EVAL_H

#include "executor/op.h"

typedef ruzu_status (*eval_run_fn)(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err);

struct rz_eval {
    const rz_expr *expr;
    rz_worker *worker;
    eval_run_fn run;
    rz_eval **children;
    uint32_t child_count;
    rz_vec *result;         /* own; FLAT after a run unless said otherwise */
    rz_arena heap;          /* strings and list elements of the result; freed when the worker's chain is closed, see rz_eval_heap */
    int32_t position;       /* COLUMN: in the chunk */
    bool constant;          /* result was computed at creation */
    bool varies;            /* a parameter is among what it is made of */
    eval_run_fn unfolded;   /* what run was before constant parts were computed */
    rz_vec *own;            /* what result was then */
    rz_eval *next_varying;  /* list of the worker's */
    const rz_vec **args;    /* FUNCTION: scratch */
    uint32_t *rows;         /* scratch selections of RZ_VECTOR_CAPACITY rows */
    uint32_t *more_rows;
    uint32_t *open_rows;
    rz_id *ids;             /* PROPERTY, LABEL: ids of one table's rows */
    void *state;            /* kind-specific */
    rz_eval *next_heap;     /* list of the worker's evals, to free their heaps */
};

/* Compiles a child for another layout (lambda bodies). */
RZ_NODISCARD ruzu_status rz_eval_compile(rz_worker *worker, const rz_expr *expr, const uint32_t *columns, uint32_t column_count, rz_eval **out, rz_error *err);

/* How the files divide the kinds: each sets eval->run and makes the state. */
RZ_NODISCARD ruzu_status rz_eval_open_logic(rz_eval *eval, rz_error *err);  /* AND, OR, XOR, NOT, IS_NULL, CASE, COALESCE */
RZ_NODISCARD ruzu_status rz_eval_open_graph(rz_eval *eval, rz_error *err);  /* PROPERTY, ID, LABEL, START_NODE, END_NODE, PATH, GRAPH_VALUE */
RZ_NODISCARD ruzu_status rz_eval_open_sequence(rz_eval *eval, rz_error *err); /* NEXTVAL, CURRVAL */
RZ_NODISCARD ruzu_status rz_eval_open_lambda(rz_eval *eval, const uint32_t *columns, uint32_t column_count, rz_error *err);

/* Starts a run that writes a FLAT result: resets result and heap. */
static inline void rz_eval_begin(rz_eval *eval)
{
    rz_arena_reset(&eval->heap);
    rz_vec_reset(eval->result);
}

#endif
