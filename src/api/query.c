/* SPDX-License-Identifier: MIT */
/*
 * ruzu_query: scripts of statements, and plans kept for texts seen before.
 */
#include "api/api.h"

#include <string.h>

/* Runs the statements in order and chains their results. On failure everything is freed. */
static ruzu_status query_run_script(ruzu_conn *conn, const rz_ast_script *script, ruzu_result **out, rz_error *err)
{
    ruzu_result *first = NULL;
    ruzu_result *last = NULL;
    rz_plan_slot slot;
    rz_plan_slot_init(&slot, &conn->mem);
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < script->statement_count; i++) {
        ruzu_result *result = NULL;
        RZ_TRY_GOTO(rz_run_statement(conn, script, script->statements[i], NULL, 0, &slot, &result, err));
        rz_plan_slot_clear(&slot);
        if (first == NULL) {
            first = result;
        } else {
            result->chained = true;
            last->following = result;
        }
        last = result;
    }
    *out = first;
    first = NULL;
cleanup:
    rz_plan_slot_clear(&slot);
    ruzu_result_free(first);
    return status;
}

static bool query_worth_keeping(const rz_ast_script *script, size_t length)
{
    return script->statement_count == 1 && length <= RZ_KEPT_PLAN_MAX_TEXT && script->statements[0]->kind == RZ_AST_STATEMENT_QUERY &&
           script->statements[0]->explain == RZ_AST_EXPLAIN_NONE;
}

static ruzu_status query_run_kept(ruzu_conn *conn, rz_kept_plan *kept, ruzu_result **out, rz_error *err)
{
    return rz_run_statement(conn, kept->script.ast, kept->script.ast->statements[0], NULL, 0, &kept->slot, out, err);
}

static ruzu_status query_run_text(ruzu_conn *conn, const char *text, size_t length, ruzu_result **out, rz_error *err)
{
    uint64_t hash = length <= RZ_KEPT_PLAN_MAX_TEXT ? rz_hash_bytes(text, length) : 0;
    rz_kept_plan *kept = length <= RZ_KEPT_PLAN_MAX_TEXT ? rz_kept_find(conn, text, length, hash) : NULL;
    if (kept != NULL) {
        return query_run_kept(conn, kept, out, err);
    }
    uint64_t start_us = rz_now_monotonic_us();
    rz_script script;
    ruzu_status status = rz_script_parse(conn, text, length, &script, err);
    if (status != RUZU_OK) {
        rz_conn_end_txn(conn); /* dialect §20, case 21 */
        return status;
    }
    uint64_t parse_us = rz_now_monotonic_us() - start_us;
    if (query_worth_keeping(script.ast, length)) {
        kept = rz_kept_add(conn, text, length, hash, &script);
    }
    if (kept != NULL) {
        status = query_run_kept(conn, kept, out, err);
    } else {
        status = query_run_script(conn, script.ast, out, err);
        rz_script_free(&script);
    }
    if (status == RUZU_OK) {
        (*out)->compile_ms += (double)parse_us / 1000.0;
    }
    return status;
}

ruzu_status ruzu_query(ruzu_conn *conn, const char *cypher, ruzu_result **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    RZ_TRY(rz_conn_enter(conn));
    if (cypher == NULL) {
        return rz_conn_leave(conn, rz_error_set(&conn->error, RUZU_ERROR_MISUSE, "ruzu_query was called without a statement."));
    }
    atomic_store_explicit(&conn->interrupted, 0, memory_order_relaxed);
    ruzu_result *result = NULL;
    ruzu_status status = query_run_text(conn, cypher, strlen(cypher), &result, &conn->error);
    if (out != NULL) {
        *out = result;
    } else {
        ruzu_result_free(result);
    }
    return rz_conn_leave(conn, status);
}
