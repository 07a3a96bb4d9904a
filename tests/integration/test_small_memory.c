/* SPDX-License-Identifier: MIT */
/*
 * Work that goes on and on with little memory: small transactions that insert, change and delete texts, automatic checkpoints, closing and opening. Nothing of it may be refused for want of
 * memory, however long it goes on; counts and sums say what the database holds, and the check finds it sound.
 *
 * RZ_TEST_VOLUME: percent of the rows.
 */
#include "integration/session.h"
#include "unit/volume.h"

#include <sys/resource.h>

#define SMALL_BATCH 4000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SMALL_MEASURED 0 /* shadow memory is not the database's */
#else
#define SMALL_MEASURED 1
#endif

/* What the process ever had in memory – program, stacks, pages – against what the database was given. */
static void small_check_peak(uint64_t memory_mib, uint64_t beside_mib)
{
    struct rusage usage;
    CHECK_EQ_I64(getrusage(RUSAGE_SELF, &usage), 0);
    uint64_t peak_mib = (uint64_t)usage.ru_maxrss >> 10; /* KiB */
    printf("%llu MiB at most in memory, the database was given %llu\n", (unsigned long long)peak_mib, (unsigned long long)memory_mib);
    CHECK(!SMALL_MEASURED || peak_mib <= memory_mib + beside_mib);
}

static ruzu_conn *small_open(const char *path, uint64_t memory_mib)
{
    ruzu_conn *conn = NULL;
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = memory_mib << 20;
    config.memory_limit = memory_mib << 20;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    if (conn == NULL) {
        exit(1);
    }
    return conn;
}

/* A statement with numbers in it. */
#define SMALL_RUN(conn, ...)                                                                                           \
    do {                                                                                                               \
        char small_text_[512];                                                                                         \
        (void)snprintf(small_text_, sizeof small_text_, __VA_ARGS__);                                                  \
        session_run(conn, small_text_);                                                                                \
    } while (0)

static void small_expect(ruzu_conn *conn, const char *cypher, int64_t first, int64_t second)
{
    char rows[128];
    (void)snprintf(rows, sizeof rows, "%lld|%lld", (long long)first, (long long)second);
    EXPECT_ROWS(conn, cypher, rows);
}

static void small_sound(ruzu_conn *conn)
{
    EXPECT_ROWS(conn, "CALL check_database(deep := true) WHERE severity <> 'warning' RETURN *", "");
}

/* ---- many rows ---- */

typedef struct small_model {
    int64_t rows;
    int64_t sum; /* of v */
    int64_t follows;
} small_model;

static void small_check(ruzu_conn *conn, const small_model *model)
{
    small_expect(conn, "MATCH (t:T) RETURN count(*), sum(t.v)", model->rows, model->sum);
    small_expect(conn, "MATCH (t:T) WHERE size(t.s) < 160 OR size(t.s) > 180 RETURN count(*), 0", 0, 0);
    small_expect(conn, "MATCH (a:T)-[f:Follows]->(b:T) RETURN count(*), min(a.id)", model->follows, 3000);
    small_expect(conn, "MATCH (b:T)<-[f:Follows]-(a:T) RETURN count(*), min(b.id)", model->follows, 3000);
}

/* Rows [first, first + SMALL_BATCH): inserted; then some of the batch before are changed and deleted. v of a row is 1, later 2. */
static void small_round(ruzu_conn *conn, int64_t first, small_model *model)
{
    SMALL_RUN(conn, "UNWIND range(%lld, %lld) AS i CREATE (:T {id: i, v: 1, s: repeat('0123456789abcdef', 10) + CAST(i AS STRING)})", (long long)first,
              (long long)(first + SMALL_BATCH - 1));
    model->rows += SMALL_BATCH;
    model->sum += SMALL_BATCH;
    if (first == 0) {
        return;
    }
    long long before = (long long)(first - SMALL_BATCH);
    SMALL_RUN(conn, "MATCH (t:T) WHERE t.id >= %lld AND t.id < %lld SET t.v = 2, t.s = repeat('fedcba9876543210', 10) + CAST(t.id AS STRING)", before, before + 500);
    model->sum += 500;
    SMALL_RUN(conn, "MATCH (a:T {id: %lld}) MATCH (b:T) WHERE b.id >= %lld AND b.id < %lld CREATE (a)-[:Follows]->(b)", before + 3000, before + 3000, before + 3300);
    model->follows += 300;
    SMALL_RUN(conn, "MATCH (t:T) WHERE t.id >= %lld AND t.id < %lld DETACH DELETE t", before + 3200, before + 3500);
    model->rows -= 300;
    model->sum -= 300;
    model->follows -= 100;
}

static void small_transactions_of_texts_go_on_for_ever(void)
{
    const char *path = session_path("small.ruzu");
    small_model model = {0, 0, 0};
    ruzu_conn *conn = small_open(path, 16);
    session_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY, v INT64, s STRING); CREATE REL TABLE Follows(FROM T TO T)");
    int64_t rows = (int64_t)test_volume(1000000, 3 * SMALL_BATCH);
    for (int64_t first = 0; first < rows; first += SMALL_BATCH) {
        small_round(conn, first, &model);
    }
    small_check(conn, &model);
    session_close(conn);
    conn = small_open(path, 16);
    small_check(conn, &model);
    small_sound(conn);
    small_round(conn, (rows + SMALL_BATCH - 1) / SMALL_BATCH * SMALL_BATCH, &model);
    session_run(conn, "CHECKPOINT");
    small_check(conn, &model);
    session_close(conn);
}

/* ---- long texts ---- */

static void long_texts(uint64_t memory_mib)
{
    const char *path = session_path(memory_mib == 16 ? "long16.ruzu" : "long32.ruzu");
    ruzu_conn *conn = small_open(path, memory_mib);
    session_run(conn, "CREATE NODE TABLE L(id INT64 PRIMARY KEY, s STRING)");
    session_run(conn, "UNWIND range(1, 700) AS i CREATE (:L {id: i, s: repeat('0123456789', 7000) + CAST(i AS STRING)})");
    for (int i = 701; i <= 800; i++) {
        SMALL_RUN(conn, "CREATE (:L {id: %d, s: repeat('abcdefghij', 7000) + '%d'})", i, i);
    }
    session_run(conn, "CHECKPOINT");
    for (int i = 1; i <= 700; i += 70) {
        SMALL_RUN(conn, "MATCH (l:L {id: %d}) SET l.s = repeat('changed ', 9000)", i);
        SMALL_RUN(conn, "MATCH (l:L {id: %d}) DELETE l", i + 1);
    }
    session_close(conn);
    conn = small_open(path, memory_mib);
    EXPECT_ROWS(conn, "MATCH (l:L) RETURN count(*), sum(l.id)", "790|317230");
    for (int i = 1; i <= 800; i += 23) {
        char cypher[160];
        bool changed = i <= 700 && (i - 1) % 70 == 0, deleted = i <= 701 && i > 1 && (i - 2) % 70 == 0;
        (void)snprintf(cypher, sizeof cypher, "MATCH (l:L {id: %d}) RETURN size(l.s)", i);
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
        CHECK_STR(ruzu_errmsg(conn), "");
        CHECK_EQ_I64((int64_t)ruzu_result_row_count(result), deleted ? 0 : 1);
        if (!deleted && ruzu_result_next(result)) {
            CHECK_EQ_I64(ruzu_get_int64(result, 0), changed ? 72000 : 70000 + (i < 10 ? 1 : i < 100 ? 2 : 3));
        }
        ruzu_result_free(result);
    }
    small_sound(conn);
    session_close(conn);
}

static void long_texts_with_16_mib(void)
{
    long_texts(16);
}

static void long_texts_with_32_mib(void)
{
    long_texts(32);
}

/* ---- queries over long texts ---- */

#define LONG_SHORTER 700 /* texts of 70,000 bytes and more */
#define LONG_LONGER 20   /* texts of a MiB and more */

static void long_query_make(const char *path)
{
    ruzu_conn *conn = small_open(path, 64);
    session_run(conn, "CREATE NODE TABLE D(id INT64 PRIMARY KEY, s STRING); CREATE REL TABLE K(FROM D TO D)");
    SMALL_RUN(conn, "UNWIND range(1, %d) AS i CREATE (:D {id: i, s: repeat(chr(65 + i %% 20), 70000) + CAST(i AS STRING)})", LONG_SHORTER);
    SMALL_RUN(conn, "UNWIND range(%d, %d) AS i CREATE (:D {id: i, s: repeat('m', 1048576) + CAST(i AS STRING)})", LONG_SHORTER + 1, LONG_SHORTER + LONG_LONGER);
    SMALL_RUN(conn, "MATCH (a:D), (b:D) WHERE b.id = a.id %% %d + 1 CREATE (a)-[:K]->(b)", LONG_SHORTER + LONG_LONGER);
    session_close(conn);
}

/* Reads more of texts than memory holds; answers are short. */
static const char *const LONG_QUERIES[] = {
    "MATCH (d:D) RETURN count(*), sum(size(d.s))",
    "MATCH (d:D) WHERE d.s CONTAINS '99' RETURN count(*), sum(d.id)",
    "MATCH (d:D) RETURN d.id, size(d.s) ORDER BY size(d.s) DESC, d.id LIMIT 3",
    "MATCH (d:D) RETURN size(max(d.s)), size(min(d.s)), left(max(d.s), 5)",
    "MATCH (d:D) RETURN count(DISTINCT d.s)",
    "MATCH (d:D) WITH left(d.s, 1) AS l, d.s AS s RETURN l, count(DISTINCT s) ORDER BY l LIMIT 4",
    "MATCH (a:D)-[:K]->(d:D) RETURN sum(size(a.s)), sum(size(d.s))",
    "MATCH (d:D) WITH d.id AS i, d.s AS s ORDER BY s DESC, i SKIP 300 LIMIT 5 RETURN i, size(s)",
    "MATCH (d:D) WITH d.s AS s ORDER BY s RETURN sum(size(s))",
};
#define LONG_QUERY_COUNT ((uint32_t)(sizeof LONG_QUERIES / sizeof LONG_QUERIES[0]))

/* The answers with memory for everything, one behind the other; free them. */
static char **long_query_answers(const char *path)
{
    ruzu_conn *conn = small_open(path, 1024);
    char **answers = (char **)calloc(LONG_QUERY_COUNT, sizeof *answers);
    for (uint32_t i = 0; answers != NULL && i < LONG_QUERY_COUNT; i++) {
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, LONG_QUERIES[i], &result), RUZU_OK);
        const char *text = session_text(result);
        answers[i] = (char *)malloc(strlen(text) + 1);
        if (answers[i] == NULL) {
            exit(1);
        }
        memcpy(answers[i], text, strlen(text) + 1);
        CHECK(answers[i][0] != '\0');
        ruzu_result_free(result);
    }
    session_close(conn);
    return answers;
}

static void queries_over_long_texts_need_little_memory(void)
{
    const char *path = session_path("texts.ruzu");
    long_query_make(path);
    char **answers = long_query_answers(path);
    if (answers == NULL) {
        exit(1);
    }
    for (uint64_t memory_mib = 16; memory_mib <= 32; memory_mib *= 2) {
        ruzu_conn *conn = small_open(path, memory_mib);
        for (uint32_t i = 0; i < LONG_QUERY_COUNT; i++) {
            EXPECT_ROWS(conn, LONG_QUERIES[i], answers[i]);
        }
        EXPECT_ERROR(conn, "MATCH (d:D) RETURN size(collect(d.s))", RUZU_ERROR_NO_MEMORY, "Buffer manager exception: ");
        EXPECT_ROWS(conn, LONG_QUERIES[0], answers[0]); /* nothing is left of it */
        session_close(conn);
    }
    for (uint32_t i = 0; i < LONG_QUERY_COUNT; i++) {
        free(answers[i]);
    }
    free(answers);
}

/* Texts of more than memory are copied from nodes to nodes, changed and deleted, a statement each. */
static void long_texts_are_copied_and_changed(void)
{
    const char *path = session_path("texts.ruzu"); /* of the case before */
    ruzu_conn *conn = small_open(path, 16);
    session_run(conn, "CREATE NODE TABLE C(id INT64 PRIMARY KEY, s STRING)");
    session_run(conn, "MATCH (d:D) WHERE d.id % 4 = 0 OR d.id > 700 WITH d.id AS i, d.s AS s CREATE (:C {id: i, s: s})");
    session_close(conn);
    conn = small_open(path, 1024);
    EXPECT_ROWS(conn, "MATCH (c:C), (d:D) WHERE c.id = d.id AND c.s = d.s RETURN count(*)", "195");
    session_close(conn); /* a checkpoint that runs beside a statement takes memory of its own */
    conn = small_open(path, 32);
    session_run(conn, "MATCH (c:C) SET c.s = c.s + 'x'");
    session_close(conn);
    conn = small_open(path, 1024); /* joined nodes are read by whole vectors */
    EXPECT_ROWS(conn, "MATCH (c:C), (d:D) WHERE c.id = d.id AND c.s = d.s + 'x' RETURN count(*)", "195");
    session_close(conn);
    conn = small_open(path, 16);
    session_run(conn, "MATCH (c:C) WHERE c.id % 8 = 0 DELETE c");
    session_close(conn);
    conn = small_open(path, 1024);
    EXPECT_ROWS(conn, "MATCH (c:C), (d:D) WHERE c.id = d.id RETURN count(*), sum(size(c.s) - size(d.s))", "105|105");
    session_close(conn);
    conn = small_open(path, 1024);
    EXPECT_ROWS(conn, "MATCH (c:C), (d:D) WHERE c.id = d.id RETURN count(*), sum(size(c.s) - size(d.s))", "105|105");
    small_sound(conn);
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(small_transactions_of_texts_go_on_for_ever);
    small_check_peak(16, 18);
    RUN(long_texts_with_16_mib);
    small_check_peak(16, 26); /* writing a row group of long texts may pass the limit by half */
    RUN(long_texts_with_32_mib);
    RUN(queries_over_long_texts_need_little_memory);
    RUN(long_texts_are_copied_and_changed);
    session_end();
    return CHECK_DONE();
}
