/* SPDX-License-Identifier: MIT */
/*
 * Lexer: splits the text of one statement into an array of tokens (private to the module).
 *
 * The array is kept so that the parser can look ahead any distance at no cost: an opening bracket knows its closing
 * one, which is how `(a)-[e]->(b)` is told from `(a) - [e]`, and a list comprehension from a list, without trying both
 * (the parser stays linear). A token keeps its place in the text only; names and strings are decoded when the parser
 * takes them.
 */
#ifndef RZ_PARSER_LEXER_H
#define RZ_PARSER_LEXER_H

#include "parser/keywords.h"
#include "parser/parser.h"

typedef enum rz_token_kind {
    RZ_TOKEN_END,         /* of the statement: `;` (length 1) or the end of the text (length 0) */
    RZ_TOKEN_NAME,        /* unquoted; `keyword` is set where it is one */
    RZ_TOKEN_QUOTED_NAME, /* `…` */
    RZ_TOKEN_PARAMETER,   /* $x, $1, $`x` */
    RZ_TOKEN_INTEGER,
    RZ_TOKEN_DOUBLE,
    RZ_TOKEN_STRING,
    RZ_TOKEN_LPAREN,
    RZ_TOKEN_RPAREN,
    RZ_TOKEN_LBRACKET,
    RZ_TOKEN_RBRACKET,
    RZ_TOKEN_LBRACE,
    RZ_TOKEN_RBRACE,
    RZ_TOKEN_COMMA,
    RZ_TOKEN_COLON,
    RZ_TOKEN_ASSIGN, /* := */
    RZ_TOKEN_DOT,
    RZ_TOKEN_DOTDOT,
    RZ_TOKEN_PLUS,
    RZ_TOKEN_PLUS_EQ,
    RZ_TOKEN_MINUS,
    RZ_TOKEN_DASH, /* a dash other than ASCII: in patterns only */
    RZ_TOKEN_STAR,
    RZ_TOKEN_SLASH,
    RZ_TOKEN_PERCENT,
    RZ_TOKEN_CARET,
    RZ_TOKEN_BANG,
    RZ_TOKEN_EQ,
    RZ_TOKEN_REGEX,   /* =~ */
    RZ_TOKEN_NE,      /* <> */
    RZ_TOKEN_BANG_EQ, /* != */
    RZ_TOKEN_LT,
    RZ_TOKEN_LE,
    RZ_TOKEN_GT,
    RZ_TOKEN_GE,
    RZ_TOKEN_LEFT_HEAD, /* arrow heads other than ASCII: in patterns only */
    RZ_TOKEN_RIGHT_HEAD,
    RZ_TOKEN_SHIFT_LEFT,
    RZ_TOKEN_SHIFT_RIGHT,
    RZ_TOKEN_PIPE,
    RZ_TOKEN_CONCAT, /* || */
    RZ_TOKEN_AMPERSAND
} rz_token_kind;

#define RZ_TOKEN_NO_MATCH UINT32_MAX

typedef struct rz_token {
    uint8_t kind;    /* rz_token_kind */
    uint8_t keyword; /* rz_keyword, of NAME */
    uint16_t unused;
    uint32_t position;
    uint32_t length;
    uint32_t match; /* of an opening bracket: index of the closing token, or RZ_TOKEN_NO_MATCH; else NO_MATCH */
} rz_token;

/* What went wrong, when scanning fails. */
typedef enum rz_lex_problem {
    RZ_LEX_NO_PROBLEM,
    RZ_LEX_BAD_CHARACTER,
    RZ_LEX_BAD_NUMBER,
    RZ_LEX_UNCLOSED_STRING,
    RZ_LEX_UNCLOSED_NAME,
    RZ_LEX_UNCLOSED_COMMENT,
    RZ_LEX_BAD_NAME /* empty quoted name, or one with NUL */
} rz_lex_problem;

/* Length of the blanks and comments at text[offset…]; *out_problem is UNCLOSED_COMMENT when one follows that does not
 * end. */
size_t rz_lex_blank(const char *text, size_t length, size_t offset, rz_lex_problem *out_problem);

/*
 * Scans the token at offset < length, which is no blank. The token's span is set even when there is a problem (then it
 * covers the faulty piece). `strict` refuses hexadecimal and octal numbers, `_` in numbers, `e+3` and quoted
 * parameters.
 */
rz_lex_problem rz_lex_token(const char *text, size_t length, size_t offset, bool strict, rz_token *out_token);

/* The keyword an unquoted name is, or RZ_KW_NO_KEYWORD. */
rz_keyword rz_keyword_find(const char *text, size_t length);
bool rz_keyword_is_reserved(rz_keyword keyword);

/*
 * Decimal text of digits, an optional fraction and an optional exponent (no sign, `_` allowed between digits) to the
 * nearest double, ties to even; too large values give infinity. Does not depend on the locale.
 */
double rz_lex_double(const char *text, size_t length);

/* Integer text (decimal, 0x…, 0o…, `_` between digits); false when it is beyond 2^127. */
bool rz_lex_integer(const char *text, size_t length, rz_uint128 *out_value);

#endif
