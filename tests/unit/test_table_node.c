/* SPDX-License-Identifier: MIT */
/*
 * Node tables against a model: inserts, loads, rollback, snapshots that see the state before, checkpoints, reopening, deleted rows, refused memory, damaged
 * directories, a reader beside a writer.
 */
#include "storage/table/rows.h"
#include "unit/node_model.h"

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
