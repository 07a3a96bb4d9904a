/* SPDX-License-Identifier: MIT */
/*
 * How much work hangs on each scan: the largest number of rows estimated between it and the sink of its pipeline. A scan of few nodes with much work behind each
 * (111 countries and everybody who lives there) has to be divided finely, or one thread does it all; the executor decides, it knows the threads.
 * A pipeline that begins at a single row has no scan to divide: its rows are dealt out (`spread`) where it has fanned out a little and much is expected to come.
 */
#include "planner/build.h"

#define WORK_ENTRY 0.5 /* of a row: a number that MESSAGE_APPLY adds up */

static double work_more(double a, double b)
{
    return a > b ? a : b;
}

void rz_plan_weigh_scans(rz_plan *plan, double above)
{
    double here = work_more(above, plan->rows);
    if (plan->kind == RZ_PLAN_FILTER && plan->children[0]->kind == RZ_PLAN_NODE_SCAN) {
        plan->children[0]->u.scan.kept = plan->rows;
    }
    switch (plan->kind) {
    case RZ_PLAN_NODE_SCAN: plan->u.scan.work = here; break;
    case RZ_PLAN_MESSAGE_APPLY: here = work_more(here, plan->u.apply_message.entries * WORK_ENTRY); break;
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED:
    case RZ_PLAN_REUSE:
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

/* ---- pipelines that begin at one row ---- */

#define SPREAD_WORK 2000.0 /* rows expected above; estimates of what hangs on one key are often far too low */
#define SPREAD_FAN 8.0     /* rows to deal out, and how many times as many are expected above */

/* May rows pass an operator in any order, on several workers? UNWIND's order is one that people rely on. */
static bool spread_passes(const rz_plan *plan)
{
    switch (plan->kind) {
    case RZ_PLAN_NODE_LOOKUP:
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_INTERSECT:
    case RZ_PLAN_DEGREE:
    case RZ_PLAN_COUNT_EXCEPT:
    case RZ_PLAN_RECURSIVE:
    case RZ_PLAN_FILTER:
    case RZ_PLAN_PROJECT:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_MESSAGE_APPLY:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_APPLY:
    case RZ_PLAN_HASH_JOIN: return true;
    default: return false;
    }
}

/* True when the chain below begins at one row and nothing of it is dealt out yet. */
static bool spread_mark(const rz_planner *planner, rz_plan *plan, double above)
{
    if (plan->kind == RZ_PLAN_SINGLE_ROW) {
        return true;
    }
    bool passes = spread_passes(plan);
    bool open = false;
    for (uint32_t i = 0; i < plan->child_count; i++) {
        bool same = i == 0 && passes; /* the same pipeline */
        if (plan->kind == RZ_PLAN_APPLY && i > 0) {
            continue; /* its inner plan has a chain of its own for each worker */
        }
        bool begins = spread_mark(planner, plan->children[i], same ? work_more(above, plan->rows) : 0);
        open = same ? begins : open;
    }
    bool fans = planner->context->eager ? plan->kind != RZ_PLAN_NODE_LOOKUP && above > 0 : above >= SPREAD_WORK && plan->rows >= SPREAD_FAN && above >= SPREAD_FAN * plan->rows;
    plan->spread = open && fans;
    return open && !plan->spread;
}

void rz_plan_mark_spreads(const rz_planner *planner, rz_plan *plan)
{
    if (rz_plan_rule(planner, RZ_RULE_SPREAD)) {
        (void)spread_mark(planner, plan, 0);
    }
}
