/* SPDX-License-Identifier: MIT */
/*
 * The store: one open database file with its tables; opening, closing, the writer's turn, checkpoints.
 */
#include "transaction/store.h"

#include <string.h>

#ifdef RZ_TINY
#define STORE_RECLAIM_BYTES (UINT64_C(64) << 10)
#else
#define STORE_RECLAIM_BYTES (UINT64_C(1) << 20) /* the least that the pool is asked to give back */
#endif
#define STORE_MAPS_SHARE 16u /* of the memory limit */
#define STORE_MAPS_MOST (UINT64_C(128) << 20)

/* ---- the list of tables ---- */

store_table *rz_store_table(const rz_store *store, uint32_t id)
{
    if (id >= STORE_SLOTS * STORE_SLOTS) {
        return NULL;
    }
    store_table *_Atomic *page = atomic_load_explicit(&store->tables[id >> STORE_SLOT_BITS], memory_order_acquire);
    return page == NULL ? NULL : atomic_load_explicit(&page[id & (STORE_SLOTS - 1)], memory_order_acquire);
}

/* Frees the object in memory; its pages stay what they are. */
static void store_destroy_table(rz_store *store, store_table *table)
{
    if (table == NULL) {
        return;
    }
    if (table->ntab != NULL) {
        rz_ntab_destroy(table->ntab);
    }
    if (table->rtab != NULL) {
        rz_rtab_destroy(table->rtab);
    }
    rz_str_free(&table->folded);
    rz_mem_free(&store->mem, table, sizeof *table);
}

ruzu_status rz_store_publish_table(rz_store *store, store_table *table, rz_error *err)
{
    uint32_t id = table->id;
    store_table *_Atomic *page = atomic_load_explicit(&store->tables[id >> STORE_SLOT_BITS], memory_order_relaxed);
    if (page == NULL) {
        page = (store_table *_Atomic *)rz_mem_calloc(&store->mem, STORE_SLOTS, sizeof *page);
        if (page == NULL) {
            store_destroy_table(store, table);
            return rz_error_no_memory(err, "listing a table");
        }
        atomic_store_explicit(&store->tables[id >> STORE_SLOT_BITS], page, memory_order_release);
    }
    atomic_store_explicit(&page[id & (STORE_SLOTS - 1)], table, memory_order_release);
    return RUZU_OK;
}

void rz_store_forget_table(rz_store *store, uint32_t id)
{
    store_table *table = rz_store_table(store, id);
    if (table == NULL) {
        return;
    }
    store_table *_Atomic *page = atomic_load_explicit(&store->tables[id >> STORE_SLOT_BITS], memory_order_relaxed);
    atomic_store_explicit(&page[id & (STORE_SLOTS - 1)], NULL, memory_order_release);
    if (table->ntab != NULL) {
        rz_ntab_drop(table->ntab);
    }
    if (table->rtab != NULL) {
        rz_rtab_drop(table->rtab);
    }
    if (table->directory.range.count != 0) {
        rz_disk_free(store->disk, table->directory.range);
    }
    rz_str_free(&table->folded);
    rz_mem_free(&store->mem, table, sizeof *table);
}

static void store_destroy_tables(rz_store *store)
{
    for (uint32_t p = 0; p < STORE_SLOTS; p++) {
        store_table *_Atomic *page = atomic_load_explicit(&store->tables[p], memory_order_relaxed);
        for (uint32_t i = 0; page != NULL && i < STORE_SLOTS; i++) {
            store_destroy_table(store, atomic_load_explicit(&page[i], memory_order_relaxed));
        }
        rz_mem_free(&store->mem, (void *)(uintptr_t)page, STORE_SLOTS * sizeof *page);
        atomic_store_explicit(&store->tables[p], NULL, memory_order_relaxed);
    }
}

static ruzu_status store_columns(rz_arena *arena, const rz_cat_table *table, rz_column_def **out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(arena, rz_column_def, table->property_count);
    RZ_TRY_ALLOC(*out, err, "opening a table");
    for (uint32_t i = 0; i < table->property_count; i++) {
        (*out)[i] = (rz_column_def){.id = table->properties[i].id, .name = table->properties[i].name, .type = table->properties[i].type};
    }
    return RUZU_OK;
}

static ruzu_status store_make_node(rz_store *store, const rz_cat_table *table, const rz_column_def *columns, rz_reader *directory, rz_ntab **out, rz_error *err)
{
    rz_table_env env = {.mem = &store->mem, .disk = store->disk, .pool = store->pool};
    return directory == NULL ? rz_ntab_create(&env, table->id, table->name, columns, table->property_count, table->key, out, err)
                             : rz_ntab_open(&env, table->id, table->name, columns, table->property_count, table->key, directory, out, err);
}

static ruzu_status store_make_rel(rz_store *store, const rz_cat_table *table, const rz_cat_pair *pair, const rz_column_def *columns, rz_reader *directory,
                                  rz_rtab **out, rz_error *err)
{
    rz_table_env env = {.mem = &store->mem, .disk = store->disk, .pool = store->pool};
    rz_rtab_def def = {.pair_id = pair->id,
                       .name = table->name,
                       .src_table = pair->src_table,
                       .dst_table = pair->dst_table,
                       .one_src = table->one_src,
                       .one_dst = table->one_dst,
                       .columns = columns,
                       .column_count = table->property_count};
    return directory == NULL ? rz_rtab_create(&env, &def, out, err) : rz_rtab_open(&env, &def, directory, out, err);
}

ruzu_status rz_store_make_table(rz_store *store, const rz_catalog *catalog, uint32_t id, rz_reader *directory, store_table **out, rz_error *err)
{
    *out = NULL;
    rz_arena arena;
    rz_arena_init(&arena, &store->mem);
    ruzu_status status = RUZU_OK;
    rz_column_def *columns = NULL;
    const rz_cat_pair *pair = NULL;
    const rz_cat_table *node = rz_catalog_node_table(catalog, id);
    const rz_cat_table *rel = node != NULL ? NULL : rz_catalog_rel_of_pair(catalog, id, &pair);
    store_table *made = (store_table *)rz_mem_calloc(&store->mem, 1, sizeof *made);
    if (made == NULL) {
        status = rz_error_no_memory(err, "opening a table");
        goto cleanup;
    }
    made->id = id;
    rz_str_init(&made->folded, &store->mem);
    if (node == NULL && rel == NULL) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: table %u has storage but is not in the catalog.", id);
        goto cleanup;
    }
    RZ_TRY_GOTO(store_columns(&arena, node != NULL ? node : rel, &columns, err));
    if (node != NULL) {
        RZ_TRY_GOTO(store_make_node(store, node, columns, directory, &made->ntab, err));
    } else {
        RZ_TRY_GOTO(store_make_rel(store, rel, pair, columns, directory, &made->rtab, err));
    }
    *out = made;
    made = NULL;
cleanup:
    rz_mem_free(&store->mem, made, sizeof *made);
    rz_arena_free(&arena);
    return status;
}

/* ---- opening and closing ---- */

static ruzu_status store_open_disk(rz_store *store, const rz_store_options *options, bool *out_new, rz_error *err)
{
    bool present = false;
    uint32_t flags = (options->read_only ? RZ_DISK_READ_ONLY : 0u) | (options->unsafe_no_lock ? RZ_DISK_UNSAFE_NO_LOCK : 0u);
    *out_new = true;
    if (options->path != NULL) {
        RZ_TRY(rz_disk_probe(options->vfs, options->path, &present, err));
        if (!present && (options->read_only || options->no_create)) {
            return rz_error_set(err, RUZU_ERROR_IO, "Cannot open database '%s': the file does not exist%s.", options->path,
                                options->read_only ? " and a database opened read-only is not created" : "");
        }
    }
    if (present && options->salvage != NULL) {
        *out_new = false;
        RZ_TRY(rz_disk_open_damaged(options->vfs, &store->mem, options->path, &store->disk, err));
    } else if (present) {
        *out_new = false;
        RZ_TRY(rz_disk_open_as(options->vfs, &store->mem, options->path, flags, &store->disk, err));
    } else {
        RZ_TRY(rz_disk_create_as(options->vfs, &store->mem, options->path, flags, &store->disk, err));
    }
    if (options->max_db_size_bytes != 0) {
        rz_disk_set_max_size(store->disk, options->max_db_size_bytes);
    }
    return RUZU_OK;
}

/* Mutexes and the condition, in the order in which they are made. */
#define STORE_LOCKS 4u

static void store_destroy_locks(rz_store *store, uint32_t count)
{
    rz_mutex *mutexes[STORE_LOCKS - 1] = {&store->lock, &store->log_lock, &store->checkpoint_lock};
    for (uint32_t i = 0; i < count; i++) {
        if (i < STORE_LOCKS - 1) {
            rz_mutex_destroy(mutexes[i]);
        } else {
            rz_cond_destroy(&store->turn);
        }
    }
}

static ruzu_status store_create_locks(rz_store *store)
{
    rz_mutex *mutexes[STORE_LOCKS - 1] = {&store->lock, &store->log_lock, &store->checkpoint_lock};
    for (uint32_t i = 0; i < STORE_LOCKS; i++) {
        ruzu_status status = i < STORE_LOCKS - 1 ? rz_mutex_init(mutexes[i]) : rz_cond_init(&store->turn);
        if (status != RUZU_OK) {
            store_destroy_locks(store, i);
            return status;
        }
    }
    return RUZU_OK;
}

static void store_free(rz_store *store)
{
    store_destroy_tables(store);
    rz_catalog_release(store->catalog);
    rz_catalog_release(store->log_catalog);
    if (store->pool != NULL) {
        rz_pool_destroy(store->pool);
    }
    rz_mem_maps_deinit(&store->maps);
    rz_background_deinit(&store->flusher.background);
    rz_background_deinit(&store->checkpointer.background);
    store_destroy_locks(store, STORE_LOCKS);
    rz_mem_free(rz_mem_root(), store, sizeof *store);
}

static const rz_store_settings store_first_settings = {
    .wal_sync = RZ_SYNC_LEVEL_FULL, .auto_checkpoint = true, .checkpoint_on_close = true, .spill_to_disk = true, .checkpoint_threshold_bytes = UINT64_C(16) << 20};

/* Memory that nobody uses and cached pages give way to all else: some more than is asked for, so that the next small piece does not ask again. */
static uint64_t store_reclaim(void *user, uint64_t size)
{
    rz_store *store = (rz_store *)user;
    uint64_t wanted = size < STORE_RECLAIM_BYTES ? STORE_RECLAIM_BYTES : size;
    uint64_t released = rz_mem_maps_release(&store->maps, wanted);
    return released < wanted ? released + rz_pool_shrink(store->pool, wanted - released) : released;
}

/* How much of it is kept: not so much that the pool would miss it. */
static uint64_t store_maps_most(uint64_t memory_limit)
{
    uint64_t share = memory_limit / STORE_MAPS_SHARE;
    return memory_limit == 0 || share > STORE_MAPS_MOST ? STORE_MAPS_MOST : share;
}

static void store_destroy_pool(rz_store *store)
{
    rz_mem_set_reclaim(&store->mem, NULL, NULL);
    rz_pool_destroy(store->pool);
    store->pool = NULL;
}

static ruzu_status store_alloc(const rz_store_options *options, rz_store **out, rz_error *err)
{
    rz_store *store = (rz_store *)rz_mem_calloc(rz_mem_root(), 1, sizeof *store);
    RZ_TRY_ALLOC(store, err, "opening a database");
    rz_mem_init(&store->mem, rz_mem_root(), options->memory_limit_bytes == 0 ? UINT64_MAX : options->memory_limit_bytes);
    ruzu_status status = store_create_locks(store);
    if (status == RUZU_OK && rz_mem_maps_init(&store->maps, &store->mem, store_maps_most(options->memory_limit_bytes)) != RUZU_OK) {
        store_destroy_locks(store, STORE_LOCKS);
        status = RUZU_ERROR_NO_MEMORY;
    }
    if (status == RUZU_OK && rz_background_init(&store->checkpointer.background, store, &rz_auto_checkpoint_task, options->checkpoint_in_thread) != RUZU_OK) {
        rz_mem_maps_deinit(&store->maps);
        store_destroy_locks(store, STORE_LOCKS);
        status = RUZU_ERROR_NO_MEMORY;
    }
    if (status == RUZU_OK && rz_background_init(&store->flusher.background, store, &rz_flusher_task, options->checkpoint_in_thread) != RUZU_OK) {
        rz_background_deinit(&store->checkpointer.background);
        rz_mem_maps_deinit(&store->maps);
        store_destroy_locks(store, STORE_LOCKS);
        status = RUZU_ERROR_NO_MEMORY;
    }
    if (status != RUZU_OK) {
        rz_mem_free(rz_mem_root(), store, sizeof *store);
        return rz_error_no_memory(err, "opening a database");
    }
    store->vfs = options->vfs;
    store->read_only = options->read_only;
    rz_store_configure(store, &store_first_settings);
    store->salvage = options->salvage;
    store->next_txn_id = 1;
    *out = store;
    return RUZU_OK;
}

/* The log of a database that is in a file: what it holds beyond the file is applied. */
static ruzu_status store_open_log(rz_store *store, const rz_store_options *options, rz_error *err)
{
    if (rz_disk_in_memory(store->disk) || options->salvage != NULL) {
        return RUZU_OK;
    }
    RZ_TRY(rz_wal_open(store->vfs, &store->mem, options->path, store->read_only, &store->wal, err));
    return rz_store_recover(store, options->recover_prefix, err);
}

ruzu_status rz_store_open(const rz_store_options *options, rz_store **out, rz_error *err)
{
    *out = NULL;
    rz_store *store = NULL;
    RZ_TRY(store_alloc(options, &store, err));
    bool is_new = true;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(store_open_disk(store, options, &is_new, err));
    RZ_TRY_GOTO(rz_pool_create(&store->mem, store->disk, options->pool_size_bytes, options->path, &store->pool, err));
    rz_mem_set_reclaim(&store->mem, store_reclaim, store);
    if (!rz_disk_in_memory(store->disk)) { /* a database in memory has no pages to read, and no checkpoints */
        RZ_TRY_GOTO(rz_pool_keep_some(store->pool, err));
    }
    if (is_new) {
        RZ_TRY_GOTO(rz_catalog_create(&store->mem, &store->catalog, err));
    } else {
        RZ_TRY_GOTO(rz_store_load(store, err));
    }
    store->log_catalog = store->catalog;
    rz_catalog_retain(store->catalog);
    store->log_timestamp = store->timestamp;
    store->saved_timestamp = store->timestamp;
    rz_store_note_memory(store);
    RZ_TRY_GOTO(store_open_log(store, options, err));
    *out = store;
    return RUZU_OK;
cleanup: {
    rz_disk *disk = store->disk;
    rz_error ignored; /* the first failure is the one to report */
    rz_error_init(&ignored);
    if (store->pool != NULL) { /* tables and frames go before the file they lie in */
        store_destroy_tables(store);
        store_destroy_pool(store);
    }
    ruzu_status log_closed = rz_wal_close(store->wal, false, &ignored);
    ruzu_status disk_closed = disk == NULL ? RUZU_OK : rz_disk_close(disk, &ignored);
    (void)log_closed;
    (void)disk_closed;
    store_free(store);
    return status;
}
}

/* Everything committed goes to the file, or at least to the log; *out_clean: the logs are no longer needed. */
static ruzu_status store_settle_all(rz_store *store, bool *out_clean, rz_error *err)
{
    *out_clean = false;
    if (store->wal == NULL || store->read_only) {
        return RUZU_OK;
    }
    RZ_TRY(rz_disk_check_healthy(store->disk, err)); /* what was acknowledged is in the log; nothing more is written */
    if (atomic_load_explicit(&store->checkpoint_on_close, memory_order_relaxed)) {
        ruzu_status status = rz_store_checkpoint_last(store, err);
        *out_clean = status == RUZU_OK;
        if (status == RUZU_OK || rz_disk_is_poisoned(store->disk)) {
            return status;
        }
        /* The log still has it all: the next open folds it in. */
        rz_error ignored;
        rz_error_init(&ignored);
        return rz_store_sync_log(store, &ignored) == RUZU_OK ? status : ignored.code;
    }
    return rz_store_sync_log(store, err);
}

ruzu_status rz_store_close(rz_store *store, rz_error *err)
{
    RZ_ASSERT(store->live == 0);
    rz_background_stop(&store->checkpointer.background);
    rz_background_stop(&store->flusher.background);
    bool clean = false;
    ruzu_status status = store_settle_all(store, &clean, err);
    rz_disk *disk = store->disk;
    store_destroy_tables(store);
    store_destroy_pool(store);
    ruzu_status log_closed = rz_wal_close(store->wal, clean, status == RUZU_OK ? err : NULL);
    status = status != RUZU_OK ? status : log_closed;
    ruzu_status closed = rz_disk_close(disk, status == RUZU_OK ? err : NULL);
    store_free(store);
    return status != RUZU_OK ? status : closed;
}

void rz_store_configure(rz_store *store, const rz_store_settings *settings)
{
    atomic_store_explicit(&store->wal_sync, (uint32_t)settings->wal_sync, memory_order_relaxed);
    atomic_store_explicit(&store->auto_checkpoint, settings->auto_checkpoint, memory_order_relaxed);
    atomic_store_explicit(&store->checkpoint_on_close, settings->checkpoint_on_close, memory_order_relaxed);
    atomic_store_explicit(&store->checkpoint_threshold, settings->checkpoint_threshold_bytes, memory_order_relaxed);
    if (store->pool != NULL) { /* else it is being opened */
        rz_pool_allow_spill(store->pool, settings->spill_to_disk);
    }
}

rz_mem *rz_store_mem(rz_store *store)
{
    return &store->mem;
}

rz_pool *rz_store_pool(rz_store *store)
{
    return store->pool;
}

rz_disk *rz_store_disk(rz_store *store)
{
    return store->disk;
}

rz_vfs *rz_store_vfs(rz_store *store)
{
    return store->vfs;
}

bool rz_store_read_only(const rz_store *store)
{
    return store->read_only;
}

/* ---- the writer's turn ---- */

ruzu_status rz_store_take_turn(rz_store *store, uint64_t timeout_us, rz_error *err)
{
    uint64_t start = rz_now_monotonic_us();
    rz_mutex_lock(&store->lock);
    while (store->writing) {
        uint64_t waited = rz_now_monotonic_us() - start;
        if (waited >= timeout_us || !rz_cond_wait_us(&store->turn, &store->lock, timeout_us - waited)) {
            if (!store->writing) {
                break;
            }
            rz_mutex_unlock(&store->lock);
            return rz_error_set(err, RUZU_ERROR_BUSY,
                                "Cannot start a new write transaction in the system. Only one write transaction at a time is allowed in the system.");
        }
    }
    store->writing = true;
    rz_mutex_unlock(&store->lock);
    return RUZU_OK;
}

void rz_store_end_turn(rz_store *store)
{
    rz_mutex_lock(&store->lock);
    store->writing = false;
    rz_cond_signal(&store->turn);
    rz_mutex_unlock(&store->lock);
}

uint64_t rz_store_oldest_snapshot(rz_store *store)
{
    rz_mutex_lock(&store->lock);
    uint64_t oldest = store->timestamp;
    for (const rz_txn *txn = store->oldest; txn != NULL; txn = txn->newer) {
        oldest = txn->snapshot.timestamp < oldest ? txn->snapshot.timestamp : oldest;
    }
    rz_mutex_unlock(&store->lock);
    return oldest;
}
