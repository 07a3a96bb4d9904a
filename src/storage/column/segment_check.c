/* SPDX-License-Identifier: MIT */
/*
 * Checking a segment against its values: every row is decoded (which checks offsets, codes and runs), and what the metadata
 * say about the values is compared with them: NULL counts, zone maps, UTF-8 of strings.
 *
 * A block that cannot be read is reported and passed over; what is said of the whole segment is then not compared.
 */
#include "storage/column/reader.h"
#include "storage/column/zone.h"

#include <inttypes.h>

#define CHECK_FIRST_STEP 4u /* texts that are read at once, as long as nothing is known of their length */
#define CHECK_STEP_BYTES ((uint64_t)1 << 20)

typedef struct segment_check {
    const rz_segment *segment;
    rz_col_reader *reader;
    const char *what;
    uint64_t first_row; /* of the segment, in its table */
    rz_inspector *inspector;
    uint64_t nulls;
    uint64_t min_key, max_key; /* of the values read */
    bool unread;               /* some block could not be read */
} segment_check;

/* The first row whose text is not UTF-8, or count. */
static uint32_t segment_check_texts(const rz_vec *vec, uint32_t count)
{
    const rz_string *strings = (const rz_string *)vec->data;
    for (uint32_t i = 0; i < count; i++) {
        if (!rz_vec_is_null(vec, i) && !rz_utf8_valid(rz_string_data(&strings[i]), strings[i].length)) {
            return i;
        }
    }
    return count;
}

static ruzu_status segment_check_zone(segment_check *check, const rz_vec *vec, uint32_t block, uint32_t count, rz_error *err)
{
    const rz_segment *segment = check->segment;
    rz_physical physical = (rz_physical)segment->type->physical;
    uint64_t row = check->first_row + (uint64_t)block * RZ_VECTOR_CAPACITY;
    rz_zone_block is;
    rz_zone said;
    if (!rz_zone_has_order(physical)) {
        return RUZU_OK;
    }
    rz_zone_block_compute(physical, vec->data, vec->validity, 0, count, &is);
    if (is.null_count != count) {
        check->min_key = is.min_key < check->min_key ? is.min_key : check->min_key;
        check->max_key = is.max_key > check->max_key ? is.max_key : check->max_key;
    }
    if (!rz_segment_zone(segment, block, &said)) {
        return RUZU_OK;
    }
    bool nulls_known = segment->zones.block_count != 0 || segment->rows <= RZ_VECTOR_CAPACITY || segment->null_count == 0;
    if (nulls_known && said.null_count != is.null_count) {
        return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, check->what, RZ_NO_PLACE, row, err,
                                   "%" PRIu32 " NULLs in the block, its zone map says %" PRIu32, is.null_count, said.null_count);
    }
    if (is.null_count == count) {
        return RUZU_OK;
    }
    uint64_t low = rz_zone_bits_to_key(physical, said.min_bits), high = rz_zone_bits_to_key(physical, said.max_bits);
    if (said.all_null || is.min_key < low || is.max_key > high) {
        return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, check->what, RZ_NO_PLACE, row, err,
                                   "the zone map of the block does not cover its values");
    }
    return RUZU_OK;
}

/* Rows [first, first + count): a block, of texts perhaps a part of one. */
static ruzu_status segment_check_rows(segment_check *check, rz_vec *vec, uint64_t first, uint32_t count, rz_error *err)
{
    uint64_t row = check->first_row + first;
    RZ_TRY(rz_inspector_poll(check->inspector, err));
    rz_vec_reset(vec);
    ruzu_status status = rz_col_read(check->reader, check->segment, first, count, vec, 0, err);
    if (status != RUZU_OK) {
        check->unread = true;
        return rz_inspector_absorb(check->inspector, status, check->what, row, err);
    }
    rz_sel all = {NULL, count};
    RZ_TRY(rz_vec_flatten(vec, &all, err));
    const char *problem = rz_vec_verify(vec, &all);
    if (problem != NULL) {
        return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, check->what, RZ_NO_PLACE, row, err, "%s", problem);
    }
    for (uint32_t i = 0; i < count; i++) {
        check->nulls += rz_vec_is_null(vec, i);
    }
    if (check->segment->type->id == RUZU_TYPE_STRING) {
        uint32_t bad = segment_check_texts(vec, count);
        if (bad != count) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, check->what, RZ_NO_PLACE, row + bad, err, "the text is not UTF-8"));
        }
    }
    return segment_check_zone(check, vec, (uint32_t)(first / RZ_VECTOR_CAPACITY), count, err);
}

/* All rows, a block at a time; texts fewer at a time when they are long. */
static ruzu_status segment_check_blocks(segment_check *check, rz_arena *heap, rz_vec *vec, rz_error *err)
{
    bool texts = check->segment->type->physical == RZ_PHYS_STRING;
    uint32_t step = texts ? CHECK_FIRST_STEP : RZ_VECTOR_CAPACITY;
    for (uint64_t first = 0; first < check->segment->rows;) {
        uint64_t left = check->segment->rows - first;
        uint32_t count = RZ_VECTOR_CAPACITY - (uint32_t)(first % RZ_VECTOR_CAPACITY);
        count = count < step ? count : step;
        count = count < left ? count : (uint32_t)left;
        RZ_TRY(segment_check_rows(check, vec, first, count, err));
        if (heap->used_bytes > CHECK_STEP_BYTES) {
            step = step > 1 ? step / 2 : 1;
        } else if (step < RZ_VECTOR_CAPACITY && heap->used_bytes <= CHECK_STEP_BYTES / 4) {
            step *= 2;
        }
        rz_col_reader_release(check->reader);
        rz_arena_reset(heap);
        first += count;
    }
    return RUZU_OK;
}

static ruzu_status segment_check_whole(const segment_check *check, rz_error *err)
{
    const rz_segment *segment = check->segment;
    const rz_zone_table *zones = &segment->zones;
    if (check->unread) {
        return RUZU_OK;
    }
    if (check->nulls != segment->null_count) {
        RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, check->what, RZ_NO_PLACE, check->first_row, err,
                                   "%" PRIu64 " NULLs in the segment, its metadata say %" PRIu64, check->nulls, segment->null_count));
    }
    bool any = check->nulls != segment->rows;
    if (zones->present && any && (zones->min_key != check->min_key || zones->max_key != check->max_key)) {
        RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, check->what, RZ_NO_PLACE, check->first_row, err,
                                   "the least and greatest value of the segment are not those of its metadata"));
    }
    return RUZU_OK;
}

static ruzu_status segment_check_plain(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t first_row,
                                       rz_inspector *inspector, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    segment_check check = {.segment = segment, .what = what, .first_row = first_row, .inspector = inspector, .min_key = UINT64_MAX};
    rz_arena arena;
    rz_arena heap;
    rz_vec *vec = NULL;
    rz_arena_init(&arena, mem);
    rz_arena_init(&heap, mem);
    RZ_TRY_GOTO(rz_col_reader_create(mem, pool, segment->type, what, &check.reader, err));
    RZ_TRY_GOTO(rz_vec_create(&arena, &heap, segment->type, RZ_VECTOR_CAPACITY, &vec, err));
    RZ_TRY_GOTO(segment_check_blocks(&check, &heap, vec, err));
    RZ_TRY_GOTO(segment_check_whole(&check, err));
cleanup:
    rz_col_reader_free(check.reader);
    rz_arena_free(&arena);
    rz_arena_free(&heap);
    return status;
}

ruzu_status rz_segment_check(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t first_row, rz_inspector *inspector,
                             rz_error *err)
{
    rz_segment base = *segment; /* the metadata are about its values, those that are overlaid included */
    base.overlay = NULL;
    RZ_TRY(segment_check_plain(&base, mem, pool, what, first_row, inspector, err));
    return segment->overlay == NULL ? RUZU_OK : rz_segment_overlay_check(segment, mem, pool, what, first_row, inspector, err);
}
