/* SPDX-License-Identifier: MIT */
/*
 * Shortest paths by breadth-first search: SHORTEST gives one path to each node, ALL SHORTEST all of minimal length.
 *
 * Nodes are numbered in the order they are reached, so a level is a range of numbers. SHORTEST keeps one parent a node. ALL SHORTEST keeps the number of shortest paths and, when
 * paths are wanted, every relationship by which a node is reached in its own level: the paths to a node are then walked backwards, one at a time. A node's answers are given
 * as soon as its level is complete. The source itself is never an answer.
 */
#include "executor/recursive.h"

#define SHORTEST_NONE UINT32_MAX

typedef struct shortest_node {
    uint64_t paths;   /* ALL: number of shortest paths */
    uint32_t depth;
    uint32_t link;    /* first of its links, or SHORTEST_NONE */
} shortest_node;

/* One way into a node. */
typedef struct shortest_link {
    rz_id rel;
    uint32_t parent;
    uint32_t next;
    bool forward;
} shortest_link;

typedef struct search_shortest {
    rz_node_map seen;        /* node → shortest_node; the source is number 0 */
    shortest_link *links;
    uint32_t link_count;
    uint32_t link_capacity;
    uint32_t depth;
    uint32_t level_start;    /* first node of the last level */
    uint32_t at, end;        /* answers of the level still to give */
    bool found;              /* the target was reached: this is the last level */
    bool all;
    bool with_links;
    bool in_node;            /* ALL with paths: more paths to the node at `at` */
    uint32_t *way;           /* links of the current path, from the end: way[depth - 1] enters it */
    rz_id *nodes;
    rz_rel_ref *rels;
    rz_id *batch_nodes;
    uint32_t *numbers;
    uint32_t *kept;
    rz_frontier frontier;
    rz_step_batch batch;
} search_shortest;

static ruzu_status shortest_open(rz_recur *recur, void *search, rz_error *err)
{
    search_shortest *shortest = (search_shortest *)search;
    rz_arena *arena = &recur->op.worker->arena;
    uint32_t upper = recur->spec->spec->upper;
    rz_node_map_init(&shortest->seen, recur->mem, sizeof(shortest_node));
    shortest->all = recur->spec->spec->semantic == RZ_PATH_ALL_SHORTEST && !recur->spec->distinct_ends;
    shortest->with_links = recur->with_path;
    shortest->way = RZ_NEW_ARRAY(arena, uint32_t, (size_t)upper + 1);
    shortest->nodes = RZ_NEW_ARRAY(arena, rz_id, (size_t)upper + 1);
    shortest->rels = RZ_NEW_ARRAY(arena, rz_rel_ref, (size_t)upper + 1);
    shortest->batch_nodes = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    shortest->numbers = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    shortest->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (shortest->way == NULL || shortest->nodes == NULL || shortest->rels == NULL || shortest->batch_nodes == NULL || shortest->numbers == NULL || shortest->kept == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    RZ_TRY(rz_steps_make_frontier(&recur->steps, RZ_VECTOR_CAPACITY, &shortest->frontier, err));
    return rz_steps_make_batch(&recur->steps, RZ_VECTOR_CAPACITY, shortest->with_links, &shortest->batch, err);
}

static void shortest_close(rz_recur *recur, void *search)
{
    search_shortest *shortest = (search_shortest *)search;
    if (shortest->seen.mem != NULL) {
        rz_node_map_free(&shortest->seen);
        rz_mem_free(recur->mem, shortest->links, shortest->link_capacity * sizeof *shortest->links);
    }
}

static shortest_node *shortest_at(search_shortest *shortest, uint32_t idx)
{
    return (shortest_node *)(void *)shortest->seen.data + idx;
}

static ruzu_status shortest_begin(rz_recur *recur, void *search, rz_error *err)
{
    search_shortest *shortest = (search_shortest *)search;
    uint32_t idx = 0;
    bool is_new = false;
    rz_node_map_reset(&shortest->seen);
    shortest->link_count = 0;
    shortest->depth = 0;
    shortest->level_start = 0;
    shortest->at = shortest->end = 0;
    shortest->found = recur->spec->to_bound && recur->target == recur->from; /* never an answer */
    shortest->in_node = false;
    RZ_TRY(rz_node_map_add(&shortest->seen, recur->from, &idx, &is_new, err));
    shortest_at(shortest, idx)->paths = 1;
    shortest_at(shortest, idx)->link = SHORTEST_NONE;
    return RUZU_OK;
}

static ruzu_status shortest_add_link(rz_recur *recur, search_shortest *shortest, uint32_t node, const rz_step_batch *batch, uint32_t i, uint32_t parent, rz_error *err)
{
    if (shortest->link_count == shortest->link_capacity) {
        uint64_t capacity = shortest->link_capacity == 0 ? 64 : (uint64_t)shortest->link_capacity * 2;
        if (capacity > UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A search touches more than 4 billion relationships.");
        }
        shortest_link *links = (shortest_link *)rz_mem_realloc(recur->mem, shortest->links, shortest->link_capacity * sizeof *links, capacity * sizeof *links);
        RZ_TRY_ALLOC(links, err, "searching paths");
        shortest->links = links;
        shortest->link_capacity = (uint32_t)capacity;
    }
    shortest_node *place = shortest_at(shortest, node);
    shortest->links[shortest->link_count] =
        (shortest_link){.rel = batch->rels[i], .parent = parent, .next = place->link, .forward = batch->forward[i]};
    place->link = shortest->link_count++;
    return RUZU_OK;
}

/* One relationship from a node of the last level. */
static ruzu_status shortest_visit(rz_recur *recur, search_shortest *shortest, uint32_t i, rz_error *err)
{
    const rz_step_batch *batch = &shortest->batch;
    uint32_t parent = shortest->numbers[batch->origins[i]];
    uint32_t idx = 0;
    bool is_new = false;
    RZ_TRY(rz_node_map_add(&shortest->seen, batch->to[i], &idx, &is_new, err));
    shortest_node *node = shortest_at(shortest, idx);
    if (is_new) {
        node->depth = shortest->depth + 1;
        node->link = SHORTEST_NONE;
        shortest->found = shortest->found || (recur->spec->to_bound && batch->to[i] == recur->target);
    } else if (!shortest->all || node->depth != shortest->depth + 1) {
        return RUZU_OK;
    }
    if (shortest->all && (rz_add_overflow(node->paths, shortest_at(shortest, parent)->paths, &node->paths) || node->paths > INT64_MAX)) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of paths is not within INT64 range.");
    }
    return shortest->with_links ? shortest_add_link(recur, shortest, idx, batch, i, parent, err) : RUZU_OK;
}

static ruzu_status shortest_expand(rz_recur *recur, search_shortest *shortest, rz_error *err)
{
    uint32_t end = shortest->seen.count;
    for (uint32_t at = shortest->level_start; at < end;) {
        uint32_t count = end - at < RZ_VECTOR_CAPACITY ? end - at : RZ_VECTOR_CAPACITY;
        uint32_t kept = count;
        if (shortest->depth != 0 && rz_steps_filters_nodes(&recur->steps)) {
            RZ_TRY(rz_steps_filter_nodes(&recur->steps, shortest->seen.ids + at, count, shortest->kept, &kept, err));
        } else {
            for (uint32_t i = 0; i < count; i++) {
                shortest->kept[i] = i;
            }
        }
        for (uint32_t i = 0; i < kept; i++) {
            shortest->numbers[i] = at + shortest->kept[i];
            shortest->batch_nodes[i] = shortest->seen.ids[shortest->numbers[i]];
        }
        at += count;
        RZ_TRY(rz_steps_begin(&recur->steps, &shortest->frontier, shortest->batch_nodes, kept, err));
        for (;;) {
            RZ_TRY(rz_steps_read(&recur->steps, &shortest->frontier, RZ_VECTOR_CAPACITY, &shortest->batch, err));
            if (shortest->batch.count == 0) {
                break;
            }
            for (uint32_t i = 0; i < shortest->batch.count; i++) {
                RZ_TRY(shortest_visit(recur, shortest, i, err));
            }
        }
    }
    shortest->depth++;
    shortest->level_start = shortest->at = end;
    shortest->end = shortest->seen.count;
    return RUZU_OK;
}

/* ---- answers ---- */

/* Enters a path backwards: from way[level - 1] down, each node by its first link. */
static void shortest_descend(search_shortest *shortest, uint32_t level)
{
    for (; level > 1; level--) {
        const shortest_link *link = &shortest->links[shortest->way[level - 1]];
        shortest->way[level - 2] = shortest_at(shortest, link->parent)->link;
    }
}

/* The next combination of links; false when all have been given. */
static bool shortest_next_way(search_shortest *shortest)
{
    for (uint32_t level = 1; level <= shortest->depth; level++) { /* near the source first */
        uint32_t next = shortest->links[shortest->way[level - 1]].next;
        if (next != SHORTEST_NONE) {
            shortest->way[level - 1] = next;
            shortest_descend(shortest, level);
            return true;
        }
    }
    return false;
}

static void shortest_write_way(search_shortest *shortest, uint32_t end_node)
{
    rz_id to = shortest->seen.ids[end_node];
    for (uint32_t level = shortest->depth; level > 0; level--) {
        const shortest_link *link = &shortest->links[shortest->way[level - 1]];
        rz_id from = shortest->seen.ids[link->parent];
        shortest->rels[level - 1] = rz_recur_rel(from, to, link->rel, link->forward);
        if (level > 1) {
            shortest->nodes[level - 2] = from;
        }
        to = from;
    }
}

/* The next answer to the node at `at`; moves on to the next node behind its last. */
static ruzu_status shortest_give_one(rz_recur *recur, search_shortest *shortest, rz_error *err)
{
    uint32_t idx = shortest->at;
    rz_recur_answer answer = {.to = shortest->seen.ids[idx], .length = shortest->depth, .count = 1, .nodes = shortest->nodes, .rels = shortest->rels};
    if (!shortest->with_links) {
        answer.count = shortest->all ? shortest_at(shortest, idx)->paths : 1;
        shortest->at++;
        return rz_recur_answer_add(recur, &answer, err);
    }
    if (!shortest->in_node) {
        shortest->way[shortest->depth - 1] = shortest_at(shortest, idx)->link;
        shortest_descend(shortest, shortest->depth);
    }
    shortest_write_way(shortest, idx);
    shortest->in_node = shortest->all && shortest_next_way(shortest);
    shortest->at += !shortest->in_node;
    return rz_recur_answer_add(recur, &answer, err);
}

static ruzu_status shortest_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_shortest *shortest = (search_shortest *)search;
    *out_done = false;
    for (;;) {
        while (shortest->at < shortest->end && !rz_recur_is_full(recur)) {
            if (!shortest->in_node && !rz_recur_accepts(recur, shortest->seen.ids[shortest->at])) {
                shortest->at++;
                continue;
            }
            RZ_TRY(shortest_give_one(recur, shortest, err));
        }
        if (shortest->at < shortest->end) {
            return RUZU_OK;
        }
        if (shortest->found || shortest->depth == recur->spec->spec->upper || shortest->level_start == shortest->seen.count) {
            *out_done = true;
            return RUZU_OK;
        }
        RZ_TRY(shortest_expand(recur, shortest, err));
        if (shortest->found) { /* nobody else counts */
            shortest->at = rz_node_map_find(&shortest->seen, recur->target);
            shortest->end = shortest->at + 1;
        }
    }
}

const rz_search_class rz_search_shortest = {
    .size = sizeof(search_shortest), .open = shortest_open, .begin = shortest_begin, .run = shortest_run, .close = shortest_close};
