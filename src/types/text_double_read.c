/* SPDX-License-Identifier: MIT */
/*
 * Reading FLOAT and DOUBLE, exactly rounded (nearest, ties to even) for text of any length. Three stages, the first
 * that can decides:
 *
 *   1. at most 53 (24) bits of digits and a small power of ten: one IEEE operation on exact operands (W. Clinger,
 * 1990);
 *   2. the first 19 digits times a 128-bit power of ten, as an interval: below it the truncated product, above it the
 * product of both factors one unit larger. When both ends round to the same value, that is it;
 *   3. the decimal against the midpoint of the two candidates, in exact integers.
 */
#include "types/text.h"

#include "types/pow10_table.h"

#include <float.h>

#define DOUBLE_READ_DIGITS_MAX \
    800 /* a midpoint of doubles has at most 768 significant digits: further ones only say "a bit more" */
#define DOUBLE_READ_BIG_WORDS    100
#define DOUBLE_READ_EXPONENT_MAX 1000000000

/* The format read into. */
typedef struct double_read_format {
    int32_t mantissa_bits; /* stored ones */
    int32_t bias;
} double_read_format;

/* A scanned number: value = all digits * 10^exponent. */
typedef struct double_read_number {
    bool negative;
    uint64_t mantissa;  /* the first 19 significant digits */
    int64_t exponent;   /* value = mantissa * 10^exponent when not truncated */
    bool truncated;     /* digits that are not all zero follow the first 19 */
    const char *digits; /* the digits and perhaps a point */
    size_t digits_length;
    int64_t exponent_all; /* of the last digit of the text */
} double_read_number;

typedef struct double_read_big {
    uint32_t words[DOUBLE_READ_BIG_WORDS]; /* little-endian */
    uint32_t count;
} double_read_big;

/* ---- exact comparison ---- */

static void double_read_big_mul_add(double_read_big *big, uint32_t factor, uint32_t summand)
{
    uint64_t carry = summand;
    for (uint32_t i = 0; i < big->count; i++) {
        carry += (uint64_t)big->words[i] * factor;
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        RZ_ASSERT(big->count < DOUBLE_READ_BIG_WORDS);
        big->words[big->count++] = (uint32_t)carry;
    }
}

static void double_read_big_mul_pow5(double_read_big *big, uint32_t exponent)
{
    while (exponent >= 13) {
        double_read_big_mul_add(big, 1220703125u, 0); /* 5^13 */
        exponent -= 13;
    }
    uint32_t rest = 1;
    while (exponent-- > 0) {
        rest *= 5;
    }
    double_read_big_mul_add(big, rest, 0);
}

static void double_read_big_shift_left(double_read_big *big, uint32_t bits)
{
    uint32_t words = bits / 32;
    double_read_big_mul_add(big, UINT32_C(1) << (bits % 32), 0);
    RZ_ASSERT(big->count + words <= DOUBLE_READ_BIG_WORDS);
    memmove(big->words + words, big->words, big->count * sizeof big->words[0]);
    memset(big->words, 0, words * sizeof big->words[0]);
    big->count += words;
}

static int double_read_big_compare(const double_read_big *a, const double_read_big *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (uint32_t i = a->count; i-- > 0;) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The number's significant digits as an integer; value = big * 10^exponent, or a little more when the result is true.
 */
static bool double_read_big_digits(const double_read_number *number, double_read_big *big, int64_t *out_exponent)
{
    big->count = 0;
    int64_t dropped = 0;
    uint32_t taken = 0;
    bool more = false;
    for (size_t i = 0; i < number->digits_length; i++) {
        char c = number->digits[i];
        if (c == '.' || (c == '0' && taken == 0)) {
            continue;
        }
        if (taken < DOUBLE_READ_DIGITS_MAX) {
            double_read_big_mul_add(big, 10, (uint32_t)(c - '0'));
            taken++;
        } else {
            more = more || c != '0';
            dropped++;
        }
    }
    *out_exponent = number->exponent_all + dropped;
    return more;
}

/* Sign of (the number - (2c + 1) * 2^(q - 1)), where c * 2^q is the candidate below. */
static int double_read_compare_midpoint(const double_read_number *number, uint64_t c, int32_t q)
{
    double_read_big decimal;
    double_read_big midpoint = {.words = {(uint32_t)(2 * c + 1), (uint32_t)((2 * c + 1) >> 32)}, .count = 2};
    if (midpoint.words[1] == 0) {
        midpoint.count = 1;
    }
    int64_t exponent;
    bool more = double_read_big_digits(number, &decimal, &exponent);
    if (exponent >= 0) {
        double_read_big_mul_pow5(&decimal, (uint32_t)exponent);
    } else {
        double_read_big_mul_pow5(&midpoint, (uint32_t)-exponent);
    }
    int64_t shift = (int64_t)q - 1 - exponent;
    if (shift >= 0) {
        double_read_big_shift_left(&midpoint, (uint32_t)shift);
    } else {
        double_read_big_shift_left(&decimal, (uint32_t)-shift);
    }
    int order = double_read_big_compare(&decimal, &midpoint);
    return order == 0 && more ? 1 : order;
}

/* ---- the interval ---- */

/* Rounds product * 2^(exponent - 191) to the format's bits. The top or the second bit of the 192-bit product (most
 * significant word first) is set. */
static uint64_t double_read_round(const uint64_t product[3], int32_t exponent, const double_read_format *format)
{
    uint64_t top = product[0];
    uint64_t next = product[1];
    bool sticky = product[2] != 0;
    if (top >> 63 == 0) {
        top = top << 1 | next >> 63;
        next <<= 1;
        exponent--;
    }
    sticky = sticky || next != 0;
    int32_t exponent_min = 1 - format->bias;
    int32_t precision = format->mantissa_bits + 1;
    bool subnormal = exponent < exponent_min;
    if (subnormal) {
        precision -= exponent_min - exponent;
        if (precision < 0) {
            return 0;
        }
    }
    uint32_t drop = (uint32_t)(64 - precision);
    uint64_t kept = drop == 64 ? 0 : top >> drop;
    uint64_t rest = top - (drop == 64 ? 0 : kept << drop);
    uint64_t half = UINT64_C(1) << (drop - 1);
    kept += rest > half || (rest == half && (sticky || (kept & 1) != 0));
    if (subnormal) {
        return kept; /* a carry makes it the smallest normal number */
    }
    uint64_t infinity = (uint64_t)(2 * format->bias + 1) << format->mantissa_bits;
    uint64_t bits =
        ((uint64_t)(exponent + format->bias - 1) << format->mantissa_bits) + kept; /* kept has the hidden bit: + 1 */
    return bits < infinity ? bits : infinity;
}

static void double_read_multiply(uint64_t factor, rz_uint128 significand, uint64_t out[3])
{
    rz_uint128 low = (rz_uint128)factor * (uint64_t)significand;
    rz_uint128 high = (rz_uint128)factor * (uint64_t)(significand >> 64) + (uint64_t)(low >> 64);
    out[0] = (uint64_t)(high >> 64);
    out[1] = (uint64_t)high;
    out[2] = (uint64_t)low;
}

/* The absolute value's bits in the format; mantissa not 0. */
static uint64_t double_read_general(const double_read_number *number, const double_read_format *format)
{
    uint64_t infinity = (uint64_t)(2 * format->bias + 1) << format->mantissa_bits;
    if (number->exponent > 308) {
        return infinity;
    }
    if (number->exponent < RZ_POW10_MIN) { /* 10^19 * 10^-344 is below half of the smallest double */
        return 0;
    }
    int32_t e = (int32_t)number->exponent;
    const uint64_t *entry = rz_pow10_significands[e - RZ_POW10_MIN];
    rz_uint128 power = ((rz_uint128)entry[0] << 64) | entry[1];
    bool exact_power = e >= 0 && e <= RZ_POW10_EXACT_MAX;
    uint32_t shift = rz_clz64(number->mantissa);
    uint64_t factor = number->mantissa << shift;
    /* mantissa * 10^e = factor * 2^-shift * power * 2^(log2(10^e) - 127): bit 191 of the product has this weight. */
    int32_t weight = ((e * 1741647) >> 19) + 64 - (int32_t)shift;
    uint64_t product[3];
    double_read_multiply(factor, power, product);
    uint64_t below = double_read_round(product, weight, format);
    if (exact_power && !number->truncated) {
        return below;
    }
    uint64_t factor_above = number->truncated ? factor + (UINT64_C(1) << shift) : factor;
    uint64_t above = below + 1; /* when a factor one larger has no room: let the exact comparison decide */
    if (factor_above >= factor && power + 1 != 0) {
        double_read_multiply(factor_above, exact_power ? power : power + 1, product);
        above = double_read_round(product, weight, format);
    }
    if (below == above || below >= infinity) {
        return below;
    }
    uint64_t c = below & ((UINT64_C(1) << format->mantissa_bits) - 1);
    int32_t biased = (int32_t)(below >> format->mantissa_bits);
    if (biased != 0) {
        c |= UINT64_C(1) << format->mantissa_bits;
    } else {
        biased = 1;
    }
    int order = double_read_compare_midpoint(number, c, biased - format->bias - format->mantissa_bits);
    return below + (order > 0 || (order == 0 && (c & 1) != 0));
}

/* ---- scanning ---- */

static bool double_read_word(const char *text, size_t length, const char *word)
{
    return rz_name_equal_n(text, length, word, strlen(word));
}

/* Digits after the sign: recounts when there are more than 19 significant ones. */
static void double_read_long_mantissa(double_read_number *number)
{
    uint64_t mantissa = 0;
    uint32_t taken = 0;
    int64_t dropped = 0;
    number->truncated = false;
    for (size_t i = 0; i < number->digits_length; i++) {
        char c = number->digits[i];
        if (c == '.' || (c == '0' && taken == 0)) {
            continue;
        }
        if (taken < 19) {
            mantissa = mantissa * 10 + (uint64_t)(c - '0');
            taken++;
        } else {
            number->truncated = number->truncated || c != '0';
            dropped++;
        }
    }
    number->mantissa = mantissa;
    number->exponent = number->exponent_all + dropped;
}

/* Reads `[sign] digits [. digits] [e [sign] digits]`; false when it is something else. */
static bool double_read_scan(const char *text, size_t length, bool kuzu_numbers, double_read_number *number)
{
    const char *at = text;
    const char *end = text + length;
    number->negative = false;
    number->truncated = false;
    if (at < end && (*at == '-' || *at == '+')) {
        if (*at == '+' && kuzu_numbers) {
            return false;
        }
        number->negative = *at == '-';
        at++;
    } else if (kuzu_numbers && length > 1 && at[0] == '0' && rz_text_is_digit(at[1])) {
        return false;
    }
    number->digits = at;
    uint64_t mantissa = 0; /* wraps with many digits; counted again then */
    while (at < end && rz_text_is_digit(*at)) {
        mantissa = mantissa * 10 + (uint64_t)(*at++ - '0');
    }
    size_t count = (size_t)(at - number->digits);
    int64_t exponent = 0;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        while (at < end && rz_text_is_digit(*at)) {
            mantissa = mantissa * 10 + (uint64_t)(*at++ - '0');
        }
        count += (size_t)(at - fraction);
        exponent = -(int64_t)(at - fraction);
    }
    if (count == 0) {
        return false;
    }
    number->digits_length = (size_t)(at - number->digits);
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        bool negative = at < end && *at == '-';
        if (at < end && (*at == '-' || *at == '+')) {
            at++;
        }
        if (at == end) {
            return false;
        }
        int64_t value = 0;
        while (at < end && rz_text_is_digit(*at)) {
            value = value < DOUBLE_READ_EXPONENT_MAX ? value * 10 + (*at - '0') : value;
            at++;
        }
        exponent += negative ? -value : value;
    }
    number->mantissa = mantissa;
    number->exponent = exponent;
    number->exponent_all = exponent;
    if (count > 19) {
        double_read_long_mantissa(number);
    }
    return at == end;
}

/* The words for values that are no number; the bits of inf or nan without sign, 0 when it is none of them. */
static uint64_t double_read_special(const char *text, size_t length, bool kuzu_numbers,
                                    const double_read_format *format, bool *out_negative)
{
    *out_negative = length > 0 && text[0] == '-';
    if (length > 0 && (text[0] == '-' || (text[0] == '+' && !kuzu_numbers))) {
        text++;
        length--;
    }
    uint64_t infinity = (uint64_t)(2 * format->bias + 1) << format->mantissa_bits;
    if (double_read_word(text, length, "inf") || double_read_word(text, length, "infinity")) {
        return infinity;
    }
    return double_read_word(text, length, "nan") ? infinity | UINT64_C(1) << (format->mantissa_bits - 1) : 0;
}

#if !defined(FLT_EVAL_METHOD) || FLT_EVAL_METHOD != 0
#    define DOUBLE_READ_EXACT_OPERATIONS false /* wider registers would round twice */
#else
#    define DOUBLE_READ_EXACT_OPERATIONS true
#endif

static const double double_read_pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const float double_read_pow10_float[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};

bool rz_text_read_double(const char *text, size_t length, bool kuzu_numbers, double *out)
{
    static const double_read_format format = {52, 1023};
    double_read_number number;
    uint64_t bits;
    if (!double_read_scan(text, length, kuzu_numbers, &number)) {
        bits = double_read_special(text, length, kuzu_numbers, &format, &number.negative);
        if (bits == 0) {
            return false;
        }
    } else if (number.mantissa == 0) {
        bits = 0;
    } else if (DOUBLE_READ_EXACT_OPERATIONS && number.mantissa <= UINT64_C(1) << 53 && !number.truncated &&
               number.exponent >= -22 && number.exponent <= 22) {
        double value = (double)number.mantissa;
        value = number.exponent < 0 ? value / double_read_pow10[-number.exponent]
                                    : value * double_read_pow10[number.exponent];
        *out = number.negative ? -value : value;
        return true;
    } else {
        bits = double_read_general(&number, &format);
    }
    bits |= (uint64_t)number.negative << 63;
    memcpy(out, &bits, sizeof *out);
    return true;
}

bool rz_text_read_float(const char *text, size_t length, bool kuzu_numbers, float *out)
{
    static const double_read_format format = {23, 127};
    double_read_number number;
    uint64_t bits;
    if (!double_read_scan(text, length, kuzu_numbers, &number)) {
        bits = double_read_special(text, length, kuzu_numbers, &format, &number.negative);
        if (bits == 0) {
            return false;
        }
    } else if (number.mantissa == 0) {
        bits = 0;
    } else if (DOUBLE_READ_EXACT_OPERATIONS && number.mantissa <= UINT64_C(1) << 24 && !number.truncated &&
               number.exponent >= -10 && number.exponent <= 10) {
        float value = (float)number.mantissa;
        value = number.exponent < 0 ? value / double_read_pow10_float[-number.exponent]
                                    : value * double_read_pow10_float[number.exponent];
        *out = number.negative ? -value : value;
        return true;
    } else {
        bits = double_read_general(&number, &format);
    }
    uint32_t narrow = (uint32_t)bits | (uint32_t)number.negative << 31;
    memcpy(out, &narrow, sizeof *out);
    return true;
}
