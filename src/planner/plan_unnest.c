/* SPDX-License-Identifier: MIT */
/*
 * Subqueries that hang on the outer rows by equalities of values only, as hash joins:
 *
 *   OPTIONAL MATCH (b:B) WHERE b.x = a.x AND …           HASH_JOIN LEFT
 *   WHERE [NOT] EXISTS {MATCH (b:B) WHERE b.x = a.x …}   HASH_JOIN SEMI, ANTI
 *   EXISTS {…}, COUNT {…} as values                      HASH_JOIN LEFT with the build side's rows grouped by the keys
 *
 * As an APPLY the pattern would be joined to each batch of outer rows, all its matches made, and then counted by row
 * number. Here one match is enough for SEMI and ANTI, and what is needed of the build side may be as little as its
 * different keys.
 *
 * Not where a part of the pattern is known outside, where something else than an equality connects the two, where the
 * pattern falls into parts that only the outer rows connect, nor where a predicate may fail: it must not be evaluated
 * when there are no outer rows. A node whose primary key is given is looked up instead, unless most of them are.
 */
#include "planner/join.h"

/* From here on duplicates among the keys are worth removing before the join. */
#define UNNEST_MIN_ROWS  2000.0
#define UNNEST_MIN_SHARE 4.0 /* rows a key */

typedef struct unnest_keys {
    rz_expr **outer;
    rz_expr **inner;
    uint32_t count;
    double selectivity;
} unnest_keys;

typedef struct unnest_pattern {
    plan_set inner;       /* columns that the pattern makes */
    rz_bound_match match; /* without the equalities that connect it */
    unnest_keys keys;
} unnest_pattern;

/* ---- what the pattern is made of ---- */

static bool unnest_overlaps(const plan_set *a, const plan_set *b)
{
    uint32_t count = a->word_count < b->word_count ? a->word_count : b->word_count;
    for (uint32_t w = 0; w < count; w++) {
        if ((a->words[w] & b->words[w]) != 0) {
            return true;
        }
    }
    return false;
}

static bool unnest_contains(const plan_set *all, const plan_set *some)
{
    for (uint32_t w = 0; w < some->word_count; w++) {
        if ((some->words[w] & ~(w < all->word_count ? all->words[w] : 0)) != 0) {
            return false;
        }
    }
    return true;
}

/* The columns that the pattern makes; false when some of them are known outside, or a search looks outside. */
static bool unnest_columns(rz_planner *planner, const rz_plan *outer, const rz_bound_pattern *pattern, plan_set *out)
{
    plan_set known = {0};
    plan_set searched = {0};
    rz_plan_set_columns(planner, &known, outer->columns, outer->column_count);
    for (uint32_t i = 0; i < pattern->node_count; i++) {
        rz_plan_set_add(planner, out, pattern->nodes[i].column);
    }
    for (uint32_t i = 0; i < pattern->edge_count; i++) {
        const rz_bound_recursive *recursive = pattern->edges[i].recursive;
        rz_plan_set_add(planner, out, pattern->edges[i].column);
        if (recursive != NULL) {
            rz_plan_set_uses_all(planner, &searched, recursive->rel_filters, recursive->rel_filter_count);
            rz_plan_set_uses_all(planner, &searched, recursive->node_filters, recursive->node_filter_count);
            if (recursive->cost_column != RZ_NO_COLUMN_ID) {
                rz_plan_set_add(planner, out, recursive->cost_column);
            }
        }
    }
    for (uint32_t i = 0; i < pattern->path_count; i++) {
        rz_plan_set_add(planner, out, pattern->paths[i].column);
    }
    return !unnest_overlaps(&known, out) && !unnest_overlaps(&known, &searched);
}

/* Do relationships hold the pattern together? */
static ruzu_status unnest_is_connected(rz_planner *planner, const rz_bound_pattern *pattern, bool *out, rz_error *err)
{
    uint32_t *parts = RZ_NEW_ARRAY(planner->arena, uint32_t, pattern->node_count);
    RZ_TRY_ALLOC(parts, err, "planning a subquery");
    for (uint32_t i = 0; i < pattern->node_count; i++) {
        parts[i] = i;
        for (uint32_t j = 0; j < i; j++) { /* the same node twice */
            parts[i] = pattern->nodes[j].column == pattern->nodes[i].column ? parts[j] : parts[i];
        }
    }
    for (uint32_t e = 0; e < pattern->edge_count; e++) {
        uint32_t into = parts[pattern->edges[e].from];
        uint32_t gone = parts[pattern->edges[e].to];
        for (uint32_t i = 0; i < pattern->node_count; i++) {
            parts[i] = parts[i] == gone ? into : parts[i];
        }
    }
    *out = pattern->node_count != 0;
    for (uint32_t i = 1; i < pattern->node_count; i++) {
        *out = *out && parts[i] == parts[0];
    }
    return RUZU_OK;
}

/* Looking the node up costs less than reading its table. */
static bool unnest_prefers_lookup(const rz_planner *planner, const rz_plan *outer, const rz_expr *key)
{
    if (key->kind != RZ_EXPR_PROPERTY || !rz_plan_rule(planner, RZ_RULE_KEY_LOOKUP) || planner->context->eager ||
        !rz_plan_is_key(planner, key)) {
        return false;
    }
    return outer->rows < 1e4; /* beyond, look-ups take longer than most tables */
}

/* Takes an equality between the two sides as a key; *out_fits false when the predicate connects them otherwise. */
static ruzu_status unnest_key(plan_arm *arm, const rz_expr *predicate, unnest_pattern *io, bool *out_fits,
                              rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_compare_op op;
    *out_fits = false;
    if (!rz_plan_comparison(predicate, &op) || op != RZ_CMP_EQ || rz_plan_has_subquery(predicate)) {
        return RUZU_OK;
    }
    for (uint32_t side = 0; side < 2; side++) {
        rz_expr *outer = predicate->children[side];
        rz_expr *inner = predicate->children[1 - side];
        plan_set outer_uses = {0};
        plan_set inner_uses = {0};
        rz_plan_set_uses(planner, &outer_uses, outer);
        rz_plan_set_uses(planner, &inner_uses, inner);
        if (rz_expr_is_constant(outer) || rz_expr_is_constant(inner) || !rz_plan_has_all(arm->cur, &outer_uses) ||
            !unnest_contains(&io->inner, &inner_uses) || !rz_type_equal(outer->type, inner->type) ||
            !rz_match_type_hashes(outer->type) || unnest_prefers_lookup(planner, arm->cur, inner)) {
            continue;
        }
        unnest_keys *keys = &io->keys;
        keys->outer[keys->count] = outer;
        keys->inner[keys->count++] = inner;
        keys->selectivity *= rz_plan_selectivity(planner, predicate);
        *out_fits = true;
        return rz_plan_check(planner, err);
    }
    return rz_plan_check(planner, err);
}

/* Takes the pattern apart; *out_fits false: it must stay an APPLY. */
static ruzu_status unnest_pattern_of(plan_arm *arm, const rz_bound_match *match, unnest_pattern *out, bool *out_fits,
                                     rz_error *err)
{
    rz_planner *planner = arm->planner;
    const uint32_t rules = RZ_RULE_UNNEST | RZ_RULE_HASH_JOIN | RZ_RULE_PUSH_DOWN;
    uint32_t count = match->predicate_count;
    *out = (unnest_pattern){.match = *match, .keys = {.selectivity = 1}};
    *out_fits = false;
    if ((planner->context->rules & rules) != rules || match->hint != NULL || rz_plan_is_unit(arm->cur) ||
        !unnest_columns(planner, arm->cur, &match->pattern, &out->inner)) {
        return rz_plan_check(planner, err);
    }
    bool connected = false;
    RZ_TRY(unnest_is_connected(planner, &match->pattern, &connected, err));
    out->match.optional = false;
    out->match.predicates = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    out->match.predicate_count = 0;
    out->keys.outer = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    out->keys.inner = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    if (out->match.predicates == NULL || out->keys.outer == NULL || out->keys.inner == NULL) {
        return rz_error_no_memory(err, "planning a subquery");
    }
    for (uint32_t i = 0; i < count && connected; i++) {
        rz_expr *predicate = match->predicates[i];
        plan_set uses = {0};
        rz_plan_set_uses(planner, &uses, predicate);
        if (rz_expr_can_fail(predicate) || rz_expr_is_volatile(predicate)) {
            return rz_plan_check(planner, err);
        }
        bool taken = unnest_contains(&out->inner, &uses);
        if (taken) {
            out->match.predicates[out->match.predicate_count++] = predicate;
        } else {
            RZ_TRY(unnest_key(arm, predicate, out, &taken, err));
        }
        if (!taken) {
            return rz_plan_check(planner, err);
        }
    }
    *out_fits = connected && out->keys.count != 0;
    return rz_plan_check(planner, err);
}

/* ---- the build side ---- */

/* Plans the pattern on its own; the keys are ready to be evaluated afterwards. counted: only its keys are wanted. */
static ruzu_status unnest_part(plan_arm *arm, unnest_pattern *pattern, const plan_set *after, bool counted,
                               rz_plan **out, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const rz_bound_match *match = &pattern->match;
    plan_arm part = {.planner = planner, .counted = counted};
    plan_set need = {0};
    plan_set present = {0};
    rz_plan_set_union(planner, &need, after);
    rz_plan_set_uses_all(planner, &need, pattern->keys.inner, pattern->keys.count);
    rz_plan_set_union(planner, &present, &planner->present);
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_SINGLE_ROW, NULL, NULL, &part.cur, err));
    RZ_TRY(rz_plan_match(&part, &match, 1, &need, err));
    planner->present = present; /* what was found is not there for every outer row */
    RZ_TRY(rz_plan_prepare_exprs(&part, pattern->keys.inner, pattern->keys.count, &pattern->keys.inner, err));
    RZ_TRY(rz_plan_prepare_exprs(arm, pattern->keys.outer, pattern->keys.count, &pattern->keys.outer, err));
    *out = part.cur;
    return rz_plan_check(planner, err);
}

static ruzu_status unnest_count_rows(rz_planner *planner, rz_expr **out, rz_error *err)
{
    rz_agg_bound *bound = RZ_NEW(planner->arena, rz_agg_bound);
    RZ_TRY_ALLOC(bound, err, "planning a subquery");
    RZ_TRY(rz_agg_resolve("COUNT_STAR", NULL, false, planner->arena, bound, err));
    *out = rz_expr_new(planner->arena, RZ_EXPR_AGGREGATE, bound->result, NULL, 0);
    RZ_TRY_ALLOC(*out, err, "planning a subquery");
    (*out)->u.aggregate.bound = bound;
    (*out)->name = "COUNT(*)";
    return RUZU_OK;
}

/* Groups the part's rows by its keys, which become columns. count_column: where the number of rows goes, or
 * RZ_NO_COLUMN_ID. */
static ruzu_status unnest_group(rz_planner *planner, unnest_keys *keys, uint32_t count_column, rz_plan **io,
                                rz_error *err)
{
    uint32_t width = keys->count + (count_column != RZ_NO_COLUMN_ID);
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, width);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, width);
    if (exprs == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a subquery");
    }
    for (uint32_t k = 0; k < keys->count; k++) {
        exprs[k] = keys->inner[k];
        RZ_TRY(rz_plan_new_column(planner, exprs[k]->type, exprs[k]->name, &columns[k], err));
        RZ_TRY(rz_plan_column_expr(planner, columns[k], &keys->inner[k], err));
    }
    if (count_column != RZ_NO_COLUMN_ID) {
        RZ_TRY(unnest_count_rows(planner, &exprs[keys->count], err));
        columns[keys->count] = count_column;
    }
    double rows = rz_plan_group_count(planner, exprs, keys->count, (*io)->rows);
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_AGGREGATE, *io, NULL, io, err));
    rz_plan *plan = *io;
    plan->u.aggregate.keys = exprs;
    plan->u.aggregate.key_columns = columns;
    plan->u.aggregate.key_count = keys->count;
    plan->u.aggregate.aggregates = exprs + keys->count;
    plan->u.aggregate.aggregate_columns = columns + keys->count;
    plan->u.aggregate.aggregate_count = width - keys->count;
    plan->rows = rows;
    plan->columns = columns;
    plan->column_count = width;
    return RUZU_OK;
}

static bool unnest_has_duplicates(rz_planner *planner, const unnest_keys *keys, const rz_plan *part)
{
    double different = rz_plan_group_count(planner, keys->inner, keys->count, part->rows);
    return planner->context->eager || (part->rows > UNNEST_MIN_ROWS && part->rows > UNNEST_MIN_SHARE * different);
}

/* ---- the join ---- */

static ruzu_status unnest_join(plan_arm *arm, const unnest_keys *keys, rz_plan *part, rz_join_kind kind, rz_error *err)
{
    rz_plan *outer = arm->cur;
    bool rows_out = kind == RZ_JOIN_LEFT;
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_HASH_JOIN, outer, part, &arm->cur, err));
    if (!rows_out) {
        arm->cur->columns = outer->columns;
        arm->cur->column_count = outer->column_count;
    }
    arm->cur->u.join.kind = kind;
    arm->cur->u.join.probe_keys = keys->outer;
    arm->cur->u.join.build_keys = keys->inner;
    arm->cur->u.join.key_count = keys->count;
    double matches = part->rows * keys->selectivity;
    arm->cur->rows = outer->rows * (!rows_out ? 0.5 : matches < 1 ? 1 : matches);
    return RUZU_OK;
}

ruzu_status rz_unnest_semi(plan_arm *arm, const rz_bound_match *match, bool negated, bool *out_done, rz_error *err)
{
    unnest_pattern pattern;
    rz_plan *part = NULL;
    const plan_set nothing = {0};
    RZ_TRY(unnest_pattern_of(arm, match, &pattern, out_done, err));
    if (!*out_done) {
        return RUZU_OK;
    }
    RZ_TRY(unnest_part(arm, &pattern, &nothing, true, &part, err));
    if (unnest_has_duplicates(arm->planner, &pattern.keys, part)) {
        RZ_TRY(unnest_group(arm->planner, &pattern.keys, RZ_NO_COLUMN_ID, &part, err));
    }
    return unnest_join(arm, &pattern.keys, part, negated ? RZ_JOIN_ANTI : RZ_JOIN_SEMI, err);
}

ruzu_status rz_unnest_optional(plan_arm *arm, const rz_bound_match *match, const plan_set *after, bool *out_done,
                               rz_error *err)
{
    unnest_pattern pattern;
    rz_plan *part = NULL;
    RZ_TRY(unnest_pattern_of(arm, match, &pattern, out_done, err));
    if (!*out_done) {
        return RUZU_OK;
    }
    RZ_TRY(unnest_part(arm, &pattern, after, false, &part, err));
    return unnest_join(arm, &pattern.keys, part, RZ_JOIN_LEFT, err);
}

ruzu_status rz_unnest_value(plan_arm *arm, const rz_bound_match *match, bool counts, rz_expr **out, bool *out_done,
                            rz_error *err)
{
    rz_planner *planner = arm->planner;
    unnest_pattern pattern;
    rz_plan *part = NULL;
    uint32_t count_column = RZ_NO_COLUMN_ID;
    const plan_set nothing = {0};
    RZ_TRY(unnest_pattern_of(arm, match, &pattern, out_done, err));
    if (!*out_done) {
        return RUZU_OK;
    }
    RZ_TRY(unnest_part(arm, &pattern, &nothing, true, &part, err));
    if (counts) {
        RZ_TRY(rz_plan_new_column(planner, RZ_INT64, NULL, &count_column, err));
    }
    RZ_TRY(unnest_group(planner, &pattern.keys, count_column, &part, err));
    RZ_TRY(unnest_join(arm, &pattern.keys, part, RZ_JOIN_LEFT, err));
    arm->cur->rows = arm->cur->children[0]->rows; /* a group is met once */
    if (!counts) { /* keys that were met are not NULL */
        *out = rz_expr_new(planner->arena, RZ_EXPR_IS_NOT_NULL, RZ_BOOL, &pattern.keys.inner[0], 1);
        RZ_TRY_ALLOC(*out, err, "planning a subquery");
        return RUZU_OK;
    }
    rz_value zero = {.type = RZ_INT64};
    rz_expr *choices[2];
    RZ_TRY(rz_plan_column_expr(planner, count_column, &choices[0], err));
    choices[1] = rz_expr_literal(planner->arena, &zero);
    RZ_TRY_ALLOC(choices[1], err, "planning a subquery");
    choices[1]->name = "0";
    *out = rz_expr_new(planner->arena, RZ_EXPR_COALESCE, RZ_INT64, choices, 2);
    RZ_TRY_ALLOC(*out, err, "planning a subquery");
    return RUZU_OK;
}
