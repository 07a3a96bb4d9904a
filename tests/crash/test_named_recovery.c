/* SPDX-License-Identifier: MIT */
/*
 * Logs that hold more than memory does: recovery folds them into the file on the way. Failures by name, as in test_named_checkpoint.c; docs/testing.md lists them.
 */
#include "crash/named.h"

#define LARGE_MEMORY (UINT64_C(256) << 20)
#define SMALL_MEMORY (UINT64_C(4) << 20)

static ruzu_status sized_open(simfs *fs, uint64_t memory, uint32_t flags, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1;
    config.buffer_pool_size = memory;
    config.memory_limit = memory;
    config.flags |= flags | RUZU_OPEN_NO_AUTO_CHECKPOINT;
    return rz_conn_open(simfs_vfs(fs), NAMED_PATH, &config, out);
}

static ruzu_conn *opened(simfs *fs, uint64_t memory)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(sized_open(fs, memory, 0, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    return conn;
}

/* ---- a log of every kind of record ---- */

static const char *const log_questions[] = {
    "MATCH (p:P) RETURN count(*), sum(p.id), sum(p.v), sum(size(p.t))",
    "MATCH (p:P) RETURN max(p.t)",
    "MATCH (p:P) WHERE p.id % 97 = 5 RETURN p.id, p.v, p.t ORDER BY p.id",
    "MATCH (a:P)-[k:K]->(b:P) RETURN count(*), sum(k.w), sum(a.id), sum(b.id)",
    "MATCH (b:P)<-[k:K]-(a:P) RETURN count(*), sum(k.w), sum(a.id), sum(b.id)",
    "MATCH (a:P {id: 120})-[k:K]->(b:P) RETURN b.id, k.w ORDER BY b.id, k.w",
    "MATCH (p:P {id: 3003}) RETURN p.v, p.t",
    "MATCH (l:Loaded) RETURN count(*), sum(l.id), sum(l.v)",
    "MATCH (l:Loaded {id: 1500}) RETURN l.v",
    "MATCH (a:Loaded)-[r:R]->(b:Loaded) RETURN count(*), sum(a.id), sum(b.id)",
    "MATCH (b:Loaded)<-[r:R]-(a:Loaded) RETURN count(*), sum(a.id), sum(b.id)",
    "MATCH (s:S) RETURN count(*), sum(s.id)",
    "CALL show_tables() RETURN name, type ORDER BY name",
};

static const crash_workload log_workload = {.name = "log", .questions = (const char *const *)NULL};

static void ask_all(ruzu_conn *conn, crash_text *out)
{
    const char *questions[sizeof log_questions / sizeof log_questions[0] + 1] = {NULL};
    crash_workload workload = log_workload;
    memcpy(questions, log_questions, sizeof log_questions);
    workload.questions = questions;
    CHECK_EQ_I64(crash_ask(conn, &workload, out), RUZU_OK);
}

/* Each # stands for the number. */
static void run_number(ruzu_conn *conn, const char *text, int number)
{
    char cypher[512];
    size_t length = 0;
    for (; *text != '\0' && length + 16 < sizeof cypher; text++) {
        length += (size_t)(*text == '#' ? snprintf(cypher + length, 16, "%d", number) : snprintf(cypher + length, 16, "%c", *text));
    }
    cypher[length] = '\0';
    named_run(conn, cypher);
}

/* Inserts, updates, deletes, relationships, loads, tables that come and go, sequences: `rounds` times, nothing of it in the file. */
static void write_log(simfs *fs, ruzu_conn *conn, int rounds)
{
    named_csv(fs, "/data/loaded.csv", 1, 3000);
    named_csv(fs, "/data/more.csv", 3001, 5000);
    crash_text pairs = {0};
    for (int i = 1; i <= 3000; i++) {
        char line[48];
        int length = snprintf(line, sizeof line, "%d,%d\n", i, (i * 7 + 3) % 3000 + 1);
        crash_text_add(&pairs, line, (size_t)length);
    }
    named_file(fs, "/data/pairs.csv", pairs.data, pairs.length);
    crash_text_free(&pairs);
    named_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, v INT64, t STRING); CREATE REL TABLE K(FROM P TO P, w INT64)");
    named_run(conn, "CREATE NODE TABLE Loaded(id INT64 PRIMARY KEY, v INT64); CREATE REL TABLE R(FROM Loaded TO Loaded)");
    named_run(conn, "CREATE NODE TABLE S(id SERIAL PRIMARY KEY, x INT64)");
    for (int round = 0; round < rounds; round++) {
        run_number(conn, "UNWIND range(# * 300, # * 300 + 299) AS i CREATE (:P {id: i, v: i, t: repeat('text ' + CAST(i AS STRING), 6)})", round);
        run_number(conn, "UNWIND [1, 20, 133] AS i MATCH (b:P {id: # * 300 + i}) MATCH (a:P) WHERE a.id >= # * 300 AND a.id < # * 300 + 300 CREATE (a)-[:K {w: a.id + i}]->(b)", round);
        run_number(conn, "MATCH (p:P) WHERE p.id % 11 = # % 11 SET p.v = p.v + 1, p.t = 'changed ' + p.t", round);
        run_number(conn, "MATCH (p:P) WHERE p.id % 50 = 7 AND p.id >= # * 300 DETACH DELETE p", round);
        run_number(conn, "CREATE (:S {x: #})", round);
        if (round == rounds / 4) {
            named_run(conn, "COPY Loaded FROM '/data/loaded.csv'; COPY R FROM '/data/pairs.csv'");
            named_run(conn, "CREATE NODE TABLE Gone(id INT64 PRIMARY KEY, v INT64); COPY Gone FROM '/data/loaded.csv'");
        }
        if (round == rounds / 2) {
            named_run(conn, "DROP TABLE Gone; MATCH (a:Loaded)-[r:R]->() WHERE a.id % 3 = 0 DELETE r; MATCH (l:Loaded) WHERE l.id % 5 = 0 SET l.v = 0");
        }
        if (round == rounds * 3 / 4) {
            named_run(conn, "COPY Loaded FROM '/data/more.csv'; COPY R FROM '/data/pairs.csv'; ALTER TABLE P ADD extra STRING DEFAULT 'none'");
        }
    }
}

/* The database with the whole log, as power was lost after its last commit; the answers to all questions. */
static simfs *logged_disk(int rounds, crash_text *answers)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = opened(fs, LARGE_MEMORY);
    write_log(fs, conn, rounds);
    ask_all(conn, answers);
    simfs *lost = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 1);
    named_close(conn);
    simfs_free(fs);
    return lost;
}

static void check_answers(ruzu_conn *conn, const crash_text *expected)
{
    crash_text got = {0};
    ask_all(conn, &got);
    CHECK(crash_text_same(&got, expected));
    if (!crash_text_same(&got, expected)) {
        fprintf(stderr, "expected:\n%.2000s\ngot:\n%.2000s\n", expected->data, got.data);
    }
    crash_text_free(&got);
}

static int folds_of(ruzu_conn *conn)
{
    return atoi(named_info(conn, "checkpoints while recovering"));
}

/* ---- the tests ---- */

/* Written with 256 MiB, opened with 4: it is all there, is sound, and takes more; nothing is left to do for the next open. */
static void log_larger_than_memory_recovers(void)
{
    crash_text answers = {0};
    simfs *fs = logged_disk(100, &answers);
    CHECK(simfs_file_size(fs, NAMED_LOG) > 2 * SMALL_MEMORY);
    ruzu_conn *conn = opened(fs, SMALL_MEMORY);
    CHECK(folds_of(conn) >= 2);
    check_answers(conn, &answers);
    named_sound(conn, false);
    named_run(conn, "CREATE (:P {id: 1000001, v: 1, t: 'later'})");
    named_run(conn, "MATCH (p:P {id: 1000001}) DELETE p; CHECKPOINT");
    named_close(conn);
    conn = opened(fs, SMALL_MEMORY);
    CHECK_EQ_I64(folds_of(conn), 0);
    check_answers(conn, &answers);
    named_sound(conn, false);
    named_close(conn);
    crash_text_free(&answers);
    simfs_free(fs);
}

/* The logs of two generations: a checkpoint failed after it had changed logs. */
static void two_logs_folded_on_the_way(void)
{
    crash_text answers = {0};
    simfs *fs = named_disk();
    ruzu_conn *conn = opened(fs, LARGE_MEMORY);
    write_log(fs, conn, 30);
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_RESERVE), .path = "db.ruzu.tmp", .forever = true, .action = SIMFS_FAIL, .error_number = ENOSPC});
    CHECK_EQ_I64(ruzu_query(conn, "CHECKPOINT", NULL), RUZU_ERROR_DISK_FULL);
    simfs_clear_faults(fs);
    for (int round = 100; round < 150; round++) {
        run_number(conn, "UNWIND range(# * 300, # * 300 + 299) AS i CREATE (:P {id: i, v: i, t: repeat('text ' + CAST(i AS STRING), 6)})", round);
        run_number(conn, "MATCH (p:P) WHERE p.id % 11 = # % 11 SET p.v = p.v + 1", round);
    }
    ask_all(conn, &answers);
    simfs *lost = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 1);
    named_close(conn);
    CHECK(simfs_file_size(lost, NAMED_LOG) > SMALL_MEMORY / 4 && simfs_file_size(lost, NAMED_LOG2) > SMALL_MEMORY / 4);
    for (int again = 0; again < 2; again++) { /* the second time from a header whose folded LSN is in the newer log */
        conn = opened(lost, SMALL_MEMORY);
        CHECK(again != 0 || folds_of(conn) >= 2);
        check_answers(conn, &answers);
        named_sound(conn, false);
        simfs *next = simfs_crash(lost, simfs_op_count(lost), SIMFS_DROP, 1);
        named_close(conn);
        simfs_free(lost);
        lost = next;
    }
    simfs_free(lost);
    simfs_free(fs);
    crash_text_free(&answers);
}

/* One state within a recovery that folds; goes down to states within its recovery, and so on. */
static void crashed_again(simfs *fs, uint64_t k, int depth, uint64_t seed, const crash_text *answers)
{
    simfs_model model = (simfs_model)(seed % SIMFS_MODEL_COUNT);
    simfs *crashed = simfs_crash(fs, k, model, seed);
    int before = check_failures;
    ruzu_conn *conn = opened(crashed, SMALL_MEMORY);
    if (conn != NULL) {
        check_answers(conn, answers);
        named_sound(conn, true);
        uint64_t recovered = simfs_op_count(crashed);
        if (depth > 0 && recovered != 0) {
            crashed_again(crashed, (seed * 7919) % recovered, depth - 1, seed + 1, answers);
        }
        named_run(conn, "CREATE (:P {id: 1000001, v: 1, t: 'later'})");
        named_run(conn, "MATCH (p:P {id: 1000001}) DELETE p; CHECKPOINT");
        named_close(conn);
        conn = opened(crashed, SMALL_MEMORY);
        check_answers(conn, answers);
        named_sound(conn, false);
        named_close(conn);
    }
    if (check_failures != before) {
        char text[128];
        fprintf(stderr, "power loss before operation %s, model %s, depth %d, seed %llu\n", simfs_describe(fs, k, text, sizeof text), simfs_model_name(model), depth,
                (unsigned long long)seed);
    }
    simfs_free(crashed);
}

/* Power is lost in the midst of the folds, and in the midst of the recovery from that, and so on: nothing is lost. */
static void log_folded_on_the_way_then_crash(void)
{
    crash_text answers = {0};
    simfs *fs = logged_disk(24, &answers);
    ruzu_conn *conn = opened(fs, SMALL_MEMORY);
    CHECK(folds_of(conn) >= 1);
    uint64_t to = simfs_op_count(fs);
    uint64_t points = 0;
    for (uint64_t k = simfs_next_crash_point(fs, 0); k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        points++;
    }
    const char *volume = getenv("RZ_TEST_VOLUME");
    uint64_t wanted = 60 * (volume == NULL ? 100 : strtoull(volume, NULL, 10)) / 100 + 1;
    uint64_t stride = points / wanted + 1;
    uint64_t number = 0;
    for (uint64_t k = simfs_next_crash_point(fs, 0); k != UINT64_MAX && k <= to; k = simfs_next_crash_point(fs, k), number++) {
        if (number % stride == 0) {
            crashed_again(fs, k, 2, number * 31 + 7, &answers);
        }
    }
    named_close(conn);
    crash_text_free(&answers);
    simfs_free(fs);
}

/* The disk is full, or fails, while recovery folds: opening says so, and opens when it works again. */
static void failing_fold_is_refused_and_harmless(void)
{
    const int errors[] = {ENOSPC, EIO};
    crash_text answers = {0};
    simfs *lost = logged_disk(24, &answers);
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t skip = 0; skip < 40; skip += 3) {
            simfs *fs = simfs_copy(lost);
            ruzu_conn *conn = NULL;
            simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP,
                                              .kinds = SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_RESERVE) | (i == 0 ? 0 : SIMFS_KIND(SIMFS_OP_SYNC)),
                                              .skip = skip,
                                              .forever = true,
                                              .action = SIMFS_FAIL,
                                              .error_number = errors[i]});
            uint64_t hits = simfs_fault_hits(fs);
            ruzu_status status = sized_open(fs, SMALL_MEMORY, 0, &conn);
            bool struck = simfs_fault_hits(fs) != hits;
            CHECK(!struck || status == (i == 0 ? RUZU_ERROR_DISK_FULL : RUZU_ERROR_IO) || status == RUZU_ERROR_POISONED);
            CHECK(!struck || strstr(ruzu_open_errmsg(), "db.ruzu") != NULL);
            CHECK_EQ_I64(struck ? simfs_open_count(fs) : 0, 0);
            simfs_clear_faults(fs);
            if (conn != NULL) {
                named_close(conn);
            }
            conn = opened(fs, SMALL_MEMORY);
            check_answers(conn, &answers);
            named_sound(conn, false);
            named_close(conn);
            simfs_free(fs);
        }
    }
    crash_text_free(&answers);
    simfs_free(lost);
}

/* A file opened read-only is left alone: what its log holds must fit memory, or the message says what helps. */
static void read_only_open_of_a_large_log(void)
{
    crash_text answers = {0};
    simfs *fs = logged_disk(60, &answers);
    uint64_t before = simfs_op_count(fs);
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(sized_open(fs, SMALL_MEMORY, RUZU_OPEN_READ_ONLY, &conn), RUZU_ERROR_NO_MEMORY);
    CHECK(strstr(ruzu_open_errmsg(), "Open it once for writing") != NULL);
    CHECK_EQ_I64(sized_open(fs, LARGE_MEMORY, RUZU_OPEN_READ_ONLY, &conn), RUZU_OK);
    CHECK_EQ_I64(folds_of(conn), 0);
    check_answers(conn, &answers);
    named_close(conn);
    for (uint64_t op = before; op < simfs_op_count(fs); op++) {
        CHECK(simfs_op_kind_at(fs, op) != SIMFS_OP_WRITE && simfs_op_kind_at(fs, op) != SIMFS_OP_TRUNCATE);
    }
    conn = opened(fs, SMALL_MEMORY);
    named_close(conn);
    CHECK_EQ_I64(sized_open(fs, SMALL_MEMORY, RUZU_OPEN_READ_ONLY, &conn), RUZU_OK);
    check_answers(conn, &answers);
    named_close(conn);
    crash_text_free(&answers);
    simfs_free(fs);
}

int main(void)
{
    RUN(log_larger_than_memory_recovers);
    RUN(two_logs_folded_on_the_way);
    RUN(log_folded_on_the_way_then_crash);
    RUN(failing_fold_is_refused_and_harmless);
    RUN(read_only_open_of_a_large_log);
    return CHECK_DONE();
}
