/* SPDX-License-Identifier: MIT */
/*
 * Walking a segment's encoded metadata for the page ranges that it names, without decoding it: for whoever looks at a file
 * or copies one (check, backup). The form is segment.c's; here only what tells where the next field stands is looked at.
 */
#include "storage/column/segment.h"
#include "storage/column/zone.h"

#define WALK_ZONE_PRESENT 1u
#define WALK_ZONE_BLOCKS  2u
#define WALK_ZONE_NULLS   4u

static ruzu_status segment_walk_corrupt(const rz_page_walk *walk, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the directory ends too early", walk->what);
}

static ruzu_status segment_walk_part(rz_reader *reader, const rz_type *type, const rz_page_walk *walk, rz_error *err)
{
    uint8_t codec = rz_read_u8(reader);
    (void)rz_read_bytes(reader, 3); /* widths, flags */
    uint32_t rows = rz_read_u32(reader);
    uint32_t null_count = rz_read_u32(reader);
    (void)rz_read_u32(reader); /* aux_count */
    uint64_t byte_count = rz_read_u64(reader);
    (void)rz_read_bytes(reader, 16); /* base */
    rz_page_range range = {.start = rz_read_u64(reader), .count = 0};
    range.count = rz_read_u32(reader);
    if (reader->failed) {
        return segment_walk_corrupt(walk, err);
    }
    RZ_TRY(rz_page_walk_range(walk, reader, range, err));
    if (codec == RZ_CODEC_CONSTANT && type->physical == RZ_PHYS_STRING && null_count != rows) {
        (void)(byte_count <= SIZE_MAX ? rz_read_bytes(reader, (size_t)byte_count) : NULL);
    }
    return reader->failed ? segment_walk_corrupt(walk, err) : RUZU_OK;
}

static void segment_walk_zones(rz_reader *reader, uint64_t rows)
{
    uint8_t flags = rz_read_u8(reader);
    if ((flags & WALK_ZONE_PRESENT) == 0) {
        return;
    }
    (void)rz_read_bytes(reader, 17); /* bounds, shift */
    if ((flags & WALK_ZONE_BLOCKS) != 0 && !reader->failed) {
        uint64_t blocks = (rows + RZ_VECTOR_CAPACITY - 1) / RZ_VECTOR_CAPACITY;
        (void)rz_read_bytes(reader, (size_t)(blocks * ((flags & WALK_ZONE_NULLS) != 0 ? 6 : 4)));
    }
}

static ruzu_status segment_walk_tree(rz_reader *reader, const rz_type *type, bool root, const rz_page_walk *walk, rz_error *err)
{
    uint64_t rows = rz_read_u64(reader);
    (void)rz_read_u64(reader); /* null_count */
    uint32_t parts = rz_read_u32(reader);
    if (reader->failed || rows > UINT32_MAX) {
        return segment_walk_corrupt(walk, err);
    }
    for (uint32_t i = 0; i < parts; i++) { /* each takes bytes, so a wrong count ends soon */
        RZ_TRY(segment_walk_part(reader, type, walk, err));
    }
    if (root) {
        segment_walk_zones(reader, rows);
    }
    uint32_t children = rz_column_child_count(type);
    for (uint32_t i = 0; i < children && !reader->failed; i++) {
        RZ_TRY(segment_walk_tree(reader, rz_column_child_type(type, i), false, walk, err)); /* as deep as the type */
    }
    return reader->failed ? segment_walk_corrupt(walk, err) : RUZU_OK;
}

ruzu_status rz_segment_walk(rz_reader *reader, const rz_type *type, const rz_page_walk *walk, rz_error *err)
{
    return segment_walk_tree(reader, type, true, walk, err);
}
