/* SPDX-License-Identifier: MIT */
/*
 * Saving and loading the store's metadata: a shallow tree.
 *
 *   header ─► catalog bytes
 *          ─► list of node tables ─► directory of each table (its own range and CRC)
 *          ─► list of FROM/TO pairs ─► directory of each
 *
 * A list: u32 count, then per table u32 id and the reference of its directory. A save rewrites the directories of changed tables, both lists and the catalog, then writes the
 * header (both slots). The old lists and catalog are held until then and freed after, or taken back when the header was not written: the next save starts from the durable header.
 */
#include "transaction/store.h"

#include <string.h>

/* ---- saving ---- */

/* Ranges of the durable header that the one under way drops. */
typedef RZ_ARRAY(rz_page_range) save_ranges;

static ruzu_status save_replace(rz_store *store, rz_arena *arena, save_ranges *replaced, rz_page_range range, rz_error *err)
{
    if (range.count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_disk_hold(store->disk, range, err));
    if (!RZ_ARRAY_PUSH(replaced, arena, range)) {
        rz_disk_unhold(store->disk, range);
        return rz_error_no_memory(err, "saving the database");
    }
    return RUZU_OK;
}

/*
 * Folds a changed table and writes its directory. A fold publishes new segments and frees old ones in memory at once, so it must reach a directory even when this save fails half
 * way: its bytes are kept until they are written, and the new reference stands in the entry for the next save. What it replaces is freed now; pages that the durable header still
 * names are not reused before the next one (rz_disk_free).
 */
static ruzu_status save_table(rz_store *store, const rz_save_point *point, store_table *table, rz_error *err)
{
    bool changed = table->ntab != NULL ? rz_ntab_changed(table->ntab) : rz_rtab_changed(table->rtab);
    bool layered = point->whole && (table->ntab != NULL ? rz_ntab_layered(table->ntab) : rz_rtab_layered(table->rtab));
    if (changed || layered || (table->directory.range.count == 0 && table->folded.length == 0)) {
        rz_str bytes;
        rz_str_init(&bytes, &store->mem);
        ruzu_status status = RUZU_OK;
        if (point->whole) {
            status = table->ntab != NULL ? rz_ntab_checkpoint_whole(table->ntab, point->timestamp, &bytes, err)
                                         : rz_rtab_checkpoint_whole(table->rtab, point->timestamp, &bytes, err);
        } else {
            status = table->ntab != NULL ? rz_ntab_checkpoint(table->ntab, point->timestamp, &bytes, err)
                                         : rz_rtab_checkpoint(table->rtab, point->timestamp, &bytes, err);
        }
        if (status != RUZU_OK) {
            rz_str_free(&bytes);
            return status;
        }
        rz_str_free(&table->folded);
        table->folded = bytes;
    }
    if (table->folded.length == 0) {
        return RUZU_OK;
    }
    if (table->folded.failed) {
        return rz_error_no_memory(err, "saving a table");
    }
    rz_meta_ref directory = {0};
    RZ_TRY(rz_meta_write(store->disk, table->folded.data, table->folded.length, &directory, err));
    if (table->directory.range.count != 0) {
        rz_disk_free(store->disk, table->directory.range);
    }
    table->directory = directory;
    rz_str_free(&table->folded);
    rz_str_init(&table->folded, &store->mem);
    return RUZU_OK;
}

static void save_list_entry(const store_table *table, rz_str *out)
{
    char id[4];
    rz_store_u32(id, table->id);
    rz_str_append(out, id, sizeof id);
    rz_meta_ref_encode(&table->directory, out);
}

/* Both lists, over the tables that the catalog has. */
static ruzu_status save_tables(rz_store *store, const rz_save_point *point, rz_str lists[2], rz_error *err)
{
    uint32_t counts[2] = {0, 0};
    for (uint32_t kind = 0; kind < 2; kind++) {
        rz_str_append(&lists[kind], "\0\0\0\0", 4);
    }
    for (uint32_t id = 0; id < rz_catalog_id_end(point->catalog); id++) {
        bool is_node = rz_catalog_node_table(point->catalog, id) != NULL;
        store_table *table = rz_store_table(store, id);
        if (table == NULL || (!is_node && rz_catalog_rel_of_pair(point->catalog, id, NULL) == NULL)) {
            continue;
        }
        RZ_TRY(save_table(store, point, table, err));
        save_list_entry(table, &lists[is_node ? 0 : 1]);
        counts[is_node ? 0 : 1]++;
    }
    for (uint32_t kind = 0; kind < 2; kind++) {
        if (lists[kind].failed) {
            return rz_error_no_memory(err, "saving the database");
        }
        rz_store_u32(lists[kind].data, counts[kind]);
    }
    return RUZU_OK;
}

/*
 * Storage of dropped tables goes when no transaction can still see it: none is live, and those that begin from now on see this catalog or a later one. (Ids from the
 * catalog's end on are those of tables being created.)
 */
static void save_forget_dropped(rz_store *store, const rz_save_point *point)
{
    rz_mutex_lock(&store->lock);
    bool alone = store->live == 0 && store->timestamp >= point->timestamp;
    rz_mutex_unlock(&store->lock);
    for (uint32_t id = 0; alone && id < rz_catalog_id_end(point->catalog); id++) {
        if (rz_store_table(store, id) != NULL && rz_catalog_node_table(point->catalog, id) == NULL &&
            rz_catalog_rel_of_pair(point->catalog, id, NULL) == NULL) {
            rz_store_forget_table(store, id);
        }
    }
}

/* The header is durable: versions and stamps that no open snapshot needs any more are given back, places of deleted rows may be used again. */
static void save_trim(rz_store *store, const rz_save_point *point)
{
    uint64_t oldest = rz_store_oldest_snapshot(store);
    for (uint32_t id = 0; id < rz_catalog_id_end(point->catalog); id++) {
        store_table *table = rz_store_table(store, id);
        if (table != NULL && table->ntab != NULL) {
            rz_ntab_saved(table->ntab);
            rz_ntab_trim(table->ntab, oldest);
        } else if (table != NULL) {
            rz_rtab_saved(table->rtab);
            rz_rtab_trim(table->rtab, oldest);
        }
    }
}

/* What the header says of time and logs. A clean one names a generation of which no record was ever written. */
static void save_point_to_header(rz_store *store, const rz_save_point *point, rz_file_header *header)
{
    uint64_t generation = point->generation + (point->clean ? 1 : 0);
    header->flags = point->clean ? header->flags | RZ_HEADER_CLEAN : header->flags & ~RZ_HEADER_CLEAN;
    header->last_timestamp = point->timestamp;
    header->folded_lsn = point->lsn;
    while (header->log_generation < generation) {
        header->log_generation++;
        header->log_salts[0] = header->log_salts[1];
        store->vfs->random(store->vfs, &header->log_salts[1], sizeof header->log_salts[1]);
    }
}

static ruzu_status save_header(rz_store *store, const rz_save_point *point, const rz_str lists[2], const rz_str *catalog, rz_arena *arena, save_ranges *replaced, rz_error *err)
{
    rz_file_header header = *rz_disk_header(store->disk);
    rz_meta_ref *refs[3] = {&header.node_tables, &header.rel_tables, &header.catalog};
    const rz_str *bytes[3] = {&lists[0], &lists[1], catalog};
    rz_meta_ref written[3] = {0};
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < 3 && status == RUZU_OK; i++) {
        status = save_replace(store, arena, replaced, refs[i]->range, err);
        if (status == RUZU_OK) {
            status = rz_meta_write(store->disk, rz_str_text(bytes[i]), bytes[i]->length, &written[i], err);
        }
        *refs[i] = written[i];
    }
    if (status == RUZU_OK) {
        save_point_to_header(store, point, &header);
        status = rz_disk_header_write(store->disk, &header, err);
    }
    for (uint32_t i = 0; i < 3 && status != RUZU_OK; i++) {
        if (written[i].range.count != 0) {
            rz_disk_free(store->disk, written[i].range);
        }
    }
    return status;
}

ruzu_status rz_store_save(rz_store *store, const rz_save_point *point, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, &store->mem);
    rz_str lists[2];
    rz_str catalog;
    rz_str_init(&lists[0], &store->mem);
    rz_str_init(&lists[1], &store->mem);
    rz_str_init(&catalog, &store->mem);
    save_ranges replaced = {0};
    ruzu_status status = RUZU_OK;
    save_forget_dropped(store, point);
    RZ_TRY_GOTO(save_tables(store, point, lists, err));
    rz_catalog_encode(point->catalog, &catalog);
    if (catalog.failed) {
        status = rz_error_no_memory(err, "saving the database");
        goto cleanup;
    }
    RZ_TRY_GOTO(save_header(store, point, lists, &catalog, &arena, &replaced, err));
    store->saved_timestamp = point->timestamp;
    save_trim(store, point);
cleanup:
    for (uint32_t i = 0; i < replaced.count; i++) {
        if (status == RUZU_OK) {
            rz_disk_free(store->disk, replaced.items[i]);
        } else {
            rz_disk_unhold(store->disk, replaced.items[i]);
        }
    }
    rz_str_free(&lists[0]);
    rz_str_free(&lists[1]);
    rz_str_free(&catalog);
    rz_arena_free(&arena);
    return status;
}

/* ---- loading ---- */

/* A salvage goes on without what is damaged. */
static ruzu_status load_salvaged(rz_store *store, ruzu_status status, const char *what, rz_error *err)
{
    return store->salvage == NULL ? status : rz_inspector_absorb(store->salvage, status, what, RZ_NO_PLACE, err);
}

static ruzu_status load_meta(rz_store *store, const rz_meta_ref *ref, const char *what, rz_arena *arena, const uint8_t **out, bool *out_bad, rz_error *err)
{
    *out_bad = false;
    return store->salvage == NULL ? rz_meta_read(store->disk, ref, what, arena, out, err)
                                  : rz_meta_read_damaged(store->disk, ref, what, arena, store->salvage, out, out_bad, err);
}

static ruzu_status load_table(rz_store *store, rz_reader *list, const char *what, rz_error *err)
{
    uint32_t id = rz_read_u32(list);
    rz_meta_ref directory;
    rz_meta_ref_decode(list, &directory);
    if (list->failed || rz_store_table(store, id) != NULL) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the list of %s is damaged.", what);
    }
    rz_arena arena;
    rz_arena_init(&arena, &store->mem);
    ruzu_status status = RUZU_OK;
    const uint8_t *bytes = NULL;
    store_table *table = NULL;
    RZ_TRY_GOTO(rz_disk_claim(store->disk, directory.range, "a table's directory", err));
    bool doubtful = false;
    RZ_TRY_GOTO(load_meta(store, &directory, "a table's directory", &arena, &bytes, &doubtful, err));
    rz_reader reader;
    rz_reader_init(&reader, bytes, (size_t)directory.size_bytes);
    RZ_TRY_GOTO(rz_store_make_table(store, store->catalog, id, &reader, &table, err));
    table->directory = directory;
    table->doubtful = doubtful;
    RZ_TRY_GOTO(rz_store_publish_table(store, table, err));
cleanup:
    rz_arena_free(&arena);
    return status;
}

static ruzu_status load_list(rz_store *store, const rz_meta_ref *ref, const char *what, rz_arena *arena, rz_error *err)
{
    if (ref->range.count == 0) {
        return RUZU_OK;
    }
    const uint8_t *bytes = NULL;
    bool bad = false; /* of a list does not matter: each directory that it names has a checksum of its own */
    RZ_TRY(load_meta(store, ref, what, arena, &bytes, &bad, err));
    rz_reader reader;
    rz_reader_init(&reader, bytes, (size_t)ref->size_bytes);
    uint32_t count = rz_read_u32(&reader);
    for (uint32_t i = 0; i < count && !reader.failed; i++) {
        ruzu_status status = load_table(store, &reader, what, err);
        RZ_TRY(load_salvaged(store, status, what, err));
    }
    return RUZU_OK;
}

/* Every table of the catalog must have been in a list. */
static ruzu_status load_check(const rz_store *store, rz_error *err)
{
    for (uint32_t id = 0; id < rz_catalog_id_end(store->catalog); id++) {
        bool known = rz_catalog_node_table(store->catalog, id) != NULL || rz_catalog_rel_of_pair(store->catalog, id, NULL) != NULL;
        if (known && rz_store_table(store, id) == NULL) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: table %u is in the catalog but has no storage.", id);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_store_load(rz_store *store, rz_error *err)
{
    const rz_file_header *header = rz_disk_header(store->disk);
    store->timestamp = header->last_timestamp;
    if (header->catalog.range.count == 0) {
        RZ_TRY(rz_disk_header_empty(store->disk, header, err));
        return rz_catalog_create(&store->mem, &store->catalog, err);
    }
    rz_arena arena;
    rz_arena_init(&arena, &store->mem);
    ruzu_status status = RUZU_OK;
    const uint8_t *bytes = NULL;
    RZ_TRY_GOTO(rz_meta_read(store->disk, &header->catalog, "the catalog", &arena, &bytes, err));
    RZ_TRY_GOTO(rz_catalog_decode(&store->mem, bytes, (size_t)header->catalog.size_bytes, &store->catalog, err));
    RZ_TRY_GOTO(load_salvaged(store, load_list(store, &header->node_tables, "node tables", &arena, err), "node tables", err));
    RZ_TRY_GOTO(load_salvaged(store, load_list(store, &header->rel_tables, "relationship tables", &arena, err), "relationship tables", err));
    status = load_salvaged(store, load_check(store, err), "catalog", err);
cleanup:
    rz_arena_free(&arena);
    return status;
}
