/* SPDX-License-Identifier: MIT */
/*
 * The key index against a simple model: entries in memory and in levels, folds, loads, rollback, reopening; packed arrays and sorting, of which it is made.
 */
#include "unit/table_fixture.h"

#include <stdlib.h>
#include "unit/volume.h"

#include "storage/index/idx.h"

#ifdef RZ_TINY
#define MANY UINT64_C(2000)
#else
#define MANY UINT64_C(60000)
#endif

/* ---- sorting ---- */

static void radix_sort_is_stable_and_sorts(void)
{
    static const uint32_t counts[] = {0, 1, 2, 47, 48, 500, 5000, 70000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        uint32_t count = counts[c];
        uint32_t low = (uint32_t)fx_below(20), high = low + 1 + (uint32_t)fx_below(40);
        uint64_t *keys = (uint64_t *)rz_arena_alloc(&fx.arena, (count + 1) * 16);
        uint32_t *tags = (uint32_t *)rz_arena_alloc(&fx.arena, (count + 1) * 8);
        for (uint32_t i = 0; i < count; i++) {
            keys[i] = fx_random() & fx_random();
            tags[i] = i;
        }
        uint64_t *copy = (uint64_t *)rz_arena_dup(&fx.arena, keys, (count + 1) * 8);
        rz_radix_sort(keys, keys + count, tags, tags + count, count, low, high);
        uint64_t mask = (UINT64_C(1) << (high - low)) - 1;
        for (uint32_t i = 0; i < count; i++) {
            CHECK(copy[tags[i]] == keys[i]);
            if (i > 0) {
                uint64_t before = keys[i - 1] >> low & mask, here = keys[i] >> low & mask;
                CHECK(before < here || (before == here && tags[i - 1] < tags[i]));
            }
        }
    }
}

/* ---- packed arrays ---- */

static void check_arrays(uint64_t counts[3], const uint32_t widths[3])
{
    rz_parray arrays[3] = {{0}};
    rz_parray_writer writer;
    rz_extents extents = {0};
    uint64_t base[3];
    rz_parray_writer_init(&writer, &fx.mem, fx.disk);
    for (uint32_t a = 0; a < 3; a++) {
        base[a] = widths[a] == 64 ? 0 : fx_below(1000);
        arrays[a] = (rz_parray){.count = counts[a], .width = widths[a], .base = base[a]};
    }
    uint64_t seed = fx_random();
    FX_OK(rz_parray_begin(&writer, arrays, 3, &fx.err));
    for (uint32_t a = 0; a < 3; a++) {
        uint64_t mask = widths[a] == 64 ? UINT64_MAX : (UINT64_C(1) << widths[a]) - 1;
        for (uint64_t i = 0; i < counts[a];) {
            uint64_t piece[700];
            uint64_t n = 1 + fx_below(700);
            n = n < counts[a] - i ? n : counts[a] - i;
            for (uint64_t k = 0; k < n; k++) {
                piece[k] = base[a] + (rz_hash_u64(seed + a * counts[0] + i + k) & mask);
            }
            FX_OK(rz_parray_push(&writer, piece, n, &fx.err));
            i += n;
        }
    }
    FX_OK(rz_parray_finish(&writer, &extents, &fx.err));
    rz_parray_writer_deinit(&writer);

    rz_window_source source = {fx.pool, "test"};
    rz_window window = {0};
    for (uint32_t a = 0; a < 3; a++) {
        uint64_t mask = widths[a] == 64 ? UINT64_MAX : (UINT64_C(1) << widths[a]) - 1;
        for (uint32_t round = 0; round < 20 && counts[a] != 0; round++) {
            uint64_t first = round == 0 ? 0 : fx_below(counts[a]);
            uint64_t n = round == 0 ? counts[a] : 1 + fx_below(counts[a] - first);
            uint64_t *out = (uint64_t *)rz_arena_alloc(&fx.arena, n * 8);
            FX_OK(rz_parray_read(&window, &source, &extents, &arrays[a], first, n, 5, out, &fx.err));
            uint64_t wrong = 0;
            for (uint64_t k = 0; k < n; k++) {
                wrong += out[k] != base[a] + 5 + (rz_hash_u64(seed + a * counts[0] + first + k) & mask);
            }
            CHECK_EQ_U64(wrong, 0);
        }
    }
    rz_window_release(&window, fx.pool);

    /* The directory form gives the same extents, and no others. */
    rz_str bytes;
    rz_str_init(&bytes, &fx.mem);
    rz_extents_encode(&extents, &bytes);
    rz_reader reader;
    rz_extents decoded;
    rz_reader_init(&reader, bytes.data, bytes.length);
    FX_OK(rz_extents_decode(&reader, arrays, 3, &fx.mem, "test", &decoded, &fx.err));
    CHECK_EQ_U64(decoded.count, extents.count);
    CHECK_EQ_U64(decoded.page_count, extents.page_count);
    CHECK(memcmp(decoded.crcs == NULL ? (const void *)"" : decoded.crcs, extents.crcs == NULL ? (const void *)"" : extents.crcs,
                 extents.page_count * 4) == 0);
    rz_extents_free(&decoded, &fx.mem);
    for (size_t cut = 0; cut < bytes.length; cut += 1 + bytes.length / 13) {
        rz_error_init(&fx.err);
        rz_reader_init(&reader, bytes.data, cut);
        CHECK_EQ_I64(rz_extents_decode(&reader, arrays, 3, &fx.mem, "test", &decoded, &fx.err), RUZU_ERROR_CORRUPT);
    }
    rz_str_free(&bytes);
    rz_extents_give_back(&extents, fx.disk, fx.pool);
    rz_extents_free(&extents, &fx.mem);
    rz_arena_reset(&fx.arena);
}

static void packed_arrays_of_all_sizes(void)
{
    uint64_t used = fx_used_pages();
    check_arrays((uint64_t[]){0, 0, 0}, (uint32_t[]){0, 0, 0});
    check_arrays((uint64_t[]){5, 7, 9}, (uint32_t[]){0, 0, 0});
    check_arrays((uint64_t[]){1, 1, 0}, (uint32_t[]){64, 1, 9});
    check_arrays((uint64_t[]){65, 1000, 3000}, (uint32_t[]){12, 33, 0});
    check_arrays((uint64_t[]){2049, 20000, 20000}, (uint32_t[]){15, 20, 57});
    check_arrays((uint64_t[]){2049, 300000, 300000}, (uint32_t[]){20, 64, 63});
    CHECK_EQ_U64(fx_used_pages(), used);
}

#ifndef RZ_TINY
static void packed_arrays_over_several_extents(void)
{
    uint64_t used = fx_used_pages();
    check_arrays((uint64_t[]){2049, 3000000, 3000000}, (uint32_t[]){22, 60, 21}); /* 22 MB of neighbours: two extents */
    CHECK_EQ_U64(fx_used_pages(), used);
}
#endif

/* ---- the index ---- */

/* hash of offset: some hashes are shared by several offsets, others differ in their lower half only. */
static uint64_t hash_of(uint64_t offset)
{
    if (offset % 97 == 3) {
        return rz_hash_u64(3);
    }
    if (offset % 97 == 5) {
        return (rz_hash_u64(offset / 500) & ~UINT64_C(0xffffffff)) | (offset & 0xffff);
    }
    return rz_hash_u64(offset);
}

static void insert_range(rz_idx *idx, uint64_t first, uint64_t count)
{
    uint64_t hashes[300];
    while (count != 0) {
        uint32_t n = count < 300 ? (uint32_t)count : 300;
        for (uint32_t i = 0; i < n; i++) {
            hashes[i] = hash_of(first + i);
        }
        FX_OK(rz_idx_insert(idx, hashes, n, first, &fx.err));
        first += n;
        count -= n;
    }
}

static void remove_range(rz_idx *idx, uint64_t first, uint64_t count)
{
    uint64_t hash;
    for (uint64_t i = 0; i < count; i++) {
        hash = hash_of(first + i);
        rz_idx_remove(idx, &hash, 1, first + i);
    }
}

/* Offsets [0, end) are in the index, those from end on are not: probed at random, absent ones included. */
static void check_range(rz_idx *idx, uint64_t end)
{
    rz_idx_reader *reader = NULL;
    uint64_t hashes[64];
    uint64_t offsets[64];
    FX_OK(rz_idx_reader_create(idx, &fx.mem, &reader, &fx.err));
    for (uint32_t round = 0; round < 60; round++) {
        const rz_idx_hit *hits;
        uint32_t count;
        uint32_t found[64] = {0};
        uint32_t rows[32];
        uint32_t n = 0;
        for (uint32_t i = 0; i < 64; i++) {
            offsets[i] = fx_below(end + end / 4 + 10);
            hashes[i] = hash_of(offsets[i]);
            if (fx_below(2) == 0 && n < 32) {
                rows[n++] = i;
            }
        }
        rz_sel sel = round % 2 == 0 ? (rz_sel){NULL, 64} : (rz_sel){rows, n};
        FX_OK(rz_idx_probe(reader, hashes, &sel, &hits, &count, &fx.err));
        for (uint32_t i = 0; i < count; i++) {
            CHECK(hits[i].offset < end);
            CHECK(hash_of(hits[i].offset) >> 32 == hashes[hits[i].row] >> 32);
            found[hits[i].row] += hits[i].offset == offsets[hits[i].row];
        }
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            if (offsets[row] < end) {
                CHECK(found[row] >= 1);
            } else {
                CHECK_EQ_U64(found[row], 0);
            }
        }
    }
    rz_idx_reader_free(reader);
}

static void fold(rz_idx *idx, uint64_t end, rz_str *out)
{
    rz_idx_fold *folding = NULL;
    FX_OK(rz_idx_fold_prepare(idx, end, NULL, NULL, &folding, &fx.err));
    if (out != NULL) {
        rz_str_clear(out);
        rz_idx_fold_encode(folding, out);
    }
    rz_idx_fold_publish(folding);
}

static void entries_in_memory(void)
{
    rz_idx *idx = NULL;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    CHECK(rz_idx_is_empty(idx));
    check_range(idx, 0);
    insert_range(idx, 0, MANY);
    CHECK(!rz_idx_is_empty(idx));
    check_range(idx, MANY);
    remove_range(idx, MANY / 2, MANY - MANY / 2);
    check_range(idx, MANY / 2);
    insert_range(idx, MANY / 2, MANY);
    check_range(idx, MANY / 2 + MANY);
    rz_idx_stats stats;
    rz_idx_stats_get(idx, &stats);
    CHECK_EQ_U64(stats.memory_entries, MANY / 2 + MANY);
    CHECK(rz_idx_memory_bytes(idx) < stats.memory_entries * 60 + 65536);
    rz_idx_destroy(idx, false);
}

static void folds_build_few_levels(void)
{
    rz_idx *idx = NULL;
    uint64_t end = 0;
    uint64_t used = fx_used_pages();
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    for (uint32_t round = 0; round < 30; round++) {
        uint64_t more = 1 + fx_below(MANY / 10);
        uint64_t uncommitted = fx_below(50);
        insert_range(idx, end, more + uncommitted);
        end += more;
        fold(idx, end, NULL);
        fx_header();
        check_range(idx, end + uncommitted);
        remove_range(idx, end, uncommitted);
        check_range(idx, end);
    }
    rz_idx_stats stats;
    rz_idx_stats_get(idx, &stats);
    CHECK_EQ_U64(stats.level_entries, end);
    CHECK_EQ_U64(stats.memory_entries, 0);
    CHECK(stats.level_count <= 6);
    CHECK(fx_used_pages() <= used + 2 + 2 * stats.level_pages);
    rz_idx_destroy(idx, true);
    fx_header();
    CHECK(fx_used_pages() <= used + 1);
}

/* Odd offsets are gone when they are first asked for, and back at once: a place that is given to another row. */
typedef struct fickle {
    uint8_t *asked;
    uint64_t again;
} fickle;

static bool fickle_gone(void *user, uint64_t offset)
{
    fickle *the = (fickle *)user;
    the->again += the->asked[offset] != 0;
    return offset % 2 == 1 && the->asked[offset]++ == 0;
}

static uint64_t found_of(rz_idx_reader *reader, uint64_t offset)
{
    const rz_idx_hit *hits = NULL;
    uint32_t count = 0;
    uint64_t hash = hash_of(offset), found = 0;
    FX_OK(rz_idx_probe(reader, &hash, &(rz_sel){NULL, 1}, &hits, &count, &fx.err));
    for (uint32_t i = 0; i < count; i++) {
        found += hits[i].offset == offset;
    }
    return found;
}

static void entries_of_deleted_rows_leave(void)
{
    rz_idx *idx = NULL;
    rz_idx_reader *old = NULL, *reader = NULL;
    rz_idx_fold *folding = NULL;
    rz_idx_stats stats;
    fickle the = {.asked = (uint8_t *)calloc(2 * MANY, 1)};
    uint64_t wrong = 0;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    insert_range(idx, 0, MANY);
    fold(idx, MANY, NULL);
    fx_header();
    FX_OK(rz_idx_reader_create(idx, &fx.mem, &old, &fx.err));
    insert_range(idx, MANY, MANY / 2);
    FX_OK(rz_idx_fold_prepare(idx, MANY + MANY / 2, fickle_gone, &the, &folding, &fx.err));
    rz_idx_fold_publish(folding);
    fx_header();
    CHECK_EQ_U64(the.again, 0);
    rz_idx_stats_get(idx, &stats);
    CHECK_EQ_U64(stats.level_entries, (MANY + 1) / 2 + MANY / 2);
    FX_OK(rz_idx_reader_create(idx, &fx.mem, &reader, &fx.err));
    for (uint64_t offset = 0; offset < MANY + MANY / 2; offset++) {
        wrong += (found_of(reader, offset) != 0) != (offset >= MANY || offset % 2 == 0);
        wrong += offset < MANY && found_of(old, offset) == 0; /* an older version keeps them */
    }
    CHECK_EQ_U64(wrong, 0);
    rz_idx_reader_free(reader);
    rz_idx_reader_free(old);
    free(the.asked);
    rz_idx_destroy(idx, false);
}

static void a_reader_keeps_its_version(void)
{
    rz_idx *idx = NULL;
    rz_idx_reader *reader = NULL;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    insert_range(idx, 0, 5000);
    fold(idx, 5000, NULL);
    fx_header();
    FX_OK(rz_idx_reader_create(idx, &fx.mem, &reader, &fx.err));
    insert_range(idx, 5000, 10000);
    fold(idx, 15000, NULL);
    fx_header();
    insert_range(idx, 15000, 100000); /* pages of the level merged away would be overwritten, were they free */
    fold(idx, 115000, NULL);
    fx_header();
    for (uint64_t offset = 0; offset < 5000; offset += 7) {
        uint64_t hash = hash_of(offset);
        const rz_idx_hit *hits;
        uint32_t count;
        bool found = false;
        FX_OK(rz_idx_probe(reader, &hash, &(rz_sel){NULL, 1}, &hits, &count, &fx.err));
        for (uint32_t i = 0; i < count; i++) {
            found |= hits[i].offset == offset;
        }
        CHECK(found);
    }
    rz_idx_reader_refresh(reader);
    rz_idx_reader_free(reader);
    check_range(idx, 115000);
    rz_idx_destroy(idx, true);
}

static rz_idx_table *private_table(uint64_t first, uint64_t count)
{
    rz_idx_table *table = NULL;
    FX_OK(rz_idx_table_create(&fx.mem, &table, &fx.err));
    for (uint64_t i = 0; i < count; i++) {
        FX_OK(rz_idx_table_insert(table, hash_of(first + i), first + i, &fx.err));
    }
    for (uint64_t i = 0; i < count; i += 1 + count / 100) {
        uint64_t cursor = 0, offset;
        bool found = false;
        while (rz_idx_table_next(table, hash_of(first + i), &cursor, &offset)) {
            found |= offset == first + i;
        }
        CHECK(found);
    }
    CHECK_EQ_U64(rz_idx_table_count(table), count);
    return table;
}

static void loads_become_levels(void)
{
    const uint64_t sizes[] = {3, 900, test_volume(5000, 500), test_volume(40000, 4000)};
    rz_idx *idx = NULL;
    uint64_t end = 0;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    for (uint32_t round = 0; round < 24; round++) {
        uint64_t size = sizes[round % 4];
        rz_idx_added *added = NULL;
        rz_idx_table *table = private_table(end, size);
        FX_OK(rz_idx_add_level(idx, table, &fx.arena, &added, &fx.err));
        rz_idx_table_free(table);
        check_range(idx, end + size);
        if (round % 5 == 1) { /* a checkpoint while the load is not committed */
            fold(idx, end, NULL);
            check_range(idx, end + size);
        }
        if (round % 3 == 0) {
            rz_idx_added_rollback(added);
            check_range(idx, end);
        } else {
            rz_idx_added_commit(added);
            end += size;
            check_range(idx, end);
        }
        if (round % 7 == 6) {
            fold(idx, end, NULL);
            fx_header();
            check_range(idx, end);
        }
        if (round == 20) { /* many uncommitted levels */
            rz_idx_added *loads[30];
            for (uint32_t i = 0; i < 30; i++) {
                table = private_table(end + i * 2000, 2000);
                FX_OK(rz_idx_add_level(idx, table, &fx.arena, &loads[i], &fx.err));
                rz_idx_table_free(table);
            }
            check_range(idx, end + 60000);
            fold(idx, end, NULL);
            check_range(idx, end + 60000);
            for (uint32_t i = 30; i-- > 0;) {
                rz_idx_added_rollback(loads[i]);
            }
            check_range(idx, end);
        }
    }
    rz_idx_destroy(idx, true);
}

static void an_index_is_reopened(void)
{
    rz_idx *idx = NULL;
    rz_str directory, again;
    rz_str_init(&directory, &fx.mem);
    rz_str_init(&again, &fx.mem);
    uint64_t end = 0;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    for (uint32_t round = 0; round < 5; round++) {
        insert_range(idx, end, 3000);
        end += 3000;
        fold(idx, end, &directory);
        fold(idx, end, &again); /* nothing new: the same directory */
        CHECK_EQ_U64(again.length, directory.length);
        CHECK(memcmp(again.data, directory.data, again.length) == 0);
        fx_header();
        rz_idx_destroy(idx, false);
        fx_reopen();
        rz_reader reader;
        rz_reader_init(&reader, directory.data, directory.length);
        FX_OK(rz_idx_open(&fx.mem, fx.disk, fx.pool, "test", &reader, end, &idx, &fx.err));
        CHECK_EQ_U64(reader.off, directory.length);
        check_range(idx, end);
    }
    rz_idx_destroy(idx, false);
    /* Damage: cut short, offsets beyond the rows, ranges named twice. */
    for (size_t cut = 0; cut < directory.length; cut += 1 + directory.length / 40) {
        fx_reopen();
        rz_reader reader;
        rz_reader_init(&reader, directory.data, cut);
        rz_error_init(&fx.err);
        CHECK_EQ_I64(rz_idx_open(&fx.mem, fx.disk, fx.pool, "test", &reader, end, &idx, &fx.err), RUZU_ERROR_CORRUPT);
    }
    fx_reopen();
    rz_reader reader;
    rz_reader_init(&reader, directory.data, directory.length);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_idx_open(&fx.mem, fx.disk, fx.pool, "test", &reader, end - 1, &idx, &fx.err), RUZU_ERROR_CORRUPT);
    fx_reopen();
    rz_reader_init(&reader, directory.data, directory.length);
    FX_OK(rz_idx_open(&fx.mem, fx.disk, fx.pool, "test", &reader, end, &idx, &fx.err));
    rz_idx *twice = NULL;
    rz_reader_init(&reader, directory.data, directory.length);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_idx_open(&fx.mem, fx.disk, fx.pool, "test", &reader, end, &twice, &fx.err), RUZU_ERROR_CORRUPT);
    check_range(idx, end);
    rz_idx_destroy(idx, false);
    rz_str_free(&directory);
    rz_str_free(&again);
}

static uint64_t refuse_after;
static bool refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return refuse_after-- == 0;
}

static void refused_memory_changes_nothing(void)
{
    rz_idx *idx = NULL;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    insert_range(idx, 0, 4000);
    fold(idx, 4000, NULL);
    insert_range(idx, 4000, 3000);
    rz_idx_table *table = private_table(7000, 3000);
    bool folded = false, added_all = false;
    for (uint64_t limit = 0; !folded; limit++) {
        rz_idx_fold *folding = NULL;
        rz_error_init(&fx.err);
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        ruzu_status status = rz_idx_fold_prepare(idx, 7000, NULL, NULL, &folding, &fx.err);
        rz_mem_set_test_hook(NULL, NULL);
        folded = status == RUZU_OK;
        if (folded) {
            refuse_after = 0; /* publishing does without memory */
            rz_mem_set_test_hook(refuse, NULL);
            rz_idx_fold_publish(folding);
            rz_mem_set_test_hook(NULL, NULL);
        } else {
            CHECK_EQ_I64(status, RUZU_ERROR_NO_MEMORY);
        }
        check_range(idx, 7000);
    }
    for (uint64_t limit = 0; !added_all; limit++) {
        rz_idx_added *added = NULL;
        rz_error_init(&fx.err);
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        ruzu_status status = rz_idx_add_level(idx, table, &fx.arena, &added, &fx.err);
        rz_mem_set_test_hook(NULL, NULL);
        added_all = status == RUZU_OK;
        if (added_all) {
            check_range(idx, 10000);
        }
        rz_idx_added_rollback(added);
        check_range(idx, 7000);
    }
    rz_idx_table_free(table);
    rz_idx_destroy(idx, true);
}

/* Entries of which some are refused: the others can be taken back, and nobody is locked out. */
static void refused_entries_lock_nobody_out(void)
{
    enum { ROWS = 3000 };
    rz_idx *idx = NULL;
    FX_OK(rz_idx_create(&fx.mem, fx.disk, fx.pool, "test", &idx, &fx.err));
    uint64_t *hashes = (uint64_t *)rz_arena_alloc(&fx.arena, 2 * ROWS * sizeof *hashes);
    uint64_t *offsets = hashes + ROWS;
    for (uint64_t i = 0; i < ROWS; i++) {
        hashes[i] = rz_hash_u64(i);
        offsets[i] = i;
    }
    uint32_t refused = 0;
    for (uint64_t limit = 0;; limit++) {
        rz_error_init(&fx.err);
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        ruzu_status status = rz_idx_insert_each(idx, hashes, offsets, ROWS, &fx.err);
        rz_mem_set_test_hook(NULL, NULL);
        CHECK_EQ_I64(pthread_mutex_trylock(&idx->lock.handle), 0);
        CHECK_EQ_I64(pthread_mutex_unlock(&idx->lock.handle), 0);
        rz_idx_remove_each(idx, hashes, offsets, ROWS);
        if (status == RUZU_OK) {
            break;
        }
        CHECK_EQ_I64(status, RUZU_ERROR_NO_MEMORY);
        refused++;
    }
    CHECK(refused > 0);
    rz_error_init(&fx.err);
    rz_idx_destroy(idx, true);
}

int main(void)
{
    RUN_TABLE(radix_sort_is_stable_and_sorts);
    RUN_TABLE(packed_arrays_of_all_sizes);
#ifndef RZ_TINY
    RUN_TABLE_WITH(packed_arrays_over_several_extents, UINT64_C(1) << 20);
#endif
    RUN_TABLE(entries_in_memory);
    RUN_TABLE(folds_build_few_levels);
    RUN_TABLE(entries_of_deleted_rows_leave);
    RUN_TABLE(a_reader_keeps_its_version);
    RUN_TABLE(loads_become_levels);
    RUN_TABLE(an_index_is_reopened);
    RUN_TABLE(refused_memory_changes_nothing);
    RUN_TABLE(refused_entries_lock_nobody_out);
    return CHECK_DONE();
}
