/* SPDX-License-Identifier: MIT */
/*
 * Bulk loading of nodes: rows to row groups, keys to a private hash table that becomes a level of the index.
 *
 * A key is checked against the table as it was before the load (index probe), then against the load itself: a candidate of the private table is a row of this
 * batch (its key is in the caller's vector), of the group being built (in key_store) or further back (on pages, or in the tail).
 *
 * Description for the log: version u32, the rows (rows_bulk.c), keys u8 (NTAB_KEYS_…), [index level]. Keys without a level are read from the rows.
 */
#include "storage/table/bulk_log.h"
#include "storage/table/key_hash.h"
#include "storage/table/ntab.h"

#define NTAB_LOAD_VERSION 1u
#define NTAB_KEYS_INDEXED 1u  /* the load's keys are in the index … */
#define NTAB_KEYS_LEVEL 2u    /* … as a level on pages */
#define NTAB_KEYS_EXPLICIT 4u /* of a SERIAL key only those that differ from the row's offset, the others were numbered */
#define NTAB_KEYS_ALL 7u

struct rz_ntab_bulk {
    rz_ntab *table;
    rz_writer *writer;
    rz_rows_bulk *rows;      /* owned */
    uint64_t first;          /* offset of the load's first row */
    rz_idx_table *keys;      /* owned */
    rz_tail_layout *layout;  /* arena: of key_store */
    rz_tail *key_store;      /* owned: keys of rows from key_store->first on, those that cannot be read elsewhere */
    rz_key_finder finder;
    rz_rows_reader existing; /* rows before the load */
    rz_arena arena;
    rz_arena heap;           /* of probe */
    rz_vec *probe;           /* arena: one key read back */
    uint64_t *offsets;       /* arena, RZ_VECTOR_CAPACITY: by row */
    uint32_t offset_capacity;
    uint32_t *good;          /* arena, RZ_VECTOR_CAPACITY: rows of the batch that are kept */
    uint32_t *part;          /* arena, RZ_VECTOR_CAPACITY */
};

static void ntab_bulk_free(rz_ntab_bulk *bulk)
{
    rz_mem *mem = bulk->table->rows.env.mem;
    rz_idx_table_free(bulk->keys);
    rz_tail_release(bulk->key_store);
    rz_key_finder_deinit(&bulk->finder);
    rz_rows_reader_deinit(&bulk->existing);
    rz_arena_free(&bulk->heap);
    rz_arena_free(&bulk->arena);
    rz_mem_free(mem, bulk, sizeof *bulk);
}

void rz_ntab_bulk_abort(rz_ntab_bulk *bulk)
{
    if (bulk != NULL) {
        rz_rows_bulk_abort(bulk->rows);
        ntab_bulk_free(bulk);
    }
}

/* What checking keys takes. */
static ruzu_status ntab_bulk_begin_keys(rz_ntab_bulk *bulk, rz_error *err)
{
    rz_ntab *table = bulk->table;
    rz_mem *mem = table->rows.env.mem;
    const rz_column_def *column = &table->rows.columns[table->key_column];
    RZ_TRY(rz_idx_table_create(mem, &bulk->keys, err));
    RZ_TRY(rz_rows_reader_init_newest(&bulk->existing, &table->rows, mem, err));
    RZ_TRY(rz_vec_create(&bulk->arena, &bulk->heap, column->type, 1, &bulk->probe, err));
    bulk->layout = rz_tail_layout_create(&bulk->arena, column, 1);
    RZ_TRY_ALLOC(bulk->layout, err, "loading a table");
    bulk->key_store = rz_tail_create(mem, bulk->layout, bulk->first, RZ_ROW_GROUP_ROWS + RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(bulk->key_store, err, "loading a table");
    return RUZU_OK;
}

ruzu_status rz_ntab_bulk_begin(rz_ntab *table, rz_writer *writer, rz_ntab_bulk **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mem *mem = table->rows.env.mem;
    *out = NULL;
    rz_ntab_bulk *bulk = (rz_ntab_bulk *)rz_mem_calloc(mem, 1, sizeof *bulk);
    RZ_TRY_ALLOC(bulk, err, "loading a table");
    bulk->table = table;
    bulk->writer = writer;
    bulk->first = rz_rows_end(&table->rows);
    rz_arena_init(&bulk->arena, mem);
    rz_arena_init(&bulk->heap, mem);
    rz_key_finder_init(&bulk->finder, table, mem);
    bulk->good = RZ_NEW_ARRAY(&bulk->arena, uint32_t, RZ_VECTOR_CAPACITY);
    bulk->part = RZ_NEW_ARRAY(&bulk->arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (bulk->good == NULL || bulk->part == NULL) {
        status = rz_error_no_memory(err, "loading a table");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_rows_bulk_begin(&table->rows, writer, &bulk->rows, err));
    if (table->key_column != RZ_NO_COLUMN) {
        RZ_TRY_GOTO(ntab_bulk_begin_keys(bulk, err));
    }
    *out = bulk;
    bulk = NULL;
cleanup:
    rz_ntab_bulk_abort(bulk);
    return status;
}

/* ---- checking keys ---- */

/* Whether row `row` of the batch has the key of row `offset`, which this load has added before. Rows of the batch itself begin at batch_first. */
static ruzu_status ntab_bulk_same_key(rz_ntab_bulk *bulk, const rz_vec *keys, uint32_t row, uint64_t offset, uint64_t batch_first, bool *out_same,
                                      rz_error *err)
{
    if (offset >= batch_first) {
        *out_same = rz_vec_equal(keys, bulk->good[offset - batch_first], keys, row);
        return RUZU_OK;
    }
    rz_vec_reset(bulk->probe);
    rz_arena_reset(&bulk->heap);
    if (offset >= rz_rows_bulk_stored(bulk->rows)) {
        RZ_TRY(rz_tail_read(bulk->key_store, 0, (uint32_t)(offset - bulk->key_store->first), 1, bulk->probe, 0, err));
    } else {
        RZ_TRY(rz_rows_bulk_read(bulk->rows, bulk->table->key_column, offset, bulk->probe, 0, err));
    }
    *out_same = rz_vec_equal(bulk->probe, 0, keys, row);
    return RUZU_OK;
}

static ruzu_status ntab_bulk_is_duplicate(rz_ntab_bulk *bulk, const rz_vec *keys, uint32_t row, uint64_t batch_first, bool *out_duplicate, rz_error *err)
{
    uint64_t cursor = 0, offset;
    *out_duplicate = false;
    while (!*out_duplicate && rz_idx_table_next(bulk->keys, bulk->table->hashes[row], &cursor, &offset)) {
        RZ_TRY(ntab_bulk_same_key(bulk, keys, row, offset, batch_first, out_duplicate, err));
    }
    return RUZU_OK;
}

/* A row that cannot be loaded: reported and skipped, or an error. */
static ruzu_status ntab_bulk_reject(rz_ntab_bulk *bulk, const rz_vec *keys, uint32_t row, bool missing, rz_bad_row_fn on_bad_row, void *user,
                                    rz_error *err)
{
    if (on_bad_row == NULL) {
        return missing ? rz_key_missing(RUZU_ERROR_COPY, err) : rz_key_duplicate(bulk->table, keys, row, RUZU_ERROR_COPY, err);
    }
    rz_error reason;
    rz_error_init(&reason);
    if (missing) {
        (void)rz_key_missing(RUZU_ERROR_COPY, &reason);
    } else {
        (void)rz_key_duplicate(bulk->table, keys, row, RUZU_ERROR_COPY, &reason);
    }
    on_bad_row(user, row, reason.message + strlen(rz_error_prefix(RUZU_ERROR_COPY)));
    return RUZU_OK;
}

/* Keys of the batch: those that are new go into bulk->good and the private table. */
static ruzu_status ntab_bulk_check(rz_ntab_bulk *bulk, const rz_vec *keys, const rz_sel *sel, rz_bad_row_fn on_bad_row, void *user, uint32_t *out_good,
                                   rz_error *err)
{
    rz_ntab *table = bulk->table;
    uint32_t row_count = rz_sel_at(sel, sel->count - 1) + 1;
    uint64_t batch_first = rz_rows_bulk_next(bulk->rows);
    uint32_t good = 0;
    RZ_TRY(rz_ntab_reserve_hashes(table, row_count, err));
    rz_key_hash(keys, sel, table->hashes);
    bool any_existing = bulk->first != 0;
    if (any_existing) {
        if (row_count > bulk->offset_capacity) {
            bulk->offset_capacity = table->hash_capacity;
            bulk->offsets = RZ_NEW_ARRAY(&bulk->arena, uint64_t, bulk->offset_capacity);
            RZ_TRY_ALLOC(bulk->offsets, err, "loading a table");
        }
        RZ_TRY(rz_key_find(&bulk->finder, &bulk->existing, keys, sel, table->hashes, bulk->offsets, err));
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        bool missing = keys->kind != RZ_VEC_SEQUENCE && rz_vec_is_null(keys, row);
        bool duplicate = any_existing && bulk->offsets[row] != UINT64_MAX;
        if (i + 8 < sel->count) {
            rz_idx_table_prefetch(bulk->keys, table->hashes[rz_sel_at(sel, i + 8)]);
        }
        if (!missing && !duplicate) {
            RZ_TRY(ntab_bulk_is_duplicate(bulk, keys, row, batch_first, &duplicate, err));
        }
        if (missing || duplicate) {
            RZ_TRY(ntab_bulk_reject(bulk, keys, row, missing, on_bad_row, user, err));
            continue;
        }
        RZ_TRY(rz_idx_table_insert(bulk->keys, table->hashes[row], batch_first + good, err));
        bulk->good[good++] = row;
    }
    *out_good = good;
    return RUZU_OK;
}

/* Keys numbered by the table are not indexed; they collide with explicit ones only. */
static ruzu_status ntab_bulk_check_numbers(rz_ntab_bulk *bulk, uint32_t count, rz_error *err)
{
    uint64_t first = rz_rows_bulk_next(bulk->rows);
    rz_vec numbers = {.type = RZ_INT64, .kind = RZ_VEC_SEQUENCE, .start = (int64_t)first, .step = 1};
    rz_sel all = {NULL, count};
    if (rz_idx_is_empty(bulk->table->idx)) {
        return RUZU_OK;
    }
    if (bulk->offset_capacity < count) {
        bulk->offset_capacity = RZ_VECTOR_CAPACITY;
        bulk->offsets = RZ_NEW_ARRAY(&bulk->arena, uint64_t, bulk->offset_capacity);
        RZ_TRY_ALLOC(bulk->offsets, err, "loading a table");
    }
    RZ_TRY(rz_key_find(&bulk->finder, &bulk->existing, &numbers, &all, NULL, bulk->offsets, err));
    for (uint32_t i = 0; i < count; i++) {
        if (bulk->offsets[i] != UINT64_MAX) {
            return rz_key_duplicate(bulk->table, &numbers, i, RUZU_ERROR_COPY, err);
        }
    }
    return RUZU_OK;
}

/* ---- appending ---- */

/* Keys of the rows just appended that cannot be read back yet. */
static ruzu_status ntab_bulk_store_keys(rz_ntab_bulk *bulk, rz_vec *keys, const rz_sel *sel, uint64_t batch_first, rz_error *err)
{
    uint64_t stored = rz_rows_bulk_stored(bulk->rows);
    uint64_t next = rz_rows_bulk_next(bulk->rows);
    if (stored > bulk->key_store->first) {
        rz_tail_clear(bulk->key_store, stored);
    }
    uint64_t first = stored > batch_first ? stored : batch_first;
    if (first >= next) {
        return RUZU_OK;
    }
    return rz_tail_write(bulk->key_store, (uint32_t)(first - bulk->key_store->first), &keys, sel, (uint32_t)(first - batch_first),
                         (uint32_t)(next - first), err);
}

static ruzu_status ntab_bulk_append_part(rz_ntab_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_bad_row_fn on_bad_row, void *user,
                                         rz_error *err)
{
    rz_ntab *table = bulk->table;
    uint64_t batch_first = rz_rows_bulk_next(bulk->rows);
    if (table->key_column == RZ_NO_COLUMN) {
        return rz_rows_bulk_append(bulk->rows, values, sel, err);
    }
    rz_vec *keys = values[table->key_column];
    if (keys == NULL) {
        RZ_TRY(ntab_bulk_check_numbers(bulk, sel->count, err));
        return rz_rows_bulk_append(bulk->rows, values, sel, err);
    }
    uint32_t good = 0;
    RZ_TRY(ntab_bulk_check(bulk, keys, sel, on_bad_row, user, &good, err));
    rz_sel kept = {bulk->good, good};
    if (good == sel->count && sel->rows == NULL) {
        kept.rows = NULL; /* whole vectors are copied faster */
    }
    RZ_TRY(rz_rows_bulk_append(bulk->rows, values, &kept, err));
    return ntab_bulk_store_keys(bulk, keys, &kept, batch_first, err);
}

ruzu_status rz_ntab_bulk_append(rz_ntab_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_bad_row_fn on_bad_row, void *user, rz_error *err)
{
    RZ_TRY(rz_rows_place(&bulk->table->rows, bulk->writer, values, &values, err));
    if (sel->count <= RZ_VECTOR_CAPACITY) {
        return sel->count == 0 ? RUZU_OK : ntab_bulk_append_part(bulk, values, sel, on_bad_row, user, err);
    }
    for (uint32_t first = 0; first < sel->count; first += RZ_VECTOR_CAPACITY) {
        uint32_t count = sel->count - first < RZ_VECTOR_CAPACITY ? sel->count - first : RZ_VECTOR_CAPACITY;
        for (uint32_t i = 0; i < count; i++) {
            bulk->part[i] = rz_sel_at(sel, first + i);
        }
        rz_sel part = {bulk->part, count};
        RZ_TRY(ntab_bulk_append_part(bulk, values, &part, on_bad_row, user, err));
    }
    return RUZU_OK;
}

/* ---- finishing ---- */

typedef struct ntab_level_undo {
    rz_undo head;
    rz_idx_added *added;
} ntab_level_undo;

static void ntab_level_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    (void)commit_timestamp;
    rz_idx_added_commit(((ntab_level_undo *)undo)->added);
}

static void ntab_level_rollback(rz_undo *undo)
{
    rz_idx_added_rollback(((ntab_level_undo *)undo)->added);
}

uint64_t rz_ntab_bulk_next_offset(const rz_ntab_bulk *bulk)
{
    return rz_rows_bulk_next(bulk->rows);
}

static ruzu_status ntab_push_level(rz_writer *writer, ntab_level_undo **out, rz_error *err)
{
    ntab_level_undo *undo = RZ_NEW(writer->arena, ntab_level_undo);
    RZ_TRY_ALLOC(undo, err, "loading a table");
    undo->head = (rz_undo){.next = writer->undo, .commit = ntab_level_commit, .rollback = ntab_level_rollback};
    undo->added = NULL; /* or, also after a failure, what there is to take back */
    writer->undo = &undo->head;
    *out = undo;
    return RUZU_OK;
}

static ruzu_status ntab_bulk_finish_keys(rz_ntab_bulk *bulk, uint64_t rows, rz_bulk_log *log, rz_error *err)
{
    ntab_level_undo *undo = NULL;
    uint64_t keys = bulk->keys == NULL ? 0 : rz_idx_table_count(bulk->keys);
    if (keys != 0) {
        RZ_TRY(ntab_push_level(bulk->writer, &undo, err));
        RZ_TRY(rz_idx_add_level(bulk->table->idx, bulk->keys, bulk->writer->arena, &undo->added, err));
    }
    if (log == NULL) {
        return RUZU_OK;
    }
    size_t at = log->redo.length;
    rz_str_append_char(&log->redo, 0);
    const rz_extents *extents = rz_idx_added_encode(undo == NULL ? NULL : undo->added, &log->redo);
    if (log->redo.failed) {
        return rz_error_no_memory(err, "describing a load");
    }
    log->redo.data[at] = (char)((keys != 0 ? NTAB_KEYS_INDEXED : 0) | (extents != NULL ? NTAB_KEYS_LEVEL : 0) | (keys != rows ? NTAB_KEYS_EXPLICIT : 0));
    return extents == NULL ? RUZU_OK : rz_bulk_add_extents(log, bulk->table->rows.env.disk, extents, err);
}

ruzu_status rz_ntab_bulk_finish(rz_ntab_bulk *bulk, rz_bulk_log *log, uint64_t *out_rows, rz_error *err)
{
    *out_rows = rz_rows_bulk_next(bulk->rows) - bulk->first;
    if (log != NULL) {
        rz_bulk_put_u32(log, NTAB_LOAD_VERSION);
    }
    ruzu_status status = rz_rows_bulk_finish(bulk->rows, log, err);
    bulk->rows = NULL;
    if (status == RUZU_OK) {
        status = ntab_bulk_finish_keys(bulk, *out_rows, log, err);
    }
    ntab_bulk_free(bulk);
    return status;
}

/* ---- replaying a description ---- */

static ruzu_status ntab_load_damaged(const rz_ntab *table, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the log's description of a load does not fit the table (%s).",
                        table->rows.column_count == 0 ? "no column" : table->rows.column_texts[0]);
}

/* Keys of rows [first, end) read back into a table of entries. */
static ruzu_status ntab_replay_read_keys(rz_ntab *table, uint64_t first, uint64_t end, bool explicit_only, rz_idx_table *keys, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows_reader reader = {0};
    rz_arena arena, heap;
    rz_vec *vec = NULL;
    rz_arena_init(&arena, table->rows.env.mem);
    rz_arena_init(&heap, table->rows.env.mem);
    RZ_TRY_GOTO(rz_rows_reader_init_newest(&reader, &table->rows, table->rows.env.mem, err));
    RZ_TRY_GOTO(rz_vec_create(&arena, &heap, table->rows.columns[table->key_column].type, RZ_VECTOR_CAPACITY, &vec, err));
    RZ_TRY_GOTO(rz_ntab_reserve_hashes(table, RZ_VECTOR_CAPACITY, err));
    while (first < end) {
        uint32_t take = end - first < RZ_VECTOR_CAPACITY ? (uint32_t)(end - first) : RZ_VECTOR_CAPACITY;
        rz_arena_reset(&heap);
        RZ_TRY_GOTO(rz_rows_read(&reader, table->key_column, first, take, vec, err));
        rz_key_hash(vec, &(rz_sel){NULL, take}, table->hashes);
        for (uint32_t i = 0; i < take; i++) {
            uint32_t at = vec->kind == RZ_VEC_CONSTANT ? 0 : i;
            if (rz_vec_is_null(vec, i)) {
                status = ntab_load_damaged(table, err);
                goto cleanup;
            }
            if (!explicit_only || ((const int64_t *)vec->data)[at] != (int64_t)(first + i)) {
                RZ_TRY_GOTO(rz_idx_table_insert(keys, table->hashes[i], first + i, err));
            }
        }
        first += take;
    }
cleanup:
    rz_rows_reader_deinit(&reader);
    rz_arena_free(&heap);
    rz_arena_free(&arena);
    return status;
}

ruzu_status rz_ntab_bulk_replay(rz_ntab *table, rz_writer *writer, rz_reader *redo, rz_error *err)
{
    uint64_t first, end;
    ntab_level_undo *undo = NULL;
    if (rz_read_u32(redo) != NTAB_LOAD_VERSION) {
        return ntab_load_damaged(table, err);
    }
    RZ_TRY(rz_rows_bulk_replay(&table->rows, writer, redo, &first, &end, err));
    uint8_t flags = rz_read_u8(redo);
    bool explicit_only = (flags & NTAB_KEYS_EXPLICIT) != 0;
    if (redo->failed || (flags & ~NTAB_KEYS_ALL) != 0 || (flags & (NTAB_KEYS_INDEXED | NTAB_KEYS_LEVEL)) == NTAB_KEYS_LEVEL ||
        ((flags & NTAB_KEYS_INDEXED) != 0 && (table->key_column == RZ_NO_COLUMN || (explicit_only && !table->serial_key)))) {
        return ntab_load_damaged(table, err);
    }
    if ((flags & NTAB_KEYS_INDEXED) == 0) {
        return RUZU_OK;
    }
    RZ_TRY(ntab_push_level(writer, &undo, err));
    if ((flags & NTAB_KEYS_LEVEL) != 0) {
        RZ_TRY(rz_idx_replay_level(table->idx, redo, first, end, writer->arena, &undo->added, err));
        if (undo->added != NULL) {
            return RUZU_OK;
        }
    }
    rz_idx_table *keys = NULL;
    RZ_TRY(rz_idx_table_create(table->rows.env.mem, &keys, err));
    ruzu_status status = ntab_replay_read_keys(table, first, end, explicit_only, keys, err);
    if (status == RUZU_OK) {
        status = rz_idx_add_entries(table->idx, keys, writer->arena, &undo->added, err);
    }
    rz_idx_table_free(keys);
    return status;
}
