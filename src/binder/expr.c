/* SPDX-License-Identifier: MIT */
/*
 * Bound expressions: construction, equality, properties of trees.
 */
#include "binder/bind.h"

rz_expr *rz_expr_new(rz_arena *arena, rz_expr_kind kind, const rz_type *type, rz_expr *const *children, uint32_t child_count)
{
    rz_expr *expr = RZ_NEW(arena, rz_expr);
    if (expr == NULL) {
        return NULL;
    }
    expr->kind = kind;
    expr->type = type;
    expr->position = RZ_ERROR_NO_POSITION;
    expr->child_count = child_count;
    if (child_count != 0) {
        expr->children = (rz_expr **)rz_arena_dup(arena, children, child_count * sizeof *children);
        if (expr->children == NULL) {
            return NULL;
        }
    }
    return expr;
}

rz_expr *rz_expr_column(rz_arena *arena, uint32_t column, const rz_type *type)
{
    rz_expr *expr = rz_expr_new(arena, RZ_EXPR_COLUMN, type, NULL, 0);
    if (expr != NULL) {
        expr->u.column = column;
    }
    return expr;
}

rz_expr *rz_expr_literal(rz_arena *arena, const rz_value *value)
{
    rz_expr *expr = rz_expr_new(arena, RZ_EXPR_LITERAL, value->type, NULL, 0);
    rz_value *copy = (rz_value *)rz_arena_dup(arena, value, sizeof *value);
    if (expr == NULL || copy == NULL) {
        return NULL;
    }
    expr->u.literal = copy;
    return expr;
}

static bool expr_payload_equal(const rz_expr *a, const rz_expr *b)
{
    switch (a->kind) {
    case RZ_EXPR_LITERAL:
        return a->u.literal->is_null == b->u.literal->is_null && (a->u.literal->is_null || rz_value_equal(a->u.literal, b->u.literal));
    case RZ_EXPR_PARAMETER: return a->u.parameter == b->u.parameter;
    case RZ_EXPR_COLUMN: return a->u.column == b->u.column;
    case RZ_EXPR_FUNCTION: {
        const rz_fn *fn = a->u.function->fn;
        if (fn != b->u.function->fn || (fn->flags & RZ_FN_VOLATILE) != 0) {
            return false;
        }
        /* Bind data comes from constant arguments and types, which are compared as children and type. */
        return true;
    }
    case RZ_EXPR_CAST: return a->u.try_cast == b->u.try_cast;
    case RZ_EXPR_PROPERTY: return rz_name_equal(a->u.property.name, b->u.property.name);
    case RZ_EXPR_LIST_LAMBDA: return false;
    case RZ_EXPR_AGGREGATE: return a->u.aggregate.bound->agg == b->u.aggregate.bound->agg && a->u.aggregate.distinct == b->u.aggregate.distinct;
    case RZ_EXPR_FIELD: return a->u.field == b->u.field;
    case RZ_EXPR_NEXTVAL:
    case RZ_EXPR_CURRVAL:
    case RZ_EXPR_SUBQUERY: return false;
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
    case RZ_EXPR_PATH:
    case RZ_EXPR_GRAPH_VALUE: break;
    }
    return true;
}

bool rz_expr_equal(const rz_expr *a, const rz_expr *b)
{
    if (a == b) {
        return !rz_expr_is_volatile(a);
    }
    if (a->kind != b->kind || a->child_count != b->child_count || !rz_type_equal(a->type, b->type) || !expr_payload_equal(a, b)) {
        return false;
    }
    for (uint32_t i = 0; i < a->child_count; i++) {
        if (!rz_expr_equal(a->children[i], b->children[i])) {
            return false;
        }
    }
    return true;
}

bool rz_expr_is_constant(const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_COLUMN || expr->kind == RZ_EXPR_AGGREGATE || expr->kind == RZ_EXPR_SUBQUERY || expr->kind == RZ_EXPR_NEXTVAL ||
        expr->kind == RZ_EXPR_CURRVAL || expr->kind == RZ_EXPR_LIST_LAMBDA ||
        (expr->kind == RZ_EXPR_FUNCTION && (expr->u.function->fn->flags & RZ_FN_VOLATILE) != 0)) {
        return false;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (!rz_expr_is_constant(expr->children[i])) {
            return false;
        }
    }
    return true;
}

bool rz_expr_is_volatile(const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_NEXTVAL || (expr->kind == RZ_EXPR_FUNCTION && (expr->u.function->fn->flags & RZ_FN_VOLATILE) != 0)) {
        return true;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (rz_expr_is_volatile(expr->children[i])) {
            return true;
        }
    }
    return false;
}

/* Casts between numbers that lose no magnitude, and to text, never fail. */
static bool expr_cast_is_safe(const rz_type *from, const rz_type *to)
{
    if (to->id == RUZU_TYPE_STRING) {
        return true;
    }
    return rz_type_is_numeric(from) && rz_type_is_numeric(to) && from->id != RUZU_TYPE_DECIMAL && to->id != RUZU_TYPE_DECIMAL && rz_type_widens(from, to);
}

bool rz_expr_can_fail(const rz_expr *expr)
{
    bool itself = false;
    switch (expr->kind) {
    case RZ_EXPR_CAST: itself = !expr->u.try_cast && !expr_cast_is_safe(expr->children[0]->type, expr->type); break;
    case RZ_EXPR_FUNCTION: itself = (expr->u.function->fn->flags & RZ_FN_CAN_FAIL) != 0; break;
    case RZ_EXPR_LIST_LAMBDA: itself = expr->u.lambda.kind == RZ_LAMBDA_REDUCE; break;
    case RZ_EXPR_NEXTVAL:
    case RZ_EXPR_CURRVAL: itself = true; break;
    case RZ_EXPR_SUBQUERY: /* a pattern only: what can fail in it is caught row by row, where it stands */
    case RZ_EXPR_LITERAL:
    case RZ_EXPR_PARAMETER:
    case RZ_EXPR_COLUMN:
    case RZ_EXPR_AND:
    case RZ_EXPR_OR:
    case RZ_EXPR_XOR:
    case RZ_EXPR_NOT:
    case RZ_EXPR_IS_NULL:
    case RZ_EXPR_IS_NOT_NULL:
    case RZ_EXPR_CASE:
    case RZ_EXPR_COALESCE:
    case RZ_EXPR_PROPERTY:
    case RZ_EXPR_ID:
    case RZ_EXPR_LABEL:
    case RZ_EXPR_START_NODE:
    case RZ_EXPR_END_NODE:
    case RZ_EXPR_PATH:
    case RZ_EXPR_FIELD:
    case RZ_EXPR_GRAPH_VALUE:
    case RZ_EXPR_AGGREGATE: break;
    }
    for (uint32_t i = 0; i < expr->child_count && !itself; i++) {
        itself = rz_expr_can_fail(expr->children[i]);
    }
    return itself;
}

typedef struct expr_lambda_filter {
    const rz_expr *lambda;
    void (*fn)(void *user, uint32_t column);
    void *user;
} expr_lambda_filter;

static void expr_skip_params(void *user, uint32_t column)
{
    const expr_lambda_filter *filter = (const expr_lambda_filter *)user;
    if (column != filter->lambda->u.lambda.params[0] && column != filter->lambda->u.lambda.params[1]) {
        filter->fn(filter->user, column);
    }
}

void rz_expr_each_column(const rz_expr *expr, void (*fn)(void *user, uint32_t column), void *user)
{
    if (expr->kind == RZ_EXPR_COLUMN) {
        fn(user, expr->u.column);
    }
    if (expr->kind == RZ_EXPR_SUBQUERY) {
        for (uint32_t i = 0; i < expr->u.subquery.outer_count; i++) {
            fn(user, expr->u.subquery.outer_columns[i]);
        }
    }
    expr_lambda_filter filter = {.lambda = expr, .fn = fn, .user = user};
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (expr->kind == RZ_EXPR_LIST_LAMBDA && i == 1) {
            rz_expr_each_column(expr->children[i], expr_skip_params, &filter);
        } else {
            rz_expr_each_column(expr->children[i], fn, user);
        }
    }
}

/* ---- construction with errors ---- */

ruzu_status rz_bind_new(rz_binder *binder, rz_expr_kind kind, const rz_type *type, rz_expr *const *children, uint32_t child_count, rz_expr **out, rz_error *err)
{
    *out = rz_expr_new(binder->arena, kind, type, children, child_count);
    RZ_TRY_ALLOC(*out, err, "binding an expression");
    return RUZU_OK;
}

const char *rz_expr_text(const rz_expr *expr)
{
    return expr->name == NULL ? "expression" : expr->name;
}

/* NAME(arg,arg,…) */
static const char *name_call(rz_binder *binder, const char *name, const rz_expr *expr, uint32_t first)
{
    rz_str text;
    rz_str_init(&text, binder->arena->mem);
    rz_str_append_format(&text, "%s(", name);
    for (uint32_t i = first; i < expr->child_count; i++) {
        rz_str_append_text(&text, i == first ? "" : ",");
        rz_str_append_text(&text, rz_expr_text(expr->children[i]));
    }
    rz_str_append_char(&text, ')');
    const char *copy = text.failed ? NULL : rz_arena_strndup(binder->arena, text.data, text.length);
    rz_str_free(&text);
    return copy;
}

static const char *name_case(rz_binder *binder, const rz_expr *expr)
{
    rz_str text;
    rz_str_init(&text, binder->arena->mem);
    rz_str_append_text(&text, "CASE");
    uint32_t i = 0;
    for (; i + 1 < expr->child_count; i += 2) {
        rz_str_append_format(&text, " WHEN %s THEN %s", rz_expr_text(expr->children[i]), rz_expr_text(expr->children[i + 1]));
    }
    if (i < expr->child_count) {
        rz_str_append_format(&text, " ELSE %s", rz_expr_text(expr->children[i]));
    }
    const char *copy = text.failed ? NULL : rz_arena_strndup(binder->arena, text.data, text.length);
    rz_str_free(&text);
    return copy;
}

static const char *name_literal(rz_binder *binder, const rz_value *value)
{
    rz_str text;
    rz_str_init(&text, binder->arena->mem);
    if (!value->is_null) {
        rz_text_append_value(value, &text);
    }
    const char *copy = text.failed ? NULL : rz_arena_strndup(binder->arena, rz_str_text(&text), text.length);
    rz_str_free(&text);
    return copy;
}

ruzu_status rz_bind_name(rz_binder *binder, rz_expr *expr, rz_error *err)
{
    rz_arena *arena = binder->arena;
    switch (expr->kind) {
    case RZ_EXPR_LITERAL: expr->name = name_literal(binder, expr->u.literal); break;
    case RZ_EXPR_PARAMETER: expr->name = rz_arena_printf(arena, "$%s", binder->context->parameters[expr->u.parameter].name); break;
    case RZ_EXPR_COLUMN: expr->name = expr->name == NULL ? "" : expr->name; break;
    case RZ_EXPR_FUNCTION: expr->name = name_call(binder, expr->u.function->fn->name, expr, 0); break;
    case RZ_EXPR_CAST: {
        const char *type = rz_bind_type_copy(binder, expr->type);
        expr->name = type == NULL ? NULL : rz_arena_printf(arena, "CAST(%s, %s)", rz_expr_text(expr->children[0]), type);
        break;
    }
    case RZ_EXPR_AND: expr->name = name_call(binder, "AND", expr, 0); break;
    case RZ_EXPR_OR: expr->name = name_call(binder, "OR", expr, 0); break;
    case RZ_EXPR_XOR: expr->name = name_call(binder, "XOR", expr, 0); break;
    case RZ_EXPR_NOT: expr->name = name_call(binder, "NOT", expr, 0); break;
    case RZ_EXPR_IS_NULL: expr->name = name_call(binder, "IS_NULL", expr, 0); break;
    case RZ_EXPR_IS_NOT_NULL: expr->name = name_call(binder, "IS_NOT_NULL", expr, 0); break;
    case RZ_EXPR_CASE: expr->name = name_case(binder, expr); break;
    case RZ_EXPR_COALESCE: expr->name = name_call(binder, "COALESCE", expr, 0); break;
    case RZ_EXPR_PROPERTY: expr->name = rz_arena_printf(arena, "%s.%s", rz_expr_text(expr->children[0]), expr->u.property.name); break;
    case RZ_EXPR_ID: expr->name = rz_arena_printf(arena, "%s._ID", rz_expr_text(expr->children[0])); break;
    case RZ_EXPR_LABEL: expr->name = name_call(binder, "LABEL", expr, 0); break;
    case RZ_EXPR_START_NODE: expr->name = name_call(binder, "START_NODE", expr, 0); break;
    case RZ_EXPR_END_NODE: expr->name = name_call(binder, "END_NODE", expr, 0); break;
    case RZ_EXPR_PATH: expr->name = name_call(binder, "PATH", expr, 0); break;
    case RZ_EXPR_FIELD: expr->name = rz_arena_printf(arena, "%s(%s)", expr->u.field == 0 ? "NODES" : "RELS", rz_expr_text(expr->children[0])); break;
    case RZ_EXPR_LIST_LAMBDA: expr->name = rz_arena_printf(arena, "LAMBDA(%s)", rz_expr_text(expr->children[0])); break;
    case RZ_EXPR_GRAPH_VALUE: expr->name = expr->children[0]->name; break;
    case RZ_EXPR_NEXTVAL: expr->name = name_call(binder, "NEXTVAL", expr, 0); break;
    case RZ_EXPR_CURRVAL: expr->name = name_call(binder, "CURRVAL", expr, 0); break;
    case RZ_EXPR_AGGREGATE: {
        const char *name = expr->u.aggregate.bound->agg->name;
        expr->name = expr->child_count == 0 ? rz_arena_printf(arena, "%s()", name)
                                            : rz_arena_printf(arena, "%s(%s%s)", name, expr->u.aggregate.distinct ? "DISTINCT " : "", rz_expr_text(expr->children[0]));
        break;
    }
    case RZ_EXPR_SUBQUERY: break; /* its source text, set where it is bound */
    }
    return expr->name == NULL && expr->kind != RZ_EXPR_SUBQUERY ? rz_error_no_memory(err, "naming a column") : RUZU_OK;
}
