/* SPDX-License-Identifier: MIT */
/*
 * Messages: parts of a pattern that nobody looks at become one number a node.
 *
 * Where rows are only counted or aggregated, a branch of the pattern – a node, what hangs on it, and their own conditions – is worth to the node it hangs on the number of its
 * matches there (variable elimination over the join tree). Leaf after leaf is taken off; what stays are the nodes that are looked at, those on cycles, and at
 * least one. That rest is ordered as ever, and each of its nodes multiplies the rows by what its branches say. A branch is counted in the cheapest of four ways:
 *
 *   degree  nothing but a node without conditions: the length of its list
 *   pull    the child's numbers in an array; each row adds them up over its node's list
 *   push    the child's rows are walked to the parent once, which adds up an array of the parent's numbers; each row looks its own up
 *   table   degree or pull for every node of the parent's tables, then look-ups: where rows outnumber nodes
 *
 * A branch that carries aggregates (plan_carry.c) is pushed: rows of the child add to records of the parent.
 *
 * Not for parts that are found by key, nor for relationships that conditions on other things look at (with match_mode='trail' that is every table which occurs twice). A branch whose relationships have conditions of their own,
 * or are only aggregated, is pushed: that is where they are walked one by one.
 * Branches are chosen by estimates; a rule bit turns them off, and `eager` on.
 */
#include "planner/branch.h"

#include <float.h>

/* Everything, when the rest is one node. */
static double message_root_cost(branch_tree *tree, uint32_t root)
{
    rz_branch_peel(tree, root);
    return rz_branch_stream(tree->graph, &tree->messages, root).cost;
}

static bool message_any_key(const join_graph *graph, uint32_t component, const rz_plan *cur)
{
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        join_key key;
        if (graph->nodes.items[n].component == component && rz_join_find_key(graph, n, cur, &key)) {
            return true;
        }
    }
    return false;
}

/* The branches of a component without nodes that must stay, seen from the best root. */
static void message_choose_root(branch_tree *tree)
{
    uint32_t root = UINT32_MAX;
    double best = DBL_MAX;
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        if (!rz_branch_is_inside(tree, n)) {
            continue;
        }
        double cost = message_root_cost(tree, n);
        if (cost < best) {
            root = n;
            best = cost;
        }
    }
    rz_branch_peel(tree, root);
}

/* Nodes of the component on which nothing is taken off: does the rest hang together as one node? */
static uint32_t message_count_rest(const branch_tree *tree, uint32_t *out_only)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        if (rz_branch_is_inside(tree, n) && tree->messages.parents[n] == UINT32_MAX) {
            *out_only = n;
            count++;
        }
    }
    return count;
}

/* Does the path lie in one branch, whose number can be taken the rest off? */
static bool message_holds_closed(const branch_tree *tree)
{
    const join_messages *messages = &tree->messages;
    const join_closed *closed = messages->closed;
    return messages->parents[closed->far] == closed->middle && messages->edges[closed->far] == closed->second_edge && messages->parents[closed->middle] == closed->first &&
           messages->edges[closed->middle] == closed->first_edge && messages->parents[closed->first] == UINT32_MAX;
}

/* Marks what the branches stand for, or (back) takes the marks off. */
static void message_mark(branch_tree *tree, bool back)
{
    join_graph *graph = tree->graph;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (tree->messages.parents[n] != UINT32_MAX) {
            graph->nodes.items[n].gone = !back;
            graph->nodes.items[n].component = back ? tree->component : graph->component_count - 1;
            graph->edges.items[tree->messages.edges[n]].done = !back;
        }
    }
}

/* What applying the branches to the rest costs, when its nodes have been ordered in `steps`. */
static double message_apply_cost(const branch_tree *tree, const join_steps *steps)
{
    const join_graph *graph = tree->graph;
    double cost = 0;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        uint32_t parent = tree->messages.parents[n];
        if (parent == UINT32_MAX || tree->messages.parents[parent] != UINT32_MAX) {
            continue;
        }
        double rows = graph->nodes.items[parent].rows;
        for (uint32_t s = 0; s < steps->count; s++) {
            rows = steps->items[s].node == parent ? steps->items[s].rows : rows;
        }
        cost += rz_branch_estimate(graph, &tree->messages, n, rows).cost;
    }
    return cost;
}

static bool message_any(const branch_tree *tree)
{
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        if (tree->messages.parents[n] != UINT32_MAX) {
            return true;
        }
    }
    return false;
}

/* A way of planning a component: some of it by messages, the rest in steps. */
typedef struct message_choice {
    branch_tree tree;
    join_steps steps;
    double cost;
    double rows; /* that are left */
    bool any;    /* else there is nothing that messages could stand for */
} message_choice;

/* Does anything hang on the path's middle or its end? */
static bool message_weighs_closed(const branch_tree *tree)
{
    const join_closed *closed = tree->messages.closed;
    uint32_t hangs = 0;
    double cost = 0;
    bool any[2] = {false, false};
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        hangs += tree->messages.parents[n] == closed->far || (tree->messages.parents[n] == closed->middle && n != closed->far);
    }
    (void)rz_branch_selectivity(tree->graph, closed->middle, &cost, &any[0]);
    (void)rz_branch_selectivity(tree->graph, closed->far, &cost, &any[1]);
    return hangs != 0 || any[0] || any[1];
}

static ruzu_status message_try(join_graph *graph, uint32_t component, const rz_plan *cur, plan_carries *carries, const join_closed *closed, message_choice *out, rz_error *err)
{
    branch_tree *tree = &out->tree;
    uint32_t only = 0;
    *out = (message_choice){0};
    RZ_TRY(rz_branch_tree_init(tree, graph, component, carries, closed, err));
    if (rz_branch_find_stays(tree)) {
        rz_branch_peel(tree, UINT32_MAX);
    } else {
        message_choose_root(tree);
    }
    out->any = message_any(tree) && (closed == NULL || message_holds_closed(tree));
    if (!out->any) {
        return RUZU_OK;
    }
    message_mark(tree, false);
    RZ_TRY(rz_join_order(graph, component, cur, &out->steps, &out->cost, err));
    if (message_count_rest(tree, &only) == 1) {
        branch_stream stream = rz_branch_stream(graph, &tree->messages, only);
        out->cost = stream.cost;
        out->rows = stream.rows;
    } else {
        out->cost += message_apply_cost(tree, &out->steps);
        out->rows = out->steps.count == 0 ? 1 : out->steps.items[out->steps.count - 1].rows;
    }
    out->cost += closed == NULL ? 0 : rz_closed_cost(graph, closed, message_weighs_closed(tree));
    message_mark(tree, true);
    return RUZU_OK;
}

/* The cheapest way that counts a path by what it is not; out->any false: there is none. */
static ruzu_status message_try_closed(join_graph *graph, uint32_t component, const rz_plan *cur, message_choice *out, rz_error *err)
{
    join_closed closed = {0};
    while (rz_join_find_closed(graph, component, &closed)) {
        message_choice choice;
        join_closed *kept = (join_closed *)rz_arena_dup(graph->planner->arena, &closed, sizeof closed);
        RZ_TRY_ALLOC(kept, err, "planning MATCH");
        RZ_TRY(message_try(graph, component, cur, NULL, kept, &choice, err));
        if (choice.any && (!out->any || choice.cost < out->cost)) {
            *out = choice;
        }
    }
    return RUZU_OK;
}

/* What keeps the ends of the path apart need not be tested any more. */
static void message_settle_closed(const branch_tree *tree)
{
    const join_closed *closed = tree->messages.closed;
    for (uint32_t i = 0; i < tree->graph->predicates.count && closed != NULL; i++) {
        join_predicate *predicate = &tree->graph->predicates.items[i];
        predicate->placed |= rz_closed_sees_to(closed, predicate);
    }
}

/* Does anything of the component look like it could be carried? Rows with records may not be joined with others, so the component is the whole pattern; nor repeated, as volatile conditions ask. */
static bool message_may_carry(const plan_arm *arm, const join_graph *graph, uint32_t component)
{
    bool any = false;
    for (uint32_t n = 0; n < graph->nodes.count && arm->carries.count != 0; n++) {
        if (graph->nodes.items[n].component != component) {
            return false;
        }
        any |= graph->nodes.items[n].summed;
    }
    for (uint32_t e = 0; e < graph->edges.count && arm->carries.count != 0; e++) {
        any |= graph->edges.items[e].summed;
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        any &= !graph->edges.items[e].bridge;
    }
    for (uint32_t i = 0; i < graph->predicates.count && any; i++) {
        any = !rz_expr_is_volatile(graph->predicates.items[i].expr);
    }
    return any;
}

ruzu_status rz_join_find_messages(plan_arm *arm, join_graph *graph, uint32_t component, join_steps *steps, double cost,
                                  join_messages *out, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool eager = planner->context->eager;
    *out = (join_messages){0};
    if (!arm->counted || arm->inside_apply || component == 0 || !rz_plan_is_unit(arm->cur) ||
        !rz_plan_rule(planner, RZ_RULE_MESSAGES) || !rz_plan_rule(planner, RZ_RULE_PUSH_DOWN) ||
        message_any_key(graph, component, arm->cur)) {
        return RUZU_OK;
    }
    message_choice counting;
    message_choice carrying = {0};
    message_choice closing = {0};
    RZ_TRY(message_try(graph, component, arm->cur, NULL, NULL, &counting, err));
    RZ_TRY(message_try_closed(graph, component, arm->cur, &closing, err));
    if (closing.any && (!counting.any || eager || closing.cost < counting.cost)) {
        counting = closing;
    }
    if (message_may_carry(arm, graph, component)) {
        RZ_TRY(message_try(graph, component, arm->cur, &arm->carries, NULL, &carrying, err));
    }
    bool counts = counting.any && (eager || counting.cost <= cost * BRANCH_GAIN);
    if (carrying.any) {
        double rows = counts ? counting.rows : steps->count == 0 ? 1 : steps->items[steps->count - 1].rows;
        double otherwise = (counts ? counting.cost : cost) + rows * BRANCH_COST_GROUP;
        carrying.any = eager || carrying.cost + carrying.rows * BRANCH_COST_GROUP <= otherwise * BRANCH_GAIN;
    }
    if (!counts && !carrying.any) {
        return RUZU_OK;
    }
    message_choice *chosen = carrying.any ? &carrying : &counting;
    message_mark(&chosen->tree, false);
    message_settle_closed(&chosen->tree);
    *steps = chosen->steps;
    *out = chosen->tree.messages;
    out->used = true;
    return RUZU_OK;
}

/* ---- whole patterns on one known node ---- */

/* What making all matches for so many rows of a node would cost. */
static double message_enumerate_cost(const join_graph *graph, const join_messages *messages, uint32_t node, double rows)
{
    double cost = 0;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (messages->parents[n] != node) {
            continue;
        }
        const join_edge *edge = &graph->edges.items[messages->edges[n]];
        double predicate_cost = 0;
        bool any = false;
        double share = rz_branch_selectivity(graph, n, &predicate_cost, &any);
        double walked = rows * rz_join_fan(graph, edge, edge->to != n);
        cost += rows * 2 * BRANCH_COST_LIST + walked * (1 + predicate_cost * 5); /* properties lie far apart */
        rows = walked * share;
        cost += message_enumerate_cost(graph, messages, n, rows);
    }
    return cost;
}

/* The only known node, when the pattern is a tree whose other nodes and relationships nobody looks at; UINT32_MAX:
 * it is something else. */
static uint32_t message_find_key(branch_tree *tree)
{
    join_graph *graph = tree->graph;
    uint32_t key = UINT32_MAX;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        const join_node *node = &graph->nodes.items[n];
        if (node->component != 0 || (node->bound && key != UINT32_MAX)) {
            return UINT32_MAX;
        }
        key = node->bound ? n : key;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        if (!rz_branch_is_local(&graph->predicates.items[i]) && !rz_branch_is_local_to_edge(&graph->predicates.items[i])) {
            return UINT32_MAX;
        }
    }
    if (key == UINT32_MAX || graph->edges.count == 0) {
        return UINT32_MAX;
    }
    (void)rz_branch_find_stays(tree);
    rz_branch_peel(tree, key);
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (n != key && tree->messages.parents[n] == UINT32_MAX) {
            return UINT32_MAX;
        }
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) { /* a cycle or a self-loop */
        if (!tree->taken[e]) {
            return UINT32_MAX;
        }
    }
    return key;
}

/* Does every walk from the node start at one of its tables? */
static bool message_starts_fit(const join_graph *graph, const join_messages *messages, uint32_t key)
{
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (messages->parents[n] == key) {
            const join_edge *edge = &graph->edges.items[messages->edges[n]];
            if (!rz_branch_hops_fit(edge, edge->to == n, &graph->nodes.items[key])) {
                return false;
            }
        }
    }
    return true;
}

/* The pattern by itself, for every node that may be the known one. */
static ruzu_status message_apply_whole(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t key,
                                       rz_message_mode mode, rz_error *err)
{
    plan_arm part;
    rz_plan *message = NULL;
    const join_node *node = &graph->nodes.items[key];
    RZ_TRY(rz_branch_build(arm->planner, graph, messages, key, &part, err));
    branch_load load = {.graph = graph, .messages = messages, .node = key, .record = RZ_NO_COLUMN_ID};
    RZ_TRY(rz_branch_collect(arm->planner, &part, node, true, &load, &message, err));
    return rz_branch_put(arm, (rz_plan_expand){.from = node->column, .to = RZ_NO_COLUMN_ID}, message, mode, 0.5, load.record, err);
}

ruzu_status rz_join_count_match(plan_arm *arm, const rz_bound_match *match, const plan_set *after, rz_message_mode mode,
                                bool *out_done, rz_error *err)
{
    rz_planner *planner = arm->planner;
    join_graph graph;
    branch_tree tree;
    *out_done = false;
    if (!rz_plan_rule(planner, RZ_RULE_OPTIONAL) || !rz_plan_rule(planner, RZ_RULE_PUSH_DOWN)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_join_graph(planner, arm->cur, &match, 1, after, &graph, err));
    bool carries = mode == RZ_MESSAGE_OPTIONAL && arm->carries.count != 0;
    rz_carry_only_strict(&graph, &arm->carries);
    RZ_TRY(rz_branch_tree_init(&tree, &graph, 0, carries ? &arm->carries : NULL, NULL, err));
    uint32_t key = graph.impossible ? UINT32_MAX : message_find_key(&tree);
    if (key == UINT32_MAX || !message_starts_fit(&graph, &tree.messages, key)) {
        return RUZU_OK;
    }
    const join_messages *messages = &tree.messages;
    double predicate_cost = 0;
    bool whole = false;
    (void)rz_branch_selectivity(&graph, key, &predicate_cost, &whole);
    whole |= graph.nodes.items[key].edge_count > 1;
    uint32_t only = 0;
    while (messages->parents[only] != key) {
        only++;
    }
    double rows = arm->cur->rows;
    branch_estimate branch = rz_branch_estimate(&graph, messages, only, rows);
    double cost = whole ? rz_branch_stream(&graph, messages, key).cost + rows * BRANCH_COST_FIND +
                              rz_branch_room(&graph, &graph.nodes.items[key], sizeof(uint64_t))
                        : branch.cost;
    bool pays = cost < BRANCH_GAIN * message_enumerate_cost(&graph, messages, key, rows);
    if (!planner->context->eager && (whole || branch.form != BRANCH_DEGREE) && (!arm->counted || !pays)) {
        return RUZU_OK;
    }
    *out_done = true;
    return whole ? message_apply_whole(arm, &graph, messages, key, mode, err)
                 : rz_branch_apply(arm, &graph, messages, only, mode, err);
}
