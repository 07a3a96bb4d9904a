/* SPDX-License-Identifier: MIT */
/*
 * Calls a function by name as the binder and the evaluator would, for the unit tests of function.
 *
 * Arguments are texts: "INT64:5", "STRING:abc", "INT64:~" (a NULL of a type), "~" (an untyped NULL), "@name INT64:5" (a
 * named argument), "!INT64[]:[]" (an open list), "?INT64:5" (not known at bind time). The result is the text
 * "TYPE:value", "TYPE:~" for NULL, or the error's message. Each call is made for flat, constant and dictionary
 * arguments in all mixtures, with NULL rows between, with and without a selection; a different outcome anywhere is the
 * result "shapes differ: …".
 */
#ifndef RZ_TESTS_FUNCTION_EVAL_H
#define RZ_TESTS_FUNCTION_EVAL_H

#include "check.h"

#include "function/function.h"

#include <stdlib.h>

#define EVAL_MAX_ARGS 8
#define EVAL_ROWS     7u

typedef struct eval_state {
    rz_mem mem;
    rz_arena arena; /* types, vectors */
    rz_arena scratch;
    rz_fn_context context;
    rz_error err;
    char text[8192];
} eval_state;

static eval_state eval_shared;
/* The row whose value is the outcome: 0, or 3, where flat arguments are NULL. */
static uint32_t eval_show_row = 0;

static ruzu_status eval_read_arg(const char *text, rz_fn_arg *arg, rz_vec **out)
{
    eval_state *s = &eval_shared;
    memset(arg, 0, sizeof *arg);
    bool known = true;
    if (*text == '?') {
        known = false;
        text++;
    }
    if (*text == '!') {
        arg->open_list = true;
        text++;
    }
    if (*text == '@') {
        const char *end = strchr(text, ' ');
        arg->name = rz_arena_strndup(&s->arena, text + 1, (size_t)(end - text - 1));
        arg->named = true;
        RZ_TRY_ALLOC(arg->name, &s->err, "test");
        text = end + 1;
    }
    const char *colon = strchr(text, ':');
    if (strcmp(text, "~") == 0) {
        arg->type = RZ_ANY;
    } else {
        RZ_TRY(rz_type_parse(text, (size_t)(colon - text), NULL, NULL, &s->arena, &arg->type, &s->err));
    }
    RZ_TRY(rz_vec_create(&s->arena, &s->arena, arg->type, 1, out, &s->err));
    if (arg->type->id == RUZU_TYPE_ANY || strcmp(colon + 1, "~") == 0) {
        rz_vec_set_null(*out, 0);
    } else {
        RZ_TRY(rz_text_parse(colon + 1, strlen(colon + 1), NULL, *out, 0, &s->err));
    }
    if (known) {
        rz_value *value = RZ_NEW(&s->arena, rz_value);
        RZ_TRY_ALLOC(value, &s->err, "test");
        RZ_TRY(rz_value_from_vec(*out, 0, &s->arena, value, &s->err));
        arg->constant = value;
    }
    return RUZU_OK;
}

static ruzu_status eval_cast(rz_vec *value, const rz_type *to, rz_vec **out)
{
    eval_state *s = &eval_shared;
    *out = value;
    if (rz_type_equal(value->type, to) && value->type->id != RUZU_TYPE_ANY) {
        return RUZU_OK;
    }
    RZ_TRY(rz_vec_create(&s->arena, &s->arena, to, 1, out, &s->err));
    if (rz_vec_is_null(value, 0)) {
        rz_vec_set_null(*out, 0);
        return RUZU_OK;
    }
    rz_sel one = {NULL, 1};
    return rz_cast(value, &one, false, *out, &s->err);
}

/* Shape 0: flat; 1: constant; 2: dictionary. Rows 3 of flat and dictionary vectors are NULL. */
static ruzu_status eval_shape(const rz_vec *value, int shape, rz_vec **out)
{
    static const uint32_t zeros[EVAL_ROWS] = {0};
    static const uint32_t index[EVAL_ROWS] = {2, 0, 2, 1, 2, 0, 2};
    eval_state *s = &eval_shared;
    rz_vec *flat;
    RZ_TRY(rz_vec_create(&s->arena, &s->arena, value->type, EVAL_ROWS, &flat, &s->err));
    if (shape == 1) {
        RZ_TRY(rz_vec_gather(flat, 0, value, zeros, 1, &s->err));
        rz_vec *constant;
        RZ_TRY(rz_vec_create_empty(&s->arena, &s->arena, value->type, &constant, &s->err));
        rz_vec_reference(constant, flat);
        constant->kind = RZ_VEC_CONSTANT;
        *out = constant;
        return RUZU_OK;
    }
    RZ_TRY(rz_vec_gather(flat, 0, value, zeros, shape == 0 ? EVAL_ROWS : 3, &s->err));
    rz_vec_set_null(flat, shape == 0 ? 3 : 1);
    *out = flat;
    if (shape == 2) {
        RZ_TRY(rz_vec_create_empty(&s->arena, &s->arena, value->type, out, &s->err));
        RZ_TRY(rz_vec_slice(*out, flat, index, EVAL_ROWS, &s->err));
    }
    return RUZU_OK;
}

static void eval_append_value(const rz_vec *vec, uint32_t row, rz_str *out)
{
    if (vec->type->id == RUZU_TYPE_ANY) {
        rz_str_append_text(out, "ANY");
    } else {
        rz_type_format(vec->type, out);
    }
    rz_str_append_char(out, ':');
    if (rz_vec_is_null(vec, row)) {
        rz_str_append_char(out, '~');
    } else {
        rz_text_append(vec, row, out);
    }
}

/* Runs one mixture of shapes. *out gets the texts of row 0 and, when some argument is NULL in row 3, of row 3. */
static ruzu_status eval_run(const rz_fn_bound *bound, rz_vec *const *values, const int *shapes, bool selected,
                            rz_str *out, bool *differ)
{
    static const uint32_t some_rows[] = {0, 2, 3, 6};
    eval_state *s = &eval_shared;
    const rz_vec *args[EVAL_MAX_ARGS];
    for (uint32_t i = 0; i < bound->arg_count; i++) {
        rz_vec *shaped;
        RZ_TRY(eval_shape(values[i], shapes[i], &shaped));
        args[i] = shaped;
    }
    uint32_t rows[EVAL_ROWS];
    uint32_t count = 0;
    uint32_t total = selected ? 4 : EVAL_ROWS;
    for (uint32_t i = 0; i < total; i++) {
        uint32_t row = selected ? some_rows[i] : i;
        bool any_null = false;
        for (uint32_t j = 0; j < bound->arg_count; j++) {
            any_null = any_null || rz_vec_is_null(args[j], row);
        }
        if (!any_null || (bound->fn->flags & RZ_FN_NULL_AWARE) != 0) {
            rows[count++] = row;
        }
    }
    rz_vec *result;
    RZ_TRY(rz_vec_create(&s->arena, &s->arena, bound->result, EVAL_ROWS, &result, &s->err));
    for (uint32_t i = 0; i < EVAL_ROWS; i++) {
        uint32_t k = 0;
        while (k < count && rows[k] != i) {
            k++;
        }
        if (k == count) {
            rz_vec_set_null(result, i);
        }
    }
    rz_sel sel = {count == EVAL_ROWS ? NULL : rows, count};
    if (result->type->id != RUZU_TYPE_ANY) {
        RZ_TRY(bound->fn->run(bound, &s->context, args, &sel, result, &s->err));
    }
    eval_append_value(result, eval_show_row, out);
    rz_str first;
    rz_str_init(&first, rz_mem_root());
    for (uint32_t i = 0; eval_show_row == 0 && i < total && !*differ; i++) {
        uint32_t row = selected ? some_rows[i] : i;
        if (row == 3) {
            continue;
        }
        rz_str_clear(&first);
        eval_append_value(result, row, &first);
        *differ = strcmp(rz_str_text(&first), rz_str_text(out)) != 0;
        if (*differ) {
            rz_str_append_format(out, " in row 0, %s in row %u", rz_str_text(&first), row);
        }
    }
    bool failed = first.failed || out->failed;
    rz_str_free(&first);
    return failed ? rz_error_no_memory(&s->err, "test") : RUZU_OK;
}

static ruzu_status eval_all(const char *name, const char *const *texts, uint32_t count, rz_str *out)
{
    eval_state *s = &eval_shared;
    rz_fn_arg args[EVAL_MAX_ARGS];
    rz_vec *values[EVAL_MAX_ARGS];
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(eval_read_arg(texts[i], &args[i], &values[i]));
    }
    rz_fn_bound bound;
    RZ_TRY(rz_fn_resolve(name, args, count, &s->arena, &bound, &s->err));
    if ((bound.fn->flags & RZ_FN_REWRITE) != 0) {
        rz_str_append_text(out, "REWRITE");
        return out->failed ? rz_error_no_memory(&s->err, "test") : RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(eval_cast(values[i], bound.arg_types[i], &values[i]));
    }
    uint32_t mixtures = 1;
    for (uint32_t i = 0; i < count && i < 3; i++) {
        mixtures *= 3;
    }
    rz_str again;
    rz_str_init(&again, rz_mem_root());
    ruzu_status status = RUZU_OK;
    mixtures = eval_show_row == 0 ? mixtures * 2 : 1;
    for (uint32_t mixture = 0; mixture < mixtures && status == RUZU_OK; mixture++) {
        int shapes[EVAL_MAX_ARGS];
        uint32_t rest = mixture / 2;
        for (uint32_t i = 0; i < EVAL_MAX_ARGS; i++, rest /= 3) {
            shapes[i] = (int)(rest % 3);
        }
        bool differ = false;
        rz_str *target = mixture == 0 ? out : &again;
        rz_str_clear(&again);
        rz_arena_reset(&s->scratch);
        status = eval_run(&bound, values, shapes, mixture % 2 == 1, target, &differ);
        differ = differ || (status == RUZU_OK && strcmp(rz_str_text(target), rz_str_text(out)) != 0);
        if (differ) {
            char *before = rz_arena_strdup(&s->arena, rz_str_text(out));
            char *after = rz_arena_strdup(&s->arena, rz_str_text(target));
            rz_str_clear(out);
            rz_str_append_format(out, "shapes differ: %s, mixture %u: %s", before, mixture, after);
            break;
        }
    }
    rz_str_free(&again);
    return status;
}

static void eval_begin(void)
{
    eval_state *s = &eval_shared;
    rz_mem_init(&s->mem, NULL, UINT64_MAX);
    rz_arena_init(&s->arena, &s->mem);
    rz_arena_init(&s->scratch, &s->mem);
    memset(&s->context, 0, sizeof s->context);
    s->context.mem = &s->mem;
    s->context.scratch = &s->scratch;
    s->context.now_us = UINT64_C(1577836800000000);
    s->context.random_state[0] = 1;
    s->context.random_state[1] = 2;
    rz_error_init(&s->err);
}

static void eval_end(void)
{
    eval_state *s = &eval_shared;
    rz_arena_free(&s->arena);
    rz_arena_free(&s->scratch);
    CHECK_EQ_U64(s->mem.used, 0);
}

/* The outcome as text; valid until the next call. status may be NULL. */
static const char *eval_call(const char *name, const char *const *texts, uint32_t count, bool map_key_check,
                             ruzu_status *out_status)
{
    eval_state *s = &eval_shared;
    eval_begin();
    s->context.map_key_check = map_key_check;
    rz_str out;
    rz_str_init(&out, rz_mem_root());
    ruzu_status status = eval_all(name, texts, count, &out);
    const char *text = status == RUZU_OK ? rz_str_text(&out) : s->err.message;
    size_t length = strlen(text) < sizeof s->text - 1 ? strlen(text) : sizeof s->text - 1;
    memcpy(s->text, text, length);
    s->text[length] = '\0';
    rz_str_free(&out);
    eval_end();
    if (out_status != NULL) {
        *out_status = status;
    }
    return s->text;
}

/* One row of a table of calls: up to five arguments, then the outcome. An outcome that ends in "…" is a prefix. */
typedef struct eval_case {
    const char *name;
    const char *args[6]; /* NULL-terminated */
    const char *want;
} eval_case;

static uint32_t eval_arg_count(const eval_case *c)
{
    uint32_t count = 0;
    while (count < 6 && c->args[count] != NULL) {
        count++;
    }
    return count;
}

static bool eval_matches(const char *got, const char *want)
{
    static const char more[] = "...";
    size_t length = strlen(want);
    if (length > sizeof more && strcmp(want + length - 3, more) == 0) {
        return strncmp(got, want, length - 3) == 0;
    }
    return strcmp(got, want) == 0;
}

static RZ_UNUSED void eval_check_cases(const eval_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = eval_call(cases[i].name, cases[i].args, eval_arg_count(&cases[i]), false, NULL);
        check_count++;
        if (!eval_matches(got, cases[i].want)) {
            check_failures++;
            fprintf(stderr, "%s(", cases[i].name);
            for (uint32_t j = 0; j < eval_arg_count(&cases[i]); j++) {
                fprintf(stderr, "%s%s", j == 0 ? "" : ", ", cases[i].args[j]);
            }
            fprintf(stderr, ") is \"%s\", expected \"%s\"\n", got, cases[i].want);
        }
    }
}

typedef struct eval_hook_state {
    uint64_t left;
} eval_hook_state;

static RZ_UNUSED bool eval_hook(void *user, size_t size)
{
    eval_hook_state *state = (eval_hook_state *)user;
    (void)size;
    if (state->left == 0) {
        return true;
    }
    state->left--;
    return false;
}

/* Fails the first, second, … allocation: the outcome must be the right one or "no memory", and nothing may leak. */
static RZ_UNUSED void eval_check_memory(const eval_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ruzu_status usual;
        (void)eval_call(cases[i].name, cases[i].args, eval_arg_count(&cases[i]), false, &usual);
        for (uint64_t n = 0; n < 400; n++) {
            eval_hook_state hook = {n};
            ruzu_status status;
            rz_mem_set_test_hook(eval_hook, &hook);
            const char *got = eval_call(cases[i].name, cases[i].args, eval_arg_count(&cases[i]), false, &status);
            rz_mem_set_test_hook(NULL, NULL);
            check_count++;
            if (status == RUZU_OK && !eval_matches(got, cases[i].want)) {
                check_failures++;
                fprintf(stderr, "%s with allocation %llu refused is \"%s\", not \"%s\"\n", cases[i].name,
                        (unsigned long long)n, got, cases[i].want);
            }
            if (status != RUZU_OK && status != RUZU_ERROR_NO_MEMORY && status != usual) {
                check_failures++;
                fprintf(stderr, "%s with allocation %llu refused is \"%s\"\n", cases[i].name, (unsigned long long)n,
                        got);
            }
            if (hook.left != 0) {
                break; /* needs no more */
            }
        }
    }
}

#define EVAL_CASES(cases)  eval_check_cases(cases, sizeof(cases) / sizeof((cases)[0]))
#define EVAL_MEMORY(cases) eval_check_memory(cases, sizeof(cases) / sizeof((cases)[0]))

#endif
