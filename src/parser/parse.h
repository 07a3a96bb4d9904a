/* SPDX-License-Identifier: MIT */
/*
 * What the files of the parser share (private to the module): its state, moving over tokens, and the entry points of
 * each file.
 *
 *   parse.c            limits, rz_parse, tokens of one statement, errors, names and literals
 *   parse_expr.c       operators (an explicit stack: no recursion per operator or parenthesis)
 *   parse_atom.c       literals, calls, lists, CASE, subqueries …: what operators combine
 *   parse_pattern.c    paths, nodes, relationships, labels; look-ahead that tells patterns from expressions
 *   parse_query.c      clauses
 *   parse_source.c     COPY, LOAD FROM, EXPORT, options
 *   parse_ddl.c        tables and other objects of the schema
 *   parse_statement.c  the remaining statements, dispatch by the first words
 *
 * Conventions. A parse function consumes what it recognises, stores its result in *out, and returns the first failure
 * as it is; after a failure the state is of no use, so nothing is rewound. Children are collected on the `stack` of
 * pointers and copied to the arena when their number is known. Recursion goes through rz_parse_enter, which enforces
 * max_depth.
 */
#ifndef RZ_PARSER_PARSE_H
#define RZ_PARSER_PARSE_H

#include "parser/lexer.h"
#include "parser/parser.h"

/* An operator, or an open parenthesis, that waits for its right operand in parse_expr.c. */
typedef struct rz_parse_pending {
    uint8_t op;    /* rz_ast_op */
    uint8_t level; /* precedence; 0: open parenthesis */
    bool is_prefix;
    uint32_t arity;    /* operands so far of an n-ary operator, without the last */
    uint32_t position; /* of the operator */
} rz_parse_pending;

typedef struct rz_parser {
    const char *text; /* the script's copy in the arena */
    size_t text_length;
    rz_arena *arena; /* borrowed */
    rz_error *err;   /* borrowed */
    rz_parse_limits limits;

    /* The tokens of the current statement; the last is RZ_TOKEN_END. Owned, from arena->mem. */
    rz_token *tokens;
    uint32_t token_count;
    uint32_t token_capacity;
    uint32_t pos; /* index of the next token */

    /* Scratch stacks, owned. */
    void **stack;
    uint32_t stack_count;
    uint32_t stack_capacity;
    rz_parse_pending *pending;
    uint32_t pending_count;
    uint32_t pending_capacity;

    uint32_t depth; /* open nestings */
    uint32_t subquery_depth;
    uint32_t pattern_elements; /* of the current MATCH */
    uint32_t height;           /* largest height of the expressions finished since it was last set to 0 */
} rz_parser;

/* ---- parse.c: tokens ---- */

static inline const rz_token *rz_parse_token(const rz_parser *p)
{
    return &p->tokens[p->pos];
}

/* The token `ahead` places on, END beyond the last. */
static inline const rz_token *rz_parse_peek(const rz_parser *p, uint32_t ahead)
{
    uint32_t left = p->token_count - 1 - p->pos;
    return &p->tokens[p->pos + (ahead < left ? ahead : left)];
}

static inline void rz_parse_advance(rz_parser *p)
{
    if (p->pos + 1 < p->token_count) {
        p->pos++;
    }
}

static inline bool rz_parse_is(const rz_parser *p, rz_token_kind kind)
{
    return rz_parse_token(p)->kind == kind;
}

static inline bool rz_parse_is_keyword(const rz_parser *p, rz_keyword keyword)
{
    return rz_parse_token(p)->keyword == keyword;
}

static inline bool rz_parse_peek_is(const rz_parser *p, uint32_t ahead, rz_token_kind kind)
{
    return rz_parse_peek(p, ahead)->kind == kind;
}

static inline bool rz_parse_peek_keyword(const rz_parser *p, uint32_t ahead, rz_keyword keyword)
{
    return rz_parse_peek(p, ahead)->keyword == keyword;
}

/* Consumes the token if it is the wanted one. */
static inline bool rz_parse_accept(rz_parser *p, rz_token_kind kind)
{
    bool found = rz_parse_is(p, kind);
    if (found) {
        rz_parse_advance(p);
    }
    return found;
}

static inline bool rz_parse_accept_keyword(rz_parser *p, rz_keyword keyword)
{
    bool found = rz_parse_is_keyword(p, keyword);
    if (found) {
        rz_parse_advance(p);
    }
    return found;
}

/* True for tokens that are names without quotes needed: not reserved, or quoted. */
static inline bool rz_token_is_name(const rz_token *token)
{
    return token->kind == RZ_TOKEN_QUOTED_NAME ||
           (token->kind == RZ_TOKEN_NAME && !rz_keyword_is_reserved((rz_keyword)token->keyword));
}

static inline bool rz_token_is_any_name(const rz_token *token)
{
    return token->kind == RZ_TOKEN_NAME || token->kind == RZ_TOKEN_QUOTED_NAME;
}

/* Offset behind the last consumed token. */
static inline uint32_t rz_parse_end(const rz_parser *p)
{
    return p->pos == 0 ? p->tokens[0].position : p->tokens[p->pos - 1].position + p->tokens[p->pos - 1].length;
}

static inline uint32_t rz_parse_start(const rz_parser *p)
{
    return rz_parse_token(p)->position;
}

RZ_NODISCARD ruzu_status rz_parse_expect(rz_parser *p, rz_token_kind kind);
RZ_NODISCARD ruzu_status rz_parse_expect_keyword(rz_parser *p, rz_keyword keyword);

/* ---- parse.c: failures ---- */

/* "Invalid input <…>" at the current token. */
ruzu_status rz_parse_unexpected(rz_parser *p) RZ_COLD;
/* Fails in strict mode, where the construct at the current token does not exist. */
RZ_NODISCARD ruzu_status rz_parse_extension(rz_parser *p);
/* A given text, with the position and the quoted line. */
ruzu_status rz_parse_fail(rz_parser *p, uint32_t position, uint32_t length, const char *text) RZ_COLD;
ruzu_status rz_parse_limit(rz_parser *p, uint32_t position, const char *limit, uint64_t value) RZ_COLD;
ruzu_status rz_parse_no_memory(rz_parser *p) RZ_COLD;

/* ---- parse.c: nesting, scratch, arena ---- */

RZ_NODISCARD ruzu_status rz_parse_enter(rz_parser *p);

static inline void rz_parse_leave(rz_parser *p)
{
    p->depth--;
}

/* Doubles a buffer that lives for the parse only. */
RZ_NODISCARD ruzu_status rz_parse_grow(rz_parser *p, void **items, uint32_t *capacity, size_t item_size);
RZ_NODISCARD ruzu_status rz_parse_push(rz_parser *p, const void *pointer);
/* Moves the pointers above `base` to a new array in the arena (*out is NULL when there are none) and takes them from
 * the stack. */
RZ_NODISCARD ruzu_status rz_parse_take(rz_parser *p, uint32_t base, void *out_array, uint32_t *out_count);
/* Fails when the list that began at stack height `base` has grown beyond max_list_elements. */
RZ_NODISCARD ruzu_status rz_parse_check_list(rz_parser *p, uint32_t base);

#define RZ_PARSE_NEW(p, type, pointer)        \
    do {                                      \
        (pointer) = RZ_NEW((p)->arena, type); \
        if (RZ_UNLIKELY((pointer) == NULL)) { \
            return rz_parse_no_memory(p);     \
        }                                     \
    } while (0)

/* Appends to an RZ_ARRAY in the arena. */
#define RZ_PARSE_APPEND(p, array, item)                             \
    do {                                                            \
        if (RZ_UNLIKELY(!RZ_ARRAY_PUSH(array, (p)->arena, item))) { \
            return rz_parse_no_memory(p);                           \
        }                                                           \
    } while (0)

/* ---- parse.c: names and literals ---- */

/* A name: quoted, or not reserved. */
RZ_NODISCARD ruzu_status rz_parse_name(rz_parser *p, const char **out);
/* Where no clause can follow (behind `.`, labels, keys of maps) reserved words are names too, except in strict mode. */
RZ_NODISCARD ruzu_status rz_parse_any_name(rz_parser *p, const char **out);
/* `( name, … )` with at least one. */
RZ_NODISCARD ruzu_status rz_parse_name_list(rz_parser *p, const char *const **out, uint32_t *out_count);
/* The text of the token, decoded: names without quotes, parameters without `$`. */
RZ_NODISCARD ruzu_status rz_parse_token_name(rz_parser *p, const rz_token *token, const char **out);
/* Number and string literals at the current token; `negative` folds a sign into the number. */
RZ_NODISCARD ruzu_status rz_parse_number(rz_parser *p, bool negative, uint32_t position, rz_ast_expr **out);
RZ_NODISCARD ruzu_status rz_parse_string(rz_parser *p, rz_ast_expr **out);
RZ_NODISCARD ruzu_status rz_parse_string_or_parameter(rz_parser *p, rz_ast_expr **out);
/* A type: its text only. */
RZ_NODISCARD ruzu_status rz_parse_type(rz_parser *p, rz_ast_text *out);
/* IF NOT EXISTS / IF EXISTS, when the words stand there. */
RZ_NODISCARD ruzu_status rz_parse_if_not_exists(rz_parser *p, bool *out);
RZ_NODISCARD ruzu_status rz_parse_if_exists(rz_parser *p, bool *out);

/* ---- parse_expr.c ---- */

enum {
    RZ_PARSE_NO_PIPE = 1u << 0, /* a `|` outside brackets ends the expression (comprehensions) */
    RZ_PARSE_NO_LABEL = 1u << 1 /* a `:` outside brackets ends it (slices, SET v:Label) */
};

RZ_NODISCARD ruzu_status rz_parse_expr(rz_parser *p, uint32_t flags, rz_ast_expr **out);
/* A node whose span begins at position and ends behind the last consumed token; height 1. */
RZ_NODISCARD ruzu_status rz_parse_new_expr(rz_parser *p, rz_ast_expr_kind kind, uint32_t position, rz_ast_expr **out);
/* Sets span end, children from the stack above base, and height; call when all of the node is consumed. */
RZ_NODISCARD ruzu_status rz_parse_finish_expr(rz_parser *p, rz_ast_expr *expr, uint32_t base);
/* Raises the node's height above `below`. */
RZ_NODISCARD ruzu_status rz_parse_set_height(rz_parser *p, rz_ast_expr *expr, uint32_t below);

/* ---- parse_atom.c ---- */

RZ_NODISCARD ruzu_status rz_parse_atom(rz_parser *p, rz_ast_expr **out);
/* Property look-ups, indexes, slices, `!`, label predicates and map projections behind *expr. */
RZ_NODISCARD ruzu_status rz_parse_postfix(rz_parser *p, uint32_t flags, rz_ast_expr **expr);
/* name ( arguments ), at the name. */
RZ_NODISCARD ruzu_status rz_parse_call(rz_parser *p, rz_ast_expr **out);
/* `{ key: value, … }` at the brace. */
RZ_NODISCARD ruzu_status rz_parse_struct(rz_parser *p, rz_ast_expr **out);

/* ---- parse_pattern.c ---- */

/* True when the token at idx opens a path of at least one relationship. Looks at a fixed number of tokens. */
bool rz_parse_is_path(const rz_parser *p, uint32_t idx);
/* Patterns of a clause, separated by commas. */
RZ_NODISCARD ruzu_status rz_parse_paths(rz_parser *p, rz_ast_path ***out, uint32_t *out_count);
/* One path, with variable and selector where written. */
RZ_NODISCARD ruzu_status rz_parse_path(rz_parser *p, rz_ast_path **out);
/* The labels behind `:`, which is consumed already. With RZ_PARSE_NO_PIPE a `|` outside parentheses ends them. */
RZ_NODISCARD ruzu_status rz_parse_labels(rz_parser *p, uint32_t flags, rz_ast_label **out);

/* ---- parse_query.c ---- */

typedef enum rz_parse_query_form {
    RZ_PARSE_QUERY_FULL,     /* a statement, or where rows are needed */
    RZ_PARSE_QUERY_MATCHING, /* EXISTS/COUNT: reading only, may end with a reading clause, may be a bare pattern */
    RZ_PARSE_QUERY_COLLECT,  /* COLLECT: reading only */
    RZ_PARSE_QUERY_CALL      /* CALL { … } */
} rz_parse_query_form;

RZ_NODISCARD ruzu_status rz_parse_query(rz_parser *p, rz_parse_query_form form, rz_ast_query **out);
/* A query inside a statement or expression: counts as a level of subqueries. */
RZ_NODISCARD ruzu_status rz_parse_subquery(rz_parser *p, rz_parse_query_form form, rz_ast_query **out);
/* `{ query }` at the brace, as rz_parse_subquery. */
RZ_NODISCARD ruzu_status rz_parse_braced_query(rz_parser *p, rz_parse_query_form form, rz_ast_query **out);
/* WHERE e, or NULL in *out. */
RZ_NODISCARD ruzu_status rz_parse_optional_where(rz_parser *p, uint32_t flags, rz_ast_expr **out);

/* ---- parse_source.c ---- */

/* `( name [= value], … )` if an opening parenthesis stands there. */
RZ_NODISCARD ruzu_status rz_parse_options(rz_parser *p, rz_ast_options *out);
/* One option, at its name. */
RZ_NODISCARD ruzu_status rz_parse_option(rz_parser *p, rz_ast_option *out);
RZ_NODISCARD ruzu_status rz_parse_source(rz_parser *p, bool allow_columns, rz_ast_source *out);
RZ_NODISCARD ruzu_status rz_parse_copy(rz_parser *p, rz_ast_statement *out);
RZ_NODISCARD ruzu_status rz_parse_load_clause(rz_parser *p, rz_ast_load *out);

/* ---- parse_ddl.c ---- */

RZ_NODISCARD ruzu_status rz_parse_create_node_table(rz_parser *p, rz_ast_create_node_table *out);
RZ_NODISCARD ruzu_status rz_parse_create_rel_table(rz_parser *p, rz_ast_create_rel_table *out);
RZ_NODISCARD ruzu_status rz_parse_create_sequence(rz_parser *p, rz_ast_create_sequence *out);
RZ_NODISCARD ruzu_status rz_parse_create_macro(rz_parser *p, rz_ast_create_macro *out);
RZ_NODISCARD ruzu_status rz_parse_create_index(rz_parser *p, rz_ast_create_index *out);
RZ_NODISCARD ruzu_status rz_parse_create_constraint(rz_parser *p, rz_ast_create_constraint *out);
RZ_NODISCARD ruzu_status rz_parse_drop(rz_parser *p, rz_ast_drop *out);
RZ_NODISCARD ruzu_status rz_parse_alter(rz_parser *p, rz_ast_alter *out);

/* ---- parse_statement.c ---- */

/* The statement at the first token; the caller checks that nothing follows. */
RZ_NODISCARD ruzu_status rz_parse_statement(rz_parser *p, rz_ast_statement *out);

#endif
