// Author of a message.
MATCH (m:Post:Comment {id: $messageId})-[:Post_hasCreator|:Comment_hasCreator]->(p:Person)
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName
