/* SPDX-License-Identifier: MIT */
/*
 * Definition of tables, sequences, macros, indexes and constraints (dialect §3). Beyond the grammar it checks only what
 * needs no catalog: that a node table has exactly one primary key, and that FOR and ON of an index speak of the same
 * variable. The words that select the statement are consumed by the caller (parse_statement.c).
 */
#include "parser/parse.h"

/* ---- columns ---- */

/* name type [DEFAULT e] [PRIMARY KEY] [UNIQUE] [NOT NULL] */
static ruzu_status parse_ddl_column(rz_parser *p, rz_ast_column *out)
{
    *out = (rz_ast_column){.position = rz_parse_start(p)};
    RZ_TRY(rz_parse_name(p, &out->name));
    RZ_TRY(rz_parse_type(p, &out->type));
    for (;;) {
        if (out->default_value == NULL && rz_parse_accept_keyword(p, RZ_KW_DEFAULT)) {
            RZ_TRY(rz_parse_expr(p, 0, &out->default_value));
        } else if (rz_parse_accept_keyword(p, RZ_KW_PRIMARY)) {
            RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_KEY));
            out->primary_key = true;
        } else if (rz_parse_is_keyword(p, RZ_KW_UNIQUE)) {
            RZ_TRY(rz_parse_extension(p));
            rz_parse_advance(p);
            out->unique = true;
        } else if (rz_parse_is_keyword(p, RZ_KW_NOT)) {
            RZ_TRY(rz_parse_extension(p));
            rz_parse_advance(p);
            RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_NULL));
            out->not_null = true;
        } else {
            break;
        }
    }
    out->length = rz_parse_end(p) - out->position;
    return RUZU_OK;
}

/* Tells whether FROM x TO y stands here; FROM alone may be a column's name. */
static bool parse_ddl_is_pair(const rz_parser *p)
{
    return rz_parse_is_keyword(p, RZ_KW_FROM) && rz_token_is_name(rz_parse_peek(p, 1)) &&
           rz_parse_peek_keyword(p, 2, RZ_KW_TO);
}

/* FROM x TO y */
static ruzu_status parse_ddl_pair(rz_parser *p, rz_ast_from_to *out)
{
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_FROM));
    RZ_TRY(rz_parse_name(p, &out->from));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_TO));
    return rz_parse_name(p, &out->to);
}

/* A failure of dialect §19.1 that Kuzu reports without place; ours has the position in rz_error only. */
static ruzu_status parse_ddl_fail(rz_parser *p, const char *text)
{
    return rz_error_set_at(p->err, RUZU_ERROR_PARSER, p->tokens[0].position, "%s", text);
}

/* ---- node tables ---- */

typedef RZ_ARRAY(rz_ast_column) parse_ddl_columns;

/* Finds the key among the columns' flags, unless a clause gave it; both may be there when they agree. */
static ruzu_status parse_ddl_node_key(rz_parser *p, rz_ast_create_node_table *table)
{
    const uint32_t base = p->stack_count;
    const bool has_clause = table->key_count != 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        const rz_ast_column *column = &table->columns[i];
        if (!column->primary_key) {
            continue;
        }
        bool agrees = table->key_count == 1 && rz_name_equal(table->keys[0], column->name);
        if (has_clause ? !agrees : p->stack_count != base) {
            return parse_ddl_fail(p, "Found multiple primary keys.");
        }
        RZ_TRY(rz_parse_push(p, column->name));
    }
    if (has_clause) {
        p->stack_count = base;
        return RUZU_OK;
    }
    if (p->stack_count == base) {
        return parse_ddl_fail(p, "Can not find primary key.");
    }
    return rz_parse_take(p, base, &table->keys, &table->key_count);
}

/* ( column, … [, PRIMARY KEY (name)] ) */
static ruzu_status parse_ddl_node_columns(rz_parser *p, rz_ast_create_node_table *table)
{
    parse_ddl_columns columns = {NULL, 0, 0};
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    do {
        if (rz_parse_accept_keyword(p, RZ_KW_PRIMARY)) {
            if (table->key_count != 0) {
                return parse_ddl_fail(p, "Found multiple primary keys.");
            }
            RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_KEY));
            RZ_TRY(rz_parse_name_list(p, &table->keys, &table->key_count));
            if (table->key_count > 1) {
                RZ_TRY(rz_parse_extension(p));
            }
        } else {
            rz_ast_column column;
            RZ_TRY(parse_ddl_column(p, &column));
            RZ_PARSE_APPEND(p, &columns, column);
        }
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    table->columns = columns.items;
    table->column_count = columns.count;
    return parse_ddl_node_key(p, table);
}

ruzu_status rz_parse_create_node_table(rz_parser *p, rz_ast_create_node_table *out)
{
    RZ_TRY(rz_parse_if_not_exists(p, &out->if_not_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
        return rz_parse_query(p, RZ_PARSE_QUERY_FULL, &out->query);
    }
    return parse_ddl_node_columns(p, out);
}

/* ---- relationship tables ---- */

/* ( FROM a TO b, … [, column …] [, multiplicity] ) */
static ruzu_status parse_ddl_rel_columns(rz_parser *p, rz_ast_create_rel_table *table)
{
    RZ_ARRAY(rz_ast_from_to) pairs = {NULL, 0, 0};
    parse_ddl_columns columns = {NULL, 0, 0};
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    do {
        if (pairs.count == 0 || (columns.count == 0 && parse_ddl_is_pair(p))) {
            rz_ast_from_to pair;
            RZ_TRY(parse_ddl_pair(p, &pair));
            RZ_PARSE_APPEND(p, &pairs, pair);
        } else if (rz_parse_peek_is(p, 1, RZ_TOKEN_RPAREN)) {
            RZ_TRY(rz_parse_name(p, &table->multiplicity));
            break;
        } else {
            rz_ast_column column;
            RZ_TRY(parse_ddl_column(p, &column));
            if (column.primary_key) {
                return rz_parse_unexpected(p);
            }
            RZ_PARSE_APPEND(p, &columns, column);
        }
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    table->pairs = pairs.items;
    table->pair_count = pairs.count;
    table->columns = columns.items;
    table->column_count = columns.count;
    return rz_parse_expect(p, RZ_TOKEN_RPAREN);
}

ruzu_status rz_parse_create_rel_table(rz_parser *p, rz_ast_create_rel_table *out)
{
    out->group = rz_parse_accept_keyword(p, RZ_KW_GROUP);
    RZ_TRY(rz_parse_if_not_exists(p, &out->if_not_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    RZ_TRY(parse_ddl_rel_columns(p, out));
    if (rz_parse_accept_keyword(p, RZ_KW_WITH)) {
        if (!rz_parse_is(p, RZ_TOKEN_LPAREN)) {
            return rz_parse_unexpected(p);
        }
        RZ_TRY(rz_parse_options(p, &out->options));
    }
    if (rz_parse_accept_keyword(p, RZ_KW_AS)) {
        return rz_parse_query(p, RZ_PARSE_QUERY_FULL, &out->query);
    }
    return RUZU_OK;
}

/* ---- sequences and macros ---- */

/* [-]n */
static ruzu_status parse_ddl_integer(rz_parser *p, rz_ast_expr **out)
{
    const uint32_t position = rz_parse_start(p);
    bool negative = rz_parse_accept(p, RZ_TOKEN_MINUS);
    return rz_parse_is(p, RZ_TOKEN_INTEGER) ? rz_parse_number(p, negative, position, out) : rz_parse_unexpected(p);
}

/* One option of CREATE SEQUENCE; *out_found is false at the end of the list. */
static ruzu_status parse_ddl_sequence_option(rz_parser *p, rz_ast_create_sequence *sequence, bool *out_found)
{
    bool no = rz_parse_is_keyword(p, RZ_KW_NO);
    *out_found = true;
    if (no) {
        rz_parse_advance(p);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_CYCLE)) {
        sequence->has_cycle = true;
        sequence->cycle = !no;
        return RUZU_OK;
    }
    if (rz_parse_accept_keyword(p, RZ_KW_MINVALUE)) {
        sequence->no_min_value = no;
        sequence->min_value = NULL;
        return no ? RUZU_OK : parse_ddl_integer(p, &sequence->min_value);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_MAXVALUE)) {
        sequence->no_max_value = no;
        sequence->max_value = NULL;
        return no ? RUZU_OK : parse_ddl_integer(p, &sequence->max_value);
    }
    if (no) {
        return rz_parse_unexpected(p);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_INCREMENT)) {
        (void)rz_parse_accept_keyword(p, RZ_KW_BY);
        return parse_ddl_integer(p, &sequence->increment);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_START)) {
        (void)rz_parse_accept_keyword(p, RZ_KW_WITH);
        return parse_ddl_integer(p, &sequence->start);
    }
    *out_found = false;
    return RUZU_OK;
}

ruzu_status rz_parse_create_sequence(rz_parser *p, rz_ast_create_sequence *out)
{
    bool more = true;
    RZ_TRY(rz_parse_if_not_exists(p, &out->if_not_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    while (more) {
        RZ_TRY(parse_ddl_sequence_option(p, out, &more));
    }
    return RUZU_OK;
}

static bool parse_ddl_is_literal(const rz_ast_expr *expr)
{
    switch ((rz_ast_expr_kind)expr->kind) {
    case RZ_AST_EXPR_NULL:
    case RZ_AST_EXPR_BOOL:
    case RZ_AST_EXPR_INT64:
    case RZ_AST_EXPR_INT128:
    case RZ_AST_EXPR_DOUBLE:
    case RZ_AST_EXPR_STRING:
    case RZ_AST_EXPR_LIST:
    case RZ_AST_EXPR_STRUCT: return true;
    case RZ_AST_EXPR_PARAMETER:
    case RZ_AST_EXPR_VARIABLE:
    case RZ_AST_EXPR_PROPERTY:
    case RZ_AST_EXPR_PROPERTY_STAR:
    case RZ_AST_EXPR_OPERATOR:
    case RZ_AST_EXPR_COMPARE_CHAIN:
    case RZ_AST_EXPR_FUNCTION:
    case RZ_AST_EXPR_CASE:
    case RZ_AST_EXPR_CAST:
    case RZ_AST_EXPR_INDEX:
    case RZ_AST_EXPR_SLICE:
    case RZ_AST_EXPR_LAMBDA:
    case RZ_AST_EXPR_QUANTIFIER:
    case RZ_AST_EXPR_LIST_COMPREHENSION:
    case RZ_AST_EXPR_PATTERN_COMPREHENSION:
    case RZ_AST_EXPR_REDUCE:
    case RZ_AST_EXPR_MAP_PROJECTION:
    case RZ_AST_EXPR_PATTERN:
    case RZ_AST_EXPR_SUBQUERY:
    case RZ_AST_EXPR_LABEL_PREDICATE:
    case RZ_AST_EXPR_IS_TYPE: break;
    }
    return false;
}

/* name ( a, b, c := literal ) AS expression */
ruzu_status rz_parse_create_macro(rz_parser *p, rz_ast_create_macro *out)
{
    RZ_ARRAY(const char *) params = {NULL, 0, 0};
    RZ_ARRAY(rz_ast_expr *) defaults = {NULL, 0, 0};
    bool has_default = false;
    RZ_TRY(rz_parse_if_not_exists(p, &out->if_not_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    if (!rz_parse_is(p, RZ_TOKEN_RPAREN)) {
        do {
            const char *name;
            rz_ast_expr *value = NULL;
            RZ_TRY(rz_parse_name(p, &name));
            if (rz_parse_accept(p, RZ_TOKEN_ASSIGN)) {
                has_default = true;
                RZ_TRY(rz_parse_expr(p, 0, &value));
            }
            if ((has_default && value == NULL) || (value != NULL && !parse_ddl_is_literal(value))) {
                return rz_parse_unexpected(p);
            }
            RZ_PARSE_APPEND(p, &params, name);
            RZ_PARSE_APPEND(p, &defaults, value);
        } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    }
    out->params = (const char *const *)params.items;
    out->param_count = params.count;
    out->defaults = defaults.items;
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_AS));
    return rz_parse_expr(p, 0, &out->body);
}

/* ---- indexes and constraints ---- */

typedef struct parse_ddl_target {
    const char *variable;
    const char *label;
    bool on_rel;
} parse_ddl_target;

/* [name] [IF NOT EXISTS], in front of FOR */
static ruzu_status parse_ddl_object_name(rz_parser *p, const char **name, bool *if_not_exists)
{
    bool at_for = rz_parse_is_keyword(p, RZ_KW_FOR) && rz_parse_peek_is(p, 1, RZ_TOKEN_LPAREN);
    bool at_if = rz_parse_is_keyword(p, RZ_KW_IF) && rz_parse_peek_keyword(p, 1, RZ_KW_NOT);
    if (!at_for && !at_if) {
        RZ_TRY(rz_parse_name(p, name));
    }
    return rz_parse_if_not_exists(p, if_not_exists);
}

/* v : Label */
static ruzu_status parse_ddl_target_inner(rz_parser *p, parse_ddl_target *target)
{
    RZ_TRY(rz_parse_name(p, &target->variable));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COLON));
    return rz_parse_any_name(p, &target->label);
}

/* FOR (v:Label), FOR ()-[v:Type]-() with an arrow head allowed */
static ruzu_status parse_ddl_for(rz_parser *p, parse_ddl_target *target)
{
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_FOR));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    if (!rz_parse_accept(p, RZ_TOKEN_RPAREN)) {
        RZ_TRY(parse_ddl_target_inner(p, target));
        return rz_parse_expect(p, RZ_TOKEN_RPAREN);
    }
    target->on_rel = true;
    (void)rz_parse_accept(p, RZ_TOKEN_LT);
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_MINUS));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LBRACKET));
    RZ_TRY(parse_ddl_target_inner(p, target));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RBRACKET));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_MINUS));
    (void)rz_parse_accept(p, RZ_TOKEN_GT);
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    return rz_parse_expect(p, RZ_TOKEN_RPAREN);
}

/* v.p, … of the variable of FOR; in parentheses, which are optional for one property where `bare` is allowed */
static ruzu_status parse_ddl_properties(rz_parser *p, const parse_ddl_target *target, bool bare,
                                        const char *const **out, uint32_t *out_count)
{
    const uint32_t base = p->stack_count;
    bool parenthesised = rz_parse_accept(p, RZ_TOKEN_LPAREN);
    if (!parenthesised && !bare) {
        return rz_parse_unexpected(p);
    }
    do {
        const uint32_t start = p->pos;
        const char *name;
        RZ_TRY(rz_parse_name(p, &name));
        if (!rz_name_equal(name, target->variable)) {
            p->pos = start;
            return rz_parse_unexpected(p);
        }
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_DOT));
        RZ_TRY(rz_parse_any_name(p, &name));
        RZ_TRY(rz_parse_push(p, name));
    } while (parenthesised && rz_parse_accept(p, RZ_TOKEN_COMMA));
    if (parenthesised) {
        RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    }
    return rz_parse_take(p, base, out, out_count);
}

ruzu_status rz_parse_create_index(rz_parser *p, rz_ast_create_index *out)
{
    parse_ddl_target target = {NULL, NULL, false};
    RZ_TRY(parse_ddl_object_name(p, &out->name, &out->if_not_exists));
    RZ_TRY(parse_ddl_for(p, &target));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_ON));
    RZ_TRY(parse_ddl_properties(p, &target, false, &out->properties, &out->property_count));
    out->label = target.label;
    out->on_rel = target.on_rel;
    return RUZU_OK;
}

ruzu_status rz_parse_create_constraint(rz_parser *p, rz_ast_create_constraint *out)
{
    parse_ddl_target target = {NULL, NULL, false};
    RZ_TRY(parse_ddl_object_name(p, &out->name, &out->if_not_exists));
    RZ_TRY(parse_ddl_for(p, &target));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_REQUIRE));
    RZ_TRY(parse_ddl_properties(p, &target, true, &out->properties, &out->property_count));
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_IS));
    out->label = target.label;
    out->on_rel = target.on_rel;
    if (rz_parse_accept_keyword(p, RZ_KW_UNIQUE)) {
        out->kind = RZ_AST_CONSTRAINT_UNIQUE;
        return RUZU_OK;
    }
    out->kind = RZ_AST_CONSTRAINT_NOT_NULL;
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_NOT));
    return rz_parse_expect_keyword(p, RZ_KW_NULL);
}

/* ---- DROP and ALTER ---- */

ruzu_status rz_parse_drop(rz_parser *p, rz_ast_drop *out)
{
    rz_keyword word = (rz_keyword)rz_parse_token(p)->keyword;
    switch (word) {
    case RZ_KW_TABLE: out->object = RZ_AST_OBJECT_TABLE; break;
    case RZ_KW_SEQUENCE: out->object = RZ_AST_OBJECT_SEQUENCE; break;
    case RZ_KW_MACRO: out->object = RZ_AST_OBJECT_MACRO; break;
    case RZ_KW_TYPE: out->object = RZ_AST_OBJECT_TYPE; break;
    case RZ_KW_INDEX: out->object = RZ_AST_OBJECT_INDEX; break;
    case RZ_KW_CONSTRAINT: out->object = RZ_AST_OBJECT_CONSTRAINT; break;
    default: return rz_parse_unexpected(p); /* any other word */
    }
    if (word == RZ_KW_TYPE || word == RZ_KW_INDEX || word == RZ_KW_CONSTRAINT) {
        RZ_TRY(rz_parse_extension(p));
    }
    rz_parse_advance(p);
    RZ_TRY(rz_parse_if_exists(p, &out->if_exists));
    RZ_TRY(rz_parse_name(p, &out->name));
    if (!out->if_exists && (word == RZ_KW_INDEX || word == RZ_KW_CONSTRAINT)) {
        RZ_TRY(rz_parse_if_exists(p, &out->if_exists)); /* these have it behind the name, too */
    }
    return RUZU_OK;
}

/* ALTER column TYPE t | SET DEFAULT e | DROP DEFAULT | SET NOT NULL | DROP NOT NULL */
static ruzu_status parse_ddl_alter_column(rz_parser *p, rz_ast_alter *alter)
{
    RZ_TRY(rz_parse_name(p, &alter->name));
    if (rz_parse_accept_keyword(p, RZ_KW_TYPE)) {
        alter->kind = RZ_AST_ALTER_COLUMN_TYPE;
        return rz_parse_type(p, &alter->column.type);
    }
    bool set = rz_parse_accept_keyword(p, RZ_KW_SET);
    if (!set) {
        RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_DROP));
    }
    if (rz_parse_accept_keyword(p, RZ_KW_DEFAULT)) {
        alter->kind = set ? RZ_AST_ALTER_SET_DEFAULT : RZ_AST_ALTER_DROP_DEFAULT;
        return set ? rz_parse_expr(p, 0, &alter->column.default_value) : RUZU_OK;
    }
    alter->kind = set ? RZ_AST_ALTER_SET_NOT_NULL : RZ_AST_ALTER_DROP_NOT_NULL;
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_NOT));
    return rz_parse_expect_keyword(p, RZ_KW_NULL);
}

static ruzu_status parse_ddl_alter_add(rz_parser *p, rz_ast_alter *alter)
{
    RZ_TRY(rz_parse_if_not_exists(p, &alter->if_exists_guard));
    if (parse_ddl_is_pair(p)) {
        alter->kind = RZ_AST_ALTER_ADD_PAIR;
        return parse_ddl_pair(p, &alter->pair);
    }
    alter->kind = RZ_AST_ALTER_ADD_COLUMN;
    RZ_TRY(parse_ddl_column(p, &alter->column));
    return alter->column.primary_key ? rz_parse_unexpected(p) : RUZU_OK;
}

static ruzu_status parse_ddl_alter_drop(rz_parser *p, rz_ast_alter *alter)
{
    RZ_TRY(rz_parse_if_exists(p, &alter->if_exists_guard));
    if (parse_ddl_is_pair(p)) {
        alter->kind = RZ_AST_ALTER_DROP_PAIR;
        return parse_ddl_pair(p, &alter->pair);
    }
    alter->kind = RZ_AST_ALTER_DROP_COLUMN;
    return rz_parse_name(p, &alter->name);
}

/* TO name, column TO name; `TO TO x` renames a column called so */
static ruzu_status parse_ddl_alter_rename(rz_parser *p, rz_ast_alter *alter)
{
    alter->kind = RZ_AST_ALTER_RENAME_TABLE;
    if (!rz_parse_is_keyword(p, RZ_KW_TO) || rz_parse_peek_keyword(p, 1, RZ_KW_TO)) {
        alter->kind = RZ_AST_ALTER_RENAME_COLUMN;
        RZ_TRY(rz_parse_name(p, &alter->name));
    }
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_TO));
    return rz_parse_name(p, &alter->new_name);
}

ruzu_status rz_parse_alter(rz_parser *p, rz_ast_alter *out)
{
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_TABLE));
    RZ_TRY(rz_parse_name(p, &out->table));
    if (rz_parse_accept_keyword(p, RZ_KW_ADD)) {
        return parse_ddl_alter_add(p, out);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_DROP)) {
        return parse_ddl_alter_drop(p, out);
    }
    if (rz_parse_accept_keyword(p, RZ_KW_RENAME)) {
        return parse_ddl_alter_rename(p, out);
    }
    if (rz_parse_is_keyword(p, RZ_KW_ALTER)) {
        RZ_TRY(rz_parse_extension(p));
    }
    RZ_TRY(rz_parse_expect_keyword(p, RZ_KW_ALTER));
    return parse_ddl_alter_column(p, out);
}
