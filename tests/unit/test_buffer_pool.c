/* SPDX-License-Identifier: MIT */
/*
 * The buffer pool over the file's pages, one thread: hits and misses, verification, eviction, second chance, scan
 * resistance, dropping, accounting.
 */
#include "storage/buffer/buffer.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

#define POOL_TEST_NAME "x.ruzu"
#define POOL_TEST_MAX  1024u

typedef struct pool_fixture {
    rz_mem mem;
    memfs *fs;
    rz_disk *disk;
    rz_pool *pool;
    rz_stored_pages pages;
    uint32_t crcs[POOL_TEST_MAX];
    rz_error err;
} pool_fixture;

static void pool_fill_page(uint8_t *page, uint64_t number)
{
    for (uint32_t i = 0; i < RZ_PAGE_SIZE; i += 8) {
        rz_store_u64(page + i, rz_hash_combine(number, i));
    }
}

static bool pool_page_is(const uint8_t *page, uint64_t number)
{
    uint8_t want[RZ_PAGE_SIZE];
    pool_fill_page(want, number);
    return memcmp(page, want, sizeof want) == 0;
}

/* A file of page_count pages in one range, and a pool of frame_count frames. */
static void pool_fixture_init(pool_fixture *fixture, uint64_t page_count, uint64_t frame_count, bool in_memory)
{
    memset(fixture, 0, sizeof *fixture);
    rz_error_init(&fixture->err);
    rz_mem_init(&fixture->mem, NULL, UINT64_MAX);
    fixture->fs = memfs_new(5);
    CHECK_EQ_I64(rz_disk_create(&fixture->fs->vfs, &fixture->mem, in_memory ? NULL : POOL_TEST_NAME, &fixture->disk,
                                &fixture->err),
                 RUZU_OK);
    CHECK_EQ_I64(rz_disk_allocate(fixture->disk, page_count, &fixture->pages.range, &fixture->err), RUZU_OK);
    uint8_t page[RZ_PAGE_SIZE];
    for (uint64_t i = 0; i < page_count; i++) {
        uint64_t number = fixture->pages.range.start + i;
        pool_fill_page(page, number);
        fixture->crcs[i] = rz_page_crc(fixture->disk, number, page);
        CHECK_EQ_I64(rz_disk_write(fixture->disk, number, 1, page, &fixture->err), RUZU_OK);
    }
    fixture->pages.crcs = fixture->crcs;
    CHECK_EQ_I64(rz_pool_create(&fixture->mem, fixture->disk, frame_count * RZ_PAGE_SIZE, "spill", &fixture->pool,
                                &fixture->err),
                 RUZU_OK);
}

static void pool_fixture_deinit(pool_fixture *fixture)
{
    CHECK(rz_pool_verify(fixture->pool));
    rz_pool_destroy(fixture->pool);
    CHECK_EQ_I64(rz_disk_close(fixture->disk, &fixture->err), RUZU_OK);
    CHECK_EQ_U64(atomic_load(&fixture->mem.used), 0);
    memfs_free(fixture->fs);
}

static rz_pool_stats pool_stats_of(pool_fixture *fixture)
{
    rz_pool_stats stats;
    rz_pool_stats_get(fixture->pool, &stats);
    return stats;
}

/* Pins, checks the content, unpins. Returns the number of pages that had to be read. */
static uint64_t pool_touch(pool_fixture *fixture, uint64_t first, uint32_t count, bool scan)
{
    rz_pin pin;
    uint64_t before = pool_stats_of(fixture).misses;
    ruzu_status status =
        scan ? rz_pool_pin_scan(fixture->pool, &fixture->pages, first, count, "test", &pin, &fixture->err)
             : rz_pool_pin(fixture->pool, &fixture->pages, first, count, "test", &pin, &fixture->err);
    CHECK_EQ_I64(status, RUZU_OK);
    if (status != RUZU_OK) {
        fprintf(stderr, "%s\n", fixture->err.message);
        rz_error_init(&fixture->err);
        return 0;
    }
    CHECK_EQ_U64(pin.page_count, count);
    CHECK_EQ_U64(pin.first_page, fixture->pages.range.start + first);
    CHECK(!pin.temp);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(pool_page_is(pin.data + i * RZ_PAGE_SIZE, pin.first_page + i));
    }
    rz_pool_unpin(fixture->pool, &pin);
    CHECK_EQ_U64(pin.page_count, 0);
    rz_pool_unpin(fixture->pool, &pin); /* an empty one is fine */
    return pool_stats_of(fixture).misses - before;
}

static void pages_come_in_once_and_in_runs(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 200, 256, false);
    uint64_t reads = fixture.fs->reads;
    CHECK_EQ_U64(pool_touch(&fixture, 0, 64, false), 64);
    CHECK_EQ_U64(fixture.fs->reads - reads, 1); /* one read for the whole window */
    CHECK_EQ_U64(pool_touch(&fixture, 0, 64, false), 0);
    CHECK_EQ_U64(pool_touch(&fixture, 100, 1, false), 1);
    reads = fixture.fs->reads;
    CHECK_EQ_U64(pool_touch(&fixture, 90, 20, false), 19); /* around the page that is there: two runs */
    CHECK_EQ_U64(fixture.fs->reads - reads, 2);
    rz_pool_stats stats = pool_stats_of(&fixture);
    CHECK_EQ_U64(stats.pages_total, 256);
    CHECK_EQ_U64(stats.pages_used, 84);
    CHECK_EQ_U64(stats.hits, 65);
    CHECK_EQ_U64(stats.misses, 84);
    CHECK_EQ_U64(stats.evictions, 0);
    pool_fixture_deinit(&fixture);
}

static void pool_is_bounded_and_charged(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 1000, 64, false);
    uint64_t base = atomic_load(&fixture.mem.used);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint64_t first = 0; first + 10 <= 1000; first += 7) {
            (void)pool_touch(&fixture, first, 10, round == 1);
            CHECK(pool_stats_of(&fixture).pages_used <= 64);
        }
    }
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, 64);
    CHECK(atomic_load(&fixture.mem.used) >= base + 64 * RZ_PAGE_SIZE);
    CHECK(atomic_load(&fixture.mem.used) <= base + 64 * RZ_PAGE_SIZE + 4096);
    CHECK(pool_stats_of(&fixture).evictions > 1000);
    CHECK_EQ_U64(pool_stats_of(&fixture).evictions + 64, pool_stats_of(&fixture).misses);
    pool_fixture_deinit(&fixture);
}

static void pool_has_at_least_256_kib(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 100, 1, false);
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_total, 64);
    CHECK_EQ_U64(pool_touch(&fixture, 3, 64, false), 64);
    pool_fixture_deinit(&fixture);
}

static void memory_refused_to_the_pool_makes_it_evict(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 500, 400, false);
    CHECK_EQ_U64(pool_touch(&fixture, 0, 64, false), 64);
    fixture.mem.limit = atomic_load(&fixture.mem.used) + 36 * RZ_PAGE_SIZE; /* room for 100 pages, not for 400 */
    for (uint64_t first = 0; first + 16 <= 500; first += 16) {
        (void)pool_touch(&fixture, first, 16, false);
    }
    CHECK(pool_stats_of(&fixture).pages_used >= 64);
    CHECK(pool_stats_of(&fixture).pages_used <= 100);
    fixture.mem.limit = UINT64_MAX;
    pool_fixture_deinit(&fixture);
}

/* Others are refused memory, and the pool has some. */
static void a_pool_that_keeps_some_always_has_frames(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 500, 400, false);
    uint64_t used = atomic_load(&fixture.mem.used);
    CHECK_EQ_I64(rz_pool_keep_some(fixture.pool, &fixture.err), RUZU_OK);
    CHECK_EQ_U64(atomic_load(&fixture.mem.used), used + 192 * RZ_PAGE_SIZE);
    CHECK_EQ_U64(pool_touch(&fixture, 0, 64, false), 64);
    CHECK_EQ_U64(rz_pool_shrink(fixture.pool, UINT64_MAX), 0);
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, 64);
    fixture.mem.limit = atomic_load(&fixture.mem.used);
    for (uint64_t first = 64; first + 16 <= 500; first += 16) {
        CHECK_EQ_U64(pool_touch(&fixture, first, 16, false), 16);
    }
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, 192);
    fixture.mem.limit = UINT64_MAX;
    (void)pool_touch(&fixture, 0, 64, false);
    (void)pool_touch(&fixture, 100, 64, false);
    CHECK(pool_stats_of(&fixture).pages_used > 192);
    uint64_t before = atomic_load(&fixture.mem.used);
    CHECK_EQ_U64(rz_pool_shrink(fixture.pool, UINT64_MAX), before - atomic_load(&fixture.mem.used));
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, 192);
    CHECK(rz_pool_verify(fixture.pool));
    pool_fixture_deinit(&fixture);
}

static void all_frames_pinned_is_an_error_that_passes(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 200, 64, false);
    rz_pin pins[8];
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, i * 8, 8, "test", &pins[i], &fixture.err), RUZU_OK);
    }
    rz_pin more;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 62, 4, "test", &more, &fixture.err), RUZU_ERROR_NO_MEMORY);
    CHECK_STR(fixture.err.message,
              "Buffer manager exception: Unable to allocate memory! The buffer pool is full and no "
              "memory could be freed!");
    CHECK_EQ_U64(more.page_count, 0);
    CHECK(rz_pool_verify(fixture.pool));
    rz_error_init(&fixture.err);
    /* Its partial pins are gone: everything can be evicted once the others are. */
    for (uint32_t i = 0; i < 8; i++) {
        CHECK(pool_page_is(pins[i].data, pins[i].first_page));
        rz_pool_unpin(fixture.pool, &pins[i]);
    }
    CHECK_EQ_U64(pool_touch(&fixture, 100, 64, false), 64);
    pool_fixture_deinit(&fixture);
}

static void pinned_pages_stay(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 800, 64, false);
    rz_pin pin;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 5, 20, "test", &pin, &fixture.err), RUZU_OK);
    for (uint64_t first = 30; first + 30 <= 800; first += 30) {
        (void)pool_touch(&fixture, first, 30, false);
    }
    for (uint32_t i = 0; i < 20; i++) {
        CHECK(pool_page_is(pin.data + i * RZ_PAGE_SIZE, pin.first_page + i));
    }
    CHECK_EQ_U64(pool_touch(&fixture, 5, 20, false), 0);
    rz_pool_unpin(fixture.pool, &pin);
    pool_fixture_deinit(&fixture);
}

static void touched_pages_get_a_second_chance(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 300, 64, false);
    for (uint64_t i = 0; i < 64; i++) {
        (void)pool_touch(&fixture, i, 1, false);
    }
    for (uint64_t i = 0; i < 64; i += 4) {
        (void)pool_touch(&fixture, i, 1, false); /* again: every fourth */
    }
    for (uint64_t i = 100; i < 140; i++) {
        CHECK_EQ_U64(pool_touch(&fixture, i, 1, false), 1); /* 40 others push out 40 of the 48 that were not */
    }
    uint64_t missing = 0;
    for (uint64_t i = 0; i < 64; i += 4) {
        missing += pool_touch(&fixture, i, 1, false);
    }
    CHECK_EQ_U64(missing, 0);
    pool_fixture_deinit(&fixture);
}

static void oldest_page_leaves_first(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 300, 64, false);
    for (uint64_t i = 0; i < 64; i++) {
        (void)pool_touch(&fixture, i, 1, false);
    }
    (void)pool_touch(&fixture, 200, 16, false);
    for (uint64_t i = 63; i >= 16; i--) {
        CHECK_EQ_U64(pool_touch(&fixture, i, 1, false), 0);
    }
    CHECK_EQ_U64(pool_touch(&fixture, 0, 1, false), 1);
    pool_fixture_deinit(&fixture);
}

static void scan_keeps_the_hot_set(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 1000, 128, false);
    for (uint32_t round = 0; round < 3; round++) {
        (void)pool_touch(&fixture, 0, 60, false);
        (void)pool_touch(&fixture, 60, 20, false);
    }
    /* Twice through a table of seven times the pool, by a scan: 80 pages are hot, 48 frames are left for it. */
    for (uint32_t round = 0; round < 2; round++) {
        for (uint64_t first = 100; first + 20 <= 1000; first += 20) {
            (void)pool_touch(&fixture, first, 20, true);
            (void)pool_touch(&fixture, first, 20, true); /* windows that meet on a page touch it twice */
        }
    }
    CHECK_EQ_U64(pool_touch(&fixture, 0, 60, false) + pool_touch(&fixture, 60, 20, false), 0);
    /* The same by ordinary pins replaces it: the test would notice. */
    for (uint64_t first = 100; first + 20 <= 1000; first += 20) {
        (void)pool_touch(&fixture, first, 20, false);
    }
    CHECK(pool_touch(&fixture, 0, 60, false) > 50);
    pool_fixture_deinit(&fixture);
}

static void table_that_fits_becomes_resident_by_scans(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 1000, 128, false);
    for (uint64_t first = 0; first < 128; first += 32) {
        (void)pool_touch(&fixture, first, 32, false); /* a hot set that nobody wants any more */
    }
    uint64_t last = 0;
    for (uint32_t round = 0; round < 12; round++) {
        last = 0;
        for (uint64_t first = 500; first < 580; first += 16) {
            last += pool_touch(&fixture, first, 16, true);
        }
    }
    CHECK_EQ_U64(last, 0);
    pool_fixture_deinit(&fixture);
}

static void damaged_page_is_refused_and_others_are_not(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 100, 128, false);
    uint64_t victim = fixture.pages.range.start + 33;
    memfs_content(fixture.fs, POOL_TEST_NAME)->data[victim * RZ_PAGE_SIZE + 77] ^= 4;
    rz_pin pin;
    uint64_t used = pool_stats_of(&fixture).pages_used;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 30, 10, "table Person, column name", &pin, &fixture.err),
                 RUZU_ERROR_CORRUPT);
    char text[256];
    snprintf(text, sizeof text, "corrupt database: file 'x.ruzu' page %u (table Person, column name): checksum 0x",
             (unsigned)victim);
    CHECK(strstr(fixture.err.message, text) != NULL);
    snprintf(text, sizeof text, "expected 0x%08x", fixture.crcs[33]);
    CHECK(strstr(fixture.err.message, text) != NULL);
    CHECK_EQ_U64(pin.page_count, 0);
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, used);
    rz_error_init(&fixture.err);
    CHECK_EQ_U64(pool_touch(&fixture, 30, 3, false), 3);
    CHECK_EQ_U64(pool_touch(&fixture, 34, 6, false), 6);
    /* Mended, it is read. */
    memfs_content(fixture.fs, POOL_TEST_NAME)->data[victim * RZ_PAGE_SIZE + 77] ^= 4;
    CHECK_EQ_U64(pool_touch(&fixture, 30, 10, false), 1);
    pool_fixture_deinit(&fixture);
}

static void swapped_pages_detected(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 10, 64, false);
    uint8_t *a = memfs_content(fixture.fs, POOL_TEST_NAME)->data + (fixture.pages.range.start + 2) * RZ_PAGE_SIZE;
    uint8_t *b = a + RZ_PAGE_SIZE;
    for (uint32_t i = 0; i < RZ_PAGE_SIZE; i++) {
        uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
    /* Their checksums are swapped with them, as in a directory that points to the wrong place. */
    uint32_t crc = fixture.crcs[2];
    fixture.crcs[2] = fixture.crcs[3];
    fixture.crcs[3] = crc;
    rz_pin pin;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 2, 1, "test", &pin, &fixture.err), RUZU_ERROR_CORRUPT);
    rz_error_init(&fixture.err);
    pool_fixture_deinit(&fixture);
}

static void truncated_file_is_reported(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 100, 128, false);
    memfs_content(fixture.fs, POOL_TEST_NAME)->size = (fixture.pages.range.start + 50) * RZ_PAGE_SIZE + 10;
    rz_pin pin;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 48, 4, "test", &pin, &fixture.err), RUZU_ERROR_CORRUPT);
    CHECK(strstr(fixture.err.message, "the file ends at byte") != NULL);
    rz_error_init(&fixture.err);
    rz_stored_pages wild = {{RZ_MAX_PAGES - 1, 5}, fixture.crcs};
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &wild, 0, 3, "test", &pin, &fixture.err), RUZU_ERROR_CORRUPT);
    rz_error_init(&fixture.err);
    CHECK_EQ_U64(pool_touch(&fixture, 40, 9, false), 9);
    pool_fixture_deinit(&fixture);
}

static void freed_range_reused_no_stale_frame(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 400, 512, false);
    for (uint64_t first = 0; first < 400; first += 50) {
        (void)pool_touch(&fixture, first, 50, false);
    }
    uint64_t used = atomic_load(&fixture.mem.used);
    /* Pages 100 … 399 get other contents, as after a free and an allocation. */
    rz_page_range range = {fixture.pages.range.start + 100, 300};
    rz_pool_drop(fixture.pool, range);
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, 100);
    CHECK_EQ_U64(atomic_load(&fixture.mem.used), used - 300 * RZ_PAGE_SIZE);
    CHECK(rz_pool_verify(fixture.pool));
    uint8_t page[RZ_PAGE_SIZE];
    memset(page, 0xab, sizeof page);
    uint64_t number = fixture.pages.range.start + 150;
    CHECK_EQ_I64(rz_disk_write(fixture.disk, number, 1, page, &fixture.err), RUZU_OK);
    fixture.crcs[150] = rz_page_crc(fixture.disk, number, page);
    rz_pin pin;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 150, 1, "test", &pin, &fixture.err), RUZU_OK);
    CHECK(pin.page_count == 1 && pin.data[0] == 0xab && pin.data[4095] == 0xab);
    rz_pool_unpin(fixture.pool, &pin);
    CHECK_EQ_U64(pool_touch(&fixture, 0, 50, false), 0);
    /* Ranges that never were in the pool, or cannot be. */
    rz_pool_drop(fixture.pool, (rz_page_range){RZ_REGION_PAGES * 3, 100});
    rz_pool_drop(fixture.pool, (rz_page_range){0, 0});
    rz_pool_drop(fixture.pool, (rz_page_range){UINT64_MAX, 7});
    pool_fixture_deinit(&fixture);
}

static void shrinking_gives_memory_back(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 300, 256, false);
    for (uint64_t first = 0; first < 250; first += 50) {
        (void)pool_touch(&fixture, first, 50, false);
        (void)pool_touch(&fixture, first, 50, false); /* hot ones give way too */
    }
    rz_pin pin;
    CHECK_EQ_I64(rz_pool_pin(fixture.pool, &fixture.pages, 0, 10, "test", &pin, &fixture.err), RUZU_OK);
    uint64_t used = atomic_load(&fixture.mem.used);
    CHECK_EQ_U64(rz_pool_shrink(fixture.pool, 100 * RZ_PAGE_SIZE - 5), 100 * RZ_PAGE_SIZE);
    CHECK_EQ_U64(atomic_load(&fixture.mem.used), used - 100 * RZ_PAGE_SIZE);
    CHECK_EQ_U64(rz_pool_shrink(fixture.pool, UINT64_MAX), 140 * RZ_PAGE_SIZE);
    CHECK_EQ_U64(pool_stats_of(&fixture).pages_used, 10);
    CHECK_EQ_U64(rz_pool_shrink(fixture.pool, 1), 0);
    CHECK(pool_page_is(pin.data, pin.first_page));
    rz_pool_unpin(fixture.pool, &pin);
    pool_fixture_deinit(&fixture);
}

static void pool_in_memory_works_alike(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 500, 64, true);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint64_t first = 0; first + 20 <= 500; first += 20) {
            (void)pool_touch(&fixture, first, 20, false);
        }
    }
    CHECK(pool_stats_of(&fixture).evictions > 400);
    pool_fixture_deinit(&fixture);
}

static void range_in_a_late_region_is_contiguous(void)
{
    static pool_fixture fixture;
    pool_fixture_init(&fixture, 4, 64, false);
    /* Pages of the third GiB, in a sparse real file. */
    char path[] = "/tmp/ruzu-pool-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    rz_disk *disk = NULL;
    rz_pool *pool = NULL;
    CHECK_EQ_I64(rz_disk_create(rz_vfs_posix(), &fixture.mem, path, &disk, &fixture.err), RUZU_OK);
    rz_page_range big[2];
    CHECK_EQ_I64(rz_disk_allocate(disk, RZ_REGION_PAGES, &big[0], &fixture.err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_allocate(disk, RZ_REGION_PAGES, &big[1], &fixture.err), RUZU_OK);
    CHECK_EQ_U64(big[1].start, 2 * RZ_REGION_PAGES);
    CHECK_EQ_I64(rz_pool_create(&fixture.mem, disk, 64 * RZ_PAGE_SIZE, NULL, &pool, &fixture.err), RUZU_OK);
    static uint8_t bytes[3 * RZ_PAGE_SIZE];
    uint32_t crcs[3];
    uint64_t last = RZ_REGION_PAGES - 3;
    for (uint32_t i = 0; i < 3; i++) {
        pool_fill_page(bytes + i * RZ_PAGE_SIZE, i);
        crcs[i] = rz_page_crc(disk, big[1].start + last + i, bytes + i * RZ_PAGE_SIZE);
    }
    CHECK_EQ_I64(rz_disk_write(disk, big[1].start + last, 3, bytes, &fixture.err), RUZU_OK);
    rz_stored_pages pages = {{big[1].start + last, 3}, crcs};
    rz_pin pin;
    CHECK_EQ_I64(rz_pool_pin(pool, &pages, 0, 3, "test", &pin, &fixture.err), RUZU_OK);
    CHECK(memcmp(pin.data, bytes, sizeof bytes) == 0);
    rz_pool_unpin(pool, &pin);
    rz_pool_destroy(pool);
    CHECK_EQ_I64(rz_disk_close(disk, &fixture.err), RUZU_OK);
    CHECK_EQ_I64(remove(path), 0);
    pool_fixture_deinit(&fixture);
}

static uint64_t pool_refuse_at;
static bool pool_refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return pool_refuse_at > 0 && --pool_refuse_at == 0;
}

static void refused_memory_is_reported_and_harmless(void)
{
    static pool_fixture fixture;
    for (uint64_t nth = 1; nth <= 4; nth++) {
        pool_fixture_init(&fixture, 10, 64, false);
        rz_pool *pool = NULL;
        rz_pin pin;
        pool_refuse_at = nth;
        rz_mem_set_test_hook(pool_refuse, NULL);
        ruzu_status status = rz_pool_create(&fixture.mem, fixture.disk, 0, "spill", &pool, &fixture.err);
        if (status == RUZU_OK) {
            status = rz_pool_pin(pool, &fixture.pages, 0, 2, "test", &pin, &fixture.err);
        }
        rz_mem_set_test_hook(NULL, NULL);
        CHECK_EQ_I64(status, RUZU_ERROR_NO_MEMORY);
        if (pool != NULL) {
            rz_error_init(&fixture.err);
            CHECK_EQ_I64(rz_pool_pin(pool, &fixture.pages, 0, 2, "test", &pin, &fixture.err), RUZU_OK);
            rz_pool_unpin(pool, &pin);
        }
        rz_pool_destroy(pool);
        rz_error_init(&fixture.err);
        pool_fixture_deinit(&fixture);
    }
}

int main(void)
{
    RUN(pages_come_in_once_and_in_runs);
    RUN(pool_is_bounded_and_charged);
    RUN(pool_has_at_least_256_kib);
    RUN(memory_refused_to_the_pool_makes_it_evict);
    RUN(a_pool_that_keeps_some_always_has_frames);
    RUN(all_frames_pinned_is_an_error_that_passes);
    RUN(pinned_pages_stay);
    RUN(touched_pages_get_a_second_chance);
    RUN(oldest_page_leaves_first);
    RUN(scan_keeps_the_hot_set);
    RUN(table_that_fits_becomes_resident_by_scans);
    RUN(damaged_page_is_refused_and_others_are_not);
    RUN(swapped_pages_detected);
    RUN(truncated_file_is_reported);
    RUN(freed_range_reused_no_stale_frame);
    RUN(shrinking_gives_memory_back);
    RUN(pool_in_memory_works_alike);
    RUN(range_in_a_late_region_is_contiguous);
    RUN(refused_memory_is_reported_and_harmless);
    return CHECK_DONE();
}
