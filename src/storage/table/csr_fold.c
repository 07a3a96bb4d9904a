/* SPDX-License-Identifier: MIT */
/*
 * Checkpoint of the topology: changes in memory merged into the groups they touch; the directory.
 *
 * The base is the newest version that was committed by the checkpoint's timestamp. Nobody else builds versions meanwhile (fold_lock), so what comes between
 * is at most a load that commits or rolls back; versions above the base keep the old delta, of which they need everything.
 *
 * Directory, per direction: group count u32, then per group: present u8 (0, 1, or 2 with an overlay), [group], [overlay].
 */
#include "storage/table/csr.h"

/* Changes of one direction, node after node in order. */
typedef struct csr_fold_source {
    rz_mem *mem;
    const rz_delta_view *view;
    uint32_t node_count;
    const rz_delta_node **nodes; /* owned */
    uint64_t *bounds;            /* owned, 2 × node_count: sorted, and scratch */
    uint32_t *order;             /* owned, 2 × node_count */
    uint32_t next_node;
    uint64_t bound;              /* of the list being given out */
    uint32_t at;                 /* of the list */
    rz_delta_changes changes;    /* owned: the list */
} csr_fold_source;

static void fold_source_deinit(csr_fold_source *source)
{
    if (source->mem != NULL) {
        rz_mem_free(source->mem, source->nodes, source->node_count * sizeof(rz_delta_node *));
        rz_mem_free(source->mem, source->bounds, (size_t)source->node_count * 2 * sizeof *source->bounds);
        rz_mem_free(source->mem, source->order, (size_t)source->node_count * 2 * sizeof *source->order);
        rz_delta_changes_free(&source->changes, source->mem);
        source->mem = NULL;
    }
}

static ruzu_status fold_source_init(csr_fold_source *source, rz_mem *mem, const rz_delta_side *side, const rz_delta_view *view, rz_error *err)
{
    const rz_delta_node *newest = atomic_load_explicit(&side->newest, memory_order_acquire);
    uint32_t count = 0;
    for (const rz_delta_node *node = newest; node != NULL; node = node->next) {
        count++;
    }
    *source = (csr_fold_source){.mem = mem, .view = view, .node_count = count};
    source->nodes = (const rz_delta_node **)rz_mem_alloc(mem, count * sizeof(rz_delta_node *));
    source->bounds = (uint64_t *)rz_mem_alloc(mem, (size_t)count * 2 * sizeof *source->bounds);
    source->order = (uint32_t *)rz_mem_alloc(mem, (size_t)count * 2 * sizeof *source->order);
    if (source->nodes == NULL || source->bounds == NULL || source->order == NULL) {
        fold_source_deinit(source);
        return rz_error_no_memory(err, "writing a checkpoint");
    }
    uint32_t i = 0;
    for (const rz_delta_node *node = newest; node != NULL; node = node->next, i++) {
        source->nodes[i] = node;
        source->bounds[i] = node->bound;
        source->order[i] = i;
    }
    rz_radix_sort(source->bounds, source->bounds + count, source->order, source->order + count, count, 0, RZ_ID_OFFSET_BITS);
    return RUZU_OK;
}

static ruzu_status fold_source_pull(void *user, rz_edge_batch *batch, rz_error *err)
{
    csr_fold_source *source = (csr_fold_source *)user;
    const rz_delta_changes *changes = &source->changes;
    batch->count = 0;
    while (batch->count < RZ_EDGE_BATCH) {
        while (source->at == changes->count && source->next_node < source->node_count) {
            const rz_delta_node *node = source->nodes[source->order[source->next_node++]];
            source->bound = node->bound;
            source->at = 0;
            if (!rz_delta_load(&source->changes, source->mem, node, source->view)) {
                return rz_error_no_memory(err, "writing a checkpoint");
            }
        }
        if (source->at == changes->count) {
            break;
        }
        batch->bound[batch->count] = source->bound;
        batch->neighbour[batch->count] = changes->neighbours[source->at];
        batch->rel[batch->count] = changes->rels[source->at];
        batch->count++;
        source->at++;
    }
    return RUZU_OK;
}

ruzu_status rz_csr_merge_delta(rz_csr *csr, uint32_t direction, const rz_csr_side *base, rz_csr_merge_mode mode, const rz_delta *delta,
                               const rz_delta_view *view, rz_csr_side *out, rz_error *err)
{
    csr_fold_source source;
    RZ_TRY(fold_source_init(&source, csr->env.mem, &delta->sides[direction], view, err));
    ruzu_status status = rz_csr_merge(csr, direction, base, mode, fold_source_pull, &source, out, err);
    fold_source_deinit(&source);
    return status;
}

/* The newest of the deletions that count: whoever does not see it needs the groups as they were. */
static uint64_t fold_newest_removal(const rz_delta *delta, const rz_delta_view *view)
{
    uint64_t newest = 0;
    const rz_delta_node *node = atomic_load_explicit(&delta->sides[RZ_FORWARD].newest, memory_order_acquire);
    for (; node != NULL; node = node->next) {
        const rz_delta_removal *removals;
        uint32_t count = rz_delta_removed(node, view, &removals);
        if (count != 0) { /* stamps rise */
            const rz_delta_stamp *when = atomic_load_explicit(&removals[count - 1].when, memory_order_acquire);
            uint64_t stamp = atomic_load_explicit(&when->stamp, memory_order_acquire);
            newest = stamp > newest ? stamp : newest;
        }
    }
    return newest;
}

/* ---- preparing and publishing ---- */

void rz_csr_fold_abort(rz_csr_fold *fold)
{
    if (fold->csr != NULL) {
        rz_csr *csr = fold->csr;
        rz_csr_unpin(csr, fold->fresh);
        rz_csr_unpin(csr, fold->base);
        *fold = (rz_csr_fold){0};
        rz_mutex_unlock(&csr->fold_lock);
    }
}

ruzu_status rz_csr_fold_prepare(rz_csr *csr, uint64_t timestamp, uint64_t rel_end, uint64_t newest_stamp, bool whole, rz_csr_fold *fold, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_snapshot snapshot = {.timestamp = timestamp, .own_stamp = 0};
    rz_mutex_lock(&csr->fold_lock);
    *fold = (rz_csr_fold){.csr = csr, .base = rz_csr_pin(csr, &snapshot)};
    if (fold->base == NULL) {
        status = rz_error_set(err, RUZU_ERROR_INTERNAL, "a relationship table has no version for the checkpoint.");
        goto cleanup;
    }
    rz_delta *delta = fold->base->delta;
    rz_delta_view view = {.first_rel = fold->base->folded_end, .end_rel = rel_end, .folded_time = fold->base->folded_time, .snapshot = snapshot};
    uint64_t newest_removal = fold_newest_removal(delta, &view);
    bool layered = whole && (rz_csr_side_overlaid(&fold->base->sides[0]) || rz_csr_side_overlaid(&fold->base->sides[1]));
    if (!layered && newest_removal == 0 && (fold->base->folded_end >= rel_end || atomic_load_explicit(&delta->edges, memory_order_acquire) == 0)) {
        fold->fresh = fold->base; /* nothing to fold */
        atomic_fetch_add_explicit(&fold->base->refs, 1, memory_order_relaxed);
        return RUZU_OK;
    }
    uint64_t stamp = atomic_load_explicit(&fold->base->stamp, memory_order_relaxed);
    stamp = stamp > newest_stamp ? stamp : newest_stamp;
    stamp = stamp > newest_removal ? stamp : newest_removal;
    fold->fresh = rz_csr_version_create(csr, stamp, rel_end > view.first_rel ? rel_end : view.first_rel, timestamp, delta);
    if (fold->fresh == NULL) {
        status = rz_error_no_memory(err, "writing a checkpoint");
        goto cleanup;
    }
    for (uint32_t direction = 0; direction < 2; direction++) {
        RZ_TRY_GOTO(rz_csr_merge_delta(csr, direction, &fold->base->sides[direction], whole ? RZ_CSR_MERGE_WHOLE : RZ_CSR_MERGE_OVERLAYS, delta, &view,
                                       &fold->fresh->sides[direction], err));
    }
    return RUZU_OK;
cleanup:
    rz_csr_fold_abort(fold);
    return status;
}

static void csr_hold_unless(rz_csr *csr, rz_csr_group *group, const rz_csr_group *kept)
{
    if (group != NULL && !group->held && group != kept) {
        rz_extents_hold(&group->extents, csr->env.disk);
        group->held = true;
    }
}

/* Groups of an older version that the directory does not name: in use while somebody reads them, but the next headers list their pages as free, so
 * that neither a crash nor closing loses them. */
static void csr_hold_replaced(rz_csr *csr, const rz_csr_version *old, const rz_csr_version *fresh)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_csr_side *from = &old->sides[direction];
        const rz_csr_side *to = &fresh->sides[direction];
        for (uint32_t g = 0; g < from->group_count; g++) {
            csr_hold_unless(csr, from->groups[g], g < to->group_count ? to->groups[g] : NULL);
            csr_hold_unless(csr, from->overlays[g], g < to->group_count ? to->overlays[g] : NULL);
        }
    }
}

static void csr_unhold(rz_csr *csr, rz_csr_group *group)
{
    if (group != NULL && group->held) {
        rz_extents_unhold(&group->extents, csr->env.disk);
        group->held = false;
    }
}

/* Groups that a transaction shed and that the directory names from now on. */
static void csr_unhold_named(rz_csr *csr, const rz_csr_version *named)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_csr_side *side = &named->sides[direction];
        for (uint32_t g = 0; g < side->group_count; g++) {
            csr_unhold(csr, side->groups[g]);
            csr_unhold(csr, side->overlays[g]);
        }
    }
}

void rz_csr_fold_publish(rz_csr_fold *fold)
{
    rz_csr *csr = fold->csr;
    rz_csr_version *old = csr->durable;
    if (fold->fresh != fold->base) {
        rz_mutex_lock(&csr->write_lock);
        if (csr->head == fold->base) {
            /* Without memory for it the old delta stays; what is folded is passed over. */
            rz_delta *carried = rz_delta_copy_from(fold->base->delta, fold->fresh->folded_end, fold->fresh->folded_time);
            if (carried != NULL) {
                rz_delta_release(fold->fresh->delta);
                fold->fresh->delta = carried;
            }
        }
        atomic_fetch_add_explicit(&fold->fresh->refs, 1, memory_order_relaxed);
        rz_csr_publish(csr, fold->fresh);
        rz_mutex_unlock(&csr->write_lock);
    }
    csr->durable = fold->fresh; /* the fold's reference moves */
    csr_unhold_named(csr, fold->fresh);
    if (old != NULL && old != fold->fresh) {
        csr_hold_replaced(csr, old, fold->fresh);
    }
    rz_csr_unpin(csr, old);
    rz_csr_retire(csr);
    rz_mutex_lock(&csr->pin_lock);
    for (const rz_csr_version *older = fold->fresh->older; older != NULL; older = older->older) {
        csr_hold_replaced(csr, older, fold->fresh);
    }
    rz_mutex_unlock(&csr->pin_lock);
    rz_csr_unpin(csr, fold->base);
    *fold = (rz_csr_fold){0};
    rz_mutex_unlock(&csr->fold_lock);
}

/* ---- directory ---- */

void rz_csr_fold_encode(const rz_csr_fold *fold, rz_str *out)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_csr_side *side = &fold->fresh->sides[direction];
        uint32_t count = side->group_count;
        char bytes[4];
        while (count > 0 && side->groups[count - 1] == NULL) {
            count--;
        }
        rz_store_u32(bytes, count);
        rz_str_append(out, bytes, sizeof bytes);
        for (uint32_t g = 0; g < count; g++) {
            rz_str_append_char(out, side->overlays[g] != NULL ? 2 : side->groups[g] != NULL ? 1 : 0);
            if (side->groups[g] != NULL) {
                rz_csr_group_encode(side->groups[g], out);
            }
            if (side->overlays[g] != NULL) {
                rz_csr_overlay_encode(side->overlays[g], out);
            }
        }
    }
}

static ruzu_status csr_decode_side(rz_csr *csr, rz_reader *reader, uint32_t direction, uint64_t rel_end, rz_csr_side *side, rz_error *err)
{
    uint32_t count = rz_read_u32(reader);
    if (reader->failed || count > reader->size - reader->off) { /* a byte each at least */
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list of groups is damaged.", csr->what[direction]);
    }
    if (!rz_csr_side_reserve(csr, side, count)) {
        return rz_error_no_memory(err, "opening a table");
    }
    for (uint32_t g = 0; g < count; g++) {
        uint8_t present = rz_read_u8(reader);
        if (reader->failed || present > 2) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list of groups is damaged.", csr->what[direction]);
        }
        if (present != 0) {
            RZ_TRY(rz_csr_group_decode(csr, reader, direction, rel_end, false, &side->groups[g], err));
        }
        if (present == 2) {
            RZ_TRY(rz_csr_overlay_decode(csr, reader, direction, rel_end, &side->overlays[g], err));
        }
    }
    rz_csr_side_sum(side);
    return RUZU_OK;
}

ruzu_status rz_csr_decode(rz_csr *csr, rz_reader *reader, uint64_t rel_end, rz_error *err)
{
    rz_csr_version *version = csr->head; /* nobody else has seen it */
    version->folded_end = rel_end;
    csr->keep_pages = true;
    ruzu_status status = csr_decode_side(csr, reader, 0, rel_end, &version->sides[0], err);
    if (status == RUZU_OK) {
        status = csr_decode_side(csr, reader, 1, rel_end, &version->sides[1], err);
    }
    if (status == RUZU_OK && (version->sides[0].edges != version->sides[1].edges || version->sides[0].edges > rel_end)) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: %llu relationships forward, but %llu backward.", csr->what[0],
                              (unsigned long long)version->sides[0].edges, (unsigned long long)version->sides[1].edges);
    }
    if (status == RUZU_OK) { /* on failure the owner frees everything, and leaves the pages alone */
        csr->keep_pages = false;
        csr->durable = version;
        atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed);
    }
    return status;
}
