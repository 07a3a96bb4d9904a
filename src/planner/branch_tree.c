/* SPDX-License-Identifier: MIT */
/*
 * Branches: which nodes of a pattern messages can stand for. Leaf after leaf is taken off; what is looked at, what conditions on several things concern, and cycles stay.
 */
#include "planner/branch.h"

/* ---- predicates ---- */

/* Looks at one column and may be checked wherever that is. */
static bool branch_is_single(const join_predicate *predicate)
{
    uint32_t columns = 0;
    for (uint32_t w = 0; w < predicate->uses.word_count; w++) {
        columns += rz_popcount64(predicate->uses.words[w]);
    }
    return columns == 1 && !predicate->late && !predicate->foreign && !predicate->has_subquery;
}

bool rz_branch_is_local(const join_predicate *predicate)
{
    return predicate->node_count == 1 && predicate->edge_count == 0 && branch_is_single(predicate);
}

bool rz_branch_is_local_to_edge(const join_predicate *predicate)
{
    return predicate->node_count == 0 && predicate->edge_count == 1 && branch_is_single(predicate);
}

static bool branch_concerns_edge(const join_predicate *predicate, uint32_t edge)
{
    for (uint32_t i = 0; i < predicate->edge_count; i++) {
        if (predicate->edges[i] == edge) {
            return true;
        }
    }
    return false;
}

double rz_branch_edge_selectivity(const join_graph *graph, uint32_t edge, double *out_cost)
{
    double share = 1;
    *out_cost = 0;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (!predicate->placed && branch_concerns_edge(predicate, edge)) {
            *out_cost += share * predicate->cost * BRANCH_COST_PREDICATE;
            share *= predicate->selectivity;
        }
    }
    return share;
}

static bool branch_concerns(const join_predicate *predicate, uint32_t node)
{
    for (uint32_t i = 0; i < predicate->node_count; i++) {
        if (predicate->nodes[i] == node) {
            return true;
        }
    }
    return false;
}

double rz_branch_selectivity(const join_graph *graph, uint32_t node, double *out_cost, bool *out_any)
{
    double share = 1;
    *out_cost = 0;
    *out_any = false;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (!predicate->placed && branch_concerns(predicate, node) && rz_branch_is_local(predicate)) {
            *out_cost += share * predicate->cost * BRANCH_COST_PREDICATE;
            share *= predicate->selectivity;
            *out_any = true;
        }
    }
    return share;
}

/* ---- branches ---- */

ruzu_status rz_branch_tree_init(branch_tree *tree, join_graph *graph, uint32_t component, plan_carries *carries, const join_closed *closed, rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    *tree = (branch_tree){.graph = graph, .component = component};
    tree->messages.closed = closed;
    tree->messages.carries = carries;
    tree->messages.parents = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    tree->messages.edges = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    tree->messages.applied = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    tree->degrees = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    tree->stays = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    tree->taken = RZ_NEW_ARRAY(arena, bool, graph->edges.count);
    return tree->messages.parents == NULL || tree->messages.edges == NULL || tree->messages.applied == NULL ||
                   tree->degrees == NULL || tree->stays == NULL || tree->taken == NULL
               ? rz_error_no_memory(err, "planning MATCH")
               : RUZU_OK;
}

bool rz_branch_is_inside(const branch_tree *tree, uint32_t node)
{
    return tree->graph->nodes.items[node].component == tree->component;
}

bool rz_branch_find_stays(branch_tree *tree)
{
    join_graph *graph = tree->graph;
    bool any = false;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        const join_node *node = &graph->nodes.items[n];
        const join_closed *closed = tree->messages.closed;
        tree->stays[n] = node->bound || (node->wanted && !(node->summed && tree->messages.carries != NULL)) || (closed != NULL && closed->first == n);
        for (uint32_t i = 0; i < graph->predicates.count && !tree->stays[n]; i++) {
            const join_predicate *predicate = &graph->predicates.items[i];
            bool seen_to = closed != NULL && rz_closed_sees_to(closed, predicate);
            tree->stays[n] = !predicate->placed && !seen_to && branch_concerns(predicate, n) && !rz_branch_is_local(predicate);
        }
        any |= tree->stays[n] && rz_branch_is_inside(tree, n);
    }
    return any;
}

/*
 * May a message stand for the relationship? Where nobody looks at it; or where those that do can be seen to while the branch is pushed over it: conditions on nothing else, and aggregates
 * that are carried.
 */
static bool branch_takes_edge(const branch_tree *tree, uint32_t e)
{
    const join_graph *graph = tree->graph;
    const join_edge *edge = &graph->edges.items[e];
    if (edge->bridge || edge->edge->recursive != NULL || edge->from == edge->to) {
        return false;
    }
    if (!edge->used) {
        return true;
    }
    if (!rz_plan_rule(graph->planner, RZ_RULE_CARRY_MORE) || tree->messages.closed != NULL || edge->edge->bound ||
        (edge->wanted && !(edge->summed && tree->messages.carries != NULL))) {
        return false;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (!predicate->placed && branch_concerns_edge(predicate, e) && !rz_branch_is_local_to_edge(predicate)) {
            return false;
        }
    }
    return true;
}

void rz_branch_peel(branch_tree *tree, uint32_t root)
{
    join_graph *graph = tree->graph;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        tree->messages.parents[n] = tree->messages.edges[n] = UINT32_MAX;
        tree->degrees[n] = 0;
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        tree->taken[e] = graph->edges.items[e].done;
        tree->degrees[graph->edges.items[e].from] += !tree->taken[e];
        tree->degrees[graph->edges.items[e].to] += !tree->taken[e];
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t e = 0; e < graph->edges.count; e++) {
            const join_edge *edge = &graph->edges.items[e];
            for (uint32_t end = 0; end < 2 && !tree->taken[e] && branch_takes_edge(tree, e); end++) {
                uint32_t leaf = end == 0 ? edge->from : edge->to;
                uint32_t parent = end == 0 ? edge->to : edge->from;
                if (leaf == root || tree->stays[leaf] || tree->degrees[leaf] != 1 || !rz_branch_is_inside(tree, leaf)) {
                    continue;
                }
                tree->messages.parents[leaf] = parent;
                tree->messages.edges[leaf] = e;
                tree->taken[e] = true;
                tree->degrees[leaf]--;
                tree->degrees[parent]--;
                changed = true;
            }
        }
    }
}
