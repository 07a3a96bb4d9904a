/* SPDX-License-Identifier: MIT */
/*
 * Changes of a transaction: each goes to the table and into the transaction's redo records in one step, so nothing above this module writes to a table.
 *
 * Values are by property of the transaction's catalog (rz_cat_table.properties), cast to its type, any kind of vector; NULL instead of a vector for a SERIAL property
 * that is to be numbered. Ids carry their table. A change that fails leaves the transaction to be rolled back. All need a writing transaction; one thread.
 */
#ifndef RZ_TRANSACTION_WRITE_H
#define RZ_TRANSACTION_WRITE_H

#include "transaction/transaction.h"

/* Errors as rz_ntab_insert. out_ids: of the selected rows. */
RZ_NODISCARD ruzu_status rz_txn_insert_nodes(rz_txn *txn, uint32_t table_id, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids, rz_error *err);
/* Errors as rz_rtab_insert; the ends lie in the pair's tables. */
RZ_NODISCARD ruzu_status rz_txn_insert_rels(rz_txn *txn, uint32_t pair_id, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                                            rz_id *out_ids, rz_error *err);
/* Sets one property of the selected nodes; rows of deleted nodes are passed over. Errors as rz_ntab_update. */
RZ_NODISCARD ruzu_status rz_txn_update_nodes(rz_txn *txn, uint32_t table_id, uint32_t property_idx, const rz_id *ids, rz_vec *values, const rz_sel *sel,
                                             rz_error *err);
RZ_NODISCARD ruzu_status rz_txn_update_rels(rz_txn *txn, uint32_t pair_id, uint32_t property_idx, const rz_id *rels, rz_vec *values, const rz_sel *sel,
                                            rz_error *err);
/*
 * Deletes the selected nodes and adds their number to *io_count. With detach their relationships of all tables go first; without, a node that has any is refused
 * (CONSTRAINT "Node(nodeOffset: 0) has connected edges in table T in the fwd direction, which cannot be deleted. Please delete the edges first or try DETACH DELETE.").
 */
RZ_NODISCARD ruzu_status rz_txn_delete_nodes(rz_txn *txn, uint32_t table_id, const rz_id *ids, const rz_sel *sel, bool detach, uint64_t *io_count,
                                             rz_error *err);
RZ_NODISCARD ruzu_status rz_txn_delete_rels(rz_txn *txn, uint32_t pair_id, const rz_id *src, const rz_id *dst, const rz_id *rels, const rz_sel *sel,
                                            uint64_t *io_count, rz_error *err);

/* Ends a bulk load that was begun with the transaction's writer; frees bulk, also on failure. */
RZ_NODISCARD ruzu_status rz_txn_finish_node_load(rz_txn *txn, uint32_t table_id, rz_ntab_bulk *bulk, uint64_t *out_rows, rz_error *err);
RZ_NODISCARD ruzu_status rz_txn_finish_rel_load(rz_txn *txn, uint32_t pair_id, rz_rtab_bulk *bulk, uint64_t *out_rows, rz_error *err);

#endif
