/* SPDX-License-Identifier: MIT */
/*
 * Recursive patterns against a model that enumerates every walk: random graphs of two node tables with parallel relationships and self-loops, all semantics, bounds,
 * directions, filters, ends known and unknown, with and without paths.
 */
#include "integration/session.h"
#include "unit/volume.h"

enum { MODEL_NODES = 7, MODEL_RELS = 13, MODEL_UPPER = 4, MODEL_PAIR_UPPER = 6, MODEL_LINES = 200000 };

typedef enum model_kind { MODEL_WALK, MODEL_TRAIL, MODEL_ACYCLIC, MODEL_SHORTEST, MODEL_ALL_SHORTEST, MODEL_WSHORTEST, MODEL_ALL_WSHORTEST } model_kind;
typedef enum model_output { MODEL_PATHS, MODEL_LENGTHS, MODEL_COUNTS, MODEL_ENDS, MODEL_TOTAL, MODEL_OUTPUTS } model_output;

typedef struct model_rel {
    int from, to, weight; /* weight -1: NULL */
} model_rel;

typedef struct model_query {
    model_kind kind;
    model_output output;
    int lower, upper;
    int direction;        /* 0 ->, 1 <-, 2 both */
    int min_weight;       /* relationships below are filtered; 0: no filter */
    int without_node;     /* this node may not be passed through; -1: no filter */
    int end_table;        /* 0 A, 1 B, 2 any */
    bool by_source;       /* the filter of relationships goes by the source's id */
    bool bound;           /* the end is matched before */
    bool known;           /* and handed over: the search gets pairs */
} model_query;

typedef struct model_graph {
    model_rel rels[MODEL_RELS];
    uint64_t random;
} model_graph;

typedef struct model_lines {
    char **lines;
    size_t count;
} model_lines;

/* Nodes 0 … 4 are in A, the others in B. */
static int model_table(int node)
{
    return node >= 5;
}

static int model_random(model_graph *graph, int below)
{
    graph->random = graph->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((graph->random >> 33) % (uint64_t)below);
}

static void model_add_line(model_lines *lines, const char *text)
{
    if (lines->count < MODEL_LINES) {
        lines->lines[lines->count] = (char *)malloc(strlen(text) + 1);
        if (lines->lines[lines->count] == NULL) {
            exit(1);
        }
        strcpy(lines->lines[lines->count++], text);
    }
}

static void model_clear_lines(model_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->lines[i]);
    }
    lines->count = 0;
}

static int model_compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void model_sort_lines(model_lines *lines)
{
    qsort(lines->lines, lines->count, sizeof(char *), model_compare_lines);
}

/* ---- the model ---- */

typedef struct model_walk {
    const model_graph *graph;
    const model_query *query;
    int nodes[MODEL_PAIR_UPPER + 1];
    int rels[MODEL_PAIR_UPPER];
    int length;
    int cost;
    int source;
    int pass;                                          /* 0: finds the least, 1: collects */
    int least[MODEL_NODES];                            /* length or cost, by end */
    int counts[MODEL_NODES];                           /* walks collected, by end */
    model_lines *out;
} model_walk;

static bool model_is_weighted(model_kind kind)
{
    return kind == MODEL_WSHORTEST || kind == MODEL_ALL_WSHORTEST;
}

static bool model_is_least(model_kind kind)
{
    return kind >= MODEL_SHORTEST;
}

/* Does the walk so far count as a path of its kind? */
static bool model_accepts(const model_walk *walk)
{
    const model_query *query = walk->query;
    int end = walk->nodes[walk->length];
    if (walk->length < query->lower || (query->end_table != 2 && model_table(end) != query->end_table)) {
        return false;
    }
    for (int i = 0; query->kind == MODEL_TRAIL && i < walk->length; i++) {
        for (int j = 0; j < i; j++) {
            if (walk->rels[i] == walk->rels[j]) {
                return false;
            }
        }
    }
    for (int i = 1; query->kind == MODEL_ACYCLIC && i < walk->length; i++) {
        for (int j = 1; j < i; j++) {
            if (walk->nodes[i] == walk->nodes[j]) {
                return false;
            }
        }
    }
    for (int i = 0; model_is_least(query->kind) && i <= walk->length; i++) { /* shortest paths meet no node twice */
        for (int j = 0; j < i; j++) {
            if (walk->nodes[i] == walk->nodes[j]) {
                return false;
            }
        }
    }
    return true;
}

static void model_write_path(const model_walk *walk, char *text, size_t size)
{
    int used = snprintf(text, size, "%d|%d|%d|[", walk->source, walk->nodes[walk->length], walk->length);
    for (int i = 0; i < walk->length; i++) {
        used += snprintf(text + used, size - (size_t)used, i == 0 ? "%d" : ",%d", walk->rels[i]);
    }
    used += snprintf(text + used, size - (size_t)used, "]|[");
    for (int i = 1; i < walk->length; i++) {
        used += snprintf(text + used, size - (size_t)used, i == 1 ? "%d" : ",%d", walk->nodes[i]);
    }
    (void)snprintf(text + used, size - (size_t)used, "]");
}

static void model_take(model_walk *walk)
{
    int end = walk->nodes[walk->length];
    int value = model_is_weighted(walk->query->kind) ? walk->cost : walk->length;
    char text[256];
    if (walk->pass == 0) {
        walk->least[end] = value < walk->least[end] ? value : walk->least[end];
        return;
    }
    if (model_is_least(walk->query->kind) && value != walk->least[end]) {
        return;
    }
    bool one_only = walk->query->kind == MODEL_SHORTEST || walk->query->kind == MODEL_WSHORTEST;
    if (one_only && walk->counts[end] != 0) {
        return;
    }
    walk->counts[end]++;
    if (one_only && walk->query->output == MODEL_PATHS) { /* any of the shortest: only its length or cost is known */
        (void)snprintf(text, sizeof text, "%d|%d|%d", walk->source, end, value);
        model_add_line(walk->out, text);
    } else if (walk->query->output == MODEL_PATHS) {
        model_write_path(walk, text, sizeof text);
        model_add_line(walk->out, text);
    } else if (walk->query->output == MODEL_LENGTHS) {
        (void)snprintf(text, sizeof text, "%d|%d|%d", walk->source, end, walk->length);
        model_add_line(walk->out, text);
    }
}

static void model_go(model_walk *walk)
{
    const model_query *query = walk->query;
    int at = walk->nodes[walk->length];
    if (model_accepts(walk)) {
        model_take(walk);
    }
    if (walk->length == query->upper || (walk->length != 0 && at == query->without_node)) {
        return;
    }
    for (int r = 0; r < MODEL_RELS; r++) {
        const model_rel *rel = &walk->graph->rels[r];
        bool filtered = query->min_weight != 0 && (rel->weight == -1 || rel->weight < query->min_weight);
        filtered = filtered || (query->by_source && (rel->weight == -1 || rel->weight + 1 < walk->source));
        if (filtered || (model_is_weighted(query->kind) && rel->weight == -1)) {
            continue;
        }
        for (int way = 0; way < 2; way++) {
            int from = way == 0 ? rel->from : rel->to;
            int to = way == 0 ? rel->to : rel->from;
            bool open = query->direction == 2 ? way == 0 || from != to : query->direction == way;
            if (!open || from != at) {
                continue;
            }
            walk->rels[walk->length] = r;
            walk->nodes[++walk->length] = to;
            walk->cost += rel->weight;
            model_go(walk);
            walk->cost -= rel->weight;
            walk->length--;
        }
    }
}

static void model_run(const model_graph *graph, const model_query *query, model_lines *out)
{
    long total = 0;
    char text[64];
    for (int source = 0; source < 5; source++) {
        model_walk walk = {.graph = graph, .query = query, .source = source, .out = out};
        for (int i = 0; i < MODEL_NODES; i++) {
            walk.least[i] = 1000000;
        }
        walk.nodes[0] = source;
        for (walk.pass = model_is_least(query->kind) ? 0 : 1; walk.pass < 2; walk.pass++) {
            model_go(&walk);
        }
        for (int end = 0; end < MODEL_NODES; end++) {
            total += walk.counts[end];
            if (walk.counts[end] == 0) {
                continue;
            }
            if (query->output == MODEL_COUNTS) {
                (void)snprintf(text, sizeof text, "%d|%d|%d", source, end, walk.counts[end]);
                model_add_line(out, text);
            } else if (query->output == MODEL_ENDS) {
                (void)snprintf(text, sizeof text, "%d|%d", source, end);
                model_add_line(out, text);
            }
        }
    }
    if (query->output == MODEL_TOTAL) {
        (void)snprintf(text, sizeof text, "%ld", total);
        model_add_line(out, text);
    }
}

/* ---- the database ---- */

static void model_write_query(const model_query *query, char *text, size_t size)
{
    static const char *const kinds[] = {"", "TRAIL ", "ACYCLIC ", "SHORTEST ", "ALL SHORTEST ", "WSHORTEST(w) ", "ALL WSHORTEST(w) "};
    static const char *const labels[] = {":A", ":B", ""};
    char filter[128] = "";
    char output[256] = "";
    if (query->by_source && query->without_node >= 0) {
        (void)snprintf(filter, sizeof filter, "(r, n | WHERE r.w + 1 >= a.id AND n.id <> %d)", query->without_node);
    } else if (query->by_source) {
        (void)snprintf(filter, sizeof filter, "(r, n | WHERE r.w + 1 >= a.id)");
    } else if (query->min_weight != 0 && query->without_node >= 0) {
        (void)snprintf(filter, sizeof filter, "(r, n | WHERE r.w >= %d AND n.id <> %d)", query->min_weight, query->without_node);
    } else if (query->min_weight != 0) {
        (void)snprintf(filter, sizeof filter, "(r, n | WHERE r.w >= %d)", query->min_weight);
    } else if (query->without_node >= 0) {
        (void)snprintf(filter, sizeof filter, "(r, n | WHERE n.id <> %d)", query->without_node);
    }
    switch (query->output) {
    case MODEL_PATHS:
        (void)snprintf(output, sizeof output, "%s",
                       query->kind == MODEL_SHORTEST    ? "a.id, b.id, size(rels(e))"
                       : query->kind == MODEL_WSHORTEST ? "a.id, b.id, list_sum(properties(rels(e), 'w'))"
                                                        : "a.id, b.id, length(e), properties(rels(e), 'no'), properties(nodes(e), 'id')");
        break;
    case MODEL_LENGTHS: (void)snprintf(output, sizeof output, "a.id, b.id, length(e)"); break;
    case MODEL_COUNTS: (void)snprintf(output, sizeof output, "a.id, b.id, count(*)"); break;
    case MODEL_ENDS: (void)snprintf(output, sizeof output, "DISTINCT a.id, b.id"); break;
    case MODEL_TOTAL:
    case MODEL_OUTPUTS: (void)snprintf(output, sizeof output, "count(*)"); break;
    }
    (void)snprintf(text, size, "MATCH (a:A)%s%s%s%s MATCH (a)%s[e:K* %s%d..%d %s]%s(b%s) RETURN %s", query->bound ? ", (b" : "", query->bound ? labels[query->end_table] : "",
                   query->bound ? ")" : "", query->known ? " WITH a, b" : "", query->direction == 1 ? "<-" : "-", kinds[query->kind], query->lower, query->upper, filter,
                   query->direction == 0 ? "->" : "-", query->bound ? "" : labels[query->end_table], output);
}

static void model_check(ruzu_conn *conn, const model_graph *graph, const model_query *query, model_lines *want, model_lines *got)
{
    char text[1024];
    ruzu_result *result = NULL;
    model_clear_lines(want);
    model_clear_lines(got);
    model_write_query(query, text, sizeof text);
    model_run(graph, query, want);
    check_count++;
    if (ruzu_query(conn, text, &result) != RUZU_OK) {
        check_failures++;
        fprintf(stderr, "%s\n    failed: %s\n", text, ruzu_errmsg(conn));
        return;
    }
    const char *rows = session_text(result);
    while (*rows != '\0') {
        char line[512];
        size_t length = strcspn(rows, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)length, rows);
        model_add_line(got, line);
        rows += length + (rows[length] == '\n');
    }
    ruzu_result_free(result);
    model_sort_lines(want);
    model_sort_lines(got);
    size_t same = 0;
    while (same < want->count && same < got->count && strcmp(want->lines[same], got->lines[same]) == 0) {
        same++;
    }
    if (same != want->count || same != got->count) {
        check_failures++;
        fprintf(stderr, "%s\n    %zu rows, expected %zu; first difference: \"%s\", expected \"%s\"\n", text, got->count, want->count,
                same < got->count ? got->lines[same] : "(end)", same < want->count ? want->lines[same] : "(end)");
    }
}

static void model_create(ruzu_conn *conn, model_graph *graph)
{
    char text[256];
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY); CREATE NODE TABLE B(id INT64 PRIMARY KEY);"
                      "CREATE REL TABLE K(FROM A TO A, FROM A TO B, FROM B TO A, FROM B TO B, no INT64, w INT64)");
    for (int i = 0; i < MODEL_NODES; i++) {
        (void)snprintf(text, sizeof text, "CREATE (:%s {id: %d})", model_table(i) == 0 ? "A" : "B", i);
        session_run(conn, text);
    }
    for (int r = 0; r < MODEL_RELS; r++) {
        model_rel *rel = &graph->rels[r];
        rel->from = model_random(graph, MODEL_NODES);
        rel->to = model_random(graph, MODEL_NODES);
        rel->weight = model_random(graph, 6) - 1;
        if (r == 0) { /* a self-loop and parallel relationships in every graph */
            rel->to = rel->from;
        } else if (r % 4 == 0) {
            rel->from = graph->rels[r - 1].from;
            rel->to = graph->rels[r - 1].to;
        }
        char weight[16] = "NULL";
        if (rel->weight >= 0) {
            (void)snprintf(weight, sizeof weight, "%d", rel->weight);
        }
        (void)snprintf(text, sizeof text, "MATCH (x:%s {id: %d}), (y:%s {id: %d}) CREATE (x)-[:K {no: %d, w: %s}]->(y)", model_table(rel->from) == 0 ? "A" : "B", rel->from,
                       model_table(rel->to) == 0 ? "A" : "B", rel->to, r, weight);
        session_run(conn, text);
    }
}

static model_query model_random_query(model_graph *graph, model_kind kind)
{
    model_query query = {.kind = kind, .output = (model_output)model_random(graph, MODEL_OUTPUTS)};
    bool least = model_is_least(kind);
    query.lower = least ? 1 : model_random(graph, 3);
    query.upper = query.lower + model_random(graph, MODEL_UPPER + 1 - query.lower);
    query.direction = model_random(graph, 3);
    query.min_weight = model_random(graph, 3) == 0 ? 1 + model_random(graph, 3) : 0;
    query.without_node = model_random(graph, 3) == 0 ? model_random(graph, MODEL_NODES) : -1;
    query.end_table = model_random(graph, 3);
    query.bound = model_random(graph, 3) == 0;
    if (query.output == MODEL_LENGTHS && kind >= MODEL_WSHORTEST) { /* of equal cost, one path may be longer */
        query.output = MODEL_PATHS;
    }
    return query;
}

/* Both ends are known: longer paths, more filters. */
static model_query model_random_pair_query(model_graph *graph, model_kind kind)
{
    model_query query = model_random_query(graph, kind);
    query.bound = query.known = true;
    query.upper = 1 + model_random(graph, MODEL_PAIR_UPPER);
    query.by_source = model_random(graph, 4) == 0;
    query.min_weight = query.by_source ? 0 : query.min_weight;
    return query;
}

static void model_check_kind(model_kind kind, uint64_t first_seed, int graphs, int queries, bool pairs)
{
    model_lines want = {(char **)calloc(MODEL_LINES, sizeof(char *)), 0};
    model_lines got = {(char **)calloc(MODEL_LINES, sizeof(char *)), 0};
    if (want.lines == NULL || got.lines == NULL) {
        exit(1);
    }
    graphs = (int)test_volume((uint64_t)graphs, 2);
    for (int g = 0; g < graphs && check_failures == 0; g++) {
        model_graph graph = {.random = first_seed + (uint64_t)g};
        ruzu_conn *conn = session_open(NULL);
        model_create(conn, &graph);
        for (int q = 0; q < queries; q++) {
            model_query query = pairs ? model_random_pair_query(&graph, kind) : model_random_query(&graph, kind);
            model_check(conn, &graph, &query, &want, &got);
        }
        session_close(conn);
        if (check_failures != 0) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)(first_seed + (uint64_t)g));
        }
    }
    model_clear_lines(&want);
    model_clear_lines(&got);
    free(want.lines);
    free(got.lines);
}

static void walks_are_those_of_the_model(void)
{
    model_check_kind(MODEL_WALK, 100, 12, 40, false);
}
static void trails_are_those_of_the_model(void)
{
    model_check_kind(MODEL_TRAIL, 200, 12, 40, false);
}
static void acyclic_paths_are_those_of_the_model(void)
{
    model_check_kind(MODEL_ACYCLIC, 300, 12, 40, false);
}
static void shortest_paths_are_those_of_the_model(void)
{
    model_check_kind(MODEL_SHORTEST, 400, 12, 40, false);
    model_check_kind(MODEL_ALL_SHORTEST, 500, 12, 40, false);
}
static void shortest_paths_between_pairs_are_those_of_the_model(void)
{
    model_check_kind(MODEL_SHORTEST, 800, 12, 60, true);
    model_check_kind(MODEL_ALL_SHORTEST, 900, 12, 60, true);
}
static void cheapest_paths_are_those_of_the_model(void)
{
    model_check_kind(MODEL_WSHORTEST, 600, 12, 40, false);
    model_check_kind(MODEL_ALL_WSHORTEST, 700, 12, 40, false);
}

static void negative_weights_are_an_error(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY); CREATE REL TABLE K(FROM A TO A, w INT64, f DOUBLE);"
                      "CREATE (:A {id: 1})-[:K {w: -1, f: -0.5}]->(:A {id: 2})");
    EXPECT_ERROR(conn, "MATCH (a:A)-[e:K* WSHORTEST(w)]->(b:A) RETURN b.id", RUZU_ERROR_RUNTIME,
                 "Runtime exception: Found negative weight -1. This is not a supported weight for WEIGHTED_SP_PATHS");
    EXPECT_ERROR(conn, "MATCH (a:A)-[e:K* ALL WSHORTEST(f)]->(b:A) RETURN b.id", RUZU_ERROR_RUNTIME,
                 "Runtime exception: Found negative weight -0.5. This is not a supported weight for ALL_WEIGHTED_SP_PATHS");
    session_close(conn);
}

int main(void)
{
    RUN(walks_are_those_of_the_model);
    RUN(trails_are_those_of_the_model);
    RUN(acyclic_paths_are_those_of_the_model);
    RUN(shortest_paths_are_those_of_the_model);
    RUN(shortest_paths_between_pairs_are_those_of_the_model);
    RUN(cheapest_paths_are_those_of_the_model);
    RUN(negative_weights_are_an_error);
    return check_failures != 0;
}
