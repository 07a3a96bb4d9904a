/* SPDX-License-Identifier: MIT */
/*
 * What kept executions ask of NODE_SCAN (private to the executor).
 */
#ifndef RZ_EXECUTOR_NODE_SCAN_H
#define RZ_EXECUTOR_NODE_SCAN_H

#include "executor/op.h"

/* Another execution begins, with a snapshot of its own: divides the tables' rows again. Before any worker starts. */
RZ_NODISCARD ruzu_status rz_node_scan_divide(rz_exec *exec, const rz_plan *plan, rz_error *err);

#endif
