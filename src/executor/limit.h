/* SPDX-License-Identifier: MIT */
/*
 * Values of SKIP and LIMIT (private to the executor).
 */
#ifndef RZ_EXECUTOR_LIMIT_H
#define RZ_EXECUTOR_LIMIT_H

#include "executor/op.h"

/* The non-negative integer that expr stands for, at most 2^63 - 1; *out keeps its value when expr is NULL. */
RZ_NODISCARD ruzu_status rz_limit_value(rz_worker *worker, const rz_expr *expr, uint64_t *out, rz_error *err);

#endif
