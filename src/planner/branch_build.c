/* SPDX-License-Identifier: MIT */
/*
 * Branches: the operators that make messages and apply them.
 */
#include "planner/branch.h"

#include <float.h>

static ruzu_status branch_apply_all(plan_arm *arm, join_graph *graph, const join_messages *messages,
                                          uint32_t node, rz_error *err);

/* Rows of a node of the pattern with its conditions, by themselves. */
static ruzu_status branch_scan(rz_planner *planner, join_graph *graph, uint32_t node, plan_arm *out, rz_error *err)
{
    const join_step step = {.kind = JOIN_START, .edge = UINT32_MAX, .node = node};
    *out = (plan_arm){.planner = planner, .counted = true};
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_SINGLE_ROW, NULL, NULL, &out->cur, err));
    RZ_TRY(rz_match_start(out, graph, &step, err));
    return RUZU_OK;
}

ruzu_status rz_branch_build(rz_planner *planner, join_graph *graph, const join_messages *messages,
                                     uint32_t node, plan_arm *out, rz_error *err)
{
    RZ_TRY(branch_scan(planner, graph, node, out, err));
    RZ_TRY(rz_match_place(out, graph, false, err));
    return branch_apply_all(out, graph, messages, node, err);
}

ruzu_status rz_branch_collect(rz_planner *planner, const plan_arm *part, const join_node *node, bool divided,
                                   branch_load *load, rz_plan **out, rz_error *err)
{
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_MESSAGE, part->cur, NULL, out, err));
    (*out)->u.message.key = node->column;
    (*out)->u.message.divided = divided;
    (*out)->u.message.sparse = part->cur->rows * BRANCH_SPARSE_SHARE < node->rows;
    (*out)->rows = part->cur->rows < node->rows ? part->cur->rows : node->rows;
    if (load != NULL) {
        RZ_TRY(rz_carry_collect(planner, load->graph, load->messages, load->node, load->with_own, *out, &load->record, err));
    }
    return RUZU_OK;
}

ruzu_status rz_branch_put(plan_arm *arm, rz_plan_expand walk, rz_plan *message, rz_message_mode mode, double share,
                               uint32_t record, rz_error *err)
{
    rz_planner *planner = arm->planner;
    double rows = arm->cur->rows;
    rz_plan *plan = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_MESSAGE_APPLY, arm->cur, NULL, &plan, err));
    if (message != NULL) {
        rz_plan **children = RZ_NEW_ARRAY(planner->arena, rz_plan *, 2);
        RZ_TRY_ALLOC(children, err, "planning MATCH");
        children[0] = arm->cur;
        children[1] = message;
        plan->children = children;
        plan->child_count = 2;
    }
    walk.rel = RZ_NO_COLUMN_ID;
    plan->u.apply_message.walk = walk;
    plan->u.apply_message.mode = mode;
    plan->u.apply_message.record = record;
    RZ_TRY(rz_plan_add_column(planner, plan, record, err));
    plan->rows = mode == RZ_MESSAGE_OPTIONAL ? rows : rows * share;
    arm->cur = plan;
    return RUZU_OK;
}

/* Degree or pull from the rows of `arm`. */
static ruzu_status branch_apply_walk(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t child,
                                      rz_message_mode mode, double share, rz_error *err)
{
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    rz_plan *message = NULL;
    double rows = arm->cur->rows;
    if (!rz_branch_is_bare(graph, messages, child)) {
        plan_arm part;
        RZ_TRY(rz_branch_build(arm->planner, graph, messages, child, &part, err));
        RZ_TRY(rz_branch_collect(arm->planner, &part, &graph->nodes.items[child], true, NULL, &message, err));
    }
    RZ_TRY(rz_branch_put(arm, rz_match_walk(graph, edge, edge->to != child), message, mode, share, RZ_NO_COLUMN_ID, err));
    arm->cur->u.apply_message.entries = message == NULL ? 0 : rows * rz_join_fan(graph, edge, edge->to != child);
    return RUZU_OK;
}

/* The conditions on the relationship that was just walked. */
static ruzu_status branch_place_edge(plan_arm *part, join_graph *graph, uint32_t edge, rz_error *err)
{
    rz_expr **exprs = RZ_NEW_ARRAY(part->planner->arena, rz_expr *, graph->predicates.count);
    RZ_TRY_ALLOC(exprs, err, "planning MATCH");
    uint32_t count = 0;
    double selectivity = 1;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        if (predicate->placed || !rz_branch_is_local_to_edge(predicate) || predicate->edges[0] != edge) {
            continue;
        }
        exprs[count] = predicate->expr;
        RZ_TRY(rz_plan_prepare_expr(part, &exprs[count], err));
        count++;
        selectivity *= predicate->selectivity;
        predicate->placed = true;
    }
    return rz_plan_filter(part->planner, part->cur, exprs, count, selectivity, &part->cur, err);
}

/* Walks from the branch's first node to its parent. */
static ruzu_status branch_walk_up(plan_arm *part, join_graph *graph, const join_messages *messages, uint32_t child, rz_error *err)
{
    rz_planner *planner = part->planner;
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_EXPAND, part->cur, NULL, &part->cur, err));
    part->cur->u.expand = rz_match_walk(graph, edge, edge->to == child);
    part->cur->rows *= rz_join_fan(graph, edge, edge->to == child);
    RZ_TRY(rz_plan_add_column(planner, part->cur, part->cur->u.expand.to, err));
    RZ_TRY(rz_plan_add_column(planner, part->cur, part->cur->u.expand.rel, err));
    return branch_place_edge(part, graph, messages->edges[child], err);
}

ruzu_status rz_branch_apply(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t child,
                                        rz_message_mode mode, rz_error *err)
{
    rz_planner *planner = arm->planner;
    branch_estimate choice = rz_branch_estimate(graph, messages, child, arm->cur->rows);
    uint32_t parent = messages->parents[child];
    const join_node *node = &graph->nodes.items[parent];
    const rz_plan_expand look = {.from = node->column, .to = RZ_NO_COLUMN_ID};
    plan_arm part;
    rz_plan *message = NULL;
    branch_load load = {.graph = graph, .messages = messages, .node = child, .with_own = true, .record = RZ_NO_COLUMN_ID};
    switch (choice.form) {
    case BRANCH_DEGREE:
    case BRANCH_PULL: return branch_apply_walk(arm, graph, messages, child, mode, choice.share, err);
    case BRANCH_PUSH:
        RZ_TRY(rz_branch_build(planner, graph, messages, child, &part, err));
        RZ_TRY(branch_walk_up(&part, graph, messages, child, err));
        RZ_TRY(rz_branch_collect(planner, &part, node, false, &load, &message, err));
        return rz_branch_put(arm, look, message, mode, choice.share, load.record, err);
    case BRANCH_TABLE:
        RZ_TRY(branch_scan(planner, graph, parent, &part, err));
        RZ_TRY(branch_apply_walk(&part, graph, messages, child, RZ_MESSAGE_INNER, choice.share, err));
        RZ_TRY(rz_branch_collect(planner, &part, node, true, NULL, &message, err));
        return rz_branch_put(arm, look, message, mode, choice.share, RZ_NO_COLUMN_ID, err);
    }
    return RUZU_OK;
}

/* ---- paths whose ends must not meet ---- */

/* How many matches hang on each node, without one of its branches; *out NULL: one each. */
static ruzu_status branch_of_node(rz_planner *planner, join_graph *graph, const join_messages *messages, uint32_t node, uint32_t without, rz_plan **out, rz_error *err)
{
    plan_arm part;
    double cost = 0;
    bool any = false;
    join_messages others = *messages;
    others.closed = NULL;
    others.parents = (uint32_t *)rz_arena_dup(planner->arena, messages->parents, graph->nodes.count * sizeof *messages->parents);
    RZ_TRY_ALLOC(others.parents, err, "planning MATCH");
    (void)rz_branch_selectivity(graph, node, &cost, &any);
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        others.parents[n] = n == without ? UINT32_MAX : others.parents[n];
        any |= others.parents[n] == node;
    }
    if (!any) {
        return RUZU_OK;
    }
    RZ_TRY(rz_branch_build(planner, graph, &others, node, &part, err));
    return rz_branch_collect(planner, &part, &graph->nodes.items[node], true, NULL, out, err);
}

/* The number of paths to be taken off, as a message to the first node. What hangs on the others is planned a second time: its predicates are placed there and once more in the branch. */
static ruzu_status branch_closed(rz_planner *planner, join_graph *graph, const join_messages *messages, rz_plan **out, rz_error *err)
{
    const join_closed *closed = messages->closed;
    rz_plan *middle = NULL;
    rz_plan *far = NULL;
    bool *placed = RZ_NEW_ARRAY(planner->arena, bool, graph->predicates.count);
    RZ_TRY_ALLOC(placed, err, "planning MATCH");
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        placed[i] = graph->predicates.items[i].placed;
    }
    RZ_TRY(branch_of_node(planner, graph, messages, closed->middle, closed->far, &middle, err));
    RZ_TRY(branch_of_node(planner, graph, messages, closed->far, UINT32_MAX, &far, err));
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        graph->predicates.items[i].placed = placed[i];
    }
    return rz_closed_plan(planner, graph, closed, middle, far, out, err);
}

/* Gives a MESSAGE_APPLY another message to take off. */
static ruzu_status branch_take_off(rz_planner *planner, rz_plan *apply, rz_plan *less, rz_error *err)
{
    rz_plan **children = RZ_NEW_ARRAY(planner->arena, rz_plan *, 3);
    RZ_TRY_ALLOC(children, err, "planning MATCH");
    for (uint32_t i = 0; i < apply->child_count; i++) {
        children[i] = apply->children[i];
    }
    apply->u.apply_message.less_child = apply->child_count;
    children[apply->child_count++] = less;
    apply->children = children;
    return RUZU_OK;
}

/* Applies the branches of one node to the arm's rows: those first that leave few rows for little work. */
static ruzu_status branch_apply_all(plan_arm *arm, join_graph *graph, const join_messages *messages,
                                          uint32_t node, rz_error *err)
{
    bool *done = RZ_NEW_ARRAY(arm->planner->arena, bool, graph->nodes.count);
    RZ_TRY_ALLOC(done, err, "planning MATCH");
    for (;;) {
        uint32_t best = UINT32_MAX;
        double best_rank = DBL_MAX;
        for (uint32_t n = 0; n < graph->nodes.count; n++) {
            if (messages->parents[n] != node || done[n]) {
                continue;
            }
            branch_estimate branch = rz_branch_estimate(graph, messages, n, arm->cur->rows);
            double rank = branch.cost / (1.01 - branch.share);
            if (rank < best_rank) {
                best = n;
                best_rank = rank;
            }
        }
        if (best == UINT32_MAX) {
            return RUZU_OK;
        }
        done[best] = true;
        rz_plan *less = NULL;
        if (messages->closed != NULL && messages->closed->middle == best) {
            RZ_TRY(branch_closed(arm->planner, graph, messages, &less, err));
        }
        RZ_TRY(rz_branch_apply(arm, graph, messages, best, RZ_MESSAGE_INNER, err));
        if (less != NULL) {
            RZ_TRY(branch_take_off(arm->planner, arm->cur, less, err));
        }
    }
}

ruzu_status rz_join_apply_messages(plan_arm *arm, join_graph *graph, join_messages *messages, rz_error *err)
{
    for (uint32_t n = 0; n < graph->nodes.count && messages->used; n++) {
        if (messages->applied[n] || messages->parents[n] != UINT32_MAX ||
            !rz_plan_has_column(arm->cur, graph->nodes.items[n].column)) {
            continue;
        }
        messages->applied[n] = true;
        RZ_TRY(branch_apply_all(arm, graph, messages, n, err));
    }
    return RUZU_OK;
}

ruzu_status rz_join_prune_pairs(plan_arm *arm, join_graph *graph, const join_steps *steps, uint32_t at, rz_error *err)
{
    for (uint32_t s = at + 2; s < steps->count; s++) {
        const join_step *step = &steps->items[s];
        for (uint32_t side = 0; side < 2 && step->kind == JOIN_PAIR; side++) {
            const join_edge *edge = &graph->edges.items[side == 0 ? step->edge : step->pair_edge];
            bool backward = side == 0 ? step->backward : step->pair_backward;
            double reach = edge->reach[backward ? 1 : 0];
            if (steps->items[at].node != (backward ? edge->to : edge->from) || reach > BRANCH_GAIN ||
                !rz_plan_rule(arm->planner, RZ_RULE_MESSAGES)) {
                continue;
            }
            rz_plan_expand walk = rz_match_walk(graph, edge, backward);
            walk.to = RZ_NO_COLUMN_ID;
            RZ_TRY(rz_branch_put(arm, walk, NULL, RZ_MESSAGE_SEMI, reach, RZ_NO_COLUMN_ID, err));
        }
    }
    return RUZU_OK;
}
