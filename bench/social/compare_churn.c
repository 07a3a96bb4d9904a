/* SPDX-License-Identifier: MIT */
/*
 * Changes a tenth of everything and leaves the same graph: relationships are deleted and made again; nodes are made and deleted again; every property of every
 * tenth node is set to what it is. So the answers stay those of the kernels while rows, lists and index entries are new.
 */
#include "compare.h"

#include <string.h>

static uint64_t churn_number(comparison *run, const char *cypher)
{
    ruzu_result *result = NULL;
    if (ruzu_query(run->conn, cypher, &result) != RUZU_OK) {
        compare_fail(cypher, ruzu_errmsg(run->conn));
    }
    uint64_t number = ruzu_result_next(result) ? (uint64_t)ruzu_get_int64(result, 0) : 0;
    ruzu_result_free(result);
    return number;
}

static void churn_relationships(comparison *run, const table_source *table)
{
    char statement[1024];
    snprintf(statement, sizeof statement, "MATCH (a:%s)-[r:%s]->(b:%s) WHERE (a.id * 31 + b.id * 17) %% 10 = 3 DELETE r CREATE (a)-[:%s]->(b)", table->from,
             table->name, table->to, table->name);
    compare_run(run, statement);
}

static void churn_nodes(comparison *run, const table_source *table)
{
    char statement[1024];
    ruzu_result *result = NULL;
    snprintf(statement, sizeof statement, "MATCH (n:%s) RETURN count(*)", table->name);
    unsigned long long count = churn_number(run, statement);
    snprintf(statement, sizeof statement, "UNWIND range(1, %llu) AS i CREATE (:%s {id: -i})", count / 10, table->name);
    compare_run(run, statement);
    snprintf(statement, sizeof statement, "MATCH (n:%s) WHERE n.id < 0 DELETE n", table->name);
    compare_run(run, statement);
    snprintf(statement, sizeof statement, "CALL table_info('%s') RETURN name, `primary key`", table->name);
    if (ruzu_query(run->conn, statement, &result) != RUZU_OK) {
        compare_fail(statement, ruzu_errmsg(run->conn));
    }
    while (ruzu_result_next(result)) {
        const char *column = ruzu_get_string(result, 0, NULL);
        if (!ruzu_get_bool(result, 1)) {
            snprintf(statement, sizeof statement, "MATCH (n:%s) WHERE n.id %% 10 = 3 SET n.%s = n.%s", table->name, column, column);
            compare_run(run, statement);
        }
    }
    ruzu_result_free(result);
}

void compare_churn(comparison *run, const workload *work)
{
    double started = now_ms();
    compare_run(run, "CALL auto_checkpoint = false");
    for (size_t i = 0; i < work->table_count; i++) {
        const table_source *table = &work->tables[i];
        if (table->from != NULL) {
            churn_relationships(run, table);
        } else {
            churn_nodes(run, table);
        }
    }
    double changed = now_ms();
    printf("a tenth of %s changed in %.1f s", work->name, (changed - started) / 1e3);
    if (run->options->churned != CHURN_UNFOLDED) {
        compare_run(run, run->options->churned == CHURN_FULL ? "VACUUM" : "CHECKPOINT");
        printf(", checkpoint %.1f s", (now_ms() - changed) / 1e3);
    }
    printf("\n");
}
