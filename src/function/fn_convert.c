/* SPDX-License-Identifier: MIT */
/*
 * Conversion functions (dialect §13.6): names for casts. TO_X and X raise errors; openCypher's toInteger, toFloat,
 * toBoolean and the …OrNull forms give NULL for text that does not convert.
 */
#include "function/fn.h"

#include <math.h>

/* ---- casts ---- */

static ruzu_status convert_cast(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    if (rz_type_equal(bound->arg_types[0], bound->result)) {
        return rz_fn_copy_rows(out, args[0], sel, err);
    }
    return rz_cast(args[0], sel, false, out, err);
}

/* The result type follows from the row; the argument goes there directly, or through its text. */
static ruzu_status convert_bind(const rz_fn_arg *args, bool direct, rz_fn_bound *out)
{
    const rz_type *from = args[0].type;
    if (from->id == RUZU_TYPE_ANY || rz_type_equal(from, out->result)) {
        out->arg_types[0] = out->result;
    } else {
        out->arg_types[0] = direct && rz_cast_exists(from, out->result) ? from : RZ_STRING;
    }
    return RUZU_OK;
}

static ruzu_status convert_bind_number(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                       rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    (void)arena;
    (void)err;
    return convert_bind(args, rz_type_is_numeric(args[0].type), out);
}

static bool convert_is_temporal(const rz_type *type)
{
    return type->id >= RUZU_TYPE_DATE && type->id <= RUZU_TYPE_TIMESTAMP_TZ;
}

static ruzu_status convert_bind_text(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    (void)arena;
    (void)err;
    return convert_bind(args, convert_is_temporal(args[0].type) && convert_is_temporal(out->result), out);
}

/* Text of anything: the caller's cast to STRING is the whole work. */
static ruzu_status convert_bind_string(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                       rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    (void)arena;
    (void)err;
    out->arg_types[0] = RZ_STRING;
    return RUZU_OK;
}

/* ---- conversions that give NULL instead of an error ---- */

/* Casts to a scratch vector with room for the same rows. */
static ruzu_status convert_try(const rz_vec *in, const rz_sel *sel, const rz_type *to, rz_fn_context *context,
                               rz_vec **out, rz_error *err)
{
    uint32_t highest = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1);
    RZ_TRY(rz_vec_create(context->scratch, context->scratch, to, highest + 1, out, err));
    return rz_cast(in, sel, true, *out, err);
}

static ruzu_status convert_try_cast(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                    const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    if (rz_type_equal(bound->arg_types[0], bound->result)) {
        return rz_fn_copy_rows(out, args[0], sel, err);
    }
    return rz_cast(args[0], sel, true, out, err);
}

static void convert_put_truncated(double value, rz_vec *out, uint32_t row)
{
    if (value >= -0x1p63 && value < 0x1p63) {
        ((int64_t *)out->data)[row] = (int64_t)trunc(value);
    } else {
        rz_vec_set_null(out, row);
    }
}

/* toInteger: fractions are cut off; text may be that of a fraction. */
static ruzu_status convert_to_integer(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    const rz_type *from = bound->arg_types[0];
    bool whole = rz_type_is_integer(from) || from->id == RUZU_TYPE_STRING;
    rz_vec *integers = NULL;
    rz_vec *doubles = NULL;
    if (from->id == RUZU_TYPE_INT64) {
        return rz_fn_copy_rows(out, args[0], sel, err);
    }
    if (whole) {
        RZ_TRY(convert_try(args[0], sel, RZ_INT64, context, &integers, err));
    }
    if (from->id == RUZU_TYPE_DOUBLE) {
        rz_fn_reader reader = rz_fn_read(args[0]);
        for (uint32_t idx = 0; idx < sel->count; idx++) {
            uint32_t row = rz_sel_at(sel, idx);
            convert_put_truncated(RZ_FN_GET(double, reader, row), out, row);
        }
        return RUZU_OK;
    }
    if (!rz_type_is_integer(from)) {
        RZ_TRY(convert_try(args[0], sel, RZ_DOUBLE, context, &doubles, err));
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        if (integers != NULL && !rz_vec_is_null(integers, row)) {
            ((int64_t *)out->data)[row] = ((const int64_t *)integers->data)[row];
        } else if (doubles != NULL && !rz_vec_is_null(doubles, row)) {
            convert_put_truncated(((const double *)doubles->data)[row], out, row);
        } else {
            rz_vec_set_null(out, row);
        }
    }
    return RUZU_OK;
}

/* toBoolean: of text only true and false, in any case. */
static ruzu_status convert_to_boolean(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    if (bound->arg_types[0]->id == RUZU_TYPE_BOOL) {
        return rz_fn_copy_rows(out, args[0], sel, err);
    }
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *text = &RZ_FN_GET(rz_string, reader, row);
        bool is_true = rz_name_equal_n(rz_string_data(text), text->length, "true", 4);
        if (!is_true && !rz_name_equal_n(rz_string_data(text), text->length, "false", 5)) {
            rz_vec_set_null(out, row);
        } else {
            ((uint8_t *)out->data)[row] = is_true;
        }
    }
    return RUZU_OK;
}

/* Numbers and text. */
static ruzu_status convert_bind_try_number(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                           rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    (void)arena;
    const rz_type *type = args[0].type;
    if (type->id != RUZU_TYPE_ANY && type->id != RUZU_TYPE_STRING && !rz_type_is_numeric(type)) {
        return rz_fn_fail_arguments(err, def->fn.name, args, arg_count);
    }
    out->arg_types[0] = type->id == RUZU_TYPE_ANY ? out->result : type;
    return RUZU_OK;
}

static ruzu_status convert_bind_boolean(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                        rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    (void)arena;
    const rz_type *type = args[0].type;
    if (type->id != RUZU_TYPE_ANY && type->id != RUZU_TYPE_STRING && type->id != RUZU_TYPE_BOOL) {
        return rz_fn_fail_arguments(err, def->fn.name, args, arg_count);
    }
    out->arg_types[0] = type->id == RUZU_TYPE_ANY ? RZ_BOOL : type;
    return RUZU_OK;
}

#define CONVERT_NUMBER(name, id) RZ_FN_BIND(name, RZ_FN_CAN_FAIL, convert_cast, convert_bind_number, id, RZ_P1(ANY))
/* Anything, by way of its text. */
#define CONVERT_FROM_TEXT      1, {RUZU_TYPE_ANY}, "(STRING)"
#define CONVERT_TEXT(name, id) RZ_FN_BIND(name, RZ_FN_CAN_FAIL, convert_cast, convert_bind_text, id, CONVERT_FROM_TEXT)

static const rz_fn_def convert_defs[] = {
    CONVERT_TEXT("TIMESTAMP", TIMESTAMP),
    RZ_FN_BIND("TOBOOLEAN", 0, convert_to_boolean, convert_bind_boolean, BOOL, RZ_P1(ANY)),
    RZ_FN_BIND("TOBOOLEANORNULL", 0, convert_to_boolean, convert_bind_boolean, BOOL, RZ_P1(ANY)),
    RZ_FN_BIND("TOFLOAT", 0, convert_try_cast, convert_bind_try_number, DOUBLE, RZ_P1(ANY)),
    RZ_FN_BIND("TOFLOATORNULL", 0, convert_try_cast, convert_bind_try_number, DOUBLE, RZ_P1(ANY)),
    RZ_FN_BIND("TOINTEGER", 0, convert_to_integer, convert_bind_try_number, INT64, RZ_P1(ANY)),
    RZ_FN_BIND("TOINTEGERORNULL", 0, convert_to_integer, convert_bind_try_number, INT64, RZ_P1(ANY)),
    CONVERT_TEXT("TO_BLOB", BLOB),
    CONVERT_TEXT("TO_BOOL", BOOL),
    CONVERT_TEXT("TO_DATE", DATE),
    CONVERT_NUMBER("TO_DOUBLE", DOUBLE),
    CONVERT_NUMBER("TO_FLOAT", FLOAT),
    CONVERT_NUMBER("TO_INT128", INT128),
    CONVERT_NUMBER("TO_INT16", INT16),
    CONVERT_NUMBER("TO_INT32", INT32),
    CONVERT_NUMBER("TO_INT64", INT64),
    CONVERT_NUMBER("TO_INT8", INT8),
    CONVERT_TEXT("TO_INTERVAL", INTERVAL),
    CONVERT_NUMBER("TO_SERIAL", SERIAL),
    RZ_FN_BIND("TO_STRING", 0, convert_cast, convert_bind_string, STRING, RZ_P1(ANY)),
    CONVERT_NUMBER("TO_UINT16", UINT16),
    CONVERT_NUMBER("TO_UINT32", UINT32),
    CONVERT_NUMBER("TO_UINT64", UINT64),
    CONVERT_NUMBER("TO_UINT8", UINT8),
    CONVERT_TEXT("TO_UUID", UUID),
};
#undef CONVERT_NUMBER
#undef CONVERT_TEXT
#undef CONVERT_FROM_TEXT

RZ_FN_GROUP(rz_fn_convert_group, convert_defs);
