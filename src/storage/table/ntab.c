/* SPDX-License-Identifier: MIT */
/*
 * Node tables: creating, inserting, reading, saving.
 */
#include "storage/table/ntab.h"

#include "storage/table/key_hash.h"

/* ---- creating ---- */

static ruzu_status ntab_create_empty(const rz_table_env *env, uint32_t table_id, const char *name, const rz_column_def *columns, uint32_t column_count,
                                     uint32_t key_column, rz_ntab **out, rz_error *err)
{
    *out = NULL;
    RZ_ASSERT(key_column == RZ_NO_COLUMN || key_column < column_count);
    rz_ntab *table = (rz_ntab *)rz_mem_calloc(env->mem, 1, sizeof *table);
    RZ_TRY_ALLOC(table, err, "creating a table");
    table->table_id = table_id;
    table->key_column = key_column;
    table->serial_key = key_column != RZ_NO_COLUMN && columns[key_column].type->id == RUZU_TYPE_SERIAL;
    if (rz_mutex_init(&table->fold_lock) != RUZU_OK) {
        rz_mem_free(env->mem, table, sizeof *table);
        return rz_error_no_memory(err, "creating a table");
    }
    bool reuse = true; /* of places; a SERIAL value is its row's offset */
    for (uint32_t i = 0; i < column_count; i++) {
        reuse &= columns[i].type->id != RUZU_TYPE_SERIAL;
    }
    ruzu_status status = rz_rows_init(&table->rows, env, "table", name, columns, column_count, err);
    table->rows.reuse = reuse;
    if (status != RUZU_OK) {
        rz_mutex_destroy(&table->fold_lock);
        rz_mem_free(env->mem, table, sizeof *table);
        return status;
    }
    *out = table;
    return RUZU_OK;
}

static void ntab_free(rz_ntab *table, bool give_back)
{
    if (table == NULL) {
        return;
    }
    rz_mem *mem = table->rows.env.mem;
    rz_idx_destroy(table->idx, give_back);
    rz_rows_deinit(&table->rows, give_back);
    rz_mem_free(mem, table->hashes, table->hash_capacity * sizeof *table->hashes);
    rz_mem_free(mem, table->slots, (size_t)table->hash_capacity * 4 * sizeof *table->slots);
    rz_mutex_destroy(&table->fold_lock);
    rz_mem_free(mem, table, sizeof *table);
}

ruzu_status rz_ntab_create(const rz_table_env *env, uint32_t table_id, const char *name, const rz_column_def *columns, uint32_t column_count,
                           uint32_t key_column, rz_ntab **out, rz_error *err)
{
    rz_ntab *table;
    *out = NULL;
    RZ_TRY(ntab_create_empty(env, table_id, name, columns, column_count, key_column, &table, err));
    if (key_column != RZ_NO_COLUMN) {
        ruzu_status status = rz_idx_create(env->mem, env->disk, env->pool, table->rows.column_texts[key_column], &table->idx, err);
        if (status != RUZU_OK) {
            ntab_free(table, false);
            return status;
        }
    }
    *out = table;
    return RUZU_OK;
}

void rz_ntab_destroy(rz_ntab *table)
{
    ntab_free(table, false);
}

void rz_ntab_drop(rz_ntab *table)
{
    ntab_free(table, true);
}

/* ---- inserting ---- */

/* Entries that the open transaction put into the index, and that are still in memory. */
struct rz_ntab_keys {
    rz_undo head; /* first */
    rz_ntab *table;
    uint32_t count;
    uint32_t capacity;
    uint64_t *hashes;  /* of capacity numbers, the offsets behind them */
    bool heap;         /* hashes is owned; else in the transaction's arena */
};

static void ntab_keys_end(rz_ntab_keys *keys)
{
    if (keys->heap) {
        rz_mem_free(keys->table->rows.env.mem, keys->hashes, (size_t)keys->capacity * 2 * sizeof *keys->hashes);
    }
    keys->table->keys = NULL;
}

static void ntab_keys_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rz_ntab_keys *keys = (rz_ntab_keys *)undo;
    (void)commit_timestamp; /* entries are hints: nothing to settle */
    rz_idx_shed_commit(keys->table->idx);
    ntab_keys_end(keys);
}

static void ntab_keys_rollback(rz_undo *undo)
{
    rz_ntab_keys *keys = (rz_ntab_keys *)undo;
    rz_idx_remove_each(keys->table->idx, keys->hashes, keys->hashes + keys->capacity, keys->count);
    rz_idx_shed_rollback(keys->table->idx);
    ntab_keys_end(keys);
}

ruzu_status rz_ntab_reserve_hashes(rz_ntab *table, uint32_t row_count, rz_error *err)
{
    rz_mem *mem = table->rows.env.mem;
    if (row_count <= table->hash_capacity) {
        return RUZU_OK;
    }
    uint32_t capacity = 8;
    while (capacity < row_count) {
        capacity *= 2;
    }
    uint64_t *hashes = (uint64_t *)rz_mem_alloc(mem, capacity * sizeof *hashes);
    uint32_t *slots = (uint32_t *)rz_mem_alloc(mem, (size_t)capacity * 4 * sizeof *slots);
    if (hashes == NULL || slots == NULL) {
        rz_mem_free(mem, hashes, capacity * sizeof *hashes);
        rz_mem_free(mem, slots, (size_t)capacity * 4 * sizeof *slots);
        return rz_error_no_memory(err, "inserting rows");
    }
    rz_mem_free(mem, table->hashes, table->hash_capacity * sizeof *hashes);
    rz_mem_free(mem, table->slots, (size_t)table->hash_capacity * 4 * sizeof *slots);
    table->hashes = hashes;
    table->slots = slots;
    table->hash_capacity = capacity;
    return RUZU_OK;
}

static uint32_t ntab_row_count(const rz_sel *sel)
{
    return sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
}

/* The same key twice within the batch: a small hash table of rows. */
static ruzu_status ntab_check_batch(rz_ntab *table, const rz_vec *keys, const rz_sel *sel, rz_error *err)
{
    uint32_t *slots = table->slots; /* row + 1, or 0 */
    uint32_t slot_count = 16;
    if (sel->count < 2) {
        return RUZU_OK;
    }
    while (slot_count < sel->count * 2) {
        slot_count *= 2;
    }
    memset(slots, 0, slot_count * sizeof *slots);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = (uint32_t)(table->hashes[row] >> 32) & (slot_count - 1);
        for (; slots[at] != 0; at = (at + 1) & (slot_count - 1)) {
            uint32_t other = slots[at] - 1;
            if (table->hashes[other] == table->hashes[row] && rz_vec_equal(keys, other, keys, row)) {
                return rz_key_duplicate(table, keys, row, RUZU_ERROR_RUNTIME, err);
            }
        }
        slots[at] = row + 1;
    }
    return RUZU_OK;
}

/* Keys that rows have already, as the writer sees them. A row of own (by row of keys; NULL: none) may have its key. */
static ruzu_status ntab_check_existing(rz_ntab *table, const rz_vec *keys, const rz_sel *sel, const rz_id *own, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mem *mem = table->rows.env.mem;
    rz_key_finder finder;
    rz_rows_reader reader = {0};
    uint32_t row_count = ntab_row_count(sel);
    uint64_t *offsets = NULL;
    if (!table->serial_key && rz_idx_is_empty(table->idx)) {
        return RUZU_OK;
    }
    rz_key_finder_init(&finder, table, mem);
    RZ_TRY_GOTO(rz_rows_reader_init_newest(&reader, &table->rows, mem, err));
    offsets = (uint64_t *)rz_mem_alloc(mem, row_count * sizeof *offsets);
    if (offsets == NULL) {
        status = rz_error_no_memory(err, "inserting rows");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_key_find(&finder, &reader, keys, sel, table->hashes, offsets, err));
    for (uint32_t i = 0; i < sel->count && status == RUZU_OK; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (offsets[row] != UINT64_MAX && (own == NULL || rz_id_offset(own[row]) != offsets[row])) {
            status = rz_key_duplicate(table, keys, row, RUZU_ERROR_RUNTIME, err);
        }
    }
cleanup:
    rz_mem_free(mem, offsets, row_count * sizeof *offsets);
    rz_rows_reader_deinit(&reader);
    rz_key_finder_deinit(&finder);
    return status;
}

/* NULLs, duplicates in the batch, duplicates in the table; leaves the hashes in table->hashes. */
static ruzu_status ntab_hash_keys(rz_ntab *table, const rz_vec *keys, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; keys->kind != RZ_VEC_SEQUENCE && i < sel->count; i++) {
        if (rz_vec_is_null(keys, rz_sel_at(sel, i))) {
            return rz_key_missing(RUZU_ERROR_RUNTIME, err);
        }
    }
    RZ_TRY(rz_ntab_reserve_hashes(table, ntab_row_count(sel), err));
    rz_key_hash(keys, sel, table->hashes);
    return RUZU_OK;
}

static ruzu_status ntab_check_keys(rz_ntab *table, const rz_vec *keys, const rz_sel *sel, const rz_id *own, rz_error *err)
{
    RZ_TRY(ntab_hash_keys(table, keys, sel, err));
    RZ_TRY(ntab_check_batch(table, keys, sel, err));
    return ntab_check_existing(table, keys, sel, own, err);
}

/* SERIAL keys numbered by the table: row offset + i gets its own offset. They collide with explicit ones only, which are in the index. */
static ruzu_status ntab_check_numbers(rz_ntab *table, uint64_t first, uint32_t count, rz_error *err)
{
    rz_vec numbers = {.type = RZ_INT64, .kind = RZ_VEC_SEQUENCE, .start = (int64_t)first, .step = 1};
    rz_sel all = {NULL, count};
    if (rz_idx_is_empty(table->idx)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_ntab_reserve_hashes(table, count, err));
    rz_key_hash(&numbers, &all, table->hashes);
    return ntab_check_existing(table, &numbers, &all, NULL, err);
}

/* The transaction's list gets room for `count` further entries. */
static ruzu_status ntab_keys_reserve(rz_ntab *table, rz_writer *writer, uint32_t count, rz_error *err)
{
    rz_ntab_keys *keys = table->keys;
    if (keys == NULL) {
        keys = (rz_ntab_keys *)rz_arena_alloc(writer->arena, sizeof *keys);
        uint64_t *hashes = (uint64_t *)rz_arena_alloc(writer->arena, (size_t)count * 2 * sizeof *hashes);
        if (keys == NULL || hashes == NULL) {
            return rz_error_no_memory(err, "inserting rows");
        }
        *keys = (rz_ntab_keys){.head = {.next = writer->undo, .commit = ntab_keys_commit, .rollback = ntab_keys_rollback}, .table = table};
        keys->capacity = count;
        keys->hashes = hashes;
        writer->undo = &keys->head;
        table->keys = keys;
    }
    if (count <= keys->capacity - keys->count) {
        return RUZU_OK;
    }
    if (count > UINT32_MAX / 2 - keys->count) {
        return rz_error_no_memory(err, "inserting rows");
    }
    uint32_t capacity = keys->count + count > 2 * keys->count ? keys->count + count : 2 * keys->count;
    uint64_t *hashes = (uint64_t *)rz_mem_alloc(table->rows.env.mem, (size_t)capacity * 2 * sizeof *hashes);
    RZ_TRY_ALLOC(hashes, err, "inserting rows");
    memcpy(hashes, keys->hashes, keys->count * sizeof *hashes);
    memcpy(hashes + capacity, keys->hashes + keys->capacity, keys->count * sizeof *hashes);
    if (keys->heap) {
        rz_mem_free(table->rows.env.mem, keys->hashes, (size_t)keys->capacity * 2 * sizeof *hashes);
    }
    keys->hashes = hashes;
    keys->capacity = capacity;
    keys->heap = true;
    return RUZU_OK;
}

/*
 * Before a batch of changes: what the index and the list hold in memory goes to pages when it is much. What is shed is the index's business from then on, also in a
 * rollback.
 */
static ruzu_status ntab_shed_keys(rz_ntab *table, rz_writer *writer, rz_error *err)
{
    if (rz_idx_memory_bytes(table->idx) <= rz_table_change_budget(&table->rows.env)) {
        return RUZU_OK;
    }
    RZ_TRY(ntab_keys_reserve(table, writer, 1, err)); /* there is somebody to undo it */
    rz_mutex_lock(&table->fold_lock); /* a checkpoint must not replace the entries meanwhile */
    bool shed = false;
    ruzu_status status = rz_idx_shed(table->idx, atomic_load_explicit(&table->rows.committed_end, memory_order_relaxed), &shed, err);
    rz_mutex_unlock(&table->fold_lock);
    table->keys->count = shed ? 0 : table->keys->count;
    return status;
}

/* Where the offsets of the next entries go, before they are added. */
static uint64_t *ntab_keys_offsets(rz_ntab *table)
{
    return table->keys->hashes + table->keys->capacity + table->keys->count;
}

/* The i-th selected row, whose hash stands in table->hashes, is at ntab_keys_offsets()[i]. */
static ruzu_status ntab_index_rows(rz_ntab *table, const rz_sel *sel, rz_error *err)
{
    rz_ntab_keys *keys = table->keys;
    uint64_t *hashes = keys->hashes + keys->count;
    const uint64_t *offsets = ntab_keys_offsets(table);
    for (uint32_t i = 0; i < sel->count; i++) {
        hashes[i] = table->hashes[rz_sel_at(sel, i)];
    }
    keys->count += sel->count; /* entries that were not inserted are passed over by rollback */
    return rz_idx_insert_each(table->idx, hashes, offsets, sel->count, err);
}

/* at: exactly there, by row; NULL: wherever there is room. offsets: where they went, by selected row. */
static ruzu_status ntab_place_rows(rz_ntab *table, rz_writer *writer, const rz_id *at, rz_vec *const *values, const rz_sel *sel, uint64_t *offsets,
                                   rz_id *out_ids, rz_error *err)
{
    if (at == NULL) {
        RZ_TRY(rz_rows_insert(&table->rows, writer, values, sel, offsets, err));
    } else {
        for (uint32_t i = 0; i < sel->count; i++) {
            offsets[i] = rz_id_offset(at[rz_sel_at(sel, i)]);
        }
        RZ_TRY(rz_rows_insert_at(&table->rows, writer, values, sel, offsets, err));
    }
    for (uint32_t i = 0; i < sel->count && out_ids != NULL; i++) {
        out_ids[rz_sel_at(sel, i)] = rz_id_make(table->table_id, offsets[i]);
    }
    return RUZU_OK;
}

static ruzu_status ntab_insert_rows(rz_ntab *table, rz_writer *writer, const rz_id *at, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids,
                                    rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_rows_place(&table->rows, writer, values, &values, err));
    const rz_vec *keys = table->key_column == RZ_NO_COLUMN ? NULL : values[table->key_column];
    if (keys != NULL) {
        /* Rows of a log (their places are given) were compared with the others when they were committed: once is enough, and recovery is to be quick. */
        RZ_TRY(at != NULL ? ntab_hash_keys(table, keys, sel, err) : ntab_check_keys(table, keys, sel, NULL, err));
        RZ_TRY(ntab_shed_keys(table, writer, err));
        RZ_TRY(ntab_keys_reserve(table, writer, sel->count, err));
        RZ_TRY(ntab_place_rows(table, writer, at, values, sel, ntab_keys_offsets(table), out_ids, err));
        return ntab_index_rows(table, sel, err);
    }
    if (table->key_column != RZ_NO_COLUMN && at == NULL) {
        RZ_TRY(ntab_check_numbers(table, rz_rows_end(&table->rows), sel->count, err));
    }
    uint64_t *offsets = (uint64_t *)rz_mem_alloc(table->rows.env.mem, sel->count * sizeof *offsets);
    RZ_TRY_ALLOC(offsets, err, "inserting rows");
    ruzu_status status = ntab_place_rows(table, writer, at, values, sel, offsets, out_ids, err);
    rz_mem_free(table->rows.env.mem, offsets, sel->count * sizeof *offsets);
    return status;
}

ruzu_status rz_ntab_insert(rz_ntab *table, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids, rz_error *err)
{
    return ntab_insert_rows(table, writer, NULL, values, sel, out_ids, err);
}

ruzu_status rz_ntab_insert_at(rz_ntab *table, rz_writer *writer, const rz_id *ids, rz_vec *const *values, const rz_sel *sel, rz_error *err)
{
    return ntab_insert_rows(table, writer, ids, values, sel, NULL, err);
}

/* ---- columns ---- */

ruzu_status rz_ntab_add_column(rz_ntab *table, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err)
{
    return rz_rows_add_column(&table->rows, writer, column, fill, err);
}

ruzu_status rz_ntab_keep_columns(rz_ntab *table, rz_writer *writer, const uint32_t *ids, uint32_t count, rz_error *err)
{
    return rz_rows_keep_columns(&table->rows, writer, ids, count, err);
}

/* ---- updating and deleting ---- */

/* Of the selected rows those whose nodes the writer sees, each node once: with the last of its rows. Ascending, in the arena. */
static ruzu_status ntab_last_rows(rz_ntab *table, rz_writer *writer, const rz_id *ids, const rz_sel *sel, rz_arena *arena, rz_sel *out, rz_error *err)
{
    uint32_t count = 0, kept = 0, n = sel->count;
    bool ascending = true;
    uint32_t *rows = (uint32_t *)rz_arena_alloc(arena, (size_t)n * 2 * sizeof *rows);
    uint64_t *offsets = (uint64_t *)rz_arena_alloc(arena, (size_t)n * 2 * sizeof *offsets);
    if (rows == NULL || offsets == NULL) {
        return rz_error_no_memory(err, "updating rows");
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t offset = rz_id_offset(ids[row]);
        if (rz_rows_writer_sees(&table->rows, writer, offset)) {
            ascending &= count == 0 || offsets[count - 1] < offset;
            rows[count] = row;
            offsets[count++] = offset;
        }
    }
    *out = (rz_sel){rows, count};
    if (ascending) {
        return RUZU_OK;
    }
    rz_radix_sort(offsets, offsets + n, rows, rows + n, count, 0, RZ_ID_OFFSET_BITS); /* stable */
    for (uint32_t i = 0; i < count; i++) {
        if (i + 1 == count || offsets[i] != offsets[i + 1]) {
            offsets[kept++] = rows[i];
        }
    }
    rz_radix_sort(offsets, offsets + n, NULL, NULL, kept, 0, 32);
    for (uint32_t i = 0; i < kept; i++) {
        rows[i] = (uint32_t)offsets[i];
    }
    out->count = kept;
    return RUZU_OK;
}

/* The selected nodes, each once. */
static ruzu_status ntab_update_keys_of(rz_ntab *table, rz_writer *writer, const rz_id *ids, const rz_vec *keys, const rz_sel *sel, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(ntab_check_keys(table, keys, sel, ids, err));
    RZ_TRY(rz_rows_update(&table->rows, writer, table->key_column, ids, keys, sel, err));
    RZ_TRY(ntab_shed_keys(table, writer, err));
    RZ_TRY(ntab_keys_reserve(table, writer, sel->count, err));
    uint64_t *offsets = ntab_keys_offsets(table);
    for (uint32_t i = 0; i < sel->count; i++) {
        offsets[i] = rz_id_offset(ids[rz_sel_at(sel, i)]);
    }
    return ntab_index_rows(table, sel, err);
}

/* The key column: nobody else may have the new keys, before this call or after it. */
static ruzu_status ntab_update_keys(rz_ntab *table, rz_writer *writer, const rz_id *ids, const rz_vec *keys, const rz_sel *sel, rz_error *err)
{
    rz_sel last;
    rz_arena arena;
    rz_arena_init(&arena, table->rows.env.mem);
    ruzu_status status = ntab_last_rows(table, writer, ids, sel, &arena, &last, err);
    if (status == RUZU_OK) {
        status = ntab_update_keys_of(table, writer, ids, keys, &last, err);
    }
    rz_arena_free(&arena);
    return status;
}

ruzu_status rz_ntab_update(rz_ntab *table, rz_writer *writer, uint32_t col_idx, const rz_id *ids, const rz_vec *values, const rz_sel *sel,
                           rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    uint32_t column = rz_rows_position(&table->rows, &writer->snapshot, col_idx);
    return column == table->key_column ? ntab_update_keys(table, writer, ids, values, sel, err)
                                       : rz_rows_update(&table->rows, writer, column, ids, values, sel, err);
}

ruzu_status rz_ntab_delete(rz_ntab *table, rz_writer *writer, const rz_id *ids, const rz_sel *sel, uint64_t *io_count, rz_error *err)
{
    return rz_rows_delete_many(&table->rows, writer, ids, sel, io_count, err); /* index entries stay: old snapshots need them, others see no row */
}

uint64_t rz_ntab_next_offset(const rz_ntab *table)
{
    return table->rows.reuse ? UINT64_MAX : rz_rows_end(&table->rows); /* places of deleted rows may come first */
}

/* ---- reading ---- */

ruzu_status rz_ntab_reader_create(rz_ntab *table, const rz_snapshot *snapshot, rz_mem *mem, rz_ntab_reader **out, rz_error *err)
{
    *out = NULL;
    rz_ntab_reader *reader = (rz_ntab_reader *)rz_mem_calloc(mem, 1, sizeof *reader);
    RZ_TRY_ALLOC(reader, err, "reading a table");
    reader->table = table;
    reader->mem = mem;
    ruzu_status status = rz_rows_reader_init(&reader->rows, &table->rows, snapshot, mem, err);
    if (status != RUZU_OK) {
        rz_mem_free(mem, reader, sizeof *reader);
        return status;
    }
    rz_key_finder_init(&reader->finder, table, mem);
    *out = reader;
    return RUZU_OK;
}

void rz_ntab_reader_free(rz_ntab_reader *reader)
{
    if (reader != NULL) {
        rz_key_finder_deinit(&reader->finder);
        rz_rows_reader_deinit(&reader->rows);
        rz_mem_free(reader->mem, reader, sizeof *reader);
    }
}

void rz_ntab_reader_release(rz_ntab_reader *reader)
{
    rz_rows_reader_release(&reader->rows);
    rz_key_finder_release(&reader->finder);
}

void rz_ntab_reader_suspend(rz_ntab_reader *reader)
{
    rz_key_finder_suspend(&reader->finder);
    rz_rows_reader_suspend(&reader->rows);
}

ruzu_status rz_ntab_reader_resume(rz_ntab_reader *reader, const rz_snapshot *snapshot, rz_error *err)
{
    RZ_TRY(rz_rows_reader_resume(&reader->rows, snapshot, err));
    rz_key_finder_resume(&reader->finder);
    return RUZU_OK;
}

uint64_t rz_ntab_offset_end(const rz_ntab_reader *reader)
{
    return reader->rows.end;
}

uint64_t rz_ntab_visible_rows(const rz_ntab_reader *reader)
{
    return rz_rows_visible_count(&reader->rows);
}

bool rz_ntab_visible(const rz_ntab_reader *reader, uint64_t first, uint32_t count, uint32_t *rows, uint32_t *out_count)
{
    return rz_rows_visible_range(&reader->rows, first, count, rows, out_count);
}

bool rz_ntab_is_visible(const rz_ntab_reader *reader, uint64_t offset)
{
    return rz_rows_is_visible(&reader->rows, offset);
}

ruzu_status rz_ntab_read(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, rz_vec *out, rz_error *err)
{
    return rz_rows_read(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), first, count, out, err);
}

ruzu_status rz_ntab_read_entries(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, rz_vec *entries, uint32_t *codes, bool *out_done,
                                 rz_error *err)
{
    return rz_rows_read_entries(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), first, count, entries, codes, out_done, err);
}

ruzu_status rz_ntab_text_bytes(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, uint64_t *io_bytes, rz_error *err)
{
    return rz_rows_text_bytes(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), first, count, io_bytes, err);
}

ruzu_status rz_ntab_gather(rz_ntab_reader *reader, uint32_t col_idx, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return rz_rows_gather(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), ids, sel, out, err);
}

ruzu_status rz_ntab_filter(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                           bool *out_done, rz_error *err)
{
    return rz_rows_filter(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), first, count, range, bits, out_done, err);
}

ruzu_status rz_ntab_sum(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, const uint64_t *bits, rz_col_total *io, bool *out_done,
                        rz_error *err)
{
    return rz_rows_sum(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), first, count, bits, io, out_done, err);
}

bool rz_ntab_zone(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, rz_zone *out)
{
    return rz_rows_zone(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), first, out);
}

ruzu_status rz_ntab_lookup(rz_ntab_reader *reader, const rz_vec *keys, const rz_sel *sel, uint64_t *out_offsets, rz_error *err)
{
    RZ_ASSERT(reader->table->key_column != RZ_NO_COLUMN);
    return rz_key_find(&reader->finder, &reader->rows, keys, sel, NULL, out_offsets, err);
}

/* ---- saving and loading ---- */

#define NTAB_MAGIC UINT32_C(0x5441544e) /* "NTAT" */
#define NTAB_VERSION 1u

static void ntab_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

/* Whether the row of a place is deleted, and nobody will see it again: not the directory that is being made, and no snapshot. */
static bool ntab_key_gone(void *user, uint64_t offset)
{
    const rz_rows_fold *fold = (const rz_rows_fold *)user;
    uint64_t oldest = atomic_load_explicit(&fold->rows->oldest_snapshot, memory_order_relaxed);
    uint64_t limit = oldest < fold->snapshot.timestamp ? oldest : fold->snapshot.timestamp;
    return rz_stamps_deleted(fold->base->groups[offset / RZ_ROW_GROUP_ROWS].stamps, (uint32_t)(offset % RZ_ROW_GROUP_ROWS)) <= limit;
}

static ruzu_status ntab_checkpoint_locked(rz_ntab *table, uint64_t timestamp, bool whole, rz_str *out, rz_error *err)
{
    rz_rows_fold fold;
    rz_idx_fold *keys = NULL;
    size_t length = out->length;
    RZ_TRY(rz_rows_fold_prepare(&table->rows, timestamp, whole, &fold, err));
    ruzu_status status = RUZU_OK;
    if (table->idx != NULL) {
        bool any = atomic_load_explicit(&table->rows.deletes, memory_order_acquire) != 0;
        status = rz_idx_fold_prepare(table->idx, fold.row_end, any ? ntab_key_gone : NULL, &fold, &keys, err);
    }
    if (status == RUZU_OK) {
        ntab_put_u32(out, NTAB_MAGIC);
        ntab_put_u32(out, NTAB_VERSION);
        ntab_put_u32(out, table->key_column == RZ_NO_COLUMN ? RZ_NO_COLUMN : rz_rows_fold_position(&fold, table->key_column));
        rz_rows_fold_encode(&fold, out);
        if (keys != NULL) {
            rz_idx_fold_encode(keys, out);
        }
        status = out->failed ? rz_error_no_memory(err, "writing a checkpoint") : RUZU_OK;
    }
    if (status != RUZU_OK) {
        rz_idx_fold_abort(keys);
        rz_rows_fold_abort(&fold);
        out->length = length;
        return status;
    }
    rz_rows_fold_publish(&fold);
    if (keys != NULL) {
        rz_idx_fold_publish(keys);
    }
    return RUZU_OK;
}

ruzu_status rz_ntab_checkpoint(rz_ntab *table, uint64_t timestamp, rz_str *out, rz_error *err)
{
    rz_mutex_lock(&table->fold_lock);
    ruzu_status status = ntab_checkpoint_locked(table, timestamp, false, out, err);
    rz_mutex_unlock(&table->fold_lock);
    return status;
}

ruzu_status rz_ntab_checkpoint_whole(rz_ntab *table, uint64_t timestamp, rz_str *out, rz_error *err)
{
    rz_mutex_lock(&table->fold_lock);
    ruzu_status status = ntab_checkpoint_locked(table, timestamp, true, out, err);
    rz_mutex_unlock(&table->fold_lock);
    return status;
}

bool rz_ntab_layered(rz_ntab *table)
{
    return rz_rows_layered(&table->rows);
}

ruzu_status rz_ntab_open(const rz_table_env *env, uint32_t table_id, const char *name, const rz_column_def *columns, uint32_t column_count,
                         uint32_t key_column, rz_reader *directory, rz_ntab **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_ntab *table;
    *out = NULL;
    RZ_TRY(ntab_create_empty(env, table_id, name, columns, column_count, key_column, &table, err));
    uint32_t magic = rz_read_u32(directory);
    uint32_t version = rz_read_u32(directory);
    uint32_t key = rz_read_u32(directory);
    if (directory->failed || magic != NTAB_MAGIC || version != NTAB_VERSION || key != key_column) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the directory of table %s is damaged.", name);
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_rows_decode(&table->rows, directory, err));
    if (key_column != RZ_NO_COLUMN) {
        RZ_TRY_GOTO(rz_idx_open(env->mem, env->disk, env->pool, table->rows.column_texts[key_column], directory, rz_rows_end(&table->rows), &table->idx,
                                err));
    }
    *out = table;
    table = NULL;
cleanup:
    ntab_free(table, false);
    return status;
}

bool rz_ntab_changed(const rz_ntab *table)
{
    return rz_rows_changed(&table->rows);
}

void rz_ntab_trim(rz_ntab *table, uint64_t oldest_timestamp)
{
    rz_rows_trim(&table->rows, oldest_timestamp);
}

void rz_ntab_saved(rz_ntab *table)
{
    rz_rows_saved(&table->rows);
}

uint64_t rz_ntab_memory_bytes(rz_ntab *table)
{
    return rz_rows_memory_bytes(&table->rows) + (table->idx == NULL ? 0 : rz_idx_memory_bytes(table->idx));
}

void rz_ntab_stats(const rz_ntab *table, rz_table_stats *out)
{
    *out = (rz_table_stats){.rows = rz_rows_live_count(&table->rows)};
}

void rz_ntab_column_stats(const rz_ntab *table, uint32_t col_idx, rz_column_stats *out)
{
    rz_rows_column_stats(&table->rows, col_idx, out);
    if (col_idx == table->key_column) {
        out->distinct = rz_rows_live_count(&table->rows);
    }
}

uint64_t rz_ntab_distinct(const rz_ntab *table, uint32_t col_idx)
{
    const rz_snapshot newest = {.timestamp = RZ_STAMP_UNCOMMITTED - 1, .own_stamp = 0};
    uint32_t column = rz_rows_position(&table->rows, &newest, col_idx);
    return column == table->key_column ? rz_rows_live_count(&table->rows) : rz_rows_distinct(&table->rows, column);
}
