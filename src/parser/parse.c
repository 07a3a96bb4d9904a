/* SPDX-License-Identifier: MIT */
/*
 * The frame of the parser: a script is split into statements, each is scanned into tokens and parsed; limits, failures
 * with the quoted source line, names and literals.
 */
#include "parser/parse.h"

#include <stdio.h>

enum {
    PARSE_QUOTE_MAX = 400, /* bytes of source shown in a message on each occasion */
    PARSE_MESSAGE_MAX = 1200
};

void rz_parse_limits_init(rz_parse_limits *limits)
{
    *limits = (rz_parse_limits){
        .max_statement_bytes = UINT64_C(16) << 20,
        .max_tokens = 2000000,
        .max_depth = 1000,
        .max_subquery_depth = 64,
        .max_pattern_elements = 256,
        .max_list_elements = 1000000,
        .max_union_arms = 5000,
        .strict = false,
    };
}

static void parse_clamp(uint32_t *value, uint32_t hard_maximum)
{
    *value = *value > hard_maximum ? hard_maximum : *value;
}

static void parse_set_limits(rz_parse_limits *to, const rz_parse_limits *from)
{
    if (from == NULL) {
        rz_parse_limits_init(to);
        return;
    }
    *to = *from;
    if (to->max_statement_bytes > UINT64_C(1) << 30) {
        to->max_statement_bytes = UINT64_C(1) << 30;
    }
    parse_clamp(&to->max_tokens, 64000000);
    parse_clamp(&to->max_depth, 5000);
    parse_clamp(&to->max_subquery_depth, 256);
    parse_clamp(&to->max_pattern_elements, 4096);
    parse_clamp(&to->max_list_elements, 16000000);
    parse_clamp(&to->max_union_arms, 50000);
}

/* ---- failures ---- */

/* Start of the code point that offset lies in. */
static size_t parse_character_start(const char *text, size_t offset, size_t minimum)
{
    while (offset > minimum && ((unsigned char)text[offset] & 0xC0) == 0x80) {
        offset--;
    }
    return offset;
}

ruzu_status rz_parse_fail(rz_parser *p, uint32_t position, uint32_t length, const char *text)
{
    uint32_t line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < position; i++) {
        if (p->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    size_t line_end = position;
    while (line_end < p->text_length && p->text[line_end] != '\n') {
        line_end++;
    }
    size_t offset = rz_utf8_count(p->text + line_start, position - line_start);
    /* Of a very long line only the neighbourhood is shown. */
    if (position - line_start > PARSE_QUOTE_MAX / 2) {
        line_start = parse_character_start(p->text, position - PARSE_QUOTE_MAX / 2, line_start);
    }
    if (line_end - line_start > PARSE_QUOTE_MAX) {
        line_end = parse_character_start(p->text, line_start + PARSE_QUOTE_MAX, line_start);
    }
    size_t column = rz_utf8_count(p->text + line_start, position - line_start);
    size_t marked_end = position + length < line_end ? position + length : line_end;
    size_t marked = marked_end > position ? rz_utf8_count(p->text + position, marked_end - position) : 1;
    char carets[PARSE_QUOTE_MAX + 1];
    memset(carets, '^', sizeof carets);
    marked = marked > PARSE_QUOTE_MAX ? PARSE_QUOTE_MAX : marked;
    return rz_error_set_at(p->err, RUZU_ERROR_PARSER, position, "%s (line: %u, offset: %zu)\n\"%.*s\"\n%*s%.*s", text,
                           line, offset, (int)(line_end - line_start), p->text + line_start, (int)column + 1, "",
                           (int)marked, carets);
}

ruzu_status rz_parse_unexpected(rz_parser *p)
{
    const rz_token *token = rz_parse_token(p);
    if (token->kind == RZ_TOKEN_END && token->length == 0) {
        return rz_parse_fail(p, token->position, 1, "Unexpected end of input: expected rule oC_SingleQuery");
    }
    char message[PARSE_MESSAGE_MAX];
    size_t start = p->tokens[0].position;
    size_t end = token->position + token->length;
    if (end - start <= 2 * PARSE_QUOTE_MAX) {
        snprintf(message, sizeof message, "Invalid input <%.*s>: expected rule oC_SingleQuery", (int)(end - start),
                 p->text + start);
    } else {
        size_t head_end = parse_character_start(p->text, start + PARSE_QUOTE_MAX, start);
        size_t tail = parse_character_start(p->text, end - PARSE_QUOTE_MAX, start);
        snprintf(message, sizeof message, "Invalid input <%.*s ... %.*s>: expected rule oC_SingleQuery",
                 (int)(head_end - start), p->text + start, (int)(end - tail), p->text + tail);
    }
    return rz_parse_fail(p, token->position, token->length, message);
}

ruzu_status rz_parse_extension(rz_parser *p)
{
    return p->limits.strict ? rz_parse_unexpected(p) : RUZU_OK;
}

ruzu_status rz_parse_limit(rz_parser *p, uint32_t position, const char *limit, uint64_t value)
{
    return rz_error_set_at(p->err, RUZU_ERROR_LIMIT, position, "The statement passes the limit %s of %llu.", limit,
                           (unsigned long long)value);
}

ruzu_status rz_parse_no_memory(rz_parser *p)
{
    return rz_error_no_memory(p->err, "parsing a statement");
}

/* ---- tokens of one statement ---- */

ruzu_status rz_parse_grow(rz_parser *p, void **items, uint32_t *capacity, size_t item_size)
{
    uint32_t grown = *capacity == 0 ? 64 : *capacity * 2;
    void *moved = *items == NULL ? rz_mem_alloc(p->arena->mem, grown * item_size)
                                 : rz_mem_realloc(p->arena->mem, *items, *capacity * item_size, grown * item_size);
    if (moved == NULL) {
        return rz_parse_no_memory(p);
    }
    *items = moved;
    *capacity = grown;
    return RUZU_OK;
}

static ruzu_status parse_lex_failure(rz_parser *p, rz_lex_problem problem, uint32_t position, uint32_t length)
{
    switch (problem) {
    case RZ_LEX_NO_PROBLEM: break;
    case RZ_LEX_BAD_CHARACTER: return rz_parse_fail(p, position, length, "Invalid input: unknown character");
    case RZ_LEX_BAD_NUMBER: return rz_parse_fail(p, position, length, "Invalid input: malformed number");
    case RZ_LEX_UNCLOSED_STRING: return rz_parse_fail(p, position, 1, "Invalid input: the string literal has no end");
    case RZ_LEX_UNCLOSED_NAME: return rz_parse_fail(p, position, 1, "Invalid input: the quoted name has no end");
    case RZ_LEX_UNCLOSED_COMMENT: return rz_parse_fail(p, position, 2, "Invalid input: the comment has no end");
    case RZ_LEX_BAD_NAME:
        return rz_parse_fail(p, position, length,
                             "'' is not a valid token name. Token names cannot be empty or contain any null-bytes");
    }
    return RUZU_OK;
}

/* Links brackets while scanning: `match` of an open one holds the one before it until it is closed. */
static void parse_link_bracket(rz_parser *p, uint32_t idx, uint32_t *open)
{
    rz_token *token = &p->tokens[idx];
    switch ((rz_token_kind)token->kind) {
    case RZ_TOKEN_LPAREN:
    case RZ_TOKEN_LBRACKET:
    case RZ_TOKEN_LBRACE:
        token->match = *open;
        *open = idx;
        return;
    case RZ_TOKEN_RPAREN:
    case RZ_TOKEN_RBRACKET:
    case RZ_TOKEN_RBRACE:
        /* Closing kinds follow their opening ones in the enumeration. A mismatch is a syntax error that the parser
         * reports. */
        if (*open != RZ_TOKEN_NO_MATCH && p->tokens[*open].kind + 1 == token->kind) {
            uint32_t opening = *open;
            *open = p->tokens[opening].match;
            p->tokens[opening].match = idx;
        }
        return;
    case RZ_TOKEN_END:
    case RZ_TOKEN_NAME:
    case RZ_TOKEN_QUOTED_NAME:
    case RZ_TOKEN_PARAMETER:
    case RZ_TOKEN_INTEGER:
    case RZ_TOKEN_DOUBLE:
    case RZ_TOKEN_STRING:
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
    case RZ_TOKEN_AMPERSAND: return;
    }
}

/* Scans the statement at offset into p->tokens; *out_offset is where the next begins. */
static ruzu_status parse_scan(rz_parser *p, size_t offset, size_t *out_offset)
{
    const size_t start = offset;
    uint32_t open = RZ_TOKEN_NO_MATCH;
    p->token_count = 0;
    p->pos = 0;
    for (;;) {
        rz_lex_problem problem;
        offset += rz_lex_blank(p->text, p->text_length, offset, &problem);
        if (problem != RZ_LEX_NO_PROBLEM) {
            return parse_lex_failure(p, problem, (uint32_t)offset, 2);
        }
        if (p->token_count == p->token_capacity) {
            void *items = p->tokens;
            RZ_TRY(rz_parse_grow(p, &items, &p->token_capacity, sizeof(rz_token)));
            p->tokens = (rz_token *)items;
        }
        rz_token *token = &p->tokens[p->token_count];
        if (offset >= p->text_length) {
            *token = (rz_token){.kind = RZ_TOKEN_END, .position = (uint32_t)p->text_length, .match = RZ_TOKEN_NO_MATCH};
        } else {
            problem = rz_lex_token(p->text, p->text_length, offset, p->limits.strict, token);
            RZ_TRY(parse_lex_failure(p, problem, token->position, token->length));
            offset += token->length;
        }
        if (p->token_count >= p->limits.max_tokens) {
            return rz_parse_limit(p, token->position, "max_tokens", p->limits.max_tokens);
        }
        if (offset - start > p->limits.max_statement_bytes) {
            return rz_parse_limit(p, token->position, "max_statement_bytes", p->limits.max_statement_bytes);
        }
        parse_link_bracket(p, p->token_count, &open);
        p->token_count++;
        if (token->kind == RZ_TOKEN_END) {
            break;
        }
    }
    while (open != RZ_TOKEN_NO_MATCH) {
        uint32_t previous = p->tokens[open].match;
        p->tokens[open].match = RZ_TOKEN_NO_MATCH;
        open = previous;
    }
    *out_offset = offset;
    return RUZU_OK;
}

ruzu_status rz_parse_expect(rz_parser *p, rz_token_kind kind)
{
    return rz_parse_accept(p, kind) ? RUZU_OK : rz_parse_unexpected(p);
}

ruzu_status rz_parse_expect_keyword(rz_parser *p, rz_keyword keyword)
{
    return rz_parse_accept_keyword(p, keyword) ? RUZU_OK : rz_parse_unexpected(p);
}

/* ---- nesting, scratch, arena ---- */

ruzu_status rz_parse_enter(rz_parser *p)
{
    if (p->depth >= p->limits.max_depth && !RZ_MUTANT_IS(22)) {
        return rz_parse_limit(p, rz_parse_start(p), "max_depth", p->limits.max_depth);
    }
    p->depth++;
    return RUZU_OK;
}

ruzu_status rz_parse_push(rz_parser *p, const void *pointer)
{
    if (p->stack_count == p->stack_capacity) {
        void *items = p->stack;
        RZ_TRY(rz_parse_grow(p, &items, &p->stack_capacity, sizeof(void *)));
        p->stack = (void **)items;
    }
    /* The stack is of plain pointers; what was const comes back as const. */
    memcpy(&p->stack[p->stack_count], &pointer, sizeof pointer);
    p->stack_count++;
    return RUZU_OK;
}

ruzu_status rz_parse_take(rz_parser *p, uint32_t base, void *out_array, uint32_t *out_count)
{
    void *items = NULL;
    uint32_t count = p->stack_count - base;
    if (count != 0) {
        items = rz_arena_dup(p->arena, p->stack + base, count * sizeof(void *));
        if (items == NULL) {
            return rz_parse_no_memory(p);
        }
    }
    p->stack_count = base;
    memcpy(out_array, &items, sizeof items);
    *out_count = count;
    return RUZU_OK;
}

ruzu_status rz_parse_check_list(rz_parser *p, uint32_t base)
{
    if (p->stack_count - base > p->limits.max_list_elements) {
        return rz_parse_limit(p, rz_parse_start(p), "max_list_elements", p->limits.max_list_elements);
    }
    return RUZU_OK;
}

/* ---- names and literals ---- */

ruzu_status rz_parse_token_name(rz_parser *p, const rz_token *token, const char **out)
{
    const char *text = p->text + token->position;
    size_t length = token->length;
    if (token->kind == RZ_TOKEN_PARAMETER) {
        text++;
        length--;
    }
    char *name = rz_arena_strndup(p->arena, text, length);
    if (name == NULL) {
        return rz_parse_no_memory(p);
    }
    if (name[0] == '`') { /* all back quotes go: adjacent quoted parts are one name */
        size_t kept = 0;
        for (size_t i = 0; i < length; i++) {
            if (name[i] != '`') {
                name[kept++] = name[i];
            }
        }
        name[kept] = '\0';
    }
    *out = name;
    return RUZU_OK;
}

ruzu_status rz_parse_name(rz_parser *p, const char **out)
{
    const rz_token *token = rz_parse_token(p);
    if (!rz_token_is_name(token)) {
        return rz_parse_unexpected(p);
    }
    rz_parse_advance(p);
    return rz_parse_token_name(p, token, out);
}

ruzu_status rz_parse_any_name(rz_parser *p, const char **out)
{
    const rz_token *token = rz_parse_token(p);
    if (p->limits.strict || !rz_token_is_any_name(token)) {
        return rz_parse_name(p, out);
    }
    rz_parse_advance(p);
    return rz_parse_token_name(p, token, out);
}

ruzu_status rz_parse_name_list(rz_parser *p, const char *const **out, uint32_t *out_count)
{
    const uint32_t base = p->stack_count;
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_LPAREN));
    do {
        const char *name = NULL;
        RZ_TRY(rz_parse_name(p, &name));
        RZ_TRY(rz_parse_push(p, name));
    } while (rz_parse_accept(p, RZ_TOKEN_COMMA));
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_RPAREN));
    return rz_parse_take(p, base, out, out_count);
}

ruzu_status rz_parse_number(rz_parser *p, bool negative, uint32_t position, rz_ast_expr **out)
{
    const rz_token *token = rz_parse_token(p);
    const char *text = p->text + token->position;
    rz_parse_advance(p);
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_DOUBLE, position, out));
    rz_ast_expr *expr = *out;
    expr->flags = negative ? RZ_AST_FLAG_MINUS : 0;
    if (token->kind == RZ_TOKEN_DOUBLE) {
        double value = rz_lex_double(text, token->length);
        expr->value.dbl = negative ? -value : value;
        return RUZU_OK;
    }
    rz_uint128 magnitude = 0;
    /* 2^127 fits INT128 with a sign only. */
    if (!rz_lex_integer(text, token->length, &magnitude) || (magnitude >> 127 != 0 && !negative)) {
        uint32_t shown = token->length > PARSE_QUOTE_MAX ? PARSE_QUOTE_MAX : token->length;
        return rz_error_set_at(p->err, RUZU_ERROR_CONVERSION, position,
                               "Cast failed. %s%.*s is not within INT128 range.", negative ? "-" : "", (int)shown,
                               text);
    }
    rz_int128 value = (rz_int128)(negative ? 0 - magnitude : magnitude);
    if (value >= INT64_MIN && value <= INT64_MAX) {
        expr->kind = RZ_AST_EXPR_INT64;
        expr->value.int64 = (int64_t)value;
    } else {
        expr->kind = RZ_AST_EXPR_INT128;
        expr->value.int128 = value;
    }
    return RUZU_OK;
}

/* Reads `digits` hexadecimal digits; false when there are fewer. */
static bool parse_hex(const char *text, const char *end, int digits, uint32_t *out)
{
    uint32_t value = 0;
    if (end - text < digits) {
        return false;
    }
    for (int i = 0; i < digits; i++) {
        char c = rz_ascii_lower(text[i]);
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && !(c >= 'a' && c <= 'f')) {
            return false;
        }
        value = value << 4 | (uint32_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *out = value;
    return true;
}

/*
 * Decodes the escape whose backslash is at *text, advances *text behind it and appends to *to, which has room: no
 * escape is shorter than what it stands for. False when the dialect does not know it.
 */
static bool parse_escape(const char **text, const char *end, char **to)
{
    static const char LETTERS[] = "bfnrt";
    static const char VALUES[] = "\b\f\n\r\t";
    char c = (*text)[1]; /* there is one: a backslash cannot end the literal */
    *text += 2;
    if (c == '\\' || c == '\'' || c == '"') {
        *(*to)++ = c;
        return true;
    }
    if (c == 'u' || c == 'U') {
        uint32_t code_point = 0;
        uint32_t low = 0;
        if (!parse_hex(*text, end, c == 'u' ? 4 : 8, &code_point)) {
            return false;
        }
        *text += c == 'u' ? 4 : 8;
        /* A surrogate pair written as two escapes is one character. */
        if (c == 'u' && code_point >= 0xD800 && code_point < 0xDC00 && end - *text >= 6 && (*text)[0] == '\\' &&
            (*text)[1] == 'u' && parse_hex(*text + 2, end, 4, &low) && low >= 0xDC00 && low < 0xE000) {
            code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
            *text += 6;
        }
        size_t size = rz_utf8_encode(code_point, *to);
        *to += size;
        return size != 0;
    }
    if (c == 'x') { /* the notation of BLOB: kept as it is */
        uint32_t value;
        if (!parse_hex(*text, end, 2, &value)) {
            return false;
        }
        memcpy(*to, *text - 2, 4);
        *text += 2;
        *to += 4;
        return true;
    }
    const char *letter = c == '\0' ? NULL : strchr(LETTERS, rz_ascii_lower(c));
    if (letter == NULL) {
        return false;
    }
    *(*to)++ = VALUES[letter - LETTERS];
    return true;
}

ruzu_status rz_parse_string(rz_parser *p, rz_ast_expr **out)
{
    const rz_token *token = rz_parse_token(p);
    RZ_TRY(rz_parse_expect(p, RZ_TOKEN_STRING));
    RZ_TRY(rz_parse_new_expr(p, RZ_AST_EXPR_STRING, token->position, out));
    const char *text = p->text + token->position + 1;
    const char *end = text + token->length - 2;
    char *data = (char *)rz_arena_alloc(p->arena, token->length);
    if (data == NULL) {
        return rz_parse_no_memory(p);
    }
    char *to = data;
    while (text < end) {
        const char *run = text;
        const char *backslash = (const char *)memchr(text, '\\', (size_t)(end - text));
        text = backslash == NULL ? end : backslash;
        memcpy(to, run, (size_t)(text - run));
        to += text - run;
        if (text < end && !parse_escape(&text, end, &to)) {
            return rz_parse_fail(p, (uint32_t)(backslash - p->text), 2,
                                 "Invalid input: unknown escape in a string literal");
        }
    }
    *to = '\0';
    (*out)->value.string.data = data;
    (*out)->value.string.length = (size_t)(to - data);
    return RUZU_OK;
}

ruzu_status rz_parse_string_or_parameter(rz_parser *p, rz_ast_expr **out)
{
    if (!rz_parse_is(p, RZ_TOKEN_PARAMETER)) {
        return rz_parse_string(p, out);
    }
    RZ_TRY(rz_parse_extension(p));
    return rz_parse_atom(p, out);
}

ruzu_status rz_parse_type(rz_parser *p, rz_ast_text *out)
{
    uint32_t start = rz_parse_start(p);
    /* UNION is a reserved word and a type. */
    if (!rz_token_is_name(rz_parse_token(p)) && !rz_parse_is_keyword(p, RZ_KW_UNION)) {
        return rz_parse_unexpected(p);
    }
    rz_parse_advance(p);
    while (rz_parse_is(p, RZ_TOKEN_LPAREN) || rz_parse_is(p, RZ_TOKEN_LBRACKET)) {
        uint32_t close = rz_parse_token(p)->match;
        if (close == RZ_TOKEN_NO_MATCH) {
            return rz_parse_unexpected(p);
        }
        p->pos = close + 1;
    }
    out->data = p->text + start;
    out->position = start;
    out->length = rz_parse_end(p) - start;
    return RUZU_OK;
}

ruzu_status rz_parse_if_not_exists(rz_parser *p, bool *out)
{
    *out = false;
    if (rz_parse_is_keyword(p, RZ_KW_IF) && rz_parse_peek_keyword(p, 1, RZ_KW_NOT)) {
        rz_parse_advance(p);
        rz_parse_advance(p);
        *out = true;
        return rz_parse_expect_keyword(p, RZ_KW_EXISTS);
    }
    return RUZU_OK;
}

ruzu_status rz_parse_if_exists(rz_parser *p, bool *out)
{
    *out = rz_parse_is_keyword(p, RZ_KW_IF) && rz_parse_peek_keyword(p, 1, RZ_KW_EXISTS);
    if (*out) {
        rz_parse_advance(p);
        rz_parse_advance(p);
    }
    return RUZU_OK;
}

/* ---- entry ---- */

/* Parses the statements of p->text into script. */
static ruzu_status parse_script(rz_parser *p, rz_ast_script *script)
{
    RZ_ARRAY(rz_ast_statement *) statements = {NULL, 0, 0};
    size_t offset = 0;
    while (offset < p->text_length) {
        RZ_TRY(parse_scan(p, offset, &offset));
        if (p->token_count == 1) {
            continue; /* nothing but its end */
        }
        rz_ast_statement *statement;
        RZ_PARSE_NEW(p, rz_ast_statement, statement);
        p->stack_count = 0;
        p->pending_count = 0;
        p->depth = 0;
        p->subquery_depth = 0;
        p->height = 0;
        RZ_TRY(rz_parse_statement(p, statement));
        if (!rz_parse_is(p, RZ_TOKEN_END)) {
            return rz_parse_unexpected(p);
        }
        statement->position = p->tokens[0].position;
        statement->length = rz_parse_end(p) - statement->position;
        RZ_PARSE_APPEND(p, &statements, statement);
    }
    script->statements = statements.items;
    script->statement_count = statements.count;
    return RUZU_OK;
}

ruzu_status rz_parse(const char *text, size_t length, rz_arena *arena, const rz_parse_limits *limits,
                     rz_ast_script **out, rz_error *err)
{
    rz_parser parser = {.arena = arena, .err = err};
    rz_parser *p = &parser;
    *out = NULL;
    parse_set_limits(&p->limits, limits);
    if (length >= UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "The text passes the limit of %u bytes.", UINT32_MAX - 1);
    }
    size_t valid = rz_utf8_valid_prefix(text, length);
    if (valid != length) {
        return rz_error_set_at(err, RUZU_ERROR_PARSER, (uint32_t)valid,
                               "Invalid input: the text is not valid UTF-8 at byte %zu.", valid);
    }
    rz_ast_script *script;
    RZ_PARSE_NEW(p, rz_ast_script, script);
    script->text = rz_arena_strndup(arena, text, length);
    script->text_length = length;
    if (script->text == NULL) {
        return rz_parse_no_memory(p);
    }
    p->text = script->text;
    p->text_length = length;
    ruzu_status status = parse_script(p, script);
    rz_mem_free(arena->mem, p->tokens, p->token_capacity * sizeof(rz_token));
    rz_mem_free(arena->mem, p->stack, p->stack_capacity * sizeof(void *));
    rz_mem_free(arena->mem, p->pending, p->pending_capacity * sizeof(rz_parse_pending));
    if (status == RUZU_OK) {
        *out = script;
    }
    return status;
}
