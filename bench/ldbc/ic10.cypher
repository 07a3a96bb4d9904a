// Friends of friends born between the 21st of a month and the 22nd of the next, by what their posts have in common with
// a person's interests.
MATCH (s:Person {id: $personId})-[:knows]-(:Person)-[:knows]-(p:Person)
WHERE p.id <> $personId AND
      ((p.birthday / 100 % 100 = $month AND p.birthday % 100 >= 21) OR
       (p.birthday / 100 % 100 = $month % 12 + 1 AND p.birthday % 100 < 22))
WITH DISTINCT s, p
WHERE NOT (s)-[:knows]-(p)
MATCH (p)-[:Person_isLocatedIn]->(city:Place)
WITH p, city,
     COUNT { MATCH (p)<-[:Post_hasCreator]-(:Post) } AS posts,
     COUNT { MATCH (p)<-[:Post_hasCreator]-(post:Post) WHERE (post)-[:Post_hasTag]->(:Tag)<-[:hasInterest]-(s) } AS common
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName, 2 * common - posts AS score,
       p.gender AS gender, city.name AS cityName
ORDER BY score DESC, personId
LIMIT 10
