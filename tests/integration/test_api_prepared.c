/* SPDX-License-Identifier: MIT */
/*
 * Prepared statements: every kind of parameter, binding anew, plans that follow types and schema.
 */
#include "integration/session.h"

static ruzu_stmt *prepare(ruzu_conn *conn, const char *cypher)
{
    ruzu_stmt *stmt = NULL;
    ruzu_status status = ruzu_prepare(conn, cypher, &stmt);
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_EQ_I64(status, RUZU_OK);
    return stmt;
}

static void expect_execute(ruzu_conn *conn, ruzu_stmt *stmt, const char *rows)
{
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_execute(stmt, &result);
    CHECK_STR(status == RUZU_OK ? session_text(result) : ruzu_errmsg(conn), rows);
    ruzu_result_free(result);
}

/* Runs RETURN $x, typeof($x) with what was bound. */
static void expect_bound(ruzu_conn *conn, ruzu_stmt *stmt, ruzu_status bound, const char *rows)
{
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_EQ_I64(bound, RUZU_OK);
    expect_execute(conn, stmt, rows);
}

static void every_kind_of_parameter(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_stmt *stmt = prepare(conn, "RETURN $x, typeof($x)");
    static const uint8_t uuid[16] = {0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11};
    expect_bound(conn, stmt, ruzu_bind_bool(stmt, "x", true), "True|BOOL");
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "x", INT64_MIN), "-9223372036854775808|INT64");
    expect_bound(conn, stmt, ruzu_bind_double(stmt, "x", 0.1), "0.1|DOUBLE");
    expect_bound(conn, stmt, ruzu_bind_string(stmt, "x", "some text", SIZE_MAX), "some text|STRING");
    expect_bound(conn, stmt, ruzu_bind_string(stmt, "x", "some text", 4), "some|STRING");
    expect_bound(conn, stmt, ruzu_bind_string(stmt, "x", "", 0), "|STRING");
    expect_bound(conn, stmt, ruzu_bind_date(stmt, "x", 18263), "2020-01-02|DATE");
    expect_bound(conn, stmt, ruzu_bind_timestamp(stmt, "x", INT64_C(1577934245100000)), "2020-01-02 03:04:05.1|TIMESTAMP");
    expect_bound(conn, stmt, ruzu_bind_interval(stmt, "x", 14, 3, INT64_C(3600000000)), "1 year 2 months 3 days 01:00:00|INTERVAL");
    expect_bound(conn, stmt, ruzu_bind_uuid(stmt, "x", uuid), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|UUID");
    expect_bound(conn, stmt, ruzu_bind_blob(stmt, "x", "a\0\xff", 3), "a\\x00\\xFF|BLOB");
    ruzu_stmt_free(stmt);
    stmt = prepare(conn, "RETURN $x IS NULL");
    expect_bound(conn, stmt, ruzu_bind_null(stmt, "x"), "True");
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "x", 1), "False");
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void nested_parameters(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_stmt *stmt = prepare(conn, "RETURN $x, typeof($x)");
    ruzu_value *one = ruzu_value_create_int64(1);
    ruzu_value *half = ruzu_value_create_double(0.5);
    ruzu_value *none = ruzu_value_create_null();
    ruzu_value *text = ruzu_value_create_string("text", SIZE_MAX);
    const ruzu_value *numbers[] = {one, half, none};
    ruzu_value *list = ruzu_value_create_list(numbers, 3); /* INT64 and DOUBLE meet as DOUBLE */
    expect_bound(conn, stmt, ruzu_bind_value(stmt, "x", list), "[1.0,0.5,]|DOUBLE[]");
    const char *const names[] = {"a", "b"};
    const ruzu_value *fields[] = {list, text};
    ruzu_value *structure = ruzu_value_create_struct(names, fields, 2);
    expect_bound(conn, stmt, ruzu_bind_value(stmt, "x", structure), "{a: [1.0,0.5,], b: text}|STRUCT(a DOUBLE[], b STRING)");
    const ruzu_value *keys[] = {one, half};
    const ruzu_value *values[] = {text, none};
    ruzu_value *map = ruzu_value_create_map(keys, values, 2);
    expect_bound(conn, stmt, ruzu_bind_value(stmt, "x", map), "{1.0=text, 0.5=}|MAP(DOUBLE, STRING)");
    ruzu_value *decimal = ruzu_value_create_from_text("DECIMAL(5, 2)", "1.25", SIZE_MAX);
    expect_bound(conn, stmt, ruzu_bind_value(stmt, "x", decimal), "1.25|DECIMAL(5, 2)");
    ruzu_value *array = ruzu_value_create_from_text("INT32[3]", "[1,2,3]", SIZE_MAX);
    expect_bound(conn, stmt, ruzu_bind_value(stmt, "x", array), "[1,2,3]|INT32[3]");

    const ruzu_value *odd[] = {one, list};
    const ruzu_value *same[] = {one, one};
    const char *const repeated[] = {"a", "A"};
    const ruzu_value *null_key[] = {none, one};
    CHECK(ruzu_value_create_list(odd, 2) == NULL); /* no common type */
    CHECK(ruzu_value_create_struct(repeated, same, 2) == NULL);
    CHECK(ruzu_value_create_map(same, same, 2) == NULL);
    CHECK(ruzu_value_create_map(null_key, same, 2) == NULL);
    CHECK(ruzu_value_create_from_text("INT64", "x", SIZE_MAX) == NULL);
    CHECK(ruzu_value_create_from_text("NOSUCH", "1", SIZE_MAX) == NULL);
    CHECK(ruzu_value_create_string("\xff", 1) == NULL);
    ruzu_value *const all[] = {one, half, none, text, list, structure, map, decimal, array};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK(all[i] != NULL);
        ruzu_value_free(all[i]);
    }
    expect_execute(conn, stmt, "[1,2,3]|INT32[3]"); /* bound values are copies */
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void parameters_find_rows(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 100) AS i CREATE (:P {id: i, name: 'p' + CAST(i AS STRING)})");
    ruzu_stmt *stmt = prepare(conn, "MATCH (p:P {id: $id}) RETURN p.name");
    for (int64_t id = 1; id <= 100; id++) {
        char name[16];
        (void)snprintf(name, sizeof name, "p%d", (int)id);
        expect_bound(conn, stmt, ruzu_bind_int64(stmt, "id", id), name);
    }
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "id", 101), "");
    expect_bound(conn, stmt, ruzu_bind_double(stmt, "id", 7), "p7"); /* another type: another plan */
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "ID", 8), "p8");  /* names have no case */
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void parameters_write_rows(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING)");
    ruzu_stmt *stmt = prepare(conn, "CREATE (:P {id: $id, name: $name})");
    for (int64_t id = 0; id < 50; id++) {
        CHECK_EQ_I64(ruzu_bind_int64(stmt, "id", id), RUZU_OK);
        CHECK_EQ_I64(id % 2 == 0 ? ruzu_bind_string(stmt, "name", "even", SIZE_MAX) : ruzu_bind_null(stmt, "name"), RUZU_OK);
        expect_execute(conn, stmt, "");
    }
    CHECK_EQ_I64(ruzu_execute(stmt, NULL), RUZU_ERROR_CONSTRAINT); /* the key exists */
    CHECK_EQ_I64(ruzu_errcode(conn), RUZU_ERROR_CONSTRAINT);
    ruzu_stmt_free(stmt);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*), count(p.name), sum(p.id)", "50|25|1225");
    session_close(conn);
}

/* A pattern of a regular expression or a unit of a date is looked at when the statement is bound: other values need another plan. */
static void values_that_shape_the_plan(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_stmt *stmt = prepare(conn, "RETURN date_part($unit, date('2021-03-04'))");
    expect_bound(conn, stmt, ruzu_bind_string(stmt, "unit", "year", SIZE_MAX), "2021");
    expect_bound(conn, stmt, ruzu_bind_string(stmt, "unit", "month", SIZE_MAX), "3");
    expect_bound(conn, stmt, ruzu_bind_string(stmt, "unit", "day", SIZE_MAX), "4");
    ruzu_stmt_free(stmt);
    stmt = prepare(conn, "UNWIND range(1, 10) AS i RETURN i ORDER BY i SKIP $skip LIMIT $limit");
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "skip", 0), RUZU_OK);
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "limit", 2), "1\n2");
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "skip", 4), "5\n6");
    expect_bound(conn, stmt, ruzu_bind_int64(stmt, "limit", 1), "5");
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void statements_follow_the_schema(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_stmt *stmt = prepare(conn, "MATCH (t:T) RETURN t.x");
    CHECK_EQ_I64(ruzu_execute(stmt, NULL), RUZU_ERROR_BINDER);
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY, x STRING); CREATE (:T {id: 1, x: 'first'})");
    expect_execute(conn, stmt, "first");
    session_run(conn, "DROP TABLE T; CREATE NODE TABLE T(x INT64, y INT64, id INT64 PRIMARY KEY); CREATE (:T {id: 1, x: 5})");
    expect_execute(conn, stmt, "5");
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void what_is_missing_or_wrong(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_stmt *stmt = NULL;
    CHECK_EQ_I64(ruzu_prepare(conn, "RETRUN 1", &stmt), RUZU_ERROR_PARSER);
    CHECK(stmt == NULL);
    CHECK_EQ_I64(ruzu_prepare(conn, "RETURN 1; RETURN 2", &stmt), RUZU_ERROR_PARSER);
    CHECK_EQ_I64(ruzu_prepare(conn, "", &stmt), RUZU_ERROR_PARSER);
    CHECK_EQ_I64(ruzu_prepare(conn, NULL, &stmt), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_prepare(conn, "RETURN 1", NULL), RUZU_ERROR_MISUSE);
    stmt = prepare(conn, "RETURN $a + $b");
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "a", 1), RUZU_OK);
    CHECK_EQ_I64(ruzu_execute(stmt, NULL), RUZU_ERROR_RUNTIME);
    CHECK_STR(ruzu_errmsg(conn), "Runtime exception: Parameter b not found.");
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "unused", 1), RUZU_OK);
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "b", 2), RUZU_OK);
    expect_execute(conn, stmt, "3");
    CHECK_EQ_I64(ruzu_bind_int64(stmt, NULL, 2), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_bind_value(stmt, "b", NULL), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_bind_string(stmt, "b", NULL, 3), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_bind_string(stmt, "b", "\xff\xfe", 2), RUZU_ERROR_CONVERSION);
    CHECK_EQ_I64(ruzu_bind_uuid(stmt, "b", NULL), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_bind_blob(stmt, "b", NULL, 3), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_bind_int64(NULL, "b", 3), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_execute(NULL, NULL), RUZU_ERROR_MISUSE);
    expect_execute(conn, stmt, "3"); /* what was bound stays */
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void graph_values_cannot_be_bound(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY); CREATE (:T {id: 1})");
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (t:T) RETURN t, [t]", &result), RUZU_OK);
    CHECK(ruzu_result_next(result));
    ruzu_stmt *stmt = prepare(conn, "RETURN $x");
    CHECK_EQ_I64(ruzu_bind_value(stmt, "x", ruzu_get_value(result, 0)), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_bind_value(stmt, "x", ruzu_get_value(result, 1)), RUZU_ERROR_MISUSE);
    ruzu_result_free(result);
    ruzu_stmt_free(stmt);
    session_close(conn);
}

static void earlier_results_stay(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_stmt *stmt = prepare(conn, "RETURN 'value ' + $x");
    ruzu_result *results[3];
    const char *const values[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_I64(ruzu_bind_string(stmt, "x", values[i], SIZE_MAX), RUZU_OK);
        CHECK_EQ_I64(ruzu_execute(stmt, &results[i]), RUZU_OK);
    }
    ruzu_stmt_free(stmt);
    CHECK_STR(session_text(results[0]), "value one");
    CHECK_STR(session_text(results[2]), "value three");
    CHECK_STR(session_text(results[1]), "value two");
    for (int i = 0; i < 3; i++) {
        ruzu_result_free(results[i]);
    }
    session_close(conn);
}

static void many_parameters(void)
{
    ruzu_conn *conn = session_open(NULL);
    static char text[4096] = "RETURN 0";
    char part[32];
    for (int i = 0; i < 200; i++) {
        (void)snprintf(part, sizeof part, " + $p%d", i);
        (void)strcat(text, part);
    }
    ruzu_stmt *stmt = prepare(conn, text);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(part, sizeof part, "p%d", i);
        CHECK_EQ_I64(ruzu_bind_int64(stmt, part, i), RUZU_OK);
    }
    expect_execute(conn, stmt, "19900");
    ruzu_stmt_free(stmt);
    session_close(conn);
}

int main(void)
{
    RUN(every_kind_of_parameter);
    RUN(nested_parameters);
    RUN(parameters_find_rows);
    RUN(parameters_write_rows);
    RUN(values_that_shape_the_plan);
    RUN(statements_follow_the_schema);
    RUN(what_is_missing_or_wrong);
    RUN(graph_values_cannot_be_bound);
    RUN(earlier_results_stay);
    RUN(many_parameters);
    return CHECK_DONE();
}
