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

/* Takes the finished result set out of the RESULT sink; NULL when the query returns nothing. */
rz_result_set *rz_sink_result_take(rz_exec *exec, const rz_plan *plan);

#endif
