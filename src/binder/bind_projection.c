/* SPDX-License-Identifier: MIT */
/*
 * WITH and RETURN: items, grouping, DISTINCT, ORDER BY, SKIP, LIMIT, and the scope that comes after.
 *
 * Grouping: when any item (or order expression) contains an aggregate, the items without one are the keys. Items are then rewritten over key and aggregate columns:
 * a sub-tree equal to a key becomes the key's column, an aggregate becomes its column, and a column that is neither is an error.
 */
#include "binder/bind.h"

typedef struct projection_state {
    RZ_ARRAY(rz_bound_item) items;
    RZ_ARRAY(const char *) aliases; /* as the next scope knows them; NULL: unaliased expression */
    RZ_ARRAY(rz_bound_item) keys;
    RZ_ARRAY(rz_bound_item) aggregates;
    bind_scope *input_scope;
} projection_state;

static ruzu_status projection_add(rz_binder *binder, projection_state *state, rz_expr *expr, const char *alias, const char *name, rz_error *err)
{
    rz_bound_item item = {.expr = expr, .column = RZ_NO_COLUMN_ID, .name = name};
    return RZ_ARRAY_PUSH(&state->items, binder->arena, item) && RZ_ARRAY_PUSH(&state->aliases, binder->arena, alias)
               ? RUZU_OK
               : rz_error_no_memory(err, "binding a projection");
}

static ruzu_status projection_add_star(rz_binder *binder, projection_state *state, const rz_ast_body *body, rz_error *err)
{
    (void)body;
    uint32_t before = state->items.count;
    for (uint32_t i = 0; i < binder->scope->variables.count; i++) {
        const bind_variable *variable = &binder->scope->variables.items[i];
        rz_expr *expr = NULL;
        if (variable->name == NULL || rz_bind_find_here(binder, variable->name) != variable) {
            continue;
        }
        RZ_TRY(rz_bind_column(binder, variable->name, variable->column, variable->type, &expr, err));
        RZ_TRY(projection_add(binder, state, expr, variable->name, variable->name, err));
    }
    if (state->items.count == before) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "RETURN or WITH * is not allowed when there are no variables in scope.");
    }
    return RUZU_OK;
}

/* v.* : one item per property (or field). */
static ruzu_status projection_add_properties(rz_binder *binder, projection_state *state, const rz_ast_expr *ast, bool is_return, rz_error *err)
{
    rz_expr *object = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &object, err));
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_value_type(binder, object->type, &type, err));
    if (type->id != RUZU_TYPE_NODE && type->id != RUZU_TYPE_REL && type->id != RUZU_TYPE_STRUCT) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "%s has data type %s but (NODE,REL,STRUCT) was expected.", rz_expr_text(object),
                               rz_bind_type_text(binder, type));
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->id != RUZU_TYPE_STRUCT && type->fields[i].name[0] == '_') {
            continue;
        }
        rz_expr *expr = NULL;
        RZ_TRY(rz_bind_property(binder, object, type->fields[i].name, ast->position, &expr, err));
        const char *name = rz_arena_printf(binder->arena, "%s.%s", rz_expr_text(object), type->fields[i].name);
        RZ_TRY_ALLOC(name, err, "binding a projection");
        RZ_TRY(projection_add(binder, state, expr, is_return ? NULL : name, name, err));
    }
    return RUZU_OK;
}

static ruzu_status projection_bind_items(rz_binder *binder, projection_state *state, const rz_ast_body *body, bool is_return, rz_error *err)
{
    if (body->star) {
        RZ_TRY(projection_add_star(binder, state, body, err));
    }
    for (uint32_t i = 0; i < body->item_count; i++) {
        const rz_ast_projection *item = &body->items[i];
        if (item->expr->kind == RZ_AST_EXPR_PROPERTY_STAR) {
            RZ_TRY(projection_add_properties(binder, state, item->expr, is_return, err));
            continue;
        }
        rz_expr *expr = NULL;
        RZ_TRY(rz_bind_expr(binder, item->expr, &expr, err));
        const char *alias = item->alias;
        if (alias == NULL && item->expr->kind == RZ_AST_EXPR_VARIABLE) {
            alias = expr->name;
        }
        if (alias == NULL && !is_return) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, item->expr->position, "Expression in WITH must be aliased (use AS).");
        }
        RZ_TRY(projection_add(binder, state, expr, alias, alias != NULL ? alias : rz_expr_text(expr), err));
    }
    return RUZU_OK;
}

/* ---- grouping ---- */

static bool expr_has_aggregate(const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_AGGREGATE) {
        return true;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (expr_has_aggregate(expr->children[i])) {
            return true;
        }
    }
    return false;
}

static ruzu_status group_aggregate(rz_binder *binder, projection_state *state, rz_expr *expr, rz_expr **out, rz_error *err)
{
    for (uint32_t i = 0; i < state->aggregates.count; i++) {
        if (rz_expr_equal(state->aggregates.items[i].expr, expr)) {
            return rz_bind_column(binder, expr->name, state->aggregates.items[i].column, expr->type, out, err);
        }
    }
    rz_bound_item item = {.expr = expr, .column = rz_bind_new_column(binder), .name = expr->name};
    if (!RZ_ARRAY_PUSH(&state->aggregates, binder->arena, item)) {
        return rz_error_no_memory(err, "binding an aggregate");
    }
    return rz_bind_column(binder, expr->name, item.column, expr->type, out, err);
}

/* What a subquery takes from the clauses before must be there after grouping: whole variables that are keys. */
static ruzu_status group_check_subquery(const projection_state *state, const rz_expr *expr, rz_error *err)
{
    for (uint32_t c = 0; c < expr->u.subquery.outer_count; c++) {
        uint32_t column = expr->u.subquery.outer_columns[c];
        bool is_key = false;
        for (uint32_t i = 0; i < state->keys.count && !is_key; i++) {
            is_key = state->keys.items[i].expr->kind == RZ_EXPR_COLUMN && state->keys.items[i].column == column;
        }
        for (uint32_t i = 0; i < state->input_scope->variables.count && !is_key; i++) {
            const bind_variable *variable = &state->input_scope->variables.items[i];
            if (variable->column == column) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, expr->position, "Variable %s is neither aggregated nor a grouping key.", variable->name);
            }
        }
    }
    return RUZU_OK;
}

/* Rewrites an item over keys and aggregates; lambda parameters stay. */
static ruzu_status group_rewrite(rz_binder *binder, projection_state *state, rz_expr *expr, rz_expr **out, rz_error *err)
{
    *out = expr;
    if (expr->kind == RZ_EXPR_AGGREGATE) {
        return group_aggregate(binder, state, expr, out, err);
    }
    for (uint32_t i = 0; i < state->keys.count; i++) {
        if (rz_expr_equal(state->keys.items[i].expr, expr)) {
            return rz_bind_column(binder, expr->name, state->keys.items[i].column, expr->type, out, err);
        }
    }
    if (expr->kind == RZ_EXPR_COLUMN) {
        uint32_t walk = rz_bind_walk_of_cost(binder, state->input_scope, expr->u.column);
        for (uint32_t i = 0; i < state->keys.count && walk != RZ_NO_COLUMN_ID; i++) {
            const rz_bound_item *key = &state->keys.items[i];
            if (key->expr->kind == RZ_EXPR_COLUMN && key->expr->u.column == walk) { /* the path is a key, so its cost may be one */
                rz_bound_item cost = {.expr = expr, .column = expr->u.column, .name = expr->name};
                return RZ_ARRAY_PUSH(&state->keys, binder->arena, cost) ? RUZU_OK : rz_error_no_memory(err, "binding a group");
            }
        }
        for (uint32_t i = 0; i < state->input_scope->variables.count; i++) {
            if (state->input_scope->variables.items[i].column == expr->u.column || walk != RZ_NO_COLUMN_ID) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, expr->position, "Variable %s is neither aggregated nor a grouping key.", rz_expr_text(expr));
            }
        }
        return RUZU_OK;
    }
    if (expr->kind == RZ_EXPR_SUBQUERY) {
        return group_check_subquery(state, expr, err);
    }
    if (expr->child_count == 0) {
        return RUZU_OK;
    }
    rz_expr *copy = (rz_expr *)rz_arena_dup(binder->arena, expr, sizeof *expr);
    rz_expr **children = RZ_NEW_ARRAY(binder->arena, rz_expr *, expr->child_count);
    if (copy == NULL || children == NULL) {
        return rz_error_no_memory(err, "binding a group");
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        RZ_TRY(group_rewrite(binder, state, expr->children[i], &children[i], err));
    }
    copy->children = children;
    *out = copy;
    return RUZU_OK;
}

static ruzu_status projection_group(rz_binder *binder, projection_state *state, rz_error *err)
{
    for (uint32_t i = 0; i < state->items.count; i++) {
        rz_expr *expr = state->items.items[i].expr;
        if (expr_has_aggregate(expr) || rz_expr_is_constant(expr)) {
            continue;
        }
        bool known = false;
        for (uint32_t k = 0; k < state->keys.count; k++) {
            known |= rz_expr_equal(state->keys.items[k].expr, expr);
        }
        /* A variable keeps its column: paths and patterns behind refer to it. */
        uint32_t column = expr->kind == RZ_EXPR_COLUMN ? expr->u.column : rz_bind_new_column(binder);
        rz_bound_item key = {.expr = expr, .column = column, .name = expr->name};
        if (!known && !RZ_ARRAY_PUSH(&state->keys, binder->arena, key)) {
            return rz_error_no_memory(err, "binding a group");
        }
    }
    for (uint32_t i = 0; i < state->items.count; i++) {
        RZ_TRY(group_rewrite(binder, state, state->items.items[i].expr, &state->items.items[i].expr, err));
    }
    return RUZU_OK;
}

/* ---- order ---- */

/* Sub-trees equal to an item become the item's column; *out_foreign: something else of the input is left. */
static ruzu_status order_rewrite(rz_binder *binder, const projection_state *state, rz_expr *const *originals, rz_expr *expr, rz_expr **out, bool *out_foreign,
                                 rz_error *err)
{
    *out = expr;
    for (uint32_t i = 0; i < state->items.count; i++) {
        if (rz_expr_equal(originals[i], expr)) {
            return rz_bind_column(binder, state->items.items[i].name, state->items.items[i].column, expr->type, out, err);
        }
    }
    if (expr->kind == RZ_EXPR_COLUMN) {
        bool is_item = false;
        for (uint32_t i = 0; i < state->items.count; i++) {
            is_item |= state->items.items[i].column == expr->u.column;
        }
        *out_foreign |= !is_item;
    }
    for (uint32_t c = 0; expr->kind == RZ_EXPR_SUBQUERY && c < expr->u.subquery.outer_count; c++) {
        bool is_item = false;
        for (uint32_t i = 0; i < state->items.count; i++) {
            is_item |= state->items.items[i].column == expr->u.subquery.outer_columns[c];
        }
        *out_foreign |= !is_item;
    }
    if (expr->child_count == 0) {
        return RUZU_OK;
    }
    rz_expr *copy = (rz_expr *)rz_arena_dup(binder->arena, expr, sizeof *expr);
    rz_expr **children = RZ_NEW_ARRAY(binder->arena, rz_expr *, expr->child_count);
    if (copy == NULL || children == NULL) {
        return rz_error_no_memory(err, "binding an order");
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        RZ_TRY(order_rewrite(binder, state, originals, expr->children[i], &children[i], out_foreign, err));
    }
    copy->children = children;
    *out = copy;
    return RUZU_OK;
}

static bool order_type_sortable(const rz_type *type)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: return false;
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY: return order_type_sortable(type->child);
    default: return true;
    }
}

/* Order expressions see the items' aliases first, then (without DISTINCT and grouping) the input. */
static ruzu_status projection_bind_order(rz_binder *binder, projection_state *state, const rz_ast_body *body, rz_expr *const *originals, rz_bound_projection *out,
                                         rz_error *err)
{
    out->orders = RZ_NEW_ARRAY(binder->arena, rz_bound_order, body->order_count);
    RZ_TRY_ALLOC(out->orders, err, "binding an order");
    for (uint32_t i = 0; i < body->order_count; i++) {
        rz_expr *expr = NULL;
        bool foreign = false;
        RZ_TRY(rz_bind_expr(binder, body->orders[i].expr, &expr, err));
        if (!order_type_sortable(expr->type)) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, expr->position, "Cannot order by %s. Order by %s is not supported.", rz_expr_text(expr),
                                   rz_bind_type_text(binder, expr->type));
        }
        RZ_TRY(order_rewrite(binder, state, originals, expr, &expr, &foreign, err));
        if (out->grouped && (foreign || expr_has_aggregate(expr))) {
            RZ_TRY(group_rewrite(binder, state, expr, &expr, err));
        } else if (foreign && body->distinct) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, expr->position, "Cannot order by %s: with DISTINCT only what is returned can be ordered by.",
                                   rz_expr_text(expr));
        }
        rz_ast_nulls nulls = body->orders[i].nulls;
        out->orders[i] = (rz_bound_order){.expr = expr,
                                          .descending = body->orders[i].descending,
                                          .nulls_first = nulls == RZ_AST_NULLS_FIRST || (nulls == RZ_AST_NULLS_DEFAULT && body->orders[i].descending)};
    }
    out->order_count = body->order_count;
    return RUZU_OK;
}

/* ---- skip and limit ---- */

static ruzu_status projection_bind_count(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    if (ast == NULL) {
        return RUZU_OK;
    }
    bind_scope *scope = binder->scope;
    RZ_TRY(rz_bind_scope_new(binder, NULL, &binder->scope, err));
    rz_error ignored;
    rz_error_init(&ignored);
    ruzu_status status = rz_bind_expr(binder, ast, out, &ignored);
    binder->scope = scope;
    if (status == RUZU_ERROR_RUNTIME || status == RUZU_ERROR_NO_MEMORY) {
        return rz_error_copy(err, &ignored);
    }
    if (status != RUZU_OK || !rz_expr_is_constant(*out)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "The number of rows to skip/limit must be a parameter/literal expression.");
    }
    if ((*out)->kind == RZ_EXPR_LITERAL && (!rz_type_is_integer((*out)->type) || ((*out)->type->id == RUZU_TYPE_INT64 && (*out)->u.literal->u.i64 < 0))) {
        return rz_error_set_at(err, RUZU_ERROR_RUNTIME, ast->position, "The number of rows to skip/limit must be a non-negative integer.");
    }
    return RUZU_OK;
}

/* ---- the whole ---- */

static ruzu_status projection_check_names(const projection_state *state, bool is_return, rz_error *err)
{
    for (uint32_t i = 0; i < state->items.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            bool unaliased = state->aliases.items[i] == NULL && state->aliases.items[j] == NULL;
            if ((unaliased || !is_return) && strcmp(state->items.items[i].name, state->items.items[j].name) == 0) {
                return rz_error_set(err, RUZU_ERROR_BINDER, "Multiple result columns with the same name %s are not supported.", state->items.items[i].name);
            }
        }
    }
    return RUZU_OK;
}

/* Gives each item its column: a variable keeps its own unless it stands twice. */
static void projection_number(rz_binder *binder, projection_state *state)
{
    for (uint32_t i = 0; i < state->items.count; i++) {
        rz_bound_item *item = &state->items.items[i];
        bool keeps = item->expr->kind == RZ_EXPR_COLUMN;
        for (uint32_t j = 0; j < i && keeps; j++) {
            keeps = state->items.items[j].column != item->expr->u.column;
        }
        item->column = keeps ? item->expr->u.column : rz_bind_new_column(binder);
    }
}

static ruzu_status projection_scope(rz_binder *binder, const projection_state *state, bind_scope *input, rz_error *err)
{
    RZ_TRY(rz_bind_scope_new(binder, input->outer, &binder->scope, err));
    binder->scope->is_lambda = input->is_lambda;
    binder->scope->outer_columns.items = input->outer_columns.items;
    binder->scope->outer_columns.count = input->outer_columns.count;
    binder->scope->outer_columns.capacity = input->outer_columns.capacity;
    for (uint32_t i = 0; i < state->items.count; i++) {
        if (state->aliases.items[i] != NULL) {
            RZ_TRY(rz_bind_declare(binder, state->aliases.items[i], state->items.items[i].column, state->items.items[i].expr->type, err));
        }
    }
    return RUZU_OK;
}

/* For ORDER BY: the aliases hide the input's names; both are visible, and outer columns are noted in the input's scope. */
static ruzu_status projection_order_scope(rz_binder *binder, const projection_state *state, bind_scope *input, bind_scope **out, rz_error *err)
{
    RZ_TRY(rz_bind_scope_new(binder, input, out, err));
    (*out)->is_lambda = true;
    bind_scope *scope = binder->scope;
    binder->scope = *out;
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < state->items.count && status == RUZU_OK; i++) {
        if (state->aliases.items[i] != NULL) {
            status = rz_bind_declare(binder, state->aliases.items[i], state->items.items[i].column, state->items.items[i].expr->type, err);
        }
    }
    binder->scope = scope;
    return status;
}

static bool body_order_has_aggregate(const rz_ast_expr *ast)
{
    if (ast->kind == RZ_AST_EXPR_FUNCTION && rz_agg_exists(ast->function.name)) {
        return true;
    }
    for (uint32_t i = 0; i < ast->child_count; i++) {
        if (ast->children[i] != NULL && body_order_has_aggregate(ast->children[i])) {
            return true;
        }
    }
    return false;
}

ruzu_status rz_bind_projection(rz_binder *binder, const rz_ast_body *body, bool is_return, rz_bound_projection *out, rz_error *err)
{
    projection_state state = {.input_scope = binder->scope};
    bind_scope *input = binder->scope;
    bool outer_allow = binder->allow_aggregates;
    out->is_return = is_return;
    out->distinct = body->distinct;
    binder->allow_aggregates = true;
    RZ_TRY(projection_bind_items(binder, &state, body, is_return, err));
    RZ_TRY(projection_check_names(&state, is_return, err));
    for (uint32_t i = 0; i < state.items.count; i++) {
        out->grouped |= expr_has_aggregate(state.items.items[i].expr);
    }
    for (uint32_t i = 0; i < body->order_count && !out->grouped; i++) {
        if (body_order_has_aggregate(body->orders[i].expr)) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, body->orders[i].expr->position, "Cannot evaluate expression with type AGGREGATE_FUNCTION.");
        }
    }
    rz_expr **originals = RZ_NEW_ARRAY(binder->arena, rz_expr *, state.items.count);
    RZ_TRY_ALLOC(originals, err, "binding a projection");
    for (uint32_t i = 0; i < state.items.count; i++) {
        originals[i] = state.items.items[i].expr;
    }
    if (out->grouped) {
        RZ_TRY(projection_group(binder, &state, err));
    }
    projection_number(binder, &state);
    bind_scope *order_scope = NULL;
    RZ_TRY(projection_order_scope(binder, &state, input, &order_scope, err));
    binder->scope = order_scope;
    RZ_TRY(projection_bind_order(binder, &state, body, originals, out, err));
    binder->allow_aggregates = outer_allow;
    RZ_TRY(projection_bind_count(binder, body->skip, &out->skip, err));
    RZ_TRY(projection_bind_count(binder, body->limit, &out->limit, err));
    RZ_TRY(projection_scope(binder, &state, input, err));
    out->items = state.items.items;
    out->item_count = state.items.count;
    out->keys = state.keys.items;
    out->key_count = state.keys.count;
    out->aggregates = state.aggregates.items;
    out->aggregate_count = state.aggregates.count;
    if (!is_return) {
        RZ_TRY(rz_bind_walks_pass(binder, input, out, err));
    }
    if (body->where != NULL) {
        bind_exprs predicates = {0};
        RZ_TRY(rz_bind_condition(binder, body->where, &predicates, err));
        out->predicates = predicates.items;
        out->predicate_count = predicates.count;
    }
    return RUZU_OK;
}
