/* SPDX-License-Identifier: MIT */
/*
 * Patterns over random small multigraphs: every rule of the planner on against all of them off, on one thread and on two. The graphs have parallel relationships, self-loops, nodes
 * without any, NULL properties, relationships on pages and in memory, inserted and deleted.
 */
#include "integration/session.h"
#include "unit/volume.h"

enum { MODEL_PEOPLE = 48, MODEL_CITIES = 9, MODEL_STATES = 4, MODEL_COUNTRIES = 3, MODEL_TEXT = 65536 };

static uint64_t model_state = 1;

static int model_random(int below)
{
    model_state = model_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((model_state >> 33) % (uint64_t)below);
}

static void model_nodes(ruzu_conn *conn, const char *table, int count)
{
    char text[256];
    for (int i = 0; i < count; i++) {
        int length = snprintf(text, sizeof text, "CREATE (:%s {id: %d", table, i);
        if (model_random(6) != 0) { /* else NULL */
            length += snprintf(text + length, sizeof text - (size_t)length, ", x: %d", model_random(10));
        }
        (void)snprintf(text + length, sizeof text - (size_t)length, ", name: '%s %d'})", table, i % 3);
        session_run(conn, text);
    }
}

static void model_edge(ruzu_conn *conn, const char *rel, const char *from, int a, const char *to, int b)
{
    char text[256];
    (void)snprintf(text, sizeof text, "MATCH (a:%s), (b:%s) WHERE a.id = %d AND b.id = %d CREATE (a)-[:%s {w: %d}]->(b)", from, to, a, b, rel, model_random(5));
    session_run(conn, text);
}

/* Half of the people know many; some pairs know each other twice, some people themselves. */
static void model_edges(ruzu_conn *conn, int knows)
{
    for (int i = 0; i < knows; i++) {
        int a = model_random(3) == 0 ? model_random(MODEL_PEOPLE) : model_random(MODEL_PEOPLE / 3);
        int b = model_random(9) == 0 ? a : model_random(2) == 0 ? model_random(MODEL_PEOPLE / 3) : model_random(MODEL_PEOPLE);
        model_edge(conn, "Knows", "P", a, "P", b);
        if (model_random(7) == 0) {
            model_edge(conn, "Knows", "P", a, "P", b);
        }
        if (model_random(4) == 0) {
            model_edge(conn, "Likes", "P", b, "P", a);
        }
    }
}

static void model_places(ruzu_conn *conn)
{
    for (int i = 0; i < MODEL_PEOPLE; i++) {
        for (int k = model_random(8); k > 0; k -= 3) { /* none, one, two or three homes, perhaps the same */
            model_edge(conn, "Lives", "P", i, "C", model_random(MODEL_CITIES));
        }
    }
    for (int i = 0; i < MODEL_CITIES; i++) {
        model_edge(conn, "InState", "C", i, "S", model_random(MODEL_STATES));
        model_edge(conn, "At", "C", i, "K", model_random(MODEL_COUNTRIES));
        if (model_random(4) == 0) {
            model_edge(conn, "InState", "C", i, "S", model_random(MODEL_STATES));
            model_edge(conn, "At", "C", i, "K", model_random(MODEL_COUNTRIES));
        }
    }
    for (int i = 0; i < MODEL_STATES; i++) {
        model_edge(conn, "OfCountry", "S", i, "K", model_random(MODEL_COUNTRIES));
    }
}

/* No parallel relationships, neither way, and no self-loops. */
static void model_pals(ruzu_conn *conn)
{
    for (int a = 0; a < MODEL_PEOPLE; a++) {
        for (int b = 0; b < a; b++) {
            if (model_random(b < MODEL_PEOPLE / 4 ? 4 : 15) == 0) {
                bool turned = model_random(2) == 0;
                model_edge(conn, "Pals", "P", turned ? b : a, "P", turned ? a : b);
            }
        }
    }
}

static void model_create(ruzu_conn *conn)
{
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, x INT64, name STRING); CREATE NODE TABLE C(id INT64 PRIMARY KEY, x INT64, name STRING); "
                      "CREATE NODE TABLE S(id INT64 PRIMARY KEY, x INT64, name STRING); CREATE NODE TABLE K(id INT64 PRIMARY KEY, x INT64, name STRING); "
                      "CREATE REL TABLE Knows(FROM P TO P, w INT64); CREATE REL TABLE Likes(FROM P TO P, w INT64); CREATE REL TABLE Pals(FROM P TO P, w INT64); CREATE REL TABLE Lives(FROM P TO C, w INT64); "
                      "CREATE REL TABLE InState(FROM C TO S, w INT64); CREATE REL TABLE OfCountry(FROM S TO K, w INT64); CREATE REL TABLE At(FROM C TO K, w INT64)");
    model_nodes(conn, "P", MODEL_PEOPLE);
    model_nodes(conn, "C", MODEL_CITIES);
    model_nodes(conn, "S", MODEL_STATES);
    model_nodes(conn, "K", MODEL_COUNTRIES);
}

/* The sorted rows of a statement, or its error. */
static void model_ask(ruzu_conn *conn, const char *cypher, char *out)
{
    ruzu_result *result = NULL;
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        (void)snprintf(out, MODEL_TEXT, "error: %s", ruzu_errmsg(conn));
        return;
    }
    (void)snprintf(out, MODEL_TEXT, "%s", session_text(result));
    ruzu_result_free(result);
}

static const char *const model_questions[] = {
    /* chains of tables behind variable lengths */
    "MATCH (c:C)-[*1..2]->(k:K) RETURN c.id, k.id, count(*) ORDER BY c.id, k.id",
    "MATCH (c:C)-[:InState|OfCountry*1..3]->(k:K) RETURN c.id, k.id, count(*) ORDER BY c.id, k.id",
    "MATCH (k:K)<-[:InState|OfCountry*1..3]-(c:C)<-[:Lives]-(p:P) WHERE p.x > 3 RETURN k.name, count(*), sum(p.x) ORDER BY k.name",
    "MATCH (c:C)-[r:InState|OfCountry*1..3]->(k:K) RETURN c.id, k.id, length(r) ORDER BY c.id, k.id",
    "MATCH (c:C)-[:InState|OfCountry*2..2]-(k:K) RETURN count(*)",
    "MATCH (p:P) OPTIONAL MATCH (p)-[:Lives]->(c:C)-[:InState|OfCountry*1..2]->(k:K) WHERE k.x < 7 RETURN p.id, count(k) ORDER BY p.id",
    "MATCH (p:P) WHERE EXISTS {MATCH (p)-[:Lives|InState|OfCountry*1..3]->(k:K) WHERE k.id = 1} RETURN count(*), sum(p.id)",
    "MATCH (a:P)-[:Knows*1..2]->(b:P) RETURN count(*), sum(b.id)",
    "MATCH (c:C)-[:InState|At|OfCountry* TRAIL 1..2]->(k:K) RETURN count(*)",
    /* triangles whose corners are alike */
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P), (b)-[:Knows]-(c:P), (c)-[:Knows]-(a) RETURN a.id, count(*) ORDER BY a.id",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) RETURN c.x, count(*), sum(c.id), min(c.id) ORDER BY c.x",
    "MATCH (a:P)-[:Knows|Likes]-(b:P)-[:Knows|Likes]-(c:P)-[:Likes|Knows]-(a) RETURN count(*), sum(b.id)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WHERE a.x > 2 AND b.x > 2 AND c.x > 2 RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WHERE a.x > 2 AND b.x > 2 AND c.x > 2 AND b.name <> 'P 1' RETURN count(*), sum(b.id)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WHERE a.x > 2 AND b.x > 3 RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WHERE a.id < b.id AND b.id < c.id RETURN count(*), sum(a.id)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a), (a)-[:Lives]->(:C), (b)-[:Lives]->(:C), (c)-[:Lives]->(:C) RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a), (a)-[:Lives]->(:C) RETURN count(*), sum(a.id)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a), (b)-[:Lives]->(x:C), (c)<-[:Likes]-(d:P) RETURN count(*), sum(x.id), sum(d.id)",
    "MATCH (k:K) MATCH (a:P)-[:Lives]->(:C)-[:At]->(k) MATCH (b:P)-[:Lives]->(:C)-[:At]->(k) MATCH (c:P)-[:Lives]->(:C)-[:At]->(k) "
    "MATCH (a)-[:Knows]-(b)-[:Knows]-(c)-[:Knows]-(a) RETURN count(*)",
    "MATCH (a:P)-[:Lives]->(k:C)<-[:Lives]-(b:P)-[:Knows]-(c:P)-[:Lives]->(k), (a)-[:Knows]-(b), (c)-[:Knows]-(a) RETURN k.id, count(*), sum(k.x) ORDER BY k.id",
    "MATCH (a:P)-[:Lives]->(x:C)-[:At]->(k:K)<-[:At]-(y:C)<-[:Lives]-(b:P)-[:Knows]-(c:P)-[:Lives]->(z:C)-[:At]->(k), (a)-[:Knows]-(b), (c)-[:Knows]-(a) "
    "WHERE x.x > 1 AND y.x > 1 AND z.x > 1 AND k.name <> 'K 1' RETURN k.id, b.id, count(*) ORDER BY k.id, b.id",
    "MATCH (a:P)-[:Lives]->(x:C)-[:At]->(k:K)<-[:At]-(y:C)<-[:Lives]-(b:P)-[:Knows]-(c:P)-[:Lives]->(z:C)-[:At]->(k), (a)-[:Knows]-(b), (c)-[:Knows]-(a) "
    "RETURN x.id, count(*) ORDER BY x.id",
    "MATCH (a:P)-[:Lives]->(:C)-[:At]->(k:K), (b:P)-[:Lives]->(:C)-[:InState]->(:S)-[:OfCountry]->(k), (c:P)-[:Lives]->(:C)-[:At]->(k), "
    "(a)-[:Knows]-(b)-[:Knows]-(c)-[:Knows]-(a) RETURN count(*)",
    "MATCH (a:P)-[:Lives]->(:C)-[:At]->(k:K)<-[:OfCountry]-(s:S), (b:P)-[:Lives]->(:C)-[:At]->(k), (c:P)-[:Lives]->(:C)-[:At]->(k), "
    "(a)-[:Knows]-(b)-[:Knows]-(c)-[:Knows]-(a), (c)-[:Likes]-(d:P) WHERE s.id > 0 RETURN s.id, d.x, count(*) ORDER BY s.id, d.x",
    "MATCH (a:P)-[:Lives]->(x:C), (a)-[:Lives]->(y:C), (b:P)-[:Lives]->(z:C), (b)-[:Lives]->(w:C), (c:P)-[:Lives]->(u:C), (c)-[:Lives]->(v:C), "
    "(a)-[:Knows]-(b)-[:Knows]-(c)-[:Knows]-(a) WHERE x.x > 1 AND y.x > 4 AND w.x > 1 AND z.x > 4 AND u.x > 1 AND v.x > 4 RETURN count(*)",
    "MATCH (a:P)-[:Pals]-(b:P)-[:Pals]-(c:P)-[:Pals]-(a) RETURN count(*)",
    "MATCH (a:P)-[:Pals]-(b:P)-[:Pals]-(c:P)-[:Pals]-(a) RETURN a.id, count(*), sum(a.x) ORDER BY a.id",
    "MATCH (a:P)-[:Pals]-(b:P)-[:Pals]-(c:P)-[:Pals]-(a) WHERE a.x < 8 AND b.x < 8 AND c.x < 8 RETURN count(*), sum(c.id)",
    "MATCH (a:P)-[:Lives]->(x:C)-[:At]->(k:K)<-[:At]-(y:C)<-[:Lives]-(b:P)-[:Pals]-(c:P)-[:Lives]->(z:C)-[:At]->(k), (a)-[:Pals]-(b), (c)-[:Pals]-(a) "
    "RETURN k.id, b.id, count(*) ORDER BY k.id, b.id",
    "MATCH (a:P)-[:Lives]->(k:C)<-[:Lives]-(b:P)-[:Pals]-(c:P)-[:Lives]->(k), (a)-[:Pals]-(b), (c)-[:Pals]-(a) RETURN count(*)",
    "MATCH (a:P)-[:Knows]->(b:P)-[:Knows]->(c:P)-[:Knows]->(a) RETURN count(*), sum(a.id)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Likes]-(a) RETURN count(*), sum(a.id)",
    "MATCH (a:P)-[e:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) RETURN count(*), sum(e.w)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a)-[:Knows]-(d:P)-[:Knows]-(b) RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) RETURN a.id ORDER BY a.id LIMIT 7",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WITH b, count(*) AS n MATCH (b)-[:Lives]->(x:C) RETURN x.id, sum(n) ORDER BY x.id",
    "MATCH (a:P) RETURN a.id, COUNT {MATCH (a)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a)} ORDER BY a.id",
    "MATCH (p:P {id: 3}) MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) RETURN p.x, count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WHERE a.x / (b.x - b.x + 1) >= 0 RETURN count(*)",
    /* probes between known nodes, and common neighbours */
    "MATCH (a:P)-[:Likes]->(b:P)-[:Likes]->(c:P), (a)-[:Knows]-(c) RETURN count(*), sum(b.id), sum(a.x)",
    "MATCH (a:P)-[:Likes]->(b:P)-[:Pals]-(c:P)-[:Pals]-(d:P), (d)-[:Knows]->(a) RETURN a.id, count(*) ORDER BY a.id",
    "MATCH (x:C)<-[:Lives]-(a:P)-[:Pals]-(b:P)-[:Lives]->(y:C), (b)-[:Knows|Likes]-(a) RETURN x.id, y.id, count(*) ORDER BY x.id, y.id",
    "MATCH (a:P)-[:Pals]-(b:P)-[:Pals]-(c:P), (a)-[k:Knows]-(c) RETURN count(*), sum(k.w)",
    "MATCH (a:P)-[:Pals]-(b:P)-[:Pals]-(c:P) WHERE NOT EXISTS {MATCH (a)-[:Knows]-(c)} AND a.id <> c.id RETURN count(*), sum(c.x)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(d:P)-[:Knows]-(a) RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Pals]-(c:P)-[:Knows]->(d:P)-[:Pals]-(a), (b)-[:Likes]-(d) RETURN d.id, count(*), sum(b.x) ORDER BY d.id",
    "MATCH (a:P)-[:Knows]-(b:P), (a)-[:Knows]-(c:P), (b)-[:Knows]-(c), (a)-[:Pals]-(d:P), (b)-[:Pals]-(d), (c)-[:Pals]-(d) RETURN count(*), sum(d.id)",
    "MATCH (a:P)-[:Pals]->(b:P)<-[:Pals]-(c:P), (a)-[:Likes]->(c) RETURN a.id, c.id, count(*) ORDER BY a.id, c.id",
    /* ends kept apart that are walked to from the same node: over the same list, over another one, against its direction */
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Lives]->(x:C) WHERE id(a) <> id(c) RETURN count(*)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P) WHERE a.id <> c.id RETURN c.id, count(*), sum(b.x) ORDER BY c.id",
    "MATCH (a:P)-[:Pals]-(b:P)-[:Pals]-(c:P)-[:Lives]->(x:C) WHERE id(a) <> id(c) RETURN count(*), sum(c.x)",
    "MATCH (a:P)-[:Knows]->(b:P)<-[:Knows]-(c:P) WHERE a <> c RETURN c.id, count(*), sum(b.id) ORDER BY c.id",
    "MATCH (a:P)-[:Knows]->(b:P)-[:Knows]->(c:P) WHERE id(a) <> id(c) RETURN c.id, count(*), sum(b.id) ORDER BY c.id",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]->(c:P) WHERE id(a) <> id(c) RETURN c.id, count(*), sum(b.id) ORDER BY c.id",
    "MATCH (a:P)-[:Knows|Likes]-(b:P)-[:Knows|Likes]-(c:P) WHERE id(a) <> id(c) RETURN c.id, count(*), sum(b.id) ORDER BY c.id",
    "MATCH (a:P)-[:Knows|Pals]-(b:P)-[:Knows]-(c:P) WHERE id(a) <> id(c) RETURN c.id, count(*), sum(b.id) ORDER BY c.id",
    "MATCH (a:P)-[:Pals]-(b:P)-[k:Knows]-(c:P) WHERE id(a) <> id(c) RETURN c.id, count(*), sum(k.w) ORDER BY c.id",
    "MATCH (a:P)-[:Pals]-(b:P)-[k:Pals]-(c:P) WHERE id(a) <> id(c) RETURN c.id, count(*), sum(k.w) ORDER BY c.id",
    /* kept apart from a node of another part of the pattern, which is planned on its own */
    "MATCH (a:P), (k:K)<-[:At]-(c:C) WHERE c.id <> a.id RETURN a.name, max(k.x), sum(DISTINCT a.x), count(*) ORDER BY a.name",
    "MATCH (s:S)-[:OfCountry]->(:K) MATCH (c:C)-[:InState]->(t:S) WHERE id(s) <> id(t) RETURN c.id, count(*) ORDER BY c.id",
    /* groups of a node, then DISTINCT and ORDER BY */
    "MATCH (a:P)-[:Knows]->(b:P) RETURN DISTINCT a.id AS i, a.x AS x, count(*) AS n ORDER BY x DESC, i, n LIMIT 7",
    /* predicates judged once a node */
    "MATCH (a:P)-[:Knows]->(b:P)-[:Knows]->(c:P) WHERE b.x < 8 AND c.x > 2 RETURN count(*), sum(a.id)",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P) WHERE lower(c.name) = 'p 1' AND a.x + c.x > 5 RETURN a.id, count(*) ORDER BY a.id",
    "MATCH (a:P)-[:Knows]-(b:P) OPTIONAL MATCH (b)-[:Lives]->(c:C) WITH a, b, c WHERE c.x > 2 OR c.x IS NULL RETURN a.id, count(*), count(c) ORDER BY a.id",
    "MATCH (a:P)-[:Knows]-(b:P)-[:Lives]->(c:C) WHERE c.name <> 'C 1' AND c.x IS NOT NULL RETURN c.id, count(*), sum(a.x) ORDER BY c.id",
    "MATCH (a:P) WHERE EXISTS {MATCH (a)-[:Knows]-(b:P)-[:Knows]-(c:P) WHERE c.x = 4 AND c.name = a.name} RETURN a.id ORDER BY a.id",
};

static void model_check(ruzu_conn *conn, const char *when)
{
    static char want[MODEL_TEXT];
    static char got[MODEL_TEXT];
    for (size_t q = 0; q < sizeof model_questions / sizeof model_questions[0]; q++) {
        session_run(conn, "CALL enable_plan_optimizer = false");
        session_run(conn, "CALL threads = 1");
        model_ask(conn, model_questions[q], want);
        session_run(conn, "CALL enable_plan_optimizer = true");
        for (int threads = 1; threads <= 2; threads++) {
            session_run(conn, threads == 1 ? "CALL threads = 1" : "CALL threads = 2");
            model_ask(conn, model_questions[q], got);
            check_count++;
            if (strcmp(want, got) != 0 || strncmp(want, "error", 5) == 0) {
                check_failures++;
                fprintf(stderr, "%s, %d threads: %s\n  without rules:\n%s\n  with them:\n%s\n", when, threads, model_questions[q], want, got);
            }
        }
    }
}

/* The triangles above do take the way that they are to test. */
static void model_check_rule(ruzu_conn *conn)
{
    static char text[MODEL_TEXT];
    model_ask(conn, "EXPLAIN MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P)-[:Knows]-(a) WHERE a.x > 2 AND b.x > 2 AND c.x > 2 RETURN c.x, count(*)", text);
    CHECK(strstr(text, "TRIANGLE") != NULL);
    model_ask(conn, "EXPLAIN MATCH (a:P)-[:Knows]-(b:P)-[:Knows]-(c:P) WHERE a.id <> c.id RETURN c.id, count(*), sum(b.x)", text);
    CHECK(strstr(text, "COUNT_EXCEPT") != NULL);
    model_ask(conn, "EXPLAIN MATCH (c:C)-[*1..2]->(s:S) RETURN count(*)", text);
    CHECK(strstr(text, "RECURSIVE") == NULL);
}

static void model_run(uint64_t seed)
{
    char name[64];
    model_state = seed * 977 + 5;
    (void)snprintf(name, sizeof name, "model%llu.ruzu", (unsigned long long)seed);
    ruzu_conn *conn = session_open(session_path(name));
    model_create(conn);
    model_check(conn, "no relationships");
    session_run(conn, "BEGIN TRANSACTION");
    model_edges(conn, 90);
    model_places(conn);
    model_pals(conn);
    session_run(conn, "COMMIT");
    model_check(conn, "in memory");
    session_run(conn, "CHECKPOINT");
    model_check(conn, "on pages");
    model_check_rule(conn);
    session_run(conn, "MATCH (a:P)-[k:Knows]->(b:P) WHERE (a.id + b.id + k.w) % 5 = 0 DELETE k");
    session_run(conn, "MATCH (p:P)-[l:Lives]->(c:C) WHERE (p.id + c.id) % 6 = 0 DELETE l");
    session_run(conn, "BEGIN TRANSACTION");
    model_edges(conn, 25);
    session_run(conn, "COMMIT");
    model_check(conn, "changed in memory");
    session_close(conn);
}

int main(void)
{
    session_begin();
    for (uint64_t seed = 0; seed < test_volume(4, 1); seed++) {
        model_run(seed);
    }
    session_end();
    return check_failures != 0;
}
