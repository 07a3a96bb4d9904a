/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing: configuration, connections, the rules of entering one.
 */
#include "api/api.h"

#include <string.h>

/* Why this thread's last ruzu_open or ruzu_close failed: there is no connection to ask. */
static _Thread_local char conn_open_error[sizeof((rz_error *)0)->message];

#define CONN_DEFAULT_CHECKPOINT_BYTES (16u * 1024u * 1024u)
#define CONN_DEFAULT_BUSY_MS          5000u
/* Without a limit given: what operators, builders and deltas have beside a full pool. Pages in the pool do not yet give way to them. */
#define CONN_MIN_MEMORY_BYTES         (1024u * 1024u)
/* What the first release of the header had: programs compiled with it go on working. */
#define CONN_FIRST_CONFIG_SIZE (offsetof(ruzu_config, file_access) + sizeof(const char *))
#define CONN_ALL_FLAGS                                                                                                 \
    (RUZU_OPEN_READ_ONLY | RUZU_OPEN_NO_CREATE | RUZU_OPEN_NO_AUTO_CHECKPOINT | RUZU_OPEN_NO_CHECKPOINT_ON_CLOSE |     \
     RUZU_OPEN_RECOVER_PREFIX | RUZU_OPEN_UNSAFE_NO_LOCK | RUZU_OPEN_LOCK_CONFIGURATION)

void rz_conn_keep_open_error(const rz_error *err)
{
    size_t length = err->code == RUZU_OK ? 0 : strlen(err->message);
    memcpy(conn_open_error, err->message, length);
    conn_open_error[length] = '\0';
}

const char *ruzu_open_errmsg(void)
{
    return conn_open_error;
}

/* ---- configuration ---- */

void ruzu_config_init(ruzu_config *config)
{
    if (config != NULL) {
        memset(config, 0, sizeof *config);
        config->struct_size = sizeof *config;
    }
}

/* A complete configuration from what the caller gave, which may come from another version of the header. */
static ruzu_status conn_complete_config(const ruzu_config *given, ruzu_config *out, rz_error *err)
{
    ruzu_config_init(out);
    if (given != NULL) {
        size_t size = given->struct_size;
        if (size < CONN_FIRST_CONFIG_SIZE) {
            return rz_error_set(err, RUZU_ERROR_MISUSE, "ruzu_config.struct_size is %zu: call ruzu_config_init first.", size);
        }
        for (size_t i = sizeof *out; i < size; i++) { /* a later header's fields must be at their defaults */
            if (((const char *)given)[i] != 0) {
                return rz_error_set(err, RUZU_ERROR_MISUSE, "ruzu_config has settings that this version of the library does not know.");
            }
        }
        memcpy(out, given, size < sizeof *out ? size : sizeof *out);
        out->struct_size = sizeof *out;
    }
    if ((out->flags & ~(uint32_t)CONN_ALL_FLAGS) != 0) {
        return rz_error_set(err, RUZU_ERROR_MISUSE, "ruzu_config.flags has unknown bits: 0x%x.", out->flags & ~(uint32_t)CONN_ALL_FLAGS);
    }
    if (out->wal_sync > RUZU_SYNC_OFF) {
        return rz_error_set(err, RUZU_ERROR_MISUSE, "ruzu_config.wal_sync is %u: expected RUZU_SYNC_FULL, _NORMAL or _OFF.", out->wal_sync);
    }
    if (out->buffer_pool_size == 0) {
        uint64_t memory = out->memory_limit == 0 ? rz_machine_memory() : out->memory_limit;
        out->buffer_pool_size = memory / 10 * 8;
    }
    if (out->memory_limit == 0) {
        out->memory_limit = out->buffer_pool_size;
    }
    if (out->buffer_pool_size < CONN_MIN_MEMORY_BYTES || out->memory_limit < CONN_MIN_MEMORY_BYTES) {
        return rz_error_set_as(err, RUZU_ERROR_LIMIT, RUZU_ERROR_NO_MEMORY, "The given buffer pool size should be at least %u bytes.",
                               CONN_MIN_MEMORY_BYTES);
    }
    out->checkpoint_threshold = out->checkpoint_threshold == 0 ? CONN_DEFAULT_CHECKPOINT_BYTES : out->checkpoint_threshold;
    out->max_threads = out->max_threads == 0 ? rz_cpu_count() : out->max_threads;
    out->max_threads = out->max_threads > 256 ? 256 : out->max_threads;
    out->busy_timeout_ms = out->busy_timeout_ms == 0 ? CONN_DEFAULT_BUSY_MS : out->busy_timeout_ms;
    return RUZU_OK;
}

/* ---- opening ---- */

/* A connection that holds one use of db, which stays the caller's to release on failure. */
static ruzu_status conn_create(rz_db *db, ruzu_conn **out, rz_error *err)
{
    *out = NULL;
    ruzu_conn *conn = (ruzu_conn *)rz_mem_calloc(rz_mem_root(), 1, sizeof *conn);
    RZ_TRY_ALLOC(conn, err, "making a connection");
    conn->db = db;
    rz_mem_init(&conn->mem, rz_store_mem(db->store), UINT64_MAX);
    rz_mem_init(&conn->kept_mem, &conn->mem, UINT64_MAX);
    rz_error_init(&conn->error);
    rz_vfs *vfs = rz_store_vfs(db->store);
    vfs->random(vfs, conn->random_seed, sizeof conn->random_seed);
    rz_options_init_session(conn);
    ruzu_status status = rz_warnings_create(&conn->mem, rz_option_get(conn, RZ_OPTION_WARNING_LIMIT), &conn->warnings, err);
    if (status != RUZU_OK) {
        rz_mem_free(rz_mem_root(), conn, sizeof *conn);
        return status;
    }
    *out = conn;
    return RUZU_OK;
}

/* How the file is shared may be nothing to fail for, and yet worth a warning (CALL show_warnings()). */
static void conn_warn_of_sharing(ruzu_conn *conn)
{
    if (conn->db->in_memory) {
        return;
    }
    rz_disk_share share;
    rz_disk_share_get(rz_store_disk(conn->db->store), &share);
    const char *warning = rz_disk_share_warning(&share);
    if (warning != NULL) {
        rz_warnings_add(conn->warnings, 0, warning, conn->db->path, 0, NULL, 0);
    }
}

ruzu_status ruzu_open(const char *path, const ruzu_config *config, ruzu_conn **out)
{
    return rz_conn_open(rz_vfs_posix(), path, config, out);
}

ruzu_status rz_conn_open(rz_vfs *vfs, const char *path, const ruzu_config *config, ruzu_conn **out)
{
    rz_error err;
    rz_error_init(&err);
    conn_open_error[0] = '\0';
    ruzu_config complete;
    rz_db *db = NULL;
    ruzu_status status = RUZU_OK;
    if (out == NULL) {
        status = rz_error_set(&err, RUZU_ERROR_MISUSE, "ruzu_open was called without a place for the connection.");
        goto cleanup;
    }
    *out = NULL;
    RZ_TRY_GOTO(conn_complete_config(config, &complete, &err));
    RZ_TRY_GOTO(rz_db_open(vfs, path, &complete, &db, &err));
    RZ_TRY_GOTO(conn_create(db, out, &err));
    conn_warn_of_sharing(*out);
    db = NULL;
cleanup:
    if (db != NULL && rz_db_release(db, NULL) != RUZU_OK) {
        RZ_ASSERT(status != RUZU_OK); /* the first failure is the one to tell */
    }
    rz_conn_keep_open_error(&err);
    return status;
}

ruzu_status ruzu_connect(ruzu_conn *conn, ruzu_conn **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    RZ_TRY(rz_conn_enter(conn));
    if (out == NULL) {
        return rz_conn_leave(conn, rz_error_set(&conn->error, RUZU_ERROR_MISUSE, "ruzu_connect was called without a place for the connection."));
    }
    ruzu_status status = conn_create(conn->db, out, &conn->error);
    if (status == RUZU_OK) {
        rz_mutex_lock(&conn->db->lock);
        conn->db->connection_count++;
        rz_mutex_unlock(&conn->db->lock);
    }
    return rz_conn_leave(conn, status);
}

ruzu_status ruzu_close(ruzu_conn *conn)
{
    conn_open_error[0] = '\0';
    if (conn == NULL) {
        return RUZU_OK;
    }
    rz_error err;
    rz_error_init(&err);
    if (conn->db->fork_generation != rz_fork_generation()) {
        /* The file is the parent's: nothing of it may be touched, not even to free memory that its other threads may have locked. */
        ruzu_status misuse = rz_error_set(&err, RUZU_ERROR_MISUSE, "The connection belongs to the process before fork().");
        rz_conn_keep_open_error(&err);
        return misuse;
    }
    if (atomic_exchange_explicit(&conn->busy, 1, memory_order_acquire) != 0) {
        ruzu_status misuse = rz_error_set(&err, RUZU_ERROR_MISUSE, "A statement is running on the connection: interrupt it, and close when it has returned.");
        rz_conn_keep_open_error(&err);
        return misuse;
    }
    rz_conn_end_txn(conn);
    while (conn->results != NULL) {
        rz_result_detach(conn->results);
    }
    while (conn->stmts != NULL) {
        rz_stmt_detach(conn->stmts);
    }
    rz_kept_clear(conn);
    rz_result_clear_spares(conn);
    rz_options_free_texts(conn);
    rz_warnings_free(conn->warnings);
    rz_db *db = conn->db;
    rz_mem_free(rz_mem_root(), conn, sizeof *conn);
    ruzu_status status = rz_db_release(db, &err);
    rz_conn_keep_open_error(&err);
    return status;
}

/* ---- entering and leaving ---- */

ruzu_status rz_conn_enter(ruzu_conn *conn)
{
    if (conn == NULL) {
        return RUZU_ERROR_MISUSE;
    }
    if (conn->db->fork_generation != rz_fork_generation()) {
        rz_error_init(&conn->error);
        return rz_error_set(&conn->error, RUZU_ERROR_MISUSE, "The connection belongs to the process before fork(): open the database again.");
    }
    /* Acquire pairs with the release in rz_conn_leave: a connection may wander from thread to thread. */
    if (atomic_exchange_explicit(&conn->busy, 1, memory_order_acquire) != 0) {
        return RUZU_ERROR_MISUSE; /* the error text is the other call's */
    }
    rz_error_init(&conn->error);
    return RUZU_OK;
}

ruzu_status rz_conn_leave(ruzu_conn *conn, ruzu_status status)
{
    if (status != RUZU_OK && conn->error.code == RUZU_OK) {
        (void)rz_error_set(&conn->error, status, "%s", ruzu_status_name(status));
    }
    atomic_store_explicit(&conn->busy, 0, memory_order_release);
    return status;
}

bool rz_conn_usable(const ruzu_conn *conn)
{
    return conn != NULL && conn->db->fork_generation == rz_fork_generation();
}

void rz_conn_end_txn(ruzu_conn *conn)
{
    if (conn->txn != NULL) {
        rz_txn_rollback(conn->txn);
        conn->txn = NULL;
    }
}

uint64_t rz_conn_busy_timeout_us(const ruzu_conn *conn)
{
    return rz_option_get(conn, RZ_OPTION_BUSY_TIMEOUT) * 1000;
}

/* Two steps of a counter through a mixer: asking the system each time would cost as much as a look-up. */
void rz_conn_next_seed(ruzu_conn *conn, uint64_t seed[2])
{
    conn->random_seed[0] += UINT64_C(0x9e3779b97f4a7c15);
    seed[0] = rz_hash_u64(conn->random_seed[0]);
    seed[1] = rz_hash_combine(conn->random_seed[1], conn->random_seed[0]);
}

/* ---- small calls ---- */

const char *ruzu_errmsg(const ruzu_conn *conn)
{
    return conn == NULL ? "No connection was given." : conn->error.message;
}

ruzu_status ruzu_errcode(const ruzu_conn *conn)
{
    return conn == NULL ? RUZU_ERROR_MISUSE : conn->error.code;
}

void ruzu_interrupt(ruzu_conn *conn)
{
    if (conn != NULL) {
        atomic_store_explicit(&conn->interrupted, 1, memory_order_relaxed);
    }
}

void ruzu_set_query_timeout(ruzu_conn *conn, uint64_t milliseconds)
{
    if (rz_conn_usable(conn)) {
        atomic_store_explicit(&conn->options.values[RZ_OPTION_TIMEOUT], milliseconds, memory_order_relaxed);
    }
}

void ruzu_set_progress(ruzu_conn *conn, ruzu_progress_fn fn, void *user)
{
    if (rz_conn_usable(conn)) {
        conn->progress = fn;
        conn->progress_user = user;
    }
}

bool ruzu_in_transaction(const ruzu_conn *conn)
{
    return rz_conn_usable(conn) && conn->txn != NULL;
}

ruzu_status ruzu_checkpoint(ruzu_conn *conn)
{
    return ruzu_query(conn, "CHECKPOINT", NULL);
}

void ruzu_buffer_pool_stats(const ruzu_conn *conn, ruzu_buffer_stats *out)
{
    if (out == NULL || out->struct_size < sizeof out->struct_size || !rz_conn_usable(conn)) {
        return;
    }
    rz_pool_stats stats;
    rz_pool_stats_get(rz_store_pool(conn->db->store), &stats);
    ruzu_buffer_stats all = {
        .struct_size = out->struct_size,
        .page_size = RZ_PAGE_SIZE,
        .pages_total = stats.pages_total,
        .pages_used = stats.pages_used,
        .hits = stats.hits,
        .misses = stats.misses,
        .evictions = stats.evictions,
        .dirty_writes = stats.dirty_writes,
    };
    memcpy(out, &all, out->struct_size < sizeof all ? out->struct_size : sizeof all);
}
