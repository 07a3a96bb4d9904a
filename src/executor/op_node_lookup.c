/* SPDX-License-Identifier: MIT */
/*
 * NODE_LOOKUP: for each input row the nodes with a given primary key, table after table; rows whose key is NULL or unknown are dropped.
 */
#include "executor/op.h"

typedef struct op_node_lookup {
    rz_op op;
    rz_eval *key;
    const int32_t *positions;
    int32_t position; /* of the node column in the output */
    uint64_t *offsets;
    uint32_t *kept;
    rz_chunk *input;     /* being looked up; NULL: none */
    rz_sel sel;          /* its rows … */
    rz_vec *keys;        /* … and their keys */
    uint32_t next_table; /* index of the next table to look in */
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

/* Finds the input's keys in one table. *out stays NULL when none is there. */
static ruzu_status lookup_table(op_node_lookup *op, uint32_t table, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(base->worker, table, &reader, err));
    RZ_TRY(rz_ntab_lookup(reader, op->keys, &op->sel, op->offsets, err));
    rz_op_pass(base, op->input, op->positions);
    rz_vec *node = op->position < 0 ? NULL : base->chunk->columns[op->position];
    if (node != NULL) {
        rz_vec_reset(node);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < op->sel.count; i++) {
        uint32_t row = rz_sel_at(&op->sel, i);
        if (op->offsets[row] != UINT64_MAX) {
            op->kept[kept++] = row;
            if (node != NULL) {
                ((rz_id *)node->data)[row] = rz_id_make(table, op->offsets[row]);
            }
        }
    }
    if (kept != 0) {
        base->chunk->sel = op->kept;
        base->chunk->sel_count = kept;
        *out = base->chunk;
    }
    return RUZU_OK;
}

static ruzu_status lookup_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_node_lookup *op = (op_node_lookup *)base;
    const rz_plan *plan = base->plan;
    for (;;) {
        if (op->input == NULL || op->next_table == plan->u.lookup.table_count) {
            RZ_TRY(rz_op_next(base->input, &op->input, err));
            if (op->input == NULL) {
                return RUZU_OK;
            }
            op->sel = rz_chunk_sel(op->input);
            op->next_table = 0;
            RZ_TRY(rz_eval_run(op->key, op->input, &op->sel, &op->keys, err));
        }
        RZ_TRY(lookup_table(op, plan->u.lookup.tables[op->next_table++], out, err));
        if (*out != NULL) {
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status lookup_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_node_lookup *)base)->input = NULL;
    return RUZU_OK;
}

const rz_op_class rz_op_node_lookup = {
    .name = "NODE_LOOKUP", .size = sizeof(op_node_lookup), .open = lookup_open, .next = lookup_next, .rewind = lookup_rewind, .restart = rz_op_restart_plain};
