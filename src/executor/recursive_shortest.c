/* SPDX-License-Identifier: MIT */
/*
 * Shortest paths from one node to all: SHORTEST gives one path to each node, ALL SHORTEST all of minimal length. A node's answers are given as soon as its level is complete. The
 * source itself is never an answer.
 */
#include "executor/recursive_bfs.h"

typedef struct search_shortest {
    rz_bfs bfs;
    bool all;
    uint32_t at;             /* next node of the last level to give */
    bool in_node;            /* ALL with paths: more paths to it */
    uint32_t *way;
    rz_id *nodes;
    rz_rel_ref *rels;
} search_shortest;

static ruzu_status shortest_open(rz_recur *recur, void *search, rz_error *err)
{
    search_shortest *shortest = (search_shortest *)search;
    rz_arena *arena = &recur->op.worker->arena;
    uint32_t upper = recur->spec->spec->upper;
    shortest->all = recur->spec->spec->semantic == RZ_PATH_ALL_SHORTEST && !recur->spec->distinct_ends;
    shortest->way = RZ_NEW_ARRAY(arena, uint32_t, (size_t)upper + 1);
    shortest->nodes = RZ_NEW_ARRAY(arena, rz_id, (size_t)upper + 1);
    shortest->rels = RZ_NEW_ARRAY(arena, rz_rel_ref, (size_t)upper + 1);
    if (shortest->way == NULL || shortest->nodes == NULL || shortest->rels == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    return rz_bfs_open(recur, &recur->steps, shortest->all, recur->with_path, &shortest->bfs, err);
}

static void shortest_close(rz_recur *recur, void *search)
{
    (void)recur;
    rz_bfs_close(&((search_shortest *)search)->bfs);
}

static ruzu_status shortest_begin(rz_recur *recur, void *search, rz_error *err)
{
    search_shortest *shortest = (search_shortest *)search;
    shortest->at = 1;
    shortest->in_node = false;
    return rz_bfs_begin(&shortest->bfs, recur->from, err);
}

static void shortest_write_way(search_shortest *shortest, uint32_t end_node)
{
    const rz_bfs *bfs = &shortest->bfs;
    rz_id to = bfs->seen.ids[end_node];
    for (uint32_t level = bfs->depth; level > 0; level--) {
        const rz_bfs_link *link = &bfs->links[shortest->way[level - 1]];
        rz_id from = bfs->seen.ids[link->parent];
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
    const rz_bfs *bfs = &shortest->bfs;
    uint32_t idx = shortest->at;
    rz_recur_answer answer = {.to = bfs->seen.ids[idx], .length = bfs->depth, .count = 1, .nodes = shortest->nodes, .rels = shortest->rels};
    if (!bfs->with_links) {
        answer.count = shortest->all ? rz_bfs_at(bfs, idx)->paths : 1;
        shortest->at++;
        return rz_recur_answer_add(recur, &answer, err);
    }
    if (!shortest->in_node) {
        rz_bfs_first_way(bfs, idx, shortest->way);
    }
    shortest_write_way(shortest, idx);
    shortest->in_node = shortest->all && rz_bfs_next_way(bfs, bfs->depth, shortest->way);
    shortest->at += !shortest->in_node;
    return rz_recur_answer_add(recur, &answer, err);
}

static ruzu_status shortest_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_shortest *shortest = (search_shortest *)search;
    rz_bfs *bfs = &shortest->bfs;
    for (;;) {
        while (shortest->at < bfs->level_end && !rz_recur_is_full(recur)) {
            if (!shortest->in_node && !rz_recur_accepts(recur, bfs->seen.ids[shortest->at])) {
                shortest->at++;
                continue;
            }
            RZ_TRY(shortest_give_one(recur, shortest, err));
        }
        *out_done = shortest->at == bfs->level_end && (bfs->depth == recur->spec->spec->upper || bfs->level_start == bfs->level_end);
        if (*out_done || shortest->at < bfs->level_end) {
            return RUZU_OK;
        }
        RZ_TRY(rz_recur_wide_take(recur, &bfs->seen, bfs->level_start, bfs->depth, err));
        if (rz_recur_wide_has(recur)) {
            return RUZU_OK;
        }
        uint32_t met = RZ_BFS_NONE;
        RZ_TRY(rz_bfs_expand(bfs, NULL, &met, err));
    }
}

const rz_search_class rz_search_shortest = {
    .size = sizeof(search_shortest), .open = shortest_open, .begin = shortest_begin, .run = shortest_run, .close = shortest_close};
