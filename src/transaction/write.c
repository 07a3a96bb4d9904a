/* SPDX-License-Identifier: MIT */
/*
 * Changes of a transaction, to the tables and to its redo records.
 */
#include "transaction/write.h"

#include "transaction/sequence.h"

ruzu_status rz_txn_insert_nodes(rz_txn *txn, uint32_t table_id, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids, rz_error *err)
{
    rz_ntab *table = rz_txn_ntab(txn, table_id);
    RZ_TRY(rz_txn_number_rows(txn, rz_catalog_node_table(rz_txn_catalog(txn), table_id), rz_ntab_next_offset(table), &values, sel, err));
    return rz_ntab_insert(table, rz_txn_writer(txn), values, sel, out_ids, err);
}

ruzu_status rz_txn_insert_rels(rz_txn *txn, uint32_t pair_id, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids,
                               rz_error *err)
{
    rz_rtab *table = rz_txn_rtab(txn, pair_id);
    RZ_TRY(rz_txn_number_rows(txn, rz_catalog_rel_of_pair(rz_txn_catalog(txn), pair_id, NULL), rz_rtab_next_offset(table), &values, sel, err));
    return rz_rtab_insert(table, rz_txn_writer(txn), src, dst, values, sel, out_ids, err);
}

static ruzu_status write_missing(const char *what, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "%s is not implemented in this version.", what);
}

ruzu_status rz_txn_update_nodes(rz_txn *txn, uint32_t table_id, uint32_t property_idx, const rz_id *ids, rz_vec *values, const rz_sel *sel, rz_error *err)
{
    (void)txn, (void)table_id, (void)property_idx, (void)ids, (void)values, (void)sel;
    return write_missing("SET", err);
}

ruzu_status rz_txn_update_rels(rz_txn *txn, uint32_t pair_id, uint32_t property_idx, const rz_id *rels, rz_vec *values, const rz_sel *sel, rz_error *err)
{
    (void)txn, (void)pair_id, (void)property_idx, (void)rels, (void)values, (void)sel;
    return write_missing("SET", err);
}

ruzu_status rz_txn_delete_nodes(rz_txn *txn, uint32_t table_id, const rz_id *ids, const rz_sel *sel, bool detach, uint64_t *io_count, rz_error *err)
{
    (void)txn, (void)table_id, (void)ids, (void)sel, (void)detach, (void)io_count;
    return write_missing("DELETE", err);
}

ruzu_status rz_txn_delete_rels(rz_txn *txn, uint32_t pair_id, const rz_id *src, const rz_id *dst, const rz_id *rels, const rz_sel *sel, uint64_t *io_count,
                               rz_error *err)
{
    (void)txn, (void)pair_id, (void)src, (void)dst, (void)rels, (void)sel, (void)io_count;
    return write_missing("DELETE", err);
}
