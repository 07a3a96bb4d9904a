/* SPDX-License-Identifier: MIT */
/*
 * Crews when something goes wrong: memory that is refused to a crew or to the threads that join it leaves the work to the others, or is an error; an interrupt that
 * arrives while they work ends all of them; and afterwards the connection answers as before.
 */
#include "api/api.h"
#include "executor/crew.h"
#include "unit/check.h"
#include "unit/volume.h"

#include <pthread.h>

#ifdef RZ_ASSERTS
#define CREW_NODES 4000 /* builds that check themselves call a crew for little */
#else
#define CREW_NODES 60000
#endif
#define CREW_TRIES 400u /* until other threads have come in time */

/* ---- memory refused to the crew itself ---- */

typedef struct crew_refusal {
    uint64_t count;
    uint64_t from; /* allocations from this one on are refused */
} crew_refusal;

static bool crew_refuse(void *user, size_t size)
{
    crew_refusal *refusal = (crew_refusal *)user;
    (void)size;
    return refusal->count++ >= refusal->from;
}

typedef struct crew_object {
    uint8_t room[1 << 18]; /* more than a block: each is an allocation of its own */
} crew_object;

static ruzu_status crew_object_open(void *user, rz_worker *worker, void *member, rz_error *err)
{
    const uint8_t *room = ((crew_object *)member)->room;
    (void)user;
    (void)worker;
    (void)err;
    CHECK(room[0] == 0 && room[sizeof(crew_object) - 1] == 0);
    return RUZU_OK;
}

static ruzu_status crew_object_work(void *user, void *member, uint32_t idx, rz_error *err)
{
    (void)err;
    CHECK_EQ_U64(idx, 0);
    ((crew_object *)member)->room[7] = 1;
    ++*(uint32_t *)user;
    return RUZU_OK;
}

static void crew_object_close(void *user, void *member)
{
    (void)member;
    *(uint32_t *)user += 100;
}

static void members_that_memory_is_refused_for_are_left_out(void)
{
    static const rz_crew_class class = {.size = sizeof(crew_object), .open = crew_object_open, .work = crew_object_work, .close = crew_object_close};
    rz_exec_context context = {.max_threads = 4};
    rz_exec exec = {.context = &context, .worker_count = 1};
    uint32_t sizes[5] = {0, 0, 0, 0, 0};
    for (uint64_t from = 0; sizes[4] == 0; from++) {
        rz_mem mem;
        rz_error err;
        rz_crew *crew = NULL;
        rz_worker worker = {.exec = &exec};
        crew_refusal refusal = {.from = from};
        uint32_t worked = 0;
        rz_error_init(&err);
        rz_mem_init(&mem, NULL, UINT64_MAX);
        rz_arena_init(&worker.arena, &mem);
        rz_mem_set_test_hook(crew_refuse, &refusal);
        ruzu_status status = rz_crew_create(&worker, &class, &worked, &crew, &err);
        rz_mem_set_test_hook(NULL, NULL);
        if (status == RUZU_OK) {
            uint32_t size = rz_crew_size(crew);
            CHECK(size >= 1 && size <= 4);
            sizes[size]++;
            CHECK_EQ_I64(rz_crew_run(crew, false, &err), RUZU_OK);
            CHECK_EQ_U64(worked, 1);
            CHECK(rz_crew_has_others(crew) == (size > 1));
            rz_crew_close(crew);
            CHECK_EQ_U64(worked, 101);
        } else {
            CHECK_EQ_I64(status, RUZU_ERROR_NO_MEMORY);
            CHECK(crew == NULL);
            sizes[0]++;
        }
        rz_arena_free(&worker.arena);
        CHECK_EQ_U64(atomic_load(&mem.used), 0);
    }
    for (uint32_t i = 0; i < 5; i++) {
        CHECK(sizes[i] != 0);
    }
}

/* ---- threads that join a search ---- */

/* Allocations of other threads than the caller's. */
typedef struct crew_watch {
    pthread_t caller;
    ruzu_conn *interrupts;  /* is interrupted by allocation number `at` of another thread; or that one is refused */
    uint64_t at;
    bool all_after;
    _Atomic uint64_t count;
    _Atomic uint64_t hits;
} crew_watch;

static bool crew_watch_allocation(void *user, size_t size)
{
    crew_watch *watch = (crew_watch *)user;
    (void)size;
    if (pthread_equal(pthread_self(), watch->caller)) {
        return false;
    }
    uint64_t number = atomic_fetch_add(&watch->count, 1);
    if (number != watch->at && !(watch->all_after && number > watch->at)) {
        return false;
    }
    atomic_fetch_add(&watch->hits, 1);
    if (watch->interrupts != NULL) {
        ruzu_interrupt(watch->interrupts);
        return false;
    }
    return true;
}

static void crew_run(ruzu_conn *conn, const char *text)
{
    CHECK_EQ_I64(ruzu_query(conn, text, NULL), RUZU_OK);
    CHECK_STR(ruzu_errmsg(conn), "");
}

/* The answer as a text; "" for none. Each number has a plan of its own, and so a crew. */
static ruzu_status crew_ask(ruzu_conn *conn, uint64_t number, char *out, size_t size)
{
    char question[160];
    ruzu_result *result = NULL;
    (void)snprintf(question, sizeof question, "MATCH (a:P)-[e:E* SHORTEST 1..30]->(b:P) WHERE a.id = 0 RETURN count(*), sum(length(e)), %llu", (unsigned long long)number);
    ruzu_status status = ruzu_query(conn, question, &result);
    out[0] = '\0';
    if (status == RUZU_OK && ruzu_result_next(result)) {
        (void)snprintf(out, size, "%lld %lld", (long long)ruzu_get_int64(result, 0), (long long)ruzu_get_int64(result, 1));
    }
    if (status == RUZU_OK) {
        status = ruzu_result_status(result);
    }
    ruzu_result_free(result);
    return status;
}

static ruzu_conn *crew_graph(void)
{
    static const int factors[3][2] = {{7, 1}, {13, 5}, {31, 11}};
    char text[160];
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(NULL, NULL, &conn), RUZU_OK);
    crew_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
    crew_run(conn, "CREATE REL TABLE E(FROM P TO P)");
    (void)snprintf(text, sizeof text, "UNWIND range(0, %d) AS i CREATE (:P {id: i})", CREW_NODES - 1);
    crew_run(conn, text);
    for (uint32_t i = 0; i < 3; i++) {
        (void)snprintf(text, sizeof text, "MATCH (a:P), (b:P) WHERE b.id = (a.id * %d + %d) %% %d CREATE (a)-[:E]->(b)", factors[i][0], factors[i][1], CREW_NODES);
        crew_run(conn, text);
    }
    return conn;
}

typedef struct crew_trial {
    ruzu_conn *conn;
    char want[64];
    uint64_t asked;
    uint64_t hits;  /* disturbances: how many there are depends on whether other threads came in time */
    uint64_t ended; /* statements that failed of them */
} crew_trial;

/* Asks with something done to allocation `at` of the threads that help, and then twice more, undisturbed. */
static void crew_disturb(crew_trial *trial, uint64_t at, bool all_after, bool interrupts)
{
    char got[64];
    crew_watch watch = {.caller = pthread_self(), .interrupts = interrupts ? trial->conn : NULL, .at = at, .all_after = all_after};
    trial->asked++;
    rz_mem_set_test_hook(crew_watch_allocation, &watch);
    ruzu_status status = crew_ask(trial->conn, trial->asked, got, sizeof got);
    rz_mem_set_test_hook(NULL, NULL);
    if (status == RUZU_OK) {
        CHECK_STR(got, trial->want);
    } else {
        CHECK_EQ_I64(status, interrupts ? RUZU_ERROR_INTERRUPTED : RUZU_ERROR_NO_MEMORY);
        CHECK(atomic_load(&watch.hits) != 0);
        trial->ended++;
    }
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQ_I64(crew_ask(trial->conn, trial->asked, got, sizeof got), RUZU_OK);
        CHECK_STR(got, trial->want);
    }
    trial->hits += atomic_load(&watch.hits);
}

static void threads_in_trouble_leave_the_answer_or_say_so(void)
{
    crew_trial trial = {.conn = crew_graph()};
    crew_run(trial.conn, "CALL threads = 1");
    CHECK_EQ_I64(crew_ask(trial.conn, 0, trial.want, sizeof trial.want), RUZU_OK);
    crew_run(trial.conn, "CALL threads = 3");
    for (uint64_t at = 0; at < 40; at += at < 12 ? 1 : 7) {
        crew_disturb(&trial, at, false, false);
        crew_disturb(&trial, at, true, false);
    }
    for (uint32_t i = 0; i < CREW_TRIES && trial.hits == 0; i++) {
        crew_disturb(&trial, 0, true, false);
    }
    CHECK(trial.hits != 0);
    printf("%llu allocations refused, %llu statements failed\n", (unsigned long long)trial.hits, (unsigned long long)trial.ended);
    trial.hits = trial.ended = 0;
    for (uint32_t i = 0; i < CREW_TRIES && (i < 20 || trial.ended == 0); i++) {
        crew_disturb(&trial, i % 12, false, true);
    }
    CHECK(trial.ended != 0);
    printf("%llu interrupts, %llu statements ended\n", (unsigned long long)trial.hits, (unsigned long long)trial.ended);
    CHECK_EQ_I64(ruzu_close(trial.conn), RUZU_OK);
}

int main(void)
{
    members_that_memory_is_refused_for_are_left_out();
    threads_in_trouble_leave_the_answer_or_say_so();
    return CHECK_DONE();
}
