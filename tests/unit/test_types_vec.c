/* SPDX-License-Identifier: MIT */
/*
 * Vectors: kinds and how they turn into each other, NULLs, growth, copies, hashes, equality and order, against a model over boxed values.
 */
#include "types_random.h"

#define ROWS 70u /* more than RZ_VECTOR_CAPACITY of the tiny limits, not a multiple of 64 */

/* True when row a_row of a and row b_row of b show the same value, except that equal floats may differ in bits. */
static bool same_row(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    return model_order_rows(&arena, a, a_row, b, b_row) == 0;
}

static void creates_flat_vectors_without_nulls(void)
{
    rz_vec *vec = NULL;
    rz_type_field fields[2] = {{"a", RZ_INT64}, {"b", rz_type_list(&arena, RZ_STRING)}};
    const rz_type *type = rz_type_struct(&arena, fields, 2);
    CHECK(rz_vec_create(&arena, &arena, type, 100, &vec, &err) == RUZU_OK);
    CHECK(vec->kind == RZ_VEC_FLAT && vec->capacity == 100 && vec->child_count == 2);
    CHECK(vec->data == NULL && vec->children[0]->data != NULL);
    CHECK(vec->children[1]->children[0]->capacity == 100);
    CHECK(!rz_vec_is_null(vec, 99));
    rz_vec_set_null(vec, 99);
    CHECK(rz_vec_is_null(vec, 99) && !rz_vec_is_null(vec, 98));
    CHECK(rz_vec_is_null(vec->children[0], 99) && rz_vec_is_null(vec->children[1], 99) && !rz_vec_is_null(vec->children[1], 98));
    rz_vec_set_valid(vec, 99);
    CHECK(!rz_vec_is_null(vec, 99));
    rz_vec_set_all_null(vec);
    CHECK(vec->kind == RZ_VEC_CONSTANT && rz_vec_is_null(vec, 50) && rz_vec_is_null(vec->children[1], 3));
    rz_vec_reset(vec);
    CHECK(vec->kind == RZ_VEC_FLAT && !rz_vec_is_null(vec, 50) && vec->children[0]->validity == NULL);
}

static void a_union_has_its_tag_first(void)
{
    rz_vec *vec = NULL;
    rz_type_field members[2] = {{"n", RZ_INT64}, {"s", RZ_STRING}};
    CHECK(rz_vec_create(&arena, &arena, rz_type_union(&arena, members, 2), 4, &vec, &err) == RUZU_OK);
    CHECK(vec->child_count == 3 && vec->children[0]->type->id == RUZU_TYPE_UINT8 && vec->children[2]->type == RZ_STRING);
}

static void any_is_always_null(void)
{
    rz_vec *vec = NULL, *copy = NULL;
    CHECK(rz_vec_create(&arena, &arena, RZ_ANY, 4, &vec, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(vec, 3));
    rz_vec_reset(vec);
    rz_vec_set_valid(vec, 0);
    CHECK(rz_vec_is_null(vec, 0));
    rz_view view;
    rz_vec_view(vec, &view);
    CHECK(!rz_view_valid(&view, rz_view_at(&view, 2)));
    CHECK(rz_vec_create(&arena, &arena, RZ_INT64, 4, &copy, &err) == RUZU_OK);
    rz_sel all = random_all(4);
    CHECK(rz_vec_copy(copy, 0, vec, &all, &err) == RUZU_OK);
    CHECK(rz_vec_is_null(copy, 0) && rz_vec_is_null(copy, 3));
    CHECK(rz_vec_equal(vec, 0, vec, 1) && rz_vec_compare(vec, 0, vec, 1) == 0);
}

static void lists_grow_and_keep_their_elements(void)
{
    rz_vec *vec = NULL;
    CHECK(rz_vec_create(&arena, &arena, rz_type_list(&arena, RZ_INT64), 2, &vec, &err) == RUZU_OK);
    rz_vec *elements = vec->children[0];
    uint32_t offset = 0;
    for (uint32_t i = 0; i < 300; i++) {
        CHECK(rz_vec_list_reserve(vec, 1, &offset, &err) == RUZU_OK);
        CHECK_EQ_U64(offset, i);
        ((int64_t *)elements->data)[offset] = i * 7;
        if (i % 3 == 0) {
            rz_vec_set_null(elements, offset);
        }
    }
    CHECK(vec->children[0] == elements && elements->capacity >= 300 && elements->length == 300);
    for (uint32_t i = 0; i < 300; i++) {
        CHECK_EQ_I64(((int64_t *)elements->data)[i], i * 7);
        CHECK(rz_vec_is_null(elements, i) == (i % 3 == 0));
    }
    CHECK(rz_vec_list_reserve(vec, UINT32_MAX, &offset, &err) == RUZU_ERROR_LIMIT);
    rz_error_init(&err);
    CHECK_EQ_U64(elements->length, 300);
    rz_vec_reset(vec);
    CHECK_EQ_U64(vec->children[0]->length, 0);
}

static void views_read_all_kinds(void)
{
    for (uint32_t round = 0; round < 50; round++) {
        rz_vec *vec = random_kind(&arena, RZ_INT64, RZ_VECTOR_CAPACITY);
        rz_vec *scratch = NULL;
        CHECK(rz_vec_create(&arena, &arena, RZ_INT64, RZ_VECTOR_CAPACITY, &scratch, &err) == RUZU_OK);
        rz_sel all = random_all(RZ_VECTOR_CAPACITY);
        rz_view view;
        rz_vec_view_any(vec, &all, scratch, &view);
        for (uint32_t row = 0; row < RZ_VECTOR_CAPACITY; row++) {
            rz_value value;
            CHECK(rz_value_from_vec(vec, row, &arena, &value, &err) == RUZU_OK);
            uint32_t at = rz_view_at(&view, row);
            CHECK(rz_view_valid(&view, at) == !value.is_null);
            CHECK(value.is_null || ((const int64_t *)view.data)[at] == value.u.i64);
        }
    }
}

static void slices_compose(void)
{
    uint32_t outer[ROWS], inner[ROWS];
    for (uint32_t round = 0; round < 200; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *flat = random_vec(&arena, type, ROWS);
        rz_vec *once = NULL, *twice = NULL;
        CHECK(rz_vec_create_empty(&arena, &arena, type, &once, &err) == RUZU_OK);
        CHECK(rz_vec_create_empty(&arena, &arena, type, &twice, &err) == RUZU_OK);
        for (uint32_t i = 0; i < ROWS; i++) {
            inner[i] = random_below(ROWS);
            outer[i] = random_below(ROWS);
        }
        CHECK(rz_vec_slice(once, flat, inner, ROWS, &err) == RUZU_OK);
        CHECK(rz_vec_slice(twice, once, outer, ROWS, &err) == RUZU_OK);
        CHECK(type->physical == RZ_PHYS_NONE || (twice->kind == RZ_VEC_DICTIONARY && twice->dictionary == flat));
        rz_sel all = random_all(ROWS);
        CHECK_VEC(twice, &all);
        for (uint32_t i = 0; i < ROWS; i += 3) {
            CHECK(rz_vec_equal(twice, i, flat, inner[outer[i]]));
            CHECK(same_row(twice, i, flat, inner[outer[i]]));
        }
    }
}

static void slices_of_many_columns_share_the_composed_index(void)
{
    uint32_t inner[ROWS], outer[ROWS];
    const rz_vec *srcs[4];
    rz_vec *vecs[4], *flats[4];
    for (uint32_t i = 0; i < ROWS; i++) {
        inner[i] = ROWS - 1 - i;
        outer[i] = random_below(ROWS);
    }
    for (uint32_t c = 0; c < 4; c++) {
        rz_vec *src = NULL;
        flats[c] = random_vec(&arena, RZ_INT64, ROWS);
        CHECK(rz_vec_create_empty(&arena, &arena, RZ_INT64, &src, &err) == RUZU_OK);
        CHECK(rz_vec_create_empty(&arena, &arena, RZ_INT64, &vecs[c], &err) == RUZU_OK);
        CHECK(rz_vec_slice(src, flats[c], inner, ROWS, &err) == RUZU_OK);
        srcs[c] = c == 3 ? flats[c] : src;
    }
    CHECK(rz_vec_slice_many(vecs, srcs, 4, outer, ROWS, &err) == RUZU_OK);
    CHECK(vecs[0]->index == vecs[1]->index && vecs[1]->index == vecs[2]->index && vecs[3]->index == outer);
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t c = 0; c < 4; c++) {
            CHECK(rz_vec_equal(vecs[c], i, flats[c], c == 3 ? outer[i] : inner[outer[i]]));
        }
    }
}

static void flattening_keeps_the_selected_rows(void)
{
    uint32_t rows[ROWS];
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *vec = random_kind(&arena, type, ROWS), *before = NULL;
        rz_sel sel = random_below(2) ? random_all(ROWS) : random_sel(rows, ROWS);
        CHECK(rz_vec_create(&arena, &arena, type, ROWS, &before, &err) == RUZU_OK);
        rz_sel all = random_all(ROWS);
        CHECK(rz_vec_copy(before, 0, vec, &all, &err) == RUZU_OK);
        CHECK_VEC(vec, &all);
        CHECK(rz_vec_flatten(vec, &sel, &err) == RUZU_OK);
        CHECK_VEC(vec, &sel);
        CHECK(vec->kind == RZ_VEC_FLAT || type->physical == RZ_PHYS_NONE);
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            CHECK(same_row(vec, row, before, row));
        }
        rz_vec_reset(vec);
        CHECK(vec->children == vec->own_children && (type->physical == RZ_PHYS_NONE || !rz_vec_is_null(vec, 0)));
    }
}

static void copies_are_deep_and_go_where_they_should(void)
{
    uint32_t rows[ROWS];
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_arena source;
        rz_arena_init(&source, &mem);
        rz_vec *src = random_kind(&source, type, ROWS), *dst = NULL;
        rz_sel sel = random_below(2) ? random_all(ROWS) : random_sel(rows, ROWS);
        CHECK(rz_vec_create(&arena, &arena, type, 10 + 2 * ROWS, &dst, &err) == RUZU_OK);
        for (uint32_t i = 0; i < 10 + 2 * ROWS; i++) {
            random_value(dst, i);
        }
        rz_value *wanted = RZ_NEW_ARRAY(&arena, rz_value, sel.count + 1);
        rz_value *kept = RZ_NEW_ARRAY(&arena, rz_value, 10);
        for (uint32_t i = 0; i < sel.count; i++) {
            CHECK(rz_value_from_vec(src, rz_sel_at(&sel, i), &arena, &wanted[i], &err) == RUZU_OK);
        }
        for (uint32_t i = 0; i < 10; i++) {
            CHECK(rz_value_from_vec(dst, i, &arena, &kept[i], &err) == RUZU_OK);
        }
        CHECK(rz_vec_copy(dst, 10, src, &sel, &err) == RUZU_OK);
        CHECK(rz_vec_copy(dst, 10 + sel.count, src, &sel, &err) == RUZU_OK);
        memset(rows, 0xFF, sizeof rows);
        rz_arena_free(&source); /* the copy must not need it */
        rz_sel filled = random_all(10 + 2 * sel.count);
        CHECK_VEC(dst, &filled);
        for (uint32_t i = 0; i < 10 + 2 * sel.count; i++) {
            rz_value got;
            CHECK(rz_value_from_vec(dst, i, &arena, &got, &err) == RUZU_OK);
            const rz_value *want = i < 10 ? &kept[i] : &wanted[(i - 10) % sel.count];
            CHECK_EQ_I64(model_order(&got, want), 0);
            CHECK(rz_value_equal(&got, want));
        }
    }
}

static void gathers_in_any_order(void)
{
    uint32_t rows[3 * ROWS];
    const rz_type *type = rz_type_list(&arena, RZ_STRING);
    for (uint32_t round = 0; round < 50; round++) {
        rz_vec *src = random_kind(&arena, type, ROWS), *dst = NULL;
        for (uint32_t i = 0; i < 3 * ROWS; i++) {
            rows[i] = random_below(ROWS);
        }
        CHECK(rz_vec_create(&arena, &arena, type, 3 * ROWS, &dst, &err) == RUZU_OK);
        CHECK(rz_vec_gather(dst, 0, src, rows, 3 * ROWS, &err) == RUZU_OK);
        for (uint32_t i = 0; i < 3 * ROWS; i++) {
            CHECK(same_row(dst, i, src, rows[i]));
        }
    }
}

static void long_vectors_cross_blocks(void)
{
    enum { MANY = 3000 };
    uint32_t *rows = RZ_NEW_ARRAY(&arena, uint32_t, MANY);
    uint64_t *hashes = RZ_NEW_ARRAY(&arena, uint64_t, MANY), *flat_hashes = RZ_NEW_ARRAY(&arena, uint64_t, MANY);
    rz_vec *flat = random_vec(&arena, RZ_STRING, MANY), *sliced = NULL, *copy = NULL;
    CHECK(rz_vec_create_empty(&arena, &arena, RZ_STRING, &sliced, &err) == RUZU_OK);
    CHECK(rz_vec_create(&arena, &arena, RZ_STRING, MANY, &copy, &err) == RUZU_OK);
    uint32_t *index = RZ_NEW_ARRAY(&arena, uint32_t, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        index[i] = random_below(MANY);
    }
    CHECK(rz_vec_slice(sliced, flat, index, MANY, &err) == RUZU_OK);
    rz_sel sel = random_sel(rows, MANY), all = random_all(MANY);
    rz_vec_hash(flat, &all, flat_hashes, false);
    rz_vec_hash(sliced, &sel, hashes, false);
    CHECK(rz_vec_copy(copy, 0, sliced, &sel, &err) == RUZU_OK);
    for (uint32_t i = 0; i < sel.count; i++) {
        CHECK_EQ_U64(hashes[sel.rows[i]], flat_hashes[index[sel.rows[i]]]);
        CHECK(rz_vec_equal(copy, i, flat, index[sel.rows[i]]));
    }
}

static void equality_and_order_follow_the_model(void)
{
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *a = random_kind(&arena, type, ROWS), *b = random_kind(&arena, type, ROWS);
        for (uint32_t i = 0; i < 100; i++) {
            uint32_t x = random_below(ROWS), y = random_below(ROWS);
            int order = model_order_rows(&arena, a, x, b, y);
            CHECK_EQ_I64(model_sign(rz_vec_compare(a, x, b, y)), order);
            CHECK(rz_vec_equal(a, x, b, y) == (order == 0));
        }
    }
}

static void equal_values_have_equal_hashes(void)
{
    uint32_t rows[ROWS];
    uint64_t a_hashes[ROWS], b_hashes[ROWS], combined[ROWS], alone[ROWS];
    uint64_t different = 0, collisions = 0;
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *a = random_kind(&arena, type, ROWS), *b = random_kind(&arena, type, ROWS);
        rz_sel sel = random_sel(rows, ROWS), all = random_all(ROWS);
        rz_vec_hash(a, &all, a_hashes, false);
        rz_vec_hash(b, &all, alone, false);
        memset(b_hashes, 0, sizeof b_hashes);
        rz_vec_hash(b, &sel, b_hashes, false);
        for (uint32_t i = 0; i < ROWS; i++) {
            combined[i] = i % 2;
        }
        rz_vec_hash(a, &sel, combined, true);
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t y = sel.rows[i];
            CHECK_EQ_U64(b_hashes[y], alone[y]);
            CHECK_EQ_U64(combined[y], rz_hash_combine(y % 2, a_hashes[y]));
            for (uint32_t x = 0; x < ROWS; x += 5) {
                bool equal = rz_vec_equal(a, x, b, y);
                CHECK(!equal || a_hashes[x] == b_hashes[y]);
                different += !equal;
                collisions += !equal && a_hashes[x] == b_hashes[y];
            }
        }
        for (uint32_t i = 0, next = 0; i < ROWS; i++) {
            bool selected = next < sel.count && sel.rows[next] == i;
            next += selected;
            CHECK(selected || (b_hashes[i] == 0 && combined[i] == i % 2));
        }
    }
    CHECK(different > 10000);
    CHECK_EQ_U64(collisions, 0);
}

static void integers_hash_alike_in_all_widths(void)
{
    static const ruzu_type_id ids[] = {RUZU_TYPE_INT8, RUZU_TYPE_INT16, RUZU_TYPE_INT32, RUZU_TYPE_INT64, RUZU_TYPE_INT128};
    for (int64_t number = -100; number <= 100; number += 50) {
        uint64_t hashes[5];
        rz_sel one = random_all(1);
        for (uint32_t i = 0; i < 5; i++) {
            rz_int128 wide = number; /* little-endian: the low bytes come first */
            rz_vec vec = {.type = rz_type_of(ids[i]), .kind = RZ_VEC_FLAT, .capacity = 1, .data = &wide};
            rz_vec_hash(&vec, &one, &hashes[i], false);
            CHECK_EQ_U64(hashes[i], hashes[0]);
        }
    }
}

static void match_keeps_equal_pairs(void)
{
    uint32_t a_rows[ROWS * 8], b_rows[ROWS * 8], items[ROWS * 8];
    for (uint32_t round = 0; round < 300; round++) {
        const rz_type *type = random_type(&arena, 2, false);
        rz_vec *a = random_kind(&arena, type, ROWS), *b = random_kind(&arena, type, ROWS);
        uint32_t count = 0, wanted = 0;
        for (uint32_t i = 0; i < ROWS * 8; i++) {
            a_rows[i] = random_below(ROWS);
            b_rows[i] = random_below(ROWS);
            if (random_below(8) != 0) {
                items[count++] = i;
            }
        }
        uint32_t kept = rz_vec_match(a, a_rows, b, b_rows, items, count);
        for (uint32_t i = 0; i < kept; i++) {
            CHECK(rz_vec_equal(a, a_rows[items[i]], b, b_rows[items[i]]));
            CHECK(i == 0 || items[i] > items[i - 1]);
        }
        count = 0;
        for (uint32_t i = 0; i < ROWS * 8; i++) {
            items[count++] = i;
            wanted += rz_vec_equal(a, a_rows[i], b, b_rows[i]);
        }
        CHECK_EQ_U64(rz_vec_match(a, a_rows, b, b_rows, items, count), wanted);
    }
}

static void verify_finds_broken_vectors(void)
{
    rz_vec *lists = NULL, *strings = NULL, *structs = NULL;
    rz_type_field field = {"a", RZ_INT64};
    rz_sel one = random_all(1);
    CHECK(rz_vec_create(&arena, &arena, rz_type_list(&arena, RZ_INT64), 2, &lists, &err) == RUZU_OK);
    ((rz_list_entry *)lists->data)[0] = (rz_list_entry){0, 1};
    CHECK_STR(rz_vec_verify(lists, &one), "lists lie within their child");
    CHECK(rz_vec_create(&arena, &arena, RZ_STRING, 2, &strings, &err) == RUZU_OK);
    CHECK(rz_vec_verify(strings, &one) == NULL);
    ((rz_string *)strings->data)[0].u.rest[7] = 1;
    CHECK_STR(rz_vec_verify(strings, &one), "short strings are padded with zeros");
    CHECK(rz_vec_create(&arena, &arena, rz_type_struct(&arena, &field, 1), 2, &structs, &err) == RUZU_OK);
    rz_vec_set_null(structs, 0);
    CHECK(rz_vec_verify(structs, &one) == NULL);
    rz_vec_set_valid(structs->children[0], 0);
    CHECK_STR(rz_vec_verify(structs, &one), "the fields of a NULL struct are NULL");
}

static void references_show_and_resets_return(void)
{
    rz_vec *src = random_vec(&arena, RZ_INT64, ROWS), *vec = NULL;
    CHECK(rz_vec_create(&arena, &arena, RZ_INT64, ROWS, &vec, &err) == RUZU_OK);
    ((int64_t *)vec->data)[3] = 77;
    void *own = vec->data;
    rz_vec_reference(vec, src);
    CHECK(vec->data == src->data && vec->validity == src->validity);
    rz_vec_reset(vec);
    CHECK(vec->data == own && vec->validity == NULL);
    CHECK_EQ_I64(((int64_t *)vec->data)[3], 77);
}

static ruzu_status build_things(rz_arena *place, rz_error *error)
{
    rz_type_field fields[2] = {{"a", RZ_STRING}, {"b", NULL}};
    fields[1].type = rz_type_list(place, RZ_STRING);
    const rz_type *types[1];
    types[0] = fields[1].type == NULL ? NULL : rz_type_struct(place, fields, 2);
    RZ_TRY_ALLOC(types[0], error, "testing");
    rz_chunk *chunk = NULL;
    RZ_TRY(rz_chunk_create(place, place, types, 1, &chunk, error));
    rz_vec *vec = chunk->columns[0], *copy = NULL, *sliced = NULL;
    rz_vec *lists = vec->children[1];
    for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
        uint32_t offset = 0;
        RZ_TRY(rz_vec_set_string(vec->children[0], i, "a string that is not short", 26, error));
        RZ_TRY(rz_vec_list_reserve(lists, 2, &offset, error));
        ((rz_list_entry *)lists->data)[i] = (rz_list_entry){offset, 2};
        RZ_TRY(rz_vec_set_string(lists->children[0], offset, "another string that is long", 27, error));
        RZ_TRY(rz_vec_set_string(lists->children[0], offset + 1, "", 0, error));
    }
    uint32_t index[3] = {2, 1, 2};
    rz_sel three = {NULL, 3};
    RZ_TRY(rz_vec_create(place, place, types[0], RZ_VECTOR_CAPACITY, &copy, error));
    RZ_TRY(rz_vec_create_empty(place, place, types[0], &sliced, error));
    RZ_TRY(rz_vec_slice(sliced, vec, index, 3, error));
    RZ_TRY(rz_vec_copy(copy, 0, sliced, &three, error));
    RZ_TRY(rz_vec_flatten(sliced, &three, error));
    CHECK(rz_vec_equal(copy, 0, sliced, 2));
    rz_chunk_reset(chunk);
    CHECK(chunk->count == 0 && vec->children[1]->children[0]->length == 0);
    return RUZU_OK;
}

static void refused_memory_is_an_error(void)
{
    refuse_memory_everywhere(build_things);
}

int main(void)
{
    random_seed(20240611);
    RUN_IN_ARENA(creates_flat_vectors_without_nulls);
    RUN_IN_ARENA(a_union_has_its_tag_first);
    RUN_IN_ARENA(any_is_always_null);
    RUN_IN_ARENA(lists_grow_and_keep_their_elements);
    RUN_IN_ARENA(views_read_all_kinds);
    RUN_IN_ARENA(slices_compose);
    RUN_IN_ARENA(slices_of_many_columns_share_the_composed_index);
    RUN_IN_ARENA(flattening_keeps_the_selected_rows);
    RUN_IN_ARENA(copies_are_deep_and_go_where_they_should);
    RUN_IN_ARENA(gathers_in_any_order);
    RUN_IN_ARENA(long_vectors_cross_blocks);
    RUN_IN_ARENA(equality_and_order_follow_the_model);
    RUN_IN_ARENA(equal_values_have_equal_hashes);
    RUN_IN_ARENA(integers_hash_alike_in_all_widths);
    RUN_IN_ARENA(match_keeps_equal_pairs);
    RUN_IN_ARENA(verify_finds_broken_vectors);
    RUN_IN_ARENA(references_show_and_resets_return);
    RUN_IN_ARENA(refused_memory_is_an_error);
    return CHECK_DONE();
}
