/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints: everything committed up to one instant is written to the file, beside readers and writers.
 *
 *   change logs (commits made from now on are in the other one) → fold every changed table, write metadata → header, twice → the older log is dead
 *
 * A checkpoint that fails leaves the header before it, whose log and the newer one have everything. The next try does not change logs again: it folds what both have.
 */
#include "transaction/store.h"

static ruzu_status checkpoint_at(rz_store *store, rz_save_point *point, rz_error *err)
{
    /* It is what gives memory back, so it is not refused any: the little that each step needs for itself, beyond what writing a column takes anyway. */
    uint64_t grace = rz_store_grace(store);
    rz_mem_grant(&store->mem, grace);
    ruzu_status status = rz_store_save(store, point, err);
    rz_catalog_release(point->catalog);
    rz_mem_revoke(&store->mem, grace);
    rz_store_note_memory(store);
    return status;
}

/* Whether some table has changes beside what they change. Under checkpoint_lock: nobody else makes or takes them. */
static bool checkpoint_layered(rz_store *store)
{
    bool layered = false;
    rz_mutex_lock(&store->log_lock);
    rz_catalog *catalog = store->log_catalog;
    rz_catalog_retain(catalog);
    rz_mutex_unlock(&store->log_lock);
    for (uint32_t id = 0; id < rz_catalog_id_end(catalog) && !layered; id++) {
        const store_table *table = rz_store_table(store, id);
        layered = table != NULL && ((table->ntab != NULL && rz_ntab_layered(table->ntab)) || (table->rtab != NULL && rz_rtab_layered(table->rtab)));
    }
    rz_catalog_release(catalog);
    return layered;
}

/* whole: see rz_store_vacuum. */
static ruzu_status checkpoint_now(rz_store *store, bool whole, rz_error *err)
{
    if (store->read_only) {
        return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot execute write operations in a read-only database!");
    }
    if (store->wal == NULL) {
        return RUZU_OK; /* nothing outlives it */
    }
    RZ_TRY(rz_disk_check_healthy(store->disk, err));
    rz_mutex_lock(&store->checkpoint_lock);
    rz_mutex_lock(&store->log_lock);
    bool changed = store->log_timestamp != store->saved_timestamp;
    rz_mutex_unlock(&store->log_lock);
    ruzu_status status = RUZU_OK;
    if (changed || (whole && checkpoint_layered(store))) {
        rz_save_point point = {.whole = whole};
        status = rz_disk_check_name(store->disk, err);
        status = status == RUZU_OK ? rz_store_switch_log(store, &point, err) : status;
        if (status == RUZU_OK) {
            status = checkpoint_at(store, &point, err);
            if (status == RUZU_OK) {
                rz_auto_checkpoint_forgive(&store->checkpointer);
            }
        }
    }
    rz_mutex_unlock(&store->checkpoint_lock);
    return status;
}

ruzu_status rz_store_checkpoint(rz_store *store, rz_error *err)
{
    return checkpoint_now(store, false, err);
}

ruzu_status rz_store_vacuum(rz_store *store, rz_error *err)
{
    return checkpoint_now(store, true, err);
}

/*
 * Nothing but the folded LSN tells a later recovery where this one was: the generation stays, and with it both logs, whose records up to that LSN are passed over from now on.
 * What is replayed must be durable in the log before a header builds on it: rz_store_resume_log syncs it, and cuts a torn tail off, behind which new LSNs could be taken for old ones.
 */
ruzu_status rz_store_checkpoint_replayed(rz_store *store, uint64_t lsn, rz_error *err)
{
    RZ_TRY(rz_store_resume_log(store, err));
    RZ_TRY(rz_disk_forget_replayed(store->disk, err));
    rz_save_point point = {.timestamp = store->log_timestamp,
                           .catalog = store->log_catalog,
                           .lsn = lsn,
                           .generation = rz_disk_header(store->disk)->log_generation};
    rz_catalog_retain(point.catalog);
    RZ_TRY(checkpoint_at(store, &point, err));
    store->recovery_folds++;
    return RUZU_OK;
}

ruzu_status rz_store_checkpoint_last(rz_store *store, rz_error *err)
{
    const rz_file_header *header = rz_disk_header(store->disk);
    if (store->log_timestamp == store->saved_timestamp && (header->flags & RZ_HEADER_CLEAN) != 0) {
        return RUZU_OK; /* nothing was committed since the last clean close */
    }
    RZ_TRY(rz_store_resume_log(store, err));
    rz_wal_positions positions;
    rz_wal_positions_get(store->wal, &positions);
    rz_save_point point = {.timestamp = store->log_timestamp,
                           .catalog = store->log_catalog,
                           .lsn = positions.written_lsn,
                           .generation = positions.generation,
                           .clean = true};
    rz_catalog_retain(point.catalog);
    return checkpoint_at(store, &point, err);
}
