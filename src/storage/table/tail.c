/* SPDX-License-Identifier: MIT */
/*
 * The tail: writing vectors into chunks and reading them back.
 */
#include "storage/table/tail.h"

rz_tail_layout *rz_tail_layout_create(rz_arena *arena, const rz_column_def *columns, uint32_t column_count)
{
    rz_tail_layout *layout = (rz_tail_layout *)rz_arena_calloc(arena, 1, sizeof *layout + column_count * sizeof layout->columns[0]);
    size_t off = 0;
    if (layout == NULL) {
        return NULL;
    }
    layout->column_count = column_count;
    for (uint32_t i = 0; i < column_count; i++) {
        rz_tail_column *column = &layout->columns[i];
        rz_physical physical = (rz_physical)columns[i].type->physical;
        column->type = columns[i].type;
        column->nested = physical == RZ_PHYS_LIST || physical == RZ_PHYS_STRUCT;
        column->value_size = column->nested ? (uint32_t)sizeof(const uint8_t *) : rz_physical_size(physical);
        column->data_off = off;
        off = (off + (size_t)column->value_size * RZ_TAIL_ROWS + 15) & ~(size_t)15;
    }
    for (uint32_t i = 0; i < column_count; i++) {
        layout->columns[i].nulls_off = off;
        off += RZ_TAIL_ROWS;
    }
    layout->chunk_size = off == 0 ? 1 : off;
    return layout;
}

rz_tail *rz_tail_create(rz_mem *mem, const rz_tail_layout *layout, uint64_t first, uint32_t row_capacity)
{
    rz_tail *tail = (rz_tail *)rz_mem_calloc(mem, 1, sizeof *tail);
    if (tail == NULL) {
        return NULL;
    }
    tail->mem = mem;
    tail->layout = layout;
    tail->first = first;
    tail->chunk_capacity = (row_capacity + RZ_TAIL_ROWS - 1) / RZ_TAIL_ROWS;
    tail->chunks = (uint8_t **)rz_mem_calloc(mem, tail->chunk_capacity, sizeof *tail->chunks);
    if (tail->chunks == NULL) {
        rz_mem_free(mem, tail, sizeof *tail);
        return NULL;
    }
    atomic_init(&tail->refs, 1);
    rz_arena_init(&tail->heap, mem);
    return tail;
}

void rz_tail_acquire(rz_tail *tail)
{
    atomic_fetch_add_explicit(&tail->refs, 1, memory_order_relaxed);
}

void rz_tail_release(rz_tail *tail)
{
    if (tail == NULL || atomic_fetch_sub_explicit(&tail->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < tail->chunk_count; i++) {
        rz_mem_free(tail->mem, tail->chunks[i], tail->layout->chunk_size);
    }
    rz_mem_free(tail->mem, tail->chunks, tail->chunk_capacity * sizeof *tail->chunks);
    rz_arena_free(&tail->heap);
    rz_tail_release(tail->origin);
    rz_mem_free(tail->mem, tail, sizeof *tail);
}

void rz_tail_clear(rz_tail *tail, uint64_t first)
{
    rz_arena_reset(&tail->heap);
    tail->first = first;
}

uint64_t rz_tail_bytes(const rz_tail *tail)
{
    return tail->chunk_count * tail->layout->chunk_size + tail->heap.used_bytes;
}

/* ---- writing ---- */

/* One string, its bytes copied when they do not fit the value. */
static bool tail_put_string(rz_tail *tail, const rz_string *value, rz_string *out)
{
    *out = *value;
    if (value->length > RZ_STRING_INLINE) {
        char *bytes = (char *)rz_arena_alloc(&tail->heap, value->length);
        if (bytes == NULL) {
            return false;
        }
        memcpy(bytes, value->u.data, value->length);
        out->u.data = bytes;
    }
    return true;
}

/* Rows of one column into one chunk: count rows from `at` (in the chunk), taken from the selected rows sel_first … */
static ruzu_status tail_write_fixed(rz_tail *tail, const rz_tail_column *column, uint8_t *chunk, uint32_t at, const rz_view *view, const rz_sel *sel,
                                    uint32_t sel_first, uint32_t count, rz_error *err)
{
    uint32_t size = column->value_size;
    uint8_t *data = chunk + column->data_off + (size_t)at * size;
    uint8_t *nulls = chunk + column->nulls_off + at;
    bool is_string = column->type->physical == RZ_PHYS_STRING;
    for (uint32_t i = 0; i < count; i++, data += size) {
        uint32_t from = rz_view_at(view, rz_sel_at(sel, sel_first + i));
        nulls[i] = !rz_view_valid(view, from);
        if (nulls[i]) {
            memset(data, 0, size);
        } else if (is_string) {
            rz_string value;
            if (!tail_put_string(tail, (const rz_string *)view->data + from, &value)) {
                return rz_error_no_memory(err, "inserting rows");
            }
            memcpy(data, &value, sizeof value);
        } else if (size == 8) {
            memcpy(data, (const uint8_t *)view->data + (size_t)from * 8, 8);
        } else {
            memcpy(data, (const uint8_t *)view->data + (size_t)from * size, size);
        }
    }
    return RUZU_OK;
}

static ruzu_status tail_write_nested(rz_tail *tail, const rz_tail_column *column, uint8_t *chunk, uint32_t at, const rz_vec *values,
                                     const rz_sel *sel, uint32_t sel_first, uint32_t count, rz_error *err)
{
    uint8_t *data = chunk + column->data_off + (size_t)at * column->value_size;
    uint8_t *nulls = chunk + column->nulls_off + at;
    for (uint32_t i = 0; i < count; i++, data += sizeof(uint8_t *)) {
        uint32_t row = rz_sel_at(sel, sel_first + i);
        uint8_t *bytes = (uint8_t *)rz_arena_alloc(&tail->heap, rz_row_value_size(values, row));
        RZ_TRY_ALLOC(bytes, err, "inserting rows");
        (void)rz_row_value_write(values, row, bytes);
        memcpy(data, &bytes, sizeof bytes);
        nulls[i] = rz_vec_is_null(values, row);
    }
    return RUZU_OK;
}

/* A SEQUENCE vector, or the numbering of a SERIAL column: first + position * step. */
static void tail_write_sequence(const rz_tail_column *column, uint8_t *chunk, uint32_t at, const rz_vec *values, uint64_t first_offset,
                                const rz_sel *sel, uint32_t sel_first, uint32_t count)
{
    uint8_t *data = chunk + column->data_off + (size_t)at * column->value_size;
    memset(chunk + column->nulls_off + at, 0, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = first_offset + i;
        if (values != NULL) {
            value = (uint64_t)values->start + (uint64_t)values->step * rz_sel_at(sel, sel_first + i);
        }
        memcpy(data + (size_t)i * 8, &value, 8);
    }
}

static ruzu_status tail_write_column(rz_tail *tail, uint32_t column_idx, uint32_t at, const rz_vec *values, const rz_sel *sel, uint32_t sel_first,
                                     uint32_t count, rz_error *err)
{
    const rz_tail_column *column = &tail->layout->columns[column_idx];
    uint8_t *chunk = tail->chunks[at / RZ_TAIL_ROWS];
    if (values == NULL || values->kind == RZ_VEC_SEQUENCE) {
        RZ_ASSERT(column->value_size == 8);
        tail_write_sequence(column, chunk, at % RZ_TAIL_ROWS, values, tail->first + at, sel, sel_first, count);
        return RUZU_OK;
    }
    if (column->nested) {
        return tail_write_nested(tail, column, chunk, at % RZ_TAIL_ROWS, values, sel, sel_first, count, err);
    }
    rz_view view;
    rz_vec_view(values, &view);
    return tail_write_fixed(tail, column, chunk, at % RZ_TAIL_ROWS, &view, sel, sel_first, count, err);
}

ruzu_status rz_tail_write(rz_tail *tail, uint32_t at, rz_vec *const *values, const rz_sel *sel, uint32_t sel_first, uint32_t count, rz_error *err)
{
    while (count != 0) {
        uint32_t chunk = at / RZ_TAIL_ROWS;
        uint32_t take = RZ_TAIL_ROWS - at % RZ_TAIL_ROWS;
        take = take < count ? take : count;
        RZ_ASSERT(chunk < tail->chunk_capacity);
        if (chunk == tail->chunk_count) {
            tail->chunks[chunk] = (uint8_t *)rz_mem_alloc(tail->mem, tail->layout->chunk_size);
            RZ_TRY_ALLOC(tail->chunks[chunk], err, "inserting rows");
            tail->chunk_count++;
        }
        for (uint32_t i = 0; i < tail->layout->column_count; i++) {
            RZ_TRY(tail_write_column(tail, i, at, values[i], sel, sel_first, take, err));
        }
        at += take;
        sel_first += take;
        count -= take;
    }
    return RUZU_OK;
}

/* ---- widening ---- */

/* RZ_TAIL_ROWS times the value of a column that rows had none of. */
static bool tail_fill_column(rz_tail *tail, uint32_t column_idx, uint8_t *chunk, const rz_vec *fill)
{
    static const rz_sel first = {NULL, 1};
    const rz_tail_column *column = &tail->layout->columns[column_idx];
    uint8_t *data = chunk + column->data_off;
    uint8_t *nulls = chunk + column->nulls_off;
    memset(data, 0, (size_t)column->value_size * RZ_TAIL_ROWS);
    memset(nulls, 1, RZ_TAIL_ROWS);
    if (fill == NULL) {
        return true; /* of a column that is gone: nobody reads it */
    }
    rz_view view;
    rz_error ignored;
    rz_error_init(&ignored);
    rz_vec_view(fill, &view);
    ruzu_status status = column->nested ? tail_write_nested(tail, column, chunk, 0, fill, &first, 0, 1, &ignored)
                                        : tail_write_fixed(tail, column, chunk, 0, &view, &first, 0, 1, &ignored);
    for (uint32_t i = 1; i < RZ_TAIL_ROWS && status == RUZU_OK; i++) { /* they share the bytes */
        memcpy(data + (size_t)i * column->value_size, data, column->value_size);
        nulls[i] = nulls[0];
    }
    return status == RUZU_OK;
}

rz_tail *rz_tail_widen(rz_tail *tail, const rz_tail_layout *layout, uint32_t row_count, const rz_vec *const *fills)
{
    rz_tail *wide = rz_tail_create(tail->mem, layout, tail->first, tail->chunk_capacity * RZ_TAIL_ROWS);
    if (wide == NULL) {
        return NULL;
    }
    uint32_t chunk_count = (row_count + RZ_TAIL_ROWS - 1) / RZ_TAIL_ROWS;
    for (uint32_t c = 0; c < chunk_count; c++) {
        uint8_t *chunk = (uint8_t *)rz_mem_alloc(wide->mem, layout->chunk_size);
        if (chunk == NULL) {
            rz_tail_release(wide);
            return NULL;
        }
        wide->chunks[wide->chunk_count++] = chunk;
        for (uint32_t i = 0; i < layout->column_count; i++) {
            const rz_tail_column *to = &layout->columns[i];
            if (i < tail->layout->column_count) {
                const rz_tail_column *from = &tail->layout->columns[i];
                memcpy(chunk + to->data_off, tail->chunks[c] + from->data_off, (size_t)to->value_size * RZ_TAIL_ROWS);
                memcpy(chunk + to->nulls_off, tail->chunks[c] + from->nulls_off, RZ_TAIL_ROWS);
            } else if (!tail_fill_column(wide, i, chunk, fills[i])) {
                rz_tail_release(wide);
                return NULL;
            }
        }
    }
    wide->origin = tail;
    rz_tail_acquire(tail);
    return wide;
}

/* ---- reading ---- */

ruzu_status rz_tail_values_read(const rz_tail_column *column, const uint8_t *data, const uint8_t *nulls, uint32_t count, rz_vec *out,
                                uint32_t out_start, rz_error *err)
{
    uint32_t size = column->value_size;
    if (column->nested) {
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *bytes, *end;
            memcpy(&bytes, data + (size_t)i * size, sizeof bytes);
            RZ_TRY(rz_row_value_read(bytes, true, out, out_start + i, &end, err));
        }
        return RUZU_OK;
    }
    if (column->type->physical == RZ_PHYS_STRING) {
        for (uint32_t i = 0; i < count; i++) {
            rz_string value;
            memcpy(&value, data + (size_t)i * size, sizeof value);
            if (value.length > RZ_STRING_INLINE) {
                RZ_TRY(rz_vec_set_string(out, out_start + i, value.u.data, value.length, err));
            } else {
                ((rz_string *)out->data)[out_start + i] = value;
            }
        }
    } else {
        memcpy((uint8_t *)out->data + (size_t)out_start * size, data, (size_t)count * size);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (nulls[i]) {
            rz_vec_set_null(out, out_start + i);
        } else if (out->validity != NULL) {
            rz_vec_set_valid(out, out_start + i);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_tail_read(const rz_tail *tail, uint32_t column, uint32_t at, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err)
{
    while (count != 0) {
        uint32_t take = RZ_TAIL_ROWS - at % RZ_TAIL_ROWS;
        take = take < count ? take : count;
        const rz_tail_column *values = &tail->layout->columns[column];
        const uint8_t *chunk = tail->chunks[at / RZ_TAIL_ROWS];
        uint32_t in_chunk = at % RZ_TAIL_ROWS;
        RZ_TRY(rz_tail_values_read(values, chunk + values->data_off + (size_t)in_chunk * values->value_size, chunk + values->nulls_off + in_chunk, take,
                                   out, out_start, err));
        at += take;
        out_start += take;
        count -= take;
    }
    return RUZU_OK;
}
