/* SPDX-License-Identifier: MIT */
/*
 * Tests of expressions: precedence, every construct's canonical text, literals, and the shape of the tree.
 */
#include "parser_fixture.h"

/* Both texts are read as the same tree. */
static void same(const char *a, const char *b)
{
    char query[600];
    parser_fixture f;
    parser_fixture g;
    snprintf(query, sizeof query, "RETURN %s", a);
    parser_fixture_parse(&f, query, strlen(query), NULL);
    snprintf(query, sizeof query, "RETURN %s", b);
    parser_fixture_parse(&g, query, strlen(query), NULL);
    CHECK_EQ_I64(f.status, RUZU_OK);
    CHECK_STR(rz_str_text(&f.text), rz_str_text(&g.text));
    parser_fixture_free(&f);
    parser_fixture_free(&g);
}

/* The expression's canonical text. */
static void reads(const char *expr, const char *want)
{
    char query[600];
    char wanted[600];
    snprintf(query, sizeof query, "RETURN %s", expr);
    snprintf(wanted, sizeof wanted, "RETURN %s;", want);
    parser_check(query, wanted);
}

static void accepts(const char *expr, bool strict, bool want)
{
    char query[600];
    snprintf(query, sizeof query, "RETURN %s", expr);
    parser_check_accepts(query, strict, want);
}

/* The tree of the only item of RETURN. */
static const rz_ast_expr *item(const parser_fixture *f)
{
    const rz_ast_single_query *arm = f->script->statements[0]->query->arms[0];
    return arm->clauses[arm->clause_count - 1]->body.items[0].expr;
}

static void precedence_is_that_of_the_dialect(void)
{
    same("a OR b XOR c AND NOT d", "a OR (b XOR (c AND (NOT d)))");
    same("NOT a = b", "NOT (a = b)");
    same("NOT NOT a AND b", "(NOT (NOT a)) AND b");
    same("a = b | c", "a = (b | c)");
    same("a | b & c << d + e * f ^ -g", "a | (b & (c << (d + (e * (f ^ (-g))))))");
    same("a - b - c", "(a - b) - c");
    same("a - b + c - d", "((a - b) + c) - d");
    same("a / b * c % d", "((a / b) * c) % d");
    same("2 ^ 3 ^ 2", "(2 ^ 3) ^ 2");
    same("-x ^ 2", "(-x) ^ 2");
    same("2 ^ -x", "2 ^ (-x)");
    same("-x!", "-(x!)");
    same("-x.y[1]", "-((x.y)[1])");
    same("a + b << c", "(a + b) << c");
    same("a AND b IS NULL", "a AND (b IS NULL)");
    same("a = b IS NULL", "a = (b IS NULL)");
    same("NOT a IS NOT NULL", "NOT (a IS NOT NULL)");
    same("a || b + c", "(a || b) + c");
}

static void predicates_are_looser_than_arithmetic(void)
{
    same("2 * 3 IN [6]", "(2 * 3) IN [6]");
    same("'a' + 'b' STARTS WITH 'a'", "('a' + 'b') STARTS WITH 'a'");
    same("x ENDS WITH 'a' + 'b'", "x ENDS WITH ('a' + 'b')");
    same("a IN b IN c", "(a IN b) IN c");
    same("x IN l AND y", "(x IN l) AND y");
    same("a CONTAINS b = c", "(a CONTAINS b) = c");
    same("a =~ b | c", "a =~ (b | c)");
}

static void long_chains_are_one_node(void)
{
    parser_fixture f;
    static const char TEXT[] = "RETURN a AND b AND c AND (d AND e)";
    parser_fixture_parse(&f, TEXT, strlen(TEXT), NULL);
    const rz_ast_expr *expr = item(&f);
    CHECK_EQ_U64(expr->kind, RZ_AST_EXPR_OPERATOR);
    CHECK_EQ_U64(expr->op, RZ_AST_OP_AND);
    CHECK_EQ_U64(expr->child_count, 4);
    CHECK_EQ_U64(expr->height, 3);
    CHECK_EQ_U64(expr->children[3]->child_count, 2);
    CHECK_EQ_U64(expr->position, 7);
    CHECK_EQ_U64(expr->length, strlen(TEXT) - 7);
    CHECK_EQ_U64(expr->children[3]->position, 25);
    CHECK_EQ_U64(expr->children[3]->length, 9);
    parser_fixture_free(&f);
    reads("(a + b) + c", "(a + b) + c");
    reads("a + (b + c)", "a + (b + c)");
    reads("a + b - c + d + e", "a + b - c + d + e");
}

static void comparisons_chain(void)
{
    parser_fixture f;
    static const char TEXT[] = "RETURN a < b <= c = d";
    parser_fixture_parse(&f, TEXT, strlen(TEXT), NULL);
    const rz_ast_expr *expr = item(&f);
    CHECK_EQ_U64(expr->kind, RZ_AST_EXPR_COMPARE_CHAIN);
    CHECK_EQ_U64(expr->child_count, 4);
    CHECK_EQ_U64(expr->chain_ops[0], RZ_AST_OP_LT);
    CHECK_EQ_U64(expr->chain_ops[1], RZ_AST_OP_LE);
    CHECK_EQ_U64(expr->chain_ops[2], RZ_AST_OP_EQ);
    parser_fixture_free(&f);
    reads("(a < b) = c", "(a < b) = c");
    reads("a <> b AND c != d", "a <> b AND c <> d");
}

static void number_literals_are_typed(void)
{
    static const struct {
        const char *text;
        rz_ast_expr_kind kind;
        const char *want;
    } CASES[] = {
        {"0", RZ_AST_EXPR_INT64, "0"},
        {"9223372036854775807", RZ_AST_EXPR_INT64, "9223372036854775807"},
        {"9223372036854775808", RZ_AST_EXPR_INT128, "9223372036854775808"},
        {"-9223372036854775808", RZ_AST_EXPR_INT64, "-9223372036854775808"},
        {"-9223372036854775809", RZ_AST_EXPR_INT128, "-9223372036854775809"},
        {"170141183460469231731687303715884105727", RZ_AST_EXPR_INT128, "170141183460469231731687303715884105727"},
        {"-170141183460469231731687303715884105728", RZ_AST_EXPR_INT128, "-170141183460469231731687303715884105728"},
        {"0x1F", RZ_AST_EXPR_INT64, "31"},
        {"-0o17", RZ_AST_EXPR_INT64, "-15"},
        {"1_000", RZ_AST_EXPR_INT64, "1000"},
        {"1e3", RZ_AST_EXPR_DOUBLE, "1000.0"},
        {".5", RZ_AST_EXPR_DOUBLE, "0.5"},
        {"-1.25", RZ_AST_EXPR_DOUBLE, "-1.25"},
        {"1E+3", RZ_AST_EXPR_DOUBLE, "1000.0"},
        {"0.1", RZ_AST_EXPR_DOUBLE, "0.1"},
        {"1e400", RZ_AST_EXPR_DOUBLE, "1e999"},
        {"1.5e-300", RZ_AST_EXPR_DOUBLE, "1.5e-300"},
        {"true", RZ_AST_EXPR_BOOL, "TRUE"},
        {"nuLL", RZ_AST_EXPR_NULL, "NULL"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char query[100];
        parser_fixture f;
        snprintf(query, sizeof query, "RETURN %s", CASES[i].text);
        parser_fixture_parse(&f, query, strlen(query), NULL);
        CHECK_EQ_U64(item(&f)->kind, CASES[i].kind);
        CHECK_EQ_U64(item(&f)->length, strlen(CASES[i].text));
        parser_fixture_free(&f);
        reads(CASES[i].text, CASES[i].want);
    }
    reads("- 5", "-5");
    reads("-(5)", "-(5)");
    reads("--5", "--5");
    reads("-5!", "-5!");
    reads("(-5)!", "(-5)!");
    reads("+5", "+5");
    parser_check_error(
        "RETURN 170141183460469231731687303715884105728", false, RUZU_ERROR_CONVERSION,
        "Conversion exception: Cast failed. 170141183460469231731687303715884105728 is not within INT128 range.");
}

static void string_escapes_are_decoded(void)
{
    static const struct {
        const char *text;
        const char *data;
        size_t length;
    } CASES[] = {
        {"''", "", 0},
        {"'a\"b'", "a\"b", 3},
        {"\"a'b\"", "a'b", 3},
        {"'\\\\ \\' \\\"'", "\\ ' \"", 5},
        {"'\\b\\f\\n\\r\\t\\B\\F\\N\\R\\T'", "\b\f\n\r\t\b\f\n\r\t", 10},
        {"'\\u00e9\\u20AC'", "é€", 5},
        {"'\\U0001F600'", "😀", 4},
        {"'\\uD83D\\uDE00'", "😀", 4},
        {"'\\xAB\\x00'", "\\xAB\\x00", 8},
        {"'a\\u0000b'", "a\0b", 3},
        {"'two\nlines'", "two\nlines", 9},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char query[100];
        parser_fixture f;
        snprintf(query, sizeof query, "RETURN %s", CASES[i].text);
        parser_fixture_parse(&f, query, strlen(query), NULL);
        CHECK_EQ_I64(f.status, RUZU_OK);
        CHECK_EQ_U64(item(&f)->value.string.length, CASES[i].length);
        CHECK(memcmp(item(&f)->value.string.data, CASES[i].data, CASES[i].length + 1) == 0);
        parser_fixture_free(&f);
    }
    static const char *const BAD[] = {"'\\q'",     "'\\u12'", "'\\u12G4'", "'\\U110000FF'",
                                      "'\\uD800'", "'\\xA'",  "'\\xGG'",   "'\\0'"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        accepts(BAD[i], false, false);
    }
    accepts("'it''s'", false, false);
}

static void every_construct_has_a_canonical_text(void)
{
    reads("$x + $1 + $`a b`", "$x + $1 + $`a b`");
    reads("a.b.c.`d e`", "a.b.c.`d e`");
    reads("n.*", "n.*");
    reads("count(*)", "count(*)");
    reads("count( distinct n.a )", "count(DISTINCT n.a)");
    reads("f()", "f()");
    reads("f(a, b := 2, 'x')", "f(a, b := 2, 'x')");
    reads("list_transform(l, x->x+1)", "list_transform(l, (x) -> x + 1)");
    reads("list_reduce(l, (x, y) -> x + y)", "list_reduce(l, (x, y) -> x + y)");
    reads("any(l, x -> x > 1)", "`any`(l, (x) -> x > 1)");
    reads("date.truncate('day', d)", "`date.truncate`('day', d)");
    reads("case when a then 1 end", "CASE WHEN a THEN 1 END");
    reads("case x when 1 then 'a' when 2 then 'b' else 'c' end", "CASE x WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END");
    reads("cast(a as int64)", "CAST(a AS int64)");
    reads("cast(a, 'INT64[]')", "CAST(a, 'INT64[]')");
    reads("cast(a as STRUCT(x INT64, y STRING[])[3])", "CAST(a, 'STRUCT(x INT64, y STRING[])[3]')");
    reads("cast(a as union(x INT64))", "CAST(a, 'union(x INT64)')");
    reads("cast(a, b)", "`cast`(a, b)");
    reads("[]", "[]");
    reads("[1,,2,]", "[1, NULL, 2, NULL]");
    reads("{a: 1, 'b c': 2, `d`: {}}", "{a: 1, `b c`: 2, d: {}}");
    reads("l[1]", "l[1]");
    reads("l[-1]", "l[-1]");
    reads("l[1:2]", "l[1:2]");
    reads("l[1..2]", "l[1:2]");
    reads("l[..-2]", "l[:-2]");
    reads("l[a:]", "l[a:]");
    reads("l[:]", "l[:]");
    reads("l[a+1:b][2]", "l[(a + 1):b][2]");
    reads("all(x IN l WHERE x > 0)", "ALL(x IN l WHERE x > 0)");
    reads("single(x in l where x.a)", "SINGLE(x IN l WHERE x.a)");
    reads("[x IN l WHERE x > 0 | x * 2]", "[x IN l WHERE (x > 0) | x * 2]");
    reads("[x IN l | x | 1]", "[x IN l | x | 1]");
    reads("[x IN l WHERE x:A | x]", "[x IN l WHERE ((x:A)) | x]");
    reads("[x IN l]", "[(x IN l)]");
    reads("[x IN l, y | z]", "[(x IN l), y | z]");
    reads("[(a)-[:T]->(b) | b.x]", "[(a)-[:T]->(b) | b.x]");
    reads("[p = (a)-->(b) WHERE a.x = 1 | p]", "[p = (a)-[]->(b) WHERE (a.x = 1) | p]");
    reads("[(a)-->(b)]", "[((a)-[]->(b))]");
    reads("reduce(acc = 0, x IN l | acc + x)", "reduce(acc = 0, x IN l | acc + x)");
    reads("n {.a, .*, b, k: n.x + 1}", "n {.a, .*, b, k: n.x + 1}");
    reads("exists { match (a) where a.x = 1 }", "EXISTS { MATCH (a) WHERE a.x = 1 }");
    reads("exists { (a)-->(b) where b.y }", "EXISTS { MATCH (a)-[]->(b) WHERE b.y }");
    reads("count { match (a)-->() return a.x }", "COUNT { MATCH (a)-[]->() RETURN a.x }");
    reads("collect { match (a) return a.x order by a.x }", "COLLECT { MATCH (a) RETURN a.x ORDER BY a.x }");
    reads("exists(n.x)", "`exists`(n.x)");
    reads("exists((a)-->(b))", "`exists`((a)-[]->(b))");
    reads("(a)-[:T*1..3]-(b)", "(a)-[:T*1..3]-(b)");
    reads("not (a)-->(b) and c", "NOT (a)-[]->(b) AND c");
    reads("shortestPath((a)-[:T*]->(b))", "shortestPath((a)-[:T*]->(b))");
    reads("v:A AND v:A|B OR v:!C", "v:A AND v:A|B OR v:!C");
    reads("a IS :: INT64 AND b IS NOT TYPED STRING", "a IS :: INT64 AND b IS NOT :: STRING");
    reads("a IS NULL IS NOT NULL", "a IS NULL IS NOT NULL");
    reads("(n.a).b[1].c", "n.a.b[1].c");
    reads("(a + b).c", "(a + b).c");
}

static void parentheses_and_patterns_are_told_apart(void)
{
    reads("(a) - (b)", "a - b");
    reads("(a)-[1]-(b)", "a - [1] - b");
    reads("(a + 1)-[e]-(b)", "a + 1 - [e] - b");
    reads("(a) < -(b)", "a < -b");
    reads("(1)--(2)", "1 - -(2)");
    reads("(a)--(b)", "(a)-[]-(b)");
    reads("(a)-[e]-(b)", "(a)-[e]-(b)");
    reads("(a)<--(b)", "(a)<-[]-(b)");
    reads("(((a)))", "a");
    reads("((a)-->(b))", "(a)-[]->(b)");
    reads("(:A)-[]-({x: 1})", "(:A)-[]-({x: 1})");
    reads("f((a) - 1, x -> (x))", "f(a - 1, (x) -> x)");
}

static void faulty_expressions_are_refused(void)
{
    static const char *const BAD[] = {
        "1 +",
        "* 2",
        "a = NOT b",
        "- NOT a",
        "()",
        "(1",
        "1)",
        "[1",
        "[,1]",
        "{a}",
        "{a: }",
        "{: 1}",
        "{1: 2}",
        "f(",
        "f(a b)",
        "f(DISTINCT)",
        "case end",
        "case when a",
        "case when a then b",
        "cast(a)",
        "cast(a as )",
        "l[]",
        "l[1:2:3]",
        "all(x IN l)",
        "a.",
        "a.1",
        "a IS",
        "a IS NOT",
        "a IN",
        "a STARTS 'x'",
        "a b",
        "a NOT IN b",
        "x -> x",
        "exists",
        "count {",
        "n {.a",
        "n {.}",
        "[x IN l | ]",
        "reduce(a = 1, b)",
        "1..2",
        "a..b",
        "5.",
        "$",
        "a:",
        "a ?? b",
        "a = = b",
        "a <> <> b",
        "{}}",
        "COUNT { CREATE (a) }",
        "EXISTS { MATCH (a) SET a.x = 1 }",
        "COLLECT { MATCH (a) }",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        accepts(BAD[i], false, false);
    }
}

static void strict_mode_refuses_the_extensions(void)
{
    static const char *const EXTENSIONS[] = {
        "+1",
        "a || b",
        "a != b",
        "a < b < c",
        "[x IN l | x]",
        "[(a)-->(b) | b]",
        "reduce(a = 0, x IN l | a)",
        "n {.a}",
        "{}",
        "v:A",
        "a IS :: INT64",
        "exists(n.a)",
        "EXISTS { (a)-->(b) }",
        "COLLECT { MATCH (a) RETURN a }",
        "0x1F",
        "shortestPath((a)-[:T*]->(b))",
        "date.truncate(a)",
        "n.order",
    };
    for (size_t i = 0; i < sizeof EXTENSIONS / sizeof EXTENSIONS[0]; i++) {
        accepts(EXTENSIONS[i], false, true);
        accepts(EXTENSIONS[i], true, false);
    }
    static const char *const KUZU[] = {"a + b",
                                       "[x IN l]",
                                       "l[1:2]",
                                       "(a)-[:T]->(b)",
                                       "EXISTS { MATCH (a) }",
                                       "COUNT { MATCH (a) }",
                                       "all(x IN l WHERE x)",
                                       "{a: 1}",
                                       "5!",
                                       "list_transform(l, x -> x)",
                                       "a.*"};
    for (size_t i = 0; i < sizeof KUZU / sizeof KUZU[0]; i++) {
        accepts(KUZU[i], true, true);
    }
}

static void spans_cover_the_source(void)
{
    static const char TEXT[] = "MATCH (n) RETURN  count { MATCH (n)-->(m) } , CASE WHEN ( n.a ) THEN l [ 1 ] END";
    parser_fixture f;
    parser_fixture_parse(&f, TEXT, strlen(TEXT), NULL);
    const rz_ast_clause *last = f.script->statements[0]->query->arms[0]->clauses[1];
    rz_ast_text text = rz_ast_expr_text(f.script, last->body.items[0].expr);
    CHECK_EQ_U64(text.length, 25);
    CHECK(memcmp(text.data, "count { MATCH (n)-->(m) }", 25) == 0);
    const rz_ast_expr *choice = last->body.items[1].expr;
    text = rz_ast_expr_text(f.script, choice);
    CHECK(memcmp(text.data, "CASE WHEN ( n.a ) THEN l [ 1 ] END", text.length) == 0);
    CHECK_EQ_U64(text.length, 34);
    text = rz_ast_expr_text(f.script, choice->children[0]);
    CHECK_EQ_U64(text.length, 7);
    CHECK(memcmp(text.data, "( n.a )", 7) == 0);
    text = rz_ast_expr_text(f.script, choice->children[1]);
    CHECK_EQ_U64(text.length, 7);
    CHECK(memcmp(text.data, "l [ 1 ]", 7) == 0);
    CHECK_EQ_U64(last->position, 10);
    CHECK_EQ_U64(last->length, strlen(TEXT) - 10);
    parser_fixture_free(&f);
}

static void heights_count_through_patterns_and_subqueries(void)
{
    static const char TEXT[] = "RETURN exists { MATCH (a {x: 1 + (2 * 3)}) } , 1";
    parser_fixture f;
    parser_fixture_parse(&f, TEXT, strlen(TEXT), NULL);
    const rz_ast_single_query *arm = f.script->statements[0]->query->arms[0];
    /* subquery > struct of the map > + > * > 2 */
    CHECK_EQ_U64(arm->clauses[0]->body.items[0].expr->height, 5);
    CHECK_EQ_U64(arm->clauses[0]->body.items[1].expr->height, 1);
    parser_fixture_free(&f);
}

int main(void)
{
    RUN(precedence_is_that_of_the_dialect);
    RUN(predicates_are_looser_than_arithmetic);
    RUN(long_chains_are_one_node);
    RUN(comparisons_chain);
    RUN(number_literals_are_typed);
    RUN(string_escapes_are_decoded);
    RUN(every_construct_has_a_canonical_text);
    RUN(parentheses_and_patterns_are_told_apart);
    RUN(faulty_expressions_are_refused);
    RUN(strict_mode_refuses_the_extensions);
    RUN(spans_cover_the_source);
    RUN(heights_count_through_patterns_and_subqueries);
    return CHECK_DONE();
}
