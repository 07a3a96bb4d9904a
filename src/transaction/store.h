/* SPDX-License-Identifier: MIT */
/*
 * The store's and a transaction's structs (private to the module).
 */
#ifndef RZ_TRANSACTION_STORE_H
#define RZ_TRANSACTION_STORE_H

#include "transaction/sequence.h"

#define STORE_SLOT_BITS 8u
#define STORE_SLOTS     256u /* tables a directory page of the table list holds, and such pages */

/* Storage of one node table or FROM/TO pair. */
typedef struct store_table {
    uint32_t id;
    rz_ntab *ntab;         /* one of the two */
    rz_rtab *rtab;
    rz_meta_ref directory; /* as the next header will name it; count 0: not written yet */
    rz_str folded;         /* directory bytes of a fold that could not be written yet: the fold itself is not repeated */
} store_table;

struct rz_store {
    rz_mem mem;
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

    rz_mutex lock;            /* guards what follows */
    rz_cond turn;             /* the writer's turn ended */
    bool writing;             /* a writer (or checkpoint) has its turn */
    rz_catalog *catalog;      /* newest committed; counted reference */
    uint64_t timestamp;       /* newest commit */
    uint64_t saved_timestamp; /* contained in the newest header */
    uint64_t next_txn_id;
    rz_txn *oldest;           /* live transactions, by begin: snapshots rise along the list */
    rz_txn *newest;
    uint32_t live;            /* how many */
};

struct rz_txn {
    rz_store *store;
    rz_txn *older; /* in the store's list; guarded by its lock */
    rz_txn *newer;
    bool write;
    rz_snapshot snapshot;
    rz_catalog *catalog; /* counted reference; its own copy once `edited` */
    bool edited;
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
};

store_table *rz_store_table(const rz_store *store, uint32_t id); /* NULL: none */
/* Takes table over, also on failure. */
RZ_NODISCARD ruzu_status rz_store_publish_table(rz_store *store, store_table *table, rz_error *err);
void rz_store_forget_table(rz_store *store, uint32_t id); /* its pages are given back; nobody uses it */
/* Makes the storage object of an id of the catalog: new, or from directory bytes when given. */
RZ_NODISCARD ruzu_status rz_store_make_table(rz_store *store, const rz_catalog *catalog, uint32_t id, rz_reader *directory, store_table **out, rz_error *err);

/* store_load.c, store_save.c */
RZ_NODISCARD ruzu_status rz_store_load(rz_store *store, rz_error *err);
/* The caller has the writer's turn. */
RZ_NODISCARD ruzu_status rz_store_save(rz_store *store, rz_error *err);

/* Waits for the writer's turn; RUZU_ERROR_BUSY after timeout_us. */
RZ_NODISCARD ruzu_status rz_store_take_turn(rz_store *store, uint64_t timeout_us, rz_error *err);
void rz_store_end_turn(rz_store *store);

#endif
