/* SPDX-License-Identifier: MIT */
/* Recursive patterns over chosen pairs of persons, and prepared look-ups by key: see compare.h. */
#include "compare.h"

#include <string.h>

#define RECURSIVE_SEED 7

static ruzu_stmt *search_prepare(comparison *run, const char *cypher)
{
    ruzu_stmt *stmt = NULL;
    if (ruzu_prepare(run->conn, cypher, &stmt) != RUZU_OK) {
        compare_fail(cypher, ruzu_errmsg(run->conn));
    }
    return stmt;
}

/* ---- recursive patterns ---- */

typedef enum search_kind { SEARCH_THREE_HOPS, SEARCH_TWO_HOPS, SEARCH_SHORTEST, SEARCH_ALL_SHORTEST, SEARCH_ALL, SEARCH_KINDS } search_kind;

static const struct {
    const char *name, *cypher;
    int pairs;
    double goal_ms, reference_ms;
} searches[SEARCH_KINDS] = {
    [SEARCH_THREE_HOPS] = {"*1..3 distinct x5", "MATCH (a:Person)-[:Follows*1..3]->(b:Person) WHERE a.id = $a RETURN count(DISTINCT b.id)", 5, 0.7, 0.06},
    [SEARCH_TWO_HOPS] = {"*1..2 distinct x20", "MATCH (a:Person)-[:Follows*1..2]->(b:Person) WHERE a.id = $a RETURN count(DISTINCT b.id)", 20, 1, 0.013},
    [SEARCH_SHORTEST] = {"shortest path x20", "MATCH (a:Person)-[e:Follows* SHORTEST 1..30]->(b:Person) WHERE a.id = $a AND b.id = $b RETURN length(e)", 20, 1,
                         0.04},
    [SEARCH_ALL_SHORTEST] = {"all shortest paths x20",
                             "MATCH (a:Person)-[e:Follows* ALL SHORTEST 1..30]->(b:Person) WHERE a.id = $a AND b.id = $b RETURN count(*)", 20, 15, 188},
    [SEARCH_ALL] = {"one person to all", "MATCH (a:Person)-[e:Follows* SHORTEST 1..30]->(b:Person) WHERE a.id = $a RETURN count(*), max(length(e))", 1, 12, 7.4},
};

typedef struct search_answers {
    uint64_t first[RECURSIVE_PAIRS], second[RECURSIVE_PAIRS];
} search_answers;

static void search_by_hand(search_kind kind, const study_arrays *arrays, const uint32_t *from, const uint32_t *to, search_answers *answers)
{
    for (int i = 0; i < searches[kind].pairs; i++) {
        answers->second[i] = 0;
        switch (kind) {
        case SEARCH_THREE_HOPS:
            answers->first[i] = recursive_reach(arrays, from[i], 3);
            break;
        case SEARCH_TWO_HOPS:
            answers->first[i] = recursive_reach(arrays, from[i], 2);
            break;
        case SEARCH_SHORTEST:
            answers->first[i] = recursive_distance(arrays, from[i], to[i]);
            break;
        case SEARCH_ALL_SHORTEST:
            answers->first[i] = recursive_shortest_count(arrays, from[i], to[i]);
            break;
        case SEARCH_ALL:
            answers->first[i] = recursive_all(arrays, from[i], &answers->second[i]);
            break;
        case SEARCH_KINDS:
            break;
        }
    }
}

/* Milliseconds for all pairs; the generators give person number i the id i + 1. */
static double search_ask(comparison *run, search_kind kind, ruzu_stmt *stmt, const uint32_t *from, const uint32_t *to, search_answers *answers)
{
    bool both = strstr(searches[kind].cypher, "$b") != NULL;
    double milliseconds = 0;
    for (int i = 0; i < searches[kind].pairs; i++) {
        ruzu_result *result = NULL;
        if (ruzu_bind_int64(stmt, "a", (int64_t)from[i] + 1) != RUZU_OK || (both && ruzu_bind_int64(stmt, "b", (int64_t)to[i] + 1) != RUZU_OK) ||
            ruzu_execute(stmt, &result) != RUZU_OK) {
            compare_fail(searches[kind].cypher, ruzu_errmsg(run->conn));
        }
        milliseconds += ruzu_result_compile_ms(result) + ruzu_result_execute_ms(result);
        bool found = ruzu_result_next(result);
        answers->first[i] = found ? (uint64_t)ruzu_get_int64(result, 0) : UINT64_MAX;
        answers->second[i] = found && ruzu_result_column_count(result) > 1 ? (uint64_t)ruzu_get_int64(result, 1) : 0;
        ruzu_result_free(result);
    }
    return milliseconds;
}

static double search_time(comparison *run, search_kind kind, int threads, const uint32_t *from, const uint32_t *to, search_answers *answers)
{
    char statement[64];
    double times[MAX_RUNS];
    snprintf(statement, sizeof statement, "CALL threads = %d", threads);
    compare_run(run, statement);
    ruzu_stmt *stmt = search_prepare(run, searches[kind].cypher);
    search_ask(run, kind, stmt, from, to, answers);
    for (int i = 0; i < run->options->runs; i++) {
        times[i] = search_ask(run, kind, stmt, from, to, answers);
    }
    ruzu_stmt_free(stmt);
    return compare_median(times, run->options->runs);
}

void compare_recursive(comparison *run, const study_arrays *arrays)
{
    uint32_t from[RECURSIVE_PAIRS], to[RECURSIVE_PAIRS];
    size_t first = run->row_count;
    recursive_pairs(arrays, RECURSIVE_SEED, from, to);
    for (search_kind kind = 0; kind < SEARCH_KINDS; kind++) {
        compare_row row = {.section = "recursive", .name = searches[kind].name, .verdict = "right", .goal_ms = searches[kind].goal_ms,
                           .reference_ms = searches[kind].reference_ms};
        search_answers by_hand = {0}, by_two = {0}, by_one = {0};
        double times[MAX_RUNS];
        if (!compare_wanted(run, row.name)) {
            continue;
        }
        for (int i = 0; i < run->options->runs; i++) {
            double started = now_ms();
            search_by_hand(kind, arrays, from, to, &by_hand);
            times[i] = now_ms() - started;
        }
        row.kernel = compare_median(times, run->options->runs);
        row.two_threads = search_time(run, kind, 2, from, to, &by_two);
        row.one_thread = search_time(run, kind, 1, from, to, &by_one);
        if (memcmp(&by_hand, &by_two, sizeof by_hand) != 0 || memcmp(&by_hand, &by_one, sizeof by_hand) != 0) {
            row.verdict = "WRONG";
        }
        compare_add(run, &row);
    }
    compare_print(run, "recursive", first);
}

/* ---- look-ups ---- */

typedef enum point_kind { POINT_LOOKUP, POINT_NEIGHBOURS, POINT_TWO_HOPS, POINT_KINDS } point_kind;

static const struct {
    const char *name, *cypher;
    double goal;
} points[POINT_KINDS] = {
    [POINT_LOOKUP] = {"key look-up, 3 properties", "MATCH (p:Person) WHERE p.id = $id RETURN p.name, p.age, p.gender", 300e3},
    [POINT_NEIGHBOURS] = {"one hop, about 24 rows", "MATCH (p:Person)-[:Follows]->(q:Person) WHERE p.id = $id RETURN q.id", 100e3},
    [POINT_TWO_HOPS] = {"two hops, distinct count", "MATCH (p:Person)-[:Follows]->(:Person)-[:Follows]->(q:Person) WHERE p.id = $id RETURN count(DISTINCT q.id)",
                        20e3},
};

/* How long one measurement lasts, and how many ids the answers are compared for. */
#define POINT_MS 200
#define POINT_CHECKED 500

static int64_t point_id(uint32_t *seed, uint32_t persons)
{
    *seed = (*seed * 1103515245u + 12345u) & 0x7fffffff;
    return 1 + (int64_t)((double)*seed / 2147483648.0 * persons);
}

static uint64_t point_by_hand(point_kind kind, const study_arrays *arrays, uint64_t id, uint64_t *sink)
{
    switch (kind) {
    case POINT_LOOKUP:
        return point_lookup(arrays, id, sink);
    case POINT_NEIGHBOURS:
        return point_neighbours(arrays, id, sink);
    case POINT_TWO_HOPS:
        return point_two_hops(arrays, id, sink);
    case POINT_KINDS:
        break;
    }
    return 0;
}

/* The number of rows, or the number in the only row; every value is fetched. */
static uint64_t point_ask(comparison *run, point_kind kind, ruzu_stmt *stmt, int64_t id, uint64_t *sink)
{
    ruzu_result *result = NULL;
    uint64_t rows = 0;
    if (ruzu_bind_int64(stmt, "id", id) != RUZU_OK || ruzu_execute(stmt, &result) != RUZU_OK) {
        compare_fail(points[kind].cypher, ruzu_errmsg(run->conn));
    }
    while (ruzu_result_next(result)) {
        if (kind == POINT_LOOKUP) {
            size_t length;
            const char *name = ruzu_get_string(result, 0, &length), *gender = ruzu_get_string(result, 2, NULL);
            *sink += (uint64_t)(unsigned char)name[0] + length + (uint64_t)ruzu_get_int64(result, 1) + (uint64_t)(unsigned char)gender[0];
        } else {
            *sink += (uint64_t)ruzu_get_int64(result, 0);
        }
        rows = kind == POINT_TWO_HOPS ? (uint64_t)ruzu_get_int64(result, 0) : rows + 1;
    }
    ruzu_result_free(result);
    return rows;
}

void compare_points(comparison *run, const study_arrays *arrays)
{
    size_t first = run->row_count;
    uint64_t sink = 0;
    uint32_t persons = study_persons(arrays);
    compare_run(run, "CALL threads = 1");
    for (point_kind kind = 0; kind < POINT_KINDS; kind++) {
        compare_row row = {.section = "points", .name = points[kind].name, .verdict = "right", .goal_ms = points[kind].goal, .per_second = true};
        double rates[MAX_RUNS], kernel_rates[MAX_RUNS];
        uint32_t seed = 12345;
        if (!compare_wanted(run, row.name)) {
            continue;
        }
        ruzu_stmt *stmt = search_prepare(run, points[kind].cypher);
        for (int i = 0; i < POINT_CHECKED; i++) {
            int64_t id = point_id(&seed, persons);
            if (point_by_hand(kind, arrays, (uint64_t)id, &sink) != point_ask(run, kind, stmt, id, &sink)) {
                row.verdict = "WRONG";
            }
        }
        for (int k = 0; k < run->options->runs; k++) {
            uint64_t asked = 0;
            double started = now_ms();
            while (now_ms() - started < POINT_MS) {
                for (int j = 0; j < 100; j++, asked++) {
                    point_by_hand(kind, arrays, (uint64_t)point_id(&seed, persons), &sink);
                }
            }
            kernel_rates[k] = (double)asked / (now_ms() - started) * 1e3;
            asked = 0;
            started = now_ms();
            while (now_ms() - started < POINT_MS) {
                for (int j = 0; j < 10; j++, asked++) {
                    point_ask(run, kind, stmt, point_id(&seed, persons), &sink);
                }
            }
            rates[k] = (double)asked / (now_ms() - started) * 1e3;
        }
        ruzu_stmt_free(stmt);
        row.one_thread = compare_median(rates, run->options->runs);
        row.kernel = compare_median(kernel_rates, run->options->runs);
        compare_add(run, &row);
    }
    compare_print(run, "points", first);
    if (sink == 0) {
        printf("nothing was read\n");
    }
}
