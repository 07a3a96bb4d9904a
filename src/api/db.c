/* SPDX-License-Identifier: MIT */
/*
 * The database object: what the connections to one file share. Turns the path and configuration of ruzu_open into a store.
 */
#include "api/api.h"

#include <string.h>

#define DB_FILE_NAME "data.ruzu"

/* The file that a path means, in the arena; NULL: a database in memory. */
static ruzu_status db_resolve_path(rz_vfs *vfs, const char *path, bool create, rz_arena *arena, const char **out, rz_error *err)
{
    *out = NULL;
    if (path == NULL || *path == '\0' || strcmp(path, ":memory:") == 0) {
        return RUZU_OK;
    }
    size_t length = strlen(path);
    bool slash = path[length - 1] == '/';
    bool directory = false;
    if (vfs->is_directory(vfs, path, &directory) != RUZU_OK) {
        directory = false; /* opening it will say why */
    }
    if (!directory && slash && create) {
        char *folder = rz_arena_strndup(arena, path, length - 1);
        RZ_TRY_ALLOC(folder, err, "opening a database");
        if (vfs->make_dir(vfs, folder) != RUZU_OK) {
            return rz_error_set(err, RUZU_ERROR_IO, "Cannot create the directory %s.", path);
        }
        directory = true;
    }
    *out = directory || slash ? rz_arena_printf(arena, "%s%s" DB_FILE_NAME, path, slash ? "" : "/") : rz_arena_strdup(arena, path);
    RZ_TRY_ALLOC(*out, err, "opening a database");
    return RUZU_OK;
}

/* Another process that is just closing the file may be waited for. */
static ruzu_status db_open_store(const rz_store_options *options, uint32_t lock_timeout_ms, rz_store **out, rz_error *err)
{
    uint64_t end_us = rz_now_monotonic_us() + (uint64_t)lock_timeout_ms * 1000;
    uint64_t pause_us = 1000;
    for (;;) {
        ruzu_status status = rz_store_open(options, out, err);
        uint64_t now_us = rz_now_monotonic_us();
        if (status != RUZU_ERROR_LOCKED || now_us >= end_us) {
            return status;
        }
        rz_mutex mutex;
        rz_cond cond;
        if (rz_mutex_init(&mutex) != RUZU_OK) {
            return status;
        }
        if (rz_cond_init(&cond) == RUZU_OK) {
            rz_mutex_lock(&mutex);
            (void)rz_cond_wait_us(&cond, &mutex, pause_us < end_us - now_us ? pause_us : end_us - now_us);
            rz_mutex_unlock(&mutex);
            rz_cond_destroy(&cond);
        }
        rz_mutex_destroy(&mutex);
        pause_us = pause_us < 50000 ? pause_us * 2 : pause_us;
        rz_error_init(err);
    }
}

static ruzu_status db_open_parts(rz_db *db, const char *path, const ruzu_config *config, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_arena arena;
    rz_arena_init(&arena, rz_mem_root());
    rz_store_options options = {
        .vfs = rz_vfs_posix(),
        .pool_size_bytes = config->buffer_pool_size,
        .memory_limit_bytes = config->memory_limit,
        .max_db_size_bytes = config->max_db_size,
        .read_only = db->read_only,
        .no_create = (config->flags & RUZU_OPEN_NO_CREATE) != 0,
        .no_checkpoint_on_close = (config->flags & RUZU_OPEN_NO_CHECKPOINT_ON_CLOSE) != 0,
    };
    RZ_TRY_GOTO(db_resolve_path(options.vfs, path, !options.no_create && !options.read_only, &arena, &options.path, err));
    db->in_memory = options.path == NULL;
    if (db->in_memory && db->read_only) {
        status = rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot open an in-memory database under READ ONLY mode.");
        goto cleanup;
    }
    if (config->file_access != NULL) {
        size_t size = strlen(config->file_access) + 1;
        db->file_access = (char *)rz_mem_alloc(rz_mem_root(), size);
        if (db->file_access == NULL) {
            status = rz_error_no_memory(err, "opening a database");
            goto cleanup;
        }
        memcpy(db->file_access, config->file_access, size);
    }
    RZ_TRY_GOTO(db_open_store(&options, config->lock_timeout_ms, &db->store, err));
    RZ_TRY_GOTO(rz_sched_create(rz_store_mem(db->store), db->max_threads, &db->sched, err));
cleanup:
    rz_arena_free(&arena);
    return status;
}

/* Frees what there is; err may be NULL. */
static ruzu_status db_free(rz_db *db, rz_error *err)
{
    rz_sched_destroy(db->sched);
    ruzu_status status = db->store == NULL ? RUZU_OK : rz_store_close(db->store, err);
    if (db->file_access != NULL) {
        rz_mem_free(rz_mem_root(), db->file_access, strlen(db->file_access) + 1);
    }
    rz_mutex_destroy(&db->lock);
    rz_mem_free(rz_mem_root(), db, sizeof *db);
    return status;
}

ruzu_status rz_db_open(const char *path, const ruzu_config *config, rz_db **out, rz_error *err)
{
    *out = NULL;
    rz_db *db = (rz_db *)rz_mem_calloc(rz_mem_root(), 1, sizeof *db);
    RZ_TRY_ALLOC(db, err, "opening a database");
    if (rz_mutex_init(&db->lock) != RUZU_OK) {
        rz_mem_free(rz_mem_root(), db, sizeof *db);
        return rz_error_no_memory(err, "opening a database");
    }
    db->connection_count = 1;
    db->fork_generation = rz_fork_generation();
    db->read_only = (config->flags & RUZU_OPEN_READ_ONLY) != 0;
    db->configuration_locked = (config->flags & RUZU_OPEN_LOCK_CONFIGURATION) != 0;
    db->max_threads = config->max_threads;
    db->memory_limit = config->memory_limit;
    db->busy_timeout_ms = config->busy_timeout_ms == UINT32_MAX ? 0 : config->busy_timeout_ms;
    ruzu_status status = db_open_parts(db, path, config, err);
    if (status != RUZU_OK) {
        (void)db_free(db, NULL); /* the first failure is the one to tell */
        return status;
    }
    rz_options_init_database(db, config);
    *out = db;
    return RUZU_OK;
}

ruzu_status rz_db_release(rz_db *db, rz_error *err)
{
    rz_mutex_lock(&db->lock);
    bool last = --db->connection_count == 0;
    rz_mutex_unlock(&db->lock);
    return last ? db_free(db, err) : RUZU_OK;
}
