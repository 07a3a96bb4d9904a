/* SPDX-License-Identifier: MIT */
/*
 * Queries: clauses in order, UNION, subqueries.
 */
#include "binder/bind.h"

static ruzu_status query_match(rz_binder *binder, const rz_ast_match *ast, rz_bound_match *out, rz_error *err)
{
    out->optional = ast->optional;
    RZ_TRY(rz_bind_pattern(binder, ast->paths, ast->path_count, ast->where, out, err));
    return ast->hint == NULL ? RUZU_OK : rz_bind_hint(binder, ast->hint, &out->pattern, &out->hint, err);
}

static ruzu_status query_unwind(rz_binder *binder, const rz_ast_unwind *ast, rz_bound_unwind *out, rz_error *err)
{
    RZ_TRY(rz_bind_expr(binder, ast->list, &out->list, err));
    const rz_type *type = out->list->type;
    if (type->id == RUZU_TYPE_ANY) { /* UNWIND NULL: no rows */
        const rz_type *list = rz_type_list(binder->arena, RZ_ANY);
        RZ_TRY_ALLOC(list, err, "binding UNWIND");
        RZ_TRY(rz_bind_literal_null(binder, list, &out->list, err));
        type = list;
    }
    if (type->id != RUZU_TYPE_LIST && type->id != RUZU_TYPE_ARRAY) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->list->position, "%s has data type %s but LIST was expected.", rz_expr_text(out->list),
                               rz_bind_type_text(binder, type));
    }
    if (rz_bind_find_here(binder, ast->variable) != NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->list->position, "Variable %s already exists.", ast->variable);
    }
    out->column = rz_bind_new_column(binder);
    return rz_bind_declare(binder, ast->variable, out->column, type->child, err);
}

/* ---- table functions ---- */

ruzu_status rz_bind_call_clause(rz_binder *binder, const rz_ast_call *ast, rz_bound_call *out, const char *const **out_names, bool *out_standalone, rz_error *err)
{
    const rz_ast_expr *function = ast->function;
    rz_expr **args = RZ_NEW_ARRAY(binder->arena, rz_expr *, function->child_count);
    const rz_value **values = RZ_NEW_ARRAY(binder->arena, const rz_value *, function->child_count);
    if (args == NULL || values == NULL) {
        return rz_error_no_memory(err, "binding a table function");
    }
    for (uint32_t i = 0; i < function->child_count; i++) {
        RZ_TRY(rz_bind_expr(binder, function->children[i], &args[i], err));
        values[i] = args[i]->kind == RZ_EXPR_LITERAL     ? args[i]->u.literal
                    : args[i]->kind == RZ_EXPR_PARAMETER ? binder->context->parameters[args[i]->u.parameter].value
                                                         : NULL;
        if (args[i]->kind == RZ_EXPR_PARAMETER && binder->context->values_used != NULL) {
            *binder->context->values_used = true;
        }
    }
    char *name = rz_arena_strdup(binder->arena, function->function.name);
    RZ_TRY_ALLOC(name, err, "binding a table function");
    for (char *c = name; *c != '\0'; c++) {
        *c = rz_ascii_lower(*c);
    }
    out->function = name;
    out->args = args;
    out->arg_count = function->child_count;
    if (binder->context->table_function == NULL) {
        return rz_error_set_at(err, RUZU_ERROR_CATALOG, function->position, "function %s does not exist.", function->function.name);
    }
    RZ_TRY(binder->context->table_function(binder->context->user, name, values, function->function.arg_names, function->child_count, binder->arena, out_names,
                                           &out->types, &out->column_count, out_standalone, err));
    uint32_t *columns = RZ_NEW_ARRAY(binder->arena, uint32_t, out->column_count);
    RZ_TRY_ALLOC(columns, err, "binding a table function");
    for (uint32_t i = 0; i < out->column_count; i++) {
        columns[i] = rz_bind_new_column(binder);
    }
    out->columns = columns;
    return RUZU_OK;
}

static ruzu_status query_call(rz_binder *binder, const rz_ast_call *ast, rz_bound_call *out, rz_error *err)
{
    const char *const *names = NULL;
    bool standalone = false;
    RZ_TRY(rz_bind_call_clause(binder, ast, out, &names, &standalone, err));
    if (standalone) {
        return rz_error_set_at(err, RUZU_ERROR_PARSER, ast->function->position, "%s must be called in a query which doesn't have other statements.",
                               ast->function->function.name);
    }
    if (ast->has_yield && !ast->yield_star && ast->yield_count != out->column_count) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->function->position, "Output variables must all appear in the yield clause.");
    }
    for (uint32_t i = 0; i < out->column_count; i++) {
        const char *name = names[i];
        if (ast->has_yield && !ast->yield_star) {
            if (!rz_name_equal(ast->yields[i].name, names[i])) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->function->position, "Unknown table function output variable name: %s.", ast->yields[i].name);
            }
            name = ast->yields[i].alias != NULL ? ast->yields[i].alias : names[i];
        }
        if (rz_bind_find_here(binder, name) != NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->function->position, "Variable %s already exists.", name);
        }
        RZ_TRY(rz_bind_declare(binder, name, out->columns[i], out->types[i], err));
    }
    if (ast->where != NULL) {
        bind_exprs predicates = {0};
        RZ_TRY(rz_bind_condition(binder, ast->where, &predicates, err));
        out->predicates = predicates.items;
        out->predicate_count = predicates.count;
    }
    return RUZU_OK;
}

/* ---- LOAD FROM ---- */

static ruzu_status query_load(rz_binder *binder, const rz_ast_load *ast, rz_bound_load *out, rz_error *err)
{
    RZ_TRY(rz_bind_files(binder, &ast->source, &ast->options, &out->files, err));
    if (ast->has_headers) {
        const char **names = RZ_NEW_ARRAY(binder->arena, const char *, ast->header_count);
        const rz_type **types = RZ_NEW_ARRAY(binder->arena, const rz_type *, ast->header_count);
        if (names == NULL || types == NULL) {
            return rz_error_no_memory(err, "binding LOAD FROM");
        }
        for (uint32_t i = 0; i < ast->header_count; i++) {
            names[i] = ast->headers[i].name;
            RZ_TRY(rz_bind_type_name(binder, ast->headers[i].type.data, ast->headers[i].type.length, &types[i], err));
        }
        out->names = names;
        out->types = types;
        out->column_count = ast->header_count;
    } else {
        RZ_TRY(binder->context->file(binder->context->user, &out->files, binder->arena, &out->names, &out->types, &out->column_count, err));
    }
    uint32_t *columns = RZ_NEW_ARRAY(binder->arena, uint32_t, out->column_count);
    RZ_TRY_ALLOC(columns, err, "binding LOAD FROM");
    for (uint32_t i = 0; i < out->column_count; i++) {
        columns[i] = rz_bind_new_column(binder);
        RZ_TRY(rz_bind_declare(binder, out->names[i], columns[i], out->types[i], err));
    }
    out->columns = columns;
    if (ast->where != NULL) {
        bind_exprs predicates = {0};
        RZ_TRY(rz_bind_condition(binder, ast->where, &predicates, err));
        out->predicates = predicates.items;
        out->predicate_count = predicates.count;
    }
    return RUZU_OK;
}

/* ---- CALL { … } ---- */

/* Makes a variable that is in scope outside visible in binder->scope, as the same column. */
static ruzu_status call_import(rz_binder *binder, bind_scope *imports, const char *name, uint32_t position, rz_error *err)
{
    const bind_variable *variable = NULL;
    RZ_TRY(rz_bind_lookup(binder, name, &variable, err));
    if (variable == NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Variable %s is not in scope.", name);
    }
    return RZ_ARRAY_PUSH(&imports->variables, binder->arena, *variable) ? RUZU_OK : rz_error_no_memory(err, "binding CALL");
}

static ruzu_status call_import_all(rz_binder *binder, bind_scope *imports, uint32_t position, rz_error *err)
{
    for (const bind_scope *scope = binder->scope; scope != NULL; scope = scope->outer) {
        for (uint32_t i = 0; i < scope->variables.count; i++) {
            if (scope->variables.items[i].name != NULL) {
                RZ_TRY(call_import(binder, imports, scope->variables.items[i].name, position, err));
            }
        }
    }
    return RUZU_OK;
}

/* What a WITH at the beginning of an arm names. */
static ruzu_status call_import_with(rz_binder *binder, bind_scope *imports, const rz_ast_clause *with, rz_error *err)
{
    if (with->body.star) {
        RZ_TRY(call_import_all(binder, imports, with->position, err));
    }
    for (uint32_t i = 0; i < with->body.item_count; i++) {
        const rz_ast_expr *expr = with->body.items[i].expr;
        if (expr->kind != RZ_AST_EXPR_VARIABLE || with->body.items[i].alias != NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, expr->position, "The first WITH of a CALL subquery can only name variables from outside.");
        }
        RZ_TRY(call_import(binder, imports, expr->name, expr->position, err));
    }
    return RUZU_OK;
}

static ruzu_status call_imports(rz_binder *binder, const rz_ast_call_subquery *ast, uint32_t position, bind_scope *imports, rz_error *err)
{
    if (ast->import_star) {
        return call_import_all(binder, imports, position, err);
    }
    for (uint32_t i = 0; i < ast->import_count; i++) {
        RZ_TRY(call_import(binder, imports, ast->imports[i], position, err));
    }
    for (uint32_t a = 0; a < ast->query->arm_count && !ast->has_imports; a++) {
        const rz_ast_single_query *arm = ast->query->arms[a];
        if (arm->clause_count != 0 && arm->clauses[0]->kind == RZ_AST_CLAUSE_WITH) {
            RZ_TRY(call_import_with(binder, imports, arm->clauses[0], err));
        }
    }
    return RUZU_OK;
}

/* The subquery sees what it imports and nothing else; what it returns becomes variables. */
static ruzu_status call_subquery(rz_binder *binder, const rz_ast_call_subquery *ast, uint32_t position, rz_bound_query **out, rz_error *err)
{
    bind_scope *outer = binder->scope;
    bind_scope *imports = NULL;
    bool writes = false;
    if (++binder->query_depth > 64) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Subqueries are nested more than 64 levels deep.");
    }
    RZ_TRY(rz_bind_scope_new(binder, NULL, &imports, err));
    RZ_TRY(call_imports(binder, ast, position, imports, err));
    RZ_TRY(rz_bind_scope_new(binder, imports, &binder->scope, err));
    RZ_TRY(rz_bind_query(binder, ast->query, out, &writes, err));
    binder->scope = outer;
    binder->query_depth--;
    if (writes) {
        return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, position, "Writing inside a subquery is not implemented.");
    }
    if ((*out)->result_count == 0) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "A CALL subquery must end with RETURN.");
    }
    for (uint32_t i = 0; i < (*out)->result_count; i++) {
        if (rz_bind_find_here(binder, (*out)->result_names[i]) != NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Variable %s already exists.", (*out)->result_names[i]);
        }
        RZ_TRY(rz_bind_declare(binder, (*out)->result_names[i], (*out)->columns[i], (*out)->result_types[i], err));
    }
    return RUZU_OK;
}

/* ---- clauses ---- */

static ruzu_status query_clause(rz_binder *binder, const rz_ast_clause *ast, rz_bound_clause *out, bool *io_writes, rz_error *err)
{
    switch (ast->kind) {
    case RZ_AST_CLAUSE_MATCH: out->kind = RZ_BOUND_MATCH; return query_match(binder, &ast->match, &out->u.match, err);
    case RZ_AST_CLAUSE_UNWIND: out->kind = RZ_BOUND_UNWIND; return query_unwind(binder, &ast->unwind, &out->u.unwind, err);
    case RZ_AST_CLAUSE_CALL: out->kind = RZ_BOUND_CALL; return query_call(binder, &ast->call, &out->u.call, err);
    case RZ_AST_CLAUSE_LOAD: out->kind = RZ_BOUND_LOAD; return query_load(binder, &ast->load, &out->u.load, err);
    case RZ_AST_CLAUSE_CREATE:
        out->kind = RZ_BOUND_CREATE;
        *io_writes = true;
        return rz_bind_create(binder, ast->create.paths, ast->create.path_count, &out->u.create, err);
    case RZ_AST_CLAUSE_WITH: out->kind = RZ_BOUND_PROJECTION; return rz_bind_projection(binder, &ast->body, false, &out->u.projection, err);
    case RZ_AST_CLAUSE_RETURN: out->kind = RZ_BOUND_PROJECTION; return rz_bind_projection(binder, &ast->body, true, &out->u.projection, err);
    case RZ_AST_CLAUSE_FINISH: out->kind = RZ_BOUND_FINISH; return RUZU_OK;
    case RZ_AST_CLAUSE_MERGE:
        out->kind = RZ_BOUND_MERGE;
        *io_writes = true;
        return rz_bind_merge(binder, &ast->merge, &out->u.merge, err);
    case RZ_AST_CLAUSE_SET:
    case RZ_AST_CLAUSE_REMOVE:
        out->kind = RZ_BOUND_SET;
        *io_writes = true;
        return rz_bind_set(binder, &ast->set, &out->u.set, err);
    case RZ_AST_CLAUSE_DELETE:
        out->kind = RZ_BOUND_DELETE;
        *io_writes = true;
        return rz_bind_delete(binder, &ast->del, &out->u.del, err);
    case RZ_AST_CLAUSE_FOREACH: return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, ast->position, "FOREACH is not implemented.");
    case RZ_AST_CLAUSE_CALL_SUBQUERY:
        out->kind = RZ_BOUND_CALL_SUBQUERY;
        return call_subquery(binder, &ast->call_subquery, ast->position, &out->u.subquery, err);
    }
    return rz_error_set_at(err, RUZU_ERROR_INTERNAL, ast->position, "an unknown kind of clause");
}

static ruzu_status query_single(rz_binder *binder, const rz_ast_single_query *ast, rz_bound_single_query *out, rz_error *err)
{
    out->clauses = RZ_NEW_ARRAY(binder->arena, rz_bound_clause, ast->clause_count);
    RZ_TRY_ALLOC(out->clauses, err, "binding a query");
    for (uint32_t i = 0; i < ast->clause_count; i++) {
        RZ_TRY(query_clause(binder, ast->clauses[i], &out->clauses[i], &out->writes, err));
        out->clause_count++;
    }
    return RUZU_OK;
}

/* The projection that gives an arm's result, or NULL. */
static rz_bound_projection *query_return(const rz_bound_single_query *arm)
{
    rz_bound_clause *last = arm->clause_count == 0 ? NULL : &arm->clauses[arm->clause_count - 1];
    return last != NULL && last->kind == RZ_BOUND_PROJECTION && last->u.projection.is_return ? &last->u.projection : NULL;
}

static ruzu_status query_check_arm(rz_binder *binder, const rz_bound_query *query, uint32_t arm_idx, rz_error *err)
{
    rz_bound_projection *projection = query_return(&query->arms[arm_idx]);
    if ((projection == NULL ? 0 : projection->item_count) != query->result_count) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The number of columns to union/union all must be the same.");
    }
    for (uint32_t i = 0; i < query->result_count; i++) {
        rz_bound_item *item = &projection->items[i];
        if (item->expr->type->id == RUZU_TYPE_ANY) {
            RZ_TRY(rz_bind_cast(binder, item->expr, query->result_types[i], false, &item->expr, err));
        }
        if (!rz_type_equal(item->expr->type, query->result_types[i])) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "%s has data type %s but %s was expected.", item->name, rz_bind_type_text(binder, item->expr->type),
                                rz_bind_type_text(binder, query->result_types[i]));
        }
    }
    return RUZU_OK;
}

static ruzu_status query_results(rz_binder *binder, rz_bound_query *query, rz_error *err)
{
    rz_bound_projection *first = query_return(&query->arms[0]);
    query->result_count = first == NULL ? 0 : first->item_count;
    const char **names = RZ_NEW_ARRAY(binder->arena, const char *, query->result_count);
    const rz_type **types = RZ_NEW_ARRAY(binder->arena, const rz_type *, query->result_count);
    uint32_t *columns = RZ_NEW_ARRAY(binder->arena, uint32_t, query->result_count * query->arm_count);
    if (names == NULL || types == NULL || columns == NULL) {
        return rz_error_no_memory(err, "binding a result");
    }
    for (uint32_t i = 0; i < query->result_count; i++) {
        names[i] = first->items[i].name;
        types[i] = first->items[i].expr->type;
        for (uint32_t a = 1; a < query->arm_count && types[i]->id == RUZU_TYPE_ANY; a++) { /* an untyped NULL takes the type of a later arm */
            const rz_bound_projection *other = query_return(&query->arms[a]);
            types[i] = other != NULL && i < other->item_count ? other->items[i].expr->type : types[i];
        }
    }
    query->result_names = names;
    query->result_types = types;
    query->columns = columns;
    for (uint32_t a = 0; a < query->arm_count; a++) {
        RZ_TRY(query_check_arm(binder, query, a, err));
        const rz_bound_projection *projection = query_return(&query->arms[a]);
        for (uint32_t i = 0; i < query->result_count; i++) {
            columns[a * query->result_count + i] = projection->items[i].column;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_bind_query(rz_binder *binder, const rz_ast_query *ast, rz_bound_query **out, bool *out_writes, rz_error *err)
{
    *out = RZ_NEW(binder->arena, rz_bound_query);
    RZ_TRY_ALLOC(*out, err, "binding a query");
    rz_bound_query *query = *out;
    query->arms = RZ_NEW_ARRAY(binder->arena, rz_bound_single_query, ast->arm_count);
    RZ_TRY_ALLOC(query->arms, err, "binding a query");
    bind_scope *start = binder->scope;
    bool outer_allow = binder->allow_aggregates;
    bool outer_inside = binder->inside_aggregate;
    binder->allow_aggregates = binder->inside_aggregate = false;
    for (uint32_t i = 0; i < ast->arm_count; i++) {
        if (i > 1 && ast->arms[i]->union_all != query->union_all) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->arms[i]->position, "Union and union all can not be used together.");
        }
        query->union_all = i > 0 && ast->arms[i]->union_all;
        RZ_TRY(rz_bind_scope_new(binder, start->outer, &binder->scope, err));
        binder->scope->is_lambda = start->is_lambda;
        /* A subquery's arms share the list of outer columns; later scopes of the arm copy it on (projection_scope). */
        binder->scope->outer_columns.items = start->outer_columns.items;
        binder->scope->outer_columns.count = start->outer_columns.count;
        binder->scope->outer_columns.capacity = start->outer_columns.capacity;
        query->arm_count++;
        RZ_TRY(query_single(binder, ast->arms[i], &query->arms[i], err));
        *out_writes |= query->arms[i].writes;
        start->outer_columns.items = binder->scope->outer_columns.items;
        start->outer_columns.count = binder->scope->outer_columns.count;
        start->outer_columns.capacity = binder->scope->outer_columns.capacity;
    }
    binder->scope = start;
    binder->allow_aggregates = outer_allow;
    binder->inside_aggregate = outer_inside;
    return query_results(binder, query, err);
}

/* ---- subqueries ---- */

static ruzu_status subquery_pattern(rz_binder *binder, const rz_ast_path *pattern, rz_bound_query **out, rz_error *err)
{
    *out = RZ_NEW(binder->arena, rz_bound_query);
    RZ_TRY_ALLOC(*out, err, "binding a subquery");
    (*out)->arms = RZ_NEW_ARRAY(binder->arena, rz_bound_single_query, 1);
    RZ_TRY_ALLOC((*out)->arms, err, "binding a subquery");
    (*out)->arm_count = 1;
    (*out)->arms[0].clauses = RZ_NEW_ARRAY(binder->arena, rz_bound_clause, 1);
    RZ_TRY_ALLOC((*out)->arms[0].clauses, err, "binding a subquery");
    (*out)->arms[0].clause_count = 1;
    (*out)->arms[0].clauses[0].kind = RZ_BOUND_MATCH;
    rz_ast_path **paths = RZ_NEW_ARRAY(binder->arena, rz_ast_path *, 1);
    rz_ast_path *copy = (rz_ast_path *)rz_arena_dup(binder->arena, pattern, sizeof *pattern);
    if (paths == NULL || copy == NULL) {
        return rz_error_no_memory(err, "binding a subquery");
    }
    paths[0] = copy;
    return rz_bind_pattern(binder, paths, 1, NULL, &(*out)->arms[0].clauses[0].u.match, err);
}

/* [pattern WHERE condition | e] is COLLECT { MATCH pattern WHERE condition RETURN e }. */
ruzu_status rz_bind_pattern_comprehension(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_ast_query *query = RZ_NEW(binder->arena, rz_ast_query);
    rz_ast_single_query *arm = RZ_NEW(binder->arena, rz_ast_single_query);
    rz_ast_single_query **arms = RZ_NEW_ARRAY(binder->arena, rz_ast_single_query *, 1);
    rz_ast_clause *clauses = RZ_NEW_ARRAY(binder->arena, rz_ast_clause, 2);
    rz_ast_clause **order = RZ_NEW_ARRAY(binder->arena, rz_ast_clause *, 2);
    rz_ast_path **paths = RZ_NEW_ARRAY(binder->arena, rz_ast_path *, 1);
    rz_ast_projection *item = RZ_NEW(binder->arena, rz_ast_projection);
    if (query == NULL || arm == NULL || arms == NULL || clauses == NULL || order == NULL || paths == NULL || item == NULL) {
        return rz_error_no_memory(err, "binding a pattern comprehension");
    }
    paths[0] = ast->path;
    item->expr = ast->children[1];
    clauses[0] = (rz_ast_clause){.kind = RZ_AST_CLAUSE_MATCH, .position = ast->position, .length = ast->length};
    clauses[0].match = (rz_ast_match){.path_count = 1, .paths = paths, .where = ast->children[0]};
    clauses[1] = (rz_ast_clause){.kind = RZ_AST_CLAUSE_RETURN, .position = ast->position, .length = ast->length};
    clauses[1].body = (rz_ast_body){.item_count = 1, .items = item};
    order[0] = &clauses[0];
    order[1] = &clauses[1];
    *arm = (rz_ast_single_query){.position = ast->position, .length = ast->length, .clause_count = 2, .clauses = order};
    arms[0] = arm;
    *query = (rz_ast_query){.position = ast->position, .length = ast->length, .arm_count = 1, .arms = arms};
    return rz_bind_subquery(binder, RZ_SUBQUERY_COLLECT, query, NULL, out, err);
}

ruzu_status rz_bind_subquery(rz_binder *binder, rz_subquery_kind kind, const rz_ast_query *query, const rz_ast_path *pattern, rz_expr **out, rz_error *err)
{
    if (++binder->query_depth > 64) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Subqueries are nested more than 64 levels deep.");
    }
    bind_scope *outer = binder->scope;
    bind_scope *inner = NULL;
    rz_bound_query *bound = NULL;
    bool writes = false;
    RZ_TRY(rz_bind_scope_new(binder, outer, &inner, err));
    binder->scope = inner;
    RZ_TRY(pattern != NULL ? subquery_pattern(binder, pattern, &bound, err) : rz_bind_query(binder, query, &bound, &writes, err));
    inner = binder->scope; /* holds the outer columns in use */
    binder->scope = outer;
    binder->query_depth--;
    if (writes) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "A subquery cannot write.");
    }
    const rz_type *type = kind == RZ_SUBQUERY_EXISTS ? RZ_BOOL : RZ_INT64;
    if (kind == RZ_SUBQUERY_COLLECT) {
        if (bound->result_count != 1) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "COLLECT { … } must return one column, not %u.", bound->result_count);
        }
        type = rz_type_list(binder->arena, bound->result_types[0]);
        RZ_TRY_ALLOC(type, err, "binding a subquery");
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_SUBQUERY, type, NULL, 0, out, err));
    (*out)->u.subquery.kind = kind;
    (*out)->u.subquery.query = bound;
    (*out)->u.subquery.outer_columns = inner->outer_columns.items;
    (*out)->u.subquery.outer_count = inner->outer_columns.count;
    return RUZU_OK;
}
