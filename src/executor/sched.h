/* SPDX-License-Identifier: MIT */
/*
 * Worker threads (private to the executor).
 */
#ifndef RZ_EXECUTOR_SCHED_H
#define RZ_EXECUTOR_SCHED_H

#include "executor/executor.h"

/* worker_idx: 0 is the caller's thread, 1 … others. */
typedef void (*rz_task_fn)(void *arg, uint32_t worker_idx);

/* One job: its caller's, who works as worker 0; other threads join only once they are invited. */
typedef struct rz_sched_job {
    struct rz_sched_job *next; /* in the queue */
    rz_task_fn fn;
    void *arg;
    uint32_t next_idx; /* worker number of the next thread that joins */
    uint32_t limit;    /* worker numbers are below this */
    uint32_t running;  /* threads at work on it, the caller not counted */
    bool invited;      /* it stands in the queue */
} rz_sched_job;

/* The caller's thread calls all three. fn must not rely on the number of workers: one that finds no free thread before the job is closed never starts. */
void rz_sched_open(rz_sched_job *job, uint32_t worker_count, rz_task_fn fn, void *arg); /* up to worker_count - 1 threads besides the caller */
void rz_sched_invite(rz_sched *sched, rz_sched_job *job); /* calls them; waking one costs tens of microseconds */
void rz_sched_close(rz_sched *sched, rz_sched_job *job);  /* no more may join; returns when those that did have ended */

/* Runs fn on the caller's thread as worker 0 and, as threads are free, as workers 1 … worker_count - 1; returns when all that started have ended. */
void rz_sched_run(rz_sched *sched, uint32_t worker_count, rz_task_fn fn, void *arg);

#endif
