/* SPDX-License-Identifier: MIT */
/*
 * Zone maps: bounds hold every value of their block, are exact for the segment, and exclude a comparison only when no row satisfies it.
 */
#include "column_fixture.h"

#include <math.h>

#ifdef RZ_TINY
#define ZONE_ROWS 700u
#else
#define ZONE_ROWS 20000u
#endif

static const ruzu_type_id zone_ids[] = {RUZU_TYPE_BOOL,   RUZU_TYPE_INT8,   RUZU_TYPE_INT16, RUZU_TYPE_INT32, RUZU_TYPE_INT64, RUZU_TYPE_UINT8, RUZU_TYPE_UINT16,
                                        RUZU_TYPE_UINT32, RUZU_TYPE_UINT64, RUZU_TYPE_FLOAT, RUZU_TYPE_DOUBLE, RUZU_TYPE_DATE, RUZU_TYPE_TIMESTAMP};
#define ZONE_TYPES ((uint32_t)(sizeof zone_ids / sizeof zone_ids[0]))

/* Does `row op value` hold? By the rules of the dialect: NULL never, ordered comparisons with NaN never, NaN <> x always. */
static bool zone_holds(const rz_value *row, rz_compare_op op, const rz_value *value)
{
    bool less, equal;
    if (row->is_null) {
        return false;
    }
    switch ((rz_physical)row->type->physical) {
    case RZ_PHYS_FLOAT:
        less = row->u.f32 < value->u.f32;
        equal = row->u.f32 == value->u.f32;
        if (isnan(row->u.f32) || isnan(value->u.f32)) {
            return op == RZ_CMP_NE;
        }
        break;
    case RZ_PHYS_DOUBLE:
        less = row->u.f64 < value->u.f64;
        equal = row->u.f64 == value->u.f64;
        if (isnan(row->u.f64) || isnan(value->u.f64)) {
            return op == RZ_CMP_NE;
        }
        break;
    default: {
        rz_value a = *row, b = *value;
        a.type = b.type = row->type;
        equal = rz_value_equal(&a, &b);
        rz_int128 x = 0, y = 0;
        switch ((rz_physical)row->type->physical) {
        case RZ_PHYS_BOOL: x = a.u.boolean; y = b.u.boolean; break;
        case RZ_PHYS_INT8: x = a.u.i8; y = b.u.i8; break;
        case RZ_PHYS_INT16: x = a.u.i16; y = b.u.i16; break;
        case RZ_PHYS_INT32: x = a.u.i32; y = b.u.i32; break;
        case RZ_PHYS_INT64: x = a.u.i64; y = b.u.i64; break;
        case RZ_PHYS_UINT8: x = a.u.u8; y = b.u.u8; break;
        case RZ_PHYS_UINT16: x = a.u.u16; y = b.u.u16; break;
        case RZ_PHYS_UINT32: x = a.u.u32; y = b.u.u32; break;
        default: x = (rz_int128)a.u.u64; y = (rz_int128)b.u.u64; break;
        }
        less = x < y;
        break;
    }
    }
    switch (op) {
    case RZ_CMP_EQ: return equal;
    case RZ_CMP_NE: return !equal;
    case RZ_CMP_LT: return less;
    case RZ_CMP_LE: return less || equal;
    case RZ_CMP_GT: return !less && !equal;
    case RZ_CMP_GE: return !less;
    }
    return false;
}

/* Distributions: around a slope (blocks differ), few values, anything, one value a block, mostly NULL. */
static void zone_put(rz_vec *vec, uint32_t row, uint32_t shape)
{
    uint64_t noise = fx_random();
    uint64_t value = shape == 0 ? row * 3 + noise % 50 : shape == 1 ? noise % 3 : shape == 2 ? noise : row / RZ_VECTOR_CAPACITY;
    if (shape == 2 && row / RZ_VECTOR_CAPACITY % 2 == 0) {
        value >>= 40;
    }
    if ((shape == 4 && noise % 100 != 0) || (shape == 1 && noise % 7 == 0) || (shape == 3 && row / RZ_VECTOR_CAPACITY == 1)) {
        rz_vec_set_null(vec, row);
        return;
    }
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_BOOL: ((uint8_t *)vec->data)[row] = value & 1; return;
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE: {
        double number = (double)(int64_t)value / 8.0;
        uint64_t special = shape == 2 ? noise % 400 : noise % 40000;
        number = special == 0 ? (double)NAN : special == 1 ? (double)INFINITY : special == 2 ? -(double)INFINITY : special == 3 ? -0.0 : special == 4 ? 0.0 : number;
        if (vec->type->physical == RZ_PHYS_FLOAT) {
            ((float *)vec->data)[row] = (float)number;
        } else {
            ((double *)vec->data)[row] = number;
        }
        return;
    }
    default:
        value = shape == 2 || noise % 2 == 0 ? value : 0 - value; /* negative ones */
        memcpy((uint8_t *)vec->data + (size_t)row * rz_type_size(vec->type), &value, rz_type_size(vec->type));
        return;
    }
}

static void zone_check_block(const rz_segment *segment, const rz_vec *vec, uint32_t block, uint32_t first, uint32_t count, uint32_t *out_excluded)
{
    rz_zone zone;
    rz_arena place;
    rz_arena_init(&place, &fx.mem);
    CHECK(rz_segment_zone(segment, block, &zone));
    rz_value *rows = RZ_NEW_ARRAY(&place, rz_value, count);
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < count; i++) {
        FX_OK(rz_value_from_vec(vec, first + i, &place, &rows[i], &fx.err));
        nulls += rows[i].is_null;
    }
    CHECK_EQ_U64(zone.null_count, nulls);
    CHECK(zone.all_null == (nulls == count));
    for (uint32_t round = 0; round < 6; round++) {
        rz_value value;
        uint32_t row = round < 2 ? first + fx_below(count) : fx_below(ZONE_ROWS); /* of this block, of any, or unlikely */
        FX_OK(rz_value_from_vec(vec, row, &place, &value, &fx.err));
        if (value.is_null) {
            continue;
        }
        if (round == 5 && value.type->physical != RZ_PHYS_BOOL) {
            value.u.u64 = fx_random();
        }
        for (rz_compare_op op = RZ_CMP_EQ; op <= RZ_CMP_GE; op++) {
            bool excluded = rz_zone_excludes(vec->type, &zone, op, &value);
            bool any = false;
            for (uint32_t i = 0; excluded && i < count; i++) {
                any = any || zone_holds(&rows[i], op, &value);
            }
            CHECK(!any);
            *out_excluded += excluded;
        }
    }
    rz_arena_free(&place);
}

static void zone_bounds_hold(void)
{
    for (uint32_t kind = 0; kind < ZONE_TYPES; kind++) {
        uint32_t excluded = 0;
        for (uint32_t shape = 0; shape < 5; shape++) {
            rz_vec *vec = fx_vec(rz_type_of(zone_ids[kind]), ZONE_ROWS);
            for (uint32_t row = 0; row < ZONE_ROWS; row++) {
                zone_put(vec, row, shape);
            }
            rz_segment *segment = fx_build(vec, ZONE_ROWS);
            uint32_t block = 0;
            for (uint32_t first = 0; first < ZONE_ROWS; first += RZ_VECTOR_CAPACITY, block++) {
                uint32_t count = ZONE_ROWS - first < RZ_VECTOR_CAPACITY ? ZONE_ROWS - first : RZ_VECTOR_CAPACITY;
                zone_check_block(segment, vec, block, first, count, &excluded);
            }
            rz_zone zone;
            CHECK(!rz_segment_zone(segment, block, &zone));
            zone_check_block(segment, vec, UINT32_MAX, 0, ZONE_ROWS, &excluded);
            rz_arena_reset(&fx.arena);
        }
        CHECK(excluded > 50);
    }
}

static void zone_segment_bounds_are_exact(void)
{
    rz_vec *vec = fx_vec(RZ_INT64, 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        ((int64_t *)vec->data)[i] = (int64_t)i * 1000003 - 777;
    }
    rz_zone zone;
    rz_segment *segment = fx_build(vec, 3000);
    CHECK(rz_segment_zone(segment, UINT32_MAX, &zone));
    CHECK_EQ_I64((int64_t)zone.min_bits, -777);
    CHECK_EQ_I64((int64_t)zone.max_bits, INT64_C(2999) * 1000003 - 777);
    vec = fx_vec(RZ_DOUBLE, 3);
    ((double *)vec->data)[0] = 2.5;
    ((double *)vec->data)[1] = -1e300;
    ((double *)vec->data)[2] = 7.0;
    double low = -1e300, high = 7.0;
    CHECK(rz_segment_zone(fx_build(vec, 3), UINT32_MAX, &zone));
    CHECK(memcmp(&zone.min_bits, &low, 8) == 0 && memcmp(&zone.max_bits, &high, 8) == 0);
}

static void zone_narrow_ranges_are_exact_by_block(void)
{
    uint32_t rows = 4 * RZ_VECTOR_CAPACITY;
    rz_vec *vec = fx_vec(rz_type_of(RUZU_TYPE_INT32), rows);
    for (uint32_t i = 0; i < rows; i++) {
        ((int32_t *)vec->data)[i] = (int32_t)(i * 3) - 100;
    }
    ((int32_t *)vec->data)[1]++; /* no sequence */
    rz_segment *segment = fx_build(vec, rows);
    for (uint32_t block = 0; block < 4; block++) {
        rz_zone zone;
        CHECK(rz_segment_zone(segment, block, &zone));
        CHECK_EQ_I64((int64_t)zone.min_bits, (int64_t)block * 3 * RZ_VECTOR_CAPACITY - 100);
        CHECK_EQ_I64((int64_t)zone.max_bits, ((int64_t)(block + 1) * RZ_VECTOR_CAPACITY - 1) * 3 - 100);
    }
}

static void zone_nan_is_not_excluded_by_not_equal(void)
{
    rz_vec *vec = fx_vec(RZ_DOUBLE, 10);
    for (uint32_t i = 0; i < 10; i++) {
        ((double *)vec->data)[i] = 5.0;
    }
    rz_zone zone;
    rz_value five = {.type = RZ_DOUBLE, .is_null = false, .u = {.f64 = 5.0}}, nan = five;
    nan.u.f64 = (double)NAN;
    CHECK(rz_segment_zone(fx_build(vec, 10), UINT32_MAX, &zone));
    CHECK(rz_zone_excludes(RZ_DOUBLE, &zone, RZ_CMP_NE, &five));
    CHECK(!rz_zone_excludes(RZ_DOUBLE, &zone, RZ_CMP_NE, &nan));
    CHECK(rz_zone_excludes(RZ_DOUBLE, &zone, RZ_CMP_GE, &nan));
    ((double *)vec->data)[3] = (double)NAN;
    CHECK(rz_segment_zone(fx_build(vec, 10), UINT32_MAX, &zone));
    CHECK(!rz_zone_excludes(RZ_DOUBLE, &zone, RZ_CMP_NE, &five));
    CHECK(rz_zone_excludes(RZ_DOUBLE, &zone, RZ_CMP_LT, &five));
    CHECK(!rz_zone_excludes(RZ_DOUBLE, &zone, RZ_CMP_EQ, &five));
}

static void zone_of_types_without_order_is_absent(void)
{
    rz_vec *vec = fx_vec(RZ_STRING, 10);
    rz_zone zone;
    CHECK(!rz_segment_zone(fx_build(vec, 10), 0, &zone));
    vec = fx_vec(rz_type_of(RUZU_TYPE_INTERVAL), 10);
    CHECK(!rz_segment_zone(fx_build(vec, 10), UINT32_MAX, &zone));
}

int main(void)
{
    RUN_COLUMN(zone_bounds_hold);
    RUN_COLUMN(zone_segment_bounds_are_exact);
    RUN_COLUMN(zone_narrow_ranges_are_exact_by_block);
    RUN_COLUMN(zone_nan_is_not_excluded_by_not_equal);
    RUN_COLUMN(zone_of_types_without_order_is_absent);
    return CHECK_DONE();
}
