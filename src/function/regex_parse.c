/* SPDX-License-Identifier: MIT */
/*
 * Patterns in RE2's syntax, read into a tree by recursive descent. Not in the syntax, because they cannot be matched in
 * linear time: back-references and look-around.
 */
#include "function/regex.h"

enum {
    REGEX_FOLD = 1u << 0,        /* (?i) */
    REGEX_LINES = 1u << 1,       /* (?m) */
    REGEX_DOT_NEWLINE = 1u << 2, /* (?s) */
    REGEX_UNGREEDY = 1u << 3     /* (?U) */
};

typedef struct regex_parser {
    rz_arena *arena;
    const char *pattern;
    size_t length;
    size_t at;
    uint32_t flags;
    uint32_t depth;
    regex_tree *tree;
    rz_error *err;
} regex_parser;

/* ---- helpers ---- */

static RZ_COLD ruzu_status regex_fail(regex_parser *parser, const char *what, size_t position)
{
    return rz_error_set(parser->err, RUZU_ERROR_RUNTIME, "Invalid regular expression: %s at position %zu.", what,
                        position);
}

static RZ_COLD ruzu_status regex_no_memory(regex_parser *parser)
{
    return rz_error_no_memory(parser->err, "reading a regular expression");
}

static bool regex_at_end(const regex_parser *parser)
{
    return parser->at >= parser->length;
}

static bool regex_looking_at(const regex_parser *parser, const char *text)
{
    size_t length = strlen(text);
    return parser->length - parser->at >= length && memcmp(parser->pattern + parser->at, text, length) == 0;
}

static bool regex_take(regex_parser *parser, const char *text)
{
    if (!regex_looking_at(parser, text)) {
        return false;
    }
    parser->at += strlen(text);
    return true;
}

static regex_node *regex_new_node(regex_parser *parser, regex_node_kind kind)
{
    regex_node *node = RZ_NEW(parser->arena, regex_node);
    if (node != NULL) {
        node->kind = kind;
    }
    return node;
}

static bool regex_sets_equal(const regex_set *a, const regex_set *b)
{
    return a->ranges.count == b->ranges.count &&
           (a->ranges.count == 0 ||
            memcmp(a->ranges.items, b->ranges.items, a->ranges.count * sizeof(regex_range)) == 0);
}

/* A node for a set; equal sets share a number. */
static ruzu_status regex_set_node(regex_parser *parser, regex_set *set, regex_node **out)
{
    rz_regex_set_normalise(set);
    if ((parser->flags & REGEX_FOLD) != 0 && !rz_regex_set_fold(set, parser->arena)) {
        return regex_no_memory(parser);
    }
    regex_tree *tree = parser->tree;
    uint32_t number = 0;
    while (number < tree->sets.count && !regex_sets_equal(&tree->sets.items[number], set)) {
        number++;
    }
    if (number == tree->sets.count && !RZ_ARRAY_PUSH(&tree->sets, parser->arena, *set)) {
        return regex_no_memory(parser);
    }
    *out = regex_new_node(parser, REGEX_NODE_SET);
    if (*out == NULL) {
        return regex_no_memory(parser);
    }
    (*out)->number = number;
    return RUZU_OK;
}

static ruzu_status regex_char_node(regex_parser *parser, uint32_t code_point, regex_node **out)
{
    regex_set set;
    memset(&set, 0, sizeof set);
    if (!rz_regex_set_add(&set, parser->arena, code_point, code_point)) {
        return regex_no_memory(parser);
    }
    return regex_set_node(parser, &set, out);
}

static ruzu_status regex_assert_node(regex_parser *parser, regex_assertion assertion, regex_node **out)
{
    *out = regex_new_node(parser, REGEX_NODE_ASSERT);
    if (*out == NULL) {
        return regex_no_memory(parser);
    }
    (*out)->number = assertion;
    return RUZU_OK;
}

static ruzu_status regex_read_code_point(regex_parser *parser, uint32_t *out)
{
    size_t length = rz_utf8_decode(parser->pattern + parser->at, parser->length - parser->at, out);
    if (length == 0) {
        return regex_fail(parser, "invalid UTF-8", parser->at);
    }
    parser->at += length;
    return RUZU_OK;
}

/* ---- escapes ---- */

static int regex_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = rz_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static ruzu_status regex_read_hex(regex_parser *parser, size_t start, uint32_t *out)
{
    *out = 0;
    bool braces = regex_take(parser, "{");
    uint32_t digits = 0;
    while (!regex_at_end(parser) && (braces || digits < 2)) {
        int digit = regex_hex_digit(parser->pattern[parser->at]);
        if (digit < 0) {
            break;
        }
        *out = *out * 16 + (uint32_t)digit;
        if (*out > REGEX_LAST_CODE_POINT) {
            return regex_fail(parser, "invalid escape sequence", start);
        }
        parser->at++;
        digits++;
    }
    if (braces ? digits == 0 || !regex_take(parser, "}") : digits != 2) {
        return regex_fail(parser, "invalid escape sequence", start);
    }
    return RUZU_OK;
}

/* An escaped character, after the backslash. */
static ruzu_status regex_read_escape(regex_parser *parser, size_t start, uint32_t *out)
{
    static const char letters[] = "afnrtv";
    static const char meanings[] = "\a\f\n\r\t\v";
    if (regex_at_end(parser)) {
        return regex_fail(parser, "trailing \\", start);
    }
    char c = parser->pattern[parser->at];
    const char *letter = strchr(letters, c);
    if (letter != NULL && c != '\0') {
        parser->at++;
        *out = (uint32_t)meanings[letter - letters];
        return RUZU_OK;
    }
    if (regex_take(parser, "x")) {
        return regex_read_hex(parser, start, out);
    }
    if (c >= '0' && c <= '7') {
        bool more = parser->at + 1 < parser->length && parser->pattern[parser->at + 1] >= '0' &&
                    parser->pattern[parser->at + 1] <= '7';
        if (c != '0' && !more) {
            return regex_fail(parser, "invalid escape sequence", start); /* a back-reference */
        }
        *out = 0;
        for (uint32_t digits = 0; digits < 3 && !regex_at_end(parser) && parser->pattern[parser->at] >= '0' &&
                                  parser->pattern[parser->at] <= '7';
             digits++) {
            *out = *out * 8 + (uint32_t)(parser->pattern[parser->at++] - '0');
        }
        return RUZU_OK;
    }
    bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
    if (word) {
        return regex_fail(parser, "invalid escape sequence", start);
    }
    parser->at++;
    *out = (uint32_t)c;
    return RUZU_OK;
}

/* \d \D \s \S \w \W \pN \p{Greek} \P…: adds to set and sets *out_taken; nothing else moves. */
static ruzu_status regex_take_class_escape(regex_parser *parser, regex_set *set, bool *out_taken)
{
    *out_taken = false;
    if (parser->length - parser->at < 2 || parser->pattern[parser->at] != '\\') {
        return RUZU_OK;
    }
    size_t start = parser->at;
    char letter = parser->pattern[parser->at + 1];
    bool known = true;
    if (letter == 'p' || letter == 'P') {
        parser->at += 2;
        bool braces = regex_take(parser, "{");
        bool negated = regex_take(parser, "^") != (letter == 'P');
        size_t name = parser->at;
        uint32_t ignored;
        RZ_TRY(regex_at_end(parser) ? regex_fail(parser, "invalid character class", start)
                                    : regex_read_code_point(parser, &ignored));
        while (braces && !regex_at_end(parser) && parser->pattern[parser->at - 1] != '}') {
            parser->at++;
        }
        if (braces && parser->pattern[parser->at - 1] != '}') {
            return regex_fail(parser, "invalid character class", start);
        }
        regex_set found;
        memset(&found, 0, sizeof found);
        if (!rz_regex_set_add_unicode(&found, parser->arena, parser->pattern + name,
                                      parser->at - name - (braces ? 1 : 0), &known)) {
            return known ? regex_no_memory(parser) : regex_fail(parser, "invalid character class", start);
        }
        rz_regex_set_normalise(&found);
        *out_taken = true;
        return rz_regex_set_add_set(set, parser->arena, &found, negated) ? RUZU_OK : regex_no_memory(parser);
    }
    if (rz_regex_set_add_perl(set, parser->arena, letter, &known)) {
        parser->at += 2;
        *out_taken = true;
        return RUZU_OK;
    }
    return known ? regex_no_memory(parser) : RUZU_OK;
}

/* ---- character classes in brackets ---- */

/* [:name:] or [:^name:] inside brackets. */
static ruzu_status regex_take_posix(regex_parser *parser, regex_set *set, bool *out_taken)
{
    *out_taken = false;
    if (!regex_looking_at(parser, "[:")) {
        return RUZU_OK;
    }
    size_t start = parser->at;
    size_t end = parser->at + 2;
    while (end + 1 < parser->length && !(parser->pattern[end] == ':' && parser->pattern[end + 1] == ']')) {
        end++;
    }
    if (end + 1 >= parser->length) {
        return RUZU_OK; /* just a [ and a : */
    }
    size_t name = start + 2;
    bool negated = parser->pattern[name] == '^';
    name += negated ? 1 : 0;
    regex_set found;
    bool known = true;
    memset(&found, 0, sizeof found);
    if (!rz_regex_set_add_posix(&found, parser->arena, parser->pattern + name, end - name, &known)) {
        return known ? regex_no_memory(parser) : regex_fail(parser, "invalid character class range", start);
    }
    rz_regex_set_normalise(&found);
    parser->at = end + 2;
    *out_taken = true;
    return rz_regex_set_add_set(set, parser->arena, &found, negated) ? RUZU_OK : regex_no_memory(parser);
}

/* One end of a range. */
static ruzu_status regex_read_class_char(regex_parser *parser, uint32_t *out)
{
    size_t start = parser->at;
    return regex_take(parser, "\\") ? regex_read_escape(parser, start, out) : regex_read_code_point(parser, out);
}

static ruzu_status regex_read_class_item(regex_parser *parser, regex_set *set)
{
    bool taken;
    RZ_TRY(regex_take_posix(parser, set, &taken));
    if (!taken) {
        RZ_TRY(regex_take_class_escape(parser, set, &taken));
    }
    if (taken) {
        return RUZU_OK;
    }
    size_t start = parser->at;
    uint32_t first, last;
    RZ_TRY(regex_read_class_char(parser, &first));
    last = first;
    bool range =
        regex_looking_at(parser, "-") && parser->at + 1 < parser->length && parser->pattern[parser->at + 1] != ']';
    if (range) {
        parser->at++;
        RZ_TRY(regex_read_class_char(parser, &last));
        if (last < first) {
            return regex_fail(parser, "invalid character class range", start);
        }
    }
    return rz_regex_set_add(set, parser->arena, first, last) ? RUZU_OK : regex_no_memory(parser);
}

/* After the opening bracket. */
static ruzu_status regex_read_class(regex_parser *parser, size_t start, regex_node **out)
{
    regex_set set;
    memset(&set, 0, sizeof set);
    bool negated = regex_take(parser, "^");
    bool first = true;
    while (first || !regex_looking_at(parser, "]")) {
        if (regex_at_end(parser)) {
            return regex_fail(parser, "missing ]", start);
        }
        RZ_TRY(regex_read_class_item(parser, &set));
        first = false;
    }
    parser->at++;
    rz_regex_set_normalise(&set);
    if ((parser->flags & REGEX_FOLD) != 0 && !rz_regex_set_fold(&set, parser->arena)) {
        return regex_no_memory(parser);
    }
    if (negated && !rz_regex_set_negate(&set, parser->arena)) {
        return regex_no_memory(parser);
    }
    uint32_t flags = parser->flags;
    parser->flags &= ~(uint32_t)REGEX_FOLD; /* done, before the negation */
    ruzu_status status = regex_set_node(parser, &set, out);
    parser->flags = flags;
    return status;
}

/* ---- groups ---- */

static ruzu_status regex_read_alternatives(regex_parser *parser, regex_node **out);

/* Flags after "(?": sets them; *out_group is true when a group follows after a colon. */
static ruzu_status regex_read_flags(regex_parser *parser, size_t start, bool *out_group)
{
    bool negative = false;
    bool any = false;
    for (; !regex_at_end(parser); parser->at++) {
        char c = parser->pattern[parser->at];
        uint32_t flag = c == 'i'   ? REGEX_FOLD
                        : c == 'm' ? REGEX_LINES
                        : c == 's' ? REGEX_DOT_NEWLINE
                        : c == 'U' ? REGEX_UNGREEDY
                                   : 0;
        if (flag != 0) {
            parser->flags = negative ? parser->flags & ~flag : parser->flags | flag;
            any = true;
        } else if (c == '-' && !negative) {
            negative = true;
            any = false;
        } else if ((c == ':' || c == ')') && (any || !negative)) {
            *out_group = c == ':';
            parser->at += c == ':' ? 1 : 0;
            return any || c == ':' ? RUZU_OK : regex_fail(parser, "missing argument to group", start);
        } else {
            break;
        }
    }
    return regex_fail(parser, "invalid or unsupported Perl syntax", start);
}

static ruzu_status regex_skip_name(regex_parser *parser, size_t start)
{
    size_t first = parser->at;
    while (!regex_at_end(parser) && parser->pattern[parser->at] != '>') {
        char c = parser->pattern[parser->at];
        bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!word) {
            break;
        }
        parser->at++;
    }
    if (parser->at == first || !regex_take(parser, ">")) {
        return regex_fail(parser, "invalid named capture group", start);
    }
    return RUZU_OK;
}

/* After the opening parenthesis, up to and with the closing one. */
static ruzu_status regex_read_group(regex_parser *parser, size_t start, regex_node **out)
{
    uint32_t flags = parser->flags;
    bool capture = true;
    if (regex_take(parser, "?P<") || (regex_looking_at(parser, "?<") && !regex_looking_at(parser, "?<=") &&
                                      !regex_looking_at(parser, "?<!") && regex_take(parser, "?<"))) {
        RZ_TRY(regex_skip_name(parser, start));
    } else if (regex_take(parser, "?")) {
        bool group = false;
        capture = false;
        RZ_TRY(regex_read_flags(parser, start, &group));
        if (!group) { /* (?i): the flags hold to the end of the surrounding group */
            *out = regex_new_node(parser, REGEX_NODE_EMPTY);
            parser->at++;
            return *out == NULL ? regex_no_memory(parser) : RUZU_OK;
        }
    }
    uint32_t number = 0;
    if (capture) {
        if (parser->tree->group_count >= REGEX_MAX_GROUPS) {
            return rz_error_set(parser->err, RUZU_ERROR_LIMIT, "A regular expression cannot have more than %u groups.",
                                REGEX_MAX_GROUPS);
        }
        number = ++parser->tree->group_count;
    }
    regex_node *inner;
    RZ_TRY(regex_read_alternatives(parser, &inner));
    if (!regex_take(parser, ")")) {
        return regex_fail(parser, "missing )", start);
    }
    parser->flags = flags;
    *out = inner;
    if (capture) {
        *out = regex_new_node(parser, REGEX_NODE_GROUP);
        if (*out == NULL) {
            return regex_no_memory(parser);
        }
        (*out)->number = number;
        (*out)->child = inner;
    }
    return RUZU_OK;
}

/* ---- single items ---- */

static ruzu_status regex_read_backslash(regex_parser *parser, regex_node **out)
{
    size_t start = parser->at;
    regex_set set;
    bool taken;
    memset(&set, 0, sizeof set);
    RZ_TRY(regex_take_class_escape(parser, &set, &taken));
    if (taken) {
        return regex_set_node(parser, &set, out);
    }
    if (regex_take(parser, "\\A")) {
        return regex_assert_node(parser, REGEX_BEGIN_TEXT, out);
    }
    if (regex_take(parser, "\\z")) {
        return regex_assert_node(parser, REGEX_END_TEXT, out);
    }
    if (regex_take(parser, "\\b")) {
        return regex_assert_node(parser, REGEX_WORD, out);
    }
    if (regex_take(parser, "\\B")) {
        return regex_assert_node(parser, REGEX_NOT_WORD, out);
    }
    parser->at++;
    uint32_t code_point;
    RZ_TRY(regex_read_escape(parser, start, &code_point));
    return regex_char_node(parser, code_point, out);
}

static ruzu_status regex_dot_node(regex_parser *parser, regex_node **out)
{
    regex_set set;
    memset(&set, 0, sizeof set);
    bool newline = (parser->flags & REGEX_DOT_NEWLINE) != 0;
    bool done = newline ? rz_regex_set_add(&set, parser->arena, 0, REGEX_LAST_CODE_POINT)
                        : rz_regex_set_add(&set, parser->arena, 0, '\n' - 1) &&
                              rz_regex_set_add(&set, parser->arena, '\n' + 1, REGEX_LAST_CODE_POINT);
    return done ? regex_set_node(parser, &set, out) : regex_no_memory(parser);
}

static ruzu_status regex_read_item(regex_parser *parser, regex_node **out)
{
    size_t start = parser->at;
    bool lines = (parser->flags & REGEX_LINES) != 0;
    if (regex_looking_at(parser, "\\")) {
        return regex_read_backslash(parser, out);
    }
    if (regex_take(parser, "(")) {
        return regex_read_group(parser, start, out);
    }
    if (regex_take(parser, "[")) {
        return regex_read_class(parser, start, out);
    }
    if (regex_take(parser, ".")) {
        return regex_dot_node(parser, out);
    }
    if (regex_take(parser, "^")) {
        return regex_assert_node(parser, lines ? REGEX_BEGIN_LINE : REGEX_BEGIN_TEXT, out);
    }
    if (regex_take(parser, "$")) {
        return regex_assert_node(parser, lines ? REGEX_END_LINE : REGEX_END_TEXT, out);
    }
    uint32_t code_point;
    RZ_TRY(regex_read_code_point(parser, &code_point));
    return regex_char_node(parser, code_point, out);
}

/* ---- repetition ---- */

static bool regex_read_number(const regex_parser *parser, size_t *at, uint32_t *out)
{
    size_t start = *at;
    uint32_t value = 0;
    while (*at < parser->length && parser->pattern[*at] >= '0' && parser->pattern[*at] <= '9') {
        value = value > REGEX_MAX_REPEAT ? value : value * 10 + (uint32_t)(parser->pattern[*at] - '0');
        (*at)++;
    }
    *out = value;
    return *at != start;
}

/* * + ? or {n}, {n,}, {n,m}; anything else that begins with a brace is text. */
static bool regex_take_repeat(regex_parser *parser, uint32_t *min, uint32_t *max)
{
    if (regex_take(parser, "*")) {
        *min = 0;
        *max = REGEX_NO_MAX;
        return true;
    }
    if (regex_take(parser, "+")) {
        *min = 1;
        *max = REGEX_NO_MAX;
        return true;
    }
    if (regex_take(parser, "?")) {
        *min = 0;
        *max = 1;
        return true;
    }
    if (!regex_looking_at(parser, "{")) {
        return false;
    }
    size_t at = parser->at + 1;
    if (!regex_read_number(parser, &at, min)) {
        return false;
    }
    *max = *min;
    if (at < parser->length && parser->pattern[at] == ',') {
        at++;
        if (!regex_read_number(parser, &at, max)) {
            *max = REGEX_NO_MAX;
        }
    }
    if (at >= parser->length || parser->pattern[at] != '}') {
        return false;
    }
    parser->at = at + 1;
    return true;
}

/* The operators after an item. */
static ruzu_status regex_read_repeats(regex_parser *parser, regex_node **item)
{
    size_t start = parser->at;
    uint32_t min, max;
    if (!regex_take_repeat(parser, &min, &max)) {
        return RUZU_OK;
    }
    if (min > REGEX_MAX_REPEAT || (max != REGEX_NO_MAX && (max > REGEX_MAX_REPEAT || max < min))) {
        return regex_fail(parser, "invalid repetition size", start);
    }
    regex_node *node = regex_new_node(parser, REGEX_NODE_REPEAT);
    if (node == NULL) {
        return regex_no_memory(parser);
    }
    node->child = *item;
    node->min = min;
    node->max = max;
    node->lazy = regex_take(parser, "?") != ((parser->flags & REGEX_UNGREEDY) != 0);
    *item = node;
    size_t again = parser->at;
    if (regex_take_repeat(parser, &min, &max)) {
        return regex_fail(parser, "bad repetition operator", again);
    }
    return RUZU_OK;
}

/* ---- sequences ---- */

typedef struct regex_list {
    regex_node *first;
    regex_node **last; /* where the next one goes */
    uint32_t count;
} regex_list;

static void regex_list_add(regex_list *list, regex_node *node)
{
    *list->last = node;
    list->last = &node->next;
    list->count++;
}

/* The list as one node. */
static ruzu_status regex_list_node(regex_parser *parser, regex_node_kind kind, regex_list *list, regex_node **out)
{
    if (list->count == 1) {
        *out = list->first;
        return RUZU_OK;
    }
    *out = regex_new_node(parser, list->count == 0 ? REGEX_NODE_EMPTY : kind);
    if (*out == NULL) {
        return regex_no_memory(parser);
    }
    (*out)->child = list->first;
    return RUZU_OK;
}

/* \Q…\E: the text between, as it is. */
static ruzu_status regex_read_quoted(regex_parser *parser, regex_list *list)
{
    while (!regex_at_end(parser) && !regex_take(parser, "\\E")) {
        uint32_t code_point;
        regex_node *node;
        RZ_TRY(regex_read_code_point(parser, &code_point));
        RZ_TRY(regex_char_node(parser, code_point, &node));
        if (regex_at_end(parser) || regex_take(parser, "\\E")) {
            RZ_TRY(regex_read_repeats(parser, &node)); /* the last character's */
            regex_list_add(list, node);
            return RUZU_OK;
        }
        regex_list_add(list, node);
    }
    return RUZU_OK;
}

static ruzu_status regex_read_sequence(regex_parser *parser, regex_node **out)
{
    regex_list list = {NULL, NULL, 0};
    list.last = &list.first;
    while (!regex_at_end(parser) && !regex_looking_at(parser, "|") && !regex_looking_at(parser, ")")) {
        if (regex_take(parser, "\\Q")) {
            RZ_TRY(regex_read_quoted(parser, &list));
            continue;
        }
        size_t start = parser->at;
        uint32_t min, max;
        if (regex_take_repeat(parser, &min, &max)) {
            return regex_fail(parser, "no argument for repetition operator", start);
        }
        regex_node *item;
        RZ_TRY(regex_read_item(parser, &item));
        RZ_TRY(regex_read_repeats(parser, &item));
        regex_list_add(&list, item);
    }
    return regex_list_node(parser, REGEX_NODE_CONCAT, &list, out);
}

static ruzu_status regex_read_alternatives(regex_parser *parser, regex_node **out)
{
    if (++parser->depth > REGEX_MAX_DEPTH) {
        return rz_error_set(parser->err, RUZU_ERROR_LIMIT,
                            "A regular expression cannot be nested deeper than %u levels.", REGEX_MAX_DEPTH);
    }
    regex_list list = {NULL, NULL, 0};
    list.last = &list.first;
    do {
        regex_node *sequence;
        RZ_TRY(regex_read_sequence(parser, &sequence));
        regex_list_add(&list, sequence);
    } while (regex_take(parser, "|"));
    parser->depth--;
    return regex_list_node(parser, REGEX_NODE_ALTERNATE, &list, out);
}

ruzu_status rz_regex_parse(rz_arena *arena, const char *pattern, size_t length, regex_tree *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    regex_parser parser = {arena, pattern, length, 0, 0, 0, out, err};
    RZ_TRY(regex_read_alternatives(&parser, &out->root));
    if (!regex_at_end(&parser)) {
        return regex_fail(&parser, "unexpected )", parser.at);
    }
    return RUZU_OK;
}
