/* SPDX-License-Identifier: MIT */
/*
 * What ntab.c does not have yet: goes away with it.
 */
#include "storage/table/table.h"

ruzu_status rz_ntab_insert_at(rz_ntab *table, rz_writer *writer, const rz_id *ids, rz_vec *const *values, const rz_sel *sel, rz_error *err)
{
    rz_id out[RZ_VECTOR_CAPACITY];
    RZ_TRY(rz_ntab_insert(table, writer, values, sel, out, err));
    for (uint32_t i = 0; i < sel->count; i++) {
        if (rz_id_offset(out[i]) != rz_id_offset(ids[i])) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the log's rows do not follow those of the table.");
        }
    }
    return RUZU_OK;
}

ruzu_status rz_ntab_update(rz_ntab *table, rz_writer *writer, uint32_t col_idx, const rz_id *ids, const rz_vec *values, const rz_sel *sel, rz_error *err)
{
    (void)table, (void)writer, (void)col_idx, (void)ids, (void)values, (void)sel;
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "SET is not implemented in this version.");
}

ruzu_status rz_ntab_delete(rz_ntab *table, rz_writer *writer, const rz_id *ids, const rz_sel *sel, uint64_t *io_count, rz_error *err)
{
    (void)table, (void)writer, (void)ids, (void)sel, (void)io_count;
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "DELETE is not implemented in this version.");
}

ruzu_status rz_rtab_update(rz_rtab *table, rz_writer *writer, uint32_t col_idx, const rz_id *rels, const rz_vec *values, const rz_sel *sel, rz_error *err)
{
    (void)table, (void)writer, (void)col_idx, (void)rels, (void)values, (void)sel;
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "SET is not implemented in this version.");
}
