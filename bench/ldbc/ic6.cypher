// Tags that occur together with a given one on posts of friends and their friends.
MATCH (:Person {id: $personId})-[:knows*1..2]-(p:Person)
WHERE p.id <> $personId
WITH DISTINCT p
MATCH (p)<-[:Post_hasCreator]-(post:Post)-[:Post_hasTag]->(:Tag {name: $tagName}), (post)-[:Post_hasTag]->(other:Tag)
WHERE other.name <> $tagName
RETURN other.name AS tagName, count(*) AS postCount
ORDER BY postCount DESC, tagName
LIMIT 10
