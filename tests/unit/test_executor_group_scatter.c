/* SPDX-License-Identifier: MIT */
/*
 * Groups that move: tables that find out that they reduce nothing and scatter rows, parts of them united, merged as vectors, spilled. Against a model.
 */
#include "executor/group_unite.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

#define SCATTER_VALUES 40000u
#define SCATTER_TABLES 3u
/* More than a table of RZ_GROUP_LOCAL_BITS holds; with shrunk limits so many that it tries again, too. */
#define SCATTER_ROWS ((RZ_GROUP_LOCAL_BITS < 10 ? 30u : 3u) << RZ_GROUP_LOCAL_BITS)

typedef enum scatter_keys { SCATTER_TEXT, SCATTER_TEXT_AND_NUMBER, SCATTER_DOUBLE, SCATTER_INT128 } scatter_keys;

typedef struct scatter_fixture {
    rz_mem mem;
    rz_arena arena;
    memfs *fs;
    rz_disk *disk;
    rz_pool *pool;
    rz_error err;
    rz_group_layout *layout;
    scatter_keys kind;
    bool sums;               /* groups have a state, or are a set */
    rz_agg_bound sum;
    rz_vec *keys[2];
    rz_vec *numbers;
    rz_fn_context fn;
    rz_exec_context exec_context;
    rz_exec exec;
    uint64_t random;
    uint32_t next;           /* of values that do not repeat */
    uint64_t *counts;        /* the model, by value; the last: NULL */
    int64_t *totals;
} scatter_fixture;

static void scatter_init(scatter_fixture *fixture, scatter_keys kind, bool sums)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->kind = kind;
    fixture->sums = sums;
    fixture->random = 7 + (uint64_t)kind;
    fixture->exec.context = &fixture->exec_context;
    rz_error_init(&fixture->err);
    rz_mem_init(&fixture->mem, NULL, UINT64_MAX);
    rz_arena_init(&fixture->arena, &fixture->mem);
    fixture->fn = (rz_fn_context){.mem = &fixture->mem, .scratch = &fixture->arena};
    fixture->fs = memfs_new(3);
    CHECK_EQ_I64(rz_disk_create(&fixture->fs->vfs, &fixture->mem, NULL, &fixture->disk, &fixture->err), RUZU_OK);
    CHECK_EQ_I64(rz_pool_create(&fixture->mem, fixture->disk, 16384 * RZ_PAGE_SIZE, "spill", &fixture->pool, &fixture->err), RUZU_OK);
    const rz_type *types[2] = {kind == SCATTER_DOUBLE ? RZ_DOUBLE : kind == SCATTER_INT128 ? rz_type_of(RUZU_TYPE_INT128) : RZ_STRING, RZ_INT64};
    const rz_agg_bound *aggs[1] = {&fixture->sum};
    CHECK_EQ_I64(rz_agg_resolve("SUM", RZ_INT64, true, &fixture->arena, &fixture->sum, &fixture->err), RUZU_OK);
    uint32_t key_count = kind == SCATTER_TEXT_AND_NUMBER ? 2 : 1;
    CHECK_EQ_I64(rz_group_layout_create(&fixture->arena, types, key_count, aggs, sums ? 1 : 0, &fixture->layout, &fixture->err), RUZU_OK);
    CHECK(fixture->layout->movable);
    CHECK(fixture->layout->plain_keys == (kind != SCATTER_DOUBLE) && fixture->layout->text_key == (kind == SCATTER_TEXT));
    for (uint32_t k = 0; k < key_count; k++) {
        CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, types[k], RZ_VECTOR_CAPACITY, &fixture->keys[k], &fixture->err), RUZU_OK);
    }
    CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, RZ_INT64, RZ_VECTOR_CAPACITY, &fixture->numbers, &fixture->err), RUZU_OK);
    fixture->counts = RZ_NEW_ARRAY(&fixture->arena, uint64_t, SCATTER_VALUES + 1);
    fixture->totals = RZ_NEW_ARRAY(&fixture->arena, int64_t, SCATTER_VALUES + 1);
}

static void scatter_deinit(scatter_fixture *fixture)
{
    rz_pool_destroy(fixture->pool);
    CHECK_EQ_I64(rz_disk_close(fixture->disk, &fixture->err), RUZU_OK);
    memfs_free(fixture->fs);
    rz_arena_free(&fixture->arena);
    CHECK_EQ_U64(atomic_load(&fixture->mem.used), 0);
    CHECK_STR(fixture->err.message, "");
}

static uint64_t scatter_random(scatter_fixture *fixture)
{
    fixture->random = fixture->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return fixture->random >> 33;
}

static void scatter_set_key(scatter_fixture *fixture, uint32_t row, uint32_t value)
{
    for (uint32_t k = 0; value == SCATTER_VALUES && k < fixture->layout->key_count; k++) {
        rz_vec_set_null(fixture->keys[k], row);
    }
    if (value == SCATTER_VALUES) {
        return;
    }
    if (fixture->kind == SCATTER_DOUBLE) {
        ((double *)fixture->keys[0]->data)[row] = value == 0 ? (scatter_random(fixture) % 2 == 0 ? 0.0 : -0.0) : value; /* one group, two forms */
        return;
    }
    if (fixture->kind == SCATTER_INT128) {
        ((rz_int128 *)fixture->keys[0]->data)[row] = (rz_int128)value << 40;
        return;
    }
    char text[200]; /* of all lengths that copying tells apart, and now and then a long one */
    uint32_t number = fixture->kind == SCATTER_TEXT_AND_NUMBER ? value / 2 : value;
    int length = snprintf(text, sizeof text, "%u%.*s", number, (int)(value % 100 == 0 ? 150 : value % 34),
                          "-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghijklmn");
    CHECK_EQ_I64(rz_vec_set_string(fixture->keys[0], row, text, (size_t)length, &fixture->err), RUZU_OK);
    if (fixture->kind == SCATTER_TEXT_AND_NUMBER) {
        ((int64_t *)fixture->keys[1]->data)[row] = value;
    }
}

/* values 0: keys that hardly repeat; else random ones below. */
static void scatter_add(scatter_fixture *fixture, rz_group_table *table, uint32_t values)
{
    uint64_t hashes[RZ_VECTOR_CAPACITY];
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    uint32_t rows[RZ_VECTOR_CAPACITY];
    rz_sel sel = {.rows = rows, .count = 0};
    for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
        rz_vec_reset(fixture->keys[k]);
    }
    for (uint32_t row = 0; row < RZ_VECTOR_CAPACITY; row++) {
        uint32_t value = values == 0 ? fixture->next++ % SCATTER_VALUES : (uint32_t)(scatter_random(fixture) % values);
        value = scatter_random(fixture) % 256 == 0 ? SCATTER_VALUES : value;
        scatter_set_key(fixture, row, value);
        ((int64_t *)fixture->numbers->data)[row] = (int64_t)row - 3;
        if (scatter_random(fixture) % 8 != 0) {
            rows[sel.count++] = row;
            fixture->counts[value]++;
            fixture->totals[value] += (int64_t)row - 3;
        }
    }
    for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
        rz_vec_hash(fixture->keys[k], &sel, hashes, k != 0);
    }
    CHECK_EQ_I64(rz_group_find(table, fixture->keys, hashes, &sel, NULL, groups, &fixture->err), RUZU_OK);
    rz_agg_context context = {.arena = &table->arena, .fn = &fixture->fn};
    if (fixture->sums) {
        CHECK_EQ_I64(fixture->sum.agg->update(&fixture->sum, &context, groups, fixture->numbers, &sel, NULL, &fixture->err), RUZU_OK);
    }
}

static uint32_t scatter_value_of(const scatter_fixture *fixture, uint32_t row)
{
    if (rz_vec_is_null(fixture->keys[0], row)) {
        return SCATTER_VALUES;
    }
    switch (fixture->kind) {
    case SCATTER_DOUBLE: return (uint32_t)((const double *)fixture->keys[0]->data)[row];
    case SCATTER_INT128: return (uint32_t)(((const rz_int128 *)fixture->keys[0]->data)[row] >> 40);
    case SCATTER_TEXT_AND_NUMBER: return (uint32_t)((const int64_t *)fixture->keys[1]->data)[row];
    case SCATTER_TEXT: break;
    }
    const rz_string *text = (const rz_string *)fixture->keys[0]->data + row;
    uint32_t number = 0;
    for (uint32_t i = 0; i < text->length && rz_string_data(text)[i] != '-'; i++) {
        number = number * 10 + (uint32_t)(rz_string_data(text)[i] - '0');
    }
    return number;
}

/* Each group of the list is one of the model that was not seen before, with the model's sum. */
static void scatter_compare(scatter_fixture *fixture, const rz_group_list *list, bool *seen)
{
    rz_vec *sums = NULL;
    CHECK_EQ_I64(rz_vec_create(&fixture->arena, &fixture->arena, fixture->sum.result, RZ_VECTOR_CAPACITY, &sums, &fixture->err), RUZU_OK);
    for (uint64_t at = 0; at < list->count; at += RZ_VECTOR_CAPACITY) {
        uint32_t count = list->count - at < RZ_VECTOR_CAPACITY ? (uint32_t)(list->count - at) : RZ_VECTOR_CAPACITY;
        for (uint32_t k = 0; k < fixture->layout->key_count; k++) {
            rz_vec_reset(fixture->keys[k]);
        }
        CHECK_EQ_I64(rz_group_read_keys(fixture->layout, list->groups + at, count, fixture->keys, &fixture->err), RUZU_OK);
        rz_vec_reset(sums);
        if (fixture->sums) {
            CHECK_EQ_I64(fixture->sum.agg->finish(&fixture->sum, &fixture->fn, list->groups + at, count, sums, 0, &fixture->err), RUZU_OK);
        }
        for (uint32_t i = 0; i < count; i++) {
            uint32_t value = scatter_value_of(fixture, i);
            CHECK(value <= SCATTER_VALUES && !seen[value] && fixture->counts[value] != 0);
            CHECK(!fixture->sums || ((const rz_int128 *)sums->data)[i] == fixture->totals[value]);
            seen[value] = true;
        }
    }
}

static void scatter_check_all_seen(const scatter_fixture *fixture, const bool *seen)
{
    for (uint32_t v = 0; v <= SCATTER_VALUES; v++) {
        CHECK(seen[v] == (fixture->counts[v] != 0));
    }
}

static void scatter_make_tables(scatter_fixture *fixture, rz_group_table **tables)
{
    for (uint32_t t = 0; t < SCATTER_TABLES; t++) {
        CHECK_EQ_I64(rz_group_table_create(&fixture->mem, fixture->layout, 0, RZ_GROUP_LOCAL_BITS, &tables[t], &fixture->err), RUZU_OK);
        for (uint32_t row = 0; row < SCATTER_ROWS; row += RZ_VECTOR_CAPACITY) { /* the second table finds out later, the third never */
            scatter_add(fixture, tables[t], t == 2 || (t == 1 && row < SCATTER_ROWS / 2) ? 5 : 0);
        }
    }
    CHECK(tables[0]->parts != NULL && tables[0]->parts[0].count != 0);
    CHECK(tables[1]->parts != NULL && tables[1]->parts[0].count != 0 && tables[2]->parts == NULL);
}

static void scatter_free_tables(rz_group_table **tables)
{
    for (uint32_t t = 0; t < SCATTER_TABLES; t++) {
        rz_group_table_free(tables[t]);
    }
}

static void scatter_check_unite(scatter_keys kind, bool sums)
{
    scatter_fixture fixture;
    rz_group_table *tables[SCATTER_TABLES];
    static bool seen[SCATTER_VALUES + 1];
    rz_group_unite unite;
    scatter_init(&fixture, kind, sums);
    scatter_make_tables(&fixture, tables);
    memset(seen, 0, sizeof seen);
    rz_group_unite_init(&unite, &fixture.mem, fixture.layout);
    for (uint32_t t = 0; t < SCATTER_TABLES; t++) {
        CHECK_EQ_I64(rz_group_retire(tables[t], &fixture.err), RUZU_OK);
    }
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        rz_group_list list = {0};
        rz_agg_context context = {.arena = &fixture.arena, .fn = &fixture.fn};
        if (fixture.layout->plain_keys) {
            CHECK_EQ_I64(rz_group_unite_run(&unite, &fixture.exec, &context, tables, SCATTER_TABLES, p, &list, &fixture.err), RUZU_OK);
            scatter_compare(&fixture, &list, seen);
            rz_group_list_free(&fixture.mem, &list);
            continue;
        }
        rz_group_table *into = NULL;
        CHECK_EQ_I64(rz_group_table_create(&fixture.mem, fixture.layout, RZ_SPILL_BITS, RZ_GROUP_NO_LIMIT, &into, &fixture.err), RUZU_OK);
        for (uint32_t t = 0; t < SCATTER_TABLES; t++) {
            uint8_t *groups[RZ_VECTOR_CAPACITY];
            rz_group_cursor cursor;
            rz_group_cursor_open(&cursor, fixture.layout, &tables[t]->parts[p]);
            for (uint32_t count; (count = rz_group_cursor_next(&cursor, groups, RZ_VECTOR_CAPACITY)) != 0;) {
                CHECK_EQ_I64(rz_group_merge(into, &context, groups, count, fixture.keys, &fixture.err), RUZU_OK);
            }
        }
        scatter_compare(&fixture, &into->list, seen);
        rz_group_table_free(into);
    }
    scatter_check_all_seen(&fixture, seen);
    rz_group_unite_deinit(&unite);
    scatter_free_tables(tables);
    scatter_deinit(&fixture);
}

static void scattered_parts_add_up(void)
{
    for (int sums = 0; sums < 2; sums++) {
        scatter_check_unite(SCATTER_TEXT, sums != 0);
        scatter_check_unite(SCATTER_TEXT_AND_NUMBER, sums != 0);
        scatter_check_unite(SCATTER_DOUBLE, sums != 0);
        scatter_check_unite(SCATTER_INT128, sums != 0);
    }
}

static void whole_tables_unite(void)
{
    scatter_fixture fixture;
    rz_group_table *tables[SCATTER_TABLES];
    static bool seen[SCATTER_VALUES + 1];
    rz_group_unite unite;
    rz_group_list list = {0};
    scatter_init(&fixture, SCATTER_TEXT, true);
    rz_group_unite_init(&unite, &fixture.mem, fixture.layout);
    for (uint32_t t = 0; t < SCATTER_TABLES; t++) {
        CHECK_EQ_I64(rz_group_table_create(&fixture.mem, fixture.layout, 0, RZ_GROUP_LOCAL_BITS, &tables[t], &fixture.err), RUZU_OK);
        scatter_add(&fixture, tables[t], 20);
        scatter_add(&fixture, tables[t], 20);
        CHECK(tables[t]->parts == NULL);
    }
    rz_agg_context context = {.arena = &fixture.arena, .fn = &fixture.fn};
    CHECK_EQ_I64(rz_group_unite_run(&unite, &fixture.exec, &context, tables, SCATTER_TABLES, RZ_GROUP_WHOLE, &list, &fixture.err), RUZU_OK);
    memset(seen, 0, sizeof seen);
    scatter_compare(&fixture, &list, seen);
    scatter_check_all_seen(&fixture, seen);
    rz_group_list_free(&fixture.mem, &list);
    rz_group_unite_deinit(&unite);
    scatter_free_tables(tables);
    scatter_deinit(&fixture);
}

static void scattered_groups_spill(void)
{
    for (int kind = SCATTER_TEXT; kind <= SCATTER_INT128; kind++) {
        scatter_fixture fixture;
        rz_group_table *tables[SCATTER_TABLES];
        static bool seen[SCATTER_VALUES + 1];
        rz_records *records[RZ_SPILL_PARTS] = {NULL};
        scatter_init(&fixture, (scatter_keys)kind, true);
        scatter_make_tables(&fixture, tables);
        for (uint32_t t = 0; t < SCATTER_TABLES; t++) {
            CHECK_EQ_I64(rz_group_spill(tables[t], &fixture.mem, fixture.pool, records, &fixture.err), RUZU_OK);
            CHECK_EQ_U64(rz_group_table_bytes(tables[t]), 0);
            scatter_add(&fixture, tables[t], 0); /* goes on as before */
            CHECK_EQ_I64(rz_group_spill(tables[t], &fixture.mem, fixture.pool, records, &fixture.err), RUZU_OK);
        }
        memset(seen, 0, sizeof seen);
        for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
            rz_group_table *part = NULL;
            if (records[p] == NULL) {
                continue;
            }
            CHECK_EQ_I64(rz_group_table_create(&fixture.mem, fixture.layout, RZ_SPILL_BITS, RZ_GROUP_NO_LIMIT, &part, &fixture.err), RUZU_OK);
            rz_agg_context context = {.arena = &part->arena, .fn = &fixture.fn};
            CHECK_EQ_I64(rz_group_load(part, &fixture.exec, &context, records[p], fixture.keys, &fixture.err), RUZU_OK);
            scatter_compare(&fixture, &part->list, seen);
            rz_group_table_free(part);
            rz_records_free(records[p]);
        }
        scatter_check_all_seen(&fixture, seen);
        scatter_free_tables(tables);
        scatter_deinit(&fixture);
    }
}

/* Memory is what was asked for: an account that refuses makes each call fail, and nothing leaks. */
static void refused_memory_is_an_error(void)
{
    for (uint64_t limit = 16 * 1024; limit < 8 * 1024 * 1024; limit = limit * 3 / 2) {
        rz_mem small;
        scatter_fixture fixture;
        scatter_init(&fixture, SCATTER_TEXT, true);
        rz_mem_init(&small, NULL, limit);
        rz_group_table *table = NULL;
        rz_group_unite unite;
        rz_group_list list = {0};
        rz_agg_context context = {.arena = &fixture.arena, .fn = &fixture.fn};
        ruzu_status status = rz_group_table_create(&small, fixture.layout, 0, RZ_GROUP_LOCAL_BITS, &table, &fixture.err);
        rz_group_unite_init(&unite, &small, fixture.layout);
        for (uint32_t row = 0; row < SCATTER_ROWS && status == RUZU_OK; row += RZ_VECTOR_CAPACITY) {
            uint64_t hashes[RZ_VECTOR_CAPACITY];
            uint8_t *groups[RZ_VECTOR_CAPACITY];
            rz_sel sel = {.rows = NULL, .count = RZ_VECTOR_CAPACITY};
            rz_vec_reset(fixture.keys[0]);
            for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
                scatter_set_key(&fixture, i, (row + i) % SCATTER_VALUES);
            }
            rz_vec_hash(fixture.keys[0], &sel, hashes, false);
            status = rz_group_find(table, fixture.keys, hashes, &sel, NULL, groups, &fixture.err);
        }
        status = status == RUZU_OK ? rz_group_retire(table, &fixture.err) : status;
        for (uint32_t p = 0; p < RZ_SPILL_PARTS && status == RUZU_OK; p++) {
            list.count = 0;
            status = rz_group_unite_run(&unite, &fixture.exec, &context, &table, 1, p, &list, &fixture.err);
        }
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        rz_group_list_free(&small, &list);
        rz_group_unite_deinit(&unite);
        rz_group_table_free(table);
        CHECK_EQ_U64(atomic_load(&small.used), 0);
        rz_error_init(&fixture.err);
        scatter_deinit(&fixture);
    }
}

int main(void)
{
    RUN(scattered_parts_add_up);
    RUN(whole_tables_unite);
    RUN(scattered_groups_spill);
    RUN(refused_memory_is_an_error);
    return check_failures != 0;
}
