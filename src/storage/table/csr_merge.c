/* SPDX-License-Identifier: MIT */
/*
 * Merging sorted edges into the groups of a version, out of place: bulk loads and checkpoints.
 *
 * A group that is touched is written anew; or, in a checkpoint, what changes is collected first, and becomes an overlay of the group when it is little
 * (csr_overlay.c says how little). When it is not, it goes the way of the others, from the beginning. RZ_CSR_MERGE_WHOLE writes groups anew for having an overlay, too.
 */
#include "storage/table/csr.h"

typedef struct csr_merge {
    rz_csr *csr;
    const rz_csr_side *base;
    rz_csr_side *out;
    rz_csr_builder builder;
    rz_csr_cursor cursor;    /* over the base's group */
    rz_csr_merge_mode mode;
    bool merging;            /* the current group has one */
    bool collecting;         /* its changes go to `collected` */
    rz_csr_changes collected;
    rz_csr_changes combined; /* with those of the group's overlay */
    uint64_t group;          /* being built; UINT64_MAX: none */
    uint64_t shared_end;     /* groups before this have their place in `out` */
    rz_edge_batch *fresh;    /* owned: what pull gave */
    rz_edge_batch *old;      /* owned: what the cursor gave */
    uint32_t old_at;
    rz_edge_batch *merged;   /* owned: what goes to the builder */
} csr_merge;

/* Makes out have a place for group. */
static ruzu_status csr_merge_reserve(csr_merge *merge, uint64_t group, rz_error *err)
{
    rz_csr_side *out = merge->out;
    if (group < out->group_count) {
        return RUZU_OK;
    }
    if (group >= UINT32_MAX / 2) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "a relationship table can have at most %llu bound nodes.",
                            (unsigned long long)(UINT32_MAX / 2) * RZ_CSR_GROUP_NODES);
    }
    uint64_t count = group + 1 > (uint64_t)out->group_count * 2 ? group + 1 : (uint64_t)out->group_count * 2;
    return rz_csr_side_reserve(merge->csr, out, count) ? RUZU_OK : rz_error_no_memory(err, "building adjacency lists");
}

static ruzu_status csr_merge_flush(csr_merge *merge, rz_error *err)
{
    rz_edge_batch *merged = merge->merged;
    RZ_TRY(rz_csr_builder_add(&merge->builder, merged->bound, merged->neighbour, merged->rel, merged->count, err));
    merged->count = 0;
    return RUZU_OK;
}

static ruzu_status csr_merge_put(csr_merge *merge, uint64_t bound, uint64_t neighbour, uint64_t rel, rz_error *err)
{
    rz_edge_batch *merged = merge->merged;
    merged->bound[merged->count] = bound;
    merged->neighbour[merged->count] = neighbour;
    merged->rel[merged->count++] = rel;
    return merged->count == RZ_EDGE_BATCH ? csr_merge_flush(merge, err) : RUZU_OK;
}

/* Whether there is a further old edge (at old->…[old_at]). */
static ruzu_status csr_merge_old(csr_merge *merge, bool *out_has, rz_error *err)
{
    if (merge->old_at == merge->old->count) {
        merge->old_at = 0;
        RZ_TRY(rz_csr_cursor_pull(&merge->cursor, merge->old, err));
    }
    *out_has = merge->old->count != 0;
    return RUZU_OK;
}

/* Old edges before (bound, neighbour, rel) go first. */
static ruzu_status csr_merge_until(csr_merge *merge, uint64_t bound, uint64_t neighbour, uint64_t rel, rz_error *err)
{
    const rz_edge_batch *old = merge->old;
    for (;;) {
        bool has;
        RZ_TRY(csr_merge_old(merge, &has, err));
        uint32_t at = merge->old_at;
        if (!has || old->bound[at] > bound ||
            (old->bound[at] == bound && (old->neighbour[at] > neighbour || (old->neighbour[at] == neighbour && old->rel[at] >= rel)))) {
            return RUZU_OK;
        }
        RZ_TRY(csr_merge_put(merge, old->bound[at], old->neighbour[at], old->rel[at], err));
        merge->old_at++;
    }
}

/* Groups before `end` that nothing was changed in are shared with the base. (A group that lost its last edge is NULL, and stays it.) */
static ruzu_status csr_merge_share(csr_merge *merge, uint64_t end, rz_error *err)
{
    const rz_csr_side *base = merge->base;
    end = end < base->group_count ? end : base->group_count;
    if (merge->shared_end >= end) {
        return RUZU_OK;
    }
    RZ_TRY(csr_merge_reserve(merge, end - 1, err));
    for (uint64_t g = merge->shared_end; g < end; g++) {
        if (base->groups[g] != NULL) {
            atomic_fetch_add_explicit(&base->groups[g]->refs, 1, memory_order_relaxed);
            merge->out->groups[g] = base->groups[g];
        }
        if (base->overlays[g] != NULL) {
            atomic_fetch_add_explicit(&base->overlays[g]->refs, 1, memory_order_relaxed);
            merge->out->overlays[g] = base->overlays[g];
        }
    }
    merge->shared_end = end;
    return RUZU_OK;
}

static ruzu_status csr_merge_missing(const csr_merge *merge, uint64_t bound, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: a deleted relationship of node %llu is not in its list.",
                        merge->csr->what[merge->cursor.direction], (unsigned long long)bound);
}

/* The old edge that comes next goes. */
static ruzu_status csr_merge_drop(csr_merge *merge, uint64_t bound, uint64_t neighbour, uint64_t rel, rz_error *err)
{
    const rz_edge_batch *old = merge->old;
    uint32_t at = merge->old_at; /* csr_merge_until has looked */
    if (at == old->count || old->bound[at] != bound || old->neighbour[at] != neighbour || old->rel[at] != rel) {
        return csr_merge_missing(merge, bound, err);
    }
    merge->old_at++;
    return RUZU_OK;
}

/* The next changes of the group that is open, into its edges. */
static ruzu_status csr_merge_edges(csr_merge *merge, const uint64_t *bounds, const uint64_t *neighbours, const uint64_t *rels, uint64_t count,
                                   rz_error *err)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t rel = rels[i] & ~RZ_DELTA_REMOVED;
        RZ_TRY(csr_merge_until(merge, bounds[i], neighbours[i], rel, err));
        if (rel == rels[i]) {
            RZ_TRY(csr_merge_put(merge, bounds[i], neighbours[i], rel, err));
        } else {
            RZ_TRY(csr_merge_drop(merge, bounds[i], neighbours[i], rel, err));
        }
    }
    return RUZU_OK;
}

/* The group is written anew after all: what was collected goes into its edges. */
static ruzu_status csr_merge_collected(csr_merge *merge, rz_error *err)
{
    const rz_csr_changes *collected = &merge->collected;
    merge->collecting = false;
    return csr_merge_edges(merge, collected->bounds, collected->neighbours, collected->rels, collected->count, err);
}

/* All changes of the group are collected: makes them its overlay, if that is worth while. */
static ruzu_status csr_merge_overlay(csr_merge *merge, bool *out_done, rz_error *err)
{
    const rz_csr_changes *changes = &merge->collected;
    rz_csr_group *base = merge->base->groups[merge->group];
    const rz_csr_group *old = merge->base->overlays[merge->group];
    rz_csr_group *overlay = NULL;
    *out_done = false;
    if (old != NULL) {
        RZ_TRY(rz_csr_changes_merge(&merge->cursor.changes, &merge->collected, &merge->combined, err));
        changes = &merge->combined;
    }
    RZ_TRY(csr_merge_reserve(merge, merge->group, err));
    RZ_TRY(rz_csr_overlay_write(base, merge->group, merge->cursor.starts, old, changes, merge->csr->env.mem, &merge->builder.writer, &overlay, err));
    if (overlay != NULL || changes->count == 0) { /* none at all: the group is as it was written */
        atomic_fetch_add_explicit(&base->refs, 1, memory_order_relaxed);
        merge->out->groups[merge->group] = base;
        merge->out->overlays[merge->group] = overlay;
        *out_done = true;
    }
    return RUZU_OK;
}

static ruzu_status csr_merge_end_group(csr_merge *merge, rz_error *err)
{
    if (merge->group == UINT64_MAX) {
        return RUZU_OK;
    }
    if (merge->collecting) {
        bool done;
        RZ_TRY(csr_merge_overlay(merge, &done, err));
        if (done) {
            merge->group = UINT64_MAX;
            return RUZU_OK;
        }
        RZ_TRY(csr_merge_collected(merge, err));
    }
    if (merge->merging) {
        RZ_TRY(csr_merge_until(merge, UINT64_MAX, UINT64_MAX, UINT64_MAX, err));
    }
    RZ_TRY(csr_merge_flush(merge, err));
    rz_csr_group *group;
    RZ_TRY(rz_csr_builder_finish(&merge->builder, &group, err));
    RZ_TRY(csr_merge_reserve(merge, merge->group, err));
    merge->out->groups[merge->group] = group;
    merge->group = UINT64_MAX;
    return RUZU_OK;
}

static ruzu_status csr_merge_open_group(csr_merge *merge, uint64_t group, rz_error *err)
{
    RZ_TRY(csr_merge_share(merge, group, err));
    RZ_TRY(csr_merge_reserve(merge, group, err)); /* before anything is written for it */
    merge->group = group;
    merge->shared_end = group + 1;
    merge->merging = group < merge->base->group_count && merge->base->groups[group] != NULL;
    merge->old_at = 0;
    merge->old->count = 0;
    merge->collecting = merge->mode == RZ_CSR_MERGE_OVERLAYS && merge->merging;
    merge->collected.count = 0;
    return rz_csr_cursor_open(&merge->cursor, merge->merging ? merge->base->groups[group] : NULL, merge->merging ? merge->base->overlays[group] : NULL,
                              (uint32_t)group, err);
}

/* Groups before `end` whose only change is that they lose their overlay. */
static ruzu_status csr_merge_overlaid(csr_merge *merge, uint64_t end, rz_error *err)
{
    const rz_csr_side *base = merge->base;
    RZ_TRY(csr_merge_end_group(merge, err));
    end = end < base->group_count ? end : base->group_count;
    for (uint64_t g = merge->shared_end; merge->mode == RZ_CSR_MERGE_WHOLE && g < end; g++) {
        if (base->overlays[g] != NULL) {
            RZ_TRY(csr_merge_open_group(merge, g, err));
            RZ_TRY(csr_merge_end_group(merge, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status csr_merge_begin_group(csr_merge *merge, uint64_t group, rz_error *err)
{
    RZ_TRY(csr_merge_overlaid(merge, group, err));
    return csr_merge_open_group(merge, group, err);
}

/* Edges [first, end) of the batch belong to the group that is open. */
static ruzu_status csr_merge_batch(csr_merge *merge, const rz_edge_batch *batch, uint32_t first, uint32_t end, rz_error *err)
{
    const uint64_t *bounds = batch->bound + first, *neighbours = batch->neighbour + first, *rels = batch->rel + first;
    uint32_t count = end - first;
    if (!merge->merging) {
        uint64_t all_rels = 0;
        for (uint32_t i = 0; i < count; i++) {
            all_rels |= rels[i];
        }
        return all_rels >= RZ_DELTA_REMOVED ? csr_merge_missing(merge, bounds[0], err)
                                            : rz_csr_builder_add(&merge->builder, bounds, neighbours, rels, count, err);
    }
    rz_csr_changes *collected = &merge->collected;
    if (merge->collecting && (collected->count + count > rz_csr_overlay_most(merge->base->groups[merge->group], merge->group) ||
                              !rz_csr_changes_reserve(collected, collected->count + count))) {
        RZ_TRY(csr_merge_collected(merge, err)); /* too many, or no memory for them */
    }
    if (!merge->collecting) {
        return csr_merge_edges(merge, bounds, neighbours, rels, count, err);
    }
    memcpy(collected->bounds + collected->count, bounds, count * sizeof *bounds);
    memcpy(collected->neighbours + collected->count, neighbours, count * sizeof *neighbours);
    memcpy(collected->rels + collected->count, rels, count * sizeof *rels);
    collected->count += count;
    return RUZU_OK;
}

static ruzu_status csr_merge_run(csr_merge *merge, rz_edge_pull_fn pull, void *user, rz_error *err)
{
    rz_edge_batch *batch = merge->fresh;
    for (;;) {
        RZ_TRY(pull(user, batch, err));
        if (batch->count == 0) {
            break;
        }
        for (uint32_t first = 0; first < batch->count;) {
            uint64_t group = batch->bound[first] / RZ_CSR_GROUP_NODES;
            uint32_t end = first + 1;
            /* Sorted: when the last edge is of this group, all are. */
            if (batch->bound[batch->count - 1] / RZ_CSR_GROUP_NODES == group) {
                end = batch->count;
            }
            while (end < batch->count && batch->bound[end] / RZ_CSR_GROUP_NODES == group) {
                end++;
            }
            if (group != merge->group) {
                RZ_TRY(csr_merge_begin_group(merge, group, err));
            }
            RZ_TRY(csr_merge_batch(merge, batch, first, end, err));
            first = end;
        }
    }
    return csr_merge_overlaid(merge, UINT64_MAX, err);
}

ruzu_status rz_csr_merge(rz_csr *csr, uint32_t direction, const rz_csr_side *base, rz_csr_merge_mode mode, rz_edge_pull_fn pull, void *user,
                         rz_csr_side *out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_mem *mem = csr->env.mem;
    csr_merge merge = {.csr = csr, .base = base, .out = out, .mode = mode, .group = UINT64_MAX, .collected = {.mem = mem},
                       .combined = {.mem = mem}};
    *out = (rz_csr_side){0};
    rz_edge_batch *batches = (rz_edge_batch *)rz_mem_alloc(mem, 3 * sizeof *batches);
    RZ_TRY_ALLOC(batches, err, "building adjacency lists");
    merge.fresh = batches;
    merge.old = batches + 1;
    merge.merged = batches + 2;
    merge.old->count = 0;
    merge.merged->count = 0;
    RZ_TRY_GOTO(rz_csr_builder_init(&merge.builder, csr, err));
    RZ_TRY_GOTO(rz_csr_cursor_init(&merge.cursor, csr, direction, err));
    RZ_TRY_GOTO(csr_merge_run(&merge, pull, user, err));
    RZ_TRY_GOTO(csr_merge_share(&merge, UINT64_MAX, err));
    rz_csr_side_sum(out);
cleanup:
    rz_csr_changes_deinit(&merge.collected);
    rz_csr_changes_deinit(&merge.combined);
    rz_csr_cursor_deinit(&merge.cursor);
    rz_csr_builder_deinit(&merge.builder);
    rz_mem_free(mem, batches, 3 * sizeof *batches);
    if (status != RUZU_OK) {
        rz_csr_side_release(csr, out);
    }
    return status;
}
