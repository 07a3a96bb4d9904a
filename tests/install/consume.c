/* SPDX-License-Identifier: MIT */
/*
 * An application in C: knows nothing but the installed header.
 */
#include <ruzu.h>

#include <stdio.h>
#include <string.h>

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return 1;
}

int main(void)
{
    ruzu_conn *conn = NULL;
    ruzu_stmt *stmt = NULL;
    ruzu_result *result = NULL;
    if (strcmp(ruzu_version(), "") == 0 || ruzu_open(NULL, NULL, &conn) != RUZU_OK) {
        return fail("ruzu_open", ruzu_open_errmsg());
    }
    if (ruzu_query(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); CREATE (:P {id: 1, name: 'one'}), (:P {id: 2, name: 'two'})", NULL) != RUZU_OK) {
        return fail("ruzu_query", ruzu_errmsg(conn));
    }
    if (ruzu_prepare(conn, "MATCH (p:P {id: $id}) RETURN p.name", &stmt) != RUZU_OK || ruzu_bind_int64(stmt, "id", 2) != RUZU_OK ||
        ruzu_execute(stmt, &result) != RUZU_OK) {
        return fail("ruzu_execute", ruzu_errmsg(conn));
    }
    if (!ruzu_result_next(result) || strcmp(ruzu_get_string(result, 0, NULL), "two") != 0) {
        return fail("ruzu_get_string", "not what was stored");
    }
    ruzu_result_free(result);
    ruzu_stmt_free(stmt);
    return ruzu_close(conn) == RUZU_OK ? 0 : 1;
}
