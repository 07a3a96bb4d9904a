/* SPDX-License-Identifier: MIT */
/*
 * Damaged logs: whatever bytes change, a recovery gives a beginning of the transactions or says where the log is damaged; acknowledged ones are only missed silently where
 * nothing could know of them (the very last). Records made up with right checksums do no harm.
 */
#include "wal_fixture.h"

#define OLDER 9u /* transactions of the log of generation 1, then of 2 */
#define NEWER 8u

static wal_seen seen;
static rz_wal_found found;
static rz_error err;
static uint64_t random_now;

static uint64_t draw(uint64_t bound)
{
    random_now += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(random_now) % bound;
}

/* A finished pair of logs, each commit synced on its own. */
typedef struct finished {
    simfs *fs;
    rz_file_header header;
    uint64_t ends[2][OLDER + 1]; /* file offsets behind each transaction; [0]: where the first begins */
} finished;

static const char *const log_paths[2] = {WAL_ODD, WAL_EVEN};
static const uint32_t log_counts[2] = {OLDER, NEWER};

static finished finish(void)
{
    finished logs = {.fs = wal_new_disk(), .header = wal_header(1, 0, true)};
    rz_wal *wal = NULL;
    rz_error_init(&err);
    CHECK(wal_recover(logs.fs, &logs.header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    logs.header.flags = 0;
    uint64_t txid = 1;
    for (uint32_t log = 0; log < 2; log++) {
        logs.ends[log][0] = LOG_HEADER_BYTES;
        for (uint32_t i = 0; i < log_counts[log]; i++) {
            CHECK(wal_commit(wal, txid++, NULL, &err) == RUZU_OK);
            logs.ends[log][i + 1] = LOG_HEADER_BYTES + rz_wal_size_bytes(wal);
        }
        if (log == 0) {
            uint64_t lsn = 0;
            CHECK(rz_wal_prepare(wal, 2, wal_salt(2), &err) == RUZU_OK);
            CHECK(rz_wal_switch(wal, &lsn, &err) == RUZU_OK);
        }
    }
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    return logs;
}

/* The first transaction of a log that the bytes [off, off + size) touch; its count when they lie behind all, -1 for the header. */
static int64_t first_touched(const finished *logs, uint32_t log, uint64_t off)
{
    if (off < LOG_HEADER_BYTES) {
        return -1;
    }
    uint32_t i = 0;
    while (i < log_counts[log] && off >= logs->ends[log][i + 1]) {
        i++;
    }
    return i;
}

static uint64_t copies_checked;

/* Accepting the beginning: `kept` transactions, a copy of the log, and life goes on. */
static void check_prefix(simfs *fs, const finished *logs, uint32_t log, uint64_t kept)
{
    rz_wal *wal = NULL;
    char name[64];
    (void)snprintf(name, sizeof name, WAL_PATH ".damaged-%u", log + 1);
    rz_error_init(&err);
    uint64_t size = simfs_file_size(fs, log_paths[log]);
    uint8_t *before = (uint8_t *)malloc(size + 1);
    uint8_t *copy = (uint8_t *)malloc(size + 1);
    CHECK(simfs_peek(fs, log_paths[log], 0, before, size));
    for (uint32_t round = 0; round < 2; round++) { /* the second time the copy is there already */
        CHECK(wal_recover_with(simfs_vfs(fs), rz_mem_root(), &logs->header, true, &seen, &found, &wal, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, 1, kept));
        CHECK(found.damaged && found.damaged_generation == log + 1);
        if (wal == NULL) {
            fprintf(stderr, "%s\n", err.message);
            break;
        }
        CHECK_EQ_U64(simfs_file_size(fs, name), size);
        CHECK(simfs_peek(fs, name, 0, copy, size) && memcmp(before, copy, size) == 0);
        if (round == 0) {
            CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
        }
    }
    (void)snprintf(name, sizeof name, WAL_PATH ".damaged-%u-2", log + 1);
    CHECK(!simfs_exists(fs, name));
    if (wal != NULL) {
        CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
        CHECK(wal_commit(wal, kept + 1, NULL, &err) == RUZU_OK);
        CHECK(wal_commit(wal, kept + 2, NULL, &err) == RUZU_OK);
        CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
        CHECK(wal_look(fs, &logs->header, &seen, &found, &err) == RUZU_OK);
        CHECK(wal_seen_run(&seen, 1, kept + 2));
        CHECK(!found.damaged);
    }
    copies_checked++;
    free(before);
    free(copy);
}

/* `fs` (freed) is the finished pair with damage in one log that begins in transaction `touched` (or its header, -1). */
static void check_damage(simfs *fs, const finished *logs, uint32_t log, int64_t touched, uint64_t off, bool try_prefix)
{
    ruzu_status status = wal_look(fs, &logs->header, &seen, &found, &err);
    uint64_t before = log == 0 ? 0 : OLDER;
    bool last = log == 1 && touched == NEWER - 1;
    bool behind = touched == (int64_t)log_counts[log];
    if (behind) {
        CHECK_EQ_U64(status, RUZU_OK);
        CHECK(wal_seen_run(&seen, 1, OLDER + NEWER));
    } else if (last) { /* nothing proves that it had been synced */
        CHECK_EQ_U64(status, RUZU_OK);
        CHECK(wal_seen_run(&seen, 1, OLDER + NEWER - 1));
    } else {
        CHECK_EQ_U64(status, RUZU_ERROR_CORRUPT);
        CHECK_EQ_U64(seen.count, 0); /* decided before anything is applied */
        CHECK(strstr(err.message, log_paths[log]) != NULL && strstr(err.message, "at offset") != NULL);
        if (status != RUZU_ERROR_CORRUPT) {
            fprintf(stderr, "log %u, offset %" PRIu64 ", transaction %" PRId64 ": %u seen\n", log, off, touched, seen.count);
        } else if (try_prefix) {
            check_prefix(fs, logs, log, before + (touched < 0 ? 0 : (uint64_t)touched));
        }
    }
    simfs_free(fs);
}

static void changed_byte_is_found(void)
{
    finished logs = finish();
    for (uint32_t log = 0; log < 2; log++) {
        uint64_t end = logs.ends[log][log_counts[log]] + 300;
        uint64_t step = end / 700 + 1;
        for (uint64_t off = 0; off < end; off += off < 700 ? 3 : step) {
            uint8_t byte = 0;
            simfs *fs = simfs_copy(logs.fs);
            CHECK(simfs_peek(fs, log_paths[log], off, &byte, 1));
            byte = (uint8_t)(byte ^ (1u << draw(8)));
            CHECK(simfs_poke(fs, log_paths[log], off, &byte, 1));
            check_damage(fs, &logs, log, first_touched(&logs, log, off), off, off % 7 == 0);
        }
        /* The borders of all records' groups. */
        for (uint32_t i = 0; i <= log_counts[log]; i++) {
            for (int64_t d = -1; d < 1; d++) {
                uint64_t at = (uint64_t)((int64_t)logs.ends[log][i] + d);
                uint8_t byte = 0;
                simfs *fs = simfs_copy(logs.fs);
                CHECK(simfs_peek(fs, log_paths[log], at, &byte, 1));
                byte ^= 0x80;
                CHECK(simfs_poke(fs, log_paths[log], at, &byte, 1));
                check_damage(fs, &logs, log, first_touched(&logs, log, at), at, true);
            }
        }
    }
    CHECK(copies_checked > 50);
    simfs_free(logs.fs);
}

static void damaged_sector_is_found(void)
{
    finished logs = finish();
    for (uint32_t log = 0; log < 2; log++) {
        uint64_t sectors = logs.ends[log][log_counts[log]] / 512 + 2;
        uint64_t step = sectors / 150 + 1;
        for (uint64_t sector = 0; sector < sectors; sector += sector < 12 ? 1 : step) {
            for (uint32_t kind = 0; kind < 3; kind++) {
                uint8_t old[512];
                uint8_t bytes[512] = {0};
                simfs *fs = simfs_copy(logs.fs);
                CHECK(simfs_peek(fs, log_paths[log], sector * 512, old, sizeof old));
                if (kind == 1) {
                    for (uint32_t i = 0; i < 512; i++) {
                        bytes[i] = (uint8_t)draw(256);
                    }
                } else if (kind == 2) { /* another sector, of either log */
                    uint32_t from = (uint32_t)draw(2);
                    uint64_t most = simfs_file_size(fs, log_paths[from]) / 512;
                    CHECK(simfs_peek(fs, log_paths[from], draw(most < 16 ? most : 16) * 512, bytes, sizeof bytes));
                }
                uint32_t first = 0;
                while (first < 512 && bytes[first] == old[first]) {
                    first++;
                }
                if (first == 512) {
                    simfs_free(fs);
                    continue;
                }
                uint64_t off = sector * 512 + first;
                int64_t touched = first_touched(&logs, log, off);
                CHECK(simfs_poke(fs, log_paths[log], sector * 512, bytes, sizeof bytes));
                if (sector == 0 && kind == 2 && memcmp(bytes, "RUZUWAL", 8) == 0) { /* the other log's header: its generation does not belong here */
                    CHECK(wal_look(fs, &logs.header, &seen, &found, &err) == RUZU_ERROR_CORRUPT);
                    simfs_free(fs);
                    continue;
                }
                check_damage(fs, &logs, log, touched, off, sector % 5 == 0);
            }
        }
    }
    simfs_free(logs.fs);
}

static void cut_file_is_a_torn_tail_or_damage(void)
{
    finished logs = finish();
    for (uint32_t log = 0; log < 2; log++) {
        uint64_t end = logs.ends[log][log_counts[log]];
        for (uint64_t size = 0; size <= end; size += size < 600 ? 19 : end / 60) {
            simfs *fs = simfs_copy(logs.fs);
            rz_vfs *vfs = simfs_vfs(fs);
            rz_file *file = NULL;
            CHECK(vfs->open(vfs, log_paths[log], RZ_OPEN_WRITE, &file) == RUZU_OK);
            CHECK(vfs->truncate(file, size) == RUZU_OK && vfs->close(file) == RUZU_OK);
            int64_t touched = first_touched(&logs, log, size);
            ruzu_status status = wal_look(fs, &logs.header, &seen, &found, &err);
            if (log == 0 && touched < (int64_t)OLDER) { /* the newer log goes on behind it */
                CHECK_EQ_U64(status, RUZU_ERROR_CORRUPT);
            } else {
                CHECK_EQ_U64(status, RUZU_OK);
                CHECK(wal_seen_run(&seen, 1, log == 0 ? OLDER + NEWER : OLDER + (touched < 0 ? 0 : (uint64_t)touched)));
            }
            simfs_free(fs);
        }
    }
    simfs_free(logs.fs);
}

static void torn_group_with_intact_later_record_opens(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = NULL;
    uint64_t lsn = 0;
    rz_error_init(&err);
    CHECK(wal_recover(fs, &header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    header.flags = 0;
    CHECK(wal_commit(wal, 1, NULL, &err) == RUZU_OK);
    uint64_t begin = LOG_HEADER_BYTES + rz_wal_size_bytes(wal);
    for (uint64_t txid = 2; txid < 6; txid++) { /* four that no sync has covered: the first may be torn and the others there */
        CHECK(wal_append(wal, txid, &lsn, &err) == RUZU_OK);
    }
    uint64_t end = LOG_HEADER_BYTES + rz_wal_size_bytes(wal);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    uint8_t zeros[16] = {0};
    CHECK(simfs_poke(fs, WAL_ODD, begin, zeros, sizeof zeros));
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 1));
    CHECK_EQ_U64(found.discarded_bytes, end - begin);
    /* What follows is gone for good, even when the same bytes are appended again. */
    CHECK(wal_recover(fs, &header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    CHECK(wal_commit(wal, 2, NULL, &err) == RUZU_OK);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    CHECK(wal_look(fs, &header, &seen, &found, &err) == RUZU_OK);
    CHECK(wal_seen_run(&seen, 1, 2));
    CHECK_EQ_U64(found.discarded_bytes, 0);
    simfs_free(fs);
}

static void damage_is_described(void)
{
    finished logs = finish();
    simfs *fs = simfs_copy(logs.fs);
    uint8_t byte = 0xff;
    uint64_t off = logs.ends[1][2] + 33; /* in the BEGIN of transaction OLDER + 3 */
    CHECK(simfs_poke(fs, WAL_EVEN, off, &byte, 1));
    CHECK(wal_look(fs, &logs.header, &seen, &found, &err) == RUZU_ERROR_CORRUPT);
    char part[128];
    (void)snprintf(part, sizeof part, "First transaction lost: %u. Intact commits behind it: %u.", OLDER + 3, NEWER - 2);
    CHECK(strstr(err.message, part) != NULL);
    (void)snprintf(part, sizeof part, "'%s' (generation 2) is damaged at offset %" PRIu64, WAL_EVEN, logs.ends[1][2]);
    CHECK(strstr(err.message, part) != NULL);
    simfs_free(fs);
    simfs_free(logs.fs);
}

/* ---- made-up records with right checksums ---- */

/* Changes a field of some records and puts the checksums right again, the chain included when `chain`. */
static void forge(uint8_t *bytes, uint64_t end, uint64_t salt, bool chain)
{
    uint64_t off = LOG_HEADER_BYTES;
    uint32_t crc_before = 0;
    bool changed = false;
    while (off + LOG_HEAD + LOG_TAIL <= end) {
        uint8_t *record = bytes + off;
        uint32_t size = rz_log_record_size(rz_load_u32(record));
        if (rz_load_u32(record) > LOG_PAYLOAD_MAX || off + size > end) {
            return;
        }
        uint64_t next = off + size;
        if (draw(12) == 0) {
            changed = true;
            switch (draw(9)) {
            case 0: rz_store_u16(record + 4, (uint16_t)draw(16)); break;
            case 1: rz_store_u16(record + 6, (uint16_t)draw(4)); break;
            case 2: rz_store_u64(record + 8, rz_load_u64(record + 8) + draw(3) - 1); break;
            case 3: rz_store_u64(record + 16, draw(3)); break;
            case 4: rz_store_u32(record, (uint32_t)draw(LOG_PAYLOAD_MAX + 1)); break;
            case 5: rz_store_u32(record, (uint32_t)draw(64)); break;
            case 6: record[LOG_HEAD + draw(size - LOG_HEAD - LOG_TAIL + 1)] = (uint8_t)draw(256); break;
            case 7: rz_store_u64(record + LOG_HEAD, UINT64_MAX - draw(3)); break;
            default: rz_store_u64(record + 8, UINT64_MAX - draw(2)); break;
            }
            size = rz_log_record_size(rz_load_u32(record));
            if (off + size > end) {
                return;
            }
        }
        if (chain) {
            rz_store_u32(record + 24, crc_before);
        }
        crc_before = rz_log_crc(salt, off, record, size - LOG_TAIL);
        if (changed) {
            rz_store_u32(record + size - LOG_TAIL, crc_before);
        }
        off = draw(2) == 0 ? next : off + size;
    }
}

static void forged_records_do_no_harm(void)
{
    finished logs = finish();
    uint64_t refused = 0, accepted = 0;
    random_now = 99;
    for (uint32_t round = 0; round < 1500; round++) {
        simfs *fs = simfs_copy(logs.fs);
        for (uint32_t log = 0; log < 2; log++) {
            uint64_t end = logs.ends[log][log_counts[log]];
            uint8_t *bytes = (uint8_t *)malloc(end);
            CHECK(simfs_peek(fs, log_paths[log], 0, bytes, end));
            forge(bytes, end, wal_salt(log + 1), draw(2) == 0);
            CHECK(simfs_poke(fs, log_paths[log], 0, bytes, end));
            free(bytes);
        }
        rz_wal *wal = NULL;
        rz_error_init(&err);
        ruzu_status status = wal_recover_with(simfs_vfs(fs), rz_mem_root(), &logs.header, draw(2) == 0, &seen, &found, &wal, &err);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
        refused += status != RUZU_OK;
        accepted += status == RUZU_OK;
        if (wal != NULL) {
            if (found.last_lsn < UINT64_MAX / 2) {
                CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
                CHECK(wal_commit(wal, 500, NULL, &err) == RUZU_OK);
            }
            CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
        }
        simfs_free(fs);
    }
    printf("forged logs: %" PRIu64 " refused, %" PRIu64 " accepted\n", refused, accepted);
    CHECK(refused > 20 && accepted > 20);
    simfs_free(logs.fs);
}

/* ---- the chain ---- */

/*
 * What a failed append left behind must not join what is written later. A transaction is cut off again, one as long takes its place, and behind it the disk shows the rest of what was cut off:
 * the next group, with the right LSNs and checksums, of a transaction that was refused. Only the chain tells.
 */
static void record_of_another_chain_is_not_taken(void)
{
    simfs *fs = wal_new_disk();
    rz_file_header header = wal_header(1, 0, true);
    rz_wal *wal = NULL;
    rz_error_init(&err);
    CHECK(wal_recover(fs, &header, &seen, &found, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    header.flags = 0;
    for (uint64_t txid = 1; txid <= 4; txid++) {
        CHECK(wal_commit(wal, txid, NULL, &err) == RUZU_OK);
    }
    uint64_t end = wal->end;
    uint64_t lsn = wal->written_lsn;
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    uint64_t next = 5; /* a transaction without records */
    while (wal_record_count(next) != 0) {
        next++;
    }
    /* Its BEGIN and COMMIT, whole and with right checksums, but continuing another last record. */
    uint8_t bytes[256] = {0};
    uint64_t salt = wal_salt(1);
    for (int wrong = 0; wrong < 2; wrong++) {
        simfs *after = simfs_copy(fs);
        uint32_t last = 0;
        CHECK(simfs_peek(after, WAL_ODD, end - LOG_TAIL, &last, sizeof last)); /* COMMIT has no padding */
        rz_log_record begin = {.size = LOG_BEGIN_PAYLOAD, .type = RZ_WAL_BEGIN, .lsn = lsn + 1, .txid = next, .crc_before = wrong ? last ^ 1 : last};
        rz_store_u64(bytes + LOG_HEAD, next * 10);
        uint32_t crc = 0;
        uint32_t size = rz_log_record_finish(bytes, &begin, salt, end, &crc);
        rz_log_record commit = {.size = LOG_COMMIT_PAYLOAD, .type = RZ_WAL_COMMIT, .lsn = lsn + 2, .txid = next, .crc_before = crc};
        rz_store_u64(bytes + size + LOG_HEAD, next * 10);
        rz_store_u64(bytes + size + LOG_HEAD + 8, end);
        rz_store_u64(bytes + size + LOG_HEAD + 16, LOG_HEADER_BYTES);
        size += rz_log_record_finish(bytes + size, &commit, salt, end + size, &crc);
        CHECK(simfs_poke(after, WAL_ODD, end, bytes, size));
        CHECK(wal_look(after, &header, &seen, &found, &err) == RUZU_OK);
        CHECK(!seen.wrong && !seen.open);
        CHECK_EQ_U64(seen.count, wrong ? 4 : 5);
        CHECK_EQ_U64(seen.txids[seen.count - 1], wrong ? 4 : next);
        simfs_free(after);
    }
    simfs_free(fs);
}

int main(void)
{
    wal_step = 16384;
    uint64_t before = atomic_load(&rz_mem_root()->used);
    RUN(changed_byte_is_found);
    RUN(damaged_sector_is_found);
    RUN(cut_file_is_a_torn_tail_or_damage);
    RUN(torn_group_with_intact_later_record_opens);
    RUN(damage_is_described);
    RUN(forged_records_do_no_harm);
    RUN(record_of_another_chain_is_not_taken);
    CHECK_EQ_U64(atomic_load(&rz_mem_root()->used), before);
    return CHECK_DONE();
}
