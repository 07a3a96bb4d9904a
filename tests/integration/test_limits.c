/* SPDX-License-Identifier: MIT */
/*
 * Statements that have brought other databases down: nested or chained without end, asking for more than there is. Each is a test of its name (docs/testing.md lists them):
 * the answer is right, or a limit is named; the host lives on, and so does the connection.
 */
#include "session.h"

#include <time.h>

static ruzu_conn *limits_conn;

/* head, then `count` times part, middle, then `count` times tail (may be empty), end. Owned by the caller. */
static char *limits_text(const char *head, const char *part, size_t count, const char *middle, const char *tail, const char *end)
{
    size_t sizes[5] = {strlen(head), strlen(part), strlen(middle), strlen(tail), strlen(end)};
    char *text = (char *)malloc(sizes[0] + (sizes[1] + sizes[3]) * count + sizes[2] + sizes[4] + 1);
    if (text == NULL) {
        exit(1);
    }
    char *at = text;
    memcpy(at, head, sizes[0]);
    at += sizes[0];
    for (size_t i = 0; i < count; i++, at += sizes[1]) {
        memcpy(at, part, sizes[1]);
    }
    memcpy(at, middle, sizes[2]);
    at += sizes[2];
    for (size_t i = 0; i < count; i++, at += sizes[3]) {
        memcpy(at, tail, sizes[3]);
    }
    memcpy(at, end, sizes[4] + 1);
    return text;
}

/* The statement gives this one row, or an error that names a limit; afterwards the connection answers. Frees the text. */
static void limits_ask(char *text, const char *want)
{
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(limits_conn, text, &result);
    check_count++;
    if (status == RUZU_OK) {
        if (strcmp(session_text(result), want) != 0) {
            check_failures++;
            fprintf(stderr, "%.60s…: \"%.100s\", expected \"%s\"\n", text, session_text(result), want);
        }
    } else if (status != RUZU_ERROR_LIMIT || strstr(ruzu_errmsg(limits_conn), "limit") == NULL) {
        check_failures++;
        fprintf(stderr, "%.60s…: status %d, \"%.200s\"\n", text, (int)status, ruzu_errmsg(limits_conn));
    }
    ruzu_result_free(result);
    free(text);
    EXPECT_ROWS(limits_conn, "RETURN 1 + 1", "2");
}

/* The same, and the limit is passed for sure. */
static void limits_refused(char *text, const char *part)
{
    CHECK_EQ_I64(ruzu_query(limits_conn, text, NULL), RUZU_ERROR_LIMIT);
    CHECK(strstr(ruzu_errmsg(limits_conn), part) != NULL);
    free(text);
    EXPECT_ROWS(limits_conn, "RETURN 1 + 1", "2");
}

static void nest_list_100k(void)
{
    limits_refused(limits_text("RETURN size(", "[", 100000, "1", "]", ")"), "max_depth");
    limits_ask(limits_text("RETURN size(", "[", 50, "1", "]", ")"), "1");
}

static void nest_paren_100k(void)
{
    limits_refused(limits_text("RETURN ", "(", 100000, "1", ")", ""), "max_depth");
    limits_ask(limits_text("RETURN ", "(", 500, "1", ")", ""), "1");
}

static void nest_case_10k(void)
{
    limits_refused(limits_text("RETURN ", "CASE WHEN true THEN ", 10000, "1", " ELSE 2 END", ""), "max_depth");
    limits_ask(limits_text("RETURN ", "CASE WHEN true THEN ", 100, "1", " ELSE 2 END", ""), "1");
}

static void nest_exists_10k(void)
{
    limits_refused(limits_text("MATCH (p:P) WHERE ", "EXISTS { MATCH (p)-[:K]->(q:P) WHERE ", 10000, "true", " }", " RETURN count(*)"), "depth");
    limits_ask(limits_text("MATCH (p:P) WHERE ", "EXISTS { MATCH (p)-[:K]->(:P) WHERE ", 20, "true", " }", " RETURN count(*)"), "49");
}

static void not_100k(void)
{
    limits_ask(limits_text("RETURN ", "NOT ", 100000, "true", "", ""), "True");
    limits_ask(limits_text("RETURN ", "NOT ", 99, "true", "", ""), "False");
}

static void plus_1M(void)
{
    limits_ask(limits_text("RETURN 1", " + 1", 1000000, "", "", ""), "1000001");
    limits_ask(limits_text("RETURN 1", " + 1", 1000, "", "", ""), "1001");
}

static void and_1M(void)
{
    limits_ask(limits_text("RETURN true", " AND true", 1000000, "", "", ""), "True");
    limits_ask(limits_text("RETURN true", " AND true", 1000, " AND false", "", ""), "False");
}

static void union_50k(void)
{
    limits_ask(limits_text("RETURN 1 AS x", " UNION RETURN 1 AS x", 50000, "", "", ""), "1");
    limits_ask(limits_text("RETURN 1 AS x", " UNION RETURN 1 AS x", 100, "", "", ""), "1");
}

/* Neither the memory nor the time that the text asks for. */
static void limits_bounded(const char *cypher)
{
    struct timespec begin, end;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    ruzu_status status = ruzu_query(limits_conn, cypher, NULL);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    CHECK(status == RUZU_ERROR_LIMIT || status == RUZU_ERROR_NO_MEMORY || status == RUZU_ERROR_RUNTIME);
    CHECK(strlen(ruzu_errmsg(limits_conn)) > 10);
    CHECK(end.tv_sec - begin.tv_sec < 20);
    EXPECT_ROWS(limits_conn, "RETURN 1 + 1", "2");
}

static void range_1e11_limit(void)
{
    limits_bounded("RETURN size(range(1, 100000000000))");
    limits_bounded("UNWIND [1, 2] AS i RETURN size(range(i, 100000000000))");
    limits_bounded("RETURN range(-9223372036854775807, 9223372036854775807)");
}

static void lpad_1e11_limit(void)
{
    limits_bounded("RETURN lpad('a', 100000000000, 'b')");
    limits_bounded("RETURN rpad('a', 100000000000, 'b')");
    limits_bounded("RETURN repeat('ab', 100000000000)");
    limits_bounded("UNWIND ['a', 'b'] AS s RETURN size(lpad(s, 100000000000, 'xy'))");
}

/* A pattern of variable length matches the same node many times over: each goes once, in time. */
static void detach_delete_varlen_bounded(void)
{
    session_run(limits_conn, "CREATE NODE TABLE D(id INT64 PRIMARY KEY); CREATE REL TABLE E(FROM D TO D)");
    session_run(limits_conn, "UNWIND range(1, 40) AS i CREATE (:D {id: i})");
    session_run(limits_conn, "MATCH (a:D), (b:D) WHERE b.id = a.id + 1 OR b.id = a.id + 2 CREATE (a)-[:E]->(b)");
    EXPECT_ROWS(limits_conn, "MATCH (:D)-[e:E]->(:D) RETURN count(*)", "77");
    session_run(limits_conn, "MATCH (a:D {id: 10})-[:E*1..12]->(b:D) DETACH DELETE b");
    EXPECT_ROWS(limits_conn, "MATCH (d:D) RETURN count(*), max(d.id), sum(d.id)", "16|40|280");
    EXPECT_ROWS(limits_conn, "MATCH (a:D)-[:E]->(b:D) RETURN count(*)", "26");
    EXPECT_ROWS(limits_conn, "CALL check_database(deep := true) WHERE severity <> 'warning' RETURN count(*)", "0");
    session_run(limits_conn, "MATCH (a:D)-[:E*1..30]-(b:D) DETACH DELETE a, b"); /* more walks than there is memory */
    EXPECT_ROWS(limits_conn, "MATCH (a:D)-[e:E]->(b:D) RETURN count(*)", "0");
    EXPECT_ROWS(limits_conn, "CALL check_database(deep := true) WHERE severity <> 'warning' RETURN count(*)", "0");
}

/* DELETE asks for the set of ends only; enumerating every walk deletes the same. */
static void deleting_ends_is_deleting_every_walk(void)
{
    const char *const deletes[] = {"MATCH (a:D {id: 2})-[:E*1..3]->(b:D) DETACH DELETE b", "MATCH (a:D)-[:E*2..3]-(b:D) WHERE b.id > 4 DETACH DELETE a, b",
                                   "MATCH (a:D)-[:E*0..2]->(b:D {id: 5}) DETACH DELETE a", "MATCH (a:D)-[e:E]->(b:D)-[:E*1..2]->(c:D) DELETE e",
                                   "MATCH (a:D {id: 2})-[:E* SHORTEST 1..3]->(b:D) DETACH DELETE b"};
    for (size_t d = 0; d < sizeof deletes / sizeof deletes[0]; d++) {
        char *left[2] = {NULL, NULL};
        for (int plain = 0; plain < 2; plain++) {
            ruzu_conn *conn = session_open(NULL);
            session_run(conn, "CREATE NODE TABLE D(id INT64 PRIMARY KEY); CREATE REL TABLE E(FROM D TO D); UNWIND range(1, 8) AS i CREATE (:D {id: i})");
            session_run(conn, "MATCH (a:D), (b:D) WHERE (a.id * 5 + b.id * 3) % 7 < 2 AND a.id <> b.id CREATE (a)-[:E]->(b)");
            session_run(conn, plain ? "CALL enable_plan_optimizer = false" : "CALL enable_plan_optimizer = true");
            session_run(conn, deletes[d]);
            ruzu_result *result = NULL;
            CHECK_EQ_I64(ruzu_query(conn, "MATCH (a:D) OPTIONAL MATCH (a)-[:E]->(b:D) RETURN a.id, b.id ORDER BY a.id, b.id", &result), RUZU_OK);
            left[plain] = strdup(session_text(result));
            ruzu_result_free(result);
            session_close(conn);
        }
        CHECK_STR(left[0], left[1]);
        free(left[0]);
        free(left[1]);
    }
}

/* ---- values that must come back from the file ---- */

/* Reads the question's rows before a checkpoint, after it, and from the file. */
static void limits_survives(const char *path, const char *setup, const char *question, const char *rows)
{
    ruzu_conn *conn = session_open(session_path(path));
    session_run(conn, setup);
    EXPECT_ROWS(conn, question, rows);
    session_run(conn, "CHECKPOINT");
    EXPECT_ROWS(conn, question, rows);
    session_close(conn);
    conn = session_open(session_path(path));
    EXPECT_ROWS(conn, question, rows);
    session_run(conn, "MATCH (t:T) SET t.touched = 1; CHECKPOINT");
    EXPECT_ROWS(conn, question, rows);
    EXPECT_ROWS(conn, "CALL check_database(deep := true) WHERE severity <> 'warning' RETURN count(*)", "0");
    session_close(conn);
}

static void list_of_struct_survives_checkpoint(void)
{
    limits_survives("list.ruzu",
                    "CREATE NODE TABLE T(id INT64 PRIMARY KEY, touched INT64, l STRUCT(a INT64, b STRING)[], m STRUCT(x INT64[], y STRUCT(z STRING))[]); "
                    "CREATE (:T {id: 1, l: [{a: 1, b: 'one'}, {a: 2, b: NULL}], m: [{x: [1, 2], y: {z: 'deep'}}]}); "
                    "CREATE (:T {id: 2}); "
                    "UNWIND range(3, 2000) AS i CREATE (:T {id: i, l: [{a: i, b: 'text number ' + string(i)}]})",
                    "MATCH (t:T) WHERE t.id IN [1, 2, 3, 1999] RETURN t.id, t.l, t.m ORDER BY t.id",
                    "1|[{a: 1, b: one},{a: 2, b: }]|[{x: [1,2], y: {z: deep}}]\n2||\n3|[{a: 3, b: text number 3}]|\n1999|[{a: 1999, b: text number 1999}]|");
}

static void map_json_survives_checkpoint(void)
{
    limits_survives("map.ruzu",
                    "CREATE NODE TABLE T(id INT64 PRIMARY KEY, touched INT64, m MAP(STRING, STRING), n MAP(STRING, INT64[])); "
                    "CREATE (:T {id: 1, m: map(['k', 'json'], ['v', '{\"a\": [1, {\"b\": null}], \"c\": \"x\\\\\"y\"}']), n: map(['l'], [[1, 2, 3]])}); "
                    "UNWIND range(2, 2000) AS i CREATE (:T {id: i, m: map(['key' + string(i)], ['{\"i\": ' + string(i) + '}'])})",
                    "MATCH (t:T) WHERE t.id IN [1, 1500] RETURN t.id, t.m, t.n ORDER BY t.id",
                    "1|{k=v, json={\"a\": [1, {\"b\": null}], \"c\": \"x\\\"y\"}}|{l=[1,2,3]}\n1500|{key1500={\"i\": 1500}}|");
}

static void agg_16MiB_pool_spills(void)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = UINT64_C(16) << 20;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(session_path("agg.ruzu"), &config, &conn), RUZU_OK);
    const char *grouped = "UNWIND range(1, 400000) AS i WITH i % 300000 AS k, count(*) AS n, min('some text of group ' + string(i)) AS t "
                          "RETURN count(*), sum(n), min(k), max(k), max(size(t))"; /* six digits at most */
    EXPECT_ROWS(conn, grouped, "300000|400000|0|299999|25");
    session_run(conn, "CALL spill_to_disk = false");
    ruzu_status refused = ruzu_query(conn, grouped, NULL); /* so it did not fit */
    CHECK(refused == RUZU_ERROR_NO_MEMORY || refused == RUZU_ERROR_LIMIT);
    session_run(conn, "CALL spill_to_disk = true");
    EXPECT_ROWS(conn, grouped, "300000|400000|0|299999|25");
    session_close(conn);
}

int main(void)
{
    session_begin();
    limits_conn = session_open(NULL);
    session_run(limits_conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE REL TABLE K(FROM P TO P)");
    session_run(limits_conn, "UNWIND range(1, 50) AS i CREATE (:P {id: i})");
    session_run(limits_conn, "MATCH (a:P), (b:P) WHERE b.id = a.id + 1 CREATE (a)-[:K]->(b)");
    RUN(nest_list_100k);
    RUN(nest_paren_100k);
    RUN(nest_case_10k);
    RUN(nest_exists_10k);
    RUN(not_100k);
    RUN(plus_1M);
    RUN(and_1M);
    RUN(union_50k);
    RUN(range_1e11_limit);
    RUN(lpad_1e11_limit);
    RUN(detach_delete_varlen_bounded);
    RUN(deleting_ends_is_deleting_every_walk);
    RUN(list_of_struct_survives_checkpoint);
    RUN(map_json_survives_checkpoint);
    RUN(agg_16MiB_pool_spills);
    session_close(limits_conn);
    session_end();
    return CHECK_DONE();
}
