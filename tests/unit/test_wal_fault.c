/* SPDX-License-Identifier: MIT */
/*
 * Rare ways of the logs: undoing a commit beside a sync, accepting the beginning of a damaged log on a disk that fails or loses power meanwhile, and files that fit by themselves but
 * not together.
 */
#include "wal_fixture.h"

#include <errno.h>

static wal_seen seen;
static rz_wal_found found;
static rz_error err;

/* Commits 1 … count in generation 1; the log's file is closed. */
static rz_file_header make_log(simfs *fs, uint64_t count, uint64_t *out_ends)
{
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = NULL;
    rz_error_init(&err);
    CHECK(wal_recover(fs, &header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    for (uint64_t i = 1; i <= count; i++) {
        CHECK(wal_commit(wal, i, NULL, &err) == RUZU_OK);
        if (out_ends != NULL) {
            out_ends[i] = LOG_HEADER_BYTES + rz_wal_size_bytes(wal);
        }
    }
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    header.flags = 0;
    return header;
}

static void flip(simfs *fs, const char *path, uint64_t off)
{
    uint8_t byte = 0;
    CHECK(simfs_peek(fs, path, off, &byte, 1));
    byte ^= 4;
    CHECK(simfs_poke(fs, path, off, &byte, 1));
}

static bool same_bytes(const simfs *a, const char *a_path, const simfs *b, const char *b_path)
{
    uint64_t size = simfs_file_size(a, a_path);
    if (!simfs_exists(a, a_path) || !simfs_exists(b, b_path) || simfs_file_size(b, b_path) != size) {
        return false;
    }
    uint8_t *bytes = (uint8_t *)malloc(2 * size + 1);
    bool same = simfs_peek(a, a_path, 0, bytes, size) && simfs_peek(b, b_path, 0, bytes + size, size) && memcmp(bytes, bytes + size, size) == 0;
    free(bytes);
    return same;
}

#define COPY_PATH WAL_PATH ".damaged-1"

static ruzu_status accept_and_commit(simfs *fs, const rz_file_header *header, uint64_t txid)
{
    rz_wal *wal = NULL;
    rz_error_init(&err);
    RZ_TRY(wal_recover_with(simfs_vfs(fs), rz_mem_root(), header, true, &seen, &found, &wal, &err));
    CHECK(seen.count <= 6 && wal_seen_run(&seen, 1, seen.count));
    ruzu_status status = rz_wal_resume(wal, &err);
    status = status == RUZU_OK ? wal_commit(wal, txid, NULL, &err) : status;
    rz_error ignored;
    rz_error_init(&ignored);
    ruzu_status closed = rz_wal_close(wal, false, &ignored);
    CHECK_EQ_U64(closed, ignored.code);
    return status;
}

static void copy_is_kept_whatever_happens(void)
{
    simfs *fs = wal_new_disk();
    uint64_t ends[12];
    rz_file_header header = make_log(fs, 10, ends);
    flip(fs, WAL_ODD, ends[5] + 3);
    simfs *before = simfs_copy(fs);

    /* Power is lost at any operation of accepting and going on. */
    uint64_t begin = simfs_op_count(fs);
    CHECK(accept_and_commit(fs, &header, 6) == RUZU_OK);
    CHECK(same_bytes(before, WAL_ODD, fs, COPY_PATH));
    uint64_t end = simfs_op_count(fs);
    for (uint64_t k = begin; k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            simfs *after = simfs_crash(fs, k, (simfs_model)model, k + 5);
            bool kept = same_bytes(before, WAL_ODD, after, COPY_PATH) || same_bytes(before, WAL_ODD, after, WAL_ODD);
            CHECK(kept);
            CHECK(accept_and_commit(after, &header, seen.count + 1) == RUZU_OK);
            kept = same_bytes(before, WAL_ODD, after, COPY_PATH) || same_bytes(before, WAL_ODD, after, COPY_PATH "-2");
            CHECK(kept);
            CHECK(wal_look(after, &header, &seen, &found, &err) == RUZU_OK);
            CHECK(seen.count >= 6 - (k < end));
            simfs_free(after);
        }
    }
    /* Any operation fails. */
    bool hit = true;
    for (uint64_t op = 0; hit; op++) {
        for (int error = 0; error < 2; error++) {
            simfs *copy = simfs_copy(before);
            uint64_t base = simfs_op_count(copy);
            simfs_add_fault(copy, (simfs_fault){.op = base + op, .action = SIMFS_FAIL, .error_number = error == 0 ? EIO : ENOSPC,
                                                .sync_failure = SIMFS_SYNC_KEEP});
            ruzu_status status = accept_and_commit(copy, &header, 6);
            hit = simfs_op_count(copy) > base + op;
            CHECK(status == RUZU_OK || err.code != RUZU_OK);
            simfs_clear_faults(copy);
            CHECK(accept_and_commit(copy, &header, 7) == RUZU_OK);
            CHECK(seen.count == 5 || seen.count == 6);
            CHECK(same_bytes(before, WAL_ODD, copy, COPY_PATH) || same_bytes(before, WAL_ODD, copy, COPY_PATH "-2"));
            simfs_free(copy);
        }
    }
    simfs_free(before);
    simfs_free(fs);
}

static void other_copy_in_the_way_is_left_alone(void)
{
    simfs *fs = wal_new_disk();
    rz_vfs *vfs = simfs_vfs(fs);
    uint64_t ends[12];
    rz_file_header header = make_log(fs, 10, ends);
    flip(fs, WAL_ODD, ends[5] + 3);
    rz_file *file = NULL;
    CHECK(vfs->open(vfs, COPY_PATH, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file) == RUZU_OK);
    CHECK(vfs->write(file, "mine", 4, 0) == RUZU_OK && vfs->truncate(file, simfs_file_size(fs, WAL_ODD)) == RUZU_OK);
    CHECK(vfs->close(file) == RUZU_OK);
    simfs *before = simfs_copy(fs);
    CHECK(accept_and_commit(fs, &header, 6) == RUZU_OK);
    CHECK(same_bytes(before, COPY_PATH, fs, COPY_PATH));
    CHECK(same_bytes(before, WAL_ODD, fs, COPY_PATH "-2"));
    simfs_free(fs);
    /* A database opened read-only leaves everything alone. */
    rz_wal *wal = NULL;
    uint64_t ops = simfs_op_count(before);
    memset(&seen, 0, sizeof seen);
    CHECK(rz_wal_open(simfs_vfs(before), rz_mem_root(), WAL_PATH, true, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_recover(wal, &header, true, wal_see, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 5) && found.damaged);
    CHECK(rz_wal_recover(wal, &header, true, wal_see, &seen, &found, &err) == RUZU_ERROR_INTERNAL);
    rz_error_init(&err);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(!simfs_exists(before, COPY_PATH "-2"));
    for (uint64_t op = ops; op < simfs_op_count(before); op++) {
        simfs_op_kind kind = simfs_op_kind_at(before, op);
        CHECK(kind == SIMFS_OP_OPEN || kind == SIMFS_OP_SIZE || kind == SIMFS_OP_READ || kind == SIMFS_OP_CLOSE);
    }
    simfs_free(before);
}

/* Writes a log of this generation whose records begin at an LSN. */
static void make_other(simfs *fs, uint64_t generation, uint64_t folded_lsn, uint64_t first_txid, uint64_t count)
{
    rz_file_header header = wal_header(generation, folded_lsn, true);
    rz_wal *wal = NULL;
    CHECK(wal_recover(fs, &header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    for (uint64_t i = 0; i < count; i++) {
        CHECK(wal_commit(wal, first_txid + i, NULL, &err) == RUZU_OK);
    }
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
}

static void logs_that_do_not_fit_together_are_refused(void)
{
    static const struct {
        int64_t shift; /* of the LSN at which the second log begins */
        const char *problem;
    } cases[] = {{0, NULL}, {1, "goes on behind what is left of it"}, {-1, "begins before the end"}, {-20, "begins before the end"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        simfs *fs = wal_new_disk();
        rz_file_header header = make_log(fs, 8, NULL);
        CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
        uint64_t last = found.last_lsn;
        rz_vfs *vfs = simfs_vfs(fs);
        CHECK(vfs->rename(vfs, WAL_ODD, "/data/aside") == RUZU_OK);
        make_other(fs, 2, (uint64_t)((int64_t)last + cases[i].shift), 9, 4);
        CHECK(vfs->rename(vfs, "/data/aside", WAL_ODD) == RUZU_OK);
        ruzu_status status = wal_look(fs, &header, &seen, &found, &err);
        if (cases[i].problem == NULL) {
            CHECK_EQ_U64(status, RUZU_OK);
            CHECK(wal_seen_run(&seen, 1, 12));
            uint64_t inside = found.last_lsn - 1; /* folded in up to the middle of the last transaction */
            header.folded_lsn = inside;
            CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_ERROR_CORRUPT);
            CHECK(strstr(err.message, "a part of a transaction") != NULL);
        } else {
            CHECK_EQ_U64(status, RUZU_ERROR_CORRUPT);
            CHECK(strstr(err.message, cases[i].problem) != NULL);
            rz_wal *wal = NULL;
            rz_error_init(&err);
            CHECK(wal_recover_with(vfs, rz_mem_root(), &header, true, &seen, &found, &wal, &err) == RUZU_OK);
            CHECK(wal_seen_run(&seen, 1, 8));
            CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
            CHECK(wal_commit(wal, 9, NULL, &err) == RUZU_OK);
            CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
            CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
            CHECK(wal_seen_run(&seen, 1, 9));
        }
        simfs_free(fs);
    }
    /* Without the older one: what the newer one holds is behind a hole, unless all before was folded in. */
    simfs *fs = wal_new_disk();
    make_other(fs, 2, 50, 9, 4);
    rz_file_header header = wal_header(1, 50, true);
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 9, 4));
    header.folded_lsn = 49;
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_ERROR_CORRUPT);
    CHECK(accept_and_commit(fs, &header, 1) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 0));
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 1));
    simfs_free(fs);
}

/* ---- a write that fails beside a sync ---- */

static rz_vfs odd_vfs;
static rz_vfs *odd_real;
static rz_wal *odd_wal;
static _Atomic bool odd_fail_write;
static _Atomic bool odd_poison;
static _Atomic bool odd_hold_sync;
static _Atomic bool odd_in_sync;

static ruzu_status odd_write(rz_file *file, const void *buffer, size_t size, uint64_t off)
{
    if (!odd_fail_write) {
        return odd_real->write(file, buffer, size, off);
    }
    odd_fail_write = false;
    if (odd_poison) {
        rz_mutex_lock(&odd_wal->mutex);
        rz_wal_poison(odd_wal, "a sync failed meanwhile");
        rz_mutex_unlock(&odd_wal->mutex);
    }
    CHECK(odd_real->write(file, buffer, size, off) == RUZU_OK); /* all of it is there, COMMIT included */
    odd_hold_sync = false;
    errno = ENOSPC;
    return RUZU_ERROR_DISK_FULL;
}

static ruzu_status odd_sync(rz_file *file, bool data_only)
{
    odd_in_sync = true;
    while (odd_hold_sync) {
        rz_thread_yield();
    }
    ruzu_status status = odd_real->sync(file, data_only);
    odd_in_sync = false;
    return status;
}

static void odd_open(simfs *fs)
{
    rz_file_header header = wal_header(1, 0, true);
    odd_real = simfs_vfs(fs);
    odd_vfs = *odd_real;
    odd_vfs.write = odd_write;
    odd_vfs.sync = odd_sync;
    rz_error_init(&err);
    CHECK(wal_recover_with(&odd_vfs, rz_mem_root(), &header, false, &seen, &found, &odd_wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(odd_wal, &err) == RUZU_OK);
}

static void odd_committer(void *arg)
{
    rz_error mine;
    rz_error_init(&mine);
    CHECK(rz_wal_sync(odd_wal, *(uint64_t *)arg, &mine) == RUZU_OK);
}

static void failed_write_is_undone_after_the_sync_that_runs(void)
{
    simfs *fs = wal_new_disk();
    rz_thread thread;
    uint64_t first = 0, lsn = 0;
    odd_open(fs);
    CHECK(wal_append(odd_wal, 1, &first, &err) == RUZU_OK);
    odd_hold_sync = true;
    CHECK(rz_thread_start(&thread, 0, odd_committer, &first) == RUZU_OK);
    while (!odd_in_sync) {
        rz_thread_yield();
    }
    odd_fail_write = true;
    CHECK(wal_append(odd_wal, 2, &lsn, &err) == RUZU_ERROR_DISK_FULL);
    rz_thread_join(thread);
    rz_error_init(&err);
    CHECK(wal_commit(odd_wal, 3, NULL, &err) == RUZU_OK);
    CHECK(rz_wal_close(odd_wal, false, &err) == RUZU_OK);
    rz_file_header header = wal_header(1, 0, false);
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(!seen.wrong && seen.count == 2 && seen.txids[0] == 1 && seen.txids[1] == 3);
    simfs_free(fs);
}

static void failed_write_beside_a_failed_sync_has_no_known_outcome(void)
{
    simfs *fs = wal_new_disk();
    uint64_t lsn = 0;
    odd_open(fs);
    CHECK(wal_commit(odd_wal, 1, &lsn, &err) == RUZU_OK);
    uint64_t synced = lsn;
    odd_poison = true;
    odd_fail_write = true;
    CHECK(wal_append(odd_wal, 2, &lsn, &err) == RUZU_ERROR_OUTCOME_UNKNOWN);
    CHECK(strstr(err.message, "may or may not survive") != NULL);
    odd_poison = false;
    rz_error_init(&err);
    CHECK(wal_append(odd_wal, 3, &lsn, &err) == RUZU_ERROR_POISONED);
    CHECK(strstr(err.message, "a sync failed meanwhile") != NULL);
    rz_error_init(&err);
    CHECK(rz_wal_sync(odd_wal, synced, &err) == RUZU_OK); /* what was durable stays so */
    CHECK(rz_wal_prepare(odd_wal, 2, 1, &err) == RUZU_ERROR_POISONED);
    rz_error_init(&err);
    CHECK(rz_wal_close(odd_wal, true, &err) == RUZU_OK);
    CHECK(simfs_exists(fs, WAL_ODD)); /* its log is needed */
    simfs_free(fs);
}

/* ---- redo ---- */

static bool refuse_all_hook(void *user, size_t size)
{
    (void)user;
    (void)size;
    return true;
}

static void redo_is_all_or_nothing(void)
{
    simfs *fs = wal_new_disk();
    rz_redo redo;
    uint64_t lsn = 0;
    odd_open(fs);
    rz_redo_init(&redo, rz_mem_root(), NULL);
    CHECK(rz_redo_add(&redo, RZ_WAL_CATALOG, "abc", 3, &err) == RUZU_OK);
    char *big = (char *)calloc(1, 100000);
    rz_mem_set_test_hook(refuse_all_hook, NULL);
    CHECK(rz_redo_add(&redo, RZ_WAL_CATALOG, big, 100000, &err) == RUZU_ERROR_NO_MEMORY);
    rz_mem_set_test_hook(NULL, NULL);
    free(big);
    rz_error_init(&err);
    CHECK(rz_wal_append(odd_wal, &redo, 1, 10, &lsn, &err) == RUZU_ERROR_INTERNAL);
    rz_redo_reset(&redo);
    CHECK(rz_redo_count(&redo) == 0 && rz_redo_bytes(&redo) == 0);
    rz_error_init(&err);
    CHECK(wal_fill(&redo, 1, &err) == RUZU_OK);
    CHECK(rz_wal_append(odd_wal, &redo, 1, 10, &lsn, &err) == RUZU_OK);
    rz_redo_deinit(&redo);
    rz_redo_deinit(&redo);
    CHECK(rz_wal_close(odd_wal, false, &err) == RUZU_OK);
    rz_file_header header = wal_header(1, 0, false);
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 1));
    simfs_free(fs);
}

int main(void)
{
    wal_step = 16384;
    uint64_t before = atomic_load(&rz_mem_root()->used);
    RUN(copy_is_kept_whatever_happens);
    RUN(other_copy_in_the_way_is_left_alone);
    RUN(logs_that_do_not_fit_together_are_refused);
    RUN(failed_write_is_undone_after_the_sync_that_runs);
    RUN(failed_write_beside_a_failed_sync_has_no_known_outcome);
    RUN(redo_is_all_or_nothing);
    CHECK_EQ_U64(atomic_load(&rz_mem_root()->used), before);
    return CHECK_DONE();
}
