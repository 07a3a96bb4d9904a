/* SPDX-License-Identifier: MIT */
/*
 * Looking at a database file from outside the tables: reporting what is wrong, guarding the pages of a header against
 * reuse while they are read, opening files that the ordinary way refuses, and headers for copies of a file.
 */
#include "storage/page/disk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- reporting ---- */

ruzu_status rz_inspector_report(rz_inspector *inspector, rz_severity severity, const char *object, uint64_t page,
                                uint64_t offset, rz_error *err, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (severity == RZ_SEVERITY_ERROR) {
        inspector->errors++;
    } else {
        inspector->warnings++;
    }
    rz_problem problem = {.severity = severity, .object = object, .page = page, .offset = offset, .text = text};
    return inspector->report(inspector->user, &problem, err);
}

/* What failed, without the words that every such message begins with. */
void rz_error_plain_text(const rz_error *err, char *out, size_t size)
{
    static const char corrupt[] = "corrupt database: ";
    const char *text = err->message;
    const char *prefix = rz_error_prefix(err->code);
    text += strncmp(text, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    text += strncmp(text, corrupt, sizeof corrupt - 1) == 0 ? sizeof corrupt - 1 : 0;
    size_t length = strlen(text) < size ? strlen(text) : size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

ruzu_status rz_inspector_poll(rz_inspector *inspector, rz_error *err)
{
    return inspector->poll == NULL ? RUZU_OK : inspector->poll(inspector->user, err);
}

ruzu_status rz_inspector_absorb(rz_inspector *inspector, ruzu_status status, const char *object, uint64_t offset,
                                rz_error *err)
{
    if (status != RUZU_ERROR_CORRUPT) {
        return status;
    }
    char copy[512]; /* err is emptied before the report, which may fail by itself */
    rz_error_plain_text(err, copy, sizeof copy);
    rz_error_init(err);
    return rz_inspector_report(inspector, RZ_SEVERITY_ERROR, object, RZ_NO_PLACE, offset, err, "%s", copy);
}

ruzu_status rz_page_walk_range(const rz_page_walk *walk, rz_reader *reader, rz_page_range range, rz_error *err)
{
    if (range.count == 0) {
        return RUZU_OK;
    }
    const uint8_t *crcs = NULL;
    if (range.count <= RZ_REGION_PAGES) {
        crcs = (const uint8_t *)rz_read_bytes(reader, (size_t)range.count * 4);
    }
    if (crcs == NULL) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the directory ends too early", walk->what);
    }
    return walk->fn(walk->user, range, crcs, walk->what, err);
}

/* ---- the log of bad pages ---- */

void rz_disk_note_corruption(rz_disk *disk, uint64_t page, const char *what, uint32_t crc, uint32_t expected)
{
    rz_corruption entry = {.time_us = disk->vfs == NULL ? rz_now_wall_us() : disk->vfs->now_us(disk->vfs),
                           .page = page,
                           .crc = crc,
                           .expected = expected};
    size_t length = strlen(what);
    memcpy(entry.what, what, length < sizeof entry.what ? length : sizeof entry.what - 1);
    rz_mutex_lock(&disk->mutex);
    uint32_t at = 0; /* the place that becomes free: that of the same page, or the last one */
    while (at < disk->corruption_count && disk->corruptions[at].page != page) {
        at++;
    }
    if (at == disk->corruption_count) {
        disk->corruption_count += disk->corruption_count < RZ_CORRUPTIONS;
        at = disk->corruption_count - 1;
    }
    memmove(disk->corruptions + 1, disk->corruptions, at * sizeof entry);
    disk->corruptions[0] = entry;
    rz_mutex_unlock(&disk->mutex);
}

bool rz_disk_corruption_at(rz_disk *disk, uint32_t idx, rz_corruption *out)
{
    rz_mutex_lock(&disk->mutex);
    bool present = idx < disk->corruption_count;
    if (present) {
        *out = disk->corruptions[idx];
    }
    rz_mutex_unlock(&disk->mutex);
    return present;
}

/* ---- the guard ---- */

static ruzu_status inspect_read_slots(const rz_disk *disk, uint8_t *slots, rz_error *err)
{
    size_t size = (size_t)RZ_HEADER_SLOTS * RZ_PAGE_SIZE;
    size_t got = 0;
    memset(slots, 0, size); /* a short file has bad slots */
    ruzu_status status = disk->vfs->read(disk->file, slots, size, 0, &got);
    return status == RUZU_OK ? RUZU_OK : rz_disk_io_error(err, status, errno, "read", disk->path, 0, size);
}

ruzu_status rz_disk_guard_begin(rz_disk *disk, rz_file_header *out, rz_slot_look out_slots[RZ_HEADER_SLOTS],
                                rz_error *err)
{
    memset(out, 0, sizeof *out);
    if (disk->in_memory) {
        return rz_error_set(err, RUZU_ERROR_MISUSE, "A database in memory has no file.");
    }
    uint8_t slots[RZ_HEADER_SLOTS * RZ_PAGE_SIZE];
    rz_mutex_lock(&disk->header_mutex); /* no header is being written */
    ruzu_status status = inspect_read_slots(disk, slots, err);
    if (status == RUZU_OK) {
        *out = disk->header;
        rz_mutex_lock(&disk->mutex);
        disk->guards++;
        rz_mutex_unlock(&disk->mutex);
    }
    rz_mutex_unlock(&disk->header_mutex);
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS && status == RUZU_OK; i++) {
        rz_file_header header;
        out_slots[i].valid = rz_header_decode(slots + (size_t)i * RZ_PAGE_SIZE, &header) == RZ_SLOT_VALID;
        out_slots[i].current = out_slots[i].valid && header.number == out->number;
    }
    return status;
}

void rz_disk_guard_end(rz_disk *disk)
{
    rz_mutex_lock(&disk->mutex);
    RZ_ASSERT(disk->guards > 0);
    disk->guards--; /* what was kept is pending: the next header makes it free */
    rz_mutex_unlock(&disk->mutex);
}

/* ---- damaged files ---- */

/* Whether the catalog that the header names is there: then the header's fields are what was written. */
static bool inspect_header_good(rz_disk *disk, const rz_file_header *header)
{
    rz_error ignored;
    rz_arena arena;
    const uint8_t *bytes = NULL;
    rz_error_init(&ignored);
    rz_arena_init(&arena, disk->mem);
    memcpy(disk->uuid, header->uuid, sizeof disk->uuid);
    bool good = header->catalog.range.count != 0 &&
                rz_meta_read(disk, &header->catalog, "the catalog", &arena, &bytes, &ignored) == RUZU_OK;
    rz_arena_free(&arena);
    return good;
}

/*
 * The newest valid slot whose catalog can be read; else a slot with a wrong checksum whose catalog can; else any valid
 * slot (a database without a catalog yet, or with a damaged one: the caller will meet it).
 */
static ruzu_status inspect_pick(rz_disk *disk, const uint8_t *slots, rz_error *err)
{
    rz_file_header headers[RZ_HEADER_SLOTS];
    uint32_t best = RZ_HEADER_SLOTS;
    uint32_t best_rank = 0;
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS; i++) {
        const uint8_t *page = slots + (size_t)i * RZ_PAGE_SIZE;
        rz_file_header valid;
        bool sound = rz_header_decode(page, &valid) == RZ_SLOT_VALID;
        if (!rz_header_decode_anyway(page, &headers[i])) {
            continue;
        }
        rz_error ignored;
        rz_error_init(&ignored);
        bool fits = rz_header_fits(disk, &headers[i], &ignored) == RUZU_OK;
        bool reads = fits && inspect_header_good(disk, &headers[i]);
        uint32_t rank = reads ? (sound ? 3 : 2) : sound ? 1 : 0;
        if (rank > best_rank || (rank == best_rank && rank != 0 && headers[i].number > headers[best].number)) {
            best = i;
            best_rank = rank;
        }
    }
    if (best == RZ_HEADER_SLOTS) {
        RZ_TRY(rz_header_pick(disk, slots, err)); /* words the failure */
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: file '%s': no header can be used", disk->path);
    }
    RZ_TRY(rz_header_fits(disk, &headers[best], err));
    disk->header = headers[best];
    disk->picked_slot = best;
    memcpy(disk->uuid, disk->header.uuid, sizeof disk->uuid);
    return RUZU_OK;
}

static ruzu_status inspect_load(rz_disk *disk, rz_error *err)
{
    uint8_t slots[RZ_HEADER_SLOTS * RZ_PAGE_SIZE];
    uint64_t size = 0;
    RZ_TRY(inspect_read_slots(disk, slots, err));
    ruzu_status status = disk->vfs->size(disk->file, &size);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "find the size of", disk->path, 0, 0);
    }
    disk->file_pages = size / RZ_PAGE_SIZE;
    disk->space.end = disk->file_pages < RZ_MAX_PAGES ? disk->file_pages : RZ_MAX_PAGES; /* to read a catalog by */
    RZ_TRY(inspect_pick(disk, slots, err));
    uint64_t said = disk->header.page_count < RZ_MAX_PAGES ? disk->header.page_count : RZ_MAX_PAGES;
    disk->space.end = said > disk->space.end ? said : disk->space.end; /* what a cut file lacks fails when it is read */
    return RUZU_OK;
}

ruzu_status rz_disk_open_damaged(rz_vfs *vfs, rz_mem *mem, const char *path, rz_disk **out, rz_error *err)
{
    *out = NULL;
    rz_disk *disk = NULL;
    RZ_TRY(rz_disk_alloc(mem, vfs, path, &disk, err));
    disk->read_only = true;
    disk->damaged = true;
    disk->open_flags = RZ_DISK_READ_ONLY;
    ruzu_status status = vfs->open(vfs, path, RZ_OPEN_READ, &disk->file);
    if (status != RUZU_OK) {
        disk->file = NULL;
        (void)rz_disk_io_error(err, status, errno, "open", path, 0, 0);
        goto failed;
    }
    status = rz_disk_lock(vfs, disk->file, path, RZ_DISK_READ_ONLY, &disk->lock, err);
    if (status != RUZU_OK) {
        goto failed;
    }
    status = inspect_load(disk, err);
    if (status != RUZU_OK) {
        goto failed;
    }
    *out = disk;
    return RUZU_OK;

failed:
    rz_disk_destroy(disk);
    return status;
}

/* ---- free space ---- */

ruzu_status rz_free_list_inspect(rz_disk *disk, const rz_file_header *header, rz_page_set *out, rz_inspector *inspector,
                                 rz_error *err)
{
    const rz_meta_ref *ref = &header->free_space;
    if (ref->range.count == 0) {
        return RUZU_OK;
    }
    rz_arena arena;
    rz_arena_init(&arena, disk->mem);
    const uint8_t *data = NULL;
    ruzu_status status = rz_meta_read(disk, ref, "free space", &arena, &data, err);
    rz_reader reader;
    rz_reader_init(&reader, data, status == RUZU_OK ? (size_t)ref->size_bytes : 0);
    uint64_t count = rz_read_u64(&reader);
    uint64_t last_end = RZ_HEADER_SLOTS;
    if (status == RUZU_OK && (reader.failed || (reader.size - 8) % 16 != 0 || count != (reader.size - 8) / 16)) {
        status = rz_inspector_report(inspector, RZ_SEVERITY_ERROR, "free space", ref->range.start, RZ_NO_PLACE, err,
                                     "%llu bytes do not hold the ranges they name",
                                     (unsigned long long)ref->size_bytes);
        count = 0;
    }
    for (uint64_t i = 0; i < count && status == RUZU_OK; i++) {
        rz_page_range range;
        range.start = rz_read_u64(&reader);
        range.count = rz_read_u64(&reader);
        if (!rz_page_range_valid(range, last_end, header->page_count)) {
            status = rz_inspector_report(inspector, RZ_SEVERITY_ERROR, "free space", ref->range.start, RZ_NO_PLACE, err,
                                         "entry %llu (%llu pages at page %llu) is not a sound range",
                                         (unsigned long long)i, (unsigned long long)range.count,
                                         (unsigned long long)range.start);
            break;
        }
        if (!rz_page_nodes_reserve(out->nodes, 2) || !rz_page_set_add(out, range)) {
            status = rz_error_no_memory(err, "checking the free list");
        }
        last_end = rz_page_range_end(range);
    }
    rz_arena_free(&arena);
    return rz_inspector_absorb(inspector, status, "free space", RZ_NO_PLACE, err);
}

static bool inspect_add(rz_page_set *set, rz_page_range range)
{
    if (!rz_page_nodes_reserve(set->nodes, 4)) {
        return false;
    }
    (void)rz_page_set_cut(set, range);
    return rz_page_set_add(set, range);
}

ruzu_status rz_disk_known_pages(rz_disk *disk, rz_page_set *io_set, rz_error *err)
{
    bool added = true;
    rz_page_range range;
    rz_mutex_lock(&disk->mutex);
    bool clean = (disk->header.flags & RZ_HEADER_CLEAN) != 0;
    for (uint64_t start = 0; disk->damaged && !clean && added && start < disk->space.end; start += RZ_REGION_PAGES) {
        uint64_t left = disk->space.end - start;
        range = (rz_page_range){start, left < RZ_REGION_PAGES ? left : RZ_REGION_PAGES};
        added = inspect_add(io_set, range);
    }
    for (uint32_t i = 0; i < 2; i++) {
        for (uint64_t page = 0; added && rz_page_set_next(&disk->logged[i], page, &range); page = rz_page_range_end(range)) {
            added = inspect_add(io_set, range);
        }
    }
    rz_mutex_unlock(&disk->mutex);
    return added ? RUZU_OK : rz_error_no_memory(err, "checking the free list");
}

/* ---- copies ---- */

void rz_header_for_copy(rz_vfs *vfs, const rz_file_header *from, rz_file_header *out)
{
    rz_file_header fresh;
    rz_header_fill_new(vfs, &fresh);
    *out = *from;
    memcpy(out->uuid, fresh.uuid, sizeof out->uuid);
    memcpy(out->log_salts, fresh.log_salts, sizeof out->log_salts);
    out->format_version = fresh.format_version;
    out->min_reader_version = fresh.min_reader_version;
    out->number = fresh.number;
    out->flags = RZ_HEADER_CLEAN;
    out->log_generation = fresh.log_generation;
    out->folded_lsn = fresh.folded_lsn;
}

void rz_header_bytes(const rz_file_header *header, uint8_t *page)
{
    rz_header_encode(header, page);
}

static uint32_t inspect_crc(const uint8_t uuid[16], uint64_t number, const void *data, uint64_t size)
{
    uint8_t prefix[sizeof number + 16];
    rz_store_u64(prefix, RZ_MUTANT_IS(6) ? 0 : number);
    memcpy(prefix + sizeof number, uuid, 16);
    return rz_crc32c(rz_crc32c(0, prefix, sizeof prefix), data, (size_t)size);
}

uint32_t rz_page_crc_of(const uint8_t uuid[16], uint64_t page_number, const void *page)
{
    return inspect_crc(uuid, page_number, page, RZ_PAGE_SIZE);
}

uint32_t rz_meta_crc_of(const uint8_t uuid[16], uint64_t start_page, const void *data, uint64_t size)
{
    return inspect_crc(uuid, start_page, data, size);
}
