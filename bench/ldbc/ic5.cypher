// Forums that friends and their friends joined after a date, by the number of posts of those who did.
MATCH (:Person {id: $personId})-[:knows*1..2]-(p:Person)
WHERE p.id <> $personId
WITH DISTINCT p
MATCH (p)<-[member:hasMember]-(forum:Forum)
WHERE member.joinDate > $minDate
OPTIONAL MATCH (forum)-[:containerOf]->(post:Post)-[:Post_hasCreator]->(p)
WITH forum, count(post) AS postCount
RETURN forum.title AS forumTitle, forum.id AS forumId, postCount
ORDER BY postCount DESC, forumId
LIMIT 20
