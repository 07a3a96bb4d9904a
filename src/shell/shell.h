/* SPDX-License-Identifier: MIT */
/*
 * shell: the ruzu program: interactive sessions, scripts, single statements, and the line protocol of --jsonl.
 *
 * Purpose   a client of the library like any other, and the first one that newcomers meet.
 * Must not  know anything but ruzu.h.
 * Enter by  main (main.c): options → one of shell_interactive, shell_run_script, shell_jsonl.
 * Lifetime  the program's: an allocation that fails ends it (shell_alloc).
 */
#ifndef RZ_SHELL_SHELL_H
#define RZ_SHELL_SHELL_H

#include "ruzu.h"

#include <stdio.h>

enum { SHELL_OK = 0, SHELL_FAILED = 1, SHELL_NOT_OPENED = 2, SHELL_USAGE = 3 }; /* exit statuses */

/* Memory or the end of the program with a message. */
void *shell_alloc(size_t size);
void *shell_realloc(void *memory, size_t size);

/* A growing text, NUL-terminated. */
typedef struct shell_text {
    char *data; /* owned; NULL while nothing was appended */
    size_t length;
    size_t capacity;
} shell_text;

void shell_text_append(shell_text *text, const char *data, size_t length);
void shell_text_add(shell_text *text, const char *data); /* NUL-terminated */
void shell_text_char(shell_text *text, char c);
void shell_text_clear(shell_text *text); /* keeps the memory */
void shell_text_free(shell_text *text);
/* Reads a line without its end ('\n' or "\r\n"); false at the end of input. */
bool shell_read_line(FILE *in, shell_text *out);

/* ---- sessions ---- */

typedef struct shell {
    const char *path;       /* NULL: in memory */
    ruzu_config config;
    ruzu_conn *conn;
    ruzu_format format;
    bool timing;            /* say how many rows in what time */
} shell;

/* Opens path; false (and a message on stderr) when that fails. */
bool shell_open(shell *sh);
/* Closes the connection; false (and a message) when that fails. */
bool shell_close(shell *sh);
/* Runs statements and prints their results; false (and a message on stderr) when one failed. */
bool shell_run(shell *sh, const char *text);
/* Runs everything that `in` holds, up to the first failure. */
bool shell_run_script(shell *sh, FILE *in);
/* Prompts until the end of input or :quit. */
int shell_interactive(shell *sh);
/* Answers requests, one a line, until the end of input. */
int shell_jsonl(shell *sh);
/* Runs `ruzu check|salvage|backup FILE …`; false when the arguments are none of these (a database may have such a name: it then stands alone). */
bool shell_maintain(int argc, char **argv, int *out_exit_status);
/* Prints what a result holds. */
void shell_print(shell *sh, ruzu_result *result);
bool shell_find_format(const char *name, ruzu_format *out);

/* Offset behind the first statement's semicolon at or after start; SIZE_MAX when the text ends before one. Quotes and comments are understood. */
size_t shell_statement_end(const char *text, size_t length, size_t start);
/* Nothing but blanks, semicolons and comments from start on. */
bool shell_is_blank(const char *text, size_t length, size_t start);

#endif
