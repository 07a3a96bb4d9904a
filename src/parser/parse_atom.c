/* SPDX-License-Identifier: MIT */
/*
 * What operators combine: literals, variables, calls, lists and their comprehensions, structs, CASE, casts,
 * quantifiers, subqueries; and what follows an operand without being an operator: properties, indexes, slices, labels,
 * map projections.
 *
 * Where two constructs begin alike the decision is made by looking ahead, never by trying: `[x IN l …` is a
 * comprehension when a WHERE or `|` follows inside the same brackets before any comma, else it is a list with one
 * comparison in it, as Kuzu reads it.
 */
#include "parser/parse.h"

/* ---- small parts ---- */

ruzu_status rz_parse_optional_where(rz_parser *p, uint32_t flags, rz_ast_expr **out)
{
    *out = NULL;
    return rz_parse_accept_keyword(p, RZ_KW_WHERE) ? rz_parse_expr(p, flags, out) : RUZU_OK;
}

/* Parses an expression and pushes it as a child. */
static ruzu_status parse_atom_push_expr(rz_parser *p, uint32_t flags)
{
    rz_ast_expr *expr = NULL;
    RZ_TRY(rz_parse_expr(p, flags, &expr));
    return rz_parse_push(p, expr);
}

/* Pushes `WHERE e`, or NULL. */
static ruzu_status parse_atom_push_where(rz_parser *p, uint32_t flags)
{
    rz_ast_expr *expr = NULL;
    RZ_TRY(rz_parse_optional_where(p, flags, &expr));
    return rz_parse_push(p, expr);
}

/* A literal of one token (NULL, TRUE, FALSE). */
static ruzu_status parse_atom_word(rz_parser *p, rz_ast_expr_kind kind, bool value, rz_ast_expr **out)
{
    uint32_t position = rz_parse_start(p);
    rz_parse_advance(p);
    RZ_TRY(rz_parse_new_expr(p, kind, position, out));
    (*out)->value.boolean = value;
    return RUZU_OK;
}

/* A node that is one name: variable or parameter. */
static ruzu_status parse_atom_named(rz_parser *p, rz_ast_expr_kind kind, rz_ast_expr **out)
{
    const rz_token *token = rz_parse_token(p);
    rz_parse_advance(p);
    RZ_TRY(rz_parse_new_expr(p, kind, token->position, out));
    return rz_parse_token_name(p, token, &(*out)->name);
}

/* A key of a struct or map projection: name or, in structs, string. */
static ruzu_status parse_atom_key(rz_parser *p, const char **out)
{
    if (!rz_parse_is(p, RZ_TOKEN_STRING)) {
        return rz_parse_any_name(p, out);
    }
    const rz_token *token = rz_parse_token(p);
    rz_ast_expr *key;
    RZ_TRY(rz_parse_string(p, &key));
    if (key->value.string.length == 0 || strlen(key->value.string.data) != key->value.string.length) {
        return rz_parse_fail(p, token->position, token->length,
                             "'' is not a valid token name. Token names cannot be empty or contain any null-bytes");
    }
    *out = key->value.string.data;
    return RUZU_OK;
}

/* ---- look-ahead ---- */

/* True when the bracket at idx holds a WHERE or `|` of its own before any comma of its own. */
static bool parse_atom_is_comprehension(const rz_parser *p, uint32_t idx)
{
    uint32_t close = p->tokens[idx].match;
    if (close == RZ_TOKEN_NO_MATCH) {
        return false;
    }
    for (uint32_t i = idx + 1; i < close; i++) {
        const rz_token *token = &p->tokens[i];
        if (token->kind == RZ_TOKEN_PIPE || token->keyword == RZ_KW_WHERE) {
            return true;
        }
        if (token->kind == RZ_TOKEN_COMMA) {
            return false;
        }
        if (token->match != RZ_TOKEN_NO_MATCH) {
            i = token->match;
        }
    }
    return false;
}

/* True at `x ->` and `(x, y) ->`. */
static bool parse_atom_is_lambda(const rz_parser *p)
{
    uint32_t behind = 1;
    if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
        uint32_t close = rz_parse_token(p)->match;
        if (close == RZ_TOKEN_NO_MATCH) {
            return false;
        }
        behind = close - p->pos + 1;
    } else if (!rz_token_is_name(rz_parse_token(p))) {
        return false;
    }
    return rz_parse_peek_is(p, behind, RZ_TOKEN_MINUS) && rz_parse_peek_is(p, behind + 1, RZ_TOKEN_GT);
}

/* Number of names in `a.b.c (`, at most 8, or 0 when no call follows the name at the current token. */
static uint32_t parse_atom_call_parts(const rz_parser *p)
{
    uint32_t parts = 1;
    while (parts <= 8) {
        uint32_t behind = 2 * parts - 1;
        if (rz_parse_peek_is(p, behind, RZ_TOKEN_LPAREN)) {
            return parts;
        }
        if (p->limits.strict || !rz_parse_peek_is(p, behind, RZ_TOKEN_DOT) ||
            !rz_token_is_any_name(rz_parse_peek(p, behind + 1))) {
            return 0;
        }
        parts++;
    }
    return 0;
}

/* ---- calls ---- */

static ruzu_status parse_atom_lambda(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t position = rz_parse_start(p);
    const uint32_t base = p->stack_count;
    const char *const *params;
    uint32_t param_count;
    if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
        RZ_TRY(rz_parse_name_list(p, &params, &param_count));
    } else {
        const char *name;
        RZ_TRY(rz_parse_name(p, &name));
        RZ_TRY(rz_parse_push(p, name));
        RZ_TRY(rz_parse_take(p, base, &params, &param_count));
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_MINUS));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_GT));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_LAMBDA, position, &expr));
    RZ_TRY(parse_atom_push_expr(p, 0));
    RZ_TRY(rz_parse_finish_expr(p, expr, base));
    expr->lambda.params = params;
    expr->lambda.param_count = param_count;
    *out = expr;
    return RUZU_OK;
}

/* Arguments up to the closing parenthesis, pushed; *out_names gets the array of their names if any has one. */
static ruzu_status parse_atom_arguments(rz_parser *p, uint32_t base, const char *const **out_names)
{
    RZ_ARRAY(const char *) names = {NULL, 0, 0};
    do {
        if (rz_token_is_any_name(rz_parse_token(p)) && rz_parse_peek_is(p, 1, RZ_TOKEN_ASSIGN)) {
            while (names.count < p->stack_count - base) {
                RZ_PARSE_APPEND(p, &names, NULL);
            }
            const char *name;
            RZ_TRY(rz_parse_token_name(p, rz_parse_token(p), &name));
            RZ_PARSE_APPEND(p, &names, name);
            rz_parse_advance(p);
            rz_parse_advance(p);
        }
        rz_ast_expr *argument;
        if (parse_atom_is_lambda(p)) {
            RZ_TRY(rz_parse_enter(p));
            RZ_TRY(parse_atom_lambda(p, &argument));
            rz_parse_leave(p);
        } else {
            RZ_TRY(rz_parse_expr(p, 0, &argument));
        }
        RZ_TRY(rz_parse_push(p, argument));
        RZ_TRY(rz_parse_check_list(p, base));
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    while (names.count != 0 && names.count < p->stack_count - base) {
        RZ_PARSE_APPEND(p, &names, NULL);
    }
    *out_names = names.items;
    return RUZU_OK;
}

/* The name of a call: `f`, or `a.b.f` joined by dots. */
static ruzu_status parse_atom_call_name(rz_parser *p, uint32_t parts, const char **out)
{
    RZ_TRY(rz_parse_token_name(p, rz_parse_token(p), out));
    rz_parse_advance(p);
    for (uint32_t i = 1; i < parts; i++) {
        const char *name;
        rz_parse_advance(p);
        RZ_TRY(rz_parse_token_name(p, rz_parse_token(p), &name));
        rz_parse_advance(p);
        *out = rz_arena_printf(p->arena, "%s.%s", *out, name);
        if (*out == NULL) {
            return rz_parse_no_memory(p);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_parse_call(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    const uint32_t parts = rz_token_is_any_name(rz_parse_token(p)) ? parse_atom_call_parts(p) : 0;
    if (parts == 0) {
        rz_parse_advance(p);
        return rz_parse_unexpected(p);
    }
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_FUNCTION, rz_parse_start(p), &expr));
    RZ_TRY(parse_atom_call_name(p, parts, &expr->function.name));
    rz_parse_advance(p); /* the parenthesis */
    if (rz_parse_is(p, RZ_TOKEN_STAR) && rz_parse_peek_is(p, 1, RZ_TOKEN_RPAREN)) {
        rz_parse_advance(p);
        expr->flags |= RZ_AST_FLAG_STAR;
    } else if (!rz_parse_is(p, RZ_TOKEN_RPAREN)) {
        expr->flags |= rz_parse_accept_keyword(p, RZ_KW_DISTINCT) ? RZ_AST_FLAG_DISTINCT : 0;
        RZ_TRY(parse_atom_arguments(p, base, &expr->function.arg_names));
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

/* CAST(e AS type), CAST(e, 'type'), CAST(e, any other expression) – the last stays a call. */
static ruzu_status parse_atom_cast(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    const rz_token *token = rz_parse_token(p);
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_CAST, token->position, &expr));
    rz_parse_advance(p);
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    RZ_TRY(parse_atom_push_expr(p, 0));
    if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
        RZ_TRY(rz_parse_type(p, &expr->type));
    } else {
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COMMA));
        rz_ast_expr *type;
        RZ_TRY(rz_parse_expr(p, 0, &type));
        if (type->kind == RZ_AST_EXPR_STRING && type->value.string.length <= UINT32_MAX) {
            expr->type = (rz_ast_text){.data = type->value.string.data,
                                       .position = type->position,
                                       .length = (uint32_t)type->value.string.length};
        } else {
            expr->kind = RZ_AST_EXPR_FUNCTION;
            RZ_TRY(rz_parse_token_name(p, token, &expr->function.name));
            expr->function.arg_names = NULL;
            RZ_TRY(rz_parse_push(p, type));
        }
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

/* ALL|ANY|NONE|SINGLE (x IN list WHERE predicate) */
static ruzu_status parse_atom_quantifier(rz_parser *p, rz_ast_quantifier_kind kind, rz_ast_expr **out)
{
    if (!rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN) || !rz_token_is_name(rz_parse_peek(p, 2)) ||
        !rz_parse_peek_keyword(p, 3, RZ_KW_IN)) {
        return rz_parse_call(p, out); /* the function of that name: any(list, x -> …) */
    }
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_QUANTIFIER, rz_parse_start(p), &expr));
    expr->quantifier.kind = kind;
    rz_parse_advance(p);
    rz_parse_advance(p);
    RZ_TRY(rz_parse_name(p, &expr->quantifier.variable));
    rz_parse_advance(p);
    RZ_TRY(parse_atom_push_expr(p, 0));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_WHERE));
    RZ_TRY(parse_atom_push_expr(p, 0));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

/* reduce(acc = e, x IN list | e), at the name */
static ruzu_status parse_atom_reduce(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_extension(p));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_REDUCE, rz_parse_start(p), &expr));
    rz_parse_advance(p);
    rz_parse_advance(p);
    RZ_TRY(rz_parse_name(p, &expr->reduce.accumulator));
    rz_parse_advance(p);
    RZ_TRY(parse_atom_push_expr(p, 0));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COMMA));
    RZ_TRY(rz_parse_name(p, &expr->reduce.variable));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_IN));
    RZ_TRY(parse_atom_push_expr(p, RZ_PARSE_NO_PIPE));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_PIPE));
    RZ_TRY(parse_atom_push_expr(p, 0));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

/* ---- CASE, subqueries, patterns ---- */

static ruzu_status parse_atom_case(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_CASE, rz_parse_start(p), &expr));
    rz_parse_advance(p);
    if (!rz_parse_is_keyword(p, RZ_KW_WHEN)) {
        RZ_TRY(parse_atom_push_expr(p, 0));
        expr->flags |= RZ_AST_FLAG_HAS_OPERAND;
    }
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_WHEN));
    do {
        RZ_TRY(parse_atom_push_expr(p, 0));
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_THEN));
        RZ_TRY(parse_atom_push_expr(p, 0));
    } while (rz_parse_accept_keyword(p, RZ_KW_WHEN));
    if (rz_parse_accept_keyword(p, RZ_KW_ELSE)) {
        RZ_TRY(parse_atom_push_expr(p, 0));
        expr->flags |= RZ_AST_FLAG_HAS_ELSE;
    }
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_END));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

/* EXISTS/COUNT/COLLECT { … }, at the word. */
static ruzu_status parse_atom_subquery(rz_parser *p, rz_ast_subquery_kind kind, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_SUBQUERY, rz_parse_start(p), &expr));
    rz_parse_advance(p);
    expr->subquery.kind = kind;
    const uint32_t outer = p->height;
    p->height = 0;
    RZ_TRY(rz_parse_braced_query(p, kind == RZ_AST_SUBQUERY_COLLECT ? RZ_PARSE_QUERY_COLLECT : RZ_PARSE_QUERY_MATCHING,
                                 &expr->subquery.query));
    const uint32_t inner = p->height;
    p->height = outer;
    expr->length = rz_parse_end(p) - expr->position;
    *out = expr;
    return rz_parse_set_height(p, expr, inner);
}

/* A path as predicate, or shortestPath(path). */
static ruzu_status parse_atom_pattern(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t elements = p->pattern_elements;
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_PATTERN, rz_parse_start(p), &expr));
    const uint32_t outer = p->height;
    p->height = 0;
    p->pattern_elements = 0;
    RZ_TRY(rz_parse_path(p, &expr->path));
    const uint32_t inner = p->height;
    p->height = outer;
    p->pattern_elements = elements;
    expr->length = rz_parse_end(p) - expr->position;
    *out = expr;
    return rz_parse_set_height(p, expr, inner);
}

/* ---- lists and structs ---- */

static ruzu_status parse_atom_list_comprehension(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_extension(p));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_LIST_COMPREHENSION, rz_parse_start(p), &expr));
    rz_parse_advance(p);
    RZ_TRY(rz_parse_name(p, &expr->name));
    rz_parse_advance(p);
    RZ_TRY(parse_atom_push_expr(p, RZ_PARSE_NO_PIPE));
    RZ_TRY(parse_atom_push_where(p, RZ_PARSE_NO_PIPE));
    if (rz_parse_accept(p, RZ_TOKEN_PIPE)) {
        RZ_TRY(parse_atom_push_expr(p, 0));
    } else {
        RZ_TRY(rz_parse_push(p, NULL));
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACKET));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

static ruzu_status parse_atom_pattern_comprehension(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    const uint32_t elements = p->pattern_elements;
    RZ_TRY(rz_parse_extension(p));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_PATTERN_COMPREHENSION, rz_parse_start(p), &expr));
    rz_parse_advance(p);
    const uint32_t outer = p->height;
    p->height = 0;
    p->pattern_elements = 0;
    RZ_TRY(rz_parse_path(p, &expr->path));
    const uint32_t inner = p->height;
    p->height = outer;
    p->pattern_elements = elements;
    RZ_TRY(parse_atom_push_where(p, RZ_PARSE_NO_PIPE));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_PIPE));
    RZ_TRY(parse_atom_push_expr(p, 0));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACKET));
    RZ_TRY(rz_parse_finish_expr(p, expr, base));
    *out = expr;
    return rz_parse_set_height(p, expr, inner);
}

/* [e, e, , e]: a missing element is NULL, but the first cannot be missing. */
static ruzu_status parse_atom_list(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_LIST, rz_parse_start(p), &expr));
    rz_parse_advance(p);
    if (!rz_parse_is(p, RZ_TOKEN_RBRACKET)) {
        RZ_TRY(parse_atom_push_expr(p, 0));
        while (rz_parse_accept(p, RZ_TOKEN_COMMA)) {
            if (rz_parse_is(p, RZ_TOKEN_COMMA) || rz_parse_is(p, RZ_TOKEN_RBRACKET)) {
                rz_ast_expr *missing;
                RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_NULL, rz_parse_end(p), &missing));
                RZ_TRY(rz_parse_push(p, missing));
            } else {
                RZ_TRY(parse_atom_push_expr(p, 0));
            }
            RZ_TRY(rz_parse_check_list(p, base));
        }
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACKET));
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

static ruzu_status parse_atom_bracket(rz_parser *p, rz_ast_expr **out)
{
    bool named = rz_token_is_name(rz_parse_peek(p, 1));
    if (named && rz_parse_peek_keyword(p, 2, RZ_KW_IN) && parse_atom_is_comprehension(p, p->pos)) {
        return parse_atom_list_comprehension(p, out);
    }
    uint32_t path = named && rz_parse_peek_is(p, 2, RZ_TOKEN_EQ) ? 3 : 1;
    if (rz_parse_peek_is(p, path, RZ_TOKEN_LPAREN) && parse_atom_is_comprehension(p, p->pos) &&
        rz_parse_is_path(p, p->pos + path)) {
        return parse_atom_pattern_comprehension(p, out);
    }
    return parse_atom_list(p, out);
}

ruzu_status rz_parse_struct(rz_parser *p, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    const uint32_t base = p->stack_count;
    RZ_ARRAY(const char *) names = {NULL, 0, 0};
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_STRUCT, rz_parse_start(p), &expr));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LBRACE));
    if (!rz_parse_is(p, RZ_TOKEN_RBRACE)) {
        do {
            const char *name;
            RZ_TRY(parse_atom_key(p, &name));
            RZ_PARSE_APPEND(p, &names, name);
            RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COLON));
            RZ_TRY(parse_atom_push_expr(p, 0));
            RZ_TRY(rz_parse_check_list(p, base));
        } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACE));
    expr->field_names = (const char *const *)names.items;
    *out = expr;
    return rz_parse_finish_expr(p, expr, base);
}

/* ---- dispatch ---- */

static ruzu_status parse_atom_name(rz_parser *p, rz_ast_expr **out)
{
    const rz_token *token = rz_parse_token(p);
    const char *text = p->text + token->position;
    switch (token->keyword) {
    case RZ_KW_NULL: return parse_atom_word(p, RZ_AST_EXPR_NULL, false, out);
    case RZ_KW_TRUE: return parse_atom_word(p, RZ_AST_EXPR_BOOL, true, out);
    case RZ_KW_FALSE: return parse_atom_word(p, RZ_AST_EXPR_BOOL, false, out);
    case RZ_KW_CASE: return parse_atom_case(p, out);
    case RZ_KW_CAST: return parse_atom_cast(p, out);
    case RZ_KW_ALL: return parse_atom_quantifier(p, RZ_AST_QUANTIFIER_ALL, out);
    case RZ_KW_ANY: return parse_atom_quantifier(p, RZ_AST_QUANTIFIER_ANY, out);
    case RZ_KW_NONE: return parse_atom_quantifier(p, RZ_AST_QUANTIFIER_NONE, out);
    case RZ_KW_SINGLE: return parse_atom_quantifier(p, RZ_AST_QUANTIFIER_SINGLE, out);
    case RZ_KW_EXISTS:
        if (rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN) && !p->limits.strict) {
            return rz_parse_call(p, out);
        }
        return parse_atom_subquery(p, RZ_AST_SUBQUERY_EXISTS, out);
    case RZ_KW_COUNT:
    case RZ_KW_COLLECT:
        /* `count {.a}` and `count {}` would be projections of a variable called so. */
        if (rz_parse_peek_is(p, 1, RZ_TOKEN_LBRACE) && !rz_parse_peek_is(p, 2, RZ_TOKEN_DOT) &&
            !rz_parse_peek_is(p, 2, RZ_TOKEN_RBRACE)) {
            RZ_TRY(token->keyword == RZ_KW_COLLECT ? rz_parse_extension(p) : RUZU_OK);
            return parse_atom_subquery(
                p, token->keyword == RZ_KW_COUNT ? RZ_AST_SUBQUERY_COUNT : RZ_AST_SUBQUERY_COLLECT, out);
        }
        break;
    default: break; /* an ordinary name */
    }
    if (!rz_token_is_name(token)) {
        return rz_parse_unexpected(p);
    }
    if (rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN)) {
        if (rz_name_equal_n(text, token->length, "reduce", 6) && rz_token_is_name(rz_parse_peek(p, 2)) &&
            rz_parse_peek_is(p, 3, RZ_TOKEN_EQ)) {
            return parse_atom_reduce(p, out);
        }
        if ((rz_name_equal_n(text, token->length, "shortestPath", 12) ||
             rz_name_equal_n(text, token->length, "allShortestPaths", 16)) &&
            rz_parse_is_path(p, p->pos + 2)) {
            return parse_atom_pattern(p, out);
        }
    }
    return parse_atom_call_parts(p) != 0 ? rz_parse_call(p, out) : parse_atom_named(p, RZ_AST_EXPR_VARIABLE, out);
}

ruzu_status rz_parse_atom(rz_parser *p, rz_ast_expr **out)
{
    switch ((rz_token_kind)rz_parse_token(p)->kind) {
    case RZ_TOKEN_NAME:
    case RZ_TOKEN_QUOTED_NAME: return parse_atom_name(p, out);
    case RZ_TOKEN_PARAMETER: return parse_atom_named(p, RZ_AST_EXPR_PARAMETER, out);
    case RZ_TOKEN_INTEGER:
    case RZ_TOKEN_DOUBLE: return rz_parse_number(p, false, rz_parse_start(p), out);
    case RZ_TOKEN_STRING: return rz_parse_string(p, out);
    case RZ_TOKEN_LPAREN: return parse_atom_pattern(p, out); /* other parentheses are taken by parse_expr.c */
    case RZ_TOKEN_LBRACKET: return parse_atom_bracket(p, out);
    case RZ_TOKEN_LBRACE:
        if (rz_parse_peek_is(p, 1, RZ_TOKEN_RBRACE)) { /* empty maps are for patterns in Kuzu */
            RZ_TRY(rz_parse_extension(p));
        }
        return rz_parse_struct(p, out);
    case RZ_TOKEN_END:
    case RZ_TOKEN_RPAREN:
    case RZ_TOKEN_RBRACKET:
    case RZ_TOKEN_RBRACE:
    case RZ_TOKEN_COMMA:
    case RZ_TOKEN_COLON:
    case RZ_TOKEN_ASSIGN:
    case RZ_TOKEN_DOT:
    case RZ_TOKEN_DOTDOT:
    case RZ_TOKEN_PLUS:
    case RZ_TOKEN_PLUS_EQ:
    case RZ_TOKEN_MINUS:
    case RZ_TOKEN_DASH:
    case RZ_TOKEN_STAR:
    case RZ_TOKEN_SLASH:
    case RZ_TOKEN_PERCENT:
    case RZ_TOKEN_CARET:
    case RZ_TOKEN_BANG:
    case RZ_TOKEN_EQ:
    case RZ_TOKEN_REGEX:
    case RZ_TOKEN_NE:
    case RZ_TOKEN_BANG_EQ:
    case RZ_TOKEN_LT:
    case RZ_TOKEN_LE:
    case RZ_TOKEN_GT:
    case RZ_TOKEN_GE:
    case RZ_TOKEN_LEFT_HEAD:
    case RZ_TOKEN_RIGHT_HEAD:
    case RZ_TOKEN_SHIFT_LEFT:
    case RZ_TOKEN_SHIFT_RIGHT:
    case RZ_TOKEN_PIPE:
    case RZ_TOKEN_CONCAT:
    case RZ_TOKEN_AMPERSAND: break;
    }
    return rz_parse_unexpected(p);
}

/* ---- behind operands ---- */

/* `.name` and `.*` */
static ruzu_status parse_atom_property(rz_parser *p, rz_ast_expr **expr)
{
    rz_ast_expr *property;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_push(p, *expr));
    rz_parse_advance(p);
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_PROPERTY, (*expr)->position, &property));
    if (rz_parse_accept(p, RZ_TOKEN_STAR)) {
        property->kind = RZ_AST_EXPR_PROPERTY_STAR;
    } else {
        RZ_TRY(rz_parse_any_name(p, &property->name));
    }
    *expr = property;
    return rz_parse_finish_expr(p, property, base);
}

/* [i], [a:b], [a..b] with open ends */
static ruzu_status parse_atom_index(rz_parser *p, rz_ast_expr **expr)
{
    rz_ast_expr *index;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_push(p, *expr));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_INDEX, (*expr)->position, &index));
    rz_parse_advance(p);
    bool has_from = !rz_parse_is(p, RZ_TOKEN_COLON) && !rz_parse_is(p, RZ_TOKEN_DOTDOT);
    if (has_from) {
        RZ_TRY(parse_atom_push_expr(p, RZ_PARSE_NO_LABEL));
    } else {
        RZ_TRY(rz_parse_push(p, NULL));
    }
    if (rz_parse_accept(p, RZ_TOKEN_COLON) || rz_parse_accept(p, RZ_TOKEN_DOTDOT)) {
        index->kind = RZ_AST_EXPR_SLICE;
        if (rz_parse_is(p, RZ_TOKEN_RBRACKET)) {
            RZ_TRY(rz_parse_push(p, NULL));
        } else {
            RZ_TRY(parse_atom_push_expr(p, RZ_PARSE_NO_LABEL));
        }
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACKET));
    *expr = index;
    return rz_parse_finish_expr(p, index, base);
}

static ruzu_status parse_atom_factorial(rz_parser *p, rz_ast_expr **expr)
{
    rz_ast_expr *factorial;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_push(p, *expr));
    rz_parse_advance(p);
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_OPERATOR, (*expr)->position, &factorial));
    factorial->op = RZ_AST_OP_FACTORIAL;
    *expr = factorial;
    return rz_parse_finish_expr(p, factorial, base);
}

static ruzu_status parse_atom_label_predicate(rz_parser *p, uint32_t flags, rz_ast_expr **expr)
{
    rz_ast_expr *predicate;
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_extension(p));
    RZ_TRY(rz_parse_push(p, *expr));
    rz_parse_advance(p);
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_LABEL_PREDICATE, (*expr)->position, &predicate));
    RZ_TRY(rz_parse_labels(p, flags, &predicate->label));
    *expr = predicate;
    return rz_parse_finish_expr(p, predicate, base);
}

/* v {.a, .*, b, k: e} */
static ruzu_status parse_atom_map_projection(rz_parser *p, rz_ast_expr **expr)
{
    rz_ast_expr *projection;
    const uint32_t base = p->stack_count;
    RZ_ARRAY(rz_ast_projection_item) items = {NULL, 0, 0};
    RZ_TRY(rz_parse_extension(p));
    RZ_TRY(rz_parse_push(p, *expr));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_MAP_PROJECTION, (*expr)->position, &projection));
    rz_parse_advance(p);
    while (!rz_parse_is(p, RZ_TOKEN_RBRACE)) {
        rz_ast_projection_item item = {.kind = RZ_AST_MAP_VARIABLE, .name = NULL};
        if (rz_parse_accept(p, RZ_TOKEN_DOT)) {
            item.kind = rz_parse_accept(p, RZ_TOKEN_STAR) ? RZ_AST_MAP_ALL : RZ_AST_MAP_PROPERTY;
            if (item.kind == RZ_AST_MAP_PROPERTY) {
                RZ_TRY(rz_parse_any_name(p, &item.name));
            }
        } else {
            bool has_value = rz_parse_peek_is(p, 1, RZ_TOKEN_COLON);
            RZ_TRY(has_value ? parse_atom_key(p, &item.name) : rz_parse_name(p, &item.name));
            if (has_value) {
                item.kind = RZ_AST_MAP_KEY;
                rz_parse_advance(p);
                RZ_TRY(parse_atom_push_expr(p, 0));
            }
        }
        RZ_PARSE_APPEND(p, &items, item);
        if (!rz_parse_accept(p, RZ_TOKEN_COMMA)) {
            break;
        }
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACE));
    projection->projection.items = items.items;
    projection->projection.item_count = items.count;
    *expr = projection;
    return rz_parse_finish_expr(p, projection, base);
}

ruzu_status rz_parse_postfix(rz_parser *p, uint32_t flags, rz_ast_expr **expr)
{
    for (;;) {
        const rz_token *token = rz_parse_token(p);
        if (token->kind == RZ_TOKEN_DOT) {
            RZ_TRY(parse_atom_property(p, expr));
        } else if (token->kind == RZ_TOKEN_LBRACKET) {
            RZ_TRY(parse_atom_index(p, expr));
        } else if (token->kind == RZ_TOKEN_BANG) {
            RZ_TRY(parse_atom_factorial(p, expr));
        } else if (token->kind == RZ_TOKEN_COLON && (flags & RZ_PARSE_NO_LABEL) == 0) {
            RZ_TRY(parse_atom_label_predicate(p, flags, expr));
        } else if (token->kind == RZ_TOKEN_LBRACE && (*expr)->kind == RZ_AST_EXPR_VARIABLE) {
            RZ_TRY(parse_atom_map_projection(p, expr));
        } else {
            return RUZU_OK;
        }
    }
}
