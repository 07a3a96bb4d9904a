/* SPDX-License-Identifier: MIT */
/*
 * Transactions through the public interface: what other connections see, what failures undo, whose turn it is to write.
 */
#include "integration/session.h"

static ruzu_conn *connect_to(ruzu_conn *conn)
{
    ruzu_conn *other = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    return other;
}

static ruzu_conn *open_with_table(const char *path)
{
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); CREATE REL TABLE K(FROM P TO P); CREATE (:P {id: 1, name: 'one'})");
    return conn;
}

static void others_see_the_state_before_a_write(void)
{
    ruzu_conn *writer = open_with_table(session_path("isolation.ruzu"));
    ruzu_conn *reader = connect_to(writer);
    session_run(writer, "BEGIN TRANSACTION");
    CHECK(ruzu_in_transaction(writer));
    CHECK(!ruzu_in_transaction(reader));
    session_run(writer, "CREATE (:P {id: 2}); MATCH (a:P {id: 1}), (b:P {id: 2}) CREATE (a)-[:K]->(b)");
    EXPECT_ROWS(writer, "MATCH (a:P)-[:K]->(b:P) RETURN a.id, b.id", "1|2");
    EXPECT_ROWS(reader, "MATCH (p:P) RETURN p.id", "1");
    EXPECT_ROWS(reader, "MATCH (:P)-[k:K]->(:P) RETURN count(*)", "0");
    session_run(writer, "COMMIT");
    CHECK(!ruzu_in_transaction(writer));
    EXPECT_ROWS(reader, "MATCH (a:P)-[:K]->(b:P) RETURN a.id, b.id", "1|2");
    session_close(reader);
    session_close(writer);
}

static void a_snapshot_stays_as_it_is(void)
{
    ruzu_conn *writer = open_with_table(NULL);
    ruzu_conn *reader = connect_to(writer);
    session_run(reader, "BEGIN TRANSACTION READ ONLY");
    EXPECT_ROWS(reader, "MATCH (p:P) RETURN count(*)", "1");
    session_run(writer, "UNWIND range(2, 500) AS i CREATE (:P {id: i})");
    EXPECT_ROWS(reader, "MATCH (p:P) RETURN count(*)", "1");
    session_run(writer, "CREATE NODE TABLE Q(id INT64 PRIMARY KEY)");
    EXPECT_ROWS(reader, "MATCH (p:P) RETURN count(*), max(p.id)", "1|1");
    session_run(reader, "ROLLBACK");
    EXPECT_ROWS(reader, "MATCH (p:P) RETURN count(*), max(p.id)", "500|500");
    EXPECT_ROWS(reader, "MATCH (q:Q) RETURN count(*)", "0");
    session_close(reader);
    session_close(writer);
}

static void rollback_leaves_nothing(void)
{
    const char *path = session_path("rollback.ruzu");
    ruzu_conn *conn = open_with_table(path);
    session_run(conn, "BEGIN TRANSACTION; CREATE (:P {id: 2}); CREATE NODE TABLE Q(id INT64 PRIMARY KEY); CREATE (:Q {id: 5})");
    EXPECT_ROWS(conn, "MATCH (q:Q) RETURN q.id", "5");
    session_run(conn, "ROLLBACK");
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
    EXPECT_ERROR(conn, "MATCH (q:Q) RETURN q.id", RUZU_ERROR_BINDER, "Binder exception: Table Q does not exist.");
    session_run(conn, "CREATE (:P {id: 2, name: 'again'})"); /* the key is free */
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id, p.name ORDER BY p.id", "1|one\n2|again");
    session_close(conn);
}

static void failures_end_the_transaction(void)
{
    const char *const failing[] = {"CREATE (:P {id: 1})", "RETURN x", "RETRUN 1", "RETURN 1 / 0", "UNWIND [10, 11, 1] AS i CREATE (:P {id: i})"};
    for (int i = 0; i < 5; i++) {
        ruzu_conn *conn = open_with_table(NULL);
        session_run(conn, "BEGIN TRANSACTION; CREATE (:P {id: 2})");
        CHECK(ruzu_query(conn, failing[i], NULL) != RUZU_OK);
        CHECK(!ruzu_in_transaction(conn));
        EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
        EXPECT_ERROR(conn, "COMMIT", RUZU_ERROR_TRANSACTION, "No active transaction for COMMIT.");
        session_close(conn);
    }
}

static void a_failed_statement_leaves_nothing(void)
{
    ruzu_conn *conn = open_with_table(NULL);
    EXPECT_ERROR(conn, "UNWIND [10, 11, 12, 1] AS i CREATE (:P {id: i})-[:K]->(:P {id: i + 100})", RUZU_ERROR_CONSTRAINT, "Runtime exception: Found duplicated primary key");
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
    EXPECT_ROWS(conn, "MATCH (:P)-[k:K]->(:P) RETURN count(*)", "0");
    session_run(conn, "CREATE (:P {id: 10})");
    session_close(conn);
}

static void control_at_the_wrong_time(void)
{
    ruzu_conn *conn = open_with_table(NULL);
    EXPECT_ERROR(conn, "COMMIT", RUZU_ERROR_TRANSACTION, "No active transaction for COMMIT.");
    EXPECT_ERROR(conn, "ROLLBACK", RUZU_ERROR_TRANSACTION, "No active transaction for ROLLBACK.");
    session_run(conn, "BEGIN TRANSACTION");
    EXPECT_ERROR(conn, "BEGIN TRANSACTION", RUZU_ERROR_TRANSACTION, "Connection already has an active transaction. Cannot start a transaction within another one.");
    CHECK(!ruzu_in_transaction(conn));
    session_run(conn, "BEGIN TRANSACTION");
    EXPECT_ERROR(conn, "CHECKPOINT", RUZU_ERROR_TRANSACTION, "Cannot checkpoint inside a transaction");
    CHECK_EQ_I64(ruzu_checkpoint(conn), RUZU_ERROR_TRANSACTION);
    session_run(conn, "COMMIT");
    session_run(conn, "BEGIN TRANSACTION READ ONLY");
    EXPECT_ERROR(conn, "CREATE (:P {id: 3})", RUZU_ERROR_TRANSACTION, "Can not execute a write query inside a read-only transaction.");
    CHECK(ruzu_in_transaction(conn)); /* refused before it did anything */
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
    session_run(conn, "COMMIT");
    session_close(conn);
}

static void one_writer_at_a_time(void)
{
    ruzu_conn *first = open_with_table(NULL);
    ruzu_conn *second = connect_to(first);
    session_run(second, "CALL busy_timeout = 30");
    session_run(first, "BEGIN TRANSACTION; CREATE (:P {id: 2})");
    EXPECT_ERROR(second, "CREATE (:P {id: 3})", RUZU_ERROR_BUSY, "Cannot start a new write transaction in the system.");
    EXPECT_ERROR(second, "BEGIN TRANSACTION", RUZU_ERROR_BUSY, "Cannot start a new write transaction in the system.");
    CHECK(!ruzu_in_transaction(second));
    EXPECT_ROWS(second, "MATCH (p:P) RETURN p.id", "1"); /* readers do not wait */
    session_run(first, "COMMIT");
    session_run(second, "CREATE (:P {id: 3})");
    EXPECT_ROWS(first, "MATCH (p:P) RETURN p.id ORDER BY p.id", "1\n2\n3");
    session_close(second);
    session_close(first);
}

static void no_waiting_when_told_so(void)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.busy_timeout_ms = UINT32_MAX;
    ruzu_conn *first = NULL;
    CHECK_EQ_I64(ruzu_open(NULL, &config, &first), RUZU_OK);
    ruzu_conn *second = connect_to(first);
    session_run(first, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); BEGIN TRANSACTION; CREATE (:P {id: 1})");
    EXPECT_ERROR(second, "CREATE (:P {id: 3})", RUZU_ERROR_BUSY, "Cannot start a new write transaction in the system.");
    session_close(first); /* rolls back, and gives the turn away */
    session_run(second, "CREATE (:P {id: 3})");
    EXPECT_ROWS(second, "MATCH (p:P) RETURN p.id", "3");
    session_close(second);
}

/* Options of the database reach every connection, and do what they say. */
static void options_of_the_database(void)
{
    const char *path = session_path("options.ruzu");
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = 16u << 20;
    config.memory_limit = 24u << 20;
    config.max_threads = 1;
    config.wal_sync = RUZU_SYNC_NORMAL;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    ruzu_conn *other = connect_to(conn);
    EXPECT_ROWS(other, "CALL current_setting('wal_sync') RETURN *", "normal");
    session_run(conn, "CALL wal_sync = 'off'; CALL checkpoint_threshold = 1000; CALL auto_checkpoint = false; CALL force_checkpoint_on_close = false");
    EXPECT_ROWS(other, "CALL current_setting('wal_sync') RETURN *", "off");
    EXPECT_ROWS(other, "CALL current_setting('checkpoint_threshold') RETURN *", "1000");
    EXPECT_ROWS(other, "CALL current_setting('auto_checkpoint') RETURN *", "False");
    EXPECT_ROWS(other, "CALL current_setting('force_checkpoint_on_close') RETURN *", "False");
    EXPECT_ERROR(other, "CALL wal_sync = 'sometimes'", RUZU_ERROR_BINDER, "Binder exception: ");
    EXPECT_ERROR(other, "CALL checkpoint_threshold = -1", RUZU_ERROR_BINDER, "Binder exception: ");
    /* without temporary pages the same sort needs the memory that there is not */
    const char *sort = "UNWIND range(1, 300000) AS i WITH 'a text that does not fit in place ' + string(i * 7919 % 300007) AS t ORDER BY t RETURN count(t)";
    session_run(other, "CALL spill_to_disk = false");
    EXPECT_ROWS(conn, "CALL current_setting('spill_to_disk') RETURN *", "False");
    EXPECT_ERROR(conn, "UNWIND range(1, 300000) AS i RETURN 'a text that does not fit in place ' + string(i * 7919 % 300007) AS t ORDER BY t", RUZU_ERROR_LIMIT, "");
    session_run(other, "CALL spill_to_disk = true");
    EXPECT_ROWS(conn, sort, "300000");
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "UNWIND range(1, 300000) AS i RETURN 'a text that does not fit in place ' + string(i * 7919 % 300007) AS t ORDER BY t", &result), RUZU_OK);
    CHECK_EQ_U64(ruzu_result_row_count(result), 300000);
    ruzu_result_free(result);
    session_run(other, "CALL force_checkpoint_on_close = true; CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
    session_close(other);
    session_close(conn);
    conn = session_open(NULL);
    EXPECT_ROWS(conn, "CALL current_setting('spill_to_disk') RETURN *", "False");
    EXPECT_ERROR(conn, "CALL spill_to_disk = true", RUZU_ERROR_RUNTIME, "Runtime exception: Cannot set spill_to_disk to true for an in-memory database!");
    session_close(conn);
    CHECK_EQ_I64(ruzu_open(path, &(ruzu_config){.struct_size = sizeof config, .flags = RUZU_OPEN_READ_ONLY | RUZU_OPEN_LOCK_CONFIGURATION}, &conn), RUZU_OK);
    EXPECT_ERROR(conn, "CALL threads = 1", RUZU_ERROR_MISUSE, "Cannot set option threads: the configuration of this database is locked.");
    session_close(conn);
    CHECK_EQ_I64(ruzu_open(path, &(ruzu_config){.struct_size = sizeof config, .flags = RUZU_OPEN_READ_ONLY}, &conn), RUZU_OK);
    EXPECT_ERROR(conn, "CALL spill_to_disk = true", RUZU_ERROR_RUNTIME, "Runtime exception: Cannot set spill_to_disk to true for a read only database!");
    session_close(conn);
}

static void closing_rolls_back(void)
{
    const char *path = session_path("closing.ruzu");
    ruzu_conn *conn = open_with_table(path);
    session_run(conn, "BEGIN TRANSACTION; CREATE (:P {id: 2})");
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
    session_close(conn);
}

static void results_outlive_their_transaction(void)
{
    ruzu_conn *conn = open_with_table(NULL);
    ruzu_result *result = NULL;
    session_run(conn, "BEGIN TRANSACTION; UNWIND range(2, 3000) AS i CREATE (:P {id: i, name: 'name of somebody'})");
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (p:P) WHERE p.id > 1 RETURN p.id, p.name", &result), RUZU_OK);
    session_run(conn, "ROLLBACK");
    int64_t sum = 0;
    while (ruzu_result_next(result)) {
        sum += ruzu_get_int64(result, 0);
        CHECK(strcmp(ruzu_get_string(result, 1, NULL), "name of somebody") == 0);
    }
    CHECK_EQ_I64(sum, 4501499);
    ruzu_result_free(result);
    session_close(conn);
}

static void checkpoint_beside_a_reader(void)
{
    const char *path = session_path("checkpoint.ruzu");
    ruzu_conn *conn = open_with_table(path);
    ruzu_conn *reader = connect_to(conn);
    session_run(reader, "BEGIN TRANSACTION READ ONLY");
    for (int round = 2; round < 30; round++) {
        char statement[64];
        (void)snprintf(statement, sizeof statement, "CREATE (:P {id: %d})", round);
        session_run(conn, statement);
        CHECK_EQ_I64(ruzu_checkpoint(conn), RUZU_OK);
        EXPECT_ROWS(reader, "MATCH (p:P) RETURN p.id, p.name", "1|one");
    }
    session_run(reader, "COMMIT");
    EXPECT_ROWS(reader, "MATCH (p:P) RETURN count(*)", "29");
    session_close(reader);
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*), sum(p.id)", "29|435");
    session_close(conn);
}

static void schema_changes_are_transactional(void)
{
    ruzu_conn *conn = open_with_table(NULL);
    ruzu_conn *other = connect_to(conn);
    session_run(conn, "BEGIN TRANSACTION; CREATE NODE TABLE Q(id INT64 PRIMARY KEY); CREATE REL TABLE L(FROM P TO Q); CREATE (:Q {id: 1});"
                      "MATCH (p:P), (q:Q) CREATE (p)-[:L]->(q)");
    EXPECT_ERROR(other, "MATCH (q:Q) RETURN q.id", RUZU_ERROR_BINDER, "Binder exception: Table Q does not exist.");
    EXPECT_ROWS(conn, "MATCH (p:P)-[:L]->(q:Q) RETURN p.id, q.id", "1|1");
    session_run(conn, "COMMIT");
    EXPECT_ROWS(other, "MATCH (p:P)-[:L]->(q:Q) RETURN p.id, q.id", "1|1");
    EXPECT_ERROR(other, "DROP TABLE Q", RUZU_ERROR_BINDER, "Binder exception: Cannot delete node table Q because it is referenced by relationship table L.");
    session_run(other, "DROP TABLE L; DROP TABLE Q");
    EXPECT_ERROR(conn, "MATCH (q:Q) RETURN q.id", RUZU_ERROR_BINDER, "Binder exception: Table Q does not exist.");
    session_close(other);
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(others_see_the_state_before_a_write);
    RUN(a_snapshot_stays_as_it_is);
    RUN(rollback_leaves_nothing);
    RUN(failures_end_the_transaction);
    RUN(a_failed_statement_leaves_nothing);
    RUN(control_at_the_wrong_time);
    RUN(one_writer_at_a_time);
    RUN(no_waiting_when_told_so);
    RUN(options_of_the_database);
    RUN(closing_rolls_back);
    RUN(results_outlive_their_transaction);
    RUN(checkpoint_beside_a_reader);
    RUN(schema_changes_are_transactional);
    session_end();
    return CHECK_DONE();
}
