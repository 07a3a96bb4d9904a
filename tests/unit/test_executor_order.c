/* SPDX-License-Identifier: MIT */
/*
 * ORDER BY as a whole: sorts that spill lose nothing, every long part of one looks whether it is to stop, and several threads give the rows of one.
 */
#include "executor/exec.h"

#include "integration/session.h"

/* ---- rz_exec_poll, wrapped by the linker: the calls of operators, not those of the pipelines, which stand beside the function ---- */

static _Atomic uint64_t order_polls;
static _Atomic uint64_t order_stop_at; /* this poll says stop; 0: none does */

ruzu_status __real_rz_exec_poll(const rz_exec *exec, rz_error *err); /* NOLINT: the linker's names */
ruzu_status __wrap_rz_exec_poll(const rz_exec *exec, rz_error *err); /* NOLINT */

ruzu_status __wrap_rz_exec_poll(const rz_exec *exec, rz_error *err) /* NOLINT */
{
    uint64_t number = ++order_polls;
    if (order_stop_at != 0 && number == order_stop_at) {
        return rz_error_set(err, RUZU_ERROR_TIMEOUT, "stopped by the test");
    }
    return __real_rz_exec_poll(exec, err);
}

/* ---- helpers ---- */

static ruzu_conn *order_open_named(const char *name, uint64_t pool_bytes, uint64_t memory_bytes, uint32_t threads)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_config_init(&config);
    config.max_threads = threads;
    config.buffer_pool_size = pool_bytes;
    config.memory_limit = memory_bytes;
    CHECK_EQ_I64(ruzu_open(session_path(name), &config, &conn), RUZU_OK); /* in a file: one in memory does not spill */
    return conn;
}

static ruzu_conn *order_open(uint64_t pool_bytes, uint64_t memory_bytes)
{
    return order_open_named("order.ruzu", pool_bytes, memory_bytes, 1);
}

/* Rows of the query: 0, 1, 2, … in the order they came; stops at the first that is out of place. Returns how many came. */
static uint64_t order_rows(ruzu_conn *conn, const char *cypher, uint64_t first)
{
    ruzu_result *result = NULL;
    uint64_t rows = 0;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    while (result != NULL && ruzu_result_next(result)) {
        uint64_t got = (uint64_t)ruzu_get_int64(result, 0);
        if (got != first + rows) {
            CHECK_EQ_U64(got, first + rows);
            break;
        }
        rows++;
    }
    ruzu_result_free(result);
    return rows;
}

/* ---- tests ---- */

#ifdef RZ_TINY
#define ORDER_MEMORY (UINT64_C(96) << 20) /* tables' descriptions take more than 16 MiB where a row group has 64 rows */
#define ORDER_ROWS UINT64_C(20000)
#else
#define ORDER_MEMORY (UINT64_C(16) << 20)
#define ORDER_ROWS UINT64_C(120000)
#endif

/* Rows in a scattered order with a text each: many times what may be kept in memory. 7919 and the number of rows have no common divisor. */
static void order_query(char *out, size_t size, const char *tail)
{
    (void)snprintf(out, size,
                   "UNWIND range(0, %llu) AS i WITH (i * 7919) %% %llu AS k WITH k, lpad(string(k), 600, 'x') AS t RETURN k ORDER BY k, t %s",
                   (unsigned long long)(ORDER_ROWS - 1), (unsigned long long)ORDER_ROWS, tail);
}

/* There are more spilled runs than are merged at once: some are merged first, which can be stopped too. */
static void sort_that_spills_gives_every_row_in_order(void)
{
    ruzu_conn *conn = order_open(ORDER_MEMORY, ORDER_MEMORY);
    char cypher[256];
    order_query(cypher, sizeof cypher, "");
    order_polls = 0;
    CHECK_EQ_U64(order_rows(conn, cypher, 0), ORDER_ROWS);
    CHECK(order_polls >= 8);
    order_stop_at = order_polls / 2;
    order_polls = 0;
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), RUZU_ERROR_TIMEOUT);
    CHECK_STR(ruzu_errmsg(conn), "stopped by the test");
    order_stop_at = 0;
    session_close(conn);
}

/* Passing over rows in a merge takes long without giving any: it must be possible to stop it. */
static void skipping_sorted_rows_can_be_stopped(void)
{
    ruzu_conn *conn = order_open(ORDER_MEMORY, 0);
    char cypher[256];
    char tail[64];
    (void)snprintf(tail, sizeof tail, "SKIP %llu", (unsigned long long)(ORDER_ROWS - 5));
    order_query(cypher, sizeof cypher, tail);
    order_polls = 0;
    CHECK_EQ_U64(order_rows(conn, cypher, ORDER_ROWS - 5), 5);
    uint64_t total = order_polls;
    CHECK(total >= ORDER_ROWS / 4096 - 1);
    for (uint64_t at = total; at > total - 2; at--) {
        order_polls = 0;
        order_stop_at = at;
        CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), RUZU_ERROR_TIMEOUT);
        CHECK_STR(ruzu_errmsg(conn), "stopped by the test");
    }
    order_stop_at = 0;
    CHECK_EQ_U64(order_rows(conn, cypher, ORDER_ROWS - 5), 5);
    session_close(conn);
}

/* ---- answers like those of plain plans on one thread ---- */

static char *order_text(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    char *text = result == NULL ? NULL : ruzu_result_to_string(result, RUZU_FORMAT_CSV);
    ruzu_result_free(result);
    CHECK(text != NULL);
    return text;
}

/* The same text from plans without any rule on one thread, and from optimised ones on one and on four, twice: the second execution of a plan may be a kept one. */
static void order_compare(ruzu_conn *conn, const char *cypher)
{
    static const char *const threads[] = {"CALL threads = 1", "CALL threads = 4"};
    CHECK_EQ_I64(ruzu_query(conn, threads[0], NULL), RUZU_OK);
    CHECK_EQ_I64(ruzu_query(conn, "CALL enable_plan_optimizer = false", NULL), RUZU_OK);
    char *plain = order_text(conn, cypher);
    CHECK_EQ_I64(ruzu_query(conn, "CALL enable_plan_optimizer = true", NULL), RUZU_OK);
    for (uint32_t round = 0; round < 4 && plain != NULL; round++) {
        CHECK_EQ_I64(ruzu_query(conn, threads[round / 2], NULL), RUZU_OK);
        char *text = order_text(conn, cypher);
        bool same = text != NULL && strcmp(plain, text) == 0;
        CHECK_STR(same ? "" : cypher, "");
        ruzu_free(text);
    }
    ruzu_free(plain);
}

#define ORDER_NODES 60000

static ruzu_conn *order_open_graph(const char *name)
{
    ruzu_conn *conn = order_open_named(name, 0, 0, 4);
    char cypher[512];
    CHECK_EQ_I64(ruzu_query(conn,
                            "CREATE NODE TABLE N(k INT64 PRIMARY KEY, v INT64, t STRING); CREATE NODE TABLE M(k INT64 PRIMARY KEY, v INT64);"
                            "CREATE REL TABLE E(FROM N TO N, w INT16)",
                            NULL),
                 RUZU_OK);
    (void)snprintf(cypher, sizeof cypher,
                   "UNWIND range(0, %d) AS i CREATE (:N {k: (i * 7919) %% %d, v: CASE WHEN i %% 11 = 3 THEN NULL ELSE i * 31 %% 1013 END, "
                   "t: CASE WHEN i %% 13 = 5 THEN NULL ELSE 'a common beginning ' + string(i %% 997) END})",
                   ORDER_NODES - 1, ORDER_NODES);
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_EQ_I64(ruzu_query(conn, "UNWIND range(0, 9999) AS i CREATE (:M {k: i, v: i * 7 % 1013})", NULL), RUZU_OK);
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (a:N) WHERE a.k < 20000 MATCH (b:N {k: a.k * 17 % 997}) CREATE (a)-[:E {w: a.k % 59}]->(b)", NULL), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    return conn;
}

static void several_threads_give_sorted_rows_in_order(void)
{
    static const char *const queries[] = {
        "MATCH (n:N) RETURN n.k ORDER BY n.k",
        "MATCH (n:N) RETURN n.k, n.v, n.t ORDER BY n.v, n.t DESC, n.k",
        "MATCH (n:N) RETURN n.v ORDER BY n.v DESC",
        "MATCH (n:N) RETURN n.t, n.k ORDER BY n.t, n.k DESC SKIP 777",
        "MATCH (n:N) RETURN n.t, n.k + 1 ORDER BY n.t DESC, n.k SKIP 20001 LIMIT 33333",
        "MATCH (n:N) RETURN n.k, n.t ORDER BY n.k % 7, n.k LIMIT 50000",
        "MATCH (n:N) RETURN n.k ORDER BY n.k SKIP 59998",
        "MATCH (n:N) RETURN n.k ORDER BY n.k SKIP 60001",
        "MATCH (n:N) WITH n.k AS k, n.t AS t ORDER BY t, k WHERE k % 3 = 1 RETURN k * 2, upper(t)",
        "MATCH (n:N) WITH n.k AS k, n.t AS t ORDER BY t, k SKIP 30000 WHERE k < 100 RETURN k, t",
        "MATCH (n:N) WITH n.k AS k ORDER BY k DESC LIMIT 40000 RETURN collect(k)[1..9], count(*), min(k)",
        "UNWIND range(1, 3) AS u MATCH (n:N) RETURN u, n.k ORDER BY n.v, u, n.k",
        "MATCH (n:N) WITH n.v AS v, count(*) AS c RETURN v, c ORDER BY c DESC, v",
        "MATCH (n:N) RETURN n.k AS k ORDER BY k UNION ALL MATCH (n:N) RETURN n.k + 60000 AS k ORDER BY k",
    };
    ruzu_conn *conn = order_open_graph("stretches.ruzu");
    CHECK_EQ_U64(order_rows(conn, "MATCH (n:N) RETURN n.k ORDER BY n.k", 0), ORDER_NODES);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        order_compare(conn, queries[i]);
    }
    /* A sequence is drawn from in the order of the rows, so by one thread. */
    CHECK_EQ_I64(ruzu_query(conn, "CREATE SEQUENCE q START 0 MINVALUE 0", NULL), RUZU_OK);
    CHECK_EQ_U64(order_rows(conn, "MATCH (n:N) WITH n.k AS k ORDER BY k RETURN nextval('q'), k", 0), ORDER_NODES);
    session_close(conn);
}

/* Keys behind the first are read late, where the limit is small. */
static void later_keys_of_a_limit_are_read_late(void)
{
    static const char *const queries[] = {
        "MATCH (n:N) RETURN n.k AS k, n.v AS v, n.t AS t ORDER BY v DESC, t, k LIMIT 50",
        "MATCH (n:N) RETURN n.k AS k, n.v AS v, n.t AS t ORDER BY t DESC, v, k SKIP 5 LIMIT 100",
        "MATCH (n:N) RETURN n.k AS k, n.v AS v, n.t AS t ORDER BY t, v DESC, k LIMIT 20000",
        "MATCH (n:N:M) RETURN n.v AS v, n.k AS k, label(n) AS l ORDER BY v, k DESC, l LIMIT 40",
        "MATCH (n:N:M) WHERE n.k % 3 = 1 RETURN label(n) AS l, n.v AS v, n.t AS t, n.k ORDER BY l, v DESC, t, n.k LIMIT 41",
        "MATCH (n:N) OPTIONAL MATCH (n)-[:E]->(m) RETURN m.v AS a, m.t AS b, n.k AS k ORDER BY a, b DESC, k LIMIT 30",
        "MATCH (n:N) OPTIONAL MATCH (n)-[:E]->(m) RETURN m.v AS a, m.t AS b, n.k AS k ORDER BY a DESC, b DESC, k DESC LIMIT 30",
        "MATCH (n:N)-[e:E]->(m:N) RETURN e.w AS w, m.v AS v, n.k AS k ORDER BY w, v DESC, k LIMIT 77",
        "MATCH (n:N) WITH n.v AS v, n.k AS k, upper(n.t) AS u ORDER BY v, u DESC, k LIMIT 300 RETURN u, sum(v), min(k), count(*) ORDER BY u",
        "MATCH (n:N) WITH n, n.v AS v, n.k AS k ORDER BY v DESC, k LIMIT 100 MATCH (n)-[:E]->(m) RETURN k, v, m.k ORDER BY k, m.k",
        "MATCH (n:N) RETURN n.v % 5 AS a, n.v AS b, n.k AS k ORDER BY a, b, k LIMIT 20",
        "MATCH (n:N) RETURN n.v AS v, n.k + 1 AS k ORDER BY v DESC, k LIMIT 20",
        "MATCH (n:N) RETURN coalesce(n.t, 'x') AS t, n.k AS k ORDER BY t DESC, k DESC LIMIT 20",
        "MATCH (n:N)-[:E]->(m) RETURN m.k AS k, count(*) AS c, m.t AS t ORDER BY c DESC, t, k LIMIT 25",
        "MATCH (n:N) RETURN DISTINCT n.v AS v, n.t AS t ORDER BY v DESC, t LIMIT 20",
        "MATCH (n:N) RETURN n.k AS k, n.v AS v ORDER BY v, k LIMIT 0",
    };
    ruzu_conn *conn = order_open_graph("late.ruzu");
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        order_compare(conn, queries[i]);
    }
    session_close(conn);
}

/* What a limit leaves lies scattered: of many rows the keys are cheaper where all rows are read. */
static void keys_of_a_large_limit_are_read_with_the_rows(void)
{
    ruzu_conn *conn = order_open_graph("large_limit.ruzu");
    char *small = order_text(conn, "EXPLAIN MATCH (n:N) RETURN n.v AS v, n.k AS k ORDER BY v, k LIMIT 50");
    char *large = order_text(conn, "EXPLAIN MATCH (n:N) RETURN n.v AS v, n.k AS k ORDER BY v, k LIMIT 20000");
    CHECK(small != NULL && strstr(small, "SORT") != NULL && strstr(small, "PROJECT") == NULL);
    CHECK(large != NULL && strstr(large, "PROJECT") != NULL);
    ruzu_free(small);
    ruzu_free(large);
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(sort_that_spills_gives_every_row_in_order);
    RUN(skipping_sorted_rows_can_be_stopped);
    RUN(several_threads_give_sorted_rows_in_order);
    RUN(later_keys_of_a_limit_are_read_late);
    RUN(keys_of_a_large_limit_are_read_with_the_rows);
    session_end();
    return CHECK_DONE();
}
