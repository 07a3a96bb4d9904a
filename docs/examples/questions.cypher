// Questions to the example. Run it in this folder, after load.cypher:
//   ruzu example.ruzu < questions.cypher

// Who follows whom, and since when?
MATCH (a:Person)-[f:Follows]->(b:Person) RETURN a.name, b.name, f.since ORDER BY f.since;

// How many people live in each city?
MATCH (p:Person)-[:LivesIn]->(c:City) RETURN c.name, c.country, count(*) AS people ORDER BY people DESC, c.name;

// Who has the most followers?
MATCH (p:Person)<-[:Follows]-(q:Person) RETURN p.name, count(*) AS followers, min(q.born) AS oldest ORDER BY followers DESC, p.name LIMIT 3;

// Whom could Ann follow next: those whom the people she follows follow?
MATCH (a:Person {name: 'Ann'})-[:Follows]->(:Person)-[:Follows]->(s:Person)
WHERE s.name <> 'Ann' AND NOT EXISTS { MATCH (a)-[:Follows]->(s) }
RETURN DISTINCT s.name ORDER BY s.name;

// Who follows somebody in the same city?
MATCH (a:Person)-[:LivesIn]->(c:City)<-[:LivesIn]-(b:Person), (a)-[:Follows]->(b) RETURN a.name, b.name, c.name ORDER BY a.name;

// Somebody new arrives: write to the graph.
CREATE (:Person {id: 9, name: 'Ines', born: date('1999-10-10')});
MATCH (p:Person {name: 'Ines'}), (c:City {name: 'Kyoto'}) CREATE (p)-[:LivesIn {since: date('2024-05-01')}]->(c);
MATCH (p:Person)-[l:LivesIn]->(:City {name: 'Kyoto'}) RETURN p.name, l.since ORDER BY l.since;
