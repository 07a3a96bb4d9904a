/* SPDX-License-Identifier: MIT */
/*
 * What the planner asks of expressions, and the few it makes itself.
 */
#include "planner/build.h"

#include <string.h>

/* ---- questions ---- */

bool rz_plan_has_subquery(const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_SUBQUERY) {
        return true;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (rz_plan_has_subquery(expr->children[i])) {
            return true;
        }
    }
    return false;
}

bool rz_plan_comparison(const rz_expr *expr, rz_compare_op *out_op)
{
    static const struct {
        const char *name;
        rz_compare_op op;
    } names[] = {{"EQUALS", RZ_CMP_EQ},           {"NOT_EQUALS", RZ_CMP_NE},   {"LESS_THAN", RZ_CMP_LT},
                 {"LESS_THAN_EQUALS", RZ_CMP_LE}, {"GREATER_THAN", RZ_CMP_GT}, {"GREATER_THAN_EQUALS", RZ_CMP_GE}};
    if (expr->kind != RZ_EXPR_FUNCTION || expr->child_count != 2) {
        return false;
    }
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(expr->u.function->fn->name, names[i].name) == 0) {
            *out_op = names[i].op;
            return true;
        }
    }
    return false;
}

uint32_t rz_plan_length_of(const rz_expr *expr)
{
    const rz_expr *rels = expr->kind == RZ_EXPR_FUNCTION && expr->child_count == 1 ? expr->children[0] : NULL;
    if (rels == NULL || rels->kind != RZ_EXPR_FIELD || rels->u.field != 1 ||
        rels->children[0]->kind != RZ_EXPR_COLUMN || strcmp(expr->u.function->fn->name, "SIZE") != 0 ||
        expr->type->id != RUZU_TYPE_INT64) {
        return RZ_NO_COLUMN_ID;
    }
    return rels->children[0]->u.column;
}

static rz_compare_op expr_turned(rz_compare_op op)
{
    switch (op) {
    case RZ_CMP_EQ:
    case RZ_CMP_NE: return op;
    case RZ_CMP_LT: return RZ_CMP_GT;
    case RZ_CMP_LE: return RZ_CMP_GE;
    case RZ_CMP_GT: return RZ_CMP_LT;
    case RZ_CMP_GE: return RZ_CMP_LE;
    }
    return op;
}

/* The property of the column that is compared: itself, or an integer one that was widened for the comparison. */
static const rz_expr *expr_property_of(const rz_expr *expr, uint32_t column)
{
    if (expr->kind == RZ_EXPR_CAST && rz_type_is_integer(expr->type) && rz_type_is_integer(expr->children[0]->type)) {
        expr = expr->children[0];
    }
    return expr->kind == RZ_EXPR_PROPERTY && expr->children[0]->kind == RZ_EXPR_COLUMN &&
                   expr->children[0]->u.column == column
               ? expr
               : NULL;
}

/*
 * What the property is compared with, as a value of the property's own type. Where the property was widened, a value
 * that does not fit becomes NULL: no look-up finds it and no zone map is asked, which is right for equality, and for
 * other comparisons leaves the filter alone to decide.
 */
static rz_expr *expr_as_property(rz_planner *planner, const rz_expr *property, rz_expr *other)
{
    if (rz_type_equal(property->type, other->type) || property->type->physical == other->type->physical) {
        return other;
    }
    rz_expr *cast = rz_expr_new(planner->arena, RZ_EXPR_CAST, property->type, &other, 1);
    if (cast == NULL) {
        planner->failed = true;
        return NULL;
    }
    cast->u.try_cast = true;
    cast->name = other->name;
    return cast;
}

const rz_expr *rz_plan_property_comparison(rz_planner *planner, const rz_expr *expr, uint32_t node_column,
                                           rz_compare_op *out_op, rz_expr **out_other)
{
    if (!rz_plan_comparison(expr, out_op)) {
        return NULL;
    }
    for (uint32_t side = 0; side < 2; side++) {
        const rz_expr *property = expr_property_of(expr->children[side], node_column);
        if (property != NULL) {
            *out_other = expr_as_property(planner, property, expr->children[1 - side]);
            *out_op = side == 0 ? *out_op : expr_turned(*out_op);
            return *out_other == NULL ? NULL : property;
        }
    }
    return NULL;
}

static const rz_expr *expr_node_property(const rz_expr *expr)
{
    while (expr->kind == RZ_EXPR_CAST) {
        expr = expr->children[0];
    }
    bool found = expr->kind == RZ_EXPR_PROPERTY && expr->children[0]->kind == RZ_EXPR_COLUMN && expr->children[0]->type->id == RUZU_TYPE_NODE;
    return found ? expr : NULL;
}

/* STARTS WITH, ENDS WITH, CONTAINS of a text property and a constant. */
static bool expr_text_test(const rz_expr *predicate, rz_plan_encoded *out)
{
    static const struct {
        const char *name;
        rz_text_op op;
    } tests[] = {{"STARTS_WITH", RZ_TEXT_STARTS}, {"ENDS_WITH", RZ_TEXT_ENDS}, {"CONTAINS", RZ_TEXT_CONTAINS}};
    bool negated = predicate->kind == RZ_EXPR_NOT;
    const rz_expr *test = negated ? predicate->children[0] : predicate;
    if (test->kind != RZ_EXPR_FUNCTION || test->child_count != 2) {
        return false;
    }
    const rz_expr *property = test->children[0];
    if (property->kind != RZ_EXPR_PROPERTY || property->type->id != RUZU_TYPE_STRING || expr_node_property(property) == NULL ||
        test->children[1]->type->id != RUZU_TYPE_STRING || !rz_expr_is_constant(test->children[1]) || rz_expr_can_fail(test)) {
        return false;
    }
    for (uint32_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (strcmp(test->u.function->fn->name, tests[i].name) == 0) {
            *out = (rz_plan_encoded){.property = property, .text_op = tests[i].op, .negated = negated, .value = test->children[1]};
            return true;
        }
    }
    return false;
}

bool rz_plan_encoded_of(rz_planner *planner, const rz_expr *predicate, rz_plan_encoded *out)
{
    memset(out, 0, sizeof *out);
    if (expr_text_test(predicate, out)) {
        return true;
    }
    bool negated = predicate->kind == RZ_EXPR_NOT;
    const rz_expr *flag = negated ? predicate->children[0] : predicate;
    if (flag->kind == RZ_EXPR_PROPERTY && flag->type->id == RUZU_TYPE_BOOL) {
        out->property = expr_node_property(flag);
        out->op = negated ? RZ_CMP_NE : RZ_CMP_EQ;
        return out->property != NULL;
    }
    if (predicate->kind != RZ_EXPR_FUNCTION || predicate->child_count != 2 || rz_expr_can_fail(predicate)) {
        return false; /* a cast that fails must be seen to fail */
    }
    for (uint32_t side = 0; side < 2; side++) {
        const rz_expr *property = expr_node_property(predicate->children[side]);
        rz_compare_op op;
        rz_expr *value = NULL;
        if (property != NULL && rz_expr_is_constant(predicate->children[1 - side]) &&
            rz_plan_property_comparison(planner, predicate, property->children[0]->u.column, &op, &value) == property &&
            property->type->physical == value->type->physical) {
            *out = (rz_plan_encoded){.property = property, .op = op, .value = value};
            return true;
        }
    }
    return false;
}

const rz_expr *rz_plan_property_in(const rz_expr *expr, uint32_t node_column, rz_expr **out_list,
                                   const rz_type **out_cast)
{
    if (expr->kind != RZ_EXPR_FUNCTION || expr->child_count != 2 ||
        strcmp(expr->u.function->fn->name, "LIST_CONTAINS") != 0 || expr->children[0]->type->id != RUZU_TYPE_LIST) {
        return NULL;
    }
    const rz_expr *property = expr_property_of(expr->children[1], node_column);
    *out_list = expr->children[0];
    *out_cast = NULL;
    if (property != NULL && property->type->physical != expr->children[0]->type->child->physical) {
        *out_cast = property->type;
    }
    return property;
}

bool rz_plan_is_key_of(const rz_planner *planner, const rz_expr *property, uint32_t table_id)
{
    const rz_cat_table *table = rz_catalog_node_table(planner->context->catalog, table_id);
    const rz_type *object = property->children[0]->type;
    for (uint32_t t = 0; table != NULL && t < object->table_count; t++) {
        if (object->tables[t] == table_id) {
            return property->u.property.column_idxs[t] == table->key;
        }
    }
    return false;
}

double rz_plan_expr_cost(const rz_expr *expr)
{
    double cost = 1;
    switch (expr->kind) {
    case RZ_EXPR_LITERAL:
    case RZ_EXPR_PARAMETER:
    case RZ_EXPR_COLUMN: cost = 0; break;
    case RZ_EXPR_PROPERTY:
        cost = expr->type->physical == RZ_PHYS_STRING ? 8 : expr->type->physical >= RZ_PHYS_LIST ? 20 : 3;
        break;
    case RZ_EXPR_FUNCTION:
        cost = expr->child_count != 0 && expr->children[0]->type->physical == RZ_PHYS_STRING ? 10 : 1;
        break;
    case RZ_EXPR_CAST: cost = expr->children[0]->type->physical == RZ_PHYS_STRING ? 20 : 1; break;
    case RZ_EXPR_LIST_LAMBDA:
    case RZ_EXPR_PATH:
    case RZ_EXPR_GRAPH_VALUE: cost = 50; break;
    case RZ_EXPR_SUBQUERY: cost = 200; break;
    case RZ_EXPR_AND:
    case RZ_EXPR_OR:
    case RZ_EXPR_XOR:
    case RZ_EXPR_NOT:
    case RZ_EXPR_IS_NULL:
    case RZ_EXPR_IS_NOT_NULL:
    case RZ_EXPR_CASE:
    case RZ_EXPR_COALESCE:
    case RZ_EXPR_ID:
    case RZ_EXPR_LABEL:
    case RZ_EXPR_START_NODE:
    case RZ_EXPR_END_NODE:
    case RZ_EXPR_FIELD:
    case RZ_EXPR_NEXTVAL:
    case RZ_EXPR_CURRVAL:
    case RZ_EXPR_AGGREGATE: break;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        cost += rz_plan_expr_cost(expr->children[i]);
    }
    return cost;
}

/* ---- making expressions ---- */

ruzu_status rz_plan_call(rz_planner *planner, const char *function, rz_expr **args, uint32_t count, rz_expr **out,
                         rz_error *err)
{
    rz_fn_arg *fn_args = RZ_NEW_ARRAY(planner->arena, rz_fn_arg, count);
    rz_fn_bound *bound = RZ_NEW(planner->arena, rz_fn_bound);
    if (fn_args == NULL || bound == NULL) {
        return rz_error_no_memory(err, "planning a query");
    }
    for (uint32_t i = 0; i < count; i++) {
        fn_args[i].type = args[i]->type;
    }
    RZ_TRY(rz_fn_resolve(function, fn_args, count, planner->arena, bound, err));
    *out = rz_expr_new(planner->arena, RZ_EXPR_FUNCTION, bound->result, args, count);
    RZ_TRY_ALLOC(*out, err, "planning a query");
    (*out)->u.function = bound;
    return RUZU_OK;
}

ruzu_status rz_plan_compare_ids(rz_planner *planner, const char *function, rz_expr *a, rz_expr *b, rz_expr **out,
                                rz_error *err)
{
    rz_expr *objects[2] = {a, b};
    rz_expr *ids[2];
    for (uint32_t i = 0; i < 2; i++) {
        ids[i] = rz_expr_new(planner->arena, RZ_EXPR_ID, rz_type_of(RUZU_TYPE_INTERNAL_ID), &objects[i], 1);
        RZ_TRY_ALLOC(ids[i], err, "planning a query");
        ids[i]->name = rz_arena_printf(planner->arena, "%s._ID", objects[i]->name == NULL ? "" : objects[i]->name);
        RZ_TRY_ALLOC(ids[i]->name, err, "planning a query");
    }
    RZ_TRY(rz_plan_call(planner, function, ids, 2, out, err));
    (*out)->name = rz_arena_printf(planner->arena, "%s(%s,%s)", function, ids[0]->name, ids[1]->name);
    RZ_TRY_ALLOC((*out)->name, err, "planning a query");
    return RUZU_OK;
}

ruzu_status rz_plan_column_expr(rz_planner *planner, uint32_t column, rz_expr **out, rz_error *err)
{
    *out = rz_expr_column(planner->arena, column, rz_plan_type(planner, column));
    RZ_TRY_ALLOC(*out, err, "planning a query");
    (*out)->name = column < planner->columns.count ? planner->columns.items[column].name : NULL;
    return RUZU_OK;
}

ruzu_status rz_plan_null(rz_planner *planner, const rz_type *type, rz_expr **out, rz_error *err)
{
    rz_value value = {.type = type, .is_null = true};
    *out = rz_expr_literal(planner->arena, &value);
    RZ_TRY_ALLOC(*out, err, "planning a query");
    (*out)->name = "NULL";
    return RUZU_OK;
}
