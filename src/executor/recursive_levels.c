/* SPDX-License-Identifier: MIT */
/*
 * Walks counted level by level, and sets of end nodes.
 *
 * Counting: a level is a map from node to the number of walks of that length that end there; the next level adds each node's number along its relationships. Work and memory
 * are those of the relationships touched per level, however many walks there are.
 *
 * Sets: with a lower bound of at most 1 each node is reached first by its shortest walk, and one breadth-first search over all levels is enough. With a higher one levels are
 * sets of their own, and what was given is remembered.
 */
#include "executor/node_order.h"
#include "executor/recursive.h"

#include <string.h>

typedef struct search_levels {
    rz_node_map maps[2];     /* node → number of walks: this level and the next */
    uint32_t current;
    rz_node_map given;       /* sets: nodes given, or (one search) nodes seen */
    uint32_t depth;
    uint32_t at;             /* next answer of the level */
    uint32_t end;            /* answers of the level end here */
    bool one_search;
    bool found;              /* sets: the target was given */
    uint32_t level_start;    /* one search: nodes of the last level in `given` */
    rz_id *nodes;            /* frontier: a batch of nodes */
    uint32_t *numbers;       /* and their numbers in the map */
    uint32_t *kept;
    rz_frontier frontier;
    rz_step_batch batch;
    rz_node_order order;     /* one search: the last level */
} search_levels;

static ruzu_status levels_open(rz_recur *recur, void *search, rz_error *err)
{
    search_levels *levels = (search_levels *)search;
    rz_arena *arena = &recur->op.worker->arena;
    rz_node_map_init(&levels->maps[0], recur->mem, recur->op.worker, sizeof(uint64_t));
    rz_node_map_init(&levels->maps[1], recur->mem, recur->op.worker, sizeof(uint64_t));
    rz_node_map_init(&levels->given, recur->mem, recur->op.worker, 0);
    rz_node_order_init(&levels->order, recur->mem);
    levels->one_search = recur->spec->distinct_ends && recur->spec->spec->lower <= 1;
    levels->nodes = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    levels->numbers = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    levels->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (levels->nodes == NULL || levels->numbers == NULL || levels->kept == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    RZ_TRY(rz_steps_make_frontier(&recur->steps, RZ_VECTOR_CAPACITY, &levels->frontier, err));
    return rz_steps_make_batch(&recur->steps, RZ_VECTOR_CAPACITY, false, &levels->batch, err);
}

static void levels_close(rz_recur *recur, void *search)
{
    (void)recur;
    search_levels *levels = (search_levels *)search;
    if (levels->maps[0].mem != NULL) {
        rz_node_map_free(&levels->maps[0]);
        rz_node_map_free(&levels->maps[1]);
        rz_node_map_free(&levels->given);
        rz_node_order_free(&levels->order);
    }
}

static ruzu_status levels_add(rz_node_map *map, rz_id node, uint64_t walks, rz_error *err)
{
    uint32_t idx = 0;
    bool is_new = false;
    RZ_TRY(rz_node_map_add(map, node, &idx, &is_new, err));
    uint64_t *count = (uint64_t *)(void *)map->data + idx;
    if (rz_add_overflow(*count, walks, count) || *count > INT64_MAX) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of paths is not within INT64 range.");
    }
    return RUZU_OK;
}

static ruzu_status levels_begin(rz_recur *recur, void *search, rz_error *err)
{
    search_levels *levels = (search_levels *)search;
    rz_node_map_reset(&levels->maps[0]);
    rz_node_map_reset(&levels->maps[1]);
    rz_node_map_reset(&levels->given);
    levels->current = 0;
    levels->depth = 0;
    levels->at = levels->end = 0;
    levels->level_start = 0;
    levels->found = false;
    if (!levels->one_search) {
        RZ_TRY(levels_add(&levels->maps[0], recur->from, 1, err));
        levels->end = recur->spec->spec->lower == 0 ? 1 : 0;
    } else if (recur->spec->spec->lower == 0) {
        uint32_t idx = 0;
        bool is_new = false;
        RZ_TRY(rz_node_map_add(&levels->given, recur->from, &idx, &is_new, err));
        levels->end = 1;
    }
    return RUZU_OK;
}

/* ---- from one level to the next ---- */

/* The next batch of nodes that the level before goes on from: *at moves on. all_ids: by number. */
static ruzu_status levels_take_batch(rz_recur *recur, search_levels *levels, const rz_id *all_ids, uint32_t *at, uint32_t end, uint32_t *out_count, rz_error *err)
{
    uint32_t count = end - *at < RZ_VECTOR_CAPACITY ? end - *at : RZ_VECTOR_CAPACITY;
    const rz_id *ids = all_ids + *at;
    if (levels->depth == 0 || !rz_steps_filters_nodes(&recur->steps)) {
        for (uint32_t i = 0; i < count; i++) {
            levels->nodes[i] = ids[i];
            levels->numbers[i] = *at + i;
        }
        *out_count = count;
    } else {
        uint32_t kept = 0;
        RZ_TRY(rz_steps_filter_nodes(&recur->steps, ids, count, levels->kept, &kept, err));
        for (uint32_t i = 0; i < kept; i++) {
            levels->nodes[i] = ids[levels->kept[i]];
            levels->numbers[i] = *at + levels->kept[i];
        }
        *out_count = kept;
    }
    *at += count;
    return RUZU_OK;
}

static ruzu_status levels_expand_counts(rz_recur *recur, search_levels *levels, rz_error *err)
{
    const rz_node_map *from = &levels->maps[levels->current];
    rz_node_map *to = &levels->maps[1 - levels->current];
    bool sets = recur->spec->distinct_ends;
    rz_node_map_reset(to);
    for (uint32_t at = 0; at < from->count;) {
        uint32_t count = 0;
        RZ_TRY(levels_take_batch(recur, levels, from->ids, &at, from->count, &count, err));
        RZ_TRY(rz_steps_begin(&recur->steps, &levels->frontier, levels->nodes, count, err));
        for (;;) {
            RZ_TRY(rz_steps_read(&recur->steps, &levels->frontier, RZ_VECTOR_CAPACITY, &levels->batch, err));
            if (levels->batch.count == 0) {
                break;
            }
            const uint64_t *walks = (const uint64_t *)(const void *)from->data;
            for (uint32_t i = 0; i < levels->batch.count; i++) {
                uint64_t add = sets ? 0 : walks[levels->numbers[levels->batch.origins[i]]];
                RZ_TRY(levels_add(to, levels->batch.to[i], add, err));
            }
        }
    }
    levels->current = 1 - levels->current;
    levels->at = 0;
    levels->end = levels->depth + 1 >= recur->spec->spec->lower ? to->count : 0;
    return RUZU_OK;
}

/* One search: new nodes go behind those seen. */
static ruzu_status levels_expand_seen(rz_recur *recur, search_levels *levels, rz_error *err)
{
    rz_node_map *seen = &levels->given;
    uint32_t size = seen->count - levels->level_start;
    uint32_t end = size;
    uint32_t at = 0;
    bool from_source = levels->depth == 0;
    if (!from_source) {
        RZ_TRY(rz_node_order_sort(&levels->order, seen->ids + levels->level_start, levels->level_start, size, err));
    }
    levels->level_start = seen->count;
    while (from_source || at < end) {
        uint32_t count = 1;
        if (from_source) {
            levels->nodes[0] = recur->from;
            from_source = false;
            at = end;
        } else {
            RZ_TRY(levels_take_batch(recur, levels, levels->order.ids, &at, end, &count, err));
        }
        RZ_TRY(rz_steps_begin(&recur->steps, &levels->frontier, levels->nodes, count, err));
        for (;;) {
            RZ_TRY(rz_steps_read(&recur->steps, &levels->frontier, RZ_VECTOR_CAPACITY, &levels->batch, err));
            if (levels->batch.count == 0) {
                break;
            }
            for (uint32_t i = 0; i < levels->batch.count; i++) {
                uint32_t idx = 0;
                bool is_new = false;
                if (!rz_node_map_has_quick(seen, levels->batch.to[i])) {
                    RZ_TRY(rz_node_map_add(seen, levels->batch.to[i], &idx, &is_new, err));
                }
            }
        }
    }
    levels->at = levels->level_start;
    levels->end = seen->count;
    return RUZU_OK;
}

/* ---- answers ---- */

static ruzu_status levels_give(rz_recur *recur, search_levels *levels, rz_error *err)
{
    const rz_node_map *map = levels->one_search ? &levels->given : &levels->maps[levels->current];
    if (recur->spec->to_bound && levels->at < levels->end) { /* at most one of the level counts */
        uint32_t target = rz_node_map_find(map, recur->target);
        bool inside = target != RZ_NODE_NONE && target >= levels->at && target < levels->end;
        levels->at = inside ? target : levels->end;
        levels->end = inside ? target + 1 : levels->end;
    }
    if (levels->one_search && recur->all_tables && !recur->spec->to_bound) { /* all of them are answers */
        uint32_t count = levels->end - levels->at;
        uint32_t room = recur->limit - recur->count;
        count = count < room ? count : room;
        rz_recur_answer_ends(recur, map->ids + levels->at, count, levels->depth);
        levels->at += count;
        return RUZU_OK;
    }
    while (levels->at < levels->end && !rz_recur_is_full(recur)) {
        uint32_t idx = levels->at++;
        rz_recur_answer answer = {.to = map->ids[idx], .length = levels->depth, .count = 1};
        if (!rz_recur_accepts(recur, answer.to)) {
            continue;
        }
        if (!recur->spec->distinct_ends) {
            answer.count = ((const uint64_t *)(const void *)map->data)[idx];
        } else if (!levels->one_search) {
            bool is_new = false;
            RZ_TRY(rz_node_map_add(&levels->given, answer.to, &idx, &is_new, err));
            if (!is_new) {
                continue;
            }
        }
        levels->found = recur->spec->distinct_ends && recur->spec->to_bound;
        RZ_TRY(rz_recur_answer_add(recur, &answer, err));
    }
    return RUZU_OK;
}

static ruzu_status levels_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_levels *levels = (search_levels *)search;
    for (;;) {
        RZ_TRY(levels_give(recur, levels, err));
        if (levels->at < levels->end) {
            *out_done = false;
            return RUZU_OK;
        }
        uint32_t left = levels->one_search ? levels->given.count - levels->level_start : levels->maps[levels->current].count;
        if (levels->found || levels->depth == recur->spec->spec->upper || (left == 0 && levels->depth != 0)) {
            *out_done = true;
            return RUZU_OK;
        }
        if (levels->one_search) {
            RZ_TRY(rz_recur_wide_take(recur, &levels->given, levels->level_start, levels->depth, err));
        }
        if (rz_recur_wide_has(recur)) {
            return RUZU_OK;
        }
        RZ_TRY(levels->one_search ? levels_expand_seen(recur, levels, err) : levels_expand_counts(recur, levels, err));
        levels->depth++;
        if (rz_recur_is_full(recur)) {
            *out_done = false;
            return RUZU_OK;
        }
    }
}

const rz_search_class rz_search_levels = {.size = sizeof(search_levels), .open = levels_open, .begin = levels_begin, .run = levels_run, .close = levels_close};
