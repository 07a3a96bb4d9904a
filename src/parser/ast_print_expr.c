/* SPDX-License-Identifier: MIT */
/*
 * Canonical text of expressions and patterns. Parentheses are written from the precedence levels of parse_expr.c, and
 * in the few places where text alone would be read as another construct (noted at each). Recursion is bounded by the
 * height of the tree, which the parser limits.
 */
#include "parser/ast_print.h"

#include "parser/lexer.h"

#include <math.h>
#include <stdio.h>

enum {
    AST_PRINT_LEVEL_COMPARE = 5,
    AST_PRINT_LEVEL_PREDICATE = 6,
    AST_PRINT_LEVEL_BIT_OR = 7,
    AST_PRINT_LEVEL_UNARY = 13,
    AST_PRINT_LEVEL_ATOM = 15
};

/* ---- names and literals ---- */

void rz_ast_print_name(const char *name, rz_str *out)
{
    if (rz_keyword_find(name, strlen(name)) == RZ_KW_NO_KEYWORD) {
        rz_str_append_name(out, name);
        return;
    }
    rz_str_append_char(out, '`');
    rz_str_append_text(out, name);
    rz_str_append_char(out, '`');
}

void rz_ast_print_names(const char *const *names, uint32_t count, rz_str *out)
{
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        rz_ast_print_name(names[i], out);
    }
}

static void ast_print_string(const char *data, size_t length, rz_str *out)
{
    static const char CONTROLS[] = "\b\f\n\r\t";
    static const char LETTERS[] = "bfnrt";
    rz_str_append_char(out, '\'');
    for (size_t i = 0; i < length; i++) {
        char c = data[i];
        const char *control = c == '\0' ? NULL : strchr(CONTROLS, c);
        if (control != NULL) {
            rz_str_append_char(out, '\\');
            rz_str_append_char(out, LETTERS[control - CONTROLS]);
        } else if ((unsigned char)c < 0x20) {
            rz_str_append_format(out, "\\u%04X", (unsigned)(unsigned char)c);
        } else {
            if (c == '\\' || c == '\'') {
                rz_str_append_char(out, '\\');
            }
            rz_str_append_char(out, c);
        }
    }
    rz_str_append_char(out, '\'');
}

/* The shortest of 15, 16 and 17 digits that reads back as the same number; the locale's decimal point is replaced. */
static void ast_print_double(double value, rz_str *out)
{
    char text[40];
    size_t length = 0;
    if (signbit(value)) {
        rz_str_append_char(out, '-');
        value = -value;
    }
    if (isinf(value)) {
        rz_str_append_text(out, "1e999");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        char raw[64];
        bool in_point = false;
        bool has_mark = false;
        snprintf(raw, sizeof raw, "%.*g", digits, value);
        length = 0;
        for (const char *c = raw; *c != '\0' && length + 4 < sizeof text; c++) {
            bool plain = (*c >= '0' && *c <= '9') || *c == 'e' || *c == '-';
            if (plain) {
                text[length++] = *c;
                has_mark = has_mark || *c == 'e';
                in_point = false;
            } else if (*c != '+' && !in_point) {
                text[length++] = '.';
                has_mark = in_point = true;
            }
        }
        if (!has_mark) {
            text[length++] = '.';
            text[length++] = '0';
        }
        if (!(rz_lex_double(text, length) < value) && !(rz_lex_double(text, length) > value)) {
            break;
        }
    }
    rz_str_append(out, text, length);
}

static void ast_print_int128(rz_int128 value, rz_str *out)
{
    char digits[40];
    size_t start = sizeof digits;
    rz_uint128 magnitude = value < 0 ? 0 - (rz_uint128)value : (rz_uint128)value;
    do {
        digits[--start] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
    } while (magnitude != 0);
    if (value < 0) {
        rz_str_append_char(out, '-');
    }
    rz_str_append(out, digits + start, sizeof digits - start);
}

static void ast_print_parameter(const char *name, rz_str *out)
{
    bool is_number = name[0] >= '0' && name[0] <= '9' && strspn(name, "0123456789") == strlen(name);
    rz_str_append_char(out, '$');
    if (is_number) {
        rz_str_append_text(out, name);
    } else {
        rz_str_append_name(out, name);
    }
}

/* ---- levels ---- */

static int ast_print_op_level(rz_ast_op op)
{
    switch (op) {
    case RZ_AST_OP_OR: return 1;
    case RZ_AST_OP_XOR: return 2;
    case RZ_AST_OP_AND: return 3;
    case RZ_AST_OP_NOT: return 4;
    case RZ_AST_OP_EQ:
    case RZ_AST_OP_NE:
    case RZ_AST_OP_LT:
    case RZ_AST_OP_LE:
    case RZ_AST_OP_GT:
    case RZ_AST_OP_GE: return AST_PRINT_LEVEL_COMPARE;
    case RZ_AST_OP_IS_NULL:
    case RZ_AST_OP_IS_NOT_NULL:
    case RZ_AST_OP_REGEX:
    case RZ_AST_OP_STARTS_WITH:
    case RZ_AST_OP_ENDS_WITH:
    case RZ_AST_OP_CONTAINS:
    case RZ_AST_OP_IN: return AST_PRINT_LEVEL_PREDICATE;
    case RZ_AST_OP_BIT_OR: return AST_PRINT_LEVEL_BIT_OR;
    case RZ_AST_OP_BIT_AND: return 8;
    case RZ_AST_OP_SHIFT_LEFT:
    case RZ_AST_OP_SHIFT_RIGHT: return 9;
    case RZ_AST_OP_ADD:
    case RZ_AST_OP_CONCAT:
    case RZ_AST_OP_SUBTRACT: return 10;
    case RZ_AST_OP_MULTIPLY:
    case RZ_AST_OP_DIVIDE:
    case RZ_AST_OP_MODULO: return 11;
    case RZ_AST_OP_POWER: return 12;
    case RZ_AST_OP_NEGATE:
    case RZ_AST_OP_PLUS: return AST_PRINT_LEVEL_UNARY;
    case RZ_AST_OP_FACTORIAL: return 14;
    }
    return 0;
}

/* How tightly the expression's text holds together. */
static int ast_print_level(const rz_ast_expr *expr)
{
    switch ((rz_ast_expr_kind)expr->kind) {
    case RZ_AST_EXPR_OPERATOR: return ast_print_op_level((rz_ast_op)expr->op);
    case RZ_AST_EXPR_COMPARE_CHAIN: return AST_PRINT_LEVEL_COMPARE;
    /* A path would go on with a following `-` or `<`, labels with `|` and `&`. */
    case RZ_AST_EXPR_PATTERN:
    case RZ_AST_EXPR_LABEL_PREDICATE: return AST_PRINT_LEVEL_COMPARE;
    case RZ_AST_EXPR_IS_TYPE: return AST_PRINT_LEVEL_PREDICATE;
    case RZ_AST_EXPR_INT64:
    case RZ_AST_EXPR_INT128:
    case RZ_AST_EXPR_DOUBLE:
        return (expr->flags & RZ_AST_FLAG_MINUS) != 0 ? AST_PRINT_LEVEL_UNARY : AST_PRINT_LEVEL_ATOM;
    case RZ_AST_EXPR_LAMBDA: return 0;
    case RZ_AST_EXPR_PROPERTY:
    case RZ_AST_EXPR_PROPERTY_STAR:
    case RZ_AST_EXPR_INDEX:
    case RZ_AST_EXPR_SLICE: return 14;
    case RZ_AST_EXPR_NULL:
    case RZ_AST_EXPR_BOOL:
    case RZ_AST_EXPR_STRING:
    case RZ_AST_EXPR_PARAMETER:
    case RZ_AST_EXPR_VARIABLE:
    case RZ_AST_EXPR_FUNCTION:
    case RZ_AST_EXPR_CASE:
    case RZ_AST_EXPR_CAST:
    case RZ_AST_EXPR_LIST:
    case RZ_AST_EXPR_STRUCT:
    case RZ_AST_EXPR_QUANTIFIER:
    case RZ_AST_EXPR_LIST_COMPREHENSION:
    case RZ_AST_EXPR_PATTERN_COMPREHENSION:
    case RZ_AST_EXPR_REDUCE:
    case RZ_AST_EXPR_MAP_PROJECTION:
    case RZ_AST_EXPR_SUBQUERY: return AST_PRINT_LEVEL_ATOM;
    }
    return 0;
}

/* Prints in parentheses when the expression holds together less than `level` wants. */
static void ast_print_at_level(const rz_ast_expr *expr, int level, rz_str *out)
{
    if (ast_print_level(expr) >= level) {
        rz_ast_print_expr(expr, out);
        return;
    }
    /* `(a:B)` could begin a path. */
    bool twice = expr->kind == RZ_AST_EXPR_LABEL_PREDICATE;
    rz_str_append_text(out, twice ? "((" : "(");
    rz_ast_print_expr(expr, out);
    rz_str_append_text(out, twice ? "))" : ")");
}

void rz_ast_print_expr_no_pipe(const rz_ast_expr *expr, rz_str *out)
{
    ast_print_at_level(expr, AST_PRINT_LEVEL_BIT_OR + 1, out);
}

void rz_ast_print_operand(const rz_ast_expr *expr, rz_str *out)
{
    ast_print_at_level(expr, 14, out);
}

void rz_ast_print_where(const rz_ast_expr *where, rz_str *out)
{
    if (where != NULL) {
        rz_str_append_text(out, " WHERE ");
        rz_ast_print_expr(where, out);
    }
}

/* ---- operators ---- */

static void ast_print_operator(const rz_ast_expr *expr, rz_str *out)
{
    const rz_ast_op op = (rz_ast_op)expr->op;
    const int level = ast_print_op_level(op);
    const rz_ast_expr *first = expr->children[0];
    if (op == RZ_AST_OP_NOT || op == RZ_AST_OP_NEGATE || op == RZ_AST_OP_PLUS) {
        rz_str_append_text(out, op == RZ_AST_OP_NOT ? "NOT " : rz_ast_op_text(op));
        /* `-5` is one literal, `-(5)` is not. */
        bool is_number =
            first->kind == RZ_AST_EXPR_INT64 || first->kind == RZ_AST_EXPR_INT128 || first->kind == RZ_AST_EXPR_DOUBLE;
        bool folds = is_number && op == RZ_AST_OP_NEGATE && (first->flags & RZ_AST_FLAG_MINUS) == 0;
        ast_print_at_level(first, folds ? AST_PRINT_LEVEL_ATOM + 1 : level, out);
        return;
    }
    if (op == RZ_AST_OP_FACTORIAL) {
        rz_ast_print_operand(first, out);
        rz_str_append_char(out, '!');
        return;
    }
    if (op == RZ_AST_OP_IS_NULL || op == RZ_AST_OP_IS_NOT_NULL) {
        ast_print_at_level(first, level, out);
        rz_str_append_format(out, " %s", rz_ast_op_text(op));
        return;
    }
    /* To the left the same level goes without parentheses, except where it would become one chain. */
    bool chains = level == AST_PRINT_LEVEL_COMPARE ||
                  (first->kind == RZ_AST_EXPR_OPERATOR && first->op == expr->op && op <= RZ_AST_OP_CONCAT);
    ast_print_at_level(first, chains ? level + 1 : level, out);
    for (uint32_t i = 1; i < expr->child_count; i++) {
        rz_str_append_format(out, " %s ", rz_ast_op_text(op));
        ast_print_at_level(expr->children[i], level + 1, out);
    }
}

static void ast_print_chain(const rz_ast_expr *expr, rz_str *out)
{
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (i != 0) {
            rz_str_append_format(out, " %s ", rz_ast_op_text((rz_ast_op)expr->chain_ops[i - 1]));
        }
        ast_print_at_level(expr->children[i], AST_PRINT_LEVEL_COMPARE + 1, out);
    }
}

/* ---- calls, lists, structs ---- */

static void ast_print_list(const rz_ast_expr *expr, rz_str *out)
{
    rz_str_append_char(out, '[');
    for (uint32_t i = 0; i < expr->child_count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        /* `[x IN a | b]` would be a comprehension. */
        ast_print_at_level(expr->children[i], i == 0 ? AST_PRINT_LEVEL_BIT_OR + 1 : 0, out);
    }
    rz_str_append_char(out, ']');
}

static void ast_print_function(const rz_ast_expr *expr, rz_str *out)
{
    const char *name = expr->function.name;
    bool special =
        rz_name_equal(name, "reduce") || rz_name_equal(name, "shortestPath") || rz_name_equal(name, "allShortestPaths");
    if (special) {
        rz_str_append_format(out, "`%s`", name);
    } else {
        rz_str_append_name(out, name);
    }
    rz_str_append_char(out, '(');
    rz_str_append_text(out, (expr->flags & RZ_AST_FLAG_DISTINCT) != 0 ? "DISTINCT " : "");
    rz_str_append_text(out, (expr->flags & RZ_AST_FLAG_STAR) != 0 ? "*" : "");
    for (uint32_t i = 0; i < expr->child_count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        if (expr->function.arg_names != NULL && expr->function.arg_names[i] != NULL) {
            rz_ast_print_name(expr->function.arg_names[i], out);
            rz_str_append_text(out, " := ");
        }
        rz_ast_print_expr(expr->children[i], out);
    }
    rz_str_append_char(out, ')');
}

static void ast_print_fields(const char *const *keys, rz_ast_expr *const *values, uint32_t count, rz_str *out)
{
    rz_str_append_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        /* A key may have come from a string literal; one with a back quote can only be written so. */
        if (strchr(keys[i], '`') != NULL) {
            ast_print_string(keys[i], strlen(keys[i]), out);
        } else {
            rz_ast_print_name(keys[i], out);
        }
        rz_str_append_text(out, ": ");
        rz_ast_print_expr(values[i], out);
    }
    rz_str_append_char(out, '}');
}

static void ast_print_map_projection(const rz_ast_expr *expr, rz_str *out)
{
    uint32_t value = 1;
    rz_ast_print_expr(expr->children[0], out);
    rz_str_append_text(out, " {");
    for (uint32_t i = 0; i < expr->projection.item_count; i++) {
        const rz_ast_projection_item *item = &expr->projection.items[i];
        rz_str_append_text(out, i == 0 ? "" : ", ");
        switch (item->kind) {
        case RZ_AST_MAP_PROPERTY:
            rz_str_append_char(out, '.');
            rz_ast_print_name(item->name, out);
            break;
        case RZ_AST_MAP_ALL: rz_str_append_text(out, ".*"); break;
        case RZ_AST_MAP_VARIABLE: rz_ast_print_name(item->name, out); break;
        case RZ_AST_MAP_KEY:
            if (strchr(item->name, '`') != NULL) {
                ast_print_string(item->name, strlen(item->name), out);
            } else {
                rz_ast_print_name(item->name, out);
            }
            rz_str_append_text(out, ": ");
            rz_ast_print_expr(expr->children[value++], out);
            break;
        }
    }
    rz_str_append_char(out, '}');
}

static void ast_print_case(const rz_ast_expr *expr, rz_str *out)
{
    uint32_t i = 0;
    uint32_t whens = expr->child_count;
    rz_str_append_text(out, "CASE");
    if ((expr->flags & RZ_AST_FLAG_HAS_OPERAND) != 0) {
        rz_str_append_char(out, ' ');
        rz_ast_print_expr(expr->children[i++], out);
    }
    whens -= (expr->flags & RZ_AST_FLAG_HAS_ELSE) != 0 ? 1 : 0;
    for (; i < whens; i += 2) {
        rz_str_append_text(out, " WHEN ");
        rz_ast_print_expr(expr->children[i], out);
        rz_str_append_text(out, " THEN ");
        rz_ast_print_expr(expr->children[i + 1], out);
    }
    if ((expr->flags & RZ_AST_FLAG_HAS_ELSE) != 0) {
        rz_str_append_text(out, " ELSE ");
        rz_ast_print_expr(expr->children[whens], out);
    }
    rz_str_append_text(out, " END");
}

static void ast_print_cast(const rz_ast_expr *expr, rz_str *out)
{
    rz_keyword keyword = rz_keyword_find(expr->type.data, expr->type.length);
    bool plain = expr->type.length != 0 && !rz_keyword_is_reserved(keyword);
    for (uint32_t i = 0; i < expr->type.length && plain; i++) {
        char c = rz_ascii_lower(expr->type.data[i]);
        plain = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
    }
    rz_str_append_text(out, "CAST(");
    rz_ast_print_expr(expr->children[0], out);
    rz_str_append_text(out, plain ? " AS " : ", ");
    if (plain) {
        rz_str_append(out, expr->type.data, expr->type.length);
    } else {
        ast_print_string(expr->type.data, expr->type.length, out);
    }
    rz_str_append_char(out, ')');
}

/* ---- constructs with a variable of their own ---- */

static void ast_print_quantifier(const rz_ast_expr *expr, rz_str *out)
{
    static const char *const WORDS[] = {"ALL", "ANY", "NONE", "SINGLE"};
    rz_str_append_format(out, "%s(", WORDS[expr->quantifier.kind]);
    rz_ast_print_name(expr->quantifier.variable, out);
    rz_str_append_text(out, " IN ");
    rz_ast_print_expr(expr->children[0], out);
    rz_ast_print_where(expr->children[1], out);
    rz_str_append_char(out, ')');
}

static void ast_print_list_comprehension(const rz_ast_expr *expr, rz_str *out)
{
    rz_str_append_char(out, '[');
    rz_ast_print_name(expr->name, out);
    rz_str_append_text(out, " IN ");
    rz_ast_print_expr_no_pipe(expr->children[0], out);
    if (expr->children[1] != NULL) {
        rz_str_append_text(out, " WHERE ");
        rz_ast_print_expr_no_pipe(expr->children[1], out);
    }
    if (expr->children[2] != NULL) {
        rz_str_append_text(out, " | ");
        rz_ast_print_expr(expr->children[2], out);
    }
    rz_str_append_char(out, ']');
}

static void ast_print_pattern_comprehension(const rz_ast_expr *expr, rz_str *out)
{
    rz_ast_path *path = expr->path;
    rz_str_append_char(out, '[');
    rz_ast_print_paths(&path, 1, out);
    if (expr->children[0] != NULL) {
        rz_str_append_text(out, " WHERE ");
        rz_ast_print_expr_no_pipe(expr->children[0], out);
    }
    rz_str_append_text(out, " | ");
    rz_ast_print_expr(expr->children[1], out);
    rz_str_append_char(out, ']');
}

static void ast_print_reduce(const rz_ast_expr *expr, rz_str *out)
{
    rz_str_append_text(out, "reduce(");
    rz_ast_print_name(expr->reduce.accumulator, out);
    rz_str_append_text(out, " = ");
    rz_ast_print_expr(expr->children[0], out);
    rz_str_append_text(out, ", ");
    rz_ast_print_name(expr->reduce.variable, out);
    rz_str_append_text(out, " IN ");
    rz_ast_print_expr_no_pipe(expr->children[1], out);
    rz_str_append_text(out, " | ");
    rz_ast_print_expr(expr->children[2], out);
    rz_str_append_char(out, ')');
}

static void ast_print_lambda(const rz_ast_expr *expr, rz_str *out)
{
    rz_str_append_char(out, '(');
    rz_ast_print_names(expr->lambda.params, expr->lambda.param_count, out);
    rz_str_append_text(out, ") -> ");
    rz_ast_print_expr(expr->children[0], out);
}

static void ast_print_subquery(const rz_ast_expr *expr, rz_str *out)
{
    static const char *const WORDS[] = {"EXISTS", "COUNT", "COLLECT"};
    rz_str_append_format(out, "%s { ", WORDS[expr->subquery.kind]);
    rz_ast_print_query(expr->subquery.query, out);
    rz_str_append_text(out, " }");
}

/* ---- behind operands ---- */

/* An index or bound, where labels need parentheses. */
static void ast_print_bound(const rz_ast_expr *expr, rz_str *out)
{
    if (expr != NULL) {
        ast_print_at_level(expr, AST_PRINT_LEVEL_UNARY, out);
    }
}

static void ast_print_index(const rz_ast_expr *expr, rz_str *out)
{
    rz_ast_print_operand(expr->children[0], out);
    rz_str_append_char(out, '[');
    ast_print_bound(expr->children[1], out);
    if (expr->kind == RZ_AST_EXPR_SLICE) {
        rz_str_append_char(out, ':');
        ast_print_bound(expr->children[2], out);
    }
    rz_str_append_char(out, ']');
}

static void ast_print_property(const rz_ast_expr *expr, rz_str *out)
{
    rz_ast_print_operand(expr->children[0], out);
    rz_str_append_char(out, '.');
    if (expr->kind == RZ_AST_EXPR_PROPERTY_STAR) {
        rz_str_append_char(out, '*');
    } else {
        rz_ast_print_name(expr->name, out);
    }
}

static void ast_print_is_type(const rz_ast_expr *expr, rz_str *out)
{
    ast_print_at_level(expr->children[0], AST_PRINT_LEVEL_PREDICATE, out);
    rz_str_append_text(out, (expr->flags & RZ_AST_FLAG_NEGATED) != 0 ? " IS NOT :: " : " IS :: ");
    rz_str_append(out, expr->type.data, expr->type.length);
}

void rz_ast_print_expr(const rz_ast_expr *expr, rz_str *out)
{
    rz_ast_path *path;
    switch ((rz_ast_expr_kind)expr->kind) {
    case RZ_AST_EXPR_NULL: rz_str_append_text(out, "NULL"); break;
    case RZ_AST_EXPR_BOOL: rz_str_append_text(out, expr->value.boolean ? "TRUE" : "FALSE"); break;
    case RZ_AST_EXPR_INT64: ast_print_int128(expr->value.int64, out); break;
    case RZ_AST_EXPR_INT128: ast_print_int128(expr->value.int128, out); break;
    case RZ_AST_EXPR_DOUBLE: ast_print_double(expr->value.dbl, out); break;
    case RZ_AST_EXPR_STRING: ast_print_string(expr->value.string.data, expr->value.string.length, out); break;
    case RZ_AST_EXPR_PARAMETER: ast_print_parameter(expr->name, out); break;
    case RZ_AST_EXPR_VARIABLE: rz_ast_print_name(expr->name, out); break;
    case RZ_AST_EXPR_PROPERTY:
    case RZ_AST_EXPR_PROPERTY_STAR: ast_print_property(expr, out); break;
    case RZ_AST_EXPR_OPERATOR: ast_print_operator(expr, out); break;
    case RZ_AST_EXPR_COMPARE_CHAIN: ast_print_chain(expr, out); break;
    case RZ_AST_EXPR_FUNCTION: ast_print_function(expr, out); break;
    case RZ_AST_EXPR_CASE: ast_print_case(expr, out); break;
    case RZ_AST_EXPR_CAST: ast_print_cast(expr, out); break;
    case RZ_AST_EXPR_LIST: ast_print_list(expr, out); break;
    case RZ_AST_EXPR_STRUCT: ast_print_fields(expr->field_names, expr->children, expr->child_count, out); break;
    case RZ_AST_EXPR_INDEX:
    case RZ_AST_EXPR_SLICE: ast_print_index(expr, out); break;
    case RZ_AST_EXPR_LAMBDA: ast_print_lambda(expr, out); break;
    case RZ_AST_EXPR_QUANTIFIER: ast_print_quantifier(expr, out); break;
    case RZ_AST_EXPR_LIST_COMPREHENSION: ast_print_list_comprehension(expr, out); break;
    case RZ_AST_EXPR_PATTERN_COMPREHENSION: ast_print_pattern_comprehension(expr, out); break;
    case RZ_AST_EXPR_REDUCE: ast_print_reduce(expr, out); break;
    case RZ_AST_EXPR_MAP_PROJECTION: ast_print_map_projection(expr, out); break;
    case RZ_AST_EXPR_PATTERN:
        path = expr->path;
        rz_ast_print_paths(&path, 1, out);
        break;
    case RZ_AST_EXPR_SUBQUERY: ast_print_subquery(expr, out); break;
    case RZ_AST_EXPR_LABEL_PREDICATE:
        rz_ast_print_operand(expr->children[0], out);
        rz_str_append_char(out, ':');
        rz_ast_print_labels(expr->label, out);
        break;
    case RZ_AST_EXPR_IS_TYPE: ast_print_is_type(expr, out); break;
    }
}

/* ---- patterns ---- */

void rz_ast_print_labels(const rz_ast_label *label, rz_str *out)
{
    const char *separator = "";
    switch (label->kind) {
    case RZ_AST_LABEL_NAME: rz_ast_print_name(label->name, out); return;
    case RZ_AST_LABEL_ANY: rz_str_append_char(out, '%'); return;
    case RZ_AST_LABEL_NOT: rz_str_append_char(out, '!'); break;
    case RZ_AST_LABEL_AND: separator = "&"; break;
    case RZ_AST_LABEL_OR: separator = "|"; break;
    case RZ_AST_LABEL_COLONS: separator = ":"; break;
    }
    for (uint32_t i = 0; i < label->child_count; i++) {
        const rz_ast_label *child = label->children[i];
        bool atom =
            child->kind == RZ_AST_LABEL_NAME || child->kind == RZ_AST_LABEL_ANY || child->kind == RZ_AST_LABEL_NOT;
        bool bare = atom || (child->kind == RZ_AST_LABEL_AND && label->kind != RZ_AST_LABEL_NOT &&
                             label->kind != RZ_AST_LABEL_AND);
        rz_str_append_text(out, i == 0 ? "" : separator);
        rz_str_append_text(out, bare ? "" : "(");
        rz_ast_print_labels(child, out);
        rz_str_append_text(out, bare ? "" : ")");
    }
}

/* Variable, labels; *blank is true when something was printed. */
static bool ast_print_head(const char *variable, const rz_ast_label *labels, rz_str *out)
{
    if (variable != NULL) {
        rz_ast_print_name(variable, out);
    }
    if (labels != NULL) {
        rz_str_append_char(out, ':');
        rz_ast_print_labels(labels, out);
    }
    return variable != NULL || labels != NULL;
}

static void ast_print_tail(const rz_ast_property_map *map, const rz_ast_expr *where, bool blank, rz_str *out)
{
    if (map->parameter != NULL || map->count != 0) {
        rz_str_append_text(out, blank ? " " : "");
    }
    if (map->parameter != NULL) {
        rz_ast_print_expr(map->parameter, out);
    } else if (map->count != 0) {
        ast_print_fields(map->keys, map->values, map->count, out);
    }
    rz_ast_print_where(where, out);
}

static void ast_print_node(const rz_ast_node_pattern *node, rz_str *out)
{
    if (!node->implicit) {
        rz_str_append_char(out, '(');
        ast_print_tail(&node->properties, node->where, ast_print_head(node->variable, node->labels, out), out);
        rz_str_append_char(out, ')');
    }
}

static void ast_print_items(rz_ast_expr *const *items, const char *const *aliases, uint32_t count, rz_str *out)
{
    rz_str_append_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        rz_ast_print_expr(items[i], out);
        if (aliases[i] != NULL) {
            rz_str_append_text(out, " AS ");
            rz_ast_print_name(aliases[i], out);
        }
    }
    rz_str_append_char(out, '}');
}

static void ast_print_range(const rz_ast_recursive *recursive, const char *between, rz_str *out)
{
    if (recursive->has_lower) {
        ast_print_int128(recursive->lower, out);
    }
    rz_str_append_text(out, between);
    if (recursive->has_upper) {
        ast_print_int128(recursive->upper, out);
    }
}

static void ast_print_recursive(const rz_ast_recursive *recursive, rz_str *out)
{
    static const char *const WORDS[] = {"",          "TRAIL ",       "ACYCLIC ", "SHORTEST ", "ALL SHORTEST ",
                                        "WSHORTEST", "ALL WSHORTEST"};
    rz_str_append_format(out, "*%s", WORDS[recursive->kind]);
    if (recursive->weight_property != NULL) {
        rz_str_append_char(out, '(');
        rz_ast_print_name(recursive->weight_property, out);
        rz_str_append_text(out, ") ");
    }
    if (recursive->has_lower || recursive->has_upper) {
        ast_print_range(recursive, "..", out);
    }
    if (recursive->rel_variable == NULL) {
        return;
    }
    rz_str_append_text(out, " (");
    rz_ast_print_name(recursive->rel_variable, out);
    rz_str_append_text(out, ", ");
    rz_ast_print_name(recursive->node_variable, out);
    if (recursive->where != NULL) {
        rz_str_append_text(out, " | WHERE ");
        rz_ast_print_expr_no_pipe(recursive->where, out);
    }
    if (recursive->has_projection) {
        rz_str_append_text(out, " | ");
        ast_print_items(recursive->rel_items, recursive->rel_aliases, recursive->rel_item_count, out);
        rz_str_append_text(out, ", ");
        ast_print_items(recursive->node_items, recursive->node_aliases, recursive->node_item_count, out);
    }
    rz_str_append_char(out, ')');
}

static void ast_print_quantity(const rz_ast_recursive *recursive, rz_str *out)
{
    if (recursive != NULL && recursive->quantifier) {
        rz_str_append_char(out, '{');
        ast_print_range(recursive, ",", out);
        rz_str_append_char(out, '}');
    }
}

static void ast_print_rel(const rz_ast_rel_pattern *rel, rz_str *out)
{
    if (rel->group != NULL) {
        rz_ast_path *path = rel->group;
        rz_str_append_char(out, '(');
        rz_ast_print_paths(&path, 1, out);
        rz_ast_print_where(rel->where, out);
        rz_str_append_char(out, ')');
        ast_print_quantity(rel->recursive, out);
        return;
    }
    rz_str_append_text(out, rel->direction == RZ_AST_DIRECTION_LEFT ? "<-[" : "-[");
    bool blank = ast_print_head(rel->variable, rel->labels, out);
    if (rel->recursive != NULL && !rel->recursive->quantifier) {
        ast_print_recursive(rel->recursive, out);
        blank = true;
    }
    ast_print_tail(&rel->properties, rel->where, blank, out);
    rz_str_append_text(out, rel->direction == RZ_AST_DIRECTION_RIGHT ? "]->" : "]-");
    ast_print_quantity(rel->recursive, out);
}

void rz_ast_print_paths(rz_ast_path *const *paths, uint32_t count, rz_str *out)
{
    static const char *const PREFIXES[] = {"", "ANY SHORTEST ", "ALL SHORTEST ", "shortestPath(", "allShortestPaths("};
    for (uint32_t i = 0; i < count; i++) {
        const rz_ast_path *path = paths[i];
        rz_str_append_text(out, i == 0 ? "" : ", ");
        if (path->variable != NULL) {
            rz_ast_print_name(path->variable, out);
            rz_str_append_text(out, " = ");
        }
        rz_str_append_text(out, PREFIXES[path->selector]);
        for (uint32_t k = 0; k < path->node_count; k++) {
            ast_print_node(path->nodes[k], out);
            if (k + 1 < path->node_count) {
                ast_print_rel(path->rels[k], out);
            }
        }
        bool closes =
            path->selector == RZ_AST_PATH_SHORTEST_FUNCTION || path->selector == RZ_AST_PATH_ALL_SHORTEST_FUNCTION;
        rz_str_append_text(out, closes ? ")" : "");
    }
}
