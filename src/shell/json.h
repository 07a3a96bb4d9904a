/* SPDX-License-Identifier: MIT */
/*
 * JSON as the line protocol needs it. Texts are bytes: what is not UTF-8 travels as lone surrogates \udc80 … \udcff, one a byte.
 */
#ifndef RZ_SHELL_JSON_H
#define RZ_SHELL_JSON_H

#include "shell/shell.h"

typedef enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

typedef struct json_node json_node;
struct json_node {
    json_kind kind;
    bool boolean;
    int64_t integer;
    double number;
    shell_text text;    /* STRING: the bytes; may contain NULs */
    const char *source; /* where it stands in the line, borrowed */
    size_t source_length;
    json_node *children; /* owned; ARRAY: elements, OBJECT: values */
    shell_text *keys;    /* owned; OBJECT */
    size_t count;
    size_t capacity;
};

/* Reads one value that takes the whole text; false with a reason (static) when it is not JSON. Free node in either case. */
bool json_parse(const char *text, size_t length, json_node *out, const char **out_reason);
void json_free(json_node *node);
/* A member of an object by its key; NULL when there is none. */
const json_node *json_member(const json_node *object, const char *key);

/* Appends bytes as a JSON string, quotes included. */
void json_append_string(shell_text *out, const char *data, size_t length);
void json_append_double(shell_text *out, double value);

#endif
