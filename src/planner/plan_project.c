/* SPDX-License-Identifier: MIT */
/*
 * WITH and RETURN: grouping, items, DISTINCT, ORDER BY, SKIP, LIMIT, WHERE.
 *
 * With a limit, items that the order does not look at are computed above it, for the rows that are left.
 */
#include "planner/build.h"

/* True when evaluating the expression more or less often, or for other rows, would show. */
static bool project_must_stay(const rz_expr *expr)
{
    return rz_expr_is_volatile(expr) || rz_plan_has_subquery(expr);
}

static bool project_is_identity(const rz_bound_item *item)
{
    return item->expr->kind == RZ_EXPR_COLUMN && item->expr->u.column == item->column;
}

/* Computes the items that are wanted now: all, or those in (or not in) `columns`. Passes through what keeps its column. */
static ruzu_status project_items(plan_arm *arm, const rz_bound_item *items, uint32_t count, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, count);
    if (exprs == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (project_is_identity(&items[i])) {
            continue;
        }
        exprs[used] = items[i].expr;
        columns[used] = items[i].column;
        RZ_TRY(rz_plan_prepare_expr(arm, &exprs[used], err));
        used++;
    }
    return rz_plan_project(planner, arm->cur, exprs, columns, used, &arm->cur, err);
}

static ruzu_status project_aggregate(plan_arm *arm, const rz_bound_item *keys, uint32_t key_count, const rz_bound_item *aggregates, uint32_t aggregate_count,
                                     rz_error *err)
{
    rz_planner *planner = arm->planner;
    RZ_TRY(rz_plan_check_sink(arm, aggregate_count != 0 ? "Aggregation" : "DISTINCT", err));
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, key_count + aggregate_count);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, key_count + aggregate_count);
    if (exprs == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    for (uint32_t i = 0; i < key_count + aggregate_count; i++) {
        const rz_bound_item *item = i < key_count ? &keys[i] : &aggregates[i - key_count];
        exprs[i] = item->expr;
        columns[i] = item->column;
        RZ_TRY(rz_plan_prepare_expr(arm, &exprs[i], err));
    }
    double rows = arm->cur->rows;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_AGGREGATE, arm->cur, NULL, &arm->cur, err));
    rz_plan *plan = arm->cur;
    plan->u.aggregate.keys = exprs;
    plan->u.aggregate.key_columns = columns;
    plan->u.aggregate.key_count = key_count;
    plan->u.aggregate.aggregates = exprs + key_count;
    plan->u.aggregate.aggregate_columns = columns + key_count;
    plan->u.aggregate.aggregate_count = aggregate_count;
    plan->rows = key_count == 0 ? 1 : rows < 10 ? rows : 10 + (rows - 10) * 0.1;
    plan->columns = columns;
    plan->column_count = key_count + aggregate_count;
    for (uint32_t i = 0; i < key_count + aggregate_count; i++) {
        rz_plan_learn(planner, columns[i], exprs[i]->type, NULL);
    }
    arm->writing = false;
    return RUZU_OK;
}

/* ---- order and limit ---- */

static void project_limit_rows(rz_plan *plan, double rows, const rz_expr *limit)
{
    plan->rows = rows;
    if (limit != NULL && limit->kind == RZ_EXPR_LITERAL && limit->type->id == RUZU_TYPE_INT64 && !limit->u.literal->is_null && (double)limit->u.literal->u.i64 < rows) {
        plan->rows = (double)limit->u.literal->u.i64;
    }
}

static ruzu_status project_limit(plan_arm *arm, const rz_bound_projection *projection, rz_error *err)
{
    RZ_TRY(rz_plan_check_sink(arm, "LIMIT", err));
    double rows = arm->cur->rows;
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_LIMIT, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.limit.skip = projection->skip;
    arm->cur->u.limit.limit = projection->limit;
    project_limit_rows(arm->cur, rows, projection->limit);
    return RUZU_OK;
}

static ruzu_status project_order(plan_arm *arm, const rz_bound_projection *projection, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool bounded = projection->skip != NULL || projection->limit != NULL;
    if (projection->order_count == 0) {
        if (bounded) {
            RZ_TRY(rz_plan_settle(arm, err)); /* a limit stops what is below; writes must all happen */
            RZ_TRY(project_limit(arm, projection, err));
        }
        return RUZU_OK;
    }
    RZ_TRY(rz_plan_check_sink(arm, "ORDER BY", err));
    rz_plan_order *orders = RZ_NEW_ARRAY(planner->arena, rz_plan_order, projection->order_count);
    RZ_TRY_ALLOC(orders, err, "planning ORDER BY");
    for (uint32_t i = 0; i < projection->order_count; i++) {
        orders[i] = (rz_plan_order){
            .expr = projection->orders[i].expr, .descending = projection->orders[i].descending, .nulls_first = projection->orders[i].nulls_first};
        RZ_TRY(rz_plan_prepare_expr(arm, &orders[i].expr, err));
    }
    double rows = arm->cur->rows;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_SORT, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.sort.orders = orders;
    arm->cur->u.sort.order_count = projection->order_count;
    arm->writing = false;
    if (bounded && rz_plan_rule(planner, RZ_RULE_TOP_K)) {
        arm->cur->u.sort.skip = projection->skip;
        arm->cur->u.sort.limit = projection->limit;
        project_limit_rows(arm->cur, rows, projection->limit);
    } else if (bounded) {
        RZ_TRY(project_limit(arm, projection, err));
    }
    return RUZU_OK;
}

/* ---- the whole ---- */

/* Moves the items that may be computed above the limit behind the others; returns how many must be computed below. */
static uint32_t project_split(rz_planner *planner, const rz_bound_projection *projection, rz_bound_item *items)
{
    plan_set ordered = {0};
    for (uint32_t i = 0; i < projection->order_count; i++) {
        rz_plan_set_uses(planner, &ordered, projection->orders[i].expr);
    }
    uint32_t below = 0;
    uint32_t above = projection->item_count;
    for (uint32_t i = 0; i < projection->item_count; i++) {
        const rz_bound_item *item = &projection->items[i];
        bool stays = projection->limit == NULL || project_must_stay(item->expr) || rz_plan_set_has(&ordered, item->column);
        items[stays ? below++ : --above] = *item;
    }
    return below;
}

ruzu_status rz_plan_projection(plan_arm *arm, const rz_bound_projection *projection, rz_error *err)
{
    rz_planner *planner = arm->planner;
    if (projection->grouped) {
        RZ_TRY(project_aggregate(arm, projection->keys, projection->key_count, projection->aggregates, projection->aggregate_count, err));
    }
    if (projection->distinct) {
        RZ_TRY(project_aggregate(arm, projection->items, projection->item_count, NULL, 0, err));
        RZ_TRY(project_order(arm, projection, err));
    } else {
        rz_bound_item *items = RZ_NEW_ARRAY(planner->arena, rz_bound_item, projection->item_count);
        RZ_TRY_ALLOC(items, err, "planning a projection");
        uint32_t below = project_split(planner, projection, items);
        RZ_TRY(project_items(arm, items, below, err));
        RZ_TRY(project_order(arm, projection, err));
        RZ_TRY(project_items(arm, items + below, projection->item_count - below, err));
    }
    rz_expr **predicates = NULL;
    double selectivity = 1;
    RZ_TRY(rz_plan_prepare_exprs(arm, projection->predicates, projection->predicate_count, &predicates, err));
    for (uint32_t i = 0; i < projection->predicate_count; i++) {
        selectivity *= rz_plan_selectivity(planner, projection->predicates[i]);
    }
    RZ_TRY(rz_plan_filter(planner, arm->cur, predicates, projection->predicate_count, selectivity, &arm->cur, err));
    return rz_plan_check(planner, err);
}
