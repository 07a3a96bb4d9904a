/* SPDX-License-Identifier: MIT */
/*
 * Random types, nested ones above all, with random values in vectors of any kind: what is read equals what was appended.
 */
#include "types_random.h"

#include "column_fixture.h"
#include "volume.h"

#define NESTED_ROWS 600u

/* Appends several vectors of one type, of any kind, with and without selections; model gets the same rows flat. */
static rz_segment *nested_build(const rz_type *type, rz_vec *model, uint32_t *out_rows)
{
    rz_col_builder *builder = NULL;
    rz_segment *segment = NULL;
    uint32_t rows = 0;
    FX_OK(rz_col_builder_create(&fx.mem, type, &builder, &fx.err));
    while (rows < NESTED_ROWS - 100 && (rows == 0 || fx_below(8) != 0)) {
        uint32_t count = 1 + fx_below(100);
        uint32_t picked[100];
        rz_vec *vec = random_kind(&fx.arena, type, count);
        rz_sel sel = fx_below(2) == 0 ? random_all(count) : random_sel(picked, count);
        FX_OK(rz_col_builder_append(builder, vec, &sel, &fx.err));
        FX_OK(rz_vec_copy(model, rows, vec, &sel, &fx.err));
        rows += sel.count;
    }
    CHECK_EQ_U64(rz_col_builder_rows(builder), rows);
    FX_OK(rz_col_builder_finish(builder, fx.disk, &fx.arena, &segment, &fx.err));
    rz_col_builder_free(builder);
    *out_rows = rows;
    return segment;
}

static void nested_round(uint64_t seed)
{
    random_state = seed;
    fx.random_state = seed;
    const rz_type *type = random_type(&fx.arena, 1 + random_below(3), false);
    uint32_t rows = 0;
    rz_vec *kept = NULL;
    FX_OK(rz_vec_create(&fx.arena, &fx.arena, type, NESTED_ROWS, &kept, &fx.err));
    rz_segment *segment = nested_build(type, kept, &rows);
    if (rows != 0 && !fx_reads_back(segment, kept, rows)) {
        rz_str text;
        rz_str_init(&text, &fx.mem);
        rz_type_format(type, &text);
        fprintf(stderr, "seed %" PRIu64 ", type %s, %u rows\n", seed, rz_str_text(&text), rows);
        rz_str_free(&text);
        CHECK(false);
    }
    /* The metadata comes back through its bytes and serves as well. */
    rz_str bytes;
    rz_str_init(&bytes, &fx.mem);
    rz_segment_encode(segment, &bytes);
    rz_reader reader;
    rz_reader_init(&reader, bytes.data, bytes.length);
    rz_segment *decoded = NULL;
    FX_OK(rz_segment_decode(&reader, type, &fx.arena, &decoded, &fx.err));
    CHECK_EQ_U64(reader.off, bytes.length);
    CHECK_EQ_U64(rz_segment_page_count(decoded), rz_segment_page_count(segment));
    CHECK(rows == 0 || fx_reads_back(decoded, kept, rows));
    rz_str_free(&bytes);
}

static void nested_random_types(void)
{
    for (uint64_t seed = 1; seed <= test_volume(120, 12); seed++) {
        nested_round(seed);
        rz_arena_reset(&fx.arena);
        rz_arena_reset(&fx.heap);
    }
}

static void nested_long_lists(void)
{
    const rz_type *type = rz_type_list(&fx.arena, rz_type_list(&fx.arena, RZ_INT64));
    rz_vec *vec = NULL;
    uint32_t rows = 40, offset = 0, inner_offset = 0;
    FX_OK(rz_vec_create(&fx.arena, &fx.arena, type, rows, &vec, &fx.err));
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t length = i % 7 == 0 ? 0 : i * 3;
        FX_OK(rz_vec_list_reserve(vec, length, &offset, &fx.err));
        ((rz_list_entry *)vec->data)[i] = (rz_list_entry){offset, length};
        for (uint32_t j = 0; j < length; j++) {
            rz_vec *inner = vec->children[0];
            uint32_t inner_length = j % 5 == 0 ? 0 : j % 70;
            FX_OK(rz_vec_list_reserve(inner, inner_length, &inner_offset, &fx.err));
            ((rz_list_entry *)inner->data)[offset + j] = (rz_list_entry){inner_offset, inner_length};
            for (uint32_t k = 0; k < inner_length; k++) {
                ((int64_t *)inner->children[0]->data)[inner_offset + k] = (int64_t)(fx_random() >> (k % 60));
            }
        }
    }
    CHECK(fx_reads_back(fx_build(vec, rows), vec, rows));
}

#ifndef RZ_TINY
/* More elements than one part may hold: the child segment has several ranges. */
static void nested_elements_beyond_a_part(void)
{
    const rz_type *type = rz_type_list(&fx.arena, rz_type_of(RUZU_TYPE_UINT64));
    rz_vec *vec = NULL;
    uint32_t rows = 30, length = 100000, offset = 0;
    FX_OK(rz_vec_create(&fx.arena, &fx.arena, type, rows, &vec, &fx.err));
    for (uint32_t i = 0; i < rows; i++) {
        FX_OK(rz_vec_list_reserve(vec, length, &offset, &fx.err));
        ((rz_list_entry *)vec->data)[i] = (rz_list_entry){offset, length};
        for (uint32_t j = 0; j < length; j++) {
            ((uint64_t *)vec->children[0]->data)[offset + j] = fx_random() >> 20;
        }
    }
    rz_segment *segment = fx_build(vec, rows);
    rz_col_reader *reader = NULL;
    rz_vec *out = fx_vec(type, rows);
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, type, "test", &reader, &fx.err));
    FX_OK(rz_col_read(reader, segment, 0, rows, out, 0, &fx.err));
    CHECK(memcmp(out->data, vec->data, rows * sizeof(rz_list_entry)) == 0);
    CHECK(memcmp(out->children[0]->data, vec->children[0]->data, (size_t)rows * length * 8) == 0);
    uint32_t wanted[3] = {21, 20, 5};
    rz_vec_reset(out);
    FX_OK(rz_col_gather(reader, segment, wanted, NULL, 3, out, &fx.err));
    CHECK(fx_same(out, vec, wanted, 0, 3, "gather"));
    rz_col_reader_free(reader);
}
#endif

/* A constant NULL of a type with children shows what its children show: they must not be looked at. */
static void nested_constant_nulls(void)
{
    rz_type_field fields[2] = {{"a", RZ_INT64}, {"b", rz_type_array(&fx.arena, RZ_STRING, 3)}};
    const rz_type *type = rz_type_struct(&fx.arena, fields, 2);
    rz_vec *vec = fx_vec(type, 4), *out = fx_vec(type, RZ_VECTOR_CAPACITY);
    rz_col_builder *builder = NULL;
    rz_segment *segment = NULL;
    rz_sel sel = {NULL, 4};
    rz_vec_set_all_null(vec);
    FX_OK(rz_col_builder_create(&fx.mem, type, &builder, &fx.err));
    FX_OK(rz_col_builder_append(builder, vec, &sel, &fx.err));
    FX_OK(rz_col_builder_finish(builder, fx.disk, &fx.arena, &segment, &fx.err));
    rz_col_builder_free(builder);
    CHECK_EQ_U64(rz_segment_null_count(segment), 4);
    rz_col_reader *reader = NULL;
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, type, "test", &reader, &fx.err));
    FX_OK(rz_col_read(reader, segment, 0, 4, out, 0, &fx.err));
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(rz_vec_is_null(out, i) && rz_vec_is_null(out->children[0], i) && rz_vec_is_null(out->children[1], i));
    }
    rz_col_reader_free(reader);
}

int main(void)
{
    RUN_COLUMN(nested_random_types);
    RUN_COLUMN(nested_long_lists);
#ifndef RZ_TINY
    RUN_COLUMN(nested_elements_beyond_a_part);
#endif
    RUN_COLUMN(nested_constant_nulls);
    return CHECK_DONE();
}
