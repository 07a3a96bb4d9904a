/* SPDX-License-Identifier: MIT */
/*
 * Inserting and setting: to the table, then to the redo records.
 */
#include "transaction/record.h"
#include "transaction/store.h"
#include "transaction/write.h"

#include "transaction/sequence.h"

ruzu_status rz_txn_add_record(rz_txn *txn, rz_wal_type type, rz_error *err)
{
    if (txn->payload.failed) {
        return rz_error_no_memory(err, "noting a change for the log");
    }
    return rz_redo_add(&txn->redo, type, rz_str_text(&txn->payload), txn->payload.length, err);
}

ruzu_status rz_txn_note_catalog(rz_txn *txn, rz_error *err)
{
    txn->catalog_noted = true;
    if (!txn->logged) {
        return RUZU_OK;
    }
    rz_str_clear(&txn->payload);
    rz_catalog_encode(txn->catalog, &txn->payload);
    return rz_txn_add_record(txn, RZ_WAL_CATALOG, err);
}

ruzu_status rz_txn_note_sequences(rz_txn *txn, rz_error *err)
{
    uint32_t count = 0;
    const rz_sequence_change *changes = rz_txn_sequence_changes(txn, &count);
    for (uint32_t i = 0; i < count && txn->logged; i++) {
        rz_str_clear(&txn->payload);
        rz_record_put_u64(&txn->payload, (uint64_t)changes[i].current);
        rz_str_append_char(&txn->payload, changes[i].used ? 1 : 0);
        rz_str_append_text(&txn->payload, changes[i].name);
        RZ_TRY(rz_txn_add_record(txn, RZ_WAL_SEQUENCE, err));
    }
    return RUZU_OK;
}

ruzu_status rz_txn_begin_record(rz_txn *txn, uint32_t table_id, rz_str **out, rz_error *err)
{
    *out = NULL;
    if (!txn->logged) {
        return RUZU_OK;
    }
    if (txn->edited && !txn->catalog_noted) {
        RZ_TRY(rz_txn_note_catalog(txn, err));
    }
    rz_str_clear(&txn->payload);
    rz_record_put_u32(&txn->payload, table_id);
    *out = &txn->payload;
    return RUZU_OK;
}

/* The columns of an insert. */
static void write_columns(rz_str *payload, const rz_cat_table *table, rz_vec *const *values, const rz_sel *sel)
{
    rz_record_put_u32(payload, table->property_count);
    for (uint32_t i = 0; i < table->property_count; i++) {
        rz_record_put_column(payload, table->properties[i].id, values[i], sel);
    }
}

ruzu_status rz_txn_insert_nodes(rz_txn *txn, uint32_t table_id, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    rz_ntab *table = rz_txn_ntab(txn, table_id);
    RZ_TRY(rz_txn_number_rows(txn, rz_catalog_node_table(txn->catalog, table_id), rz_ntab_next_offset(table), &values, sel, err));
    RZ_TRY(rz_ntab_insert(table, &txn->writer, values, sel, out_ids, err));
    rz_str *payload = NULL;
    RZ_TRY(rz_txn_begin_record(txn, table_id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_u32(payload, sel->count);
    rz_record_put_offsets(payload, out_ids, sel);
    write_columns(payload, rz_catalog_node_table(txn->catalog, table_id), values, sel);
    return rz_txn_add_record(txn, RZ_WAL_INSERT_NODES, err);
}

ruzu_status rz_txn_insert_rels(rz_txn *txn, uint32_t pair_id, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids,
                               rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    rz_rtab *table = rz_txn_rtab(txn, pair_id);
    RZ_TRY(rz_txn_number_rows(txn, rz_catalog_rel_of_pair(txn->catalog, pair_id, NULL), rz_rtab_next_offset(table), &values, sel, err));
    RZ_TRY(rz_rtab_insert(table, &txn->writer, src, dst, values, sel, out_ids, err));
    rz_str *payload = NULL;
    RZ_TRY(rz_txn_begin_record(txn, pair_id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_u32(payload, sel->count);
    rz_record_put_offsets(payload, out_ids, sel);
    rz_record_put_offsets(payload, src, sel);
    rz_record_put_offsets(payload, dst, sel);
    write_columns(payload, rz_catalog_rel_of_pair(txn->catalog, pair_id, NULL), values, sel);
    return rz_txn_add_record(txn, RZ_WAL_INSERT_RELS, err);
}

static ruzu_status write_update_record(rz_txn *txn, rz_wal_type type, uint32_t table_id, uint32_t column_id, const rz_id *ids, const rz_vec *values,
                                       const rz_sel *sel, rz_error *err)
{
    rz_str *payload = NULL;
    RZ_TRY(rz_txn_begin_record(txn, table_id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_u32(payload, sel->count);
    rz_record_put_offsets(payload, ids, sel);
    rz_record_put_column(payload, column_id, values, sel);
    return rz_txn_add_record(txn, type, err);
}

ruzu_status rz_txn_update_nodes(rz_txn *txn, uint32_t table_id, uint32_t property_idx, const rz_id *ids, rz_vec *values, const rz_sel *sel, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    const rz_cat_table *table = rz_catalog_node_table(txn->catalog, table_id);
    RZ_TRY(rz_ntab_update(rz_txn_ntab(txn, table_id), &txn->writer, property_idx, ids, values, sel, err));
    return write_update_record(txn, RZ_WAL_UPDATE_NODES, table_id, table->properties[property_idx].id, ids, values, sel, err);
}

ruzu_status rz_txn_update_rels(rz_txn *txn, uint32_t pair_id, uint32_t property_idx, const rz_id *rels, rz_vec *values, const rz_sel *sel, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    const rz_cat_table *table = rz_catalog_rel_of_pair(txn->catalog, pair_id, NULL);
    RZ_TRY(rz_rtab_update(rz_txn_rtab(txn, pair_id), &txn->writer, property_idx, rels, values, sel, err));
    return write_update_record(txn, RZ_WAL_UPDATE_RELS, pair_id, table->properties[property_idx].id, rels, values, sel, err);
}
