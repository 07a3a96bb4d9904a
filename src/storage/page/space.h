/* SPDX-License-Identifier: MIT */
/*
 * Sets of pages as disjoint ranges, and a space of pages to allocate from.
 *
 * A set is a treap over its ranges, ordered by start page; with an index by size it has a second treap over the same
 * nodes, ordered by (count, start), for best fit. Every operation is O(log ranges). Priorities come from a seeded
 * generator, so a file cannot choose page numbers that make the trees deep.
 *
 * Invariants
 *   (1) The ranges of a set are disjoint and coalesced, except that none crosses a region border (a multiple of
 *       RZ_REGION_PAGES).
 *   (2) Nodes come from a store with spares, so that giving pages back does not fail when memory has run out: an
 *       operation that needs more than the spares says so, and the callers that must not fail keep enough of them.
 *
 * Included by page.h; not thread-safe: the owner's mutex guards a store, its sets and spaces.
 */
#ifndef RZ_STORAGE_PAGE_SPACE_H
#define RZ_STORAGE_PAGE_SPACE_H

#include "common/common.h"

#define RZ_PAGE_SIZE    4096u
#define RZ_REGION_PAGES 262144u             /* 1 GiB: a range never straddles a multiple of this (the pool's regions) */
#define RZ_MAX_PAGES    (UINT64_C(1) << 31) /* 8 TiB */

/* count contiguous pages; {0, 0} is "none". */
typedef struct rz_page_range {
    uint64_t start;
    uint64_t count;
} rz_page_range;

static inline uint64_t rz_page_range_end(rz_page_range range)
{
    return range.start + range.count;
}

/* Whether the range has pages, lies in [first, end) and within one region. */
bool rz_page_range_valid(rz_page_range range, uint64_t first, uint64_t end);

typedef struct rz_page_node rz_page_node;
typedef struct rz_page_slab rz_page_slab;

/* The nodes of several sets with one lifetime. */
typedef struct rz_page_nodes {
    rz_mem *mem;          /* borrowed */
    rz_page_slab *slabs;  /* owned */
    rz_page_node *spares; /* owned by the slabs */
    uint64_t spare_count;
    uint64_t random;
} rz_page_nodes;

void rz_page_nodes_init(rz_page_nodes *nodes, rz_mem *mem, uint64_t seed);
void rz_page_nodes_deinit(rz_page_nodes *nodes); /* all sets over it are gone with it */
RZ_NODISCARD bool rz_page_nodes_reserve(rz_page_nodes *nodes,
                                        uint64_t count); /* at least count spares; false: memory refused */

typedef struct rz_page_set {
    rz_page_nodes *nodes;   /* borrowed: outlives the set */
    rz_page_node *roots[2]; /* by start; by (count, start) when indexed */
    uint64_t range_count;
    uint64_t page_count;
    bool by_size;
} rz_page_set;

void rz_page_set_init(rz_page_set *set, rz_page_nodes *nodes, bool by_size);
void rz_page_set_clear(rz_page_set *set);
/* Adds pages of one region, none of which is in the set. Needs at most one spare; false (and no change) when there is
 * none. */
RZ_NODISCARD bool rz_page_set_add(rz_page_set *set, rz_page_range range);
/* Takes out whatever the set has of the range. Needs a spare only when it leaves pages on both sides of one range;
 * without one the pages behind the cut are taken out too. Returns the number of pages taken. */
uint64_t rz_page_set_cut(rz_page_set *set, rz_page_range range);
bool rz_page_set_contains(const rz_page_set *set, rz_page_range range); /* every page of it */
bool rz_page_set_overlaps(const rz_page_set *set, rz_page_range range); /* any page of it */
/* The first range that ends behind from_page (it may begin before it); false when there is none. */
bool rz_page_set_next(const rz_page_set *set, uint64_t from_page, rz_page_range *out);
/* The smallest range of at least count pages, the lowest among equals; false when there is none. The set is indexed by
 * size. */
bool rz_page_set_best_fit(const rz_page_set *set, uint64_t count, rz_page_range *out);
/* Walks the whole structure; false when an invariant is broken. For tests. */
bool rz_page_set_verify(const rz_page_set *set);

/* Pages [first, end) of which some are free. */
typedef struct rz_space {
    rz_page_set free; /* by size */
    uint64_t first;
    uint64_t end;
} rz_space;

void rz_space_init(rz_space *space, rz_page_nodes *nodes, uint64_t first);
/*
 * count pages within one region: best fit, else at the end, together with free pages that stand there. False when the
 * space would end behind limit, or count is not 1 … RZ_REGION_PAGES. The caller keeps two spares.
 */
RZ_NODISCARD bool rz_space_allocate(rz_space *space, uint64_t count, uint64_t limit, rz_page_range *out);
/* Makes pages of the space free. False (and no change) when there is no spare node. */
RZ_NODISCARD bool rz_space_give(rz_space *space, rz_page_range range);
/* Lowers the end past free pages; true when it moved. */
bool rz_space_trim(rz_space *space);

#endif
