/* SPDX-License-Identifier: MIT */
/*
 * Sharing a database file with other handles, names and processes: who is kept out, who is let in, and what is said.
 *
 * Other processes are this program again: `PROGRAM hold FILE MODE` opens FILE (MODE r or w), writes y or n, and waits until its input ends;
 * `PROGRAM inherit FILE` fails when one of its descriptors is FILE, then waits likewise.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* pipe2 */
#endif

#include "integration/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- other processes ---- */

typedef struct other_process {
    pid_t pid;
    int in;  /* end it by closing */
    int out;
} other_process;

static const char *program_path;

static void other_wait_for_end(void)
{
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
}

static ruzu_status other_open(const char *path, uint32_t flags, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.flags = flags;
    config.max_threads = 1;
    config.buffer_pool_size = 16u << 20;
    return ruzu_open(path, &config, out);
}

static int other_hold(const char *path, const char *mode)
{
    ruzu_conn *conn = NULL;
    ruzu_status status = other_open(path, *mode == 'r' ? RUZU_OPEN_READ_ONLY : 0, &conn);
    char byte = status == RUZU_OK ? 'y' : 'n';
    if (write(1, &byte, 1) != 1) {
        return 1;
    }
    other_wait_for_end();
    return ruzu_close(conn) == RUZU_OK ? 0 : 1;
}

static int other_inherit(const char *path)
{
    char byte = 'y';
    for (int fd = 3; fd < 256; fd++) {
        char name[64];
        char target[1024];
        (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(name, target, sizeof target - 1);
        if (length > 0) {
            target[length] = '\0';
            byte = strcmp(target, path) == 0 ? 'n' : byte;
        }
    }
    if (write(1, &byte, 1) != 1) {
        return 1;
    }
    other_wait_for_end();
    return 0;
}

/* Starts this program with arguments; answer: the byte it writes. */
static other_process start(const char *what, const char *path, const char *mode, char answer)
{
    int in[2];
    int out[2];
    other_process other = {.pid = -1, .in = -1, .out = -1};
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        perror("pipe2");
        exit(1);
    }
    fflush(NULL);
    other.pid = fork();
    if (other.pid == 0) {
        if (dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1) {
            execl(program_path, program_path, what, path, mode, (char *)NULL);
        }
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    other.in = in[1];
    other.out = out[0];
    char byte = '\0';
    CHECK_EQ_I64(read(other.out, &byte, 1), 1);
    CHECK_EQ_I64(byte, answer);
    return other;
}

static void end(other_process *other)
{
    int status = -1;
    close(other->in);
    close(other->out);
    CHECK_EQ_I64(waitpid(other->pid, &status, 0), other->pid);
    CHECK_EQ_I64(status, 0);
}

/* ---- expectations ---- */

static void expect_refused(const char *path, uint32_t flags, ruzu_status status, const char *part)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(other_open(path, flags, &conn), status);
    CHECK(conn == NULL);
    check_count++;
    if (strstr(ruzu_open_errmsg(), part) == NULL) {
        check_failures++;
        fprintf(stderr, "opening %s: \"%s\" does not contain \"%s\"\n", path, ruzu_open_errmsg(), part);
    }
    (void)ruzu_close(conn);
}

static void expect_opens(const char *path, uint32_t flags)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(other_open(path, flags, &conn), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    CHECK_EQ_I64(ruzu_close(conn), RUZU_OK);
}

static void make_database(const char *path)
{
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE (:P {id: 1})");
    session_close(conn);
}

#define INFO(name) "CALL db_info() WHERE name = '" name "' RETURN value"

/* ---- one process ---- */

static void second_handle_same_process_busy(void)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", session_path("one.ruzu"));
    make_database(path);
    CHECK_EQ_I64(symlink("one.ruzu", session_path("one-symbolic.ruzu")), 0);
    CHECK_EQ_I64(link(path, session_path("one-hard.ruzu")), 0);
    CHECK_EQ_I64(mkdir(session_path("one-folder"), 0700), 0);
    char here[1024];
    CHECK(getcwd(here, sizeof here) != NULL);
    const uint32_t modes[] = {0, RUZU_OPEN_READ_ONLY};
    for (int i = 0; i < 2; i++) {
        ruzu_conn *conn = NULL;
        CHECK_EQ_I64(other_open(path, modes[i], &conn), RUZU_OK);
        for (int j = 0; j < 2; j++) { /* not even both for reading */
            expect_refused(path, modes[j], RUZU_ERROR_LOCKED, "ruzu_connect");
            expect_refused(path, modes[j], RUZU_ERROR_LOCKED, "one.ruzu");
            expect_refused(session_path("one-symbolic.ruzu"), modes[j], RUZU_ERROR_LOCKED, "ruzu_connect");
            expect_refused(session_path("one-hard.ruzu"), modes[j], RUZU_ERROR_LOCKED, "/one.ruzu. Use ruzu_connect");
            expect_refused(session_path("one-folder/../one.ruzu"), modes[j], RUZU_ERROR_LOCKED, "ruzu_connect");
            CHECK_EQ_I64(chdir(session_folder), 0);
            expect_refused("one.ruzu", modes[j], RUZU_ERROR_LOCKED, "ruzu_connect");
            expect_refused("./one-folder/../one-hard.ruzu", modes[j], RUZU_ERROR_LOCKED, "ruzu_connect");
            CHECK_EQ_I64(chdir(here), 0);
        }
        EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
        ruzu_conn *more = NULL;
        CHECK_EQ_I64(ruzu_connect(conn, &more), RUZU_OK);
        session_close(conn);
        expect_refused(path, 0, RUZU_ERROR_LOCKED, "ruzu_connect"); /* until the last connection is gone */
        session_close(more);
        expect_opens(path, 0);
    }
}

/* The same name with another file behind it is the same database as far as its logs are concerned. */
static void name_in_use_is_refused_with_another_file_behind_it(void)
{
    const char *path = session_path("again.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    CHECK_EQ_I64(rename(path, session_path("again-moved.ruzu")), 0);
    expect_refused(path, 0, RUZU_ERROR_LOCKED, "ruzu_connect");
    expect_refused(session_path("again-moved.ruzu"), 0, RUZU_ERROR_LOCKED, "ruzu_connect");
    CHECK(access(path, F_OK) != 0);
    CHECK_EQ_I64(rename(session_path("again-moved.ruzu"), path), 0);
    session_run(conn, "CREATE (:P {id: 2}); CHECKPOINT");
    session_close(conn);
}

static void hard_links_are_warned_of(void)
{
    const char *path = session_path("names.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    EXPECT_ROWS(conn, INFO("names of the file"), "1");
    EXPECT_ROWS(conn, INFO("warning"), "");
    EXPECT_ROWS(conn, INFO("lock"), "exclusive");
    EXPECT_ROWS(conn, INFO("health"), "healthy");
    EXPECT_ROWS(conn, "CALL show_warnings() RETURN count(*)", "0");
    session_close(conn);
    CHECK_EQ_I64(link(path, session_path("names-too.ruzu")), 0);
    conn = session_open(session_path("names-too.ruzu"));
    EXPECT_ROWS(conn, INFO("names of the file"), "2");
    EXPECT_ROWS(conn, "CALL db_info() WHERE name = 'warning' RETURN value CONTAINS 'hard links'", "True");
    EXPECT_ROWS(conn, "CALL show_warnings() RETURN message CONTAINS 'hard links', file_path ENDS WITH 'names-too.ruzu'", "True|True");
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
    session_close(conn);
}

static void copy_opens_beside_it(void)
{
    const char *path = session_path("original.ruzu");
    const char *copy = session_path("copy.ruzu");
    make_database(path);
    char command[2200];
    (void)snprintf(command, sizeof command, "cp '%s' '%s'", path, copy);
    CHECK_EQ_I64(system(command), 0);
    ruzu_conn *one = session_open(path);
    ruzu_conn *two = session_open(copy);
    session_run(one, "CREATE (:P {id: 2})");
    session_run(two, "CREATE (:P {id: 3}); CHECKPOINT; CREATE (:P {id: 4})");
    session_close(one);
    session_close(two);
    one = session_open(path);
    two = session_open(copy);
    EXPECT_ROWS(one, "MATCH (p:P) RETURN p.id ORDER BY p.id", "1\n2");
    EXPECT_ROWS(two, "MATCH (p:P) RETURN p.id ORDER BY p.id", "1\n3\n4");
    session_close(one);
    session_close(two);
}

/* ---- names ---- */

static void working_directory_may_change(void)
{
    char here[1024];
    CHECK(getcwd(here, sizeof here) != NULL);
    CHECK_EQ_I64(chdir(session_folder), 0);
    ruzu_conn *conn = session_open("relative.ruzu");
    CHECK_EQ_I64(chdir("/"), 0);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE (:P {id: 5}); CHECKPOINT; CREATE (:P {id: 6})");
    EXPECT_ROWS(conn, "CALL db_info() WHERE name = 'path' RETURN value STARTS WITH '/' AND value ENDS WITH '/relative.ruzu'", "True");
    session_close(conn);
    CHECK_EQ_I64(chdir(here), 0);
    conn = session_open(session_path("relative.ruzu"));
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id ORDER BY p.id", "5\n6");
    session_close(conn);
}

/* Whichever link leads to the database, its logs stand beside the file. */
static void links_are_followed(void)
{
    CHECK_EQ_I64(mkdir(session_path("target"), 0700), 0);
    CHECK_EQ_I64(mkdir(session_path("links"), 0700), 0);
    CHECK_EQ_I64(symlink("../target/real.ruzu", session_path("links/first.ruzu")), 0);
    CHECK_EQ_I64(symlink("first.ruzu", session_path("links/second.ruzu")), 0);
    ruzu_conn *conn = session_open(session_path("links/second.ruzu")); /* its target is not there yet */
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE (:P {id: 5})");
    CHECK_EQ_I64(access(session_path("target/real.ruzu"), F_OK), 0);
    CHECK(access(session_path("links/second.ruzu.wal"), F_OK) != 0);
    CHECK(access(session_path("links/first.ruzu.wal"), F_OK) != 0);
    session_close(conn);
    struct stat info;
    CHECK_EQ_I64(lstat(session_path("links/second.ruzu"), &info), 0);
    CHECK(S_ISLNK(info.st_mode)); /* not replaced by the file */
    conn = session_open(session_path("target/real.ruzu"));
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "5");
    session_close(conn);
    CHECK_EQ_I64(symlink("loop.ruzu", session_path("links/loop.ruzu")), 0);
    expect_refused(session_path("links/loop.ruzu"), 0, RUZU_ERROR_IO, "too many symbolic links");
}

static void replaced_file_takes_no_checkpoint(void)
{
    const char *path = session_path("replaced.ruzu");
    const char *moved = session_path("replaced-moved.ruzu");
    make_database(path);
    for (int removed = 0; removed < 2; removed++) {
        ruzu_conn *conn = session_open(path);
        session_run(conn, removed ? "CREATE (:P {id: 21})" : "CREATE (:P {id: 20})");
        CHECK_EQ_I64(rename(path, moved), 0);
        if (!removed) {
            FILE *file = fopen(path, "wb");
            CHECK(file != NULL && fputs("somebody else's", file) >= 0 && fclose(file) == 0);
        }
        EXPECT_ERROR(conn, "CHECKPOINT", RUZU_ERROR_POISONED, "The database takes no more writes until it is opened again. First cause: IO exception: file '");
        CHECK(strstr(ruzu_errmsg(conn), "was renamed or removed while open") != NULL);
        EXPECT_ERROR(conn, "CREATE (:P {id: 30})", RUZU_ERROR_POISONED, "The database takes no more writes");
        EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*) >= 2", "True"); /* reads go on */
        CHECK_EQ_I64(ruzu_close(conn), RUZU_ERROR_POISONED);
        if (!removed) {
            char text[32] = "";
            FILE *file = fopen(path, "rb");
            CHECK(file != NULL && fgets(text, sizeof text, file) != NULL && fclose(file) == 0);
            CHECK_STR(text, "somebody else's");
            CHECK_EQ_I64(remove(path), 0);
        }
        CHECK_EQ_I64(rename(moved, path), 0);
        conn = session_open(path); /* whole, as of the last checkpoint at least */
        EXPECT_ROWS(conn, "MATCH (p:P {id: 1}) RETURN p.id", "1");
        session_close(conn);
    }
}

/* ---- several processes ---- */

static void one_writer_or_many_readers(void)
{
    const char *path = session_path("many.ruzu");
    make_database(path);
    other_process writer = start("hold", path, "w", 'y');
    expect_refused(path, 0, RUZU_ERROR_LOCKED, "Could not set lock on file : ");
    expect_refused(path, 0, RUZU_ERROR_LOCKED, "has the database open for writing");
    expect_refused(path, RUZU_OPEN_READ_ONLY, RUZU_ERROR_LOCKED, "has the database open for writing");
    other_process refused = start("hold", path, "r", 'n');
    end(&refused);
    end(&writer);
    other_process readers[3];
    for (int i = 0; i < 3; i++) {
        readers[i] = start("hold", path, "r", 'y');
    }
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(other_open(path, RUZU_OPEN_READ_ONLY, &conn), RUZU_OK);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "1");
    EXPECT_ROWS(conn, INFO("lock"), "shared");
    session_close(conn);
    expect_refused(path, 0, RUZU_ERROR_LOCKED, "has the database open for reading");
    for (int i = 0; i < 3; i++) {
        end(&readers[i]);
    }
    expect_opens(path, 0);
}

static void killed_process_leaves_no_lock(void)
{
    const char *path = session_path("killed.ruzu");
    make_database(path);
    other_process writer = start("hold", path, "w", 'y');
    expect_refused(path, 0, RUZU_ERROR_LOCKED, "for writing");
    CHECK_EQ_I64(kill(writer.pid, SIGKILL), 0);
    int status = 0;
    CHECK_EQ_I64(waitpid(writer.pid, &status, 0), writer.pid);
    CHECK(WIFSIGNALED(status));
    close(writer.in);
    close(writer.out);
    expect_opens(path, 0);
}

/* A program that locks the same byte in the classic way is told by its number. */
static void holder_is_named_when_the_kernel_tells(void)
{
    const char *path = session_path("classic.ruzu");
    make_database(path);
    int ready[2];
    CHECK_EQ_I64(pipe(ready), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct flock lock;
        memset(&lock, 0, sizeof lock);
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = (off_t)1 << 62;
        lock.l_len = 1;
        int fd = open(path, O_RDWR);
        char byte = fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1) {
            pause();
        }
        _exit(1);
    }
    char byte = '\0';
    CHECK_EQ_I64(read(ready[0], &byte, 1), 1);
    CHECK_EQ_I64(byte, 'y');
    char expected[64];
    (void)snprintf(expected, sizeof expected, "Process %ld has the database open for writing", (long)child);
    expect_refused(path, 0, RUZU_ERROR_LOCKED, expected);
    CHECK_EQ_I64(kill(child, SIGKILL), 0);
    CHECK_EQ_I64(waitpid(child, NULL, 0), child);
    close(ready[0]);
    close(ready[1]);
    expect_opens(path, 0);
}

/* With classic locks, any program part that opens and closes the file drops them. */
static void close_other_fd_keeps_lock(void)
{
    const char *path = session_path("closing.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ_I64(close(fd), 0);
    other_process other = start("hold", path, "w", 'n');
    end(&other);
    session_close(conn);
}

static void programs_started_inherit_nothing(void)
{
    const char *path = session_path("exec.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE (:P {id: 2})"); /* with its logs open too */
    other_process other = start("inherit", path, "", 'y');
    session_close(conn);
    expect_opens(path, 0); /* while the other one runs */
    end(&other);
}

/* ---- forks ---- */

static int fork_child_asks(ruzu_conn *conn, ruzu_stmt *stmt, ruzu_result *rows, ruzu_result *chunks)
{
    ruzu_conn *other = NULL;
    ruzu_stmt *another = NULL;
    ruzu_result *result = NULL;
    size_t length = 1;
    ruzu_buffer_stats stats = {.struct_size = sizeof stats};
    if (ruzu_query(conn, "RETURN 1", &result) != RUZU_ERROR_MISUSE || result != NULL || ruzu_errcode(conn) != RUZU_ERROR_MISUSE) {
        return 10;
    }
    if (strstr(ruzu_errmsg(conn), "fork()") == NULL) {
        return 11;
    }
    if (ruzu_prepare(conn, "RETURN 1", &another) != RUZU_ERROR_MISUSE || ruzu_connect(conn, &other) != RUZU_ERROR_MISUSE ||
        ruzu_checkpoint(conn) != RUZU_ERROR_MISUSE) {
        return 12;
    }
    if (ruzu_execute(stmt, NULL) != RUZU_ERROR_MISUSE || ruzu_bind_int64(stmt, "x", 1) != RUZU_ERROR_MISUSE ||
        ruzu_bind_string(stmt, "x", "text", SIZE_MAX) != RUZU_ERROR_MISUSE || ruzu_bind_null(stmt, "x") != RUZU_ERROR_MISUSE) {
        return 13;
    }
    if (ruzu_result_next(rows) || ruzu_result_status(rows) != RUZU_ERROR_MISUSE || ruzu_result_row_count(rows) != 0 || ruzu_result_column_count(rows) != 0 ||
        ruzu_result_column_name(rows, 0) != NULL || ruzu_result_column_type(rows, 0) != NULL || ruzu_result_next_result(rows) != NULL) {
        return 14;
    }
    if (!ruzu_is_null(rows, 0) || ruzu_get_int64(rows, 0) != 0 || ruzu_get_double(rows, 0) != 0 || ruzu_get_bool(rows, 0) || ruzu_get_value(rows, 0) != NULL ||
        *ruzu_get_string(rows, 0, &length) != '\0' || length != 0 || ruzu_result_to_string(rows, RUZU_FORMAT_CSV) != NULL) {
        return 15;
    }
    if (ruzu_result_next_chunk(chunks) != 0 || ruzu_chunk_data(chunks, 0) != NULL || ruzu_chunk_validity(chunks, 0) != NULL) {
        return 16;
    }
    if (ruzu_in_transaction(conn)) {
        return 17;
    }
    ruzu_buffer_pool_stats(conn, &stats);
    ruzu_set_query_timeout(conn, 1);
    ruzu_set_progress(conn, NULL, NULL);
    ruzu_interrupt(conn);
    ruzu_result_rewind(rows);
    ruzu_result_free(rows);
    ruzu_result_free(chunks);
    ruzu_stmt_free(stmt);
    if (stats.page_size != 0 || ruzu_close(conn) != RUZU_ERROR_MISUSE || strstr(ruzu_open_errmsg(), "fork()") == NULL) {
        return 18;
    }
    return 0;
}

static void fork_child_refused(void)
{
    const char *path = session_path("fork.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    ruzu_stmt *stmt = NULL;
    ruzu_result *rows = NULL;
    ruzu_result *chunks = NULL;
    CHECK_EQ_I64(ruzu_prepare(conn, "RETURN $x", &stmt), RUZU_OK);
    session_run(conn, "BEGIN TRANSACTION; CREATE (:P {id: 2})");
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (p:P) RETURN p.id", &rows), RUZU_OK);
    CHECK_EQ_I64(ruzu_query(conn, "MATCH (p:P) RETURN p.id", &chunks), RUZU_OK);
    CHECK(ruzu_result_next(rows));
    CHECK_EQ_I64((long)ruzu_result_next_chunk(chunks), 2);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(fork_child_asks(conn, stmt, rows, chunks));
    }
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ_I64(WEXITSTATUS(status), 0);
    CHECK_EQ_I64(ruzu_get_int64(rows, 0) != 0, 1); /* the parent has noticed nothing */
    session_run(conn, "COMMIT");
    ruzu_result_free(rows);
    ruzu_result_free(chunks);
    ruzu_stmt_free(stmt);
    other_process other = start("hold", path, "w", 'n'); /* and has its lock still */
    end(&other);
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id ORDER BY p.id", "1\n2");
    session_close(conn);
}

/* A child that lives on keeps nothing locked, whether its parent closes or dies. */
static void fork_child_keeps_no_lock(void)
{
    const char *path = session_path("orphan.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    session_close(conn);
    expect_opens(path, 0);
    CHECK_EQ_I64(kill(child, SIGKILL), 0);
    CHECK_EQ_I64(waitpid(child, NULL, 0), child);

    int ready[2];
    CHECK_EQ_I64(pipe(ready), 0);
    fflush(NULL);
    pid_t parent = fork();
    if (parent == 0) {
        ruzu_conn *mine = NULL;
        pid_t orphan = other_open(path, 0, &mine) == RUZU_OK ? fork() : -1;
        pid_t told = orphan == 0 ? getpid() : orphan;
        if (orphan <= 0 && write(ready[1], &told, sizeof told) != (ssize_t)sizeof told) { /* the child tells, once it runs */
            _exit(1);
        }
        pause();
        _exit(1);
    }
    pid_t orphan = -1;
    CHECK_EQ_I64(read(ready[0], &orphan, sizeof orphan), (long)sizeof orphan);
    CHECK(orphan > 0);
    expect_refused(path, 0, RUZU_ERROR_LOCKED, "for writing");
    CHECK_EQ_I64(kill(parent, SIGKILL), 0);
    CHECK_EQ_I64(waitpid(parent, NULL, 0), parent);
    expect_opens(path, 0);
    if (orphan > 0) {
        CHECK_EQ_I64(kill(orphan, SIGKILL), 0);
    }
    close(ready[0]);
    close(ready[1]);
}

/* A child may open the file itself once its parent has closed it, although it inherited the register of open files. */
static void fork_child_opens_for_itself(void)
{
    const char *path = session_path("own.ruzu");
    make_database(path);
    ruzu_conn *conn = session_open(path);
    int go[2];
    CHECK_EQ_I64(pipe(go), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        ruzu_conn *mine = NULL;
        bool good = read(go[0], &byte, 1) == 1 && other_open(path, 0, &mine) == RUZU_OK;
        good = good && ruzu_query(mine, "CREATE (:P {id: 77})", NULL) == RUZU_OK;
        _exit(good && ruzu_close(mine) == RUZU_OK ? 0 : 1);
    }
    session_close(conn);
    CHECK_EQ_I64(write(go[1], "g", 1), 1);
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
    close(go[0]);
    close(go[1]);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P {id: 77}) RETURN p.id", "77");
    session_close(conn);
}

/* ---- permissions and limits ---- */

/* Runs check in a child without root's privileges; 0 when all is well. */
static void as_somebody_else(int (*check)(void))
{
    CHECK_EQ_I64(chmod(session_folder, 0755), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(0); /* not allowed to: nothing can be found out */
        }
        _exit(check());
    }
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ_I64(WEXITSTATUS(status), 0);
}

static int check_read_only_file(void)
{
    ruzu_conn *conn = NULL;
    const char *path = session_path("closed/mode.ruzu");
    if (other_open(path, 0, &conn) != RUZU_ERROR_IO || strstr(ruzu_open_errmsg(), "may still open read-only") == NULL) {
        fprintf(stderr, "for writing: %s\n", ruzu_open_errmsg());
        return 1;
    }
    if (other_open(path, RUZU_OPEN_READ_ONLY, &conn) != RUZU_OK) {
        fprintf(stderr, "for reading: %s\n", ruzu_open_errmsg());
        return 2;
    }
    if (ruzu_query(conn, "MATCH (p:P) RETURN p.id", NULL) != RUZU_OK || ruzu_query(conn, "CREATE (:P {id: 9})", NULL) != RUZU_ERROR_READ_ONLY) {
        return 3;
    }
    if (ruzu_close(conn) != RUZU_OK) {
        return 4;
    }
    if (other_open(session_path("closed/new.ruzu"), 0, &conn) != RUZU_ERROR_IO || strstr(ruzu_open_errmsg(), "permission denied") == NULL) {
        fprintf(stderr, "new file: %s\n", ruzu_open_errmsg());
        return 5;
    }
    return 0;
}

/* A file that may be written in a directory that may not: opening and reading work; a write that needs a new file beside it fails and harms nothing. */
static int check_unwritable_directory(void)
{
    ruzu_conn *conn = NULL;
    if (other_open(session_path("closed/open.ruzu"), 0, &conn) != RUZU_OK) {
        fprintf(stderr, "unwritable directory: %s\n", ruzu_open_errmsg());
        return 1;
    }
    if (ruzu_query(conn, "MATCH (p:P) RETURN p.id", NULL) != RUZU_OK) {
        return 2;
    }
    ruzu_status status = ruzu_query(conn, "CREATE (:P {id: 9})", NULL);
    if (status != RUZU_OK && (status != RUZU_ERROR_IO || strstr(ruzu_errmsg(conn), "permission denied") == NULL)) {
        fprintf(stderr, "write: %s\n", ruzu_errmsg(conn));
        return 3;
    }
    ruzu_result *result = NULL;
    if (ruzu_query(conn, "MATCH (p:P) RETURN count(*)", &result) != RUZU_OK || !ruzu_result_next(result) ||
        ruzu_get_int64(result, 0) != (status == RUZU_OK ? 2 : 1)) {
        return 4;
    }
    ruzu_result_free(result);
    return ruzu_close(conn) == RUZU_OK ? 0 : 5;
}

static void permissions_are_respected(void)
{
    CHECK_EQ_I64(mkdir(session_path("closed"), 0755), 0);
    make_database(session_path("closed/mode.ruzu"));
    make_database(session_path("closed/open.ruzu"));
    CHECK_EQ_I64(chmod(session_path("closed/mode.ruzu"), 0444), 0);
    CHECK_EQ_I64(chmod(session_path("closed/open.ruzu"), 0666), 0);
    CHECK_EQ_I64(chmod(session_path("closed"), 0555), 0);
    as_somebody_else(check_read_only_file);
    as_somebody_else(check_unwritable_directory);
    CHECK_EQ_I64(chmod(session_path("closed"), 0755), 0);
}

/* Without a descriptor left, opening fails cleanly, and works again when there is one. */
static void no_descriptors_left(void)
{
    const char *path = session_path("descriptors.ruzu");
    make_database(path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {64, 64};
        int taken[64];
        int count = 0;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            _exit(1);
        }
        while (count < 64 && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
            count++;
        }
        ruzu_conn *conn = NULL;
        bool opened = false;
        for (int left = 0; left < 8 && !opened; left++) { /* with none, one, two, … left */
            ruzu_status status = other_open(path, 0, &conn);
            opened = status == RUZU_OK;
            if (!opened && (status != RUZU_ERROR_IO || strstr(ruzu_open_errmsg(), "too many open files in this process") == NULL)) {
                fprintf(stderr, "%d descriptors left: %s\n", left, ruzu_open_errmsg());
                _exit(2);
            }
            close(taken[--count]);
        }
        bool good = opened && ruzu_query(conn, "MATCH (p:P) RETURN p.id", NULL) == RUZU_OK;
        _exit(good && ruzu_close(conn) == RUZU_OK ? 0 : 3);
    }
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
    expect_opens(path, 0);
}

/* ---- closing ---- */

static int close_within(void *user, double fraction, uint64_t rows, const char *phase)
{
    ruzu_conn *conn = (ruzu_conn *)user;
    (void)fraction;
    (void)rows;
    (void)phase;
    return ruzu_close(conn) == RUZU_ERROR_MISUSE ? 0 : 1;
}

/* Closing from within a running statement is refused, and the statement goes on. */
static void close_during_query(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_set_progress(conn, close_within, conn);
    EXPECT_ROWS(conn, "UNWIND range(1, 3000000) AS i WITH i % 1000 AS k, i RETURN count(DISTINCT k), sum(i)", "1000|4500001500000");
    ruzu_set_progress(conn, NULL, NULL);
    session_close(conn);
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "hold") == 0) {
        return other_hold(argv[2], argv[3]);
    }
    if (argc >= 3 && strcmp(argv[1], "inherit") == 0) {
        return other_inherit(argv[2]);
    }
    program_path = "/proc/self/exe";
    session_begin();
    RUN(second_handle_same_process_busy);
    RUN(name_in_use_is_refused_with_another_file_behind_it);
    RUN(hard_links_are_warned_of);
    RUN(copy_opens_beside_it);
    RUN(working_directory_may_change);
    RUN(links_are_followed);
    RUN(replaced_file_takes_no_checkpoint);
    RUN(one_writer_or_many_readers);
    RUN(killed_process_leaves_no_lock);
    RUN(holder_is_named_when_the_kernel_tells);
    RUN(close_other_fd_keeps_lock);
    RUN(programs_started_inherit_nothing);
    RUN(fork_child_refused);
    RUN(fork_child_keeps_no_lock);
    RUN(fork_child_opens_for_itself);
    RUN(permissions_are_respected);
    RUN(no_descriptors_left);
    RUN(close_during_query);
    session_end();
    return CHECK_DONE();
}
