/* SPDX-License-Identifier: MIT */
/*
 * Common neighbours in graphs whose nodes have many: cycles by INTERSECT against the same by probes, and against a count over a matrix. Hubs and nodes with few neighbours, parallel
 * relationships, self-loops, changes not yet checkpointed, one thread and two.
 */
#include "integration/session.h"
#include "unit/volume.h"

#ifdef RZ_TINY
enum { COMMON_NODES = 60 };
#else
enum { COMMON_NODES = 170 };
#endif
enum { COMMON_TEXT = 1 << 16 };

#define COMMON_ALL      UINT64_C(0xffffffff)
#define COMMON_NONE     (COMMON_ALL & ~((UINT64_C(1) << 2) | (UINT64_C(1) << 14) | (UINT64_C(1) << 19)))  /* no INTERSECT, messages, TRIANGLE */
#define COMMON_SOME     (COMMON_ALL & ~((UINT64_C(1) << 14) | (UINT64_C(1) << 19)))
#define COMMON_NO_COUNT (COMMON_SOME & ~(UINT64_C(1) << 1))

static uint64_t common_state = 1;
static unsigned char common_edges[COMMON_NODES][COMMON_NODES]; /* how many from the one to the other */

static int common_random(int below)
{
    common_state = common_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((common_state >> 33) % (uint64_t)below);
}

/* Nodes below a tenth know nearly everybody. */
static void common_create(ruzu_conn *conn, bool repeats)
{
    const char *path = session_path("e.csv");
    const char *other = session_path("f.csv");
    char text[2400];
    FILE *file = fopen(path, "w");
    FILE *second = fopen(other, "w");
    if (file == NULL || second == NULL) {
        exit(1);
    }
    memset(common_edges, 0, sizeof common_edges);
    for (int a = 0; a < COMMON_NODES; a++) {
        for (int b = 0; b < COMMON_NODES; b++) {
            bool hub = a < COMMON_NODES / 10 || b < COMMON_NODES / 10;
            int copies = common_random(100) < (hub ? 80 : 12) ? 1 + (repeats && common_random(9) == 0) : 0;
            copies = a == b && !repeats ? 0 : copies;
            common_edges[a][b] = (unsigned char)copies;
            for (int k = 0; k < copies; k++) {
                (void)fprintf(file, "%d,%d\n", a, b);
            }
            if (common_random(5) == 0) {
                (void)fprintf(second, "%d,%d\n", a, b);
            }
        }
    }
    (void)fclose(file);
    (void)fclose(second);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, x INT64); CREATE NODE TABLE C(id INT64 PRIMARY KEY, x INT64);"
                      "CREATE REL TABLE E(FROM P TO P); CREATE REL TABLE F(FROM P TO C, FROM P TO P)");
    (void)snprintf(text, sizeof text, "UNWIND range(0, %d) AS i CREATE (:P {id: i, x: i %% 10}) CREATE (:C {id: i, x: i %% 7})", COMMON_NODES - 1);
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "COPY E FROM '%s' (header=false)", path);
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "COPY F FROM '%s' (header=false, from='P', to='C'); COPY F FROM '%s' (header=false, from='P', to='P')", other, other);
    session_run(conn, text);
}

/* Directed cycles of three, and of two sides of a triangle closed by a third, with the third end's ids added up. */
static void common_model(long long *cycles, long long *cycle_sum, long long *closed, long long *closed_sum)
{
    *cycles = *cycle_sum = *closed = *closed_sum = 0;
    for (int a = 0; a < COMMON_NODES; a++) {
        for (int b = 0; b < COMMON_NODES; b++) {
            for (int c = 0; c < COMMON_NODES && common_edges[a][b] != 0; c++) {
                long long ways = (long long)common_edges[a][b] * common_edges[b][c];
                *cycles += ways * common_edges[c][a];
                *cycle_sum += ways * common_edges[c][a] * c;
                *closed += ways * common_edges[a][c];
                *closed_sum += ways * common_edges[a][c] * c;
            }
        }
    }
}

static const char *const common_questions[] = {
    "MATCH (a:P)-[:E]->(b:P)-[:E]->(c:P)-[:E]->(a) RETURN count(*)",
    "MATCH (a:P)-[:E]->(b:P)-[:E]->(c:P)-[:E]->(a) RETURN count(*), sum(c.id)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:E]->(c:P), (b)-[:E]->(c) RETURN count(*)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:E]->(c:P), (b)-[:E]->(c) RETURN count(*), sum(c.id)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:E]->(c:P), (b)-[:E]->(c) WHERE c.x > 3 RETURN a.x, count(*), sum(b.id), sum(c.id) ORDER BY a.x",
    "MATCH (a:P)-[:E]-(b:P)-[:E]-(c:P)-[:E]-(a) WHERE a.id < 20 AND a.id > 10 RETURN count(*), sum(c.id)",
    "MATCH (a:P)-[:E]->(b:P)-[:E]->(c:P)-[:E]->(d:P)-[:E]->(a) WHERE a.id < 30 AND a.id > 14 AND b.id > 40 RETURN count(*)",
    "MATCH (a:P)-[:E]->(b:P)-[:E]->(c:P)-[:E]->(d:P)-[:E]->(a), (b)-[:E]->(d) WHERE a.id < 20 AND a.id > 15 RETURN count(*), sum(d.id)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:E]->(c:P), (b)-[:E]->(c), (a)-[:E]->(d:P), (b)-[:E]->(d), (c)-[:E]->(d) WHERE a.id < 20 AND a.id > 15 RETURN count(*)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:F]->(x), (b)-[:F]->(x) WHERE a.x < 2 RETURN count(*)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:F]->(x), (b)-[:F]->(x) WHERE a.x < 2 RETURN label(x), count(*), sum(x.id) ORDER BY label(x)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:F]->(x:C), (b)-[:F]->(x) WHERE a.x < 2 RETURN count(*), sum(x.x)",
    "MATCH (a:P)-[:E]->(b:P), (a)-[:F]->(x:C)<-[:F]-(b) WHERE a.x < 2 RETURN a.id, count(*) ORDER BY a.id",
    "MATCH (a:P)-[:E]->(b:P) WHERE a.id < 9 AND EXISTS {MATCH (a)-[:E]->(c:P)<-[:E]-(b) WHERE c.x = 4} RETURN a.id, b.id ORDER BY a.id, b.id",
    "MATCH (a:P)-[:E]->(b:P) WHERE a.id < 9 RETURN a.id, b.id, COUNT {MATCH (a)-[:E]->(c:P)<-[:E]-(b)} ORDER BY a.id, b.id",
    "MATCH (a:P)-[:E]->(b:P)-[:E]->(c:P)-[:E]->(a) WHERE a.id = 3 RETURN b.id, c.id ORDER BY b.id, c.id LIMIT 50",
};

static void common_set(ruzu_conn *conn, uint64_t rules, int threads)
{
    char text[96];
    (void)snprintf(text, sizeof text, "CALL debug_plan_rules = %llu", (unsigned long long)rules);
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "CALL threads = %d", threads);
    session_run(conn, text);
}

static void common_ask(ruzu_conn *conn, const char *cypher, char *out)
{
    ruzu_result *result = NULL;
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        (void)snprintf(out, COMMON_TEXT, "error: %s", ruzu_errmsg(conn));
        return;
    }
    (void)snprintf(out, COMMON_TEXT, "%s", session_text(result));
    ruzu_result_free(result);
}

static void common_check(ruzu_conn *conn, const char *when)
{
    static char want[COMMON_TEXT];
    static char got[COMMON_TEXT];
    static const uint64_t rules[] = {COMMON_SOME, COMMON_NO_COUNT, COMMON_ALL};
    for (size_t q = 0; q < sizeof common_questions / sizeof common_questions[0]; q++) {
        common_set(conn, COMMON_NONE, 1);
        common_ask(conn, common_questions[q], want);
        for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
            common_set(conn, rules[r], 1 + (int)(r + q) % 2);
            common_ask(conn, common_questions[q], got);
            check_count++;
            if (strcmp(want, got) != 0 || strncmp(want, "error", 5) == 0) {
                check_failures++;
                (void)fprintf(stderr, "%s, rules %llx: %s\n  by probes:\n%.400s\n  by intersection:\n%.400s\n", when, (unsigned long long)rules[r], common_questions[q], want, got);
            }
        }
    }
}

static void common_check_model(ruzu_conn *conn)
{
    static char got[COMMON_TEXT];
    char want[96];
    long long cycles = 0;
    long long cycle_sum = 0;
    long long closed = 0;
    long long closed_sum = 0;
    common_model(&cycles, &cycle_sum, &closed, &closed_sum);
    common_set(conn, COMMON_ALL, 2);
    common_ask(conn, common_questions[0], got);
    (void)snprintf(want, sizeof want, "%lld", cycles);
    CHECK_STR(got, want);
    common_ask(conn, common_questions[1], got);
    (void)snprintf(want, sizeof want, "%lld|%lld", cycles, cycle_sum);
    CHECK_STR(got, want);
    common_ask(conn, common_questions[3], got);
    (void)snprintf(want, sizeof want, "%lld|%lld", closed, closed_sum);
    CHECK_STR(got, want);
    common_ask(conn, "EXPLAIN MATCH (a:P)-[:E]->(b:P)-[:E]->(c:P)-[:E]->(a) RETURN count(*)", got);
    CHECK(strstr(got, "INTERSECT") != NULL);
}

int main(void)
{
    session_begin();
    for (int round = 0; round < 2; round++) {
        char name[32];
        common_state = (uint64_t)round * 13 + 4;
        (void)snprintf(name, sizeof name, "common%d.ruzu", round);
        ruzu_conn *conn = session_open(session_path(name));
        common_create(conn, round == 1);
        common_check_model(conn);
        common_check(conn, round == 0 ? "each once" : "with repetitions");
        session_run(conn, "MATCH (a:P)-[e:E]->(b:P) WHERE (a.id + b.id) % 7 = 0 DELETE e");
        session_run(conn, "MATCH (a:P), (b:P) WHERE (a.id * 3 + b.id) % 31 = 0 CREATE (a)-[:E]->(b)");
        common_check(conn, "changed");
        session_close(conn);
    }
    session_end();
    return check_failures != 0;
}
