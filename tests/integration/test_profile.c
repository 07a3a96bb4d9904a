/* SPDX-License-Identifier: MIT */
/*
 * PROFILE: rows are exact, whatever the number of threads; every operator with a state has memory, more where it keeps more; spilled bytes stand at the operator whose
 * rows went to the file and nowhere else.
 */
#include "integration/session.h"

/* The plan of a profiled statement; lives until the next call. */
static const char *profile_of(ruzu_conn *conn, const char *cypher)
{
    static char *text = NULL;
    char statement[1024];
    ruzu_result *result = NULL;
    free(text);
    text = NULL;
    (void)snprintf(statement, sizeof statement, "PROFILE %s", cypher);
    ruzu_status status = ruzu_query(conn, statement, &result);
    CHECK_STR(status == RUZU_OK ? "" : ruzu_errmsg(conn), "");
    if (status == RUZU_OK && ruzu_result_next(result)) {
        const char *plan = ruzu_get_string(result, 0, NULL);
        size_t size = strlen(plan) + 1;
        text = (char *)malloc(size);
        if (text != NULL) {
            memcpy(text, plan, size);
        }
    }
    ruzu_result_free(result);
    return text == NULL ? "" : text;
}

/* Beginning of the nth line (from 0) of operators with that name; NULL: there is none. */
static const char *profile_line(const char *plan, const char *name, int nth)
{
    for (const char *line = plan; line != NULL && *line != '\0';) {
        const char *word = line + strspn(line, " ");
        size_t length = strlen(name);
        if (strncmp(word, name, length) == 0 && (word[length] == ' ' || word[length] == '\n') && nth-- == 0) {
            return word;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return NULL;
}

/* A number of an operator: UINT64_MAX when it is not shown. */
static uint64_t profile_number(const char *plan, const char *name, int nth, const char *field)
{
    const char *line = profile_line(plan, name, nth);
    const char *end = line == NULL ? NULL : strchr(line, '\n');
    const char *found = line == NULL ? NULL : strstr(line, field);
    if (found == NULL || (end != NULL && found > end)) {
        fprintf(stderr, "no %s of %s in\n%s\n", field, name, plan);
        return UINT64_MAX;
    }
    return strtoull(found + strlen(field), NULL, 10);
}

#define PROFILE_ROWS "NumOutputTuples: "
#define PROFILE_TAKEN "NumInputTuples: "
#define PROFILE_MEMORY "Memory: "
#define PROFILE_SPILLED "Spilled: "

/* Every operator shows memory and time, and nobody but `spiller` (NULL: nobody) has spilled. */
static void profile_check_all(const char *plan, const char *spiller)
{
    int lines = 0;
    for (const char *line = plan; line != NULL && *line != '\0';) {
        const char *word = line + strspn(line, " ");
        const char *end = strchr(line, '\n');
        const char *memory = strstr(line, PROFILE_MEMORY);
        const char *spilled = strstr(line, PROFILE_SPILLED);
        if (*word != '\n' && *word != '\0') {
            bool spills = spiller != NULL && strncmp(word, spiller, strlen(spiller)) == 0;
            bool fine = strstr(line, "ExecutionTime: ") != NULL && memory != NULL && spilled != NULL && (end == NULL || (memory < end && spilled < end)) &&
                        strtoull(memory + strlen(PROFILE_MEMORY), NULL, 10) > 0 && (strtoull(spilled + strlen(PROFILE_SPILLED), NULL, 10) > 0) == spills;
            CHECK(fine);
            if (!fine) {
                fprintf(stderr, "%s\n", plan);
                return;
            }
            lines++;
        }
        line = end == NULL ? NULL : end + 1;
    }
    CHECK(lines > 1);
}

static void make_graph(ruzu_conn *conn, int people)
{
    char text[256];
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, g INT64, name STRING); CREATE REL TABLE K(FROM P TO P)");
    (void)snprintf(text, sizeof text, "UNWIND range(1, %d) AS i CREATE (:P {id: i, g: i %% 7, name: 'name ' + CAST(i %% 50 AS STRING)})", people);
    session_run(conn, text);
    session_run(conn, "MATCH (a:P), (b:P) WHERE b.id = a.id + 1 OR b.id = a.id + 5 CREATE (a)-[:K]->(b)");
}

static void rows_are_exact(void)
{
    ruzu_conn *conn = session_open(NULL);
    make_graph(conn, 100);
    for (int threads = 1; threads <= 3; threads++) {
        char option[64];
        (void)snprintf(option, sizeof option, "CALL threads = %d", threads);
        session_run(conn, option);
        const char *plan = profile_of(conn, "MATCH (a:P) WHERE a.g = 3 RETURN a.id, a.name");
        CHECK_EQ_U64(profile_number(plan, "NODE_SCAN", 0, PROFILE_ROWS), 100);
        CHECK_EQ_U64(profile_number(plan, "FILTER", 0, PROFILE_ROWS), 14);
        CHECK_EQ_U64(profile_number(plan, "RESULT", 0, PROFILE_TAKEN), 14);
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P)-[:K]->(b:P) RETURN a.id, b.id ORDER BY b.id, a.id");
        CHECK_EQ_U64(profile_number(plan, "SORT", 0, PROFILE_TAKEN), 194);
        CHECK_EQ_U64(profile_number(plan, "SORT", 0, PROFILE_ROWS), 194);
        CHECK_EQ_U64(profile_number(plan, "RESULT", 0, PROFILE_TAKEN), 194);
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P) RETURN a.g, count(*), collect(a.name)");
        CHECK_EQ_U64(profile_number(plan, "AGGREGATE", 0, PROFILE_TAKEN), 100);
        CHECK_EQ_U64(profile_number(plan, "AGGREGATE", 0, PROFILE_ROWS), 7);
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P), (b:P) WHERE a.name = b.name AND a.id <> b.id RETURN a.id, b.id");
        CHECK_EQ_U64(profile_number(plan, "HASH_JOIN", 0, PROFILE_TAKEN), 100);
        CHECK_EQ_U64(profile_number(plan, "HASH_JOIN", 0, PROFILE_ROWS), 200);
        CHECK_EQ_U64(profile_number(plan, "RESULT", 0, PROFILE_TAKEN), 100);
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P)-[e:K* SHORTEST 1..30]->(b:P) WHERE a.id = 1 RETURN b.id, length(e)");
        CHECK_EQ_U64(profile_number(plan, "NODE_LOOKUP", 0, PROFILE_ROWS), 1);
        CHECK_EQ_U64(profile_number(plan, "RECURSIVE", 0, PROFILE_ROWS), 99);
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P) OPTIONAL MATCH (a)-[:K]->(b:P) WHERE b.id > 90 RETURN a.id, b.id");
        CHECK_EQ_U64(profile_number(plan, "RESULT", 0, PROFILE_TAKEN), 106);
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P)-[:K]->(b:P)-[:K]->(c:P) RETURN a.g, count(*)");
        profile_check_all(plan, NULL);
        plan = profile_of(conn, "MATCH (a:P) WHERE a.id <= 20 SET a.g = a.g + 7 RETURN a.id");
        CHECK_EQ_U64(profile_number(plan, "SET_PROPERTY", 0, PROFILE_ROWS), 20);
        profile_check_all(plan, NULL);
        session_run(conn, "MATCH (a:P) WHERE a.id <= 20 SET a.g = a.g - 7");
        plan = profile_of(conn, "UNWIND range(1, 10) AS i RETURN i UNION ALL UNWIND range(1, 5) AS i RETURN i");
        CHECK_EQ_U64(profile_number(plan, "UNION", 0, PROFILE_ROWS), 15);
        profile_check_all(plan, NULL);
    }
    session_close(conn);
}

static void memory_grows_with_what_is_kept(void)
{
    ruzu_conn *conn = session_open(NULL);
    make_graph(conn, 2000);
    const char *const few = "MATCH (a:P), (b:P) WHERE a.name = b.name AND a.id <= 10 RETURN count(a.id + b.id)";
    const char *const many = "MATCH (a:P), (b:P) WHERE a.name + a.name = b.name RETURN count(a.id + b.id)";
    session_run(conn, "CALL threads = 1");
    uint64_t small = profile_number(profile_of(conn, few), "HASH_JOIN", 0, PROFILE_MEMORY);
    uint64_t large = profile_number(profile_of(conn, many), "HASH_JOIN", 0, PROFILE_MEMORY);
    CHECK(small != UINT64_MAX && large != UINT64_MAX && small > 0 && large > small);
    small = profile_number(profile_of(conn, "UNWIND range(1, 10) AS i RETURN i, count(*)"), "AGGREGATE", 0, PROFILE_MEMORY);
    large = profile_number(profile_of(conn, "UNWIND range(1, 100000) AS i RETURN i % 40000, count(*)"), "AGGREGATE", 0, PROFILE_MEMORY);
    CHECK(small > 0 && large != UINT64_MAX && large > small);
    small = profile_number(profile_of(conn, "UNWIND range(1, 10) AS i WITH i ORDER BY -i SKIP 1 RETURN count(i)"), "SORT", 0, PROFILE_MEMORY);
    large = profile_number(profile_of(conn, "UNWIND range(1, 100000) AS i WITH i ORDER BY -i SKIP 1 RETURN count(i)"), "SORT", 0, PROFILE_MEMORY);
    CHECK(small > 0 && large != UINT64_MAX && large > small);
    session_close(conn);
}

static void spilled_bytes_stand_at_the_spiller(void)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_config_init(&config);
    config.buffer_pool_size = UINT64_C(8) << 20;
    CHECK_EQ_I64(ruzu_open(session_path("spill.ruzu"), &config, &conn), RUZU_OK);
    session_run(conn, "CALL memory_limit = 16777216");
    const char *plan = NULL;
#ifndef RZ_TINY /* there a run of a sort is so few rows that all of it stays on the heap */
    plan = profile_of(conn, "UNWIND range(1, 400000) AS i WITH i, 'the text of row ' + CAST(i AS STRING) AS t ORDER BY t SKIP 10 RETURN count(i + size(t))");
    profile_check_all(plan, "SORT");
    CHECK_EQ_U64(profile_number(plan, "SORT", 0, PROFILE_TAKEN), 400000);
    CHECK_EQ_U64(profile_number(plan, "SORT", 0, PROFILE_ROWS), 399990);
#endif
    plan = profile_of(conn, "UNWIND range(1, 200000) AS i WITH 'the text of row ' + CAST(i AS STRING) AS t, count(*) AS n RETURN sum(n + size(t))");
    CHECK_EQ_U64(profile_number(plan, "AGGREGATE", 1, PROFILE_TAKEN), 200000);
    CHECK_EQ_U64(profile_number(plan, "AGGREGATE", 1, PROFILE_ROWS), 200000);
    CHECK(profile_number(plan, "AGGREGATE", 1, PROFILE_SPILLED) > 0);
    CHECK_EQ_U64(profile_number(plan, "AGGREGATE", 0, PROFILE_SPILLED), 0);
    CHECK_EQ_U64(profile_number(plan, "RESULT", 0, PROFILE_SPILLED), 0);
    plan = profile_of(conn, "UNWIND range(1, 200000) AS i RETURN i, 'the text of row ' + CAST(i AS STRING)");
    profile_check_all(plan, "RESULT");
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(rows_are_exact);
    RUN(memory_grows_with_what_is_kept);
    RUN(spilled_bytes_stand_at_the_spiller);
    session_end();
    return CHECK_DONE();
}
