/* SPDX-License-Identifier: MIT */
/*
 * Paths of two steps whose ends must not meet, counted by what they are not.
 *
 *   (a)-[:K]-(b)-[:K]-(c) WHERE NOT EXISTS {(a)-[:K]-(c)} AND a <> c
 *
 * Without the two conditions b and c are a branch that hangs on a, worth one number (plan_message.c). With them, that number less the paths that end where they must not: next to a, or in a. Those close
 * triangles, or go back the way they came; CLOSED counts them for all nodes at once, each triangle being found once (op_closed.c). Both numbers count rows, the one part of the
 * other, so that the difference is what is left for each node, whatever else hangs on a and however the rows are grouped.
 *
 * Terms on which this is right, checked here:
 *   (1) a, b, c are of one table; both steps are plain relationships that nobody looks at, undirected, over the same hops;
 *   (2) what concerns c is about c alone, or keeps it apart from a: a <> c, or no relationship over the same hops. Relationships may be parallel, self-loops are counted (op_closed.c);
 *   (3) b and c end up in the branch that hangs on a, and nothing is carried from there (the states of a minimum cannot be taken apart). plan_message.c sees to that.
 */
#include "planner/join.h"

#define CLOSED_COST_NODE     2.0  /* finding its list, ranking it */
#define CLOSED_COST_ENTRY    1.5  /* per neighbour: decoded, kept if it ranks higher */
#define CLOSED_COST_MARK     0.5  /* per kept neighbour of a kept neighbour: is it marked? */
#define CLOSED_WEIGHTED      3.0  /* times as much where things hang on the middle or the end */
#define CLOSED_BYTES_NODE    80.0
#define CLOSED_BYTES_ENTRY   4.0
#define CLOSED_MEMORY_SHARE  0.25

static bool closed_connects(const join_edge *edge, uint32_t a, uint32_t b)
{
    return (edge->from == a && edge->to == b) || (edge->from == b && edge->to == a);
}

/* Term (2): what the predicates say of the two ends; false: something else. */
static bool closed_judge(const join_graph *graph, const join_edge *step, join_closed *closed)
{
    closed->next = closed->itself = false;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (!rz_closed_sees_to(closed, predicate)) {
            continue;
        }
        if (predicate->bar == JOIN_BAR_UNEQUAL) {
            closed->itself = true;
        } else if (predicate->bar_undirected &&
                   rz_join_same_hops(predicate->bar_hops[0], predicate->bar_hop_count, step->hops[0], step->hop_count)) {
            closed->next = true;
        } else {
            return false;
        }
    }
    return closed->next;
}

bool rz_closed_sees_to(const join_closed *closed, const join_predicate *predicate)
{
    return !predicate->placed && predicate->bar != JOIN_BAR_NONE && rz_join_bar_other(predicate, closed->first) == closed->far;
}

bool rz_join_find_closed(const join_graph *graph, uint32_t component, join_closed *io)
{
    uint32_t count = graph->edges.count;
    uint32_t total = count * count * 2;
    for (; io->turn < total && rz_plan_rule(graph->planner, RZ_RULE_CLOSED); io->turn++) {
        uint32_t first_edge = io->turn / 2 / count;
        uint32_t second_edge = io->turn / 2 % count;
        const join_edge *first = &graph->edges.items[first_edge];
        const join_edge *second = &graph->edges.items[second_edge];
        if (first_edge == second_edge || !rz_join_is_side(graph, first) || !rz_join_is_side(graph, second) || graph->nodes.items[first->from].component != component ||
            !rz_join_same_hops(first->hops[0], first->hop_count, second->hops[0], second->hop_count)) {
            continue;
        }
        io->first = (io->turn & 1) == 0 ? first->from : first->to;
        io->middle = (io->turn & 1) == 0 ? first->to : first->from;
        io->far = second->from == io->middle ? second->to : second->from;
        io->first_edge = first_edge;
        io->second_edge = second_edge;
        if (io->far != io->first && closed_connects(second, io->middle, io->far) && closed_judge(graph, first, io)) {
            io->turn++;
            return true;
        }
    }
    return false;
}

double rz_closed_cost(const join_graph *graph, const join_closed *closed, bool weighted)
{
    const join_edge *edge = &graph->edges.items[closed->first_edge];
    double nodes = graph->nodes.items[closed->first].rows;
    double fan = rz_join_fan(graph, edge, false);
    double marks = edge->count / 2 * fan * CLOSED_COST_MARK * (weighted ? CLOSED_WEIGHTED : 1);
    double limit = (double)graph->planner->context->memory_bytes;
    double bytes = nodes * CLOSED_BYTES_NODE + edge->count * CLOSED_BYTES_ENTRY;
    double room = limit > 0 && bytes > limit * CLOSED_MEMORY_SHARE ? 1e30 : 0;
    return nodes * CLOSED_COST_NODE + edge->count * CLOSED_COST_ENTRY + marks + room;
}

/* A NODE_SCAN of the nodes' table, as the middle node. */
static ruzu_status closed_vertices(rz_planner *planner, const join_node *middle, rz_plan **out, rz_error *err)
{
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_NODE_SCAN, NULL, NULL, out, err));
    (*out)->u.scan.column = middle->column;
    (*out)->u.scan.tables = middle->tables;
    (*out)->u.scan.table_count = middle->table_count;
    (*out)->rows = middle->rows;
    return rz_plan_add_column(planner, *out, middle->column, err);
}

ruzu_status rz_closed_plan(rz_planner *planner, join_graph *graph, const join_closed *closed, rz_plan *middle, rz_plan *far, rz_plan **out, rz_error *err)
{
    const join_node *first = &graph->nodes.items[closed->first];
    const join_edge *edge = &graph->edges.items[closed->first_edge];
    rz_plan *plan = NULL;
    rz_plan **children = RZ_NEW_ARRAY(planner->arena, rz_plan *, 3);
    RZ_TRY_ALLOC(children, err, "planning MATCH");
    RZ_TRY(closed_vertices(planner, &graph->nodes.items[closed->middle], &children[0], err));
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_CLOSED, children[0], NULL, &plan, err));
    plan->child_count = 1;
    plan->u.triangle.expand = (rz_plan_expand){.from = graph->nodes.items[closed->middle].column,
                                               .to = RZ_NO_COLUMN_ID,
                                               .rel = RZ_NO_COLUMN_ID,
                                               .hops = edge->hops[0],
                                               .hop_count = edge->hop_count,
                                               .undirected = true};
    plan->u.triangle.key = RZ_NO_COLUMN_ID;
    plan->u.triangle.corner = first->column;
    plan->u.triangle.next = closed->next;
    plan->u.triangle.itself = closed->itself;
    if (middle != NULL) {
        plan->u.triangle.middle_child = plan->child_count;
        children[plan->child_count++] = middle;
    }
    if (far != NULL) {
        plan->u.triangle.far_child = plan->child_count;
        children[plan->child_count++] = far;
    }
    plan->children = children;
    plan->columns = NULL;
    plan->column_count = 0;
    plan->rows = first->rows;
    RZ_TRY(rz_plan_add_column(planner, plan, first->column, err));
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_MESSAGE, plan, NULL, out, err));
    (*out)->u.message.key = first->column;
    (*out)->rows = first->rows;
    return RUZU_OK;
}
