// The newest messages of friends and their friends before a date.
MATCH (:Person {id: $personId})-[:knows*1..2]-(p:Person)
WHERE p.id <> $personId
WITH DISTINCT p
MATCH (p)<-[:Post_hasCreator|:Comment_hasCreator]-(m:Post:Comment)
WHERE m.creationDate < $maxDate
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName, m.id AS messageId,
       coalesce(m.content, m.imageFile) AS content, m.creationDate AS creationDate
ORDER BY creationDate DESC, messageId
LIMIT 20
