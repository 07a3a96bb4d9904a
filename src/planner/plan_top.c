/* SPDX-License-Identifier: MIT */
/*
 * Which scans may leave out what cannot be among the first k of a SORT above.
 *
 * A SORT with a limit knows, once it has k rows, that rows behind the k-th are of no use. Where its first key is a property of a scan's node and everything between handles rows
 * one by one, that goes for the node: whatever becomes of it has the same key. Nothing in between may fail or change anything, as nodes that are left out are not seen there.
 */
#include "planner/build.h"

/* Kinds whose output rows each come from one row of children[0] and keep its columns, and that drop or repeat rows by looking at that row only. */
static bool top_passes(const rz_plan *plan)
{
    switch (plan->kind) {
    case RZ_PLAN_FILTER:
        for (uint32_t i = 0; i < plan->u.filter.count; i++) {
            if (rz_expr_can_fail(plan->u.filter.predicates[i]) || rz_expr_is_volatile(plan->u.filter.predicates[i])) {
                return false;
            }
        }
        return true;
    case RZ_PLAN_PROJECT:
        for (uint32_t i = 0; i < plan->u.project.count; i++) {
            if (rz_expr_can_fail(plan->u.project.exprs[i]) || rz_expr_is_volatile(plan->u.project.exprs[i])) {
                return false;
            }
        }
        return true;
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
        for (uint32_t i = 0; i < plan->u.expand.filter_count; i++) {
            if (rz_expr_can_fail(plan->u.expand.filters[i]) || rz_expr_is_volatile(plan->u.expand.filters[i])) {
                return false;
            }
        }
        return true;
    case RZ_PLAN_HASH_JOIN:
        for (uint32_t i = 0; i < plan->u.join.key_count; i++) {
            if (rz_expr_can_fail(plan->u.join.probe_keys[i]) || rz_expr_is_volatile(plan->u.join.probe_keys[i])) {
                return false;
            }
        }
        return true;
    case RZ_PLAN_JOIN_FILTER: return true;
    default: return false;
    }
}

/* What a column stands for: the expression of the PROJECT that makes it, else NULL. */
static const rz_expr *top_made(const rz_plan *plan, uint32_t column)
{
    for (uint32_t i = 0; plan->kind == RZ_PLAN_PROJECT && i < plan->u.project.count; i++) {
        if (plan->u.project.columns[i] == column) {
            return plan->u.project.exprs[i];
        }
    }
    return NULL;
}

static ruzu_status top_mark(rz_planner *planner, rz_plan *sort, rz_error *err)
{
    const rz_expr *key = sort->u.sort.orders[0].expr;
    if (sort->u.sort.limit == NULL || sort->correlated) {
        return RUZU_OK;
    }
    for (uint32_t i = 1; i < sort->u.sort.order_count; i++) {
        if (rz_expr_can_fail(sort->u.sort.orders[i].expr) || rz_expr_is_volatile(sort->u.sort.orders[i].expr)) {
            return RUZU_OK;
        }
    }
    rz_plan *plan = sort->children[0];
    for (; top_passes(plan); plan = plan->children[0]) {
        const rz_expr *made = key->kind == RZ_EXPR_COLUMN ? top_made(plan, key->u.column) : NULL;
        key = made != NULL ? made : key;
    }
    if (plan->kind != RZ_PLAN_NODE_SCAN || key->kind != RZ_EXPR_PROPERTY || key->children[0]->kind != RZ_EXPR_COLUMN || key->children[0]->u.column != plan->u.scan.column) {
        return RUZU_OK;
    }
    uint32_t *column_idxs = RZ_NEW_ARRAY(planner->arena, uint32_t, plan->u.scan.table_count);
    RZ_TRY_ALLOC(column_idxs, err, "planning a scan");
    const rz_type *object = key->children[0]->type;
    for (uint32_t t = 0; t < plan->u.scan.table_count; t++) {
        column_idxs[t] = RZ_NO_COLUMN;
        for (uint32_t o = 0; o < object->table_count; o++) {
            if (object->tables[o] == plan->u.scan.tables[t]) {
                column_idxs[t] = key->u.property.column_idxs[o];
            }
        }
    }
    plan->u.scan.top = sort;
    plan->u.scan.top_type = key->type;
    plan->u.scan.top_column_idxs = column_idxs;
    return RUZU_OK;
}

ruzu_status rz_plan_mark_tops(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    if (!rz_plan_rule(planner, RZ_RULE_TOP_BOUND)) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        RZ_TRY(rz_plan_mark_tops(planner, plan->children[i], err));
    }
    return plan->kind == RZ_PLAN_SORT ? top_mark(planner, plan, err) : RUZU_OK;
}
