// The newest messages of friends up to a date.
MATCH (:Person {id: $personId})-[:knows]-(friend:Person)<-[:Post_hasCreator|:Comment_hasCreator]-(m:Post:Comment)
WHERE m.creationDate <= $maxDate
RETURN friend.id AS personId, friend.firstName AS firstName, friend.lastName AS lastName, m.id AS messageId,
       coalesce(m.content, m.imageFile) AS content, m.creationDate AS creationDate
ORDER BY creationDate DESC, messageId
LIMIT 20
