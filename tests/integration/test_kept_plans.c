/* SPDX-License-Identifier: MIT */
/*
 * Plans whose operators are kept between executions against the same statements run once: prepared statements with changing parameters, between changes of the data,
 * checkpoints, rolled back transactions and a changing schema. A statement is run once by a text that was never seen before, with the parameters written into it.
 */
#include "integration/session.h"

enum { KEPT_NODES = 60, KEPT_TEXT = 2048 };

/* $k: a key, $n: a small number, $s: a text, $l: a list of keys */
static const char *const kept_queries[] = {
    "MATCH (a:A) WHERE a.id = $k RETURN a.id, a.name, a.v",
    "MATCH (a:A) WHERE a.id = $k AND a.v > $n RETURN a",
    "MATCH (a:A)-[r:R]->(b:A) WHERE a.id = $k RETURN b.id, r.w, b.name ORDER BY b.id, r.w",
    "MATCH (a:A)<-[r:R]-(b:A) WHERE a.id = $k AND b.v <> $n RETURN b.id, b.v * 2 + $n ORDER BY b.id, r.w",
    "MATCH (a:A)-[:R]-(b:A)-[:R]->(c:A) WHERE a.id = $k RETURN count(DISTINCT c.id), count(*), sum(c.v)",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k RETURN b.v % 3 AS m, count(*) AS c, sum(b.id), collect(b.id)[1], min(b.name) ORDER BY m, c",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k WITH b ORDER BY b.id LIMIT 3 MATCH (b)-[:R]->(c:A) RETURN b.id, c.id ORDER BY b.id, c.id",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k RETURN b.id ORDER BY b.id SKIP 1 LIMIT 4",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k RETURN b.id ORDER BY b.id LIMIT $n",
    "MATCH (a:A) WHERE a.id = $k OPTIONAL MATCH (a)-[:R]->(b:A) WHERE b.v > $n RETURN a.id, b.id ORDER BY b.id",
    "MATCH (a:A) WHERE a.id = $k RETURN a.id, EXISTS { MATCH (a)-[:R]->(b:A) WHERE b.v = $n }",
    "MATCH (a:A) WHERE a.id = $k AND NOT EXISTS { MATCH (a)-[:R]->(b:A) WHERE b.v = $n } RETURN a.name",
    "MATCH (a:A)-[:R*1..2]->(b:A) WHERE a.id = $k RETURN count(DISTINCT b.id), count(*)",
    "MATCH (a:A)-[e:R* SHORTEST 1..6]->(b:A) WHERE a.id = $k AND b.id = $n RETURN length(e)",
    "MATCH (a:A)-[e:R* ALL SHORTEST 1..6]->(b:A) WHERE a.id = $k AND b.id = $n RETURN count(*), max(length(e))",
    "MATCH (a:A)-[e:R* SHORTEST 1..6]->(b:A) WHERE a.id = $k RETURN count(*), max(length(e))",
    "MATCH (a:A)-[e:R* TRAIL 1..3]->(b:A) WHERE a.id = $k AND b.v = $n RETURN count(*), sum(length(e))",
    "UNWIND $l AS x MATCH (a:A) WHERE a.id = x RETURN a.id, a.name, x ORDER BY x, a.id",
    "UNWIND $l AS x MATCH (a:A)-[:R]->(b:A) WHERE a.id = x RETURN x, count(b.id) ORDER BY x",
    "MATCH (a:A) WHERE a.name = $s AND a.id = $k RETURN a.id, $s + '!', upper($s), size($s)",
    "MATCH (a:A) WHERE a.id = $k RETURN CASE WHEN $n > 4 THEN a.name ELSE $s END, a.id / $n",
    "MATCH (a:A)-[:R]->(b:A), (b)-[:R]->(a) WHERE a.id = $k RETURN b.id, count(*) ORDER BY b.id",
    "MATCH (a:A)-[:R]->(b:A)-[:R]->(c:A)-[:R]->(a) WHERE a.id = $k RETURN count(*)",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id IN $l RETURN a.id, count(*) ORDER BY a.id",
    "MATCH (a:A) WHERE a.id = $k RETURN a.id, COUNT { MATCH (a)-[:R]->(b:A) WHERE b.v > $n }",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k CALL { WITH b MATCH (b)-[:R]->(c:A) RETURN c.id AS d ORDER BY d LIMIT 2 } RETURN b.id, d ORDER BY b.id, d",
    "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k RETURN count(DISTINCT b), count(DISTINCT b.v), count(DISTINCT a.id)",
    "MATCH (a:A) WHERE a.id = $k OPTIONAL MATCH (a)-[:R]->(b:A)-[:R]->(c:A) RETURN count(DISTINCT c), count(DISTINCT c.id), count(c)",
    "RETURN $k + $n, $s, $l",
    "RETURN 1 / ($n - 3)",
    "MATCH (a:A) WHERE a.id = $k CALL { WITH a MATCH (a)-[:R]->(b:A) RETURN count(*) AS c } RETURN a.id, c",
    /* from scans */
    "MATCH (a:A) RETURN count(*), min(a.id), max(a.v)",
    "MATCH (a:A) WHERE a.v > $n RETURN count(*), sum(a.id)",
    "MATCH (a:A) WHERE a.v >= $n AND a.id > $k / $n RETURN a.id ORDER BY a.id",
    "MATCH (a:A) WHERE a.id >= $k - $n AND a.id < $k RETURN a.id, a.v ORDER BY a.id LIMIT 5",
    "MATCH (a:A) WHERE a.name = $s OR a.v = $n RETURN a.id ORDER BY a.id",
    "MATCH (a:A) WHERE a.name = $s AND a.v <> $n RETURN a.id, a.name ORDER BY a.id",
    "MATCH (a:A) WHERE a.name STARTS WITH $s RETURN a.id ORDER BY a.id",
    "MATCH (a:A) WHERE a.name CONTAINS $s AND a.name >= 'a' RETURN count(*)",
    "MATCH (a:A) WHERE a.name CONTAINS '1' RETURN a.name, count(*) ORDER BY a.name",
    "MATCH (a:A) WHERE a.id IN $l RETURN a.v, collect(a.name)[1], count(*) AS c ORDER BY a.v, c",
    "MATCH (a:A) RETURN a.v, count(*), sum(a.id) ORDER BY a.v",
    "MATCH (a:A) RETURN a.name, a.v % 2 AS m, count(DISTINCT a.v) ORDER BY a.name, m",
    "MATCH (a:A) RETURN a.id, a.name ORDER BY a.v DESC, a.id SKIP 2 LIMIT 7",
    "MATCH (a:A) WITH a LIMIT 3 RETURN count(*)",
    "MATCH (a:A)-[r:R]->(b:A) WHERE a.v > $n RETURN count(*), sum(r.w)",
    "MATCH (a:A)-[r:R]->(b:A) WHERE b.v = $n AND r.w > $n RETURN b.id, count(*) ORDER BY b.id",
    "MATCH (a:A)-[:R]->(b:A) RETURN b.v, count(DISTINCT a.id) ORDER BY b.v",
    "MATCH (a:A) WHERE a.v = $n OPTIONAL MATCH (b:A) WHERE b.id > a.id AND b.v = $n RETURN a.id, count(b) ORDER BY a.id",
    "MATCH (a:A) WHERE a.v < $n AND EXISTS { MATCH (a)-[:R]->(b:A) WHERE b.v = $n } RETURN a.id ORDER BY a.id",
};
enum { KEPT_QUERIES = sizeof kept_queries / sizeof kept_queries[0] };

typedef struct kept_parameters {
    int64_t k, n;
    char s[64];
    int64_t l[8];
    int count; /* of l; -1: NULL instead of a number and a text */
} kept_parameters;

static uint64_t kept_state = 88172645463325252u;

static int64_t kept_random(int64_t below)
{
    kept_state ^= kept_state << 13;
    kept_state ^= kept_state >> 7;
    kept_state ^= kept_state << 17;
    return (int64_t)(kept_state % (uint64_t)below);
}

static void kept_choose(kept_parameters *p)
{
    p->k = kept_random(KEPT_NODES + 3);
    p->n = kept_random(8);
    (void)snprintf(p->s, sizeof p->s, kept_random(2) == 0 ? "n%d" : "a name that is longer than twelve bytes %d", (int)kept_random(5));
    p->count = (int)kept_random(8);
    for (int i = 0; i < p->count; i++) {
        p->l[i] = kept_random(KEPT_NODES);
    }
}

/* The query with the parameters in it, and a comment that no other text has. */
static void kept_write(const char *query, const kept_parameters *p, char *out)
{
    static int number = 0;
    size_t at = 0;
    for (const char *c = query; *c != '\0'; c++) {
        if (*c != '$') {
            out[at++] = *c;
            continue;
        }
        c++;
        if (*c == 'k' || *c == 'n') {
            at += (size_t)snprintf(out + at, KEPT_TEXT - at, "%lld", (long long)(*c == 'k' ? p->k : p->n));
        } else if (*c == 's') {
            at += (size_t)snprintf(out + at, KEPT_TEXT - at, "'%s'", p->s);
        } else {
            at += (size_t)snprintf(out + at, KEPT_TEXT - at, "CAST([");
            for (int i = 0; i < p->count; i++) {
                at += (size_t)snprintf(out + at, KEPT_TEXT - at, i == 0 ? "%lld" : ", %lld", (long long)p->l[i]);
            }
            at += (size_t)snprintf(out + at, KEPT_TEXT - at, "] AS INT64[])");
        }
    }
    (void)snprintf(out + at, KEPT_TEXT - at, " // %d", number++);
}

static void kept_bind(ruzu_stmt *stmt, const kept_parameters *p)
{
    char list[256] = "[";
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "k", p->k), RUZU_OK);
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "n", p->n), RUZU_OK);
    CHECK_EQ_I64(ruzu_bind_string(stmt, "s", p->s, SIZE_MAX), RUZU_OK);
    for (int i = 0; i < p->count; i++) {
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), i == 0 ? "%lld" : ",%lld", (long long)p->l[i]);
    }
    strcat(list, "]");
    ruzu_value *value = ruzu_value_create_from_text("INT64[]", list, SIZE_MAX);
    CHECK(value != NULL);
    CHECK_EQ_I64(ruzu_bind_value(stmt, "l", value), RUZU_OK);
    ruzu_value_free(value);
}

static char *kept_copy(const char *text)
{
    char *copy = (char *)malloc(strlen(text) + 1);
    if (copy == NULL) {
        exit(1);
    }
    return strcpy(copy, text);
}

/* Rows or the error. */
static char *kept_answer(ruzu_conn *conn, ruzu_status status, ruzu_result *result)
{
    return kept_copy(status == RUZU_OK ? session_text(result) : ruzu_errmsg(conn));
}

static void kept_compare(ruzu_conn *conn, ruzu_stmt **stmts, int q, ruzu_result **held, char **held_text)
{
    kept_parameters p;
    char text[KEPT_TEXT];
    kept_choose(&p);
    kept_bind(stmts[q], &p);
    kept_write(kept_queries[q], &p, text);
    ruzu_result *result = NULL;
    bool in_transaction = ruzu_in_transaction(conn);
    ruzu_status status = ruzu_execute(stmts[q], &result);
    char *got = kept_answer(conn, status, result);
    if (in_transaction && !ruzu_in_transaction(conn)) { /* it failed, and that ended the transaction: what it says cannot be compared */
        free(got);
        return;
    }
    ruzu_result *once = NULL;
    status = ruzu_query(conn, text, &once);
    char *want = kept_answer(conn, status, once);
    check_count++;
    if (strcmp(got, want) != 0) {
        check_failures++;
        fprintf(stderr, "%s\n    kept: %s\n    once: %s\n", text, got, want);
    }
    ruzu_result_free(once);
    free(want);
    if (*held != NULL) { /* a result of an earlier execution stays as it was */
        CHECK_STR(session_text(*held), *held_text);
    }
    if (kept_random(4) == 0 || result == NULL) {
        ruzu_result_free(*held);
        free(*held_text);
        *held = result;
        *held_text = got;
    } else {
        ruzu_result_free(result);
        free(got);
    }
}

static void kept_change(ruzu_conn *conn)
{
    char text[256];
    int64_t a = kept_random(KEPT_NODES);
    int64_t b = kept_random(KEPT_NODES);
    switch (kept_random(9)) {
    case 0:
    case 1:
    case 2: (void)snprintf(text, sizeof text, "MATCH (a:A {id: %d}), (b:A {id: %d}) CREATE (a)-[:R {w: %d}]->(b)", (int)a, (int)b, (int)kept_random(9)); break;
    case 3: (void)snprintf(text, sizeof text, "MATCH (a:A {id: %d})-[r:R]->(:A {id: %d}) DELETE r", (int)a, (int)b); break;
    case 4: (void)snprintf(text, sizeof text, "MATCH (a:A {id: %d}) SET a.v = %d, a.name = 'n%d'", (int)a, (int)kept_random(8), (int)b); break;
    case 5: (void)snprintf(text, sizeof text, "MATCH (a:A {id: %d}) DETACH DELETE a", (int)a); break;
    case 6: (void)snprintf(text, sizeof text, "MERGE (a:A {id: %d}) ON CREATE SET a.v = %d, a.name = 'a name that is longer than twelve bytes %d'", (int)a,
                           (int)kept_random(8), (int)kept_random(5)); break;
    case 7: (void)snprintf(text, sizeof text, "%s", ruzu_in_transaction(conn) ? "RETURN 1" : "CHECKPOINT"); break;
    default: (void)snprintf(text, sizeof text, "%s", ruzu_in_transaction(conn) ? (kept_random(2) == 0 ? "COMMIT" : "ROLLBACK") : "BEGIN TRANSACTION"); break;
    }
    session_run(conn, text);
}

static void kept_fill(ruzu_conn *conn)
{
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY, name STRING, v INT64)");
    session_run(conn, "CREATE REL TABLE R(FROM A TO A, w INT64)");
    session_run(conn, "UNWIND range(0, 59) AS i CREATE (:A {id: i, name: 'n' + CAST(i % 5 AS STRING), v: i % 8})");
    session_run(conn, "MATCH (a:A), (b:A) WHERE (a.id * 7 + b.id * 13) % 29 = 0 CREATE (a)-[:R {w: a.id % 4}]->(b)");
}

static void kept_run_rounds(const char *path, int rounds, const char *options)
{
    ruzu_conn *conn = session_open(path);
    ruzu_stmt *stmts[KEPT_QUERIES];
    ruzu_result *held = NULL;
    char *held_text = NULL;
    kept_fill(conn);
    session_run(conn, options);
    for (int q = 0; q < KEPT_QUERIES; q++) {
        CHECK_EQ_I64(ruzu_prepare(conn, kept_queries[q], &stmts[q]), RUZU_OK);
    }
    for (int round = 0; round < rounds; round++) {
        for (int q = 0; q < KEPT_QUERIES; q++) {
            for (int64_t again = kept_random(3); again >= 0; again--) {
                kept_compare(conn, stmts, q, &held, &held_text);
            }
            if (kept_random(3) == 0) {
                kept_change(conn);
            }
        }
        if (round % 16 == 9) {
            session_run(conn, ruzu_in_transaction(conn) ? "ROLLBACK" : "ALTER TABLE A ADD extra INT64 DEFAULT 5");
        } else if (round % 16 == 13 && !ruzu_in_transaction(conn)) {
            session_run(conn, "ALTER TABLE A DROP IF EXISTS extra");
        }
    }
    for (int q = 0; q < KEPT_QUERIES; q++) {
        ruzu_stmt_free(stmts[q]);
    }
    ruzu_result_free(held);
    free(held_text);
    session_close(conn);
}

static void kept_executions_agree_with_single_ones(void)
{
    kept_run_rounds(session_path("one.ruzu"), 40, "CALL threads = 1");
    kept_run_rounds(session_path("two.ruzu"), 20, "CALL threads = 2");
}

/* What is kept was made for fewer threads, while an empty result waits for its next execution. */
static void kept_executions_meet_other_numbers_of_threads(void)
{
    ruzu_conn *conn = session_open(":memory:");
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY); UNWIND range(1, 20000) AS i CREATE (:A {id: i})");
    for (int round = 0; round < 12; round++) {
        char threads[32];
        (void)snprintf(threads, sizeof threads, "CALL threads = %d", 1 + round % 4);
        session_run(conn, threads);
        for (int again = 0; again < 3; again++) {
            EXPECT_ROWS(conn, "MATCH (a:A) WHERE a.id % 2 = 0 RETURN count(*), sum(a.id)", "10000|100010000");
        }
    }
    session_close(conn);
}

static const char *const kept_writes[] = {
    "MATCH (a:A) WHERE a.id = $k SET a.v = $n",
    "MATCH (a:A) WHERE a.id = $k SET a.v = a.v + 1, a.name = $s RETURN a.id, a.v, a.name",
    "MATCH (a:A) WHERE a.v = $n SET a.v = a.v + 1, a.name = 'changed'",
    "CREATE (a:A {id: $k, name: $s, v: $n}) RETURN a.id, a.v",
    "CREATE (a:A {id: $k + 100, v: $n})-[:R {w: $n}]->(b:A {id: $k + 200})",
    "MATCH (a:A) WHERE a.id = $k DETACH DELETE a",
    "MATCH (a:A) WHERE a.id = $k DELETE a",
    "MATCH (a:A), (b:A) WHERE a.id = $k AND b.id = $n CREATE (a)-[r:R {w: $n}]->(b) RETURN a.id, r.w, b.id",
    "MATCH (a:A)-[r:R]->(b:A) WHERE a.id = $k AND b.v = $n DELETE r",
    "MATCH (a:A)-[r:R]->(b:A) WHERE a.id = $k SET r.w = r.w + $n RETURN b.id, r.w ORDER BY b.id, r.w",
    "MATCH (a:A)-[r:R]->(b:A) WHERE a.id = $k SET b.v = $n RETURN count(*)",
    "MERGE (a:A {id: $k}) ON CREATE SET a.v = $n ON MATCH SET a.v = a.v + $n RETURN a.v",
    "UNWIND $l AS x MATCH (a:A) WHERE a.id = x SET a.v = a.v * 2 RETURN a.id, a.v ORDER BY a.id, a.v",
    "UNWIND $l AS x CREATE (:A {id: x + 300, v: $n})",
    "MATCH (a:A) WHERE a.id > 90 AND a.v > $n DETACH DELETE a",
    "MATCH (a:A) WHERE a.id = $k SET a.v = a.v / $n RETURN a.v",
    "MATCH (a:A) WHERE a.id = $k WITH a, a.v AS old SET a.v = old + $n WITH a, old MATCH (b:A) WHERE b.v = old RETURN old, count(b)",
};
enum { KEPT_WRITES = sizeof kept_writes / sizeof kept_writes[0] };

/* The same statements in the same order on two databases: prepared on one, run once on the other. */
static void kept_writes_agree_with_single_ones(void)
{
    static const char *const all[] = {"MATCH (a:A) RETURN a.id, a.name, a.v ORDER BY a.id", "MATCH (a:A)-[r:R]->(b:A) RETURN a.id, b.id, r.w ORDER BY a.id, b.id, r.w"};
    for (int threads = 1; threads <= 2; threads++) {
        ruzu_conn *kept = session_open(threads == 1 ? ":memory:" : session_path("writes.ruzu"));
        ruzu_conn *once = session_open(":memory:");
        ruzu_stmt *stmts[KEPT_WRITES];
        kept_fill(kept);
        kept_fill(once);
        session_run(kept, threads == 1 ? "CALL threads = 1" : "CALL threads = 2");
        for (int q = 0; q < KEPT_WRITES; q++) {
            CHECK_EQ_I64(ruzu_prepare(kept, kept_writes[q], &stmts[q]), RUZU_OK);
        }
        for (int step = 0; step < 1500; step++) {
            kept_parameters p;
            char text[KEPT_TEXT];
            ruzu_result *results[2] = {NULL, NULL};
            int q = (int)kept_random(KEPT_WRITES);
            kept_choose(&p);
            kept_bind(stmts[q], &p);
            kept_write(kept_writes[q], &p, text);
            char *got = kept_answer(kept, ruzu_execute(stmts[q], &results[0]), results[0]);
            char *want = kept_answer(once, ruzu_query(once, text, &results[1]), results[1]);
            size_t length = strncmp(want, "Runtime exception: Node(", 24) == 0 ? 24 : strlen(want) + 1; /* places in tables differ */
            check_count++;
            if (strncmp(got, want, length) != 0) {
                check_failures++;
                fprintf(stderr, "%s\n    kept: %s\n    once: %s\n", text, got, want);
            }
            free(got);
            free(want);
            ruzu_result_free(results[0]);
            ruzu_result_free(results[1]);
            CHECK_EQ_I64(ruzu_in_transaction(kept), ruzu_in_transaction(once));
            if (kept_random(12) == 0) {
                const char *control = !ruzu_in_transaction(kept) ? "BEGIN TRANSACTION" : kept_random(2) == 0 ? "COMMIT" : "ROLLBACK";
                session_run(kept, control);
                session_run(once, control);
            } else if (kept_random(40) == 0 && !ruzu_in_transaction(kept)) {
                session_run(kept, "CHECKPOINT");
            }
            for (int i = 0; i < 2 && step % 10 == 0; i++) {
                ruzu_result *rows = NULL;
                CHECK_EQ_I64(ruzu_query(once, all[i], &rows), RUZU_OK);
                char *wanted = kept_copy(session_text(rows));
                EXPECT_ROWS(kept, all[i], wanted);
                free(wanted);
                ruzu_result_free(rows);
            }
        }
        for (int q = 0; q < KEPT_WRITES; q++) {
            ruzu_stmt_free(stmts[q]);
        }
        session_close(kept);
        session_close(once);
    }
}

static void kept_executions_agree_in_memory(void)
{
    kept_run_rounds(":memory:", 12, "CALL threads = 1");
}

/* Another connection's changes are seen, and its dropped table does not disturb what is kept. */
static void kept_executions_see_other_connections(void)
{
    ruzu_conn *conn = session_open(session_path("other.ruzu"));
    ruzu_conn *other = NULL;
    ruzu_stmt *stmt = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    kept_fill(conn);
    CHECK_EQ_I64(ruzu_prepare(conn, "MATCH (a:A)-[:R]->(b:A) WHERE a.id = $k RETURN count(*), max(b.v)", &stmt), RUZU_OK);
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "k", 1000), RUZU_OK);
    for (int i = 0; i < 20; i++) {
        char text[256];
        ruzu_result *result = NULL;
        if (i == 3) {
            session_run(other, "CREATE (:A {id: 1000, name: 'x', v: 0})");
        } else if (i > 3) {
            (void)snprintf(text, sizeof text, "MATCH (a:A {id: 1000}), (b:A {id: %d}) CREATE (a)-[:R]->(b)", i);
            session_run(other, text);
        }
        CHECK_EQ_I64(ruzu_execute(stmt, &result), RUZU_OK);
        CHECK_EQ_I64(ruzu_result_next(result), true);
        CHECK_EQ_I64(ruzu_get_int64(result, 0), i > 3 ? i - 3 : 0);
        ruzu_result_free(result);
    }
    session_run(other, "DROP TABLE R");
    session_run(other, "CHECKPOINT");
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_execute(stmt, &result), RUZU_ERROR_BINDER);
    session_run(other, "CREATE REL TABLE R(FROM A TO A, w INT64)");
    CHECK_EQ_I64(ruzu_execute(stmt, &result), RUZU_OK);
    CHECK_STR(session_text(result), "0|");
    ruzu_result_free(result);
    ruzu_stmt_free(stmt);
    session_close(other);
    session_close(conn);
}

/* A text seen before is not compiled again, whether it has literals or not; a table that grew to many times its size makes it be. */
static void texts_seen_before_are_not_compiled(void)
{
    ruzu_conn *conn = session_open(":memory:");
    kept_fill(conn);
    for (int i = 0; i < 4; i++) {
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, "MATCH (a:A) WHERE a.id = 7 RETURN a.name, 'x' + 'y', 3 * 4", &result), RUZU_OK);
        CHECK(i == 0 || ruzu_result_compile_ms(result) == 0);
        CHECK_STR(session_text(result), "n2|xy|12");
        ruzu_result_free(result);
    }
    session_run(conn, "UNWIND range(1000, 9000) AS i CREATE (:A {id: i})");
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (a:A) WHERE a.id = 7 RETURN a.name, 'x' + 'y', 3 * 4", &result), RUZU_OK);
    CHECK_STR(session_text(result), "n2|xy|12");
    ruzu_result_free(result);
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(kept_executions_agree_with_single_ones);
    RUN(kept_executions_meet_other_numbers_of_threads);
    RUN(kept_executions_agree_in_memory);
    RUN(kept_writes_agree_with_single_ones);
    RUN(kept_executions_see_other_connections);
    RUN(texts_seen_before_are_not_compiled);
    session_end();
    return check_failures != 0;
}
