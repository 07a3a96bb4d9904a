/* SPDX-License-Identifier: MIT */
/*
 * Scanning of single tokens by the table of dialect §1, the search for the end of a statement, and the quoting of
 * names. Knows no grammar: which keywords are names where is the parser's business.
 */
#include "parser/lexer.h"

/* ---- keywords ---- */

typedef struct lex_keyword {
    const char *word;
    uint8_t length;
    bool reserved;
} lex_keyword;

#define LEX_KEYWORD_ENTRY(word, reserved) {#word, (uint8_t)(sizeof(#word) - 1), reserved},
static const lex_keyword LEX_KEYWORDS[] = {{"", 0, false}, RZ_KEYWORD_LIST(LEX_KEYWORD_ENTRY)};
#undef LEX_KEYWORD_ENTRY

enum {
    LEX_KEYWORD_LENGTH_MAX = 11
};

RZ_STATIC_ASSERT(sizeof LEX_KEYWORDS / sizeof LEX_KEYWORDS[0] == RZ_KW_END_OF_LIST, "one entry per keyword");
RZ_STATIC_ASSERT(RZ_KW_END_OF_LIST <= UINT8_MAX, "a keyword fits the token's byte");

rz_keyword rz_keyword_find(const char *text, size_t length)
{
    char upper[LEX_KEYWORD_LENGTH_MAX + 1];
    if (length < 2 || length > LEX_KEYWORD_LENGTH_MAX) {
        return RZ_KW_NO_KEYWORD;
    }
    for (size_t i = 0; i < length; i++) {
        upper[i] = rz_ascii_upper(text[i]);
    }
    upper[length] = '\0';
    size_t low = 1;
    size_t high = RZ_KW_END_OF_LIST;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(upper, LEX_KEYWORDS[middle].word);
        if (order == 0) {
            return (rz_keyword)middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return RZ_KW_NO_KEYWORD;
}

bool rz_keyword_is_reserved(rz_keyword keyword)
{
    return LEX_KEYWORDS[keyword].reserved;
}

/* ---- character classes ---- */

static bool lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Value of a hexadecimal digit, or 16. */
static uint32_t lex_hex_value(char c)
{
    if (lex_is_digit(c)) {
        return (uint32_t)(c - '0');
    }
    char lower = rz_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a') + 10 : 16;
}

/* The dialect's own list; blanks outside ASCII are written out because the Unicode property lacks U+180E. */
static bool lex_is_wide_blank(uint32_t c)
{
    return c == 0xA0 || c == 0x1680 || c == 0x180E || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool lex_is_wide_dash(uint32_t c)
{
    return c == 0xAD || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE58 || c == 0xFE63 || c == 0xFF0D;
}

static bool lex_is_left_head(uint32_t c)
{
    return c == 0x27E8 || c == 0x3008 || c == 0xFE64 || c == 0xFF1C;
}

static bool lex_is_right_head(uint32_t c)
{
    return c == 0x27E9 || c == 0x3009 || c == 0xFE65 || c == 0xFF1E;
}

/* Length in bytes of the identifier character at offset, 0 when there is none. */
static size_t lex_name_character(const char *text, size_t length, size_t offset, bool first)
{
    if (offset >= length) {
        return 0;
    }
    unsigned char byte = (unsigned char)text[offset];
    if (byte < 0x80) {
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
        return letter || (!first && ((byte >= '0' && byte <= '9') || byte == '$')) ? 1 : 0;
    }
    uint32_t code_point = 0;
    size_t size = rz_utf8_decode(text + offset, length - offset, &code_point);
    bool fits = size != 0 && (first ? rz_unicode_id_start(code_point) : rz_unicode_id_part(code_point));
    /* The soft hyphen and the like are dashes even where a Unicode class has them as parts of names. */
    return fits && !lex_is_wide_dash(code_point) ? size : 0;
}

/* Length of the identifier at offset, 0 when none begins there. */
static size_t lex_name_length(const char *text, size_t length, size_t offset)
{
    size_t end = offset;
    size_t size = lex_name_character(text, length, end, true);
    while (size != 0) {
        end += size;
        size = lex_name_character(text, length, end, false);
    }
    return end - offset;
}

/* ---- blanks ---- */

/* Length of the comment at offset: 0 when there is none. */
static size_t lex_comment(const char *text, size_t length, size_t offset, rz_lex_problem *out_problem)
{
    if (length - offset < 2 || text[offset] != '/') {
        return 0;
    }
    if (text[offset + 1] == '/') {
        size_t end = offset + 2;
        while (end < length && text[end] != '\n' && text[end] != '\r') {
            end++;
        }
        return end - offset;
    }
    if (text[offset + 1] != '*') {
        return 0;
    }
    for (size_t end = offset + 2; end + 1 < length; end++) {
        if (text[end] == '*' && text[end + 1] == '/') {
            return end + 2 - offset;
        }
    }
    *out_problem = RZ_LEX_UNCLOSED_COMMENT;
    return 0;
}

size_t rz_lex_blank(const char *text, size_t length, size_t offset, rz_lex_problem *out_problem)
{
    size_t end = offset;
    *out_problem = RZ_LEX_NO_PROBLEM;
    while (end < length && *out_problem == RZ_LEX_NO_PROBLEM) {
        unsigned char byte = (unsigned char)text[end];
        if (byte == ' ' || (byte >= 0x09 && byte <= 0x0D) || (byte >= 0x1C && byte <= 0x1F)) {
            end++;
            continue;
        }
        size_t size = 0;
        if (byte == '/') {
            size = lex_comment(text, length, end, out_problem);
        } else if (byte >= 0x80) {
            uint32_t code_point = 0;
            size = rz_utf8_decode(text + end, length - end, &code_point);
            /* A byte order mark at the very beginning is what editors leave there. */
            if (!lex_is_wide_blank(code_point) && !(code_point == 0xFEFF && end == 0)) {
                size = 0;
            }
        }
        if (size == 0) {
            break;
        }
        end += size;
    }
    return end - offset;
}

/* ---- numbers ---- */

/* Length of `digit (_? digit)*` at offset in the given base, 0 when there is none. */
static size_t lex_digits(const char *text, size_t length, size_t offset, uint32_t base, bool strict)
{
    size_t end = offset;
    while (end < length) {
        if (lex_hex_value(text[end]) < base) {
            end++;
        } else if (!strict && text[end] == '_' && end > offset && end + 1 < length &&
                   lex_hex_value(text[end + 1]) < base) {
            end += 2;
        } else {
            break;
        }
    }
    return end - offset;
}

/* Length of the exponent at offset, 0 when there is none (a lone `e` begins a name then, which is refused behind a
 * number). */
static size_t lex_exponent(const char *text, size_t length, size_t offset, bool strict)
{
    if (offset >= length || rz_ascii_lower(text[offset]) != 'e') {
        return 0;
    }
    size_t end = offset + 1;
    if (end < length && (text[end] == '-' || (text[end] == '+' && !strict))) {
        end++;
    }
    size_t digits = lex_digits(text, length, end, 10, strict);
    return digits == 0 ? 0 : end + digits - offset;
}

static rz_lex_problem lex_number(const char *text, size_t length, size_t offset, bool strict, rz_token *token)
{
    size_t end = offset;
    bool is_double = false;
    bool is_valid = true;
    char marker = offset + 1 < length && text[offset] == '0' ? rz_ascii_lower(text[offset + 1]) : '\0';
    if (marker == 'x' || marker == 'o') {
        size_t digits = lex_digits(text, length, offset + 2, marker == 'x' ? 16 : 8, strict);
        is_valid = digits != 0 && !strict;
        end = offset + 2 + digits;
    } else {
        size_t whole = lex_digits(text, length, end, 10, strict);
        end += whole;
        /* `1..3` is a range, `1.` is refused, `1.5` has a fraction. */
        if (end + 1 < length && text[end] == '.' && lex_is_digit(text[end + 1])) {
            is_double = true;
            end += 1 + lex_digits(text, length, end + 1, 10, strict);
        }
        size_t exponent = lex_exponent(text, length, end, strict);
        is_double = is_double || exponent != 0;
        end += exponent;
        /* No leading zeros in integers: `007` is no number. */
        is_valid = is_double || whole <= 1 || text[offset] != '0';
    }
    /* A name glued to a number (`12ab`, `0x`) is a mistake, not two tokens. */
    while (lex_name_character(text, length, end, false) != 0) {
        is_valid = false;
        end += lex_name_character(text, length, end, false);
    }
    token->kind = is_double ? RZ_TOKEN_DOUBLE : RZ_TOKEN_INTEGER;
    token->length = (uint32_t)(end - offset);
    return is_valid ? RZ_LEX_NO_PROBLEM : RZ_LEX_BAD_NUMBER;
}

bool rz_lex_integer(const char *text, size_t length, rz_uint128 *out_value)
{
    const rz_uint128 maximum = (rz_uint128)1 << 127;
    uint32_t base = 10;
    size_t i = 0;
    if (length > 2 && text[0] == '0') {
        base = rz_ascii_lower(text[1]) == 'x' ? 16 : 8;
        i = 2;
    }
    rz_uint128 value = 0;
    for (; i < length; i++) {
        if (text[i] == '_') {
            continue;
        }
        uint32_t digit = lex_hex_value(text[i]);
        if (value > (maximum - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *out_value = value;
    return true;
}

/* ---- strings and names ---- */

static rz_lex_problem lex_string(const char *text, size_t length, size_t offset, rz_token *token)
{
    const char quote = text[offset];
    size_t end = offset + 1;
    token->kind = RZ_TOKEN_STRING;
    while (end < length && text[end] != quote) {
        end += text[end] == '\\' ? 2 : 1;
    }
    if (end >= length) {
        token->length = (uint32_t)(length - offset);
        return RZ_LEX_UNCLOSED_STRING;
    }
    token->length = (uint32_t)(end + 1 - offset);
    return RZ_LEX_NO_PROBLEM;
}

/* `…`, several of them adjacent count as one name. */
static rz_lex_problem lex_quoted_name(const char *text, size_t length, size_t offset, rz_token *token)
{
    size_t end = offset;
    size_t characters = 0;
    bool has_nul = false;
    token->kind = RZ_TOKEN_QUOTED_NAME;
    do {
        end++;
        while (end < length && text[end] != '`') {
            has_nul = has_nul || text[end] == '\0';
            characters++;
            end++;
        }
        if (end >= length) {
            token->length = (uint32_t)(length - offset);
            return RZ_LEX_UNCLOSED_NAME;
        }
        end++;
    } while (end < length && text[end] == '`');
    token->length = (uint32_t)(end - offset);
    return characters == 0 || has_nul ? RZ_LEX_BAD_NAME : RZ_LEX_NO_PROBLEM;
}

static rz_lex_problem lex_parameter(const char *text, size_t length, size_t offset, bool strict, rz_token *token)
{
    size_t name = offset + 1;
    size_t size = lex_name_length(text, length, name);
    token->kind = RZ_TOKEN_PARAMETER;
    if (size == 0) {
        size = lex_digits(text, length, name, 10, true);
        if (size != 0 && lex_name_character(text, length, name + size, false) != 0) {
            size = 0;
        }
    }
    if (size == 0 && !strict && name < length && text[name] == '`') {
        rz_lex_problem problem = lex_quoted_name(text, length, name, token);
        token->kind = RZ_TOKEN_PARAMETER;
        token->length++;
        return problem;
    }
    token->length = (uint32_t)(1 + size);
    return size == 0 ? RZ_LEX_BAD_CHARACTER : RZ_LEX_NO_PROBLEM;
}

/* ---- punctuation ---- */

typedef struct lex_symbol {
    char text[3];
    uint8_t kind;
} lex_symbol;

/* Two characters before one. */
static const lex_symbol LEX_SYMBOLS[] = {
    {":=", RZ_TOKEN_ASSIGN},     {"..", RZ_TOKEN_DOTDOT},  {"+=", RZ_TOKEN_PLUS_EQ},     {"=~", RZ_TOKEN_REGEX},
    {"<>", RZ_TOKEN_NE},         {"!=", RZ_TOKEN_BANG_EQ}, {"<=", RZ_TOKEN_LE},          {">=", RZ_TOKEN_GE},
    {"<<", RZ_TOKEN_SHIFT_LEFT}, {"||", RZ_TOKEN_CONCAT},  {">>", RZ_TOKEN_SHIFT_RIGHT}, {"(", RZ_TOKEN_LPAREN},
    {")", RZ_TOKEN_RPAREN},      {"[", RZ_TOKEN_LBRACKET}, {"]", RZ_TOKEN_RBRACKET},     {"{", RZ_TOKEN_LBRACE},
    {"}", RZ_TOKEN_RBRACE},      {",", RZ_TOKEN_COMMA},    {":", RZ_TOKEN_COLON},        {".", RZ_TOKEN_DOT},
    {"+", RZ_TOKEN_PLUS},        {"-", RZ_TOKEN_MINUS},    {"*", RZ_TOKEN_STAR},         {"/", RZ_TOKEN_SLASH},
    {"%", RZ_TOKEN_PERCENT},     {"^", RZ_TOKEN_CARET},    {"!", RZ_TOKEN_BANG},         {"=", RZ_TOKEN_EQ},
    {"<", RZ_TOKEN_LT},          {">", RZ_TOKEN_GT},       {"|", RZ_TOKEN_PIPE},         {"&", RZ_TOKEN_AMPERSAND},
    {";", RZ_TOKEN_END},
};

static rz_lex_problem lex_punctuation(const char *text, size_t length, size_t offset, rz_token *token)
{
    for (size_t i = 0; i < sizeof LEX_SYMBOLS / sizeof LEX_SYMBOLS[0]; i++) {
        const char *symbol = LEX_SYMBOLS[i].text;
        if (text[offset] == symbol[0] &&
            (symbol[1] == '\0' || (offset + 1 < length && text[offset + 1] == symbol[1]))) {
            token->kind = LEX_SYMBOLS[i].kind;
            token->length = symbol[1] == '\0' ? 1 : 2;
            return RZ_LEX_NO_PROBLEM;
        }
    }
    uint32_t code_point = 0;
    size_t size = rz_utf8_decode(text + offset, length - offset, &code_point);
    token->length = (uint32_t)(size == 0 ? 1 : size);
    if (lex_is_wide_dash(code_point)) {
        token->kind = RZ_TOKEN_DASH;
    } else if (lex_is_left_head(code_point)) {
        token->kind = RZ_TOKEN_LEFT_HEAD;
    } else if (lex_is_right_head(code_point)) {
        token->kind = RZ_TOKEN_RIGHT_HEAD;
    } else {
        return RZ_LEX_BAD_CHARACTER;
    }
    return RZ_LEX_NO_PROBLEM;
}

rz_lex_problem rz_lex_token(const char *text, size_t length, size_t offset, bool strict, rz_token *out_token)
{
    char c = text[offset];
    *out_token =
        (rz_token){.kind = RZ_TOKEN_END, .position = (uint32_t)offset, .length = 1, .match = RZ_TOKEN_NO_MATCH};
    size_t name_length = lex_name_length(text, length, offset);
    if (name_length != 0) {
        out_token->kind = RZ_TOKEN_NAME;
        out_token->keyword = (uint8_t)rz_keyword_find(text + offset, name_length);
        out_token->length = (uint32_t)name_length;
        return RZ_LEX_NO_PROBLEM;
    }
    if (c == '\'' || c == '"') {
        return lex_string(text, length, offset, out_token);
    }
    if (c == '`') {
        return lex_quoted_name(text, length, offset, out_token);
    }
    if (c == '$') {
        return lex_parameter(text, length, offset, strict, out_token);
    }
    if (lex_is_digit(c) || (c == '.' && offset + 1 < length && lex_is_digit(text[offset + 1]))) {
        return lex_number(text, length, offset, strict, out_token);
    }
    return lex_punctuation(text, length, offset, out_token);
}

/* ---- for shells and dumps ---- */

rz_lex_end rz_lex_statement_end(const char *text, size_t length, size_t start, size_t *out_end)
{
    bool has_token = false;
    size_t offset = start;
    *out_end = length;
    for (;;) {
        rz_lex_problem problem;
        offset += rz_lex_blank(text, length, offset, &problem);
        if (problem != RZ_LEX_NO_PROBLEM) {
            return RZ_LEX_OPEN_COMMENT;
        }
        if (offset >= length) {
            return has_token ? RZ_LEX_OPEN : RZ_LEX_EMPTY;
        }
        rz_token token;
        problem = rz_lex_token(text, length, offset, false, &token);
        if (problem == RZ_LEX_UNCLOSED_STRING) {
            return RZ_LEX_OPEN_STRING;
        }
        if (problem == RZ_LEX_UNCLOSED_NAME) {
            return RZ_LEX_OPEN_NAME;
        }
        offset += token.length;
        if (problem == RZ_LEX_NO_PROBLEM && token.kind == RZ_TOKEN_END) {
            if (has_token) {
                *out_end = offset;
                return RZ_LEX_COMPLETE;
            }
            continue; /* an empty statement */
        }
        has_token = true;
    }
}

bool rz_name_needs_quotes(const char *name)
{
    size_t length = strlen(name);
    return length == 0 || lex_name_length(name, length, 0) != length ||
           rz_keyword_is_reserved(rz_keyword_find(name, length));
}

void rz_str_append_name(rz_str *out, const char *name)
{
    bool quoted = rz_name_needs_quotes(name);
    if (quoted) {
        rz_str_append_char(out, '`');
    }
    rz_str_append_text(out, name);
    if (quoted) {
        rz_str_append_char(out, '`');
    }
}
