/* SPDX-License-Identifier: MIT */
/*
 * Reading a log: records one by one through a window on the file, and the pass that finds how far the log is good and whether what is behind was ever promised to
 * anybody.
 *
 * Torn or damaged? Behind the first record that does not follow, commits are looked for at every multiple of 8; each can be checked alone, since its CRC covers the salt
 * and its own place. Unsynced writes reach the disk in any order, so a later commit alone proves nothing. But each says up to which offset the file had been synced when
 * it was written: beyond the bad place, that place had been durable, and its transaction acknowledged.
 */
#include "storage/wal/log.h"

#define LOG_COMMIT_BYTES (LOG_HEAD + LOG_COMMIT_PAYLOAD + LOG_TAIL)
RZ_STATIC_ASSERT(LOG_COMMIT_BYTES % 8 == 0, "a commit has no padding");

ruzu_status rz_log_reader_init(rz_log_reader *reader, const rz_wal *wal, const rz_log_file *log, uint8_t *buffer, rz_error *err)
{
    *reader = (rz_log_reader){.wal = wal, .log = log, .buffer = buffer};
    ruzu_status status = wal->vfs->size(log->file, &reader->size);
    return status == RUZU_OK ? RUZU_OK : rz_log_io_error(err, status, errno, "find the size of", log->path, 0, 0);
}

ruzu_status rz_log_read(rz_log_reader *reader, uint64_t off, size_t size, const uint8_t **out, rz_error *err)
{
    *out = NULL;
    RZ_ASSERT(size <= LOG_BUFFER);
    if (size > reader->size || off > reader->size - size) {
        return RUZU_OK;
    }
    if (off < reader->window_off || off - reader->window_off > reader->window_size ||
        size > reader->window_size - (size_t)(off - reader->window_off)) {
        uint64_t left = reader->size - off;
        size_t want = left < LOG_BUFFER ? (size_t)left : LOG_BUFFER;
        size_t got = 0;
        reader->window_size = 0;
        ruzu_status status = reader->wal->vfs->read(reader->log->file, reader->buffer, want, off, &got);
        if (status != RUZU_OK) {
            return rz_log_io_error(err, status, errno, "read", reader->log->path, off, want);
        }
        reader->window_off = off;
        reader->window_size = got;
        if (got < size) {
            return RUZU_OK;
        }
    }
    *out = reader->buffer + (size_t)(off - reader->window_off);
    return RUZU_OK;
}

ruzu_status rz_log_read_record(rz_log_reader *reader, uint64_t off, rz_log_record *out, bool *out_valid, rz_error *err)
{
    const uint8_t *bytes = NULL;
    *out_valid = false;
    memset(out, 0, sizeof *out);
    RZ_TRY(rz_log_read(reader, off, LOG_HEAD + LOG_TAIL, &bytes, err));
    if (bytes == NULL || rz_load_u32(bytes) > LOG_PAYLOAD_MAX) {
        return RUZU_OK;
    }
    uint32_t size = rz_log_record_size(rz_load_u32(bytes));
    RZ_TRY(rz_log_read(reader, off, size, &bytes, err));
    if (bytes == NULL) {
        return RUZU_OK;
    }
    out->crc = rz_load_u32(bytes + size - LOG_TAIL);
    if (out->crc != rz_log_crc(reader->log->salt, off, bytes, size - LOG_TAIL)) {
        return RUZU_OK;
    }
    out->size = rz_load_u32(bytes);
    out->type = rz_load_u16(bytes + 4);
    out->flags = rz_load_u16(bytes + 6);
    out->lsn = rz_load_u64(bytes + 8);
    out->txid = rz_load_u64(bytes + 16);
    out->crc_before = rz_load_u32(bytes + 24);
    out->payload = bytes + LOG_HEAD;
    *out_valid = true;
    return RUZU_OK;
}

/* ---- the records in order ---- */

/* Where a pass stands. */
typedef struct log_walk {
    uint64_t off;
    uint64_t last_lsn; /* of the record before */
    uint32_t last_crc;
    bool open; /* inside a transaction */
    uint64_t begin_off;
    uint64_t begin_lsn;
    uint64_t txid;
    uint64_t timestamp;
    uint16_t more;   /* the payload of this type goes on; 0: none does */
    uint64_t length; /* of the payload so far */
} log_walk;

static bool log_begin_follows(const log_walk *walk, const rz_log_record *record)
{
    return record->type == RZ_WAL_BEGIN && record->flags == 0 && record->size == LOG_BEGIN_PAYLOAD && record->lsn > walk->last_lsn;
}

static bool log_commit_follows(const log_walk *walk, const rz_log_record *record)
{
    return walk->more == 0 && record->flags == 0 && record->size == LOG_COMMIT_PAYLOAD && rz_load_u64(record->payload) == walk->timestamp &&
           rz_load_u64(record->payload + 8) == walk->begin_off && rz_load_u64(record->payload + 16) <= walk->begin_off;
}

static bool log_record_follows(const log_walk *walk, const rz_log_record *record)
{
    if ((record->crc_before != walk->last_crc && !RZ_MUTANT_IS(5)) || record->type == 0 || (record->flags & ~LOG_MORE) != 0) {
        return false;
    }
    if (!walk->open) {
        return log_begin_follows(walk, record);
    }
    if (record->lsn != walk->last_lsn + 1 || record->txid != walk->txid || record->type == RZ_WAL_BEGIN ||
        (walk->more != 0 && record->type != walk->more)) {
        return false;
    }
    return record->type != RZ_WAL_COMMIT || log_commit_follows(walk, record);
}

/* The record follows: steps behind it. */
static void log_walk_step(log_walk *walk, const rz_log_record *record)
{
    if (record->type == RZ_WAL_BEGIN) {
        walk->open = true;
        walk->begin_off = walk->off;
        walk->begin_lsn = record->lsn;
        walk->txid = record->txid;
        walk->timestamp = rz_load_u64(record->payload);
        walk->more = 0;
        walk->length = 0;
    } else {
        walk->length = (walk->more != 0 ? walk->length : 0) + record->size;
        walk->more = (record->flags & LOG_MORE) != 0 ? record->type : 0;
        walk->open = record->type != RZ_WAL_COMMIT;
    }
    walk->last_lsn = record->lsn;
    walk->last_crc = record->crc;
    walk->off += rz_log_record_size(record->size);
}

/* ---- commits behind the bad place ---- */

static bool log_commit_alone(const rz_log_reader *reader, const uint8_t *bytes, uint64_t off, uint64_t after_lsn)
{
    return rz_load_u32(bytes) == LOG_COMMIT_PAYLOAD && rz_load_u32(bytes + 4) == RZ_WAL_COMMIT && rz_load_u64(bytes + 8) > after_lsn &&
           rz_load_u32(bytes + LOG_COMMIT_BYTES - LOG_TAIL) == rz_log_crc(reader->log->salt, off, bytes, LOG_COMMIT_BYTES - LOG_TAIL);
}

static ruzu_status log_find_commits(rz_log_reader *reader, uint64_t from, uint64_t after_lsn, rz_log_scan *scan, rz_error *err)
{
    for (uint64_t off = (from + 7) & ~UINT64_C(7);; off += 8) {
        const uint8_t *bytes = NULL;
        RZ_TRY(rz_log_read(reader, off, LOG_COMMIT_BYTES, &bytes, err));
        if (bytes == NULL) {
            return RUZU_OK;
        }
        /* In the window there is no need to ask again. */
        const uint8_t *end = reader->buffer + reader->window_size - LOG_COMMIT_BYTES;
        for (;; bytes += 8, off += 8) {
            if (log_commit_alone(reader, bytes, off, after_lsn)) {
                uint64_t begin = rz_load_u64(bytes + LOG_HEAD + 8);
                uint64_t synced = rz_load_u64(bytes + LOG_HEAD + 16);
                if (scan->open_txid == 0 && begin <= scan->bad_off) {
                    scan->open_txid = rz_load_u64(bytes + 16);
                }
                scan->later_synced = synced > scan->later_synced && synced <= off ? synced : scan->later_synced;
                scan->later_count++;
                scan->seen_end = off + LOG_COMMIT_BYTES;
            }
            if (bytes + 8 > end) {
                break;
            }
        }
    }
}

/* The records in order, to the first that does not follow; the last LSN with it. */
static ruzu_status log_scan_ordered(rz_log_reader *reader, uint64_t first_lsn, uint64_t folded_lsn, rz_log_scan *out, uint64_t *out_last_lsn, rz_error *err)
{
    memset(out, 0, sizeof *out);
    out->end = LOG_HEADER_BYTES;
    log_walk walk = {.off = LOG_HEADER_BYTES, .last_lsn = first_lsn == 0 ? 0 : first_lsn - 1};
    for (;;) {
        rz_log_record record;
        bool valid = false;
        RZ_TRY(rz_log_read_record(reader, walk.off, &record, &valid, err));
        if (!valid || !log_record_follows(&walk, &record)) {
            break;
        }
        log_walk_step(&walk, &record);
        out->first_lsn = out->first_lsn == 0 ? record.lsn : out->first_lsn;
        out->longest = walk.length > out->longest ? walk.length : out->longest;
        if (record.type == RZ_WAL_COMMIT) {
            out->commits++;
            out->last_lsn = record.lsn;
            out->last_crc = record.crc;
            out->last_timestamp = walk.timestamp;
            out->end = walk.off;
            out->split = out->split || (walk.begin_lsn <= folded_lsn && folded_lsn < record.lsn);
        }
    }
    out->bad_off = walk.off;
    out->open_txid = walk.open ? walk.txid : 0;
    out->seen_end = walk.off;
    *out_last_lsn = walk.last_lsn;
    return RUZU_OK;
}

ruzu_status rz_log_scan_all(rz_log_reader *reader, uint64_t first_lsn, uint64_t folded_lsn, rz_log_scan *out, rz_error *err)
{
    uint64_t last_lsn = 0;
    RZ_TRY(log_scan_ordered(reader, first_lsn, folded_lsn, out, &last_lsn, err));
    return log_find_commits(reader, out->bad_off, last_lsn, out, err);
}

ruzu_status rz_log_scan_live(rz_log_reader *reader, uint64_t first_lsn, rz_log_scan *out, rz_error *err)
{
    uint64_t last_lsn = 0;
    return log_scan_ordered(reader, first_lsn, 0, out, &last_lsn, err);
}

ruzu_status rz_log_has_records(rz_log_reader *reader, bool *out, rz_error *err)
{
    rz_log_record record;
    rz_log_scan scan;
    memset(&scan, 0, sizeof scan);
    RZ_TRY(rz_log_read_record(reader, LOG_HEADER_BYTES, &record, out, err));
    if (!*out) {
        RZ_TRY(log_find_commits(reader, LOG_HEADER_BYTES, 0, &scan, err));
        *out = scan.later_count != 0;
    }
    return RUZU_OK;
}

#undef LOG_COMMIT_BYTES
