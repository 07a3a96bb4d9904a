/* SPDX-License-Identifier: MIT */
/*
 * From a bound query to its plan: arms, UNION, the result.
 */
#include "planner/build.h"

static ruzu_status result_arms(rz_planner *planner, const rz_bound_query *query, rz_plan **arms, rz_error *err)
{
    for (uint32_t a = 0; a < query->arm_count; a++) {
        plan_arm arm = {.planner = planner};
        plan_set after = {0};
        rz_plan_set_columns(planner, &after, query->columns + (size_t)a * query->result_count, query->result_count);
        RZ_TRY(rz_plan_node(planner, RZ_PLAN_SINGLE_ROW, NULL, NULL, &arm.cur, err));
        RZ_TRY(rz_plan_clauses(&arm, &query->arms[a], &after, false, err));
        if (query->arm_count > 1) {
            RZ_TRY(rz_plan_settle(&arm, err)); /* the next arm sees what this one wrote */
        }
        arms[a] = arm.cur;
    }
    return RUZU_OK;
}

/* UNION without ALL: the columns are the keys of a grouping. */
static ruzu_status result_distinct(rz_planner *planner, const uint32_t *columns, uint32_t count, rz_plan **io,
                                   rz_error *err)
{
    rz_expr **keys = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    RZ_TRY_ALLOC(keys, err, "planning UNION");
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_plan_column_expr(planner, columns[i], &keys[i], err));
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_AGGREGATE, *io, NULL, io, err));
    (*io)->u.aggregate.keys = keys;
    (*io)->u.aggregate.key_columns = columns;
    (*io)->u.aggregate.key_count = count;
    return RUZU_OK;
}

static ruzu_status result_node(rz_planner *planner, const rz_bound_query *query, const uint32_t *columns,
                               rz_plan *input, rz_plan **out, rz_error *err)
{
    uint32_t count = query->result_count;
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    const rz_type **types = RZ_NEW_ARRAY(planner->arena, const rz_type *, count);
    if (exprs == NULL || types == NULL) {
        return rz_error_no_memory(err, "planning a result");
    }
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_plan_column_expr(planner, columns[i], &exprs[i], err));
        types[i] = exprs[i]->type;
        if (rz_type_has_graph_ref(types[i])) {
            rz_expr *reference = exprs[i];
            RZ_TRY(rz_bound_value_type(planner->context->catalog, planner->arena, reference->type, &types[i], err));
            exprs[i] = rz_expr_new(planner->arena, RZ_EXPR_GRAPH_VALUE, types[i], &reference, 1);
            RZ_TRY_ALLOC(exprs[i], err, "planning a result");
            exprs[i]->name = reference->name;
        }
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_RESULT, input, NULL, out, err));
    (*out)->u.result.names = query->result_names;
    (*out)->u.result.types = types;
    (*out)->u.result.exprs = exprs;
    (*out)->u.result.count = count;
    return RUZU_OK;
}

ruzu_status rz_plan_query(const rz_plan_context *context, const rz_bound_query *query, rz_arena *arena, rz_plan **out,
                          rz_error *err)
{
    *out = NULL;
    rz_planner planner = {.context = context, .arena = arena};
    planner.stat_count = rz_catalog_id_end(context->catalog);
    planner.stats = RZ_NEW_ARRAY(arena, plan_stat, planner.stat_count);
    rz_plan **arms = RZ_NEW_ARRAY(arena, rz_plan *, query->arm_count);
    uint32_t *columns = RZ_NEW_ARRAY(arena, uint32_t, query->result_count);
    if (planner.stats == NULL || arms == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a query");
    }
    if (*context->column_count != 0) {
        rz_plan_learn(&planner, *context->column_count - 1, NULL, NULL); /* room for all columns at once */
    }
    RZ_TRY(result_arms(&planner, query, arms, err));
    rz_plan *plan = arms[0];
    if (query->arm_count == 1) {
        for (uint32_t i = 0; i < query->result_count; i++) {
            columns[i] = query->columns[i];
        }
    } else {
        RZ_TRY(rz_plan_union(&planner, query, arms, RZ_NO_COLUMN_ID, columns, &plan, err));
        if (!query->union_all) {
            RZ_TRY(result_distinct(&planner, columns, query->result_count, &plan, err));
        }
    }
    RZ_TRY(result_node(&planner, query, columns, plan, &plan, err));
    RZ_TRY(rz_plan_finish(&planner, &plan, err));
    rz_plan_weigh_scans(plan, 0);
    rz_plan_mark_spreads(&planner, plan);
    RZ_TRY(rz_plan_mark_tops(&planner, plan, err));
    *out = plan;
    return RUZU_OK;
}
