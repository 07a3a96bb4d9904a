/* SPDX-License-Identifier: MIT */
/* Persons who follow each other, with places and interests; and scans over the persons alone: see workload.h. */
#include "workload.h"

static const table_source study_tables[] = {
    {"CREATE NODE TABLE Person(id INT64, name STRING, gender STRING, birthday DATE, age INT64, isMarried BOOLEAN, PRIMARY "
     "KEY(id))", "Person", NULL, NULL, "persons"},
    {"CREATE NODE TABLE City(id INT64, city STRING, state STRING, country STRING, lat DOUBLE, lon DOUBLE, population INT32, "
     "PRIMARY KEY(id))", "City", NULL, NULL, "cities"},
    {"CREATE NODE TABLE State(id INT64, state STRING, country STRING, PRIMARY KEY(id))", "State", NULL, NULL, "states"},
    {"CREATE NODE TABLE Country(id INT64, country STRING, PRIMARY KEY(id))", "Country", NULL, NULL, "countries"},
    {"CREATE NODE TABLE Interest(id INT64, interest STRING, PRIMARY KEY(id))", "Interest", NULL, NULL, "interests"},
    {"CREATE REL TABLE Follows(FROM Person TO Person)", "Follows", "Person", "Person", "follows"},
    {"CREATE REL TABLE LivesIn(FROM Person TO City)", "LivesIn", "Person", "City", "lives_in"},
    {"CREATE REL TABLE HasInterest(FROM Person TO Interest)", "HasInterest", "Person", "Interest", "has_interest"},
    {"CREATE REL TABLE CityIn(FROM City TO State)", "CityIn", "City", "State", "city_in"},
    {"CREATE REL TABLE StateIn(FROM State TO Country)", "StateIn", "State", "Country", "state_in"},
};

static const question study_questions[] = {
    {
        .name = "q1",
        .cypher = "MATCH (f:Person)-[:Follows]->(p:Person) RETURN p.id AS id, p.name AS name, count(f.id) AS n ORDER BY n DESC, id LIMIT 3",
        .by_hand = study_top_followed,
        .goal_ms = 5,
        .expected = "12346|Viley Newilius|7105\n"
                    "48107|Kanelo Ingtoha|3091\n"
                    "83868|Joinglo Manneka|2420\n",
        .expected_scale = 1,
    },
    {
        .name = "q2",
        .cypher = "MATCH (f:Person)-[:Follows]->(p:Person) WITH p, count(f.id) AS n ORDER BY n DESC LIMIT 1 MATCH (p)-[:LivesIn]->(c:City) "
                  "RETURN p.name AS name, n, c.city AS city, c.state AS state, c.country AS country",
        .by_hand = study_top_followed,
        .goal_ms = 5,
        .expected = "Viley Newilius|7105|Ingettedorcla|Sonsonton|United States\n",
        .expected_scale = 1,
    },
    {
        .name = "q3",
        .cypher = "MATCH (p:Person)-[:LivesIn]->(c:City)-[*1..2]->(co:Country) WHERE co.country = 'United States' RETURN c.city AS city, "
                  "avg(p.age) AS a ORDER BY a, city LIMIT 5",
        .goal_ms = 1.5,
        .expected = "Rajosamar|38.9896151\n"
                    "Neettepeste|39.0294671\n"
                    "Miderawil|39.0826245\n"
                    "Kadeviste|39.1937355\n"
                    "Vipedeto|39.2009774\n",
        .expected_scale = 1,
    },
    {
        .name = "q4",
        .cypher = "MATCH (p:Person)-[:LivesIn]->(ci:City)-[*1..2]->(co:Country) WHERE p.age >= 30 AND p.age <= 40 RETURN co.country AS c, "
                  "count(*) AS n ORDER BY n DESC LIMIT 3",
        .by_hand = study_age_by_city,
        .goal_ms = 1.5,
        .reference_ms = 0.28,
        .expected = "United States|25635\n"
                    "Canada|7108\n"
                    "United Kingdom|2941\n",
        .expected_scale = 1,
    },
    {
        .name = "q5",
        .cypher = "MATCH (p:Person)-[:HasInterest]->(i:Interest) WHERE lower(i.interest) = lower('fine dining') AND lower(p.gender) = "
                  "lower('male') WITH p, i MATCH (p)-[:LivesIn]->(c:City) WHERE c.city = 'London' AND c.country = 'United Kingdom' RETURN "
                  "count(p) AS n",
        .goal_ms = 1.5,
        .expected = "56\n",
        .expected_scale = 1,
    },
    {
        .name = "q6",
        .cypher = "MATCH (p:Person)-[:HasInterest]->(i:Interest) WHERE lower(i.interest) = lower('tennis') AND lower(p.gender) = "
                  "lower('female') WITH p, i MATCH (p)-[:LivesIn]->(c:City) RETURN count(p.id) AS n, c.city AS city, c.country AS country "
                  "ORDER BY n DESC, city LIMIT 5",
        .by_hand = study_interest_by_city,
        .goal_ms = 1.5,
        .reference_ms = 0.01,
        .expected = "68|Vipedeto|United States\n"
                    "66|Sarohaius|Canada\n"
                    "65|Linbersteka|United Kingdom\n"
                    "63|Harasonley|United States\n"
                    "61|Dormimangu|United States\n",
        .expected_scale = 1,
    },
    {
        .name = "q7",
        .cypher = "MATCH (p:Person)-[:LivesIn]->(:City)-[:CityIn]->(s:State) WHERE p.age >= 23 AND p.age <= 30 AND s.country = 'United "
                  "States' WITH p, s MATCH (p)-[:HasInterest]->(i:Interest) WHERE lower(i.interest) = lower('photography') RETURN "
                  "count(p.id) AS n, s.state AS state, s.country AS country ORDER BY n DESC LIMIT 1",
        .goal_ms = 1.5,
        .expected = "83|Dejoro|United States\n",
        .expected_scale = 1,
    },
    {
        .name = "q8",
        .cypher = "MATCH (a:Person)-[:Follows]->(b:Person)-[:Follows]->(c:Person) RETURN count(*) AS n",
        .by_hand = study_walks,
        .goal_ms = 1,
        .reference_ms = 3.2,
    },
    {
        .name = "q9",
        .cypher = "MATCH (a:Person)-[:Follows]->(b:Person)-[:Follows]->(c:Person) WHERE b.age < 50 AND c.age > 25 RETURN count(*) AS n",
        .by_hand = study_walks_between_ages,
        .goal_ms = 4,
        .reference_ms = 1.8,
    },
};

static const question scan_questions[] = {
    {
        .name = "count filter age>40 and married",
        .cypher = "MATCH (p:Person) WHERE p.age > 40 AND p.isMarried RETURN count(*) AS n",
        .by_hand = scan_filter_count,
        .goal_ms = 0.3,
        .reference_ms = 0.095,
    },
    {
        .name = "group by age avg",
        .cypher = "MATCH (p:Person) RETURN p.age AS a, avg(p.id) AS m, count(*) AS n ORDER BY a LIMIT 3",
        .by_hand = scan_group_by_age,
        .goal_ms = 1.2,
        .reference_ms = 0.72,
        .expected = "24|502724.876|16174\n"
                    "25|501176.972|32460\n"
                    "26|498166.131|32219\n",
        .expected_scale = 10,
    },
    {
        .name = "sum",
        .cypher = "MATCH (p:Person) RETURN sum(p.age) AS s",
        .by_hand = scan_sum,
        .goal_ms = 0.3,
        .reference_ms = 0.09,
    },
    {
        .name = "order by name limit 10",
        .cypher = "MATCH (p:Person) RETURN p.name AS n, p.id AS id ORDER BY n, id LIMIT 10",
        .by_hand = scan_first_names,
        .goal_ms = 5,
        .reference_ms = 3.5,
        .expected = "Anan Ananel|660497\n"
                    "Anan Andedor|929293\n"
                    "Anan Anetteman|265382\n"
                    "Anan Aningmi|263788\n"
                    "Anan Anjoman|530958\n"
                    "Anan Anleylo|235037\n"
                    "Anan Anloard|686788\n"
                    "Anan Anmarber|855491\n"
                    "Anan Anmiber|404136\n"
                    "Anan Anmimar|340603\n",
        .expected_scale = 10,
    },
    {
        .name = "contains count",
        .cypher = "MATCH (p:Person) WHERE p.name CONTAINS 'anel' RETURN count(*) AS n",
        .by_hand = scan_contains,
        .goal_ms = 7,
        .reference_ms = 6.5,
    },
    {
        .name = "group by name top",
        .cypher = "MATCH (p:Person) RETURN p.name AS n, count(*) AS k ORDER BY k DESC, n LIMIT 3",
        .goal_ms = 40,
        .expected = "Berette Tontosa|3\n"
                    "Bervika Saanlo|3\n"
                    "Claka Linlinsa|3\n",
        .expected_scale = 10,
    },
    {
        .name = "count distinct name",
        .cypher = "MATCH (p:Person) RETURN count(DISTINCT p.name) AS n",
        .by_hand = scan_distinct_names,
        .goal_ms = 35,
        .reference_ms = 49,
    },
};

/* Nobody has set goals for these: they show what the machine allows. */
static const question join_questions[] = {
    {
        .name = "namesakes",
        .cypher = "MATCH (a:Person)-[:Follows]->(b:Person), (c:Person) WHERE c.name = a.name AND c.id < 1000 RETURN sum(b.age)",
        .by_hand = join_namesakes,
    },
    {
        .name = "not exists",
        .cypher = "MATCH (a:Person) WHERE NOT EXISTS {MATCH (b:Person) WHERE b.name = a.name AND b.age < 40} RETURN count(*)",
        .by_hand = join_without_namesake,
    },
    {
        .name = "directed triangles",
        .cypher = "MATCH (a:Person)-[:Follows]->(b:Person)-[:Follows]->(c:Person)-[:Follows]->(a) RETURN count(*)",
        .by_hand = join_triangles,
    },
    {
        .name = "directed squares",
        .cypher = "MATCH (a:Person)-[:Follows]->(b:Person)-[:Follows]->(c:Person)-[:Follows]->(d:Person)-[:Follows]->(a) WHERE a.id < 1000 RETURN count(*)",
        .by_hand = join_squares,
    },
};

const workload workload_study = {
    .name = "study",
    .delimiter = ',',
    .tables = study_tables,
    .table_count = sizeof study_tables / sizeof study_tables[0],
    .questions = study_questions,
    .question_count = sizeof study_questions / sizeof study_questions[0],
};

const workload workload_scans = {
    .name = "study",
    .delimiter = ',',
    .tables = study_tables,
    .table_count = sizeof study_tables / sizeof study_tables[0],
    .questions = scan_questions,
    .question_count = sizeof scan_questions / sizeof scan_questions[0],
};

const workload workload_joins = {
    .name = "study",
    .delimiter = ',',
    .tables = study_tables,
    .table_count = sizeof study_tables / sizeof study_tables[0],
    .questions = join_questions,
    .question_count = sizeof join_questions / sizeof join_questions[0],
};
