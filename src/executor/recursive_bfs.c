/* SPDX-License-Identifier: MIT */
/*
 * Breadth-first search over steps.
 */
#include "executor/recursive_bfs.h"

#include <string.h>

#define BFS_FIRST_PIECE 256u /* relationships */

ruzu_status rz_bfs_open(rz_recur *recur, rz_steps *steps, bool count_paths, bool with_links, rz_bfs *bfs, rz_error *err)
{
    rz_arena *arena = &recur->op.worker->arena;
    memset(bfs, 0, sizeof *bfs);
    bfs->recur = recur;
    bfs->steps = steps;
    bfs->count_paths = count_paths;
    bfs->with_links = with_links;
    rz_node_map_init(&bfs->seen, recur->mem, recur->op.worker, sizeof(rz_bfs_node));
    rz_node_order_init(&bfs->order, recur->mem);
    bfs->batch_nodes = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    bfs->numbers = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    bfs->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (bfs->batch_nodes == NULL || bfs->numbers == NULL || bfs->kept == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    bfs->allows_upward = rz_bfs_allows_upward(bfs);
    RZ_TRY(rz_steps_make_frontier(steps, RZ_VECTOR_CAPACITY, &bfs->frontier, err));
    return rz_steps_make_batch(steps, RZ_VECTOR_CAPACITY, with_links, &bfs->batch, err);
}

void rz_bfs_close(rz_bfs *bfs)
{
    if (bfs->recur != NULL) {
        rz_node_map_free(&bfs->seen);
        rz_node_order_free(&bfs->order);
        rz_mem_free(bfs->recur->mem, bfs->links, bfs->link_capacity * sizeof *bfs->links);
    }
}

ruzu_status rz_bfs_begin(rz_bfs *bfs, rz_id root, rz_error *err)
{
    uint32_t idx = 0;
    bool is_new = false;
    rz_node_map_reset(&bfs->seen);
    bfs->link_count = 0;
    bfs->depth = 0;
    bfs->level_start = 0;
    bfs->level_end = 1;
    bfs->prepared = false;
    RZ_TRY(rz_node_map_add(&bfs->seen, root, &idx, &is_new, err));
    *rz_bfs_at(bfs, idx) = (rz_bfs_node){.paths = 1, .depth = 0, .link = RZ_BFS_NONE};
    return RUZU_OK;
}

/* Puts the next nodes of the last level that may be left again into the frontier. */
static ruzu_status bfs_take_batch(rz_bfs *bfs, rz_error *err)
{
    uint32_t left = bfs->level_end - bfs->at;
    uint32_t count = left < RZ_VECTOR_CAPACITY ? left : RZ_VECTOR_CAPACITY;
    uint32_t kept = count;
    const rz_id *ids = bfs->order.ids + (bfs->at - bfs->level_start);
    const uint32_t *numbers = bfs->order.numbers + (bfs->at - bfs->level_start);
    if (bfs->depth != 0 && rz_steps_filters_nodes(bfs->steps)) {
        RZ_TRY(rz_steps_filter_nodes(bfs->steps, ids, count, bfs->kept, &kept, err));
        for (uint32_t i = 0; i < kept; i++) {
            bfs->numbers[i] = numbers[bfs->kept[i]];
            bfs->batch_nodes[i] = ids[bfs->kept[i]];
        }
    } else {
        memcpy(bfs->batch_nodes, ids, count * sizeof *ids);
        memcpy(bfs->numbers, numbers, count * sizeof *numbers);
    }
    bfs->at += count;
    bfs->batch_count = kept;
    return rz_steps_begin(bfs->steps, &bfs->frontier, bfs->batch_nodes, kept, err);
}

static ruzu_status bfs_prepare(rz_bfs *bfs, rz_error *err)
{
    if (bfs->prepared) {
        return RUZU_OK;
    }
    bfs->prepared = true;
    bfs->at = bfs->level_start;
    RZ_TRY(rz_node_order_sort(&bfs->order, bfs->seen.ids + bfs->level_start, bfs->level_start, bfs->level_end - bfs->level_start, err));
    return bfs_take_batch(bfs, err);
}

ruzu_status rz_bfs_work(rz_bfs *bfs, uint64_t *out, rz_error *err)
{
    uint64_t total = 0;
    RZ_TRY(bfs_prepare(bfs, err));
    for (uint32_t h = 0; h < bfs->steps->spec->hop_count; h++) {
        for (uint32_t i = 0; i < bfs->batch_count; i++) {
            total += bfs->frontier.slices[h][i].length;
        }
    }
    uint32_t level = bfs->level_end - bfs->level_start;
    uint32_t looked_at = bfs->at - bfs->level_start;
    *out = bfs->batch_count + (looked_at == 0 ? 0 : total * level / looked_at);
    *out += looked_at < level; /* never 0 while there are nodes that nobody has looked at */
    return RUZU_OK;
}

static ruzu_status bfs_add_link(rz_bfs *bfs, rz_bfs_node *node, uint32_t i, uint32_t parent, rz_error *err)
{
    if (bfs->link_count == bfs->link_capacity) {
        uint64_t capacity = bfs->link_capacity == 0 ? 64 : (uint64_t)bfs->link_capacity * 2;
        if (capacity > UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A search touches more than 4 billion relationships.");
        }
        rz_bfs_link *links = (rz_bfs_link *)rz_mem_realloc(bfs->recur->mem, bfs->links, bfs->link_capacity * sizeof *links, capacity * sizeof *links);
        RZ_TRY_ALLOC(links, err, "searching paths");
        bfs->links = links;
        bfs->link_capacity = (uint32_t)capacity;
    }
    bfs->links[bfs->link_count] = (rz_bfs_link){.rel = bfs->batch.rels[i], .parent = parent, .next = node->link, .forward = bfs->batch.forward[i]};
    node->link = bfs->link_count++;
    return RUZU_OK;
}

/* Is a node just found in the last level of the other search? */
static inline bool bfs_meets(const rz_bfs *other, rz_id id)
{
    uint32_t idx = other == NULL ? RZ_NODE_NONE : rz_node_map_find(&other->seen, id);
    return idx != RZ_NODE_NONE && idx >= other->level_start;
}

/* Relationships of the batch, when only the nodes matter. */
static ruzu_status bfs_visit_plain(rz_bfs *bfs, const rz_bfs *other, uint32_t *out_met, rz_error *err)
{
    const rz_step_batch *batch = &bfs->batch;
    rz_node_map *seen = &bfs->seen;
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t idx = 0;
        bool is_new = false;
        if (rz_node_map_has_quick(seen, batch->to[i])) {
            continue;
        }
        RZ_TRY(rz_node_map_add(seen, batch->to[i], &idx, &is_new, err));
        if (is_new) {
            rz_bfs_at(bfs, idx)->depth = bfs->depth + 1;
            if (bfs_meets(other, batch->to[i])) {
                *out_met = idx;
                return RUZU_OK;
            }
        }
    }
    return RUZU_OK;
}

static ruzu_status bfs_visit(rz_bfs *bfs, const rz_bfs *other, uint32_t *out_met, rz_error *err)
{
    const rz_step_batch *batch = &bfs->batch;
    if (!bfs->count_paths && !bfs->with_links) {
        return bfs_visit_plain(bfs, other, out_met, err);
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t parent = bfs->numbers[batch->origins[i]];
        uint32_t idx = 0;
        bool is_new = false;
        RZ_TRY(rz_node_map_add(&bfs->seen, batch->to[i], &idx, &is_new, err));
        rz_bfs_node *node = rz_bfs_at(bfs, idx);
        if (is_new) {
            node->depth = bfs->depth + 1;
            node->link = RZ_BFS_NONE;
        } else if (!bfs->count_paths || node->depth != bfs->depth + 1) {
            continue;
        }
        if (bfs->count_paths && (rz_add_overflow(node->paths, rz_bfs_at(bfs, parent)->paths, &node->paths) || node->paths > INT64_MAX)) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of paths is not within INT64 range.");
        }
        if (bfs->with_links) {
            RZ_TRY(bfs_add_link(bfs, node, i, parent, err));
        }
        if (is_new && bfs_meets(other, batch->to[i])) {
            *out_met = idx;
            return RUZU_OK;
        }
    }
    return RUZU_OK;
}

/* What is new becomes the last level. */
static void bfs_end_level(rz_bfs *bfs)
{
    bfs->depth++;
    bfs->level_start = bfs->level_end;
    bfs->level_end = bfs->seen.count;
    bfs->prepared = false;
}

static ruzu_status bfs_go_down(rz_bfs *bfs, const rz_bfs *other, uint32_t *out_met, rz_error *err)
{
    /* Who may stop early reads in small pieces at first. */
    uint32_t piece = other == NULL || RZ_VECTOR_CAPACITY < BFS_FIRST_PIECE ? RZ_VECTOR_CAPACITY : BFS_FIRST_PIECE;
    RZ_TRY(bfs_prepare(bfs, err));
    while (*out_met == RZ_BFS_NONE) {
        while (*out_met == RZ_BFS_NONE) {
            RZ_TRY(rz_steps_read(bfs->steps, &bfs->frontier, piece, &bfs->batch, err));
            if (bfs->batch.count == 0) {
                break;
            }
            piece = piece * 2 < RZ_VECTOR_CAPACITY ? piece * 2 : RZ_VECTOR_CAPACITY;
            RZ_TRY(bfs_visit(bfs, other, out_met, err));
        }
        if (bfs->at == bfs->level_end || *out_met != RZ_BFS_NONE) {
            break;
        }
        RZ_TRY(bfs_take_batch(bfs, err));
    }
    return RUZU_OK;
}

ruzu_status rz_bfs_expand(rz_bfs *bfs, const rz_bfs *other, uint32_t *out_met, rz_error *err)
{
    bool upward = false;
    *out_met = RZ_BFS_NONE;
    if (bfs->allows_upward && other == NULL) {
        RZ_TRY(rz_bfs_choose_upward(bfs, &upward, err));
    }
    RZ_TRY(upward ? rz_bfs_go_upward(bfs, err) : bfs_go_down(bfs, other, out_met, err));
    bfs_end_level(bfs);
    return RUZU_OK;
}

/* ---- ways ---- */

/* Chooses first links from way[level - 1] down. */
static void bfs_descend(const rz_bfs *bfs, uint32_t level, uint32_t *way)
{
    for (; level > 1; level--) {
        way[level - 2] = rz_bfs_at(bfs, bfs->links[way[level - 1]].parent)->link;
    }
}

void rz_bfs_first_way(const rz_bfs *bfs, uint32_t node, uint32_t *way)
{
    uint32_t depth = rz_bfs_at(bfs, node)->depth;
    if (depth != 0) {
        way[depth - 1] = rz_bfs_at(bfs, node)->link;
        bfs_descend(bfs, depth, way);
    }
}

bool rz_bfs_next_way(const rz_bfs *bfs, uint32_t depth, uint32_t *way)
{
    for (uint32_t level = 1; level <= depth; level++) { /* near the root first */
        uint32_t next = bfs->links[way[level - 1]].next;
        if (next != RZ_BFS_NONE) {
            way[level - 1] = next;
            bfs_descend(bfs, level, way);
            return true;
        }
    }
    return false;
}
