/* SPDX-License-Identifier: MIT */
/*
 * Boxed values: round trips through vectors, clones that stand alone, equality.
 */
#include "types_random.h"

#define ROWS 40u

static void values_go_back_into_vectors(void)
{
    for (uint32_t round = 0; round < 300; round++) {
        const rz_type *type = random_type(&arena, 4, false);
        rz_vec *src = random_kind(&arena, type, ROWS), *dst = random_vec(&arena, type, ROWS);
        for (uint32_t i = 0; i < ROWS; i++) {
            rz_value value, back;
            CHECK(rz_value_from_vec(src, i, &arena, &value, &err) == RUZU_OK);
            CHECK(value.type == type && value.is_null == rz_vec_is_null(src, i));
            CHECK(rz_value_to_vec(&value, dst, i, &err) == RUZU_OK);
            CHECK(rz_vec_equal(src, i, dst, i));
            rz_sel one = {&i, 1};
            CHECK_VEC(dst, &one);
            CHECK(rz_value_from_vec(dst, i, &arena, &back, &err) == RUZU_OK);
            CHECK(rz_value_equal(&value, &back) && model_order(&value, &back) == 0);
        }
    }
}

static void equality_follows_the_model(void)
{
    for (uint32_t round = 0; round < 200; round++) {
        rz_vec *vec = random_kind(&arena, random_type(&arena, 3, false), ROWS);
        for (uint32_t i = 0; i < ROWS; i++) {
            rz_value a, b;
            CHECK(rz_value_from_vec(vec, i, &arena, &a, &err) == RUZU_OK);
            CHECK(rz_value_from_vec(vec, random_below(ROWS), &arena, &b, &err) == RUZU_OK);
            CHECK(rz_value_equal(&a, &b) == (model_order(&a, &b) == 0));
        }
    }
    rz_value number = {.type = RZ_INT64, .u = {.i64 = 1}}, other = {.type = rz_type_of(RUZU_TYPE_INT32), .u = {.i32 = 1}};
    rz_value no_number = {.type = RZ_INT64, .is_null = true}, no_text = {.type = RZ_STRING, .is_null = true};
    CHECK(!rz_value_equal(&number, &other) && !rz_value_equal(&number, &no_number));
    CHECK(rz_value_equal(&no_number, &no_text));
}

static void clones_stand_alone(void)
{
    for (uint32_t round = 0; round < 100; round++) {
        rz_arena source;
        rz_arena_init(&source, &mem);
        const rz_type *type = random_type(&source, 4, false);
        const rz_type *same_type = rz_type_clone(&arena, type);
        rz_vec *vec = random_kind(&source, type, ROWS), *kept = NULL;
        rz_value clones[ROWS];
        CHECK(rz_vec_create(&arena, &arena, same_type, ROWS, &kept, &err) == RUZU_OK);
        rz_sel all = random_all(ROWS);
        CHECK(rz_vec_copy(kept, 0, vec, &all, &err) == RUZU_OK);
        for (uint32_t i = 0; i < ROWS; i++) {
            rz_value value;
            CHECK(rz_value_from_vec(vec, i, &source, &value, &err) == RUZU_OK);
            CHECK(rz_value_clone(&value, &arena, &clones[i], &err) == RUZU_OK);
        }
        rz_arena_free(&source);
        for (uint32_t i = 0; i < ROWS; i++) {
            rz_value value;
            CHECK(rz_value_from_vec(kept, i, &arena, &value, &err) == RUZU_OK);
            CHECK(rz_type_equal(clones[i].type, same_type));
            CHECK(rz_value_equal(&clones[i], &value) && model_order(&clones[i], &value) == 0);
        }
    }
}

static void clones_keep_types_of_items_that_differ(void)
{
    rz_value items[2] = {{.type = RZ_INT64, .u = {.i64 = 5}}, {.type = RZ_ANY, .is_null = true}};
    rz_value list = {.type = rz_type_list(&arena, RZ_INT64), .u = {.nested = {items, 2}}}, clone;
    CHECK(rz_value_clone(&list, &arena, &clone, &err) == RUZU_OK);
    CHECK(clone.u.nested.count == 2 && clone.u.nested.items != items);
    CHECK(clone.u.nested.items[0].u.i64 == 5 && clone.u.nested.items[0].type->id == RUZU_TYPE_INT64);
    CHECK(clone.u.nested.items[1].is_null && clone.u.nested.items[1].type->id == RUZU_TYPE_ANY);
}

static void values_that_do_not_fit_are_refused(void)
{
    rz_vec *vec = NULL, *array = NULL;
    CHECK(rz_vec_create(&arena, &arena, RZ_INT64, 1, &vec, &err) == RUZU_OK);
    rz_value text = {.type = RZ_STRING, .u = {.text = {"a", 1}}};
    CHECK(rz_value_to_vec(&text, vec, 0, &err) == RUZU_ERROR_INTERNAL);
    rz_error_init(&err);
    CHECK(rz_vec_create(&arena, &arena, rz_type_array(&arena, RZ_INT64, 3), 1, &array, &err) == RUZU_OK);
    rz_value item = {.type = RZ_INT64, .u = {.i64 = 1}}, list = {.type = array->type, .u = {.nested = {&item, 1}}};
    CHECK(rz_value_to_vec(&list, array, 0, &err) == RUZU_ERROR_INTERNAL);
    rz_error_init(&err);
    rz_value null = {.type = RZ_ANY, .is_null = true};
    CHECK(rz_value_to_vec(&null, array, 0, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(array, 0));
}

static const rz_vec *refused_src;

static ruzu_status copy_value(rz_arena *place, rz_error *error)
{
    const rz_vec *vec = refused_src;
    rz_value value, clone;
    rz_vec *dst = NULL;
    RZ_TRY(rz_value_from_vec(vec, 0, place, &value, error));
    RZ_TRY(rz_value_clone(&value, place, &clone, error));
    RZ_TRY(rz_vec_create(place, place, vec->type, 1, &dst, error));
    return rz_value_to_vec(&clone, dst, 0, error);
}

static void refused_memory_is_an_error(void)
{
    const rz_type *type = rz_type_map(&arena, RZ_STRING, rz_type_list(&arena, RZ_STRING));
    rz_vec *vec = NULL;
    CHECK(rz_vec_create(&arena, &arena, type, 1, &vec, &err) == RUZU_OK);
    do {
        rz_vec_reset(vec);
        random_value(vec, 0);
    } while (rz_vec_is_null(vec, 0) || ((rz_list_entry *)vec->data)[0].length < 2);
    refused_src = vec;
    refuse_memory_everywhere(copy_value);
}

int main(void)
{
    random_seed(99);
    RUN_IN_ARENA(values_go_back_into_vectors);
    RUN_IN_ARENA(equality_follows_the_model);
    RUN_IN_ARENA(clones_stand_alone);
    RUN_IN_ARENA(clones_keep_types_of_items_that_differ);
    RUN_IN_ARENA(values_that_do_not_fit_are_refused);
    RUN_IN_ARENA(refused_memory_is_an_error);
    return CHECK_DONE();
}
