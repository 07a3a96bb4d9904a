/* SPDX-License-Identifier: MIT */
/*
 * Plans of clauses: projections, subqueries, OPTIONAL MATCH, UNION, writes; where weights may go; and what every
 * finished plan keeps.
 */
#include "planner_fixture.h"

static planner_fixture f;

static void projections(void)
{
    PLAN_IS(&f, "RETURN 1 + 2 AS x",
            "RESULT +(1,2)\n"
            "  SINGLE_ROW\n");
    PLAN_IS(&f, "MATCH (a:Person) WITH a.age AS age, count(*) AS n WHERE n > 1 RETURN age, n ORDER BY n",
            "RESULT age, n\n"
            "  SORT n\n"
            "    FILTER GREATER_THAN(n,1)\n"
            "      AGGREGATE BY a.age: COUNT_STAR()\n"
            "        NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person) RETURN DISTINCT a.age ORDER BY a.age SKIP 2 LIMIT 3",
            "RESULT a.age\n"
            "  SORT a.age SKIP 2 LIMIT 3\n"
            "    AGGREGATE DISTINCT a.age\n"
            "      NODE_SCAN (a:Person)\n");
    /* Ordered by what is not returned; the rest is computed for ten rows only. */
    PLAN_IS(&f, "MATCH (a:Person) RETURN a.name, a.id + 1 AS x ORDER BY a.age LIMIT 10",
            "RESULT a.name, +(a.id,1)\n"
            "  SORT a.age LIMIT 10\n"
            "    NODE_SCAN (a:Person) bounded by SORT\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_TOP_K;
    PLAN_IS(&f, "MATCH (a:Person) RETURN a.name ORDER BY a.age LIMIT 10",
            "RESULT a.name\n"
            "  LIMIT LIMIT 10\n"
            "    SORT a.age\n"
            "      NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL;
    PLAN_IS(&f, "MATCH (a:Person) WITH a ORDER BY a.age LIMIT 10 MATCH (a)-[:Knows]->(b) RETURN b.name",
            "RESULT b.name\n"
            "  EXPAND (a)-[:Knows]->(b)\n"
            "    SORT a.age LIMIT 10\n"
            "      NODE_SCAN (a:Person) bounded by SORT\n");
    /* A projection's column used inside an expression stays one. */
    PLAN_IS(&f, "MATCH (a:Person) WITH a.age + 1 AS x RETURN x, x + 1 AS y",
            "RESULT x, +(x,1)\n"
            "  PROJECT +(a.age,1)\n"
            "    NODE_SCAN (a:Person)\n");
}

static void groups(void)
{
    /* The key is never NULL, so rows are counted; grouped by the node, whose name is read for three rows. */
    PLAN_IS(
        &f,
        "MATCH (a:Person)-[:Knows]->(p:Person) RETURN p.id AS id, p.name AS name, count(a.id) AS n ORDER BY n DESC, id LIMIT 3",
        "RESULT p.id, p.name, n\n"
        "  SORT n DESC, p.id LIMIT 3\n"
        "    AGGREGATE BY p: COUNT(a.id)\n"
        "      DEGREE (p)<-[:Knows]-() *\n"
        "        NODE_SCAN (p:Person)\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)(RZ_RULE_COUNT_ROWS | RZ_RULE_GROUP_NODES);
    PLAN_IS(
        &f,
        "MATCH (a:Person)-[:Knows]->(p:Person) RETURN p.id AS id, p.name AS name, count(a.id) AS n ORDER BY n DESC, id LIMIT 3",
        "RESULT id, name, n\n"
        "  SORT n DESC, id LIMIT 3\n"
        "    AGGREGATE BY p.id, p.name: COUNT(a.id)\n"
        "      EXPAND (a)-[:Knows]->(p)\n"
        "        NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL;
    /* May be NULL; not the key. */
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (a)-[:Knows]->(b) RETURN a.name, count(b), count(a.age)",
            "RESULT a.name, COUNT(b), COUNT(a.age)\n"
            "  AGGREGATE BY a.name: COUNT(b), COUNT(a.age)\n"
            "    APPLY OPTIONAL\n"
            "      NODE_SCAN (a:Person)\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        ARGUMENT\n");
    /* Keys of two tables may be the same. */
    PLAN_IS(&f, "MATCH (a:Person:City) RETURN a.id, a.name, count(*)",
            "RESULT a.id, a.name, COUNT_STAR()\n"
            "  AGGREGATE BY a.id, a.name: COUNT_STAR()\n"
            "    NODE_SCAN (a:Person|City)\n");
}

static void weights_stop_where_rows_count(void)
{
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) RETURN a.name LIMIT 5",
            "RESULT a.name\n"
            "  REPEAT\n"
            "    LIMIT LIMIT 5 *\n"
            "      DEGREE (a)-[:Knows]->() *\n"
            "        NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) RETURN a.name ORDER BY a.name",
            "RESULT a.name\n"
            "  SORT a.name\n"
            "    REPEAT\n"
            "      PROJECT a.name *\n"
            "        DEGREE (a)-[:Knows]->() *\n"
            "          NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) RETURN gen_random_uuid() AS u",
            "RESULT u\n"
            "  PROJECT GEN_RANDOM_UUID()\n"
            "    REPEAT\n"
            "      DEGREE (a)-[:Knows]->() *\n"
            "        NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) WITH a UNWIND [1, 2] AS i RETURN sum(i)",
            "RESULT SUM(i)\n"
            "  AGGREGATE SUM(i)\n"
            "    UNWIND LIST_CREATION(1,2) *\n"
            "      DEGREE (a)-[:Knows]->() *\n"
            "        NODE_SCAN (a:Person)\n");
}

static void optional_matches(void)
{
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (a)-[:Knows]->(b) WHERE b.age > a.age RETURN a.id, b.id",
            "RESULT a.id, b.id\n"
            "  APPLY OPTIONAL\n"
            "    NODE_SCAN (a:Person)\n"
            "    FILTER GREATER_THAN(b.age,a.age)\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (a)-[:Knows]->(b) OPTIONAL MATCH (a)-[:LivesIn]->(c) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    MESSAGE_APPLY OPTIONAL (a)-[:LivesIn]->(c) *\n"
            "      MESSAGE_APPLY OPTIONAL (a)-[:Knows]->(b) *\n"
            "        NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_OPTIONAL;
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (a)-[:Knows]->(b) OPTIONAL MATCH (a)-[:LivesIn]->(c) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    APPLY OPTIONAL *\n"
            "      APPLY OPTIONAL *\n"
            "        NODE_SCAN (a:Person)\n"
            "        DEGREE (a)-[:Knows]->() *\n"
            "          ARGUMENT\n"
            "      DEGREE (a)-[:LivesIn]->() *\n"
            "        ARGUMENT\n");
    f.rules = RZ_RULE_ALL;
    PLAN_IS(&f, "OPTIONAL MATCH (a:Person {id: 3}) RETURN a",
            "RESULT a\n"
            "  APPLY OPTIONAL\n"
            "    SINGLE_ROW\n"
            "    PROJECT 0\n"
            "      NODE_LOOKUP (a:Person) = 3\n"
            "        SINGLE_ROW\n");
    /* Nothing in common: the inner rows are built once. */
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (c:City) WHERE c.id > 5 RETURN a.id, c.id",
            "RESULT a.id, c.id\n"
            "  APPLY OPTIONAL\n"
            "    NODE_SCAN (a:Person)\n"
            "    HASH_JOIN CROSS\n"
            "      ARGUMENT\n"
            "      FILTER GREATER_THAN(c.id,5)\n"
            "        NODE_SCAN (c:City) zones id > 5\n");
    /* What may be NULL matches nothing. */
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (a)-[:Knows]->(b) MATCH (b) RETURN b.id",
            "RESULT b.id\n"
            "  FILTER IS_NOT_NULL(b)\n"
            "    APPLY OPTIONAL\n"
            "      NODE_SCAN (a:Person)\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        ARGUMENT\n");
}

static void subqueries(void)
{
    PLAN_IS(&f, "MATCH (a:Person) WHERE EXISTS { MATCH (a)-[:Knows]->(b) WHERE b.age > 3 } RETURN a.id",
            "RESULT a.id\n"
            "  APPLY SEMI\n"
            "    NODE_SCAN (a:Person)\n"
            "    FILTER GREATER_THAN(b.age,3)\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person) WHERE NOT EXISTS { MATCH (a)-[:Knows]->() } RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    MESSAGE_APPLY ANTI (a)-[:Knows]->()\n"
            "      NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_SEMI;
    PLAN_IS(&f, "MATCH (a:Person) WHERE NOT EXISTS { MATCH (a)-[:Knows]->() } RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    FILTER NOT(EXISTS { MATCH (a)-[:Knows]->() })\n"
            "      APPLY EXISTS\n"
            "        NODE_SCAN (a:Person)\n"
            "        DEGREE (a)-[:Knows]->() *\n"
            "          ARGUMENT\n");
    f.rules = RZ_RULE_ALL;
    PLAN_IS(&f,
            "MATCH (a:Person) RETURN a.id, COUNT { MATCH (a)-[:Knows]->(b) RETURN b } AS n ORDER BY n DESC LIMIT 10",
            "RESULT a.id, n\n"
            "  SORT n DESC LIMIT 10\n"
            "    PROJECT COUNT { MATCH (a)-[:Knows]->(b) RETURN b }\n"
            "      APPLY COUNT\n"
            "        NODE_SCAN (a:Person)\n"
            "        DEGREE (a)-[:Knows]->() *\n"
            "          ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person) RETURN COLLECT { MATCH (a)-[:Knows]->() RETURN a.name } AS names",
            "RESULT COLLECT { MATCH (a)-[:Knows]->() RETURN a.name }\n"
            "  APPLY COLLECT\n"
            "    NODE_SCAN (a:Person)\n"
            "    REPEAT\n"
            "      PROJECT a.name *\n"
            "        DEGREE (a)-[:Knows]->() *\n"
            "          ARGUMENT\n");
    /* Nested, and with a predicate on the outer row. */
    CHECK_EQ_I64(
        planner_plan(
            &f,
            "MATCH (a:Person) WHERE EXISTS { MATCH (a)-[:Knows]->(b) WHERE a.age > 3 AND NOT EXISTS { MATCH (b)-[:Likes]->(:Tag {name: a.name}) } } "
            "OR a.id = 7 RETURN a.id"),
        RUZU_OK);
    planner_verify(f.plan);
    PLAN_IS(&f, "MATCH (a:Person) RETURN COUNT { MATCH (a)-[:Knows]->(b) RETURN DISTINCT b } AS n",
            "RESULT COUNT { MATCH (a)-[:Knows]->(b) RETURN DISTINCT b }\n"
            "  APPLY COUNT\n"
            "    NODE_SCAN (a:Person)\n"
            "    AGGREGATE PER ROW DISTINCT b\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person) RETURN COLLECT { MATCH (a)-[:Knows]->(b) RETURN b.id ORDER BY b.id LIMIT 2 } AS n",
            "RESULT COLLECT { MATCH (a)-[:Knows]->(b) RETURN b.id ORDER BY b.id LIMIT 2 }\n"
            "  APPLY COLLECT\n"
            "    NODE_SCAN (a:Person)\n"
            "    LIMIT PER ROW LIMIT 2\n"
            "      SORT PER ROW b.id\n"
            "        PROJECT b.id\n"
            "          EXPAND (a)-[:Knows]->(b)\n"
            "            ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person) RETURN COLLECT { MATCH (a)-[:Knows]->(b) RETURN count(*) } AS n",
            "RESULT COLLECT { MATCH (a)-[:Knows]->(b) RETURN count(*) }\n"
            "  APPLY COLLECT\n"
            "    NODE_SCAN (a:Person)\n"
            "    AGGREGATE PER ROW COUNT_STAR()\n"
            "      DEGREE (a)-[:Knows]->() *\n"
            "        ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person) WHERE EXISTS { MATCH (a)-[:Knows]->(b) RETURN DISTINCT b } RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    MESSAGE_APPLY SEMI (a)-[:Knows]->(b)\n"
            "      NODE_SCAN (a:Person)\n");
}

static void unions(void)
{
    PLAN_IS(&f, "MATCH (a:Person) RETURN a.name AS n UNION MATCH (c:City) RETURN c.name AS n",
            "RESULT n\n"
            "  AGGREGATE DISTINCT n\n"
            "    UNION\n"
            "      PROJECT a.name\n"
            "        NODE_SCAN (a:Person)\n"
            "      PROJECT c.name\n"
            "        NODE_SCAN (c:City)\n");
    CHECK_EQ_I64(planner_plan(&f, "MATCH (a:Person) RETURN a UNION ALL MATCH (a:City) RETURN a"), RUZU_OK);
    const rz_plan *set_union = f.plan->children[0];
    CHECK_EQ_U64(set_union->kind, RZ_PLAN_UNION);
    CHECK_EQ_U64(set_union->types[0]->table_count, 2);       /* nodes of both tables */
    CHECK_EQ_U64(f.plan->u.result.types[0]->field_count, 5); /* _ID, _LABEL, id, name, age */
    planner_verify(f.plan);
}

static void writes(void)
{
    PLAN_IS(&f, "CREATE (:Person {id: 1, name: 'x'})",
            "RESULT\n"
            "  INSERT (:Person)\n"
            "    SINGLE_ROW\n");
    PLAN_IS(&f, "UNWIND [1, 2] AS i CREATE (p:Person {id: i}) RETURN p.id",
            "RESULT p.id\n"
            "  INSERT (p:Person)\n"
            "    UNWIND LIST_CREATION(1,2)\n"
            "      SINGLE_ROW\n");
    PLAN_IS(&f,
            "MATCH (a:Person), (b:Person) WHERE a.id = 1 AND b.id = 2 CREATE (a)-[k:Knows {since: 3}]->(b) RETURN k",
            "RESULT k\n"
            "  INSERT (a)-[k:Knows]->(b)\n"
            "    NODE_LOOKUP (b:Person) = 2\n"
            "      NODE_LOOKUP (a:Person) = 1\n"
            "        SINGLE_ROW\n");
    /* Reads what it writes: not before all is read. */
    PLAN_IS(&f, "MATCH (a:Person) CREATE (:Person {id: a.age})",
            "RESULT\n"
            "  INSERT (:Person)\n"
            "    BARRIER\n"
            "      NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) CREATE (b)-[:Knows]->(a)",
            "RESULT\n"
            "  INSERT (b)-[:Knows]->(a)\n"
            "    BARRIER\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        NODE_SCAN (a:Person)\n");
    /* A later clause sees all writes; they stand on the side that runs first. */
    PLAN_IS(&f, "MATCH (a:Person) CREATE (:City {id: a.id}) WITH a MATCH (c:City) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    HASH_JOIN CROSS\n"
            "      BARRIER\n"
            "        INSERT (:City)\n"
            "          NODE_SCAN (a:Person)\n"
            "      NODE_SCAN (c:City)\n");
    /* A limit does not cut writes off. */
    PLAN_IS(&f, "UNWIND [1, 2] AS i CREATE (p:Person {id: i}) RETURN p.id LIMIT 1",
            "RESULT p.id\n"
            "  LIMIT LIMIT 1\n"
            "    BARRIER\n"
            "      INSERT (p:Person)\n"
            "        UNWIND LIST_CREATION(1,2)\n"
            "          SINGLE_ROW\n");
    PLAN_IS(&f, "CREATE (:Person {id: 1}) WITH 1 AS x MATCH (a:Person)-[:LivesIn]->(b)-[:Knows]->(c) RETURN x",
            "RESULT x\n"
            "  HASH_JOIN CROSS\n"
            "    BARRIER\n"
            "      PROJECT 1\n"
            "        INSERT (:Person)\n"
            "          SINGLE_ROW\n"
            "    EMPTY\n");
}

static void changes(void)
{
    PLAN_IS(&f, "MATCH (a:Person {id: 1}) SET a.age = a.age + 1",
            "RESULT\n"
            "  SET_PROPERTY a.age = +(a.age,1)\n"
            "    NODE_LOOKUP (a:Person) = 1\n"
            "      SINGLE_ROW\n");
    /* Values are computed before the first row changes. */
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) SET a.age = b.age, a.name = 'x' RETURN a.age",
            "RESULT a.age\n"
            "  SET_PROPERTY a.age = b.age, a.name = x\n"
            "    BARRIER\n"
            "      PROJECT b.age\n"
            "        EXPAND (a)-[:Knows]->(b)\n"
            "          NODE_SCAN (a:Person)\n");
    /* b may be a node that a later row changes; c may not, nor may b's name change. */
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) SET a.age = 1 RETURN b.age",
            "RESULT b.age\n"
            "  BARRIER\n"
            "    SET_PROPERTY a.age = 1\n"
            "      BARRIER\n"
            "        EXPAND (a)-[:Knows]->(b)\n"
            "          NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person)-[:LivesIn]->(c:City) SET a.age = 1 RETURN c.name, id(a)",
            "RESULT c.name, a._ID\n"
            "  SET_PROPERTY a.age = 1\n"
            "    BARRIER\n"
            "      EXPAND (c)<-[:LivesIn]-(a)\n"
            "        NODE_SCAN (c:City)\n");
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) SET a.age = 1 RETURN a.age, b.name",
            "RESULT a.age, b.name\n"
            "  SET_PROPERTY a.age = 1\n"
            "    BARRIER\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        NODE_SCAN (a:Person)\n");
    /* Relationships of all rows go before the first node. */
    PLAN_IS(&f, "MATCH (a:Person)-[k:Knows]->(b) DELETE a, k",
            "RESULT\n"
            "  DELETE a\n"
            "    BARRIER\n"
            "      DELETE k\n"
            "        BARRIER\n"
            "          EXPAND (a)-[k:Knows]->()\n"
            "            NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (a:Person {id: 1}) DETACH DELETE a RETURN a.name",
            "RESULT a.name\n"
            "  DELETE DETACH a\n"
            "    NODE_LOOKUP (a:Person) = 1\n"
            "      SINGLE_ROW\n");
}

static void merges(void)
{
    PLAN_IS(&f, "MERGE (a:Person {id: 1}) ON CREATE SET a.age = 1 ON MATCH SET a.age = a.age + 1",
            "RESULT\n"
            "  MERGE (a:Person) ON MATCH SET a.age = +(a.age,1) ON CREATE SET a.age = 1\n"
            "    APPLY OPTIONAL\n"
            "      SINGLE_ROW\n"
            "      PROJECT 0\n"
            "        NODE_LOOKUP (a:Person) = 1\n"
            "          SINGLE_ROW\n");
    PLAN_IS(&f, "UNWIND [1, 2] AS i MERGE (a:Person {id: i + 1}) RETURN a.id",
            "RESULT a.id\n"
            "  MERGE (a:Person)\n"
            "    BARRIER\n"
            "      PROJECT +(i,1)\n"
            "        APPLY OPTIONAL\n"
            "          UNWIND LIST_CREATION(1,2)\n"
            "            SINGLE_ROW\n"
            "          NODE_LOOKUP (a:Person) = +(i,1)\n"
            "            ARGUMENT\n");
    PLAN_IS(&f, "MATCH (a:Person {id: 1}), (c:City {id: 2}) MERGE (a)-[:LivesIn]->(c) RETURN a.id",
            "RESULT a.id\n"
            "  MERGE (a)-[:LivesIn]->(c)\n"
            "    BARRIER\n"
            "      APPLY OPTIONAL\n"
            "        NODE_LOOKUP (c:City) = 2\n"
            "          NODE_LOOKUP (a:Person) = 1\n"
            "            SINGLE_ROW\n"
            "        EXPAND_INTO (a)-[:LivesIn]->(c)\n"
            "          ARGUMENT\n");
    /* Matching waits for the writes before. */
    PLAN_IS(&f, "MERGE (a:City {id: 1}) MERGE (b:City {id: 2})",
            "RESULT\n"
            "  MERGE (b:City)\n"
            "    BARRIER\n"
            "      APPLY OPTIONAL\n"
            "        BARRIER\n"
            "          MERGE (a:City)\n"
            "            APPLY OPTIONAL\n"
            "              SINGLE_ROW\n"
            "              PROJECT 0\n"
            "                NODE_LOOKUP (a:City) = 1\n"
            "                  SINGLE_ROW\n"
            "        NODE_LOOKUP (b:City) = 2\n"
            "          ARGUMENT\n");
}

static const char *const queries[] = {
    "MATCH (a:Person)-[k:Knows]->(b) SET a.age = b.age, k.since = a.age WITH a, b MERGE (a)-[m:Knows {since: b.age}]->(b) ON MATCH SET m.since = a.age RETURN a, m, b.id",
    "UNWIND [1, 2] AS i MERGE p = (a:Person {id: i})-[l:LivesIn]->(c:City {id: i}) ON CREATE SET a.name = c.name DETACH DELETE a RETURN p, l, i",
    "MATCH (a:Person)-[k]->(b) DELETE k, a WITH b, count(*) AS n SET b.name = 'x' RETURN b, n",
    "MATCH (a:Person)-[r]->(b) RETURN a, r, b",
    "MATCH (a)-[r]-(b) RETURN a, count(*) AS n ORDER BY n DESC, a.id LIMIT 3",
    "MATCH (a:Person)-[:Knows]->(b), (a)-[:LivesIn]->(c)<-[:LivesIn]-(b) RETURN c.name, count(DISTINCT a) AS n",
    "MATCH (a:Person) WITH a, a.age AS age WHERE age > 3 OPTIONAL MATCH (a)-[k:Knows]->(b {age: age}) WITH a, b, k ORDER BY b.id RETURN a.id, collect(b.id), max(k.since)",
    "MATCH (a:Person) WHERE a.age IN [1, 2] OR EXISTS { MATCH (a)-[:Likes]->(t:Tag) WHERE t.name = a.name } RETURN a.id, [x IN [1, 2] WHERE x > a.age | x + 1]",
    "UNWIND [[1, 2], [3, 4]] AS r MATCH (a:Person {id: r[1]})-[:Knows*1..3]->(b:Person {id: r[2]}) RETURN count(*)",
    "MATCH p = (a:Person {id: 1})-[:Knows*1..2]->(b)-[:LivesIn]->(c) RETURN p, length(p), nodes(p)",
    "MATCH (a:Person {id: 1})-[e:Knows*1..3 (r, n | WHERE r.since > a.age AND n.age < 5)]->(b) RETURN e, b.id",
    "MATCH (a:Person)-[k:Knows]->(b) WITH b, count(k.since) AS n MATCH (b)-[:Knows]->(y)-[:LivesIn]->(c) RETURN y.id, c.id, n",
    "MATCH (a:Person {id: 1}) CREATE (a)-[:Knows]->(:Person {id: 2})-[:LivesIn]->(:City {id: 3}) WITH a MATCH (a)-[:Knows]->(b) RETURN b.id",
    "MATCH (a:Person) RETURN a.id AS x, COUNT { MATCH (a)-[:Knows]->(b) WHERE b.age > COUNT { MATCH (b)-[:Knows]->() } } AS n UNION ALL MATCH (c:City) RETURN c.id AS x, 0 AS n",
    "MATCH (a:Person), (b:Person), (c:City) WHERE a.name = b.name AND b.name = c.name AND a.id < b.id RETURN count(*)",
    "MATCH (a:Person)-[:Knows]->(b)-[:Knows]->(c)-[:Knows]->(d)-[:Knows]->(a), (a)-[:Knows]->(c) RETURN count(*)",
    "WITH 1 AS x OPTIONAL MATCH (a:Person {id: x}) RETURN a.name, x",
    "MATCH (p:Post)-[:HasTag]->(t)<-[:Likes]-(a:Person)-[:Likes]->(p) WHERE p.score > 0.5 RETURN t.name, count(*) AS n",
    "MATCH (a:Person) WHERE COUNT { MATCH (a)-[:Knows]->() } > 3 AND a.age > 3 RETURN DISTINCT a.name ORDER BY a.name",
    "MATCH (a:Person)-[:Knows*0..2]-(b) WHERE a.id = $x RETURN DISTINCT b.id",
    "MATCH (a:Person) OPTIONAL MATCH p = (a)-[:Knows]->(b) RETURN a.id, length(p), p",
};

/* Every rule off alone, all off, all on: every plan keeps what plans promise. */
static void plans_are_sound_under_all_rules(void)
{
    for (uint32_t r = 0; r <= 12; r++) {
        f.rules = r == 11 ? 0 : r == 12 ? RZ_RULE_ALL : RZ_RULE_ALL & ~(UINT32_C(1) << r);
        for (uint32_t t = 0; t < 2; t++) {
            f.trail = t != 0;
            for (uint32_t i = 0; i < sizeof queries / sizeof *queries; i++) {
                if (planner_plan(&f, queries[i]) == RUZU_OK) {
                    planner_verify(f.plan);
                } else {
                    CHECK_STR(rz_str_text(&f.text), queries[i]);
                }
            }
        }
    }
    f.rules = RZ_RULE_ALL;
    f.trail = false;
}

static uint64_t refuse_after;

static bool refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return refuse_after == 0 || --refuse_after == 0;
}

/* The n-th allocation fails: an error, never a plan. Arenas take blocks, so each query is planned in an arena of its
 * own that is nearly full. */
static void memory_may_be_refused(void)
{
    for (uint32_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        rz_bound_statement *statement = NULL;
        rz_error_init(&f.err);
        CHECK_EQ_I64(planner_bind(&f, queries[i], &statement), RUZU_OK);
        uint32_t columns = statement->column_count;
        bool planned = false;
        for (uint64_t n = 1; !planned && n < 100; n++) {
            rz_arena arena;
            rz_plan *plan = NULL;
            rz_error err;
            rz_error_init(&err);
            rz_arena_init(&arena, &f.mem);
            statement->column_count = columns;
            rz_plan_context context = {.catalog = f.catalog,
                                       .stats = planner_stats,
                                       .user = &f,
                                       .rules = RZ_RULE_ALL,
                                       .column_count = &statement->column_count};
            refuse_after = n;
            rz_mem_set_test_hook(refuse, NULL);
            ruzu_status status = rz_plan_query(&context, statement->u.query, &arena, &plan, &err);
            rz_mem_set_test_hook(NULL, NULL);
            planned = status == RUZU_OK;
            CHECK(planned ? plan != NULL : status == RUZU_ERROR_NO_MEMORY && plan == NULL);
            rz_arena_free(&arena);
        }
        CHECK(planned);
    }
}

static void long_queries_are_refused(void)
{
    rz_str text;
    rz_str_init(&text, &f.mem);
    rz_str_append_text(&text, "UNWIND [1] AS a0");
    for (uint32_t i = 1; i < 5000; i++) {
        rz_str_append_format(&text, " UNWIND [a%u] AS a%u", i - 1, i);
    }
    rz_str_append_text(&text, " RETURN count(*)");
    ruzu_status status = planner_plan(&f, rz_str_text(&text));
    CHECK(status == RUZU_ERROR_LIMIT || status == RUZU_ERROR_PARSER);
    rz_str_free(&text);
}

int main(void)
{
    planner_open(&f);
    RUN(projections);
    RUN(groups);
    RUN(weights_stop_where_rows_count);
    RUN(optional_matches);
    RUN(subqueries);
    RUN(unions);
    RUN(writes);
    RUN(changes);
    RUN(merges);
    RUN(plans_are_sound_under_all_rules);
    RUN(memory_may_be_refused);
    RUN(long_queries_are_refused);
    planner_close(&f);
    return CHECK_DONE();
}
