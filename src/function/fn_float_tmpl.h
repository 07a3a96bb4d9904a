/* SPDX-License-Identifier: MIT */
/*
 * Template of the arithmetic of one floating-point type: kernels arith_add_S, _subtract_S, _multiply_S, _divide_S,
 * _modulo_S, _negate_S, _abs_S. Nothing fails. Parameters, undefined at the end:
 *
 *   RZ_F_T, RZ_F_S           the C type and the suffix S of the names
 *   RZ_F_BITS                unsigned type of the same width
 *   RZ_F_MODULO, RZ_F_ABS    fmod and fabs of the type
 */
#define FLOAT_JOIN2(a, b) a##b
#define FLOAT_JOIN(a, b)  FLOAT_JOIN2(a, b)
#define FLOAT_NAME(stem)  FLOAT_JOIN(stem, RZ_F_S)

RZ_FORCE_INLINE RZ_F_BITS FLOAT_NAME(float_add_)(RZ_F_T a, RZ_F_T b, RZ_F_T *result)
{
    *result = a + b;
    return 0;
}

RZ_FORCE_INLINE RZ_F_BITS FLOAT_NAME(float_subtract_)(RZ_F_T a, RZ_F_T b, RZ_F_T *result)
{
    *result = a - b;
    return 0;
}

RZ_FORCE_INLINE RZ_F_BITS FLOAT_NAME(float_multiply_)(RZ_F_T a, RZ_F_T b, RZ_F_T *result)
{
    *result = a * b;
    return 0;
}

RZ_FORCE_INLINE RZ_F_BITS FLOAT_NAME(float_divide_)(RZ_F_T a, RZ_F_T b, RZ_F_T *result)
{
    *result = a / b;
    return 0;
}

RZ_FORCE_INLINE RZ_F_BITS FLOAT_NAME(float_modulo_)(RZ_F_T a, RZ_F_T b, RZ_F_T *result)
{
    *result = RZ_F_MODULO(a, b);
    return 0;
}

RZ_FORCE_INLINE unsigned FLOAT_NAME(float_negate_)(RZ_F_T a, RZ_F_T *result)
{
    *result = -a;
    return 0;
}

RZ_FORCE_INLINE unsigned FLOAT_NAME(float_abs_)(RZ_F_T a, RZ_F_T *result)
{
    *result = RZ_F_ABS(a);
    return 0;
}

#define RZ_B_NAME FLOAT_NAME(arith_add_)
#define RZ_B_A    RZ_F_T
#define RZ_B_B    RZ_F_T
#define RZ_B_OUT  RZ_F_T
#define RZ_B_BAD  RZ_F_BITS
#define RZ_B_OP   FLOAT_NAME(float_add_)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME FLOAT_NAME(arith_subtract_)
#define RZ_B_A    RZ_F_T
#define RZ_B_B    RZ_F_T
#define RZ_B_OUT  RZ_F_T
#define RZ_B_BAD  RZ_F_BITS
#define RZ_B_OP   FLOAT_NAME(float_subtract_)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME FLOAT_NAME(arith_multiply_)
#define RZ_B_A    RZ_F_T
#define RZ_B_B    RZ_F_T
#define RZ_B_OUT  RZ_F_T
#define RZ_B_BAD  RZ_F_BITS
#define RZ_B_OP   FLOAT_NAME(float_multiply_)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME FLOAT_NAME(arith_divide_)
#define RZ_B_A    RZ_F_T
#define RZ_B_B    RZ_F_T
#define RZ_B_OUT  RZ_F_T
#define RZ_B_BAD  RZ_F_BITS
#define RZ_B_OP   FLOAT_NAME(float_divide_)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME FLOAT_NAME(arith_modulo_)
#define RZ_B_A    RZ_F_T
#define RZ_B_B    RZ_F_T
#define RZ_B_OUT  RZ_F_T
#define RZ_B_BAD  RZ_F_BITS
#define RZ_B_OP   FLOAT_NAME(float_modulo_)
#include "function/fn_binary_tmpl.h"

#define RZ_U_NAME FLOAT_NAME(arith_negate_)
#define RZ_U_IN   RZ_F_T
#define RZ_U_OUT  RZ_F_T
#define RZ_U_OP   FLOAT_NAME(float_negate_)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME FLOAT_NAME(arith_abs_)
#define RZ_U_IN   RZ_F_T
#define RZ_U_OUT  RZ_F_T
#define RZ_U_OP   FLOAT_NAME(float_abs_)
#include "function/fn_unary_tmpl.h"

#undef FLOAT_JOIN2
#undef FLOAT_JOIN
#undef FLOAT_NAME
#undef RZ_F_T
#undef RZ_F_BITS
#undef RZ_F_S
#undef RZ_F_MODULO
#undef RZ_F_ABS
