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

static uint64_t larger_pool = MEMORY_BYTES;

static ruzu_conn *larger_open(const char *path)
{
    ruzu_conn *conn = NULL;
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = larger_pool;
    config.memory_limit = MEMORY_BYTES;
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

/* Changes in a process that is killed before it commits, or after it, when only the log has them (after: what it sees then). */
static void larger_killed(const char *path, void (*change)(ruzu_conn *conn), void (*after)(ruzu_conn *conn))
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        ruzu_conn *conn = larger_open(path);
        session_run(conn, "CALL auto_checkpoint=false");
        session_run(conn, "BEGIN TRANSACTION");
        change(conn);
        if (after != NULL) {
            session_run(conn, "COMMIT");
            after(conn);
        }
        if (check_failures != 0) {
            _exit(1);
        }
        (void)raise(SIGKILL);
    }
    int state = 0;
    CHECK_EQ_I64(waitpid(child, &state, 0), child);
    CHECK(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
}

/* The change is killed, rolled back, committed and killed, and looked at after each: by the connection that made it, by one after it. */
static void larger_endings(const char *path, void (*change)(ruzu_conn *conn), void (*before)(ruzu_conn *conn), void (*after)(ruzu_conn *conn))
{
    larger_killed(path, change, NULL);
    ruzu_conn *conn = larger_open(path);
    before(conn);
    session_run(conn, "BEGIN TRANSACTION");
    change(conn);
    after(conn);
    session_run(conn, "ROLLBACK");
    before(conn);
    session_close(conn);
    larger_killed(path, change, after);
    conn = larger_open(path); /* the log is larger than memory, too */
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

/* ---- relationships ---- */

static int64_t larger_sum(void)
{
    return larger_rows * (larger_rows + 1) / 2;
}

static void graph_begin(const char *path)
{
    ruzu_conn *conn = larger_open(path);
    session_run(conn, "CREATE NODE TABLE N(id INT64 PRIMARY KEY, x INT64)");
    session_run(conn, "CREATE REL TABLE R(FROM N TO N, w INT64)");
    LARGER_RUN(conn, "UNWIND range(0, %lld) AS i CREATE (:N {id: i, x: i + 1})", (long long)larger_rows - 1);
    session_run(conn, "MATCH (a:N {id: 1}), (b:N {id: 2}) CREATE (a)-[:R {w: 0}]->(b), (a)-[:R {w: 0}]->(b), (b)-[:R {w: 0}]->(b)");
    session_close(conn);
}

static void few_rels(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (a:N)-[r:R]->(b:N) RETURN count(*), sum(r.w)", 3, 0);
    larger_expect(conn, "MATCH (b:N)<-[r:R]-(a:N) RETURN sum(a.id), sum(b.id)", 4, 6);
}

/* Each node gets one in and one out, far apart; the first ones more. */
static void create_rels(ruzu_conn *conn)
{
    LARGER_RUN(conn, "MATCH (a:N) MATCH (b:N) WHERE b.id = a.id * 7919 %% %lld CREATE (a)-[:R {w: a.x}]->(b)", (long long)larger_rows);
    session_run(conn, "MATCH (a:N {id: 1})-[r:R {w: 0}]->(b) WITH a, b, r LIMIT 1 DELETE r CREATE (a)-[:R {w: 5}]->(b)");
}

static void all_rels(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (a:N)-[r:R]->(b:N) RETURN count(*), sum(r.w)", larger_rows + 3, larger_sum() + 5);
    larger_expect(conn, "MATCH (b:N)<-[r:R]-(a:N) WHERE r.w > 5 RETURN sum(a.id), sum(b.id)", larger_sum() - larger_rows - 10,
                  larger_sum() - larger_rows - 10 * 7919);
    EXPECT_ROWS(conn, "MATCH (a:N {id: 1})-[r:R]->(b:N) RETURN b.id, r.w ORDER BY b.id, r.w", "2|0\n2|5\n7919|2");
    EXPECT_ROWS(conn, "MATCH (a:N {id: 2})<-[r:R]-(b:N) WHERE b.id < 3 RETURN b.id, r.w ORDER BY b.id, r.w", "1|0\n1|5\n2|0");
}

static void created_relationships_commit_roll_back_and_vanish(void)
{
    const char *path = session_path("rels.ruzu");
    graph_begin(path);
    larger_endings(path, create_rels, few_rels, all_rels);
}

/* What was created in the transaction is looked at, added to and deleted in it. */
static void relationships_are_seen_while_they_are_created(void)
{
    const char *path = session_path("seen.ruzu");
    graph_begin(path);
    ruzu_conn *conn = larger_open(path);
    ruzu_conn *other = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    session_run(other, "BEGIN TRANSACTION READ ONLY");
    few_rels(other);
    session_run(conn, "BEGIN TRANSACTION");
    create_rels(conn);
    all_rels(conn);
    few_rels(other);
    session_run(conn, "MATCH (a:N) WHERE a.id < 1000 MATCH (b:N) WHERE b.id = a.id + 1000 CREATE (b)-[:R {w: 1}]->(a)");
    session_run(conn, "MATCH (a:N)-[r:R]->(b:N) WHERE r.w > 1000000000 OR r.w = 0 DELETE r");
    larger_expect(conn, "MATCH (a:N)<-[r:R]-(b:N) RETURN count(*), sum(r.w)", larger_rows + 3 - 2 + 1000, larger_sum() + 5 + 1000);
    session_run(conn, "COMMIT");
    few_rels(other);
    session_run(other, "COMMIT");
    larger_expect(other, "MATCH (a:N)-[r:R]->(b:N) RETURN count(*), sum(r.w)", larger_rows + 3 - 2 + 1000, larger_sum() + 5 + 1000);
    CHECK_EQ_I64(ruzu_close(other), RUZU_OK);
    session_close(conn);
    conn = larger_open(path);
    larger_expect(conn, "MATCH (a:N)<-[r:R]-(b:N) RETURN count(*), sum(r.w)", larger_rows + 3 - 2 + 1000, larger_sum() + 5 + 1000);
    EXPECT_ROWS(conn, "CALL check_database() RETURN count(*)", "0");
    session_close(conn);
}

/* All relationships are one node's. */
static void create_hub(ruzu_conn *conn)
{
    session_run(conn, "MATCH (a:N {id: 0}) MATCH (b:N) WHERE b.id > 2 CREATE (a)-[:R {w: b.x}]->(b)");
}

static void hub_rels(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (a:N {id: 0})-[r:R]->(b:N) RETURN count(*), sum(r.w)", larger_rows - 3, larger_sum() - 6);
    larger_expect(conn, "MATCH (b:N)<-[r:R]-(a:N) WHERE a.id = 0 RETURN count(*), sum(b.x)", larger_rows - 3, larger_sum() - 6);
}

static void delete_hub(ruzu_conn *conn)
{
    session_run(conn, "MATCH (a:N {id: 0}) DETACH DELETE a");
}

static void hub_gone(ruzu_conn *conn)
{
    few_rels(conn);
    larger_expect(conn, "MATCH (n:N) RETURN count(*), min(n.id)", larger_rows - 1, 1);
}

static void hub_list_larger_than_pool(void)
{
    const char *path = session_path("hub.ruzu");
    larger_pool = UINT64_C(1) << 20;
    graph_begin(path);
    larger_endings(path, create_hub, few_rels, hub_rels);
    larger_endings(path, delete_hub, hub_rels, hub_gone);
    larger_pool = MEMORY_BYTES;
}

/* ---- deleting ---- */

static void delete_everything(ruzu_conn *conn)
{
    LARGER_RUN(conn, "MATCH (n:N) WHERE n.id < %lld DETACH DELETE n", (long long)larger_rows);
}

static void nothing_left(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (n:N) RETURN count(*), coalesce(sum(n.x), 0)", 0, 0);
    larger_expect(conn, "MATCH (a:N)-[r:R]->(b:N) RETURN count(*), coalesce(sum(r.w), 0)", 0, 0);
}

static void deleted_nodes_commit_roll_back_and_vanish(void)
{
    const char *path = session_path("deletes.ruzu");
    graph_begin(path);
    ruzu_conn *conn = larger_open(path);
    create_rels(conn);
    session_close(conn);
    larger_endings(path, delete_everything, all_rels, nothing_left);
}

/* ---- updating ---- */

static void rows_begin(const char *path)
{
    ruzu_conn *conn = larger_open(path);
    session_run(conn, "CREATE NODE TABLE N(id INT64 PRIMARY KEY, x INT64, s STRING)");
    LARGER_RUN(conn, "UNWIND range(1, %lld) AS i CREATE (:N {id: i, x: 1, s: 'text'})", (long long)larger_rows);
    session_run(conn, "MATCH (n:N) WHERE n.id <= 3 SET n.x = 2");
    session_close(conn);
}

static void rows_before(ruzu_conn *conn)
{
    larger_expect(conn, "MATCH (n:N) RETURN count(*), sum(n.x)", larger_rows, larger_rows + 3);
    EXPECT_ROWS(conn, "MATCH (n:N) WHERE n.s <> 'text' OR n.x > 2 RETURN count(*)", "0");
}

/* All rows, then some of them again, in another order; rows that the transaction has just added. */
static void update_rows(ruzu_conn *conn)
{
    session_run(conn, "MATCH (n:N) SET n.x = n.x + n.id");
    session_run(conn, "MATCH (n:N) SET n.s = 'value of ' + CAST(n.id, 'STRING')");
    LARGER_RUN(conn, "MATCH (m:N) MATCH (n:N) WHERE n.id = 1 + m.id * 7919 %% %lld AND n.id %% 2 = 0 SET n.x = 0", (long long)larger_rows);
    LARGER_RUN(conn, "UNWIND range(1, 5000) AS i CREATE (:N {id: i + %lld, x: 0, s: 'new'})", (long long)larger_rows);
    session_run(conn, "MATCH (n:N) WHERE n.s = 'new' SET n.x = 1");
}

static void rows_after(ruzu_conn *conn)
{
    int64_t odd = larger_rows / 2; /* larger_rows is even: their ids add up to odd * odd, and each had 1, two of them 2 */
    larger_expect(conn, "MATCH (n:N) RETURN count(*), sum(n.x)", larger_rows + 5000, odd * odd + odd + 2 + 5000);
    larger_expect(conn, "MATCH (n:N) WHERE n.s = 'value of ' + CAST(n.id, 'STRING') RETURN count(*), min(n.x)", larger_rows, 0);
    EXPECT_ROWS(conn, "MATCH (n:N) WHERE n.s = 'new' RETURN count(*), sum(n.x)", "5000|5000");
    EXPECT_ROWS(conn, "MATCH (n:N {id: 3}) RETURN n.x, n.s", "5|value of 3");
}

static void updated_rows_commit_roll_back_and_vanish(void)
{
    const char *path = session_path("updates.ruzu");
    rows_begin(path);
    larger_endings(path, update_rows, rows_before, rows_after);
}

/* A reader keeps what it saw, through the update, its commit and a checkpoint; updates above what was shed are seen by those who come later. */
static void readers_keep_their_values_while_rows_are_updated(void)
{
    const char *path = session_path("kept.ruzu");
    rows_begin(path);
    ruzu_conn *conn = larger_open(path);
    ruzu_conn *other = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    session_run(other, "BEGIN TRANSACTION READ ONLY");
    rows_before(other);
    session_run(conn, "BEGIN TRANSACTION");
    update_rows(conn);
    rows_before(other);
    session_run(conn, "COMMIT");
    rows_before(other);
    session_run(conn, "CHECKPOINT");
    rows_before(other);
    rows_after(conn);
    session_run(conn, "MATCH (n:N {id: 3}) SET n.x = 50");
    EXPECT_ROWS(conn, "MATCH (n:N {id: 3}) RETURN n.x, n.s", "50|value of 3");
    rows_before(other);
    session_run(other, "COMMIT");
    EXPECT_ROWS(other, "MATCH (n:N {id: 3}) RETURN n.x, n.s", "50|value of 3");
    session_run(conn, "CHECKPOINT");
    EXPECT_ROWS(other, "MATCH (n:N {id: 3}) RETURN n.x, n.s", "50|value of 3");
    CHECK_EQ_I64(ruzu_close(other), RUZU_OK);
    session_close(conn);
    conn = larger_open(path);
    EXPECT_ROWS(conn, "MATCH (n:N {id: 3}) RETURN n.x, n.s", "50|value of 3");
    EXPECT_ROWS(conn, "CALL check_database() RETURN count(*)", "0");
    session_close(conn);
}

int main(void)
{
    larger_rows = (int64_t)test_volume(500000, 20000);
    session_begin();
    RUN(created_nodes_commit_roll_back_and_vanish);
    RUN(created_relationships_commit_roll_back_and_vanish);
    RUN(relationships_are_seen_while_they_are_created);
    RUN(hub_list_larger_than_pool);
    RUN(deleted_nodes_commit_roll_back_and_vanish);
    RUN(updated_rows_commit_roll_back_and_vanish);
    RUN(readers_keep_their_values_while_rows_are_updated);
    session_end();
    return CHECK_DONE();
}
