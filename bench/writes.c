/* SPDX-License-Identifier: MIT */
/*
 * Bytes written to all files per byte of user data, through ruzu.h alone: random updates and inserts until the automatic checkpoints have come round several times.
 *
 *     writes DATABASE_FILE PEOPLE MODE SECONDS [CHECKPOINTS [SYNC]]
 *
 * The database is one of demo's (Person with the ids 0 … PEOPLE - 1, Follows) or has its tables; it is changed: give a copy. MODE is batch (transactions of 1,000
 * rows) or single (transactions of one). In turn a transaction sets a random 64-bit number in random people, one makes relationships between random people, and, a tenth as
 * often, one makes people with random keys. Stops after SECONDS, or after CHECKPOINTS automatic checkpoints (0: time alone). SYNC: full, normal or off (the default: it changes
 * when the log is synced, not what is written).
 *
 * User data counts 8 bytes a number, the length of a string, and 16 a relationship's ends. Written bytes are those of all write calls of the process (/proc/self/io),
 * closing not included. Prints a line about every eighth of the run: what was written in it, and since the beginning; the last line is the result.
 */
#include "ruzu.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WRITES_BATCH 1000u
#define WRITES_SHARE 10u /* turns from one that makes people to the next */

typedef struct writes_run {
    ruzu_conn *conn;
    const char *path;
    uint64_t people;   /* to choose from */
    uint64_t rows;     /* a transaction */
    uint64_t turn;
    uint64_t transactions;
    uint64_t user_bytes;
    uint64_t changed_rows;
    uint64_t checkpoints;
    unsigned char header[8]; /* of the file: its number rises with each checkpoint */
} writes_run;

static uint64_t writes_state = 88172645463325252u;

static uint64_t writes_random(void)
{
    writes_state ^= writes_state << 13;
    writes_state ^= writes_state >> 7;
    writes_state ^= writes_state << 17;
    return writes_state;
}

static double writes_seconds(void)
{
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void writes_fail(const char *what, const char *why)
{
    fprintf(stderr, "writes: %s: %s\n", what, why);
    exit(1);
}

static void writes_check(ruzu_status status, const writes_run *run, const char *what)
{
    if (status != RUZU_OK) {
        writes_fail(what, run->conn == NULL ? ruzu_open_errmsg() : ruzu_errmsg(run->conn));
    }
}

/* Bytes of all write calls so far. */
static uint64_t writes_written(void)
{
    char line[128];
    unsigned long long bytes = 0;
    FILE *counters = fopen("/proc/self/io", "r");
    if (counters == NULL) {
        writes_fail("/proc/self/io", "cannot be read");
    }
    while (fgets(line, sizeof line, counters) != NULL && sscanf(line, "wchar: %llu", &bytes) != 1) {
    }
    (void)fclose(counters);
    return bytes;
}

/* Other numbers than those of an earlier run on the same file: keys differ. */
static void writes_seed(const writes_run *run)
{
    ruzu_result *result = NULL;
    writes_check(ruzu_query(run->conn, "MATCH (p:Person) RETURN count(*)", &result), run, "counting");
    if (ruzu_result_next(result)) {
        writes_state ^= (uint64_t)ruzu_get_int64(result, 0) * UINT64_C(0x9e3779b97f4a7c15);
    }
    ruzu_result_free(result);
}

/* Notes whether the file has another header than at the last look. */
static void writes_look(writes_run *run)
{
    unsigned char number[8];
    FILE *file = fopen(run->path, "rb");
    if (file == NULL || fseek(file, 32, SEEK_SET) != 0 || fread(number, 1, sizeof number, file) != sizeof number) {
        writes_fail(run->path, "cannot be read");
    }
    (void)fclose(file);
    run->checkpoints += memcmp(number, run->header, sizeof number) != 0;
    memcpy(run->header, number, sizeof number);
}

/* A list of `count` numbers below `below`, or of pairs of them. */
static ruzu_value *writes_list(uint64_t count, bool pairs, uint64_t below)
{
    ruzu_value *items[WRITES_BATCH] = {NULL};
    for (uint64_t i = 0; i < count; i++) {
        ruzu_value *first = ruzu_value_create_int64((int64_t)(writes_random() % below));
        items[i] = first;
        if (pairs) {
            ruzu_value *second = ruzu_value_create_int64((int64_t)(writes_random() % below));
            const ruzu_value *both[2] = {first, second};
            items[i] = ruzu_value_create_list(both, 2);
            ruzu_value_free(first);
            ruzu_value_free(second);
        }
    }
    ruzu_value *list = ruzu_value_create_list((const ruzu_value *const *)items, (size_t)count);
    for (uint64_t i = 0; i < count; i++) {
        ruzu_value_free(items[i]);
    }
    return list;
}

static void writes_bind(writes_run *run, ruzu_stmt *stmt, const char *name, ruzu_value *value)
{
    writes_check(ruzu_bind_value(stmt, name, value), run, name);
    ruzu_value_free(value);
}

static void writes_execute(writes_run *run, ruzu_stmt *stmt, uint64_t row_bytes)
{
    ruzu_result *result = NULL;
    writes_check(ruzu_execute(stmt, &result), run, "a transaction");
    ruzu_result_free(result);
    run->transactions++;
    run->changed_rows += run->rows;
    run->user_bytes += run->rows * row_bytes;
}

static void writes_turn(writes_run *run, ruzu_stmt *set, ruzu_stmt *link, ruzu_stmt *make)
{
    writes_check(ruzu_bind_int64(set, "value", (int64_t)writes_random()), run, "value");
    writes_bind(run, set, "ids", writes_list(run->rows, false, run->people));
    writes_execute(run, set, 8);
    writes_bind(run, link, "pairs", writes_list(run->rows, true, run->people));
    writes_execute(run, link, 16);
    if (run->turn++ % WRITES_SHARE == 0) {
        writes_bind(run, make, "ids", writes_list(run->rows, false, UINT64_C(1) << 62));
        writes_execute(run, make, 8 + 8 + 12);
    }
}

static ruzu_stmt *writes_prepare(writes_run *run, const char *cypher)
{
    ruzu_stmt *stmt = NULL;
    writes_check(ruzu_prepare(run->conn, cypher, &stmt), run, cypher);
    return stmt;
}

static void writes_print(const writes_run *run, double seconds, uint64_t written, uint64_t since_written, uint64_t since_user)
{
    printf("%7.1f s %10llu transactions %9.0f rows/s %4llu checkpoints %8.2f written per byte, %8.2f lately\n", seconds,
           (unsigned long long)run->transactions, (double)run->changed_rows / seconds, (unsigned long long)run->checkpoints,
           (double)written / (double)run->user_bytes, (double)since_written / (double)since_user);
    fflush(stdout);
}

static void writes_all(writes_run *run, double limit, uint64_t checkpoints)
{
    ruzu_stmt *set = writes_prepare(run, "UNWIND $ids AS i MATCH (p:Person) WHERE p.id = i SET p.score = $value + i");
    ruzu_stmt *link = writes_prepare(run, "UNWIND $pairs AS x MATCH (a:Person), (b:Person) WHERE a.id = x[1] AND b.id = x[2] CREATE (a)-[:Follows]->(b)");
    ruzu_stmt *make = writes_prepare(run, "UNWIND $ids AS i CREATE (:Person {id: 1000000000 + i, name: 'Somebody New', score: i})");
    uint64_t begin_written = writes_written(), last_written = begin_written, last_user = 0;
    double begin = writes_seconds(), printed = 0, now = 0;
    writes_look(run);
    run->checkpoints = 0;
    while (now < limit && (checkpoints == 0 || run->checkpoints < checkpoints)) {
        for (uint32_t i = 0; i < (run->rows == 1 ? 100u : 1u); i++) {
            writes_turn(run, set, link, make);
        }
        writes_look(run);
        now = writes_seconds() - begin;
        if (now - printed >= limit / 8) {
            uint64_t written = writes_written();
            writes_print(run, now, written - begin_written, written - last_written, run->user_bytes - last_user);
            printed = now;
            last_written = written;
            last_user = run->user_bytes;
        }
    }
    uint64_t written = writes_written();
    writes_print(run, now, written - begin_written, written - begin_written, run->user_bytes);
    ruzu_stmt_free(set);
    ruzu_stmt_free(link);
    ruzu_stmt_free(make);
}

int main(int argc, char **argv)
{
    if (argc < 5 || (strcmp(argv[3], "batch") != 0 && strcmp(argv[3], "single") != 0)) {
        fprintf(stderr, "usage: writes DATABASE_FILE PEOPLE batch|single SECONDS [CHECKPOINTS [full|normal|off]]\n");
        return 2;
    }
    writes_run run = {.path = argv[1], .people = strtoull(argv[2], NULL, 10), .rows = strcmp(argv[3], "batch") == 0 ? WRITES_BATCH : 1};
    const char *sync = argc > 6 ? argv[6] : "off";
    ruzu_config config;
    ruzu_config_init(&config);
    config.wal_sync = strcmp(sync, "full") == 0 ? RUZU_SYNC_FULL : strcmp(sync, "normal") == 0 ? RUZU_SYNC_NORMAL : RUZU_SYNC_OFF;
    writes_check(ruzu_open(run.path, &config, &run.conn), &run, run.path);
    writes_check(ruzu_query(run.conn, "ALTER TABLE Person ADD IF NOT EXISTS score INT64 DEFAULT 0", NULL), &run, "the column");
    writes_check(ruzu_query(run.conn, "CHECKPOINT", NULL), &run, "a checkpoint");
    writes_seed(&run);
    writes_all(&run, atof(argv[4]), argc > 5 ? strtoull(argv[5], NULL, 10) : 0);
    writes_check(ruzu_close(run.conn), &run, "closing");
    return 0;
}
