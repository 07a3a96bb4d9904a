/* SPDX-License-Identifier: MIT */
/*
 * Actual figures of a run, per plan node (PROFILE; private to the executor).
 */
#ifndef RZ_EXECUTOR_PROFILE_H
#define RZ_EXECUTOR_PROFILE_H

#include "executor/op.h"

/* Adds an operator's figures when it is closed. Does nothing without a profile. */
void rz_profile_add(const rz_op *op);

/* Sinks. Nothing happens without a profile. */
typedef struct rz_profile_mark {
    uint64_t time_us;
    uint64_t memory;
    uint64_t spilled;
} rz_profile_mark;
/* What one worker gave to a sink, and how long the sink took for it. */
void rz_profile_add_taken(const rz_worker *worker, const rz_plan *sink, uint64_t rows, uint64_t time_us);
void rz_profile_begin_sink(const rz_exec *exec, rz_profile_mark *out);
/* After finish, which began at finish_us. */
void rz_profile_end_sink(const rz_exec *exec, const rz_plan *sink, const rz_profile_mark *begin, uint64_t finish_us);

#endif
