/* SPDX-License-Identifier: MIT */
/*
 * Plans that begin at a key and deal their rows out to several workers (SPREAD): answers with the rule applied wherever it can be against those without it, on one thread and on two, first and
 * repeated executions of a statement that is kept, for keys with few and with many rows.
 */
#include "integration/session.h"

enum { SPREAD_KEYS = 6, SPREAD_ROUNDS = 4, SPREAD_TEXT = 262144 };

static const char *const spread_questions[] = {
    "MATCH (a:P {id: $id})-[:K]->(b)-[:K]->(c) RETURN count(*), sum(c.id), min(c.name), count(DISTINCT c)",
    "MATCH (a:P {id: $id})-[r:K]->(b)-[s:K]-(c) WHERE r.w <> s.w RETURN c.name, count(*) AS n, sum(r.w + s.w), collect(DISTINCT b.x) IS NULL ORDER BY c.name, n",
    "MATCH (a:P {id: $id})-[:K]->(b)-[:K]->(c)-[:K]->(a) RETURN a.name, b.id, c.id, count(*) ORDER BY b.id, c.id",
    "MATCH (a:P {id: $id})-[:K]->(b) OPTIONAL MATCH (b)-[r:K]->(c) WHERE c.x > 3 RETURN b.id, c.id, r.w ORDER BY b.id, c.id, r.w",
    "MATCH (a:P {id: $id})-[:K]->(b)-[:K]->(c) WHERE NOT EXISTS { MATCH (c)-[:K]->(a) } RETURN c.id, b.name + c.name AS t ORDER BY c.id, t LIMIT 9",
    "MATCH (a:P {id: $id})-[e:K*1..2]->(b)-[:K]->(c) RETURN length(e) AS l, c.x, count(*) ORDER BY l, c.x",
    "MATCH (a:P {id: $id})-[e:K* SHORTEST 1..3]-(b)-[:K]->(c) RETURN b.id, length(e), properties(nodes(e), 'id') IS NULL, count(c) ORDER BY b.id",
    "MATCH (a:P {id: $id})-[:K]->(b) WITH DISTINCT b MATCH (b)-[:K]->(c) WITH c, count(*) AS n MATCH (c)-[:K]->(d) RETURN d.id, sum(n) ORDER BY d.id",
    "MATCH (a:P {id: $id})-[:K]->(b)-[:K]->(c), (q:Q) WHERE q.id = c.x RETURN q.id, q.name, count(*), max(b.name) ORDER BY q.id",
    "MATCH (a:P {id: $id})-[:K]->(b), (a)-[:K]->(c) RETURN b.x, COUNT { MATCH (b)-[:K]->(c) } AS n, count(*) ORDER BY b.x, n",
    "MATCH (a:P {id: $id})-[:K]->(b) MATCH (b)-[:K]->(c) RETURN c.name, [b.id, c.id] AS both, {n: b.name} AS s ORDER BY c.name, both"};

static void spread_answer(ruzu_conn *conn, ruzu_stmt *stmt, int64_t id, char *out)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "id", id), RUZU_OK);
    ruzu_status status = ruzu_execute(stmt, &result);
    (void)snprintf(out, SPREAD_TEXT, "%s", status == RUZU_OK ? session_text(result) : ruzu_errmsg(conn));
    CHECK_EQ_I64(status, RUZU_OK);
    ruzu_result_free(result);
}

static void spread_compare(ruzu_conn *conn, const char *question, const char *when)
{
    static const int64_t keys[SPREAD_KEYS] = {0, 1, 7, 59, 3, 1000};
    static char want[SPREAD_KEYS][SPREAD_TEXT];
    static char got[SPREAD_TEXT];
    for (int variant = 0; variant < 4; variant++) { /* without any rule; with all where they pay; with all wherever they can */
        ruzu_stmt *stmt = NULL;
        session_run(conn, variant == 0 ? "CALL enable_plan_optimizer = false" : "CALL enable_plan_optimizer = true");
        session_run(conn, variant == 2 ? "CALL debug_plan_rules = 4294967295" : "CALL debug_plan_rules = 8589934591");
        session_run(conn, variant == 1 ? "CALL threads = 1" : "CALL threads = 2");
        CHECK_EQ_I64(ruzu_prepare(conn, question, &stmt), RUZU_OK);
        for (int round = 0; round < SPREAD_ROUNDS * SPREAD_KEYS; round++) {
            int k = round % SPREAD_KEYS;
            spread_answer(conn, stmt, keys[k], variant == 0 ? want[k] : got);
            if (variant != 0 && strcmp(want[k], got) != 0) {
                check_failures++;
                fprintf(stderr, "%s, variant %d, id %d: %s\n  without rules:\n%s\n  with them:\n%s\n", when, variant, (int)keys[k], question, want[k], got);
            }
        }
        ruzu_stmt_free(stmt);
    }
}

static void spread_compare_all(ruzu_conn *conn, const char *when)
{
    for (size_t q = 0; q < sizeof spread_questions / sizeof spread_questions[0]; q++) {
        spread_compare(conn, spread_questions[q], when);
    }
}

/* The plans above do deal their rows out. */
static void spread_is_planned(ruzu_conn *conn)
{
    ruzu_result *result = NULL;
    session_run(conn, "CALL debug_plan_rules = 8589934591");
    CHECK_EQ_I64(ruzu_query(conn, "EXPLAIN MATCH (a:P {id: 3})-[r:K]->(b)-[:K]->(c) RETURN r.w, c.name", &result), RUZU_OK);
    CHECK(strstr(session_text(result), "SPREAD") != NULL);
    ruzu_result_free(result);
}

int main(void)
{
    session_begin();
    ruzu_conn *conn = session_open(session_path("spread.ruzu"));
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING, x INT64)");
    session_run(conn, "CREATE NODE TABLE Q(id INT64 PRIMARY KEY, name STRING)");
    session_run(conn, "CREATE REL TABLE K(FROM P TO P, w INT64)");
    session_run(conn, "UNWIND range(0, 59) AS i CREATE (:P {id: i, name: 'a name of some length ' + CAST(i % 17 AS STRING), x: i % 9})");
    session_run(conn, "UNWIND range(0, 7) AS i CREATE (:Q {id: i, name: 'q' + CAST(i AS STRING)})");
    session_run(conn, "MATCH (a:P), (b:P) WHERE (a.id * 7 + b.id * 13 + a.id * b.id) % 9 = 0 CREATE (a)-[:K {w: (a.id + b.id) % 4}]->(b)");
    session_run(conn, "MATCH (a:P {id: 1}), (b:P) CREATE (a)-[:K {w: b.id % 5}]->(b)");
    spread_is_planned(conn);
    spread_compare_all(conn, "in memory");
    session_run(conn, "CHECKPOINT");
    session_run(conn, "MATCH (a:P)-[k:K]->(b:P) WHERE (a.id + b.id) % 7 = 0 DELETE k");
    spread_compare_all(conn, "changed");
    session_close(conn);
    session_end();
    return check_failures != 0;
}
