/* SPDX-License-Identifier: MIT */
/*
 * Actual figures of a run, per plan node (PROFILE; private to the executor).
 *
 * Time and memory are taken where work passes from one node to another: when an operator is built or pulled, when a sink is given a chunk. So there are two looks at the
 * clock a chunk and operator, none a row. Without a profile none of these functions does anything.
 *
 * Memory has three sources: the node's account (rz_exec_account: buffers, tables, decoded lists), what workers' and the statement's arenas gave out while the node was
 * at work (states, vectors), and the most that one pull took of a worker's scratch arena.
 */
#ifndef RZ_EXECUTOR_PROFILE_H
#define RZ_EXECUTOR_PROFILE_H

#include "executor/op.h"

rz_mem *rz_profile_account(rz_profile *profile, const rz_plan *plan);

/* The node is at work on this worker from now on, NULL: none is. Returns the one before, which goes on when this one is done. */
const rz_plan *rz_profile_enter(rz_worker *worker, const rz_plan *plan);

/* Adds an operator's rows and time when it is closed. */
void rz_profile_add(const rz_op *op);

typedef struct rz_profile_mark {
    const rz_plan *before; /* node at work */
    uint64_t time_ns;
    uint64_t arena_bytes;
} rz_profile_mark;
/* Around a call of a sink's function for one worker, which was given so many rows. The sink's input is not at work meanwhile. Only with a profile. */
void rz_profile_begin_sink(rz_worker *worker, const rz_plan *sink, rz_profile_mark *out);
void rz_profile_end_sink(rz_worker *worker, const rz_plan *sink, const rz_profile_mark *begin, uint64_t rows);
/* Around what is done for a node before and after its workers. */
void rz_profile_begin_setup(const rz_exec *exec, rz_profile_mark *out);
void rz_profile_end_setup(const rz_exec *exec, const rz_plan *plan, const rz_profile_mark *begin);

#endif
