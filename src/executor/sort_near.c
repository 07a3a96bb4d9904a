/* SPDX-License-Identifier: MIT */
/*
 * Which rows may still be among the first k: a test of the first key's leading bytes against those of the k-th row so far, before keys are made.
 *
 * The test keeps a row when in doubt: what it drops has a greater key. Strings are looked at as they lie in the vector, by four bytes. The bytes 0 and 1 are
 * written otherwise in keys (sort_key.c), so strings with one of them among those four are kept, where that could make their key smaller than it looks.
 */
#include "executor/sort.h"

/* Whether one of the four bytes is zero. */
static inline bool near_has_zero(uint32_t bytes)
{
    return ((bytes - UINT32_C(0x01010101)) & ~bytes & UINT32_C(0x80808080)) != 0;
}

static inline uint32_t near_big_endian(uint32_t bytes)
{
    return bytes << 24 | (bytes & 0xff00u) << 8 | (bytes >> 8 & 0xff00u) | bytes >> 24;
}

/* The eight bytes at p as a number whose order is that of the bytes. */
static inline uint64_t near_load(const uint8_t *p)
{
    return (uint64_t)near_big_endian(rz_load_u32(p)) << 32 | near_big_endian(rz_load_u32(p + 4));
}

/* bound: the four bytes behind the marker of the k-th key, as a number. */
static uint32_t near_strings(const rz_view *view, const rz_sel *sel, bool descending, bool nulls_near, uint32_t bound, uint32_t *rows)
{
    const rz_string *data = (const rz_string *)view->data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(view, row);
        rows[kept] = row;
        if (!rz_view_valid(view, at)) {
            kept += nulls_near;
            continue;
        }
        uint32_t head = rz_load_u32(data[at].prefix);
        bool odd = near_has_zero(head ^ UINT32_C(0x01010101)); /* a byte 1 */
        if (descending) {
            odd |= near_has_zero(head); /* a byte 0, or the string ends here */
            head = ~head;
        }
        kept += odd | (near_big_endian(head) <= bound);
    }
    return kept;
}

/* Fixed widths: the keys themselves, by up to eight bytes. */
static uint32_t near_fixed(const rz_vec *vec, const rz_sel *sel, const rz_plan_order *order, uint64_t bound, uint8_t *keys, uint32_t *rows)
{
    uint32_t width = rz_sort_key_width(vec->type), kept = 0;
    uint32_t shift = width < 8 ? 8 * (8 - width) : 0;
    rz_sort_key_write(vec, sel, order->descending, order->nulls_first, keys, width);
    for (uint32_t i = 0; i < sel->count; i++) {
        rows[kept] = rz_sel_at(sel, i);
        kept += near_load(keys + (size_t)i * width) >> shift <= bound >> shift; /* what belongs to the next key is shifted out */
    }
    return kept;
}

uint32_t rz_sort_near(const rz_vec *vec, const rz_sel *sel, const rz_plan_order *order, uint64_t bound, uint8_t *keys, uint32_t *rows)
{
    if (vec->type->physical != RZ_PHYS_STRING) {
        return near_fixed(vec, sel, order, bound, keys, rows);
    }
    rz_view view;
    rz_vec_view(vec, &view);
    uint32_t marker = (uint32_t)(bound >> 56);
    uint32_t null_marker = order->nulls_first ? 0 : 2;
    uint32_t head = marker > 1 ? UINT32_MAX : (uint32_t)(bound >> 24);
    if (marker < 1) { /* the k-th is NULL, and those come first: no value is near */
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel->count && view.validity != NULL; i++) {
            uint32_t row = rz_sel_at(sel, i);
            rows[kept] = row;
            kept += !rz_view_valid(&view, rz_view_at(&view, row));
        }
        return kept;
    }
    return near_strings(&view, sel, order->descending, null_marker <= marker, head, rows);
}

bool rz_sort_near_fits(const rz_type *type)
{
    return type->physical == RZ_PHYS_STRING || rz_sort_key_width(type) != 0;
}
