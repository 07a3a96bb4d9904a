/* SPDX-License-Identifier: MIT */
/*
 * Real full disks: a small file system of memory where one may be mounted, and the largest file size of a process. What was acknowledged stays, what failed is
 * absent, and the same handle goes on when there is space again. (unit.api.simulated and the crash tests do the same on the simulated file system, exhaustively.)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* unshare */
#endif

#include "integration/session.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static ruzu_conn *full_open(const char *path)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1;
    config.buffer_pool_size = 16u << 20;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    if (conn == NULL) {
        exit(1);
    }
    return conn;
}

static int64_t full_number(ruzu_conn *conn, const char *cypher)
{
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, cypher, &result), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
    int64_t number = ruzu_result_next(result) ? ruzu_get_int64(result, 0) : -1;
    ruzu_result_free(result);
    return number;
}

#define FULL_ROWS 300

/* Rows [number, number + 300), then a checkpoint. Counts the rows when their statement was acknowledged. */
static ruzu_status full_insert(ruzu_conn *conn, int number, int64_t *rows)
{
    char cypher[256];
    (void)snprintf(cypher, sizeof cypher, "UNWIND range(%d, %d) AS i CREATE (:P {id: i, name: 'the name of number ' + string(i * 7919)})", number * FULL_ROWS,
                   (number + 1) * FULL_ROWS - 1);
    ruzu_status status = ruzu_query(conn, cypher, NULL);
    if (status != RUZU_OK) {
        return status;
    }
    *rows += FULL_ROWS;
    return ruzu_query(conn, "CHECKPOINT", NULL);
}

/* Writes until there is no space; `cause` is what the message says. Returns the rows that must be there. */
static int64_t full_fill(ruzu_conn *conn, int *number, const char *cause)
{
    int64_t rows = 0;
    ruzu_status status = RUZU_OK;
    while (status == RUZU_OK && *number < 10000) {
        status = full_insert(conn, (*number)++, &rows);
    }
    CHECK_EQ_I64(status, RUZU_ERROR_DISK_FULL);
    check_count++;
    if (strstr(ruzu_errmsg(conn), cause) == NULL) {
        check_failures++;
        fprintf(stderr, "\"%s\" does not contain \"%s\"\n", ruzu_errmsg(conn), cause);
    }
    for (int i = 0; i < 5; i++) { /* still full, still there */
        CHECK_EQ_I64(full_number(conn, "MATCH (p:P) RETURN count(*)"), rows);
        CHECK_EQ_I64(ruzu_query(conn, "CHECKPOINT", NULL) == RUZU_ERROR_POISONED, 0);
    }
    return rows;
}

static void full_go_on(ruzu_conn *conn, const char *path, int number, int64_t rows)
{
    for (int i = 0; i < 3; i++) {
        int64_t before = rows;
        CHECK_EQ_I64(full_insert(conn, number++, &rows), RUZU_OK);
        CHECK_STR(ruzu_errmsg(conn), "");
        CHECK_EQ_I64(rows, before + FULL_ROWS);
    }
    CHECK_EQ_I64(full_number(conn, "MATCH (p:P) RETURN count(*)"), rows);
    session_close(conn);
    conn = full_open(path);
    CHECK_EQ_I64(full_number(conn, "MATCH (p:P) RETURN count(*)"), rows);
    CHECK_EQ_I64(full_number(conn, "MATCH (p:P) RETURN count(DISTINCT p.id)"), rows);
    session_close(conn);
}

/* In a child, which has the mount (and the limit) to itself. Ends it. */
static _Noreturn void full_child(bool mounted)
{
    char path[1024];
    char ballast[1024];
    int number = 0;
    check_failures = 0;
    (void)snprintf(path, sizeof path, "%s", session_path("small/full.ruzu"));
    (void)snprintf(ballast, sizeof ballast, "%s", session_path("small/ballast"));
    if (mounted) {
        FILE *file = fopen(ballast, "wb");
        static char bytes[1 << 20];
        CHECK(file != NULL && fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes && fclose(file) == 0);
    }
    ruzu_conn *conn = full_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); CHECKPOINT");
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (!mounted) {
        (void)signal(SIGXFSZ, SIG_IGN);
        CHECK_EQ_I64(getrlimit(RLIMIT_FSIZE, &limit), 0);
        struct rlimit small = {2 << 20, limit.rlim_max};
        CHECK_EQ_I64(setrlimit(RLIMIT_FSIZE, &small), 0);
    }
    int64_t rows = full_fill(conn, &number, mounted ? "no space left on device" : "file too large");
    CHECK(rows > 0);
    if (mounted) {
        CHECK_EQ_I64(remove(ballast), 0);
    } else {
        CHECK_EQ_I64(setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
    full_go_on(conn, path, number, rows);
    fflush(NULL);
    _exit(check_failures == 0 ? 0 : 1);
}

static void full_wait(pid_t child)
{
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ_I64(WEXITSTATUS(status), 0);
}

static void small_file_system(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", session_path("small"), "tmpfs", 0, "size=3m") != 0) {
            printf("no file system can be mounted here\n");
            fflush(NULL);
            _exit(0);
        }
        full_child(true);
    }
    full_wait(child);
}

static void largest_file_size(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        full_child(false);
    }
    full_wait(child);
}

int main(void)
{
    session_begin();
    CHECK_EQ_I64(mkdir(session_path("small"), 0700), 0);
    RUN(small_file_system);
    RUN(largest_file_size);
    session_end();
    return CHECK_DONE();
}
