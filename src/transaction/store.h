/* SPDX-License-Identifier: MIT */
/*
 * The store's and a transaction's structs (private to the module).
 */
#ifndef RZ_TRANSACTION_STORE_H
#define RZ_TRANSACTION_STORE_H

#include "storage/wal/wal.h"
#include "transaction/auto_checkpoint.h"
#include "transaction/flusher.h"
#include "transaction/sequence.h"

#define STORE_SLOT_BITS 8u
#define STORE_SLOTS     256u /* tables a directory page of the table list holds, and such pages */

/* Storage of one node table or FROM/TO pair. */
typedef struct store_table {
    uint32_t id;
    rz_ntab *ntab;         /* one of the two */
    rz_rtab *rtab;
    bool doubtful;         /* a salvage: the directory's checksum was wrong */
    rz_meta_ref directory; /* as the next header will name it; count 0: not written yet */
    rz_str folded;         /* directory bytes of a fold that could not be written yet: the fold itself is not repeated */
} store_table;

/*
 * Two states of the database go side by side: what has been appended to the log (the next writer builds on it) and what is published, because its sync is done (readers see it).
 *
 * Locks, in this order: checkpoint_lock, the writer's turn, log_lock, lock. Reading transactions take only `lock`, to begin and to end.
 */
struct rz_store {
    rz_mem mem;
    rz_mem_maps maps;                      /* what statements take turns in using */
    rz_vfs *vfs;
    rz_disk *disk;
    rz_pool *pool;
    bool read_only;
    _Atomic uint32_t wal_sync;             /* rz_store_configure; relaxed, as the next three: each is read by itself */
    _Atomic bool auto_checkpoint;
    _Atomic bool checkpoint_on_close;
    _Atomic uint64_t checkpoint_threshold; /* bytes */
    rz_inspector *salvage;                 /* borrowed while opening: see rz_store_options */
    /* By id, in two steps so that a growing list never moves: pages and entries are published by a release store and read
     * without a lock by transactions, whose catalog names only what was published before they began. */
    _Atomic(store_table *_Atomic *) tables[STORE_SLOTS];

    rz_mutex checkpoint_lock;  /* whoever writes the metadata and header */
    uint64_t saved_timestamp;  /* checkpoint_lock: contained in the newest header */

    rz_mutex log_lock;         /* appending to the log and changing logs; guards the next four */
    rz_wal *wal;               /* NULL in memory; the pointer is immutable after open */
    bool log_ready;            /* the header is without the clean flag and the log takes records; set with checkpoint_lock or while the store opens too */
    uint64_t log_timestamp;    /* newest commit appended */
    rz_catalog *log_catalog;   /* counted: as of then */

    rz_mutex lock;             /* guards what follows */
    rz_cond turn;              /* the writer's turn ended */
    bool writing;              /* a writer has its turn */
    rz_catalog *catalog;       /* newest published; counted reference */
    uint64_t timestamp;        /* newest published commit */
    uint64_t next_txn_id;
    rz_txn *oldest;            /* live transactions, by begin */
    rz_txn *newest;
    uint32_t live;             /* how many */

    rz_wal_found recovered;    /* what recovery found */
    uint64_t recovery_folds;   /* checkpoints that it made on the way; immutable after open */
    _Atomic uint64_t memory_floor; /* what was in memory besides cached pages after the newest checkpoint, or opening; relaxed (pressure.c) */
    rz_auto_checkpoint checkpointer;
    rz_flusher flusher;
};

struct rz_txn {
    rz_store *store;
    rz_txn *older; /* in the store's list; guarded by its lock */
    rz_txn *newer;
    bool write;
    rz_snapshot snapshot;
    rz_catalog *catalog; /* counted reference; its own copy once `edited` */
    bool edited;
    bool catalog_noted;  /* the redo records have the catalog as it is */
    bool logged;         /* changes are noted for the log */
    rz_arena arena;
    rz_writer writer;
    uint64_t start_us;
    RZ_ARRAY(uint32_t) created; /* ids of storage made by this transaction */
    RZ_ARRAY(rz_sequence_change) sequences;
    bool settled;        /* `catalog` is a copy of its own because of them */
    int64_t *numbers;    /* arena; scratch of rz_txn_number_rows, as what follows */
    rz_vec *number_vecs;
    uint32_t number_columns;
    rz_vec **number_list;
    uint32_t number_values;
    rz_redo redo;
    rz_str payload;             /* of the record being made */
    RZ_ARRAY(rz_page_range) extents; /* of bulk loads: named by records */
};

/* What a checkpoint contains. */
typedef struct rz_save_point {
    uint64_t timestamp;
    rz_catalog *catalog; /* as of then; counted */
    uint64_t lsn;        /* of the newest record that is contained */
    uint64_t generation; /* of the log that later ones are in */
    bool clean;          /* there are none: the logs are no longer needed */
    bool whole;          /* nothing stays beside what it belongs to */
} rz_save_point;

/* ---- txn.c ---- */

/* For recovery: a writing transaction that notes nothing for the log; commits with a given timestamp. */
RZ_NODISCARD ruzu_status rz_txn_begin_replay(rz_store *store, rz_txn **out, rz_error *err);
/* Frees txn; on failure it has been rolled back. */
RZ_NODISCARD ruzu_status rz_txn_commit_replay(rz_txn *txn, uint64_t timestamp, rz_error *err);
/* Stamps the changes; the writer's turn or recovery. */
void rz_txn_stamp(rz_txn *txn, uint64_t timestamp);

/* ---- write.c: making a redo record ---- */

/* The payload to append to, beginning with the table's id; NULL: nothing is logged. A catalog that was edited is noted first. */
RZ_NODISCARD ruzu_status rz_txn_begin_record(rz_txn *txn, uint32_t table_id, rz_str **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_txn_add_record(rz_txn *txn, rz_wal_type type, rz_error *err);
RZ_NODISCARD ruzu_status rz_txn_note_catalog(rz_txn *txn, rz_error *err);
RZ_NODISCARD ruzu_status rz_txn_note_sequences(rz_txn *txn, rz_error *err); /* settled */

/* ---- log.c ---- */

/* Appends the transaction's records, stamps its changes and makes it what the next writer builds on; *out_lsn is what to sync. After a failure the caller
 * rolls back. */
RZ_NODISCARD ruzu_status rz_store_append(rz_store *store, rz_txn *txn, uint64_t *out_timestamp, uint64_t *out_lsn, rz_error *err);
/* Waits until the log is durable up to lsn, as wal_sync demands, and publishes the commit. */
RZ_NODISCARD ruzu_status rz_store_settle(rz_store *store, uint64_t timestamp, rz_catalog *catalog, uint64_t lsn, rz_error *err);
/* Changes over to the other log, unless an earlier checkpoint did and failed afterwards, and says what a checkpoint is to contain.
 * out->catalog is counted. The caller has checkpoint_lock. */
RZ_NODISCARD ruzu_status rz_store_switch_log(rz_store *store, rz_save_point *out, rz_error *err);
/* Before the first record or header of a session: the file has its name, both header slots agree, the log takes records. Does nothing the second time. */
RZ_NODISCARD ruzu_status rz_store_resume_log(rz_store *store, rz_error *err);
/* Everything appended is durable afterwards, whatever wal_sync says. */
RZ_NODISCARD ruzu_status rz_store_sync_log(rz_store *store, rz_error *err);

/* ---- checkpoint.c ---- */

/* The checkpoint of a clean close: nobody else is there. */
RZ_NODISCARD ruzu_status rz_store_checkpoint_last(rz_store *store, rz_error *err);

/* The checkpoint in the midst of recovery: what has been replayed so far, up to the commit with this LSN. The header keeps the log generation: no log is reset. */
RZ_NODISCARD ruzu_status rz_store_checkpoint_replayed(rz_store *store, uint64_t lsn, rz_error *err);

/* ---- pressure.c ---- */

/* Whether changes in memory have come to a share of what memory_limit leaves for them, so that a checkpoint is due. */
bool rz_store_memory_pressed(rz_store *store);
/* Bytes by which what makes room – a checkpoint, recovery – may pass memory_limit. */
uint64_t rz_store_grace(const rz_store *store);
/* A checkpoint was made, or the store was opened: what is in memory now cannot be given back by another one. */
void rz_store_note_memory(rz_store *store);

/* ---- replay.c ---- */

/* Applies what the logs have beyond the header. */
RZ_NODISCARD ruzu_status rz_store_recover(rz_store *store, bool accept_prefix, rz_error *err);

store_table *rz_store_table(const rz_store *store, uint32_t id); /* NULL: none */
/* Takes table over, also on failure. */
RZ_NODISCARD ruzu_status rz_store_publish_table(rz_store *store, store_table *table, rz_error *err);
void rz_store_forget_table(rz_store *store, uint32_t id); /* its pages are given back; nobody uses it */
/* Makes the storage object of an id of the catalog: new, or from directory bytes when given. */
RZ_NODISCARD ruzu_status rz_store_make_table(rz_store *store, const rz_catalog *catalog, uint32_t id, rz_reader *directory, store_table **out, rz_error *err);

/* Adds the column to the storage of a node table or pair (replay of a log). */
RZ_NODISCARD ruzu_status rz_txn_replay_column(rz_txn *txn, uint32_t id, const rz_cat_property *property, const rz_vec *fill, rz_error *err);
/* Drops columns of the table or pair that the transaction's catalog does not have (any more). */
RZ_NODISCARD ruzu_status rz_txn_drop_columns(rz_txn *txn, uint32_t id, rz_error *err);

/* store_load.c, store_save.c */
RZ_NODISCARD ruzu_status rz_store_load(rz_store *store, rz_error *err);
/* Writes that state to the file. The caller has checkpoint_lock. */
RZ_NODISCARD ruzu_status rz_store_save(rz_store *store, const rz_save_point *point, rz_error *err);

/* Waits for the writer's turn; RUZU_ERROR_BUSY after timeout_us. */
RZ_NODISCARD ruzu_status rz_store_take_turn(rz_store *store, uint64_t timeout_us, rz_error *err);
void rz_store_end_turn(rz_store *store);
/* The oldest snapshot that a live transaction reads, or the newest published one. */
uint64_t rz_store_oldest_snapshot(rz_store *store);

#endif
