/* SPDX-License-Identifier: MIT */
/*
 * Queries: the clauses, their order, and unions (dialect §4, §6, §7).
 *
 * The order of clauses is checked while they are read, with the one bit "an updating clause was seen since the last
 * WITH": reading clauses may not follow it. What may end a query depends on the form (a subquery of EXISTS may stop
 * after MATCH).
 */
#include "parser/parse.h"

/* ---- parts of clauses ---- */

/* [ASC|DESC …] [NULLS FIRST|LAST] behind a sort key */
static ruzu_status parse_query_order_direction(rz_parser *p, rz_ast_order *order)
{
    if (rz_parse_accept_keyword(p, RZ_KW_DESC) || rz_parse_accept_keyword(p, RZ_KW_DESCENDING)) {
        order->descending = true;
    } else if (!rz_parse_accept_keyword(p, RZ_KW_ASC)) {
        (void)rz_parse_accept_keyword(p, RZ_KW_ASCENDING);
    }
    if (rz_parse_is_keyword(p, RZ_KW_NULLS)) {
        RZ_TRY(rz_parse_extension(p));
        rz_parse_advance(p);
        order->nulls = rz_parse_is_keyword(p, RZ_KW_FIRST) ? RZ_AST_NULLS_FIRST : RZ_AST_NULLS_LAST;
        if (!rz_parse_accept_keyword(p, RZ_KW_FIRST)) {
            RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_LAST));
        }
    }
    return RUZU_OK;
}

static ruzu_status parse_query_items(rz_parser *p, rz_ast_body *body)
{
    RZ_ARRAY(rz_ast_projection) items = {NULL, 0, 0};
    if (rz_parse_accept(p, RZ_TOKEN_STAR)) {
        body->star = true;
        if (!rz_parse_accept(p, RZ_TOKEN_COMMA)) {
            return RUZU_OK;
        }
    }
    do {
        rz_ast_projection item = {NULL, NULL};
        RZ_TRY(rz_parse_expr(p, 0, &item.expr));
        if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
            RZ_TRY(rz_parse_name(p, &item.alias));
        }
        RZ_PARSE_APPEND(p, &items, item);
        if (items.count > p->limits.max_list_elements) {
            return rz_parse_limit(p, rz_parse_start(p), "max_list_elements", p->limits.max_list_elements);
        }
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    body->items = items.items;
    body->item_count = items.count;
    return RUZU_OK;
}

/* Behind WITH or RETURN; WHERE is the caller's. */
static ruzu_status parse_query_body(rz_parser *p, rz_ast_body *body)
{
    RZ_ARRAY(rz_ast_order) orders = {NULL, 0, 0};
    body->distinct = rz_parse_accept_keyword(p, RZ_KW_DISTINCT);
    RZ_TRY(parse_query_items(p, body));
    if (rz_parse_accept_keyword(p, RZ_KW_ORDER)) {
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_BY));
        do {
            rz_ast_order order = {NULL, false, RZ_AST_NULLS_DEFAULT};
            RZ_TRY(rz_parse_expr(p, 0, &order.expr));
            RZ_TRY(parse_query_order_direction(p, &order));
            RZ_PARSE_APPEND(p, &orders, order);
        } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    }
    body->orders = orders.items;
    body->order_count = orders.count;
    if (rz_parse_is_keyword(p, RZ_KW_OFFSET)) {
        RZ_TRY(rz_parse_extension(p));
    }
    if (rz_parse_accept_keyword(p, RZ_KW_SKIP) || rz_parse_accept_keyword(p, RZ_KW_OFFSET)) {
        RZ_TRY(rz_parse_expr(p, 0, &body->skip));
    }
    return rz_parse_accept_keyword(p, RZ_KW_LIMIT) ? rz_parse_expr(p, 0, &body->limit) : RUZU_OK;
}

/* ---- reading clauses ---- */

static ruzu_status parse_query_new_hint(rz_parser *p, rz_ast_hint_kind kind, uint32_t position, rz_ast_hint **out)
{
    RZ_PARSE_NEW(p, rz_ast_hint, *out);
    (*out)->kind = kind;
    (*out)->position = position;
    return RUZU_OK;
}

/* name | ( tree ), then JOIN and MULTI_JOIN, both to the left */
static ruzu_status parse_query_hint(rz_parser *p, rz_ast_hint **out)
{
    const uint32_t position = rz_parse_start(p);
    rz_ast_hint *tree;
    RZ_TRY(rz_parse_enter(p));
    if (rz_parse_accept(p, RZ_TOKEN_LPAREN)) {
        RZ_TRY(parse_query_hint(p, &tree));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    } else {
        const uint32_t base = p->stack_count;
        const char *name;
        RZ_TRY(parse_query_new_hint(p, RZ_AST_HINT_NAME, position, &tree));
        RZ_TRY(rz_parse_name(p, &name));
        RZ_TRY(rz_parse_push(p, name));
        RZ_TRY(rz_parse_take(p, base, &tree->names, &tree->name_count));
    }
    tree->length = rz_parse_end(p) - position;
    uint32_t height = 0; /* of the tree that grows to the left */
    while (rz_parse_is_keyword(p, RZ_KW_JOIN) || rz_parse_is_keyword(p, RZ_KW_MULTI_JOIN)) {
        rz_ast_hint *left = tree;
        bool multi = rz_parse_is_keyword(p, RZ_KW_MULTI_JOIN);
        if (++height > p->limits.max_pattern_elements) {
            return rz_parse_limit(p, rz_parse_start(p), "max_pattern_elements", p->limits.max_pattern_elements);
        }
        rz_parse_advance(p);
        RZ_TRY(parse_query_new_hint(p, multi ? RZ_AST_HINT_MULTI_JOIN : RZ_AST_HINT_JOIN, position, &tree));
        tree->left = left;
        if (multi) {
            const uint32_t base = p->stack_count;
            do {
                const char *name;
                RZ_TRY(rz_parse_name(p, &name));
                RZ_TRY(rz_parse_push(p, name));
                /* `a MULTI_JOIN b MULTI_JOIN c` and `a MULTI_JOIN b c` are one join; a word that clauses begin with
                 * ends it. */
            } while (rz_parse_accept_keyword(p, RZ_KW_MULTI_JOIN) ||
                     (rz_token_is_name(rz_parse_token(p)) && rz_parse_token(p)->keyword == RZ_KW_NO_KEYWORD));
            RZ_TRY(rz_parse_take(p, base, &tree->names, &tree->name_count));
        } else if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
            rz_parse_advance(p);
            RZ_TRY(parse_query_hint(p, &tree->right));
            RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
        } else {
            const uint32_t base = p->stack_count;
            const char *name;
            RZ_TRY(parse_query_new_hint(p, RZ_AST_HINT_NAME, rz_parse_start(p), &tree->right));
            RZ_TRY(rz_parse_name(p, &name));
            tree->right->length = rz_parse_end(p) - tree->right->position;
            RZ_TRY(rz_parse_push(p, name));
            RZ_TRY(rz_parse_take(p, base, &tree->right->names, &tree->right->name_count));
        }
        tree->length = rz_parse_end(p) - position;
    }
    rz_parse_leave(p);
    *out = tree;
    return RUZU_OK;
}

/* pattern [WHERE e] [HINT tree] */
static ruzu_status parse_query_match(rz_parser *p, rz_ast_match *match)
{
    RZ_TRY(rz_parse_paths(p, &match->paths, &match->path_count));
    RZ_TRY(rz_parse_optional_where(p, 0, &match->where));
    return rz_parse_accept_keyword(p, RZ_KW_HINT) ? parse_query_hint(p, &match->hint) : RUZU_OK;
}

static ruzu_status parse_query_unwind(rz_parser *p, rz_ast_unwind *unwind)
{
    RZ_TRY(rz_parse_expr(p, 0, &unwind->list));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_AS));
    return rz_parse_name(p, &unwind->variable);
}

static ruzu_status parse_query_yield(rz_parser *p, rz_ast_call *call)
{
    RZ_ARRAY(rz_ast_yield_item) yields = {NULL, 0, 0};
    call->has_yield = true;
    if (rz_parse_is(p, RZ_TOKEN_STAR)) {
        RZ_TRY(rz_parse_extension(p));
        rz_parse_advance(p);
        call->yield_star = true;
        return RUZU_OK;
    }
    do {
        rz_ast_yield_item item = {NULL, NULL};
        RZ_TRY(rz_parse_name(p, &item.name));
        if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
            RZ_TRY(rz_parse_name(p, &item.alias));
        }
        RZ_PARSE_APPEND(p, &yields, item);
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    call->yields = yields.items;
    call->yield_count = yields.count;
    return RUZU_OK;
}

/* f(args) with WHERE and YIELD in either order */
static ruzu_status parse_query_call(rz_parser *p, rz_ast_call *call)
{
    RZ_TRY(rz_parse_call(p, &call->function));
    RZ_TRY(rz_parse_optional_where(p, 0, &call->where));
    if (rz_parse_accept_keyword(p, RZ_KW_YIELD)) {
        RZ_TRY(parse_query_yield(p, call));
        if (call->where == NULL) {
            RZ_TRY(rz_parse_optional_where(p, 0, &call->where));
        }
    }
    return RUZU_OK;
}

/* [(a, b)] { query } */
static ruzu_status parse_query_call_subquery(rz_parser *p, rz_ast_call_subquery *call)
{
    RZ_TRY(rz_parse_extension(p));
    if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
        call->has_imports = true;
        if (rz_parse_peek_is(p, 1, RZ_TOKEN_STAR)) {
            rz_parse_advance(p);
            rz_parse_advance(p);
            call->import_star = true;
            RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
        } else if (rz_parse_peek_is(p, 1, RZ_TOKEN_RPAREN)) {
            rz_parse_advance(p);
            rz_parse_advance(p);
        } else {
            RZ_TRY(rz_parse_name_list(p, &call->imports, &call->import_count));
        }
    }
    return rz_parse_braced_query(p, RZ_PARSE_QUERY_CALL, &call->query);
}

/* ---- updating clauses ---- */

/* v.p, v, or (v).p: no operators, so that `=` is left alone */
static ruzu_status parse_query_set_target(rz_parser *p, rz_ast_expr **out)
{
    const uint32_t position = rz_parse_start(p);
    if (rz_parse_accept(p, RZ_TOKEN_LPAREN)) {
        RZ_TRY(rz_parse_expr(p, 0, out));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
        (*out)->position = position;
        (*out)->length = rz_parse_end(p) - position;
    } else {
        RZ_TRY(rz_parse_atom(p, out));
    }
    return rz_parse_postfix(p, RZ_PARSE_NO_LABEL, out);
}

/* The items of SET, or of REMOVE (without values). */
static ruzu_status parse_query_set(rz_parser *p, bool remove, rz_ast_set *set)
{
    RZ_ARRAY(rz_ast_set_item) items = {set->items, set->item_count, set->item_count};
    do {
        rz_ast_set_item item = {RZ_AST_SET_PROPERTY, NULL, NULL, NULL};
        RZ_TRY(parse_query_set_target(p, &item.target));
        if (rz_parse_is(p, RZ_TOKEN_COLON)) {
            RZ_TRY(rz_parse_extension(p));
            rz_parse_advance(p);
            item.kind = RZ_AST_SET_LABEL;
            RZ_TRY(rz_parse_labels(p, 0, &item.label));
        } else if (remove) {
            if (item.target->kind != RZ_AST_EXPR_PROPERTY) {
                return rz_parse_unexpected(p);
            }
        } else {
            if (rz_parse_is(p, RZ_TOKEN_PLUS_EQ)) {
                RZ_TRY(rz_parse_extension(p));
                rz_parse_advance(p);
                item.kind = RZ_AST_SET_MERGE;
            } else {
                item.kind = item.target->kind == RZ_AST_EXPR_PROPERTY ? RZ_AST_SET_PROPERTY : RZ_AST_SET_ALL;
                RZ_TRY(rz_parse_expect(p, RZ_TOKEN_EQ));
            }
            RZ_TRY(rz_parse_expr(p, 0, &item.value));
        }
        RZ_PARSE_APPEND(p, &items, item);
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    set->items = items.items;
    set->item_count = items.count;
    return RUZU_OK;
}

static ruzu_status parse_query_merge(rz_parser *p, rz_ast_merge *merge)
{
    RZ_TRY(rz_parse_paths(p, &merge->paths, &merge->path_count));
    while (rz_parse_accept_keyword(p, RZ_KW_ON)) {
        bool on_match = rz_parse_accept_keyword(p, RZ_KW_MATCH);
        if (!on_match) {
            RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_CREATE));
        }
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_SET));
        RZ_TRY(parse_query_set(p, false, on_match ? &merge->on_match : &merge->on_create));
    }
    return RUZU_OK;
}

static ruzu_status parse_query_delete(rz_parser *p, rz_ast_delete *del)
{
    const uint32_t base = p->stack_count;
    do {
        rz_ast_expr *expr;
        RZ_TRY(rz_parse_expr(p, 0, &expr));
        RZ_TRY(rz_parse_push(p, expr));
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    return rz_parse_take(p, base, &del->exprs, &del->expr_count);
}

static ruzu_status parse_query_clause(rz_parser *p, rz_ast_clause **out);
static bool parse_query_is_updating(rz_ast_clause_kind kind);

/* ( x IN list | clause … ) */
static ruzu_status parse_query_foreach(rz_parser *p, rz_ast_foreach *foreach)
{
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_enter(p));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    RZ_TRY(rz_parse_name(p, &foreach->variable));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_IN));
    RZ_TRY(rz_parse_expr(p, RZ_PARSE_NO_PIPE, &foreach->list));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_PIPE));
    do {
        const uint32_t start = p->pos;
        rz_ast_clause *clause = NULL;
        RZ_TRY(parse_query_clause(p, &clause));
        if (clause == NULL || !parse_query_is_updating(clause->kind)) {
            p->pos = start; /* for the message */
            return rz_parse_unexpected(p);
        }
        RZ_TRY(rz_parse_push(p, clause));
    } while (!rz_parse_is(p, RZ_TOKEN_RPAREN));
    rz_parse_advance(p);
    rz_parse_leave(p);
    return rz_parse_take(p, base, &foreach->clauses, &foreach->clause_count);
}

/* ---- clauses and their order ---- */

static bool parse_query_is_updating(rz_ast_clause_kind kind)
{
    switch (kind) {
    case RZ_AST_CLAUSE_CREATE:
    case RZ_AST_CLAUSE_MERGE:
    case RZ_AST_CLAUSE_SET:
    case RZ_AST_CLAUSE_REMOVE:
    case RZ_AST_CLAUSE_DELETE:
    case RZ_AST_CLAUSE_FOREACH: return true;
    case RZ_AST_CLAUSE_MATCH:
    case RZ_AST_CLAUSE_UNWIND:
    case RZ_AST_CLAUSE_CALL:
    case RZ_AST_CLAUSE_CALL_SUBQUERY:
    case RZ_AST_CLAUSE_LOAD:
    case RZ_AST_CLAUSE_WITH:
    case RZ_AST_CLAUSE_RETURN:
    case RZ_AST_CLAUSE_FINISH: return false;
    }
    return false;
}

/* The kind of clause the current words begin; false when they begin none. *out_words is how many words belong to the
 * kind. */
static bool parse_query_find_clause(const rz_parser *p, rz_ast_clause_kind *out_kind, uint32_t *out_words)
{
    const rz_keyword next = (rz_keyword)rz_parse_peek(p, 1)->keyword;
    const rz_token_kind next_kind = (rz_token_kind)rz_parse_peek(p, 1)->kind;
    *out_words = 1;
    switch (rz_parse_token(p)->keyword) {
    case RZ_KW_OPTIONAL:
        *out_kind = RZ_AST_CLAUSE_MATCH;
        *out_words = 2;
        return next == RZ_KW_MATCH;
    case RZ_KW_MATCH: *out_kind = RZ_AST_CLAUSE_MATCH; return true;
    case RZ_KW_UNWIND: *out_kind = RZ_AST_CLAUSE_UNWIND; return true;
    case RZ_KW_CALL:
        *out_kind = next_kind == RZ_TOKEN_LBRACE || next_kind == RZ_TOKEN_LPAREN ? RZ_AST_CLAUSE_CALL_SUBQUERY
                                                                                 : RZ_AST_CLAUSE_CALL;
        return true;
    case RZ_KW_LOAD: *out_kind = RZ_AST_CLAUSE_LOAD; return true;
    case RZ_KW_CREATE: *out_kind = RZ_AST_CLAUSE_CREATE; return true;
    case RZ_KW_MERGE: *out_kind = RZ_AST_CLAUSE_MERGE; return true;
    case RZ_KW_SET: *out_kind = RZ_AST_CLAUSE_SET; return true;
    case RZ_KW_REMOVE: *out_kind = RZ_AST_CLAUSE_REMOVE; return true;
    case RZ_KW_DELETE: *out_kind = RZ_AST_CLAUSE_DELETE; return true;
    case RZ_KW_DETACH:
        *out_kind = RZ_AST_CLAUSE_DELETE;
        *out_words = 2;
        return next == RZ_KW_DELETE;
    case RZ_KW_FOREACH: *out_kind = RZ_AST_CLAUSE_FOREACH; return true;
    case RZ_KW_WITH: *out_kind = RZ_AST_CLAUSE_WITH; return true;
    case RZ_KW_RETURN: *out_kind = RZ_AST_CLAUSE_RETURN; return true;
    case RZ_KW_FINISH: *out_kind = RZ_AST_CLAUSE_FINISH; return true;
    default: return false; /* other words, and what is no word */
    }
}

/* Extension clauses fail in strict mode, at their word. */
static ruzu_status parse_query_check_strict(rz_parser *p, rz_ast_clause_kind kind)
{
    bool extension = kind == RZ_AST_CLAUSE_REMOVE || kind == RZ_AST_CLAUSE_FOREACH || kind == RZ_AST_CLAUSE_FINISH;
    return extension ? rz_parse_extension(p) : RUZU_OK;
}

/* One clause, or *out NULL when none begins here. */
static ruzu_status parse_query_clause(rz_parser *p, rz_ast_clause **out)
{
    rz_ast_clause *clause = NULL;
    rz_ast_clause_kind kind;
    uint32_t words;
    *out = NULL;
    if (!parse_query_find_clause(p, &kind, &words)) {
        return RUZU_OK;
    }
    RZ_TRY(parse_query_check_strict(p, kind));
    RZ_PARSE_NEW(p, rz_ast_clause, clause);
    clause->kind = kind;
    clause->position = rz_parse_start(p);
    for (uint32_t i = 0; i < words; i++) {
        rz_parse_advance(p);
    }
    switch (kind) {
    case RZ_AST_CLAUSE_MATCH:
        clause->match.optional = words == 2;
        RZ_TRY(parse_query_match(p, &clause->match));
        break;
    case RZ_AST_CLAUSE_UNWIND: RZ_TRY(parse_query_unwind(p, &clause->unwind)); break;
    case RZ_AST_CLAUSE_CALL: RZ_TRY(parse_query_call(p, &clause->call)); break;
    case RZ_AST_CLAUSE_CALL_SUBQUERY: RZ_TRY(parse_query_call_subquery(p, &clause->call_subquery)); break;
    case RZ_AST_CLAUSE_LOAD: RZ_TRY(rz_parse_load_clause(p, &clause->load)); break;
    case RZ_AST_CLAUSE_CREATE: RZ_TRY(rz_parse_paths(p, &clause->create.paths, &clause->create.path_count)); break;
    case RZ_AST_CLAUSE_MERGE: RZ_TRY(parse_query_merge(p, &clause->merge)); break;
    case RZ_AST_CLAUSE_SET: RZ_TRY(parse_query_set(p, false, &clause->set)); break;
    case RZ_AST_CLAUSE_REMOVE: RZ_TRY(parse_query_set(p, true, &clause->set)); break;
    case RZ_AST_CLAUSE_DELETE:
        clause->del.detach = words == 2;
        RZ_TRY(parse_query_delete(p, &clause->del));
        break;
    case RZ_AST_CLAUSE_FOREACH: RZ_TRY(parse_query_foreach(p, &clause->foreach)); break;
    case RZ_AST_CLAUSE_WITH:
        RZ_TRY(parse_query_body(p, &clause->body));
        RZ_TRY(rz_parse_optional_where(p, 0, &clause->body.where));
        break;
    case RZ_AST_CLAUSE_RETURN: RZ_TRY(parse_query_body(p, &clause->body)); break;
    case RZ_AST_CLAUSE_FINISH: break;
    }
    clause->length = rz_parse_end(p) - clause->position;
    *out = clause;
    return RUZU_OK;
}

/* `{ (a)-->(b) WHERE … }`: a MATCH without its word. */
static ruzu_status parse_query_bare_match(rz_parser *p, rz_ast_clause **out)
{
    rz_ast_clause *clause = NULL;
    RZ_TRY(rz_parse_extension(p));
    RZ_PARSE_NEW(p, rz_ast_clause, clause);
    clause->kind = RZ_AST_CLAUSE_MATCH;
    clause->position = rz_parse_start(p);
    RZ_TRY(parse_query_match(p, &clause->match));
    clause->length = rz_parse_end(p) - clause->position;
    *out = clause;
    return RUZU_OK;
}

/* May this clause end a query of that form? `alone`: it is the only one (a standalone call then). */
static bool parse_query_may_end(const rz_parser *p, rz_parse_query_form form, rz_ast_clause_kind kind, bool alone)
{
    switch (form) {
    case RZ_PARSE_QUERY_MATCHING: return kind != RZ_AST_CLAUSE_WITH;
    case RZ_PARSE_QUERY_COLLECT: return kind == RZ_AST_CLAUSE_RETURN;
    case RZ_PARSE_QUERY_FULL:
    case RZ_PARSE_QUERY_CALL: break;
    }
    return parse_query_is_updating(kind) || kind == RZ_AST_CLAUSE_RETURN || kind == RZ_AST_CLAUSE_FINISH ||
           kind == RZ_AST_CLAUSE_CALL_SUBQUERY || (kind == RZ_AST_CLAUSE_CALL && (alone || !p->limits.strict));
}

/* Checks a clause against those before it; `start` is the index of its first token. */
static ruzu_status parse_query_check_order(rz_parser *p, rz_parse_query_form form, const rz_ast_clause *clause,
                                           uint32_t start, bool *has_updated)
{
    bool reading_only = form == RZ_PARSE_QUERY_MATCHING || form == RZ_PARSE_QUERY_COLLECT;
    switch (clause->kind) {
    case RZ_AST_CLAUSE_CREATE:
    case RZ_AST_CLAUSE_MERGE:
    case RZ_AST_CLAUSE_SET:
    case RZ_AST_CLAUSE_REMOVE:
    case RZ_AST_CLAUSE_DELETE:
    case RZ_AST_CLAUSE_FOREACH:
        if (reading_only) {
            p->pos = start;
            return rz_parse_unexpected(p);
        }
        *has_updated = true;
        break;
    case RZ_AST_CLAUSE_MATCH:
    case RZ_AST_CLAUSE_UNWIND:
    case RZ_AST_CLAUSE_CALL:
    case RZ_AST_CLAUSE_LOAD:
        if (*has_updated) { /* a WITH is wanted between writing and reading */
            p->pos = start;
            return rz_parse_unexpected(p);
        }
        break;
    case RZ_AST_CLAUSE_WITH: *has_updated = false; break;
    case RZ_AST_CLAUSE_CALL_SUBQUERY:
    case RZ_AST_CLAUSE_RETURN:
    case RZ_AST_CLAUSE_FINISH: break;
    }
    return RUZU_OK;
}

static ruzu_status parse_query_single(rz_parser *p, rz_parse_query_form form, bool union_all, rz_ast_single_query **out)
{
    rz_ast_single_query *single = NULL;
    const uint32_t base = p->stack_count;
    bool has_updated = false;
    bool ended = false;
    rz_ast_clause *last = NULL;
    RZ_PARSE_NEW(p, rz_ast_single_query, single);
    single->position = rz_parse_start(p);
    single->union_all = union_all;
    const uint32_t first_length = rz_parse_token(p)->length;
    while (!ended) {
        const uint32_t start = p->pos;
        rz_ast_clause *clause = NULL;
        if (form == RZ_PARSE_QUERY_MATCHING && last == NULL &&
            (rz_parse_is(p, RZ_TOKEN_LPAREN) || rz_parse_peek_is(p, 1, RZ_TOKEN_EQ))) {
            RZ_TRY(parse_query_bare_match(p, &clause));
        } else {
            RZ_TRY(parse_query_clause(p, &clause));
        }
        if (clause == NULL) {
            break;
        }
        RZ_TRY(parse_query_check_order(p, form, clause, start, &has_updated));
        RZ_TRY(rz_parse_push(p, clause));
        if (p->stack_count - base > p->limits.max_union_arms) {
            return rz_parse_limit(p, clause->position, "max_union_arms", p->limits.max_union_arms);
        }
        last = clause;
        ended = clause->kind == RZ_AST_CLAUSE_RETURN || clause->kind == RZ_AST_CLAUSE_FINISH;
    }
    if (last == NULL) {
        return rz_parse_unexpected(p);
    }
    rz_ast_clause_kind kind;
    uint32_t words;
    if (last->kind == RZ_AST_CLAUSE_RETURN && parse_query_find_clause(p, &kind, &words)) {
        return rz_parse_fail(p, last->position, 6, "RETURN can only be used at the end of the query");
    }
    bool alone = p->stack_count == base + 1 &&
                 (last->kind != RZ_AST_CLAUSE_CALL || (last->call.where == NULL && !last->call.has_yield));
    if (!parse_query_may_end(p, form, last->kind, alone)) {
        bool at_end =
            rz_parse_is(p, RZ_TOKEN_END) || rz_parse_is(p, RZ_TOKEN_RBRACE) || rz_parse_is_keyword(p, RZ_KW_UNION);
        if (at_end && last->kind != RZ_AST_CLAUSE_WITH) {
            return rz_parse_fail(p, single->position, first_length, "Query must conclude with RETURN clause");
        }
        return rz_parse_unexpected(p);
    }
    RZ_TRY(rz_parse_take(p, base, &single->clauses, &single->clause_count));
    single->length = rz_parse_end(p) - single->position;
    *out = single;
    return RUZU_OK;
}

ruzu_status rz_parse_query(rz_parser *p, rz_parse_query_form form, rz_ast_query **out)
{
    rz_ast_query *query;
    const uint32_t base = p->stack_count;
    bool union_all = false;
    RZ_PARSE_NEW(p, rz_ast_query, query);
    query->position = rz_parse_start(p);
    for (;;) {
        rz_ast_single_query *single = NULL;
        RZ_TRY(parse_query_single(p, form, union_all, &single));
        RZ_TRY(rz_parse_push(p, single));
        if (p->stack_count - base > p->limits.max_union_arms) {
            return rz_parse_limit(p, rz_parse_start(p), "max_union_arms", p->limits.max_union_arms);
        }
        if (!rz_parse_accept_keyword(p, RZ_KW_UNION)) {
            break;
        }
        union_all = rz_parse_accept_keyword(p, RZ_KW_ALL);
    }
    RZ_TRY(rz_parse_take(p, base, &query->arms, &query->arm_count));
    query->length = rz_parse_end(p) - query->position;
    *out = query;
    return RUZU_OK;
}

ruzu_status rz_parse_subquery(rz_parser *p, rz_parse_query_form form, rz_ast_query **out)
{
    RZ_TRY(rz_parse_enter(p));
    if (p->subquery_depth >= p->limits.max_subquery_depth) {
        return rz_parse_limit(p, rz_parse_start(p), "max_subquery_depth", p->limits.max_subquery_depth);
    }
    p->subquery_depth++;
    RZ_TRY(rz_parse_query(p, form, out));
    p->subquery_depth--;
    rz_parse_leave(p);
    return RUZU_OK;
}

ruzu_status rz_parse_braced_query(rz_parser *p, rz_parse_query_form form, rz_ast_query **out)
{
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LBRACE));
    RZ_TRY(rz_parse_subquery(p, form, out));
    return rz_parse_expect(p, RZ_TOKEN_RBRACE);
}
