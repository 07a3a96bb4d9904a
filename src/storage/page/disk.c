/* SPDX-License-Identifier: MIT */
/*
 * The disk object: opening, creating and closing the database file, and reading, writing and syncing its pages.
 *
 * A new file is built under another name and renamed, so that the real name means an absent, an empty or a whole
 * database. The lock belongs to the file, not to the name: whoever builds <path>.tmp holds its lock until the rename
 * and keeps it afterwards.
 */
#include "storage/page/disk.h"

#include <errno.h>
#include <string.h>

/* ---- messages ---- */

ruzu_status rz_disk_io_error(rz_error *err, ruzu_status status, int errno_value, const char *operation,
                             const char *path, uint64_t off, uint64_t size)
{
    char cause[64];
    (void)rz_os_error_text(errno_value, cause, sizeof cause);
    if (size == 0) {
        return rz_error_set(err, status, "Cannot %s file '%s': %s", operation, path, cause);
    }
    return rz_error_set(err, status, "Cannot %s file '%s' (offset %llu, %llu bytes): %s", operation, path,
                        (unsigned long long)off, (unsigned long long)size, cause);
}

static ruzu_status disk_read_only_error(const rz_disk *disk, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot write to file '%s': it is open read-only", disk->path);
}

/* ---- the object ---- */

ruzu_status rz_disk_alloc(rz_mem *mem, rz_vfs *vfs, const char *path, rz_disk **out, rz_error *err)
{
    *out = NULL;
    rz_disk *disk = (rz_disk *)rz_mem_calloc(mem, 1, sizeof *disk);
    RZ_TRY_ALLOC(disk, err, "opening a database");
    disk->mem = mem;
    disk->vfs = vfs;
    disk->in_memory = path == NULL;
    disk->private_first = UINT64_MAX;
    const char *name = path == NULL ? ":memory:" : path;
    disk->path_size = strlen(name) + 1;
    disk->path = (char *)rz_mem_alloc(mem, disk->path_size);
    if (disk->path == NULL || rz_mutex_init(&disk->mutex) != RUZU_OK) {
        goto no_path;
    }
    if (rz_mutex_init(&disk->header_mutex) != RUZU_OK) {
        goto no_header_mutex;
    }
    memcpy(disk->path, name, disk->path_size);
    uint64_t seed = 0;
    if (vfs != NULL) {
        vfs->random(vfs, &seed, sizeof seed);
    }
    rz_page_nodes_init(&disk->nodes, mem, seed);
    rz_space_init(&disk->space, &disk->nodes, RZ_HEADER_SLOTS);
    rz_page_set *const sets[] = {&disk->used, &disk->pending,   &disk->closing,   &disk->fresh,    &disk->fresh_before,
                                 &disk->held, &disk->held_next, &disk->awaited, &disk->logged[0], &disk->logged[1]};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        rz_page_set_init(sets[i], &disk->nodes, false);
    }
    disk->max_pages = RZ_MAX_PAGES;
    for (uint32_t i = 0; i < DISK_REGION_BLOCKS; i++) {
        atomic_init(&disk->regions.blocks[i], NULL);
    }
    atomic_init(&disk->poison_state, 0);
    atomic_init(&disk->full, false);
    atomic_init(&disk->settled, true);
    *out = disk;
    return RUZU_OK;

no_header_mutex:
    rz_mutex_destroy(&disk->mutex);
no_path:
    rz_mem_free(mem, disk->path, disk->path_size);
    rz_mem_free(mem, disk, sizeof *disk);
    return rz_error_no_memory(err, "opening a database");
}

void rz_disk_destroy(rz_disk *disk)
{
    if (disk == NULL) {
        return;
    }
    if (disk->file != NULL) {
        (void)disk->vfs->close(disk->file);
    }
    rz_memory_release(disk);
    rz_page_nodes_deinit(&disk->nodes);
    rz_mutex_destroy(&disk->header_mutex);
    rz_mutex_destroy(&disk->mutex);
    rz_mem *mem = disk->mem;
    rz_mem_free(mem, disk->path, disk->path_size);
    rz_mem_free(mem, disk, sizeof *disk);
}

ruzu_status rz_disk_close(rz_disk *disk, rz_error *err)
{
    if (disk == NULL) {
        return RUZU_OK;
    }
    ruzu_status status = RUZU_OK;
    if (disk->file != NULL) {
        status = disk->vfs->close(disk->file);
        disk->file = NULL;
        if (status != RUZU_OK) {
            status = rz_disk_io_error(err, status, errno, "close", disk->path, 0, 0);
        }
    }
    rz_disk_destroy(disk);
    return status;
}

/* ---- create ---- */

ruzu_status rz_disk_probe(rz_vfs *vfs, const char *path, bool *out_present, rz_error *err)
{
    *out_present = false;
    rz_file *file = NULL;
    ruzu_status status = vfs->open(vfs, path, RZ_OPEN_READ, &file);
    if (status != RUZU_OK) {
        return errno == ENOENT ? RUZU_OK : rz_disk_io_error(err, status, errno, "open", path, 0, 0);
    }
    uint64_t size = 0;
    status = vfs->size(file, &size);
    if (status != RUZU_OK) {
        (void)rz_disk_io_error(err, status, errno, "find the size of", path, 0, 0);
    }
    (void)vfs->close(file);
    *out_present = size > 0;
    return status;
}

/* Opens and locks <path>.tmp so that it is certain that the lock is on the file that has this name. */
static ruzu_status disk_lock_temporary(rz_disk *disk, const char *temporary, rz_error *err)
{
    rz_vfs *vfs = disk->vfs;
    rz_file *file = NULL;
    rz_file_ident opened;
    rz_file_ident named;
    ruzu_status status = vfs->open(vfs, temporary, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "create", temporary, 0, 0);
    }
    status = rz_disk_lock(vfs, file, temporary, disk->open_flags, &disk->lock, err);
    if (status != RUZU_OK) {
        (void)vfs->close(file);
        return status;
    }
    status = vfs->ident(file, &opened);
    status = status == RUZU_OK ? vfs->ident_path(vfs, temporary, &named) : status;
    if (status != RUZU_OK && errno != ENOENT) {
        (void)rz_disk_io_error(err, status, errno, "identify", temporary, 0, 0);
        (void)vfs->close(file);
        return status;
    }
    if (status != RUZU_OK || opened.device != named.device || opened.inode != named.inode) {
        /* Somebody else renamed it between the two calls: what we hold is their new database. */
        (void)vfs->close(file);
        return rz_disk_locked_error(err, disk->path, RZ_LOCK_EXCLUSIVE, 0);
    }
    disk->file = file;
    return RUZU_OK;
}

/* Writes the first headers into the locked temporary file and gives it its name. */
static ruzu_status disk_build(rz_disk *disk, const char *temporary, rz_error *err)
{
    rz_vfs *vfs = disk->vfs;
    uint8_t slots[RZ_HEADER_SLOTS][RZ_PAGE_SIZE];
    ruzu_status status = vfs->truncate(disk->file, 0);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "truncate", temporary, 0, 0);
    }
    for (uint32_t i = 0; i < RZ_HEADER_SLOTS; i++) {
        rz_header_encode(&disk->header, slots[i]);
    }
    status = vfs->write(disk->file, slots, sizeof slots, 0);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "write", temporary, 0, sizeof slots);
    }
    status = vfs->sync(disk->file, false);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "sync", temporary, 0, 0);
    }
    status = vfs->rename(vfs, temporary, disk->path);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "rename", temporary, 0, 0);
    }
    status = vfs->sync_dir(vfs, disk->path);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "sync the directory of", disk->path, 0, 0);
    }
    return RUZU_OK;
}

static ruzu_status disk_create_file(rz_disk *disk, rz_error *err)
{
    rz_vfs *vfs = disk->vfs;
    size_t size = disk->path_size + sizeof ".tmp" - 1;
    char *temporary = (char *)rz_mem_alloc(disk->mem, size);
    RZ_TRY_ALLOC(temporary, err, "creating a database");
    memcpy(temporary, disk->path, disk->path_size - 1);
    memcpy(temporary + disk->path_size - 1, ".tmp", sizeof ".tmp");

    bool present = false;
    ruzu_status status =
        rz_disk_probe(vfs, disk->path, &present, err); /* before anything is made beside a foreign file */
    if (status == RUZU_OK && !present) {
        status = disk_lock_temporary(disk, temporary, err);
    }
    if (status == RUZU_OK && !present) {
        /* Again, now that nobody else can build: another process may just have finished. */
        status = rz_disk_probe(vfs, disk->path, &present, err);
        if (status == RUZU_OK && !present) {
            status = disk_build(disk, temporary, err);
        }
        if (status != RUZU_OK || present) {
            (void)vfs->remove(vfs, temporary); /* absent when it is renamed already */
        }
    }
    if (status == RUZU_OK && present) {
        status = rz_disk_io_error(err, RUZU_ERROR_IO, EEXIST, "create", disk->path, 0, 0);
    }
    rz_mem_free(disk->mem, temporary, size);
    return status;
}

ruzu_status rz_disk_create(rz_vfs *vfs, rz_mem *mem, const char *path, rz_disk **out, rz_error *err)
{
    return rz_disk_create_as(vfs, mem, path, 0, out, err);
}

ruzu_status rz_disk_create_as(rz_vfs *vfs, rz_mem *mem, const char *path, uint32_t flags, rz_disk **out, rz_error *err)
{
    *out = NULL;
    rz_disk *disk = NULL;
    RZ_TRY(rz_disk_alloc(mem, vfs, path, &disk, err));
    disk->open_flags = flags;
    rz_header_fill_new(vfs, &disk->header);
    memcpy(disk->uuid, disk->header.uuid, sizeof disk->uuid);
    if (path != NULL) {
        ruzu_status status = disk_create_file(disk, err);
        if (status != RUZU_OK) {
            rz_disk_destroy(disk);
            return status;
        }
    }
    disk->file_pages = RZ_HEADER_SLOTS;
    *out = disk;
    return RUZU_OK;
}

/* ---- open ---- */

static ruzu_status disk_load(rz_disk *disk, rz_error *err)
{
    uint8_t slots[RZ_HEADER_SLOTS * RZ_PAGE_SIZE];
    memset(slots, 0, sizeof slots);
    size_t got = 0;
    if (disk->vfs->forget != NULL) {
        /* A slot whose sync failed may be seen without being there, and what the other one relies on must not be reused then. */
        disk->vfs->forget(disk->file, 0, sizeof slots);
    }
    ruzu_status status = disk->vfs->read(disk->file, slots, sizeof slots, 0, &got);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "read", disk->path, 0, sizeof slots);
    }
    uint64_t size = 0;
    status = disk->vfs->size(disk->file, &size);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "find the size of", disk->path, 0, 0);
    }
    RZ_TRY(rz_header_pick(disk, slots, err));
    atomic_store_explicit(&disk->settled, disk->read_only, memory_order_relaxed);
    const rz_file_header *header = &disk->header;
    if (header->page_count < RZ_HEADER_SLOTS || header->page_count > RZ_MAX_PAGES ||
        size / RZ_PAGE_SIZE < header->page_count) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT,
                            "corrupt database: file '%s': the header says %llu pages, the file has %llu bytes",
                            disk->path, (unsigned long long)header->page_count, (unsigned long long)size);
    }
    disk->space.end = header->page_count;
    disk->file_pages = size / RZ_PAGE_SIZE;
    if (disk->read_only) {
        disk->private_first = disk->file_pages;
        rz_space_init(&disk->private_space, &disk->nodes, disk->private_first);
    }
    RZ_TRY(rz_header_claim(disk, err));
    return rz_free_list_load(disk, err);
}

static ruzu_status disk_open_error(const rz_disk *disk, ruzu_status status, int errno_value, rz_error *err)
{
    if (!disk->read_only && (errno_value == EACCES || errno_value == EPERM || errno_value == EROFS)) {
        char cause[64];
        return rz_error_set(err, status, "Cannot open file '%s' for writing: %s (it may still open read-only)",
                            disk->path, rz_os_error_text(errno_value, cause, sizeof cause));
    }
    return rz_disk_io_error(err, status, errno_value, "open", disk->path, 0, 0);
}

ruzu_status rz_disk_open(rz_vfs *vfs, rz_mem *mem, const char *path, bool read_only, rz_disk **out, rz_error *err)
{
    return rz_disk_open_as(vfs, mem, path, read_only ? RZ_DISK_READ_ONLY : 0, out, err);
}

ruzu_status rz_disk_open_as(rz_vfs *vfs, rz_mem *mem, const char *path, uint32_t flags, rz_disk **out, rz_error *err)
{
    *out = NULL;
    rz_disk *disk = NULL;
    RZ_TRY(rz_disk_alloc(mem, vfs, path, &disk, err));
    bool read_only = (flags & RZ_DISK_READ_ONLY) != 0;
    disk->open_flags = flags;
    disk->read_only = read_only;
    ruzu_status status = vfs->open(vfs, path, read_only ? RZ_OPEN_READ : RZ_OPEN_WRITE, &disk->file);
    if (status != RUZU_OK) {
        disk->file = NULL;
        (void)disk_open_error(disk, status, errno, err);
        goto failed;
    }
    status = rz_disk_lock(vfs, disk->file, path, flags, &disk->lock, err);
    if (status != RUZU_OK) {
        goto failed;
    }
    if (!rz_disk_named(disk)) { /* replaced between the two calls: what is locked is not what others will open */
        status = rz_error_set(err, RUZU_ERROR_IO, "Cannot open file '%s': it was replaced at this moment", path);
        goto failed;
    }
    status = disk_load(disk, err);
    if (status != RUZU_OK) {
        goto failed;
    }
    *out = disk;
    return RUZU_OK;

failed:
    rz_disk_destroy(disk);
    return status;
}

/* ---- accessors ---- */

bool rz_disk_in_memory(const rz_disk *disk)
{
    return disk->in_memory;
}

bool rz_disk_read_only(const rz_disk *disk)
{
    return disk->read_only;
}

const char *rz_disk_path(const rz_disk *disk)
{
    return disk->path;
}

rz_vfs *rz_disk_vfs(const rz_disk *disk)
{
    return disk->vfs;
}

const rz_file_header *rz_disk_header(const rz_disk *disk)
{
    return &disk->header;
}

uint32_t rz_page_crc(const rz_disk *disk, uint64_t page_number, const void *page)
{
    uint8_t prefix[sizeof page_number + sizeof disk->uuid];
    rz_store_u64(prefix, RZ_MUTANT_IS(6) ? 0 : page_number);
    memcpy(prefix + sizeof page_number, disk->uuid, sizeof disk->uuid);
    return rz_crc32c(rz_crc32c(0, prefix, sizeof prefix), page, RZ_PAGE_SIZE);
}

/* ---- reading and writing pages ---- */

static ruzu_status disk_range_error(const rz_disk *disk, uint64_t first_page, uint64_t count, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: file '%s' has no %llu pages at page %llu",
                        disk->path, (unsigned long long)count, (unsigned long long)first_page);
}

static bool disk_range_sane(uint64_t first_page, uint64_t count)
{
    return first_page >= RZ_HEADER_SLOTS && count <= RZ_REGION_PAGES && first_page <= RZ_MAX_PAGES - count;
}

ruzu_status rz_disk_read(rz_disk *disk, uint64_t first_page, uint64_t count, void *out, rz_error *err)
{
    if (!disk_range_sane(first_page, count)) {
        return disk_range_error(disk, first_page, count, err);
    }
    size_t size = (size_t)(count * RZ_PAGE_SIZE);
    if (disk->in_memory || first_page >= disk->private_first) {
        const uint8_t *from = rz_memory_page(disk, first_page);
        if (from == NULL) {
            return disk_range_error(disk, first_page, count, err);
        }
        memcpy(out, from, size);
        return RUZU_OK;
    }
    size_t got = 0;
    uint64_t off = first_page * RZ_PAGE_SIZE;
    ruzu_status status = disk->vfs->read(disk->file, out, size, off, &got);
    if (status != RUZU_OK) {
        return rz_disk_io_error(err, status, errno, "read", disk->path, off, size);
    }
    if (got < size) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT,
                            "corrupt database: file '%s' page %llu: the file ends at byte %llu, before the page does",
                            disk->path, (unsigned long long)(first_page + got / RZ_PAGE_SIZE),
                            (unsigned long long)(off + got));
    }
    return RUZU_OK;
}

ruzu_status rz_disk_write(rz_disk *disk, uint64_t first_page, uint64_t count, const void *data, rz_error *err)
{
    if (!disk_range_sane(first_page, count)) {
        return disk_range_error(disk, first_page, count, err);
    }
    if (disk->read_only && first_page < disk->private_first) {
        return disk_read_only_error(disk, err);
    }
    size_t size = (size_t)(count * RZ_PAGE_SIZE);
    if (disk->in_memory || disk->read_only) {
        uint8_t *to = rz_memory_page(disk, first_page);
        if (to == NULL) {
            return disk_range_error(disk, first_page, count, err);
        }
        memcpy(to, data, size);
        return RUZU_OK;
    }
    uint64_t off = first_page * RZ_PAGE_SIZE;
    ruzu_status status = disk->vfs->write(disk->file, data, size, off);
    if (status != RUZU_OK) {
        int cause = errno;
        rz_disk_note_space(disk, status != RUZU_ERROR_DISK_FULL);
        return rz_disk_io_error(err, status, cause, "write", disk->path, off, size);
    }
    return RUZU_OK;
}

ruzu_status rz_disk_sync(rz_disk *disk, rz_error *err)
{
    if (disk->in_memory || disk->read_only) {
        return RUZU_OK;
    }
    RZ_TRY(rz_disk_check_healthy(disk, err));
    ruzu_status status = disk->vfs->sync(disk->file, true);
    if (RZ_MUTANT_IS(11) && status != RUZU_OK) {
        status = disk->vfs->sync(disk->file, true);
    }
    if (status != RUZU_OK) {
        return rz_disk_fatal(disk, status, errno, "sync", 0, 0, err);
    }
    return RUZU_OK;
}

ruzu_status rz_disk_reserve(rz_disk *disk, uint64_t page_count, rz_error *err)
{
    if (disk->in_memory || page_count == 0) {
        return RUZU_OK;
    }
    if (disk->read_only) {
        return disk_read_only_error(disk, err);
    }
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&disk->mutex); /* over the I/O on purpose: see allocate_grow_file */
    uint64_t end = disk->space.end;
    uint64_t wanted = page_count < RZ_MAX_PAGES - end ? end + page_count : RZ_MAX_PAGES;
    status = disk->vfs->reserve(disk->file, wanted * RZ_PAGE_SIZE);
    if (status != RUZU_OK) {
        (void)rz_disk_io_error(err, status, errno, "reserve space in", disk->path, end * RZ_PAGE_SIZE,
                               (wanted - end) * RZ_PAGE_SIZE);
    } else if (disk->file_pages < wanted) {
        disk->file_pages = wanted;
    }
    rz_mutex_unlock(&disk->mutex);
    rz_disk_note_space(disk, status != RUZU_ERROR_DISK_FULL);
    return status;
}
