/* SPDX-License-Identifier: MIT */
/*
 * Recovery: which logs there are, how far they are good, and the replay of what the database file does not contain.
 *
 * First everything is read and decided, then records are handed out: so whoever applies them may write checkpoints meanwhile. Nothing is written here, except copies of
 * damaged logs whose beginning the user chose to accept; logs with commits are synced.
 *
 * LSNs tie the parts together: the first record of the log of G has at most the LSN after the one folded in, that of G + 1 at most the LSN after the last commit of G (or after
 * the one folded in, when that is higher). Otherwise commits between are gone.
 */
#include "storage/wal/log.h"

#include <stdio.h>

/* Where damage begins. */
typedef struct recover_damage {
    const rz_log_file *log; /* NULL: there is none */
    uint64_t off;
    uint64_t lost_txid;    /* 0: not known */
    uint64_t lost_commits; /* intact ones behind */
    const char *what;
} recover_damage;

typedef struct log_recovery {
    rz_wal *wal;
    const rz_file_header *header;
    bool clean;
    uint8_t *buffer; /* LOG_BUFFER bytes */
    rz_log_scan scans[2];    /* of G and of G + 1, where VALID */
    bool has_records[2];     /* of a file without a valid header */
    recover_damage damage;
    rz_error *err;
} log_recovery;

static rz_log_file *recover_log(const log_recovery *recovery, uint32_t idx)
{
    return wal_file_of(recovery->wal, recovery->header->log_generation + idx);
}

/* ---- what the files are ---- */

static ruzu_status recover_classify(log_recovery *recovery, rz_log_file *log, const rz_log_header *found)
{
    const char *database = recovery->wal->path;
    if (found->version > LOG_VERSION) {
        return rz_error_set(recovery->err, RUZU_ERROR_VERSION,
                            "The log '%s' was written by a later version (log version %u, this build reads up to %u).", log->path, found->version,
                            LOG_VERSION);
    }
    if (memcmp(found->uuid, recovery->header->uuid, sizeof found->uuid) != 0) {
        return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT,
                            "The log '%s' belongs to another database than the file '%s'. If the database that it belonged to is gone, move it away.",
                            log->path, database);
    }
    if (found->generation > log->generation) {
        return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT,
                            "The log '%s' (generation %llu) is newer than the file '%s', which knows generations %llu and %llu. Was the file restored "
                            "without its log?",
                            log->path, (unsigned long long)found->generation, database, (unsigned long long)recovery->header->log_generation,
                            (unsigned long long)recovery->header->log_generation + 1);
    }
    if (found->generation < log->generation) {
        log->state = LOG_OLD;
        return RUZU_OK;
    }
    if (found->salt != log->salt) {
        return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT,
                            "The log '%s' (generation %llu) continues another state of the database than the file '%s' holds. Were they copied at "
                            "different times?",
                            log->path, (unsigned long long)found->generation, database);
    }
    log->state = LOG_VALID;
    return RUZU_OK;
}

static ruzu_status recover_open(log_recovery *recovery, uint32_t idx)
{
    rz_wal *wal = recovery->wal;
    rz_log_file *log = recover_log(recovery, idx);
    log->generation = recovery->header->log_generation + idx;
    log->salt = recovery->header->log_salts[idx];
    log->state = LOG_ABSENT;
    log->end = LOG_HEADER_BYTES;
    ruzu_status status = wal->vfs->open(wal->vfs, log->path, wal->read_only ? RZ_OPEN_READ : RZ_OPEN_WRITE, &log->file);
    if (status != RUZU_OK) {
        log->file = NULL;
        return errno == ENOENT ? RUZU_OK : rz_log_io_error(recovery->err, status, errno, "open", log->path, 0, 0);
    }
    if (wal->vfs->forget != NULL) {
        /* What a process before this one failed to sync is judged by what is on the disk: an acknowledged commit must not stand behind one that is not there. */
        wal->vfs->forget(log->file, 0, 0);
    }
    rz_log_reader reader;
    RZ_TRY(rz_log_reader_init(&reader, wal, log, recovery->buffer, recovery->err));
    log->size = reader.size;
    const uint8_t *bytes = NULL;
    RZ_TRY(rz_log_read(&reader, 0, LOG_HEADER_BYTES, &bytes, recovery->err));
    rz_log_header found;
    rz_log_header first;
    memset(&first, 0, sizeof first);
    log->state = LOG_BAD;
    if (bytes != NULL && rz_log_header_decode(bytes, &found)) {
        RZ_TRY(recover_classify(recovery, log, &found));
        first = found;
    }
    if (log->state == LOG_VALID) {
        return rz_log_scan_all(&reader, first.first_lsn, recovery->header->folded_lsn, &recovery->scans[idx], recovery->err);
    }
    if (log->state == LOG_OLD) {
        /* A stale header in front of newer records would be one that had been synced and got lost. */
        rz_log_record record;
        return rz_log_read_record(&reader, LOG_HEADER_BYTES, &record, &recovery->has_records[idx], recovery->err);
    }
    return rz_log_has_records(&reader, &recovery->has_records[idx], recovery->err);
}

/* ---- the decision ---- */

static void recover_damaged(log_recovery *recovery, uint32_t idx, uint64_t off, uint64_t lost_txid, uint64_t lost_commits, const char *what)
{
    if (recovery->damage.log == NULL) {
        recovery->damage = (recover_damage){recover_log(recovery, idx), off, lost_txid, lost_commits, what};
    }
}

static uint64_t recover_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Finds the first damage in the log of G, then in that of G + 1. */
static void recover_judge(log_recovery *recovery)
{
    const rz_log_file *log = recover_log(recovery, 0);
    const rz_log_file *next = recover_log(recovery, 1);
    const rz_log_scan *scan = &recovery->scans[0];
    const rz_log_scan *later = &recovery->scans[1];
    uint64_t folded = recovery->header->folded_lsn;
    if (log->state == LOG_VALID) {
        if (scan->first_lsn > folded + 1) {
            recover_damaged(recovery, 0, LOG_HEADER_BYTES, 0, scan->commits, "its first transaction does not follow the state of the database file");
        } else if (scan->split) {
            recover_damaged(recovery, 0, LOG_HEADER_BYTES, 0, scan->commits, "the database file holds a part of a transaction");
        } else if (scan->later_synced > scan->bad_off) {
            recover_damaged(recovery, 0, scan->bad_off, scan->open_txid, scan->later_count, "a later commit says that this place had been synced");
        }
    } else if (recovery->has_records[0]) {
        recover_damaged(recovery, 0, 0, 0, 0, "its header is not valid, but it holds records");
    } else if (log->state == LOG_BAD && !recovery->clean) {
        recover_damaged(recovery, 0, 0, 0, 0, "its header is not valid");
    }
    if (next->state == LOG_VALID) {
        if (later->first_lsn > recover_max(scan->last_lsn, folded) + 1) {
            recover_damaged(recovery, 0, scan->bad_off == 0 ? LOG_HEADER_BYTES : scan->bad_off, scan->open_txid, scan->later_count + later->commits,
                            "the log of the next generation goes on behind what is left of it");
        } else if (later->first_lsn != 0 && later->first_lsn <= scan->last_lsn) {
            recover_damaged(recovery, 1, LOG_HEADER_BYTES, 0, later->commits, "it begins before the end of the log of the generation before");
        } else if (later->split) {
            recover_damaged(recovery, 1, LOG_HEADER_BYTES, 0, later->commits, "the database file holds a part of a transaction");
        } else if (later->later_synced > later->bad_off) {
            recover_damaged(recovery, 1, later->bad_off, later->open_txid, later->later_count, "a later commit says that this place had been synced");
        }
    } else if (recovery->has_records[1]) {
        recover_damaged(recovery, 1, 0, 0, 0, "its header is not valid, but it holds records");
    }
}

static RZ_COLD ruzu_status recover_damage_error(const log_recovery *recovery)
{
    const recover_damage *damage = &recovery->damage;
    char lost[64] = "";
    if (damage->lost_txid != 0) {
        (void)snprintf(lost, sizeof lost, " First transaction lost: %llu.", (unsigned long long)damage->lost_txid);
    }
    return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT,
                        "corrupt database: the log '%s' (generation %llu) is damaged at offset %llu: %s.%s Intact commits behind it: %llu. "
                        "RUZU_OPEN_RECOVER_PREFIX (throw_on_wal_replay_failure = false) accepts what is before the damage and keeps a copy.",
                        damage->log->path, (unsigned long long)damage->log->generation, (unsigned long long)damage->off, damage->what, lost,
                        (unsigned long long)damage->lost_commits);
}

/* ---- copies of damaged logs ---- */

/* Whether the copy `file` has exactly the bytes of the log; room: two halves of the buffer. */
static ruzu_status recover_same(log_recovery *recovery, const rz_log_file *log, rz_file *file, const char *name, bool *out_same)
{
    rz_vfs *vfs = recovery->wal->vfs;
    uint8_t *theirs = recovery->buffer + LOG_BUFFER / 2;
    uint64_t size = 0;
    *out_same = false;
    ruzu_status status = vfs->size(file, &size);
    if (status != RUZU_OK) {
        return rz_log_io_error(recovery->err, status, errno, "find the size of", name, 0, 0);
    }
    if (size != log->size) {
        return RUZU_OK;
    }
    for (uint64_t off = 0; off < size; off += LOG_BUFFER / 2) {
        size_t want = size - off < LOG_BUFFER / 2 ? (size_t)(size - off) : LOG_BUFFER / 2;
        size_t got[2] = {0, 0};
        status = vfs->read(log->file, recovery->buffer, want, off, &got[0]);
        status = status == RUZU_OK ? vfs->read(file, theirs, want, off, &got[1]) : status;
        if (status != RUZU_OK) {
            return rz_log_io_error(recovery->err, status, errno, "compare", name, off, want);
        }
        if (got[0] != want || got[1] != want || memcmp(recovery->buffer, theirs, want) != 0) {
            return RUZU_OK;
        }
    }
    *out_same = true;
    return RUZU_OK;
}

static ruzu_status recover_copy_bytes(log_recovery *recovery, const rz_log_file *log, rz_file *file, const char *name)
{
    rz_wal *wal = recovery->wal;
    ruzu_status status = RUZU_OK;
    for (uint64_t off = 0; off < log->size && status == RUZU_OK; off += LOG_BUFFER) {
        size_t want = log->size - off < LOG_BUFFER ? (size_t)(log->size - off) : LOG_BUFFER;
        size_t got = 0;
        status = wal->vfs->read(log->file, recovery->buffer, want, off, &got);
        status = status == RUZU_OK ? wal->vfs->write(file, recovery->buffer, got, off) : status;
    }
    status = status == RUZU_OK ? wal->vfs->sync(file, false) : status;
    status = status == RUZU_OK ? wal->vfs->sync_dir(wal->vfs, name) : status;
    return status == RUZU_OK ? RUZU_OK : rz_log_io_error(recovery->err, status, errno, "copy to", name, 0, 0);
}

/* <path>.damaged-<generation>, or the first of -2, -3, … behind it that is free or holds these bytes already. */
static ruzu_status recover_keep_copy(log_recovery *recovery, const rz_log_file *log)
{
    rz_wal *wal = recovery->wal;
    size_t capacity = wal->path_size + 64;
    char *name = (char *)rz_mem_alloc(wal->mem, capacity);
    RZ_TRY_ALLOC(name, recovery->err, "copying a damaged log");
    ruzu_status status = RUZU_OK;
    bool done = false;
    for (uint32_t number = 1; number < 1000 && status == RUZU_OK && !done; number++) {
        char suffix[16] = "";
        if (number > 1) {
            (void)snprintf(suffix, sizeof suffix, "-%u", number);
        }
        (void)snprintf(name, capacity, "%s.damaged-%llu%s", wal->path, (unsigned long long)log->generation, suffix);
        rz_file *file = NULL;
        if (wal->vfs->open(wal->vfs, name, RZ_OPEN_READ, &file) == RUZU_OK) {
            status = recover_same(recovery, log, file, name, &done);
            (void)wal->vfs->close(file);
            continue;
        }
        status = wal->vfs->open(wal->vfs, name, RZ_OPEN_WRITE | RZ_OPEN_CREATE | RZ_OPEN_EXCL, &file);
        if (status != RUZU_OK) {
            status = rz_log_io_error(recovery->err, status, errno, "create", name, 0, 0);
            continue;
        }
        status = recover_copy_bytes(recovery, log, file, name);
        (void)wal->vfs->close(file);
        done = true;
    }
    rz_mem_free(wal->mem, name, capacity);
    return status;
}

/* Goes on with what is before the damage. */
static ruzu_status recover_accept(log_recovery *recovery, rz_wal_found *out)
{
    const recover_damage *damage = &recovery->damage;
    bool first = damage->log == recover_log(recovery, 0);
    out->damaged = true;
    out->damaged_generation = damage->log->generation;
    out->damage_off = damage->off;
    out->lost_txid = damage->lost_txid;
    out->lost_commits = damage->lost_commits;
    for (uint32_t i = first ? 0 : 1; i < 2; i++) {
        rz_log_file *log = recover_log(recovery, i);
        if (log->file == NULL || (log->state == LOG_OLD && !recovery->has_records[i])) {
            continue;
        }
        if (!recovery->wal->read_only) {
            RZ_TRY(recover_keep_copy(recovery, log));
        }
        bool keeps_beginning = log == damage->log && log->state == LOG_VALID && damage->off > LOG_HEADER_BYTES;
        if (!keeps_beginning) {
            log->state = LOG_BAD;
            log->drop = true;
            memset(&recovery->scans[i], 0, sizeof recovery->scans[i]);
        }
    }
    return RUZU_OK;
}

static ruzu_status recover_decide(log_recovery *recovery, bool accept_prefix, rz_wal_found *out)
{
    RZ_TRY(recover_open(recovery, 0));
    RZ_TRY(recover_open(recovery, 1));
    const rz_log_file *log = recover_log(recovery, 0);
    bool missing = log->state == LOG_ABSENT || (log->state == LOG_OLD && !recovery->has_records[0]);
    if (missing && !recovery->clean) {
        if (!accept_prefix) {
            return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT,
                                "corrupt database: the log is missing: the file '%s' was not closed cleanly and needs '%s' (generation %llu)%s. "
                                "RUZU_OPEN_RECOVER_PREFIX opens it without, and loses what that held.",
                                recovery->wal->path, log->path, (unsigned long long)log->generation,
                                log->state == LOG_OLD ? ", which is there, but of an older generation" : "");
        }
        out->damaged = true;
        out->damaged_generation = log->generation;
    }
    recover_judge(recovery);
    if (recovery->damage.log != NULL) {
        if (!accept_prefix) {
            return recover_damage_error(recovery);
        }
        RZ_TRY(recover_accept(recovery, out));
    }
    return RUZU_OK;
}

/* ---- replay ---- */

typedef struct recover_replay {
    log_recovery *recovery;
    rz_wal_apply_fn apply;
    void *user;
    uint8_t *whole; /* room for the longest payload of the log */
    size_t whole_size;
    uint64_t generation; /* of the log being read */
    uint64_t timestamp;
    uint64_t length; /* of the chunks so far */
    bool skip;       /* the transaction is folded in */
} recover_replay;

static ruzu_status recover_apply(recover_replay *replay, const rz_log_record *record)
{
    log_recovery *recovery = replay->recovery;
    rz_wal_record seen = {.type = (rz_wal_type)record->type, .lsn = record->lsn, .txid = record->txid, .generation = replay->generation};
    if (record->type == RZ_WAL_BEGIN) {
        replay->skip = record->lsn <= recovery->header->folded_lsn && !RZ_MUTANT_IS(14);
        replay->timestamp = rz_load_u64(record->payload);
        replay->length = 0;
    }
    seen.timestamp = replay->timestamp;
    if (replay->skip) {
        return RUZU_OK;
    }
    if (record->type != RZ_WAL_BEGIN && record->type != RZ_WAL_COMMIT) {
        bool more = (record->flags & LOG_MORE) != 0;
        seen.payload = record->payload;
        seen.size = record->size;
        if (more || replay->length != 0) {
            if (record->size > replay->whole_size - replay->length) {
                return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT, "corrupt database: the log changed while it was read");
            }
            memcpy(replay->whole + replay->length, record->payload, record->size);
            replay->length += record->size;
            seen.payload = replay->whole;
            seen.size = (size_t)replay->length;
        }
        if (more) {
            return RUZU_OK;
        }
        replay->length = 0;
    }
    return replay->apply(replay->user, &seen, recovery->err);
}

static ruzu_status recover_replay_log(recover_replay *replay, uint32_t idx)
{
    log_recovery *recovery = replay->recovery;
    const rz_log_file *log = recover_log(recovery, idx);
    uint64_t off = LOG_HEADER_BYTES;
    rz_log_reader reader;
    replay->generation = log->generation;
    RZ_TRY(rz_log_reader_init(&reader, recovery->wal, log, recovery->buffer, recovery->err));
    while (off < recovery->scans[idx].end) {
        rz_log_record record;
        bool valid = false;
        RZ_TRY(rz_log_read_record(&reader, off, &record, &valid, recovery->err));
        if (!valid) {
            return rz_error_set(recovery->err, RUZU_ERROR_CORRUPT, "corrupt database: the log '%s' reads otherwise the second time (offset %llu)",
                                log->path, (unsigned long long)off);
        }
        off += rz_log_record_size(record.size);
        RZ_TRY(recover_apply(replay, &record));
    }
    return RUZU_OK;
}

static ruzu_status recover_replay_all(log_recovery *recovery, rz_wal_apply_fn apply, void *user)
{
    recover_replay replay = {.recovery = recovery, .apply = apply, .user = user};
    uint64_t longest = recover_max(recovery->scans[0].longest, recovery->scans[1].longest);
    replay.whole_size = (size_t)longest;
    replay.whole = (uint8_t *)rz_mem_alloc(recovery->wal->mem, replay.whole_size);
    RZ_TRY_ALLOC(replay.whole, recovery->err, "reading a record of the log");
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < 2 && status == RUZU_OK; i++) {
        bool news = recovery->scans[i].last_lsn > recovery->header->folded_lsn;
        status = news ? recover_replay_log(&replay, i) : RUZU_OK;
    }
    rz_mem_free(recovery->wal->mem, replay.whole, replay.whole_size);
    return status;
}

/* Notes what was decided, for resuming and for the caller. */
static void recover_settle(log_recovery *recovery, rz_wal_found *out)
{
    rz_wal *wal = recovery->wal;
    uint64_t generation = recovery->header->log_generation;
    out->last_lsn = recovery->header->folded_lsn;
    for (uint32_t i = 0; i < 2; i++) {
        rz_log_file *log = recover_log(recovery, i);
        const rz_log_scan *scan = &recovery->scans[i];
        if (log->state != LOG_VALID) {
            continue;
        }
        out->discarded_bytes += scan->seen_end - scan->end;
        if (scan->commits == 0 && (i == 1 || recovery->clean)) {
            /* Begun, but perhaps not durably: what we see may be the system's memory of a header whose sync failed. Commits prove that it did not. */
            log->state = LOG_BAD;
            log->drop = true;
            continue;
        }
        generation = log->generation;
        log->end = scan->end;
        out->last_lsn = recover_max(out->last_lsn, scan->last_lsn);
        out->last_timestamp = scan->commits != 0 ? scan->last_timestamp : out->last_timestamp;
        out->log_bytes += scan->end - LOG_HEADER_BYTES;
    }
    out->generation = generation;
    wal->header_generation = recovery->header->log_generation;
    memcpy(wal->uuid, recovery->header->uuid, sizeof wal->uuid);
    const rz_log_file *current = wal_file_of(wal, generation);
    rz_mutex_lock(&wal->mutex);
    wal->generation = generation;
    wal->salt = current->salt;
    wal->end = current->end;
    wal->last_crc = recovery->scans[generation - wal->header_generation].last_crc;
    wal->written_lsn = out->last_lsn;
    wal->synced_lsn = recovery->header->folded_lsn;
    wal->synced_off = LOG_HEADER_BYTES;
    rz_mutex_unlock(&wal->mutex);
    wal->recovered = true;
}

typedef struct recover_counter {
    rz_wal_apply_fn apply;
    void *user;
    uint64_t commits;
} recover_counter;

static ruzu_status recover_count(void *user, const rz_wal_record *record, rz_error *err)
{
    recover_counter *counter = (recover_counter *)user;
    counter->commits += record->type == RZ_WAL_COMMIT;
    return counter->apply(counter->user, record, err);
}

/*
 * What is shown from now on must not go away again: a commit whose outcome was unknown, or whose process was killed before its sync, may have been read from the
 * system's memory. The older log first: the newer one's commits build on it.
 */
static ruzu_status recover_make_durable(const log_recovery *recovery)
{
    rz_wal *wal = recovery->wal;
    for (uint32_t i = 0; i < 2; i++) {
        const rz_log_file *log = recover_log(recovery, i);
        if (log->file == NULL || log->state != LOG_VALID) {
            continue;
        }
        ruzu_status status = wal->vfs->sync(log->file, false);
        if (status != RUZU_OK) {
            return rz_log_io_error(recovery->err, status, errno, "sync", log->path, 0, 0);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_wal_recover(rz_wal *wal, const rz_file_header *header, bool accept_prefix, rz_wal_apply_fn apply, void *user, rz_wal_found *out,
                           rz_error *err)
{
    return rz_wal_recover_looking(wal, header, accept_prefix, NULL, apply, user, out, err);
}

ruzu_status rz_wal_recover_looking(rz_wal *wal, const rz_file_header *header, bool accept_prefix, rz_wal_apply_fn look, rz_wal_apply_fn apply, void *user,
                                   rz_wal_found *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    if (wal->recovered) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "The log of '%s' was read already.", wal->path);
    }
    log_recovery recovery = {.wal = wal, .clean = (header->flags & RZ_HEADER_CLEAN) != 0, .err = err};
    rz_file_header kept = *header; /* the caller's may be rewritten by a checkpoint meanwhile */
    recovery.header = &kept;
    recovery.buffer = (uint8_t *)rz_mem_alloc(wal->mem, LOG_BUFFER);
    RZ_TRY_ALLOC(recovery.buffer, err, "reading the log");
    ruzu_status status = recover_decide(&recovery, accept_prefix, out);
    if (status == RUZU_OK) {
        recover_settle(&recovery, out);
        recover_counter counter = {apply, user, 0};
        status = look == NULL ? RUZU_OK : recover_replay_all(&recovery, look, user);
        status = status == RUZU_OK ? recover_replay_all(&recovery, recover_count, &counter) : status;
        out->commits = counter.commits;
        if (status == RUZU_OK && counter.commits != 0 && !wal->read_only) {
            status = recover_make_durable(&recovery);
        }
    }
    rz_mem_free(wal->mem, recovery.buffer, LOG_BUFFER);
    return status;
}
