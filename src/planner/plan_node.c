/* SPDX-License-Identifier: MIT */
/*
 * Making plan nodes.
 */
#include "planner/build.h"

#define RZ_PLAN_MAX_NODES 4000u

bool rz_plan_has_column(const rz_plan *plan, uint32_t column)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i] == column) {
            return true;
        }
    }
    return false;
}

bool rz_plan_has_all(const rz_plan *plan, const plan_set *columns)
{
    for (uint32_t w = 0; w < columns->word_count; w++) {
        for (uint64_t rest = columns->words[w]; rest != 0; rest &= rest - 1) {
            if (!rz_plan_has_column(plan, w * 64 + rz_ctz64(rest))) {
                return false;
            }
        }
    }
    return true;
}

ruzu_status rz_plan_add_column(rz_planner *planner, rz_plan *plan, uint32_t column, rz_error *err)
{
    if (column == RZ_NO_COLUMN_ID || rz_plan_has_column(plan, column)) {
        return RUZU_OK;
    }
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, plan->column_count + 1);
    RZ_TRY_ALLOC(columns, err, "planning a query");
    if (plan->column_count != 0) {
        memcpy(columns, plan->columns, plan->column_count * sizeof *columns);
    }
    columns[plan->column_count] = column;
    plan->columns = columns;
    plan->column_count++;
    return RUZU_OK;
}

ruzu_status rz_plan_node(rz_planner *planner, rz_plan_kind kind, rz_plan *first, rz_plan *second, rz_plan **out,
                         rz_error *err)
{
    rz_plan *plan = RZ_NEW(planner->arena, rz_plan);
    RZ_TRY_ALLOC(plan, err, "planning a query");
    if (++planner->node_count > RZ_PLAN_MAX_NODES) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "The query needs more than %u operators.", RZ_PLAN_MAX_NODES);
    }
    plan->kind = kind;
    plan->child_count = (uint32_t)(first != NULL) + (uint32_t)(second != NULL);
    plan->rows = first == NULL ? 1 : first->rows;
    plan->children = RZ_NEW_ARRAY(planner->arena, rz_plan *, plan->child_count);
    RZ_TRY_ALLOC(plan->children, err, "planning a query");
    if (first != NULL) {
        plan->children[0] = first;
        plan->columns = first->columns;
        plan->column_count = first->column_count;
    }
    if (second != NULL) {
        plan->children[plan->child_count - 1] = second;
        for (uint32_t i = 0; i < second->column_count; i++) {
            RZ_TRY(rz_plan_add_column(planner, plan, second->columns[i], err));
        }
    }
    *out = plan;
    return RUZU_OK;
}

bool rz_plan_is_correlated(const rz_plan *plan)
{
    while (plan->child_count != 0 && plan->kind != RZ_PLAN_UNION) {
        plan = plan->children[0];
    }
    if (plan->kind == RZ_PLAN_UNION) {
        for (uint32_t i = 0; i < plan->child_count; i++) {
            if (rz_plan_is_correlated(plan->children[i])) {
                return true;
            }
        }
    }
    return plan->kind == RZ_PLAN_ARGUMENT;
}

bool rz_plan_is_unit(const rz_plan *plan)
{
    return plan->kind == RZ_PLAN_SINGLE_ROW;
}

/* Notes which predicates can be tested on encoded values: those right above a scan, whose rows are a run of offsets. */
static ruzu_status plan_filter_encoded(rz_planner *planner, rz_plan *filter, rz_error *err)
{
    uint32_t count = filter->u.filter.count;
    const rz_plan *source = filter->children[0];
    while (source->kind == RZ_PLAN_FILTER || source->kind == RZ_PLAN_PROJECT) {
        source = source->children[0];
    }
    if (!rz_plan_rule(planner, RZ_RULE_ENCODED) || source->kind != RZ_PLAN_NODE_SCAN) {
        return RUZU_OK;
    }
    rz_plan_encoded *encoded = RZ_NEW_ARRAY(planner->arena, rz_plan_encoded, count);
    RZ_TRY_ALLOC(encoded, err, "planning a filter");
    for (uint32_t i = 0; i < count; i++) {
        if (rz_plan_encoded_of(planner, filter->u.filter.predicates[i], &encoded[i])) {
            filter->u.filter.encoded = encoded;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_plan_filter(rz_planner *planner, rz_plan *input, rz_expr **predicates, uint32_t count,
                           double selectivity, rz_plan **out, rz_error *err)
{
    *out = input;
    if (count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_FILTER, input, NULL, out, err));
    (*out)->u.filter.predicates = predicates;
    (*out)->u.filter.count = count;
    (*out)->u.filter.per_node = RZ_NO_COLUMN_ID;
    (*out)->u.filter.reorders = rz_plan_rule(planner, RZ_RULE_FILTER_ORDER);
    (*out)->rows = input->rows * selectivity;
    return plan_filter_encoded(planner, *out, err);
}

ruzu_status rz_plan_project(rz_planner *planner, rz_plan *input, rz_expr **exprs, const uint32_t *columns,
                            uint32_t count, rz_plan **out, rz_error *err)
{
    *out = input;
    if (count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_PROJECT, input, NULL, out, err));
    (*out)->u.project.exprs = exprs;
    (*out)->u.project.columns = columns;
    (*out)->u.project.count = count;
    for (uint32_t i = 0; i < count; i++) {
        rz_plan_learn(planner, columns[i], exprs[i]->type, NULL);
        RZ_TRY(rz_plan_add_column(planner, *out, columns[i], err));
    }
    return rz_plan_check(planner, err);
}

ruzu_status rz_plan_barrier(plan_arm *arm, rz_error *err)
{
    RZ_TRY(rz_plan_check_sink(arm, "Writing", err));
    arm->writing = false;
    return rz_plan_node(arm->planner, RZ_PLAN_BARRIER, arm->cur, NULL, &arm->cur, err);
}

void rz_plan_correlate(plan_arm *arm)
{
    arm->cur->correlated = arm->inside_apply;
    arm->cur->row_number = arm->row_number;
}

ruzu_status rz_plan_check_sink(const plan_arm *arm, const char *what, rz_error *err)
{
    return arm->inside_apply
               ? rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "%s inside a subquery is not implemented.", what)
               : RUZU_OK;
}
