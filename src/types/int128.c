/* SPDX-License-Identifier: MIT */
/*
 * Integers up to 128 bits as decimal text, both ways, and powers of ten.
 */
#include "types/text.h"

#define INT128_MAX_MAGNITUDE ((rz_uint128)1 << 127) /* of the most negative number */
#define INT128_POW10_19      UINT64_C(10000000000000000000)

static const char int128_digit_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static const uint64_t int128_pow10_64[20] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    INT128_POW10_19,
};

rz_int128 rz_pow10_i128(uint32_t exponent)
{
    RZ_ASSERT(exponent <= 38);
    return exponent < 20 ? (rz_int128)int128_pow10_64[exponent]
                         : (rz_int128)int128_pow10_64[19] * (rz_int128)int128_pow10_64[exponent - 19];
}

/* ---- writing ---- */

/* Writes the last `count` digits of value before `end`. */
static void int128_write_digits(uint64_t value, size_t count, char *end)
{
    while (count >= 2) {
        memcpy(end - 2, int128_digit_pairs + 2 * (value % 100), 2);
        value /= 100;
        end -= 2;
        count -= 2;
    }
    if (count != 0) {
        end[-1] = (char)('0' + value % 10);
    }
}

static size_t int128_count_digits(uint64_t value)
{
    size_t count =
        (size_t)((rz_bit_width(value | 1) * 1233) >> 12); /* log10(2) ≈ 1233/4096: this or one less than needed */
    return count + (value >= int128_pow10_64[count] || count == 0);
}

size_t rz_text_write_u64(uint64_t value, char *out)
{
    size_t count = int128_count_digits(value);
    int128_write_digits(value, count, out + count);
    return count;
}

size_t rz_text_write_i64(int64_t value, char *out)
{
    if (value >= 0) {
        return rz_text_write_u64((uint64_t)value, out);
    }
    *out = '-';
    return 1 + rz_text_write_u64(0 - (uint64_t)value, out + 1);
}

size_t rz_text_write_i128(rz_int128 value, char *out)
{
    char *at = out;
    rz_uint128 magnitude = (rz_uint128)value;
    if (value < 0) {
        *at++ = '-';
        magnitude = 0 - magnitude;
    }
    if (magnitude >> 64 == 0) {
        at += rz_text_write_u64((uint64_t)magnitude, at);
        return (size_t)(at - out);
    }
    rz_uint128 high = magnitude / INT128_POW10_19;
    uint64_t low = (uint64_t)(magnitude % INT128_POW10_19);
    if (high >= INT128_POW10_19) { /* 39 digits: the first is 1, 2 or 3 */
        at += rz_text_write_u64((uint64_t)(high / INT128_POW10_19), at);
        int128_write_digits((uint64_t)(high % INT128_POW10_19), 19, at + 19);
        at += 19;
    } else {
        at += rz_text_write_u64((uint64_t)high, at);
    }
    int128_write_digits(low, 19, at + 19);
    return (size_t)(at + 19 - out);
}

void rz_text_append_int128(rz_int128 value, rz_str *out)
{
    char buffer[RZ_TEXT_INT128_SIZE];
    rz_str_append(out, buffer, rz_text_write_i128(value, buffer));
}

/* ---- reading ---- */

bool rz_text_read_u128(const char *text, size_t length, rz_uint128 *out)
{
    if (length == 0) {
        return false;
    }
    rz_uint128 value = 0;
    for (size_t i = 0; i < length; i++) {
        if (!rz_text_is_digit(text[i])) {
            return false;
        }
        rz_uint128 digit = (rz_uint128)(text[i] - '0');
        if (rz_mul_overflow(value, (rz_uint128)10, &value) || rz_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

/* Takes the sign off; false when nothing is left or the spelling is refused. */
static bool int128_take_sign(const char **text, size_t *length, bool kuzu_numbers, bool *out_negative)
{
    *out_negative = false;
    if (*length == 0) {
        return false;
    }
    char first = **text;
    if (first == '-' || first == '+') {
        if (first == '+' && kuzu_numbers) {
            return false;
        }
        *out_negative = first == '-';
        (*text)++;
        (*length)--;
    } else if (first == '0' && *length > 1 && kuzu_numbers) {
        return false;
    }
    return *length != 0;
}

bool rz_text_read_i128(const char *text, size_t length, bool kuzu_numbers, rz_int128 *out)
{
    bool negative;
    rz_uint128 magnitude;
    if (!int128_take_sign(&text, &length, kuzu_numbers, &negative) || !rz_text_read_u128(text, length, &magnitude) ||
        magnitude > INT128_MAX_MAGNITUDE - (negative ? 0 : 1)) {
        return false;
    }
    *out = (rz_int128)(negative ? 0 - magnitude : magnitude);
    return true;
}

/* Digits to a 64-bit magnitude: the common lengths without overflow checks. */
static bool int128_read_magnitude64(const char *text, size_t length, uint64_t *out)
{
    uint64_t value = 0;
    if (length <= 19) {
        for (size_t i = 0; i < length; i++) {
            uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';
            if (digit > 9) {
                return false;
            }
            value = value * 10 + digit;
        }
        *out = value;
        return true;
    }
    rz_uint128 wide;
    if (!rz_text_read_u128(text, length, &wide) || wide > UINT64_MAX) {
        return false;
    }
    *out = (uint64_t)wide;
    return true;
}

bool rz_text_read_i64(const char *text, size_t length, bool kuzu_numbers, int64_t *out)
{
    bool negative;
    uint64_t magnitude;
    if (!int128_take_sign(&text, &length, kuzu_numbers, &negative) ||
        !int128_read_magnitude64(text, length, &magnitude) || magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool rz_text_read_u64(const char *text, size_t length, bool kuzu_numbers, uint64_t *out)
{
    bool negative;
    uint64_t magnitude;
    if (!int128_take_sign(&text, &length, kuzu_numbers, &negative) ||
        !int128_read_magnitude64(text, length, &magnitude) || (negative && magnitude != 0)) {
        return false;
    }
    *out = magnitude;
    return true;
}
