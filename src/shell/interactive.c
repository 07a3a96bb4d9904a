/* SPDX-License-Identifier: MIT */
/*
 * The prompt: reads lines, runs statements when their semicolon has come, knows a few commands that begin with a colon.
 */
#include "shell/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The connection to stop when the user presses Ctrl-C; NULL while nothing runs. Signal handlers can only reach what is global. */
static _Atomic(ruzu_conn *) interactive_running;

static void interactive_on_signal(int number)
{
    (void)signal(number, interactive_on_signal); /* ISO C's signal() may forget the handler when it runs */
    ruzu_conn *conn = atomic_load(&interactive_running);
    if (conn != NULL) {
        ruzu_interrupt(conn);
    }
}

static int interactive_on_progress(void *user, double fraction, uint64_t rows, const char *phase)
{
    bool *shown = (bool *)user;
    *shown = true;
    if (fraction >= 0) {
        fprintf(stderr, "\r%s: %3d %%, %llu rows ", phase, (int)(fraction * 100), (unsigned long long)rows);
    } else {
        fprintf(stderr, "\r%s: %llu rows ", phase, (unsigned long long)rows);
    }
    fflush(stderr);
    return 0;
}

static bool interactive_run(shell *sh, const char *text)
{
    bool progress_shown = false;
    ruzu_set_progress(sh->conn, interactive_on_progress, &progress_shown);
    atomic_store(&interactive_running, sh->conn);
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(sh->conn, text, &result);
    atomic_store(&interactive_running, NULL);
    ruzu_set_progress(sh->conn, NULL, NULL);
    if (progress_shown) {
        fputs("\r                                                  \r", stderr);
    }
    if (status != RUZU_OK) {
        fprintf(stderr, "Error: %s\n", ruzu_errmsg(sh->conn));
        return false;
    }
    for (ruzu_result *each = result; each != NULL; each = ruzu_result_next_result(each)) {
        shell_print(sh, each);
    }
    ruzu_result_free(result);
    return true;
}

/* ---- commands ---- */

static void interactive_help(void)
{
    fputs("A statement ends with a semicolon and may take several lines. Ctrl-C stops it, Ctrl-D leaves.\n"
          "  :help             this text\n"
          "  :quit             leave\n"
          "  :tables           the tables of the database\n"
          "  :schema TABLE     the columns of a table\n"
          "  :format NAME      how results are shown: box csv tsv json jsonl markdown html lines\n"
          "  :timing on|off    show rows and milliseconds after each result\n"
          "  :read FILE        run the statements of a file\n"
          "A first graph:\n"
          "  CREATE NODE TABLE Person(name STRING PRIMARY KEY, age INT64);\n"
          "  CREATE REL TABLE Knows(FROM Person TO Person, since INT64);\n"
          "  CREATE (:Person {name: 'Ann', age: 34})-[:Knows {since: 2020}]->(:Person {name: 'Bob', age: 27});\n"
          "  MATCH (a:Person)-[k:Knows]->(b:Person) RETURN a.name, b.name, k.since;\n",
          stdout);
}

static void interactive_schema(shell *sh, const char *table)
{
    shell_text text = {0};
    shell_text_add(&text, "CALL table_info('");
    for (const char *c = table; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') {
            shell_text_char(&text, '\\');
        }
        shell_text_char(&text, *c);
    }
    shell_text_add(&text, "') RETURN *;");
    (void)interactive_run(sh, text.data);
    shell_text_free(&text);
}

static void interactive_read(shell *sh, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "Error: cannot open %s\n", path);
        return;
    }
    (void)shell_run_script(sh, file);
    fclose(file);
}

/* Words that people try first; no statement is one of them. NULL: something else. */
static const char *interactive_word(const char *line)
{
    static const char *const words[][2] = {{"help", ":help"}, {"quit", ":quit"}, {"exit", ":quit"}, {"?", ":help"}, {"\\q", ":quit"}, {".quit", ":quit"}, {".help", ":help"}};
    size_t start = strspn(line, " \t"), length = strcspn(line + start, " \t;");
    if (line[start + length + strspn(line + start + length, " \t;")] != '\0') {
        return NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i][0]) == length && strncmp(words[i][0], line + start, length) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}

/* What a command that stands there wants, or that there is no such command. */
static void interactive_wrong(const char *name)
{
    static const char *const wanted[][2] = {
        {":schema", "the name of a table"}, {":format", "box, csv, tsv, json, jsonl, markdown, html or lines"}, {":timing", "on or off"}, {":read", "the name of a file"}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(wanted[i][0], name) == 0) {
            fprintf(stderr, "Error: %s takes %s\n", name, wanted[i][1]);
            return;
        }
    }
    fprintf(stderr, "Error: unknown command %s (try :help)\n", name);
}

/* Runs a command line (":name argument"); false when it was :quit. */
static bool interactive_command(shell *sh, char *line)
{
    char *argument = line + strcspn(line, " \t");
    if (*argument != '\0') {
        *argument++ = '\0';
        argument += strspn(argument, " \t");
    }
    size_t length = strlen(argument);
    while (length != 0 && strchr(" \t;", argument[length - 1]) != NULL) {
        argument[--length] = '\0';
    }
    if (strcmp(line, ":quit") == 0 || strcmp(line, ":exit") == 0 || strcmp(line, ":q") == 0) {
        return false;
    }
    if (strcmp(line, ":help") == 0) {
        interactive_help();
    } else if (strcmp(line, ":tables") == 0) {
        (void)interactive_run(sh, "CALL show_tables() RETURN name, type, comment;");
    } else if (strcmp(line, ":schema") == 0 && length != 0) {
        interactive_schema(sh, argument);
    } else if (strcmp(line, ":format") == 0 && shell_find_format(argument, &sh->format)) {
        printf("Results are shown as %s.\n", argument);
    } else if (strcmp(line, ":timing") == 0 && (strcmp(argument, "on") == 0 || strcmp(argument, "off") == 0)) {
        sh->timing = argument[1] == 'n';
    } else if (strcmp(line, ":read") == 0 && length != 0) {
        interactive_read(sh, argument);
    } else {
        interactive_wrong(line);
    }
    return true;
}

/* ---- the loop ---- */

/* Runs all complete statements of the text and keeps the rest. */
static void interactive_run_complete(shell *sh, shell_text *pending)
{
    size_t end = 0;
    while ((end = shell_statement_end(pending->data, pending->length, 0)) != SIZE_MAX) {
        shell_text statement = {0};
        shell_text_append(&statement, pending->data, end);
        memmove(pending->data, pending->data + end, pending->length - end + 1);
        pending->length -= end;
        if (!shell_is_blank(statement.data, statement.length, 0) && !interactive_run(sh, statement.data)) {
            shell_text_clear(pending); /* what follows a failure on the same line was meant for its success */
        }
        shell_text_free(&statement);
    }
    if (shell_is_blank(pending->data, pending->length, 0)) {
        shell_text_clear(pending);
    }
}

int shell_interactive(shell *sh)
{
    shell_text line = {0};
    shell_text pending = {0};
    shell_text_clear(&pending);
    (void)signal(SIGINT, interactive_on_signal);
    printf("ruzu %s, %s. :help for help, :quit to leave.\n", ruzu_version(), sh->path == NULL ? "a database in memory" : sh->path);
    for (;;) {
        fputs(pending.length == 0 ? "ruzu> " : "  ... ", stdout);
        fflush(stdout);
        errno = 0;
        if (!shell_read_line(stdin, &line)) {
            if (errno == EINTR) { /* Ctrl-C at the prompt drops what was typed */
                clearerr(stdin);
                shell_text_clear(&pending);
                fputs("\n", stdout);
                continue;
            }
            break;
        }
        if (pending.length == 0 && line.data[strspn(line.data, " \t")] == ':') {
            if (!interactive_command(sh, line.data + strspn(line.data, " \t"))) {
                break;
            }
            continue;
        }
        const char *word = pending.length == 0 ? interactive_word(line.data) : NULL;
        if (word != NULL && strcmp(word, ":quit") == 0) {
            break;
        }
        if (word != NULL) {
            interactive_help();
            continue;
        }
        shell_text_append(&pending, line.data, line.length);
        shell_text_char(&pending, '\n');
        interactive_run_complete(sh, &pending);
    }
    fputs("\n", stdout);
    shell_text_free(&pending);
    shell_text_free(&line);
    return SHELL_OK;
}
