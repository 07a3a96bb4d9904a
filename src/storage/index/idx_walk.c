/* SPDX-License-Identifier: MIT */
/*
 * Walking encoded packed arrays and index levels for the page ranges that they name, without decoding them (check, backup).
 */
#include "storage/index/idx.h"

#define IDX_WALK_LEVEL_BYTES 28u /* of a level before its extents; idx_level.c */

static ruzu_status idx_walk_corrupt(const rz_page_walk *walk, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the directory ends too early", walk->what);
}

ruzu_status rz_extents_walk(rz_reader *reader, const rz_page_walk *walk, rz_error *err)
{
    uint32_t count = rz_read_u32(reader);
    if (reader->failed || (uint64_t)count * 12 > reader->size - reader->off) {
        return idx_walk_corrupt(walk, err);
    }
    rz_reader ranges = *reader; /* they stand before the CRCs of all of them */
    (void)rz_read_bytes(reader, (size_t)count * 12);
    for (uint32_t i = 0; i < count; i++) {
        rz_page_range range = {.start = rz_read_u64(&ranges), .count = 0};
        range.count = rz_read_u32(&ranges);
        RZ_TRY(rz_page_walk_range(walk, reader, range, err));
    }
    return RUZU_OK;
}

ruzu_status rz_idx_walk(rz_reader *reader, const rz_page_walk *walk, rz_error *err)
{
    uint32_t levels = rz_read_u32(reader);
    if (reader->failed || levels > RZ_IDX_MAX_LEVELS) {
        return idx_walk_corrupt(walk, err);
    }
    for (uint32_t i = 0; i < levels; i++) {
        (void)rz_read_bytes(reader, IDX_WALK_LEVEL_BYTES);
        RZ_TRY(rz_extents_walk(reader, walk, err));
    }
    return RUZU_OK;
}
