/* SPDX-License-Identifier: MIT */
/*
 * Checking what a table has on pages: every segment of the current version against its metadata.
 */
#include "storage/table/ntab.h"
#include "storage/table/rtab.h"

static ruzu_status rows_check_group(rz_rows *rows, const rz_row_group *group, uint32_t group_idx, rz_inspector *inspector, rz_error *err)
{
    uint64_t first = (uint64_t)group_idx * RZ_ROW_GROUP_ROWS;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        const rz_row_segment *segment = rz_row_base_segment(group->base, i);
        if (segment == NULL) {
            continue; /* rows have the column's fill, or nobody sees it */
        }
        RZ_TRY(rz_segment_check(segment->data, rows->env.mem, rows->env.pool, rows->column_texts[i], first, inspector, err));
    }
    return RUZU_OK;
}

static ruzu_status rows_check(rz_rows *rows, rz_inspector *inspector, rz_error *err)
{
    rz_rows_version *version = rz_rows_pin(rows); /* its pages stay while it is pinned */
    ruzu_status status = RUZU_OK;
    for (uint32_t g = 0; g < version->group_count && status == RUZU_OK; g++) {
        if (version->groups[g].base != NULL) {
            status = rows_check_group(rows, &version->groups[g], g, inspector, err);
        }
    }
    rz_rows_unpin(rows, version);
    return status;
}

ruzu_status rz_ntab_check_segments(rz_ntab *table, rz_inspector *inspector, rz_error *err)
{
    return rows_check(&table->rows, inspector, err);
}

ruzu_status rz_rtab_check_segments(rz_rtab *table, rz_inspector *inspector, rz_error *err)
{
    return rows_check(&table->rows, inspector, err);
}

uint64_t rz_rtab_offset_end(const rz_rtab_reader *reader)
{
    return reader->rows.end;
}

bool rz_rtab_visible(const rz_rtab_reader *reader, uint64_t first, uint32_t count, uint32_t *rows, uint32_t *out_count)
{
    return rz_rows_visible_range(&reader->rows, first, count, rows, out_count);
}
