/* SPDX-License-Identifier: MIT */
/*
 * Random CREATE, SET, DELETE and MERGE statements against a model in plain arrays: alone and in transactions that commit, roll back or fail, with checkpoints and new openings
 * between. After every few statements the whole content is compared, relationships in both directions.
 */
#include "integration/session.h"
#include "unit/volume.h"

enum { MODEL_KEYS = 40, MODEL_NODES = 2 * MODEL_KEYS, MODEL_RELS = 400, MODEL_TEXT = 1 << 18 };

#define MODEL_NULL INT64_MIN

/* Node i < MODEL_KEYS is (:A {id: i}), the others are (:B {k: 'k…'}). */
typedef struct model_node {
    bool alive;
    int64_t n; /* MODEL_NULL: NULL */
    int64_t s; /* A only: number of its text */
} model_node;

/* R joins two of A; Q joins A with B in either direction. */
typedef struct model_rel {
    bool alive;
    int src, dst;
    int64_t w;
} model_rel;

typedef struct model {
    model_node nodes[MODEL_NODES];
    model_rel rels[MODEL_RELS];
} model;

static model now, before; /* before: at BEGIN */
static bool in_transaction;
static uint64_t model_state;
static uint64_t model_seed;
static char model_text[MODEL_TEXT];
static char model_statement[4096];

static int model_random(int below)
{
    model_state = model_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((model_state >> 33) % (uint64_t)below);
}

static bool model_is_a(int node)
{
    return node < MODEL_KEYS;
}

/* A pattern that finds or makes the node. */
static const char *model_pattern(int node, const char *name)
{
    static char texts[4][64];
    static unsigned next = 0;
    char *text = texts[next++ % 4];
    if (model_is_a(node)) {
        (void)snprintf(text, sizeof texts[0], "(%s:A {id: %d})", name, node);
    } else {
        (void)snprintf(text, sizeof texts[0], "(%s:B {k: 'k%d'})", name, node);
    }
    return text;
}

static bool model_has_rels(int node)
{
    for (int i = 0; i < MODEL_RELS; i++) {
        if (now.rels[i].alive && (now.rels[i].src == node || now.rels[i].dst == node)) {
            return true;
        }
    }
    return false;
}

static void model_detach(int node)
{
    for (int i = 0; i < MODEL_RELS; i++) {
        if (now.rels[i].src == node || now.rels[i].dst == node) {
            now.rels[i].alive = false;
        }
    }
    now.nodes[node].alive = false;
}

static int model_free_rel(void)
{
    for (int i = 0; i < MODEL_RELS; i++) {
        if (!now.rels[i].alive) {
            return i;
        }
    }
    return -1;
}

/* ---- statements ---- */

static void model_works(ruzu_conn *conn)
{
    session_run(conn, model_statement);
}

/* It fails and leaves nothing behind, nor of the transaction that it stands in. */
static void model_fails(ruzu_conn *conn, const char *text)
{
    ruzu_result *result = NULL;
    char got[256];
    CHECK(ruzu_query(conn, model_statement, &result) != RUZU_OK);
    (void)snprintf(got, sizeof got, "%.*s", (int)strlen(text), ruzu_errmsg(conn));
    CHECK_STR(got, text);
    ruzu_result_free(result);
    if (in_transaction) {
        now = before;
        in_transaction = false;
    }
}

static void model_create_node(ruzu_conn *conn)
{
    int node = model_random(MODEL_NODES);
    int n = model_random(50);
    (void)snprintf(model_statement, sizeof model_statement, "CREATE %s SET x.n = %d", model_pattern(node, "x"), n);
    if (now.nodes[node].alive) {
        model_fails(conn, "Runtime exception: Found duplicated primary key value ");
        return;
    }
    now.nodes[node] = (model_node){.alive = true, .n = n, .s = MODEL_NULL};
    model_works(conn);
}

/* Over a list of keys with repetitions: creates once, and counts the meetings. */
static void model_merge_nodes(ruzu_conn *conn)
{
    int count = 1 + model_random(12);
    size_t used = (size_t)snprintf(model_statement, sizeof model_statement, "UNWIND [");
    for (int i = 0; i < count; i++) {
        int key = model_random(MODEL_KEYS);
        model_node *node = &now.nodes[key];
        used += (size_t)snprintf(model_statement + used, sizeof model_statement - used, "%s%d", i == 0 ? "" : ", ", key);
        if (!node->alive) {
            *node = (model_node){.alive = true, .n = 0, .s = key};
        } else if (node->n != MODEL_NULL) {
            node->n++;
        }
    }
    (void)snprintf(model_statement + used, sizeof model_statement - used,
                   "] AS i MERGE (x:A {id: i}) ON CREATE SET x.n = 0, x.s = 'the text of number ' + CAST(i AS STRING) ON MATCH SET x.n = x.n + 1");
    model_works(conn);
}

static void model_set_one(ruzu_conn *conn)
{
    int node = model_random(MODEL_NODES);
    model_node *at = &now.nodes[node];
    bool is_null = model_random(4) == 0;
    int n = model_random(50);
    if (is_null) {
        (void)snprintf(model_statement, sizeof model_statement, model_random(2) == 0 ? "MATCH %s REMOVE x.n" : "MATCH %s SET x.n = NULL", model_pattern(node, "x"));
    } else if (model_is_a(node)) {
        (void)snprintf(model_statement, sizeof model_statement, "MATCH %s SET x += {n: %d, s: 'the text of number %d'}", model_pattern(node, "x"), n, n);
    } else {
        (void)snprintf(model_statement, sizeof model_statement, "MATCH %s SET x.n = %d", model_pattern(node, "x"), n);
    }
    if (at->alive) {
        at->n = is_null ? MODEL_NULL : n;
        at->s = is_null || !model_is_a(node) ? at->s : n;
    }
    model_works(conn);
}

static void model_set_many(ruzu_conn *conn)
{
    int modulus = 2 + model_random(4);
    bool both = model_random(2) == 0;
    (void)snprintf(model_statement, sizeof model_statement, "MATCH (x%s) WHERE x.n %% %d = 0 SET x.n = x.n + 1", both ? ":A:B" : ":A", modulus);
    for (int i = 0; i < (both ? MODEL_NODES : MODEL_KEYS); i++) {
        model_node *node = &now.nodes[i];
        node->n += node->alive && node->n != MODEL_NULL && node->n % modulus == 0;
    }
    model_works(conn);
}

/* Swaps two properties through one clause, over relationships. */
static void model_set_rels(ruzu_conn *conn)
{
    int below = model_random(50);
    bool is_r = model_random(2) == 0;
    (void)snprintf(model_statement, sizeof model_statement, "MATCH (a)-[r:%s]->(b) WHERE a.n < %d SET r.w = a.n + b.n", is_r ? "R" : "Q", below);
    for (int i = 0; i < MODEL_RELS; i++) {
        model_rel *rel = &now.rels[i];
        const model_node *src = &now.nodes[rel->src];
        const model_node *dst = &now.nodes[rel->dst];
        bool rel_is_r = model_is_a(rel->src) && model_is_a(rel->dst);
        if (rel->alive && rel_is_r == is_r && src->n != MODEL_NULL && src->n < below) {
            rel->w = dst->n == MODEL_NULL ? MODEL_NULL : src->n + dst->n;
        }
    }
    model_works(conn);
}

static bool model_choose_ends(int *src, int *dst)
{
    *src = model_random(MODEL_NODES);
    *dst = model_random(MODEL_NODES);
    return model_is_a(*src) || model_is_a(*dst);
}

static void model_create_rel(ruzu_conn *conn, bool merge)
{
    int src = 0;
    int dst = 0;
    int place = model_free_rel();
    int w = model_random(5);
    if (!model_choose_ends(&src, &dst) || place < 0) {
        return;
    }
    const char *table = model_is_a(src) && model_is_a(dst) ? "R" : "Q";
    (void)snprintf(model_statement, sizeof model_statement, "MATCH %s, %s %s (a)-[r:%s {w: %d}]->(b)%s", model_pattern(src, "a"), model_pattern(dst, "b"),
                   merge ? "MERGE" : "CREATE", table, w, merge ? " ON MATCH SET r.w = r.w + 10" : "");
    bool found = false;
    for (int i = 0; i < MODEL_RELS && merge; i++) {
        model_rel *rel = &now.rels[i];
        if (rel->alive && rel->src == src && rel->dst == dst && rel->w == w) {
            rel->w += 10;
            found = true;
        }
    }
    if (!found && now.nodes[src].alive && now.nodes[dst].alive) {
        now.rels[place] = (model_rel){.alive = true, .src = src, .dst = dst, .w = w};
    }
    model_works(conn);
}

static void model_delete_node(ruzu_conn *conn)
{
    int node = model_random(MODEL_NODES);
    (void)snprintf(model_statement, sizeof model_statement, "MATCH %s DELETE x", model_pattern(node, "x"));
    if (now.nodes[node].alive && model_has_rels(node)) {
        model_fails(conn, "Runtime exception: Node(nodeOffset: ");
        return;
    }
    now.nodes[node].alive = false;
    model_works(conn);
}

static void model_detach_delete(ruzu_conn *conn)
{
    int n = model_random(60);
    (void)snprintf(model_statement, sizeof model_statement, "MATCH (x) WHERE x.n = %d DETACH DELETE x", n);
    for (int i = 0; i < MODEL_NODES; i++) {
        if (now.nodes[i].alive && now.nodes[i].n == n) {
            model_detach(i);
        }
    }
    model_works(conn);
}

static void model_delete_rels(ruzu_conn *conn)
{
    int w = model_random(12);
    int src = model_random(MODEL_NODES);
    bool by_node = model_random(2) == 0;
    if (by_node) {
        (void)snprintf(model_statement, sizeof model_statement, "MATCH %s-[r]->() DELETE r", model_pattern(src, "a"));
    } else {
        (void)snprintf(model_statement, sizeof model_statement, "MATCH ()-[r:R:Q]-() WHERE r.w = %d DELETE r", w);
    }
    for (int i = 0; i < MODEL_RELS; i++) {
        if (by_node ? now.rels[i].src == src : now.rels[i].w == w) {
            now.rels[i].alive = false;
        }
    }
    model_works(conn);
}

/* A node, all that hangs on it and what it hangs on, in one clause. */
static void model_delete_star(ruzu_conn *conn)
{
    int node = model_random(MODEL_KEYS);
    (void)snprintf(model_statement, sizeof model_statement, "MATCH %s OPTIONAL MATCH (x)-[r]-() DELETE x, r", model_pattern(node, "x"));
    if (now.nodes[node].alive) {
        model_detach(node);
    }
    model_works(conn);
}

/* ---- comparing ---- */

static int model_compare_rels(const void *a, const void *b)
{
    const model_rel *x = (const model_rel *)a;
    const model_rel *y = (const model_rel *)b;
    int64_t keys[3][2] = {{x->src, y->src}, {x->dst, y->dst}, {x->w, y->w}};
    if (x->alive != y->alive) {
        return x->alive ? -1 : 1;
    }
    for (int i = 0; i < 3; i++) {
        if (keys[i][0] != keys[i][1]) { /* NULL comes last */
            return keys[i][0] == MODEL_NULL ? 1 : keys[i][1] == MODEL_NULL ? -1 : keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

static size_t model_number(size_t used, const char *before_it, int64_t value, const char *after_it)
{
    if (value == MODEL_NULL) {
        return used;
    }
    return used + (size_t)snprintf(model_text + used, MODEL_TEXT - used, "%s%lld%s", before_it, (long long)value, after_it);
}

static void model_end_line(size_t *used)
{
    *used += (size_t)snprintf(model_text + *used, MODEL_TEXT - *used, "\n");
}

static const char *model_finish(size_t used)
{
    model_text[used == 0 ? 0 : used - 1] = '\0';
    return model_text;
}

static const char *model_nodes_text(void)
{
    size_t used = 0;
    for (int i = 0; i < MODEL_NODES; i++) {
        if (now.nodes[i].alive) {
            used = model_number(used, "", i, "|");
            used = model_number(used, "", now.nodes[i].n, "");
            used += (size_t)snprintf(model_text + used, MODEL_TEXT - used, "|");
            used = model_number(used, "the text of number ", model_is_a(i) ? now.nodes[i].s : MODEL_NULL, "");
            model_end_line(&used);
        }
    }
    return model_finish(used);
}

static const char *model_rels_text(bool is_r)
{
    static model_rel sorted[MODEL_RELS];
    size_t used = 0;
    memcpy(sorted, now.rels, sizeof sorted);
    qsort(sorted, MODEL_RELS, sizeof *sorted, model_compare_rels);
    for (int i = 0; i < MODEL_RELS && sorted[i].alive; i++) {
        if ((model_is_a(sorted[i].src) && model_is_a(sorted[i].dst)) == is_r) {
            used = model_number(used, "", sorted[i].src, "|");
            used = model_number(used, "", sorted[i].dst, "|");
            used = model_number(used, "", sorted[i].w, "");
            model_end_line(&used);
        }
    }
    return model_finish(used);
}

#define MODEL_KEY(v) "coalesce(" v ".id, CAST(substring(" v ".k, 2, 10) AS INT64))"

static void model_check(ruzu_conn *conn)
{
    int failures = check_failures;
    EXPECT_ROWS(conn, "MATCH (x) RETURN " MODEL_KEY("x") " AS key, x.n, x.s ORDER BY key", model_nodes_text());
    EXPECT_ROWS(conn, "MATCH (a:A)-[r:R]->(b:A) RETURN a.id, b.id, r.w ORDER BY a.id, b.id, r.w", model_rels_text(true));
    EXPECT_ROWS(conn, "MATCH (b:A)<-[r:R]-(a:A) WITH a, b, r RETURN a.id, b.id, r.w ORDER BY a.id, b.id, r.w", model_rels_text(true));
    EXPECT_ROWS(conn, "MATCH (a)-[r:Q]->(b) RETURN " MODEL_KEY("a") " AS s, " MODEL_KEY("b") " AS d, r.w ORDER BY s, d, r.w", model_rels_text(false));
    EXPECT_ROWS(conn, "MATCH (b:B) MATCH (a:A) MATCH (b)-[r:Q]-(a) RETURN count(*) - COUNT { MATCH ()-[:Q]->() }", "0");
    if (check_failures != failures) {
        fprintf(stderr, "    seed %llu, after: %s\n", (unsigned long long)model_seed, model_statement);
        exit(1);
    }
}

/* ---- the run ---- */

/* Without syncs: what a crash of the machine leaves is not asked here. */
static ruzu_conn *model_open(const char *path)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_config_init(&config);
    config.wal_sync = RUZU_SYNC_OFF;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    if (conn == NULL) {
        exit(1);
    }
    return conn;
}

static void model_step(ruzu_conn *conn)
{
    switch (model_random(14)) {
    case 0:
    case 1: model_create_node(conn); break;
    case 2:
    case 3: model_merge_nodes(conn); break;
    case 4: model_set_one(conn); break;
    case 5: model_set_many(conn); break;
    case 6: model_set_rels(conn); break;
    case 7:
    case 8: model_create_rel(conn, false); break;
    case 9:
    case 10: model_create_rel(conn, true); break;
    case 11: model_delete_node(conn); break;
    case 12: model_random(3) == 0 ? model_detach_delete(conn) : model_delete_rels(conn); break;
    default: model_random(4) == 0 ? model_delete_star(conn) : model_set_one(conn); break;
    }
}

static ruzu_conn *model_between(ruzu_conn *conn, const char *path)
{
    if (in_transaction && model_random(8) == 0) {
        bool commits = model_random(2) == 0;
        session_run(conn, commits ? "COMMIT" : "ROLLBACK");
        if (!commits) {
            now = before;
        }
        in_transaction = false;
        model_check(conn);
    } else if (!in_transaction && model_random(12) == 0) {
        session_run(conn, "BEGIN TRANSACTION");
        before = now;
        in_transaction = true;
    } else if (!in_transaction && model_random(40) == 0) {
        session_run(conn, "CHECKPOINT");
    } else if (!in_transaction && model_random(60) == 0) {
        session_close(conn);
        conn = model_open(path);
        model_check(conn);
    }
    return conn;
}

static void model_run(uint64_t seed, int steps)
{
    char name[32];
    (void)snprintf(name, sizeof name, "model%llu.db", (unsigned long long)seed);
    const char *path = session_path(name);
    char kept[1024];
    (void)snprintf(kept, sizeof kept, "%s", path);
    ruzu_conn *conn = model_open(kept);
    memset(&now, 0, sizeof now);
    in_transaction = false;
    model_seed = model_state = seed;
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY, n INT64, s STRING); CREATE NODE TABLE B(k STRING PRIMARY KEY, n INT64);"
                      "CREATE REL TABLE R(FROM A TO A, w INT64); CREATE REL TABLE Q(FROM A TO B, FROM B TO A, w INT64)");
    for (int i = 0; i < steps; i++) {
        model_step(conn);
        conn = model_between(conn, kept);
        if (i % 7 == 0) {
            model_check(conn);
        }
    }
    if (in_transaction) {
        session_run(conn, "COMMIT");
    }
    model_check(conn);
    session_close(conn);
}

static void random_statements_do_what_the_model_does(void)
{
    uint64_t seeds = test_volume(8, 2);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        model_run(seed, 400);
    }
}

int main(void)
{
    session_begin();
    RUN(random_statements_do_what_the_model_does);
    session_end();
    return check_failures != 0;
}
