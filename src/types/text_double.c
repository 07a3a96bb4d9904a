/* SPDX-License-Identifier: MIT */
/*
 * Writing FLOAT and DOUBLE: the shortest decimal that reads back to the same value, and the closest to it among the
 * shortest (R. Giulietti, "The Schubfach way to render doubles", 2020), in the layout of dialect §11; and plain
 * fixed-point text for error messages.
 *
 * A value v = c * 2^q owns the interval between the midpoints to its neighbours (ends included when c is even, as
 * reading rounds half to even). With k the largest integer for which 10^k is not wider than that interval, the interval
 * holds one or two multiples of 10^k, and at most one of 10^(k+1): that one is the shortest, else the closer of the
 * former. The comparisons are made on 4 * v / 10^k, where both ends are integers before scaling; products with 10^-k
 * are rounded to odd, which keeps all comparisons with multiples of 2 exact.
 */
#include "types/text.h"

#include "types/pow10_table.h"

/* floor(log2(10^e)), floor(log10(2^q)) and floor(log10(3/4 * 2^q)) for |e| <= 1233, |q| <= 1500; the shifts are
 * arithmetic. */
#define DOUBLE_LOG2_POW10(e)     (((e)*1741647) >> 19)
#define DOUBLE_LOG10_POW2(q)     (((q)*1262611) >> 22)
#define DOUBLE_LOG10_POW2_3_4(q) (((q)*1262611 - 524031) >> 22)

typedef struct double_decimal {
    uint64_t digits;  /* not zero; no trailing decimal zero */
    int32_t exponent; /* value = digits * 10^exponent */
} double_decimal;

/* floor(significand * factor / 2^128), the lowest bit set too when that is not exact. A remainder below 2^64 is an
 * artefact of the rounded-up significand (its error times factor), not a fraction of the true product. */
static uint64_t double_mul_round_to_odd(rz_uint128 significand, uint64_t factor)
{
    rz_uint128 low = (rz_uint128)(uint64_t)significand * factor;
    rz_uint128 high = (rz_uint128)(uint64_t)(significand >> 64) * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* 10^e as 128-bit significand, rounded up. */
static rz_uint128 double_pow10_ceil(int32_t e)
{
    const uint64_t *entry = rz_pow10_significands[e - RZ_POW10_MIN];
    rz_uint128 floor = ((rz_uint128)entry[0] << 64) | entry[1];
    return e >= 0 && e <= RZ_POW10_EXACT_MAX ? floor : floor + 1;
}

/* The shortest decimal of c * 2^q, c > 0. `narrow_below`: c is a power of two above the smallest exponent, so the
 * neighbour below is nearer. */
static double_decimal double_shortest(uint64_t c, int32_t q, bool narrow_below)
{
    uint64_t odd = c & 1;
    uint64_t center = 4 * c;
    uint64_t below = narrow_below ? center - 1 : center - 2;
    uint64_t above = center + 2;
    int32_t k = narrow_below ? DOUBLE_LOG10_POW2_3_4(q) : DOUBLE_LOG10_POW2(q);
    int32_t h = q + DOUBLE_LOG2_POW10(-k) + 1;
    rz_uint128 power = double_pow10_ceil(-k);
    uint64_t lower = double_mul_round_to_odd(power, below << h) + odd;
    uint64_t middle = double_mul_round_to_odd(power, center << h);
    uint64_t upper = double_mul_round_to_odd(power, above << h) - odd;

    uint64_t s = middle / 4;
    double_decimal result = {0, k};
    bool found = false;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool down = lower <= 40 * tens;
        bool up = 40 * tens + 40 <= upper;
        if (down != up) {
            result.digits = tens + up;
            result.exponent = k + 1;
            found = true;
        }
    }
    if (!found) {
        bool down = lower <= 4 * s;
        bool up = 4 * s + 4 <= upper;
        uint64_t half = 4 * s + 2;
        bool nearer_up = middle > half || (middle == half && (s & 1) != 0);
        result.digits = s + (down != up ? up : nearer_up);
    }
    while (result.digits % 10 == 0) {
        result.digits /= 10;
        result.exponent++;
    }
    return result;
}

/* Lays digits * 10^exponent out: plain for -7 < e < 21 with e the exponent of the first digit, always with a fraction
 * or an exponent. */
static size_t double_layout(double_decimal decimal, char *out)
{
    char digits[RZ_TEXT_INT64_SIZE];
    int32_t count = (int32_t)rz_text_write_u64(decimal.digits, digits);
    int32_t e = decimal.exponent + count - 1;
    char *at = out;
    if (e <= -7 || e >= 21) {
        *at++ = digits[0];
        if (count > 1) {
            *at++ = '.';
            memcpy(at, digits + 1, (size_t)count - 1);
            at += count - 1;
        }
        *at++ = 'e';
        at += rz_text_write_i64(e, at);
    } else if (e < 0) { /* 0.00ddd */
        memcpy(at, "0.000000", 8);
        at += 1 - e;
        memcpy(at, digits, (size_t)count);
        at += count;
    } else if (count <= e + 1) { /* ddd00.0 */
        memcpy(at, digits, (size_t)count);
        memset(at + count, '0', (size_t)(e + 1 - count));
        at += e + 1;
        *at++ = '.';
        *at++ = '0';
    } else { /* dd.ddd */
        memcpy(at, digits, (size_t)e + 1);
        at += e + 1;
        *at++ = '.';
        memcpy(at, digits + e + 1, (size_t)(count - e - 1));
        at += count - e - 1;
    }
    return (size_t)(at - out);
}

/* Infinities, NaN and zeros; the length, or 0 for other values. The exponent field is all ones in the first two. */
static size_t double_write_special(bool negative, bool exponent_full, uint64_t mantissa, bool is_zero, char *out)
{
    char *at = out;
    if (exponent_full && mantissa != 0) {
        memcpy(at, "nan", 3);
        return 3;
    }
    if (!exponent_full && !is_zero) {
        return 0;
    }
    if (negative) {
        *at++ = '-';
    }
    memcpy(at, exponent_full ? "inf" : "0.0", 3);
    return (size_t)(at + 3 - out);
}

size_t rz_text_write_double(double value, char *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 63 != 0;
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int32_t exponent = (int32_t)(bits >> 52 & 0x7FF);
    size_t special = double_write_special(negative, exponent == 0x7FF, mantissa, exponent == 0 && mantissa == 0, out);
    if (special != 0) {
        return special;
    }
    *out = '-';
    double_decimal decimal =
        exponent == 0 ? double_shortest(mantissa, -1074, false)
                      : double_shortest(mantissa | UINT64_C(1) << 52, exponent - 1075, mantissa == 0 && exponent > 1);
    return (size_t)negative + double_layout(decimal, out + negative);
}

size_t rz_text_write_float(float value, char *out)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 31 != 0;
    uint32_t mantissa = bits & ((UINT32_C(1) << 23) - 1);
    int32_t exponent = (int32_t)(bits >> 23 & 0xFF);
    size_t special = double_write_special(negative, exponent == 0xFF, mantissa, exponent == 0 && mantissa == 0, out);
    if (special != 0) {
        return special;
    }
    *out = '-';
    double_decimal decimal =
        exponent == 0 ? double_shortest(mantissa, -149, false)
                      : double_shortest(mantissa | UINT32_C(1) << 23, exponent - 150, mantissa == 0 && exponent > 1);
    return (size_t)negative + double_layout(decimal, out + negative);
}

void rz_text_append_double(double value, rz_str *out)
{
    char buffer[RZ_TEXT_DOUBLE_SIZE];
    rz_str_append(out, buffer, rz_text_write_double(value, buffer));
}

void rz_text_append_float(float value, rz_str *out)
{
    char buffer[RZ_TEXT_DOUBLE_SIZE];
    rz_str_append(out, buffer, rz_text_write_float(value, buffer));
}

/* ---- fixed point ---- */

#define DOUBLE_FIXED_WORDS 33 /* 2^1024 in 32-bit words, and one more */

/* Writes c * 2^q for q >= 0: long division by 10^9, from the last digits to the first. */
static size_t double_write_integer(uint64_t c, uint32_t q, char *out)
{
    uint32_t words[DOUBLE_FIXED_WORDS + 2] = {0}; /* little-endian */
    uint32_t first = q / 32;
    rz_uint128 shifted = (rz_uint128)c << (q % 32);
    for (uint32_t i = 0; i < 3; i++) {
        words[first + i] = (uint32_t)(shifted >> (32 * i));
    }
    uint32_t count = first + 3;
    char digits[DOUBLE_FIXED_WORDS * 10 + 32];
    char *end = digits + sizeof digits;
    char *at = end;
    while (true) {
        while (count > 0 && words[count - 1] == 0) {
            count--;
        }
        if (count == 0) {
            break;
        }
        uint64_t remainder = 0;
        for (uint32_t i = count; i-- > 0;) {
            uint64_t part = remainder << 32 | words[i];
            words[i] = (uint32_t)(part / 1000000000u);
            remainder = part % 1000000000u;
        }
        for (int i = 0; i < 9; i++) {
            *--at = (char)('0' + remainder % 10);
            remainder /= 10;
        }
    }
    while (at < end - 1 && *at == '0') {
        at++;
    }
    memcpy(out, at, (size_t)(end - at));
    return (size_t)(end - at);
}

size_t rz_text_write_fixed(double value, uint32_t digits, char *out)
{
    RZ_ASSERT(digits <= 9);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool negative = bits >> 63 != 0;
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int32_t exponent = (int32_t)(bits >> 52 & 0x7FF);
    if (exponent == 0x7FF) {
        return double_write_special(negative, true, mantissa, false, out);
    }
    uint64_t c = exponent == 0 ? mantissa : mantissa | UINT64_C(1) << 52;
    int32_t q = exponent == 0 ? -1074 : exponent - 1075;
    char *at = out;
    if (negative) {
        *at++ = '-';
    }
    uint64_t fraction = 0;
    if (q >= 0) {
        at += double_write_integer(c, (uint32_t)q, at);
    } else {
        rz_uint128 pow10 = (rz_uint128)rz_pow10_i128(digits);
        rz_uint128 scaled = (rz_uint128)c * pow10; /* < 2^53 * 2^30 */
        uint32_t shift = (uint32_t)-q;
        rz_uint128 whole = shift < 128 ? scaled >> shift : 0;
        rz_uint128 rest = shift < 128 ? scaled - (whole << shift) : scaled;
        rz_uint128 half = shift <= 128 ? (rz_uint128)1 << (shift - 1) : 0; /* 0: further away than anything */
        if (half != 0 && (rest > half || (rest == half && (whole & 1) != 0))) {
            whole++;
        }
        at += rz_text_write_i128((rz_int128)(whole / pow10), at);
        fraction = (uint64_t)(whole % pow10);
    }
    if (digits != 0) {
        *at++ = '.';
        for (uint32_t i = digits; i-- > 0;) {
            at[i] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        at += digits;
    }
    return (size_t)(at - out);
}
