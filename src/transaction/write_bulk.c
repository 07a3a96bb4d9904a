/* SPDX-License-Identifier: MIT */
/*
 * Ends of bulk loads: the data is on its pages already; the redo record names them and says how they hang together.
 */
#include "transaction/record.h"
#include "transaction/store.h"
#include "transaction/write.h"

/* Room for what the load leaves; *out is NULL when nothing is logged. */
static rz_bulk_log *bulk_log_begin(rz_txn *txn, rz_bulk_log *log)
{
    memset(log, 0, sizeof *log);
    rz_str_init(&log->redo, &txn->store->mem);
    log->arena = &txn->arena;
    return txn->logged ? log : NULL;
}

static ruzu_status bulk_note(rz_txn *txn, rz_wal_type type, uint32_t table_id, const rz_bulk_log *log, rz_error *err)
{
    rz_str *payload = NULL;
    RZ_TRY(rz_txn_begin_record(txn, table_id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_u32(payload, log->ranges.count);
    for (uint32_t i = 0; i < log->ranges.count; i++) {
        rz_record_put_u64(payload, log->ranges.items[i].start);
        rz_record_put_u64(payload, log->ranges.items[i].count);
        if (!RZ_ARRAY_PUSH(&txn->extents, &txn->arena, log->ranges.items[i])) {
            return rz_error_no_memory(err, "noting a load for the log");
        }
    }
    rz_str_append(payload, rz_str_text(&log->redo), log->redo.length);
    payload->failed = payload->failed || log->redo.failed;
    ruzu_status status = rz_txn_add_record(txn, type, err);
    rz_str_free(payload); /* a load's may be large */
    rz_str_init(payload, &txn->store->mem);
    return status;
}

ruzu_status rz_txn_finish_node_load(rz_txn *txn, uint32_t table_id, rz_ntab_bulk *bulk, uint64_t *out_rows, rz_error *err)
{
    rz_bulk_log log;
    ruzu_status status = rz_ntab_bulk_finish(bulk, bulk_log_begin(txn, &log), out_rows, err);
    if (status == RUZU_OK) {
        status = bulk_note(txn, RZ_WAL_BULK_NODES, table_id, &log, err);
    }
    rz_str_free(&log.redo);
    return status;
}

ruzu_status rz_txn_finish_rel_load(rz_txn *txn, uint32_t pair_id, rz_rtab_bulk *bulk, uint64_t *out_rows, rz_error *err)
{
    rz_bulk_log log;
    ruzu_status status = rz_rtab_bulk_finish(bulk, bulk_log_begin(txn, &log), out_rows, err);
    if (status == RUZU_OK) {
        status = bulk_note(txn, RZ_WAL_BULK_RELS, pair_id, &log, err);
    }
    rz_str_free(&log.redo);
    return status;
}
