/* SPDX-License-Identifier: MIT */
/*
 * What a statement would do twice is done once: messages that say the same, and other parts of plans that give the same rows.
 *
 * A message is asked by node, its columns are its own: two that scan the same tables, walk the same hops and judge by the same predicates, but for the names of their columns, are the same.
 * They come from branches that are alike, within a pattern and in the branches of a UNION. Found after the plan is finished, below first, so that messages inside of messages are
 * already the same object when those around them are compared. The plan is a graph then: the second MESSAGE_APPLY has the first one's message for its child. Not where
 * something is written in between, nor with values.
 *
 * Other parts – the same pattern in the branches of a UNION, the same build side of two joins, the same subquery twice – are kept by the first one and read by the others (REUSE), where
 * that is estimated to cost less than doing them again. They stand on their own sources: no outer rows, no filter that a join outside of them fills, nothing that gives other values each time.
 */
#include "planner/build.h"

#include <string.h>

typedef struct reuse_pair {
    uint32_t a, b;
} reuse_pair;

typedef struct reuse_joins {
    const rz_plan *a, *b;
} reuse_joins;

typedef struct reuse_map {
    rz_planner *planner;
    RZ_ARRAY(reuse_pair) pairs; /* columns that stand for each other */
    RZ_ARRAY(reuse_joins) joins; /* and joins, whose probe sides look at their build sides */
    bool failed;                /* memory was refused */
} reuse_map;

static uint32_t reuse_find(const reuse_map *map, uint32_t a)
{
    for (uint32_t i = 0; i < map->pairs.count; i++) {
        if (map->pairs.items[i].a == a) {
            return map->pairs.items[i].b;
        }
    }
    return RZ_NO_COLUMN_ID;
}

/* Two columns made at the same place. */
static bool reuse_bind(reuse_map *map, uint32_t a, uint32_t b)
{
    if (a == RZ_NO_COLUMN_ID || b == RZ_NO_COLUMN_ID) {
        return a == b;
    }
    bool same = rz_type_equal(rz_plan_type(map->planner, a), rz_plan_type(map->planner, b));
    map->failed |= same && !RZ_ARRAY_PUSH(&map->pairs, map->planner->arena, ((reuse_pair){.a = a, .b = b}));
    return same && !map->failed;
}

static bool reuse_same_hops(const rz_hop *a, uint32_t a_count, const rz_hop *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++) {
        same = a[i].pair == b[i].pair && a[i].direction == b[i].direction && a[i].from_table == b[i].from_table && a[i].to_table == b[i].to_table;
    }
    return same;
}

/* The expression with columns of b for those of a; NULL: memory was refused, or a column is not known. */
static rz_expr *reuse_translate(reuse_map *map, const rz_expr *expr)
{
    rz_expr *copy = (rz_expr *)rz_arena_dup(map->planner->arena, expr, sizeof *expr);
    map->failed |= copy == NULL;
    if (copy == NULL) {
        return NULL;
    }
    if (expr->kind == RZ_EXPR_COLUMN) {
        copy->u.column = reuse_find(map, expr->u.column);
        return copy->u.column == RZ_NO_COLUMN_ID ? NULL : copy;
    }
    copy->children = RZ_NEW_ARRAY(map->planner->arena, rz_expr *, expr->child_count);
    map->failed |= copy->children == NULL;
    for (uint32_t i = 0; i < expr->child_count && copy->children != NULL; i++) {
        copy->children[i] = reuse_translate(map, expr->children[i]);
        if (copy->children[i] == NULL) {
            return NULL;
        }
    }
    return copy->children == NULL ? NULL : copy;
}

static bool reuse_same_predicate(reuse_map *map, const rz_expr *a, const rz_expr *b)
{
    if (rz_expr_is_volatile(a) || rz_plan_has_subquery(a) || rz_plan_has_subquery(b)) {
        return false;
    }
    const rz_expr *translated = reuse_translate(map, a);
    return translated != NULL && rz_expr_equal(translated, b);
}

static bool reuse_same_exprs(reuse_map *map, rz_expr *const *a, uint32_t a_count, rz_expr *const *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++) {
        same = reuse_same_predicate(map, a[i], b[i]);
    }
    return same;
}

/* The same hops from the same node; binds the relationship. */
static bool reuse_same_walk(reuse_map *map, const rz_plan_expand *a, const rz_plan_expand *b)
{
    return reuse_find(map, a->from) == b->from && a->undirected == b->undirected && reuse_same_hops(a->hops, a->hop_count, b->hops, b->hop_count) &&
           reuse_bind(map, a->rel, b->rel);
}

static bool reuse_same_expand(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    const rz_plan_expand *x = &a->u.expand;
    const rz_plan_expand *y = &b->u.expand;
    bool same = reuse_same_walk(map, x, y);
    if (same && a->kind == RZ_PLAN_EXPAND_INTO) {
        same = reuse_find(map, x->to) == y->to;
    } else if (same) {
        same = reuse_bind(map, x->to, y->to);
    }
    return same && reuse_same_exprs(map, x->filters, x->filter_count, y->filters, y->filter_count);
}

static bool reuse_same_filter(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    return reuse_same_exprs(map, a->u.filter.predicates, a->u.filter.count, b->u.filter.predicates, b->u.filter.count);
}

static bool reuse_same_joins(const reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    for (uint32_t i = 0; i < map->joins.count; i++) {
        if (map->joins.items[i].a == a && map->joins.items[i].b == b) {
            return true;
        }
    }
    return false;
}

static bool reuse_same_indices(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

/* The same blocks are skipped: the filters that say so may stand above the part. */
static bool reuse_same_zones(const rz_plan *a, const rz_plan *b)
{
    uint32_t tables = a->u.scan.table_count;
    bool same = a->u.scan.zone_count == b->u.scan.zone_count;
    for (uint32_t i = 0; i < a->u.scan.zone_count && same; i++) {
        const rz_plan_zone *x = &a->u.scan.zones[i];
        const rz_plan_zone *y = &b->u.scan.zones[i];
        same = x->op == y->op && reuse_same_indices(x->column_idxs, tables, y->column_idxs, tables) && rz_expr_equal(x->value, y->value);
    }
    return same;
}

/* Scans of the same tables. */
static bool reuse_same_scan(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    bool same = reuse_same_indices(a->u.scan.tables, a->u.scan.table_count, b->u.scan.tables, b->u.scan.table_count) && reuse_same_zones(a, b) &&
                a->u.scan.bound_count == b->u.scan.bound_count;
    for (uint32_t i = 0; i < a->u.scan.bound_count && same; i++) {
        const rz_plan_scan_bound *x = &a->u.scan.bounds[i];
        const rz_plan_scan_bound *y = &b->u.scan.bounds[i];
        same = x->bound == y->bound && reuse_same_joins(map, x->join, y->join);
    }
    return same && reuse_bind(map, a->u.scan.column, b->u.scan.column);
}

static bool reuse_same_messages(const rz_plan *a, const rz_plan *b)
{
    bool same = a->child_count == b->child_count;
    for (uint32_t i = 1; i < a->child_count && same; i++) {
        same = a->children[i] == b->children[i];
    }
    return same;
}

static bool reuse_same_apply(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    const rz_plan_message_apply *x = &a->u.apply_message;
    const rz_plan_message_apply *y = &b->u.apply_message;
    return reuse_same_walk(map, &x->walk, &y->walk) && x->mode == y->mode && x->deferred == y->deferred && x->record == RZ_NO_COLUMN_ID && y->record == RZ_NO_COLUMN_ID &&
           x->less_child == y->less_child && reuse_same_messages(a, b);
}

static bool reuse_same(reuse_map *map, const rz_plan *a, const rz_plan *b);

static bool reuse_same_project(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    bool same = reuse_same_exprs(map, a->u.project.exprs, a->u.project.count, b->u.project.exprs, b->u.project.count);
    for (uint32_t i = 0; i < a->u.project.count && same; i++) {
        same = reuse_bind(map, a->u.project.columns[i], b->u.project.columns[i]);
    }
    return same;
}

static bool reuse_same_aggregate(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    bool same = reuse_same_exprs(map, a->u.aggregate.keys, a->u.aggregate.key_count, b->u.aggregate.keys, b->u.aggregate.key_count) &&
                reuse_same_exprs(map, a->u.aggregate.aggregates, a->u.aggregate.aggregate_count, b->u.aggregate.aggregates, b->u.aggregate.aggregate_count);
    for (uint32_t i = 0; i < a->u.aggregate.key_count && same; i++) {
        same = reuse_bind(map, a->u.aggregate.key_columns[i], b->u.aggregate.key_columns[i]);
    }
    for (uint32_t i = 0; i < a->u.aggregate.aggregate_count && same; i++) {
        same = reuse_bind(map, a->u.aggregate.aggregate_columns[i], b->u.aggregate.aggregate_columns[i]);
    }
    return same;
}

/* Both sides: what is below may look at the join itself. */
static bool reuse_same_join(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    map->failed |= !RZ_ARRAY_PUSH(&map->joins, map->planner->arena, ((reuse_joins){.a = a, .b = b}));
    bool same = !map->failed && a->u.join.kind == b->u.join.kind && a->u.join.sieve_count == b->u.join.sieve_count &&
                reuse_same_indices(a->u.join.bounds, a->u.join.bound_count, b->u.join.bounds, b->u.join.bound_count);
    for (uint32_t i = 0; i < a->u.join.sieve_count && same; i++) {
        const rz_plan_sieve *x = &a->u.join.sieves[i];
        const rz_plan_sieve *y = &b->u.join.sieves[i];
        same = reuse_same_indices(x->keys, x->key_count, y->keys, y->key_count);
    }
    return same && reuse_same(map, a->children[0], b->children[0]) && reuse_same(map, a->children[1], b->children[1]) &&
           reuse_same_exprs(map, a->u.join.probe_keys, a->u.join.key_count, b->u.join.probe_keys, b->u.join.key_count) &&
           reuse_same_exprs(map, a->u.join.build_keys, a->u.join.key_count, b->u.join.build_keys, b->u.join.key_count);
}

static bool reuse_same_intersect(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    bool same = a->u.intersect.input_count == b->u.intersect.input_count;
    for (uint32_t i = 0; i < a->u.intersect.input_count && same; i++) {
        const rz_plan_expand *x = &a->u.intersect.inputs[i];
        const rz_plan_expand *y = &b->u.intersect.inputs[i];
        same = reuse_same_walk(map, x, y) && x->filter_count == 0 && y->filter_count == 0;
    }
    return same && reuse_bind(map, a->u.intersect.to, b->u.intersect.to);
}

static bool reuse_same_lookup(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    return reuse_same_indices(a->u.lookup.tables, a->u.lookup.table_count, b->u.lookup.tables, b->u.lookup.table_count) &&
           reuse_same_predicate(map, a->u.lookup.key, b->u.lookup.key) && reuse_bind(map, a->u.lookup.column, b->u.lookup.column);
}

/* Do the plans give the same rows, with the same weights? Walks down first: columns are known from below. */
static bool reuse_same(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    a = a->kind == RZ_PLAN_REUSE && a->u.reuse.source == NULL ? a->children[0] : a; /* what another part has been found to be */
    if (a->kind != b->kind || a->weighted != b->weighted || a->correlated || b->correlated || a->child_count != b->child_count) {
        return false;
    }
    if (a->child_count != 0 && a->kind != RZ_PLAN_HASH_JOIN && !reuse_same(map, a->children[0], b->children[0])) {
        return false;
    }
    switch (a->kind) {
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_REPEAT: return true;
    case RZ_PLAN_NODE_SCAN: return reuse_same_scan(map, a, b);
    case RZ_PLAN_NODE_LOOKUP: return reuse_same_lookup(map, a, b);
    case RZ_PLAN_FILTER: return reuse_same_filter(map, a, b);
    case RZ_PLAN_PROJECT: return reuse_same_project(map, a, b);
    case RZ_PLAN_AGGREGATE: return reuse_same_aggregate(map, a, b);
    case RZ_PLAN_MESSAGE_APPLY: return reuse_same_apply(map, a, b);
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_DEGREE: return reuse_same_expand(map, a, b);
    case RZ_PLAN_INTERSECT: return reuse_same_intersect(map, a, b);
    case RZ_PLAN_JOIN_FILTER:
        return a->u.join_filter.sieve == b->u.join_filter.sieve && reuse_same_joins(map, a->u.join_filter.join, b->u.join_filter.join);
    case RZ_PLAN_MESSAGE:
        return reuse_find(map, a->u.message.key) == b->u.message.key && a->u.message.divided == b->u.message.divided && a->u.message.sparse == b->u.message.sparse &&
               a->u.message.value_count == 0 && b->u.message.value_count == 0;
    case RZ_PLAN_HASH_JOIN: return reuse_same_join(map, a, b);
    case RZ_PLAN_REUSE:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_TABLE_FUNCTION:
    case RZ_PLAN_FILE_SCAN:
    case RZ_PLAN_COUNT_EXCEPT:
    case RZ_PLAN_RECURSIVE:
    case RZ_PLAN_UNWIND:
    case RZ_PLAN_LIMIT:
    case RZ_PLAN_APPLY:
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED:
    case RZ_PLAN_SORT:
    case RZ_PLAN_UNION:
    case RZ_PLAN_BARRIER:
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE:
    case RZ_PLAN_MERGE:
    case RZ_PLAN_RESULT: break;
    }
    return false;
}

/* ---- messages ---- */

typedef RZ_ARRAY(rz_plan *) reuse_plans;

/* Puts a message that has been found in the child's place, or notes the child. */
static ruzu_status reuse_message(rz_planner *planner, rz_plan *plan, uint32_t child, reuse_plans *found, rz_error *err)
{
    for (uint32_t i = 0; i < found->count; i++) {
        reuse_map map = {.planner = planner};
        bool same = reuse_same(&map, plan->children[child], found->items[i]);
        if (map.failed) {
            return rz_error_no_memory(err, "planning messages");
        }
        if (same) {
            plan->children[child] = found->items[i];
            plan->again |= 1u << child;
            return RUZU_OK;
        }
    }
    return RZ_ARRAY_PUSH(found, planner->arena, plan->children[child]) ? RUZU_OK : rz_error_no_memory(err, "planning messages");
}

/* The same order in which the executor makes what is shared: what is found stands before what uses it again. */
static ruzu_status reuse_walk(rz_planner *planner, rz_plan *plan, reuse_plans *found, rz_error *err)
{
    for (uint32_t i = 0; i < plan->child_count; i++) {
        RZ_TRY(reuse_walk(planner, plan->children[i], found, err));
    }
    for (uint32_t i = 1; i < plan->child_count && (plan->kind == RZ_PLAN_MESSAGE_APPLY || plan->kind == RZ_PLAN_CLOSED); i++) {
        RZ_TRY(reuse_message(planner, plan, i, found, err));
    }
    return RUZU_OK;
}

/* ---- other parts ---- */

#define REUSE_MOST_PARTS 256u    /* looked at: each is compared with those before it */
#define REUSE_ROW_COST   2.0     /* keeping a row and reading it again */
#define REUSE_MIN_COST   20000.0 /* cheaper parts are done again */
#define REUSE_SCAN_COST  0.1     /* of a row that is scanned */

typedef RZ_ARRAY(rz_plan **) reuse_places;

/* Rows that the part touches. */
static double reuse_cost(const rz_plan *plan)
{
    double cost = plan->rows * (plan->kind == RZ_PLAN_NODE_SCAN || plan->kind == RZ_PLAN_FILTER ? REUSE_SCAN_COST : 1);
    for (uint32_t i = 0; i < plan->child_count; i++) {
        cost += reuse_cost(plan->children[i]);
    }
    return cost;
}

/* May the part be kept, and is that worth it? */
static bool reuse_is_worth(const rz_planner *planner, const rz_plan *plan)
{
    if (plan->child_count == 0 || plan->kind == RZ_PLAN_MESSAGE || plan->kind == RZ_PLAN_REUSE || plan->correlated) {
        return false;
    }
    double bytes = plan->rows * (16.0 + 16.0 * plan->column_count);
    bool fits = planner->context->memory_bytes == 0 || bytes < (double)planner->context->memory_bytes / 4; /* more would leave memory */
    double cost = reuse_cost(plan);
    return planner->context->eager || (fits && cost >= REUSE_MIN_COST && cost >= 2 * REUSE_ROW_COST * plan->rows);
}

static bool reuse_has_records(const rz_planner *planner, const rz_plan *plan)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (rz_plan_set_has(&planner->records, plan->columns[i])) {
            return true;
        }
    }
    return false;
}

/* Where the columns of b are among those of a; false: some are not. */
static bool reuse_positions(const reuse_map *map, const rz_plan *a, const rz_plan *b, uint32_t *out)
{
    for (uint32_t i = 0; i < b->column_count; i++) {
        bool found = false;
        for (uint32_t p = 0; p < a->column_count && !found; p++) {
            found = reuse_find(map, a->columns[p]) == b->columns[i];
            out[i] = p;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* A REUSE in the place of the plan. */
static ruzu_status reuse_node(rz_planner *planner, rz_plan *plan, const rz_plan *source, const uint32_t *positions, rz_plan **out, rz_error *err)
{
    rz_plan *node = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_REUSE, source == NULL ? plan : NULL, NULL, &node, err));
    node->columns = plan->columns;
    node->types = plan->types;
    node->column_count = plan->column_count;
    node->rows = plan->rows;
    node->weighted = plan->weighted;
    node->u.reuse.source = source;
    node->u.reuse.positions = positions;
    *out = node;
    return RUZU_OK;
}

/* The part at `place` is the one at `first` again, which comes before it. */
static ruzu_status reuse_put(rz_planner *planner, rz_plan **first, rz_plan **place, const uint32_t *positions, rz_error *err)
{
    if ((*first)->kind != RZ_PLAN_REUSE) {
        uint32_t *own = RZ_NEW_ARRAY(planner->arena, uint32_t, (*first)->column_count);
        RZ_TRY_ALLOC(own, err, "planning a query");
        for (uint32_t i = 0; i < (*first)->column_count; i++) {
            own[i] = i;
        }
        RZ_TRY(reuse_node(planner, *first, NULL, own, first, err));
    }
    return reuse_node(planner, *place, *first, positions, place, err);
}

/* Compares the part with all before it, larger parts first. */
static ruzu_status reuse_find_part(rz_planner *planner, const reuse_places *places, rz_plan **place, bool *out_found, rz_error *err)
{
    rz_plan *plan = *place;
    uint32_t *positions = RZ_NEW_ARRAY(planner->arena, uint32_t, plan->column_count);
    RZ_TRY_ALLOC(positions, err, "planning a query");
    *out_found = false;
    for (uint32_t i = 0; i < places->count && !*out_found; i++) {
        rz_plan **first = places->items[i];
        const rz_plan *kept = (*first)->kind == RZ_PLAN_REUSE ? (*first)->children[0] : *first;
        reuse_map map = {.planner = planner};
        bool same = kept->kind == plan->kind && reuse_same(&map, kept, plan) && reuse_positions(&map, kept, plan, positions);
        if (map.failed) {
            return rz_error_no_memory(err, "planning a query");
        }
        if (same) {
            RZ_TRY(reuse_put(planner, first, place, positions, err));
            *out_found = true;
        }
    }
    return RUZU_OK;
}

/* In the order in which the executor runs pipelines: a part stands before what reads it. Nothing within messages, whose scans must stay divided. */
static ruzu_status reuse_parts(rz_planner *planner, rz_plan **place, reuse_places *places, rz_error *err)
{
    rz_plan *plan = *place;
    if (plan->kind == RZ_PLAN_MESSAGE || places->count >= REUSE_MOST_PARTS) {
        return RUZU_OK;
    }
    if (reuse_is_worth(planner, plan) && !reuse_has_records(planner, plan)) {
        bool found = false;
        RZ_TRY(reuse_find_part(planner, places, place, &found, err));
        if (found) {
            return RUZU_OK;
        }
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        RZ_TRY(reuse_parts(planner, &plan->children[i], places, err));
    }
    if (reuse_is_worth(planner, plan) && !RZ_ARRAY_PUSH(places, planner->arena, place)) {
        return rz_error_no_memory(err, "planning a query");
    }
    return RUZU_OK;
}

ruzu_status rz_plan_reuse(rz_planner *planner, rz_plan *root, rz_error *err)
{
    reuse_plans found = {0};
    reuse_places places = {0};
    if (planner->writes || !rz_plan_rule(planner, RZ_RULE_REUSE)) {
        return RUZU_OK;
    }
    RZ_TRY(reuse_walk(planner, root, &found, err));
    return rz_plan_rule(planner, RZ_RULE_REUSE_PARTS) ? reuse_parts(planner, &root->children[0], &places, err) : RUZU_OK;
}
