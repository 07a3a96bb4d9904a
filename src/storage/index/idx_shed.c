/* SPDX-License-Identifier: MIT */
/*
 * Shedding: the in-memory entries go to pages in the middle of a transaction, so that it may insert more keys than memory holds.
 *
 * Entries of rows that only the open transaction has go to levels of its own: a rollback takes them out again, a commit leaves them where they are. Few of them
 * exist at a time, for they are merged with each other. Other entries (of rows that were there before: changed keys, places used again, inserts since
 * the last checkpoint) go to a level that stays whatever becomes of the transaction: an entry is a hint, which may lead nowhere.
 */
#include "storage/index/idx.h"

#define IDX_SHED_LEAST 1024u /* other entries that are worth a level; fewer stay in memory */

/* Of table's entries with offsets in [first, end), and of levels [0, count), one level; *out is NULL when there is none. */
static ruzu_status idx_shed_level(rz_idx *idx, const rz_idx_table *table, uint64_t first, uint64_t end, rz_idx_level *const *levels, uint32_t count,
                                  uint64_t least, rz_idx_level **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_idx_table_source source = {0};
    rz_idx_merge_source merge = {0};
    rz_idx_level_cursor *cursors[RZ_IDX_OWN_LEVELS] = {0};
    rz_idx_level_source entries = {0}, all = {0};
    *out = NULL;
    RZ_TRY_GOTO(rz_idx_table_source_init(&source, idx->mem, table, first, end, &entries, err));
    if (entries.count < least || entries.count == 0) {
        goto cleanup;
    }
    merge.inputs[merge.count++] = entries;
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY_GOTO(rz_idx_level_cursor_create(idx, levels[i], &cursors[i], err));
        merge.inputs[merge.count++] = rz_idx_level_cursor_source(cursors[i], levels[i]);
    }
    RZ_TRY_GOTO(rz_idx_merge_source_init(&merge, idx->mem, &all, err));
    RZ_TRY_GOTO(rz_idx_level_write(idx, &all, out, err));
    rz_extents_hold(&(*out)->extents, idx->disk); /* until a directory names it */
cleanup:
    rz_idx_merge_source_deinit(&merge);
    for (uint32_t i = 0; i < count; i++) {
        rz_idx_level_cursor_free(cursors[i]);
    }
    rz_idx_table_source_deinit(&source);
    return status;
}

/* The entries that stay in memory: those of rows before row_first. */
static ruzu_status idx_shed_rest(rz_idx *idx, const rz_idx_table *from, uint64_t row_first, rz_idx_table *table, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    for (uint32_t part = 0; part < RZ_IDX_PARTS && status == RUZU_OK; part++) {
        uint64_t capacity = rz_idx_table_part_capacity(from, part);
        uint64_t *entries = capacity == 0 ? NULL : (uint64_t *)rz_mem_alloc(idx->mem, capacity * sizeof *entries);
        if (capacity == 0) {
            continue;
        }
        RZ_TRY_ALLOC(entries, err, "adding keys to an index");
        uint64_t count = rz_idx_table_copy_part(from, part, 0, row_first, entries);
        for (uint64_t i = 0; i < count && status == RUZU_OK; i++) {
            status = rz_idx_table_insert_copied(table, part, entries[i], err);
        }
        rz_mem_free(idx->mem, entries, capacity * sizeof *entries);
    }
    return status;
}

static bool idx_is_own(const rz_idx *idx, const rz_idx_level *level)
{
    for (uint32_t i = 0; i < idx->own_count; i++) {
        if (idx->own[i] == level) {
            return true;
        }
    }
    return false;
}

/* The current version without the transaction's levels, and with `own` and `other` (NULL: none) in front, becomes `fresh`. Under the lock; returns the one before. */
static rz_idx_version *idx_shed_replace(rz_idx *idx, rz_idx_version *fresh, bool keep_own, rz_idx_level *own, rz_idx_level *other)
{
    rz_idx_version *old = idx->current;
    if (own != NULL) {
        rz_idx_version_add(fresh, own);
    }
    if (other != NULL) {
        rz_idx_version_add(fresh, other);
    }
    for (uint32_t i = 0; i < old->level_count; i++) {
        if (keep_own || !idx_is_own(idx, old->levels[i])) {
            rz_idx_version_add(fresh, old->levels[i]);
        }
    }
    fresh->frozen = old->frozen;
    if (fresh->frozen != NULL) {
        rz_idx_table_acquire(fresh->frozen);
    }
    idx->current = fresh;
    return old;
}

static void idx_drop_own(rz_idx *idx)
{
    for (uint32_t i = 0; i < idx->own_count; i++) {
        rz_idx_level_release(idx, idx->own[i]);
    }
    idx->own_count = 0;
}

/* Publishes the two levels (the references move on success) and the table. */
static void idx_shed_publish(rz_idx *idx, rz_idx_version *fresh, rz_idx_table *table, bool merged, rz_idx_level *own, rz_idx_level *other)
{
    table->shared = true;
    rz_mutex_lock(&idx->lock);
    rz_idx_version *old = idx_shed_replace(idx, fresh, !merged, own, other);
    fresh->table = table;
    rz_mutex_unlock(&idx->lock);
    if (merged) {
        idx_drop_own(idx);
    }
    if (own != NULL) {
        idx->own[idx->own_count++] = own;
    }
    if (other != NULL) {
        rz_idx_level_release(idx, other);
    }
    rz_idx_unpin(idx, old);
}

ruzu_status rz_idx_shed(rz_idx *idx, uint64_t row_first, bool *out_shed, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_idx_table *table = NULL;
    rz_idx_version *fresh = NULL;
    rz_idx_level *own = NULL, *other = NULL;
    bool full = rz_idx_is_full(idx);
    bool merged = full || idx->own_count == RZ_IDX_OWN_LEVELS;
    *out_shed = false;
    if (full && idx->own_count < 2) {
        return RUZU_OK; /* the next checkpoint makes room */
    }
    const rz_idx_table *entries = idx->current->table; /* ours to change; a version replaces it only here and in a fold */
    if (idx->spare == NULL) {
        idx->spare = rz_idx_version_create(idx);
    }
    fresh = rz_idx_version_create(idx);
    if (fresh == NULL || idx->spare == NULL) {
        status = rz_error_no_memory(err, "adding keys to an index");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_idx_table_create(idx->mem, &table, err));
    RZ_TRY_GOTO(idx_shed_level(idx, entries, row_first, UINT64_MAX, idx->own, merged ? idx->own_count : 0, 1, &own, err));
    merged = merged && own != NULL;
    if (!full) {
        RZ_TRY_GOTO(idx_shed_level(idx, entries, 0, row_first, NULL, 0, IDX_SHED_LEAST, &other, err));
    }
    if (other == NULL) {
        RZ_TRY_GOTO(idx_shed_rest(idx, entries, row_first, table, err));
    }
    idx_shed_publish(idx, fresh, table, merged, own, other);
    *out_shed = true;
    return RUZU_OK;
cleanup:
    if (own != NULL) {
        rz_idx_level_release(idx, own);
    }
    if (other != NULL) {
        rz_idx_level_release(idx, other);
    }
    rz_idx_table_free(table);
    rz_mem_free(idx->mem, fresh, sizeof *fresh);
    return status;
}

void rz_idx_shed_commit(rz_idx *idx)
{
    idx_drop_own(idx);
    rz_mem_free(idx->mem, idx->spare, sizeof *idx->spare);
    idx->spare = NULL;
}

void rz_idx_shed_rollback(rz_idx *idx)
{
    if (idx->own_count != 0) {
        rz_mutex_lock(&idx->lock);
        rz_idx_version *fresh = idx->spare;
        rz_idx_version *old = idx_shed_replace(idx, fresh, false, NULL, NULL);
        fresh->table = old->table;
        rz_idx_table_acquire(fresh->table);
        rz_mutex_unlock(&idx->lock);
        idx->spare = NULL;
        rz_idx_unpin(idx, old);
    }
    rz_idx_shed_commit(idx);
}
