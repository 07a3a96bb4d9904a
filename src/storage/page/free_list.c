/* SPDX-License-Identifier: MIT */
/*
 * The free-space range of a header: u64 number of ranges, then start and count (u64 each) of every range, by rising
 * start.
 *
 * What the header counts as free is three sets at the time it is written: pages that are free now, pages that become
 * free with it (closing), and pages that this process still holds but the header does not refer to. All of them are
 * disjoint.
 */
#include "storage/page/disk.h"

#define FREE_LIST_HEAD  8u
#define FREE_LIST_ENTRY 16u

/* ---- load ---- */

static RZ_COLD ruzu_status free_list_error(const rz_disk *disk, uint64_t idx, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT,
                        "corrupt database: file '%s' page %llu (free space): entry %llu is not a sound range",
                        disk->path, (unsigned long long)disk->header.free_space.range.start, (unsigned long long)idx);
}

static ruzu_status free_list_decode(rz_disk *disk, const uint8_t *data, uint64_t size, rz_error *err)
{
    rz_reader reader;
    rz_reader_init(&reader, data, (size_t)size);
    uint64_t count = rz_read_u64(&reader);
    if (reader.failed || count != (size - FREE_LIST_HEAD) / FREE_LIST_ENTRY ||
        (size - FREE_LIST_HEAD) % FREE_LIST_ENTRY != 0) {
        return rz_error_set(
            err, RUZU_ERROR_CORRUPT,
            "corrupt database: file '%s' page %llu (free space): %llu bytes do not hold the ranges they name",
            disk->path, (unsigned long long)disk->header.free_space.range.start, (unsigned long long)size);
    }
    uint64_t last_end = RZ_HEADER_SLOTS;
    for (uint64_t i = 0; i < count; i++) {
        rz_page_range range;
        range.start = rz_read_u64(&reader);
        range.count = rz_read_u64(&reader);
        if (!rz_page_range_valid(range, last_end, disk->space.end) || rz_page_set_overlaps(&disk->used, range)) {
            return free_list_error(disk, i, err);
        }
        if (!rz_page_set_add(&disk->space.free, range)) {
            return rz_error_no_memory(err, "loading the free list");
        }
        last_end = rz_page_range_end(range);
    }
    return RUZU_OK;
}

ruzu_status rz_free_list_load(rz_disk *disk, rz_error *err)
{
    const rz_meta_ref *ref = &disk->header.free_space;
    if (ref->range.count == 0) {
        return RUZU_OK;
    }
    rz_arena arena;
    rz_arena_init(&arena, disk->mem);
    const uint8_t *data = NULL;
    ruzu_status status = rz_meta_read(disk, ref, "free space", &arena, &data, err);
    if (status == RUZU_OK) {
        status = free_list_decode(disk, data, ref->size_bytes, err);
    }
    rz_arena_free(&arena);
    return status;
}

/* ---- write ---- */

uint64_t rz_free_list_bound(const rz_disk *disk)
{
    uint64_t ranges = disk->space.free.range_count + disk->closing.range_count + disk->held.range_count;
    /* One more: the range that the list itself comes to stand in may leave the rest of a region free. */
    return ranges == 0 ? 0 : FREE_LIST_HEAD + (ranges + 1) * FREE_LIST_ENTRY;
}

typedef struct free_list_cursor {
    const rz_page_set *set;
    rz_page_range range;
    bool valid;
} free_list_cursor;

static void free_list_step(free_list_cursor *cursor)
{
    uint64_t page = cursor->valid ? rz_page_range_end(cursor->range) : 0;
    cursor->valid = rz_page_set_next(cursor->set, page, &cursor->range);
}

/* The next range of the merged cursors, adjacent ones joined within a region. */
static bool free_list_next(free_list_cursor *cursors, uint32_t count, rz_page_range *out)
{
    bool found = false;
    for (;;) {
        free_list_cursor *first = NULL;
        for (uint32_t i = 0; i < count; i++) {
            if (cursors[i].valid && (first == NULL || cursors[i].range.start < first->range.start)) {
                first = &cursors[i];
            }
        }
        if (first == NULL) {
            return found;
        }
        uint64_t end = rz_page_range_end(*out);
        if (found && (first->range.start != end || end % RZ_REGION_PAGES == 0)) {
            return true;
        }
        if (!found) {
            *out = first->range;
        } else {
            out->count += first->range.count;
        }
        found = true;
        free_list_step(first);
    }
}

uint64_t rz_free_list_encode(const rz_disk *disk, uint8_t *out, uint64_t *out_page_count)
{
    free_list_cursor cursors[] = {{.set = &disk->space.free}, {.set = &disk->closing}, {.set = &disk->held}};
    for (size_t i = 0; i < 3; i++) {
        free_list_step(&cursors[i]);
    }
    uint64_t count = 0;
    rz_page_range range = {0, 0};
    while (free_list_next(cursors, 3, &range)) {
        uint8_t *entry = out + FREE_LIST_HEAD + count * FREE_LIST_ENTRY;
        rz_store_u64(entry, range.start);
        rz_store_u64(entry + 8, range.count);
        count++;
    }
    uint64_t end = disk->space.end;
    while (count > 0) {
        const uint8_t *entry = out + FREE_LIST_HEAD + (count - 1) * FREE_LIST_ENTRY;
        if (rz_load_u64(entry) + rz_load_u64(entry + 8) != end) {
            break;
        }
        end = rz_load_u64(entry);
        count--;
    }
    rz_store_u64(out, count);
    *out_page_count = end;
    return FREE_LIST_HEAD + count * FREE_LIST_ENTRY;
}
