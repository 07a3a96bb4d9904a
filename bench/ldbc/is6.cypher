// The forum that holds the thread of a message, and its moderator.
MATCH (m:Post:Comment {id: $messageId})-[:replyOf_Post|:replyOf_Comment*0..30]->(:Post)<-[:containerOf]-(f:Forum),
      (f)-[:hasModerator]->(moderator:Person)
RETURN f.id AS forumId, f.title AS forumTitle, moderator.id AS moderatorId, moderator.firstName AS firstName,
       moderator.lastName AS lastName
