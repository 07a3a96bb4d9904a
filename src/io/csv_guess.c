/* SPDX-License-Identifier: MIT */
/*
 * Types of values by their text: numbers, truth values, dates and times, lists, maps and structs, else STRING.
 */
#include "io/csv_guess.h"

#include <string.h>

#define GUESS_MAX_DEPTH 16u
#define GUESS_MAX_FIELDS 64u

enum { GUESS_INT64, GUESS_INT128, GUESS_DOUBLE, GUESS_DATE, GUESS_TIMESTAMP, GUESS_INTERVAL, GUESS_UUID, GUESS_COUNT };

struct csv_guess {
    rz_arena *arena;
    rz_text_options text;
    rz_vec *vecs[GUESS_COUNT]; /* of one row each */
};

ruzu_status rz_csv_guess_create(rz_arena *arena, const rz_text_options *text, csv_guess **out, rz_error *err)
{
    static const ruzu_type_id ids[GUESS_COUNT] = {RUZU_TYPE_INT64,     RUZU_TYPE_INT128,   RUZU_TYPE_DOUBLE, RUZU_TYPE_DATE,
                                                  RUZU_TYPE_TIMESTAMP, RUZU_TYPE_INTERVAL, RUZU_TYPE_UUID};
    csv_guess *guess = RZ_NEW(arena, csv_guess);
    RZ_TRY_ALLOC(guess, err, "reading a file's first lines");
    guess->arena = arena;
    guess->text = *text;
    guess->text.kuzu_numbers = true;
    for (uint32_t i = 0; i < GUESS_COUNT; i++) {
        RZ_TRY(rz_vec_create(arena, arena, rz_type_of(ids[i]), 1, &guess->vecs[i], err));
    }
    *out = guess;
    return RUZU_OK;
}

bool rz_csv_guess_fits(csv_guess *guess, const rz_type *type, const char *text, size_t length)
{
    rz_vec *vec = NULL;
    if (type->id == RUZU_TYPE_STRING || type->id == RUZU_TYPE_ANY) {
        return true;
    }
    return rz_vec_create(guess->arena, guess->arena, type, 1, &vec, NULL) == RUZU_OK && rz_text_parse(text, length, &guess->text, vec, 0, NULL) == RUZU_OK;
}

static bool guess_is_scalar(csv_guess *guess, uint32_t which, const char *text, size_t length)
{
    return rz_text_parse(text, length, &guess->text, guess->vecs[which], 0, NULL) == RUZU_OK;
}

static void guess_trim(const char **text, size_t *length)
{
    while (*length != 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length != 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t')) {
        (*length)--;
    }
}

/* Length of the piece up to the next `stop` (or stop2) outside of brackets and quotes. */
static size_t guess_piece(const char *text, size_t length, char stop, char stop2)
{
    uint32_t depth = 0;
    char quote = '\0';
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (depth == 0 && (c == stop || c == stop2)) {
            return i;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            depth -= depth != 0 ? 1 : 0;
        }
    }
    return length;
}

static const rz_type *guess_at_depth(csv_guess *guess, const char *text, size_t length, uint32_t depth);

static const rz_type *guess_list(csv_guess *guess, const char *text, size_t length, uint32_t depth)
{
    const rz_type *element = RZ_ANY;
    const char separator = guess->text.list_unbraced ? guess->text.delimiter : ',';
    for (size_t at = 0; at < length && element != NULL;) {
        size_t piece = guess_piece(text + at, length - at, ',', separator);
        const rz_type *type = guess_at_depth(guess, text + at, piece, depth + 1);
        element = type == NULL ? NULL : rz_csv_guess_combine(guess, element, type);
        at += piece + 1;
    }
    return element == NULL ? NULL : rz_type_list(guess->arena, element);
}

/* {name: value, …} or {key=value, …}; STRING when it is neither. */
static const rz_type *guess_braces(csv_guess *guess, const char *text, size_t length, uint32_t depth)
{
    rz_type_field fields[GUESS_MAX_FIELDS];
    uint32_t field_count = 0;
    const rz_type *keys = RZ_ANY;
    const rz_type *values = RZ_ANY;
    bool is_map = false;
    if (length == 0) {
        return RZ_ANY; /* an empty map or struct: others say which */
    }
    for (size_t at = 0; at < length;) {
        size_t piece = guess_piece(text + at, length - at, ',', ',');
        size_t split = guess_piece(text + at, piece, ':', '=');
        if (split == piece || (at != 0 && is_map != (text[at + split] == '='))) {
            return RZ_STRING;
        }
        is_map = text[at + split] == '=';
        const char *name = text + at;
        size_t name_length = split;
        guess_trim(&name, &name_length);
        const rz_type *value = guess_at_depth(guess, text + at + split + 1, piece - split - 1, depth + 1);
        const rz_type *key = is_map ? guess_at_depth(guess, name, name_length, depth + 1) : RZ_ANY;
        if (value == NULL || key == NULL) {
            return NULL;
        }
        if (is_map) {
            keys = rz_csv_guess_combine(guess, keys, key);
            values = keys == NULL ? NULL : rz_csv_guess_combine(guess, values, value);
            if (values == NULL) {
                return NULL;
            }
        } else {
            if (field_count == GUESS_MAX_FIELDS || name_length == 0) {
                return RZ_STRING;
            }
            fields[field_count].name = rz_arena_strndup(guess->arena, name, name_length);
            fields[field_count].type = value;
            if (fields[field_count++].name == NULL) {
                return NULL;
            }
        }
        at += piece + 1;
    }
    return is_map ? rz_type_map(guess->arena, keys, values) : rz_type_struct(guess->arena, fields, field_count);
}

static const rz_type *guess_at_depth(csv_guess *guess, const char *text, size_t length, uint32_t depth)
{
    guess_trim(&text, &length);
    if (length == 0 || (depth != 0 && rz_name_equal_n(text, length, "null", 4))) {
        return RZ_ANY;
    }
    if (rz_name_equal_n(text, length, "true", 4) || rz_name_equal_n(text, length, "false", 5)) {
        return RZ_BOOL;
    }
    if (depth < GUESS_MAX_DEPTH && text[0] == '[' && text[length - 1] == ']') {
        return guess_list(guess, text + 1, length - 2, depth);
    }
    if (depth < GUESS_MAX_DEPTH && text[0] == '{' && text[length - 1] == '}' && !guess_is_scalar(guess, GUESS_UUID, text, length)) {
        return guess_braces(guess, text + 1, length - 2, depth);
    }
    for (uint32_t i = 0; i < GUESS_COUNT; i++) {
        /* 32 digits and letters alone are rather some other code than a UUID. */
        bool is_plausible = i != GUESS_UUID || memchr(text, '-', length) != NULL;
        if (is_plausible && guess_is_scalar(guess, i, text, length)) {
            return guess->vecs[i]->type;
        }
    }
    return RZ_STRING;
}

const rz_type *rz_csv_guess_type(csv_guess *guess, const char *text, size_t length)
{
    if (guess->text.list_unbraced && length != 0 && text[0] != '[' && memchr(text, guess->text.delimiter, length) != NULL) {
        return guess_list(guess, text, length, 0);
    }
    return guess_at_depth(guess, text, length, 0);
}

/* Rank of INT64, INT128, DOUBLE; 0 for other types. */
static uint32_t guess_number_rank(const rz_type *type)
{
    return type->id == RUZU_TYPE_INT64 ? 1 : type->id == RUZU_TYPE_INT128 ? 2 : type->id == RUZU_TYPE_DOUBLE ? 3 : 0;
}

static const rz_type *guess_combine_structs(csv_guess *guess, const rz_type *a, const rz_type *b)
{
    rz_type_field fields[GUESS_MAX_FIELDS];
    if (a->field_count != b->field_count || a->field_count > GUESS_MAX_FIELDS) {
        return RZ_STRING;
    }
    for (uint32_t i = 0; i < a->field_count; i++) {
        if (!rz_name_equal(a->fields[i].name, b->fields[i].name)) {
            return RZ_STRING;
        }
        fields[i].name = a->fields[i].name;
        fields[i].type = rz_csv_guess_combine(guess, a->fields[i].type, b->fields[i].type);
        if (fields[i].type == NULL) {
            return NULL;
        }
    }
    return rz_type_struct(guess->arena, fields, a->field_count);
}

const rz_type *rz_csv_guess_combine(csv_guess *guess, const rz_type *a, const rz_type *b)
{
    if (a->id == RUZU_TYPE_ANY || rz_type_equal(a, b)) {
        return b;
    }
    if (b->id == RUZU_TYPE_ANY) {
        return a;
    }
    uint32_t a_rank = guess_number_rank(a);
    uint32_t b_rank = guess_number_rank(b);
    if (a_rank != 0 && b_rank != 0) {
        return a_rank > b_rank ? a : b;
    }
    if ((a->id == RUZU_TYPE_DATE && b->id == RUZU_TYPE_TIMESTAMP) || (b->id == RUZU_TYPE_DATE && a->id == RUZU_TYPE_TIMESTAMP)) {
        return rz_type_of(RUZU_TYPE_TIMESTAMP);
    }
    if (a->id != b->id) {
        return RZ_STRING;
    }
    if (a->id == RUZU_TYPE_LIST) {
        const rz_type *element = rz_csv_guess_combine(guess, a->child, b->child);
        return element == NULL ? NULL : rz_type_list(guess->arena, element);
    }
    if (a->id == RUZU_TYPE_MAP) {
        const rz_type *key = rz_csv_guess_combine(guess, a->child->fields[0].type, b->child->fields[0].type);
        const rz_type *value = key == NULL ? NULL : rz_csv_guess_combine(guess, a->child->fields[1].type, b->child->fields[1].type);
        return value == NULL ? NULL : rz_type_map(guess->arena, key, value);
    }
    return a->id == RUZU_TYPE_STRUCT ? guess_combine_structs(guess, a, b) : RZ_STRING;
}
