/* SPDX-License-Identifier: MIT */
/*
 * Values and types of every kind: typed getters, columns of chunks, nested values, nodes, relationships, paths.
 */
#include "integration/session.h"

static ruzu_result *first_row(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(conn, cypher, &result);
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_EQ_I64(status, RUZU_OK);
    CHECK(ruzu_result_next(result));
    return result;
}

typedef struct scalar_case {
    const char *cypher;
    ruzu_type_id type;
    const char *type_name;
    const char *text;
    int64_t integer;
    double number;
} scalar_case;

static const scalar_case scalar_cases[] = {
    {"true", RUZU_TYPE_BOOL, "BOOL", "True", 1, 1},
    {"CAST(-128 AS INT8)", RUZU_TYPE_INT8, "INT8", "-128", -128, -128},
    {"CAST(-32768 AS INT16)", RUZU_TYPE_INT16, "INT16", "-32768", -32768, -32768},
    {"CAST(7 AS INT32)", RUZU_TYPE_INT32, "INT32", "7", 7, 7},
    {"-9223372036854775808", RUZU_TYPE_INT64, "INT64", "-9223372036854775808", INT64_MIN, -9223372036854775808.0},
    {"CAST('170141183460469231731687303715884105727' AS INT128)", RUZU_TYPE_INT128, "INT128", "170141183460469231731687303715884105727", INT64_MAX,
     170141183460469231731687303715884105727.0},
    {"CAST(255 AS UINT8)", RUZU_TYPE_UINT8, "UINT8", "255", 255, 255},
    {"CAST(65535 AS UINT16)", RUZU_TYPE_UINT16, "UINT16", "65535", 65535, 65535},
    {"CAST(4294967295 AS UINT32)", RUZU_TYPE_UINT32, "UINT32", "4294967295", 4294967295, 4294967295},
    {"CAST('18446744073709551615' AS UINT64)", RUZU_TYPE_UINT64, "UINT64", "18446744073709551615", INT64_MAX, 18446744073709551615.0},
    {"CAST(0.5 AS FLOAT)", RUZU_TYPE_FLOAT, "FLOAT", "0.5", 0, 0.5},
    {"-2.75", RUZU_TYPE_DOUBLE, "DOUBLE", "-2.75", -2, -2.75},
    {"1e300", RUZU_TYPE_DOUBLE, "DOUBLE", "1e300", INT64_MAX, 1e300},
    {"CAST('-12.75' AS DECIMAL(6, 2))", RUZU_TYPE_DECIMAL, "DECIMAL(6, 2)", "-12.75", -12, -12.75},
    {"CAST('1.25' AS DECIMAL(38, 10))", RUZU_TYPE_DECIMAL, "DECIMAL(38, 10)", "1.2500000000", 1, 1.25},
    {"'text'", RUZU_TYPE_STRING, "STRING", "text", 0, 0},
    {"BLOB('a\\\\xFF')", RUZU_TYPE_BLOB, "BLOB", "a\\xFF", 0, 0},
    {"UUID('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')", RUZU_TYPE_UUID, "UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 0, 0},
    {"date('1970-02-01')", RUZU_TYPE_DATE, "DATE", "1970-02-01", 31, 0},
    {"timestamp('1970-01-01 00:00:01.5')", RUZU_TYPE_TIMESTAMP, "TIMESTAMP", "1970-01-01 00:00:01.5", 1500000, 0},
    {"CAST('1970-01-01 00:00:02' AS TIMESTAMP_SEC)", RUZU_TYPE_TIMESTAMP_SEC, "TIMESTAMP_SEC", "1970-01-01 00:00:02", 2, 0},
    {"CAST('1970-01-01 00:00:02' AS TIMESTAMP_MS)", RUZU_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS", "1970-01-01 00:00:02", 2000, 0},
    {"CAST('1970-01-01 00:00:02' AS TIMESTAMP_NS)", RUZU_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS", "1970-01-01 00:00:02", 2000000000, 0},
    {"CAST('1970-01-01 00:00:02' AS TIMESTAMP_TZ)", RUZU_TYPE_TIMESTAMP_TZ, "TIMESTAMP_TZ", "1970-01-01 00:00:02+00", 2000000, 0},
    {"interval('1 month 2 days 3 seconds')", RUZU_TYPE_INTERVAL, "INTERVAL", "1 month 2 days 00:00:03", 0, 0},
};

static void scalars_of_every_type(void)
{
    ruzu_conn *conn = session_open(NULL);
    for (size_t i = 0; i < sizeof scalar_cases / sizeof scalar_cases[0]; i++) {
        const scalar_case *c = &scalar_cases[i];
        char query[512];
        int before = check_failures;
        (void)snprintf(query, sizeof query, "RETURN %s AS x, [%s] AS l", c->cypher, c->cypher);
        ruzu_result *result = first_row(conn, query);
        const ruzu_type *type = ruzu_result_column_type(result, 0);
        CHECK_EQ_I64(ruzu_type_get_id(type), c->type);
        CHECK_STR(ruzu_type_name(type), c->type_name);
        CHECK_STR(ruzu_get_string(result, 0, NULL), c->text);
        CHECK_EQ_I64(ruzu_get_int64(result, 0), c->integer);
        CHECK(ruzu_get_double(result, 0) == c->number);
        CHECK_EQ_I64(ruzu_get_bool(result, 0), c->number != 0);
        const ruzu_value *value = ruzu_get_value(result, 0);
        CHECK(!ruzu_value_is_null(value));
        CHECK_EQ_I64(ruzu_value_get_int64(value), c->integer);
        CHECK(ruzu_value_get_double(value) == c->number);
        char *text = ruzu_value_to_string(value);
        CHECK_STR(text, c->text);
        ruzu_free(text);
        const ruzu_value *list = ruzu_get_value(result, 1);
        CHECK_EQ_U64(ruzu_value_list_size(list), 1);
        CHECK_EQ_I64(ruzu_type_get_id(ruzu_value_type(ruzu_value_list_element(list, 0))), c->type);
        CHECK_EQ_I64(ruzu_value_get_int64(ruzu_value_list_element(list, 0)), c->integer);
        ruzu_result_free(result);
        if (check_failures != before) {
            fprintf(stderr, "    in RETURN %s\n", c->cypher);
        }
    }
    session_close(conn);
}

static void special_getters(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = first_row(conn, "RETURN 'te' + 'xt', BLOB('\\\\x00b'), date('2020-01-02'), CAST('1970-01-01 00:00:02' AS TIMESTAMP_NS), "
                                          "interval('1 month 2 days 3 seconds'), UUID('00112233-4455-6677-8899-aabbccddeeff'), "
                                          "CAST('-18446744073709551617' AS INT128), CAST('-1.50' AS DECIMAL(9, 2)), CAST('18446744073709551615' AS UINT64)");
    size_t length = 0;
    CHECK_STR(ruzu_value_get_string(ruzu_get_value(result, 0), &length), "text");
    CHECK_EQ_U64(length, 4);
    const char *blob = (const char *)ruzu_value_get_blob(ruzu_get_value(result, 1), &length);
    CHECK_EQ_U64(length, 2);
    CHECK(memcmp(blob, "\0b", 2) == 0);
    CHECK_EQ_I64(ruzu_value_get_date(ruzu_get_value(result, 2)), 18263);
    CHECK_EQ_I64(ruzu_value_get_timestamp(ruzu_get_value(result, 3)), 2000000);
    ruzu_interval interval = {0, 0, 0};
    CHECK(ruzu_value_get_interval(ruzu_get_value(result, 4), &interval));
    CHECK_EQ_I64(interval.months, 1);
    CHECK_EQ_I64(interval.days, 2);
    CHECK_EQ_I64(interval.microseconds, 3000000);
    ruzu_uuid uuid;
    CHECK(ruzu_value_get_uuid(ruzu_get_value(result, 5), &uuid));
    for (int i = 0; i < 16; i++) {
        CHECK_EQ_I64(uuid.bytes[i], i * 0x11);
    }
    ruzu_int128 wide = {0, 0};
    CHECK(ruzu_value_get_int128(ruzu_get_value(result, 6), &wide));
    CHECK_EQ_I64(wide.high, -2);
    CHECK_EQ_U64(wide.low, UINT64_MAX);
    CHECK(ruzu_value_get_int128(ruzu_get_value(result, 7), &wide));
    CHECK_EQ_U64(wide.low, (uint64_t)-150); /* unscaled */
    CHECK_EQ_U64(ruzu_value_get_uint64(ruzu_get_value(result, 8)), UINT64_MAX);
    /* What does not fit gives nothing and leaves the output alone. */
    CHECK(!ruzu_value_get_uuid(ruzu_get_value(result, 0), &uuid));
    CHECK_EQ_I64(uuid.bytes[15], 0xff);
    CHECK(!ruzu_value_get_interval(ruzu_get_value(result, 5), &interval));
    CHECK_STR(ruzu_value_get_string(ruzu_get_value(result, 2), &length), "");
    CHECK_EQ_U64(length, 0);
    CHECK_EQ_I64(ruzu_value_get_date(ruzu_get_value(result, 0)), 0);
    CHECK_EQ_U64(ruzu_type_decimal_precision(ruzu_result_column_type(result, 7)), 9);
    CHECK_EQ_U64(ruzu_type_decimal_scale(ruzu_result_column_type(result, 7)), 2);
    ruzu_result_free(result);
    session_close(conn);
}

static void nulls(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = first_row(conn, "RETURN NULL AS n, CAST(NULL AS INT64) AS i, [1, NULL] AS l");
    CHECK_EQ_I64(ruzu_type_get_id(ruzu_result_column_type(result, 0)), RUZU_TYPE_STRING);
    for (size_t c = 0; c < 2; c++) {
        CHECK(ruzu_is_null(result, c));
        CHECK_EQ_I64(ruzu_get_int64(result, c), 0);
        CHECK_STR(ruzu_get_string(result, c, NULL), "");
        CHECK(ruzu_value_is_null(ruzu_get_value(result, c)));
    }
    const ruzu_value *list = ruzu_get_value(result, 2);
    CHECK(ruzu_value_is_null(ruzu_value_list_element(list, 1)));
    CHECK(ruzu_value_list_element(list, 2) == NULL);
    CHECK(ruzu_value_is_null(NULL));
    CHECK_EQ_U64(ruzu_value_list_size(NULL), 0);
    ruzu_result_rewind(result);
    CHECK_EQ_U64(ruzu_result_next_chunk(result), 1);
    CHECK(ruzu_chunk_validity(result, 0) != NULL && (ruzu_chunk_validity(result, 0)[0] & 1) == 0);
    CHECK(ruzu_chunk_validity(result, 1) != NULL && (ruzu_chunk_validity(result, 1)[0] & 1) == 0);
    ruzu_result_free(result);
    session_close(conn);
}

static void nested_values(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = first_row(conn, "RETURN {a: 1, b: [['x'], ['y', 'z']]} AS s, map([1, 2], ['one', 'two']) AS m, CAST([1, 2, 3] AS INT32[3]) AS v, "
                                          "union_value(num := 5) AS u");
    const ruzu_value *value = ruzu_get_value(result, 0);
    CHECK_STR(ruzu_type_name(ruzu_value_type(value)), "STRUCT(a INT64, b STRING[][])");
    CHECK_EQ_U64(ruzu_value_struct_field_count(value), 2);
    CHECK_STR(ruzu_value_struct_field_name(value, 1), "b");
    CHECK(ruzu_value_struct_field_name(value, 2) == NULL);
    const ruzu_value *lists = ruzu_value_struct_field_value(value, 1);
    CHECK_EQ_U64(ruzu_value_list_size(lists), 2);
    CHECK_STR(ruzu_value_get_string(ruzu_value_list_element(ruzu_value_list_element(lists, 0), 0), NULL), "x");
    CHECK_EQ_U64(ruzu_value_list_size(ruzu_value_list_element(lists, 1)), 2);
    const ruzu_type *type = ruzu_result_column_type(result, 0);
    CHECK_EQ_U64(ruzu_type_field_count(type), 2);
    CHECK_STR(ruzu_type_field_name(type, 0), "a");
    CHECK_EQ_I64(ruzu_type_get_id(ruzu_type_child(ruzu_type_child(ruzu_type_field_type(type, 1)))), RUZU_TYPE_STRING);

    value = ruzu_get_value(result, 1);
    CHECK_EQ_U64(ruzu_value_map_size(value), 2);
    CHECK_EQ_I64(ruzu_value_get_int64(ruzu_value_map_key(value, 1)), 2);
    CHECK_STR(ruzu_value_get_string(ruzu_value_map_value(value, 1), NULL), "two");
    CHECK(ruzu_value_map_key(value, 2) == NULL);
    CHECK_EQ_I64(ruzu_type_get_id(ruzu_type_child(ruzu_value_type(value))), RUZU_TYPE_STRUCT);

    CHECK_EQ_U64(ruzu_type_array_length(ruzu_result_column_type(result, 2)), 3);
    CHECK_EQ_I64(ruzu_value_get_int64(ruzu_value_list_element(ruzu_get_value(result, 2), 2)), 3);

    value = ruzu_get_value(result, 3);
    CHECK_EQ_U64(ruzu_value_struct_field_count(value), 1);
    CHECK_STR(ruzu_value_struct_field_name(value, 0), "num");
    CHECK_EQ_I64(ruzu_value_get_int64(ruzu_value_struct_field_value(value, 0)), 5);
    ruzu_result_free(result);
    session_close(conn);
}

static void nodes_and_relationships(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE Person(name STRING PRIMARY KEY, age INT64); CREATE REL TABLE Knows(FROM Person TO Person, since INT64);"
                      "CREATE (:Person {name: 'Ann', age: 34})-[:Knows {since: 2020}]->(:Person {name: 'Bob'})");
    ruzu_result *result = first_row(conn, "MATCH p = (a:Person)-[k:Knows]->(b:Person) RETURN a, k, b, p, id(a)");
    const ruzu_value *a = ruzu_get_value(result, 0);
    CHECK_EQ_I64(ruzu_type_get_id(ruzu_value_type(a)), RUZU_TYPE_NODE);
    CHECK_STR(ruzu_type_name(ruzu_value_type(a)), "NODE");
    CHECK_STR(ruzu_value_node_label(a), "Person");
    CHECK_EQ_U64(ruzu_value_node_property_count(a), 2);
    CHECK_STR(ruzu_value_node_property_name(a, 0), "name");
    CHECK(ruzu_value_node_property_name(a, 2) == NULL);
    CHECK_STR(ruzu_value_get_string(ruzu_value_node_property_value(a, 0), NULL), "Ann");
    CHECK_EQ_I64(ruzu_value_get_int64(ruzu_value_node_property(a, "AGE")), 34);
    CHECK(ruzu_value_node_property(a, "nosuch") == NULL);
    CHECK(ruzu_value_node_property(a, "_ID") == NULL);
    CHECK(ruzu_value_is_null(ruzu_value_node_property(ruzu_get_value(result, 2), "age")));

    const ruzu_value *k = ruzu_get_value(result, 1);
    CHECK_STR(ruzu_value_rel_label(k), "Knows");
    CHECK_EQ_U64(ruzu_value_rel_property_count(k), 1);
    CHECK_STR(ruzu_value_rel_property_name(k, 0), "since");
    CHECK_EQ_I64(ruzu_value_get_int64(ruzu_value_rel_property(k, "since")), 2020);
    ruzu_internal_id node = {9, 9};
    ruzu_internal_id end = {8, 8};
    CHECK(ruzu_value_get_internal_id(ruzu_value_node_id(a), &node));
    CHECK(ruzu_value_get_internal_id(ruzu_value_rel_src(k), &end));
    CHECK(node.table == end.table && node.offset == end.offset);
    CHECK(ruzu_value_get_internal_id(ruzu_get_value(result, 4), &end));
    CHECK(node.table == end.table && node.offset == end.offset);
    CHECK(ruzu_value_get_internal_id(ruzu_value_rel_dst(k), &end));
    CHECK(node.offset != end.offset);
    CHECK(ruzu_value_get_internal_id(ruzu_value_rel_id(k), &end));
    CHECK(ruzu_value_node_id(k) == NULL);
    CHECK_STR(ruzu_value_node_label(k), "");

    const ruzu_value *p = ruzu_get_value(result, 3);
    CHECK_EQ_I64(ruzu_type_get_id(ruzu_value_type(p)), RUZU_TYPE_RECURSIVE_REL);
    CHECK_EQ_U64(ruzu_value_list_size(ruzu_value_path_nodes(p)), 2);
    CHECK_EQ_U64(ruzu_value_list_size(ruzu_value_path_rels(p)), 1);
    CHECK_STR(ruzu_value_get_string(ruzu_value_node_property(ruzu_value_list_element(ruzu_value_path_nodes(p), 1), "name"), NULL), "Bob");
    CHECK_STR(ruzu_value_rel_label(ruzu_value_list_element(ruzu_value_path_rels(p), 0)), "Knows");
    ruzu_result_free(result);
    session_close(conn);
}

/* Values keep until the next row; texts and values of one row live side by side. */
static void values_live_as_long_as_the_row(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "UNWIND ['a text longer than twelve', 'b'] AS t RETURN t, t + '!', [t]", &result), RUZU_OK);
    CHECK(ruzu_result_next(result));
    const char *first = ruzu_get_string(result, 0, NULL);
    const char *second = ruzu_get_string(result, 1, NULL);
    const ruzu_value *value = ruzu_get_value(result, 0);
    const ruzu_value *list = ruzu_get_value(result, 2);
    CHECK(ruzu_get_value(result, 0) == value);
    CHECK_STR(first, "a text longer than twelve");
    CHECK_STR(second, "a text longer than twelve!");
    CHECK_STR(ruzu_value_get_string(value, NULL), first);
    CHECK_STR(ruzu_value_get_string(ruzu_value_list_element(list, 0), NULL), first);
    CHECK(ruzu_result_next(result));
    CHECK_STR(ruzu_get_string(result, 0, NULL), "b");
    ruzu_result_free(result);
    session_close(conn);
}

static void columns_of_every_type(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "RETURN true, CAST(-3 AS INT8), CAST(2 AS UINT16), CAST('1.25' AS DECIMAL(4, 2)), CAST('2.5' AS DECIMAL(18, 2)), CAST(-1 AS INT128), "
                                  "date('1970-01-02'), interval('1 day'), UUID('00112233-4455-6677-8899-aabbccddeeff'), BLOB('x'), CAST(0.5 AS FLOAT), "
                                  "timestamp('1970-01-01 00:00:01')",
                            &result),
                 RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_EQ_U64(ruzu_result_next_chunk(result), 1);
    CHECK_EQ_I64(*(const uint8_t *)ruzu_chunk_data(result, 0), 1);
    CHECK_EQ_I64(*(const int8_t *)ruzu_chunk_data(result, 1), -3);
    CHECK_EQ_I64(*(const uint16_t *)ruzu_chunk_data(result, 2), 2);
    CHECK_EQ_I64(*(const int16_t *)ruzu_chunk_data(result, 3), 125);
    CHECK_EQ_I64(*(const int64_t *)ruzu_chunk_data(result, 4), 250);
    CHECK_EQ_I64(((const ruzu_int128 *)ruzu_chunk_data(result, 5))->high, -1);
    CHECK_EQ_I64(*(const int32_t *)ruzu_chunk_data(result, 6), 1);
    CHECK_EQ_I64(((const ruzu_interval *)ruzu_chunk_data(result, 7))->days, 1);
    CHECK_EQ_I64(((const ruzu_uuid *)ruzu_chunk_data(result, 8))->bytes[1], 0x11);
    CHECK_EQ_U64(((const ruzu_string *)ruzu_chunk_data(result, 9))->length, 1);
    CHECK(*(const float *)ruzu_chunk_data(result, 10) == 0.5f);
    CHECK_EQ_I64(*(const int64_t *)ruzu_chunk_data(result, 11), 1000000);
    CHECK(ruzu_chunk_validity(result, 0) == NULL || (ruzu_chunk_validity(result, 0)[0] & 1) == 1);
    ruzu_result_free(result);
    session_close(conn);
}

int main(void)
{
    RUN(scalars_of_every_type);
    RUN(special_getters);
    RUN(nulls);
    RUN(nested_values);
    RUN(nodes_and_relationships);
    RUN(values_live_as_long_as_the_row);
    RUN(columns_of_every_type);
    return CHECK_DONE();
}
