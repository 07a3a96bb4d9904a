/* SPDX-License-Identifier: MIT */
/*
 * A model of node tables for tests: the list of keys by offset. Every other value of a row follows from its key, so any row can be checked. And the operations that
 * change table and model together.
 */
#ifndef RZ_TESTS_NODE_MODEL_H
#define RZ_TESTS_NODE_MODEL_H

#include "storage/table/ntab.h"
#include "unit/table_fixture.h"

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

static inline void model_reset(void)
{
    free(md.keys);
    memset(&md, 0, sizeof md);
    next_key = 1000;
}

static inline void model_push(int64_t key)
{
    if (md.end == md.capacity) {
        md.capacity = md.capacity == 0 ? 1024 : md.capacity * 2;
        md.keys = (int64_t *)realloc(md.keys, md.capacity * sizeof *md.keys);
    }
    md.keys[md.end++] = key;
}

static inline void define(void)
{
    columns[COL_ID] = (rz_column_def){1, "id", RZ_INT64};
    columns[COL_NAME] = (rz_column_def){2, "name", RZ_STRING};
    columns[COL_SCORE] = (rz_column_def){3, "score", RZ_DOUBLE};
    columns[COL_TAGS] = (rz_column_def){4, "tags", rz_type_list(&fx.arena, RZ_INT64)};
    columns[COL_NUMBER] = (rz_column_def){7, "number", rz_type_of(RUZU_TYPE_SERIAL)};
}

static inline rz_ntab *create(void)
{
    rz_ntab *table = NULL;
    define();
    FX_OK(rz_ntab_create(&fx.env, 9, NAME, columns, COL_COUNT, COL_ID, &table, &fx.err));
    return table;
}

/* ---- values that follow from the key ---- */

static inline void name_of(int64_t key, char *out, size_t size)
{
    if (key % 3 == 0) {
        snprintf(out, size, "n%d", (int)(key % 1000));
    } else {
        snprintf(out, size, "a rather long name, number %lld of many", (long long)key);
    }
}

static inline bool score_is_null(int64_t key)
{
    return key % 5 == 2;
}

/* Row `row` of the vectors gets the values of key. */
static inline void fill_row(rz_vec **values, uint32_t row, int64_t key)
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

static inline void make_vectors(rz_vec **values)
{
    for (uint32_t i = 0; i < COL_COUNT; i++) {
        values[i] = i == COL_NUMBER ? NULL : fx_vec(columns[i].type, BATCH);
    }
}

static inline void reset_vectors(rz_vec **values)
{
    for (uint32_t i = 0; i < COL_COUNT; i++) {
        if (values[i] != NULL) {
            rz_vec_reset(values[i]);
        }
    }
    rz_arena_reset(&fx.heap);
}

/* Row of a vector read holds the value of column for key at offset. */
static inline void check_value(const rz_vec *vec, uint32_t row, uint32_t column, int64_t key, uint64_t offset)
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
static inline void check_reader(rz_ntab_reader *reader, uint64_t end, uint32_t rounds)
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

static inline void check_table(rz_ntab *table, const rz_snapshot *snapshot, uint64_t end, uint32_t rounds)
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

static inline void insert(rz_ntab *table, rz_vec **values, uint64_t count)
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

static inline void load(rz_ntab *table, rz_vec **values, uint64_t count)
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

static inline void commit(void)
{
    fx_commit();
    md.committed_end = md.end;
}

static inline void rollback(void)
{
    fx_rollback();
    md.end = md.committed_end;
}

static inline rz_ntab *checkpoint_and_reopen(rz_ntab *table)
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

#endif
