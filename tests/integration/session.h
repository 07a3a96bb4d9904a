/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the integration tests: temporary folders, statements that must work or fail, results as text. Sees ruzu.h only.
 */
#ifndef RZ_TESTS_INTEGRATION_SESSION_H
#define RZ_TESTS_INTEGRATION_SESSION_H

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#endif

#include "ruzu.h"
#include "unit/check.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The test's folder: made by session_begin, removed by session_end. */
static char session_folder[512];

static inline void session_begin(void)
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(session_folder, sizeof session_folder, "%s/ruzu_test_XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(session_folder) == NULL) {
        perror(session_folder);
        exit(1);
    }
}

static int session_remove(const char *path, const struct stat *status, int flag, struct FTW *ftw)
{
    (void)status;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void session_end(void)
{
    (void)nftw(session_folder, session_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* folder/name; the text lives until the next but three calls. */
static inline const char *session_path(const char *name)
{
    static char paths[4][1024];
    static unsigned next = 0;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", session_folder, name);
    return path;
}

static inline ruzu_conn *session_open(const char *path)
{
    ruzu_conn *conn = NULL;
    ruzu_status status = ruzu_open(path, NULL, &conn);
    CHECK_STR(ruzu_open_errmsg(), "");
    CHECK_EQ_I64(status, RUZU_OK);
    if (conn == NULL) {
        exit(1);
    }
    return conn;
}

static inline void session_close(ruzu_conn *conn)
{
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
}

/* A statement that must work; its result is dropped. */
static inline void session_run(ruzu_conn *conn, const char *cypher)
{
    ruzu_status status = ruzu_query(conn, cypher, NULL);
    check_count++;
    if (status != RUZU_OK) {
        check_failures++;
        fprintf(stderr, "%s\n    failed: %s\n", cypher, ruzu_errmsg(conn));
    }
}

/* The rows of a result, '|' between cells and '\n' between rows; rewinds. Lives until the next call. */
static inline const char *session_text(ruzu_result *result)
{
    static char *text = NULL;
    ruzu_free(text);
    text = ruzu_result_to_string(result, RUZU_FORMAT_LINES);
    if (text == NULL) {
        return "(no text)";
    }
    char *rows = strchr(text, '\n');
    size_t length = rows == NULL ? 0 : strlen(rows);
    if (length != 0 && rows[length - 1] == '\n') {
        rows[length - 1] = '\0';
    }
    return rows == NULL ? "" : length == 1 ? "" : rows + 1;
}

/* A statement must give these rows. */
#define EXPECT_ROWS(conn, cypher, rows)                                                                                \
    do {                                                                                                               \
        ruzu_result *expect_result_ = NULL;                                                                            \
        ruzu_status expect_status_ = ruzu_query(conn, cypher, &expect_result_);                                        \
        CHECK_STR(expect_status_ == RUZU_OK ? session_text(expect_result_) : ruzu_errmsg(conn), rows);                 \
        ruzu_result_free(expect_result_);                                                                              \
    } while (0)

/* A statement must fail with this status, and with a text that begins like this. */
#define EXPECT_ERROR(conn, cypher, status, text)                                                                       \
    do {                                                                                                               \
        ruzu_result *expect_result_ = NULL;                                                                            \
        CHECK_EQ_I64(ruzu_query(conn, cypher, &expect_result_), status);                                               \
        CHECK_EQ_I64(ruzu_errcode(conn), status);                                                                      \
        CHECK(expect_result_ == NULL);                                                                                 \
        char expect_text_[256];                                                                                        \
        (void)snprintf(expect_text_, sizeof expect_text_, "%.*s", (int)strlen(text), ruzu_errmsg(conn));               \
        CHECK_STR(expect_text_, text);                                                                                 \
    } while (0)

#endif
