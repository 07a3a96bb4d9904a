/* SPDX-License-Identifier: MIT */
/*
 * Sets of pages and spaces of pages; the structures and their invariants are described in space.h.
 *
 * Treap operations are loops over "hooks" (the place where a child pointer stands), without recursion and parent
 * pointers: a split hangs the halves of a tree on two hooks going down, a merge does the reverse.
 */
#include "storage/page/page.h"

#define PAGE_SLAB_NODES 128u

enum {
    PAGE_BY_START = 0,
    PAGE_BY_SIZE = 1
};

struct rz_page_node {
    rz_page_range range;
    rz_page_node *children[2][2]; /* per order: left, right; a spare's next is children[0][0] */
    uint32_t priority;            /* at least that of its children */
};

struct rz_page_slab {
    rz_page_slab *next;
    rz_page_node nodes[PAGE_SLAB_NODES];
};

bool rz_page_range_valid(rz_page_range range, uint64_t first, uint64_t end)
{
    return range.count > 0 && range.start >= first && range.start < end && range.count <= end - range.start &&
           range.start / RZ_REGION_PAGES == (range.start + range.count - 1) / RZ_REGION_PAGES;
}

/* ---- nodes ---- */

void rz_page_nodes_init(rz_page_nodes *nodes, rz_mem *mem, uint64_t seed)
{
    nodes->mem = mem;
    nodes->slabs = NULL;
    nodes->spares = NULL;
    nodes->spare_count = 0;
    nodes->random = seed;
}

void rz_page_nodes_deinit(rz_page_nodes *nodes)
{
    while (nodes->slabs != NULL) {
        rz_page_slab *slab = nodes->slabs;
        nodes->slabs = slab->next;
        rz_mem_free(nodes->mem, slab, sizeof *slab);
    }
    nodes->spares = NULL;
    nodes->spare_count = 0;
}

static void page_node_put(rz_page_nodes *nodes, rz_page_node *node)
{
    node->children[0][0] = nodes->spares;
    nodes->spares = node;
    nodes->spare_count++;
}

bool rz_page_nodes_reserve(rz_page_nodes *nodes, uint64_t count)
{
    while (nodes->spare_count < count) {
        rz_page_slab *slab = (rz_page_slab *)rz_mem_alloc(nodes->mem, sizeof *slab);
        if (slab == NULL) {
            return false;
        }
        slab->next = nodes->slabs;
        nodes->slabs = slab;
        for (uint32_t i = 0; i < PAGE_SLAB_NODES; i++) {
            page_node_put(nodes, &slab->nodes[i]);
        }
    }
    return true;
}

static rz_page_node *page_node_take(rz_page_nodes *nodes, rz_page_range range)
{
    if (nodes->spare_count == 0 && !rz_page_nodes_reserve(nodes, 1)) {
        return NULL;
    }
    rz_page_node *node = nodes->spares;
    nodes->spares = node->children[0][0];
    nodes->spare_count--;
    nodes->random += UINT64_C(0x9e3779b97f4a7c15);
    node->priority = (uint32_t)(rz_hash_u64(nodes->random) >> 32);
    node->range = range;
    return node;
}

/* ---- treaps ---- */

static bool page_node_before(uint32_t order, rz_page_range a, rz_page_range b)
{
    if (order == PAGE_BY_SIZE && a.count != b.count) {
        return a.count < b.count;
    }
    return a.start < b.start;
}

static void page_tree_insert(rz_page_node **root, uint32_t order, rz_page_node *node)
{
    rz_page_node **hook = root;
    while (*hook != NULL && (*hook)->priority >= node->priority) {
        hook = &(*hook)->children[order][page_node_before(order, (*hook)->range, node->range)];
    }
    /* The node takes the place of a sub-tree, which is split into what lies before and behind it. */
    rz_page_node *rest = *hook;
    rz_page_node **left = &node->children[order][0];
    rz_page_node **right = &node->children[order][1];
    *hook = node;
    while (rest != NULL) {
        if (page_node_before(order, rest->range, node->range)) {
            *left = rest;
            left = &rest->children[order][1];
            rest = *left;
        } else {
            *right = rest;
            right = &rest->children[order][0];
            rest = *right;
        }
    }
    *left = NULL;
    *right = NULL;
}

static void page_tree_remove(rz_page_node **root, uint32_t order, rz_page_node *node)
{
    rz_page_node **hook = root;
    while (*hook != node) {
        hook = &(*hook)->children[order][page_node_before(order, (*hook)->range, node->range)];
    }
    rz_page_node *left = node->children[order][0];
    rz_page_node *right = node->children[order][1];
    while (left != NULL && right != NULL) {
        if (left->priority >= right->priority) {
            *hook = left;
            hook = &left->children[order][1];
            left = *hook;
        } else {
            *hook = right;
            hook = &right->children[order][0];
            right = *hook;
        }
    }
    *hook = left != NULL ? left : right;
}

/* ---- sets ---- */

void rz_page_set_init(rz_page_set *set, rz_page_nodes *nodes, bool by_size)
{
    set->nodes = nodes;
    set->roots[PAGE_BY_START] = NULL;
    set->roots[PAGE_BY_SIZE] = NULL;
    set->range_count = 0;
    set->page_count = 0;
    set->by_size = by_size;
}

static void page_set_link(rz_page_set *set, rz_page_node *node)
{
    page_tree_insert(&set->roots[PAGE_BY_START], PAGE_BY_START, node);
    if (set->by_size) {
        page_tree_insert(&set->roots[PAGE_BY_SIZE], PAGE_BY_SIZE, node);
    }
    set->range_count++;
    set->page_count += node->range.count;
}

static void page_set_unlink(rz_page_set *set, rz_page_node *node)
{
    page_tree_remove(&set->roots[PAGE_BY_START], PAGE_BY_START, node);
    if (set->by_size) {
        page_tree_remove(&set->roots[PAGE_BY_SIZE], PAGE_BY_SIZE, node);
    }
    set->range_count--;
    set->page_count -= node->range.count;
}

void rz_page_set_clear(rz_page_set *set)
{
    while (set->roots[PAGE_BY_START] != NULL) {
        rz_page_node *node = set->roots[PAGE_BY_START];
        page_set_unlink(set, node);
        page_node_put(set->nodes, node);
    }
}

/* The first node that ends behind `page`: ranges are disjoint, so their ends are ordered as their starts are. */
static rz_page_node *page_set_seek(const rz_page_set *set, uint64_t page)
{
    rz_page_node *found = NULL;
    rz_page_node *node = set->roots[PAGE_BY_START];
    while (node != NULL) {
        if (rz_page_range_end(node->range) > page) {
            found = node;
            node = node->children[PAGE_BY_START][0];
        } else {
            node = node->children[PAGE_BY_START][1];
        }
    }
    return found;
}

static bool page_at_region_border(uint64_t page)
{
    return page % RZ_REGION_PAGES == 0;
}

bool rz_page_set_add(rz_page_set *set, rz_page_range range)
{
    RZ_ASSERT(rz_page_range_valid(range, 0, UINT64_MAX));
    RZ_ASSERT(!rz_page_set_overlaps(set, range));
    uint64_t end = rz_page_range_end(range);
    rz_page_node *left = NULL;
    rz_page_node *right = NULL;
    if (!page_at_region_border(range.start)) {
        left = page_set_seek(set, range.start - 1);
        if (left != NULL && rz_page_range_end(left->range) != range.start) {
            left = NULL;
        }
    }
    if (!page_at_region_border(end)) {
        right = page_set_seek(set, end);
        if (right != NULL && right->range.start != end) {
            right = NULL;
        }
    }
    /* A neighbour's node is reused; a range between two of them gives one back. */
    rz_page_node *node = left != NULL ? left : right;
    if (node == NULL) {
        node = page_node_take(set->nodes, range);
        if (node == NULL) {
            return false;
        }
        page_set_link(set, node);
        return true;
    }
    if (left != NULL) {
        page_set_unlink(set, left);
        range.start = left->range.start;
    }
    if (right != NULL) {
        page_set_unlink(set, right);
        end = rz_page_range_end(right->range);
        if (left != NULL) {
            page_node_put(set->nodes, right);
        }
    }
    node->range.start = range.start;
    node->range.count = end - range.start;
    page_set_link(set, node);
    return true;
}

uint64_t rz_page_set_cut(rz_page_set *set, rz_page_range range)
{
    uint64_t before = set->page_count;
    uint64_t end = rz_page_range_end(range);
    for (;;) {
        rz_page_node *node = page_set_seek(set, range.start);
        if (node == NULL || node->range.start >= end) {
            return before - set->page_count;
        }
        rz_page_range whole = node->range;
        page_set_unlink(set, node);
        bool reused = false;
        if (whole.start < range.start) {
            node->range.count = range.start - whole.start;
            page_set_link(set, node);
            reused = true;
        }
        if (rz_page_range_end(whole) > end) {
            rz_page_range rest = {end, rz_page_range_end(whole) - end};
            if (reused) {
                node = page_node_take(set->nodes, rest);
            } else {
                node->range = rest;
                reused = true;
            }
            if (node != NULL) {
                page_set_link(set, node);
            }
        }
        if (!reused) {
            page_node_put(set->nodes, node);
        }
    }
}

bool rz_page_set_contains(const rz_page_set *set, rz_page_range range)
{
    const rz_page_node *node = page_set_seek(set, range.start);
    return node != NULL && node->range.start <= range.start &&
           rz_page_range_end(range) <= rz_page_range_end(node->range);
}

bool rz_page_set_overlaps(const rz_page_set *set, rz_page_range range)
{
    const rz_page_node *node = page_set_seek(set, range.start);
    return node != NULL && node->range.start < rz_page_range_end(range);
}

bool rz_page_set_next(const rz_page_set *set, uint64_t from_page, rz_page_range *out)
{
    const rz_page_node *node = page_set_seek(set, from_page);
    out->start = node == NULL ? 0 : node->range.start;
    out->count = node == NULL ? 0 : node->range.count;
    return node != NULL;
}

static rz_page_node *page_set_fit(const rz_page_set *set, uint64_t count)
{
    rz_page_node *found = NULL;
    rz_page_node *node = set->roots[PAGE_BY_SIZE];
    while (node != NULL) {
        if (node->range.count >= count) {
            found = node;
            node = node->children[PAGE_BY_SIZE][0];
        } else {
            node = node->children[PAGE_BY_SIZE][1];
        }
    }
    return found;
}

bool rz_page_set_best_fit(const rz_page_set *set, uint64_t count, rz_page_range *out)
{
    const rz_page_node *node = page_set_fit(set, count);
    out->start = node == NULL ? 0 : node->range.start;
    out->count = node == NULL ? 0 : node->range.count;
    return node != NULL;
}

/* Whether the nodes of a tree, walked by rising key without recursion, are in order and heap-shaped; counts them. */
static bool page_tree_verify(const rz_page_set *set, uint32_t order, uint64_t *out_ranges, uint64_t *out_pages)
{
    rz_page_range last = {0, 0};
    *out_ranges = 0;
    *out_pages = 0;
    for (;;) {
        const rz_page_node *found = NULL;
        const rz_page_node *node = set->roots[order];
        uint32_t parent_priority = UINT32_MAX;
        while (node != NULL) {
            if (node->priority > parent_priority) {
                return false;
            }
            parent_priority = node->priority;
            bool behind = last.count == 0 || page_node_before(order, last, node->range);
            found = behind ? node : found;
            node = node->children[order][!behind];
        }
        if (found == NULL) {
            return true;
        }
        if (!rz_page_range_valid(found->range, 0, UINT64_MAX)) {
            return false;
        }
        if (order == PAGE_BY_START && last.count != 0) {
            uint64_t end = rz_page_range_end(last);
            if (found->range.start < end || (found->range.start == end && !page_at_region_border(end))) {
                return false;
            }
        }
        last = found->range;
        *out_ranges += 1;
        *out_pages += last.count;
    }
}

bool rz_page_set_verify(const rz_page_set *set)
{
    uint64_t ranges = 0;
    uint64_t pages = 0;
    if (!page_tree_verify(set, PAGE_BY_START, &ranges, &pages) || ranges != set->range_count ||
        pages != set->page_count) {
        return false;
    }
    return !set->by_size || (page_tree_verify(set, PAGE_BY_SIZE, &ranges, &pages) && ranges == set->range_count &&
                             pages == set->page_count);
}

/* ---- spaces ---- */

void rz_space_init(rz_space *space, rz_page_nodes *nodes, uint64_t first)
{
    rz_page_set_init(&space->free, nodes, true);
    space->first = first;
    space->end = first;
}

/* Appends count pages. Free pages at the end become part of them; what is left of a region that is too short becomes
 * free. */
static bool space_grow(rz_space *space, uint64_t count, uint64_t limit, rz_page_range *out)
{
    uint64_t start = space->end;
    rz_page_range tail;
    if (!page_at_region_border(start) && start > space->first && rz_page_set_next(&space->free, start - 1, &tail)) {
        start = tail.start;
    }
    uint64_t border = (start / RZ_REGION_PAGES + 1) * RZ_REGION_PAGES;
    if (count > border - start) {
        start = border;
    }
    if (start > limit || count > limit - start) {
        return false;
    }
    if (space->end > start) {
        (void)rz_page_set_cut(&space->free, (rz_page_range){start, space->end - start});
    } else if (space->end < start && !rz_page_set_add(&space->free, (rz_page_range){space->end, start - space->end})) {
        return false;
    }
    space->end = start + count;
    out->start = start;
    out->count = count;
    return true;
}

bool rz_space_allocate(rz_space *space, uint64_t count, uint64_t limit, rz_page_range *out)
{
    out->start = 0;
    out->count = 0;
    if (count == 0 || count > RZ_REGION_PAGES) {
        return false;
    }
    rz_page_range fit;
    if (!rz_page_set_best_fit(&space->free, count, &fit)) {
        return space_grow(space, count, limit, out);
    }
    fit.count = count;
    (void)rz_page_set_cut(&space->free, fit);
    *out = fit;
    return true;
}

bool rz_space_give(rz_space *space, rz_page_range range)
{
    RZ_ASSERT(rz_page_range_valid(range, space->first, space->end));
    return rz_page_set_add(&space->free, range);
}

bool rz_space_trim(rz_space *space)
{
    uint64_t before = space->end;
    rz_page_range tail;
    while (space->end > space->first && rz_page_set_next(&space->free, space->end - 1, &tail)) {
        (void)rz_page_set_cut(&space->free, tail);
        space->end = tail.start;
    }
    return space->end != before;
}
