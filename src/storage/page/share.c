/* SPDX-License-Identifier: MIT */
/*
 * What others may do to the file, and what became of the handle: locks, the name of the file, health.
 *
 *     HEALTHY --(no space)--> FULL --(space again)--> HEALTHY           rz_disk_note_space; writes are tried all the same
 *     HEALTHY, FULL --(failed sync, lost name, …)--> POISONED           rz_disk_poison; never back
 */
#include "storage/page/disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DISK_POISON_NONE = 0, DISK_POISON_WRITING = 1, DISK_POISON_DONE = 2 };

/* ---- locks ---- */

ruzu_status rz_disk_locked_error(rz_error *err, const char *path, rz_lock_kind kind, uint64_t process)
{
    char who[64] = "Another process";
    if (process != 0) {
        (void)snprintf(who, sizeof who, "Process %llu", (unsigned long long)process);
    }
    const char *how = kind == RZ_LOCK_EXCLUSIVE ? " for writing" : kind == RZ_LOCK_SHARED ? " for reading" : "";
    return rz_error_set(err, RUZU_ERROR_LOCKED,
                        "Could not set lock on file : %s\n%s has the database open%s. One writer excludes all others; any "
                        "number of processes may open it read-only together.",
                        path, who, how);
}

static bool share_lock_unsupported(int errno_value)
{
    return errno_value == ENOLCK || errno_value == EOPNOTSUPP || errno_value == ENOSYS || errno_value == EINVAL;
}

ruzu_status rz_disk_lock(rz_vfs *vfs, rz_file *file, const char *path, uint32_t flags, rz_lock_kind *out_kind, rz_error *err)
{
    bool read_only = (flags & RZ_DISK_READ_ONLY) != 0;
    rz_lock_kind wanted = read_only ? RZ_LOCK_SHARED : RZ_LOCK_EXCLUSIVE;
    *out_kind = RZ_LOCK_NONE;
    ruzu_status status = vfs->lock(file, wanted);
    if (status == RUZU_OK) {
        *out_kind = wanted;
        return RUZU_OK;
    }
    int cause = errno;
    if (status == RUZU_ERROR_LOCKED) {
        rz_lock_kind kind = RZ_LOCK_NONE;
        uint64_t process = 0;
        if (vfs->lock_holder != NULL) {
            vfs->lock_holder(file, wanted, &kind, &process);
        }
        return rz_disk_locked_error(err, path, kind, process);
    }
    if (!share_lock_unsupported(cause)) {
        return rz_disk_io_error(err, status, cause, "lock", path, 0, 0);
    }
    if (read_only || (flags & RZ_DISK_UNSAFE_NO_LOCK) != 0) {
        return RUZU_OK; /* a reader harms nobody; what a writer does meanwhile fails its checksums */
    }
    char text[64];
    return rz_error_set(err, RUZU_ERROR_IO,
                        "Cannot lock file '%s': %s. Without locks two programs could write to the database at once. If nobody "
                        "else opens it, for certain, open it with RUZU_OPEN_UNSAFE_NO_LOCK; or open it read-only.",
                        path, rz_os_error_text(cause, text, sizeof text));
}

/* ---- the name of the file ---- */

bool rz_disk_named(const rz_disk *disk)
{
    rz_file_ident opened;
    rz_file_ident named;
    if (disk->vfs->ident(disk->file, &opened) != RUZU_OK) {
        return true;
    }
    if (disk->vfs->ident_path(disk->vfs, disk->path, &named) != RUZU_OK) {
        return errno != ENOENT && errno != ENOTDIR;
    }
    return named.device == opened.device && named.inode == opened.inode;
}

ruzu_status rz_disk_check_name(rz_disk *disk, rz_error *err)
{
    if (disk->in_memory) {
        return RUZU_OK;
    }
    RZ_TRY(rz_disk_check_healthy(disk, err));
    if (rz_disk_named(disk)) {
        return RUZU_OK;
    }
    rz_error cause;
    rz_error_init(&cause);
    (void)rz_error_set(&cause, RUZU_ERROR_IO, "file '%s' was renamed or removed while open", disk->path);
    rz_disk_poison(disk, &cause);
    return rz_disk_check_healthy(disk, err);
}

/* ---- health ---- */

void rz_disk_poison(rz_disk *disk, const rz_error *cause)
{
    uint32_t expected = DISK_POISON_NONE;
    if (atomic_compare_exchange_strong_explicit(&disk->poison_state, &expected, DISK_POISON_WRITING, memory_order_acq_rel, memory_order_acquire)) {
        disk->poison = *cause;
        atomic_store_explicit(&disk->poison_state, DISK_POISON_DONE, memory_order_release); /* pairs with the acquire of readers */
    }
}

ruzu_status rz_disk_fatal(rz_disk *disk, ruzu_status status, int errno_value, const char *operation, uint64_t off, uint64_t size, rz_error *err)
{
    rz_error failure;
    rz_error_init(&failure);
    (void)rz_disk_io_error(&failure, status, errno_value, operation, disk->path, off, size);
    rz_disk_poison(disk, &failure);
    return err == NULL ? status : rz_error_copy(err, &failure);
}

bool rz_disk_is_poisoned(const rz_disk *disk)
{
    return atomic_load_explicit(&disk->poison_state, memory_order_acquire) != DISK_POISON_NONE;
}

static const char *share_cause(const rz_disk *disk)
{
    return atomic_load_explicit(&disk->poison_state, memory_order_acquire) == DISK_POISON_DONE ? disk->poison.message : "an earlier write failed";
}

ruzu_status rz_disk_check_healthy(const rz_disk *disk, rz_error *err)
{
    if (RZ_LIKELY(!rz_disk_is_poisoned(disk))) {
        return RUZU_OK;
    }
    return rz_error_set(err, RUZU_ERROR_POISONED, "The database takes no more writes until it is opened again. First cause: %s", share_cause(disk));
}

ruzu_status rz_disk_outcome_unknown(rz_disk *disk, const rz_error *cause, rz_error *err)
{
    rz_error first = *cause; /* may be err */
    rz_disk_poison(disk, &first);
    if (err != NULL) {
        rz_error_init(err); /* what is raised already is the cause */
    }
    return rz_error_set(err, RUZU_ERROR_OUTCOME_UNKNOWN,
                        "Whether the commit survives is not known: opening the database again decides it, and until then it takes no more writes. Cause: %s",
                        first.message);
}

void rz_disk_note_space(rz_disk *disk, bool enough)
{
    atomic_store_explicit(&disk->full, !enough, memory_order_relaxed);
}

void rz_disk_share_get(rz_disk *disk, rz_disk_share *out)
{
    memset(out, 0, sizeof *out);
    bool poisoned = rz_disk_is_poisoned(disk);
    out->health = poisoned ? RZ_DISK_POISONED : atomic_load_explicit(&disk->full, memory_order_relaxed) ? RZ_DISK_FULL : RZ_DISK_HEALTHY;
    out->cause = poisoned ? share_cause(disk) : NULL;
    out->lock = disk->lock;
    if (disk->file != NULL && disk->vfs->ident(disk->file, &out->ident) != RUZU_OK) {
        memset(&out->ident, 0, sizeof out->ident);
    }
}

const char *rz_disk_share_warning(const rz_disk_share *share)
{
    if (share->ident.link_count == 0) {
        return "The file was removed or replaced while open: what is written now has no name any more.";
    }
    if (share->ident.link_count > 1) {
        return "The file has several names (hard links). Its logs stand beside the name that it was opened by: after a crash open it by the same one.";
    }
    return share->lock == RZ_LOCK_NONE ? "The file system has no locks: nothing keeps other programs from writing to the file." : NULL;
}
