/* SPDX-License-Identifier: MIT */
/*
 * Shedding: the open transaction's changes of the topology go to groups on pages before it ends, so that it may insert and delete more relationships than memory
 * holds.
 *
 * The newest version's changes in memory, and the relationships that wait in sorters, are merged into the groups that they touch; that makes a version with the
 * transaction's stamp, as a bulk load does. Older versions stay for everybody else; what is in memory beside them is replaced by what was committed of it. A
 * rollback takes the version out of the chain, which frees its pages; a commit gives it the commit's timestamp.
 */
#include "storage/table/csr.h"

/* ---- relationships that wait ---- */

void rz_csr_waiting_deinit(rz_csr_waiting *waiting)
{
    if (waiting->mem != NULL) {
        rz_sorter_deinit(&waiting->sorters[RZ_FORWARD]);
        rz_sorter_deinit(&waiting->sorters[RZ_BACKWARD]);
        rz_mem_free(waiting->mem, waiting->batch, sizeof *waiting->batch);
        *waiting = (rz_csr_waiting){0};
    }
}

ruzu_status rz_csr_waiting_init(rz_csr_waiting *waiting, const rz_table_env *env, uint64_t first_rel, size_t budget, rz_error *err)
{
    *waiting = (rz_csr_waiting){.mem = env->mem, .first_rel = first_rel};
    for (uint32_t i = 0; i < 2; i++) {
        rz_sorter_init(&waiting->sorters[i], env->mem, env->pool, budget, true, false, false);
    }
    waiting->batch = (rz_sorted_batch *)rz_mem_alloc(env->mem, sizeof *waiting->batch);
    if (waiting->batch == NULL) {
        rz_csr_waiting_deinit(waiting);
        return rz_error_no_memory(err, "inserting relationships");
    }
    return RUZU_OK;
}

ruzu_status rz_csr_waiting_add(rz_csr_waiting *waiting, const uint64_t *src, const uint64_t *dst, uint32_t count, rz_error *err)
{
    uint32_t tags[RZ_EDGE_BATCH];
    RZ_ASSERT(count <= RZ_EDGE_BATCH && waiting->count + count <= RZ_CSR_MOST_WAITING);
    for (uint32_t i = 0; i < count; i++) {
        tags[i] = (uint32_t)(waiting->count + i);
    }
    RZ_TRY(rz_sorter_add(&waiting->sorters[RZ_FORWARD], src, dst, tags, count, err));
    RZ_TRY(rz_sorter_add(&waiting->sorters[RZ_BACKWARD], dst, src, tags, count, err));
    waiting->count += count;
    return RUZU_OK;
}

typedef struct csr_waiting_source {
    rz_csr_waiting *waiting;
    rz_sorter *sorter;
} csr_waiting_source;

static ruzu_status csr_waiting_pull(void *user, rz_edge_batch *edges, rz_error *err)
{
    csr_waiting_source *source = (csr_waiting_source *)user;
    rz_sorted_batch *batch = source->waiting->batch;
    RZ_TRY(rz_sorter_pull(source->sorter, batch, err));
    edges->count = batch->count;
    memcpy(edges->bound, batch->first, batch->count * sizeof edges->bound[0]);
    memcpy(edges->neighbour, batch->second, batch->count * sizeof edges->neighbour[0]);
    for (uint32_t i = 0; i < batch->count; i++) {
        edges->rel[i] = source->waiting->first_rel + batch->tag[i];
    }
    return RUZU_OK;
}

/* ---- the version ---- */

/* Relationships of one direction that wait, merged into base. */
static ruzu_status csr_shed_waiting(rz_csr *csr, uint32_t direction, const rz_csr_side *base, rz_csr_waiting *waiting, rz_csr_side *out, rz_error *err)
{
    csr_waiting_source source = {waiting, &waiting->sorters[direction]};
    RZ_TRY(rz_sorter_sort(source.sorter, err));
    RZ_TRY(rz_csr_merge(csr, direction, base, RZ_CSR_MERGE_TOUCHED, csr_waiting_pull, &source, out, err));
    rz_sorter_deinit(source.sorter); /* its temporary pages are needed no more */
    return RUZU_OK;
}

static ruzu_status csr_shed_side(rz_csr *csr, uint32_t direction, const rz_csr_version *base, const rz_delta_view *view, rz_csr_waiting *waiting,
                                 rz_csr_side *out, rz_error *err)
{
    rz_csr_side changed = {0};
    /* No overlays: with them the changes of a group would have to be in memory. */
    RZ_TRY(rz_csr_merge_delta(csr, direction, &base->sides[direction], RZ_CSR_MERGE_TOUCHED, base->delta, view, &changed, err));
    if (waiting->count == 0) {
        *out = changed;
        return RUZU_OK;
    }
    ruzu_status status = csr_shed_waiting(csr, direction, &changed, waiting, out, err);
    rz_csr_side_release(csr, &changed);
    return status;
}

static void csr_shed_hold_group(rz_csr *csr, rz_csr_group *group, const rz_csr_group *before)
{
    if (group != NULL && !group->held && group != before) {
        rz_extents_hold(&group->extents, csr->env.disk);
        group->held = true;
    }
}

/* No directory names the new groups yet. */
static void csr_shed_hold(rz_csr *csr, const rz_csr_version *base, const rz_csr_version *fresh)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_csr_side *side = &fresh->sides[direction];
        const rz_csr_side *from = &base->sides[direction];
        for (uint32_t g = 0; g < side->group_count; g++) {
            csr_shed_hold_group(csr, side->groups[g], g < from->group_count ? from->groups[g] : NULL);
            csr_shed_hold_group(csr, side->overlays[g], g < from->group_count ? from->overlays[g] : NULL);
        }
    }
}

/* Versions with the old changes get the new ones instead; readers have the old ones counted. */
static void csr_shed_replace_delta(rz_csr *csr, const rz_delta *old, rz_delta *fresh)
{
    rz_mutex_lock(&csr->pin_lock);
    for (rz_csr_version *version = csr->head; version != NULL; version = version->older) {
        if (version->delta == old) {
            rz_delta *replaced = version->delta;
            rz_delta_acquire(fresh);
            version->delta = fresh;
            rz_delta_release(replaced); /* base, which is pinned, has others */
        }
    }
    rz_mutex_unlock(&csr->pin_lock);
}

ruzu_status rz_csr_shed(rz_csr *csr, const rz_snapshot *writer, uint64_t committed_end, uint64_t rel_end, rz_csr_waiting *waiting,
                        rz_csr_version **io_version, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    const rz_snapshot newest = {.timestamp = RZ_STAMP_NEVER - 1, .own_stamp = 0};
    rz_delta *changes = NULL;
    rz_csr_version *base = rz_csr_pin_with(csr, &newest, &changes);
    const rz_delta_view view = {.first_rel = base->folded_end, .end_rel = UINT64_MAX, .folded_time = base->folded_time, .sequence_end = UINT64_MAX,
                                .snapshot = newest};
    const rz_delta_view committed_view = {.end_rel = committed_end, .snapshot = {.timestamp = RZ_STAMP_UNCOMMITTED - 1, .own_stamp = 0}};
    rz_delta *committed = rz_delta_copy_view(changes, &committed_view);
    rz_delta *delta = rz_delta_create(csr->env.mem);
    rz_csr_version *fresh = rz_csr_version_create(csr, writer->own_stamp, rel_end, writer->timestamp, delta);
    rz_delta_release(delta);
    if (committed == NULL || delta == NULL || fresh == NULL) {
        status = rz_error_no_memory(err, "changing relationships");
        goto cleanup;
    }
    for (uint32_t direction = 0; direction < 2; direction++) {
        RZ_TRY_GOTO(csr_shed_side(csr, direction, base, &view, waiting, &fresh->sides[direction], err));
    }
    csr_shed_hold(csr, base, fresh);
    rz_mutex_lock(&csr->write_lock);
    csr_shed_replace_delta(csr, changes, committed);
    atomic_fetch_add_explicit(&fresh->refs, 1, memory_order_relaxed);
    rz_csr_publish(csr, fresh);
    if (*io_version != NULL) {
        rz_csr_unlink(csr, *io_version);
    }
    rz_mutex_unlock(&csr->write_lock);
    rz_csr_unpin(csr, *io_version);
    *io_version = fresh; /* our reference moves */
    fresh = NULL;
cleanup:
    rz_csr_unpin(csr, fresh);
    rz_delta_release(committed);
    rz_delta_release(changes);
    rz_csr_unpin(csr, base);
    return status;
}

void rz_csr_shed_commit(rz_csr *csr, rz_csr_version *version, uint64_t commit_timestamp)
{
    rz_mutex_lock(&csr->write_lock);
    atomic_store_explicit(&version->stamp, commit_timestamp, memory_order_release);
    rz_mutex_unlock(&csr->write_lock);
    rz_csr_retire(csr);
    rz_csr_unpin(csr, version);
}

void rz_csr_shed_rollback(rz_csr *csr, rz_csr_version *version)
{
    rz_mutex_lock(&csr->write_lock);
    rz_csr_unlink(csr, version);
    rz_mutex_unlock(&csr->write_lock);
    rz_csr_unpin(csr, version);
}
