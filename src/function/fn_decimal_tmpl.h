/* SPDX-License-Identifier: MIT */
/*
 * Template of the arithmetic of decimals that lie in one integer type: kernels decimal_add_S, _subtract_S, _multiply_S,
 * _modulo_S, _negate_S, _abs_S, _floor_S, _ceil_S. Parameters, undefined at the end:
 *
 *   RZ_D_T, RZ_D_U  the C type and the unsigned type of the same width
 *   RZ_D_S          suffix S of the names
 *   RZ_D_CHECKED    1: results are checked against 10^38 (INT128); 0: the result type always has room, by the choice of
 * its precision
 */
#define DECIMAL_JOIN2(a, b) a##b
#define DECIMAL_JOIN(a, b)  DECIMAL_JOIN2(a, b)
#define DECIMAL_NAME(stem)  DECIMAL_JOIN(stem, RZ_D_S)

#if RZ_D_CHECKED
#    define DECIMAL_OUT_OF_RANGE(value) ((value) >= DECIMAL_LIMIT || (value) <= -DECIMAL_LIMIT)
#endif

RZ_FORCE_INLINE RZ_D_U DECIMAL_NAME(decimal_op_add_)(RZ_D_T a, RZ_D_T b, RZ_D_T *result)
{
#if RZ_D_CHECKED
    return (RZ_D_U)(rz_add_overflow(a, b, result) || DECIMAL_OUT_OF_RANGE(*result));
#else
    *result = (RZ_D_T)((RZ_D_U)a + (RZ_D_U)b);
    return 0;
#endif
}

RZ_FORCE_INLINE RZ_D_U DECIMAL_NAME(decimal_op_subtract_)(RZ_D_T a, RZ_D_T b, RZ_D_T *result)
{
#if RZ_D_CHECKED
    return (RZ_D_U)(rz_sub_overflow(a, b, result) || DECIMAL_OUT_OF_RANGE(*result));
#else
    *result = (RZ_D_T)((RZ_D_U)a - (RZ_D_U)b);
    return 0;
#endif
}

RZ_FORCE_INLINE RZ_D_U DECIMAL_NAME(decimal_op_multiply_)(RZ_D_T a, RZ_D_T b, RZ_D_T *result)
{
#if RZ_D_CHECKED
    return (RZ_D_U)(rz_mul_overflow(a, b, result) || DECIMAL_OUT_OF_RANGE(*result));
#else
    *result = (RZ_D_T)((int64_t)a * (int64_t)b);
    return 0;
#endif
}

RZ_FORCE_INLINE RZ_D_U DECIMAL_NAME(decimal_op_modulo_)(RZ_D_T a, RZ_D_T b, RZ_D_T *result)
{
    if (b == 0 || b == -1) {
        *result = 0;
        return b == 0;
    }
    *result = (RZ_D_T)(a % b);
    return 0;
}

RZ_FORCE_INLINE unsigned DECIMAL_NAME(decimal_op_negate_)(RZ_D_T a, RZ_D_T *result)
{
    *result = (RZ_D_T)(0 - (RZ_D_U)a);
    return 0;
}

RZ_FORCE_INLINE unsigned DECIMAL_NAME(decimal_op_abs_)(RZ_D_T a, RZ_D_T *result)
{
    *result = a < 0 ? (RZ_D_T)(0 - (RZ_D_U)a) : a;
    return 0;
}

#define RZ_B_NAME            DECIMAL_NAME(decimal_add_)
#define RZ_B_A               RZ_D_T
#define RZ_B_B               RZ_D_T
#define RZ_B_OUT             RZ_D_T
#define RZ_B_BAD             RZ_D_U
#define RZ_B_OP              DECIMAL_NAME(decimal_op_add_)
#define RZ_B_FAIL(a, b, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Decimal Addition result is out of range")
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            DECIMAL_NAME(decimal_subtract_)
#define RZ_B_A               RZ_D_T
#define RZ_B_B               RZ_D_T
#define RZ_B_OUT             RZ_D_T
#define RZ_B_BAD             RZ_D_U
#define RZ_B_OP              DECIMAL_NAME(decimal_op_subtract_)
#define RZ_B_FAIL(a, b, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Decimal Subtraction result is out of range")
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            DECIMAL_NAME(decimal_multiply_)
#define RZ_B_A               RZ_D_T
#define RZ_B_B               RZ_D_T
#define RZ_B_OUT             RZ_D_T
#define RZ_B_BAD             RZ_D_U
#define RZ_B_OP              DECIMAL_NAME(decimal_op_multiply_)
#define RZ_B_FAIL(a, b, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Decimal Multiplication Result is out of range")
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            DECIMAL_NAME(decimal_modulo_)
#define RZ_B_A               RZ_D_T
#define RZ_B_B               RZ_D_T
#define RZ_B_OUT             RZ_D_T
#define RZ_B_BAD             RZ_D_U
#define RZ_B_OP              DECIMAL_NAME(decimal_op_modulo_)
#define RZ_B_FAIL(a, b, err) rz_error_set(err, RUZU_ERROR_RUNTIME, "Modulo by zero.")
#include "function/fn_binary_tmpl.h"

#define RZ_U_NAME DECIMAL_NAME(decimal_negate_)
#define RZ_U_IN   RZ_D_T
#define RZ_U_OUT  RZ_D_T
#define RZ_U_OP   DECIMAL_NAME(decimal_op_negate_)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME DECIMAL_NAME(decimal_abs_)
#define RZ_U_IN   RZ_D_T
#define RZ_U_OUT  RZ_D_T
#define RZ_U_OP   DECIMAL_NAME(decimal_op_abs_)
#include "function/fn_unary_tmpl.h"

/* Whole numbers below and above: bound->data is the unit, 10^scale, as rz_int128. */
static ruzu_status DECIMAL_NAME(decimal_floor_)(const rz_fn_bound *bound, rz_fn_context *context,
                                                const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                                rz_error *err)
{
    (void)context;
    (void)err;
    RZ_D_T unit = (RZ_D_T) * (const rz_int128 *)bound->data;
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_D_T value = RZ_FN_GET(RZ_D_T, reader, row);
        ((RZ_D_T *)out->data)[row] = (RZ_D_T)(value / unit - (value % unit < 0 ? 1 : 0));
    }
    return RUZU_OK;
}

static ruzu_status DECIMAL_NAME(decimal_ceil_)(const rz_fn_bound *bound, rz_fn_context *context,
                                               const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    (void)err;
    RZ_D_T unit = (RZ_D_T) * (const rz_int128 *)bound->data;
    rz_fn_reader reader = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_D_T value = RZ_FN_GET(RZ_D_T, reader, row);
        ((RZ_D_T *)out->data)[row] = (RZ_D_T)(value / unit + (value % unit > 0 ? 1 : 0));
    }
    return RUZU_OK;
}

#undef DECIMAL_OUT_OF_RANGE
#undef DECIMAL_JOIN2
#undef DECIMAL_JOIN
#undef DECIMAL_NAME
#undef RZ_D_T
#undef RZ_D_U
#undef RZ_D_S
#undef RZ_D_CHECKED
