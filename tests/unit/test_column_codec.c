/* SPDX-License-Identifier: MIT */
/*
 * Codecs of leaves: values that call for each of them are stored that way and come back by blocks, ranges and scattered rows, with and
 * without NULLs.
 */
#include "column_fixture.h"

#ifdef RZ_TINY
#define CODEC_ROWS 700u
#else
#define CODEC_ROWS 20000u
#endif

/* The value of a row, by pattern. */
typedef uint64_t (*codec_pattern_fn)(uint32_t row);

static uint64_t codec_same(uint32_t row)
{
    (void)row;
    return 42;
}
static uint64_t codec_step(uint32_t row)
{
    return 1000 - (uint64_t)row;
}
static uint64_t codec_noise7(uint32_t row)
{
    return rz_hash_u64(row) % 100;
}
static uint64_t codec_noise64(uint32_t row)
{
    return rz_hash_u64(row);
}
static uint64_t codec_runs(uint32_t row)
{
    return rz_hash_u64(row / 100) % 5000;
}
static uint64_t codec_long_runs64(uint32_t row)
{
    return rz_hash_u64(row / 7000);
}
static uint64_t codec_few(uint32_t row)
{
    return rz_hash_u64(rz_hash_u64(row) % 50);
}
static uint64_t codec_bit(uint32_t row)
{
    return rz_hash_u64(row) & 1;
}

static void codec_put(rz_vec *vec, uint32_t row, uint64_t bits)
{
    uint32_t size = rz_type_size(vec->type);
    uint8_t value[24] = {0};
    rz_store_u64(value, bits);
    rz_store_u64(value + 8, size > 8 && vec->type->physical != RZ_PHYS_INT128 ? bits * 3 : 0);
    if (vec->type->physical == RZ_PHYS_BOOL) {
        value[0] &= 1;
    }
    memcpy((uint8_t *)vec->data + (size_t)row * size, value, size);
}

static void codec_expect(const rz_type *type, codec_pattern_fn pattern, uint32_t nulls, const char *codec, uint32_t width)
{
    rz_vec *vec = fx_vec(type, CODEC_ROWS);
    uint64_t null_count = 0;
    for (uint32_t row = 0; row < CODEC_ROWS; row++) {
        if (nulls != 0 && rz_hash_u64(row * 31 + 5) % nulls == 0) {
            codec_put(vec, row, UINT64_C(0x5555555555555555)); /* what NULLs hold must not matter */
            rz_vec_set_null(vec, row);
            null_count++;
        } else {
            codec_put(vec, row, pattern(row));
        }
    }
    rz_segment *segment = fx_build(vec, CODEC_ROWS);
    uint32_t got_width = 0;
    const char *got = rz_segment_codec_name(segment, &got_width);
#ifdef RZ_TINY /* parts of a few rows choose for themselves */
    (void)got;
    (void)codec;
    (void)width;
#else
    CHECK_STR(got, codec);
    CHECK_EQ_U64(got_width, width);
#endif
    CHECK_EQ_U64(rz_segment_null_count(segment), null_count);
    CHECK(fx_reads_back(segment, vec, CODEC_ROWS));
}

static void codec_constants_need_no_page(void)
{
    codec_expect(RZ_INT64, codec_same, 0, "CONSTANT", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INT8), codec_same, 3, "CONSTANT", 0);
    codec_expect(RZ_DOUBLE, codec_same, 0, "CONSTANT", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INTERVAL), codec_same, 5, "CONSTANT", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INT128), codec_same, 0, "CONSTANT", 0);
    codec_expect(RZ_INT64, codec_same, 1, "CONSTANT", 0); /* all NULL */
    codec_expect(RZ_BOOL, codec_same, 0, "CONSTANT", 0);
    rz_vec *vec = fx_vec(RZ_INT64, 100);
    memset(vec->data, 7, 800);
    CHECK_EQ_U64(rz_segment_page_count(fx_build(vec, 100)), 0);
    for (uint32_t i = 0; i < 100; i++) {
        rz_vec_set_null(vec, i);
    }
    rz_segment *nulls = fx_build(vec, 100);
    CHECK_EQ_U64(rz_segment_page_count(nulls), 0);
    CHECK_EQ_U64(rz_segment_null_count(nulls), 100);
}

static void codec_sequences_need_no_page(void)
{
    codec_expect(RZ_INT64, codec_step, 0, "SEQUENCE", 0);
    codec_expect(rz_type_of(RUZU_TYPE_SERIAL), codec_step, 0, "SEQUENCE", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INT32), codec_step, 0, "SEQUENCE", 0);
}

static void codec_integers_are_packed(void)
{
    static const ruzu_type_id ids[] = {RUZU_TYPE_INT8,  RUZU_TYPE_INT16,  RUZU_TYPE_INT32,  RUZU_TYPE_INT64, RUZU_TYPE_UINT8, RUZU_TYPE_UINT16,
                                       RUZU_TYPE_UINT32, RUZU_TYPE_UINT64, RUZU_TYPE_INT128, RUZU_TYPE_DATE, RUZU_TYPE_TIMESTAMP};
    for (uint32_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        codec_expect(rz_type_of(ids[i]), codec_noise7, 0, "BITPACKED", 7);
        codec_expect(rz_type_of(ids[i]), codec_noise7, 4, "BITPACKED", 7);
    }
    codec_expect(RZ_INT64, codec_noise64, 0, "BITPACKED", 64);
    codec_expect(rz_type_of(RUZU_TYPE_INT128), codec_noise64, 3, "BITPACKED", 64);
    codec_expect(rz_type_of(RUZU_TYPE_INT16), codec_noise64, 0, "BITPACKED", 16);
    codec_expect(rz_type_of(RUZU_TYPE_UINT32), codec_noise64, 2, "BITPACKED", 32);
    codec_expect(RZ_BOOL, codec_bit, 0, "BITMAP", 1);
    codec_expect(RZ_BOOL, codec_bit, 3, "BITMAP", 1);
}

static void codec_runs_are_kept_once(void)
{
    codec_expect(RZ_INT64, codec_runs, 0, "RLE", 13);
    codec_expect(rz_type_of(RUZU_TYPE_INT16), codec_runs, 3, "RLE", 13);
    codec_expect(RZ_INT64, codec_long_runs64, 0, "RLE", 63);
    codec_expect(RZ_DOUBLE, codec_runs, 5, "RLE", 0);
    codec_expect(rz_type_of(RUZU_TYPE_FLOAT), codec_runs, 0, "RLE", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INTERVAL), codec_runs, 0, "RLE", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INT128), codec_runs, 2, "RLE", 0);
}

static void codec_few_values_make_a_dictionary(void)
{
    codec_expect(RZ_INT64, codec_few, 0, "DICTIONARY", 6);
    codec_expect(RZ_INT64, codec_few, 4, "DICTIONARY", 6);
    codec_expect(RZ_DOUBLE, codec_few, 0, "DICTIONARY", 6);
    codec_expect(rz_type_of(RUZU_TYPE_INT32), codec_few, 3, "DICTIONARY", 6);
    codec_expect(rz_type_of(RUZU_TYPE_INTERVAL), codec_few, 3, "DICTIONARY", 6);
}

static void codec_the_rest_is_plain(void)
{
    codec_expect(RZ_DOUBLE, codec_noise64, 0, "PLAIN", 0);
    codec_expect(rz_type_of(RUZU_TYPE_FLOAT), codec_noise64, 3, "PLAIN", 0);
    codec_expect(rz_type_of(RUZU_TYPE_INTERVAL), codec_noise64, 0, "PLAIN", 0);
    uint32_t table = 3;
    codec_expect(rz_type_rel(&fx.arena, &table, 1), codec_noise64, 4, "PLAIN", 0);
}

static void codec_wide_integers_stay_plain(void)
{
    rz_vec *vec = fx_vec(rz_type_of(RUZU_TYPE_UUID), 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        ((rz_int128 *)vec->data)[i] = (rz_int128)(((rz_uint128)rz_hash_u64(i) << 64) | rz_hash_u64(i + 10000));
        if (i % 100 == 7) {
            rz_vec_set_null(vec, i);
        }
    }
    rz_segment *segment = fx_build(vec, 3000);
    uint32_t width = 0;
    CHECK_STR(rz_segment_codec_name(segment, &width), "PLAIN");
    CHECK(fx_reads_back(segment, vec, 3000));
}

static void codec_extremes_survive(void)
{
    rz_vec *vec = fx_vec(RZ_INT64, 4);
    ((int64_t *)vec->data)[0] = INT64_MIN;
    ((int64_t *)vec->data)[1] = INT64_MAX;
    ((int64_t *)vec->data)[2] = 0;
    ((int64_t *)vec->data)[3] = -1;
    for (uint32_t rows = 1; rows <= 4; rows++) {
        CHECK(fx_reads_back(fx_build(vec, rows), vec, rows));
    }
    vec = fx_vec(rz_type_of(RUZU_TYPE_INT128), 3);
    ((rz_int128 *)vec->data)[0] = (rz_int128)((rz_uint128)1 << 127);
    ((rz_int128 *)vec->data)[1] = (rz_int128)(((rz_uint128)1 << 127) - 1);
    ((rz_int128 *)vec->data)[2] = -1;
    CHECK(fx_reads_back(fx_build(vec, 3), vec, 3));
    CHECK(fx_reads_back(fx_build(vec, 1), vec, 1));
    vec = fx_vec(rz_type_of(RUZU_TYPE_INT8), 3);
    ((int8_t *)vec->data)[0] = -128;
    ((int8_t *)vec->data)[1] = 127;
    ((int8_t *)vec->data)[2] = -3;
    CHECK(fx_reads_back(fx_build(vec, 3), vec, 3));
    vec = fx_vec(RZ_DOUBLE, 4);
    rz_store_u64((uint8_t *)vec->data, UINT64_C(0x8000000000000000));      /* -0.0 */
    rz_store_u64((uint8_t *)vec->data + 8, 0);                             /* 0.0: other bits, so no constant */
    rz_store_u64((uint8_t *)vec->data + 16, UINT64_C(0x7ff8000000000123)); /* a NaN with a payload */
    rz_store_u64((uint8_t *)vec->data + 24, UINT64_C(0x7ff8000000000000));
    rz_segment *segment = fx_build(vec, 4);
    rz_col_reader *reader = NULL;
    rz_vec *out = fx_vec(RZ_DOUBLE, 4);
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, RZ_DOUBLE, "test", &reader, &fx.err));
    FX_OK(rz_col_read(reader, segment, 0, 4, out, 0, &fx.err));
    CHECK(memcmp(out->data, vec->data, 32) == 0);
    rz_col_reader_free(reader);
}

static void codec_empty_segments_exist(void)
{
    rz_vec *vec = fx_vec(RZ_STRING, 1);
    rz_segment *segment = fx_build(vec, 0);
    CHECK_EQ_U64(rz_segment_rows(segment), 0);
    CHECK_EQ_U64(rz_segment_page_count(segment), 0);
    rz_zone zone;
    CHECK(!rz_segment_zone(segment, UINT32_MAX, &zone));
    rz_col_reader *reader = NULL;
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, RZ_STRING, "test", &reader, &fx.err));
    FX_OK(rz_col_read(reader, segment, 0, 0, vec, 0, &fx.err));
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_col_read(reader, segment, 0, 1, vec, 0, &fx.err), RUZU_ERROR_CORRUPT);
    uint32_t row = 0;
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_col_gather(reader, segment, &row, NULL, 1, vec, &fx.err), RUZU_ERROR_CORRUPT);
    rz_col_reader_free(reader);
}

static void codec_builders_are_reused(void)
{
    rz_col_builder *builder = NULL;
    FX_OK(rz_col_builder_create(&fx.mem, RZ_STRING, &builder, &fx.err));
    for (uint32_t round = 0; round < 5; round++) {
        uint32_t rows = 100 + round * 700;
        rz_vec *vec = fx_vec(RZ_STRING, rows);
        char text[64];
        for (uint32_t i = 0; i < rows; i++) {
            int length = snprintf(text, sizeof text, "row number %u of round number %u", i, round);
            FX_OK(rz_vec_set_string(vec, i, text, (size_t)length, &fx.err));
            if ((i + round) % 9 == 0 && round != 2) {
                rz_vec_set_null(vec, i);
            }
        }
        vec->heap = &fx.heap;
        rz_vec *kept = fx_vec(RZ_STRING, rows);
        kept->heap = &fx.arena; /* fx_reads_back resets the other */
        rz_sel all = {NULL, rows};
        FX_OK(rz_vec_copy(kept, 0, vec, &all, &fx.err));
        rz_segment *segment = NULL;
        FX_OK(rz_col_builder_append(builder, kept, &all, &fx.err));
        CHECK(rz_col_builder_bytes(builder) > rows * 16);
        FX_OK(rz_col_builder_finish(builder, fx.disk, &fx.arena, &segment, &fx.err));
        CHECK(fx_reads_back(segment, kept, rows));
    }
    rz_col_builder_free(builder);
}

static void codec_constants_and_sequences_are_appended(void)
{
    rz_col_builder *builder = NULL;
    rz_segment *segment = NULL;
    rz_vec *model = fx_vec(RZ_INT64, 300);
    rz_vec *vec = fx_vec(RZ_INT64, 8);
    uint32_t rows[3] = {1, 5, 7};
    rz_sel some = {rows, 3}, many = {NULL, 100};
    FX_OK(rz_col_builder_create(&fx.mem, RZ_INT64, &builder, &fx.err));
    vec->kind = RZ_VEC_SEQUENCE;
    vec->start = 10;
    vec->step = -3;
    FX_OK(rz_col_builder_append(builder, vec, &some, &fx.err));
    vec->kind = RZ_VEC_CONSTANT;
    ((int64_t *)vec->data)[0] = 99;
    FX_OK(rz_col_builder_append(builder, vec, &many, &fx.err));
    rz_vec_set_null(vec, 0);
    FX_OK(rz_col_builder_append(builder, vec, &many, &fx.err));
    FX_OK(rz_col_builder_finish(builder, fx.disk, &fx.arena, &segment, &fx.err));
    rz_col_builder_free(builder);
    for (uint32_t i = 0; i < 203; i++) {
        ((int64_t *)model->data)[i] = i < 3 ? 10 - 3 * (int64_t)rows[i] : 99;
        if (i >= 103) {
            rz_vec_set_null(model, i);
        }
    }
    CHECK(fx_reads_back(segment, model, 203));
}

int main(void)
{
    RUN_COLUMN(codec_constants_need_no_page);
    RUN_COLUMN(codec_sequences_need_no_page);
    RUN_COLUMN(codec_integers_are_packed);
    RUN_COLUMN(codec_runs_are_kept_once);
    RUN_COLUMN(codec_few_values_make_a_dictionary);
    RUN_COLUMN(codec_the_rest_is_plain);
    RUN_COLUMN(codec_wide_integers_stay_plain);
    RUN_COLUMN(codec_extremes_survive);
    RUN_COLUMN(codec_empty_segments_exist);
    RUN_COLUMN(codec_builders_are_reused);
    RUN_COLUMN(codec_constants_and_sequences_are_appended);
    return CHECK_DONE();
}
