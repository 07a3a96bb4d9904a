/* SPDX-License-Identifier: MIT */
/*
 * The two header slots: their bytes, the choice between them at open, and the protocol that writes both.
 *
 * A slot is page 0 or 1; both hold the same bytes after a header has been written. Everything stands in the first 512
 * bytes, one sector, so that most torn writes of the page do not even damage the slot. The rest is zero and not looked
 * at.
 *
 *     off  size  meaning
 *       0     8  "RUZUDB" 0 0
 *       8     4  format version          12     4  oldest version of a reader
 *      16    16  database uuid
 *      32     8  header number
 *      40     4  flags (1: clean)        44     4  rows of a row group
 *      48     4  nodes of a CSR group    52     4  zero
 *      56     8  page count
 *      64    32  catalog: metadata reference of 28 bytes (meta.c), then 4 of zero
 *      96    32  node tables            128    32  relationship tables       160    32  free space
 *     192     8  log generation         200     8  LSN folded in
 *     208    16  salts of the log of that generation and of the next
 *     224     8  newest timestamp
 *     232   276  zero
 *     508     4  CRC-32C of bytes 0 … 507
 *
 * Writing a header:
 *     begin     pending pages become "closing" (the header being written does not refer to them), the free list is made
 *     (1)       the free list is written; the data file is synced: all that the header refers to is durable
 *     (2)       the slot that does not hold the picked header is written; sync: from now on the new header counts
 *     (3)       the other slot is written; sync: no slot refers to the closing pages any more
 *     end       closing pages become free, the tail of the file is cut off
 */
#include "storage/page/disk.h"

#include <errno.h>
#include <string.h>

#define HEADER_CRC_OFF 508u

static const uint8_t header_magic[8] = {'R', 'U', 'Z', 'U', 'D', 'B', 0, 0};

/* ---- bytes ---- */

static void header_put_meta(uint8_t *to, const rz_meta_ref *ref)
{
    rz_store_u64(to, ref->range.start);
    rz_store_u64(to + 8, ref->range.count);
    rz_store_u64(to + 16, ref->size_bytes);
    rz_store_u32(to + 24, ref->crc);
}

void rz_header_encode(const rz_file_header *header, uint8_t *page)
{
    memset(page, 0, RZ_PAGE_SIZE);
    memcpy(page, header_magic, sizeof header_magic);
    rz_store_u32(page + 8, header->format_version);
    rz_store_u32(page + 12, header->min_reader_version);
    memcpy(page + 16, header->uuid, sizeof header->uuid);
    rz_store_u64(page + 32, header->number);
    rz_store_u32(page + 40, header->flags);
    rz_store_u32(page + 44, header->row_group_rows);
    rz_store_u32(page + 48, header->csr_group_nodes);
    rz_store_u64(page + 56, header->page_count);
    header_put_meta(page + 64, &header->catalog);
    header_put_meta(page + 96, &header->node_tables);
    header_put_meta(page + 128, &header->rel_tables);
    header_put_meta(page + 160, &header->free_space);
    rz_store_u64(page + 192, header->log_generation);
    rz_store_u64(page + 200, header->folded_lsn);
    rz_store_u64(page + 208, header->log_salts[0]);
    rz_store_u64(page + 216, header->log_salts[1]);
    rz_store_u64(page + 224, header->last_timestamp);
    rz_store_u32(page + HEADER_CRC_OFF, rz_crc32c(0, page, HEADER_CRC_OFF));
}

static void header_get_meta(rz_reader *reader, size_t off, rz_meta_ref *out)
{
    reader->off = off;
    rz_meta_ref_decode(reader, out);
}

bool rz_header_decode_anyway(const uint8_t *page, rz_file_header *out)
{
    memset(out, 0, sizeof *out);
    if (memcmp(page, header_magic, sizeof header_magic) != 0) {
        return false;
    }
    out->format_version = rz_load_u32(page + 8);
    out->min_reader_version = rz_load_u32(page + 12);
    memcpy(out->uuid, page + 16, sizeof out->uuid);
    out->number = rz_load_u64(page + 32);
    out->flags = rz_load_u32(page + 40);
    out->row_group_rows = rz_load_u32(page + 44);
    out->csr_group_nodes = rz_load_u32(page + 48);
    out->page_count = rz_load_u64(page + 56);
    rz_reader reader; /* the fields lie inside it, so it cannot fail */
    rz_reader_init(&reader, page, HEADER_CRC_OFF);
    header_get_meta(&reader, 64, &out->catalog);
    header_get_meta(&reader, 96, &out->node_tables);
    header_get_meta(&reader, 128, &out->rel_tables);
    header_get_meta(&reader, 160, &out->free_space);
    out->log_generation = rz_load_u64(page + 192);
    out->folded_lsn = rz_load_u64(page + 200);
    out->log_salts[0] = rz_load_u64(page + 208);
    out->log_salts[1] = rz_load_u64(page + 216);
    out->last_timestamp = rz_load_u64(page + 224);
    return true;
}

rz_slot_state rz_header_decode(const uint8_t *page, rz_file_header *out)
{
    if (!rz_header_decode_anyway(page, out)) {
        return RZ_SLOT_FOREIGN;
    }
    if (rz_load_u32(page + HEADER_CRC_OFF) != rz_crc32c(0, page, HEADER_CRC_OFF)) {
        return out->format_version > RZ_FORMAT_VERSION ? RZ_SLOT_LATER : RZ_SLOT_DAMAGED;
    }
    return RZ_SLOT_VALID;
}

void rz_header_fill_new(rz_vfs *vfs, rz_file_header *out)
{
    memset(out, 0, sizeof *out);
    out->format_version = RZ_FORMAT_VERSION;
    out->min_reader_version = RZ_FORMAT_VERSION;
    out->number = 1;
    out->flags = RZ_HEADER_CLEAN;
    out->row_group_rows = RZ_ROW_GROUP_ROWS;
    out->csr_group_nodes = RZ_CSR_GROUP_NODES;
    out->page_count = RZ_HEADER_SLOTS;
    out->log_generation = 1;
    if (vfs != NULL) {
        vfs->random(vfs, out->uuid, sizeof out->uuid);
        vfs->random(vfs, out->log_salts, sizeof out->log_salts);
    }
    /* Version 4, variant 1, as other tools expect of a random uuid. */
    out->uuid[6] = (uint8_t)((out->uuid[6] & 0x0fu) | 0x40u);
    out->uuid[8] = (uint8_t)((out->uuid[8] & 0x3fu) | 0x80u);
}

/* ---- open ---- */

static RZ_COLD ruzu_status header_version_error(uint32_t version, rz_error *err)
{
    return rz_error_set(
        err, RUZU_ERROR_VERSION,
        "Trying to read a database file with a different version. Database file version: %u, Current build "
        "storage version: %u",
        version, RZ_FORMAT_VERSION);
}

/* Neither slot is valid: what kind of file is it? */
static RZ_COLD ruzu_status header_none_error(const rz_disk *disk, const rz_slot_state *states,
                                             const rz_file_header *headers, rz_error *err)
{
    bool damaged = false;
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS; i++) {
        if (states[i] == RZ_SLOT_LATER) {
            return header_version_error(headers[i].format_version, err);
        }
        damaged = damaged || states[i] == RZ_SLOT_DAMAGED;
    }
    if (damaged) {
        return rz_error_set(
            err, RUZU_ERROR_CORRUPT,
            "corrupt database: file '%s': both copies of the header are damaged ('ruzu salvage' reads what "
            "can still be read into a new file)",
            disk->path);
    }
    return rz_error_set(err, RUZU_ERROR_VERSION,
                        "Unable to open database. The file is not a valid ruzu database file!");
}

ruzu_status rz_header_fits(const rz_disk *disk, const rz_file_header *header, rz_error *err)
{
    if (header->format_version > RZ_FORMAT_VERSION) {
        return header_version_error(header->format_version, err);
    }
    if (header->row_group_rows != RZ_ROW_GROUP_ROWS || header->csr_group_nodes != RZ_CSR_GROUP_NODES) {
        return rz_error_set(
            err, RUZU_ERROR_VERSION,
            "Unable to open database file '%s': its row groups have %u rows and its CSR groups %u nodes, this "
            "build's %u and %u",
            disk->path, header->row_group_rows, header->csr_group_nodes, RZ_ROW_GROUP_ROWS, RZ_CSR_GROUP_NODES);
    }
    return RUZU_OK;
}

ruzu_status rz_header_pick(rz_disk *disk, const uint8_t *slots, rz_error *err)
{
    rz_file_header headers[RZ_HEADER_SLOTS];
    rz_slot_state states[RZ_HEADER_SLOTS];
    uint32_t picked = RZ_HEADER_SLOTS;
    disk->bad_slots = 0;
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS; i++) {
        states[i] = rz_header_decode(slots + (size_t)i * RZ_PAGE_SIZE, &headers[i]);
        if (states[i] != RZ_SLOT_VALID) {
            disk->bad_slots++;
        } else if (picked == RZ_HEADER_SLOTS || headers[i].number > headers[picked].number) {
            picked = i;
        }
    }
    if (picked == RZ_HEADER_SLOTS) {
        return header_none_error(disk, states, headers, err);
    }
    const rz_file_header *header = &headers[picked];
    RZ_TRY(rz_header_fits(disk, header, err));
    uint32_t other = (picked + 1) % RZ_HEADER_SLOTS;
    disk->stale_slot = states[other] == RZ_SLOT_VALID && headers[other].number != header->number;
    disk->header = *header;
    disk->picked_slot = picked;
    memcpy(disk->uuid, header->uuid, sizeof disk->uuid);
    return RUZU_OK;
}

ruzu_status rz_header_claim(rz_disk *disk, rz_error *err)
{
    const struct {
        const rz_meta_ref *ref;
        const char *what;
    } parts[] = {
        {&disk->header.catalog, "catalog"},
        {&disk->header.node_tables, "node tables"},
        {&disk->header.rel_tables, "relationship tables"},
        {&disk->header.free_space, "free space"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const rz_meta_ref *ref = parts[i].ref;
        if (ref->range.start != 0 || ref->range.count != 0 || ref->size_bytes != 0) {
            RZ_TRY(rz_disk_claim(disk, ref->range, parts[i].what, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_disk_header_empty(const rz_disk *disk, const rz_file_header *header, rz_error *err)
{
    if (header->node_tables.range.count != 0 || header->rel_tables.range.count != 0 || header->last_timestamp != 0) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT,
                            "corrupt database: file '%s': the header names no catalog, but the database has been written to",
                            disk->path);
    }
    return RUZU_OK;
}

/* ---- writing ---- */

typedef struct header_job {
    rz_file_header header;
    uint8_t *list; /* owned; the free list, whole pages */
    uint64_t list_capacity;
} header_job;

/* Moves what `from` has of `within` to `to`. Pages that cannot be noted for want of memory are lost: unused, never used
 * twice. */
static void header_move(rz_disk *disk, rz_page_set *from, rz_page_set *to, rz_page_range within)
{
    rz_page_range piece;
    uint64_t end = rz_page_range_end(within);
    uint64_t page = within.start;
    while (page < end && rz_page_set_next(from, page, &piece) && piece.start < end) {
        uint64_t stop = rz_page_range_end(piece) < end ? rz_page_range_end(piece) : end;
        piece.start = piece.start > page ? piece.start : page;
        piece.count = stop - piece.start;
        uint64_t taken = rz_page_set_cut(from, piece);
        disk->lost_pages += taken - (rz_page_set_add(to, piece) ? piece.count : 0);
        page = stop;
    }
}

static void header_move_all(rz_disk *disk, rz_page_set *from, rz_page_set *to)
{
    rz_page_range range;
    while (rz_page_set_next(from, 0, &range)) {
        header_move(disk, from, to, range);
    }
}

/* Pages that a log will still name after this header stay pending. */
static void header_keep_logged(rz_disk *disk, uint64_t log_generation)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (disk->logged_generation[i] < log_generation) {
            continue;
        }
        rz_page_range range;
        for (uint64_t page = 0; rz_page_set_next(&disk->logged[i], page, &range); page = rz_page_range_end(range)) {
            header_move(disk, &disk->closing, &disk->pending, range);
        }
    }
}

/* Back to the state before header_begin; pages freed meanwhile are pending already. */
static void header_undo(rz_disk *disk, rz_page_range list_range)
{
    rz_page_range old_list = disk->header.free_space.range;
    if (old_list.count > 0) {
        header_move(disk, &disk->closing, &disk->used, old_list);
    }
    header_move_all(disk, &disk->closing, &disk->pending);
    header_move_all(disk, &disk->fresh_before, &disk->fresh);
    header_move_all(disk, &disk->held_next, &disk->held);
    if (list_range.count > 0) {
        (void)rz_page_set_cut(&disk->used, list_range);
        (void)rz_page_set_cut(&disk->fresh, list_range);
        if (!rz_space_give(&disk->space, list_range)) {
            disk->lost_pages += list_range.count;
        }
    }
    disk->writing_header = false;
}

static ruzu_status header_make_list(rz_disk *disk, header_job *job, rz_error *err)
{
    uint64_t bound = rz_free_list_bound(disk);
    if (bound == 0) {
        job->header.page_count = disk->space.end;
        return RUZU_OK;
    }
    uint64_t pages = (bound + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
    job->list = (uint8_t *)rz_mem_calloc(disk->mem, (size_t)pages, RZ_PAGE_SIZE);
    RZ_TRY_ALLOC(job->list, err, "writing the free list");
    job->list_capacity = pages * RZ_PAGE_SIZE;
    rz_meta_ref *ref = &job->header.free_space;
    RZ_TRY(rz_disk_allocate_locked(disk, pages, RZ_MAX_PAGES, &ref->range, err));
    ref->size_bytes = rz_free_list_encode(disk, job->list, &job->header.page_count);
    ref->crc = rz_meta_crc(disk, ref->range.start, job->list, ref->size_bytes);
    return RUZU_OK;
}

static ruzu_status header_begin(rz_disk *disk, header_job *job, rz_error *err)
{
    if (!rz_page_nodes_reserve(&disk->nodes,
                               DISK_SPARE_NODES + 2 * disk->logged[0].range_count + 2 * disk->logged[1].range_count)) {
        return rz_error_no_memory(err, "writing a header");
    }
    disk->closing = disk->pending;
    rz_page_set_init(&disk->pending, &disk->nodes, false);
    header_keep_logged(disk, job->header.log_generation);
    if (disk->header.free_space.range.count > 0) {
        header_move(disk, &disk->used, &disk->closing, disk->header.free_space.range);
    }
    ruzu_status status = header_make_list(disk, job, err);
    if (status != RUZU_OK) {
        header_undo(disk, job->header.free_space.range);
        return status;
    }
    disk->fresh_before = disk->fresh;
    rz_page_set_init(&disk->fresh, &disk->nodes, false);
    disk->writing_header = true;
    return RUZU_OK;
}

/* Step (1): an error before its sync leaves a disk that is as good as before. */
static ruzu_status header_write_list(rz_disk *disk, const header_job *job, rz_error *err)
{
    const rz_meta_ref *ref = &job->header.free_space;
    if (ref->range.count > 0) {
        RZ_TRY(rz_disk_write(disk, ref->range.start, ref->range.count, job->list, err));
    }
    return RZ_MUTANT_IS(1) ? RUZU_OK : rz_disk_sync(disk, err);
}

static ruzu_status header_settle_locked(rz_disk *disk, rz_error *err)
{
    uint8_t page[RZ_PAGE_SIZE];
    RZ_TRY(rz_disk_sync(disk, err)); /* the picked slot, too, may not have been synced by who wrote it */
    if (disk->stale_slot) {
        uint64_t off = (uint64_t)((disk->picked_slot + 1) % RZ_HEADER_SLOTS) * RZ_PAGE_SIZE;
        rz_header_encode(&disk->header, page);
        ruzu_status status = disk->vfs->write(disk->file, page, sizeof page, off);
        if (status != RUZU_OK) {
            return rz_disk_fatal(disk, status, errno, "write the header of", off, sizeof page, err);
        }
        RZ_TRY(rz_disk_sync(disk, err));
        disk->stale_slot = false;
    }
    return RUZU_OK;
}

ruzu_status rz_disk_settle(rz_disk *disk, rz_error *err)
{
    if (atomic_load_explicit(&disk->settled, memory_order_acquire)) {
        return RUZU_OK;
    }
    rz_mutex_lock(&disk->header_mutex);
    ruzu_status status = RUZU_OK;
    if (!atomic_load_explicit(&disk->settled, memory_order_relaxed)) {
        status = header_settle_locked(disk, err);
        if (status == RUZU_OK) {
            atomic_store_explicit(&disk->settled, true, memory_order_release);
        }
    }
    rz_mutex_unlock(&disk->header_mutex);
    return status;
}

/* Steps (2) and (3). */
static ruzu_status header_write_slots(rz_disk *disk, const rz_file_header *header, rz_error *err)
{
    uint8_t page[RZ_PAGE_SIZE];
    rz_header_encode(header, page);
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS; i++) {
        uint32_t slot = RZ_MUTANT_IS(4) ? 0 : (disk->picked_slot + 1 + i) % RZ_HEADER_SLOTS;
        uint64_t off = (uint64_t)slot * RZ_PAGE_SIZE;
        ruzu_status status = disk->vfs->write(disk->file, page, sizeof page, off);
        if (status != RUZU_OK) {
            return rz_disk_fatal(disk, status, errno, "write the header of", off, sizeof page, err);
        }
        if (RZ_MUTANT_IS(9) && i == 1) {
            break;
        }
        RZ_TRY(rz_disk_sync(disk, err));
    }
    return RUZU_OK;
}

static void header_end(rz_disk *disk, const rz_file_header *header)
{
    /* Somebody may be reading by way of the old header. */
    header_move_all(disk, &disk->closing, disk->guards == 0 ? &disk->space.free : &disk->pending);
    rz_page_set_clear(&disk->fresh_before);
    for (uint32_t i = 0; i < 2; i++) {
        if (disk->logged_generation[i] < header->log_generation) {
            rz_page_set_clear(&disk->logged[i]);
        }
    }
    /* Held pages are in neither slot now. Without memory to note it they are merely reused later. */
    rz_page_range range;
    for (uint64_t page = 0; disk->guards == 0 && rz_page_set_next(&disk->held, page, &range);
         page = rz_page_range_end(range)) {
        if (rz_page_set_overlaps(&disk->logged[0], range) || rz_page_set_overlaps(&disk->logged[1], range)) {
            continue; /* a live log names some of them */
        }
        (void)rz_page_set_cut(&disk->fresh, range);
        if (!rz_page_set_add(&disk->fresh, range)) {
            break;
        }
    }
    header_move_all(disk, &disk->held_next, &disk->held);
    disk->header = *header;
    disk->bad_slots = 0;
    disk->writing_header = false;
    rz_disk_note_space(disk, true);
    (void)rz_space_trim(&disk->space);
    /* Under the mutex, so that no page of the tail is given out meanwhile. A refusal costs space only. */
    if (disk->file_pages > disk->space.end &&
        disk->vfs->truncate(disk->file, disk->space.end * RZ_PAGE_SIZE) == RUZU_OK) {
        disk->file_pages = disk->space.end;
    }
}

static ruzu_status header_write_file(rz_disk *disk, header_job *job, rz_error *err)
{
    RZ_TRY(rz_disk_check_healthy(disk, err));
    rz_mutex_lock(&disk->mutex);
    ruzu_status status = header_begin(disk, job, err);
    rz_mutex_unlock(&disk->mutex);
    if (status != RUZU_OK) {
        return status;
    }
    status = RZ_MUTANT_IS(2) ? header_write_slots(disk, &job->header, err) : RUZU_OK;
    status = status == RUZU_OK ? header_write_list(disk, job, err) : status;
    if (status != RUZU_OK) {
        rz_mutex_lock(&disk->mutex);
        header_undo(disk, job->header.free_space.range);
        rz_mutex_unlock(&disk->mutex);
        return status;
    }
    /* A failure from here on leaves the marks as they are: the disk is broken, and nothing that either header relies on
     * may be reused. Pages freed meanwhile are pending and stay so. */
    RZ_TRY(header_write_slots(disk, &job->header, err));
    rz_mutex_lock(&disk->mutex);
    header_end(disk, &job->header);
    rz_mutex_unlock(&disk->mutex);
    return RUZU_OK;
}

ruzu_status rz_disk_header_write(rz_disk *disk, const rz_file_header *header, rz_error *err)
{
    if (disk->read_only) {
        return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot write to file '%s': it is open read-only", disk->path);
    }
    RZ_TRY(rz_disk_settle(disk, err));
    header_job job;
    memset(&job, 0, sizeof job);
    rz_mutex_lock(&disk->header_mutex);
    job.header = *header;
    job.header.format_version = RZ_FORMAT_VERSION;
    job.header.min_reader_version = RZ_FORMAT_VERSION;
    memcpy(job.header.uuid, disk->uuid, sizeof disk->uuid);
    job.header.number = disk->header.number + 1;
    job.header.row_group_rows = RZ_ROW_GROUP_ROWS;
    job.header.csr_group_nodes = RZ_CSR_GROUP_NODES;
    memset(&job.header.free_space, 0, sizeof job.header.free_space);
    ruzu_status status = RUZU_OK;
    if (disk->in_memory) {
        job.header.page_count = rz_disk_page_count(disk);
        disk->header = job.header;
    } else {
        status = header_write_file(disk, &job, err);
    }
    rz_mem_free(disk->mem, job.list, (size_t)job.list_capacity);
    rz_mutex_unlock(&disk->header_mutex);
    return status;
}
