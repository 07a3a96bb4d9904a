/* SPDX-License-Identifier: MIT */
/*
 * Entry of the binder: one statement.
 */
#include "binder/bind.h"

static ruzu_status bind_option(rz_binder *binder, const rz_ast_set_option *ast, rz_bound_statement *out, rz_error *err)
{
    out->kind = RZ_BOUND_SET_OPTION;
    out->u.option.name = ast->name;
    RZ_TRY(rz_bind_expr(binder, ast->value, &out->u.option.value, err));
    return rz_expr_is_constant(out->u.option.value) ? RUZU_OK
                                                    : rz_error_set(err, RUZU_ERROR_BINDER, "The value of option %s must be a constant.", ast->name);
}

/* CALL f(args) alone: a standalone function, or a table function whose rows are the result. */
static ruzu_status bind_call_statement(rz_binder *binder, const rz_ast_call *ast, rz_bound_statement *out, rz_error *err)
{
    const char *const *names = NULL;
    bool standalone = false;
    RZ_TRY(rz_bind_call_clause(binder, ast, &out->u.call, &names, &standalone, err));
    if (standalone) {
        out->kind = RZ_BOUND_STANDALONE_CALL;
        return RUZU_OK;
    }
    rz_bound_query *query = RZ_NEW(binder->arena, rz_bound_query);
    rz_bound_single_query *arm = RZ_NEW(binder->arena, rz_bound_single_query);
    rz_bound_clause *clauses = RZ_NEW_ARRAY(binder->arena, rz_bound_clause, 2);
    uint32_t count = out->u.call.column_count;
    rz_bound_item *items = RZ_NEW_ARRAY(binder->arena, rz_bound_item, count);
    if (query == NULL || arm == NULL || clauses == NULL || items == NULL) {
        return rz_error_no_memory(err, "binding a table function");
    }
    clauses[0].kind = RZ_BOUND_CALL;
    clauses[0].u.call = out->u.call;
    clauses[1].kind = RZ_BOUND_PROJECTION;
    clauses[1].u.projection.is_return = true;
    clauses[1].u.projection.items = items;
    clauses[1].u.projection.item_count = count;
    for (uint32_t i = 0; i < count; i++) {
        items[i].column = clauses[0].u.call.columns[i];
        items[i].name = names[i];
        RZ_TRY(rz_bind_column(binder, names[i], items[i].column, clauses[0].u.call.types[i], &items[i].expr, err));
    }
    arm->clauses = clauses;
    arm->clause_count = 2;
    query->arms = arm;
    query->arm_count = 1;
    query->result_count = count;
    query->result_names = names;
    query->result_types = clauses[0].u.call.types;
    query->columns = clauses[0].u.call.columns;
    out->kind = RZ_BOUND_QUERY;
    out->u.query = query;
    return RUZU_OK;
}

static ruzu_status bind_statement(rz_binder *binder, const rz_ast_statement *ast, rz_bound_statement *out, rz_error *err)
{
    switch (ast->kind) {
    case RZ_AST_STATEMENT_QUERY: out->kind = RZ_BOUND_QUERY; return rz_bind_query(binder, ast->query, &out->u.query, &out->writes, err);
    case RZ_AST_STATEMENT_COPY_FROM:
        out->kind = RZ_BOUND_COPY_FROM;
        out->writes = true;
        return rz_bind_copy_from(binder, &ast->copy_from, &out->u.copy_from, err);
    case RZ_AST_STATEMENT_CALL: return bind_call_statement(binder, &ast->call, out, err);
    case RZ_AST_STATEMENT_SET_OPTION: return bind_option(binder, &ast->set_option, out, err);
    case RZ_AST_STATEMENT_BEGIN:
        out->kind = RZ_BOUND_BEGIN;
        out->u.begin_read_only = ast->begin.read_only;
        return RUZU_OK;
    case RZ_AST_STATEMENT_COMMIT: out->kind = RZ_BOUND_COMMIT; return RUZU_OK;
    case RZ_AST_STATEMENT_ROLLBACK: out->kind = RZ_BOUND_ROLLBACK; return RUZU_OK;
    case RZ_AST_STATEMENT_VACUUM:
    case RZ_AST_STATEMENT_CHECKPOINT: out->kind = RZ_BOUND_CHECKPOINT; return RUZU_OK;
    case RZ_AST_STATEMENT_CREATE_NODE_TABLE:
    case RZ_AST_STATEMENT_CREATE_REL_TABLE:
    case RZ_AST_STATEMENT_CREATE_SEQUENCE:
    case RZ_AST_STATEMENT_CREATE_TYPE:
    case RZ_AST_STATEMENT_CREATE_MACRO:
    case RZ_AST_STATEMENT_CREATE_INDEX:
    case RZ_AST_STATEMENT_CREATE_CONSTRAINT:
    case RZ_AST_STATEMENT_DROP:
    case RZ_AST_STATEMENT_ALTER:
    case RZ_AST_STATEMENT_COMMENT: return rz_bind_ddl(binder, ast, out, err);
    case RZ_AST_STATEMENT_COPY_TO: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "COPY … TO is not implemented.");
    case RZ_AST_STATEMENT_EXPORT_DATABASE: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "EXPORT DATABASE is not implemented.");
    case RZ_AST_STATEMENT_IMPORT_DATABASE: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "IMPORT DATABASE is not implemented.");
    case RZ_AST_STATEMENT_CREATE_USER:
    case RZ_AST_STATEMENT_CREATE_ROLE: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Users and roles do not exist in ruzu.");
    case RZ_AST_STATEMENT_ATTACH:
    case RZ_AST_STATEMENT_DETACH:
    case RZ_AST_STATEMENT_USE: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Attached databases are not implemented.");
    case RZ_AST_STATEMENT_EXTENSION: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "ruzu has no extensions.");
    case RZ_AST_STATEMENT_ANALYZE:
    case RZ_AST_STATEMENT_BACKUP_DATABASE: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "This statement is not implemented.");
    }
    return rz_error_set(err, RUZU_ERROR_INTERNAL, "an unknown kind of statement");
}

ruzu_status rz_bind(const rz_bind_context *context, const rz_ast_script *script, const rz_ast_statement *statement, rz_arena *arena, rz_bound_statement **out,
                    rz_error *err)
{
    *out = NULL;
    rz_binder binder = {.context = context, .script = script, .arena = arena};
    rz_bound_statement *bound = RZ_NEW(arena, rz_bound_statement);
    RZ_TRY_ALLOC(bound, err, "binding a statement");
    bound->arena = arena;
    bound->explain = statement->explain;
    RZ_TRY(rz_bind_scope_new(&binder, NULL, &binder.scope, err));
    RZ_TRY(bind_statement(&binder, statement, bound, err));
    bound->column_count = binder.column_count;
    bound->writes |= binder.uses_nextval;
    bound->in_order = binder.uses_nextval;
    *out = bound;
    return RUZU_OK;
}
