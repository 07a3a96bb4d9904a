/* SPDX-License-Identifier: MIT */
/*
 * Zone maps: computing them while a segment is built, keeping them small, and asking them.
 */
#include "storage/column/zone.h"
#include "storage/column/kernels.h"

#define ZONE_SIGN (UINT64_C(1) << 63)

bool rz_zone_has_order(rz_physical physical)
{
    return (physical >= RZ_PHYS_BOOL && physical <= RZ_PHYS_UINT64 && physical != RZ_PHYS_INT128) || physical == RZ_PHYS_FLOAT ||
           physical == RZ_PHYS_DOUBLE;
}

bool rz_zone_is_signed(rz_physical physical)
{
    return physical >= RZ_PHYS_INT8 && physical <= RZ_PHYS_INT64;
}

static uint64_t zone_double_key(double value)
{
    if (value != value) {
        return RZ_ZONE_KEY_NAN;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & ZONE_SIGN ? ~bits : bits | ZONE_SIGN;
}

static uint64_t zone_key_double_bits(uint64_t key)
{
    if (key == RZ_ZONE_KEY_NAN) {
        return UINT64_C(0x7ff8000000000000);
    }
    return key & ZONE_SIGN ? key & ~ZONE_SIGN : ~key;
}

uint64_t rz_zone_key_to_bits(rz_physical physical, uint64_t key)
{
    if (physical == RZ_PHYS_FLOAT || physical == RZ_PHYS_DOUBLE) {
        return zone_key_double_bits(key);
    }
    return rz_zone_is_signed(physical) ? key ^ ZONE_SIGN : key;
}

uint64_t rz_zone_bits_to_key(rz_physical physical, uint64_t bits)
{
    if (physical == RZ_PHYS_FLOAT || physical == RZ_PHYS_DOUBLE) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return zone_double_key(value);
    }
    return rz_zone_is_signed(physical) ? bits ^ ZONE_SIGN : bits;
}

static void zone_compute_floats(rz_physical physical, const void *data, const uint64_t *validity, uint64_t first, uint32_t count, rz_zone_block *out)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (uint64_t row = first; row < first + count; row++) {
        if (validity != NULL && !rz_bit_get(validity, row)) {
            continue;
        }
        double value = physical == RZ_PHYS_FLOAT ? (double)((const float *)data)[row] : ((const double *)data)[row];
        uint64_t key = zone_double_key(value);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    out->min_key = low;
    out->max_key = high;
}

void rz_zone_block_compute(rz_physical physical, const void *data, const uint64_t *validity, uint64_t first, uint32_t count, rz_zone_block *out)
{
    out->null_count = validity == NULL ? 0 : count - (uint32_t)rz_colk_count_bits(validity, first, count);
    const uint64_t *bits = out->null_count == 0 ? NULL : validity;
    if (out->null_count == count) {
        out->min_key = UINT64_MAX;
        out->max_key = 0;
    } else if (physical == RZ_PHYS_FLOAT || physical == RZ_PHYS_DOUBLE) {
        zone_compute_floats(physical, data, bits, first, count, out);
    } else {
        uint64_t low = 0, high = 0;
        bool any = rz_colk_minmax(physical, data, bits, first, count, &low, &high);
        RZ_ASSERT(any);
        (void)any;
        uint64_t flip = rz_zone_is_signed(physical) ? ZONE_SIGN : 0;
        out->min_key = low ^ flip;
        out->max_key = high ^ flip;
    }
}

bool rz_zone_table_build(const rz_zone_block *blocks, uint32_t block_count, uint64_t null_count, rz_arena *arena, rz_zone_table *out)
{
    memset(out, 0, sizeof *out);
    out->present = true;
    out->min_key = UINT64_MAX;
    for (uint32_t i = 0; i < block_count; i++) {
        out->min_key = blocks[i].min_key < out->min_key ? blocks[i].min_key : out->min_key;
        out->max_key = blocks[i].max_key > out->max_key ? blocks[i].max_key : out->max_key;
    }
    bool all_null = out->min_key > out->max_key;
    if (block_count <= 1 || all_null || (out->min_key == out->max_key && null_count == 0)) {
        return true; /* the segment's zone says it all */
    }
    uint16_t *low = (uint16_t *)rz_arena_alloc(arena, (size_t)block_count * 2);
    uint16_t *high = (uint16_t *)rz_arena_alloc(arena, (size_t)block_count * 2);
    uint16_t *nulls = null_count == 0 ? NULL : (uint16_t *)rz_arena_alloc(arena, (size_t)block_count * 2);
    if (low == NULL || high == NULL || (null_count != 0 && nulls == NULL)) {
        return false;
    }
    uint32_t width = rz_bit_width(out->max_key - out->min_key);
    out->shift = width > 16 ? width - 16 : 0;
    for (uint32_t i = 0; i < block_count; i++) {
        bool empty = blocks[i].min_key > blocks[i].max_key;
        low[i] = (uint16_t)(empty ? 0 : (blocks[i].min_key - out->min_key) >> out->shift);
        high[i] = (uint16_t)(empty ? 0 : (blocks[i].max_key - out->min_key) >> out->shift);
        if (nulls != NULL) {
            nulls[i] = (uint16_t)blocks[i].null_count;
        }
    }
    out->block_count = block_count;
    out->low = low;
    out->high = high;
    out->nulls = nulls;
    return true;
}

bool rz_segment_zone(const rz_segment *segment, uint32_t block_idx, rz_zone *out)
{
    const rz_zone_table *zones = &segment->zones;
    rz_physical physical = (rz_physical)segment->type->physical;
    bool whole = block_idx == UINT32_MAX;
    uint64_t first = (uint64_t)block_idx * RZ_VECTOR_CAPACITY;

    memset(out, 0, sizeof *out);
    if (!zones->present || (whole ? segment->rows == 0 : first >= segment->rows)) {
        return false;
    }
    uint64_t rows = whole ? segment->rows : segment->rows - first;
    if (!whole && rows > RZ_VECTOR_CAPACITY) {
        rows = RZ_VECTOR_CAPACITY;
    }
    uint64_t min_key = zones->min_key, max_key = zones->max_key;
    uint64_t nulls = segment->null_count;
    if (!whole && zones->block_count != 0) {
        uint64_t spread = (UINT64_C(1) << zones->shift) - 1;
        uint64_t high = zones->min_key + ((uint64_t)zones->high[block_idx] << zones->shift);
        min_key = zones->min_key + ((uint64_t)zones->low[block_idx] << zones->shift);
        /* Damaged tables may wrap around; the bounds then stay within the segment's. */
        max_key = high < zones->max_key && zones->max_key - high > spread ? high + spread : zones->max_key;
        nulls = zones->nulls == NULL ? 0 : zones->nulls[block_idx];
    } else if (!whole && nulls != 0 && nulls != segment->rows) {
        nulls = segment->rows <= RZ_VECTOR_CAPACITY ? nulls : 0; /* a table without blocks has no or only NULLs, or one block */
    }
    if (!whole && nulls > rows) {
        nulls = rows;
    }
    out->null_count = (uint32_t)nulls;
    out->all_null = nulls == rows;
    if (!out->all_null) {
        out->min_bits = rz_zone_key_to_bits(physical, min_key);
        out->max_bits = rz_zone_key_to_bits(physical, max_key);
    }
    return segment->overlay == NULL || rz_segment_overlay_zone(segment, rows < UINT32_MAX ? (uint32_t)rows : UINT32_MAX, out);
}

/* ---- exclusion ---- */

static double zone_bits_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool rz_zone_range(const rz_type *type, const rz_zone *zone, double *out_min, double *out_max)
{
    rz_physical physical = (rz_physical)type->physical;
    if (zone->all_null || !rz_zone_has_order(physical)) {
        return false;
    }
    if (physical == RZ_PHYS_FLOAT || physical == RZ_PHYS_DOUBLE) {
        *out_min = zone_bits_double(zone->min_bits);
        *out_max = zone_bits_double(zone->max_bits);
    } else if (rz_zone_is_signed(physical)) {
        *out_min = (double)(int64_t)zone->min_bits;
        *out_max = (double)(int64_t)zone->max_bits;
    } else {
        *out_min = (double)zone->min_bits;
        *out_max = (double)zone->max_bits;
    }
    return *out_min <= *out_max; /* NaN is not */
}

/* The answer from how the value compares with the bounds. */
static bool zone_excludes_order(rz_compare_op op, bool below_min, bool above_max, bool equals_min, bool equals_max)
{
    switch (op) {
    case RZ_CMP_EQ:
        return below_min || above_max;
    case RZ_CMP_NE:
        return equals_min && equals_max;
    case RZ_CMP_LT:
        return below_min || equals_min;
    case RZ_CMP_LE:
        return below_min;
    case RZ_CMP_GT:
        return above_max || equals_max;
    case RZ_CMP_GE:
        return above_max;
    }
    return false;
}

static bool zone_excludes_double(const rz_zone *zone, rz_compare_op op, double value)
{
    double low = zone_bits_double(zone->min_bits), high = zone_bits_double(zone->max_bits);
    if (value != value || low != low) {
        return op != RZ_CMP_NE; /* NaN on either side everywhere: only <> holds */
    }
    if (high != high) { /* some rows are NaN: the true maximum of the others is unknown, and NaN <> value holds */
        return op != RZ_CMP_NE && zone_excludes_order(op, value < low, false, value == low, false);
    }
    return zone_excludes_order(op, value < low, value > high, value == low, value == high);
}

uint64_t rz_zone_value_bits(rz_physical physical, const rz_value *value)
{
    return (uint64_t)rz_integer_get(physical, &value->u, 0);
}

bool rz_zone_excludes(const rz_type *type, const rz_zone *zone, rz_compare_op op, const rz_value *value)
{
    rz_physical physical = (rz_physical)type->physical;
    if (zone->all_null) {
        return true;
    }
    if (value->is_null || !rz_zone_has_order(physical) || value->type->physical != type->physical) {
        return false;
    }
    if (physical == RZ_PHYS_FLOAT || physical == RZ_PHYS_DOUBLE) {
        return zone_excludes_double(zone, op, physical == RZ_PHYS_FLOAT ? (double)value->u.f32 : value->u.f64);
    }
    uint64_t flip = rz_zone_is_signed(physical) ? ZONE_SIGN : 0;
    uint64_t key = rz_zone_value_bits(physical, value) ^ flip;
    uint64_t low = zone->min_bits ^ flip, high = zone->max_bits ^ flip;
    return zone_excludes_order(op, key < low, key > high, key == low, key == high);
}
