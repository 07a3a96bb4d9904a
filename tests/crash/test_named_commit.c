/* SPDX-License-Identifier: MIT */
/*
 * Failures that have cost users of other databases their data, each as a test of its name: commits, full and failing disks, logs. docs/testing.md lists them.
 */
#include "crash/named.h"

/* ---- full and failing disks ---- */

typedef struct rows_range {
    int64_t from;
    int64_t to;
    bool absent; /* id 1000 must not be there */
} rows_range;

static void verify_rows(ruzu_conn *conn, uint64_t k, void *user)
{
    const rows_range *want = (const rows_range *)user;
    (void)k;
    int64_t rows = named_number(conn, "MATCH (p:P) RETURN count(*)");
    CHECK(rows >= want->from && rows <= want->to);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id <= 100 AND p.v = p.id RETURN count(*)"), 100);
    if (want->absent) {
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 1000}) RETURN count(*)"), 0);
    }
}

/* A commit whose write fails, with this error: it is refused and never comes up, not even after the next one. */
static void write_fails(int error_number, ruzu_status status, bool poisons)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    uint64_t before = simfs_op_count(fs);
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE), .path = &NAMED_LOG[1], .action = SIMFS_SHORT_WRITE, .error_number = error_number});
    named_refused(conn, "CREATE (:P {id: 1000, v: 1})", status, "the log");
    CHECK_EQ_U64(simfs_fault_hits(fs), 1);
    simfs_clear_faults(fs);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
    uint64_t refused = simfs_op_count(fs);
    rows_range want = {100, 100, true};
    if (poisons) {
        named_refused(conn, "CREATE (:P {id: 1001, v: 1})", RUZU_ERROR_POISONED, "the log");
        CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
    } else {
        named_run(conn, "CREATE (:P {id: 1001, v: 1})");
        want.to = 101;
    }
    named_each_state(fs, refused, simfs_op_count(fs), verify_rows, &want);
    want = (rows_range){100, 101, false}; /* before the answer came, either is right */
    named_each_state(fs, before, refused, verify_rows, &want);
    if (!poisons) {
        named_close(conn);
        want = (rows_range){101, 101, true};
        named_each_state(fs, simfs_op_count(fs), simfs_op_count(fs), verify_rows, &want);
    }
    simfs_free(fs);
}

static void enospc_failed_commit_not_resurrected(void)
{
    write_fails(ENOSPC, RUZU_ERROR_DISK_FULL, false);
}

static void write_eio_not_resurrected(void)
{
    write_fails(EIO, RUZU_ERROR_IO, true);
}

static void enospc_copy_rows_invisible(void)
{
    simfs *fs = named_disk();
    named_csv(fs, "/data/many.csv", 1001, 21000);
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    uint64_t free_bytes[] = {0, 4096, 16384, 65536};
    for (size_t i = 0; i < sizeof free_bytes / sizeof free_bytes[0]; i++) {
        simfs_set_quota(fs, simfs_used_bytes(fs) + free_bytes[i]);
        CHECK_EQ_I64(ruzu_query(conn, "COPY P FROM '/data/many.csv'", NULL), RUZU_ERROR_DISK_FULL);
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 1001}) RETURN count(*)"), 0);
        simfs_set_quota(fs, UINT64_MAX);
        rows_range want = {100, 100, true};
        named_each_state(fs, simfs_op_count(fs), simfs_op_count(fs), verify_rows, &want);
    }
    named_run(conn, "COPY P FROM '/data/many.csv'");
    rows_range want = {20100, 20100, true};
    named_each_state(fs, simfs_op_count(fs), simfs_op_count(fs), verify_rows, &want);
    named_sound(conn, false);
    named_close(conn);
    simfs_free(fs);
}

static void failed_copy_then_copy(void)
{
    simfs *fs = named_disk();
    named_csv(fs, "/data/overlapping.csv", 50, 6000); /* 50 … 100 are there already */
    named_csv(fs, "/data/good.csv", 1001, 6000);
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    CHECK(ruzu_query(conn, "COPY P FROM '/data/overlapping.csv'", NULL) != RUZU_OK);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
    named_run(conn, "COPY P FROM '/data/good.csv'");
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 5100);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 2000}) RETURN p.v"), 20000);
    named_sound(conn, false);
    rows_range want = {5100, 5100, true};
    named_each_state(fs, simfs_op_count(fs), simfs_op_count(fs), verify_rows, &want);
    named_close(conn);
    simfs_free(fs);
}

/* ---- recovery ---- */

static void recover_then_power_loss(void)
{
    const simfs_sync_failure failures[] = {SIMFS_SYNC_KEEP, SIMFS_SYNC_LOSE};
    for (int i = 0; i < 2; i++) {
        simfs *fs = named_disk();
        ruzu_conn *conn = named_open(fs);
        named_run(conn, NAMED_PEOPLE);
        /* The outcome of the last commit is unknown: it stands in the system's memory, perhaps not on the disk. */
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_SYNC), .path = &NAMED_LOG[1], .action = SIMFS_FAIL, .error_number = EIO, .sync_failure = failures[i]});
        named_refused(conn, "CREATE (:P {id: 1001, v: 1})", RUZU_ERROR_OUTCOME_UNKNOWN, "not known");
        simfs_clear_faults(fs);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
        conn = named_open(fs);
        int64_t shown = named_number(conn, "MATCH (p:P) RETURN count(*)");
        CHECK(shown == 100 || shown == 101);
        rows_range want = {shown, shown, false}; /* what has been shown stays, and nothing is added to it */
        named_each_state(fs, simfs_op_count(fs), simfs_op_count(fs), verify_rows, &want);
        named_close(conn);
        simfs_free(fs);
    }
}

static void recover_twice_with_append_between(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    for (int64_t round = 1; round <= 4; round++) {
        char cypher[96];
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %lld, v: 0})", (long long)(2000 + round));
        named_run(conn, cypher);
        rows_range want = {100 + round, 100 + round, true};
        named_each_state(fs, simfs_op_count(fs), simfs_op_count(fs), verify_rows, &want);
        simfs *crashed = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, (uint64_t)round);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_free(fs);
        fs = crashed;
        conn = named_open(fs);
        CHECK(strcmp(named_info(conn, "commits recovered"), "0") != 0);
    }
    named_close(conn);
    simfs_free(fs);
}

/* The steps that end a session: the last checkpoint, the logs' removal. A process killed between them leaves them for the next one, which may be killed as well. */
static void recover_kill_between_cleanup_steps(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT; CREATE (:P {id: 1001, v: 1})");
    simfs *killed = simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, 1);
    named_close(conn);
    simfs_free(fs);
    rows_range want = {101, 101, true};
    for (int depth = 0; depth < 2; depth++) {
        conn = named_open(killed);
        named_run(conn, depth == 0 ? "MATCH (p:P {id: 1}) SET p.v = 1" : "MATCH (p:P {id: 2}) SET p.v = 2");
        uint64_t from = simfs_op_count(killed);
        named_close(conn); /* folds, writes the header, removes the logs */
        CHECK(!simfs_exists(killed, NAMED_LOG) && !simfs_exists(killed, NAMED_LOG2));
        uint64_t to = simfs_op_count(killed);
        named_each_state(killed, from, to, verify_rows, &want);
        simfs *again = simfs_crash(killed, from + (to - from) * (uint64_t)(depth + 1) / 3, SIMFS_KEEP, 2);
        simfs_free(killed);
        killed = again;
    }
    simfs_free(killed);
}

/* ---- logs ---- */

static simfs *copy_of(simfs *fs)
{
    return simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, 1);
}

static void open_fails(simfs *fs, uint32_t flags, const char *part)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(named_try_open(fs, NAMED_PATH, flags, &conn), RUZU_ERROR_CORRUPT);
    CHECK(conn == NULL);
    check_count++;
    if (strstr(ruzu_open_errmsg(), part) == NULL) {
        check_failures++;
        fprintf(stderr, "\"%s\" does not contain \"%s\"\n", ruzu_open_errmsg(), part);
    }
}

static void stray_wal_of_other_db(void)
{
    simfs *fs = named_disk();
    simfs *other = simfs_create(77); /* another uuid */
    rz_vfs *vfs = simfs_vfs(other);
    CHECK_EQ_I64(vfs->make_dir(vfs, "/data"), RUZU_OK);
    simfs *disks[2] = {fs, other};
    ruzu_conn *conns[2];
    for (int i = 0; i < 2; i++) {
        conns[i] = named_open(disks[i]);
        named_run(conns[i], NAMED_PEOPLE);
    }
    uint64_t size = simfs_file_size(other, NAMED_LOG);
    char *log = (char *)malloc(size);
    CHECK(log != NULL && simfs_peek(other, NAMED_LOG, 0, log, size));
    simfs *mixed = copy_of(fs);
    named_file(mixed, NAMED_LOG, log, size);
    open_fails(mixed, 0, "belongs to another database");
    CHECK(strstr(ruzu_open_errmsg(), NAMED_LOG) != NULL && strstr(ruzu_open_errmsg(), "'" NAMED_PATH "'") != NULL); /* both files are named */
    simfs_free(mixed);
    /* beside a database that was closed cleanly, too */
    named_close(conns[0]);
    named_file(fs, NAMED_LOG, log, size);
    open_fails(fs, 0, "belongs to another database");
    CHECK_EQ_I64(simfs_vfs(fs)->remove(simfs_vfs(fs), NAMED_LOG), RUZU_OK);
    ruzu_conn *conn = named_open(fs);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
    named_close(conn);
    free(log);
    named_close(conns[1]);
    simfs_free(other);
    simfs_free(fs);
}

static void wal_older_generation_ignored(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; MATCH (p:P {id: 7}) SET p.v = 8"); /* in the log of generation 1 */
    named_run(conn, "CHECKPOINT; MATCH (p:P {id: 7}) SET p.v = 7");    /* in that of generation 2 */
    simfs *crashed = copy_of(fs);
    CHECK(simfs_exists(crashed, NAMED_LOG) && simfs_exists(crashed, NAMED_LOG2));
    rows_range want = {100, 100, true};
    named_state(crashed, simfs_op_count(fs), verify_rows, &want);
    simfs_free(crashed);
    /* even when it lies about beside a database that has been closed since */
    uint64_t size = simfs_file_size(fs, NAMED_LOG);
    char *log = (char *)malloc(size);
    CHECK(log != NULL && simfs_peek(fs, NAMED_LOG, 0, log, size));
    named_run(conn, "CHECKPOINT; MATCH (p:P {id: 9}) SET p.v = 9; CHECKPOINT");
    named_close(conn);
    named_file(fs, NAMED_LOG, log, size);
    conn = named_open(fs);
    verify_rows(conn, 0, &want);
    CHECK_STR(named_info(conn, "commits recovered"), "0");
    named_close(conn);
    free(log);
    simfs_free(fs);
}

static void wal_bitflip_middle_refused(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    uint64_t middle = 0;
    for (int i = 0; i < 20; i++) {
        char cypher[96];
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d, v: 0})", 3000 + i);
        named_run(conn, cypher);
        uint64_t off = 0;
        for (uint64_t op = simfs_op_count(fs); i == 10 && middle == 0 && op > 0; op--) {
            middle = named_op_on(fs, op - 1, SIMFS_OP_WRITE, NAMED_LOG, &off) ? off : 0;
        }
    }
    CHECK(middle != 0);
    for (uint64_t at = middle; at < middle + 100; at += 9) {
        simfs *crashed = copy_of(fs);
        uint8_t byte = 0;
        CHECK(simfs_peek(crashed, NAMED_LOG, at, &byte, 1));
        byte ^= 0x10;
        CHECK(simfs_poke(crashed, NAMED_LOG, at, &byte, 1));
        open_fails(crashed, 0, "is damaged at offset");
        CHECK(strstr(ruzu_open_errmsg(), "Intact commits behind it: 10") != NULL); /* its own COMMIT is one */
        open_fails(crashed, RUZU_OPEN_READ_ONLY, "is damaged at offset");
        ruzu_conn *prefix = NULL;
        CHECK_EQ_I64(named_try_open(crashed, NAMED_PATH, RUZU_OPEN_RECOVER_PREFIX, &prefix), RUZU_OK);
        CHECK_EQ_I64(named_number(prefix, "MATCH (p:P) RETURN count(*)"), 110); /* the ten before it */
        named_close(prefix);
        simfs_free(crashed);
    }
    named_close(conn);
    simfs_free(fs);
}

static void wal_tail_torn_silent(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CREATE (:P {id: 1001, v: 0})");
    uint64_t first = simfs_op_count(fs);
    named_run(conn, "CREATE (:P {id: 1002, v: 0})");
    uint64_t last_off = 0;
    for (uint64_t op = first; op < simfs_op_count(fs); op++) {
        (void)(named_op_on(fs, op, SIMFS_OP_WRITE, NAMED_LOG, &last_off));
    }
    CHECK(last_off > 512);
    const uint8_t zeros[64] = {0};
    for (uint64_t cut = 8; cut < 160; cut += 8) {
        simfs *crashed = copy_of(fs);
        uint64_t size = simfs_file_size(crashed, NAMED_LOG);
        for (uint64_t at = last_off + cut; at + 8 <= size && at < last_off + 4096; at += 8) {
            CHECK(simfs_poke(crashed, NAMED_LOG, at, zeros, 8)); /* the rest of the last commit never reached the disk */
        }
        ruzu_conn *after = named_open(crashed);
        CHECK_EQ_I64(named_number(after, "MATCH (p:P) RETURN count(*)"), 101);
        CHECK(strcmp(named_info(after, "commits recovered"), "0") != 0);
        rows_range want = {101, 101, true};
        verify_rows(after, 0, &want);
        named_close(after);
        simfs_free(crashed);
    }
    named_close(conn);
    simfs_free(fs);
}

static void log_missing_is_error(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    simfs *crashed = copy_of(fs);
    CHECK_EQ_I64(simfs_vfs(crashed)->remove(simfs_vfs(crashed), NAMED_LOG), RUZU_OK);
    open_fails(crashed, 0, "the log is missing");
    CHECK(strstr(ruzu_open_errmsg(), NAMED_LOG) != NULL);
    open_fails(crashed, RUZU_OPEN_READ_ONLY, "the log is missing");
    simfs_free(crashed);
    named_close(conn);
    conn = named_open(fs); /* closed cleanly, no log is missed */
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
    named_close(conn);
    simfs_free(fs);
}

/* ---- order of commits ---- */

typedef struct next_writer {
    ruzu_conn *writer;
    ruzu_conn *reader;
    int64_t seen_by_writer;
    int64_t seen_by_reader;
} next_writer;

static void next_writer_looks(void *user)
{
    next_writer *next = (next_writer *)user;
    named_run(next->writer, "BEGIN TRANSACTION");
    next->seen_by_writer = named_number(next->writer, "MATCH (p:P {id: 1001}) RETURN count(*)");
    named_run(next->writer, "MATCH (p:P {id: 1001}) SET p.v = p.v + 1");
    next->seen_by_reader = named_number(next->reader, "MATCH (p:P {id: 1001}) RETURN count(*)");
}

static void verify_order(ruzu_conn *conn, uint64_t k, void *user)
{
    (void)k;
    (void)user;
    int64_t rows = named_number(conn, "MATCH (p:P) WHERE p.id = 1001 RETURN count(*)");
    int64_t later = named_number(conn, "MATCH (p:P) WHERE p.id = 1001 AND p.v = 6 RETURN count(*)");
    CHECK(later <= rows && rows <= 1);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id <= 100 RETURN count(*)"), 100);
}

/* While a commit is being synced, the next writer builds on it; readers do not see it before it is durable. */
static void next_writer_sees_unsynced_commit(void)
{
    for (int fails = 0; fails < 2; fails++) {
        simfs *fs = named_disk();
        ruzu_conn *conn = named_open(fs);
        named_run(conn, NAMED_PEOPLE);
        next_writer next = {.seen_by_writer = -1, .seen_by_reader = -1};
        CHECK_EQ_I64(ruzu_connect(conn, &next.writer), RUZU_OK);
        CHECK_EQ_I64(ruzu_connect(conn, &next.reader), RUZU_OK);
        uint64_t from = simfs_op_count(fs);
        if (fails) {
            simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_SYNC), .path = &NAMED_LOG[1], .action = SIMFS_FAIL, .error_number = EIO});
        }
        named_hook_on(fs, 1, next_writer_looks, &next);
        CHECK_EQ_I64(ruzu_query(conn, "CREATE (:P {id: 1001, v: 5})", NULL), fails ? RUZU_ERROR_OUTCOME_UNKNOWN : RUZU_OK);
        CHECK(named_hook_off(fs));
        CHECK_EQ_I64(next.seen_by_writer, 1);
        CHECK_EQ_I64(next.seen_by_reader, 0);
        CHECK_EQ_I64(named_number(next.reader, "MATCH (p:P {id: 1001}) RETURN count(*)"), fails ? 0 : 1);
        ruzu_status status = ruzu_query(next.writer, "COMMIT", NULL);
        CHECK(fails ? status != RUZU_OK : status == RUZU_OK);
        simfs_clear_faults(fs);
        named_each_state(fs, from, simfs_op_count(fs), verify_order, NULL);
        named_close(next.reader);
        named_close(next.writer);
        CHECK_EQ_I64(ruzu_close(conn), fails ? RUZU_ERROR_POISONED : RUZU_OK);
        simfs_free(fs);
    }
}

static void key_deleted_and_reinserted_old_snapshot(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    ruzu_conn *old = NULL;
    CHECK_EQ_I64(ruzu_connect(conn, &old), RUZU_OK);
    named_run(old, "BEGIN TRANSACTION READ ONLY; MATCH (p:P {id: 7}) RETURN p.v");
    named_run(conn, "MATCH (p:P {id: 7}) DELETE p");
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 7}) RETURN count(*)"), 0);
    CHECK_EQ_I64(named_number(old, "MATCH (p:P {id: 7}) RETURN p.v"), 7);
    named_run(conn, "CREATE (:P {id: 7, v: 700})");
    for (int round = 0; round < 3; round++) { /* in memory; folded; folded twice */
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 7}) RETURN p.v"), 700);
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id = 7 RETURN count(*)"), 1);
        CHECK_EQ_I64(named_number(old, "MATCH (p:P {id: 7}) RETURN p.v"), 7);
        CHECK_EQ_I64(named_number(old, "MATCH (p:P) WHERE p.id = 7 RETURN count(*)"), 1);
        CHECK_EQ_I64(named_number(old, "MATCH (p:P) RETURN count(*)"), 100);
        named_run(conn, "MATCH (p:P {id: 8}) SET p.v = p.v + 0; CHECKPOINT");
    }
    named_run(old, "COMMIT");
    CHECK_EQ_I64(named_number(old, "MATCH (p:P {id: 7}) RETURN p.v"), 700);
    named_run(conn, "CREATE (:P {id: 5000, v: 1}); CHECKPOINT");
    named_sound(conn, false);
    named_close(old);
    named_close(conn);
    simfs_free(fs);
}

int main(void)
{
    RUN(enospc_failed_commit_not_resurrected);
    RUN(write_eio_not_resurrected);
    RUN(enospc_copy_rows_invisible);
    RUN(failed_copy_then_copy);
    RUN(recover_then_power_loss);
    RUN(recover_twice_with_append_between);
    RUN(recover_kill_between_cleanup_steps);
    RUN(stray_wal_of_other_db);
    RUN(wal_older_generation_ignored);
    RUN(wal_bitflip_middle_refused);
    RUN(wal_tail_torn_silent);
    RUN(log_missing_is_error);
    RUN(next_writer_sees_unsynced_commit);
    RUN(key_deleted_and_reinserted_old_snapshot);
    return CHECK_DONE();
}
