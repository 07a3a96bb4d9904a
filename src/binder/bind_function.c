/* SPDX-License-Identifier: MIT */
/*
 * Function calls: scalar functions, aggregates, macros, lambdas; and comparisons.
 */
#include "binder/bind.h"

/* ---- scalar functions ---- */

ruzu_status rz_bind_call(rz_binder *binder, const char *name, rz_expr **args, const char *const *names, uint32_t count, rz_expr **out, rz_error *err)
{
    rz_fn_arg *fn_args = RZ_NEW_ARRAY(binder->arena, rz_fn_arg, count);
    rz_fn_bound *bound = RZ_NEW(binder->arena, rz_fn_bound);
    rz_expr **cast = RZ_NEW_ARRAY(binder->arena, rz_expr *, count);
    if (fn_args == NULL || bound == NULL || cast == NULL) {
        return rz_error_no_memory(err, "binding a function");
    }
    for (uint32_t i = 0; i < count; i++) {
        const rz_type *open = rz_bind_open_type(binder->arena, args[i]);
        RZ_TRY_ALLOC(open, err, "binding a function");
        fn_args[i].type = args[i]->type;
        fn_args[i].open_list = open->id == RUZU_TYPE_LIST && open->child->id == RUZU_TYPE_ANY;
        fn_args[i].constant = args[i]->kind == RZ_EXPR_LITERAL ? args[i]->u.literal : NULL;
        if (args[i]->kind == RZ_EXPR_PARAMETER) {
            fn_args[i].constant = binder->context->parameters[args[i]->u.parameter].value;
        }
        fn_args[i].named = names != NULL && names[i] != NULL;
        fn_args[i].name = fn_args[i].named                                                            ? names[i]
                          : args[i]->kind == RZ_EXPR_PROPERTY                                          ? args[i]->u.property.name
                          : args[i]->kind == RZ_EXPR_COLUMN && args[i]->name != NULL && *args[i]->name ? args[i]->name
                                                                                                       : NULL;
    }
    RZ_TRY(rz_fn_resolve(name, fn_args, count, binder->arena, bound, err));
    for (uint32_t i = 0; i < count; i++) {
        if (args[i]->kind == RZ_EXPR_PARAMETER && bound->data != NULL && binder->context->values_used != NULL) {
            *binder->context->values_used = true;
        }
        RZ_TRY(rz_bind_cast(binder, args[i], bound->arg_types[i], false, &cast[i], err));
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_FUNCTION, bound->result, cast, count, out, err));
    (*out)->u.function = bound;
    return rz_bind_name(binder, *out, err);
}

/* A constant made of text literals: 'a', $p, ['a', 'b']. */
static bool compare_is_text(const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_LITERAL || expr->kind == RZ_EXPR_PARAMETER) {
        return true;
    }
    bool is_list = expr->kind == RZ_EXPR_FUNCTION && expr->type->id == RUZU_TYPE_LIST && strcmp(expr->u.function->fn->name, "LIST_CREATION") == 0;
    for (uint32_t i = 0; is_list && i < expr->child_count; i++) {
        is_list = compare_is_text(expr->children[i]);
    }
    return is_list;
}

/* Text constants become what they are compared with (dialect §10.2). */
static bool compare_takes_text(const rz_expr *text, const rz_expr *other)
{
    const rz_type *from = text->type;
    const rz_type *to = other->type;
    while (from->id == RUZU_TYPE_LIST && to->physical == RZ_PHYS_LIST && to->id != RUZU_TYPE_MAP) {
        from = from->child;
        to = to->child;
    }
    return from->id == RUZU_TYPE_STRING && to->id != RUZU_TYPE_STRING && to->id != RUZU_TYPE_ANY && compare_is_text(text) &&
           rz_cast_exists(text->type, other->type);
}

ruzu_status rz_bind_compare(rz_binder *binder, const char *name, rz_expr *left, rz_expr *right, rz_expr **out, rz_error *err)
{
    rz_expr *args[2] = {left, right};
    for (uint32_t i = 0; i < 2; i++) {
        if (args[i]->type->id == RUZU_TYPE_NODE || args[i]->type->id == RUZU_TYPE_REL) { /* by internal id */
            RZ_TRY(rz_bind_id(binder, args[i], &args[i], err));
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        const rz_type *open = rz_bind_open_type(binder->arena, args[i]);
        RZ_TRY_ALLOC(open, err, "binding a comparison");
        if (open != args[i]->type && args[1 - i]->type->id != RUZU_TYPE_ANY && rz_type_widens(open, args[1 - i]->type)) {
            RZ_TRY(rz_bind_implicit_cast(binder, args[i], args[1 - i]->type, &args[i], err));
        }
    }
    if (compare_takes_text(args[0], args[1])) {
        RZ_TRY(rz_bind_cast(binder, args[0], args[1]->type, false, &args[0], err));
    } else if (compare_takes_text(args[1], args[0])) {
        RZ_TRY(rz_bind_cast(binder, args[1], args[0]->type, false, &args[1], err));
    }
    return rz_bind_call(binder, name, args, NULL, 2, out, err);
}

/* ---- aggregates ---- */

static ruzu_status function_aggregate(rz_binder *binder, const rz_ast_expr *ast, const char *canonical, rz_expr **out, rz_error *err)
{
    if (binder->inside_aggregate) {
        rz_ast_text text = rz_ast_expr_text(binder->script, ast);
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Expression %.*s contains nested aggregation.", (int)text.length, text.data);
    }
    if (!binder->allow_aggregates) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot evaluate expression with type AGGREGATE_FUNCTION: %s is only possible in RETURN and WITH.",
                               canonical);
    }
    bool star = (ast->flags & RZ_AST_FLAG_STAR) != 0 || (ast->child_count == 0 && rz_name_equal(canonical, "COUNT_STAR"));
    if (ast->child_count > 1 || (ast->child_count == 0 && !star)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Function %s takes one argument, %u were given.", canonical, ast->child_count);
    }
    rz_expr *arg = NULL;
    if (!star) {
        binder->inside_aggregate = true;
        ruzu_status status = rz_bind_expr(binder, ast->children[0], &arg, err);
        binder->inside_aggregate = false;
        RZ_TRY(status);
    }
    rz_agg_bound *bound = RZ_NEW(binder->arena, rz_agg_bound);
    RZ_TRY_ALLOC(bound, err, "binding an aggregate");
    RZ_TRY(rz_agg_resolve(star ? "COUNT_STAR" : canonical, star ? NULL : arg->type, binder->context->options->collect_empty_list, binder->arena, bound, err));
    if (!star && bound->arg_type != NULL) {
        RZ_TRY(rz_bind_cast(binder, arg, bound->arg_type, false, &arg, err));
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_AGGREGATE, bound->result, &arg, star ? 0 : 1, out, err));
    (*out)->u.aggregate.bound = bound;
    (*out)->u.aggregate.distinct = (ast->flags & RZ_AST_FLAG_DISTINCT) != 0;
    return rz_bind_name(binder, *out, err);
}

/* ---- lambdas ---- */

ruzu_status rz_bind_lambda(rz_binder *binder, rz_lambda_kind kind, rz_expr *list, const char *const *params, uint32_t param_count, const rz_ast_expr *body,
                           rz_expr *initial, rz_expr **out, rz_error *err)
{
    const rz_type *list_type = list->type;
    if (list_type->id == RUZU_TYPE_ANY) {
        return rz_bind_literal_null(binder, RZ_ANY, out, err);
    }
    if (list_type->id != RUZU_TYPE_LIST && list_type->id != RUZU_TYPE_ARRAY) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, list->position, "%s has data type %s but LIST was expected.", rz_expr_text(list),
                               rz_bind_type_text(binder, list_type));
    }
    const rz_type *element = list_type->child;
    bool reduce = kind == RZ_LAMBDA_REDUCE;
    if (param_count != (reduce ? 2u : 1u)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, list->position, "The lambda takes %u parameters, %u were given.", reduce ? 2u : 1u, param_count);
    }
    bind_scope *outer = binder->scope;
    uint32_t columns[2] = {rz_bind_new_column(binder), reduce ? rz_bind_new_column(binder) : RZ_NO_COLUMN_ID};
    const rz_type *accumulator = initial != NULL && initial->type->id != RUZU_TYPE_ANY ? initial->type : element;
    RZ_TRY(rz_bind_scope_new(binder, outer, &binder->scope, err));
    binder->scope->is_lambda = true;
    for (uint32_t i = 0; i < param_count; i++) {
        RZ_TRY(rz_bind_declare(binder, params[i], columns[i], reduce && i == 0 ? accumulator : element, err));
    }
    rz_expr *bound_body = NULL;
    ruzu_status status = rz_bind_expr(binder, body, &bound_body, err);
    binder->scope = outer;
    RZ_TRY(status);
    const rz_type *type = RZ_BOOL;
    if (kind == RZ_LAMBDA_TRANSFORM) {
        type = rz_type_list(binder->arena, bound_body->type);
        RZ_TRY_ALLOC(type, err, "binding a lambda");
    } else if (reduce) {
        type = accumulator;
        RZ_TRY(rz_bind_implicit_cast(binder, bound_body, type, &bound_body, err));
    } else {
        RZ_TRY(rz_bind_implicit_cast(binder, bound_body, RZ_BOOL, &bound_body, err));
        if (kind == RZ_LAMBDA_FILTER) {
            type = rz_type_list(binder->arena, element);
            RZ_TRY_ALLOC(type, err, "binding a lambda");
        }
    }
    rz_expr *children[3] = {list, bound_body, initial};
    if (initial != NULL) {
        RZ_TRY(rz_bind_implicit_cast(binder, initial, type, &children[2], err));
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_LIST_LAMBDA, type, children, initial == NULL ? 2 : 3, out, err));
    (*out)->u.lambda.kind = kind;
    (*out)->u.lambda.params[0] = columns[0];
    (*out)->u.lambda.params[1] = columns[1];
    return rz_bind_name(binder, *out, err);
}

typedef struct function_lambda_name {
    const char *name;
    rz_lambda_kind kind;
} function_lambda_name;

/* list_transform(l, x -> e) and its family; *out stays NULL when the call is none of them. */
static ruzu_status function_lambda(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    static const function_lambda_name names[] = {{"list_transform", RZ_LAMBDA_TRANSFORM}, {"array_transform", RZ_LAMBDA_TRANSFORM},
                                                 {"list_filter", RZ_LAMBDA_FILTER},       {"array_filter", RZ_LAMBDA_FILTER},
                                                 {"list_reduce", RZ_LAMBDA_REDUCE},       {"array_reduce", RZ_LAMBDA_REDUCE},
                                                 {"any", RZ_LAMBDA_ANY},                  {"all", RZ_LAMBDA_ALL},
                                                 {"none", RZ_LAMBDA_NONE},                {"single", RZ_LAMBDA_SINGLE}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!rz_name_equal(ast->function.name, names[i].name)) {
            continue;
        }
        if (ast->child_count != 2) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Function %s takes a list and a lambda.", ast->function.name);
        }
        const rz_ast_expr *lambda = ast->children[1];
        rz_expr *list = NULL;
        RZ_TRY(rz_bind_expr(binder, ast->children[0], &list, err));
        if (lambda->kind != RZ_AST_EXPR_LAMBDA) {
            rz_expr *other = NULL;
            RZ_TRY(rz_bind_expr(binder, lambda, &other, err));
            return rz_error_set_at(err, RUZU_ERROR_BINDER, lambda->position, "The second argument of %s should be a lambda expression but got %s.",
                                   rz_fn_canonical_name(ast->function.name) == NULL ? ast->function.name : rz_fn_canonical_name(ast->function.name),
                                   rz_bind_type_text(binder, other->type));
        }
        return rz_bind_lambda(binder, names[i].kind, list, lambda->lambda.params, lambda->lambda.param_count, lambda->children[0], NULL, out, err);
    }
    return RUZU_OK;
}

/* ---- COALESCE and its family: evaluated lazily ---- */

static ruzu_status function_coalesce(rz_binder *binder, rz_expr **args, uint32_t count, rz_expr **out, rz_error *err)
{
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_unify(binder, args, count, &type, err));
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_COALESCE, type, args, count, out, err));
    return rz_bind_name(binder, *out, err);
}

/* nullif(a, b) is CASE WHEN a = b THEN NULL ELSE a END */
static ruzu_status function_nullif(rz_binder *binder, rz_expr **args, rz_expr **out, rz_error *err)
{
    rz_expr *parts[3];
    RZ_TRY(rz_bind_compare(binder, "EQUALS", args[0], args[1], &parts[0], err));
    RZ_TRY(rz_bind_literal_null(binder, args[0]->type, &parts[1], err));
    parts[2] = args[0];
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_CASE, args[0]->type, parts, 3, out, err));
    return rz_bind_name(binder, *out, err);
}

static ruzu_status function_cast(rz_binder *binder, const rz_ast_expr *ast, rz_expr **args, rz_expr **out, rz_error *err)
{
    if (args[1]->kind != RZ_EXPR_LITERAL || args[1]->type->id != RUZU_TYPE_STRING) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Second parameter of CAST function must be a literal.");
    }
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_type_name(binder, args[1]->u.literal->u.text.data, (size_t)args[1]->u.literal->u.text.length, &type, err));
    bool graph_text = type->id == RUZU_TYPE_STRING && rz_type_has_graph_ref(args[0]->type);
    if (args[0]->type->id != RUZU_TYPE_ANY && !graph_text && !rz_type_equal(args[0]->type, type) && !rz_cast_exists(args[0]->type, type)) {
        return rz_error_set_at(err, RUZU_ERROR_CONVERSION, ast->position, "Unsupported casting function from %s to %s.",
                               rz_bind_type_text(binder, args[0]->type), rz_bind_type_text(binder, type));
    }
    return rz_bind_cast(binder, args[0], type, false, out, err);
}

/* nextval('s'), currval('s') */
static ruzu_status function_sequence(rz_binder *binder, rz_expr_kind kind, rz_expr *name, rz_expr **out, rz_error *err)
{
    RZ_TRY(rz_bind_implicit_cast(binder, name, RZ_STRING, &name, err));
    RZ_TRY(rz_bind_new(binder, kind, RZ_INT64, &name, 1, out, err));
    binder->uses_nextval |= kind == RZ_EXPR_NEXTVAL;
    return rz_bind_name(binder, *out, err);
}

/* ---- macros ---- */

/* Binds the body with the parameters as variables standing for the arguments. */
static ruzu_status function_macro(rz_binder *binder, const rz_ast_expr *ast, const rz_cat_macro *macro, rz_expr **out, rz_error *err);

/* Replaces parameter columns of a macro's bound body by the arguments. */
static ruzu_status macro_substitute(rz_binder *binder, rz_expr *expr, uint32_t first_column, rz_expr **args, uint32_t count, rz_expr **out, rz_error *err)
{
    *out = expr;
    if (expr->kind == RZ_EXPR_COLUMN && expr->u.column >= first_column && expr->u.column < first_column + count) {
        *out = args[expr->u.column - first_column];
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        RZ_TRY(macro_substitute(binder, expr->children[i], first_column, args, count, &expr->children[i], err));
    }
    return expr->child_count == 0 || expr->kind == RZ_EXPR_COLUMN ? RUZU_OK : rz_bind_name(binder, expr, err);
}

static ruzu_status function_macro(rz_binder *binder, const rz_ast_expr *ast, const rz_cat_macro *macro, rz_expr **out, rz_error *err)
{
    if (++binder->macro_depth > 64) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Macro %s expands more than 64 levels deep.", macro->name);
    }
    rz_ast_script *script = NULL;
    RZ_TRY(rz_parse(macro->text, strlen(macro->text), binder->arena, NULL, &script, err));
    const rz_ast_create_macro *definition = &script->statements[0]->create_macro;
    uint32_t count = definition->param_count;
    rz_expr **args = RZ_NEW_ARRAY(binder->arena, rz_expr *, count);
    RZ_TRY_ALLOC(args, err, "expanding a macro");
    bool fits = ast->child_count <= count;
    for (uint32_t i = 0; i < count && fits; i++) {
        if (i < ast->child_count) {
            RZ_TRY(rz_bind_expr(binder, ast->children[i], &args[i], err));
        } else if (definition->defaults[i] != NULL) {
            RZ_TRY(rz_bind_expr(binder, definition->defaults[i], &args[i], err));
        } else {
            fits = false;
        }
    }
    if (!fits) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Invalid number of arguments for macro %s.", macro->name);
    }
    bind_scope *outer = binder->scope;
    uint32_t first_column = binder->column_count;
    RZ_TRY(rz_bind_scope_new(binder, NULL, &binder->scope, err));
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_bind_declare(binder, definition->params[i], rz_bind_new_column(binder), args[i]->type, err));
    }
    const rz_ast_script *outer_script = binder->script;
    binder->script = script;
    rz_expr *body = NULL;
    ruzu_status status = rz_bind_expr(binder, definition->body, &body, err);
    binder->script = outer_script;
    binder->scope = outer;
    binder->macro_depth--;
    RZ_TRY(status);
    return macro_substitute(binder, body, first_column, args, count, out, err);
}

/* ---- dispatch ---- */

/* Also a table function's name: said so, as Kuzu does. */
static ruzu_status function_unknown(rz_binder *binder, const rz_ast_expr *ast, rz_error *err)
{
    const char *const *names = NULL;
    const rz_type *const *types = NULL;
    uint32_t count = 0;
    bool standalone = false;
    rz_error refused;
    rz_fn_bound none;
    rz_error_init(&refused);
    char *lower = rz_arena_strdup(binder->arena, ast->function.name);
    char *upper = rz_arena_strdup(binder->arena, ast->function.name);
    if (lower == NULL || upper == NULL) {
        return rz_error_no_memory(err, "binding a function");
    }
    for (size_t i = 0; lower[i] != '\0'; i++) {
        lower[i] = rz_ascii_lower(lower[i]);
        upper[i] = rz_ascii_upper(upper[i]);
    }
    if (binder->context->table_function != NULL &&
        binder->context->table_function(binder->context->user, lower, NULL, NULL, 0, binder->arena, &names, &types, &count, &standalone, &refused) !=
            RUZU_ERROR_CATALOG) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position,
                               "%s is a TABLE_FUNCTION_ENTRY. Scalar function, aggregate function or macro was expected.", upper);
    }
    return rz_fn_resolve(ast->function.name, NULL, 0, binder->arena, &none, err);
}

ruzu_status rz_bind_function(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    *out = NULL;
    const char *name = ast->function.name;
    const rz_cat_macro *macro = rz_catalog_find_macro(binder->context->catalog, name);
    if (macro != NULL) {
        return function_macro(binder, ast, macro, out, err);
    }
    RZ_TRY(function_lambda(binder, ast, out, err));
    if (*out != NULL) {
        return RUZU_OK;
    }
    if (!rz_fn_exists(name) && !rz_agg_exists(name)) {
        return function_unknown(binder, ast, err);
    }
    if (rz_agg_exists(name)) {
        return function_aggregate(binder, ast, rz_agg_canonical_name(name), out, err);
    }
    rz_expr **args = RZ_NEW_ARRAY(binder->arena, rz_expr *, ast->child_count);
    RZ_TRY_ALLOC(args, err, "binding a function");
    for (uint32_t i = 0; i < ast->child_count; i++) {
        RZ_TRY(rz_bind_expr(binder, ast->children[i], &args[i], err));
    }
    if (rz_name_equal(name, "coalesce") || (rz_name_equal(name, "ifnull") && ast->child_count == 2)) {
        if (ast->child_count == 0) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "COALESCE requires at least one argument");
        }
        return function_coalesce(binder, args, ast->child_count, out, err);
    }
    if (rz_name_equal(name, "nullif") && ast->child_count == 2) {
        return function_nullif(binder, args, out, err);
    }
    if (rz_name_equal(name, "cast") && ast->child_count == 2) {
        return function_cast(binder, ast, args, out, err);
    }
    if ((rz_name_equal(name, "nextval") || rz_name_equal(name, "currval")) && ast->child_count == 1) {
        return function_sequence(binder, rz_name_equal(name, "nextval") ? RZ_EXPR_NEXTVAL : RZ_EXPR_CURRVAL, args[0], out, err);
    }
    if (rz_name_equal(name, "typeof") && ast->child_count == 1) {
        const char *type = args[0]->type->id == RUZU_TYPE_ANY ? "NULL" : rz_bind_type_copy(binder, args[0]->type);
        RZ_TRY_ALLOC(type, err, "binding typeof");
        return rz_bind_literal_string(binder, type, out, err);
    }
    RZ_TRY(rz_bind_graph_function(binder, ast, rz_fn_canonical_name(name), args, ast->child_count, out, err));
    if (*out != NULL) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < ast->child_count; i++) { /* functions see graph values as structs */
        if (rz_type_has_graph_ref(args[i]->type) && !(args[i]->type->physical == RZ_PHYS_LIST)) {
            RZ_TRY(rz_bind_to_value(binder, args[i], &args[i], err));
        }
    }
    return rz_bind_call(binder, name, args, ast->function.arg_names, ast->child_count, out, err);
}
