/* SPDX-License-Identifier: MIT */
/*
 * Versions of the index: creating, pinning, changing, folding.
 *
 * Invariants
 *   (1) A version's levels and table are never taken away from it: changing means publishing another version.
 *   (2) The levels a directory names are in every version published after it, until the next fold.
 *   (3) Levels of uncommitted loads, and those that a transaction shed for itself (idx_shed.c), hold offsets at or beyond the end of the committed rows only,
 *       so a fold can tell them by min_offset. A level shed of other entries may hold offsets on both sides of a fold's end: the fold takes a part of it.
 */
#include "storage/index/idx.h"

#define IDX_SMALL_LOAD 1024u /* keys that do not get a level of their own */

/* ---- versions ---- */

rz_idx_version *rz_idx_version_create(rz_idx *idx)
{
    rz_idx_version *version = (rz_idx_version *)rz_mem_calloc(idx->mem, 1, sizeof *version);
    if (version != NULL) {
        atomic_init(&version->refs, 1);
    }
    return version;
}

rz_idx_version *rz_idx_pin(rz_idx *idx)
{
    rz_mutex_lock(&idx->lock);
    rz_idx_version *version = idx->current;
    atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed);
    rz_mutex_unlock(&idx->lock);
    return version;
}

void rz_idx_unpin(rz_idx *idx, rz_idx_version *version)
{
    if (version == NULL || atomic_fetch_sub_explicit(&version->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < version->level_count; i++) {
        rz_idx_level_release(idx, version->levels[i]);
    }
    rz_idx_table_free(version->table);
    rz_idx_table_free(version->frozen);
    rz_mem_free(idx->mem, version, sizeof *version);
}

void rz_idx_version_add(rz_idx_version *version, rz_idx_level *level)
{
    RZ_ASSERT(version->level_count < RZ_IDX_MAX_LEVELS);
    atomic_fetch_add_explicit(&level->refs, 1, memory_order_relaxed);
    version->levels[version->level_count++] = level;
}

bool rz_idx_version_has(const rz_idx_version *version, const rz_idx_level *level)
{
    for (uint32_t i = 0; i < version->level_count; i++) {
        if (version->levels[i] == level) {
            return true;
        }
    }
    return false;
}

ruzu_status rz_idx_create(rz_mem *mem, rz_disk *disk, rz_pool *pool, const char *what, rz_idx **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    size_t what_size = strlen(what) + 1;
    *out = NULL;
    rz_idx *idx = (rz_idx *)rz_mem_calloc(mem, 1, sizeof *idx);
    RZ_TRY_ALLOC(idx, err, "creating an index");
    idx->mem = mem;
    idx->disk = disk;
    idx->pool = pool;
    idx->what_size = what_size;
    char *copy = (char *)rz_mem_alloc(mem, what_size);
    idx->what = copy;
    idx->current = rz_idx_version_create(idx);
    if (copy == NULL || idx->current == NULL) {
        status = rz_error_no_memory(err, "creating an index");
        goto cleanup;
    }
    memcpy(copy, what, what_size);
    RZ_TRY_GOTO(rz_idx_table_create(mem, &idx->current->table, err));
    idx->current->table->shared = true;
    if (rz_mutex_init(&idx->lock) != RUZU_OK) {
        status = rz_error_no_memory(err, "creating an index");
        goto cleanup;
    }
    *out = idx;
    return RUZU_OK;
cleanup:
    if (idx->current != NULL) {
        rz_idx_unpin(idx, idx->current);
    }
    rz_mem_free(mem, copy, what_size);
    rz_mem_free(mem, idx, sizeof *idx);
    return status;
}

void rz_idx_destroy(rz_idx *idx, bool give_back)
{
    if (idx == NULL) {
        return;
    }
    idx->keep_pages = !give_back;
    rz_idx_unpin(idx, idx->current);
    rz_mutex_destroy(&idx->lock);
    rz_mem_free(idx->mem, (void *)(uintptr_t)idx->what, idx->what_size);
    rz_mem_free(idx->mem, idx, sizeof *idx);
}

ruzu_status rz_idx_open(rz_mem *mem, rz_disk *disk, rz_pool *pool, const char *what, rz_reader *reader, uint64_t row_end, rz_idx **out, rz_error *err)
{
    rz_idx *idx = NULL;
    *out = NULL;
    RZ_TRY(rz_idx_create(mem, disk, pool, what, &idx, err));
    uint32_t count = rz_read_u32(reader);
    ruzu_status status = RUZU_OK;
    if (reader->failed || count > RZ_IDX_MAX_LEVELS) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list of index levels is damaged.", what);
        goto cleanup;
    }
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY_GOTO(rz_idx_level_decode(idx, reader, row_end, false, &idx->current->levels[i], err));
        idx->current->level_count++;
    }
    *out = idx;
    idx = NULL;
cleanup:
    rz_idx_destroy(idx, false);
    return status;
}

bool rz_idx_is_empty(rz_idx *idx)
{
    rz_mutex_lock(&idx->lock);
    bool empty = idx->current->level_count == 0 && rz_idx_table_count(idx->current->table) == 0 && idx->current->frozen == NULL;
    rz_mutex_unlock(&idx->lock);
    return empty;
}

uint64_t rz_idx_memory_bytes(rz_idx *idx)
{
    rz_mutex_lock(&idx->lock);
    uint64_t bytes = atomic_load_explicit(&idx->current->table->bytes, memory_order_relaxed);
    if (idx->current->frozen != NULL) {
        bytes += atomic_load_explicit(&idx->current->frozen->bytes, memory_order_relaxed);
    }
    rz_mutex_unlock(&idx->lock);
    return bytes;
}

void rz_idx_stats_get(rz_idx *idx, rz_idx_stats *out)
{
    rz_idx_version *version = rz_idx_pin(idx);
    *out = (rz_idx_stats){.memory_entries = rz_idx_table_count(version->table), .level_count = version->level_count};
    out->memory_entries += version->frozen == NULL ? 0 : rz_idx_table_count(version->frozen);
    for (uint32_t i = 0; i < version->level_count; i++) {
        out->level_entries += version->levels[i]->count;
        out->level_pages += version->levels[i]->extents.page_count;
    }
    rz_idx_unpin(idx, version);
}

/* ---- writing ---- */

ruzu_status rz_idx_insert(rz_idx *idx, const uint64_t *hashes, uint32_t count, uint64_t first_offset, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&idx->lock); /* a checkpoint must not replace the table meanwhile */
    rz_idx_table *table = idx->current->table;
    for (uint32_t i = 0; i < count && status == RUZU_OK; i++) {
        if (i + 8 < count) {
            rz_idx_table_prefetch(table, hashes[i + 8]);
        }
        status = rz_idx_table_insert(table, hashes[i], first_offset + i, err);
    }
    rz_mutex_unlock(&idx->lock);
    return status;
}

ruzu_status rz_idx_insert_each(rz_idx *idx, const uint64_t *hashes, const uint64_t *offsets, uint32_t count, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&idx->lock);
    rz_idx_table *table = idx->current->table;
    for (uint32_t i = 0; i < count && status == RUZU_OK; i++) {
        if (i + 8 < count) {
            rz_idx_table_prefetch(table, hashes[i + 8]);
        }
        status = rz_idx_table_insert(table, hashes[i], offsets[i], err);
    }
    if (RZ_MUTANT_IS(24) && status != RUZU_OK) {
        return status;
    }
    rz_mutex_unlock(&idx->lock);
    return status;
}

void rz_idx_remove_each(rz_idx *idx, const uint64_t *hashes, const uint64_t *offsets, uint32_t count)
{
    rz_mutex_lock(&idx->lock);
    for (uint32_t i = 0; i < count; i++) {
        rz_idx_table_remove(idx->current->table, hashes[i], offsets[i]);
    }
    rz_mutex_unlock(&idx->lock);
}

void rz_idx_remove(rz_idx *idx, const uint64_t *hashes, uint32_t count, uint64_t first_offset)
{
    rz_mutex_lock(&idx->lock);
    for (uint32_t i = 0; i < count; i++) {
        rz_idx_table_remove(idx->current->table, hashes[i], first_offset + i);
    }
    rz_mutex_unlock(&idx->lock);
}

struct rz_idx_added {
    rz_idx *idx;
    rz_idx_level *level;   /* with a reference; NULL: the entries went to the table */
    rz_idx_version *spare; /* what rollback publishes; owned */
    uint64_t *entries;     /* those in the table; arena */
    uint8_t *parts;        /* arena */
    uint32_t count;
};

/* The entries of a small load into the in-memory part. */
static ruzu_status idx_add_entries(rz_idx *idx, const rz_idx_table *table, rz_arena *arena, rz_idx_added *added, rz_error *err)
{
    uint64_t count = rz_idx_table_count(table);
    added->entries = RZ_NEW_ARRAY(arena, uint64_t, count);
    added->parts = RZ_NEW_ARRAY(arena, uint8_t, count);
    if (added->entries == NULL || added->parts == NULL) {
        return rz_error_no_memory(err, "adding keys to an index");
    }
    for (uint32_t part = 0; part < RZ_IDX_PARTS; part++) {
        uint64_t copied = rz_idx_table_copy_part(table, part, 0, UINT64_MAX, added->entries + added->count);
        memset(added->parts + added->count, (int)part, copied);
        added->count += (uint32_t)copied;
    }
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&idx->lock);
    for (uint32_t i = 0; i < added->count && status == RUZU_OK; i++) {
        status = rz_idx_table_insert_copied(idx->current->table, added->parts[i], added->entries[i], err);
    }
    rz_mutex_unlock(&idx->lock);
    return status;
}

/* A version like the current one, with level in front and without any level that is `without`. Under the lock. */
static rz_idx_version *idx_replace_current(rz_idx *idx, rz_idx_version *fresh, rz_idx_level *first, const rz_idx_level *without)
{
    rz_idx_version *old = idx->current;
    if (first != NULL) {
        rz_idx_version_add(fresh, first);
    }
    for (uint32_t i = 0; i < old->level_count; i++) {
        if (old->levels[i] != without) {
            rz_idx_version_add(fresh, old->levels[i]);
        }
    }
    fresh->table = old->table;
    rz_idx_table_acquire(fresh->table);
    fresh->frozen = old->frozen;
    if (fresh->frozen != NULL) {
        rz_idx_table_acquire(fresh->frozen);
    }
    idx->current = fresh;
    return old;
}

ruzu_status rz_idx_add_entries(rz_idx *idx, const rz_idx_table *table, rz_arena *arena, rz_idx_added **out_added, rz_error *err)
{
    *out_added = NULL;
    if (rz_idx_table_count(table) == 0) {
        return RUZU_OK;
    }
    rz_idx_added *added = RZ_NEW(arena, rz_idx_added);
    RZ_TRY_ALLOC(added, err, "adding keys to an index");
    added->idx = idx;
    *out_added = added; /* after a failure too: it says what there is to take back */
    return idx_add_entries(idx, table, arena, added, err);
}

/* A fold needs room too; it will merge the levels. */
bool rz_idx_is_full(rz_idx *idx)
{
    rz_mutex_lock(&idx->lock);
    bool full = idx->current->level_count + 4 > RZ_IDX_MAX_LEVELS;
    rz_mutex_unlock(&idx->lock);
    return full;
}

/* Puts a level (the reference is added's) into the current version; on failure added has none. */
static ruzu_status idx_publish_level(rz_idx *idx, rz_idx_added *added, rz_idx_level *level, rz_error *err)
{
    rz_idx_version *fresh = rz_idx_version_create(idx);
    added->spare = rz_idx_version_create(idx);
    if (fresh == NULL || added->spare == NULL) {
        rz_mem_free(idx->mem, fresh, sizeof *fresh);
        rz_mem_free(idx->mem, added->spare, sizeof *added->spare);
        rz_idx_level_release(idx, level);
        return rz_error_no_memory(err, "adding keys to an index");
    }
    added->level = level;
    rz_mutex_lock(&idx->lock);
    rz_idx_version *old = idx_replace_current(idx, fresh, level, NULL);
    rz_mutex_unlock(&idx->lock);
    rz_idx_unpin(idx, old);
    return RUZU_OK;
}

ruzu_status rz_idx_add_level(rz_idx *idx, const rz_idx_table *table, rz_arena *arena, rz_idx_added **out_added, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_idx_table_source source = {0};
    rz_idx_level_source entries;
    rz_idx_level *level = NULL;
    uint64_t count = rz_idx_table_count(table);
    if (count < IDX_SMALL_LOAD || (count < UINT32_MAX && rz_idx_is_full(idx))) {
        return rz_idx_add_entries(idx, table, arena, out_added, err);
    }
    *out_added = NULL;
    rz_idx_added *added = RZ_NEW(arena, rz_idx_added);
    RZ_TRY_ALLOC(added, err, "adding keys to an index");
    added->idx = idx;
    RZ_TRY_GOTO(rz_idx_table_source_init(&source, idx->mem, table, 0, UINT64_MAX, &entries, err));
    RZ_TRY_GOTO(rz_idx_level_write(idx, &entries, &level, err));
    RZ_TRY_GOTO(idx_publish_level(idx, added, level, err));
    *out_added = added;
cleanup:
    rz_idx_table_source_deinit(&source);
    return status;
}

const rz_extents *rz_idx_added_encode(const rz_idx_added *added, rz_str *out)
{
    if (added == NULL || added->level == NULL) {
        return NULL;
    }
    rz_idx_level_encode(added->level, out);
    return &added->level->extents;
}

ruzu_status rz_idx_replay_level(rz_idx *idx, rz_reader *reader, uint64_t row_first, uint64_t row_end, rz_arena *arena,
                                rz_idx_added **out_added, rz_error *err)
{
    rz_idx_level *level = NULL;
    *out_added = NULL;
    rz_idx_added *added = RZ_NEW(arena, rz_idx_added);
    RZ_TRY_ALLOC(added, err, "adding keys to an index");
    added->idx = idx;
    RZ_TRY(rz_idx_level_decode(idx, reader, row_end, true, &level, err));
    if (level->min_offset < row_first) {
        rz_idx_level_release(idx, level);
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: an index level is damaged.", idx->what);
    }
    if (rz_idx_is_full(idx)) {
        rz_idx_level_release(idx, level);
        return RUZU_OK;
    }
    RZ_TRY(idx_publish_level(idx, added, level, err));
    *out_added = added;
    return RUZU_OK;
}

void rz_idx_added_commit(rz_idx_added *added)
{
    if (added == NULL || added->level == NULL) {
        return;
    }
    rz_mem_free(added->idx->mem, added->spare, sizeof *added->spare);
    rz_idx_level_release(added->idx, added->level);
    added->level = NULL;
}

void rz_idx_added_rollback(rz_idx_added *added)
{
    if (added == NULL) {
        return;
    }
    rz_idx *idx = added->idx;
    rz_idx_version *old = NULL;
    rz_mutex_lock(&idx->lock);
    if (added->level == NULL) {
        for (uint32_t i = 0; i < added->count; i++) {
            rz_idx_table_remove_copied(idx->current->table, added->parts[i], added->entries[i]);
        }
        added->count = 0;
    } else {
        old = idx_replace_current(idx, added->spare, NULL, added->level);
    }
    rz_mutex_unlock(&idx->lock);
    if (old != NULL) {
        rz_idx_unpin(idx, old);
        rz_idx_level_release(idx, added->level);
        added->level = NULL;
    }
}

/* ---- folding ---- */

struct rz_idx_fold {
    rz_idx *idx;
    uint64_t row_end;
    rz_idx_version *base;    /* pinned */
    rz_idx_version *durable; /* the levels the directory names; owned, table NULL until published */
};

void rz_idx_fold_abort(rz_idx_fold *fold)
{
    if (fold == NULL) {
        return;
    }
    rz_idx *idx = fold->idx;
    if (fold->durable != NULL) {
        for (uint32_t i = 0; i < fold->durable->level_count; i++) {
            rz_idx_level_release(idx, fold->durable->levels[i]);
        }
        rz_mem_free(idx->mem, fold->durable, sizeof *fold->durable);
    }
    rz_idx_unpin(idx, fold->base);
    rz_mem_free(idx->mem, fold, sizeof *fold);
}

/* Merges the table's entries, and parts of levels, with the newest levels that they outgrow, but for entries of rows that are gone; the others stay as they are. What
 * is gone is asked for after the levels were pinned: an entry that stands there was made after its row was put into its place. */
static ruzu_status idx_fold_levels(rz_idx_fold *fold, rz_idx_level_source *entries, rz_idx_part_source *parts, uint32_t part_count,
                                   rz_idx_level *const *levels, uint32_t level_count, rz_idx_gone_fn gone, void *user, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_idx *idx = fold->idx;
    rz_idx_merge_source merge = {0};
    rz_idx_level_cursor *cursors[RZ_IDX_MAX_LEVELS] = {0};
    rz_idx_part_source kept[RZ_IDX_MAX_LEVELS]; /* with `gone`, instead of cursors */
    rz_idx_level_source all = {0};
    rz_idx_level *written = NULL;
    uint32_t merged = 0; /* levels[0 … merged) are merged */
    uint64_t total = entries->count;
    if (entries->count != 0) {
        merge.inputs[merge.count++] = *entries;
    }
    for (uint32_t i = 0; i < part_count; i++) {
        total += parts[i].source.count;
        merge.inputs[merge.count++] = parts[i].source;
    }
    while (merged < level_count && (levels[merged]->count < RZ_IDX_RATIO * total || level_count - merged > RZ_IDX_MAX_LEVELS / 2)) {
        if (gone != NULL) {
            RZ_TRY_GOTO(rz_idx_part_source_init(&kept[merged], idx, levels[merged], 0, UINT64_MAX, gone, user, err));
            total += kept[merged].source.count;
            if (kept[merged].source.count != 0) {
                kept[merged].source.user = &kept[merged];
                merge.inputs[merge.count++] = kept[merged].source;
            }
            merged++;
            continue;
        }
        total += levels[merged]->count;
        RZ_TRY_GOTO(rz_idx_level_cursor_create(idx, levels[merged], &cursors[merged], err));
        merge.inputs[merge.count++] = rz_idx_level_cursor_source(cursors[merged], levels[merged]);
        merged++;
    }
    if (total != 0) {
        RZ_TRY_GOTO(rz_idx_merge_source_init(&merge, idx->mem, &all, err));
        RZ_TRY_GOTO(rz_idx_level_write(idx, &all, &written, err));
        fold->durable->levels[fold->durable->level_count++] = written; /* our reference moves */
    }
    for (uint32_t i = merged; i < level_count; i++) {
        rz_idx_version_add(fold->durable, levels[i]);
    }
cleanup:
    rz_idx_merge_source_deinit(&merge);
    for (uint32_t i = 0; i < merged; i++) {
        rz_idx_level_cursor_free(cursors[i]);
        if (gone != NULL) {
            rz_idx_part_source_deinit(&kept[i]);
        }
    }
    return status;
}

/* Adds the entries of `from` with offsets from `first` on to a table that others may probe; with `once` those that it has already are left out. Under the
 * lock. */
static ruzu_status idx_copy_entries(rz_idx *idx, rz_idx_table *table, const rz_idx_table *from, uint64_t first, bool once, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    for (uint32_t part = 0; part < RZ_IDX_PARTS && status == RUZU_OK; part++) {
        uint64_t capacity = rz_idx_table_part_capacity(from, part);
        if (capacity == 0) {
            continue;
        }
        uint64_t *entries = (uint64_t *)rz_mem_alloc(idx->mem, capacity * sizeof *entries);
        RZ_TRY_ALLOC(entries, err, "folding an index");
        uint64_t count = rz_idx_table_copy_part(from, part, first, UINT64_MAX, entries);
        for (uint64_t i = 0; i < count && status == RUZU_OK; i++) {
            if (!once || !rz_idx_table_has_copied(table, part, entries[i])) {
                status = rz_idx_table_insert_copied(table, part, entries[i], err);
            }
        }
        rz_mem_free(idx->mem, entries, capacity * sizeof *entries);
    }
    return status;
}

/* Sets the in-memory entries apart, so that nothing is added to what a fold reads; what a failed fold set apart joins them. */
static ruzu_status idx_freeze(rz_idx *idx, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_idx_table *table = NULL;
    rz_idx_version *fresh = rz_idx_version_create(idx);
    RZ_TRY_ALLOC(fresh, err, "folding an index");
    status = rz_idx_table_create(idx->mem, &table, err);
    if (status != RUZU_OK) {
        rz_mem_free(idx->mem, fresh, sizeof *fresh);
        return status;
    }
    table->shared = true;
    rz_mutex_lock(&idx->lock);
    rz_idx_version *old = idx->current;
    if (old->frozen != NULL) { /* an attempt may have ended half way: once is enough, for a rollback will not look into what is frozen */
        status = idx_copy_entries(idx, old->table, old->frozen, 0, true, err);
    }
    if (status == RUZU_OK && (old->frozen != NULL || rz_idx_table_count(old->table) != 0)) {
        for (uint32_t i = 0; i < old->level_count; i++) {
            rz_idx_version_add(fresh, old->levels[i]);
        }
        fresh->table = table;
        fresh->frozen = old->table;
        rz_idx_table_acquire(fresh->frozen);
        idx->current = fresh;
        table = NULL;
        fresh = NULL;
    }
    rz_mutex_unlock(&idx->lock);
    if (fresh != NULL) { /* nothing to freeze, or a failure */
        rz_mem_free(idx->mem, fresh, sizeof *fresh);
    } else {
        rz_idx_unpin(idx, old);
    }
    rz_idx_table_free(table);
    return status;
}

ruzu_status rz_idx_fold_prepare(rz_idx *idx, uint64_t row_end, rz_idx_gone_fn gone, void *user, rz_idx_fold **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_idx_table_source source = {0};
    rz_idx_level_source entries = {0};
    rz_idx_level *levels[RZ_IDX_MAX_LEVELS];
    rz_idx_part_source parts[RZ_IDX_MAX_LEVELS];
    uint32_t level_count = 0, part_count = 0;
    *out = NULL;
    RZ_TRY(idx_freeze(idx, err));
    rz_idx_fold *fold = (rz_idx_fold *)rz_mem_calloc(idx->mem, 1, sizeof *fold);
    RZ_TRY_ALLOC(fold, err, "folding an index");
    fold->idx = idx;
    fold->row_end = row_end;
    fold->base = rz_idx_pin(idx);
    fold->durable = rz_idx_version_create(idx);
    if (fold->durable == NULL) {
        status = rz_error_no_memory(err, "folding an index");
        goto cleanup;
    }
    for (uint32_t i = 0; i < fold->base->level_count; i++) {
        rz_idx_level *level = fold->base->levels[i];
        if (level->max_offset < row_end && level->folded_below == 0) { /* by (3) */
            levels[level_count++] = level;
        } else if (level->min_offset < row_end) {
            RZ_TRY_GOTO(rz_idx_part_source_init(&parts[part_count], idx, level, level->folded_below, row_end, NULL, NULL, err));
            part_count += parts[part_count].source.count != 0;
        }
    }
    if (fold->base->frozen != NULL) {
        RZ_TRY_GOTO(rz_idx_table_source_init(&source, idx->mem, fold->base->frozen, 0, row_end, &entries, err));
    }
    RZ_TRY_GOTO(idx_fold_levels(fold, &entries, parts, part_count, levels, level_count, gone, user, err));
    *out = fold;
    fold = NULL;
cleanup:
    for (uint32_t i = 0; i < part_count; i++) {
        rz_idx_part_source_deinit(&parts[i]);
    }
    rz_idx_table_source_deinit(&source);
    rz_idx_fold_abort(fold);
    return status;
}

void rz_idx_fold_encode(const rz_idx_fold *fold, rz_str *out)
{
    char bytes[4];
    rz_store_u32(bytes, fold->durable->level_count);
    rz_str_append(out, bytes, sizeof bytes);
    for (uint32_t i = 0; i < fold->durable->level_count; i++) {
        rz_idx_level_encode(fold->durable->levels[i], out);
    }
}

void rz_idx_fold_publish(rz_idx_fold *fold)
{
    rz_idx *idx = fold->idx;
    rz_idx_version *fresh = fold->durable;
    rz_mutex_lock(&idx->lock);
    rz_idx_version *old = idx->current;
    /* Levels of loads that are not committed, or were not when the fold began, stay in front. */
    rz_idx_level *durable[RZ_IDX_MAX_LEVELS];
    uint32_t durable_count = fresh->level_count;
    memcpy(durable, fresh->levels, sizeof durable);
    fresh->level_count = 0;
    for (uint32_t i = 0; i < old->level_count; i++) {
        if (old->levels[i]->max_offset >= fold->row_end || !rz_idx_version_has(fold->base, old->levels[i])) {
            rz_idx_version_add(fresh, old->levels[i]);
            if (old->levels[i]->min_offset < fold->row_end && rz_idx_version_has(fold->base, old->levels[i])) {
                old->levels[i]->folded_below = fold->row_end; /* the rest is the next fold's */
            }
        }
    }
    for (uint32_t i = 0; i < durable_count; i++) {
        RZ_ASSERT(fresh->level_count < RZ_IDX_MAX_LEVELS);
        rz_extents_unhold(&durable[i]->extents, idx->disk); /* a transaction may have written it: the directory names it now */
        fresh->levels[fresh->level_count++] = durable[i];
    }
    rz_error ignored;
    rz_error_init(&ignored);
    fresh->table = old->table;
    rz_idx_table_acquire(fresh->table);
    /* Entries of rows beyond the fold go on in memory (also those that are there already: a rollback may take one of the two back); without memory all that was frozen stays (and is found twice). */
    if (old->frozen != NULL && idx_copy_entries(idx, old->table, old->frozen, fold->row_end, false, &ignored) != RUZU_OK) {
        fresh->frozen = old->frozen;
        rz_idx_table_acquire(fresh->frozen);
    }
    idx->current = fresh;
    for (uint32_t i = 0; i < old->level_count; i++) { /* merged away: readers may keep the pages for a while */
        if (!rz_idx_version_has(fresh, old->levels[i])) {
            rz_extents_hold(&old->levels[i]->extents, idx->disk);
        }
    }
    rz_mutex_unlock(&idx->lock);
    rz_idx_unpin(idx, old);
    rz_idx_unpin(idx, fold->base);
    rz_mem_free(idx->mem, fold, sizeof *fold);
}
