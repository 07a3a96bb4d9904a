/* SPDX-License-Identifier: MIT */
/*
 * Shortest paths between two known nodes, searched from both ends: always the end whose next level costs less goes on, until a level meets the other end's last one.
 *
 * When level d of one side first meets level e of the other, the shortest paths have length d + e, and each of them has exactly one node that is in both levels: the paths are the
 * ways into such a node from both sides, their number is the sum of the products. (Had a node of an earlier level been met, the sides would have met before, unless it may not be passed through: such
 * nodes do not count as meetings.)
 *
 * Rows that follow one another often have an end in common: pairs made of a few nodes and many. Then what was searched from that end is kept. Let it be the source, searched to depth d: a
 * target that has been reached is an answer at once, with the ways into it; for any other one the shortest paths are longer than d, so they go through a node of level d, and the search goes on as if
 * it had come there for this target. The more rows share an end, the more of a level's cost is spent on rows to come: in the end all is known from there.
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
    rz_id ends[2];               /* where the sides began */
    bool whole[2];               /* all levels of the side are complete: no search was stopped within one */
    uint64_t shared[2];          /* rows before this one that had the same end */
    uint32_t walk;               /* the side whose last level is looked through for meetings */
    uint32_t at;                 /* the next node of that level that may be one */
    bool only;                   /* there is one meeting, meets: no need to look */
    uint32_t meets[2];           /* the current meeting's number on both sides */
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
    pair->met = pair->in_meeting = pair->only = false;
    if (pair->searched) {
        return RUZU_OK;
    }
    RZ_TRY(rz_steps_set_row(&pair->back_steps, &recur->op, recur->input, recur->flats, rz_sel_at(&recur->sel, recur->at_row), err));
    /* A transaction that writes may change what was found. An end that comes again begins anew if its side is not whole, and is kept from the next row on. */
    bool keeps = recur->repeatable && recur->began && rz_txn_snapshot(recur->op.worker->exec->context->txn)->own_stamp == 0;
    bool same[2] = {keeps && pair->ends[0] == recur->from, keeps && pair->ends[1] == recur->target};
    uint64_t rows[2] = {same[0] ? pair->shared[0] + 1 : 0, same[1] ? pair->shared[1] + 1 : 0};
    uint32_t kept = rows[1] > rows[0] ? 1 : 0;
    recur->began = true;
    for (uint32_t s = 0; s < 2; s++) {
        pair->shared[s] = s == kept ? rows[s] : 0;
        if (pair->shared[s] == 0 || !pair->whole[s]) {
            pair->ends[s] = s == 0 ? recur->from : recur->target;
            pair->whole[s] = true;
            RZ_TRY(rz_bfs_begin(&pair->sides[s], pair->ends[s], err));
        }
    }
    return RUZU_OK;
}

/* The side that is kept for later rows, if an end has come again; else 2. */
static uint32_t pair_kept_side(const search_pair *pair)
{
    return pair->shared[0] != 0 ? 0 : pair->shared[1] != 0 ? 1 : 2;
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

/* Has the kept side reached the other end in a row before? */
static bool pair_knows(search_pair *pair)
{
    uint32_t s = pair_kept_side(pair);
    uint32_t idx = s == 2 ? RZ_NODE_NONE : rz_node_map_find(&pair->sides[s].seen, pair->ends[1 - s]);
    if (idx == RZ_NODE_NONE) {
        return false;
    }
    pair->meets[s] = idx;
    pair->meets[1 - s] = 0;
    return true;
}

/* The side to go on with: 2 when one of them cannot. */
static ruzu_status pair_choose(search_pair *pair, uint32_t *out, rz_error *err)
{
    uint64_t work[2] = {0, 0};
    for (uint32_t s = 0; s < 2; s++) {
        RZ_TRY(rz_bfs_work(&pair->sides[s], &work[s], err));
        if (work[s] == 0) {
            *out = 2;
            return RUZU_OK;
        }
        work[s] /= 1 + pair->shared[s]; /* as many rows may follow */
    }
    *out = work[0] <= work[1] ? 0 : 1;
    return RUZU_OK;
}

/* Goes to the next meeting from `at` on; false when there is none. */
static ruzu_status pair_seek(rz_recur *recur, search_pair *pair, bool *out, rz_error *err)
{
    const rz_bfs *side = &pair->sides[pair->walk];
    *out = pair->only;
    for (; !pair->only && pair->at < side->level_end; pair->at++) {
        if (pair->at % 4096 == 0) {
            RZ_TRY(rz_exec_poll(recur->op.worker->exec, err));
        }
        pair->meets[pair->walk] = pair->at;
        RZ_TRY(pair_is_meeting(pair, pair->walk, pair->at, &pair->meets[1 - pair->walk], out, err));
        if (*out) {
            break;
        }
    }
    return RUZU_OK;
}

/* Goes one level further; looks for meetings there. */
static ruzu_status pair_expand(rz_recur *recur, search_pair *pair, uint32_t s, rz_error *err)
{
    rz_bfs *side = &pair->sides[s];
    /* One shortest path is enough, and any node may be gone through: the first meeting ends the search. Nobody else wants the rest of the level. */
    bool first = !pair->all && !rz_steps_filters_nodes(side->steps) && s != pair_kept_side(pair);
    uint32_t met = RZ_BFS_NONE;
    RZ_TRY(rz_bfs_expand(side, first ? &pair->sides[1 - s] : NULL, &met, err));
    pair->met = met != RZ_BFS_NONE;
    if (pair->met) {
        pair->whole[s] = false;
        pair->only = true;
        pair->meets[s] = met;
        pair->meets[1 - s] = rz_node_map_find(&pair->sides[1 - s].seen, side->seen.ids[met]);
        return RUZU_OK;
    }
    if (first) {
        return RUZU_OK;
    }
    /* The smaller one of the two levels is looked through. */
    const rz_bfs *other = &pair->sides[1 - s];
    uint32_t w = side->level_end - side->level_start <= other->level_end - other->level_start ? s : 1 - s;
    pair->walk = w;
    pair->at = pair->sides[w].level_start;
    return pair_seek(recur, pair, &pair->met, err); /* the first meeting */
}

static ruzu_status pair_search(rz_recur *recur, search_pair *pair, rz_error *err)
{
    pair->searched = true;
    pair->met = pair->only = pair_knows(pair);
    while (!pair->met && pair->sides[0].depth + pair->sides[1].depth < recur->spec->spec->upper) {
        uint32_t s = 2;
        RZ_TRY(pair_choose(pair, &s, err));
        if (s == 2) {
            return RUZU_OK;
        }
        RZ_TRY(pair_expand(recur, pair, s, err));
    }
    return RUZU_OK;
}

/* ---- answers ---- */

/* The current meeting is done. */
static void pair_pass(search_pair *pair)
{
    pair->at++;
    pair->met = !pair->only;
}

static uint32_t pair_depth(const search_pair *pair, uint32_t s)
{
    return pair->only ? rz_bfs_at(&pair->sides[s], pair->meets[s])->depth : pair->sides[s].depth;
}

static void pair_write_path(search_pair *pair)
{
    const rz_bfs *from = &pair->sides[0];
    const rz_bfs *back = &pair->sides[1];
    uint32_t from_depth = pair_depth(pair, 0);
    uint32_t back_depth = pair_depth(pair, 1);
    rz_id meeting = from->seen.ids[pair->meets[0]];
    rz_id to = meeting;
    for (uint32_t level = from_depth; level > 0; level--) {
        const rz_bfs_link *link = &from->links[pair->ways[0][level - 1]];
        rz_id parent = from->seen.ids[link->parent];
        pair->rels[level - 1] = rz_recur_rel(parent, to, link->rel, link->forward);
        if (level > 1) {
            pair->nodes[level - 2] = parent;
        }
        to = parent;
    }
    if (from_depth != 0 && back_depth != 0) {
        pair->nodes[from_depth - 1] = meeting;
    }
    to = meeting;
    for (uint32_t level = back_depth; level > 0; level--) { /* from the meeting to the target */
        const rz_bfs_link *link = &back->links[pair->ways[1][level - 1]];
        rz_id parent = back->seen.ids[link->parent];
        uint32_t place = from_depth + back_depth - level;
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
    while (pair->met) {
        bool more = false;
        RZ_TRY(pair_seek(recur, pair, &more, err));
        if (!more) {
            break;
        }
        uint64_t product = 0;
        if (rz_mul_overflow(rz_bfs_at(&pair->sides[0], pair->meets[0])->paths, rz_bfs_at(&pair->sides[1], pair->meets[1])->paths, &product) ||
            rz_add_overflow(total, product, &total) || total > INT64_MAX) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of paths is not within INT64 range.");
        }
        pair_pass(pair);
    }
    pair->met = false;
    answer->count = total;
    return rz_recur_answer_add(recur, answer, err);
}

/* The next path, or nothing when all have been given. */
static ruzu_status pair_give_path(rz_recur *recur, search_pair *pair, const rz_recur_answer *answer, rz_error *err)
{
    if (!pair->in_meeting) {
        bool more = false;
        RZ_TRY(pair_seek(recur, pair, &more, err));
        if (!more) {
            pair->met = false;
            return RUZU_OK;
        }
        rz_bfs_first_way(&pair->sides[0], pair->meets[0], pair->ways[0]);
        rz_bfs_first_way(&pair->sides[1], pair->meets[1], pair->ways[1]);
    }
    pair_write_path(pair);
    pair->in_meeting = pair->all && rz_bfs_next_way(&pair->sides[0], pair_depth(pair, 0), pair->ways[0]);
    if (pair->all && !pair->in_meeting) {
        rz_bfs_first_way(&pair->sides[0], pair->meets[0], pair->ways[0]);
        pair->in_meeting = rz_bfs_next_way(&pair->sides[1], pair_depth(pair, 1), pair->ways[1]);
    }
    if (!pair->all) { /* SHORTEST: this one only */
        pair->met = false;
    } else if (!pair->in_meeting) {
        pair_pass(pair);
    }
    return rz_recur_answer_add(recur, answer, err);
}

static ruzu_status pair_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_pair *pair = (search_pair *)search;
    if (!pair->searched) {
        RZ_TRY(pair_search(recur, pair, err));
    }
    while (pair->met && !rz_recur_is_full(recur)) {
        rz_recur_answer answer = {.to = recur->target, .length = pair_depth(pair, 0) + pair_depth(pair, 1), .count = 1, .nodes = pair->nodes, .rels = pair->rels};
        if (recur->with_path) {
            RZ_TRY(pair_give_path(recur, pair, &answer, err));
        } else {
            RZ_TRY(pair->all ? pair_give_count(recur, pair, &answer, err) : rz_recur_answer_add(recur, &answer, err));
            pair->met = false;
        }
    }
    *out_done = !pair->met;
    return RUZU_OK;
}

const rz_search_class rz_search_pair = {.size = sizeof(search_pair), .open = pair_open, .begin = pair_begin, .run = pair_run, .close = pair_close};
