/* SPDX-License-Identifier: MIT */
/*
 * Finding rows by primary key: index candidates, tested for visibility, their keys fetched in batches and compared.
 */
#include "storage/table/key_hash.h"
#include "storage/table/ntab.h"

void rz_key_finder_init(rz_key_finder *finder, const rz_ntab *table, rz_mem *mem)
{
    *finder = (rz_key_finder){.table = table, .mem = mem};
    rz_arena_init(&finder->arena, mem);
    rz_arena_init(&finder->heap, mem);
}

void rz_key_finder_deinit(rz_key_finder *finder)
{
    if (finder->mem == NULL) {
        return;
    }
    rz_idx_reader_free(finder->index);
    rz_arena_free(&finder->heap);
    rz_arena_free(&finder->arena);
    rz_mem_free(finder->mem, finder->hashes, finder->hash_capacity * sizeof *finder->hashes);
    rz_mem_free(finder->mem, finder->ids, RZ_VECTOR_CAPACITY * sizeof *finder->ids);
    rz_mem_free(finder->mem, finder->wanted, RZ_VECTOR_CAPACITY * sizeof *finder->wanted);
    *finder = (rz_key_finder){0};
}

void rz_key_finder_refresh(rz_key_finder *finder)
{
    if (finder->index != NULL) {
        rz_idx_reader_refresh(finder->index);
    }
}

void rz_key_finder_release(rz_key_finder *finder)
{
    if (finder->index != NULL) {
        rz_idx_reader_release(finder->index);
    }
}

void rz_key_finder_suspend(rz_key_finder *finder)
{
    if (finder->index != NULL) {
        rz_idx_reader_suspend(finder->index);
    }
}

void rz_key_finder_resume(rz_key_finder *finder)
{
    if (finder->index != NULL) {
        rz_idx_reader_resume(finder->index);
    }
}

static uint32_t key_row_count(const rz_sel *sel)
{
    return sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
}

static ruzu_status key_finder_prepare(rz_key_finder *finder, uint32_t row_count, rz_error *err)
{
    const rz_ntab *table = finder->table;
    if (finder->index == NULL) {
        RZ_TRY(rz_idx_reader_create(table->idx, finder->mem, &finder->index, err));
    }
    if (finder->candidates == NULL) {
        RZ_TRY(rz_vec_create(&finder->arena, &finder->heap, table->rows.columns[table->key_column].type, RZ_VECTOR_CAPACITY, &finder->candidates, err));
    }
    if (finder->ids == NULL) {
        finder->ids = (rz_id *)rz_mem_alloc(finder->mem, RZ_VECTOR_CAPACITY * sizeof *finder->ids);
        RZ_TRY_ALLOC(finder->ids, err, "looking keys up");
    }
    if (finder->wanted == NULL) {
        finder->wanted = (uint32_t *)rz_mem_alloc(finder->mem, RZ_VECTOR_CAPACITY * sizeof *finder->wanted);
        RZ_TRY_ALLOC(finder->wanted, err, "looking keys up");
    }
    if (row_count > finder->hash_capacity) {
        uint64_t *hashes = (uint64_t *)rz_mem_realloc(finder->mem, finder->hashes, finder->hash_capacity * sizeof *hashes, row_count * sizeof *hashes);
        RZ_TRY_ALLOC(hashes, err, "looking keys up");
        finder->hashes = hashes;
        finder->hash_capacity = row_count;
    }
    return RUZU_OK;
}

/* The first `count` candidates (finder->ids, for the rows finder->wanted): those with equal keys go to out_offsets. */
static ruzu_status key_compare(rz_key_finder *finder, rz_rows_reader *reader, const rz_vec *keys, uint32_t count, uint64_t *out_offsets, rz_error *err)
{
    rz_sel all = {NULL, count};
    uint32_t identity[64], items[64];
    if (count == 0) {
        return RUZU_OK;
    }
    rz_arena_reset(&finder->heap);
    rz_vec_reset(finder->candidates);
    RZ_TRY(rz_rows_gather(reader, finder->table->key_column, finder->ids, &all, finder->candidates, err));
    for (uint32_t first = 0; first < count; first += 64) {
        uint32_t take = count - first < 64 ? count - first : 64;
        for (uint32_t i = 0; i < take; i++) {
            identity[i] = first + i;
            items[i] = i;
        }
        uint32_t equal = rz_vec_match(keys, finder->wanted + first, finder->candidates, identity, items, take);
        for (uint32_t i = 0; i < equal; i++) {
            out_offsets[finder->wanted[first + items[i]]] = finder->ids[first + items[i]];
        }
    }
    return RUZU_OK;
}

static bool key_view(const rz_view *view, const rz_vec *keys, uint32_t row, int64_t *out)
{
    if (keys->kind == RZ_VEC_SEQUENCE) {
        *out = (int64_t)((uint64_t)keys->start + (uint64_t)keys->step * row);
        return true;
    }
    uint32_t at = rz_view_at(view, row);
    *out = ((const int64_t *)view->data)[at];
    return rz_view_valid(view, at);
}

/* SERIAL keys not found in the index: at offset = value. `verify`: explicit keys exist, so the row's key is looked at. */
static ruzu_status key_find_serial(rz_key_finder *finder, rz_rows_reader *reader, const rz_vec *keys, const rz_sel *sel, bool verify,
                                   uint64_t *out_offsets, rz_error *err)
{
    rz_view view = {0};
    uint32_t count = 0;
    if (keys->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(keys, &view);
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        int64_t value;
        if (out_offsets[row] != UINT64_MAX || !key_view(&view, keys, row, &value) || value < 0 || !rz_rows_is_visible(reader, (uint64_t)value)) {
            continue;
        }
        if (!verify) {
            out_offsets[row] = (uint64_t)value;
            continue;
        }
        finder->ids[count] = (uint64_t)value;
        finder->wanted[count++] = row;
        if (count == RZ_VECTOR_CAPACITY) {
            RZ_TRY(key_compare(finder, reader, keys, count, out_offsets, err));
            count = 0;
        }
    }
    return key_compare(finder, reader, keys, count, out_offsets, err);
}

ruzu_status rz_key_find(rz_key_finder *finder, rz_rows_reader *reader, const rz_vec *keys, const rz_sel *sel, const uint64_t *hashes,
                        uint64_t *out_offsets, rz_error *err)
{
    const rz_ntab *table = finder->table;
    const rz_idx_hit *hits = NULL;
    uint32_t hit_count = 0, count = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        out_offsets[rz_sel_at(sel, i)] = UINT64_MAX;
    }
    bool empty = rz_idx_is_empty(table->idx);
    if (empty && table->serial_key) {
        return key_find_serial(finder, reader, keys, sel, false, out_offsets, err);
    }
    if (empty || sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(key_finder_prepare(finder, key_row_count(sel), err));
    if (hashes == NULL) {
        rz_key_hash(keys, sel, finder->hashes);
        hashes = finder->hashes;
    }
    RZ_TRY(rz_idx_probe(finder->index, hashes, sel, &hits, &hit_count, err));
    for (uint32_t i = 0; i < hit_count; i++) {
        if (!rz_rows_is_visible(reader, hits[i].offset)) {
            continue;
        }
        finder->ids[count] = hits[i].offset;
        finder->wanted[count++] = hits[i].row;
        if (count == RZ_VECTOR_CAPACITY) {
            RZ_TRY(key_compare(finder, reader, keys, count, out_offsets, err));
            count = 0;
        }
    }
    RZ_TRY(key_compare(finder, reader, keys, count, out_offsets, err));
    for (uint32_t i = 0; keys->kind != RZ_VEC_SEQUENCE && i < sel->count; i++) { /* NULL equals NULL in rz_vec_match: no row has a NULL key */
        uint32_t row = rz_sel_at(sel, i);
        if (out_offsets[row] != UINT64_MAX && rz_vec_is_null(keys, row)) {
            out_offsets[row] = UINT64_MAX;
        }
    }
    return table->serial_key ? key_find_serial(finder, reader, keys, sel, true, out_offsets, err) : RUZU_OK;
}

/* ---- errors ---- */

ruzu_status rz_key_duplicate(const rz_ntab *table, const rz_vec *keys, uint32_t row, ruzu_status prefix_of, rz_error *err)
{
    rz_str text;
    rz_str_init(&text, table->rows.env.mem);
    rz_text_append(keys, row, &text);
    ruzu_status status = rz_error_set_as(err, RUZU_ERROR_CONSTRAINT, prefix_of,
                                         "Found duplicated primary key value %s, which violates the uniqueness constraint of the primary key column.",
                                         rz_str_text(&text));
    rz_str_free(&text);
    return status;
}

ruzu_status rz_key_missing(ruzu_status prefix_of, rz_error *err)
{
    return rz_error_set_as(err, RUZU_ERROR_CONSTRAINT, prefix_of,
                           "Found NULL, which violates the non-null constraint of the primary key column.");
}
