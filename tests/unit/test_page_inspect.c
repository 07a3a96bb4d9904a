/* SPDX-License-Identifier: MIT */
/*
 * Looking at files: guarded pages stay, damaged files open for inspection, problems and bad pages are reported.
 */
#include "storage/page/page.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

static rz_mem inspect_mem;
static rz_error inspect_err;

static rz_disk *inspect_create(memfs *fs)
{
    rz_disk *disk = NULL;
    rz_error_init(&inspect_err);
    CHECK_EQ_I64(rz_disk_create(&fs->vfs, &inspect_mem, "x.ruzu", &disk, &inspect_err), RUZU_OK);
    return disk;
}

static void inspect_header(rz_disk *disk)
{
    rz_file_header header = *rz_disk_header(disk);
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &inspect_err), RUZU_OK);
    CHECK(rz_disk_verify(disk));
}

/* Whether an allocation of as many pages gets the range. Gives it back. */
static bool inspect_reused(rz_disk *disk, rz_page_range range)
{
    rz_page_range got;
    CHECK_EQ_I64(rz_disk_allocate(disk, range.count, &got, &inspect_err), RUZU_OK);
    rz_disk_free(disk, got);
    return got.start == range.start;
}

static void guarded_pages_are_not_reused(void)
{
    memfs *fs = memfs_new(7);
    rz_disk *disk = inspect_create(fs);
    rz_page_range pages[3];
    rz_file_header header;
    rz_slot_look slots[RZ_HEADER_SLOTS];
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_I64(rz_disk_allocate(disk, 10, &pages[i], &inspect_err), RUZU_OK);
    }
    inspect_header(disk); /* it reaches all three */
    rz_disk_free(disk, pages[0]); /* before the guard begins: still the header's */
    CHECK_EQ_I64(rz_disk_guard_begin(disk, &header, slots, &inspect_err), RUZU_OK);
    CHECK(slots[0].valid && slots[0].current && slots[1].valid && slots[1].current);
    CHECK_EQ_U64(header.number, rz_disk_header(disk)->number);
    CHECK_EQ_I64(rz_disk_hold(disk, pages[1], &inspect_err), RUZU_OK);
    for (int round = 0; round < 3; round++) {
        inspect_header(disk);
        CHECK(!inspect_reused(disk, pages[0]));
    }
    rz_disk_free(disk, pages[1]); /* held, and in no header now, but in the guarded one */
    CHECK(!inspect_reused(disk, pages[1]));
    inspect_header(disk);
    CHECK(!inspect_reused(disk, pages[1]));
    CHECK_EQ_I64(rz_disk_guard_begin(disk, &header, slots, &inspect_err), RUZU_OK); /* a second one */
    rz_disk_guard_end(disk);
    inspect_header(disk);
    CHECK(!inspect_reused(disk, pages[0]));
    rz_disk_guard_end(disk);
    CHECK(!inspect_reused(disk, pages[0])); /* the next header frees it */
    inspect_header(disk);
    CHECK(inspect_reused(disk, (rz_page_range){pages[0].start, 20})); /* both, joined */
    CHECK_EQ_I64(rz_disk_close(disk, &inspect_err), RUZU_OK);
    memfs_free(fs);
}

static void damaged_files_open_for_inspection(void)
{
    memfs *fs = memfs_new(7);
    rz_disk *disk = inspect_create(fs);
    rz_file_header header = *rz_disk_header(disk);
    CHECK_EQ_I64(rz_meta_write(disk, "the catalog", 11, &header.catalog, &inspect_err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &inspect_err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_close(disk, &inspect_err), RUZU_OK);
    rz_file *file = NULL;
    CHECK_EQ_I64(fs->vfs.open(&fs->vfs, "x.ruzu", RZ_OPEN_WRITE, &file), RUZU_OK);
    for (uint64_t slot = 0; slot < RZ_HEADER_SLOTS; slot++) { /* a field that is of no use */
        CHECK_EQ_I64(fs->vfs.write(file, "\1", 1, slot * RZ_PAGE_SIZE + 400), RUZU_OK);
    }
    CHECK_EQ_I64(rz_disk_open(&fs->vfs, &inspect_mem, "x.ruzu", true, &disk, &inspect_err), RUZU_ERROR_CORRUPT);
    rz_error_init(&inspect_err);
    CHECK_EQ_I64(rz_disk_open_damaged(&fs->vfs, &inspect_mem, "x.ruzu", &disk, &inspect_err), RUZU_OK);
    rz_arena arena;
    const uint8_t *bytes = NULL;
    rz_arena_init(&arena, &inspect_mem);
    header = *rz_disk_header(disk);
    CHECK_EQ_I64(rz_meta_read(disk, &header.catalog, "catalog", &arena, &bytes, &inspect_err), RUZU_OK);
    CHECK(memcmp(bytes, "the catalog", 11) == 0);
    rz_arena_free(&arena);
    rz_slot_look slots[RZ_HEADER_SLOTS];
    CHECK_EQ_I64(rz_disk_guard_begin(disk, &header, slots, &inspect_err), RUZU_OK);
    CHECK(!slots[0].valid && !slots[1].valid);
    rz_disk_guard_end(disk);
    CHECK_EQ_I64(rz_disk_close(disk, &inspect_err), RUZU_OK);
    /* Without its catalog nothing speaks for the header. */
    CHECK_EQ_I64(fs->vfs.write(file, "X", 1, header.catalog.range.start * RZ_PAGE_SIZE), RUZU_OK);
    CHECK_EQ_I64(rz_disk_open_damaged(&fs->vfs, &inspect_mem, "x.ruzu", &disk, &inspect_err), RUZU_ERROR_CORRUPT);
    (void)fs->vfs.close(file);
    memfs_free(fs);
}

typedef struct inspect_seen {
    char text[600];
    uint64_t page;
    int count;
} inspect_seen;

static ruzu_status inspect_note(void *user, const rz_problem *problem, rz_error *err)
{
    inspect_seen *seen = (inspect_seen *)user;
    (void)err;
    (void)snprintf(seen->text, sizeof seen->text, "%s: %s", problem->object, problem->text);
    seen->page = problem->page;
    seen->count++;
    return RUZU_OK;
}

static void failures_of_reading_are_findings(void)
{
    inspect_seen seen = {.count = 0};
    rz_inspector inspector = {.report = inspect_note, .user = &seen};
    rz_error_init(&inspect_err);
    CHECK_EQ_I64(rz_inspector_report(&inspector, RZ_SEVERITY_WARNING, "header", 1, RZ_NO_PLACE, &inspect_err, "%d of %s", 7, "nine"), RUZU_OK);
    CHECK_STR(seen.text, "header: 7 of nine");
    CHECK_EQ_U64(seen.page, 1);
    ruzu_status status = rz_error_set(&inspect_err, RUZU_ERROR_CORRUPT, "corrupt database: table T: is bad");
    CHECK_EQ_I64(rz_inspector_absorb(&inspector, status, "catalog", RZ_NO_PLACE, &inspect_err), RUZU_OK);
    CHECK_STR(seen.text, "catalog: table T: is bad");
    CHECK_EQ_I64(inspect_err.code, RUZU_OK);
    CHECK_EQ_U64(inspector.errors, 1);
    CHECK_EQ_U64(inspector.warnings, 1);
    status = rz_error_set(&inspect_err, RUZU_ERROR_IO, "no disk");
    CHECK_EQ_I64(rz_inspector_absorb(&inspector, status, "catalog", RZ_NO_PLACE, &inspect_err), RUZU_ERROR_IO);
    CHECK_EQ_I64(seen.count, 2);
    CHECK_EQ_I64(rz_inspector_poll(&inspector, &inspect_err), RUZU_OK);
}

static void bad_pages_are_remembered(void)
{
    memfs *fs = memfs_new(7);
    rz_disk *disk = inspect_create(fs);
    rz_corruption entry;
    CHECK(!rz_disk_corruption_at(disk, 0, &entry));
    for (uint64_t page = 2; page < 2 + RZ_CORRUPTIONS + 10; page++) {
        rz_disk_note_corruption(disk, page, "table T, column c", 1, 2);
    }
    CHECK(rz_disk_corruption_at(disk, RZ_CORRUPTIONS - 1, &entry));
    CHECK_EQ_U64(entry.page, 12);
    CHECK(!rz_disk_corruption_at(disk, RZ_CORRUPTIONS, &entry));
    rz_disk_note_corruption(disk, 40, "again", 3, 4); /* to the front, once */
    CHECK(rz_disk_corruption_at(disk, 0, &entry));
    CHECK_EQ_U64(entry.page, 40);
    CHECK_STR(entry.what, "again");
    CHECK_EQ_U64(entry.crc, 3);
    int found = 0;
    for (uint32_t i = 0; rz_disk_corruption_at(disk, i, &entry); i++) {
        found += entry.page == 40;
    }
    CHECK_EQ_I64(found, 1);
    CHECK_EQ_I64(rz_disk_close(disk, &inspect_err), RUZU_OK);
    memfs_free(fs);
}

int main(void)
{
    rz_mem_init(&inspect_mem, NULL, UINT64_MAX);
    RUN(guarded_pages_are_not_reused);
    RUN(damaged_files_open_for_inspection);
    RUN(failures_of_reading_are_findings);
    RUN(bad_pages_are_remembered);
    CHECK_EQ_U64(inspect_mem.used, 0);
    return CHECK_DONE();
}
