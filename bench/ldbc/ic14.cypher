// All shortest paths between two people, by how much neighbours on them replied to each other: 1 for a post, 0.5 for a
// comment.
MATCH path = (:Person {id: $person1Id})-[:knows* ALL SHORTEST 1..30]-(:Person {id: $person2Id})
WITH nodes(path) AS people
UNWIND range(1, size(people) - 1) AS i
WITH people, people[i] AS a, people[i + 1] AS b
WITH people,
     COUNT { MATCH (a)<-[:Comment_hasCreator]-(:Comment)-[:replyOf_Post]->(:Post)-[:Post_hasCreator]->(b) } +
     COUNT { MATCH (b)<-[:Comment_hasCreator]-(:Comment)-[:replyOf_Post]->(:Post)-[:Post_hasCreator]->(a) } AS posts,
     COUNT { MATCH (a)<-[:Comment_hasCreator]-(:Comment)-[:replyOf_Comment]->(:Comment)-[:Comment_hasCreator]->(b) } +
     COUNT { MATCH (b)<-[:Comment_hasCreator]-(:Comment)-[:replyOf_Comment]->(:Comment)-[:Comment_hasCreator]->(a) }
     AS comments
RETURN list_transform(people, p -> p.id) AS personIds, sum(posts + 0.5 * comments) AS weight
ORDER BY weight DESC, personIds
