/* SPDX-License-Identifier: MIT */
/*
 * Patterns: paths of nodes and relationships, recursive relationships, quantified groups, label expressions (dialect
 * §5).
 *
 * `(a)-[e]-(b)` could be a subtraction of lists. rz_parse_is_path decides by the tokens around the brackets: what
 * stands in the first parentheses looks like a node, the dashes are there, and what stands in the last looks like a
 * node too. Arithmetic on bare parenthesised variables written that way is a pattern, as in openCypher.
 */
#include "parser/parse.h"

/* ---- look-ahead ---- */

static const rz_token *parse_pattern_at(const rz_parser *p, uint32_t idx)
{
    return &p->tokens[idx < p->token_count ? idx : p->token_count - 1];
}

static bool parse_pattern_is_dash(const rz_token *token)
{
    return token->kind == RZ_TOKEN_MINUS || token->kind == RZ_TOKEN_DASH;
}

static bool parse_pattern_is_left(const rz_token *token)
{
    return token->kind == RZ_TOKEN_LT || token->kind == RZ_TOKEN_LEFT_HEAD;
}

static bool parse_pattern_is_right(const rz_token *token)
{
    return token->kind == RZ_TOKEN_GT || token->kind == RZ_TOKEN_RIGHT_HEAD;
}

/* True when the bracket at idx may hold a node (or relationship) description: nothing, `name`, or something no
 * expression begins with. */
static bool parse_pattern_is_element(const rz_parser *p, uint32_t idx)
{
    const rz_token *open = parse_pattern_at(p, idx);
    if ((open->kind != RZ_TOKEN_LPAREN && open->kind != RZ_TOKEN_LBRACKET) || open->match == RZ_TOKEN_NO_MATCH) {
        return false;
    }
    const rz_token *next = parse_pattern_at(p, idx + 1);
    if (rz_token_is_name(next)) {
        next = parse_pattern_at(p, idx + 2);
    }
    bool is_rel = open->kind == RZ_TOKEN_LBRACKET;
    return next == parse_pattern_at(p, open->match) || next->kind == RZ_TOKEN_COLON || next->kind == RZ_TOKEN_LBRACE ||
           next->kind == RZ_TOKEN_PARAMETER || next->keyword == RZ_KW_WHERE || (is_rel && next->kind == RZ_TOKEN_STAR);
}

bool rz_parse_is_path(const rz_parser *p, uint32_t idx)
{
    if (parse_pattern_at(p, idx)->kind != RZ_TOKEN_LPAREN || !parse_pattern_is_element(p, idx)) {
        return false;
    }
    uint32_t at = parse_pattern_at(p, idx)->match + 1;
    at += parse_pattern_is_left(parse_pattern_at(p, at)) ? 1 : 0;
    if (!parse_pattern_is_dash(parse_pattern_at(p, at))) {
        return false;
    }
    at++;
    if (parse_pattern_at(p, at)->kind == RZ_TOKEN_LBRACKET) {
        if (!parse_pattern_is_element(p, at)) {
            return false;
        }
        at = parse_pattern_at(p, at)->match + 1;
    }
    if (!parse_pattern_is_dash(parse_pattern_at(p, at))) {
        return false;
    }
    at++;
    at += parse_pattern_is_right(parse_pattern_at(p, at)) ? 1 : 0;
    const rz_token *quantifier = parse_pattern_at(p, at);
    if (quantifier->kind == RZ_TOKEN_STAR || quantifier->kind == RZ_TOKEN_PLUS) {
        at++;
    } else if (quantifier->kind == RZ_TOKEN_LBRACE && quantifier->match != RZ_TOKEN_NO_MATCH) {
        at = quantifier->match + 1;
    }
    return parse_pattern_at(p, at)->kind == RZ_TOKEN_LPAREN && parse_pattern_is_element(p, at);
}

/* True at the parenthesis of a group: `((…`, `(p = (…`. */
static bool parse_pattern_is_group(const rz_parser *p)
{
    return rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN) ||
           (rz_token_is_name(rz_parse_peek(p, 1)) && rz_parse_peek_is(p, 2, RZ_TOKEN_EQ) &&
            rz_parse_peek_is(p, 3, RZ_TOKEN_LPAREN));
}

/* Counts a node or relationship of the current pattern. */
static ruzu_status parse_pattern_count(rz_parser *p)
{
    if (++p->pattern_elements > p->limits.max_pattern_elements) {
        return rz_parse_limit(p, rz_parse_start(p), "max_pattern_elements", p->limits.max_pattern_elements);
    }
    return RUZU_OK;
}

/* ---- labels ---- */

static ruzu_status parse_pattern_new_label(rz_parser *p, rz_ast_label_kind kind, uint32_t position, rz_ast_label **out)
{
    RZ_PARSE_NEW(p, rz_ast_label, *out);
    (*out)->kind = kind;
    (*out)->position = position;
    (*out)->length = rz_parse_end(p) - position;
    return RUZU_OK;
}

/* Puts one node in place of the labels pushed above base, unless there is only one. */
static ruzu_status parse_pattern_join_labels(rz_parser *p, rz_ast_label_kind kind, uint32_t base, rz_ast_label **out)
{
    rz_ast_label *first = (rz_ast_label *)p->stack[base];
    if (p->stack_count == base + 1) {
        p->stack_count = base;
        *out = first;
        return RUZU_OK;
    }
    RZ_TRY(parse_pattern_new_label(p, kind, first->position, out));
    return rz_parse_take(p, base, &(*out)->children, &(*out)->child_count);
}

static ruzu_status parse_pattern_label_choice(rz_parser *p, uint32_t flags, rz_ast_label **out);

/* name, %, !label, (labels) */
static ruzu_status parse_pattern_label_atom(rz_parser *p, rz_ast_label **out)
{
    const uint32_t position = rz_parse_start(p);
    if (rz_token_is_any_name(rz_parse_token(p))) {
        const char *name;
        RZ_TRY(rz_parse_any_name(p, &name));
        RZ_TRY(parse_pattern_new_label(p, RZ_AST_LABEL_NAME, position, out));
        (*out)->name = name;
        return RUZU_OK;
    }
    RZ_TRY(rz_parse_extension(p));
    if (rz_parse_accept(p, RZ_TOKEN_PERCENT)) {
        return parse_pattern_new_label(p, RZ_AST_LABEL_ANY, position, out);
    }
    RZ_TRY(rz_parse_enter(p));
    if (rz_parse_accept(p, RZ_TOKEN_BANG)) {
        const uint32_t base = p->stack_count;
        rz_ast_label *inner;
        RZ_TRY(parse_pattern_label_atom(p, &inner));
        RZ_TRY(rz_parse_push(p, inner));
        RZ_TRY(parse_pattern_new_label(p, RZ_AST_LABEL_NOT, position, out));
        RZ_TRY(rz_parse_take(p, base, &(*out)->children, &(*out)->child_count));
    } else {
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
        RZ_TRY(parse_pattern_label_choice(p, 0, out));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    }
    rz_parse_leave(p);
    return RUZU_OK;
}

/* a & b & … */
static ruzu_status parse_pattern_label_all(rz_parser *p, rz_ast_label **out)
{
    const uint32_t base = p->stack_count;
    do {
        rz_ast_label *label;
        RZ_TRY(parse_pattern_label_atom(p, &label));
        RZ_TRY(rz_parse_push(p, label));
        if (rz_parse_is(p, RZ_TOKEN_AMPERSAND)) {
            RZ_TRY(rz_parse_extension(p));
        }
    } while (rz_parse_accept(p, RZ_TOKEN_AMPERSAND));
    return parse_pattern_join_labels(p, RZ_AST_LABEL_AND, base, out);
}

/* a | b |:c, a:b */
static ruzu_status parse_pattern_label_choice(rz_parser *p, uint32_t flags, rz_ast_label **out)
{
    const uint32_t base = p->stack_count;
    bool only_colons = true;
    for (;;) {
        rz_ast_label *label;
        RZ_TRY(parse_pattern_label_all(p, &label));
        RZ_TRY(rz_parse_push(p, label));
        RZ_TRY(rz_parse_check_list(p, base));
        if ((flags & RZ_PARSE_NO_PIPE) == 0 && rz_parse_accept(p, RZ_TOKEN_PIPE)) {
            only_colons = false;
            (void)rz_parse_accept(p, RZ_TOKEN_COLON);
        } else if (!rz_parse_accept(p, RZ_TOKEN_COLON)) {
            break;
        }
    }
    return parse_pattern_join_labels(p, only_colons ? RZ_AST_LABEL_COLONS : RZ_AST_LABEL_OR, base, out);
}

ruzu_status rz_parse_labels(rz_parser *p, uint32_t flags, rz_ast_label **out)
{
    return parse_pattern_label_choice(p, flags, out);
}

/* ---- what nodes and relationships share ---- */

/* [variable] [:labels] */
static ruzu_status parse_pattern_head(rz_parser *p, const char **variable, rz_ast_label **labels)
{
    if (rz_token_is_name(rz_parse_token(p))) {
        RZ_TRY(rz_parse_name(p, variable));
    }
    return rz_parse_accept(p, RZ_TOKEN_COLON) ? rz_parse_labels(p, 0, labels) : RUZU_OK;
}

/* [{…}|$parameter] [WHERE e] */
static ruzu_status parse_pattern_tail(rz_parser *p, rz_ast_property_map *properties, rz_ast_expr **where)
{
    if (rz_parse_is(p, RZ_TOKEN_LBRACE)) {
        rz_ast_expr *map;
        RZ_TRY(rz_parse_enter(p));
        RZ_TRY(rz_parse_struct(p, &map));
        rz_parse_leave(p);
        properties->keys = map->field_names;
        properties->values = map->children;
        properties->count = map->child_count;
    } else if (rz_parse_is(p, RZ_TOKEN_PARAMETER)) {
        RZ_TRY(rz_parse_extension(p));
        RZ_TRY(rz_parse_atom(p, &properties->parameter));
    }
    if (rz_parse_is_keyword(p, RZ_KW_WHERE)) {
        RZ_TRY(rz_parse_extension(p));
    }
    return rz_parse_optional_where(p, 0, where);
}

static ruzu_status parse_pattern_node(rz_parser *p, rz_ast_node_pattern **out)
{
    rz_ast_node_pattern *node = NULL;
    RZ_TRY(parse_pattern_count(p));
    RZ_PARSE_NEW(p, rz_ast_node_pattern, node);
    node->position = rz_parse_start(p);
    if (rz_token_is_name(rz_parse_token(p))) {
        return rz_parse_fail(p, node->position, rz_parse_token(p)->length,
                             "Parentheses are required to identify nodes in patterns, i.e. (a)");
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    RZ_TRY(parse_pattern_head(p, &node->variable, &node->labels));
    RZ_TRY(parse_pattern_tail(p, &node->properties, &node->where));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    node->length = rz_parse_end(p) - node->position;
    *out = node;
    return RUZU_OK;
}

/* The node between two groups, or at an end of the path that a group forms: unnamed and unwritten. */
static ruzu_status parse_pattern_implicit_node(rz_parser *p, uint32_t position, rz_ast_node_pattern **out)
{
    RZ_PARSE_NEW(p, rz_ast_node_pattern, *out);
    (*out)->position = position;
    (*out)->implicit = true;
    return RUZU_OK;
}

/* ---- recursive relationships ---- */

/* A bound of a range: a plain integer that fits INT64. */
static ruzu_status parse_pattern_bound(rz_parser *p, bool *has_bound, int64_t *bound)
{
    *has_bound = rz_parse_is(p, RZ_TOKEN_INTEGER);
    if (!*has_bound) {
        return RUZU_OK;
    }
    const rz_token *token = rz_parse_token(p);
    rz_uint128 value = 0;
    if (!rz_lex_integer(p->text + token->position, token->length, &value) || value > INT64_MAX) {
        return rz_parse_unexpected(p);
    }
    *bound = (int64_t)value;
    rz_parse_advance(p);
    return RUZU_OK;
}

/* [kind], with the weight of WSHORTEST */
static ruzu_status parse_pattern_recursive_kind(rz_parser *p, rz_ast_recursive *recursive)
{
    bool all = rz_parse_accept_keyword(p, RZ_KW_ALL);
    if (rz_parse_accept_keyword(p, RZ_KW_SHORTEST)) {
        recursive->kind = all ? RZ_AST_RECURSIVE_ALL_SHORTEST : RZ_AST_RECURSIVE_SHORTEST;
    } else if (rz_parse_accept_keyword(p, RZ_KW_WSHORTEST)) {
        recursive->kind = all ? RZ_AST_RECURSIVE_ALL_WSHORTEST : RZ_AST_RECURSIVE_WSHORTEST;
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
        RZ_TRY(rz_parse_any_name(p, &recursive->weight_property));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    } else if (all) {
        return rz_parse_unexpected(p);
    } else if (rz_parse_accept_keyword(p, RZ_KW_TRAIL)) {
        recursive->kind = RZ_AST_RECURSIVE_TRAIL;
    } else if (rz_parse_accept_keyword(p, RZ_KW_ACYCLIC)) {
        recursive->kind = RZ_AST_RECURSIVE_ACYCLIC;
    }
    return RUZU_OK;
}

/* `{ item [AS alias], … }`; `*` stands for all properties of the variable. */
static ruzu_status parse_pattern_recursive_items(rz_parser *p, const char *variable, rz_ast_expr ***out_items,
                                                 const char *const **out_aliases, uint32_t *out_count)
{
    RZ_ARRAY(rz_ast_expr *) items = {NULL, 0, 0};
    RZ_ARRAY(const char *) aliases = {NULL, 0, 0};
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LBRACE));
    if (!rz_parse_is(p, RZ_TOKEN_RBRACE)) {
        do {
            rz_ast_expr *item;
            const char *alias = NULL;
            if (rz_parse_is(p, RZ_TOKEN_STAR)) {
                const uint32_t base = p->stack_count;
                rz_ast_expr *object;
                RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_VARIABLE, rz_parse_start(p), &object));
                object->length = 0;
                object->name = variable;
                RZ_TRY(rz_parse_push(p, object));
                RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_PROPERTY_STAR, object->position, &item));
                rz_parse_advance(p);
                RZ_TRY(rz_parse_finish_expr(p, item, base));
            } else {
                RZ_TRY(rz_parse_expr(p, 0, &item));
                if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
                    RZ_TRY(rz_parse_name(p, &alias));
                }
            }
            RZ_PARSE_APPEND(p, &items, item);
            RZ_PARSE_APPEND(p, &aliases, alias);
        } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    }
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACE));
    *out_items = items.items;
    *out_aliases = (const char *const *)aliases.items;
    *out_count = items.count;
    return RUZU_OK;
}

/* `( r, n [| WHERE e] [| {r items}, {n items}] )` at the parenthesis */
static ruzu_status parse_pattern_recursive_filter(rz_parser *p, rz_ast_recursive *recursive)
{
    rz_parse_advance(p);
    RZ_TRY(rz_parse_name(p, &recursive->rel_variable));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COMMA));
    RZ_TRY(rz_parse_name(p, &recursive->node_variable));
    bool more = rz_parse_accept(p, RZ_TOKEN_PIPE);
    if (more && rz_parse_is_keyword(p, RZ_KW_WHERE)) {
        RZ_TRY(rz_parse_optional_where(p, RZ_PARSE_NO_PIPE, &recursive->where));
        more = rz_parse_accept(p, RZ_TOKEN_PIPE);
    }
    if (more) {
        recursive->has_projection = true;
        RZ_TRY(parse_pattern_recursive_items(p, recursive->rel_variable, &recursive->rel_items, &recursive->rel_aliases,
                                             &recursive->rel_item_count));
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COMMA));
        RZ_TRY(parse_pattern_recursive_items(p, recursive->node_variable, &recursive->node_items,
                                             &recursive->node_aliases, &recursive->node_item_count));
    }
    return rz_parse_expect(p, RZ_TOKEN_RPAREN);
}

/* What follows `*` in the detail of a relationship. */
static ruzu_status parse_pattern_recursive(rz_parser *p, rz_ast_recursive **out)
{
    rz_ast_recursive *recursive;
    RZ_PARSE_NEW(p, rz_ast_recursive, recursive);
    rz_parse_advance(p);
    RZ_TRY(parse_pattern_recursive_kind(p, recursive));
    RZ_TRY(parse_pattern_bound(p, &recursive->has_lower, &recursive->lower));
    if (rz_parse_accept(p, RZ_TOKEN_DOTDOT)) {
        RZ_TRY(parse_pattern_bound(p, &recursive->has_upper, &recursive->upper));
    } else if (recursive->has_lower) {
        recursive->has_upper = true;
        recursive->upper = recursive->lower;
    }
    if (rz_parse_is(p, RZ_TOKEN_LPAREN)) {
        RZ_TRY(parse_pattern_recursive_filter(p, recursive));
    }
    *out = recursive;
    return RUZU_OK;
}

/* `{n}` `{n,m}` `{n,}` `{,m}` `+` `*` behind an arrow or a group; *out stays as it is when there is none. */
static ruzu_status parse_pattern_quantifier(rz_parser *p, rz_ast_recursive **out)
{
    if (!rz_parse_is(p, RZ_TOKEN_LBRACE) && !rz_parse_is(p, RZ_TOKEN_PLUS) && !rz_parse_is(p, RZ_TOKEN_STAR)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_parse_extension(p));
    if (*out != NULL) { /* `-[*]->+` */
        return rz_parse_unexpected(p);
    }
    rz_ast_recursive *recursive;
    RZ_PARSE_NEW(p, rz_ast_recursive, recursive);
    recursive->quantifier = true;
    if (rz_parse_accept(p, RZ_TOKEN_PLUS)) {
        recursive->has_lower = true;
        recursive->lower = 1;
    } else if (rz_parse_accept(p, RZ_TOKEN_LBRACE)) {
        RZ_TRY(parse_pattern_bound(p, &recursive->has_lower, &recursive->lower));
        if (rz_parse_accept(p, RZ_TOKEN_COMMA)) {
            RZ_TRY(parse_pattern_bound(p, &recursive->has_upper, &recursive->upper));
        } else if (recursive->has_lower) {
            recursive->has_upper = true;
            recursive->upper = recursive->lower;
        } else {
            return rz_parse_unexpected(p);
        }
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACE));
    } else {
        rz_parse_advance(p);
    }
    *out = recursive;
    return RUZU_OK;
}

/* ---- relationships ---- */

static ruzu_status parse_pattern_detail(rz_parser *p, rz_ast_rel_pattern *rel)
{
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LBRACKET));
    RZ_TRY(parse_pattern_head(p, &rel->variable, &rel->labels));
    if (rz_parse_is(p, RZ_TOKEN_STAR)) {
        RZ_TRY(parse_pattern_recursive(p, &rel->recursive));
    }
    RZ_TRY(parse_pattern_tail(p, &rel->properties, &rel->where));
    return rz_parse_expect(p, RZ_TOKEN_RBRACKET);
}

static bool parse_pattern_is_rel(const rz_parser *p)
{
    return parse_pattern_is_dash(rz_parse_token(p)) || parse_pattern_is_left(rz_parse_token(p));
}

static ruzu_status parse_pattern_dash(rz_parser *p)
{
    if (!parse_pattern_is_dash(rz_parse_token(p))) {
        return rz_parse_unexpected(p);
    }
    rz_parse_advance(p);
    return RUZU_OK;
}

static ruzu_status parse_pattern_rel(rz_parser *p, rz_ast_rel_pattern **out)
{
    rz_ast_rel_pattern *rel = NULL;
    RZ_TRY(parse_pattern_count(p));
    RZ_PARSE_NEW(p, rz_ast_rel_pattern, rel);
    rel->position = rz_parse_start(p);
    bool left = parse_pattern_is_left(rz_parse_token(p));
    if (left) {
        rz_parse_advance(p);
    }
    RZ_TRY(parse_pattern_dash(p));
    if (rz_parse_is(p, RZ_TOKEN_LBRACKET)) {
        RZ_TRY(parse_pattern_detail(p, rel));
    }
    RZ_TRY(parse_pattern_dash(p));
    bool right = parse_pattern_is_right(rz_parse_token(p));
    if (right) {
        rz_parse_advance(p);
    }
    rel->direction = left == right ? RZ_AST_DIRECTION_BOTH : left ? RZ_AST_DIRECTION_LEFT : RZ_AST_DIRECTION_RIGHT;
    RZ_TRY(parse_pattern_quantifier(p, &rel->recursive));
    rel->length = rz_parse_end(p) - rel->position;
    *out = rel;
    return RUZU_OK;
}

/* `( path [WHERE e] ) [quantifier]` as one step of a path. */
static ruzu_status parse_pattern_group(rz_parser *p, rz_ast_rel_pattern **out)
{
    rz_ast_rel_pattern *rel = NULL;
    RZ_TRY(parse_pattern_count(p));
    RZ_TRY(rz_parse_extension(p));
    RZ_TRY(rz_parse_enter(p));
    RZ_PARSE_NEW(p, rz_ast_rel_pattern, rel);
    rel->position = rz_parse_start(p);
    rz_parse_advance(p);
    RZ_TRY(rz_parse_path(p, &rel->group));
    RZ_TRY(rz_parse_optional_where(p, 0, &rel->where));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    RZ_TRY(parse_pattern_quantifier(p, &rel->recursive));
    rel->length = rz_parse_end(p) - rel->position;
    rz_parse_leave(p);
    *out = rel;
    return RUZU_OK;
}

/* ---- paths ---- */

typedef RZ_ARRAY(rz_ast_node_pattern *) parse_pattern_nodes;
typedef RZ_ARRAY(rz_ast_rel_pattern *) parse_pattern_rels;

/* One group with the unwritten node before it where none was written. */
static ruzu_status parse_pattern_add_group(rz_parser *p, parse_pattern_nodes *nodes, parse_pattern_rels *rels)
{
    rz_ast_rel_pattern *group = NULL;
    if (nodes->count == rels->count) {
        rz_ast_node_pattern *node = NULL;
        RZ_TRY(parse_pattern_implicit_node(p, rz_parse_start(p), &node));
        RZ_PARSE_APPEND(p, nodes, node);
    }
    RZ_TRY(parse_pattern_group(p, &group));
    RZ_PARSE_APPEND(p, rels, group);
    return RUZU_OK;
}

/* node (rel node)*, where a group stands for a relationship and may begin or end the path. */
static ruzu_status parse_pattern_elements(rz_parser *p, rz_ast_path *path)
{
    parse_pattern_nodes nodes = {NULL, 0, 0};
    parse_pattern_rels rels = {NULL, 0, 0};
    for (;;) {
        bool wants_node = nodes.count == rels.count;
        if (rz_parse_is(p, RZ_TOKEN_LPAREN) && parse_pattern_is_group(p)) {
            RZ_TRY(parse_pattern_add_group(p, &nodes, &rels));
        } else if (wants_node &&
                   (rels.count == 0 || rels.items[rels.count - 1]->group == NULL || rz_parse_is(p, RZ_TOKEN_LPAREN))) {
            rz_ast_node_pattern *node = NULL;
            RZ_TRY(parse_pattern_node(p, &node));
            RZ_PARSE_APPEND(p, &nodes, node);
        } else if (!wants_node && parse_pattern_is_rel(p)) {
            rz_ast_rel_pattern *rel = NULL;
            RZ_TRY(parse_pattern_rel(p, &rel));
            RZ_PARSE_APPEND(p, &rels, rel);
        } else {
            break;
        }
    }
    if (nodes.count == rels.count) {
        rz_ast_node_pattern *node = NULL;
        RZ_TRY(parse_pattern_implicit_node(p, rz_parse_end(p), &node));
        RZ_PARSE_APPEND(p, &nodes, node);
    }
    path->nodes = nodes.items;
    path->node_count = nodes.count;
    path->rels = rels.items;
    return RUZU_OK;
}

/* shortestPath(…), allShortestPaths(…), ANY SHORTEST, ALL SHORTEST; *out_closes: a parenthesis is to be closed behind
 * the path. */
static ruzu_status parse_pattern_selector(rz_parser *p, rz_ast_path *path, bool *out_closes)
{
    const rz_token *token = rz_parse_token(p);
    *out_closes = false;
    if (token->kind == RZ_TOKEN_NAME && rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN)) {
        const char *name = p->text + token->position;
        if (rz_name_equal_n(name, token->length, "shortestPath", 12)) {
            path->selector = RZ_AST_PATH_SHORTEST_FUNCTION;
        } else if (rz_name_equal_n(name, token->length, "allShortestPaths", 16)) {
            path->selector = RZ_AST_PATH_ALL_SHORTEST_FUNCTION;
        } else {
            return RUZU_OK;
        }
        RZ_TRY(rz_parse_extension(p));
        rz_parse_advance(p);
        rz_parse_advance(p);
        *out_closes = true;
        return RUZU_OK;
    }
    if ((token->keyword == RZ_KW_ANY || token->keyword == RZ_KW_ALL) && rz_parse_peek_keyword(p, 1, RZ_KW_SHORTEST)) {
        RZ_TRY(rz_parse_extension(p));
        path->selector = token->keyword == RZ_KW_ANY ? RZ_AST_PATH_ANY_SHORTEST : RZ_AST_PATH_ALL_SHORTEST;
        rz_parse_advance(p);
        rz_parse_advance(p);
    }
    return RUZU_OK;
}

ruzu_status rz_parse_path(rz_parser *p, rz_ast_path **out)
{
    rz_ast_path *path = NULL;
    bool closes;
    RZ_TRY(rz_parse_enter(p));
    RZ_PARSE_NEW(p, rz_ast_path, path);
    path->position = rz_parse_start(p);
    if (rz_token_is_name(rz_parse_token(p)) && rz_parse_peek_is(p, 1, RZ_TOKEN_EQ)) {
        RZ_TRY(rz_parse_name(p, &path->variable));
        rz_parse_advance(p);
    }
    RZ_TRY(parse_pattern_selector(p, path, &closes));
    RZ_TRY(parse_pattern_elements(p, path));
    if (closes) {
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    }
    path->length = rz_parse_end(p) - path->position;
    rz_parse_leave(p);
    *out = path;
    return RUZU_OK;
}

ruzu_status rz_parse_paths(rz_parser *p, rz_ast_path ***out, uint32_t *out_count)
{
    const uint32_t base = p->stack_count;
    const uint32_t elements = p->pattern_elements;
    p->pattern_elements = 0;
    do {
        rz_ast_path *path = NULL;
        RZ_TRY(rz_parse_path(p, &path));
        RZ_TRY(rz_parse_push(p, path));
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    p->pattern_elements = elements;
    return rz_parse_take(p, base, out, out_count);
}
