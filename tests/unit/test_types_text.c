/* SPDX-License-Identifier: MIT */
/*
 * Text of values both ways: accepted spellings, renderings, error texts; nested values, unbraced lists.
 */
#include "types_text_fixture.h"

static void integers(void)
{
    CHECK_READ("INT64", " 12 ", "12");
    CHECK_READ("INT64", "+12", "12");
    CHECK_READ("INT64", "-9223372036854775808", "-9223372036854775808");
    CHECK_READ("INT64", "9223372036854775807", "9223372036854775807");
    CHECK_READ("INT64", "00000000000000000000000000001", "1");
    CHECK_READ("INT64", "9223372036854775808",
               "Conversion exception: Cast failed. Could not convert \"9223372036854775808\" to INT64.");
    CHECK_READ("INT64", " x", "Conversion exception: Cast failed. Could not convert \" x\" to INT64.");
    CHECK_READ("INT64", "", "Conversion exception: Cast failed. Could not convert \"\" to INT64.");
    CHECK_READ("INT64", "-", "Conversion exception: Cast failed. Could not convert \"-\" to INT64.");
    CHECK_READ("INT64", "1.5", "Conversion exception: Cast failed. Could not convert \"1.5\" to INT64.");
    CHECK_READ("INT64", "1e5", "Conversion exception: Cast failed. Could not convert \"1e5\" to INT64.");
    CHECK_READ("INT32", "-2147483648", "-2147483648");
    CHECK_READ("INT32", "2147483648", "Conversion exception: Cast failed. Could not convert \"2147483648\" to INT32.");
    CHECK_READ("INT16", "-32768", "-32768");
    CHECK_READ("INT8", "-128", "-128");
    CHECK_READ("INT8", "128", "Conversion exception: Cast failed. Could not convert \"128\" to INT8.");
    CHECK_READ("UINT8", "255", "255");
    CHECK_READ("UINT8", "-0", "0");
    CHECK_READ("UINT8", "-5", "Conversion exception: Cast failed. Could not convert \"-5\" to UINT8.");
    CHECK_READ("UINT16", "65535", "65535");
    CHECK_READ("UINT32", "4294967295", "4294967295");
    CHECK_READ("UINT64", "18446744073709551615", "18446744073709551615");
    CHECK_READ("UINT64", "18446744073709551616",
               "Conversion exception: Cast failed. Could not convert \"18446744073709551616\" to UINT64.");
    CHECK_READ("SERIAL", "x", "Conversion exception: Cast failed. Could not convert \"x\" to INT64.");
}

static void int128(void)
{
    CHECK_READ("INT128", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727");
    CHECK_READ("INT128", "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728");
    CHECK_READ(
        "INT128", "170141183460469231731687303715884105728",
        "Conversion exception: Cast failed. 170141183460469231731687303715884105728 is not within INT128 range.");
    CHECK_READ("INT128", "x", "Conversion exception: Cast failed. x is not within INT128 range.");
    for (uint32_t exponent = 0; exponent <= 38; exponent++) { /* borders between the parts of the writer */
        rz_int128 powers[3] = {rz_pow10_i128(exponent) - 1, rz_pow10_i128(exponent), -rz_pow10_i128(exponent)};
        for (int i = 0; i < 3; i++) {
            rz_str text;
            rz_int128 back = 0;
            rz_str_init(&text, rz_mem_root());
            rz_text_append_int128(powers[i], &text);
            CHECK_EQ_U64(text.length, i == 0 ? (exponent == 0 ? 1 : exponent) : exponent + 1 + (i == 2));
            CHECK(rz_text_parse_int128(rz_str_text(&text), text.length, &back) && back == powers[i]);
            rz_str_free(&text);
        }
    }
}

static void other_numbers(void)
{
    CHECK_READ("DOUBLE", " 1.5 ", "1.5");
    CHECK_READ("DOUBLE", "1e400", "inf");
    CHECK_READ("DOUBLE", "abc", "Conversion exception: Cast failed. abc is not in DOUBLE range.");
    CHECK_READ("FLOAT", "0.1", "0.1");
    CHECK_READ("FLOAT", " ", "Conversion exception: Cast failed.   is not in FLOAT range.");
    CHECK_READ("DECIMAL(3, 1)", "1.25", "1.3");
    CHECK_READ("DECIMAL(3, 1)", "-1.25", "-1.3");
    CHECK_READ("DECIMAL(5, 2)", " 1.2 ", "1.20");
    CHECK_READ("DECIMAL(3, 2)", "-0.05", "-0.05");
    CHECK_READ("DECIMAL(3, 2)", "-0.004", "0.00");
    CHECK_READ("DECIMAL(3, 2)", "1.99500", "2.00");
    CHECK_READ("DECIMAL(3, 2)", "9.995", "Conversion exception: Cast failed. 9.995 is not in DECIMAL(3, 2) range.");
    CHECK_READ("DECIMAL(3, 1)", "123", "Conversion exception: Cast failed. 123 is not in DECIMAL(3, 1) range.");
    CHECK_READ("DECIMAL(3, 1)", "1e1", "Conversion exception: Cast failed. 1e1 is not in DECIMAL(3, 1) range.");
    CHECK_READ("DECIMAL(3, 1)", ".", "Conversion exception: Cast failed. . is not in DECIMAL(3, 1) range.");
    CHECK_READ("DECIMAL(10, 1)", ".5", "0.5");
    CHECK_READ("DECIMAL(10, 1)", "5.", "5.0");
    CHECK_READ("DECIMAL(4, 0)", "0009999", "9999");
    CHECK_READ("DECIMAL(38, 0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999");
    CHECK_READ(
        "DECIMAL(38, 0)", "100000000000000000000000000000000000000",
        "Conversion exception: Cast failed. 100000000000000000000000000000000000000 is not in DECIMAL(38, 0) range.");
    CHECK_READ("DECIMAL(38, 38)", "-0.00000000000000000000000000000000000001",
               "-0.00000000000000000000000000000000000001");
    CHECK_READ(
        "DECIMAL(38, 38)", "0.999999999999999999999999999999999999999",
        "Conversion exception: Cast failed. 0.999999999999999999999999999999999999999 is not in DECIMAL(38, 38) range.");
}

static void booleans(void)
{
    CHECK_READ("BOOL", " true ", "True");
    CHECK_READ("BOOL", "T", "True");
    CHECK_READ("BOOL", "1", "True");
    CHECK_READ("BOOL", "FALSE", "False");
    CHECK_READ("BOOL", "f", "False");
    CHECK_READ("BOOL", "0", "False");
    CHECK_READ("BOOL", "yes", "Conversion exception: Value yes is not a valid boolean");
    CHECK_READ("BOOL", "", "Conversion exception: Value  is not a valid boolean");
}

static void bytes(void)
{
    CHECK_READ("BLOB", "\\xbCa\\x00~ ", "\\xBCa\\x00~ ");
    CHECK_READ("BLOB", "ab\"'", "ab\\x22\\x27");
    CHECK_READ("BLOB", "\\xG0",
               "Conversion exception: Invalid hex escape code encountered in string -> blob conversion: \\xG0");
    CHECK_READ(
        "BLOB", "\\x0",
        "Conversion exception: Invalid hex escape code encountered in string -> blob conversion: unterminated escape "
        "code at end of string");
    CHECK_READ(
        "BLOB", "\xC3\xA9",
        "Conversion exception: Invalid byte encountered in STRING -> BLOB conversion. All non-ascii characters must be "
        "escaped with hex codes (e.g. \\xAA)");
    CHECK_READ("BLOB", "", "");
    CHECK_READ("BLOB", "a long text of more than sixty-four bytes, so that it is read by way of the heap\\xFF",
               "a long text of more than sixty-four bytes, so that it is read by way of the heap\\xFF");
    CHECK_READ("UUID", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    CHECK_READ("UUID", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    CHECK_READ("UUID", "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000");
    CHECK_READ("UUID", "ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff");
    CHECK_READ("UUID", "a0ee", "Conversion exception: Invalid UUID: a0ee");
    CHECK_READ("UUID", "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
               "Conversion exception: Invalid UUID: {a0eebc999c0b4ef8bb6d6bb9bd380a11");
    rz_vec *vec = text_vec("UUID", 2); /* ordered as their texts */
    CHECK(rz_text_parse("7fffffffffffffffffffffffffffffff", 32, NULL, vec, 0, NULL) == RUZU_OK);
    CHECK(rz_text_parse("80000000000000000000000000000000", 32, NULL, vec, 1, NULL) == RUZU_OK);
    CHECK(rz_vec_compare(vec, 0, vec, 1) < 0);
    CHECK_READ("STRING", " as it is\t", " as it is\t");
}

static void lists(void)
{
    CHECK_READ("INT64[]", "[1,2]", "[1,2]");
    CHECK_READ("INT64[]", " [ 1 , 2 ] ", "[1,2]");
    CHECK_READ("INT64[]", "[]", "[]");
    CHECK_READ("INT64[]", "[ ]", "[]");
    CHECK_READ("INT64[]", "[,null,NuLL,1,]", "[,,,1,]");
    CHECK_READ("INT64[][]", "[[1,null],[],null]", "[[1,],[],]");
    CHECK_READ("STRING[]", "[a b, \"c, d\", 'e] f', g\"h, null]", "[a b,\"c, d\",'e] f',g\"h,null]");
    CHECK_READ("STRING[]", "[x', ,',6]", "[x',,',6]");
    CHECK_READ("STRING[]", "[a,{b,c},[d,e]]", "[a,{b,c},[d,e]]");
    CHECK_READ("STRING[][]", "[[it's],[a]]", "[[it's],[a]]");
    CHECK_READ("INT64[]", "[1] x", "Conversion exception: Cast failed. [1] x is not in INT64[] range.");
    CHECK_READ("INT64[]", "1", "Conversion exception: Cast failed. 1 is not in INT64[] range.");
    CHECK_READ("INT64[]", "[1", "Conversion exception: Cast failed. [1 is not in INT64[] range.");
    CHECK_READ("INT64[]", "", "Conversion exception: Cast failed.  is not in INT64[] range.");
    CHECK_READ("INT64[]", "[a]", "Conversion exception: Cast failed. Could not convert \"a\" to INT64.");
    CHECK_READ("STRING[][]", "[[a]", "Conversion exception: Cast failed. [[a] is not in STRING[][] range.");
    CHECK_READ("INT64[2]", "[1,2]", "[1,2]");
    CHECK_READ("INT64[3]", "[1,2]",
               "Conversion exception: Each array should have fixed number of elements. Expected: 3, Actual: 2.");
    CHECK_READ("INT64[3]", "x",
               "Conversion exception: Each array should have fixed number of elements. Expected: 3, Actual: 0.");
    rz_vec *vec = text_vec("STRING[]", 1); /* empty is NULL, quoted empty is not, nor is null */
    CHECK(rz_text_parse("[,\"\",null]", 10, NULL, vec, 0, NULL) == RUZU_OK);
    CHECK(rz_vec_is_null(vec->children[0], 0) && !rz_vec_is_null(vec->children[0], 1) &&
          !rz_vec_is_null(vec->children[0], 2));
}

static const char *read_unbraced(const char *type, const char *text)
{
    static text_outcome outcome;
    rz_text_options options = {.list_unbraced = true, .delimiter = ';'};
    rz_error err;
    rz_error_init(&err);
    rz_vec *vec = text_vec(type, 1);
    if (rz_text_parse(text, strlen(text), &options, vec, 0, &err) != RUZU_OK) {
        text_outcome_set(&outcome, err.message);
    } else {
        text_outcome_of(&outcome, vec, 0);
    }
    return outcome.text;
}

static void unbraced_lists(void)
{
    CHECK_STR(read_unbraced("INT64[]", "1;2;3"), "[1,2,3]");
    CHECK_STR(read_unbraced("INT64[]", "[1;2;3]"), "[1,2,3]");
    CHECK_STR(read_unbraced("DOUBLE[]", ";;"), "[,,]");
    CHECK_STR(read_unbraced("DOUBLE[]", ";1.0"), "[,1.0]");
    CHECK_STR(read_unbraced("INT64[]", "5"), "[5]");
    CHECK_STR(read_unbraced("INT64[]", "[]"), "[]");
    CHECK_STR(read_unbraced("INT64[]", "[1,2]"),
              "Conversion exception: Cast failed. Could not convert \"1,2\" to INT64.");
    CHECK_STR(read_unbraced("STRING[][]", "[a,b,c];1;[k;u]"), "[[a,b,c],[1],[k,u]]");
    CHECK_STR(read_unbraced("STRING[][]", "[[x;y];z]"), "[[x,y],[z]]");
    CHECK_STR(read_unbraced("MAP(STRING, INT64)[]", "{a=1,b=2,c=3};;{}"), "[{a=1, b=2, c=3},,{}]");
}

static void structs(void)
{
    CHECK_READ("STRUCT(a INT64, b STRING)", "{a: 1, b: x}", "{a: 1, b: x}");
    CHECK_READ("STRUCT(a INT64, b STRING)", " { B : x y , 'a':'1' } ", "{a: 1, b: x y}");
    CHECK_READ("STRUCT(a INT64, b STRING)", "{}", "{a: , b: }");
    CHECK_READ("STRUCT(a INT64, b STRING)", "{a: null, b: null}", "{a: , b: null}");
    CHECK_READ("STRUCT(a INT64, b STRING)", "{a: 1, a: 2}", "{a: 2, b: }");
    CHECK_READ("STRUCT(b STRING)", "{b: x:y}", "{b: x:y}");
    CHECK_READ("STRUCT(b STRING)", "{b: 'x,y}'}", "{b: x,y}}");
    CHECK_READ("STRUCT(b STRING)", "{b: ' , , ' z}", "{b: ' , , ' z}");
    CHECK_READ("STRUCT(b STRING, a INT64)", "{b: it's, a: 1}", "{b: it's, a: 1}");
    CHECK_READ("STRUCT(a STRUCT(b STRUCT(c INT64[])))", "{a:{b:{c:[1, null]}}}", "{a: {b: {c: [1,]}}}");
    CHECK_READ("STRUCT(a STRUCT(b INT64))", "{a:}", "{a: }");
    CHECK_READ("STRUCT(a INT64)", "{c: 1}", "Parser exception: Invalid struct field name: c");
    CHECK_READ("STRUCT(a INT64)", "{a 1}", "Conversion exception: Cast failed. {a 1} is not in STRUCT(a INT64) range.");
    CHECK_READ("STRUCT(a INT64)", "{a: 1,}",
               "Conversion exception: Cast failed. {a: 1,} is not in STRUCT(a INT64) range.");
    CHECK_READ("STRUCT(a INT64)", "{a: 1", "Conversion exception: Cast failed. {a: 1 is not in STRUCT(a INT64) range.");
    CHECK_READ("STRUCT(a INT64)", "{a: 1} x",
               "Conversion exception: Cast failed. {a: 1} x is not in STRUCT(a INT64) range.");
    CHECK_READ("STRUCT(a INT64)", "x", "Conversion exception: Cast failed. x is not in STRUCT(a INT64) range.");
}

static void maps(void)
{
    CHECK_READ("MAP(STRING, INT64)", "{ a = 1 , b=2}", "{a=1, b=2}");
    CHECK_READ("MAP(STRING, INT64)", "{}", "{}");
    CHECK_READ("MAP(STRING, INT64)", "{a=, b=null}", "{a=, b=}");
    CHECK_READ("MAP(STRING, STRING)", "{'a,b'='c}', d=e=f}", "{'a,b'='c}', d=e=f}");
    CHECK_READ("MAP(INT32[], STRUCT(c STRING))", "{[432,24]={c: okay}, [-0]={c: good}}",
               "{[432,24]={c: okay}, [0]={c: good}}");
    CHECK_READ("MAP(STRING, INT64)", "{a=1, a=2}", "Conversion exception: Map does not allow duplicate keys.");
    CHECK_READ("MAP(STRING, INT64)", "{=1}", "Conversion exception: Map does not allow null as key.");
    CHECK_READ("MAP(INT64, INT64)", "{null=1}", "Conversion exception: Map does not allow null as key.");
    CHECK_READ("MAP(STRING, INT64)", "{a}",
               "Conversion exception: Cast failed. {a} is not in MAP(STRING, INT64) range.");
    CHECK_READ("MAP(STRING, INT64)", "{a=1,}",
               "Conversion exception: Cast failed. {a=1,} is not in MAP(STRING, INT64) range.");
    CHECK_READ(
        "MAP(INT64, INT64)",
        "{1=1,2=2,3=3,4=4,5=5,6=6,7=7,8=8,9=9,10=10,11=11,12=12,13=13,14=14,15=15,16=16,17=17,18=18}",
        "{1=1, 2=2, 3=3, 4=4, 5=5, 6=6, 7=7, 8=8, 9=9, 10=10, 11=11, 12=12, 13=13, 14=14, 15=15, 16=16, 17=17, 18=18}");
    CHECK_READ("MAP(INT64, INT64)", "{1=,2=,3=,4=,5=,6=,7=,8=,9=,10=,11=,12=,13=,14=,15=,16=,17=,18=,9=}",
               "Conversion exception: Map does not allow duplicate keys.");
    rz_vec *vec = text_vec("MAP(STRING, STRING)", 1);
    CHECK(rz_text_parse("{a=}", 4, NULL, vec, 0, NULL) == RUZU_OK);
    CHECK(!rz_vec_is_null(vec->children[0]->children[1], 0)); /* the empty text, not NULL */
}

static void unions(void)
{
    CHECK_READ("UNION(a INT64, b BOOL)", " true ", "True");
    CHECK_READ("UNION(a UINT8, b DATE, c DOUBLE)", "256", "256.0");
    CHECK_READ("UNION(a UINT8, b DATE, c DOUBLE)", "2020-1-1", "2020-01-01");
    CHECK_READ("UNION(a INT64, b STRING)", "007", "007");
    CHECK_READ("UNION(a INT64, b STRING)", "", "");
    CHECK_READ("UNION(a INT64[], b STRING)", "[1, 2", "[1, 2");
    CHECK_READ("UNION(a BLOB, b INT64)", "5", "5");
    CHECK_READ("UNION(a BOOL, b INT64)[]", "[1,null,x]",
               "Conversion exception: Could not convert to union type UNION(a BOOL, b INT64): x.");
    CHECK_READ("UNION(a INT64, b STRING)[]", "[1,null,x]", "[1,,x]");
}

static void numbers_as_kuzu_spells_them(void)
{
    rz_text_options options = {.list_unbraced = false, .delimiter = ',', .kuzu_numbers = true};
    rz_vec *vec = text_vec("INT64", 1);
    rz_vec *real = text_vec("DOUBLE", 1);
    CHECK(rz_text_parse("007", 3, &options, vec, 0, NULL) == RUZU_ERROR_CONVERSION);
    CHECK(rz_text_parse("+7", 2, &options, vec, 0, NULL) == RUZU_ERROR_CONVERSION);
    CHECK(rz_text_parse("-07", 3, &options, vec, 0, NULL) == RUZU_OK);
    CHECK(rz_text_parse("0", 1, &options, vec, 0, NULL) == RUZU_OK);
    CHECK(rz_text_parse("01.5", 4, &options, real, 0, NULL) == RUZU_ERROR_CONVERSION);
    CHECK(rz_text_parse("0.5", 3, &options, real, 0, NULL) == RUZU_OK);
}

/* Rows of a vector that others have left NULL become valid, and the other way round. */
static void rows_become_valid(void)
{
    rz_vec *vec = text_vec("STRUCT(a INT64, b STRING[])", 4);
    for (uint32_t row = 0; row < 4; row++) {
        rz_vec_set_null(vec, row);
    }
    CHECK(rz_text_parse("{b: [x, y]}", 11, NULL, vec, 2, NULL) == RUZU_OK);
    text_outcome outcome;
    text_outcome_of(&outcome, vec, 2);
    CHECK_STR(outcome.text, "{a: , b: [x,y]}");
    CHECK(rz_vec_is_null(vec, 1) && rz_vec_is_null(vec, 3));
}

static void graph_values(void)
{
    rz_type_field node_fields[] = {
        {"_ID", rz_type_of(RUZU_TYPE_INTERNAL_ID)}, {"_LABEL", RZ_STRING}, {"name", RZ_STRING}, {"age", RZ_INT64}};
    rz_type_field rel_fields[] = {{"_SRC", rz_type_of(RUZU_TYPE_INTERNAL_ID)},
                                  {"_DST", rz_type_of(RUZU_TYPE_INTERNAL_ID)},
                                  {"_LABEL", RZ_STRING},
                                  {"_ID", rz_type_of(RUZU_TYPE_INTERNAL_ID)},
                                  {"since", RZ_INT64}};
    const rz_type *node = rz_type_graph_value(&text_arena, RUZU_TYPE_NODE, node_fields, 4);
    const rz_type *rel = rz_type_graph_value(&text_arena, RUZU_TYPE_REL, rel_fields, 5);
    rz_error err;
    rz_error_init(&err);
    rz_vec *nodes = NULL, *rels = NULL;
    CHECK(rz_vec_create(&text_arena, &text_arena, node, 2, &nodes, &err) == RUZU_OK);
    CHECK(rz_vec_create(&text_arena, &text_arena, rel, 1, &rels, &err) == RUZU_OK);
    ((rz_id *)nodes->children[0]->data)[0] = rz_id_make(0, 3);
    CHECK(rz_vec_set_string(nodes->children[1], 0, "Person", 6, &err) == RUZU_OK);
    rz_vec_set_null(nodes->children[2], 0);
    ((int64_t *)nodes->children[3]->data)[0] = 30;
    rz_vec_set_null(nodes, 1);
    ((rz_id *)rels->children[0]->data)[0] = rz_id_make(0, 0);
    ((rz_id *)rels->children[1]->data)[0] = rz_id_make(0, 1);
    CHECK(rz_vec_set_string(rels->children[2], 0, "Knows", 5, &err) == RUZU_OK);
    ((rz_id *)rels->children[3]->data)[0] = rz_id_make(2, 0);
    ((int64_t *)rels->children[4]->data)[0] = 2020;

    text_outcome outcome;
    text_outcome_of(&outcome, nodes, 0);
    CHECK_STR(outcome.text, "{_ID: 0:3, _LABEL: Person, age: 30}");
    text_outcome_of(&outcome, rels, 0);
    CHECK_STR(outcome.text, "(0:0)-{_LABEL: Knows, _ID: 2:0, since: 2020}->(0:1)");
    rz_vec *text = text_vec("STRING", 2);
    rz_sel two = {NULL, 2}, one = {NULL, 1};
    CHECK(rz_cast(nodes, &two, false, text, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(text, 1));
    CHECK(rz_cast(rels, &one, false, text, &err) == RUZU_OK);
    text_outcome_of(&outcome, text, 0);
    CHECK_STR(outcome.text, "{_SRC: 0:0, _DST: 0:1, _LABEL: Knows, _ID: 2:0, since: 2020}");

    rz_value value;
    rz_str boxed;
    rz_str_init(&boxed, rz_mem_root());
    CHECK(rz_value_from_vec(rels, 0, &text_arena, &value, &err) == RUZU_OK);
    rz_text_append_value(&value, &boxed);
    CHECK_STR(rz_str_text(&boxed), "(0:0)-{_LABEL: Knows, _ID: 2:0, since: 2020}->(0:1)");
    rz_str_clear(&boxed);
    CHECK(rz_value_from_vec(nodes, 0, &text_arena, &value, &err) == RUZU_OK);
    rz_text_append_value(&value, &boxed);
    CHECK_STR(rz_str_text(&boxed), "{_ID: 0:3, _LABEL: Person, age: 30}");
    rz_str_free(&boxed);
}

/* What is written reads back to an equal value, for every type; boxed values are written alike. */
static void values_round_trip(void)
{
    static const char *const cases[][2] = {
        {"BOOL", "true"},
        {"INT8", "-128"},
        {"INT16", "32767"},
        {"INT32", "-1"},
        {"INT64", "-9223372036854775808"},
        {"INT128", "-170141183460469231731687303715884105728"},
        {"UINT8", "255"},
        {"UINT16", "65535"},
        {"UINT32", "4294967295"},
        {"UINT64", "18446744073709551615"},
        {"FLOAT", "1e-45"},
        {"DOUBLE", "123456789.123456789"},
        {"DOUBLE", "-inf"},
        {"DECIMAL(4, 2)", "-0.07"},
        {"DECIMAL(9, 9)", "0.000000001"},
        {"DECIMAL(18, 3)", "-999999999999999.999"},
        {"DECIMAL(38, 10)", "1234567890123456789012345678.0123456789"},
        {"STRING", "a, 'b'"},
        {"BLOB", "\\x00\\xFF\\x5C z"},
        {"UUID", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"},
        {"DATE", "290000-12-31"},
        {"DATE", "0000-02-29"},
        {"TIMESTAMP", "1969-12-31 23:59:59.999999"},
        {"TIMESTAMP", "0000-01-01 00:00:00.5"},
        {"TIMESTAMP_SEC", "2262-12-31 23:59:59"},
        {"TIMESTAMP_MS", "1900-01-01 00:00:00.001"},
        {"TIMESTAMP_NS", "2000-01-01 00:00:00.123456"},
        {"TIMESTAMP_TZ", "2020-02-29 12:00:00+05:30"},
        {"INTERVAL", "-1 years -2 months 3 days -04:05:06.000007"},
        {"INT64[]", "[1,null,3]"},
        {"DOUBLE[2][]", "[[1,2],null]"},
        {"STRUCT(a INT64, b STRUCT(c STRING))", "{a: 5, b: {c: x}}"},
        {"MAP(STRING, INT64[])", "{a=[1], b=[]}"},
        {"UNION(a INT64, b STRING)", "abc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rz_error err;
        rz_error_init(&err);
        rz_vec *vec = text_vec(cases[i][0], 2);
        CHECK(rz_text_parse(cases[i][1], strlen(cases[i][1]), NULL, vec, 0, &err) == RUZU_OK);
        rz_str text, boxed;
        rz_str_init(&text, rz_mem_root());
        rz_str_init(&boxed, rz_mem_root());
        rz_text_append(vec, 0, &text);
        CHECK(rz_text_parse(rz_str_text(&text), text.length, NULL, vec, 1, &err) == RUZU_OK);
        CHECK(rz_vec_equal(vec, 0, vec, 1));
        CHECK_STR(err.message, "");
        rz_value value;
        CHECK(rz_value_from_vec(vec, 0, &text_arena, &value, &err) == RUZU_OK);
        rz_text_append_value(&value, &boxed);
        CHECK_STR(rz_str_text(&boxed), rz_str_text(&text));
        rz_str_free(&text);
        rz_str_free(&boxed);
    }
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
    static const char *const cases[][2] = {
        {"STRING", "a text of more than twelve bytes"},
        {"BLOB", "a text of more than twelve bytes, and of more than sixty-four even, \\x00"},
        {"STRING[]", "[a text of more than twelve bytes]"},
        {"MAP(STRING, STRING[])", "{a=[b],c=[d, e]}"},
        {"UNION(a INT64[], b STRING)", "a text of more than twelve bytes"},
        {"INT64[]", "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool done = false;
        for (int n = 0; n < 50 && !done; n++) {
            rz_arena arena;
            rz_arena_init(&arena, rz_mem_root());
            rz_vec *vec = NULL;
            rz_error err;
            rz_error_init(&err);
            const rz_type *type = text_type(cases[i][0]);
            int left = n;
            rz_mem_set_test_hook(fail_nth, &left);
            ruzu_status status = rz_vec_create(&arena, &arena, type, 1, &vec, &err);
            if (status == RUZU_OK) {
                status = rz_text_parse(cases[i][1], strlen(cases[i][1]), NULL, vec, 0, &err);
            }
            rz_mem_set_test_hook(NULL, NULL);
            done = left >= 0; /* the hook refused nothing */
            bool expected = status == RUZU_ERROR_NO_MEMORY || status == (i == 5 ? RUZU_ERROR_CONVERSION : RUZU_OK);
            CHECK(expected);
            rz_arena_free(&arena);
        }
        CHECK(done);
    }
}

int main(void)
{
    rz_arena_init(&text_arena, rz_mem_root());
    RUN(integers);
    RUN(int128);
    RUN(other_numbers);
    RUN(booleans);
    RUN(bytes);
    RUN(lists);
    RUN(unbraced_lists);
    RUN(structs);
    RUN(maps);
    RUN(unions);
    RUN(numbers_as_kuzu_spells_them);
    RUN(rows_become_valid);
    RUN(graph_values);
    RUN(values_round_trip);
    RUN(refused_memory_is_reported);
    rz_arena_free(&text_arena);
    return CHECK_DONE();
}
