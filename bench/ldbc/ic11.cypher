// Friends and their friends who began to work in a country before a year.
MATCH (:Person {id: $personId})-[:knows*1..2]-(p:Person)
WHERE p.id <> $personId
WITH DISTINCT p
MATCH (p)-[w:workAt]->(company:Organisation)-[:Organisation_isLocatedIn]->(:Place {name: $countryName})
WHERE w.workFrom < $year
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName, company.name AS companyName,
       w.workFrom AS workFrom
ORDER BY workFrom, personId, companyName DESC
LIMIT 10
