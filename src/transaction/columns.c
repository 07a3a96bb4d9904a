/* SPDX-License-Identifier: MIT */
/*
 * Columns that come and go while the database is open.
 */
#include "transaction/record.h"
#include "transaction/store.h"

/* A vector whose row 0 is the value. */
static ruzu_status columns_fill(rz_arena *arena, const rz_type *type, const rz_value *fill, rz_vec **out, rz_error *err)
{
    RZ_TRY(rz_vec_create_empty(arena, arena, type, out, err));
    rz_vec_set_constant(*out);
    if (fill->is_null || fill->type->id == RUZU_TYPE_ANY) {
        rz_vec_set_all_null(*out);
        return RUZU_OK;
    }
    return rz_value_to_vec(fill, *out, 0, err);
}

/* One node table or pair. */
static ruzu_status columns_add(rz_txn *txn, uint32_t id, const rz_column_def *column, const rz_vec *fill, rz_error *err)
{
    static const rz_sel first = {NULL, 1};
    rz_ntab *nodes = rz_txn_ntab(txn, id);
    rz_str *payload = NULL;
    RZ_TRY(nodes != NULL ? rz_ntab_add_column(nodes, &txn->writer, column, fill, err)
                         : rz_rtab_add_column(rz_txn_rtab(txn, id), &txn->writer, column, fill, err));
    RZ_TRY(rz_txn_begin_record(txn, id, &payload, err));
    if (payload == NULL) {
        return RUZU_OK;
    }
    rz_record_put_column(payload, column->id, fill, &first);
    return rz_txn_add_record(txn, RZ_WAL_ADD_COLUMN, err);
}

ruzu_status rz_txn_replay_column(rz_txn *txn, uint32_t id, const rz_cat_property *property, const rz_vec *fill, rz_error *err)
{
    rz_column_def column = {.id = property->id, .name = property->name, .type = property->type};
    return columns_add(txn, id, &column, fill, err);
}

ruzu_status rz_txn_add_column(rz_txn *txn, const rz_cat_table *table, uint32_t property_idx, const rz_value *fill, rz_error *err)
{
    const rz_cat_property *property = &table->properties[property_idx];
    rz_column_def column = {.id = property->id, .name = property->name, .type = property->type};
    rz_vec *vec = NULL;
    rz_arena scratch;
    rz_arena_init(&scratch, &txn->store->mem);
    ruzu_status status = columns_fill(&scratch, property->type, fill, &vec, err);
    if (status == RUZU_OK && table->kind == RZ_CAT_NODE_TABLE) {
        status = columns_add(txn, table->id, &column, vec, err);
    }
    for (uint32_t i = 0; i < table->pair_count && status == RUZU_OK; i++) {
        status = columns_add(txn, table->pairs[i].id, &column, vec, err);
    }
    rz_arena_free(&scratch);
    return status;
}

ruzu_status rz_txn_drop_columns(rz_txn *txn, uint32_t id, rz_error *err)
{
    const rz_cat_table *node = rz_catalog_node_table(txn->catalog, id);
    const rz_cat_table *table = node != NULL ? node : rz_catalog_rel_of_pair(txn->catalog, id, NULL);
    uint32_t *ids = RZ_NEW_ARRAY(&txn->arena, uint32_t, table->property_count);
    RZ_TRY_ALLOC(ids, err, "dropping columns");
    for (uint32_t i = 0; i < table->property_count; i++) {
        ids[i] = table->properties[i].id;
    }
    return node != NULL ? rz_ntab_keep_columns(rz_txn_ntab(txn, id), &txn->writer, ids, table->property_count, err)
                        : rz_rtab_keep_columns(rz_txn_rtab(txn, id), &txn->writer, ids, table->property_count, err);
}
