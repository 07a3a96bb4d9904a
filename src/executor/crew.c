/* SPDX-License-Identifier: MIT */
/*
 * Crews: one job of the thread pool for each run.
 *
 * While a crew works, the threads that its pipeline would call stay uncalled: a poll on a member's thread must not call them (only the caller's thread may), and those that are free are of more
 * use here, where the work is known to be.
 */
#include "executor/crew.h"

#include "executor/exec.h"
#include "executor/sched.h"
#include "executor/spread.h"

#include <string.h>

typedef struct crew_member {
    rz_worker worker;  /* member 0 works with the operator's */
    void *object;
    bool opened;       /* worker and object are there */
    bool suspended;
    bool refused;      /* it could not be opened */
} crew_member;

struct rz_crew {
    rz_worker *worker;
    const rz_crew_class *class;
    void *user;
    crew_member *members;
    uint32_t size;
    _Atomic uint32_t failed;
    rz_mutex lock;
    rz_error error;    /* guarded by lock: the first failure */
};

ruzu_status rz_crew_create(rz_worker *worker, const rz_crew_class *class, void *user, rz_crew **out, rz_error *err)
{
    *out = NULL;
    rz_crew *crew = RZ_NEW(&worker->arena, rz_crew);
    RZ_TRY_ALLOC(crew, err, "building an operator");
    crew->worker = worker;
    crew->class = class;
    crew->user = user;
    crew->size = worker->exec->context->max_threads < 1 ? 1 : worker->exec->context->max_threads;
    atomic_init(&crew->failed, 0);
    crew->members = RZ_NEW_ARRAY(&worker->arena, crew_member, crew->size);
    RZ_TRY_ALLOC(crew->members, err, "building an operator");
    for (uint32_t i = 0; i < crew->size; i++) { /* here, because threads that join must not share an arena */
        crew->members[i].object = rz_arena_alloc(&worker->arena, class->size);
        if (crew->members[i].object == NULL) {
            crew->size = i; /* the others do its work */
        }
    }
    if (crew->size == 0) {
        return rz_error_no_memory(err, "building an operator");
    }
    if (rz_mutex_init(&crew->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "building an operator");
    }
    *out = crew;
    return RUZU_OK;
}

static void crew_close_member(rz_crew *crew, uint32_t idx)
{
    crew_member *member = &crew->members[idx];
    crew->class->close(crew->user, member->object);
    if (idx != 0) {
        rz_worker_close(&member->worker);
    }
    member->opened = false;
}

void rz_crew_close(rz_crew *crew)
{
    if (crew == NULL) {
        return;
    }
    for (uint32_t i = 0; i < crew->size; i++) {
        if (crew->members[i].opened) {
            crew_close_member(crew, i);
        }
    }
    rz_mutex_destroy(&crew->lock);
}

void rz_crew_suspend(rz_crew *crew)
{
    for (uint32_t i = 1; crew != NULL && i < crew->size; i++) {
        crew_member *member = &crew->members[i];
        member->refused = false; /* the next execution may have more memory */
        if (member->opened && !member->suspended) {
            rz_worker_suspend(&member->worker);
            member->suspended = true;
        }
    }
}

bool rz_crew_has_others(const rz_crew *crew)
{
    const rz_exec *exec = crew->worker->exec;
    /* Workers of a spread wait for the rows that are made here. */
    return crew->size > 1 && (exec->worker_count <= 1 || exec->spread != NULL);
}

bool rz_crew_has_failed(const rz_crew *crew)
{
    return atomic_load_explicit(&crew->failed, memory_order_relaxed) != 0;
}

uint32_t rz_crew_size(const rz_crew *crew)
{
    return crew->size;
}

void *rz_crew_member(const rz_crew *crew, uint32_t idx)
{
    return crew->members[idx].opened ? crew->members[idx].object : NULL;
}

/* ---- working ---- */

static ruzu_status crew_open_member(rz_crew *crew, uint32_t idx, rz_error *err)
{
    crew_member *member = &crew->members[idx];
    rz_worker *worker = idx == 0 ? crew->worker : &member->worker;
    if (member->suspended) {
        member->suspended = false;
        return rz_worker_restart(worker, err);
    }
    if (member->opened) {
        return RUZU_OK;
    }
    member->opened = true;
    memset(member->object, 0, crew->class->size);
    if (idx != 0) {
        RZ_TRY(rz_worker_open(crew->worker->exec, idx, worker, err));
    }
    return crew->class->open(crew->user, worker, member->object, err);
}

static void crew_note_failure(rz_crew *crew, const rz_error *err)
{
    rz_mutex_lock(&crew->lock);
    if (crew->error.code == RUZU_OK) {
        (void)rz_error_copy(&crew->error, err);
    }
    rz_mutex_unlock(&crew->lock);
    atomic_store_explicit(&crew->failed, 1, memory_order_relaxed);
}

static void crew_task(void *arg, uint32_t idx)
{
    rz_crew *crew = (rz_crew *)arg;
    crew_member *member = &crew->members[idx];
    rz_error err;
    rz_error_init(&err);
    if (member->refused) {
        return;
    }
    ruzu_status status = crew_open_member(crew, idx, &err);
    if (status != RUZU_OK && idx != 0) { /* the others do its work */
        crew_close_member(crew, idx);
        member->refused = true;
        return;
    }
    if (status == RUZU_OK) {
        status = crew->class->work(crew->user, member->object, idx, &err);
    }
    if (status != RUZU_OK) {
        crew_note_failure(crew, &err);
    }
}

ruzu_status rz_crew_run(rz_crew *crew, bool others, rz_error *err)
{
    const rz_exec *exec = crew->worker->exec;
    uint32_t size = crew->size < exec->context->max_threads ? crew->size : exec->context->max_threads; /* of this execution */
    rz_error_init(&crew->error);
    atomic_store_explicit(&crew->failed, 0, memory_order_relaxed);
    if (others && rz_crew_has_others(crew)) {
        rz_sched_job *uncalled = rz_exec_hold_call(exec);
        rz_sched_run(exec->context->sched, size, crew_task, crew);
        rz_exec_resume_call(exec, uncalled);
    } else {
        crew_task(crew, 0);
    }
    return crew->error.code == RUZU_OK ? RUZU_OK : rz_error_copy(err, &crew->error);
}
