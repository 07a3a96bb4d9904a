/* SPDX-License-Identifier: MIT */
/*
 * Adjacency changes in memory: adding, taking back, finding, sorting.
 */
#include "storage/table/delta.h"

#define DELTA_FIRST_ENTRIES 1u /* most nodes get one */
#define DELTA_FIRST_BITS 4u

RZ_STATIC_ASSERT(RZ_CSR_GROUP_NODES % 64 == 0, "a group's marks are whole words");

rz_delta *rz_delta_create(rz_mem *mem)
{
    rz_delta *delta = (rz_delta *)rz_mem_calloc(mem, 1, sizeof *delta);
    if (delta == NULL) {
        return NULL;
    }
    if (rz_mutex_init(&delta->image_lock) != RUZU_OK) {
        rz_mem_free(mem, delta, sizeof *delta);
        return NULL;
    }
    delta->mem = mem;
    delta->number = 1; /* 0: seen by none */
    rz_arena_init(&delta->arena, mem);
    atomic_init(&delta->refs, 1);
    atomic_init(&delta->edges, 0);
    atomic_init(&delta->removals, 0);
    for (uint32_t i = 0; i < 2; i++) {
        atomic_init(&delta->sides[i].marks, NULL);
        atomic_init(&delta->sides[i].table, NULL);
        atomic_init(&delta->sides[i].newest, NULL);
        atomic_init(&delta->sides[i].node_count, 0);
    }
    return delta;
}

void rz_delta_acquire(rz_delta *delta)
{
    atomic_fetch_add_explicit(&delta->refs, 1, memory_order_relaxed);
}

static void delta_release_images(const rz_delta_side *side)
{
    const rz_delta_marks *marks = atomic_load_explicit(&side->marks, memory_order_relaxed);
    for (uint64_t g = 0; marks != NULL && g < marks->group_count; g++) {
        rz_delta_group *group = atomic_load_explicit(&marks->groups[g], memory_order_relaxed);
        if (group != NULL) {
            rz_delta_image_release(atomic_load_explicit(&group->image, memory_order_relaxed));
        }
    }
}

void rz_delta_release(rz_delta *delta)
{
    if (delta != NULL && atomic_fetch_sub_explicit(&delta->refs, 1, memory_order_acq_rel) == 1) {
        for (const rz_delta_stamps *kept = delta->stamps; kept != NULL; kept = kept->next) {
            rz_delta_stamp_release(kept->stamp);
        }
        delta_release_images(&delta->sides[0]);
        delta_release_images(&delta->sides[1]);
        rz_mutex_destroy(&delta->image_lock);
        rz_arena_free(&delta->arena);
        rz_mem_free(delta->mem, delta, sizeof *delta);
    }
}

/* ---- finding ---- */

static inline uint64_t delta_slot(uint64_t bound, uint32_t bits)
{
    return rz_hash_u64(bound) >> (64 - bits);
}

const rz_delta_node *rz_delta_find(const rz_delta_side *side, uint64_t bound)
{
    const rz_delta_table *table = atomic_load_explicit(&side->table, memory_order_acquire);
    if (table == NULL) {
        return NULL;
    }
    uint64_t mask = (UINT64_C(1) << table->bits) - 1;
    for (uint64_t at = delta_slot(bound, table->bits);; at = (at + 1) & mask) { /* never full */
        const rz_delta_node *node = atomic_load_explicit(&table->slots[at], memory_order_acquire);
        if (node == NULL || node->bound == bound) {
            return node;
        }
    }
}

void rz_delta_prefetch(const rz_delta_side *side, uint64_t bound, uint32_t step)
{
    const rz_delta_table *table = atomic_load_explicit(&side->table, memory_order_acquire);
    if (table == NULL) {
        return;
    }
    const _Atomic(rz_delta_node *) *slot = &table->slots[delta_slot(bound, table->bits)];
    if (step == 0) {
        RZ_PREFETCH(slot);
        return;
    }
    const rz_delta_node *node = atomic_load_explicit(slot, memory_order_acquire);
    if (node == NULL) {
        return;
    }
    if (step == 1) {
        RZ_PREFETCH(node);
    } else {
        RZ_PREFETCH(atomic_load_explicit(&node->entries, memory_order_relaxed));
        RZ_PREFETCH(atomic_load_explicit(&node->removals, memory_order_relaxed));
    }
}

/* First entry of [0, count) whose rel offset is at least rel. */
static uint32_t delta_lower_bound(const rz_delta_entry *entries, uint32_t count, uint64_t rel)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (atomic_load_explicit(&entries[middle].rel, memory_order_relaxed) < rel) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t rz_delta_inserted(const rz_delta_node *node, const rz_delta_view *view, const rz_delta_entry **out_first)
{
    *out_first = NULL;
    if (node == NULL || view->first_rel >= view->end_rel) {
        return 0;
    }
    uint32_t count = atomic_load_explicit(&node->count, memory_order_acquire);
    const rz_delta_entry *entries = atomic_load_explicit(&node->entries, memory_order_acquire);
    if (count == 0) {
        return 0;
    }
    uint32_t end = atomic_load_explicit(&entries[count - 1].rel, memory_order_relaxed) < view->end_rel
                       ? count
                       : delta_lower_bound(entries, count, view->end_rel);
    uint32_t first = atomic_load_explicit(&entries[0].rel, memory_order_relaxed) >= view->first_rel
                         ? 0
                         : delta_lower_bound(entries, end, view->first_rel);
    *out_first = entries + first;
    return end > first ? end - first : 0;
}

/* Whether a deletion is behind those that count (`behind`), or at least not before them. */
static bool delta_stamp_past(const rz_delta_stamp *when, const rz_delta_view *view, bool behind)
{
    uint64_t stamp = atomic_load_explicit(&when->stamp, memory_order_acquire);
    if (!behind) {
        return stamp > view->folded_time;
    }
    return !rz_stamp_visible(stamp, &view->snapshot) || (stamp >= RZ_STAMP_UNCOMMITTED && when->sequence >= view->sequence_end);
}

bool rz_delta_removal_counts(const rz_delta_stamp *when, const rz_delta_view *view)
{
    return !delta_stamp_past(when, view, true) && delta_stamp_past(when, view, false);
}

/* The same of a removal. Both hold from some removal on. */
static bool delta_removal_past(const rz_delta_removal *removal, const rz_delta_view *view, bool behind)
{
    return delta_stamp_past(atomic_load_explicit(&removal->when, memory_order_acquire), view, behind);
}

static uint32_t delta_removal_bound(const rz_delta_removal *removals, uint32_t low, uint32_t high, const rz_delta_view *view, bool behind)
{
    if (low < high && !delta_removal_past(&removals[high - 1], view, behind)) {
        return high; /* nearly always the answer, or the next one is */
    }
    if (low < high && delta_removal_past(&removals[low], view, behind)) {
        return low;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (delta_removal_past(&removals[middle], view, behind)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

uint32_t rz_delta_removed(const rz_delta_node *node, const rz_delta_view *view, const rz_delta_removal **out_first)
{
    *out_first = NULL;
    uint32_t count = node == NULL ? 0 : atomic_load_explicit(&node->removal_count, memory_order_acquire);
    if (count == 0) {
        return 0;
    }
    const rz_delta_removal *removals = atomic_load_explicit(&node->removals, memory_order_acquire);
    uint32_t end = delta_removal_bound(removals, 0, count, view, true);
    uint32_t first = delta_removal_bound(removals, 0, end, view, false);
    *out_first = removals + first;
    return end - first;
}

uint32_t rz_delta_revived(const rz_delta_node *node, const rz_delta_removal *removals, uint32_t count)
{
    uint32_t revived = 0;
    if (count == 0 || !atomic_load_explicit(&node->revived, memory_order_relaxed)) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        revived += (atomic_load_explicit(&removals[i].rel, memory_order_acquire) & RZ_DELTA_REVIVED) != 0;
    }
    return revived;
}

bool rz_delta_any(const rz_delta *delta, const rz_delta_view *view)
{
    return (view->end_rel > view->first_rel && atomic_load_explicit(&delta->edges, memory_order_acquire) != 0) ||
           atomic_load_explicit(&delta->removals, memory_order_acquire) != 0;
}

/* ---- adding ---- */

/* The group of a node that gets its first change; NULL when memory is refused. */
static rz_delta_group *delta_mark(rz_delta *delta, rz_delta_side *side, uint64_t bound)
{
    uint64_t group = bound / RZ_CSR_GROUP_NODES;
    rz_delta_marks *marks = atomic_load_explicit(&side->marks, memory_order_relaxed);
    if (marks == NULL || group >= marks->group_count) {
        uint64_t old_count = marks == NULL ? 0 : marks->group_count;
        uint64_t count = group + 1 > old_count * 2 ? group + 1 : old_count * 2;
        rz_delta_marks *grown = (rz_delta_marks *)rz_arena_alloc(&delta->arena, sizeof *grown + count * sizeof grown->groups[0]);
        if (grown == NULL) {
            return NULL;
        }
        grown->group_count = count;
        for (uint64_t i = 0; i < count; i++) {
            atomic_init(&grown->groups[i], i < old_count ? atomic_load_explicit(&marks->groups[i], memory_order_relaxed) : NULL);
        }
        atomic_store_explicit(&side->marks, grown, memory_order_release);
        marks = grown;
    }
    rz_delta_group *changed = atomic_load_explicit(&marks->groups[group], memory_order_relaxed);
    if (changed == NULL) {
        changed = RZ_NEW(&delta->arena, rz_delta_group);
        if (changed == NULL) {
            return NULL;
        }
        for (uint32_t i = 0; i < RZ_CSR_GROUP_NODES / 64; i++) {
            atomic_init(&changed->bits[i], 0);
        }
        atomic_init(&changed->newest, NULL);
        atomic_init(&changed->node_count, 0);
        atomic_init(&changed->changes, 0);
        atomic_init(&changed->image, NULL);
        atomic_init(&changed->imaging, false);
        atomic_init(&changed->images, 0);
        atomic_init(&changed->looked_up, 0);
        atomic_store_explicit(&marks->groups[group], changed, memory_order_release);
    }
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    uint64_t word = atomic_load_explicit(&changed->bits[local / 64], memory_order_relaxed);
    atomic_store_explicit(&changed->bits[local / 64], word | UINT64_C(1) << (local % 64), memory_order_relaxed);
    return changed;
}

/*
 * Before a change of the node's: no image of the group holds any longer. What is written to entries and removals afterwards is released, so that who has read any of it,
 * and then looks at the count in order, sees that the count has risen.
 */
static void delta_count_change(const rz_delta_node *node)
{
    uint64_t changes = atomic_load_explicit(&node->group->changes, memory_order_relaxed);
    atomic_store_explicit(&node->group->changes, changes + 1, memory_order_release);
}

/* The table is published with all its nodes, or gets one more by a release store. */
static void delta_place(rz_delta_table *table, rz_delta_node *node)
{
    uint64_t mask = (UINT64_C(1) << table->bits) - 1;
    uint64_t at = delta_slot(node->bound, table->bits);
    while (atomic_load_explicit(&table->slots[at], memory_order_relaxed) != NULL) {
        at = (at + 1) & mask;
    }
    atomic_store_explicit(&table->slots[at], node, memory_order_release);
}

static bool delta_grow_table(rz_delta *delta, rz_delta_side *side)
{
    rz_delta_table *old = atomic_load_explicit(&side->table, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&side->node_count, memory_order_relaxed);
    if (old != NULL && (uint64_t)count * 2 < UINT64_C(1) << old->bits) {
        return true;
    }
    uint32_t bits = old == NULL ? DELTA_FIRST_BITS : old->bits + 1;
    rz_delta_table *table = (rz_delta_table *)rz_arena_alloc(&delta->arena, sizeof *table + (sizeof table->slots[0] << bits));
    if (table == NULL) {
        return false;
    }
    table->bits = bits;
    for (uint64_t i = 0; i < UINT64_C(1) << bits; i++) {
        atomic_init(&table->slots[i], NULL);
    }
    for (rz_delta_node *node = atomic_load_explicit(&side->newest, memory_order_relaxed); node != NULL; node = node->next) {
        delta_place(table, node);
    }
    atomic_store_explicit(&side->table, table, memory_order_release);
    return true;
}

static rz_delta_node *delta_add_node(rz_delta *delta, rz_delta_side *side, uint64_t bound)
{
    rz_delta_node *node = RZ_NEW(&delta->arena, rz_delta_node);
    rz_delta_group *group = node == NULL || !delta_grow_table(delta, side) ? NULL : delta_mark(delta, side, bound);
    if (group == NULL) {
        return NULL;
    }
    node->bound = bound;
    node->group = group;
    node->group_next = atomic_load_explicit(&group->newest, memory_order_relaxed);
    node->next = atomic_load_explicit(&side->newest, memory_order_relaxed);
    atomic_init(&node->count, 0);
    atomic_init(&node->entries, NULL);
    atomic_init(&node->removal_count, 0);
    atomic_init(&node->removals, NULL);
    atomic_init(&node->revived, false);
    delta_place(atomic_load_explicit(&side->table, memory_order_relaxed), node);
    atomic_store_explicit(&side->newest, node, memory_order_release);
    atomic_fetch_add_explicit(&side->node_count, 1, memory_order_relaxed);
    atomic_store_explicit(&group->newest, node, memory_order_release);
    atomic_fetch_add_explicit(&group->node_count, 1, memory_order_relaxed);
    return node;
}

/* The writer's view of a node: it owns what it points to. */
static rz_delta_node *delta_find_own(rz_delta_side *side, uint64_t bound)
{
    rz_delta_table *table = atomic_load_explicit(&side->table, memory_order_relaxed);
    if (table == NULL) {
        return NULL;
    }
    uint64_t mask = (UINT64_C(1) << table->bits) - 1;
    for (uint64_t at = delta_slot(bound, table->bits);; at = (at + 1) & mask) {
        rz_delta_node *node = atomic_load_explicit(&table->slots[at], memory_order_relaxed);
        if (node == NULL || node->bound == bound) {
            return node;
        }
    }
}

/* The node, added when there is none; NULL when memory is refused. */
static rz_delta_node *delta_get_node(rz_delta *delta, rz_delta_side *side, uint64_t bound)
{
    rz_delta_node *node = delta_find_own(side, bound);
    return node != NULL ? node : delta_add_node(delta, side, bound);
}

bool rz_delta_add(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t neighbour, uint64_t rel)
{
    rz_delta_node *node = delta_get_node(delta, &delta->sides[direction], bound);
    if (node == NULL) {
        return false;
    }
    uint32_t count = atomic_load_explicit(&node->count, memory_order_relaxed);
    rz_delta_entry *entries = atomic_load_explicit(&node->entries, memory_order_relaxed);
    if (count == node->capacity) {
        uint32_t capacity = node->capacity == 0 ? DELTA_FIRST_ENTRIES : node->capacity * 2;
        rz_delta_entry *grown = (rz_delta_entry *)rz_arena_alloc(&delta->arena, capacity * sizeof *grown);
        if (grown == NULL || capacity < node->capacity) {
            return false;
        }
        for (uint32_t i = 0; i < capacity; i++) {
            atomic_init(&grown[i].neighbour, i < count ? atomic_load_explicit(&entries[i].neighbour, memory_order_relaxed) : 0);
            atomic_init(&grown[i].rel, i < count ? atomic_load_explicit(&entries[i].rel, memory_order_relaxed) : UINT64_MAX);
        }
        atomic_store_explicit(&node->entries, grown, memory_order_release);
        node->capacity = capacity;
        entries = grown;
    }
    delta_count_change(node);
    atomic_store_explicit(&entries[count].neighbour, neighbour, memory_order_release);
    atomic_store_explicit(&entries[count].rel, rel, memory_order_release);
    atomic_store_explicit(&node->count, count + 1, memory_order_release);
    if (direction == RZ_FORWARD) {
        atomic_fetch_add_explicit(&delta->edges, 1, memory_order_release);
    }
    return true;
}

void rz_delta_pop(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t rel)
{
    rz_delta_node *node = delta_find_own(&delta->sides[direction], bound);
    uint32_t count = node == NULL ? 0 : atomic_load_explicit(&node->count, memory_order_relaxed);
    if (count == 0) {
        return;
    }
    const rz_delta_entry *entries = atomic_load_explicit(&node->entries, memory_order_relaxed);
    if (atomic_load_explicit(&entries[count - 1].rel, memory_order_relaxed) == rel) {
        delta_count_change(node);
        atomic_store_explicit(&node->count, count - 1, memory_order_release);
        if (direction == RZ_FORWARD) {
            atomic_fetch_sub_explicit(&delta->edges, 1, memory_order_release);
        }
    }
}

/* ---- removing ---- */

rz_delta_stamp *rz_delta_stamp_create(rz_mem *mem, uint64_t sequence, uint64_t stamp)
{
    rz_delta_stamp *when = (rz_delta_stamp *)rz_mem_calloc(mem, 1, sizeof *when);
    if (when != NULL) {
        when->mem = mem;
        when->sequence = sequence;
        atomic_init(&when->refs, 1);
        atomic_init(&when->stamp, stamp);
    }
    return when;
}

void rz_delta_stamp_release(rz_delta_stamp *stamp)
{
    if (stamp != NULL && atomic_fetch_sub_explicit(&stamp->refs, 1, memory_order_acq_rel) == 1) {
        rz_mem_free(stamp->mem, stamp, sizeof *stamp);
    }
}

/* The delta keeps the stamp from now on. */
static bool delta_keep_stamp(rz_delta *delta, rz_delta_stamp *when)
{
    if (when->seen == delta->number) {
        return true;
    }
    rz_delta_stamps *kept = RZ_NEW(&delta->arena, rz_delta_stamps);
    if (kept == NULL) {
        return false;
    }
    kept->stamp = when;
    kept->next = delta->stamps;
    delta->stamps = kept;
    when->seen = delta->number;
    atomic_fetch_add_explicit(&when->refs, 1, memory_order_relaxed);
    return true;
}

bool rz_delta_remove(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t neighbour, uint64_t rel, rz_delta_stamp *when)
{
    rz_delta_node *node = delta_get_node(delta, &delta->sides[direction], bound);
    if (node == NULL || !delta_keep_stamp(delta, when)) {
        return false;
    }
    uint32_t count = atomic_load_explicit(&node->removal_count, memory_order_relaxed);
    rz_delta_removal *removals = atomic_load_explicit(&node->removals, memory_order_relaxed);
    if (count == node->removal_capacity) {
        uint32_t capacity = count == 0 ? DELTA_FIRST_ENTRIES : count * 2;
        rz_delta_removal *grown = (rz_delta_removal *)rz_arena_alloc(&delta->arena, capacity * sizeof *grown);
        if (grown == NULL || capacity < count) {
            return false;
        }
        for (uint32_t i = 0; i < capacity; i++) {
            atomic_init(&grown[i].neighbour, i < count ? atomic_load_explicit(&removals[i].neighbour, memory_order_relaxed) : 0);
            atomic_init(&grown[i].rel, i < count ? atomic_load_explicit(&removals[i].rel, memory_order_relaxed) : UINT64_MAX);
            atomic_init(&grown[i].when, i < count ? atomic_load_explicit(&removals[i].when, memory_order_relaxed) : NULL);
        }
        atomic_store_explicit(&node->removals, grown, memory_order_release);
        node->removal_capacity = capacity;
        removals = grown;
    }
    delta_count_change(node);
    if ((rel & RZ_DELTA_REVIVED) != 0) {
        atomic_store_explicit(&node->revived, true, memory_order_release);
    }
    atomic_store_explicit(&removals[count].neighbour, neighbour, memory_order_release);
    atomic_store_explicit(&removals[count].rel, rel, memory_order_release);
    atomic_store_explicit(&removals[count].when, when, memory_order_release); /* a reader may come here by an older count */
    atomic_store_explicit(&node->removal_count, count + 1, memory_order_release);
    if (direction == RZ_FORWARD) {
        atomic_fetch_add_explicit(&delta->removals, 1, memory_order_release);
    }
    return true;
}

void rz_delta_unremove(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t rel, const rz_delta_stamp *when)
{
    rz_delta_node *node = delta_find_own(&delta->sides[direction], bound);
    uint32_t count = node == NULL ? 0 : atomic_load_explicit(&node->removal_count, memory_order_relaxed);
    if (count == 0) {
        return;
    }
    const rz_delta_removal *last = atomic_load_explicit(&node->removals, memory_order_relaxed) + count - 1;
    if (atomic_load_explicit(&last->rel, memory_order_relaxed) == rel && atomic_load_explicit(&last->when, memory_order_relaxed) == when) {
        delta_count_change(node);
        atomic_store_explicit(&node->removal_count, count - 1, memory_order_release);
        if (direction == RZ_FORWARD) {
            atomic_fetch_sub_explicit(&delta->removals, 1, memory_order_release);
        }
    }
}

/* ---- copying ---- */

static bool delta_copy_node(rz_delta *copy, rz_direction direction, const rz_delta_node *node, const rz_delta_view *view)
{
    const rz_delta_entry *entries;
    const rz_delta_removal *removals;
    uint32_t count = rz_delta_inserted(node, view, &entries);
    for (uint32_t i = 0; i < count; i++) {
        if (!rz_delta_add(copy, direction, node->bound, atomic_load_explicit(&entries[i].neighbour, memory_order_relaxed),
                          atomic_load_explicit(&entries[i].rel, memory_order_relaxed))) {
            return false;
        }
    }
    count = rz_delta_removed(node, view, &removals);
    for (uint32_t i = 0; i < count; i++) {
        if (!rz_delta_remove(copy, direction, node->bound, atomic_load_explicit(&removals[i].neighbour, memory_order_relaxed),
                             atomic_load_explicit(&removals[i].rel, memory_order_relaxed),
                             atomic_load_explicit(&removals[i].when, memory_order_relaxed))) {
            return false;
        }
    }
    return true;
}

rz_delta *rz_delta_copy_view(rz_delta *delta, const rz_delta_view *view)
{
    rz_delta *copy = rz_delta_create(delta->mem);
    if (copy == NULL) {
        return NULL;
    }
    copy->number = delta->number + ++delta->copies;
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_delta_node *node = atomic_load_explicit(&delta->sides[direction].newest, memory_order_acquire);
        for (; node != NULL; node = node->next) {
            if (!delta_copy_node(copy, (rz_direction)direction, node, view)) {
                rz_delta_release(copy);
                return NULL;
            }
        }
    }
    return copy;
}

rz_delta *rz_delta_copy_from(rz_delta *delta, uint64_t first_rel, uint64_t folded_time)
{
    const rz_delta_view view = {.first_rel = first_rel, .end_rel = UINT64_MAX, .folded_time = folded_time, .sequence_end = UINT64_MAX,
                                .snapshot = {.timestamp = RZ_STAMP_NEVER - 1}};
    return rz_delta_copy_view(delta, &view);
}

/* ---- a node's changes, sorted ---- */

#define DELTA_CHANGE_BYTES (4 * sizeof(uint64_t) + 2 * sizeof(uint32_t))

void rz_delta_changes_free(rz_delta_changes *changes, rz_mem *mem)
{
    rz_mem_free(mem, changes->neighbours, changes->capacity * DELTA_CHANGE_BYTES);
    *changes = (rz_delta_changes){0};
}

bool rz_delta_changes_reserve(rz_delta_changes *changes, rz_mem *mem, uint64_t count)
{
    if (count <= changes->capacity) {
        return true;
    }
    uint64_t capacity = count < 32 ? 32 : count;
    uint64_t *numbers = capacity > UINT32_MAX ? NULL : (uint64_t *)rz_mem_alloc(mem, capacity * DELTA_CHANGE_BYTES);
    if (numbers == NULL) {
        return false;
    }
    rz_delta_changes_free(changes, mem);
    changes->neighbours = numbers;
    changes->rels = numbers + capacity;
    changes->scratch[0] = numbers + 2 * capacity;
    changes->scratch[1] = numbers + 3 * capacity;
    changes->order = (uint32_t *)(void *)(numbers + 4 * capacity);
    changes->capacity = (uint32_t)capacity;
    return true;
}

/* Loads below acquire, though what counts for the view is there: who makes an image looks at more, and wants to know when it was changed meanwhile. */

/* What becomes of one rel offset: the removals [*io_at, …) of it, oldest first, and the entry of it if there is one. */
static void delta_changes_settle(rz_delta_changes *changes, const rz_delta_removal *removals, uint32_t removal_count, uint32_t *io_at,
                                 const rz_delta_entry *entry)
{
    const uint64_t *removed = changes->scratch[0];
    uint64_t rel = removed[*io_at], gone_from = 0;
    uint64_t neighbour = entry == NULL ? 0 : atomic_load_explicit(&entry->neighbour, memory_order_acquire);
    bool here = entry != NULL, gone = false; /* the newest one is there; the one on pages is not */
    for (; *io_at < removal_count && removed[*io_at] == rel; ++*io_at) {
        const rz_delta_removal *removal = &removals[changes->order[*io_at]];
        if ((atomic_load_explicit(&removal->rel, memory_order_acquire) & RZ_DELTA_REVIVED) != 0) {
            here = true;
            neighbour = atomic_load_explicit(&removal->neighbour, memory_order_acquire);
        } else if (here) {
            here = false;
        } else {
            gone = true;
            gone_from = atomic_load_explicit(&removal->neighbour, memory_order_acquire);
        }
    }
    if (gone && here && gone_from == neighbour) { /* the same again */
        return;
    }
    if (gone) {
        changes->neighbours[changes->count] = gone_from;
        changes->rels[changes->count++] = rel | RZ_DELTA_REMOVED;
    }
    if (here) {
        changes->neighbours[changes->count] = neighbour;
        changes->rels[changes->count++] = rel;
    }
}

/* Entries and removals by rel offset; those of the same relationship cancel each other. */
static void delta_changes_merge(rz_delta_changes *changes, const rz_delta_entry *entries, uint32_t entry_count, const rz_delta_removal *removals,
                                uint32_t removal_count)
{
    uint64_t *removed = changes->scratch[0];
    uint32_t *order = changes->order;
    uint32_t entry = 0, at = 0;
    for (uint32_t i = 0; i < removal_count; i++) {
        removed[i] = atomic_load_explicit(&removals[i].rel, memory_order_acquire) & ~RZ_DELTA_REVIVED;
        order[i] = i;
    }
    if (removal_count > 1) { /* stable: of the same rel offset the oldest first */
        rz_radix_sort(removed, changes->scratch[1], order, order + changes->capacity, removal_count, 0, RZ_ID_OFFSET_BITS);
    }
    changes->count = 0;
    for (;;) {
        uint64_t until = at < removal_count ? removed[at] : UINT64_MAX;
        while (entry < entry_count && atomic_load_explicit(&entries[entry].rel, memory_order_acquire) < until) {
            changes->neighbours[changes->count] = atomic_load_explicit(&entries[entry].neighbour, memory_order_acquire);
            changes->rels[changes->count++] = atomic_load_explicit(&entries[entry++].rel, memory_order_acquire);
        }
        if (at == removal_count) {
            break;
        }
        bool same = entry < entry_count && atomic_load_explicit(&entries[entry].rel, memory_order_acquire) == until;
        delta_changes_settle(changes, removals, removal_count, &at, same ? &entries[entry] : NULL);
        entry += same;
    }
}

bool rz_delta_load(rz_delta_changes *changes, rz_mem *mem, const rz_delta_node *node, const rz_delta_view *view)
{
    const rz_delta_entry *entries;
    const rz_delta_removal *removals;
    uint32_t entry_count = rz_delta_inserted(node, view, &entries);
    uint32_t removal_count = rz_delta_removed(node, view, &removals);
    changes->count = 0;
    if (entry_count == 0 && removal_count == 0) {
        return true;
    }
    if (!rz_delta_changes_reserve(changes, mem, (uint64_t)entry_count + removal_count)) {
        return false;
    }
    delta_changes_merge(changes, entries, entry_count, removals, removal_count);
    if (changes->count > 1) { /* stable: among equal neighbours the order of rel offsets stays */
        uint64_t *rels = changes->scratch[1];
        memcpy(rels, changes->rels, changes->count * sizeof *rels);
        for (uint32_t i = 0; i < changes->count; i++) {
            changes->order[i] = i;
        }
        rz_radix_sort(changes->neighbours, changes->scratch[0], changes->order, changes->order + changes->capacity, changes->count, 0, RZ_ID_OFFSET_BITS);
        for (uint32_t i = 0; i < changes->count; i++) {
            changes->rels[i] = rels[changes->order[i]];
        }
    }
    return true;
}
