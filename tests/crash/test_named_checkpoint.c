/* SPDX-License-Identifier: MIT */
/*
 * Failures that have cost users of other databases their data, each as a test of its name: checkpoints, pages, closing. docs/testing.md lists them.
 */
#include "crash/named.h"

#include "storage/page/disk.h"

/* ---- the order of operations ---- */

/* Pages of the database file are durable before a header slot is written; the slots are synced one by one. Returns how many slots were written. */
static int check_pages_before_header(const simfs *fs, uint64_t from, uint64_t to)
{
    int unsynced = 0;
    int slots = 0;
    for (uint64_t op = from; op < to; op++) {
        uint64_t off = 0;
        if (named_op_on(fs, op, SIMFS_OP_WRITE, NAMED_PATH, &off)) {
            if (off < (uint64_t)RZ_HEADER_SLOTS * RZ_PAGE_SIZE) {
                CHECK_EQ_I64(unsynced, 0);
                slots++;
            }
            unsynced++;
        } else if (named_op_on(fs, op, SIMFS_OP_SYNC, NAMED_PATH, NULL)) {
            unsynced = 0;
        }
    }
    CHECK_EQ_I64(unsynced, 0);
    return slots;
}

static void new_pages_synced_before_header(void)
{
    simfs *fs = named_disk();
    named_csv(fs, "/data/many.csv", 1001, 5000);
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    const char *const steps[] = {"CHECKPOINT", "MATCH (p:P) SET p.v = p.v + 1; CHECKPOINT", "COPY P FROM '/data/many.csv'; CHECKPOINT",
                                 "CREATE NODE TABLE Q(id INT64 PRIMARY KEY); DROP TABLE P; CHECKPOINT"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint64_t from = simfs_op_count(fs);
        named_run(conn, steps[i]);
        CHECK_EQ_I64(check_pages_before_header(fs, from, simfs_op_count(fs)), 2);
    }
    uint64_t from = simfs_op_count(fs);
    named_run(conn, "CREATE (:Q {id: 1})");
    named_close(conn);
    CHECK_EQ_I64(check_pages_before_header(fs, from, simfs_op_count(fs)), 2);
    simfs_free(fs);
}

/* What a COPY wrote to the data file is durable before the log says that it is there. */
static void copy_commit_record_before_data_sync(void)
{
    simfs *fs = named_disk();
    named_csv(fs, "/data/many.csv", 1001, 9000);
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE);
    uint64_t from = simfs_op_count(fs);
    named_run(conn, "COPY P FROM '/data/many.csv'");
    int pages = 0, unsynced = 0, records = 0;
    for (uint64_t op = from; op < simfs_op_count(fs); op++) {
        if (named_op_on(fs, op, SIMFS_OP_WRITE, NAMED_PATH, NULL)) {
            pages++;
            unsynced++;
        } else if (named_op_on(fs, op, SIMFS_OP_SYNC, NAMED_PATH, NULL)) {
            unsynced = 0;
        } else if (named_op_on(fs, op, SIMFS_OP_WRITE, NAMED_LOG, NULL)) {
            CHECK_EQ_I64(unsynced, 0);
            records++;
        }
    }
    CHECK(pages > 0 && records > 0);
    named_close(conn);
    simfs_free(fs);
}

/* ---- power loss in checkpoints ---- */

static void verify_second(ruzu_conn *conn, uint64_t k, void *user)
{
    (void)k;
    (void)user;
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 200);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN sum(p.v)"), 5050 + 1000 + 200 * 100 - 4950);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 150})<-[:K]-(q) RETURN q.id"), 50);
}

static void ckpt_kill_every_write_2nd_checkpoint(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CREATE REL TABLE K(FROM P TO P); CHECKPOINT");
    named_run(conn, "MATCH (p:P) SET p.v = p.v + 10; UNWIND range(101, 200) AS i CREATE (:P {id: i, v: i})");
    named_run(conn, "MATCH (a:P), (b:P) WHERE b.id = a.id + 100 CREATE (a)-[:K]->(b)");
    uint64_t from = simfs_op_count(fs);
    named_run(conn, "CHECKPOINT");
    named_each_state(fs, from, simfs_op_count(fs), verify_second, NULL);
    named_close(conn);
    simfs_free(fs);
}

typedef struct beside_acks {
    ruzu_conn *writer;
    uint64_t begun[8]; /* operations before and after each commit */
    uint64_t acknowledged[8];
    int count;
} beside_acks;

static void commit_beside(void *user)
{
    beside_acks *acks = (beside_acks *)user;
    simfs *fs = (simfs *)rz_store_vfs(acks->writer->db->store)->ctx;
    char cypher[128];
    (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d, v: 0}); MATCH (p:P {id: 5}) SET p.v = p.v + 0", 2000 + acks->count);
    acks->begun[acks->count] = simfs_op_count(fs);
    named_run(acks->writer, cypher);
    acks->acknowledged[acks->count++] = simfs_op_count(fs);
}

static void verify_beside(ruzu_conn *conn, uint64_t k, void *user)
{
    const beside_acks *acks = (const beside_acks *)user;
    int64_t least = 0, most = 0;
    for (int i = 0; i < acks->count; i++) {
        least += acks->acknowledged[i] <= k;
        most += acks->begun[i] < k;
    }
    int64_t rows = named_number(conn, "MATCH (p:P) WHERE p.id >= 2000 RETURN count(*)");
    CHECK(rows >= least && rows <= most);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id <= 100 AND p.v = p.id + 10 RETURN count(*)"), 100);
}

/* Commits in the midst of each sync of a checkpoint: they are in the newer log, whatever becomes of the checkpoint. */
static void commits_beside_checkpoint_survive(void)
{
    int ran = 0;
    for (int at = 1; at <= 8; at++) {
        simfs *fs = named_disk();
        simfs_vfs(fs)->ctx = fs;
        ruzu_conn *conn = named_open(fs);
        named_run(conn, NAMED_PEOPLE "; CHECKPOINT; MATCH (p:P) SET p.v = p.v + 10");
        beside_acks acks = {0};
        CHECK_EQ_I64(ruzu_connect(conn, &acks.writer), RUZU_OK);
        uint64_t from = simfs_op_count(fs);
        named_hook_on(fs, at, commit_beside, &acks);
        rz_error err;
        rz_error_init(&err);
        /* The first syncs are those of the log being left: its commits wait for the same. Those of the database file are the checkpoint's own. */
        CHECK_EQ_I64(rz_store_checkpoint(conn->db->store, &err), RUZU_OK);
        bool hooked = named_hook_off(fs);
        ran += hooked;
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id >= 2000 RETURN count(*)"), hooked ? 1 : 0);
        if (hooked) {
            named_each_state(fs, from, simfs_op_count(fs), verify_beside, &acks);
        }
        named_close(acks.writer);
        named_close(conn);
        simfs_free(fs);
    }
    CHECK(ran >= 3);
}

static void verify_retried(ruzu_conn *conn, uint64_t k, void *user)
{
    (void)k;
    (void)user;
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) RETURN count(*)"), 102);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id <= 100 AND p.v = p.id + 10 RETURN count(*)"), 100);
}

static void checkpoint_failed_then_retried_then_crash(void)
{
    int failed = 0;
    for (uint32_t skip = 0; skip < 40; skip++) {
        simfs *fs = named_disk();
        ruzu_conn *conn = named_open(fs);
        named_run(conn, NAMED_PEOPLE "; CHECKPOINT; MATCH (p:P) SET p.v = p.v + 10; CREATE (:P {id: 1001, v: 0})");
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_RESERVE), .skip = skip, .action = SIMFS_SHORT_WRITE, .error_number = ENOSPC});
        ruzu_status status = ruzu_query(conn, "CHECKPOINT", NULL);
        bool hit = simfs_fault_hits(fs) != 0;
        simfs_clear_faults(fs);
        bool poisoned = strcmp(named_info(conn, "health"), "poisoned") == 0;
        if (!hit) {
            CHECK_EQ_I64(status, RUZU_OK);
            named_close(conn);
            simfs_free(fs);
            break;
        }
        failed += status != RUZU_OK;
        if (!poisoned) {
            named_run(conn, "CREATE (:P {id: 1002, v: 0})"); /* in the newer log, or still in the older one */
            uint64_t retry = simfs_op_count(fs);
            named_run(conn, "CHECKPOINT");
            named_each_state(fs, retry, simfs_op_count(fs), verify_retried, NULL);
            named_close(conn);
        } else {
            named_refused(conn, "CHECKPOINT", RUZU_ERROR_POISONED, "");
            CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
            conn = named_open(fs);
            named_run(conn, "CREATE (:P {id: 1002, v: 0})");
            uint64_t retry = simfs_op_count(fs);
            named_run(conn, "CHECKPOINT");
            named_each_state(fs, retry, simfs_op_count(fs), verify_retried, NULL);
            named_close(conn);
        }
        simfs_free(fs);
    }
    CHECK(failed >= 4);
}

static void dropped_copy_verify(ruzu_conn *conn, uint64_t k, void *user)
{
    const uint64_t *acknowledged = (const uint64_t *)user;
    if (k >= acknowledged[0]) {
        CHECK_EQ_I64(named_number(conn, "MATCH (q:Q) WHERE q.v = q.id * 10 RETURN count(*)"), 4000);
        CHECK_EQ_I64(named_number(conn, "MATCH (q:Q {id: 9000}) RETURN q.v"), 90000);
    }
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.v = p.id RETURN count(*)"), 100);
}

/* The log names the pages of a COPY whose table is dropped again: they are nobody else's before a header makes that log old. */
static void dropped_copy_pages_not_reused_before_checkpoint(void)
{
    simfs *fs = named_disk();
    named_csv(fs, "/data/one.csv", 1001, 5000);
    named_csv(fs, "/data/two.csv", 5001, 9000);
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    named_run(conn, "CREATE NODE TABLE T(id INT64 PRIMARY KEY, v INT64); COPY T FROM '/data/one.csv'");
    uint64_t from = simfs_op_count(fs);
    named_run(conn, "DROP TABLE T; CREATE NODE TABLE Q(id INT64 PRIMARY KEY, v INT64); COPY Q FROM '/data/two.csv'");
    uint64_t acknowledged = simfs_op_count(fs);
    named_each_state(fs, from, acknowledged, dropped_copy_verify, &acknowledged);
    named_run(conn, "CHECKPOINT");
    named_each_state(fs, acknowledged, simfs_op_count(fs), dropped_copy_verify, &acknowledged);
    named_sound(conn, false);
    named_close(conn);
    simfs_free(fs);
}

/* ---- damaged headers ---- */

/*
 * After a checkpoint has reused pages that the one before freed, each slot alone still gives the database: the second slot was durable before the first page was reused.
 */
static void second_header_slot_before_reuse(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    for (int round = 0; round < 4; round++) {
        named_run(conn, "MATCH (p:P) SET p.v = p.v + 1; CHECKPOINT");
    }
    uint64_t from = simfs_op_count(fs);
    named_run(conn, "MATCH (p:P) SET p.v = p.v + 1; CHECKPOINT; MATCH (p:P) SET p.v = p.v + 1; CHECKPOINT");
    uint64_t to = simfs_op_count(fs);
    int opened = 0;
    for (uint64_t k = from;; k = simfs_next_crash_point(fs, k)) {
        k = k < to ? k : to;
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            for (uint64_t slot = 0; slot < RZ_HEADER_SLOTS; slot++) {
                simfs *crashed = simfs_crash(fs, k, (simfs_model)model, k * 17 + (uint64_t)model);
                uint8_t page[RZ_PAGE_SIZE];
                rz_file_header header;
                CHECK(simfs_peek(crashed, NAMED_PATH, (1 - slot) * RZ_PAGE_SIZE, page, sizeof page));
                memset(page + 512, 0, sizeof page - 512);
                if (rz_header_decode_anyway(page, &header) && rz_load_u32(page + 508) == rz_crc32c(0, page, 508)) {
                    uint8_t zeros[512] = {0};
                    CHECK(simfs_poke(crashed, NAMED_PATH, slot * RZ_PAGE_SIZE, zeros, sizeof zeros));
                    ruzu_conn *after = named_open(crashed); /* the other slot is whole: it must do */
                    int64_t value = named_number(after, "MATCH (p:P {id: 50}) RETURN p.v");
                    CHECK(value >= 54 && value <= 56);
                    CHECK_EQ_I64(named_number(after, "MATCH (p:P) RETURN count(*)"), 100);
                    CHECK_EQ_I64(named_number(after, "MATCH (p:P) RETURN sum(p.v) - 100 * max(p.v) + 4950"), 0);
                    named_close(after);
                    opened++;
                }
                simfs_free(crashed);
            }
        }
        if (k == to) {
            break;
        }
    }
    CHECK(opened > 100);
    named_close(conn);
    simfs_free(fs);
}

/* ---- growth ---- */

static void checkpoint_1000_times_no_growth(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CREATE REL TABLE K(FROM P TO P, w INT64); MATCH (a:P), (b:P) WHERE b.id = a.id + 1 CREATE (a)-[:K {w: 1}]->(b); CHECKPOINT");
    uint64_t early = 0;
    for (int round = 0; round < 1000; round++) {
        named_run(conn, "MATCH (p:P {id: 3})-[k:K]->(q) SET p.v = p.v + 1, k.w = k.w + 1; CHECKPOINT");
        uint64_t size = simfs_file_size(fs, NAMED_PATH);
        early = round == 20 ? size : early;
        if (round > 20 && size > early + early / 4) {
            CHECK_EQ_U64(size, early);
            break;
        }
    }
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P {id: 3})-[k:K]->() RETURN p.v * 10000 + k.w"), 10031001);
    CHECK(simfs_file_size(fs, NAMED_LOG) + simfs_file_size(fs, NAMED_LOG2) <= UINT64_C(4) << 20);
    named_sound(conn, false);
    named_close(conn);
    simfs_free(fs);
}

/* ---- opening and closing beside it all ---- */

static int changes_since(const simfs *fs, uint64_t from)
{
    int count = 0;
    for (uint64_t op = from; op < simfs_op_count(fs); op++) {
        simfs_op_kind kind = simfs_op_kind_at(fs, op);
        count += kind == SIMFS_OP_WRITE || kind == SIMFS_OP_SYNC || kind == SIMFS_OP_TRUNCATE || kind == SIMFS_OP_RESERVE || kind == SIMFS_OP_SYNC_DIR || kind == SIMFS_OP_REMOVE ||
                 kind == SIMFS_OP_RENAME;
    }
    return count;
}

typedef struct second_open {
    simfs *fs;
    ruzu_status status;
} second_open;

static void open_read_only(void *user)
{
    second_open *second = (second_open *)user;
    ruzu_conn *conn = NULL;
    second->status = named_try_open(second->fs, NAMED_PATH, RUZU_OPEN_READ_ONLY, &conn);
    CHECK(conn == NULL);
}

/* While a checkpoint writes, another open is kept out; of a checkpoint that was killed, a read-only open shows all and writes nothing. */
static void readonly_open_during_checkpoint(void)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT; MATCH (p:P) SET p.v = p.v + 1; CREATE (:P {id: 1001, v: 0})");
    uint64_t from = simfs_op_count(fs);
    second_open second = {.fs = fs, .status = RUZU_OK};
    named_hook_on(fs, 3, open_read_only, &second);
    named_run(conn, "CHECKPOINT");
    CHECK(named_hook_off(fs));
    CHECK_EQ_I64(second.status, RUZU_ERROR_LOCKED);
    uint64_t to = simfs_op_count(fs);
    for (uint64_t k = from; k <= to; k = simfs_next_crash_point(fs, k)) {
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            simfs *crashed = simfs_crash(fs, k, (simfs_model)model, k);
            uint64_t before = simfs_op_count(crashed);
            ruzu_conn *reader = NULL;
            CHECK_EQ_I64(named_try_open(crashed, NAMED_PATH, RUZU_OPEN_READ_ONLY, &reader), RUZU_OK);
            CHECK_EQ_I64(named_number(reader, "MATCH (p:P) RETURN count(*)"), 101);
            CHECK_EQ_I64(named_number(reader, "MATCH (p:P) WHERE p.id <= 100 AND p.v = p.id + 1 RETURN count(*)"), 100);
            named_refused(reader, "CREATE (:P {id: 7000})", RUZU_ERROR_READ_ONLY, "read-only");
            named_close(reader);
            CHECK_EQ_I64(changes_since(crashed, before), 0);
            simfs_free(crashed);
        }
    }
    named_close(conn);
    simfs_free(fs);
}

/* The checkpoint of closing fails: closing says so, and the log has everything. */
static void destructor_checkpoint_failure_reported(void)
{
    const int errors[] = {ENOSPC, EIO};
    for (int i = 0; i < 2; i++) {
        simfs *fs = named_disk();
        ruzu_conn *conn = named_open(fs);
        named_run(conn, NAMED_PEOPLE "; CHECKPOINT; MATCH (p:P) SET p.v = p.v + 1");
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_RESERVE), .path = "db.ruzu", .forever = true, .action = SIMFS_FAIL, .error_number = errors[i]});
        ruzu_status status = ruzu_close(conn);
        CHECK(status == (errors[i] == ENOSPC ? RUZU_ERROR_DISK_FULL : RUZU_ERROR_IO));
        CHECK(strstr(ruzu_open_errmsg(), "db.ruzu") != NULL);
        simfs_clear_faults(fs);
        CHECK(simfs_exists(fs, NAMED_LOG) || simfs_exists(fs, NAMED_LOG2)); /* needed still */
        conn = named_open(fs);
        CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.v = p.id + 1 RETURN count(*)"), 100);
        named_close(conn);
        simfs_free(fs);
    }
}

int main(void)
{
    RUN(new_pages_synced_before_header);
    RUN(copy_commit_record_before_data_sync);
    RUN(ckpt_kill_every_write_2nd_checkpoint);
    RUN(commits_beside_checkpoint_survive);
    RUN(checkpoint_failed_then_retried_then_crash);
    RUN(dropped_copy_pages_not_reused_before_checkpoint);
    RUN(second_header_slot_before_reuse);
    RUN(checkpoint_1000_times_no_growth);
    RUN(readonly_open_during_checkpoint);
    RUN(destructor_checkpoint_failure_reported);
    return CHECK_DONE();
}
