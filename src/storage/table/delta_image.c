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

RZ_STATIC_ASSERT(RZ_CSR_GROUP_NODES <= UINT16_MAX + 1, "an image has 16 bits for a node of the group");

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

/* Room for `count` changes of `nodes` nodes. */
static rz_delta_image *image_create(rz_mem *mem, uint64_t nodes, uint64_t count)
{
    uint64_t bytes = sizeof(rz_delta_image) + count * (2 * sizeof(uint64_t) + sizeof(uint16_t)) + (2 * nodes + 1) * sizeof(uint32_t) + nodes * sizeof(uint16_t);
    rz_delta_image *image = count > UINT32_MAX ? NULL : (rz_delta_image *)rz_mem_alloc(mem, (size_t)bytes);
    if (image != NULL) {
        *image = (rz_delta_image){.mem = mem, .bytes = (size_t)bytes, .min_rel = UINT64_MAX};
        atomic_init(&image->refs, 1);
        image->neighbours = (uint64_t *)(void *)(image + 1);
        image->rels = image->neighbours + count;
        image->starts = (uint32_t *)(void *)(image->rels + count);
        image->lengthens = (int32_t *)(void *)(image->starts + nodes + 1);
        image->nodes = (uint16_t *)(void *)(image->lengthens + nodes);
        image->owners = image->nodes + nodes;
    }
    return image;
}

/* One change at the end. */
static inline void image_push(rz_delta_image *image, uint32_t *io_end, uint32_t local, uint64_t neighbour, uint64_t rel)
{
    image->neighbours[*io_end] = neighbour;
    image->rels[*io_end] = rel;
    image->owners[(*io_end)++] = (uint16_t)local;
}

/* At most one entry and one removal, as most nodes have: in order, without sorting. False when there is more to it. */
static bool image_add_pair(rz_delta_image *image, uint32_t *io_end, uint32_t local, const rz_delta_entry *entry, const rz_delta_removal *removal)
{
    uint64_t here = 0, rel = UINT64_MAX, gone_from = 0, gone = UINT64_MAX;
    if (removal != NULL) {
        gone_from = atomic_load_explicit(&removal->neighbour, memory_order_acquire);
        gone = atomic_load_explicit(&removal->rel, memory_order_acquire);
        if ((gone & RZ_DELTA_REVIVED) != 0) {
            return false;
        }
    }
    if (entry != NULL) {
        here = atomic_load_explicit(&entry->neighbour, memory_order_acquire);
        rel = atomic_load_explicit(&entry->rel, memory_order_acquire);
    }
    if (entry != NULL && removal != NULL && rel == gone) { /* taken back */
        return true;
    }
    bool first = removal != NULL && (entry == NULL || gone_from < here || (gone_from == here && gone < rel));
    if (first) {
        image_push(image, io_end, local, gone_from, gone | RZ_DELTA_REMOVED);
    }
    if (entry != NULL) {
        image_push(image, io_end, local, here, rel);
    }
    if (removal != NULL && !first) {
        image_push(image, io_end, local, gone_from, gone | RZ_DELTA_REMOVED);
    }
    return true;
}

/* A node's changes, all of which the view must see, behind those of the nodes before; there is room for `room` of all nodes together. */
static bool image_add_node(rz_delta_image *image, uint32_t *io_end, uint64_t room, const rz_delta_node *node, const rz_delta_view *view,
                           rz_delta_changes *scratch, rz_mem *mem)
{
    const rz_delta_entry *entries;
    const rz_delta_removal *removals;
    uint32_t local = (uint32_t)(node->bound % RZ_CSR_GROUP_NODES);
    uint32_t entry_count = rz_delta_inserted(node, view, &entries), removal_count = rz_delta_removed(node, view, &removals);
    if (entry_count != atomic_load_explicit(&node->count, memory_order_relaxed) ||
        removal_count != atomic_load_explicit(&node->removal_count, memory_order_relaxed) || (uint64_t)entry_count + removal_count > room - *io_end) {
        return false;
    }
    int64_t lengthens = (int64_t)entry_count - (int64_t)removal_count + 2 * (int64_t)rz_delta_revived(node, removals, removal_count);
    if (lengthens < INT32_MIN || lengthens > INT32_MAX) {
        return false;
    }
    image->lengthens[image->node_count] = (int32_t)lengthens;
    image_add_bounds(image, entries, entry_count, removals, removal_count);
    if (entry_count <= 1 && removal_count <= 1 &&
        image_add_pair(image, io_end, local, entry_count == 0 ? NULL : entries, removal_count == 0 ? NULL : removals)) {
        return true;
    }
    if (!rz_delta_load(scratch, mem, node, view) || scratch->count > room - *io_end) {
        return false;
    }
    for (uint32_t i = 0; i < scratch->count; i++) {
        image_push(image, io_end, local, scratch->neighbours[i], scratch->rels[i]);
    }
    return true;
}

#define IMAGE_AHEAD 8u /* nodes whose changes are brought nearer */

/* The image of the nodes, which are in order and of the same group; NULL as rz_delta_image_make. `changes`: of all of them, when they were counted. */
static rz_delta_image *image_collect(rz_mem *image_mem, const rz_delta_node *const *nodes, uint32_t count, uint64_t changes, const rz_delta_view *view,
                                     rz_delta_changes *scratch, rz_mem *mem)
{
    rz_delta_image *image = image_create(image_mem, count, changes);
    uint32_t end = 0;
    for (uint32_t i = 0; image != NULL && i < count; i++) {
        uint32_t local = (uint32_t)(nodes[i]->bound % RZ_CSR_GROUP_NODES), begin = end;
        if (i + IMAGE_AHEAD < count) {
            RZ_PREFETCH(atomic_load_explicit(&nodes[i + IMAGE_AHEAD]->entries, memory_order_relaxed));
            RZ_PREFETCH(atomic_load_explicit(&nodes[i + IMAGE_AHEAD]->removals, memory_order_relaxed));
        }
        if (!image_add_node(image, &end, changes, nodes[i], view, scratch, mem)) {
            rz_delta_image_release(image);
            return NULL;
        }
        if (end != begin) { /* what was taken back leaves nothing */
            image->starts[image->node_count] = begin;
            image->nodes[image->node_count++] = (uint16_t)local;
            image->bits[local / 64] |= UINT64_C(1) << (local % 64);
        }
    }
    if (image != NULL) {
        image->starts[image->node_count] = end;
        for (uint32_t word = 0; word < RZ_CSR_GROUP_NODES / 64; word++) {
            image->before[word + 1] = (uint16_t)(image->before[word] + rz_popcount64(image->bits[word]));
        }
    }
    return image;
}

/* The same of the nodes from `newest` on, each of which is there once. */
static rz_delta_image *image_sort(rz_mem *image_mem, const rz_delta_node *newest, const rz_delta_view *view, rz_delta_changes *scratch, rz_mem *mem)
{
    uint64_t bits[RZ_CSR_GROUP_NODES / 64] = {0}, changes = 0;
    uint32_t before[RZ_CSR_GROUP_NODES / 64], count = 0;
    for (const rz_delta_node *node = newest; node != NULL; node = node->group_next) { /* counts may rise meanwhile */
        uint64_t local = node->bound % RZ_CSR_GROUP_NODES;
        bits[local / 64] |= UINT64_C(1) << (local % 64);
        changes += (uint64_t)atomic_load_explicit(&node->count, memory_order_relaxed) + atomic_load_explicit(&node->removal_count, memory_order_relaxed);
    }
    for (uint32_t word = 0; word < RZ_CSR_GROUP_NODES / 64; word++) {
        before[word] = count;
        count += rz_popcount64(bits[word]);
    }
    const rz_delta_node **nodes = (const rz_delta_node **)rz_mem_alloc(mem, (size_t)count * sizeof *nodes + sizeof *nodes);
    if (nodes == NULL) {
        return NULL;
    }
    for (const rz_delta_node *node = newest; node != NULL; node = node->group_next) {
        uint64_t local = node->bound % RZ_CSR_GROUP_NODES;
        nodes[before[local / 64] + rz_popcount64(bits[local / 64] & ((UINT64_C(1) << (local % 64)) - 1))] = node;
    }
    rz_delta_image *image = image_collect(image_mem, nodes, count, changes, view, scratch, mem);
    rz_mem_free(mem, (void *)nodes, (size_t)count * sizeof *nodes + sizeof *nodes);
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
    image = image_sort(delta->mem, atomic_load_explicit(&group->newest, memory_order_acquire), view, scratch, mem);
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
