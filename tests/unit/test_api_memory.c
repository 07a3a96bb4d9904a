/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of a session refused, one after the other: the call that needs it says NO_MEMORY (or gives nothing), the connection goes on, a commit that
 * was reported is there and one that was refused is not, and in the end all memory has been given back.
 */
#include "api/api.h"

#include "unit/check.h"
#include "unit/volume.h"

/* Refuses allocation number `fail_at` and, with `all_after`, every later one. */
typedef struct refusal {
    uint64_t count;
    uint64_t fail_at;
    bool all_after;
} refusal;

static bool refuse(void *user, size_t size)
{
    refusal *state = (refusal *)user;
    (void)size;
    uint64_t number = state->count++;
    return number == state->fail_at || (state->all_after && number > state->fail_at);
}

/* What a session may end with when memory is refused. */
static bool no_memory(ruzu_status status)
{
    return status == RUZU_ERROR_NO_MEMORY || status == RUZU_ERROR_LIMIT;
}

static ruzu_status read_result(ruzu_conn *conn, ruzu_result *result)
{
    while (ruzu_result_next(result)) {
        for (size_t c = 0; c < ruzu_result_column_count(result); c++) {
            (void)ruzu_get_string(result, c, NULL);
            (void)ruzu_get_value(result, c);
        }
        if (ruzu_result_status(result) != RUZU_OK) {
            return ruzu_result_status(result);
        }
    }
    if (ruzu_result_status(result) != RUZU_OK) {
        return ruzu_result_status(result);
    }
    for (int format = RUZU_FORMAT_BOX; format <= RUZU_FORMAT_LINES; format++) {
        char *text = ruzu_result_to_string(result, (ruzu_format)format);
        if (text == NULL) {
            return ruzu_errcode(conn);
        }
        ruzu_free(text);
    }
    return RUZU_OK;
}

static ruzu_status run_reading(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(conn, cypher, &result);
    if (status == RUZU_OK) {
        status = read_result(conn, result);
    }
    ruzu_result_free(result);
    return status;
}

static ruzu_status run_prepared(ruzu_conn *conn)
{
    ruzu_stmt *stmt = NULL;
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_prepare(conn, "MATCH (p:P {id: $id}) RETURN p.name, $list AS l, p", &stmt);
    for (int64_t id = 1; status == RUZU_OK && id <= 2; id++) {
        ruzu_value *element = ruzu_value_create_string("a text of more than twelve bytes", SIZE_MAX);
        const ruzu_value *elements[] = {element};
        ruzu_value *list = element == NULL ? NULL : ruzu_value_create_list(elements, 1);
        status = list == NULL ? RUZU_ERROR_NO_MEMORY : ruzu_bind_value(stmt, "list", list);
        status = status == RUZU_OK ? ruzu_bind_int64(stmt, "id", id) : status;
        status = status == RUZU_OK ? ruzu_execute(stmt, &result) : status;
        status = status == RUZU_OK ? read_result(conn, result) : status;
        ruzu_result_free(result);
        result = NULL;
        ruzu_value_free(list);
        ruzu_value_free(element);
    }
    ruzu_stmt_free(stmt);
    return status;
}

/* Rows that must be there: those whose CREATE was acknowledged. */
static void check_rows(ruzu_conn *conn, int64_t expected)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (p:P) RETURN count(*)", &result), RUZU_OK);
    CHECK(ruzu_result_next(result));
    CHECK_EQ_I64(ruzu_get_int64(result, 0), expected);
    ruzu_result_free(result);
}

/* One session; returns the first failure. */
static ruzu_status run_session(refusal *state)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = 4u << 20;
    config.max_threads = 1;
    ruzu_conn *conn = NULL;
    ruzu_conn *other = NULL;
    ruzu_status status = ruzu_open(NULL, &config, &conn);
    if (status != RUZU_OK) {
        return status;
    }
    static const char *const creating[] = {"CREATE (:P {id: 1, name: 'the first of them'})", "CREATE (:P {id: 2, name: 'another one'})",
                                           "MATCH (a:P {id: 1}), (b:P {id: 2}) CREATE (a)-[:K {since: 2020}]->(b), (:P {id: 3})"};
    static const char *const reading[] = {
        "MATCH p = (a:P)-[k:K]->(b:P) RETURN a.name, k.since, b, p", "UNWIND [{a: 1, b: 'a text of some length'}] AS s RETURN s, [1, 2, 3], date('2020-01-01')",
        "MATCH (p:P) RETURN p.name, count(*) ORDER BY p.name", "BEGIN TRANSACTION; MATCH (p:P) RETURN p.id; ROLLBACK", "EXPLAIN MATCH (p:P) RETURN p.id", "CALL threads = 1"};
    status = ruzu_query(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); CREATE REL TABLE K(FROM P TO P, since INT64)", NULL);
    int64_t rows = 0;
    for (size_t i = 0; status == RUZU_OK && i < 3; i++) {
        status = ruzu_query(conn, creating[i], NULL);
        rows += status == RUZU_OK;
    }
    for (size_t i = 0; status == RUZU_OK && i < sizeof reading / sizeof reading[0]; i++) {
        status = run_reading(conn, reading[i]);
    }
    status = status == RUZU_OK ? run_prepared(conn) : status;
    status = status == RUZU_OK ? ruzu_connect(conn, &other) : status;
    CHECK(status == RUZU_OK || ruzu_errmsg(conn)[0] != '\0' || rows == 3);
    if (state->count > state->fail_at) { /* memory is back: the connection works, and nothing is half done */
        rz_mem_set_test_hook(NULL, NULL);
        ruzu_result *result = NULL;
        bool has_table = ruzu_query(conn, "MATCH (p:P) RETURN count(*)", &result) == RUZU_OK;
        ruzu_result_free(result);
        if (has_table) {
            check_rows(conn, rows);
        } else {
            CHECK_EQ_I64(ruzu_errcode(conn), RUZU_ERROR_BINDER);
            CHECK_EQ_I64(rows, 0);
        }
    }
    CHECK_EQ_I64(ruzu_close(other), RUZU_OK);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    return status;
}

static void every_allocation_may_fail(void)
{
    refusal none = {.fail_at = UINT64_MAX};
    uint64_t live = atomic_load(&rz_mem_root()->used);
    rz_mem_set_test_hook(refuse, &none);
    CHECK_EQ_I64(run_session(&none), RUZU_OK);
    rz_mem_set_test_hook(NULL, NULL);
    CHECK_EQ_U64(atomic_load(&rz_mem_root()->used), live);
    CHECK(none.count > 100);
    uint64_t step = test_volume_percent() >= 100 ? 1 : 100 / test_volume_percent();
    for (uint64_t fail_at = 0; fail_at < none.count; fail_at += step) {
        for (int all_after = 0; all_after < 2; all_after++) {
            int before = check_failures;
            refusal state = {.fail_at = fail_at, .all_after = all_after != 0};
            live = atomic_load(&rz_mem_root()->used);
            rz_mem_set_test_hook(refuse, &state);
            ruzu_status status = run_session(&state);
            rz_mem_set_test_hook(NULL, NULL);
            CHECK(status == RUZU_OK || no_memory(status)); /* OK: something did without */
            CHECK_EQ_U64(atomic_load(&rz_mem_root()->used), live);
            if (check_failures != before) {
                fprintf(stderr, "    refused: allocation %llu%s\n", (unsigned long long)fail_at, all_after != 0 ? " and all after it" : "");
                if (check_failures > 20) {
                    return;
                }
            }
        }
    }
    printf("%llu allocations refused\n", (unsigned long long)none.count);
}

int main(void)
{
    RUN(every_allocation_may_fail);
    return CHECK_DONE();
}
