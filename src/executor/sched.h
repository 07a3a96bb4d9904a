/* SPDX-License-Identifier: MIT */
/*
 * Worker threads (private to the executor).
 */
#ifndef RZ_EXECUTOR_SCHED_H
#define RZ_EXECUTOR_SCHED_H

#include "executor/executor.h"

/* worker_idx: 0 is the caller's thread, 1 … others. */
typedef void (*rz_task_fn)(void *arg, uint32_t worker_idx);

/* Runs fn on the caller's thread as worker 0 and, as threads are free, as workers 1 … worker_count - 1; returns when all that started have ended. A worker that finds no
 * free thread before worker 0 has ended never starts: fn must not rely on the number. */
void rz_sched_run(rz_sched *sched, uint32_t worker_count, rz_task_fn fn, void *arg);

#endif
