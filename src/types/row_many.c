/* SPDX-License-Identifier: MIT */
/*
 * The row form (row.c) by column, for many rows at once: loops per size or type, one cursor per row.
 */
#include "types/vec_base.h"

typedef struct row_16 {
    uint64_t words[2];
} row_16;

#define ROW_MOVE
#define ROW_EQUAL VEC_EQUAL_PLAIN
#define ROW_NAME(stem) stem##_8
#define ROW_TYPE uint8_t
#include "types/row_tmpl.h"
#define ROW_MOVE
#define ROW_EQUAL VEC_EQUAL_PLAIN
#define ROW_NAME(stem) stem##_16
#define ROW_TYPE uint16_t
#include "types/row_tmpl.h"
#define ROW_MOVE
#define ROW_EQUAL VEC_EQUAL_PLAIN
#define ROW_NAME(stem) stem##_32
#define ROW_TYPE uint32_t
#include "types/row_tmpl.h"
#define ROW_MOVE
#define ROW_EQUAL VEC_EQUAL_PLAIN
#define ROW_NAME(stem) stem##_64
#define ROW_TYPE uint64_t
#include "types/row_tmpl.h"
#define ROW_MOVE
#define ROW_NAME(stem) stem##_128
#define ROW_TYPE row_16
#include "types/row_tmpl.h"
#define ROW_EQUAL VEC_EQUAL_PLAIN
#define ROW_NAME(stem) stem##_int128
#define ROW_TYPE rz_int128
#include "types/row_tmpl.h"
#define ROW_EQUAL VEC_EQUAL_INTERVAL
#define ROW_NAME(stem) stem##_interval
#define ROW_TYPE rz_interval
#include "types/row_tmpl.h"
#define ROW_EQUAL VEC_EQUAL_FLOAT
#define ROW_NAME(stem) stem##_float
#define ROW_TYPE float
#include "types/row_tmpl.h"
#define ROW_EQUAL VEC_EQUAL_FLOAT
#define ROW_NAME(stem) stem##_double
#define ROW_TYPE double
#include "types/row_tmpl.h"
#define ROW_MOVE
#define ROW_EQUAL VEC_EQUAL_REL
#define ROW_NAME(stem) stem##_rel
#define ROW_TYPE rz_rel_ref
#include "types/row_tmpl.h"

static void row_write_strings(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint8_t **cursors)
{
    const rz_string *data = (const rz_string *)base->data;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        uint8_t *out = cursors[i];
        if (base->validity != NULL && !rz_bit_get(base->validity, row)) {
            *out = ROW_NULL;
            cursors[i] = out + 1;
            continue;
        }
        const rz_string *s = &data[row];
        *out = ROW_VALUE;
        rz_store_u32(out + 1, s->length);
        out += 5;
        if (s->length != 0) {
            memcpy(out, rz_string_data(s), s->length);
        }
        cursors[i] = out + s->length;
    }
}

static void row_write_base(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint8_t **cursors)
{
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: row_write_8(base, at, start, count, cursors); return;
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: row_write_16(base, at, start, count, cursors); return;
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_FLOAT: row_write_32(base, at, start, count, cursors); return;
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_DOUBLE: row_write_64(base, at, start, count, cursors); return;
    case RZ_PHYS_INT128:
    case RZ_PHYS_INTERVAL: row_write_128(base, at, start, count, cursors); return;
    case RZ_PHYS_REL: row_write_rel(base, at, start, count, cursors); return;
    case RZ_PHYS_STRING: row_write_strings(base, at, start, count, cursors); return;
    case RZ_PHYS_NONE:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    for (uint32_t i = 0; i < count; i++) {
        cursors[i] = rz_row_value_write(base, at == NULL ? start + i : at[i], cursors[i]);
    }
}

void rz_row_values_write(const rz_vec *vec, const rz_sel *sel, uint8_t **cursors)
{
    if (vec->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < sel->count; i++) {
            cursors[i] = rz_row_value_write(vec, rz_sel_at(sel, i), cursors[i]);
        }
        return;
    }
    vec_walk walk;
    vec_walk_begin(&walk, vec, sel->rows, 0, sel->count);
    while (vec_walk_next(&walk)) {
        row_write_base(walk.base, walk.at, walk.start, walk.count, cursors + walk.offset);
    }
}

/* ---- sizes ---- */

static void row_size_fixed(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, size_t *sizes)
{
    size_t size = rz_type_size(base->type);
    for (uint32_t i = 0; i < count; i++) {
        bool valid = base->validity == NULL || rz_bit_get(base->validity, at == NULL ? start + i : at[i]);
        sizes[i] += valid ? 1 + size : 1;
    }
}

static void row_size_strings(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, size_t *sizes)
{
    const rz_string *data = (const rz_string *)base->data;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        bool valid = base->validity == NULL || rz_bit_get(base->validity, row);
        sizes[i] += valid ? 5 + (size_t)data[row].length : 1;
    }
}

void rz_row_values_size(const rz_vec *vec, const rz_sel *sel, size_t *sizes)
{
    rz_physical physical = (rz_physical)vec->type->physical;
    bool nested = physical == RZ_PHYS_LIST || physical == RZ_PHYS_STRUCT || physical == RZ_PHYS_NONE;
    if (nested || vec->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < sel->count; i++) {
            sizes[i] += rz_row_value_size(vec, rz_sel_at(sel, i));
        }
        return;
    }
    vec_walk walk;
    vec_walk_begin(&walk, vec, sel->rows, 0, sel->count);
    while (vec_walk_next(&walk)) {
        if (physical == RZ_PHYS_STRING) {
            row_size_strings(walk.base, walk.at, walk.start, walk.count, sizes + walk.offset);
        } else {
            row_size_fixed(walk.base, walk.at, walk.start, walk.count, sizes + walk.offset);
        }
    }
}

/* ---- reading ---- */

/* Strings over the rows' own bytes. */
static void row_read_strings(const uint8_t **cursors, uint32_t count, rz_vec *vec, uint32_t start_row)
{
    rz_string *data = (rz_string *)vec->data + start_row;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *in = cursors[i];
        if (*in == ROW_NULL) {
            rz_vec_set_null(vec, start_row + i);
            cursors[i] = in + 1;
            continue;
        }
        uint32_t length = rz_load_u32(in + 1);
        data[i] = rz_string_make((const char *)in + 5, length);
        cursors[i] = in + 5 + length;
    }
}

static ruzu_status row_read_each(const uint8_t **cursors, uint32_t count, bool copy_strings, rz_vec *vec, uint32_t start_row, rz_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_row_value_read(cursors[i], copy_strings, vec, start_row + i, &cursors[i], err));
    }
    return RUZU_OK;
}

ruzu_status rz_row_values_read(const uint8_t **cursors, uint32_t count, bool copy_strings, rz_vec *vec, uint32_t start_row, rz_error *err)
{
    RZ_ASSERT(vec->type->physical == RZ_PHYS_NONE || (vec->kind == RZ_VEC_FLAT && start_row + count <= vec->capacity));
    if (vec->validity != NULL && vec->kind == RZ_VEC_FLAT) {
        rz_vec_bits_fill(vec->validity, start_row, count, true);
    }
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: row_read_8(cursors, count, vec, start_row); return RUZU_OK;
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: row_read_16(cursors, count, vec, start_row); return RUZU_OK;
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_FLOAT: row_read_32(cursors, count, vec, start_row); return RUZU_OK;
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_DOUBLE: row_read_64(cursors, count, vec, start_row); return RUZU_OK;
    case RZ_PHYS_INT128:
    case RZ_PHYS_INTERVAL: row_read_128(cursors, count, vec, start_row); return RUZU_OK;
    case RZ_PHYS_REL: row_read_rel(cursors, count, vec, start_row); return RUZU_OK;
    case RZ_PHYS_STRING:
        if (!copy_strings) {
            row_read_strings(cursors, count, vec, start_row);
            return RUZU_OK;
        }
        break;
    case RZ_PHYS_NONE:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return row_read_each(cursors, count, copy_strings, vec, start_row, err);
}

/* ---- comparison ---- */

static uint32_t row_match_strings(const uint8_t **cursors, const rz_vec *base, const uint32_t *at, const uint32_t *items, uint32_t count, uint32_t *out)
{
    const rz_string *data = (const rz_string *)base->data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t item = items[i];
        const uint8_t *in = cursors[item];
        bool valid = base->validity == NULL || rz_bit_get(base->validity, at[i]);
        if (valid != (*in == ROW_VALUE)) {
            continue;
        }
        in++;
        if (valid) {
            const rz_string *s = &data[at[i]];
            if (rz_load_u32(in) != s->length || (s->length != 0 && memcmp(in + 4, rz_string_data(s), s->length) != 0)) {
                continue;
            }
            in += 4 + (size_t)s->length;
        }
        cursors[item] = in;
        out[kept++] = item;
    }
    return kept;
}

static uint32_t row_match_each(const uint8_t **cursors, const rz_vec *vec, const uint32_t *at, const uint32_t *items, uint32_t count, uint32_t *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t item = items[i];
        const uint8_t *end = NULL;
        if (rz_row_value_equal(cursors[item], vec, at[i], &end)) {
            cursors[item] = end;
            out[kept++] = item;
        }
    }
    return kept;
}

static uint32_t row_match_block(const uint8_t **cursors, const rz_vec *base, const uint32_t *at, const uint32_t *items, uint32_t count, uint32_t *out)
{
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: return row_match_8(cursors, base, at, items, count, out);
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: return row_match_16(cursors, base, at, items, count, out);
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32: return row_match_32(cursors, base, at, items, count, out);
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64: return row_match_64(cursors, base, at, items, count, out);
    case RZ_PHYS_INT128: return row_match_int128(cursors, base, at, items, count, out);
    case RZ_PHYS_FLOAT: return row_match_float(cursors, base, at, items, count, out);
    case RZ_PHYS_DOUBLE: return row_match_double(cursors, base, at, items, count, out);
    case RZ_PHYS_INTERVAL: return row_match_interval(cursors, base, at, items, count, out);
    case RZ_PHYS_REL: return row_match_rel(cursors, base, at, items, count, out);
    case RZ_PHYS_STRING: return row_match_strings(cursors, base, at, items, count, out);
    case RZ_PHYS_NONE:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return row_match_each(cursors, base, at, items, count, out);
}

uint32_t rz_row_values_match(const uint8_t **cursors, const rz_vec *vec, const uint32_t *rows, uint32_t *items, uint32_t count)
{
    uint32_t at[VEC_BLOCK];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i += VEC_BLOCK) {
        uint32_t take = count - i < VEC_BLOCK ? count - i : VEC_BLOCK;
        const rz_vec *base = rz_vec_locate_rows(vec, rows, items + i, take, at);
        kept += base->kind == RZ_VEC_SEQUENCE ? row_match_each(cursors, base, at, items + i, take, items + kept)
                                              : row_match_block(cursors, base, at, items + i, take, items + kept);
    }
    return kept;
}
