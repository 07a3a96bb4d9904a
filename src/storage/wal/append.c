/* SPDX-License-Identifier: MIT */
/*
 * Writing a transaction's records at the end of the log.
 *
 * Space is taken before the first byte is written, so that a full disk costs nothing. Small transactions go out in one write. After a failed write the file may hold any
 * part of the group, its COMMIT included: it is cut off at the old end and synced, and only then is it certain that the transaction will never be seen.
 */
#include "storage/wal/log.h"

typedef struct wal_writer {
    rz_wal *wal;
    rz_log_file *log;
    uint64_t salt;
    uint64_t off;  /* of the buffer in the file */
    size_t fill;
    uint64_t lsn;  /* of the next record */
    uint64_t txid;
    uint32_t crc;  /* of the record before */
    bool touched;  /* a write was begun */
    bool io_error; /* one failed, and not for want of space */
    rz_error *err;
} wal_writer;

static ruzu_status wal_write_out(wal_writer *writer)
{
    if (writer->fill == 0) {
        return RUZU_OK;
    }
    writer->touched = true;
    ruzu_status status = writer->wal->vfs->write(writer->log->file, writer->wal->buffer, writer->fill, writer->off);
    if (status != RUZU_OK) {
        writer->io_error = status != RUZU_ERROR_DISK_FULL;
        return rz_log_io_error(writer->err, status, errno, "write to", writer->log->path, writer->off, writer->fill);
    }
    writer->off += writer->fill;
    writer->fill = 0;
    return RUZU_OK;
}

/* Room for a record with so much payload: where the payload goes is *out. */
static ruzu_status wal_record_begin(wal_writer *writer, uint32_t size, uint8_t **out)
{
    *out = NULL;
    if (writer->fill != 0 && writer->fill + rz_log_record_size(size) > LOG_WRITE) {
        RZ_TRY(wal_write_out(writer));
    }
    RZ_ASSERT(writer->fill + rz_log_record_size(size) <= LOG_BUFFER);
    *out = writer->wal->buffer + writer->fill + LOG_HEAD;
    return RUZU_OK;
}

static void wal_record_end(wal_writer *writer, uint16_t type, uint16_t flags, uint32_t size)
{
    rz_log_record record = {.size = size, .type = type, .flags = flags, .lsn = writer->lsn++, .txid = writer->txid, .crc_before = writer->crc};
    writer->fill += rz_log_record_finish(writer->wal->buffer + writer->fill, &record, writer->salt, writer->off + writer->fill, &writer->crc);
}

/* One record of the redo, in as many of the log as it takes. */
static ruzu_status wal_write_one(wal_writer *writer, rz_spool_reader *reader)
{
    uint8_t head[REDO_HEAD];
    RZ_TRY(rz_spool_read(reader, head, sizeof head, writer->err));
    uint64_t left = rz_load_u64(head);
    uint16_t type = (uint16_t)rz_load_u64(head + 8);
    do {
        uint32_t size = left < LOG_CHUNK ? (uint32_t)left : LOG_CHUNK;
        uint8_t *payload = NULL;
        RZ_TRY(wal_record_begin(writer, size, &payload));
        RZ_TRY(rz_spool_read(reader, payload, size, writer->err));
        left -= size;
        wal_record_end(writer, type, left != 0 ? LOG_MORE : 0, size);
    } while (left != 0);
    return RUZU_OK;
}

static ruzu_status wal_write_group(wal_writer *writer, const rz_redo *redo, uint64_t timestamp, uint64_t synced_off)
{
    uint8_t *payload = NULL;
    uint64_t begin_off = writer->off;
    RZ_TRY(wal_record_begin(writer, LOG_BEGIN_PAYLOAD, &payload));
    rz_store_u64(payload, timestamp);
    wal_record_end(writer, RZ_WAL_BEGIN, 0, LOG_BEGIN_PAYLOAD);

    rz_spool_reader reader;
    rz_spool_reader_init(&reader, &redo->spool);
    ruzu_status status = RUZU_OK;
    for (uint64_t i = 0; i < redo->count && status == RUZU_OK; i++) {
        status = wal_write_one(writer, &reader);
    }
    rz_spool_reader_deinit(&reader);
    RZ_TRY(status);

    RZ_TRY(wal_record_begin(writer, LOG_COMMIT_PAYLOAD, &payload));
    rz_store_u64(payload, timestamp);
    rz_store_u64(payload + 8, begin_off);
    rz_store_u64(payload + 16, synced_off);
    wal_record_end(writer, RZ_WAL_COMMIT, 0, LOG_COMMIT_PAYLOAD);
    return wal_write_out(writer);
}

/* Blocks for [0, end): DISK_FULL here, not later. */
static ruzu_status wal_take_space(rz_wal *wal, rz_log_file *log, uint64_t end, rz_error *err)
{
    if (end <= log->size) {
        return RUZU_OK;
    }
    uint64_t target = (end + wal->step - 1) / wal->step * wal->step;
    ruzu_status status = wal->vfs->reserve(log->file, target);
    if (status == RUZU_ERROR_DISK_FULL && target != end) {
        target = end; /* the last of the space, to the byte */
        status = wal->vfs->reserve(log->file, target);
    }
    if (status != RUZU_OK) {
        return rz_log_io_error(err, status, errno, "take space for", log->path, log->size, target - log->size);
    }
    log->size = target;
    return RUZU_OK;
}

/*
 * Makes sure that nothing of a group that was not written whole is ever found. No sync of a committer may run beside this one: the system would report a failure to one of the two
 * only. What this sync covers of commits before is durable, too.
 */
static ruzu_status wal_undo(rz_wal *wal, rz_log_file *log, const rz_error *first, rz_error *err)
{
    char cause[64];
    if (!rz_wal_sync_begin(wal)) {
        return rz_error_set(err, RUZU_ERROR_OUTCOME_UNKNOWN,
                            "The commit may or may not survive: %s. A sync failed before it could be undone. Open the database again to see.",
                            first->message);
    }
    const char *operation = "cut off";
    ruzu_status status = wal->vfs->truncate(log->file, wal->end);
    if (status == RUZU_OK) {
        operation = "sync";
        status = wal->vfs->sync(log->file, false);
    }
    int errno_value = errno;
    rz_mutex_lock(&wal->mutex);
    if (status == RUZU_OK) {
        log->size = wal->end;
        wal->synced_lsn = wal->written_lsn;
        wal->synced_off = wal->end;
    } else {
        (void)rz_os_error_text(errno_value, cause, sizeof cause);
        rz_wal_poison(wal, first->message);
        status = rz_error_set(err, RUZU_ERROR_OUTCOME_UNKNOWN,
                              "The commit may or may not survive: %s. It could not be undone (%s the log '%s': %s). Open the database again to see.",
                              first->message, operation, log->path, cause);
    }
    rz_mutex_unlock(&wal->mutex);
    rz_wal_sync_end(wal);
    return status;
}

ruzu_status rz_wal_append(rz_wal *wal, const rz_redo *redo, uint64_t txid, uint64_t commit_timestamp, uint64_t *out_lsn, rz_error *err)
{
    *out_lsn = 0;
    if (!wal->ready || redo->failed) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "A commit %s.", redo->failed ? "whose records are incomplete" : "before the log is ready");
    }
    RZ_TRY(rz_wal_check(wal, err));
    rz_error cause;
    rz_error_init(&cause);
    rz_mutex_lock(&wal->mutex);
    wal_writer writer = {.wal = wal,
                         .log = wal_file_of(wal, wal->generation),
                         .salt = wal->salt,
                         .off = wal->end,
                         .lsn = wal->written_lsn + 1,
                         .txid = txid,
                         .crc = wal->last_crc,
                         .err = &cause};
    uint64_t synced_off = wal->synced_off;
    rz_mutex_unlock(&wal->mutex);

    uint64_t end = 0;
    uint64_t bytes = rz_log_record_size(LOG_BEGIN_PAYLOAD) + rz_log_record_size(LOG_COMMIT_PAYLOAD);
    if (rz_add_overflow(bytes, redo->log_bytes, &bytes) || rz_add_overflow(bytes, writer.off, &end) || end > INT64_MAX - LOG_STEP) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "The transaction is too large for the log (%llu bytes).", (unsigned long long)redo->bytes);
    }
    RZ_TRY(wal_take_space(wal, writer.log, end, err));
    ruzu_status status = wal_write_group(&writer, redo, commit_timestamp, synced_off);
    RZ_ASSERT(status != RUZU_OK || (writer.off == end && writer.lsn == wal->written_lsn + 3 + redo->log_count));
    if (status != RUZU_OK) {
        if (writer.touched && !RZ_MUTANT_IS(12)) {
            RZ_TRY(wal_undo(wal, writer.log, &cause, err));
        }
        if (writer.io_error) {
            rz_mutex_lock(&wal->mutex);
            rz_wal_poison(wal, cause.message);
            rz_mutex_unlock(&wal->mutex);
        }
        if (err != NULL) {
            (void)rz_error_copy(err, &cause);
        }
        return status;
    }
    rz_mutex_lock(&wal->mutex);
    wal->end = writer.off;
    wal->last_crc = writer.crc;
    wal->written_lsn = writer.lsn - 1;
    *out_lsn = wal->written_lsn;
    rz_mutex_unlock(&wal->mutex);
    return RUZU_OK;
}
