/* SPDX-License-Identifier: MIT */
/*
 * Metadata ranges: bytes in whole contiguous pages, with one CRC that their parent keeps. The CRC begins with the start
 * page and the database's uuid, so bytes that are whole but stand in the wrong place, or come from another file, do not
 * pass.
 */
#include "storage/page/disk.h"

#include <string.h>

uint32_t rz_meta_crc(const rz_disk *disk, uint64_t start_page, const void *data, uint64_t size)
{
    uint8_t prefix[sizeof start_page + sizeof disk->uuid];
    rz_store_u64(prefix, RZ_MUTANT_IS(6) ? 0 : start_page);
    memcpy(prefix + sizeof start_page, disk->uuid, sizeof disk->uuid);
    return rz_crc32c(rz_crc32c(0, prefix, sizeof prefix), data, (size_t)size);
}

void rz_meta_ref_encode(const rz_meta_ref *ref, rz_str *out)
{
    char bytes[28];
    rz_store_u64(bytes, ref->range.start);
    rz_store_u64(bytes + 8, ref->range.count);
    rz_store_u64(bytes + 16, ref->size_bytes);
    rz_store_u32(bytes + 24, ref->crc);
    rz_str_append(out, bytes, sizeof bytes);
}

void rz_meta_ref_decode(rz_reader *reader, rz_meta_ref *out)
{
    out->range.start = rz_read_u64(reader);
    out->range.count = rz_read_u64(reader);
    out->size_bytes = rz_read_u64(reader);
    out->crc = rz_read_u32(reader);
}

ruzu_status rz_meta_write(rz_disk *disk, const void *data, uint64_t size, rz_meta_ref *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    if (size == 0) {
        return RUZU_OK;
    }
    rz_page_range range;
    uint64_t whole = size / RZ_PAGE_SIZE;
    uint64_t rest = size % RZ_PAGE_SIZE;
    RZ_TRY(rz_disk_allocate(disk, whole + (rest > 0), &range, err));
    ruzu_status status = RUZU_OK;
    if (whole > 0) {
        status = rz_disk_write(disk, range.start, whole, data, err);
    }
    if (status == RUZU_OK && rest > 0) {
        uint8_t page[RZ_PAGE_SIZE] = {0};
        memcpy(page, (const uint8_t *)data + whole * RZ_PAGE_SIZE, (size_t)rest);
        status = rz_disk_write(disk, range.start + whole, 1, page, err);
    }
    if (status != RUZU_OK) {
        rz_disk_free(disk, range);
        return status;
    }
    out->range = range;
    out->size_bytes = size;
    out->crc = rz_meta_crc(disk, range.start, data, size);
    return RUZU_OK;
}

/* *out_bad: the checksum is another one; *out are the bytes all the same. */
static ruzu_status meta_read_any(rz_disk *disk, const rz_meta_ref *ref, const char *what, rz_arena *arena, const uint8_t **out, bool *out_bad,
                                 rz_error *err)
{
    *out = (const uint8_t *)"";
    *out_bad = false;
    if (ref->range.count == 0 && ref->size_bytes == 0) {
        return RUZU_OK;
    }
    /* Bounded by the file before anything is allocated. */
    if (!rz_page_range_valid(ref->range, RZ_HEADER_SLOTS, rz_disk_page_count(disk)) ||
        ref->size_bytes > ref->range.count * RZ_PAGE_SIZE) {
        return rz_error_set(
            err, RUZU_ERROR_CORRUPT,
            "corrupt database: file '%s' page %llu (%s): %llu bytes in %llu pages are not inside the file", disk->path,
            (unsigned long long)ref->range.start, what, (unsigned long long)ref->size_bytes,
            (unsigned long long)ref->range.count);
    }
    uint64_t pages = (ref->size_bytes + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
    uint8_t *bytes = (uint8_t *)rz_arena_alloc(arena, (size_t)(pages * RZ_PAGE_SIZE));
    RZ_TRY_ALLOC(bytes, err, "reading metadata");
    RZ_TRY(rz_disk_read(disk, ref->range.start, pages, bytes, err));
    uint32_t crc = rz_meta_crc(disk, ref->range.start, bytes, ref->size_bytes);
    if (crc != ref->crc) {
        *out_bad = true;
        (void)rz_error_set(err, RUZU_ERROR_CORRUPT,
                           "corrupt database: file '%s' page %llu (%s): checksum 0x%08x, expected 0x%08x", disk->path,
                           (unsigned long long)ref->range.start, what, crc, ref->crc);
    }
    *out = bytes;
    return RUZU_OK;
}

ruzu_status rz_meta_read(rz_disk *disk, const rz_meta_ref *ref, const char *what, rz_arena *arena, const uint8_t **out,
                         rz_error *err)
{
    bool bad = false;
    RZ_TRY(meta_read_any(disk, ref, what, arena, out, &bad, err));
    if (bad) {
        *out = (const uint8_t *)"";
        return RUZU_ERROR_CORRUPT;
    }
    return RUZU_OK;
}

ruzu_status rz_meta_read_damaged(rz_disk *disk, const rz_meta_ref *ref, const char *what, rz_arena *arena, rz_inspector *inspector,
                                 const uint8_t **out, bool *out_bad, rz_error *err)
{
    RZ_TRY(meta_read_any(disk, ref, what, arena, out, out_bad, err));
    return *out_bad ? rz_inspector_absorb(inspector, RUZU_ERROR_CORRUPT, what, RZ_NO_PLACE, err) : RUZU_OK;
}
