/* SPDX-License-Identifier: MIT */
/*
 * Integers of any width as 64 bits: one value and whole vectors, against values that were boxed.
 */
#include "types_random.h"

#define ROWS (RZ_VECTOR_CAPACITY < 300u ? RZ_VECTOR_CAPACITY : 300u)

static const ruzu_type_id integer_ids[] = {RUZU_TYPE_INT8,  RUZU_TYPE_INT16,  RUZU_TYPE_INT32,  RUZU_TYPE_INT64, RUZU_TYPE_UINT8,
                                           RUZU_TYPE_UINT16, RUZU_TYPE_UINT32, RUZU_TYPE_UINT64, RUZU_TYPE_BOOL};
#define IDS (sizeof integer_ids / sizeof *integer_ids)

static int64_t boxed_integer(const rz_value *value)
{
    switch ((int)value->type->id) {
    case RUZU_TYPE_INT8: return value->u.i8;
    case RUZU_TYPE_INT16: return value->u.i16;
    case RUZU_TYPE_INT32: return value->u.i32;
    case RUZU_TYPE_INT64: return value->u.i64;
    case RUZU_TYPE_UINT8: return value->u.u8;
    case RUZU_TYPE_UINT16: return value->u.u16;
    case RUZU_TYPE_UINT32: return value->u.u32;
    case RUZU_TYPE_UINT64: return (int64_t)value->u.u64;
    default: return value->u.boolean;
    }
}

static void vectors_of_any_kind_are_read(void)
{
    uint32_t rows[ROWS];
    int64_t numbers[ROWS];
    for (uint32_t round = 0; round < 40 * IDS; round++) {
        const rz_type *type = rz_type_of(integer_ids[round % IDS]);
        rz_vec *vec = random_kind(&arena, type, ROWS);
        rz_view view;
        rz_sel sel = {.count = 0};
        if (vec->kind == RZ_VEC_SEQUENCE) {
            continue;
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            rows[sel.count] = i;
            sel.count += random_below(3) != 0;
        }
        if (sel.count == 0) {
            continue;
        }
        sel.rows = random_below(2) == 0 ? rows : NULL;
        uint32_t first = random_below(sel.count);
        uint32_t count = random_below(sel.count - first + 1);
        rz_vec_view(vec, &view);
        rz_integer_read((rz_physical)type->physical, &view, &sel, first, count, numbers);
        for (uint32_t i = 0; i < count; i++) {
            rz_value value;
            uint32_t row = rz_sel_at(&sel, first + i);
            CHECK(rz_value_from_vec(vec, row, &arena, &value, &err) == RUZU_OK);
            CHECK_EQ_I64(rz_integer_get((rz_physical)type->physical, view.data, rz_view_at(&view, row)), numbers[i]);
            if (!value.is_null) {
                CHECK_EQ_I64(numbers[i], boxed_integer(&value));
                rz_value copy = {.type = type};
                CHECK(rz_integer_set((rz_physical)type->physical, &copy.u, 0, numbers[i]));
                CHECK(rz_value_equal(&copy, &value));
            }
        }
    }
}

static void ends_of_the_types_survive(void)
{
    for (uint32_t i = 0; i < IDS; i++) {
        rz_physical physical = (rz_physical)rz_type_of(integer_ids[i])->physical;
        bool is_signed = false;
        uint32_t width = rz_integer_width(physical, &is_signed);
        if (width == 0) {
            CHECK(physical == RZ_PHYS_BOOL);
            continue;
        }
        uint64_t most = is_signed ? UINT64_MAX >> (65 - 8 * width) : UINT64_MAX >> (64 - 8 * width);
        int64_t ends[] = {(int64_t)most, is_signed ? -(int64_t)most - 1 : 0, 0, 1};
        CHECK(rz_integer_fits_int64(physical) == (physical != RZ_PHYS_UINT64));
        for (uint32_t e = 0; e < 4; e++) {
            uint64_t room[2] = {0, 0};
            CHECK(rz_integer_set(physical, room, 1, ends[e]));
            CHECK_EQ_I64(rz_integer_get(physical, room, 1), ends[e]);
            CHECK_EQ_I64(rz_integer_get(physical, room, 0), 0);
        }
        uint64_t room = 0;
        CHECK(rz_integer_set(physical, &room, 0, -1)); /* what there is no room for is dropped */
        CHECK_EQ_I64(rz_integer_get(physical, &room, 0), is_signed ? -1 : (int64_t)most);
    }
}

static void other_types_are_no_integers(void)
{
    static const ruzu_type_id others[] = {RUZU_TYPE_INT128, RUZU_TYPE_FLOAT, RUZU_TYPE_DOUBLE, RUZU_TYPE_STRING, RUZU_TYPE_INTERVAL};
    for (uint32_t i = 0; i < sizeof others / sizeof *others; i++) {
        rz_physical physical = (rz_physical)rz_type_of(others[i])->physical;
        uint64_t room[4] = {7, 7, 7, 7};
        bool is_signed = true;
        CHECK_EQ_U64(rz_integer_width(physical, &is_signed), 0);
        CHECK(!rz_integer_fits_int64(physical) && !rz_integer_set(physical, room, 0, 1));
        CHECK_EQ_U64(room[0], 7);
        CHECK_EQ_I64(rz_integer_get(physical, room, 0), 0);
    }
}

int main(void)
{
    random_seed(17);
    RUN_IN_ARENA(vectors_of_any_kind_are_read);
    RUN_IN_ARENA(ends_of_the_types_survive);
    RUN_IN_ARENA(other_types_are_no_integers);
    return CHECK_DONE();
}
