/* SPDX-License-Identifier: MIT */
/*
 * What tests of indexes and tables work in: a database file in a file system in memory, a buffer pool, transactions in their simplest form (one
 * writer, undo entries, timestamps that count up), checkpoints with a header, and reopening.
 */
#ifndef RZ_TESTS_TABLE_FIXTURE_H
#define RZ_TESTS_TABLE_FIXTURE_H

#include "storage/table/table.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

#define FX_PATH "test.ruzu"

typedef struct table_fixture {
    memfs *fs;
    rz_mem mem;
    rz_error err;
    rz_disk *disk;
    rz_pool *pool;
    rz_table_env env;
    uint64_t pool_bytes;
    uint64_t timestamp; /* newest commit */
    uint64_t txn_id;
    rz_arena txn_arena;
    rz_writer writer;
    rz_arena arena; /* lives as long as the test function */
    rz_arena heap;  /* strings of vectors */
    uint64_t random_state;
} table_fixture;

static table_fixture fx;

static inline uint64_t fx_random(void)
{
    fx.random_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(fx.random_state);
}

static inline uint64_t fx_below(uint64_t bound)
{
    return bound == 0 ? 0 : fx_random() % bound;
}

/* Checks that a call succeeded, and shows its message when not. */
#define FX_OK(call)                                                                                                    \
    do {                                                                                                               \
        rz_error_init(&fx.err);                                                                                        \
        ruzu_status fx_status_ = (call);                                                                               \
        CHECK_EQ_I64(fx_status_, RUZU_OK);                                                                             \
        if (fx_status_ != RUZU_OK) {                                                                                   \
            fprintf(stderr, "  %s\n", fx.err.message);                                                                 \
        }                                                                                                              \
    } while (0)

/* Checks that a call failed with this code and message. */
#define FX_FAILS(call, wanted, text)                                                                                   \
    do {                                                                                                               \
        rz_error_init(&fx.err);                                                                                        \
        CHECK_EQ_I64((call), (wanted));                                                                                \
        CHECK_STR(fx.err.message, (text));                                                                             \
    } while (0)

static inline void fx_open_pool(void)
{
    FX_OK(rz_pool_create(&fx.mem, fx.disk, fx.pool_bytes, FX_PATH ".tmp", &fx.pool, &fx.err));
    fx.env = (rz_table_env){.mem = &fx.mem, .disk = fx.disk, .pool = fx.pool};
}

/* path NULL: an in-memory database, for tests with threads (the file system is not made for them). */
static inline void fx_open(uint64_t pool_bytes, const char *path)
{
    memset(&fx, 0, sizeof fx);
    fx.fs = memfs_new(7);
    fx.pool_bytes = pool_bytes;
    fx.random_state = 1;
    rz_mem_init(&fx.mem, NULL, UINT64_MAX);
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_init(&fx.heap, &fx.mem);
    rz_arena_init(&fx.txn_arena, &fx.mem);
    FX_OK(rz_disk_create(&fx.fs->vfs, &fx.mem, path, &fx.disk, &fx.err));
    fx_open_pool();
}

static inline void fx_close(void)
{
    rz_arena_free(&fx.arena);
    rz_arena_free(&fx.heap);
    rz_arena_free(&fx.txn_arena);
    rz_pool_destroy(fx.pool);
    FX_OK(rz_disk_close(fx.disk, &fx.err));
    memfs_free(fx.fs);
    CHECK_EQ_U64(atomic_load(&fx.mem.used), 0);
}

/* The thread sanitizer has nothing to find in tests of one thread, and takes minutes for the long ones: there only those with threads run. */
#if defined(__SANITIZE_THREAD__)
#define FX_ONE_THREAD 0
#else
#define FX_ONE_THREAD 1
#endif

#define RUN_TABLE_ON(test, pool_size, path)                                                                            \
    do {                                                                                                               \
        int before_ = check_failures;                                                                                  \
        fx_open(pool_size, path);                                                                                          \
        test();                                                                                                        \
        fx_close();                                                                                                    \
        if (check_failures != before_) {                                                                               \
            fprintf(stderr, "FAILED: %s\n", #test);                                                                    \
        }                                                                                                              \
    } while (0)
#define RUN_TABLE_WITH(test, pool_size) RUN_TABLE_ON(test, pool_size, FX_PATH)
#define RUN_TABLE(test) RUN_TABLE_WITH(test, UINT64_C(16) << 20)
#define RUN_TABLE_IN_MEMORY(test) RUN_TABLE_ON(test, UINT64_C(64) << 20, NULL)

/* ---- transactions ---- */

static inline rz_writer *fx_begin(void)
{
    fx.txn_id++;
    fx.writer = (rz_writer){.snapshot = {.timestamp = fx.timestamp, .own_stamp = RZ_STAMP_UNCOMMITTED | fx.txn_id}, .arena = &fx.txn_arena};
    return &fx.writer;
}

static inline void fx_commit(void)
{
    rz_undo *next = NULL;
    for (rz_undo *undo = fx.writer.undo; undo != NULL; undo = undo->next) {
        if (undo->prepare != NULL) {
            rz_error failure;
            rz_error_init(&failure);
            CHECK_EQ_I64(undo->prepare(undo, &failure), RUZU_OK);
        }
    }
    for (rz_undo *undo = fx.writer.undo; undo != NULL; undo = next) {
        next = undo->next;
        undo->commit(undo, fx.timestamp + 1);
    }
    fx.timestamp++;
    fx.writer.undo = NULL;
    rz_arena_reset(&fx.txn_arena);
}

static inline void fx_rollback(void)
{
    rz_undo *next = NULL;
    for (rz_undo *undo = fx.writer.undo; undo != NULL; undo = next) {
        next = undo->next;
        undo->rollback(undo);
    }
    fx.writer.undo = NULL;
    rz_arena_reset(&fx.txn_arena);
}

static inline rz_snapshot fx_snapshot(void)
{
    return (rz_snapshot){.timestamp = fx.timestamp, .own_stamp = 0};
}

/* ---- the file ---- */

/* What a checkpoint does after the tables have been folded: freed pages become reusable. */
static inline void fx_header(void)
{
    rz_file_header header = *rz_disk_header(fx.disk);
    FX_OK(rz_disk_header_write(fx.disk, &header, &fx.err));
    CHECK(rz_disk_verify(fx.disk));
}

/* Closes the file and opens it again. Tables have been destroyed. */
static inline void fx_reopen(void)
{
    rz_pool_destroy(fx.pool);
    FX_OK(rz_disk_close(fx.disk, &fx.err));
    FX_OK(rz_disk_open(&fx.fs->vfs, &fx.mem, FX_PATH, false, &fx.disk, &fx.err));
    fx_open_pool();
}

static inline uint64_t fx_free_pages(void)
{
    rz_disk_stats stats;
    rz_disk_stats_get(fx.disk, &stats);
    return stats.free_pages;
}

static inline uint64_t fx_used_pages(void)
{
    rz_disk_stats stats;
    rz_disk_stats_get(fx.disk, &stats);
    return stats.page_count - stats.free_pages;
}

/* ---- vectors ---- */

static inline rz_vec *fx_vec(const rz_type *type, uint32_t capacity)
{
    rz_vec *vec = NULL;
    FX_OK(rz_vec_create(&fx.arena, &fx.heap, type, capacity, &vec, &fx.err));
    return vec;
}

static inline void fx_set_i64(rz_vec *vec, uint32_t row, int64_t value)
{
    ((int64_t *)vec->data)[row] = value;
    rz_vec_set_valid(vec, row);
}

static inline int64_t fx_i64(const rz_vec *vec, uint32_t row)
{
    return ((const int64_t *)vec->data)[row];
}

static inline void fx_set_text(rz_vec *vec, uint32_t row, const char *text)
{
    FX_OK(rz_vec_set_string(vec, row, text, strlen(text), &fx.err));
    rz_vec_set_valid(vec, row);
}

/* The helpers above are not all used by every test. */
static inline void fx_unused(void)
{
    (void)memfs_snapshot;
    (void)memfs_crash;
    (void)memfs_content;
    (void)memfs_put;
    (void)fx_unused;
}

#endif
