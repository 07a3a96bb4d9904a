/* SPDX-License-Identifier: MIT */
/*
 * Temporary pages: zero when new, spilled when memory is short, whole when they come back, gone when freed.
 */
#include "storage/buffer/buffer.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

#define TEMP_TEST_NAME "x.ruzu"

typedef struct temp_fixture {
    rz_mem mem;
    memfs *fs;
    rz_disk *disk;
    rz_pool *pool;
    rz_error err;
} temp_fixture;

static void temp_fixture_init(temp_fixture *fixture, uint64_t frames, bool in_memory)
{
    memset(fixture, 0, sizeof *fixture);
    rz_error_init(&fixture->err);
    rz_mem_init(&fixture->mem, NULL, UINT64_MAX);
    fixture->fs = memfs_new(11);
    CHECK_EQ_I64(rz_disk_create(&fixture->fs->vfs, &fixture->mem, in_memory ? NULL : TEMP_TEST_NAME, &fixture->disk,
                                &fixture->err),
                 RUZU_OK);
    CHECK_EQ_I64(
        rz_pool_create(&fixture->mem, fixture->disk, frames * RZ_PAGE_SIZE, "spill", &fixture->pool, &fixture->err),
        RUZU_OK);
}

static void temp_fixture_deinit(temp_fixture *fixture)
{
    CHECK(rz_pool_verify(fixture->pool));
    rz_pool_destroy(fixture->pool);
    CHECK_EQ_I64(rz_disk_close(fixture->disk, &fixture->err), RUZU_OK);
    CHECK_EQ_U64(atomic_load(&fixture->mem.used), 0);
    for (int i = 0; i < MEMFS_FILES; i++) {
        CHECK(!fixture->fs->inodes[i].used || strcmp(fixture->fs->inodes[i].name, TEMP_TEST_NAME) == 0);
    }
    memfs_free(fixture->fs);
}

static rz_pool_stats temp_stats_of(temp_fixture *fixture)
{
    rz_pool_stats stats;
    rz_pool_stats_get(fixture->pool, &stats);
    return stats;
}

static const memfs_inode *temp_spill_file(const temp_fixture *fixture)
{
    for (int i = 0; i < MEMFS_FILES; i++) {
        if (fixture->fs->inodes[i].used && fixture->fs->inodes[i].name[0] == '\0') {
            return &fixture->fs->inodes[i];
        }
    }
    return NULL;
}

static rz_page_range temp_take(temp_fixture *fixture, uint64_t count)
{
    rz_page_range range;
    CHECK_EQ_I64(rz_pool_temp_allocate(fixture->pool, count, &range, &fixture->err), RUZU_OK);
    CHECK_EQ_U64(range.count, count);
    return range;
}

static void temp_fill(uint8_t *page, uint64_t tag)
{
    for (uint32_t i = 0; i < RZ_PAGE_SIZE; i += 8) {
        rz_store_u64(page + i, tag == 0 ? 0 : rz_hash_combine(tag, i));
    }
}

/* Pages [first, first + count) hold what tag + page idx makes of them (zero for tag 0); then writes new_tag when it is
 * not 0. */
static void temp_visit(temp_fixture *fixture, rz_page_range range, uint64_t first, uint32_t count, uint64_t tag,
                       uint64_t new_tag)
{
    rz_pin pin;
    uint8_t *data = NULL;
    uint8_t want[RZ_PAGE_SIZE];
    ruzu_status status = rz_pool_temp_pin(fixture->pool, range, first, count, &pin, &data, &fixture->err);
    CHECK_EQ_I64(status, RUZU_OK);
    if (status != RUZU_OK) {
        fprintf(stderr, "%s\n", fixture->err.message);
        rz_error_init(&fixture->err);
        return;
    }
    CHECK(pin.temp && pin.page_count == count && pin.data == data);
    for (uint32_t i = 0; i < count; i++) {
        temp_fill(want, tag == 0 ? 0 : tag + first + i);
        CHECK(memcmp(data + i * RZ_PAGE_SIZE, want, sizeof want) == 0);
        if (new_tag != 0) {
            temp_fill(data + i * RZ_PAGE_SIZE, new_tag + first + i);
        }
    }
    rz_pool_temp_unpin(fixture->pool, &pin, new_tag != 0);
    CHECK_EQ_U64(pin.page_count, 0);
    rz_pool_temp_unpin(fixture->pool, &pin, false);
}

static void temp_pages_spill_and_come_back(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, false);
    rz_page_range range = temp_take(&fixture, 1000);
    rz_page_range other = temp_take(&fixture, 10);
    CHECK(other.start >= rz_page_range_end(range) || rz_page_range_end(other) <= range.start);
    for (uint64_t first = 0; first < 1000; first += 20) {
        temp_visit(&fixture, range, first, 20, 0, 5000);
    }
    CHECK(temp_stats_of(&fixture).dirty_writes >= 1000 - 64);
    CHECK(temp_stats_of(&fixture).pages_used <= 64);
    CHECK(temp_spill_file(&fixture) != NULL);
    for (uint64_t first = 0; first < 1000; first += 8) {
        temp_visit(&fixture, range, first, 8, 5000, first % 16 == 0 ? 9000 : 0);
    }
    for (uint64_t first = 0; first < 1000; first += 8) {
        temp_visit(&fixture, range, first, 8, first % 16 == 0 ? 9000 : 5000, 0);
    }
    uint64_t writes = temp_stats_of(&fixture).dirty_writes;
    for (uint64_t first = 0; first < 1000; first += 8) {
        temp_visit(&fixture, range, first, 8, first % 16 == 0 ? 9000 : 5000, 0);
    }
    CHECK(temp_stats_of(&fixture).dirty_writes <= writes + 64); /* clean pages are not written again */
    rz_pool_temp_free(fixture.pool, range);
    rz_pool_temp_free(fixture.pool, other);
    CHECK_EQ_U64(temp_stats_of(&fixture).pages_used, 0);
    const memfs_inode *file = temp_spill_file(&fixture);
    CHECK(file != NULL && file->now.size == 0); /* the disk's space is given back */
    temp_fixture_deinit(&fixture);
}

static void new_pages_are_zero_even_where_others_were(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, false);
    for (uint32_t round = 0; round < 3; round++) {
        rz_page_range range = temp_take(&fixture, 300);
        CHECK_EQ_U64(range.start, 0);
        temp_visit(&fixture, range, 100, 40, 0, 0);
        for (uint64_t first = 0; first < 300; first += 30) {
            temp_visit(&fixture, range, first, 30, 0, 1000 + round * 5000);
        }
        rz_pool_temp_free(fixture.pool, range);
    }
    rz_pool_temp_free(fixture.pool, (rz_page_range){0, 0});
    temp_fixture_deinit(&fixture);
}

static void untouched_pages_are_not_written(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, false);
    rz_page_range range = temp_take(&fixture, 500);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint64_t first = 0; first < 500; first += 25) {
            temp_visit(&fixture, range, first, 25, 0, 0);
        }
    }
    CHECK_EQ_U64(temp_stats_of(&fixture).dirty_writes, 0);
    CHECK(temp_spill_file(&fixture) == NULL); /* opened when first needed */
    rz_pool_temp_free(fixture.pool, range);
    temp_fixture_deinit(&fixture);
}

static void temp_pages_take_numbers_again(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, false);
    rz_page_range ranges[20];
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 20; i++) {
            ranges[i] = temp_take(&fixture, 1 + (i * 7 + round) % 13);
            temp_visit(&fixture, ranges[i], 0, (uint32_t)ranges[i].count, 0, 100 + i);
        }
        for (uint32_t i = 0; i < 20; i += 2) {
            rz_pool_temp_free(fixture.pool, ranges[i]);
        }
        for (uint32_t i = 1; i < 20; i += 2) {
            temp_visit(&fixture, ranges[i], 0, (uint32_t)ranges[i].count, 100 + i, 0);
            rz_pool_temp_free(fixture.pool, ranges[i]);
        }
        CHECK_EQ_U64(temp_stats_of(&fixture).pages_used, 0);
    }
    rz_page_range none;
    CHECK_EQ_I64(rz_pool_temp_allocate(fixture.pool, 0, &none, &fixture.err), RUZU_ERROR_LIMIT);
    CHECK_EQ_I64(rz_pool_temp_allocate(fixture.pool, RZ_REGION_PAGES + 1, &none, &fixture.err), RUZU_ERROR_LIMIT);
    temp_fixture_deinit(&fixture);
}

static void cached_pages_give_way_to_temp_pages(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 128, false);
    static uint8_t bytes[120 * RZ_PAGE_SIZE];
    static uint32_t crcs[120];
    rz_stored_pages pages = {{0, 0}, crcs};
    CHECK_EQ_I64(rz_disk_allocate(fixture.disk, 120, &pages.range, &fixture.err), RUZU_OK);
    for (uint64_t i = 0; i < 120; i++) {
        temp_fill(bytes + i * RZ_PAGE_SIZE, i + 1);
        crcs[i] = rz_page_crc(fixture.disk, pages.range.start + i, bytes + i * RZ_PAGE_SIZE);
    }
    CHECK_EQ_I64(rz_disk_write(fixture.disk, pages.range.start, 120, bytes, &fixture.err), RUZU_OK);
    rz_pin pin;
    for (uint64_t first = 0; first < 120; first += 30) {
        for (uint32_t round = 0; round < 2; round++) {
            CHECK_EQ_I64(rz_pool_pin(fixture.pool, &pages, first, 30, "test", &pin, &fixture.err), RUZU_OK);
            rz_pool_unpin(fixture.pool, &pin);
        }
    }
    /* Up to half of the pool, nothing is spilled: clean pages are dropped instead. */
    rz_page_range range = temp_take(&fixture, 200);
    for (uint64_t first = 0; first < 60; first += 10) {
        temp_visit(&fixture, range, first, 10, 0, 700);
    }
    CHECK_EQ_U64(temp_stats_of(&fixture).dirty_writes, 0);
    /* Beyond, an operator spills at its own expense. */
    uint64_t misses = temp_stats_of(&fixture).misses;
    for (uint64_t first = 60; first < 200; first += 10) {
        temp_visit(&fixture, range, first, 10, 0, 700);
    }
    CHECK_EQ_U64(temp_stats_of(&fixture).misses - misses, 140);
    CHECK(temp_stats_of(&fixture).dirty_writes > 100);
    for (uint64_t first = 0; first < 200; first += 10) {
        temp_visit(&fixture, range, first, 10, 700, 0);
    }
    rz_pool_temp_free(fixture.pool, range);
    temp_fixture_deinit(&fixture);
}

static void full_disk_fails_the_operator_and_nothing_else(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, false);
    rz_page_range range = temp_take(&fixture, 300);
    temp_visit(&fixture, range, 0, 60, 0, 300);
    fixture.fs->fail_at = fixture.fs->ops + 1;
    fixture.fs->fail_on = true;
    fixture.fs->fail_errno = ENOSPC;
    rz_pin pin;
    uint8_t *data = NULL;
    CHECK_EQ_I64(rz_pool_temp_pin(fixture.pool, range, 100, 40, &pin, &data, &fixture.err), RUZU_ERROR_DISK_FULL);
    CHECK(strstr(fixture.err.message, "Cannot write temporary file 'spill'") != NULL);
    CHECK(strstr(fixture.err.message, "no space left on device") != NULL);
    CHECK(data == NULL && pin.page_count == 0);
    CHECK(rz_pool_verify(fixture.pool));
    rz_error_init(&fixture.err);
    temp_visit(&fixture, range, 0, 60, 300, 0); /* what could not be written is still there */
    fixture.fs->fail_at = 0;
    temp_visit(&fixture, range, 100, 60, 0, 300);
    temp_visit(&fixture, range, 0, 60, 300, 0);
    temp_visit(&fixture, range, 100, 60, 300, 0);
    rz_pool_temp_free(fixture.pool, range);
    temp_fixture_deinit(&fixture);
}

static void spill_file_that_cannot_be_made_is_reported(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, false);
    rz_page_range range = temp_take(&fixture, 300);
    temp_visit(&fixture, range, 0, 60, 0, 300);
    fixture.fs->open_errno = EACCES;
    rz_pin pin;
    uint8_t *data = NULL;
    CHECK_EQ_I64(rz_pool_temp_pin(fixture.pool, range, 100, 40, &pin, &data, &fixture.err), RUZU_ERROR_IO);
    CHECK(strstr(fixture.err.message, "Cannot create temporary file 'spill.") != NULL);
    CHECK(strstr(fixture.err.message, "permission denied") != NULL);
    rz_error_init(&fixture.err);
    fixture.fs->open_errno = 0;
    temp_visit(&fixture, range, 100, 40, 0, 300);
    rz_pool_temp_free(fixture.pool, range);
    temp_fixture_deinit(&fixture);
}

static void database_in_memory_does_not_spill(void)
{
    static temp_fixture fixture;
    temp_fixture_init(&fixture, 64, true);
    rz_page_range range = temp_take(&fixture, 300);
    temp_visit(&fixture, range, 0, 64, 0, 300);
    rz_pin pin;
    uint8_t *data = NULL;
    CHECK_EQ_I64(rz_pool_temp_pin(fixture.pool, range, 64, 1, &pin, &data, &fixture.err), RUZU_ERROR_LIMIT);
    CHECK(strstr(fixture.err.message, "64 temporary pages") != NULL);
    rz_error_init(&fixture.err);
    temp_visit(&fixture, range, 0, 64, 300, 0);
    rz_pool_temp_free(fixture.pool, range);
    range = temp_take(&fixture, 64);
    temp_visit(&fixture, range, 0, 64, 0, 300);
    rz_pool_temp_free(fixture.pool, range);
    CHECK_EQ_U64(fixture.fs->ops, 0);
    temp_fixture_deinit(&fixture);
}

int main(void)
{
    RUN(temp_pages_spill_and_come_back);
    RUN(new_pages_are_zero_even_where_others_were);
    RUN(untouched_pages_are_not_written);
    RUN(temp_pages_take_numbers_again);
    RUN(cached_pages_give_way_to_temp_pages);
    RUN(full_disk_fails_the_operator_and_nothing_else);
    RUN(spill_file_that_cannot_be_made_is_reported);
    RUN(database_in_memory_does_not_spill);
    return CHECK_DONE();
}
