/* SPDX-License-Identifier: MIT */
/*
 * The last pass over a plan, from the root down: what is needed decides what each operator puts out; what stands above
 * decides whether rows may carry weights and whether duplicates matter. Expansions of which nobody wants anything
 * become counts; projections of which nobody wants anything go. Then the nodes are numbered.
 *
 * Terms for what stands above a node:
 *   weights_ok     everything up to where rows are counted (AGGREGATE, EXISTS, COUNT) passes weights on
 *   duplicates_ok  only which rows there are matters, not how often (DISTINCT, MIN, MAX, EXISTS)
 */
#include "planner/build.h"

#include <string.h>

/* COLLAPSE pays when a node stands in several rows. */
#ifdef RZ_TINY
#define COLLAPSE_MIN_ROWS 2.0
#else
#define COLLAPSE_MIN_ROWS 100.0
#endif
#define COLLAPSE_MIN_FACTOR 2.0
#define JUDGE_MIN_FACTOR    2.0 /* rows per node from which on nodes are judged once */

typedef struct finish_above {
    bool weights_ok;
    bool duplicates_ok;
    bool deferred; /* inside a message: an error of counting must wait until a row of the query needs the number */
} finish_above;

static ruzu_status finish_node(rz_planner *planner, rz_plan **io, const plan_set *need, finish_above above,
                               rz_error *err);

/* ---- columns ---- */

/* Keeps of the node's columns those that are needed, and looks up their types. */
static ruzu_status finish_keep(rz_planner *planner, rz_plan *plan, const plan_set *need, rz_error *err)
{
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, plan->column_count);
    const rz_type **types = RZ_NEW_ARRAY(planner->arena, const rz_type *, plan->column_count);
    if (columns == NULL || types == NULL) {
        return rz_error_no_memory(err, "planning a query");
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (need == NULL || rz_plan_set_has(need, plan->columns[i])) {
            columns[kept] = plan->columns[i];
            types[kept++] = rz_plan_type(planner, plan->columns[i]);
        }
    }
    plan->columns = columns;
    plan->types = types;
    plan->column_count = kept;
    return RUZU_OK;
}

static void finish_copy_set(rz_planner *planner, const plan_set *from, plan_set *out)
{
    memset(out, 0, sizeof *out);
    rz_plan_set_union(planner, out, from);
}

/* ---- weights ---- */

static ruzu_status finish_repeat(rz_planner *planner, rz_plan **io, rz_error *err)
{
    rz_plan *child = *io;
    if (!child->weighted) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < child->column_count; i++) {
        if (rz_plan_set_has(&planner->records, child->columns[i])) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "rows with records of messages would be repeated");
        }
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_REPEAT, child, NULL, io, err));
    return finish_keep(planner, *io, NULL, err);
}

static bool finish_any_volatile(rz_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rz_expr_is_volatile(exprs[i])) {
            return true;
        }
    }
    return false;
}

/* Finishes the only child of an operator that passes rows on. exact: rows must be given one by one (volatile
 * expressions). */
static ruzu_status finish_streaming(rz_planner *planner, rz_plan *plan, const plan_set *child_need, finish_above above,
                                    bool exact, rz_error *err)
{
    finish_above below = exact ? (finish_above){0} : above;
    RZ_TRY(finish_node(planner, &plan->children[0], child_need, below, err));
    if (exact) {
        RZ_TRY(finish_repeat(planner, &plan->children[0], err));
    }
    plan->weighted = plan->children[0]->weighted;
    return RUZU_OK;
}

/* ---- operators ---- */

static ruzu_status finish_project(rz_planner *planner, rz_plan **io, const plan_set *need, finish_above above,
                                  rz_error *err)
{
    rz_plan *plan = *io;
    uint32_t total = plan->u.project.count;
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, total);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, total);
    if (exprs == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < total; i++) {
        if (rz_plan_set_has(need, plan->u.project.columns[i])) {
            exprs[count] = plan->u.project.exprs[i];
            columns[count++] = plan->u.project.columns[i];
        }
    }
    if (count == 0) {
        *io = plan->children[0];
        return finish_node(planner, io, need, above, err);
    }
    plan->u.project.exprs = exprs;
    plan->u.project.columns = columns;
    plan->u.project.count = count;
    plan_set child_need;
    finish_copy_set(planner, need, &child_need);
    rz_plan_set_uses_all(planner, &child_need, exprs, count);
    RZ_TRY(finish_streaming(planner, plan, &child_need, above, finish_any_volatile(exprs, count), err));
    return finish_keep(planner, plan, need, err);
}

/* The one node of one table that alone the predicate looks at; RZ_NO_COLUMN_ID: there is none, or it must be asked for every row. */
static uint32_t finish_judged_node(rz_planner *planner, const rz_plan *input, const rz_expr *predicate)
{
    plan_set uses = {0};
    uint32_t found = RZ_NO_COLUMN_ID;
    if (rz_expr_can_fail(predicate) || rz_expr_is_volatile(predicate) || rz_plan_has_subquery(predicate)) {
        return RZ_NO_COLUMN_ID;
    }
    rz_plan_set_uses(planner, &uses, predicate);
    for (uint32_t i = 0; i < input->column_count; i++) {
        if (rz_plan_set_has(&uses, input->columns[i])) {
            const rz_type *type = input->types[i];
            if (found != RZ_NO_COLUMN_ID || type->id != RUZU_TYPE_NODE || type->table_count != 1) {
                return RZ_NO_COLUMN_ID;
            }
            found = input->columns[i];
        }
    }
    return found;
}

/*
 * Predicates of one node over rows in which each node comes several times: judged once a node, in a FILTER below the others (what may fail stands in
 * FILTERs of its own). Not while something is written: then a property may change between two rows.
 */
static ruzu_status finish_judge_once(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    rz_plan *input = plan->children[0];
    uint32_t total = plan->u.filter.count;
    if (!rz_plan_rule(planner, RZ_RULE_JUDGE_ONCE) || planner->writes || input->kind == RZ_PLAN_NODE_SCAN) {
        return RUZU_OK;
    }
    rz_expr **once = RZ_NEW_ARRAY(planner->arena, rz_expr *, total);
    rz_expr **rest = RZ_NEW_ARRAY(planner->arena, rz_expr *, total);
    if (once == NULL || rest == NULL) {
        return rz_error_no_memory(err, "planning a filter");
    }
    uint32_t node = RZ_NO_COLUMN_ID;
    uint32_t once_count = 0;
    uint32_t rest_count = 0;
    for (uint32_t i = 0; i < total; i++) {
        uint32_t column = finish_judged_node(planner, input, plan->u.filter.predicates[i]);
        bool takes = column != RZ_NO_COLUMN_ID && (node == RZ_NO_COLUMN_ID || column == node);
        const rz_table_stats *stats = takes ? rz_plan_stats(planner, rz_plan_type(planner, column)->tables[0]) : NULL;
        if (stats != NULL && input->rows >= JUDGE_MIN_FACTOR * (double)stats->rows) {
            node = column;
            once[once_count++] = plan->u.filter.predicates[i];
        } else {
            rest[rest_count++] = plan->u.filter.predicates[i];
        }
    }
    if (once_count != 0 && rest_count != 0) {
        RZ_TRY(rz_plan_filter(planner, input, once, once_count, 1, &plan->children[0], err));
        plan->children[0]->u.filter.per_node = node;
        plan->children[0]->weighted = input->weighted;
        plan->u.filter.predicates = rest;
        plan->u.filter.count = rest_count;
        return finish_keep(planner, plan->children[0], NULL, err);
    }
    plan->u.filter.per_node = once_count != 0 ? node : RZ_NO_COLUMN_ID;
    return RUZU_OK;
}

static ruzu_status finish_filter(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above, rz_error *err)
{
    plan_set child_need;
    finish_copy_set(planner, need, &child_need);
    rz_plan_set_uses_all(planner, &child_need, plan->u.filter.predicates, plan->u.filter.count);
    RZ_TRY(finish_streaming(planner, plan, &child_need, above, finish_any_volatile(plan->u.filter.predicates, plan->u.filter.count), err));
    RZ_TRY(finish_judge_once(planner, plan, err));
    return finish_keep(planner, plan, need, err);
}

/*
 * The rows that reach a walk are one node each, many more than there are nodes: they become one row a node. Not where only
 * their being there matters (a search that may end early), nor where rows must be told apart.
 */
static ruzu_status finish_collapse(rz_planner *planner, rz_plan **io, finish_above above, rz_error *err)
{
    const rz_plan *child = *io;
    if (!rz_plan_rule(planner, RZ_RULE_COLLAPSE) || !above.weights_ok || above.deferred || above.duplicates_ok || child->column_count != 1 ||
        child->types[0]->id != RUZU_TYPE_NODE || child->types[0]->table_count != 1 ||
        (child->kind != RZ_PLAN_EXPAND && child->kind != RZ_PLAN_INTERSECT && child->kind != RZ_PLAN_EXPAND_INTO &&
         child->kind != RZ_PLAN_DEGREE && child->kind != RZ_PLAN_MESSAGE_APPLY && child->kind != RZ_PLAN_JOIN_FILTER)) {
        return RUZU_OK;
    }
    const rz_table_stats *stats = rz_plan_stats(planner, child->types[0]->tables[0]);
    if (stats == NULL || child->rows < COLLAPSE_MIN_ROWS || child->rows < COLLAPSE_MIN_FACTOR * (double)stats->rows) {
        return RUZU_OK;
    }
    double rows = (double)stats->rows;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_COLLAPSE, *io, NULL, io, err));
    (*io)->rows = rows;
    (*io)->weighted = true;
    return finish_keep(planner, *io, NULL, err);
}

static ruzu_status finish_walk(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                               rz_error *err)
{
    rz_plan_expand *expand = &plan->u.expand;
    plan_set child_need;
    finish_copy_set(planner, need, &child_need);
    rz_plan_set_add(planner, &child_need, expand->from);
    expand->rel = rz_plan_set_has(need, expand->rel) ? expand->rel : RZ_NO_COLUMN_ID;
    if (plan->kind == RZ_PLAN_EXPAND_INTO) {
        rz_plan_set_add(planner, &child_need, expand->to);
    } else {
        expand->to = rz_plan_set_has(need, expand->to) ? expand->to : RZ_NO_COLUMN_ID;
        if (expand->to == RZ_NO_COLUMN_ID && expand->rel == RZ_NO_COLUMN_ID && expand->filter_count == 0 &&
            rz_plan_rule(planner, RZ_RULE_DEGREE)) {
            plan->kind = RZ_PLAN_DEGREE;
        }
    }
    double rows = plan->children[0]->rows;
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, above, err));
    if (plan->kind != RZ_PLAN_EXPAND_INTO) {
        RZ_TRY(finish_collapse(planner, &plan->children[0], above, err));
    }
    plan->rows *= rows > plan->children[0]->rows ? plan->children[0]->rows / rows : 1;
    plan->weighted = plan->children[0]->weighted || plan->kind == RZ_PLAN_DEGREE ||
                     (plan->kind == RZ_PLAN_EXPAND_INTO && expand->rel == RZ_NO_COLUMN_ID && above.weights_ok);
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_except(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                 rz_error *err)
{
    plan_set child_need;
    finish_copy_set(planner, need, &child_need);
    rz_plan_set_add(planner, &child_need, plan->u.except.walk.from);
    for (uint32_t i = 0; i < plan->u.except.other_count; i++) {
        rz_plan_set_add(planner, &child_need, plan->u.except.others[i].from);
    }
    rz_plan_set_columns(planner, &child_need, plan->u.except.nodes, plan->u.except.node_count);
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, above, err));
    plan->weighted = true;
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_message(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    plan_set child_need = {0};
    rz_plan_set_add(planner, &child_need, plan->u.message.key);
    rz_plan_set_uses_all(planner, &child_need, plan->u.message.values, plan->u.message.value_count);
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, (finish_above){.weights_ok = true, .deferred = true}, err));
    plan->column_count = 0;
    return RUZU_OK;
}

static ruzu_status finish_message_apply(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                        rz_error *err)
{
    plan_set child_need;
    rz_plan_message_apply *apply = &plan->u.apply_message;
    if (above.duplicates_ok && !above.deferred && apply->mode == RZ_MESSAGE_INNER && apply->record == RZ_NO_COLUMN_ID && apply->less_child == 0) {
        apply->mode = RZ_MESSAGE_SEMI; /* nobody counts: a number that is too large would only grow on the way up, and be refused there */
    }
    rz_message_mode mode = apply->mode;
    finish_copy_set(planner, need, &child_need);
    rz_plan_set_add(planner, &child_need, plan->u.apply_message.walk.from);
    plan->u.apply_message.deferred = above.deferred || above.duplicates_ok; /* where only which rows there are matters, no number is too large */
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, above, err));
    for (uint32_t i = 1; i < plan->child_count; i++) {
        RZ_TRY(finish_node(planner, &plan->children[i], &child_need, above, err));
    }
    plan->weighted = plan->children[0]->weighted || mode == RZ_MESSAGE_INNER || mode == RZ_MESSAGE_OPTIONAL;
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_intersect(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                    rz_error *err)
{
    plan_set child_need;
    plan_set own_need;
    finish_copy_set(planner, need, &child_need);
    finish_copy_set(planner, need, &own_need);
    if (rz_plan_set_has(need, plan->u.intersect.to) || !above.weights_ok || !rz_plan_rule(planner, RZ_RULE_DEGREE)) {
        rz_plan_set_add(planner, &own_need, plan->u.intersect.to);
    } else {
        plan->u.intersect.to = RZ_NO_COLUMN_ID; /* only counted */
    }
    for (uint32_t i = 0; i < plan->u.intersect.input_count; i++) {
        rz_plan_set_add(planner, &child_need, plan->u.intersect.inputs[i].from);
    }
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, above, err));
    plan->weighted = above.weights_ok || plan->children[0]->weighted;
    return finish_keep(planner, plan, &own_need, err);
}

static ruzu_status finish_triangle(rz_planner *planner, rz_plan *plan, const plan_set *need, rz_error *err)
{
    plan_set child_need = {0};
    rz_plan_set_add(planner, &child_need, plan->u.triangle.expand.from);
    rz_plan_set_add(planner, &child_need, plan->u.triangle.key);
    plan->u.triangle.corner = rz_plan_set_has(need, plan->u.triangle.corner) ? plan->u.triangle.corner : RZ_NO_COLUMN_ID;
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, (finish_above){.weights_ok = true}, err));
    RZ_TRY(finish_collapse(planner, &plan->children[0], (finish_above){.weights_ok = true}, err));
    plan->weighted = true;
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_closed(rz_planner *planner, rz_plan *plan, const plan_set *need, rz_error *err)
{
    plan_set child_need = {0};
    rz_plan_set_add(planner, &child_need, plan->u.triangle.expand.from);
    for (uint32_t i = 0; i < plan->child_count; i++) {
        RZ_TRY(finish_node(planner, &plan->children[i], &child_need, (finish_above){.weights_ok = true, .deferred = true}, err));
    }
    plan->weighted = true;
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_recursive(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                    rz_error *err)
{
    rz_plan_recursive *recursive = &plan->u.recursive;
    const rz_bound_recursive *spec = recursive->spec;
    plan_set child_need;
    plan_set own_need;
    finish_copy_set(planner, need, &child_need);
    finish_copy_set(planner, need, &own_need);
    rz_plan_set_add(planner, &child_need, recursive->from);
    if (recursive->to_bound) {
        rz_plan_set_add(planner, &child_need, recursive->to);
    }
    rz_plan_set_uses_all(planner, &child_need, spec->rel_filters, spec->rel_filter_count);
    rz_plan_set_uses_all(planner, &child_need, spec->node_filters, spec->node_filter_count);
    recursive->path = rz_plan_set_has(need, recursive->path) ? recursive->path : RZ_NO_COLUMN_ID;
    recursive->length = rz_plan_set_has(need, recursive->length) ? recursive->length : RZ_NO_COLUMN_ID;
    recursive->distinct_ends = (above.duplicates_ok || recursive->count_ends) && recursive->path == RZ_NO_COLUMN_ID &&
                               recursive->length == RZ_NO_COLUMN_ID && !rz_plan_set_has(need, spec->cost_column);
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, above, err));
    plan->weighted = (above.weights_ok && (!recursive->distinct_ends || recursive->count_ends)) || plan->children[0]->weighted;
    return finish_keep(planner, plan, &own_need, err);
}

static finish_above finish_above_inner(rz_apply_kind kind, finish_above above)
{
    switch (kind) {
    case RZ_APPLY_OPTIONAL:
    case RZ_APPLY_JOIN: return above;
    case RZ_APPLY_EXISTS:
    case RZ_APPLY_SEMI:
    case RZ_APPLY_ANTI: return (finish_above){.weights_ok = true, .duplicates_ok = true};
    case RZ_APPLY_COUNT: return (finish_above){.weights_ok = true};
    case RZ_APPLY_COLLECT: break;
    }
    return (finish_above){0};
}

/* Adds what every ARGUMENT of an inner plan takes from outside (a UNION has several). */
static void finish_argument_needs(rz_planner *planner, const rz_plan *plan, uint32_t row_number, plan_set *need)
{
    if (plan->kind == RZ_PLAN_ARGUMENT && plan->u.argument.row_number == row_number) {
        for (uint32_t i = 0; i < plan->column_count; i++) {
            if (plan->columns[i] != row_number) {
                rz_plan_set_add(planner, need, plan->columns[i]);
            }
        }
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        finish_argument_needs(planner, plan->children[i], row_number, need);
    }
}

static ruzu_status finish_apply(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                rz_error *err)
{
    rz_apply_kind kind = plan->u.apply.kind;
    bool rows_out = kind == RZ_APPLY_OPTIONAL || kind == RZ_APPLY_JOIN;
    plan_set inner_need = {0};
    plan_set outer_need;
    finish_copy_set(planner, need, &outer_need);
    rz_plan_set_add(planner, &inner_need, plan->u.apply.row_number);
    rz_plan_set_add(planner, &inner_need, plan->u.apply.value);
    for (uint32_t i = 0; i < plan->children[1]->column_count && rows_out; i++) {
        uint32_t column = plan->children[1]->columns[i];
        if (rz_plan_set_has(need, column) && !rz_plan_has_column(plan->children[0], column)) {
            rz_plan_set_add(planner, &inner_need, column);
        }
    }
    RZ_TRY(finish_node(planner, &plan->children[1], &inner_need, finish_above_inner(kind, above), err));
    if (kind == RZ_APPLY_COLLECT || (rows_out && !above.weights_ok)) {
        RZ_TRY(finish_repeat(planner, &plan->children[1], err));
    }
    finish_argument_needs(planner, plan->children[1], plan->u.apply.row_number, &outer_need);
    RZ_TRY(finish_node(planner, &plan->children[0], &outer_need, above, err));
    plan->weighted = plan->children[0]->weighted || (rows_out && plan->children[1]->weighted);
    if (!rz_plan_set_has(need, plan->u.apply.mark)) {
        plan->u.apply.mark = RZ_NO_COLUMN_ID;
    }
    return finish_keep(planner, plan, need, err);
}

static bool finish_ignores_duplicates(const rz_plan *plan)
{
    for (uint32_t i = 0; i < plan->u.aggregate.aggregate_count; i++) {
        const rz_expr *expr = plan->u.aggregate.aggregates[i];
        const char *name = expr->u.aggregate.bound->agg->name;
        if (!expr->u.aggregate.distinct && strcmp(name, "MIN") != 0 && strcmp(name, "MAX") != 0) {
            return false;
        }
    }
    return true;
}

static ruzu_status finish_aggregate(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    plan_set child_need = {0};
    RZ_TRY(rz_plan_count_ends(planner, plan, err));
    rz_plan_set_uses_all(planner, &child_need, plan->u.aggregate.keys, plan->u.aggregate.key_count);
    rz_plan_set_uses_all(planner, &child_need, plan->u.aggregate.aggregates, plan->u.aggregate.aggregate_count);
    bool exact = finish_any_volatile(plan->u.aggregate.keys, plan->u.aggregate.key_count) ||
                 finish_any_volatile(plan->u.aggregate.aggregates, plan->u.aggregate.aggregate_count);
    finish_above below = {.weights_ok = !exact, .duplicates_ok = !exact && finish_ignores_duplicates(plan)};
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, below, err));
    if (exact) {
        RZ_TRY(finish_repeat(planner, &plan->children[0], err));
    }
    return finish_keep(planner, plan, NULL, err);
}

static ruzu_status finish_sort(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                               rz_error *err)
{
    plan_set child_need;
    bool bounded = plan->u.sort.skip != NULL || plan->u.sort.limit != NULL;
    finish_copy_set(planner, need, &child_need);
    for (uint32_t i = 0; i < plan->u.sort.order_count; i++) {
        rz_plan_set_uses(planner, &child_need, plan->u.sort.orders[i].expr);
    }
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need,
                       (finish_above){.duplicates_ok = above.duplicates_ok && !bounded}, err));
    RZ_TRY(finish_repeat(planner, &plan->children[0], err));
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_join(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                               rz_error *err)
{
    plan_set probe_need;
    plan_set build_need;
    RZ_TRY(rz_plan_sieve_join(planner, plan, err));
    RZ_TRY(rz_plan_bound_join(planner, plan, err));
    finish_copy_set(planner, need, &probe_need);
    finish_copy_set(planner, need, &build_need);
    rz_plan_set_uses_all(planner, &probe_need, plan->u.join.probe_keys, plan->u.join.key_count);
    rz_plan_set_uses_all(planner, &build_need, plan->u.join.build_keys, plan->u.join.key_count);
    RZ_TRY(finish_node(planner, &plan->children[0], &probe_need, above, err));
    if (plan->u.join.kind == RZ_JOIN_SEMI || plan->u.join.kind == RZ_JOIN_ANTI) { /* that there is a row is all */
        RZ_TRY(finish_node(planner, &plan->children[1], &build_need,
                           (finish_above){.weights_ok = true, .duplicates_ok = true}, err));
    } else { /* a row of the build side that stands for many is kept once; not within messages, whose numbers may be too large without harm */
        bool weights = above.weights_ok && !above.deferred;
        RZ_TRY(finish_node(planner, &plan->children[1], &build_need,
                           (finish_above){.weights_ok = weights, .duplicates_ok = above.duplicates_ok}, err));
        if (!weights) {
            RZ_TRY(finish_repeat(planner, &plan->children[1], err));
        }
        plan->weighted = plan->children[1]->weighted;
    }
    plan->weighted |= plan->children[0]->weighted;
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_join_filter(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                      rz_error *err)
{
    const rz_plan *join = plan->u.join_filter.join;
    const rz_plan_sieve *sieve = &join->u.join.sieves[plan->u.join_filter.sieve];
    plan_set child_need;
    finish_copy_set(planner, need, &child_need);
    for (uint32_t i = 0; i < sieve->key_count; i++) {
        rz_plan_set_uses(planner, &child_need, join->u.join.probe_keys[sieve->keys[i]]);
    }
    RZ_TRY(finish_streaming(planner, plan, &child_need, above, false, err));
    return finish_keep(planner, plan, need, err);
}

static ruzu_status finish_union(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above,
                                rz_error *err)
{
    uint32_t width = plan->column_count;
    uint32_t *inputs = RZ_NEW_ARRAY(planner->arena, uint32_t, (size_t)width * plan->child_count);
    RZ_TRY_ALLOC(inputs, err, "planning UNION");
    uint32_t kept = 0;
    for (uint32_t c = 0; c < plan->child_count; c++) {
        plan_set child_need = {0};
        for (uint32_t i = 0; i < width; i++) {
            if (rz_plan_set_has(need, plan->columns[i])) {
                inputs[kept] = plan->u.set_union.inputs[c * width + i];
                rz_plan_set_add(planner, &child_need, inputs[kept++]);
            }
        }
        RZ_TRY(finish_node(planner, &plan->children[c], &child_need, above, err));
        plan->weighted |= plan->children[c]->weighted;
    }
    plan->u.set_union.inputs = inputs;
    return finish_keep(planner, plan, need, err);
}

/* ---- writes, result ---- */

static void finish_insert_uses(rz_planner *planner, const rz_bound_create *create, plan_set *need)
{
    const rz_catalog *catalog = planner->context->catalog;
    for (uint32_t i = 0; i < create->node_count; i++) {
        const rz_cat_table *table = rz_catalog_node_table(catalog, create->nodes[i].table);
        rz_plan_set_uses_all(planner, need, create->nodes[i].values, table == NULL ? 0 : table->property_count);
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        const rz_bound_insert_rel *rel = &create->rels[i];
        const rz_cat_table *table =
            rel->pair_count == 0 ? NULL : rz_catalog_rel_of_pair(catalog, rel->pairs[0].id, NULL);
        rz_plan_set_uses_all(planner, need, rel->values, table == NULL ? 0 : table->property_count);
        rz_plan_set_add(planner, need, rel->src_column);
        rz_plan_set_add(planner, need, rel->dst_column);
    }
}

static void finish_set_uses(rz_planner *planner, const rz_bound_set *set, plan_set *need)
{
    for (uint32_t i = 0; i < set->item_count; i++) {
        rz_plan_set_add(planner, need, set->items[i].target);
        rz_plan_set_uses(planner, need, set->items[i].value);
    }
}

static void finish_merge_uses(rz_planner *planner, const rz_plan *plan, plan_set *need)
{
    const rz_bound_merge *merge = plan->u.merge.bound;
    finish_insert_uses(planner, &merge->create, need);
    finish_set_uses(planner, &merge->on_match, need);
    finish_set_uses(planner, &merge->on_create, need);
    rz_plan_set_columns(planner, need, plan->u.merge.keys, plan->u.merge.key_count);
    for (uint32_t i = 0; i < merge->create.node_count; i++) {
        rz_plan_set_add(planner, need, merge->create.nodes[i].column);
    }
    for (uint32_t i = 0; i < merge->create.rel_count; i++) {
        rz_plan_set_add(planner, need, merge->create.rels[i].column);
    }
}

/*
 * Operators that want their rows one by one. A row that comes twice is deleted once: unless somebody above counts rows, DELETE wants to know only which there are – without that
 * the walks of a variable-length pattern would be enumerated for it.
 */
static ruzu_status finish_exact(rz_planner *planner, rz_plan *plan, const plan_set *need, finish_above above, rz_error *err)
{
    plan_set child_need;
    bool passes = plan->kind == RZ_PLAN_DELETE || plan->kind == RZ_PLAN_BARRIER;
    finish_copy_set(planner, need, &child_need);
    if (plan->kind == RZ_PLAN_INSERT) {
        finish_insert_uses(planner, plan->u.insert, &child_need);
    } else if (plan->kind == RZ_PLAN_SET) {
        finish_set_uses(planner, plan->u.set, &child_need);
    } else if (plan->kind == RZ_PLAN_MERGE) {
        finish_merge_uses(planner, plan, &child_need);
    } else if (plan->kind == RZ_PLAN_DELETE) {
        rz_plan_set_columns(planner, &child_need, plan->u.del->columns, plan->u.del->count);
    }
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, (finish_above){.duplicates_ok = passes && above.duplicates_ok}, err));
    RZ_TRY(finish_repeat(planner, &plan->children[0], err));
    return finish_keep(planner, plan, need, err);
}

/* Table functions put out all their columns, and of their input's what is needed. */
static ruzu_status finish_call(rz_planner *planner, rz_plan *plan, const plan_set *need, rz_error *err)
{
    plan_set own_need;
    plan_set child_need;
    finish_copy_set(planner, need, &own_need);
    rz_plan_set_columns(planner, &own_need, plan->u.call->columns, plan->u.call->column_count);
    if (plan->child_count != 0) {
        finish_copy_set(planner, need, &child_need);
        rz_plan_set_uses_all(planner, &child_need, plan->u.call->args, plan->u.call->arg_count);
        RZ_TRY(finish_node(planner, &plan->children[0], &child_need, (finish_above){0}, err));
        RZ_TRY(finish_repeat(planner, &plan->children[0], err));
    }
    return finish_keep(planner, plan, &own_need, err);
}

static const rz_expr *finish_result_column(const rz_expr *expr)
{
    return expr->kind == RZ_EXPR_GRAPH_VALUE ? expr->children[0] : expr;
}

/* Can the projection's expressions stand where its columns are used? Only as whole results. */
static bool finish_can_fold(rz_planner *planner, const rz_plan *plan, const rz_plan *project)
{
    if (project->kind != RZ_PLAN_PROJECT || finish_any_volatile(project->u.project.exprs, project->u.project.count)) {
        return false;
    }
    plan_set inside = {0};
    for (uint32_t i = 0; i < plan->u.result.count; i++) {
        if (finish_result_column(plan->u.result.exprs[i])->kind != RZ_EXPR_COLUMN) {
            rz_plan_set_uses(planner, &inside, plan->u.result.exprs[i]);
        }
    }
    for (uint32_t p = 0; p < project->u.project.count; p++) {
        if (rz_plan_set_has(&inside, project->u.project.columns[p])) {
            return false;
        }
    }
    return true;
}

/* The result evaluates the last projection's expressions itself. */
static ruzu_status finish_fold_projection(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    const rz_plan *project = plan->children[0];
    if (!finish_can_fold(planner, plan, project)) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < plan->u.result.count; i++) {
        rz_expr *expr = plan->u.result.exprs[i];
        bool wrapped = expr->kind == RZ_EXPR_GRAPH_VALUE;
        const rz_expr *column = finish_result_column(expr);
        for (uint32_t p = 0; p < project->u.project.count; p++) {
            if (column->kind != RZ_EXPR_COLUMN || project->u.project.columns[p] != column->u.column) {
                continue;
            }
            rz_expr *inner = project->u.project.exprs[p];
            plan->u.result.exprs[i] =
                wrapped ? rz_expr_new(planner->arena, RZ_EXPR_GRAPH_VALUE, expr->type, &inner, 1) : inner;
            RZ_TRY_ALLOC(plan->u.result.exprs[i], err, "planning a result");
            plan->u.result.exprs[i]->name = inner->name;
            break;
        }
    }
    plan->children[0] = project->children[0]; /* only this one: the one below may be used inside its expressions */
    return RUZU_OK;
}

static ruzu_status finish_result(rz_planner *planner, rz_plan *plan, rz_error *err)
{
    plan_set child_need = {0};
    RZ_TRY(finish_fold_projection(planner, plan, err));
    rz_plan_set_uses_all(planner, &child_need, plan->u.result.exprs, plan->u.result.count);
    bool counts = plan->u.result.count == 0; /* rows are thrown away */
    finish_above below = {.weights_ok = counts, .duplicates_ok = counts && rz_plan_rule(planner, RZ_RULE_COLLAPSE)};
    RZ_TRY(finish_node(planner, &plan->children[0], &child_need, below, err));
    if (!counts) {
        RZ_TRY(finish_repeat(planner, &plan->children[0], err));
    }
    plan->column_count = 0;
    return RUZU_OK;
}

/* ---- dispatch ---- */

static ruzu_status finish_node(rz_planner *planner, rz_plan **io, const plan_set *need, finish_above above,
                               rz_error *err)
{
    rz_plan *plan = *io;
    plan_set child_need;
    RZ_TRY(rz_plan_check(planner, err));
    switch (plan->kind) {
    case RZ_PLAN_NODE_SCAN:
    case RZ_PLAN_FILE_SCAN: return finish_keep(planner, plan, NULL, err);
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT: return finish_keep(planner, plan, need, err);
    case RZ_PLAN_TABLE_FUNCTION: return finish_call(planner, plan, need, err);
    case RZ_PLAN_NODE_LOOKUP:
        finish_copy_set(planner, need, &child_need);
        rz_plan_set_uses(planner, &child_need, plan->u.lookup.key);
        RZ_TRY(finish_streaming(planner, plan, &child_need, above, false, err));
        return finish_keep(planner, plan, need, err);
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_DEGREE: return finish_walk(planner, plan, need, above, err);
    case RZ_PLAN_MESSAGE_APPLY: return finish_message_apply(planner, plan, need, above, err);
    case RZ_PLAN_MESSAGE: return finish_message(planner, plan, err);
    case RZ_PLAN_INTERSECT: return finish_intersect(planner, plan, need, above, err);
    case RZ_PLAN_TRIANGLE: return finish_triangle(planner, plan, need, err);
    case RZ_PLAN_CLOSED: return finish_closed(planner, plan, need, err);
    case RZ_PLAN_COUNT_EXCEPT: return finish_except(planner, plan, need, above, err);
    case RZ_PLAN_RECURSIVE: return finish_recursive(planner, plan, need, above, err);
    case RZ_PLAN_FILTER: return finish_filter(planner, plan, need, above, err);
    case RZ_PLAN_PROJECT: return finish_project(planner, io, need, above, err);
    case RZ_PLAN_UNWIND:
        finish_copy_set(planner, need, &child_need);
        rz_plan_set_uses(planner, &child_need, plan->u.unwind.list);
        RZ_TRY(finish_streaming(planner, plan, &child_need, above, rz_expr_is_volatile(plan->u.unwind.list), err));
        return finish_keep(planner, plan, need, err);
    case RZ_PLAN_LIMIT:
        RZ_TRY(finish_streaming(planner, plan, need, (finish_above){.weights_ok = above.weights_ok}, false, err));
        return finish_keep(planner, plan, need, err);
    case RZ_PLAN_APPLY: return finish_apply(planner, plan, need, above, err);
    case RZ_PLAN_AGGREGATE: return finish_aggregate(planner, plan, err);
    case RZ_PLAN_SORT: return finish_sort(planner, plan, need, above, err);
    case RZ_PLAN_HASH_JOIN: return finish_join(planner, plan, need, above, err);
    case RZ_PLAN_JOIN_FILTER: return finish_join_filter(planner, plan, need, above, err);
    case RZ_PLAN_UNION: return finish_union(planner, plan, need, above, err);
    case RZ_PLAN_BARRIER:
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE:
    case RZ_PLAN_MERGE: return finish_exact(planner, plan, need, above, err);
    case RZ_PLAN_RESULT: return finish_result(planner, plan, err);
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_REUSE:
    case RZ_PLAN_REPEAT: break; /* made by this pass only */
    }
    return rz_error_set(err, RUZU_ERROR_INTERNAL, "a plan node of kind %d where none can be", (int)plan->kind);
}

static void finish_number(rz_plan *plan, const char *const *names, uint32_t name_count, uint32_t *next)
{
    if (plan->kind == RZ_PLAN_MESSAGE && plan->id != 0) {
        return; /* met before, see plan_reuse.c */
    }
    plan->id = (*next)++;
    plan->names = names;
    plan->name_count = name_count;
    for (uint32_t i = 0; i < plan->child_count; i++) {
        finish_number(plan->children[i], names, name_count, next);
    }
}

static bool finish_writes(const rz_plan *plan)
{
    bool writes = plan->kind == RZ_PLAN_INSERT || plan->kind == RZ_PLAN_SET || plan->kind == RZ_PLAN_DELETE || plan->kind == RZ_PLAN_MERGE;
    for (uint32_t i = 0; i < plan->child_count && !writes; i++) {
        writes = finish_writes(plan->children[i]);
    }
    return writes;
}

ruzu_status rz_plan_finish(rz_planner *planner, rz_plan **root, rz_error *err)
{
    plan_set nothing = {0};
    planner->writes = finish_writes(*root);
    RZ_TRY(finish_node(planner, root, &nothing, (finish_above){0}, err));
    RZ_TRY(rz_plan_reuse(planner, *root, err));
    const char **names = RZ_NEW_ARRAY(planner->arena, const char *, planner->columns.count);
    RZ_TRY_ALLOC(names, err, "planning a query");
    for (uint32_t i = 0; i < planner->columns.count; i++) {
        names[i] = planner->columns.items[i].name;
    }
    uint32_t next = 0;
    finish_number(*root, names, planner->columns.count, &next);
    return rz_plan_check(planner, err);
}
