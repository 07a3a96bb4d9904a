/* SPDX-License-Identifier: MIT */
/*
 * Topology: versions and their chain, and changes in memory.
 */
#include "storage/table/csr.h"

/* ---- versions ---- */

rz_csr_version *rz_csr_version_create(rz_csr *csr, uint64_t stamp, uint64_t folded_end, uint64_t folded_time, rz_delta *delta)
{
    rz_csr_version *version = (rz_csr_version *)rz_mem_calloc(csr->env.mem, 1, sizeof *version);
    if (version == NULL) {
        return NULL;
    }
    atomic_init(&version->refs, 1);
    atomic_init(&version->stamp, stamp);
    version->folded_end = folded_end;
    version->folded_time = folded_time;
    version->delta = delta;
    if (delta != NULL) {
        rz_delta_acquire(delta);
    }
    return version;
}

bool rz_csr_side_overlaid(const rz_csr_side *side)
{
    for (uint32_t g = 0; g < side->group_count; g++) {
        if (side->overlays[g] != NULL) {
            return true;
        }
    }
    return false;
}

void rz_csr_side_sum(rz_csr_side *side)
{
    side->edges = 0;
    side->bound_nodes = 0;
    side->max_degree = 0;
    side->page_count = 0;
    for (uint32_t g = 0; g < side->group_count; g++) {
        const rz_csr_group *group = side->overlays[g] != NULL ? side->overlays[g] : side->groups[g]; /* an overlay counts merged lists */
        if (group != NULL) {
            side->edges += group->edges;
            side->bound_nodes += group->bound_nodes;
            side->page_count += side->groups[g]->extents.page_count + (group == side->groups[g] ? 0 : group->extents.page_count);
            side->max_degree = group->max_degree > side->max_degree ? group->max_degree : side->max_degree;
        }
    }
}

bool rz_csr_side_reserve(rz_csr *csr, rz_csr_side *side, uint64_t count)
{
    size_t old = (size_t)side->group_count * sizeof(rz_csr_group *);
    size_t size = (size_t)count * sizeof(rz_csr_group *);
    if (count <= side->group_count) {
        return true;
    }
    rz_csr_group **groups = (rz_csr_group **)rz_mem_calloc(csr->env.mem, (size_t)count, sizeof(rz_csr_group *));
    rz_csr_group **overlays = (rz_csr_group **)rz_mem_calloc(csr->env.mem, (size_t)count, sizeof(rz_csr_group *));
    if (groups == NULL || overlays == NULL) {
        rz_mem_free(csr->env.mem, groups, size);
        rz_mem_free(csr->env.mem, overlays, size);
        return false;
    }
    if (old != 0) {
        memcpy((void *)groups, side->groups, old);
        memcpy((void *)overlays, side->overlays, old);
        rz_mem_free(csr->env.mem, side->groups, old);
        rz_mem_free(csr->env.mem, side->overlays, old);
    }
    side->groups = groups;
    side->overlays = overlays;
    side->group_count = (uint32_t)count;
    return true;
}

void rz_csr_side_release(rz_csr *csr, rz_csr_side *side)
{
    for (uint32_t g = 0; g < side->group_count; g++) {
        rz_csr_group_release(csr, side->groups[g]);
        rz_csr_group_release(csr, side->overlays[g]);
    }
    rz_mem_free(csr->env.mem, side->groups, side->group_count * sizeof *side->groups);
    rz_mem_free(csr->env.mem, side->overlays, side->group_count * sizeof *side->overlays);
    *side = (rz_csr_side){0};
}

void rz_csr_unpin(rz_csr *csr, rz_csr_version *version)
{
    while (version != NULL && atomic_fetch_sub_explicit(&version->refs, 1, memory_order_acq_rel) == 1) {
        rz_csr_version *older = version->older;
        rz_csr_side_release(csr, &version->sides[0]);
        rz_csr_side_release(csr, &version->sides[1]);
        rz_delta_release(version->delta);
        rz_mem_free(csr->env.mem, version, sizeof *version);
        version = older;
    }
}

rz_csr_version *rz_csr_pin_with(rz_csr *csr, const rz_snapshot *snapshot, rz_delta **out_delta)
{
    rz_mutex_lock(&csr->pin_lock);
    rz_csr_version *version = csr->head;
    while (version != NULL && !rz_stamp_visible(atomic_load_explicit(&version->stamp, memory_order_acquire), snapshot)) {
        version = version->older;
    }
    if (version != NULL) {
        atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed);
        if (out_delta != NULL) {
            rz_delta_acquire(version->delta);
            *out_delta = version->delta;
        }
    }
    rz_mutex_unlock(&csr->pin_lock);
    return version;
}

rz_csr_version *rz_csr_pin(rz_csr *csr, const rz_snapshot *snapshot)
{
    return rz_csr_pin_with(csr, snapshot, NULL);
}

void rz_csr_publish(rz_csr *csr, rz_csr_version *version)
{
    uint64_t stamp = atomic_load_explicit(&version->stamp, memory_order_relaxed);
    rz_mutex_lock(&csr->pin_lock);
    rz_csr_version **link = &csr->head;
    while (*link != NULL && atomic_load_explicit(&(*link)->stamp, memory_order_relaxed) > stamp) {
        link = &(*link)->older;
    }
    version->older = *link;
    *link = version;
    rz_mutex_unlock(&csr->pin_lock);
}

void rz_csr_unlink(rz_csr *csr, rz_csr_version *version)
{
    bool found = false;
    rz_mutex_lock(&csr->pin_lock);
    for (rz_csr_version **link = &csr->head; *link != NULL; link = &(*link)->older) {
        if (*link == version) {
            *link = version->older;
            version->older = NULL;
            found = true;
            break;
        }
    }
    rz_mutex_unlock(&csr->pin_lock);
    if (found) {
        rz_csr_unpin(csr, version);
    }
}

void rz_csr_retire(rz_csr *csr)
{
    uint64_t oldest = atomic_load_explicit(&csr->oldest_snapshot, memory_order_relaxed);
    rz_csr_version *retired = NULL;
    oldest = oldest < RZ_STAMP_UNCOMMITTED ? oldest : RZ_STAMP_UNCOMMITTED - 1;
    rz_mutex_lock(&csr->pin_lock);
    for (rz_csr_version *version = csr->head; version != NULL; version = version->older) {
        if (atomic_load_explicit(&version->stamp, memory_order_relaxed) <= oldest) {
            retired = version->older; /* everybody sees `version` or a newer one */
            version->older = NULL;
            break;
        }
    }
    rz_mutex_unlock(&csr->pin_lock);
    while (retired != NULL) { /* one by one: a reader of one must not keep the others */
        rz_csr_version *older = retired->older;
        retired->older = NULL;
        rz_csr_unpin(csr, retired);
        retired = older;
    }
}

/* ---- the object ---- */

ruzu_status rz_csr_init(rz_csr *csr, const rz_table_env *env, const char *forward_text, const char *backward_text, rz_error *err)
{
    memset(csr, 0, sizeof *csr);
    if (rz_mutex_init(&csr->fold_lock) != RUZU_OK) {
        return rz_error_no_memory(err, "creating a table");
    }
    if (rz_mutex_init(&csr->write_lock) != RUZU_OK) {
        rz_mutex_destroy(&csr->fold_lock);
        return rz_error_no_memory(err, "creating a table");
    }
    if (rz_mutex_init(&csr->pin_lock) != RUZU_OK) {
        rz_mutex_destroy(&csr->write_lock);
        rz_mutex_destroy(&csr->fold_lock);
        return rz_error_no_memory(err, "creating a table");
    }
    csr->env = *env;
    csr->what[RZ_FORWARD] = forward_text;
    csr->what[RZ_BACKWARD] = backward_text;
    atomic_init(&csr->sequence, 0);
    atomic_init(&csr->oldest_snapshot, 0);
    rz_delta *delta = rz_delta_create(env->mem);
    csr->head = delta == NULL ? NULL : rz_csr_version_create(csr, 0, 0, 0, delta);
    rz_delta_release(delta);
    if (csr->head == NULL) {
        rz_csr_deinit(csr, false);
        return rz_error_no_memory(err, "creating a table");
    }
    return RUZU_OK;
}

void rz_csr_deinit(rz_csr *csr, bool give_back)
{
    if (csr->env.mem == NULL) {
        return;
    }
    csr->keep_pages = !give_back;
    rz_csr_unpin(csr, csr->head);
    rz_csr_unpin(csr, csr->durable);
    rz_mutex_destroy(&csr->pin_lock);
    rz_mutex_destroy(&csr->write_lock);
    rz_mutex_destroy(&csr->fold_lock);
    memset(csr, 0, sizeof *csr);
}

/* ---- changes ---- */

ruzu_status rz_csr_insert(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel, rz_error *err)
{
    rz_delta *delta = csr->head->delta;
    if (!rz_delta_add(delta, RZ_FORWARD, src, dst, rel)) {
        return rz_error_no_memory(err, "inserting relationships");
    }
    if (!RZ_MUTANT_IS(16) && !rz_delta_add(delta, RZ_BACKWARD, dst, src, rel)) {
        rz_delta_pop(delta, RZ_FORWARD, src, rel);
        return rz_error_no_memory(err, "inserting relationships");
    }
    return RUZU_OK;
}

void rz_csr_uninsert(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel)
{
    rz_delta_pop(csr->head->delta, RZ_FORWARD, src, rel);
    rz_delta_pop(csr->head->delta, RZ_BACKWARD, dst, rel);
}

rz_delta_stamp *rz_csr_begin_delete(rz_csr *csr, const rz_writer *writer)
{
    uint64_t sequence = atomic_load_explicit(&csr->sequence, memory_order_relaxed);
    rz_delta_stamp *when = rz_delta_stamp_create(csr->env.mem, sequence, writer->snapshot.own_stamp);
    if (when != NULL) {
        atomic_store_explicit(&csr->sequence, sequence + 1, memory_order_release);
    }
    return when;
}

ruzu_status rz_csr_delete(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel, rz_delta_stamp *when, rz_error *err)
{
    rz_delta *delta = csr->head->delta;
    if (!rz_delta_remove(delta, RZ_FORWARD, src, dst, rel, when)) {
        return rz_error_no_memory(err, "deleting relationships");
    }
    if (!rz_delta_remove(delta, RZ_BACKWARD, dst, src, rel, when)) {
        rz_delta_unremove(delta, RZ_FORWARD, src, rel, when);
        return rz_error_no_memory(err, "deleting relationships");
    }
    return RUZU_OK;
}

void rz_csr_undelete(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel, const rz_delta_stamp *when)
{
    rz_delta_unremove(csr->head->delta, RZ_FORWARD, src, rel, when);
    rz_delta_unremove(csr->head->delta, RZ_BACKWARD, dst, rel, when);
}
