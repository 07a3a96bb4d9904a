/* SPDX-License-Identifier: MIT */
/*
 * Reuse of pages: nothing that a header in either slot relies on is overwritten, whatever the crash, and nothing is
 * lost.
 *
 * The small database of these tests keeps in its catalog the ranges that are live, with a number that tells what each
 * page holds.
 */
#include "storage/page/page.h"

#include "unit/check.h"
#include "unit/page_memfs.h"
#include "unit/volume.h"

#define FREE_NAME "x.ruzu"
#define FREE_MAX  48u

typedef struct free_entry {
    rz_page_range range;
    uint64_t tag;
    bool held; /* not in the catalog of the next header */
} free_entry;

typedef struct free_model {
    rz_mem mem;
    memfs *fs;
    rz_disk *disk;
    free_entry entries[FREE_MAX];
    uint32_t count;
    uint64_t next_tag;
    uint64_t random;
    uint64_t crashes;
    uint64_t headers_seen[2]; /* crash states that opened with the header before, and with the new one */
} free_model;

static free_model model;

static uint64_t free_random(void)
{
    model.random += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(model.random);
}

static void free_fill_page(uint8_t *page, uint64_t tag, uint64_t page_number)
{
    for (uint32_t i = 0; i < RZ_PAGE_SIZE; i += 8) {
        rz_store_u64(page + i, rz_hash_combine(tag, page_number * 4096 + i));
    }
}

/* Opens a file system's database and checks that it is whole. Returns the number of its header. */
static uint64_t free_check_image(memfs *fs, bool exact)
{
    rz_error err;
    rz_error_init(&err);
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_disk *disk = NULL;
    CHECK_EQ_I64(rz_disk_open(&fs->vfs, &mem, FREE_NAME, true, &disk, &err), RUZU_OK);
    if (disk == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return 0;
    }
    const rz_file_header *header = rz_disk_header(disk);
    uint64_t number = header->number;
    rz_arena arena;
    rz_arena_init(&arena, &mem);
    const uint8_t *data = NULL;
    CHECK_EQ_I64(rz_meta_read(disk, &header->catalog, "catalog", &arena, &data, &err), RUZU_OK);
    uint64_t pages = RZ_HEADER_SLOTS + header->catalog.range.count + header->free_space.range.count;
    for (uint64_t i = 0; data != NULL && i + 24 <= header->catalog.size_bytes; i += 24) {
        rz_page_range range = {rz_load_u64(data + i), rz_load_u64(data + i + 8)};
        uint64_t tag = rz_load_u64(data + i + 16);
        CHECK_EQ_I64(rz_disk_claim(disk, range, "range", &err), RUZU_OK);
        pages += range.count;
        for (uint64_t page = range.start; page < rz_page_range_end(range); page++) {
            uint8_t got[RZ_PAGE_SIZE];
            uint8_t want[RZ_PAGE_SIZE];
            free_fill_page(want, tag, page);
            CHECK_EQ_I64(rz_disk_read(disk, page, 1, got, &err), RUZU_OK);
            CHECK(memcmp(got, want, sizeof got) == 0);
        }
    }
    rz_disk_stats stats;
    rz_disk_stats_get(disk, &stats);
    if (exact) {
        CHECK_EQ_U64(stats.free_pages + pages, stats.page_count); /* every page is free or reachable */
    }
    CHECK(rz_disk_verify(disk));
    if (err.code != RUZU_OK) {
        fprintf(stderr, "%s\n", err.message);
    }
    rz_arena_free(&arena);
    CHECK_EQ_I64(rz_disk_close(disk, &err), RUZU_OK);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
    return number;
}

static void free_crash_here(memfs *fs)
{
    if (model.disk == NULL) {
        return;
    }
    uint64_t current = rz_disk_header(model.disk)->number;
    for (uint32_t i = 0; i < 4; i++) {
        memfs *image = i < 2 ? memfs_snapshot(fs, FREE_NAME, i == 1) : memfs_crash(fs, FREE_NAME, free_random());
        uint64_t number = free_check_image(image, true);
        CHECK(number == current || number == current + 1);
        model.headers_seen[number == current + 1]++;
        model.crashes++;
        memfs_free(image);
    }
}

static bool free_model_begin(uint64_t seed, bool crash_everywhere)
{
    rz_error err;
    rz_error_init(&err);
    memset(&model, 0, sizeof model);
    rz_mem_init(&model.mem, NULL, UINT64_MAX);
    model.random = seed;
    model.fs = memfs_new(seed);
    CHECK_EQ_I64(rz_disk_create(&model.fs->vfs, &model.mem, FREE_NAME, &model.disk, &err), RUZU_OK);
    model.fs->on_op = crash_everywhere ? free_crash_here : NULL;
    return model.disk != NULL;
}

static void free_model_end(void)
{
    rz_error err;
    rz_error_init(&err);
    model.fs->on_op = NULL;
    CHECK_EQ_I64(rz_disk_close(model.disk, &err), RUZU_OK);
    CHECK_EQ_U64(atomic_load(&model.mem.used), 0);
    memfs_free(model.fs);
}

static bool free_add(uint64_t pages)
{
    rz_error err;
    rz_error_init(&err);
    free_entry *entry = &model.entries[model.count];
    memset(entry, 0, sizeof *entry);
    ruzu_status status = rz_disk_allocate(model.disk, pages, &entry->range, &err);
    CHECK_EQ_I64(status, RUZU_OK);
    entry->tag = ++model.next_tag;
    uint8_t page[RZ_PAGE_SIZE];
    for (uint64_t i = 0; i < entry->range.count; i++) {
        free_fill_page(page, entry->tag, entry->range.start + i);
        CHECK_EQ_I64(rz_disk_write(model.disk, entry->range.start + i, 1, page, &err), RUZU_OK);
    }
    model.count++;
    return status == RUZU_OK;
}

static void free_hold(uint32_t idx)
{
    rz_error err;
    rz_error_init(&err);
    CHECK_EQ_I64(rz_disk_hold(model.disk, model.entries[idx].range, &err), RUZU_OK);
    model.entries[idx].held = true;
}

static void free_drop(uint32_t idx)
{
    rz_disk_free(model.disk, model.entries[idx].range);
    model.entries[idx] = model.entries[--model.count];
}

static ruzu_status free_catalog(rz_file_header *header, rz_error *err)
{
    uint8_t catalog[FREE_MAX * 24];
    uint64_t size = 0;
    *header = *rz_disk_header(model.disk);
    for (uint32_t i = 0; i < model.count; i++) {
        if (!model.entries[i].held) {
            rz_store_u64(catalog + size, model.entries[i].range.start);
            rz_store_u64(catalog + size + 8, model.entries[i].range.count);
            rz_store_u64(catalog + size + 16, model.entries[i].tag);
            size += 24;
        }
    }
    return rz_meta_write(model.disk, catalog, size, &header->catalog, err);
}

/* As a checkpoint does it: hold what the header replaces, write, free it; or undo. */
static ruzu_status free_header(rz_error *err)
{
    rz_file_header header;
    rz_page_range old = rz_disk_header(model.disk)->catalog.range;
    RZ_TRY(free_catalog(&header, err));
    ruzu_status status = rz_disk_hold(model.disk, old, err);
    if (status == RUZU_OK) {
        status = rz_disk_header_write(model.disk, &header, err);
    }
    if (status != RUZU_OK) {
        rz_disk_unhold(model.disk, old);
    }
    rz_disk_free(model.disk, status == RUZU_OK ? old : header.catalog.range);
    return status;
}

static void crash_anywhere_leaves_a_whole_database(void)
{
    uint64_t crashes = 0;
    uint64_t seen[2] = {0, 0};
    const uint64_t seeds = test_volume(6, 1);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        int before = check_failures;
        if (!free_model_begin(seed, true)) {
            return;
        }
        for (uint32_t round = 0; round < 14; round++) {
            uint32_t steps = (uint32_t)(free_random() % 5);
            for (uint32_t step = 0; step < steps; step++) {
                uint64_t choice = free_random() % 8;
                uint32_t idx = model.count == 0 ? 0 : (uint32_t)(free_random() % model.count);
                if (choice < 4 && model.count < FREE_MAX) {
                    if (free_add(1 + free_random() % 5) && choice == 0) {
                        free_hold(model.count - 1);
                    }
                } else if (model.count > 0 && choice == 4) {
                    free_hold(idx);
                } else if (model.count > 0) {
                    free_drop(idx);
                }
                CHECK(rz_disk_verify(model.disk));
            }
            rz_error err;
            rz_error_init(&err);
            CHECK_EQ_I64(free_header(&err), RUZU_OK);
            CHECK(rz_disk_verify(model.disk));
        }
        crashes += model.crashes;
        seen[0] += model.headers_seen[0];
        seen[1] += model.headers_seen[1];
        free_model_end();
        if (check_failures != before) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
            return;
        }
    }
    CHECK(crashes > 150 * seeds);
    CHECK(seen[0] > 15 * seeds && seen[1] > 15 * seeds); /* both sides of the change were looked at */
}

static void freed_pages_wait_for_both_slots(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(1, false)) {
        return;
    }
    CHECK(free_add(10));
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    rz_page_range first = model.entries[0].range;
    free_drop(0);
    /* Not reusable: both slots name it. */
    for (uint32_t i = 0; i < 5; i++) {
        CHECK(free_add(10));
        CHECK(model.entries[i].range.start >= rz_page_range_end(first) ||
              rz_page_range_end(model.entries[i].range) <= first.start);
    }
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    /* Now it is, and it is the best fit. */
    CHECK(free_add(10));
    CHECK_EQ_U64(model.entries[5].range.start, first.start);
    /* Fresh pages are reusable at once. */
    free_drop(5);
    CHECK(free_add(10));
    CHECK_EQ_U64(model.entries[5].range.start, first.start);
    free_model_end();
}

static void held_pages_are_reusable_once_freed_after_a_header(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(2, false)) {
        return;
    }
    CHECK(free_add(10));
    CHECK(free_add(20));
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    rz_page_range held = model.entries[0].range;
    free_hold(0);
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    rz_disk_stats stats;
    rz_disk_stats_get(model.disk, &stats);
    CHECK_EQ_U64(stats.held_pages, 10);
    CHECK(free_add(10)); /* still in use */
    CHECK(model.entries[2].range.start != held.start);
    free_drop(0);
    CHECK(free_add(10)); /* no header refers to it, so there is nothing to wait for */
    CHECK_EQ_U64(model.entries[2].range.start, held.start);
    /* A hold that was taken back is none. */
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_hold(model.disk, held, &err), RUZU_OK);
    rz_disk_unhold(model.disk, held);
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    memfs *image = memfs_snapshot(model.fs, FREE_NAME, true);
    (void)free_check_image(image, true);
    memfs_free(image);
    free_model_end();
}

static void second_header_slot_before_reuse(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(1, false)) {
        return;
    }
    CHECK(free_add(4));
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    free_drop(0);
    CHECK(free_add(3));
    model.fs->log_size = 0;
    model.fs->log[0] = '\0';
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    /* The catalog, the free list, sync, slot, sync, slot, sync, the tail is cut off. */
    char log[256];
    snprintf(log, sizeof log, "w%llu w%llu s0 w1 s0 w0 s0 t%llu ",
             (unsigned long long)rz_disk_header(model.disk)->catalog.range.start,
             (unsigned long long)rz_disk_header(model.disk)->free_space.range.start,
             (unsigned long long)rz_disk_page_count(model.disk));
    CHECK_STR(model.fs->log, log);
    free_model_end();
}

static void failed_header_changes_nothing_or_breaks_the_disk(void)
{
    for (uint64_t fail = 1; fail <= 6; fail++) {
        for (int kind = 0; kind < 2; kind++) {
            rz_error err;
            rz_error_init(&err);
            if (!free_model_begin(3, false)) {
                return;
            }
            for (uint32_t i = 0; i < 6; i++) {
                CHECK(free_add(2 + i));
            }
            CHECK_EQ_I64(free_header(&err), RUZU_OK);
            free_drop(1);
            free_drop(2);
            CHECK(free_add(1));
            rz_file_header header;
            uint64_t number = rz_disk_header(model.disk)->number;
            rz_page_range old = rz_disk_header(model.disk)->catalog.range;
            CHECK_EQ_I64(free_catalog(&header, &err), RUZU_OK);
            CHECK_EQ_I64(rz_disk_hold(model.disk, old, &err), RUZU_OK);
            rz_disk_stats before;
            rz_disk_stats after;
            rz_disk_stats_get(model.disk, &before);
            /* The operations of a header write: list, sync, slot, sync, slot, sync. */
            model.fs->fail_at = model.fs->ops + fail;
            model.fs->fail_on = kind == 1;
            model.fs->fail_errno = kind == 1 ? ENOSPC : EIO;
            ruzu_status status = rz_disk_header_write(model.disk, &header, &err);
            CHECK_EQ_I64(status, kind == 1 ? RUZU_ERROR_DISK_FULL : RUZU_ERROR_IO);
            CHECK(strstr(err.message, FREE_NAME) != NULL);
            CHECK(strstr(err.message, kind == 1 ? "no space left on device" : "input/output error") != NULL);
            CHECK(rz_disk_verify(model.disk));
            CHECK_EQ_U64(rz_disk_header(model.disk)->number, number);
            rz_disk_stats_get(model.disk, &after);
            model.fs->fail_at = 0;
            rz_error_init(&err);
            CHECK_EQ_U64(after.lost_pages, 0);
            if (fail == 1) {
                CHECK_EQ_U64(after.pending_pages, before.pending_pages);
                CHECK_EQ_U64(after.free_pages + before.page_count, before.free_pages + after.page_count);
                rz_disk_unhold(model.disk, old);
                rz_disk_free(model.disk, header.catalog.range);
                CHECK_EQ_I64(free_header(&err), RUZU_OK);
            } else {
                /* A failed sync is never tried again and called good. */
                CHECK_EQ_I64(rz_disk_header_write(model.disk, &header, &err), RUZU_ERROR_POISONED);
                rz_error_init(&err);
                CHECK_EQ_I64(rz_disk_sync(model.disk, &err), RUZU_ERROR_POISONED);
                CHECK(after.free_pages + before.page_count <= before.free_pages + after.page_count);
            }
            /* Whatever is on the disk opens. */
            memfs *image = memfs_snapshot(model.fs, FREE_NAME, true);
            (void)free_check_image(image, false);
            memfs_free(image);
            free_model_end();
        }
    }
}

static void thousand_headers_do_not_grow_the_file(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(5, false)) {
        return;
    }
    for (uint32_t i = 0; i < 20; i++) {
        CHECK(free_add(1 + i % 4));
    }
    uint64_t largest = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        free_drop((uint32_t)(free_random() % model.count));
        CHECK(free_add(1 + free_random() % 4));
        CHECK_EQ_I64(free_header(&err), RUZU_OK);
        uint64_t pages = rz_disk_page_count(model.disk);
        if (round == 100) {
            largest = pages;
        }
        CHECK(round <= 100 || pages <= largest + 40);
        CHECK_EQ_U64(memfs_content(model.fs, FREE_NAME)->size, pages * RZ_PAGE_SIZE);
    }
    /* Emptied, it shrinks to the headers, the catalog and the list. */
    while (model.count > 0) {
        free_drop(0);
    }
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ_I64(free_header(&err), RUZU_OK);
    }
    CHECK(rz_disk_page_count(model.disk) <= 6);
    free_model_end();
}

static void logged_pages_wait_for_their_log(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(6, false)) {
        return;
    }
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    CHECK(free_add(8));
    rz_page_range logged = model.entries[0].range;
    uint64_t generation = rz_disk_header(model.disk)->log_generation;
    CHECK_EQ_I64(rz_disk_hold(model.disk, logged, &err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_mark_logged(model.disk, logged, generation, &err), RUZU_OK);
    free_drop(0);
    rz_disk_stats stats;
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ_I64(free_header(&err), RUZU_OK); /* headers on the way: the same log still lives */
        rz_disk_stats_get(model.disk, &stats);
        CHECK(stats.pending_pages >= 8);
        rz_page_range other;
        CHECK_EQ_I64(rz_disk_allocate(model.disk, 8, &other, &err), RUZU_OK);
        CHECK(other.start >= rz_page_range_end(logged));
        rz_disk_free(model.disk, other);
        /* Replay of that log gets it back. */
        memfs *image = memfs_snapshot(model.fs, FREE_NAME, true);
        rz_disk *disk = NULL;
        CHECK_EQ_I64(rz_disk_open(&image->vfs, &model.mem, FREE_NAME, false, &disk, &err), RUZU_OK);
        CHECK_EQ_I64(rz_disk_claim_logged(disk, logged, generation, "record", &err), RUZU_OK);
        CHECK_EQ_I64(rz_disk_claim_logged(disk, logged, generation, "record", &err), RUZU_ERROR_CORRUPT);
        CHECK(rz_disk_verify(disk));
        rz_error_init(&err);
        CHECK_EQ_I64(rz_disk_close(disk, &err), RUZU_OK);
        memfs_free(image);
    }
    rz_file_header header = *rz_disk_header(model.disk);
    header.log_generation = generation + 1;
    CHECK_EQ_I64(rz_disk_header_write(model.disk, &header, &err), RUZU_OK);
    rz_page_range again;
    CHECK_EQ_I64(rz_disk_allocate(model.disk, 8, &again, &err), RUZU_OK);
    CHECK_EQ_U64(again.start, logged.start);
    free_model_end();
}

static void held_pages_of_a_live_log_wait_too(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(7, false)) {
        return;
    }
    CHECK(free_add(8));
    rz_page_range logged = model.entries[0].range;
    CHECK_EQ_I64(rz_disk_mark_logged(model.disk, logged, 1, &err), RUZU_OK);
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    free_hold(0); /* replaced, but a snapshot reads it */
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    free_drop(0);
    rz_page_range other;
    CHECK_EQ_I64(rz_disk_allocate(model.disk, 8, &other, &err), RUZU_OK);
    CHECK(other.start >= rz_page_range_end(logged));
    rz_disk_free(model.disk, other);
    rz_file_header header = *rz_disk_header(model.disk);
    header.log_generation = 2;
    CHECK_EQ_I64(rz_disk_header_write(model.disk, &header, &err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_allocate(model.disk, 8, &other, &err), RUZU_OK);
    CHECK_EQ_U64(other.start, logged.start);
    free_model_end();
}

static void replay_takes_pages_behind_the_header(void)
{
    rz_error err;
    rz_error_init(&err);
    if (!free_model_begin(8, false)) {
        return;
    }
    CHECK_EQ_I64(free_header(&err), RUZU_OK);
    uint64_t count = rz_disk_page_count(model.disk);
    CHECK(free_add(5));
    CHECK(free_add(6));
    CHECK_EQ_I64(rz_disk_sync(model.disk, &err), RUZU_OK);
    memfs *image = memfs_snapshot(model.fs, FREE_NAME, true);
    rz_disk *disk = NULL;
    CHECK_EQ_I64(rz_disk_open(&image->vfs, &model.mem, FREE_NAME, false, &disk, &err), RUZU_OK);
    CHECK_EQ_U64(rz_disk_page_count(disk), count);
    CHECK_EQ_I64(rz_disk_claim_logged(disk, model.entries[1].range, 1, "record", &err), RUZU_OK);
    CHECK_EQ_U64(rz_disk_page_count(disk), rz_page_range_end(model.entries[1].range));
    CHECK(rz_disk_verify(disk));
    rz_page_range other;
    CHECK_EQ_I64(rz_disk_allocate(disk, 5, &other, &err), RUZU_OK);
    CHECK_EQ_U64(other.start, model.entries[0].range.start); /* the first was not in the log: free */
    CHECK_EQ_I64(rz_disk_claim_logged(disk, (rz_page_range){100000, 5}, 1, "record", &err), RUZU_ERROR_CORRUPT);
    CHECK(strstr(err.message, "reaches beyond the file") != NULL);
    rz_error_init(&err);
    CHECK_EQ_I64(rz_disk_close(disk, &err), RUZU_OK);
    memfs_free(image);
    free_model_end();
}

/* Every allocation of a header write fails once: clean refusal, then it works. */
static uint64_t refuse_countdown;
static bool refuse_nth(void *user, size_t size)
{
    (void)user;
    (void)size;
    return refuse_countdown > 0 && --refuse_countdown == 0;
}

static void header_survives_refused_memory(void)
{
    uint64_t refused = 0;
    for (uint64_t nth = 1;; nth++) {
        rz_error err;
        rz_error_init(&err);
        if (!free_model_begin(9, false)) {
            return;
        }
        for (uint32_t i = 0; i < 10; i++) {
            CHECK(free_add(3));
        }
        CHECK_EQ_I64(free_header(&err), RUZU_OK);
        free_drop(3);
        free_drop(5);
        refuse_countdown = nth;
        rz_mem_set_test_hook(refuse_nth, NULL);
        ruzu_status status = free_header(&err);
        rz_mem_set_test_hook(NULL, NULL);
        bool hit = refuse_countdown == 0;
        CHECK(rz_disk_verify(model.disk));
        if (hit) {
            refused++;
            CHECK_EQ_I64(status, RUZU_ERROR_NO_MEMORY);
            rz_error_init(&err);
            CHECK_EQ_I64(free_header(&err), RUZU_OK);
        } else {
            CHECK_EQ_I64(status, RUZU_OK);
        }
        memfs *image = memfs_snapshot(model.fs, FREE_NAME, false);
        (void)free_check_image(image, true);
        memfs_free(image);
        free_model_end();
        if (!hit) {
            break;
        }
    }
    CHECK(refused >= 1);
}

int main(void)
{
    RUN(freed_pages_wait_for_both_slots);
    RUN(held_pages_are_reusable_once_freed_after_a_header);
    RUN(second_header_slot_before_reuse);
    RUN(failed_header_changes_nothing_or_breaks_the_disk);
    RUN(crash_anywhere_leaves_a_whole_database);
    RUN(thousand_headers_do_not_grow_the_file);
    RUN(logged_pages_wait_for_their_log);
    RUN(held_pages_of_a_live_log_wait_too);
    RUN(replay_takes_pages_behind_the_header);
    RUN(header_survives_refused_memory);
    return CHECK_DONE();
}
