/* SPDX-License-Identifier: MIT */
/*
 * Adding rows one batch at a time: appending to the tail, moving a full group to pages, places given by the caller; and what commit and rollback do.
 *
 * A full row group goes to pages at once, so that a transaction may add more rows than memory holds. Its stamps say that nobody else sees it. The
 * version before the first such step of a transaction is kept (rows->before); rollback publishes it again, which frees the pages.
 */
#include "storage/table/rows.h"

#include <inttypes.h>

/* ---- undo ---- */

/* Rows [first, first + count), appended. */
typedef struct rows_append_undo {
    rz_undo head;
    rz_rows *rows;
    uint64_t first;
    uint64_t count;
} rows_append_undo;

void rz_rows_note_change(rz_rows *rows, uint64_t commit_timestamp)
{
    if (commit_timestamp > atomic_load_explicit(&rows->newest_change, memory_order_relaxed)) {
        atomic_store_explicit(&rows->newest_change, commit_timestamp, memory_order_release);
    }
}

static void rows_append_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rows_append_undo *self = (rows_append_undo *)undo;
    rz_rows *rows = self->rows;
    uint64_t end = self->first + self->count;
    rz_mutex_lock(&rows->write_lock);
    for (uint64_t offset = self->first; offset < end;) {
        uint64_t group_end = (offset / RZ_ROW_GROUP_ROWS + 1) * RZ_ROW_GROUP_ROWS;
        uint64_t take = (group_end < end ? group_end : end) - offset;
        rz_stamps *stamps = rows->current->groups[offset / RZ_ROW_GROUP_ROWS].stamps;
        RZ_ASSERT(stamps != NULL);
        rz_stamps_settle(stamps, (uint32_t)(offset % RZ_ROW_GROUP_ROWS), (uint32_t)take, commit_timestamp);
        offset += take;
    }
    /* Entries commit newest first. */
    if (end > atomic_load_explicit(&rows->committed_end, memory_order_relaxed)) {
        atomic_store_explicit(&rows->committed_end, end, memory_order_release);
    }
    rz_rows_note_change(rows, commit_timestamp);
    rz_mutex_unlock(&rows->write_lock);
}

static void rows_append_rollback(rz_undo *undo)
{
    rows_append_undo *self = (rows_append_undo *)undo;
    rz_mutex_lock(&self->rows->write_lock);
    RZ_ASSERT(self->first >= atomic_load_explicit(&self->rows->committed_end, memory_order_relaxed)); /* by (4) */
    atomic_store_explicit(&self->rows->end, self->first, memory_order_release);
    rz_mutex_unlock(&self->rows->write_lock);
}

ruzu_status rz_rows_push_append(rz_rows *rows, rz_writer *writer, uint64_t first, uint64_t count, rz_error *err)
{
    rows_append_undo *newest = (rows_append_undo *)writer->undo;
    if (newest != NULL && newest->head.commit == rows_append_commit && newest->rows == rows && newest->first + newest->count == first) {
        newest->count += count;
        return RUZU_OK;
    }
    rows_append_undo *undo = RZ_NEW(writer->arena, rows_append_undo);
    RZ_TRY_ALLOC(undo, err, "inserting rows");
    undo->head = (rz_undo){.next = writer->undo, .commit = rows_append_commit, .rollback = rows_append_rollback};
    undo->rows = rows;
    undo->first = first;
    undo->count = count;
    writer->undo = &undo->head;
    return RUZU_OK;
}

typedef struct rows_before_undo {
    rz_undo head;
    rz_rows *rows;
} rows_before_undo;

static void rows_before_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rz_rows *rows = ((rows_before_undo *)undo)->rows;
    (void)commit_timestamp;
    rz_mutex_lock(&rows->write_lock);
    rz_rows_unpin(rows, rows->before);
    rows->before = NULL;
    rz_mutex_unlock(&rows->write_lock);
}

static void rows_before_rollback(rz_undo *undo)
{
    rz_rows *rows = ((rows_before_undo *)undo)->rows;
    rz_mutex_lock(&rows->write_lock);
    if (rows->before != NULL) {
        rz_rows_publish(rows, rows->before);
        rows->before = NULL;
    }
    rz_mutex_unlock(&rows->write_lock);
}

ruzu_status rz_rows_push_before(rz_rows *rows, rz_writer *writer, rz_error *err)
{
    if (rows->before != NULL) {
        return RUZU_OK; /* the transaction rolls back as a whole: to the first one */
    }
    rows_before_undo *undo = RZ_NEW(writer->arena, rows_before_undo);
    RZ_TRY_ALLOC(undo, err, "inserting rows");
    undo->head = (rz_undo){.next = writer->undo, .commit = rows_before_commit, .rollback = rows_before_rollback};
    undo->rows = rows;
    writer->undo = &undo->head;
    rows->before = rz_rows_pin(rows);
    return RUZU_OK;
}

/* ---- building a base ---- */

bool rz_rows_value_grows(const rz_type *type)
{
    return type->physical == RZ_PHYS_STRING || type->physical == RZ_PHYS_LIST || type->physical == RZ_PHYS_STRUCT;
}

/* Values of rows that the reader's snapshot sees deleted take no room. The vector has rows first … of one block. */
static ruzu_status rows_blank_deleted(const rz_rows_reader *reader, uint64_t first, uint32_t count, rz_vec *vec, rz_error *err)
{
    const rz_stamps *stamps = reader->version->groups[first / RZ_ROW_GROUP_ROWS].stamps;
    uint32_t row = (uint32_t)(first % RZ_ROW_GROUP_ROWS);
    if (stamps == NULL || !rz_stamps_marked(stamps, row / RZ_VECTOR_CAPACITY)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_vec_flatten(vec, &(rz_sel){NULL, count}, err));
    for (uint32_t i = 0; i < count; i++) {
        if (rz_stamps_alive(stamps, row + i, &reader->snapshot)) {
            continue;
        }
        if (vec->type->physical == RZ_PHYS_STRING && !rz_vec_is_null(vec, i)) { /* needs no bitmap of NULLs */
            RZ_TRY(rz_vec_set_string(vec, i, "", 0, err));
        } else {
            rz_vec_set_null(vec, i);
        }
    }
    return RUZU_OK;
}

#define ROWS_COLUMN_BUDGETS 4u  /* bytes of texts that are collected before they are written */
#define ROWS_FIRST_STEP     4u  /* rows of which nothing is known yet may be long */

/* How many rows to read at once, when the ones before took so much: a quarter of what may be collected. */
static uint32_t rows_next_step(uint64_t bytes, uint32_t rows, uint64_t most_bytes, uint32_t step)
{
    if (bytes > most_bytes / 4) {
        return step > 1 ? step / 2 : 1;
    }
    return rows == step && bytes <= most_bytes / 16 && step < RZ_VECTOR_CAPACITY ? step * 2 : step;
}

ruzu_status rz_rows_build_column(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, bool blank, rz_row_base *base, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows *rows = reader->rows;
    rz_col_builder *builder = NULL;
    rz_arena arena, heap;
    rz_vec *vec = NULL;
    /* Writing what is in memory to pages is what makes room. One column of one row group, which is what it takes, must not be refused for lack of it: nothing could be
     * written any more. */
    rz_mem mem;
    rz_mem_init_overdraft(&mem, rows->env.mem);
    rz_arena_init(&arena, &mem);
    rz_arena_init(&heap, &mem);
    RZ_TRY_GOTO(rz_vec_create(&arena, &heap, rows->columns[column].type, RZ_VECTOR_CAPACITY, &vec, err));
    RZ_TRY_GOTO(rz_col_builder_create(&mem, rows->columns[column].type, &builder, err));
    uint64_t most_bytes = ROWS_COLUMN_BUDGETS * rz_table_change_budget(&rows->env);
    uint32_t step = rz_rows_value_grows(rows->columns[column].type) ? ROWS_FIRST_STEP : RZ_VECTOR_CAPACITY;
    for (uint32_t done = 0; done < count;) {
        uint32_t take = RZ_VECTOR_CAPACITY - done % RZ_VECTOR_CAPACITY; /* groups begin at blocks */
        take = take < step ? take : step;
        take = take < count - done ? take : count - done;
        rz_sel all = {NULL, take};
        RZ_TRY_GOTO(rz_rows_read(reader, column, first + done, take, vec, err));
        step = rows_next_step(heap.used_bytes, take, most_bytes, step);
        if (rows->sketches[column] != NULL) {
            rz_sketch_add(rows->sketches[column], vec, &all);
        }
        if (blank && rz_rows_value_grows(rows->columns[column].type)) {
            RZ_TRY_GOTO(rows_blank_deleted(reader, first + done, take, vec, err));
        }
        RZ_TRY_GOTO(rz_col_builder_append(builder, vec, &all, err));
        rz_arena_reset(&heap);
        done += take;
        RZ_TRY_GOTO(rz_col_builder_cut(builder, most_bytes, rows->env.disk, &base->home->arena, err));
    }
    rz_row_segment *segment;
    RZ_TRY_GOTO(rz_row_base_add(base, column, &segment, err));
    RZ_TRY_GOTO(rz_col_builder_finish(builder, rows->env.disk, &base->home->arena, &segment->data, err));
cleanup:
    rz_col_builder_free(builder);
    rz_arena_free(&heap);
    rz_arena_free(&arena);
    return status;
}

ruzu_status rz_rows_build_base(rz_rows *rows, rz_rows_version *version, uint64_t end, const rz_snapshot *snapshot, uint64_t first, uint32_t count,
                               const rz_rows_source *source, bool blank, rz_row_base **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    uint32_t column_count = source == NULL ? rows->column_count : source->column_count;
    rz_mem overdraft; /* see rz_rows_build_column */
    rz_mem_init_overdraft(&overdraft, rows->env.mem);
    rz_rows_reader reader = {
        .rows = rows, .mem = &overdraft, .version = version, .snapshot = *snapshot, .end = end, .column_count = column_count};
    *out = NULL;
    rz_row_base *base = rz_row_base_create(rows, column_count);
    RZ_TRY_ALLOC(base, err, "writing a row group");
    atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed); /* the reader's */
    reader.columns = (rz_col_reader **)rz_mem_calloc(&overdraft, column_count, sizeof *reader.columns);
    if (reader.columns == NULL) {
        status = rz_error_no_memory(err, "writing a row group");
    }
    base->rows = count;
    for (uint32_t i = 0; i < column_count && status == RUZU_OK; i++) {
        if (!rz_rows_needs_column(rows, i, snapshot->timestamp)) {
            continue;
        }
        rz_row_segment *before = source == NULL ? NULL : rz_row_base_segment(source->base, i);
        if (source != NULL && !source->touched[i]) {
            base->segments[i] = before;
            atomic_fetch_add_explicit(&before->refs, 1, memory_order_relaxed);
            continue;
        }
        rz_row_segment *whole = rz_rows_adoptable(&version->groups[first / RZ_ROW_GROUP_ROWS], i, snapshot, count);
        if (whole != NULL) { /* a transaction has written it already */
            base->segments[i] = whole;
            atomic_fetch_add_explicit(&whole->refs, 1, memory_order_relaxed);
            continue;
        }
        bool done = false;
        if (before != NULL && !source->whole && !(source->clears && rz_rows_value_grows(rows->columns[i].type))) {
            status = rz_rows_overlay_column(&reader, i, first, count, source->folded, before, base, &done, err);
        }
        if (status == RUZU_OK && !done) {
            status = rz_rows_build_column(&reader, i, first, count, blank, base, err);
        }
        if (reader.columns[i] != NULL) {
            rz_col_reader_release(reader.columns[i]);
        }
    }
    rz_rows_reader_deinit(&reader);
    if (status != RUZU_OK) {
        rz_row_base_release(rows, base);
        return status;
    }
    *out = base;
    return RUZU_OK;
}

/* ---- appending ---- */

/* Makes the current version have a group with stamps for row `end`, and a tail that takes it. Under write_lock. */
static ruzu_status rows_open_tail(rz_rows *rows, uint64_t end, rz_error *err)
{
    rz_rows_version *current = rows->current;
    uint32_t group = (uint32_t)(end / RZ_ROW_GROUP_ROWS);
    uint64_t group_end = (uint64_t)(group + 1) * RZ_ROW_GROUP_ROWS;
    bool has_group = group < current->group_count && current->groups[group].stamps != NULL;
    bool has_tail = current->tail != NULL && current->tail->first <= end &&
                    current->tail->first / RZ_ROW_GROUP_ROWS == end / RZ_ROW_GROUP_ROWS;
    if (has_group && has_tail) {
        return RUZU_OK;
    }
    RZ_ASSERT(group <= current->group_count);
    uint32_t copied = current->group_count < group + 1 ? current->group_count : group + 1;
    rz_rows_version *fresh = rz_rows_version_create(rows, current, copied, group + 1);
    RZ_TRY_ALLOC(fresh, err, "inserting rows");
    if (fresh->groups[group].stamps == NULL) {
        fresh->groups[group].stamps = rz_stamps_create(rows->env.mem);
    }
    if (has_tail) {
        fresh->tail = current->tail;
        rz_tail_acquire(fresh->tail);
    } else {
        fresh->tail = rz_tail_create(rows->env.mem, rows->layout, end, (uint32_t)(group_end - end));
    }
    if (fresh->groups[group].stamps == NULL || fresh->tail == NULL) {
        rz_rows_unpin(rows, fresh);
        return rz_error_no_memory(err, "inserting rows");
    }
    rz_rows_publish(rows, fresh);
    return RUZU_OK;
}

/* The rows of the last group, up to `end`, go to pages: it is complete, or the tail has become large. Under write_lock. */
static ruzu_status rows_flush_group(rz_rows *rows, rz_writer *writer, uint64_t end, rz_error *err)
{
    rz_rows_version *current = rows->current;
    uint32_t group = (uint32_t)((end - 1) / RZ_ROW_GROUP_ROWS);
    uint32_t count = (uint32_t)(end - (uint64_t)group * RZ_ROW_GROUP_ROWS);
    rz_row_base *base = NULL;
    RZ_TRY(rz_rows_push_before(rows, writer, err));
    const rz_snapshot none = {0, 0}; /* updates stay beside the base: whether they are committed is not known yet */
    RZ_TRY(rz_rows_build_base(rows, current, end, &none, (uint64_t)group * RZ_ROW_GROUP_ROWS, count, NULL, false, &base, err));
    rz_rows_version *fresh = rz_rows_version_create(rows, current, current->group_count, current->group_count);
    if (fresh == NULL) {
        rz_row_base_release(rows, base);
        return rz_error_no_memory(err, "writing a row group");
    }
    for (uint32_t i = 0; i < base->column_count; i++) {
        if (base->segments[i] != NULL) {
            rz_row_segment_hold(rows, base->segments[i], NULL);
        }
    }
    rz_row_base_release(rows, fresh->groups[group].base);
    fresh->groups[group].base = base;
    fresh->groups[group].base_rows = count;
    rz_rows_publish(rows, fresh);
    return RUZU_OK;
}

/*
 * Texts of one group may take more than memory holds, so a tail that has grown past its budget goes to pages before the group is complete. Its group is written anew each time, which
 * is what little memory costs.
 */
#define ROWS_TAIL_BUDGETS 2u

static ruzu_status rows_append_locked(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, rz_error *err)
{
    uint64_t end = rz_rows_end(rows);
    for (uint32_t done = 0; done < sel->count;) {
        RZ_TRY(rows_open_tail(rows, end, err));
        rz_rows_version *version = rows->current;
        uint32_t row = (uint32_t)(end % RZ_ROW_GROUP_ROWS);
        uint32_t take = RZ_ROW_GROUP_ROWS - row;
        take = take < sel->count - done ? take : sel->count - done;
        RZ_TRY(rz_tail_write(version->tail, (uint32_t)(end - version->tail->first), values, sel, done, take, err));
        if (!rz_stamps_append(version->groups[end / RZ_ROW_GROUP_ROWS].stamps, row, take, writer->snapshot.own_stamp)) {
            return rz_error_no_memory(err, "inserting rows");
        }
        RZ_TRY(rz_rows_push_append(rows, writer, end, take, err));
        end += take;
        done += take;
        atomic_store_explicit(&rows->end, end, memory_order_release);
        if (end % RZ_ROW_GROUP_ROWS == 0 || rz_tail_bytes(version->tail) > ROWS_TAIL_BUDGETS * rz_table_change_budget(&rows->env)) {
            RZ_TRY(rows_flush_group(rows, writer, end, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_rows_append(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, uint64_t *out_first, rz_error *err)
{
    rz_mutex_lock(&rows->write_lock);
    *out_first = rz_rows_end(rows);
    ruzu_status status = rows_append_locked(rows, writer, values, sel, err);
    rz_mutex_unlock(&rows->write_lock);
    return status;
}

/* ---- places ---- */

/* Selected rows from number `skip` on. */
static ruzu_status rows_sel_rest(const rz_sel *sel, uint32_t skip, rz_arena *arena, rz_sel *out, rz_error *err)
{
    *out = (rz_sel){sel->rows == NULL ? NULL : sel->rows + skip, sel->count - skip};
    if (sel->rows == NULL && skip != 0) {
        uint32_t *rows = (uint32_t *)rz_arena_alloc(arena, out->count * sizeof *rows);
        RZ_TRY_ALLOC(rows, err, "inserting rows");
        for (uint32_t i = 0; i < out->count; i++) {
            rows[i] = skip + i;
        }
        out->rows = rows;
    }
    return RUZU_OK;
}

static ruzu_status rows_insert_locked(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, uint64_t *out_offsets, rz_arena *arena,
                                      rz_error *err)
{
    rz_sel rest;
    uint32_t reused = rz_rows_find_holes(rows, sel->count, out_offsets);
    if (reused != 0) {
        uint32_t *positions = (uint32_t *)rz_arena_alloc(arena, reused * sizeof *positions);
        RZ_TRY_ALLOC(positions, err, "inserting rows");
        for (uint32_t i = 0; i < reused; i++) {
            positions[i] = rz_sel_at(sel, i);
        }
        RZ_TRY(rz_rows_fill(rows, writer, values, positions, out_offsets, reused, err));
    }
    if (reused == sel->count) {
        return RUZU_OK;
    }
    uint64_t first = rz_rows_end(rows);
    RZ_TRY(rows_sel_rest(sel, reused, arena, &rest, err));
    for (uint32_t i = reused; i < sel->count; i++) {
        out_offsets[i] = first + (i - reused);
    }
    return rows_append_locked(rows, writer, values, &rest, err);
}

ruzu_status rz_rows_insert(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, uint64_t *out_offsets, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, rows->env.mem);
    rz_mutex_lock(&rows->write_lock);
    ruzu_status status = rows_insert_locked(rows, writer, values, sel, out_offsets, &arena, err);
    if (status != RUZU_OK) {
        rows->holes_at = 0; /* places found and not filled */
    }
    rz_mutex_unlock(&rows->write_lock);
    rz_arena_free(&arena);
    return status;
}

static ruzu_status rows_bad_place(const rz_rows *rows, uint64_t offset, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: row %" PRIu64 " is to be inserted where there is one, or none can be (%s).", offset,
                        rows->column_count == 0 ? "no column" : rows->column_texts[0]);
}

/* Places in ascending order, along with the rows that go there. */
typedef struct rows_places {
    uint64_t *offsets;
    uint32_t *positions;
} rows_places;

static ruzu_status rows_sort_places(const rz_sel *sel, const uint64_t *offsets, rz_arena *arena, rows_places *out, rz_error *err)
{
    bool sorted = true;
    uint64_t *sorted_offsets = (uint64_t *)rz_arena_alloc(arena, (size_t)sel->count * 2 * sizeof *sorted_offsets);
    uint32_t *positions = (uint32_t *)rz_arena_alloc(arena, (size_t)sel->count * 2 * sizeof *positions);
    if (sorted_offsets == NULL || positions == NULL) {
        return rz_error_no_memory(err, "inserting rows");
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        sorted_offsets[i] = offsets[i];
        positions[i] = rz_sel_at(sel, i);
        sorted &= i == 0 || offsets[i - 1] <= offsets[i];
    }
    if (!sorted) {
        rz_radix_sort(sorted_offsets, sorted_offsets + sel->count, positions, positions + sel->count, sel->count, 0, 64);
    }
    *out = (rows_places){sorted_offsets, positions};
    return RUZU_OK;
}

static ruzu_status rows_insert_at_locked(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, const uint64_t *offsets,
                                         rz_arena *arena, rz_error *err)
{
    rows_places places;
    uint64_t end = rz_rows_end(rows);
    RZ_TRY(rows_sort_places(sel, offsets, arena, &places, err));
    uint32_t holes = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint64_t offset = places.offsets[i];
        if (offset >= end) {
            if (offset != end + (i - holes)) {
                return rows_bad_place(rows, offset, err);
            }
            continue;
        }
        const rz_row_group *group = &rows->current->groups[offset / RZ_ROW_GROUP_ROWS];
        uint64_t deleted = rz_stamps_deleted(group->stamps, (uint32_t)(offset % RZ_ROW_GROUP_ROWS));
        if ((i != 0 && places.offsets[i - 1] == offset) || deleted > writer->snapshot.timestamp) {
            return rows_bad_place(rows, offset, err);
        }
        holes++;
    }
    if (holes != 0) {
        RZ_TRY(rz_rows_fill(rows, writer, values, places.positions, places.offsets, holes, err));
    }
    rz_sel rest = {places.positions + holes, sel->count - holes};
    return rest.count == 0 ? RUZU_OK : rows_append_locked(rows, writer, values, &rest, err);
}

ruzu_status rz_rows_insert_at(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, const uint64_t *offsets, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, rows->env.mem);
    rz_mutex_lock(&rows->write_lock);
    ruzu_status status = rows_insert_at_locked(rows, writer, values, sel, offsets, &arena, err);
    rz_mutex_unlock(&rows->write_lock);
    rz_arena_free(&arena);
    return status;
}
