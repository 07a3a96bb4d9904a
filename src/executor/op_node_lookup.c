/* SPDX-License-Identifier: MIT */
/*
 * NODE_LOOKUP: for each input row the node with a given primary key; rows whose key is NULL or unknown are dropped.
 */
#include "executor/op.h"

typedef struct op_node_lookup {
    rz_op op;
    rz_eval *key;
    const int32_t *positions;
    int32_t position; /* of the node column in the output */
    uint64_t *offsets;
    uint32_t *kept;
    rz_vec *node;
} op_node_lookup;

static ruzu_status lookup_open(rz_op *base, rz_error *err)
{
    op_node_lookup *op = (op_node_lookup *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    RZ_TRY(rz_op_make_chunk(base, &plan->u.lookup.column, 1, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->position = rz_plan_position(plan, plan->u.lookup.column);
    op->offsets = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->offsets == NULL || op->kept == NULL) {
        return rz_error_no_memory(err, "building a key look-up");
    }
    return rz_eval_create(base->worker, plan->u.lookup.key, base->input->plan->columns, base->input->plan->column_count, &op->key, err);
}

static ruzu_status lookup_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_node_lookup *op = (op_node_lookup *)base;
    const rz_plan *plan = base->plan;
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(base->worker, plan->u.lookup.table, &reader, err));
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        rz_sel sel = rz_chunk_sel(input);
        rz_vec *keys = NULL;
        RZ_TRY(rz_eval_run(op->key, input, &sel, &keys, err));
        RZ_TRY(rz_ntab_lookup(reader, keys, &sel, op->offsets, err));
        rz_op_pass(base, input, op->positions);
        rz_vec *node = op->position < 0 ? NULL : base->chunk->columns[op->position];
        if (node != NULL) {
            rz_vec_reset(node);
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            if (op->offsets[row] != UINT64_MAX) {
                op->kept[kept++] = row;
                if (node != NULL) {
                    ((rz_id *)node->data)[row] = rz_id_make(plan->u.lookup.table, op->offsets[row]);
                }
            }
        }
        if (kept != 0) {
            base->chunk->sel = op->kept;
            base->chunk->sel_count = kept;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

const rz_op_class rz_op_node_lookup = {.name = "NODE_LOOKUP", .size = sizeof(op_node_lookup), .open = lookup_open, .next = lookup_next, .restart = rz_op_restart_plain};
