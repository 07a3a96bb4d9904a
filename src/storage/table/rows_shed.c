/* SPDX-License-Identifier: MIT */
/*
 * Shedding updates: what the open transaction set goes to pages before it ends, so that it may update more rows than memory holds.
 *
 * A column of a group that it has patched is written as a whole, with the values that the transaction sees: a segment of an overlay. The patches behind it are
 * dropped; those of others stay below, for older snapshots. One stamp serves all overlays of a transaction. A checkpoint that comes to an overlay which nothing
 * was set over takes its segment as it is.
 *
 * Rollback returns to a version without anything of the transaction (rows->before).
 */
#include "storage/table/rows.h"

#define SHED_BUDGETS 2u
#define SHED_DEPTH 32u      /* overlays above each other: more wait for a checkpoint */
#define SHED_NODE_BYTES 48u /* of a patched row, beside its value */

void rz_patch_overlay_release(rz_patch_overlay *overlay)
{
    if (overlay != NULL && atomic_fetch_sub_explicit(&overlay->refs, 1, memory_order_acq_rel) == 1) {
        rz_patch_release(overlay->stamp);
        rz_row_base_release(overlay->owner, overlay->base);
        rz_mem_free(overlay->owner->env.mem, overlay, sizeof *overlay);
    }
}

const rz_row_segment *rz_patch_overlay_segment(const rz_patch_overlay *overlay, uint32_t column)
{
    return overlay == NULL ? NULL : rz_row_base_segment(overlay->base, column);
}

const rz_patches *rz_rows_overlaid(const rz_row_group *group, uint32_t column, const rz_snapshot *snapshot)
{
    for (const rz_patches *patches = group->patches; patches != NULL; patches = patches->below) {
        if (rz_patch_overlay_segment(patches->overlay, column) != NULL && rz_stamp_visible(rz_patch_overlay_stamp(patches->overlay), snapshot)) {
            return patches;
        }
    }
    return NULL;
}

rz_row_segment *rz_rows_adoptable(const rz_row_group *group, uint32_t column, const rz_snapshot *snapshot, uint32_t count)
{
    const rz_patches *found = rz_rows_overlaid(group, column, snapshot);
    if (found == NULL || found->overlay->rows < count) {
        return NULL;
    }
    for (const rz_patches *patches = group->patches;; patches = patches->below) {
        for (uint32_t block = 0; block < RZ_GROUP_BLOCKS; block++) {
            if (rz_patches_table(patches, column, block) != NULL) {
                return NULL;
            }
        }
        if (patches == found) {
            return found->overlay->base->segments[column];
        }
    }
}

/* ---- what the transaction did ---- */

static void rows_changes_drop(rz_rows_changes *changes)
{
    for (uint32_t i = 0; i < changes->patches.count; i++) {
        rz_patch_release(changes->patches.items[i]);
    }
    changes->patches.count = 0;
    changes->bytes = 0;
}

static void rows_changes_end(rz_rows_changes *changes, uint64_t stamp)
{
    rz_rows *rows = changes->rows;
    rz_mutex_lock(&rows->write_lock);
    for (uint32_t i = 0; i < changes->patches.count; i++) {
        atomic_store_explicit(&changes->patches.items[i]->stamp, stamp, memory_order_release);
    }
    if (changes->marker != NULL) {
        atomic_store_explicit(&changes->marker->stamp, stamp, memory_order_release);
    }
    if (stamp != RZ_STAMP_NEVER) {
        rz_rows_note_change(rows, stamp);
    }
    rows->changes = NULL;
    rz_mutex_unlock(&rows->write_lock);
    rows_changes_drop(changes);
    RZ_LIST_FREE(&changes->patches, rows->env.mem);
    rz_patch_release(changes->marker);
}

static void rows_changes_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rows_changes_end((rz_rows_changes *)undo, commit_timestamp);
}

static void rows_changes_rollback(rz_undo *undo)
{
    rows_changes_end((rz_rows_changes *)undo, RZ_STAMP_NEVER);
}

ruzu_status rz_rows_changes_reserve(rz_rows *rows, rz_writer *writer, rz_error *err)
{
    if (rows->changes == NULL) {
        rz_rows_changes *changes = RZ_NEW(writer->arena, rz_rows_changes);
        RZ_TRY_ALLOC(changes, err, "updating rows");
        changes->head = (rz_undo){.next = writer->undo, .commit = rows_changes_commit, .rollback = rows_changes_rollback};
        changes->rows = rows;
        writer->undo = &changes->head;
        rows->changes = changes;
    }
    return RZ_LIST_RESERVE(&rows->changes->patches, rows->env.mem, 1) ? RUZU_OK : rz_error_no_memory(err, "updating rows");
}

void rz_rows_changes_add(rz_rows *rows, rz_patch *patch)
{
    rz_rows_changes *changes = rows->changes;
    changes->patches.items[changes->patches.count++] = patch;
    changes->bytes += patch->size + (uint64_t)patch->count * SHED_NODE_BYTES;
}

/* ---- shedding ---- */

/* The version without anything of the transaction; the same one when there is nothing. NULL: no memory. */
static rz_rows_version *shed_clean_version(rz_rows *rows, rz_rows_version *version, uint64_t own_stamp)
{
    rz_rows_version *clean = rz_rows_version_clone(rows, version);
    for (uint32_t g = 0; clean != NULL && g < clean->group_count; g++) {
        rz_patches *patches = clean->groups[g].patches;
        rz_patches *rest = NULL;
        if (patches == NULL || !rz_patches_has(patches, own_stamp)) {
            continue;
        }
        if (!rz_patches_rebuild(patches, patches->folded, 0, patches->column_count, own_stamp, &rest)) {
            rz_rows_unpin(rows, clean);
            return NULL;
        }
        rz_patches_release(patches);
        clean->groups[g].patches = rest;
    }
    return clean;
}

static ruzu_status shed_columns(rz_rows_reader *reader, uint32_t g, const rz_patches *patches, const rz_patch *marker, rz_row_base *base, rz_error *err)
{
    const rz_patch_overlay *before = patches->overlay != NULL && patches->overlay->stamp == marker ? patches->overlay : NULL;
    uint32_t count = (uint32_t)base->rows;
    for (uint32_t i = 0; i < reader->column_count; i++) {
        rz_row_segment *old = before == NULL || i >= before->base->column_count ? NULL : before->base->segments[i];
        if (!rz_patches_sets(patches, i, reader->snapshot.own_stamp) && (old == NULL || before->rows == count)) {
            base->segments[i] = old;
            if (old != NULL) {
                atomic_fetch_add_explicit(&old->refs, 1, memory_order_relaxed);
            }
            continue;
        }
        RZ_TRY(rz_rows_build_column(reader, i, (uint64_t)g * RZ_ROW_GROUP_ROWS, count, false, base, err));
        rz_row_segment_hold(reader->rows, base->segments[i], NULL); /* until a directory names it */
        rz_rows_reader_release(reader);
    }
    return RUZU_OK;
}

/* Group g of fresh gets an overlay in place of the transaction's patches. */
static ruzu_status shed_group(rz_rows_reader *reader, rz_rows_version *fresh, uint32_t g, rz_patch *marker, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows *rows = reader->rows;
    rz_row_group *group = &fresh->groups[g];
    uint64_t left = reader->end - (uint64_t)g * RZ_ROW_GROUP_ROWS;
    rz_patches *patches = NULL, *rest = NULL;
    rz_patch_overlay *overlay = NULL;
    rz_row_base *base = rz_row_base_create(rows, reader->column_count);
    RZ_TRY_ALLOC(base, err, "updating rows");
    base->rows = left < RZ_ROW_GROUP_ROWS ? left : RZ_ROW_GROUP_ROWS;
    RZ_TRY_GOTO(shed_columns(reader, g, group->patches, marker, base, err));
    patches = rz_patches_create(rows->env.mem, group->patches->column_count, group->patches->folded);
    overlay = (rz_patch_overlay *)rz_mem_calloc(rows->env.mem, 1, sizeof *overlay);
    if (patches == NULL || overlay == NULL ||
        !rz_patches_rebuild(group->patches, group->patches->folded, 0, group->patches->column_count, reader->snapshot.own_stamp, &rest)) {
        status = rz_error_no_memory(err, "updating rows");
        goto cleanup;
    }
    atomic_init(&overlay->refs, 1);
    overlay->rows = (uint32_t)base->rows;
    overlay->owner = rows;
    overlay->base = base;
    overlay->stamp = marker;
    atomic_fetch_add_explicit(&marker->refs, 1, memory_order_relaxed);
    patches->below = rest;
    patches->overlay = overlay;
    rz_patches_release(group->patches);
    group->patches = patches;
    return RUZU_OK;
cleanup:
    rz_mem_free(rows->env.mem, overlay, sizeof *overlay);
    rz_patches_release(patches);
    rz_row_base_release(rows, base);
    return status;
}

/* All groups that the transaction has patches in; the version that is to become the current one. */
static ruzu_status shed_groups(rz_rows *rows, const rz_writer *writer, rz_patch *marker, rz_rows_version **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows_reader reader;
    *out = NULL;
    RZ_TRY(rz_rows_reader_init(&reader, rows, &writer->snapshot, rows->env.mem, err));
    rz_rows_version *fresh = rz_rows_version_clone(rows, rows->current);
    if (fresh == NULL) {
        status = rz_error_no_memory(err, "updating rows");
    }
    for (uint32_t g = 0; status == RUZU_OK && g < fresh->group_count; g++) {
        const rz_patches *patches = fresh->groups[g].patches;
        if (patches != NULL && rz_patches_patched_by(patches, writer->snapshot.own_stamp)) {
            status = shed_group(&reader, fresh, g, marker, err);
        }
    }
    rz_rows_reader_deinit(&reader);
    if (status != RUZU_OK) {
        rz_rows_unpin(rows, fresh);
        return status;
    }
    *out = fresh;
    return RUZU_OK;
}

/* Whether there is room for a further overlay everywhere. */
static bool shed_is_possible(const rz_rows *rows, uint64_t own_stamp)
{
    for (uint32_t g = 0; g < rows->current->group_count; g++) {
        const rz_patches *patches = rows->current->groups[g].patches;
        if (patches != NULL && rz_patches_depth(patches) >= SHED_DEPTH && rz_patches_patched_by(patches, own_stamp)) {
            return false;
        }
    }
    return true;
}

ruzu_status rz_rows_consider_shed(rz_rows *rows, rz_writer *writer, rz_error *err)
{
    rz_rows_changes *changes = rows->changes;
    rz_rows_version *fresh = NULL;
    if (changes == NULL || changes->bytes <= SHED_BUDGETS * rz_table_change_budget(&rows->env) || !shed_is_possible(rows, writer->snapshot.own_stamp)) {
        return RUZU_OK;
    }
    if (changes->marker == NULL) {
        changes->marker = rz_patch_create_empty(rows->env.mem, writer->snapshot.own_stamp);
        RZ_TRY_ALLOC(changes->marker, err, "updating rows");
    }
    rz_rows_version *clean = shed_clean_version(rows, rows->before != NULL ? rows->before : rows->current, writer->snapshot.own_stamp);
    RZ_TRY_ALLOC(clean, err, "updating rows");
    ruzu_status status = rz_rows_push_before(rows, writer, err);
    if (status != RUZU_OK) {
        rz_rows_unpin(rows, clean);
        return status;
    }
    rz_rows_unpin(rows, rows->before);
    rows->before = clean;
    RZ_TRY(shed_groups(rows, writer, changes->marker, &fresh, err));
    rz_rows_publish(rows, fresh);
    rows_changes_drop(changes);
    return RUZU_OK;
}
