/* SPDX-License-Identifier: MIT */
/*
 * Which statement the first words begin, and the small statements that need no file of their own (dialect §2).
 */
#include "parser/parse.h"

/* ---- small statements; the first word is consumed ---- */

/* ON TABLE name IS 'text' */
static ruzu_status parse_statement_comment(rz_parser *p, rz_ast_comment *out)
{
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_ON));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_TABLE));
    RZ_TRY(rz_parse_name(p, &out->table));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_IS));
    return rz_parse_string(p, &out->comment);
}

/* DATABASE 'dir' [(options)] */
static ruzu_status parse_statement_export(rz_parser *p, rz_ast_export_database *out)
{
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_DATABASE));
    RZ_TRY(rz_parse_string_or_parameter(p, &out->path));
    return rz_parse_options(p, &out->options);
}

/* 'path' [AS alias] (DBTYPE type [, options]) */
static ruzu_status parse_statement_attach(rz_parser *p, rz_ast_attach *out)
{
    RZ_ARRAY(rz_ast_option) options = {NULL, 0, 0};
    RZ_TRY(rz_parse_string_or_parameter(p, &out->path));
    if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
        RZ_TRY(rz_parse_name(p, &out->alias));
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_DBTYPE));
    if (rz_parse_is(p, RZ_TOKEN_STRING)) {
        rz_ast_expr *type;
        RZ_TRY(rz_parse_extension(p));
        const uint32_t start = p->pos;
        RZ_TRY(rz_parse_string(p, &type));
        out->type = type->value.string.data;
        if (out->type[0] == '\0') {
            p->pos = start;
            return rz_parse_unexpected(p);
        }
    } else {
        RZ_TRY(rz_parse_name(p, &out->type));
    }
    while (rz_parse_accept(p, RZ_TOKEN_COMMA)) {
        rz_ast_option option;
        RZ_TRY(rz_parse_option(p, &option));
        RZ_PARSE_APPEND(p, &options, option);
    }
    out->options.items = options.items;
    out->options.count = options.count;
    return rz_parse_expect(p, RZ_TOKEN_RPAREN);
}

/* [TRANSACTION] [READ ONLY | READ WRITE] */
static ruzu_status parse_statement_begin(rz_parser *p, rz_ast_begin *out)
{
    if (!rz_parse_accept_keyword(p, RZ_KW_TRANSACTION)) {
        RZ_TRY(rz_parse_extension(p));
    }
    if (rz_parse_accept_keyword(p, RZ_KW_READ)) {
        out->read_only = rz_parse_accept_keyword(p, RZ_KW_ONLY);
        if (!out->read_only) {
            RZ_TRY(rz_parse_extension(p));
            RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_WRITE));
        }
    }
    return RUZU_OK;
}

/* The name of an extension, or the path of one where that is allowed. */
static ruzu_status parse_statement_extension_name(rz_parser *p, bool allow_path, rz_ast_extension *out)
{
    if (!allow_path || !rz_parse_is(p, RZ_TOKEN_STRING)) {
        return rz_parse_name(p, &out->name);
    }
    rz_ast_expr *path;
    RZ_TRY(rz_parse_string(p, &path));
    out->is_path = true;
    out->name = path->value.string.data;
    return RUZU_OK;
}

static ruzu_status parse_statement_extension(rz_parser *p, rz_ast_extension_action action, rz_ast_extension *out)
{
    out->action = action;
    if (action == RZ_AST_EXTENSION_LOAD && rz_parse_is_keyword(p, RZ_KW_EXTENSION) &&
        !rz_parse_peek_is(p, 1, RZ_TOKEN_END)) {
        rz_parse_advance(p);
    }
    RZ_TRY(parse_statement_extension_name(p, action == RZ_AST_EXTENSION_LOAD, out));
    if (action == RZ_AST_EXTENSION_INSTALL && rz_parse_accept_keyword(p, RZ_KW_FROM)) {
        rz_ast_expr *repository;
        RZ_TRY(rz_parse_string(p, &repository));
        out->repository = repository->value.string.data;
    }
    return RUZU_OK;
}

/* [IF NOT EXISTS] name [WITH PASSWORD 'p'] */
static ruzu_status parse_statement_user(rz_parser *p, bool allow_password, rz_ast_user *out)
{
    RZ_TRY(rz_parse_if_not_exists(p, &out->if_not_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    if (allow_password && rz_parse_accept_keyword(p, RZ_KW_WITH)) {
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_PASSWORD));
        return rz_parse_string(p, &out->password);
    }
    return RUZU_OK;
}

/* [IF NOT EXISTS] name AS type */
static ruzu_status parse_statement_type(rz_parser *p, rz_ast_create_type *out)
{
    RZ_TRY(rz_parse_if_not_exists(p, &out->if_not_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_AS));
    return rz_parse_type(p, &out->type);
}

/* option = expression */
static ruzu_status parse_statement_set_option(rz_parser *p, rz_ast_set_option *out)
{
    RZ_TRY(rz_parse_name(p, &out->name));
    rz_parse_advance(p);
    return rz_parse_expr(p, 0, &out->value);
}

/* ---- queries ---- */

/* A query; one that is nothing but CALL f(…) is a statement of its own. */
static ruzu_status parse_statement_query(rz_parser *p, rz_ast_statement *out)
{
    rz_ast_query *query;
    out->kind = RZ_AST_STATEMENT_QUERY;
    RZ_TRY(rz_parse_query(p, RZ_PARSE_QUERY_FULL, &query));
    out->query = query;
    const rz_ast_clause *only = query->arms[0]->clauses[0];
    if (query->arm_count == 1 && query->arms[0]->clause_count == 1 && only->kind == RZ_AST_CLAUSE_CALL &&
        only->call.where == NULL && !only->call.has_yield) {
        out->kind = RZ_AST_STATEMENT_CALL;
        out->call = only->call;
    }
    return RUZU_OK;
}

/* ---- CREATE ---- */

/* CREATE of an object of the schema; *out_found is false for the clause CREATE (nothing is consumed then). */
static ruzu_status parse_statement_create(rz_parser *p, rz_ast_statement *out, bool *out_found)
{
    const rz_keyword object = (rz_keyword)rz_parse_peek(p, 1)->keyword;
    const rz_keyword next = (rz_keyword)rz_parse_peek(p, 2)->keyword;
    const bool unique = object == RZ_KW_UNIQUE && next == RZ_KW_INDEX;
    const bool is_table = (object == RZ_KW_NODE || object == RZ_KW_REL) && next == RZ_KW_TABLE;
    const bool is_object = object == RZ_KW_SEQUENCE || object == RZ_KW_TYPE || object == RZ_KW_MACRO ||
                           object == RZ_KW_INDEX || object == RZ_KW_CONSTRAINT || object == RZ_KW_USER ||
                           object == RZ_KW_ROLE;
    *out_found = (unique || is_table || is_object) && !rz_parse_peek_is(p, 2, RZ_TOKEN_EQ);
    if (!*out_found) {
        return RUZU_OK;
    }
    rz_parse_advance(p);
    if (unique || object == RZ_KW_INDEX || object == RZ_KW_CONSTRAINT) {
        RZ_TRY(rz_parse_extension(p));
    }
    rz_parse_advance(p);
    if (unique || is_table) {
        rz_parse_advance(p);
    }
    if (is_table && object == RZ_KW_NODE) {
        out->kind = RZ_AST_STATEMENT_CREATE_NODE_TABLE;
        return rz_parse_create_node_table(p, &out->create_node_table);
    }
    if (is_table) {
        out->kind = RZ_AST_STATEMENT_CREATE_REL_TABLE;
        return rz_parse_create_rel_table(p, &out->create_rel_table);
    }
    if (object == RZ_KW_SEQUENCE) {
        out->kind = RZ_AST_STATEMENT_CREATE_SEQUENCE;
        return rz_parse_create_sequence(p, &out->create_sequence);
    }
    if (object == RZ_KW_TYPE) {
        out->kind = RZ_AST_STATEMENT_CREATE_TYPE;
        return parse_statement_type(p, &out->create_type);
    }
    if (object == RZ_KW_MACRO) {
        out->kind = RZ_AST_STATEMENT_CREATE_MACRO;
        return rz_parse_create_macro(p, &out->create_macro);
    }
    if (object == RZ_KW_CONSTRAINT) {
        out->kind = RZ_AST_STATEMENT_CREATE_CONSTRAINT;
        return rz_parse_create_constraint(p, &out->create_constraint);
    }
    if (object == RZ_KW_USER || object == RZ_KW_ROLE) {
        out->kind = object == RZ_KW_USER ? RZ_AST_STATEMENT_CREATE_USER : RZ_AST_STATEMENT_CREATE_ROLE;
        return parse_statement_user(p, object == RZ_KW_USER, &out->user);
    }
    out->kind = RZ_AST_STATEMENT_CREATE_INDEX;
    out->create_index.unique = unique;
    return rz_parse_create_index(p, &out->create_index);
}

/* ---- dispatch ---- */

/* Statements of the additions (dialect §2, 20–22), behind their first word. */
static ruzu_status parse_statement_maintenance(rz_parser *p, rz_keyword word, rz_ast_statement *out)
{
    if (word == RZ_KW_VACUUM) {
        out->kind = RZ_AST_STATEMENT_VACUUM;
        return RUZU_OK;
    }
    if (word == RZ_KW_ANALYZE) {
        out->kind = RZ_AST_STATEMENT_ANALYZE;
        return rz_parse_is(p, RZ_TOKEN_END) ? RUZU_OK : rz_parse_name(p, &out->name);
    }
    out->kind = RZ_AST_STATEMENT_BACKUP_DATABASE;
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_DATABASE));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_TO));
    return rz_parse_string_or_parameter(p, &out->path);
}

/* A statement that its first word alone decides; *out_found is false when there is none. */
static ruzu_status parse_statement_by_word(rz_parser *p, rz_ast_statement *out, bool *out_found)
{
    const rz_keyword word = (rz_keyword)rz_parse_token(p)->keyword;
    *out_found = true;
    switch (word) {
    case RZ_KW_COPY: return rz_parse_copy(p, out);
    case RZ_KW_VACUUM:
    case RZ_KW_ANALYZE:
    case RZ_KW_BACKUP:
        RZ_TRY(rz_parse_extension(p));
        rz_parse_advance(p);
        return parse_statement_maintenance(p, word, out);
    case RZ_KW_DROP:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_DROP;
        return rz_parse_drop(p, &out->drop);
    case RZ_KW_ALTER:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_ALTER;
        return rz_parse_alter(p, &out->alter);
    case RZ_KW_COMMENT:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_COMMENT;
        return parse_statement_comment(p, &out->comment);
    case RZ_KW_EXPORT:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_EXPORT_DATABASE;
        return parse_statement_export(p, &out->export_database);
    case RZ_KW_IMPORT:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_IMPORT_DATABASE;
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_DATABASE));
        return rz_parse_string_or_parameter(p, &out->path);
    case RZ_KW_ATTACH:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_ATTACH;
        return parse_statement_attach(p, &out->attach);
    case RZ_KW_USE:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_USE;
        return rz_parse_name(p, &out->name);
    case RZ_KW_BEGIN:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_BEGIN;
        return parse_statement_begin(p, &out->begin);
    case RZ_KW_COMMIT:
    case RZ_KW_ROLLBACK:
    case RZ_KW_CHECKPOINT:
        rz_parse_advance(p);
        out->kind = word == RZ_KW_COMMIT     ? RZ_AST_STATEMENT_COMMIT
                    : word == RZ_KW_ROLLBACK ? RZ_AST_STATEMENT_ROLLBACK
                                             : RZ_AST_STATEMENT_CHECKPOINT;
        return RUZU_OK;
    case RZ_KW_FORCE:
    case RZ_KW_INSTALL:
        out->kind = RZ_AST_STATEMENT_EXTENSION;
        out->extension.force = rz_parse_accept_keyword(p, RZ_KW_FORCE);
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_INSTALL));
        return parse_statement_extension(p, RZ_AST_EXTENSION_INSTALL, &out->extension);
    case RZ_KW_UNINSTALL:
    case RZ_KW_UPDATE:
        rz_parse_advance(p);
        out->kind = RZ_AST_STATEMENT_EXTENSION;
        return parse_statement_extension(p, word == RZ_KW_UPDATE ? RZ_AST_EXTENSION_UPDATE : RZ_AST_EXTENSION_UNINSTALL,
                                         &out->extension);
    default: break; /* words of clauses, and what is no word */
    }
    *out_found = false;
    return RUZU_OK;
}

ruzu_status rz_parse_statement(rz_parser *p, rz_ast_statement *out)
{
    bool found = false;
    if (rz_parse_accept_keyword(p, RZ_KW_PROFILE)) {
        out->explain = RZ_AST_EXPLAIN_PROFILE;
    } else if (rz_parse_accept_keyword(p, RZ_KW_EXPLAIN)) {
        out->explain = rz_parse_accept_keyword(p, RZ_KW_LOGICAL) ? RZ_AST_EXPLAIN_LOGICAL : RZ_AST_EXPLAIN_PLAN;
    }
    RZ_TRY(parse_statement_by_word(p, out, &found));
    if (found) {
        return RUZU_OK;
    }
    const rz_token *next = rz_parse_peek(p, 1);
    switch (rz_parse_token(p)->keyword) {
    case RZ_KW_CREATE:
        RZ_TRY(parse_statement_create(p, out, &found));
        return found ? RUZU_OK : parse_statement_query(p, out);
    case RZ_KW_CALL:
        if (rz_token_is_name(next) && rz_parse_peek_is(p, 2, RZ_TOKEN_EQ)) {
            rz_parse_advance(p);
            out->kind = RZ_AST_STATEMENT_SET_OPTION;
            return parse_statement_set_option(p, &out->set_option);
        }
        break;
    case RZ_KW_DETACH:
        if (next->keyword != RZ_KW_DELETE) {
            rz_parse_advance(p);
            out->kind = RZ_AST_STATEMENT_DETACH;
            return rz_parse_name(p, &out->name);
        }
        break;
    case RZ_KW_LOAD:
        /* LOAD FROM and LOAD WITH HEADERS are clauses; `LOAD from` of an extension called so needs quotes. */
        if (next->keyword != RZ_KW_FROM && next->keyword != RZ_KW_WITH) {
            rz_parse_advance(p);
            out->kind = RZ_AST_STATEMENT_EXTENSION;
            return parse_statement_extension(p, RZ_AST_EXTENSION_LOAD, &out->extension);
        }
        break;
    default: break; /* every other word begins a query, or nothing */
    }
    return parse_statement_query(p, out);
}
