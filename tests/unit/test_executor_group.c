/* SPDX-License-Identifier: MIT */
/*
 * Group tables against a model: finding, retiring, merging, spilling and loading.
 */
#include "executor/group_table.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

#define GROUP_TEST_VALUES 3000u

typedef struct group_fixture {
    rz_mem mem;
    rz_arena arena;
    memfs *fs;
    rz_disk *disk;
    rz_pool *pool;
    rz_error err;
    rz_group_layout *layout;
    rz_vec **keys;
    rz_agg_bound sum;
    rz_agg_bound longest;
    rz_fn_context fn;
    uint64_t random;
    bool wide;                             /* keys (STRING, DOUBLE) instead of INT32 */
    uint64_t counts[GROUP_TEST_VALUES + 1]; /* the model: by value; the last: NULL */
    int64_t sums[GROUP_TEST_VALUES + 1];
} group_fixture;

static uint64_t group_random(group_fixture *fixture)
{
    fixture->random = fixture->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return fixture->random >> 33;
}

static void group_fixture_init(group_fixture *fixture, bool wide)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->random = 42;
    fixture->wide = wide;
    rz_error_init(&fixture->err);
    rz_mem_init(&fixture->mem, NULL, UINT64_MAX);
    rz_arena_init(&fixture->arena, &fixture->mem);
    fixture->fn = (rz_fn_context){.mem = &fixture->mem, .scratch = &fixture->arena};
    fixture->fs = memfs_new(3);
    CHECK_EQ_I64(rz_disk_create(&fixture->fs->vfs, &fixture->mem, NULL, &fixture->disk, &fixture->err), RUZU_OK);
    CHECK_EQ_I64(rz_pool_create(&fixture->mem, fixture->disk, 4096 * RZ_PAGE_SIZE, "spill", &fixture->pool, &fixture->err), RUZU_OK);
    const rz_type *types[2] = {wide ? RZ_STRING : rz_type_of(RUZU_TYPE_INT32), RZ_DOUBLE};
    CHECK_EQ_I64(rz_agg_resolve("SUM", RZ_INT64, true, &fixture->arena, &fixture->sum, &fixture->err), RUZU_OK);
    CHECK_EQ_I64(rz_agg_resolve("MAX", RZ_STRING, true, &fixture->arena, &fixture->longest, &fixture->err), RUZU_OK);
    const rz_agg_bound *aggs[2] = {&fixture->sum, &fixture->longest};
    CHECK_EQ_I64(rz_group_layout_create(&fixture->arena, types, wide ? 2 : 1, aggs, 2, &fixture->layout, &fixture->err), RUZU_OK);
    CHECK(fixture->layout->inline_key == !wide);
    fixture->keys = RZ_NEW_ARRAY(&fixture->arena, rz_vec *, 2);
    for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
        CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, types[k], RZ_VECTOR_CAPACITY, &fixture->keys[k], &fixture->err), RUZU_OK);
    }
}

static void group_fixture_deinit(group_fixture *fixture)
{
    rz_pool_destroy(fixture->pool);
    CHECK_EQ_I64(rz_disk_close(fixture->disk, &fixture->err), RUZU_OK);
    memfs_free(fixture->fs);
    rz_arena_free(&fixture->arena);
    CHECK_EQ_U64(atomic_load(&fixture->mem.used), 0);
    CHECK_STR(fixture->err.message, "");
}

static rz_group_table *group_new(group_fixture *fixture, uint32_t skip_bits, uint32_t max_bits)
{
    rz_group_table *table = NULL;
    CHECK_EQ_I64(rz_group_table_create(&fixture->mem, fixture->layout, skip_bits, max_bits, &table, &fixture->err), RUZU_OK);
    return table;
}

static void group_set_key(group_fixture *fixture, uint32_t row, uint32_t value)
{
    if (value == GROUP_TEST_VALUES) {
        for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
            rz_vec_set_null(fixture->keys[k], row);
        }
        return;
    }
    if (!fixture->wide) {
        ((int32_t *)fixture->keys[0]->data)[row] = (int32_t)value - 100;
        return;
    }
    char text[64]; /* half of them longer than what is kept inline; only the second key tells pairs apart */
    int length = snprintf(text, sizeof text, value % 4 < 2 ? "%u" : "a rather long text, number %u", value / 2);
    CHECK_EQ_I64(rz_vec_set_string(fixture->keys[0], row, text, (size_t)length, &fixture->err), RUZU_OK);
    ((double *)fixture->keys[1]->data)[row] = value % 2 == 0 ? 0.0 : 1.5;
}

/* Adds a batch of random rows to the table and to the model. */
static void group_add_batch(group_fixture *fixture, rz_group_table *table, uint32_t values)
{
    uint64_t hashes[RZ_VECTOR_CAPACITY];
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    uint32_t rows[RZ_VECTOR_CAPACITY];
    rz_vec *numbers = NULL;
    rz_vec *texts = NULL;
    rz_sel sel = {.rows = rows, .count = 0};
    CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, RZ_INT64, RZ_VECTOR_CAPACITY, &numbers, &fixture->err), RUZU_OK);
    CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, RZ_STRING, RZ_VECTOR_CAPACITY, &texts, &fixture->err), RUZU_OK);
    for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
        rz_vec_reset(fixture->keys[k]);
    }
    for (uint32_t row = 0; row < RZ_VECTOR_CAPACITY; row++) {
        uint32_t value = (uint32_t)(group_random(fixture) % values);
        value = group_random(fixture) % 64 == 0 ? GROUP_TEST_VALUES : value;
        char text[64];
        int length = snprintf(text, sizeof text, "the largest text of value number %u", value);
        group_set_key(fixture, row, value);
        ((int64_t *)numbers->data)[row] = (int64_t)row;
        CHECK_EQ_I64(rz_vec_set_string(texts, row, text, (size_t)length, &fixture->err), RUZU_OK);
        if (group_random(fixture) % 8 != 0) {
            rows[sel.count++] = row;
            fixture->counts[value]++;
            fixture->sums[value] += row;
        }
    }
    for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
        rz_vec_hash(fixture->keys[k], &sel, hashes, k != 0);
    }
    CHECK_EQ_I64(rz_group_find(table, fixture->keys, hashes, &sel, NULL, groups, &fixture->err), RUZU_OK);
    rz_agg_context context = {.arena = &table->arena, .fn = &fixture->fn};
    CHECK_EQ_I64(fixture->sum.agg->update(&fixture->sum, &context, groups, numbers, &sel, NULL, &fixture->err), RUZU_OK);
    for (uint32_t i = 0; i < sel.count; i++) {
        groups[rows[i]] += fixture->layout->state_offs[1];
    }
    CHECK_EQ_I64(fixture->longest.agg->update(&fixture->longest, &context, groups, texts, &sel, NULL, &fixture->err), RUZU_OK);
}

/* The model's number of a key that was read into row of the key vectors. */
static uint32_t group_value_of(const group_fixture *fixture, uint32_t row)
{
    if (rz_vec_is_null(fixture->keys[0], row)) {
        return GROUP_TEST_VALUES;
    }
    if (!fixture->wide) {
        return (uint32_t)(((const int32_t *)fixture->keys[0]->data)[row] + 100);
    }
    const rz_string *text = (const rz_string *)fixture->keys[0]->data + row;
    const char *bytes = rz_string_data(text);
    uint32_t number = 0;
    for (uint32_t i = 0; i < text->length; i++) {
        number = bytes[i] >= '0' && bytes[i] <= '9' ? number * 10 + (uint32_t)(bytes[i] - '0') : number;
    }
    return number * 2 + (((const double *)fixture->keys[1]->data)[row] > 1.0);
}

/* Compares the groups of a list with the model; adds how many there were. */
static void group_compare(group_fixture *fixture, const rz_group_list *list, bool *seen, uint64_t *total)
{
    rz_vec *sums = NULL;
    rz_vec *texts = NULL;
    CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, fixture->sum.result, RZ_VECTOR_CAPACITY, &sums, &fixture->err), RUZU_OK);
    CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, RZ_STRING, RZ_VECTOR_CAPACITY, &texts, &fixture->err), RUZU_OK);
    for (uint64_t at = 0; at < list->count; at += 7) {
        uint8_t *groups[7];
        uint32_t count = list->count - at < 7 ? (uint32_t)(list->count - at) : 7;
        memcpy(groups, list->groups + at, count * sizeof *groups);
        for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
            rz_vec_reset(fixture->keys[k]);
        }
        CHECK_EQ_I64(rz_group_read_keys(fixture->layout, groups, count, fixture->keys, &fixture->err), RUZU_OK);
        rz_vec_reset(sums);
        rz_vec_reset(texts);
        CHECK_EQ_I64(fixture->sum.agg->finish(&fixture->sum, &fixture->fn, groups, count, sums, 0, &fixture->err), RUZU_OK);
        for (uint32_t i = 0; i < count; i++) {
            groups[i] += fixture->layout->state_offs[1];
        }
        CHECK_EQ_I64(fixture->longest.agg->finish(&fixture->longest, &fixture->fn, groups, count, texts, 0, &fixture->err), RUZU_OK);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t value = group_value_of(fixture, i);
            char text[64];
            int length = snprintf(text, sizeof text, "the largest text of value number %u", value);
            const rz_string *got = (const rz_string *)texts->data + i;
            CHECK(value <= GROUP_TEST_VALUES && !seen[value] && fixture->counts[value] != 0);
            CHECK_EQ_I64(((const rz_int128 *)sums->data)[i], fixture->sums[value]);
            CHECK(got->length == (uint32_t)length && memcmp(rz_string_data(got), text, got->length) == 0);
            seen[value] = true;
        }
    }
    *total += list->count;
}

static uint64_t group_model_count(const group_fixture *fixture)
{
    uint64_t count = 0;
    for (uint32_t v = 0; v <= GROUP_TEST_VALUES; v++) {
        count += fixture->counts[v] != 0;
    }
    return count;
}

static void group_check_one_table(bool wide, uint32_t values)
{
    group_fixture fixture;
    bool seen[GROUP_TEST_VALUES + 1] = {false};
    uint64_t total = 0;
    group_fixture_init(&fixture, wide);
    rz_group_table *table = group_new(&fixture, 0, RZ_GROUP_NO_LIMIT);
    for (uint32_t i = 0; i < 20000 / RZ_VECTOR_CAPACITY + 3; i++) {
        group_add_batch(&fixture, table, values);
    }
    group_compare(&fixture, &table->list, seen, &total);
    CHECK_EQ_U64(total, group_model_count(&fixture));
    rz_group_table_free(table);
    group_fixture_deinit(&fixture);
}

static void table_keeps_one_group_for_each_key(void)
{
    group_check_one_table(false, GROUP_TEST_VALUES);
    group_check_one_table(true, GROUP_TEST_VALUES);
    group_check_one_table(false, 3);
    group_check_one_table(true, 2);
}

/* Three tables with so few entries that they retire groups all the time (max_bits 6), or once at the end. */
static void group_check_merge(bool wide, uint32_t max_bits, uint32_t values)
{
    group_fixture fixture;
    bool seen[GROUP_TEST_VALUES + 1] = {false};
    uint64_t total = 0;
    group_fixture_init(&fixture, wide);
    rz_group_table *tables[3];
    for (uint32_t t = 0; t < 3; t++) {
        tables[t] = group_new(&fixture, 0, max_bits);
        for (uint32_t i = 0; i < 6000 / RZ_VECTOR_CAPACITY + 2; i++) {
            group_add_batch(&fixture, tables[t], t == 0 ? 100 : values);
        }
        CHECK(max_bits != 6 || tables[t]->parts != NULL);
        CHECK_EQ_I64(rz_group_retire(tables[t], &fixture.err), RUZU_OK);
        CHECK_EQ_U64(tables[t]->list.count, 0);
    }
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        rz_group_table *result = group_new(&fixture, RZ_SPILL_BITS, RZ_GROUP_NO_LIMIT);
        rz_agg_context context = {.arena = &result->arena, .fn = &fixture.fn};
        for (uint32_t t = 0; t < 3; t++) {
            uint8_t *groups[RZ_VECTOR_CAPACITY];
            rz_group_cursor cursor;
            rz_group_cursor_open(&cursor, fixture.layout, &tables[t]->parts[p]);
            for (uint32_t count; (count = rz_group_cursor_next(&cursor, groups, RZ_VECTOR_CAPACITY)) != 0;) {
                CHECK_EQ_I64(rz_group_merge(result, &context, groups, count, fixture.keys, &fixture.err), RUZU_OK);
            }
        }
        rz_group_table_close(result);
        group_compare(&fixture, &result->list, seen, &total);
        rz_group_table_free(result);
    }
    CHECK_EQ_U64(total, group_model_count(&fixture));
    for (uint32_t t = 0; t < 3; t++) {
        rz_group_table_free(tables[t]);
    }
    group_fixture_deinit(&fixture);
}

static void merged_parts_add_up(void)
{
    for (int wide = 0; wide < 2; wide++) {
        group_check_merge(wide != 0, 6, GROUP_TEST_VALUES);
        group_check_merge(wide != 0, RZ_GROUP_NO_LIMIT, GROUP_TEST_VALUES);
        group_check_merge(wide != 0, RZ_GROUP_NO_LIMIT, 2);
    }
}

static void group_check_spill(bool wide, uint32_t max_bits)
{
    group_fixture fixture;
    bool seen[GROUP_TEST_VALUES + 1] = {false};
    uint64_t total = 0;
    rz_exec_context exec_context = {0};
    rz_exec exec = {.context = &exec_context};
    rz_records *parts[RZ_SPILL_PARTS] = {NULL};
    group_fixture_init(&fixture, wide);
    rz_group_table *table = group_new(&fixture, 0, max_bits);
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 3000 / RZ_VECTOR_CAPACITY + 1; i++) {
            group_add_batch(&fixture, table, GROUP_TEST_VALUES);
        }
        CHECK_EQ_I64(rz_group_spill(table, &fixture.mem, fixture.pool, parts, &fixture.err), RUZU_OK);
        CHECK_EQ_U64(table->count, 0);
    }
    rz_group_table_free(table);
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        if (parts[p] == NULL) {
            continue;
        }
        rz_group_table *part = group_new(&fixture, RZ_SPILL_BITS, RZ_GROUP_NO_LIMIT);
        rz_agg_context context = {.arena = &part->arena, .fn = &fixture.fn};
        CHECK_EQ_I64(rz_group_load(part, &exec, &context, parts[p], fixture.keys, &fixture.err), RUZU_OK);
        group_compare(&fixture, &part->list, seen, &total);
        rz_group_table_free(part);
        rz_records_free(parts[p]);
    }
    CHECK_EQ_U64(total, group_model_count(&fixture));
    group_fixture_deinit(&fixture);
}

static void spilled_groups_come_back_whole(void)
{
    for (int wide = 0; wide < 2; wide++) {
        group_check_spill(wide != 0, 6);
        group_check_spill(wide != 0, RZ_GROUP_NO_LIMIT);
    }
}

int main(void)
{
    RUN(table_keeps_one_group_for_each_key);
    RUN(merged_parts_add_up);
    RUN(spilled_groups_come_back_whole);
    return check_failures != 0;
}
