/* SPDX-License-Identifier: MIT */
/*
 * Failing disks beside threads: one commits, the database's own make checkpoints and sync the log, and somewhere an operation fails. What was acknowledged is there afterwards,
 * what was refused is not, and the handle does what its health says. No run is like the other – threads decide –, so invariants are looked at, not sequences.
 */
#include "crash/named.h"

#include "transaction/store.h"
#include "unit/volume.h"

#define BACKGROUND_COMMITS 120

typedef enum background_fate { FATE_ABSENT, FATE_THERE, FATE_UNKNOWN } background_fate;

typedef struct background_run {
    simfs *fs;
    background_fate fates[BACKGROUND_COMMITS];
    int begun;
} background_run;

static uint64_t background_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state >> 33;
}

static ruzu_conn *background_open(simfs *fs, uint32_t flags)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_config_init(&config);
    config.max_threads = 2; /* checkpoints and the log's timer have threads of their own */
    config.buffer_pool_size = UINT64_C(4) << 20;
    config.checkpoint_threshold = 2048;
    config.flags |= flags;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs), NAMED_PATH, &config, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    return conn;
}

/* Rows are there or not, as their commits were answered; the newest may be gone together where `newest_lost`. */
static void background_verify(ruzu_conn *conn, const background_run *run, bool newest_lost)
{
    bool gone = false;
    for (int i = 0; i < run->begun; i++) {
        char cypher[96];
        (void)snprintf(cypher, sizeof cypher, "MATCH (p:P {id: %d}) WHERE p.v = %d RETURN count(*)", 1000 + i, i * 3);
        int64_t there = named_number(conn, cypher);
        gone = gone || (newest_lost && run->fates[i] == FATE_THERE && there == 0);
        CHECK(run->fates[i] == FATE_UNKNOWN || there == (run->fates[i] == FATE_THERE && !gone));
    }
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.id <= 100 RETURN count(*)"), 100);
    named_sound(conn, true);
}

static simfs_fault background_fault(uint64_t *random)
{
    const uint32_t kinds[] = {SIMFS_KIND(SIMFS_OP_WRITE), SIMFS_KIND(SIMFS_OP_SYNC), SIMFS_KIND(SIMFS_OP_RESERVE), SIMFS_KIND(SIMFS_OP_TRUNCATE),
                              SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_SYNC) | SIMFS_KIND(SIMFS_OP_RESERVE)};
    const char *const paths[] = {"data/db.ruzu", "db.ruzu.wal", "db.ruzu.wal2", "db.ruzu.tmp"};
    uint32_t kind = kinds[background_random(random) % 5];
    return (simfs_fault){.op = SIMFS_ANY_OP,
                         .kinds = kind,
                         .path = paths[background_random(random) % 4],
                         .skip = (uint32_t)(background_random(random) % 80),
                         .forever = background_random(random) % 3 == 0,
                         .action = kind == SIMFS_KIND(SIMFS_OP_WRITE) && background_random(random) % 2 == 0 ? SIMFS_SHORT_WRITE : SIMFS_FAIL,
                         .error_number = background_random(random) % 2 == 0 ? EIO : ENOSPC,
                         .sync_failure = background_random(random) % 2 == 0 ? SIMFS_SYNC_KEEP : SIMFS_SYNC_LOSE};
}

/* Commits until the end or until the handle takes no more. */
static void background_commit_all(ruzu_conn *conn, background_run *run)
{
    for (int i = 0; i < BACKGROUND_COMMITS; i++) {
        char cypher[96];
        (void)snprintf(cypher, sizeof cypher, "CREATE (:P {id: %d, v: %d})", 1000 + i, i * 3);
        ruzu_status status = ruzu_query(conn, cypher, NULL);
        run->fates[i] = status == RUZU_OK ? FATE_THERE : status == RUZU_ERROR_OUTCOME_UNKNOWN ? FATE_UNKNOWN : FATE_ABSENT;
        run->begun = i + 1;
        CHECK(status == RUZU_OK || crash_is_disk_failure(status));
        if (status == RUZU_ERROR_POISONED) {
            break;
        }
        if (i % 30 == 29) {
            CHECK(named_number(conn, "MATCH (p:P) RETURN count(*)") >= 100); /* reading goes on */
        }
    }
}

/* Returns whether the fault was met. */
static bool background_round(uint64_t seed)
{
    uint64_t random = seed * 7919 + 1;
    bool normal = background_random(&random) % 4 == 0;
    background_run run = {.fs = named_disk()};
    ruzu_conn *conn = background_open(run.fs, 0);
    named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
    if (normal) {
        named_run(conn, "CALL wal_sync = 'normal'");
    }
    simfs_fault fault = background_fault(&random);
    simfs_add_fault(run.fs, fault);
    background_commit_all(conn, &run);
    CHECK(named_number(conn, "MATCH (p:P) RETURN count(*)") >= 100);
    ruzu_status closed = ruzu_close(conn);
    CHECK(closed == RUZU_OK || crash_is_disk_failure(closed));
    bool met = simfs_fault_hits(run.fs) != 0;
    simfs_clear_faults(run.fs);
    bool unsynced = normal && closed != RUZU_OK; /* acknowledged before a sync that failed */
    simfs *crashed = simfs_crash(run.fs, simfs_op_count(run.fs), SIMFS_DROP, seed);
    simfs *files[2] = {run.fs, crashed};
    for (int i = 0; i < 2; i++) {
        ruzu_conn *after = background_open(files[i], 0);
        /* They go with the power, or when the failing sync lets go of them. */
        background_verify(after, &run, unsynced && (i == 1 || fault.sync_failure == SIMFS_SYNC_LOSE));
        named_run(after, "CREATE (:P {id: 999999, v: 0}); CHECKPOINT");
        named_sound(after, false);
        named_close(after);
    }
    simfs_free(crashed);
    simfs_free(run.fs);
    return met;
}

static void failing_disks_beside_the_background_threads(void)
{
    uint64_t rounds = test_volume(80, 8);
    uint64_t met = 0;
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        int before = check_failures;
        met += background_round(seed);
        if (check_failures != before) {
            fprintf(stderr, "seed %d\n", (int)seed);
        }
    }
    printf("%d rounds, the fault was met in %d\n", (int)rounds, (int)met);
    CHECK(met * 4 >= rounds);
}

/* Power is cut while threads are at work: everything acknowledged by then is there. */
static void power_loss_beside_the_background_threads(void)
{
    uint64_t rounds = test_volume(40, 4);
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        uint64_t random = seed;
        background_run run = {.fs = named_disk()};
        ruzu_conn *conn = background_open(run.fs, 0);
        named_run(conn, NAMED_PEOPLE "; CHECKPOINT");
        (void)background_random(&random);
        simfs_add_fault(run.fs, (simfs_fault){.op = SIMFS_ANY_OP, .skip = 40 + (uint32_t)(background_random(&random) % 400), .action = SIMFS_POWER_OFF, .error_number = EIO});
        background_commit_all(conn, &run);
        ruzu_status closed = ruzu_close(conn);
        CHECK(closed == RUZU_OK || crash_is_disk_failure(closed));
        simfs_clear_faults(run.fs);
        for (int i = 0; i < run.begun; i++) { /* what was refused for want of power may be there all the same: it was a crash */
            run.fates[i] = run.fates[i] == FATE_THERE ? FATE_THERE : FATE_UNKNOWN;
        }
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            simfs *crashed = simfs_crash(run.fs, simfs_op_count(run.fs), (simfs_model)model, seed);
            ruzu_conn *after = background_open(crashed, 0);
            background_verify(after, &run, false);
            named_close(after);
            simfs_free(crashed);
        }
        simfs_free(run.fs);
    }
}

int main(void)
{
    RUN(failing_disks_beside_the_background_threads);
    RUN(power_loss_beside_the_background_threads);
    return CHECK_DONE();
}
