/* SPDX-License-Identifier: MIT */
/*
 * Crash enumeration: every workload is run once on a simulated disk; then, for each of its operations, the file system is taken as a power loss right after that operation could
 * have left it, and opened. The database must open, hold exactly the state after some step between the last acknowledged one and the one under way, be sound, take another
 * transaction, and be the same after it is closed and opened again. Of some states, crash points of that very recovery are looked at as well.
 *
 *     crash_enumerate [--workload PART] [--states N] [--seed S]
 *
 * --states bounds the number of states, spread evenly over workloads, operations and loss models (default: 5,200 × RZ_TEST_VOLUME %).
 */
#include "crash_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEPER_POINTS 3u /* crash points looked at within one recovery */

/* ---- sessions ---- */

/* One run of a workload. */
typedef struct run {
    const crash_workload *workload;
    simfs *fs;
    const char *path;
    ruzu_conn *conn;
    ruzu_conn *reader;
    crash_text read;         /* what the reader saw at its beginning */
} run;

static void run_fail(const run *r, const char *step, const char *what, const char *message)
{
    fprintf(stderr, "workload '%s', step '%s': %s: %s\n", r->workload->name, step, what, message);
    exit(1);
}

static void run_reader(run *r, const char *step, bool begin)
{
    if (begin) {
        if (ruzu_connect(r->conn, &r->reader) != RUZU_OK || ruzu_query(r->reader, "BEGIN TRANSACTION READ ONLY", NULL) != RUZU_OK) {
            run_fail(r, step, "reader", ruzu_errmsg(r->conn));
        }
        (void)crash_ask(r->reader, r->workload, &r->read);
        return;
    }
    crash_text again = {0};
    (void)crash_ask(r->reader, r->workload, &again);
    if (!crash_text_same(&again, &r->read)) {
        fprintf(stderr, "first:\n%s\nlater:\n%s\n", r->read.data, again.data);
        run_fail(r, step, "reader", "its snapshot changed");
    }
    crash_text_free(&again);
    crash_text_free(&r->read);
    (void)ruzu_close(r->reader);
    r->reader = NULL;
}

static void run_step(run *r, const char *step)
{
    if (strcmp(step, "@reopen") == 0) {
        if (strcmp(r->path, ":memory:") != 0) {
            ruzu_status status = ruzu_close(r->conn);
            r->conn = NULL;
            if (status != RUZU_OK || crash_open(r->fs, r->path, r->workload, &r->conn) != RUZU_OK) {
                run_fail(r, step, "reopening", ruzu_open_errmsg());
            }
        }
    } else if (strncmp(step, "@reader ", 8) == 0) {
        run_reader(r, step, strcmp(step + 8, "begin") == 0);
    } else if (strncmp(step, "@fail ", 6) == 0) {
        if (ruzu_query(r->conn, step + 6, NULL) == RUZU_OK) {
            run_fail(r, step, "statement", "it worked");
        }
    } else if (ruzu_query(r->conn, step, NULL) != RUZU_OK) {
        run_fail(r, step, "statement", ruzu_errmsg(r->conn));
    }
}

/* ---- what is right ---- */

typedef struct history {
    crash_text states[CRASH_MOST_STEPS + 1]; /* [0]: before the first step */
    uint64_t acked[CRASH_MOST_STEPS + 1]; /* operations when the step was acknowledged */
    size_t steps;
} history;

static void history_free(history *h)
{
    for (size_t i = 0; i <= h->steps; i++) {
        crash_text_free(&h->states[i]);
    }
}

/* Runs the workload; notes states or acknowledgements. */
static void history_run(history *h, run *r, bool states)
{
    const crash_workload *workload = r->workload;
    if (crash_open(r->fs, r->path, workload, &r->conn) != RUZU_OK) {
        run_fail(r, "open", "opening", ruzu_open_errmsg());
    }
    for (size_t i = 0; workload->setup[i] != NULL; i++) {
        run_step(r, workload->setup[i]);
    }
    h->steps = 0;
    for (;;) {
        if (states) {
            (void)crash_ask(r->conn, workload, &h->states[h->steps]);
        } else {
            h->acked[h->steps] = simfs_op_count(r->fs);
        }
        const char *step = workload->steps[h->steps];
        if (step == NULL) {
            break;
        }
        if (h->steps == CRASH_MOST_STEPS) {
            run_fail(r, step, "workload", "too many steps");
        }
        run_step(r, step);
        h->steps++;
    }
    if (ruzu_close(r->conn) != RUZU_OK) {
        run_fail(r, "close", "closing", ruzu_open_errmsg());
    }
}

/* ---- one state ---- */

typedef struct ledger {
    uint64_t states;
    uint64_t bad;
    uint64_t deep;     /* states within recovery */
    uint64_t budget;   /* states still wanted */
    uint64_t random;
} ledger;

typedef struct point {
    const crash_workload *workload;
    const history *h;
    size_t low;    /* steps that must be there … */
    size_t high;   /* … and may be */
    uint64_t k;
    simfs_model model;
    uint64_t seed;
    bool deeper; /* within the recovery from another point */
} point;

/* What looking at a state found, and did. */
typedef struct finding {
    int step;            /* whose state it is; -1: none that is right */
    crash_text after;    /* the state once the probe was run */
    uint64_t probing_at; /* operations when the probe began … */
    uint64_t probed_at;  /* … and when it had returned */
} finding;

static void report(ledger *l, const point *p, simfs *origin, const char *what, const char *detail)
{
    char op[256] = "";
    l->bad++;
    if (p->k > 0) {
        (void)simfs_describe(origin, p->k - 1, op, sizeof op);
    }
    fprintf(stderr, "BAD workload '%s' after operation %llu (%s), model %s, seed %llu%s: %s%s%s\n", p->workload->name, (unsigned long long)p->k, op,
            simfs_model_name(p->model), (unsigned long long)p->seed, p->deeper ? ", while recovering" : "", what, detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
}

/* The step whose state the database shows; -1: none of those that are right. */
static int find_state(const point *p, const crash_text *got)
{
    for (size_t s = p->low; s <= p->high; s++) {
        if (crash_text_same(got, &p->h->states[s])) {
            return (int)s;
        }
    }
    return -1;
}

/* Opens what the power loss left, looks, writes, closes, opens and looks again. */
static void look(ledger *l, const point *p, simfs *origin, simfs *fs, finding *out)
{
    ruzu_conn *conn = NULL;
    crash_text got = {0};
    crash_text problems = {0};
    out->step = -1;
    if (crash_open(fs, CRASH_DB_PATH, p->workload, &conn) != RUZU_OK) {
        report(l, p, origin, "it does not open", ruzu_open_errmsg());
        return;
    }
    (void)crash_ask(conn, p->workload, &got);
    out->step = find_state(p, &got);
    if (out->step < 0) {
        report(l, p, origin, "a state that never was", got.data);
    } else if (!crash_sound(conn, true, &problems)) {
        report(l, p, origin, "not sound after recovery", problems.data);
    }
    crash_text again = {0};
    out->probing_at = simfs_op_count(fs);
    ruzu_status probed = ruzu_query(conn, p->workload->probe, NULL); /* may fail where the schema is not there yet */
    out->probed_at = simfs_op_count(fs);
    (void)crash_ask(conn, p->workload, &out->after);
    if (probed == RUZU_OK && ruzu_query(conn, "CHECKPOINT", NULL) != RUZU_OK) {
        report(l, p, origin, "no checkpoint after recovery", ruzu_errmsg(conn));
    }
    if (ruzu_close(conn) != RUZU_OK) {
        report(l, p, origin, "closing after recovery", ruzu_open_errmsg());
    } else if (crash_open(fs, CRASH_DB_PATH, p->workload, &conn) != RUZU_OK) {
        report(l, p, origin, "it does not open the second time", ruzu_open_errmsg());
    } else {
        (void)crash_ask(conn, p->workload, &again);
        crash_text_free(&problems);
        if (!crash_text_same(&out->after, &again)) {
            report(l, p, origin, "another state after closing and opening", again.data);
        } else if (!crash_sound(conn, false, &problems)) {
            report(l, p, origin, "not sound after another transaction", problems.data);
        }
        (void)ruzu_close(conn);
    }
    crash_text_free(&again);
    crash_text_free(&got);
    crash_text_free(&problems);
}

static uint64_t next_random(ledger *l)
{
    l->random ^= l->random << 13;
    l->random ^= l->random >> 7;
    l->random ^= l->random << 17;
    return l->random;
}

static uint64_t count_points(simfs *fs, uint64_t first)
{
    uint64_t points = 0;
    for (uint64_t k = first; k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        points++;
    }
    return points;
}

/* One crash point of what look() did on fs: before the probe the state that was found, once it had returned the one with it, in between either. */
static void look_within(ledger *l, const point *p, const finding *known, simfs *fs)
{
    simfs *copy = simfs_crash(fs, p->k, p->model, p->seed);
    ruzu_conn *conn = NULL;
    l->states++;
    l->deep++;
    l->budget -= l->budget > 0;
    if (crash_open(copy, CRASH_DB_PATH, p->workload, &conn) != RUZU_OK) {
        report(l, p, fs, "it does not open", ruzu_open_errmsg());
    } else {
        crash_text got = {0};
        (void)crash_ask(conn, p->workload, &got);
        bool before = p->k < known->probed_at && crash_text_same(&got, &p->h->states[known->step]);
        bool after = p->k > known->probing_at && crash_text_same(&got, &known->after);
        if (!before && !after) {
            report(l, p, fs, "a state that never was", got.data);
        }
        crash_text_free(&got);
        (void)ruzu_close(conn);
    }
    simfs_free(copy);
}

/* A few of them, spread over recovery, probe, checkpoint, closing and reopening. */
static void look_deeper(ledger *l, const point *p, const finding *known, simfs *fs)
{
    point deeper = *p;
    deeper.deeper = true;
    uint64_t stride = count_points(fs, 0) / DEEPER_POINTS + 1;
    uint64_t number = next_random(l) % stride;
    for (uint64_t k = simfs_next_crash_point(fs, 0); k != UINT64_MAX && l->budget > 0; k = simfs_next_crash_point(fs, k), number++) {
        if (number % stride == 0) {
            deeper.k = k;
            deeper.model = (simfs_model)(next_random(l) % SIMFS_MODEL_COUNT);
            deeper.seed = next_random(l);
            look_within(l, &deeper, known, fs);
        }
    }
}

static void look_at(ledger *l, const point *p, simfs *origin)
{
    simfs *fs = simfs_crash(origin, p->k, p->model, p->seed);
    finding known = {0};
    l->states++;
    l->budget -= l->budget > 0;
    look(l, p, origin, fs, &known);
    if (known.step >= 0 && next_random(l) % 8 == 0) {
        look_deeper(l, p, &known, fs);
    }
    crash_text_free(&known.after);
    simfs_free(fs);
}

/* ---- one workload ---- */

static void enumerate(ledger *l, const crash_workload *workload)
{
    history h = {0};
    simfs *memory = simfs_create(7);
    crash_make_files(memory);
    run reference = {.workload = workload, .fs = memory, .path = ":memory:"};
    history_run(&h, &reference, true);
    simfs_free(memory);

    simfs *fs = simfs_create(7);
    crash_make_files(fs);
    uint64_t made = simfs_op_count(fs);
    run r = {.workload = workload, .fs = fs, .path = CRASH_DB_PATH};
    history_run(&h, &r, false);

    uint64_t first = workload->setup[0] == NULL ? made : h.acked[0];
    uint64_t per_point = l->budget / count_points(fs, first);
    per_point = per_point == 0 ? 1 : per_point;
    uint64_t stride = l->budget == 0 ? 1 : (count_points(fs, first) + l->budget - 1) / l->budget;
    uint64_t number = 0;
    uint64_t before = l->states;
    uint64_t bad = l->bad;
    for (uint64_t k = first; k != UINT64_MAX && l->budget > 0; k = simfs_next_crash_point(fs, k), number++) {
        if (number % stride != 0) {
            continue;
        }
        point p = {.workload = workload, .h = &h, .k = k};
        while (p.low < h.steps && h.acked[p.low + 1] <= k) {
            p.low++;
        }
        p.high = p.low < h.steps ? p.low + 1 : p.low;
        for (uint64_t i = 0; i < per_point && l->budget > 0; i++) {
            p.model = (simfs_model)((number + i) % SIMFS_MODEL_COUNT);
            p.seed = next_random(l);
            look_at(l, &p, fs);
        }
    }
    printf("%-40s %6llu operations, %6llu states, %llu bad\n", workload->name, (unsigned long long)simfs_op_count(fs), (unsigned long long)(l->states - before),
           (unsigned long long)(l->bad - bad));
    simfs_free(fs);
    history_free(&h);
}

int main(int argc, char **argv)
{
    const char *volume = getenv("RZ_TEST_VOLUME");
    uint64_t states = 5200 * (volume == NULL ? 100 : strtoull(volume, NULL, 10)) / 100;
    const char *only = NULL;
    ledger l = {.random = UINT64_C(0x9e3779b97f4a7c15)};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--states") == 0) {
            states = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            l.random ^= strtoull(argv[i + 1], NULL, 10) * UINT64_C(0x2545f4914f6cdd1d);
        } else if (strcmp(argv[i], "--workload") == 0) {
            only = argv[i + 1];
        } else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    size_t chosen = 0;
    for (size_t w = 0; w < crash_workload_count; w++) {
        chosen += only == NULL || strstr(crash_workloads[w].name, only) != NULL;
    }
    for (size_t w = 0; w < crash_workload_count; w++) {
        if (only == NULL || strstr(crash_workloads[w].name, only) != NULL) {
            l.budget = states / (chosen == 0 ? 1 : chosen) + 1;
            enumerate(&l, &crash_workloads[w]);
        }
    }
    printf("%llu states (%llu of them within a recovery), %llu bad\n", (unsigned long long)l.states, (unsigned long long)l.deep, (unsigned long long)l.bad);
    return l.bad == 0 && l.states > 0 ? 0 : 1;
}
