/* SPDX-License-Identifier: MIT */
/*
 * Decimal text to the nearest double, independent of the locale. Responsible for correct rounding only: the lexer has
 * checked the form.
 *
 * Numbers of at most 15 digits and a small power of ten are one exact operation (Clinger 1990). All others are held as
 * a decimal fraction 0.d1d2d3… × 10^point that is multiplied and divided by powers of two until it lies in [1, 2), then
 * by 2^52, and rounded: slow, but every step is exact up to LEX_DECIMAL_DIGITS_MAX digits, beyond which only "is there
 * anything left" matters.
 */
#include "parser/lexer.h"

#include <float.h>
#include <math.h>

enum {
    LEX_DECIMAL_DIGITS_MAX = 800, /* 767 significant digits decide between two doubles at worst */
    LEX_DECIMAL_SHIFT_MAX = 56    /* a digit shifted so far, plus carry, fits 64 bits */
};

typedef struct lex_double_decimal {
    uint8_t digits[LEX_DECIMAL_DIGITS_MAX];
    int32_t count;
    int32_t point;  /* the value is 0.digits × 10^point */
    bool truncated; /* non-zero digits were dropped behind the last */
} lex_double_decimal;

static void lex_double_trim(lex_double_decimal *decimal)
{
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == 0) {
        decimal->count--;
    }
    if (decimal->count == 0) {
        decimal->point = 0;
    }
}

/* Multiplies by 2^shift, shift ≤ LEX_DECIMAL_SHIFT_MAX. */
static void lex_double_shift_left(lex_double_decimal *decimal, uint32_t shift)
{
    uint8_t overflow[20]; /* digits pushed out in front, last first */
    int32_t extra = 0;
    uint64_t carry = 0;
    for (int32_t i = decimal->count; i-- > 0;) {
        carry += (uint64_t)decimal->digits[i] << shift;
        decimal->digits[i] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    while (carry != 0) {
        overflow[extra++] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    int32_t kept = decimal->count;
    while (kept + extra > LEX_DECIMAL_DIGITS_MAX) {
        kept--;
        decimal->truncated = decimal->truncated || decimal->digits[kept] != 0;
    }
    memmove(decimal->digits + extra, decimal->digits, (size_t)kept);
    for (int32_t i = 0; i < extra; i++) {
        decimal->digits[i] = overflow[extra - 1 - i];
    }
    decimal->count = kept + extra;
    decimal->point += extra;
    lex_double_trim(decimal);
}

/* Divides by 2^shift. */
static void lex_double_shift_right(lex_double_decimal *decimal, uint32_t shift)
{
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    uint64_t rest = 0;
    int32_t read = 0;
    while (rest >> shift == 0) {
        if (read < decimal->count) {
            rest = rest * 10 + decimal->digits[read];
        } else if (rest == 0) {
            decimal->count = 0;
            decimal->point = 0;
            return;
        } else {
            rest *= 10;
        }
        read++;
    }
    decimal->point -= read - 1;
    int32_t written = 0;
    while (read < decimal->count || rest != 0) {
        uint8_t digit = (uint8_t)(rest >> shift);
        if (written < LEX_DECIMAL_DIGITS_MAX) {
            decimal->digits[written++] = digit;
        } else {
            decimal->truncated = decimal->truncated || digit != 0;
        }
        rest = (rest & mask) * 10 + (read < decimal->count ? decimal->digits[read] : 0);
        read++;
    }
    decimal->count = written;
    lex_double_trim(decimal);
}

static void lex_double_shift(lex_double_decimal *decimal, int32_t shift)
{
    while (shift > 0) {
        int32_t step = shift < LEX_DECIMAL_SHIFT_MAX ? shift : LEX_DECIMAL_SHIFT_MAX;
        lex_double_shift_left(decimal, (uint32_t)step);
        shift -= step;
    }
    while (shift < 0) {
        int32_t step = -shift < LEX_DECIMAL_SHIFT_MAX ? -shift : LEX_DECIMAL_SHIFT_MAX;
        lex_double_shift_right(decimal, (uint32_t)step);
        shift += step;
    }
}

/* The nearest integer, ties to even; the value is below 2^63. */
static uint64_t lex_double_round(const lex_double_decimal *decimal)
{
    uint64_t value = 0;
    int32_t i = 0;
    for (; i < decimal->point; i++) {
        value = value * 10 + (i < decimal->count ? decimal->digits[i] : 0);
    }
    if (decimal->point < 0 || i >= decimal->count) {
        return value;
    }
    bool is_tie = decimal->digits[i] == 5 && i + 1 == decimal->count && !decimal->truncated;
    bool up = is_tie ? (value & 1) != 0 : decimal->digits[i] >= 5;
    return value + (up ? 1 : 0);
}

static double lex_double_exact(lex_double_decimal *decimal)
{
    if (decimal->count == 0 || decimal->point < -400) {
        return 0.0;
    }
    if (decimal->point > 400) {
        return HUGE_VAL;
    }
    int32_t exponent = 0; /* value = decimal × 2^exponent */
    while (decimal->point > 0) {
        int32_t step = decimal->point > 8 ? 27 : decimal->point * 3;
        lex_double_shift(decimal, -step);
        exponent += step;
    }
    while (decimal->point < 0 || decimal->digits[0] < 5) {
        int32_t step = decimal->point < -8 ? 27 : -decimal->point * 3 + 1;
        lex_double_shift(decimal, step);
        exponent -= step;
        if (decimal->point > 0) { /* a step too many leaves [0.5, 1): back by one bit */
            lex_double_shift(decimal, -1);
            exponent++;
        }
    }
    exponent--; /* now in [1, 2) × 2^exponent, as soon as one bit is shifted in below */
    int32_t lowest = exponent < DBL_MIN_EXP - 1 ? DBL_MIN_EXP - 1 : exponent;
    lex_double_shift(decimal, exponent - lowest + DBL_MANT_DIG); /* fewer bits for subnormal numbers */
    return ldexp((double)lex_double_round(decimal), lowest - (DBL_MANT_DIG - 1));
}

double rz_lex_double(const char *text, size_t length)
{
    static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    lex_double_decimal decimal;
    decimal.count = 0;
    decimal.point = 0;
    decimal.truncated = false;
    uint64_t mantissa = 0; /* of the kept digits; only used when they are few */
    bool in_fraction = false;
    size_t i = 0;
    for (; i < length && rz_ascii_lower(text[i]) != 'e'; i++) {
        if (text[i] == '.') {
            in_fraction = true;
            continue;
        }
        if (text[i] == '_') {
            continue;
        }
        uint8_t digit = (uint8_t)(text[i] - '0');
        if (decimal.count == 0 && digit == 0) {
            decimal.point -= in_fraction ? 1 : 0;
            continue;
        }
        decimal.point += in_fraction ? 0 : 1;
        if (decimal.count < LEX_DECIMAL_DIGITS_MAX) {
            decimal.digits[decimal.count++] = digit;
            mantissa = decimal.count <= 15 ? mantissa * 10 + digit : mantissa;
        } else {
            decimal.truncated = decimal.truncated || digit != 0;
        }
    }
    if (i < length) {
        i++;
        bool negative = i < length && text[i] == '-';
        int32_t exponent = 0;
        for (; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9' && exponent < 100000000) {
                exponent = exponent * 10 + (text[i] - '0');
            }
        }
        decimal.point += negative ? -exponent : exponent;
    }
    int32_t scale = decimal.point - decimal.count;
    if (decimal.count <= 15 && scale >= -22 && scale <= 22 && FLT_EVAL_METHOD == 0) {
        double value = (double)mantissa;
        return scale < 0 ? value / POWERS[-scale] : value * POWERS[scale];
    }
    lex_double_trim(&decimal);
    return lex_double_exact(&decimal);
}
