/* SPDX-License-Identifier: MIT */
/*
 * Equality and order of values in vectors (dialect §12.2, §12.3): NULL equals NULL and is the largest, NaN equals NaN and is the largest
 * number, -0.0 equals 0.0. Intervals are equal field by field; their order normalises and then looks at the fields, so that it is total.
 * The order is total and agrees with equality: compare gives 0 exactly for equal values.
 */
#include "types/type_list.h"
#include "types/vec_base.h"

/* ---- values ---- */

#define COMPARE_ORDER_PLAIN(name, phys, ctype)                                                                         \
    static inline int order_##name(ctype a, ctype b)                                                                   \
    {                                                                                                                  \
        return (a > b) - (a < b);                                                                                      \
    }
#define COMPARE_ORDER_FLOAT(name, phys, ctype)                                                                         \
    static inline int order_##name(ctype a, ctype b)                                                                   \
    {                                                                                                                  \
        int order = (a > b) - (a < b);                                                                                 \
        return order != 0 ? order : (a != a) - (b != b);                                                               \
    }
RZ_FOR_EACH_INTEGER(COMPARE_ORDER_PLAIN)
RZ_FOR_EACH_FLOAT(COMPARE_ORDER_FLOAT)
COMPARE_ORDER_PLAIN(bool, BOOL, uint8_t)
#undef COMPARE_ORDER_PLAIN
#undef COMPARE_ORDER_FLOAT

static int order_interval(rz_interval a, rz_interval b)
{
    rz_int128 a_total = vec_interval_total(a), b_total = vec_interval_total(b);
    if (a_total != b_total) {
        return a_total < b_total ? -1 : 1;
    }
    int order = (a.months > b.months) - (a.months < b.months);
    return order != 0 ? order : (a.days > b.days) - (a.days < b.days); /* then the microseconds agree too */
}

static inline int order_rel(rz_rel_ref a, rz_rel_ref b)
{
    return (a.rel > b.rel) - (a.rel < b.rel);
}

/* ---- equality ---- */

static bool equal_lists(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    rz_list_entry x = ((const rz_list_entry *)a->data)[a_row];
    rz_list_entry y = ((const rz_list_entry *)b->data)[b_row];
    if (x.length != y.length) {
        return false;
    }
    for (uint32_t i = 0; i < x.length; i++) {
        if (!rz_vec_equal(a->children[0], x.offset + i, b->children[0], y.offset + i)) {
            return false;
        }
    }
    return true;
}

static bool equal_structs(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    if (a->type->id == RUZU_TYPE_UNION) {
        uint32_t a_tag = 0, b_tag = 0;
        const rz_vec *x = vec_union_member(a, a_row, &a_tag), *y = vec_union_member(b, b_row, &b_tag);
        return a_tag == b_tag && rz_vec_equal(x, a_row, y, b_row);
    }
    int32_t key = vec_key_child(a->type);
    if (key >= 0) {
        return rz_vec_equal(a->children[key], a_row, b->children[key], b_row);
    }
    for (uint32_t i = 0; i < a->child_count; i++) {
        if (!rz_vec_equal(a->children[i], a_row, b->children[i], b_row)) {
            return false;
        }
    }
    return true;
}

/* Rows of FLAT or CONSTANT vectors, not NULL. */
static bool equal_base(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
#define COMPARE_CASE_PLAIN(name, phys, ctype)                                                                          \
    case RZ_PHYS_##phys: return VEC_EQUAL_PLAIN((const ctype *)a->data + a_row, (const ctype *)b->data + b_row);
#define COMPARE_CASE_FLOAT(name, phys, ctype)                                                                          \
    case RZ_PHYS_##phys: return VEC_EQUAL_FLOAT((const ctype *)a->data + a_row, (const ctype *)b->data + b_row);
    switch ((rz_physical)a->type->physical) {
    case RZ_PHYS_NONE: return true;
        COMPARE_CASE_PLAIN(bool, BOOL, uint8_t)
        RZ_FOR_EACH_INTEGER(COMPARE_CASE_PLAIN)
        RZ_FOR_EACH_FLOAT(COMPARE_CASE_FLOAT)
    case RZ_PHYS_INTERVAL:
        return VEC_EQUAL_INTERVAL((const rz_interval *)a->data + a_row, (const rz_interval *)b->data + b_row);
    case RZ_PHYS_REL: return VEC_EQUAL_REL((const rz_rel_ref *)a->data + a_row, (const rz_rel_ref *)b->data + b_row);
    case RZ_PHYS_STRING: return rz_string_equal((const rz_string *)a->data + a_row, (const rz_string *)b->data + b_row);
    case RZ_PHYS_LIST: return equal_lists(a, a_row, b, b_row);
    case RZ_PHYS_STRUCT: return equal_structs(a, a_row, b, b_row);
    }
    return false;
#undef COMPARE_CASE_PLAIN
#undef COMPARE_CASE_FLOAT
}

/* A SEQUENCE on either side: its value in a one-row FLAT vector. */
static rz_vec compare_boxed(const rz_vec *vec, uint32_t *row, int64_t *room)
{
    if (vec->kind != RZ_VEC_SEQUENCE) {
        return *vec;
    }
    *room = vec_sequence_at(vec, *row);
    *row = 0;
    rz_vec one = {.type = vec->type, .kind = RZ_VEC_FLAT, .capacity = 1, .data = room};
    return one;
}

bool rz_vec_equal(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    if (RZ_UNLIKELY(a->kind == RZ_VEC_SEQUENCE || b->kind == RZ_VEC_SEQUENCE)) {
        int64_t a_room, b_room;
        rz_vec x = compare_boxed(a, &a_row, &a_room), y = compare_boxed(b, &b_row, &b_room);
        return rz_vec_equal(&x, a_row, &y, b_row);
    }
    a = vec_locate(a, &a_row);
    b = vec_locate(b, &b_row);
    bool a_null = vec_base_is_null(a, a_row), b_null = vec_base_is_null(b, b_row);
    if (a_null || b_null) {
        return a_null == b_null;
    }
    return equal_base(a, a_row, b, b_row);
}

/* ---- order ---- */

static int compare_lists(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    rz_list_entry x = ((const rz_list_entry *)a->data)[a_row];
    rz_list_entry y = ((const rz_list_entry *)b->data)[b_row];
    uint32_t shorter = x.length < y.length ? x.length : y.length;
    for (uint32_t i = 0; i < shorter; i++) {
        int order = rz_vec_compare(a->children[0], x.offset + i, b->children[0], y.offset + i);
        if (order != 0) {
            return order;
        }
    }
    return (x.length > y.length) - (x.length < y.length);
}

static int compare_structs(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    if (a->type->id == RUZU_TYPE_UNION) {
        uint32_t a_tag = 0, b_tag = 0;
        const rz_vec *x = vec_union_member(a, a_row, &a_tag), *y = vec_union_member(b, b_row, &b_tag);
        return a_tag == b_tag ? rz_vec_compare(x, a_row, y, b_row) : (a_tag > b_tag) - (a_tag < b_tag);
    }
    int32_t key = vec_key_child(a->type);
    if (key >= 0) {
        return rz_vec_compare(a->children[key], a_row, b->children[key], b_row);
    }
    for (uint32_t i = 0; i < a->child_count; i++) {
        int order = rz_vec_compare(a->children[i], a_row, b->children[i], b_row);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_base(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
#define COMPARE_CASE(name, phys, ctype)                                                                                \
    case RZ_PHYS_##phys: return order_##name(((const ctype *)a->data)[a_row], ((const ctype *)b->data)[b_row]);
    switch ((rz_physical)a->type->physical) {
    case RZ_PHYS_NONE: return 0;
        RZ_FOR_EACH_FIXED(COMPARE_CASE)
    case RZ_PHYS_STRING: return rz_string_compare((const rz_string *)a->data + a_row, (const rz_string *)b->data + b_row);
    case RZ_PHYS_LIST: return compare_lists(a, a_row, b, b_row);
    case RZ_PHYS_STRUCT: return compare_structs(a, a_row, b, b_row);
    }
    return 0;
#undef COMPARE_CASE
}

int rz_vec_compare(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    if (RZ_UNLIKELY(a->kind == RZ_VEC_SEQUENCE || b->kind == RZ_VEC_SEQUENCE)) {
        int64_t a_room, b_room;
        rz_vec x = compare_boxed(a, &a_row, &a_room), y = compare_boxed(b, &b_row, &b_room);
        return rz_vec_compare(&x, a_row, &y, b_row);
    }
    a = vec_locate(a, &a_row);
    b = vec_locate(b, &b_row);
    bool a_null = vec_base_is_null(a, a_row), b_null = vec_base_is_null(b, b_row);
    if (a_null || b_null) {
        return (int)a_null - (int)b_null;
    }
    return compare_base(a, a_row, b, b_row);
}

/* ---- many pairs ---- */

#define MATCH_NAME match_8
#define MATCH_TYPE uint8_t
#define MATCH_EQUAL(x, y) VEC_EQUAL_PLAIN(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_16
#define MATCH_TYPE uint16_t
#define MATCH_EQUAL(x, y) VEC_EQUAL_PLAIN(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_32
#define MATCH_TYPE uint32_t
#define MATCH_EQUAL(x, y) VEC_EQUAL_PLAIN(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_64
#define MATCH_TYPE uint64_t
#define MATCH_EQUAL(x, y) VEC_EQUAL_PLAIN(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_128
#define MATCH_TYPE rz_int128
#define MATCH_EQUAL(x, y) VEC_EQUAL_PLAIN(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_float
#define MATCH_TYPE float
#define MATCH_EQUAL(x, y) VEC_EQUAL_FLOAT(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_double
#define MATCH_TYPE double
#define MATCH_EQUAL(x, y) VEC_EQUAL_FLOAT(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_interval
#define MATCH_TYPE rz_interval
#define MATCH_EQUAL(x, y) VEC_EQUAL_INTERVAL(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_rel
#define MATCH_TYPE rz_rel_ref
#define MATCH_EQUAL(x, y) VEC_EQUAL_REL(x, y)
#include "types/vec_match_tmpl.h"
#define MATCH_NAME match_string
#define MATCH_TYPE rz_string
#define MATCH_EQUAL(x, y) rz_string_equal(x, y)
#include "types/vec_match_tmpl.h"

static uint32_t match_nested(const rz_vec *a, const uint32_t *a_at, const rz_vec *b, const uint32_t *b_at, const uint32_t *items, uint32_t count,
                             uint32_t *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t item = items[i];
        if (rz_vec_equal(a, a_at[i], b, b_at[i])) {
            out[kept++] = item;
        }
    }
    return kept;
}

static uint32_t match_block(const rz_vec *a, const uint32_t *a_at, const rz_vec *b, const uint32_t *b_at, const uint32_t *items, uint32_t count,
                            uint32_t *out)
{
    switch ((rz_physical)a->type->physical) {
    case RZ_PHYS_NONE:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: return match_nested(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: return match_8(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: return match_16(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32: return match_32(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64: return match_64(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_INT128: return match_128(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_FLOAT: return match_float(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_DOUBLE: return match_double(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_INTERVAL: return match_interval(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_STRING: return match_string(a, a_at, b, b_at, items, count, out);
    case RZ_PHYS_REL: return match_rel(a, a_at, b, b_at, items, count, out);
    }
    return 0;
}

const rz_vec *rz_vec_locate_rows(const rz_vec *vec, const uint32_t *rows, const uint32_t *items, uint32_t count, uint32_t *at)
{
    const rz_vec *base = vec->kind == RZ_VEC_DICTIONARY ? vec->dictionary : vec;
    if (base->kind == RZ_VEC_CONSTANT) {
        memset(at, 0, count * sizeof *at);
    } else if (vec->kind == RZ_VEC_DICTIONARY) {
        for (uint32_t i = 0; i < count; i++) {
            at[i] = vec->index[rows[items[i]]];
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            at[i] = rows[items[i]];
        }
    }
    return base;
}

uint32_t rz_vec_match(const rz_vec *a, const uint32_t *a_rows, const rz_vec *b, const uint32_t *b_rows, uint32_t *items, uint32_t count)
{
    uint32_t a_at[VEC_BLOCK], b_at[VEC_BLOCK];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i += VEC_BLOCK) {
        uint32_t take = count - i < VEC_BLOCK ? count - i : VEC_BLOCK;
        const rz_vec *a_base = rz_vec_locate_rows(a, a_rows, items + i, take, a_at);
        const rz_vec *b_base = rz_vec_locate_rows(b, b_rows, items + i, take, b_at);
        bool plain = a_base->kind != RZ_VEC_SEQUENCE && b_base->kind != RZ_VEC_SEQUENCE;
        kept += plain ? match_block(a_base, a_at, b_base, b_at, items + i, take, items + kept)
                      : match_nested(a_base, a_at, b_base, b_at, items + i, take, items + kept);
    }
    return kept;
}
