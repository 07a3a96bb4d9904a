/* SPDX-License-Identifier: MIT */
/*
 * The database object: what the connections to one file share. Turns the path and configuration of ruzu_open into a store.
 */
#include "api/api.h"

#include <string.h>

#define DB_FILE_NAME "data.ruzu"
#define DB_MAX_PATH  4096u /* bytes; of the absolute name */

ruzu_status rz_db_resolve_path(rz_vfs *vfs, const char *path, bool create, rz_arena *arena, const char **out, rz_error *err)
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

/* The name that the file keeps whatever becomes of the working directory and the links that led to it. */
static ruzu_status db_absolute_path(rz_vfs *vfs, rz_arena *arena, const char **io_path, rz_error *err)
{
    char *whole = vfs->resolve == NULL ? NULL : (char *)rz_arena_alloc(arena, DB_MAX_PATH);
    if (vfs->resolve == NULL) {
        return RUZU_OK;
    }
    RZ_TRY_ALLOC(whole, err, "opening a database");
    if (vfs->resolve(vfs, *io_path, whole, DB_MAX_PATH) == RUZU_OK) {
        *io_path = whole;
    }
    return RUZU_OK; /* else opening it will say why */
}

/* ---- the registry of open files ---- */

/*
 * A file is opened once in a process: two stores over it would not know of each other, and locks of files do not tell two handles of one process apart on
 * every system. This is the only state of the library that does not belong to a database. A database is in the list from before its file is opened (by its
 * path, and by its identity if it is there) until after it was closed; no file is touched under the lock.
 */
static rz_db *db_registry; /* guarded by the process lock; linked by next_open */

/* The database that has the file open in this process. What a parent process had open before fork() does not count. */
static const rz_db *db_registry_find(const rz_db *wanted)
{
    for (const rz_db *db = db_registry; db != NULL; db = db->next_open) {
        if (db->vfs != wanted->vfs || db->fork_generation != wanted->fork_generation) {
            continue;
        }
        bool same_file = db->ident.link_count != 0 && wanted->ident.link_count != 0 && db->ident.device == wanted->ident.device &&
                         db->ident.inode == wanted->ident.inode;
        if (same_file || strcmp(db->path, wanted->path) == 0) { /* the same name with another file behind it: its logs would be the same */
            return db;
        }
    }
    return NULL;
}

static ruzu_status db_register(rz_db *db, rz_error *err)
{
    if (db->vfs->ident_path(db->vfs, db->path, &db->ident) != RUZU_OK) {
        memset(&db->ident, 0, sizeof db->ident); /* absent; found out again once it is made */
    }
    ruzu_status status = RUZU_OK;
    rz_process_lock();
    const rz_db *first = db_registry_find(db);
    if (first != NULL) {
        status = rz_error_set(err, RUZU_ERROR_LOCKED,
                              "Could not set lock on file : %s\nThis process has the database open already, as %s. Use ruzu_connect for more connections to it.",
                              db->path, first->path);
    } else {
        db->next_open = db_registry;
        db_registry = db;
    }
    rz_process_unlock();
    return status;
}

static void db_forget(rz_db *db)
{
    rz_process_lock();
    for (rz_db **link = &db_registry; *link != NULL; link = &(*link)->next_open) {
        if (*link == db) {
            *link = db->next_open;
            break;
        }
    }
    rz_process_unlock();
}

/* Opens the store of a file that nobody in this process has open. */
static ruzu_status db_open_registered(rz_db *db, const rz_store_options *options, rz_error *err)
{
    RZ_TRY(db_register(db, err));
    ruzu_status status = rz_store_open(options, &db->store, err);
    if (status != RUZU_OK) {
        db_forget(db);
        return status;
    }
    rz_disk_share share;
    rz_disk_share_get(rz_store_disk(db->store), &share);
    rz_process_lock();
    db->ident = share.ident;
    rz_process_unlock();
    return RUZU_OK;
}

/* ---- opening ---- */

/* Another process that is just closing the file may be waited for. */
static ruzu_status db_open_store(rz_db *db, const rz_store_options *options, uint32_t lock_timeout_ms, rz_error *err)
{
    if (options->path == NULL) {
        return rz_store_open(options, &db->store, err);
    }
    uint64_t end_us = rz_now_monotonic_us() + (uint64_t)lock_timeout_ms * 1000;
    uint64_t pause_us = 1000;
    for (;;) {
        ruzu_status status = db_open_registered(db, options, err);
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

static ruzu_status db_copy_text(const char *text, char **out, rz_error *err)
{
    if (text == NULL) {
        return RUZU_OK;
    }
    size_t size = strlen(text) + 1;
    *out = (char *)rz_mem_alloc(rz_mem_root(), size);
    RZ_TRY_ALLOC(*out, err, "opening a database");
    memcpy(*out, text, size);
    return RUZU_OK;
}

static void db_free_text(char *text)
{
    if (text != NULL) {
        rz_mem_free(rz_mem_root(), text, strlen(text) + 1);
    }
}

static ruzu_status db_open_parts(rz_db *db, rz_vfs *vfs, const char *path, const ruzu_config *config, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_arena arena;
    rz_arena_init(&arena, rz_mem_root());
    rz_store_options options = {
        .vfs = vfs,
        .pool_size_bytes = config->buffer_pool_size,
        .memory_limit_bytes = config->memory_limit,
        .max_db_size_bytes = config->max_db_size,
        .read_only = db->read_only,
        .no_create = (config->flags & RUZU_OPEN_NO_CREATE) != 0,
        .unsafe_no_lock = (config->flags & RUZU_OPEN_UNSAFE_NO_LOCK) != 0,
        .recover_prefix = (config->flags & RUZU_OPEN_RECOVER_PREFIX) != 0,
        .checkpoint_in_thread = config->max_threads > 1,
    };
    RZ_TRY_GOTO(rz_db_resolve_path(options.vfs, path, !options.no_create && !options.read_only, &arena, &options.path, err));
    db->in_memory = options.path == NULL;
    if (db->in_memory && db->read_only) {
        status = rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot open an in-memory database under READ ONLY mode.");
        goto cleanup;
    }
    if (!db->in_memory) {
        RZ_TRY_GOTO(db_absolute_path(vfs, &arena, &options.path, err));
    }
    RZ_TRY_GOTO(db_copy_text(config->file_access, &db->file_access, err));
    RZ_TRY_GOTO(db_copy_text(options.path, &db->path, err));
    RZ_TRY_GOTO(db_open_store(db, &options, config->lock_timeout_ms, err));
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
    db_forget(db); /* after the file is closed: until then nobody else may open it */
    db_free_text(db->path);
    db_free_text(db->file_access);
    rz_mutex_destroy(&db->lock);
    rz_mem_free(rz_mem_root(), db, sizeof *db);
    return status;
}

ruzu_status rz_db_open(rz_vfs *vfs, const char *path, const ruzu_config *config, rz_db **out, rz_error *err)
{
    *out = NULL;
    rz_db *db = (rz_db *)rz_mem_calloc(rz_mem_root(), 1, sizeof *db);
    RZ_TRY_ALLOC(db, err, "opening a database");
    if (rz_mutex_init(&db->lock) != RUZU_OK) {
        rz_mem_free(rz_mem_root(), db, sizeof *db);
        return rz_error_no_memory(err, "opening a database");
    }
    db->vfs = vfs;
    db->connection_count = 1;
    db->fork_generation = rz_fork_generation();
    db->read_only = (config->flags & RUZU_OPEN_READ_ONLY) != 0;
    db->configuration_locked = (config->flags & RUZU_OPEN_LOCK_CONFIGURATION) != 0;
    db->max_threads = config->max_threads;
    db->memory_limit = config->memory_limit;
    db->busy_timeout_ms = config->busy_timeout_ms == UINT32_MAX ? 0 : config->busy_timeout_ms;
    ruzu_status status = db_open_parts(db, vfs, path, config, err);
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
