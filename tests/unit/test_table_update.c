/* SPDX-License-Identifier: MIT */
/*
 * Updates, deletions and reused places of node tables against a model: for each snapshot that lives, a copy of what it must see. Changes of all kinds,
 * rollback, checkpoints at older timestamps and beside a transaction, trimming, reopening; refused memory; readers beside a writer and a checkpoint.
 */
#include "storage/table/ntab.h"
#include "unit/table_fixture.h"

#include <stdlib.h>

enum { C_ID, C_NAME, C_SCORE, C_TAGS, C_FLAG, C_COUNT };

#define CAPACITY RZ_VECTOR_CAPACITY
#define TABLE_ID 9
#define LIVE 3    /* snapshots */
#define HISTORY 6 /* newest committed states */

static rz_column_def columns[C_COUNT];
static uint64_t reused_places;

/* ---- the model ---- */

/* A cell is a seed from which its value follows; 0 is NULL. The key's seed is the key. */
typedef struct state {
    uint64_t timestamp;
    uint64_t end;
    uint64_t room;
    uint64_t alive_count;
    bool *alive;
    uint64_t (*cells)[C_COUNT];
} state;

static state now; /* with the open transaction's changes */
static state history[HISTORY];
static uint32_t history_count; /* history[0] is the newest: the committed one */
static state live[LIVE];
static rz_ntab_reader *live_readers[LIVE];
static uint64_t next_key;

static void state_free(state *s)
{
    free(s->alive);
    free(s->cells);
    memset(s, 0, sizeof *s);
}

static void state_reserve(state *s, uint64_t room)
{
    if (room > s->room) {
        s->room = room * 2;
        s->alive = (bool *)realloc(s->alive, s->room * sizeof *s->alive);
        s->cells = (uint64_t(*)[C_COUNT])realloc(s->cells, s->room * sizeof *s->cells);
    }
}

static void state_copy(state *to, const state *from)
{
    state_reserve(to, from->end + 1);
    to->timestamp = from->timestamp;
    to->end = from->end;
    to->alive_count = from->alive_count;
    if (from->end != 0) {
        memcpy(to->alive, from->alive, from->end * sizeof *to->alive);
        memcpy(to->cells, from->cells, from->end * sizeof *to->cells);
    }
}

static uint64_t state_find(const state *s, uint64_t key)
{
    for (uint64_t i = 0; i < s->end; i++) {
        if (s->alive[i] && s->cells[i][C_ID] == key) {
            return i;
        }
    }
    return UINT64_MAX;
}

/* ---- values ---- */

static void set_value(rz_vec *vec, uint32_t row, uint32_t column, uint64_t seed)
{
    char text[64];
    if (seed == 0) {
        rz_vec_set_null(vec, row);
        return;
    }
    rz_vec_set_valid(vec, row);
    switch (column) {
    case C_ID: fx_set_i64(vec, row, (int64_t)seed); break;
    case C_NAME:
        snprintf(text, sizeof text, seed % 2 == 0 ? "n%u" : "a name of more than twelve bytes %u", (unsigned)(seed % 100000));
        fx_set_text(vec, row, text);
        break;
    case C_SCORE: ((double *)vec->data)[row] = (double)(seed % 1000) / 8; break;
    case C_FLAG: ((int8_t *)vec->data)[row] = (int8_t)(seed % 100); break;
    default: {
        uint32_t offset = 0, count = (uint32_t)(seed % 5);
        FX_OK(rz_vec_list_reserve(vec, count, &offset, &fx.err));
        ((rz_list_entry *)vec->data)[row] = (rz_list_entry){offset, count};
        for (uint32_t i = 0; i < count; i++) {
            set_value(vec->children[0], offset + i, C_NAME, (seed + i) % 7);
        }
        break;
    }
    }
}

/* Row of a vector read holds what the seed says. */
static void check_value(const rz_vec *vec, uint32_t row, uint32_t column, uint64_t seed)
{
    char text[64];
    CHECK_EQ_U64(rz_vec_is_null(vec, row), seed == 0);
    if (seed == 0 || rz_vec_is_null(vec, row)) {
        return;
    }
    rz_view view;
    rz_vec_view(vec, &view);
    uint32_t at = rz_view_at(&view, row);
    switch (column) {
    case C_ID: CHECK_EQ_U64(((const uint64_t *)view.data)[at], seed); break;
    case C_NAME: {
        const rz_string *s = (const rz_string *)view.data + at;
        snprintf(text, sizeof text, seed % 2 == 0 ? "n%u" : "a name of more than twelve bytes %u", (unsigned)(seed % 100000));
        CHECK(s->length == strlen(text) && memcmp(rz_string_data(s), text, s->length) == 0);
        break;
    }
    case C_SCORE: CHECK(((const double *)view.data)[at] == (double)(seed % 1000) / 8); break;
    case C_FLAG: CHECK_EQ_I64(((const int8_t *)view.data)[at], (int8_t)(seed % 100)); break;
    default: {
        rz_list_entry entry = ((const rz_list_entry *)view.data)[at];
        CHECK_EQ_U64(entry.length, seed % 5);
        for (uint32_t i = 0; i < entry.length; i++) {
            check_value(view.base->children[0], entry.offset + i, C_NAME, (seed + i) % 7);
        }
        break;
    }
    }
}

/* ---- checking ---- */

static void check_block(rz_ntab_reader *reader, const state *s, uint64_t first, uint32_t count, uint32_t column)
{
    static uint32_t rows[CAPACITY];
    uint32_t visible = 0, expected = 0;
    rz_vec *out = fx_vec(columns[column].type, CAPACITY);
    bool all = rz_ntab_visible(reader, first, count, rows, &visible);
    for (uint32_t i = 0; i < count; i++) {
        bool alive = s->alive[first + i];
        CHECK_EQ_U64(rz_ntab_is_visible(reader, first + i), alive);
        CHECK(!alive || all || (expected < visible && rows[expected] == i));
        expected += alive;
    }
    CHECK_EQ_U64(all ? count : visible, expected);
    FX_OK(rz_ntab_read(reader, column, first, count, out, &fx.err));
    CHECK(rz_vec_verify(out, &(rz_sel){NULL, count}) == NULL);
    rz_zone zone;
    bool zoned = rz_ntab_zone(reader, C_ID, first, &zone);
    for (uint32_t i = 0; i < count; i++) {
        if (s->alive[first + i]) {
            check_value(out, i, column, s->cells[first + i][column]);
            if (zoned && (first + i) / CAPACITY == first / CAPACITY) {
                CHECK(zone.min_bits <= s->cells[first + i][C_ID] && zone.max_bits >= s->cells[first + i][C_ID]);
            }
        }
    }
}

static void check_gather(rz_ntab_reader *reader, const state *s, uint32_t column)
{
    static rz_id ids[CAPACITY];
    uint32_t rows[64], count = 0, most = CAPACITY < 64 ? CAPACITY : 64;
    rz_vec *out = fx_vec(columns[column].type, CAPACITY);
    for (uint32_t i = 0; i < most; i++) {
        uint64_t offset = i % 3 == 2 && count != 0 ? (rz_id_offset(ids[rows[count - 1]]) + 1) % s->end : fx_below(s->end);
        if (s->alive[offset]) {
            ids[i] = rz_id_make(TABLE_ID, offset);
            rows[count++] = i;
        }
    }
    FX_OK(rz_ntab_gather(reader, column, ids, &(rz_sel){rows, count}, out, &fx.err));
    for (uint32_t i = 0; i < count; i++) {
        check_value(out, rows[i], column, s->cells[rz_id_offset(ids[rows[i]])][column]);
    }
}

static void check_lookup(rz_ntab_reader *reader, const state *s)
{
    rz_vec *keys = fx_vec(RZ_INT64, 8);
    uint64_t offsets[8];
    for (uint32_t i = 0; i < 8; i++) {
        fx_set_i64(keys, i, (int64_t)(i % 2 == 0 ? 1 + fx_below(next_key) : s->cells[fx_below(s->end)][C_ID]));
    }
    FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, 8}, offsets, &fx.err));
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_EQ_U64(offsets[i], state_find(s, (uint64_t)fx_i64(keys, i)));
    }
}

static void check_reader(rz_ntab_reader *reader, const state *s, bool thorough)
{
    rz_arena kept = fx.arena, kept_heap = fx.heap;
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_init(&fx.heap, &fx.mem);
    CHECK_EQ_U64(rz_ntab_visible_rows(reader), s->alive_count);
    CHECK_EQ_U64(rz_ntab_offset_end(reader), s->end);
    for (uint32_t round = 0; round < 4 && s->end != 0; round++) {
        uint64_t first = fx_below(s->end);
        uint64_t most = s->end - first < CAPACITY ? s->end - first : CAPACITY;
        check_block(reader, s, first, 1 + (uint32_t)fx_below(most), (uint32_t)fx_below(C_COUNT));
        check_gather(reader, s, (uint32_t)fx_below(C_COUNT));
    }
    for (uint64_t first = 0; thorough && first < s->end; first += CAPACITY) {
        for (uint32_t c = 0; c < C_COUNT; c++) {
            check_block(reader, s, first, s->end - first < CAPACITY ? (uint32_t)(s->end - first) : CAPACITY, c);
        }
        rz_arena_reset(&fx.heap);
        rz_arena_reset(&fx.arena);
    }
    if (s->end != 0) {
        check_lookup(reader, s);
    }
    rz_ntab_reader_release(reader);
    rz_arena_free(&fx.arena);
    rz_arena_free(&fx.heap);
    fx.arena = kept;
    fx.heap = kept_heap;
}

static void check_table(rz_ntab *table, const rz_snapshot *snapshot, const state *s, bool thorough)
{
    rz_ntab_reader *reader = NULL;
    FX_OK(rz_ntab_reader_create(table, snapshot, &fx.mem, &reader, &fx.err));
    check_reader(reader, s, thorough);
    rz_ntab_reader_free(reader);
}

static void check_all(rz_ntab *table, bool thorough)
{
    rz_snapshot newest = fx_snapshot();
    check_table(table, &newest, &history[0], thorough);
    for (uint32_t i = 0; i < LIVE; i++) {
        if (live_readers[i] != NULL) {
            rz_snapshot old = {.timestamp = live[i].timestamp};
            check_table(table, &old, &live[i], thorough);
            check_reader(live_readers[i], &live[i], false);
        }
    }
}

/* ---- changes ---- */

static uint64_t random_seed(void)
{
    return fx_below(6) == 0 ? 0 : 1 + fx_below(100000);
}

/* A key that nobody has: a new one, or one that was given up. */
static uint64_t free_key(void)
{
    if (fx_below(3) == 0 && next_key > 1) {
        uint64_t old = 1 + fx_below(next_key - 1);
        if (state_find(&now, old) == UINT64_MAX) {
            return old;
        }
    }
    return next_key++;
}

static void note_insert(uint64_t offset, const uint64_t *cells)
{
    if (offset < now.end) {
        CHECK(!now.alive[offset]);
        for (uint32_t i = 0; i < LIVE; i++) {
            CHECK(live_readers[i] == NULL || offset >= live[i].end || !live[i].alive[offset]);
        }
        CHECK(offset >= history[0].end || !history[0].alive[offset]);
        reused_places++;
    } else {
        CHECK_EQ_U64(offset, now.end);
        state_reserve(&now, now.end + 1);
        now.end++;
    }
    now.alive[offset] = true;
    memcpy(now.cells[offset], cells, sizeof now.cells[offset]);
    now.alive_count++;
}

static void change_insert(rz_ntab *table, uint32_t count)
{
    static uint64_t cells[CAPACITY][C_COUNT];
    static rz_id ids[CAPACITY];
    rz_vec *values[C_COUNT];
    rz_arena kept = fx.arena;
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_reset(&fx.heap);
    for (uint32_t c = 0; c < C_COUNT; c++) {
        values[c] = fx_vec(columns[c].type, CAPACITY);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t c = 0; c < C_COUNT; c++) {
            cells[i][c] = c != C_ID ? random_seed() : i == 0 ? free_key() : next_key++; /* one of them may be an old one */
        }
        for (uint32_t c = 0; c < C_COUNT; c++) {
            set_value(values[c], i, c, cells[i][c]);
        }
    }
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, count}, ids, &fx.err));
    for (uint32_t i = 0; i < count; i++) {
        note_insert(rz_id_offset(ids[i]), cells[i]);
    }
    rz_arena_free(&fx.arena);
    fx.arena = kept;
}

/* Rows near each other, or anywhere; some twice, some deleted. */
static uint64_t random_place(uint64_t near)
{
    return fx_below(4) == 0 ? fx_below(now.end) : (near + fx_below(CAPACITY)) % now.end;
}

static void change_update(rz_ntab *table, uint32_t column, uint32_t count)
{
    static rz_id ids[CAPACITY];
    static uint32_t rows[CAPACITY];
    uint32_t chosen = 0;
    rz_arena kept = fx.arena;
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_reset(&fx.heap);
    rz_vec *values = fx_vec(columns[column].type, CAPACITY);
    uint64_t near = fx_below(now.end), constant = random_seed();
    bool is_constant = column != C_ID && fx_below(5) == 0, ascending = fx_below(2) == 0;
    if (is_constant) {
        rz_vec_set_constant(values);
        set_value(values, 0, column, constant);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = ascending ? (near + i) % now.end : random_place(near);
        uint64_t seed = is_constant ? constant : column == C_ID ? next_key++ : random_seed();
        if (!is_constant) {
            set_value(values, i, column, seed);
        }
        ids[i] = rz_id_make(TABLE_ID, offset);
        if (fx_below(4) != 0) {
            rows[chosen++] = i;
            now.cells[offset][column] = now.alive[offset] ? seed : now.cells[offset][column];
        }
    }
    FX_OK(rz_ntab_update(table, &fx.writer, column, ids, values, &(rz_sel){rows, chosen}, &fx.err));
    rz_arena_free(&fx.arena);
    fx.arena = kept;
}

static void change_delete(rz_ntab *table, uint32_t count)
{
    static rz_id ids[CAPACITY];
    uint64_t near = fx_below(now.end), deleted = 7, expected = 7;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = random_place(near);
        ids[i] = rz_id_make(TABLE_ID, offset);
        expected += now.alive[offset];
        now.alive_count -= now.alive[offset];
        now.alive[offset] = false;
    }
    FX_OK(rz_ntab_delete(table, &fx.writer, ids, &(rz_sel){NULL, count}, &deleted, &fx.err));
    CHECK_EQ_U64(deleted, expected);
}

static void change(rz_ntab *table)
{
    uint32_t most = CAPACITY;
    if (fx_below(3) != 0) {
        most = 8;
    }
    uint32_t count = 1 + (uint32_t)fx_below(most);
    switch (now.end == 0 ? 0 : fx_below(10)) {
    case 0:
    case 1:
    case 2: change_insert(table, count); break;
    case 3:
    case 4: change_delete(table, count); break;
    case 5: change_update(table, C_ID, count); break;
    default: change_update(table, C_NAME + (uint32_t)fx_below(C_COUNT - 1), count); break;
    }
}

static void end_transaction(bool commit)
{
    if (!commit) {
        fx_rollback();
        state_copy(&now, &history[0]);
        return;
    }
    fx_commit();
    now.timestamp = fx.timestamp;
    state oldest = history[HISTORY - 1];
    memmove(&history[1], &history[0], (HISTORY - 1) * sizeof history[0]);
    history[0] = oldest;
    state_copy(&history[0], &now);
    history_count += history_count < HISTORY;
}

/* ---- the table ---- */

static void start(void)
{
    memset(&now, 0, sizeof now);
    memset(history, 0, sizeof history);
    memset(live, 0, sizeof live);
    memset(live_readers, 0, sizeof live_readers);
    state_reserve(&now, 1);
    state_copy(&history[0], &now);
    history_count = 1;
    next_key = 1;
    columns[C_ID] = (rz_column_def){1, "id", RZ_INT64};
    columns[C_NAME] = (rz_column_def){2, "name", RZ_STRING};
    columns[C_SCORE] = (rz_column_def){3, "score", RZ_DOUBLE};
    columns[C_TAGS] = (rz_column_def){4, "tags", rz_type_list(&fx.arena, RZ_STRING)};
    columns[C_FLAG] = (rz_column_def){5, "flag", rz_type_of(RUZU_TYPE_INT8)};
}

static void drop_live(uint32_t which)
{
    rz_ntab_reader_free(live_readers[which]);
    live_readers[which] = NULL;
}

static void finish(void)
{
    for (uint32_t i = 0; i < LIVE; i++) {
        drop_live(i);
        state_free(&live[i]);
    }
    for (uint32_t i = 0; i < HISTORY; i++) {
        state_free(&history[i]);
    }
    state_free(&now);
}

static rz_ntab *create(void)
{
    rz_ntab *table = NULL;
    FX_OK(rz_ntab_create(&fx.env, TABLE_ID, "Person", columns, C_COUNT, C_ID, &table, &fx.err));
    return table;
}

static uint64_t oldest_live(void)
{
    uint64_t oldest = fx.timestamp;
    for (uint32_t i = 0; i < LIVE; i++) {
        oldest = live_readers[i] != NULL && live[i].timestamp < oldest ? live[i].timestamp : oldest;
    }
    return oldest;
}

static uint64_t last_fold, last_trim;

static void trim(rz_ntab *table)
{
    last_trim = oldest_live();
    rz_ntab_trim(table, last_trim);
}

/* At one of the newest timestamps, but not at one that has been given up. */
static uint32_t fold(rz_ntab *table, uint32_t back, rz_str *out)
{
    while (back != 0 && (back >= history_count || history[back].timestamp < last_fold || history[back].timestamp < last_trim)) {
        back--;
    }
    last_fold = history[back].timestamp;
    rz_str_clear(out);
    FX_OK(rz_ntab_checkpoint(table, last_fold, out, &fx.err));
    return back;
}

static rz_ntab *reopen(rz_ntab *table, const rz_str *directory)
{
    rz_ntab *opened = NULL;
    rz_reader reader;
    rz_ntab_destroy(table);
    fx_reopen();
    rz_reader_init(&reader, directory->data, directory->length);
    FX_OK(rz_ntab_open(&fx.env, TABLE_ID, "Person", columns, C_COUNT, C_ID, &reader, &opened, &fx.err));
    CHECK_EQ_U64(reader.off, directory->length);
    CHECK(!rz_ntab_changed(opened));
    return opened;
}

/* ---- tests ---- */

static void fill(rz_ntab *table, uint64_t count)
{
    fx_begin();
    while (now.end < count) {
        change_insert(table, count - now.end < CAPACITY ? (uint32_t)(count - now.end) : CAPACITY);
    }
    end_transaction(true);
}

static void a_random_history(void)
{
    start();
    rz_ntab *table = create();
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    last_fold = last_trim = 0;
    reused_places = 0;
    fill(table, RZ_ROW_GROUP_ROWS - CAPACITY / 2);
    for (uint32_t step = 0; step < 150; step++) {
        bool thorough = step % 30 == 29 || CAPACITY <= 16;
        fx_begin();
        for (uint32_t i = (uint32_t)fx_below(4); i != UINT32_MAX; i--) {
            change(table);
        }
        check_table(table, &fx.writer.snapshot, &now, thorough);
        check_all(table, false);
        if (fx_below(4) == 0) { /* a checkpoint beside the transaction */
            fold(table, (uint32_t)fx_below(HISTORY), &directory);
            fx_header();
            rz_ntab_saved(table);
            check_table(table, &fx.writer.snapshot, &now, thorough);
            change(table);
            check_table(table, &fx.writer.snapshot, &now, thorough);
        }
        if (fx_below(4) == 0) {
            trim(table);
            check_table(table, &fx.writer.snapshot, &now, false);
            change(table);
        }
        end_transaction(fx_below(4) != 0);
        check_all(table, thorough);
        uint32_t which = (uint32_t)fx_below(LIVE);
        drop_live(which);
        if (fx_below(3) != 0) {
            rz_snapshot newest = fx_snapshot();
            state_copy(&live[which], &history[0]);
            live[which].timestamp = fx.timestamp;
            FX_OK(rz_ntab_reader_create(table, &newest, &fx.mem, &live_readers[which], &fx.err));
        }
        if (fx_below(3) == 0) {
            trim(table);
            check_all(table, thorough);
        }
        if (fx_below(12) == 0) {
            for (uint32_t i = 0; i < LIVE; i++) {
                drop_live(i);
            }
            uint32_t back = fold(table, (uint32_t)fx_below(3), &directory);
            fx_header();
            CHECK(back != 0 || !rz_ntab_changed(table));
            table = reopen(table, &directory);
            state_copy(&now, &history[back]); /* what came later is lost with this table */
            state_copy(&history[0], &now);
            history[0].timestamp = fx.timestamp;
            history_count = 1;
            check_all(table, true);
        }
    }
    CHECK(reused_places != 0);
    for (uint32_t i = 0; i < LIVE; i++) {
        drop_live(i);
    }
    fold(table, 0, &directory);
    fx_header();
    rz_ntab_drop(table);
    fx_header();
    CHECK(fx_used_pages() <= 4); /* two header slots, the free list */
    rz_str_free(&directory);
    finish();
}

/* Nothing is left in memory when a checkpoint has taken everything and nobody looks back; untouched columns keep their pages. */
static void checkpoints_write_what_was_touched(void)
{
    start();
    rz_ntab *table = create();
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    last_fold = last_trim = 0;
    fill(table, RZ_ROW_GROUP_ROWS * 2);
    fold(table, 0, &directory);
    fx_header();
    rz_ntab_trim(table, fx.timestamp);
    const rz_row_base *before[2] = {table->rows.durable->groups[0].base, table->rows.durable->groups[1].base};
    const rz_row_segment *segments[C_COUNT];
    memcpy(segments, before[0]->segments, sizeof segments);
    uint64_t empty = rz_ntab_memory_bytes(table);
    fx_begin();
    change_update(table, C_SCORE, 1);
    rz_id id = rz_id_make(TABLE_ID, 5);
    rz_vec *value = fx_vec(RZ_DOUBLE, 1);
    set_value(value, 0, C_SCORE, 4711);
    now.cells[5][C_SCORE] = 4711;
    FX_OK(rz_ntab_update(table, &fx.writer, C_SCORE, &id, value, &(rz_sel){NULL, 1}, &fx.err));
    end_transaction(true);
    CHECK(rz_ntab_changed(table));
    CHECK(rz_ntab_memory_bytes(table) > empty);
    rz_zone zone;
    rz_ntab_reader *reader = NULL;
    rz_snapshot newest = fx_snapshot();
    FX_OK(rz_ntab_reader_create(table, &newest, &fx.mem, &reader, &fx.err));
    CHECK(!rz_ntab_zone(reader, C_SCORE, 5, &zone));
    CHECK(rz_ntab_zone(reader, C_ID, 5, &zone));
    rz_ntab_reader_free(reader);
    fold(table, 0, &directory);
    fx_header();
    rz_ntab_saved(table);
    rz_ntab_trim(table, fx.timestamp);
    CHECK(!rz_ntab_changed(table));
    CHECK_EQ_U64(rz_ntab_memory_bytes(table), empty);
    CHECK(table->rows.current->groups[0].base == table->rows.durable->groups[0].base);
    for (uint32_t c = 0; c < C_COUNT; c++) {
        CHECK_EQ_U64(table->rows.durable->groups[0].base->segments[c] == segments[c], c != C_SCORE);
    }
    FX_OK(rz_ntab_reader_create(table, &newest, &fx.mem, &reader, &fx.err));
    CHECK(rz_ntab_zone(reader, C_SCORE, 5, &zone));
    rz_ntab_reader_free(reader);
    check_all(table, false);
    /* Deletions alone rewrite no column; neither is the deletion forgotten. */
    memcpy(segments, table->rows.durable->groups[0].base->segments, sizeof segments);
    fx_begin();
    change_delete(table, 3);
    end_transaction(true);
    CHECK(rz_ntab_changed(table));
    fold(table, 0, &directory);
    fx_header();
    CHECK(memcmp(segments, table->rows.durable->groups[0].base->segments, sizeof segments) == 0);
    table = reopen(table, &directory);
    check_all(table, true);
    rz_ntab_destroy(table);
    rz_str_free(&directory);
    finish();
}

/* Keys: of deleted rows, of updated ones, of rows that change places, in one transaction and over several. */
static void keys_come_and_go(void)
{
    static const char *const duplicate =
        "Runtime exception: Found duplicated primary key value 3, which violates the uniqueness constraint of the primary key column.";
    start();
    rz_ntab *table = create();
    fill(table, 8); /* keys 1 … 8 */
    rz_vec *keys = fx_vec(RZ_INT64, 8);
    rz_id ids[8];
    for (uint32_t i = 0; i < 8; i++) {
        ids[i] = rz_id_make(TABLE_ID, i);
    }
    fx_begin();
    fx_set_i64(keys, 0, 3);
    FX_FAILS(rz_ntab_update(table, &fx.writer, C_ID, ids, keys, &(rz_sel){NULL, 1}, &fx.err), RUZU_ERROR_CONSTRAINT, duplicate);
    fx_rollback();
    fx_begin();
    rz_vec_set_null(keys, 0);
    FX_FAILS(rz_ntab_update(table, &fx.writer, C_ID, ids, keys, &(rz_sel){NULL, 1}, &fx.err), RUZU_ERROR_CONSTRAINT,
             "Runtime exception: Found NULL, which violates the non-null constraint of the primary key column.");
    fx_rollback();
    fx_begin(); /* two rows get the same new key */
    fx_set_i64(keys, 0, 30);
    fx_set_i64(keys, 1, 30);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_ntab_update(table, &fx.writer, C_ID, ids, keys, &(rz_sel){NULL, 2}, &fx.err), RUZU_ERROR_CONSTRAINT);
    fx_rollback();
    fx_begin(); /* its own key, and a key that it does not get in the end: no conflict */
    rz_id twice[3] = {ids[2], ids[2], ids[4]};
    fx_set_i64(keys, 0, 40);
    fx_set_i64(keys, 1, 3);
    fx_set_i64(keys, 2, 40);
    FX_OK(rz_ntab_update(table, &fx.writer, C_ID, twice, keys, &(rz_sel){NULL, 3}, &fx.err));
    now.cells[4][C_ID] = 40;
    next_key = 50;
    check_table(table, &fx.writer.snapshot, &now, true);
    fx_set_i64(keys, 0, 5); /* row 4's old key is free now: for row 0, whose key 1 is then free for row 1 */
    FX_OK(rz_ntab_update(table, &fx.writer, C_ID, ids, keys, &(rz_sel){NULL, 1}, &fx.err));
    fx_set_i64(keys, 1, 1);
    uint32_t second = 1;
    FX_OK(rz_ntab_update(table, &fx.writer, C_ID, ids, keys, &(rz_sel){&second, 1}, &fx.err));
    now.cells[0][C_ID] = 5;
    now.cells[1][C_ID] = 1;
    check_table(table, &fx.writer.snapshot, &now, true);
    check_all(table, true);
    /* Delete key 3 and insert it again in the same transaction. */
    uint64_t deleted = 0;
    FX_OK(rz_ntab_delete(table, &fx.writer, &ids[2], &(rz_sel){NULL, 1}, &deleted, &fx.err));
    CHECK_EQ_U64(deleted, 1);
    now.alive[2] = false;
    now.alive_count--;
    rz_vec *values[C_COUNT];
    uint64_t cells[C_COUNT] = {3, 11, 12, 13, 14};
    for (uint32_t c = 0; c < C_COUNT; c++) {
        values[c] = fx_vec(columns[c].type, 1);
        set_value(values[c], 0, c, cells[c]);
    }
    rz_id place;
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, &place, &fx.err));
    note_insert(rz_id_offset(place), cells);
    FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, &place, &fx.err), RUZU_ERROR_CONSTRAINT, duplicate);
    check_table(table, &fx.writer.snapshot, &now, true);
    end_transaction(true);
    check_all(table, true);
    rz_ntab_destroy(table);
    finish();
}

/* Replaying inserts at given places. */
static void rows_go_to_given_places(void)
{
    start();
    rz_ntab *table = create();
    fill(table, CAPACITY);
    fx_begin();
    rz_id gone[2] = {rz_id_make(TABLE_ID, 1), rz_id_make(TABLE_ID, 5)};
    uint64_t count = 0;
    FX_OK(rz_ntab_delete(table, &fx.writer, gone, &(rz_sel){NULL, 2}, &count, &fx.err));
    now.alive[1] = now.alive[5] = false;
    now.alive_count -= 2;
    end_transaction(true);
    uint64_t cells[4][C_COUNT];
    rz_vec *values[C_COUNT];
    for (uint32_t c = 0; c < C_COUNT; c++) {
        values[c] = fx_vec(columns[c].type, 4);
        for (uint32_t i = 0; i < 4; i++) {
            cells[i][c] = c == C_ID ? next_key++ : random_seed();
            set_value(values[c], i, c, cells[i][c]);
        }
    }
    uint64_t end = now.end;
    const uint64_t bad[4][4] = {{end + 1, 1, 5, end + 2}, {end, end, 1, 5}, {0, end, 1, 5}, {1, 1, 5, end}};
    rz_id ids[4];
    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < 4; i++) {
            ids[i] = rz_id_make(TABLE_ID, bad[round][i]);
        }
        fx_begin();
        rz_error_init(&fx.err);
        CHECK_EQ_I64(rz_ntab_insert_at(table, &fx.writer, ids, values, &(rz_sel){NULL, 4}, &fx.err), RUZU_ERROR_CORRUPT);
        fx_rollback();
        check_all(table, true);
    }
    const uint64_t good[4] = {end + 1, 5, end, 1};
    for (uint32_t round = 0; round < 2; round++) {
        fx_begin();
        for (uint32_t i = 0; i < 4; i++) {
            ids[i] = rz_id_make(TABLE_ID, good[i]);
        }
        FX_OK(rz_ntab_insert_at(table, &fx.writer, ids, values, &(rz_sel){NULL, 4}, &fx.err));
        state_reserve(&now, end + 2);
        now.end = end + 2;
        now.alive[end] = now.alive[end + 1] = false;
        for (uint32_t i = 0; i < 4; i++) {
            memcpy(now.cells[good[i]], cells[i], sizeof cells[i]);
            now.alive[good[i]] = true;
            now.alive_count++;
        }
        check_table(table, &fx.writer.snapshot, &now, true);
        check_all(table, true);
        end_transaction(round == 1);
        check_all(table, true);
    }
    rz_ntab_destroy(table);
    finish();
}

/* ---- refused memory ---- */

static uint64_t refuse_after;

static bool refuse(void *user, size_t size)
{
    (void)user, (void)size;
    return refuse_after == 0 || refuse_after-- == 1;
}

/* Every allocation of a transaction and of a checkpoint is refused once; the table is as before then. */
static void refused_memory_changes_nothing(void)
{
    start();
    rz_ntab *table = create();
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    last_fold = last_trim = 0;
    fill(table, CAPACITY * 2);
    fx_begin();
    change_delete(table, 4);
    end_transaction(true);
    fold(table, 0, &directory);
    fx_header();
    rz_ntab_saved(table);
    rz_ntab_trim(table, fx.timestamp);
    fx_begin();
    change_update(table, C_NAME, 5);
    end_transaction(true);
    rz_vec *values[C_COUNT];
    uint32_t n = CAPACITY < 20 ? CAPACITY : 20;
    rz_id ids[20];
    bool done = false;
    for (uint64_t limit = 1; !done; limit++) {
        rz_arena kept = fx.arena;
        rz_arena_init(&fx.arena, &fx.mem);
        for (uint32_t c = 0; c < C_COUNT; c++) {
            values[c] = fx_vec(columns[c].type, 20);
            for (uint32_t i = 0; i < n; i++) {
                set_value(values[c], i, c, c == C_ID ? next_key + i : random_seed());
                ids[i] = rz_id_make(TABLE_ID, fx_below(now.end));
            }
        }
        uint32_t rows[10];
        for (uint32_t i = 0; i < n / 2; i++) {
            rows[i] = n / 2 + i;
        }
        rz_sel half = {rows, n / 2};
        uint64_t count = 0;
        ruzu_status status = RUZU_OK;
        rz_error_init(&fx.err);
        fx_begin();
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        for (uint32_t c = C_NAME; c < C_COUNT && status == RUZU_OK; c++) {
            status = rz_ntab_update(table, &fx.writer, c, ids, values[c], &(rz_sel){NULL, n}, &fx.err);
        }
        if (status == RUZU_OK) {
            status = rz_ntab_update(table, &fx.writer, C_ID, ids, values[C_ID], &(rz_sel){NULL, n / 2}, &fx.err);
        }
        if (status == RUZU_OK) {
            status = rz_ntab_delete(table, &fx.writer, ids, &(rz_sel){NULL, 3}, &count, &fx.err);
        }
        if (status == RUZU_OK) {
            status = rz_ntab_insert(table, &fx.writer, values, &half, NULL, &fx.err);
        }
        if (status == RUZU_OK) {
            rz_str_clear(&directory);
            status = rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err);
        }
        if (status == RUZU_OK) { /* may leave things in memory, no more */
            rz_ntab_trim(table, fx.timestamp);
        }
        done = refuse_after > 1 && status == RUZU_OK;
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        fx_rollback();
        check_all(table, true);
        rz_arena_free(&fx.arena);
        fx.arena = kept;
    }
    rz_ntab_destroy(table);
    rz_str_free(&directory);
    finish();
}

int main(void)
{
    RUN_TABLE(keys_come_and_go);
    RUN_TABLE(rows_go_to_given_places);
    RUN_TABLE(checkpoints_write_what_was_touched);
    RUN_TABLE(a_random_history);
    RUN_TABLE(refused_memory_changes_nothing);
    return CHECK_DONE();
}
