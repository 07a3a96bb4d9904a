/* SPDX-License-Identifier: MIT */
/*
 * Backup: a consistent copy of the file while the database goes on.
 *
 * The copy is made by way of one header, whose pages are guarded against reuse until it is done. Pages keep their numbers; what
 * the header does not reach is left out (a hole, listed as free). A copy must never be taken for the original (its logs would be
 * replayed into it), so it has a uuid of its own; all checksums depend on the uuid and are made anew, bottom up:
 *
 *   data pages ─► CRCs in the directories ─► CRC of each directory in the lists ─► CRCs of lists and catalog in the header
 *
 * Every page is verified against its old checksum before it gets a new one.
 */
#include "transaction/image.h"
#include "transaction/store.h"

#include <errno.h>
#include <string.h>

typedef struct backup_run {
    rz_image image;
    rz_file_header header;  /* of the copy */
    rz_vfs *vfs;
    rz_file *file;          /* owned */
    const char *temporary;  /* its name */
    uint8_t *bytes;         /* of the directory being walked */
    rz_progress_of_copy_fn progress;
    void *user;
    uint64_t pages_done;
    uint64_t pages_total;
} backup_run;

static ruzu_status backup_io(const backup_run *run, ruzu_status status, const char *operation, rz_error *err)
{
    char cause[64];
    int errno_value = errno;
    return rz_error_set(err, status, "Cannot %s file '%s': %s", operation, run->temporary, rz_os_error_text(errno_value, cause, sizeof cause));
}

static ruzu_status backup_write(const backup_run *run, uint64_t page, uint64_t count, const void *data, rz_error *err)
{
    ruzu_status status = run->vfs->write(run->file, data, (size_t)(count * RZ_PAGE_SIZE), page * RZ_PAGE_SIZE);
    return status == RUZU_OK ? RUZU_OK : backup_io(run, status, "write", err);
}

/* ---- pages ---- */

static ruzu_status backup_pages(void *user, rz_page_range range, const uint8_t *crcs, const char *what, rz_error *err)
{
    backup_run *run = (backup_run *)user;
    rz_image *image = &run->image;
    uint8_t *new_crcs = run->bytes + (crcs - run->bytes); /* inside the directory's bytes, which are ours */
    RZ_TRY(rz_image_reach(image, range, what, err));
    for (uint64_t done = 0; done < range.count; done += RZ_IMAGE_CHUNK) {
        uint64_t count = range.count - done < RZ_IMAGE_CHUNK ? range.count - done : RZ_IMAGE_CHUNK;
        if (run->progress != NULL) {
            RZ_TRY(run->progress(run->user, run->pages_done, run->pages_total, err));
        }
        RZ_TRY(rz_disk_read(image->disk, range.start + done, count, image->buffer, err));
        for (uint64_t i = 0; i < count; i++) {
            uint64_t page = range.start + done + i;
            const uint8_t *data = image->buffer + i * RZ_PAGE_SIZE;
            uint32_t expected = rz_load_u32(crcs + (done + i) * 4);
            uint32_t crc = rz_page_crc(image->disk, page, data);
            if (crc != expected) {
                return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: file '%s' page %llu (%s): checksum 0x%08x, expected 0x%08x",
                                    rz_disk_path(image->disk), (unsigned long long)page, what, crc, expected);
            }
            rz_store_u32(new_crcs + (done + i) * 4, rz_page_crc_of(run->header.uuid, page, data));
        }
        RZ_TRY(backup_write(run, range.start + done, count, image->buffer, err));
        run->pages_done += count;
    }
    return RUZU_OK;
}

/* ---- metadata ---- */

/* The bytes of a metadata range in whole pages of our own. */
static ruzu_status backup_read(backup_run *run, const rz_meta_ref *ref, const char *what, rz_arena *arena, uint8_t **out, rz_error *err)
{
    const uint8_t *bytes = NULL;
    RZ_TRY(rz_image_read(&run->image, ref, what, arena, &bytes, err));
    size_t size = (size_t)(ref->range.count * RZ_PAGE_SIZE);
    *out = (uint8_t *)rz_arena_calloc(arena, 1, size + 1);
    RZ_TRY_ALLOC(*out, err, "copying a database");
    memcpy(*out, bytes, (size_t)ref->size_bytes);
    return RUZU_OK;
}

/* Writes them where they were, and gives the reference its new checksum. */
static ruzu_status backup_put(backup_run *run, rz_meta_ref *ref, const uint8_t *bytes, rz_error *err)
{
    if (ref->range.count == 0) {
        return RUZU_OK;
    }
    ref->crc = rz_meta_crc_of(run->header.uuid, ref->range.start, bytes, ref->size_bytes);
    run->pages_done += ref->range.count;
    return backup_write(run, ref->range.start, ref->range.count, bytes, err);
}

static ruzu_status backup_table(backup_run *run, rz_image_entry *entry, rz_error *err)
{
    rz_arena arena;
    uint64_t rows = 0;
    rz_reader reader;
    rz_page_walk walk = {.fn = backup_pages, .user = run, .what = entry->def.what};
    rz_arena_init(&arena, run->image.mem);
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(backup_read(run, &entry->directory, entry->def.what, &arena, &run->bytes, err));
    rz_reader_init(&reader, run->bytes, (size_t)entry->directory.size_bytes);
    RZ_TRY_GOTO(rz_table_directory_walk(&entry->def, &reader, &walk, &rows, err));
    status = backup_put(run, &entry->directory, run->bytes, err);
cleanup:
    run->bytes = NULL;
    rz_arena_free(&arena);
    return status;
}

/* Puts the reference of a directory back into its list. */
static void backup_store_ref(uint8_t *to, const rz_meta_ref *ref)
{
    rz_store_u64(to, ref->range.start);
    rz_store_u64(to + 8, ref->range.count);
    rz_store_u64(to + 16, ref->size_bytes);
    rz_store_u32(to + 24, ref->crc);
}

static ruzu_status backup_list(backup_run *run, rz_meta_ref *ref, bool nodes, rz_error *err)
{
    const char *what = nodes ? "node tables" : "relationship tables";
    uint32_t count = 0;
    uint8_t *bytes = NULL;
    rz_reader list;
    rz_arena arena;
    rz_arena entry_arena;
    rz_arena_init(&arena, run->image.mem);
    rz_arena_init(&entry_arena, run->image.mem);
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(backup_read(run, ref, what, &arena, &bytes, err));
    rz_reader_init(&list, bytes, (size_t)ref->size_bytes);
    RZ_TRY_GOTO(rz_image_list_count(&list, what, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        rz_image_entry entry;
        RZ_TRY_GOTO(rz_image_list_next(&run->image, &list, nodes, &entry_arena, &entry, err));
        RZ_TRY_GOTO(backup_table(run, &entry, err));
        backup_store_ref(bytes + entry.ref_off, &entry.directory);
        rz_arena_reset(&entry_arena);
    }
    status = backup_put(run, ref, bytes, err);
cleanup:
    rz_arena_free(&arena);
    rz_arena_free(&entry_arena);
    return status;
}

static ruzu_status backup_catalog(backup_run *run, rz_error *err)
{
    uint8_t *bytes = NULL;
    rz_arena arena;
    rz_arena_init(&arena, run->image.mem);
    ruzu_status status = backup_read(run, &run->header.catalog, "the catalog", &arena, &bytes, err);
    if (status == RUZU_OK) {
        status = run->header.catalog.range.count == 0
                     ? rz_catalog_create(run->image.mem, &run->image.catalog, err)
                     : rz_catalog_decode(run->image.mem, bytes, (size_t)run->header.catalog.size_bytes, &run->image.catalog, err);
    }
    if (status == RUZU_OK) {
        status = backup_put(run, &run->header.catalog, bytes, err);
    }
    rz_arena_free(&arena);
    return status;
}

/* ---- free space ---- */

static void backup_put_free(rz_str *out, uint64_t start, uint64_t end, uint64_t *io_count)
{
    while (start < end) { /* a range does not cross a region border */
        uint64_t border = (start / RZ_REGION_PAGES + 1) * RZ_REGION_PAGES;
        uint64_t stop = border < end ? border : end;
        char bytes[16];
        rz_store_u64(bytes, start);
        rz_store_u64(bytes + 8, stop - start);
        rz_str_append(out, bytes, sizeof bytes);
        (*io_count)++;
        start = stop;
    }
}

/* What the header does not reach is free in the copy. The list of it stands behind everything else. */
static ruzu_status backup_free_list(backup_run *run, rz_error *err)
{
    uint64_t end = RZ_HEADER_SLOTS;
    uint64_t count = 0;
    rz_page_range range;
    rz_str list;
    rz_str_init(&list, run->image.mem);
    rz_str_append(&list, "\0\0\0\0\0\0\0\0", 8);
    for (uint64_t page = 0; rz_page_set_next(&run->image.reached, page, &range); page = rz_page_range_end(range)) {
        backup_put_free(&list, end, range.start, &count);
        end = rz_page_range_end(range);
    }
    run->header.page_count = end;
    run->header.free_space = (rz_meta_ref){0};
    ruzu_status status = RUZU_OK;
    if (count != 0) {
        uint64_t pages = (list.length + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE + 1; /* one more entry may come */
        if (end % RZ_REGION_PAGES + pages > RZ_REGION_PAGES) {
            uint64_t start = (end / RZ_REGION_PAGES + 1) * RZ_REGION_PAGES;
            backup_put_free(&list, end, start, &count);
            end = start;
        }
        size_t padding = (size_t)(pages * RZ_PAGE_SIZE) - list.length;
        size_t length = list.length;
        if (!rz_str_reserve(&list, padding) || list.failed) {
            status = rz_error_no_memory(err, "copying a database");
        } else {
            memset(list.data + length, 0, padding);
            rz_store_u64(list.data, count);
            run->header.free_space = (rz_meta_ref){.range = {end, pages}, .size_bytes = length};
            run->header.page_count = end + pages;
            status = backup_put(run, &run->header.free_space, (const uint8_t *)list.data, err);
        }
    }
    rz_str_free(&list);
    return status;
}

/* ---- the file ---- */

static ruzu_status backup_open(backup_run *run, const char *path, rz_error *err)
{
    bool present = false;
    RZ_TRY(rz_disk_probe(run->vfs, path, &present, err));
    if (present) {
        return rz_error_set(err, RUZU_ERROR_IO, "Cannot create file '%s': File exists", path);
    }
    ruzu_status status = run->vfs->open(run->vfs, run->temporary, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &run->file);
    if (status != RUZU_OK) {
        run->file = NULL;
        return backup_io(run, status, "create", err);
    }
    status = run->vfs->lock(run->file, RZ_LOCK_EXCLUSIVE); /* somebody else may be building it */
    if (status != RUZU_OK) {
        (void)backup_io(run, status, "lock", err);
        (void)run->vfs->close(run->file);
        run->file = NULL;
        return status;
    }
    status = run->vfs->truncate(run->file, 0);
    return status == RUZU_OK ? RUZU_OK : backup_io(run, status, "truncate", err);
}

/* The headers last, then the name. */
static ruzu_status backup_finish(backup_run *run, const char *path, rz_error *err)
{
    uint8_t page[RZ_PAGE_SIZE];
    rz_header_bytes(&run->header, page);
    ruzu_status status = run->vfs->truncate(run->file, run->header.page_count * RZ_PAGE_SIZE);
    if (status != RUZU_OK) {
        return backup_io(run, status, "extend", err);
    }
    for (uint32_t slot = 0; slot < RZ_HEADER_SLOTS; slot++) {
        RZ_TRY(backup_write(run, slot, 1, page, err));
    }
    status = run->vfs->sync(run->file, false);
    if (status != RUZU_OK) {
        return backup_io(run, status, "sync", err);
    }
    bool present = false; /* again: it took a while */
    RZ_TRY(rz_disk_probe(run->vfs, path, &present, err));
    if (present) {
        return rz_error_set(err, RUZU_ERROR_IO, "Cannot create file '%s': File exists", path);
    }
    status = run->vfs->rename(run->vfs, run->temporary, path);
    if (status != RUZU_OK) {
        return backup_io(run, status, "rename", err);
    }
    status = run->vfs->sync_dir(run->vfs, path);
    return status == RUZU_OK ? RUZU_OK : backup_io(run, status, "sync the directory of", err);
}

static ruzu_status backup_copy(backup_run *run, const char *path, rz_error *err)
{
    RZ_TRY(backup_catalog(run, err));
    RZ_TRY(backup_list(run, &run->header.node_tables, true, err));
    RZ_TRY(backup_list(run, &run->header.rel_tables, false, err));
    RZ_TRY(backup_free_list(run, err));
    return backup_finish(run, path, err);
}

static ruzu_status backup_run_guarded(rz_store *store, const rz_file_header *header, const char *path, const char *temporary,
                                      rz_progress_of_copy_fn progress, void *user, rz_error *err)
{
    backup_run run = {.vfs = store->vfs, .temporary = temporary, .progress = progress, .user = user, .pages_total = header->page_count};
    ruzu_status status = rz_image_init(&run.image, &store->mem, store->disk, header, err);
    rz_header_for_copy(store->vfs, header, &run.header);
    if (status == RUZU_OK) {
        status = backup_open(&run, path, err);
        bool opened = run.file != NULL;
        if (status == RUZU_OK) {
            status = backup_copy(&run, path, err);
        }
        if (opened && status != RUZU_OK) {
            (void)run.vfs->remove(run.vfs, temporary); /* while its lock is held; absent when it was renamed */
        }
        if (opened) {
            (void)run.vfs->close(run.file); /* it was synced: closing decides nothing */
        }
    }
    rz_image_deinit(&run.image);
    return status;
}

ruzu_status rz_store_backup(rz_store *store, const char *path, rz_progress_of_copy_fn progress, void *user, rz_error *err)
{
    rz_file_header header;
    rz_slot_look slots[RZ_HEADER_SLOTS];
    if (rz_disk_in_memory(store->disk)) {
        return rz_error_set(err, RUZU_ERROR_MISUSE, "A database in memory has no file to copy; use EXPORT DATABASE.");
    }
    if (!store->read_only) {
        RZ_TRY(rz_store_checkpoint(store, err));
    }
    RZ_TRY(rz_disk_guard_begin(store->disk, &header, slots, err));
    rz_arena arena;
    rz_arena_init(&arena, &store->mem);
    const char *temporary = rz_arena_printf(&arena, "%s.tmp", path);
    ruzu_status status = temporary == NULL ? rz_error_no_memory(err, "copying a database") : RUZU_OK;
    if (status == RUZU_OK && store->read_only && (header.flags & RZ_HEADER_CLEAN) == 0) {
        status = rz_error_set(err, RUZU_ERROR_READ_ONLY,
                              "The log of file '%s' holds commits that the file does not have: open it for writing once, then copy it.",
                              rz_disk_path(store->disk));
    }
    if (status == RUZU_OK) {
        status = backup_run_guarded(store, &header, path, temporary, progress, user, err);
    }
    rz_arena_free(&arena);
    rz_disk_guard_end(store->disk);
    return status;
}
