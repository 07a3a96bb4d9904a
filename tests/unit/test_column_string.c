/* SPDX-License-Identifier: MIT */
/*
 * Strings: plain, dictionary and constant segments, strings longer than a window or a part, and where the bytes of strings end up.
 */
#include "column_fixture.h"

#ifdef RZ_TINY
#define STRING_ROWS 600u
#else
#define STRING_ROWS 9000u
#endif

/* Like fx_vec, with string bytes that fx_reads_back does not reset. */
static rz_vec *string_vec(uint32_t capacity)
{
    rz_vec *vec = fx_vec(RZ_STRING, capacity);
    vec->heap = &fx.arena;
    return vec;
}

static void string_put(rz_vec *vec, uint32_t row, uint64_t number, uint32_t length)
{
    char text[256];
    for (uint32_t i = 0; i < length; i++) {
        text[i] = (char)('a' + (rz_hash_u64(number * 64 + i / 8) >> (i % 8 * 8)) % 26);
    }
    FX_OK(rz_vec_set_string(vec, row, text, length, &fx.err));
}

static void string_expect(rz_vec *vec, uint32_t rows, const char *codec)
{
    rz_segment *segment = fx_build(vec, rows);
    uint32_t width = 0;
#ifndef RZ_TINY /* parts of a few rows choose for themselves */
    CHECK_STR(rz_segment_codec_name(segment, &width), codec);
#else
    (void)codec;
    (void)rz_segment_codec_name(segment, &width);
#endif
    CHECK(fx_reads_back(segment, vec, rows));
}

static void string_different_ones_are_plain(void)
{
    rz_vec *vec = string_vec(STRING_ROWS);
    for (uint32_t i = 0; i < STRING_ROWS; i++) {
        string_put(vec, i, i, i % 40);
    }
    string_expect(vec, STRING_ROWS, "PLAIN");
    for (uint32_t i = 0; i < STRING_ROWS; i += 3) {
        rz_vec_set_null(vec, i);
    }
    string_expect(vec, STRING_ROWS, "PLAIN");
    for (uint32_t i = 0; i < STRING_ROWS; i++) {
        string_put(vec, i, i, 12 + i % 2); /* around the inline border */
    }
    string_expect(vec, STRING_ROWS, "PLAIN");
}

static void string_repeated_ones_are_a_dictionary(void)
{
    rz_vec *vec = string_vec(STRING_ROWS);
    for (uint32_t i = 0; i < STRING_ROWS; i++) {
        uint64_t number = rz_hash_u64(i) % 300;
        string_put(vec, i, number, (uint32_t)(number % 30));
    }
    string_expect(vec, STRING_ROWS, "DICTIONARY");
    for (uint32_t i = 0; i < STRING_ROWS; i += 2) {
        rz_vec_set_null(vec, i);
    }
    string_expect(vec, STRING_ROWS, "DICTIONARY");
    for (uint32_t i = 0; i < STRING_ROWS; i++) {
        string_put(vec, i, i / 8, 20); /* sorted, so that no sampled row repeats another */
    }
    string_expect(vec, STRING_ROWS, "DICTIONARY");
    for (uint32_t i = 0; i < STRING_ROWS; i++) {
        string_put(vec, i, rz_hash_u64(i) % 3000, 90); /* a large one */
    }
    string_expect(vec, STRING_ROWS, "DICTIONARY");
}

static void string_equal_ones_are_constant(void)
{
    rz_vec *vec = string_vec(3000);
    static const uint32_t lengths[] = {0, 5, 12, 13, 64};
    for (uint32_t j = 0; j < 5; j++) {
        for (uint32_t i = 0; i < 3000; i++) {
            string_put(vec, i, 1, lengths[j]);
        }
        string_expect(vec, 3000, "CONSTANT");
        CHECK_EQ_U64(rz_segment_page_count(fx_build(vec, 3000)), 0);
    }
    for (uint32_t i = 0; i < 3000; i++) {
        string_put(vec, i, 1, 65);
    }
    string_expect(vec, 3000, "DICTIONARY");
    for (uint32_t i = 0; i < 3000; i += 7) {
        rz_vec_set_null(vec, i);
    }
    string_expect(vec, 3000, "DICTIONARY");
}

static void string_put_long(rz_vec *vec, uint32_t row, size_t length)
{
    char *text = (char *)rz_arena_alloc(&fx.arena, length);
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)('a' + (i * 7 + row + i / 1000) % 26);
    }
    FX_OK(rz_vec_set_string(vec, row, text, length, &fx.err));
}

static void string_longer_than_a_window(void)
{
    rz_vec *vec = string_vec(50);
    for (uint32_t i = 0; i < 50; i++) {
        if (i % 10 == 3) {
            string_put_long(vec, i, 250000 + i * 20000);
        } else {
            string_put(vec, i, i, i);
        }
    }
    string_expect(vec, 50, "PLAIN");
}

#ifndef RZ_TINY
typedef struct string_ranges {
    uint64_t count;
    uint64_t largest;
    uint64_t pages;
} string_ranges;

static ruzu_status string_count_range(void *user, rz_page_range range, rz_error *err)
{
    string_ranges *ranges = (string_ranges *)user;
    (void)err;
    ranges->count++;
    ranges->pages += range.count;
    ranges->largest = range.count > ranges->largest ? range.count : ranges->largest;
    return RUZU_OK;
}

static void string_ranges_are_cut_at_blocks(void)
{
    uint32_t rows = 3 * RZ_VECTOR_CAPACITY + 100;
    rz_vec *vec = string_vec(rows);
    for (uint32_t i = 0; i < rows; i++) {
        string_put_long(vec, i, 6000 + i % 13);
    }
    rz_segment *segment = fx_build(vec, rows);
    string_ranges ranges = {0, 0, 0};
    FX_OK(rz_segment_each_range(segment, string_count_range, &ranges, &fx.err));
    CHECK_EQ_U64(ranges.count, 3); /* a block is 12 MB and 16 MiB are the limit; the 100 rows go with the third */
    CHECK(ranges.largest <= 4096);
    CHECK_EQ_U64(ranges.pages, rz_segment_page_count(segment));
    CHECK(fx_reads_back(segment, vec, rows));
}

static void string_longer_than_a_part(void)
{
    rz_vec *vec = string_vec(5);
    for (uint32_t i = 0; i < 5; i++) {
        string_put(vec, i, i, 10);
    }
    string_put_long(vec, 3, (size_t)20 << 20);
    rz_segment *segment = fx_build(vec, 5);
    string_ranges ranges = {0, 0, 0};
    FX_OK(rz_segment_each_range(segment, string_count_range, &ranges, &fx.err));
    CHECK(ranges.count >= 2 && ranges.largest > 4096);
    rz_col_reader *reader = NULL;
    rz_vec *out = fx_vec(RZ_STRING, 5);
    uint32_t row = 3;
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, RZ_STRING, "test", &reader, &fx.err));
    FX_OK(rz_col_read(reader, segment, 0, 5, out, 0, &fx.err));
    CHECK(fx_same(out, vec, NULL, 0, 5, "block"));
    rz_vec_reset(out);
    FX_OK(rz_col_gather(reader, segment, &row, NULL, 1, out, &fx.err));
    CHECK(fx_same(out, vec, &row, 0, 1, "gather"));
    rz_col_reader_free(reader);
}
#endif

static void string_bytes_are_copied(void)
{
    rz_vec *vec = string_vec(40);
    for (uint32_t i = 0; i < 40; i++) {
        string_put(vec, i, i % 2, 30);
    }
    for (uint32_t unique = 0; unique < 2; unique++) { /* a dictionary, then plain */
        for (uint32_t i = 0; unique == 1 && i < 40; i++) {
            string_put(vec, i, i, 30);
        }
        rz_segment *segment = fx_build(vec, 40);
        rz_col_reader *reader = NULL;
        rz_vec *first = fx_vec(RZ_STRING, 8), *second = fx_vec(RZ_STRING, 8);
        FX_OK(rz_col_reader_create(&fx.mem, fx.pool, RZ_STRING, "test", &reader, &fx.err));
        FX_OK(rz_col_read(reader, segment, 0, 8, first, 0, &fx.err));
        FX_OK(rz_col_read(reader, segment, 8, 8, second, 0, &fx.err));
        rz_col_reader_free(reader); /* vectors outlive the reader and its pins */
        CHECK(fx_same(first, vec, NULL, 0, 8, "first"));
        CHECK(fx_same(second, vec, NULL, 8, 8, "second"));
    }
}

static void string_dictionaries_follow_the_segment(void)
{
    rz_vec *a = string_vec(1000), *b = string_vec(1000), *out = fx_vec(RZ_STRING, RZ_VECTOR_CAPACITY);
    for (uint32_t i = 0; i < 1000; i++) {
        string_put(a, i, i % 10, 20);
        string_put(b, i, 100 + i % 10, 20);
    }
    rz_segment *segments[2] = {fx_build(a, 1000), fx_build(b, 1000)};
    rz_col_reader *reader = NULL;
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, RZ_STRING, "test", &reader, &fx.err));
    for (uint32_t round = 0; round < 10; round++) {
        uint32_t n = 1 + fx_below(RZ_VECTOR_CAPACITY < 900 ? RZ_VECTOR_CAPACITY : 900), first = fx_below(1000 - n);
        rz_vec_reset(out);
        rz_arena_reset(&fx.heap);
        FX_OK(rz_col_read(reader, segments[round % 2], first, n, out, 0, &fx.err));
        CHECK(fx_same(out, round % 2 == 0 ? a : b, NULL, first, n, "alternating"));
    }
    rz_col_reader_free(reader);
}

/* A column that is written in parts while it is collected reads like one that is not, and takes no more memory than was said. */
static void string_column_may_be_cut_while_it_is_built(void)
{
    rz_vec *vec = string_vec(STRING_ROWS);
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < STRING_ROWS; i++) {
        string_put(vec, i, i, i % 200);
        if (i % 7 == 3) {
            rz_vec_set_null(vec, i);
            nulls++;
        }
    }
    const uint64_t budgets[] = {0, 10000, 300000, UINT64_MAX};
    for (uint32_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++) {
        rz_col_builder *builder = NULL;
        rz_segment *segment = NULL;
        FX_OK(rz_col_builder_create(&fx.mem, RZ_STRING, &builder, &fx.err));
        uint32_t rows[100];
        for (uint32_t first = 0; first < STRING_ROWS; first += 100) {
            for (uint32_t i = 0; i < 100; i++) {
                rows[i] = first + i;
            }
            rz_sel sel = {rows, 100};
            FX_OK(rz_col_builder_append(builder, vec, &sel, &fx.err));
            FX_OK(rz_col_builder_cut(builder, budgets[b], fx.disk, &fx.arena, &fx.err));
            CHECK_EQ_U64(rz_col_builder_rows(builder), first + 100);
            CHECK(b != 1 || rz_col_builder_bytes(builder) < 200000);
        }
        FX_OK(rz_col_builder_finish(builder, fx.disk, &fx.arena, &segment, &fx.err));
        CHECK_EQ_U64(rz_segment_rows(segment), STRING_ROWS);
        CHECK_EQ_U64(rz_segment_null_count(segment), nulls);
        CHECK(fx_reads_back(segment, vec, STRING_ROWS));
        /* The builder is as good as new; one that is given up gives its pages back. */
        rz_sel some = {NULL, 50};
        rz_disk_stats before, after;
        rz_disk_stats_get(fx.disk, &before);
        FX_OK(rz_col_builder_append(builder, vec, &some, &fx.err));
        FX_OK(rz_col_builder_cut(builder, 0, fx.disk, &fx.arena, &fx.err));
        CHECK_EQ_U64(rz_col_builder_rows(builder), 50);
        rz_col_builder_free(builder);
        rz_disk_stats_get(fx.disk, &after);
        CHECK_EQ_U64(after.page_count - after.free_pages, before.page_count - before.free_pages);
    }
}

int main(void)
{
    RUN_COLUMN(string_column_may_be_cut_while_it_is_built);
    RUN_COLUMN(string_different_ones_are_plain);
    RUN_COLUMN(string_repeated_ones_are_a_dictionary);
    RUN_COLUMN(string_equal_ones_are_constant);
    RUN_COLUMN(string_longer_than_a_window);
#ifndef RZ_TINY
    RUN_COLUMN(string_ranges_are_cut_at_blocks);
    RUN_COLUMN(string_longer_than_a_part);
#endif
    RUN_COLUMN(string_bytes_are_copied);
    RUN_COLUMN(string_dictionaries_follow_the_segment);
    return CHECK_DONE();
}
