/* SPDX-License-Identifier: MIT */
/*
 * PROJECT: computes expressions into new columns and passes the others on.
 */
#include "executor/op.h"

typedef struct op_project {
    rz_op op;
    rz_eval **evals;        /* one per expression */
    const int32_t *targets; /* position of each in the output; -1: nobody needs it */
    const int32_t *positions;
} op_project;

static ruzu_status project_open(rz_op *base, rz_error *err)
{
    op_project *op = (op_project *)base;
    const rz_plan *plan = base->plan;
    const rz_plan *input = base->input->plan;
    uint32_t count = plan->u.project.count;
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    int32_t *targets = RZ_NEW_ARRAY(&base->worker->arena, int32_t, count);
    int32_t *positions = RZ_NEW_ARRAY(&base->worker->arena, int32_t, plan->column_count);
    op->evals = RZ_NEW_ARRAY(&base->worker->arena, rz_eval *, count);
    if (op->evals == NULL || targets == NULL || positions == NULL) {
        return rz_error_no_memory(err, "building a projection");
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        positions[i] = rz_plan_position(input, plan->columns[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        targets[i] = rz_plan_position(plan, plan->u.project.columns[i]);
        if (targets[i] >= 0) {
            positions[targets[i]] = -1;
            RZ_TRY(rz_eval_create(base->worker, plan->u.project.exprs[i], input->columns, input->column_count, &op->evals[i], err));
        }
    }
    op->targets = targets;
    op->positions = positions;
    return RUZU_OK;
}

static ruzu_status project_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_project *op = (op_project *)base;
    rz_chunk *input = NULL;
    RZ_TRY(rz_op_next(base->input, &input, err));
    if (input == NULL) {
        return RUZU_OK;
    }
    rz_sel sel = rz_chunk_sel(input);
    rz_op_pass(base, input, op->positions);
    for (uint32_t i = 0; i < base->plan->u.project.count; i++) {
        if (op->targets[i] >= 0) {
            rz_vec *value = NULL;
            RZ_TRY(rz_eval_run(op->evals[i], input, &sel, &value, err));
            rz_vec_reference(base->chunk->columns[op->targets[i]], value);
        }
    }
    *out = base->chunk;
    return RUZU_OK;
}

const rz_op_class rz_op_project = {.name = "PROJECT", .size = sizeof(op_project), .open = project_open, .next = project_next, .restart = rz_op_restart_plain};
