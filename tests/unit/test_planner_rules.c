/* SPDX-License-Identifier: MIT */
/*
 * The same answers under every rule: queries over random graphs with parallel relationships, self-loops, NULLs and
 * lonely nodes are run with all rules, with each rule off alone, and with none (patterns as written, predicates on
 * top), and must give the same bag of rows. The rules are set behind the session's back (linked with --wrap).
 */
#include "api/api.h"
#include "check.h"
#include "volume.h"

#include <stdlib.h>

static uint32_t rules_now = RZ_RULE_ALL;

uint32_t __wrap_rz_option_rules(const ruzu_conn *conn);
uint32_t __wrap_rz_option_rules(const ruzu_conn *conn)
{
    (void)conn;
    return rules_now;
}

/* ---- random graphs ---- */

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t pick(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 11) % below);
}

static void run(ruzu_conn *conn, const char *text)
{
    ruzu_result *result = NULL;
    if (ruzu_query(conn, text, &result) != RUZU_OK) {
        CHECK_STR(ruzu_errmsg(conn), text);
    }
    ruzu_result_free(result);
}

static void make_graph(ruzu_conn *conn)
{
    static const char *const schema[] = {
        "CREATE NODE TABLE A(id INT64, v INT64, s STRING, PRIMARY KEY(id))",
        "CREATE NODE TABLE B(id INT64, v INT64, s STRING, PRIMARY KEY(id))",
        "CREATE NODE TABLE C(name STRING, v INT64, PRIMARY KEY(name))",
        "CREATE NODE TABLE I(j INT32, s STRING, PRIMARY KEY(j))",
        "CREATE NODE TABLE S(k SERIAL, v INT64, PRIMARY KEY(k))",
        "CREATE REL TABLE K(FROM A TO A, w INT64)",
        "CREATE REL TABLE L(FROM A TO B, FROM B TO B, w INT64)",
        "CREATE REL TABLE M(FROM B TO C, FROM A TO C)",
        "CREATE REL TABLE O(FROM A TO B, MANY_ONE)",
    };
    char text[256];
    rules_now = RZ_RULE_ALL;
    for (uint32_t i = 0; i < sizeof schema / sizeof *schema; i++) {
        run(conn, schema[i]);
    }
    for (uint32_t i = 0; i < 14; i++) {
        const char *value = pick(4) == 0 ? "NULL" : pick(2) == 0 ? "1" : pick(2) == 0 ? "2" : "3";
        snprintf(text, sizeof text, "CREATE (:A {id: %u, v: %s, s: 's%u'})", i, value, pick(4));
        run(conn, text);
        snprintf(text, sizeof text, "CREATE (:B {id: %u, v: %u, s: 's%u'})", i, pick(4), pick(4));
        run(conn, text);
    }
    run(conn, "UNWIND range(1, 9) AS i CREATE (:I {j: i - 3, s: 's1'})");
    run(conn, "UNWIND range(1, 9) AS i CREATE (:S {v: i})");
    for (uint32_t i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "CREATE (:C {name: 's%u', v: %u})", i, pick(3));
        run(conn, text);
    }
    for (uint32_t i = 0; i < 45; i++) {
        snprintf(text, sizeof text, "MATCH (a:A {id: %u}), (b:A {id: %u}) CREATE (a)-[:K {w: %u}]->(b)", pick(10),
                 pick(10), pick(5));
        run(conn, text);
        snprintf(text, sizeof text, "MATCH (a:%s {id: %u}), (b:B {id: %u}) CREATE (a)-[:L {w: %u}]->(b)",
                 pick(2) == 0 ? "A" : "B", pick(12), pick(8), pick(5));
        run(conn, text);
    }
    for (uint32_t i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "MATCH (a:%s {id: %u}), (c:C {name: 's%u'}) CREATE (a)-[:M]->(c)",
                 pick(2) == 0 ? "A" : "B", pick(14), pick(5));
        run(conn, text);
    }
    for (uint32_t i = 0; i < 11; i++) {
        snprintf(text, sizeof text, "MATCH (a:A {id: %u}), (b:B {id: %u}) CREATE (a)-[:O]->(b)", i, pick(5));
        run(conn, text);
    }
}

/* ---- answers ---- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define MAX_ROWS 60000

/* The rows as sorted lines in one text (to be freed), or the error. ordered: lines as they came. */
static char *answer(ruzu_conn *conn, const char *query, uint32_t rules, bool ordered)
{
    char text[1200];
    ruzu_result *result = NULL;
    rules_now = rules;
    snprintf(text, sizeof text, "%s /* %x */", query, rules); /* plans are kept by text */
    if (ruzu_query(conn, text, &result) != RUZU_OK) {
        ruzu_result_free(result);
        size_t size = strlen(ruzu_errmsg(conn)) + 1;
        char *copy = (char *)malloc(size);
        if (copy != NULL) {
            memcpy(copy, ruzu_errmsg(conn), size);
        }
        return copy;
    }
    char *csv = ruzu_result_to_string(result, RUZU_FORMAT_TSV);
    static char *lines[MAX_ROWS];
    uint32_t count = 0;
    size_t total = 1;
    for (char *line = csv == NULL ? NULL : strtok(csv, "\n"); line != NULL && count < MAX_ROWS;
         line = strtok(NULL, "\n")) {
        lines[count++] = line;
        total += strlen(line) + 1;
    }
    CHECK(count > 0 && count < MAX_ROWS);
    if (!ordered && count > 1) {
        qsort(lines + 1, count - 1, sizeof *lines, compare_lines); /* the first line has the names */
    }
    char *out = (char *)malloc(total);
    if (out != NULL) {
        char *next = out;
        for (uint32_t i = 0; i < count; i++) {
            size_t length = strlen(lines[i]);
            memcpy(next, lines[i], length);
            next[length] = '\n';
            next += length + 1;
        }
        *next = '\0';
    }
    ruzu_free(csv);
    ruzu_result_free(result);
    return out;
}

static const char *const queries[] = {
    "MATCH (a:A)-[:K]->(b) RETURN count(*)",
    "MATCH (a:A)-[:K]-(b) RETURN a.id, count(*)",
    "MATCH (a:A)-[:K]-(b) RETURN a.id",
    "MATCH (a:A)-[k:K]-(b) RETURN a.id, k.w, b.id",
    "MATCH (a:A)-[:K]-(a) RETURN a.id",
    "MATCH (a:A)-[:K]->(b)-[:K]->(c)-[:K]->(a) RETURN count(*)",
    "MATCH (a:A)-[:K]-(b)-[:K]-(c)-[:K]-(a) RETURN count(*)",
    "MATCH (a:A)-[:K]-(b)-[:K]-(c)-[:K]-(a) RETURN a.id, b.id, c.id",
    "MATCH (a:A)-[:K]-(b)-[:K]-(c)-[:K]-(d)-[:K]-(a), (a)-[:K]-(c) WHERE a.id < c.id RETURN count(*)",
    "MATCH (a:A)-[r:K]->(b)-[s:K]->(a) WHERE r.w < s.w RETURN a.id, b.id, r.w, s.w",
    "MATCH (a:A)-[:L]->(b)<-[:L]-(c) RETURN a.id, count(*)",
    "MATCH (a)-[:L]->(b:B)-[:L]->(c)-[:M]->(d) RETURN d.name, count(*), min(a.v)",
    "MATCH (a)-[r]->(b) RETURN label(a), label(r), label(b), count(*)",
    "MATCH (a)-[]-(b)-[]-(c) RETURN label(c), count(*)",
    "MATCH (a:A)-[:M]->(c)<-[:M]-(b) WHERE id(a) <> id(b) RETURN count(*)",
    "MATCH (c:C)<-[:M]-(a:A)-[:K]-(b:A)-[:M]->(c) RETURN c.name, count(*)",
    "MATCH (a:A)-[:O]->(b)<-[:O]-(c:A)-[:K]-(a) RETURN count(*), sum(b.v)",
    "MATCH (a:A {id: 3})-[:K]->(b)-[:K]->(c {id: 4}) RETURN b.id",
    "MATCH (a:A {id: 3}), (b:B {id: 4}) RETURN a.s, b.s",
    "MATCH (a:A), (b:B) WHERE a.s = b.s AND a.v < b.v RETURN a.id, b.id",
    "MATCH (a:A), (b:B), (c:C) WHERE a.s = b.s AND c.name = a.s RETURN count(*)",
    "MATCH (a:A), (c:C {name: a.s}) RETURN a.id, c.v",
    "MATCH (a:A)-[:K]->(x), (b:B)-[:M]->(y) WHERE a.s = b.s RETURN a.id, b.id",
    "MATCH (a:A), (b:B) WHERE a.v = 1 RETURN count(*)",
    "MATCH (a:A) WHERE a.v > 1 AND a.s <> 's1' OR a.v IS NULL RETURN a.id, a.v",
    "MATCH (a:A) WHERE a.v >= 2 AND a.id < 9 RETURN a.id ORDER BY a.id DESC",
    "MATCH (a:A) RETURN a.v AS v, count(*) AS n ORDER BY n DESC, v LIMIT 3",
    "MATCH (a:A)-[:K]->(b) RETURN b.id AS x, b.v + 1 AS y ORDER BY x, y SKIP 3 LIMIT 7",
    "MATCH (a:A)-[:K]->(b) RETURN DISTINCT b.v ORDER BY b.v",
    "MATCH (a:A) WITH a ORDER BY a.id LIMIT 4 MATCH (a)-[:K]->(b) RETURN a.id, b.id",
    "MATCH (a:A)-[:K]->(b) WITH b, count(*) AS n WHERE n > 2 MATCH (b)-[:L]->(c) RETURN b.id, n, c.id",
    "MATCH (a:A)-[:K]->(b) WITH a, collect(b.id) AS ids RETURN a.id, size(ids)",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b) RETURN a.id, b.id",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b) WHERE b.v > a.v RETURN a.id, b.id",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b)-[:L]->(c) OPTIONAL MATCH (a)-[:M]->(d) RETURN a.id, count(*), count(c), count(d)",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b) MATCH (b)-[:L]->(c) RETURN count(*)",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b) MATCH (b) RETURN count(*)",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b {id: 1}) OPTIONAL MATCH (b)-[:K]-(c) WHERE c.id > 3 RETURN a.id, b.id, count(c)",
    "MATCH (a:A) OPTIONAL MATCH (c:C) WHERE c.v = a.v RETURN a.id, c.name",
    "OPTIONAL MATCH (a:A {id: 77}) RETURN a.id",
    "OPTIONAL MATCH (a:A {id: 7}) OPTIONAL MATCH (a)-[:K]-(b) RETURN a.id, b.id",
    "MATCH (a:A) WHERE EXISTS { MATCH (a)-[:K]->(b) WHERE b.v > 1 } RETURN a.id",
    "MATCH (a:A) WHERE NOT EXISTS { MATCH (a)-[:K]->(b)-[:L]->(c) WHERE c.v > a.v } RETURN a.id",
    "MATCH (a:A)-[:K]-(b)-[:K]-(c) WHERE NOT EXISTS { MATCH (a)-[:K]-(c) } AND id(a) <> id(c) RETURN count(*)",
    "MATCH (a:A)-[:L]->(b)-[:M]->(c) WHERE NOT EXISTS { MATCH (a)-[:M]->(c) } RETURN a.id, b.id, c.name",
    "MATCH (a:A) WHERE a.id = 3 OR EXISTS { MATCH (a)-[:M]->(c) WHERE c.name = a.s } RETURN a.id",
    "MATCH (a:A) WHERE EXISTS { MATCH (b:B) WHERE b.s = a.s AND b.v > 2 } RETURN a.id",
    "MATCH (a:A) RETURN a.id, COUNT { MATCH (a)-[:K]->() } AS n, COUNT { MATCH (a)-[:K]->(b)-[:L]->(c) WHERE c.v > 0 } AS m",
    "MATCH (a:A) WHERE COUNT { MATCH (a)-[:K]-() } > 3 RETURN a.id",
    "MATCH (a:A) RETURN a.id, size(COLLECT { MATCH (a)-[:K]->(b) RETURN b.id }) AS n",
    "MATCH (a:A) RETURN sum(COUNT { MATCH (a)-[:K]->(b) WHERE EXISTS { MATCH (b)-[:M]->(c) WHERE c.v >= a.v } }) AS n",
    "MATCH (a:A)-[:K*1..3]->(b) RETURN a.id, count(*), count(DISTINCT b.id)",
    "MATCH (a:A {id: 2})-[e:K*1..3]->(b) RETURN b.id, length(e)",
    "MATCH (a:A)-[e:K*1..2]-(b:A {id: 2}) WHERE a.id > 4 RETURN a.id, length(e), size(nodes(e))",
    "MATCH (a:A {id: 2})-[e:K* SHORTEST 1..10]->(b) RETURN b.id, length(e)",
    "MATCH (a:A)-[e:K* ALL SHORTEST 1..10]->(b:A {id: 5}) RETURN a.id, count(*)",
    "MATCH (a:A {id: 1})-[e:K*0..2]-(b:A {id: 3}) RETURN count(*)",
    "MATCH (a:A)-[:K*1..2]->(b)-[:M]->(c) RETURN c.name, count(*)",
    "MATCH (a:A {id: 1})-[e:K*1..3 (r, n | WHERE r.w > 1 AND n.v < 3)]->(b) RETURN b.id, count(*)",
    "MATCH p = (a:A {id: 1})-[:K]->(b)-[:L]->(c) RETURN length(p), a.id, size(nodes(p))",
    "UNWIND [1, 2, 3, 99, NULL] AS i MATCH (a:A {id: i}) RETURN i, a.s",
    "UNWIND [[1, 2], [2, 3], [4, 4]] AS r MATCH (a:A {id: r[1]})-[k:K]-(b:A {id: r[2]}) RETURN r, k.w",
    "UNWIND [1, 2] AS i MATCH (a:A)-[:K]->(b) WHERE a.v = i RETURN i, count(*)",
    "MATCH (a:A) RETURN a.id AS x UNION MATCH (b:B) RETURN b.v AS x",
    "MATCH (a:A)-[:K]->(b) RETURN b.id AS x UNION ALL MATCH (b:B)-[:L]->() RETURN b.v AS x",
    "MATCH (a:A) WHERE 10 / (a.id + 1) > 2 AND a.id > 0 RETURN a.id",
    "MATCH (a:A)-[:K]->(b) WHERE a.id % 2 = 0 AND b.v + a.id > 3 RETURN a.id, b.id",
    "MATCH (a:A)-[k:K]->(b) RETURN b.id AS i, b.s AS s, b.v + 1 AS v, count(a.id) AS n, count(k) AS m, count(a.v) AS c ORDER BY n DESC, i LIMIT 5",
    "MATCH (a:A) OPTIONAL MATCH (a)-[:K]->(b) RETURN b.id, b.s, count(a), count(b), count(b.id), count(id(a))",
    "MATCH (a)-[:L]->(b:B) RETURN a.id, a.s, label(a), count(b.id)",
    "MATCH (a)-[:L]->(b:B) RETURN id(a) = id(b), a.s, count(a.id), sum(b.v)",
    "MATCH (a:A)-[:K]->(b) WITH a, a.id AS i, a.s AS s, count(b.id) AS n WHERE n > 1 RETURN i, s, n, a.v",
    "MATCH (a:A)-[:K]->(b) RETURN a.id + 1 AS x, a.s, a.id, count(*) ORDER BY a.id, x, a.s",
    "MATCH (i:I) WHERE i.j = 3 RETURN i.j, i.s",
    "MATCH (i:I) WHERE i.j = 30000000000 RETURN i.j",
    "MATCH (i:I) WHERE i.j < 30000000000 AND i.j >= -1 AND i.j <> 40000000000 RETURN i.j",
    "MATCH (i:I) WHERE 2 > i.j RETURN i.j",
    "MATCH (i:I) WHERE i.j IN [1, 3, 3, 30000000000, NULL, 99] RETURN i.j",
    "MATCH (s:S) WHERE s.k = 4 OR s.k = 5 RETURN s.k, s.v",
    "MATCH (s:S {k: 4}) RETURN s.k, s.v",
    "MATCH (s:S) WHERE s.k IN [4, 1, 4] AND s.v > 2 RETURN s.k, s.v",
    "MATCH (a:A)-[:K]->(b) WHERE b.id IN [3, 4, 3] AND a.id <> 4 RETURN a.id, b.id",
    "MATCH (a:A)-[:K]->(b) WHERE b.id IN [3, 4] AND a.id = 4 RETURN a.id, b.id",
    "MATCH (a:A)-[:K]->(b) WHERE b.id IN [3, 4] AND a.id IN [4, 5, 1] RETURN a.id, b.id",
    "MATCH (a:A) WHERE a.id IN [] RETURN a.id",
    "MATCH (c:C) WHERE NOT c.name IN ['s1', 's2'] RETURN c.name",
    "MATCH (c:C) WHERE c.name IN ['s1', 's2', 's1', 'nobody'] RETURN c.name",
    "MATCH (a:A) WITH a.v AS v, a WHERE v > 1 MATCH (a)-[:K]-(b) WHERE b.v = v RETURN v, a.id, b.id",
    "MATCH (:A)-[:K]->(:A)-[:K]->(:A)-[:K]->(:A)-[:K]->(:A) RETURN count(*)",
    "MATCH (:A)-[:K]-(:A)-[:K]-(:A)-[:K]-(b:A) RETURN b.id, count(*)",
    "MATCH (:A)-[:K]->(:A)-[:K]->(x:A)-[:K]->(b:A) WHERE x.v > 1 RETURN b.v, count(*), sum(b.id), count(DISTINCT b.id)",
    "MATCH (:A)-[:K]->(:A)-[:K]->(:A)-[:K]-(b) RETURN count(b), min(b.id)",
    "MATCH (:A)-[:K]->(:A)-[:K]->(b:A) OPTIONAL MATCH (b)-[:K]->(:A)-[:K]->(:A)-[:K]->(c:A) RETURN b.id, count(c)",
    "MATCH (:A)-[:K]->(:A)-[:K]->(x:A) MATCH (x)-[:K]->(:A)-[:K]->(y:A) WHERE EXISTS {MATCH (y)-[:K]->(:A)-[:K]->(:A)} RETURN count(*)",
    "MATCH (:A)-[:K]->(:A)-[:K]->(:A)-[:K]->(b:A) WITH b LIMIT 7 RETURN count(*)",
};

static void rules_do_not_change_answers(void)
{
    for (uint32_t graph = 0; graph < test_volume(3, 1); graph++) {
        ruzu_conn *conn = NULL;
        CHECK_EQ_I64(ruzu_open(":memory:", NULL, &conn), RUZU_OK);
        make_graph(conn);
        for (uint32_t q = 0; q < sizeof queries / sizeof *queries; q++) {
            bool ordered = strstr(queries[q], " ORDER BY ") != NULL && strstr(queries[q], "WITH") == NULL;
            char *want = answer(conn, queries[q], RZ_RULE_ALL, ordered);
            if (want == NULL || strstr(want, "xception") != NULL) {
                CHECK_STR(want == NULL ? "no memory" : want, queries[q]);
            }
            for (uint32_t r = 0; r < 14; r++) {
                uint32_t rules = r == 12   ? 0
                                 : r == 13 ? RZ_RULE_DEGREE | RZ_RULE_INTERSECT | RZ_RULE_SEMI
                                           : RZ_RULE_ALL & ~(UINT32_C(1) << r);
                char *got = answer(conn, queries[q], rules, ordered);
                if (want == NULL || got == NULL || strcmp(want, got) != 0) {
                    fprintf(stderr, "graph %u, rules %x: %s\n", graph, rules, queries[q]);
                    CHECK_STR(got == NULL ? "" : got, want == NULL ? "" : want);
                }
                free(got);
            }
            free(want);
        }
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    }
}

/* Otherwise the test above would compare a plan with itself. */
static void rules_change_plans(void)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(":memory:", NULL, &conn), RUZU_OK);
    make_graph(conn);
    char *with = answer(conn, "EXPLAIN MATCH (a:A {id: 3})-[:K]->(b) RETURN count(*)", RZ_RULE_ALL, true);
    char *without = answer(conn, "EXPLAIN MATCH (a:A {id: 3})-[:K]->(b) RETURN count(*)", 0, true);
    CHECK(with != NULL && strstr(with, "DEGREE") != NULL && strstr(with, "NODE_LOOKUP") != NULL);
    CHECK(without != NULL && strstr(without, "DEGREE") == NULL && strstr(without, "NODE_LOOKUP") == NULL);
    free(with);
    free(without);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
}

int main(void)
{
    RUN(rules_change_plans);
    RUN(rules_do_not_change_answers);
    return CHECK_DONE();
}
