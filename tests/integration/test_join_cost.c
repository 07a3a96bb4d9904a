/* SPDX-License-Identifier: MIT */
/*
 * The order of joins follows the lengths of lists, not only their mean: two graphs of the same numbers of nodes and relationships, one whose lists are alike and one in
 * which a hub has most of them, are asked the same question. A few people may start it where lists are alike, and must not where each of them would read the hub's list.
 */
#include "integration/session.h"

static const char cost_question[] = "MATCH (a:P)-[:R]->(h:H)<-[:R]-(b:P) WHERE a.x < 1 AND a.id <> b.id RETURN count(*), sum(a.id)";
static const char cost_next[] = "MATCH (a:P)-[:R]->(h:H)<-[:R]-(b:P) WHERE a.x < 1 AND a.id <> b.id AND NOT EXISTS {MATCH (a)-[:K]->(b)} RETURN count(*), sum(a.id)";

static ruzu_conn *cost_graph(const char *name, const char *target)
{
    char text[512];
    ruzu_conn *conn = session_open(session_path(name));
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, x INT64); CREATE NODE TABLE H(id INT64 PRIMARY KEY); CREATE REL TABLE R(FROM P TO H); CREATE REL TABLE K(FROM P TO P)");
    session_run(conn, "UNWIND range(0, 1999) AS i CREATE (:P {id: i, x: i % 50})");
    session_run(conn, "UNWIND range(0, 99) AS i CREATE (:H {id: i})");
    (void)snprintf(text, sizeof text, "UNWIND range(0, 1999) AS i UNWIND range(0, 4) AS k MATCH (p:P), (h:H) WHERE p.id = i AND h.id = %s CREATE (p)-[:R]->(h)", target);
    session_run(conn, text);
    session_run(conn, "MATCH (a:P), (b:P) WHERE b.id = (a.id * 7 + 1) % 2000 CREATE (a)-[:K]->(b)");
    session_run(conn, "CHECKPOINT");
    EXPECT_ROWS(conn, "MATCH (:P)-[r:R]->(:H) RETURN count(*)", "10000");
    session_run(conn, "CALL threads = 1");
    return conn;
}

/* Does the plan begin with a scan of this node? */
static bool cost_begins(ruzu_conn *conn, const char *question, const char *scan)
{
    char text[512];
    ruzu_result *result = NULL;
    (void)snprintf(text, sizeof text, "EXPLAIN %s", question);
    CHECK_EQ_I64(ruzu_query(conn, text, &result), RUZU_OK);
    const char *plan = session_text(result);
    bool found = strstr(plan, "COUNT_EXCEPT (h)<-[:R]-(b) without (a)") != NULL && strstr(plan, scan) != NULL;
    if (!found) {
        fprintf(stderr, "%s\n", plan);
    }
    ruzu_result_free(result);
    return found;
}

/* The same rows as the pattern as it is written gives. */
static void cost_compare(ruzu_conn *conn, const char *question)
{
    char want[128];
    ruzu_result *result = NULL;
    session_run(conn, "CALL enable_plan_optimizer = false");
    CHECK_EQ_I64(ruzu_query(conn, question, &result), RUZU_OK);
    (void)snprintf(want, sizeof want, "%s", session_text(result));
    ruzu_result_free(result);
    session_run(conn, "CALL enable_plan_optimizer = true");
    EXPECT_ROWS(conn, question, want);
}

int main(void)
{
    session_begin();
    ruzu_conn *alike = cost_graph("alike.ruzu", "(i * 7 + k * 13) % 100");
    ruzu_conn *hub = cost_graph("hub.ruzu", "CASE WHEN k < 3 THEN 0 ELSE (i * 7 + k * 13) % 100 END");
    CHECK(cost_begins(alike, cost_question, "NODE_SCAN (a:P)"));
    CHECK(cost_begins(hub, cost_question, "NODE_SCAN (h:H)"));
    cost_compare(alike, cost_question);
    cost_compare(hub, cost_question);
    cost_compare(alike, cost_next);
    cost_compare(hub, cost_next);
    session_close(alike);
    session_close(hub);
    session_end();
    return CHECK_DONE();
}
