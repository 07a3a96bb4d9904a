/* SPDX-License-Identifier: MIT */
/*
 * Memory refused at every allocation: builders and readers report it, keep no memory, and give page ranges back; and a pool with hardly any
 * frames still serves readers.
 */
#include "column_fixture.h"

static bool failure_refuse_nth(void *user, size_t size)
{
    uint64_t *left = (uint64_t *)user;
    (void)size;
    return (*left)-- == 0;
}

static rz_vec *failure_model(uint32_t rows)
{
    rz_type_field fields[3] = {{"a", RZ_INT64}, {"b", RZ_STRING}, {"c", rz_type_list(&fx.arena, RZ_STRING)}};
    const rz_type *type = rz_type_struct(&fx.arena, fields, 3);
    rz_vec *vec = NULL;
    uint32_t offset = 0;
    char text[64];
    FX_OK(rz_vec_create(&fx.arena, &fx.arena, type, rows, &vec, &fx.err));
    for (uint32_t i = 0; i < rows; i++) {
        ((int64_t *)vec->children[0]->data)[i] = (int64_t)rz_hash_u64(i) % 1000;
        int length = snprintf(text, sizeof text, "a text of some length %u", i % 7);
        FX_OK(rz_vec_set_string(vec->children[1], i, text, (size_t)length, &fx.err));
        FX_OK(rz_vec_list_reserve(vec->children[2], 2, &offset, &fx.err));
        ((rz_list_entry *)vec->children[2]->data)[i] = (rz_list_entry){offset, 2};
        length = snprintf(text, sizeof text, "element %u", i);
        FX_OK(rz_vec_set_string(vec->children[2]->children[0], offset, text, (size_t)length, &fx.err));
        FX_OK(rz_vec_set_string(vec->children[2]->children[0], offset + 1, text, (size_t)length, &fx.err));
        if (i % 5 == 0) {
            rz_vec_set_null(vec, i);
        }
    }
    return vec;
}

/* Builds a segment; RUZU_OK or the first failure, with nothing left behind but arena memory. */
static ruzu_status failure_build(const rz_vec *vec, uint32_t rows, rz_arena *place, rz_segment **out)
{
    rz_col_builder *builder = NULL;
    rz_sel sel = {NULL, rows};
    rz_error_init(&fx.err);
    ruzu_status status = rz_col_builder_create(&fx.mem, vec->type, &builder, &fx.err);
    if (status == RUZU_OK) {
        status = rz_col_builder_append(builder, vec, &sel, &fx.err);
    }
    if (status == RUZU_OK) {
        status = rz_col_builder_finish(builder, fx.disk, place, out, &fx.err);
    }
    rz_col_builder_free(builder);
    return status;
}

static ruzu_status failure_free_range(void *user, rz_page_range range, rz_error *err)
{
    (void)user;
    (void)err;
    rz_pool_drop(fx.pool, range);
    rz_disk_free(fx.disk, range);
    return RUZU_OK;
}

static void failure_of_each_allocation_while_building(void)
{
    uint32_t rows = 100;
    rz_vec *vec = failure_model(rows);
    rz_arena place;
    rz_segment *segment = NULL;
    rz_arena_init(&place, &fx.mem);
    FX_OK(failure_build(vec, rows, &place, &segment)); /* the file has grown as far as it must */
    uint64_t pages = rz_segment_page_count(segment);
    FX_OK(rz_segment_each_range(segment, failure_free_range, NULL, &fx.err));
    rz_arena_free(&place);
    uint64_t used = atomic_load(&fx.mem.used), grown = rz_disk_page_count(fx.disk);
    uint64_t failures = 0;
    ruzu_status status = RUZU_ERROR_NO_MEMORY;
    for (uint64_t nth = 0; status != RUZU_OK && nth < 10000; nth++) {
        uint64_t left = nth;
        rz_arena_init(&place, &fx.mem);
        rz_mem_set_test_hook(failure_refuse_nth, &left);
        status = failure_build(vec, rows, &place, &segment);
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        failures += status != RUZU_OK;
        if (status == RUZU_OK) {
            CHECK_EQ_U64(rz_segment_page_count(segment), pages);
            FX_OK(rz_segment_each_range(segment, failure_free_range, NULL, &fx.err));
        }
        rz_arena_free(&place);
        CHECK(atomic_load(&fx.mem.used) <= used + 65536); /* the disk may keep room for its lists */
    }
    CHECK(failures > 20);
    CHECK_EQ_U64(rz_disk_page_count(fx.disk), grown); /* every failure gave its pages back */
}

static void failure_of_each_allocation_while_reading(void)
{
    uint32_t rows = RZ_VECTOR_CAPACITY < 100 ? RZ_VECTOR_CAPACITY : 100;
    rz_vec *vec = failure_model(rows);
    rz_segment *segment = fx_build(vec, rows);
    uint32_t wanted[2] = {rows - 1, 1};
    uint64_t failures = 0;
    ruzu_status status = RUZU_ERROR_NO_MEMORY;
    for (uint64_t nth = 0; status != RUZU_OK && nth < 10000; nth++) {
        rz_arena place;
        rz_arena_init(&place, &fx.mem);
        rz_vec *out = NULL;
        FX_OK(rz_vec_create(&place, &place, vec->type, rows, &out, &fx.err));
        uint64_t left = nth;
        rz_col_reader *reader = NULL;
        rz_error_init(&fx.err);
        rz_mem_set_test_hook(failure_refuse_nth, &left);
        status = rz_col_reader_create(&fx.mem, fx.pool, vec->type, "test", &reader, &fx.err);
        if (status == RUZU_OK) {
            status = rz_col_read(reader, segment, 0, rows, out, 0, &fx.err);
        }
        if (status == RUZU_OK) {
            CHECK(fx_same(out, vec, NULL, 0, rows, "block"));
            rz_vec_reset(out);
            status = rz_col_gather(reader, segment, wanted, NULL, 2, out, &fx.err);
        }
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        if (status == RUZU_OK) {
            CHECK(fx_same(out, vec, wanted, 0, 2, "gather"));
        }
        failures += status != RUZU_OK;
        rz_col_reader_free(reader);
        rz_arena_free(&place);
    }
    CHECK(failures > 10);
}

/* Every frame but a few is pinned by others: windows shrink to what is needed. */
static void failure_with_a_crowded_pool(void)
{
    uint32_t rows = 20000;
    rz_vec *vec = fx_vec(RZ_DOUBLE, rows);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t bits = rz_hash_u64(i) >> 2;
        memcpy((uint8_t *)vec->data + (size_t)i * 8, &bits, 8);
    }
    rz_segment *segment = fx_build(vec, rows);
    rz_pool *small = NULL;
    rz_page_range temp = {0, 0};
    FX_OK(rz_pool_create(&fx.mem, fx.disk, 256 * 1024, NULL, &small, &fx.err));
    rz_pool_stats stats;
    rz_pool_stats_get(small, &stats);
    uint32_t hold = (uint32_t)stats.pages_total - 8;
    rz_pin pins[64];
    memset(pins, 0, sizeof pins);
    CHECK(hold <= 64);
    if (hold <= 64) {
        FX_OK(rz_pool_temp_allocate(small, hold, &temp, &fx.err));
        for (uint32_t i = 0; i < hold; i++) {
            uint8_t *data = NULL;
            FX_OK(rz_pool_temp_pin(small, temp, i, 1, &pins[i], &data, &fx.err));
        }
        rz_col_reader *reader = NULL;
        rz_vec *out = fx_vec(RZ_DOUBLE, RZ_VECTOR_CAPACITY);
        FX_OK(rz_col_reader_create(&fx.mem, small, RZ_DOUBLE, "test", &reader, &fx.err));
        for (uint32_t first = 0; first + RZ_VECTOR_CAPACITY <= rows; first += RZ_VECTOR_CAPACITY) {
            rz_vec_reset(out);
            FX_OK(rz_col_read(reader, segment, first, RZ_VECTOR_CAPACITY, out, 0, &fx.err));
            CHECK(fx_same(out, vec, NULL, first, RZ_VECTOR_CAPACITY, "block"));
        }
        uint32_t wanted[RZ_VECTOR_CAPACITY];
        for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
            wanted[i] = fx_below(rows);
        }
        rz_vec_reset(out);
        FX_OK(rz_col_gather(reader, segment, wanted, NULL, RZ_VECTOR_CAPACITY, out, &fx.err));
        CHECK(fx_same(out, vec, wanted, 0, RZ_VECTOR_CAPACITY, "gather"));
        rz_col_reader_free(reader);
        for (uint32_t i = 0; i < hold; i++) {
            rz_pool_temp_unpin(small, &pins[i], true);
        }
        rz_pool_temp_free(small, temp);
    }
    rz_pool_destroy(small);
}

int main(void)
{
    RUN_COLUMN(failure_of_each_allocation_while_building);
    RUN_COLUMN(failure_of_each_allocation_while_reading);
    RUN_COLUMN(failure_with_a_crowded_pool);
    return CHECK_DONE();
}
