/* SPDX-License-Identifier: MIT */
/*
 * Checkpoint of the row store, and its directory.
 *
 * A fold describes rows [0, row_end), those committed up to its timestamp. Each group's part of them comes from where it is on pages already: the
 * newest directory, the current version (whose base may hold more rows: newer ones, or ones of the open transaction; the directory says how many count),
 * or it is written now. Publishing is a matter of memory only, so it may be skipped: the next fold starts from `durable`.
 *
 * Directory:
 *   row_end u64, column count u32, column ids u32 each, group count u32, then per group
 *     rows u32, flags u8 (1: delete bitmap), [bitmap: (rows + 7) / 8 bytes, bit 1: deleted], segment of each column (column module)
 *   then per column whose values are counted: RZ_SKETCH_REGISTERS bytes (sketch.h)
 */
#include "storage/table/rows.h"

#define ROWS_FLAG_DELETED 1u

/* ---- preparing ---- */

void rz_rows_fold_abort(rz_rows_fold *fold)
{
    if (fold->rows != NULL) {
        rz_rows_unpin(fold->rows, fold->durable);
        rz_rows_unpin(fold->rows, fold->base);
        *fold = (rz_rows_fold){0};
    }
}

/* The base with at least `count` rows of group g, taken over or written. */
static ruzu_status rows_fold_group(rz_rows_fold *fold, uint32_t g, uint32_t count, rz_error *err)
{
    rz_rows *rows = fold->rows;
    const rz_row_group *candidates[2] = {NULL, NULL};
    rz_row_group *out = &fold->durable->groups[g];
    if (rows->durable != NULL && g < rows->durable->group_count) {
        candidates[0] = &rows->durable->groups[g];
    }
    if (g < fold->base->group_count) {
        candidates[1] = &fold->base->groups[g];
        out->stamps = candidates[1]->stamps;
        if (out->stamps != NULL) {
            rz_stamps_acquire(out->stamps);
        }
        for (uint32_t row = 0; out->stamps != NULL && atomic_load_explicit(&out->stamps->deletes, memory_order_acquire) != 0 && row < count; row++) {
            fold->deletes += rz_stamp_visible(rz_stamps_deleted(out->stamps, row), &fold->snapshot);
        }
    }
    out->base_rows = count;
    for (uint32_t i = 0; i < 2; i++) {
        if (candidates[i] != NULL && candidates[i]->base != NULL && candidates[i]->base_rows >= count) {
            out->base = candidates[i]->base;
            atomic_fetch_add_explicit(&out->base->refs, 1, memory_order_relaxed);
            return RUZU_OK;
        }
    }
    return rz_rows_build_base(rows, fold->base, fold->row_end, (uint64_t)g * RZ_ROW_GROUP_ROWS, count, &out->base, err);
}

ruzu_status rz_rows_fold_prepare(rz_rows *rows, uint64_t timestamp, rz_rows_fold *fold, rz_error *err)
{
    rz_snapshot snapshot = {.timestamp = timestamp, .own_stamp = 0};
    *fold = (rz_rows_fold){.rows = rows, .snapshot = snapshot};
    rz_mutex_lock(&rows->pin_lock);
    fold->base = rows->current;
    atomic_fetch_add_explicit(&fold->base->refs, 1, memory_order_relaxed);
    uint64_t end = atomic_load_explicit(&rows->committed_end, memory_order_acquire);
    rz_mutex_unlock(&rows->pin_lock);
    fold->row_end = rz_rows_visible_end(fold->base, end, &snapshot);
    uint32_t group_count = (uint32_t)((fold->row_end + RZ_ROW_GROUP_ROWS - 1) / RZ_ROW_GROUP_ROWS);
    if (fold->row_end != 0) {
        uint64_t last = fold->row_end - 1;
        fold->newest_stamp = rz_stamps_inserted(fold->base->groups[last / RZ_ROW_GROUP_ROWS].stamps, (uint32_t)(last % RZ_ROW_GROUP_ROWS));
    }
    fold->durable = rz_rows_version_create(rows, NULL, 0, group_count);
    ruzu_status status = fold->durable == NULL ? rz_error_no_memory(err, "writing a checkpoint") : RUZU_OK;
    for (uint32_t g = 0; g < group_count && status == RUZU_OK; g++) {
        uint64_t left = fold->row_end - (uint64_t)g * RZ_ROW_GROUP_ROWS;
        status = rows_fold_group(fold, g, left < RZ_ROW_GROUP_ROWS ? (uint32_t)left : RZ_ROW_GROUP_ROWS, err);
    }
    if (status != RUZU_OK) {
        rz_rows_fold_abort(fold);
    }
    return status;
}

/* ---- publishing ---- */

/* Whether everybody sees all rows [0, count) of the group, that is snapshots from limit on; the newest stamp then goes to *newest. */
static bool rows_stamps_spent(const rz_stamps *stamps, uint32_t count, uint64_t limit, uint64_t *newest)
{
    if (atomic_load_explicit(&stamps->deletes, memory_order_acquire) != 0) {
        return false;
    }
    uint64_t last = 0;
    for (uint32_t block = 0; block * RZ_VECTOR_CAPACITY < count; block++) {
        uint32_t end = (block + 1) * RZ_VECTOR_CAPACITY;
        end = end < count ? end : count;
        last = rz_stamps_inserted(stamps, end - 1); /* stamps rise with the offset */
        if (last > limit) {
            return false;
        }
    }
    *newest = last > *newest ? last : *newest;
    return true;
}

/* Drops stamps that nobody needs. Only of complete groups and a fully committed last one: somebody may be adding to others. Under write_lock. */
static bool rows_drop_stamps(rz_rows *rows, rz_rows_version *fresh)
{
    uint64_t end = rz_rows_end(rows);
    bool idle = end == atomic_load_explicit(&rows->committed_end, memory_order_relaxed);
    bool dropped = false;
    for (uint32_t g = 0; g < fresh->group_count; g++) {
        rz_row_group *group = &fresh->groups[g];
        uint64_t first = (uint64_t)g * RZ_ROW_GROUP_ROWS;
        if (group->stamps == NULL || first >= end || (end - first < RZ_ROW_GROUP_ROWS && !idle)) {
            continue;
        }
        uint32_t count = end - first < RZ_ROW_GROUP_ROWS ? (uint32_t)(end - first) : RZ_ROW_GROUP_ROWS;
        if (rows_stamps_spent(group->stamps, count, rows->oldest_snapshot, &fresh->oldest)) {
            rz_stamps_release(group->stamps);
            group->stamps = NULL;
            dropped = true;
        }
    }
    return dropped;
}

void rz_rows_trim(rz_rows *rows, uint64_t oldest_timestamp)
{
    rz_mutex_lock(&rows->write_lock);
    if (oldest_timestamp > rows->oldest_snapshot) {
        bool any = false;
        rows->oldest_snapshot = oldest_timestamp < RZ_STAMP_UNCOMMITTED ? oldest_timestamp : RZ_STAMP_UNCOMMITTED - 1;
        for (uint32_t g = 0; g < rows->current->group_count && !any; g++) {
            any = rows->current->groups[g].stamps != NULL;
        }
        rz_rows_version *fresh = any ? rz_rows_version_clone(rows, rows->current) : NULL;
        if (fresh != NULL && rows_drop_stamps(rows, fresh)) {
            rz_rows_publish(rows, fresh);
        } else {
            rz_rows_unpin(rows, fresh); /* without memory the stamps stay a little longer */
        }
    }
    rz_mutex_unlock(&rows->write_lock);
}

/* The version that readers get from now on: bases of the fold where they hold more, folded rows out of memory. NULL: no memory. Under write_lock. */
static rz_rows_version *rows_fold_version(rz_rows_fold *fold)
{
    rz_rows *rows = fold->rows;
    rz_rows_version *current = rows->current;
    rz_rows_version *fresh = rz_rows_version_create(rows, current, current->group_count, current->group_count);
    if (fresh == NULL) {
        return NULL;
    }
    for (uint32_t g = 0; g < fold->durable->group_count && g < fresh->group_count; g++) {
        rz_row_group *group = &fresh->groups[g];
        const rz_row_group *folded = &fold->durable->groups[g];
        if (folded->base_rows > group->base_rows) {
            rz_row_base_release(rows, group->base);
            group->base = folded->base;
            group->base_rows = folded->base_rows;
            atomic_fetch_add_explicit(&group->base->refs, 1, memory_order_relaxed);
        }
    }
    (void)rows_drop_stamps(rows, fresh);
    if (current->tail != NULL && rz_rows_end(rows) != fold->row_end) {
        fresh->tail = current->tail;
        rz_tail_acquire(fresh->tail);
    }
    return fresh;
}

/* Bases that a directory named and the next one does not: their pages are in use while somebody reads them, but a crash must not lose them. */
static ruzu_status rows_hold_range(void *user, rz_page_range range, rz_error *err)
{
    return rz_disk_hold(((rz_rows *)user)->env.disk, range, err);
}

static void rows_hold_replaced(rz_rows *rows, const rz_rows_version *old, const rz_rows_version *fresh)
{
    for (uint32_t g = 0; g < old->group_count; g++) {
        rz_row_base *base = old->groups[g].base;
        bool kept = g < fresh->group_count && fresh->groups[g].base == base;
        if (base == NULL || kept || atomic_load_explicit(&base->refs, memory_order_relaxed) == 1) {
            continue; /* the last reference: about to be freed */
        }
        for (uint32_t i = 0; i < rows->column_count; i++) {
            rz_error ignored; /* without the note the pages are only lost should the process crash */
            rz_error_init(&ignored);
            if (rz_segment_each_range(base->segments[i], rows_hold_range, rows, &ignored) != RUZU_OK) {
                return;
            }
        }
    }
}

void rz_rows_fold_publish(rz_rows_fold *fold)
{
    rz_rows *rows = fold->rows;
    rz_rows_version *old = rows->durable;
    rz_mutex_lock(&rows->write_lock);
    rz_rows_version *fresh = rows_fold_version(fold);
    if (fresh != NULL) {
        rz_rows_publish(rows, fresh);
    }
    rz_mutex_unlock(&rows->write_lock);
    rz_rows_unpin(rows, fold->base);
    rows->durable = fold->durable;
    rows->saved_deletes = fold->deletes;
    if (old != NULL) {
        rows_hold_replaced(rows, old, fold->durable);
        rz_rows_unpin(rows, old);
    }
    *fold = (rz_rows_fold){0};
}

bool rz_rows_changed(const rz_rows *rows)
{
    const rz_rows_version *durable = rows->durable;
    uint64_t rows_saved = 0;
    if (durable != NULL && durable->group_count != 0) {
        rows_saved = (uint64_t)(durable->group_count - 1) * RZ_ROW_GROUP_ROWS + durable->groups[durable->group_count - 1].base_rows;
    }
    return rows_saved != atomic_load_explicit(&rows->committed_end, memory_order_acquire) ||
           rows->saved_deletes != atomic_load_explicit(&rows->committed_deletes, memory_order_acquire);
}

/* ---- directory ---- */

static void rows_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static void rows_encode_deletes(const rz_rows_fold *fold, const rz_row_group *group, rz_str *out)
{
    uint8_t bits = 0;
    for (uint32_t row = 0; row < group->base_rows; row++) {
        if (rz_stamp_visible(rz_stamps_deleted(group->stamps, row), &fold->snapshot)) {
            bits |= (uint8_t)(1u << (row & 7));
        }
        if ((row & 7) == 7 || row + 1 == group->base_rows) {
            rz_str_append_char(out, (char)bits);
            bits = 0;
        }
    }
}

void rz_rows_fold_encode(const rz_rows_fold *fold, rz_str *out)
{
    const rz_rows *rows = fold->rows;
    char bytes[8];
    rz_store_u64(bytes, fold->row_end);
    rz_str_append(out, bytes, sizeof bytes);
    rows_put_u32(out, rows->column_count);
    for (uint32_t i = 0; i < rows->column_count; i++) {
        rows_put_u32(out, rows->columns[i].id);
    }
    rows_put_u32(out, fold->durable->group_count);
    for (uint32_t g = 0; g < fold->durable->group_count; g++) {
        const rz_row_group *group = &fold->durable->groups[g];
        bool deletes = group->stamps != NULL && atomic_load_explicit(&group->stamps->deletes, memory_order_acquire) != 0;
        rows_put_u32(out, group->base_rows);
        rz_str_append_char(out, deletes ? (char)ROWS_FLAG_DELETED : 0);
        if (deletes) {
            rows_encode_deletes(fold, group, out);
        }
        for (uint32_t i = 0; i < rows->column_count; i++) {
            rz_segment_encode(group->base->segments[i], out);
        }
    }
    for (uint32_t i = 0; i < rows->column_count; i++) {
        for (uint32_t r = 0; rows->sketches[i] != NULL && r < RZ_SKETCH_REGISTERS; r++) {
            rz_str_append_char(out, (char)atomic_load_explicit(&rows->sketches[i]->registers[r], memory_order_relaxed));
        }
    }
}

typedef struct rows_claim {
    rz_disk *disk;
    const char *what;
} rows_claim;

static ruzu_status rows_claim_range(void *user, rz_page_range range, rz_error *err)
{
    const rows_claim *claim = (const rows_claim *)user;
    return rz_disk_claim(claim->disk, range, claim->what, err);
}

static ruzu_status rows_corrupt(const rz_rows *rows, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the directory of a table is damaged (%s).",
                        rows->column_count == 0 ? "no column" : rows->column_texts[0]);
}

/* The delete bitmap of a group as marks that everybody sees. */
static ruzu_status rows_decode_deletes(rz_rows *rows, rz_row_group *group, rz_reader *reader, rz_error *err)
{
    uint32_t bytes_count = (group->base_rows + 7) / 8;
    const uint8_t *bytes = (const uint8_t *)rz_read_bytes(reader, bytes_count);
    if (bytes == NULL) {
        return rows_corrupt(rows, err);
    }
    group->stamps = rz_stamps_create(rows->env.mem);
    RZ_TRY_ALLOC(group->stamps, err, "opening a table");
    for (uint32_t row = 0; row < group->base_rows; row++) {
        if ((bytes[row / 8] >> (row & 7) & 1) == 0) {
            continue;
        }
        if (!rz_stamps_prepare_delete(group->stamps, row)) {
            return rz_error_no_memory(err, "opening a table");
        }
        rz_stamps_set_deleted(group->stamps, row, 0);
        atomic_fetch_add_explicit(&rows->deletes, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&rows->committed_deletes, 1, memory_order_relaxed);
        rows->saved_deletes++;
    }
    return RUZU_OK;
}

static ruzu_status rows_decode_group(rz_rows *rows, rz_row_group *group, uint32_t count, rz_reader *reader, rz_error *err)
{
    uint32_t group_rows = rz_read_u32(reader);
    uint8_t flags = rz_read_u8(reader);
    if (reader->failed || group_rows != count || (flags & ~ROWS_FLAG_DELETED) != 0) {
        return rows_corrupt(rows, err);
    }
    group->base_rows = count;
    if (flags & ROWS_FLAG_DELETED) {
        RZ_TRY(rows_decode_deletes(rows, group, reader, err));
    }
    group->base = rz_row_base_create(rows);
    RZ_TRY_ALLOC(group->base, err, "opening a table");
    group->base->rows = count;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        rows_claim claim = {rows->env.disk, rows->column_texts[i]};
        RZ_TRY(rz_segment_decode(reader, rows->columns[i].type, &group->base->arena, &group->base->segments[i], err));
        if (rz_segment_rows(group->base->segments[i]) < count) {
            return rows_corrupt(rows, err);
        }
        RZ_TRY(rz_segment_each_range(group->base->segments[i], rows_claim_range, &claim, err));
    }
    return RUZU_OK;
}

ruzu_status rz_rows_decode(rz_rows *rows, rz_reader *reader, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    uint64_t row_end = rz_read_u64(reader);
    bool good = rz_read_u32(reader) == rows->column_count;
    for (uint32_t i = 0; i < rows->column_count && good; i++) {
        good = rz_read_u32(reader) == rows->columns[i].id;
    }
    uint32_t group_count = rz_read_u32(reader);
    /* A group takes at least five bytes of the directory: a wrong count cannot ask for much memory. */
    if (reader->failed || !good || row_end > RZ_ID_OFFSET_MASK || group_count != (row_end + RZ_ROW_GROUP_ROWS - 1) / RZ_ROW_GROUP_ROWS ||
        group_count > (reader->size - reader->off) / 5) {
        return rows_corrupt(rows, err);
    }
    rz_rows_version *version = rz_rows_version_create(rows, NULL, 0, group_count);
    RZ_TRY_ALLOC(version, err, "opening a table");
    for (uint32_t g = 0; g < group_count && status == RUZU_OK; g++) {
        uint64_t left = row_end - (uint64_t)g * RZ_ROW_GROUP_ROWS;
        status = rows_decode_group(rows, &version->groups[g], left < RZ_ROW_GROUP_ROWS ? (uint32_t)left : RZ_ROW_GROUP_ROWS, reader, err);
    }
    for (uint32_t i = 0; i < rows->column_count && status == RUZU_OK; i++) {
        for (uint32_t r = 0; rows->sketches[i] != NULL && r < RZ_SKETCH_REGISTERS; r++) {
            uint8_t rank = rz_read_u8(reader);
            atomic_store_explicit(&rows->sketches[i]->registers[r], rank < 65 ? rank : 0, memory_order_relaxed);
        }
        status = reader->failed ? rows_corrupt(rows, err) : RUZU_OK;
    }
    if (status != RUZU_OK) {
        rows->keep_pages = true;
        rz_rows_unpin(rows, version);
        rows->keep_pages = false;
        return status;
    }
    rz_rows_publish(rows, version);
    rows->durable = version;
    atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed);
    atomic_store_explicit(&rows->end, row_end, memory_order_release);
    atomic_store_explicit(&rows->committed_end, row_end, memory_order_release);
    return RUZU_OK;
}
