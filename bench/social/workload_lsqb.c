/* SPDX-License-Identifier: MIT */
/* The Labelled Subgraph Query Benchmark's schema and questions: see workload.h. */
#include "workload.h"

static const table_source lsqb_tables[] = {
    {"CREATE NODE TABLE City(id INT64, PRIMARY KEY(id))", "City", NULL, NULL, "City"},
    {"CREATE NODE TABLE Comment(id INT64, PRIMARY KEY(id))", "Comment", NULL, NULL, "Comment"},
    {"CREATE NODE TABLE Company(id INT64, PRIMARY KEY(id))", "Company", NULL, NULL, "Company"},
    {"CREATE NODE TABLE Continent(id INT64, PRIMARY KEY(id))", "Continent", NULL, NULL, "Continent"},
    {"CREATE NODE TABLE Country(id INT64, PRIMARY KEY(id))", "Country", NULL, NULL, "Country"},
    {"CREATE NODE TABLE Forum(id INT64, PRIMARY KEY(id))", "Forum", NULL, NULL, "Forum"},
    {"CREATE NODE TABLE Person(id INT64, PRIMARY KEY(id))", "Person", NULL, NULL, "Person"},
    {"CREATE NODE TABLE Post(id INT64, PRIMARY KEY(id))", "Post", NULL, NULL, "Post"},
    {"CREATE NODE TABLE Tag(id INT64, PRIMARY KEY(id))", "Tag", NULL, NULL, "Tag"},
    {"CREATE NODE TABLE TagClass(id INT64, PRIMARY KEY(id))", "TagClass", NULL, NULL, "TagClass"},
    {"CREATE NODE TABLE University(id INT64, PRIMARY KEY(id))", "University", NULL, NULL, "University"},
    {"CREATE REL TABLE City_isPartOf_Country(FROM City TO Country, MANY_ONE)", "City_isPartOf_Country", "City", "Country", "City_isPartOf_Country"},
    {"CREATE REL TABLE Comment_hasCreator_Person(FROM Comment TO Person, MANY_ONE)", "Comment_hasCreator_Person", "Comment", "Person", "Comment_hasCreator_Person"},
    {"CREATE REL TABLE Comment_hasTag_Tag(FROM Comment TO Tag)", "Comment_hasTag_Tag", "Comment", "Tag", "Comment_hasTag_Tag"},
    {"CREATE REL TABLE Comment_isLocatedIn_Country(FROM Comment TO Country, MANY_ONE)", "Comment_isLocatedIn_Country", "Comment", "Country", "Comment_isLocatedIn_Country"},
    {"CREATE REL TABLE Comment_replyOf_Comment(FROM Comment TO Comment, MANY_ONE)", "Comment_replyOf_Comment", "Comment", "Comment", "Comment_replyOf_Comment"},
    {"CREATE REL TABLE Comment_replyOf_Post(FROM Comment TO Post, MANY_ONE)", "Comment_replyOf_Post", "Comment", "Post", "Comment_replyOf_Post"},
    {"CREATE REL TABLE Company_isLocatedIn_Country(FROM Company TO Country, MANY_ONE)", "Company_isLocatedIn_Country", "Company", "Country", "Company_isLocatedIn_Country"},
    {"CREATE REL TABLE Country_isPartOf_Continent(FROM Country TO Continent, MANY_ONE)", "Country_isPartOf_Continent", "Country", "Continent", "Country_isPartOf_Continent"},
    {"CREATE REL TABLE Forum_containerOf_Post(FROM Forum TO Post)", "Forum_containerOf_Post", "Forum", "Post", "Forum_containerOf_Post"},
    {"CREATE REL TABLE Forum_hasMember_Person(FROM Forum TO Person)", "Forum_hasMember_Person", "Forum", "Person", "Forum_hasMember_Person"},
    {"CREATE REL TABLE Forum_hasModerator_Person(FROM Forum TO Person)", "Forum_hasModerator_Person", "Forum", "Person", "Forum_hasModerator_Person"},
    {"CREATE REL TABLE Forum_hasTag_Tag(FROM Forum TO Tag)", "Forum_hasTag_Tag", "Forum", "Tag", "Forum_hasTag_Tag"},
    {"CREATE REL TABLE Person_hasInterest_Tag(FROM Person TO Tag)", "Person_hasInterest_Tag", "Person", "Tag", "Person_hasInterest_Tag"},
    {"CREATE REL TABLE Person_isLocatedIn_City(FROM Person TO City, MANY_ONE)", "Person_isLocatedIn_City", "Person", "City", "Person_isLocatedIn_City"},
    {"CREATE REL TABLE Person_knows_Person(FROM Person TO Person)", "Person_knows_Person", "Person", "Person", "Person_knows_Person"},
    {"CREATE REL TABLE Person_likes_Comment(FROM Person TO Comment)", "Person_likes_Comment", "Person", "Comment", "Person_likes_Comment"},
    {"CREATE REL TABLE Person_likes_Post(FROM Person TO Post)", "Person_likes_Post", "Person", "Post", "Person_likes_Post"},
    {"CREATE REL TABLE Person_studyAt_University(FROM Person TO University, MANY_ONE)", "Person_studyAt_University", "Person", "University", "Person_studyAt_University"},
    {"CREATE REL TABLE Person_workAt_Company(FROM Person TO Company)", "Person_workAt_Company", "Person", "Company", "Person_workAt_Company"},
    {"CREATE REL TABLE Post_hasCreator_Person(FROM Post TO Person, MANY_ONE)", "Post_hasCreator_Person", "Post", "Person", "Post_hasCreator_Person"},
    {"CREATE REL TABLE Post_hasTag_Tag(FROM Post TO Tag)", "Post_hasTag_Tag", "Post", "Tag", "Post_hasTag_Tag"},
    {"CREATE REL TABLE Post_isLocatedIn_Country(FROM Post TO Country, MANY_ONE)", "Post_isLocatedIn_Country", "Post", "Country", "Post_isLocatedIn_Country"},
    {"CREATE REL TABLE Tag_hasType_TagClass(FROM Tag TO TagClass, MANY_ONE)", "Tag_hasType_TagClass", "Tag", "TagClass", "Tag_hasType_TagClass"},
    {"CREATE REL TABLE TagClass_isSubclassOf_TagClass(FROM TagClass TO TagClass, MANY_ONE)", "TagClass_isSubclassOf_TagClass", "TagClass", "TagClass", "TagClass_isSubclassOf_TagClass"},
    {"CREATE REL TABLE University_isLocatedIn_City(FROM University TO City, MANY_ONE)", "University_isLocatedIn_City", "University", "City", "University_isLocatedIn_City"},
};

static const question lsqb_questions[] = {
    {
        .name = "q1",
        .cypher = "MATCH "
                  "(:Country)<-[:City_isPartOf_Country]-(:City)<-[:Person_isLocatedIn_City]-(:Person)<-[:Forum_hasMember_Person]-(:Forum)-[:Forum_containerOf_Post]->(:Post)<-[:Comment_replyOf_Post]-(:Comment)-[:Comment_hasTag_Tag]->(:Tag)-[:Tag_hasType_TagClass]->(:TagClass) "
                  "RETURN count(*) AS count",
        .by_hand = lsqb_q1,
        .times_kernel = 4,
        .reference_ms = 9.5,
    },
    {
        .name = "q2",
        .cypher = "MATCH (p1:Person)-[:Person_knows_Person]-(p2:Person), "
                  "(p1)<-[:Comment_hasCreator_Person]-(c:Comment)-[:Comment_replyOf_Post]->(po:Post)-[:Post_hasCreator_Person]->(p2) "
                  "RETURN count(*) AS count",
        .by_hand = lsqb_q2,
        .times_kernel = 1.5,
        .reference_ms = 59,
    },
    {
        .name = "q3",
        .cypher = "MATCH (country:Country) MATCH (p1:Person)-[:Person_isLocatedIn_City]->(c1:City)-[:City_isPartOf_Country]->(country) "
                  "MATCH (p2:Person)-[:Person_isLocatedIn_City]->(c2:City)-[:City_isPartOf_Country]->(country) MATCH "
                  "(p3:Person)-[:Person_isLocatedIn_City]->(c3:City)-[:City_isPartOf_Country]->(country) MATCH "
                  "(p1)-[:Person_knows_Person]-(p2)-[:Person_knows_Person]-(p3)-[:Person_knows_Person]-(p1) RETURN count(*) AS count",
        .by_hand = lsqb_q3,
        .times_kernel = 3,
        .reference_ms = 10.2,
    },
    {
        .name = "q4",
        .cypher = "MATCH "
                  "(:Tag)<-[:Post_hasTag_Tag|:Comment_hasTag_Tag]-(m:Post:Comment)-[:Post_hasCreator_Person|:Comment_hasCreator_Person]->(cr:Person), "
                  "(m)<-[:Person_likes_Comment|:Person_likes_Post]-(l:Person), "
                  "(m)<-[:Comment_replyOf_Comment|:Comment_replyOf_Post]-(c:Comment) RETURN count(*) AS count",
        .by_hand = lsqb_q4,
        .times_kernel = 4,
        .reference_ms = 3.6,
    },
    {
        .name = "q5",
        .cypher = "MATCH "
                  "(t1:Tag)<-[:Post_hasTag_Tag|:Comment_hasTag_Tag]-(m:Comment:Post)<-[:Comment_replyOf_Post|:Comment_replyOf_Comment]-(c:Comment)-[:Comment_hasTag_Tag]->(t2:Tag) "
                  "WHERE id(t1) <> id(t2) RETURN count(*) AS count",
        .by_hand = lsqb_q5,
        .times_kernel = 2.5,
        .reference_ms = 20,
    },
    {
        .name = "q6",
        .cypher = "MATCH "
                  "(p1:Person)-[:Person_knows_Person]-(p2:Person)-[:Person_knows_Person]-(p3:Person)-[:Person_hasInterest_Tag]->(t:Tag) "
                  "WHERE id(p1) <> id(p3) RETURN count(*) AS count",
        .by_hand = lsqb_q6,
        .goal_ms = 5,
        .reference_ms = 0.17,
    },
    {
        .name = "q7",
        .cypher = "MATCH "
                  "(:Tag)<-[:Post_hasTag_Tag|:Comment_hasTag_Tag]-(m:Post:Comment)-[:Post_hasCreator_Person|:Comment_hasCreator_Person]->(cr:Person) "
                  "OPTIONAL MATCH (m)<-[:Person_likes_Comment|:Person_likes_Post]-(l:Person) OPTIONAL MATCH "
                  "(m)<-[:Comment_replyOf_Comment|:Comment_replyOf_Post]-(c:Comment) RETURN count(*) AS count",
        .by_hand = lsqb_q7,
        .times_kernel = 4,
        .reference_ms = 5.1,
    },
    {
        .name = "q8",
        .cypher = "MATCH "
                  "(t1:Tag)<-[:Post_hasTag_Tag|:Comment_hasTag_Tag]-(m:Post:Comment)<-[:Comment_replyOf_Post|:Comment_replyOf_Comment]-(c:Comment)-[:Comment_hasTag_Tag]->(t2:Tag) "
                  "WHERE NOT EXISTS {MATCH (c)-[:Comment_hasTag_Tag]->(t1)} AND id(t1) <> id(t2) RETURN count(*) AS count",
        .by_hand = lsqb_q8,
        .times_kernel = 2.5,
        .reference_ms = 20,
    },
    {
        .name = "q9",
        .cypher = "MATCH "
                  "(p1:Person)-[:Person_knows_Person]-(p2:Person)-[:Person_knows_Person]-(p3:Person)-[:Person_hasInterest_Tag]->(t:Tag) "
                  "WHERE NOT EXISTS {MATCH (p1)-[:Person_knows_Person]-(p3)} AND id(p1) <> id(p3) RETURN count(*) AS count",
        .by_hand = lsqb_q9,
        .goal_ms = 1000,
        .reference_ms = 26,
    },
};

const workload workload_lsqb = {
    .name = "lsqb",
    .delimiter = '|',
    .tables = lsqb_tables,
    .table_count = sizeof lsqb_tables / sizeof lsqb_tables[0],
    .questions = lsqb_questions,
    .question_count = sizeof lsqb_questions / sizeof lsqb_questions[0],
};
