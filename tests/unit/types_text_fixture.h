/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the tests of text and casts: values as text in, text or error message out.
 */
#ifndef RZ_TESTS_TYPES_TEXT_FIXTURE_H
#define RZ_TESTS_TYPES_TEXT_FIXTURE_H

#include "types/types.h"

#include "check.h"

/* What a call left: the rendering, "NULL" for a NULL value, or the error's message. */
typedef struct text_outcome {
    char text[4200];
} text_outcome;

static rz_arena text_arena;

static inline void text_outcome_set(text_outcome *outcome, const char *text)
{
    snprintf(outcome->text, sizeof outcome->text, "%s", text);
}

static inline void text_outcome_of(text_outcome *outcome, const rz_vec *vec, uint32_t row)
{
    if (rz_vec_is_null(vec, row)) {
        text_outcome_set(outcome, "NULL");
        return;
    }
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_text_append(vec, row, &text);
    text_outcome_set(outcome, rz_str_text(&text));
    rz_str_free(&text);
}

static inline const rz_type *text_type(const char *name)
{
    const rz_type *type = NULL;
    rz_error err;
    rz_error_init(&err);
    CHECK(rz_type_parse(name, strlen(name), NULL, NULL, &text_arena, &type, &err) == RUZU_OK);
    return type;
}

static inline rz_vec *text_vec(const char *type, uint32_t capacity)
{
    rz_vec *vec = NULL;
    rz_error err;
    rz_error_init(&err);
    CHECK(rz_vec_create(&text_arena, &text_arena, text_type(type), capacity, &vec, &err) == RUZU_OK);
    return vec;
}

/* Reads text as a value of the type and shows it. */
static inline const char *text_read_as(const char *type, const char *text)
{
    static text_outcome outcome;
    rz_error err;
    rz_error_init(&err);
    rz_vec *vec = text_vec(type, 1);
    if (rz_text_parse(text, strlen(text), NULL, vec, 0, &err) != RUZU_OK) {
        text_outcome_set(&outcome, err.message);
    } else {
        text_outcome_of(&outcome, vec, 0);
    }
    return outcome.text;
}

/* Reads text as `from`, casts it to `to` and shows that. */
static inline const char *text_cast_as(const char *from, const char *text, const char *to, bool try_cast)
{
    static text_outcome outcome;
    rz_error err;
    rz_error_init(&err);
    rz_vec *in = text_vec(from, 1);
    rz_vec *out = text_vec(to, 1);
    rz_sel sel = {NULL, 1};
    if (rz_text_parse(text, strlen(text), NULL, in, 0, &err) != RUZU_OK) {
        snprintf(outcome.text, sizeof outcome.text, "cannot read %s", err.message);
    } else if (rz_cast(in, &sel, try_cast, out, &err) != RUZU_OK) {
        text_outcome_set(&outcome, err.message);
    } else {
        text_outcome_of(&outcome, out, 0);
    }
    return outcome.text;
}

#define CHECK_READ(type, text, want)     CHECK_STR(text_read_as(type, text), want)
#define CHECK_CAST(from, text, to, want) CHECK_STR(text_cast_as(from, text, to, false), want)

#endif
