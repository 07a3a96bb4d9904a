/* SPDX-License-Identifier: MIT */
/*
 * FILTER: keeps the rows for which every predicate is TRUE, by narrowing the selection; predicates are tried in the planner's order on what is left.
 */
#include "executor/op.h"

typedef struct op_filter {
    rz_op op;
    rz_eval **evals;
    const int32_t *positions;
    uint32_t *rows;
} op_filter;

static ruzu_status filter_open(rz_op *base, rz_error *err)
{
    op_filter *op = (op_filter *)base;
    rz_arena *arena = &base->worker->arena;
    const rz_plan *input = base->input->plan;
    uint32_t count = base->plan->u.filter.count;
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->evals = RZ_NEW_ARRAY(arena, rz_eval *, count);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->evals == NULL || op->rows == NULL) {
        return rz_error_no_memory(err, "building a filter");
    }
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_eval_create(base->worker, base->plan->u.filter.predicates[i], input->columns, input->column_count, &op->evals[i], err));
    }
    return RUZU_OK;
}

static ruzu_status filter_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_filter *op = (op_filter *)base;
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        rz_sel sel = rz_chunk_sel(input);
        for (uint32_t i = 0; i < base->plan->u.filter.count && sel.count != 0; i++) {
            RZ_TRY(rz_eval_filter(op->evals[i], input, &sel, op->rows, err));
        }
        if (sel.count != 0) {
            rz_op_pass(base, input, op->positions);
            base->chunk->sel = sel.rows;
            base->chunk->sel_count = sel.count;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

const rz_op_class rz_op_filter = {.name = "FILTER", .size = sizeof(op_filter), .open = filter_open, .next = filter_next};
