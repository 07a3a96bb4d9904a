/* SPDX-License-Identifier: MIT */
/*
 * The database's worker threads: started when first needed, asleep between pipelines.
 *
 * A job is an invitation that stands on its caller's stack and, from rz_sched_invite on, in the queue while the caller itself works as worker 0. Threads that wake up in
 * time join in; when the caller has run out of work it withdraws the invitation and waits for those that joined. So small work never waits for a thread to wake up; and
 * since calling threads costs more than the smallest work, a caller may wait until it knows that there is enough.
 */
#include "executor/sched.h"

#include <string.h>

struct rz_sched {
    rz_mem *mem;
    rz_mutex lock;
    rz_cond wake;         /* a job was queued, or stop */
    rz_cond done;         /* a job's running count fell to 0 */
    rz_sched_job *jobs;      /* guarded by lock */
    bool stop;            /* guarded by lock */
    uint32_t max_threads; /* guarded by lock: callers included */
    uint32_t thread_count; /* guarded by lock: started */
    rz_thread threads[256];
};

ruzu_status rz_sched_create(rz_mem *mem, uint32_t max_threads, rz_sched **out, rz_error *err)
{
    *out = NULL;
    rz_sched *sched = (rz_sched *)rz_mem_calloc(mem, 1, sizeof *sched);
    RZ_TRY_ALLOC(sched, err, "creating the thread pool");
    sched->mem = mem;
    rz_sched_set_threads(sched, max_threads);
    if (rz_mutex_init(&sched->lock) != RUZU_OK || rz_cond_init(&sched->wake) != RUZU_OK || rz_cond_init(&sched->done) != RUZU_OK) {
        rz_mem_free(mem, sched, sizeof *sched);
        return rz_error_no_memory(err, "creating the thread pool");
    }
    *out = sched;
    return RUZU_OK;
}

uint32_t rz_sched_threads(const rz_sched *sched)
{
    return sched->max_threads;
}

void rz_sched_set_threads(rz_sched *sched, uint32_t max_threads)
{
    uint32_t limit = (uint32_t)(sizeof sched->threads / sizeof sched->threads[0]);
    sched->max_threads = max_threads < 1 ? 1 : max_threads > limit ? limit : max_threads;
}

static rz_sched_job *sched_find_job(rz_sched *sched)
{
    for (rz_sched_job *job = sched->jobs; job != NULL; job = job->next) {
        if (job->next_idx < job->limit) {
            return job;
        }
    }
    return NULL;
}

static void sched_thread(void *arg)
{
    rz_sched *sched = (rz_sched *)arg;
    rz_mutex_lock(&sched->lock);
    while (!sched->stop) {
        rz_sched_job *job = sched_find_job(sched);
        if (job == NULL) {
            rz_cond_wait(&sched->wake, &sched->lock);
            continue;
        }
        uint32_t idx = job->next_idx++;
        job->running++;
        rz_mutex_unlock(&sched->lock);
        job->fn(job->arg, idx);
        rz_mutex_lock(&sched->lock);
        if (--job->running == 0) {
            rz_cond_broadcast(&sched->done);
        }
    }
    rz_mutex_unlock(&sched->lock);
}

/* Starts threads until there are enough for one job of worker_count. A refused thread is no failure: the work is done by fewer. */
static void sched_start_threads(rz_sched *sched, uint32_t worker_count)
{
    while (sched->thread_count + 1 < worker_count && sched->thread_count + 1 < sched->max_threads) {
        if (rz_thread_start(&sched->threads[sched->thread_count], 0, sched_thread, sched) != RUZU_OK) {
            return;
        }
        sched->thread_count++;
    }
}

void rz_sched_open(rz_sched_job *job, uint32_t worker_count, rz_task_fn fn, void *arg)
{
    *job = (rz_sched_job){.fn = fn, .arg = arg, .next_idx = 1, .limit = worker_count};
}

void rz_sched_invite(rz_sched *sched, rz_sched_job *job)
{
    if (job->invited || job->limit <= 1) {
        return;
    }
    job->invited = true;
    rz_mutex_lock(&sched->lock);
    sched_start_threads(sched, job->limit);
    job->next = sched->jobs;
    sched->jobs = job;
    rz_cond_broadcast(&sched->wake);
    rz_mutex_unlock(&sched->lock);
}

void rz_sched_close(rz_sched *sched, rz_sched_job *job)
{
    if (!job->invited) {
        return;
    }
    rz_mutex_lock(&sched->lock);
    rz_sched_job **link = &sched->jobs;
    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    while (job->running != 0) {
        rz_cond_wait(&sched->done, &sched->lock);
    }
    rz_mutex_unlock(&sched->lock);
}

void rz_sched_run(rz_sched *sched, uint32_t worker_count, rz_task_fn fn, void *arg)
{
    rz_sched_job job;
    rz_sched_open(&job, worker_count, fn, arg);
    rz_sched_invite(sched, &job);
    fn(arg, 0);
    rz_sched_close(sched, &job);
}

void rz_sched_destroy(rz_sched *sched)
{
    if (sched == NULL) {
        return;
    }
    rz_mutex_lock(&sched->lock);
    sched->stop = true;
    rz_cond_broadcast(&sched->wake);
    rz_mutex_unlock(&sched->lock);
    for (uint32_t i = 0; i < sched->thread_count; i++) {
        rz_thread_join(sched->threads[i]);
    }
    rz_cond_destroy(&sched->done);
    rz_cond_destroy(&sched->wake);
    rz_mutex_destroy(&sched->lock);
    rz_mem_free(sched->mem, sched, sizeof *sched);
}
