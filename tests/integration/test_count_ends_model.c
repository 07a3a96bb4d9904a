/* SPDX-License-Identifier: MIT */
/*
 * count(DISTINCT end) of variable-length patterns, which searches count themselves and many at a time: against plans without any rule, on one thread and on two, for kinds of paths, bounds, directions,
 * labels, with keys and without, in memory, on pages and changed since.
 */
#include "integration/session.h"

enum { ENDS_TEXT = 131072 };

static const char *const ends_patterns[] = {
    "MATCH (a:P)-[:K%s]->(b) RETURN a.id, count(DISTINCT b)",
    "MATCH (a:P)<-[:K%s]-(b:P) RETURN a.id, count(DISTINCT b.id), count(DISTINCT b) AS n",
    "MATCH (a:P)-[:K%s]-(b) WHERE a.x < 6 RETURN a.id AS i, count(DISTINCT b) AS n ORDER BY n DESC, i LIMIT 20",
    "MATCH (a:P)-[:K|:L%s]->(b:Q) RETURN a.id, count(DISTINCT b)",
    "MATCH (a:P)-[:K|:L%s]->(b) RETURN a.id, count(DISTINCT b)",
    "MATCH (a)-[%s]->(b) RETURN label(a), a.id, count(DISTINCT b)",
    "MATCH (a:P {id: 7})-[:K%s]->(b) RETURN count(DISTINCT b)",
    "MATCH (a:P {id: 7})-[:K%s]->(b) RETURN a.name, count(DISTINCT b)",
    "MATCH (a:P {id: 1000})-[:K%s]->(b) RETURN count(DISTINCT b)",
    "MATCH (a:P)-[e:K%s (r, n | WHERE r.w > 0 AND n.x <> 4)]->(b) RETURN a.id, count(DISTINCT b)",
    "MATCH (a:P)-[:K%s]->(b) RETURN a.x, count(DISTINCT b)",
    "MATCH (a:P)-[:K%s]->(b) RETURN count(DISTINCT b), count(DISTINCT a)",
    "MATCH (a:P)-[e:K%s]->(b) RETURN a.id, count(DISTINCT b), max(length(e))"};
static const char *const ends_bounds[] = {"*1..1", "*1..2", "*0..2", "*2..3", "*1..4", "*0..0", "* TRAIL 1..3", "* ACYCLIC 1..3", "* SHORTEST 1..3", "* ALL SHORTEST 1..3"};

static int ends_compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rows, sorted. */
static void ends_ask(ruzu_conn *conn, const char *question, char *out)
{
    static char text[ENDS_TEXT];
    static char *lines[ENDS_TEXT];
    size_t count = 0;
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(conn, question, &result);
    (void)snprintf(text, sizeof text, "%s", status == RUZU_OK ? session_text(result) : ruzu_errmsg(conn));
    ruzu_result_free(result);
    CHECK_EQ_I64(status, RUZU_OK);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        lines[count++] = line;
    }
    qsort(lines, count, sizeof lines[0], ends_compare_lines);
    out[0] = '\0';
    for (size_t i = 0, at = 0; i < count; i++) {
        at += (size_t)snprintf(out + at, ENDS_TEXT - at, "%s\n", lines[i]);
    }
}

static void ends_compare(ruzu_conn *conn, const char *question, const char *when)
{
    static char want[ENDS_TEXT];
    static char got[ENDS_TEXT];
    session_run(conn, "CALL enable_plan_optimizer = false");
    ends_ask(conn, question, want);
    session_run(conn, "CALL enable_plan_optimizer = true");
    for (int round = 0; round < 4; round++) {
        session_run(conn, round < 2 ? "CALL threads = 1" : "CALL threads = 2");
        ends_ask(conn, question, got);
        check_count++;
        if (strcmp(want, got) != 0) {
            check_failures++;
            fprintf(stderr, "%s, round %d: %s\n  without rules:\n%s\n  with them:\n%s\n", when, round, question, want, got);
        }
    }
}

static void ends_compare_all(ruzu_conn *conn, const char *when)
{
    char question[512];
    for (size_t p = 0; p < sizeof ends_patterns / sizeof ends_patterns[0]; p++) {
        for (size_t b = 0; b < sizeof ends_bounds / sizeof ends_bounds[0]; b++) {
            const char *place = strstr(ends_patterns[p], "%s");
            (void)snprintf(question, sizeof question, "%.*s%s%s", (int)(place - ends_patterns[p]), ends_patterns[p], ends_bounds[b], place + 2);
            if (strstr(ends_bounds[b], "SHORTEST") == NULL || strstr(question, "max(length") == NULL) {
                ends_compare(conn, question, when);
            }
        }
    }
}

static void ends_are_planned(ruzu_conn *conn)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "EXPLAIN MATCH (a:P)-[:K*1..3]->(b) RETURN a.id, count(DISTINCT b)", &result), RUZU_OK);
    CHECK(strstr(session_text(result), "number of distinct ends") != NULL);
    ruzu_result_free(result);
}

int main(void)
{
    session_begin();
    ruzu_conn *conn = session_open(session_path("ends.ruzu"));
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING, x INT64)");
    session_run(conn, "CREATE NODE TABLE Q(id INT64 PRIMARY KEY)");
    session_run(conn, "CREATE REL TABLE K(FROM P TO P, w INT64)");
    session_run(conn, "CREATE REL TABLE L(FROM P TO Q, FROM Q TO P)");
    session_run(conn, "UNWIND range(0, 149) AS i CREATE (:P {id: i, name: 'p' + CAST(i AS STRING), x: i % 9})");
    session_run(conn, "UNWIND range(0, 11) AS i CREATE (:Q {id: i})");
    session_run(conn, "MATCH (a:P), (b:P) WHERE (a.id * 7 + b.id * 13 + a.id * b.id) % 61 = 0 CREATE (a)-[:K {w: (a.id + b.id) % 3}]->(b)");
    session_run(conn, "MATCH (a:P), (b:P) WHERE a.id = 7 AND b.id % 4 = 1 CREATE (a)-[:K {w: 2}]->(b)");
    session_run(conn, "MATCH (a:P), (b:Q) WHERE a.id % 30 = b.id CREATE (a)-[:L]->(b)");
    session_run(conn, "MATCH (a:Q), (b:P) WHERE b.id % 50 = a.id CREATE (a)-[:L]->(b)");
    ends_are_planned(conn);
    ends_compare_all(conn, "in memory");
    session_run(conn, "CHECKPOINT");
    session_run(conn, "MATCH (a:P)-[k:K]->(b:P) WHERE (a.id + b.id) % 7 = 0 DELETE k");
    session_run(conn, "MATCH (a:P) WHERE a.id % 40 = 39 DETACH DELETE a");
    session_run(conn, "BEGIN TRANSACTION");
    session_run(conn, "CREATE (:P {id: 1000, x: 1})");
    session_run(conn, "MATCH (a:P {id: 1000}), (b:P {id: 3}) CREATE (a)-[:K {w: 1}]->(b), (b)-[:K {w: 1}]->(a)");
    ends_compare(conn, "MATCH (a:P)-[:K*1..3]->(b) RETURN a.id, count(DISTINCT b)", "own changes");
    session_run(conn, "COMMIT");
    ends_compare_all(conn, "changed");
    session_close(conn);
    session_end();
    return check_failures != 0;
}
