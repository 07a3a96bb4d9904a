/* SPDX-License-Identifier: MIT */
/*
 * The fast paths of scans, filters, grouping and sorting are held against plain ones: every question is asked in two ways that must agree, over a table with
 * columns of every codec, with NULLs, before and after updates and deletes, in memory and after checkpoints, with one and with several threads, small pools too.
 *
 *   questions asked twice    the same text with all rules of the planner, and with none
 *   pairs                    two texts; the second is written so that no fast path takes it
 */
#include "session.h"

#ifndef SCAN_ROWS
#define SCAN_ROWS 9000
#endif

static uint64_t scan_seed = 11;

static uint64_t scan_random(void)
{
    scan_seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = scan_seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *const scan_syllables[] = {"an", "el", "ber", "dor", "Mo", "ka", "\xc3\xa9", "zz", "a", "in"};

static void scan_write_name(FILE *file)
{
    uint64_t parts = scan_random() % 9;
    for (uint64_t i = 0; i < parts; i++) {
        (void)fputs(scan_syllables[scan_random() % 10], file);
    }
    if (parts == 0) {
        (void)fputs("x", file);
    }
}

/* A row of the file; an empty field is NULL. */
static void scan_write_row(FILE *file, int id)
{
    bool nulls = (id / 2500) % 2 == 1; /* some blocks have none */
    (void)fprintf(file, "%d,", id);
    if (!nulls || scan_random() % 6 != 0) {
        (void)fprintf(file, "%d", (int)(scan_random() % 60) - 20);
    }
    (void)fprintf(file, ",%lld,", (long long)(scan_random() >> 20) - (1LL << 43));
    if (!nulls || scan_random() % 9 != 0) {
        (void)fputs(scan_random() % 3 == 0 ? "true" : "false", file);
    }
    (void)fprintf(file, ",%d.%d,tag%d,", (int)(scan_random() % 300) - 150, (int)(scan_random() % 4) * 25, (int)(scan_random() % 7));
    if (!nulls || scan_random() % 11 != 0) {
        scan_write_name(file);
    }
    (void)fprintf(file, ",20%02d-0%d-1%d,%d,%d,%d,", (int)(scan_random() % 30), (int)(scan_random() % 9) + 1, (int)(scan_random() % 9), (int)(scan_random() % 256) - 128,
                  (int)(scan_random() % 65536), (id / 700) * 1000003);
    (void)fprintf(file, "7,%d\n", (int)(scan_random() % 3) * 1000000007 % 1999999999);
}

static void scan_load(ruzu_conn *conn)
{
    char text[1400];
    const char *path = session_path("rows.csv");
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    for (int id = 0; file != NULL && id < SCAN_ROWS; id++) {
        scan_write_row(file, id);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    session_run(conn, "CREATE NODE TABLE T(id INT64, small INT64, wide INT64, flag BOOLEAN, number DOUBLE, tag STRING, name STRING, day DATE, tiny INT8, "
                      "half UINT16, runs INT32, same INT64, few INT64, PRIMARY KEY(id))");
    (void)snprintf(text, sizeof text, "COPY T FROM '%s' (HEADER=false)", path);
    session_run(conn, text);
    session_run(conn, "CREATE REL TABLE R(FROM T TO T)"); /* sixty from each of the first */
    path = session_path("pairs.csv");
    file = fopen(path, "w");
    CHECK(file != NULL);
    for (int i = 0; file != NULL && i < 60 * 60; i++) {
        (void)fprintf(file, "%d,%d\n", i / 60, (int)(scan_random() % SCAN_ROWS));
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    (void)snprintf(text, sizeof text, "COPY R FROM '%s' (HEADER=false)", path);
    session_run(conn, text);
}

/* ---- questions asked twice ---- */

static const char *const scan_questions[] = {
    "MATCH (t:T) WHERE t.small > 10 AND t.flag RETURN count(*)",
    "MATCH (t:T) WHERE NOT t.flag AND t.small <= 3 AND t.wide <> 17 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE 5 >= t.small RETURN count(*), min(t.id), max(t.id)",
    "MATCH (t:T) WHERE t.small = -20 RETURN sum(t.id)",
    "MATCH (t:T) WHERE t.small <> 39 AND t.runs = 4000012 RETURN count(*)",
    "MATCH (t:T) WHERE t.wide < 0 AND t.tiny >= 100 RETURN t.id ORDER BY t.id",
    "MATCH (t:T) WHERE t.tiny < -200 RETURN count(*)",
    "MATCH (t:T) WHERE t.tiny > -200 AND t.half > 60000 RETURN count(*)",
    "MATCH (t:T) WHERE t.half <= 3 OR t.half = 70000 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.same = 7 RETURN count(*)",
    "MATCH (t:T) WHERE t.same <> 7 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.few = 14 OR t.few = 1000000007 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.few >= 14 AND t.few < 1000000008 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.day >= date('2015-03-12') AND t.day < date('2016-01-01') RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.id >= 2000 AND t.id < 2100 AND t.small > 0 RETURN t.id, t.name ORDER BY t.id",
    "MATCH (t:T) WHERE t.number > 100.5 AND t.small < 30 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.tag = 'tag3' AND t.small > 0 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.tag IN ['tag1', 'tag5', 'none'] RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE upper(t.tag) STARTS WITH 'TAG' AND t.tag ENDS WITH '2' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name CONTAINS 'anel' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name CONTAINS 'a' AND NOT t.name CONTAINS 'zz' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name =~ '.*dor.*in' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name STARTS WITH 'ber' AND t.small > 0 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE NOT t.name STARTS WITH 'a' AND NOT t.tag ENDS WITH '3' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name < 'b' AND t.name >= 'an' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name <> 'x' AND t.tag <> 'tag0' AND t.tag > 'tag2' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name = 'x' AND t.small > 38 RETURN t.id ORDER BY t.id",
    "MATCH (t:T) WHERE t.name CONTAINS '' AND t.tag CONTAINS 'ag' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.tag = '' OR t.tag CONTAINS 'new' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.wide > 0 AND t.tag CONTAINS '5' AND t.tag STARTS WITH 'tag' RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name CONTAINS NULL RETURN count(*)",
    "MATCH (t:T) WHERE t.small > 10 AND 100 / (t.small - 10) > 5 RETURN count(*)",
    /* filters that are ordered anew; what may fail stays behind what guards it */
    "MATCH (t:T) WHERE t.name =~ '.*a.*' AND upper(t.name) <> 'X' AND t.id % 17 = 3 AND t.small % 5 = 1 RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name =~ '.*a.*' AND t.small <> 10 AND 1000 / (t.small - 10) > 5 AND lower(t.name) CONTAINS 'e' AND t.flag AND t.number > t.tiny RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name =~ '.*a.*' AND 1000 / (t.small - 10) > 5 AND t.small <> 10 AND t.flag RETURN count(*), sum(t.id)",
    "MATCH (t:T) WHERE t.name =~ '.*a.*' AND t.wide > 0 AND CAST(t.half AS INT16) > 4 AND t.half < 1000 RETURN count(*)",
    "MATCH (a:T)-[:R]->(b:T) WHERE a.name + b.name =~ '.*ka.*' AND a.small < b.small AND a.tiny = b.tiny RETURN count(*), sum(b.id)",
    "MATCH (t:T) WHERE t.small IS NULL AND t.id > 3000 RETURN count(*), sum(t.id)",
    "MATCH (t:T) RETURN t.name, t.id ORDER BY t.name, t.id LIMIT 10",
    "MATCH (t:T) RETURN t.name, t.id ORDER BY t.name DESC, t.id LIMIT 10",
    "MATCH (t:T) WHERE t.flag RETURN t.name, t.id ORDER BY t.name, t.id DESC SKIP 5 LIMIT 20",
    "MATCH (t:T) RETURN t.small, t.id ORDER BY t.small, t.id DESC LIMIT 7",
    "MATCH (t:T) RETURN t.small, t.id ORDER BY t.small DESC, t.id LIMIT 7",
    "MATCH (t:T) RETURN t.number, t.day, t.id ORDER BY t.number DESC, t.day, t.id LIMIT 12",
    "MATCH (t:T) RETURN t.flag, t.name, t.id ORDER BY t.flag, t.name, t.id LIMIT 30",
    "MATCH (t:T) RETURN t.same, t.name, t.id ORDER BY t.same, t.name DESC, t.id LIMIT 25",
    "MATCH (t:T) RETURN t.flag, t.number, t.id ORDER BY t.flag DESC, t.number DESC, t.id LIMIT 40",
    "MATCH (t:T) RETURN t.name AS n, count(*) AS c ORDER BY c, n LIMIT 9",
    /* sums and extremes of what is stored */
    "MATCH (t:T) RETURN sum(t.small), avg(t.small), min(t.small), max(t.small), count(t.small)",
    "MATCH (t:T) RETURN sum(t.id), avg(t.id), min(t.id), max(t.id), sum(t.wide), min(t.wide), max(t.wide)",
    "MATCH (t:T) RETURN sum(t.tiny), sum(t.half), sum(t.runs), sum(t.same), sum(t.few), avg(t.few), min(t.half), max(t.tiny), min(t.day), max(t.day)",
    "MATCH (t:T) WHERE t.small > 0 RETURN sum(t.tiny), sum(t.half), sum(t.runs), sum(t.same), sum(t.few), sum(t.id), sum(t.small), min(t.half), max(t.tiny), min(t.day), max(t.day)",
    "MATCH (t:T) WHERE t.name CONTAINS 'a' AND t.flag RETURN sum(t.small), avg(t.small), sum(t.wide), max(t.wide), min(t.runs), sum(t.number) > 0, min(t.number), max(t.number)",
    "MATCH (t:T) WHERE t.id % 700 = 3 RETURN sum(t.small), min(t.small), max(t.half), sum(DISTINCT t.small), max(t.flag), min(t.name)",
    "MATCH (t:T) WHERE t.small IS NULL RETURN sum(t.small), min(t.small), max(t.small), sum(t.tiny), max(t.tiny)",
    "MATCH (a:T)-[:R]->(b:T) RETURN sum(a.small), sum(b.small), max(b.wide), min(a.half)",
    /* bounds that go down to the scan */
    "MATCH (t:T) RETURN t.id ORDER BY t.id DESC LIMIT 13",
    "MATCH (t:T) RETURN t.id, t.name ORDER BY t.id LIMIT 3",
    "MATCH (t:T) WHERE t.flag RETURN t.runs, t.id ORDER BY t.runs DESC, t.id LIMIT 21",
    "MATCH (t:T) WHERE t.small > 0 AND t.name CONTAINS 'a' RETURN t.wide AS w, t.id AS i ORDER BY w, i SKIP 3 LIMIT 8",
    "MATCH (t:T) RETURN t.wide, t.id ORDER BY t.wide DESC, t.id LIMIT 5",
    "MATCH (t:T) RETURN t.half, t.id ORDER BY t.half DESC, t.id LIMIT 6",
    "MATCH (t:T) RETURN t.half, t.tiny, t.id ORDER BY t.tiny DESC, t.half, t.id LIMIT 6",
    "MATCH (t:T) RETURN t.day, t.id ORDER BY t.day DESC, t.id LIMIT 6",
    "MATCH (t:T) WHERE t.small IS NULL OR t.small > 30 RETURN t.small, t.id ORDER BY t.small DESC, t.id LIMIT 500",
    "MATCH (t:T) WHERE t.small IS NULL OR t.small < 0 RETURN t.small, t.id ORDER BY t.small, t.id LIMIT 500",
    "MATCH (t:T) WHERE t.small > 0 AND 10 / t.small > 2 RETURN t.small, t.id ORDER BY t.wide, t.id LIMIT 5",
    "MATCH (a:T)-[:R]->(b:T) WHERE b.small > 3 RETURN a.id, b.id ORDER BY a.id DESC, b.id LIMIT 10",
    "MATCH (a:T)-[:R]->(b:T) RETURN a.id, b.wide ORDER BY b.wide DESC, a.id LIMIT 10",
    "MATCH (t:T) WITH t ORDER BY t.wide LIMIT 20 MATCH (t)-[:R]->(b:T) RETURN count(*), sum(b.id)",
    "MATCH (t:T) RETURN t.same, t.id ORDER BY t.same, t.id DESC LIMIT 10",
    "MATCH (t:T) RETURN t.tiny, t.flag, t.id ORDER BY t.flag, t.tiny DESC, t.id LIMIT 15",
};

static char *scan_ask(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(conn, cypher, &result);
    const char *text = status == RUZU_OK ? session_text(result) : ruzu_errmsg(conn);
    size_t length = strlen(text);
    char *copy = (char *)malloc(length + 1);
    if (copy == NULL) {
        exit(1);
    }
    memcpy(copy, text, length + 1);
    ruzu_result_free(result);
    return copy;
}

static void scan_same(const char *first, const char *second, const char *question)
{
    check_count++;
    if (strcmp(first, second) != 0) {
        check_failures++;
        fprintf(stderr, "%s\n  one way:\n%s\n  the other:\n%s\n", question, first, second);
    }
}

static void scan_ask_twice(ruzu_conn *conn)
{
    for (size_t i = 0; i < sizeof scan_questions / sizeof *scan_questions; i++) {
        char *fast = scan_ask(conn, scan_questions[i]);
        session_run(conn, "CALL enable_plan_optimizer = false");
        char *plain = scan_ask(conn, scan_questions[i]);
        session_run(conn, "CALL enable_plan_optimizer = true");
        scan_same(fast, plain, scan_questions[i]);
        free(fast);
        free(plain);
    }
}

/* ---- pairs ---- */

static const char *const scan_pairs[][2] = {
    {"MATCH (t:T) RETURN t.small AS s, count(*), sum(t.id), min(t.half), avg(t.id) ORDER BY s",
     "MATCH (t:T) WITH t.small * 1000000007 AS k, t.id AS id, t.half AS h RETURN k / 1000000007 AS s, count(*), sum(id), min(h), avg(id) ORDER BY s"},
    {"MATCH (t:T) RETURN t.tiny AS s, count(*), max(t.wide) ORDER BY s",
     "MATCH (t:T) WITH CAST(t.tiny AS INT64) * 1000000007 AS k, t.wide AS w RETURN k / 1000000007 AS s, count(*), max(w) ORDER BY s"},
    {"MATCH (t:T) WHERE t.wide > 0 RETURN t.small AS s, count(DISTINCT t.tiny), sum(t.number) > 0 ORDER BY s",
     "MATCH (t:T) WHERE t.wide > 0 WITH t.small * 1000000007 AS k, t.tiny AS y, t.number AS n RETURN k / 1000000007 AS s, count(DISTINCT y), sum(n) > 0 ORDER BY s"},
    {"MATCH (t:T) RETURN t.flag AS s, count(*), sum(t.small) ORDER BY s",
     "MATCH (t:T) WITH CASE WHEN t.flag IS NULL THEN NULL WHEN t.flag THEN 'true' ELSE 'false' END AS k, t.small AS m RETURN CAST(k AS BOOLEAN) AS s, count(*), sum(m) ORDER BY s"},
    {"MATCH (t:T) RETURN t.tag AS s, count(*), sum(t.small), min(t.name) ORDER BY s",
     "MATCH (t:T) WITH t.tag + t.tag AS k, t.small AS m, t.name AS n RETURN substring(k, 1, CAST(size(k) / 2 AS INT64)) AS s, count(*), sum(m), min(n) ORDER BY s"},
    {"MATCH (t:T) RETURN t.tag AS s, t.flag AS f, count(*), sum(t.small), count(DISTINCT t.tiny), max(t.tag) ORDER BY s, f",
     "MATCH (t:T) WITH [t.tag] AS k, [t.flag] AS l, t.small AS m, t.tiny AS y RETURN k[1] AS s, l[1] AS f, count(*), sum(m), count(DISTINCT y), max(k[1]) ORDER BY s, f"},
    {"MATCH (t:T) WHERE t.wide > 0 AND t.small % 3 = 1 RETURN t.tag AS s, count(t.flag), avg(t.half), min(t.day), collect(t.id)[1] > 0 ORDER BY s",
     "MATCH (t:T) WHERE t.wide > 0 AND t.small % 3 = 1 WITH [t.tag] AS k, t.flag AS f, t.half AS h, t.day AS d, t.id AS i RETURN k[1] AS s, count(f), avg(h), min(d), "
     "collect(i)[1] > 0 ORDER BY s"},
    {"MATCH (t:T) RETURN DISTINCT t.tag AS s, 'x' AS x ORDER BY s", "MATCH (t:T) WITH [t.tag] AS k RETURN DISTINCT k[1] AS s, 'x' AS x ORDER BY s"},
    {"MATCH (t:T) RETURN upper(t.tag) + '!' AS s, count(*), sum(size(t.tag)) ORDER BY s",
     "MATCH (t:T) WITH [t.tag] AS k RETURN upper(k[1]) + '!' AS s, count(*), sum(size(k[1])) ORDER BY s"},
    {"MATCH (a:T)-[:R]->(b:T) RETURN a.name AS s, a.tag AS g, count(*), sum(b.small), count(DISTINCT b.tiny) ORDER BY s, g",
     "MATCH (a:T)-[:R]->(b:T) WITH [a.name] AS n, [a.tag] AS k, b.small AS m, b.tiny AS y RETURN n[1] AS s, k[1] AS g, count(*), sum(m), count(DISTINCT y) ORDER BY s, g"},
    {"MATCH (a:T)-[:R]->(b:T) WHERE b.small > 0 RETURN a.small AS s, b.tag AS g, a.flag AS f, count(*), sum(b.half) ORDER BY s, g, f",
     "MATCH (a:T)-[:R]->(b:T) WHERE b.small > 0 WITH [a.small] AS n, [b.tag] AS k, [a.flag] AS l, b.half AS h RETURN n[1] AS s, k[1] AS g, l[1] AS f, count(*), sum(h) "
     "ORDER BY s, g, f"},
    {"MATCH (t:T) RETURN t.name AS s, count(*) AS c, sum(t.small) ORDER BY c DESC, s LIMIT 20",
     "MATCH (t:T) WITH [t.name] AS k, t.small AS m RETURN k[1] AS s, count(*) AS c, sum(m) ORDER BY c DESC, s LIMIT 20"},
    {"MATCH (t:T) RETURN count(DISTINCT t.name), count(DISTINCT t.small), count(DISTINCT t.wide), count(DISTINCT t.tag)",
     "MATCH (t:T) WITH t.name AS n, t.small AS m, t.wide AS w, t.tag AS g WITH collect(DISTINCT n) AS a, collect(DISTINCT m) AS b, collect(DISTINCT w) AS c, "
     "collect(DISTINCT g) AS d RETURN size(a), size(b), size(c), size(d)"},
    /* More groups than a table holds. Groups of texts are copied when it is full, those of numbers stay where they are; long ones do, too. */
    {"MATCH (t:T) UNWIND range(1, 6) AS j WITH 'k' + CAST((t.id * 6 + j) * 7919 % 45000 AS STRING) AS k, t.id AS i, j WITH k, count(*) AS c, sum(i) AS s, min(j) AS m, "
     "avg(i) AS a RETURN count(*), sum(c), sum(c * c), sum(s % 1009), sum(m), sum(CAST(a * 2 AS INT64))",
     "MATCH (t:T) UNWIND range(1, 6) AS j WITH (t.id * 6 + j) * 7919 % 45000 AS k, t.id AS i, j WITH k, count(*) AS c, sum(i) AS s, min(j) AS m, "
     "avg(i) AS a RETURN count(*), sum(c), sum(c * c), sum(s % 1009), sum(m), sum(CAST(a * 2 AS INT64))"},
    {"MATCH (t:T) UNWIND range(1, 6) AS j WITH rpad(CAST((t.id * 6 + j) * 7919 % 45000 AS STRING), CAST(6 + t.id % 3 * 120 AS INT64), 'x') AS k, t.id AS i, t.id % 3 AS r WITH k, r, count(*) AS c, sum(i) AS s "
     "RETURN count(*), sum(c), sum(c * c), sum(s % 1009)",
     "MATCH (t:T) UNWIND range(1, 6) AS j WITH (t.id * 6 + j) * 7919 % 45000 * 3 + t.id % 3 AS k, t.id AS i WITH k, count(*) AS c, sum(i) AS s "
     "RETURN count(*), sum(c), sum(c * c), sum(s % 1009)"},
    {"MATCH (t:T) UNWIND range(1, 6) AS j WITH 'k' + CAST((t.id * 6 + j) * 7919 % 45000 AS STRING) AS k, t.small AS m, t.tag AS g WITH k, g, count(DISTINCT m) AS c, max(m) AS x "
     "RETURN count(*), count(g), sum(c), sum(x)",
     "MATCH (t:T) UNWIND range(1, 6) AS j WITH (t.id * 6 + j) * 7919 % 45000 AS k, t.small AS m, t.tag AS g WITH k, g, collect(DISTINCT m) AS l, max(m) AS x "
     "RETURN count(*), count(g), sum(size(l)), sum(x)"},
    {"MATCH (t:T) UNWIND range(1, 6) AS j RETURN count(DISTINCT 'k' + CAST((t.id * 6 + j) * 7919 % 45000 AS STRING))",
     "MATCH (t:T) UNWIND range(1, 6) AS j RETURN count(DISTINCT (t.id * 6 + j) * 7919 % 45000)"},
    {"MATCH (t:T) WHERE t.id < 900 RETURN rpad(CAST(t.id * 7919 % 700 AS STRING), CAST(6 + t.id % 2 * 9000 AS INT64), 'x') + '' AS k, count(*) AS c, sum(t.id) AS s ORDER BY c DESC, s LIMIT 12",
     "MATCH (t:T) WHERE t.id < 900 WITH t.id * 7919 % 700 * 2 + t.id % 2 AS n, count(*) AS c, sum(t.id) AS s RETURN rpad(CAST(CAST(floor(n / 2) AS INT64) AS STRING), CAST(6 + n % 2 * 9000 AS INT64), 'x') AS k, "
     "c, s ORDER BY c DESC, s LIMIT 12"},
    {"MATCH (a:T), (b:T) WHERE a.wide = b.wide AND a.small < 10 RETURN a.id, b.id ORDER BY b.wide, a.id LIMIT 10",
     "MATCH (a:T), (b:T) WHERE a.wide = b.wide AND a.small < 10 RETURN a.id, b.id ORDER BY b.wide + 0, a.id LIMIT 10"},
    {"MATCH (t:T) WHERE t.name CONTAINS 'kaan' RETURN count(*), sum(t.id)",
     "MATCH (t:T) WHERE t.name =~ '.*kaan.*' RETURN count(*), sum(t.id)"},
    {"MATCH (t:T) WHERE t.name CONTAINS 'nberdor' RETURN count(*), sum(t.id)",
     "MATCH (t:T) WHERE t.name =~ '.*nberdor.*' RETURN count(*), sum(t.id)"},
    {"MATCH (t:T) WHERE t.name CONTAINS 'Mokazzanelberdorin' RETURN count(*), sum(t.id)",
     "MATCH (t:T) WHERE t.name =~ '.*Mokazzanelberdorin.*' RETURN count(*), sum(t.id)"},
};

static void scan_ask_pairs(ruzu_conn *conn)
{
    for (size_t i = 0; i < sizeof scan_pairs / sizeof *scan_pairs; i++) {
        char *fast = scan_ask(conn, scan_pairs[i][0]);
        char *plain = scan_ask(conn, scan_pairs[i][1]);
        CHECK(fast[0] != '\0');
        scan_same(fast, plain, scan_pairs[i][0]);
        free(fast);
        free(plain);
    }
}

static void scan_ask_all(ruzu_conn *conn)
{
    session_run(conn, "CALL threads = 1");
    scan_ask_twice(conn);
    scan_ask_pairs(conn);
    session_run(conn, "CALL threads = 3");
    scan_ask_twice(conn);
    scan_ask_pairs(conn);
}

static void fast_paths_agree_with_plain_ones(void)
{
    ruzu_conn *conn = session_open(session_path("scan.ruzu"));
    scan_load(conn);
    scan_ask_all(conn);
    session_run(conn, "MATCH (t:T) WHERE t.id % 97 = 5 SET t.small = t.id % 7, t.name = 'anelanel', t.flag = NULL, t.tag = 'new'");
    session_run(conn, "MATCH (t:T) WHERE t.id % 13 = 4 AND t.id < 7000 SET t.tag = NULL");
    session_run(conn, "MATCH (t:T) WHERE t.id % 41 = 3 AND t.id < 6000 DETACH DELETE t");
    session_run(conn, "UNWIND range(100000, 100400) AS i CREATE (:T {id: i, small: i % 300 - 150, flag: i % 2 = 0, name: 'ber' + CAST(i AS STRING), tag: 'tag1', same: i % 8})");
    scan_ask_all(conn);
    session_run(conn, "CHECKPOINT");
    scan_ask_all(conn);
    session_run(conn, "MATCH (t:T) WHERE t.id > 4000 AND t.id < 4100 SET t.small = 100000, t.few = NULL, t.same = 8");
    session_run(conn, "BEGIN TRANSACTION");
    session_run(conn, "MATCH (t:T) WHERE t.id % 5 = 1 SET t.small = -t.small, t.half = 3");
    scan_ask_all(conn);
    session_run(conn, "COMMIT");
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(fast_paths_agree_with_plain_ones);
    session_end();
    return CHECK_DONE();
}
