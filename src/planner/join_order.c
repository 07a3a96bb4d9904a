/* SPDX-License-Identifier: MIT */
/*
 * Join order: which node a pattern starts from, and in which order its edges are walked, probed, intersected or
 * counted.
 *
 * Up to RZ_JOIN_EXACT edges: dynamic programming over sets of edges (a set says which nodes are bound, which predicates
 * hold and how many rows are expected; kept is the cheapest way there). Beyond: greedy. What a step costs: join_cost.c.
 */
#include "planner/join_cost.h"

#include <float.h>

#define RZ_JOIN_EXACT        12u /* edges searched exactly … */
#define RZ_JOIN_EXACT_STARTS 7u  /* … and for each start apart */

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
        if (graph->nodes.items[i].component != component || !rz_join_can_start(graph, i, cur)) {
            continue;
        }
        if (best != UINT32_MAX && !rz_plan_rule(graph->planner, RZ_RULE_JOIN_ORDER)) {
            break;
        }
        rz_join_state_clear(graph, state);
        rz_join_state_start(graph, state, i, cur, &step);
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
    RZ_TRY(rz_join_state_create(graph, &state, err));
    RZ_TRY(rz_join_state_create(graph, &trial, err));
    if (!order_is_anchored(graph, component)) {
        join_step start;
        uint32_t first = order_first_node(graph, &state, component, cur);
        if (first == UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "a part of a pattern has nowhere to start from");
        }
        rz_join_state_clear(graph, &state);
        rz_join_state_start(graph, &state, first, cur, &start);
        RZ_TRY(order_push(graph, out, start, err));
    } else {
        rz_join_state_clear(graph, &state);
        state.rows = cur->rows;
    }
    for (;;) {
        join_step best = {0};
        double best_score = DBL_MAX;
        bool found = false;
        for (uint32_t e = 0; e < graph->edges.count && !(found && !ordered); e++) {
            join_step steps[RZ_JOIN_STEPS];
            uint32_t count = edge_in_component(graph, e, component) ? rz_join_state_steps(graph, &state, e, steps) : 0;
            for (uint32_t s = 0; s < count; s++) {
                rz_join_state_copy(graph, &state, &trial);
                trial.cost = 0;
                rz_join_state_take(graph, &trial, &steps[s]);
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
        rz_join_state_take(graph, &state, &best);
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
    rz_join_state_clear(graph, &search->state);
    for (uint32_t i = 0; i < search->edge_count; i++) {
        if ((set >> i & 1) != 0) {
            const join_edge *edge = &graph->edges.items[search->edges[i]];
            search->state.done[search->edges[i]] = true;
            search->state.bound[edge->from] = search->state.bound[edge->to] = true;
        }
    }
    rz_join_state_mark_applied(graph, &search->state);
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
        join_step steps[RZ_JOIN_STEPS];
        uint32_t count = rz_join_state_steps(graph, &search->state, search->edges[i], steps);
        for (uint32_t s = 0; s < count; s++) {
            join_state *trial = &search->trial;
            rz_join_state_copy(graph, &search->state, trial);
            rz_join_state_take(graph, trial, &steps[s]);
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
    rz_join_state_clear(search->graph, &search->state);
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
    RZ_TRY(rz_join_state_create(graph, &search->state, err));
    RZ_TRY(rz_join_state_create(graph, &search->trial, err));
    if (order_is_anchored(graph, component)) {
        return order_anchored(search, cur, out, out_cost, err);
    }
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        join_step start;
        if (graph->nodes.items[i].component != component || !rz_join_can_start(graph, i, cur)) {
            continue;
        }
        if (one_by_one) {
            memset(search->entries, 0, size);
        }
        rz_join_state_clear(graph, &search->state);
        rz_join_state_start(graph, &search->state, i, cur, &start);
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
    RZ_TRY(rz_join_state_create(graph, &state, err));
    rz_join_state_clear(graph, &state);
    rz_join_state_mark_applied(graph, &state);
    for (uint32_t i = 0; i < steps->count; i++) {
        join_step *step = &steps->items[i];
        if (step->kind == JOIN_START) {
            rz_join_state_start(graph, &state, step->node, cur, step);
        } else {
            rz_join_state_take(graph, &state, step);
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
