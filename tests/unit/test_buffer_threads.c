/* SPDX-License-Identifier: MIT */
/*
 * The buffer pool under several threads: windows of a file many times the pool, temporary pages, and ranges that come
 * and go.
 */
#include "storage/buffer/buffer.h"

#include "unit/check.h"

#include <stdlib.h>
#include <unistd.h>

#define THREADS_COUNT  4u
#define THREADS_WINDOW 8u
#define THREADS_PAGES  600u
#define THREADS_RANGES 8u

#if defined(__SANITIZE_THREAD__)
#    define THREADS_STEPS 1500u
#else
#    define THREADS_STEPS 6000u
#endif

typedef struct threads_shared {
    rz_mem mem;
    rz_disk *disk;
    rz_pool *pool;
    rz_stored_pages pages;
    uint32_t crcs[THREADS_PAGES];
} threads_shared;

typedef struct threads_worker {
    threads_shared *shared;
    uint64_t random;
    uint64_t bad; /* pages with wrong contents, or failed calls */
    uint64_t steps;
    rz_thread thread;
    rz_error err;
} threads_worker;

static uint64_t threads_random(threads_worker *worker)
{
    worker->random += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(worker->random);
}

static uint64_t threads_word(uint64_t page, uint32_t off)
{
    return rz_hash_combine(page + 1, off);
}

static void threads_fill(uint8_t *page, uint64_t number)
{
    for (uint32_t i = 0; i < RZ_PAGE_SIZE; i += 8) {
        rz_store_u64(page + i, threads_word(number, i));
    }
}

static bool threads_page_is(const uint8_t *page, uint64_t number)
{
    bool same = true;
    for (uint32_t i = 0; i < RZ_PAGE_SIZE; i += 128) {
        same = same && rz_load_u64(page + i) == threads_word(number, i);
    }
    return same;
}

static void threads_init(threads_shared *shared, char *path, uint64_t frames)
{
    rz_error err;
    rz_error_init(&err);
    memset(shared, 0, sizeof *shared);
    rz_mem_init(&shared->mem, NULL, UINT64_MAX);
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    CHECK_EQ_I64(rz_disk_create(rz_vfs_posix(), &shared->mem, path, &shared->disk, &err), RUZU_OK);
    CHECK_EQ_I64(rz_disk_allocate(shared->disk, THREADS_PAGES, &shared->pages.range, &err), RUZU_OK);
    uint8_t page[RZ_PAGE_SIZE];
    for (uint64_t i = 0; i < THREADS_PAGES; i++) {
        uint64_t number = shared->pages.range.start + i;
        threads_fill(page, number);
        shared->crcs[i] = rz_page_crc(shared->disk, number, page);
        CHECK_EQ_I64(rz_disk_write(shared->disk, number, 1, page, &err), RUZU_OK);
    }
    shared->pages.crcs = shared->crcs;
    CHECK_EQ_I64(rz_pool_create(&shared->mem, shared->disk, frames * RZ_PAGE_SIZE, path, &shared->pool, &err), RUZU_OK);
}

static void threads_deinit(threads_shared *shared, const char *path)
{
    rz_error err;
    rz_error_init(&err);
    CHECK(rz_pool_verify(shared->pool));
    rz_pool_destroy(shared->pool);
    CHECK_EQ_I64(rz_disk_close(shared->disk, &err), RUZU_OK);
    CHECK_EQ_U64(atomic_load(&shared->mem.used), 0);
    CHECK_EQ_I64(unlink(path), 0);
}

static void threads_run(threads_shared *shared, rz_thread_fn fn)
{
    static threads_worker workers[THREADS_COUNT];
    for (uint32_t i = 0; i < THREADS_COUNT; i++) {
        memset(&workers[i], 0, sizeof workers[i]);
        workers[i].shared = shared;
        workers[i].random = 1000 + i;
        rz_error_init(&workers[i].err);
        CHECK_EQ_I64(rz_thread_start(&workers[i].thread, 0, fn, &workers[i]), RUZU_OK);
    }
    for (uint32_t i = 0; i < THREADS_COUNT; i++) {
        rz_thread_join(workers[i].thread);
        CHECK_EQ_U64(workers[i].bad, 0);
        CHECK_EQ_U64(workers[i].steps, THREADS_STEPS);
        if (workers[i].err.code != RUZU_OK) {
            fprintf(stderr, "%s\n", workers[i].err.message);
        }
    }
}

/* One window of the file, by an ordinary pin or a scan's. */
static void threads_read_window(threads_worker *worker)
{
    threads_shared *shared = worker->shared;
    rz_pin pin;
    uint64_t choice = threads_random(worker);
    uint32_t count = 1 + (uint32_t)(choice % THREADS_WINDOW);
    uint64_t reach = choice & 256 ? THREADS_PAGES : 40; /* half of them in a small hot part */
    uint64_t first = (choice >> 16) % (reach - count + 1);
    ruzu_status status = choice & 512
                             ? rz_pool_pin(shared->pool, &shared->pages, first, count, "test", &pin, &worker->err)
                             : rz_pool_pin_scan(shared->pool, &shared->pages, first, count, "test", &pin, &worker->err);
    if (status != RUZU_OK) {
        worker->bad++;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        worker->bad += !threads_page_is(pin.data + i * RZ_PAGE_SIZE, pin.first_page + i);
    }
    rz_pool_unpin(shared->pool, &pin);
}

static void threads_readers(void *arg)
{
    threads_worker *worker = (threads_worker *)arg;
    for (worker->steps = 0; worker->steps < THREADS_STEPS; worker->steps++) {
        threads_read_window(worker);
    }
}

static void threads_share_a_pool_smaller_than_the_data(void)
{
    static threads_shared shared;
    char path[] = "/tmp/ruzu-threads-XXXXXX";
    threads_init(&shared, path, 64); /* twice what all windows together pin */
    threads_run(&shared, threads_readers);
    rz_pool_stats stats;
    rz_pool_stats_get(shared.pool, &stats);
    CHECK(stats.evictions > 1000);
    CHECK(stats.hits > 1000);
    CHECK(stats.pages_used <= 64);
    threads_deinit(&shared, path);
}

/* Readers that have temporary ranges of their own besides: written, spilled by whoever needs frames, read back, freed.
 */
static void threads_spillers(void *arg)
{
    threads_worker *worker = (threads_worker *)arg;
    rz_pool *pool = worker->shared->pool;
    rz_page_range ranges[THREADS_RANGES] = {{0, 0}};
    uint64_t tags[THREADS_RANGES] = {0};
    for (worker->steps = 0; worker->steps < THREADS_STEPS; worker->steps++) {
        uint64_t choice = threads_random(worker);
        uint32_t idx = (uint32_t)(choice >> 8) % THREADS_RANGES;
        rz_pin pin;
        uint8_t *data = NULL;
        if (choice % 4 == 0) {
            threads_read_window(worker);
            continue;
        }
        if (ranges[idx].count == 0) {
            if (rz_pool_temp_allocate(pool, 1 + (choice >> 20) % THREADS_WINDOW, &ranges[idx], &worker->err) !=
                RUZU_OK) {
                worker->bad++;
                continue;
            }
            tags[idx] = 0;
        }
        uint32_t count = (uint32_t)ranges[idx].count;
        if (rz_pool_temp_pin(pool, ranges[idx], 0, count, &pin, &data, &worker->err) != RUZU_OK) {
            worker->bad++;
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            uint8_t *page = data + i * RZ_PAGE_SIZE;
            bool sound = tags[idx] == 0 ? rz_load_u64(page) == 0 && rz_load_u64(page + RZ_PAGE_SIZE - 8) == 0
                                        : threads_page_is(page, tags[idx] + i);
            worker->bad += !sound;
        }
        bool write = choice % 4 == 1;
        if (write) {
            tags[idx] = choice | 1;
            for (uint32_t i = 0; i < count; i++) {
                threads_fill(data + i * RZ_PAGE_SIZE, tags[idx] + i);
            }
        }
        rz_pool_temp_unpin(pool, &pin, write);
        if (choice % 4 == 2) {
            rz_pool_temp_free(pool, ranges[idx]);
            ranges[idx].count = 0;
        }
    }
    for (uint32_t i = 0; i < THREADS_RANGES; i++) {
        rz_pool_temp_free(pool, ranges[i]);
    }
}

static void threads_spill_beside_each_other(void)
{
    static threads_shared shared;
    char path[] = "/tmp/ruzu-threads-XXXXXX";
    threads_init(&shared, path, 64);
    threads_run(&shared, threads_spillers);
    rz_pool_stats stats;
    rz_pool_stats_get(shared.pool, &stats);
    CHECK(stats.dirty_writes > 500);
    threads_deinit(&shared, path);
}

/* Each thread rewrites, reads and drops ranges of its own while the others read and evict. */
static void threads_droppers(void *arg)
{
    threads_worker *worker = (threads_worker *)arg;
    threads_shared *shared = worker->shared;
    static const uint32_t count = THREADS_WINDOW;
    for (worker->steps = 0; worker->steps < THREADS_STEPS; worker->steps++) {
        if (worker->steps % 8 != 0) {
            threads_read_window(worker);
            continue;
        }
        uint32_t crcs[THREADS_WINDOW];
        uint8_t page[RZ_PAGE_SIZE];
        rz_stored_pages pages = {{0, 0}, crcs};
        rz_pin pin;
        uint64_t tag = threads_random(worker);
        if (rz_disk_allocate(shared->disk, count, &pages.range, &worker->err) != RUZU_OK) {
            worker->bad++;
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            threads_fill(page, tag + i);
            crcs[i] = rz_page_crc(shared->disk, pages.range.start + i, page);
            worker->bad += rz_disk_write(shared->disk, pages.range.start + i, 1, page, &worker->err) != RUZU_OK;
        }
        if (rz_pool_pin(shared->pool, &pages, 0, count, "own", &pin, &worker->err) != RUZU_OK) {
            worker->bad++;
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            worker->bad += !threads_page_is(pin.data + i * RZ_PAGE_SIZE, tag + i);
        }
        rz_pool_unpin(shared->pool, &pin);
        rz_pool_drop(shared->pool, pages.range);
        rz_disk_free(shared->disk, pages.range);
        if (tag % 4 == 0) {
            (void)rz_pool_shrink(shared->pool, 5 * RZ_PAGE_SIZE);
        }
    }
}

static void ranges_come_and_go_beside_readers(void)
{
    static threads_shared shared;
    char path[] = "/tmp/ruzu-threads-XXXXXX";
    threads_init(&shared, path, 64);
    threads_run(&shared, threads_droppers);
    CHECK(rz_disk_verify(shared.disk));
    threads_deinit(&shared, path);
}

/* Headers written while others allocate and free: every set stays sound. */
static void threads_header_writers(void *arg)
{
    threads_worker *worker = (threads_worker *)arg;
    threads_shared *shared = worker->shared;
    rz_page_range ranges[THREADS_RANGES] = {{0, 0}};
    for (worker->steps = 0; worker->steps < THREADS_STEPS; worker->steps++) {
        uint64_t choice = threads_random(worker);
        uint32_t idx = (uint32_t)(choice >> 8) % THREADS_RANGES;
        if (worker->random % 2 == 0 && worker->steps % 64 == 0) {
            rz_file_header header;
            memset(&header, 0, sizeof header);
            header.log_generation = 1;
            worker->bad += rz_disk_header_write(shared->disk, &header, &worker->err) != RUZU_OK;
        } else if (ranges[idx].count == 0) {
            worker->bad += rz_disk_allocate(shared->disk, 1 + choice % 9, &ranges[idx], &worker->err) != RUZU_OK;
        } else if (choice % 4 == 0) {
            worker->bad += rz_disk_hold(shared->disk, ranges[idx], &worker->err) != RUZU_OK;
        } else {
            rz_disk_free(shared->disk, ranges[idx]);
            ranges[idx].count = 0;
        }
        worker->bad += worker->steps % 512 == 0 && !rz_disk_verify(shared->disk);
    }
    for (uint32_t i = 0; i < THREADS_RANGES; i++) {
        rz_disk_free(shared->disk, ranges[i]);
    }
}

static void headers_are_written_beside_allocations(void)
{
    static threads_shared shared;
    char path[] = "/tmp/ruzu-threads-XXXXXX";
    threads_init(&shared, path, 64);
    threads_run(&shared, threads_header_writers);
    rz_error err;
    rz_error_init(&err);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ_I64(rz_disk_header_write(shared.disk, rz_disk_header(shared.disk), &err), RUZU_OK);
    }
    rz_disk_stats stats;
    rz_disk_stats_get(shared.disk, &stats);
    CHECK_EQ_U64(stats.held_pages + stats.lost_pages, 0);
    CHECK_EQ_U64(stats.free_pages + stats.pending_pages + THREADS_PAGES + RZ_HEADER_SLOTS +
                     rz_disk_header(shared.disk)->free_space.range.count,
                 stats.page_count);
    CHECK(rz_disk_verify(shared.disk));
    threads_deinit(&shared, path);
}

int main(void)
{
    RUN(threads_share_a_pool_smaller_than_the_data);
    RUN(threads_spill_beside_each_other);
    RUN(ranges_come_and_go_beside_readers);
    RUN(headers_are_written_beside_allocations);
    return CHECK_DONE();
}
