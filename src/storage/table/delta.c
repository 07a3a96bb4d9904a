/* SPDX-License-Identifier: MIT */
/*
 * Adjacency changes in memory: adding, taking back, finding.
 */
#include "storage/table/delta.h"

#define DELTA_FIRST_ENTRIES 1u /* most nodes get one */
#define DELTA_FIRST_BITS 4u
#define DELTA_MARK_WORDS (RZ_CSR_GROUP_NODES / 64u)

RZ_STATIC_ASSERT(RZ_CSR_GROUP_NODES % 64 == 0, "a group's marks are whole words");

rz_delta *rz_delta_create(rz_mem *mem)
{
    rz_delta *delta = (rz_delta *)rz_mem_calloc(mem, 1, sizeof *delta);
    if (delta == NULL) {
        return NULL;
    }
    delta->mem = mem;
    rz_arena_init(&delta->arena, mem);
    atomic_init(&delta->refs, 1);
    atomic_init(&delta->edges, 0);
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

void rz_delta_release(rz_delta *delta)
{
    if (delta != NULL && atomic_fetch_sub_explicit(&delta->refs, 1, memory_order_acq_rel) == 1) {
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

uint32_t rz_delta_visible(const rz_delta_node *node, uint64_t first_rel, uint64_t end_rel, const rz_delta_entry **out_first)
{
    *out_first = NULL;
    if (node == NULL || first_rel >= end_rel) {
        return 0;
    }
    uint32_t count = atomic_load_explicit(&node->count, memory_order_acquire);
    const rz_delta_entry *entries = atomic_load_explicit(&node->entries, memory_order_acquire);
    if (count == 0) {
        return 0;
    }
    uint32_t end = atomic_load_explicit(&entries[count - 1].rel, memory_order_relaxed) < end_rel ? count
                                                                                                : delta_lower_bound(entries, count, end_rel);
    uint32_t first = atomic_load_explicit(&entries[0].rel, memory_order_relaxed) >= first_rel ? 0 : delta_lower_bound(entries, end, first_rel);
    *out_first = entries + first;
    return end > first ? end - first : 0;
}

/* ---- adding ---- */

static bool delta_mark(rz_delta *delta, rz_delta_side *side, uint64_t bound)
{
    uint64_t group = bound / RZ_CSR_GROUP_NODES;
    rz_delta_marks *marks = atomic_load_explicit(&side->marks, memory_order_relaxed);
    if (marks == NULL || group >= marks->group_count) {
        uint64_t old_count = marks == NULL ? 0 : marks->group_count;
        uint64_t count = group + 1 > old_count * 2 ? group + 1 : old_count * 2;
        rz_delta_marks *grown = (rz_delta_marks *)rz_arena_alloc(&delta->arena, sizeof *grown + count * sizeof grown->groups[0]);
        if (grown == NULL) {
            return false;
        }
        grown->group_count = count;
        for (uint64_t i = 0; i < count; i++) {
            atomic_init(&grown->groups[i], i < old_count ? atomic_load_explicit(&marks->groups[i], memory_order_relaxed) : NULL);
        }
        atomic_store_explicit(&side->marks, grown, memory_order_release);
        marks = grown;
    }
    _Atomic uint64_t *bits = atomic_load_explicit(&marks->groups[group], memory_order_relaxed);
    if (bits == NULL) {
        bits = (_Atomic uint64_t *)rz_arena_alloc(&delta->arena, DELTA_MARK_WORDS * sizeof *bits);
        if (bits == NULL) {
            return false;
        }
        for (uint32_t i = 0; i < DELTA_MARK_WORDS; i++) {
            atomic_init(&bits[i], 0);
        }
        atomic_store_explicit(&marks->groups[group], bits, memory_order_release);
    }
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    uint64_t word = atomic_load_explicit(&bits[local / 64], memory_order_relaxed);
    atomic_store_explicit(&bits[local / 64], word | UINT64_C(1) << (local % 64), memory_order_relaxed);
    return true;
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
    if (node == NULL || !delta_grow_table(delta, side) || !delta_mark(delta, side, bound)) {
        return NULL;
    }
    node->bound = bound;
    node->next = atomic_load_explicit(&side->newest, memory_order_relaxed);
    atomic_init(&node->count, 0);
    atomic_init(&node->entries, NULL);
    delta_place(atomic_load_explicit(&side->table, memory_order_relaxed), node);
    atomic_store_explicit(&side->newest, node, memory_order_release);
    atomic_fetch_add_explicit(&side->node_count, 1, memory_order_relaxed);
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

bool rz_delta_add(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t neighbour, uint64_t rel)
{
    rz_delta_side *side = &delta->sides[direction];
    rz_delta_node *node = delta_find_own(side, bound);
    if (node == NULL) {
        node = delta_add_node(delta, side, bound);
        if (node == NULL) {
            return false;
        }
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
    atomic_store_explicit(&entries[count].neighbour, neighbour, memory_order_relaxed);
    atomic_store_explicit(&entries[count].rel, rel, memory_order_relaxed);
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
        atomic_store_explicit(&node->count, count - 1, memory_order_release);
        if (direction == RZ_FORWARD) {
            atomic_fetch_sub_explicit(&delta->edges, 1, memory_order_release);
        }
    }
}

rz_delta *rz_delta_copy_from(const rz_delta *delta, uint64_t first_rel)
{
    rz_delta *copy = rz_delta_create(delta->mem);
    if (copy == NULL) {
        return NULL;
    }
    for (uint32_t direction = 0; direction < 2; direction++) {
        const rz_delta_node *node = atomic_load_explicit(&delta->sides[direction].newest, memory_order_acquire);
        for (; node != NULL; node = node->next) {
            const rz_delta_entry *entries;
            uint32_t count = rz_delta_visible(node, first_rel, UINT64_MAX, &entries);
            for (uint32_t i = 0; i < count; i++) {
                if (!rz_delta_add(copy, (rz_direction)direction, node->bound, atomic_load_explicit(&entries[i].neighbour, memory_order_relaxed),
                                  atomic_load_explicit(&entries[i].rel, memory_order_relaxed))) {
                    rz_delta_release(copy);
                    return NULL;
                }
            }
        }
    }
    return copy;
}
