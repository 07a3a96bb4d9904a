/* SPDX-License-Identifier: MIT */
/*
 * I/O faults over the whole engine: every workload is run again and again on a simulated disk, each time with one operation failing, once or from then on, and to its
 * end. A step either succeeded, and the database must have it, or failed, and must not; only one whose outcome was said to be unknown may be either. Once a handle is poisoned
 * it takes no more writes, and reads go on. When the disk works again, whatever failed on a handle that is not poisoned must work on it, the database must open, hold exactly
 * what succeeded, be sound, and take another transaction. The same with a disk that is full, at each of its sizes. No memory and no file may be left over.
 *
 * What is right is found by applying exactly the steps that succeeded, in their order, to a database in memory.
 *
 *     test_faults [--pairs N] [--workload NAME] [--seed S] [--verbose 1]
 *
 * --pairs bounds the number of runs, spread evenly over workloads, operations and kinds of fault (default: 6,000 × RZ_TEST_VOLUME %).
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include "common/hash.h"

#include "crash_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBE_STEP     254u /* the probe, as a step */
#define MOST_DONE      250u
#define HANG_SECONDS   60u
#define DEFAULT_PAIRS  6000u
#define SPACE_KINDS    (SIMFS_KIND(SIMFS_OP_WRITE) | SIMFS_KIND(SIMFS_OP_RESERVE) | SIMFS_KIND(SIMFS_OP_TRUNCATE))

/* ---- kinds of fault ---- */

typedef struct fault_kind {
    const char *name;
    uint32_t at;         /* kinds of operations that it strikes; 0: all */
    uint32_t then;       /* kinds that fail from then on; 0: all */
    bool forever;
    bool same;           /* from then on: those of the kind of the first one */
    bool twice;          /* and once more, some operations later: it may meet what cleans up */
    simfs_action action;
    int error_number;
    simfs_sync_failure sync_failure;
} fault_kind;

static const fault_kind fault_kinds[] = {
    {.name = "EIO", .error_number = EIO},
    {.name = "EIO twice", .twice = true, .error_number = EIO},
    {.name = "EIO from then on", .forever = true, .error_number = EIO},
    {.name = "EIO from then on for that kind", .forever = true, .same = true, .error_number = EIO},
    {.name = "ENOSPC", .at = SPACE_KINDS | SIMFS_KIND(SIMFS_OP_OPEN), .error_number = ENOSPC},
    {.name = "ENOSPC from then on", .at = SPACE_KINDS, .then = SPACE_KINDS, .forever = true, .error_number = ENOSPC},
    {.name = "short write, ENOSPC", .at = SIMFS_KIND(SIMFS_OP_WRITE), .action = SIMFS_SHORT_WRITE, .error_number = ENOSPC},
    {.name = "short write, EIO", .at = SIMFS_KIND(SIMFS_OP_WRITE), .action = SIMFS_SHORT_WRITE, .error_number = EIO},
    {.name = "short writes from then on", .at = SIMFS_KIND(SIMFS_OP_WRITE), .then = SIMFS_KIND(SIMFS_OP_WRITE), .forever = true, .action = SIMFS_SHORT_WRITE, .error_number = ENOSPC},
    {.name = "sync that loses", .at = SIMFS_KIND(SIMFS_OP_SYNC), .error_number = EIO, .sync_failure = SIMFS_SYNC_LOSE},
    {.name = "syncs that lose from then on", .at = SIMFS_KIND(SIMFS_OP_SYNC), .then = SIMFS_KIND(SIMFS_OP_SYNC), .forever = true, .error_number = EIO, .sync_failure = SIMFS_SYNC_LOSE},
    {.name = "sync told late", .at = SIMFS_KIND(SIMFS_OP_SYNC), .error_number = EIO, .sync_failure = SIMFS_SYNC_LATE},
};
#define FAULT_KINDS (sizeof fault_kinds / sizeof fault_kinds[0])
static const fault_kind fault_quota = {.name = "disk full"};

/* ---- what is right ---- */

/* Steps that succeeded, in their order. */
typedef struct done_list {
    uint8_t steps[MOST_DONE + 4];
    size_t count;
} done_list;

/* The answers after these steps, or how the last of them fails. */
typedef struct reference {
    struct reference *next;
    done_list done;
    ruzu_status status; /* of the last step; the ones before it succeeded */
    bool possible;      /* they did */
    crash_text answers;
} reference;

typedef struct bench {
    const crash_workload *workload;
    simfs *files;        /* for references */
    simfs *bases[2];     /* after the setup: closed, or as killed with all of it in the log; NULL: none */
    uint64_t closing[2]; /* operations when the last step was done: from here on it is closing */
    reference *references;
} bench;

static const char *bench_step(const bench *b, uint8_t step)
{
    const char *text = step == PROBE_STEP ? b->workload->probe : b->workload->steps[step];
    return strncmp(text, "@fail ", 6) == 0 ? text + 6 : text;
}

static const reference *bench_reference(bench *b, const done_list *done)
{
    for (reference *r = b->references; r != NULL; r = r->next) {
        if (r->done.count == done->count && memcmp(r->done.steps, done->steps, done->count) == 0) {
            return r;
        }
    }
    reference *made = (reference *)calloc(1, sizeof *made);
    ruzu_conn *conn = NULL;
    if (made == NULL || crash_open(b->files, ":memory:", b->workload, &conn) != RUZU_OK) {
        abort();
    }
    made->done = *done;
    made->possible = true;
    for (size_t i = 0; b->workload->setup[i] != NULL; i++) {
        made->possible = made->possible && ruzu_query(conn, b->workload->setup[i], NULL) == RUZU_OK;
    }
    for (size_t i = 0; i < done->count && made->possible; i++) {
        made->status = ruzu_query(conn, bench_step(b, done->steps[i]), NULL);
        made->possible = made->status == RUZU_OK || i + 1 == done->count;
    }
    (void)crash_ask(conn, b->workload, &made->answers);
    (void)ruzu_close(conn);
    made->next = b->references;
    b->references = made;
    return made;
}

static void bench_free(bench *b)
{
    while (b->references != NULL) {
        reference *r = b->references;
        b->references = r->next;
        crash_text_free(&r->answers);
        free(r);
    }
    simfs_free(b->files);
    simfs_free(b->bases[0]);
    simfs_free(b->bases[1]);
}

/* ---- one run ---- */

typedef struct pair {
    uint32_t bench;
    uint32_t base;
    const fault_kind *kind;
    simfs_op_kind op_kind;
    uint64_t op; /* or, of a full disk, its size */
    bool harmless; /* no reason to poison a handle */
} pair;

typedef struct trial {
    bench *bench;
    const pair *pair;
    simfs *fs;
    ruzu_conn *conn;
    ruzu_conn *reader;
    crash_text read;        /* what the reader saw at its beginning */
    done_list done;
    uint8_t failed[CRASH_MOST_STEPS]; /* steps that the disk made fail */
    size_t failed_count;
    bool unknown;           /* maybe … */
    uint8_t unknown_step;   /* … this one succeeded too */
    bool poisoned;
    bool working;           /* the disk works again */
    const char *step;
    uint64_t asked;
    bool bad;
} trial;

static uint64_t seed = 1;
static bool verbose = false;
static char trial_name[512]; /* of the one under way, for signals */

static void trial_report(trial *t, const char *what, const char *detail)
{
    if (t->bad && !verbose) {
        return; /* the first one tells */
    }
    char op[256] = "";
    if (t->pair->kind != &fault_quota && t->pair->op < simfs_op_count(t->fs)) {
        (void)simfs_describe(t->fs, t->pair->op, op, sizeof op);
    }
    fprintf(stderr, "BAD %s (%s), step '%s': %s%s%s\n", trial_name, op, t->step, what, detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
    t->bad = true;
}

static done_list trial_with(const trial *t, uint8_t step)
{
    done_list with = t->done;
    with.steps[with.count++] = step;
    return with;
}

/* Whether some operation has failed by now. */
static bool trial_failing(const trial *t)
{
    return t->pair->kind == &fault_quota || simfs_fault_hits(t->fs) > 0;
}

/* Holds what the connection answers against what is right. either: also that with the step whose outcome was unknown, which is settled thereby. */
static bool trial_look(trial *t, ruzu_conn *conn, bool either, const char *when)
{
    crash_text got = {0};
    ruzu_status status = crash_ask(conn, t->bench->workload, &got);
    bool right = true;
    if (status != RUZU_OK && !t->working) {
        right = false; /* nothing was learned */
    } else if (crash_text_same(&got, &bench_reference(t->bench, &t->done)->answers)) {
        t->unknown = either ? false : t->unknown;
    } else {
        done_list with = trial_with(t, t->unknown_step);
        right = either && t->unknown && crash_text_same(&got, &bench_reference(t->bench, &with)->answers);
        if (right) {
            t->done = with;
            t->unknown = false;
        } else {
            trial_report(t, when, got.data);
            if (verbose) {
                fprintf(stderr, "right is:\n%s", bench_reference(t->bench, &t->done)->answers.data);
            }
        }
    }
    crash_text_free(&got);
    return right;
}

static void trial_open(trial *t)
{
    for (int attempt = 0; attempt < 2 && t->conn == NULL; attempt++) {
        ruzu_status status = crash_open(t->fs, CRASH_DB_PATH, t->bench->workload, &t->conn);
        if (status != RUZU_OK && (t->working || !crash_is_disk_failure(status))) {
            trial_report(t, "it does not open", ruzu_open_errmsg());
        }
    }
    t->poisoned = false;
    if (t->conn != NULL && t->unknown && !trial_look(t, t->conn, true, "a state that never was, after opening")) {
        (void)ruzu_close(t->conn); /* it cannot be said which one it is */
        t->conn = NULL;
    }
}

static void trial_reader(trial *t, bool begin)
{
    if (begin && t->conn != NULL) {
        if (ruzu_connect(t->conn, &t->reader) != RUZU_OK || ruzu_query(t->reader, "BEGIN TRANSACTION READ ONLY", NULL) != RUZU_OK) {
            trial_report(t, "no reader", ruzu_errmsg(t->conn));
        } else if (crash_ask(t->reader, t->bench->workload, &t->read) == RUZU_OK) {
            return;
        }
    } else if (t->reader != NULL) {
        crash_text again = {0};
        if (crash_ask(t->reader, t->bench->workload, &again) == RUZU_OK && !crash_text_same(&again, &t->read)) {
            trial_report(t, "the reader's snapshot changed", again.data);
        }
        crash_text_free(&again);
    }
    crash_text_free(&t->read);
    if (t->reader != NULL) {
        (void)ruzu_close(t->reader);
        t->reader = NULL;
    }
}

/* Runs a statement and books its outcome. */
static ruzu_status trial_statement(trial *t, uint8_t step)
{
    const char *statement = bench_step(t->bench, step);
    bool was_poisoned = t->poisoned;
    ruzu_status status = ruzu_query(t->conn, statement, NULL);
    t->poisoned = rz_disk_is_poisoned(rz_store_disk(t->conn->db->store));
    if (t->conn->txn != NULL) {
        trial_report(t, "a transaction is left open", ruzu_errmsg(t->conn));
        (void)ruzu_query(t->conn, "ROLLBACK", NULL);
    }
    done_list with = trial_with(t, step);
    if (status == RUZU_OK) {
        if (was_poisoned) {
            trial_report(t, "a poisoned handle writes", NULL);
        }
        if (strcmp(statement, "CHECKPOINT") != 0) {
            const reference *right = bench_reference(t->bench, &with);
            if (!right->possible || right->status != RUZU_OK) {
                trial_report(t, "it must not succeed", NULL);
            }
            t->done = with;
        }
    } else if (!crash_is_disk_failure(status)) {
        const reference *right = bench_reference(t->bench, &with);
        if (!right->possible || right->status != status) {
            trial_report(t, "another failure than that of the disk", ruzu_errmsg(t->conn));
        }
    } else {
        if (!trial_failing(t)) {
            trial_report(t, "a failure, and nothing failed", ruzu_errmsg(t->conn));
        }
        if (status == RUZU_ERROR_OUTCOME_UNKNOWN) {
            t->unknown = true;
            t->unknown_step = step;
        } else if (t->failed_count < CRASH_MOST_STEPS) {
            t->failed[t->failed_count++] = step;
        }
        if ((status == RUZU_ERROR_OUTCOME_UNKNOWN || status == RUZU_ERROR_POISONED) && !t->poisoned) {
            trial_report(t, "it says so and is not poisoned", ruzu_errmsg(t->conn));
        }
        if (was_poisoned && status == RUZU_ERROR_OUTCOME_UNKNOWN) {
            trial_report(t, "a poisoned handle tries to commit", NULL);
        }
    }
    return status;
}

static void trial_step(trial *t, uint8_t step)
{
    const char *text = t->bench->workload->steps[step];
    t->step = text;
    if (strcmp(text, "@reopen") == 0) {
        if (t->conn != NULL) {
            ruzu_status status = ruzu_close(t->conn);
            t->conn = NULL;
            if (status != RUZU_OK && !crash_is_disk_failure(status)) {
                trial_report(t, "closing fails by something else", ruzu_open_errmsg());
            }
        }
        trial_open(t);
    } else if (strncmp(text, "@reader ", 8) == 0) {
        trial_reader(t, strcmp(text + 8, "begin") == 0);
    } else if (t->conn != NULL && trial_statement(t, step) != RUZU_OK && trial_failing(t) && t->asked++ < 3) {
        (void)trial_look(t, t->conn, false, "a state that never was, after a failure");
    }
}

static void trial_steps(trial *t)
{
    trial_open(t);
    for (uint8_t s = 0; t->bench->workload->steps[s] != NULL; s++) {
        trial_step(t, s);
    }
    trial_reader(t, false);
}

/* The disk works again: so must the handle, but for a poisoned one. */
static void trial_go_on(trial *t)
{
    t->step = "going on";
    t->working = true;
    if (t->conn == NULL) {
        return;
    }
    (void)trial_look(t, t->conn, false, "a state that never was, on the old handle");
    if (t->poisoned) {
        if (t->pair->harmless) {
            trial_report(t, "poisoned by a full disk", NULL);
        }
        return;
    }
    size_t count = t->failed_count;
    for (size_t i = 0; i < count && !t->poisoned; i++) {
        t->step = bench_step(t->bench, t->failed[i]);
        ruzu_status status = trial_statement(t, t->failed[i]);
        if (crash_is_disk_failure(status) && t->pair->kind->sync_failure != SIMFS_SYNC_LATE) {
            trial_report(t, "it fails although the disk works", ruzu_errmsg(t->conn));
        }
    }
    (void)trial_look(t, t->conn, false, "a state that never was, on the old handle, going on");
}

/* What was acknowledged survives a power loss, whatever failed before. */
static void trial_power_loss(trial *t, simfs_model model)
{
    char step[64];
    (void)snprintf(step, sizeof step, "power loss, model %s", simfs_model_name(model));
    t->step = step;
    trial after = {.bench = t->bench, .pair = t->pair, .done = t->done, .unknown = t->unknown, .unknown_step = t->unknown_step, .step = t->step, .working = true};
    after.fs = simfs_crash(t->fs, simfs_op_count(t->fs), model, seed + 1000);
    if (crash_open(after.fs, CRASH_DB_PATH, t->bench->workload, &after.conn) != RUZU_OK) {
        trial_report(t, "it does not open", ruzu_open_errmsg());
    } else {
        simfs *fs = after.fs;
        after.fs = t->fs; /* whose operation is to be told */
        (void)trial_look(&after, after.conn, true, "a state that never was");
        after.fs = fs;
        t->bad = t->bad || after.bad;
        (void)ruzu_close(after.conn);
    }
    simfs_free(after.fs);
}

/* Opened anew on a disk that works: exactly what succeeded is there, sound, and another transaction works. */
static void trial_finish(trial *t)
{
    t->step = "opening at the end";
    t->working = true;
    trial_open(t);
    if (t->conn == NULL) {
        return;
    }
    crash_text problems = {0};
    (void)trial_look(t, t->conn, true, "a state that never was");
    if (!crash_sound(t->conn, true, &problems)) {
        trial_report(t, "not sound", problems.data);
    }
    t->step = "probe";
    if (trial_statement(t, PROBE_STEP) != RUZU_OK || ruzu_query(t->conn, "CHECKPOINT", NULL) != RUZU_OK) {
        trial_report(t, "no more transactions", ruzu_errmsg(t->conn));
    }
    if (!crash_sound(t->conn, false, &problems)) {
        trial_report(t, "not sound after another transaction", problems.data);
    }
    (void)trial_look(t, t->conn, false, "a state that never was");
    ruzu_status status = ruzu_close(t->conn);
    t->conn = NULL;
    if (status != RUZU_OK) {
        trial_report(t, "it does not close", ruzu_open_errmsg());
    }
    crash_text_free(&problems);
}

static void trial_arm(trial *t)
{
    const pair *p = t->pair;
    if (p->kind == &fault_quota) {
        simfs_set_quota(t->fs, p->op);
        return;
    }
    const fault_kind *kind = p->kind;
    simfs_fault fault = {.op = p->op, .action = kind->action, .error_number = kind->error_number, .sync_failure = kind->sync_failure, .forever = kind->forever, .kinds = kind->then};
    if (kind->same) {
        fault.kinds = SIMFS_KIND(p->op_kind);
    }
    simfs_add_fault(t->fs, fault);
    if (kind->twice) {
        fault.op += 1 + rz_hash_combine(seed, p->op) % (p->op % 2 == 0 ? 4 : 50);
        simfs_add_fault(t->fs, fault);
    }
}

static void trial_disarm(trial *t)
{
    simfs_clear_faults(t->fs);
    simfs_set_quota(t->fs, UINT64_MAX);
}

static bool trial_run(bench *benches, const pair *p, uint64_t number)
{
    bench *b = &benches[p->bench];
    (void)snprintf(trial_name, sizeof trial_name, "workload '%s', base %u, %s %s %llu, seed %llu", b->workload->name, p->base, p->kind->name,
                   p->kind == &fault_quota ? "at" : "of operation", (unsigned long long)p->op, (unsigned long long)seed);
    (void)alarm(HANG_SECONDS);
    uint64_t memory = atomic_load(&rz_mem_root()->used);
    trial t = {.bench = b, .pair = p, .fs = simfs_copy(b->bases[p->base]), .step = "opening"};
    trial_arm(&t);
    trial_steps(&t);
    bool closing = p->kind != &fault_quota && p->op >= b->closing[p->base]; /* the fault is meant for closing */
    if (!closing) {
        trial_disarm(&t);
        trial_go_on(&t);
    }
    if (number % 4 == 0) {
        trial_power_loss(&t, (number & 8) == 0 ? SIMFS_DROP : (simfs_model)(number / 16 % SIMFS_MODEL_COUNT));
    }
    t.step = "closing";
    if (t.conn != NULL) {
        ruzu_status status = ruzu_close(t.conn);
        t.conn = NULL;
        if (status != RUZU_OK && !t.poisoned && !closing && p->kind->sync_failure != SIMFS_SYNC_LATE) {
            trial_report(&t, "closing fails although the disk works", ruzu_open_errmsg());
        }
    }
    trial_disarm(&t);
    trial_finish(&t);
    t.step = "end";
    if (atomic_load(&rz_mem_root()->used) != memory) {
        trial_report(&t, "memory is left over", NULL);
    }
    if (simfs_open_count(t.fs) != 0) {
        trial_report(&t, "files are left open", NULL);
    }
    simfs_free(t.fs);
    return !t.bad;
}

/* ---- which runs ---- */

typedef struct pair_list {
    pair *items;
    size_t count;
    size_t capacity;
} pair_list;

static void pairs_add(pair_list *list, pair item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
        list->items = (pair *)realloc(list->items, list->capacity * sizeof *list->items);
        if (list->items == NULL) {
            abort();
        }
    }
    list->items[list->count++] = item;
}

/* The states that runs begin with. */
static void bench_prepare(bench *b, const crash_workload *workload)
{
    b->workload = workload;
    b->files = simfs_create(7);
    crash_make_files(b->files);
    simfs *fs = simfs_create(7);
    crash_make_files(fs);
    if (workload->setup[0] == NULL) {
        b->bases[0] = fs;
        return;
    }
    ruzu_conn *conn = NULL;
    bool fine = crash_open(fs, CRASH_DB_PATH, workload, &conn) == RUZU_OK;
    for (size_t i = 0; fine && workload->setup[i] != NULL; i++) {
        fine = ruzu_query(conn, workload->setup[i], NULL) == RUZU_OK;
    }
    b->bases[1] = fine ? simfs_crash(fs, simfs_op_count(fs), SIMFS_KEEP, seed) : NULL;
    if (!fine || ruzu_close(conn) != RUZU_OK) {
        fprintf(stderr, "workload '%s': its setup fails\n", workload->name);
        exit(1);
    }
    b->bases[0] = simfs_copy(fs);
    simfs_free(fs);
}

/* A full disk, met anywhere but at a header: what was written by then is undone or left as free space. */
static bool fault_harmless(const simfs *fs, const fault_kind *kind, simfs_op_kind op_kind, uint64_t op)
{
    char text[256];
    (void)simfs_describe(fs, op, text, sizeof text);
    bool header = op_kind == SIMFS_OP_WRITE && (strstr(text, "db.ruzu at 0,") != NULL || strstr(text, "db.ruzu at 4096,") != NULL);
    return kind->error_number == ENOSPC && !kind->forever && !header && op_kind != SIMFS_OP_TRUNCATE;
}

/* Runs a workload without faults, and lists what can go wrong in it. */
static void bench_list(bench *b, uint32_t number, uint32_t base, pair_list *faults, pair_list *sizes)
{
    const pair none = {.bench = number, .base = base, .kind = &fault_kinds[0], .op = UINT64_MAX};
    trial t = {.bench = b, .pair = &none, .fs = simfs_copy(b->bases[base]), .step = "opening", .working = true};
    (void)snprintf(trial_name, sizeof trial_name, "workload '%s', base %u, no fault", b->workload->name, base);
    uint64_t used = simfs_used_bytes(t.fs);
    trial_steps(&t);
    b->closing[base] = simfs_op_count(t.fs);
    if (t.bad || t.conn == NULL || ruzu_close(t.conn) != RUZU_OK) {
        exit(1);
    }
    for (uint64_t op = 0; op < simfs_op_count(t.fs); op++) {
        simfs_op_kind op_kind = simfs_op_kind_at(t.fs, op);
        for (size_t k = 0; k < FAULT_KINDS; k++) {
            if (fault_kinds[k].at == 0 || (fault_kinds[k].at & SIMFS_KIND(op_kind)) != 0) {
                pairs_add(faults, (pair){number, base, &fault_kinds[k], op_kind, op, fault_harmless(t.fs, &fault_kinds[k], op_kind, op)});
            }
        }
    }
    for (uint64_t size = used; size <= simfs_most_used_bytes(t.fs); size += 4096) {
        pairs_add(sizes, (pair){number, base, &fault_quota, SIMFS_OP_WRITE, size, true});
    }
    simfs_free(t.fs);
}

/* One of each of `budget` equal parts of the list. */
static uint64_t run_some(bench *benches, const pair_list *list, uint64_t budget, uint64_t *bad)
{
    uint64_t runs = budget < list->count ? budget : list->count;
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (uint64_t i = 0; i < runs; i++) {
        uint64_t low = i * list->count / runs, high = (i + 1) * list->count / runs;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        *bad += !trial_run(benches, &list->items[low + random % (high - low)], i);
    }
    return runs;
}

static void on_signal(int number)
{
    static const char hang[] = "HANG ", died[] = "DIED ";
    (void)!write(2, number == SIGALRM ? hang : died, 5);
    (void)!write(2, trial_name, strlen(trial_name));
    (void)!write(2, "\n", 1);
    _exit(1);
}

static void catch_signals(void)
{
    const int numbers[] = {SIGALRM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction before;
        struct sigaction ours;
        memset(&ours, 0, sizeof ours);
        ours.sa_handler = on_signal;
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) { /* else a sanitizer tells more */
            (void)sigaction(numbers[i], &ours, NULL);
        }
    }
}

int main(int argc, char **argv)
{
    const char *volume = getenv("RZ_TEST_VOLUME");
    uint64_t budget = (uint64_t)DEFAULT_PAIRS * (volume == NULL ? 100 : strtoull(volume, NULL, 10)) / 100;
    const char *only = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--pairs") == 0) {
            budget = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--workload") == 0) {
            only = argv[i + 1];
        } else if (strcmp(argv[i], "--verbose") == 0) {
            verbose = strcmp(argv[i + 1], "0") != 0;
        } else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    catch_signals();
    bench *benches = (bench *)calloc(crash_workload_count, sizeof *benches);
    if (benches == NULL) {
        abort();
    }
    pair_list faults = {0};
    pair_list sizes = {0};
    for (uint32_t w = 0; w < crash_workload_count; w++) {
        if (only == NULL || strstr(crash_workloads[w].name, only) != NULL) {
            bench_prepare(&benches[w], &crash_workloads[w]);
            for (uint32_t base = 0; base < 2 && benches[w].bases[base] != NULL; base++) {
                bench_list(&benches[w], w, base, &faults, &sizes);
            }
        }
    }
    uint64_t bad = 0;
    uint64_t bad_sizes = 0;
    uint64_t runs = run_some(benches, &faults, budget, &bad);
    printf("%llu of %zu pairs of operation and fault, %llu bad\n", (unsigned long long)runs, faults.count, (unsigned long long)bad);
    uint64_t full = run_some(benches, &sizes, budget / 5 + 1, &bad_sizes);
    printf("%llu of %zu sizes of a full disk, %llu bad\n", (unsigned long long)full, sizes.count, (unsigned long long)bad_sizes);
    for (size_t w = 0; w < crash_workload_count; w++) {
        bench_free(&benches[w]);
    }
    free(benches);
    free(faults.items);
    free(sizes.items);
    return bad + bad_sizes == 0 && runs > 0 && full > 0 ? 0 : 1;
}
