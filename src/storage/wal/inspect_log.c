/* SPDX-License-Identifier: MIT */
/*
 * Looking at the logs of an open database: whether a crash now would find in them what was acknowledged.
 *
 * The newer log must be good up to where the next record will go; the older one, which a checkpoint under way or one that failed has left, up to the first record of the newer.
 */
#include "storage/wal/log.h"

#include <stdio.h>

/* What the logs must hold, at one moment. */
typedef struct inspect_live {
    rz_wal *wal;
    rz_inspector *inspector;
    rz_error *err;
    uint8_t *buffer; /* LOG_BUFFER bytes */
    uint64_t generation;
    uint64_t end;
    uint64_t last_lsn;
} inspect_live;

static ruzu_status inspect_report(const inspect_live *live, const rz_log_file *log, uint64_t off, const char *what)
{
    return rz_inspector_report(live->inspector, RZ_SEVERITY_ERROR, "log", RZ_NO_PLACE, off, live->err, "%s (file '%s', offset %llu)", what, log->path,
                               (unsigned long long)off);
}

/* The header as it was written; *out is what it says. */
static ruzu_status inspect_header(const inspect_live *live, rz_log_reader *reader, bool *out_good, rz_log_header *out)
{
    const rz_log_file *log = reader->log;
    const uint8_t *bytes = NULL;
    RZ_TRY(rz_log_read(reader, 0, LOG_HEADER_BYTES, &bytes, live->err));
    *out_good = bytes != NULL && rz_log_header_decode(bytes, out) && out->generation == log->generation && out->salt == log->salt &&
                memcmp(out->uuid, live->wal->uuid, sizeof out->uuid) == 0;
    return *out_good ? RUZU_OK : inspect_report(live, log, 0, "the header of the log is damaged");
}

/* The log of a generation, whose last record has at least this LSN. *out_first: the LSN of its first record, 0 when it has none. */
static ruzu_status inspect_one(const inspect_live *live, uint64_t generation, uint64_t last_lsn, uint64_t *out_first)
{
    const rz_log_file *log = wal_file_of(live->wal, generation);
    rz_log_reader reader;
    rz_log_header header;
    rz_log_scan scan;
    bool good = false;
    *out_first = 0;
    if (log->file == NULL || log->generation != generation) {
        return inspect_report(live, log, 0, "a log that is needed is not there");
    }
    RZ_TRY(rz_log_reader_init(&reader, live->wal, log, live->buffer, live->err));
    RZ_TRY(inspect_header(live, &reader, &good, &header));
    if (!good) {
        return RUZU_OK;
    }
    RZ_TRY(rz_inspector_poll(live->inspector, live->err));
    RZ_TRY(rz_log_scan_live(&reader, header.first_lsn, &scan, live->err));
    *out_first = scan.first_lsn;
    bool whole = generation == live->generation ? scan.end >= live->end : scan.last_lsn >= last_lsn;
    return whole ? RUZU_OK : inspect_report(live, log, scan.bad_off, "commits in the log are damaged: a crash would lose them");
}

ruzu_status rz_wal_inspect(rz_wal *wal, rz_mem *mem, uint64_t header_generation, rz_inspector *inspector, rz_error *err)
{
    inspect_live live = {.wal = wal, .inspector = inspector, .err = err};
    rz_mutex_lock(&wal->mutex);
    bool ready = wal->ready;
    live.generation = wal->generation;
    live.end = wal->end;
    live.last_lsn = wal->written_lsn;
    rz_mutex_unlock(&wal->mutex);
    if (!ready) {
        return RUZU_OK;
    }
    live.buffer = (uint8_t *)rz_mem_alloc(mem, LOG_BUFFER);
    RZ_TRY_ALLOC(live.buffer, err, "checking the log");
    uint64_t first = 0;
    uint64_t ignored = 0;
    ruzu_status status = inspect_one(&live, live.generation, live.last_lsn, &first);
    if (status == RUZU_OK && header_generation < live.generation) {
        status = inspect_one(&live, header_generation, first == 0 ? live.last_lsn : first - 1, &ignored);
    }
    rz_mem_free(mem, live.buffer, LOG_BUFFER);
    return status;
}
