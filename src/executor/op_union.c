/* SPDX-License-Identifier: MIT */
/*
 * UNION ALL: the rows of several children under one set of columns. A worker runs the chain of one child to its end, then the next child's.
 */
#include "executor/op.h"

typedef struct op_union {
    rz_op op;
    rz_op *current;
    uint32_t child_idx;
    int32_t *positions; /* of the output columns in the current child */
} op_union;

/* Would several workers give rows of the plan more than once, or in another order? A source without units of its own, as a single row, is read by each worker. */
static bool union_child_is_alone(const rz_plan *plan)
{
    bool alone = rz_op_class_of(plan->kind)->single_worker;
    while (!alone && rz_op_class_of(plan->kind)->units == NULL && plan->child_count != 0) {
        plan = plan->children[0];
        alone = rz_op_class_of(plan->kind)->single_worker;
    }
    for (uint32_t i = 0; i < plan->child_count && plan->kind == RZ_PLAN_UNION && !alone; i++) {
        alone = union_child_is_alone(plan->children[i]);
    }
    return alone || rz_op_class_of(plan->kind)->units == NULL;
}

static uint64_t union_units(const rz_exec *exec, const rz_plan *plan)
{
    uint64_t units = 0;
    for (uint32_t i = 0; i < plan->child_count; i++) {
        const rz_plan *child = plan->children[i];
        if (union_child_is_alone(child)) {
            return 1;
        }
        while (rz_op_class_of(child->kind)->units == NULL) {
            child = child->children[0];
        }
        units += rz_op_class_of(child->kind)->units(exec, child);
    }
    return units;
}

static ruzu_status union_open(rz_op *base, rz_error *err)
{
    op_union *op = (op_union *)base;
    op->positions = RZ_NEW_ARRAY(&base->worker->arena, int32_t, base->plan->column_count);
    RZ_TRY_ALLOC(op->positions, err, "building a union");
    return rz_op_make_chunk(base, NULL, 0, err);
}

static ruzu_status union_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_union *op = (op_union *)base;
    const rz_plan *plan = base->plan;
    while (op->current != NULL || op->child_idx < plan->child_count) {
        if (op->current == NULL) {
            const rz_plan *child = plan->children[op->child_idx];
            RZ_TRY(rz_op_build(base->worker, child, base->outer, &op->current, err));
            for (uint32_t i = 0; i < plan->column_count; i++) {
                op->positions[i] = rz_plan_position(child, plan->u.set_union.inputs[op->child_idx * plan->column_count + i]);
            }
            op->child_idx++;
        }
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(op->current, &input, err));
        if (input != NULL) {
            rz_op_pass(base, input, op->positions);
            *out = base->chunk;
            return RUZU_OK;
        }
        rz_op_close(op->current);
        op->current = NULL;
    }
    return RUZU_OK;
}

static void union_close(rz_op *base)
{
    rz_op_close(((op_union *)base)->current);
}

static ruzu_status union_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_union *op = (op_union *)base;
    rz_op_close(op->current);
    op->current = NULL;
    op->child_idx = 0;
    return RUZU_OK;
}

const rz_op_class rz_op_union = {
    .name = "UNION", .size = sizeof(op_union), .open = union_open, .next = union_next, .rewind = union_rewind, .close = union_close, .units = union_units};
