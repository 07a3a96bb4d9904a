// Who liked a person's messages last: for each liker the newest like, of several the message of lowest id.
MATCH (s:Person {id: $personId})<-[:Post_hasCreator|:Comment_hasCreator]-(m:Post:Comment)
      <-[l:likes_Post|:likes_Comment]-(p:Person)
WITH s, p, m, l.creationDate AS likeDate
ORDER BY likeDate DESC, m.id
WITH s, p, collect({likeDate: likeDate, id: m.id, content: coalesce(m.content, m.imageFile), date: m.creationDate})[1] AS last
RETURN p.id AS personId, p.firstName AS firstName, p.lastName AS lastName, last.likeDate AS likeDate,
       last.id AS messageId, last.content AS content,
       ((make_date(last.likeDate / 10000000000000, last.likeDate / 100000000000 % 100, last.likeDate / 1000000000 % 100) -
         make_date(last.date / 10000000000000, last.date / 100000000000 % 100, last.date / 1000000000 % 100)) * 86400000 +
        (last.likeDate / 10000000 % 100 - last.date / 10000000 % 100) * 3600000 +
        (last.likeDate / 100000 % 100 - last.date / 100000 % 100) * 60000 +
        last.likeDate % 100000 - last.date % 100000) / 60000 AS minutes,
       NOT EXISTS { MATCH (s)-[:knows]-(p) } AS isNew
ORDER BY likeDate DESC, personId
LIMIT 20
