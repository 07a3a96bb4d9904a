// A small social graph: tables, rows, and three questions. Run it with
//   ruzu :memory: < docs/examples/quickstart.cypher
CREATE NODE TABLE Person(name STRING, age INT64, PRIMARY KEY (name));
CREATE NODE TABLE City(name STRING, PRIMARY KEY (name));
CREATE REL TABLE Knows(FROM Person TO Person, since INT64);
CREATE REL TABLE LivesIn(FROM Person TO City);

CREATE (:City {name: 'Kyoto'}), (:City {name: 'Lisbon'});
CREATE (:Person {name: 'Ann', age: 34}), (:Person {name: 'Bob', age: 41}), (:Person {name: 'Chloe', age: 27}),
       (:Person {name: 'Dev', age: 52});
MATCH (a:Person {name: 'Ann'}), (b:Person {name: 'Bob'}) CREATE (a)-[:Knows {since: 2015}]->(b);
MATCH (a:Person {name: 'Bob'}), (b:Person {name: 'Chloe'}) CREATE (a)-[:Knows {since: 2019}]->(b);
MATCH (a:Person {name: 'Chloe'}), (b:Person {name: 'Dev'}) CREATE (a)-[:Knows {since: 2021}]->(b);
MATCH (p:Person), (c:City {name: 'Kyoto'}) WHERE p.age < 40 CREATE (p)-[:LivesIn]->(c);
MATCH (p:Person), (c:City {name: 'Lisbon'}) WHERE p.age >= 40 CREATE (p)-[:LivesIn]->(c);

// Who knows whom, and since when?
MATCH (a:Person)-[k:Knows]->(b:Person) RETURN a.name, b.name, k.since ORDER BY k.since;

// Whom does Ann reach in up to three steps?
MATCH (a:Person {name: 'Ann'})-[:Knows*1..3]->(b:Person) RETURN b.name, b.age ORDER BY b.name;

// How many people live in each city, and how old are they on average?
MATCH (p:Person)-[:LivesIn]->(c:City) RETURN c.name, count(*) AS people, avg(p.age) AS age ORDER BY c.name;
