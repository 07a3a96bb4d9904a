/* SPDX-License-Identifier: MIT */
/*
 * Searches from one node to all of a table against a search by hand: graphs large enough that most nodes are reached at once and the search turns round, loaded and changed afterwards,
 * by statements that are kept; in all directions, with bounds and filters, on several threads, and within a transaction that has written.
 */
#include "integration/session.h"

enum { SEARCH_NODES = 3000, SEARCH_ROOM = 3400, SEARCH_RELS = 40000, SEARCH_LEVELS = 31 };

typedef struct search_graph {
    bool there[SEARCH_ROOM];
    int from[SEARCH_RELS], to[SEARCH_RELS];
    bool gone[SEARCH_RELS];
    int rel_count;
    int node_end;
    uint64_t random;
} search_graph;

static search_graph search_model;

static int search_random(int below)
{
    search_model.random = search_model.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((search_model.random >> 33) % (uint64_t)below);
}

static void search_add_rel(int from, int to)
{
    if (search_model.rel_count < SEARCH_RELS) {
        search_model.from[search_model.rel_count] = from;
        search_model.to[search_model.rel_count++] = to;
    }
}

static int search_weight(int from, int to)
{
    return (from * 7 + to) % 10;
}

static void search_make(ruzu_conn *conn, int degree, uint64_t seed)
{
    char text[1500];
    FILE *nodes = fopen(session_path("nodes.csv"), "w");
    FILE *rels = fopen(session_path("rels.csv"), "w");
    memset(&search_model, 0, sizeof search_model);
    search_model.random = seed;
    search_model.node_end = SEARCH_NODES;
    CHECK(nodes != NULL && rels != NULL);
    for (int i = 0; i < SEARCH_NODES; i++) {
        search_model.there[i] = true;
        fprintf(nodes, "%d\n", i);
        for (int d = search_random(2 * degree + 1); d > 0; d--) { /* every fifth node is led to by few */
            int to = search_random(SEARCH_NODES);
            search_add_rel(i, to % 5 == 0 && d % 4 != 0 ? to + 1 : to);
            int end = search_model.to[search_model.rel_count - 1];
            fprintf(rels, "%d,%d,%d\n", i, end, search_weight(i, end));
        }
    }
    fclose(nodes);
    fclose(rels);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE REL TABLE F(FROM P TO P, w INT64); CREATE NODE TABLE Q(id INT64 PRIMARY KEY); CREATE (:Q {id: 1})");
    (void)snprintf(text, sizeof text, "COPY P FROM '%s'", session_path("nodes.csv"));
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "COPY F FROM '%s'", session_path("rels.csv"));
    session_run(conn, text);
}

/* ---- by hand ---- */

/* What is asked of the nodes that are reached. */
typedef enum search_form { SEARCH_SUMS, SEARCH_LENGTHS, SEARCH_FILTERED, SEARCH_COUNT_ENDS, SEARCH_ENDS, SEARCH_PAIRS, SEARCH_PAIR_PATHS, SEARCH_FORMS } search_form;

typedef struct search_ask_of {
    search_form form;
    int direction; /* 0 ->, 1 <-, 2 both */
    int upper;
    int source;
} search_ask_of;

static void search_visit(const search_ask_of *ask, int *depths, int level, int from, int to, int weight, bool *out_more)
{
    bool leaves = depths[from] == level || (level == 0 && from == ask->source);
    bool passes = (ask->form != SEARCH_FILTERED && ask->form != SEARCH_PAIR_PATHS) || (weight != 3 && (level == 0 || from % 7 != 2));
    if (leaves && passes && depths[to] < 0) {
        depths[to] = level + 1;
        *out_more = true;
    }
}

static void search_by_hand(const search_ask_of *ask, char *text, size_t size)
{
    bool walks = ask->form == SEARCH_COUNT_ENDS || ask->form == SEARCH_ENDS; /* which may come back to where they began */
    bool pairs = ask->form == SEARCH_PAIRS || ask->form == SEARCH_PAIR_PATHS;
    int direction = ask->direction;
    long total_count = 0;
    long total_sum = 0;
    static int depths[SEARCH_ROOM];
    size_t used = 0;
    bool more = true;
    text[0] = '\0';
    for (int i = 0; i < SEARCH_ROOM; i++) {
        depths[i] = i == ask->source && !walks ? 0 : -1;
    }
    for (int level = 0; level < ask->upper && more; level++) {
        long count = 0;
        long sum = 0;
        more = false;
        for (int r = 0; r < search_model.rel_count; r++) {
            int weight = search_weight(search_model.from[r], search_model.to[r]);
            if (!search_model.gone[r] && direction != 1) {
                search_visit(ask, depths, level, search_model.from[r], search_model.to[r], weight, &more);
            }
            if (!search_model.gone[r] && direction != 0) {
                search_visit(ask, depths, level, search_model.to[r], search_model.from[r], weight, &more);
            }
        }
        for (int i = 0; i < SEARCH_ROOM; i++) {
            bool counts = depths[i] == level + 1 && (!pairs || i % 97 == 0);
            count += counts;
            sum += counts ? i : 0;
        }
        total_count += count;
        total_sum += sum;
        if (more && !walks && (count != 0 || !pairs)) {
            used += (size_t)snprintf(text + used, size - used, "%s%d|%ld", used == 0 ? "" : "\n", level + 1, count);
            used += ask->form == SEARCH_LENGTHS ? 0 : (size_t)snprintf(text + used, size - used, "|%ld", sum);
        }
    }
    if (walks) {
        used += (size_t)snprintf(text, size, "%ld", total_count);
        if (ask->form == SEARCH_ENDS) { /* the sum of nothing is NULL */
            (void)(total_count == 0 ? snprintf(text + used, size - used, "|") : snprintf(text + used, size - used, "|%ld", total_sum));
        }
    }
}

/* ---- asking ---- */

static const char *const search_arrows[3][2] = {{"-", "->"}, {"<-", "-"}, {"-", "-"}};

/* Before the upper bound, behind it, behind the pattern. Pairs: the ends are known, the first one is that of all rows. */
static const char *const search_questions[SEARCH_FORMS][3] = {
    [SEARCH_SUMS] = {"e:F* SHORTEST 1..", "", "RETURN length(e) AS n, count(*), sum(b.id) ORDER BY n"},
    [SEARCH_LENGTHS] = {"e:F* SHORTEST 1..", "", "RETURN length(e) AS n, count(*) ORDER BY n"},
    [SEARCH_FILTERED] = {"e:F* SHORTEST 1..", " (r, n | WHERE r.w <> 3 AND n.id % 7 <> 2)", "RETURN length(e) AS n, count(*), sum(b.id) ORDER BY n"},
    [SEARCH_COUNT_ENDS] = {":F*1..", "", "RETURN count(DISTINCT b.id)"},
    [SEARCH_PAIRS] = {"e:F* SHORTEST 1..", "", "RETURN length(e) AS n, count(*), sum(b.id) ORDER BY n"},
    [SEARCH_PAIR_PATHS] = {"e:F* SHORTEST 1..", " (r, n | WHERE r.w <> 3 AND n.id % 7 <> 2)", "RETURN size(rels(e)) AS n, count(*), sum(b.id) ORDER BY n"},
    [SEARCH_ENDS] = {":F*1..", "", "WITH DISTINCT b RETURN count(*), sum(b.id)"},
};

static ruzu_stmt *search_prepare(ruzu_conn *conn, search_form form, int direction, int upper)
{
    char text[400];
    const char *const *words = search_questions[form];
    ruzu_stmt *stmt = NULL;
    bool pairs = form == SEARCH_PAIRS || form == SEARCH_PAIR_PATHS;
    const char *const starts[2] = {"MATCH (a:P)", "UNWIND range(0, 3400, 97) AS i MATCH (a:P), (b:P) WHERE a.id = $a AND b.id = i WITH a, b MATCH (a)"};
    (void)snprintf(text, sizeof text, "%s%s[%s%d%s]%s%s %s", starts[pairs], search_arrows[direction][0], words[0], upper, words[1], search_arrows[direction][1],
                   pairs ? "(b)" : "(b:P) WHERE a.id = $a", words[2]);
    CHECK_EQ_I64(ruzu_prepare(conn, text, &stmt), RUZU_OK);
    return stmt;
}

static void search_ask(ruzu_conn *conn, ruzu_stmt *stmt, const search_ask_of *ask)
{
    char want[4096];
    ruzu_result *result = NULL;
    search_by_hand(ask, want, sizeof want);
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "a", ask->source), RUZU_OK);
    CHECK_EQ_I64(ruzu_execute(stmt, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    CHECK_STR(session_text(result), want);
    ruzu_result_free(result);
}

static ruzu_stmt *search_statements[SEARCH_FORMS][3][2];
static const int search_uppers[2] = {30, 4};

/* On one thread and on several. */
static void search_ask_all(ruzu_conn *conn)
{
    for (int i = 0; i < SEARCH_FORMS * 3 * 2; i++) {
        search_ask_of ask = {.form = (search_form)(i % SEARCH_FORMS), .direction = i / SEARCH_FORMS % 3, .upper = search_uppers[i / SEARCH_FORMS / 3]};
        ruzu_stmt *stmt = search_statements[ask.form][ask.direction][i / SEARCH_FORMS / 3];
        for (int again = 0; again < 3; again++) {
            ask.source = search_random(search_model.node_end);
            while (!search_model.there[ask.source]) {
                ask.source = (ask.source + 1) % search_model.node_end;
            }
            session_run(conn, again == 0 ? "CALL threads = 1" : "CALL threads = 4");
            search_ask(conn, stmt, &ask);
        }
    }
}

/* ---- changing ---- */

static void search_change(ruzu_conn *conn, int seed)
{
    char text[256];
    (void)snprintf(text, sizeof text, "MATCH (p:P) WHERE p.id %% 31 = %d DETACH DELETE p", seed);
    session_run(conn, text);
    for (int i = seed; i < search_model.node_end; i += 31) {
        search_model.there[i] = false;
    }
    (void)snprintf(text, sizeof text, "MATCH (a:P)-[f:F]->(b:P) WHERE (a.id + b.id) %% 17 = %d DELETE f", seed);
    session_run(conn, text);
    for (int r = 0; r < search_model.rel_count; r++) {
        int from = search_model.from[r];
        int to = search_model.to[r];
        search_model.gone[r] = search_model.gone[r] || !search_model.there[from] || !search_model.there[to] || (from + to) % 17 == seed;
    }
    int first = search_model.node_end;
    (void)snprintf(text, sizeof text, "UNWIND range(%d, %d) AS i CREATE (:P {id: i})", first, first + 99);
    session_run(conn, text);
    search_model.node_end += 100;
    for (int i = first; i < search_model.node_end; i++) {
        search_model.there[i] = true;
    }
    for (int way = 0; way < 2; way++) { /* 5 i + 2 way is from 0 to 501 */
        (void)snprintf(text, sizeof text, "MATCH (a:P), (b:P) WHERE a.id >= %d AND b.id = (a.id - %d) * 5 + %d CREATE (%s)-[:F {w: (%s.id * 7 + %s.id) %% 10}]->(%s)", first, first, 2 * way, way == 0 ? "a" : "b",
                       way == 0 ? "a" : "b", way == 0 ? "b" : "a", way == 0 ? "b" : "a");
        session_run(conn, text);
        for (int i = first; i < search_model.node_end; i++) {
            int other = (i - first) * 5 + 2 * way;
            if (search_model.there[other]) {
                search_add_rel(way == 0 ? i : other, way == 0 ? other : i);
            }
        }
    }
}

static void search_check(int degree, uint64_t seed)
{
    ruzu_conn *conn = session_open(NULL);
    search_make(conn, degree, seed);
    for (int i = 0; i < SEARCH_FORMS * 3 * 2; i++) {
        int u = i / SEARCH_FORMS / 3;
        int direction = i / SEARCH_FORMS % 3;
        search_statements[i % SEARCH_FORMS][direction][u] = search_prepare(conn, (search_form)(i % SEARCH_FORMS), direction, search_uppers[u]);
    }
    search_ask_all(conn);
    search_change(conn, 3);
    search_ask_all(conn);
    session_run(conn, "BEGIN TRANSACTION");
    search_change(conn, 5);
    search_ask_all(conn);
    session_run(conn, "COMMIT");
    search_ask_all(conn);
    session_run(conn, "CHECKPOINT");
    search_ask_all(conn);
    for (int i = 0; i < SEARCH_FORMS * 3 * 2; i++) {
        ruzu_stmt_free(search_statements[i % SEARCH_FORMS][i / SEARCH_FORMS % 3][i / SEARCH_FORMS / 3]);
    }
    session_close(conn);
}

static void search_finds_all_of_a_dense_graph(void)
{
    search_check(12, 1);
}

static void search_finds_all_of_a_sparse_graph(void)
{
    search_check(3, 2);
}

int main(void)
{
    session_begin();
    RUN(search_finds_all_of_a_dense_graph);
    RUN(search_finds_all_of_a_sparse_graph);
    session_end();
    return CHECK_DONE();
}
