/* SPDX-License-Identifier: MIT */
/*
 * Expressions: operators by precedence (dialect §8) with an explicit stack, so that neither parentheses nor operators
 * cost machine stack; only what stands in other brackets recurses (parse_atom.c).
 *
 * The algorithm is operator precedence: operands are on p->stack, operators that wait for their right side on
 * p->pending. An arriving operator first completes every waiting one that binds at least as tightly. Two families stay
 * open instead when the same arrives again: the n-ary operators, which count their operands, and comparisons, which
 * become one chain. A `(` waits as level 0 until its `)`.
 *
 *     level  1 OR · 2 XOR · 3 AND · 4 NOT · 5 = <> < <= > >= · 6 =~ STARTS ENDS CONTAINS IN IS · 7 | · 8 & · 9 << >>
 *            10 + - || · 11 * / % · 12 ^ · 13 unary - +
 *
 * Differences from Kuzu's grammar are those of dialect §20 (10): level 6 is looser than arithmetic, so more is
 * accepted.
 */
#include "parser/parse.h"

enum {
    PARSE_LEVEL_PAREN = 0,
    PARSE_LEVEL_NOT = 4,
    PARSE_LEVEL_COMPARE = 5,
    PARSE_LEVEL_PREDICATE = 6,
    PARSE_LEVEL_UNARY = 13
};

/* One activation: where its operators and operands begin on the shared stacks. */
typedef struct parse_expr_frame {
    uint32_t pending_base;
    uint32_t parens; /* open parentheses */
    uint32_t flags;  /* RZ_PARSE_NO_*; they hold outside parentheses */
} parse_expr_frame;

typedef struct parse_expr_binary {
    uint8_t op;
    uint8_t level;
} parse_expr_binary;

const char *rz_ast_op_text(rz_ast_op op)
{
    switch (op) {
    case RZ_AST_OP_OR: return "OR";
    case RZ_AST_OP_XOR: return "XOR";
    case RZ_AST_OP_AND: return "AND";
    case RZ_AST_OP_ADD: return "+";
    case RZ_AST_OP_CONCAT: return "||";
    case RZ_AST_OP_NOT: return "NOT";
    case RZ_AST_OP_NEGATE: return "-";
    case RZ_AST_OP_PLUS: return "+";
    case RZ_AST_OP_FACTORIAL: return "!";
    case RZ_AST_OP_IS_NULL: return "IS NULL";
    case RZ_AST_OP_IS_NOT_NULL: return "IS NOT NULL";
    case RZ_AST_OP_EQ: return "=";
    case RZ_AST_OP_NE: return "<>";
    case RZ_AST_OP_LT: return "<";
    case RZ_AST_OP_LE: return "<=";
    case RZ_AST_OP_GT: return ">";
    case RZ_AST_OP_GE: return ">=";
    case RZ_AST_OP_REGEX: return "=~";
    case RZ_AST_OP_STARTS_WITH: return "STARTS WITH";
    case RZ_AST_OP_ENDS_WITH: return "ENDS WITH";
    case RZ_AST_OP_CONTAINS: return "CONTAINS";
    case RZ_AST_OP_IN: return "IN";
    case RZ_AST_OP_BIT_OR: return "|";
    case RZ_AST_OP_BIT_AND: return "&";
    case RZ_AST_OP_SHIFT_LEFT: return "<<";
    case RZ_AST_OP_SHIFT_RIGHT: return ">>";
    case RZ_AST_OP_SUBTRACT: return "-";
    case RZ_AST_OP_MULTIPLY: return "*";
    case RZ_AST_OP_DIVIDE: return "/";
    case RZ_AST_OP_MODULO: return "%";
    case RZ_AST_OP_POWER: return "^";
    }
    return "";
}

static bool parse_expr_is_nary(uint8_t op)
{
    return op == RZ_AST_OP_OR || op == RZ_AST_OP_XOR || op == RZ_AST_OP_AND || op == RZ_AST_OP_ADD ||
           op == RZ_AST_OP_CONCAT;
}

/* ---- nodes ---- */

ruzu_status rz_parse_new_expr(rz_parser *p, rz_ast_expr_kind kind, uint32_t position, rz_ast_expr **out)
{
    rz_ast_expr *expr = NULL;
    RZ_PARSE_NEW(p, rz_ast_expr, expr);
    expr->kind = (uint8_t)kind;
    expr->height = 1;
    expr->position = position;
    expr->length = rz_parse_end(p) - position;
    p->height = p->height == 0 ? 1 : p->height;
    *out = expr;
    return RUZU_OK;
}

ruzu_status rz_parse_set_height(rz_parser *p, rz_ast_expr *expr, uint32_t below)
{
    if (below >= p->limits.max_depth) {
        return rz_parse_limit(p, expr->position, "max_depth", p->limits.max_depth);
    }
    if (below >= expr->height) {
        expr->height = (uint16_t)(below + 1);
    }
    p->height = p->height < expr->height ? expr->height : p->height;
    return RUZU_OK;
}

ruzu_status rz_parse_finish_expr(rz_parser *p, rz_ast_expr *expr, uint32_t base)
{
    RZ_TRY(rz_parse_take(p, base, &expr->children, &expr->child_count));
    expr->length = rz_parse_end(p) - expr->position;
    uint32_t below = 0;
    for (uint32_t i = 0; i < expr->child_count; i++) {
        const rz_ast_expr *child = expr->children[i];
        below = child != NULL && child->height > below ? child->height : below;
    }
    return rz_parse_set_height(p, expr, below);
}

/* ---- completing operators ---- */

static rz_parse_pending *parse_expr_top(const rz_parser *p, const parse_expr_frame *frame)
{
    return p->pending_count > frame->pending_base ? &p->pending[p->pending_count - 1] : NULL;
}

static ruzu_status parse_expr_push_pending(rz_parser *p, uint8_t op, uint8_t level, bool is_prefix)
{
    if (p->pending_count == p->pending_capacity) {
        void *items = p->pending;
        RZ_TRY(rz_parse_grow(p, &items, &p->pending_capacity, sizeof(rz_parse_pending)));
        p->pending = (rz_parse_pending *)items;
    }
    p->pending[p->pending_count++] =
        (rz_parse_pending){.op = op, .level = level, .is_prefix = is_prefix, .arity = 1, .position = rz_parse_start(p)};
    return RUZU_OK;
}

/* Makes a node of the top `arity` operands and puts it in their place. Its span is theirs, from position on if that is
 * earlier. */
static ruzu_status parse_expr_combine(rz_parser *p, rz_ast_expr_kind kind, uint8_t op, uint32_t arity,
                                      uint32_t position, rz_ast_expr **out)
{
    const uint32_t base = p->stack_count - arity;
    const rz_ast_expr *first = (const rz_ast_expr *)p->stack[base];
    const rz_ast_expr *last = (const rz_ast_expr *)p->stack[p->stack_count - 1];
    const uint32_t end = last->position + last->length;
    rz_ast_expr *expr = NULL;
    RZ_TRY(rz_parse_new_expr(p, kind, position < first->position ? position : first->position, &expr));
    expr->op = op;
    RZ_TRY(rz_parse_finish_expr(p, expr, base));
    expr->length = end - expr->position;
    *out = expr;
    return rz_parse_push(p, expr);
}

/* Completes the comparisons on top: one is an operator, several are a chain. */
static ruzu_status parse_expr_complete_comparisons(rz_parser *p, const parse_expr_frame *frame)
{
    uint32_t count = 0;
    while (p->pending_count - count > frame->pending_base &&
           p->pending[p->pending_count - count - 1].level == PARSE_LEVEL_COMPARE) {
        count++;
    }
    rz_ast_expr *expr = NULL;
    p->pending_count -= count;
    if (count == 1) {
        return parse_expr_combine(p, RZ_AST_EXPR_OPERATOR, p->pending[p->pending_count].op, 2, UINT32_MAX, &expr);
    }
    uint8_t *ops = (uint8_t *)rz_arena_alloc(p->arena, count);
    if (ops == NULL) {
        return rz_parse_no_memory(p);
    }
    for (uint32_t i = 0; i < count; i++) {
        ops[i] = p->pending[p->pending_count + i].op;
    }
    RZ_TRY(parse_expr_combine(p, RZ_AST_EXPR_COMPARE_CHAIN, 0, count + 1, UINT32_MAX, &expr));
    expr->chain_ops = ops;
    return RUZU_OK;
}

/* Completes waiting operators of at least the given level, down to the last open parenthesis. */
static ruzu_status parse_expr_complete(rz_parser *p, const parse_expr_frame *frame, uint8_t level)
{
    for (;;) {
        const rz_parse_pending *top = parse_expr_top(p, frame);
        if (top == NULL || top->level == PARSE_LEVEL_PAREN || top->level < level) {
            return RUZU_OK;
        }
        if (top->level == PARSE_LEVEL_COMPARE) {
            RZ_TRY(parse_expr_complete_comparisons(p, frame));
            continue;
        }
        rz_parse_pending done = *top;
        rz_ast_expr *expr;
        p->pending_count--;
        RZ_TRY(parse_expr_combine(p, RZ_AST_EXPR_OPERATOR, done.op, done.is_prefix ? 1 : done.arity + 1,
                                  done.is_prefix ? done.position : UINT32_MAX, &expr));
    }
}

/* ---- operators between and behind operands ---- */

/* The binary operator the current token begins, with level 0 for none. Two-word operators are looked at in
 * parse_expr_operator. */
static parse_expr_binary parse_expr_find_binary(const rz_token *token)
{
    switch ((rz_token_kind)token->kind) {
    case RZ_TOKEN_NAME:
        switch (token->keyword) {
        case RZ_KW_OR: return (parse_expr_binary){RZ_AST_OP_OR, 1};
        case RZ_KW_XOR: return (parse_expr_binary){RZ_AST_OP_XOR, 2};
        case RZ_KW_AND: return (parse_expr_binary){RZ_AST_OP_AND, 3};
        case RZ_KW_STARTS: return (parse_expr_binary){RZ_AST_OP_STARTS_WITH, PARSE_LEVEL_PREDICATE};
        case RZ_KW_ENDS: return (parse_expr_binary){RZ_AST_OP_ENDS_WITH, PARSE_LEVEL_PREDICATE};
        case RZ_KW_CONTAINS: return (parse_expr_binary){RZ_AST_OP_CONTAINS, PARSE_LEVEL_PREDICATE};
        case RZ_KW_IN: return (parse_expr_binary){RZ_AST_OP_IN, PARSE_LEVEL_PREDICATE};
        default: break; /* every other word ends the expression */
        }
        break;
    case RZ_TOKEN_EQ: return (parse_expr_binary){RZ_AST_OP_EQ, PARSE_LEVEL_COMPARE};
    case RZ_TOKEN_NE:
    case RZ_TOKEN_BANG_EQ: return (parse_expr_binary){RZ_AST_OP_NE, PARSE_LEVEL_COMPARE};
    case RZ_TOKEN_LT: return (parse_expr_binary){RZ_AST_OP_LT, PARSE_LEVEL_COMPARE};
    case RZ_TOKEN_LE: return (parse_expr_binary){RZ_AST_OP_LE, PARSE_LEVEL_COMPARE};
    case RZ_TOKEN_GT: return (parse_expr_binary){RZ_AST_OP_GT, PARSE_LEVEL_COMPARE};
    case RZ_TOKEN_GE: return (parse_expr_binary){RZ_AST_OP_GE, PARSE_LEVEL_COMPARE};
    case RZ_TOKEN_REGEX: return (parse_expr_binary){RZ_AST_OP_REGEX, PARSE_LEVEL_PREDICATE};
    case RZ_TOKEN_PIPE: return (parse_expr_binary){RZ_AST_OP_BIT_OR, 7};
    case RZ_TOKEN_AMPERSAND: return (parse_expr_binary){RZ_AST_OP_BIT_AND, 8};
    case RZ_TOKEN_SHIFT_LEFT: return (parse_expr_binary){RZ_AST_OP_SHIFT_LEFT, 9};
    case RZ_TOKEN_SHIFT_RIGHT: return (parse_expr_binary){RZ_AST_OP_SHIFT_RIGHT, 9};
    case RZ_TOKEN_PLUS: return (parse_expr_binary){RZ_AST_OP_ADD, 10};
    case RZ_TOKEN_MINUS: return (parse_expr_binary){RZ_AST_OP_SUBTRACT, 10};
    case RZ_TOKEN_CONCAT: return (parse_expr_binary){RZ_AST_OP_CONCAT, 10};
    case RZ_TOKEN_STAR: return (parse_expr_binary){RZ_AST_OP_MULTIPLY, 11};
    case RZ_TOKEN_SLASH: return (parse_expr_binary){RZ_AST_OP_DIVIDE, 11};
    case RZ_TOKEN_PERCENT: return (parse_expr_binary){RZ_AST_OP_MODULO, 11};
    case RZ_TOKEN_CARET: return (parse_expr_binary){RZ_AST_OP_POWER, 12};
    case RZ_TOKEN_END:
    case RZ_TOKEN_QUOTED_NAME:
    case RZ_TOKEN_PARAMETER:
    case RZ_TOKEN_INTEGER:
    case RZ_TOKEN_DOUBLE:
    case RZ_TOKEN_STRING:
    case RZ_TOKEN_LPAREN:
    case RZ_TOKEN_RPAREN:
    case RZ_TOKEN_LBRACKET:
    case RZ_TOKEN_RBRACKET:
    case RZ_TOKEN_LBRACE:
    case RZ_TOKEN_RBRACE:
    case RZ_TOKEN_COMMA:
    case RZ_TOKEN_COLON:
    case RZ_TOKEN_ASSIGN:
    case RZ_TOKEN_DOT:
    case RZ_TOKEN_DOTDOT:
    case RZ_TOKEN_PLUS_EQ:
    case RZ_TOKEN_DASH:
    case RZ_TOKEN_BANG:
    case RZ_TOKEN_LEFT_HEAD:
    case RZ_TOKEN_RIGHT_HEAD: break;
    }
    return (parse_expr_binary){0, 0};
}

/* IS [NOT] NULL and IS [NOT] :: type, at IS. */
static ruzu_status parse_expr_is(rz_parser *p, const parse_expr_frame *frame)
{
    RZ_TRY(parse_expr_complete(p, frame, PARSE_LEVEL_PREDICATE));
    rz_parse_advance(p);
    bool negated = rz_parse_accept_keyword(p, RZ_KW_NOT);
    rz_ast_expr *expr = NULL;
    if (rz_parse_accept_keyword(p, RZ_KW_NULL)) {
        RZ_TRY(parse_expr_combine(p, RZ_AST_EXPR_OPERATOR, negated ? RZ_AST_OP_IS_NOT_NULL : RZ_AST_OP_IS_NULL, 1,
                                  UINT32_MAX, &expr));
    } else {
        RZ_TRY(rz_parse_extension(p));
        if (!rz_parse_accept_keyword(p, RZ_KW_TYPED)) {
            RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COLON));
            RZ_TRY(rz_parse_expect(p, RZ_TOKEN_COLON));
        }
        rz_ast_text type;
        RZ_TRY(rz_parse_type(p, &type));
        RZ_TRY(parse_expr_combine(p, RZ_AST_EXPR_IS_TYPE, 0, 1, UINT32_MAX, &expr));
        expr->type = type;
        expr->flags |= negated ? RZ_AST_FLAG_NEGATED : 0;
    }
    expr->length = rz_parse_end(p) - expr->position;
    return RUZU_OK;
}

/* `)` of a parenthesis of this activation: the operand inside is whole and may be followed by postfix operators. */
static ruzu_status parse_expr_close(rz_parser *p, parse_expr_frame *frame)
{
    RZ_TRY(parse_expr_complete(p, frame, 1));
    uint32_t position = p->pending[--p->pending_count].position;
    rz_parse_advance(p);
    frame->parens--;
    rz_parse_leave(p);
    rz_ast_expr *expr = (rz_ast_expr *)p->stack[--p->stack_count];
    expr->position = position;
    expr->length = rz_parse_end(p) - position;
    RZ_TRY(rz_parse_postfix(p, frame->parens == 0 ? frame->flags : 0, &expr));
    return rz_parse_push(p, expr);
}

static ruzu_status parse_expr_comparison(rz_parser *p, const parse_expr_frame *frame, parse_expr_binary binary)
{
    if (p->limits.strict && rz_parse_is(p, RZ_TOKEN_BANG_EQ)) {
        return rz_parse_fail(
            p, rz_parse_start(p), 2,
            "Unknown operation '!=' (you probably meant to use '<>', which is the operator for inequality testing.)");
    }
    RZ_TRY(parse_expr_complete(p, frame, PARSE_LEVEL_COMPARE + 1));
    const rz_parse_pending *top = parse_expr_top(p, frame);
    if (p->limits.strict && top != NULL && top->level == PARSE_LEVEL_COMPARE) {
        const rz_ast_expr *first = (const rz_ast_expr *)p->stack[p->stack_count - 2];
        return rz_parse_fail(p, first->position, 1, "Non-binary comparison (e.g. a=b=c) is not supported");
    }
    RZ_TRY(parse_expr_push_pending(p, binary.op, PARSE_LEVEL_COMPARE, false));
    rz_parse_advance(p);
    return RUZU_OK;
}

/*
 * What follows an operand: *out_more is true when an operator was taken that wants another operand, false at the end of
 * the expression.
 */
static ruzu_status parse_expr_operator(rz_parser *p, parse_expr_frame *frame, bool *out_more)
{
    *out_more = true;
    for (;;) {
        const rz_token *token = rz_parse_token(p);
        if (token->kind == RZ_TOKEN_RPAREN && frame->parens > 0) {
            RZ_TRY(parse_expr_close(p, frame));
            continue;
        }
        if (token->keyword == RZ_KW_IS) {
            RZ_TRY(parse_expr_is(p, frame));
            continue;
        }
        parse_expr_binary binary = parse_expr_find_binary(token);
        if (binary.level == 0 ||
            (token->kind == RZ_TOKEN_PIPE && frame->parens == 0 && (frame->flags & RZ_PARSE_NO_PIPE) != 0)) {
            *out_more = false;
            return frame->parens == 0 ? RUZU_OK : rz_parse_unexpected(p);
        }
        if (token->kind == RZ_TOKEN_CONCAT) {
            RZ_TRY(rz_parse_extension(p));
        }
        if (binary.level == PARSE_LEVEL_COMPARE) {
            return parse_expr_comparison(p, frame, binary);
        }
        bool two_words = token->keyword == RZ_KW_STARTS || token->keyword == RZ_KW_ENDS;
        /* An n-ary operator that meets itself takes one more operand; everything tighter is complete by then. */
        RZ_TRY(
            parse_expr_complete(p, frame, parse_expr_is_nary(binary.op) ? (uint8_t)(binary.level + 1) : binary.level));
        rz_parse_pending *top = parse_expr_top(p, frame);
        if (top != NULL && top->level == binary.level && top->op == binary.op && parse_expr_is_nary(binary.op)) {
            top->arity++;
        } else {
            RZ_TRY(parse_expr_complete(p, frame, binary.level));
            RZ_TRY(parse_expr_push_pending(p, binary.op, binary.level, false));
        }
        rz_parse_advance(p);
        return two_words ? rz_parse_expect_keyword(p, RZ_KW_WITH) : RUZU_OK;
    }
}

/* ---- operands ---- */

/* True when the sign at the current token belongs to the number behind it: nothing that binds tighter follows the
 * number. */
static bool parse_expr_is_signed_number(const rz_parser *p)
{
    const rz_token *number = rz_parse_peek(p, 1);
    if (number->kind != RZ_TOKEN_INTEGER && number->kind != RZ_TOKEN_DOUBLE) {
        return false;
    }
    uint8_t behind = rz_parse_peek(p, 2)->kind;
    return behind != RZ_TOKEN_BANG && behind != RZ_TOKEN_LBRACKET && behind != RZ_TOKEN_DOT;
}

static ruzu_status parse_expr_prefix(rz_parser *p, const parse_expr_frame *frame, rz_ast_op op, uint8_t level)
{
    const rz_parse_pending *top = parse_expr_top(p, frame);
    if (top != NULL && top->level > level) { /* `a = NOT b`, `- NOT a` */
        return rz_parse_unexpected(p);
    }
    RZ_TRY(parse_expr_push_pending(p, (uint8_t)op, level, true));
    rz_parse_advance(p);
    return RUZU_OK;
}

/*
 * Prefix operators and opening parentheses, until an operand begins (*out_expr NULL: parse an atom) or a signed number
 * was taken.
 */
static ruzu_status parse_expr_operand(rz_parser *p, parse_expr_frame *frame, rz_ast_expr **out_expr)
{
    *out_expr = NULL;
    for (;;) {
        const rz_token *token = rz_parse_token(p);
        if (token->keyword == RZ_KW_NOT) {
            RZ_TRY(parse_expr_prefix(p, frame, RZ_AST_OP_NOT, PARSE_LEVEL_NOT));
        } else if (token->kind == RZ_TOKEN_MINUS && parse_expr_is_signed_number(p)) {
            rz_parse_advance(p);
            return rz_parse_number(p, true, token->position, out_expr);
        } else if (token->kind == RZ_TOKEN_MINUS) {
            RZ_TRY(parse_expr_prefix(p, frame, RZ_AST_OP_NEGATE, PARSE_LEVEL_UNARY));
        } else if (token->kind == RZ_TOKEN_PLUS) {
            RZ_TRY(rz_parse_extension(p));
            RZ_TRY(parse_expr_prefix(p, frame, RZ_AST_OP_PLUS, PARSE_LEVEL_UNARY));
        } else if (token->kind == RZ_TOKEN_LPAREN && !rz_parse_is_path(p, p->pos)) {
            RZ_TRY(rz_parse_enter(p));
            RZ_TRY(parse_expr_push_pending(p, 0, PARSE_LEVEL_PAREN, false));
            rz_parse_advance(p);
            frame->parens++;
        } else {
            return RUZU_OK;
        }
    }
}

ruzu_status rz_parse_expr(rz_parser *p, uint32_t flags, rz_ast_expr **out)
{
    parse_expr_frame frame = {.pending_base = p->pending_count, .parens = 0, .flags = flags};
    bool more = true;
    RZ_TRY(rz_parse_enter(p));
    while (more) {
        rz_ast_expr *operand;
        RZ_TRY(parse_expr_operand(p, &frame, &operand));
        if (operand == NULL) {
            RZ_TRY(rz_parse_atom(p, &operand));
            RZ_TRY(rz_parse_postfix(p, frame.parens == 0 ? flags : 0, &operand));
        }
        RZ_TRY(rz_parse_push(p, operand));
        RZ_TRY(parse_expr_operator(p, &frame, &more));
    }
    RZ_TRY(parse_expr_complete(p, &frame, 1));
    *out = (rz_ast_expr *)p->stack[--p->stack_count];
    rz_parse_leave(p);
    return RUZU_OK;
}
