/* SPDX-License-Identifier: MIT */
/*
 * Row form of values and sort keys: round trips of nested random values, comparison without decoding, order of keys.
 */
#include "types_random.h"

#define ROWS 70u

static void rows_read_back(void)
{
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 4, false);
        bool copy_strings = random_below(2) == 0;
        rz_vec *src = random_kind(&arena, type, ROWS), *dst = NULL;
        CHECK(rz_vec_create(&arena, &arena, type, ROWS, &dst, &err) == RUZU_OK);
        for (uint32_t i = 0; i < ROWS; i++) {
            random_value(dst, i); /* what was there before must not show */
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            size_t size = rz_row_value_size(src, i);
            uint8_t *bytes = (uint8_t *)rz_arena_alloc(&arena, size + 1);
            bytes[size] = 0xA5;
            CHECK(rz_row_value_write(src, i, bytes) == bytes + size);
            CHECK_EQ_U64(bytes[size], 0xA5);
            CHECK(rz_row_value_skip(type, bytes) == bytes + size);
            const uint8_t *end = NULL;
            CHECK(rz_row_value_read(bytes, copy_strings, dst, i, &end, &err) == RUZU_OK);
            CHECK(end == bytes + size);
            if (copy_strings) {
                memset(bytes, 0xFF, size);
            }
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            CHECK_EQ_I64(model_order_rows(&arena, dst, i, src, i), 0);
        }
    }
}

/* Writes the selected rows of vec; cursors[i] is the begin of the i-th. */
static void write_rows(const rz_vec *vec, const rz_sel *sel, const uint8_t **cursors)
{
    size_t sizes[ROWS] = {0};
    uint8_t *ends[ROWS];
    rz_row_values_size(vec, sel, sizes);
    rz_row_values_size(vec, sel, sizes); /* adds: twice the size */
    for (uint32_t i = 0; i < sel->count; i++) {
        CHECK_EQ_U64(sizes[i], 2 * rz_row_value_size(vec, rz_sel_at(sel, i)));
        ends[i] = (uint8_t *)rz_arena_alloc(&arena, sizes[i] / 2);
        cursors[i] = ends[i];
    }
    rz_row_values_write(vec, sel, ends);
    for (uint32_t i = 0; i < sel->count; i++) {
        CHECK(ends[i] == cursors[i] + sizes[i] / 2);
    }
}

static void many_rows_agree_with_single_ones(void)
{
    uint32_t rows[ROWS];
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *src = random_kind(&arena, type, ROWS), *dst = NULL;
        rz_sel sel = random_below(2) ? random_all(ROWS) : random_sel(rows, ROWS);
        const uint8_t *cursors[ROWS], *begins[ROWS];
        write_rows(src, &sel, cursors);
        memcpy(begins, cursors, sizeof begins);
        CHECK(rz_vec_create(&arena, &arena, type, 2 * ROWS, &dst, &err) == RUZU_OK);
        for (uint32_t i = 0; i < 2 * ROWS; i++) {
            random_value(dst, i);
        }
        CHECK(rz_row_values_read(cursors, sel.count, random_below(2) == 0, dst, 5, &err) == RUZU_OK);
        rz_sel all = random_all(2 * ROWS);
        CHECK_VEC(dst, &all);
        for (uint32_t i = 0; i < sel.count; i++) {
            CHECK(cursors[i] == rz_row_value_skip(type, begins[i]));
            CHECK_EQ_I64(model_order_rows(&arena, dst, 5 + i, src, rz_sel_at(&sel, i)), 0);
        }
    }
}

static void rows_compare_without_decoding(void)
{
    uint64_t equal_count = 0, checked = 0;
    for (uint32_t round = 0; round < 400; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *a = random_kind(&arena, type, ROWS), *b = random_kind(&arena, type, ROWS);
        const uint8_t *begins[ROWS], *cursors[ROWS];
        rz_sel all = random_all(ROWS);
        uint32_t rows[ROWS], items[ROWS], count = 0;
        write_rows(a, &all, begins);
        memcpy(cursors, begins, sizeof cursors);
        for (uint32_t i = 0; i < ROWS; i++) {
            rows[i] = random_below(ROWS);
            const uint8_t *end = NULL;
            bool equal = rz_vec_equal(a, i, b, rows[i]);
            CHECK(rz_row_value_equal(begins[i], b, rows[i], &end) == equal);
            CHECK(end == rz_row_value_skip(type, begins[i]));
            if (random_below(4) != 0) {
                items[count++] = i;
            }
        }
        uint32_t kept = rz_row_values_match(cursors, b, rows, items, count);
        for (uint32_t i = 0, next = 0; i < ROWS; i++) {
            bool listed = next < kept && items[next] == i;
            next += listed;
            CHECK(!listed || rz_vec_equal(a, i, b, rows[i]));
            CHECK(cursors[i] == (listed ? rz_row_value_skip(type, begins[i]) : begins[i]));
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            items[i] = i;
            equal_count += rz_vec_equal(a, i, b, rows[i]);
        }
        memcpy(cursors, begins, sizeof cursors);
        checked += rz_row_values_match(cursors, b, rows, items, ROWS);
    }
    CHECK_EQ_U64(checked, equal_count);
    CHECK(equal_count > 1000);
}

/* ---- sort keys ---- */

static int compare_keys(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shorter = a_length < b_length ? a_length : b_length;
    int order = memcmp(a, b, shorter);
    CHECK(order != 0 || a_length == b_length); /* no key is a proper prefix of another */
    return model_sign(order);
}

/* The wanted order of two rows: NULLs where asked for, else by the model. */
static int wanted_order(const rz_vec *a, uint32_t x, const rz_vec *b, uint32_t y, bool descending, bool nulls_first)
{
    bool a_null = rz_vec_is_null(a, x), b_null = rz_vec_is_null(b, y);
    if (a_null || b_null) {
        return nulls_first ? (int)b_null - (int)a_null : (int)a_null - (int)b_null;
    }
    int order = model_sign(rz_vec_compare(a, x, b, y));
    return descending ? -order : order;
}

static void keys_order_as_values_do(void)
{
    rz_str keys[2];
    rz_str_init(&keys[0], &mem);
    rz_str_init(&keys[1], &mem);
    for (uint32_t round = 0; round < 800; round++) {
        const rz_type *type = random_type(&arena, 3, false);
        rz_vec *a = random_kind(&arena, type, ROWS), *b = random_kind(&arena, type, ROWS);
        bool descending = random_below(2) == 0, nulls_first = random_below(2) == 0;
        for (uint32_t i = 0; i < 100; i++) {
            uint32_t x = random_below(ROWS), y = random_below(ROWS);
            rz_str_clear(&keys[0]);
            rz_str_clear(&keys[1]);
            rz_sort_key_append(a, x, descending, nulls_first, &keys[0]);
            rz_sort_key_append(b, y, descending, nulls_first, &keys[1]);
            CHECK(!keys[0].failed && !keys[1].failed);
            CHECK_EQ_I64(compare_keys(keys[0].data, keys[0].length, keys[1].data, keys[1].length),
                         wanted_order(a, x, b, y, descending, nulls_first));
        }
    }
    rz_str_free(&keys[0]);
    rz_str_free(&keys[1]);
}

static void keys_of_two_columns_may_be_strung_together(void)
{
    rz_str keys[2];
    rz_str_init(&keys[0], &mem);
    rz_str_init(&keys[1], &mem);
    rz_vec *first = random_vec(&arena, RZ_STRING, ROWS), *second = random_vec(&arena, RZ_STRING, ROWS);
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t rows[2] = {random_below(ROWS), random_below(ROWS)};
        bool down = random_below(2) == 0, up = random_below(2) == 0;
        for (uint32_t j = 0; j < 2; j++) {
            rz_str_clear(&keys[j]);
            rz_sort_key_append(first, rows[j], down, true, &keys[j]);
            rz_sort_key_append(second, rows[j], !up, false, &keys[j]);
        }
        int order = wanted_order(first, rows[0], first, rows[1], down, true);
        order = order != 0 ? order : wanted_order(second, rows[0], second, rows[1], !up, false);
        CHECK_EQ_I64(compare_keys(keys[0].data, keys[0].length, keys[1].data, keys[1].length), order);
    }
    rz_str_free(&keys[0]);
    rz_str_free(&keys[1]);
}

static void fixed_keys_order_as_values_do(void)
{
    uint32_t rows[ROWS], tested = 0;
    for (uint32_t round = 0; round < 300; round++) {
        const rz_type *type = random_type(&arena, 1, false);
        uint32_t width = rz_sort_key_width(type);
        if (width == 0) {
            continue;
        }
        tested++;
        rz_vec *vec = random_kind(&arena, type, ROWS);
        bool descending = random_below(2) == 0, nulls_first = random_below(2) == 0;
        rz_sel sel = random_below(2) ? random_all(ROWS) : random_sel(rows, ROWS);
        size_t stride = width + 3;
        uint8_t keys[ROWS * 40];
        memset(keys, 0xEE, sizeof keys);
        rz_sort_key_write(vec, &sel, descending, nulls_first, keys, stride);
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t other = random_below(sel.count);
            int order = model_sign(memcmp(keys + stride * i, keys + stride * other, width));
            CHECK_EQ_I64(order, wanted_order(vec, rz_sel_at(&sel, i), vec, rz_sel_at(&sel, other), descending, nulls_first));
            CHECK_EQ_U64(keys[stride * i + width], 0xEE);
        }
    }
    CHECK(tested > 50);
}

static void keys_of_refused_memory_fail(void)
{
    rz_mem small;
    rz_mem_init(&small, &mem, 16);
    rz_str key;
    rz_str_init(&key, &small);
    rz_vec *vec = NULL;
    CHECK(rz_vec_create(&arena, &arena, RZ_STRING, 1, &vec, &err) == RUZU_OK);
    CHECK(rz_vec_set_string(vec, 0, "twenty-one characters", 21, &err) == RUZU_OK);
    rz_sort_key_append(vec, 0, true, true, &key);
    CHECK(key.failed);
    rz_str_free(&key);
}

static const rz_vec *refused_src;
static const uint8_t *refused_begins[ROWS];

static ruzu_status read_rows(rz_arena *place, rz_error *error)
{
    const uint8_t *cursors[ROWS];
    rz_vec *dst = NULL;
    memcpy(cursors, refused_begins, sizeof cursors);
    RZ_TRY(rz_vec_create(place, place, refused_src->type, ROWS, &dst, error));
    return rz_row_values_read(cursors, ROWS, true, dst, 0, error);
}

static void refused_memory_is_an_error(void)
{
    const rz_type *type = rz_type_list(&arena, rz_type_list(&arena, RZ_STRING));
    rz_sel all = random_all(ROWS);
    refused_src = random_vec(&arena, type, ROWS);
    write_rows(refused_src, &all, refused_begins);
    refuse_memory_everywhere(read_rows);
}

int main(void)
{
    random_seed(7);
    RUN_IN_ARENA(rows_read_back);
    RUN_IN_ARENA(many_rows_agree_with_single_ones);
    RUN_IN_ARENA(rows_compare_without_decoding);
    RUN_IN_ARENA(keys_order_as_values_do);
    RUN_IN_ARENA(keys_of_two_columns_may_be_strung_together);
    RUN_IN_ARENA(fixed_keys_order_as_values_do);
    RUN_IN_ARENA(keys_of_refused_memory_fail);
    RUN_IN_ARENA(refused_memory_is_an_error);
    return CHECK_DONE();
}
