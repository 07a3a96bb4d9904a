/* SPDX-License-Identifier: MIT */
/*
 * Sort keys: bytes whose memcmp order is the order of values.
 *
 *   key       marker, then payload unless NULL. Marker: value 1; NULL 0 (nulls first) or 2 (nulls last)
 *   integer   big-endian, sign bit flipped
 *   float     big-endian IEEE bits: negative ones inverted, else sign bit flipped; -0.0 as 0.0, every NaN as the one above +inf
 *   INTERVAL  normalised microseconds (10 bytes), months, days: equal totals are told apart by their fields
 *   REL       id of the relationship
 *   STRING    bytes, 0 as 01 01 and 1 as 01 02; end 0
 *   LIST      each element: 1 and payload, or 2 when NULL; end 0
 *   STRUCT    each field: 1 and payload, or 2 when NULL; graph values by their id only
 *   UNION     tag, then the member like a field
 *
 * A descending key is the payload with all bits inverted; that reverses the order because no payload is a proper prefix of another.
 */
#include "types/vec_base.h"

#define KEY_MARK_END 0u
#define KEY_MARK_VALUE 1u
#define KEY_MARK_NULL 2u
#define KEY_INTERVAL_WIDTH 18u

typedef struct sort_key_form {
    uint8_t null_marker;
    uint64_t flip; /* all ones when descending, else 0 */
} sort_key_form;

/* ---- payloads of fixed size; flip: 0, or all ones for descending keys ---- */

static inline void key_put_u8(uint8_t value, uint64_t flip, uint8_t *out)
{
    *out = (uint8_t)(value ^ flip);
}
static inline void key_put_u16(uint16_t value, uint64_t flip, uint8_t *out)
{
    value ^= (uint16_t)flip;
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}
static inline void key_put_u32(uint32_t value, uint64_t flip, uint8_t *out)
{
    value ^= (uint32_t)flip;
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}
static inline void key_put_u64(uint64_t value, uint64_t flip, uint8_t *out)
{
    value ^= flip;
    out[0] = (uint8_t)(value >> 56);
    out[1] = (uint8_t)(value >> 48);
    out[2] = (uint8_t)(value >> 40);
    out[3] = (uint8_t)(value >> 32);
    out[4] = (uint8_t)(value >> 24);
    out[5] = (uint8_t)(value >> 16);
    out[6] = (uint8_t)(value >> 8);
    out[7] = (uint8_t)value;
}
static inline void key_put_i8(int8_t value, uint64_t flip, uint8_t *out)
{
    key_put_u8((uint8_t)value ^ 0x80u, flip, out);
}
static inline void key_put_i16(int16_t value, uint64_t flip, uint8_t *out)
{
    key_put_u16((uint16_t)((uint16_t)value ^ 0x8000u), flip, out);
}
static inline void key_put_i32(int32_t value, uint64_t flip, uint8_t *out)
{
    key_put_u32((uint32_t)value ^ UINT32_C(0x80000000), flip, out);
}
static inline void key_put_i64(int64_t value, uint64_t flip, uint8_t *out)
{
    key_put_u64((uint64_t)value ^ (UINT64_C(1) << 63), flip, out);
}
static inline void key_put_i128(rz_int128 value, uint64_t flip, uint8_t *out)
{
    key_put_i64((int64_t)(value >> 64), flip, out);
    key_put_u64((uint64_t)value, flip, out + 8);
}
static inline void key_put_float(float value, uint64_t flip, uint8_t *out)
{
    uint32_t bits;
    value = value == 0.0f ? 0.0f : value;
    memcpy(&bits, &value, sizeof bits);
    bits = value != value ? UINT32_C(0x7FC00000) : bits;
    key_put_u32(bits >> 31 ? ~bits : bits ^ UINT32_C(0x80000000), flip, out);
}
static inline void key_put_double(double value, uint64_t flip, uint8_t *out)
{
    uint64_t bits;
    value = value == 0.0 ? 0.0 : value;
    memcpy(&bits, &value, sizeof bits);
    bits = value != value ? UINT64_C(0x7FF8000000000000) : bits;
    key_put_u64(bits >> 63 ? ~bits : bits ^ (UINT64_C(1) << 63), flip, out);
}
static inline void key_put_interval(rz_interval value, uint64_t flip, uint8_t *out)
{
    rz_int128 total = vec_interval_total(value);
    key_put_i16((int16_t)(total >> 64), flip, out);
    key_put_u64((uint64_t)total, flip, out + 2);
    key_put_i32(value.months, flip, out + 10);
    key_put_i32(value.days, flip, out + 14);
}
static inline void key_put_rel(rz_rel_ref value, uint64_t flip, uint8_t *out)
{
    key_put_u64(value.rel, flip, out);
}

#define KEY_NAME key_write_u8
#define KEY_TYPE uint8_t
#define KEY_PUT key_put_u8
#define KEY_WIDTH 1u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_u16
#define KEY_TYPE uint16_t
#define KEY_PUT key_put_u16
#define KEY_WIDTH 2u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_u32
#define KEY_TYPE uint32_t
#define KEY_PUT key_put_u32
#define KEY_WIDTH 4u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_u64
#define KEY_TYPE uint64_t
#define KEY_PUT key_put_u64
#define KEY_WIDTH 8u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_i8
#define KEY_TYPE int8_t
#define KEY_PUT key_put_i8
#define KEY_WIDTH 1u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_i16
#define KEY_TYPE int16_t
#define KEY_PUT key_put_i16
#define KEY_WIDTH 2u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_i32
#define KEY_TYPE int32_t
#define KEY_PUT key_put_i32
#define KEY_WIDTH 4u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_i64
#define KEY_TYPE int64_t
#define KEY_PUT key_put_i64
#define KEY_WIDTH 8u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_i128
#define KEY_TYPE rz_int128
#define KEY_PUT key_put_i128
#define KEY_WIDTH 16u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_float
#define KEY_TYPE float
#define KEY_PUT key_put_float
#define KEY_WIDTH 4u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_double
#define KEY_TYPE double
#define KEY_PUT key_put_double
#define KEY_WIDTH 8u
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_interval
#define KEY_TYPE rz_interval
#define KEY_PUT key_put_interval
#define KEY_WIDTH KEY_INTERVAL_WIDTH
#include "types/sort_key_tmpl.h"
#define KEY_NAME key_write_rel
#define KEY_TYPE rz_rel_ref
#define KEY_PUT key_put_rel
#define KEY_WIDTH 8u
#include "types/sort_key_tmpl.h"

uint32_t rz_sort_key_width(const rz_type *type)
{
    switch ((rz_physical)type->physical) {
    case RZ_PHYS_STRING:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: return 0;
    case RZ_PHYS_NONE: return 1;
    case RZ_PHYS_INTERVAL: return 1 + KEY_INTERVAL_WIDTH;
    case RZ_PHYS_REL: return 1 + 8;
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
    case RZ_PHYS_DOUBLE: break;
    }
    return 1 + rz_type_size(type);
}

/* Keys of rows of a FLAT or CONSTANT vector of a fixed-size type. */
static void key_write_base(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, const sort_key_form *form, uint8_t *out,
                           size_t stride)
{
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE:
        for (uint32_t i = 0; i < count; i++) {
            out[stride * i] = form->null_marker;
        }
        return;
    case RZ_PHYS_BOOL:
    case RZ_PHYS_UINT8: key_write_u8(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_INT8: key_write_i8(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_INT16: key_write_i16(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_INT32: key_write_i32(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_INT64: key_write_i64(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_INT128: key_write_i128(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_UINT16: key_write_u16(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_UINT32: key_write_u32(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_UINT64: key_write_u64(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_FLOAT: key_write_float(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_DOUBLE: key_write_double(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_INTERVAL: key_write_interval(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_REL: key_write_rel(base, at, start, count, form, out, stride); return;
    case RZ_PHYS_STRING:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    RZ_ASSERT(rz_sort_key_width(base->type) != 0);
}

void rz_sort_key_write(const rz_vec *vec, const rz_sel *sel, bool descending, bool nulls_first, uint8_t *out, size_t stride)
{
    sort_key_form form = {nulls_first ? KEY_MARK_END : KEY_MARK_NULL, descending ? UINT64_MAX : 0};
    if (vec->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < sel->count; i++) {
            int64_t value = vec_sequence_at(vec, rz_sel_at(sel, i));
            rz_vec one = {.type = vec->type, .kind = RZ_VEC_FLAT, .capacity = 1, .data = &value};
            key_write_base(&one, NULL, 0, 1, &form, out + stride * i, stride);
        }
        return;
    }
    vec_walk walk;
    vec_walk_begin(&walk, vec, sel->rows, 0, sel->count);
    while (vec_walk_next(&walk)) {
        key_write_base(walk.base, walk.at, walk.start, walk.count, &form, out + stride * walk.offset, stride);
    }
}

/* ---- payloads of any size, appended ---- */

static void key_append_value(const rz_vec *vec, uint32_t row, rz_str *out);

static void key_append_string(const rz_string *s, rz_str *out)
{
    const char *data = rz_string_data(s);
    if (!rz_str_reserve(out, (size_t)s->length * 2 + 1)) {
        return;
    }
    const uint64_t ones = UINT64_C(0x0101010101010101);
    char *to = out->data + out->length;
    for (uint32_t i = 0; i < s->length;) {
        uint32_t end = i + 8;
        if (end <= s->length) {
            uint64_t word = rz_load_u64(data + i);
            if (((word - 2 * ones) & ~word & 0x80 * ones) == 0) { /* no byte below 2 */
                rz_store_u64(to, word);
                to += 8;
                i = end;
                continue;
            }
        } else {
            end = s->length;
        }
        for (; i < end; i++) {
            if ((uint8_t)data[i] <= 1) {
                *to++ = 1;
                *to++ = (char)(data[i] + 1);
            } else {
                *to++ = data[i];
            }
        }
    }
    *to++ = (char)KEY_MARK_END;
    *to = '\0'; /* the builder's own */
    out->length = (size_t)(to - out->data);
}

/* Inside a nested value NULL is always the largest; the direction turns the whole payload around. */
static void key_append_inner(const rz_vec *vec, uint32_t row, rz_str *out)
{
    if (rz_vec_is_null(vec, row)) {
        rz_str_append_char(out, (char)KEY_MARK_NULL);
        return;
    }
    rz_str_append_char(out, (char)KEY_MARK_VALUE);
    key_append_value(vec, row, out);
}

static void key_append_struct(const rz_vec *base, uint32_t row, rz_str *out)
{
    if (base->type->id == RUZU_TYPE_UNION) {
        uint32_t tag = 0;
        const rz_vec *member = vec_union_member(base, row, &tag);
        rz_str_append_char(out, (char)tag);
        key_append_inner(member, row, out);
        return;
    }
    int32_t key = vec_key_child(base->type);
    if (key >= 0) {
        key_append_inner(base->children[key], row, out);
        return;
    }
    for (uint32_t i = 0; i < base->child_count; i++) {
        key_append_inner(base->children[i], row, out);
    }
}

/* Marker and payload of a value of a fixed-size type. */
static uint32_t key_fixed(const rz_vec *vec, uint32_t row, bool descending, uint8_t *out)
{
    uint32_t width = rz_sort_key_width(vec->type);
    if (vec->kind == RZ_VEC_SEQUENCE) {
        rz_sel one = {&row, 1};
        rz_sort_key_write(vec, &one, descending, false, out, width);
    } else {
        sort_key_form form = {KEY_MARK_NULL, descending ? UINT64_MAX : 0};
        const rz_vec *base = vec_locate(vec, &row);
        key_write_base(base, NULL, row, 1, &form, out, width);
    }
    return width;
}

/* The ascending payload of a value that is not NULL. */
static void key_append_value(const rz_vec *vec, uint32_t row, rz_str *out)
{
    if (rz_sort_key_width(vec->type) != 0) {
        uint8_t bytes[1 + KEY_INTERVAL_WIDTH];
        uint32_t width = key_fixed(vec, row, false, bytes);
        rz_str_append(out, (const char *)bytes + 1, width - 1);
        return;
    }
    const rz_vec *base = vec_locate(vec, &row);
    if (base->type->physical == RZ_PHYS_STRING) {
        key_append_string((const rz_string *)base->data + row, out);
    } else if (base->type->physical == RZ_PHYS_STRUCT) {
        key_append_struct(base, row, out);
    } else {
        rz_list_entry entry = ((const rz_list_entry *)base->data)[row];
        for (uint32_t i = 0; i < entry.length; i++) {
            key_append_inner(base->children[0], entry.offset + i, out);
        }
        rz_str_append_char(out, (char)KEY_MARK_END);
    }
}

void rz_sort_key_append(const rz_vec *vec, uint32_t row, bool descending, bool nulls_first, rz_str *out)
{
    if (rz_vec_is_null(vec, row)) {
        rz_str_append_char(out, (char)(nulls_first ? KEY_MARK_END : KEY_MARK_NULL));
        return;
    }
    if (rz_sort_key_width(vec->type) != 0) {
        uint8_t bytes[1 + KEY_INTERVAL_WIDTH];
        uint32_t width = key_fixed(vec, row, descending, bytes);
        rz_str_append(out, (const char *)bytes, width);
        return;
    }
    rz_str_append_char(out, (char)KEY_MARK_VALUE);
    size_t from = out->length;
    key_append_value(vec, row, out);
    if (descending && !out->failed) {
        for (size_t i = from; i < out->length; i++) {
            out->data[i] = (char)~out->data[i];
        }
    }
}

#undef KEY_MARK_END
#undef KEY_MARK_VALUE
#undef KEY_MARK_NULL
#undef KEY_INTERVAL_WIDTH
