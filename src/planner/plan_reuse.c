/* SPDX-License-Identifier: MIT */
/*
 * Messages that say the same are made once.
 *
 * A message is asked by node, its columns are its own: two that scan the same tables, walk the same hops and judge by the same predicates, but for the names of their columns, are the same.
 * They come from branches that are alike, within a pattern and in the branches of a UNION. Found after the plan is finished, below first, so that messages inside of messages are
 * already the same object when those around them are compared. The plan is a graph then: the second MESSAGE_APPLY has the first one's message for its child. Not where
 * something is written in between, nor with values.
 */
#include "planner/build.h"

typedef struct reuse_pair {
    uint32_t a, b;
} reuse_pair;

typedef struct reuse_map {
    rz_planner *planner;
    RZ_ARRAY(reuse_pair) pairs; /* columns that stand for each other */
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

static bool reuse_same_walk(const reuse_map *map, const rz_plan_expand *a, const rz_plan_expand *b)
{
    return reuse_find(map, a->from) == b->from && a->undirected == b->undirected && a->rel == RZ_NO_COLUMN_ID && b->rel == RZ_NO_COLUMN_ID && a->filter_count == 0 &&
           b->filter_count == 0 && reuse_same_hops(a->hops, a->hop_count, b->hops, b->hop_count);
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

static bool reuse_same_filter(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    bool same = a->u.filter.count == b->u.filter.count;
    for (uint32_t i = 0; i < a->u.filter.count && same; i++) {
        same = reuse_same_predicate(map, a->u.filter.predicates[i], b->u.filter.predicates[i]);
    }
    return same;
}

/* Scans of the same tables; their zones say what the filters above them say. */
static bool reuse_same_scan(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    bool same = a->u.scan.table_count == b->u.scan.table_count && a->u.scan.zone_count == b->u.scan.zone_count && a->u.scan.bound_count == 0 && b->u.scan.bound_count == 0;
    for (uint32_t i = 0; i < a->u.scan.table_count && same; i++) {
        same = a->u.scan.tables[i] == b->u.scan.tables[i];
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

static bool reuse_same_apply(const reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    const rz_plan_message_apply *x = &a->u.apply_message;
    const rz_plan_message_apply *y = &b->u.apply_message;
    return reuse_same_walk(map, &x->walk, &y->walk) && x->mode == y->mode && x->deferred == y->deferred && x->record == RZ_NO_COLUMN_ID && y->record == RZ_NO_COLUMN_ID &&
           x->less_child == y->less_child && reuse_same_messages(a, b);
}

/* Do the plans give the same rows, with the same weights? Walks down first: columns are known from below. */
static bool reuse_same(reuse_map *map, const rz_plan *a, const rz_plan *b)
{
    if (a->kind != b->kind || a->weighted != b->weighted || (a->child_count != 0 && !reuse_same(map, a->children[0], b->children[0]))) {
        return false;
    }
    if (a->kind == RZ_PLAN_NODE_SCAN) {
        return reuse_same_scan(map, a, b);
    }
    if (a->kind == RZ_PLAN_FILTER) {
        return reuse_same_filter(map, a, b);
    }
    if (a->kind == RZ_PLAN_MESSAGE_APPLY) {
        return reuse_same_apply(map, a, b);
    }
    if (a->kind == RZ_PLAN_EXPAND || a->kind == RZ_PLAN_DEGREE) {
        return reuse_same_walk(map, &a->u.expand, &b->u.expand) && reuse_bind(map, a->u.expand.to, b->u.expand.to);
    }
    return a->kind == RZ_PLAN_MESSAGE && reuse_find(map, a->u.message.key) == b->u.message.key && a->u.message.divided == b->u.message.divided &&
           a->u.message.sparse == b->u.message.sparse && a->u.message.value_count == 0 && b->u.message.value_count == 0;
}

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

ruzu_status rz_plan_reuse(rz_planner *planner, rz_plan *root, rz_error *err)
{
    reuse_plans found = {0};
    return planner->writes || !rz_plan_rule(planner, RZ_RULE_REUSE) ? RUZU_OK : reuse_walk(planner, root, &found, err);
}
