/* SPDX-License-Identifier: MIT */
/*
 * The workloads of the crash enumeration: each leans on another part of the write path.
 */
#include "crash.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE      ((const char *const[]){NULL})

#define PERSON "CREATE NODE TABLE Person(id INT64, name STRING, age INT64, PRIMARY KEY(id))"
#define KNOWS  "CREATE REL TABLE Knows(FROM Person TO Person, since INT64)"
#define PEOPLE "UNWIND range(1, 12) AS i CREATE (:Person {id: i, name: 'person number ' + CAST(i AS STRING), age: i * 3})"
#define RING   "MATCH (a:Person), (b:Person) WHERE b.id = a.id % 12 + 1 CREATE (a)-[:Knows {since: a.id}]->(b)"

#define ASK_TABLES "CALL show_tables() RETURN name, type ORDER BY name"
#define ASK_PEOPLE "MATCH (p:Person) RETURN p.id, p.name, p.age ORDER BY p.id"
#define ASK_KNOWS  "MATCH (a:Person)-[k:Knows]->(b:Person) RETURN a.id, b.id, k.since ORDER BY a.id, b.id, k.since"
#define ASK_BACK   "MATCH (b:Person)<-[k:Knows]-(a:Person) RETURN b.id, count(*), sum(k.since) ORDER BY b.id"
#define ASK_KEY    "MATCH (p:Person) WHERE p.id = 3 RETURN p.name"
#define ASK_GRAPH  LIST(ASK_TABLES, ASK_PEOPLE, ASK_KNOWS, ASK_BACK, ASK_KEY)
#define PROBE      "CREATE (:Person {id: 999, name: 'after recovery', age: 1})"

const crash_file crash_files[] = {
    {.path = "/data/people.csv", .rows = 60},
    {.path = "/data/more.csv", .text = "100,one hundred,7\n101,\"one hundred, and one\",8\n"},
    {.path = "/data/knows.csv", .rows = 60, .pairs = true},
    {.path = "/data/bad.csv", .text = "200,two hundred,1\n201,two hundred and one,not a number\n"},
};
const size_t crash_file_count = sizeof crash_files / sizeof crash_files[0];

const crash_workload crash_workloads[] = {
    {
        .name = "created from nothing",
        .setup = NONE,
        .steps = LIST(PERSON, "CREATE (:Person {id: 1, name: 'first', age: 1})", KNOWS, "@reopen",
                      "MATCH (a:Person {id: 1}) CREATE (a)-[:Knows {since: 1}]->(:Person {id: 2, name: 'second'})", "@reopen"),
        .questions = ASK_GRAPH,
        .probe = "CREATE NODE TABLE Probe(id INT64, PRIMARY KEY(id))",
    },
    {
        .name = "autocommit inserts",
        .setup = LIST(PERSON),
        .steps = LIST("CREATE (:Person {id: 1, name: 'a', age: 1})", "CREATE (:Person {id: 2, name: 'a name longer than twelve bytes', age: 2})",
                      "CREATE (:Person {id: 3})", "CREATE (:Person {id: 4, name: ''})", "CHECKPOINT",
                      "CREATE (:Person {id: 5, name: 'behind the checkpoint'})", "@reopen", "CREATE (:Person {id: 6, name: 'behind the reopening'})"),
        .questions = LIST(ASK_PEOPLE, ASK_KEY),
        .probe = PROBE,
    },
    {
        .name = "transactions of several statements",
        .setup = LIST(PERSON, KNOWS, PEOPLE),
        .steps = LIST("BEGIN TRANSACTION; CREATE (:Person {id: 20}); CREATE (:Person {id: 21}); MATCH (a:Person {id: 20}), (b:Person {id: 21}) CREATE "
                      "(a)-[:Knows {since: 1}]->(b); COMMIT",
                      "BEGIN TRANSACTION; MATCH (p:Person {id: 1}) SET p.age = 100; MATCH (p:Person {id: 20}) SET p.name = 'twenty'; COMMIT",
                      "BEGIN TRANSACTION; CREATE (:Person {id: 22}); ROLLBACK", "CHECKPOINT",
                      "BEGIN TRANSACTION; MATCH (p:Person) WHERE p.id > 5 SET p.age = p.age + 1; CREATE (:Person {id: 23}); COMMIT"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "deletes and detached deletes",
        .setup = LIST(PERSON, KNOWS, PEOPLE, RING),
        .steps = LIST("MATCH (a:Person {id: 1})-[k:Knows]->() DELETE k", "MATCH (p:Person {id: 5}) DETACH DELETE p", "@fail MATCH (p:Person {id: 8}) DELETE p",
                      "CHECKPOINT", "MATCH (p:Person) WHERE p.id % 4 = 0 DETACH DELETE p", "CREATE (:Person {id: 5, name: 'again'})", "CHECKPOINT",
                      "CREATE (:Person {id: 50, name: 'in a hole'})", "MATCH (a:Person {id: 5}), (b:Person {id: 50}) CREATE (a)-[:Knows {since: 50}]->(b)"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "updates of many types",
        .setup = LIST("CREATE NODE TABLE T(id INT64, b BOOL, i8 INT8, u UINT32, h INT128, f FLOAT, d DOUBLE, s STRING, bl BLOB, dt DATE, ts TIMESTAMP, iv INTERVAL, "
                      "l INT64[], st STRUCT(x INT64, y STRING), m MAP(STRING, INT64), PRIMARY KEY(id))",
                      "UNWIND range(1, 10) AS i CREATE (:T {id: i, s: 'start'})"),
        .steps = LIST("MATCH (t:T) WHERE t.id < 4 SET t.b = true, t.i8 = CAST(t.id AS INT8), t.u = CAST(t.id * 1000 AS UINT32)",
                      "MATCH (t:T) WHERE t.id = 2 SET t.h = CAST('170141183460469231731687303715884105727' AS INT128), t.f = CAST(1.5 AS FLOAT), t.d = 0.1",
                      "MATCH (t:T) SET t.s = 'a text that is certainly longer than twelve bytes ' + CAST(t.id AS STRING)", "CHECKPOINT",
                      "MATCH (t:T) WHERE t.id > 3 SET t.l = [t.id, t.id + 1, NULL], t.dt = date('2024-02-29'), t.ts = timestamp('2024-02-29 12:34:56.789')",
                      "MATCH (t:T) WHERE t.id = 5 SET t.st = {x: 7, y: 'seven'}, t.m = map(['a', 'b'], [1, 2]), t.iv = interval('3 days')",
                      "MATCH (t:T) WHERE t.id = 5 SET t.s = NULL, t.l = NULL", "MATCH (t:T) WHERE t.id = 9 REMOVE t.s"),
        .questions = LIST("MATCH (t:T) RETURN t.* ORDER BY t.id", "MATCH (t:T) WHERE t.id = 9 RETURN t.s"),
        .probe = "MATCH (t:T) SET t.d = 2.5",
    },
    {
        .name = "many to many relationships",
        .setup = LIST(PERSON, KNOWS, PEOPLE),
        .steps = LIST(RING, "MATCH (a:Person), (b:Person) WHERE a.id < 4 AND b.id > 9 CREATE (a)-[:Knows {since: a.id * 100 + b.id}]->(b)", "CHECKPOINT",
                      "MATCH (a:Person)-[k:Knows]->(b:Person) WHERE k.since > 100 SET k.since = -k.since", "MATCH (a:Person {id: 2})-[k:Knows]->(b:Person) DELETE k",
                      "CHECKPOINT", "MATCH (a:Person {id: 2}), (b:Person) WHERE b.id < 4 CREATE (a)-[:Knows]->(b)", "@reopen"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "bulk loads",
        .setup = LIST(PERSON, KNOWS),
        .steps = LIST("COPY Person FROM '/data/people.csv'", "COPY Knows FROM '/data/knows.csv'", "@fail COPY Person FROM '/data/bad.csv'", "COPY Person FROM '/data/more.csv'",
                      "CHECKPOINT", "BEGIN TRANSACTION; MATCH (p:Person) WHERE p.id < 10 SET p.age = 0; COPY Knows FROM '/data/knows.csv'; COMMIT",
                      "MATCH (p:Person {id: 3}) DETACH DELETE p", "@reopen"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "schema changes",
        .setup = LIST(PERSON, PEOPLE),
        .steps = LIST(KNOWS, RING, "CREATE NODE TABLE City(name STRING, PRIMARY KEY(name))", "CREATE (:City {name: 'Uji'})",
                      "BEGIN TRANSACTION; CREATE REL TABLE LivesIn(FROM Person TO City); MATCH (p:Person {id: 1}), (c:City) CREATE (p)-[:LivesIn]->(c); COMMIT",
                      "DROP TABLE Knows", "BEGIN TRANSACTION; DROP TABLE LivesIn; DROP TABLE City; ROLLBACK", "CHECKPOINT", "DROP TABLE LivesIn", "DROP TABLE City", "@reopen"),
        .questions = LIST(ASK_TABLES, ASK_PEOPLE, ASK_KNOWS, "MATCH (p:Person)-[:LivesIn]->(c:City) RETURN p.id, c.name", "MATCH (c:City) RETURN c.name"),
        .probe = PROBE,
    },
    {
        .name = "altered tables and sequences",
        .setup = LIST(PERSON, KNOWS, PEOPLE, RING),
        .steps = LIST("ALTER TABLE Person ADD city STRING DEFAULT 'nowhere'", "MATCH (p:Person) WHERE p.id < 4 SET p.city = 'Uji'", "CHECKPOINT",
                      "BEGIN TRANSACTION; ALTER TABLE Knows ADD note STRING; MATCH (a:Person)-[k:Knows]->() WHERE a.id = 2 SET k.note = 'noted'; COMMIT", "ALTER TABLE Person DROP age",
                      "CREATE (:Person {id: 60, name: 'after the drop', city: 'Nara'})", "CREATE SEQUENCE s START 200 INCREMENT 5", "CREATE (:Person {id: nextval('s')})",
                      "BEGIN TRANSACTION; ALTER TABLE Person ADD gone INT64; CREATE (:Person {id: nextval('s')}); ROLLBACK", "ALTER TABLE Person RENAME city TO place", "@reopen",
                      "CREATE (:Person {id: nextval('s') + 100, place: 'Kobe'})"),
        .questions = LIST(ASK_TABLES, "MATCH (p:Person) RETURN p.* ORDER BY p.id", "MATCH (a:Person)-[k:Knows]->(b:Person) RETURN a.id, b.id, k.* ORDER BY a.id, b.id",
                          "CALL table_info('Person') RETURN *", "CALL show_sequences() RETURN name, `start value`, increment"),
        .probe = "CREATE (:Person {id: 999, name: 'after recovery'})",
    },
    {
        .name = "checkpoint after checkpoint",
        .setup = LIST(PERSON, KNOWS, PEOPLE, RING, "CHECKPOINT"),
        .steps = LIST("CHECKPOINT", "MATCH (p:Person {id: 1}) SET p.age = 1", "CHECKPOINT", "CHECKPOINT", "MATCH (p:Person {id: 2}) SET p.name = 'two'",
                      "MATCH (p:Person {id: 3}) DETACH DELETE p", "CHECKPOINT", "CREATE (:Person {id: 30})", "CHECKPOINT"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "checkpoint under a reader",
        .setup = LIST(PERSON, KNOWS, PEOPLE, RING),
        .steps = LIST("@reader begin", "MATCH (p:Person {id: 1}) SET p.age = 1", "CHECKPOINT", "MATCH (p:Person {id: 2}) DETACH DELETE p", "CREATE (:Person {id: 40})",
                      "CHECKPOINT", "@reader end", "MATCH (p:Person {id: 3}) SET p.name = 'three'", "CHECKPOINT", "CREATE (:Person {id: 41})"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        /* Everybody knows everybody: few changes become overlays of the groups. */
        .name = "overlays, and everything folded",
        .setup = LIST(PERSON, KNOWS, PEOPLE, "MATCH (a:Person), (b:Person) CREATE (a)-[:Knows {since: a.id * 100 + b.id}]->(b)", "CHECKPOINT"),
        .steps = LIST("MATCH (a:Person {id: 1})-[k:Knows]->(b:Person) WHERE b.id < 4 DELETE k", "CHECKPOINT", "VACUUM",
                      "MATCH (a:Person {id: 2}), (b:Person {id: 3}) CREATE (a)-[:Knows {since: 7}]->(b)", "@reader begin", "CHECKPOINT",
                      "MATCH (a:Person {id: 5})-[k:Knows]->(b:Person {id: 6}) DELETE k", "VACUUM", "@reader end", "VACUUM"),
        .questions = LIST(ASK_PEOPLE, ASK_BACK, "MATCH (a:Person)-[k:Knows]->(b:Person) WHERE a.id < 6 AND b.id < 8 RETURN a.id, b.id, k.since ORDER BY a.id, b.id, k.since"),
        .probe = PROBE,
    },
    {
        /* A column of several pages: a few changed rows become an overlay of it, until those have cost as much as the column. */
        .name = "overlays of columns",
        .setup = LIST("CREATE NODE TABLE T(id INT64, name STRING, age INT64, PRIMARY KEY(id))",
                      "UNWIND range(1, 450) AS i CREATE (:T {id: i, name: 'the name of number ' + CAST(i AS STRING) + ', which is long', age: i * 3})", "CHECKPOINT"),
        .steps = LIST("MATCH (t:T) WHERE t.id % 150 = 7 SET t.name = 'new name of ' + CAST(t.id AS STRING)", "CHECKPOINT",
                      "MATCH (t:T) WHERE t.id % 200 = 7 SET t.name = NULL, t.age = 1", "@reader begin", "CHECKPOINT", "@reader end", "@reopen",
                      "MATCH (t:T {id: 300}) SET t.name = 'new one'", "MATCH (t:T {id: 8}) DELETE t", "CHECKPOINT", "MATCH (t:T {id: 301}) SET t.name = 'new two'",
                      "CHECKPOINT", "MATCH (t:T) WHERE t.id % 100 = 9 SET t.name = 'new, and older'", "@reader begin", "CHECKPOINT", "MATCH (t:T {id: 2}) SET t.name = ''",
                      "VACUUM", "@reader end", "VACUUM"),
        .questions = LIST("MATCH (t:T) RETURN count(*), count(t.name), sum(size(t.name)), sum(t.age)",
                          "MATCH (t:T) WHERE t.name STARTS WITH 'new' OR t.name IS NULL OR t.id % 60 = 1 RETURN t.id, t.name, t.age ORDER BY t.id"),
        .probe = "CREATE (:T {id: 999, name: 'after recovery', age: 1})",
    },
    {
        .name = "automatic checkpoints",
        .setup = LIST(PERSON, KNOWS, PEOPLE),
        .steps = LIST(RING, "MATCH (p:Person) SET p.name = p.name + ' and more'", "MATCH (p:Person) SET p.age = p.age + 1", "MATCH (a:Person)-[k:Knows]->() SET k.since = 0",
                      "UNWIND range(100, 120) AS i CREATE (:Person {id: i, name: 'one of the later rows ' + CAST(i AS STRING)})", "MATCH (p:Person) WHERE p.id > 110 DELETE p",
                      "MATCH (p:Person) SET p.age = 5"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
        .checkpoint_threshold = 512,
    },
    {
        .name = "failing statements and rollbacks",
        .setup = LIST(PERSON, KNOWS, PEOPLE, RING),
        .steps = LIST("@fail CREATE (:Person {id: 1})", "@fail UNWIND [50, 51, 50] AS i CREATE (:Person {id: i})", "BEGIN TRANSACTION; MATCH (p:Person) SET p.age = 0; MATCH (a)-[k:Knows]->() DELETE k; ROLLBACK",
                      "CREATE (:Person {id: 50})", "BEGIN TRANSACTION; CREATE (:Person {id: 51}); MATCH (p:Person {id: 2}) DETACH DELETE p; ROLLBACK", "MATCH (p:Person {id: 2}) SET p.age = 22", "CHECKPOINT",
                      "BEGIN TRANSACTION; MATCH (p:Person {id: 4}) DETACH DELETE p; CREATE (:Person {id: 4, name: 'anew'}); COMMIT"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "opened again and again",
        .setup = LIST(PERSON, KNOWS),
        .steps = LIST("CREATE (:Person {id: 1})", "@reopen", "CREATE (:Person {id: 2})", "@reopen", "MATCH (a:Person {id: 1}), (b:Person {id: 2}) CREATE (a)-[:Knows {since: 3}]->(b)", "@reopen",
                      "MATCH (p:Person {id: 1}) SET p.name = 'one'", "@reopen", "@reopen", "MATCH (p:Person {id: 2}) DETACH DELETE p", "@reopen"),
        .questions = ASK_GRAPH,
        .probe = PROBE,
    },
    {
        .name = "wide rows and long texts",
        .setup = LIST("CREATE NODE TABLE W(id INT64, t1 STRING, t2 STRING, l STRING[], PRIMARY KEY(id))"),
        .steps = LIST("UNWIND range(1, 5) AS i CREATE (:W {id: i, t1: repeat('x', 3000 * i), t2: repeat('y', i), l: [repeat('z', 500), CAST(i AS STRING)]})",
                      "MATCH (w:W) WHERE w.id = 2 SET w.t1 = repeat('new', 20000)", "CHECKPOINT", "MATCH (w:W) SET w.l = [w.t2, repeat('q', 5000)]", "MATCH (w:W {id: 1}) DELETE w",
                      "CREATE (:W {id: 6, t1: repeat('abc', 30000)})"),
        .questions = LIST("MATCH (w:W) RETURN w.id, size(w.t1), substring(w.t1, 1, 7), w.t2, size(w.l), size(w.l[1]) ORDER BY w.id"),
        .probe = "CREATE (:W {id: 999})",
    },
};
const size_t crash_workload_count = sizeof crash_workloads / sizeof crash_workloads[0];
