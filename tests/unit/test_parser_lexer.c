/* SPDX-License-Identifier: MIT */
/*
 * Tests of the lexer: tokens, blanks, keywords, numbers, the end of a statement, and quoting.
 */
#include "parser_fixture.h"

#include "parser/lexer.h"

#include <math.h>

/* Kinds of all tokens of text, as letters of the enumeration's order joined by blanks; a problem ends the list with
 * '!'. */
static void scan(const char *text, bool strict, char *out, size_t size)
{
    size_t length = strlen(text);
    size_t offset = 0;
    out[0] = '\0';
    for (;;) {
        rz_lex_problem problem;
        offset += rz_lex_blank(text, length, offset, &problem);
        size_t used = strlen(out);
        if (problem != RZ_LEX_NO_PROBLEM) {
            snprintf(out + used, size - used, "!");
            return;
        }
        if (offset >= length) {
            return;
        }
        rz_token token;
        problem = rz_lex_token(text, length, offset, strict, &token);
        CHECK_EQ_U64(token.position, offset);
        CHECK(token.length > 0 && token.length <= length - offset);
        snprintf(out + used, size - used, "%s%d:%.*s", used == 0 ? "" : " ",
                 problem == RZ_LEX_NO_PROBLEM ? token.kind : -(int)problem, (int)token.length, text + offset);
        if (problem != RZ_LEX_NO_PROBLEM) {
            return;
        }
        offset += token.length;
    }
}

/* Checks that text is exactly one token of that kind. */
static void check_one(const char *text, rz_token_kind kind)
{
    rz_token token;
    rz_lex_problem problem = rz_lex_token(text, strlen(text), 0, false, &token);
    CHECK_EQ_I64(problem, RZ_LEX_NO_PROBLEM);
    CHECK_EQ_U64(token.kind, kind);
    CHECK_EQ_U64(token.length, strlen(text));
}

static void check_problem(const char *text, bool strict, rz_lex_problem want)
{
    rz_token token;
    CHECK_EQ_I64(rz_lex_token(text, strlen(text), 0, strict, &token), want);
}

static void lexer_recognises_every_kind_of_token(void)
{
    check_one("name_1", RZ_TOKEN_NAME);
    check_one("_", RZ_TOKEN_NAME);
    check_one("a$b", RZ_TOKEN_NAME);
    check_one("größe", RZ_TOKEN_NAME);
    check_one("名前", RZ_TOKEN_NAME);
    check_one("F", RZ_TOKEN_NAME);
    check_one("`any text ; 'x'`", RZ_TOKEN_QUOTED_NAME);
    check_one("`a``b`", RZ_TOKEN_QUOTED_NAME);
    check_one("$x", RZ_TOKEN_PARAMETER);
    check_one("$123", RZ_TOKEN_PARAMETER);
    check_one("$`a b`", RZ_TOKEN_PARAMETER);
    check_one("0", RZ_TOKEN_INTEGER);
    check_one("1234567890123456789012345678901234567890", RZ_TOKEN_INTEGER);
    check_one("0x1F", RZ_TOKEN_INTEGER);
    check_one("0o17", RZ_TOKEN_INTEGER);
    check_one("1_000_000", RZ_TOKEN_INTEGER);
    check_one("1.5", RZ_TOKEN_DOUBLE);
    check_one(".5", RZ_TOKEN_DOUBLE);
    check_one("1e3", RZ_TOKEN_DOUBLE);
    check_one("1.5E-3", RZ_TOKEN_DOUBLE);
    check_one("1E+3", RZ_TOKEN_DOUBLE);
    check_one("0.5", RZ_TOKEN_DOUBLE);
    check_one("'it\\'s'", RZ_TOKEN_STRING);
    check_one("\"two\nlines\"", RZ_TOKEN_STRING);
    check_one("'\\\\'", RZ_TOKEN_STRING);
    check_one("(", RZ_TOKEN_LPAREN);
    check_one(":=", RZ_TOKEN_ASSIGN);
    check_one("..", RZ_TOKEN_DOTDOT);
    check_one("+=", RZ_TOKEN_PLUS_EQ);
    check_one("=~", RZ_TOKEN_REGEX);
    check_one("<>", RZ_TOKEN_NE);
    check_one("!=", RZ_TOKEN_BANG_EQ);
    check_one("<=", RZ_TOKEN_LE);
    check_one("<<", RZ_TOKEN_SHIFT_LEFT);
    check_one("||", RZ_TOKEN_CONCAT);
    check_one(";", RZ_TOKEN_END);
}

static void lexer_reads_all_dashes_and_arrow_heads(void)
{
    static const char *const DASHES[] = {"\u00AD", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014",
                                         "\u2015", "\u2212", "\uFE58", "\uFE63", "\uFF0D"};
    static const char *const LEFT[] = {"\u27E8", "\u3008", "\uFE64", "\uFF1C"};
    static const char *const RIGHT[] = {"\u27E9", "\u3009", "\uFE65", "\uFF1E"};
    for (size_t i = 0; i < sizeof DASHES / sizeof DASHES[0]; i++) {
        check_one(DASHES[i], RZ_TOKEN_DASH);
    }
    for (size_t i = 0; i < sizeof LEFT / sizeof LEFT[0]; i++) {
        check_one(LEFT[i], RZ_TOKEN_LEFT_HEAD);
        check_one(RIGHT[i], RZ_TOKEN_RIGHT_HEAD);
    }
    parser_check("MATCH (a)\u2212[e]\u2014\u27E9(b)\u3008\u2010-(c) RETURN a", "MATCH (a)-[e]->(b)<-[]-(c) RETURN a;");
}

static void lexer_passes_over_blanks_and_comments(void)
{
    static const char *const BLANKS[] = {
        " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\x1C",   "\x1D",   "\x1E",   "\x1F",
        "\u00A0", "\u1680", "\u180E", "\u2000", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000",
    };
    rz_lex_problem problem;
    for (size_t i = 0; i < sizeof BLANKS / sizeof BLANKS[0]; i++) {
        CHECK_EQ_U64(rz_lex_blank(BLANKS[i], strlen(BLANKS[i]), 0, &problem), strlen(BLANKS[i]));
        CHECK_EQ_I64(problem, RZ_LEX_NO_PROBLEM);
    }
    CHECK_EQ_U64(rz_lex_blank("// x\ny", 6, 0, &problem), 5);
    CHECK_EQ_U64(rz_lex_blank("/* /* */y", 9, 0, &problem), 8);
    CHECK_EQ_U64(rz_lex_blank("/**/ // end", 11, 0, &problem), 11);
    CHECK_EQ_U64(rz_lex_blank("/ 2", 3, 0, &problem), 0);
    CHECK_EQ_U64(rz_lex_blank("  /* open", 9, 0, &problem), 2);
    CHECK_EQ_I64(problem, RZ_LEX_UNCLOSED_COMMENT);
    CHECK_EQ_U64(rz_lex_blank("\xEF\xBB\xBFx", 4, 0, &problem), 3);
    parser_check("RETURN/**/1//x\n+/*y*/2", "RETURN 1 + 2;");
}

static void lexer_splits_neighbouring_tokens(void)
{
    char got[400];
    scan("1..3", false, got, sizeof got);
    CHECK_STR(got, "4:1 17:.. 4:3");
    scan("a.b..c", false, got, sizeof got);
    CHECK_STR(got, "1:a 16:. 1:b 17:.. 1:c");
    scan("*..5", false, got, sizeof got);
    CHECK_STR(got, "22:* 17:.. 4:5");
    scan("a<-b", false, got, sizeof got);
    CHECK_STR(got, "1:a 31:< 20:- 1:b");
    scan("5.", false, got, sizeof got);
    CHECK_STR(got, "4:5 16:.");
    scan("a-->b", false, got, sizeof got);
    CHECK_STR(got, "1:a 20:- 20:- 33:> 1:b");
}

static void lexer_reports_problems(void)
{
    check_problem("12ab", false, RZ_LEX_BAD_NUMBER);
    check_problem("007", false, RZ_LEX_BAD_NUMBER);
    check_problem("0x", false, RZ_LEX_BAD_NUMBER);
    check_problem("0xG", false, RZ_LEX_BAD_NUMBER);
    check_problem("0o8", false, RZ_LEX_BAD_NUMBER);
    check_problem("1_", false, RZ_LEX_BAD_NUMBER);
    check_problem("1__0", false, RZ_LEX_BAD_NUMBER);
    check_problem("1e", false, RZ_LEX_BAD_NUMBER);
    check_problem("1e+", false, RZ_LEX_BAD_NUMBER);
    check_problem("0x1F", true, RZ_LEX_BAD_NUMBER);
    check_problem("0o7", true, RZ_LEX_BAD_NUMBER);
    check_problem("1_0", true, RZ_LEX_BAD_NUMBER);
    check_problem("1E+3", true, RZ_LEX_BAD_NUMBER);
    check_problem("1E-3", true, RZ_LEX_NO_PROBLEM);
    check_problem("$", false, RZ_LEX_BAD_CHARACTER);
    check_problem("$1a", false, RZ_LEX_BAD_CHARACTER);
    check_problem("$`a`", true, RZ_LEX_BAD_CHARACTER);
    check_problem("#", false, RZ_LEX_BAD_CHARACTER);
    check_problem("\x01", false, RZ_LEX_BAD_CHARACTER);
    check_problem("'abc", false, RZ_LEX_UNCLOSED_STRING);
    check_problem("'abc\\'", false, RZ_LEX_UNCLOSED_STRING);
    check_problem("'abc\\", false, RZ_LEX_UNCLOSED_STRING);
    check_problem("`abc", false, RZ_LEX_UNCLOSED_NAME);
    check_problem("``", false, RZ_LEX_BAD_NAME);
    check_problem("````", false, RZ_LEX_BAD_NAME);
    rz_token token;
    CHECK_EQ_I64(rz_lex_token("`a\0b`", 5, 0, false, &token), RZ_LEX_BAD_NAME);
}

static void lexer_knows_the_keywords_both_ways(void)
{
    static const char *const RESERVED =
        "ACYCLIC ALL AND ANY ASC ASCENDING CASE CAST COLUMN CREATE DBTYPE DEFAULT DESC DESCENDING DISTINCT ELSE END ENDS EXISTS "
        "FALSE GLOB GROUP HEADERS HINT IN INSTALL JOIN MACRO MULTI_JOIN NONE NOT NULL ON ONLY OPTIONAL OR ORDER PRIMARY PROFILE "
        "SHORTEST SINGLE STARTS TABLE THEN TRAIL TRUE UNION UNWIND WHEN WHERE WITH WSHORTEST XOR ";
    static const char *const OTHERS =
        "ADD ALTER AS ATTACH BEGIN BY CALL CHECKPOINT COMMENT COMMIT CONTAINS COPY COUNT CYCLE DATABASE DECIMAL DELETE DETACH "
        "DROP EXPLAIN EXPORT EXTENSION FORCE FROM GRAPH IF IMPORT INCREMENT IS KEY LIMIT LOAD LOGICAL MAP MATCH MAXVALUE MERGE "
        "MINVALUE NO NODE PASSWORD PROJECT READ REL RENAME RETURN ROLE ROLLBACK SEQUENCE SET SKIP START STRUCT TO TRANSACTION "
        "TYPE UNINSTALL UPDATE USE USER WRITE YIELD REMOVE FOREACH INDEX UNIQUE CONSTRAINT VACUUM OFFSET NULLS FINISH SHOW "
        "REQUIRE BACKUP ANALYZE FOR FIRST LAST TYPED COLLECT ";
    for (int reserved = 0; reserved < 2; reserved++) {
        const char *word = reserved != 0 ? RESERVED : OTHERS;
        while (*word != '\0') {
            const char *end = strchr(word, ' ');
            char name[32];
            char text[600];
            snprintf(name, sizeof name, "%.*s", (int)(end - word), word);
            rz_keyword keyword = rz_keyword_find(name, strlen(name));
            CHECK(rz_keyword_is_reserved(keyword) == (reserved != 0));
            CHECK(rz_name_needs_quotes(name) == (reserved != 0));
            snprintf(text, sizeof text, "WITH 1 AS %s RETURN %s AS %s", name, name, name);
            parser_check_accepts(text, true, reserved == 0);
            parser_check_accepts(text, false, reserved == 0);
            snprintf(text, sizeof text, "MATCH (%s:%s {%s: 1})-[%s:%s]->() WHERE %s.%s = 1 RETURN %s.%s", name, name,
                     name, name, name, name, name, name, name);
            parser_check_accepts(text, true, reserved == 0);
            snprintf(text, sizeof text, "CREATE NODE TABLE %s (%s INT64, PRIMARY KEY (%s))", name, name, name);
            parser_check_accepts(text, true, reserved == 0);
            snprintf(text, sizeof text, "WITH 1 AS `%s` RETURN `%s` AS `%s`", name, name, name);
            parser_check_accepts(text, true, true);
            /* Behind a dot, as label and as key reserved words are names too, except in strict mode. */
            snprintf(text, sizeof text, "MATCH (n:%s {%s: 1}) RETURN n.%s, {%s: 1}", name, name, name, name);
            parser_check_accepts(text, false, true);
            parser_check_accepts(text, true, reserved == 0);
            word = end + 1;
        }
    }
    CHECK_EQ_I64(rz_keyword_find("MaTcH", 5), RZ_KW_MATCH);
    CHECK_EQ_I64(rz_keyword_find("matches", 7), RZ_KW_NO_KEYWORD);
    CHECK_EQ_I64(rz_keyword_find("multi_join", 10), RZ_KW_MULTI_JOIN);
}

static void check_double(const char *text, double want)
{
    double got = rz_lex_double(text, strlen(text));
    check_count++;
    if (memcmp(&got, &want, sizeof got) != 0) {
        check_failures++;
        fprintf(stderr, "%s is %a, expected %a\n", text, got, want);
    }
}

static void lexer_rounds_doubles_to_nearest_even(void)
{
    check_double("0.0", 0.0);
    check_double("1.5", 1.5);
    check_double(".1", 0x1.999999999999ap-4);
    check_double("1e22", 1e22);
    check_double("1e23", 0x1.52d02c7e14af6p+76);
    check_double("9007199254740993.0", 0x1p+53);
    check_double("9007199254740993.0000000000000000000000000000001", 0x1.0000000000001p+53);
    check_double("9007199254740995.0", 0x1.0000000000002p+53);
    check_double("1.7976931348623157e308", 0x1.fffffffffffffp+1023);
    check_double("1.7976931348623158e308", 0x1.fffffffffffffp+1023);
    check_double("1.7976931348623159e308", HUGE_VAL);
    check_double("2.2250738585072014e-308", 0x1p-1022);
    check_double("2.2250738585072011e-308", 0x0.fffffffffffffp-1022);
    check_double("4.9e-324", 0x1p-1074);
    check_double("2.4703282292062327e-324", 0.0);
    check_double("2.4703282292062328e-324", 0x1p-1074);
    check_double("1e-400", 0.0);
    check_double("1e99999999999999999999", HUGE_VAL);
    check_double("0e99999999999999999999", 0.0);
    check_double("1_000.5", 1000.5);
}

static void lexer_reads_back_random_doubles(void)
{
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 20000; i++) {
        double value;
        char text[64];
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = (state ^ state >> 29) & 0x7FFFFFFFFFFFFFFFu;
        if (bits >> 52 == 0x7FF) {
            continue;
        }
        memcpy(&value, &bits, sizeof value);
        snprintf(text, sizeof text, "%.17g", value);
        char *plus = strchr(text, '+');
        if (plus != NULL) {
            memmove(plus, plus + 1, strlen(plus));
        }
        check_double(text, value);
    }
}

static void lexer_finds_the_end_of_a_statement(void)
{
    size_t end;
    CHECK_EQ_I64(rz_lex_statement_end("", 0, 0, &end), RZ_LEX_EMPTY);
    CHECK_EQ_I64(rz_lex_statement_end(" ; // x", 7, 0, &end), RZ_LEX_EMPTY);
    CHECK_EQ_U64(end, 7);
    CHECK_EQ_I64(rz_lex_statement_end("RETURN 1", 8, 0, &end), RZ_LEX_OPEN);
    CHECK_EQ_U64(end, 8);
    CHECK_EQ_I64(rz_lex_statement_end(";RETURN 1; x", 12, 0, &end), RZ_LEX_COMPLETE);
    CHECK_EQ_U64(end, 10);
    CHECK_EQ_I64(rz_lex_statement_end("RETURN 1; x", 11, 9, &end), RZ_LEX_OPEN);
    CHECK_EQ_I64(rz_lex_statement_end("RETURN 'a;\\';", 13, 0, &end), RZ_LEX_OPEN_STRING);
    CHECK_EQ_I64(rz_lex_statement_end("RETURN `a;", 10, 0, &end), RZ_LEX_OPEN_NAME);
    CHECK_EQ_I64(rz_lex_statement_end("RETURN /* ; ", 12, 0, &end), RZ_LEX_OPEN_COMMENT);
    CHECK_EQ_I64(rz_lex_statement_end("RETURN # 12ab; x", 16, 0, &end), RZ_LEX_COMPLETE);
    CHECK_EQ_U64(end, 14);
    CHECK_EQ_I64(rz_lex_statement_end("\xFF\xFE;", 3, 0, &end), RZ_LEX_COMPLETE);
}

static void lexer_quotes_names_that_need_it(void)
{
    CHECK(!rz_name_needs_quotes("abc"));
    CHECK(!rz_name_needs_quotes("match"));
    CHECK(rz_name_needs_quotes("where"));
    CHECK(rz_name_needs_quotes("a b"));
    CHECK(rz_name_needs_quotes("1a"));
    CHECK(rz_name_needs_quotes(""));
    CHECK(!rz_name_needs_quotes("größe"));
}

int main(void)
{
    RUN(lexer_recognises_every_kind_of_token);
    RUN(lexer_reads_all_dashes_and_arrow_heads);
    RUN(lexer_passes_over_blanks_and_comments);
    RUN(lexer_splits_neighbouring_tokens);
    RUN(lexer_reports_problems);
    RUN(lexer_knows_the_keywords_both_ways);
    RUN(lexer_rounds_doubles_to_nearest_even);
    RUN(lexer_reads_back_random_doubles);
    RUN(lexer_finds_the_end_of_a_statement);
    RUN(lexer_quotes_names_that_need_it);
    return CHECK_DONE();
}
