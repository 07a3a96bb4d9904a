/* SPDX-License-Identifier: MIT */
/*
 * Tests of failures: texts, places, quoted lines, limits, and input that is not text.
 */
#include "parser_fixture.h"

static void failures_quote_the_line_with_carets(void)
{
    static const struct {
        const char *text;
        bool strict;
        const char *message;
    } CASES[] = {
        {"MATCH (a) WHERE a.age != 1 RETURN *;", true,
         "Parser exception: Unknown operation '!=' (you probably meant to use '<>', which is the operator for inequality testing.) "
         "(line: 1, offset: 22)\n\"MATCH (a) WHERE a.age != 1 RETURN *;\"\n                       ^^"},
        {"MATCH (a:``) RETURN *;", false,
         "Parser exception: '' is not a valid token name. Token names cannot be empty or contain any null-bytes (line: 1, offset: 9)\n"
         "\"MATCH (a:``) RETURN *;\"\n          ^^"},
        {"RETURN a MATCH (a) RETURN a;", false,
         "Parser exception: RETURN can only be used at the end of the query (line: 1, offset: 0)\n"
         "\"RETURN a MATCH (a) RETURN a;\"\n ^^^^^^"},
        {"MATCH (a) WHERE a.x = b = c RETURN 1", true,
         "Parser exception: Non-binary comparison (e.g. a=b=c) is not supported (line: 1, offset: 16)\n"
         "\"MATCH (a) WHERE a.x = b = c RETURN 1\"\n                 ^"},
        {"HELLO world", false,
         "Parser exception: Invalid input <HELLO>: expected rule oC_SingleQuery (line: 1, offset: 0)\n\"HELLO world\"\n ^^^^^"},
        {"RETURN 1; RETURN 2 x", false,
         "Parser exception: Invalid input <RETURN 2 x>: expected rule oC_SingleQuery (line: 1, offset: 19)\n"
         "\"RETURN 1; RETURN 2 x\"\n                    ^"},
        {"RETURN", false,
         "Parser exception: Unexpected end of input: expected rule oC_SingleQuery (line: 1, offset: 6)\n\"RETURN\"\n       ^"},
        {"RETURN ;", false,
         "Parser exception: Invalid input <RETURN ;>: expected rule oC_SingleQuery (line: 1, offset: 7)\n\"RETURN ;\"\n        ^"},
        {"MATCH (a)\nWHERE é.ü == 1\nRETURN a", false,
         "Parser exception: Invalid input <MATCH (a)\nWHERE é.ü ==>: expected rule oC_SingleQuery (line: 2, offset: 11)\n"
         "\"WHERE é.ü == 1\"\n            ^"},
        {"MATCH (a)", false,
         "Parser exception: Query must conclude with RETURN clause (line: 1, offset: 0)\n\"MATCH (a)\"\n ^^^^^"},
        {"MATCH a RETURN a", false,
         "Parser exception: Parentheses are required to identify nodes in patterns, i.e. (a) (line: 1, offset: 6)\n"
         "\"MATCH a RETURN a\"\n       ^"},
        {"RETURN 'abc", false,
         "Parser exception: Invalid input: the string literal has no end (line: 1, offset: 7)\n\"RETURN 'abc\"\n        ^"},
        {"RETURN '\\q'", false,
         "Parser exception: Invalid input: unknown escape in a string literal (line: 1, offset: 8)\n\"RETURN '\\q'\"\n         ^^"},
        {"RETURN 1 /* x", false,
         "Parser exception: Invalid input: the comment has no end (line: 1, offset: 9)\n\"RETURN 1 /* x\"\n          ^^"},
        {"RETURN 0x", false,
         "Parser exception: Invalid input: malformed number (line: 1, offset: 7)\n\"RETURN 0x\"\n        ^^"},
        {"RETURN 42 \u2014 41", false,
         "Parser exception: Invalid input <RETURN 42 \u2014>: expected rule oC_SingleQuery (line: 1, offset: 10)\n"
         "\"RETURN 42 \u2014 41\"\n           ^"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        parser_check_error(CASES[i].text, CASES[i].strict, RUZU_ERROR_PARSER, CASES[i].message);
    }
}

static void failures_have_a_position(void)
{
    parser_fixture f;
    static const char TEXT[] = "RETURN 1;\nRETURN (2 +";
    parser_fixture_parse(&f, TEXT, strlen(TEXT), NULL);
    CHECK_EQ_I64(f.status, RUZU_ERROR_PARSER);
    CHECK_EQ_U64(f.err.position, strlen(TEXT));
    parser_fixture_free(&f);
    static const char SECOND[] = "RETURN 1; CREATE NODE TABLE P (a INT64)";
    parser_fixture_parse(&f, SECOND, strlen(SECOND), NULL);
    CHECK_EQ_U64(f.err.position, 10);
    parser_fixture_free(&f);
}

/* Builds prefix + count × piece + suffix in the fixture's place and parses it. */
static ruzu_status parse_repeated(parser_fixture *f, const char *prefix, const char *piece, size_t count,
                                  const char *suffix, const rz_parse_limits *limits)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, prefix);
    for (size_t i = 0; i < count; i++) {
        rz_str_append_text(&text, piece);
    }
    rz_str_append_text(&text, suffix);
    CHECK(!text.failed);
    parser_fixture_parse(f, text.data, text.length, limits);
    rz_str_free(&text);
    return f->status;
}

static void messages_stay_short_for_long_statements(void)
{
    parser_fixture f;
    CHECK_EQ_I64(parse_repeated(&f, "RETURN ", "äöü + ", 20000, "1 1 + äöü", NULL), RUZU_ERROR_PARSER);
    CHECK(f.text.length < 2500);
    CHECK(rz_utf8_valid(f.err.message, strlen(f.err.message)));
    CHECK(strstr(f.err.message, " ... ") != NULL);
    CHECK(strstr(f.err.message, "^") != NULL);
    parser_fixture_free(&f);
}

static void text_that_is_not_utf8_is_refused(void)
{
    static const char *const BAD[] = {"RETURN '\xFF'", "RETURN 1 /* \xC3 */", "\xED\xA0\x80", "RETURN `\xC0\x80`",
                                      "RETURN 1\xF4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        CHECK_EQ_I64(parser_status(BAD[i], false), RUZU_ERROR_PARSER);
    }
    parser_check_error("RETURN '\xFF'", false, RUZU_ERROR_PARSER,
                       "Parser exception: Invalid input: the text is not valid UTF-8 at byte 8.");
}

static void null_bytes_are_data_in_strings_only(void)
{
    parser_fixture f;
    parser_fixture_parse(&f, "RETURN 'a\0b'", 12, NULL);
    CHECK_EQ_I64(f.status, RUZU_OK);
    CHECK_STR(rz_str_text(&f.text), "RETURN 'a\\u0000b';");
    parser_fixture_free(&f);
    parser_fixture_parse(&f, "RETURN `a\0b`", 12, NULL);
    CHECK_EQ_I64(f.status, RUZU_ERROR_PARSER);
    parser_fixture_free(&f);
    parser_fixture_parse(&f, "RETURN 1\0", 9, NULL);
    CHECK_EQ_I64(f.status, RUZU_ERROR_PARSER);
    parser_fixture_free(&f);
}

static void limits_name_themselves_and_their_value(void)
{
    static const struct {
        const char *prefix;
        const char *piece;
        const char *suffix;
        const char *message;
        size_t fits; /* pieces that are accepted; one more is not */
    } CASES[] = {
        {"RETURN ", "(", "", "The statement passes the limit max_depth of 50.", 0},
        {"RETURN a", "+1", "", "The statement passes the limit max_tokens of 600.", 0},
        {"RETURN [1", ",1", "]", "The statement passes the limit max_list_elements of 100.", 99},
        {"RETURN f(1", ",1", ")", "The statement passes the limit max_list_elements of 100.", 99},
        {"MATCH (a)", "-->(a)", " RETURN a", "The statement passes the limit max_pattern_elements of 20.", 9},
        {"MATCH (a)", ",(a)", " RETURN a", "The statement passes the limit max_pattern_elements of 20.", 19},
        {"RETURN 1", " UNION RETURN 1", "", "The statement passes the limit max_union_arms of 30.", 29},
        {"", "MATCH (a) ", "RETURN 1", "The statement passes the limit max_union_arms of 30.", 29},
        {"RETURN ", "NOT ", "a", "The statement passes the limit max_depth of 50.", 49},
        {"RETURN a", ".b", "", "The statement passes the limit max_depth of 50.", 49},
        {"RETURN a", "-1", "", "The statement passes the limit max_depth of 50.", 49},
        {"RETURN a", "!", "", "The statement passes the limit max_depth of 50.", 49},
        {"MATCH (a:", "!", "A) RETURN a", "The statement passes the limit max_depth of 50.", 0},
        {"RETURN ", "EXISTS { MATCH (a) WHERE ", "", "The statement passes the limit max_subquery_depth of 4.", 0},
        {"RETURN '", "xxxxxxxxxx", "'", "The statement passes the limit max_statement_bytes of 5000.", 499},
    };
    rz_parse_limits limits;
    rz_parse_limits_init(&limits);
    limits.max_depth = 50;
    limits.max_tokens = 600;
    limits.max_list_elements = 100;
    limits.max_pattern_elements = 20;
    limits.max_union_arms = 30;
    limits.max_subquery_depth = 4;
    limits.max_statement_bytes = 5000;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        parser_fixture f;
        size_t fits = CASES[i].fits;
        if (fits != 0) {
            CHECK_EQ_I64(parse_repeated(&f, CASES[i].prefix, CASES[i].piece, fits, CASES[i].suffix, &limits), RUZU_OK);
            parser_fixture_free(&f);
        }
        size_t over = strcmp(CASES[i].piece, "+1") == 0 ? 400 : fits == 0 ? 60 : fits + 1;
        CHECK_EQ_I64(parse_repeated(&f, CASES[i].prefix, CASES[i].piece, over, CASES[i].suffix, &limits),
                     RUZU_ERROR_LIMIT);
        CHECK(strstr(f.err.message, CASES[i].message) != NULL);
        if (strstr(f.err.message, CASES[i].message) == NULL) {
            fprintf(stderr, "%s…: %s\n", CASES[i].prefix, f.err.message);
        }
        parser_fixture_free(&f);
    }
}

static void limits_hold_for_each_statement_alone(void)
{
    parser_fixture f;
    rz_parse_limits limits;
    rz_parse_limits_init(&limits);
    limits.max_tokens = 10;
    limits.max_statement_bytes = 20;
    CHECK_EQ_I64(parse_repeated(&f, "", "RETURN 1, 2;\n", 500, "", &limits), RUZU_OK);
    CHECK_EQ_U64(f.script->statement_count, 500);
    parser_fixture_free(&f);
}

static void values_above_the_hard_maximum_count_as_the_maximum(void)
{
    parser_fixture f;
    rz_parse_limits limits;
    memset(&limits, 0xFF, sizeof limits);
    limits.strict = false;
    CHECK_EQ_I64(parse_repeated(&f, "RETURN a", ".b", 6000, "", &limits), RUZU_ERROR_LIMIT);
    CHECK(strstr(f.err.message, "max_depth of 5000") != NULL);
    parser_fixture_free(&f);
}

int main(void)
{
    RUN(failures_quote_the_line_with_carets);
    RUN(failures_have_a_position);
    RUN(messages_stay_short_for_long_statements);
    RUN(text_that_is_not_utf8_is_refused);
    RUN(null_bytes_are_data_in_strings_only);
    RUN(limits_name_themselves_and_their_value);
    RUN(limits_hold_for_each_statement_alone);
    RUN(values_above_the_hard_maximum_count_as_the_maximum);
    return CHECK_DONE();
}
