/* SPDX-License-Identifier: MIT */
/*
 * What tests of column segments work in: an in-memory database file, a buffer pool over it, builders and readers, and comparison of vectors bit
 * by bit. Set up by RUN_COLUMN for each test function, which must leave no memory and no pin behind.
 */
#ifndef RZ_TESTS_COLUMN_FIXTURE_H
#define RZ_TESTS_COLUMN_FIXTURE_H

#include "storage/column/column.h"

#include "check.h"

typedef struct column_fixture {
    rz_mem mem;
    rz_arena arena;
    rz_arena heap; /* string bytes of vectors that were read */
    rz_error err;
    rz_disk *disk;
    rz_pool *pool;
    uint64_t random_state;
} column_fixture;

static column_fixture fx;

static inline uint64_t fx_random(void)
{
    fx.random_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(fx.random_state);
}

static inline uint32_t fx_below(uint32_t bound)
{
    return (uint32_t)(fx_random() % bound);
}

/* Checks that a call succeeded, and shows its message when not. */
#define FX_OK(call)                                                                                                    \
    do {                                                                                                               \
        rz_error_init(&fx.err);                                                                                        \
        ruzu_status fx_status_ = (call);                                                                               \
        CHECK_EQ_I64(fx_status_, RUZU_OK);                                                                             \
        if (fx_status_ != RUZU_OK) {                                                                                   \
            fprintf(stderr, "  %s\n", fx.err.message);                                                                 \
        }                                                                                                              \
    } while (0)

static inline void fx_open(uint64_t pool_bytes)
{
    memset(&fx, 0, sizeof fx);
    rz_mem_init(&fx.mem, NULL, UINT64_MAX);
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_init(&fx.heap, &fx.mem);
    fx.random_state = 1;
    FX_OK(rz_disk_create(rz_vfs_posix(), &fx.mem, NULL, &fx.disk, &fx.err));
    FX_OK(rz_pool_create(&fx.mem, fx.disk, pool_bytes, NULL, &fx.pool, &fx.err));
}

static inline void fx_close(void)
{
    rz_arena_free(&fx.arena);
    rz_arena_free(&fx.heap);
    rz_pool_destroy(fx.pool);
    FX_OK(rz_disk_close(fx.disk, &fx.err));
    CHECK_EQ_U64(atomic_load(&fx.mem.used), 0);
}

#define RUN_COLUMN(test)                                                                                               \
    do {                                                                                                               \
        int before_ = check_failures;                                                                                  \
        fx_open(UINT64_C(64) << 20);                                                                                   \
        test();                                                                                                        \
        fx_close();                                                                                                    \
        if (check_failures != before_) {                                                                               \
            fprintf(stderr, "FAILED: %s\n", #test);                                                                    \
        }                                                                                                              \
    } while (0)

/* A flat vector of the fixture's arena. */
static inline rz_vec *fx_vec(const rz_type *type, uint32_t capacity)
{
    rz_vec *vec = NULL;
    FX_OK(rz_vec_create(&fx.arena, &fx.heap, type, capacity, &vec, &fx.err));
    return vec;
}

/* The first `rows` rows of vec as a segment, appended in pieces of different sizes. */
static inline rz_segment *fx_build(const rz_vec *vec, uint32_t rows)
{
    rz_col_builder *builder = NULL;
    rz_segment *segment = NULL;
    FX_OK(rz_col_builder_create(&fx.mem, vec->type, &builder, &fx.err));
    uint32_t *piece = (uint32_t *)rz_arena_alloc(&fx.arena, (rows + 1) * sizeof *piece);
    uint32_t row = 0;
    while (row < rows) {
        uint32_t n = 1 + fx_below(row == 0 ? rows : 3000);
        n = n < rows - row ? n : rows - row;
        for (uint32_t i = 0; i < n; i++) {
            piece[i] = row + i;
        }
        rz_sel sel = {row == 0 ? NULL : piece, n};
        FX_OK(rz_col_builder_append(builder, vec, &sel, &fx.err));
        row += n;
    }
    CHECK_EQ_U64(rz_col_builder_rows(builder), rows);
    FX_OK(rz_col_builder_finish(builder, fx.disk, &fx.arena, &segment, &fx.err));
    CHECK_EQ_U64(rz_col_builder_rows(builder), 0);
    rz_col_builder_free(builder);
    return segment;
}

/* True when both rows hold the same value, bit by bit (apart from what NULLs hold). */
static inline bool fx_same_row(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    bool a_null = rz_vec_is_null(a, a_row), b_null = rz_vec_is_null(b, b_row);
    if (a_null || b_null) {
        return a_null == b_null;
    }
    if (a->kind == RZ_VEC_CONSTANT) {
        a_row = 0;
    }
    if (b->kind == RZ_VEC_CONSTANT) {
        b_row = 0;
    }
    uint32_t size = rz_type_size(a->type);
    if (a->type->physical == RZ_PHYS_STRING) {
        return rz_string_equal(&((const rz_string *)a->data)[a_row], &((const rz_string *)b->data)[b_row]);
    }
    if (a->type->physical == RZ_PHYS_LIST) {
        rz_list_entry a_list = ((const rz_list_entry *)a->data)[a_row], b_list = ((const rz_list_entry *)b->data)[b_row];
        bool same = a_list.length == b_list.length;
        for (uint32_t i = 0; same && i < a_list.length; i++) {
            same = fx_same_row(a->children[0], a_list.offset + i, b->children[0], b_list.offset + i);
        }
        return same;
    }
    bool same = size == 0 || memcmp((const uint8_t *)a->data + (size_t)a_row * size, (const uint8_t *)b->data + (size_t)b_row * size, size) == 0;
    for (uint32_t i = 0; same && i < a->child_count; i++) {
        same = fx_same_row(a->children[i], a_row, b->children[i], b_row);
    }
    return same;
}

/* Rows [0, count) of got are rows wanted[i] (or first + i) of model; stops at the first difference. */
static inline bool fx_same(const rz_vec *got, const rz_vec *model, const uint32_t *wanted, uint32_t first, uint32_t count, const char *how)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = wanted == NULL ? first + i : wanted[i];
        if (!fx_same_row(got, i, model, row)) {
            fprintf(stderr, "  %s: row %u of the segment, number %u of %u, differs\n", how, row, i, count);
            return false;
        }
    }
    return true;
}

/* A segment over the first `rows` rows of model reads back in every way. */
static inline bool fx_reads_back(const rz_segment *segment, const rz_vec *model, uint32_t rows)
{
    rz_col_reader *reader = NULL;
    rz_vec *out = fx_vec(model->type, RZ_VECTOR_CAPACITY);
    rz_vec *entries = fx_vec(model->type, RZ_VECTOR_CAPACITY);
    uint32_t wanted[RZ_VECTOR_CAPACITY];
    uint32_t codes[RZ_VECTOR_CAPACITY];
    bool coded = false;
    bool same = rz_segment_rows(segment) == rows;

    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, model->type, "table T, column c", &reader, &fx.err));
    for (uint32_t first = 0; same && first < rows; first += RZ_VECTOR_CAPACITY) { /* aligned blocks */
        uint32_t n = rows - first < RZ_VECTOR_CAPACITY ? rows - first : RZ_VECTOR_CAPACITY;
        rz_vec_reset(out);
        rz_arena_reset(&fx.heap);
        FX_OK(rz_col_read(reader, segment, first, n, out, 0, &fx.err));
        rz_col_reader_release(reader);
        same = fx_same(out, model, NULL, first, n, "block");
        FX_OK(rz_col_read_entries(reader, segment, first, n, entries, codes, &coded, &fx.err)); /* the same as codes, where it has those */
        if (same && coded) {
            FX_OK(rz_vec_slice(out, entries, codes, n, &fx.err));
            FX_OK(rz_vec_flatten(out, &(rz_sel){NULL, n}, &fx.err));
            same = fx_same(out, model, NULL, first, n, "codes");
        }
    }
    for (uint32_t round = 0; same && round < 20; round++) { /* anywhere, in two halves */
        uint32_t first = fx_below(rows), n = fx_below(RZ_VECTOR_CAPACITY + 1);
        n = n < rows - first ? n : rows - first;
        uint32_t half = n / 3;
        rz_vec_reset(out);
        rz_arena_reset(&fx.heap);
        FX_OK(rz_col_read(reader, segment, first, half, out, 0, &fx.err));
        FX_OK(rz_col_read(reader, segment, first + half, n - half, out, half, &fx.err));
        same = fx_same(out, model, NULL, first, n, "range");
    }
    for (uint32_t round = 0; same && round < 30; round++) { /* scattered: few, many, sorted, repeated, through positions */
        uint32_t n = round % 3 == 0 ? 1 + fx_below(4) : 1 + fx_below(RZ_VECTOR_CAPACITY);
        uint32_t span = round % 5 == 0 ? 1 + fx_below(rows) : rows;
        uint32_t out_rows[RZ_VECTOR_CAPACITY];
        uint32_t got_rows[RZ_VECTOR_CAPACITY];
        for (uint32_t i = 0; i < n; i++) {
            wanted[i] = round % 2 == 0 ? fx_below(span) : (uint32_t)((uint64_t)i * span / n);
            out_rows[i] = n - 1 - i;
            got_rows[n - 1 - i] = wanted[i];
        }
        bool positions = round % 4 == 3;
        rz_vec_reset(out);
        rz_arena_reset(&fx.heap);
        FX_OK(rz_col_gather(reader, segment, wanted, positions ? out_rows : NULL, n, out, &fx.err));
        same = fx_same(out, model, positions ? got_rows : wanted, 0, n, "gather");
        if (round % 7 == 0) {
            rz_col_reader_release(reader);
        }
    }
    rz_col_reader_free(reader);
    return same;
}

#endif
