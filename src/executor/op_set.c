/* SPDX-License-Identifier: MIT */
/*
 * SET: assigns properties, row by row in effect.
 *
 * All values of a chunk are computed before its first row is written. When somebody above looks at a target, rows go out in runs in which nothing is assigned to twice: so
 * each row shows what its own assignment left.
 */
#include "executor/change.h"

typedef struct op_set {
    rz_op op;
    rz_assigner *assigner;
    const int32_t *positions;
    const int32_t *targets;
    uint32_t target_count;
    bool shown;        /* a target is in the output */
    rz_touched touched;
    rz_chunk *input;   /* being written; NULL: the next one is due */
    uint32_t *rows;    /* its selected rows */
    uint32_t row_count;
    uint32_t next;     /* of them not yet written */
} op_set;

static ruzu_status setter_open(rz_op *base, rz_error *err)
{
    op_set *op = (op_set *)base;
    const rz_plan *input = base->input->plan;
    rz_arena *arena = &base->worker->arena;
    RZ_TRY(rz_assigner_create(base->worker, base->plan->u.set, input, &op->assigner, err));
    op->target_count = rz_assigner_targets(op->assigner, &op->targets);
    for (uint32_t i = 0; i < op->target_count; i++) {
        op->shown |= rz_plan_position(base->plan, input->columns[op->targets[i]]) >= 0;
    }
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(op->rows, err, "building SET");
    RZ_TRY(rz_touched_init(&op->touched, arena, RZ_VECTOR_CAPACITY * op->target_count, err));
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
}

/* Does the row assign to something that a row of the run has assigned to? If not it joins the run. */
static bool setter_joins_run(op_set *op, uint32_t row)
{
    rz_id id = 0;
    for (uint32_t i = 0; i < op->target_count; i++) {
        if (rz_change_id(op->input->columns[op->targets[i]], row, &id) && rz_touched_has(&op->touched, id)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < op->target_count; i++) {
        if (rz_change_id(op->input->columns[op->targets[i]], row, &id)) {
            rz_touched_add(&op->touched, id);
        }
    }
    return true;
}

static ruzu_status setter_take_input(op_set *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->input, err));
    if (op->input == NULL) {
        return RUZU_OK;
    }
    RZ_ASSERT(op->input->weight == NULL); /* the planner repeats weighted rows below */
    rz_sel sel = rz_chunk_sel(op->input);
    for (uint32_t i = 0; i < sel.count; i++) {
        op->rows[i] = rz_sel_at(&sel, i);
    }
    op->row_count = sel.count;
    op->next = 0;
    return rz_assigner_evaluate(op->assigner, op->input, &sel, err);
}

static ruzu_status setter_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_set *op = (op_set *)base;
    if (op->input == NULL || op->next == op->row_count) {
        RZ_TRY(setter_take_input(op, err));
        if (op->input == NULL) {
            return RUZU_OK;
        }
    }
    uint32_t end = op->shown ? op->next : op->row_count;
    rz_touched_clear(&op->touched);
    while (end < op->row_count && setter_joins_run(op, op->rows[end])) {
        end++;
    }
    rz_sel run = {.rows = op->rows + op->next, .count = end - op->next};
    RZ_TRY(rz_assigner_write(op->assigner, op->input, &run, err));
    op->next = end;
    rz_op_pass(base, op->input, op->positions);
    base->chunk->sel = run.rows;
    base->chunk->sel_count = run.count;
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status setter_restart(rz_op *base, rz_error *err)
{
    (void)err;
    op_set *op = (op_set *)base;
    op->input = NULL;
    op->row_count = op->next = 0;
    return RUZU_OK;
}

const rz_op_class rz_op_set = {
    .name = "SET_PROPERTY", .size = sizeof(op_set), .open = setter_open, .next = setter_next, .restart = setter_restart, .single_worker = true};
