// Friends and their friends, at home elsewhere, who wrote from both of two countries within a period.
MATCH (:Person {id: $personId})-[:knows*1..2]-(p:Person)
WHERE p.id <> $personId
WITH DISTINCT p
MATCH (p)-[:Person_isLocatedIn]->(:Place)-[:isPartOf]->(home:Place)
WHERE NOT home.name IN [$countryX, $countryY]
MATCH (p)<-[:Post_hasCreator|:Comment_hasCreator]-(m:Post:Comment)
      -[:Post_isLocatedIn|:Comment_isLocatedIn]->(country:Place)
WHERE country.name IN [$countryX, $countryY] AND m.creationDate >= $startDate AND m.creationDate < $endDate
WITH p, sum(CASE WHEN country.name = $countryX THEN 1 ELSE 0 END) AS xCount,
     sum(CASE WHEN country.name = $countryY THEN 1 ELSE 0 END) AS yCount
WHERE xCount > 0 AND yCount > 0
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName, xCount, yCount, xCount + yCount AS total
ORDER BY xCount DESC, personId
LIMIT 20
