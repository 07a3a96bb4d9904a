/* SPDX-License-Identifier: MIT */
/*
 * Inner plans: OPTIONAL MATCH, EXISTS / COUNT / COLLECT subqueries, CALL { … }; and UNION, which subqueries have too.
 *
 * The inner plan stands on ARGUMENT, which shows it a batch of outer rows and their numbers. Where there is only one
 * outer row without columns, the inner plan stands on its own sources instead, and says that all its rows belong to row
 * 0.
 */
#include "planner/join.h"

#define RZ_PLAN_MAX_SUBQUERIES 64u

/* ---- UNION ---- */

static ruzu_status union_tables(rz_planner *planner, const rz_type *a, const rz_type *b, const rz_type **out,
                                rz_error *err)
{
    uint32_t *tables = RZ_NEW_ARRAY(planner->arena, uint32_t, a->table_count + b->table_count);
    RZ_TRY_ALLOC(tables, err, "planning UNION");
    uint32_t i = 0;
    uint32_t j = 0;
    uint32_t count = 0;
    while (i < a->table_count || j < b->table_count) {
        bool from_a = j == b->table_count || (i < a->table_count && a->tables[i] <= b->tables[j]);
        uint32_t next = from_a ? a->tables[i] : b->tables[j];
        i += i < a->table_count && a->tables[i] == next;
        j += j < b->table_count && b->tables[j] == next;
        tables[count++] = next;
    }
    *out = a->id == RUZU_TYPE_NODE ? rz_type_node(planner->arena, tables, count)
                                   : rz_type_rel(planner->arena, tables, count);
    RZ_TRY_ALLOC(*out, err, "planning UNION");
    return RUZU_OK;
}

/* The common type of a result column in two arms: equal but for the tables that references may come from. */
static ruzu_status union_type(rz_planner *planner, const rz_type *a, const rz_type *b, const rz_type **out,
                              rz_error *err)
{
    *out = a->id == RUZU_TYPE_ANY ? b : a;
    if (a->id == RUZU_TYPE_ANY || a->id != b->id || !rz_type_has_graph_ref(a) || !rz_type_has_graph_ref(b)) {
        return RUZU_OK;
    }
    if (a->id == RUZU_TYPE_NODE || a->id == RUZU_TYPE_REL) {
        return union_tables(planner, a, b, out, err);
    }
    rz_type *copy = (rz_type *)rz_arena_dup(planner->arena, a, sizeof *a);
    RZ_TRY_ALLOC(copy, err, "planning UNION");
    *out = copy;
    if (a->child != NULL && b->child != NULL) {
        RZ_TRY(union_type(planner, a->child, b->child, &copy->child, err));
    }
    if (a->field_count == 0 || a->field_count != b->field_count) {
        return RUZU_OK;
    }
    rz_type_field *fields = (rz_type_field *)rz_arena_dup(planner->arena, a->fields, a->field_count * sizeof *fields);
    RZ_TRY_ALLOC(fields, err, "planning UNION");
    for (uint32_t i = 0; i < a->field_count; i++) {
        RZ_TRY(union_type(planner, a->fields[i].type, b->fields[i].type, &fields[i].type, err));
    }
    copy->fields = fields;
    return RUZU_OK;
}

ruzu_status rz_plan_union(rz_planner *planner, const rz_bound_query *query, rz_plan *const *arms, uint32_t row_number,
                          uint32_t *columns, rz_plan **out, rz_error *err)
{
    uint32_t width = query->result_count + (row_number != RZ_NO_COLUMN_ID);
    uint32_t *inputs = RZ_NEW_ARRAY(planner->arena, uint32_t, (size_t)width * query->arm_count);
    rz_plan *plan = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_UNION, NULL, NULL, &plan, err));
    plan->children = RZ_NEW_ARRAY(planner->arena, rz_plan *, query->arm_count);
    if (inputs == NULL || plan->children == NULL) {
        return rz_error_no_memory(err, "planning UNION");
    }
    plan->child_count = query->arm_count;
    plan->rows = 0;
    for (uint32_t i = 0; i < query->result_count; i++) {
        const rz_type *type = query->result_types[i];
        for (uint32_t a = 0; a < query->arm_count; a++) {
            inputs[a * width + i] = query->columns[a * query->result_count + i];
            RZ_TRY(union_type(planner, type, rz_plan_type(planner, inputs[a * width + i]), &type, err));
        }
        RZ_TRY(rz_plan_new_column(planner, type, query->result_names[i], &columns[i], err));
        RZ_TRY(rz_plan_add_column(planner, plan, columns[i], err));
    }
    for (uint32_t a = 0; a < query->arm_count; a++) {
        plan->children[a] = arms[a];
        plan->rows += arms[a]->rows;
        if (row_number != RZ_NO_COLUMN_ID) {
            inputs[a * width + width - 1] = row_number;
        }
    }
    plan->u.set_union.inputs = inputs;
    *out = plan;
    return rz_plan_add_column(planner, plan, row_number, err);
}

/* ---- inner plans ---- */

/* Does something in the query collect rows: group, sort, cut off? */
static bool inner_collects(const rz_bound_query *query)
{
    if (query->arm_count > 1 && !query->union_all) {
        return true;
    }
    for (uint32_t a = 0; a < query->arm_count; a++) {
        for (uint32_t i = 0; i < query->arms[a].clause_count; i++) {
            const rz_bound_clause *clause = &query->arms[a].clauses[i];
            const rz_bound_projection *projection = &clause->u.projection;
            if (clause->kind == RZ_BOUND_PROJECTION && (projection->grouped || projection->distinct || projection->order_count != 0 ||
                                                        projection->skip != NULL || projection->limit != NULL)) {
                return true;
            }
        }
    }
    return false;
}

static ruzu_status inner_begin(const plan_arm *outer, bool collects, uint32_t row_number, plan_arm *out, rz_error *err)
{
    rz_planner *planner = outer->planner;
    *out = (plan_arm){.planner = planner, .inside_apply = true, .row_number = row_number};
    if (rz_plan_is_unit(outer->cur) && !collects) {
        return rz_plan_node(planner, RZ_PLAN_SINGLE_ROW, NULL, NULL, &out->cur, err);
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_ARGUMENT, NULL, NULL, &out->cur, err));
    out->cur->columns = outer->cur->columns;
    out->cur->column_count = outer->cur->column_count;
    out->cur->rows = outer->cur->rows;
    out->cur->u.argument.row_number = row_number;
    RZ_TRY(rz_plan_add_column(planner, out->cur, row_number, err));
    out->argument = out->cur;
    return RUZU_OK;
}

/* An inner plan on its own sources says that its rows belong to the only outer row. */
static ruzu_status inner_end(plan_arm *inner, uint32_t row_number, rz_error *err)
{
    if (rz_plan_has_column(inner->cur, row_number)) {
        return RUZU_OK;
    }
    rz_planner *planner = inner->planner;
    rz_value zero = {.type = rz_type_of(RUZU_TYPE_UINT64), .u.u64 = 0};
    rz_expr **expr = RZ_NEW_ARRAY(planner->arena, rz_expr *, 1);
    uint32_t *column = RZ_NEW_ARRAY(planner->arena, uint32_t, 1);
    if (expr == NULL || column == NULL) {
        return rz_error_no_memory(err, "planning a subquery");
    }
    expr[0] = rz_expr_literal(planner->arena, &zero);
    RZ_TRY_ALLOC(expr[0], err, "planning a subquery");
    expr[0]->name = "0";
    column[0] = row_number;
    return rz_plan_project(planner, inner->cur, expr, column, 1, &inner->cur, err);
}

static ruzu_status inner_new_number(rz_planner *planner, uint32_t *out, rz_error *err)
{
    return rz_plan_new_column(planner, rz_type_of(RUZU_TYPE_UINT64), NULL, out, err);
}

/* Puts the APPLY on the outer plan. Its columns are the outer ones; kinds that let inner rows out add theirs. */
static ruzu_status inner_apply(plan_arm *outer, rz_plan *inner, rz_apply_kind kind, uint32_t row_number, rz_error *err)
{
    rz_planner *planner = outer->planner;
    rz_plan *apply = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_APPLY, outer->cur, NULL, &apply, err));
    rz_plan **children = RZ_NEW_ARRAY(planner->arena, rz_plan *, 2);
    RZ_TRY_ALLOC(children, err, "planning a subquery");
    children[0] = outer->cur;
    children[1] = inner;
    apply->children = children;
    apply->child_count = 2;
    apply->u.apply.kind = kind;
    apply->u.apply.mark = RZ_NO_COLUMN_ID;
    apply->u.apply.value = RZ_NO_COLUMN_ID;
    apply->u.apply.row_number = row_number;
    switch (kind) {
    case RZ_APPLY_OPTIONAL:
    case RZ_APPLY_JOIN:
        for (uint32_t i = 0; i < inner->column_count; i++) {
            if (inner->columns[i] != row_number) {
                RZ_TRY(rz_plan_add_column(planner, apply, inner->columns[i], err));
            }
        }
        apply->rows = kind == RZ_APPLY_JOIN || inner->rows > apply->rows ? inner->rows : apply->rows;
        break;
    case RZ_APPLY_SEMI:
    case RZ_APPLY_ANTI: apply->rows *= 0.5; break;
    case RZ_APPLY_EXISTS:
    case RZ_APPLY_COUNT:
    case RZ_APPLY_COLLECT: break;
    }
    outer->cur = apply;
    return RUZU_OK;
}

/* The result does not depend on what the last projection computes or in which order. */
static bool inner_can_skip_return(const rz_bound_single_query *query, rz_subquery_kind kind)
{
    if (query->clause_count == 0 || query->clauses[query->clause_count - 1].kind != RZ_BOUND_PROJECTION ||
        kind == RZ_SUBQUERY_COLLECT) {
        return false;
    }
    const rz_bound_projection *projection = &query->clauses[query->clause_count - 1].u.projection;
    return projection->is_return && !projection->grouped && projection->skip == NULL && projection->limit == NULL &&
           (!projection->distinct || kind == RZ_SUBQUERY_EXISTS);
}

/* The query's MATCH when there is nothing else whose result shows. */
static const rz_bound_match *inner_only_match(const rz_bound_query *query, rz_subquery_kind kind)
{
    const rz_bound_single_query *arm = &query->arms[0];
    bool fits = query->arm_count == 1 && arm->clause_count != 0 && arm->clauses[0].kind == RZ_BOUND_MATCH &&
                !arm->clauses[0].u.match.optional &&
                (arm->clause_count == 1 || (arm->clause_count == 2 && inner_can_skip_return(arm, kind)));
    return fits ? &arm->clauses[0].u.match : NULL;
}

static ruzu_status inner_arm(const plan_arm *outer, const rz_bound_single_query *query, const plan_set *after,
                             bool skip_return, bool collects, uint32_t row_number, rz_plan **out, rz_error *err)
{
    plan_arm inner;
    rz_planner *planner = outer->planner;
    plan_set present = {0};
    rz_plan_set_union(planner, &present, &planner->present);
    if (query->writes) {
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Writing inside a subquery is not implemented.");
    }
    RZ_TRY(inner_begin(outer, collects, row_number, &inner, err));
    RZ_TRY(rz_plan_clauses(&inner, query, after, skip_return, err));
    RZ_TRY(inner_end(&inner, row_number, err));
    planner->present = present;
    *out = inner.cur;
    return rz_plan_check(planner, err);
}

/* Plans all arms of an inner query. columns: where its result columns are to be found (room for result_count). */
static ruzu_status inner_query(plan_arm *outer, const rz_bound_query *query, rz_subquery_kind kind, uint32_t row_number,
                               uint32_t *columns, rz_plan **out, rz_error *err)
{
    rz_planner *planner = outer->planner;
    bool is_union = query->arm_count > 1;
    if (++planner->depth > RZ_PLAN_MAX_SUBQUERIES) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Subqueries are nested more than %u levels deep.",
                            RZ_PLAN_MAX_SUBQUERIES);
    }
    bool collects = inner_collects(query);
    rz_plan **arms = RZ_NEW_ARRAY(planner->arena, rz_plan *, query->arm_count);
    RZ_TRY_ALLOC(arms, err, "planning a subquery");
    for (uint32_t a = 0; a < query->arm_count; a++) {
        bool skip = !is_union && inner_can_skip_return(&query->arms[a], kind);
        plan_set after = {0};
        if (!skip) {
            rz_plan_set_columns(planner, &after, query->columns + (size_t)a * query->result_count, query->result_count);
        }
        RZ_TRY(inner_arm(outer, &query->arms[a], &after, skip, collects, row_number, &arms[a], err));
    }
    planner->depth--;
    if (is_union) {
        RZ_TRY(rz_plan_union(planner, query, arms, row_number, columns, out, err));
        if (query->union_all || kind == RZ_SUBQUERY_EXISTS) {
            return RUZU_OK;
        }
        const rz_plan *argument = arms[0];
        while (argument->kind != RZ_PLAN_ARGUMENT) {
            argument = argument->children[0];
        }
        plan_arm whole = {.planner = planner, .cur = *out, .inside_apply = true, .row_number = row_number, .argument = argument};
        RZ_TRY(rz_plan_distinct(&whole, columns, query->result_count, err));
        *out = whole.cur;
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < query->result_count; i++) {
        columns[i] = query->columns[i];
    }
    *out = arms[0];
    return RUZU_OK;
}

static ruzu_status inner_result_columns(rz_planner *planner, const rz_bound_query *query, uint32_t **out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(planner->arena, uint32_t, query->result_count);
    RZ_TRY_ALLOC(*out, err, "planning a subquery");
    return RUZU_OK;
}

/* ---- subqueries in expressions ---- */

/* What a subquery takes from outside must be there: a lambda's parameter is not. */
static ruzu_status subquery_check_outer(const plan_arm *arm, const rz_expr *expr, rz_error *err)
{
    for (uint32_t i = 0; i < expr->u.subquery.outer_count; i++) {
        if (!rz_plan_has_column(arm->cur, expr->u.subquery.outer_columns[i])) {
            return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, expr->position,
                                   "A subquery inside a list expression is not implemented.");
        }
    }
    return RUZU_OK;
}

static ruzu_status subquery_mark(plan_arm *arm, const rz_expr *expr, rz_expr **out, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const rz_bound_query *query = expr->u.subquery.query;
    uint32_t row_number = 0;
    uint32_t mark = 0;
    uint32_t *columns = NULL;
    rz_plan *inner = NULL;
    RZ_TRY(rz_plan_settle(arm, err));
    RZ_TRY(subquery_check_outer(arm, expr, err));
    const rz_bound_match *match = inner_only_match(query, expr->u.subquery.kind);
    if (match != NULL && expr->u.subquery.kind != RZ_SUBQUERY_COLLECT) {
        bool done = false;
        RZ_TRY(rz_unnest_value(arm, match, expr->u.subquery.kind == RZ_SUBQUERY_COUNT, out, &done, err));
        if (done) {
            (*out)->name = expr->name;
            return RUZU_OK;
        }
    }
    RZ_TRY(inner_new_number(planner, &row_number, err));
    RZ_TRY(inner_result_columns(planner, query, &columns, err));
    RZ_TRY(inner_query(arm, query, expr->u.subquery.kind, row_number, columns, &inner, err));
    RZ_TRY(rz_plan_new_column(planner, expr->type, NULL, &mark, err));
    rz_apply_kind kind = RZ_APPLY_EXISTS;
    switch (expr->u.subquery.kind) {
    case RZ_SUBQUERY_EXISTS: kind = RZ_APPLY_EXISTS; break;
    case RZ_SUBQUERY_COUNT: kind = RZ_APPLY_COUNT; break;
    case RZ_SUBQUERY_COLLECT: kind = RZ_APPLY_COLLECT; break;
    }
    RZ_TRY(inner_apply(arm, inner, kind, row_number, err));
    arm->cur->u.apply.mark = mark;
    arm->cur->u.apply.value = kind == RZ_APPLY_COLLECT ? columns[0] : RZ_NO_COLUMN_ID;
    RZ_TRY(rz_plan_add_column(planner, arm->cur, mark, err));
    *out = rz_expr_column(planner->arena, mark, expr->type);
    RZ_TRY_ALLOC(*out, err, "planning a subquery");
    (*out)->name = expr->name;
    return RUZU_OK;
}

/* ---- lengths of paths ---- */

ruzu_status rz_plan_length_column(rz_planner *planner, uint32_t path, uint32_t *out, rz_error *err)
{
    RZ_TRY(rz_plan_new_column(planner, RZ_INT64, NULL, out, err));
    return RZ_ARRAY_PUSH(&planner->lengths, planner->arena, ((plan_length){.path = path, .length = *out}))
               ? RUZU_OK
               : rz_error_no_memory(err, "planning a path");
}

/* SIZE(RELS(path)), where the length is at hand: its column. */
static uint32_t length_of(const plan_arm *arm, const rz_expr *expr)
{
    uint32_t path = rz_plan_length_of(expr);
    for (uint32_t i = 0; i < arm->planner->lengths.count && path != RZ_NO_COLUMN_ID; i++) {
        const plan_length *known = &arm->planner->lengths.items[i];
        if (known->path == path && rz_plan_has_column(arm->cur, known->length)) {
            return known->length;
        }
    }
    return RZ_NO_COLUMN_ID;
}

static bool length_is_inside(const plan_arm *arm, const rz_expr *expr)
{
    if (length_of(arm, expr) != RZ_NO_COLUMN_ID) {
        return true;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (length_is_inside(arm, expr->children[i])) {
            return true;
        }
    }
    return false;
}

ruzu_status rz_plan_prepare_expr(plan_arm *arm, rz_expr **io, rz_error *err)
{
    rz_expr *expr = *io;
    if (expr == NULL ||
        (!rz_plan_has_subquery(expr) && (arm->planner->lengths.count == 0 || !length_is_inside(arm, expr)))) {
        return RUZU_OK;
    }
    if (expr->kind == RZ_EXPR_SUBQUERY) {
        return subquery_mark(arm, expr, io, err);
    }
    uint32_t length = length_of(arm, expr);
    if (length != RZ_NO_COLUMN_ID) {
        *io = rz_expr_column(arm->planner->arena, length, expr->type);
        RZ_TRY_ALLOC(*io, err, "planning a path");
        (*io)->name = expr->name;
        return RUZU_OK;
    }
    rz_expr *copy = (rz_expr *)rz_arena_dup(arm->planner->arena, expr, sizeof *expr);
    RZ_TRY_ALLOC(copy, err, "planning a subquery");
    copy->children =
        (rz_expr **)rz_arena_dup(arm->planner->arena, expr->children, expr->child_count * sizeof *expr->children);
    RZ_TRY_ALLOC(copy->children, err, "planning a subquery");
    for (uint32_t i = 0; i < expr->child_count; i++) {
        RZ_TRY(rz_plan_prepare_expr(arm, &copy->children[i], err));
    }
    *io = copy;
    return RUZU_OK;
}

ruzu_status rz_plan_prepare_exprs(plan_arm *arm, rz_expr *const *exprs, uint32_t count, rz_expr ***out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(arm->planner->arena, rz_expr *, count);
    RZ_TRY_ALLOC(*out, err, "planning an expression");
    for (uint32_t i = 0; i < count; i++) {
        (*out)[i] = exprs[i];
        RZ_TRY(rz_plan_prepare_expr(arm, &(*out)[i], err));
    }
    return RUZU_OK;
}

const rz_bound_match *rz_plan_only_match(const rz_bound_query *query)
{
    return inner_only_match(query, RZ_SUBQUERY_EXISTS);
}

ruzu_status rz_plan_semi(plan_arm *arm, const rz_expr *predicate, bool *out_done, rz_error *err)
{
    bool negated = predicate->kind == RZ_EXPR_NOT;
    const rz_expr *expr = negated ? predicate->children[0] : predicate;
    *out_done = false;
    if (expr->kind != RZ_EXPR_SUBQUERY || expr->u.subquery.kind != RZ_SUBQUERY_EXISTS ||
        !rz_plan_rule(arm->planner, RZ_RULE_SEMI)) {
        return RUZU_OK;
    }
    const rz_bound_query *query = expr->u.subquery.query;
    uint32_t row_number = 0;
    uint32_t *columns = NULL;
    rz_plan *inner = NULL;
    RZ_TRY(rz_plan_settle(arm, err));
    RZ_TRY(subquery_check_outer(arm, expr, err));
    const rz_bound_match *match = rz_plan_only_match(query);
    if (match != NULL) {
        const plan_set after = {0};
        RZ_TRY(rz_join_count_match(arm, match, &after, negated ? RZ_MESSAGE_ANTI : RZ_MESSAGE_SEMI, out_done, err));
        if (!*out_done) {
            RZ_TRY(rz_unnest_semi(arm, match, negated, out_done, err));
        }
        if (*out_done) {
            return RUZU_OK;
        }
    }
    RZ_TRY(inner_new_number(arm->planner, &row_number, err));
    RZ_TRY(inner_result_columns(arm->planner, query, &columns, err));
    RZ_TRY(inner_query(arm, query, RZ_SUBQUERY_EXISTS, row_number, columns, &inner, err));
    *out_done = true;
    return inner_apply(arm, inner, negated ? RZ_APPLY_ANTI : RZ_APPLY_SEMI, row_number, err);
}

/* ---- clauses ---- */

ruzu_status rz_plan_optional(plan_arm *arm, const rz_bound_match *match, const plan_set *after, rz_error *err)
{
    rz_planner *planner = arm->planner;
    uint32_t row_number = 0;
    plan_arm inner;
    plan_set present = {0};
    bool done = false;
    RZ_TRY(rz_join_count_match(arm, match, after, RZ_MESSAGE_OPTIONAL, &done, err));
    if (!done) {
        RZ_TRY(rz_unnest_optional(arm, match, after, &done, err));
    }
    if (done) {
        return RUZU_OK;
    }
    rz_plan_set_union(planner, &present, &planner->present);
    RZ_TRY(inner_new_number(planner, &row_number, err));
    RZ_TRY(inner_begin(arm, false, row_number, &inner, err));
    RZ_TRY(rz_plan_match(&inner, &match, 1, after, err));
    RZ_TRY(inner_end(&inner, row_number, err));
    planner->present = present; /* what the clause found may be NULL behind it */
    return inner_apply(arm, inner.cur, RZ_APPLY_OPTIONAL, row_number, err);
}

ruzu_status rz_plan_call_subquery(plan_arm *arm, const rz_bound_query *query, rz_error *err)
{
    rz_planner *planner = arm->planner;
    uint32_t row_number = 0;
    uint32_t *columns = NULL;
    rz_plan *inner = NULL;
    RZ_TRY(inner_new_number(planner, &row_number, err));
    RZ_TRY(inner_result_columns(planner, query, &columns, err));
    RZ_TRY(inner_query(arm, query, RZ_SUBQUERY_COLLECT, row_number, columns, &inner, err));
    RZ_TRY(inner_apply(arm, inner, RZ_APPLY_JOIN, row_number, err));
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, query->result_count);
    uint32_t *targets = RZ_NEW_ARRAY(planner->arena, uint32_t, query->result_count);
    if (exprs == NULL || targets == NULL) {
        return rz_error_no_memory(err, "planning a subquery");
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < query->result_count; i++) { /* a union has columns of its own */
        if (columns[i] != query->columns[i]) {
            RZ_TRY(rz_plan_column_expr(planner, columns[i], &exprs[count], err));
            targets[count++] = query->columns[i];
        }
    }
    return rz_plan_project(planner, arm->cur, exprs, targets, count, &arm->cur, err);
}
