/* SPDX-License-Identifier: MIT */
/*
 * Functions about values as such (dialect §13.8): NULL handling, types, hashes, BLOB and text, UUIDs, errors.
 */
#include "function/fn.h"

/* ---- NULL handling ---- */

static ruzu_status util_coalesce(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t i = 0;
        while (i + 1 < bound->arg_count && rz_vec_is_null(args[i], row)) {
            i++;
        }
        RZ_TRY(rz_fn_copy_row(out, row, args[i], row, err));
    }
    return RUZU_OK;
}

static ruzu_status util_bind_coalesce(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                      rz_fn_bound *out, rz_error *err)
{
    (void)def;
    if (arg_count == 0) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "COALESCE requires at least one argument");
    }
    const rz_type *type = rz_fn_common_type(arena, args, arg_count, err);
    if (type == NULL) {
        return RUZU_ERROR_BINDER;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        out->arg_types[i] = type;
    }
    out->result = type;
    return RUZU_OK;
}

/* bound->data: the type to compare in; the result keeps the first argument's. */
static ruzu_status util_nullif(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    const rz_type *common = (const rz_type *)bound->data;
    uint32_t highest = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1);
    const rz_vec *compared = args[0];
    if (common != NULL && !rz_type_equal(common, args[0]->type)) {
        rz_vec *cast;
        RZ_TRY(rz_vec_create(context->scratch, context->scratch, common, highest + 1, &cast, err));
        RZ_TRY(rz_cast(args[0], sel, false, cast, err));
        compared = cast;
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        if (!rz_vec_is_null(compared, row) && !rz_vec_is_null(args[1], row) &&
            rz_fn_values_equal(compared, row, args[1], row)) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(rz_fn_copy_row(out, row, args[0], row, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status util_bind_nullif(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    const rz_type *common = rz_fn_compare_type(arena, args[0].type, args[1].type);
    if (common == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Type Mismatch: Cannot compare types %s and %s",
                            rz_fn_type_text(arena, args[0].type), rz_fn_type_text(arena, args[1].type));
    }
    out->result = args[0].type->id == RUZU_TYPE_ANY ? common : args[0].type;
    out->arg_types[0] = out->result;
    out->arg_types[1] = common;
    out->data = common;
    return RUZU_OK;
}

static ruzu_status util_constant_or_null(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                         const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        if (rz_vec_is_null(args[1], row)) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(rz_fn_copy_row(out, row, args[0], row, err));
        }
    }
    return RUZU_OK;
}

/* The result has the type of the first argument. */
static ruzu_status util_bind_first(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                   rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    (void)arena;
    (void)err;
    out->result = out->arg_types[0];
    return RUZU_OK;
}

/* ---- COUNT_IF ---- */

#define RZ_U_NAME     util_count_if_double
#define RZ_U_IN       double
#define RZ_U_OUT      uint8_t
#define RZ_U_OP(a, r) (*(r) = (a) != 0, 0u)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     util_count_if_bool
#define RZ_U_IN       uint8_t
#define RZ_U_OUT      uint8_t
#define RZ_U_OP(a, r) (*(r) = (a) != 0, 0u)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     util_count_if_int64
#define RZ_U_IN       int64_t
#define RZ_U_OUT      uint8_t
#define RZ_U_OP(a, r) (*(r) = (a) != 0, 0u)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     util_count_if_int128
#define RZ_U_IN       rz_int128
#define RZ_U_OUT      uint8_t
#define RZ_U_OP(a, r) (*(r) = (a) != 0, 0u)
#include "function/fn_unary_tmpl.h"

/* ---- types and hashes ---- */

/* bound->data: the name, as rz_string. */
static ruzu_status util_typeof(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)args;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((rz_string *)out->data)[rz_sel_at(sel, idx)] = *(const rz_string *)bound->data;
    }
    return RUZU_OK;
}

static ruzu_status util_bind_typeof(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    const char *name = args[0].type->id == RUZU_TYPE_ANY ? "NULL" : rz_fn_type_copy(arena, args[0].type);
    RZ_TRY_ALLOC(name, err, "binding a function");
    rz_string *data = RZ_NEW(arena, rz_string);
    RZ_TRY_ALLOC(data, err, "binding a function");
    *data = rz_string_make(name, (uint32_t)strlen(name));
    out->data = data;
    return RUZU_OK;
}

static ruzu_status util_hash(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_vec_hash(args[0], sel, (uint64_t *)out->data, false);
    return RUZU_OK;
}

/* ---- bytes ---- */

static ruzu_status util_encode(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader texts = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        ((rz_string *)out->data)[row] = RZ_FN_GET(rz_string, texts, row);
    }
    return RUZU_OK;
}

static ruzu_status util_decode(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader blobs = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *blob = &RZ_FN_GET(rz_string, blobs, row);
        if (!rz_utf8_valid(rz_string_data(blob), blob->length)) {
            return rz_error_set(
                err, RUZU_ERROR_RUNTIME,
                "Failure in decode: could not convert blob to UTF8 string, the blob contained invalid UTF8 characters");
        }
        ((rz_string *)out->data)[row] = *blob;
    }
    return RUZU_OK;
}

/* ---- others ---- */

static ruzu_status util_error(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)out;
    if (sel->count == 0) {
        return RUZU_OK;
    }
    rz_fn_reader texts = rz_fn_read(args[0]);
    const rz_string *text = &RZ_FN_GET(rz_string, texts, rz_sel_at(sel, 0));
    return rz_error_set(err, RUZU_ERROR_RUNTIME, "%.*s", (int)text->length, rz_string_data(text));
}

/* Version 4: random but for six bits. Stored with the top bit flipped, so that the order of the numbers is that of the
 * texts. */
static ruzu_status util_random_uuid(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                    const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)args;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint64_t high = (rz_fn_random_next(context) & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
        uint64_t low = (rz_fn_random_next(context) >> 2) | (UINT64_C(1) << 63);
        rz_uint128 bits = ((rz_uint128)(high ^ (UINT64_C(1) << 63)) << 64) | low;
        ((rz_int128 *)out->data)[rz_sel_at(sel, idx)] = (rz_int128)bits;
    }
    return RUZU_OK;
}

static const rz_fn_def util_defs[] = {
    RZ_FN_VARIADIC("COALESCE", RZ_FN_NULL_AWARE, util_coalesce, util_bind_coalesce, ANY, RZ_P1(ANY)),
    RZ_FN_BIND("COALESCE", RZ_FN_NULL_AWARE, util_coalesce, util_bind_coalesce, ANY, RZ_P0()),
    RZ_FN_BIND("CONSTANT_OR_NULL", RZ_FN_NULL_AWARE, util_constant_or_null, util_bind_first, ANY, RZ_P2(ANY, ANY)),
    RZ_FN("COUNT_IF", 0, util_count_if_int128, UINT8, RZ_P1(INT128)),
    RZ_FN("COUNT_IF", 0, util_count_if_int64, UINT8, RZ_P1(INT64)),
    RZ_FN("COUNT_IF", 0, util_count_if_double, UINT8, RZ_P1(DOUBLE)),
    RZ_FN("COUNT_IF", 0, util_count_if_bool, UINT8, RZ_P1(BOOL)),
    RZ_FN("DECODE", RZ_FN_CAN_FAIL, util_decode, STRING, RZ_P1(BLOB)),
    RZ_FN("ENCODE", 0, util_encode, BLOB, RZ_P1(STRING)),
    RZ_FN("ERROR", RZ_FN_CAN_FAIL | RZ_FN_VOLATILE, util_error, INT32, RZ_P1(STRING)),
    RZ_FN("GEN_RANDOM_UUID", RZ_FN_VOLATILE, util_random_uuid, UUID, RZ_P0()),
    RZ_FN("HASH", 0, util_hash, UINT64, RZ_P1(ANY)),
    RZ_FN_BIND("IFNULL", RZ_FN_NULL_AWARE, util_coalesce, util_bind_coalesce, ANY, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("NULLIF", RZ_FN_NULL_AWARE | RZ_FN_CAN_FAIL, util_nullif, util_bind_nullif, ANY, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("TYPEOF", RZ_FN_NULL_AWARE, util_typeof, util_bind_typeof, STRING, RZ_P1(ANY)),
};

RZ_FN_GROUP(rz_fn_utility_group, util_defs);
