/* SPDX-License-Identifier: MIT */
/*
 * Maintenance: checking a database or a file, backups, salvage.
 */
#include "api/api.h"

#include <string.h>

#define MAINTAIN_POOL_BYTES (UINT64_C(64) << 20) /* for files that are only looked at */

/* ---- of an open database ---- */

ruzu_status ruzu_check(ruzu_conn *conn, bool deep, ruzu_result **out)
{
    return ruzu_query(conn, deep ? "CALL check_database(deep := true) RETURN *" : "CALL check_database() RETURN *", out);
}

ruzu_status ruzu_backup(ruzu_conn *conn, const char *to_path)
{
    ruzu_stmt *stmt = NULL;
    RZ_TRY(ruzu_prepare(conn, "BACKUP DATABASE TO $path", &stmt));
    ruzu_status status = ruzu_bind_string(stmt, "path", to_path == NULL ? "" : to_path, SIZE_MAX);
    if (status == RUZU_OK) {
        status = ruzu_execute(stmt, NULL);
    }
    ruzu_stmt_free(stmt);
    return status;
}

typedef struct maintain_backup {
    rz_run *run;
    uint64_t deadline_us; /* 0: none */
} maintain_backup;

static ruzu_status maintain_progress(void *user, uint64_t pages_done, uint64_t pages_total, rz_error *err)
{
    const maintain_backup *backup = (const maintain_backup *)user;
    ruzu_conn *conn = backup->run->conn;
    uint32_t why = atomic_load_explicit(&conn->interrupted, memory_order_relaxed);
    if (why == 0 && backup->deadline_us != 0 && rz_now_monotonic_us() >= backup->deadline_us) {
        why = 2;
    }
    if (why == 0 && conn->progress != NULL) {
        double fraction = pages_total == 0 ? 0.0 : (double)pages_done / (double)pages_total;
        why = conn->progress(conn->progress_user, fraction, pages_done, "backup") != 0;
    }
    return why == 0 ? RUZU_OK : rz_error_set(err, why == 2 ? RUZU_ERROR_TIMEOUT : RUZU_ERROR_INTERRUPTED, "Interrupted.");
}

/* The path that the statement gives: a literal or a parameter. */
static ruzu_status maintain_backup_path(const rz_run *run, rz_arena *arena, const char **out, rz_error *err)
{
    const rz_ast_expr *path = run->statement->path;
    const char *data = NULL;
    size_t length = 0;
    if (path->kind == RZ_AST_EXPR_PARAMETER) {
        for (uint32_t i = 0; i < run->parameter_count; i++) {
            const rz_value *value = run->parameters[i].value;
            if (strcmp(run->parameters[i].name, path->name) == 0 && value->type->id == RUZU_TYPE_STRING && !value->is_null) {
                data = value->u.text.data;
                length = (size_t)value->u.text.length;
            }
        }
    } else {
        data = path->value.string.data;
        length = path->value.string.length;
    }
    if (data == NULL || length == 0 || memchr(data, 0, length) != NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "BACKUP DATABASE TO needs the path of a file.");
    }
    *out = rz_arena_strndup(arena, data, length);
    RZ_TRY_ALLOC(*out, err, "copying a database");
    return RUZU_OK;
}

ruzu_status rz_run_backup(rz_run *run, rz_error *err)
{
    ruzu_conn *conn = run->conn;
    rz_store *store = conn->db->store;
    if (conn->txn != NULL) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "Cannot copy the database inside a transaction: commit or roll back first.");
    }
    uint64_t timeout_ms = rz_option_get(conn, RZ_OPTION_TIMEOUT), now_us = rz_now_monotonic_us();
    maintain_backup backup = {.run = run};
    backup.deadline_us = timeout_ms == 0 || timeout_ms > (UINT64_MAX - now_us) / 1000 ? 0 : now_us + timeout_ms * 1000;
    rz_file_policy policy = {.vfs = rz_store_vfs(store), .allowed = conn->db->file_access, .search_path = NULL};
    rz_arena arena;
    const char *path = NULL;
    rz_arena_init(&arena, &run->mem);
    ruzu_status status = maintain_backup_path(run, &arena, &path, err);
    if (status == RUZU_OK) {
        status = rz_files_check_target(&policy, path, &arena, err);
    }
    if (status == RUZU_OK) {
        status = rz_store_backup(store, path, maintain_progress, &backup, err);
    }
    rz_arena_free(&arena);
    return status;
}

/* ---- of files ---- */

typedef struct maintain_problems {
    ruzu_problem_fn fn;
    void *user;
} maintain_problems;

static ruzu_status maintain_report(void *user, const rz_problem *problem, rz_error *err)
{
    const maintain_problems *to = (const maintain_problems *)user;
    ruzu_problem out = {.struct_size = sizeof out,
                        .is_error = problem->severity == RZ_SEVERITY_ERROR,
                        .object = problem->object,
                        .page = problem->page,
                        .offset = problem->offset,
                        .text = problem->text};
    if (to->fn != NULL && to->fn(to->user, &out) != 0) {
        return rz_error_set(err, RUZU_ERROR_INTERRUPTED, "Interrupted.");
    }
    return RUZU_OK;
}

/* The path in the options is the arena's, or as it was given. */
static ruzu_status maintain_options(const char *path, rz_arena *arena, rz_store_options *out, rz_error *err)
{
    *out = (rz_store_options){.vfs = rz_vfs_posix(), .path = path, .pool_size_bytes = MAINTAIN_POOL_BYTES, .no_create = true};
    RZ_TRY(rz_db_resolve_path(out->vfs, path, false, arena, &out->path, err));
    return out->path != NULL ? RUZU_OK : rz_error_set(err, RUZU_ERROR_MISUSE, "%s is no file.", path);
}

ruzu_status ruzu_check_file(const char *path, bool deep, ruzu_problem_fn fn, void *user, uint64_t *out_problems)
{
    rz_error err;
    rz_error_init(&err);
    maintain_problems to = {.fn = fn, .user = user};
    rz_inspector inspector = {.report = maintain_report, .user = &to};
    ruzu_status status = RUZU_OK;
    if (path == NULL || *path == '\0') {
        status = rz_error_set(&err, RUZU_ERROR_MISUSE, "ruzu_check_file was called without a path.");
    } else {
        rz_store_options options;
        rz_arena arena;
        rz_arena_init(&arena, rz_mem_root());
        status = maintain_options(path, &arena, &options, &err);
        status = status != RUZU_OK ? status : rz_store_check_file(&options, deep, &inspector, &err);
        rz_arena_free(&arena);
    }
    if (out_problems != NULL) {
        *out_problems = inspector.errors + inspector.warnings;
    }
    rz_conn_keep_open_error(&err);
    return status;
}

typedef struct maintain_salvage {
    ruzu_salvage_fn fn;
    void *user;
} maintain_salvage;

static void maintain_salvaged(void *user, const rz_salvaged *table)
{
    const maintain_salvage *to = (const maintain_salvage *)user;
    ruzu_salvaged out = {.struct_size = sizeof out,
                         .is_table = table->is_table,
                         .table = table->table,
                         .rows = table->rows,
                         .rows_lost = table->rows_lost,
                         .values_lost = table->values_lost,
                         .reason = table->reason};
    if (to->fn != NULL) {
        to->fn(to->user, &out);
    }
}

ruzu_status ruzu_salvage(const char *path, const char *to_path, ruzu_salvage_fn fn, void *user, ruzu_salvage_report *out)
{
    rz_error err;
    rz_salvage_totals totals = {0};
    rz_error_init(&err);
    maintain_salvage to = {.fn = fn, .user = user};
    ruzu_status status = RUZU_OK;
    if (path == NULL || *path == '\0' || to_path == NULL || *to_path == '\0') {
        status = rz_error_set(&err, RUZU_ERROR_MISUSE, "ruzu_salvage was called without a path.");
    } else {
        rz_store_options options;
        rz_arena arena;
        rz_arena_init(&arena, rz_mem_root());
        status = maintain_options(path, &arena, &options, &err);
        status = status != RUZU_OK ? status : rz_store_salvage(&options, to_path, maintain_salvaged, &to, &totals, &err);
        rz_arena_free(&arena);
    }
    if (out != NULL && out->struct_size >= sizeof out->struct_size) {
        ruzu_salvage_report all = {.struct_size = out->struct_size,
                                   .tables = totals.tables,
                                   .tables_damaged = totals.tables_damaged,
                                   .problems = totals.problems,
                                   .rows = totals.rows,
                                   .rows_lost = totals.rows_lost,
                                   .values_lost = totals.values_lost};
        memcpy(out, &all, out->struct_size < sizeof all ? out->struct_size : sizeof all);
    }
    rz_conn_keep_open_error(&err);
    return status;
}
