/* SPDX-License-Identifier: MIT */
/*
 * The logs on a disk that behaves: what was committed comes back in order, whatever its size, from either log, over any number of sessions; files that do not belong are
 * told apart.
 */
#include "volume.h"
#include "wal_fixture.h"

static wal_seen seen;
static rz_wal_found found;
static rz_error err;

/* A database whose header names `generation` and is not clean, ready for commits. */
static rz_wal *open_ready(simfs *fs, const rz_file_header *header)
{
    rz_wal *wal = NULL;
    rz_error_init(&err);
    CHECK(wal_recover(fs, header, &seen, &found, &wal, &err) == RUZU_OK);
    if (wal == NULL || rz_wal_resume(wal, &err) != RUZU_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return wal;
}

/* Transactions first … first + count - 1. */
static void commit_run(rz_wal *wal, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        CHECK(wal_commit(wal, first + i, NULL, &err) == RUZU_OK);
    }
}

static void nothing_is_created_before_the_first_commit(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = NULL;
    rz_error_init(&err);
    CHECK(wal_recover(fs, &header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK_EQ_U64(seen.count, 0);
    CHECK_EQ_U64(found.generation, 1);
    CHECK(!simfs_exists(fs, WAL_ODD) && !simfs_exists(fs, WAL_EVEN));
    uint64_t lsn = 0;
    CHECK(wal_append(wal, 1, &lsn, &err) == RUZU_ERROR_INTERNAL);
    rz_error_init(&err);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    CHECK(simfs_exists(fs, WAL_ODD) && !simfs_exists(fs, WAL_EVEN));
    rz_wal_positions positions;
    rz_wal_positions_get(wal, &positions);
    CHECK(positions.ready && positions.size_bytes == 0 && positions.written_lsn == 0 && positions.generation == 1);
    CHECK(rz_wal_close(wal, true, &err) == RUZU_OK);
    CHECK(!simfs_exists(fs, WAL_ODD));
    simfs_free(fs);
}

static void commits_come_back_in_order_over_sessions(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    uint64_t done = 0;
    for (uint64_t session = 0; session < 8; session++) {
        rz_wal *wal = open_ready(fs, &header);
        header.flags = 0;
        CHECK(wal_seen_run(&seen, 1, done));
        CHECK_EQ_U64(found.commits, done);
        CHECK_EQ_U64(found.last_timestamp, done * 10);
        CHECK_EQ_U64(found.discarded_bytes, 0);
        uint64_t size = rz_wal_size_bytes(wal);
        CHECK_EQ_U64(size, found.log_bytes);
        commit_run(wal, done + 1, session * 3);
        done += session * 3;
        CHECK(session == 0 || rz_wal_size_bytes(wal) > size);
        rz_wal_positions positions;
        rz_wal_positions_get(wal, &positions);
        CHECK_EQ_U64(positions.written_lsn, positions.synced_lsn);
        CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    }
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, done));
    simfs_free(fs);
}

static void what_is_folded_in_is_left_out(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, false);
    header.flags = RZ_HEADER_CLEAN;
    rz_wal *wal = open_ready(fs, &header);
    header.flags = 0;
    commit_run(wal, 1, 20);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    wal_seen all = seen;
    for (uint32_t i = 0; i <= 20; i++) {
        header.folded_lsn = i == 0 ? 0 : all.lsns[i - 1];
        CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, i + 1, 20 - i));
        CHECK_EQ_U64(found.last_lsn, all.lsns[19]);
    }
    /* More than the log has: the next transaction goes on behind it all the same. */
    header.folded_lsn = all.lsns[19] + 10;
    wal = open_ready(fs, &header);
    CHECK(wal_seen_run(&seen, 1, 0));
    uint64_t lsn = 0;
    CHECK(wal_commit(wal, 21, &lsn, &err) == RUZU_OK);
    CHECK(lsn > header.folded_lsn);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 21, 1));
    /* A header that holds a part of a transaction does not belong here. */
    header.folded_lsn = all.lsns[10] - 1;
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_ERROR_CORRUPT);
    simfs_free(fs);
}

/* ---- sizes ---- */

static size_t big_sizes[8];
static uint32_t big_count;
static bool big_wrong;

static ruzu_status big_see(void *user, const rz_wal_record *record, rz_error *error)
{
    uint32_t *idx = (uint32_t *)user;
    (void)error;
    if (record->type == RZ_WAL_BEGIN || record->type == RZ_WAL_COMMIT) {
        big_wrong = big_wrong || record->size != 0 || record->payload != NULL;
        return RUZU_OK;
    }
    uint32_t i = (*idx)++;
    big_wrong = big_wrong || i >= big_count || record->size != big_sizes[i] || record->type != RZ_WAL_BULK_NODES;
    for (size_t k = 0; !big_wrong && k < record->size; k++) {
        big_wrong = record->payload[k] != (uint8_t)(k * 7 + i);
    }
    return RUZU_OK;
}

static void big_trip(rz_pool *pool, rz_mem *mem)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    header.flags = 0;
    rz_redo redo;
    rz_redo_init(&redo, mem, pool);
    uint64_t total = 0;
    for (uint32_t i = 0; i < big_count; i++) {
        uint8_t *payload = (uint8_t *)malloc(big_sizes[i] + 1);
        for (size_t k = 0; k < big_sizes[i]; k++) {
            payload[k] = (uint8_t)(k * 7 + i);
        }
        CHECK(rz_redo_add(&redo, RZ_WAL_BULK_NODES, payload, big_sizes[i], &err) == RUZU_OK);
        total += big_sizes[i];
        free(payload);
    }
    CHECK_EQ_U64(rz_redo_bytes(&redo), total);
    CHECK_EQ_U64(rz_redo_count(&redo), big_count);
    uint64_t lsn = 0;
    for (uint32_t round = 0; round < 2; round++) { /* a redo may be written again: appending takes nothing from it */
        CHECK(rz_wal_append(wal, &redo, 1 + round, 10, &lsn, &err) == RUZU_OK);
    }
    rz_redo_deinit(&redo);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(rz_wal_open(simfs_vfs(fs), mem, WAL_PATH, true, &wal, &err) == RUZU_OK);
    uint32_t idx = 0;
    header.folded_lsn = (lsn + 0) / 2; /* the first of the two */
    big_wrong = false;
    CHECK(rz_wal_recover(wal, &header, false, big_see, &idx, &found, &err) == RUZU_OK);
    CHECK(!big_wrong);
    CHECK_EQ_U64(idx, big_count);
    CHECK_EQ_U64(found.commits, 1);
    CHECK(rz_wal_resume(wal, &err) == RUZU_ERROR_READ_ONLY);
    CHECK(rz_wal_close(wal, true, &err) == RUZU_OK);
    CHECK(simfs_exists(fs, WAL_ODD));
    simfs_free(fs);
}

static void records_have_any_size(void)
{
    const size_t sizes[] = {0,           1,           7,           8,           100,           LOG_CHUNK - 1,
                            LOG_CHUNK,   LOG_CHUNK + 1, 2 * LOG_CHUNK, 3 * LOG_CHUNK + 5, (size_t)3 << 20};
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_error_init(&err);
    simfs *fs = wal_new_disk();
    rz_disk *disk = NULL;
    rz_pool *pool = NULL;
    CHECK(rz_disk_create(simfs_vfs(fs), &mem, "/data/other.ruzu", &disk, &err) == RUZU_OK);
    CHECK(rz_pool_create(&mem, disk, 1 << 20, "/data/spill", &pool, &err) == RUZU_OK);
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        big_sizes[0] = sizes[i];
        big_count = 1;
        big_trip(NULL, &mem);
        big_sizes[1] = 3;
        big_sizes[2] = sizes[(i + 5) % 11];
        big_sizes[3] = 70000;
        big_count = 4;
        big_trip(NULL, &mem);
        big_trip(pool, &mem);
    }
    rz_pool_destroy(pool);
    CHECK(rz_disk_close(disk, &err) == RUZU_OK);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
    simfs_free(fs);
}

/* 1 GiB by RZ_TEST_VOLUME=1000 (it takes some GiB of memory); else up to 16 MiB. */
static void wal_record_sizes_1B_to_1GiB(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_error_init(&err);
    size_t most = test_volume_percent() >= 1000 ? (size_t)1 << 30 : test_volume_percent() >= 100 ? (size_t)1 << 24 : (size_t)1 << 20;
    big_count = 1;
    for (size_t size = 1; size <= most; size *= 8) {
        big_sizes[0] = size;
        big_trip(NULL, &mem);
    }
    big_sizes[0] = most;
    big_trip(NULL, &mem);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

/* ---- two logs ---- */

static void logs_take_turns(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    header.flags = 0;
    uint64_t next = 1;
    uint64_t first = 1; /* not folded in */
    for (uint64_t generation = 1; generation < 9; generation++) {
        uint64_t lsn = 0;
        commit_run(wal, next, generation % 3 * 4);
        next += generation % 3 * 4;
        CHECK(rz_wal_prepare(wal, generation + 1, wal_salt(generation + 1), &err) == RUZU_OK);
        commit_run(wal, next, 2); /* still in the older log */
        next += 2;
        CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, first, next - first));
        uint64_t folded_to = next;
        CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_OK);
        CHECK(rz_wal_prepare(wal, generation + 1, wal_salt(generation + 1), &err) == RUZU_OK); /* a checkpoint tried again */
        CHECK_EQ_U64(rz_wal_size_bytes(wal), 0);
        uint32_t more = generation % 2 == 0 ? 5 : 0;
        commit_run(wal, next, more);
        next += more;
        CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, first, next - first));
        CHECK_EQ_U64(found.generation, more == 0 ? generation : generation + 1); /* one without commits may not be durable */
        header = wal_header(generation + 1, lsn, false);
        first = folded_to;
        CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, first, next - first));
        if (generation % 4 == 3) { /* a session that ends without a checkpoint */
            CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
            wal = open_ready(fs, &header);
        }
    }
    rz_error_init(&err);
    CHECK(rz_wal_prepare(wal, 11, 1, &err) == RUZU_ERROR_INTERNAL);
    rz_error_init(&err);
    uint64_t lsn = 0;
    CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_ERROR_INTERNAL);
    rz_error_init(&err);
    CHECK(rz_wal_close(wal, true, &err) == RUZU_OK);
    CHECK(!simfs_exists(fs, WAL_ODD) && !simfs_exists(fs, WAL_EVEN));
    simfs_free(fs);
}

static void session_goes_on_in_the_newer_log(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(4, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    header.flags = 0;
    uint64_t lsn = 0;
    CHECK(simfs_exists(fs, WAL_EVEN));
    commit_run(wal, 1, 5);
    CHECK(rz_wal_prepare(wal, 5, wal_salt(5), &err) == RUZU_OK);
    CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_OK);
    commit_run(wal, 6, 5);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    for (uint32_t round = 0; round < 3; round++) {
        wal = open_ready(fs, &header);
        CHECK(wal_seen_run(&seen, 1, 10 + round));
        rz_wal_positions positions;
        rz_wal_positions_get(wal, &positions);
        CHECK_EQ_U64(positions.generation, 5);
        commit_run(wal, 11 + round, 1);
        CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    }
    simfs_free(fs);
}

static void recycled_blocks_are_kept_and_never_read(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    uint64_t lsn = 0;
    uint64_t next = 1;
    commit_run(wal, next, 40);
    next += 40;
    uint64_t size = simfs_file_size(fs, WAL_ODD);
    for (uint64_t generation = 2; generation < 6; generation++) {
        CHECK(rz_wal_prepare(wal, generation, wal_salt(generation), &err) == RUZU_OK);
        CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_OK);
        uint64_t first = next;
        for (uint32_t i = 0; i < 4; i++) { /* each end has older records behind it */
            commit_run(wal, next++, 1);
            header = wal_header(generation, lsn, false);
            CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
            CHECK(wal_seen_run(&seen, first, next - first));
            CHECK_EQ_U64(found.discarded_bytes, 0);
        }
        CHECK(simfs_file_size(fs, WAL_ODD) >= size);
    }
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    simfs_free(fs);
}

/* ---- files that do not belong ---- */

static ruzu_status look_with(simfs *fs, rz_file_header header, const char *expected)
{
    ruzu_status status = wal_look(fs, &header, &seen, &found, &err);
    if (expected != NULL && strstr(err.message, expected) == NULL) {
        fprintf(stderr, "'%s' does not contain '%s'\n", err.message, expected);
        CHECK(false);
    }
    return status;
}

static void wrong_files_are_told_apart(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(3, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    uint64_t lsn = 0;
    commit_run(wal, 1, 5);
    CHECK(rz_wal_prepare(wal, 4, wal_salt(4), &err) == RUZU_OK);
    CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_OK);
    commit_run(wal, 6, 5);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    rz_vfs *vfs = simfs_vfs(fs);

    CHECK(look_with(fs, wal_header(3, 0, false), NULL) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 10));
    CHECK(look_with(fs, wal_header(4, lsn, false), NULL) == RUZU_OK); /* generation 3 is over */
    CHECK(wal_seen_run(&seen, 6, 5));
    header = wal_header(3, 0, false);
    header.uuid[3] ^= 1;
    CHECK(look_with(fs, header, WAL_PATH "'") == RUZU_ERROR_CORRUPT);
    CHECK(look_with(fs, header, "'" WAL_ODD "' belongs to another database") == RUZU_ERROR_CORRUPT);
    CHECK(look_with(fs, wal_header(2, 0, false), "is newer than the file") == RUZU_ERROR_CORRUPT);
    CHECK(look_with(fs, wal_header(1, 0, false), "is newer than the file") == RUZU_ERROR_CORRUPT);
    header = wal_header(3, 0, false);
    header.log_salts[1] ^= 1;
    CHECK(look_with(fs, header, "another state") == RUZU_ERROR_CORRUPT);

    /* Both logs are over. */
    CHECK(look_with(fs, wal_header(7, 500, true), NULL) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 0));
    CHECK(look_with(fs, wal_header(7, 500, false), "the log is missing") == RUZU_ERROR_CORRUPT);
    CHECK(look_with(fs, wal_header(7, 500, false), "of an older generation") == RUZU_ERROR_CORRUPT);
    /* A session on top of them. */
    header = wal_header(7, 500, true);
    wal = open_ready(fs, &header);
    commit_run(wal, 20, 2);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(look_with(fs, wal_header(7, 500, false), NULL) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 20, 2));
    CHECK(look_with(fs, wal_header(7, 400, false), "does not follow the state") == RUZU_ERROR_CORRUPT);

    CHECK(vfs->remove(vfs, WAL_ODD) == RUZU_OK);
    CHECK(look_with(fs, wal_header(7, 500, false), "the log is missing") == RUZU_ERROR_CORRUPT);
    CHECK(look_with(fs, wal_header(7, 500, true), NULL) == RUZU_OK);
    CHECK(vfs->remove(vfs, WAL_EVEN) == RUZU_OK);
    CHECK(look_with(fs, wal_header(7, 500, false), "the log is missing") == RUZU_ERROR_CORRUPT);
    /* Without it, by the user's wish. */
    header = wal_header(7, 500, false);
    CHECK(wal_recover_with(vfs, rz_mem_root(), &header, true, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(found.damaged);
    rz_error_init(&err);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    commit_run(wal, 30, 2);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(look_with(fs, header, NULL) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 30, 2));
    simfs_free(fs);
}

static void header_of_a_log_may_be_torn(void)
{
    uint8_t zeros[LOG_HEADER_BYTES] = {0};
    for (uint32_t with_records = 0; with_records < 2; with_records++) {
        simfs *fs = wal_new_disk();
        rz_file_header header = wal_header(1, 0, true);
        rz_wal *wal = open_ready(fs, &header);
        uint64_t lsn = 0;
        commit_run(wal, 1, 5);
        CHECK(rz_wal_prepare(wal, 2, wal_salt(2), &err) == RUZU_OK);
        if (with_records) {
            CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_OK);
            commit_run(wal, 6, 3);
        }
        CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
        CHECK(simfs_poke(fs, WAL_EVEN, 0, zeros, sizeof zeros));
        header.flags = 0;
        if (with_records) {
            CHECK(look_with(fs, header, "its header is not valid, but it holds records") == RUZU_ERROR_CORRUPT);
        } else {
            wal = open_ready(fs, &header);
            CHECK(wal_seen_run(&seen, 1, 5));
            CHECK_EQ_U64(found.generation, 1);
            commit_run(wal, 6, 1);
            CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
        }
        CHECK(simfs_poke(fs, WAL_ODD, 0, zeros, sizeof zeros));
        CHECK(look_with(fs, header, "its header is not valid") == RUZU_ERROR_CORRUPT);
        simfs_free(fs);
    }
    /* An interrupted start before the first commit of all. */
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(simfs_poke(fs, WAL_ODD, 0, zeros, 100));
    wal = open_ready(fs, &header);
    commit_run(wal, 1, 2);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    header.flags = 0;
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 2));
    simfs_free(fs);
}

static void later_version_is_refused(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    uint8_t bytes[LOG_HEADER_BYTES];
    rz_log_header log;
    CHECK(simfs_peek(fs, WAL_ODD, 0, bytes, sizeof bytes));
    CHECK(rz_log_header_decode(bytes, &log));
    log.version = LOG_VERSION + 1;
    rz_log_header_encode(&log, bytes);
    CHECK(simfs_poke(fs, WAL_ODD, 0, bytes, sizeof bytes));
    CHECK(look_with(fs, header, "later version") == RUZU_ERROR_VERSION);
    simfs_free(fs);
}

static ruzu_status refuse_third(void *user, const rz_wal_record *record, rz_error *error)
{
    uint32_t *left = (uint32_t *)user;
    (void)record;
    return (*left)-- == 0 ? rz_error_set(error, RUZU_ERROR_LIMIT, "enough") : RUZU_OK;
}

static void error_of_the_caller_ends_the_replay(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = open_ready(fs, &header);
    commit_run(wal, 1, 5);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    uint32_t left = 3;
    CHECK(rz_wal_open(simfs_vfs(fs), rz_mem_root(), WAL_PATH, false, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_recover(wal, &header, false, refuse_third, &left, &found, &err) == RUZU_ERROR_LIMIT);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    simfs_free(fs);
}

int main(void)
{
    RUN(nothing_is_created_before_the_first_commit);
    RUN(commits_come_back_in_order_over_sessions);
    RUN(what_is_folded_in_is_left_out);
    RUN(records_have_any_size);
    RUN(wal_record_sizes_1B_to_1GiB);
    RUN(logs_take_turns);
    RUN(session_goes_on_in_the_newer_log);
    RUN(recycled_blocks_are_kept_and_never_read);
    RUN(wrong_files_are_told_apart);
    RUN(header_of_a_log_may_be_torn);
    RUN(later_version_is_refused);
    RUN(error_of_the_caller_ends_the_replay);
    return CHECK_DONE();
}
