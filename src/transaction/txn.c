/* SPDX-License-Identifier: MIT */
/*
 * Transactions: snapshots, the writer's changes, commit and rollback.
 *
 * Invariants
 *  (1) At most one writing transaction is live; it took the turn before its snapshot, so it starts from the newest state.
 *  (2) A commit stamps every change and publishes the catalog under the store's mutex, then raises the timestamp: a transaction that begins sees all of it or nothing.
 *  (3) Rolling back needs no memory and cannot fail.
 */
#include "transaction/store.h"

#include <string.h>

ruzu_status rz_txn_begin(rz_store *store, bool write, uint64_t busy_timeout_us, rz_txn **out, rz_error *err)
{
    *out = NULL;
    if (write && store->read_only) {
        return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot execute write operations in a read-only database!");
    }
    rz_txn *txn = (rz_txn *)rz_mem_calloc(&store->mem, 1, sizeof *txn);
    RZ_TRY_ALLOC(txn, err, "beginning a transaction");
    if (write) {
        ruzu_status status = rz_store_take_turn(store, busy_timeout_us, err);
        if (status != RUZU_OK) {
            rz_mem_free(&store->mem, txn, sizeof *txn);
            return status;
        }
    }
    txn->store = store;
    txn->write = write;
    rz_arena_init(&txn->arena, &store->mem);
    rz_mutex_lock(&store->lock);
    txn->snapshot.timestamp = store->timestamp;
    if (write) {
        txn->snapshot.own_stamp = RZ_STAMP_UNCOMMITTED | store->next_txn_id++;
    }
    txn->catalog = store->catalog;
    rz_catalog_retain(txn->catalog);
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
    *out = txn;
    return RUZU_OK;
}

static void txn_end(rz_txn *txn)
{
    rz_store *store = txn->store;
    rz_catalog_release(txn->catalog);
    rz_arena_free(&txn->arena);
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
    if (txn->write) {
        rz_store_end_turn(store);
    }
    rz_mem_free(&store->mem, txn, sizeof *txn);
}

ruzu_status rz_txn_commit(rz_txn *txn, rz_error *err)
{
    rz_store *store = txn->store;
    ruzu_status status = rz_txn_settle_sequences(txn, err);
    if (status != RUZU_OK) {
        rz_txn_rollback(txn);
        return status;
    }
    if (txn->write && (txn->writer.undo != NULL || txn->edited || txn->settled)) {
        rz_mutex_lock(&store->lock);
        uint64_t timestamp = store->timestamp + 1;
        for (rz_undo *undo = txn->writer.undo; undo != NULL;) {
            rz_undo *next = undo->next;
            undo->commit(undo, timestamp);
            undo = next;
        }
        if (txn->edited || txn->settled) {
            rz_catalog *old = store->catalog;
            store->catalog = txn->catalog;
            txn->catalog = old;
        }
        store->timestamp = timestamp;
        rz_mutex_unlock(&store->lock);
    }
    txn_end(txn);
    return RUZU_OK;
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
    *out = txn->catalog;
    return RUZU_OK;
}

ruzu_status rz_txn_sync_tables(rz_txn *txn, rz_error *err)
{
    for (uint32_t id = 0; id < rz_catalog_id_end(txn->catalog); id++) {
        bool known = rz_catalog_node_table(txn->catalog, id) != NULL || rz_catalog_rel_of_pair(txn->catalog, id, NULL) != NULL;
        if (!known || rz_store_table(txn->store, id) != NULL) {
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
