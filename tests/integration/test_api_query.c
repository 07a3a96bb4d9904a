/* SPDX-License-Identifier: MIT */
/*
 * Statements and results: scripts, errors, cursors by row and by chunk, results as text, misuse.
 */
#include "integration/session.h"

static void scripts_give_chained_results(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "RETURN 1 AS a; ; RETURN 2 AS b, 3 AS c; // the end\n", &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_STR(session_text(result), "1");
    ruzu_result *second = ruzu_result_next_result(result);
    CHECK(second != NULL);
    CHECK_STR(session_text(second), "2|3");
    CHECK_STR(ruzu_result_column_name(second, 1), "c");
    CHECK(ruzu_result_next_result(second) == NULL);
    ruzu_result_free(second); /* belongs to the first: nothing happens */
    CHECK_STR(session_text(second), "2|3");
    ruzu_result_free(result);
    session_close(conn);
}

static void first_failure_ends_a_script(void)
{
    ruzu_conn *conn = session_open(NULL);
    EXPECT_ERROR(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY); CREATE (:T {id: 1}); CREATE (:T {id: 1}); CREATE (:T {id: 2})", RUZU_ERROR_CONSTRAINT,
                 "Runtime exception: Found duplicated primary key value 1");
    EXPECT_ROWS(conn, "MATCH (t:T) RETURN t.id", "1");
    session_close(conn);
}

static void errors_say_what_is_wrong(void)
{
    ruzu_conn *conn = session_open(NULL);
    EXPECT_ERROR(conn, "", RUZU_ERROR_PARSER, "Connection exception: Query is empty.");
    EXPECT_ERROR(conn, " ; // nothing", RUZU_ERROR_PARSER, "Connection exception: Query is empty.");
    EXPECT_ERROR(conn, "RETRUN 1", RUZU_ERROR_PARSER, "Parser exception: ");
    EXPECT_ERROR(conn, "RETURN x", RUZU_ERROR_BINDER, "Binder exception: Variable x is not in scope.");
    EXPECT_ERROR(conn, "RETURN nosuch(1)", RUZU_ERROR_CATALOG, "Catalog exception: function NOSUCH does not exist.");
    EXPECT_ERROR(conn, "RETURN 1 / 0", RUZU_ERROR_RUNTIME, "Runtime exception: Divide by zero.");
    EXPECT_ERROR(conn, "RETURN CAST('x' AS INT64)", RUZU_ERROR_CONVERSION, "Conversion exception: Cast failed. Could not convert \"x\" to INT64.");
    EXPECT_ERROR(conn, "RETURN 9223372036854775807 + 1", RUZU_ERROR_OVERFLOW, "Overflow exception: Value 9223372036854775807 + 1 is not within INT64 range.");
    EXPECT_ERROR(conn, "RETURN $x", RUZU_ERROR_RUNTIME, "Runtime exception: Parameter x not found.");
    EXPECT_ERROR(conn, "CALL foo = 1", RUZU_ERROR_BINDER, "Binder exception: Invalid option name: foo.");
    session_run(conn, "RETURN 1");
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_EQ_I64(ruzu_errcode(conn), RUZU_OK);
    session_close(conn);
}

static void statements_without_rows(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY)");
    CHECK_EQ_I64(ruzu_query(conn, "CREATE (:T {id: 1})", &result), RUZU_OK);
    CHECK(result != NULL);
    CHECK_EQ_U64(ruzu_result_column_count(result), 0);
    CHECK_EQ_U64(ruzu_result_row_count(result), 0);
    CHECK(!ruzu_result_next(result));
    CHECK_EQ_U64(ruzu_result_next_chunk(result), 0);
    CHECK_EQ_I64(ruzu_result_status(result), RUZU_OK);
    CHECK_STR(session_text(result), "");
    ruzu_result_free(result);
    EXPECT_ROWS(conn, "CREATE NODE TABLE U(id INT64 PRIMARY KEY)", "Table U has been created.");
    EXPECT_ROWS(conn, "CREATE NODE TABLE IF NOT EXISTS U(id INT64 PRIMARY KEY)", "Table U already exists.");
    EXPECT_ROWS(conn, "DROP TABLE U", "Table U has been dropped.");
    EXPECT_ROWS(conn, "COMMENT ON TABLE T IS 'text'", "Comment added to table T.");
    EXPECT_ROWS(conn, "CREATE MACRO addx(a, b := 3) AS a + b", "Macro: ADDX has been created.");
    EXPECT_ROWS(conn, "RETURN addx(4), addx(4, 4)", "7|8");
    session_close(conn);
}

static void rows_one_by_one(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "UNWIND range(1, 5000) AS i RETURN i, 'row ' + CAST(i AS STRING) AS t, CASE WHEN i % 2 = 0 THEN i END AS even", &result), RUZU_OK);
    CHECK_EQ_U64(ruzu_result_row_count(result), 5000);
    CHECK_EQ_U64(ruzu_result_column_count(result), 3);
    CHECK_STR(ruzu_result_column_name(result, 1), "t");
    CHECK(ruzu_result_column_name(result, 3) == NULL);
    CHECK(ruzu_result_column_type(result, 3) == NULL);
    CHECK(ruzu_is_null(result, 0)); /* no row yet */
    CHECK_STR(ruzu_get_string(result, 0, NULL), "");
    for (int round = 0; round < 2; round++) {
        int64_t rows = 0;
        int64_t wrong = 0;
        while (ruzu_result_next(result)) {
            char expected[32];
            rows++;
            (void)snprintf(expected, sizeof expected, "row %lld", (long long)rows);
            size_t length = 0;
            wrong += ruzu_get_int64(result, 0) != rows;
            wrong += strcmp(ruzu_get_string(result, 1, &length), expected) != 0 || length != strlen(expected);
            wrong += ruzu_is_null(result, 2) != (rows % 2 == 1);
        }
        CHECK_EQ_I64(rows, 5000);
        CHECK_EQ_I64(wrong, 0);
        CHECK(!ruzu_result_next(result)); /* stays at the end */
        CHECK(ruzu_is_null(result, 0));
        CHECK_EQ_I64(ruzu_result_status(result), RUZU_OK);
        ruzu_result_rewind(result);
    }
    CHECK(ruzu_result_execute_ms(result) >= 0);
    CHECK(ruzu_result_compile_ms(result) >= 0);
    ruzu_result_free(result);
    session_close(conn);
}

static void chunk_after_chunk(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "UNWIND range(1, 5000) AS i RETURN i, CASE WHEN i % 3 <> 0 THEN 'text number ' + CAST(i AS STRING) END AS t, i % 2 = 0 AS b, [i] AS l",
                            &result),
                 RUZU_OK);
    int64_t row = 0;
    int64_t wrong = 0;
    size_t count = 0;
    while ((count = ruzu_result_next_chunk(result)) != 0) {
        CHECK(count <= 2048);
        const int64_t *numbers = (const int64_t *)ruzu_chunk_data(result, 0);
        const ruzu_string *texts = (const ruzu_string *)ruzu_chunk_data(result, 1);
        const uint64_t *valid = ruzu_chunk_validity(result, 1);
        const uint8_t *flags = (const uint8_t *)ruzu_chunk_data(result, 2);
        CHECK(numbers != NULL && texts != NULL && valid != NULL && flags != NULL);
        CHECK(ruzu_chunk_data(result, 3) == NULL);
        CHECK(ruzu_chunk_data(result, 4) == NULL);
        CHECK(ruzu_chunk_data(result, 1) == texts);
        for (size_t i = 0; i < count; i++) {
            row++;
            char expected[64];
            int length = snprintf(expected, sizeof expected, "text number %lld", (long long)row);
            bool has_text = (valid[i / 64] >> (i % 64) & 1) != 0;
            wrong += numbers[i] != row || flags[i] != (row % 2 == 0) || has_text != (row % 3 != 0);
            wrong += has_text && (texts[i].length != (uint64_t)length || memcmp(texts[i].data, expected, (size_t)length) != 0);
        }
    }
    CHECK_EQ_I64(row, 5000);
    CHECK_EQ_I64(wrong, 0);
    CHECK(!ruzu_result_next(result)); /* not before a rewind */
    ruzu_result_rewind(result);
    CHECK(ruzu_result_next(result));
    CHECK_EQ_U64(ruzu_result_next_chunk(result), 0);
    CHECK_EQ_I64(ruzu_get_int64(result, 0), 1);
    ruzu_result_free(result);
    session_close(conn);
}

static void check_format(ruzu_result *result, ruzu_format format, const char *expected)
{
    char *text = ruzu_result_to_string(result, format);
    CHECK_STR(text, expected);
    ruzu_free(text);
}

static void results_as_text(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn,
                            "UNWIND [1, 2, 3] AS i RETURN CASE WHEN i = 1 THEN 1 WHEN i = 2 THEN 22 END AS n, "
                            "CASE i WHEN 1 THEN 'a,\"b\"' WHEN 2 THEN '' ELSE 'x|<y>\\n' END AS t, CASE WHEN i = 1 THEN [1, 2] WHEN i = 2 THEN [] END AS l",
                            &result),
                 RUZU_OK);
    check_format(result, RUZU_FORMAT_LINES, "n|t|l\n1|a,\"b\"|[1,2]\n22||[]\n|x|<y>\n|\n");
    check_format(result, RUZU_FORMAT_CSV, "n,t,l\n1,\"a,\"\"b\"\"\",\"[1,2]\"\n22,\"\",\"[]\"\n,\"x|<y>\n\",\n");
    check_format(result, RUZU_FORMAT_TSV, "n\tt\tl\n1\ta,\"b\"\t[1,2]\n22\t\t[]\n\\N\tx|<y>\\n\t\\N\n");
    check_format(result, RUZU_FORMAT_JSON,
                 "[\n{\"n\":1,\"t\":\"a,\\\"b\\\"\",\"l\":[1,2]},\n{\"n\":22,\"t\":\"\",\"l\":[]},\n{\"n\":null,\"t\":\"x|<y>\\n\",\"l\":null}\n]\n");
    check_format(result, RUZU_FORMAT_JSONL,
                 "{\"n\":1,\"t\":\"a,\\\"b\\\"\",\"l\":[1,2]}\n{\"n\":22,\"t\":\"\",\"l\":[]}\n{\"n\":null,\"t\":\"x|<y>\\n\",\"l\":null}\n");
    check_format(result, RUZU_FORMAT_MARKDOWN, "| n | t | l |\n| ---: | --- | --- |\n| 1 | a,\"b\" | [1,2] |\n| 22 |  | [] |\n|  | x\\|<y><br> |  |\n");
    check_format(result, RUZU_FORMAT_HTML,
                 "<table>\n<tr><th>n</th><th>t</th><th>l</th></tr>\n<tr><td>1</td><td>a,&quot;b&quot;</td><td>[1,2]</td></tr>\n"
                 "<tr><td>22</td><td></td><td>[]</td></tr>\n<tr><td></td><td>x|&lt;y&gt;\n</td><td></td></tr>\n</table>\n");
    check_format(result, RUZU_FORMAT_BOX,
                 "┌────┬─────────┬───────┐\n"
                 "│ n  │ t       │ l     │\n"
                 "├────┼─────────┼───────┤\n"
                 "│  1 │ a,\"b\"   │ [1,2] │\n"
                 "│ 22 │         │ []    │\n"
                 "│    │ x|<y>\\n │       │\n"
                 "└────┴─────────┴───────┘\n");
    CHECK(ruzu_result_to_string(result, (ruzu_format)99) == NULL);
    CHECK_EQ_I64(ruzu_result_status(result), RUZU_ERROR_MISUSE);
    ruzu_result_rewind(result);
    CHECK(ruzu_result_next(result)); /* rewound before and after */
    CHECK_EQ_I64(ruzu_get_int64(result, 0), 1);
    ruzu_result_free(result);
    session_close(conn);
}

/* Columns in boxes line up by what a terminal shows, not by bytes. */
static void boxes_know_wide_characters(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "UNWIND ['京都', 'São', 'x'] AS city RETURN city", &result), RUZU_OK);
    check_format(result, RUZU_FORMAT_BOX, "┌──────┐\n│ city │\n├──────┤\n│ 京都 │\n│ São  │\n│ x    │\n└──────┘\n");
    ruzu_result_free(result);
    session_close(conn);
}

/* The plan is kept for the text, and made anew when the schema or the data has changed. */
static void kept_plans_follow_the_schema(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_conn *other = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    const char *query = "MATCH (t:T) RETURN count(*), sum(t.n)";
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY, n INT64)");
    for (int round = 0; round < 3; round++) {
        EXPECT_ROWS(conn, query, "0|");
    }
    session_run(other, "UNWIND range(1, 3000) AS i CREATE (:T {id: i, n: 2})");
    EXPECT_ROWS(conn, query, "3000|6000");
    session_run(other, "DROP TABLE T");
    EXPECT_ERROR(conn, query, RUZU_ERROR_BINDER, "Binder exception: Table T does not exist.");
    session_run(other, "CREATE NODE TABLE T(n DOUBLE, id STRING PRIMARY KEY); CREATE (:T {id: 'a', n: 0.5})");
    EXPECT_ROWS(conn, query, "1|0.5");
    session_close(other);
    session_close(conn);
}

/* A schema that was rolled back leaves no plan behind, though its version number is given again. */
static void plans_of_rolled_back_schemas_are_not_kept(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "BEGIN TRANSACTION; CREATE NODE TABLE T(id INT64 PRIMARY KEY, a STRING); CREATE (:T {id: 1, a: 'x'})");
    EXPECT_ROWS(conn, "MATCH (t:T) RETURN t.a", "x");
    session_run(conn, "ROLLBACK");
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY, b INT64, a INT64); CREATE (:T {id: 1, b: 5, a: 6})");
    EXPECT_ROWS(conn, "MATCH (t:T) RETURN t.a", "6");
    session_close(conn);
}

/* Time stands still within a transaction, not within a kept plan. */
static void kept_plans_know_the_time(void)
{
    ruzu_conn *conn = session_open(NULL);
    char first[64] = "";
    bool moved = false;
    for (int round = 0; round < 1000 && !moved; round++) {
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, "RETURN current_timestamp()", &result), RUZU_OK);
        CHECK(ruzu_result_next(result));
        const char *text = ruzu_get_string(result, 0, NULL);
        moved = first[0] != '\0' && strcmp(first, text) != 0;
        (void)snprintf(first, sizeof first, "%s", text);
        ruzu_result_free(result);
    }
    CHECK(moved);
    session_close(conn);
}

static void more_texts_than_kept_plans(void)
{
    ruzu_conn *conn = session_open(NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 200; i++) {
            char query[64];
            char expected[32];
            (void)snprintf(query, sizeof query, "RETURN %d + 1", i);
            (void)snprintf(expected, sizeof expected, "%d", i + 1);
            EXPECT_ROWS(conn, query, expected);
        }
    }
    session_close(conn);
}

static void options_can_be_set(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CALL threads = 2");
    session_run(conn, "CALL timeout = (1 + 2 + 3) * 10000");
    session_run(conn, "CALL recursive_pattern_semantic = 'trail'");
    session_run(conn, "CALL progress_bar = CASE WHEN 1 < 2 THEN true ELSE false END");
    EXPECT_ERROR(conn, "CALL threads = 'abc'", RUZU_ERROR_BINDER,
                 "Binder exception: Expression abc has data type STRING but expected UINT64. Implicit cast is not supported.");
    EXPECT_ERROR(conn, "CALL threads = -3", RUZU_ERROR_OVERFLOW, "Overflow exception: Value -3 is not within UINT64 range");
    EXPECT_ERROR(conn, "CALL recursive_pattern_semantic = 'x'", RUZU_ERROR_BINDER, "Binder exception: Cannot parse x as a path semantic.");
    EXPECT_ERROR(conn, "CALL spill_to_disk = true", RUZU_ERROR_RUNTIME, "Runtime exception: Cannot set spill_to_disk to true for an in-memory database!");
    EXPECT_ERROR(conn, "CALL threads = NULL", RUZU_ERROR_BINDER, "Binder exception: ");
    session_run(conn, "CALL double_format = 'fixed6'");
    EXPECT_ROWS(conn, "RETURN 1.5", "1.500000");
    session_run(conn, "CALL double_format = 'shortest'");
    EXPECT_ROWS(conn, "RETURN 1.5", "1.5");
    session_close(conn);
}

static void locked_configuration_stays(void)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.flags = RUZU_OPEN_LOCK_CONFIGURATION;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(NULL, &config, &conn), RUZU_OK);
    EXPECT_ERROR(conn, "CALL threads = 1", RUZU_ERROR_MISUSE, "Cannot set option threads");
    session_close(conn);
}

static void plans_can_be_seen(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY); CREATE (:T {id: 1})");
    const char *const queries[] = {"EXPLAIN MATCH (t:T) RETURN t.id", "PROFILE MATCH (t:T) RETURN t.id", "EXPLAIN CREATE (:T {id: 2})", "EXPLAIN CREATE NODE TABLE U(id INT64 PRIMARY KEY)"};
    for (int i = 0; i < 4; i++) {
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, queries[i], &result), RUZU_OK);
        CHECK_STR(ruzu_result_column_name(result, 0), "explain result");
        CHECK_EQ_U64(ruzu_result_row_count(result), 1);
        CHECK(ruzu_result_next(result) && ruzu_get_string(result, 0, NULL)[0] != '\0');
        CHECK(i != 1 || strstr(ruzu_get_string(result, 0, NULL), "NumOutputTuples") != NULL);
        CHECK(i != 1 || strstr(ruzu_get_string(result, 0, NULL), "NumInputTuples: 1  CollectionTime: ") != NULL); /* of RESULT, a sink */
        ruzu_result_free(result);
    }
    EXPECT_ROWS(conn, "MATCH (t:T) RETURN t.id", "1"); /* nothing was created */
    EXPECT_ERROR(conn, "MATCH (u:U) RETURN u.id", RUZU_ERROR_BINDER, "Binder exception: ");
    session_close(conn);
}

static void misuse_is_told(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(NULL, "RETURN 1", &result), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_query(conn, NULL, &result), RUZU_ERROR_MISUSE);
    CHECK(ruzu_errmsg(conn)[0] != '\0');
    CHECK_EQ_I64(ruzu_connect(conn, NULL), RUZU_ERROR_MISUSE);
    CHECK(!ruzu_result_next(NULL));
    CHECK(ruzu_is_null(NULL, 0));
    CHECK_EQ_U64(ruzu_result_row_count(NULL), 0);
    CHECK_EQ_I64(ruzu_result_status(NULL), RUZU_ERROR_MISUSE);
    CHECK(ruzu_get_value(NULL, 0) == NULL);
    CHECK(ruzu_result_to_string(NULL, RUZU_FORMAT_BOX) == NULL);
    ruzu_result_free(NULL);
    ruzu_stmt_free(NULL);
    ruzu_value_free(NULL);
    ruzu_free(NULL);
    session_close(conn);
}

/* Handles outlive their connection as empty shells. */
static void results_end_with_their_connection(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_conn *other = NULL;
    ruzu_result *result = NULL;
    ruzu_result *chain = NULL;
    ruzu_stmt *stmt = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    CHECK_EQ_I64(ruzu_query(conn, "RETURN 'text' AS t", &result), RUZU_OK);
    CHECK_EQ_I64(ruzu_query(conn, "RETURN 1; RETURN 2; RETURN 3", &chain), RUZU_OK);
    CHECK_EQ_I64(ruzu_prepare(conn, "RETURN $x", &stmt), RUZU_OK);
    CHECK(ruzu_result_next(result));
    session_close(conn);
    CHECK(!ruzu_result_next(result));
    CHECK_EQ_I64(ruzu_result_status(result), RUZU_ERROR_MISUSE);
    CHECK_STR(ruzu_get_string(result, 0, NULL), "");
    CHECK(ruzu_get_value(result, 0) == NULL);
    CHECK_EQ_U64(ruzu_result_column_count(result), 0);
    CHECK(ruzu_result_to_string(result, RUZU_FORMAT_BOX) == NULL);
    ruzu_result_rewind(result);
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "x", 1), RUZU_ERROR_MISUSE);
    CHECK_EQ_I64(ruzu_execute(stmt, NULL), RUZU_ERROR_MISUSE);
    CHECK(!ruzu_result_next(ruzu_result_next_result(chain)));
    ruzu_result_free(result);
    ruzu_result_free(chain);
    ruzu_stmt_free(stmt);
    EXPECT_ROWS(other, "RETURN 1", "1");
    session_close(other);
}

int main(void)
{
    RUN(scripts_give_chained_results);
    RUN(first_failure_ends_a_script);
    RUN(errors_say_what_is_wrong);
    RUN(statements_without_rows);
    RUN(rows_one_by_one);
    RUN(chunk_after_chunk);
    RUN(results_as_text);
    RUN(boxes_know_wide_characters);
    RUN(kept_plans_follow_the_schema);
    RUN(plans_of_rolled_back_schemas_are_not_kept);
    RUN(kept_plans_know_the_time);
    RUN(more_texts_than_kept_plans);
    RUN(options_can_be_set);
    RUN(locked_configuration_stays);
    RUN(plans_can_be_seen);
    RUN(misuse_is_told);
    RUN(results_end_with_their_connection);
    return CHECK_DONE();
}
