/* SPDX-License-Identifier: MIT */
/*
 * Plans of patterns: where they start, how they are walked, what is counted, probed, intersected, looked up, joined.
 */
#include "planner_fixture.h"

static planner_fixture f;

static void unused_ends_are_counted(void)
{
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    DEGREE (a)-[:Knows]->() *\n"
            "      NODE_SCAN (a:Person)\n");
    PLAN_IS(&f, "MATCH (c:City)<-[:LivesIn]-(a:Person)-[:Knows]->(b) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    DEGREE (a)-[:Knows]->() *\n"
            "      DEGREE (a)-[:LivesIn]->() *\n"
            "        NODE_SCAN (a:Person)\n");
    /* Rows that are shown are repeated; the neighbours are not read even so. */
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b) RETURN a.name",
            "RESULT a.name\n"
            "  REPEAT\n"
            "    DEGREE (a)-[:Knows]->() *\n"
            "      NODE_SCAN (a:Person)\n");
    /* Somebody looks at the end, or at the relationship. */
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[:Knows]->(b) RETURN count(b.name)",
            "RESULT COUNT(b.name)\n"
            "  AGGREGATE COUNT(b.name)\n"
            "    EXPAND (a)-[:Knows]->(b)\n"
            "      NODE_LOOKUP (a:Person) = 1\n"
            "        SINGLE_ROW\n");
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[k:Knows]->(b) WHERE k.since = 3 RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    FILTER EQUALS(k.since,3)\n"
            "      EXPAND (a)-[k:Knows]->()\n"
            "        NODE_LOOKUP (a:Person) = 1\n"
            "          SINGLE_ROW\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_DEGREE;
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[:Knows]->(b) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    EXPAND (a)-[:Knows]->()\n"
            "      NODE_LOOKUP (a:Person) = 1\n"
            "        SINGLE_ROW\n");
    f.rules = RZ_RULE_ALL;
}

static void keys_are_looked_up(void)
{
    PLAN_IS(&f, "MATCH (p:Person) WHERE $x = p.id RETURN p.name, p.age",
            "RESULT p.name, p.age\n"
            "  NODE_LOOKUP (p:Person) = $x\n"
            "    SINGLE_ROW\n");
    PLAN_IS(&f, "MATCH (a:Person {id: 1}), (b:Person {id: 2}) RETURN a.name, b.name",
            "RESULT a.name, b.name\n"
            "  NODE_LOOKUP (b:Person) = 2\n"
            "    NODE_LOOKUP (a:Person) = 1\n"
            "      SINGLE_ROW\n");
    PLAN_IS(&f, "UNWIND [1, 2] AS i MATCH (p:Person {id: i}) RETURN p.name",
            "RESULT p.name\n"
            "  NODE_LOOKUP (p:Person) = i\n"
            "    UNWIND LIST_CREATION(1,2)\n"
            "      SINGLE_ROW\n");
    /* Both ends known: a probe. */
    PLAN_IS(&f, "MATCH (a:Person {id: 3})-[:Knows]-(b {id: 5}) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    EXPAND_INTO (a)-[:Knows]-(b) *\n"
            "      NODE_LOOKUP (b:Person) = 5\n"
            "        NODE_LOOKUP (a:Person) = 3\n"
            "          SINGLE_ROW\n");
    /* Not the key; not an equality; two tables. */
    PLAN_IS(&f, "MATCH (p:Person) WHERE p.age = 5 RETURN p.id",
            "RESULT p.id\n"
            "  FILTER EQUALS(p.age,5)\n"
            "    NODE_SCAN (p:Person) zones age = 5\n");
    PLAN_IS(&f, "MATCH (p:Person) WHERE p.id > 5 RETURN p.id",
            "RESULT p.id\n"
            "  FILTER GREATER_THAN(p.id,5)\n"
            "    NODE_SCAN (p:Person) zones id > 5\n");
    PLAN_IS(&f, "MATCH (p:Person:City) WHERE p.id = 5 RETURN p.id",
            "RESULT p.id\n"
            "  NODE_LOOKUP (p:Person|City) = 5\n"
            "    SINGLE_ROW\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)(RZ_RULE_KEY_LOOKUP | RZ_RULE_ZONES);
    PLAN_IS(&f, "MATCH (p:Person) WHERE p.id = 5 RETURN p.id",
            "RESULT p.id\n"
            "  FILTER EQUALS(p.id,5)\n"
            "    NODE_SCAN (p:Person)\n");
    f.rules = RZ_RULE_ALL;
}

static void cycles_are_intersected(void)
{
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b)-[:Knows]->(c)-[:Knows]->(a) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    INTERSECT (b)-[:Knows]->(), (a)<-[:Knows]-() *\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_INTERSECT;
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(b)-[:Knows]->(c)-[:Knows]->(a) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    EXPAND_INTO (a)<-[:Knows]-(c) *\n"
            "      EXPAND (b)-[:Knows]->(c)\n"
            "        EXPAND (a)-[:Knows]->(b)\n"
            "          NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL;
    /* A relationship that is looked at is probed for. */
    (void)planner_plan(
        &f, "MATCH (a:Person)-[r:Knows]->(b)-[s:Knows]->(c)-[t:Knows]->(a) RETURN r.since + s.since + t.since");
    CHECK(strstr(rz_str_text(&f.text), "INTERSECT") == NULL);
    CHECK(strstr(rz_str_text(&f.text), "EXPAND_INTO") != NULL);
    CHECK(strstr(rz_str_text(&f.text), " *\n") == NULL);
    /* A node related to itself. */
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(a) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    EXPAND_INTO (a)-[:Knows]->(a) *\n"
            "      NODE_SCAN (a:Person)\n");
}

static void predicates_stand_early(void)
{
    PLAN_IS(
        &f,
        "MATCH (a:Person {id: 1})-[k:Knows]->(b)-[:LivesIn]->(c:City) WHERE b.age > 30 AND c.name <> a.name AND a.age < 9 RETURN c.name",
        "RESULT c.name\n"
        "  FILTER NOT_EQUALS(c.name,a.name)\n"
        "    EXPAND (b)-[:LivesIn]->(c)\n"
        "      FILTER GREATER_THAN(b.age,30)\n"
        "        EXPAND (a)-[:Knows]->(b)\n"
        "          FILTER LESS_THAN(a.age,9)\n"
        "            NODE_LOOKUP (a:Person) = 1\n"
        "              SINGLE_ROW\n");
    /* What may fail comes last, in written order. */
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[k:Knows]->(b) WHERE a.age / 0 = 1 AND b.age > 30 RETURN b.name",
            "RESULT b.name\n"
            "  FILTER EQUALS(/(a.age,0),1)\n"
            "    FILTER GREATER_THAN(b.age,30)\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        NODE_LOOKUP (a:Person) = 1\n"
            "          SINGLE_ROW\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_PUSH_DOWN;
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[k:Knows]->(b)-[:LivesIn]->(c:City) WHERE b.age > 30 RETURN c.name",
            "RESULT c.name\n"
            "  FILTER GREATER_THAN(b.age,30)\n"
            "    EXPAND (b)-[:LivesIn]->(c)\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        NODE_LOOKUP (a:Person) = 1\n"
            "          SINGLE_ROW\n");
    f.rules = RZ_RULE_ALL;
}

static void order_follows_cost_or_the_text(void)
{
    /* From the key, against the direction written. */
    PLAN_IS(&f, "MATCH (a:Person)-[:LivesIn]->(c:City {id: 4}) RETURN a.name",
            "RESULT a.name\n"
            "  EXPAND (c)<-[:LivesIn]-(a)\n"
            "    NODE_LOOKUP (c:City) = 4\n"
            "      SINGLE_ROW\n");
    /* Two MATCH clauses are one pattern. */
    PLAN_IS(&f, "MATCH (a:Person)-[:LivesIn]->(c:City) MATCH (a)-[:Knows]->(b:Person {id: 7}) RETURN c.name",
            "RESULT c.name\n"
            "  EXPAND (a)-[:LivesIn]->(c)\n"
            "    EXPAND (b)<-[:Knows]-(a)\n"
            "      NODE_LOOKUP (b:Person) = 7\n"
            "        SINGLE_ROW\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)(RZ_RULE_JOIN_ORDER | RZ_RULE_KEY_LOOKUP);
    PLAN_IS(&f, "MATCH (a:Person)-[:LivesIn]->(c:City {id: 4}) RETURN a.name",
            "RESULT a.name\n"
            "  FILTER EQUALS(c.id,4) once a node\n"
            "    EXPAND (a)-[:LivesIn]->(c)\n"
            "      NODE_SCAN (a:Person)\n");
    f.rules &= ~(uint32_t)RZ_RULE_JUDGE_ONCE;
    PLAN_IS(&f, "MATCH (a:Person)-[:LivesIn]->(c:City {id: 4}) RETURN a.name",
            "RESULT a.name\n"
            "  FILTER EQUALS(c.id,4)\n"
            "    EXPAND (a)-[:LivesIn]->(c)\n"
            "      NODE_SCAN (a:Person)\n");
    f.rules = RZ_RULE_ALL;
    /* More edges than are searched exactly. */
    CHECK_EQ_I64(
        planner_plan(
            &f,
            "MATCH (a:Person)-[:Knows]->(b)-[:Knows]->(c)-[:Knows]->(d)-[:Knows]->(e)-[:Knows]->(g)-[:Knows]->(h)-[:Knows]->(i)-[:Knows]->(j)"
            "-[:Knows]->(k)-[:Knows]->(l)-[:Knows]->(m)-[:Knows]->(n)-[:Knows]->(o {id: 3}) RETURN count(*)"),
        RUZU_OK);
    CHECK(strstr(rz_str_text(&f.text), "NODE_LOOKUP (o:Person) = 3") != NULL);
    CHECK(strstr(rz_str_text(&f.text), "DEGREE (b)<-[:Knows]-()") != NULL);
    planner_verify(f.plan);
}

static void separate_parts_are_joined(void)
{
    PLAN_IS(&f, "MATCH (a:Person), (b:City) WHERE a.name = b.name RETURN a.id, b.id",
            "RESULT a.id, b.id\n"
            "  HASH_JOIN INNER a.name = b.name\n"
            "    NODE_SCAN (a:Person)\n"
            "    NODE_SCAN (b:City)\n");
    PLAN_IS(&f, "MATCH (b:City), (a:Person) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    HASH_JOIN CROSS\n"
            "      NODE_SCAN (a:Person)\n"
            "      NODE_SCAN (b:City)\n");
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_HASH_JOIN;
    PLAN_IS(&f, "MATCH (a:Person), (b:City) WHERE a.name = b.name RETURN a.id, b.id",
            "RESULT a.id, b.id\n"
            "  FILTER EQUALS(a.name,b.name)\n"
            "    HASH_JOIN CROSS\n"
            "      NODE_SCAN (a:Person)\n"
            "      NODE_SCAN (b:City)\n");
    f.rules = RZ_RULE_ALL;
    /* NaN equals nothing, which a hash table does not know. */
    PLAN_IS(&f, "MATCH (a:Post), (b:Post) WHERE a.score = b.score RETURN a.id, b.id",
            "RESULT a.id, b.id\n"
            "  FILTER EQUALS(a.score,b.score)\n"
            "    HASH_JOIN CROSS\n"
            "      NODE_SCAN (a:Post)\n"
            "      NODE_SCAN (b:Post)\n");
    /* Rows of a build side keep their weights: what they are joined to is multiplied. */
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]->(x), (b:Person)-[:Likes]->(y:Tag) WHERE a.name = b.name RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    HASH_JOIN INNER a.name = b.name *\n"
            "      DEGREE (a)-[:Knows]->() *\n"
            "        NODE_SCAN (a:Person)\n"
            "      MESSAGE_APPLY (b)-[:Likes]->(y) *\n"
            "        NODE_SCAN (b:Person)\n");
    planner_verify(f.plan);
}

static void triangles_of_like_corners(void)
{
    PLAN_IS(&f, "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    TRIANGLE (b)-[:Knows]-() *\n"
            "      NODE_SCAN (b:Person)\n");
    /* In one city; the corner that is looked at carries more. */
    PLAN_IS(&f,
            "MATCH (a:Person)-[:LivesIn]->(t:City)<-[:LivesIn]-(b:Person)-[:Knows]-(c:Person)-[:LivesIn]->(t), (a)-[:Knows]-(b), (c)-[:Knows]-(a), (c)-[:Likes]->(:Post) "
            "RETURN c.name, count(*)",
            "RESULT c.name, COUNT_STAR()\n"
            "  AGGREGATE BY c.name: COUNT_STAR()\n"
            "    DEGREE (c)-[:Likes]->() *\n"
            "      TRIANGLE (a)-[:Knows]-() within (t) at (c) *\n"
            "        EXPAND (t)<-[:LivesIn]-(a)\n"
            "          NODE_SCAN (t:City)\n");
    static const char *const others[] = {
        "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a) RETURN a.id LIMIT 3",                       /* may end early */
        "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]->(a) RETURN count(*)",                          /* one side is directed */
        "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[k:Knows]-(a) RETURN sum(k.since)",                      /* one is looked at */
        "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a) WHERE a.id = 1 RETURN count(*)",            /* few of them */
        "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a) WHERE a.id < b.id RETURN count(*)",         /* an order */
        "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a), (b)-[:LivesIn]->(x), (c)-[:LivesIn]->(y) RETURN x.name, y.name, count(*)",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)planner_plan(&f, others[i]);
        CHECK(strstr(rz_str_text(&f.text), "TRIANGLE") == NULL);
    }
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_TRIANGLE;
    (void)planner_plan(&f, "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a) RETURN count(*)");
    CHECK(strstr(rz_str_text(&f.text), "TRIANGLE") == NULL);
    f.rules = RZ_RULE_ALL;
}

static void walks_of_one_chain(void)
{
    /* Only Likes and HasTag lead from a person to a tag in two steps, none in one but Likes: two chains, a search. */
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[:Likes|HasTag*1..2]->(t:Tag) RETURN t.name");
    CHECK_EQ_U64(f.plan->children[0]->kind, RZ_PLAN_RECURSIVE);
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[:Likes|HasTag*2..3]->(t:Tag) RETURN t.name",
            "RESULT t.name\n"
            "  EXPAND ()-[:HasTag]->(t)\n"
            "    EXPAND (a)-[:Likes]->()\n"
            "      NODE_LOOKUP (a:Person) = 1\n"
            "        SINGLE_ROW\n");
    /* Somebody may look at it; conditions; the same table again. */
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[e:Likes|HasTag*2..3]->(t:Tag) RETURN length(e)");
    CHECK_EQ_U64(f.plan->children[0]->kind, RZ_PLAN_RECURSIVE);
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[:Likes|HasTag* SHORTEST 1..3]->(t:Tag) RETURN t.name");
    CHECK_EQ_U64(f.plan->children[0]->kind, RZ_PLAN_RECURSIVE);
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[:Knows*2..2]->(b:Person) RETURN b.id");
    CHECK_EQ_U64(f.plan->children[0]->kind, RZ_PLAN_RECURSIVE);
    f.rules = RZ_RULE_ALL & ~(uint32_t)RZ_RULE_UNROLL;
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[:Likes|HasTag*2..3]->(t:Tag) RETURN t.name");
    CHECK_EQ_U64(f.plan->children[0]->kind, RZ_PLAN_RECURSIVE);
    f.rules = RZ_RULE_ALL;
}

static void variable_length_walks(void)
{
    PLAN_IS(&f, "MATCH (a:Person)-[e:Knows*1..3]->(b) WHERE a.id = 1 RETURN count(DISTINCT b.id)",
            "RESULT COUNT(DISTINCT b.id)\n"
            "  AGGREGATE COUNT(DISTINCT b.id)\n"
            "    RECURSIVE (a)-[:Knows* 1..3]->(b) distinct ends\n"
            "      NODE_LOOKUP (a:Person) = 1\n"
            "        SINGLE_ROW\n");
    PLAN_IS(&f,
            "MATCH (a:Person)-[e:Knows* SHORTEST 1..30]->(b:Person) WHERE a.id = $x AND b.id = 4 RETURN length(e) AS n",
            "RESULT e._LENGTH\n"
            "  RECURSIVE (a)-[:Knows* SHORTEST 1..30]->(b) to known\n"
            "    NODE_LOOKUP (b:Person) = 4\n"
            "      NODE_LOOKUP (a:Person) = $x\n"
            "        SINGLE_ROW\n");
    /* Only the length is asked for: no path is made. */
    (void)planner_plan(
        &f, "MATCH (a:Person {id: 1})-[e:Knows* SHORTEST 1..30]->(b) RETURN count(*) AS n, max(length(e)) AS m");
    const rz_plan *walk = f.plan->children[0]->children[0];
    CHECK_EQ_U64(walk->kind, RZ_PLAN_RECURSIVE);
    CHECK_EQ_U64(walk->u.recursive.path, RZ_NO_COLUMN_ID);
    CHECK(walk->u.recursive.length != RZ_NO_COLUMN_ID);
    /* The path is wanted: from left to right. */
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[e:Knows*1..2]->(b:Person) WHERE length(e) = 2 RETURN e");
    walk = f.plan->children[0]->children[0];
    CHECK_EQ_U64(walk->kind, RZ_PLAN_RECURSIVE);
    CHECK(walk->u.recursive.path != RZ_NO_COLUMN_ID && walk->u.recursive.length != RZ_NO_COLUMN_ID);
    PLAN_IS(&f, "MATCH (a:Person)-[e:Knows*1..2]->(b:Person {id: 5}) RETURN e",
            "RESULT e\n"
            "  RECURSIVE (a)-[e:Knows* 1..2]->(b) to known\n"
            "    HASH_JOIN CROSS\n"
            "      NODE_SCAN (a:Person)\n"
            "      NODE_LOOKUP (b:Person) = 5\n"
            "        SINGLE_ROW\n");
    PLAN_IS(&f, "MATCH (a:Person)-[e:Knows*1..2]->(b:Person {id: 5}) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    RECURSIVE (b)<-[:Knows* 1..2]-(a) *\n"
            "      NODE_LOOKUP (b:Person) = 5\n"
            "        SINGLE_ROW\n");
}

static void named_paths(void)
{
    PLAN_IS(&f, "MATCH p = (a:Person)-[:Knows]->(b) WHERE length(p) > 0 RETURN p",
            "RESULT p\n"
            "  FILTER GREATER_THAN(p._LENGTH,0)\n"
            "    PROJECT p\n"
            "      EXPAND (a)-[:Knows]->(b)\n"
            "        NODE_SCAN (a:Person)\n");
    /* A path that nobody looks at costs nothing. */
    PLAN_IS(&f, "MATCH p = (a:Person)-[:Knows]->(b) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    DEGREE (a)-[:Knows]->() *\n"
            "      NODE_SCAN (a:Person)\n");
}

static void trails_compare_relationships(void)
{
    f.trail = true;
    PLAN_IS(&f, "MATCH (a:Person {id: 1})-[r:Knows]->(b)-[s:Knows]->(c)-[:LivesIn]->(d) RETURN count(*)",
            "RESULT COUNT_STAR()\n"
            "  AGGREGATE COUNT_STAR()\n"
            "    DEGREE (c)-[:LivesIn]->() *\n"
            "      FILTER NOT_EQUALS(r._ID,s._ID)\n"
            "        EXPAND (b)-[s:Knows]->(c)\n"
            "          EXPAND (a)-[r:Knows]->(b)\n"
            "            NODE_LOOKUP (a:Person) = 1\n"
            "              SINGLE_ROW\n");
    (void)planner_plan(&f, "MATCH (a:Person {id: 1})-[r:Knows*1..2]->(b)-[s:Knows*1..2]->(c) RETURN count(*)");
    CHECK(strstr(rz_str_text(&f.text), "FILTER distinct relationships") != NULL);
    CHECK(strstr(rz_str_text(&f.text), "Knows* TRAIL 1..2") != NULL);
    planner_verify(f.plan);
    f.trail = false;
}

static void impossible_patterns(void)
{
    PLAN_IS(&f, "MATCH (a:Person)-[:LivesIn]->(b)-[:Knows]->(c) RETURN a.id, c",
            "RESULT a.id, c\n"
            "  EMPTY\n");
    PLAN_IS(&f, "MATCH (a:Person) OPTIONAL MATCH (a)-[:HasTag]->(c) RETURN a.id, c",
            "RESULT a.id, c\n"
            "  APPLY OPTIONAL\n"
            "    NODE_SCAN (a:Person)\n"
            "    EMPTY\n");
    PLAN_IS(&f, "UNWIND [1] AS x MATCH (a:Person)-[:LivesIn]->(b)-[:Knows]->(c) RETURN x, c",
            "RESULT x, c\n"
            "  HASH_JOIN CROSS\n"
            "    UNWIND LIST_CREATION(1)\n"
            "      SINGLE_ROW\n"
            "    EMPTY\n");
}

int main(void)
{
    planner_open(&f);
    RUN(unused_ends_are_counted);
    RUN(keys_are_looked_up);
    RUN(cycles_are_intersected);
    RUN(predicates_stand_early);
    RUN(order_follows_cost_or_the_text);
    RUN(separate_parts_are_joined);
    RUN(triangles_of_like_corners);
    RUN(walks_of_one_chain);
    RUN(variable_length_walks);
    RUN(named_paths);
    RUN(trails_compare_relationships);
    RUN(impossible_patterns);
    planner_close(&f);
    return CHECK_DONE();
}
