/* SPDX-License-Identifier: MIT */
/*
 * transaction: the store (one open database file with its tables) and its transactions.
 *
 * Purpose   snapshots and commit order; one writer at a time; ties catalog versions to tables; checkpoint (out of place) and loading at open.
 * Owns      the disk, the pool, the table objects, the published catalog version, the timestamps, the list of live snapshots.
 * Must not  know queries.
 * Enter by  rz_store_open, rz_txn_begin, rz_txn_catalog, rz_txn_ntab …, rz_txn_commit / rz_txn_rollback, rz_store_checkpoint, rz_store_close.
 * Threads   the store may be used by any thread; a transaction by one thread at a time, except that reading through it (readers of tables) may run on several.
 *           Lock order: writer turn → store mutex → disk mutex. Readers take the store mutex only to begin and end.
 * More      docs/architecture.md ("Transactions", "Checkpoint").
 */
#ifndef RZ_TRANSACTION_TRANSACTION_H
#define RZ_TRANSACTION_TRANSACTION_H

#include "catalog/catalog.h"
#include "storage/table/table.h"

typedef struct rz_store rz_store;
typedef struct rz_txn rz_txn;

typedef struct rz_store_options {
    rz_vfs *vfs;
    const char *path;               /* NULL: in memory */
    uint64_t pool_size_bytes;
    uint64_t memory_limit_bytes;
    uint64_t max_db_size_bytes;     /* 0: none */
    bool read_only;
    bool no_create;
    bool unsafe_no_lock;            /* write even where the file system cannot lock */
    rz_inspector *salvage;          /* NULL, or: opens what can be opened of a damaged file, read-only and without its logs; what cannot is reported */
    bool recover_prefix;            /* of a damaged log, accept what is intact at its beginning */
    bool checkpoint_in_thread;      /* automatic checkpoints; else the committing thread makes them */
} rz_store_options;

/* What a commit waits for. */
typedef enum rz_sync_level { RZ_SYNC_LEVEL_FULL, RZ_SYNC_LEVEL_NORMAL, RZ_SYNC_LEVEL_OFF } rz_sync_level;

/* May change while the store is open: options of the whole database. */
typedef struct rz_store_settings {
    rz_sync_level wal_sync;
    bool auto_checkpoint;
    bool checkpoint_on_close;            /* else the log is left for the next open */
    bool spill_to_disk;
    uint64_t checkpoint_threshold_bytes; /* of log; 0: at each commit */
} rz_store_settings;

/* Opens or creates, and recovers what the log has beyond the file (in memory: nothing is written before the first commit or checkpoint). Errors: those of rz_disk_create/_open; CORRUPT
 * from metadata or the log. */
RZ_NODISCARD ruzu_status rz_store_open(const rz_store_options *options, rz_store **out, rz_error *err);
/* Checkpoints (unless told not to, read-only or nothing changed) and removes the logs, closes the files, frees the store even on failure. No transaction may be live. */
RZ_NODISCARD ruzu_status rz_store_close(rz_store *store, rz_error *err);

/* Takes new settings; they count from the next commit, checkpoint or close on. Thread-safe. At first: full, automatic, on close, 16 MiB. */
void rz_store_configure(rz_store *store, const rz_store_settings *settings);

typedef struct rz_store_log_info {
    bool exists;                 /* false: in memory */
    uint64_t generation;         /* of the current log */
    uint64_t size_bytes;         /* of its records */
    uint64_t recovered_commits;  /* that opening found in the logs */
    uint64_t recovery_folds;     /* checkpoints that opening made on the way, for want of memory */
    uint64_t discarded_bytes;    /* of a commit that was under way when the process ended; never acknowledged */
    bool damaged;                /* opening accepted a damaged log (recover_prefix): the next two tell which one, and what came behind the damage */
    uint64_t damaged_generation;
    uint64_t lost_commits;
} rz_store_log_info;
void rz_store_log_info_get(rz_store *store, rz_store_log_info *out);

rz_mem *rz_store_mem(rz_store *store);   /* the database's account */
rz_pool *rz_store_pool(rz_store *store);
rz_disk *rz_store_disk(rz_store *store);
rz_vfs *rz_store_vfs(rz_store *store);
bool rz_store_read_only(const rz_store *store);

/*
 * Begins a transaction. Writing: waits up to busy_timeout_us for its turn (RUZU_ERROR_BUSY, dialect §18 text), then takes the newest snapshot. Reading never waits.
 * RUZU_ERROR_READ_ONLY for a writing one in a read-only store.
 */
RZ_NODISCARD ruzu_status rz_txn_begin(rz_store *store, bool write, uint64_t busy_timeout_us, rz_txn **out, rz_error *err);
/*
 * Commits: the changes go to the log, are synced as wal_sync says, and become visible. Frees txn in any case. After a failure it has been rolled back, except with OUTCOME_UNKNOWN: then only
 * reopening tells, and the store takes no more writes.
 */
RZ_NODISCARD ruzu_status rz_txn_commit(rz_txn *txn, rz_error *err);
void rz_txn_rollback(rz_txn *txn); /* cannot fail; frees txn */

bool rz_txn_is_write(const rz_txn *txn);
rz_store *rz_txn_store(const rz_txn *txn);
const rz_snapshot *rz_txn_snapshot(const rz_txn *txn);
rz_writer *rz_txn_writer(rz_txn *txn);           /* NULL in a reading transaction */
const rz_catalog *rz_txn_catalog(const rz_txn *txn); /* its own changes included */
uint64_t rz_txn_start_us(const rz_txn *txn);     /* wall clock at begin: current_timestamp */

/* The copy to edit, made on first use; after adding or replacing tables call rz_txn_sync_tables. */
RZ_NODISCARD ruzu_status rz_txn_edit_catalog(rz_txn *txn, rz_catalog **out, rz_error *err);
/* Creates the storage of tables and pairs that the edited catalog has and the store has not, drops columns that it has not; registers undo. */
RZ_NODISCARD ruzu_status rz_txn_sync_tables(rz_txn *txn, rz_error *err);

/* The storage of a property that has been added to the edited catalog's table, of all pairs of a relationship table: rows that exist have the value fill. */
RZ_NODISCARD ruzu_status rz_txn_add_column(rz_txn *txn, const rz_cat_table *table, uint32_t property_idx, const rz_value *fill, rz_error *err);

/* ---- sequences (sequence.h) ---- */

/*
 * Gives the next `count` values. Errors: CATALOG "s does not exist in catalog.", "nextval: reached maximum value of sequence "s" 100"; TRANSACTION when the
 * transaction only reads. By the thread that writes.
 */
RZ_NODISCARD ruzu_status rz_txn_next_values(rz_txn *txn, const char *name, uint32_t count, int64_t *out, rz_error *err);
/* The value given last, as the transaction sees it. Errors: CATALOG, also before the first. */
RZ_NODISCARD ruzu_status rz_txn_current_value(const rz_txn *txn, const char *name, int64_t *out, rz_error *err);
/*
 * SERIAL properties without a vector get the next values of their sequences. They stay without one, which says that the table numbers them by offset, where that comes
 * to the same: the sequence stands at next_offset, where the first of the rows will lie (UINT64_MAX: unknown). *io_values is replaced by a list in the
 * transaction's scratch memory, good until the next call, when there are others.
 */
RZ_NODISCARD ruzu_status rz_txn_number_rows(rz_txn *txn, const rz_cat_table *table, uint64_t next_offset, rz_vec *const **io_values, const rz_sel *sel,
                                            rz_error *err);

/* ---- storage ---- */

/* Storage of a node table or FROM/TO pair; NULL when there is none. Borrowed: lives as long as the transaction. */
rz_ntab *rz_txn_ntab(const rz_txn *txn, uint32_t table_id);
rz_rtab *rz_txn_rtab(const rz_txn *txn, uint32_t pair_id);

/* Writes everything committed to the file (out of place), two header slots last. Runs beside readers and writers. No-op when nothing changed. A failure leaves the database as it was;
 * when it is one of a header or sync, the store takes no more writes (POISONED). */
RZ_NODISCARD ruzu_status rz_store_checkpoint(rz_store *store, rz_error *err);
/* The same, and changes that checkpoints have written beside what they change are written into it, whether or not anything was committed since. */
RZ_NODISCARD ruzu_status rz_store_vacuum(rz_store *store, rz_error *err);

/* ---- check, backup, salvage ---- */

/*
 * Looks for damage: the file behind the newest header (its slots, every page, free space, the lists of tables), and with `deep` also what the tables say as txn
 * sees them (segments against their metadata, keys against the index, both directions of the relationships). Runs beside writers and checkpoints. Damage is
 * reported; fails only where the check itself cannot go on.
 */
RZ_NODISCARD ruzu_status rz_store_check(rz_txn *txn, rz_mem *mem, bool deep, rz_inspector *inspector, rz_error *err);
/* The same for a file that nobody has open for writing, and that may be too damaged to open: what can be looked at is. */
RZ_NODISCARD ruzu_status rz_store_check_file(const rz_store_options *options, bool deep, rz_inspector *inspector, rz_error *err);
/*
 * Copies the database, as the newest commit has it, to a new file at path: a checkpoint, then the pages that its header reaches, each verified, under another
 * uuid; readers and writers go on meanwhile. The file is built as <path>.tmp, synced and renamed, so path is absent or whole. progress (may be NULL) hears of the
 * work done and may stop it. Errors: those of a checkpoint; IO (path exists already), CORRUPT (a page of the database is damaged: nothing is left at path), MISUSE (in memory),
 * READ_ONLY (a store opened read-only whose log holds commits).
 */
typedef ruzu_status (*rz_progress_of_copy_fn)(void *user, uint64_t pages_done, uint64_t pages_total, rz_error *err);
RZ_NODISCARD ruzu_status rz_store_backup(rz_store *store, const char *path, rz_progress_of_copy_fn progress, void *user,
                                         rz_error *err);

/* What became of one table, or what else was found. */
typedef struct rz_salvaged {
    bool is_table;          /* false: only table and reason say something */
    const char *table;      /* name; borrowed for the call */
    bool is_node;
    uint64_t rows;          /* taken over */
    uint64_t rows_lost;     /* as far as is known */
    uint64_t values_lost;   /* of rows taken over: NULL now */
    const char *reason;     /* the first cause; "" when nothing is lost */
} rz_salvaged;
typedef struct rz_salvage_totals {
    uint64_t tables;
    uint64_t tables_damaged;
    uint64_t problems;      /* found besides tables */
    uint64_t rows;
    uint64_t rows_lost;
    uint64_t values_lost;
    bool opened_damaged;    /* it does not open as a database: its logs were not read */
} rz_salvage_totals;
typedef void (*rz_salvage_fn)(void *user, const rz_salvaged *table);
/*
 * Reads what can be read of a damaged file (options->path) into a new database at to_path, and reports on each table (report may be NULL). The file is opened
 * read-only and left as it is. Errors: CORRUPT (no header or catalog that can be read), IO (to_path exists), VERSION, LOCKED.
 */
RZ_NODISCARD ruzu_status rz_store_salvage(const rz_store_options *options, const char *to_path, rz_salvage_fn report, void *user, rz_salvage_totals *out,
                                          rz_error *err);

#include "transaction/write.h" /* changes */

#endif
