/* SPDX-License-Identifier: MIT */
/*
 * Reading the row store: what a snapshot sees, blocks of a column, values at any offsets.
 */
#include "storage/table/rows.h"

#include <inttypes.h>

/* ---- what is visible ---- */

uint64_t rz_rows_visible_end(const rz_rows_version *version, uint64_t end, const rz_snapshot *snapshot)
{
    /* By (2) "visible" holds for a prefix: find the group in which it ends, then the row. */
    while (end > 0) {
        uint64_t group_first = (end - 1) / RZ_ROW_GROUP_ROWS * RZ_ROW_GROUP_ROWS;
        const rz_stamps *stamps = version->groups[group_first / RZ_ROW_GROUP_ROWS].stamps;
        uint32_t last = (uint32_t)(end - 1 - group_first);
        if (rz_stamp_visible(rz_stamps_inserted(stamps, last), snapshot)) {
            return end;
        }
        if (!rz_stamp_visible(rz_stamps_inserted(stamps, 0), snapshot)) {
            end = group_first;
            continue;
        }
        uint32_t low = 0, high = last; /* low is visible, high is not */
        while (high - low > 1) {
            uint32_t middle = low + (high - low) / 2;
            if (rz_stamp_visible(rz_stamps_inserted(stamps, middle), snapshot)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return group_first + high;
    }
    return 0;
}

uint64_t rz_rows_visible_count(const rz_rows_reader *reader)
{
    uint64_t count = reader->end;
    for (uint64_t first = 0; reader->any_deletes && first < reader->end; first += RZ_VECTOR_CAPACITY) {
        const rz_stamps *stamps = reader->version->groups[first / RZ_ROW_GROUP_ROWS].stamps;
        uint32_t row = (uint32_t)(first % RZ_ROW_GROUP_ROWS);
        if (stamps == NULL) {
            first += RZ_ROW_GROUP_ROWS - RZ_VECTOR_CAPACITY - row;
        } else if (rz_stamps_marked(stamps, row / RZ_VECTOR_CAPACITY)) {
            uint64_t left = reader->end - first;
            uint32_t rows = left < RZ_VECTOR_CAPACITY ? (uint32_t)left : RZ_VECTOR_CAPACITY;
            for (uint32_t done = 0, n; done < rows; done += n) {
                n = rz_stamps_word_rows(row + done, row + rows);
                count -= n - rz_popcount64(rz_stamps_alive_bits(stamps, row + done, n, &reader->snapshot));
            }
        }
    }
    return count;
}

/* Whether no row of [first, end) is marked. */
static bool rows_range_unmarked(const rz_rows_reader *reader, uint64_t first, uint64_t end)
{
    for (; first < end; first = (first / RZ_VECTOR_CAPACITY + 1) * RZ_VECTOR_CAPACITY) {
        if (rz_stamps_marked(reader->version->groups[first / RZ_ROW_GROUP_ROWS].stamps, (uint32_t)(first % RZ_ROW_GROUP_ROWS) / RZ_VECTOR_CAPACITY)) {
            return false;
        }
    }
    return true;
}

bool rz_rows_visible_range(const rz_rows_reader *reader, uint64_t first, uint32_t count, uint32_t *rows, uint32_t *out_count)
{
    bool all = first <= reader->end && count <= reader->end - first;
    if (all && (!reader->any_deletes || rows_range_unmarked(reader, first, first + count))) {
        return true;
    }
    uint64_t exist = first >= reader->end ? 0 : reader->end - first;
    uint32_t end = count < exist ? count : (uint32_t)exist;
    uint32_t found = 0;
    for (uint32_t done = 0, n; done < end; done += n) {
        uint64_t offset = first + done;
        uint32_t row = (uint32_t)(offset % RZ_ROW_GROUP_ROWS);
        uint32_t rest = RZ_ROW_GROUP_ROWS - row < end - done ? RZ_ROW_GROUP_ROWS - row : end - done; /* of the group */
        n = rz_stamps_word_rows(row, row + rest);
        uint64_t bits = reader->any_deletes ? rz_stamps_alive_bits(reader->version->groups[offset / RZ_ROW_GROUP_ROWS].stamps, row, n, &reader->snapshot)
                                            : UINT64_MAX >> (64 - n);
        for (; bits != 0; bits &= bits - 1) {
            rows[found++] = done + rz_ctz64(bits);
        }
    }
    *out_count = found;
    return found == count;
}

uint64_t rz_rows_live_count(const rz_rows *rows)
{
    return atomic_load_explicit(&rows->committed_end, memory_order_acquire) -
           atomic_load_explicit(&rows->committed_deletes, memory_order_acquire);
}

uint64_t rz_rows_distinct(const rz_rows *rows, uint32_t column)
{
    uint64_t rows_live = rz_rows_live_count(rows);
    uint64_t estimate = rows->sketches[column] == NULL ? 0 : rz_sketch_estimate(rows->sketches[column]);
    return estimate < rows_live ? estimate : rows_live;
}

void rz_rows_column_stats(const rz_rows *rows, uint32_t col_idx, rz_column_stats *out)
{
    const rz_snapshot newest = {.timestamp = RZ_STAMP_UNCOMMITTED - 1, .own_stamp = 0};
    uint32_t column = rz_rows_position(rows, &newest, col_idx);
    *out = (rz_column_stats){0};
    if (column == RZ_NO_COLUMN) {
        return;
    }
    out->distinct = rz_rows_distinct(rows, column);
    /* Taking the lock does not change what callers see of the table. */
    rz_rows *own = (rz_rows *)(uintptr_t)rows;
    rz_rows_version *version = rz_rows_pin(own);
    uint64_t seen = 0, nulls = 0;
    for (uint32_t g = 0; g < version->group_count; g++) {
        const rz_row_base *base = version->groups[g].base;
        const rz_row_segment *segment = base == NULL ? NULL : rz_row_base_segment(base, column);
        rz_zone zone;
        double min, max;
        if (segment == NULL || !rz_segment_zone(segment->data, UINT32_MAX, &zone)) {
            continue;
        }
        seen += version->groups[g].base_rows;
        nulls += zone.null_count;
        if (rz_zone_range(rows->columns[column].type, &zone, &min, &max)) {
            out->min = out->has_range && out->min < min ? out->min : min;
            out->max = out->has_range && out->max > max ? out->max : max;
            out->has_range = true;
        }
    }
    rz_rows_unpin(own, version);
    out->null_share = seen == 0 ? 0 : (double)nulls / (double)seen;
}

uint64_t rz_rows_memory_bytes(rz_rows *rows)
{
    rz_mutex_lock(&rows->write_lock);
    const rz_rows_version *version = rows->current;
    uint64_t bytes = version->tail == NULL ? 0 : rz_tail_bytes(version->tail);
    for (uint32_t g = 0; g < version->group_count; g++) {
        bytes += version->groups[g].stamps == NULL ? 0 : rz_stamps_bytes(version->groups[g].stamps);
        bytes += version->groups[g].patches == NULL ? 0 : rz_patches_bytes(version->groups[g].patches);
    }
    rz_mutex_unlock(&rows->write_lock);
    return bytes;
}

/* ---- readers ---- */

static ruzu_status rows_reader_start(rz_rows_reader *reader, rz_rows *rows, rz_mem *mem, rz_error *err)
{
    *reader = (rz_rows_reader){.rows = rows, .mem = mem, .column_count = rows->column_count};
    if (reader->column_count != 0) {
        reader->columns = (rz_col_reader **)rz_mem_calloc(mem, reader->column_count, sizeof *reader->columns);
        RZ_TRY_ALLOC(reader->columns, err, "reading a table");
    }
    return RUZU_OK;
}

/* Which columns the snapshot sees. */
static ruzu_status rows_reader_place(rz_rows_reader *reader, rz_error *err)
{
    uint32_t found = 0;
    reader->positions = (uint32_t *)rz_mem_alloc(reader->mem, reader->column_count * sizeof *reader->positions);
    RZ_TRY_ALLOC(reader->positions, err, "reading a table");
    for (uint32_t i = 0; i < reader->column_count; i++) {
        if (rz_row_life_visible(reader->rows->lives[i], &reader->snapshot)) {
            reader->positions[found++] = i;
        }
    }
    return RUZU_OK;
}

/* Pins what the snapshot sees. */
static ruzu_status rows_reader_look(rz_rows_reader *reader, const rz_snapshot *snapshot, rz_error *err)
{
    rz_rows *rows = reader->rows;
    reader->snapshot = *snapshot;
    rz_mutex_lock(&rows->pin_lock);
    reader->version = rows->current;
    atomic_fetch_add_explicit(&reader->version->refs, 1, memory_order_relaxed);
    uint64_t end = atomic_load_explicit(snapshot->own_stamp != 0 ? &rows->end : &rows->committed_end, memory_order_acquire);
    rz_mutex_unlock(&rows->pin_lock);
    if (snapshot->timestamp < reader->version->oldest) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "the table has no version left for timestamp %" PRIu64 ", the oldest is %" PRIu64 ".",
                            snapshot->timestamp, reader->version->oldest);
    }
    if (rows->gone != 0) {
        RZ_TRY(rows_reader_place(reader, err));
    }
    reader->end = rz_rows_visible_end(reader->version, end, snapshot);
    reader->any_deletes = atomic_load_explicit(&rows->deletes, memory_order_acquire) != 0;
    return RUZU_OK;
}

ruzu_status rz_rows_reader_init(rz_rows_reader *reader, rz_rows *rows, const rz_snapshot *snapshot, rz_mem *mem, rz_error *err)
{
    RZ_TRY(rows_reader_start(reader, rows, mem, err));
    ruzu_status status = rows_reader_look(reader, snapshot, err);
    if (status != RUZU_OK) {
        rz_rows_reader_deinit(reader);
    }
    return status;
}

void rz_rows_reader_suspend(rz_rows_reader *reader)
{
    if (reader->version == NULL) {
        return;
    }
    rz_rows_reader_release(reader);
    rz_mem_free(reader->mem, reader->positions, reader->column_count * sizeof *reader->positions);
    reader->positions = NULL;
    rz_rows_unpin(reader->rows, reader->version);
    reader->version = NULL;
}

ruzu_status rz_rows_reader_resume(rz_rows_reader *reader, const rz_snapshot *snapshot, rz_error *err)
{
    if (reader->column_count != reader->rows->column_count) {
        rz_rows *rows = reader->rows;
        rz_mem *mem = reader->mem;
        rz_rows_reader_deinit(reader);
        return rz_rows_reader_init(reader, rows, snapshot, mem, err);
    }
    RZ_TRY(rows_reader_look(reader, snapshot, err));
    if (reader->group_starts_count <= reader->version->group_count) {
        rz_mem_free(reader->mem, reader->group_starts, reader->group_starts_count * sizeof *reader->group_starts);
        reader->group_starts = NULL;
        reader->group_starts_count = 0;
    }
    return RUZU_OK;
}

ruzu_status rz_rows_reader_init_newest(rz_rows_reader *reader, rz_rows *rows, rz_mem *mem, rz_error *err)
{
    RZ_TRY(rows_reader_start(reader, rows, mem, err));
    reader->snapshot = (rz_snapshot){.timestamp = RZ_STAMP_NEVER - 1, .own_stamp = 0}; /* everything but NEVER */
    reader->version = rz_rows_pin(rows);
    reader->end = rz_rows_end(rows);
    reader->any_deletes = atomic_load_explicit(&rows->deletes, memory_order_acquire) != 0;
    return RUZU_OK;
}

void rz_rows_reader_deinit(rz_rows_reader *reader)
{
    if (reader->rows == NULL) {
        return;
    }
    for (uint32_t i = 0; i < reader->column_count && reader->columns != NULL; i++) {
        rz_col_reader_free(reader->columns[i]);
    }
    rz_mem_free(reader->mem, reader->columns, reader->column_count * sizeof *reader->columns);
    rz_mem_free(reader->mem, reader->positions, reader->column_count * sizeof *reader->positions);
    rz_mem_free(reader->mem, reader->scratch, 3 * RZ_VECTOR_CAPACITY * sizeof *reader->scratch);
    rz_mem_free(reader->mem, reader->group_starts, reader->group_starts_count * sizeof *reader->group_starts);
    rz_rows_unpin(reader->rows, reader->version);
    *reader = (rz_rows_reader){0};
}

void rz_rows_reader_release(rz_rows_reader *reader)
{
    for (uint32_t i = 0; i < reader->column_count; i++) {
        if (reader->columns[i] != NULL) {
            rz_col_reader_release(reader->columns[i]);
        }
    }
}

static ruzu_status rows_column(rz_rows_reader *reader, uint32_t column, rz_col_reader **out, rz_error *err)
{
    rz_rows *rows = reader->rows;
    RZ_ASSERT(column < reader->column_count);
    if (reader->columns[column] == NULL) {
        RZ_TRY(rz_col_reader_create(reader->mem, rows->env.pool, rows->columns[column].type, rows->column_texts[column], &reader->columns[column],
                                    err));
    }
    *out = reader->columns[column];
    return RUZU_OK;
}

static ruzu_status rows_outside(const rz_rows_reader *reader, uint32_t column, uint64_t offset, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: row %" PRIu64 " is wanted of %" PRIu64 " rows.",
                        reader->rows->column_texts[column], offset, reader->end);
}

/* Patches of an object and of those below it down to `last` (NULL: all), the older ones first. There are few above each other. */
static ruzu_status rows_read_patches(const rz_rows_reader *reader, const rz_patches *patches, const rz_patches *last, uint32_t column, uint32_t row,
                                     uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err)
{
    if (patches != last && patches->below != NULL) {
        RZ_TRY(rows_read_patches(reader, patches->below, last, column, row, count, out, out_start, err));
    }
    return rz_patches_read(patches, &reader->rows->layout->columns[column], column, &reader->snapshot, row, count, out, out_start, err);
}

static ruzu_status rows_gather_patches(const rz_rows_reader *reader, const rz_patches *patches, const rz_patches *last, uint32_t column,
                                       const uint32_t *rows, const uint32_t *out_rows, uint32_t count, rz_vec *out, rz_error *err)
{
    if (patches != last && patches->below != NULL) {
        RZ_TRY(rows_gather_patches(reader, patches->below, last, column, rows, out_rows, count, out, err));
    }
    return rz_patches_gather(patches, &reader->rows->layout->columns[column], column, &reader->snapshot, rows, out_rows, count, out, err);
}

ruzu_status rz_rows_read(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, rz_vec *out, rz_error *err)
{
    rz_col_reader *col;
    rz_vec_reset(out);
    RZ_TRY(rows_column(reader, column, &col, err));
    if (count > reader->end || first > reader->end - count) {
        return rows_outside(reader, column, first + count, err);
    }
    for (uint32_t done = 0; done < count;) {
        uint64_t offset = first + done;
        const rz_row_group *group = &reader->version->groups[offset / RZ_ROW_GROUP_ROWS];
        uint32_t row = (uint32_t)(offset % RZ_ROW_GROUP_ROWS);
        uint32_t take = count - done;
        const rz_patches *over = group->patches == NULL ? NULL : rz_rows_overlaid(group, column, &reader->snapshot);
        if (over != NULL && row < over->overlay->rows) {
            take = take < over->overlay->rows - row ? take : over->overlay->rows - row;
            RZ_TRY(rz_col_read(col, rz_patch_overlay_segment(over->overlay, column)->data, row, take, out, done, err));
        } else if (row < group->base_rows) {
            over = NULL;
            take = take < group->base_rows - row ? take : group->base_rows - row;
            const rz_row_segment *segment = rz_row_base_segment(group->base, column);
            RZ_TRY(segment == NULL ? rz_rows_put_fill(reader->rows, column, NULL, done, take, out, err)
                                   : rz_col_read(col, segment->data, row, take, out, done, err));
        } else {
            over = NULL;
            take = take < RZ_ROW_GROUP_ROWS - row ? take : RZ_ROW_GROUP_ROWS - row;
            const rz_tail *tail = reader->version->tail;
            RZ_ASSERT(tail != NULL && offset >= tail->first);
            RZ_TRY(rz_tail_read(tail, column, (uint32_t)(offset - tail->first), take, out, done, err));
        }
        if (group->patches != NULL) {
            RZ_TRY(rows_read_patches(reader, group->patches, over, column, row, take, out, done, err));
        }
        done += take;
    }
    return RUZU_OK;
}

ruzu_status rz_rows_text_bytes(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, uint64_t *io_bytes, rz_error *err)
{
    rz_col_reader *col;
    RZ_TRY(rows_column(reader, column, &col, err));
    if (count > reader->end || first > reader->end - count) {
        return rows_outside(reader, column, first + count, err);
    }
    for (uint32_t done = 0; done < count;) {
        const rz_row_group *group = &reader->version->groups[(first + done) / RZ_ROW_GROUP_ROWS];
        uint32_t row = (uint32_t)((first + done) % RZ_ROW_GROUP_ROWS);
        uint32_t take = count - done < RZ_ROW_GROUP_ROWS - row ? count - done : RZ_ROW_GROUP_ROWS - row;
        const rz_patches *over = group->patches == NULL ? NULL : rz_rows_overlaid(group, column, &reader->snapshot);
        if (over != NULL && row < over->overlay->rows) {
            take = take < over->overlay->rows - row ? take : over->overlay->rows - row;
            RZ_TRY(rz_col_text_bytes(col, rz_patch_overlay_segment(over->overlay, column)->data, row, take, io_bytes, err));
        } else if (row < group->base_rows) {
            take = take < group->base_rows - row ? take : group->base_rows - row;
            const rz_row_segment *segment = rz_row_base_segment(group->base, column);
            RZ_TRY(segment == NULL ? RUZU_OK : rz_col_text_bytes(col, segment->data, row, take, io_bytes, err));
        }
        done += take;
    }
    return RUZU_OK;
}

/* ---- gathering ---- */

/* Positions 0 … count - 1 of one batch; rows[i] is the row in its group, out_rows[i] where it goes. All of one group. */
static ruzu_status rows_gather_group(rz_rows_reader *reader, uint32_t column, uint32_t group_idx, const uint32_t *rows, const uint32_t *out_rows,
                                     uint32_t count, rz_vec *out, rz_error *err)
{
    const rz_row_group *group = &reader->version->groups[group_idx];
    rz_col_reader *col = reader->columns[column];
    const rz_patches *over = group->patches == NULL ? NULL : rz_rows_overlaid(group, column, &reader->snapshot);
    uint32_t done = 0;
    while (done < count) {
        uint32_t end = done;
        if (over != NULL && rows[done] < over->overlay->rows) {
            while (end < count && rows[end] < over->overlay->rows) {
                end++;
            }
            RZ_TRY(rz_col_gather(col, rz_patch_overlay_segment(over->overlay, column)->data, rows + done, out_rows + done, end - done, out, err));
        } else if (rows[done] < group->base_rows) { /* a run of rows on pages */
            while (end < count && rows[end] < group->base_rows && (over == NULL || rows[end] >= over->overlay->rows)) {
                end++;
            }
            const rz_row_segment *segment = rz_row_base_segment(group->base, column);
            RZ_TRY(segment == NULL ? rz_rows_put_fill(reader->rows, column, out_rows + done, 0, end - done, out, err)
                                   : rz_col_gather(col, segment->data, rows + done, out_rows + done, end - done, out, err));
        } else {
            const rz_tail *tail = reader->version->tail;
            uint64_t offset = (uint64_t)group_idx * RZ_ROW_GROUP_ROWS + rows[done];
            RZ_ASSERT(tail != NULL && offset >= tail->first);
            RZ_TRY(rz_tail_read(tail, column, (uint32_t)(offset - tail->first), 1, out, out_rows[done], err));
            end++;
        }
        done = end;
    }
    return group->patches == NULL ? RUZU_OK : rows_gather_patches(reader, group->patches, over, column, rows, out_rows, count, out, err);
}

static ruzu_status rows_gather_prepare(rz_rows_reader *reader, rz_error *err)
{
    if (reader->scratch == NULL) {
        reader->scratch = (uint32_t *)rz_mem_alloc(reader->mem, 3 * RZ_VECTOR_CAPACITY * sizeof *reader->scratch);
        RZ_TRY_ALLOC(reader->scratch, err, "reading a table");
    }
    if (reader->group_starts == NULL) {
        reader->group_starts = (uint32_t *)rz_mem_calloc(reader->mem, reader->version->group_count + (size_t)1, sizeof *reader->group_starts);
        RZ_TRY_ALLOC(reader->group_starts, err, "reading a table");
        reader->group_starts_count = reader->version->group_count + 1;
    }
    return RUZU_OK;
}

/* At most RZ_VECTOR_CAPACITY rows. A batch of random offsets is put in the order of its groups (a counting sort), so that each group's segment is
 * entered once. */
static ruzu_status rows_gather_batch(rz_rows_reader *reader, uint32_t column, const rz_id *ids, const rz_sel *sel, uint32_t sel_first, uint32_t count,
                                     rz_vec *out, rz_error *err)
{
    uint32_t *groups = reader->scratch;
    uint32_t *rows = groups + RZ_VECTOR_CAPACITY;
    uint32_t *out_rows = rows + RZ_VECTOR_CAPACITY;
    uint64_t highest = 0;
    uint32_t differing = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = rz_sel_at(sel, sel_first + i);
        uint64_t offset = rz_id_offset(ids[at]);
        highest = offset > highest ? offset : highest;
        groups[i] = (uint32_t)(offset / RZ_ROW_GROUP_ROWS);
        rows[i] = (uint32_t)(offset % RZ_ROW_GROUP_ROWS);
        out_rows[i] = at;
        differing |= groups[i] ^ groups[0];
    }
    if (highest >= reader->end) {
        return rows_outside(reader, column, highest, err);
    }
    if (differing == 0) {
        return rows_gather_group(reader, column, groups[0], rows, out_rows, count, out, err);
    }
    uint32_t group_count = reader->version->group_count;
    uint32_t *starts = reader->group_starts; /* all zero between calls */
    for (uint32_t i = 0; i < count; i++) {
        starts[groups[i]]++;
    }
    uint32_t sum = 0;
    for (uint32_t g = 0; g < group_count; g++) {
        uint32_t here = starts[g];
        starts[g] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < count; i++) { /* rows and out_rows are computed again rather than moved */
        uint32_t at = rz_sel_at(sel, sel_first + i);
        uint32_t place = starts[groups[i]]++;
        rows[place] = (uint32_t)(rz_id_offset(ids[at]) % RZ_ROW_GROUP_ROWS);
        out_rows[place] = at;
    }
    uint32_t first = 0;
    ruzu_status status = RUZU_OK;
    for (uint32_t g = 0; g < group_count; g++) { /* starts[g] is now the end of group g */
        if (starts[g] > first && status == RUZU_OK) {
            status = rows_gather_group(reader, column, g, rows + first, out_rows + first, starts[g] - first, out, err);
        }
        first = starts[g];
        starts[g] = 0;
    }
    return status;
}

ruzu_status rz_rows_gather(rz_rows_reader *reader, uint32_t column, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_col_reader *col;
    RZ_TRY(rows_column(reader, column, &col, err));
    RZ_TRY(rows_gather_prepare(reader, err));
    for (uint32_t done = 0; done < sel->count;) {
        uint32_t take = sel->count - done;
        take = take < RZ_VECTOR_CAPACITY ? take : RZ_VECTOR_CAPACITY;
        RZ_TRY(rows_gather_batch(reader, column, ids, sel, done, take, out, err));
        done += take;
    }
    return RUZU_OK;
}

/* The segment that alone has the values of rows [first, first + count), all of one block, with the row and the block there; NULL when some are in memory
 * or nowhere. */
static const rz_row_segment *rows_block_segment(const rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, uint32_t *out_row,
                                                uint32_t *out_block)
{
    if (count > reader->end || first > reader->end - count) {
        return NULL;
    }
    const rz_row_group *group = &reader->version->groups[first / RZ_ROW_GROUP_ROWS];
    uint32_t row = (uint32_t)(first % RZ_ROW_GROUP_ROWS);
    uint32_t block = row / RZ_VECTOR_CAPACITY;
    if (row + count > group->base_rows || row + count > (block + 1) * RZ_VECTOR_CAPACITY ||
        (group->patches != NULL && rz_patches_cover(group->patches, column, block))) {
        return NULL;
    }
    *out_row = row;
    *out_block = block;
    return rz_row_base_segment(group->base, column);
}

ruzu_status rz_rows_filter(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                           bool *out_done, rz_error *err)
{
    uint32_t row = 0, block = 0;
    rz_col_reader *col = NULL;
    rz_zone zone;
    *out_done = false;
    const rz_row_segment *segment = rows_block_segment(reader, column, first, count, &row, &block);
    if (segment == NULL) {
        return RUZU_OK;
    }
    rz_range_match match = rz_segment_zone(segment->data, block, &zone) ? rz_zone_match(reader->rows->columns[column].type, &zone, range) : RZ_RANGE_SOME;
    if (match != RZ_RANGE_SOME) {
        *out_done = true;
        if (match == RZ_RANGE_NONE) {
            memset(bits, 0, RZ_BITMAP_WORDS(count) * sizeof *bits);
        }
        return RUZU_OK;
    }
    RZ_TRY(rows_column(reader, column, &col, err));
    return rz_col_filter(col, segment->data, row, count, range, bits, out_done, err);
}

ruzu_status rz_rows_sum(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, const uint64_t *bits, rz_col_total *io, bool *out_done, rz_error *err)
{
    uint32_t row = 0, block = 0;
    rz_col_reader *col = NULL;
    *out_done = false;
    const rz_row_segment *segment = rows_block_segment(reader, column, first, count, &row, &block);
    if (segment == NULL) {
        return RUZU_OK;
    }
    RZ_TRY(rows_column(reader, column, &col, err));
    return rz_col_sum(col, segment->data, row, count, bits, io, out_done, err);
}

ruzu_status rz_rows_read_entries(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, rz_vec *entries, uint32_t *codes, bool *out_done,
                                 rz_error *err)
{
    uint32_t row = 0, block = 0;
    rz_col_reader *col = NULL;
    *out_done = false;
    const rz_row_segment *segment = rows_block_segment(reader, column, first, count, &row, &block);
    if (segment == NULL) {
        return RUZU_OK;
    }
    RZ_TRY(rows_column(reader, column, &col, err));
    return rz_col_read_entries(col, segment->data, row, count, entries, codes, out_done, err);
}

bool rz_rows_zone(const rz_rows_reader *reader, uint32_t column, uint64_t first, rz_zone *out)
{
    if (first >= reader->end) {
        return false;
    }
    const rz_row_group *group = &reader->version->groups[first / RZ_ROW_GROUP_ROWS];
    uint64_t group_first = first / RZ_ROW_GROUP_ROWS * RZ_ROW_GROUP_ROWS;
    uint32_t block = (uint32_t)(first - group_first) / RZ_VECTOR_CAPACITY;
    uint64_t block_end = ((uint64_t)block + 1) * RZ_VECTOR_CAPACITY;
    uint64_t rows = reader->end - group_first; /* of the group, visible ones */
    block_end = block_end < rows ? block_end : rows;
    if (block_end > group->base_rows || (group->patches != NULL && !RZ_MUTANT_IS(17) && rz_patches_cover(group->patches, column, block))) {
        return false; /* part of the block is in memory */
    }
    const rz_row_segment *segment = rz_row_base_segment(group->base, column);
    return segment != NULL && rz_segment_zone(segment->data, block, out);
}
