/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic of decimals (dialect §10.3): the result type is chosen so wide that nothing overflows, up to 38 digits;
 * both operands are cast to the integer width of the result, so kernels are those of four integer types. Division has
 * no decimal form: it goes through DOUBLE.
 *
 * An integer operand counts as a DECIMAL of scale 0 with the digits its type needs, or its value when it is a constant.
 */
#include "function/fn.h"

/* Magnitudes below 10^38 are decimals of 38 digits. */
#define DECIMAL_LIMIT rz_pow10_i128(38)

#define RZ_D_T       int16_t
#define RZ_D_U       uint16_t
#define RZ_D_S       int16
#define RZ_D_CHECKED 0
#include "function/fn_decimal_tmpl.h"

#define RZ_D_T       int32_t
#define RZ_D_U       uint32_t
#define RZ_D_S       int32
#define RZ_D_CHECKED 0
#include "function/fn_decimal_tmpl.h"

#define RZ_D_T       int64_t
#define RZ_D_U       uint64_t
#define RZ_D_S       int64
#define RZ_D_CHECKED 0
#include "function/fn_decimal_tmpl.h"

#define RZ_D_T       rz_int128
#define RZ_D_U       rz_uint128
#define RZ_D_S       int128
#define RZ_D_CHECKED 1
#include "function/fn_decimal_tmpl.h"

#undef DECIMAL_LIMIT

/* ---- binding ---- */

#define DECIMAL_MAX_PRECISION 38

typedef enum decimal_op {
    DECIMAL_ADD,
    DECIMAL_SUBTRACT,
    DECIMAL_MULTIPLY,
    DECIMAL_MODULO,
    DECIMAL_NEGATE,
    DECIMAL_ABS,
    DECIMAL_FLOOR,
    DECIMAL_CEIL
} decimal_op;

/* Kernels by operation and width: INT16, INT32, INT64, INT128. Names are those of the operators. */
#define DECIMAL_WIDTHS(name, flags, op)                                                                    \
    {                                                                                                      \
        {name, 0, decimal_##op##_int16}, {name, 0, decimal_##op##_int32}, {name, 0, decimal_##op##_int64}, \
        {                                                                                                  \
            name, flags, decimal_##op##_int128                                                             \
        }                                                                                                  \
    }
static const rz_fn decimal_fns[][4] = {
    [DECIMAL_ADD] = DECIMAL_WIDTHS("+", RZ_FN_CAN_FAIL, add),
    [DECIMAL_SUBTRACT] = DECIMAL_WIDTHS("-", RZ_FN_CAN_FAIL, subtract),
    [DECIMAL_MULTIPLY] = DECIMAL_WIDTHS("*", RZ_FN_CAN_FAIL, multiply),
    [DECIMAL_MODULO] = {{"%", RZ_FN_CAN_FAIL, decimal_modulo_int16},
                        {"%", RZ_FN_CAN_FAIL, decimal_modulo_int32},
                        {"%", RZ_FN_CAN_FAIL, decimal_modulo_int64},
                        {"%", RZ_FN_CAN_FAIL, decimal_modulo_int128}},
    [DECIMAL_NEGATE] = DECIMAL_WIDTHS("NEGATE", 0, negate),
    [DECIMAL_ABS] = DECIMAL_WIDTHS("ABS", 0, abs),
    [DECIMAL_FLOOR] = DECIMAL_WIDTHS("FLOOR", 0, floor),
    [DECIMAL_CEIL] = DECIMAL_WIDTHS("CEIL", 0, ceil),
};
#undef DECIMAL_WIDTHS

static const rz_fn *decimal_kernel(decimal_op op, const rz_type *type)
{
    uint32_t width = type->physical == RZ_PHYS_INT16   ? 0
                     : type->physical == RZ_PHYS_INT32 ? 1
                     : type->physical == RZ_PHYS_INT64 ? 2
                                                       : 3;
    return &decimal_fns[op][width];
}

uint8_t rz_fn_integer_digits(const rz_type *type)
{
    switch (type->physical) {
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: return 3;
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: return 5;
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32: return 10;
    case RZ_PHYS_INT64: return 19;
    case RZ_PHYS_UINT64: return 20;
    default: return DECIMAL_MAX_PRECISION;
    }
}

typedef struct decimal_shape {
    uint32_t whole; /* digits before the point */
    uint32_t scale;
} decimal_shape;

static uint32_t decimal_count_digits(rz_int128 value)
{
    uint32_t digits = 1;
    while (digits < DECIMAL_MAX_PRECISION && (value >= rz_pow10_i128(digits) || value <= -rz_pow10_i128(digits))) {
        digits++;
    }
    return digits;
}

static decimal_shape decimal_shape_of(const rz_fn_arg *arg)
{
    decimal_shape shape = {0, 0};
    if (arg->type->id == RUZU_TYPE_DECIMAL) {
        shape.whole = (uint32_t)arg->type->precision - arg->type->scale;
        shape.scale = arg->type->scale;
    } else if (rz_type_is_integer(arg->type)) {
        shape.whole = rz_fn_integer_digits(arg->type);
        if (arg->constant != NULL && !arg->constant->is_null && arg->type->physical == RZ_PHYS_INT64) {
            shape.whole = decimal_count_digits(arg->constant->u.i64);
        }
    }
    return shape; /* an untyped NULL needs no digits */
}

static uint32_t decimal_max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static const rz_type *decimal_type(rz_arena *arena, uint32_t precision, uint32_t scale)
{
    precision = decimal_max(precision, 1);
    return rz_type_decimal(arena, (uint8_t)(precision > DECIMAL_MAX_PRECISION ? DECIMAL_MAX_PRECISION : precision),
                           (uint8_t)scale);
}

/* + - %: both operands as the result. */
static ruzu_status decimal_bind_same(const rz_fn_arg *args, decimal_op op, uint32_t extra_digits, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    decimal_shape a = decimal_shape_of(&args[0]);
    decimal_shape b = decimal_shape_of(&args[1]);
    uint32_t scale = decimal_max(a.scale, b.scale);
    out->result = decimal_type(arena, decimal_max(a.whole, b.whole) + scale + extra_digits, scale);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    out->arg_types[0] = out->result;
    out->arg_types[1] = out->result;
    out->fn = decimal_kernel(op, out->result);
    return RUZU_OK;
}

static ruzu_status decimal_bind_add(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)arg_count;
    return decimal_bind_same(args, def->fn.name[0] == '+' ? DECIMAL_ADD : DECIMAL_SUBTRACT, 1, arena, out, err);
}

static ruzu_status decimal_bind_modulo(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                       rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    return decimal_bind_same(args, DECIMAL_MODULO, 0, arena, out, err);
}

/* Each operand keeps its scale and gets the precision of the result. */
static ruzu_status decimal_bind_multiply(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                         rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    decimal_shape a = decimal_shape_of(&args[0]);
    decimal_shape b = decimal_shape_of(&args[1]);
    uint32_t precision = a.whole + a.scale + b.whole + b.scale;
    bool both_decimal = args[0].type->id == RUZU_TYPE_DECIMAL && args[1].type->id == RUZU_TYPE_DECIMAL;
    if (a.scale + b.scale > DECIMAL_MAX_PRECISION || (both_decimal && precision > DECIMAL_MAX_PRECISION)) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Resulting precision of decimal multiplication greater than 38");
    }
    out->result = decimal_type(arena, precision, a.scale + b.scale);
    out->arg_types[0] = decimal_type(arena, precision, a.scale);
    out->arg_types[1] = decimal_type(arena, precision, b.scale);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    RZ_TRY_ALLOC(out->arg_types[0], err, "binding a function");
    RZ_TRY_ALLOC(out->arg_types[1], err, "binding a function");
    out->fn = decimal_kernel(DECIMAL_MULTIPLY, out->result);
    return RUZU_OK;
}

static ruzu_status decimal_bind_sign(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    (void)args;
    (void)arg_count;
    (void)arena;
    (void)err;
    out->result = out->arg_types[0];
    out->fn = decimal_kernel(def->fn.name[0] == 'N' ? DECIMAL_NEGATE : DECIMAL_ABS, out->result);
    return RUZU_OK;
}

static ruzu_status decimal_bind_whole(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                      rz_fn_bound *out, rz_error *err)
{
    (void)args;
    (void)arg_count;
    const rz_type *type = out->arg_types[0];
    rz_int128 *unit = RZ_NEW(arena, rz_int128);
    RZ_TRY_ALLOC(unit, err, "binding a function");
    *unit = rz_pow10_i128(type->scale);
    out->data = unit;
    out->result = rz_type_decimal(arena, type->precision, 0);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    decimal_op op = def->fn.name[0] == 'F' ? DECIMAL_FLOOR : DECIMAL_CEIL;
    /* 10^scale may not fit where scale = precision: then the wider kernel would be needed, but 10^4 fits INT16 and so
     * on for every width. */
    out->fn = decimal_kernel(op, type);
    return RUZU_OK;
}

static const rz_fn_def decimal_defs[] = {
    RZ_FN_BIND("+", RZ_FN_CAN_FAIL, NULL, decimal_bind_add, DECIMAL, RZ_P2(DECIMAL, DECIMAL)),
    RZ_FN_BIND("-", RZ_FN_CAN_FAIL, NULL, decimal_bind_add, DECIMAL, RZ_P2(DECIMAL, DECIMAL)),
    RZ_FN_BIND("*", RZ_FN_CAN_FAIL, NULL, decimal_bind_multiply, DECIMAL, RZ_P2(DECIMAL, DECIMAL)),
    RZ_FN_BIND("%", RZ_FN_CAN_FAIL, NULL, decimal_bind_modulo, DECIMAL, RZ_P2(DECIMAL, DECIMAL)),
    RZ_FN_BIND("NEGATE", 0, NULL, decimal_bind_sign, DECIMAL, RZ_P1(DECIMAL)),
    RZ_FN_BIND("ABS", 0, NULL, decimal_bind_sign, DECIMAL, RZ_P1(DECIMAL)),
    RZ_FN_BIND("FLOOR", 0, NULL, decimal_bind_whole, DECIMAL, RZ_P1(DECIMAL)),
    RZ_FN_BIND("CEIL", 0, NULL, decimal_bind_whole, DECIMAL, RZ_P1(DECIMAL)),
};

RZ_FN_GROUP(rz_fn_decimal_group, decimal_defs);
