/* SPDX-License-Identifier: MIT */
/*
 * Text of FLOAT and DOUBLE: shortest round trip, exact rounding, the layout of the dialect, and the table of powers
 * both stand on. The C library's strtod and "%.17g" serve as the second opinion (the test runs in the "C" locale).
 */
#include "types/text.h"

#include "types/pow10_table.h"

#include "check.h"
#include "volume.h"

#include <math.h>
#include <stdlib.h>

static uint64_t test_random_state = 42;

static uint64_t test_random(void)
{
    test_random_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(test_random_state);
}

static double test_double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t test_bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float test_float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t test_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static const char *test_write(double value)
{
    static char buffer[RZ_TEXT_DOUBLE_SIZE + 1];
    buffer[rz_text_write_double(value, buffer)] = '\0';
    return buffer;
}

static const char *test_write_float(float value)
{
    static char buffer[RZ_TEXT_DOUBLE_SIZE + 1];
    buffer[rz_text_write_float(value, buffer)] = '\0';
    return buffer;
}

static double test_read(const char *text)
{
    double value = 12345.0;
    CHECK(rz_text_read_double(text, strlen(text), false, &value));
    return value;
}

/* Significant digits of a rendering. */
static int test_digit_count(const char *text)
{
    int count = 0, zeros = 0;
    bool begun = false;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9') {
            continue;
        }
        begun = begun || *text != '0';
        zeros = *text == '0' ? zeros + 1 : 0;
        count += begun;
    }
    return begun ? count - zeros : 0;
}

static void check_double(double value)
{
    char text[RZ_TEXT_DOUBLE_SIZE + 1], other[64];
    text[rz_text_write_double(value, text)] = '\0';
    double back = 0;
    bool read = rz_text_read_double(text, strlen(text), false, &back);
    double library = strtod(text, NULL);
    if (!read || test_bits_of(back) != test_bits_of(value) || test_bits_of(library) != test_bits_of(value)) {
        fprintf(stderr, "%a is written %s and read %a (library %a)\n", value, text, back, library);
        CHECK(false);
    }
    /* The shortest precision that reads back, from the library; and the text of that precision is the closest one. */
    int precision = 1;
    for (; precision < 17; precision++) {
        snprintf(other, sizeof other, "%.*e", precision - 1, value);
        if (test_bits_of(strtod(other, NULL)) == test_bits_of(value)) {
            break;
        }
    }
    if (value != 0.0 && test_digit_count(text) > precision) {
        fprintf(stderr, "%a is written %s, but %s is shorter\n", value, text, other);
        CHECK(false);
    }
    CHECK(true);
}

static void check_float(float value)
{
    char text[RZ_TEXT_DOUBLE_SIZE + 1], other[64];
    text[rz_text_write_float(value, text)] = '\0';
    float back = 0;
    bool read = rz_text_read_float(text, strlen(text), false, &back);
    float library = strtof(text, NULL);
    if (!read || test_float_bits(back) != test_float_bits(value) ||
        test_float_bits(library) != test_float_bits(value)) {
        fprintf(stderr, "%a is written %s and read %a (library %a)\n", (double)value, text, (double)back,
                (double)library);
        CHECK(false);
    }
    int precision = 1;
    for (; precision < 9; precision++) {
        snprintf(other, sizeof other, "%.*e", precision - 1, (double)value);
        if (test_float_bits(strtof(other, NULL)) == test_float_bits(value)) {
            break;
        }
    }
    if (value != 0.0F && test_digit_count(text) > precision) {
        fprintf(stderr, "%a is written %s, but %s is shorter\n", (double)value, text, other);
        CHECK(false);
    }
    CHECK(true);
}

static void random_doubles_round_trip(void)
{
    for (uint64_t i = 0; i < test_volume(200000, 20000); i++) {
        double value = test_double_of(test_random());
        if (!isnan(value) && !isinf(value)) {
            check_double(value);
        }
    }
    for (int i = 0; i < 20000; i++) { /* subnormals, integers, short decimals */
        check_double(test_double_of(test_random() >> (12 + test_random() % 52)));
        check_double((double)(int64_t)(test_random() >> (test_random() % 64)));
        check_double((double)(int64_t)(test_random() % 100000) / 100.0);
        check_double((double)(int64_t)(test_random() % 100000000) * 1e-12);
    }
    for (uint64_t exponent = 0; exponent < 2047;
         exponent++) { /* the irregular interval below powers of two, and both neighbours */
        check_double(test_double_of(exponent << 52));
        check_double(test_double_of((exponent << 52) + 1));
        check_double(test_double_of((exponent << 52) | ((UINT64_C(1) << 52) - 1)));
    }
}

static void random_floats_round_trip(void)
{
    for (uint64_t i = 0; i < test_volume(200000, 20000); i++) {
        float value = test_float_of((uint32_t)test_random());
        if (!isnan(value) && !isinf(value)) {
            check_float(value);
        }
    }
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        check_float(test_float_of(exponent << 23));
        check_float(test_float_of((exponent << 23) + 1));
        check_float(test_float_of((exponent << 23) | 0x7FFFFF));
    }
}

static void layout_follows_the_dialect(void)
{
    CHECK_STR(test_write(1.0), "1.0");
    CHECK_STR(test_write(0.1), "0.1");
    CHECK_STR(test_write(-0.0), "-0.0");
    CHECK_STR(test_write(0.0), "0.0");
    CHECK_STR(test_write(123456789.123456789), "123456789.12345679");
    CHECK_STR(test_write(1e20), "100000000000000000000.0");
    CHECK_STR(test_write(1e21), "1e21");
    CHECK_STR(test_write(-1.5e21), "-1.5e21");
    CHECK_STR(test_write(1e-6), "0.000001");
    CHECK_STR(test_write(1.25e-6), "0.00000125");
    CHECK_STR(test_write(1e-7), "1e-7");
    CHECK_STR(test_write(1.5e300), "1.5e300");
    CHECK_STR(test_write(5e-324), "5e-324");
    CHECK_STR(test_write(2.2250738585072014e-308), "2.2250738585072014e-308");
    CHECK_STR(test_write(1.7976931348623157e308), "1.7976931348623157e308");
    CHECK_STR(test_write(9007199254740993.0), "9007199254740992.0");
    CHECK_STR(test_write(1e23), "1e23");
    CHECK_STR(test_write((double)INFINITY), "inf");
    CHECK_STR(test_write(-(double)INFINITY), "-inf");
    CHECK_STR(test_write((double)NAN), "nan");
    CHECK_STR(test_write(-(double)NAN), "nan");
    CHECK_STR(test_write_float(0.1F), "0.1");
    CHECK_STR(test_write_float(16777216.0F), "16777216.0");
    CHECK_STR(test_write_float(1e-45F), "1e-45");
    CHECK_STR(test_write_float(3.4028235e38F), "3.4028235e38");
    CHECK_STR(test_write_float(-INFINITY), "-inf");
}

static void reading_accepts_the_forms_of_the_dialect(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"-0", -0.0},
        {"1", 1},
        {"+1.5", 1.5},
        {".5", 0.5},
        {"5.", 5},
        {"1e5", 1e5},
        {"1E+5", 1e5},
        {"1.e-5", 1e-5},
        {"1e400", (double)INFINITY},
        {"-1e400", -(double)INFINITY},
        {"1e-400", 0},
        {"0e999999999999", 0},
        {"1e999999999999", (double)INFINITY},
        {"1e-999999999999", 0},
        {"inf", (double)INFINITY},
        {"-Infinity", -(double)INFINITY},
        {"+INF", (double)INFINITY},
        {"007.25", 7.25},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_EQ_U64(test_bits_of(test_read(good[i].text)), test_bits_of(good[i].value));
    }
    CHECK(isnan(test_read("nan")));
    CHECK(isnan(test_read("-NaN")));
    static const char *const bad[] = {"",      "-",   "+",   ".",  "e5",      "1e",   "1e+",   "1.5f", "0x10",
                                      "1_000", "1 2", "--1", "in", "infinit", "nanx", "1.2.3", " 1",   "1,5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value;
        float narrow;
        CHECK(!rz_text_read_double(bad[i], strlen(bad[i]), false, &value));
        CHECK(!rz_text_read_float(bad[i], strlen(bad[i]), false, &narrow));
    }
    static const char *const refused[] = {"+1", "01", "00", "01.5", "+inf"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        double value;
        CHECK(!rz_text_read_double(refused[i], strlen(refused[i]), true, &value));
    }
}

static void check_against_library(const char *text)
{
    double value = 0;
    float narrow = 0;
    bool read = rz_text_read_double(text, strlen(text), false, &value) &&
                rz_text_read_float(text, strlen(text), false, &narrow);
    if (!read || test_bits_of(value) != test_bits_of(strtod(text, NULL)) ||
        test_float_bits(narrow) != test_float_bits(strtof(text, NULL))) {
        fprintf(stderr, "%s is read as %a and %a (library %a and %a)\n", text, value, (double)narrow,
                strtod(text, NULL), (double)strtof(text, NULL));
        CHECK(false);
    }
    CHECK(true);
}

/* Exact decimals of midpoints between neighbours, and the same a little above and below. */
static void halves_round_to_even(void)
{
    char text[1200];
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = test_random() & (UINT64_MAX >> 1);
        if (i % 3 == 0) {
            bits >>= 12 + test_random() % 40; /* subnormal */
        }
        double value = test_double_of(bits);
        if (isnan(value) || isinf(value) || isinf(test_double_of(bits + 1))) {
            continue;
        }
        /* In extended precision the midpoint is exact (64 bits of mantissa and more exponents); %.1100Lg prints it
         * exactly. */
        long double middle = ((long double)value + (long double)test_double_of(bits + 1)) / 2;
        int length = snprintf(text, sizeof text - 2, "%.1100Lg", middle);
        if (length <= 0 || (size_t)length >= sizeof text - 2) {
            continue;
        }
        check_against_library(text);
        char *exponent = strchr(text, 'e');
        if (exponent == NULL && strchr(text, '.') != NULL) { /* a bit above */
            memcpy(text + length, "1", 2);
            check_against_library(text);
        } else if (exponent != NULL && strchr(text, '.') != NULL) {
            memmove(exponent + 1, exponent, strlen(exponent) + 1);
            *exponent = '1';
            check_against_library(text);
        }
    }
    for (int i = 0; i < 3000; i++) { /* the same for floats */
        uint32_t bits = (uint32_t)(test_random() & 0x7FFFFFFF) >> (i % 3 == 0 ? 9 : 0);
        float value = test_float_of(bits);
        if (!isnan(value) && !isinf(value) && !isinf(test_float_of(bits + 1))) {
            double middle = ((double)value + (double)test_float_of(bits + 1)) / 2;
            snprintf(text, sizeof text, "%.300g", middle);
            check_against_library(text);
        }
    }
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    memcpy(text + 900, "123456789012345678901e910", 26);
    check_against_library(text);
    memcpy(text, "17", 2);
    memcpy(text + 900, "e-900", 6);
    check_against_library(text);
    check_against_library("1.7976931348623158e308");
    check_against_library("1.7976931348623159e308");
    check_against_library("1.797693134862315807e308");
    check_against_library("2.4703282292062327208e-324");
    check_against_library("2.4703282292062328e-324");
    check_against_library("9007199254740993");
    check_against_library("9007199254740992.99999999999999999999999999999999999");
    check_against_library("9007199254740993.00000000000000000000000000000000001");
    check_against_library("1152921504606846975.9999"); /* the first 19 digits plus one are a power of two */
}

static void random_texts_match_the_library(void)
{
    char text[200];
    for (uint64_t i = 0; i < test_volume(200000, 20000); i++) {
        size_t at = 0;
        size_t digits = 1 + test_random() % (i % 10 == 0 ? 60 : 22);
        size_t point = test_random() % (digits + 1);
        for (size_t d = 0; d < digits; d++) {
            if (d == point) {
                text[at++] = '.';
            }
            text[at++] = (char)('0' + test_random() % 10);
        }
        snprintf(text + at, sizeof text - at, "e%d", (int)(test_random() % 680) - 345);
        check_against_library(text);
    }
}

static void fixed_text_matches_the_library(void)
{
    static char got[RZ_TEXT_FIXED_SIZE + 1], want[400];
    for (int i = 0; i < 50000; i++) {
        double value = test_double_of(test_random());
        if (i % 2 == 0) {
            value = (double)(int64_t)test_random() / 1e13;
        }
        if (isnan(value)) {
            continue;
        }
        uint32_t digits = (uint32_t)(test_random() % 10);
        got[rz_text_write_fixed(value, digits, got)] = '\0';
        snprintf(want, sizeof want, "%.*f", (int)digits, value);
        CHECK_STR(got, want);
    }
    got[rz_text_write_fixed(0.0000005, 6, got)] = '\0';
    CHECK_STR(got, "0.000000");
    got[rz_text_write_fixed(127.3, 6, got)] = '\0';
    CHECK_STR(got, "127.300000");
    got[rz_text_write_fixed(-1.7976931348623157e308, 9, got)] = '\0';
    CHECK_EQ_U64(strlen(got), 1 + 309 + 1 + 9);
}

/* ---- the table ---- */

#define TEST_WORDS 64

static void test_big_mul(uint32_t *words, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < TEST_WORDS; i++) {
        carry += (uint64_t)words[i] * factor;
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    CHECK_EQ_U64(carry, 0);
}

static int test_big_bits(const uint32_t *words)
{
    for (int i = TEST_WORDS; i-- > 0;) {
        if (words[i] != 0) {
            return i * 32 + (int)rz_bit_width(words[i]);
        }
    }
    return 0;
}

static bool test_big_bit(const uint32_t *words, int bit)
{
    return bit >= 0 && (words[bit / 32] >> (bit % 32) & 1) != 0;
}

static void powers_of_ten_are_exact(void)
{
    uint32_t power[TEST_WORDS] = {1};
    for (int e = 0; e <= RZ_POW10_MAX; e++) { /* the top 128 bits of 10^e */
        int bits = test_big_bits(power);
        rz_uint128 want = 0;
        for (int i = 0; i < 128; i++) {
            want = want << 1 | test_big_bit(power, bits - 1 - i);
        }
        const uint64_t *entry = rz_pow10_significands[e - RZ_POW10_MIN];
        CHECK_EQ_U64(entry[0], (uint64_t)(want >> 64));
        CHECK_EQ_U64(entry[1], (uint64_t)want);
        test_big_mul(power, 10);
    }
    memset(power, 0, sizeof power);
    power[0] = 1;
    for (int e = -1; e >= RZ_POW10_MIN;
         e--) { /* 2^(127 + bits) / 10^-e, where 10^-e has `bits` bits: by long division */
        test_big_mul(power, 10);
        int bits = test_big_bits(power);
        uint32_t remainder[TEST_WORDS] = {0};
        rz_uint128 quotient = 0;
        for (int i = 127 + bits; i >= 0; i--) {
            uint32_t carry = i == 127 + bits; /* the dividend's only set bit */
            for (int w = 0; w < TEST_WORDS; w++) {
                uint32_t next = remainder[w] >> 31;
                remainder[w] = remainder[w] << 1 | carry;
                carry = next;
            }
            int order = 0;
            for (int w = TEST_WORDS; w-- > 0 && order == 0;) {
                order = (remainder[w] > power[w]) - (remainder[w] < power[w]);
            }
            if (order >= 0) {
                uint64_t borrow = 0;
                for (int w = 0; w < TEST_WORDS; w++) {
                    uint64_t part = (uint64_t)remainder[w] - power[w] - borrow;
                    remainder[w] = (uint32_t)part;
                    borrow = part >> 63;
                }
            }
            quotient = quotient << 1 | (order >= 0);
        }
        const uint64_t *entry = rz_pow10_significands[e - RZ_POW10_MIN];
        CHECK_EQ_U64(entry[0], (uint64_t)(quotient >> 64));
        CHECK_EQ_U64(entry[1], (uint64_t)quotient);
    }
}

int main(void)
{
    printf("seed %d\n", 42);
    RUN(layout_follows_the_dialect);
    RUN(reading_accepts_the_forms_of_the_dialect);
    RUN(random_doubles_round_trip);
    RUN(random_floats_round_trip);
    RUN(halves_round_to_even);
    RUN(random_texts_match_the_library);
    RUN(fixed_text_matches_the_library);
    RUN(powers_of_ten_are_exact);
    return CHECK_DONE();
}
