/* SPDX-License-Identifier: MIT */
/*
 * A first tour, as a program of its own that uses nothing but ruzu.h: loads a social network from CSV, asks some questions, closes the database, opens it again
 * and asks once more.
 *
 *     demo DATA_DIRECTORY DATABASE_FILE          the data comes from gen_people; the database is made anew
 */
#include "ruzu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void demo_fail(const char *what, const char *why)
{
    fprintf(stderr, "demo: %s: %s\n", what, why);
    exit(1);
}

static ruzu_conn *demo_open(const char *path)
{
    ruzu_conn *conn = NULL;
    if (ruzu_open(path, NULL, &conn) != RUZU_OK) {
        demo_fail(path, ruzu_open_errmsg());
    }
    return conn;
}

static void demo_close(ruzu_conn *conn)
{
    if (ruzu_close(conn) != RUZU_OK) {
        demo_fail("closing", ruzu_open_errmsg());
    }
}

/* Runs a statement and shows it with its result and time. */
static double demo_ask(ruzu_conn *conn, const char *question, const char *cypher)
{
    ruzu_result *result = NULL;
    printf("\n%s\n    %s\n", question, cypher);
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        demo_fail(cypher, ruzu_errmsg(conn));
    }
    char *table = ruzu_result_to_string(result, RUZU_FORMAT_BOX);
    if (table == NULL) {
        demo_fail(cypher, ruzu_errmsg(conn));
    }
    double milliseconds = ruzu_result_compile_ms(result) + ruzu_result_execute_ms(result);
    printf("%s%.1f ms\n", table, milliseconds);
    ruzu_free(table);
    ruzu_result_free(result);
    fflush(stdout);
    return milliseconds;
}

/* ---- loading ---- */

static int demo_on_progress(void *user, double fraction, uint64_t rows, const char *phase)
{
    (void)phase;
    const char *table = (const char *)user;
    if (fraction >= 0) {
        fprintf(stderr, "\r  %s: %3.0f %%, %llu rows ", table, fraction * 100, (unsigned long long)rows);
    } else {
        fprintf(stderr, "\r  %s: %llu rows ", table, (unsigned long long)rows);
    }
    return 0;
}

static void demo_load(ruzu_conn *conn, char *table, const char *directory, const char *file)
{
    char statement[4096];
    if (strchr(directory, '"') != NULL || strchr(directory, '\\') != NULL ||
        (size_t)snprintf(statement, sizeof statement, "COPY %s FROM \"%s/%s\" (header = true)", table, directory, file) >= sizeof statement) {
        demo_fail(directory, "not a name that this demo can put into a statement");
    }
    ruzu_result *result = NULL;
    ruzu_set_progress(conn, demo_on_progress, table);
    if (ruzu_query(conn, statement, &result) != RUZU_OK) {
        demo_fail(statement, ruzu_errmsg(conn));
    }
    ruzu_set_progress(conn, NULL, NULL);
    fputs("\r                                        \r", stderr);
    while (ruzu_result_next(result)) {
        printf("  %s %.2f s\n", ruzu_get_string(result, 0, NULL), ruzu_result_execute_ms(result) / 1000);
    }
    fflush(stdout);
    ruzu_result_free(result);
}

static void demo_create(const char *directory, const char *path)
{
    (void)remove(path);
    printf("Loading %s into %s\n", directory, path);
    ruzu_conn *conn = demo_open(path);
    if (ruzu_query(conn,
                   "CREATE NODE TABLE Person(id INT64 PRIMARY KEY, name STRING, born DATE, city STRING);"
                   "CREATE REL TABLE Follows(FROM Person TO Person, since DATE);",
                   NULL) != RUZU_OK) {
        demo_fail("creating the tables", ruzu_errmsg(conn));
    }
    char person[] = "Person";
    char follows[] = "Follows";
    demo_load(conn, person, directory, "people.csv");
    demo_load(conn, follows, directory, "follows.csv");
    demo_close(conn);
}

/* ---- asking ---- */

static void demo_questions(ruzu_conn *conn)
{
    demo_ask(conn, "How many people are there, and where do most of them live?",
             "MATCH (p:Person) RETURN p.city, count(*) AS people ORDER BY people DESC LIMIT 5");
    demo_ask(conn, "Who has the most followers?",
             "MATCH (p:Person)<-[:Follows]-(:Person) RETURN p.name, p.city, count(*) AS followers ORDER BY followers DESC LIMIT 5");
    demo_ask(conn, "Whom does person 4242 follow, newest first?",
             "MATCH (p:Person {id: 4242})-[f:Follows]->(q:Person) RETURN q.name, q.city, f.since ORDER BY f.since DESC LIMIT 5");
    demo_ask(conn, "Whom could person 4242 follow next? (followed by many whom 4242 follows)",
             "MATCH (p:Person {id: 4242})-[:Follows]->(:Person)-[:Follows]->(s:Person) "
             "WHERE s.id <> 4242 AND NOT EXISTS { MATCH (p)-[:Follows]->(s) } "
             "RETURN s.name, count(*) AS shared ORDER BY shared DESC, s.name LIMIT 5");
    demo_ask(conn, "How many pairs of people follow each other?",
             "MATCH (a:Person)-[:Follows]->(b:Person)-[:Follows]->(a) WHERE a.id < b.id RETURN count(*) AS pairs");
    demo_ask(conn, "How many ways are there to get from anybody to somebody in two steps?",
             "MATCH (:Person)-[:Follows]->(:Person)-[:Follows]->(:Person) RETURN count(*) AS ways");
    demo_ask(conn, "When did the people of Kyoto start to follow people of Lisbon?",
             "MATCH (a:Person {city: 'Kyoto'})-[f:Follows]->(b:Person {city: 'Lisbon'}) "
             "RETURN date_part('year', f.since) AS year, count(*) AS follows ORDER BY year LIMIT 5");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: demo DATA_DIRECTORY DATABASE_FILE\n", stderr);
        return 3;
    }
    demo_create(argv[1], argv[2]);
    ruzu_conn *conn = demo_open(argv[2]);
    demo_questions(conn);
    demo_close(conn);
    printf("\nClosed, and opened again:\n");
    conn = demo_open(argv[2]);
    demo_ask(conn, "Is everything still there?", "MATCH (:Person)-[f:Follows]->(:Person) RETURN count(*) AS follows, min(f.since) AS first, max(f.since) AS last");
    demo_close(conn);
    printf("\nThe database is the file %s: try   ruzu %s\n", argv[2], argv[2]);
    return 0;
}
