/* SPDX-License-Identifier: MIT */
/*
 * Opening, running and printing: what interactive sessions and scripts share.
 */
#include "shell/shell.h"

#include <stdlib.h>
#include <string.h>

bool shell_open(shell *sh)
{
    if (ruzu_open(sh->path, &sh->config, &sh->conn) == RUZU_OK) {
        return true;
    }
    fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
    return false;
}

bool shell_close(shell *sh)
{
    ruzu_conn *conn = sh->conn;
    sh->conn = NULL;
    if (ruzu_close(conn) == RUZU_OK) {
        return true;
    }
    fprintf(stderr, "Error: %s\n", ruzu_open_errmsg());
    return false;
}

bool shell_find_format(const char *name, ruzu_format *out)
{
    static const struct {
        const char *name;
        ruzu_format format;
    } formats[] = {
        {"box", RUZU_FORMAT_BOX},     {"csv", RUZU_FORMAT_CSV},           {"tsv", RUZU_FORMAT_TSV},   {"json", RUZU_FORMAT_JSON},
        {"jsonl", RUZU_FORMAT_JSONL}, {"markdown", RUZU_FORMAT_MARKDOWN}, {"html", RUZU_FORMAT_HTML}, {"lines", RUZU_FORMAT_LINES},
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *out = formats[i].format;
            return true;
        }
    }
    return false;
}

/* Messages of CREATE, COPY and the like, and trees of EXPLAIN, read best as they are. */
static bool session_is_message(const ruzu_result *result)
{
    if (ruzu_result_column_count(result) != 1 || ruzu_type_get_id(ruzu_result_column_type(result, 0)) != RUZU_TYPE_STRING) {
        return false;
    }
    const char *name = ruzu_result_column_name(result, 0);
    return strcmp(name, "result") == 0 || strcmp(name, "explain result") == 0;
}

void shell_print(shell *sh, ruzu_result *result)
{
    bool message = sh->format == RUZU_FORMAT_BOX && session_is_message(result);
    if (message) {
        while (ruzu_result_next(result)) {
            const char *text = ruzu_get_string(result, 0, NULL);
            size_t length = strlen(text);
            fputs(text, stdout);
            fputs(length != 0 && text[length - 1] == '\n' ? "" : "\n", stdout);
        }
    } else if (ruzu_result_column_count(result) != 0) {
        char *text = ruzu_result_to_string(result, sh->format);
        if (text == NULL) {
            fprintf(stderr, "Error: %s\n", ruzu_errmsg(sh->conn));
            return;
        }
        fputs(text, stdout);
        ruzu_free(text);
    }
    if (sh->timing) {
        unsigned long long rows = (unsigned long long)ruzu_result_row_count(result);
        if (!message && ruzu_result_column_count(result) != 0) {
            printf("(%llu row%s, ", rows, rows == 1 ? "" : "s");
        } else {
            fputs("(", stdout);
        }
        printf("%.1f ms)\n", ruzu_result_compile_ms(result) + ruzu_result_execute_ms(result));
    }
    fflush(stdout);
}

/* Where a statement begins in its script: lines before it, and characters before it in its first line. */
typedef struct session_place {
    unsigned long lines;
    unsigned long characters;
} session_place;

/* Counts on over what was read. */
static void session_pass(session_place *place, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            place->lines++;
            place->characters = 0;
        } else if (((unsigned char)text[i] & 0xc0u) != 0x80u) { /* not within a UTF-8 sequence */
            place->characters++;
        }
    }
}

/* The library counts lines in what it was given, one statement; who wrote a script counts from its beginning. */
static void session_print_error(const shell *sh, const session_place *place)
{
    static const char where[] = " (line: ";
    const char *message = ruzu_errmsg(sh->conn);
    const char *found = ruzu_errcode(sh->conn) == RUZU_ERROR_PARSER ? strstr(message, where) : NULL;
    unsigned long line = 0;
    unsigned long offset = 0;
    int used = 0;
    fflush(stdout);
    if (found == NULL || sscanf(found + sizeof where - 1, "%lu, offset: %lu)%n", &line, &offset, &used) != 2 || used == 0) {
        fprintf(stderr, "Error: %s\n", message);
        return;
    }
    fprintf(stderr, "Error: %.*s%s%lu, offset: %lu)%s\n", (int)(found - message), message, where, line + place->lines,
            offset + (line == 1 ? place->characters : 0), found + sizeof where - 1 + used);
}

static bool session_run_at(shell *sh, const char *text, const session_place *place)
{
    ruzu_result *result = NULL;
    if (ruzu_query(sh->conn, text, &result) != RUZU_OK) {
        session_print_error(sh, place);
        return false;
    }
    for (ruzu_result *each = result; each != NULL; each = ruzu_result_next_result(each)) {
        shell_print(sh, each);
    }
    ruzu_result_free(result);
    return true;
}

bool shell_run(shell *sh, const char *text)
{
    const session_place beginning = {0, 0};
    return session_run_at(sh, text, &beginning);
}

/* Statement by statement, so that each result is seen before the next one runs. */
bool shell_run_script(shell *sh, FILE *in)
{
    shell_text script = {0};
    char piece[65536];
    size_t got = 0;
    while ((got = fread(piece, 1, sizeof piece, in)) != 0) {
        shell_text_append(&script, piece, got);
    }
    bool ok = true;
    size_t start = 0;
    session_place place = {0, 0};
    while (ok && !shell_is_blank(script.data == NULL ? "" : script.data, script.length, start)) {
        size_t end = shell_statement_end(script.data, script.length, start);
        end = end == SIZE_MAX ? script.length : end;
        shell_text statement = {0};
        shell_text_append(&statement, script.data + start, end - start);
        ok = shell_is_blank(statement.data, statement.length, 0) || session_run_at(sh, statement.data, &place);
        session_pass(&place, statement.data, statement.length);
        shell_text_free(&statement);
        start = end;
    }
    shell_text_free(&script);
    return ok;
}
