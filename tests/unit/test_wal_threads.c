/* SPDX-License-Identifier: MIT */
/*
 * Many committers: appends one after the other under the commit lock, syncs shared, generations switched meanwhile. Everything that was acknowledged is there; a failed
 * sync fails all that waited for it, and all that come later.
 */
#include "wal_fixture.h"

#include <errno.h>

#define THREADS 6u
#define EACH    40u

typedef struct commit_group {
    rz_wal *wal;
    rz_mutex commit; /* the commit lock: guards next and switching */
    uint64_t next;
    _Atomic uint64_t acked;
    _Atomic uint64_t failed;
    _Atomic uint64_t finished; /* threads */
    bool acked_txid[THREADS * EACH + 1];
} commit_group;

static void committer(void *arg)
{
    commit_group *group = (commit_group *)arg;
    for (uint32_t i = 0; i < EACH; i++) {
        rz_error err;
        rz_error_init(&err);
        uint64_t lsn = 0;
        rz_mutex_lock(&group->commit);
        uint64_t txid = group->next++;
        ruzu_status status = wal_append(group->wal, txid, &lsn, &err);
        rz_mutex_unlock(&group->commit);
        if (status == RUZU_OK) {
            status = rz_wal_sync(group->wal, lsn, &err);
        }
        if (status == RUZU_OK) {
            group->acked++;
            group->acked_txid[txid] = true; /* nobody else writes this one */
        } else {
            CHECK(status == RUZU_ERROR_POISONED);
            group->failed++;
        }
        if (i % 4 == 0) {
            rz_thread_yield();
        }
    }
    group->finished++;
}

static void group_begin(commit_group *group, simfs *fs)
{
    static wal_seen seen;
    rz_wal_found found;
    rz_error err;
    rz_error_init(&err);
    memset(group, 0, sizeof *group);
    group->next = 1;
    rz_file_header header = wal_header(1, 0, true);
    CHECK(rz_mutex_init(&group->commit) == RUZU_OK);
    CHECK(wal_recover(fs, &header, &seen, &found, &group->wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(group->wal, &err) == RUZU_OK);
}

static void group_run(commit_group *group, uint64_t *switches)
{
    rz_thread threads[THREADS];
    rz_error err;
    for (uint32_t i = 0; i < THREADS; i++) {
        CHECK(rz_thread_start(&threads[i], 0, committer, group) == RUZU_OK);
    }
    while (switches != NULL && group->finished < THREADS) { /* checkpoints beside the commits; the header stays behind, so there are only two logs */
        rz_wal_positions positions;
        rz_error_init(&err);
        rz_wal_positions_get(group->wal, &positions);
        CHECK(positions.synced_lsn <= positions.written_lsn);
        if (positions.generation == 1 && positions.size_bytes > 3000) {
            uint64_t lsn = 0;
            CHECK(rz_wal_prepare(group->wal, 2, wal_salt(2), &err) == RUZU_OK);
            rz_mutex_lock(&group->commit);
            CHECK(rz_wal_switch(group->wal, &lsn, &err) == RUZU_OK);
            rz_mutex_unlock(&group->commit);
            CHECK(lsn != 0);
            ++*switches;
        }
        rz_thread_yield();
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        rz_thread_join(threads[i]);
    }
}

static void committers_share_syncs(void)
{
    static wal_seen seen;
    static commit_group group;
    rz_wal_found found;
    rz_error err;
    simfs *fs = wal_new_disk();
    uint64_t switches = 0;
    group_begin(&group, fs);
    group_run(&group, &switches);
    rz_wal_positions positions;
    rz_wal_positions_get(group.wal, &positions);
    CHECK_EQ_U64(switches, 1);
    CHECK_EQ_U64(group.acked, THREADS * EACH);
    CHECK_EQ_U64(positions.written_lsn, positions.synced_lsn);
    CHECK(positions.sync_count <= THREADS * EACH + 1);
    printf("%u commits, %" PRIu64 " syncs\n", THREADS * EACH, positions.sync_count);
    rz_error_init(&err);
    CHECK(rz_wal_close(group.wal, false, &err) == RUZU_OK);
    rz_mutex_destroy(&group.commit);
    rz_file_header header = wal_header(1, 0, false);
    simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 1);
    CHECK(wal_look(after, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, THREADS * EACH));
    simfs_free(after);
    simfs_free(fs);
}

static void failed_sync_is_final_for_all(void)
{
    static wal_seen seen;
    static commit_group group;
    rz_wal_found found;
    rz_error err;
    for (uint32_t skip = 0; skip < 40; skip += 3) {
        simfs *fs = wal_new_disk();
        group_begin(&group, fs);
        simfs_add_fault(fs, (simfs_fault){.op = SIMFS_ANY_OP, .kinds = SIMFS_KIND(SIMFS_OP_SYNC), .skip = skip, .action = SIMFS_FAIL,
                                          .error_number = EIO, .sync_failure = SIMFS_SYNC_LOSE});
        group_run(&group, NULL);
        uint64_t hits = simfs_fault_hits(fs);
        CHECK_EQ_U64(group.acked + group.failed, THREADS * EACH);
        CHECK((hits != 0) == (group.failed != 0));
        rz_error_init(&err);
        CHECK(rz_wal_check(group.wal, &err) == (hits != 0 ? RUZU_ERROR_POISONED : RUZU_OK));
        CHECK(hits == 0 || strstr(err.message, "Cannot sync the log") != NULL);
        uint64_t syncs = 0;
        for (uint64_t op = 0; op < simfs_op_count(fs); op++) {
            syncs += simfs_op_kind_at(fs, op) == SIMFS_OP_SYNC;
        }
        rz_wal_positions positions;
        rz_wal_positions_get(group.wal, &positions);
        CHECK_EQ_U64(syncs, positions.sync_count + 1 + (hits != 0)); /* none after the failed one; one was for the header of the log */
        rz_error_init(&err);
        CHECK(rz_wal_close(group.wal, false, &err) == RUZU_OK);
        rz_mutex_destroy(&group.commit);
        /* After a power loss: a beginning, with all that were acknowledged. */
        rz_file_header header = wal_header(1, 0, false);
        simfs *after = simfs_crash(fs, simfs_op_count(fs), SIMFS_DROP, 1);
        CHECK(wal_look(after, &header, &seen, &found, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, 1, seen.count));
        for (uint64_t txid = seen.count + 1; txid <= THREADS * EACH; txid++) {
            CHECK(!group.acked_txid[txid]);
        }
        simfs_free(after);
        simfs_free(fs);
    }
}

/* ---- one sync for all that wait ---- */

static rz_vfs slow_vfs;
static ruzu_status (*slow_real_sync)(rz_file *file, bool data_only);
static _Atomic bool slow_on;
static _Atomic uint32_t slow_syncs;
static _Atomic uint32_t slow_appended;

/* The first sync takes until all have appended. */
static ruzu_status slow_sync(rz_file *file, bool data_only)
{
    if (slow_on && slow_syncs++ == 0) {
        while (slow_appended < THREADS) {
            rz_thread_yield();
        }
    }
    return slow_real_sync(file, data_only);
}

static void one_commit(void *arg)
{
    commit_group *group = (commit_group *)arg;
    rz_error err;
    uint64_t lsn = 0;
    rz_error_init(&err);
    rz_mutex_lock(&group->commit);
    CHECK(wal_append(group->wal, group->next++, &lsn, &err) == RUZU_OK);
    slow_appended++;
    rz_mutex_unlock(&group->commit);
    CHECK(rz_wal_sync(group->wal, lsn, &err) == RUZU_OK);
}

static void one_sync_serves_all_that_wait(void)
{
    static wal_seen seen;
    commit_group group;
    rz_wal_found found;
    rz_error err;
    rz_thread threads[THREADS];
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    memset(&group, 0, sizeof group);
    group.next = 1;
    slow_vfs = *simfs_vfs(fs);
    slow_real_sync = slow_vfs.sync;
    slow_vfs.sync = slow_sync;
    rz_error_init(&err);
    CHECK(rz_mutex_init(&group.commit) == RUZU_OK);
    CHECK(wal_recover_with(&slow_vfs, rz_mem_root(), &header, false, &seen, &found, &group.wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(group.wal, &err) == RUZU_OK);
    slow_on = true;
    for (uint32_t i = 0; i < THREADS; i++) {
        CHECK(rz_thread_start(&threads[i], 0, one_commit, &group) == RUZU_OK);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        rz_thread_join(threads[i]);
    }
    slow_on = false;
    CHECK(slow_syncs <= 2); /* the first one, and one for all who came too late for it */
    CHECK(rz_wal_close(group.wal, false, &err) == RUZU_OK);
    rz_mutex_destroy(&group.commit);
    simfs_free(fs);
}

int main(void)
{
    RUN(one_sync_serves_all_that_wait);
    RUN(committers_share_syncs);
    RUN(failed_sync_is_final_for_all);
    return CHECK_DONE();
}
