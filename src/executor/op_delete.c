/* SPDX-License-Identifier: MIT */
/*
 * DELETE: nodes (with DETACH their relationships first) or relationships of each row. NULLs, and what is gone already, are passed over. The rows go on: what was deleted still shows
 * its values, which stay readable for the transaction that deleted it.
 */
#include "executor/change.h"


typedef struct op_delete {
    rz_op op;
    const int32_t *positions;
    int32_t *targets; /* per column to delete, in the input */
    rz_id *ids;
    rz_id *src_ids;
    rz_id *dst_ids;
    rz_rel_ref *refs;
    uint32_t *rows;
    uint32_t *table_rows;
    uint64_t count;
} op_delete;

static ruzu_status delete_open(rz_op *base, rz_error *err)
{
    op_delete *op = (op_delete *)base;
    const rz_bound_delete *del = base->plan->u.del;
    rz_arena *arena = &base->worker->arena;
    op->targets = RZ_NEW_ARRAY(arena, int32_t, del->count);
    op->ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->src_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->dst_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->refs = RZ_NEW_ARRAY(arena, rz_rel_ref, RZ_VECTOR_CAPACITY);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    op->table_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    if (op->targets == NULL || op->ids == NULL || op->src_ids == NULL || op->dst_ids == NULL || op->refs == NULL || op->rows == NULL || op->table_rows == NULL) {
        return rz_error_no_memory(err, "building DELETE");
    }
    for (uint32_t i = 0; i < del->count; i++) {
        op->targets[i] = rz_plan_position(base->input->plan, del->columns[i]);
        if (op->targets[i] < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of DELETE", del->columns[i]);
        }
    }
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
}

static ruzu_status delete_rows(op_delete *op, const rz_type *type, uint32_t table_id, const rz_sel *rows, rz_error *err)
{
    rz_txn *txn = op->op.worker->exec->context->txn;
    if (type->id == RUZU_TYPE_NODE) {
        return rz_txn_delete_nodes(txn, table_id, op->ids, rows, op->op.plan->u.del->detach, &op->count, err);
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rows->rows[i];
        op->src_ids[row] = op->refs[row].src;
        op->dst_ids[row] = op->refs[row].dst;
    }
    return rz_txn_delete_rels(txn, table_id, op->src_ids, op->dst_ids, op->ids, rows, &op->count, err);
}

static ruzu_status delete_column(op_delete *op, const rz_chunk *input, int32_t position, rz_error *err)
{
    const rz_type *type = op->op.input->plan->types[position];
    rz_sel sel = rz_chunk_sel(input);
    uint32_t count = rz_change_ids(input->columns[position], &sel, op->ids, op->refs, op->rows);
    for (uint32_t t = 0; t < type->table_count && count != 0; t++) {
        rz_sel rows = {.rows = op->table_rows, .count = rz_change_table_rows(op->ids, op->rows, count, type->tables[t], op->table_rows)};
        if (rows.count != 0) {
            RZ_TRY(delete_rows(op, type, type->tables[t], &rows, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status delete_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_delete *op = (op_delete *)base;
    rz_chunk *input = NULL;
    RZ_TRY(rz_op_next(base->input, &input, err));
    if (input == NULL) {
        return RUZU_OK;
    }
    RZ_ASSERT(input->weight == NULL); /* the planner repeats weighted rows below */
    for (uint32_t i = 0; i < base->plan->u.del->count; i++) {
        RZ_TRY(delete_column(op, input, op->targets[i], err));
    }
    for (uint32_t i = 0; i < base->worker->reader_slots; i++) { /* DETACH reaches tables that the plan does not name */
        rz_worker_forget_ntab(base->worker, i);
        rz_worker_forget_rtab(base->worker, i);
    }
    rz_op_pass(base, input, op->positions);
    *out = base->chunk;
    return RUZU_OK;
}

const rz_op_class rz_op_delete = {
    .name = "DELETE", .size = sizeof(op_delete), .open = delete_open, .next = delete_next, .restart = rz_op_restart_plain, .single_worker = true};
