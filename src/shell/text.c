/* SPDX-License-Identifier: MIT */
/*
 * Memory, growing texts, lines of input, and where a statement ends.
 */
#include "shell/shell.h"

#include <stdlib.h>
#include <string.h>

void *shell_realloc(void *memory, size_t size)
{
    void *grown = realloc(memory, size == 0 ? 1 : size);
    if (grown == NULL) {
        fputs("Error: out of memory\n", stderr);
        exit(SHELL_FAILED);
    }
    return grown;
}

void *shell_alloc(size_t size)
{
    return memset(shell_realloc(NULL, size), 0, size);
}

void shell_text_append(shell_text *text, const char *data, size_t length)
{
    if (length >= text->capacity - text->length || text->data == NULL) {
        size_t capacity = text->capacity < 128 ? 128 : text->capacity;
        while (capacity - text->length <= length) {
            if (capacity > SIZE_MAX / 2) {
                capacity = SIZE_MAX; /* refused below */
                break;
            }
            capacity *= 2;
        }
        text->data = (char *)shell_realloc(text->data, capacity);
        text->capacity = capacity;
    }
    if (length != 0) {
        memcpy(text->data + text->length, data, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
}

void shell_text_add(shell_text *text, const char *data)
{
    shell_text_append(text, data, strlen(data));
}

void shell_text_char(shell_text *text, char c)
{
    shell_text_append(text, &c, 1);
}

void shell_text_clear(shell_text *text)
{
    text->length = 0;
    shell_text_append(text, "", 0);
}

void shell_text_free(shell_text *text)
{
    free(text->data);
    memset(text, 0, sizeof *text);
}

bool shell_read_line(FILE *in, shell_text *out)
{
    shell_text_clear(out);
    char piece[4096];
    bool any = false;
    while (fgets(piece, sizeof piece, in) != NULL) {
        /* A NUL in the line would end it early here; it cannot be in a statement anyway, and JSON writes it as \u0000. */
        size_t length = strlen(piece);
        any = true;
        shell_text_append(out, piece, length);
        if (length != 0 && piece[length - 1] == '\n') {
            break;
        }
    }
    if (out->length != 0 && out->data[out->length - 1] == '\n') {
        out->length--;
    }
    if (out->length != 0 && out->data[out->length - 1] == '\r') {
        out->length--;
    }
    out->data[out->length] = '\0';
    return any;
}

/* ---- statements ---- */

/* Offset behind what begins at `at` and is no plain character (a quoted text or a comment); at + 1 for a plain one; SIZE_MAX: it does not end. */
static size_t text_skip(const char *text, size_t length, size_t at)
{
    char c = text[at];
    char next = at + 1 < length ? text[at + 1] : '\0';
    if (c == '/' && next == '/') {
        while (at < length && text[at] != '\n') {
            at++;
        }
        return at < length ? at + 1 : length;
    }
    if (c == '/' && next == '*') {
        for (at += 2; at + 1 < length; at++) {
            if (text[at] == '*' && text[at + 1] == '/') {
                return at + 2;
            }
        }
        return SIZE_MAX;
    }
    if (c != '\'' && c != '"' && c != '`') {
        return at + 1;
    }
    for (at++; at < length; at++) {
        if (text[at] == '\\' && c != '`') {
            at++;
        } else if (text[at] == c) {
            return at + 1;
        }
    }
    return SIZE_MAX;
}

size_t shell_statement_end(const char *text, size_t length, size_t start)
{
    size_t at = start;
    while (at < length) {
        if (text[at] == ';') {
            return at + 1;
        }
        at = text_skip(text, length, at);
    }
    return SIZE_MAX;
}

bool shell_is_blank(const char *text, size_t length, size_t start)
{
    size_t at = start;
    while (at < length) {
        bool comment = text[at] == '/' && at + 1 < length && (text[at + 1] == '/' || text[at + 1] == '*');
        if (!comment && strchr(" \t\r\n;", text[at]) == NULL) {
            return false;
        }
        at = text_skip(text, length, at);
    }
    return true;
}
