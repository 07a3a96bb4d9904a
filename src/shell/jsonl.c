/* SPDX-License-Identifier: MIT */
/*
 * The line protocol (docs/c-api.md): one JSON object a line each way.
 *
 *   {"id":1,"query":"…","params":{"x":1},"conn":"main"}   →   {"id":1,"ok":true,"columns":[…],"types":[…],"rows":[[…]],"compile_ms":0.1,"execute_ms":0.2}
 *   {"id":2,"op":"reopen"}  {"op":"close_conn","conn":"c1"}  {"op":"crash"}
 *
 * Connections are made when first named. One more, which runs nothing, keeps the database open between them.
 * Statements with parameters are prepared once per text and set of names, and found again.
 */
#include "shell/json.h"

#include <stdlib.h>
#include <string.h>

#define JSONL_MAX_STATEMENTS 64

/* A prepared statement of a connection. */
typedef struct jsonl_statement {
    shell_text key; /* the names of its parameters, then its text */
    ruzu_stmt *stmt;
} jsonl_statement;

typedef struct jsonl_conn {
    struct jsonl_conn *next;
    shell_text name;
    ruzu_conn *conn;
    jsonl_statement statements[JSONL_MAX_STATEMENTS];
    size_t statement_count;
} jsonl_conn;

typedef struct jsonl_server {
    shell *sh; /* its connection keeps the database open */
    jsonl_conn *conns;
    shell_text answer;
} jsonl_server;

/* ---- answers ---- */

static void jsonl_begin(jsonl_server *server, const json_node *request, bool ok)
{
    const json_node *id = request == NULL ? NULL : json_member(request, "id");
    shell_text_clear(&server->answer);
    shell_text_add(&server->answer, "{\"id\":");
    if (id == NULL) {
        shell_text_add(&server->answer, "null");
    } else {
        shell_text_append(&server->answer, id->source, id->source_length);
    }
    shell_text_add(&server->answer, ok ? ",\"ok\":true" : ",\"ok\":false");
}

static void jsonl_end(jsonl_server *server)
{
    shell_text_add(&server->answer, "}\n");
    (void)fwrite(server->answer.data, 1, server->answer.length, stdout);
    (void)fflush(stdout);
}

static void jsonl_answer_error(jsonl_server *server, const json_node *request, ruzu_status status, const char *text)
{
    const char *kind = ruzu_status_name(status);
    jsonl_begin(server, request, false);
    shell_text_add(&server->answer, ",\"kind\":");
    json_append_string(&server->answer, kind, strlen(kind));
    shell_text_add(&server->answer, ",\"error\":");
    json_append_string(&server->answer, text, strlen(text));
    jsonl_end(server);
}

static void jsonl_answer_ok(jsonl_server *server, const json_node *request)
{
    jsonl_begin(server, request, true);
    jsonl_end(server);
}

static void jsonl_answer_columns(jsonl_server *server, const ruzu_result *result)
{
    shell_text *out = &server->answer;
    size_t count = ruzu_result_column_count(result);
    shell_text_add(out, ",\"columns\":[");
    for (size_t c = 0; c < count; c++) {
        const char *name = ruzu_result_column_name(result, c);
        shell_text_add(out, c == 0 ? "" : ",");
        json_append_string(out, name, strlen(name));
    }
    shell_text_add(out, "],\"types\":[");
    for (size_t c = 0; c < count; c++) {
        const char *name = ruzu_type_name(ruzu_result_column_type(result, c));
        shell_text_add(out, c == 0 ? "" : ",");
        json_append_string(out, name, strlen(name));
    }
    shell_text_add(out, "]");
}

static void jsonl_answer_rows(jsonl_server *server, ruzu_result *result)
{
    shell_text *out = &server->answer;
    size_t count = ruzu_result_column_count(result);
    shell_text_add(out, ",\"rows\":[");
    for (bool first = true; ruzu_result_next(result); first = false) {
        shell_text_add(out, first ? "[" : ",[");
        for (size_t c = 0; c < count; c++) {
            shell_text_add(out, c == 0 ? "" : ",");
            if (ruzu_is_null(result, c)) {
                shell_text_add(out, "null");
            } else {
                size_t length = 0;
                const char *text = ruzu_get_string(result, c, &length);
                json_append_string(out, text, length);
            }
        }
        shell_text_add(out, "]");
    }
    shell_text_add(out, "]");
}

static void jsonl_answer_result(jsonl_server *server, const json_node *request, const ruzu_conn *conn, ruzu_result *first)
{
    ruzu_result *result = first;
    for (ruzu_result *next = result; next != NULL; next = ruzu_result_next_result(next)) {
        result = next;
    }
    jsonl_begin(server, request, true);
    jsonl_answer_columns(server, result);
    jsonl_answer_rows(server, result);
    if (ruzu_result_status(result) != RUZU_OK) {
        jsonl_answer_error(server, request, ruzu_result_status(result), ruzu_errmsg(conn));
        return;
    }
    shell_text_add(&server->answer, ",\"compile_ms\":");
    json_append_double(&server->answer, ruzu_result_compile_ms(result));
    shell_text_add(&server->answer, ",\"execute_ms\":");
    json_append_double(&server->answer, ruzu_result_execute_ms(result));
    jsonl_end(server);
}

/* ---- connections ---- */

static jsonl_conn *jsonl_find(jsonl_server *server, const char *name, size_t length)
{
    for (jsonl_conn *conn = server->conns; conn != NULL; conn = conn->next) {
        if (conn->name.length == length && memcmp(conn->name.data, name, length) == 0) {
            return conn;
        }
    }
    return NULL;
}

static void jsonl_free_statements(jsonl_conn *conn)
{
    for (size_t i = 0; i < conn->statement_count; i++) {
        ruzu_stmt_free(conn->statements[i].stmt);
        shell_text_free(&conn->statements[i].key);
    }
    conn->statement_count = 0;
}

static ruzu_status jsonl_close(jsonl_server *server, jsonl_conn *conn)
{
    for (jsonl_conn **link = &server->conns; *link != NULL; link = &(*link)->next) {
        if (*link == conn) {
            *link = conn->next;
            break;
        }
    }
    jsonl_free_statements(conn);
    ruzu_status status = ruzu_close(conn->conn);
    shell_text_free(&conn->name);
    free(conn);
    return status;
}

/* Closes everything; the first failure is what is told (text by ruzu_open_errmsg at once). */
static ruzu_status jsonl_close_all(jsonl_server *server)
{
    ruzu_status status = RUZU_OK;
    while (server->conns != NULL && status == RUZU_OK) {
        status = jsonl_close(server, server->conns);
    }
    while (server->conns != NULL) {
        (void)jsonl_close(server, server->conns);
    }
    ruzu_conn *base = server->sh->conn;
    server->sh->conn = NULL;
    ruzu_status last = ruzu_close(base);
    return status == RUZU_OK ? last : status;
}

/* The connection that a request names; NULL when it cannot be had, and then the request has been answered. */
static jsonl_conn *jsonl_connection(jsonl_server *server, const json_node *request)
{
    const json_node *named = json_member(request, "conn");
    const char *name = named != NULL && named->kind == JSON_STRING ? named->text.data : "main";
    size_t length = named != NULL && named->kind == JSON_STRING ? named->text.length : 4;
    jsonl_conn *found = jsonl_find(server, name, length);
    if (found != NULL) {
        return found;
    }
    if (server->sh->conn == NULL) {
        jsonl_answer_error(server, request, RUZU_ERROR_MISUSE, "The database is not open.");
        return NULL;
    }
    ruzu_conn *conn = NULL;
    ruzu_status status = ruzu_connect(server->sh->conn, &conn);
    if (status != RUZU_OK) {
        jsonl_answer_error(server, request, status, ruzu_errmsg(server->sh->conn));
        return NULL;
    }
    jsonl_conn *made = (jsonl_conn *)shell_alloc(sizeof *made);
    shell_text_append(&made->name, name, length);
    made->conn = conn;
    made->next = server->conns;
    server->conns = made;
    return made;
}

/* ---- parameters ---- */

static ruzu_value *jsonl_value(const json_node *node);

static ruzu_value *jsonl_nested_value(const json_node *node)
{
    ruzu_value **children = (ruzu_value **)shell_alloc((node->count + 1) * sizeof(ruzu_value *));
    const char **names = (const char **)shell_alloc((node->count + 1) * sizeof(const char *));
    bool complete = true;
    for (size_t i = 0; i < node->count && complete; i++) {
        names[i] = node->keys[i].data;
        children[i] = jsonl_value(&node->children[i]);
        complete = children[i] != NULL;
    }
    ruzu_value *value = NULL;
    if (complete && node->kind == JSON_ARRAY) {
        value = ruzu_value_create_list((const ruzu_value *const *)children, node->count);
    } else if (complete && node->count == 0) {
        value = ruzu_value_create_map(NULL, NULL, 0);
    } else if (complete) {
        value = ruzu_value_create_struct(names, (const ruzu_value *const *)children, node->count);
    }
    for (size_t i = 0; i < node->count; i++) {
        ruzu_value_free(children[i]);
    }
    free(names);
    free(children);
    return value;
}

static ruzu_value *jsonl_value(const json_node *node)
{
    switch (node->kind) {
    case JSON_NULL: return ruzu_value_create_null();
    case JSON_BOOL: return ruzu_value_create_bool(node->boolean);
    case JSON_INT: return ruzu_value_create_int64(node->integer);
    case JSON_DOUBLE: return ruzu_value_create_double(node->number);
    case JSON_STRING: return ruzu_value_create_string(node->text.data, node->text.length);
    case JSON_ARRAY:
    case JSON_OBJECT: return jsonl_nested_value(node);
    }
    return NULL;
}

/* The prepared statement for a text and the names of these parameters. */
static ruzu_status jsonl_prepare(jsonl_conn *conn, const char *text, const json_node *params, ruzu_stmt **out)
{
    shell_text key = {0};
    for (size_t i = 0; i < params->count; i++) {
        shell_text_append(&key, params->keys[i].data, params->keys[i].length);
        shell_text_char(&key, '\0');
    }
    shell_text_char(&key, '\0');
    shell_text_add(&key, text);
    for (size_t i = 0; i < conn->statement_count; i++) {
        if (conn->statements[i].key.length == key.length && memcmp(conn->statements[i].key.data, key.data, key.length) == 0) {
            *out = conn->statements[i].stmt;
            shell_text_free(&key);
            return RUZU_OK;
        }
    }
    ruzu_status status = ruzu_prepare(conn->conn, text, out);
    if (status != RUZU_OK) {
        shell_text_free(&key);
        return status;
    }
    if (conn->statement_count == JSONL_MAX_STATEMENTS) {
        jsonl_free_statements(conn);
    }
    conn->statements[conn->statement_count].key = key;
    conn->statements[conn->statement_count].stmt = *out;
    conn->statement_count++;
    return RUZU_OK;
}

/* Runs a statement with parameters; *out_error is set when it is not the connection's. */
static ruzu_status jsonl_run_prepared(jsonl_conn *conn, const char *text, const json_node *params, ruzu_result **out, const char **out_error)
{
    ruzu_stmt *stmt = NULL;
    ruzu_status status = jsonl_prepare(conn, text, params, &stmt);
    for (size_t i = 0; i < params->count && status == RUZU_OK; i++) {
        ruzu_value *value = jsonl_value(&params->children[i]);
        if (value == NULL) {
            *out_error = "Conversion exception: a parameter is not UTF-8, has repeated names, or a list of values without a common type.";
            return RUZU_ERROR_CONVERSION;
        }
        status = ruzu_bind_value(stmt, params->keys[i].data, value);
        ruzu_value_free(value);
    }
    return status == RUZU_OK ? ruzu_execute(stmt, out) : status;
}

/* ---- requests ---- */

static void jsonl_query(jsonl_server *server, const json_node *request, const json_node *query)
{
    const json_node *params = json_member(request, "params");
    if (query->kind != JSON_STRING || (params != NULL && params->kind != JSON_OBJECT && params->kind != JSON_NULL)) {
        jsonl_answer_error(server, request, RUZU_ERROR_MISUSE, "\"query\" must be a string, and \"params\" an object.");
        return;
    }
    if (memchr(query->text.data, '\0', query->text.length) != NULL) {
        jsonl_answer_error(server, request, RUZU_ERROR_PARSER, "Parser exception: the statement contains a NUL.");
        return;
    }
    jsonl_conn *conn = jsonl_connection(server, request);
    if (conn == NULL) {
        return;
    }
    ruzu_result *result = NULL;
    const char *error = NULL;
    ruzu_status status = params == NULL || params->count == 0 ? ruzu_query(conn->conn, query->text.data, &result)
                                                              : jsonl_run_prepared(conn, query->text.data, params, &result, &error);
    if (status != RUZU_OK) {
        jsonl_answer_error(server, request, status, error != NULL ? error : ruzu_errmsg(conn->conn));
    } else {
        jsonl_answer_result(server, request, conn->conn, result);
    }
    ruzu_result_free(result);
}

static void jsonl_reopen(jsonl_server *server, const json_node *request)
{
    ruzu_status status = jsonl_close_all(server);
    if (status == RUZU_OK) {
        status = ruzu_open(server->sh->path, &server->sh->config, &server->sh->conn);
    }
    if (status != RUZU_OK) {
        jsonl_answer_error(server, request, status, ruzu_open_errmsg());
    } else {
        jsonl_answer_ok(server, request);
    }
}

static void jsonl_op(jsonl_server *server, const json_node *request, const json_node *op)
{
    const char *name = op->kind == JSON_STRING ? op->text.data : "";
    const json_node *conn = json_member(request, "conn");
    if (strcmp(name, "crash") == 0) {
        _Exit(SHELL_OK); /* nothing is flushed, nothing closed */
    }
    if (strcmp(name, "reopen") == 0) {
        jsonl_reopen(server, request);
    } else if (strcmp(name, "close_conn") == 0) {
        jsonl_conn *found = conn != NULL && conn->kind == JSON_STRING ? jsonl_find(server, conn->text.data, conn->text.length) : jsonl_find(server, "main", 4);
        if (found != NULL && jsonl_close(server, found) != RUZU_OK) {
            jsonl_answer_error(server, request, RUZU_ERROR_INTERNAL, ruzu_open_errmsg());
        } else {
            jsonl_answer_ok(server, request);
        }
    } else {
        jsonl_answer_error(server, request, RUZU_ERROR_MISUSE, "Unknown \"op\": expected reopen, close_conn or crash.");
    }
}

static void jsonl_request(jsonl_server *server, const char *line, size_t length)
{
    json_node request;
    const char *reason = NULL;
    if (!json_parse(line, length, &request, &reason) || request.kind != JSON_OBJECT) {
        shell_text text = {0};
        shell_text_add(&text, "The request is not a JSON object: ");
        shell_text_add(&text, reason == NULL ? "it is another value" : reason);
        shell_text_add(&text, ".");
        jsonl_answer_error(server, NULL, RUZU_ERROR_MISUSE, text.data);
        shell_text_free(&text);
    } else {
        const json_node *query = json_member(&request, "query");
        const json_node *op = json_member(&request, "op");
        if (op != NULL) {
            jsonl_op(server, &request, op);
        } else if (query != NULL) {
            jsonl_query(server, &request, query);
        } else {
            jsonl_answer_error(server, &request, RUZU_ERROR_MISUSE, "The request has neither \"query\" nor \"op\".");
        }
    }
    json_free(&request);
}

int shell_jsonl(shell *sh)
{
    jsonl_server server = {.sh = sh};
    if (!shell_open(sh)) {
        return SHELL_NOT_OPENED;
    }
    shell_text line = {0};
    while (shell_read_line(stdin, &line)) {
        if (line.length != 0) {
            jsonl_request(&server, line.data, line.length);
        }
    }
    ruzu_status status = jsonl_close_all(&server);
    if (status != RUZU_OK) {
        fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
    }
    shell_text_free(&line);
    shell_text_free(&server.answer);
    return status == RUZU_OK ? SHELL_OK : SHELL_FAILED;
}
