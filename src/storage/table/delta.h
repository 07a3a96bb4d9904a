/* SPDX-License-Identifier: MIT */
/*
 * Adjacency changes in memory: per bound node and direction, the relationships inserted since the last checkpoint.
 *
 *   rz_delta ── sides[direction] ── marks: a bitmap per CSR group, "this node has changes"     (what the fast path looks at)
 *                                └─ table: bound node ► rz_delta_node ► entries (neighbour, rel offset), in the order of insertion
 *
 * Visibility is that of the relationship's row: rel offsets rise along the entries, and a snapshot sees a prefix of rel offsets (rows.h, (2)), so what it
 * sees of a list is found by halving. One thread writes, under the table's write lock; readers take no lock. Grown arrays are left in the arena for readers
 * that are still in them. Rollback takes entries off the end; entries written there later have rel offsets that no older reader sees, so it does
 * not matter to it which of the two it meets.
 */
#ifndef RZ_STORAGE_TABLE_DELTA_H
#define RZ_STORAGE_TABLE_DELTA_H

#include "storage/table/table.h"

typedef struct rz_delta_entry {
    _Atomic uint64_t neighbour;
    _Atomic uint64_t rel;
} rz_delta_entry;

typedef struct rz_delta_node rz_delta_node;
struct rz_delta_node {
    uint64_t bound;
    rz_delta_node *next;              /* the node added before it */
    uint32_t capacity;                /* writer only */
    _Atomic uint32_t count;           /* release after the entry is written */
    _Atomic(rz_delta_entry *) entries;
};

typedef struct rz_delta_table {
    uint32_t bits;
    _Atomic(rz_delta_node *) slots[];
} rz_delta_table;

typedef struct rz_delta_marks {
    uint64_t group_count;
    _Atomic(_Atomic uint64_t *) groups[]; /* bitmaps of RZ_CSR_GROUP_NODES bits; NULL: no changes */
} rz_delta_marks;

typedef struct rz_delta_side {
    _Atomic(rz_delta_marks *) marks;
    _Atomic(rz_delta_table *) table;
    _Atomic(rz_delta_node *) newest; /* list of all nodes */
    _Atomic uint32_t node_count;
} rz_delta_side;

typedef struct rz_delta {
    rz_mem *mem;
    _Atomic uint32_t refs;
    _Atomic uint64_t edges; /* inserted and not rolled back */
    rz_arena arena;         /* writer only */
    rz_delta_side sides[2];
} rz_delta;

rz_delta *rz_delta_create(rz_mem *mem); /* NULL when memory is refused */
void rz_delta_acquire(rz_delta *delta);
void rz_delta_release(rz_delta *delta); /* NULL is fine */

/* Appends an entry to bound's list. False: memory refused. */
RZ_NODISCARD bool rz_delta_add(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t neighbour, uint64_t rel);
/* Takes the newest entry of bound's list off when it is rel. */
void rz_delta_pop(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t rel);
/* A copy of the entries with rel offsets from first_rel on. NULL when memory is refused. */
rz_delta *rz_delta_copy_from(const rz_delta *delta, uint64_t first_rel);

/* bound's node, or NULL. */
const rz_delta_node *rz_delta_find(const rz_delta_side *side, uint64_t bound);

/* True when the node may have changes: a load or two. */
static inline bool rz_delta_marked(const rz_delta_side *side, uint64_t bound)
{
    const rz_delta_marks *marks = atomic_load_explicit(&side->marks, memory_order_acquire);
    uint64_t group = bound / RZ_CSR_GROUP_NODES;
    if (marks == NULL || group >= marks->group_count) {
        return false;
    }
    _Atomic uint64_t *bits = atomic_load_explicit(&marks->groups[group], memory_order_acquire);
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    return bits != NULL && (atomic_load_explicit(&bits[local / 64], memory_order_relaxed) >> (local % 64) & 1) != 0;
}

/* The entries with rel offsets in [first_rel, end_rel): *out_first and how many. */
uint32_t rz_delta_visible(const rz_delta_node *node, uint64_t first_rel, uint64_t end_rel, const rz_delta_entry **out_first);

#endif
