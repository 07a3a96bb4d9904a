/* SPDX-License-Identifier: MIT */
/*
 * Overlays of columns: what checkpoints have changed in a column of a row group since it was written, beside it on pages of its own (storage/column/overlay.c).
 *
 * Random updates touch every row group, and a checkpoint that wrote each column anew would write the whole table for a few thousand values. So it writes the
 * changed rows alone, those of the overlay before included, until the overlays of a column have cost about as many pages as the column has (the rent has reached
 * the price), or until so many rows are changed that reading them would cost too much. Then the column is written anew. Where exactly differs from column to
 * column and from time to time (rows_dice): those that are changed evenly are not all rewritten by the same checkpoint.
 */
#include "storage/table/rows.h"

#ifdef RZ_TINY
#define ROWS_OVERLAY_SHARE      2u /* small row groups are to have overlays, too */
#define ROWS_OVERLAY_TEXT_SHARE 3u
#define ROWS_OVERLAY_FREE_PAGES 8u
#else
#define ROWS_OVERLAY_SHARE      16u /* rows changed are at most about this part of a group's */
#define ROWS_OVERLAY_TEXT_SHARE 40u /* the same of texts and nested values, which are gathered one by one */
#define ROWS_OVERLAY_FREE_PAGES 0u
#endif
#define ROWS_OVERLAY_ROW_BYTES 2u /* of a row number: what a column of UINT32 comes to */

/* 128 … 383, in 256ths: how much of the usual bounds this column of this group is given. Another place on disk, another number. */
static uint64_t rows_dice(const rz_segment *base, uint32_t column, uint64_t first)
{
    uint64_t seed = (first / RZ_ROW_GROUP_ROWS * 64 + column) * UINT64_C(0x9e3779b97f4a7c15) + rz_segment_first_page(base);
    return 128 + (rz_hash_u64(seed) >> 56);
}

/* Whether an overlay of `count` rows is worth while, from what it will about cost. */
static bool rows_overlay_worth(const rz_row_segment *source, const rz_type *type, uint32_t column, uint64_t first, uint64_t count)
{
    uint64_t share = rz_rows_value_grows(type) ? ROWS_OVERLAY_TEXT_SHARE : ROWS_OVERLAY_SHARE;
    const rz_segment *base = rz_row_segment_root(source)->data;
    uint64_t pages = rz_segment_page_count(base);
    uint64_t dice = rows_dice(base, column, first);
    uint64_t rows = rz_segment_rows(base);
    if (count == 0 || count * share * 256 > rows * dice) {
        return false;
    }
    uint64_t cost = 2 + (count * (pages * RZ_PAGE_SIZE / rows + ROWS_OVERLAY_ROW_BYTES)) / RZ_PAGE_SIZE;
    return cost * 2 <= pages + 2 * ROWS_OVERLAY_FREE_PAGES &&
           rz_segment_overlay_written(source->data) + cost <= (pages * dice >> 8) + ROWS_OVERLAY_FREE_PAGES;
}

/* What is being made. */
typedef struct rows_overlaying {
    rz_rows_reader *reader;
    uint32_t column;
    uint64_t first; /* of the group */
    rz_col_builder *numbers, *values; /* owned */
    rz_vec *number, *value;           /* arena */
    rz_id *ids;                       /* arena; RZ_VECTOR_CAPACITY */
    rz_arena arena, heap;
} rows_overlaying;

static ruzu_status rows_overlay_batch(rows_overlaying *making, const uint32_t *rows, uint32_t count, rz_error *err)
{
    rz_sel all = {NULL, count};
    rz_rows *store = making->reader->rows;
    rz_vec_reset(making->number);
    rz_vec_reset(making->value);
    memcpy(making->number->data, rows, count * sizeof *rows);
    for (uint32_t i = 0; i < count; i++) {
        making->ids[i] = making->first + rows[i];
    }
    RZ_TRY(rz_rows_gather(making->reader, making->column, making->ids, &all, making->value, err));
    if (store->sketches[making->column] != NULL) {
        rz_sketch_add(store->sketches[making->column], making->value, &all);
    }
    RZ_TRY(rz_col_builder_append(making->numbers, making->number, &all, err));
    RZ_TRY(rz_col_builder_append(making->values, making->value, &all, err));
    rz_arena_reset(&making->heap);
    return RUZU_OK;
}

static ruzu_status rows_overlay_collect(rows_overlaying *making, const uint64_t *bits, rz_error *err)
{
    uint32_t rows[RZ_VECTOR_CAPACITY];
    uint32_t count = 0;
    for (uint32_t w = 0; w < RZ_ROW_GROUP_ROWS / 64; w++) {
        for (uint64_t word = bits[w]; word != 0; word &= word - 1) {
            rows[count++] = w * 64 + rz_ctz64(word);
            if (count == RZ_VECTOR_CAPACITY) {
                RZ_TRY(rows_overlay_batch(making, rows, count, err));
                count = 0;
            }
        }
    }
    return count == 0 ? RUZU_OK : rows_overlay_batch(making, rows, count, err);
}

/* Writes both segments, and the column of `base` that they make with the source's. */
static ruzu_status rows_overlay_write(rows_overlaying *making, rz_row_segment *source, rz_row_base *base, rz_error *err)
{
    rz_disk *disk = making->reader->rows->env.disk;
    rz_row_segment *root = rz_row_segment_root(source);
    rz_row_segment *segment = NULL;
    rz_segment *numbers = NULL, *values = NULL, *merged = NULL;
    RZ_TRY(rz_row_base_add(base, making->column, &segment, err)); /* without data it owns no pages: whoever fails now frees what is written */
    RZ_TRY(rz_col_builder_finish(making->numbers, disk, &base->home->arena, &numbers, err));
    ruzu_status status = rz_col_builder_finish(making->values, disk, &base->home->arena, &values, err);
    if (status == RUZU_OK) {
        uint64_t written = rz_segment_overlay_written(source->data) + rz_segment_page_count(numbers) + rz_segment_page_count(values);
        status = rz_segment_overlay_make(root->data, numbers, values, written, &base->home->pages, &base->home->arena, &merged, err);
    }
    if (status != RUZU_OK) {
        rz_row_pages_give_back(making->reader->rows, numbers);
        if (values != NULL) {
            rz_row_pages_give_back(making->reader->rows, values);
        }
        return status;
    }
    segment->data = merged;
    segment->under = root;
    atomic_fetch_add_explicit(&root->refs, 1, memory_order_relaxed);
    return RUZU_OK;
}

static ruzu_status rows_overlay_make(rz_rows_reader *reader, uint32_t column, uint64_t first, const uint64_t *bits, rz_row_segment *source, rz_row_base *base,
                                     rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rows_overlaying making = {.reader = reader, .column = column, .first = first};
    const rz_type *type = reader->rows->columns[column].type;
    rz_mem mem; /* see rz_rows_build_column */
    rz_mem_init_overdraft(&mem, reader->rows->env.mem);
    rz_arena_init(&making.arena, &mem);
    rz_arena_init(&making.heap, &mem);
    RZ_TRY_GOTO(rz_vec_create(&making.arena, &making.heap, rz_type_of(RUZU_TYPE_UINT32), RZ_VECTOR_CAPACITY, &making.number, err));
    RZ_TRY_GOTO(rz_vec_create(&making.arena, &making.heap, type, RZ_VECTOR_CAPACITY, &making.value, err));
    making.ids = RZ_NEW_ARRAY(&making.arena, rz_id, RZ_VECTOR_CAPACITY);
    if (making.ids == NULL) {
        status = rz_error_no_memory(err, "writing a row group");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_col_builder_create(&mem, rz_type_of(RUZU_TYPE_UINT32), &making.numbers, err));
    RZ_TRY_GOTO(rz_col_builder_create(&mem, type, &making.values, err));
    RZ_TRY_GOTO(rows_overlay_collect(&making, bits, err));
    RZ_TRY_GOTO(rows_overlay_write(&making, source, base, err));
cleanup:
    rz_col_builder_free(making.numbers);
    rz_col_builder_free(making.values);
    rz_arena_free(&making.heap);
    rz_arena_free(&making.arena);
    return status;
}

ruzu_status rz_rows_overlay_column(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, uint64_t after, rz_row_segment *source,
                                   rz_row_base *base, bool *out_done, rz_error *err)
{
    const rz_row_group *group = &reader->version->groups[first / RZ_ROW_GROUP_ROWS];
    uint64_t bits[RZ_ROW_GROUP_ROWS / 64] = {0};
    *out_done = false;
    if (rz_segment_rows(source->data) > RZ_ROW_GROUP_ROWS || group->patches == NULL ||
        !rz_patches_rows(group->patches, column, after, reader->snapshot.timestamp, bits)) {
        return RUZU_OK;
    }
    if (rz_segment_overlaid(source->data)) {
        RZ_TRY(rz_segment_overlay_rows(source->data, &base->home->pages, reader->rows->env.pool, reader->rows->column_texts[column], bits, err));
    }
    uint64_t changed = 0;
    for (uint32_t w = 0; w < RZ_ROW_GROUP_ROWS / 64; w++) {
        uint64_t end = (uint64_t)w * 64 < count ? count - (uint64_t)w * 64 : 0; /* rows of the word that exist */
        bits[w] &= end >= 64 ? UINT64_MAX : (UINT64_C(1) << end) - 1;
        changed += rz_popcount64(bits[w]);
    }
    if (!rows_overlay_worth(source, reader->rows->columns[column].type, column, first, changed)) {
        return RUZU_OK;
    }
    *out_done = true;
    return rows_overlay_make(reader, column, first, bits, source, base, err);
}
