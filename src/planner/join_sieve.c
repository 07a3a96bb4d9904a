/* SPDX-License-Identifier: MIT */
/*
 * What a hash join knows of its build side, told to the probe side early: a JOIN_FILTER right below the operators that make rows many, or that cost much a row, drops rows whose keys the
 * build side does not have. The join itself would drop them, after all that work.
 *
 * For joins that drop rows without a partner (INNER, SEMI). Rows of the probe side come from one row each of what is below, so leaving one out changes no other.
 */
#include "planner/build.h"

#define SIEVE_MAX_SHARE 0.6    /* of the rows may pass for it to pay */
#define SIEVE_MIN_ROWS  1000.0 /* fewer are not worth it */
#define SIEVE_MOST      4u     /* of one join */

typedef enum sieve_step {
    SIEVE_STOP,  /* rows do not come from one row each, or something is written */
    SIEVE_CHEAP,
    SIEVE_WORK   /* makes many rows, or takes long for each */
} sieve_step;

static sieve_step sieve_step_of(const rz_plan *plan)
{
    switch (plan->kind) {
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_INTERSECT:
    case RZ_PLAN_COUNT_EXCEPT:
    case RZ_PLAN_RECURSIVE:
    case RZ_PLAN_HASH_JOIN:
    case RZ_PLAN_UNWIND:
    case RZ_PLAN_APPLY: return SIEVE_WORK;
    case RZ_PLAN_DEGREE:
    case RZ_PLAN_MESSAGE_APPLY:
    case RZ_PLAN_NODE_LOOKUP:
    case RZ_PLAN_FILTER:
    case RZ_PLAN_JOIN_FILTER: return SIEVE_CHEAP;
    case RZ_PLAN_PROJECT:
        for (uint32_t i = 0; i < plan->u.project.count; i++) {
            if (rz_expr_is_volatile(plan->u.project.exprs[i])) {
                return SIEVE_STOP;
            }
        }
        return SIEVE_CHEAP;
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_NODE_SCAN:
    case RZ_PLAN_TABLE_FUNCTION:
    case RZ_PLAN_FILE_SCAN:
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_MESSAGE:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_LIMIT:
    case RZ_PLAN_AGGREGATE:
    case RZ_PLAN_SORT:
    case RZ_PLAN_UNION:
    case RZ_PLAN_REUSE:
    case RZ_PLAN_BARRIER:
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE:
    case RZ_PLAN_MERGE:
    case RZ_PLAN_RESULT: break;
    }
    return SIEVE_STOP;
}

bool rz_plan_sieve_passes(const rz_plan *plan)
{
    return sieve_step_of(plan) != SIEVE_STOP;
}

/* The lowest place in the probe side where the key is known and work stands above; NULL: none. */
static rz_plan **sieve_place(rz_planner *planner, rz_plan *join, const rz_expr *key)
{
    rz_plan **best = NULL;
    plan_set uses = {0};
    rz_plan_set_uses(planner, &uses, key);
    for (rz_plan *plan = join->children[0]; plan->child_count != 0; plan = plan->children[0]) {
        sieve_step step = sieve_step_of(plan);
        if (step == SIEVE_STOP || !rz_plan_has_all(plan->children[0], &uses)) {
            break;
        }
        best = step == SIEVE_WORK ? &plan->children[0] : best;
    }
    return best;
}

static ruzu_status sieve_put(rz_planner *planner, rz_plan *join, rz_plan **place, const uint32_t *keys, uint32_t key_count, rz_plan_sieve *out, bool *out_done, rz_error *err)
{
    rz_expr **probe = RZ_NEW_ARRAY(planner->arena, rz_expr *, key_count);
    rz_expr **build = RZ_NEW_ARRAY(planner->arena, rz_expr *, key_count);
    if (probe == NULL || build == NULL) {
        return rz_error_no_memory(err, "planning a join");
    }
    for (uint32_t i = 0; i < key_count; i++) {
        probe[i] = join->u.join.probe_keys[keys[i]];
        build[i] = join->u.join.build_keys[keys[i]];
    }
    rz_plan *below = *place;
    double built = rz_plan_group_count(planner, build, key_count, join->children[1]->rows);
    double probed = rz_plan_group_count(planner, probe, key_count, below->rows);
    double share = built < probed ? built / probed : 1;
    *out_done = planner->context->eager || (share <= SIEVE_MAX_SHARE && below->rows >= SIEVE_MIN_ROWS);
    if (!*out_done) {
        return RUZU_OK;
    }
    rz_plan *filter = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_JOIN_FILTER, below, NULL, &filter, err));
    filter->u.join_filter.join = join;
    filter->u.join_filter.sieve = join->u.join.sieve_count;
    filter->rows = below->rows * share;
    *place = filter;
    *out = (rz_plan_sieve){.keys = keys, .key_count = key_count, .rows = built};
    return RUZU_OK;
}

ruzu_status rz_plan_sieve_join(rz_planner *planner, rz_plan *join, rz_error *err)
{
    uint32_t count = join->u.join.key_count;
    if ((join->u.join.kind != RZ_JOIN_INNER && join->u.join.kind != RZ_JOIN_SEMI) || !rz_plan_rule(planner, RZ_RULE_SIEVE) || count == 0) {
        return RUZU_OK;
    }
    rz_plan ***places = RZ_NEW_ARRAY(planner->arena, rz_plan **, count);
    rz_plan_sieve *sieves = RZ_NEW_ARRAY(planner->arena, rz_plan_sieve, SIEVE_MOST);
    if (places == NULL || sieves == NULL) {
        return rz_error_no_memory(err, "planning a join");
    }
    for (uint32_t k = 0; k < count; k++) {
        places[k] = sieve_place(planner, join, join->u.join.probe_keys[k]);
    }
    join->u.join.sieves = sieves;
    for (uint32_t k = 0; k < count && join->u.join.sieve_count < SIEVE_MOST; k++) {
        rz_plan **place = places[k];
        uint32_t *keys = RZ_NEW_ARRAY(planner->arena, uint32_t, count);
        RZ_TRY_ALLOC(keys, err, "planning a join");
        uint32_t key_count = 0;
        for (uint32_t other = k; other < count && place != NULL; other++) { /* keys of the same place together */
            if (places[other] == place) {
                keys[key_count++] = other;
                places[other] = NULL;
            }
        }
        bool done = false;
        if (key_count != 0) {
            RZ_TRY(sieve_put(planner, join, place, keys, key_count, &sieves[join->u.join.sieve_count], &done, err));
            join->u.join.sieve_count += done;
        }
    }
    return rz_plan_check(planner, err);
}
