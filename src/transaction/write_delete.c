/* SPDX-License-Identifier: MIT */
/*
 * Deleting: to the table, then to the redo records; relationships of deleted nodes.
 */
#include "transaction/record.h"
#include "transaction/store.h"
#include "transaction/write.h"

#include <inttypes.h>

ruzu_status rz_txn_delete_rels(rz_txn *txn, uint32_t pair_id, const rz_id *src, const rz_id *dst, const rz_id *rels, const rz_sel *sel, uint64_t *io_count,
                               rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_rtab_delete(rz_txn_rtab(txn, pair_id), &txn->writer, src, dst, rels, sel, io_count, err));
    rz_str *payload = NULL;
    RZ_TRY(rz_txn_begin_record(txn, pair_id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_u32(payload, sel->count);
    rz_record_put_offsets(payload, rels, sel);
    rz_record_put_offsets(payload, src, sel);
    rz_record_put_offsets(payload, dst, sel);
    return rz_txn_add_record(txn, RZ_WAL_DELETE_RELS, err);
}

/* ---- relationships of nodes that are deleted ---- */

/* A pair in one direction, as the transaction sees it now. */
typedef struct delete_side {
    rz_txn *txn;
    const rz_cat_table *table;
    const rz_cat_pair *pair;
    rz_direction direction;
    rz_rtab_reader *reader;
    rz_slice *slices;    /* by row of the call */
    rz_id *ends[2];      /* bound nodes and neighbours of one batch */
    rz_id *rels;
    uint32_t *parents;
} delete_side;

static ruzu_status delete_refuse(const delete_side *side, const rz_id *ids, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (side->slices[row].length != 0) {
            return rz_error_set_as(err, RUZU_ERROR_CONSTRAINT, RUZU_ERROR_RUNTIME,
                                   "Node(nodeOffset: %" PRIu64 ") has connected edges in table %s in the %s direction, which cannot be deleted. Please "
                                   "delete the edges first or try DETACH DELETE.",
                                   rz_id_offset(ids[row]), side->table->name, side->direction == RZ_FORWARD ? "fwd" : "bwd");
        }
    }
    return RUZU_OK;
}

static ruzu_status delete_lists(delete_side *side, const rz_id *ids, const rz_sel *sel, rz_error *err)
{
    uint32_t bound_table = side->direction == RZ_FORWARD ? side->pair->src_table : side->pair->dst_table;
    uint32_t neighbour_table = side->direction == RZ_FORWARD ? side->pair->dst_table : side->pair->src_table;
    uint32_t at = 0;
    uint32_t entry = 0;
    while (at < sel->count) {
        uint32_t count = 0;
        RZ_TRY(rz_adj_expand(side->reader, side->direction, side->slices, sel, &at, &entry, RZ_VECTOR_CAPACITY, rz_id_make(neighbour_table, 0), side->ends[1],
                             rz_id_make(side->pair->id, 0), side->rels, side->parents, &count, err));
        for (uint32_t i = 0; i < count; i++) {
            side->ends[0][i] = rz_id_make(bound_table, rz_id_offset(ids[side->parents[i]]));
        }
        rz_sel all = {NULL, count};
        uint64_t ignored = 0;
        const rz_id *src = side->ends[side->direction == RZ_FORWARD ? 0 : 1];
        const rz_id *dst = side->ends[side->direction == RZ_FORWARD ? 1 : 0];
        RZ_TRY(rz_txn_delete_rels(side->txn, side->pair->id, src, dst, side->rels, &all, &ignored, err));
    }
    return RUZU_OK;
}

static ruzu_status delete_side_run(delete_side *side, const rz_id *ids, const rz_sel *sel, bool detach, rz_error *err)
{
    rz_rtab *table = rz_txn_rtab(side->txn, side->pair->id);
    RZ_TRY(rz_rtab_reader_create(table, &side->txn->snapshot, &side->txn->store->mem, &side->reader, err));
    ruzu_status status = rz_adj_lookup(side->reader, side->direction, ids, sel, side->slices, err);
    if (status == RUZU_OK) {
        status = detach ? delete_lists(side, ids, sel, err) : delete_refuse(side, ids, sel, err);
    }
    rz_rtab_reader_free(side->reader);
    side->reader = NULL;
    return status;
}

static ruzu_status delete_edges(rz_txn *txn, uint32_t table_id, const rz_id *ids, const rz_sel *sel, bool detach, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_arena arena;
    rz_arena_init(&arena, &txn->store->mem);
    delete_side side = {.txn = txn};
    uint32_t row_end = rz_sel_at(sel, sel->count - 1) + 1;
    side.slices = RZ_NEW_ARRAY(&arena, rz_slice, row_end);
    side.ends[0] = RZ_NEW_ARRAY(&arena, rz_id, RZ_VECTOR_CAPACITY);
    side.ends[1] = RZ_NEW_ARRAY(&arena, rz_id, RZ_VECTOR_CAPACITY);
    side.rels = RZ_NEW_ARRAY(&arena, rz_id, RZ_VECTOR_CAPACITY);
    side.parents = RZ_NEW_ARRAY(&arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (side.slices == NULL || side.ends[0] == NULL || side.ends[1] == NULL || side.rels == NULL || side.parents == NULL) {
        status = rz_error_no_memory(err, "deleting nodes");
        goto cleanup;
    }
    for (uint32_t t = 0; t < rz_catalog_table_count(txn->catalog); t++) {
        side.table = rz_catalog_table_at(txn->catalog, t);
        for (uint32_t p = 0; side.table->kind == RZ_CAT_REL_TABLE && p < side.table->pair_count; p++) {
            side.pair = &side.table->pairs[p];
            for (uint32_t direction = 0; direction < 2; direction++) {
                side.direction = (rz_direction)direction;
                if ((direction == RZ_FORWARD ? side.pair->src_table : side.pair->dst_table) == table_id) {
                    RZ_TRY_GOTO(delete_side_run(&side, ids, sel, detach, err));
                }
            }
        }
    }
cleanup:
    rz_arena_free(&arena);
    return status;
}

ruzu_status rz_txn_delete_nodes(rz_txn *txn, uint32_t table_id, const rz_id *ids, const rz_sel *sel, bool detach, uint64_t *io_count, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(delete_edges(txn, table_id, ids, sel, detach, err));
    RZ_TRY(rz_ntab_delete(rz_txn_ntab(txn, table_id), &txn->writer, ids, sel, io_count, err));
    rz_str *payload = NULL;
    RZ_TRY(rz_txn_begin_record(txn, table_id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_u32(payload, sel->count);
    rz_record_put_offsets(payload, ids, sel);
    return rz_txn_add_record(txn, RZ_WAL_DELETE_NODES, err);
}
