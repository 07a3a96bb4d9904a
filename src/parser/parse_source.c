/* SPDX-License-Identifier: MIT */
/*
 * Data from and to files: COPY, LOAD FROM, their sources and options (dialect §17). Which options exist is not known
 * here.
 */
#include "parser/parse.h"

/* ---- options ---- */

ruzu_status rz_parse_option(rz_parser *p, rz_ast_option *out)
{
    *out = (rz_ast_option){.position = rz_parse_start(p)};
    if (!rz_token_is_any_name(rz_parse_token(p))) {
        return rz_parse_unexpected(p);
    }
    RZ_TRY(rz_parse_token_name(p, rz_parse_token(p), &out->name));
    rz_parse_advance(p);
    (void)rz_parse_accept(p, RZ_TOKEN_EQ);
    bool is_bare = p->tokens[p->pos - 1].kind != RZ_TOKEN_EQ &&
                   (rz_parse_is(p, RZ_TOKEN_COMMA) || rz_parse_is(p, RZ_TOKEN_RPAREN));
    if (!is_bare) {
        RZ_TRY(rz_parse_expr(p, 0, &out->value));
    }
    out->length = rz_parse_end(p) - out->position;
    return RUZU_OK;
}

ruzu_status rz_parse_options(rz_parser *p, rz_ast_options *out)
{
    RZ_ARRAY(rz_ast_option) items = {NULL, 0, 0};
    if (!rz_parse_accept(p, RZ_TOKEN_LPAREN)) {
        return RUZU_OK;
    }
    do {
        rz_ast_option option;
        RZ_TRY(rz_parse_option(p, &option));
        RZ_PARSE_APPEND(p, &items, option);
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    out->items = items.items;
    out->count = items.count;
    return rz_parse_expect(p, RZ_TOKEN_RPAREN);
}

/* ---- sources ---- */

/* 'file', … up to the closing token */
static ruzu_status parse_source_files(rz_parser *p, rz_token_kind closing, rz_ast_source *out)
{
    const uint32_t base = p->stack_count;
    do {
        rz_ast_expr *file;
        RZ_TRY(rz_parse_string(p, &file));
        RZ_TRY(rz_parse_push(p, file));
        RZ_TRY(rz_parse_check_list(p, base));
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    RZ_TRY(rz_parse_expect(p, closing));
    return rz_parse_take(p, base, &out->files, &out->file_count);
}

/* ( query ), or with allow_columns ( 'file', … ) BY COLUMN, behind the parenthesis */
static ruzu_status parse_source_parenthesis(rz_parser *p, bool allow_columns, rz_ast_source *out)
{
    if (allow_columns && rz_parse_is(p, RZ_TOKEN_STRING)) {
        out->kind = RZ_AST_SOURCE_COLUMNS;
        RZ_TRY(parse_source_files(p, RZ_TOKEN_RPAREN, out));
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_BY));
        return rz_parse_expect_keyword(p, RZ_KW_COLUMN);
    }
    out->kind = RZ_AST_SOURCE_QUERY;
    RZ_TRY(rz_parse_subquery(p, RZ_PARSE_QUERY_FULL, &out->query));
    return rz_parse_expect(p, RZ_TOKEN_RPAREN);
}

/* name, database.name, function(…); `name (option = …)` is a name with options */
static ruzu_status parse_source_name(rz_parser *p, rz_ast_source *out)
{
    bool has_options = rz_parse_peek_is(p, 3, RZ_TOKEN_EQ) && rz_token_is_any_name(rz_parse_peek(p, 2));
    if (rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN) && !has_options) {
        out->kind = RZ_AST_SOURCE_EXPRESSION;
        return rz_parse_call(p, &out->expression);
    }
    out->kind = RZ_AST_SOURCE_NAME;
    RZ_TRY(rz_parse_name(p, &out->name));
    if (rz_parse_accept(p, RZ_TOKEN_DOT)) {
        out->database = out->name;
        RZ_TRY(rz_parse_any_name(p, &out->name));
    }
    return RUZU_OK;
}

static ruzu_status parse_source_any(rz_parser *p, bool allow_columns, rz_ast_source *out)
{
    const uint32_t base = p->stack_count;
    rz_ast_expr *file;
    if (rz_parse_is(p, RZ_TOKEN_STRING)) {
        RZ_TRY(rz_parse_string(p, &file));
        RZ_TRY(rz_parse_push(p, file));
        return rz_parse_take(p, base, &out->files, &out->file_count);
    }
    if (rz_parse_accept(p, RZ_TOKEN_LBRACKET)) {
        return parse_source_files(p, RZ_TOKEN_RBRACKET, out);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_GLOB)) {
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
        return parse_source_files(p, RZ_TOKEN_RPAREN, out);
    }
    if (rz_parse_accept(p, RZ_TOKEN_LPAREN)) {
        return parse_source_parenthesis(p, allow_columns, out);
    }
    if (rz_parse_is(p, RZ_TOKEN_PARAMETER)) {
        out->kind = RZ_AST_SOURCE_EXPRESSION;
        return rz_parse_atom(p, &out->expression);
    }
    return parse_source_name(p, out);
}

ruzu_status rz_parse_source(rz_parser *p, bool allow_columns, rz_ast_source *out)
{
    *out = (rz_ast_source){.kind = RZ_AST_SOURCE_FILES, .position = rz_parse_start(p)};
    RZ_TRY(parse_source_any(p, allow_columns, out));
    out->length = rz_parse_end(p) - out->position;
    return RUZU_OK;
}

/* ---- statements and clauses ---- */

/* [WITH HEADERS (name type, …)] FROM source [(options)] [WHERE e], behind LOAD */
ruzu_status rz_parse_load_clause(rz_parser *p, rz_ast_load *out)
{
    if (rz_parse_accept_keyword(p, RZ_KW_WITH)) {
        RZ_ARRAY(rz_ast_column) headers = {NULL, 0, 0};
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_HEADERS));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
        do {
            rz_ast_column column = {.position = rz_parse_start(p)};
            RZ_TRY(rz_parse_name(p, &column.name));
            RZ_TRY(rz_parse_type(p, &column.type));
            column.length = rz_parse_end(p) - column.position;
            RZ_PARSE_APPEND(p, &headers, column);
        } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
        out->has_headers = true;
        out->headers = headers.items;
        out->header_count = headers.count;
    }
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_FROM));
    RZ_TRY(rz_parse_source(p, false, &out->source));
    RZ_TRY(rz_parse_options(p, &out->options));
    return rz_parse_optional_where(p, 0, &out->where);
}

/* (query) TO 'file' [(options)], behind COPY */
static ruzu_status parse_source_copy_to(rz_parser *p, rz_ast_copy_to *out)
{
    rz_parse_advance(p);
    RZ_TRY(rz_parse_query(p, RZ_PARSE_QUERY_FULL, &out->query));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_TO));
    RZ_TRY(rz_parse_string_or_parameter(p, &out->path));
    return rz_parse_options(p, &out->options);
}

/* table [(columns)] FROM source [(options)], behind COPY */
static ruzu_status parse_source_copy_from(rz_parser *p, rz_ast_copy_from *out)
{
    RZ_TRY(rz_parse_name(p, &out->table));
    if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
        out->has_columns = true;
        if (rz_parse_peek_is(p, 1, RZ_TOKEN_RPAREN)) { /* a dump of a table that has its key only writes `()` */
            rz_parse_advance(p);
            rz_parse_advance(p);
        } else {
            RZ_TRY(rz_parse_name_list(p, &out->columns, &out->column_count));
        }
    }
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_FROM));
    RZ_TRY(rz_parse_source(p, true, &out->source));
    return rz_parse_options(p, &out->options);
}

ruzu_status rz_parse_copy(rz_parser *p, rz_ast_statement *out)
{
    rz_parse_advance(p);
    if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
        out->kind = RZ_AST_STATEMENT_COPY_TO;
        return parse_source_copy_to(p, &out->copy_to);
    }
    out->kind = RZ_AST_STATEMENT_COPY_FROM;
    return parse_source_copy_from(p, &out->copy_from);
}
