/* SPDX-License-Identifier: MIT */
/*
 * storage/wal: the redo records of a transaction, and the two logs of a database.
 *
 * Purpose   rz_redo collects what a transaction will log; rz_wal writes it at commit, syncs for many committers at once, and finds at open
 *           what the logs hold beyond the database file.
 * Owns      <path>.wal (generations 1, 3, 5, …) and <path>.wal2 (2, 4, 6, …): their handles, bytes and names.
 * Must not  know what a record says: a payload is bytes.
 * Enter by  rz_wal_open, rz_wal_recover; before the first write rz_wal_resume; then rz_redo_add …, rz_wal_append, rz_wal_sync; a checkpoint
 *           calls rz_wal_prepare and rz_wal_switch; rz_wal_close.
 * Threads   rz_wal_append and rz_wal_switch under the caller's commit lock, rz_wal_prepare under its checkpoint lock (it may run beside both
 *           appends and syncs); rz_wal_sync, rz_wal_positions_get and rz_wal_check by any thread. Opening, recovery, resuming and closing: nobody
 *           else is inside. A redo belongs to one thread.
 * More      docs/file-format.md ("The log").
 *
 * What the caller sees to (docs/architecture.md, "Transactions"):
 *   (1) A generation and its salt begin once. The header of the database names generation G (the oldest log that may hold commits it does not contain),
 *       G's salt and the salt of G + 1. Whoever writes a header that names another generation draws the new second salt from rz_vfs.random.
 *       After a clean close, which removes the logs, the header names a generation that had no record.
 *   (2) rz_wal_resume before the first commit, checkpoint or header of a session. When the header is clean, a header without the flag (same generation, same
 *       salts) is written after it and before the first record.
 *   (3) rz_wal_prepare of G + 2 only when a header naming G + 1 stands in both slots.
 */
#ifndef RZ_STORAGE_WAL_WAL_H
#define RZ_STORAGE_WAL_WAL_H

#include "storage/buffer/buffer.h"

/* ---- records ---- */

typedef enum rz_wal_type {
    RZ_WAL_BEGIN = 1, /* these two are written by rz_wal_append itself */
    RZ_WAL_COMMIT = 2,
    RZ_WAL_CATALOG = 3,
    RZ_WAL_SEQUENCE = 4,
    RZ_WAL_INSERT_NODES = 5,
    RZ_WAL_UPDATE_NODES = 6,
    RZ_WAL_DELETE_NODES = 7,
    RZ_WAL_INSERT_RELS = 8,
    RZ_WAL_UPDATE_RELS = 9,
    RZ_WAL_DELETE_RELS = 10,
    RZ_WAL_BULK_NODES = 11,
    RZ_WAL_BULK_RELS = 12,
    RZ_WAL_ADD_COLUMN = 13,
    RZ_WAL_TYPE_COUNT
} rz_wal_type;

/* One transaction's records, until they are written: in memory up to a limit, then in temporary pages of the pool. */
typedef struct rz_redo {
    rz_spool spool;     /* per record: size (u64), type (u64), payload */
    uint64_t count;     /* records */
    uint64_t bytes;     /* of payloads */
    uint64_t log_bytes; /* what the records take in the log, without BEGIN and COMMIT */
    uint64_t log_count; /* the same in records of the log: large ones are cut into chunks */
    bool failed;        /* a record was added by halves: the transaction must be rolled back */
} rz_redo;

/* pool NULL: everything stays in memory. Allocates nothing yet. */
void rz_redo_init(rz_redo *redo, rz_mem *mem, rz_pool *pool);
void rz_redo_deinit(rz_redo *redo); /* a zeroed one is fine */
/* Forgets the records, keeps the memory. */
void rz_redo_reset(rz_redo *redo);
/* Copies payload (any size, also 0). After a failure (NO_MEMORY, LIMIT, IO, DISK_FULL of the spill file) only deinit and reset may follow. */
RZ_NODISCARD ruzu_status rz_redo_add(rz_redo *redo, rz_wal_type type, const void *payload, size_t size, rz_error *err);
static inline uint64_t rz_redo_bytes(const rz_redo *redo) /* of payloads */
{
    return redo->bytes;
}
static inline uint64_t rz_redo_count(const rz_redo *redo)
{
    return redo->count;
}

/* ---- the logs ---- */

typedef struct rz_wal rz_wal;

/* path: of the database file. Touches no file. */
RZ_NODISCARD ruzu_status rz_wal_open(rz_vfs *vfs, rz_mem *mem, const char *path, bool read_only, rz_wal **out, rz_error *err);

/* A record as replay sees it. Chunks have been put together again. */
typedef struct rz_wal_record {
    rz_wal_type type;   /* a number of a later version is possible: the caller refuses what it does not know */
    uint64_t lsn;       /* of COMMIT: what folded_lsn is compared with */
    uint64_t txid;
    uint64_t generation; /* of the log that it stands in */
    uint64_t timestamp; /* the transaction's commit timestamp, in each of its records */
    const uint8_t *payload; /* until the callback returns; COMMIT and BEGIN: NULL */
    size_t size;
} rz_wal_record;
/* An error ends the recovery with it. */
typedef ruzu_status (*rz_wal_apply_fn)(void *user, const rz_wal_record *record, rz_error *err);

typedef struct rz_wal_found {
    uint64_t generation;      /* that rz_wal_resume goes on in */
    uint64_t commits;         /* transactions handed to apply */
    uint64_t last_lsn;        /* of the newest commit, in the logs or folded in */
    uint64_t last_timestamp;  /* of the newest commit in the logs; 0: none */
    uint64_t log_bytes;       /* of records that are valid, folded in or not */
    uint64_t discarded_bytes; /* behind the last commit, as far as they can be told from empty space: torn, never acknowledged */
    bool damaged;             /* the rest of this stands for the damage that was accepted (accept_prefix) */
    uint64_t damaged_generation;
    uint64_t damage_off;      /* in the file of that log */
    uint64_t lost_txid;       /* first transaction lost; 0: not known */
    uint64_t lost_commits;    /* intact ones behind the damage */
} rz_wal_found;

/*
 * Reads the logs of the header's generation G and of G + 1 and calls apply for every record of the transactions beyond header->folded_lsn, in
 * order, BEGIN and COMMIT included. Decides first and applies then: when apply is called, nothing can be found wrong any more but a read error. (So apply may run
 * checkpoints that keep the generation; it calls rz_wal_resume before the first.) Call it also for a new database: a log that lies about is found.
 *
 *   absent log of G, clean header        no log; not clean: CORRUPT ("log is missing")
 *   log of another database              CORRUPT, names both files
 *   log of a generation beyond G + 1     CORRUPT: the database file is older than its log
 *   log of an older generation           counts as absent
 *   torn header of the log of G + 1      absent when no record carries its salt, else damage. Of G: the same when the header is clean, else damage
 *   a log of G + 1 without commits       absent: it goes on in G, and the next checkpoint prepares G + 1 again
 *   bad bytes behind the last commit     torn tail, dropped (out->discarded_bytes), when no later commit says that they had been synced; else damage
 *   commits in G + 1 that do not follow the end of G: damage of G
 *
 * Damage is CORRUPT with file, offset, first lost transaction and the number of intact commits behind it; with accept_prefix (RUZU_OPEN_RECOVER_PREFIX) what is
 * before it is accepted, a missing log included, after a copy of each log concerned was made: <path>.damaged-<generation> (not when read_only). Otherwise nothing is
 * written, so a crash during recovery changes nothing. When there were commits to hand out, the logs are synced at the end (not when read_only): what has been seen stays.
 */
RZ_NODISCARD ruzu_status rz_wal_recover(rz_wal *wal, const rz_file_header *header, bool accept_prefix, rz_wal_apply_fn apply, void *user,
                                        rz_wal_found *out, rz_error *err);

/* The same with two passes: look is called for all records before apply is for the first one. */
RZ_NODISCARD ruzu_status rz_wal_recover_looking(rz_wal *wal, const rz_file_header *header, bool accept_prefix, rz_wal_apply_fn look, rz_wal_apply_fn apply,
                                                void *user, rz_wal_found *out, rz_error *err);

/*
 * Makes the logs ready for appending where rz_wal_recover left off: syncs what was replayed (after it, what the process saw is durable), cuts off the torn tail (it
 * could otherwise fit behind a later commit), creates the log of generation G with its name when there is none. Does nothing the second time. After a failure other
 * than of a sync (POISONED: open the database again) it may be called again.
 */
RZ_NODISCARD ruzu_status rz_wal_resume(rz_wal *wal, rz_error *err);

/*
 * Writes BEGIN, the records and COMMIT at the end of the log. Does not sync. *out_lsn is the COMMIT's: the position for rz_wal_sync, and what folded_lsn becomes when a
 * checkpoint folds this transaction in. Takes space first (DISK_FULL: nothing was written). Errors:
 *   DISK_FULL, NO_MEMORY, IO   the transaction is not in the log and never will be. After IO the log may be poisoned (rz_wal_check).
 *   POISONED                   the same; it was poisoned before
 *   OUTCOME_UNKNOWN            a write failed and could not be undone; the log is poisoned
 */
RZ_NODISCARD ruzu_status rz_wal_append(rz_wal *wal, const rz_redo *redo, uint64_t txid, uint64_t commit_timestamp, uint64_t *out_lsn,
                                       rz_error *err);
/*
 * Returns when everything up to lsn is durable: at once when it is, else one caller syncs for all that wait. A failed sync is final: POISONED for
 * all whose lsn it was to cover (their outcome is unknown) and for every later call that is not covered already.
 */
RZ_NODISCARD ruzu_status rz_wal_sync(rz_wal *wal, uint64_t lsn, rz_error *err);
/* POISONED with the first cause in the message when the log takes no more records. */
RZ_NODISCARD ruzu_status rz_wal_check(rz_wal *wal, rz_error *err);

/*
 * Ckpt 0, first half (no lock): the other file becomes the log of `generation`, which is the current one + 1; header written and synced. Its blocks are
 * kept and overwritten. A failure is a clean one: commits stay in the current log. Does nothing when the current log has that generation already.
 */
RZ_NODISCARD ruzu_status rz_wal_prepare(rz_wal *wal, uint64_t generation, uint64_t salt, rz_error *err);
/* Ckpt 0, second half (commit lock): syncs the current log; what is appended from now on goes to the prepared one. *out_lsn: the last one of the older log. A failed
 * sync poisons. */
RZ_NODISCARD ruzu_status rz_wal_switch(rz_wal *wal, uint64_t *out_lsn, rz_error *err);

typedef struct rz_wal_positions {
    uint64_t generation;  /* current; the header's before rz_wal_resume when there is no log */
    uint64_t size_bytes;  /* records in the log of the current generation */
    uint64_t written_lsn; /* newest commit appended (or recovered, or folded in) */
    uint64_t synced_lsn;  /* newest known to be durable */
    uint64_t sync_count;  /* syncs of commits so far: fewer than commits when they are grouped */
    bool ready;           /* rz_wal_resume was called */
} rz_wal_positions;
void rz_wal_positions_get(rz_wal *wal, rz_wal_positions *out);
uint64_t rz_wal_size_bytes(rz_wal *wal); /* positions.size_bytes */

/* Closes the files. remove_files: everything is folded in and the clean header is in both slots; the names are removed and the directory is synced (a failure
 * is reported, but harmless). Frees wal even when it fails; NULL is fine. */
RZ_NODISCARD ruzu_status rz_wal_close(rz_wal *wal, bool remove_files, rz_error *err);

/*
 * Reads the logs in use again and reports what is not as it was written. Under the caller's checkpoint lock, beside appends and syncs. header_generation: of the durable header, which needs that
 * log and those after it. Does nothing before rz_wal_resume.
 */
RZ_NODISCARD ruzu_status rz_wal_inspect(rz_wal *wal, rz_mem *mem, uint64_t header_generation, rz_inspector *inspector, rz_error *err);

#endif
