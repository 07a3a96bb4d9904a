/* SPDX-License-Identifier: MIT */
/*
 * How much work hangs on each scan: the largest number of rows estimated between it and the sink of its pipeline. A scan of few nodes with much work behind each
 * (111 countries and everybody who lives there) has to be divided finely, or one thread does it all; the executor decides, it knows the threads.
 */
#include "planner/build.h"

static double work_more(double a, double b)
{
    return a > b ? a : b;
}

void rz_plan_weigh_scans(rz_plan *plan, double above)
{
    double here = work_more(above, plan->rows);
    switch (plan->kind) {
    case RZ_PLAN_NODE_SCAN: plan->u.scan.work = here; break;
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_AGGREGATE:
    case RZ_PLAN_SORT:
    case RZ_PLAN_BARRIER:
    case RZ_PLAN_RESULT: here = 0; break; /* another pipeline */
    default: break;
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        /* A join's build side is a pipeline of its own; the inner plan of an APPLY has nothing to divide. */
        bool apart = i > 0 && (plan->kind == RZ_PLAN_HASH_JOIN || plan->kind == RZ_PLAN_APPLY);
        rz_plan_weigh_scans(plan->children[i], apart ? 0 : here);
    }
}
