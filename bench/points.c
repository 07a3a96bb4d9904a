/* SPDX-License-Identifier: MIT */
/*
 * Small reads by key, through ruzu.h alone and on one thread: what one prepared (or repeated) statement costs.
 *
 *     points DATABASE_FILE [SECONDS_PER_CASE [CASE]]
 *
 * Scans cost what the table has rows: for their fixed cost take a small one.
 *
 * The database has Person nodes with the keys 1 … n (id, name, age, gender) and a relationship table Follows (gen_people and demo make one; so do
 * the comparison workloads). Prints a line per case: name, operations, rows, operations a second of wall time and microseconds of processor time an operation.
 * Every case reads all rows and values of its results; the sum of what was read is printed, so that nothing can be left out.
 */
#include "ruzu.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum points_way { POINTS_PREPARED, POINTS_TEXT, POINTS_TEXT_SAME } points_way;

typedef struct points_case {
    const char *name;
    const char *cypher; /* with $id, or %llu where the key goes */
    points_way way;
    uint32_t batch;     /* operations between two looks at the clock */
} points_case;

static const points_case points_cases[] = {
    {"lookup", "MATCH (p:Person) WHERE p.id = $id RETURN p.name, p.age, p.gender", POINTS_PREPARED, 1000},
    {"hop", "MATCH (p:Person)-[:Follows]->(q:Person) WHERE p.id = $id RETURN q.id", POINTS_PREPARED, 500},
    {"hops2", "MATCH (p:Person)-[:Follows]->(:Person)-[:Follows]->(q:Person) WHERE p.id = $id RETURN count(DISTINCT q.id) AS n", POINTS_PREPARED, 50},
    {"lookup-text", "MATCH (p:Person) WHERE p.id = %llu RETURN p.name, p.age, p.gender", POINTS_TEXT_SAME, 200},
    {"lookup-new-text", "MATCH (p:Person) WHERE p.id = %llu RETURN p.name, p.age, p.gender", POINTS_TEXT, 100},
    {"reach2", "MATCH (a:Person)-[:Follows*1..2]->(b:Person) WHERE a.id = $id RETURN count(DISTINCT b.id) AS n", POINTS_PREPARED, 20},
    {"reach3", "MATCH (a:Person)-[:Follows*1..3]->(b:Person) WHERE a.id = $id RETURN count(DISTINCT b.id) AS n", POINTS_PREPARED, 5},
    {"shortest", "MATCH (a:Person)-[e:Follows* SHORTEST 1..30]->(b:Person) WHERE a.id = $id AND b.id = $other RETURN length(e) AS n", POINTS_PREPARED, 20},
    {"all-shortest", "MATCH (a:Person)-[e:Follows* ALL SHORTEST 1..30]->(b:Person) WHERE a.id = $id AND b.id = $other RETURN count(*) AS n", POINTS_PREPARED,
     20},
    {"to-all", "MATCH (a:Person)-[e:Follows* SHORTEST 1..30]->(b:Person) WHERE a.id = $id RETURN count(*) AS n, max(length(e)) AS m", POINTS_PREPARED, 1},
    {"set", "MATCH (p:Person) WHERE p.id = $id SET p.age = 33", POINTS_PREPARED, 50},
    {"scan-count", "MATCH (p:Person) WHERE p.id > $id RETURN count(*) AS n", POINTS_PREPARED, 20},
    {"scan-filter", "MATCH (p:Person) WHERE p.age > 40 AND p.id > $id RETURN count(p.id) AS n, sum(p.id) AS s", POINTS_PREPARED, 20},
    {"scan-group", "MATCH (p:Person) WHERE p.id > $id RETURN p.age % 8 AS a, count(*) AS n", POINTS_PREPARED, 20},
    {"scan-top", "MATCH (p:Person) WHERE p.id > $id RETURN p.id AS i, p.age AS a ORDER BY a DESC, i LIMIT 10", POINTS_PREPARED, 20},
};

static uint64_t points_state = 12345;

static uint64_t points_random(uint64_t limit)
{
    points_state ^= points_state << 13;
    points_state ^= points_state >> 7;
    points_state ^= points_state << 17;
    return points_state % limit;
}

static double points_seconds(void)
{
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Processor time of this process. */
static double points_cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void points_check(ruzu_status status, ruzu_conn *conn)
{
    if (status != RUZU_OK) {
        fprintf(stderr, "points: %s\n", conn == NULL ? ruzu_open_errmsg() : ruzu_errmsg(conn));
        exit(1);
    }
}

/* Reads every value; returns the rows. */
static uint64_t points_read(ruzu_result *result, uint64_t *sum)
{
    uint64_t rows = 0;
    size_t columns = ruzu_result_column_count(result);
    while (ruzu_result_next(result)) {
        rows++;
        for (size_t c = 0; c < columns; c++) {
            if (columns == 3 && c != 1) { /* the look-up's texts */
                size_t length = 0;
                *sum += (unsigned char)ruzu_get_string(result, c, &length)[0] + length;
            } else {
                *sum += (uint64_t)ruzu_get_int64(result, c);
            }
        }
    }
    return rows;
}

static ruzu_result *points_ask(ruzu_conn *conn, ruzu_stmt *stmt, const points_case *the, uint64_t persons)
{
    ruzu_result *result = NULL;
    if (the->way == POINTS_PREPARED) {
        points_check(ruzu_bind_int64(stmt, "id", (int64_t)(1 + points_random(persons))), conn);
        if (strstr(the->cypher, "$other") != NULL) {
            points_check(ruzu_bind_int64(stmt, "other", (int64_t)(1 + points_random(persons))), conn);
        }
        points_check(ruzu_execute(stmt, &result), conn);
        return result;
    }
    char text[256];
    unsigned long long key = 1 + points_random(the->way == POINTS_TEXT ? persons : 20);
    (void)snprintf(text, sizeof text, "MATCH (p:Person) WHERE p.id = %llu RETURN p.name, p.age, p.gender", key);
    points_check(ruzu_query(conn, text, &result), conn);
    return result;
}

static void points_run(ruzu_conn *conn, const points_case *the, double seconds, uint64_t persons)
{
    ruzu_stmt *stmt = NULL;
    if (the->way == POINTS_PREPARED) {
        points_check(ruzu_prepare(conn, the->cypher, &stmt), conn);
    }
    uint64_t operations = 0;
    uint64_t rows = 0;
    uint64_t sum = 0;
    double best = 0;
    double cpu = points_cpu_seconds();
    double begin = points_seconds();
    double now = begin;
    while (now - begin < seconds) {
        double start = now;
        for (uint32_t i = 0; i < the->batch; i++) {
            ruzu_result *result = points_ask(conn, stmt, the, persons);
            rows += points_read(result, &sum);
            ruzu_result_free(result);
        }
        operations += the->batch;
        now = points_seconds();
        double speed = the->batch / (now - start);
        best = speed > best ? speed : best;
    }
    cpu = points_cpu_seconds() - cpu;
    printf("%-16s %9llu ops %8.1f rows/op %10.0f ops/s (best %10.0f) %9.3f cpu us/op  sum %llu\n", the->name, (unsigned long long)operations,
           (double)rows / (double)operations, (double)operations / (now - begin), best, cpu / (double)operations * 1e6, (unsigned long long)(sum & 255));
    fflush(stdout);
    ruzu_stmt_free(stmt);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: points DATABASE_FILE [SECONDS_PER_CASE [CASE]]\n");
        return 2;
    }
    double seconds = argc > 2 ? atof(argv[2]) : 1;
    ruzu_conn *conn = NULL;
    points_check(ruzu_open(argv[1], NULL, &conn), NULL);
    points_check(ruzu_query(conn, "CALL threads = 1", NULL), conn);
    ruzu_result *result = NULL;
    points_check(ruzu_query(conn, "MATCH (p:Person) RETURN count(*)", &result), conn);
    uint64_t persons = ruzu_result_next(result) ? (uint64_t)ruzu_get_int64(result, 0) : 0;
    ruzu_result_free(result);
    for (size_t i = 0; i < sizeof points_cases / sizeof points_cases[0] && persons != 0; i++) {
        if (argc > 3 ? strcmp(argv[3], points_cases[i].name) == 0 : strcmp("set", points_cases[i].name) != 0) {
            points_run(conn, &points_cases[i], seconds, persons);
        }
    }
    points_check(ruzu_close(conn), NULL);
    return 0;
}
