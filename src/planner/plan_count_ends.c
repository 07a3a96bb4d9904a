/* SPDX-License-Identifier: MIT */
/*
 * COUNT(DISTINCT b) of what can be reached from each node: the search of a RECURSIVE finds every end once anyway, so where a group is one of its input rows the number of ends is the
 * answer, and no pair of nodes is ever made or remembered.
 *
 * A group is one row when the input gives each node once (a scan, perhaps filtered) and the node is the key, or when there is one row at all (a key looked up) and no key.
 */
#include "planner/build.h"

#include <string.h>

static bool ends_counts(const rz_expr *aggregate, uint32_t to)
{
    return aggregate->kind == RZ_EXPR_AGGREGATE && aggregate->u.aggregate.distinct && strcmp(aggregate->u.aggregate.bound->agg->name, "COUNT") == 0 &&
           aggregate->child_count == 1 && aggregate->children[0]->kind == RZ_EXPR_COLUMN && aggregate->children[0]->u.column == to;
}

/* Searches that reach each end once, if nobody asks how. */
static bool ends_are_a_set(rz_path_semantic semantic)
{
    return semantic == RZ_PATH_WALK || semantic == RZ_PATH_SHORTEST || semantic == RZ_PATH_ALL_SHORTEST;
}

/* Does the input give each node of the column once? *out_single: it is one row at most. */
static bool ends_input_is_unique(const rz_plan *input, uint32_t from, bool *out_single)
{
    while (input->kind == RZ_PLAN_FILTER) {
        input = input->children[0];
    }
    *out_single = input->kind == RZ_PLAN_NODE_LOOKUP && input->u.lookup.column == from && input->u.lookup.table_count == 1 && input->children[0]->kind == RZ_PLAN_SINGLE_ROW;
    return *out_single || (input->kind == RZ_PLAN_NODE_SCAN && input->u.scan.column == from);
}

static bool ends_apply(const rz_plan *plan)
{
    const rz_plan *search = plan->children[0];
    bool single = false;
    if (plan->correlated || search->kind != RZ_PLAN_RECURSIVE || plan->u.aggregate.aggregate_count == 0 || plan->u.aggregate.key_count > 1 ||
        search->u.recursive.to_bound || !ends_are_a_set(search->u.recursive.spec->semantic) ||
        !ends_input_is_unique(search->children[0], search->u.recursive.from, &single)) {
        return false;
    }
    const rz_expr *key = plan->u.aggregate.key_count == 0 ? NULL : plan->u.aggregate.keys[0];
    bool applies = key == NULL ? single : key->kind == RZ_EXPR_COLUMN && key->u.column == search->u.recursive.from;
    for (uint32_t i = 0; i < plan->u.aggregate.aggregate_count && applies; i++) {
        applies = ends_counts(plan->u.aggregate.aggregates[i], search->u.recursive.to);
    }
    return applies;
}

ruzu_status rz_plan_count_ends(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    if (!rz_plan_rule(planner, RZ_RULE_COUNT_ENDS) || !ends_apply(plan)) {
        return RUZU_OK;
    }
    uint32_t count = plan->u.aggregate.aggregate_count;
    rz_expr **aggregates = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    RZ_TRY_ALLOC(aggregates, err, "planning a projection");
    for (uint32_t i = 0; i < count; i++) {
        aggregates[i] = plan->u.aggregate.aggregates[i];
        RZ_TRY(rz_plan_count_star(planner, &aggregates[i], err));
    }
    plan->u.aggregate.aggregates = aggregates;
    plan->children[0]->u.recursive.count_ends = true;
    return RUZU_OK;
}
