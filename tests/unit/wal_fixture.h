/* SPDX-License-Identifier: MIT */
/*
 * What the tests of storage/wal share: transactions whose records follow from their number, the header of a database file that is not there, and a replay that compares.
 */
#ifndef RZ_TESTS_WAL_FIXTURE_H
#define RZ_TESTS_WAL_FIXTURE_H

#include "storage/wal/log.h"

#include "check.h"
#include "sim/simfs.h"

#include <stdlib.h>

#define WAL_PATH "/data/db.ruzu"
#define WAL_ODD  "/data/db.ruzu.wal"
#define WAL_EVEN "/data/db.ruzu.wal2"

static inline uint64_t wal_salt(uint64_t generation)
{
    return rz_hash_u64(generation * 77 + 5);
}

/* The header that a database would have: generation G, all before lsn folded in. */
static inline rz_file_header wal_header(uint64_t generation, uint64_t folded_lsn, bool clean)
{
    rz_file_header header;
    memset(&header, 0, sizeof header);
    for (uint32_t i = 0; i < 16; i++) {
        header.uuid[i] = (uint8_t)(0xc0 + i);
    }
    header.log_generation = generation;
    header.folded_lsn = folded_lsn;
    header.log_salts[0] = wal_salt(generation);
    header.log_salts[1] = wal_salt(generation + 1);
    header.flags = clean ? RZ_HEADER_CLEAN : 0;
    return header;
}

static inline simfs *wal_new_disk(void)
{
    simfs *fs = simfs_create(3);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK(vfs->make_dir(vfs, "/data") == RUZU_OK);
    CHECK(vfs->sync_dir(vfs, "/data") == RUZU_OK);
    return fs;
}

/* ---- transactions ---- */

static uint32_t wal_scale = 1; /* multiplies sizes */

static inline uint32_t wal_record_count(uint64_t txid)
{
    return (uint32_t)(rz_hash_u64(txid) % 5);
}

static inline size_t wal_record_size(uint64_t txid, uint32_t idx)
{
    uint64_t hash = rz_hash_u64(txid * 31 + idx);
    switch (hash % 8) {
    case 0: return 0;
    case 1: return LOG_CHUNK;
    case 2: return (LOG_CHUNK < 300 ? LOG_CHUNK : 300) * wal_scale + (hash >> 8) % 700;
    default: return (size_t)((hash >> 8) % 120) * wal_scale;
    }
}

static inline rz_wal_type wal_record_type(uint64_t txid, uint32_t idx)
{
    return (rz_wal_type)(RZ_WAL_CATALOG + (txid + idx) % (RZ_WAL_TYPE_COUNT - RZ_WAL_CATALOG));
}

static inline uint8_t wal_byte(uint64_t txid, uint32_t idx, size_t at)
{
    return (uint8_t)(rz_hash_u64(txid * 1000 + idx + at / 16 * 7919) >> (at % 8 * 4));
}

static inline ruzu_status wal_fill(rz_redo *redo, uint64_t txid, rz_error *err)
{
    for (uint32_t i = 0; i < wal_record_count(txid); i++) {
        size_t size = wal_record_size(txid, i);
        uint8_t *payload = (uint8_t *)malloc(size + 1);
        for (size_t k = 0; k < size; k++) {
            payload[k] = wal_byte(txid, i, k);
        }
        ruzu_status status = rz_redo_add(redo, wal_record_type(txid, i), payload, size, err);
        free(payload);
        RZ_TRY(status);
    }
    return RUZU_OK;
}

/* Appends transaction txid (its timestamp: ten times that). */
static inline ruzu_status wal_append(rz_wal *wal, uint64_t txid, uint64_t *out_lsn, rz_error *err)
{
    rz_redo redo;
    rz_redo_init(&redo, rz_mem_root(), NULL);
    ruzu_status status = wal_fill(&redo, txid, err);
    status = status == RUZU_OK ? rz_wal_append(wal, &redo, txid, txid * 10, out_lsn, err) : status;
    rz_redo_deinit(&redo);
    return status;
}

static inline ruzu_status wal_commit(rz_wal *wal, uint64_t txid, uint64_t *out_lsn, rz_error *err)
{
    uint64_t lsn = 0;
    RZ_TRY(wal_append(wal, txid, &lsn, err));
    if (out_lsn != NULL) {
        *out_lsn = lsn;
    }
    return rz_wal_sync(wal, lsn, err);
}

/* ---- replay ---- */

#define WAL_MOST 4096u

/* Transactions seen by a replay, and whether their records were right. */
typedef struct wal_seen {
    uint64_t txids[WAL_MOST];
    uint64_t lsns[WAL_MOST];
    uint32_t count;
    uint32_t record; /* next one of the open transaction */
    bool open;
    bool wrong;
    uint64_t last_lsn;
} wal_seen;

static inline ruzu_status wal_see(void *user, const rz_wal_record *record, rz_error *err)
{
    wal_seen *seen = (wal_seen *)user;
    uint64_t txid = record->txid;
    (void)err;
    if (record->timestamp != txid * 10 || record->lsn <= seen->last_lsn || seen->open == (record->type == RZ_WAL_BEGIN)) {
        seen->wrong = true;
    }
    seen->last_lsn = record->lsn;
    if (record->type == RZ_WAL_BEGIN) {
        seen->open = true;
        seen->record = 0;
        return RUZU_OK;
    }
    if (record->type == RZ_WAL_COMMIT) {
        seen->wrong = seen->wrong || seen->record != wal_record_count(txid) || seen->count == WAL_MOST;
        seen->open = false;
        if (seen->count < WAL_MOST) {
            seen->txids[seen->count] = txid;
            seen->lsns[seen->count++] = record->lsn;
        }
        return RUZU_OK;
    }
    uint32_t idx = seen->record++;
    if (idx >= wal_record_count(txid) || record->type != wal_record_type(txid, idx) || record->size != wal_record_size(txid, idx)) {
        seen->wrong = true;
        return RUZU_OK;
    }
    for (size_t k = 0; k < record->size; k++) {
        if (record->payload[k] != wal_byte(txid, idx, k)) {
            seen->wrong = true;
            break;
        }
    }
    return RUZU_OK;
}

/* The transactions first, first + 1, …, in order. */
static inline bool wal_seen_run(const wal_seen *seen, uint64_t first, uint64_t count)
{
    bool right = !seen->wrong && !seen->open && seen->count == count;
    for (uint32_t i = 0; right && i < seen->count; i++) {
        right = seen->txids[i] == first + i;
    }
    return right;
}

static uint64_t wal_step = LOG_STEP; /* files grow by; small ones are quick to copy and to read */

/* Opens the logs and replays them. *out_wal is NULL after a failure. */
static inline ruzu_status wal_recover_with(rz_vfs *vfs, rz_mem *mem, const rz_file_header *header, bool accept, wal_seen *seen, rz_wal_found *found,
                                           rz_wal **out_wal, rz_error *err)
{
    memset(seen, 0, sizeof *seen);
    *out_wal = NULL;
    rz_wal *wal = NULL;
    RZ_TRY(rz_wal_open(vfs, mem, WAL_PATH, false, &wal, err));
    wal->step = wal_step;
    ruzu_status status = rz_wal_recover(wal, header, accept, wal_see, seen, found, err);
    if (status != RUZU_OK) {
        rz_error ignored;
        rz_error_init(&ignored);
        if (rz_wal_close(wal, false, &ignored) != RUZU_OK) {
            CHECK(ignored.code != RUZU_OK);
        }
        return status;
    }
    *out_wal = wal;
    return RUZU_OK;
}

static inline ruzu_status wal_recover(simfs *fs, const rz_file_header *header, wal_seen *seen, rz_wal_found *found, rz_wal **out_wal, rz_error *err)
{
    return wal_recover_with(simfs_vfs(fs), rz_mem_root(), header, false, seen, found, out_wal, err);
}

/* Replays and closes again: the status, and what was seen. */
static inline ruzu_status wal_look(simfs *fs, const rz_file_header *header, wal_seen *seen, rz_wal_found *found, rz_error *err)
{
    rz_wal *wal = NULL;
    rz_error_init(err);
    RZ_TRY(wal_recover(fs, header, seen, found, &wal, err));
    return rz_wal_close(wal, false, err);
}

#endif
