/* SPDX-License-Identifier: MIT */
/*
 * Joins by value – LEFT, SEMI, ANTI, groups, and what they push sideways – against a model that counts equal keys over arrays, and against the same questions under other rules of
 * the planner; keys that are NULL, that come many times or never; on one thread and on two, and in little memory, where build sides spill.
 */
#include "integration/session.h"
#include "unit/volume.h"

enum { JOIN_TEXT = 1 << 20, JOIN_KEYS = 4000, JOIN_TAGS = 6 };

/* debug_plan_rules: bit 32 applies rules whatever they cost. */
#define JOIN_ALL    UINT64_C(0xffffffff)
#define JOIN_EAGER  UINT64_C(0x1ffffffff)
#define JOIN_PUSH   (UINT64_C(1) << 6)
#define JOIN_UNNEST (UINT64_C(1) << 20)
#define JOIN_SIEVE  (UINT64_C(1) << 21)
#define JOIN_BOUNDS (UINT64_C(1) << 22)
#define JOIN_PARTS  (UINT64_C(1) << 23)

typedef struct join_side {
    int count;
    int keys;
    int *key; /* -1: NULL */
    int *tag;
} join_side;

static uint64_t join_state = 1;

static int join_random(int below)
{
    join_state = join_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((join_state >> 33) % (uint64_t)below);
}

static void join_side_make(join_side *side, int count, int keys)
{
    side->count = count;
    side->keys = keys;
    side->key = (int *)calloc((size_t)count + 1, sizeof *side->key);
    side->tag = (int *)calloc((size_t)count + 1, sizeof *side->tag);
    if (side->key == NULL || side->tag == NULL) {
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        side->key[i] = join_random(9) == 0 ? -1 : join_random(5) == 0 ? join_random(3) : join_random(keys);
        side->tag[i] = join_random(JOIN_TAGS);
    }
}

static void join_side_free(join_side *side)
{
    free(side->key);
    free(side->tag);
}

/* id, k (NULL or the key), s (the key as a text), t. By file: quick for many rows. */
static void join_side_load(ruzu_conn *conn, const char *table, const join_side *side)
{
    char text[1400];
    char name[64];
    (void)snprintf(name, sizeof name, "%s.csv", table);
    const char *path = session_path(name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        exit(1);
    }
    for (int i = 0; i < side->count; i++) {
        if (side->key[i] < 0) {
            (void)fprintf(file, "%d,,,%d\n", i, side->tag[i]);
        } else {
            (void)fprintf(file, "%d,%d,a text for the key number %d,%d\n", i, side->key[i], side->key[i], side->tag[i]);
        }
    }
    (void)fclose(file);
    (void)snprintf(text, sizeof text, "CREATE NODE TABLE %s(id INT64 PRIMARY KEY, k INT64, s STRING, t INT32)", table);
    session_run(conn, text);
    if (side->count != 0) {
        (void)snprintf(text, sizeof text, "COPY %s FROM '%s' (header=false)", table, path);
        session_run(conn, text);
    }
}

static void join_ask(ruzu_conn *conn, const char *cypher, char *out)
{
    ruzu_result *result = NULL;
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        (void)snprintf(out, JOIN_TEXT, "error: %s", ruzu_errmsg(conn));
        return;
    }
    (void)snprintf(out, JOIN_TEXT, "%s", session_text(result));
    ruzu_result_free(result);
}

static void join_set(ruzu_conn *conn, uint64_t rules, int threads)
{
    char text[96];
    (void)snprintf(text, sizeof text, "CALL debug_plan_rules = %llu", (unsigned long long)rules);
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "CALL threads = %d", threads);
    session_run(conn, text);
}

/* ---- the model ---- */

/* How many rows of the right side with a tag of at least `from` have each key. */
static void join_tally(const join_side *right, int from, long long *counts, long long *sums)
{
    memset(counts, 0, JOIN_KEYS * sizeof *counts);
    memset(sums, 0, JOIN_KEYS * sizeof *sums);
    for (int i = 0; i < right->count; i++) {
        if (right->key[i] >= 0 && right->tag[i] >= from) {
            counts[right->key[i]]++;
            sums[right->key[i]] += i;
        }
    }
}

typedef struct join_answers {
    long long semi, semi_sum, anti, anti_sum, inner, inner_sum, left, counted, by_id, by_id_sum;
} join_answers;

static join_answers join_count(const join_side *left, const join_side *right, int from)
{
    static long long counts[JOIN_KEYS];
    static long long sums[JOIN_KEYS];
    join_answers out = {0};
    join_tally(right, from, counts, sums);
    for (int i = 0; i < left->count; i++) {
        long long found = left->key[i] < 0 ? 0 : counts[left->key[i]];
        out.semi += found != 0;
        out.semi_sum += found != 0 ? i : 0;
        out.anti += found == 0;
        out.anti_sum += found == 0 ? i : 0;
        out.inner += found;
        out.inner_sum += left->key[i] < 0 ? 0 : sums[left->key[i]];
        out.left += found == 0 ? 1 : found;
        out.counted += found * (i % 7);
        out.by_id += i < JOIN_KEYS ? counts[i] : 0;
        out.by_id_sum += i < JOIN_KEYS ? counts[i] * i : 0;
    }
    return out;
}

static void join_expect(ruzu_conn *conn, const char *cypher, long long a, long long b)
{
    static char got[JOIN_TEXT];
    char want[96];
    (void)snprintf(want, sizeof want, "%lld|%lld", a, b);
    join_ask(conn, cypher, got);
    check_count++;
    if (strcmp(got, want) != 0) {
        check_failures++;
        (void)fprintf(stderr, "%s\n  want %s\n  got  %s\n", cypher, want, got);
    }
}

static void join_check_model(ruzu_conn *conn, const join_side *left, const join_side *right, int from, const char *key)
{
    char text[512];
    join_answers want = join_count(left, right, from);
    (void)snprintf(text, sizeof text, "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.%s = l.%s AND r.t >= %d} RETURN count(*), coalesce(sum(l.id), 0)", key, key, from);
    join_expect(conn, text, want.semi, want.semi_sum);
    (void)snprintf(text, sizeof text, "MATCH (l:L) WHERE NOT EXISTS {MATCH (r:R) WHERE l.%s = r.%s AND r.t >= %d} RETURN count(*), coalesce(sum(l.id), 0)", key, key, from);
    join_expect(conn, text, want.anti, want.anti_sum);
    (void)snprintf(text, sizeof text, "MATCH (l:L) OPTIONAL MATCH (r:R) WHERE r.%s = l.%s AND r.t >= %d RETURN count(*), coalesce(sum(r.id), 0)", key, key, from);
    join_expect(conn, text, want.left, want.inner_sum);
    (void)snprintf(text, sizeof text, "MATCH (l:L), (r:R) WHERE r.%s = l.%s AND r.t >= %d RETURN count(*), coalesce(sum(r.id), 0)", key, key, from);
    join_expect(conn, text, want.inner, want.inner_sum);
    (void)snprintf(text, sizeof text, "MATCH (l:L) WITH l, COUNT {MATCH (r:R) WHERE r.%s = l.%s AND r.t >= %d} AS n RETURN coalesce(sum(n), 0), coalesce(sum(n * (l.id %% 7)), 0)", key, key, from);
    join_expect(conn, text, want.inner, want.counted);
    (void)snprintf(text, sizeof text, "MATCH (l:L) WITH l, EXISTS {MATCH (r:R) WHERE r.%s = l.%s AND r.t >= %d} AS e WHERE e RETURN count(*), coalesce(sum(l.id), 0)", key, key, from);
    join_expect(conn, text, want.semi, want.semi_sum);
    (void)snprintf(text, sizeof text, "MATCH (l:L), (r:R) WHERE l.id = r.k AND r.t >= %d RETURN count(*), coalesce(sum(l.id), 0)", from);
    join_expect(conn, text, want.by_id, want.by_id_sum);
    (void)snprintf(text, sizeof text, "MATCH (l:L), (m:L), (r:R) WHERE id(m) = id(l) AND m.id = r.k AND r.t >= %d RETURN count(*), coalesce(sum(l.id), 0)", from);
    join_expect(conn, text, want.by_id, want.by_id_sum);
}

/* ---- the same under other rules ---- */

static const char *const join_questions[] = {
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k AND r.t = l.t} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE NOT EXISTS {MATCH (r:R) WHERE r.k = l.k AND r.s = l.s AND r.t > 1} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k} AND NOT EXISTS {MATCH (r:R) WHERE r.t = l.t AND r.k > 5} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) OPTIONAL MATCH (r:R) WHERE r.k = l.k AND r.t = 2 RETURN l.id, r.id, r.s ORDER BY l.id, r.id",
    "MATCH (l:L) OPTIONAL MATCH (r:R) WHERE r.k = l.k + 1 RETURN l.id, count(*), count(r), min(r.id) ORDER BY l.id",
    "MATCH (l:L) OPTIONAL MATCH (r:R)-[e:E]->(q:R) WHERE r.k = l.k AND q.t = l.t RETURN l.id, r.id, q.id, id(e) IS NULL ORDER BY l.id, r.id, q.id",
    "MATCH (l:L) OPTIONAL MATCH (r:R)-[e:E]->(q:R) WHERE r.k = l.k RETURN l.id, count(*), count(q) ORDER BY l.id",
    "MATCH (l:L) OPTIONAL MATCH p = (r:R)-[e:E*1..2]->(q:R) WHERE r.k = l.k AND l.id < 9 RETURN l.id, count(*), sum(length(e)), min(length(p)) ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k AND q.t < 3} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k AND q.k = l.t} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R), (q:R) WHERE r.k = l.k AND q.k = l.t} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k AND r.t < l.t} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.id = l.k} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k AND 10 / (r.t - 2) > 0} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k AND EXISTS {MATCH (q:R) WHERE q.k = r.t}} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k AND EXISTS {MATCH (q:R) WHERE q.k = l.t}} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COUNT {MATCH (r:R) WHERE r.k = l.k AND r.t = l.t} + COUNT {MATCH (r:R) WHERE r.s = l.s} ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COUNT {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k} AS n, EXISTS {MATCH (r:R)<-[:E]-(q:R) WHERE r.k = l.k} AS e ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COUNT {MATCH (r:R) WHERE r.k = l.k RETURN DISTINCT r.t} ORDER BY l.id",
    "MATCH (l:L)-[:D]->(m:L) WHERE NOT EXISTS {MATCH (r:R) WHERE r.k = l.k AND r.t = m.t} RETURN l.id, m.id ORDER BY l.id, m.id",
    "MATCH (l:L)-[:D]->(m:L) OPTIONAL MATCH (r:R) WHERE r.k = l.k AND r.t = m.t RETURN l.id, count(*), count(r), sum(m.id) ORDER BY l.id",
    "MATCH (l:L)-[:D]->(m:L)-[:D]->(n:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = n.k AND r.t = 1} RETURN count(*), sum(l.id), sum(m.id), sum(n.id)",
    "MATCH (l:L)-[:D]->(m:L), (r:R) WHERE r.k = l.k AND r.t = 1 RETURN count(*), sum(l.id), sum(m.id), sum(r.id)",
    "MATCH (l:L)-[:D]->(m:L), (r:R) WHERE r.k = m.k AND r.t = 1 RETURN count(*), sum(l.id), sum(m.id), sum(r.id)",
    "MATCH (l:L)-[:D]->(m:L), (r:R)-[:E]->(q:R) WHERE r.s = l.s AND q.k = m.k RETURN count(*), sum(l.id), sum(m.id), sum(r.id)",
    "MATCH (l:L)-[:D]->(m:L), (r:R)-[:E]->(q:R) WHERE r.k = l.k + 1 AND q.t = l.t AND q.id < 40 RETURN l.id, q.id, count(*) ORDER BY l.id, q.id",
    "MATCH (l:L) OPTIONAL MATCH (l)-[:D]->(m:L) OPTIONAL MATCH (r:R) WHERE r.k = m.k RETURN l.id, count(m), count(r) ORDER BY l.id",
    "MATCH (l:L) OPTIONAL MATCH (r:R) WHERE r.k = l.k AND r.t = 0 WITH l, r WHERE r IS NULL RETURN l.id ORDER BY l.id",
    "MATCH (l:L) OPTIONAL MATCH (r:R) WHERE r.k = l.k AND r.t = 0 OPTIONAL MATCH (q:R) WHERE q.k = r.t RETURN l.id, r.id, count(q) ORDER BY l.id, r.id",
    "MATCH (l:L) WHERE CASE WHEN l.t > 2 THEN EXISTS {MATCH (r:R) WHERE r.k = l.k} ELSE l.k IS NULL END RETURN l.id ORDER BY l.id",
    "MATCH (l:L)-[:D]->(m:L)-[:D]->(n:L), (r:R) WHERE r.k = l.k AND r.s = l.s AND r.t = 1 RETURN n.id, count(*), sum(r.id) ORDER BY n.id",
    "MATCH (l:L)-[:D]->(m:L)-[:D]->(n:L), (r:R) WHERE r.k = m.k AND r.t = n.t AND r.id < 9 RETURN count(*), sum(l.id), sum(n.id)",
    "MATCH (l:L)-[:D]->(m:L)-[:D]->(n:L), (r:R), (q:R) WHERE r.k = l.k AND r.id < 9 AND q.k = m.k AND q.t = 2 RETURN count(*), sum(n.id), sum(q.id)",
    "MATCH (l:L)-[:D]->(m:L)-[:D]->(l), (r:R) WHERE r.k = l.k AND r.id < 20 RETURN l.id, m.id, r.id ORDER BY l.id, m.id, r.id",
    "MATCH (l:L)-[:D*1..2]->(m:L), (r:R) WHERE r.k = l.k AND r.t = 1 RETURN count(*), sum(m.id), sum(r.id)",
    "MATCH (l:L) WITH l, l.k AS k MATCH (l)-[:D]->(m:L), (r:R) WHERE r.k = k AND r.t = 1 RETURN count(*), sum(m.id), sum(r.id)",
    "MATCH (l:L) OPTIONAL MATCH (l)-[:D]->(m:L) WITH l, m MATCH (r:R) WHERE r.k = l.k AND r.t = 1 RETURN count(*), sum(m.id), sum(r.id)",
    "MATCH (l:L) UNWIND range(1, l.t) AS i MATCH (r:R) WHERE r.k = l.k AND r.t = i RETURN count(*), sum(r.id), sum(i)",
    /* values of build sides in scans */
    "MATCH (l:L), (r:R) WHERE l.id = r.k AND r.t = 1 RETURN count(*), sum(l.t), sum(r.id)",
    "MATCH (l:L), (r:R) WHERE l.k = r.k AND r.id < 3 RETURN l.id, r.id ORDER BY l.id, r.id",
    "MATCH (l:L), (r:R) WHERE l.k = r.k AND l.t = r.t AND r.id > 20 RETURN l.id, r.id ORDER BY l.id, r.id",
    "MATCH (l:L), (r:R) WHERE l.k = r.k AND r.id < 0 RETURN l.id, r.id ORDER BY l.id, r.id",
    "MATCH (l:L), (r:R) WHERE l.t = r.t AND r.id < 9 AND r.k IS NULL RETURN l.id, r.id ORDER BY l.id, r.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.t = l.t AND r.id > 60} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) OPTIONAL MATCH (l)-[:D]->(m:L) WITH l, m MATCH (r:R) WHERE r.k = l.id AND r.t = 1 RETURN count(*), sum(m.id), sum(r.id)",
    "MATCH (l:L)-[:D]->(m:L), (q:L) WHERE id(q) = id(m) AND l.id < 5 RETURN l.id, q.id ORDER BY l.id, q.id",
    "MATCH (l:L)-[:D]->(m:L), (q:L)-[:D]->(o:L) WHERE id(q) = id(m) AND l.id = 5 RETURN q.id, count(*), sum(o.id) ORDER BY q.id",
    "MATCH (l:L), (q:L), (r:R) WHERE id(q) = id(l) AND r.k = l.k AND r.t = q.t RETURN count(*), sum(q.id), sum(r.id)",
    "MATCH (l:L:R), (r:R) WHERE l.k = r.k AND r.t = 2 RETURN count(*), sum(l.id), sum(r.id)",
    /* the same part of a plan several times */
    "CALL {MATCH (l:L)-[:D]->(m:L) WHERE m.t > 1 RETURN l.t AS x, count(*) AS n, sum(m.id) AS s UNION ALL MATCH (l:L)-[:D]->(m:L) WHERE m.t > 1 RETURN m.t AS x, count(*) AS n, "
    "sum(l.id) AS s} RETURN x, n, s ORDER BY x, n, s",
    "CALL {MATCH (l:L)-[:D]->(m:L) WHERE m.t > 1 RETURN l.t AS x UNION MATCH (p:L)-[:D]->(q:L) WHERE q.t > 1 RETURN p.t AS x UNION MATCH (p:L)-[:D]->(q:L) WHERE q.t > 1 "
    "RETURN p.t + 1 AS x} RETURN x ORDER BY x",
    "CALL {MATCH (l:L)-[:D]->(m:L) RETURN l.t AS x, m.t AS y UNION ALL MATCH (l:L)-[:D]->(m:L) RETURN m.t AS x, l.k AS y} RETURN x, count(*), sum(y) ORDER BY x",
    "MATCH (l:L) RETURN l.id, COUNT {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k AND q.t < 3} + 2 * COUNT {MATCH (p:R)-[:E]->(q:R) WHERE p.k = l.k AND q.t < 3} AS n ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k AND q.t < 3} OR EXISTS {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.t AND q.t < 3} RETURN l.id ORDER BY l.id",
    "MATCH (l:L) WHERE EXISTS {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k AND q.t < 3} AND NOT EXISTS {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.t AND q.t < 3} RETURN l.id ORDER BY l.id",
    "MATCH (l:L), (r:R)-[:E]->(q:R), (p:R)-[:E]->(o:R) WHERE r.k = l.k AND p.k = l.t RETURN count(*), sum(q.id), sum(o.id), sum(l.id)",
    "MATCH (l:L), (r:R), (p:R) WHERE r.k = l.k AND r.t = 1 AND p.k = l.t AND p.t = 1 RETURN count(*), sum(r.id), sum(p.id), min(r.s)",
    "MATCH (r:R)-[:E]->(q:R) WITH r.k AS k, count(*) AS n, max(q.s) AS s MATCH (l:L) WHERE l.k = k OPTIONAL MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k RETURN l.id, n, s, count(*) ORDER BY l.id",
    "CALL {MATCH (l:L), (r:R) WHERE l.k = r.k AND r.t = 1 RETURN l.id AS x, r.id AS y UNION MATCH (l:L), (r:R) WHERE l.k = r.k AND r.t = 1 RETURN r.id AS x, l.id AS y} "
    "RETURN x, y ORDER BY x, y",
    "MATCH (l:L) RETURN l.id, COUNT {MATCH (l)-[:D]->(m:L), (r:R)-[:E]->(q:R) WHERE r.k = m.k} AS a, COUNT {MATCH (l)-[:D]->(m:L), (r:R)-[:E]->(q:R) WHERE r.k = m.t} AS b ORDER BY l.id",
    "CALL {UNWIND [1, 2, 3] AS x MATCH (l:L)-[:D]->(m:L) WHERE l.t = x RETURN x AS y, count(*) AS n UNION ALL MATCH (l:L)-[:D]->(m:L) RETURN 7 AS y, count(*) AS n} "
    "RETURN y, n ORDER BY y",
    /* the best of each outer row */
    "MATCH (l:L) RETURN l.id, COLLECT {MATCH (l)-[:D]->(m:L) RETURN m.id ORDER BY m.k, m.id LIMIT 3} AS best ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COLLECT {MATCH (l)-[:D]->(m:L) RETURN m.id ORDER BY m.k DESC, m.t, m.id SKIP 2 LIMIT 2} AS best ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COLLECT {MATCH (l)-[:D]->(m:L)-[:D]->(n:L) RETURN n.id ORDER BY n.t DESC, n.id DESC, m.id LIMIT 5} AS best ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COLLECT {MATCH (l)-[:D]->(m:L)-[:D]->(n:L) RETURN n.id + m.id ORDER BY n.id - m.id, m.id LIMIT 4} AS best ORDER BY l.id",
    "MATCH (l:L) CALL {WITH l MATCH (l)-[:D]->(m:L) RETURN m ORDER BY m.k, m.id DESC LIMIT 1} RETURN l.id, m.id ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COUNT {MATCH (l)-[:D]->(m:L) RETURN m.id ORDER BY m.t LIMIT 2} AS n ORDER BY l.id",
    "MATCH (l:L) RETURN l.id, COLLECT {MATCH (l)-[:D]->(m:L) RETURN m.id ORDER BY m.s, m.id LIMIT 2} AS best ORDER BY l.id",
    "UNWIND [1, 2, 2, NULL, 77] AS x OPTIONAL MATCH (r:R) WHERE r.k = x AND r.t = 3 RETURN x, count(r) ORDER BY x",
    "MATCH (l:L) WITH l.t AS t, count(*) AS n OPTIONAL MATCH (r:R) WHERE r.t = t AND r.k < 4 RETURN t, n, count(r) ORDER BY t",
};

static void join_check_rules(ruzu_conn *conn, const char *when)
{
    static char want[JOIN_TEXT];
    static char got[JOIN_TEXT];
    static const struct {
        uint64_t rules;
        int threads;
        const char *name;
    } ways[] = {{JOIN_ALL, 1, "all"}, {JOIN_ALL, 2, "all, two threads"}, {JOIN_EAGER, 2, "eager"}, {JOIN_ALL & ~JOIN_UNNEST, 1, "no unnesting"}, {JOIN_EAGER & ~JOIN_SIEVE, 1, "no sieves"},
              {JOIN_EAGER & ~JOIN_BOUNDS, 1, "no bounds"}, {JOIN_EAGER & ~JOIN_PARTS, 1, "nothing kept"}, {JOIN_PARTS | (UINT64_C(1) << 25) | (UINT64_C(1) << 32), 2, "kept, no other rules"},
              {JOIN_EAGER & ~JOIN_SIEVE, 2, "bounds alone, two threads"}};
    for (size_t q = 0; q < sizeof join_questions / sizeof join_questions[0]; q++) {
        join_set(conn, 0, 1);
        join_ask(conn, join_questions[q], want);
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            join_set(conn, ways[w].rules, ways[w].threads);
            join_ask(conn, join_questions[q], got);
            check_count++;
            if (strcmp(want, got) != 0) {
                check_failures++;
                (void)fprintf(stderr, "%s, %s: %s\n  without rules:\n%.600s\n  with them:\n%.600s\n", when, ways[w].name, join_questions[q], want, got);
            }
        }
    }
}

static void join_check_plans(ruzu_conn *conn)
{
    static char text[JOIN_TEXT];
    join_set(conn, JOIN_ALL, 1);
    join_ask(conn, "EXPLAIN MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k} RETURN l.id", text);
    CHECK(strstr(text, "HASH_JOIN SEMI") != NULL);
    join_ask(conn, "EXPLAIN MATCH (l:L) WHERE NOT EXISTS {MATCH (r:R) WHERE r.k = l.k} RETURN l.id", text);
    CHECK(strstr(text, "HASH_JOIN ANTI") != NULL);
    join_ask(conn, "EXPLAIN MATCH (l:L) OPTIONAL MATCH (r:R) WHERE r.k = l.k RETURN l.id, r.id", text);
    CHECK(strstr(text, "HASH_JOIN LEFT") != NULL);
    join_ask(conn, "EXPLAIN MATCH (l:L) RETURN l.id, COUNT {MATCH (r:R) WHERE r.k = l.k}", text);
    CHECK(strstr(text, "HASH_JOIN LEFT") != NULL && strstr(text, "APPLY") == NULL);
    join_ask(conn, "EXPLAIN MATCH (l:L) WHERE EXISTS {MATCH (r:R) WHERE r.k = l.k AND 10 / (r.t - 2) > 0} RETURN l.id", text);
    CHECK(strstr(text, "APPLY SEMI") != NULL); /* what may fail waits for outer rows */
    join_set(conn, JOIN_EAGER & ~(UINT64_C(1) << 14), 1);
    join_ask(conn, "EXPLAIN MATCH (l:L)-[:D]->(m:L), (r:R) WHERE r.k = l.k AND r.t = 1 RETURN count(*), sum(m.id), sum(r.id)", text);
    CHECK(strstr(text, "JOIN_FILTER") != NULL);
    join_ask(conn, "EXPLAIN MATCH (l:L), (r:R) WHERE l.id = r.k AND r.t = 1 RETURN count(*), sum(l.t), sum(r.id)", text);
    CHECK(strstr(text, " within ") != NULL);
    join_set(conn, JOIN_EAGER & ~JOIN_BOUNDS, 1);
    join_ask(conn, "EXPLAIN MATCH (l:L), (r:R) WHERE l.id = r.k AND r.t = 1 RETURN count(*), sum(l.t), sum(r.id)", text);
    CHECK(strstr(text, " within ") == NULL);
    static const char twice[] = "EXPLAIN MATCH (l:L) RETURN l.id, COUNT {MATCH (r:R)-[:E]->(q:R) WHERE r.k = l.k} + 2 * COUNT {MATCH (p:R)-[:E]->(q:R) WHERE p.k = l.k} AS n";
    join_set(conn, JOIN_EAGER, 1);
    join_ask(conn, twice, text);
    CHECK(strstr(text, "REUSE keeps") != NULL && strstr(text, "REUSE of kept") != NULL);
    join_set(conn, JOIN_EAGER & ~JOIN_PARTS, 1);
    join_ask(conn, twice, text);
    CHECK(strstr(text, "REUSE") == NULL);
}

/* Blocks with changes in memory have no zones. */
static void join_check_changed(ruzu_conn *conn)
{
    session_run(conn, "MATCH (l:L) WHERE l.id % 9 = 4 SET l.k = l.k + 2, l.t = l.t + 1; MATCH (r:R) WHERE r.id % 13 = 5 DETACH DELETE r; MATCH (l:L) WHERE l.id % 11 = 6 DETACH DELETE l");
    join_check_rules(conn, "after changes");
}

static void join_run_small(uint64_t seed)
{
    join_side left;
    join_side right;
    char name[64];
    join_state = seed * 7919 + 3;
    (void)snprintf(name, sizeof name, "join%llu.ruzu", (unsigned long long)seed);
    ruzu_conn *conn = session_open(session_path(name));
    join_side_make(&left, seed == 0 ? 0 : 40 + join_random(60), 12);
    join_side_make(&right, seed == 1 ? 0 : 30 + join_random(90), 14);
    join_side_load(conn, "L", &left);
    join_side_load(conn, "R", &right);
    session_run(conn, "CREATE REL TABLE D(FROM L TO L); CREATE REL TABLE E(FROM R TO R)");
    session_run(conn, "MATCH (a:L), (b:L) WHERE (a.id * 7 + b.id * 3) % 11 < 2 AND a.t <> b.t CREATE (a)-[:D]->(b)");
    session_run(conn, "MATCH (a:R), (b:R) WHERE (a.id * 5 + b.id) % 19 = 0 CREATE (a)-[:E]->(b)");
    for (int threads = 1; threads <= 2; threads++) {
        join_set(conn, threads == 1 ? JOIN_ALL : JOIN_EAGER, threads);
        join_check_model(conn, &left, &right, (int)(seed % 3) * 2, "k");
        join_check_model(conn, &left, &right, 1, "s");
        join_check_model(conn, &left, &right, JOIN_TAGS, "k"); /* nothing on the right */
    }
    join_check_rules(conn, seed % 2 == 0 ? "even seed" : "odd seed");
    if (seed % 3 == 0) {
        join_check_changed(conn);
    }
    if (left.count != 0 && right.count != 0) {
        join_check_plans(conn);
    }
    session_close(conn);
    join_side_free(&left);
    join_side_free(&right);
}

/* Many rows; little memory has build sides spilled. */
static void join_run_large(uint64_t memory, int rows)
{
    join_side left;
    join_side right;
    ruzu_config config;
    ruzu_conn *conn = NULL;
    char name[64];
    (void)snprintf(name, sizeof name, "large%llu.ruzu", (unsigned long long)memory);
    ruzu_config_init(&config);
    config.buffer_pool_size = memory;
    config.memory_limit = memory;
    config.max_threads = 2;
    CHECK_EQ_I64(ruzu_open(session_path(name), &config, &conn), RUZU_OK);
    if (conn == NULL) {
        exit(1);
    }
    join_state = 11;
    join_side_make(&left, rows, JOIN_KEYS);
    join_side_make(&right, rows, JOIN_KEYS);
    for (int i = 0; i < left.count; i++) { /* else the pairs of the frequent keys take too long */
        left.key[i] = left.key[i] >= 0 && left.key[i] < 3 ? -1 : left.key[i];
    }
    join_side_load(conn, "L", &left);
    join_side_load(conn, "R", &right);
    for (int threads = 1; threads <= 2; threads++) {
        join_set(conn, threads == 1 ? JOIN_EAGER : JOIN_ALL, threads);
        join_check_model(conn, &left, &right, 1, "k");
        join_check_model(conn, &left, &right, 4, "s");
    }
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    join_side_free(&left);
    join_side_free(&right);
}

/* "()-[:X]->" so many times. */
static const char *join_hops(int count, char *out)
{
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        (void)strcat(out, "()-[:X]->");
    }
    return out;
}

/*
 * 16 nodes, each beside all: `hops` steps to a node are 16^hops ways. Rows that stand for so many go through joins as weights; what cannot be counted is an error, never a wrong number.
 */
static void join_run_weights(void)
{
    static const struct {
        int left, right;
        const char *where;
        const char *want; /* NULL: an error */
    } cases[] = {{3, 3, "WHERE a.k = b.k", "2147483648"}, {3, 3, "", "4294967296"}, {3, 3, "WHERE a.k < b.k", "1073741824"}, {7, 6, "WHERE a.k = b.k", "576460752303423488"},
                 {7, 7, "WHERE a.k = b.k", NULL},         {7, 8, "", NULL},           {7, 8, "WHERE a.k < b.k", NULL},         {9, 9, "WHERE a.k = b.k", NULL},
                 {9, 9, "", NULL}};
    static char got[JOIN_TEXT];
    char left[160];
    char right[160];
    char text[512];
    ruzu_conn *conn = session_open(session_path("weights.ruzu"));
    session_run(conn, "CREATE NODE TABLE W(id INT64 PRIMARY KEY, k INT64); CREATE REL TABLE X(FROM W TO W); UNWIND range(0, 15) AS i CREATE (:W {id: i, k: i % 2})");
    session_run(conn, "MATCH (a:W), (b:W) CREATE (a)-[:X]->(b)");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (int threads = 1; threads <= 2; threads++) {
            join_set(conn, threads == 1 ? JOIN_ALL : JOIN_EAGER, threads);
            (void)snprintf(text, sizeof text, "MATCH %s(a:W), %s(b:W) %s RETURN count(*)", join_hops(cases[c].left, left), join_hops(cases[c].right, right), cases[c].where);
            join_ask(conn, text, got);
            check_count++;
            if (cases[c].want == NULL ? strstr(got, "is not within") == NULL : strcmp(got, cases[c].want) != 0) {
                check_failures++;
                (void)fprintf(stderr, "%s\n  want %s\n  got  %s\n", text, cases[c].want == NULL ? "an overflow" : cases[c].want, got);
            }
        }
    }
    session_close(conn);
}

/* Rows in all, of a text with a row a line. */
static int join_count_lines(const char *text)
{
    int count = text[0] != '\0';
    for (; *text != '\0'; text++) {
        count += *text == '\n' && text[1] != '\0';
    }
    return count;
}

/* Branches of a UNION: those in an order are given once, whatever the others have several workers for; those of which the scans skip other blocks are not the same. */
static void join_run_unions(void)
{
    static const struct {
        const char *cypher;
        int rows;
    } cases[] = {
        {"MATCH (u:U) RETURN u.id AS x ORDER BY x LIMIT 3 UNION ALL MATCH (u:U) RETURN u.id AS x", 5003},
        {"MATCH (u:U) RETURN u.id AS x UNION ALL MATCH (u:U) RETURN u.k AS x ORDER BY x DESC SKIP 4990", 5010},
        {"MATCH (u:U)-[:V]->(v:U) RETURN v.k AS x, count(*) AS n ORDER BY x, n LIMIT 2 UNION ALL MATCH (u:U)-[:V]->(v:U) RETURN u.id AS x, count(*) AS n", 5002},
        {"CALL {MATCH (u:U) RETURN u.id AS x ORDER BY x LIMIT 3 UNION ALL MATCH (u:U) RETURN u.id AS x} RETURN x UNION ALL MATCH (u:U) RETURN u.id AS x", 10003},
        {"MATCH (u:U)-[:V]->(v:U) WHERE u.id < 5 AND v.k >= 0 RETURN v.id AS x UNION ALL MATCH (u:U)-[:V]->(v:U) WHERE u.id > 4995 AND v.k >= 0 RETURN v.id AS x", 9},
        {"MATCH (u:U)-[:V]->(v:U) WHERE u.id < 5 AND v.k >= 0 RETURN v.id AS x UNION ALL MATCH (u:U)-[:V]->(v:U) WHERE u.id <= 4998 AND v.k >= 0 RETURN v.id AS x", 5004},
    };
    static const uint64_t rules[] = {JOIN_ALL, JOIN_EAGER, JOIN_EAGER & ~JOIN_PUSH, JOIN_EAGER & ~JOIN_PARTS, 0};
    static char got[JOIN_TEXT];
    ruzu_conn *conn = session_open(session_path("unions.ruzu"));
    session_run(conn, "CREATE NODE TABLE U(id INT64 PRIMARY KEY, k INT64); CREATE REL TABLE V(FROM U TO U); UNWIND range(0, 4999) AS i CREATE (:U {id: i, k: i % 7})");
    session_run(conn, "MATCH (a:U), (b:U) WHERE b.id = (a.id * 7 + 3) % 5000 CREATE (a)-[:V]->(b)");
    session_run(conn, "CHECKPOINT");
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
        for (int threads = 1; threads <= 2; threads++) {
            join_set(conn, rules[r], threads);
            for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
                join_ask(conn, cases[c].cypher, got);
                check_count++;
                if (join_count_lines(got) != cases[c].rows) {
                    check_failures++;
                    (void)fprintf(stderr, "%s\n  rules %llx, %d threads: want %d rows, got %d: %.80s\n", cases[c].cypher, (unsigned long long)rules[r], threads, cases[c].rows, join_count_lines(got), got);
                }
            }
        }
    }
    session_close(conn);
}

int main(void)
{
    session_begin();
    join_run_weights();
    join_run_unions();
    for (uint64_t seed = 0; seed < test_volume(8, 3); seed++) {
        join_run_small(seed);
    }
    join_run_large(UINT64_C(256) << 20, (int)test_volume(60000, 6000));
    join_run_large(UINT64_C(16) << 20, (int)test_volume(60000, 6000));
    session_end();
    return check_failures != 0;
}
