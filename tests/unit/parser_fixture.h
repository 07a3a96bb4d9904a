/* SPDX-License-Identifier: MIT */
/*
 * What the parser's tests share: parsing a text to its canonical form, or to its error message.
 */
#ifndef RZ_TESTS_PARSER_FIXTURE_H
#define RZ_TESTS_PARSER_FIXTURE_H

#include "check.h"
#include "parser/parser.h"

typedef struct parser_fixture {
    rz_mem mem;
    rz_arena arena;
    rz_error err;
    rz_str text; /* canonical text, or the message */
    rz_ast_script *script;
    ruzu_status status;
} parser_fixture;

static inline void parser_fixture_parse(parser_fixture *f, const char *text, size_t length,
                                        const rz_parse_limits *limits)
{
    rz_mem_init(&f->mem, rz_mem_root(), UINT64_MAX);
    rz_arena_init(&f->arena, &f->mem);
    rz_error_init(&f->err);
    rz_str_init(&f->text, &f->mem);
    f->status = rz_parse(text, length, &f->arena, limits, &f->script, &f->err);
    if (f->status == RUZU_OK) {
        rz_ast_print(f->script, &f->text);
    } else {
        CHECK(f->script == NULL);
        CHECK_EQ_I64(f->err.code, f->status);
        rz_str_append_text(&f->text, f->err.message);
    }
}

static inline void parser_fixture_free(parser_fixture *f)
{
    rz_str_free(&f->text);
    rz_arena_free(&f->arena);
    CHECK_EQ_U64(f->mem.used, 0);
}

/* Checks that text is read as `want`, canonically written, and that this is a fixpoint. */
static inline void parser_check(const char *text, const char *want)
{
    parser_fixture f;
    parser_fixture_parse(&f, text, strlen(text), NULL);
    CHECK_STR(rz_str_text(&f.text), want);
    if (f.status == RUZU_OK) {
        parser_fixture again;
        parser_fixture_parse(&again, rz_str_text(&f.text), f.text.length, NULL);
        CHECK_STR(rz_str_text(&again.text), rz_str_text(&f.text));
        parser_fixture_free(&again);
    }
    parser_fixture_free(&f);
}

/* Checks that text is refused with that message; `strict` as named. */
static inline void parser_check_error(const char *text, bool strict, ruzu_status status, const char *message)
{
    parser_fixture f;
    rz_parse_limits limits;
    rz_parse_limits_init(&limits);
    limits.strict = strict;
    parser_fixture_parse(&f, text, strlen(text), &limits);
    CHECK_EQ_I64(f.status, status);
    CHECK_STR(rz_str_text(&f.text), message);
    parser_fixture_free(&f);
}

static inline ruzu_status parser_status(const char *text, bool strict)
{
    parser_fixture f;
    rz_parse_limits limits;
    rz_parse_limits_init(&limits);
    limits.strict = strict;
    parser_fixture_parse(&f, text, strlen(text), &limits);
    ruzu_status status = f.status;
    parser_fixture_free(&f);
    return status;
}

/* Checks acceptance by name, so that a failure says which text it was. */
static inline void parser_check_accepts(const char *text, bool strict, bool want)
{
    bool got = parser_status(text, strict) == RUZU_OK;
    check_count++;
    if (got != want) {
        check_failures++;
        fprintf(stderr, "%s was %s%s\n", text, got ? "accepted" : "refused", strict ? " in strict mode" : "");
    }
}

#endif
