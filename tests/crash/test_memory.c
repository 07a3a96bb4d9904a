/* SPDX-License-Identifier: MIT */
/*
 * Memory that is refused: every scenario is run with its first allocation refused, then the second, and so on, once alone and once with all later ones. What is
 * done then succeeds (something did without) and returns what it should, fails as it always does, or says NO_MEMORY; never anything else. The connection goes on,
 * the database holds what it held before or all of what was done, is sound, is the same when it is opened again, and all memory has been given back.
 *
 *     crash_memory [--scenario PART_OF_NAME] [--points N] [--at N] [--verbose]
 *
 * --points: how many allocations of a scenario are refused, evenly spread (default: 160 × RZ_TEST_VOLUME %); --at: this one only.
 */
#include "api/api.h"

#include "memory.h"
#include "sim/simfs.h"
#include "unit/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DB_PATH      "/data/db.ruzu"
#define MOST_BAD     40u
#define RETRY_EVERY  4u  /* after every fourth refusal the statement is run again, with memory; after the one that follows, other statements */
#define CHECK_EVERY  16u /* readers look at the whole database after every so many */
#define SHOWN_STATE  600u

/* ---- text ---- */

typedef struct text {
    char *data;
    size_t length;
    size_t capacity;
} text;

static void text_add(text *out, const char *data)
{
    size_t length = strlen(data);
    if (out->length + length + 1 > out->capacity) {
        out->capacity = (out->length + length + 1) * 2;
        out->data = (char *)realloc(out->data, out->capacity);
        if (out->data == NULL) {
            abort();
        }
    }
    memcpy(out->data + out->length, data, length + 1);
    out->length += length;
}

static void text_free(text *out)
{
    free(out->data);
    memset(out, 0, sizeof *out);
}

static bool text_same(const text *a, const text *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* ---- refusing ---- */

/* Refuses allocation number `fail_at` and, with `all_after`, every later one. */
typedef struct refusal {
    uint64_t count;
    uint64_t fail_at;
    bool all_after;
} refusal;

static bool refusal_hook(void *user, size_t size)
{
    refusal *state = (refusal *)user;
    (void)size;
    uint64_t number = state->count++;
    return number == state->fail_at || (state->all_after && number > state->fail_at);
}

/* ---- the run ---- */

typedef struct ledger {
    uint64_t points;
    uint64_t unnoticed; /* refusals after which everything went well */
    uint32_t bad;
    bool verbose;
} ledger;

/* One scenario: what it is to give, and where it stands. */
typedef struct trial {
    const memory_scenario *scenario;
    ledger *l;
    simfs *base;       /* borrowed */
    ruzu_conn *reader; /* of a scenario with one, while its database is open */
    refusal refused;
    ruzu_status usual; /* status with memory */
    text shown;        /* what text returns with memory */
    text before;       /* answers to the questions before the text … */
    text after;        /* … and after it */
} trial;

static void trial_bad(trial *t, const char *what, const char *detail)
{
    t->l->bad++;
    fprintf(stderr, "BAD scenario '%s', allocation %llu%s: %s%s%.*s\n", t->scenario->name, (unsigned long long)t->refused.fail_at,
            t->refused.all_after ? " and all after it" : "", what, detail == NULL ? "" : ": ", (int)SHOWN_STATE, detail == NULL ? "" : detail);
}

static void setup_bad(const char *name, const char *what, const char *detail)
{
    fprintf(stderr, "scenario '%s' cannot be set up: %s: %s\n", name, what, detail);
    exit(1);
}

static ruzu_status open_db(simfs *fs, const char *path, uint32_t flags, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1; /* the allocations come in one order */
    config.buffer_pool_size = 1 << 20;
    config.memory_limit = 64 << 20;
    config.flags |= flags | RUZU_OPEN_NO_AUTO_CHECKPOINT;
    return rz_conn_open(simfs_vfs(fs), path, &config, out);
}

/* The answers to all questions. */
static void ask(ruzu_conn *conn, text *out)
{
    for (size_t q = 0; memory_questions[q] != NULL; q++) {
        ruzu_result *result = NULL;
        if (ruzu_query(conn, memory_questions[q], &result) == RUZU_OK) {
            char *shown = ruzu_result_to_string(result, RUZU_FORMAT_TSV);
            text_add(out, shown == NULL ? "?" : shown);
            ruzu_free(shown);
        } else {
            text_add(out, ruzu_errmsg(conn));
        }
        text_add(out, "\n");
        ruzu_result_free(result);
    }
}

/* ---- what is done while memory is short ---- */

/* Everything that may be asked of a result; its columns too. */
static ruzu_status fetch(ruzu_conn *conn, ruzu_result *result, text *out)
{
    for (; result != NULL; result = ruzu_result_next_result(result)) {
        size_t columns = ruzu_result_column_count(result);
        while (ruzu_result_next(result)) {
            for (size_t c = 0; c < columns; c++) {
                const ruzu_value *value = ruzu_get_value(result, c);
                char *shown = value == NULL ? NULL : ruzu_value_to_string(value);
                ruzu_free(shown);
                (void)ruzu_get_string(result, c, NULL);
                (void)ruzu_get_int64(result, c);
                (void)ruzu_get_double(result, c);
            }
            if (ruzu_result_status(result) != RUZU_OK) {
                return ruzu_result_status(result);
            }
        }
        if (ruzu_result_status(result) != RUZU_OK) {
            return ruzu_result_status(result);
        }
        for (int format = RUZU_FORMAT_BOX; format <= RUZU_FORMAT_LINES; format++) {
            char *shown = ruzu_result_to_string(result, (ruzu_format)format);
            if (shown == NULL) {
                return ruzu_result_status(result) != RUZU_OK ? ruzu_result_status(result) : ruzu_errcode(conn);
            }
            if (format == RUZU_FORMAT_TSV && out != NULL && strstr(shown, "ExecutionTime") == NULL && strstr(shown, "Query ID") == NULL) { /* they differ from run to run */
                text_add(out, shown);
            }
            ruzu_free(shown);
        }
        while (ruzu_result_next_chunk(result) > 0) {
            for (size_t c = 0; c < columns; c++) {
                (void)ruzu_chunk_data(result, c);
                (void)ruzu_chunk_validity(result, c);
            }
        }
        if (ruzu_result_status(result) != RUZU_OK) {
            return ruzu_result_status(result);
        }
    }
    return RUZU_OK;
}

/* Runs text and fetches what it returns. *done: it was acknowledged, whatever became of the fetching. */
static ruzu_status run_text(ruzu_conn *conn, const char *cypher, text *out, bool *done)
{
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_query(conn, cypher, &result);
    *done = status == RUZU_OK;
    status = status == RUZU_OK ? fetch(conn, result, out) : status;
    ruzu_result_free(result);
    return status;
}

static ruzu_status run_prepared(ruzu_conn *conn, const char *cypher, text *out, bool *done)
{
    static const char *const names[] = {"first", "second"};
    ruzu_stmt *stmt = NULL;
    ruzu_result *result = NULL;
    ruzu_status status = ruzu_prepare(conn, cypher, &stmt);
    *done = false;
    ruzu_value *elements[] = {ruzu_value_create_string("a text of more than twelve bytes", SIZE_MAX), ruzu_value_create_string("short", SIZE_MAX)};
    const ruzu_value *both[] = {elements[0], elements[1]};
    bool made = elements[0] != NULL && elements[1] != NULL;
    ruzu_value *list = made ? ruzu_value_create_list(both, 2) : NULL;
    ruzu_value *more = made ? ruzu_value_create_struct(names, both, 2) : NULL;
    status = status == RUZU_OK && (list == NULL || more == NULL) ? RUZU_ERROR_NO_MEMORY : status;
    status = status == RUZU_OK ? ruzu_bind_value(stmt, "list", list) : status;
    status = status == RUZU_OK ? ruzu_bind_value(stmt, "more", more) : status;
    status = status == RUZU_OK ? ruzu_bind_int64(stmt, "id", 4) : status;
    status = status == RUZU_OK ? ruzu_bind_string(stmt, "name", "a name of more than twelve bytes", SIZE_MAX) : status;
    status = status == RUZU_OK ? ruzu_execute(stmt, &result) : status;
    *done = status == RUZU_OK;
    status = status == RUZU_OK ? fetch(conn, result, out) : status;
    ruzu_result_free(result);
    ruzu_value_free(more);
    ruzu_value_free(list);
    ruzu_value_free(elements[0]);
    ruzu_value_free(elements[1]);
    ruzu_stmt_free(stmt);
    return status;
}

static ruzu_status run_connected(ruzu_conn *conn, const char *cypher, text *out, bool *done)
{
    ruzu_conn *other = NULL;
    *done = false;
    ruzu_status status = ruzu_connect(conn, &other);
    status = status == RUZU_OK ? run_text(other, cypher, out, done) : status;
    ruzu_status closed = ruzu_close(other);
    return status == RUZU_OK ? closed : status;
}

static ruzu_status trial_act(const trial *t, ruzu_conn *conn, text *out, bool *done)
{
    switch (t->scenario->kind) {
    case MEMORY_READS:
    case MEMORY_WRITES:
    case MEMORY_BACKS_UP:
        return run_text(conn, t->scenario->text, out, done);
    case MEMORY_PREPARES:
        return run_prepared(conn, t->scenario->text, out, done);
    case MEMORY_CONNECTS:
        return run_connected(conn, t->scenario->text, out, done);
    case MEMORY_OPENS:
    case MEMORY_CLOSES:
        break;
    }
    return RUZU_OK;
}

/* ---- looking at what became of it ---- */

static void trial_expect_state(trial *t, ruzu_conn *conn, const text *expected, const char *when)
{
    text got = {0};
    ask(conn, &got);
    if (!text_same(&got, expected)) {
        size_t at = 0;
        while (at < got.length && at < expected->length && got.data[at] == expected->data[at]) {
            at++;
        }
        bool half = !text_same(&got, &t->before) && !text_same(&got, &t->after);
        fprintf(stderr, "%s: %s; from the difference on: %.160s\nexpected: %.160s\n", when, half ? "half of it is there" : "the wrong one of both states",
                got.data + at, expected->data + at);
        trial_bad(t, when, "not the state it should be");
    }
    text_free(&got);
}

static void trial_expect_sound(trial *t, ruzu_conn *conn, const char *when)
{
    ruzu_result *result = NULL;
    if (ruzu_query(conn, "CALL check_database(deep := true) WHERE severity <> 'warning' RETURN *", &result) != RUZU_OK) {
        trial_bad(t, when, ruzu_errmsg(conn));
    } else if (ruzu_result_row_count(result) != 0) {
        char *shown = ruzu_result_to_string(result, RUZU_FORMAT_TSV);
        trial_bad(t, when, shown);
        ruzu_free(shown);
    }
    ruzu_result_free(result);
}

/* Opens, looks and closes. */
static void trial_reopen(trial *t, simfs *fs, const char *path, const text *expected, const char *when)
{
    ruzu_conn *conn = NULL;
    if (open_db(fs, path, 0, &conn) != RUZU_OK) {
        trial_bad(t, when, ruzu_open_errmsg());
        return;
    }
    trial_expect_state(t, conn, expected, when);
    trial_expect_sound(t, conn, when);
    if (ruzu_close(conn) != RUZU_OK) {
        trial_bad(t, when, ruzu_open_errmsg());
    }
}

static bool trial_status_fits(const trial *t, ruzu_status status)
{
    return status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY || status == t->usual;
}

/* The text has just been run short of memory: what it said, and that the connection goes on. Returns the state that must be there in the end. */
static const text *trial_judge(trial *t, ruzu_conn *conn, ruzu_status status, const text *shown, bool done)
{
    if (!trial_status_fits(t, status)) {
        char detail[300];
        (void)snprintf(detail, sizeof detail, "%s (%s)", ruzu_status_name(status), ruzu_errmsg(conn));
        trial_bad(t, "it says", detail);
    } else if (status == RUZU_ERROR_NO_MEMORY && t->scenario->kind != MEMORY_PREPARES && t->scenario->kind != MEMORY_CONNECTS && ruzu_errmsg(conn)[0] == '\0') {
        trial_bad(t, "no message", NULL); /* (values are made without a connection, a second one has its own message) */
    } else if (status == RUZU_OK && t->usual != RUZU_OK) {
        trial_bad(t, "it succeeds, but should not", NULL);
    } else if (status == RUZU_OK && !text_same(shown, &t->shown)) {
        trial_bad(t, "it succeeds and returns", shown->data);
    }
    t->l->unnoticed += status == RUZU_OK;
    if (ruzu_in_transaction(conn)) {
        trial_bad(t, "a transaction is still open", NULL);
        (void)ruzu_query(conn, "ROLLBACK", NULL);
    }
    return done ? &t->after : &t->before;
}

/* The same again, with memory. */
static void trial_retry(trial *t, ruzu_conn *conn)
{
    text shown = {0};
    bool done = false;
    ruzu_status status = trial_act(t, conn, &shown, &done);
    if (status != t->usual) {
        trial_bad(t, "run again it says", ruzu_errmsg(conn));
    } else if (!text_same(&shown, &t->shown)) {
        trial_bad(t, "run again it returns", shown.data);
    }
    text_free(&shown);
}

static void trial_expect_memory(trial *t, uint64_t live)
{
    uint64_t now = atomic_load(&rz_mem_root()->used);
    if (now != live) {
        char detail[80];
        (void)snprintf(detail, sizeof detail, "%lld bytes", (long long)(now - live));
        trial_bad(t, "memory is not given back", detail);
    }
}

/* ---- one refusal ---- */

static void refuse_begin(trial *t)
{
    t->refused.count = 0;
    rz_mem_set_test_hook(refusal_hook, &t->refused);
}

static void refuse_end(void)
{
    rz_mem_set_test_hook(NULL, NULL);
}

static ruzu_conn *trial_set_up(trial *t, simfs *fs)
{
    const memory_scenario *scenario = t->scenario;
    ruzu_conn *conn = NULL;
    if (open_db(fs, DB_PATH, 0, &conn) != RUZU_OK) {
        setup_bad(scenario->name, "opening", ruzu_open_errmsg());
    }
    if (scenario->setup != NULL && ruzu_query(conn, scenario->setup, NULL) != RUZU_OK) {
        setup_bad(scenario->name, scenario->setup, ruzu_errmsg(conn));
    }
    if (scenario->reader && (ruzu_connect(conn, &t->reader) != RUZU_OK || ruzu_query(t->reader, "BEGIN TRANSACTION READ ONLY", NULL) != RUZU_OK)) {
        setup_bad(scenario->name, "a reader", ruzu_errmsg(conn));
    }
    return conn;
}

/* The reader sees what it saw, and goes. */
static void trial_end_reader(trial *t)
{
    if (t->reader != NULL) {
        trial_expect_state(t, t->reader, &t->before, "in the reader's transaction");
        if (ruzu_close(t->reader) != RUZU_OK) {
            trial_bad(t, "closing the reader", ruzu_open_errmsg());
        }
        t->reader = NULL;
    }
}

/* The connection still writes, saves and deletes. */
static void trial_probe(trial *t, ruzu_conn *conn)
{
    static const char *const probes[] = {"CREATE (:Person {id: 7777, name: 'written after the refusal'})", "CHECKPOINT", "MATCH (p:Person {id: 7777}) SET p.name = 'changed'",
                                         "MATCH (p:Person) WHERE p.id = 7777 DELETE p"};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        if (ruzu_query(conn, probes[i], NULL) != RUZU_OK) {
            trial_bad(t, probes[i], ruzu_errmsg(conn));
            return;
        }
    }
}

static void try_opening(trial *t, simfs *fs)
{
    ruzu_conn *conn = NULL;
    refuse_begin(t);
    ruzu_status status = open_db(fs, DB_PATH, 0, &conn);
    refuse_end();
    if (!trial_status_fits(t, status)) {
        trial_bad(t, "opening", ruzu_open_errmsg());
    }
    if (status == RUZU_OK) {
        t->l->unnoticed++;
        trial_expect_state(t, conn, &t->before, "after opening");
        if (ruzu_close(conn) != RUZU_OK) {
            trial_bad(t, "closing", ruzu_open_errmsg());
        }
    } else if (conn != NULL) {
        trial_bad(t, "a connection of a failed opening", NULL);
    }
    trial_reopen(t, fs, DB_PATH, &t->before, "opened again");
}

static void try_closing(trial *t, simfs *fs)
{
    ruzu_conn *conn = trial_set_up(t, fs);
    refuse_begin(t);
    ruzu_status status = ruzu_close(conn);
    refuse_end();
    if (!trial_status_fits(t, status)) {
        trial_bad(t, "closing", ruzu_open_errmsg());
    }
    t->l->unnoticed += status == RUZU_OK;
    trial_reopen(t, fs, DB_PATH, &t->before, "opened again");
}

static void try_writing(trial *t, simfs *fs)
{
    bool done = false;
    text shown = {0};
    ruzu_conn *conn = trial_set_up(t, fs);
    bool again = !ruzu_in_transaction(conn);
    refuse_begin(t);
    ruzu_status status = trial_act(t, conn, &shown, &done);
    refuse_end();
    const text *expected = trial_judge(t, conn, status, &shown, done);
    text_free(&shown);
    trial_expect_state(t, conn, expected, "on the same connection");
    bool backs_up = t->scenario->kind == MEMORY_BACKS_UP;
    if (backs_up && !done && simfs_exists(fs, MEMORY_BACKUP_PATH)) {
        trial_bad(t, "a copy that failed is there", NULL);
    }
    if (t->l->points % RETRY_EVERY == 1) {
        trial_probe(t, conn);
        trial_expect_state(t, conn, expected, "after another transaction");
    } else if (!done && again && t->l->points % RETRY_EVERY == 0) {
        trial_retry(t, conn);
        trial_expect_state(t, conn, &t->after, "run again");
        expected = &t->after;
        done = true;
    }
    trial_end_reader(t);
    if (ruzu_close(conn) != RUZU_OK) {
        trial_bad(t, "closing", ruzu_open_errmsg());
    }
    trial_reopen(t, fs, DB_PATH, expected, "opened again");
    if (backs_up && done) {
        trial_reopen(t, fs, MEMORY_BACKUP_PATH, expected, "the copy");
    }
}

/* A reader's database stays open: conn is its first connection, the text runs on a new one. */
static void try_reading(trial *t, ruzu_conn *conn)
{
    ruzu_conn *other = NULL;
    bool done = false;
    text shown = {0};
    if (ruzu_connect(conn, &other) != RUZU_OK) {
        setup_bad(t->scenario->name, "connecting", ruzu_errmsg(conn));
    }
    refuse_begin(t);
    ruzu_status status = trial_act(t, other, &shown, &done);
    refuse_end();
    (void)trial_judge(t, other, status, &shown, done);
    text_free(&shown);
    trial_retry(t, other);
    if (t->l->points % CHECK_EVERY == 0) {
        trial_expect_state(t, conn, &t->before, "after a query");
    }
    if (ruzu_close(other) != RUZU_OK) {
        trial_bad(t, "closing", ruzu_open_errmsg());
    }
}

/* ---- scenarios ---- */

/* With memory: how many allocations there are, what is returned, what the states are. Returns the number of allocations. */
static uint64_t trial_learn(trial *t)
{
    simfs *fs = simfs_copy(t->base);
    const memory_scenario *scenario = t->scenario;
    ruzu_conn *conn = NULL;
    bool done = false;
    t->refused = (refusal){.fail_at = UINT64_MAX};
    if (scenario->kind == MEMORY_OPENS) {
        refuse_begin(t);
        if (open_db(fs, DB_PATH, 0, &conn) != RUZU_OK) {
            setup_bad(scenario->name, "opening", ruzu_open_errmsg());
        }
        refuse_end();
        ask(conn, &t->before);
        ask(conn, &t->after);
    } else {
        conn = trial_set_up(t, fs);
        if (ruzu_in_transaction(conn) && ruzu_query(conn, "ROLLBACK", NULL) != RUZU_OK) {
            setup_bad(scenario->name, "ROLLBACK", ruzu_errmsg(conn));
        }
        ask(conn, &t->before);
        trial_end_reader(t);
        if (ruzu_close(conn) != RUZU_OK) {
            setup_bad(scenario->name, "closing", ruzu_open_errmsg());
        }
        simfs_free(fs);
        fs = simfs_copy(t->base);
        conn = trial_set_up(t, fs);
        refuse_begin(t);
        t->usual = scenario->kind == MEMORY_CLOSES ? ruzu_close(conn) : trial_act(t, conn, &t->shown, &done);
        refuse_end();
        if (scenario->kind == MEMORY_CLOSES) {
            simfs_free(fs);
            return t->refused.count;
        }
        if ((t->usual != RUZU_OK) != scenario->fails) {
            setup_bad(scenario->name, scenario->fails ? "it should fail" : "it should not fail", ruzu_errmsg(conn));
        }
        ask(conn, &t->after);
        trial_end_reader(t);
    }
    uint64_t count = t->refused.count;
    if (ruzu_close(conn) != RUZU_OK) {
        setup_bad(scenario->name, "closing", ruzu_open_errmsg());
    }
    simfs_free(fs);
    return count;
}

/* One allocation refused, on files of its own. Returns whether there still was one to refuse. */
static bool trial_point(trial *t)
{
    uint64_t live = atomic_load(&rz_mem_root()->used);
    simfs *fs = simfs_copy(t->base);
    switch (t->scenario->kind) {
    case MEMORY_OPENS:
        try_opening(t, fs);
        break;
    case MEMORY_CLOSES:
        try_closing(t, fs);
        break;
    case MEMORY_READS:
    case MEMORY_WRITES:
    case MEMORY_PREPARES:
    case MEMORY_CONNECTS:
    case MEMORY_BACKS_UP:
        try_writing(t, fs);
        break;
    }
    simfs_free(fs);
    trial_expect_memory(t, live);
    return t->refused.count > t->refused.fail_at;
}

/* All refusals of one variant. A scenario that allocates differently from time to time ends where nothing is refused any more. */
static void trial_sweep(trial *t, uint64_t count, uint64_t points, bool all_after)
{
    uint64_t live = atomic_load(&rz_mem_root()->used);
    bool reads = t->scenario->kind == MEMORY_READS;
    simfs *fs = reads ? simfs_copy(t->base) : NULL;
    ruzu_conn *conn = reads ? trial_set_up(t, fs) : NULL;
    uint64_t wanted = count < points ? count : points;
    bool fired = true;
    for (uint64_t i = 0; (i < wanted || (wanted == count && fired)) && t->l->bad < MOST_BAD; i++) {
        t->refused = (refusal){.fail_at = wanted == count ? i : i * count / wanted, .all_after = all_after};
        if (reads) {
            try_reading(t, conn);
            fired = t->refused.count > t->refused.fail_at;
        } else {
            fired = trial_point(t);
        }
        t->l->points += fired;
    }
    if (reads) {
        trial_expect_sound(t, conn, "after all");
        if (ruzu_close(conn) != RUZU_OK) {
            trial_bad(t, "closing", ruzu_open_errmsg());
        }
        trial_reopen(t, fs, DB_PATH, &t->before, "opened again");
        simfs_free(fs);
        trial_expect_memory(t, live);
    }
}

static void run_scenario(ledger *l, const memory_scenario *scenario, simfs *base, uint64_t points, uint64_t at)
{
    trial t = {.scenario = scenario, .l = l, .base = base};
    if (l->verbose) {
        printf("%s\n", scenario->name);
        (void)fflush(stdout);
    }
    uint64_t count = trial_learn(&t);
    points = scenario->most_points != 0 && scenario->most_points < points ? scenario->most_points : points;
    uint64_t before = l->points;
    if (at != UINT64_MAX) {
        for (int all_after = 0; all_after < 2; all_after++) {
            t.refused = (refusal){.fail_at = at, .all_after = all_after != 0};
            l->points += trial_point(&t);
        }
    } else {
        trial_sweep(&t, count, points, false);
        trial_sweep(&t, count, points, true);
    }
    if (l->verbose) {
        printf("    %llu allocations, %llu refusals\n", (unsigned long long)count, (unsigned long long)(l->points - before));
    }
    text_free(&t.shown);
    text_free(&t.before);
    text_free(&t.after);
}

/* ---- what they begin with ---- */

static void base_run(ruzu_conn *conn, const char *const *statements)
{
    for (size_t i = 0; statements[i] != NULL; i++) {
        if (ruzu_query(conn, statements[i], NULL) != RUZU_OK) {
            setup_bad("(the graph)", statements[i], ruzu_errmsg(conn));
        }
    }
}

static simfs *base_create(memory_base kind)
{
    simfs *fs = simfs_create(1);
    rz_vfs *vfs = simfs_vfs(fs);
    ruzu_conn *conn = NULL;
    if (vfs->make_dir(vfs, "/data") != RUZU_OK || vfs->sync_dir(vfs, "/data") != RUZU_OK) {
        abort();
    }
    for (size_t f = 0; f < memory_file_count; f++) {
        const memory_file *file = &memory_files[f];
        rz_file *handle = NULL;
        if (vfs->open(vfs, file->path, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &handle) != RUZU_OK || vfs->write(handle, file->text, strlen(file->text), 0) != RUZU_OK ||
            vfs->sync(handle, false) != RUZU_OK || vfs->close(handle) != RUZU_OK) {
            abort();
        }
    }
    for (int pass = 0; pass < (int)kind; pass++) {
        if (open_db(fs, DB_PATH, pass == 1 ? RUZU_OPEN_NO_CHECKPOINT_ON_CLOSE : 0, &conn) != RUZU_OK) {
            setup_bad("(the graph)", "opening", ruzu_open_errmsg());
        }
        base_run(conn, pass == 0 ? memory_graph : memory_logged);
        if (ruzu_close(conn) != RUZU_OK) {
            setup_bad("(the graph)", "closing", ruzu_open_errmsg());
        }
    }
    simfs *saved = simfs_copy(fs);
    simfs_free(fs);
    return saved;
}

int main(int argc, char **argv)
{
    ledger l = {0};
    const char *only = "";
    uint64_t points = test_volume(160, 2);
    uint64_t at = UINT64_MAX;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            l.verbose = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--scenario") == 0) {
            only = argv[++i];
        } else if (i + 1 < argc && strcmp(argv[i], "--points") == 0) {
            points = strtoull(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--at") == 0) {
            at = strtoull(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: %s [--scenario PART_OF_NAME] [--points N] [--at N] [--verbose]\n", argv[0]);
            return 2;
        }
    }
    simfs *bases[MEMORY_BASES];
    for (int kind = 0; kind < MEMORY_BASES; kind++) {
        bases[kind] = base_create((memory_base)kind);
    }
    size_t scenarios = 0;
    for (size_t i = 0; i < memory_scenario_count && l.bad < MOST_BAD; i++) {
        if (strstr(memory_scenarios[i].name, only) != NULL) {
            run_scenario(&l, &memory_scenarios[i], bases[memory_scenarios[i].base], points, at);
            scenarios++;
        }
    }
    for (int kind = 0; kind < MEMORY_BASES; kind++) {
        simfs_free(bases[kind]);
    }
    printf("%zu scenarios, %llu allocations refused (%llu of them did no harm), %u bad\n", scenarios, (unsigned long long)l.points, (unsigned long long)l.unnoticed, l.bad);
    return l.bad != 0 || l.points == 0;
}
