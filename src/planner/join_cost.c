/* SPDX-License-Identifier: MIT */
/*
 * What the steps of a join order cost: see join_cost.h.
 *
 * Cost is rows touched, weighted by what an operator does per row. Estimates: average degrees in the direction walked, independence.
 */
#include "planner/join_cost.h"

#include <string.h>

#define RZ_JOIN_MAX_ROWS 1e30

/* Costs per row; a decoded neighbour is 1. */
#define JOIN_COST_SCAN      0.3
#define JOIN_COST_LOOKUP    5.0
#define JOIN_COST_WALK      1.0 /* per row walked from: finding its list, times how far apart the lists lie */
#define JOIN_COST_REL       0.5 /* per row: decoding the relationship too */
#define JOIN_COST_PROBE     3.5 /* per row: a search in a packed list … */
#define JOIN_COST_NEAR      1.0 /* … or in a decoded one, which stays the same over many rows */
#define JOIN_COST_COUNT     1.0 /* per row counted, times the same … */
#define JOIN_COST_SCATTERED 2.0 /* … and more where nodes come again and again, in any order */
#define JOIN_COST_EXCEPT    4.0 /* per row counted against another list … */
#define JOIN_COST_DECODE    0.05 /* … per entry of a list in which only nodes are looked for … */
#define JOIN_COST_ENTRY     0.8 /* … and of lists that are compared */
#define JOIN_COST_LIST      2.0 /* per list of an intersection */
#define JOIN_COST_MERGE     0.4 /* per entry of such a list */
#define JOIN_COST_PREDICATE 0.2 /* times the predicate's own cost */

ruzu_status rz_join_state_create(join_graph *graph, join_state *out, rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    out->bound = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    out->done = RZ_NEW_ARRAY(arena, bool, graph->edges.count);
    out->applied = RZ_NEW_ARRAY(arena, bool, graph->predicates.count);
    out->rows = out->cost = 0;
    out->origin = UINT32_MAX;
    return out->bound == NULL || out->done == NULL || out->applied == NULL ? rz_error_no_memory(err, "planning MATCH")
                                                                           : RUZU_OK;
}

void rz_join_state_copy(const join_graph *graph, const join_state *from, join_state *to)
{
    memcpy(to->bound, from->bound, graph->nodes.count * sizeof(bool));
    memcpy(to->done, from->done, graph->edges.count * sizeof(bool));
    memcpy(to->applied, from->applied, graph->predicates.count * sizeof(bool));
    to->origin = from->origin;
    to->rows = from->rows;
    to->cost = from->cost;
}

static bool state_predicate_ready(const join_graph *graph, const join_state *state, const join_predicate *predicate)
{
    if (predicate->late || predicate->foreign || predicate->placed) {
        return false;
    }
    for (uint32_t i = 0; i < predicate->node_count; i++) {
        if (!state->bound[predicate->nodes[i]]) {
            return false;
        }
    }
    for (uint32_t i = 0; i < predicate->edge_count; i++) {
        if (!state->done[predicate->edges[i]]) {
            return false;
        }
    }
    (void)graph;
    return true;
}

/* Applies the predicates that have become ready: fewer rows, some cost. */
static void state_filter(const join_graph *graph, join_state *state)
{
    if (!rz_plan_rule(graph->planner, RZ_RULE_PUSH_DOWN)) {
        return;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (!state->applied[i] && state_predicate_ready(graph, state, predicate)) {
            state->applied[i] = true;
            state->cost += state->rows * predicate->cost * JOIN_COST_PREDICATE;
            state->rows *= predicate->selectivity;
        }
    }
}

void rz_join_state_mark_applied(const join_graph *graph, join_state *state)
{
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        state->applied[i] = state_predicate_ready(graph, state, &graph->predicates.items[i]);
    }
}

/* ---- steps ---- */

/* What finding the list of a node costs: little when nodes come in the order of their table, more the less of the table
 * the caches hold. */
static double state_distance(const join_graph *graph, const join_state *state, uint32_t node)
{
    double rows = graph->nodes.items[node].rows;
    return state->origin == node ? 0.4 : rows < 5e4 ? 1.5 : rows < 5e5 ? 4 : 8;
}

double rz_join_fan(const join_graph *graph, const join_edge *edge, bool backward)
{
    return edge->count / graph->nodes.items[backward ? edge->to : edge->from].rows;
}

static double edge_fan(const join_graph *graph, const join_edge *edge, bool backward)
{
    double rows = graph->nodes.items[backward ? edge->to : edge->from].rows;
    double fan = edge->count / rows;
    const rz_bound_recursive *recursive = edge->edge->recursive;
    if (recursive == NULL) {
        return fan;
    }
    double ends = graph->nodes.items[backward ? edge->from : edge->to].rows;
    double total = recursive->lower == 0 ? 1 : 0;
    double level = 1;
    for (uint32_t i = 1; i <= recursive->upper && i <= 30 && level < ends; i++) {
        level *= fan;
        total += i >= recursive->lower ? level : 0;
    }
    bool one_each = recursive->semantic == RZ_PATH_SHORTEST || recursive->semantic == RZ_PATH_WSHORTEST;
    return one_each && total > ends ? ends : total;
}

/* Work of one variable-length search. */
static double edge_search_cost(const join_graph *graph, const join_edge *edge, bool backward)
{
    double fan = edge_fan(graph, edge, backward);
    return 20 + (fan > edge->count && edge->edge->recursive->semantic != RZ_PATH_WALK ? edge->count : fan) * 2;
}

static double edge_probability(const join_graph *graph, const join_edge *edge)
{
    double pairs = graph->nodes.items[edge->from].rows * graph->nodes.items[edge->to].rows;
    double count = edge->edge->recursive == NULL ? edge->count
                                                 : edge_fan(graph, edge, false) * graph->nodes.items[edge->from].rows;
    return count < pairs ? count / pairs : 1;
}

static bool edge_is_plain(const join_edge *edge)
{
    return edge->edge->recursive == NULL && !edge->used && edge->from != edge->to;
}

bool rz_join_is_plain(const join_edge *edge)
{
    return edge_is_plain(edge);
}

static bool edge_touches(const join_edge *edge, uint32_t node)
{
    return edge->from == node || edge->to == node;
}

/* Rows come grouped by the node that was scanned. */
static bool edge_touches_origin(const join_edge *edge, const join_state *state)
{
    return edge->from == state->origin || edge->to == state->origin;
}

static uint32_t state_common(const join_graph *graph, const join_state *state, uint32_t node, uint32_t *edges,
                             uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if (state->done[e] || !edge_is_plain(edge) || !edge_touches(edge, node) ||
            !state->bound[edge->from == node ? edge->to : edge->from]) {
            continue;
        }
        if (count < limit) {
            edges[count] = e;
        }
        count++;
    }
    return count;
}

uint32_t rz_join_common(const join_graph *graph, uint32_t node, uint32_t *edges, uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if (edge->done || !edge_is_plain(edge) || !edge_touches(edge, node) ||
            !graph->nodes.items[edge->from == node ? edge->to : edge->from].bound) {
            continue;
        }
        if (count < limit) {
            edges[count] = e;
        }
        count++;
    }
    return count;
}

static bool predicate_concerns(const join_predicate *predicate, uint32_t node)
{
    for (uint32_t i = 0; i < predicate->node_count; i++) {
        if (predicate->nodes[i] == node) {
            return true;
        }
    }
    return false;
}

/*
 * The far end can be counted: nothing else hangs on it, and nobody looks at it but predicates that keep it apart from
 * nodes that are bound. *out_pair: from one other node instead, which could be counted too; UINT32_MAX: none.
 */
static bool step_can_count(const join_graph *graph, const join_state *state, uint32_t edge_idx, uint32_t far,
                           uint32_t *out_pair)
{
    const join_edge *edge = &graph->edges.items[edge_idx];
    const join_node *node = &graph->nodes.items[far];
    uint32_t bars = 0;
    *out_pair = UINT32_MAX;
    if (!rz_plan_rule(graph->planner, RZ_RULE_DEGREE) || !edge_is_plain(edge) || node->wanted || node->edge_count != 1) {
        return false;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (predicate->placed || !predicate_concerns(predicate, far)) {
            continue;
        }
        uint32_t other = rz_join_bar_other(predicate, far);
        if (other == UINT32_MAX || (!state->bound[other] && predicate->bar != JOIN_BAR_UNEQUAL)) {
            return false;
        }
        *out_pair = state->bound[other] ? *out_pair : other;
        bars++;
    }
    return *out_pair == UINT32_MAX || bars == 1;
}

/* Both ends of two edges can be counted together: each is kept apart from the other and nothing else. */
static bool step_can_pair(const join_graph *graph, const join_state *state, uint32_t edge_idx, uint32_t far,
                          uint32_t other, join_step *out)
{
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        uint32_t near = edge->from == other ? edge->to : edge->from;
        uint32_t back = UINT32_MAX;
        if ((edge->from != other && edge->to != other) || state->done[e] || !state->bound[near] ||
            !step_can_count(graph, state, e, other, &back) || back != far) {
            continue;
        }
        bool backward = graph->edges.items[edge_idx].from == far;
        *out = (join_step){.kind = JOIN_PAIR,
                           .edge = edge_idx,
                           .node = far,
                           .backward = backward,
                           .pair_edge = e,
                           .pair_node = other,
                           .pair_backward = edge->from == other};
        return true;
    }
    return false;
}

/*
 * Did the rows at the node come over relationships like these? Then a list of them is met as often as it is long, whichever way the walk went: from
 * its entries to the node, or from the node to its entries. A neighbour that was only counted left one row of many.
 */
static bool state_met(const join_graph *graph, const join_state *state, uint32_t node, const rz_hop *hops, uint32_t hop_count)
{
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        bool backward = edge->from != node;
        uint32_t pair = UINT32_MAX;
        if (state->done[e] && edge_touches(edge, node) && edge_is_plain(edge) &&
            rz_join_same_hops(edge->hops[backward ? 1 : 0], edge->hop_count, hops, hop_count) &&
            (!step_can_count(graph, state, e, backward ? edge->from : edge->to, &pair) || pair != UINT32_MAX)) {
            return true;
        }
    }
    return false;
}

/* Entries of the list of an edge that is about to be counted, for each row. */
static double edge_length(const join_graph *graph, const join_state *state, const join_edge *edge, bool backward)
{
    uint32_t end = backward ? 1 : 0;
    bool met = state_met(graph, state, backward ? edge->to : edge->from, edge->hops[end], edge->hop_count);
    return met ? edge->met[end] : edge_fan(graph, edge, backward);
}

/* Entries of the lists that the step counts in, for each row; a list that stays the same over many rows is none. */
static double step_length(const join_graph *graph, const join_state *state, const join_step *step)
{
    const join_edge *edge = &graph->edges.items[step->edge];
    if (step->kind == JOIN_PAIR) {
        return edge_length(graph, state, edge, step->backward) + edge_length(graph, state, &graph->edges.items[step->pair_edge], step->pair_backward);
    }
    return step->kind != JOIN_COUNT || edge_touches_origin(edge, state) ? 0 : edge_length(graph, state, edge, step->backward);
}

/* Entries of the list of the node that the counted one must not be next to, for each row. */
static double bar_length(const join_graph *graph, const join_state *state, const join_predicate *predicate, uint32_t other)
{
    uint32_t end = predicate->bar_nodes[0] == other ? 0 : 1;
    if (state_met(graph, state, other, predicate->bar_hops[end], predicate->bar_hop_count)) {
        return predicate->bar_met[end];
    }
    double count = 0;
    for (uint32_t h = 0; h < predicate->bar_hop_count; h++) {
        count += (double)rz_plan_stats(graph->planner, predicate->bar_hops[0][h].pair)->rows;
    }
    return count / graph->nodes.items[other].rows;
}

/* Predicates that the counting of a node sees to: marks them, returns what they cost per row. length: entries of the
 * counted list that are decoded for each row, 0 when the list stays the same. */
static double state_apply_bars(const join_graph *graph, join_state *state, uint32_t node, double length)
{
    double cost = 0;
    double entry = 0;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (predicate->placed || state->applied[i] || !predicate_concerns(predicate, node)) {
            continue;
        }
        uint32_t other = rz_join_bar_other(predicate, node);
        state->applied[i] = true;
        cost += entry == 0 ? JOIN_COST_EXCEPT : 0;
        entry = predicate->bar == JOIN_BAR_EDGE || entry == JOIN_COST_ENTRY ? JOIN_COST_ENTRY : JOIN_COST_DECODE;
        if (predicate->bar == JOIN_BAR_EDGE) {
            cost += other == state->origin ? JOIN_COST_EXCEPT : JOIN_COST_EXCEPT + bar_length(graph, state, predicate, other) * JOIN_COST_ENTRY;
        }
    }
    return cost + length * entry;
}

void rz_join_state_take(const join_graph *graph, join_state *state, join_step *step)
{
    double rows = state->rows;
    if (step->kind == JOIN_INTERSECT) {
        double ends = graph->nodes.items[step->node].rows;
        double result = rows * ends;
        for (uint32_t e = 0; e < graph->edges.count; e++) {
            const join_edge *edge = &graph->edges.items[e];
            if (!state->done[e] && edge_is_plain(edge) && edge_touches(edge, step->node) &&
                state->bound[edge->from == step->node ? edge->to : edge->from]) {
                bool backward = edge->to != step->node;
                double distance = state_distance(graph, state, backward ? edge->to : edge->from);
                state->cost += rows * (JOIN_COST_LIST + JOIN_COST_WALK * distance +
                                       edge_fan(graph, edge, backward) * JOIN_COST_MERGE);
                result *= edge_fan(graph, edge, backward) / ends;
                state->done[e] = true;
            }
        }
        state->bound[step->node] = true;
        state->rows = result;
    } else {
        const join_edge *edge = &graph->edges.items[step->edge];
        double fan = edge_fan(graph, edge, step->backward);
        double distance = state_distance(graph, state, step->backward ? edge->to : edge->from);
        double length = step_length(graph, state, step);
        bool recursive = edge->edge->recursive != NULL;
        state->done[step->edge] = true;
        switch (step->kind) {
        case JOIN_EXPAND:
            state->rows = rows * fan;
            state->cost +=
                rows * (recursive ? edge_search_cost(graph, edge, step->backward) : JOIN_COST_WALK * distance) +
                state->rows * (edge->used ? 1 + JOIN_COST_REL : 1);
            state->bound[step->node] = true;
            break;
        case JOIN_INTO:
            state->rows = rows * edge_probability(graph, edge);
            state->cost += rows * (recursive                          ? edge_search_cost(graph, edge, step->backward)
                                   : edge_touches_origin(edge, state) ? JOIN_COST_NEAR
                                                                      : JOIN_COST_PROBE + distance);
            break;
        case JOIN_COUNT:
            state->rows = rows * edge->reach[step->backward ? 1 : 0];
            state->cost += rows * JOIN_COST_COUNT * distance;
            state->cost += rows > graph->nodes.items[edge->from == step->node ? edge->to : edge->from].rows ? rows * JOIN_COST_SCATTERED : 0;
            state->bound[step->node] = true;
            state->cost += rows * state_apply_bars(graph, state, step->node, length);
            break;
        case JOIN_PAIR: {
            const join_edge *pair = &graph->edges.items[step->pair_edge];
            state->rows = rows * edge->reach[step->backward ? 1 : 0] * pair->reach[step->pair_backward ? 1 : 0];
            state->cost += rows * 2 * JOIN_COST_COUNT * distance + state->rows * (JOIN_COST_EXCEPT + length * JOIN_COST_ENTRY);
            state->done[step->pair_edge] = true;
            state->bound[step->node] = state->bound[step->pair_node] = true;
            (void)state_apply_bars(graph, state, step->node, 0);
            break;
        }
        case JOIN_START:
        case JOIN_INTERSECT: break;
        }
    }
    state->rows = state->rows < RZ_JOIN_MAX_ROWS ? state->rows : RZ_JOIN_MAX_ROWS;
    step->rows = state->rows;
    state_filter(graph, state);
}

uint32_t rz_join_state_steps(const join_graph *graph, const join_state *state, uint32_t edge_idx, join_step *out)
{
    const join_edge *edge = &graph->edges.items[edge_idx];
    bool from_bound = state->bound[edge->from];
    bool to_bound = state->bound[edge->to];
    uint32_t count = 0;
    if (state->done[edge_idx] || (!from_bound && !to_bound)) {
        return 0;
    }
    if (from_bound && to_bound) {
        /* Probing searches the list of one end: the shorter one. */
        bool backward = edge_fan(graph, edge, true) < edge_fan(graph, edge, false);
        out[count++] = (join_step){.kind = JOIN_INTO, .edge = edge_idx, .node = UINT32_MAX, .backward = backward};
        return count;
    }
    uint32_t far = from_bound ? edge->to : edge->from;
    uint32_t pair = UINT32_MAX;
    if (step_can_count(graph, state, edge_idx, far, &pair)) {
        if (pair == UINT32_MAX) {
            out[count++] = (join_step){.kind = JOIN_COUNT, .edge = edge_idx, .node = far, .backward = to_bound};
            return count;
        }
        count += step_can_pair(graph, state, edge_idx, far, pair, &out[count]);
    }
    out[count++] = (join_step){.kind = JOIN_EXPAND, .edge = edge_idx, .node = far, .backward = to_bound};
    uint32_t first = edge_idx;
    if (edge_is_plain(edge) && rz_plan_rule(graph->planner, RZ_RULE_INTERSECT) &&
        state_common(graph, state, far, &first, 1) > 1 && first == edge_idx) {
        out[count++] = (join_step){.kind = JOIN_INTERSECT, .edge = edge_idx, .node = far};
    }
    return count;
}

/* ---- where to start ---- */

bool rz_join_can_start(const join_graph *graph, uint32_t node, const rz_plan *cur)
{
    join_key key;
    return rz_plan_is_unit(cur) || rz_join_find_key(graph, node, cur, &key);
}

void rz_join_state_start(const join_graph *graph, join_state *state, uint32_t node, const rz_plan *cur, join_step *step)
{
    join_key key;
    *step = (join_step){.kind = JOIN_START, .edge = UINT32_MAX, .node = node};
    state->bound[node] = true;
    state->cost = 0;
    if (rz_join_find_key(graph, node, cur, &key)) {
        state->rows = cur->rows;
        state->cost = cur->rows * JOIN_COST_LOOKUP;
        state->applied[key.predicate] = true;
        state->origin = UINT32_MAX;
    } else {
        state->origin = node;
        state->rows = graph->nodes.items[node].rows;
        state->cost = state->rows * JOIN_COST_SCAN;
    }
    step->rows = state->rows;
    state_filter(graph, state);
}

void rz_join_state_clear(const join_graph *graph, join_state *state)
{
    state->origin = UINT32_MAX;
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        state->bound[i] = graph->nodes.items[i].bound;
    }
    for (uint32_t i = 0; i < graph->edges.count; i++) {
        state->done[i] = graph->edges.items[i].done;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        state->applied[i] = graph->predicates.items[i].placed;
    }
}
