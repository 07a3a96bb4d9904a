/* SPDX-License-Identifier: MIT */
/*
 * Casts: which exist, what they give, error texts, kinds of vectors, selections, NULLs, try_cast.
 */
#include "types_text_fixture.h"

#include <math.h>

static void numbers(void)
{
    CHECK_CAST("INT64", "300", "UINT8", "Overflow exception: Value 300 is not within UINT8 range");
    CHECK_CAST("INT64", "255", "UINT8", "255");
    CHECK_CAST("INT64", "-1", "UINT64", "Overflow exception: Value -1 is not within UINT64 range");
    CHECK_CAST("UINT64", "9223372036854775808", "INT64",
               "Overflow exception: Value 9223372036854775808 is not within INT64 range");
    CHECK_CAST("UINT64", "18446744073709551615", "INT8",
               "Overflow exception: Value 18446744073709551615 is not within INT8 range");
    CHECK_CAST("INT128", "-200", "UINT64", "Overflow exception: Cast failed. Cannot cast -200 to unsigned type.");
    CHECK_CAST("INT128", "200", "INT8", "Overflow exception: Value 200 is not within INT8 range");
    CHECK_CAST("INT128", "170141183460469231731687303715884105727", "DOUBLE", "1.7014118346046923e38");
    CHECK_CAST("INT64", "9223372036854775807", "DOUBLE", "9223372036854776000.0");
    CHECK_CAST("INT64", "16777217", "FLOAT", "16777216.0");
    CHECK_CAST("DOUBLE", "1e300", "FLOAT", "inf");
    CHECK_CAST("SERIAL", "5", "INT8", "5");
    CHECK_CAST("DOUBLE", "1e30", "SERIAL",
               "Overflow exception: Value 1000000000000000019884624838656.000000 is not within INT64 range");
}

static void reals_round_to_even(void)
{
    static const char *const cases[][2] = {{"1.5", "2"},
                                           {"2.5", "2"},
                                           {"3.5", "4"},
                                           {"-0.5", "0"},
                                           {"-1.5", "-2"},
                                           {"0.49999999999999994", "0"},
                                           {"4503599627370495.5", "4503599627370496"},
                                           {"9007199254740993", "9007199254740992"},
                                           {"-9223372036854775808", "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_CAST("DOUBLE", cases[i][0], "INT64", cases[i][1]);
        CHECK_CAST("DOUBLE", cases[i][0], "INT128", cases[i][1]);
    }
    CHECK_CAST("FLOAT", "2.5", "INT8", "2");
    CHECK_CAST("DOUBLE", "127.4", "INT8", "127");
    CHECK_CAST("DOUBLE", "127.5", "INT8", "Overflow exception: Value 127.500000 is not within INT8 range");
    CHECK_CAST("DOUBLE", "-128.5", "INT8", "-128");
    CHECK_CAST("DOUBLE", "-0.4", "UINT8", "0");
    CHECK_CAST("DOUBLE", "-1.5", "UINT64", "Overflow exception: Value -1.500000 is not within UINT64 range");
    CHECK_CAST("DOUBLE", "9223372036854775808", "INT64",
               "Overflow exception: Value 9223372036854775808.000000 is not within INT64 range");
    CHECK_CAST("DOUBLE", "nan", "INT64", "Overflow exception: Value nan is not within INT64 range");
    CHECK_CAST("DOUBLE", "-inf", "INT128", "Overflow exception: Value -inf is not within INT128 range");
    CHECK_CAST("FLOAT", "1e20", "UINT64",
               "Overflow exception: Value 100000002004087734272.000000 is not within UINT64 range");
}

static void decimals(void)
{
    CHECK_CAST("DOUBLE", "127.3", "DECIMAL(4, 2)",
               "Overflow exception: To Decimal Cast Failed: 127.300000 is not in DECIMAL(4, 2) range");
    CHECK_CAST("INT64", "127", "DECIMAL(4, 2)",
               "Overflow exception: To Decimal Cast Failed: 127 is not in DECIMAL(4, 2) range");
    CHECK_CAST("DOUBLE", "nan", "DECIMAL(4, 2)",
               "Overflow exception: To Decimal Cast Failed: nan is not in DECIMAL(4, 2) range");
    CHECK_CAST("DOUBLE", "1.005", "DECIMAL(4, 2)", "1.00");
    CHECK_CAST("DOUBLE", "-1.125", "DECIMAL(4, 2)", "-1.13");
    CHECK_CAST("DOUBLE", "2.5", "DECIMAL(4, 0)", "3");
    CHECK_CAST(
        "INT128", "170141183460469231731687303715884105727", "DECIMAL(38, 2)",
        "Overflow exception: To Decimal Cast Failed: 170141183460469231731687303715884105727 is not in DECIMAL(38, 2) range");
    CHECK_CAST("UINT64", "18446744073709551615", "DECIMAL(38, 2)", "18446744073709551615.00");
    CHECK_CAST("DECIMAL(6, 3)", "-12.345", "DECIMAL(4, 2)", "-12.35");
    CHECK_CAST("DECIMAL(6, 3)", "12.344", "DECIMAL(4, 1)", "12.3");
    CHECK_CAST("DECIMAL(6, 3)", "99.995", "DECIMAL(4, 2)",
               "Overflow exception: Decimal Cast Failed: input 99.995 is not in range of DECIMAL(4, 2)");
    CHECK_CAST("DECIMAL(4, 1)", "12.5", "INT64", "13");
    CHECK_CAST("DECIMAL(4, 1)", "-12.5", "INT64", "-13");
    CHECK_CAST("DECIMAL(4, 1)", "-12.4", "INT128", "-12");
    CHECK_CAST("DECIMAL(4, 1)", "312.4", "INT8", "Overflow exception: Cast Failed: 312.4 is not in INT8 range");
    CHECK_CAST("DECIMAL(38, 2)", "123456789012345678901234567890.12", "DOUBLE", "1.2345678901234568e29");
    CHECK_CAST("DECIMAL(4, 1)", "312.4", "FLOAT", "312.4");
}

static void times(void)
{
    CHECK_CAST("DATE", "2020-01-02", "TIMESTAMP", "2020-01-02 00:00:00");
    CHECK_CAST("DATE", "2020-01-02", "TIMESTAMP_TZ", "2020-01-02 00:00:00+00");
    CHECK_CAST("DATE", "1960-01-02", "TIMESTAMP_SEC", "1960-01-02 00:00:00");
    CHECK_CAST("DATE", "2500-01-01", "TIMESTAMP_NS",
               "Overflow exception: Value 2500-01-01 is not within TIMESTAMP_NS range");
    CHECK_CAST("TIMESTAMP", "1960-01-01 23:59:59.999999", "DATE", "1960-01-01");
    CHECK_CAST("TIMESTAMP", "1960-01-01 23:59:59.999999", "TIMESTAMP_SEC", "1960-01-01 23:59:59");
    CHECK_CAST("TIMESTAMP", "2020-01-01 23:59:59.999999", "TIMESTAMP_MS", "2020-01-01 23:59:59.999");
    CHECK_CAST("TIMESTAMP_NS", "2020-01-01 23:59:59.999999999", "TIMESTAMP", "2020-01-01 23:59:59.999999");
    CHECK_CAST("TIMESTAMP", "2020-01-01 10:00:00", "TIMESTAMP_TZ", "2020-01-01 10:00:00+00");
}

static void text_both_ways(void)
{
    CHECK_CAST("INT64[]", "[1,null]", "STRING", "[1,]");
    CHECK_CAST("INT64", "-5", "STRING", "-5");
    CHECK_CAST("BLOB", "a\\x00", "STRING", "a\\x00");
    CHECK_CAST("UNION(a INT64, b STRING)", "abc", "STRING", "abc");
    CHECK_CAST("STRING", "[1, 2]", "INT64[2]", "[1,2]");
    CHECK_CAST("STRING", "abc", "INT64", "Conversion exception: Cast failed. Could not convert \"abc\" to INT64.");
    CHECK_CAST("STRING", "a text of more than twelve bytes", "STRING", "a text of more than twelve bytes");
}

static void nested(void)
{
    CHECK_CAST("INT64[]", "[1,null,3]", "DOUBLE[]", "[1.0,,3.0]");
    CHECK_CAST("INT64[][]", "[[1],null,[2,3]]", "INT8[][]", "[[1],,[2,3]]");
    CHECK_CAST("INT64[]", "[1,300]", "INT8[]", "Overflow exception: Value 300 is not within INT8 range");
    CHECK_CAST("INT64[]", "[1,2,3]", "INT32[3]", "[1,2,3]");
    CHECK_CAST("INT64[3]", "[1,2,3]", "STRING[]", "[1,2,3]");
    CHECK_CAST(
        "INT64[]", "[1,2]", "INT64[3]",
        "Conversion exception: Unsupported casting LIST with incorrect list entry to ARRAY. Expected: 3, Actual: 2.");
    CHECK_CAST("STRING[]", "[[1],[2]]", "INT64[][]", "[[1],[2]]");
    CHECK_CAST("STRUCT(a INT64, b STRING)", "{a: 1, b: 2}", "STRUCT(b INT64, a STRING)", "{b: 2, a: 1}");
    CHECK_CAST("STRUCT(a INT64)", "{a: 1}", "STRUCT(A DOUBLE, c STRING)", "{A: 1.0, c: }");
    CHECK_CAST(
        "STRUCT(a INT64)", "{a: 1}", "STRUCT(b INT64)",
        "Conversion exception: Cannot cast from STRUCT(a INT64) to STRUCT(b INT64), target type is missing field 'a'.");
    CHECK_CAST("MAP(INT64, STRING)", "{1=2, 3=4}", "MAP(STRING, INT64)", "{1=2, 3=4}");
    CHECK_CAST("MAP(STRING, STRUCT(a INT64[]))", "{x={a: [1]}}", "MAP(STRING, STRUCT(a DOUBLE[1]))", "{x={a: [1.0]}}");
}

static void unions(void)
{
    CHECK_CAST("INT64", "127", "UNION(a STRING, b INT64, c FLOAT)", "127");
    CHECK_CAST("INT64", "42", "UNION(a STRING, c FLOAT)", "42.0");
    CHECK_CAST("INT64", "42", "UNION(a STRING, b BOOL)", "42");
    CHECK_CAST("INT64[][]", "[[1,2],[3]]", "UNION(a FLOAT[])[]", "[[1.0,2.0],[3.0]]");
    CHECK_CAST("STRUCT(b INT64)", "{b: 1}", "UNION(s STRING, x BOOL, y STRUCT(b FLOAT))", "{b: 1.0}");
    CHECK_CAST("UNION(s STRING, b BOOL, x INT64)", "true", "UNION(x INT32, b BOOL, s STRING)", "true");
    CHECK_CAST("UNION(b BOOL, x INT64)", "7", "UNION(x DOUBLE, b STRING)", "7.0");
    CHECK_CAST("UNION(b BOOL, x INT64)", "t", "UNION(x DOUBLE, b STRING)", "True");
    CHECK_CAST(
        "INT64", "1", "UNION(a INT32, b INT16)",
        "Conversion exception: Cannot cast from INT64 to UNION(a INT32, b INT16), target type has no compatible field.");
    CHECK_CAST(
        "UNION(x INT64)", "1", "UNION(q INT64)",
        "Conversion exception: Cannot cast from UNION(x INT64) to UNION(q INT64), target type is missing field 'x'.");
    CHECK_CAST("UNION(q INT64)", "1", "UNION(q BOOL)",
               "Conversion exception: Unsupported casting function from INT64 to BOOL.");
    CHECK_CAST("UNION(a INT64)", "1", "INT64",
               "Conversion exception: Unsupported casting function from UNION(a INT64) to INT64.");
    CHECK_CAST("STRING", "abc", "UNION(a INT64, b DOUBLE)",
               "Conversion exception: Could not convert to union type UNION(a INT64, b DOUBLE): abc.");
}

static void casts_that_do_not_exist(void)
{
    CHECK_CAST("INT64", "1", "BOOL", "Conversion exception: Unsupported casting function from INT64 to BOOL.");
    CHECK_CAST("BOOL", "true", "INT64", "Conversion exception: Unsupported casting function from BOOL to INT64.");
    CHECK_CAST("DATE", "2020-01-01", "INT64", "Conversion exception: Unsupported casting function from DATE to INT64.");
    CHECK_CAST("INT64", "1", "INT64[]", "Conversion exception: Unsupported casting function from INT64 to LIST.");
    CHECK_CAST("INT64[]", "[1]", "INT64", "Conversion exception: Unsupported casting function from INT64[] to INT64.");
    CHECK_CAST("STRUCT(a INT64)", "{a: 1}", "MAP(STRING, INT64)",
               "Conversion exception: Unsupported casting function from STRUCT to MAP.");
    CHECK_CAST("INT64[]", "[1]", "BOOL[]", "Conversion exception: Unsupported casting function from INT64 to BOOL.");
    CHECK_CAST("UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "INT128",
               "Conversion exception: Unsupported casting function from UUID to INT128.");
    CHECK(!rz_cast_exists(RZ_INT64, rz_type_of(RUZU_TYPE_INTERNAL_ID)));
    CHECK(!rz_cast_exists(RZ_STRING, rz_type_of(RUZU_TYPE_INTERNAL_ID)));
    CHECK(rz_cast_exists(rz_type_of(RUZU_TYPE_INTERNAL_ID), RZ_STRING));
    CHECK(rz_cast_exists(RZ_ANY, text_type("STRUCT(a INT64)")));
    CHECK(rz_cast_exists(RZ_STRING, text_type("UNION(a INT64, b MAP(STRING, DATE))")));
}

static void failures_become_null(void)
{
    CHECK_STR(text_cast_as("STRING", "abc", "INT64", true), "NULL");
    CHECK_STR(text_cast_as("STRING", "12", "INT64", true), "12");
    CHECK_STR(text_cast_as("INT64", "300", "UINT8", true), "NULL");
    CHECK_STR(text_cast_as("INT64", "127", "DECIMAL(4, 2)", true), "NULL");
    CHECK_STR(text_cast_as("DATE", "2500-01-01", "TIMESTAMP_NS", true), "NULL");
    CHECK_STR(text_cast_as("INT64[]", "[1,300]", "INT8[]", true), "NULL");
    CHECK_STR(text_cast_as("INT64[]", "[1,30]", "INT8[]", true), "[1,30]");
    CHECK_STR(text_cast_as("STRUCT(a STRING)", "{a: x}", "STRUCT(a INT64)", true), "NULL");
    CHECK_STR(text_cast_as("STRING", "{a: x}", "STRUCT(a INT64)", true), "NULL");
}

/* Every pair of integer and real types against plain C on random values, with NULLs, selections and dictionaries. */
#define TEST_ROWS 200u

static const char *const test_numeric_types[] = {"INT8",   "INT16",  "INT32",  "INT64", "INT128", "UINT8",
                                                 "UINT16", "UINT32", "UINT64", "FLOAT", "DOUBLE"};

static uint64_t test_random_state = 7;

static uint64_t test_random(void)
{
    test_random_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(test_random_state);
}

static void test_fill(rz_vec *vec)
{
    for (uint32_t row = 0; row < TEST_ROWS; row++) {
        uint64_t bits = test_random() >> (test_random() % 64);
        uint64_t high = test_random() % 4 == 0 ? test_random() : bits >> 63 != 0 ? UINT64_MAX : 0;
        switch ((int)vec->type->physical) {
        case RZ_PHYS_FLOAT: ((float *)vec->data)[row] = (float)(int64_t)bits / 2; break;
        case RZ_PHYS_DOUBLE: ((double *)vec->data)[row] = (double)(int64_t)bits / 4; break;
        default:
            memcpy((char *)vec->data + row * rz_type_size(vec->type), &bits,
                   rz_type_size(vec->type) < 8 ? rz_type_size(vec->type) : 8);
            if (vec->type->physical == RZ_PHYS_INT128) {
                memcpy((char *)vec->data + row * 16 + 8, &high, 8);
            }
        }
        if (test_random() % 8 == 0) {
            rz_vec_set_null(vec, row);
        }
    }
}

/* The value as text, as wide as possible: what a cast keeps must show the same (integers) or be the nearest (reals). */
static bool test_expect(const rz_vec *in, uint32_t row, const rz_type *to, char *out)
{
    text_outcome outcome;
    text_outcome_of(&outcome, in, row);
    double real = 0;
    rz_int128 whole = 0;
    bool from_real = in->type->id == RUZU_TYPE_FLOAT || in->type->id == RUZU_TYPE_DOUBLE;
    if (from_real) {
        real =
            in->type->id == RUZU_TYPE_FLOAT ? (double)((const float *)in->data)[row] : ((const double *)in->data)[row];
        real = nearbyint(real);
        if (!(fabs(real) < 1e38)) {
            return false;
        }
        whole = (rz_int128)real;
    } else {
        CHECK(rz_text_parse_int128(outcome.text, strlen(outcome.text), &whole));
    }
    rz_int128 low = 0, high = 0;
    switch ((int)to->physical) {
    case RZ_PHYS_INT8: low = INT8_MIN, high = INT8_MAX; break;
    case RZ_PHYS_INT16: low = INT16_MIN, high = INT16_MAX; break;
    case RZ_PHYS_INT32: low = INT32_MIN, high = INT32_MAX; break;
    case RZ_PHYS_INT64: low = INT64_MIN, high = INT64_MAX; break;
    case RZ_PHYS_UINT8: high = UINT8_MAX; break;
    case RZ_PHYS_UINT16: high = UINT16_MAX; break;
    case RZ_PHYS_UINT32: high = UINT32_MAX; break;
    case RZ_PHYS_UINT64: high = UINT64_MAX; break;
    default: low = -((rz_int128)1 << 126) * 2, high = -(low + 1); break;
    }
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_text_append_int128(whole, &text);
    snprintf(out, 64, "%s", rz_str_text(&text));
    rz_str_free(&text);
    return whole >= low && whole <= high;
}

static void check_pair(const char *from, const char *to)
{
    rz_error err;
    rz_error_init(&err);
    rz_vec *in = text_vec(from, TEST_ROWS);
    rz_vec *dictionary = NULL;
    test_fill(in);
    uint32_t index[TEST_ROWS], rows[TEST_ROWS], count = 0;
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        index[i] = (uint32_t)(test_random() % TEST_ROWS);
        if (test_random() % 3 != 0) {
            rows[count++] = i;
        }
    }
    CHECK(rz_vec_create_empty(&text_arena, &text_arena, in->type, &dictionary, &err) == RUZU_OK);
    CHECK(rz_vec_slice(dictionary, in, index, TEST_ROWS, &err) == RUZU_OK);
    const rz_sel sels[2] = {{NULL, TEST_ROWS}, {rows, count}};
    const rz_vec *ins[2] = {in, dictionary};
    for (int k = 0; k < 4; k++) {
        const rz_vec *source = ins[k / 2];
        const rz_sel *sel = &sels[k % 2];
        rz_vec *out = text_vec(to, TEST_ROWS);
        bool to_real = out->type->id == RUZU_TYPE_FLOAT || out->type->id == RUZU_TYPE_DOUBLE;
        CHECK(rz_cast(source, sel, true, out, &err) == RUZU_OK);
        bool any_failed = false;
        for (uint32_t i = 0; i < sel->count && !to_real; i++) {
            uint32_t row = rz_sel_at(sel, i);
            char want[64] = "NULL";
            text_outcome got;
            if (!rz_vec_is_null(source, row)) {
                bool fits =
                    source == in ? test_expect(in, row, out->type, want) : test_expect(in, index[row], out->type, want);
                any_failed = any_failed || !fits;
                if (!fits) {
                    snprintf(want, sizeof want, "NULL");
                }
            }
            text_outcome_of(&got, out, row);
            if (strcmp(got.text, want) != 0) {
                fprintf(stderr, "%s to %s\n", from, to);
            }
            CHECK_STR(got.text, want);
        }
        rz_error_init(&err);
        CHECK(to_real || rz_cast(source, sel, false, out, &err) == (any_failed ? RUZU_ERROR_OVERFLOW : RUZU_OK));
        rz_error_init(&err);
    }
}

static void all_numeric_pairs(void)
{
    for (size_t i = 0; i < sizeof test_numeric_types / sizeof test_numeric_types[0]; i++) {
        for (size_t j = 0; j < sizeof test_numeric_types / sizeof test_numeric_types[0]; j++) {
            if (i != j) {
                check_pair(test_numeric_types[i], test_numeric_types[j]);
            }
        }
    }
}

static void kinds_of_vectors(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_sel five = {NULL, 5};
    rz_vec *sequence = text_vec("INT64", 5);
    rz_vec *out = text_vec("DOUBLE", 5);
    rz_vec *text = text_vec("STRING", 5);
    text_outcome outcome;
    rz_vec_set_sequence(sequence, 10, -3);
    CHECK(rz_cast(sequence, &five, false, out, &err) == RUZU_OK);
    text_outcome_of(&outcome, out, 4);
    CHECK_STR(outcome.text, "-2.0");
    CHECK(rz_cast(sequence, &five, false, text, &err) == RUZU_OK);
    text_outcome_of(&outcome, text, 1);
    CHECK_STR(outcome.text, "7");
    text_outcome_of(&outcome, sequence, 3);
    CHECK_STR(outcome.text, "1");

    rz_vec *constant = text_vec("STRING", 1);
    rz_vec *structs = text_vec("STRUCT(a INT64[], b STRING)", 5);
    rz_vec_set_constant(constant);
    CHECK(rz_vec_set_string(constant, 0, "{a: [1, 2], b: a text of some length}", 37, &err) == RUZU_OK);
    uint32_t rows[2] = {1, 3};
    rz_sel two = {rows, 2};
    CHECK(rz_cast(constant, &two, false, structs, &err) == RUZU_OK);
    for (int i = 0; i < 2; i++) {
        text_outcome_of(&outcome, structs, rows[i]);
        CHECK_STR(outcome.text, "{a: [1,2], b: a text of some length}");
    }
    rz_vec_set_all_null(constant);
    CHECK(rz_cast(constant, &five, false, structs, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(structs, 0) && rz_vec_is_null(structs, 4) && rz_vec_is_null(structs->children[1], 3));

    rz_vec *untyped = NULL;
    CHECK(rz_vec_create(&text_arena, &text_arena, RZ_ANY, 5, &untyped, &err) == RUZU_OK);
    rz_vec_set_all_null(untyped);
    CHECK(rz_cast(untyped, &five, false, out, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(out, 0) && rz_vec_is_null(out, 4));
}

/* Lists, structs and unions through a dictionary with repetitions, into a vector that holds elements already. */
static void nested_through_dictionaries(void)
{
    static const char *const texts[] = {"{l: [1, 2], u: true}", "{l: [], u: 5}", "{u: x}", "{l: [null, 300], u: null}"};
    rz_error err;
    rz_error_init(&err);
    rz_vec *in = text_vec("STRUCT(l INT64[], u UNION(b BOOL, i INT64, s STRING))", 5);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(rz_text_parse(texts[i], strlen(texts[i]), NULL, in, i, &err) == RUZU_OK);
    }
    rz_vec_set_null(in, 4);
    static const uint32_t index[6] = {3, 0, 4, 0, 2, 1};
    static const char *const want[6] = {"{u: , l: [,300.0], n: }",
                                        "{u: True, l: [1.0,2.0], n: }",
                                        "NULL",
                                        "{u: True, l: [1.0,2.0], n: }",
                                        "{u: x, l: , n: }",
                                        "{u: 5, l: [], n: }"};
    rz_vec *dictionary = NULL;
    CHECK(rz_vec_create_empty(&text_arena, &text_arena, in->type, &dictionary, &err) == RUZU_OK);
    CHECK(rz_vec_slice(dictionary, in, index, 6, &err) == RUZU_OK);
    rz_vec *out = text_vec("STRUCT(u UNION(i STRING, s STRING, b STRING), l DOUBLE[], n DATE)", 6);
    rz_sel six = {NULL, 6};
    for (int round = 0; round < 2; round++) {
        CHECK(rz_cast(dictionary, &six, round == 1, out, &err) == RUZU_OK);
        for (uint32_t i = 0; i < 6; i++) {
            text_outcome outcome;
            text_outcome_of(&outcome, out, i);
            CHECK_STR(outcome.text, want[i]);
        }
    }
}

static void boxed_values(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_vec *vec = text_vec("INT64[]", 1);
    rz_value value, cast, null_value = {.type = RZ_ANY, .is_null = true};
    CHECK(rz_text_parse("[1,null]", 8, NULL, vec, 0, &err) == RUZU_OK);
    CHECK(rz_value_from_vec(vec, 0, &text_arena, &value, &err) == RUZU_OK);
    CHECK(rz_value_cast(&value, text_type("DECIMAL(4, 1)[2]"), &text_arena, &cast, &err) == RUZU_OK);
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_text_append_value(&cast, &text);
    CHECK_STR(rz_str_text(&text), "[1.0,]");
    rz_str_free(&text);
    CHECK(rz_value_cast(&null_value, RZ_DOUBLE, &text_arena, &cast, &err) == RUZU_OK);
    CHECK(cast.is_null && cast.type->id == RUZU_TYPE_DOUBLE);
    CHECK(rz_value_cast(&value, RZ_INT64, &text_arena, &cast, &err) == RUZU_ERROR_CONVERSION);
}

/* Refuses allocation number `left`. */
static bool fail_nth(void *user, size_t size)
{
    int *left = (int *)user;
    (void)size;
    return (*left)-- == 0;
}

static void refused_memory_is_reported(void)
{
    static const char *const cases[][3] = {
        {"INT64[]", "[1,2]", "STRING[]"},
        {"STRUCT(a INT64[])", "{a: [1]}", "STRUCT(a DOUBLE[])"},
        {"MAP(STRING, INT64)", "{a=1}", "STRING"},
        {"UNION(a INT64, b STRING)", "abc", "UNION(b STRING, a DOUBLE)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int try_cast = 0; try_cast < 2; try_cast++) {
            bool done = false;
            for (int n = 0; n < 80 && !done; n++) {
                rz_arena arena;
                rz_arena_init(&arena, rz_mem_root());
                rz_error err;
                rz_error_init(&err);
                rz_vec *in = text_vec(cases[i][0], 1), *out = NULL;
                const rz_type *to = text_type(cases[i][2]);
                rz_sel one = {NULL, 1};
                CHECK(rz_text_parse(cases[i][1], strlen(cases[i][1]), NULL, in, 0, &err) == RUZU_OK);
                int left = n;
                rz_mem_set_test_hook(fail_nth, &left);
                ruzu_status status = rz_vec_create(&arena, &arena, to, 1, &out, &err);
                if (status == RUZU_OK) {
                    status = rz_cast(in, &one, try_cast != 0, out, &err);
                }
                rz_mem_set_test_hook(NULL, NULL);
                done = left >= 0;
                CHECK(status == (done ? RUZU_OK : RUZU_ERROR_NO_MEMORY));
                CHECK(status == RUZU_OK || err.code == RUZU_ERROR_NO_MEMORY);
                rz_arena_free(&arena);
            }
            CHECK(done);
        }
    }
}

int main(void)
{
    rz_arena_init(&text_arena, rz_mem_root());
    RUN(numbers);
    RUN(reals_round_to_even);
    RUN(decimals);
    RUN(times);
    RUN(text_both_ways);
    RUN(nested);
    RUN(unions);
    RUN(casts_that_do_not_exist);
    RUN(failures_become_null);
    RUN(all_numeric_pairs);
    RUN(kinds_of_vectors);
    RUN(nested_through_dictionaries);
    RUN(boxed_values);
    RUN(refused_memory_is_reported);
    rz_arena_free(&text_arena);
    return CHECK_DONE();
}
