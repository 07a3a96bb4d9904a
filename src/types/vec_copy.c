/* SPDX-License-Identifier: MIT */
/*
 * Copies between vectors: rz_vec_copy and rz_vec_gather (deep, appended to a flat vector) and rz_vec_flatten (shallow, same positions).
 *
 * Values of a fixed size are moved by loops per size, not per type. Lists that lie one behind the other in the source are copied as one
 * range of elements. NULL rows of strings and lists are written as empty values, so that no stale pointer is ever looked at.
 */
#include "types/vec_base.h"

typedef struct copy_16 {
    uint64_t words[2];
} copy_16;
typedef struct copy_24 {
    uint64_t words[3];
} copy_24;

#define COPY_NAME(stem) stem##_1
#define COPY_TYPE uint8_t
#include "types/vec_copy_tmpl.h"
#define COPY_NAME(stem) stem##_2
#define COPY_TYPE uint16_t
#include "types/vec_copy_tmpl.h"
#define COPY_NAME(stem) stem##_4
#define COPY_TYPE uint32_t
#include "types/vec_copy_tmpl.h"
#define COPY_NAME(stem) stem##_8
#define COPY_TYPE uint64_t
#include "types/vec_copy_tmpl.h"
#define COPY_NAME(stem) stem##_16
#define COPY_TYPE copy_16
#include "types/vec_copy_tmpl.h"
#define COPY_NAME(stem) stem##_24
#define COPY_TYPE copy_24
#include "types/vec_copy_tmpl.h"

/* ---- deep copies ---- */

static ruzu_status copy_values(rz_vec *dst, uint32_t dst_start, const rz_vec *src, const uint32_t *at, uint32_t start, uint32_t count,
                               rz_error *err);

static void copy_validity(rz_vec *dst, uint32_t dst_start, const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count)
{
    if (base->validity == NULL) {
        if (dst->validity != NULL) {
            rz_vec_bits_fill(dst->validity, dst_start, count, true);
        }
        return;
    }
    rz_vec_use_validity(dst);
    if (at == NULL) {
        rz_vec_bits_copy(dst->validity, dst_start, base->validity, start, count);
        return;
    }
    for (uint32_t i = 0; i < count; i += 64) {
        uint32_t take = count - i < 64 ? count - i : 64;
        uint64_t word = 0;
        for (uint32_t j = 0; j < take; j++) {
            word |= (uint64_t)rz_bit_get(base->validity, at[i + j]) << j;
        }
        rz_vec_bits_copy(dst->validity, dst_start + i, &word, 0, take);
    }
}

static void copy_fixed(void *out, const void *in, uint32_t size, const uint32_t *at, uint32_t start, uint32_t count)
{
    if (at == NULL) {
        memcpy(out, (const char *)in + (size_t)size * start, (size_t)size * count);
        return;
    }
    switch (size) {
    case 1: vec_pick_1((uint8_t *)out, (const uint8_t *)in, at, count); break;
    case 2: vec_pick_2((uint16_t *)out, (const uint16_t *)in, at, count); break;
    case 4: vec_pick_4((uint32_t *)out, (const uint32_t *)in, at, count); break;
    case 8: vec_pick_8((uint64_t *)out, (const uint64_t *)in, at, count); break;
    case 16: vec_pick_16((copy_16 *)out, (const copy_16 *)in, at, count); break;
    default: vec_pick_24((copy_24 *)out, (const copy_24 *)in, at, count); break;
    }
}

static ruzu_status copy_strings(rz_vec *dst, uint32_t dst_start, const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count,
                                rz_error *err)
{
    rz_string *out = (rz_string *)dst->data + dst_start;
    const rz_string *in = (const rz_string *)base->data;
    size_t long_bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        if (base->validity != NULL && !rz_bit_get(base->validity, row)) {
            memset(&out[i], 0, sizeof out[i]);
            continue;
        }
        out[i] = in[row];
        long_bytes += out[i].length > RZ_STRING_INLINE ? out[i].length : 0;
    }
    if (long_bytes == 0) {
        return RUZU_OK;
    }
    char *bytes = (char *)rz_arena_alloc(dst->heap, long_bytes);
    if (bytes == NULL) {
        memset(out, 0, sizeof *out * count);
        return rz_error_no_memory(err, "copying strings");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (out[i].length > RZ_STRING_INLINE) {
            memcpy(bytes, out[i].u.data, out[i].length);
            out[i].u.data = bytes;
            bytes += out[i].length;
        }
    }
    return RUZU_OK;
}

static ruzu_status copy_lists(rz_vec *dst, uint32_t dst_start, const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count,
                              rz_error *err)
{
    rz_list_entry *out = (rz_list_entry *)dst->data + dst_start;
    const rz_list_entry *in = (const rz_list_entry *)base->data;
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        bool valid = base->validity == NULL || rz_bit_get(base->validity, row);
        out[i] = valid ? in[row] : (rz_list_entry){0, 0};
        total += out[i].length;
    }
    uint32_t next = 0;
    if (total > UINT32_MAX) {
        memset(out, 0, sizeof *out * count);
        return rz_error_set(err, RUZU_ERROR_LIMIT, "The lists of one vector may hold at most %u elements together.", UINT32_MAX);
    }
    RZ_TRY(rz_vec_list_reserve(dst, (uint32_t)total, &next, err));

    rz_vec *elements = dst->children[0];
    rz_list_entry run = {0, 0}; /* source elements that will stand at next … */
    for (uint32_t i = 0; i < count; i++) {
        rz_list_entry entry = out[i];
        if (entry.length == 0) {
            out[i].offset = next + run.length;
            continue;
        }
        if (entry.offset != run.offset + run.length) {
            RZ_TRY(copy_values(elements, next, base->children[0], NULL, run.offset, run.length, err));
            next += run.length;
            run = (rz_list_entry){entry.offset, 0};
        }
        out[i].offset = next + run.length;
        run.length += entry.length;
    }
    return copy_values(elements, next, base->children[0], NULL, run.offset, run.length, err);
}

/* base is FLAT, or CONSTANT with `at` all zero. */
static ruzu_status copy_base(rz_vec *dst, uint32_t dst_start, const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count,
                             rz_error *err)
{
    copy_validity(dst, dst_start, base, at, start, count);
    switch ((rz_physical)dst->type->physical) {
    case RZ_PHYS_STRING: return copy_strings(dst, dst_start, base, at, start, count, err);
    case RZ_PHYS_LIST: return copy_lists(dst, dst_start, base, at, start, count, err);
    case RZ_PHYS_STRUCT:
        for (uint32_t i = 0; i < dst->child_count; i++) {
            RZ_TRY(copy_values(dst->children[i], dst_start, base->children[i], at, start, count, err));
        }
        return RUZU_OK;
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_INT128:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_REL: break;
    }
    uint32_t size = rz_type_size(dst->type);
    copy_fixed((char *)dst->data + (size_t)size * dst_start, base->data, size, at, start, count);
    return RUZU_OK;
}

static ruzu_status copy_values(rz_vec *dst, uint32_t dst_start, const rz_vec *src, const uint32_t *at, uint32_t start, uint32_t count,
                               rz_error *err)
{
    if (count == 0 || dst->type->physical == RZ_PHYS_NONE) {
        return RUZU_OK;
    }
    RZ_ASSERT(dst->kind == RZ_VEC_FLAT && dst != src && dst->data == dst->data_buffer);
    RZ_ASSERT(count <= dst->capacity && dst_start <= dst->capacity - count);
    if (src->type->physical == RZ_PHYS_NONE) {
        for (uint32_t i = 0; i < count; i++) {
            rz_vec_set_null(dst, dst_start + i);
        }
        return RUZU_OK;
    }
    RZ_ASSERT(src->type->physical == dst->type->physical);
    if (src->kind == RZ_VEC_SEQUENCE) {
        int64_t *out = (int64_t *)dst->data + dst_start;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = vec_sequence_at(src, at == NULL ? start + i : at[i]);
        }
        if (dst->validity != NULL) {
            rz_vec_bits_fill(dst->validity, dst_start, count, true);
        }
        return RUZU_OK;
    }
    vec_walk walk;
    vec_walk_begin(&walk, src, at, start, count);
    while (vec_walk_next(&walk)) {
        RZ_TRY(copy_base(dst, dst_start + walk.offset, walk.base, walk.at, walk.start, walk.count, err));
    }
    return RUZU_OK;
}

ruzu_status rz_vec_copy(rz_vec *dst, uint32_t dst_start, const rz_vec *src, const rz_sel *sel, rz_error *err)
{
    return copy_values(dst, dst_start, src, sel->rows, 0, sel->count, err);
}

ruzu_status rz_vec_gather(rz_vec *dst, uint32_t dst_start, const rz_vec *src, const uint32_t *rows, uint32_t count, rz_error *err)
{
    return copy_values(dst, dst_start, src, rows, 0, count, err);
}

/* ---- flattening ---- */

static void flatten_spread(void *out, const void *in, uint32_t size, const uint32_t *index, const rz_sel *sel)
{
    switch (size) {
    case 1: vec_spread_1((uint8_t *)out, (const uint8_t *)in, index, sel); break;
    case 2: vec_spread_2((uint16_t *)out, (const uint16_t *)in, index, sel); break;
    case 4: vec_spread_4((uint32_t *)out, (const uint32_t *)in, index, sel); break;
    case 8: vec_spread_8((uint64_t *)out, (const uint64_t *)in, index, sel); break;
    case 16: vec_spread_16((copy_16 *)out, (const copy_16 *)in, index, sel); break;
    default: vec_spread_24((copy_24 *)out, (const copy_24 *)in, index, sel); break;
    }
}

static void flatten_fill(void *out, const void *in, uint32_t size, const rz_sel *sel)
{
    switch (size) {
    case 1: vec_fill_1((uint8_t *)out, (const uint8_t *)in, sel); break;
    case 2: vec_fill_2((uint16_t *)out, (const uint16_t *)in, sel); break;
    case 4: vec_fill_4((uint32_t *)out, (const uint32_t *)in, sel); break;
    case 8: vec_fill_8((uint64_t *)out, (const uint64_t *)in, sel); break;
    case 16: vec_fill_16((copy_16 *)out, (const copy_16 *)in, sel); break;
    default: vec_fill_24((copy_24 *)out, (const copy_24 *)in, sel); break;
    }
}

/* Where the value of a row stands: at base row `fixed` for all rows when index is NULL and constant, else at index[row], else at row. */
typedef struct flatten_map {
    const uint32_t *index;
    bool constant;
    uint32_t fixed;
} flatten_map;

static uint32_t flatten_at(const flatten_map *map, uint32_t row)
{
    if (map->constant) {
        return map->fixed;
    }
    return map->index == NULL ? row : map->index[row];
}

static void flatten_validity(rz_vec *dst, const uint64_t *validity, const flatten_map *map, const rz_sel *sel)
{
    if (validity == NULL) {
        return;
    }
    bool fixed_valid = map->constant && rz_bit_get(validity, map->fixed); /* read first: validity may be dst's own mask */
    if (fixed_valid) {
        return;
    }
    rz_vec_use_validity(dst);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (map->constant || !rz_bit_get(validity, flatten_at(map, row))) {
            rz_bit_clear(dst->validity, row);
        }
    }
}

/* Leads the map through src's own kind; *out_base is FLAT, CONSTANT or SEQUENCE afterwards. May use dst's index buffer. */
static ruzu_status flatten_resolve(rz_vec *dst, const rz_vec *src, flatten_map *map, const rz_sel *sel, const rz_vec **out_base, rz_error *err)
{
    *out_base = src;
    if (src->kind == RZ_VEC_DICTIONARY) {
        *out_base = src->dictionary;
        if (map->constant) {
            map->fixed = src->index[map->fixed];
        } else if (map->index == NULL) {
            map->index = src->index;
        } else {
            uint32_t end = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
            RZ_TRY(rz_vec_index_room(dst, end, err));
            for (uint32_t i = 0; i < sel->count; i++) {
                uint32_t row = rz_sel_at(sel, i);
                dst->index_buffer[row] = src->index[map->index[row]];
            }
            map->index = dst->index_buffer;
        }
    }
    if ((*out_base)->kind == RZ_VEC_CONSTANT) {
        map->constant = true;
        map->fixed = 0;
    }
    return RUZU_OK;
}

/* dst's own buffers, row r = src row map(r). src may be dst itself where every row reads row 0. */
static ruzu_status flatten_into(rz_vec *dst, const rz_vec *src, flatten_map map, const rz_sel *sel, rz_error *err)
{
    uint32_t end = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
    RZ_TRY(rz_vec_reserve(dst, end, err));
    const rz_vec *base = NULL;
    RZ_TRY(flatten_resolve(dst, src, &map, sel, &base, err));
    if (base->kind == RZ_VEC_SEQUENCE) {
        uint64_t start = (uint64_t)base->start, step = (uint64_t)base->step;
        rz_vec_show_own(dst, RZ_VEC_FLAT);
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            ((uint64_t *)dst->data)[row] = start + step * flatten_at(&map, row);
        }
        return RUZU_OK;
    }
    const uint64_t *validity = base->validity;
    const void *data = base->data;
    rz_vec **children = base->children;
    rz_vec_show_own(dst, RZ_VEC_FLAT);
    flatten_validity(dst, validity, &map, sel);
    if (dst->type->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < dst->child_count; i++) {
            RZ_TRY(flatten_into(dst->children[i], children[i], map, sel, err));
        }
        return RUZU_OK;
    }
    uint32_t size = rz_type_size(dst->type);
    if (map.constant) {
        flatten_fill(dst->data, (const char *)data + (size_t)size * map.fixed, size, sel);
    } else {
        RZ_ASSERT(map.index != NULL); /* only the kinds with a map are flattened */
        flatten_spread(dst->data, data, size, map.index, sel);
    }
    if (dst->type->physical == RZ_PHYS_LIST) {
        dst->children = children; /* the elements stay where they are */
    }
    return RUZU_OK;
}

ruzu_status rz_vec_flatten(rz_vec *vec, const rz_sel *sel, rz_error *err)
{
    if (vec->kind == RZ_VEC_FLAT || vec->type->physical == RZ_PHYS_NONE) {
        return RUZU_OK;
    }
    /* The kinds' fields are read from a copy: vec's own are rewritten on the way. A CONSTANT over own buffers moves with their growth. */
    if (vec->kind == RZ_VEC_CONSTANT && vec->data == vec->data_buffer && vec->children == vec->own_children) {
        flatten_map map = {NULL, true, 0};
        return flatten_into(vec, vec, map, sel, err);
    }
    rz_vec src = *vec;
    flatten_map map = {NULL, false, 0};
    return flatten_into(vec, &src, map, sel, err);
}
