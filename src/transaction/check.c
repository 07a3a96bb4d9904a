/* SPDX-License-Identifier: MIT */
/*
 * The whole check, of an open store and of a file.
 */
#include "transaction/check.h"

#include "transaction/store.h"

/* The logs of the open store. No checkpoint changes them meanwhile: one waits, or is waited for. */
static ruzu_status check_logs(rz_store *store, rz_mem *mem, rz_inspector *inspector, rz_error *err)
{
    if (store->wal == NULL || store->read_only) {
        return RUZU_OK;
    }
    rz_mutex_lock(&store->checkpoint_lock);
    rz_mutex_lock(&store->log_lock); /* the first commit of a session writes a header, too */
    uint64_t generation = rz_disk_header(store->disk)->log_generation;
    rz_mutex_unlock(&store->log_lock);
    ruzu_status status = rz_wal_inspect(store->wal, mem, generation, inspector, err);
    rz_mutex_unlock(&store->checkpoint_lock);
    return status;
}

ruzu_status rz_store_check(rz_txn *txn, rz_mem *mem, bool deep, rz_inspector *inspector, rz_error *err)
{
    rz_disk *disk = rz_store_disk(rz_txn_store(txn));
    if (!rz_disk_in_memory(disk)) {
        RZ_TRY(rz_image_check(disk, mem, inspector, err));
        RZ_TRY(check_logs(rz_txn_store(txn), mem, inspector, err));
    }
    return deep ? rz_logic_check(txn, mem, inspector, err) : RUZU_OK;
}

/* The tables of a file, when it opens. What keeps it from opening is a finding too. */
static ruzu_status check_file_tables(const rz_store_options *options, rz_inspector *inspector, bool deep, rz_error *err)
{
    rz_store *store = NULL;
    rz_txn *txn = NULL;
    uint64_t errors = inspector->errors;
    ruzu_status status = rz_store_open(options, &store, err);
    if (status != RUZU_OK) {
        if (status == RUZU_ERROR_CORRUPT && errors != inspector->errors) {
            rz_error_init(err); /* reported already */
            return RUZU_OK;
        }
        return rz_inspector_absorb(inspector, status, "database", RZ_NO_PLACE, err);
    }
    if (deep) {
        status = rz_txn_begin(store, false, 0, &txn, err);
    }
    if (status == RUZU_OK && deep) {
        status = rz_logic_check(txn, rz_store_mem(store), inspector, err);
        rz_txn_rollback(txn);
    }
    rz_error ignored; /* it was opened read-only: closing writes nothing */
    rz_error_init(&ignored);
    ruzu_status closed = rz_store_close(store, &ignored);
    return status != RUZU_OK ? status : closed;
}

ruzu_status rz_store_check_file(const rz_store_options *options, bool deep, rz_inspector *inspector, rz_error *err)
{
    rz_store_options reading = *options;
    reading.read_only = true;
    reading.no_create = true;
    rz_disk *disk = NULL;
    ruzu_status status = rz_disk_open_damaged(options->vfs, rz_mem_root(), options->path, &disk, err);
    if (status == RUZU_OK) {
        status = rz_image_check(disk, rz_mem_root(), inspector, err);
    } else {
        status = rz_inspector_absorb(inspector, status, "header", RZ_NO_PLACE, err);
    }
    bool readable = disk != NULL;
    rz_error closing;
    rz_error_init(&closing);
    if (rz_disk_close(disk, &closing) != RUZU_OK && status == RUZU_OK) {
        status = rz_error_copy(err, &closing);
    }
    return status == RUZU_OK && readable ? check_file_tables(&reading, inspector, deep, err) : status;
}
