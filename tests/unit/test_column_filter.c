/* SPDX-License-Identifier: MIT */
/*
 * Comparisons on encoded values: for every codec, type, shape and run of rows the bitmap holds exactly the rows for which the comparison of the decoded
 * values does, and where there is no such test nothing is changed. Sums of encoded values are those of the decoded ones. The packed kernels are compared with the scalar one at every width.
 */
#include "column_fixture.h"

#include "storage/column/packed.h"

#ifdef RZ_TINY
#define FILTER_ROWS 600u
#else
#define FILTER_ROWS 12000u
#endif

static const ruzu_type_id filter_ids[] = {RUZU_TYPE_BOOL,  RUZU_TYPE_INT8,   RUZU_TYPE_INT16,  RUZU_TYPE_INT32,  RUZU_TYPE_INT64,
                                          RUZU_TYPE_UINT8, RUZU_TYPE_UINT16, RUZU_TYPE_UINT32, RUZU_TYPE_UINT64, RUZU_TYPE_DATE};
#define FILTER_TYPES ((uint32_t)(sizeof filter_ids / sizeof filter_ids[0]))

#define FILTER_WRAPS 1000u /* shapes from there on: sequences that pass the end of their type */

/* Shapes: small range, far values, few distinct far values, runs, constant, sequence, bits; every other round with NULLs. */
static void filter_put(rz_vec *vec, uint32_t row, uint32_t shape, bool nulls)
{
    uint64_t value = 0;
    if (nulls && (fx_below(5) == 0 || (row / RZ_VECTOR_CAPACITY) % 4 == 2)) {
        rz_vec_set_null(vec, row);
        return;
    }
    switch (shape) {
    case 0: value = fx_below(60) - 20; break;
    case 1: value = fx_random(); break;
    case 2: value = rz_hash_u64(fx_below(6)); break;
    case 3: value = rz_hash_u64(row / 500) % 1000; break;
    case 4: value = (uint64_t)-3; break;
    case 5: value = row; break;
    case 6: value = fx_below(2); break;
    case FILTER_WRAPS: value = INT64_MAX - UINT64_C(100) + row; break;
    case FILTER_WRAPS + 1: value = row * (UINT64_C(1) << 62); break;
    case FILTER_WRAPS + 2: value = UINT64_C(300) - row; break;
    case FILTER_WRAPS + 3: value = row * UINT64_C(0x123456789abcdef1); break;
    default: value = fx_random() >> (64 - (shape % 60 + 2)); break;
    }
    if (vec->type->physical == RZ_PHYS_BOOL) {
        ((uint8_t *)vec->data)[row] = value & 1;
    } else {
        memcpy((uint8_t *)vec->data + (size_t)row * rz_type_size(vec->type), &value, rz_type_size(vec->type));
    }
}

static bool filter_holds(int order, rz_compare_op op)
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

/* The constant: a value of the column, a neighbour of one, or anything. */
static rz_value filter_constant(const rz_vec *vec)
{
    rz_value value;
    do {
        FX_OK(rz_value_from_vec(vec, fx_below(FILTER_ROWS), &fx.arena, &value, &fx.err));
    } while (value.is_null);
    if (vec->type->physical != RZ_PHYS_BOOL) {
        uint64_t kind = fx_below(5);
        value.u.u64 = kind == 0 ? fx_random() : value.u.u64 + (kind == 1) - (kind == 2);
    }
    return value;
}

static uint32_t filter_check(const rz_segment *segment, rz_col_reader *reader, const rz_vec *vec)
{
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) + 1], before[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) + 1];
    rz_value value = filter_constant(vec);
    rz_vec *constant = fx_vec(vec->type, 1);
    FX_OK(rz_value_to_vec(&value, constant, 0, &fx.err));
    rz_compare_op op = (rz_compare_op)fx_below(6);
    uint32_t first = fx_below(FILTER_ROWS);
    uint32_t count = 1 + fx_below(RZ_VECTOR_CAPACITY);
    count = count < FILTER_ROWS - first ? count : FILTER_ROWS - first;
    for (uint32_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        bits[i] = before[i] = fx_below(3) == 0 ? fx_random() : UINT64_MAX;
    }
    rz_col_range range;
    CHECK(rz_col_range_make(vec->type, op, &value, &range));
    bool done = false;
    FX_OK(rz_col_filter(reader, segment, first, count, &range, bits, &done, &fx.err));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool holds = !rz_vec_is_null(vec, first + i) && filter_holds(rz_vec_compare(vec, first + i, constant, 0), op);
        wrong += rz_bit_get(bits, i) != (rz_bit_get(before, i) && (!done || holds));
    }
    CHECK_EQ_U64(wrong, 0);
    for (uint32_t block = 0; block * RZ_VECTOR_CAPACITY < FILTER_ROWS; block++) { /* what zones decide holds for all rows */
        rz_zone zone;
        if (!rz_segment_zone(segment, block, &zone)) {
            continue;
        }
        rz_range_match match = rz_zone_match(vec->type, &zone, &range);
        uint32_t end = (block + 1) * RZ_VECTOR_CAPACITY < FILTER_ROWS ? (block + 1) * RZ_VECTOR_CAPACITY : FILTER_ROWS;
        for (uint32_t row = block * RZ_VECTOR_CAPACITY; row < end && match != RZ_RANGE_SOME; row++) {
            bool holds = !rz_vec_is_null(vec, row) && filter_holds(rz_vec_compare(vec, row, constant, 0), op);
            wrong += holds != (match == RZ_RANGE_ALL);
        }
    }
    CHECK_EQ_U64(wrong, 0);
    return done;
}

static void encoded_values_are_compared_like_decoded_ones(void)
{
    uint32_t done = 0;
    for (uint32_t kind = 0; kind < FILTER_TYPES; kind++) {
        for (uint32_t shape = 0; shape < 14; shape++) {
            rz_vec *vec = fx_vec(rz_type_of(filter_ids[kind]), FILTER_ROWS);
            for (uint32_t row = 0; row < FILTER_ROWS; row++) {
                filter_put(vec, row, shape < 7 ? shape : shape * 7 + kind, (shape + kind) % 2 == 1);
            }
            rz_segment *segment = fx_build(vec, FILTER_ROWS);
            rz_col_reader *reader = NULL;
            FX_OK(rz_col_reader_create(&fx.mem, fx.pool, vec->type, "test", &reader, &fx.err));
            for (uint32_t round = 0; round < 40; round++) {
                done += filter_check(segment, reader, vec);
                rz_col_reader_release(reader);
            }
            rz_col_reader_free(reader);
            rz_arena_reset(&fx.arena);
        }
    }
    CHECK(done > 40 * 14 * FILTER_TYPES / 2);
}

/* ---- sums ---- */

static uint32_t filter_check_sum(const rz_segment *segment, rz_col_reader *reader, const rz_vec *vec)
{
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    uint32_t first = fx_below(FILTER_ROWS);
    uint32_t count = 1 + fx_below(RZ_VECTOR_CAPACITY);
    count = count < FILTER_ROWS - first ? count : FILTER_ROWS - first;
    bool all = fx_below(3) == 0;
    for (uint32_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        bits[i] = fx_random();
    }
    rz_col_total want = {.sum = 5, .count = 7};
    rz_col_total got = want;
    bool done = false;
    FX_OK(rz_col_sum(reader, segment, first, count, all ? NULL : bits, &got, &done, &fx.err));
    bool is_signed = vec->type->physical >= RZ_PHYS_INT8 && vec->type->physical <= RZ_PHYS_INT64;
    for (uint32_t i = 0; i < count && done; i++) {
        if (!rz_vec_is_null(vec, first + i) && (all || rz_bit_get(bits, i))) {
            uint32_t size = rz_type_size(vec->type);
            uint64_t value = 0;
            memcpy(&value, (const uint8_t *)vec->data + (size_t)(first + i) * size, size);
            uint64_t sign = UINT64_C(1) << (8 * size - 1);
            want.sum += is_signed ? (rz_int128)(int64_t)((value ^ sign) - sign) : (rz_int128)value;
            want.count++;
        }
    }
    CHECK(got.sum == want.sum);
    CHECK_EQ_U64(got.count, want.count);
    return done;
}

static void encoded_values_are_added_up_like_decoded_ones(void)
{
    uint32_t done = 0;
    for (uint32_t kind = 1; kind < FILTER_TYPES; kind++) {
        for (uint32_t shape = 0; shape < 18; shape++) {
            rz_vec *vec = fx_vec(rz_type_of(filter_ids[kind]), FILTER_ROWS);
            for (uint32_t row = 0; row < FILTER_ROWS; row++) {
                filter_put(vec, row, shape < 7 ? shape : shape < 14 ? shape * 7 + kind : FILTER_WRAPS + shape - 14, shape < 14 && (shape + kind) % 2 == 1);
            }
            rz_segment *segment = fx_build(vec, FILTER_ROWS);
            rz_col_reader *reader = NULL;
            FX_OK(rz_col_reader_create(&fx.mem, fx.pool, vec->type, "test", &reader, &fx.err));
            for (uint32_t round = 0; round < 40; round++) {
                done += filter_check_sum(segment, reader, vec);
                rz_col_reader_release(reader);
            }
            rz_col_reader_free(reader);
            rz_arena_reset(&fx.arena);
        }
    }
    CHECK(done > 40 * 18 * (FILTER_TYPES - 1) / 4);
}

/* ---- texts ---- */

static const char *const filter_syllables[] = {"an", "el", "ber", "a", "", "\xc3\xa9", "zz", "lan"};

/* Shapes: many texts, few long ones, few short ones, one, texts that hide the part across their ends, empty ones, one that no window holds among short ones. */
static void filter_put_text(rz_vec *vec, uint32_t row, uint32_t shape, bool nulls)
{
    static char text[2400000];
    size_t length = 0;
    if (nulls && (fx_below(5) == 0 || (row / RZ_VECTOR_CAPACITY) % 4 == 2)) {
        rz_vec_set_null(vec, row);
        return;
    }
    uint32_t parts = shape == 0 ? fx_below(9) : shape == 1 ? 6 : shape == 2 ? 1 : shape == 3 ? 0 : shape == 4 ? fx_below(2) : fx_below(3);
    uint64_t seed = shape == 0 || shape >= 4 ? fx_random() : fx_below(shape == 3 ? 1 : 7);
    for (uint32_t i = 0; i < parts; i++) {
        const char *syllable = filter_syllables[rz_hash_u64(seed * 16 + i) % 8];
        memcpy(text + length, syllable, strlen(syllable));
        length += strlen(syllable);
    }
    if (shape == 5 && row == FILTER_ROWS / 2) {
        length = sizeof text;
        memset(text, 'a', length);
    }
    FX_OK(rz_vec_set_string(vec, row, text, length, &fx.err));
}

static bool filter_text_holds(const rz_string *text, const rz_string *part, rz_text_op op, rz_compare_op compare)
{
    const char *data = rz_string_data(text), *wanted = rz_string_data(part);
    switch (op) {
    case RZ_TEXT_COMPARE: return filter_holds(rz_string_compare(text, part), compare);
    case RZ_TEXT_STARTS: return text->length >= part->length && memcmp(data, wanted, part->length) == 0;
    case RZ_TEXT_ENDS: return text->length >= part->length && memcmp(data + (text->length - part->length), wanted, part->length) == 0;
    case RZ_TEXT_CONTAINS:
        for (uint32_t at = 0; at + part->length <= text->length; at++) {
            if (memcmp(data + at, wanted, part->length) == 0) {
                return true;
            }
        }
        return false;
    }
    return false;
}

/* A whole text of the column, or a few syllables. */
static rz_value filter_text_constant(const rz_vec *vec)
{
    rz_value value = {.type = RZ_STRING};
    rz_string text;
    char *room = (char *)rz_arena_alloc(&fx.arena, 64);
    size_t length = 0;
    do {
        uint32_t row = fx_below(FILTER_ROWS);
        text = rz_vec_is_null(vec, row) ? rz_string_make("", 0) : ((const rz_string *)vec->data)[row];
    } while (text.length > 64);
    if (fx_below(2) == 0) {
        memcpy(room, rz_string_data(&text), text.length);
        length = text.length;
    }
    for (uint32_t i = fx_below(3); i > 0 && length < 56; i--) {
        const char *syllable = filter_syllables[fx_below(8)];
        memcpy(room + length, syllable, strlen(syllable));
        length += strlen(syllable);
    }
    value.u.text.data = room;
    value.u.text.length = length;
    return value;
}

static uint32_t filter_check_text(const rz_segment *segment, rz_col_reader *reader, const rz_vec *vec, rz_col_range *range, uint32_t first)
{
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) + 1], before[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) + 1];
    uint32_t count = fx_below(3) == 0 ? RZ_VECTOR_CAPACITY : 1 + fx_below(RZ_VECTOR_CAPACITY);
    count = count < FILTER_ROWS - first ? count : FILTER_ROWS - first;
    for (uint32_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        bits[i] = before[i] = fx_below(3) == 0 ? fx_random() : UINT64_MAX;
    }
    bool done = false;
    FX_OK(rz_col_filter(reader, segment, first, count, range, bits, &done, &fx.err));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool expected = rz_bit_get(before, i);
        if (done) {
            const rz_string *text = &((const rz_string *)vec->data)[first + i];
            expected = expected && !rz_vec_is_null(vec, first + i) &&
                       filter_text_holds(text, &range->text->part, range->text->op, range->text->compare) != range->text->negated;
        }
        wrong += rz_bit_get(bits, i) != expected;
    }
    CHECK_EQ_U64(wrong, 0);
    return done;
}

static void encoded_texts_are_tested_like_decoded_ones(void)
{
    uint32_t done = 0, asked = 0;
    for (uint32_t shape = 0; shape < 12; shape++) {
        rz_vec *vec = fx_vec(RZ_STRING, FILTER_ROWS);
        for (uint32_t row = 0; row < FILTER_ROWS; row++) {
            filter_put_text(vec, row, shape % 6, shape >= 6);
        }
        rz_segment *segment = fx_build(vec, FILTER_ROWS);
        rz_col_reader *reader = NULL;
        FX_OK(rz_col_reader_create(&fx.mem, fx.pool, vec->type, "test", &reader, &fx.err));
        for (uint32_t round = 0; round < 80; round++) {
            rz_col_text test;
            rz_value value = filter_text_constant(vec);
            CHECK(rz_col_text_init(&test, &fx.mem, RZ_STRING, (rz_text_op)fx_below(4), (rz_compare_op)fx_below(6), fx_below(3) == 0, &value));
            rz_col_range range = {.text = &test};
            for (uint32_t part = 0; part < 3; part++) { /* verdicts are used again */
                done += filter_check_text(segment, reader, vec, &range, fx_below(FILTER_ROWS));
                asked++;
            }
            rz_col_text_deinit(&test);
            rz_col_reader_release(reader);
        }
        rz_col_reader_free(reader);
        rz_arena_reset(&fx.arena);
        rz_arena_reset(&fx.heap);
    }
    CHECK(done > asked / 2);
    CHECK(done < asked); /* the long one was met */
}

static void types_without_keys_have_no_range(void)
{
    rz_col_range range;
    rz_value value = {.type = RZ_DOUBLE};
    CHECK(!rz_col_range_make(RZ_DOUBLE, RZ_CMP_EQ, &value, &range));
    value.type = RZ_STRING;
    CHECK(!rz_col_range_make(RZ_STRING, RZ_CMP_EQ, &value, &range));
    value.type = RZ_INT64;
    value.is_null = true;
    CHECK(!rz_col_range_make(RZ_INT64, RZ_CMP_EQ, &value, &range));
}

static void packed_kernels_do_what_the_scalar_ones_do(void)
{
    static uint64_t values[700];
    for (uint32_t width = 1; width <= 64; width++) {
        uint64_t most = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
        for (uint32_t i = 0; i < 700; i++) {
            values[i] = fx_random() & most;
        }
        uint8_t *data = (uint8_t *)rz_arena_alloc(&fx.arena, rz_packed_bytes(700, width));
        rz_pack(values, 700, width, data);
        for (uint32_t round = 0; round < 60; round++) {
            uint64_t a[11], b[11];
            uint32_t first = fx_below(700), count = fx_below(700 - first + 1);
            uint64_t low = round % 4 == 0 ? 0 : values[fx_below(700)];
            uint64_t span = round % 3 == 0 ? 0 : (most - low) == UINT64_MAX ? fx_random() : fx_random() % (most - low + 1);
            bool outside = round % 2 == 1;
            for (uint32_t i = 0; i < 11; i++) {
                a[i] = b[i] = fx_below(2) == 0 ? fx_random() : UINT64_MAX;
            }
            uint32_t wrong = 0;
            for (uint32_t i = 0; i < count; i++) {
                bool passes = (values[first + i] >= low && values[first + i] - low <= span) != outside;
                if (!passes) {
                    rz_bit_clear(b, i);
                }
            }
            if (count != 0) {
                rz_packed_match(data, first, count, width, low, span, outside, a);
            }
            wrong += memcmp(a, b, sizeof a) != 0;
            rz_packed_match_scalar(data, first, count, width, low, span, outside, a);
            wrong += memcmp(a, b, sizeof a) != 0;
            CHECK_EQ_U64(wrong, 0);
            uint64_t sum = 0, all = 0;
            for (uint32_t i = 0; i < count; i++) {
                all += values[first + i];
                sum += rz_bit_get(b, i) ? values[first + i] : 0;
            }
            if (count != 0 && width <= 52) {
                CHECK_EQ_U64(rz_packed_sum(data, first, count, width, b), sum);
                CHECK_EQ_U64(rz_packed_sum(data, first, count, width, NULL), all);
                CHECK_EQ_U64(rz_packed_sum_scalar(data, first, count, width, b), sum);
                CHECK_EQ_U64(rz_packed_sum_scalar(data, first, count, width, NULL), all);
            }
        }
        rz_arena_reset(&fx.arena);
    }
}

int main(void)
{
    RUN_COLUMN(encoded_values_are_compared_like_decoded_ones);
    RUN_COLUMN(encoded_values_are_added_up_like_decoded_ones);
    RUN_COLUMN(encoded_texts_are_tested_like_decoded_ones);
    RUN_COLUMN(types_without_keys_have_no_range);
    RUN_COLUMN(packed_kernels_do_what_the_scalar_ones_do);
    return CHECK_DONE();
}
