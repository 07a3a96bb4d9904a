// The newest direct replies to a person's messages.
MATCH (:Person {id: $personId})<-[:Post_hasCreator|:Comment_hasCreator]-(:Post:Comment)
      <-[:replyOf_Post|:replyOf_Comment]-(c:Comment)-[:Comment_hasCreator]->(p:Person)
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName, c.creationDate AS creationDate,
       c.id AS commentId, c.content AS content
ORDER BY creationDate DESC, commentId
LIMIT 20
