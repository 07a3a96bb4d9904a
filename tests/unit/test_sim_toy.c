/* SPDX-License-Identifier: MIT */
/*
 * Does the simulator find what it is for? A toy store keeps one versioned record in a file. Written properly, it survives every
 * power loss; with any of its known holes, enumeration must find a loss that it does not survive.
 *
 *   file    slot 0 at 0, slot 1 at 1,024 (each two sectors), records at 4,096 · (1 + version mod 4)
 *   update  write the record, sync, write the slot that does not hold the newest header, sync, acknowledge
 *   create  write toy.tmp, sync, rename to toy.db, sync the directory, acknowledge
 */
#include "common/hash.h"
#include "sim/simfs.h"

#include "unit/check.h"

#include <errno.h>

typedef enum toy_hole {
    TOY_SOUND,
    TOY_NO_RECORD_SYNC,    /* the record is not synced before the header that leads to it */
    TOY_NO_FINAL_SYNC,     /* acknowledged before the header is synced */
    TOY_NO_DIRECTORY_SYNC, /* acknowledged before the new name is durable */
    TOY_UNSYNCED_RENAME,   /* renamed into place before the contents are durable */
    TOY_HEADER_IN_PLACE,   /* one slot of two sectors, overwritten, its halves belonging together unchecked */
    TOY_HOLE_COUNT
} toy_hole;

enum { SLOT_SIZE = 1024, RECORD_SIZE = 1500, TOY_ABSENT = -1, TOY_BROKEN = -2, TOY_UPDATES = 6 };

typedef struct toy_slot {
    uint64_t magic;
    uint64_t version;
    uint8_t padding[SLOT_SIZE - 3 * 8]; /* puts the fields below into the second sector */
    uint32_t record_page;
    uint32_t checksum;
} toy_slot;

typedef struct toy_record {
    uint64_t version;
    uint8_t text[RECORD_SIZE - 12];
    uint32_t checksum;
} toy_record;

RZ_STATIC_ASSERT(sizeof(toy_slot) == SLOT_SIZE, "two sectors");

static void toy_make_record(uint64_t version, toy_record *out)
{
    memset(out, (int)(version * 17 + 1), sizeof *out);
    out->version = version;
    out->checksum = rz_crc32c(0, out, offsetof(toy_record, checksum));
}

static void toy_make_slot(uint64_t version, toy_slot *out)
{
    memset(out, 0, sizeof *out);
    out->magic = 0x0459;
    out->version = version;
    out->record_page = (uint32_t)(1 + version % 4);
    out->checksum = rz_crc32c(0, out, offsetof(toy_slot, checksum));
}

static ruzu_status toy_write_version(rz_file *file, uint64_t version, toy_hole hole)
{
    rz_vfs *vfs = rz_file_vfs(file);
    toy_record record;
    toy_slot slot;
    toy_make_record(version, &record);
    toy_make_slot(version, &slot);
    ruzu_status status = vfs->write(file, &record, sizeof record, 4096 * (1 + version % 4));
    if (status == RUZU_OK && hole != TOY_NO_RECORD_SYNC) {
        status = vfs->sync(file, true);
    }
    if (status == RUZU_OK) {
        status = vfs->write(file, &slot, sizeof slot, hole == TOY_HEADER_IN_PLACE ? 0 : SLOT_SIZE * (version % 2));
    }
    if (status == RUZU_OK && hole != TOY_NO_FINAL_SYNC) {
        status = vfs->sync(file, true);
    }
    return status;
}

static ruzu_status toy_create(rz_vfs *vfs, toy_hole hole)
{
    rz_file *file = NULL;
    ruzu_status status = vfs->open(vfs, "toy.tmp", RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file);
    if (status == RUZU_OK) {
        toy_hole skipped = hole == TOY_UNSYNCED_RENAME ? TOY_NO_FINAL_SYNC : hole;
        status = toy_write_version(file, 0, skipped);
    }
    ruzu_status closed = vfs->close(file);
    status = status == RUZU_OK ? closed : status;
    if (status == RUZU_OK) {
        status = vfs->rename(vfs, "toy.tmp", "toy.db");
    }
    if (status == RUZU_OK && hole != TOY_NO_DIRECTORY_SYNC) {
        status = vfs->sync_dir(vfs, "toy.db");
    }
    return status;
}

static bool toy_read_slot(rz_file *file, uint64_t off, bool checked, toy_slot *out)
{
    size_t got = 0;
    if (rz_file_vfs(file)->read(file, out, sizeof *out, off, &got) != RUZU_OK || got != sizeof *out) {
        return false;
    }
    return out->magic == 0x0459 && (!checked || out->checksum == rz_crc32c(0, out, offsetof(toy_slot, checksum)));
}

/* The version that the store holds, TOY_ABSENT or TOY_BROKEN. */
static int64_t toy_recover(rz_vfs *vfs, toy_hole hole)
{
    rz_file *file = NULL;
    if (vfs->open(vfs, "toy.db", RZ_OPEN_WRITE, &file) != RUZU_OK) {
        return TOY_ABSENT;
    }
    toy_slot slots[2];
    toy_record record;
    size_t got = 0;
    bool in_place = hole == TOY_HEADER_IN_PLACE;
    bool first = toy_read_slot(file, 0, !in_place, &slots[0]);
    bool second = !in_place && toy_read_slot(file, SLOT_SIZE, true, &slots[1]);
    int64_t version = TOY_BROKEN;
    if (first || second) {
        const toy_slot *slot = !second || (first && slots[0].version > slots[1].version) ? &slots[0] : &slots[1];
        if (vfs->read(file, &record, sizeof record, 4096ull * slot->record_page, &got) == RUZU_OK &&
            got == sizeof record && record.version == slot->version &&
            record.checksum == rz_crc32c(0, &record, offsetof(toy_record, checksum))) {
            version = (int64_t)record.version;
        }
    }
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    return version;
}

/* Which version is acknowledged from which operation on. */
typedef struct toy_acks {
    uint64_t op[TOY_UPDATES + 1];
} toy_acks;

static void toy_run(simfs *fs, toy_hole hole, toy_acks *acks)
{
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK_EQ_I64(toy_create(vfs, hole), RUZU_OK);
    acks->op[0] = simfs_op_count(fs);
    rz_file *file = NULL;
    CHECK_EQ_I64(vfs->open(vfs, "toy.db", RZ_OPEN_WRITE, &file), RUZU_OK);
    for (uint64_t version = 1; version <= TOY_UPDATES; version++) {
        CHECK_EQ_I64(toy_write_version(file, version, hole), RUZU_OK);
        acks->op[version] = simfs_op_count(fs);
    }
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

static int64_t toy_acknowledged(const toy_acks *acks, uint64_t k)
{
    int64_t acknowledged = TOY_ABSENT;
    for (int64_t version = 0; version <= TOY_UPDATES; version++) {
        if (acks->op[version] <= k) {
            acknowledged = version;
        }
    }
    return acknowledged;
}

/* Goes on after a power loss: one more update, and another power loss at each of its points. */
static int toy_go_on(simfs *fs, int64_t version, uint64_t seed)
{
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *file = NULL;
    int bad = 0;
    uint64_t begin = simfs_op_count(fs);
    if (version < 0) {
        return 0;
    }
    CHECK_EQ_I64(vfs->open(vfs, "toy.db", RZ_OPEN_WRITE, &file), RUZU_OK);
    CHECK_EQ_I64(toy_write_version(file, (uint64_t)version + 1, TOY_SOUND), RUZU_OK);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    uint64_t end = simfs_op_count(fs);
    for (uint64_t k = begin; k <= end; k++) {
        simfs *after = simfs_crash(fs, k, SIMFS_SUBSET, seed + k);
        int64_t found = toy_recover(simfs_vfs(after), TOY_SOUND);
        bad += found != version + 1 && (k + 1 >= end || found != version);
        simfs_free(after);
    }
    return bad;
}

/* All crash points, all models: how many states are not what the acknowledgements promise. */
static int toy_enumerate(toy_hole hole, int bad_of_model[SIMFS_MODEL_COUNT])
{
    enum { SEEDS = 12 };
    simfs *fs = simfs_create(1000 + (uint64_t)hole);
    toy_acks acks;
    int bad = 0;
    toy_run(fs, hole, &acks);
    for (uint64_t k = 0; k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            for (uint64_t seed = 0; seed < (simfs_model_is_random((simfs_model)model) ? SEEDS : 1); seed++) {
                simfs *after = simfs_crash(fs, k, (simfs_model)model, seed);
                int64_t found = toy_recover(simfs_vfs(after), hole);
                int64_t acknowledged = toy_acknowledged(&acks, k);
                if (found != acknowledged && found != acknowledged + 1) {
                    bad++;
                    bad_of_model[model]++;
                } else if (hole == TOY_SOUND && seed == 0) {
                    bad += toy_go_on(after, found, k);
                }
                simfs_free(after);
            }
        }
    }
    simfs_free(fs);
    return bad;
}

static void sound_store_survives_everything(void)
{
    int bad_of_model[SIMFS_MODEL_COUNT] = {0};
    CHECK_EQ_I64(toy_enumerate(TOY_SOUND, bad_of_model), 0);
}

static void every_hole_is_found(void)
{
    for (int hole = TOY_SOUND + 1; hole < TOY_HOLE_COUNT; hole++) {
        int bad_of_model[SIMFS_MODEL_COUNT] = {0};
        int bad = toy_enumerate((toy_hole)hole, bad_of_model);
        if (bad == 0) {
            fprintf(stderr, "hole %d was not found\n", hole);
        }
        CHECK(bad > 0);
        CHECK_EQ_I64(bad_of_model[SIMFS_KEEP], 0); /* a kill of the process alone loses nothing */
        CHECK(bad_of_model[SIMFS_SUBSET] + bad_of_model[SIMFS_SUBSET_DIR] > 0);
    }
}

/* Every operation fails once: the update reports it, and what is there afterwards is the version before or after. */
static void failed_operation_loses_no_acknowledged_version(void)
{
    static const int errors[] = {EIO, ENOSPC};
    static const simfs_action actions[] = {SIMFS_FAIL, SIMFS_SHORT_WRITE, SIMFS_POWER_OFF};
    simfs *whole = simfs_create(77);
    toy_acks acks;
    toy_run(whole, TOY_SOUND, &acks);
    uint64_t op_count = simfs_op_count(whole);
    simfs_free(whole);
    for (uint64_t op = 0; op < op_count; op++) {
        for (int variant = 0; variant < 6; variant++) {
            simfs *fs = simfs_create(77);
            rz_vfs *vfs = simfs_vfs(fs);
            rz_file *file = NULL;
            simfs_add_fault(fs, (simfs_fault){.op = op, .action = actions[variant % 3], .error_number = errors[variant / 3],
                                              .sync_failure = variant % 2 ? SIMFS_SYNC_LOSE : SIMFS_SYNC_KEEP});
            int64_t acknowledged = TOY_ABSENT;
            ruzu_status status = toy_create(vfs, TOY_SOUND);
            if (status == RUZU_OK) {
                acknowledged = 0;
                status = vfs->open(vfs, "toy.db", RZ_OPEN_WRITE, &file);
            }
            for (uint64_t version = 1; version <= TOY_UPDATES && status == RUZU_OK; version++) {
                status = toy_write_version(file, version, TOY_SOUND);
                acknowledged = status == RUZU_OK ? (int64_t)version : acknowledged;
            }
            ruzu_status closed = vfs->close(file);
            CHECK(status != RUZU_OK || closed != RUZU_OK);
            CHECK_EQ_U64(simfs_fault_hits(fs), 1);
            for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
                simfs *after = simfs_crash(fs, simfs_op_count(fs), (simfs_model)model, op);
                int64_t found = toy_recover(simfs_vfs(after), TOY_SOUND);
                CHECK(found == acknowledged || found == acknowledged + 1);
                simfs_free(after);
            }
            simfs_free(fs);
        }
    }
}

int main(void)
{
    RUN(sound_store_survives_everything);
    RUN(every_hole_is_found);
    RUN(failed_operation_loses_no_acknowledged_version);
    return CHECK_DONE();
}
