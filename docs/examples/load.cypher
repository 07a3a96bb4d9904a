// The schema of the example and its data. Run it in this folder:
//   ruzu example.ruzu < load.cypher
CREATE NODE TABLE Person(id INT64 PRIMARY KEY, name STRING, born DATE);
CREATE NODE TABLE City(name STRING PRIMARY KEY, country STRING, inhabitants INT64);
CREATE REL TABLE Follows(FROM Person TO Person, since DATE);
CREATE REL TABLE LivesIn(FROM Person TO City, since DATE, MANY_ONE);

COPY Person FROM 'people.csv' (header = true);
COPY City FROM 'cities.csv' (header = true);
COPY Follows FROM 'follows.csv' (header = true);
COPY LivesIn FROM 'lives_in.csv' (header = true);
