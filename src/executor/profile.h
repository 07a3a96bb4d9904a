/* SPDX-License-Identifier: MIT */
/*
 * Actual figures of a run, per plan node (PROFILE; private to the executor).
 */
#ifndef RZ_EXECUTOR_PROFILE_H
#define RZ_EXECUTOR_PROFILE_H

#include "executor/op.h"

/* Adds an operator's figures when it is closed. Does nothing without a profile. */
void rz_profile_add(const rz_op *op);

#endif
