/* SPDX-License-Identifier: MIT */
/*
 * Branches: what it costs to apply one to the rows of its parent, in the units of join_order.c, and in which form that is cheapest.
 */
#include "planner/branch.h"

/* How much dearer a place in an array of so many numbers is than one in the nearest cache. */
static double branch_distance(double rows)
{
    return rows < 5e4 ? 1 : rows < 5e5 ? 2 : 6;
}

double rz_branch_room(const join_graph *graph, const join_node *node, double size)
{
    double limit = (double)graph->planner->context->memory_bytes;
    return limit > 0 && node->rows * 2 * size > limit * BRANCH_MEMORY_SHARE ? BRANCH_NO_ROOM : 0;
}

branch_stream rz_branch_stream(const join_graph *graph, const join_messages *messages, uint32_t node)
{
    branch_stream stream = {.rows = graph->nodes.items[node].rows};
    double cost = 0;
    bool any = false;
    double share = rz_branch_selectivity(graph, node, &cost, &any);
    stream.cost = stream.rows * (BRANCH_COST_SCAN + cost);
    stream.rows *= share;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (messages->parents[n] == node) {
            branch_estimate branch = rz_branch_estimate(graph, messages, n, stream.rows);
            stream.cost += branch.cost;
            stream.rows *= branch.share;
        }
    }
    return stream;
}

bool rz_branch_hops_fit(const join_edge *edge, bool backward, const join_node *child)
{
    for (uint32_t h = 0; h < edge->hop_count; h++) {
        bool fits = false;
        for (uint32_t t = 0; t < child->table_count; t++) {
            fits |= edge->hops[backward ? 1 : 0][h].to_table == child->tables[t];
        }
        if (!fits) {
            return false;
        }
    }
    return true;
}

bool rz_branch_is_bare(const join_graph *graph, const join_messages *messages, uint32_t child)
{
    double cost = 0;
    bool any = false;
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    (void)rz_branch_selectivity(graph, child, &cost, &any);
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        any |= messages->parents[n] == child;
    }
    return !any && !edge->used && rz_branch_hops_fit(edge, edge->to != child, &graph->nodes.items[child]);
}

/* A branch that is pushed: relationships are looked at, or so many aggregates are carried to so many rows of its parent. */
static branch_estimate branch_estimate_carrying(const join_graph *graph, const join_messages *messages, uint32_t child, double rows, uint32_t count)
{
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    bool backward = edge->to != child;
    const join_node *parent = &graph->nodes.items[messages->parents[child]];
    branch_stream stream = rz_branch_stream(graph, messages, child);
    double share = stream.rows * rz_join_fan(graph, edge, backward) / graph->nodes.items[child].rows;
    double judge = 0;
    double passed = rz_branch_edge_selectivity(graph, messages->edges[child], &judge);
    double each = BRANCH_COST_WALK + (edge->used ? BRANCH_COST_REL + judge : 0) + passed * (BRANCH_COST_ADD * branch_distance(parent->rows) + BRANCH_COST_VALUE * count);
    double size = RZ_AGG_RECORD_HEAD + (double)BRANCH_RECORD * count;
    share *= passed;
    branch_estimate branch = {.share = edge->reach[backward ? 1 : 0] * (share < 1 ? share : 1), .form = BRANCH_PUSH};
    branch.cost = BRANCH_COST_SETUP + stream.cost + stream.rows * BRANCH_COST_VALUE * count + rows * (BRANCH_COST_FIND + BRANCH_COST_VALUE * count) +
                  parent->rows * BRANCH_COST_ARRAY * (1 + count) + rz_branch_room(graph, parent, size) +
                  stream.rows * (BRANCH_COST_LIST + rz_join_fan(graph, edge, !backward) * each);
    return branch;
}

branch_estimate rz_branch_estimate(const join_graph *graph, const join_messages *messages, uint32_t child,
                                                double rows)
{
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    bool backward = edge->to != child;
    const join_node *parent = &graph->nodes.items[messages->parents[child]];
    double fan = rz_join_fan(graph, edge, backward);
    branch_estimate best = {.share = edge->reach[backward ? 1 : 0], .form = BRANCH_DEGREE};
    double before = 0;   /* once */
    double per_row = 0;
    uint32_t carried = rz_carry_count(graph, messages, child);
    if (carried != 0 || edge->used) {
        return branch_estimate_carrying(graph, messages, child, rows, carried);
    }
    if (rz_branch_is_bare(graph, messages, child)) {
        per_row = BRANCH_COST_DEGREE;
        best.cost = rows * (rows > parent->rows ? BRANCH_COST_SCATTERED : BRANCH_COST_DEGREE);
    } else {
        branch_stream stream = rz_branch_stream(graph, messages, child);
        double all = graph->nodes.items[child].rows;
        double share = stream.rows * fan / all;
        best.share *= share < 1 ? share : 1;
        before = BRANCH_COST_SETUP + stream.cost + stream.rows * BRANCH_COST_KEEP +
                 rz_branch_room(graph, &graph->nodes.items[child], sizeof(uint64_t));
        per_row = BRANCH_COST_LIST + fan * (BRANCH_COST_ENTRY + BRANCH_COST_FETCH * branch_distance(all));
        best.form = BRANCH_PULL;
        best.cost = before + rows * per_row;
        double each = BRANCH_COST_WALK + BRANCH_COST_ADD * branch_distance(parent->rows);
        double push = BRANCH_COST_SETUP + stream.cost + rows * BRANCH_COST_FIND + parent->rows * BRANCH_COST_ARRAY +
                      rz_branch_room(graph, parent, sizeof(uint64_t)) +
                      stream.rows * (BRANCH_COST_LIST + rz_join_fan(graph, edge, !backward) * each);
        if (push < best.cost) {
            best.form = BRANCH_PUSH;
            best.cost = push;
        }
    }
    if (graph->planner->context->eager && best.form != BRANCH_DEGREE) { /* tests meet every form */
        best.form = (branch_form)(BRANCH_PULL + graph->nodes.items[child].column % 3);
        return best;
    }
    double table = BRANCH_COST_SETUP + before + parent->rows * (BRANCH_COST_SCAN + per_row + BRANCH_COST_KEEP) +
                   rows * BRANCH_COST_FIND + rz_branch_room(graph, parent, sizeof(uint64_t));
    if (table < best.cost) {
        best.form = BRANCH_TABLE;
        best.cost = table;
    }
    return best;
}
