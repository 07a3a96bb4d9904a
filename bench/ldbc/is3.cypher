// Friends of a person and since when.
MATCH (:Person {id: $personId})-[k:knows]-(friend:Person)
RETURN friend.id AS personId, friend.firstName AS firstName, friend.lastName AS lastName, k.creationDate AS since
ORDER BY since DESC, personId
