/* SPDX-License-Identifier: MIT */
/*
 * Predicates that only keep two nodes of a pattern apart: `a <> b` (as nodes, by id, by primary key) and NOT EXISTS {(a)-[…]-(b)}.
 *
 * A node that nobody looks at otherwise need not be enumerated because of them: how many neighbours are left is counted against the other nodes and their lists (COUNT_EXCEPT), and two
 * such nodes that must differ are counted in pairs: all pairs less those in which they are the same.
 *
 * Where one follows from another it is dropped: every neighbour of v over some hops is another node than x when x is no neighbour of v over them.
 */
#include "planner/join.h"

#include <string.h>

/* ---- finding them ---- */

static uint32_t bar_find_node(const join_graph *graph, uint32_t column)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        if (graph->nodes.items[i].column == column) {
            return i;
        }
    }
    return UINT32_MAX;
}

static bool bar_same_tables(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    return a_count == b_count && memcmp(a, b, a_count * sizeof *a) == 0;
}

/* The node that one side of an inequality stands for: itself, its id, or (of one table, exactly comparable) its key. */
static uint32_t bar_side(const join_graph *graph, const rz_expr *side, bool *out_key)
{
    const rz_expr *object = side;
    *out_key = side->kind == RZ_EXPR_PROPERTY;
    if (side->kind == RZ_EXPR_ID || *out_key) {
        object = side->children[0];
    }
    if (object->kind != RZ_EXPR_COLUMN || object->type->id != RUZU_TYPE_NODE) {
        return UINT32_MAX;
    }
    uint32_t node = bar_find_node(graph, object->u.column);
    bool exact = side->type->physical != RZ_PHYS_DOUBLE && side->type->physical != RZ_PHYS_FLOAT;
    if (node != UINT32_MAX && *out_key &&
        (object->type->table_count != 1 || !exact || !rz_plan_is_key(graph->planner, side))) {
        return UINT32_MAX;
    }
    return node;
}

static void bar_find_unequal(const join_graph *graph, join_predicate *predicate)
{
    rz_compare_op op;
    bool keys[2] = {false, false};
    uint32_t nodes[2];
    if (!rz_plan_comparison(predicate->expr, &op) || op != RZ_CMP_NE) {
        return;
    }
    const rz_expr *const *sides = (const rz_expr *const *)predicate->expr->children;
    if (sides[0]->kind != sides[1]->kind || !rz_type_equal(sides[0]->type, sides[1]->type)) {
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        nodes[i] = bar_side(graph, sides[i], &keys[i]);
        if (nodes[i] == UINT32_MAX) {
            return;
        }
    }
    const join_node *a = &graph->nodes.items[nodes[0]];
    const join_node *b = &graph->nodes.items[nodes[1]];
    if (nodes[0] == nodes[1] || (keys[0] && !bar_same_tables(a->tables, a->table_count, b->tables, b->table_count))) {
        return;
    }
    predicate->bar = JOIN_BAR_UNEQUAL;
    predicate->bar_nodes[0] = nodes[0];
    predicate->bar_nodes[1] = nodes[1];
}

/* NOT EXISTS of one relationship between two nodes of the pattern. */
static ruzu_status bar_find_edge(const join_graph *graph, join_predicate *predicate, rz_error *err)
{
    const rz_expr *expr = predicate->expr->kind == RZ_EXPR_NOT ? predicate->expr->children[0] : NULL;
    if (expr == NULL || expr->kind != RZ_EXPR_SUBQUERY || expr->u.subquery.kind != RZ_SUBQUERY_EXISTS) {
        return RUZU_OK;
    }
    const rz_bound_match *match = rz_plan_only_match(expr->u.subquery.query);
    if (match == NULL || match->predicate_count != 0 || match->pattern.edge_count != 1 || match->pattern.node_count != 2 ||
        match->pattern.path_count != 0) {
        return RUZU_OK;
    }
    const rz_bound_edge *edge = &match->pattern.edges[0];
    uint32_t nodes[2];
    for (uint32_t i = 0; i < 2; i++) {
        const rz_bound_node *bound = &match->pattern.nodes[i == 0 ? edge->from : edge->to];
        nodes[i] = bar_find_node(graph, bound->column);
        const join_node *node = nodes[i] == UINT32_MAX ? NULL : &graph->nodes.items[nodes[i]];
        if (node == NULL || !bar_same_tables(node->tables, node->table_count, bound->tables, bound->table_count)) {
            return RUZU_OK;
        }
    }
    if (nodes[0] == nodes[1] || edge->recursive != NULL || edge->bound || edge->hop_count == 0) {
        return RUZU_OK;
    }
    predicate->bar_hops[0] = edge->hops;
    predicate->bar_hop_count = edge->hop_count;
    predicate->bar_undirected = edge->undirected;
    predicate->bar_nodes[0] = nodes[0];
    predicate->bar_nodes[1] = nodes[1];
    RZ_TRY(rz_join_reverse_hops(graph->planner, edge->hops, edge->hop_count, &predicate->bar_hops[1], err));
    predicate->bar = JOIN_BAR_EDGE;
    for (uint32_t i = 0; i < 2; i++) {
        predicate->bar_met[i] = rz_plan_met_length(graph->planner, predicate->bar_hops[i], predicate->bar_hop_count, graph->nodes.items[nodes[i]].rows);
    }
    return RUZU_OK;
}

/* ---- what follows from others ---- */

/* Is `other` reached from `near` over the very hops that must not lead from there to the barred node? */
static bool bar_is_reached(const join_graph *graph, const join_predicate *bar, uint32_t near_end, uint32_t other)
{
    uint32_t near = bar->bar_nodes[near_end];
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if (edge->edge->recursive != NULL) {
            continue;
        }
        for (uint32_t end = 0; end < 2; end++) {
            if ((end == 0 ? edge->from : edge->to) == near && (end == 0 ? edge->to : edge->from) == other &&
                rz_join_same_hops(edge->hops[end], edge->hop_count, bar->bar_hops[near_end], bar->bar_hop_count)) {
                return true;
            }
        }
    }
    return false;
}

static bool bar_follows(const join_graph *graph, const join_predicate *unequal)
{
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *bar = &graph->predicates.items[i];
        for (uint32_t end = 0; end < 2 && bar->bar == JOIN_BAR_EDGE; end++) {
            uint32_t barred = bar->bar_nodes[1 - end];
            uint32_t other = rz_join_bar_other(unequal, barred);
            if (other != UINT32_MAX && bar_is_reached(graph, bar, end, other)) {
                return true;
            }
        }
    }
    return false;
}

uint32_t rz_join_bar_other(const join_predicate *predicate, uint32_t node)
{
    if (predicate->bar == JOIN_BAR_NONE) {
        return UINT32_MAX;
    }
    return predicate->bar_nodes[0] == node ? predicate->bar_nodes[1] : predicate->bar_nodes[1] == node ? predicate->bar_nodes[0] : UINT32_MAX;
}

ruzu_status rz_join_find_bars(join_graph *graph, rz_error *err)
{
    if (!rz_plan_rule(graph->planner, RZ_RULE_UNEQUAL)) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        bool known = false; /* what was known before may be NULL */
        for (uint32_t n = 0; n < predicate->node_count; n++) {
            known |= graph->nodes.items[predicate->nodes[n]].bound;
        }
        if (known || predicate->late || predicate->foreign || predicate->node_count != 2 || predicate->edge_count != 0) {
            continue;
        }
        bar_find_unequal(graph, predicate);
        RZ_TRY(bar_find_edge(graph, predicate, err));
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        predicate->placed |= predicate->bar == JOIN_BAR_UNEQUAL && bar_follows(graph, predicate);
    }
    return RUZU_OK;
}

void rz_join_bars_of_part(join_graph *graph, uint32_t component)
{
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        if (predicate->bar != JOIN_BAR_NONE && (graph->nodes.items[predicate->bar_nodes[0]].component == component) !=
                                                   (graph->nodes.items[predicate->bar_nodes[1]].component == component)) {
            predicate->bar = JOIN_BAR_NONE;
        }
    }
}

/* ---- building ---- */

/* Has the other node been reached from where the step walks from, over the same hops? Then it is one of the nodes that the step counts. */
static bool bar_is_among(const join_graph *graph, const join_step *step, uint32_t other)
{
    const join_edge *counted = &graph->edges.items[step->edge];
    uint32_t from = step->backward ? counted->to : counted->from;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if (e == step->edge || !edge->done || edge->edge->recursive != NULL || edge->edge->undirected != counted->edge->undirected) {
            continue;
        }
        for (uint32_t end = 0; end < 2; end++) {
            if ((end == 0 ? edge->from : edge->to) == from && (end == 0 ? edge->to : edge->from) == other &&
                rz_join_same_hops(edge->hops[end], edge->hop_count, counted->hops[step->backward ? 1 : 0], counted->hop_count)) {
                return true;
            }
        }
    }
    return false;
}

static ruzu_status bar_add_count(plan_arm *arm, join_graph *graph, const join_step *step, uint32_t bars, rz_error *err)
{
    rz_arena *arena = arm->planner->arena;
    rz_plan_except *except = &arm->cur->u.except;
    rz_plan_expand *others = RZ_NEW_ARRAY(arena, rz_plan_expand, bars);
    uint32_t *nodes = RZ_NEW_ARRAY(arena, uint32_t, bars);
    if (others == NULL || nodes == NULL) {
        return rz_error_no_memory(err, "planning MATCH");
    }
    except->others = others;
    except->nodes = nodes;
    bool among = false;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        uint32_t other = rz_join_bar_other(predicate, step->node);
        if (predicate->placed || other == UINT32_MAX) {
            continue;
        }
        predicate->placed = true;
        if (predicate->bar == JOIN_BAR_UNEQUAL) {
            nodes[except->node_count++] = graph->nodes.items[other].column;
            among = bar_is_among(graph, step, other);
            continue;
        }
        uint32_t end = predicate->bar_nodes[0] == other ? 0 : 1;
        others[except->other_count++] = (rz_plan_expand){.from = graph->nodes.items[other].column,
                                                         .to = graph->nodes.items[step->node].column,
                                                         .rel = RZ_NO_COLUMN_ID,
                                                         .hops = predicate->bar_hops[end],
                                                         .hop_count = predicate->bar_hop_count,
                                                         .undirected = predicate->bar_undirected};
    }
    except->among = among && except->node_count == 1 && except->other_count == 0;
    return RUZU_OK;
}

static ruzu_status bar_add_pair(plan_arm *arm, join_graph *graph, const join_step *step, rz_error *err)
{
    rz_plan_except *except = &arm->cur->u.except;
    rz_plan_expand *other = RZ_NEW(arm->planner->arena, rz_plan_expand);
    RZ_TRY_ALLOC(other, err, "planning MATCH");
    *other = rz_match_walk(graph, &graph->edges.items[step->pair_edge], step->pair_backward);
    other->rel = RZ_NO_COLUMN_ID;
    except->others = other;
    except->other_count = 1;
    except->pairs = true;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        predicate->placed |= rz_join_bar_other(predicate, step->node) == step->pair_node;
    }
    return RUZU_OK;
}

ruzu_status rz_join_count_except(plan_arm *arm, join_graph *graph, const join_step *step, bool *out_done, rz_error *err)
{
    uint32_t bars = 0;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        bars += !predicate->placed && rz_join_bar_other(predicate, step->node) != UINT32_MAX;
    }
    *out_done = bars != 0;
    if (bars == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_COUNT_EXCEPT, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.except.walk = rz_match_walk(graph, &graph->edges.items[step->edge], step->backward);
    arm->cur->u.except.walk.rel = RZ_NO_COLUMN_ID;
    return step->kind == JOIN_PAIR ? bar_add_pair(arm, graph, step, err) : bar_add_count(arm, graph, step, bars, err);
}
