/* SPDX-License-Identifier: MIT */
/*
 * Checking a file as its header describes it: both header slots, the CRC of all metadata and of every page, that no page is
 * used twice or both used and free, that none is lost, and that catalog and storage name the same tables.
 */
#include "transaction/check.h"

#include <inttypes.h>

#define CHECK_PAGES_NAMED 16u /* bad pages of one range that get a row each; the others are counted */

typedef struct image_check {
    rz_image image;
    rz_inspector *inspector;
    uint64_t *seen; /* arena: bitmap of the ids that have storage */
    uint32_t id_end;
} image_check;

/* ---- pages ---- */

static ruzu_status image_check_pages(void *user, rz_page_range range, const uint8_t *crcs, const char *what, rz_error *err)
{
    image_check *check = (image_check *)user;
    rz_image *image = &check->image;
    uint64_t bad = 0;
    ruzu_status status = rz_image_reach(image, range, what, err);
    if (status != RUZU_OK) {
        return rz_inspector_absorb(check->inspector, status, what, RZ_NO_PLACE, err);
    }
    for (uint64_t done = 0; done < range.count; done += RZ_IMAGE_CHUNK) {
        uint64_t count = range.count - done < RZ_IMAGE_CHUNK ? range.count - done : RZ_IMAGE_CHUNK;
        RZ_TRY(rz_inspector_poll(check->inspector, err));
        status = rz_disk_read(image->disk, range.start + done, count, image->buffer, err);
        if (status != RUZU_OK) {
            return rz_inspector_absorb(check->inspector, status, what, RZ_NO_PLACE, err);
        }
        for (uint64_t i = 0; i < count; i++) {
            uint64_t page = range.start + done + i;
            uint32_t expected = rz_load_u32(crcs + (done + i) * 4);
            uint32_t crc = rz_page_crc(image->disk, page, image->buffer + i * RZ_PAGE_SIZE);
            if (crc != expected && ++bad <= CHECK_PAGES_NAMED) {
                RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, what, page, RZ_NO_PLACE, err, "checksum 0x%08x, expected 0x%08x", crc,
                                           expected));
            }
        }
    }
    if (bad > CHECK_PAGES_NAMED) {
        RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, what, range.start, RZ_NO_PLACE, err,
                                   "%" PRIu64 " pages of this range of %" PRIu64 " have wrong checksums", bad, range.count));
    }
    return RUZU_OK;
}

/* ---- tables ---- */

static ruzu_status image_check_directory(image_check *check, const rz_image_entry *entry, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, check->image.mem);
    const uint8_t *bytes = NULL;
    uint64_t rows = 0;
    ruzu_status status = rz_image_read(&check->image, &entry->directory, entry->def.what, &arena, &bytes, err);
    if (status == RUZU_OK) {
        rz_reader reader;
        rz_page_walk walk = {.fn = image_check_pages, .user = check, .what = entry->def.what};
        rz_reader_init(&reader, bytes, (size_t)entry->directory.size_bytes);
        status = rz_table_directory_walk(&entry->def, &reader, &walk, &rows, err);
    }
    rz_arena_free(&arena);
    return rz_inspector_absorb(check->inspector, status, entry->def.what, RZ_NO_PLACE, err);
}

static ruzu_status image_check_entry(image_check *check, rz_reader *list, bool nodes, rz_error *err)
{
    rz_arena arena;
    rz_image_entry entry;
    rz_arena_init(&arena, check->image.mem);
    ruzu_status status = rz_image_list_next(&check->image, list, nodes, &arena, &entry, err);
    if (status == RUZU_OK && rz_bit_get(check->seen, entry.id)) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "it has storage twice");
    }
    if (status == RUZU_OK) {
        rz_bit_set(check->seen, entry.id);
        status = image_check_directory(check, &entry, err);
    }
    rz_arena_free(&arena);
    return rz_inspector_absorb(check->inspector, status, "catalog", RZ_NO_PLACE, err);
}

static ruzu_status image_check_list(image_check *check, const rz_meta_ref *ref, bool nodes, rz_error *err)
{
    const char *what = nodes ? "node tables" : "relationship tables";
    rz_arena arena;
    rz_arena_init(&arena, check->image.mem);
    const uint8_t *bytes = NULL;
    uint32_t count = 0;
    rz_reader list;
    ruzu_status status = rz_image_read(&check->image, ref, what, &arena, &bytes, err);
    rz_reader_init(&list, bytes, status == RUZU_OK ? (size_t)ref->size_bytes : 0);
    if (status == RUZU_OK) {
        status = rz_image_list_count(&list, what, &count, err);
    }
    if (status != RUZU_OK) {
        count = 0; /* what it says is not to be believed */
    }
    status = rz_inspector_absorb(check->inspector, status, what, RZ_NO_PLACE, err);
    for (uint32_t i = 0; i < count && status == RUZU_OK; i++) {
        status = image_check_entry(check, &list, nodes, err);
    }
    rz_arena_free(&arena);
    return status;
}

static ruzu_status image_check_missing(image_check *check, rz_error *err)
{
    for (uint32_t id = 0; id < check->id_end; id++) {
        const rz_cat_table *node = rz_catalog_node_table(check->image.catalog, id);
        const rz_cat_table *table = node != NULL ? node : rz_catalog_rel_of_pair(check->image.catalog, id, NULL);
        if (table != NULL && !rz_bit_get(check->seen, id)) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, "catalog", RZ_NO_PLACE, RZ_NO_PLACE, err,
                                       "table %s (number %" PRIu32 ") has no storage", table->name, id));
        }
    }
    return RUZU_OK;
}

/* ---- space ---- */

/* Pages [first, end) that are in neither set. */
static ruzu_status image_check_lost(image_check *check, rz_page_set *known, uint64_t end, rz_error *err)
{
    uint64_t page = RZ_HEADER_SLOTS;
    while (page < end) {
        rz_page_range next;
        uint64_t stop = end, resume = end;
        if (rz_page_set_next(known, page, &next) && next.start < end) {
            stop = next.start;
            resume = rz_page_range_end(next);
        }
        if (stop > page) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_WARNING, "free space", page, RZ_NO_PLACE, err,
                                       "%" PRIu64 " pages are neither in use nor free", stop - page));
        }
        page = resume;
    }
    return RUZU_OK;
}

static ruzu_status image_check_space(image_check *check, bool whole, rz_error *err)
{
    rz_image *image = &check->image;
    const rz_meta_ref *ref = &image->header.free_space;
    uint64_t errors = check->inspector->errors;
    rz_page_set free_set;
    rz_page_set_init(&free_set, &image->nodes, false);
    if (ref->range.count != 0) {
        ruzu_status status = rz_image_reach(image, ref->range, "free space", err);
        RZ_TRY(rz_inspector_absorb(check->inspector, status, "free space", RZ_NO_PLACE, err));
    }
    RZ_TRY(rz_free_list_inspect(image->disk, &image->header, &free_set, check->inspector, err));
    rz_page_range range;
    for (uint64_t page = 0; rz_page_set_next(&free_set, page, &range); page = rz_page_range_end(range)) {
        if (rz_page_set_overlaps(&image->reached, range)) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, "free space", range.start, RZ_NO_PLACE, err,
                                       "some of these %" PRIu64 " free pages are in use", range.count));
        }
    }
    if (!whole || errors != check->inspector->errors) {
        return RUZU_OK; /* not all that is reached is known */
    }
    for (uint64_t page = 0; rz_page_set_next(&image->reached, page, &range); page = rz_page_range_end(range)) {
        if (!rz_page_nodes_reserve(&image->nodes, 4) || !rz_page_set_add(&free_set, range)) {
            return rz_error_no_memory(err, "checking a database file");
        }
    }
    RZ_TRY(rz_disk_known_pages(image->disk, &free_set, err));
    return image_check_lost(check, &free_set, image->header.page_count, err);
}

/* ---- the whole ---- */

static ruzu_status image_check_slots(image_check *check, const rz_slot_look *slots, rz_error *err)
{
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS; i++) {
        if (!slots[i].valid) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, "header", i, RZ_NO_PLACE, err,
                                       "this copy of the header is damaged; the next checkpoint mends it"));
        } else if (!slots[i].current) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_WARNING, "header", i, RZ_NO_PLACE, err,
                                       "this copy of the header is older than the other; the next checkpoint mends it"));
        }
    }
    return RUZU_OK;
}

static ruzu_status image_check_run(image_check *check, const rz_slot_look *slots, rz_arena *arena, rz_error *err)
{
    rz_image *image = &check->image;
    uint64_t errors = check->inspector->errors;
    RZ_TRY(image_check_slots(check, slots, err));
    uint64_t slot_errors = check->inspector->errors - errors;
    ruzu_status status = rz_image_read_catalog(image, err);
    if (status != RUZU_OK) { /* without it nothing below can be read */
        return rz_inspector_absorb(check->inspector, status, "catalog", RZ_NO_PLACE, err);
    }
    check->id_end = rz_catalog_id_end(image->catalog);
    check->seen = RZ_NEW_ARRAY(arena, uint64_t, RZ_BITMAP_WORDS((size_t)check->id_end + 1));
    RZ_TRY_ALLOC(check->seen, err, "checking a database file");
    RZ_TRY(image_check_list(check, &image->header.node_tables, true, err));
    RZ_TRY(image_check_list(check, &image->header.rel_tables, false, err));
    RZ_TRY(image_check_missing(check, err));
    return image_check_space(check, check->inspector->errors - errors == slot_errors, err);
}

ruzu_status rz_image_check(rz_disk *disk, rz_mem *mem, rz_inspector *inspector, rz_error *err)
{
    rz_file_header header;
    rz_slot_look slots[RZ_HEADER_SLOTS];
    rz_arena arena;
    image_check check = {.inspector = inspector};
    RZ_TRY(rz_disk_guard_begin(disk, &header, slots, err));
    rz_arena_init(&arena, mem);
    ruzu_status status = rz_image_init(&check.image, mem, disk, &header, err);
    if (status == RUZU_OK) {
        status = image_check_run(&check, slots, &arena, err);
    }
    rz_image_deinit(&check.image);
    rz_arena_free(&arena);
    rz_disk_guard_end(disk);
    return status;
}
