/* SPDX-License-Identifier: MIT */
/*
 * Columns that come and go while a table is open (rows.h, 8).
 *
 * Adding one replaces the lists of columns, widens the tail and makes room in the patches; segments of the groups get theirs at the next fold. Dropping
 * one is a stamp: who does not see the stamp reads on; the next folds leave the column out, and its pages go when no snapshot can read them any more.
 */
#include "storage/table/rows.h"

/* ---- who sees which columns ---- */

uint32_t rz_rows_shown(const rz_rows *rows, const rz_writer *writer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        count += rz_rows_shows(rows, writer, i);
    }
    return count;
}

uint32_t rz_rows_position(const rz_rows *rows, const rz_snapshot *snapshot, uint32_t idx)
{
    uint32_t seen = 0;
    if (rows->gone == 0) {
        return idx;
    }
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (rz_row_life_visible(rows->lives[i], snapshot) && seen++ == idx) {
            return i;
        }
    }
    return idx; /* the caller asks for more columns than there are */
}

bool rz_rows_needs_column(const rz_rows *rows, uint32_t column, uint64_t timestamp)
{
    const rz_row_life *life = rows->lives[column];
    uint64_t dropped = atomic_load_explicit(&life->dropped, memory_order_acquire);
    return atomic_load_explicit(&life->added, memory_order_acquire) != RZ_STAMP_NEVER &&
           (dropped > timestamp || dropped > atomic_load_explicit(&rows->oldest_snapshot, memory_order_acquire));
}

ruzu_status rz_rows_place(rz_rows *rows, const rz_writer *writer, rz_vec *const *values, rz_vec *const **out, rz_error *err)
{
    uint32_t count = rows->column_count;
    uint32_t given = 0;
    *out = values;
    if (rows->gone == 0) {
        return RUZU_OK;
    }
    if (rows->placed_capacity < count) {
        rows->placed = RZ_NEW_ARRAY(&rows->arena, rz_vec *, count);
        rows->placed_capacity = rows->placed == NULL ? 0 : count;
        RZ_TRY_ALLOC(rows->placed, err, "inserting rows");
    }
    for (uint32_t i = 0; i < count; i++) {
        bool there = rz_row_life_visible(rows->lives[i], &writer->snapshot);
        rows->placed[i] = there ? values[given++] : rows->lives[i]->nothing;
    }
    *out = rows->placed;
    return RUZU_OK;
}

/* ---- fills ---- */

ruzu_status rz_rows_put_fill(const rz_rows *rows, uint32_t column, const uint32_t *out_rows, uint32_t first_out, uint32_t count, rz_vec *out,
                             rz_error *err)
{
    static const rz_sel first = {NULL, 1};
    const rz_vec *fill = rows->lives[column]->fill;
    const rz_type *type = rows->columns[column].type;
    bool nested = type->physical == RZ_PHYS_LIST || type->physical == RZ_PHYS_STRUCT;
    bool null = fill == NULL || rz_vec_is_null(fill, 0);
    size_t size = nested ? 0 : rz_physical_size((rz_physical)type->physical);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = out_rows == NULL ? first_out + i : out_rows[i];
        if (null) {
            rz_vec_set_null(out, row);
        } else if (nested) {
            RZ_TRY(rz_vec_copy(out, row, fill, &first, err));
        } else { /* bytes of a string stay where they are: they live as long as the table */
            memcpy((uint8_t *)out->data + (size_t)row * size, fill->data, size);
            if (out->validity != NULL) {
                rz_vec_set_valid(out, row);
            }
        }
    }
    return RUZU_OK;
}

/* ---- undo ---- */

typedef struct columns_undo {
    rz_undo head;
    rz_rows *rows;
    rz_row_life *life;
} columns_undo;

static ruzu_status columns_push(rz_rows *rows, rz_writer *writer, rz_row_life *life, void (*commit)(rz_undo *, uint64_t), void (*rollback)(rz_undo *),
                                rz_error *err)
{
    columns_undo *undo = RZ_NEW(writer->arena, columns_undo);
    RZ_TRY_ALLOC(undo, err, "changing the columns of a table");
    undo->head = (rz_undo){.next = writer->undo, .commit = commit, .rollback = rollback};
    undo->rows = rows;
    undo->life = life;
    writer->undo = &undo->head;
    return RUZU_OK;
}

static void columns_stamp(columns_undo *undo, _Atomic uint64_t *stamp, uint64_t value)
{
    rz_mutex_lock(&undo->rows->write_lock);
    if (value != RZ_STAMP_NEVER) {
        rz_rows_note_change(undo->rows, value);
    }
    atomic_store_explicit(stamp, value, memory_order_release);
    rz_mutex_unlock(&undo->rows->write_lock);
}

static void columns_added_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    columns_undo *self = (columns_undo *)undo;
    columns_stamp(self, &self->life->added, commit_timestamp);
}

static void columns_added_rollback(rz_undo *undo)
{
    columns_undo *self = (columns_undo *)undo;
    atomic_fetch_add_explicit(&self->rows->gone, 1, memory_order_release);
    columns_stamp(self, &self->life->added, RZ_STAMP_NEVER);
}

static void columns_dropped_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    columns_undo *self = (columns_undo *)undo;
    columns_stamp(self, &self->life->dropped, commit_timestamp);
}

static void columns_dropped_rollback(rz_undo *undo)
{
    columns_undo *self = (columns_undo *)undo;
    columns_stamp(self, &self->life->dropped, RZ_STAMP_NEVER);
}

/* ---- adding ---- */

static ruzu_status columns_nothing(rz_rows *rows, const rz_type *type, rz_vec **out, rz_error *err)
{
    RZ_TRY(rz_vec_create_empty(&rows->arena, &rows->arena, type, out, err));
    rz_vec_set_all_null(*out);
    return RUZU_OK;
}

static ruzu_status columns_life(rz_rows *rows, const rz_type *type, const rz_vec *fill, uint64_t stamp, rz_row_life **out, rz_error *err)
{
    static const rz_sel first = {NULL, 1};
    rz_row_life *life = RZ_NEW(&rows->arena, rz_row_life);
    rz_vec *copy = NULL;
    RZ_TRY_ALLOC(life, err, "adding a column");
    atomic_init(&life->added, stamp);
    atomic_init(&life->dropped, RZ_STAMP_NEVER);
    RZ_TRY(columns_nothing(rows, type, &life->nothing, err));
    if (rz_vec_is_null(fill, 0)) {
        life->fill = life->nothing;
    } else {
        RZ_TRY(rz_vec_create(&rows->arena, &rows->arena, type, 1, &copy, err));
        RZ_TRY(rz_vec_copy(copy, 0, fill, &first, err));
        copy->kind = RZ_VEC_CONSTANT;
        life->fill = copy;
    }
    *out = life;
    return RUZU_OK;
}

/* The lists with one more column. */
typedef struct columns_lists {
    rz_column_def *columns;
    const char **texts;
    rz_row_life **lives;
    rz_sketch **sketches;
    rz_tail_layout *layout;
    const rz_vec **fills; /* of all columns, for the tail */
    uint32_t count;
} columns_lists;

static ruzu_status columns_make_lists(rz_rows *rows, const rz_column_def *column, const rz_vec *fill, uint64_t stamp, columns_lists *out, rz_error *err)
{
    rz_arena *arena = &rows->arena;
    uint32_t count = rows->column_count;
    out->count = count + 1;
    out->columns = RZ_NEW_ARRAY(arena, rz_column_def, (size_t)count + 1);
    out->texts = RZ_NEW_ARRAY(arena, const char *, (size_t)count + 1);
    out->lives = RZ_NEW_ARRAY(arena, rz_row_life *, (size_t)count + 1);
    out->sketches = RZ_NEW_ARRAY(arena, rz_sketch *, (size_t)count + 1);
    out->fills = RZ_NEW_ARRAY(arena, const rz_vec *, (size_t)count + 1);
    if (out->columns == NULL || out->texts == NULL || out->lives == NULL || out->sketches == NULL || out->fills == NULL) {
        return rz_error_no_memory(err, "adding a column");
    }
    for (uint32_t i = 0; i < count; i++) {
        out->columns[i] = rows->columns[i];
        out->texts[i] = rows->column_texts[i];
        out->lives[i] = rows->lives[i];
        out->sketches[i] = rows->sketches[i];
        out->fills[i] = rows->lives[i]->fill;
    }
    RZ_TRY(rz_rows_define_column(rows, column, &out->columns[count], &out->texts[count], &out->sketches[count], err));
    RZ_TRY(columns_life(rows, out->columns[count].type, fill, stamp, &out->lives[count], err));
    out->fills[count] = out->lives[count]->fill;
    if (out->sketches[count] != NULL) {
        static const rz_sel first = {NULL, 1};
        rz_sketch_add(out->sketches[count], fill, &first);
    }
    out->layout = rz_tail_layout_create(arena, out->columns, count + 1);
    RZ_TRY_ALLOC(out->layout, err, "adding a column");
    return RUZU_OK;
}

/* The current version with room for the new column in its tail and patches. */
static rz_rows_version *columns_version(rz_rows *rows, const columns_lists *lists)
{
    rz_rows_version *fresh = rz_rows_version_clone(rows, rows->current);
    if (fresh == NULL) {
        return NULL;
    }
    if (fresh->tail != NULL) {
        uint64_t end = rz_rows_end(rows);
        uint32_t row_count = end > fresh->tail->first ? (uint32_t)(end - fresh->tail->first) : 0;
        rz_tail *wide = rz_tail_widen(fresh->tail, lists->layout, row_count, lists->fills);
        rz_tail_release(fresh->tail);
        fresh->tail = wide;
        if (wide == NULL) {
            rz_rows_unpin(rows, fresh);
            return NULL;
        }
    }
    for (uint32_t g = 0; g < fresh->group_count; g++) {
        rz_patches *patches = fresh->groups[g].patches;
        rz_patches *wide = NULL;
        if (patches == NULL) {
            continue;
        }
        if (!rz_patches_rebuild(patches, patches->folded, 0, lists->count, RZ_STAMP_NEVER, &wide)) {
            rz_rows_unpin(rows, fresh);
            return NULL;
        }
        rz_patches_release(patches);
        fresh->groups[g].patches = wide;
    }
    return fresh;
}

static ruzu_status columns_add_locked(rz_rows *rows, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err)
{
    columns_lists lists;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (rows->columns[i].id == column->id && rz_row_life_visible(rows->lives[i], &writer->snapshot)) {
            return RUZU_OK;
        }
    }
    RZ_TRY(columns_make_lists(rows, column, fill, writer->snapshot.own_stamp, &lists, err));
    RZ_TRY(rz_rows_push_before(rows, writer, err));
    rz_rows_version *fresh = columns_version(rows, &lists);
    RZ_TRY_ALLOC(fresh, err, "adding a column");
    ruzu_status status = columns_push(rows, writer, lists.lives[lists.count - 1], columns_added_commit, columns_added_rollback, err);
    if (status != RUZU_OK) {
        rz_rows_unpin(rows, fresh);
        return status;
    }
    rows->columns = lists.columns;
    rows->column_texts = lists.texts;
    rows->lives = lists.lives;
    rows->sketches = lists.sketches;
    rows->layout = lists.layout;
    rows->column_count = lists.count;
    rows->reuse = rows->reuse && column->type->id != RUZU_TYPE_SERIAL;
    rz_rows_publish(rows, fresh);
    return RUZU_OK;
}

ruzu_status rz_rows_add_column(rz_rows *rows, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err)
{
    rz_mutex_lock(&rows->write_lock);
    ruzu_status status = columns_add_locked(rows, writer, column, fill, err);
    rz_mutex_unlock(&rows->write_lock);
    return status;
}

/* ---- dropping ---- */

static ruzu_status columns_drop_locked(rz_rows *rows, rz_writer *writer, uint32_t position, rz_error *err)
{
    rz_row_life *life = rows->lives[position];
    if (life->nothing == NULL) {
        RZ_TRY(columns_nothing(rows, rows->columns[position].type, &life->nothing, err));
    }
    RZ_TRY(columns_push(rows, writer, life, columns_dropped_commit, columns_dropped_rollback, err));
    atomic_fetch_add_explicit(&rows->gone, 1, memory_order_release);
    atomic_store_explicit(&life->dropped, writer->snapshot.own_stamp, memory_order_release);
    return RUZU_OK;
}

ruzu_status rz_rows_keep_columns(rz_rows *rows, rz_writer *writer, const uint32_t *ids, uint32_t count, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&rows->write_lock);
    for (uint32_t i = 0; i < rows->column_count && status == RUZU_OK; i++) {
        uint32_t at = 0;
        while (at < count && ids[at] != rows->columns[i].id) {
            at++;
        }
        if (at == count && rz_row_life_visible(rows->lives[i], &writer->snapshot)) {
            status = columns_drop_locked(rows, writer, i, err);
        }
    }
    rz_mutex_unlock(&rows->write_lock);
    return status;
}
