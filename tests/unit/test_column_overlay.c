/* SPDX-License-Identifier: MIT */
/*
 * Segments with an overlay read like segments that were written with the new values: blocks, ranges, scattered rows, nested types; filters and zones say what
 * the merged values say; the directory form comes back; row numbers that make no sense are refused.
 */
#include "column_fixture.h"

#include "storage/column/segment.h"

#define OVER_ROWS (RZ_ROW_GROUP_ROWS < 20000u ? RZ_ROW_GROUP_ROWS : 20000u)

/* Its strings stay when the heap is emptied. */
static rz_vec *over_vec(const rz_type *type, uint32_t capacity)
{
    rz_vec *vec = NULL;
    FX_OK(rz_vec_create(&fx.arena, &fx.arena, type, capacity, &vec, &fx.err));
    return vec;
}

/* A value of any shape: NULLs, short and long texts, lists, structs, numbers of a small range. */
static void over_put(rz_vec *vec, uint32_t row, uint32_t spread)
{
    char text[40];
    if (fx_below(7) == 0) {
        rz_vec_set_null(vec, row);
        return;
    }
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_STRING: {
        int length = snprintf(text, sizeof text, fx_below(2) == 0 ? "t%u" : "a text that is longer, %u", fx_below(spread));
        FX_OK(rz_vec_set_string(vec, row, text, (uint32_t)length, &fx.err));
        return;
    }
    case RZ_PHYS_LIST: {
        uint32_t first = 0, length = fx_below(4);
        FX_OK(rz_vec_list_reserve(vec, length, &first, &fx.err));
        ((rz_list_entry *)vec->data)[row] = (rz_list_entry){.offset = first, .length = length};
        for (uint32_t i = 0; i < length; i++) {
            over_put(vec->children[0], first + i, spread);
        }
        return;
    }
    case RZ_PHYS_STRUCT:
        for (uint32_t i = 0; i < vec->child_count; i++) {
            over_put(vec->children[i], row, spread);
        }
        return;
    case RZ_PHYS_BOOL:
        ((uint8_t *)vec->data)[row] = fx_below(2) == 0;
        return;
    case RZ_PHYS_DOUBLE:
        ((double *)vec->data)[row] = (double)fx_below(spread) - 10;
        return;
    default: {
        int64_t number = (int64_t)fx_below(spread) - 10;
        const int64_t value[2] = {number, number < 0 ? -1 : 0};
        memcpy((uint8_t *)vec->data + (size_t)row * rz_type_size(vec->type), value, rz_type_size(vec->type));
    }
    }
}

typedef struct over_case {
    rz_vec *model;       /* merged */
    rz_segment *base;
    rz_segment *merged;
    uint32_t rows, changed;
} over_case;

/* A base with an overlay over one in `every` rows, of values up to `spread`. */
static over_case over_make(const rz_type *type, uint32_t every, uint32_t spread)
{
    over_case the = {.rows = 1 + fx_below(OVER_ROWS), .model = over_vec(type, OVER_ROWS)};
    rz_vec *before = over_vec(type, OVER_ROWS);
    rz_vec *values = over_vec(type, OVER_ROWS);
    rz_vec *numbers = fx_vec(rz_type_of(RUZU_TYPE_UINT32), OVER_ROWS);
    for (uint32_t row = 0; row < the.rows; row++) {
        over_put(before, row, 50);
    }
    for (uint32_t row = 0; row < the.rows; row++) {
        if (fx_below(every) == 0 || (row + 1 == the.rows && the.changed == 0)) {
            over_put(values, the.changed, spread);
            FX_OK(rz_vec_copy(the.model, row, values, &(rz_sel){&the.changed, 1}, &fx.err));
            ((uint32_t *)numbers->data)[the.changed++] = row;
        } else {
            FX_OK(rz_vec_copy(the.model, row, before, &(rz_sel){&row, 1}, &fx.err));
        }
    }
    the.base = fx_build(before, the.rows);
    FX_OK(rz_segment_overlay_make(the.base, fx_build(numbers, the.changed), fx_build(values, the.changed), 7, &fx.mem, &fx.arena, &the.merged, &fx.err));
    return the;
}

static void over_free(over_case *the)
{
    rz_segment_overlay_free(the->merged);
    rz_arena_reset(&fx.heap);
    rz_arena_reset(&fx.arena);
}

static const rz_type *over_type(uint32_t i)
{
    static const ruzu_type_id ids[] = {RUZU_TYPE_BOOL, RUZU_TYPE_INT8, RUZU_TYPE_INT32, RUZU_TYPE_INT64, RUZU_TYPE_UINT16, RUZU_TYPE_DOUBLE,
                                       RUZU_TYPE_STRING, RUZU_TYPE_INT128};
    const uint32_t simple = (uint32_t)(sizeof ids / sizeof ids[0]);
    const rz_type_field fields[2] = {{.name = "a", .type = rz_type_of(RUZU_TYPE_STRING)}, {.name = "b", .type = rz_type_of(RUZU_TYPE_INT64)}};
    if (i < simple) {
        return rz_type_of(ids[i]);
    }
    return i == simple ? rz_type_list(&fx.arena, rz_type_of(RUZU_TYPE_STRING)) : i == simple + 1 ? rz_type_struct(&fx.arena, fields, 2) : NULL;
}

static void merged_values_are_read(void)
{
    for (uint32_t i = 0; over_type(i) != NULL; i++) {
        for (uint32_t round = 0; round < 6; round++) {
            const rz_type *type = rz_type_clone(&fx.arena, over_type(i));
            over_case the = over_make(type, round == 0 ? 1 : round == 1 ? 500 : 9, round % 2 == 0 ? 50 : 1000);
            rz_vec *model = the.model;
            CHECK(fx_reads_back(the.merged, model, the.rows));
            over_free(&the);
        }
    }
}

static bool over_holds(int order, rz_compare_op op)
{
    switch (op) {
    case RZ_CMP_EQ: return order == 0;
    case RZ_CMP_NE: return order != 0;
    case RZ_CMP_LT: return order < 0;
    case RZ_CMP_LE: return order <= 0;
    case RZ_CMP_GT: return order > 0;
    case RZ_CMP_GE: return order >= 0;
    }
    return false;
}

static uint32_t over_filter(const over_case *the, rz_col_reader *reader)
{
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) + 1], before[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) + 1];
    uint32_t first = fx_below(the->rows), count = 1 + fx_below(RZ_VECTOR_CAPACITY), wrong = 0, at = fx_below(the->rows);
    rz_compare_op op = (rz_compare_op)fx_below(6);
    rz_col_range range;
    rz_value value;
    rz_vec *constant = fx_vec(the->model->type, 1);
    bool done = false;
    count = count < the->rows - first ? count : the->rows - first;
    FX_OK(rz_value_from_vec(the->model, at, &fx.arena, &value, &fx.err));
    if (value.is_null) {
        return 0;
    }
    FX_OK(rz_value_to_vec(&value, constant, 0, &fx.err));
    CHECK(rz_col_range_make(the->model->type, op, &value, &range));
    for (uint32_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        bits[i] = before[i] = fx_below(3) == 0 ? fx_random() : UINT64_MAX;
    }
    FX_OK(rz_col_filter(reader, the->merged, first, count, &range, bits, &done, &fx.err));
    for (uint32_t i = 0; i < count; i++) {
        bool holds = !rz_vec_is_null(the->model, first + i) && over_holds(rz_vec_compare(the->model, first + i, constant, 0), op);
        wrong += rz_bit_get(bits, i) != (rz_bit_get(before, i) && (!done || holds));
    }
    for (uint32_t block = 0; block * RZ_VECTOR_CAPACITY < the->rows; block++) { /* what zones decide holds for all rows */
        rz_zone zone;
        rz_range_match match = rz_segment_zone(the->merged, block, &zone) ? rz_zone_match(the->model->type, &zone, &range) : RZ_RANGE_SOME;
        for (uint32_t row = block * RZ_VECTOR_CAPACITY; match != RZ_RANGE_SOME && row < the->rows && row / RZ_VECTOR_CAPACITY == block; row++) {
            bool holds = !rz_vec_is_null(the->model, row) && over_holds(rz_vec_compare(the->model, row, constant, 0), op);
            wrong += holds != (match == RZ_RANGE_ALL);
        }
    }
    CHECK_EQ_U64(wrong, 0);
    return done;
}

static void filters_and_zones_know_the_overlay(void)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < 5; i++) {
        for (uint32_t round = 0; round < 8; round++) {
            rz_col_reader *reader = NULL;
            over_case the = over_make(over_type(i), 2 + round * 3, round % 2 == 0 ? 40 : 100000);
            FX_OK(rz_col_reader_create(&fx.mem, fx.pool, the.model->type, "test", &reader, &fx.err));
            for (uint32_t n = 0; n < 30; n++) {
                done += over_filter(&the, reader);
            }
            rz_col_reader_free(reader);
            over_free(&the);
        }
    }
    CHECK(done > 5 * 8 * 30 / 3);
}

static void tests_of_texts_know_the_overlay(void)
{
    static const rz_text_op ops[4] = {RZ_TEXT_COMPARE, RZ_TEXT_STARTS, RZ_TEXT_ENDS, RZ_TEXT_CONTAINS};
    static const char *const parts[4] = {"t7", "a text", "3", "er, 1"};
    uint32_t done_count = 0, wrong = 0;
    for (uint32_t round = 0; round < 24; round++) {
        uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
        rz_col_reader *reader = NULL;
        rz_col_text text;
        over_case the = over_make(rz_type_of(RUZU_TYPE_STRING), 2 + round % 7, round % 2 == 0 ? 40 : 100000);
        rz_value value = {.type = rz_type_of(RUZU_TYPE_STRING)};
        value.u.text.data = parts[round / 4 % 4];
        value.u.text.length = strlen(parts[round / 4 % 4]);
        CHECK(rz_col_text_init(&text, &fx.mem, the.model->type, ops[round % 4], RZ_CMP_LE, round % 3 == 0, &value));
        rz_col_range range = {.text = &text};
        FX_OK(rz_col_reader_create(&fx.mem, fx.pool, the.model->type, "test", &reader, &fx.err));
        for (uint32_t first = 0; first < the.rows; first += RZ_VECTOR_CAPACITY) {
            uint32_t count = the.rows - first < RZ_VECTOR_CAPACITY ? the.rows - first : RZ_VECTOR_CAPACITY;
            bool done = false;
            memset(bits, 0xff, sizeof bits);
            FX_OK(rz_col_filter(reader, the.merged, first, count, &range, bits, &done, &fx.err));
            for (uint32_t i = 0; i < count && done; i++) {
                const rz_string *string = (const rz_string *)the.model->data + first + i;
                bool passes = !rz_vec_is_null(the.model, first + i) && rz_col_text_passes(&text, rz_string_data(string), string->length);
                wrong += rz_bit_get(bits, i) != passes;
            }
            done_count += done;
        }
        rz_col_reader_free(reader);
        rz_col_text_deinit(&text);
        over_free(&the);
    }
    CHECK_EQ_U64(wrong, 0);
    CHECK(done_count > 24);
}

static void directory_form_comes_back(void)
{
    over_case the = over_make(rz_type_of(RUZU_TYPE_INT64), 5, 100);
    rz_str form;
    rz_reader reader;
    rz_segment *base = NULL, *merged = NULL;
    rz_str_init(&form, &fx.mem);
    rz_segment_encode(the.merged, &form);
    rz_segment_overlay_encode(the.merged, &form);
    for (size_t size = 0; size <= form.length; size += size + 40 < form.length ? 1 + size / 40 : 1) {
        rz_reader_init(&reader, (const uint8_t *)form.data, size);
        rz_error_init(&fx.err);
        ruzu_status status = rz_segment_decode(&reader, the.base->type, &fx.arena, &base, &fx.err);
        status = status == RUZU_OK ? rz_segment_overlay_decode(&reader, base, &fx.mem, &fx.arena, &merged, &fx.err) : status;
        CHECK_EQ_I64(status, size == form.length ? RUZU_OK : RUZU_ERROR_CORRUPT);
    }
    CHECK_EQ_U64(reader.off, form.length);
    CHECK_EQ_U64(rz_segment_overlay_written(merged), 7);
    CHECK(fx_reads_back(merged, the.model, the.rows));
    rz_segment_overlay_free(merged);
    rz_str_free(&form);
    over_free(&the);
}

/* Numbers that do not ascend, and that lead outside. */
static void senseless_row_numbers_are_damage(void)
{
    static const uint32_t senseless[3][3] = {{3, 3, 5}, {5, 4, 6}, {1, 2, 1000000}};
    for (uint32_t i = 0; i < 3; i++) {
        rz_vec *numbers = fx_vec(rz_type_of(RUZU_TYPE_UINT32), 3), *values = fx_vec(rz_type_of(RUZU_TYPE_INT64), OVER_ROWS);
        rz_vec *out = fx_vec(values->type, RZ_VECTOR_CAPACITY);
        rz_col_reader *reader = NULL;
        rz_segment *merged = NULL;
        for (uint32_t row = 0; row < OVER_ROWS; row++) {
            ((int64_t *)values->data)[row] = (int64_t)fx_random();
        }
        memcpy(numbers->data, senseless[i], sizeof senseless[i]);
        FX_OK(rz_segment_overlay_make(fx_build(values, OVER_ROWS), fx_build(numbers, 3), fx_build(values, 3), 1, &fx.mem, &fx.arena, &merged, &fx.err));
        FX_OK(rz_col_reader_create(&fx.mem, fx.pool, values->type, "table T, column c", &reader, &fx.err));
        rz_error_init(&fx.err);
        CHECK_EQ_I64(rz_col_read(reader, merged, 0, 1, out, 0, &fx.err), RUZU_ERROR_CORRUPT);
        CHECK(strstr(fx.err.message, "table T, column c") != NULL);
        rz_col_reader_free(reader);
        rz_segment_overlay_free(merged);
        rz_arena_reset(&fx.arena);
    }
}

int main(void)
{
    RUN_COLUMN(merged_values_are_read);
    RUN_COLUMN(filters_and_zones_know_the_overlay);
    RUN_COLUMN(tests_of_texts_know_the_overlay);
    RUN_COLUMN(directory_form_comes_back);
    RUN_COLUMN(senseless_row_numbers_are_damage);
    return CHECK_DONE();
}
