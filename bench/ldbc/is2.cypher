// The last ten messages of a person, each with the post at the root of its thread and that post's author.
MATCH (:Person {id: $personId})<-[:Post_hasCreator|:Comment_hasCreator]-(m:Post:Comment)
WITH m, m.id AS messageId, m.creationDate AS messageDate
ORDER BY messageDate DESC, messageId DESC
LIMIT 10
MATCH (m)-[:replyOf_Post|:replyOf_Comment*0..30]->(root:Post)-[:Post_hasCreator]->(author:Person)
RETURN messageId, coalesce(m.content, m.imageFile) AS content, messageDate, root.id AS postId,
       author.id AS authorId, author.firstName AS firstName, author.lastName AS lastName
ORDER BY messageDate DESC, messageId DESC
