/* SPDX-License-Identifier: MIT */
/*
 * Rows of a join's build side, in memory and in records.
 */
#include "executor/join.h"

#include <string.h>

#define JOIN_MIN_BITS 4u
#define JOIN_AHEAD 16u

RZ_STATIC_ASSERT(sizeof(rz_join_row) == 24, "rows of joins begin with three words");

void rz_join_table_init(rz_join_table *table, rz_mem *mem)
{
    memset(table, 0, sizeof *table);
    table->mem = mem;
}

void rz_join_table_clear(rz_join_table *table)
{
    for (uint32_t i = 0; i < table->arena_count; i++) {
        rz_arena_free(&table->arenas[i]);
    }
    rz_mem_free(table->mem, table->arenas, table->arena_capacity * sizeof *table->arenas);
    if (table->buckets != NULL) {
        rz_mem_free(table->mem, table->buckets, sizeof *table->buckets << table->bits);
    }
    rz_join_table_init(table, table->mem);
}

ruzu_status rz_join_table_take(rz_join_table *table, rz_arena *arena, rz_join_row *rows, rz_join_row *last, uint64_t count, rz_error *err)
{
    if (table->arena_count == table->arena_capacity) {
        uint32_t capacity = table->arena_capacity == 0 ? 4 : table->arena_capacity * 2;
        rz_arena *arenas = (rz_arena *)rz_mem_realloc(table->mem, table->arenas, table->arena_capacity * sizeof *arenas, capacity * sizeof *arenas);
        RZ_TRY_ALLOC(arenas, err, "joining");
        table->arenas = arenas;
        table->arena_capacity = capacity;
    }
    table->arenas[table->arena_count++] = *arena;
    rz_arena_init(arena, table->mem);
    if (count != 0) {
        last->next = table->rows;
        table->rows = rows;
        table->count += count;
    }
    return RUZU_OK;
}

ruzu_status rz_join_table_build(rz_join_table *table, rz_error *err)
{
    uint32_t bits = JOIN_MIN_BITS;
    while ((UINT64_C(1) << bits) < table->count + table->count / 2) {
        bits++;
    }
    table->buckets = (rz_join_row **)rz_mem_calloc(table->mem, (size_t)1 << bits, sizeof *table->buckets);
    RZ_TRY_ALLOC(table->buckets, err, "joining");
    table->bits = bits;
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (rz_join_row *row = table->rows; row != NULL;) {
        rz_join_row *next = row->next;
        if (next != NULL) {
            RZ_PREFETCH(next->next);
        }
        rz_join_row **bucket = &table->buckets[row->hash & mask];
        row->next = *bucket;
        *bucket = row;
        row = next;
    }
    table->rows = NULL;
    return RUZU_OK;
}

ruzu_status rz_join_table_load(rz_join_table *table, const rz_exec *exec, rz_records *records, rz_error *err)
{
    rz_records_cursor cursor = {0};
    rz_arena arena;
    rz_join_row *rows = NULL;
    rz_join_row *last = NULL;
    uint64_t count = 0;
    ruzu_status status = RUZU_OK;
    rz_arena_init(&arena, table->mem);
    for (bool more = records != NULL; more;) {
        const uint8_t *record = NULL;
        uint32_t size = 0;
        bool block_end = false;
        if (count == 0) {
            rz_records_open(records, &cursor);
        }
        if (count % 4096 == 0) {
            RZ_TRY_GOTO(rz_exec_poll(exec, err));
        }
        RZ_TRY_GOTO(rz_records_next(&cursor, false, &record, &size, &block_end, err));
        more = record != NULL;
        if (!more) {
            break;
        }
        rz_join_row *row = (rz_join_row *)rz_arena_alloc(&arena, sizeof(rz_join_row *) + size);
        if (row == NULL) {
            status = rz_error_no_memory(err, "joining");
            goto cleanup;
        }
        memcpy(&row->hash, record, size);
        row->next = rows;
        rows = row;
        last = last == NULL ? row : last;
        count++;
    }
    RZ_TRY_GOTO(rz_join_table_take(table, &arena, rows, last, count, err));
    RZ_TRY_GOTO(rz_join_table_build(table, err));
cleanup:
    rz_records_close(&cursor);
    rz_arena_free(&arena);
    return status;
}

/* ---- columns ---- */

ruzu_status rz_join_columns_map(rz_arena *arena, const rz_plan *plan, rz_join_columns *out, rz_error *err)
{
    int32_t *probe = RZ_NEW_ARRAY(arena, int32_t, plan->column_count);
    int32_t *build = RZ_NEW_ARRAY(arena, int32_t, plan->column_count);
    uint32_t *payload = RZ_NEW_ARRAY(arena, uint32_t, plan->column_count);
    if (probe == NULL || build == NULL || payload == NULL) {
        return rz_error_no_memory(err, "preparing a join");
    }
    out->payload_count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        probe[i] = rz_plan_position(plan->children[0], plan->columns[i]);
        build[i] = probe[i] >= 0 ? -1 : rz_plan_position(plan->children[1], plan->columns[i]);
        if (build[i] >= 0) {
            payload[out->payload_count++] = i;
        } else if (probe[i] < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is in no input of a join", plan->columns[i]);
        }
    }
    out->probe = probe;
    out->build = build;
    out->payload = payload;
    return RUZU_OK;
}

/* ---- rows of vectors ---- */

void rz_join_measure(rz_vec *const *keys, uint32_t key_count, rz_vec *const *columns, uint32_t column_count, const rz_sel *sel, size_t *sizes)
{
    memset(sizes, 0, sel->count * sizeof *sizes);
    for (uint32_t k = 0; k < key_count; k++) {
        rz_row_values_size(keys[k], sel, sizes);
    }
    for (uint32_t c = 0; c < column_count; c++) {
        rz_row_values_size(columns[c], sel, sizes);
    }
}

void rz_join_write(rz_vec *const *keys, uint32_t key_count, rz_vec *const *columns, uint32_t column_count, const rz_sel *sel, uint8_t **cursors)
{
    for (uint32_t k = 0; k < key_count; k++) {
        rz_row_values_write(keys[k], sel, cursors);
    }
    for (uint32_t c = 0; c < column_count; c++) {
        rz_row_values_write(columns[c], sel, cursors);
    }
}

void rz_join_drop_nulls(rz_vec *const *keys, uint32_t key_count, rz_sel *sel, uint32_t *rows)
{
    for (uint32_t k = 0; k < key_count; k++) {
        rz_view view;
        rz_vec_view(keys[k], &view);
        if (view.validity == NULL && keys[k]->type->physical != RZ_PHYS_NONE) {
            continue;
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            rows[kept] = row;
            kept += !rz_vec_is_null(keys[k], row);
        }
        sel->rows = rows;
        sel->count = kept;
    }
}

void rz_join_hash(rz_vec *const *keys, uint32_t key_count, const rz_sel *sel, uint64_t *hashes)
{
    for (uint32_t i = 0; i < sel->count && key_count == 0; i++) {
        hashes[rz_sel_at(sel, i)] = 0;
    }
    for (uint32_t k = 0; k < key_count; k++) {
        rz_vec_hash(keys[k], sel, hashes, k != 0);
    }
}

ruzu_status rz_join_overflow(uint64_t built, uint64_t probed, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)probed, (unsigned long long)built);
}

ruzu_status rz_join_spill(rz_mem *mem, rz_pool *pool, rz_records **parts, rz_vec *const *keys, uint32_t key_count, rz_vec *const *columns, uint32_t column_count,
                          const uint64_t *hashes, const uint64_t *weights, const rz_sel *sel, size_t *sizes, uint8_t **cursors, rz_error *err)
{
    rz_join_measure(keys, key_count, columns, column_count, sel, sizes);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t p = rz_spill_part(hashes[row]);
        uint8_t *place = NULL;
        if (parts[p] == NULL) {
            RZ_TRY(rz_records_create_part(mem, pool, &parts[p], err));
        }
        if (sizes[i] > INT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A row of %zu bytes is larger than the limit of 2 GiB.", sizes[i]);
        }
        RZ_TRY(rz_records_add(parts[p], (uint32_t)sizes[i] + 16, &place, err));
        rz_store_u64(place, hashes[row]);
        rz_store_u64(place + 8, weights == NULL ? 1 : weights[row]);
        /* Row by row: the next record may let go of this one's block. */
        rz_sel one = {.rows = &row, .count = 1};
        cursors[0] = place + 16;
        rz_join_write(keys, key_count, columns, column_count, &one, cursors);
    }
    return RUZU_OK;
}
