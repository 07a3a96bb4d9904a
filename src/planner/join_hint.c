/* SPDX-License-Identifier: MIT */
/*
 * The join order that a HINT says.
 *
 * The hint is a list of nodes and relationships. The first node in it is where the plan starts (of a relationship that stands first, the end that the list names next); then
 * the relationships are walked, the first one that hangs on a known node next. Both ends known is a probe; relationships of one MULTI_JOIN that meet in an unknown
 * node are intersected. Rows and costs are estimated as for any order.
 */
#include "planner/join.h"

typedef struct hint_walk {
    const join_graph *graph;
    uint32_t component;
    bool *bound; /* per node */
    bool *done;  /* per edge */
} hint_walk;

/* The graph's node (or edge) of a column, in this component; UINT32_MAX: none. */
static uint32_t hint_node(const hint_walk *walk, uint32_t column)
{
    for (uint32_t i = 0; i < walk->graph->nodes.count; i++) {
        if (walk->graph->nodes.items[i].column == column && walk->graph->nodes.items[i].component == walk->component) {
            return i;
        }
    }
    return UINT32_MAX;
}

static uint32_t hint_edge(const hint_walk *walk, uint32_t column)
{
    for (uint32_t i = 0; i < walk->graph->edges.count; i++) {
        const join_edge *edge = &walk->graph->edges.items[i];
        if (edge->edge->column == column && !edge->bridge && walk->graph->nodes.items[edge->from].component == walk->component) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* The node to start from. */
static uint32_t hint_start(const hint_walk *walk)
{
    const rz_bound_hint *hint = walk->graph->hint;
    const join_edge *first = NULL;
    for (uint32_t i = 0; i < hint->count; i++) {
        uint32_t node = hint_node(walk, hint->columns[i]);
        uint32_t edge = hint_edge(walk, hint->columns[i]);
        if (node != UINT32_MAX && (first == NULL || first->from == node || first->to == node)) {
            return node;
        }
        first = first == NULL && edge != UINT32_MAX ? &walk->graph->edges.items[edge] : first;
    }
    for (uint32_t i = 0; i < walk->graph->nodes.count; i++) { /* cannot be: the hint has all nodes */
        if (walk->graph->nodes.items[i].component == walk->component) {
            return i;
        }
    }
    return 0;
}

/* Is there another edge of the same MULTI_JOIN from a known node to `far`? */
static bool hint_meets(const hint_walk *walk, uint32_t item, uint32_t far)
{
    const rz_bound_hint *hint = walk->graph->hint;
    for (uint32_t i = 0; i < hint->count && hint->groups[item] != 0; i++) {
        uint32_t e = i == item || hint->groups[i] != hint->groups[item] ? UINT32_MAX : hint_edge(walk, hint->columns[i]);
        if (e == UINT32_MAX || walk->done[e] || !rz_join_is_plain(&walk->graph->edges.items[e])) {
            continue;
        }
        const join_edge *edge = &walk->graph->edges.items[e];
        if ((edge->from == far && walk->bound[edge->to]) || (edge->to == far && walk->bound[edge->from])) {
            return true;
        }
    }
    return false;
}

/* The step over a hint's relationship; false: it hangs on nothing known yet. */
static bool hint_step(hint_walk *walk, uint32_t item, join_step *out)
{
    const join_graph *graph = walk->graph;
    uint32_t e = hint_edge(walk, graph->hint->columns[item]);
    if (e == UINT32_MAX || walk->done[e]) {
        return false;
    }
    const join_edge *edge = &graph->edges.items[e];
    bool from_bound = walk->bound[edge->from];
    bool to_bound = walk->bound[edge->to];
    if (!from_bound && !to_bound) {
        return false;
    }
    *out = (join_step){.edge = e, .node = UINT32_MAX};
    if (from_bound && to_bound) {
        out->kind = JOIN_INTO;
        out->backward = rz_join_fan(graph, edge, true) < rz_join_fan(graph, edge, false);
        walk->done[e] = true;
        return true;
    }
    uint32_t far = from_bound ? edge->to : edge->from;
    bool meets = rz_join_is_plain(edge) && hint_meets(walk, item, far);
    out->kind = meets ? JOIN_INTERSECT : JOIN_EXPAND;
    out->node = far;
    out->backward = !meets && to_bound;
    walk->done[e] = true;
    for (uint32_t i = 0; i < graph->edges.count && meets; i++) { /* an intersection takes all that lead there */
        const join_edge *other = &graph->edges.items[i];
        walk->done[i] = walk->done[i] || (rz_join_is_plain(other) && ((other->from == far && walk->bound[other->to]) ||
                                                                      (other->to == far && walk->bound[other->from])));
    }
    walk->bound[far] = true;
    return true;
}

ruzu_status rz_join_hinted(join_graph *graph, uint32_t component, join_steps *out, rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    hint_walk walk = {.graph = graph, .component = component};
    walk.bound = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    walk.done = RZ_NEW_ARRAY(arena, bool, graph->edges.count);
    if (walk.bound == NULL || walk.done == NULL) {
        return rz_error_no_memory(err, "planning a hint");
    }
    join_step step = {.kind = JOIN_START, .edge = UINT32_MAX, .node = hint_start(&walk)};
    walk.bound[step.node] = true;
    bool found = true;
    while (found) {
        if (!RZ_ARRAY_PUSH(out, arena, step)) {
            return rz_error_no_memory(err, "planning a hint");
        }
        found = false;
        for (uint32_t i = 0; i < graph->hint->count && !found; i++) {
            found = hint_step(&walk, i, &step);
        }
    }
    return RUZU_OK;
}
