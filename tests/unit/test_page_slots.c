/* SPDX-License-Identifier: MIT */
/*
 * A crash between the two writes of a header leaves two valid slots that differ. Until both hold the newer one, nothing of what the older one relies on is touched.
 */
#include "storage/page/disk.h"

#include "check.h"
#include "sim/simfs.h"

#define SLOTS_PATH "/db.ruzu"

static rz_error err;

static uint64_t slot_number(const simfs *fs, uint32_t slot)
{
    uint8_t page[RZ_PAGE_SIZE];
    rz_file_header header;
    CHECK(simfs_peek(fs, SLOTS_PATH, (uint64_t)slot * RZ_PAGE_SIZE, page, sizeof page));
    return rz_header_decode(page, &header) == RZ_SLOT_VALID ? header.number : 0;
}

/* A file with some pages of content, whose last header stands in one slot only. */
static simfs *crashed_between_slots(void)
{
    simfs *fs = simfs_create(5);
    rz_disk *disk = NULL;
    rz_page_range range[2];
    uint8_t page[RZ_PAGE_SIZE];
    rz_error_init(&err);
    memset(page, 'a', sizeof page);
    CHECK(rz_disk_create(simfs_vfs(fs), rz_mem_root(), SLOTS_PATH, &disk, &err) == RUZU_OK);
    rz_file_header header = *rz_disk_header(disk);
    for (uint32_t i = 0; i < 2; i++) { /* the second header no longer refers to the first range */
        CHECK(rz_disk_allocate(disk, 1, &range[i], &err) == RUZU_OK);
        CHECK(rz_disk_write(disk, range[i].start, 1, page, &err) == RUZU_OK);
        if (i == 1) {
            rz_disk_free(disk, range[0]);
        }
        header.last_timestamp++;
        CHECK(rz_disk_header_write(disk, &header, &err) == RUZU_OK);
    }
    CHECK(rz_disk_close(disk, &err) == RUZU_OK);
    uint64_t k = simfs_op_count(fs);
    simfs *after = NULL;
    while (k-- > 0 && after == NULL) {
        after = simfs_crash(fs, k, SIMFS_DROP, 1);
        uint64_t numbers[2] = {slot_number(after, 0), slot_number(after, 1)};
        if (numbers[0] == numbers[1]) {
            simfs_free(after);
            after = NULL;
        }
    }
    CHECK(after != NULL);
    simfs_free(fs);
    return after;
}

static void second_header_slot_before_reuse(void)
{
    for (uint32_t way = 0; way < 3; way++) {
        simfs *fs = crashed_between_slots();
        rz_disk *disk = NULL;
        rz_page_range range;
        CHECK(slot_number(fs, 0) != slot_number(fs, 1));
        CHECK(rz_disk_open(simfs_vfs(fs), rz_mem_root(), SLOTS_PATH, 0, &disk, &err) == RUZU_OK);
        CHECK(slot_number(fs, 0) != slot_number(fs, 1)); /* opening writes nothing */
        uint64_t number = rz_disk_header(disk)->number;
        uint64_t begin = simfs_op_count(fs);
        rz_file_header header = *rz_disk_header(disk);
        if (way == 0) {
            CHECK(rz_disk_settle(disk, &err) == RUZU_OK);
        } else if (way == 1) {
            CHECK(rz_disk_allocate(disk, 1, &range, &err) == RUZU_OK);
        } else {
            CHECK(rz_disk_header_write(disk, &header, &err) == RUZU_OK);
        }
        CHECK(slot_number(fs, 0) == slot_number(fs, 1));
        CHECK(slot_number(fs, 0) == number + (way == 2));
        uint64_t settled = simfs_op_count(fs);
        if (way == 0) {
            CHECK(rz_disk_settle(disk, &err) == RUZU_OK);
            CHECK_EQ_U64(simfs_op_count(fs), settled); /* once */
        }
        /* A slot is synced before the next write, and the picked one first. */
        char text[128];
        CHECK(strstr(simfs_describe(fs, begin, text, sizeof text), "sync") != NULL);
        CHECK(strstr(simfs_describe(fs, begin + 1, text, sizeof text), "write") != NULL);
        CHECK(strstr(simfs_describe(fs, begin + 2, text, sizeof text), "sync") != NULL);
        for (uint64_t k = begin; k <= settled; k++) {
            for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
                simfs *after = simfs_crash(fs, k, (simfs_model)model, k);
                rz_disk *again = NULL;
                CHECK(rz_disk_open(simfs_vfs(after), rz_mem_root(), SLOTS_PATH, 0, &again, &err) == RUZU_OK);
                CHECK(again != NULL && rz_disk_header(again)->last_timestamp == header.last_timestamp);
                CHECK(rz_disk_close(again, &err) == RUZU_OK);
                simfs_free(after);
            }
        }
        CHECK(rz_disk_close(disk, &err) == RUZU_OK);
        simfs_free(fs);
    }
}

static void failed_settling_poisons(void)
{
    for (uint64_t op = 0; op < 3; op++) {
        simfs *fs = crashed_between_slots();
        rz_disk *disk = NULL;
        rz_page_range range;
        CHECK(rz_disk_open(simfs_vfs(fs), rz_mem_root(), SLOTS_PATH, 0, &disk, &err) == RUZU_OK);
        simfs_add_fault(fs, (simfs_fault){.op = simfs_op_count(fs) + op, .action = SIMFS_FAIL, .error_number = 5});
        CHECK(rz_disk_allocate(disk, 1, &range, &err) != RUZU_OK);
        rz_error_init(&err);
        CHECK(rz_disk_allocate(disk, 1, &range, &err) == RUZU_ERROR_POISONED);
        rz_error_init(&err);
        CHECK(rz_disk_close(disk, &err) == RUZU_OK);
        simfs_free(fs);
    }
}

int main(void)
{
    RUN(second_header_slot_before_reuse);
    RUN(failed_settling_poisons);
    return CHECK_DONE();
}
