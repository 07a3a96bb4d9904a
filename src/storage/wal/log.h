/* SPDX-License-Identifier: MIT */
/*
 * Private to storage/wal: the bytes of a log and the object.
 *
 * A log file, little-endian:
 *
 *     off  size  meaning
 *       0     8  "RUZUWAL" 0
 *       8     4  format version          12     4  zero
 *      16    16  uuid of the database
 *      32     8  generation
 *      40     8  salt
 *      48     8  first LSN: no record has a smaller one
 *      56   452  zero
 *     508     4  CRC-32C of bytes 0 … 507
 *     512        records, each at a multiple of 8:
 *
 *       0     4  size of the payload
 *       4     2  type                     6     2  flags; 1: the payload goes on in the next record (of the same type)
 *       8     8  LSN
 *      16     8  transaction
 *      24     4  CRC of the record before; 0 for the first of a log
 *      28     n  payload
 *           0…7  zeros, so that the next record begins at a multiple of 8
 *  end-4     4  CRC-32C of (salt: u64 ‖ offset of the record in the file: u64 ‖ the record's bytes before this)
 *
 *     BEGIN   payload: commit timestamp u64
 *     COMMIT  payload: commit timestamp u64, offset of its BEGIN u64, offset up to which the file was known to be synced when this was written u64
 *
 * LSNs rise by one from record to record and run on from log to log. A record of at most 64 KiB with everything; longer payloads are cut.
 */
#ifndef RZ_STORAGE_WAL_LOG_H
#define RZ_STORAGE_WAL_LOG_H

#include "storage/wal/wal.h"

#include <errno.h>
#include <string.h>

#define LOG_VERSION      1u
#define LOG_HEADER_BYTES 512u /* one sector; the records begin behind it */
#define LOG_HEAD         28u  /* of a record, before the payload */
#define LOG_TAIL         4u
#define LOG_RECORD_MAX   65536u
#define LOG_PAYLOAD_MAX  (LOG_RECORD_MAX - LOG_HEAD - LOG_TAIL)
#ifdef RZ_TINY
#define LOG_CHUNK  232u /* payload bytes of a record that goes on */
#define LOG_STEP   UINT64_C(4096) /* the file grows by */
#else
#define LOG_CHUNK  LOG_PAYLOAD_MAX
#define LOG_STEP   (UINT64_C(1) << 20)
#endif
#define LOG_KEEP_STEPS     64u /* a recycled file keeps at most so many steps */
#define LOG_BEGIN_PAYLOAD  8u
#define LOG_COMMIT_PAYLOAD 24u
#define LOG_MORE           1u /* flag */

#define REDO_HEAD 16u /* of a record in a redo's spool */

/* Bytes in the log of a record with this payload. */
static inline uint32_t rz_log_record_size(uint32_t payload)
{
    return (LOG_HEAD + payload + LOG_TAIL + 7u) & ~7u;
}

#define LOG_BUFFER ((size_t)2 * LOG_RECORD_MAX)
#ifdef RZ_TINY
#define LOG_WRITE ((size_t)1024) /* bytes of records collected for one write */
#else
#define LOG_WRITE LOG_BUFFER
#endif

typedef struct rz_log_header {
    uint32_t version;
    uint8_t uuid[16];
    uint64_t generation;
    uint64_t salt;
    uint64_t first_lsn;
} rz_log_header;

/* What a record's bytes say. */
typedef struct rz_log_record {
    uint32_t size; /* of the payload */
    uint16_t type;
    uint16_t flags;
    uint64_t lsn;
    uint64_t txid;
    uint32_t crc_before;
    uint32_t crc;
    const uint8_t *payload;
} rz_log_record;

/* What is found in a file. */
typedef enum rz_log_state {
    LOG_ABSENT,
    LOG_OLD,  /* of a generation that is over: may be overwritten */
    LOG_BAD,  /* no valid header, or no commit behind it: a start that was interrupted */
    LOG_VALID /* of the generation expected here */
} rz_log_state;

typedef struct rz_log_file {
    char *path;    /* owned */
    rz_file *file; /* owned; NULL: absent */
    rz_log_state state;
    uint64_t generation; /* that recovery expects here */
    uint64_t salt;       /* its salt */
    uint64_t size;       /* of the file: space taken; set by whoever appends to it or prepares it */
    uint64_t end;        /* behind the last commit found; resuming cuts the file off there */
    bool drop;           /* nothing in here counts (no commit, or damage before the first was accepted): resuming empties the file */
    bool name_synced;    /* its name is durable */
} rz_log_file;

struct rz_wal {
    rz_vfs *vfs; /* borrowed */
    rz_mem *mem; /* borrowed */
    char *path;  /* owned; of the database */
    size_t path_size;
    bool read_only; /* immutable */
    uint64_t step;  /* files grow by; LOG_STEP */
    bool recovered; /* rz_wal_recover has decided */
    bool ready;     /* rz_wal_resume is done */
    uint8_t uuid[16];
    uint64_t header_generation;
    rz_log_file files[2]; /* generation & 1 */
    uint8_t *buffer;      /* owned: LOG_BUFFER bytes for appending; commit lock */
    uint64_t prepared_generation; /* 0: none; checkpoint lock */
    uint64_t prepared_salt;

    rz_mutex mutex; /* guards what follows */
    rz_cond changed; /* a sync has ended */
    bool syncing;    /* somebody syncs or undoes: one at a time, since the system reports an error to one of them only */
    bool failed;     /* no more records; see cause */
    char cause[512];
    uint64_t generation; /* current */
    uint64_t salt;
    uint64_t end;        /* where the next record goes */
    uint32_t last_crc;   /* of the record before it */
    uint64_t written_lsn;
    uint64_t synced_lsn;
    uint64_t synced_off; /* in the current log */
    uint64_t sync_count;
};

/* log.c: bytes */
void rz_log_header_encode(const rz_log_header *header, uint8_t *out); /* LOG_HEADER_BYTES */
bool rz_log_header_decode(const uint8_t *bytes, rz_log_header *out);  /* false: no magic or a wrong CRC */
uint32_t rz_log_crc(uint64_t salt, uint64_t off, const uint8_t *record, uint32_t size_without_crc);
/* Fills in head, padding and CRC of a record whose payload stands at record + LOG_HEAD already; returns its size. */
uint32_t rz_log_record_finish(uint8_t *record, const rz_log_record *what, uint64_t salt, uint64_t off, uint32_t *out_crc);

RZ_COLD ruzu_status rz_log_io_error(rz_error *err, ruzu_status status, int errno_value, const char *operation, const char *path, uint64_t off,
                                    uint64_t size);

/* log_read.c: reading a file through a window */
typedef struct rz_log_reader {
    const rz_wal *wal;
    const rz_log_file *log;
    uint64_t size;      /* of the file */
    uint8_t *buffer;    /* borrowed: LOG_BUFFER bytes */
    uint64_t window_off;
    size_t window_size;
} rz_log_reader;

RZ_NODISCARD ruzu_status rz_log_reader_init(rz_log_reader *reader, const rz_wal *wal, const rz_log_file *log, uint8_t *buffer, rz_error *err);
/* *out: size bytes at off, until the next call; NULL when the file ends before. */
RZ_NODISCARD ruzu_status rz_log_read(rz_log_reader *reader, uint64_t off, size_t size, const uint8_t **out, rz_error *err);
/* *out_valid: there is a record of this log at off, whole and with the right CRC. */
RZ_NODISCARD ruzu_status rz_log_read_record(rz_log_reader *reader, uint64_t off, rz_log_record *out, bool *out_valid, rz_error *err);

/* What a pass over a log found. */
typedef struct rz_log_scan {
    uint64_t first_lsn;   /* of the record at the beginning, if that is valid; 0: none */
    uint64_t last_lsn;    /* of the last commit in order; 0: none */
    uint64_t last_timestamp;
    uint32_t last_crc;    /* of that commit */
    uint64_t end;         /* behind it */
    uint64_t commits;
    uint64_t longest;     /* payload, chunks put together */
    uint64_t bad_off;     /* of the first record that does not follow */
    uint64_t open_txid;   /* of the transaction it belongs to, 0: not known */
    uint64_t seen_end;    /* behind the last thing that is a record of this log */
    uint64_t later_count; /* commits behind bad_off that are intact by themselves */
    uint64_t later_synced; /* highest offset that they say was synced */
    bool split;           /* folded_lsn lies inside a transaction */
} rz_log_scan;

RZ_NODISCARD ruzu_status rz_log_scan_all(rz_log_reader *reader, uint64_t first_lsn, uint64_t folded_lsn, rz_log_scan *out, rz_error *err);
/* The same of a log in use: does not look behind the first record that does not follow. */
RZ_NODISCARD ruzu_status rz_log_scan_live(rz_log_reader *reader, uint64_t first_lsn, rz_log_scan *out, rz_error *err);
/* Whether a file without a valid header holds records with this log's salt. */
RZ_NODISCARD ruzu_status rz_log_has_records(rz_log_reader *reader, bool *out, rz_error *err);

/* wal.c */
RZ_COLD void rz_wal_poison(rz_wal *wal, const char *cause); /* mutex held */
RZ_COLD ruzu_status rz_wal_poisoned_error(const rz_wal *wal, rz_error *err);
/* Takes the right to sync (waits for whoever has it); false when the log is poisoned. */
bool rz_wal_sync_begin(rz_wal *wal);
void rz_wal_sync_end(rz_wal *wal);
/* Syncs a log file whose failure poisons. */
RZ_NODISCARD ruzu_status rz_wal_sync_file(rz_wal *wal, const rz_log_file *log, bool data_only, rz_error *err);

static inline rz_log_file *wal_file_of(rz_wal *wal, uint64_t generation)
{
    return &wal->files[generation & 1u];
}

#endif
