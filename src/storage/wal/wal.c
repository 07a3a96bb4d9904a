/* SPDX-License-Identifier: MIT */
/*
 * The object of both logs: opening and closing, syncs shared by committers, and the state after a failure.
 *
 * States of a log, per process:
 *
 *     rz_wal_open ──► opened ──rz_wal_recover──► decided ──rz_wal_resume──► ready ──► … ──rz_wal_close
 *                                                                             │ failed sync, failed undo of a write, EIO
 *                                                                             ▼
 *                                                                          poisoned: takes no records and syncs nothing
 */
#include "storage/wal/log.h"

#include <stdio.h>

static char *wal_name(rz_mem *mem, const char *path, size_t path_size, const char *suffix)
{
    size_t suffix_size = strlen(suffix) + 1;
    char *name = (char *)rz_mem_alloc(mem, path_size - 1 + suffix_size);
    if (name != NULL) {
        memcpy(name, path, path_size - 1);
        memcpy(name + path_size - 1, suffix, suffix_size);
    }
    return name;
}

static void wal_destroy(rz_wal *wal)
{
    for (uint32_t i = 0; i < 2; i++) {
        if (wal->files[i].path != NULL) {
            rz_mem_free(wal->mem, wal->files[i].path, strlen(wal->files[i].path) + 1);
        }
    }
    rz_mem_free(wal->mem, wal->path, wal->path_size);
    rz_mem_free(wal->mem, wal->buffer, LOG_BUFFER);
    rz_mem_free(wal->mem, wal, sizeof *wal);
}

ruzu_status rz_wal_open(rz_vfs *vfs, rz_mem *mem, const char *path, bool read_only, rz_wal **out, rz_error *err)
{
    *out = NULL;
    rz_wal *wal = (rz_wal *)rz_mem_calloc(mem, 1, sizeof *wal);
    RZ_TRY_ALLOC(wal, err, "opening a log");
    wal->vfs = vfs;
    wal->mem = mem;
    wal->read_only = read_only;
    wal->step = LOG_STEP;
    wal->path_size = strlen(path) + 1;
    wal->path = wal_name(mem, path, wal->path_size, "");
    if (wal->path != NULL) {
        wal->files[1].path = wal_name(mem, path, wal->path_size, ".wal");
        wal->files[0].path = wal_name(mem, path, wal->path_size, ".wal2");
    }
    if (wal->files[0].path == NULL || wal->files[1].path == NULL || rz_mutex_init(&wal->mutex) != RUZU_OK) {
        wal_destroy(wal);
        return rz_error_no_memory(err, "opening a log");
    }
    if (rz_cond_init(&wal->changed) != RUZU_OK) {
        rz_mutex_destroy(&wal->mutex);
        wal_destroy(wal);
        return rz_error_no_memory(err, "opening a log");
    }
    *out = wal;
    return RUZU_OK;
}

static ruzu_status wal_remove_files(rz_wal *wal, rz_error *err)
{
    bool removed = false;
    for (uint32_t i = 0; i < 2; i++) {
        ruzu_status status = wal->vfs->remove(wal->vfs, wal->files[i].path);
        if (status != RUZU_OK && errno != ENOENT) {
            return rz_log_io_error(err, status, errno, "remove", wal->files[i].path, 0, 0);
        }
        removed = removed || status == RUZU_OK;
    }
    if (removed) {
        ruzu_status status = wal->vfs->sync_dir(wal->vfs, wal->path);
        if (status != RUZU_OK) {
            return rz_log_io_error(err, status, errno, "sync the directory of", wal->path, 0, 0);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_wal_close(rz_wal *wal, bool remove_files, rz_error *err)
{
    if (wal == NULL) {
        return RUZU_OK;
    }
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < 2; i++) {
        if (wal->files[i].file != NULL) {
            ruzu_status closed = wal->vfs->close(wal->files[i].file);
            if (closed != RUZU_OK) {
                status = rz_log_io_error(err, closed, errno, "close", wal->files[i].path, 0, 0);
            }
        }
    }
    if (remove_files && status == RUZU_OK && !wal->read_only && !wal->failed) {
        status = wal_remove_files(wal, err);
    }
    rz_cond_destroy(&wal->changed);
    rz_mutex_destroy(&wal->mutex);
    wal_destroy(wal);
    return status;
}

/* ---- the state after a failure ---- */

void rz_wal_poison(rz_wal *wal, const char *cause)
{
    if (!wal->failed) {
        wal->failed = true;
        (void)snprintf(wal->cause, sizeof wal->cause, "%s", cause);
    }
    rz_cond_broadcast(&wal->changed);
}

ruzu_status rz_wal_poisoned_error(const rz_wal *wal, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_POISONED, "The log of '%s' takes no more records until the database is opened again. First cause: %s",
                        wal->path, wal->cause);
}

ruzu_status rz_wal_check(rz_wal *wal, rz_error *err)
{
    rz_mutex_lock(&wal->mutex);
    ruzu_status status = wal->failed ? rz_wal_poisoned_error(wal, err) : RUZU_OK;
    rz_mutex_unlock(&wal->mutex);
    return status;
}

/* ---- syncing ---- */

bool rz_wal_sync_begin(rz_wal *wal)
{
    rz_mutex_lock(&wal->mutex);
    while (wal->syncing) {
        rz_cond_wait(&wal->changed, &wal->mutex);
    }
    bool healthy = !wal->failed;
    wal->syncing = healthy;
    rz_mutex_unlock(&wal->mutex);
    return healthy;
}

void rz_wal_sync_end(rz_wal *wal)
{
    rz_mutex_lock(&wal->mutex);
    wal->syncing = false;
    rz_cond_broadcast(&wal->changed);
    rz_mutex_unlock(&wal->mutex);
}

ruzu_status rz_wal_sync_file(rz_wal *wal, const rz_log_file *log, bool data_only, rz_error *err)
{
    if (RZ_MUTANT_IS(3)) {
        return RUZU_OK;
    }
    ruzu_status status = wal->vfs->sync(log->file, data_only);
    if (RZ_MUTANT_IS(11) && status != RUZU_OK) {
        status = wal->vfs->sync(log->file, data_only);
    }
    if (status == RUZU_OK) {
        return RUZU_OK;
    }
    rz_error cause;
    rz_error_init(&cause);
    (void)rz_log_io_error(&cause, status, errno, "sync", log->path, 0, 0);
    rz_mutex_lock(&wal->mutex);
    rz_wal_poison(wal, cause.message);
    status = rz_wal_poisoned_error(wal, err);
    rz_mutex_unlock(&wal->mutex);
    return status;
}

/* Syncs what is written by now; the caller has the right to sync, and the mutex, which is released meanwhile. */
static ruzu_status wal_sync_written(rz_wal *wal, rz_error *err)
{
    uint64_t generation = wal->generation;
    uint64_t lsn = wal->written_lsn;
    uint64_t end = wal->end;
    const rz_log_file *log = wal_file_of(wal, generation);
    rz_mutex_unlock(&wal->mutex);
    ruzu_status status = rz_wal_sync_file(wal, log, true, err);
    rz_mutex_lock(&wal->mutex);
    if (status == RUZU_OK) {
        wal->sync_count++;
        wal->synced_lsn = lsn > wal->synced_lsn ? lsn : wal->synced_lsn;
        if (generation == wal->generation && end > wal->synced_off) {
            wal->synced_off = end;
        }
    }
    return status;
}

ruzu_status rz_wal_sync(rz_wal *wal, uint64_t lsn, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&wal->mutex);
    RZ_ASSERT(lsn <= wal->written_lsn);
    lsn = lsn < wal->written_lsn ? lsn : wal->written_lsn;
    while (status == RUZU_OK && wal->synced_lsn < lsn) {
        if (wal->failed) {
            status = rz_wal_poisoned_error(wal, err);
        } else if (wal->syncing) {
            rz_cond_wait(&wal->changed, &wal->mutex);
        } else {
            wal->syncing = true;
            status = wal_sync_written(wal, err);
            wal->syncing = false;
            rz_cond_broadcast(&wal->changed);
        }
    }
    rz_mutex_unlock(&wal->mutex);
    return status;
}

/* ---- numbers ---- */

void rz_wal_positions_get(rz_wal *wal, rz_wal_positions *out)
{
    rz_mutex_lock(&wal->mutex);
    *out = (rz_wal_positions){.generation = wal->generation,
                              .size_bytes = wal->end > LOG_HEADER_BYTES ? wal->end - LOG_HEADER_BYTES : 0,
                              .written_lsn = wal->written_lsn,
                              .synced_lsn = wal->synced_lsn,
                              .sync_count = wal->sync_count,
                              .ready = wal->ready};
    rz_mutex_unlock(&wal->mutex);
}

uint64_t rz_wal_size_bytes(rz_wal *wal)
{
    rz_wal_positions positions;
    rz_wal_positions_get(wal, &positions);
    return positions.size_bytes;
}
