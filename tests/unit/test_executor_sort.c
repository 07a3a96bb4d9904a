/* SPDX-License-Identifier: MIT */
/*
 * Sorted runs and their merging: order, stability, cutting, spilling; maps of nodes.
 */
#include "executor/node_map.h"
#include "executor/sort.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

typedef struct sort_fixture {
    rz_mem mem;
    rz_arena arena;
    memfs *fs;
    rz_disk *disk;
    rz_pool *pool;
    rz_error err;
    uint64_t random;
} sort_fixture;

static void sort_fixture_init(sort_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->random = 7;
    rz_error_init(&fixture->err);
    rz_mem_init(&fixture->mem, NULL, UINT64_MAX);
    rz_arena_init(&fixture->arena, &fixture->mem);
    fixture->fs = memfs_new(3);
    CHECK_EQ_I64(rz_disk_create(&fixture->fs->vfs, &fixture->mem, NULL, &fixture->disk, &fixture->err), RUZU_OK);
    CHECK_EQ_I64(rz_pool_create(&fixture->mem, fixture->disk, 4096 * RZ_PAGE_SIZE, "spill", &fixture->pool, &fixture->err), RUZU_OK);
}

static void sort_fixture_deinit(sort_fixture *fixture)
{
    rz_pool_destroy(fixture->pool);
    CHECK_EQ_I64(rz_disk_close(fixture->disk, &fixture->err), RUZU_OK);
    memfs_free(fixture->fs);
    rz_arena_free(&fixture->arena);
    CHECK_EQ_U64(atomic_load(&fixture->mem.used), 0);
    CHECK_STR(fixture->err.message, "");
}

static uint64_t sort_random(sort_fixture *fixture)
{
    fixture->random = fixture->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return fixture->random >> 33;
}

/* Keys of `length` bytes of which only some differ; the row is a number, 4 bytes. */
static void sort_add(sort_fixture *fixture, rz_sort_run *run, uint32_t length, uint32_t values, uint32_t number)
{
    uint32_t size = RZ_SORT_HEADER + length + 4;
    uint8_t *record = (uint8_t *)rz_arena_alloc(&run->arena, size);
    CHECK_EQ_I64(rz_sort_run_reserve(run, 1, &fixture->err), RUZU_OK);
    memset(record, 'x', size);
    rz_store_u32(record, size);
    rz_store_u32(record + 4, length);
    uint64_t value = sort_random(fixture) % values;
    for (uint32_t i = 0; i < 3 && i < length; i++) { /* in the last bytes, big-endian */
        record[RZ_SORT_HEADER + length - 1 - i] = (uint8_t)(value >> (8 * i));
    }
    rz_store_u32(record + RZ_SORT_HEADER + length, number);
    run->entries[run->count++] = (rz_sort_entry){rz_sort_prefix(record + RZ_SORT_HEADER, length), record};
}

/* Are the records in order, equal keys by number? */
static bool sort_is_before(const uint8_t *a, const uint8_t *b)
{
    int order = memcmp(a + RZ_SORT_HEADER, b + RZ_SORT_HEADER, rz_sort_key_length(a));
    return order < 0 || (order == 0 && rz_load_u32(rz_sort_record_row(a)) < rz_load_u32(rz_sort_record_row(b)));
}

static void sort_check_run(uint32_t length, uint32_t values, uint32_t count)
{
    sort_fixture fixture;
    sort_fixture_init(&fixture);
    rz_sort_run *run = NULL;
    CHECK_EQ_I64(rz_sort_run_create(&fixture.mem, &run, &fixture.err), RUZU_OK);
    for (uint32_t i = 0; i < count; i++) {
        sort_add(&fixture, run, length, values, i);
    }
    CHECK_EQ_I64(rz_sort_run_sort(run, &fixture.err), RUZU_OK);
    CHECK_EQ_U64(run->count, count);
    uint64_t numbers = 0;
    for (uint32_t i = 0; i < count; i++) {
        CHECK(i == 0 || sort_is_before(run->entries[i - 1].record, run->entries[i].record));
        numbers += rz_load_u32(rz_sort_record_row(run->entries[i].record));
    }
    CHECK_EQ_U64(numbers, (uint64_t)count * (count - (count != 0)) / 2);
    if (count > 10) {
        uint8_t copy[64];
        memcpy(copy, run->entries[9].record, rz_sort_record_size(run->entries[9].record));
        CHECK_EQ_I64(rz_sort_run_cut(run, 10, &fixture.err), RUZU_OK);
        CHECK_EQ_U64(run->count, 10);
        CHECK(memcmp(run->entries[9].record, copy, rz_sort_record_size(copy)) == 0);
    }
    rz_sort_run_free(run);
    sort_fixture_deinit(&fixture);
}

static void runs_are_sorted_and_stable(void)
{
    const uint32_t counts[] = {0, 1, 2, 11, 13, 100, 511, 513, 5000};
    for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        sort_check_run(4, 1000000, counts[i]);
        sort_check_run(9, 1000000, counts[i]); /* the prefix tells only some apart */
        sort_check_run(20, 500, counts[i]);    /* the prefix tells none apart */
        sort_check_run(2, 3, counts[i]);
    }
}

static void merging_gives_all_records_in_order(void)
{
    sort_fixture fixture;
    sort_fixture_init(&fixture);
    rz_sort_source sources[5];
    memset(sources, 0, sizeof sources);
    uint32_t number = 0;
    for (uint32_t s = 0; s < 5; s++) {
        rz_sort_run *run = NULL;
        CHECK_EQ_I64(rz_sort_run_create(&fixture.mem, &run, &fixture.err), RUZU_OK);
        for (uint32_t i = 0; i < (s == 3 ? 0u : 3000u); i++) {
            sort_add(&fixture, run, 12, 4000, number++);
        }
        CHECK_EQ_I64(rz_sort_run_sort(run, &fixture.err), RUZU_OK);
        if (s % 2 == 0) {
            CHECK_EQ_I64(rz_sort_run_spill(run, fixture.pool, &sources[s].records, &fixture.err), RUZU_OK);
            CHECK_EQ_U64(run->count, 0);
            rz_sort_run_free(run);
        } else {
            sources[s].run = run;
        }
    }
    rz_sort_merge merge;
    CHECK_EQ_I64(rz_sort_merge_open(&fixture.arena, sources, 5, 0, &merge, &fixture.err), RUZU_OK);
    uint32_t count = 0;
    uint32_t blocked_count = 0;
    uint32_t held = 0;
    const uint8_t *first_held = NULL;
    uint8_t first_copy[64];
    uint8_t last[64];
    for (;;) {
        const uint8_t *record = NULL;
        bool blocked = false;
        CHECK_EQ_I64(rz_sort_merge_next(&merge, held != 0, &record, &blocked, &fixture.err), RUZU_OK);
        if (held != 0) { /* what was given before is still there */
            CHECK(memcmp(first_held, first_copy, rz_sort_record_size(first_copy)) == 0);
        }
        if (blocked) {
            CHECK(record == NULL);
            held = 0;
            blocked_count++;
            continue;
        }
        if (record == NULL) {
            break;
        }
        if (held == 0) {
            first_held = record;
            memcpy(first_copy, record, rz_sort_record_size(record));
        }
        CHECK(count == 0 || sort_is_before(last, record));
        memcpy(last, record, rz_sort_record_size(record));
        count++;
        held = held == 100 ? 0 : held + 1;
    }
    CHECK_EQ_U64(count, number);
    CHECK(blocked_count != 0);
    rz_sort_merge_close(&merge);
    for (uint32_t s = 0; s < 5; s++) {
        rz_sort_run_free(sources[s].run);
        rz_records_free(sources[s].records);
    }
    sort_fixture_deinit(&fixture);
}

/* Where one begins among the records of several runs, the others being left out: like going there from the beginning. */
static void merging_may_begin_anywhere(void)
{
    const uint32_t counts[][4] = {{0, 0, 0, 0}, {7, 0, 1, 0}, {300, 1, 40, 0}, {90, 90, 90, 90}, {0, 0, 0, 200}};
    sort_fixture fixture;
    sort_fixture_init(&fixture);
    for (uint32_t c = 0; c < 2 * sizeof counts / sizeof *counts; c++) { /* each with many equal keys and with few */
        rz_sort_source sources[4];
        uint32_t total = 0;
        const uint8_t *records[401] = {0};
        memset(sources, 0, sizeof sources);
        for (uint32_t s = 0; s < 4; s++) {
            CHECK_EQ_I64(rz_sort_run_create(&fixture.mem, &sources[s].run, &fixture.err), RUZU_OK);
            for (uint32_t i = 0; i < counts[c / 2][s]; i++) {
                sort_add(&fixture, sources[s].run, 10, c % 2 == 0 ? 5 : 100000, total++);
            }
            CHECK_EQ_I64(rz_sort_run_sort(sources[s].run, &fixture.err), RUZU_OK);
        }
        for (uint32_t first = 0; first <= total + 1; first++) {
            rz_sort_merge merge;
            CHECK_EQ_I64(rz_sort_merge_open(&fixture.arena, sources, 4, first, &merge, &fixture.err), RUZU_OK);
            for (uint32_t i = first; i <= total; i++) {
                const uint8_t *record = NULL;
                bool blocked = false;
                CHECK_EQ_I64(rz_sort_merge_next(&merge, false, &record, &blocked, &fixture.err), RUZU_OK);
                records[i] = first == 0 ? record : records[i];
                if (record != records[i] || (record == NULL) != (i == total)) {
                    CHECK_EQ_U64(i, UINT64_MAX);
                    break;
                }
            }
            rz_sort_merge_close(&merge);
            rz_arena_reset(&fixture.arena);
        }
        for (uint32_t s = 0; s < 4; s++) {
            rz_sort_run_free(sources[s].run);
        }
    }
    sort_fixture_deinit(&fixture);
}

static void node_maps_number_nodes_in_order(void)
{
    sort_fixture fixture;
    sort_fixture_init(&fixture);
    rz_node_map map;
    rz_node_map_init(&map, &fixture.mem, NULL, sizeof(uint64_t));
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t known = 0;
        CHECK_EQ_U64(rz_node_map_find(&map, 5), RZ_NODE_NONE);
        for (uint32_t i = 0; i < 20000; i++) {
            rz_id id = rz_id_make(3, sort_random(&fixture) % (round == 1 ? 10 : 9000));
            uint32_t before = rz_node_map_find(&map, id);
            uint32_t idx = 0;
            bool is_new = false;
            CHECK_EQ_I64(rz_node_map_add(&map, id, &idx, &is_new, &fixture.err), RUZU_OK);
            CHECK(is_new == (before == RZ_NODE_NONE));
            CHECK_EQ_U64(idx, is_new ? known : before);
            CHECK_EQ_U64(map.ids[idx], id);
            uint64_t *data = (uint64_t *)(void *)map.data + idx;
            CHECK_EQ_U64(*data, is_new ? 0 : id);
            *data = id;
            known += is_new;
        }
        CHECK_EQ_U64(map.count, known);
        rz_node_map_reset(&map);
    }
    rz_node_map_free(&map);
    sort_fixture_deinit(&fixture);
}

int main(void)
{
    RUN(runs_are_sorted_and_stable);
    RUN(merging_gives_all_records_in_order);
    RUN(merging_may_begin_anywhere);
    RUN(node_maps_number_nodes_in_order);
    return check_failures != 0;
}
