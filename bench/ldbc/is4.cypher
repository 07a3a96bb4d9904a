// Content of a message.
MATCH (m:Post:Comment {id: $messageId})
RETURN m.creationDate AS creationDate, coalesce(m.content, m.imageFile) AS content
