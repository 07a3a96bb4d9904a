/* SPDX-License-Identifier: MIT */
/*
 * Node tables against a model: the list of keys by offset. Every other value of a row follows from its key, so any row can be checked. Inserts, loads,
 * rollback, snapshots that see the state before, checkpoints, reopening, errors of keys, refused memory, a reader beside a writer.
 */
#include "storage/table/rows.h"
#include "storage/table/ntab.h"
#include "unit/table_fixture.h"

#include <math.h>
#include <stdlib.h>

enum { COL_ID, COL_NAME, COL_SCORE, COL_TAGS, COL_NUMBER, COL_COUNT };

#define BATCH RZ_VECTOR_CAPACITY
#define NAME "Person"

/* ---- the model ---- */

typedef struct model {
    int64_t *keys; /* by offset */
    uint64_t end;
    uint64_t capacity;
    uint64_t committed_end;
} model;

static model md;
static int64_t next_key;
static rz_column_def columns[COL_COUNT];

static void model_reset(void)
{
    free(md.keys);
    memset(&md, 0, sizeof md);
    next_key = 1000;
}

static void model_push(int64_t key)
{
    if (md.end == md.capacity) {
        md.capacity = md.capacity == 0 ? 1024 : md.capacity * 2;
        md.keys = (int64_t *)realloc(md.keys, md.capacity * sizeof *md.keys);
    }
    md.keys[md.end++] = key;
}

static void define(void)
{
    columns[COL_ID] = (rz_column_def){1, "id", RZ_INT64};
    columns[COL_NAME] = (rz_column_def){2, "name", RZ_STRING};
    columns[COL_SCORE] = (rz_column_def){3, "score", RZ_DOUBLE};
    columns[COL_TAGS] = (rz_column_def){4, "tags", rz_type_list(&fx.arena, RZ_INT64)};
    columns[COL_NUMBER] = (rz_column_def){7, "number", rz_type_of(RUZU_TYPE_SERIAL)};
}

static rz_ntab *create(void)
{
    rz_ntab *table = NULL;
    define();
    FX_OK(rz_ntab_create(&fx.env, 9, NAME, columns, COL_COUNT, COL_ID, &table, &fx.err));
    return table;
}

/* ---- values that follow from the key ---- */

static void name_of(int64_t key, char *out, size_t size)
{
    if (key % 3 == 0) {
        snprintf(out, size, "n%d", (int)(key % 1000));
    } else {
        snprintf(out, size, "a rather long name, number %lld of many", (long long)key);
    }
}

static bool score_is_null(int64_t key)
{
    return key % 5 == 2;
}

/* Row `row` of the vectors gets the values of key. */
static void fill_row(rz_vec **values, uint32_t row, int64_t key)
{
    char text[80];
    fx_set_i64(values[COL_ID], row, key);
    name_of(key, text, sizeof text);
    if (key % 11 == 4) {
        rz_vec_set_null(values[COL_NAME], row);
    } else {
        fx_set_text(values[COL_NAME], row, text);
    }
    if (score_is_null(key)) {
        rz_vec_set_null(values[COL_SCORE], row);
    } else {
        ((double *)values[COL_SCORE]->data)[row] = (double)key / 8;
        rz_vec_set_valid(values[COL_SCORE], row);
    }
    if (key % 7 == 1) {
        rz_vec_set_null(values[COL_TAGS], row);
    } else {
        uint32_t count = (uint32_t)(key % 4), offset = 0;
        FX_OK(rz_vec_list_reserve(values[COL_TAGS], count, &offset, &fx.err));
        ((rz_list_entry *)values[COL_TAGS]->data)[row] = (rz_list_entry){offset, count};
        for (uint32_t i = 0; i < count; i++) {
            fx_set_i64(values[COL_TAGS]->children[0], offset + i, key + i);
        }
        rz_vec_set_valid(values[COL_TAGS], row);
    }
}

static void make_vectors(rz_vec **values)
{
    for (uint32_t i = 0; i < COL_COUNT; i++) {
        values[i] = i == COL_NUMBER ? NULL : fx_vec(columns[i].type, BATCH);
    }
}

static void reset_vectors(rz_vec **values)
{
    for (uint32_t i = 0; i < COL_COUNT; i++) {
        if (values[i] != NULL) {
            rz_vec_reset(values[i]);
        }
    }
    rz_arena_reset(&fx.heap);
}

/* Row of a vector read holds the value of column for key at offset. */
static void check_value(const rz_vec *vec, uint32_t row, uint32_t column, int64_t key, uint64_t offset)
{
    char text[80];
    bool is_null = rz_vec_is_null(vec, row);
    rz_view view;
    rz_vec_view(vec, &view);
    uint32_t at = rz_view_at(&view, row);
    switch (column) {
    case COL_ID:
        CHECK(!is_null);
        CHECK_EQ_I64(((const int64_t *)view.data)[at], key);
        break;
    case COL_NAME:
        CHECK_EQ_U64(is_null, key % 11 == 4);
        if (!is_null) {
            const rz_string *s = (const rz_string *)view.data + at;
            name_of(key, text, sizeof text);
            CHECK(s->length == strlen(text) && memcmp(rz_string_data(s), text, s->length) == 0);
        }
        break;
    case COL_SCORE:
        CHECK_EQ_U64(is_null, score_is_null(key));
        CHECK(is_null || ((const double *)view.data)[at] == (double)key / 8);
        break;
    case COL_TAGS:
        CHECK_EQ_U64(is_null, key % 7 == 1);
        if (!is_null) {
            rz_list_entry entry = ((const rz_list_entry *)view.data)[at];
            CHECK_EQ_U64(entry.length, key % 4);
            for (uint32_t i = 0; i < entry.length; i++) {
                CHECK_EQ_I64(((const int64_t *)view.base->children[0]->data)[entry.offset + i], key + i);
            }
        }
        break;
    default:
        CHECK(!is_null);
        CHECK_EQ_I64(((const int64_t *)view.data)[at], (int64_t)offset);
        break;
    }
}

/* A reader shows rows [0, end) of the model. */
static void check_reader(rz_ntab_reader *reader, uint64_t end, uint32_t rounds)
{
    CHECK_EQ_U64(rz_ntab_visible_rows(reader), end);
    CHECK(rz_ntab_offset_end(reader) >= end);
    rz_arena_reset(&fx.heap);
    rz_vec *out[COL_COUNT];
    static uint32_t rows[BATCH];
    static rz_id ids[BATCH];
    static uint64_t offsets[BATCH];
    for (uint32_t i = 0; i < COL_COUNT; i++) {
        out[i] = fx_vec(columns[i].type, BATCH);
    }
    rz_vec *keys = fx_vec(RZ_INT64, BATCH);
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t column = (uint32_t)fx_below(COL_COUNT);
        if (end != 0) { /* a block, anywhere */
            uint64_t first = fx_below(4) == 0 ? end - 1 - fx_below(end < 3 * BATCH ? end : 3 * BATCH) : fx_below(end);
            uint32_t count = 1 + (uint32_t)fx_below(end - first < BATCH ? end - first : BATCH);
            uint32_t visible = 0;
            CHECK(rz_ntab_visible(reader, first, count, rows, &visible));
            FX_OK(rz_ntab_read(reader, column, first, count, out[column], &fx.err));
            for (uint32_t i = 0; i < count; i++) {
                check_value(out[column], i, column, md.keys[first + i], first + i);
            }
            rz_zone zone;
            if (rz_ntab_zone(reader, COL_ID, first, &zone)) {
                CHECK((int64_t)zone.min_bits <= md.keys[first] && (int64_t)zone.max_bits >= md.keys[first]);
            }
        }
        uint32_t count = 1 + (uint32_t)fx_below(BATCH);
        for (uint32_t i = 0; i < BATCH; i++) {
            ids[i] = end == 0 ? 0 : rz_id_make(9, fx_below(4) == 0 && i > 0 ? (rz_id_offset(ids[i - 1]) + 1) % end : fx_below(end));
        }
        uint32_t chosen = 0;
        for (uint32_t i = 0; i < count; i++) {
            rows[chosen] = i;
            chosen += fx_below(3) != 0;
        }
        rz_sel sel = {rows, chosen};
        if (end != 0) { /* rows anywhere */
            FX_OK(rz_ntab_gather(reader, column, ids, &sel, out[column], &fx.err));
            for (uint32_t i = 0; i < chosen; i++) {
                uint64_t offset = rz_id_offset(ids[rows[i]]);
                check_value(out[column], rows[i], column, md.keys[offset], offset);
            }
        }
        /* Keys that are there, keys that are not, NULLs. */
        for (uint32_t i = 0; i < count; i++) {
            uint64_t offset = rz_id_offset(ids[i]);
            uint64_t kind = fx_below(8);
            rz_vec_set_valid(keys, i);
            if (kind == 0) {
                fx_set_i64(keys, i, -5 - (int64_t)offset);
            } else if (kind == 1) {
                rz_vec_set_null(keys, i);
            } else {
                fx_set_i64(keys, i, end == 0 ? 1 : md.keys[offset]);
            }
        }
        FX_OK(rz_ntab_lookup(reader, keys, &sel, offsets, &fx.err));
        for (uint32_t i = 0; i < chosen; i++) {
            bool known = end != 0 && !rz_vec_is_null(keys, rows[i]) && fx_i64(keys, rows[i]) >= 0;
            CHECK_EQ_U64(offsets[rows[i]], known ? rz_id_offset(ids[rows[i]]) : UINT64_MAX);
        }
        rz_vec_reset(keys);
        if (end < md.end) { /* what this reader must not find */
            fx_set_i64(keys, 0, md.keys[end + fx_below(md.end - end)]);
            FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, 1}, offsets, &fx.err));
            CHECK_EQ_U64(offsets[0], UINT64_MAX);
        }
        if (round % 5 == 0) {
            rz_ntab_reader_release(reader);
        }
    }
    if (end != 0) {
        rz_error_init(&fx.err);
        rz_id beyond = rz_id_make(9, end);
        CHECK_EQ_I64(rz_ntab_gather(reader, COL_ID, &beyond, &(rz_sel){NULL, 1}, out[COL_ID], &fx.err), RUZU_ERROR_CORRUPT);
        CHECK(!rz_ntab_is_visible(reader, end));
        CHECK(rz_ntab_is_visible(reader, end - 1));
    }
}

static void check_table(rz_ntab *table, const rz_snapshot *snapshot, uint64_t end, uint32_t rounds)
{
    rz_ntab_reader *reader = NULL;
    rz_arena kept = fx.arena;
    rz_arena_init(&fx.arena, &fx.mem);
    FX_OK(rz_ntab_reader_create(table, snapshot, &fx.mem, &reader, &fx.err));
    check_reader(reader, end, rounds);
    rz_ntab_reader_free(reader);
    rz_arena_free(&fx.arena);
    fx.arena = kept;
}

/* ---- changes ---- */

static void insert(rz_ntab *table, rz_vec **values, uint64_t count)
{
    static rz_id ids[BATCH];
    static uint32_t rows[BATCH];
    while (count != 0) {
        uint32_t n = count < BATCH ? (uint32_t)count : BATCH;
        bool gaps = fx_below(2) == 0;
        uint32_t chosen = 0;
        reset_vectors(values);
        for (uint32_t i = 0; i < n; i++) {
            fill_row(values, i, next_key);
            if (!gaps || fx_below(3) != 0) {
                rows[chosen++] = i;
                model_push(next_key);
            }
            next_key += 1 + (int64_t)fx_below(3);
        }
        rz_sel sel = {gaps ? rows : NULL, chosen};
        FX_OK(rz_ntab_insert(table, &fx.writer, values, &sel, ids, &fx.err));
        for (uint32_t i = 0; i < chosen; i++) {
            CHECK_EQ_U64(ids[rows[i]], rz_id_make(9, md.end - chosen + i));
        }
        count -= n;
    }
}

static void load(rz_ntab *table, rz_vec **values, uint64_t count)
{
    rz_ntab_bulk *bulk = NULL;
    uint64_t loaded = 0, expected = 0;
    static uint32_t rows[BATCH];
    FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    while (count != 0) {
        uint32_t n = 1 + (uint32_t)fx_below(count < BATCH ? count : BATCH);
        bool gaps = fx_below(4) == 0;
        uint32_t chosen = 0;
        reset_vectors(values);
        for (uint32_t i = 0; i < n; i++) {
            fill_row(values, i, next_key);
            if (!gaps || fx_below(3) != 0) {
                rows[chosen++] = i;
                model_push(next_key);
                expected++;
            }
            next_key += 1 + (int64_t)fx_below(2);
        }
        rz_sel sel = {gaps ? rows : NULL, chosen};
        FX_OK(rz_ntab_bulk_append(bulk, values, &sel, NULL, NULL, &fx.err));
        count -= n;
    }
    FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, expected);
}

static void commit(void)
{
    fx_commit();
    md.committed_end = md.end;
}

static void rollback(void)
{
    fx_rollback();
    md.end = md.committed_end;
}

static rz_ntab *checkpoint_and_reopen(rz_ntab *table)
{
    rz_str directory;
    rz_ntab *opened = NULL;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_ntab_destroy(table);
    fx_reopen();
    rz_reader reader;
    rz_reader_init(&reader, directory.data, directory.length);
    FX_OK(rz_ntab_open(&fx.env, 9, NAME, columns, COL_COUNT, COL_ID, &reader, &opened, &fx.err));
    CHECK_EQ_U64(reader.off, directory.length);
    CHECK(!rz_ntab_changed(opened));
    rz_str_free(&directory);
    return opened;
}

/* ---- tests ---- */

static void rows_come_back(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    rz_snapshot before = fx_snapshot();
    CHECK(!rz_ntab_changed(table));
    fx_begin();
    insert(table, values, 10);
    check_table(table, &fx.writer.snapshot, md.end, 5);
    check_table(table, &before, 0, 5);
    CHECK(!rz_ntab_changed(table));
    commit();
    CHECK(rz_ntab_changed(table));
    rz_snapshot after = fx_snapshot();
    check_table(table, &before, 0, 5);
    check_table(table, &after, md.end, 5);
    rz_table_stats stats;
    rz_ntab_stats(table, &stats);
    CHECK_EQ_U64(stats.rows, md.end);
    CHECK_EQ_U64(rz_ntab_distinct(table, COL_ID), md.end);
    CHECK(rz_ntab_memory_bytes(table) != 0);
    rz_ntab_destroy(table);
}

static void a_random_history(void)
{
    enum { HELD = 3 };
    rz_ntab_reader *held[HELD] = {0};
    uint64_t held_end[HELD] = {0}, held_time[HELD] = {0};
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    uint64_t used_once = 0;
    for (uint32_t step = 0; step < 40; step++) {
        bool no_held = true;
        uint32_t changes = 1 + (uint32_t)fx_below(3);
        rz_snapshot before = fx_snapshot();
        fx_begin();
        for (uint32_t i = 0; i < changes; i++) {
            switch (fx_below(4)) {
            case 0: insert(table, values, fx_below(RZ_ROW_GROUP_ROWS * 3 / 2)); break;
            case 1: load(table, values, fx_below(RZ_ROW_GROUP_ROWS * 3 / 2)); break;
            default: insert(table, values, fx_below(20)); break;
            }
            if (md.end > RZ_ROW_GROUP_ROWS * UINT64_C(6)) {
                break;
            }
        }
        check_table(table, &fx.writer.snapshot, md.end, 2);
        check_table(table, &before, md.committed_end, 2);
        if (fx_below(3) == 0) { /* a checkpoint beside the transaction */
            rz_str directory;
            rz_str_init(&directory, &fx.mem);
            FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
            rz_str_free(&directory);
            fx_header();
            check_table(table, &fx.writer.snapshot, md.end, 2);
            check_table(table, &before, md.committed_end, 2);
        }
        if (fx_below(3) == 0) {
            rollback();
        } else {
            commit();
        }
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, md.end, 2);
        uint32_t which = (uint32_t)fx_below(HELD);
        if (held[which] != NULL) {
            check_reader(held[which], held_end[which], 2);
            rz_ntab_reader_free(held[which]);
            held[which] = NULL;
        }
        if (fx_below(3) == 0) {
            FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &held[which], &fx.err));
            held_end[which] = md.end;
            held_time[which] = now.timestamp;
        }
        uint64_t oldest = now.timestamp;
        for (uint32_t i = 0; i < HELD; i++) {
            no_held &= held[i] == NULL;
            oldest = held[i] != NULL && held_time[i] < oldest ? held_time[i] : oldest;
        }
        if (fx_below(2) == 0) {
            rz_ntab_trim(table, oldest);
            check_table(table, &now, md.end, 1);
        }
        if (no_held && fx_below(2) == 0) {
            table = checkpoint_and_reopen(table);
            check_table(table, &now, md.end, 3);
            used_once = fx_used_pages();
        }
    }
    for (uint32_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            check_reader(held[i], held_end[i], 5);
        }
        rz_ntab_reader_free(held[i]);
    }
    rz_ntab_drop(checkpoint_and_reopen(table));
    fx_header();
    CHECK(fx_used_pages() <= 4); /* two header slots, the free list */
    CHECK(used_once != 0);
}

static void checkpoints_without_changes_write_nothing(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    rz_str first, second;
    rz_str_init(&first, &fx.mem);
    rz_str_init(&second, &fx.mem);
    fx_begin();
    load(table, values, RZ_ROW_GROUP_ROWS + 100);
    commit();
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &first, &fx.err));
    fx_header();
    uint64_t used = fx_used_pages();
    uint64_t ops = fx.fs->ops;
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &second, &fx.err));
    CHECK_EQ_U64(fx.fs->ops, ops);
    CHECK(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    CHECK_EQ_U64(fx_used_pages(), used);
    /* A few more rows rewrite the last group only. */
    fx_begin();
    insert(table, values, 10);
    commit();
    rz_str_clear(&second);
    rz_ntab_trim(table, fx.timestamp);
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &second, &fx.err));
    fx_header();
    fx_header();
    CHECK(fx_used_pages() <= used + 10);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, md.end, 10);
    rz_str_free(&first);
    rz_str_free(&second);
    rz_ntab_destroy(table);
}

static void rollback_gives_pages_back(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    uint64_t used = fx_used_pages();
    fx_begin();
    load(table, values, 3 * RZ_ROW_GROUP_ROWS);
    insert(table, values, 2 * RZ_ROW_GROUP_ROWS);
    CHECK(fx_used_pages() > used);
    rollback();
    CHECK_EQ_U64(fx_used_pages(), used);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 0, 5);
    rz_ntab_destroy(table);
}

static void keys_are_unique_and_not_null(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    fx_begin();
    insert(table, values, 100);
    commit();
    static const char *const runtime = "Runtime exception: ";
    static const char duplicate[] = "Found duplicated primary key value %lld, which violates the uniqueness constraint of the primary key column.";
    static const char *const missing = "Found NULL, which violates the non-null constraint of the primary key column.";
    char text[300], body[200];

    for (uint32_t round = 0; round < 2; round++) { /* keys in memory, then on pages */
        fx_begin();
        reset_vectors(values);
        fill_row(values, 0, next_key);
        fill_row(values, 1, md.keys[17]);
        snprintf(body, sizeof body, duplicate, (long long)md.keys[17]);
        snprintf(text, sizeof text, "%s%s", runtime, body);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 2}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rollback();

        fx_begin();
        reset_vectors(values);
        fill_row(values, 0, next_key);
        fill_row(values, 1, next_key + 1);
        fill_row(values, 2, next_key);
        snprintf(body, sizeof body, duplicate, (long long)next_key);
        snprintf(text, sizeof text, "%s%s", runtime, body);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 3}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rz_vec_set_null(values[COL_ID], 2);
        snprintf(text, sizeof text, "%s%s", runtime, missing);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 3}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        /* A key of the same transaction; after rollback it is free again. */
        FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 2}, NULL, &fx.err));
        snprintf(body, sizeof body, duplicate, (long long)next_key);
        snprintf(text, sizeof text, "%s%s", runtime, body);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rollback();
        fx_begin();
        FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err));
        rollback();

        /* Loads. */
        rz_ntab_bulk *bulk = NULL;
        fx_begin();
        FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
        reset_vectors(values);
        fill_row(values, 0, md.keys[3]);
        snprintf(body, sizeof body, duplicate, (long long)md.keys[3]);
        snprintf(text, sizeof text, "Copy exception: %s", body);
        FX_FAILS(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, 1}, NULL, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rz_ntab_bulk_abort(bulk);
        rollback();
        table = checkpoint_and_reopen(table);
    }
    rz_ntab_destroy(table);
}

typedef struct bad_rows {
    uint32_t count;
    uint32_t rows[32];
    char reasons[32][200];
} bad_rows;

static void note_bad_row(void *user, uint32_t row, const char *reason)
{
    bad_rows *bad = (bad_rows *)user;
    bad->rows[bad->count] = row;
    snprintf(bad->reasons[bad->count], sizeof bad->reasons[0], "%s", reason);
    bad->count++;
}

static void loads_skip_bad_rows(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    fx_begin();
    insert(table, values, 50);
    commit();
    bad_rows bad = {0};
    rz_ntab_bulk *bulk = NULL;
    uint64_t loaded = 0;
    fx_begin();
    FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    reset_vectors(values);
    int64_t fresh = next_key;
    int64_t keys[8] = {fresh, md.keys[5], fresh + 1, fresh, fresh + 2, 0, fresh + 3, fresh + 2};
    for (uint32_t i = 0; i < 8; i++) {
        fill_row(values, i, keys[i]);
    }
    rz_vec_set_null(values[COL_ID], 5);
    FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, 8}, note_bad_row, &bad, &fx.err));
    CHECK_EQ_U64(bad.count, 4);
    CHECK(bad.rows[0] == 1 && bad.rows[1] == 3 && bad.rows[2] == 5 && bad.rows[3] == 7);
    char text[200];
    snprintf(text, sizeof text, "Found duplicated primary key value %lld, which violates the uniqueness constraint of the primary key column.",
             (long long)fresh);
    CHECK_STR(bad.reasons[1], text);
    CHECK_STR(bad.reasons[2], "Found NULL, which violates the non-null constraint of the primary key column.");
    for (int64_t i = 0; i < 4; i++) {
        model_push(fresh + i);
    }
    next_key = fresh + 4;
    /* Fill whole groups, then repeat keys from every place where they may be by then. */
    for (uint64_t total = 0; total < RZ_ROW_GROUP_ROWS * UINT64_C(2) + RZ_ROW_GROUP_ROWS / 2; total += BATCH) {
        reset_vectors(values);
        for (uint32_t i = 0; i < BATCH; i++) {
            fill_row(values, i, next_key);
            model_push(next_key++);
        }
        FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, BATCH}, note_bad_row, &bad, &fx.err));
        bad.count = 0;
        reset_vectors(values);
        uint32_t n = BATCH < 8 ? BATCH : 8;
        for (uint32_t i = 0; i < n; i++) {
            fill_row(values, i, md.keys[i == 0 ? md.end - 1 : fx_below(md.end)]);
        }
        FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, n}, note_bad_row, &bad, &fx.err));
        CHECK_EQ_U64(bad.count, n);
    }
    FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, md.end - md.committed_end);
    commit();
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, md.end, 20);
    rz_ntab_destroy(table);
}

/* String keys, among them long ones with a common beginning. */
static void text_keys(void)
{
    rz_column_def defs[2] = {{1, "name", RZ_STRING}, {2, "n", RZ_INT64}};
    rz_ntab *table = NULL;
    rz_ntab_reader *reader = NULL;
    char text[64];
    uint64_t total = RZ_ROW_GROUP_ROWS + 77;
    FX_OK(rz_ntab_create(&fx.env, 3, "Named", defs, 2, 0, &table, &fx.err));
    rz_vec *values[2] = {fx_vec(RZ_STRING, BATCH), fx_vec(RZ_INT64, BATCH)};
    for (uint64_t half = 0; half < 2; half++) {
        rz_ntab_bulk *bulk = NULL;
        uint64_t loaded;
        fx_begin();
        FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
        for (uint64_t i = 0; i < total; i += BATCH) {
            uint32_t n = total - i < BATCH ? (uint32_t)(total - i) : BATCH;
            rz_vec_reset(values[0]);
            rz_vec_reset(values[1]);
            rz_arena_reset(&fx.heap);
            for (uint32_t k = 0; k < n; k++) {
                uint64_t number = half * total + i + k;
                snprintf(text, sizeof text, number % 2 == 0 ? "%llu" : "a long common beginning %llu", (unsigned long long)number);
                fx_set_text(values[0], k, text);
                fx_set_i64(values[1], k, (int64_t)number);
            }
            FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, n}, NULL, NULL, &fx.err));
        }
        FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
        CHECK_EQ_U64(loaded, total);
        fx_commit();
    }
    rz_snapshot now = fx_snapshot();
    FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    for (uint32_t round = 0; round < 30; round++) {
        uint64_t offsets[BATCH], numbers[BATCH];
        rz_vec_reset(values[0]);
        rz_arena_reset(&fx.heap);
        for (uint32_t k = 0; k < BATCH; k++) {
            numbers[k] = fx_below(3 * total);
            snprintf(text, sizeof text, numbers[k] % 2 == 0 ? "%llu" : "a long common beginning %llu", (unsigned long long)numbers[k]);
            fx_set_text(values[0], k, text);
        }
        FX_OK(rz_ntab_lookup(reader, values[0], &(rz_sel){NULL, BATCH}, offsets, &fx.err));
        for (uint32_t k = 0; k < BATCH; k++) {
            CHECK_EQ_U64(offsets[k], numbers[k] < 2 * total ? numbers[k] : UINT64_MAX);
        }
    }
    rz_ntab_reader_free(reader);
    rz_ntab_destroy(table);
}

static void serial_keys(void)
{
    rz_column_def defs[2] = {{1, "id", rz_type_of(RUZU_TYPE_SERIAL)}, {2, "n", RZ_INT64}};
    rz_ntab *table = NULL;
    rz_ntab_reader *reader = NULL;
    uint64_t offsets[8];
    FX_OK(rz_ntab_create(&fx.env, 4, "Numbered", defs, 2, 0, &table, &fx.err));
    rz_vec *numbers = fx_vec(RZ_INT64, BATCH);
    rz_vec *explicit_keys = fx_vec(rz_type_of(RUZU_TYPE_SERIAL), BATCH);
    rz_vec *values[2] = {NULL, numbers};
    for (uint32_t i = 0; i < BATCH; i++) {
        fx_set_i64(numbers, i, i);
    }
    fx_begin();
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 5}, NULL, &fx.err)); /* keys 0 … 4 */
    fx_commit();
    fx_begin();
    values[0] = explicit_keys;
    fx_set_i64(explicit_keys, 0, 100);
    fx_set_i64(explicit_keys, 1, 7);
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 2}, NULL, &fx.err)); /* offsets 5, 6 */
    fx_set_i64(explicit_keys, 0, 3);
    FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT,
             "Runtime exception: Found duplicated primary key value 3, which violates the uniqueness constraint of the primary key column.");
    fx_commit();
    fx_begin();
    values[0] = NULL; /* the next number would be 7, which is taken */
    FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT,
             "Runtime exception: Found duplicated primary key value 7, which violates the uniqueness constraint of the primary key column.");
    fx_rollback();
    rz_snapshot now = fx_snapshot();
    FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    static const int64_t wanted[8] = {0, 4, 5, 6, 7, 100, -1, 3};
    static const uint64_t expected[8] = {0, 4, UINT64_MAX, UINT64_MAX, 6, 5, UINT64_MAX, 3};
    for (uint32_t i = 0; i < 8; i++) {
        fx_set_i64(explicit_keys, i, wanted[i]);
    }
    FX_OK(rz_ntab_lookup(reader, explicit_keys, &(rz_sel){NULL, 8}, offsets, &fx.err));
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_EQ_U64(offsets[i], expected[i]);
    }
    rz_ntab_reader_free(reader);
    rz_ntab_destroy(table);
}

/* Row `row` of a vector of any fixed-size type holds a number. */
static void set_number(rz_vec *vec, uint32_t row, int64_t number)
{
    uint8_t *at = (uint8_t *)vec->data + (size_t)row * rz_type_size(vec->type);
    rz_int128 wide = (rz_int128)number * ((rz_int128)1 << 70) + number;
    float narrow = (float)number / 4;
    double real = (double)number / 4;
    memset(at, 0, rz_type_size(vec->type));
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_INT128: memcpy(at, &wide, sizeof wide); break;
    case RZ_PHYS_FLOAT: memcpy(at, &narrow, sizeof narrow); break;
    case RZ_PHYS_DOUBLE: memcpy(at, &real, sizeof real); break;
    default: memcpy(at, &number, rz_type_size(vec->type)); break; /* little-endian */
    }
    rz_vec_set_valid(vec, row);
}

static void keys_of_all_types(void)
{
    static const ruzu_type_id types[] = {RUZU_TYPE_INT8, RUZU_TYPE_INT16, RUZU_TYPE_INT32, RUZU_TYPE_INT64, RUZU_TYPE_INT128, RUZU_TYPE_UINT8,
                                         RUZU_TYPE_UINT16, RUZU_TYPE_UINT32, RUZU_TYPE_UINT64, RUZU_TYPE_FLOAT, RUZU_TYPE_DOUBLE, RUZU_TYPE_UUID,
                                         RUZU_TYPE_DATE, RUZU_TYPE_TIMESTAMP, RUZU_TYPE_TIMESTAMP_NS};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        rz_column_def def = {1, "id", rz_type_of(types[t])};
        rz_ntab *table = NULL;
        rz_ntab_reader *reader = NULL;
        rz_vec *keys = fx_vec(def.type, 128);
        uint64_t offsets[128];
        uint32_t total = 100, batch = 8;
        FX_OK(rz_ntab_create(&fx.env, 3, "T", &def, 1, 0, &table, &fx.err));
        fx_begin();
        for (uint32_t first = 0; first < total; first += batch) {
            uint32_t n = total - first < batch ? total - first : batch;
            for (uint32_t i = 0; i < n; i++) {
                set_number(keys, i, first + i);
            }
            FX_OK(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, n}, NULL, &fx.err));
        }
        fx_commit();
        for (uint32_t round = 0; round < 2; round++) {
            rz_str directory;
            rz_snapshot now = fx_snapshot();
            FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
            for (uint32_t i = 0; i < 110; i++) {
                set_number(keys, i, i);
            }
            FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, 110}, offsets, &fx.err));
            for (uint32_t i = 0; i < 110; i++) {
                CHECK_EQ_U64(offsets[i], i < total ? i : UINT64_MAX);
            }
            /* One value for all rows, and rows of another vector. */
            rz_vec *shown = NULL;
            uint32_t index[4] = {50, 105, 7, 50};
            FX_OK(rz_vec_create_empty(&fx.arena, &fx.heap, def.type, &shown, &fx.err));
            FX_OK(rz_vec_slice(shown, keys, index, 4, &fx.err));
            FX_OK(rz_ntab_lookup(reader, shown, &(rz_sel){NULL, 4}, offsets, &fx.err));
            CHECK(offsets[0] == 50 && offsets[1] == UINT64_MAX && offsets[2] == 7 && offsets[3] == 50);
            keys->kind = RZ_VEC_CONSTANT;
            set_number(keys, 0, 33);
            FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, 3}, offsets, &fx.err));
            CHECK(offsets[0] == 33 && offsets[1] == 33 && offsets[2] == 33);
            rz_vec_reset(keys);
            rz_ntab_reader_free(reader);
            rz_str_init(&directory, &fx.mem);
            FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err)); /* then the same from pages */
            rz_str_free(&directory);
            if (types[t] == RUZU_TYPE_DOUBLE) { /* -0.0 is 0.0, a NaN is a NaN */
                double zero = -0.0, nan = (double)NAN;
                fx_begin();
                memcpy(keys->data, &zero, sizeof zero);
                rz_error_init(&fx.err);
                CHECK_EQ_I64(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT);
                memcpy(keys->data, &nan, sizeof nan);
                FX_OK(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 1}, NULL, &fx.err));
                rz_error_init(&fx.err);
                CHECK_EQ_I64(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT);
                fx_rollback();
            }
        }
        /* Integer keys may also come as a sequence. */
        if (types[t] == RUZU_TYPE_INT64 || types[t] == RUZU_TYPE_UINT64) {
            rz_vec numbers = {.type = def.type, .kind = RZ_VEC_SEQUENCE, .start = 1000, .step = 3};
            rz_vec *sequence = &numbers;
            fx_begin();
            FX_OK(rz_ntab_insert(table, &fx.writer, &sequence, &(rz_sel){NULL, 5}, NULL, &fx.err));
            FX_OK(rz_ntab_reader_create(table, &fx.writer.snapshot, &fx.mem, &reader, &fx.err));
            FX_OK(rz_ntab_lookup(reader, sequence, &(rz_sel){NULL, 6}, offsets, &fx.err));
            for (uint32_t i = 0; i < 6; i++) {
                CHECK_EQ_U64(offsets[i], i < 5 ? total + i : UINT64_MAX);
            }
            rz_ntab_reader_free(reader);
            fx_rollback();
        }
        rz_ntab_destroy(table);
    }
}

static void distinct_values_are_estimated(void)
{
    rz_column_def defs[4] = {{1, "id", rz_type_of(RUZU_TYPE_SERIAL)}, {2, "few", RZ_INT64}, {3, "many", RZ_STRING},
                             {4, "list", rz_type_list(&fx.arena, RZ_INT64)}};
    rz_ntab *table = NULL;
    rz_ntab_bulk *bulk = NULL;
    uint64_t loaded, total = 40000;
    char text[32];
    FX_OK(rz_ntab_create(&fx.env, 3, "T", defs, 4, 0, &table, &fx.err));
    rz_vec *values[4] = {NULL, fx_vec(RZ_INT64, BATCH), fx_vec(RZ_STRING, BATCH), fx_vec(defs[3].type, BATCH)};
    rz_vec_set_all_null(values[3]);
    fx_begin();
    FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    for (uint64_t first = 0; first < total; first += BATCH) {
        uint32_t n = total - first < BATCH ? (uint32_t)(total - first) : BATCH;
        rz_vec_reset(values[2]);
        rz_arena_reset(&fx.heap);
        for (uint32_t i = 0; i < n; i++) {
            fx_set_i64(values[1], i, (int64_t)fx_below(20));
            snprintf(text, sizeof text, "value %llu", (unsigned long long)((first + i) / 2));
            fx_set_text(values[2], i, text);
        }
        FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, n}, NULL, NULL, &fx.err));
    }
    FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, total);
    fx_commit();
    for (uint32_t round = 0; round < 2; round++) {
        rz_str directory;
        CHECK_EQ_U64(rz_ntab_distinct(table, 0), total);
        CHECK(rz_ntab_distinct(table, 1) >= 18 && rz_ntab_distinct(table, 1) <= 22);
        CHECK(rz_ntab_distinct(table, 2) >= total / 2 * 3 / 4 && rz_ntab_distinct(table, 2) <= total / 2 * 5 / 4);
        CHECK_EQ_U64(rz_ntab_distinct(table, 3), 0);
        rz_str_init(&directory, &fx.mem);
        FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
        fx_header();
        rz_ntab_destroy(table);
        fx_reopen();
        rz_reader reader;
        rz_reader_init(&reader, directory.data, directory.length);
        FX_OK(rz_ntab_open(&fx.env, 3, "T", defs, 4, 0, &reader, &table, &fx.err));
        rz_str_free(&directory);
    }
    rz_ntab_destroy(table);
}

/* Deleting is the store's business already: marks, undo, bitmap in the directory. */
static void deleted_rows_disappear(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    fx_begin();
    insert(table, values, RZ_ROW_GROUP_ROWS + 40);
    commit();
    rz_snapshot before = fx_snapshot();
    rz_ntab_reader *old = NULL, *reader = NULL;
    FX_OK(rz_ntab_reader_create(table, &before, &fx.mem, &old, &fx.err));
    fx_begin();
    for (uint64_t offset = 3; offset < md.end; offset += 10) {
        FX_OK(rz_rows_delete(&table->rows, &fx.writer, offset, &fx.err));
    }
    fx_rollback();
    fx_begin();
    uint64_t deleted = 0;
    for (uint64_t offset = 5; offset < md.end; offset += 10) {
        FX_OK(rz_rows_delete(&table->rows, &fx.writer, offset, &fx.err));
        FX_OK(rz_rows_delete(&table->rows, &fx.writer, offset, &fx.err)); /* a second time does nothing */
        deleted++;
    }
    FX_OK(rz_ntab_reader_create(table, &before, &fx.mem, &reader, &fx.err));
    CHECK_EQ_U64(rz_ntab_visible_rows(reader), md.end);
    rz_ntab_reader_free(reader);
    fx_commit();
    CHECK(rz_ntab_changed(table));
    for (uint32_t round = 0; round < 3; round++) {
        rz_snapshot now = fx_snapshot();
        uint32_t rows[BATCH], count = 0;
        FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
        CHECK_EQ_U64(rz_ntab_visible_rows(reader), md.end - deleted);
        CHECK(!rz_ntab_visible(reader, 4, 3, rows, &count));
        CHECK_EQ_U64(count, 2);
        CHECK(rows[0] == 0 && rows[1] == 2);
        CHECK(rz_ntab_visible(reader, 6, 2, rows, &count));
        uint64_t offsets[2];
        fx_set_i64(values[COL_ID], 0, md.keys[15]);
        fx_set_i64(values[COL_ID], 1, md.keys[16]);
        FX_OK(rz_ntab_lookup(reader, values[COL_ID], &(rz_sel){NULL, 2}, offsets, &fx.err));
        CHECK_EQ_U64(offsets[0], UINT64_MAX);
        CHECK_EQ_U64(offsets[1], 16);
        rz_ntab_reader_free(reader);
        if (round == 0) {
            CHECK_EQ_U64(rz_ntab_visible_rows(old), md.end);
            rz_ntab_reader_free(old);
        }
        table = checkpoint_and_reopen(table);
    }
    rz_ntab_destroy(table);
}

/* Texts of deleted rows do not stay on pages; a reader from before the deletion has them. */
static void texts_of_deleted_rows_leave(void)
{
    const rz_column_def two[2] = {{1, "id", RZ_INT64}, {2, "text", RZ_STRING}};
    rz_ntab *table = NULL;
    rz_vec *row[2] = {fx_vec(RZ_INT64, BATCH), fx_vec(RZ_STRING, BATCH)}, *texts = fx_vec(RZ_STRING, BATCH);
    char text[120];
    uint32_t count = RZ_ROW_GROUP_ROWS < 2000 ? RZ_ROW_GROUP_ROWS : 2000;
    FX_OK(rz_ntab_create(&fx.env, 9, "T", two, 2, 0, &table, &fx.err));
    fx_begin();
    for (uint32_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%0100u", i * 7919u);
        fx_set_i64(row[0], 0, i);
        fx_set_text(row[1], 0, text);
        FX_OK(rz_ntab_insert(table, &fx.writer, row, &(rz_sel){NULL, 1}, NULL, &fx.err));
    }
    fx_commit();
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    uint64_t pages = rz_segment_page_count(table->rows.durable->groups[0].base->segments[1]->data);
    rz_ntab_reader *old = NULL, *reader = NULL;
    rz_snapshot before = fx_snapshot();
    FX_OK(rz_ntab_reader_create(table, &before, &fx.mem, &old, &fx.err));
    fx_begin();
    for (uint32_t i = 0; i < count; i++) {
        if (i % 4 != 0) {
            FX_OK(rz_rows_delete(&table->rows, &fx.writer, i, &fx.err));
        }
    }
    fx_commit();
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    CHECK(rz_segment_page_count(table->rows.durable->groups[0].base->segments[1]->data) <= (pages + 1) / 2);
    for (uint32_t round = 0; round < 2; round++) {
        rz_snapshot now = fx_snapshot();
        FX_OK(rz_ntab_reader_create(table, round == 0 ? &before : &now, &fx.mem, &reader, &fx.err));
        for (uint32_t i = 0; i < count; i += round == 0 ? 7 : 4) {
            rz_id id = i;
            FX_OK(rz_ntab_gather(round == 0 && i % 2 == 0 ? old : reader, 1, &id, &(rz_sel){NULL, 1}, texts, &fx.err));
            const rz_string *found = (const rz_string *)texts->data;
            snprintf(text, sizeof text, "%0100u", i * 7919u);
            CHECK(found->length == 100 && memcmp(rz_string_data(found), text, 100) == 0);
        }
        rz_ntab_reader_free(reader);
        if (round == 0) {
            rz_ntab_reader_free(old);
            rz_ntab_trim(table, now.timestamp);
        }
    }
    rz_str_free(&directory);
    rz_ntab_destroy(table);
}

static uint64_t refuse_after;
static bool refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return refuse_after-- == 0;
}

/* Every allocation of a transaction and of a checkpoint is refused once; the table is as before then. */
static void refused_memory_changes_nothing(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    fx_begin();
    insert(table, values, 30);
    commit();
    uint32_t n = BATCH < 50 ? BATCH : 50;
    bool done = false;
    for (uint64_t limit = 0; !done; limit++) {
        rz_str directory;
        uint64_t loaded;
        rz_ntab_bulk *bulk = NULL;
        rz_str_init(&directory, &fx.mem);
        rz_error_init(&fx.err);
        reset_vectors(values); /* the checks below reset the heap of their strings */
        for (uint32_t i = 0; i < n; i++) {
            fill_row(values, i, next_key + i);
        }
        fx_begin();
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        ruzu_status status = rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, n / 2}, NULL, &fx.err);
        if (status == RUZU_OK) {
            status = rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err);
        }
        if (status == RUZU_OK) {
            uint32_t rows[BATCH];
            for (uint32_t i = n / 2; i < n; i++) {
                rows[i - n / 2] = i;
            }
            status = rz_ntab_bulk_append(bulk, values, &(rz_sel){rows, n - n / 2}, NULL, NULL, &fx.err);
            if (status == RUZU_OK) {
                status = rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err);
            } else {
                rz_ntab_bulk_abort(bulk);
            }
        }
        if (status == RUZU_OK) {
            status = rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err);
        }
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        done = status == RUZU_OK;
        rollback();
        rz_str_free(&directory);
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, md.end, 1);
    }
    fx_begin();
    reset_vectors(values);
    for (uint32_t i = 0; i < n; i++) {
        fill_row(values, i, next_key + i);
        model_push(next_key + i);
    }
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, n}, NULL, &fx.err));
    commit();
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, md.end, 5);
    rz_ntab_destroy(table);
}

static void damaged_directories_are_refused(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    fx_begin();
    load(table, values, RZ_ROW_GROUP_ROWS + 100);
    commit();
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_ntab_destroy(table);
    for (uint32_t round = 0; round < 300; round++) {
        rz_reader reader;
        uint8_t *bytes = (uint8_t *)rz_arena_dup(&fx.arena, directory.data, directory.length);
        size_t length = directory.length;
        if (round % 3 == 0) {
            length = fx_below(length);
        } else {
            bytes[fx_below(length)] ^= (uint8_t)(1 + fx_below(255));
        }
        fx_reopen();
        rz_reader_init(&reader, bytes, length);
        rz_error_init(&fx.err);
        ruzu_status status = rz_ntab_open(&fx.env, 9, NAME, columns, COL_COUNT, COL_ID, &reader, &table, &fx.err);
        /* A changed number may stay plausible (a zone, a register): then the table opens, and reading ends in a result or in an error. */
        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
        CHECK(round % 3 != 0 || status == RUZU_ERROR_CORRUPT);
        if (status == RUZU_OK) {
            rz_ntab_reader *tab_reader = NULL;
            rz_snapshot now = fx_snapshot();
            rz_vec *out = fx_vec(RZ_INT64, BATCH);
            FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &tab_reader, &fx.err));
            for (uint64_t first = 0; first < rz_ntab_offset_end(tab_reader); first += BATCH) {
                uint64_t left = rz_ntab_offset_end(tab_reader) - first;
                rz_error_init(&fx.err);
                status = rz_ntab_read(tab_reader, COL_ID, first, left < BATCH ? (uint32_t)left : BATCH, out, &fx.err);
                CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
            }
            rz_ntab_reader_free(tab_reader);
            rz_ntab_destroy(table);
        }
    }
    rz_str_free(&directory);
}

/* ---- a reader beside a writer ---- */

typedef struct watcher {
    rz_ntab *table;
    _Atomic uint64_t timestamp; /* newest commit */
    _Atomic bool stop;
    _Atomic bool gone;
    _Atomic uint64_t rounds;
    uint64_t wrong;
} watcher;

#define WATCH_STEP UINT64_C(10) /* rows a commit */

static void watch(void *arg)
{
    watcher *w = (watcher *)arg;
    rz_mem mem;
    rz_error err;
    rz_arena arena;
    rz_vec *vec = NULL;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    rz_error_init(&err);
    w->wrong += rz_vec_create(&arena, &arena, RZ_INT64, BATCH, &vec, &err) != RUZU_OK;
    uint64_t random = 5;
    while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
        rz_ntab_reader *reader = NULL;
        rz_snapshot snapshot = {.timestamp = atomic_load_explicit(&w->timestamp, memory_order_acquire)};
        if (rz_ntab_reader_create(w->table, &snapshot, &mem, &reader, &err) != RUZU_OK) {
            w->wrong++;
            break;
        }
        uint64_t end = rz_ntab_visible_rows(reader);
        w->wrong += end != snapshot.timestamp * WATCH_STEP;
        for (uint32_t i = 0; i < 8 && end != 0; i++) {
            random = rz_hash_u64(random + 1);
            uint64_t first = random % end;
            uint32_t count = end - first < BATCH ? (uint32_t)(end - first) : BATCH;
            w->wrong += rz_ntab_read(reader, 0, first, count, vec, &err) != RUZU_OK;
            for (uint32_t k = 0; k < count; k++) {
                w->wrong += ((const int64_t *)vec->data)[k] != (int64_t)(first + k) * 3;
            }
            uint64_t offset;
            ((int64_t *)vec->data)[0] = (int64_t)first * 3;
            w->wrong += rz_ntab_lookup(reader, vec, &(rz_sel){NULL, 1}, &offset, &err) != RUZU_OK || offset != first;
            ((int64_t *)vec->data)[0] = (int64_t)end * 3; /* written next, or being written */
            w->wrong += rz_ntab_lookup(reader, vec, &(rz_sel){NULL, 1}, &offset, &err) != RUZU_OK || offset != UINT64_MAX;
        }
        rz_ntab_reader_free(reader);
        atomic_fetch_add(&w->rounds, 1);
    }
    rz_arena_free(&arena);
    w->wrong += atomic_load(&mem.used) != 0;
    atomic_store(&w->gone, true);
}

/* Until the watcher has looked so often, or given up. */
static void watch_wait(watcher *w, uint64_t rounds)
{
    while (atomic_load(&w->rounds) < rounds && !atomic_load(&w->gone)) {
        rz_thread_yield();
    }
}

static void readers_beside_a_writer(void)
{
    rz_column_def defs[2] = {{1, "id", RZ_INT64}, {2, "name", RZ_STRING}};
    static watcher w;
    rz_thread thread;
    rz_vec *values[2];
    rz_str directory;
    memset(&w, 0, sizeof w);
    FX_OK(rz_ntab_create(&fx.env, 3, "T", defs, 2, 0, &w.table, &fx.err));
    values[0] = fx_vec(RZ_INT64, 4096);
    values[1] = fx_vec(RZ_STRING, 4096);
    rz_str_init(&directory, &fx.mem);
    for (uint32_t i = 0; i < 4096; i++) {
        fx_set_text(values[1], i, i % 2 == 0 ? "short" : "a text too long for the value itself");
    }
    FX_OK(rz_thread_start(&thread, 0, watch, &w));
    watch_wait(&w, 1);
    uint64_t commits = RZ_ROW_GROUP_ROWS / WATCH_STEP;
    commits = commits < 3000 ? 3 * commits : commits + 500;
    for (uint64_t c = 0; c < commits; c++) {
        uint64_t first = c * WATCH_STEP;
        for (uint32_t rolled_back = 0; rolled_back < 2; rolled_back++) {
            fx_begin();
            for (uint32_t i = 0; i < WATCH_STEP; i++) {
                fx_set_i64(values[0], i, (int64_t)(first + i) * 3 + (rolled_back == 0));
            }
            FX_OK(rz_ntab_insert(w.table, &fx.writer, values, &(rz_sel){NULL, WATCH_STEP}, NULL, &fx.err));
            if (rolled_back == 0) {
                fx_rollback();
            }
        }
        fx_commit();
        atomic_store_explicit(&w.timestamp, fx.timestamp, memory_order_release);
        if (c % 501 == 500) {
            rz_str_clear(&directory);
            FX_OK(rz_ntab_checkpoint(w.table, fx.timestamp, &directory, &fx.err));
            fx_header();
        }
    }
    watch_wait(&w, atomic_load(&w.rounds) + 2);
    atomic_store_explicit(&w.stop, true, memory_order_release);
    rz_thread_join(thread);
    CHECK_EQ_U64(w.wrong, 0);
    rz_str_free(&directory);
    rz_ntab_destroy(w.table);
}

/* Snapshots that are too old are told so. */
static void trimmed_snapshots_are_refused(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_ntab_reader *reader = NULL;
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    for (uint32_t i = 0; i < 3; i++) {
        fx_begin();
        insert(table, values, 20);
        commit();
    }
    rz_ntab_trim(table, 2);
    rz_snapshot old = {.timestamp = 1};
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, md.end, 3);
    FX_OK(rz_ntab_reader_create(table, &old, &fx.mem, &reader, &fx.err)); /* stamp 3 is still there, so all are */
    rz_ntab_reader_free(reader);
    rz_ntab_trim(table, 3);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_ntab_reader_create(table, &old, &fx.mem, &reader, &fx.err), RUZU_ERROR_INTERNAL);
    check_table(table, &now, md.end, 3);
    uint64_t before = md.end;
    fx_begin();
    insert(table, values, 20);
    check_table(table, &now, before, 3);
    commit();
    rz_snapshot later = fx_snapshot();
    check_table(table, &now, before, 1);
    check_table(table, &later, md.end, 3);
    rz_ntab_destroy(table);
}

int main(void)
{
    if (FX_ONE_THREAD) {
        RUN_TABLE(rows_come_back);
        RUN_TABLE(a_random_history);
        RUN_TABLE(checkpoints_without_changes_write_nothing);
        RUN_TABLE(rollback_gives_pages_back);
        RUN_TABLE(keys_are_unique_and_not_null);
        RUN_TABLE(loads_skip_bad_rows);
        RUN_TABLE(text_keys);
        RUN_TABLE(serial_keys);
        RUN_TABLE(keys_of_all_types);
        RUN_TABLE(distinct_values_are_estimated);
        RUN_TABLE(deleted_rows_disappear);
        RUN_TABLE(texts_of_deleted_rows_leave);
        RUN_TABLE(refused_memory_changes_nothing);
        RUN_TABLE(damaged_directories_are_refused);
        RUN_TABLE(trimmed_snapshots_are_refused);
    }
    RUN_TABLE_IN_MEMORY(readers_beside_a_writer);
    model_reset();
    return CHECK_DONE();
}
