/* SPDX-License-Identifier: MIT */
/*
 * parser: from text to syntax tree.
 *
 * Purpose   lexer, hand-written recursive-descent parser and printer of the whole dialect (docs/cypher.md).
 * Owns      nothing that lasts: the tree lives in the caller's arena, scratch memory comes from the arena's account and
 *           is given back before rz_parse returns.
 * Must not  know the catalog, types, functions or connections. Semantic errors are the binder's; the parser raises only
 *           what the text alone shows (a table without primary key, RETURN in the middle of a query).
 * Types     rz_ast_* (parser/ast.h), rz_parse_limits.
 * Entry     rz_parse_limits_init, rz_parse, then the binder; rz_ast_print for canonical text; rz_lex_statement_end for
 *           shells.
 * Threads   everything is used by one thread at a time; there is no shared state.
 * Errors    RUZU_ERROR_PARSER with `position` set and the source line quoted with carets; RUZU_ERROR_CONVERSION for an
 *           integer literal beyond INT128; RUZU_ERROR_LIMIT naming the limit and its value; RUZU_ERROR_NO_MEMORY.
 * Cost      linear in the text. The machine stack used is bounded by max_depth (under 512 KiB at the default).
 * More      docs/cypher.md.
 */
#ifndef RZ_PARSER_PARSER_H
#define RZ_PARSER_PARSER_H

#include "parser/ast.h"

/* Limits of one statement, except where stated; 0 is not a special value. */
typedef struct rz_parse_limits {
    uint64_t max_statement_bytes;  /* 16 MiB; hard 1 GiB */
    uint32_t max_tokens;           /* 2 M; hard 64 M */
    uint32_t max_depth;            /* 1,000; hard 5,000: nesting of brackets and CASE, height of expressions */
    uint32_t max_subquery_depth;   /* 64; hard 256 */
    uint32_t max_pattern_elements; /* 256; hard 4,096: nodes and relationships of one MATCH, CREATE or MERGE */
    uint32_t max_list_elements;    /* 1 M; hard 16 M: of one list or struct literal, or arguments of one call */
    uint32_t max_union_arms;       /* 5,000; hard 50,000: also clauses of one query part */
    bool strict;                   /* refuse what Kuzu refuses (dialect §20, strict_kuzu) */
} rz_parse_limits;

/* The defaults. */
void rz_parse_limits_init(rz_parse_limits *limits);

/*
 * Parses a script of statements separated by semicolons; empty statements are skipped. limits may be NULL (defaults);
 * values above the hard maximum count as the maximum. On failure *out is NULL and what the arena received meanwhile
 * stays in it. The tree does not refer to `text`.
 */
RZ_NODISCARD ruzu_status rz_parse(const char *text, size_t length, rz_arena *arena, const rz_parse_limits *limits,
                                  rz_ast_script **out, rz_error *err);

/*
 * Writes canonical text: upper-case keywords, names quoted where needed, parentheses only where the grammar needs them.
 * Parsing the result gives the same tree (spans aside). Statements are ended by ";". `out` must be initialised; check
 * out->failed.
 */
void rz_ast_print(const rz_ast_script *script, rz_str *out);
void rz_ast_print_statement(const rz_ast_statement *statement, rz_str *out);
void rz_ast_print_expr(const rz_ast_expr *expr, rz_str *out);

/* ---- for shells and dumps ---- */

typedef enum rz_lex_end {
    RZ_LEX_EMPTY,       /* nothing but blanks, comments and semicolons */
    RZ_LEX_COMPLETE,    /* a statement ended by a semicolon */
    RZ_LEX_OPEN,        /* a statement without its semicolon */
    RZ_LEX_OPEN_STRING, /* the text ends inside a string literal, */
    RZ_LEX_OPEN_NAME,   /* a quoted name, */
    RZ_LEX_OPEN_COMMENT /* a block comment */
} rz_lex_end;

/*
 * Finds the end of the first statement at or after `start`: *out_end is the offset behind its semicolon, or `length`.
 * Never fails; text that the lexer would refuse is passed over.
 */
rz_lex_end rz_lex_statement_end(const char *text, size_t length, size_t start, size_t *out_end);

/* True when the name must stand in back quotes to be read as a name: reserved word, or not an identifier. */
bool rz_name_needs_quotes(const char *name);
/* Appends the name, in back quotes where needed. */
void rz_str_append_name(rz_str *out, const char *name);

#endif
