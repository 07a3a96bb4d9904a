/* SPDX-License-Identifier: MIT */
/*
 * Transactions: snapshots, the writer's changes, commit and rollback.
 *
 * Invariants
 *  (1) At most one writing transaction is live; it took the turn before its snapshot, so it starts from the newest state, that of the last commit appended to the log,
 *      whether or not that commit has been published yet.
 *  (2) Changes are stamped when their commit is appended and seen by others when it is published, which raises the timestamp that snapshots begin with: a transaction
 *      that begins sees all of a commit or nothing.
 *  (3) Rolling back needs no memory and cannot fail.
 */
#include "transaction/store.h"

#include <string.h>

static ruzu_status txn_create(rz_store *store, bool write, rz_txn **out, rz_error *err)
{
    rz_txn *txn = (rz_txn *)rz_mem_calloc(&store->mem, 1, sizeof *txn);
    RZ_TRY_ALLOC(txn, err, "beginning a transaction");
    txn->store = store;
    txn->write = write;
    rz_arena_init(&txn->arena, &store->mem);
    rz_str_init(&txn->payload, &store->mem);
    if (write) {
        rz_redo_init(&txn->redo, &store->mem, store->pool);
    }
    *out = txn;
    return RUZU_OK;
}

/* Takes the snapshot and joins the list. */
static void txn_enter(rz_txn *txn)
{
    rz_store *store = txn->store;
    rz_catalog *catalog = NULL;
    if (txn->write) { /* the newest state stands still: we have the turn */
        rz_mutex_lock(&store->log_lock);
        txn->snapshot.timestamp = store->log_timestamp;
        catalog = store->log_catalog;
        rz_catalog_retain(catalog);
        rz_mutex_unlock(&store->log_lock);
    }
    rz_mutex_lock(&store->lock);
    if (txn->write) {
        txn->snapshot.own_stamp = RZ_STAMP_UNCOMMITTED | store->next_txn_id++;
    } else {
        txn->snapshot.timestamp = store->timestamp;
        catalog = store->catalog;
        rz_catalog_retain(catalog);
    }
    txn->catalog = catalog;
    txn->older = store->newest;
    if (store->newest != NULL) {
        store->newest->newer = txn;
    } else {
        store->oldest = txn;
    }
    store->newest = txn;
    store->live++;
    rz_mutex_unlock(&store->lock);
    txn->writer.snapshot = txn->snapshot;
    txn->writer.arena = &txn->arena;
    txn->start_us = store->vfs->now_us(store->vfs);
}

static void txn_free(rz_txn *txn)
{
    rz_redo_deinit(&txn->redo);
    rz_str_free(&txn->payload);
    rz_arena_free(&txn->arena);
    rz_mem_free(&txn->store->mem, txn, sizeof *txn);
}

ruzu_status rz_txn_begin(rz_store *store, bool write, uint64_t busy_timeout_us, rz_txn **out, rz_error *err)
{
    *out = NULL;
    if (write && store->read_only) {
        return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot execute write operations in a read-only database!");
    }
    if (write) {
        RZ_TRY(rz_disk_check_healthy(store->disk, err));
    }
    rz_txn *txn = NULL;
    RZ_TRY(txn_create(store, write, &txn, err));
    if (write) {
        ruzu_status status = rz_store_take_turn(store, busy_timeout_us, err);
        if (status != RUZU_OK) {
            txn_free(txn);
            return status;
        }
    }
    txn->logged = write && store->wal != NULL;
    txn_enter(txn);
    *out = txn;
    return RUZU_OK;
}

ruzu_status rz_txn_begin_replay(rz_store *store, rz_txn **out, rz_error *err)
{
    *out = NULL;
    RZ_TRY(txn_create(store, true, out, err));
    store->writing = true; /* nobody else is there yet */
    txn_enter(*out);
    return RUZU_OK;
}

/* Leaves the list of those whose snapshots are kept. */
static void txn_leave(rz_txn *txn)
{
    rz_store *store = txn->store;
    rz_mutex_lock(&store->lock);
    if (txn->older != NULL) {
        txn->older->newer = txn->newer;
    } else {
        store->oldest = txn->newer;
    }
    if (txn->newer != NULL) {
        txn->newer->older = txn->older;
    } else {
        store->newest = txn->older;
    }
    store->live--;
    rz_mutex_unlock(&store->lock);
}

static void txn_end(rz_txn *txn)
{
    rz_catalog_release(txn->catalog);
    txn_leave(txn);
    if (txn->write) {
        rz_store_end_turn(txn->store);
    }
    txn_free(txn);
}

/* What commits may fail with, before anything is logged. */
static ruzu_status txn_prepare(rz_txn *txn, rz_error *err)
{
    for (rz_undo *undo = txn->writer.undo; undo != NULL; undo = undo->next) {
        if (undo->prepare != NULL) {
            RZ_TRY(undo->prepare(undo, err));
        }
    }
    return rz_txn_settle_sequences(txn, err);
}

void rz_txn_stamp(rz_txn *txn, uint64_t timestamp)
{
    for (rz_undo *undo = txn->writer.undo; undo != NULL;) {
        rz_undo *next = undo->next;
        undo->commit(undo, timestamp);
        undo = next;
    }
}

ruzu_status rz_txn_commit_replay(rz_txn *txn, uint64_t timestamp, rz_error *err)
{
    rz_store *store = txn->store;
    ruzu_status status = txn_prepare(txn, err);
    if (status != RUZU_OK) {
        rz_txn_rollback(txn);
        return status;
    }
    rz_txn_stamp(txn, timestamp);
    rz_catalog_release(store->log_catalog);
    rz_catalog_release(store->catalog);
    rz_catalog_retain(txn->catalog);
    rz_catalog_retain(txn->catalog);
    store->log_catalog = txn->catalog;
    store->catalog = txn->catalog;
    store->log_timestamp = timestamp;
    store->timestamp = timestamp;
    txn_end(txn);
    return RUZU_OK;
}

ruzu_status rz_txn_commit(rz_txn *txn, rz_error *err)
{
    rz_store *store = txn->store;
    ruzu_status status = txn_prepare(txn, err);
    if (status != RUZU_OK) {
        rz_txn_rollback(txn);
        return status;
    }
    if (!txn->write || (txn->writer.undo == NULL && !txn->edited && !txn->settled)) {
        txn_end(txn);
        return RUZU_OK;
    }
    uint64_t timestamp = 0;
    uint64_t lsn = 0;
    status = txn->edited && !txn->catalog_noted ? rz_txn_note_catalog(txn, err) : RUZU_OK;
    if (status == RUZU_OK) {
        status = rz_txn_note_sequences(txn, err);
    }
    if (status == RUZU_OK) {
        status = rz_store_append(store, txn, &timestamp, &lsn, err);
    }
    if (status != RUZU_OK) {
        rz_txn_rollback(txn);
        return status;
    }
    rz_store_end_turn(store); /* the next writer builds on this commit while it is being synced */
    status = rz_store_settle(store, timestamp, txn->catalog, lsn, err);
    rz_catalog_release(txn->catalog);
    txn_leave(txn);
    txn_free(txn);
    if (status == RUZU_OK) {
        rz_store_consider_checkpoint(store);
    }
    return status;
}

void rz_txn_rollback(rz_txn *txn)
{
    for (rz_undo *undo = txn->writer.undo; undo != NULL;) {
        rz_undo *next = undo->next;
        undo->rollback(undo);
        undo = next;
    }
    for (uint32_t i = txn->created.count; i > 0; i--) {
        rz_store_forget_table(txn->store, txn->created.items[i - 1]);
    }
    txn_end(txn);
}

bool rz_txn_is_write(const rz_txn *txn)
{
    return txn->write;
}

rz_store *rz_txn_store(const rz_txn *txn)
{
    return txn->store;
}

const rz_snapshot *rz_txn_snapshot(const rz_txn *txn)
{
    return &txn->snapshot;
}

rz_writer *rz_txn_writer(rz_txn *txn)
{
    return txn->write ? &txn->writer : NULL;
}

const rz_catalog *rz_txn_catalog(const rz_txn *txn)
{
    return txn->catalog;
}

uint64_t rz_txn_start_us(const rz_txn *txn)
{
    return txn->start_us;
}

/* ---- schema changes ---- */

ruzu_status rz_txn_edit_catalog(rz_txn *txn, rz_catalog **out, rz_error *err)
{
    *out = NULL;
    if (!txn->write) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "Can not execute a write query inside a read-only transaction.");
    }
    if (!txn->edited) {
        rz_catalog *copy = NULL;
        RZ_TRY(rz_catalog_edit(txn->catalog, &copy, err));
        rz_catalog_release(txn->catalog);
        txn->catalog = copy;
        txn->edited = true;
    }
    txn->catalog_noted = false;
    *out = txn->catalog;
    return RUZU_OK;
}

ruzu_status rz_txn_sync_tables(rz_txn *txn, rz_error *err)
{
    for (uint32_t id = 0; id < rz_catalog_id_end(txn->catalog); id++) {
        bool known = rz_catalog_node_table(txn->catalog, id) != NULL || rz_catalog_rel_of_pair(txn->catalog, id, NULL) != NULL;
        if (known && rz_store_table(txn->store, id) != NULL) {
            RZ_TRY(rz_txn_drop_columns(txn, id, err));
            continue;
        }
        if (!known) {
            continue;
        }
        if (!RZ_ARRAY_PUSH(&txn->created, &txn->arena, id)) {
            return rz_error_no_memory(err, "creating a table");
        }
        store_table *table = NULL;
        ruzu_status status = rz_store_make_table(txn->store, txn->catalog, id, NULL, &table, err);
        if (status == RUZU_OK) {
            status = rz_store_publish_table(txn->store, table, err);
        }
        if (status != RUZU_OK) {
            txn->created.count--;
            return status;
        }
    }
    return RUZU_OK;
}

rz_ntab *rz_txn_ntab(const rz_txn *txn, uint32_t table_id)
{
    const store_table *table = rz_store_table(txn->store, table_id);
    return table == NULL ? NULL : table->ntab;
}

rz_rtab *rz_txn_rtab(const rz_txn *txn, uint32_t pair_id)
{
    const store_table *table = rz_store_table(txn->store, pair_id);
    return table == NULL ? NULL : table->rtab;
}
