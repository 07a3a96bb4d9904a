/* SPDX-License-Identifier: MIT */
/*
 * Bit operations and factorial, over INT64. Shifts by 64 or more (or by a negative count) leave nothing but, to the
 * right, the sign.
 */
#include "function/fn.h"

#define RZ_B_NAME        bitwise_and
#define RZ_B_A           int64_t
#define RZ_B_B           int64_t
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = (a) & (b), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        bitwise_or
#define RZ_B_A           int64_t
#define RZ_B_B           int64_t
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = (a) | (b), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        bitwise_xor
#define RZ_B_A           int64_t
#define RZ_B_B           int64_t
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = (a) ^ (b), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

static inline int64_t bitwise_left(int64_t value, int64_t count)
{
    return (uint64_t)count >= 64 ? 0 : (int64_t)((uint64_t)value << count);
}

static inline int64_t bitwise_right(int64_t value, int64_t count)
{
    int64_t shift = (uint64_t)count >= 64 ? 63 : count;
    return value < 0 ? (int64_t) ~(~(uint64_t)value >> shift) : (int64_t)((uint64_t)value >> shift);
}

#define RZ_B_NAME        bitwise_shift_left
#define RZ_B_A           int64_t
#define RZ_B_B           int64_t
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = bitwise_left(a, b), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        bitwise_shift_right
#define RZ_B_A           int64_t
#define RZ_B_B           int64_t
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = bitwise_right(a, b), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

/* 1 for negative numbers, as in Kuzu; from 21 on the result does not fit. */
static unsigned bitwise_factorial_of(int64_t n, int64_t *result)
{
    *result = 1;
    for (int64_t i = 2; i <= n; i++) {
        if (rz_mul_overflow(*result, i, result)) {
            return 1;
        }
    }
    return 0;
}

#define RZ_U_NAME bitwise_factorial
#define RZ_U_IN   int64_t
#define RZ_U_OUT  int64_t
#define RZ_U_OP   bitwise_factorial_of
#define RZ_U_FAIL(a, err) \
    rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %lld! is not within INT64 range.", (long long)(a))
#include "function/fn_unary_tmpl.h"

static const rz_fn_def bitwise_defs[] = {
    RZ_FN("BITWISE_AND", 0, bitwise_and, INT64, RZ_P2(INT64, INT64)),
    RZ_FN("BITWISE_OR", 0, bitwise_or, INT64, RZ_P2(INT64, INT64)),
    RZ_FN("BITWISE_XOR", 0, bitwise_xor, INT64, RZ_P2(INT64, INT64)),
    RZ_FN("BITSHIFT_LEFT", 0, bitwise_shift_left, INT64, RZ_P2(INT64, INT64)),
    RZ_FN("BITSHIFT_RIGHT", 0, bitwise_shift_right, INT64, RZ_P2(INT64, INT64)),
    RZ_FN("FACTORIAL", RZ_FN_CAN_FAIL, bitwise_factorial, INT64, RZ_P1(INT64)),
};

RZ_FN_GROUP(rz_fn_bitwise_group, bitwise_defs);
