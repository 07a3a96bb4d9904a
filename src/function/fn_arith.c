/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic operators over numbers: + - * / % ^, NEGATE, ABS. Same-type kernels; decimals are in fn_decimal.c, dates
 * in fn_temporal.c. Integers are checked for overflow, floating point follows IEEE 754.
 */
#include "function/fn.h"

#include <math.h>

/* ---- failures ---- */

static ruzu_status arith_fail_text(rz_str *text, rz_error *err)
{
    ruzu_status status = text->failed ? rz_error_no_memory(err, "wording a message")
                                      : rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s", rz_str_text(text));
    rz_str_free(text);
    return status;
}

static RZ_COLD ruzu_status arith_fail(rz_int128 a, char op, rz_int128 b, const char *type, rz_error *err)
{
    if (b == 0 && (op == '/' || op == '%')) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, op == '/' ? "Divide by zero." : "Modulo by zero.");
    }
    if (strcmp(type, "INT128") == 0) {
        const char *verb = op == '+'   ? "add"
                           : op == '-' ? "subtract"
                           : op == '*' ? "multiply"
                           : op == '/' ? "divide"
                                       : "modulo";
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "INT128 is out of range: cannot %s.", verb);
    }
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, "Value ");
    rz_text_append_int128(a, &text);
    rz_str_append_format(&text, " %c ", op);
    rz_text_append_int128(b, &text);
    rz_str_append_format(&text, " is not within %s range.", type);
    return arith_fail_text(&text, err);
}

static RZ_COLD ruzu_status arith_fail_unary(rz_int128 a, const char *before, const char *after, const char *type,
                                            rz_error *err)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, before);
    rz_text_append_int128(a, &text);
    rz_str_append_text(&text, after);
    rz_str_append_text(&text, type);
    rz_str_append_text(&text, " range.");
    return arith_fail_text(&text, err);
}

/* ---- integers ---- */

#define RZ_I_T      int8_t
#define RZ_I_U      uint8_t
#define RZ_I_S      int8
#define RZ_I_TEXT   "INT8"
#define RZ_I_SIGNED 1
#define RZ_I_WIDE   int32_t
#include "function/fn_int_tmpl.h"

#define RZ_I_T      int16_t
#define RZ_I_U      uint16_t
#define RZ_I_S      int16
#define RZ_I_TEXT   "INT16"
#define RZ_I_SIGNED 1
#define RZ_I_WIDE   int32_t
#include "function/fn_int_tmpl.h"

#define RZ_I_T      int32_t
#define RZ_I_U      uint32_t
#define RZ_I_S      int32
#define RZ_I_TEXT   "INT32"
#define RZ_I_SIGNED 1
#define RZ_I_WIDE   int64_t
#include "function/fn_int_tmpl.h"

#define RZ_I_T      int64_t
#define RZ_I_U      uint64_t
#define RZ_I_S      int64
#define RZ_I_TEXT   "INT64"
#define RZ_I_SIGNED 1
#include "function/fn_int_tmpl.h"

#define RZ_I_T      rz_int128
#define RZ_I_U      rz_uint128
#define RZ_I_S      int128
#define RZ_I_TEXT   "INT128"
#define RZ_I_SIGNED 1
#include "function/fn_int_tmpl.h"

#define RZ_I_T      uint8_t
#define RZ_I_U      uint8_t
#define RZ_I_S      uint8
#define RZ_I_TEXT   "UINT8"
#define RZ_I_SIGNED 0
#define RZ_I_WIDE   uint32_t
#include "function/fn_int_tmpl.h"

#define RZ_I_T      uint16_t
#define RZ_I_U      uint16_t
#define RZ_I_S      uint16
#define RZ_I_TEXT   "UINT16"
#define RZ_I_SIGNED 0
#define RZ_I_WIDE   uint32_t
#include "function/fn_int_tmpl.h"

#define RZ_I_T      uint32_t
#define RZ_I_U      uint32_t
#define RZ_I_S      uint32
#define RZ_I_TEXT   "UINT32"
#define RZ_I_SIGNED 0
#define RZ_I_WIDE   uint64_t
#include "function/fn_int_tmpl.h"

#define RZ_I_T      uint64_t
#define RZ_I_U      uint64_t
#define RZ_I_S      uint64
#define RZ_I_TEXT   "UINT64"
#define RZ_I_SIGNED 0
#include "function/fn_int_tmpl.h"

/* ---- floating point ---- */

#define RZ_F_T      float
#define RZ_F_BITS   uint32_t
#define RZ_F_S      float
#define RZ_F_MODULO fmodf
#define RZ_F_ABS    fabsf
#include "function/fn_float_tmpl.h"

#define RZ_F_T      double
#define RZ_F_BITS   uint64_t
#define RZ_F_S      double
#define RZ_F_MODULO fmod
#define RZ_F_ABS    fabs
#include "function/fn_float_tmpl.h"

RZ_FORCE_INLINE uint64_t float_power(double a, double b, double *result)
{
    *result = pow(a, b);
    return 0;
}

#define RZ_B_NAME arith_power_double
#define RZ_B_A    double
#define RZ_B_B    double
#define RZ_B_OUT  double
#define RZ_B_BAD  uint64_t
#define RZ_B_OP   float_power
#include "function/fn_binary_tmpl.h"

/* ---- the table ---- */

/* Overloads of a binary operator, in Kuzu's order. SERIAL is taken as INT64. */
#define ARITH_BINARY(name, op)                                                           \
    RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int128, INT128, RZ_P2(INT128, INT128)),     \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int64, INT64, RZ_P2(INT64, INT64)),     \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int32, INT32, RZ_P2(INT32, INT32)),     \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int16, INT16, RZ_P2(INT16, INT16)),     \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int8, INT8, RZ_P2(INT8, INT8)),         \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_uint64, UINT64, RZ_P2(UINT64, UINT64)), \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_uint32, UINT32, RZ_P2(UINT32, UINT32)), \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_uint16, UINT16, RZ_P2(UINT16, UINT16)), \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_uint8, UINT8, RZ_P2(UINT8, UINT8)),     \
        RZ_FN(name, 0, arith_##op##_double, DOUBLE, RZ_P2(DOUBLE, DOUBLE)),              \
        RZ_FN(name, 0, arith_##op##_float, FLOAT, RZ_P2(FLOAT, FLOAT))

#define ARITH_UNARY(name, op)                                                 \
    RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int128, INT128, RZ_P1(INT128)),  \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int64, INT64, RZ_P1(INT64)), \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int32, INT32, RZ_P1(INT32)), \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int16, INT16, RZ_P1(INT16)), \
        RZ_FN(name, RZ_FN_CAN_FAIL, arith_##op##_int8, INT8, RZ_P1(INT8)),    \
        RZ_FN(name, 0, arith_##op##_uint64, UINT64, RZ_P1(UINT64)),           \
        RZ_FN(name, 0, arith_##op##_uint32, UINT32, RZ_P1(UINT32)),           \
        RZ_FN(name, 0, arith_##op##_uint16, UINT16, RZ_P1(UINT16)),           \
        RZ_FN(name, 0, arith_##op##_uint8, UINT8, RZ_P1(UINT8)),              \
        RZ_FN(name, 0, arith_##op##_double, DOUBLE, RZ_P1(DOUBLE)),           \
        RZ_FN(name, 0, arith_##op##_float, FLOAT, RZ_P1(FLOAT))

static const rz_fn_def arith_defs[] = {
    ARITH_BINARY("+", add),        ARITH_BINARY("-", subtract),
    ARITH_BINARY("*", multiply),   ARITH_BINARY("/", divide),
    ARITH_BINARY("%", modulo),     RZ_FN("^", 0, arith_power_double, DOUBLE, RZ_P2(DOUBLE, DOUBLE)),
    ARITH_UNARY("NEGATE", negate), ARITH_UNARY("ABS", abs),
};

RZ_FN_GROUP(rz_fn_arith_group, arith_defs);
