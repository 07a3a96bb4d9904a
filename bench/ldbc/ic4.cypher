// Tags of friends' posts within a period that none of their earlier posts had.
MATCH (:Person {id: $personId})-[:knows]-(:Person)<-[:Post_hasCreator]-(post:Post)-[:Post_hasTag]->(tag:Tag)
WHERE post.creationDate < $endDate
WITH tag, sum(CASE WHEN post.creationDate >= $startDate THEN 1 ELSE 0 END) AS postCount,
     min(post.creationDate) AS first
WHERE first >= $startDate
RETURN tag.name AS tagName, postCount
ORDER BY postCount DESC, tagName
LIMIT 10
