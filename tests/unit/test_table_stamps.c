/* SPDX-License-Identifier: MIT */
/*
 * Compact stamps: every snapshot that may still be taken sees the same rows as before, in less memory.
 */
#include "storage/table/stamps.h"

#include "check.h"

#define STAMPS_ROWS (RZ_VECTOR_CAPACITY * 3u + RZ_VECTOR_CAPACITY / 2u)

static uint64_t stamps_state = 1;

static uint32_t stamps_below(uint32_t bound)
{
    stamps_state += UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(rz_hash_u64(stamps_state) % bound);
}

/* Rows of many transactions: inserted, deleted, put into the places of deleted ones; stamps from 1 to last. */
static rz_stamps *stamps_history(rz_mem *mem, uint64_t *out_last)
{
    rz_stamps *stamps = rz_stamps_create(mem);
    uint64_t now = 1;
    for (uint32_t row = 0; row < STAMPS_ROWS;) {
        uint32_t count = 1 + stamps_below(RZ_VECTOR_CAPACITY / 4);
        count = count < STAMPS_ROWS - row ? count : STAMPS_ROWS - row;
        CHECK(rz_stamps_append(stamps, row, count, now++));
        row += count;
    }
    for (uint32_t i = 0; i < STAMPS_ROWS; i++, now++) {
        uint32_t row = stamps_below(STAMPS_ROWS);
        if (rz_stamps_deleted(stamps, row) == RZ_STAMP_NEVER) {
            CHECK(rz_stamps_prepare_delete(stamps, row, now));
            rz_stamps_set_deleted(stamps, row, now);
        } else if (stamps_below(2) == 0) {
            CHECK(rz_stamps_prepare_reuse(stamps, row));
            uint64_t before = rz_stamps_deleted(stamps, row);
            rz_stamps_set_reused(stamps, row, now);
            rz_stamps_set_deleted(stamps, row, RZ_STAMP_NEVER);
            if (stamps_below(8) == 0) { /* rolled back */
                rz_stamps_set_reused(stamps, row, RZ_STAMP_NEVER);
                rz_stamps_set_deleted(stamps, row, before);
            }
        }
    }
    *out_last = now;
    return stamps;
}

/* Rows asked for one by one and by words, from anywhere on, are the same. */
static void stamps_bits_agree(const rz_stamps *stamps, const rz_snapshot *snapshot)
{
    uint32_t different = 0, first = stamps_below(STAMPS_ROWS);
    for (uint32_t row = first, n; row < STAMPS_ROWS; row += n) {
        n = rz_stamps_word_rows(row, STAMPS_ROWS);
        CHECK(n != 0 && n <= 64 && row / RZ_VECTOR_CAPACITY == (row + n - 1) / RZ_VECTOR_CAPACITY);
        uint64_t bits = rz_stamps_alive_bits(stamps, row, n, snapshot);
        for (uint32_t i = 0; i < n; i++) {
            different += (bits >> i & 1) != rz_stamps_alive(stamps, row + i, snapshot);
        }
        different += n < 64 && bits >> n != 0;
    }
    CHECK_EQ_U64(different, 0);
}

static void stamps_same(const rz_stamps *a, const rz_stamps *b, uint64_t timestamp)
{
    rz_snapshot snapshot = {.timestamp = timestamp, .own_stamp = RZ_STAMP_UNCOMMITTED | 7};
    uint32_t different = 0;
    for (uint32_t row = 0; row < STAMPS_ROWS; row++) {
        different += rz_stamps_visible(a, row, &snapshot) != rz_stamps_visible(b, row, &snapshot);
    }
    CHECK_EQ_U64(different, 0);
    stamps_bits_agree(a, &snapshot);
    stamps_bits_agree(b, &snapshot);
}

static void compact_stamps_show_the_same_rows(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    for (uint32_t round = 0; round < 8; round++) {
        uint64_t last = 0, newest = 0;
        rz_stamps *stamps = stamps_history(&mem, &last);
        /* Nothing is old enough; all is; and blocks of both kinds. */
        CHECK(rz_stamps_compact(stamps, STAMPS_ROWS, 0, &newest) == NULL);
        CHECK_EQ_U64(newest, 0);
        rz_stamps *small = rz_stamps_compact(stamps, STAMPS_ROWS, last, &newest);
        CHECK(small != NULL && newest <= last);
        if (small != NULL) {
            CHECK(rz_stamps_bytes(small) < rz_stamps_bytes(stamps) / 2);
            stamps_same(stamps, small, last);
            stamps_same(stamps, small, newest);
            CHECK_EQ_U64(atomic_load(&small->deletes), atomic_load(&stamps->deletes));
            CHECK_EQ_U64(atomic_load(&small->reuses), 0);
        }
        /* One block changes again: the others stay small, the changed one is told apart. */
        uint32_t row = stamps_below(STAMPS_ROWS);
        if (small != NULL && rz_stamps_deleted(small, row) == RZ_STAMP_NEVER) {
            CHECK(rz_stamps_prepare_delete(small, row, last + 5));
            rz_stamps_set_deleted(small, row, last + 5);
            uint64_t again = 0;
            CHECK(rz_stamps_append(small, STAMPS_ROWS, 10, last + 6));
            rz_stamps *partly = rz_stamps_compact(small, STAMPS_ROWS + 10, last + 4, &again);
            if (partly != NULL) {
                stamps_same(small, partly, last + 4);
                stamps_same(small, partly, last + 5);
                CHECK_EQ_U64(rz_stamps_inserted(partly, STAMPS_ROWS), last + 6);
                CHECK_EQ_U64(atomic_load(&partly->deletes), atomic_load(&small->deletes));
            }
            rz_stamps_release(partly);
            partly = rz_stamps_compact(small, STAMPS_ROWS + 10, last + 6, &again);
            CHECK(partly != NULL);
            if (partly != NULL) {
                stamps_same(small, partly, last + 6);
            }
            rz_stamps_release(partly);
        }
        rz_stamps_release(small);
        rz_stamps_release(stamps);
    }
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

/* Somebody's open transaction has deleted, or put a row into a place: its undo knows the old stamps. */
static void stamps_of_open_transactions_are_left_alone(void)
{
    rz_mem mem;
    uint64_t last = 0, newest = 0;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_stamps *stamps = stamps_history(&mem, &last);
    uint32_t row = 0;
    while (rz_stamps_deleted(stamps, row) != RZ_STAMP_NEVER) {
        row++;
    }
    CHECK(rz_stamps_prepare_delete(stamps, row, RZ_STAMP_UNCOMMITTED | 9));
    rz_stamps_set_deleted(stamps, row, RZ_STAMP_UNCOMMITTED | 9);
    CHECK(rz_stamps_compact(stamps, STAMPS_ROWS, last, &newest) == NULL);
    rz_stamps_set_deleted(stamps, row, last);
    rz_stamps *small = rz_stamps_compact(stamps, STAMPS_ROWS, last, &newest);
    CHECK(small != NULL);
    rz_stamps_release(small);
    CHECK(rz_stamps_prepare_reuse(stamps, row));
    rz_stamps_set_reused(stamps, row, RZ_STAMP_UNCOMMITTED | 9);
    rz_stamps_set_deleted(stamps, row, RZ_STAMP_NEVER);
    CHECK(rz_stamps_compact(stamps, STAMPS_ROWS, last, &newest) == NULL);
    rz_stamps_release(stamps);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

int main(void)
{
    RUN(compact_stamps_show_the_same_rows);
    RUN(stamps_of_open_transactions_are_left_alone);
    return CHECK_DONE();
}
