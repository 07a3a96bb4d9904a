/* SPDX-License-Identifier: MIT */
/*
 * Shortest paths between two known nodes, searched from both ends: always the end whose next level costs less goes on, until a level meets the other end's last one.
 *
 * When level d of one side first meets level e of the other, the shortest paths have length d + e, and each of them has exactly one node that is in both levels: the paths are the
 * ways into such a node from both sides, their number is the sum of the products. (Had a node of an earlier level been met, the sides would have met before, unless it may not be passed through: such
 * nodes do not count as meetings.)
 */
#include "executor/recursive_bfs.h"

#include <string.h>

typedef struct search_pair {
    rz_plan_recursive back_spec; /* the same walk seen from its end */
    rz_steps back_steps;
    rz_bfs sides[2];             /* from the source; from the target */
    bool all;
    bool searched;
    bool met;
    uint32_t at;                 /* the next node of side 0's level that may be a meeting */
    uint32_t other;              /* the current meeting's number on side 1 */
    bool in_meeting;             /* more paths through it */
    uint32_t *ways[2];
    rz_id *nodes;
    rz_rel_ref *rels;
} search_pair;

static ruzu_status pair_open(rz_recur *recur, void *search, rz_error *err)
{
    search_pair *pair = (search_pair *)search;
    rz_arena *arena = &recur->op.worker->arena;
    const rz_plan_recursive *spec = recur->spec;
    uint32_t upper = spec->spec->upper;
    rz_hop *hops = RZ_NEW_ARRAY(arena, rz_hop, spec->hop_count);
    pair->ways[0] = RZ_NEW_ARRAY(arena, uint32_t, (size_t)upper + 1);
    pair->ways[1] = RZ_NEW_ARRAY(arena, uint32_t, (size_t)upper + 1);
    pair->nodes = RZ_NEW_ARRAY(arena, rz_id, (size_t)upper + 1);
    pair->rels = RZ_NEW_ARRAY(arena, rz_rel_ref, (size_t)upper + 1);
    if (hops == NULL || pair->ways[0] == NULL || pair->ways[1] == NULL || pair->nodes == NULL || pair->rels == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    for (uint32_t h = 0; h < spec->hop_count; h++) {
        const rz_hop *hop = &spec->hops[h];
        hops[h] = (rz_hop){.pair = hop->pair,
                           .direction = hop->direction == RZ_FORWARD ? RZ_BACKWARD : RZ_FORWARD,
                           .from_table = hop->to_table,
                           .to_table = hop->from_table};
    }
    pair->all = spec->spec->semantic == RZ_PATH_ALL_SHORTEST && !spec->distinct_ends;
    pair->back_spec = *spec;
    pair->back_spec.hops = hops;
    RZ_TRY(rz_steps_open(recur->op.worker, &pair->back_spec, recur->op.input->plan, &pair->back_steps, err));
    RZ_TRY(rz_bfs_open(recur, &recur->steps, pair->all, recur->with_path, &pair->sides[0], err));
    return rz_bfs_open(recur, &pair->back_steps, pair->all, recur->with_path, &pair->sides[1], err);
}

static void pair_close(rz_recur *recur, void *search)
{
    (void)recur;
    search_pair *pair = (search_pair *)search;
    rz_bfs_close(&pair->sides[0]);
    rz_bfs_close(&pair->sides[1]);
    rz_steps_close(&pair->back_steps);
}

static ruzu_status pair_begin(rz_recur *recur, void *search, rz_error *err)
{
    search_pair *pair = (search_pair *)search;
    pair->searched = recur->from == recur->target || !rz_recur_accepts(recur, recur->target); /* no path leads a node to itself */
    pair->met = pair->in_meeting = false;
    if (pair->searched) {
        return RUZU_OK;
    }
    RZ_TRY(rz_steps_set_row(&pair->back_steps, &recur->op, recur->input, recur->flats, rz_sel_at(&recur->sel, recur->at_row), err));
    RZ_TRY(rz_bfs_begin(&pair->sides[0], recur->from, err));
    return rz_bfs_begin(&pair->sides[1], recur->target, err);
}

/* Is node `idx` of side `s`, in its last level, also in the last level of the other side, and may the path go through it? */
static ruzu_status pair_is_meeting(search_pair *pair, uint32_t s, uint32_t idx, uint32_t *out_other, bool *out, rz_error *err)
{
    const rz_bfs *side = &pair->sides[s];
    const rz_bfs *other = &pair->sides[1 - s];
    rz_id id = side->seen.ids[idx];
    *out_other = rz_node_map_find(&other->seen, id);
    *out = *out_other != RZ_NODE_NONE && *out_other >= other->level_start;
    if (*out && side->depth != 0 && other->depth != 0 && rz_steps_filters_nodes(side->steps)) {
        uint32_t kept[1];
        uint32_t count = 0;
        RZ_TRY(rz_steps_filter_nodes(side->steps, &id, 1, kept, &count, err));
        *out = count != 0;
    }
    return RUZU_OK;
}

static ruzu_status pair_search(rz_recur *recur, search_pair *pair, rz_error *err)
{
    pair->searched = true;
    while (!pair->met && pair->sides[0].depth + pair->sides[1].depth < recur->spec->spec->upper) {
        uint64_t work[2] = {0, 0};
        RZ_TRY(rz_bfs_work(&pair->sides[0], &work[0], err));
        RZ_TRY(rz_bfs_work(&pair->sides[1], &work[1], err));
        if (work[0] == 0 || work[1] == 0) {
            return RUZU_OK; /* one side cannot go on */
        }
        uint32_t s = work[0] <= work[1] ? 0 : 1;
        rz_bfs *side = &pair->sides[s];
        /* One shortest path is enough, and any node may be gone through: the first meeting ends the search. */
        bool first = !pair->all && !rz_steps_filters_nodes(side->steps);
        uint32_t met = RZ_BFS_NONE;
        RZ_TRY(rz_bfs_expand(side, first ? &pair->sides[1 - s] : NULL, &met, err));
        pair->met = met != RZ_BFS_NONE;
        if (pair->met && recur->with_path) {
            uint32_t other = rz_node_map_find(&pair->sides[1 - s].seen, side->seen.ids[met]);
            pair->at = s == 0 ? met : other;
            return RUZU_OK;
        }
        for (uint32_t i = side->level_start; i < side->level_end && !pair->met && !first; i++) {
            uint32_t other = 0;
            RZ_TRY(pair_is_meeting(pair, s, i, &other, &pair->met, err));
        }
    }
    pair->at = pair->sides[0].level_start;
    return RUZU_OK;
}

/* ---- answers ---- */

/* Goes to the next meeting from `at` on; at is the level's end when there is none. */
static ruzu_status pair_seek(search_pair *pair, rz_error *err)
{
    const rz_bfs *side = &pair->sides[0];
    for (; pair->at < side->level_end; pair->at++) {
        bool meets = false;
        RZ_TRY(pair_is_meeting(pair, 0, pair->at, &pair->other, &meets, err));
        if (meets) {
            break;
        }
    }
    return RUZU_OK;
}

static void pair_write_path(search_pair *pair)
{
    const rz_bfs *from = &pair->sides[0];
    const rz_bfs *back = &pair->sides[1];
    rz_id meeting = from->seen.ids[pair->at];
    rz_id to = meeting;
    for (uint32_t level = from->depth; level > 0; level--) {
        const rz_bfs_link *link = &from->links[pair->ways[0][level - 1]];
        rz_id parent = from->seen.ids[link->parent];
        pair->rels[level - 1] = rz_recur_rel(parent, to, link->rel, link->forward);
        if (level > 1) {
            pair->nodes[level - 2] = parent;
        }
        to = parent;
    }
    if (from->depth != 0 && back->depth != 0) {
        pair->nodes[from->depth - 1] = meeting;
    }
    to = meeting;
    for (uint32_t level = back->depth; level > 0; level--) { /* from the meeting to the target */
        const rz_bfs_link *link = &back->links[pair->ways[1][level - 1]];
        rz_id parent = back->seen.ids[link->parent];
        uint32_t place = from->depth + back->depth - level;
        pair->rels[place] = rz_recur_rel(parent, to, link->rel, link->forward);
        if (level > 1) {
            pair->nodes[place] = parent;
        }
        to = parent;
    }
}

/* All paths as one answer with their number. */
static ruzu_status pair_give_count(rz_recur *recur, search_pair *pair, rz_recur_answer *answer, rz_error *err)
{
    uint64_t total = 0;
    for (;;) {
        RZ_TRY(pair_seek(pair, err));
        if (pair->at == pair->sides[0].level_end) {
            break;
        }
        uint64_t product = 0;
        if (rz_mul_overflow(rz_bfs_at(&pair->sides[0], pair->at)->paths, rz_bfs_at(&pair->sides[1], pair->other)->paths, &product) ||
            rz_add_overflow(total, product, &total) || total > INT64_MAX) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of paths is not within INT64 range.");
        }
        pair->at++;
    }
    answer->count = total;
    return rz_recur_answer_add(recur, answer, err);
}

/* The next path, or nothing when all have been given. */
static ruzu_status pair_give_path(rz_recur *recur, search_pair *pair, const rz_recur_answer *answer, rz_error *err)
{
    if (!pair->in_meeting) {
        RZ_TRY(pair_seek(pair, err));
        if (pair->at == pair->sides[0].level_end) {
            pair->met = false;
            return RUZU_OK;
        }
        rz_bfs_first_way(&pair->sides[0], pair->at, pair->ways[0]);
        rz_bfs_first_way(&pair->sides[1], pair->other, pair->ways[1]);
    }
    pair_write_path(pair);
    pair->in_meeting = pair->all && rz_bfs_next_way(&pair->sides[0], pair->sides[0].depth, pair->ways[0]);
    if (pair->all && !pair->in_meeting) {
        rz_bfs_first_way(&pair->sides[0], pair->at, pair->ways[0]);
        pair->in_meeting = rz_bfs_next_way(&pair->sides[1], pair->sides[1].depth, pair->ways[1]);
    }
    pair->at += !pair->in_meeting;
    pair->met = pair->all; /* SHORTEST: this one only */
    return rz_recur_answer_add(recur, answer, err);
}

static ruzu_status pair_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_pair *pair = (search_pair *)search;
    if (!pair->searched) {
        RZ_TRY(pair_search(recur, pair, err));
    }
    while (pair->met && !rz_recur_is_full(recur)) {
        rz_recur_answer answer = {.to = recur->target, .length = pair->sides[0].depth + pair->sides[1].depth, .count = 1, .nodes = pair->nodes, .rels = pair->rels};
        if (recur->with_path) {
            RZ_TRY(pair_give_path(recur, pair, &answer, err));
        } else {
            pair->met = false;
            RZ_TRY(pair->all ? pair_give_count(recur, pair, &answer, err) : rz_recur_answer_add(recur, &answer, err));
        }
    }
    *out_done = !pair->met;
    return RUZU_OK;
}

const rz_search_class rz_search_pair = {.size = sizeof(search_pair), .open = pair_open, .begin = pair_begin, .run = pair_run, .close = pair_close};
