/* SPDX-License-Identifier: MIT */
/*
 * Tests of clauses, patterns and statements: each form of dialect §2–§7 and §17, with its canonical text, and what is
 * refused.
 */
#include "parser_fixture.h"

typedef struct form {
    const char *text;
    const char *want; /* NULL: the text itself, with a semicolon */
} form;

static void check_forms(const form *forms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char want[600];
        snprintf(want, sizeof want, "%s;", forms[i].text);
        parser_check(forms[i].text, forms[i].want == NULL ? want : forms[i].want);
    }
}

#define CHECK_FORMS(forms) check_forms(forms, sizeof(forms) / sizeof((forms)[0]))

static void check_refused(const char *const *texts, size_t count, bool strict)
{
    for (size_t i = 0; i < count; i++) {
        parser_check_accepts(texts[i], strict, false);
    }
}

#define CHECK_REFUSED(texts, strict) check_refused(texts, sizeof(texts) / sizeof((texts)[0]), strict)

static void patterns_have_every_form(void)
{
    static const form FORMS[] = {
        {"MATCH () RETURN 1", NULL},
        {"MATCH (a:A {x: 1, y: $p} WHERE a.z > 2) RETURN a", NULL},
        {"MATCH (a:A:B), (b:A|B|:C) RETURN a", "MATCH (a:A:B), (b:A|B|C) RETURN a;"},
        {"MATCH (a:!A), (b:(A|B)&C), (c:%), (d:!(A&B)) RETURN a", NULL},
        {"MATCH (a $m)-[e:T $m]->() RETURN a", NULL},
        {"MATCH p = (a)-[e:T]->(b)<-[f]-(c)-[]-(d) RETURN p", NULL},
        {"MATCH (a)-->(b)<--(c)--(d)<-->(e) RETURN a", "MATCH (a)-[]->(b)<-[]-(c)-[]-(d)-[]-(e) RETURN a;"},
        {"MATCH (a)-[e:T|:U|V {x: 1} WHERE e.y]->(b) RETURN a", "MATCH (a)-[e:T|U|V {x: 1} WHERE e.y]->(b) RETURN a;"},
        {"MATCH (a)-[*]->(b)-[:T*2]->(c)-[e*..3]->(d)-[e*2..]->(f)-[*..]->(g)-[e*1..5]->(h) RETURN a",
         "MATCH (a)-[*]->(b)-[:T*2..2]->(c)-[e*..3]->(d)-[e*2..]->(f)-[*]->(g)-[e*1..5]->(h) RETURN a;"},
        {"MATCH (a)-[e* TRAIL 1..3]->(b)-[* acyclic ]-(c)-[* SHORTEST]-(d)-[* ALL SHORTEST 1..4]-(e) RETURN a",
         "MATCH (a)-[e*TRAIL 1..3]->(b)-[*ACYCLIC ]-(c)-[*SHORTEST ]-(d)-[*ALL SHORTEST 1..4]-(e) RETURN a;"},
        {"MATCH (a)-[e*WSHORTEST(w)]->(b)-[*ALL WSHORTEST(`a b`) 1..3]-(c) RETURN a",
         "MATCH (a)-[e*WSHORTEST(w) ]->(b)-[*ALL WSHORTEST(`a b`) 1..3]-(c) RETURN a;"},
        {"MATCH (a)-[e*1..2 (r, n | WHERE r.x > 1 AND n.y)]->(b) RETURN a",
         "MATCH (a)-[e*1..2 (r, n | WHERE (r.x > 1 AND n.y))]->(b) RETURN a;"},
        {"MATCH (a)-[e*1..2 (r, n | WHERE true | {r.x, r.y AS z}, {})]->(b) RETURN a",
         "MATCH (a)-[e*1..2 (r, n | WHERE TRUE | {r.x, r.y AS z}, {})]->(b) RETURN a;"},
        {"MATCH (a)-[e*(r, _ | {*}, {_.x})]->(b) RETURN a", "MATCH (a)-[e* (r, _ | {r.*}, {_.x})]->(b) RETURN a;"},
        {"MATCH (a)-[e*1..2 (r, n)]->(b) RETURN a", NULL},
        {"MATCH (a)-[e:T*1..2 {x: 1}]->(b) RETURN a", NULL},
        {"MATCH (a)-[:T]->{1,3}(b)-->+(c)<--*(d)-[]-{2}(e)-[]->{,4}(f)-[]->{2,}(g) RETURN a",
         "MATCH (a)-[:T]->{1,3}(b)-[]->{1,}(c)<-[]-{,}(d)-[]-{2,2}(e)-[]->{,4}(f)-[]->{2,}(g) RETURN a;"},
        {"MATCH (x)((a)-[:T]->(b) WHERE a.y){1,3}(z) RETURN x", NULL},
        {"MATCH ((a)-[]->(b)){1,2}((c)-[]->(d))+ RETURN a", "MATCH ((a)-[]->(b)){1,2}((c)-[]->(d)){1,} RETURN a;"},
        {"MATCH (p = (a)-[]->(b)) RETURN a", NULL},
        {"MATCH p = shortestPath((a)-[:T*]->(b)), allShortestPaths((a)-[*]-(b)) RETURN p", NULL},
        {"MATCH p = ANY SHORTEST (a)-[:T*]->(b), ALL SHORTEST (a)-[*]-(b) RETURN p", NULL},
        {"MATCH (a)-[e]->(b) WHERE a.x HINT (a JOIN e) JOIN b RETURN a",
         "MATCH (a)-[e]->(b) WHERE a.x HINT a JOIN e JOIN b RETURN a;"},
        {"MATCH (a)-[e]->(b) HINT a JOIN (e JOIN b) RETURN a", NULL},
        {"MATCH (a) HINT (a JOIN e1 MULTI_JOIN e2 MULTI_JOIN e3) JOIN c RETURN a",
         "MATCH (a) HINT a JOIN e1 MULTI_JOIN e2 MULTI_JOIN e3 JOIN c RETURN a;"},
        {"MATCH (a) HINT a MULTI_JOIN b c RETURN a", "MATCH (a) HINT a MULTI_JOIN b MULTI_JOIN c RETURN a;"},
    };
    static const char *const BAD[] = {
        "MATCH a RETURN a",
        "MATCH (a RETURN a",
        "MATCH (a)-[e]>(b) RETURN a",
        "MATCH (a)-[e->(b) RETURN a",
        "MATCH (a)-(b) RETURN a",
        "MATCH (a)->(b) RETURN a",
        "MATCH (a)-[]- RETURN a",
        "MATCH (a) (b) RETURN a",
        "MATCH (a:) RETURN a",
        "MATCH (a:A|) RETURN a",
        "MATCH (a {x}) RETURN a",
        "MATCH (a)-[*-2]->(b) RETURN a",
        "MATCH (a)-[:T..]->(b) RETURN a",
        "MATCH (a)-[*ALL]->(b) RETURN a",
        "MATCH (a)-[*WSHORTEST]->(b) RETURN a",
        "MATCH (a)-[*1..99999999999999999999]->(b) RETURN a",
        "MATCH (a)-[*(r)]->(b) RETURN a",
        "MATCH (a)-[]->{}(b) RETURN a",
        "MATCH (a)-[*]->{1,2}(b) RETURN a",
        "MATCH (a), RETURN a",
        "MATCH p = q = (a) RETURN a",
        "MATCH shortestPath((a)-[*]->(b) RETURN a",
        "MATCH (a) HINT RETURN a",
        "MATCH (a) HINT (a JOIN b RETURN a",
        "MATCH",
    };
    static const char *const EXTENSIONS[] = {
        "MATCH (a WHERE a.x) RETURN a",
        "MATCH (a $p) RETURN a",
        "MATCH (a:!A) RETURN a",
        "MATCH (a:A&B) RETURN a",
        "MATCH (a:%) RETURN a",
        "MATCH ((a)-->(b)){1,2} RETURN a",
        "MATCH (a)-->+(b) RETURN a",
        "MATCH ANY SHORTEST (a)-[*]->(b) RETURN a",
        "MATCH shortestPath((a)-[*]->(b)) RETURN a",
    };
    CHECK_FORMS(FORMS);
    CHECK_REFUSED(BAD, false);
    CHECK_REFUSED(EXTENSIONS, true);
}

static void clauses_have_every_form(void)
{
    static const form FORMS[] = {
        {"return distinct a as b, c.* order by a desc, b ascending, c nulls first skip 1 limit $n",
         "RETURN DISTINCT a AS b, c.* ORDER BY a DESC, b, c NULLS FIRST SKIP 1 LIMIT $n;"},
        {"RETURN *, a ORDER BY a DESC NULLS LAST", NULL},
        {"RETURN 1 OFFSET 2", "RETURN 1 SKIP 2;"},
        {"WITH * MATCH (a) WITH DISTINCT a, 1 AS x ORDER BY x LIMIT 2 WHERE x > 1 RETURN *", NULL},
        {"OPTIONAL MATCH (a) OPTIONAL MATCH (b) RETURN a", NULL},
        {"UNWIND [1, 2] AS x RETURN x", NULL},
        {"CALL show_tables() WHERE id > 1 YIELD id AS i, name RETURN i",
         "CALL show_tables() YIELD id AS i, name WHERE id > 1 RETURN i;"},
        {"CALL show_tables() YIELD `database name` AS d WHERE d = 'x'", NULL},
        {"CALL show_tables() YIELD * RETURN 1", NULL},
        {"CALL show_tables()", NULL},
        {"CALL show_tables() RETURN *", NULL},
        {"CALL { RETURN 1 AS x UNION ALL RETURN 2 AS x } RETURN x", NULL},
        {"CALL (a, b) { CREATE (:A {x: a}) }", NULL},
        {"CALL (*) { RETURN 1 AS x } CALL () { RETURN 2 AS y } RETURN x", NULL},
        {"LOAD FROM 'a.csv' RETURN *", "LOAD FROM ['a.csv'] RETURN *;"},
        {"LOAD WITH HEADERS (a INT64, b STRUCT(x INT64)[]) FROM ['a', \"b\"] (header = true, delim '|', parallel) WHERE a > 1 RETURN a",
         "LOAD WITH HEADERS (a INT64, b STRUCT(x INT64)[]) FROM ['a', 'b'] (header = TRUE, delim = '|', parallel) WHERE a > 1 RETURN a;"},
        {"LOAD FROM glob('*.csv') RETURN *", "LOAD FROM ['*.csv'] RETURN *;"},
        {"LOAD FROM $df RETURN *", NULL},
        {"LOAD FROM df (header = TRUE) RETURN *", NULL},
        {"LOAD FROM db.t RETURN *", NULL},
        {"LOAD FROM read_csv('x', a := 1) RETURN *", NULL},
        {"CREATE (a:A {x: 1})-[:T]->(:B), (c)", "CREATE (a:A {x: 1})-[:T]->(:B), (c);"},
        {"CREATE p = (a)-[:T]->(b) RETURN p", NULL},
        {"MERGE (a:A {x: 1}) ON MATCH SET a.y = 1, a.z = 2 ON CREATE SET a.y = 0 ON MATCH SET a.w = 3 RETURN a",
         "MERGE (a:A {x: 1}) ON MATCH SET a.y = 1, a.z = 2, a.w = 3 ON CREATE SET a.y = 0 RETURN a;"},
        {"MATCH (a) SET a.x = 1, a = {y: 2}, a += $m, (a).z = 3, a:B",
         "MATCH (a) SET a.x = 1, a = {y: 2}, a += $m, a.z = 3, a:B;"},
        {"MATCH (a) REMOVE a.x, a:B", NULL},
        {"MATCH (a)-[e]-() DELETE a, e", "MATCH (a)-[e]-() DELETE a, e;"},
        {"MATCH (a) DETACH DELETE a RETURN a", NULL},
        {"MATCH (a) FOREACH (x IN [1, 2] | SET a.x = x CREATE (:B {y: x}) FOREACH (y IN l | DELETE y))", NULL},
        {"MATCH (a) FINISH", NULL},
        {"MATCH (a) SET a.x = 1 WITH a MATCH (b) CREATE (a)-[:T]->(b) WITH b RETURN b", NULL},
        {"RETURN 1 UNION RETURN 2 UNION ALL RETURN 3", NULL},
        {"DETACH DELETE a", NULL},
    };
    static const char *const BAD[] = {
        "RETURN",
        "RETURN 1 AS",
        "RETURN a, ",
        "WITH 1 AS x",
        "MATCH (a) WITH a",
        "UNWIND l RETURN x",
        "UNWIND l AS",
        "CALL f",
        "CALL f( RETURN 1",
        "CALL f() YIELD",
        "LOAD FROM RETURN *",
        "LOAD WITH (a INT64) FROM 'x' RETURN *",
        "CREATE",
        "MERGE (a) ON SET a.x = 1",
        "MATCH (a) SET a",
        "MATCH (a) SET a.x",
        "MATCH (a) SET a.x == 1",
        "MATCH (a) REMOVE a",
        "MATCH (a) REMOVE a.x = 1",
        "MATCH (a) DELETE",
        "FOREACH (x IN l | MATCH (a))",
        "FOREACH (x IN l |)",
        "FOREACH x IN l | SET a.x = 1",
        "MATCH (a) CREATE (b) MATCH (c) RETURN a",
        "RETURN 1 UNION",
        "UNION RETURN 1",
        "RETURN 1 ORDER a",
        "RETURN 1 LIMIT",
        "RETURN 1 LIMIT 1 SKIP 1",
        "RETURN 1 NULLS FIRST",
        "RETURN a ORDER BY a NULLS",
        "CALL { RETURN 1",
        "CALL { }",
        "OPTIONAL RETURN 1",
        "RETURN 1 RETURN 2",
        "FINISH RETURN 1",
    };
    static const char *const EXTENSIONS[] = {
        "MATCH (a) REMOVE a.x",
        "MATCH (a) FOREACH (x IN l | SET a.x = x)",
        "MATCH (a) FINISH",
        "RETURN 1 OFFSET 1",
        "RETURN a ORDER BY a NULLS FIRST",
        "CALL { RETURN 1 AS x } RETURN x",
        "CALL f() YIELD a",
        "MATCH (a) SET a += $m",
        "MATCH (a) SET a:B",
    };
    CHECK_FORMS(FORMS);
    CHECK_REFUSED(BAD, false);
    CHECK_REFUSED(EXTENSIONS, true);
    parser_check_accepts("CALL f()", true, true);
}

static void tables_are_defined(void)
{
    static const form FORMS[] = {
        {"CREATE NODE TABLE P (id INT64, name STRING DEFAULT 'x', PRIMARY KEY (id))", NULL},
        {"create node table if not exists P(id SERIAL PRIMARY KEY, v FLOAT[3], s STRUCT(a INT64, b MAP(STRING, INT64[])))",
         "CREATE NODE TABLE IF NOT EXISTS P (id SERIAL, v FLOAT[3], s STRUCT(a INT64, b MAP(STRING, INT64[])), PRIMARY KEY (id));"},
        {"CREATE NODE TABLE P (a INT64 PRIMARY KEY, PRIMARY KEY (A))",
         "CREATE NODE TABLE P (a INT64, PRIMARY KEY (A));"},
        {"CREATE NODE TABLE P (a INT64, b INT64, PRIMARY KEY (a, b))", NULL},
        {"CREATE NODE TABLE P (a INT64 DEFAULT 1 + 2 PRIMARY KEY, b STRING UNIQUE NOT NULL)",
         "CREATE NODE TABLE P (a INT64 DEFAULT 1 + 2, b STRING UNIQUE NOT NULL, PRIMARY KEY (a));"},
        {"CREATE NODE TABLE P AS MATCH (a) RETURN a.x AS x", NULL},
        {"CREATE NODE TABLE `P Q` (`a b` DECIMAL(5, 2), u UNION(x INT64, y STRING), PRIMARY KEY (`a b`))", NULL},
        {"CREATE REL TABLE K (FROM P TO Q)", NULL},
        {"CREATE REL TABLE GROUP IF NOT EXISTS K (FROM P TO Q, FROM P TO P, w DOUBLE DEFAULT 0.5, MANY_ONE) WITH (storage_direction = 'fwd')",
         NULL},
        {"CREATE REL TABLE K (FROM P TO Q, `from` INT64, MANY_MANY)", NULL},
        {"CREATE REL TABLE K (FROM P TO Q, from INT64)", "CREATE REL TABLE K (FROM P TO Q, `from` INT64);"},
        {"CREATE REL TABLE K (FROM P TO Q) AS MATCH (a) RETURN a.x, a.y", NULL},
        {"ALTER TABLE P ADD c INT64 DEFAULT 5", NULL},
        {"ALTER TABLE P ADD IF NOT EXISTS c INT64", NULL},
        {"ALTER TABLE P DROP c", NULL},
        {"ALTER TABLE P DROP IF EXISTS c", NULL},
        {"ALTER TABLE P RENAME TO Q", NULL},
        {"ALTER TABLE P RENAME a TO b", NULL},
        {"ALTER TABLE P RENAME to TO b", "ALTER TABLE P RENAME `to` TO b;"},
        {"ALTER TABLE K ADD FROM P TO Q", NULL},
        {"ALTER TABLE K ADD IF NOT EXISTS FROM P TO Q", NULL},
        {"ALTER TABLE K DROP IF EXISTS FROM P TO Q", NULL},
        {"ALTER TABLE P ALTER c TYPE INT32[]", NULL},
        {"ALTER TABLE P ALTER c SET DEFAULT 1 + 1", NULL},
        {"ALTER TABLE P ALTER c DROP DEFAULT", NULL},
        {"ALTER TABLE P ALTER c SET NOT NULL", NULL},
        {"ALTER TABLE P ALTER c DROP NOT NULL", NULL},
        {"COMMENT ON TABLE P IS 'it\\'s'", NULL},
        {"DROP TABLE P", NULL},
        {"DROP TABLE IF EXISTS P", NULL},
        {"DROP SEQUENCE IF EXISTS s", NULL},
        {"DROP MACRO m", NULL},
        {"DROP TYPE t", NULL},
        {"DROP INDEX i IF EXISTS", "DROP INDEX IF EXISTS i;"},
        {"DROP CONSTRAINT c", NULL},
    };
    static const char *const BAD[] = {
        "CREATE NODE TABLE P",
        "CREATE NODE TABLE P ()",
        "CREATE NODE TABLE P (a)",
        "CREATE NODE TABLE P (a INT64 PRIMARY)",
        "CREATE NODE TABLE P (a INT64, PRIMARY KEY a)",
        "CREATE NODE TABLE P (a INT64[, PRIMARY KEY (a))",
        "CREATE NODE TABLE P (a INT64) AS RETURN 1",
        "CREATE NODE TABLE where (a INT64, PRIMARY KEY (a))",
        "CREATE REL TABLE K ()",
        "CREATE REL TABLE K (a INT64)",
        "CREATE REL TABLE K (FROM P)",
        "CREATE REL TABLE K (FROM P TO Q, a INT64, FROM Q TO P)",
        "CREATE REL TABLE K (FROM P TO Q, a INT64 PRIMARY KEY)",
        "CREATE REL TABLE K (FROM P TO Q, MANY_ONE, a INT64)",
        "ALTER TABLE P",
        "ALTER TABLE P ADD c",
        "ALTER TABLE P RENAME a",
        "ALTER TABLE P ADD c INT64 PRIMARY KEY",
        "DROP P",
        "DROP TABLE",
        "DROP TABLE IF NOT EXISTS P",
        "COMMENT ON P IS 'x'",
        "COMMENT ON TABLE P IS x",
    };
    static const char *const EXTENSIONS[] = {
        "CREATE NODE TABLE P (a INT64, b INT64, PRIMARY KEY (a, b))",
        "CREATE NODE TABLE P (a INT64 PRIMARY KEY, b STRING UNIQUE)",
        "CREATE NODE TABLE P (a INT64 PRIMARY KEY, b STRING NOT NULL)",
        "ALTER TABLE P ALTER c TYPE INT32",
        "DROP TYPE t",
        "DROP INDEX i",
        "CREATE INDEX i FOR (v:P) ON (v.a)",
        "CREATE CONSTRAINT c FOR (v:P) REQUIRE v.a IS UNIQUE",
    };
    CHECK_FORMS(FORMS);
    CHECK_REFUSED(BAD, false);
    CHECK_REFUSED(EXTENSIONS, true);
    parser_check_error("CREATE NODE TABLE P (a INT64)", false, RUZU_ERROR_PARSER,
                       "Parser exception: Can not find primary key.");
    parser_check_error("CREATE NODE TABLE P (a INT64 PRIMARY KEY, b INT64 PRIMARY KEY)", false, RUZU_ERROR_PARSER,
                       "Parser exception: Found multiple primary keys.");
    parser_check_error("CREATE NODE TABLE P (a INT64 PRIMARY KEY, b INT64, PRIMARY KEY (b))", false, RUZU_ERROR_PARSER,
                       "Parser exception: Found multiple primary keys.");
    parser_check_error("CREATE NODE TABLE P (a INT64, PRIMARY KEY (a), PRIMARY KEY (a))", false, RUZU_ERROR_PARSER,
                       "Parser exception: Found multiple primary keys.");
}

static void other_objects_are_defined(void)
{
    static const form FORMS[] = {
        {"CREATE SEQUENCE s", NULL},
        {"CREATE SEQUENCE IF NOT EXISTS s START 5 INCREMENT -2 MINVALUE -10 NO MAXVALUE CYCLE",
         "CREATE SEQUENCE IF NOT EXISTS s INCREMENT BY -2 MINVALUE -10 NO MAXVALUE START WITH 5 CYCLE;"},
        {"CREATE SEQUENCE s INCREMENT BY 1 NO MINVALUE MAXVALUE 9223372036854775808 START WITH 1 NO CYCLE", NULL},
        {"CREATE TYPE t AS STRUCT(a INT64, b STRING)", NULL},
        {"CREATE MACRO m() AS 1", NULL},
        {"CREATE MACRO m(a, b := -3, c := 'x') AS CASE WHEN a > b THEN c END", NULL},
        {"CREATE INDEX i IF NOT EXISTS FOR (n:P) ON (n.a, n.b)",
         "CREATE INDEX i IF NOT EXISTS FOR (v:P) ON (v.a, v.b);"},
        {"CREATE UNIQUE INDEX FOR ()-[e:K]-() ON (e.w)", "CREATE UNIQUE INDEX FOR ()-[v:K]-() ON (v.w);"},
        {"CREATE INDEX FOR ()-[e:K]->() ON (e.w)", "CREATE INDEX FOR ()-[v:K]-() ON (v.w);"},
        {"CREATE INDEX for FOR (v:P) ON (v.a)", "CREATE INDEX `for` FOR (v:P) ON (v.a);"},
        {"CREATE CONSTRAINT c FOR (n:P) REQUIRE n.a IS UNIQUE",
         "CREATE CONSTRAINT c FOR (v:P) REQUIRE (v.a) IS UNIQUE;"},
        {"CREATE CONSTRAINT IF NOT EXISTS FOR (n:P) REQUIRE (n.a, n.b) IS NOT NULL",
         "CREATE CONSTRAINT IF NOT EXISTS FOR (v:P) REQUIRE (v.a, v.b) IS NOT NULL;"},
        {"CREATE USER IF NOT EXISTS u WITH PASSWORD 'p'", NULL},
        {"CREATE ROLE r", NULL},
        {"CREATE sequence = (a)-[:T]->(b)", "CREATE `sequence` = (a)-[:T]->(b);"},
    };
    static const char *const BAD[] = {
        "CREATE SEQUENCE",
        "CREATE SEQUENCE s INCREMENT x",
        "CREATE SEQUENCE s NO START",
        "CREATE SEQUENCE s START 1.5",
        "CREATE TYPE t",
        "CREATE TYPE t AS",
        "CREATE MACRO m AS 1",
        "CREATE MACRO m(a := 1, b) AS 1",
        "CREATE MACRO m(a := b) AS 1",
        "CREATE MACRO m(a) AS",
        "CREATE INDEX i ON P (a)",
        "CREATE INDEX i FOR (n:P) ON (m.a)",
        "CREATE INDEX i FOR (n:P) ON (n)",
        "CREATE CONSTRAINT c FOR (n:P) REQUIRE n.a IS NULL",
        "CREATE CONSTRAINT c FOR (n) REQUIRE n.a IS UNIQUE",
        "CREATE USER",
        "CREATE ROLE r WITH PASSWORD 'x'",
    };
    CHECK_FORMS(FORMS);
    CHECK_REFUSED(BAD, false);
}

static void data_is_moved(void)
{
    static const form FORMS[] = {
        {"COPY P FROM 'a.csv'", "COPY P FROM ['a.csv'];"},
        {"COPY P (a, b) FROM ['x.csv', 'y.csv'] (HEADER=true, DELIM='|', NULL_STRINGS=['', 'na'], ignore_errors)",
         "COPY P (a, b) FROM ['x.csv', 'y.csv'] (HEADER = TRUE, DELIM = '|', NULL_STRINGS = ['', 'na'], ignore_errors);"},
        {"COPY P () FROM ['a']", NULL},
        {"COPY P FROM ('c0.npy', 'c1.npy') BY COLUMN", NULL},
        {"COPY P FROM (MATCH (a) RETURN a.x) (ignore_errors = TRUE)", NULL},
        {"COPY P FROM $df", NULL},
        {"COPY P FROM df", NULL},
        {"COPY P FROM db.t", NULL},
        {"COPY P FROM scan('x')", NULL},
        {"COPY K FROM 'k.csv' (from='A', to='B')", "COPY K FROM ['k.csv'] (`from` = 'A', `to` = 'B');"},
        {"COPY (MATCH (a) RETURN a.x) TO 'f.csv' (header = TRUE)", NULL},
        {"EXPORT DATABASE 'd'", NULL},
        {"EXPORT DATABASE 'd' (format='csv', header true)", "EXPORT DATABASE 'd' (format = 'csv', header = TRUE);"},
        {"IMPORT DATABASE 'd'", NULL},
        {"BACKUP DATABASE TO 'f'", NULL},
        {"ATTACH 'p.db' AS x (dbtype kuzu, skip_invalid = TRUE, cache)",
         "ATTACH 'p.db' AS x (DBTYPE kuzu, skip_invalid = TRUE, cache);"},
        {"ATTACH 'p.db' (DBTYPE 'sqlite')", "ATTACH 'p.db' (DBTYPE sqlite);"},
        {"DETACH x", NULL},
        {"USE x", NULL},
    };
    static const char *const BAD[] = {
        "COPY P",
        "COPY P FROM",
        "COPY P FROM 'a' HEADER",
        "COPY P FROM 'a' (HEADER=)",
        "COPY P FROM 'a' ()",
        "COPY P FROM []",
        "COPY P FROM ['a', b]",
        "COPY P FROM ('a')",
        "COPY (MATCH (a)) TO 'f'",
        "COPY (RETURN 1) TO f",
        "COPY P TO 'f'",
        "EXPORT 'd'",
        "IMPORT DATABASE d",
        "ATTACH 'p'",
        "ATTACH 'p' (kuzu)",
        "ATTACH 'p' (DBTYPE '')",
        "USE",
        "DETACH",
        "BACKUP TO 'f'",
    };
    CHECK_FORMS(FORMS);
    CHECK_REFUSED(BAD, false);
}

static void remaining_statements_are_read(void)
{
    static const form FORMS[] = {
        {"CALL threads=4", "CALL threads = 4;"},
        {"CALL `home directory` = 'x' + 'y'", NULL},
        {"BEGIN TRANSACTION", NULL},
        {"BEGIN", "BEGIN TRANSACTION;"},
        {"BEGIN TRANSACTION READ ONLY", NULL},
        {"BEGIN TRANSACTION READ WRITE", "BEGIN TRANSACTION;"},
        {"COMMIT", NULL},
        {"ROLLBACK", NULL},
        {"CHECKPOINT", NULL},
        {"INSTALL `json`", "INSTALL json;"},
        {"FORCE INSTALL json FROM 'http://x'", NULL},
        {"LOAD json", "LOAD EXTENSION json;"},
        {"LOAD EXTENSION json", NULL},
        {"LOAD EXTENSION 'lib.so'", NULL},
        {"UNINSTALL json", NULL},
        {"UPDATE json", NULL},
        {"EXPLAIN MATCH (a) RETURN a", NULL},
        {"EXPLAIN LOGICAL MATCH (a) RETURN a", NULL},
        {"PROFILE CALL f()", NULL},
        {"EXPLAIN CREATE NODE TABLE P (a INT64, PRIMARY KEY (a))", NULL},
        {"VACUUM", NULL},
        {"ANALYZE", NULL},
        {"ANALYZE P", NULL},
    };
    static const char *const BAD[] = {
        "BEGIN READ", "COMMIT 1", "INSTALL", "FORCE json", "LOAD", "EXPLAIN", "PROFILE EXPLAIN RETURN 1",
        "VACUUM P",   "HELLO",    "CALL",    "CALL a =",   "1"};
    CHECK_FORMS(FORMS);
    CHECK_REFUSED(BAD, false);
    static const char *const EXTENSIONS[] = {"VACUUM", "ANALYZE", "BACKUP DATABASE TO 'f'", "BEGIN"};
    CHECK_REFUSED(EXTENSIONS, true);
}

static void scripts_are_split_into_statements(void)
{
    static const char TEXT[] = ";; RETURN 1 ; /* ; */ RETURN ';' ;\nCOMMIT // end ;\n";
    parser_fixture f;
    parser_fixture_parse(&f, TEXT, strlen(TEXT), NULL);
    CHECK_EQ_I64(f.status, RUZU_OK);
    CHECK_EQ_U64(f.script->statement_count, 3);
    CHECK_EQ_U64(f.script->statements[0]->position, 3);
    CHECK_EQ_U64(f.script->statements[0]->length, 8);
    CHECK_EQ_U64(f.script->statements[1]->position, 22);
    CHECK_EQ_U64(f.script->statements[1]->length, 10);
    CHECK_EQ_I64(f.script->statements[2]->kind, RZ_AST_STATEMENT_COMMIT);
    CHECK_STR(f.script->text, TEXT);
    parser_fixture_free(&f);
    parser_check("", "");
    parser_check(" // nothing", "");
    parser_check("RETURN 1; RETURN 2", "RETURN 1;\nRETURN 2;");
}

static void a_lone_call_is_a_statement_of_its_own(void)
{
    static const struct {
        const char *text;
        rz_ast_statement_kind kind;
    } CASES[] = {
        {"CALL f(1)", RZ_AST_STATEMENT_CALL},
        {"CALL f(1) RETURN *", RZ_AST_STATEMENT_QUERY},
        {"CALL f(1) YIELD a", RZ_AST_STATEMENT_QUERY},
        {"CALL f(1) WHERE a", RZ_AST_STATEMENT_QUERY},
        {"CALL f(1) CALL g(2)", RZ_AST_STATEMENT_QUERY},
        {"CALL f(1) UNION CALL f(2)", RZ_AST_STATEMENT_QUERY},
        {"CALL a = 1", RZ_AST_STATEMENT_SET_OPTION},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        parser_fixture f;
        parser_fixture_parse(&f, CASES[i].text, strlen(CASES[i].text), NULL);
        CHECK_EQ_I64(f.status, RUZU_OK);
        CHECK_EQ_I64(f.script->statements[0]->kind, CASES[i].kind);
        parser_fixture_free(&f);
    }
}

int main(void)
{
    RUN(patterns_have_every_form);
    RUN(clauses_have_every_form);
    RUN(tables_are_defined);
    RUN(other_objects_are_defined);
    RUN(data_is_moved);
    RUN(remaining_statements_are_read);
    RUN(scripts_are_split_into_statements);
    RUN(a_lone_call_is_a_statement_of_its_own);
    return CHECK_DONE();
}
