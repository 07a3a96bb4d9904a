/* SPDX-License-Identifier: MIT */
/*
 * The scenarios of the test that refuses memory: each kind of statement, each operator, preparing, fetching, and what fails for other reasons.
 */
#include "memory.h"

#define READ(title, query)           {.name = title, .kind = MEMORY_READS, .base = MEMORY_GRAPH, .text = query}
#define WRITE(title, query)          {.name = title, .kind = MEMORY_WRITES, .base = MEMORY_GRAPH, .text = query}
#define AFTER(title, before, query)  {.name = title, .kind = MEMORY_WRITES, .base = MEMORY_GRAPH, .setup = before, .text = query}
#define LOGGED(title, query)         {.name = title, .kind = MEMORY_WRITES, .base = MEMORY_LOGGED, .text = query}
#define FAIL_READ(title, query)      {.name = title, .kind = MEMORY_READS, .base = MEMORY_GRAPH, .text = query, .fails = true}
#define FAIL_WRITE(title, query)     {.name = title, .kind = MEMORY_WRITES, .base = MEMORY_GRAPH, .text = query, .fails = true}
#define PREPARE(title, query)        {.name = title, .kind = MEMORY_PREPARES, .base = MEMORY_GRAPH, .text = query}

#define CHANGES                                                                                                                                   \
    "BEGIN TRANSACTION; CREATE (:Person {id: 60, name: 'a name of more than twelve bytes'}); MATCH (p:Person {id: 1}) SET p.age = 99, p.name = 'one'; " \
    "MATCH (a:Person {id: 60}), (b:Person {id: 2}) CREATE (a)-[:Knows {since: 60}]->(b); MATCH (p:Person {id: 7}) DETACH DELETE p; "                \
    "MATCH (t:T) SET t.l = [7, 8], t.s = 'changed'"
#define SCHEMA "BEGIN TRANSACTION; CREATE NODE TABLE Pet(id INT64 PRIMARY KEY); CREATE (:Pet {id: 1}); ALTER TABLE T ADD note STRING; DROP TABLE Lives"

const char *const memory_graph[] = {
    "CREATE NODE TABLE Person(id INT64, name STRING, age INT64, PRIMARY KEY(id))",
    "CREATE NODE TABLE City(name STRING, PRIMARY KEY(name))",
    "CREATE NODE TABLE Counted(n SERIAL, v INT64 DEFAULT 5, PRIMARY KEY(n))",
    "CREATE NODE TABLE T(id INT64, b BOOL, u UINT32, h INT128, d DOUBLE, s STRING, bl BLOB, dt DATE, ts TIMESTAMP, iv INTERVAL, l INT64[], st STRUCT(x INT64, y STRING), "
    "m MAP(STRING, INT64), PRIMARY KEY(id))",
    "CREATE REL TABLE Knows(FROM Person TO Person, since INT64)",
    "CREATE REL TABLE Lives(FROM Person TO City, MANY_ONE)",
    "CREATE SEQUENCE Numbers START 10",
    "UNWIND range(1, 12) AS i CREATE (:Person {id: i, name: 'person number ' + CAST(i AS STRING), age: i * 3})",
    "MATCH (a:Person), (b:Person) WHERE b.id = a.id % 12 + 1 OR b.id = a.id + 3 CREATE (a)-[:Knows {since: a.id}]->(b)",
    "CREATE (:City {name: 'Uji'}), (:City {name: 'a city with a longer name'})",
    "MATCH (p:Person), (c:City {name: 'Uji'}) WHERE p.id < 5 CREATE (p)-[:Lives]->(c)",
    "UNWIND range(1, 3) AS i CREATE (:T {id: i, b: i = 2, u: CAST(i AS UINT32), d: i * 0.5, s: 'a text that is longer than twelve bytes', dt: date('2024-02-29'), "
    "ts: timestamp('2024-02-29 12:34:56'), iv: interval('3 days'), l: [i, NULL, 3], st: {x: i, y: 'a field of some length'}, m: map(['a', 'b'], [1, i])})",
    "CREATE (:Counted), (:Counted {v: 6})",
    NULL,
};

const char *const memory_logged[] = {
    "CREATE (:Person {id: 20, name: 'only in the log', age: 1})",
    "MATCH (p:Person) WHERE p.id < 4 SET p.age = p.age + 1, p.name = p.name + ', changed'",
    "MATCH (p:Person {id: 6}) DETACH DELETE p",
    "MATCH (a:Person {id: 20}), (b:Person {id: 1}) CREATE (a)-[:Knows {since: 2020}]->(b)",
    "MATCH (a:Person {id: 1})-[k:Knows]->() SET k.since = 1",
    "MATCH (t:T {id: 1}) SET t.l = [1], t.s = NULL, t.st = {x: 9, y: 'nine'}",
    "CREATE NODE TABLE Late(id INT64 PRIMARY KEY); UNWIND range(1, 5) AS i CREATE (:Late {id: i})",
    "ALTER TABLE City ADD people INT64 DEFAULT 3",
    "CREATE (:Counted)",
    "BEGIN TRANSACTION; CREATE (:Person {id: 30}); ROLLBACK",
    NULL,
};

const char *const memory_questions[] = {
    "CALL show_tables() RETURN name, type, comment ORDER BY name",
    "CALL show_sequences() RETURN name, `start value`, increment ORDER BY name",
    "MATCH (p:Person) RETURN p.* ORDER BY p.id",
    "MATCH (a:Person)-[k:Knows]->(b:Person) RETURN a.id, b.id, k.since ORDER BY a.id, b.id, k.since",
    "MATCH (b:Person)<-[k:Knows]-(a:Person) RETURN b.id, count(*), sum(k.since) ORDER BY b.id",
    "MATCH (p:Person)-[:Lives]->(c:City) RETURN p.id, c.name ORDER BY p.id",
    "MATCH (c:City) RETURN c.* ORDER BY c.name",
    "MATCH (c:Counted) RETURN c.* ORDER BY c.n",
    "MATCH (t:T) RETURN t.* ORDER BY t.id",
    "MATCH (p:Person) WHERE p.id = 3 RETURN p.name",
    NULL,
};

const memory_file memory_files[] = {
    {"/data/people.csv", "id,name,age\n100,one hundred,7\n101,\"one hundred, and one\",8\n102,a name of more than twelve bytes,\n103,,9\n"},
    {"/data/knows.csv", "1,5,10\n2,6,11\n3,7,12\n12,1,13\n"},
    {"/data/bad.csv", "200,two hundred,1\n201,two hundred and one,not a number\n"},
    {"/data/mixed.csv", "300,three hundred,1\n1,a key that is there,2\nx,no key,3\n301,three hundred and one,4\n"},
};
const size_t memory_file_count = sizeof memory_files / sizeof memory_files[0];

const memory_scenario memory_scenarios[] = {
    /* opening, closing, recovering */
    {.name = "create a database", .kind = MEMORY_OPENS, .base = MEMORY_NOTHING},
    {.name = "open", .kind = MEMORY_OPENS, .base = MEMORY_GRAPH},
    {.name = "open and replay the log", .kind = MEMORY_OPENS, .base = MEMORY_LOGGED},
    {.name = "close without changes", .kind = MEMORY_CLOSES, .base = MEMORY_GRAPH},
    {.name = "close with changes", .kind = MEMORY_CLOSES, .base = MEMORY_GRAPH, .setup = CHANGES "; COMMIT"},
    {.name = "close after recovery", .kind = MEMORY_CLOSES, .base = MEMORY_LOGGED},
    {.name = "close inside a transaction", .kind = MEMORY_CLOSES, .base = MEMORY_GRAPH, .setup = CHANGES},
    {.name = "close inside a transaction that changes the schema", .kind = MEMORY_CLOSES, .base = MEMORY_GRAPH, .setup = SCHEMA},
    {.name = "a second connection", .kind = MEMORY_CONNECTS, .base = MEMORY_GRAPH, .text = "MATCH (p:Person) RETURN count(*)"},

    /* changing data */
    WRITE("CREATE a node", "CREATE (:Person {id: 50, name: 'a name of more than twelve bytes', age: 5})"),
    WRITE("CREATE many nodes", "UNWIND range(50, 90) AS i CREATE (:Person {id: i, name: repeat('x', i)})"),
    WRITE("CREATE a node of each type", "CREATE (:T {id: 9, b: true, u: CAST(1 AS UINT32), h: CAST('12345678901234567890123' AS INT128), bl: BLOB('\\\\xAA\\\\xBB'), l: [1, 2], "
                                        "st: {x: 1, y: 'why'}, m: map(['k'], [1])})"),
    WRITE("CREATE nodes and relationships", "MATCH (a:Person {id: 1}) CREATE (a)-[:Knows {since: 7}]->(:Person {id: 70})-[:Lives]->(:City {name: 'Nara'})"),
    WRITE("CREATE and RETURN", "CREATE (p:Person {id: 50, name: 'a name of more than twelve bytes'}) RETURN p, p.name"),
    WRITE("CREATE with a serial key", "CREATE (:Counted), (:Counted {v: 1})"),
    WRITE("CREATE a longer text than a page", "CREATE (:Person {id: 50, name: repeat('long ', 3000)})"),
    WRITE("CREATE relationships", "MATCH (a:Person), (b:Person) WHERE a.id < 3 AND b.id > 10 CREATE (a)-[:Knows {since: 1}]->(b)"),
    WRITE("SET", "MATCH (p:Person) WHERE p.id > 6 SET p.age = p.age + 1, p.name = p.name + ' and more'"),
    WRITE("SET of each type", "MATCH (t:T) SET t.b = NULL, t.u = CAST(7 AS UINT32), t.d = 2.5, t.s = 'another text of some length', t.l = [4, 5, 6, 7], t.st = {x: 1, y: 'z'}, "
                              "t.m = map(['q'], [5]), t.dt = date('2000-01-01')"),
    WRITE("SET on relationships", "MATCH (a:Person)-[k:Knows]->(b:Person) WHERE k.since > 4 SET k.since = -k.since"),
    WRITE("SET and RETURN", "MATCH (p:Person {id: 2}) SET p.name = 'a name of more than twelve bytes' RETURN p"),
    WRITE("REMOVE", "MATCH (p:Person) WHERE p.id % 2 = 0 REMOVE p.name"),
    WRITE("DELETE nodes", "MATCH (c:Counted) DELETE c"),
    WRITE("DELETE relationships", "MATCH (a:Person)-[k:Knows]->(b:Person) WHERE a.id < 7 DELETE k"),
    WRITE("DETACH DELETE", "MATCH (p:Person) WHERE p.id % 3 = 0 DETACH DELETE p"),
    WRITE("MERGE of a node", "MERGE (p:Person {id: 3}) ON MATCH SET p.age = 0 ON CREATE SET p.age = 1"),
    WRITE("MERGE of new nodes", "UNWIND [3, 80, 81] AS i MERGE (p:Person {id: i}) ON MATCH SET p.age = 0 ON CREATE SET p.name = 'made by a merge'"),
    WRITE("MERGE of a relationship", "MATCH (a:Person {id: 1}), (b:Person {id: 8}) MERGE (a)-[k:Knows]->(b) ON CREATE SET k.since = 8 RETURN k"),
    LOGGED("changes on changes", "MATCH (p:Person) SET p.age = p.age * 2, p.name = p.name + '!'"),
    LOGGED("DETACH DELETE of changed nodes", "MATCH (p:Person) WHERE p.id = 20 OR p.id < 4 DETACH DELETE p"),

    /* loading */
    WRITE("COPY nodes", "COPY Person FROM '/data/people.csv' (header = true)"),
    WRITE("COPY relationships", "COPY Knows FROM '/data/knows.csv'"),
    WRITE("COPY from a query", "COPY Person FROM (UNWIND range(200, 230) AS i RETURN i, 'a name of more than twelve bytes', i)"),
    WRITE("COPY and skip errors", "COPY Person FROM '/data/mixed.csv' (ignore_errors = true)"),
    READ("LOAD FROM", "LOAD FROM '/data/people.csv' (header = true) RETURN *"),

    /* the schema */
    WRITE("CREATE NODE TABLE", "CREATE NODE TABLE Pet(id INT64, name STRING DEFAULT 'nobody', l STRUCT(a INT64[], b STRING)[], PRIMARY KEY(id))"),
    WRITE("CREATE REL TABLE", "CREATE REL TABLE Owns(FROM Person TO City, FROM Person TO Person, since INT64 DEFAULT 3)"),
    WRITE("DROP a node table", "DROP TABLE T"),
    WRITE("DROP a relationship table", "DROP TABLE Lives"),
    WRITE("ALTER TABLE ADD", "ALTER TABLE Person ADD email STRING DEFAULT 'a default of some length'"),
    WRITE("ALTER TABLE DROP", "ALTER TABLE Person DROP age"),
    WRITE("ALTER TABLE RENAME", "ALTER TABLE City RENAME TO Town"),
    WRITE("ALTER TABLE RENAME of a column", "ALTER TABLE Person RENAME age TO years"),
    WRITE("COMMENT ON", "COMMENT ON TABLE Person IS 'a comment of some length'"),
    WRITE("CREATE SEQUENCE", "CREATE SEQUENCE Odd START 1 INCREMENT 2"),
    WRITE("DROP SEQUENCE", "DROP SEQUENCE Numbers"),
    WRITE("nextval", "RETURN nextval('Numbers')"),
    WRITE("CREATE MACRO", "CREATE MACRO twice(x, y := 2) AS x * y"),
    WRITE("CREATE TYPE", "CREATE TYPE Point AS STRUCT(x DOUBLE, y DOUBLE)"),

    /* transactions, maintenance */
    WRITE("BEGIN … COMMIT", CHANGES "; COMMIT"),
    WRITE("BEGIN … ROLLBACK", CHANGES "; ROLLBACK"),
    AFTER("COMMIT", CHANGES, "COMMIT"),
    AFTER("COMMIT of a schema", SCHEMA, "COMMIT"),
    AFTER("ROLLBACK", CHANGES, "ROLLBACK"),
    AFTER("ROLLBACK of a schema", SCHEMA, "ROLLBACK"),
    AFTER("CHECKPOINT", CHANGES "; COMMIT", "CHECKPOINT"),
    AFTER("CHECKPOINT of a schema", SCHEMA "; COMMIT", "CHECKPOINT"),
    LOGGED("CHECKPOINT after recovery", "CHECKPOINT"),
    AFTER("a commit that starts a checkpoint", "CALL checkpoint_threshold = 0; CALL auto_checkpoint = true", CHANGES "; COMMIT"),
    {.name = "changes under a reader", .kind = MEMORY_WRITES, .base = MEMORY_LOGGED, .text = CHANGES "; COMMIT", .reader = true},
    {.name = "CHECKPOINT under a reader", .kind = MEMORY_WRITES, .base = MEMORY_LOGGED, .text = "CHECKPOINT", .reader = true},
    {.name = "DROP under a reader", .kind = MEMORY_WRITES, .base = MEMORY_LOGGED, .text = "DROP TABLE T", .reader = true},
    {.name = "BACKUP", .kind = MEMORY_BACKS_UP, .base = MEMORY_LOGGED, .text = "BACKUP DATABASE TO '" MEMORY_BACKUP_PATH "'"},
    {.name = "check_database", .kind = MEMORY_READS, .base = MEMORY_LOGGED, .text = "CALL check_database(deep := true) RETURN *"},

    /* operators */
    READ("scan and filter", "MATCH (p:Person) WHERE p.age > 6 AND p.name CONTAINS 'number' RETURN p.*"),
    READ("look up a key", "MATCH (p:Person {id: 4}) RETURN p"),
    READ("expand", "MATCH (a:Person)-[k:Knows]->(b:Person)-[:Knows]->(c:Person) WHERE a.id < 4 RETURN a.id, k, c.name"),
    READ("triangles", "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Knows]-(a) RETURN a.age, count(*)"),
    READ("a filter judged once a node", "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person) WHERE c.name CONTAINS 'number' RETURN count(*)"),
    READ("paths", "MATCH q = (a:Person {id: 1})-[:Knows]->(b:Person) RETURN q, nodes(q), length(q)"),
    READ("recursive", "MATCH q = (a:Person {id: 1})-[:Knows*1..3]->(b:Person) RETURN length(q), b.id, properties(nodes(q), 'name')"),
    READ("shortest path", "MATCH q = (a:Person {id: 1})-[:Knows* SHORTEST 1..8]->(b:Person) RETURN b.id, q"),
    READ("all shortest paths", "MATCH q = (a:Person {id: 1})-[:Knows* ALL SHORTEST 1..8]->(b:Person {id: 9}) RETURN length(q)"),
    READ("hash join", "MATCH (a:Person), (b:Person) WHERE a.age = b.id RETURN a.id, b.name"),
    READ("several patterns", "MATCH (a:Person)-[:Knows]->(b:Person), (a)-[:Lives]->(c:City), (b)-[:Lives]->(c) RETURN a.id, b.id, c.name"),
    READ("several tables", "MATCH (a:Person)-[r]->(b) RETURN label(r), label(b), count(*)"),
    READ("cross product", "MATCH (a:Person), (c:City) RETURN a.id, c.name"),
    READ("aggregate", "MATCH (a:Person)-[k:Knows]->() RETURN a.name, count(*), sum(k.since), avg(k.since), min(a.name), collect(k.since)"),
    READ("aggregates within messages", "MATCH (a:Person)-[:Knows]-(b:Person)-[:Knows]-(c:Person)-[:Lives]->(d:City) RETURN a.age, sum(c.age), max(d.name), avg(b.age), min(c.name)"),
    READ("aggregates over relationships and two places within messages",
         "MATCH (a:Person)-[:Knows]-(b:Person)-[k:Knows]-(c:Person)-[:Lives]->(d:City) WHERE k.since > 0 RETURN a.age, sum(k.since), sum(b.age * c.age), max(k.since - b.age), avg(a.age + c.age)"),
    READ("aggregate without keys", "MATCH (a:Person) RETURN count(DISTINCT a.age % 4), max(a.name), stdev(a.age), collect(DISTINCT a.name)"),
    READ("sort", "MATCH (p:Person) RETURN p.name, p.age ORDER BY p.age % 5, p.name DESC"),
    READ("top-k", "MATCH (p:Person) RETURN p.name ORDER BY p.age DESC SKIP 2 LIMIT 3"),
    {.name = "a sort that spills", .kind = MEMORY_READS, .base = MEMORY_GRAPH, .most_points = 25,
     .text = "CALL memory_limit = 4000000; UNWIND range(1, 20000) AS i RETURN i % 7 AS k, repeat('x', 30 + i % 20) AS s ORDER BY k, s, i LIMIT 3000"},
    {.name = "groups that spill", .kind = MEMORY_READS, .base = MEMORY_GRAPH, .most_points = 25,
     .text = "CALL memory_limit = 6000000; UNWIND range(1, 40000) AS i WITH repeat('x', 30 + i % 20) + CAST(i % 20000 AS STRING) AS k, collect(i) AS c RETURN count(*), sum(size(c))"},
    READ("distinct", "MATCH (p:Person)-[:Knows]->(q:Person) RETURN DISTINCT p.id % 3, q.name"),
    READ("union", "MATCH (p:Person) RETURN p.name AS n UNION MATCH (c:City) RETURN c.name AS n"),
    READ("union all", "MATCH (p:Person) RETURN p.name AS n UNION ALL MATCH (c:City) RETURN c.name AS n"),
    READ("unwind", "UNWIND [{a: 1, b: 'a text of some length'}, {a: 2, b: 'another text of some length'}] AS s UNWIND range(1, 30) AS i RETURN s, i, [i, NULL]"),
    READ("optional", "MATCH (p:Person) OPTIONAL MATCH (p)-[:Lives]->(c:City) RETURN p.id, c.name"),
    READ("exists and count", "MATCH (p:Person) WHERE EXISTS { MATCH (p)-[:Lives]->(:City) } RETURN p.name, COUNT { MATCH (p)-[:Knows]->(:Person) }"),
    READ("subqueries that collect", "MATCH (p:Person) CALL (p) { MATCH (p)-[:Knows]->(q) RETURN count(DISTINCT q.name) AS n, min(q.name) AS m } RETURN p.name, n, m, COLLECT { MATCH (p)-[:Knows]->(q) RETURN q.name ORDER BY q.name DESC SKIP 1 LIMIT 2 }"),
    READ("with", "MATCH (p:Person) WITH p.age % 4 AS k, collect(p.name) AS names WHERE size(names) > 1 UNWIND names AS n RETURN k, n ORDER BY k, n LIMIT 5"),
    READ("list functions", "MATCH (t:T) RETURN list_transform(t.l, x -> x + 1), list_filter(t.l, x -> x > 1), list_sort(t.l), list_concat(t.l, [9]), list_distinct(t.l), t.l[1:2]"),
    READ("regular expressions", "MATCH (p:Person) RETURN p.name =~ '.*(r|s)on\\\\s+n.*[0-9]+', regexp_replace(p.name, 'n[a-z]{2,}', 'N'), regexp_extract_all(p.name, '[a-z]+')"),
    READ("text functions", "MATCH (p:Person) RETURN upper(p.name), concat(p.name, ' ', p.age), string_split(p.name, ' '), lpad(p.name, 40, '-'), reverse(p.name)"),
    READ("every type", "MATCH (t:T) RETURN t, t.st.y, map_keys(t.m), CAST(t.l AS STRING), CAST(t.st AS STRING), t.dt + interval('1 day'), [t.s, 'x']"),
    READ("casts from text", "RETURN CAST('[1, 2, 3]' AS INT64[]), CAST('{a: 1, b: text}' AS STRUCT(a INT64, b STRING)), CAST('{k=1}' AS MAP(STRING, INT64)), "
                            "CAST('1.25' AS DECIMAL(10, 2)), CAST('2020-01-01' AS DATE)"),
    READ("CASE and lambdas", "UNWIND range(1, 9) AS i RETURN CASE WHEN i > 5 THEN 'a text of some length ' + CAST(i AS STRING) ELSE NULL END, list_reduce([1, 2, 3], (x, y) -> x + y)"),
    READ("names of types", "MATCH (t:T) RETURN typeof(t.st), CAST(t.m AS STRING), typeof(CAST(t.l AS INT128[])), typeof([t.iv])"),
    READ("table functions", "CALL show_functions() WHERE name STARTS WITH 'LIST_' RETURN name, signature"),
    READ("table_info", "CALL table_info('T') RETURN *"),
    READ("options", "CALL current_setting('threads') RETURN *"),
    READ("EXPLAIN", "EXPLAIN MATCH (a:Person)-[:Knows]->(b:Person) RETURN a.name, count(*) ORDER BY a.name"),
    READ("PROFILE", "PROFILE MATCH (a:Person)-[:Knows]->(b:Person) RETURN a.name, count(*)"),
    READ("a read-only transaction", "BEGIN TRANSACTION READ ONLY; MATCH (p:Person) RETURN count(*); COMMIT"),

    /* preparing */
    PREPARE("prepare and execute", "MATCH (p:Person {id: $id}) RETURN p.name, $list AS l, $more AS m, $name + p.name"),
    PREPARE("prepare and execute a write", "MERGE (p:Person {id: $id}) SET p.name = $name WITH p, $list AS l, $more AS m RETURN p.id, l, m"),

    /* what fails anyhow */
    FAIL_WRITE("SET of a key", "MATCH (p:Person {id: 12}) SET p.id = 120"),
    FAIL_READ("not the language", "MATCH (p:Person RETURN p"),
    FAIL_READ("no such table", "MATCH (p:Persona) RETURN p.name"),
    FAIL_READ("no such conversion", "MATCH (p:Person) RETURN CAST(p.name AS INT64)"),
    FAIL_READ("overflow", "UNWIND [9223372036854775807] AS i RETURN i + 1"),
    FAIL_WRITE("a key twice", "UNWIND [50, 51, 50] AS i CREATE (:Person {id: i, name: 'a name of more than twelve bytes'})"),
    FAIL_WRITE("a key that is there", "CREATE (:Person {id: 3})"),
    FAIL_WRITE("DELETE of a connected node", "MATCH (p:Person {id: 3}) DELETE p"),
    FAIL_WRITE("a second city", "MATCH (p:Person {id: 1}), (c:City) CREATE (p)-[:Lives]->(c)"),
    FAIL_WRITE("a table that is there", "CREATE NODE TABLE City(name STRING PRIMARY KEY)"),
    FAIL_WRITE("DROP of a table in use", "DROP TABLE Person"),
    FAIL_WRITE("COPY of bad input", "COPY Person FROM '/data/bad.csv'"),
    FAIL_WRITE("COPY of no file", "COPY Person FROM '/data/none.csv'"),
    FAIL_WRITE("a transaction that fails", "BEGIN TRANSACTION; CREATE (:Person {id: 50}); MATCH (p:Person) SET p.age = 1; CREATE (:Person {id: 50})"),
};
const size_t memory_scenario_count = sizeof memory_scenarios / sizeof memory_scenarios[0];
