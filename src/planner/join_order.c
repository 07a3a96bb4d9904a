/* SPDX-License-Identifier: MIT */
/*
 * Join order: which node a pattern starts from, and in which order its edges are walked, probed, intersected or
 * counted.
 *
 * Up to RZ_JOIN_EXACT edges: dynamic programming over sets of edges (a set says which nodes are bound, which predicates
 * hold and how many rows are expected; kept is the cheapest way there). Beyond: greedy. Cost is rows touched, weighted
 * by what an operator does per row. Estimates: average degrees in the direction walked, independence.
 */
#include "planner/join.h"

#include <float.h>

#define RZ_JOIN_EXACT        12u /* edges searched exactly … */
#define RZ_JOIN_EXACT_STARTS 7u  /* … and for each start apart */
#define RZ_JOIN_MAX_ROWS     1e30

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
#define JOIN_COST_ENTRY     0.8 /* … and per entry of the lists, decoded and compared */
#define JOIN_COST_LIST      2.0 /* per list of an intersection */
#define JOIN_COST_MERGE     0.4 /* per entry of such a list */
#define JOIN_COST_PREDICATE 0.2 /* times the predicate's own cost */

/* What is bound, walked and applied at one point of the search. */
typedef struct join_state {
    bool *bound;     /* per node */
    bool *done;      /* per edge */
    bool *applied;   /* per predicate */
    uint32_t origin; /* the node that was scanned: its rows come in order; UINT32_MAX: none */
    double rows;
    double cost;
} join_state;

static ruzu_status state_new(join_graph *graph, join_state *out, rz_error *err)
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

/* Marks as applied what holds already without cost: used when a state is rebuilt from a set of edges. */
static void state_mark_applied(const join_graph *graph, join_state *state)
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

/* Predicates that the counting of a node sees to: marks them, returns what they cost per row. fan: entries of the
 * counted list that are decoded for each row, 0 when the list stays the same. */
static double state_apply_bars(const join_graph *graph, join_state *state, uint32_t node, double fan)
{
    double cost = 0;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (predicate->placed || state->applied[i] || !predicate_concerns(predicate, node)) {
            continue;
        }
        uint32_t other = rz_join_bar_other(predicate, node);
        state->applied[i] = true;
        cost += cost == 0 ? JOIN_COST_EXCEPT + fan * JOIN_COST_ENTRY : 0;
        if (predicate->bar == JOIN_BAR_EDGE) {
            double count = 0;
            for (uint32_t h = 0; h < predicate->bar_hop_count; h++) {
                count += (double)rz_plan_stats(graph->planner, predicate->bar_hops[0][h].pair)->rows;
            }
            cost += other == state->origin ? JOIN_COST_EXCEPT
                                           : JOIN_COST_EXCEPT + count / graph->nodes.items[other].rows * JOIN_COST_ENTRY;
        }
    }
    return cost;
}

/* Takes a step: what it binds, the rows it gives (also in step->rows), what it costs. */
static void state_take(const join_graph *graph, join_state *state, join_step *step)
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
            state->cost += rows * state_apply_bars(graph, state, step->node, edge_touches_origin(edge, state) ? 0 : fan);
            break;
        case JOIN_PAIR: {
            const join_edge *pair = &graph->edges.items[step->pair_edge];
            double pair_fan = edge_fan(graph, pair, step->pair_backward);
            state->rows = rows * edge->reach[step->backward ? 1 : 0] * pair->reach[step->pair_backward ? 1 : 0];
            state->cost += rows * 2 * JOIN_COST_COUNT * distance + state->rows * (JOIN_COST_EXCEPT + (fan + pair_fan) * JOIN_COST_ENTRY);
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

/* The steps an edge allows in a state: up to three. */
static uint32_t state_steps(const join_graph *graph, const join_state *state, uint32_t edge_idx, join_step *out)
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

/* A scan starts a plan of its own; on top of other rows only a look-up can. */
static bool start_is_possible(const join_graph *graph, uint32_t node, const rz_plan *cur)
{
    join_key key;
    return rz_plan_is_unit(cur) || rz_join_find_key(graph, node, cur, &key);
}

static void state_start(const join_graph *graph, join_state *state, uint32_t node, const rz_plan *cur, join_step *step)
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

static void state_clear(const join_graph *graph, join_state *state)
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

static bool edge_in_component(const join_graph *graph, uint32_t edge_idx, uint32_t component)
{
    const join_edge *edge = &graph->edges.items[edge_idx];
    return !edge->done && !edge->bridge && graph->nodes.items[edge->from].component == component;
}

/* Some node of the component is known already. */
static bool order_is_anchored(const join_graph *graph, uint32_t component)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        if (graph->nodes.items[i].component == component && graph->nodes.items[i].bound) {
            return true;
        }
    }
    return false;
}

/* ---- greedy, and as written ---- */

static ruzu_status order_push(join_graph *graph, join_steps *out, join_step step, rz_error *err)
{
    return RZ_ARRAY_PUSH(out, graph->planner->arena, step) ? RUZU_OK : rz_error_no_memory(err, "planning MATCH");
}

/* The cheapest first node by itself; as written: the first. */
static uint32_t order_first_node(join_graph *graph, join_state *state, uint32_t component, const rz_plan *cur)
{
    uint32_t best = UINT32_MAX;
    double best_rows = DBL_MAX;
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        join_step step;
        if (graph->nodes.items[i].component != component || !start_is_possible(graph, i, cur)) {
            continue;
        }
        if (best != UINT32_MAX && !rz_plan_rule(graph->planner, RZ_RULE_JOIN_ORDER)) {
            break;
        }
        state_clear(graph, state);
        state_start(graph, state, i, cur, &step);
        if (state->rows < best_rows) {
            best = i;
            best_rows = state->rows;
        }
    }
    return best;
}

static ruzu_status order_greedy(join_graph *graph, uint32_t component, const rz_plan *cur, join_steps *out,
                                double *out_cost, rz_error *err)
{
    join_state state;
    join_state trial;
    bool ordered = rz_plan_rule(graph->planner, RZ_RULE_JOIN_ORDER);
    RZ_TRY(state_new(graph, &state, err));
    RZ_TRY(state_new(graph, &trial, err));
    if (!order_is_anchored(graph, component)) {
        join_step start;
        uint32_t first = order_first_node(graph, &state, component, cur);
        if (first == UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "a part of a pattern has nowhere to start from");
        }
        state_clear(graph, &state);
        state_start(graph, &state, first, cur, &start);
        RZ_TRY(order_push(graph, out, start, err));
    } else {
        state_clear(graph, &state);
        state.rows = cur->rows;
    }
    for (;;) {
        join_step best = {0};
        double best_score = DBL_MAX;
        bool found = false;
        for (uint32_t e = 0; e < graph->edges.count && !(found && !ordered); e++) {
            join_step steps[3];
            uint32_t count = edge_in_component(graph, e, component) ? state_steps(graph, &state, e, steps) : 0;
            for (uint32_t s = 0; s < count; s++) {
                memcpy(trial.bound, state.bound, graph->nodes.count * sizeof(bool));
                memcpy(trial.done, state.done, graph->edges.count * sizeof(bool));
                memcpy(trial.applied, state.applied, graph->predicates.count * sizeof(bool));
                trial.origin = state.origin;
                trial.rows = state.rows;
                trial.cost = 0;
                state_take(graph, &trial, &steps[s]);
                double score = trial.cost + 2 * trial.rows;
                if (score < best_score || !found) {
                    best = steps[s];
                    best_score = score;
                    found = true;
                }
            }
        }
        *out_cost = state.cost;
        if (!found) {
            return RUZU_OK;
        }
        state_take(graph, &state, &best);
        RZ_TRY(order_push(graph, out, best, err));
    }
}

/* ---- dynamic programming ---- */

typedef struct order_entry {
    double cost;
    double rows;
    uint32_t origin;
    uint32_t before; /* set of edges; with 0, `start` says where the walk began */
    join_step start;
    join_step step;
    bool reached;
} order_entry;

typedef struct order_search {
    join_graph *graph;
    uint32_t edges[RZ_JOIN_EXACT]; /* of the component */
    uint32_t edge_count;
    order_entry *entries; /* by set of edges */
    join_state state;     /* of the set being extended */
    join_state trial;
} order_search;

/* The state of a set: what its edges touch is bound. */
static void search_restore(order_search *search, uint32_t set)
{
    join_graph *graph = search->graph;
    state_clear(graph, &search->state);
    for (uint32_t i = 0; i < search->edge_count; i++) {
        if ((set >> i & 1) != 0) {
            const join_edge *edge = &graph->edges.items[search->edges[i]];
            search->state.done[search->edges[i]] = true;
            search->state.bound[edge->from] = search->state.bound[edge->to] = true;
        }
    }
    state_mark_applied(graph, &search->state);
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        search->state.applied[i] |= graph->predicates.items[i].placed;
    }
}

static uint32_t search_set_of(const order_search *search, const join_state *state)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < search->edge_count; i++) {
        set |= (uint32_t)state->done[search->edges[i]] << i;
    }
    return set;
}

/* Tries every step from search->state. */
static void search_extend(order_search *search, uint32_t set, const join_step *start)
{
    join_graph *graph = search->graph;
    for (uint32_t i = 0; i < search->edge_count; i++) {
        join_step steps[3];
        uint32_t count = state_steps(graph, &search->state, search->edges[i], steps);
        for (uint32_t s = 0; s < count; s++) {
            join_state *trial = &search->trial;
            memcpy(trial->bound, search->state.bound, graph->nodes.count * sizeof(bool));
            memcpy(trial->done, search->state.done, graph->edges.count * sizeof(bool));
            memcpy(trial->applied, search->state.applied, graph->predicates.count * sizeof(bool));
            trial->origin = search->state.origin;
            trial->rows = search->state.rows;
            trial->cost = search->state.cost;
            state_take(graph, trial, &steps[s]);
            order_entry *entry = &search->entries[search_set_of(search, trial)];
            if (!entry->reached || trial->cost < entry->cost) {
                *entry = (order_entry){.cost = trial->cost,
                                       .rows = trial->rows,
                                       .origin = trial->origin,
                                       .before = set,
                                       .step = steps[s],
                                       .reached = true};
                if (start != NULL) {
                    entry->start = *start;
                }
            }
        }
    }
}

static ruzu_status search_collect(const order_search *search, bool has_start, join_steps *out, double *out_cost,
                                  rz_error *err)
{
    join_step steps[RZ_JOIN_EXACT + 1];
    uint32_t count = 0;
    const order_entry *entry = &search->entries[(1u << search->edge_count) - 1];
    *out_cost = entry->cost;
    for (;;) {
        steps[count++] = entry->step;
        if (entry->before == 0) {
            break;
        }
        entry = &search->entries[entry->before];
    }
    if (has_start) {
        steps[count++] = entry->start;
    }
    while (count > 0) {
        RZ_TRY(order_push(search->graph, out, steps[--count], err));
    }
    return RUZU_OK;
}

/* Extends all sets that have been reached, smaller numbers first: a step only adds edges. */
static void search_run(order_search *search)
{
    for (uint32_t set = 1; set + 1 < (1u << search->edge_count); set++) {
        if (search->entries[set].reached) {
            search_restore(search, set);
            search->state.origin = search->entries[set].origin;
            search->state.rows = search->entries[set].rows;
            search->state.cost = search->entries[set].cost;
            search_extend(search, set, NULL);
        }
    }
}

static ruzu_status order_anchored(order_search *search, const rz_plan *cur, join_steps *out, double *out_cost,
                                  rz_error *err)
{
    state_clear(search->graph, &search->state);
    search->state.rows = cur->rows;
    search->state.cost = 0;
    search_extend(search, 0, NULL);
    search_run(search);
    return search_collect(search, false, out, out_cost, err);
}

/*
 * Every node is tried as the start. What later steps cost depends on it a little (its rows come in order), which the
 * sets do not say: small patterns are therefore searched once for each start, large ones once for all.
 */
static ruzu_status order_exact(order_search *search, uint32_t component, const rz_plan *cur, join_steps *out,
                               double *out_cost, rz_error *err)
{
    join_graph *graph = search->graph;
    size_t size = sizeof(order_entry) << search->edge_count;
    bool one_by_one = search->edge_count <= RZ_JOIN_EXACT_STARTS;
    double best = DBL_MAX;
    search->entries = (order_entry *)rz_arena_calloc(graph->planner->arena, 1, size);
    RZ_TRY_ALLOC(search->entries, err, "planning MATCH");
    RZ_TRY(state_new(graph, &search->state, err));
    RZ_TRY(state_new(graph, &search->trial, err));
    if (order_is_anchored(graph, component)) {
        return order_anchored(search, cur, out, out_cost, err);
    }
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        join_step start;
        if (graph->nodes.items[i].component != component || !start_is_possible(graph, i, cur)) {
            continue;
        }
        if (one_by_one) {
            memset(search->entries, 0, size);
        }
        state_clear(graph, &search->state);
        state_start(graph, &search->state, i, cur, &start);
        search_extend(search, 0, &start);
        if (one_by_one) {
            search_run(search);
            const order_entry *whole = &search->entries[(1u << search->edge_count) - 1];
            if (whole->reached && whole->cost < best) {
                best = whole->cost;
                out->count = 0;
                RZ_TRY(search_collect(search, true, out, out_cost, err));
            }
        }
    }
    if (!one_by_one) {
        search_run(search);
        return search_collect(search, true, out, out_cost, err);
    }
    return RUZU_OK;
}

/* Rows and cost of given steps. */
static ruzu_status order_estimate(join_graph *graph, const rz_plan *cur, join_steps *steps, double *out_cost,
                                  rz_error *err)
{
    join_state state;
    RZ_TRY(state_new(graph, &state, err));
    state_clear(graph, &state);
    state_mark_applied(graph, &state);
    for (uint32_t i = 0; i < steps->count; i++) {
        join_step *step = &steps->items[i];
        if (step->kind == JOIN_START) {
            state_start(graph, &state, step->node, cur, step);
        } else {
            state_take(graph, &state, step);
        }
    }
    *out_cost = state.cost;
    return RUZU_OK;
}

ruzu_status rz_join_order(join_graph *graph, uint32_t component, const rz_plan *cur, join_steps *out, double *out_cost,
                          rz_error *err)
{
    if (graph->hint != NULL) {
        RZ_TRY(rz_join_hinted(graph, component, out, err));
        return order_estimate(graph, cur, out, out_cost, err);
    }
    order_search search = {.graph = graph};
    uint32_t count = 0;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        if (edge_in_component(graph, e, component)) {
            if (count < RZ_JOIN_EXACT) {
                search.edges[count] = e;
            }
            count++;
        }
    }
    search.edge_count = count;
    *out_cost = 0;
    if (count == 0 && order_is_anchored(graph, component)) {
        return RUZU_OK;
    }
    if (count == 0 || count > RZ_JOIN_EXACT || !rz_plan_rule(graph->planner, RZ_RULE_JOIN_ORDER)) {
        return order_greedy(graph, component, cur, out, out_cost, err);
    }
    return order_exact(&search, component, cur, out, out_cost, err);
}

void rz_join_mark(join_graph *graph, const join_step *step)
{
    if (step->node != UINT32_MAX) {
        graph->nodes.items[step->node].bound = true;
    }
    if (step->edge != UINT32_MAX) {
        graph->edges.items[step->edge].done = true;
    }
    if (step->kind == JOIN_PAIR) {
        graph->nodes.items[step->pair_node].bound = true;
        graph->edges.items[step->pair_edge].done = true;
    }
}
