/* SPDX-License-Identifier: MIT */
/*
 * Checkpoint of the row store, and its directory.
 *
 * A fold describes rows [0, row_end), those committed up to its timestamp, with the values that they had then. Each group's part of them comes from where it
 * is on pages already: the newest directory, the current version (whose base may hold more rows: newer ones, or ones of the open transaction; the
 * directory says how many count). Columns that were updated since are written again, the others shared; a group that is on pages in part only is
 * written as a whole. What is written so has no texts and lists of rows that are deleted; like updates, that waits for older snapshots.
 *
 * Publishing replaces bases of `current` by those of the fold: at once where they only have more rows; where they have updates, older snapshots could not
 * read them, so the fold's bases wait in `durable` until rz_rows_trim says that there are none (rows_settle). All of that is a matter of memory only,
 * so it may be skipped: the next fold starts from `durable`.
 *
 * Directory:
 *   row_end u64, column count u32, column ids u32 each, group count u32, then per group
 *     rows u32, flags u8 (1: delete bitmap; 2: overlays), [bitmap: (rows + 7) / 8 bytes, bit 1: deleted], [bitmap: (columns + 7) / 8 bytes, bit 1: has an
 *     overlay], segment of each column, [its overlay] (column module)
 *   then per column whose values are counted: RZ_SKETCH_REGISTERS bytes (sketch.h)
 */
#include "storage/table/rows.h"

#define ROWS_FLAG_DELETED  1u
#define ROWS_FLAG_OVERLAYS 2u

/* Whether the directory has the column: the schema that is saved with it does. */
static bool rows_fold_wants(const rz_rows_fold *fold, uint32_t column)
{
    return rz_row_life_visible(fold->rows->lives[column], &fold->snapshot);
}

uint32_t rz_rows_fold_position(const rz_rows_fold *fold, uint32_t column)
{
    uint32_t position = 0;
    for (uint32_t i = 0; i < column; i++) {
        position += rows_fold_wants(fold, i);
    }
    return position;
}

/* ---- preparing ---- */

void rz_rows_fold_abort(rz_rows_fold *fold)
{
    if (fold->rows != NULL) {
        rz_rows_unpin(fold->rows, fold->durable);
        rz_rows_unpin(fold->rows, fold->base);
        *fold = (rz_rows_fold){0};
    }
}

/* Which columns of the group have been updated since `after`, up to the fold's timestamp. */
static bool rows_fold_touched(const rz_rows_fold *fold, const rz_patches *patches, uint64_t after, bool *touched)
{
    bool any = false;
    for (uint32_t i = 0; i < fold->column_count; i++) {
        touched[i] = patches != NULL && rz_patches_touched(patches, i, after, fold->snapshot.timestamp);
        any |= touched[i];
    }
    return any;
}

/* Columns that the base lacks, and those that are to lose their overlay, are to be written; true also when it has some that nobody needs. */
static bool rows_fold_columns(const rz_rows_fold *fold, const rz_row_base *base, bool *touched)
{
    bool any = false;
    for (uint32_t i = 0; i < fold->column_count; i++) {
        bool needed = rz_rows_needs_column(fold->rows, i, fold->snapshot.timestamp);
        const rz_row_segment *segment = rz_row_base_segment(base, i);
        bool has = segment != NULL;
        touched[i] |= needed && !has;
        any |= needed != has;
        if (fold->whole && needed && segment != NULL && rz_segment_overlaid(segment->data)) {
            touched[i] = true;
            any = true;
        }
    }
    return any;
}

/*
 * Whether texts and lists of deleted rows are to leave the group's pages: when the number of deleted rows has come past another eighth of the group since the
 * last directory. (They leave whenever a column is written for another reason, too.)
 */
static bool rows_fold_clears(const rz_rows_fold *fold, const rz_stamps *stamps, uint32_t count)
{
    uint64_t until = atomic_load_explicit(&fold->rows->folded_to, memory_order_relaxed);
    uint64_t before = 0, now = 0;
    if (stamps == NULL || atomic_load_explicit(&stamps->deletes, memory_order_acquire) == 0) {
        return false;
    }
    for (uint32_t row = 0; row < count; row++) {
        if (!rz_stamps_marked(stamps, row / RZ_VECTOR_CAPACITY)) {
            row += RZ_VECTOR_CAPACITY - 1 - row % RZ_VECTOR_CAPACITY;
            continue;
        }
        uint64_t deleted = rz_stamps_deleted(stamps, row);
        before += deleted <= until;
        now += deleted <= fold->snapshot.timestamp;
    }
    return now * 8 / count > before * 8 / count;
}

/* The base with at least `count` rows of group g, taken over or written. */
static ruzu_status rows_fold_group(rz_rows_fold *fold, uint32_t g, uint32_t count, bool *touched, rz_error *err)
{
    rz_rows *rows = fold->rows;
    const rz_row_group *current = &fold->base->groups[g];
    const rz_row_group *source = NULL;
    rz_row_group *out = &fold->durable->groups[g];
    if (rows->durable != NULL && g < rows->durable->group_count && rows->durable->groups[g].base_rows >= count) {
        source = &rows->durable->groups[g];
    } else if (current->base != NULL && current->base_rows >= count) {
        source = current;
    }
    out->stamps = current->stamps;
    if (out->stamps != NULL) {
        rz_stamps_acquire(out->stamps);
    }
    out->base_rows = count;
    out->folded = source == NULL ? current->folded : source->folded;
    bool any = rows_fold_touched(fold, current->patches, out->folded, touched);
    bool clears = rows_fold_clears(fold, out->stamps, count);
    if (clears) {
        for (uint32_t i = 0; i < fold->column_count; i++) {
            bool grows = rz_rows_value_grows(fold->rows->columns[i].type);
            touched[i] |= grows;
            any |= grows;
        }
    }
    bool columns = source != NULL && rows_fold_columns(fold, source->base, touched);
    if (any) {
        out->folded = fold->snapshot.timestamp;
    } else if (source != NULL && !columns) {
        out->base = source->base;
        atomic_fetch_add_explicit(&out->base->refs, 1, memory_order_relaxed);
        return RUZU_OK;
    }
    rz_rows_source from = {.touched = touched, .column_count = fold->column_count, .clears = clears, .whole = fold->whole};
    if (source != NULL) {
        from.base = source->base;
        from.folded = source->folded;
    }
    return rz_rows_build_base(rows, fold->base, fold->row_end, &fold->snapshot, (uint64_t)g * RZ_ROW_GROUP_ROWS, count, source == NULL ? NULL : &from, any,
                              &out->base, err);
}

ruzu_status rz_rows_fold_prepare(rz_rows *rows, uint64_t timestamp, bool whole, rz_rows_fold *fold, rz_error *err)
{
    rz_snapshot snapshot = {.timestamp = timestamp, .own_stamp = 0};
    *fold = (rz_rows_fold){.rows = rows, .snapshot = snapshot, .column_count = rows->column_count, .whole = whole};
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
    uint32_t column_count = fold->column_count;
    fold->durable = rz_rows_version_create(rows, NULL, 0, group_count);
    bool *touched = (bool *)rz_mem_calloc(rows->env.mem, fold->column_count, sizeof *touched);
    ruzu_status status = fold->durable == NULL || touched == NULL ? rz_error_no_memory(err, "writing a checkpoint") : RUZU_OK;
    for (uint32_t g = 0; g < group_count && status == RUZU_OK; g++) {
        uint64_t left = fold->row_end - (uint64_t)g * RZ_ROW_GROUP_ROWS;
        status = rows_fold_group(fold, g, left < RZ_ROW_GROUP_ROWS ? (uint32_t)left : RZ_ROW_GROUP_ROWS, touched, err);
    }
    rz_mem_free(rows->env.mem, touched, column_count * sizeof *touched);
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
    for (uint32_t row = 0; atomic_load_explicit(&stamps->reuses, memory_order_acquire) != 0 && row < count; row++) {
        uint64_t reused = rz_stamps_reused(stamps, row);
        if (reused > limit) {
            return false;
        }
        *newest = reused > *newest ? reused : *newest;
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

/*
 * Stamps of deletions that a durable header names (only of places whose stamp says so may rows be put into) and that no snapshot is older than shrink to a bit a row. What the
 * newest directory remembers of the group lets go of the old ones. Under write_lock.
 */
static bool rows_compact_stamps(rz_rows *rows, rz_row_group *group, uint32_t g, uint32_t count, uint64_t *io_oldest)
{
    uint64_t limit = rows->saved_to < rows->oldest_snapshot ? rows->saved_to : rows->oldest_snapshot;
    rz_stamps *small = rz_stamps_compact(group->stamps, count, limit, io_oldest);
    if (small == NULL) {
        return false;
    }
    rz_row_group *named = rows->durable != NULL && rows->durable != rows->current && g < rows->durable->group_count ? &rows->durable->groups[g] : NULL;
    if (named != NULL && named->stamps == group->stamps) {
        rz_stamps_release(named->stamps);
        named->stamps = small;
        rz_stamps_acquire(small);
    }
    rz_stamps_release(group->stamps);
    group->stamps = small;
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
        } else {
            dropped |= rows_compact_stamps(rows, group, g, count, &fresh->oldest);
        }
    }
    return dropped;
}

/* Takes what the newest fold wrote of group g, where everybody may read it, and leaves updates behind that nobody needs. Under write_lock. */
static bool rows_settle_group(rz_rows *rows, rz_rows_version *fresh, uint32_t g)
{
    rz_row_group *group = &fresh->groups[g];
    const rz_row_group *folded = rows->durable != NULL && g < rows->durable->group_count ? &rows->durable->groups[g] : NULL;
    bool changed = false;
    if (folded != NULL && folded->base != group->base && folded->base_rows >= group->base_rows &&
        (folded->folded <= group->folded || folded->folded <= rows->oldest_snapshot)) {
        rz_row_base_release(rows, group->base);
        group->base = folded->base;
        group->base_rows = folded->base_rows;
        atomic_fetch_add_explicit(&group->base->refs, 1, memory_order_relaxed);
        if (folded->folded > group->folded) {
            group->folded = folded->folded;
            fresh->oldest = folded->folded > fresh->oldest ? folded->folded : fresh->oldest;
        }
        changed = true;
    }
    rz_patches *patches = group->patches;
    rz_patches *needed = NULL;
    if (patches != NULL && (group->folded > patches->folded || patches->node_count >= patches->rebuild_at) &&
        rz_patches_rebuild(patches, group->folded, rows->oldest_snapshot, patches->column_count, RZ_STAMP_NEVER, &needed)) {
        rz_patches_release(patches);
        group->patches = needed;
        fresh->oldest = rows->oldest_snapshot > fresh->oldest ? rows->oldest_snapshot : fresh->oldest;
        changed = true;
    }
    return changed;
}

/* Whether rows of the version's tail are nowhere else. */
static bool rows_needs_tail(const rz_rows *rows, const rz_rows_version *version)
{
    if (version->tail == NULL) {
        return false;
    }
    uint64_t group_first = version->tail->first / RZ_ROW_GROUP_ROWS * RZ_ROW_GROUP_ROWS;
    uint64_t end = rz_rows_end(rows);
    uint32_t g = (uint32_t)(group_first / RZ_ROW_GROUP_ROWS);
    return g < version->group_count && end > group_first + version->groups[g].base_rows && version->groups[g].base_rows < RZ_ROW_GROUP_ROWS;
}

/* The version that readers get from now on; NULL when nothing would be different, or without memory. Under write_lock. */
static rz_rows_version *rows_settle(rz_rows *rows)
{
    const rz_rows_version *current = rows->current;
    rz_rows_version *fresh = rz_rows_version_clone(rows, current);
    bool changed = false;
    for (uint32_t g = 0; fresh != NULL && g < fresh->group_count; g++) {
        changed |= rows_settle_group(rows, fresh, g);
    }
    if (fresh == NULL) {
        return NULL;
    }
    changed |= rows_drop_stamps(rows, fresh);
    if (fresh->tail != NULL && !rows_needs_tail(rows, fresh)) {
        rz_tail_release(fresh->tail);
        fresh->tail = NULL;
        changed = true;
    }
    if (!changed) {
        rz_rows_unpin(rows, fresh);
        return NULL;
    }
    return fresh;
}

/* Pages that versions still need though the newest directory does not name them: used, but a crash must not lose them. */
static void rows_hold_unnamed(rz_rows *rows, const rz_rows_version *version, const rz_rows_version *named)
{
    for (uint32_t g = 0; g < version->group_count && g < named->group_count; g++) {
        const rz_row_base *base = version->groups[g].base;
        const rz_row_base *other = named->groups[g].base;
        if (base == NULL || base == other || version->groups[g].base_rows > named->groups[g].base_rows) {
            continue; /* of one with more rows the next directory may name the pages */
        }
        for (uint32_t i = 0; i < base->column_count; i++) {
            const rz_row_segment *now = other == NULL ? NULL : rz_row_base_segment(other, i);
            if (base->segments[i] != NULL && base->segments[i] != now) {
                rz_row_segment_hold(rows, base->segments[i], now);
            }
        }
    }
}

static ruzu_status rows_unhold_range(void *user, rz_page_range range, rz_error *err)
{
    (void)err;
    rz_disk_unhold(((rz_rows *)user)->env.disk, range);
    return RUZU_OK;
}

/*
 * Pages that the newest directory is the first to name: of groups that a transaction wrote, of columns that the one before did not have yet. Those of columns that it
 * leaves out, though older snapshots may read them, are held from now on. before: the newest directory until now, of the timestamp `until`.
 */
static void rows_settle_holds(rz_rows *rows, const rz_rows_fold *fold, const rz_rows_version *before, uint64_t until)
{
    const rz_snapshot last = {.timestamp = until, .own_stamp = 0};
    for (uint32_t i = 0; i < fold->column_count; i++) {
        bool wanted = rows_fold_wants(fold, i);
        bool wanted_before = rz_row_life_visible(rows->lives[i], &last);
        for (uint32_t g = 0; g < rows->durable->group_count; g++) {
            const rz_row_segment *segment = rz_row_base_segment(rows->durable->groups[g].base, i);
            const rz_row_base *old = before != NULL && g < before->group_count ? before->groups[g].base : NULL;
            if (segment == NULL || (wanted && wanted_before && old != NULL && segment == rz_row_base_segment(old, i))) {
                continue;
            }
            if (!wanted) {
                rz_row_segment_hold(rows, segment, NULL);
                continue;
            }
            ruzu_status status = rz_row_segment_own_ranges(segment, rows_unhold_range, rows, NULL);
            if (status == RUZU_OK && segment->under != NULL) { /* as a rule it was named before; then this does nothing */
                status = rz_row_segment_own_ranges(segment->under, rows_unhold_range, rows, NULL);
            }
            RZ_ASSERT(status == RUZU_OK);
            (void)status;
        }
    }
}

static bool rows_is_shared(const rz_rows_version *version)
{
    return atomic_load_explicit(&version->refs, memory_order_acquire) > 1;
}

void rz_rows_fold_publish(rz_rows_fold *fold)
{
    rz_rows *rows = fold->rows;
    rz_mutex_lock(&rows->write_lock);
    rz_rows_version *old_durable = rows->durable;
    rz_rows_version *old_current = rz_rows_pin(rows);
    uint64_t until = atomic_load_explicit(&rows->folded_to, memory_order_relaxed);
    rows->durable = fold->durable;
    atomic_store_explicit(&rows->folded_to, fold->snapshot.timestamp, memory_order_release);
    rz_rows_version *fresh = rows_settle(rows);
    if (fresh != NULL) {
        rz_rows_publish(rows, fresh);
    }
    rz_rows_unpin(rows, fold->base);
    fold->base = NULL;
    rows_settle_holds(rows, fold, old_durable, until);
    if (old_durable != NULL) {
        rows_hold_unnamed(rows, old_durable, rows->durable);
    }
    if (rows_is_shared(old_current)) { /* by readers, a rollback, or it is the current one still */
        rows_hold_unnamed(rows, old_current, rows->durable);
    }
    rows_hold_unnamed(rows, rows->current, rows->durable); /* what the fold wrote over updates waits; holding twice is fine */
    rz_mutex_unlock(&rows->write_lock);
    rz_rows_unpin(rows, old_current);
    rz_rows_unpin(rows, old_durable);
    *fold = (rz_rows_fold){0};
}

void rz_rows_trim(rz_rows *rows, uint64_t oldest_timestamp)
{
    rz_mutex_lock(&rows->write_lock);
    if (oldest_timestamp > rows->oldest_snapshot) {
        rows->oldest_snapshot = oldest_timestamp < RZ_STAMP_UNCOMMITTED ? oldest_timestamp : RZ_STAMP_UNCOMMITTED - 1;
        bool any = false; /* something to drop, perhaps */
        for (uint32_t g = 0; g < rows->current->group_count && !any; g++) {
            any = rows->current->groups[g].stamps != NULL || rows->current->groups[g].patches != NULL;
        }
        rz_rows_version *fresh = any ? rows_settle(rows) : NULL; /* without memory everything stays a little longer */
        if (fresh != NULL) {
            rz_rows_publish(rows, fresh);
        }
    }
    rz_mutex_unlock(&rows->write_lock);
}

void rz_rows_saved(rz_rows *rows)
{
    rz_mutex_lock(&rows->write_lock);
    rows->saved_to = atomic_load_explicit(&rows->folded_to, memory_order_relaxed);
    rz_mutex_unlock(&rows->write_lock);
}

bool rz_rows_layered(rz_rows *rows)
{
    bool layered = false;
    rz_mutex_lock(&rows->write_lock);
    for (uint32_t g = 0; rows->durable != NULL && g < rows->durable->group_count && !layered; g++) {
        const rz_row_base *base = rows->durable->groups[g].base;
        for (uint32_t i = 0; base != NULL && i < base->column_count; i++) {
            layered |= base->segments[i] != NULL && rz_segment_overlaid(base->segments[i]->data);
        }
    }
    rz_mutex_unlock(&rows->write_lock);
    return layered;
}

bool rz_rows_changed(const rz_rows *rows)
{
    return atomic_load_explicit(&rows->newest_change, memory_order_acquire) > atomic_load_explicit(&rows->folded_to, memory_order_acquire);
}

/* ---- directory ---- */

static void rows_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static bool rows_any_missing(const rz_rows_fold *fold, const rz_row_group *group)
{
    for (uint32_t row = 0; group->stamps != NULL && row < group->base_rows; row++) {
        if (!rz_stamps_marked(group->stamps, row / RZ_VECTOR_CAPACITY)) {
            row += RZ_VECTOR_CAPACITY - 1 - row % RZ_VECTOR_CAPACITY;
        } else if (!rz_stamps_alive(group->stamps, row, &fold->snapshot)) {
            return true;
        }
    }
    return false;
}

static void rows_encode_deletes(const rz_rows_fold *fold, const rz_row_group *group, rz_str *out)
{
    uint8_t bits = 0;
    for (uint32_t row = 0; row < group->base_rows; row++) {
        if (!rz_stamps_alive(group->stamps, row, &fold->snapshot)) {
            bits |= (uint8_t)(1u << (row & 7));
        }
        if ((row & 7) == 7 || row + 1 == group->base_rows) {
            rz_str_append_char(out, (char)bits);
            bits = 0;
        }
    }
}

static bool rows_any_overlay(const rz_rows_fold *fold, const rz_row_group *group)
{
    bool any = false;
    for (uint32_t i = 0; i < fold->column_count; i++) {
        any |= rows_fold_wants(fold, i) && rz_segment_overlaid(group->base->segments[i]->data);
    }
    return any;
}

/* A bit a column, in the order of the directory. */
static void rows_encode_overlays(const rz_rows_fold *fold, const rz_row_group *group, rz_str *out)
{
    uint32_t position = 0;
    uint8_t bits = 0;
    for (uint32_t i = 0; i < fold->column_count; i++) {
        if (!rows_fold_wants(fold, i)) {
            continue;
        }
        bits |= (uint8_t)(rz_segment_overlaid(group->base->segments[i]->data) << (position % 8));
        if (++position % 8 == 0) {
            rz_str_append_char(out, (char)bits);
            bits = 0;
        }
    }
    if (position % 8 != 0) {
        rz_str_append_char(out, (char)bits);
    }
}

void rz_rows_fold_encode(const rz_rows_fold *fold, rz_str *out)
{
    const rz_rows *rows = fold->rows;
    char bytes[8];
    rz_store_u64(bytes, fold->row_end);
    rz_str_append(out, bytes, sizeof bytes);
    rows_put_u32(out, rz_rows_fold_position(fold, fold->column_count));
    for (uint32_t i = 0; i < fold->column_count; i++) {
        if (rows_fold_wants(fold, i)) {
            rows_put_u32(out, rows->columns[i].id);
        }
    }
    rows_put_u32(out, fold->durable->group_count);
    for (uint32_t g = 0; g < fold->durable->group_count; g++) {
        const rz_row_group *group = &fold->durable->groups[g];
        bool deletes = rows_any_missing(fold, group);
        bool overlays = rows_any_overlay(fold, group);
        rows_put_u32(out, group->base_rows);
        rz_str_append_char(out, (char)((deletes ? ROWS_FLAG_DELETED : 0) | (overlays ? ROWS_FLAG_OVERLAYS : 0)));
        if (deletes) {
            rows_encode_deletes(fold, group, out);
        }
        if (overlays) {
            rows_encode_overlays(fold, group, out);
        }
        for (uint32_t i = 0; i < fold->column_count; i++) {
            if (!rows_fold_wants(fold, i)) {
                continue;
            }
            const rz_segment *data = group->base->segments[i]->data;
            rz_segment_encode(data, out);
            if (rz_segment_overlaid(data)) {
                rz_segment_overlay_encode(data, out);
            }
        }
    }
    for (uint32_t i = 0; i < fold->column_count; i++) {
        for (uint32_t r = 0; rows_fold_wants(fold, i) && rows->sketches[i] != NULL && r < RZ_SKETCH_REGISTERS; r++) {
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
        if (!rz_stamps_prepare_delete(group->stamps, row, 0)) {
            return rz_error_no_memory(err, "opening a table");
        }
        rz_stamps_set_deleted(group->stamps, row, 0);
        atomic_fetch_add_explicit(&rows->deletes, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&rows->committed_deletes, 1, memory_order_relaxed);
    }
    return RUZU_OK;
}

/* What stands behind a column of the base becomes an overlay of it. */
static ruzu_status rows_decode_overlay(rz_row_base *base, uint32_t column, rows_claim *claim, rz_reader *reader, rz_error *err)
{
    rz_row_segment *under = base->segments[column];
    rz_row_segment *segment = NULL;
    base->segments[column] = NULL;
    ruzu_status status = rz_row_base_add(base, column, &segment, err);
    if (status != RUZU_OK) {
        base->segments[column] = under;
        return status;
    }
    segment->under = under; /* its reference moves */
    RZ_TRY(rz_segment_overlay_decode(reader, under->data, &base->home->pages, &base->home->arena, &segment->data, err));
    return rz_segment_overlay_each_range(segment->data, rows_claim_range, claim, err);
}

static ruzu_status rows_decode_group(rz_rows *rows, rz_row_group *group, uint32_t count, rz_reader *reader, rz_error *err)
{
    uint32_t group_rows = rz_read_u32(reader);
    uint8_t flags = rz_read_u8(reader);
    if (reader->failed || group_rows != count || (flags & ~(ROWS_FLAG_DELETED | ROWS_FLAG_OVERLAYS)) != 0) {
        return rows_corrupt(rows, err);
    }
    group->base_rows = count;
    if (flags & ROWS_FLAG_DELETED) {
        RZ_TRY(rows_decode_deletes(rows, group, reader, err));
    }
    const uint8_t *overlays = (flags & ROWS_FLAG_OVERLAYS) == 0 ? NULL : (const uint8_t *)rz_read_bytes(reader, (rows->column_count + (size_t)7) / 8);
    if ((flags & ROWS_FLAG_OVERLAYS) != 0 && overlays == NULL) {
        return rows_corrupt(rows, err);
    }
    group->base = rz_row_base_create(rows, rows->column_count);
    RZ_TRY_ALLOC(group->base, err, "opening a table");
    group->base->rows = count;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        rows_claim claim = {rows->env.disk, rows->column_texts[i]};
        rz_row_segment *segment;
        RZ_TRY(rz_row_base_add(group->base, i, &segment, err));
        RZ_TRY(rz_segment_decode(reader, rows->columns[i].type, &group->base->home->arena, &segment->data, err));
        if (rz_segment_rows(segment->data) < count) {
            return rows_corrupt(rows, err);
        }
        RZ_TRY(rz_segment_each_range(segment->data, rows_claim_range, &claim, err));
        if (overlays != NULL && (overlays[i / 8] >> (i % 8) & 1) != 0) {
            RZ_TRY(rows_decode_overlay(group->base, i, &claim, reader, err));
        }
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
