/* SPDX-License-Identifier: MIT */
/*
 * Values for a column that was added to a node table with a default that differs from row to row (nextval, gen_random_uuid).
 */
#include "executor/exec.h"
#include "transaction/write.h"

/* The rows of one block that exist. */
static ruzu_status fill_block(rz_worker *worker, rz_ntab_reader *reader, const rz_cat_table *table, uint32_t property_idx, rz_eval *eval, uint64_t first,
                              uint32_t *rows, rz_id *ids, rz_error *err)
{
    rz_txn *txn = worker->exec->context->txn;
    uint64_t left = rz_ntab_offset_end(reader) - first;
    uint32_t count = left < RZ_VECTOR_CAPACITY ? (uint32_t)left : RZ_VECTOR_CAPACITY;
    rz_chunk no_columns = {.columns = NULL, .column_count = 0, .count = count};
    rz_sel sel = {.rows = NULL, .count = count};
    rz_vec *values = NULL;
    if (!rz_ntab_visible(reader, first, count, rows, &sel.count)) {
        sel.rows = rows;
    }
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = rz_id_make(table->id, first + i);
    }
    RZ_TRY(rz_eval_run(eval, &no_columns, &sel, &values, err));
    RZ_TRY(rz_txn_update_nodes(txn, table->id, property_idx, ids, values, &sel, err));
    rz_arena_reset(&worker->scratch);
    return rz_exec_poll(worker->exec, err);
}

static ruzu_status fill_rows(rz_worker *worker, const rz_cat_table *table, uint32_t property_idx, const rz_expr *value, rz_error *err)
{
    rz_ntab_reader *reader = NULL;
    rz_eval *eval = NULL;
    uint32_t *rows = RZ_NEW_ARRAY(&worker->arena, uint32_t, RZ_VECTOR_CAPACITY);
    rz_id *ids = RZ_NEW_ARRAY(&worker->arena, rz_id, RZ_VECTOR_CAPACITY);
    if (rows == NULL || ids == NULL) {
        return rz_error_no_memory(err, "filling a column");
    }
    RZ_TRY(rz_worker_ntab(worker, table->id, &reader, err));
    RZ_TRY(rz_eval_create(worker, value, NULL, 0, &eval, err));
    for (uint64_t first = 0; first < rz_ntab_offset_end(reader); first += RZ_VECTOR_CAPACITY) {
        RZ_TRY(fill_block(worker, reader, table, property_idx, eval, first, rows, ids, err));
    }
    return RUZU_OK;
}

ruzu_status rz_exec_fill_column(const rz_exec_context *context, const rz_cat_table *table, uint32_t property_idx, const rz_expr *value, rz_error *err)
{
    static const rz_plan nothing = {.kind = RZ_PLAN_EMPTY}; /* workers live in a statement, and a statement has a plan */
    rz_exec exec;
    rz_worker worker;
    ruzu_status status = rz_exec_open(context, &nothing, NULL, &exec, err);
    if (status == RUZU_OK) {
        status = rz_worker_open(&exec, 0, &worker, err);
        if (status == RUZU_OK) {
            status = fill_rows(&worker, table, property_idx, value, err);
        }
        rz_worker_close(&worker);
    }
    rz_exec_close(&exec);
    return status;
}
