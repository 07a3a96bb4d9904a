/* SPDX-License-Identifier: MIT */
/*
 * The log of an open database: wal_sync=normal and its timer, the check of the running log, automatic checkpoints that fail.
 */
#include "crash/named.h"

#include "transaction/store.h"

#include <time.h>

/* ---- wal_sync=normal ---- */

/* Rows that a power loss now leaves when everything unsynced is lost. */
static int64_t log_durable_rows(simfs *fs)
{
    simfs *crashed = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 1);
    ruzu_conn *conn = named_open(crashed);
    int64_t rows = named_number(conn, "MATCH (p:P) WHERE p.id > 100 RETURN count(*)");
    named_close(conn);
    simfs_free(crashed);
    return rows;
}

static void normal_is_durable_a_second_later(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    uint64_t time = UINT64_C(5000000);
    named_run(conn, NAMED_PEOPLE);
    named_run(conn, "CALL wal_sync = 'normal'");
    rz_store *store = conn->db->store;
    for (int round = 0; round < 3; round++) {
        char cypher[64];
        simfs_set_clock(fs, time);
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d})", 101 + 3 * round);
        named_run(conn, cypher);
        CHECK_EQ_I64(log_durable_rows(fs), 3 * round); /* it did not wait for the disk */
        simfs_set_clock(fs, time + 600000);
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d})", 102 + 3 * round);
        named_run(conn, cypher);
        rz_store_flush_due(store); /* not yet */
        CHECK_EQ_I64(log_durable_rows(fs), 3 * round);
        simfs_set_clock(fs, time + 900000);
        rz_store_flush_due(store);
        CHECK_EQ_I64(log_durable_rows(fs), 3 * round);
        simfs_set_clock(fs, time + 1000100); /* a second after the first of the two */
        rz_store_flush_due(store);
        CHECK_EQ_I64(log_durable_rows(fs), 3 * round + 2);
        uint64_t before = simfs_op_count(fs);
        simfs_set_clock(fs, time + 5000000);
        rz_store_flush_due(store); /* nobody waits: nothing is done */
        CHECK_EQ_U64(simfs_op_count(fs), before);
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d})", 103 + 3 * round);
        named_run(conn, cypher);
        CHECK_EQ_I64(log_durable_rows(fs), 3 * round + 2);
        time += 7000000;
        simfs_set_clock(fs, time);
        rz_store_flush_due(store);
        CHECK_EQ_I64(log_durable_rows(fs), 3 * round + 3);
        time += 1000000;
    }
    /* Where no thread looks at the time, commits do. */
    simfs_set_clock(fs, time);
    named_run(conn, "CREATE (:P {id: 201})");
    CHECK_EQ_I64(log_durable_rows(fs), 9);
    simfs_set_clock(fs, time + 1500000);
    named_run(conn, "CREATE (:P {id: 202})");
    CHECK(log_durable_rows(fs) >= 10);
    named_close(conn);
    CHECK_EQ_I64(log_durable_rows(fs), 11);
    simfs_free(fs);
}

static void failing_timer_poisons(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CALL wal_sync = 'normal'");
    simfs_set_clock(fs, 5000000);
    named_run(conn, "CREATE (:P {id: 101})");
    simfs_set_clock(fs, 6500000);
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_SYNC), .path = &NAMED_LOG[1], .action = SIMFS_FAIL, .error_number = EIO});
    rz_store_flush_due(conn->db->store);
    CHECK_EQ_U64(simfs_fault_hits(fs), 1);
    CHECK_STR(named_info(conn, "health"), "poisoned");
    named_refused(conn, "CREATE (:P {id: 102})", RUZU_ERROR_POISONED, "sync");
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 101);
    uint64_t before = simfs_op_count(fs);
    rz_store_flush_due(conn->db->store); /* it is not tried again */
    CHECK_EQ_U64(simfs_op_count(fs), before);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
    simfs_free(fs);
}

/* With threads and the real clock: nobody commits again, and the log is synced all the same. */
static void thread_syncs_by_itself(void)
{
    simfs *fs = named_disk();
    simfs_vfs(fs)->monotonic_us = NULL;
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 2;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs), NAMED_PATH, &config, &conn), RUZU_OK);
    named_run(conn, NAMED_PEOPLE "; CALL wal_sync = 'normal'; CREATE (:P {id: 101})");
    rz_wal_positions positions;
    rz_wal_positions_get(conn->db->store->wal, &positions);
    CHECK(positions.synced_lsn < positions.written_lsn);
    for (int i = 0; i < 3000 && positions.synced_lsn < positions.written_lsn; i++) { /* a minute at most; a second, usually */
        const struct timespec pause = {.tv_nsec = 20000000};
        (void)nanosleep(&pause, NULL);
        rz_wal_positions_get(conn->db->store->wal, &positions);
    }
    CHECK_EQ_U64(positions.synced_lsn, positions.written_lsn);
    named_run(conn, "CREATE (:P {id: 102})");
    named_close(conn); /* with the timer armed */
    CHECK_EQ_I64(log_durable_rows(fs), 2);
    simfs_free(fs);
}

/* ---- the check of the running log ---- */

static int64_t log_problems(ruzu_conn *conn)
{
    CHECK_EQ_I64(named_number(conn, "CALL check_database() WHERE object <> 'log' RETURN count(*)"), 0);
    return named_number(conn, "CALL check_database() WHERE object = 'log' AND severity = 'error' RETURN count(*)");
}

static void log_flip(simfs *fs, const char *path, uint64_t off)
{
    uint8_t byte = 0;
    CHECK(simfs_peek(fs, path, off, &byte, 1));
    byte ^= 0x40;
    CHECK(simfs_poke(fs, path, off, &byte, 1));
}

static void check_reads_the_running_log(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    CHECK_EQ_I64(log_problems(conn), 0); /* there is none yet */
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    CHECK_EQ_I64(log_problems(conn), 0);
    named_run(conn, "CREATE (:P {id: 101}); CREATE (:P {id: 102}); CREATE (:P {id: 103})");
    rz_wal_positions positions;
    rz_wal_positions_get(conn->db->store->wal, &positions);
    uint64_t end = 512 + positions.size_bytes;
    for (uint64_t off = 0; off < end; off += off < 64 ? 7 : 61) {
        if (off >= 56 && off < 508) {
            continue; /* zeros of the header: covered by its checksum, tried below */
        }
        log_flip(fs, NAMED_LOG2, off);
        CHECK_EQ_I64(log_problems(conn), 1);
        log_flip(fs, NAMED_LOG2, off);
    }
    log_flip(fs, NAMED_LOG2, 300);
    CHECK_EQ_I64(log_problems(conn), 1);
    log_flip(fs, NAMED_LOG2, 300);
    CHECK_EQ_I64(log_problems(conn), 0);
    log_flip(fs, NAMED_LOG2, end + 8); /* behind the end is nobody's */
    CHECK_EQ_I64(log_problems(conn), 0);
    /* A checkpoint that failed after changing logs: both are needed. */
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE), .path = "db.ruzu", .skip = 1 /* the other log's header */, .action = SIMFS_FAIL, .error_number = ENOSPC});
    CHECK_EQ_I64(ruzu_query(conn, "CHECKPOINT", NULL), RUZU_ERROR_DISK_FULL);
    simfs_clear_faults(fs);
    CHECK_EQ_I64(log_problems(conn), 0);
    named_run(conn, "CREATE (:P {id: 104})");
    CHECK_EQ_I64(log_problems(conn), 0);
    log_flip(fs, NAMED_LOG2, end - 20); /* the older one */
    CHECK_EQ_I64(log_problems(conn), 1);
    log_flip(fs, NAMED_LOG, 600);
    CHECK_EQ_I64(log_problems(conn), 2);
    named_run(conn, "CHECKPOINT"); /* everything is in the file: those logs do not matter any more */
    CHECK_EQ_I64(log_problems(conn), 1); /* but the newer one is in use still */
    named_run(conn, "CREATE (:P {id: 105}); CHECKPOINT");
    CHECK_EQ_I64(log_problems(conn), 0);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 105);
    named_close(conn);
    simfs_free(fs);
}

/* ---- automatic checkpoints that fail ---- */

static void failing_checkpoints_are_tried_less_and_less(void)
{
    simfs *fs = named_disk();
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1;
    config.checkpoint_threshold = 4096;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs), NAMED_PATH, &config, &conn), RUZU_OK);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    uint64_t hits = simfs_fault_hits(fs);
    /* No page can be written: each try ends at its first one. */
    simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_RESERVE), .path = "db.ruzu.tmp", .forever = true, .action = SIMFS_FAIL, .error_number = ENOSPC});
    int commits = 0;
    for (; commits < 3000; commits++) { /* about 200 bytes of log each */
        char cypher[96];
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d, v: 1})", 1000 + commits);
        named_run(conn, cypher);
    }
    uint64_t tries = simfs_fault_hits(fs) - hits;
    CHECK(tries >= 3 && tries <= 12);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 3100);
    simfs_clear_faults(fs);
    named_run(conn, "CHECKPOINT"); /* by hand it is tried at once */
    for (int i = 0; i < 100; i++) { /* and then it is as if nothing had been */
        char cypher[96];
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d, v: 1})", 100000 + i);
        named_run(conn, cypher);
        CHECK(i == 0 || rz_wal_size_bytes(conn->db->store->wal) < 8192); /* a checkpoint that was tried again does not change logs; the one after it does */
    }
    named_sound(conn, false);
    named_close(conn);
    simfs_free(fs);
}

int main(void)
{
    RUN(normal_is_durable_a_second_later);
    RUN(failing_timer_poisons);
    RUN(thread_syncs_by_itself);
    RUN(check_reads_the_running_log);
    RUN(failing_checkpoints_are_tried_less_and_less);
    return CHECK_DONE();
}
