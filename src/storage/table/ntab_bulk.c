/* SPDX-License-Identifier: MIT */
/*
 * Bulk loading of nodes: rows to row groups, keys to a private hash table that becomes a level of the index.
 *
 * A key is checked against the table as it was before the load (index probe), then against the load itself: a candidate of the private table is a row of this
 * batch (its key is in the caller's vector), of the group being built (in key_store) or further back (on pages, or in the tail).
 */
#include "storage/table/key_hash.h"
#include "storage/table/ntab.h"

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

ruzu_status rz_ntab_bulk_finish(rz_ntab_bulk *bulk, uint64_t *out_rows, rz_error *err)
{
    rz_writer *writer = bulk->writer;
    *out_rows = rz_rows_bulk_next(bulk->rows) - bulk->first;
    ruzu_status status = rz_rows_bulk_finish(bulk->rows, err);
    bulk->rows = NULL;
    if (status == RUZU_OK && bulk->keys != NULL && rz_idx_table_count(bulk->keys) != 0) {
        ntab_level_undo *undo = RZ_NEW(writer->arena, ntab_level_undo);
        status = undo == NULL ? rz_error_no_memory(err, "loading a table") : RUZU_OK;
        if (status == RUZU_OK) {
            undo->head = (rz_undo){.next = writer->undo, .commit = ntab_level_commit, .rollback = ntab_level_rollback};
            status = rz_idx_add_level(bulk->table->idx, bulk->keys, writer->arena, &undo->added, err);
            writer->undo = &undo->head; /* after a failure `added` is NULL, or says what there is to take back */
        }
    }
    ntab_bulk_free(bulk);
    return status;
}
