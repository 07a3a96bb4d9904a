/* SPDX-License-Identifier: MIT */
/*
 * Template of the comparisons of one type of fixed size: kernels compare_equal_S, compare_not_equal_S, compare_less_S,
 * compare_less_equal_S; and the two with exchanged arguments, compare_greater_S, compare_greater_equal_S. Parameters,
 * undefined at the end:
 *
 *   RZ_C_T, RZ_C_S                the C type and the suffix S of the names
 *   RZ_C_EQUAL(a, b), RZ_C_LESS(a, b), RZ_C_LESS_EQUAL(a, b)   of two lvalues, 0 or 1
 */
#define COMPARE_JOIN2(a, b) a##b
#define COMPARE_JOIN(a, b)  COMPARE_JOIN2(a, b)
#define COMPARE_NAME(stem)  COMPARE_JOIN(stem, RZ_C_S)

#define RZ_B_NAME        COMPARE_NAME(compare_equal_)
#define RZ_B_A           RZ_C_T
#define RZ_B_B           RZ_C_T
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = (uint8_t)(RZ_C_EQUAL(a, b)), 0)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        COMPARE_NAME(compare_not_equal_)
#define RZ_B_A           RZ_C_T
#define RZ_B_B           RZ_C_T
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = (uint8_t)(!(RZ_C_EQUAL(a, b))), 0)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        COMPARE_NAME(compare_less_)
#define RZ_B_A           RZ_C_T
#define RZ_B_B           RZ_C_T
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = (uint8_t)(RZ_C_LESS(a, b)), 0)
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        COMPARE_NAME(compare_less_equal_)
#define RZ_B_A           RZ_C_T
#define RZ_B_B           RZ_C_T
#define RZ_B_OUT         uint8_t
#define RZ_B_BAD         uint8_t
#define RZ_B_OP(a, b, r) (*(r) = (uint8_t)(RZ_C_LESS_EQUAL(a, b)), 0)
#include "function/fn_binary_tmpl.h"

static ruzu_status COMPARE_NAME(compare_greater_)(const rz_fn_bound *bound, rz_fn_context *context,
                                                  const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                                  rz_error *err)
{
    const rz_vec *exchanged[2] = {args[1], args[0]};
    return COMPARE_NAME(compare_less_)(bound, context, exchanged, sel, out, err);
}

static ruzu_status COMPARE_NAME(compare_greater_equal_)(const rz_fn_bound *bound, rz_fn_context *context,
                                                        const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                                        rz_error *err)
{
    const rz_vec *exchanged[2] = {args[1], args[0]};
    return COMPARE_NAME(compare_less_equal_)(bound, context, exchanged, sel, out, err);
}

#undef COMPARE_JOIN2
#undef COMPARE_JOIN
#undef COMPARE_NAME
#undef RZ_C_T
#undef RZ_C_S
#undef RZ_C_EQUAL
#undef RZ_C_LESS
#undef RZ_C_LESS_EQUAL
