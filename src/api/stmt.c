/* SPDX-License-Identifier: MIT */
/*
 * Prepared statements: one parsed statement, its kept plan, and the parameters bound to it.
 *
 * A parameter keeps its place from its first binding on: plans refer to parameters by position.
 */
#include "api/api.h"

#include <string.h>

#define STMT_MAX_PARAMETERS 65535u

typedef struct rz_binding {
    rz_arena arena; /* name */
    rz_arena value_arena;
    char *name;
    rz_value value;
} rz_binding;

/* ---- life ---- */

static void stmt_link(ruzu_conn *conn, ruzu_stmt *stmt)
{
    stmt->conn = conn;
    stmt->next = conn->stmts;
    if (stmt->next != NULL) {
        stmt->next->prev = stmt;
    }
    conn->stmts = stmt;
}

void rz_stmt_detach(ruzu_stmt *stmt)
{
    ruzu_conn *conn = stmt->conn;
    if (conn == NULL) {
        return;
    }
    for (uint32_t i = 0; i < stmt->binding_count; i++) {
        rz_arena_free(&stmt->bindings[i].value_arena);
        rz_arena_free(&stmt->bindings[i].arena);
    }
    rz_mem_free(&conn->mem, stmt->bindings, stmt->binding_capacity * sizeof *stmt->bindings);
    rz_mem_free(&conn->mem, stmt->parameters, stmt->binding_capacity * sizeof *stmt->parameters);
    rz_plan_slot_clear(&stmt->slot);
    rz_script_free(&stmt->script);
    if (stmt->prev != NULL) {
        stmt->prev->next = stmt->next;
    } else {
        conn->stmts = stmt->next;
    }
    if (stmt->next != NULL) {
        stmt->next->prev = stmt->prev;
    }
    memset(stmt, 0, sizeof *stmt);
}

static ruzu_status stmt_create(ruzu_conn *conn, const char *text, ruzu_stmt **out, rz_error *err)
{
    rz_script script;
    ruzu_status status = rz_script_parse(conn, text, strlen(text), &script, err);
    if (status == RUZU_OK && script.ast->statement_count != 1) {
        rz_script_free(&script);
        status = rz_error_set_as(err, RUZU_ERROR_PARSER, RUZU_ERROR_READ_ONLY, "We do not support prepare multiple statements.");
    }
    if (status != RUZU_OK) {
        return status;
    }
    ruzu_stmt *stmt = (ruzu_stmt *)rz_mem_calloc(rz_mem_root(), 1, sizeof *stmt);
    if (stmt == NULL) {
        rz_script_free(&script);
        return rz_error_no_memory(err, "preparing a statement");
    }
    stmt->script = script;
    rz_plan_slot_init(&stmt->slot, &conn->mem);
    stmt_link(conn, stmt);
    *out = stmt;
    return RUZU_OK;
}

ruzu_status ruzu_prepare(ruzu_conn *conn, const char *cypher, ruzu_stmt **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    RZ_TRY(rz_conn_enter(conn));
    ruzu_status status = cypher == NULL || out == NULL
                             ? rz_error_set(&conn->error, RUZU_ERROR_MISUSE, "ruzu_prepare was called without a statement or a place for it.")
                             : stmt_create(conn, cypher, out, &conn->error);
    return rz_conn_leave(conn, status);
}

void ruzu_stmt_free(ruzu_stmt *stmt)
{
    if (stmt == NULL || (stmt->conn != NULL && !rz_conn_usable(stmt->conn))) {
        return;
    }
    rz_stmt_detach(stmt);
    rz_mem_free(rz_mem_root(), stmt, sizeof *stmt);
}

/* ---- parameters ---- */

static ruzu_status stmt_grow(ruzu_stmt *stmt, rz_error *err)
{
    rz_mem *mem = &stmt->conn->mem;
    uint32_t capacity = stmt->binding_capacity == 0 ? 4 : stmt->binding_capacity * 2;
    rz_binding *bindings = (rz_binding *)rz_mem_alloc(mem, capacity * sizeof *bindings);
    rz_bind_parameter *parameters = (rz_bind_parameter *)rz_mem_alloc(mem, capacity * sizeof *parameters);
    if (bindings == NULL || parameters == NULL) {
        rz_mem_free(mem, bindings, capacity * sizeof *bindings);
        rz_mem_free(mem, parameters, capacity * sizeof *parameters);
        return rz_error_no_memory(err, "binding a parameter");
    }
    for (uint32_t i = 0; i < stmt->binding_count; i++) {
        bindings[i] = stmt->bindings[i];
        parameters[i] = (rz_bind_parameter){.name = bindings[i].name, .value = &bindings[i].value};
    }
    rz_mem_free(mem, stmt->bindings, stmt->binding_capacity * sizeof *bindings);
    rz_mem_free(mem, stmt->parameters, stmt->binding_capacity * sizeof *parameters);
    stmt->bindings = bindings;
    stmt->parameters = parameters;
    stmt->binding_capacity = capacity;
    return RUZU_OK;
}

/* The binding of a name, made when new. */
static ruzu_status stmt_binding(ruzu_stmt *stmt, const char *name, rz_binding **out, rz_error *err)
{
    for (uint32_t i = 0; i < stmt->binding_count; i++) {
        if (rz_name_equal(stmt->bindings[i].name, name)) {
            *out = &stmt->bindings[i];
            return RUZU_OK;
        }
    }
    if (stmt->binding_count == STMT_MAX_PARAMETERS) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A statement can have at most %u parameters.", STMT_MAX_PARAMETERS);
    }
    if (stmt->binding_count == stmt->binding_capacity) {
        RZ_TRY(stmt_grow(stmt, err));
    }
    rz_binding *binding = &stmt->bindings[stmt->binding_count];
    memset(binding, 0, sizeof *binding);
    rz_arena_init(&binding->arena, &stmt->conn->mem);
    rz_arena_init(&binding->value_arena, &stmt->conn->mem);
    binding->name = rz_arena_strdup(&binding->arena, name);
    if (binding->name == NULL) {
        rz_arena_free(&binding->arena);
        return rz_error_no_memory(err, "binding a parameter");
    }
    binding->value.type = RZ_ANY;
    binding->value.is_null = true;
    stmt->parameters[stmt->binding_count] = (rz_bind_parameter){.name = binding->name, .value = &binding->value};
    stmt->binding_count++;
    *out = binding;
    return RUZU_OK;
}

/* Nodes, relationships and paths belong to a snapshot. */
static bool stmt_can_bind(const rz_type *type)
{
    if (type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL || type->id == RUZU_TYPE_RECURSIVE_REL) {
        return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!stmt_can_bind(type->fields[i].type)) {
            return false;
        }
    }
    return type->child == NULL || stmt_can_bind(type->child);
}

/* Copies value and its type; the one bound before stays when this fails. */
static ruzu_status stmt_copy_value(ruzu_stmt *stmt, const char *name, const rz_value *value, rz_error *err)
{
    rz_binding *binding = NULL;
    RZ_TRY(stmt_binding(stmt, name, &binding, err));
    rz_arena arena;
    rz_arena_init(&arena, &stmt->conn->mem);
    rz_value copy;
    memset(&copy, 0, sizeof copy);
    ruzu_status status = rz_value_clone(value, &arena, &copy, err);
    if (status != RUZU_OK) {
        rz_arena_free(&arena);
        return status;
    }
    rz_arena_free(&binding->value_arena);
    binding->value_arena = arena;
    binding->value = copy;
    return RUZU_OK;
}

ruzu_status ruzu_bind_value(ruzu_stmt *stmt, const char *name, const ruzu_value *value)
{
    if (stmt == NULL || stmt->conn == NULL) {
        return RUZU_ERROR_MISUSE;
    }
    ruzu_conn *conn = stmt->conn;
    RZ_TRY(rz_conn_enter(conn));
    ruzu_status status = RUZU_OK;
    if (name == NULL || value == NULL) {
        status = rz_error_set(&conn->error, RUZU_ERROR_MISUSE, "A parameter was bound without a name or a value.");
    } else if (!stmt_can_bind(value->type)) {
        status = rz_error_set(&conn->error, RUZU_ERROR_MISUSE, "Nodes, relationships and paths cannot be bound: bind their keys.");
    } else {
        status = stmt_copy_value(stmt, name, value, &conn->error);
    }
    return rz_conn_leave(conn, status);
}

ruzu_status ruzu_bind_null(ruzu_stmt *stmt, const char *name)
{
    const rz_value value = {.type = RZ_ANY, .is_null = true};
    return ruzu_bind_value(stmt, name, &value);
}

ruzu_status ruzu_bind_bool(ruzu_stmt *stmt, const char *name, bool value)
{
    const rz_value boxed = {.type = RZ_BOOL, .u = {.boolean = value}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_int64(ruzu_stmt *stmt, const char *name, int64_t value)
{
    const rz_value boxed = {.type = RZ_INT64, .u = {.i64 = value}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_double(ruzu_stmt *stmt, const char *name, double value)
{
    const rz_value boxed = {.type = RZ_DOUBLE, .u = {.f64 = value}};
    return ruzu_bind_value(stmt, name, &boxed);
}

/* What the caller got wrong, told by its connection. */
static ruzu_status stmt_refuse(ruzu_stmt *stmt, ruzu_status code, const char *text)
{
    if (stmt == NULL || stmt->conn == NULL) {
        return RUZU_ERROR_MISUSE;
    }
    RZ_TRY(rz_conn_enter(stmt->conn));
    return rz_conn_leave(stmt->conn, rz_error_set(&stmt->conn->error, code, "%s", text));
}

ruzu_status ruzu_bind_string(ruzu_stmt *stmt, const char *name, const char *text, size_t length)
{
    if (text == NULL) {
        return stmt_refuse(stmt, RUZU_ERROR_MISUSE, "A parameter was bound without a text.");
    }
    size_t bytes = length == SIZE_MAX ? strlen(text) : length;
    if (!rz_utf8_valid(text, bytes)) {
        return stmt_refuse(stmt, RUZU_ERROR_CONVERSION, "A text bound to a parameter is not UTF-8.");
    }
    const rz_value boxed = {.type = RZ_STRING, .u = {.text = {.data = text, .length = bytes}}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_date(ruzu_stmt *stmt, const char *name, int32_t days)
{
    const rz_value boxed = {.type = rz_type_of(RUZU_TYPE_DATE), .u = {.i32 = days}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_timestamp(ruzu_stmt *stmt, const char *name, int64_t microseconds)
{
    const rz_value boxed = {.type = rz_type_of(RUZU_TYPE_TIMESTAMP), .u = {.i64 = microseconds}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_interval(ruzu_stmt *stmt, const char *name, int32_t months, int32_t days, int64_t microseconds)
{
    const rz_value boxed = {.type = rz_type_of(RUZU_TYPE_INTERVAL), .u = {.interval = {.months = months, .days = days, .micros = microseconds}}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_uuid(ruzu_stmt *stmt, const char *name, const uint8_t *bytes)
{
    if (bytes == NULL) {
        return stmt_refuse(stmt, RUZU_ERROR_MISUSE, "A parameter was bound without bytes.");
    }
    const rz_value boxed = {.type = rz_type_of(RUZU_TYPE_UUID), .u = {.i128 = rz_uuid_from_bytes(bytes)}};
    return ruzu_bind_value(stmt, name, &boxed);
}

ruzu_status ruzu_bind_blob(ruzu_stmt *stmt, const char *name, const void *data, size_t size)
{
    if (data == NULL && size != 0) {
        return stmt_refuse(stmt, RUZU_ERROR_MISUSE, "A parameter was bound without bytes.");
    }
    const rz_value boxed = {.type = rz_type_of(RUZU_TYPE_BLOB), .u = {.text = {.data = data == NULL ? "" : (const char *)data, .length = size}}};
    return ruzu_bind_value(stmt, name, &boxed);
}

/* ---- running ---- */

static ruzu_status stmt_execute(ruzu_stmt *stmt, ruzu_result **out, rz_error *err)
{
    const rz_ast_script *script = stmt->script.ast;
    return rz_run_statement(stmt->conn, script, script->statements[0], stmt->parameters, stmt->binding_count, &stmt->slot, out, err);
}

ruzu_status ruzu_execute(ruzu_stmt *stmt, ruzu_result **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (stmt == NULL || stmt->conn == NULL) {
        return RUZU_ERROR_MISUSE;
    }
    ruzu_conn *conn = stmt->conn;
    RZ_TRY(rz_conn_enter(conn));
    atomic_store_explicit(&conn->interrupted, 0, memory_order_relaxed);
    ruzu_result *result = NULL;
    ruzu_status status = stmt_execute(stmt, &result, &conn->error);
    if (out != NULL) {
        *out = result;
    } else {
        ruzu_result_free(result);
    }
    return rz_conn_leave(conn, status);
}
