/* SPDX-License-Identifier: MIT */
/*
 * Concatenation of strings: `+`, `||`, CONCAT and CONCAT_WS. The latter two skip NULL arguments.
 */
#include "function/fn.h"

/* Joins count texts (some may be NULL, which are left out) into row of out. */
static ruzu_status concat_join(const rz_string *const *texts, uint32_t count, const rz_string *separator, rz_vec *out,
                               uint32_t row, rz_error *err)
{
    uint64_t length = 0;
    uint32_t joined = 0;
    for (uint32_t i = 0; i < count; i++) {
        length += texts[i] == NULL ? 0 : texts[i]->length;
        joined += texts[i] != NULL;
    }
    length += separator == NULL || joined == 0 ? 0 : (uint64_t)separator->length * (joined - 1);
    char small[RZ_STRING_INLINE];
    char *target = small;
    if (length > RZ_STRING_INLINE) {
        RZ_TRY(rz_fn_new_string(out, length, &target, err));
    }
    char *next = target;
    bool first = true;
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i] == NULL) {
            continue;
        }
        if (separator != NULL && !first) {
            memcpy(next, rz_string_data(separator), separator->length);
            next += separator->length;
        }
        memcpy(next, rz_string_data(texts[i]), texts[i]->length);
        next += texts[i]->length;
        first = false;
    }
    rz_fn_put_string(out, row, target, length);
    return RUZU_OK;
}

static ruzu_status concat_two(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader as = rz_fn_read(args[0]);
    rz_fn_reader bs = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *pair[2] = {&RZ_FN_GET(rz_string, as, row), &RZ_FN_GET(rz_string, bs, row)};
        RZ_TRY(concat_join(pair, 2, NULL, out, row, err));
    }
    return RUZU_OK;
}

static ruzu_status concat_many(bool with_separator, const rz_fn_bound *bound, rz_fn_context *context,
                               const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    uint32_t count = bound->arg_count;
    rz_fn_reader *readers = RZ_NEW_ARRAY(context->scratch, rz_fn_reader, count);
    const rz_string **texts = RZ_NEW_ARRAY(context->scratch, const rz_string *, count);
    RZ_TRY_ALLOC(readers, err, "concatenating strings");
    RZ_TRY_ALLOC(texts, err, "concatenating strings");
    for (uint32_t i = 0; i < count; i++) {
        readers[i] = rz_fn_read(args[i]);
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = rz_fn_at(&readers[i], row);
            texts[i] = rz_fn_is_null_at(&readers[i], at) ? NULL : &((const rz_string *)readers[i].data)[at];
        }
        if (!with_separator) {
            RZ_TRY(concat_join(texts, count, NULL, out, row, err));
        } else if (texts[0] == NULL) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(concat_join(texts + 1, count - 1, texts[0], out, row, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status concat_all(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return concat_many(false, bound, context, args, sel, out, err);
}

static ruzu_status concat_separated(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                    const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return concat_many(true, bound, context, args, sel, out, err);
}

static ruzu_status concat_bind(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                               rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arena;
    (void)err;
    for (uint32_t i = 0; i < arg_count; i++) {
        out->arg_types[i] = RZ_STRING;
    }
    return RUZU_OK;
}

static ruzu_status concat_bind_separated(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                         rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    if (arg_count < 2) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "concat_ws expects at least two parameters. Got: %u.", arg_count);
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i].type->id != RUZU_TYPE_STRING && args[i].type->id != RUZU_TYPE_ANY) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "concat_ws expects all string parameters. Got: %s.",
                                rz_fn_type_text(arena, args[i].type));
        }
    }
    return concat_bind(def, args, arg_count, arena, out, err);
}

static const rz_fn_def concat_defs[] = {
    RZ_FN("+", 0, concat_two, STRING, RZ_P2(STRING, STRING)),
    RZ_FN("||", 0, concat_two, STRING, RZ_P2(STRING, STRING)),
    RZ_FN_VARIADIC("CONCAT", RZ_FN_NULL_AWARE, concat_all, concat_bind, STRING, RZ_P1(ANY)),
    RZ_FN_VARIADIC("CONCAT_WS", RZ_FN_NULL_AWARE, concat_separated, concat_bind_separated, STRING, RZ_P1(ANY)),
};

RZ_FN_GROUP(rz_fn_concat_group, concat_defs);
