/* SPDX-License-Identifier: MIT */
/*
 * Transactions larger than memory: with a pool of 16 MiB, statements that change far more than that commit, roll back, and leave nothing when the process is killed
 * before the commit. Each change is made three times, in that order of endings; counts and sums say what the database holds.
 *
 * RZ_TEST_VOLUME: percent of the rows.
 */
#include "integration/session.h"
#include "unit/volume.h"

#include <sys/wait.h>

#define MEMORY_BYTES (UINT64_C(16) << 20)

static int64_t larger_rows; /* nodes, and relationships */

static ruzu_conn *larger_open(const char *path)
{
    ruzu_conn *conn = NULL;
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = MEMORY_BYTES;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    if (conn == NULL) {
        exit(1);
    }
    return conn;
}

/* A statement with numbers in it. */
#define LARGER_RUN(conn, ...)                                                                                          \
    do {                                                                                                               \
        char larger_text_[512];                                                                                        \
        (void)snprintf(larger_text_, sizeof larger_text_, __VA_ARGS__);                                                \
        session_run(conn, larger_text_);                                                                               \
    } while (0)

/* One row of numbers. */
static void larger_expect(ruzu_conn *conn, const char *cypher, int64_t first, int64_t second)
{
    char rows[128];
    (void)snprintf(rows, sizeof rows, "%lld|%lld", (long long)first, (long long)second);
    EXPECT_ROWS(conn, cypher, rows);
}

/* Changes in a process that is killed before it commits. */
static void larger_killed(const char *path, void (*change)(ruzu_conn *conn))
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        ruzu_conn *conn = larger_open(path);
        session_run(conn, "BEGIN TRANSACTION");
        change(conn);
        if (check_failures != 0) {
            _exit(1);
        }
        (void)raise(SIGKILL);
    }
    int state = 0;
    CHECK_EQ_I64(waitpid(child, &state, 0), child);
    CHECK(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
}

/* The change is killed, rolled back, committed, and looked at after each: by the connection that made it, by one after it. */
static void larger_endings(const char *path, void (*change)(ruzu_conn *conn), void (*before)(ruzu_conn *conn), void (*after)(ruzu_conn *conn))
{
    larger_killed(path, change);
    ruzu_conn *conn = larger_open(path);
    before(conn);
    session_run(conn, "BEGIN TRANSACTION");
    change(conn);
    after(conn);
    session_run(conn, "ROLLBACK");
    before(conn);
    session_run(conn, "BEGIN TRANSACTION");
    change(conn);
    session_run(conn, "COMMIT");
    after(conn);
    session_run(conn, "CHECKPOINT");
    after(conn);
    session_close(conn);
    conn = larger_open(path);
    after(conn);
    EXPECT_ROWS(conn, "CALL check_database() RETURN count(*)", "0");
    session_close(conn);
}

/* ---- creating ---- */

static void no_nodes(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (n:N) RETURN count(*), coalesce(sum(n.x), 0)", 0, 0);
}

static void create_nodes(ruzu_conn *conn)
{
    LARGER_RUN(conn, "UNWIND range(1, %lld) AS i CREATE (:N {id: i * 7919 %% 1000003, x: i, s: 'text of ' + CAST(i, 'STRING')})", (long long)larger_rows);
}

static void all_nodes(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (n:N) RETURN count(*), sum(n.x)", larger_rows, larger_rows * (larger_rows + 1) / 2);
    EXPECT_ROWS(conn, "MATCH (n:N {id: 5 * 7919}) RETURN n.x, n.s", "5|text of 5");
}

static void created_nodes_commit_roll_back_and_vanish(void)
{
    const char *path = session_path("creates.ruzu");
    ruzu_conn *conn = larger_open(path);
    session_run(conn, "CREATE NODE TABLE N(id INT64 PRIMARY KEY, x INT64, s STRING)");
    session_close(conn);
    larger_endings(path, create_nodes, no_nodes, all_nodes);
    conn = larger_open(path);
    EXPECT_ERROR(conn, "CREATE (:N {id: 7919})", RUZU_ERROR_CONSTRAINT, "Runtime exception: Found duplicated primary key value 7919");
    session_close(conn);
}

int main(void)
{
    larger_rows = (int64_t)test_volume(500000, 20000);
    session_begin();
    RUN(created_nodes_commit_roll_back_and_vanish);
    session_end();
    return CHECK_DONE();
}
