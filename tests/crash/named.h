/* SPDX-License-Identifier: MIT */
/*
 * What the named failure tests share: databases on the simulated disk, statements that must work, every state after a power loss between two moments.
 */
#ifndef RZ_TESTS_CRASH_NAMED_H
#define RZ_TESTS_CRASH_NAMED_H

#include "api/api.h"

#include "crash/crash_run.h"
#include "sim/simfs.h"
#include "unit/check.h"

#include <errno.h>
#include <stdlib.h>

#define NAMED_PATH "/data/db.ruzu"
#define NAMED_LOG  "/data/db.ruzu.wal"  /* generations 1, 3, …; faults know paths without the first slash */
#define NAMED_LOG2 "/data/db.ruzu.wal2" /* generations 2, 4, … */

#define NAMED_PEOPLE "CREATE NODE TABLE P(id INT64 PRIMARY KEY, v INT64); UNWIND range(1, 100) AS i CREATE (:P {id: i, v: i})"

static inline simfs *named_disk(void)
{
    simfs *fs = simfs_create(5);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK_EQ_I64(vfs->make_dir(vfs, "/data"), RUZU_OK);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "/data"), RUZU_OK);
    return fs;
}

static inline void named_file(simfs *fs, const char *path, const char *text, size_t size)
{
    rz_vfs *vfs = simfs_vfs(fs);
    rz_file *file = NULL;
    CHECK_EQ_I64(vfs->open(vfs, path, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file), RUZU_OK);
    CHECK_EQ_I64(vfs->truncate(file, 0), RUZU_OK);
    CHECK_EQ_I64(vfs->write(file, text, size, 0), RUZU_OK);
    CHECK_EQ_I64(vfs->sync(file, false), RUZU_OK);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    CHECK_EQ_I64(vfs->sync_dir(vfs, path), RUZU_OK);
}

/* Lines "i,10 i" from first to last. */
static inline void named_csv(simfs *fs, const char *path, int first, int last)
{
    crash_text text = {0};
    for (int i = first; i <= last; i++) {
        char line[48];
        int length = snprintf(line, sizeof line, "%d,%d\n", i, i * 10);
        crash_text_add(&text, line, (size_t)length);
    }
    named_file(fs, path, text.data, text.length);
    crash_text_free(&text);
}

static inline ruzu_status named_try_open(simfs *fs, const char *path, uint32_t flags, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1; /* one order of operations; checkpoints where they are started */
    config.buffer_pool_size = UINT64_C(4) << 20;
    config.flags |= flags | RUZU_OPEN_NO_AUTO_CHECKPOINT;
    return rz_conn_open(simfs_vfs(fs), path, &config, out);
}

static inline ruzu_conn *named_open(simfs *fs)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(named_try_open(fs, NAMED_PATH, 0, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    return conn;
}

static inline void named_run(ruzu_conn *conn, const char *cypher)
{
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
}

static inline int64_t named_number(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    int64_t number = ruzu_result_next(result) ? ruzu_get_int64(result, 0) : INT64_MIN;
    ruzu_result_free(result);
    return number;
}

/* The value of a row of db_info; lives until the next call. */
static inline const char *named_info(ruzu_conn *conn, const char *name)
{
    static char value[256];
    char cypher[128];
    (void)snprintf(cypher, sizeof cypher, "CALL db_info() WHERE name = '%s' RETURN value", name);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    (void)snprintf(value, sizeof value, "%s", ruzu_result_next(result) ? ruzu_get_string(result, 0, NULL) : "(none)");
    ruzu_result_free(result);
    return value;
}

/* The statement fails with this status and a text that has `part` in it. */
static inline void named_refused(ruzu_conn *conn, const char *cypher, ruzu_status status, const char *part)
{
    CHECK_EQ_I64(ruzu_query(conn, cypher, NULL), status);
    check_count++;
    if (strstr(ruzu_errmsg(conn), part) == NULL) {
        check_failures++;
        fprintf(stderr, "%s: \"%s\" does not contain \"%s\"\n", cypher, ruzu_errmsg(conn), part);
    }
}

static inline void named_close(ruzu_conn *conn)
{
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
}

static inline void named_sound(ruzu_conn *conn, bool torn_header)
{
    crash_text problems = {0};
    check_count++;
    if (!crash_sound(conn, torn_header, &problems)) {
        check_failures++;
        fprintf(stderr, "check_database: %s\n", problems.data);
    }
    crash_text_free(&problems);
}

/* What a state must hold: asked on an open connection, after the first k operations. */
typedef void (*named_verify_fn)(ruzu_conn *conn, uint64_t k, void *user);

/* One state: it opens, holds what it must and is sound; takes a transaction and a checkpoint; holds it all the same afterwards. */
static inline void named_state(simfs *crashed, uint64_t k, named_verify_fn verify, void *user)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(named_try_open(crashed, NAMED_PATH, 0, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    if (conn == NULL) {
        return;
    }
    verify(conn, k, user);
    named_sound(conn, true);
    named_run(conn, "CREATE NODE TABLE Later(id INT64 PRIMARY KEY); CREATE (:Later {id: 1}); CHECKPOINT");
    named_close(conn);
    conn = named_open(crashed);
    verify(conn, k, user);
    CHECK_EQ_I64(named_number(conn, "MATCH (l:Later) RETURN count(*)"), 1);
    named_sound(conn, false);
    named_close(conn);
}

/* Every state that a power loss after k operations, from <= k <= to, may leave. */
static inline void named_each_state(simfs *fs, uint64_t from, uint64_t to, named_verify_fn verify, void *user)
{
    for (uint64_t k = from;; k = simfs_next_crash_point(fs, k)) {
        k = k < to ? k : to;
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            int before = check_failures;
            simfs *crashed = simfs_crash(fs, k, (simfs_model)model, k * 31 + (uint64_t)model);
            named_state(crashed, k, verify, user);
            simfs_free(crashed);
            if (check_failures != before) {
                char text[128];
                fprintf(stderr, "power loss before operation %s, model %s\n", simfs_describe(fs, k, text, sizeof text),
                        simfs_model_name((simfs_model)model));
            }
        }
        if (k == to) {
            return;
        }
    }
}

/* The place of an operation in the database file; false when it is none of this kind there. */
static inline bool named_op_on(const simfs *fs, uint64_t op, simfs_op_kind kind, const char *path, uint64_t *out_off)
{
    char text[256];
    unsigned long long number, off, size;
    char verb[32], where[160];
    if (simfs_op_kind_at(fs, op) != kind) {
        return false;
    }
    (void)simfs_describe(fs, op, text, sizeof text);
    if (sscanf(text, "%llu: %31s %159s at %llu, %llu bytes", &number, verb, where, &off, &size) != 5) {
        CHECK(false);
        return false;
    }
    const char *name = path[0] == '/' ? path + 1 : path;
    const char *found = where[0] == '/' ? where + 1 : where;
    if (out_off != NULL) {
        *out_off = off;
    }
    size_t length = strlen(name); /* a new database is made under another name, which the handle keeps */
    return strncmp(name, found, length) == 0 && (found[length] == '\0' || strcmp(found + length, ".tmp") == 0);
}

/* Does something in the midst of an operation of the engine: *hook is called before the sync number `at` of the file. One at a time. */
typedef struct named_hook {
    ruzu_status (*sync)(rz_file *file, bool data_only); /* of the file system */
    void (*act)(void *user);
    void *user;
    int countdown; /* syncs to go; 0: done or off */
    bool busy;
} named_hook;

static named_hook named_hooked;

static ruzu_status named_hook_sync(rz_file *file, bool data_only)
{
    if (!named_hooked.busy && named_hooked.countdown > 0 && --named_hooked.countdown == 0) {
        named_hooked.busy = true;
        named_hooked.act(named_hooked.user);
        named_hooked.busy = false;
    }
    return named_hooked.sync(file, data_only);
}

/* act(user) runs within the at-th sync from now, 1 being the next, before it takes effect. */
static inline void named_hook_on(simfs *fs, int at, void (*act)(void *user), void *user)
{
    rz_vfs *vfs = simfs_vfs(fs);
    named_hooked = (named_hook){.sync = vfs->sync, .act = act, .user = user, .countdown = at};
    vfs->sync = named_hook_sync;
}

/* Returns whether it ran. */
static inline bool named_hook_off(simfs *fs)
{
    simfs_vfs(fs)->sync = named_hooked.sync;
    return named_hooked.countdown == 0;
}

#endif
