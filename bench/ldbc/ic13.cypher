// Length of a shortest path between two people; -1 when there is none.
MATCH (a:Person {id: $person1Id}), (b:Person {id: $person2Id})
OPTIONAL MATCH (a)-[k:knows* SHORTEST 1..30]-(b)
RETURN CASE WHEN a.id = b.id THEN 0 ELSE coalesce(length(k), -1) END AS length
