/* SPDX-License-Identifier: MIT */
/*
 * The disk object on real and simulated files: create, open, refuse, read, write, metadata, claims, limits, in memory.
 */
#include "storage/page/page.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_NAME "x.ruzu"

static rz_mem test_mem;
static rz_error test_err;

static rz_disk *disk_create_at(rz_vfs *vfs, const char *path)
{
    rz_disk *disk = NULL;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_create(vfs, &test_mem, path, &disk, &test_err), RUZU_OK);
    return disk;
}

static rz_disk *disk_open_at(rz_vfs *vfs, const char *path, ruzu_status expected)
{
    rz_disk *disk = NULL;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_open(vfs, &test_mem, path, false, &disk, &test_err), expected);
    CHECK_EQ_I64(disk == NULL, expected != RUZU_OK);
    CHECK_EQ_I64(test_err.code, expected);
    return disk;
}

static void disk_close_it(rz_disk *disk)
{
    rz_error err;
    rz_error_init(&err);
    CHECK_EQ_I64(rz_disk_close(disk, &err), RUZU_OK);
}

static bool message_has(const char *part)
{
    if (strstr(test_err.message, part) != NULL) {
        return true;
    }
    fprintf(stderr, "message: %s\n", test_err.message);
    return false;
}

static rz_page_range disk_take(rz_disk *disk, uint64_t count)
{
    rz_page_range range;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_allocate(disk, count, &range, &test_err), RUZU_OK);
    return range;
}

/* Writes a header that names `meta` as its catalog. */
static void disk_put_header(rz_disk *disk, const rz_meta_ref *meta)
{
    rz_file_header header = *rz_disk_header(disk);
    header.catalog = *meta;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &test_err), RUZU_OK);
}

/* ---- creating and opening ---- */

static void new_database_opens_again(void)
{
    memfs *fs = memfs_new(1);
    rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
    uint8_t uuid[16];
    memcpy(uuid, rz_disk_header(disk)->uuid, sizeof uuid);
    CHECK_EQ_U64(rz_disk_header(disk)->number, 1);
    CHECK_EQ_U64(rz_disk_header(disk)->flags, RZ_HEADER_CLEAN);
    CHECK_EQ_U64(rz_disk_page_count(disk), 2);
    CHECK(!rz_disk_in_memory(disk));
    CHECK_STR(rz_disk_path(disk), DISK_NAME);
    CHECK_STR(fs->log, "t0 w0 S0 r0 d0 "); /* built and synced under another name, then renamed */
    CHECK(memfs_find(fs, DISK_NAME ".tmp") == NULL);
    disk_close_it(disk);
    disk = disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK);
    CHECK(memcmp(uuid, rz_disk_header(disk)->uuid, sizeof uuid) == 0);
    disk_close_it(disk);
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
    memfs_free(fs);
}

static void creation_failing_anywhere_leaves_no_file_or_a_whole_one(void)
{
    for (uint64_t fail = 1; fail <= 5; fail++) {
        memfs *fs = memfs_new(1);
        fs->fail_at = fail;
        fs->fail_on = true;
        rz_disk *disk = NULL;
        rz_error_init(&test_err);
        CHECK_EQ_I64(rz_disk_create(&fs->vfs, &test_mem, DISK_NAME, &disk, &test_err), RUZU_ERROR_IO);
        CHECK(disk == NULL);
        CHECK(memfs_find(fs, DISK_NAME ".tmp") == NULL);
        fs->fail_at = 0;
        bool present = true;
        CHECK_EQ_I64(rz_disk_probe(&fs->vfs, DISK_NAME, &present, &test_err), RUZU_OK);
        CHECK_EQ_I64(present, fail == 5); /* only the directory's sync comes after the rename */
        disk_close_it(present ? disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK) : disk_create_at(&fs->vfs, DISK_NAME));
        memfs_free(fs);
    }
}

static void empty_file_counts_as_absent(void)
{
    memfs *fs = memfs_new(1);
    bool present = true;
    CHECK_EQ_I64(rz_disk_probe(&fs->vfs, DISK_NAME, &present, &test_err), RUZU_OK);
    CHECK(!present);
    memfs_put(fs, DISK_NAME, "", 0);
    CHECK_EQ_I64(rz_disk_probe(&fs->vfs, DISK_NAME, &present, &test_err), RUZU_OK);
    CHECK(!present);
    disk_close_it(disk_create_at(&fs->vfs, DISK_NAME));
    CHECK_EQ_I64(rz_disk_probe(&fs->vfs, DISK_NAME, &present, &test_err), RUZU_OK);
    CHECK(present);
    /* What is there is never overwritten. */
    rz_disk *disk = NULL;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_create(&fs->vfs, &test_mem, DISK_NAME, &disk, &test_err), RUZU_ERROR_IO);
    CHECK(message_has("Cannot create file 'x.ruzu': file exists"));
    disk_close_it(disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK));
    memfs_free(fs);
}

static void leftover_of_an_interrupted_creation_is_used_up(void)
{
    memfs *fs = memfs_new(1);
    char junk[30000];
    memset(junk, 'j', sizeof junk);
    memfs_put(fs, DISK_NAME ".tmp", junk, sizeof junk);
    disk_close_it(disk_create_at(&fs->vfs, DISK_NAME));
    disk_close_it(disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK));
    CHECK_EQ_U64(memfs_content(fs, DISK_NAME)->size, 2 * RZ_PAGE_SIZE);
    memfs_free(fs);
}

static void foreign_later_and_damaged_files_are_told_apart(void)
{
    memfs *fs = memfs_new(1);
    disk_close_it(disk_create_at(&fs->vfs, DISK_NAME));
    uint8_t sound[2 * RZ_PAGE_SIZE];
    memcpy(sound, memfs_content(fs, DISK_NAME)->data, sizeof sound);

    memfs_put(fs, "text", "hello", 5);
    (void)disk_open_at(&fs->vfs, "text", RUZU_ERROR_VERSION);
    CHECK(message_has("Unable to open database. The file is not a valid ruzu database file!"));
    uint8_t zeros[3 * RZ_PAGE_SIZE] = {0};
    memfs_put(fs, "text", zeros, sizeof zeros);
    (void)disk_open_at(&fs->vfs, "text", RUZU_ERROR_VERSION);
    (void)disk_open_at(&fs->vfs, "absent", RUZU_ERROR_IO);
    CHECK(message_has("Cannot open file 'absent': no such file or directory"));

    /* Both slots damaged. */
    memfs_bytes *bytes = memfs_content(fs, DISK_NAME);
    bytes->data[40] ^= 1;
    bytes->data[RZ_PAGE_SIZE + 300] ^= 1;
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_CORRUPT);
    CHECK(message_has("both copies of the header are damaged"));

    /* A later format, in a shape that this build does not know: no valid checksum where it looks for one. */
    memcpy(bytes->data, sound, sizeof sound);
    rz_store_u32(bytes->data + 8, 7);
    rz_store_u32(bytes->data + RZ_PAGE_SIZE + 8, 7);
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_VERSION);
    char said[160];
    snprintf(said, sizeof said, "Trying to read a database file with a different version. Database file version: 7, Current build storage version: %u", RZ_FORMAT_VERSION);
    CHECK(message_has(said));
    /* And in the same shape. */
    rz_store_u32(bytes->data + 508, rz_crc32c(0, bytes->data, 508));
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_VERSION);
    CHECK(message_has("Database file version: 7, Current"));

    /* Other group sizes. */
    memcpy(bytes->data, sound, sizeof sound);
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t *slot = bytes->data + i * RZ_PAGE_SIZE;
        rz_store_u32(slot + 44, 12345);
        rz_store_u32(slot + 508, rz_crc32c(0, slot, 508));
    }
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_VERSION);
    CHECK(message_has("12345"));
    char own[16];
    snprintf(own, sizeof own, "%u", RZ_ROW_GROUP_ROWS);
    CHECK(message_has(own));

    /* Cut off in the middle. */
    memcpy(bytes->data, sound, sizeof sound);
    bytes->size = RZ_PAGE_SIZE + 100;
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_CORRUPT);
    CHECK(message_has("2 pages, the file has 4196 bytes"));
    bytes->size = sizeof sound;
    disk_close_it(disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK));
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
    memfs_free(fs);
}

static void what_may_not_be_written_is_refused_clearly(void)
{
    memfs *fs = memfs_new(1);
    disk_close_it(disk_create_at(&fs->vfs, DISK_NAME));
    fs->open_errno = EACCES;
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_IO);
    CHECK(message_has("Cannot open file 'x.ruzu' for writing: permission denied (it may still open read-only)"));
    rz_disk *disk = NULL;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_open(&fs->vfs, &test_mem, DISK_NAME, true, &disk, &test_err), RUZU_OK);
    disk_close_it(disk);
    fs->open_errno = EROFS;
    CHECK_EQ_I64(rz_disk_create(&fs->vfs, &test_mem, "new", &disk, &test_err), RUZU_ERROR_IO);
    CHECK(message_has("Cannot create file 'new.tmp': read-only file system"));
    memfs_free(fs);
}

static void either_header_slot_damaged_loses_nothing(void)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        memfs *fs = memfs_new(1);
        rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
        rz_meta_ref meta;
        CHECK_EQ_I64(rz_meta_write(disk, "catalog!", 8, &meta, &test_err), RUZU_OK);
        disk_put_header(disk, &meta);
        disk_close_it(disk);
        memset(memfs_content(fs, DISK_NAME)->data + slot * RZ_PAGE_SIZE, 0xee, RZ_PAGE_SIZE);
        disk = disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK);
        rz_disk_stats stats;
        rz_disk_stats_get(disk, &stats);
        CHECK_EQ_U64(stats.bad_slots, 1);
        CHECK_EQ_U64(rz_disk_header(disk)->number, 2);
        rz_arena arena;
        rz_arena_init(&arena, &test_mem);
        const uint8_t *data = NULL;
        CHECK_EQ_I64(rz_meta_read(disk, &rz_disk_header(disk)->catalog, "catalog", &arena, &data, &test_err), RUZU_OK);
        CHECK(memcmp(data, "catalog!", 8) == 0);
        rz_arena_free(&arena);
        /* The damaged slot is written first: the sound one is there until the other is. */
        fs->log_size = 0;
        disk_put_header(disk, &meta);
        char first[16];
        snprintf(first, sizeof first, "s0 w%u s0 w%u s0", slot, 1 - slot);
        CHECK(strstr(fs->log, first) != NULL);
        rz_disk_stats_get(disk, &stats);
        CHECK_EQ_U64(stats.bad_slots, 0);
        disk_close_it(disk);
        memfs_free(fs);
    }
}

static void newer_slot_wins(void)
{
    memfs *fs = memfs_new(1);
    rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
    disk_close_it(disk);
    for (uint32_t newer = 0; newer < 2; newer++) {
        uint8_t *slot = memfs_content(fs, DISK_NAME)->data + newer * RZ_PAGE_SIZE;
        rz_store_u64(slot + 32, 10 + newer);
        rz_store_u32(slot + 508, rz_crc32c(0, slot, 508));
        disk = disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK);
        CHECK_EQ_U64(rz_disk_header(disk)->number, 10 + newer);
        disk_close_it(disk);
    }
    memfs_free(fs);
}

static void hostile_headers_are_refused(void)
{
    static const struct {
        uint32_t off; /* of a u64 in the slot */
        uint64_t value;
        const char *text;
    } cases[] = {
        {56, 1, "pages, the file has"},
        {56, 1000000, "pages, the file has"},
        {56, UINT64_MAX, "pages, the file has"},
        {64, 0, "begins at page 0"},
        {64, 1, "covers a header"},
        {64, 1u << 30, "reaches beyond the file"},
        {72, 0, "is empty"},
        {72, UINT64_MAX, "reaches beyond the file"},
        {64, UINT64_MAX, "reaches beyond the file"},
        {96, 2, "is empty"},
        {160, 4, "free space"},
        {168, 7, "reaches beyond the file"},
        {176, UINT64_MAX, "are not inside the file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memfs *fs = memfs_new(1);
        rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
        rz_page_range hole = disk_take(disk, 1);
        rz_meta_ref meta;
        CHECK_EQ_I64(rz_meta_write(disk, "catalog!", 8, &meta, &test_err), RUZU_OK);
        rz_disk_free(disk, hole);
        disk_put_header(disk, &meta); /* the list of the fresh hole stands in the hole; make another that stays */
        disk_put_header(disk, &meta);
        disk_put_header(disk, &meta);
        disk_close_it(disk);
        for (uint32_t s = 0; s < 2; s++) {
            uint8_t *slot = memfs_content(fs, DISK_NAME)->data + s * RZ_PAGE_SIZE;
            rz_store_u64(slot + cases[i].off, cases[i].value);
            rz_store_u32(slot + 508, rz_crc32c(0, slot, 508));
        }
        (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_CORRUPT);
        if (!message_has(cases[i].text)) {
            fprintf(stderr, "case %zu\n", i);
            CHECK(false);
        }
        memfs_free(fs);
    }
    /* The catalog's range and another one on the same page. */
    memfs *fs = memfs_new(1);
    rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
    rz_meta_ref meta;
    CHECK_EQ_I64(rz_meta_write(disk, "catalog!", 8, &meta, &test_err), RUZU_OK);
    rz_file_header header = *rz_disk_header(disk);
    header.catalog = meta;
    header.rel_tables = meta;
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &test_err), RUZU_OK);
    disk_close_it(disk);
    (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_CORRUPT);
    CHECK(message_has("relationship tables"));
    CHECK(message_has("overlaps another one in use"));
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
    memfs_free(fs);
}

static void hostile_free_lists_are_refused(void)
{
    static const uint64_t lists[][6] = {
        {1, 4, 100, 0, 0, 0},        /* beyond the end */
        {1, 4, 0, 0, 0, 0},          /* empty range */
        {1, 0, 2, 0, 0, 0},          /* headers */
        {2, 6, 1, 5, 1, 0},          /* not rising */
        {2, 5, 2, 6, 1, 0},          /* overlapping */
        {1, 2, 1, 0, 0, 0},          /* the list itself */
        {1, 5, UINT64_MAX, 0, 0, 0}, /* overflow */
        {UINT64_MAX, 4, 1, 0, 0, 0}, /* count without entries */
        {3, 4, 1, 5, 1, 0},          /* too few entries */
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        memfs *fs = memfs_new(1);
        rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
        uint8_t bytes[48];
        for (uint32_t j = 0; j < 6; j++) {
            rz_store_u64(bytes + j * 8, lists[i][j]);
        }
        rz_meta_ref meta;
        uint64_t size = lists[i][3] != 0 ? 40 : 24;
        CHECK_EQ_I64(rz_meta_write(disk, bytes, size, &meta, &test_err), RUZU_OK);
        CHECK_EQ_U64(meta.range.start, 2);
        (void)disk_take(disk, 10);
        rz_file_header header = *rz_disk_header(disk);
        CHECK_EQ_I64(rz_disk_header_write(disk, &header, &test_err), RUZU_OK);
        disk_close_it(disk);
        for (uint32_t s = 0; s < 2; s++) {
            uint8_t *slot = memfs_content(fs, DISK_NAME)->data + s * RZ_PAGE_SIZE;
            rz_store_u64(slot + 160, meta.range.start);
            rz_store_u64(slot + 168, meta.range.count);
            rz_store_u64(slot + 176, meta.size_bytes);
            rz_store_u32(slot + 184, meta.crc);
            rz_store_u32(slot + 508, rz_crc32c(0, slot, 508));
        }
        (void)disk_open_at(&fs->vfs, DISK_NAME, RUZU_ERROR_CORRUPT);
        CHECK(message_has("free space"));
        memfs_free(fs);
    }
}

static void claims_find_overlaps(void)
{
    memfs *fs = memfs_new(1);
    rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
    rz_page_range a = disk_take(disk, 100); /* a directory that the next open does not read at once */
    rz_page_range b = disk_take(disk, 10);
    CHECK_EQ_U64(a.start, 2);
    rz_disk_free(disk, b);
    rz_page_range c = disk_take(disk, 20);
    CHECK_EQ_U64(c.start, 102);
    rz_file_header header = *rz_disk_header(disk);
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &test_err), RUZU_OK);
    disk_close_it(disk);

    disk = disk_open_at(&fs->vfs, DISK_NAME, RUZU_OK);
    CHECK_EQ_I64(rz_disk_claim(disk, (rz_page_range){10, 5}, "first", &test_err), RUZU_OK);
    static const struct {
        rz_page_range range;
        ruzu_status status;
    } cases[] = {
        {{10, 5}, RUZU_ERROR_CORRUPT},
        {{14, 1}, RUZU_ERROR_CORRUPT},
        {{5, 6}, RUZU_ERROR_CORRUPT},
        {{5, 30}, RUZU_ERROR_CORRUPT},
        {{15, 5}, RUZU_OK},
        {{5, 5}, RUZU_OK},
        {{5, 1}, RUZU_ERROR_CORRUPT},
        {{0, 0}, RUZU_ERROR_CORRUPT},
        {{0, 3}, RUZU_ERROR_CORRUPT},
        {{1, 3}, RUZU_ERROR_CORRUPT},
        {{20, 0}, RUZU_ERROR_CORRUPT},
        {{121, 2}, RUZU_ERROR_CORRUPT},
        {{500, 1}, RUZU_ERROR_CORRUPT},
        {{20, UINT64_MAX - 5}, RUZU_ERROR_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rz_error_init(&test_err);
        CHECK_EQ_I64(rz_disk_claim(disk, cases[i].range, "table Person", &test_err), cases[i].status);
        CHECK(cases[i].status == RUZU_OK || message_has("table Person"));
        CHECK(rz_disk_verify(disk));
    }
    /* Claimed pages can be freed; until the next header they are nobody's. */
    rz_error_init(&test_err);
    rz_disk_free(disk, (rz_page_range){10, 5});
    CHECK_EQ_I64(rz_disk_claim(disk, (rz_page_range){12, 1}, "table Person", &test_err), RUZU_ERROR_CORRUPT);
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_header_write(disk, rz_disk_header(disk), &test_err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_claim(disk, (rz_page_range){12, 1}, "table Person", &test_err), RUZU_ERROR_CORRUPT);
    CHECK(message_has("overlaps free pages"));
    disk_close_it(disk);
    memfs_free(fs);
}

/* ---- pages and metadata ---- */

static void metadata_of_every_size_comes_back(void)
{
    static const uint64_t sizes[] = {0,    1,     100,   4095,  4096,     4097,           8191,          8192,
                                     8193, 40960, 40961, 65535, 3u << 20, (5u << 20) + 1, (5u << 20) - 1};
    static uint8_t bytes[(5u << 20) + 1];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(rz_hash_u64(i) >> 17);
    }
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        memfs *fs = memfs_new(1);
        rz_disk *disk = disk_create_at(&fs->vfs, in_memory ? NULL : DISK_NAME);
        rz_arena arena;
        rz_arena_init(&arena, &test_mem);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            rz_meta_ref ref;
            const uint8_t *data = NULL;
            CHECK_EQ_I64(rz_meta_write(disk, bytes, sizes[i], &ref, &test_err), RUZU_OK);
            CHECK_EQ_U64(ref.size_bytes, sizes[i]);
            CHECK_EQ_U64(ref.range.count, (sizes[i] + 4095) / 4096);
            CHECK_EQ_I64(rz_meta_read(disk, &ref, "piece", &arena, &data, &test_err), RUZU_OK);
            CHECK(memcmp(data, bytes, sizes[i]) == 0);
            rz_arena_reset(&arena);
            if (sizes[i] == 0) {
                continue;
            }
            /* One bit anywhere, a wrong size or a wrong place is noticed. */
            uint8_t page[RZ_PAGE_SIZE];
            uint64_t victim = ref.range.start + (sizes[i] - 1) / RZ_PAGE_SIZE;
            CHECK_EQ_I64(rz_disk_read(disk, victim, 1, page, &test_err), RUZU_OK);
            page[(sizes[i] - 1) % RZ_PAGE_SIZE] ^= 0x10;
            CHECK_EQ_I64(rz_disk_write(disk, victim, 1, page, &test_err), RUZU_OK);
            rz_error_init(&test_err);
            CHECK_EQ_I64(rz_meta_read(disk, &ref, "piece", &arena, &data, &test_err), RUZU_ERROR_CORRUPT);
            CHECK(message_has("(piece): checksum 0x"));
            page[(sizes[i] - 1) % RZ_PAGE_SIZE] ^= 0x10;
            rz_error_init(&test_err);
            CHECK_EQ_I64(rz_disk_write(disk, victim, 1, page, &test_err), RUZU_OK);
            rz_meta_ref wrong = ref;
            wrong.size_bytes--;
            CHECK_EQ_I64(rz_meta_read(disk, &wrong, "piece", &arena, &data, &test_err), RUZU_ERROR_CORRUPT);
            wrong = ref;
            wrong.size_bytes = ref.range.count * RZ_PAGE_SIZE + 1;
            CHECK_EQ_I64(rz_meta_read(disk, &wrong, "piece", &arena, &data, &test_err), RUZU_ERROR_CORRUPT);
            wrong = ref;
            wrong.range.count = UINT64_MAX;
            CHECK_EQ_I64(rz_meta_read(disk, &wrong, "piece", &arena, &data, &test_err), RUZU_ERROR_CORRUPT);
            rz_error_init(&test_err);
        }
        /* The same bytes in another place. */
        rz_meta_ref ref;
        rz_meta_ref copy;
        const uint8_t *data = NULL;
        CHECK_EQ_I64(rz_meta_write(disk, bytes, 5000, &ref, &test_err), RUZU_OK);
        CHECK_EQ_I64(rz_meta_write(disk, bytes, 5000, &copy, &test_err), RUZU_OK);
        CHECK(ref.crc != copy.crc);
        copy.crc = ref.crc;
        CHECK_EQ_I64(rz_meta_read(disk, &copy, "copy", &arena, &data, &test_err), RUZU_ERROR_CORRUPT);
        rz_arena_free(&arena);
        CHECK(rz_disk_verify(disk));
        disk_close_it(disk);
        CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
        memfs_free(fs);
    }
}

static void metadata_references_come_back(void)
{
    rz_meta_ref ref = {{3, 4}, 12345, 0xdeadbeef};
    rz_meta_ref back;
    rz_str text;
    rz_str_init(&text, &test_mem);
    rz_meta_ref_encode(&ref, &text);
    CHECK_EQ_U64(text.length, 28);
    for (size_t size = 0; size <= 28; size++) {
        rz_reader reader;
        rz_reader_init(&reader, text.data, size);
        rz_meta_ref_decode(&reader, &back);
        CHECK_EQ_U64(reader.failed, size < 28);
    }
    CHECK_EQ_U64(back.range.start, 3);
    CHECK_EQ_U64(back.range.count, 4);
    CHECK_EQ_U64(back.size_bytes, 12345);
    CHECK_EQ_U64(back.crc, 0xdeadbeef);
    rz_str_free(&text);
}

static void page_checksums_know_their_place_and_database(void)
{
    memfs *fs = memfs_new(1);
    rz_disk *a = disk_create_at(&fs->vfs, DISK_NAME);
    rz_disk *b = disk_create_at(&fs->vfs, "other");
    uint8_t page[RZ_PAGE_SIZE] = {1, 2, 3};
    uint32_t crc = rz_page_crc(a, 7, page);
    CHECK_EQ_U64(rz_page_crc(a, 7, page), crc);
    CHECK(rz_page_crc(a, 8, page) != crc);
    CHECK(rz_page_crc(b, 7, page) != crc);
    page[4095] ^= 1;
    CHECK(rz_page_crc(a, 7, page) != crc);
    disk_close_it(a);
    disk_close_it(b);
    memfs_free(fs);
}

static void pages_outside_the_file_are_refused(void)
{
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        memfs *fs = memfs_new(1);
        rz_disk *disk = disk_create_at(&fs->vfs, in_memory ? NULL : DISK_NAME);
        static uint8_t bytes[8 * RZ_PAGE_SIZE];
        rz_page_range range = disk_take(disk, 4);
        CHECK_EQ_I64(rz_disk_write(disk, range.start, 4, bytes, &test_err), RUZU_OK);
        CHECK_EQ_I64(rz_disk_read(disk, range.start, 4, bytes, &test_err), RUZU_OK);
        CHECK_EQ_I64(rz_disk_read(disk, 100000000, 1, bytes, &test_err), RUZU_ERROR_CORRUPT);
        rz_error_init(&test_err);
        CHECK_EQ_I64(rz_disk_read(disk, 0, 1, bytes, &test_err), RUZU_ERROR_CORRUPT);
        CHECK_EQ_I64(rz_disk_read(disk, UINT64_MAX, 1, bytes, &test_err), RUZU_ERROR_CORRUPT);
        CHECK_EQ_I64(rz_disk_write(disk, 1, 1, bytes, &test_err), RUZU_ERROR_CORRUPT);
        CHECK_EQ_I64(rz_disk_write(disk, 1u << 31, 1, bytes, &test_err), RUZU_ERROR_CORRUPT);
        disk_close_it(disk);
        memfs_free(fs);
    }
}

static void errors_of_the_system_are_worded(void)
{
    memfs *fs = memfs_new(1);
    rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
    static uint8_t bytes[2 * RZ_PAGE_SIZE];
    rz_page_range range = disk_take(disk, 2);
    fs->fail_at = fs->ops + 1;
    fs->fail_errno = ENOSPC;
    CHECK_EQ_I64(rz_disk_write(disk, range.start, 2, bytes, &test_err), RUZU_ERROR_DISK_FULL);
    CHECK_STR(test_err.message,
              "IO exception: Cannot write file 'x.ruzu' (offset 8192, 8192 bytes): no space left on device");
    rz_error_init(&test_err);
    fs->fail_at = fs->ops + 1;
    CHECK_EQ_I64(rz_disk_reserve(disk, 10, &test_err), RUZU_ERROR_DISK_FULL);
    CHECK(message_has("Cannot reserve space in file 'x.ruzu'"));
    rz_error_init(&test_err);
    fs->fail_at = 0;
    CHECK_EQ_I64(rz_disk_reserve(disk, 1000, &test_err), RUZU_OK);
    CHECK(memfs_content(fs, DISK_NAME)->size >= 1004 * RZ_PAGE_SIZE);
    CHECK_EQ_I64(rz_disk_sync(disk, &test_err), RUZU_OK);
    /* A file that cannot grow refuses the pages and keeps its own. */
    rz_page_range more;
    fs->fail_at = fs->ops + 1;
    CHECK_EQ_I64(rz_disk_allocate(disk, 5000, &more, &test_err), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_U64(more.count, 0);
    CHECK_EQ_U64(rz_disk_page_count(disk), 4);
    CHECK(rz_disk_verify(disk));
    /* A failed sync is final. */
    rz_error_init(&test_err);
    fs->fail_at = fs->ops + 1;
    fs->fail_errno = EIO;
    CHECK_EQ_I64(rz_disk_sync(disk, &test_err), RUZU_ERROR_IO);
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_sync(disk, &test_err), RUZU_ERROR_POISONED);
    disk_close_it(disk);
    memfs_free(fs);
}

static void limits_are_named(void)
{
    memfs *fs = memfs_new(1);
    rz_disk *disk = disk_create_at(&fs->vfs, DISK_NAME);
    rz_disk_set_max_size(disk, 100 * RZ_PAGE_SIZE);
    (void)disk_take(disk, 98);
    rz_page_range range;
    CHECK_EQ_I64(rz_disk_allocate(disk, 1, &range, &test_err), RUZU_ERROR_LIMIT);
    CHECK(message_has("max_db_size (409600 bytes)"));
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_allocate(disk, 0, &range, &test_err), RUZU_ERROR_LIMIT);
    CHECK_EQ_I64(rz_disk_allocate(disk, RZ_REGION_PAGES + 1, &range, &test_err), RUZU_ERROR_LIMIT);
    rz_disk_set_max_size(disk, UINT64_MAX);
    (void)disk_take(disk, 1);
    disk_close_it(disk);
    memfs_free(fs);
}

/* ---- in memory ---- */

static void memory_is_charged_while_pages_are_in_use(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, 2u << 20);
    rz_disk *disk = NULL;
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_create(rz_vfs_posix(), &mem, NULL, &disk, &test_err), RUZU_OK);
    CHECK(rz_disk_in_memory(disk));
    CHECK_STR(rz_disk_path(disk), ":memory:");
    uint64_t base = atomic_load(&mem.used);
    rz_page_range a;
    rz_page_range b;
    CHECK_EQ_I64(rz_disk_allocate(disk, 256, &a, &test_err), RUZU_OK);
    CHECK(atomic_load(&mem.used) >= base + (1u << 20));
    CHECK_EQ_I64(rz_disk_allocate(disk, 256, &b, &test_err), RUZU_ERROR_LIMIT);
    CHECK(message_has("memory_limit"));
    CHECK(rz_disk_verify(disk));
    static uint8_t bytes[256 * RZ_PAGE_SIZE];
    memset(bytes, 0x5a, sizeof bytes);
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_write(disk, a.start, 256, bytes, &test_err), RUZU_OK);
    rz_disk_free(disk, (rz_page_range){a.start, 100});
    CHECK_EQ_I64(rz_disk_read(disk, a.start + 100, 156, bytes, &test_err), RUZU_OK);
    CHECK(bytes[0] == 0x5a && bytes[156 * RZ_PAGE_SIZE - 1] == 0x5a);
    /* Freed pages are reusable at once, and come back empty. */
    CHECK_EQ_I64(rz_disk_allocate(disk, 50, &b, &test_err), RUZU_OK);
    CHECK_EQ_U64(b.start, a.start);
    CHECK_EQ_I64(rz_disk_read(disk, b.start, 50, bytes, &test_err), RUZU_OK);
    CHECK(bytes[0] == 0 && bytes[50 * RZ_PAGE_SIZE - 1] == 0);
    CHECK_EQ_I64(rz_disk_header_write(disk, rz_disk_header(disk), &test_err), RUZU_OK);
    CHECK_EQ_U64(rz_disk_header(disk)->number, 2);
    CHECK_EQ_I64(rz_disk_sync(disk, &test_err), RUZU_OK);
    disk_close_it(disk);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

/* ---- real files ---- */

static void real_files_are_locked_and_guarded(void)
{
    char directory[] = "/tmp/ruzu-page-XXXXXX";
    CHECK(mkdtemp(directory) != NULL);
    char path[64];
    snprintf(path, sizeof path, "%s/x.ruzu", directory);
    rz_vfs *vfs = rz_vfs_posix();
    rz_disk *disk = disk_create_at(vfs, path);
    rz_disk *other = NULL;
    rz_meta_ref meta;
    CHECK_EQ_I64(rz_meta_write(disk, "catalog!", 8, &meta, &test_err), RUZU_OK);
    disk_put_header(disk, &meta);
    (void)disk_open_at(vfs, path, RUZU_ERROR_LOCKED);
    CHECK(message_has("IO exception: Could not set lock on file : "));
    CHECK(message_has(path));
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_open(vfs, &test_mem, path, true, &other, &test_err), RUZU_ERROR_LOCKED);
    disk_close_it(disk);

    rz_disk *readers[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        rz_error_init(&test_err);
        CHECK_EQ_I64(rz_disk_open(vfs, &test_mem, path, true, &readers[i], &test_err), RUZU_OK);
        CHECK(rz_disk_read_only(readers[i]));
    }
    rz_page_range range;
    uint8_t page[RZ_PAGE_SIZE] = {0};
    /* Pages of its own are in memory, behind the file: what is written there is read back, and the file does not change. */
    CHECK_EQ_I64(rz_disk_allocate(readers[0], 1, &range, &test_err), RUZU_OK);
    CHECK(range.start >= rz_disk_page_count(readers[0]));
    uint8_t private_page[RZ_PAGE_SIZE];
    memset(private_page, 0x5a, sizeof private_page);
    CHECK_EQ_I64(rz_disk_write(readers[0], range.start, 1, private_page, &test_err), RUZU_OK);
    memset(private_page, 0, sizeof private_page);
    CHECK_EQ_I64(rz_disk_read(readers[0], range.start, 1, private_page, &test_err), RUZU_OK);
    CHECK(private_page[0] == 0x5a && private_page[RZ_PAGE_SIZE - 1] == 0x5a);
    rz_disk_free(readers[0], range);
    CHECK_EQ_I64(rz_disk_write(readers[0], 2, 1, page, &test_err), RUZU_ERROR_READ_ONLY);
    CHECK_EQ_I64(rz_disk_header_write(readers[0], rz_disk_header(readers[0]), &test_err), RUZU_ERROR_READ_ONLY);
    CHECK_EQ_I64(rz_disk_reserve(readers[0], 1, &test_err), RUZU_ERROR_READ_ONLY);
    (void)disk_open_at(vfs, path, RUZU_ERROR_LOCKED);
    disk_close_it(readers[0]);
    disk_close_it(readers[1]);

    (void)disk_open_at(vfs, directory, RUZU_ERROR_IO);
    CHECK(message_has("is a directory"));
    char missing[80];
    snprintf(missing, sizeof missing, "%s/no/x.ruzu", directory);
    rz_error_init(&test_err);
    CHECK_EQ_I64(rz_disk_create(vfs, &test_mem, missing, &disk, &test_err), RUZU_ERROR_IO);
    CHECK(message_has("no such file or directory"));
    CHECK_EQ_I64(unlink(path), 0);
    CHECK_EQ_I64(rmdir(directory), 0); /* nothing else was left in it */
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
}

static void real_files_hold_ranges_beyond_a_region(void)
{
    char path[] = "/tmp/ruzu-page-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    rz_vfs *vfs = rz_vfs_posix();
    rz_disk *disk = disk_create_at(vfs, path); /* sparse: takes no space */
    rz_page_range big = disk_take(disk, RZ_REGION_PAGES - 10);
    rz_page_range next = disk_take(disk, 64);
    CHECK_EQ_U64(next.start, RZ_REGION_PAGES);
    static uint8_t bytes[64 * RZ_PAGE_SIZE];
    memset(bytes, 0x77, sizeof bytes);
    CHECK_EQ_I64(rz_disk_write(disk, next.start, 64, bytes, &test_err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_header_write(disk, rz_disk_header(disk), &test_err), RUZU_OK);
    disk_close_it(disk);
    disk = disk_open_at(vfs, path, RUZU_OK);
    CHECK_EQ_I64(rz_disk_claim(disk, big, "big", &test_err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_claim(disk, next, "next", &test_err), RUZU_OK);
    memset(bytes, 0, sizeof bytes);
    CHECK_EQ_I64(rz_disk_read(disk, next.start, 64, bytes, &test_err), RUZU_OK);
    CHECK(bytes[0] == 0x77 && bytes[sizeof bytes - 1] == 0x77);
    disk_close_it(disk);
    CHECK_EQ_I64(unlink(path), 0);
}

int main(void)
{
    rz_mem_init(&test_mem, NULL, UINT64_MAX);
    rz_error_init(&test_err);
    RUN(new_database_opens_again);
    RUN(creation_failing_anywhere_leaves_no_file_or_a_whole_one);
    RUN(empty_file_counts_as_absent);
    RUN(leftover_of_an_interrupted_creation_is_used_up);
    RUN(foreign_later_and_damaged_files_are_told_apart);
    RUN(what_may_not_be_written_is_refused_clearly);
    RUN(either_header_slot_damaged_loses_nothing);
    RUN(newer_slot_wins);
    RUN(hostile_headers_are_refused);
    RUN(hostile_free_lists_are_refused);
    RUN(claims_find_overlaps);
    RUN(metadata_of_every_size_comes_back);
    RUN(metadata_references_come_back);
    RUN(page_checksums_know_their_place_and_database);
    RUN(pages_outside_the_file_are_refused);
    RUN(errors_of_the_system_are_worded);
    RUN(limits_are_named);
    RUN(memory_is_charged_while_pages_are_in_use);
    RUN(real_files_are_locked_and_guarded);
    RUN(real_files_hold_ranges_beyond_a_region);
    return CHECK_DONE();
}
