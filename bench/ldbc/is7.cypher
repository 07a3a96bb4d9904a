// Direct replies to a message, and whether their authors know the message's author.
MATCH (m:Post:Comment {id: $messageId})<-[:replyOf_Post|:replyOf_Comment]-(c:Comment)-[:Comment_hasCreator]->(p:Person)
MATCH (m)-[:Post_hasCreator|:Comment_hasCreator]->(author:Person)
RETURN c.id AS commentId, c.content AS content, c.creationDate AS creationDate, p.id AS personId,
       p.firstName AS firstName, p.lastName AS lastName, EXISTS { MATCH (author)-[:knows]-(p) } AS knows
ORDER BY creationDate DESC, personId
