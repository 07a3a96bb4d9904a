/* SPDX-License-Identifier: MIT */
/*
 * Beginning a log: the first one of a session where recovery left off, and the next one at a checkpoint.
 *
 * The header of a log is written and synced, and its name made durable, before the first record is. A file that is used again keeps its blocks and whatever stands in
 * them: the records of another generation have another salt and smaller LSNs.
 */
#include "storage/wal/log.h"

static ruzu_status start_open_file(rz_wal *wal, rz_log_file *log, rz_error *err)
{
    if (log->file != NULL) {
        return RUZU_OK;
    }
    ruzu_status status = wal->vfs->open(wal->vfs, log->path, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &log->file);
    if (status != RUZU_OK) {
        log->file = NULL;
        return rz_log_io_error(err, status, errno, "create", log->path, 0, 0);
    }
    log->size = 0;
    log->name_synced = false;
    return RUZU_OK;
}

static ruzu_status start_sync_name(rz_wal *wal, rz_log_file *log, rz_error *err)
{
    if (log->name_synced || RZ_MUTANT_IS(20)) {
        return RUZU_OK;
    }
    ruzu_status status = wal->vfs->sync_dir(wal->vfs, log->path);
    if (status != RUZU_OK) {
        return rz_log_io_error(err, status, errno, "sync the directory of", log->path, 0, 0);
    }
    log->name_synced = true;
    return RUZU_OK;
}

/* size: what the file keeps at most. */
static ruzu_status start_cut(rz_wal *wal, rz_log_file *log, uint64_t size, rz_error *err)
{
    if (log->size <= size) {
        return RUZU_OK;
    }
    ruzu_status status = wal->vfs->truncate(log->file, size);
    if (status != RUZU_OK) {
        return rz_log_io_error(err, status, errno, "cut off", log->path, size, log->size - size);
    }
    log->size = size;
    return RUZU_OK;
}

/* Makes the file the empty log of a generation. Nothing in it is needed any more, so a failure is a clean one: the next try writes all of it again. */
static ruzu_status start_log(rz_wal *wal, uint64_t generation, uint64_t salt, uint64_t first_lsn, uint64_t keep, rz_error *err)
{
    rz_log_file *log = wal_file_of(wal, generation);
    uint8_t bytes[LOG_HEADER_BYTES];
    RZ_TRY(start_open_file(wal, log, err));
    RZ_TRY(start_cut(wal, log, keep, err));
    rz_log_header header = {.version = LOG_VERSION, .generation = generation, .salt = salt, .first_lsn = first_lsn};
    memcpy(header.uuid, wal->uuid, sizeof header.uuid);
    rz_log_header_encode(&header, bytes);
    ruzu_status status = wal->vfs->write(log->file, bytes, sizeof bytes, 0);
    if (status != RUZU_OK) {
        return rz_log_io_error(err, status, errno, "write the header of", log->path, 0, sizeof bytes);
    }
    log->size = log->size < sizeof bytes ? sizeof bytes : log->size;
    status = wal->vfs->sync(log->file, false);
    if (status != RUZU_OK) {
        return rz_log_io_error(err, status, errno, "sync", log->path, 0, 0);
    }
    RZ_TRY(start_sync_name(wal, log, err));
    log->state = LOG_VALID;
    log->generation = generation;
    log->salt = salt;
    log->end = LOG_HEADER_BYTES;
    log->drop = false;
    return RUZU_OK;
}

/* ---- where recovery left off ---- */

/* What stands in the file from now on is what recovery accepted, and it is durable. */
static ruzu_status start_settle(rz_wal *wal, rz_log_file *log, rz_error *err)
{
    if (log->file == NULL || (log->state != LOG_VALID && !log->drop)) {
        return RUZU_OK;
    }
    RZ_TRY(start_cut(wal, log, log->drop ? 0 : log->end, err));
    RZ_TRY(rz_wal_sync_file(wal, log, false, err));
    RZ_TRY(start_sync_name(wal, log, err));
    if (log->drop) {
        log->state = LOG_BAD; /* an empty file */
        log->drop = false;
    }
    return RUZU_OK;
}

static ruzu_status start_resume(rz_wal *wal, rz_error *err)
{
    rz_log_file *log = wal_file_of(wal, wal->header_generation);
    rz_log_file *next = wal_file_of(wal, wal->header_generation + 1);
    if (wal->buffer == NULL) {
        wal->buffer = (uint8_t *)rz_mem_alloc(wal->mem, LOG_BUFFER);
        RZ_TRY_ALLOC(wal->buffer, err, "opening a log");
    }
    /* The newer one first: while it holds commits, a shorter older one would be damage. */
    RZ_TRY(start_settle(wal, next, err));
    RZ_TRY(start_settle(wal, log, err));
    if (next->state != LOG_VALID && log->state != LOG_VALID) {
        uint64_t keep = log->state == LOG_OLD ? LOG_KEEP_STEPS * wal->step : 0;
        RZ_TRY(start_log(wal, wal->header_generation, wal->salt, wal->written_lsn + 1, keep, err));
    }
    return RUZU_OK;
}

ruzu_status rz_wal_resume(rz_wal *wal, rz_error *err)
{
    if (wal->read_only || !wal->recovered) {
        return rz_error_set(err, wal->read_only ? RUZU_ERROR_READ_ONLY : RUZU_ERROR_INTERNAL, "The log of '%s' cannot be written.", wal->path);
    }
    if (wal->ready) {
        return RUZU_OK;
    }
    RZ_TRY(rz_wal_check(wal, err));
    RZ_TRY(start_resume(wal, err));
    rz_mutex_lock(&wal->mutex);
    const rz_log_file *current = wal_file_of(wal, wal->generation);
    wal->salt = current->salt;
    wal->end = current->end;
    wal->synced_lsn = wal->written_lsn;
    wal->synced_off = wal->end;
    wal->ready = true;
    rz_mutex_unlock(&wal->mutex);
    return RUZU_OK;
}

/* ---- the next log ---- */

ruzu_status rz_wal_prepare(rz_wal *wal, uint64_t generation, uint64_t salt, rz_error *err)
{
    RZ_TRY(rz_wal_check(wal, err));
    rz_mutex_lock(&wal->mutex);
    uint64_t current = wal->generation;
    uint64_t first_lsn = wal->synced_lsn + 1; /* what is not synced may be lost, and its LSNs given again */
    rz_mutex_unlock(&wal->mutex);
    if (wal->ready && generation == current) {
        return RUZU_OK;
    }
    if (!wal->ready || generation != current + 1) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "Log generation %llu does not follow %llu.", (unsigned long long)generation,
                            (unsigned long long)current);
    }
    wal->prepared_generation = 0;
    RZ_TRY(start_log(wal, generation, salt, first_lsn, LOG_KEEP_STEPS * wal->step, err));
    wal->prepared_generation = generation;
    wal->prepared_salt = salt;
    return RUZU_OK;
}

ruzu_status rz_wal_switch(rz_wal *wal, uint64_t *out_lsn, rz_error *err)
{
    *out_lsn = 0;
    if (!wal->ready || wal->prepared_generation != wal->generation + 1) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "There is no log to switch to.");
    }
    RZ_TRY(rz_wal_check(wal, err));
    /* No commit may reach the newer log before all of the older one is durable. */
    RZ_TRY(rz_wal_sync(wal, wal->written_lsn, err));
    rz_mutex_lock(&wal->mutex);
    *out_lsn = wal->written_lsn;
    wal->generation = wal->prepared_generation;
    wal->salt = wal->prepared_salt;
    wal->end = LOG_HEADER_BYTES;
    wal->last_crc = 0;
    wal->synced_off = LOG_HEADER_BYTES;
    rz_mutex_unlock(&wal->mutex);
    wal->prepared_generation = 0;
    return RUZU_OK;
}
