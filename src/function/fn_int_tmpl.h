/* SPDX-License-Identifier: MIT */
/*
 * Template of the arithmetic of one integer type: kernels arith_add_S, _subtract_S, _multiply_S, _divide_S, _modulo_S,
 * _negate_S, _abs_S. Parameters, undefined at the end:
 *
 *   RZ_I_T, RZ_I_U  the C type and the unsigned type of the same width
 *   RZ_I_S          suffix S of the names
 *   RZ_I_TEXT       name of the type in messages
 *   RZ_I_SIGNED     0 or 1
 *   RZ_I_WIDE       a type that holds every product; undefined: the compiler's checked multiplication
 *
 * An operation gives non-zero on overflow, from the sign bits and without a branch where that is possible.
 */
#define INT_JOIN2(a, b) a##b
#define INT_JOIN(a, b)  INT_JOIN2(a, b)
#define INT_NAME(stem)  INT_JOIN(stem, RZ_I_S)
#define INT_SIGN_BIT(x) ((RZ_I_U)((RZ_I_U)(x) >> (sizeof(RZ_I_T) * 8 - 1)))
/* The lowest value of a signed type; the highest of an unsigned one, where it is not used. */
#define INT_LOWEST ((RZ_I_T)((RZ_I_U)1 << (sizeof(RZ_I_T) * 8 - 1)))

RZ_FORCE_INLINE RZ_I_U INT_NAME(int_add_)(RZ_I_T a, RZ_I_T b, RZ_I_T *result)
{
    RZ_I_T sum = (RZ_I_T)((RZ_I_U)a + (RZ_I_U)b);
    *result = sum;
#if RZ_I_SIGNED
    return INT_SIGN_BIT((a ^ sum) & (b ^ sum));
#else
    return (RZ_I_U)(sum < a);
#endif
}

RZ_FORCE_INLINE RZ_I_U INT_NAME(int_subtract_)(RZ_I_T a, RZ_I_T b, RZ_I_T *result)
{
    RZ_I_T difference = (RZ_I_T)((RZ_I_U)a - (RZ_I_U)b);
    *result = difference;
#if RZ_I_SIGNED
    return INT_SIGN_BIT((a ^ b) & (a ^ difference));
#else
    return (RZ_I_U)(a < b);
#endif
}

RZ_FORCE_INLINE RZ_I_U INT_NAME(int_multiply_)(RZ_I_T a, RZ_I_T b, RZ_I_T *result)
{
#ifdef RZ_I_WIDE
    RZ_I_WIDE product = (RZ_I_WIDE)((RZ_I_WIDE)a * (RZ_I_WIDE)b);
    *result = (RZ_I_T)product;
    return (RZ_I_U)((RZ_I_WIDE)(RZ_I_T)product != product);
#else
    return (RZ_I_U)rz_mul_overflow(a, b, result);
#endif
}

RZ_FORCE_INLINE RZ_I_U INT_NAME(int_divide_)(RZ_I_T a, RZ_I_T b, RZ_I_T *result)
{
#if RZ_I_SIGNED
    if (b == 0 || (b == -1 && a == INT_LOWEST)) {
#else
    if (b == 0) {
#endif
        *result = 0;
        return 1;
    }
    *result = (RZ_I_T)(a / b);
    return 0;
}

RZ_FORCE_INLINE RZ_I_U INT_NAME(int_modulo_)(RZ_I_T a, RZ_I_T b, RZ_I_T *result)
{
#if RZ_I_SIGNED
    if (b == 0 || (b == -1 && a == INT_LOWEST)) {
#else
    if (b == 0) {
#endif
        *result = 0;
        return 1;
    }
    *result = (RZ_I_T)(a % b);
    return 0;
}

/* Unsigned values wrap, as in Kuzu. */
RZ_FORCE_INLINE unsigned INT_NAME(int_negate_)(RZ_I_T a, RZ_I_T *result)
{
    *result = (RZ_I_T)(0 - (RZ_I_U)a);
#if RZ_I_SIGNED
    return a == INT_LOWEST;
#else
    return 0;
#endif
}

RZ_FORCE_INLINE unsigned INT_NAME(int_abs_)(RZ_I_T a, RZ_I_T *result)
{
#if RZ_I_SIGNED
    *result = a < 0 ? (RZ_I_T)(0 - (RZ_I_U)a) : a;
    return a == INT_LOWEST;
#else
    *result = a;
    return 0;
#endif
}

#define RZ_B_NAME            INT_NAME(arith_add_)
#define RZ_B_A               RZ_I_T
#define RZ_B_B               RZ_I_T
#define RZ_B_OUT             RZ_I_T
#define RZ_B_BAD             RZ_I_U
#define RZ_B_OP              INT_NAME(int_add_)
#define RZ_B_FAIL(a, b, err) arith_fail((rz_int128)(a), '+', (rz_int128)(b), RZ_I_TEXT, err)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            INT_NAME(arith_subtract_)
#define RZ_B_A               RZ_I_T
#define RZ_B_B               RZ_I_T
#define RZ_B_OUT             RZ_I_T
#define RZ_B_BAD             RZ_I_U
#define RZ_B_OP              INT_NAME(int_subtract_)
#define RZ_B_FAIL(a, b, err) arith_fail((rz_int128)(a), '-', (rz_int128)(b), RZ_I_TEXT, err)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            INT_NAME(arith_multiply_)
#define RZ_B_A               RZ_I_T
#define RZ_B_B               RZ_I_T
#define RZ_B_OUT             RZ_I_T
#define RZ_B_BAD             RZ_I_U
#define RZ_B_OP              INT_NAME(int_multiply_)
#define RZ_B_FAIL(a, b, err) arith_fail((rz_int128)(a), '*', (rz_int128)(b), RZ_I_TEXT, err)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            INT_NAME(arith_divide_)
#define RZ_B_A               RZ_I_T
#define RZ_B_B               RZ_I_T
#define RZ_B_OUT             RZ_I_T
#define RZ_B_BAD             RZ_I_U
#define RZ_B_OP              INT_NAME(int_divide_)
#define RZ_B_FAIL(a, b, err) arith_fail((rz_int128)(a), '/', (rz_int128)(b), RZ_I_TEXT, err)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            INT_NAME(arith_modulo_)
#define RZ_B_A               RZ_I_T
#define RZ_B_B               RZ_I_T
#define RZ_B_OUT             RZ_I_T
#define RZ_B_BAD             RZ_I_U
#define RZ_B_OP              INT_NAME(int_modulo_)
#define RZ_B_FAIL(a, b, err) arith_fail((rz_int128)(a), '%', (rz_int128)(b), RZ_I_TEXT, err)
#include "function/fn_binary_tmpl.h"

#define RZ_U_NAME         INT_NAME(arith_negate_)
#define RZ_U_IN           RZ_I_T
#define RZ_U_OUT          RZ_I_T
#define RZ_U_OP           INT_NAME(int_negate_)
#define RZ_U_FAIL(a, err) arith_fail_unary((rz_int128)(a), "Value ", " cannot be negated within ", RZ_I_TEXT, err)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME INT_NAME(arith_abs_)
#define RZ_U_IN   RZ_I_T
#define RZ_U_OUT  RZ_I_T
#define RZ_U_OP   INT_NAME(int_abs_)
#define RZ_U_FAIL(a, err) \
    arith_fail_unary((rz_int128)(a), "Cannot take the absolute value of ", " within ", RZ_I_TEXT, err)
#include "function/fn_unary_tmpl.h"

#undef INT_JOIN2
#undef INT_JOIN
#undef INT_NAME
#undef INT_SIGN_BIT
#undef INT_LOWEST
#undef RZ_I_T
#undef RZ_I_U
#undef RZ_I_S
#undef RZ_I_TEXT
#undef RZ_I_SIGNED
#undef RZ_I_WIDE
