/* SPDX-License-Identifier: MIT */
/*
 * The whole engine on the simulated file system, through the public interface: what a checkpoint has written survives a loss of power, and two file systems may
 * have files of the same identity open at once.
 */
#include "api/api.h"

#include "sim/simfs.h"
#include "unit/check.h"

static ruzu_conn *simulated_open(simfs *fs, const char *path)
{
    ruzu_conn *conn = NULL;
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = UINT64_C(16) << 20;
    config.max_threads = 1;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs), path, &config, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    return conn;
}

static void simulated_run(ruzu_conn *conn, const char *cypher)
{
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
}

static int64_t simulated_number(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    int64_t number = ruzu_result_next(result) ? ruzu_get_int64(result, 0) : INT64_MIN;
    ruzu_result_free(result);
    return number;
}

static void checkpoint_survives_power_loss(void)
{
    simfs *fs = simfs_create(1);
    ruzu_conn *conn = simulated_open(fs, "a.ruzu");
    simulated_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 100) AS i CREATE (:P {id: i, name: 'n' + string(i)})");
    simulated_run(conn, "CHECKPOINT");
    uint64_t after_checkpoint = simfs_op_count(fs);
    simulated_run(conn, "CREATE (:P {id: 101})");
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
        simfs *crashed = simfs_crash(fs, after_checkpoint, (simfs_model)model, 7);
        conn = simulated_open(crashed, "a.ruzu");
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 100);
        CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P {id: 77}) WHERE p.name = 'n77' RETURN p.id"), 77);
        CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
        simfs_free(crashed);
    }
    conn = simulated_open(fs, "a.ruzu");
    CHECK_EQ_I64(simulated_number(conn, "MATCH (p:P) RETURN count(*)"), 101);
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    simfs_free(fs);
}

static void file_systems_do_not_mix(void)
{
    simfs *fs[2] = {simfs_create(1), simfs_create(1)};
    ruzu_conn *conn[2];
    for (int i = 0; i < 2; i++) {
        conn[i] = simulated_open(fs[i], "same.ruzu");
        simulated_run(conn[i], i == 0 ? "CREATE NODE TABLE P(id INT64 PRIMARY KEY)" : "CREATE NODE TABLE Q(id INT64 PRIMARY KEY)");
    }
    CHECK_EQ_I64(simulated_number(conn[0], "MATCH (p:P) RETURN count(*)"), 0);
    CHECK_EQ_I64(simulated_number(conn[1], "MATCH (q:Q) RETURN count(*)"), 0);
    ruzu_conn *again = NULL;
    CHECK_EQ_I64(rz_conn_open(simfs_vfs(fs[1]), "same.ruzu", NULL, &again), RUZU_ERROR_LOCKED);
    CHECK(again == NULL);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_I64(ruzu_close(conn[i]), RUZU_OK);
        simfs_free(fs[i]);
    }
}

int main(void)
{
    RUN(checkpoint_survives_power_loss);
    RUN(file_systems_do_not_mix);
    return CHECK_DONE();
}
