/* SPDX-License-Identifier: MIT */
/*
 * Rows of one chain dealt out to several workers (private to the executor): op_spread.c.
 */
#ifndef RZ_EXECUTOR_SPREAD_H
#define RZ_EXECUTOR_SPREAD_H

#include "executor/exec.h"

/* The caller's thread, no worker running. rz_spread_close frees what create made; NULL is fine. */
RZ_NODISCARD ruzu_status rz_spread_create(rz_exec *exec, const rz_plan *plan, rz_spread **out, rz_error *err);
void rz_spread_close(rz_spread *spread);
/* An execution of a kept plan has ended. */
RZ_NODISCARD ruzu_status rz_spread_restart(rz_spread *spread, rz_error *err);
/* Does a worker get the rows of this plan dealt, or build its operator? spread may be NULL. */
bool rz_spread_feeds(const rz_spread *spread, const rz_worker *worker, const rz_plan *plan);

extern const rz_op_class rz_op_spread;

#endif
