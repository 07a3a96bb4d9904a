/* SPDX-License-Identifier: MIT */
/*
 * Images of groups: the changes of all lists of a CSR group side by side, sorted, so that who reads many lists need not look each node up in a table and follow its
 * pointers.
 *
 * An image holds for every view that sees exactly what is in it: all of the group's changes. Those that it was made from may not have become more or fewer since
 * (`changes` counts), and of the entries and removals the oldest and the newest must count for the view; the others lie between them. A view that does not see all
 * takes the slower way, and so does everybody while the group keeps changing.
 *
 * One thread makes the image of a group, the others look nodes up meanwhile; nobody waits, the writer neither. When the group has changed while its image was made, the
 * image is thrown away: whatever was read of a change in the making is in there, and was counted before it was made (rz_delta_add).
 */
#include "storage/table/delta.h"

void rz_delta_image_release(rz_delta_image *image)
{
    if (image != NULL && atomic_fetch_sub_explicit(&image->refs, 1, memory_order_acq_rel) == 1) {
        rz_mem_free(image->mem, image, image->bytes);
    }
}

/* Whether the view sees all that is in the image. */
static bool image_fits(const rz_delta_image *image, const rz_delta_view *view)
{
    bool entries = image->min_rel > image->max_rel || (image->min_rel >= view->first_rel && image->max_rel < view->end_rel);
    return entries && (image->oldest == NULL || (rz_delta_removal_counts(image->oldest, view) && rz_delta_removal_counts(image->newest, view)));
}

rz_delta_image *rz_delta_image_get(rz_delta *delta, rz_delta_group *group, const rz_delta_view *view)
{
    if (atomic_load_explicit(&group->image, memory_order_relaxed) == NULL) {
        return NULL;
    }
    rz_mutex_lock(&delta->image_lock);
    rz_delta_image *image = atomic_load_explicit(&group->image, memory_order_relaxed);
    if (image != NULL) {
        /* Whoever sees a change also sees that it was counted. */
        if (image->changes == atomic_load_explicit(&group->changes, memory_order_acquire) && image_fits(image, view)) {
            atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
        } else {
            image = NULL;
        }
    }
    rz_mutex_unlock(&delta->image_lock);
    return image;
}

/* Widens what the image says of its oldest and newest by a node's. */
static void image_add_bounds(rz_delta_image *image, const rz_delta_entry *entries, uint32_t entry_count, const rz_delta_removal *removals, uint32_t removal_count)
{
    if (entry_count != 0) {
        uint64_t first = atomic_load_explicit(&entries[0].rel, memory_order_acquire);
        uint64_t last = atomic_load_explicit(&entries[entry_count - 1].rel, memory_order_acquire);
        image->min_rel = first < image->min_rel ? first : image->min_rel;
        image->max_rel = last > image->max_rel ? last : image->max_rel;
    }
    if (removal_count != 0) {
        const rz_delta_stamp *first = atomic_load_explicit(&removals[0].when, memory_order_acquire);
        const rz_delta_stamp *last = atomic_load_explicit(&removals[removal_count - 1].when, memory_order_acquire);
        image->oldest = image->oldest == NULL || first->sequence < image->oldest->sequence ? first : image->oldest;
        image->newest = image->newest == NULL || last->sequence > image->newest->sequence ? last : image->newest;
    }
}

/* Room for `count` changes. */
static rz_delta_image *image_create(rz_mem *mem, uint64_t count)
{
    const uint64_t nodes = RZ_CSR_GROUP_NODES;
    uint64_t bytes = sizeof(rz_delta_image) + nodes * (2 * sizeof(uint32_t) + sizeof(int64_t)) + count * 2 * sizeof(uint64_t);
    rz_delta_image *image = count > UINT32_MAX ? NULL : (rz_delta_image *)rz_mem_calloc(mem, 1, (size_t)bytes);
    if (image != NULL) {
        atomic_init(&image->refs, 1);
        image->mem = mem;
        image->bytes = (size_t)bytes;
        image->min_rel = UINT64_MAX;
        image->lengthens = (int64_t *)(void *)(image + 1);
        image->neighbours = (uint64_t *)(void *)(image->lengthens + nodes);
        image->rels = image->neighbours + count;
        image->starts = (uint32_t *)(void *)(image->rels + count);
        image->counts = image->starts + nodes;
    }
    return image;
}

/* A node's changes, all of which the view must see; there is room for those counted before. */
static bool image_add_node(rz_delta_image *image, const rz_delta_node *node, uint32_t room, const rz_delta_view *view, rz_delta_changes *scratch, rz_mem *mem)
{
    const rz_delta_entry *entries;
    const rz_delta_removal *removals;
    uint32_t local = (uint32_t)(node->bound % RZ_CSR_GROUP_NODES);
    uint32_t entry_count = rz_delta_inserted(node, view, &entries), removal_count = rz_delta_removed(node, view, &removals);
    if (entry_count != atomic_load_explicit(&node->count, memory_order_relaxed) ||
        removal_count != atomic_load_explicit(&node->removal_count, memory_order_relaxed) || !rz_delta_load(scratch, mem, node, view) ||
        scratch->count > room) {
        return false;
    }
    image_add_bounds(image, entries, entry_count, removals, removal_count);
    if (scratch->count != 0) {
        memcpy(image->neighbours + image->starts[local], scratch->neighbours, scratch->count * sizeof *image->neighbours);
        memcpy(image->rels + image->starts[local], scratch->rels, scratch->count * sizeof *image->rels);
    }
    image->counts[local] = scratch->count;
    image->lengthens[local] = (int64_t)entry_count - (int64_t)removal_count + 2 * (int64_t)rz_delta_revived(node, removals, removal_count);
    return true;
}

/* The image of nodes from `newest` on; NULL as rz_delta_image_make. */
static rz_delta_image *image_collect(rz_mem *image_mem, const rz_delta_node *newest, const rz_delta_view *view, rz_delta_changes *scratch, rz_mem *mem)
{
    uint64_t count = 0;
    for (const rz_delta_node *node = newest; node != NULL; node = node->group_next) {
        count += (uint64_t)atomic_load_explicit(&node->count, memory_order_relaxed) + atomic_load_explicit(&node->removal_count, memory_order_relaxed);
    }
    rz_delta_image *image = image_create(image_mem, count);
    if (image == NULL) {
        return NULL;
    }
    uint64_t left = count; /* counts may rise meanwhile */
    bool good = true;
    for (const rz_delta_node *node = newest; node != NULL && good; node = node->group_next) {
        uint64_t here = (uint64_t)atomic_load_explicit(&node->count, memory_order_relaxed) + atomic_load_explicit(&node->removal_count, memory_order_relaxed);
        good = here <= left;
        left -= good ? here : 0;
        image->starts[node->bound % RZ_CSR_GROUP_NODES] = good ? (uint32_t)here : 0;
    }
    uint32_t end = 0;
    for (uint32_t i = 0; i < RZ_CSR_GROUP_NODES; i++) {
        uint32_t here = image->starts[i];
        image->starts[i] = end;
        end += here;
    }
    for (const rz_delta_node *node = newest; node != NULL && good; node = node->group_next) {
        uint32_t local = (uint32_t)(node->bound % RZ_CSR_GROUP_NODES);
        uint32_t behind = local + 1 == RZ_CSR_GROUP_NODES ? end : image->starts[local + 1];
        good = image_add_node(image, node, behind - image->starts[local], view, scratch, mem);
    }
    if (!good) {
        rz_delta_image_release(image);
        return NULL;
    }
    return image;
}

rz_delta_image *rz_delta_image_make(rz_delta *delta, rz_delta_group *group, const rz_delta_view *view, rz_delta_changes *scratch, rz_mem *mem)
{
    if (atomic_exchange_explicit(&group->imaging, true, memory_order_acquire)) {
        return NULL;
    }
    rz_delta_image *old = NULL, *image = rz_delta_image_get(delta, group, view);
    if (image != NULL) { /* by now another thread has made it */
        atomic_store_explicit(&group->imaging, false, memory_order_release);
        return image;
    }
    atomic_fetch_add_explicit(&group->images, 1, memory_order_relaxed);
    atomic_store_explicit(&group->looked_up, 0, memory_order_relaxed);
    uint64_t changes = atomic_load_explicit(&group->changes, memory_order_acquire);
    image = image_collect(delta->mem, atomic_load_explicit(&group->newest, memory_order_acquire), view, scratch, mem);
    if (image != NULL && atomic_load_explicit(&group->changes, memory_order_acquire) != changes) {
        rz_delta_image_release(image);
        image = NULL;
    }
    if (image != NULL) {
        image->changes = changes;
        atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
        rz_mutex_lock(&delta->image_lock);
        old = atomic_load_explicit(&group->image, memory_order_relaxed);
        atomic_store_explicit(&group->image, image, memory_order_relaxed);
        rz_mutex_unlock(&delta->image_lock);
    }
    atomic_store_explicit(&group->imaging, false, memory_order_release);
    rz_delta_image_release(old);
    return image;
}
