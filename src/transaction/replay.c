/* SPDX-License-Identifier: MIT */
/*
 * Recovery: the log's transactions are run again, in memory.
 *
 * Two passes over the log. The first takes the page ranges of bulk loads in use, so that nothing the second one writes comes to lie on them; the second applies
 * the records, one transaction at a time, through the same functions that made the changes. Records name the offsets they filled, so the same places are filled
 * again. Nothing is logged and nothing of it is durable before the next checkpoint: a crash now changes nothing.
 *
 * A log may hold more than memory does: it was written with more memory, or its transactions went to pages by and by. Between two transactions, when memory gets short, what has been
 * replayed is folded into the file (rz_store_checkpoint_replayed); a crash then finds a header that says so, and the same logs. A file opened read-only is left alone: there the
 * log must fit memory.
 */
#include "transaction/record.h"
#include "transaction/store.h"

#include <inttypes.h>

static ruzu_status replay_damaged(const rz_wal_record *record, const char *what, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the log's record %" PRIu64 " (%s) does not fit the database.", record->lsn, what);
}

/* One recovery; both passes. */
typedef struct replay_run {
    rz_store *store;
    rz_txn *txn;      /* the transaction being applied; NULL between two */
    rz_arena arena;   /* of one record */
} replay_run;

/* ---- first pass ---- */

static ruzu_status replay_claim_record(void *user, const rz_wal_record *record, rz_error *err)
{
    rz_store *store = ((const replay_run *)user)->store;
    if (record->type != RZ_WAL_BULK_NODES && record->type != RZ_WAL_BULK_RELS) {
        return RUZU_OK;
    }
    rz_reader reader;
    rz_reader_init(&reader, record->payload, record->size);
    (void)rz_read_u32(&reader);
    uint32_t count = rz_read_u32(&reader);
    for (uint32_t i = 0; i < count && !reader.failed; i++) {
        rz_page_range range = {.start = rz_read_u64(&reader)};
        range.count = rz_read_u64(&reader);
        if (!reader.failed) {
            RZ_TRY(rz_disk_claim_logged(store->disk, range, record->generation, "a bulk load in the log", err));
        }
    }
    return reader.failed ? replay_damaged(record, "bulk load", err) : RUZU_OK;
}

/* ---- second pass ---- */

/* What most records begin with. */
typedef struct replay_head {
    uint32_t table;
    uint32_t count;
    rz_id *ids;
    rz_sel sel;
} replay_head;

static ruzu_status replay_ids(replay_run *run, rz_reader *reader, uint32_t table, uint32_t count, rz_id **out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(&run->arena, rz_id, count);
    RZ_TRY_ALLOC(*out, err, "reading the log");
    rz_record_get_offsets(reader, table, count, *out);
    return RUZU_OK;
}

static ruzu_status replay_begin(replay_run *run, const rz_wal_record *record, rz_reader *reader, const char *what, replay_head *out, rz_error *err)
{
    rz_reader_init(reader, record->payload, record->size);
    out->table = rz_read_u32(reader);
    out->count = rz_read_u32(reader);
    if (reader->failed || out->count == 0 || out->count > RZ_VECTOR_CAPACITY) {
        return replay_damaged(record, what, err);
    }
    out->sel = (rz_sel){NULL, out->count};
    return replay_ids(run, reader, out->table, out->count, &out->ids, err);
}

/* The next column of the record, *out NULL: numbered; its place in the table or -1. */
static ruzu_status replay_column(replay_run *run, rz_reader *reader, const rz_cat_table *table, uint32_t count, int32_t *out_property, rz_vec **out,
                                 rz_error *err)
{
    uint32_t id = rz_read_u32(reader);
    uint8_t present = rz_read_u8(reader);
    *out_property = -1;
    *out = NULL;
    for (uint32_t i = 0; i < table->property_count; i++) {
        *out_property = table->properties[i].id == id ? (int32_t)i : *out_property;
    }
    if (*out_property < 0 || present > 1) {
        reader->failed = true;
        return RUZU_OK;
    }
    return present == 0 ? RUZU_OK : rz_vec_decode(reader, table->properties[*out_property].type, count, &run->arena, out, err);
}

/* All columns of an insert, by property. */
static ruzu_status replay_columns(replay_run *run, rz_reader *reader, const rz_cat_table *table, uint32_t count, rz_vec ***out, rz_error *err)
{
    uint32_t columns = rz_read_u32(reader);
    *out = RZ_NEW_ARRAY(&run->arena, rz_vec *, (size_t)table->property_count + 1);
    RZ_TRY_ALLOC(*out, err, "reading the log");
    if (columns != table->property_count) {
        reader->failed = true;
    }
    for (uint32_t i = 0; i < columns && !reader->failed; i++) {
        int32_t property = -1;
        rz_vec *vec = NULL;
        RZ_TRY(replay_column(run, reader, table, count, &property, &vec, err));
        if (property >= 0) {
            (*out)[property] = vec;
        }
    }
    return RUZU_OK;
}

static ruzu_status replay_insert(replay_run *run, const rz_wal_record *record, bool rels, rz_error *err)
{
    rz_reader reader;
    replay_head head;
    rz_id *src = NULL;
    rz_id *dst = NULL;
    rz_vec **values = NULL;
    const rz_cat_pair *pair = NULL;
    RZ_TRY(replay_begin(run, record, &reader, "insert", &head, err));
    const rz_cat_table *table = rels ? rz_catalog_rel_of_pair(run->txn->catalog, head.table, &pair) : rz_catalog_node_table(run->txn->catalog, head.table);
    if (table == NULL) {
        return replay_damaged(record, "insert into an unknown table", err);
    }
    if (rels) {
        RZ_TRY(replay_ids(run, &reader, pair->src_table, head.count, &src, err));
        RZ_TRY(replay_ids(run, &reader, pair->dst_table, head.count, &dst, err));
    }
    RZ_TRY(replay_columns(run, &reader, table, head.count, &values, err));
    if (reader.failed) {
        return replay_damaged(record, "insert", err);
    }
    if (rels) {
        return rz_rtab_insert_at(rz_txn_rtab(run->txn, head.table), &run->txn->writer, src, dst, head.ids, values, &head.sel, err);
    }
    return rz_ntab_insert_at(rz_txn_ntab(run->txn, head.table), &run->txn->writer, head.ids, values, &head.sel, err);
}

static ruzu_status replay_update(replay_run *run, const rz_wal_record *record, bool rels, rz_error *err)
{
    rz_reader reader;
    replay_head head;
    int32_t property = -1;
    rz_vec *values = NULL;
    RZ_TRY(replay_begin(run, record, &reader, "update", &head, err));
    const rz_cat_table *table = rels ? rz_catalog_rel_of_pair(run->txn->catalog, head.table, NULL) : rz_catalog_node_table(run->txn->catalog, head.table);
    if (table == NULL) {
        return replay_damaged(record, "update of an unknown table", err);
    }
    RZ_TRY(replay_column(run, &reader, table, head.count, &property, &values, err));
    if (reader.failed || values == NULL) {
        return replay_damaged(record, "update", err);
    }
    if (rels) {
        return rz_rtab_update(rz_txn_rtab(run->txn, head.table), &run->txn->writer, (uint32_t)property, head.ids, values, &head.sel, err);
    }
    return rz_ntab_update(rz_txn_ntab(run->txn, head.table), &run->txn->writer, (uint32_t)property, head.ids, values, &head.sel, err);
}

static ruzu_status replay_delete(replay_run *run, const rz_wal_record *record, bool rels, rz_error *err)
{
    rz_reader reader;
    replay_head head;
    rz_id *src = NULL;
    rz_id *dst = NULL;
    uint64_t deleted = 0;
    const rz_cat_pair *pair = NULL;
    RZ_TRY(replay_begin(run, record, &reader, "delete", &head, err));
    const rz_cat_table *table = rels ? rz_catalog_rel_of_pair(run->txn->catalog, head.table, &pair) : rz_catalog_node_table(run->txn->catalog, head.table);
    if (table == NULL) {
        return replay_damaged(record, "delete from an unknown table", err);
    }
    if (rels) {
        RZ_TRY(replay_ids(run, &reader, pair->src_table, head.count, &src, err));
        RZ_TRY(replay_ids(run, &reader, pair->dst_table, head.count, &dst, err));
    }
    if (reader.failed) {
        return replay_damaged(record, "delete", err);
    }
    if (rels) {
        return rz_rtab_delete(rz_txn_rtab(run->txn, head.table), &run->txn->writer, src, dst, head.ids, &head.sel, &deleted, err);
    }
    return rz_ntab_delete(rz_txn_ntab(run->txn, head.table), &run->txn->writer, head.ids, &head.sel, &deleted, err);
}

static ruzu_status replay_bulk(replay_run *run, const rz_wal_record *record, bool rels, rz_error *err)
{
    rz_reader reader;
    rz_reader_init(&reader, record->payload, record->size);
    uint32_t table = rz_read_u32(&reader);
    uint32_t ranges = rz_read_u32(&reader);
    (void)rz_read_bytes(&reader, (size_t)ranges * 16);
    bool known = rels ? rz_catalog_rel_of_pair(run->txn->catalog, table, NULL) != NULL : rz_catalog_node_table(run->txn->catalog, table) != NULL;
    if (reader.failed || !known) {
        return replay_damaged(record, "bulk load", err);
    }
    return rels ? rz_rtab_bulk_replay(rz_txn_rtab(run->txn, table), &run->txn->writer, &reader, err)
                : rz_ntab_bulk_replay(rz_txn_ntab(run->txn, table), &run->txn->writer, &reader, err);
}

static ruzu_status replay_catalog(replay_run *run, const rz_wal_record *record, rz_error *err)
{
    rz_catalog *catalog = NULL;
    RZ_TRY(rz_catalog_decode(&run->store->mem, record->payload, record->size, &catalog, err));
    rz_catalog_release(run->txn->catalog);
    run->txn->catalog = catalog;
    run->txn->edited = true;
    return rz_txn_sync_tables(run->txn, err);
}

static ruzu_status replay_sequence(replay_run *run, const rz_wal_record *record, rz_error *err)
{
    rz_reader reader;
    rz_reader_init(&reader, record->payload, record->size);
    int64_t current = (int64_t)rz_read_u64(&reader);
    uint8_t used = rz_read_u8(&reader);
    size_t length = record->size - reader.off;
    const char *name = (const char *)rz_read_bytes(&reader, length);
    if (name == NULL || used > 1) {
        return replay_damaged(record, "sequence", err);
    }
    char *copy = rz_arena_strndup(&run->arena, name, length);
    RZ_TRY_ALLOC(copy, err, "reading the log");
    return rz_txn_set_sequence(run->txn, copy, current, used == 1, err);
}

static ruzu_status replay_add_column(replay_run *run, const rz_wal_record *record, rz_error *err)
{
    rz_reader reader;
    int32_t property = -1;
    rz_vec *fill = NULL;
    rz_reader_init(&reader, record->payload, record->size);
    uint32_t id = rz_read_u32(&reader);
    const rz_cat_table *node = rz_catalog_node_table(run->txn->catalog, id);
    const rz_cat_table *table = node != NULL ? node : rz_catalog_rel_of_pair(run->txn->catalog, id, NULL);
    if (reader.failed || table == NULL) {
        return replay_damaged(record, "column of an unknown table", err);
    }
    RZ_TRY(replay_column(run, &reader, table, 1, &property, &fill, err));
    if (reader.failed || fill == NULL) {
        return replay_damaged(record, "column", err);
    }
    return rz_txn_replay_column(run->txn, id, &table->properties[property], fill, err);
}

static ruzu_status replay_apply(replay_run *run, const rz_wal_record *record, rz_error *err)
{
    switch (record->type) {
    case RZ_WAL_BEGIN: return RUZU_OK;
    case RZ_WAL_COMMIT: return RUZU_OK;
    case RZ_WAL_INSERT_NODES: return replay_insert(run, record, false, err);
    case RZ_WAL_INSERT_RELS: return replay_insert(run, record, true, err);
    case RZ_WAL_UPDATE_NODES: return replay_update(run, record, false, err);
    case RZ_WAL_UPDATE_RELS: return replay_update(run, record, true, err);
    case RZ_WAL_DELETE_NODES: return replay_delete(run, record, false, err);
    case RZ_WAL_DELETE_RELS: return replay_delete(run, record, true, err);
    case RZ_WAL_BULK_NODES: return replay_bulk(run, record, false, err);
    case RZ_WAL_BULK_RELS: return replay_bulk(run, record, true, err);
    case RZ_WAL_CATALOG: return replay_catalog(run, record, err);
    case RZ_WAL_SEQUENCE: return replay_sequence(run, record, err);
    case RZ_WAL_ADD_COLUMN: return replay_add_column(run, record, err);
    case RZ_WAL_TYPE_COUNT: break;
    }
    return replay_damaged(record, "of an unknown kind", err);
}

static ruzu_status replay_fold(rz_store *store, uint64_t lsn, rz_error *err)
{
    rz_error cause;
    rz_error_init(&cause);
    ruzu_status status = rz_store_checkpoint_replayed(store, lsn, &cause);
    if (status == RUZU_OK) {
        return RUZU_OK;
    }
    return rz_error_set(err, status,
                        "The log of '%s' holds more than memory_limit, and writing what it says to the file failed (nothing is lost: it opens once that works, or with a larger "
                        "memory_limit): %s",
                        rz_disk_path(store->disk), cause.message);
}

/* Says what helps when memory does not hold the changes of a log. */
static ruzu_status replay_refused(const rz_store *store, ruzu_status status, rz_error *err)
{
    if (status != RUZU_ERROR_NO_MEMORY || !store->read_only || store->mem.limit == UINT64_MAX) {
        return status;
    }
    if (err != NULL) {
        rz_error_init(err); /* says what was refused, which is no help */
    }
    return rz_error_set(err, RUZU_ERROR_NO_MEMORY,
                        "The log of '%s' (%" PRIu64 " bytes) holds more than memory_limit (%" PRIu64 " bytes), and a database opened read-only is not written to. Open it once for "
                        "writing, which folds the log into the file, or with a larger memory_limit.",
                        rz_disk_path(store->disk), store->recovered.log_bytes, store->mem.limit);
}

static ruzu_status replay_record(void *user, const rz_wal_record *record, rz_error *err)
{
    replay_run *run = (replay_run *)user;
    if (run->txn == NULL) {
        RZ_TRY(rz_txn_begin_replay(run->store, &run->txn, err));
    }
    if (record->type == RZ_WAL_COMMIT) {
        rz_txn *txn = run->txn;
        run->txn = NULL;
        if (record->timestamp <= run->store->log_timestamp) {
            rz_txn_rollback(txn);
            return replay_damaged(record, "commit out of order", err);
        }
        RZ_TRY(rz_txn_commit_replay(txn, record->timestamp, err));
        bool fold = !run->store->read_only && rz_store_memory_pressed(run->store);
        return fold ? replay_fold(run->store, record->lsn, err) : RUZU_OK;
    }
    rz_arena_reset(&run->arena);
    return replay_apply(run, record, err);
}

/* ---- the whole ---- */

ruzu_status rz_store_recover(rz_store *store, bool accept_prefix, rz_error *err)
{
    const rz_file_header *header = rz_disk_header(store->disk);
    replay_run run = {.store = store};
    rz_arena_init(&run.arena, &store->mem);
    /* A database that cannot be opened is worse than one that takes a little more for an instant. */
    uint64_t grace = store->read_only ? 0 : rz_store_grace(store);
    rz_mem_grant(&store->mem, grace);
    ruzu_status status = rz_wal_recover_looking(store->wal, header, accept_prefix, replay_claim_record, replay_record, &run, &store->recovered, err);
    if (run.txn != NULL) {
        rz_txn_rollback(run.txn);
    }
    if (status == RUZU_OK && store->recovery_folds != 0 && store->log_timestamp != store->saved_timestamp) {
        status = replay_fold(store, store->recovered.last_lsn, err); /* memory is short: what is left of it is for the user */
    }
    rz_arena_free(&run.arena);
    rz_mem_revoke(&store->mem, grace);
    return status == RUZU_OK ? RUZU_OK : replay_refused(store, status, err);
}
