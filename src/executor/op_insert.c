/* SPDX-License-Identifier: MIT */
/*
 * INSERT: for each input row the nodes, then the relationships of a CREATE clause.
 *
 * What stands above sees the new rows; what stands below in the same pipeline reads other tables (the planner puts a BARRIER between otherwise). One worker: the
 * writer's list of changes is not shared.
 */
#include "executor/insert.h"

typedef struct op_insert {
    rz_op op;
    rz_inserter *inserter;
    int32_t *node_positions; /* of the new columns in the output; -1: nobody needs it */
    int32_t *rel_positions;
    const int32_t *positions;
} op_insert;

static ruzu_status insert_open(rz_op *base, rz_error *err)
{
    op_insert *op = (op_insert *)base;
    const rz_bound_create *create = base->plan->u.insert;
    rz_arena *arena = &base->worker->arena;
    op->node_positions = RZ_NEW_ARRAY(arena, int32_t, create->node_count);
    op->rel_positions = RZ_NEW_ARRAY(arena, int32_t, create->rel_count);
    if (op->node_positions == NULL || op->rel_positions == NULL) {
        return rz_error_no_memory(err, "building CREATE");
    }
    for (uint32_t i = 0; i < create->node_count; i++) {
        op->node_positions[i] = rz_plan_position(base->plan, create->nodes[i].column);
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        op->rel_positions[i] = rz_plan_position(base->plan, create->rels[i].column);
    }
    RZ_TRY(rz_inserter_create(base->worker, &base->heap, create, base->input->plan, false, &op->inserter, err));
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
}

static ruzu_status insert_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_insert *op = (op_insert *)base;
    const rz_bound_create *create = base->plan->u.insert;
    rz_chunk *input = NULL;
    RZ_TRY(rz_op_next(base->input, &input, err));
    if (input == NULL) {
        return RUZU_OK;
    }
    RZ_ASSERT(input->weight == NULL); /* the planner repeats weighted rows below */
    rz_sel sel = rz_chunk_sel(input);
    RZ_TRY(rz_inserter_run(op->inserter, input, &sel, err));
    rz_op_pass(base, input, op->positions);
    for (uint32_t i = 0; i < create->node_count; i++) {
        if (op->node_positions[i] >= 0) {
            rz_vec_reference(base->chunk->columns[op->node_positions[i]], rz_inserter_node(op->inserter, i));
        }
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        if (op->rel_positions[i] >= 0) {
            rz_vec_reference(base->chunk->columns[op->rel_positions[i]], rz_inserter_rel(op->inserter, i));
        }
    }
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status insert_restart(rz_op *base, rz_error *err)
{
    (void)err;
    rz_inserter_restart(((op_insert *)base)->inserter);
    return RUZU_OK;
}

const rz_op_class rz_op_insert = {
    .name = "INSERT", .size = sizeof(op_insert), .open = insert_open, .next = insert_next, .restart = insert_restart, .single_worker = true};
