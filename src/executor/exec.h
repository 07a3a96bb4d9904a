/* SPDX-License-Identifier: MIT */
/*
 * Statement and worker life cycles (private to the executor).
 */
#ifndef RZ_EXECUTOR_EXEC_H
#define RZ_EXECUTOR_EXEC_H

#include "executor/op.h"

/* rz_exec_close must follow, also after a failure. */
RZ_NODISCARD ruzu_status rz_exec_open(const rz_exec_context *context, const rz_plan *plan, rz_profile *profile, rz_exec *exec, rz_error *err);
void rz_exec_close(rz_exec *exec);
/* Runs the plan under a RESULT node into another sink (COPY from a query). */
RZ_NODISCARD ruzu_status rz_exec_run_into(rz_exec *exec, const rz_plan *plan, const rz_sink_class *sink, void **out_shared, rz_error *err);

/* rz_worker_close must follow, also after a failure. */
RZ_NODISCARD ruzu_status rz_worker_open(rz_exec *exec, uint32_t idx, rz_worker *worker, rz_error *err);
void rz_worker_close(rz_worker *worker);

/* Another execution begins or ended: readers and what depends on the statement. rz_worker_restart needs a suspended worker; after a failure only close may follow. */
RZ_NODISCARD ruzu_status rz_worker_restart(rz_worker *worker, rz_error *err);
void rz_worker_suspend(rz_worker *worker);

/* The other threads that the running pipeline has not called yet, if any, are not called before rz_exec_resume_call. Only the caller's thread finds any. */
struct rz_sched_job *rz_exec_hold_call(const rz_exec *exec);
void rz_exec_resume_call(const rz_exec *exec, struct rz_sched_job *uncalled);

/* ---- pipelines ---- */

/* One sink with what feeds it; of a kept plan, with the first worker's objects. */
typedef struct rz_exec_pipeline {
    rz_exec *exec;
    const rz_plan *sink_plan;
    const rz_plan *input;       /* the child whose chain feeds the sink */
    const rz_sink_class *sink;
    void *shared;
    rz_mutex lock;
    rz_error error;             /* guarded by lock: the first failure */
    struct rz_exec_pipeline *next; /* kept plans: the one that runs after this one */
    bool kept;                  /* worker, chain and local are there from an execution before */
    rz_worker worker;           /* the first worker: that of the caller's thread */
    rz_op *chain;
    void *local;
    rz_spread *spread;          /* rows dealt out to the workers; NULL: none */
    _Atomic uint32_t ended;     /* a worker has found the end of the input: who has not begun need not */
} rz_exec_pipeline;

/* Runs a pipeline whose shared object is ready, and the sink's finish. */
RZ_NODISCARD ruzu_status rz_exec_pipeline_run(rz_exec_pipeline *pipeline, rz_error *err);
/* Runs all of a plan that ends in RESULT; with exec->keeps the pipelines stay. */
RZ_NODISCARD ruzu_status rz_exec_run_plan(rz_exec *exec, const rz_plan *plan, rz_result_set **out, rz_error *err);
/* Ends the first worker of a kept pipeline. */
void rz_exec_pipeline_close(rz_exec_pipeline *pipeline);

/* Takes the finished result set out of the RESULT sink; NULL when the query returns nothing. */
rz_result_set *rz_sink_result_take(rz_exec *exec, const rz_plan *plan);
/* Gives it an empty set of the same plan, for its next execution. */
void rz_sink_result_give(rz_exec *exec, const rz_plan *plan, rz_result_set *set);

#endif
