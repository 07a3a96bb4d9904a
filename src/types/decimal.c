/* SPDX-License-Identifier: MIT */
/*
 * DECIMAL values as unscaled integers: text, change of scale, storage. A value of DECIMAL(p, s) is below 10^p in
 * magnitude and stands for value / 10^s. Rounding is half away from zero.
 */
#include "types/text.h"

uint8_t rz_decimal_physical(uint8_t precision)
{
    if (precision <= 4) {
        return RZ_PHYS_INT16;
    }
    if (precision <= 9) {
        return RZ_PHYS_INT32;
    }
    return precision <= 18 ? RZ_PHYS_INT64 : RZ_PHYS_INT128;
}

rz_int128 rz_decimal_load(const void *data, rz_physical physical, uint32_t at)
{
    switch ((int)physical) {
    case RZ_PHYS_INT16: return ((const int16_t *)data)[at];
    case RZ_PHYS_INT32: return ((const int32_t *)data)[at];
    case RZ_PHYS_INT64: return ((const int64_t *)data)[at];
    default: return ((const rz_int128 *)data)[at];
    }
}

void rz_decimal_store(void *data, rz_physical physical, uint32_t at, rz_int128 value)
{
    switch ((int)physical) {
    case RZ_PHYS_INT16: ((int16_t *)data)[at] = (int16_t)value; break;
    case RZ_PHYS_INT32: ((int32_t *)data)[at] = (int32_t)value; break;
    case RZ_PHYS_INT64: ((int64_t *)data)[at] = (int64_t)value; break;
    default: ((rz_int128 *)data)[at] = value; break;
    }
}

bool rz_decimal_fits(rz_int128 value, uint32_t precision)
{
    rz_int128 limit = rz_pow10_i128(precision);
    return value < limit && value > -limit;
}

bool rz_decimal_rescale(rz_int128 value, uint32_t from_scale, uint32_t to_scale, rz_int128 *out)
{
    if (to_scale >= from_scale) {
        return !rz_mul_overflow(value, rz_pow10_i128(to_scale - from_scale), out);
    }
    rz_int128 divisor = rz_pow10_i128(from_scale - to_scale);
    rz_int128 quotient = value / divisor;
    rz_int128 rest = value % divisor;
    rz_int128 half = divisor / 2; /* powers of ten are even */
    if (rest >= half) {
        quotient++;
    } else if (rest <= -half) {
        quotient--;
    }
    *out = quotient;
    return true;
}

double rz_decimal_to_double(rz_int128 value, uint32_t scale)
{
    /* Both operands exact: one rounding. Otherwise read the text, which rounds once too. */
    if (scale <= 22 && value <= ((rz_int128)1 << 53) && value >= -((rz_int128)1 << 53)) {
        return (double)(int64_t)value / (double)rz_pow10_i128(scale);
    }
    char text[RZ_TEXT_DECIMAL_SIZE];
    double result = 0;
    bool valid = rz_text_read_double(text, rz_text_write_decimal(value, scale, text), false, &result);
    RZ_ASSERT(valid);
    (void)valid;
    return result;
}

/* ---- text ---- */

size_t rz_text_write_decimal(rz_int128 value, uint32_t scale, char *out)
{
    if (scale == 0) {
        return rz_text_write_i128(value, out);
    }
    char digits[RZ_TEXT_INT128_SIZE];
    char *at = out;
    const char *from = digits;
    size_t count = rz_text_write_i128(value, digits);
    if (value < 0) {
        *at++ = '-';
        from++;
        count--;
    }
    if (count > scale) {
        memcpy(at, from, count - scale);
        at += count - scale;
        from += count - scale;
        count = scale;
    } else {
        *at++ = '0';
    }
    *at++ = '.';
    memset(at, '0', scale - count);
    at += scale - count;
    memcpy(at, from, count);
    return (size_t)(at + count - out);
}

bool rz_text_read_decimal(const char *text, size_t length, uint32_t precision, uint32_t scale, rz_int128 *out)
{
    const char *at = text;
    const char *end = text + length;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    const rz_int128 limit = rz_pow10_i128(precision);
    rz_int128 value = 0; /* at most 10^38, so one more digit is found out of range before it can overflow */
    uint32_t fraction_count = 0;
    size_t digit_count = 0;
    bool in_fraction = false;
    bool round_up = false;
    for (; at < end; at++) {
        if (*at == '.' && !in_fraction) {
            in_fraction = true;
            continue;
        }
        if (!rz_text_is_digit(*at)) {
            return false;
        }
        digit_count++;
        if (in_fraction && fraction_count >= scale) {
            round_up = fraction_count == scale ? *at >= '5' : round_up;
            fraction_count = scale + 1; /* only the first dropped digit decides */
            continue;
        }
        fraction_count += in_fraction;
        if (value >= limit / 10 + 1) {
            return false;
        }
        value = value * 10 + (*at - '0');
    }
    if (digit_count == 0) {
        return false;
    }
    fraction_count = fraction_count < scale ? fraction_count : scale;
    rz_int128 scaled;
    if (!rz_decimal_rescale(value, fraction_count, scale, &scaled)) {
        return false;
    }
    scaled += round_up;
    if (!rz_decimal_fits(scaled, precision)) {
        return false;
    }
    *out = negative ? -scaled : scaled;
    return true;
}
