/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the descriptions that bulk loads leave for the log (rz_bulk_log).
 */
#ifndef RZ_STORAGE_TABLE_BULK_LOG_H
#define RZ_STORAGE_TABLE_BULK_LOG_H

#include "storage/table/table.h"

static inline void rz_bulk_put_u32(rz_bulk_log *log, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(&log->redo, bytes, sizeof bytes);
}

static inline void rz_bulk_put_u64(rz_bulk_log *log, uint64_t value)
{
    char bytes[8];
    rz_store_u64(bytes, value);
    rz_str_append(&log->redo, bytes, sizeof bytes);
}

/* Headers written before the commit list the pages as free (rz_disk_hold), so that neither rollback nor a crash loses them; rz_disk_mark_logged ends that. */
static inline RZ_NODISCARD ruzu_status rz_bulk_add_range(rz_bulk_log *log, rz_disk *disk, rz_page_range range, rz_error *err)
{
    if (range.count == 0) {
        return RUZU_OK;
    }
    if (!RZ_ARRAY_PUSH(&log->ranges, log->arena, range)) {
        return rz_error_no_memory(err, "describing a load");
    }
    return rz_disk_hold(disk, range, err);
}

static inline RZ_NODISCARD ruzu_status rz_bulk_add_extents(rz_bulk_log *log, rz_disk *disk, const rz_extents *extents, rz_error *err)
{
    for (uint32_t i = 0; i < extents->count; i++) {
        RZ_TRY(rz_bulk_add_range(log, disk, extents->items[i].range, err));
    }
    return RUZU_OK;
}

#endif
