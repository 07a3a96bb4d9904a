/* SPDX-License-Identifier: MIT */
/*
 * The whole engine on the simulated file system, through the public interface: what a checkpoint has written survives a loss of power, and two file systems may
 * have files of the same identity open at once; what a poisoned handle does and refuses; full disks.
 */
#include "api/api.h"

#include "sim/simfs.h"
#include "unit/check.h"

#include <errno.h>

static ruzu_conn *simulated_open(simfs *fs, const char *path)
{
    ruzu_conn *conn = NULL;
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = UINT64_C(16) << 20;
    config.max_threads = 1;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs), path, &config, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    return conn;
}

static void simulated_run(ruzu_conn *conn, const char *cypher)
{
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
}

static int64_t simulated_number(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    int64_t number = ruzu_result_next(result) ? ruzu_get_int64(result, 0) : INT64_MIN;
    ruzu_result_free(result);
    return number;
}

static ruzu_conn *simulated_connect(ruzu_conn *conn)
{
    ruzu_conn *other = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
    return other;
}

static void checkpoint_survives_power_loss(void)
{
    simfs *fs = simfs_create(1);
    ruzu_conn *conn = simulated_open(fs, "a.ruzu");
    simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 100) AS i CREATE (:P {id: i, name: 'n' + string(i)})");
    simulated_run(conn, "CHECKPOINT");
    uint64_t after_checkpoint = simfs_op_count(fs);
    simulated_run(conn, "CREATE (:P {id: 101})");
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
        simfs *crashed = simfs_crash(fs, after_checkpoint, (simfs_model)model, 7);
        conn = simulated_open(crashed, "a.ruzu");
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P {id: 77}) WHERE p.name = 'n77' RETURN p.id"), 77);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_free(crashed);
    }
    conn = simulated_open(fs, "a.ruzu");
    CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 101);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    simfs_free(fs);
}

static void file_systems_do_not_mix(void)
{
    simfs *fs[2] = {simfs_create(1), simfs_create(1)};
    ruzu_conn *conn[2];
    for (int i = 0; i < 2; i++) {
        conn[i] = simulated_open(fs[i], "same.ruzu");
        simulated_run(conn[i], i == 0 ? "CREATE NODE TABLE P(id INT64 PRIMARY KEY)" : "CREATE NODE TABLE Q(id INT64 PRIMARY KEY)");
    }
    CHECK_EQ_I64(simulated_number(conn[0], "MATCH (p:P) RETURN count(*)"), 0);
    CHECK_EQ_I64(simulated_number(conn[1], "MATCH (q:Q) RETURN count(*)"), 0);
    ruzu_conn *again = NULL;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs[1]), "same.ruzu", NULL, &again), RUZU_ERROR_LOCKED);
    CHECK(again == NULL);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_I64(ruzu_close(conn[i]), RUZU_OK);
        simfs_free(fs[i]);
    }
}

/* ---- poisoned handles ---- */

static void simulated_refused(ruzu_conn *conn, const char *cypher, ruzu_status status, const char *part)
{
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), status);
    CHECK_EQ_I64(ruzu_errcode(conn), status);
    check_count++;
    if (strstr(ruzu_errmsg(conn), part) == NULL) {
        check_failures++;
        fprintf(stderr, "%s: \"%s\" does not contain \"%s\"\n", cypher, ruzu_errmsg(conn), part);
    }
}

/* The value of a row of db_info, in a buffer of the function. */
static const char *simulated_info(ruzu_conn *conn, const char *name)
{
    static char value[256];
    char cypher[128];
    (void)snprintf(cypher, sizeof cypher, "CALL db_info() WHERE name = '%s' RETURN value", name);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    (void)snprintf(value, sizeof value, "%s", ruzu_result_next(result) ? ruzu_get_string(result, 0, NULL) : "(none)");
    ruzu_result_free(result);
    return value;
}

/* Operations from `from` on that change files or could. */
static int simulated_changes(const simfs *fs, uint64_t from)
{
    int count = 0;
    for (uint64_t op = from; op < simfs_op_count(fs); op++) {
        simfs_op_kind kind = simfs_op_kind_at(fs, op);
        count += kind == SIMFS_OP_WRITE || kind == SIMFS_OP_SYNC || kind == SIMFS_OP_TRUNCATE || kind == SIMFS_OP_RESERVE || kind == SIMFS_OP_SYNC_DIR ||
                 kind == SIMFS_OP_REMOVE || kind == SIMFS_OP_RENAME;
    }
    return count;
}

/* All that a handle still does after a failed sync of the data file, and all that it refuses; `conn` has other connections. */
static void poisoned_handle_is_asked(simfs *fs, ruzu_conn *conn, ruzu_conn *writer, ruzu_conn *reader, const char *cause)
{
    CHECK_STR(simulated_info(conn, "health"), "poisoned");
    CHECK(strstr(simulated_info(conn, "cause of poisoning"), cause) != NULL);
    /* the transaction that was open, on a connection of its own */
    CHECK(ruzu_in_transaction(writer));
    simulated_refused(writer, "COMMIT", RUZU_ERROR_POISONED, cause);
    CHECK(!ruzu_in_transaction(writer));
    CHECK_EQ_I64(simulated_number(reader, "MATCH (p:P) RETURN count(*)"), 3); /* its snapshot stays */
    simulated_run(reader, "COMMIT");
    /* reads go on, on every connection */
    uint64_t before = simfs_op_count(fs);
    CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 4);
    simulated_run(reader, "BEGIN TRANSACTION READ ONLY; MATCH (p:P) RETURN p.id; ROLLBACK");
    ruzu_conn *late = simulated_connect(conn);
    CHECK_EQ_I64(simulated_number(late, "MATCH (p:P) RETURN max(p.id)"), 4);
    simulated_run(late, "CALL threads = 1");
    /* writes refuse with the first cause, and none is begun */
    const char *const writes[] = {"CREATE (:P {id: 9})", "BEGIN TRANSACTION", "CHECKPOINT", "CREATE NODE TABLE Q(id INT64 PRIMARY KEY)",
                                  "DROP TABLE P", "COPY P FROM 'none.csv'", "MATCH (p:P) DETACH DELETE p", "MATCH (p:P) SET p.name = 'x'",
                                  "MERGE (:P {id: 1})", "ALTER TABLE P RENAME TO Q", "CREATE SEQUENCE s"};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        simulated_refused(late, writes[i], RUZU_ERROR_POISONED, cause);
        CHECK(!ruzu_in_transaction(late));
    }
    CHECK_EQ_I64(ruzu_checkpoint(late), RUZU_ERROR_POISONED);
    ruzu_stmt *stmt = NULL;
    CHECK_EQ_I64(ruzu_prepare(late, "CREATE (:P {id: $id})", &stmt), RUZU_OK);
    CHECK_EQ_I64(ruzu_bind_int64(stmt, "id", 12), RUZU_OK);
    CHECK_EQ_I64(ruzu_execute(stmt, NULL), RUZU_ERROR_POISONED);
    ruzu_stmt_free(stmt);
    CHECK_EQ_I64(simulated_number(late, "MATCH (p:P) RETURN count(*)"), 4);
    CHECK_EQ_I64(ruzu_close(late), RUZU_OK); /* not the last one */
    CHECK_EQ_I64(simulated_changes(fs, before), 0);
}

static void poisoned_handle_reads_and_writes_nothing(void)
{
    simfs *fs = simfs_create(3);
    ruzu_conn *conn = simulated_open(fs, "p.ruzu");
    simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 3) AS i CREATE (:P {id: i})");
    simulated_run(conn, "CHECKPOINT");
    ruzu_conn *reader = simulated_connect(conn);
    ruzu_conn *writer = simulated_connect(conn);
    simulated_run(reader, "BEGIN TRANSACTION READ ONLY");
    simulated_run(conn, "CREATE (:P {id: 4})");
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_SYNC), .path = "p.ruzu", .skip = 1 /* the other log's header */, .action = SIMFS_FAIL, .error_number = EIO});
    CHECK_EQ_I64(ruzu_query(conn, "CHECKPOINT", NULL), RUZU_ERROR_IO);
    simfs_clear_faults(fs);
    CHECK_STR(simulated_info(conn, "health"), "poisoned");
    CHECK(strstr(simulated_info(conn, "cause of poisoning"), "Cannot sync file") != NULL);
    simulated_refused(writer, "BEGIN TRANSACTION", RUZU_ERROR_POISONED, "Cannot sync file");
    uint64_t before = simfs_op_count(fs);
    simulated_run(reader, "COMMIT");
    CHECK_EQ_I64(ruzu_close(reader), RUZU_OK);
    CHECK_EQ_I64(ruzu_close(writer), RUZU_OK);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED); /* the last one tells */
    CHECK(strstr(ruzu_open_errmsg(), "Cannot sync file") != NULL);
    CHECK_EQ_I64(simulated_changes(fs, before), 0);
    conn = simulated_open(fs, "p.ruzu"); /* opening decides */
    CHECK(simulated_number(conn, "MATCH (p:P) RETURN count(*)") >= 3);
    CHECK_STR(simulated_info(conn, "health"), "healthy");
    simulated_run(conn, "CREATE (:P {id: 5})");
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    simfs_free(fs);
}

/* The file is replaced behind an open handle: a write transaction is under way, readers too. */
static void replaced_file_poisons(void)
{
    simfs *fs = simfs_create(4);
    rz_vfs *vfs = simfs_vfs(fs);
    ruzu_conn *conn = simulated_open(fs, "r.ruzu");
    simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 3) AS i CREATE (:P {id: i})");
    simulated_run(conn, "CHECKPOINT");
    ruzu_conn *reader = simulated_connect(conn);
    ruzu_conn *writer = simulated_connect(conn);
    simulated_run(reader, "BEGIN TRANSACTION READ ONLY");
    simulated_run(conn, "CREATE (:P {id: 4})");
    CHECK_EQ_I64(vfs->rename(vfs, "r.ruzu", "away.ruzu"), RUZU_OK);
    simulated_refused(conn, "CHECKPOINT", RUZU_ERROR_POISONED, "renamed or removed while open");
    CHECK_EQ_I64(vfs->rename(vfs, "away.ruzu", "r.ruzu"), RUZU_OK); /* too late: poison stays */
    simulated_refused(conn, "CHECKPOINT", RUZU_ERROR_POISONED, "renamed or removed while open");
    simulated_refused(writer, "CREATE (:P {id: 5})", RUZU_ERROR_POISONED, "renamed or removed while open");
    CHECK_EQ_I64(simulated_number(writer, "MATCH (p:P) RETURN count(*)"), 4);
    simulated_run(reader, "COMMIT");
    CHECK_EQ_I64(ruzu_close(reader), RUZU_OK);
    CHECK_EQ_I64(ruzu_close(writer), RUZU_OK);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
    simfs_free(fs);
}

/* With a write transaction open while another thread's sync fails. */
static void poisoning_beside_a_transaction(void)
{
    simfs *fs = simfs_create(5);
    ruzu_conn *conn = simulated_open(fs, "b.ruzu");
    simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 3) AS i CREATE (:P {id: i})");
    simulated_run(conn, "CHECKPOINT");
    ruzu_conn *reader = simulated_connect(conn);
    ruzu_conn *writer = simulated_connect(conn);
    simulated_run(reader, "BEGIN TRANSACTION READ ONLY");
    simulated_run(conn, "CREATE (:P {id: 4})");
    simulated_run(writer, "BEGIN TRANSACTION; CREATE (:P {id: 6})");
    rz_error cause;
    rz_error_init(&cause);
    (void)rz_error_set(&cause, RUZU_ERROR_IO, "the first cause");
    rz_disk_poison(rz_store_disk(conn->db->store), &cause);
    rz_error_init(&cause);
    (void)rz_error_set(&cause, RUZU_ERROR_IO, "a later cause");
    rz_disk_poison(rz_store_disk(conn->db->store), &cause);
    poisoned_handle_is_asked(fs, conn, writer, reader, "the first cause");
    CHECK_EQ_I64(ruzu_close(reader), RUZU_OK);
    CHECK_EQ_I64(ruzu_close(writer), RUZU_OK);
    uint64_t before = simfs_op_count(fs);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
    CHECK_EQ_I64(simulated_changes(fs, before), 0);
    simfs_free(fs);
}

static void outcome_unknown_is_said_once(void)
{
    simfs *fs = simfs_create(6);
    ruzu_conn *conn = simulated_open(fs, "o.ruzu");
    rz_error cause;
    rz_error_init(&cause);
    (void)rz_error_set(&cause, RUZU_ERROR_IO, "Cannot sync file 'o.ruzu.wal'");
    rz_disk *disk = rz_store_disk(conn->db->store);
    CHECK_EQ_I64(rz_disk_outcome_unknown(disk, &cause, &cause), RUZU_ERROR_OUTCOME_UNKNOWN); /* the cause may stand where the error goes */
    CHECK_EQ_I64(cause.code, RUZU_ERROR_OUTCOME_UNKNOWN);
    CHECK(strstr(cause.message, "Cannot sync file 'o.ruzu.wal'") != NULL);
    rz_error_init(&cause);
    CHECK_EQ_I64(rz_disk_check_healthy(disk, &cause), RUZU_ERROR_POISONED);
    CHECK(strstr(cause.message, "Cannot sync file 'o.ruzu.wal'") != NULL);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
    simfs_free(fs);
}

/* The commit whose sync fails is told so; what others read and may do afterwards; opening again decides. */
static void sync_eio_poisons(void)
{
    const simfs_sync_failure failures[] = {SIMFS_SYNC_KEEP, SIMFS_SYNC_LOSE};
    for (int i = 0; i < 2; i++) {
        simfs *fs = simfs_create(11);
        ruzu_conn *conn = simulated_open(fs, "u.ruzu");
        simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 3) AS i CREATE (:P {id: i})");
        ruzu_conn *other = simulated_connect(conn);
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP,
                                          .kinds = SIMFS_KIND(SIMFS_OP_SYNC),
                                          .path = "u.ruzu.wal",
                                          .action = SIMFS_FAIL,
                                          .error_number = EIO,
                                          .sync_failure = failures[i]});
        simulated_refused(conn, "CREATE (:P {id: 4})", RUZU_ERROR_OUTCOME_UNKNOWN, "input/output error");
        CHECK(strstr(ruzu_errmsg(conn), "not known") != NULL);
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 3); /* not visible, for nobody */
        CHECK_EQ_I64(simulated_number(other, "MATCH (p:P) RETURN count(*)"), 3);
        simulated_refused(other, "CREATE (:P {id: 5})", RUZU_ERROR_POISONED, "u.ruzu.wal");
        simulated_refused(conn, "CHECKPOINT", RUZU_ERROR_POISONED, "u.ruzu.wal");
        CHECK_STR(simulated_info(conn, "health"), "poisoned");
        uint64_t before = simfs_op_count(fs);
        CHECK_EQ_I64(ruzu_close(other), RUZU_OK);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
        CHECK_EQ_I64(simulated_changes(fs, before), 0);
        simfs_clear_faults(fs);
        conn = simulated_open(fs, "u.ruzu");
        int64_t rows = simulated_number(conn, "MATCH (p:P) RETURN count(*)");
        CHECK(rows == 3 || rows == 4);
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) WHERE p.id <= 3 RETURN count(*)"), 3);
        simulated_run(conn, "MERGE (:P {id: 4}); CREATE (:P {id: 5})");
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        conn = simulated_open(fs, "u.ruzu");
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 5);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_free(fs);
    }
}

/* No space for the log: the commit fails cleanly, does not come up later, and the same handle goes on. */
static void enospc_commit_then_continue_no_loss(void)
{
    simfs *fs = simfs_create(12);
    ruzu_conn *conn = simulated_open(fs, "e.ruzu");
    simulated_run(conn, "CALL auto_checkpoint = false; CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); CREATE (:P {id: 1})");
    simfs_set_quota(fs, simfs_used_bytes(fs));
    int64_t rows = 1;
    ruzu_status status = RUZU_OK;
    for (int i = 0; i < 400 && status == RUZU_OK; i++) { /* the log has some space in advance */
        char cypher[160];
        (void)snprintf(cypher, sizeof cypher, "UNWIND range(%d, %d) AS i CREATE (:P {id: i, name: 'name ' + string(i * 7919)})", 1000 + i * 500, 1499 + i * 500);
        status = ruzu_query(conn, cypher, NULL);
        rows += status == RUZU_OK ? 500 : 0;
    }
    CHECK_EQ_I64(status, RUZU_ERROR_DISK_FULL);
    CHECK_STR(simulated_info(conn, "health"), "disk full");
    CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), rows);
    simfs_set_quota(fs, UINT64_MAX);
    simulated_run(conn, "CREATE (:P {id: 2})");
    CHECK_STR(simulated_info(conn, "health"), "healthy");
    uint64_t acknowledged = simfs_op_count(fs);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
        simfs *crashed = simfs_crash(fs, acknowledged, (simfs_model)model, 3);
        conn = simulated_open(crashed, "e.ruzu");
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), rows + 1);
        CHECK(strcmp(simulated_info(conn, "commits recovered"), "0") != 0);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_free(crashed);
    }
    simfs_free(fs);
}

/* ---- full disks, locks that do not work ---- */

static void full_disk_ends_by_itself(void)
{
    simfs *fs = simfs_create(7);
    ruzu_conn *conn = simulated_open(fs, "f.ruzu");
    simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); CHECKPOINT");
    simfs_set_quota(fs, simfs_used_bytes(fs) + 8192);
    simulated_run(conn, "BEGIN TRANSACTION READ ONLY; COMMIT");
    ruzu_status status = RUZU_OK;
    int64_t rows = 0;
    for (int i = 0; i < 40 && status == RUZU_OK; i++) {
        char cypher[160];
        (void)snprintf(cypher, sizeof cypher, "UNWIND range(%d, %d) AS i CREATE (:P {id: i, name: 'name ' + string(i * 7919)})", i * 500, i * 500 + 499);
        status = ruzu_query(conn, cypher, NULL);
        rows += status == RUZU_OK ? 500 : 0;
        status = status == RUZU_OK ? ruzu_query(conn, "CHECKPOINT", NULL) : status;
    }
    CHECK_EQ_I64(status, RUZU_ERROR_DISK_FULL);
    CHECK(strstr(ruzu_errmsg(conn), "no space left") != NULL);
    CHECK_STR(simulated_info(conn, "health"), "disk full");
    CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), rows); /* nothing that was acknowledged is gone */
    simfs_set_quota(fs, UINT64_MAX);
    simulated_run(conn, "CREATE (:P {id: 1000000}); CHECKPOINT");
    CHECK_STR(simulated_info(conn, "health"), "healthy");
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    conn = simulated_open(fs, "f.ruzu");
    CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), rows + 1);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    simfs_free(fs);
}

static ruzu_status simulated_try_open(simfs *fs, uint32_t flags, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = UINT64_C(16) << 20;
    config.max_threads = 1;
    config.flags = flags;
    return rz_conn_open(simfs_vfs(fs), "n.ruzu", &config, out);
}

/* A network mount without a lock service. */
static void file_system_without_locks(void)
{
    const int errors[] = {ENOLCK, EOPNOTSUPP};
    for (int i = 0; i < 2; i++) {
        simfs *fs = simfs_create(8);
        ruzu_conn *conn = NULL;
        simfs_fault fault = {.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_LOCK), .forever = true, .action = SIMFS_FAIL, .error_number = errors[i]};
        CHECK_EQ_I64(simulated_try_open(fs, 0, &conn), RUZU_OK); /* made while there were locks */
        simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_add_fault(fs, fault);
        CHECK_EQ_I64(simulated_try_open(fs, 0, &conn), RUZU_ERROR_IO);
        CHECK(strstr(ruzu_open_errmsg(), "RUZU_OPEN_UNSAFE_NO_LOCK") != NULL);
        CHECK_EQ_I64(simulated_try_open(fs, RUZU_OPEN_READ_ONLY, &conn), RUZU_OK);
        CHECK_STR(simulated_info(conn, "lock"), "none");
        CHECK(strstr(simulated_info(conn, "warning"), "no locks") != NULL);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        CHECK_EQ_I64(simulated_try_open(fs, RUZU_OPEN_UNSAFE_NO_LOCK, &conn), RUZU_OK);
        CHECK_EQ_I64(simulated_number(conn, "CALL show_warnings() RETURN count(*)"), 1);
        simulated_run(conn, "CREATE (:P {id: 1})");
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_clear_faults(fs);
        CHECK_EQ_I64(simulated_try_open(fs, RUZU_OPEN_UNSAFE_NO_LOCK, &conn), RUZU_OK);
        CHECK_STR(simulated_info(conn, "lock"), "exclusive"); /* the flag takes no lock away */
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 1);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        /* and a new database is not made either */
        simfs *empty = simfs_create(9);
        simfs_add_fault(empty, fault);
        CHECK_EQ_I64(simulated_try_open(empty, 0, &conn), RUZU_ERROR_IO);
        CHECK(!simfs_exists(empty, "n.ruzu"));
        CHECK_EQ_I64(simulated_try_open(empty, RUZU_OPEN_UNSAFE_NO_LOCK, &conn), RUZU_OK);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_free(empty);
        simfs_free(fs);
    }
}

int main(void)
{
    RUN(checkpoint_survives_power_loss);
    RUN(file_systems_do_not_mix);
    RUN(poisoned_handle_reads_and_writes_nothing);
    RUN(replaced_file_poisons);
    RUN(poisoning_beside_a_transaction);
    RUN(outcome_unknown_is_said_once);
    RUN(sync_eio_poisons);
    RUN(enospc_commit_then_continue_no_loss);
    RUN(full_disk_ends_by_itself);
    RUN(file_system_without_locks);
    return CHECK_DONE();
}
