/* SPDX-License-Identifier: MIT */
/*
 * Changing rows that exist: updates (patches over base and tail), deletions (marks), rows in places of deleted ones (marks and patches); and what
 * commit and rollback do.
 *
 * The rows of one block that a call changes get one patch, whatever their number.
 */
#include "storage/table/rows.h"

#include <inttypes.h>

#define UPDATE_FEW 16u /* rows that need no memory for sorting them */

/* ---- undo ---- */

/* Rows of one group that the transaction deleted; its marks say which. */
typedef struct rows_delete_undo {
    rz_undo head;
    rz_rows *rows;
    rz_stamps *stamps;   /* counted */
    uint64_t own_stamp;
    uint64_t count;
    uint64_t blocks;     /* a bit for each that has marks */
} rows_delete_undo;

RZ_STATIC_ASSERT(RZ_GROUP_BLOCKS <= 64, "a bit for each block of a group");

static void rows_delete_end(rows_delete_undo *self, uint64_t stamp)
{
    for (uint32_t block = 0; block < RZ_GROUP_BLOCKS; block++) {
        if ((self->blocks >> block & 1) != 0) {
            rz_stamps_settle_deleted(self->stamps, block, self->own_stamp, stamp);
        }
    }
    self->stamps->marking = NULL;
}

static void rows_delete_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rows_delete_undo *self = (rows_delete_undo *)undo;
    rz_mutex_lock(&self->rows->write_lock);
    rows_delete_end(self, commit_timestamp);
    atomic_fetch_add_explicit(&self->rows->committed_deletes, self->count, memory_order_release);
    rz_rows_note_change(self->rows, commit_timestamp);
    rz_mutex_unlock(&self->rows->write_lock);
    rz_stamps_release(self->stamps);
}

static void rows_delete_rollback(rz_undo *undo)
{
    rows_delete_undo *self = (rows_delete_undo *)undo;
    rz_mutex_lock(&self->rows->write_lock);
    rows_delete_end(self, RZ_STAMP_NEVER);
    rz_mutex_unlock(&self->rows->write_lock);
    rz_stamps_release(self->stamps);
}

/* The transaction's entry for the group, made when there is none. */
static ruzu_status rows_delete_begin(rz_rows *rows, rz_writer *writer, uint32_t group, rows_delete_undo **out, rz_error *err)
{
    rz_stamps *stamps = rows->current->groups[group].stamps;
    *out = (rows_delete_undo *)stamps->marking;
    if (*out != NULL) {
        return RUZU_OK;
    }
    rows_delete_undo *undo = RZ_NEW(writer->arena, rows_delete_undo);
    RZ_TRY_ALLOC(undo, err, "deleting rows");
    undo->head = (rz_undo){.next = writer->undo, .commit = rows_delete_commit, .rollback = rows_delete_rollback};
    undo->rows = rows;
    undo->stamps = stamps;
    undo->own_stamp = writer->snapshot.own_stamp;
    rz_stamps_acquire(stamps);
    writer->undo = &undo->head;
    stamps->marking = &undo->head;
    *out = undo;
    return RUZU_OK;
}

/* Rows of one group that were put into places of deleted ones. */
typedef struct rows_fill_undo {
    rz_undo head;
    rz_rows *rows;
    rz_stamps *stamps; /* counted */
    uint32_t count;
    uint64_t *deleted; /* what the delete marks were */
    uint32_t row[];    /* in the group */
} rows_fill_undo;

static void rows_fill_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rows_fill_undo *self = (rows_fill_undo *)undo;
    rz_mutex_lock(&self->rows->write_lock);
    for (uint32_t i = 0; i < self->count; i++) {
        rz_stamps_set_reused(self->stamps, self->row[i], commit_timestamp);
    }
    atomic_fetch_sub_explicit(&self->rows->committed_deletes, self->count, memory_order_release);
    rz_rows_note_change(self->rows, commit_timestamp);
    rz_mutex_unlock(&self->rows->write_lock);
    rz_stamps_release(self->stamps);
}

static void rows_fill_rollback(rz_undo *undo)
{
    rows_fill_undo *self = (rows_fill_undo *)undo;
    rz_mutex_lock(&self->rows->write_lock);
    for (uint32_t i = 0; i < self->count; i++) {
        rz_stamps_set_reused(self->stamps, self->row[i], RZ_STAMP_NEVER);
        rz_stamps_set_deleted(self->stamps, self->row[i], self->deleted[i]);
    }
    self->rows->holes_at = 0; /* they may be looked for again */
    rz_mutex_unlock(&self->rows->write_lock);
    rz_stamps_release(self->stamps);
}

/* An entry for up to `capacity` rows of the group, not pushed yet. */
static ruzu_status rows_fill_create(rz_rows *rows, rz_writer *writer, uint32_t group, uint32_t capacity, rows_fill_undo **out, rz_error *err)
{
    rows_fill_undo *undo = (rows_fill_undo *)rz_arena_alloc(writer->arena, sizeof *undo + capacity * sizeof undo->row[0]);
    *out = undo;
    RZ_TRY_ALLOC(undo, err, "changing rows");
    *undo = (rows_fill_undo){.head = {.commit = rows_fill_commit, .rollback = rows_fill_rollback}, .rows = rows,
                             .stamps = rows->current->groups[group].stamps};
    undo->deleted = (uint64_t *)rz_arena_alloc(writer->arena, capacity * sizeof *undo->deleted);
    RZ_TRY_ALLOC(undo->deleted, err, "changing rows");
    return RUZU_OK;
}

static void rows_fill_push(rows_fill_undo *undo, rz_writer *writer)
{
    rz_stamps_acquire(undo->stamps);
    undo->head.next = writer->undo;
    writer->undo = &undo->head;
}

/* ---- who sees what ---- */

static bool rows_writer_sees_locked(const rz_rows *rows, const rz_writer *writer, uint64_t offset)
{
    if (offset >= rz_rows_end(rows)) {
        return false;
    }
    const rz_stamps *stamps = rows->current->groups[offset / RZ_ROW_GROUP_ROWS].stamps;
    uint32_t row = (uint32_t)(offset % RZ_ROW_GROUP_ROWS);
    return rz_stamps_visible(stamps, row, &writer->snapshot);
}

bool rz_rows_writer_sees(rz_rows *rows, const rz_writer *writer, uint64_t offset)
{
    rz_mutex_lock(&rows->write_lock);
    bool sees = rows_writer_sees_locked(rows, writer, offset);
    rz_mutex_unlock(&rows->write_lock);
    return sees;
}

static ruzu_status rows_conflict(const char *what, rz_error *err)
{
    return rz_error_set_as(err, RUZU_ERROR_TRANSACTION, RUZU_ERROR_RUNTIME, "Write-write conflict: %s by another transaction.", what);
}

static ruzu_status rows_beyond(const rz_rows *rows, const char *what, uint64_t offset, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: row %" PRIu64 " is to be %s of %" PRIu64 " rows.", offset, what, rz_rows_end(rows));
}

/* A row that the writer sees has not been changed by somebody that it does not see. */
static ruzu_status rows_check_deleted(const rz_rows *rows, const rz_writer *writer, uint64_t offset, rz_error *err)
{
    uint64_t deleted = rz_stamps_deleted(rows->current->groups[offset / RZ_ROW_GROUP_ROWS].stamps, (uint32_t)(offset % RZ_ROW_GROUP_ROWS));
    return deleted == RZ_STAMP_NEVER || rz_stamp_visible(deleted, &writer->snapshot)
               ? RUZU_OK
               : rows_conflict("changing a row that is already deleted", err);
}

static ruzu_status rows_check_updated(const rz_rows *rows, const rz_writer *writer, uint32_t column, uint64_t offset, rz_error *err)
{
    const rz_patches *patches = rows->current->groups[offset / RZ_ROW_GROUP_ROWS].patches;
    uint64_t stamp = patches == NULL ? 0 : rz_patches_newest(patches, column, (uint32_t)(offset % RZ_ROW_GROUP_ROWS));
    return rz_stamp_visible(stamp, &writer->snapshot) ? RUZU_OK : rows_conflict("changing a row that is already updated", err);
}

/* ---- patches ---- */

/* Gives the groups of ascending offsets patches objects, or stamps. Under write_lock. */
static ruzu_status rows_prepare_groups(rz_rows *rows, const uint64_t *offsets, uint32_t count, bool patches, rz_error *err)
{
    rz_rows_version *fresh = NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t g = (uint32_t)(offsets[i] / RZ_ROW_GROUP_ROWS);
        const rz_row_group *now = fresh == NULL ? &rows->current->groups[g] : &fresh->groups[g];
        if (patches ? now->patches != NULL : now->stamps != NULL) { /* patches have room for all columns: rz_rows_add_column */
            continue;
        }
        fresh = fresh == NULL ? rz_rows_version_clone(rows, rows->current) : fresh;
        RZ_TRY_ALLOC(fresh, err, "changing rows");
        rz_row_group *group = &fresh->groups[g];
        if (patches) {
            group->patches = rz_patches_create(rows->env.mem, rows->column_count, group->folded);
        } else {
            group->stamps = rz_stamps_create(rows->env.mem);
        }
        if (patches ? group->patches == NULL : group->stamps == NULL) {
            rz_rows_unpin(rows, fresh);
            return rz_error_no_memory(err, "changing rows");
        }
    }
    if (fresh != NULL) {
        rz_rows_publish(rows, fresh);
    }
    return RUZU_OK;
}

/* Rows [0, count) of one block. */
static ruzu_status rows_patch_block(rz_rows *rows, rz_writer *writer, uint32_t column, const rz_vec *values, const uint32_t *positions,
                                    const uint64_t *offsets, uint32_t count, uint32_t *block_rows, rz_error *err)
{
    rz_patch *patch = NULL;
    rz_patches *patches = rows->current->groups[offsets[0] / RZ_ROW_GROUP_ROWS].patches;
    uint32_t block = (uint32_t)(offsets[0] % RZ_ROW_GROUP_ROWS) / RZ_VECTOR_CAPACITY;
    for (uint32_t i = 0; i < count; i++) {
        block_rows[i] = (uint32_t)(offsets[i] % RZ_VECTOR_CAPACITY);
    }
    RZ_TRY(rz_rows_changes_reserve(rows, writer, err));
    RZ_TRY(rz_patch_create(rows->env.mem, &rows->layout->columns[column], values, positions, offsets, count, writer->snapshot.own_stamp, &patch, err));
    ruzu_status status = rz_patches_add(patches, column, block, patch, block_rows, err);
    if (status != RUZU_OK) {
        rz_patch_release(patch);
        return status;
    }
    rz_rows_changes_add(rows, patch); /* our reference moves */
    return RUZU_OK;
}

/* Row positions[i] of values over row offsets[i]; ascending, each once. block_rows: room for a block's rows. Under write_lock. */
static ruzu_status rows_patch_many(rz_rows *rows, rz_writer *writer, uint32_t column, const rz_vec *values, const uint32_t *positions,
                                   const uint64_t *offsets, uint32_t count, uint32_t *block_rows, rz_error *err)
{
    for (uint32_t first = 0; first < count;) {
        uint32_t end = first + 1;
        while (end < count && offsets[end] / RZ_VECTOR_CAPACITY == offsets[first] / RZ_VECTOR_CAPACITY) {
            end++;
        }
        RZ_TRY(rows_patch_block(rows, writer, column, values, positions + first, offsets + first, end - first, block_rows, err));
        first = end;
    }
    return RUZU_OK;
}

/* ---- updating ---- */

/* What a batch needs; for few rows on the stack. */
typedef struct rows_batch {
    uint64_t *offsets;
    uint64_t *offsets_scratch;
    uint32_t *positions;
    uint32_t *positions_scratch;
    uint32_t *block_rows;
} rows_batch;

#define ROWS_BATCH_BYTES(count) ((size_t)(count) * (2 * sizeof(uint64_t) + 3 * sizeof(uint32_t)))

static void rows_batch_place(rows_batch *batch, void *memory, uint32_t count)
{
    batch->offsets = (uint64_t *)memory;
    batch->offsets_scratch = batch->offsets + count;
    batch->positions = (uint32_t *)(batch->offsets_scratch + count);
    batch->positions_scratch = batch->positions + count;
    batch->block_rows = batch->positions_scratch + count;
}

/* Rows of the selected positions [first, first + count) that the writer sees, by offset; of a row given twice the later position. */
static ruzu_status rows_batch_collect(rz_rows *rows, rz_writer *writer, const rz_id *ids, const rz_sel *sel, uint32_t first, uint32_t count,
                                      rows_batch *batch, uint32_t *out_count, rz_error *err)
{
    uint32_t found = 0, kept = 0;
    bool ascending = true;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t position = rz_sel_at(sel, first + i);
        uint64_t offset = rz_id_offset(ids[position]);
        if (offset >= rz_rows_end(rows)) {
            return rows_beyond(rows, "updated", offset, err);
        }
        if (!rows_writer_sees_locked(rows, writer, offset)) {
            continue;
        }
        ascending &= found == 0 || batch->offsets[found - 1] < offset;
        batch->offsets[found] = offset;
        batch->positions[found++] = position;
    }
    if (!ascending) { /* stable: the later of two equal ones stays the later */
        rz_radix_sort(batch->offsets, batch->offsets_scratch, batch->positions, batch->positions_scratch, found, 0, RZ_ID_OFFSET_BITS);
    }
    for (uint32_t i = 0; i < found; i++) {
        kept -= kept != 0 && batch->offsets[kept - 1] == batch->offsets[i];
        batch->offsets[kept] = batch->offsets[i];
        batch->positions[kept++] = batch->positions[i];
    }
    *out_count = kept;
    return RUZU_OK;
}

static ruzu_status rows_update_batch(rz_rows *rows, rz_writer *writer, uint32_t column, const rz_id *ids, const rz_vec *values, const rz_sel *sel,
                                     uint32_t first, uint32_t count, rows_batch *batch, rz_error *err)
{
    uint32_t found = 0;
    RZ_TRY(rows_batch_collect(rows, writer, ids, sel, first, count, batch, &found, err));
    if (found == 0) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < found; i++) {
        RZ_TRY(rows_check_deleted(rows, writer, batch->offsets[i], err));
        RZ_TRY(rows_check_updated(rows, writer, column, batch->offsets[i], err));
    }
    RZ_TRY(rows_prepare_groups(rows, batch->offsets, found, true, err));
    return rows_patch_many(rows, writer, column, values, batch->positions, batch->offsets, found, batch->block_rows, err);
}

ruzu_status rz_rows_update(rz_rows *rows, rz_writer *writer, uint32_t column, const rz_id *ids, const rz_vec *values, const rz_sel *sel, rz_error *err)
{
    uint64_t few[(ROWS_BATCH_BYTES(UPDATE_FEW) + sizeof(uint64_t) - 1) / sizeof(uint64_t)];
    rows_batch batch;
    uint32_t room = sel->count < RZ_VECTOR_CAPACITY ? sel->count : RZ_VECTOR_CAPACITY;
    void *memory = NULL;
    ruzu_status status = RUZU_OK;
    RZ_ASSERT(column < rows->column_count);
    if (room <= UPDATE_FEW) {
        rows_batch_place(&batch, few, room);
    } else {
        memory = rz_mem_alloc(rows->env.mem, ROWS_BATCH_BYTES(room));
        RZ_TRY_ALLOC(memory, err, "updating rows");
        rows_batch_place(&batch, memory, room);
    }
    rz_mutex_lock(&rows->write_lock);
    for (uint32_t first = 0; first < sel->count && status == RUZU_OK; first += room) {
        uint32_t count = sel->count - first < room ? sel->count - first : room;
        status = rows_update_batch(rows, writer, column, ids, values, sel, first, count, &batch, err);
    }
    if (status == RUZU_OK) {
        status = rz_rows_consider_shed(rows, writer, err);
    }
    rz_mutex_unlock(&rows->write_lock);
    rz_mem_free(rows->env.mem, memory, ROWS_BATCH_BYTES(room));
    return status;
}

/* ---- deleting ---- */

static ruzu_status rows_delete_one(rz_rows *rows, rz_writer *writer, uint64_t offset, uint64_t *io_count, rz_error *err)
{
    uint32_t g = (uint32_t)(offset / RZ_ROW_GROUP_ROWS);
    uint32_t row = (uint32_t)(offset % RZ_ROW_GROUP_ROWS);
    if (offset >= rz_rows_end(rows)) {
        return rows_beyond(rows, "deleted", offset, err);
    }
    if (!rows_writer_sees_locked(rows, writer, offset)) {
        return RUZU_OK;
    }
    RZ_TRY(rows_check_deleted(rows, writer, offset, err));
    for (uint32_t i = 0; i < rows->column_count && rows->current->groups[g].patches != NULL; i++) {
        RZ_TRY(rows_check_updated(rows, writer, i, offset, err));
    }
    RZ_TRY(rows_prepare_groups(rows, &offset, 1, false, err));
    rz_stamps *stamps = rows->current->groups[g].stamps;
    rows_delete_undo *undo;
    RZ_TRY(rows_delete_begin(rows, writer, g, &undo, err));
    if (!rz_stamps_prepare_delete(stamps, row, writer->snapshot.own_stamp)) {
        return rz_error_no_memory(err, "deleting rows");
    }
    undo->count++;
    undo->blocks |= UINT64_C(1) << (row / RZ_VECTOR_CAPACITY);
    atomic_fetch_add_explicit(&rows->deletes, 1, memory_order_release);
    rz_stamps_set_deleted(stamps, row, writer->snapshot.own_stamp);
    ++*io_count;
    return RUZU_OK;
}

ruzu_status rz_rows_delete_many(rz_rows *rows, rz_writer *writer, const rz_id *ids, const rz_sel *sel, uint64_t *io_count, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&rows->write_lock);
    for (uint32_t i = 0; i < sel->count && status == RUZU_OK; i++) {
        status = rows_delete_one(rows, writer, rz_id_offset(ids[rz_sel_at(sel, i)]), io_count, err);
    }
    rz_mutex_unlock(&rows->write_lock);
    return status;
}

ruzu_status rz_rows_delete(rz_rows *rows, rz_writer *writer, uint64_t offset, rz_error *err)
{
    uint64_t count = 0;
    rz_mutex_lock(&rows->write_lock);
    ruzu_status status = rows_delete_one(rows, writer, offset, &count, err);
    rz_mutex_unlock(&rows->write_lock);
    return status;
}

/* ---- places of deleted rows ---- */

uint32_t rz_rows_find_holes(rz_rows *rows, uint32_t wanted, uint64_t *out)
{
    uint64_t limit = rows->saved_to < rows->oldest_snapshot ? rows->saved_to : rows->oldest_snapshot;
    uint64_t end = atomic_load_explicit(&rows->committed_end, memory_order_relaxed);
    uint32_t found = 0;
    if (!rows->reuse || atomic_load_explicit(&rows->deletes, memory_order_relaxed) == 0) {
        return 0;
    }
    if (limit > rows->holes_limit) {
        rows->holes_limit = limit;
        rows->holes_at = 0;
    }
    while (found < wanted && rows->holes_at < end) {
        uint64_t offset = rows->holes_at;
        uint32_t row = (uint32_t)(offset % RZ_ROW_GROUP_ROWS);
        const rz_stamps *stamps = rows->current->groups[offset / RZ_ROW_GROUP_ROWS].stamps;
        if (stamps == NULL || atomic_load_explicit(&stamps->deletes, memory_order_relaxed) == 0) {
            rows->holes_at = (offset / RZ_ROW_GROUP_ROWS + 1) * RZ_ROW_GROUP_ROWS;
        } else if (atomic_load_explicit(&stamps->blocks[row / RZ_VECTOR_CAPACITY].deleted, memory_order_relaxed) == NULL) {
            rows->holes_at = (offset / RZ_VECTOR_CAPACITY + 1) * RZ_VECTOR_CAPACITY;
        } else {
            if (rz_stamps_deleted(stamps, row) <= limit) {
                out[found++] = offset;
            }
            rows->holes_at++;
        }
    }
    return found;
}

/* The marks of places [0, count) of one group. */
static ruzu_status rows_fill_marks(rz_rows *rows, rz_writer *writer, const uint64_t *offsets, uint32_t count, rz_error *err)
{
    rows_fill_undo *undo;
    uint32_t g = (uint32_t)(offsets[0] / RZ_ROW_GROUP_ROWS);
    RZ_TRY(rows_fill_create(rows, writer, g, count, &undo, err));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = (uint32_t)(offsets[i] % RZ_ROW_GROUP_ROWS);
        if (!rz_stamps_prepare_reuse(undo->stamps, row)) {
            return rz_error_no_memory(err, "inserting rows");
        }
        undo->row[i] = row;
        undo->deleted[i] = rz_stamps_deleted(undo->stamps, row);
    }
    undo->count = count;
    rows_fill_push(undo, writer);
    for (uint32_t i = 0; i < count; i++) {
        rz_stamps_set_reused(undo->stamps, undo->row[i], writer->snapshot.own_stamp);
        rz_stamps_set_deleted(undo->stamps, undo->row[i], RZ_STAMP_NEVER);
    }
    return RUZU_OK;
}

ruzu_status rz_rows_fill(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const uint32_t *positions, const uint64_t *offsets, uint32_t count,
                         rz_error *err)
{
    ruzu_status status = RUZU_OK;
    if (rows->column_count != 0) {
        RZ_TRY(rows_prepare_groups(rows, offsets, count, true, err));
    }
    uint32_t *block_rows = (uint32_t *)rz_mem_alloc(rows->env.mem, RZ_VECTOR_CAPACITY * sizeof *block_rows);
    RZ_TRY_ALLOC(block_rows, err, "inserting rows");
    for (uint32_t i = 0; i < rows->column_count && status == RUZU_OK; i++) {
        if (!rz_rows_shows(rows, writer, i)) {
            continue; /* nobody reads it of this row */
        }
        status = rows_patch_many(rows, writer, i, values[i], positions, offsets, count, block_rows, err);
    }
    for (uint32_t first = 0; first < count && status == RUZU_OK;) { /* values first: who sees a mark sees them */
        uint32_t end = first + 1;
        while (end < count && offsets[end] / RZ_ROW_GROUP_ROWS == offsets[first] / RZ_ROW_GROUP_ROWS) {
            end++;
        }
        status = rows_fill_marks(rows, writer, offsets + first, end - first, err);
        first = end;
    }
    rz_mem_free(rows->env.mem, block_rows, RZ_VECTOR_CAPACITY * sizeof *block_rows);
    return status == RUZU_OK ? rz_rows_consider_shed(rows, writer, err) : status;
}
