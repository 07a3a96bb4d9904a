// People of a given first name within three steps, the nearest first, with places of study and work.
MATCH (:Person {id: $personId})-[k:knows* SHORTEST 1..3]-(p:Person)
WHERE p.firstName = $firstName AND p.id <> $personId
WITH p, length(k) AS distance, p.lastName AS lastName, p.id AS personId
ORDER BY distance, lastName, personId
LIMIT 20
MATCH (p)-[:Person_isLocatedIn]->(city:Place)
RETURN personId, lastName, distance, p.birthday AS birthday, p.creationDate AS creationDate, p.gender AS gender,
       p.browserUsed AS browserUsed, p.locationIP AS locationIP, city.name AS cityName,
       COLLECT { MATCH (p)-[s:studyAt]->(u:Organisation)-[:Organisation_isLocatedIn]->(at:Place)
                 RETURN [u.name, string(s.classYear), at.name] ORDER BY s.classYear, u.name } AS universities,
       COLLECT { MATCH (p)-[w:workAt]->(c:Organisation)-[:Organisation_isLocatedIn]->(at:Place)
                 RETURN [c.name, string(w.workFrom), at.name] ORDER BY w.workFrom, c.name } AS companies
ORDER BY distance, lastName, personId
