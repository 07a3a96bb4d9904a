/* SPDX-License-Identifier: MIT */
/*
 * Several threads and processes: readers beside a writer, interruption, timeouts, progress, fork.
 */
#include "integration/session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

static void pause_ms(long milliseconds)
{
    const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* ---- readers beside a writer ---- */

typedef struct shared_state {
    ruzu_conn *conn; /* the thread's own */
    _Atomic int *stop;
    int64_t rounds;
    int64_t wrong;
} shared_state;

/* Every commit adds two people who know each other: a reader must never see a half. */
static void *read_on(void *arg)
{
    shared_state *state = (shared_state *)arg;
    while (atomic_load(state->stop) == 0 || state->rounds == 0) {
        ruzu_result *result = NULL;
        if (ruzu_query(state->conn, "MATCH (a:P) OPTIONAL MATCH (a)-[:K]->(b:P) RETURN count(DISTINCT a), count(b)", &result) != RUZU_OK || !ruzu_result_next(result) ||
            ruzu_get_int64(result, 0) != 2 * ruzu_get_int64(result, 1)) {
            state->wrong++;
        }
        ruzu_result_free(result);
        state->rounds++;
    }
    return NULL;
}

static void readers_never_see_half_a_commit(void)
{
    enum { READERS = 3 };
    ruzu_conn *writer = session_open(session_path("threads.ruzu"));
    session_run(writer, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE REL TABLE K(FROM P TO P)");
    _Atomic int stop = 0;
    shared_state states[READERS];
    pthread_t threads[READERS];
    memset(states, 0, sizeof states);
    for (int i = 0; i < READERS; i++) {
        states[i].stop = &stop;
        CHECK_EQ_I64(ruzu_connect(writer, &states[i].conn), RUZU_OK);
        CHECK_EQ_I64(pthread_create(&threads[i], NULL, read_on, &states[i]), 0);
    }
    for (int i = 0; i < 60; i++) {
        char statement[96];
        (void)snprintf(statement, sizeof statement, "CREATE (:P {id: %d})-[:K]->(:P {id: %d})", 2 * i, 2 * i + 1);
        session_run(writer, statement);
        if (i % 20 == 19) {
            CHECK_EQ_I64(ruzu_checkpoint(writer), RUZU_OK);
        }
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < READERS; i++) {
        CHECK_EQ_I64(pthread_join(threads[i], NULL), 0);
        CHECK_EQ_I64(states[i].wrong, 0);
        CHECK(states[i].rounds > 0);
        session_close(states[i].conn);
    }
    EXPECT_ROWS(writer, "MATCH (p:P) RETURN count(*)", "120");
    session_close(writer);
}

static void *write_on(void *arg)
{
    shared_state *state = (shared_state *)arg;
    for (int i = 0; i < 20; i++) {
        char statement[96];
        (void)snprintf(statement, sizeof statement, "CREATE (:P {id: %d})", (int)state->rounds * 1000 + i);
        state->wrong += ruzu_query(state->conn, statement, NULL) != RUZU_OK;
    }
    return NULL;
}

/* Writers wait for each other's turn. */
static void writers_take_turns(void)
{
    enum { WRITERS = 4 };
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
    shared_state states[WRITERS];
    pthread_t threads[WRITERS];
    memset(states, 0, sizeof states);
    for (int i = 0; i < WRITERS; i++) {
        states[i].rounds = i;
        CHECK_EQ_I64(ruzu_connect(conn, &states[i].conn), RUZU_OK);
        CHECK_EQ_I64(pthread_create(&threads[i], NULL, write_on, &states[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        CHECK_EQ_I64(pthread_join(threads[i], NULL), 0);
        CHECK_EQ_I64(states[i].wrong, 0);
        session_close(states[i].conn);
    }
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*)", "80");
    session_close(conn);
}

/* ---- checkpoints beside writers and readers ---- */

enum { ACCOUNTS = 40, ACCOUNT_VALUE = 100 };

/* Moves one from an account to another, makes and deletes a relationship between them: the sum stays, and so does the number of relationships. */
static void *move_on(void *arg)
{
    shared_state *state = (shared_state *)arg;
    for (int i = 0; i < 40; i++) {
        char script[512];
        int from = (int)(state->rounds * 7 + i * 3) % ACCOUNTS;
        int to = (from + 1 + i % (ACCOUNTS - 1)) % ACCOUNTS;
        (void)snprintf(script, sizeof script,
                       "BEGIN TRANSACTION; MATCH (a:A {id: %d}) SET a.value = a.value - 1, a.note = 'a note that is longer than twelve bytes'; MATCH (a:A {id: %d}) SET a.value "
                       "= a.value + 1; MATCH (a:A {id: %d})-[m:M]->() DELETE m; MATCH (a:A {id: %d}), (b:A {id: %d}) CREATE (a)-[:M {n: %d}]->(b); COMMIT",
                       from, to, from, from, to, i);
        ruzu_status status = ruzu_query(state->conn, script, NULL);
        if (status != RUZU_OK) {
            fprintf(stderr, "%s\n", ruzu_errmsg(state->conn));
        }
        state->wrong += status != RUZU_OK;
    }
    return NULL;
}

static void *sum_on(void *arg)
{
    shared_state *state = (shared_state *)arg;
    while (atomic_load(state->stop) == 0 || state->rounds == 0) {
        ruzu_result *result = NULL;
        if (ruzu_query(state->conn, "MATCH (a:A) OPTIONAL MATCH (a)-[m:M]->(b:A) RETURN sum(a.value), count(DISTINCT a), count(m), count(b)", &result) != RUZU_OK ||
            !ruzu_result_next(result) || ruzu_get_int64(result, 0) != ACCOUNTS * ACCOUNT_VALUE || ruzu_get_int64(result, 1) != ACCOUNTS ||
            ruzu_get_int64(result, 2) != ACCOUNTS || ruzu_get_int64(result, 3) != ACCOUNTS) {
            state->wrong++;
        }
        ruzu_result_free(result);
        state->rounds++;
    }
    return NULL;
}

/* Automatic ones, in the database's own thread, after every few commits. */
static void checkpoints_run_beside_everybody(void)
{
    enum { MOVERS = 2, READERS = 2 };
    const char *path = session_path("beside.ruzu");
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 2;
    config.checkpoint_threshold = 1;
    config.busy_timeout_ms = 60000;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY, value INT64, note STRING); CREATE REL TABLE M(FROM A TO A, n INT64)");
    session_run(conn, "UNWIND range(0, 39) AS i CREATE (:A {id: i, value: 100})");
    session_run(conn, "MATCH (a:A), (b:A) WHERE b.id = (a.id + 1) % 40 CREATE (a)-[:M]->(b)");
    _Atomic int stop = 0;
    shared_state states[MOVERS + READERS];
    pthread_t threads[MOVERS + READERS];
    memset(states, 0, sizeof states);
    for (int i = 0; i < MOVERS + READERS; i++) {
        states[i].stop = &stop;
        states[i].rounds = i < MOVERS ? i : 0;
        CHECK_EQ_I64(ruzu_connect(conn, &states[i].conn), RUZU_OK);
        CHECK_EQ_I64(pthread_create(&threads[i], NULL, i < MOVERS ? move_on : sum_on, &states[i]), 0);
    }
    for (int i = 0; i < MOVERS + READERS; i++) {
        if (i == MOVERS) {
            atomic_store(&stop, 1);
        }
        CHECK_EQ_I64(pthread_join(threads[i], NULL), 0);
        CHECK_EQ_I64(states[i].wrong, 0);
        session_close(states[i].conn);
    }
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (a:A)-[m:M]->(b:A) RETURN count(*), count(DISTINCT a)", "40|40");
    EXPECT_ROWS(conn, "MATCH (a:A) RETURN sum(a.value)", "4000");
    session_close(conn);
}

/* ---- stopping ---- */

/* Takes practically for ever. */
static const char *const endless = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b % 7)";

static void *interrupt_later(void *arg)
{
    pause_ms(50);
    ruzu_interrupt((ruzu_conn *)arg);
    return NULL;
}

static void interruption_stops_a_statement(void)
{
    ruzu_conn *conn = session_open(NULL);
    pthread_t thread;
    ruzu_interrupt(conn); /* nothing runs: nothing happens */
    EXPECT_ROWS(conn, "RETURN 1", "1");
    CHECK_EQ_I64(pthread_create(&thread, NULL, interrupt_later, conn), 0);
    EXPECT_ERROR(conn, endless, RUZU_ERROR_INTERRUPTED, "Interrupted.");
    CHECK_EQ_I64(pthread_join(thread, NULL), 0);
    EXPECT_ROWS(conn, "RETURN 1", "1");
    ruzu_interrupt(NULL);
    session_close(conn);
}

static void timeouts_stop_a_statement(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_set_query_timeout(conn, 30);
    EXPECT_ERROR(conn, endless, RUZU_ERROR_TIMEOUT, "Interrupted.");
    EXPECT_ROWS(conn, "RETURN 1", "1");
    ruzu_set_query_timeout(conn, 0);
    session_run(conn, "CALL timeout = 30");
    EXPECT_ERROR(conn, endless, RUZU_ERROR_TIMEOUT, "Interrupted.");
    session_close(conn);
}

static void interrupted_writes_leave_nothing(void)
{
    ruzu_conn *conn = session_open(NULL);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
    ruzu_set_query_timeout(conn, 30);
    EXPECT_ERROR(conn, "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b CREATE (:P {id: a * 100000 + b})", RUZU_ERROR_TIMEOUT, "Interrupted.");
    ruzu_set_query_timeout(conn, 0);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*)", "0");
    session_run(conn, "CREATE (:P {id: 100001})");
    session_close(conn);
}

/* ---- progress ---- */

typedef struct progress_state {
    int calls;
    int stop_at;
    double last;
    ruzu_conn *conn;
    ruzu_status inner;
} progress_state;

static int count_progress(void *user, double fraction, uint64_t rows, const char *phase)
{
    progress_state *state = (progress_state *)user;
    (void)rows;
    state->calls++;
    state->last = fraction;
    if (state->conn != NULL) {
        state->inner = ruzu_query(state->conn, "RETURN 1", NULL); /* forbidden, and refused */
    }
    return phase == NULL || state->calls == state->stop_at;
}

static void write_numbers(const char *path, int count)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    for (int i = 0; i < count && file != NULL; i++) {
        fprintf(file, "%d,the name of number %d\n", i, i);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void progress_of_a_load(void)
{
    const char *csv = session_path("numbers.csv");
    write_numbers(csv, 300000);
    ruzu_conn *conn = session_open(session_path("progress.ruzu"));
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING)");
    char statement[1200];
    (void)snprintf(statement, sizeof statement, "COPY P FROM '%s'", csv);
    progress_state state = {.stop_at = 1};
    ruzu_set_progress(conn, count_progress, &state);
    EXPECT_ERROR(conn, statement, RUZU_ERROR_INTERRUPTED, "Interrupted.");
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*)", "0");
    state = (progress_state){.stop_at = -1, .conn = conn};
    EXPECT_ROWS(conn, statement, "300000 tuples have been copied to the P table.");
    CHECK(state.calls > 0);
    CHECK(state.last >= 0 && state.last <= 1);
    CHECK_EQ_I64(state.inner, RUZU_ERROR_MISUSE);
    ruzu_set_progress(conn, NULL, NULL);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*), sum(p.id)", "300000|44999850000");
    session_close(conn);
}

/* ---- fork ---- */

/* The child's findings as its exit status: 0 when everything was refused. */
static int child_tries(ruzu_conn *conn, ruzu_stmt *stmt, ruzu_result *result, const char *path)
{
    ruzu_conn *other = NULL;
    if (ruzu_query(conn, "RETURN 1", NULL) != RUZU_ERROR_MISUSE) {
        return 1;
    }
    if (ruzu_execute(stmt, NULL) != RUZU_ERROR_MISUSE || ruzu_bind_int64(stmt, "x", 1) != RUZU_ERROR_MISUSE) {
        return 2;
    }
    if (ruzu_result_next(result) || ruzu_connect(conn, &other) != RUZU_ERROR_MISUSE) {
        return 3;
    }
    if (ruzu_open(path, NULL, &other) != RUZU_ERROR_LOCKED) { /* the parent has it */
        return 4;
    }
    ruzu_result_free(result);
    ruzu_stmt_free(stmt);
    if (ruzu_close(conn) != RUZU_ERROR_MISUSE) {
        return 5;
    }
    if (ruzu_open(NULL, NULL, &other) != RUZU_OK || ruzu_query(other, "RETURN 1", NULL) != RUZU_OK || ruzu_close(other) != RUZU_OK) {
        return 6; /* a database of its own is fine */
    }
    return 0;
}

static void children_are_refused(void)
{
    const char *path = session_path("fork.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE (:P {id: 1})");
    ruzu_stmt *stmt = NULL;
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_prepare(conn, "RETURN $x", &stmt), RUZU_OK);
    CHECK_EQ_I64(ruzu_query(conn, "RETURN 1", &result), RUZU_OK);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(child_tries(conn, stmt, result, path));
    }
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ_I64(WEXITSTATUS(status), 0);
    session_run(conn, "CREATE (:P {id: 2})"); /* the parent has noticed nothing */
    ruzu_result_free(result);
    ruzu_stmt_free(stmt);
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*)", "2");
    session_close(conn);
}

/* Another process has the file: refused at once, or waited for. */
static void other_processes_are_kept_out(void)
{
    const char *path = session_path("process.ruzu");
    session_close(session_open(path));
    int ready[2];
    CHECK_EQ_I64(pipe(ready), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        ruzu_conn *conn = NULL;
        char byte = ruzu_open(path, NULL, &conn) == RUZU_OK ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1) {
            _exit(2);
        }
        pause_ms(300);
        _exit(ruzu_close(conn) == RUZU_OK ? 0 : 1);
    }
    char byte = '\0';
    CHECK_EQ_I64(read(ready[0], &byte, 1), 1);
    CHECK_EQ_I64(byte, 'y');
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(path, NULL, &conn), RUZU_ERROR_LOCKED);
    CHECK(strstr(ruzu_open_errmsg(), "IO exception: Could not set lock on file : ") == ruzu_open_errmsg());
    ruzu_config config;
    ruzu_config_init(&config);
    config.lock_timeout_ms = 20000;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    session_close(conn);
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
    close(ready[0]);
    close(ready[1]);
}

/* ---- opening at the same time ---- */

typedef struct opener {
    const char *path;
    pthread_barrier_t *barrier;
    ruzu_status status;
    ruzu_status closed;
} opener;

static void *open_at_once(void *arg)
{
    opener *mine = (opener *)arg;
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1;
    config.buffer_pool_size = 16u << 20;
    ruzu_conn *conn = NULL;
    (void)pthread_barrier_wait(mine->barrier);
    mine->status = ruzu_open(mine->path, &config, &conn);
    (void)pthread_barrier_wait(mine->barrier); /* nobody closes before all have tried */
    mine->closed = ruzu_close(conn);
    return NULL;
}

/* Whether the file is there already or not, one of them gets it. */
static void threads_open_one_file(void)
{
    enum { OPENERS = 4, ROUNDS = 12 };
    for (int round = 0; round < ROUNDS; round++) {
        char name[32];
        (void)snprintf(name, sizeof name, "raced%d.ruzu", round / 2); /* each one twice: new, then there */
        opener openers[OPENERS];
        pthread_t threads[OPENERS];
        pthread_barrier_t barrier;
        CHECK_EQ_I64(pthread_barrier_init(&barrier, NULL, OPENERS), 0);
        for (int i = 0; i < OPENERS; i++) {
            openers[i] = (opener){.path = session_path(name), .barrier = &barrier};
            CHECK_EQ_I64(pthread_create(&threads[i], NULL, open_at_once, &openers[i]), 0);
        }
        int opened = 0;
        for (int i = 0; i < OPENERS; i++) {
            CHECK_EQ_I64(pthread_join(threads[i], NULL), 0);
            CHECK(openers[i].status == RUZU_OK || openers[i].status == RUZU_ERROR_LOCKED);
            CHECK_EQ_I64(openers[i].closed, RUZU_OK);
            opened += openers[i].status == RUZU_OK;
        }
        CHECK_EQ_I64(opened, 1);
        CHECK_EQ_I64(pthread_barrier_destroy(&barrier), 0);
        session_close(session_open(session_path(name)));
    }
}

int main(void)
{
    session_begin();
    RUN(children_are_refused); /* forks come before threads: sanitizers do not like them the other way round */
    RUN(other_processes_are_kept_out);
    RUN(threads_open_one_file);
    RUN(readers_never_see_half_a_commit);
    RUN(writers_take_turns);
    RUN(checkpoints_run_beside_everybody);
    RUN(interruption_stops_a_statement);
    RUN(timeouts_stop_a_statement);
    RUN(interrupted_writes_leave_nothing);
    RUN(progress_of_a_load);
    session_end();
    return CHECK_DONE();
}
