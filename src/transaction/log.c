/* SPDX-License-Identifier: MIT */
/*
 * The store and its log: appending commits, publishing them once they are durable, changing logs for a checkpoint, and what happens when the disk fails.
 *
 * A commit: bulk extents synced → records appended, changes stamped, next writer may begin → log synced → published → acknowledged. Everything that can be refused
 * comes before the append; a failed sync leaves the outcome unknown and poisons the store.
 */
#include "transaction/store.h"

#include <string.h>

/* ---- commit ---- */

/* A log that takes no more records poisons the database; one that found no space is fine again when there is some. */
static void log_note_failure(rz_store *store, ruzu_status status, const rz_error *err)
{
    rz_disk_note_space(store->disk, status != RUZU_ERROR_DISK_FULL);
    if (status != RUZU_OK && rz_wal_check(store->wal, NULL) != RUZU_OK) {
        rz_disk_poison(store->disk, err);
    }
}

ruzu_status rz_store_resume_log(rz_store *store, rz_error *err)
{
    RZ_TRY(rz_disk_check_name(store->disk, err)); /* the log would stand beside another file's name */
    RZ_TRY(rz_disk_settle(store->disk, err));
    ruzu_status status = rz_wal_resume(store->wal, err);
    if (status != RUZU_OK) {
        log_note_failure(store, status, err);
    }
    return status;
}

/* The first commit of a session: the log must be there before the header says that it is needed. Under log_lock. */
static ruzu_status log_make_ready(rz_store *store, rz_error *err)
{
    if (store->log_ready) {
        return RUZU_OK;
    }
    RZ_TRY(rz_store_resume_log(store, err));
    rz_file_header header = *rz_disk_header(store->disk);
    if ((header.flags & RZ_HEADER_CLEAN) != 0) {
        header.flags &= ~RZ_HEADER_CLEAN;
        RZ_TRY(rz_disk_header_write(store->disk, &header, err));
    }
    store->log_ready = true;
    return RUZU_OK;
}

static uint64_t log_generation(rz_store *store)
{
    rz_wal_positions positions;
    rz_wal_positions_get(store->wal, &positions);
    return positions.generation;
}

static ruzu_status log_append_locked(rz_store *store, rz_txn *txn, uint64_t timestamp, uint64_t *out_lsn, rz_error *err)
{
    RZ_TRY(log_make_ready(store, err));
    uint64_t generation = log_generation(store);
    for (uint32_t i = 0; i < txn->extents.count; i++) {
        RZ_TRY(rz_disk_mark_logged(store->disk, txn->extents.items[i], generation, err));
    }
    uint64_t txid = txn->snapshot.own_stamp & ~RZ_STAMP_UNCOMMITTED;
    ruzu_status status = rz_wal_append(store->wal, &txn->redo, txid, timestamp, out_lsn, err);
    log_note_failure(store, status, err);
    return status;
}

ruzu_status rz_store_append(rz_store *store, rz_txn *txn, uint64_t *out_timestamp, uint64_t *out_lsn, rz_error *err)
{
    *out_lsn = 0;
    RZ_TRY(rz_disk_check_healthy(store->disk, err));
    if (txn->extents.count != 0) {
        RZ_TRY(rz_disk_sync(store->disk, err));
    }
    rz_mutex_lock(&store->log_lock);
    uint64_t timestamp = store->log_timestamp + 1;
    ruzu_status status = store->wal == NULL ? RUZU_OK : log_append_locked(store, txn, timestamp, out_lsn, err);
    if (status == RUZU_OK) {
        rz_txn_stamp(txn, timestamp);
        rz_catalog_retain(txn->catalog);
        rz_catalog *old = store->log_catalog;
        store->log_catalog = txn->catalog;
        store->log_timestamp = timestamp;
        rz_catalog_release(old);
        *out_timestamp = timestamp;
    }
    rz_mutex_unlock(&store->log_lock);
    return status;
}

/* Readers that begin from now on see the commit. */
static void log_publish(rz_store *store, uint64_t timestamp, rz_catalog *catalog)
{
    rz_catalog *old = NULL;
    rz_mutex_lock(&store->lock);
    if (timestamp > store->timestamp) { /* a later commit may have been here first: its sync covered this one */
        rz_catalog_retain(catalog);
        old = store->catalog;
        store->catalog = catalog;
        store->timestamp = timestamp;
    }
    rz_mutex_unlock(&store->lock);
    rz_catalog_release(old);
}

ruzu_status rz_store_settle(rz_store *store, uint64_t timestamp, rz_catalog *catalog, uint64_t lsn, rz_error *err)
{
    if (RZ_MUTANT_IS(13)) {
        log_publish(store, timestamp, catalog);
    }
    uint32_t level = atomic_load_explicit(&store->wal_sync, memory_order_relaxed);
    if (store->wal != NULL && level == RZ_SYNC_LEVEL_FULL) {
        rz_error cause;
        rz_error_init(&cause);
        if (rz_wal_sync(store->wal, lsn, &cause) != RUZU_OK) {
            return rz_disk_outcome_unknown(store->disk, &cause, err);
        }
    }
    log_publish(store, timestamp, catalog);
    if (store->wal != NULL && level == RZ_SYNC_LEVEL_NORMAL) {
        rz_store_flush_due(store); /* of those before, should the thread be late; this one's turn comes */
        rz_store_flush_later(store);
    }
    return RUZU_OK;
}

ruzu_status rz_store_sync_log(rz_store *store, rz_error *err)
{
    rz_wal_positions positions;
    rz_wal_positions_get(store->wal, &positions);
    ruzu_status status = positions.ready ? rz_wal_sync(store->wal, positions.written_lsn, err) : RUZU_OK;
    if (status != RUZU_OK) { /* that it worked says nothing about space */
        log_note_failure(store, status, err);
    }
    return status;
}

/* ---- checkpoints ---- */

ruzu_status rz_store_switch_log(rz_store *store, rz_save_point *out, rz_error *err)
{
    rz_mutex_lock(&store->log_lock);
    ruzu_status ready = log_make_ready(store, err);
    rz_mutex_unlock(&store->log_lock);
    RZ_TRY(ready);
    /* From here on only this checkpoint writes headers and changes logs. */
    const rz_file_header *header = rz_disk_header(store->disk);
    bool change = log_generation(store) == header->log_generation;
    if (change) {
        RZ_TRY(rz_wal_prepare(store->wal, header->log_generation + 1, header->log_salts[1], err));
    }
    rz_mutex_lock(&store->log_lock);
    ruzu_status status = RUZU_OK;
    if (change) {
        status = rz_wal_switch(store->wal, &out->lsn, err);
        log_note_failure(store, status, err);
    }
    if (status == RUZU_OK) {
        rz_wal_positions positions;
        rz_wal_positions_get(store->wal, &positions);
        out->generation = positions.generation;
        out->lsn = positions.written_lsn;
        out->timestamp = store->log_timestamp;
        out->catalog = store->log_catalog;
        rz_catalog_retain(store->log_catalog);
    }
    rz_mutex_unlock(&store->log_lock);
    return status;
}
