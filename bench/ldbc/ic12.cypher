// Friends by the number of their direct replies to posts with a tag of a class or of one below it.
MATCH (:Person {id: $personId})-[:knows]-(friend:Person)<-[:Comment_hasCreator]-(c:Comment)-[:replyOf_Post]->(:Post)
      -[:Post_hasTag]->(tag:Tag)-[:hasType]->(:TagClass)-[:isSubclassOf*0..20]->(:TagClass {name: $tagClassName})
RETURN friend.id AS personId, friend.firstName AS firstName, friend.lastName AS lastName,
       list_sort(collect(DISTINCT tag.name)) AS tagNames, count(DISTINCT c) AS replyCount
ORDER BY replyCount DESC, personId
LIMIT 20
