/* SPDX-License-Identifier: MIT */
/*
 * Overlays of columns: checkpoints write a few changed rows beside a column, add to them, and write the column anew in the end; readers of every age see the right
 * values, reopening too, and no page is lost. Against arrays.
 */
#include "storage/table/ntab.h"
#include "unit/table_fixture.h"

#include <stdlib.h>

enum { C_ID, C_SCORE, C_NAME, C_COUNT };

#define ROWS (RZ_ROW_GROUP_ROWS + RZ_ROW_GROUP_ROWS / 2)

static rz_column_def columns[C_COUNT];
static int64_t *scores; /* of the newest commit */
static uint64_t *names; /* numbers that texts are made of; 0: NULL */

static void name_of(uint64_t number, char *text, size_t size)
{
    (void)snprintf(text, size, number % 2 == 0 ? "n%u" : "a name of more than twelve bytes, %u", (unsigned)(number % 1000000));
}

static void put(rz_vec *vec, uint32_t row, uint32_t column, uint64_t offset)
{
    char text[64];
    if (column == C_ID) {
        fx_set_i64(vec, row, (int64_t)offset);
    } else if (column == C_SCORE) {
        fx_set_i64(vec, row, scores[offset]);
    } else if (names[offset] == 0) {
        rz_vec_set_null(vec, row);
    } else {
        name_of(names[offset], text, sizeof text);
        fx_set_text(vec, row, text);
    }
}

static void draw(uint32_t column, uint64_t offset)
{
    if (column == C_SCORE) {
        scores[offset] = (int64_t)fx_random();
    } else {
        names[offset] = fx_below(10) == 0 ? 0 : fx_random();
    }
}

static bool holds(const rz_vec *vec, uint32_t row, uint32_t column, uint64_t offset)
{
    char text[64];
    if (column == C_SCORE) {
        return fx_i64(vec, row) == scores[offset];
    }
    if (names[offset] == 0 || rz_vec_is_null(vec, row)) {
        return names[offset] == 0 && rz_vec_is_null(vec, row);
    }
    name_of(names[offset], text, sizeof text);
    const rz_string *is = (const rz_string *)vec->data + row;
    return is->length == strlen(text) && memcmp(rz_string_data(is), text, is->length) == 0;
}

/* Everything, block by block and scattered. */
static void check_values(rz_ntab_reader *reader)
{
    rz_id ids[RZ_VECTOR_CAPACITY];
    uint64_t wrong = 0;
    for (uint32_t column = C_SCORE; column < C_COUNT; column++) {
        rz_vec *vec = fx_vec(columns[column].type, RZ_VECTOR_CAPACITY);
        for (uint64_t first = 0; first < ROWS; first += RZ_VECTOR_CAPACITY) {
            uint32_t count = ROWS - first < RZ_VECTOR_CAPACITY ? (uint32_t)(ROWS - first) : RZ_VECTOR_CAPACITY;
            rz_sel all = {NULL, count};
            FX_OK(rz_ntab_read(reader, column, first, count, vec, &fx.err));
            FX_OK(rz_vec_flatten(vec, &all, &fx.err));
            for (uint32_t i = 0; i < count; i++) {
                wrong += !holds(vec, i, column, first + i);
                ids[i] = fx_below(ROWS);
            }
            rz_vec_reset(vec);
            FX_OK(rz_ntab_gather(reader, column, ids, &all, vec, &fx.err));
            for (uint32_t i = 0; i < count; i++) {
                wrong += !holds(vec, i, column, ids[i]);
            }
            rz_ntab_reader_release(reader);
            rz_arena_reset(&fx.heap);
        }
    }
    CHECK_EQ_U64(wrong, 0);
}

static void check_table(rz_ntab *table, const rz_snapshot *snapshot)
{
    rz_ntab_reader *reader = NULL;
    FX_OK(rz_ntab_reader_create(table, snapshot, &fx.mem, &reader, &fx.err));
    check_values(reader);
    rz_ntab_reader_free(reader);
}

static rz_ntab *filled(void)
{
    rz_ntab *table = NULL;
    rz_vec *values[C_COUNT];
    columns[C_ID] = (rz_column_def){1, "id", RZ_INT64};
    columns[C_SCORE] = (rz_column_def){2, "score", RZ_INT64};
    columns[C_NAME] = (rz_column_def){3, "name", RZ_STRING};
    FX_OK(rz_ntab_create(&fx.env, 9, "Person", columns, C_COUNT, C_ID, &table, &fx.err));
    fx_begin();
    for (uint64_t first = 0; first < ROWS; first += RZ_VECTOR_CAPACITY) {
        uint32_t count = ROWS - first < RZ_VECTOR_CAPACITY ? (uint32_t)(ROWS - first) : RZ_VECTOR_CAPACITY;
        for (uint32_t c = 0; c < C_COUNT; c++) {
            values[c] = fx_vec(columns[c].type, RZ_VECTOR_CAPACITY);
            for (uint32_t i = 0; i < count; i++) {
                if (c != C_ID) {
                    draw(c, first + i);
                }
                put(values[c], i, c, first + i);
            }
        }
        FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, count}, NULL, &fx.err));
    }
    fx_commit();
    return table;
}

static void update(rz_ntab *table, uint32_t column, uint32_t count)
{
    rz_id ids[RZ_VECTOR_CAPACITY];
    for (uint32_t done = 0; done < count;) {
        uint32_t take = count - done < RZ_VECTOR_CAPACITY ? count - done : RZ_VECTOR_CAPACITY;
        rz_vec *vec = fx_vec(columns[column].type, RZ_VECTOR_CAPACITY);
        for (uint32_t i = 0; i < take; i++) {
            ids[i] = fx_below(ROWS);
            draw(column, ids[i]);
        }
        for (uint32_t i = 0; i < take; i++) { /* a row drawn twice has one value */
            put(vec, i, column, ids[i]);
        }
        FX_OK(rz_ntab_update(table, &fx.writer, column, ids, vec, &(rz_sel){NULL, take}, &fx.err));
        done += take;
    }
}

static uint32_t overlaid(const rz_ntab *table)
{
    uint32_t count = 0;
    for (uint32_t g = 0; g < table->rows.durable->group_count; g++) {
        for (uint32_t c = 0; c < C_COUNT; c++) {
            count += rz_segment_overlaid(table->rows.durable->groups[g].base->segments[c]->data);
        }
    }
    return count;
}

static rz_ntab *save_as(rz_ntab *table, bool whole, bool reopen)
{
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(whole ? rz_ntab_checkpoint_whole(table, fx.timestamp, &directory, &fx.err) : rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_ntab_saved(table);
    if (reopen) {
        rz_reader reader;
        rz_ntab_destroy(table);
        fx_reopen();
        rz_reader_init(&reader, (const uint8_t *)directory.data, directory.length);
        FX_OK(rz_ntab_open(&fx.env, 9, "Person", columns, C_COUNT, C_ID, &reader, &table, &fx.err));
        CHECK_EQ_U64(reader.off, directory.length);
    }
    rz_str_free(&directory);
    return table;
}

static rz_ntab *save(rz_ntab *table, bool reopen)
{
    return save_as(table, false, reopen);
}

static void overlays_are_written_and_written_into_the_column(void)
{
    uint32_t rounds = 24, most = 0, least = UINT32_MAX, few = ROWS / 160 < 1 ? 1 : ROWS / 160;
    uint64_t seen = 0;
    scores = (int64_t *)calloc(ROWS, sizeof *scores);
    names = (uint64_t *)calloc(ROWS, sizeof *names);
    rz_ntab *table = save(filled(), true);
    CHECK_EQ_U64(overlaid(table), 0);
    for (uint32_t round = 0; round < rounds; round++) {
        rz_snapshot before = fx_snapshot();
        rz_ntab_reader *old = NULL;
        if (round % 3 == 1) { /* the oldest values of this round, read after the checkpoint */
            FX_OK(rz_ntab_reader_create(table, &before, &fx.mem, &old, &fx.err));
        }
        int64_t *scores_before = (int64_t *)malloc(ROWS * sizeof *scores);
        uint64_t *names_before = (uint64_t *)malloc(ROWS * sizeof *names);
        memcpy(scores_before, scores, ROWS * sizeof *scores);
        memcpy(names_before, names, ROWS * sizeof *names);
        fx_begin();
        update(table, C_SCORE, few);
        update(table, C_NAME, few / 2 + 1);
        fx_commit();
        rz_snapshot after = fx_snapshot();
        table = save(table, old == NULL && round % 3 == 0);
        check_table(table, &after);
        if (old != NULL) {
            int64_t *scores_now = scores;
            uint64_t *names_now = names;
            scores = scores_before;
            names = names_before;
            check_values(old);
            check_table(table, &before);
            scores = scores_now;
            names = names_now;
            rz_ntab_reader_free(old);
        }
        free(scores_before);
        free(names_before);
        rz_ntab_trim(table, after.timestamp);
        check_table(table, &after);
        seen += overlaid(table);
        most = overlaid(table) > most ? overlaid(table) : most;
        least = most != 0 && overlaid(table) < least ? overlaid(table) : least;
    }
    CHECK(most >= 2);
    CHECK(least < most); /* some column was written anew */
    CHECK(seen > rounds / 2);
    table = save(table, true);
    rz_ntab_drop(table);
    fx_header();
    CHECK(fx_used_pages() <= 4); /* two header slots, the free list */
    free(scores);
    free(names);
}

/* A column of which much is changed is not given an overlay; one whose overlay is there loses it. */
static void many_changes_write_the_column(void)
{
    scores = (int64_t *)calloc(ROWS, sizeof *scores);
    names = (uint64_t *)calloc(ROWS, sizeof *names);
    rz_ntab *table = save(filled(), false);
    fx_begin();
    update(table, C_SCORE, 3);
    fx_commit();
    table = save(table, true);
    CHECK(overlaid(table) >= 1);
    fx_begin();
    update(table, C_SCORE, ROWS * 2);
    fx_commit();
    rz_snapshot after = fx_snapshot();
    table = save(table, true);
    CHECK_EQ_U64(overlaid(table), 0);
    check_table(table, &after);
    rz_ntab_drop(table);
    fx_header();
    CHECK(fx_used_pages() <= 4);
    free(scores);
    free(names);
}

/* A checkpoint of everything, with and without changes since the one before, beside an older reader. */
static void whole_checkpoints_leave_no_overlay(void)
{
    scores = (int64_t *)calloc(ROWS, sizeof *scores);
    names = (uint64_t *)calloc(ROWS, sizeof *names);
    rz_ntab *table = save(filled(), false);
    for (uint32_t round = 0; round < 3; round++) {
        rz_ntab_reader *old = NULL;
        fx_begin();
        update(table, C_SCORE, 5);
        update(table, C_NAME, 5);
        fx_commit();
        table = save(table, round == 0);
        CHECK(overlaid(table) >= 2);
        CHECK(rz_ntab_layered(table));
        rz_snapshot after = fx_snapshot();
        FX_OK(rz_ntab_reader_create(table, &after, &fx.mem, &old, &fx.err));
        if (round == 2) {
            fx_begin();
            update(table, C_SCORE, 1);
            fx_commit();
            rz_snapshot newest = fx_snapshot();
            table = save_as(table, true, false);
            check_table(table, &newest);
        } else {
            table = save_as(table, true, false);
            check_values(old);
            check_table(table, &after);
        }
        CHECK_EQ_U64(overlaid(table), 0);
        CHECK(!rz_ntab_layered(table));
        rz_ntab_reader_free(old);
        rz_ntab_trim(table, fx.timestamp);
        table = save(table, true);
        rz_snapshot newest = fx_snapshot();
        check_table(table, &newest);
    }
    rz_ntab_drop(table);
    fx_header();
    CHECK(fx_used_pages() <= 4);
    free(scores);
    free(names);
}

int main(void)
{
    RUN_TABLE(overlays_are_written_and_written_into_the_column);
    RUN_TABLE(many_changes_write_the_column);
    RUN_TABLE(whole_checkpoints_leave_no_overlay);
    return CHECK_DONE();
}
