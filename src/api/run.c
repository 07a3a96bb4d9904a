/* SPDX-License-Identifier: MIT */
/*
 * Runs one statement: finds or begins its transaction, compiles, executes by kind, commits or rolls back.
 *
 *   transaction control       straight from the syntax tree
 *   explicit transaction      compile → execute; a failure rolls it back and ends it
 *   automatic, plan at hand   begin (writing when the plan writes) → still fits? → execute → commit
 *   automatic                 begin reading → compile → when it writes: begin again, writing, and compile again should the schema have changed
 *
 * A writer waits for its turn before its snapshot is taken; therefore it cannot be found out on the snapshot that it will use whether a statement writes.
 */
#include "api/api.h"

#include <string.h>

/* ---- results ---- */

ruzu_status rz_run_texts(rz_run *run, const char *column, const char *const *texts, uint32_t count, rz_error *err)
{
    rz_store *store = run->conn->db->store;
    const rz_type *type = RZ_STRING;
    rz_result_set *set = NULL;
    RZ_TRY(rz_result_set_from_text(rz_store_mem(store), rz_store_pool(store), texts, count, &set, err));
    return rz_result_create(run->conn, &column, &type, 1, set, &run->result, err);
}

ruzu_status rz_run_message(rz_run *run, const char *message, rz_error *err)
{
    return rz_run_texts(run, "result", &message, 1, err);
}

/* A result without columns and rows. */
static ruzu_status run_nothing(rz_run *run, rz_error *err)
{
    return run->result != NULL ? RUZU_OK : rz_result_create(run->conn, NULL, NULL, 0, NULL, &run->result, err);
}

/* ---- queries ---- */

static uint32_t run_plan_count(const rz_plan *plan)
{
    uint32_t end = plan->id + 1;
    for (uint32_t i = 0; i < plan->child_count; i++) {
        uint32_t child_end = run_plan_count(plan->children[i]);
        end = child_end > end ? child_end : end;
    }
    return end;
}

static ruzu_status run_explain(rz_run *run, rz_profile *profile, rz_error *err)
{
    rz_str text;
    rz_str_init(&text, &run->mem);
    rz_plan_explain(run->slot->plan, rz_txn_catalog(run->txn), profile == NULL ? NULL : rz_profile_note, profile, &text);
    ruzu_status status = text.failed ? rz_error_no_memory(err, "explaining a statement") : RUZU_OK;
    if (status == RUZU_OK) {
        const char *row = rz_str_text(&text);
        status = rz_run_texts(run, "explain result", &row, 1, err);
    }
    rz_str_free(&text);
    return status;
}

/* With the operators of the execution before, and in the result that it filled if nobody needs that any more. */
static ruzu_status run_kept_query(rz_run *run, rz_error *err)
{
    rz_plan_slot *slot = run->slot;
    ruzu_conn *conn = run->conn;
    const rz_plan *plan = slot->plan;
    rz_result_set *set = NULL;
    if (slot->kept != NULL && !rz_kept_exec_fits(slot->kept, &run->exec)) {
        rz_kept_exec_free(slot->kept);
        slot->kept = NULL;
    }
    ruzu_result *spare = slot->kept == NULL ? NULL : rz_result_take_spare(conn, slot->serial);
    run->exec.recycled = spare == NULL ? NULL : spare->set;
    ruzu_status status = rz_exec_run_kept(&run->exec, &conn->kept_mem, plan, &slot->kept, &set, err);
    if (status == RUZU_OK && spare != NULL) {
        rz_result_revive(conn, spare);
        run->result = spare;
    } else if (spare != NULL) {
        rz_result_drop_spare(spare);
    } else if (status == RUZU_OK) {
        status = rz_result_create(conn, plan->u.result.names, plan->u.result.types, plan->u.result.count, set, &run->result, err);
    }
    uint64_t most = rz_mem_smallest_limit(&conn->kept_mem) / RZ_KEPT_EXEC_SHARE;
    most = most < RZ_KEPT_EXEC_MOST ? most : RZ_KEPT_EXEC_MOST;
    rz_kept_make_room(conn, slot, most);
    if (slot->kept != NULL && atomic_load_explicit(&conn->kept_mem.used, memory_order_relaxed) > most) { /* it is too large itself, or prepared statements keep the rest */
        rz_kept_exec_free(slot->kept);
        slot->kept = NULL;
    } else if (status == RUZU_OK) {
        run->result->plan_serial = slot->serial;
    }
    return status;
}

static ruzu_status run_query(rz_run *run, rz_error *err)
{
    const rz_bound_statement *bound = run->slot->bound;
    const rz_plan *plan = run->slot->plan;
    rz_profile *profile = NULL;
    if (bound->explain == RZ_AST_EXPLAIN_PROFILE) {
        RZ_TRY(rz_profile_create(&run->slot->arena, run->exec.mem, run_plan_count(plan), &profile, err));
    }
    if (run->slot->can_keep && run->slot->runs++ != 0) { /* what runs once leaves nothing */
        return run_kept_query(run, err);
    }
    rz_result_set *set = NULL;
    RZ_TRY(rz_exec_run(&run->exec, plan, profile, &set, err));
    if (profile != NULL) {
        rz_result_set_free(set);
        return run_explain(run, profile, err);
    }
    return rz_result_create(run->conn, plan->u.result.names, plan->u.result.types, plan->u.result.count, set, &run->result, err);
}

/* What EXPLAIN says of a statement that has no plan. */
static const char *run_kind_name(rz_bound_kind kind)
{
    switch (kind) {
    case RZ_BOUND_QUERY: return "QUERY";
    case RZ_BOUND_CREATE_TABLE: return "CREATE_TABLE";
    case RZ_BOUND_DROP: return "DROP";
    case RZ_BOUND_ALTER: return "ALTER";
    case RZ_BOUND_COMMENT: return "COMMENT_ON";
    case RZ_BOUND_CREATE_SEQUENCE: return "CREATE_SEQUENCE";
    case RZ_BOUND_CREATE_TYPE: return "CREATE_TYPE";
    case RZ_BOUND_CREATE_MACRO: return "CREATE_MACRO";
    case RZ_BOUND_NOTHING: return "NOTHING";
    case RZ_BOUND_COPY_FROM: return "COPY_FROM";
    case RZ_BOUND_COPY_TO: return "COPY_TO";
    case RZ_BOUND_SET_OPTION: return "SET_OPTION";
    case RZ_BOUND_STANDALONE_CALL: return "STANDALONE_CALL";
    case RZ_BOUND_BEGIN: return "BEGIN_TRANSACTION";
    case RZ_BOUND_COMMIT: return "COMMIT";
    case RZ_BOUND_ROLLBACK: return "ROLLBACK";
    case RZ_BOUND_CHECKPOINT: return "CHECKPOINT";
    }
    return "";
}

/* ---- execution by kind ---- */

static bool run_only_explains(const rz_bound_statement *bound)
{
    return bound->explain == RZ_AST_EXPLAIN_PLAN || bound->explain == RZ_AST_EXPLAIN_LOGICAL;
}

static bool run_writes(const rz_plan_slot *slot)
{
    return slot->bound->writes && !run_only_explains(slot->bound);
}

static ruzu_status run_execute(rz_run *run, rz_error *err)
{
    const rz_bound_statement *bound = run->slot->bound;
    if (run_only_explains(bound)) {
        const char *name = run_kind_name(bound->kind);
        return run->slot->plan != NULL ? run_explain(run, NULL, err) : rz_run_texts(run, "explain result", &name, 1, err);
    }
    switch (bound->kind) {
    case RZ_BOUND_QUERY: return run_query(run, err);
    case RZ_BOUND_CREATE_TABLE:
    case RZ_BOUND_DROP:
    case RZ_BOUND_ALTER:
    case RZ_BOUND_COMMENT:
    case RZ_BOUND_CREATE_SEQUENCE:
    case RZ_BOUND_CREATE_TYPE:
    case RZ_BOUND_CREATE_MACRO: return rz_run_schema(run, err);
    case RZ_BOUND_NOTHING: return bound->message == NULL ? run_nothing(run, err) : rz_run_message(run, bound->message, err);
    case RZ_BOUND_COPY_FROM: return rz_run_copy_from(run, err);
    case RZ_BOUND_SET_OPTION: return rz_run_option(run, err);
    case RZ_BOUND_STANDALONE_CALL: return rz_run_standalone_call(run, err);
    case RZ_BOUND_COPY_TO: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "COPY TO is not implemented in this version.");
    case RZ_BOUND_BEGIN:
    case RZ_BOUND_COMMIT:
    case RZ_BOUND_ROLLBACK:
    case RZ_BOUND_CHECKPOINT: break; /* only under PROFILE: straight from the tree otherwise */
    }
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "PROFILE of %s is not implemented in this version.", run_kind_name(bound->kind));
}

/* Everything that the executor wants to know of the session. */
static void run_fill_context(rz_run *run)
{
    ruzu_conn *conn = run->conn;
    uint64_t timeout_ms = rz_option_get(conn, RZ_OPTION_TIMEOUT);
    uint64_t now_us = rz_now_monotonic_us();
    run->session = (rz_session){.setting = rz_option_setting, .user = conn};
    run->files = (rz_file_policy){
        .vfs = rz_store_vfs(conn->db->store),
        .allowed = conn->db->file_access,
        .search_path = rz_option_text(conn, RZ_OPTION_FILE_SEARCH_PATH),
    };
    run->exec = (rz_exec_context){
        .txn = run->txn,
        .sched = conn->db->sched,
        .mem = &run->mem,
        .result_mem = rz_store_mem(conn->db->store),
        .parameters = run->parameters,
        .parameter_count = run->parameter_count,
        .max_threads = run->slot->bound->in_order ? 1 : (uint32_t)rz_option_get(conn, RZ_OPTION_THREADS),
        .interrupted = &conn->interrupted,
        .deadline_us = timeout_ms == 0 || timeout_ms > (UINT64_MAX - now_us) / 1000 ? 0 : now_us + timeout_ms * 1000,
        .map_key_check = rz_option_get(conn, RZ_OPTION_NO_MAP_KEY_CHECK) == 0,
        .progress = conn->progress,
        .progress_user = conn->progress_user,
        .warnings = conn->warnings,
        .files = &run->files,
        .query_id = conn->statement_count,
        .session = &run->session,
    };
    rz_conn_next_seed(conn, run->exec.random_seed);
}

/* ---- transactions ---- */

static ruzu_status run_begin(rz_run *run, bool write, rz_error *err)
{
    return rz_txn_begin(run->conn->db->store, write, rz_conn_busy_timeout_us(run->conn), &run->txn, err);
}

static void run_end_own_txn(rz_run *run)
{
    if (run->txn != NULL && run->txn != run->conn->txn) {
        rz_txn_rollback(run->txn);
    }
    run->txn = NULL;
}

static ruzu_status run_compile(rz_run *run, rz_error *err)
{
    uint64_t start_us = rz_now_monotonic_us();
    ruzu_status status = rz_compile(run->conn, run->txn, &run->mem, run->script, run->statement, run->parameters, run->parameter_count, run->slot, err);
    run->compile_us += rz_now_monotonic_us() - start_us;
    return status;
}

static ruzu_status run_check_write(const rz_run *run, rz_error *err)
{
    if (!run_writes(run->slot)) {
        return RUZU_OK;
    }
    if (run->conn->db->read_only) {
        return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot execute write operations in a read-only database!");
    }
    if (run->conn->txn != NULL && !rz_txn_is_write(run->conn->txn)) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "Can not execute a write query inside a read-only transaction.");
    }
    return RUZU_OK;
}

/* In the explicit transaction. */
static ruzu_status run_in_txn(rz_run *run, bool *out_keep_txn, rz_error *err)
{
    ruzu_conn *conn = run->conn;
    run->txn = conn->txn;
    bool published = rz_catalog_version(rz_txn_catalog(conn->txn)) == conn->txn_version;
    if (!published || !rz_plan_slot_fits(run->slot, conn, conn->txn, run->parameters, run->parameter_count)) {
        RZ_TRY(run_compile(run, err));
        /* The version of a changed schema may be given again to another one when this transaction rolls back. */
        run->slot->keep = run->slot->keep && published;
    }
    ruzu_status status = run_check_write(run, err);
    *out_keep_txn = status != RUZU_OK; /* refused before it did anything */
    RZ_TRY(status);
    run_fill_context(run);
    return run_execute(run, err);
}

/* In a transaction of its own. */
static ruzu_status run_alone(rz_run *run, rz_error *err)
{
    ruzu_conn *conn = run->conn;
    bool write = run->slot->filled && run->slot->keep && run_writes(run->slot) && !conn->db->read_only;
    RZ_TRY(run_begin(run, write, err));
    if (!rz_plan_slot_fits(run->slot, conn, run->txn, run->parameters, run->parameter_count)) {
        RZ_TRY(run_compile(run, err));
    }
    RZ_TRY(run_check_write(run, err));
    if (run_writes(run->slot) && !rz_txn_is_write(run->txn)) {
        uint64_t version = run->slot->catalog_version;
        run_end_own_txn(run);
        RZ_TRY(run_begin(run, true, err));
        if (rz_catalog_version(rz_txn_catalog(run->txn)) != version) {
            RZ_TRY(run_compile(run, err));
        }
    }
    run_fill_context(run);
    RZ_TRY(run_execute(run, err));
    RZ_TRY(run_nothing(run, err)); /* nothing may fail after the commit */
    rz_txn *txn = run->txn;
    run->txn = NULL; /* gone in any case */
    return rz_txn_commit(txn, err);
}

/* ---- statements that are about transactions ---- */

static ruzu_status run_begin_statement(rz_run *run, rz_error *err)
{
    ruzu_conn *conn = run->conn;
    if (conn->txn != NULL) {
        rz_conn_end_txn(conn); /* as any failing statement does, and as Kuzu does */
        return rz_error_set(err, RUZU_ERROR_TRANSACTION,
                            "Connection already has an active transaction. Cannot start a transaction within another one. For concurrent multiple "
                            "transactions, please open other connections.");
    }
    bool write = !run->statement->begin.read_only && !conn->db->read_only;
    RZ_TRY(run_begin(run, write, err));
    conn->txn = run->txn;
    conn->txn_version = rz_catalog_version(rz_txn_catalog(conn->txn));
    return RUZU_OK;
}

static ruzu_status run_commit_statement(rz_run *run, rz_error *err)
{
    rz_txn *txn = run->conn->txn;
    if (txn == NULL) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "No active transaction for COMMIT.");
    }
    run->conn->txn = NULL; /* gone in any case */
    return rz_txn_commit(txn, err);
}

static ruzu_status run_rollback_statement(rz_run *run, rz_error *err)
{
    if (run->conn->txn == NULL) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "No active transaction for ROLLBACK.");
    }
    rz_conn_end_txn(run->conn);
    return RUZU_OK;
}

/* CHECKPOINT and VACUUM. */
static ruzu_status run_checkpoint_statement(rz_run *run, bool whole, rz_error *err)
{
    if (run->conn->txn != NULL) {
        return rz_error_set(err, RUZU_ERROR_TRANSACTION, "Cannot %s inside a transaction: commit or roll back first.", whole ? "vacuum" : "checkpoint");
    }
    if (run->conn->db->read_only) {
        return rz_error_set(err, RUZU_ERROR_READ_ONLY, "Cannot execute write operations in a read-only database!");
    }
    return whole ? rz_store_vacuum(run->conn->db->store, err) : rz_store_checkpoint(run->conn->db->store, err);
}

/* True when the statement was one of these. */
static bool run_control(rz_run *run, ruzu_status *out_status, rz_error *err)
{
    if (run->statement->explain != RZ_AST_EXPLAIN_NONE) {
        return false;
    }
    rz_ast_statement_kind kind = run->statement->kind;
    if (kind != RZ_AST_STATEMENT_BEGIN && kind != RZ_AST_STATEMENT_COMMIT && kind != RZ_AST_STATEMENT_ROLLBACK && kind != RZ_AST_STATEMENT_CHECKPOINT &&
        kind != RZ_AST_STATEMENT_VACUUM && kind != RZ_AST_STATEMENT_BACKUP_DATABASE) {
        return false;
    }
    *out_status = run_nothing(run, err); /* before the deed: nothing may fail after a commit */
    if (*out_status != RUZU_OK) {
        rz_conn_end_txn(run->conn); /* an error ends the transaction, a COMMIT's too */
        return true;
    }
    if (kind == RZ_AST_STATEMENT_BEGIN) {
        *out_status = run_begin_statement(run, err);
    } else if (kind == RZ_AST_STATEMENT_COMMIT) {
        *out_status = run_commit_statement(run, err);
    } else if (kind == RZ_AST_STATEMENT_ROLLBACK) {
        *out_status = run_rollback_statement(run, err);
    } else if (kind == RZ_AST_STATEMENT_BACKUP_DATABASE) {
        *out_status = rz_run_backup(run, err);
    } else {
        *out_status = run_checkpoint_statement(run, kind == RZ_AST_STATEMENT_VACUUM, err);
    }
    return true;
}

/* ---- the whole ---- */

static ruzu_status run_any(rz_run *run, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    if (run_control(run, &status, err)) {
        return status;
    }
    if (run->conn->txn == NULL) {
        status = run_alone(run, err);
        run_end_own_txn(run);
        return status;
    }
    bool keep_txn = false;
    status = run_in_txn(run, &keep_txn, err);
    if (status == RUZU_OK) {
        status = run_nothing(run, err);
    }
    if (status != RUZU_OK && !keep_txn) {
        rz_conn_end_txn(run->conn);
    }
    return status;
}

ruzu_status rz_run_statement(ruzu_conn *conn, const rz_ast_script *script, const rz_ast_statement *statement, const rz_bind_parameter *parameters,
                             uint32_t parameter_count, rz_plan_slot *slot, ruzu_result **out, rz_error *err)
{
    *out = NULL;
    uint64_t start_us = rz_now_monotonic_us();
    rz_run run;
    memset(&run, 0, sizeof run);
    run.conn = conn;
    run.script = script;
    run.statement = statement;
    run.parameters = parameters;
    run.parameter_count = parameter_count;
    run.slot = slot;
    uint64_t limit = rz_option_get(conn, RZ_OPTION_MEMORY_LIMIT);
    rz_mem_init(&run.mem, &conn->mem, limit / 10 * 8);
    ruzu_status status = run_any(&run, err);
    conn->statement_count++;
    if (status != RUZU_OK) {
        ruzu_result_free(run.result);
        return status;
    }
    run.result->compile_ms = (double)run.compile_us / 1000.0;
    run.result->execute_ms = (double)(rz_now_monotonic_us() - start_us - run.compile_us) / 1000.0;
    *out = run.result;
    return RUZU_OK;
}
