/* SPDX-License-Identifier: MIT */
/*
 * What later clauses use: a walk over the clauses from the last to the first. Patterns are planned knowing which of
 * their variables anybody will look at; those that nobody does may be counted instead of enumerated.
 *
 * The sets only grow: a column number means one thing in the whole statement, so a column that a projection does not
 * let through cannot be used behind it anyway.
 */
#include "planner/build.h"

/* Learns names and types of the columns in a tree. */
static void need_learn(rz_planner *planner, const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_COLUMN) {
        rz_plan_learn(planner, expr->u.column, expr->type, expr->name);
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        need_learn(planner, expr->children[i]);
    }
}

static void need_expr(rz_planner *planner, plan_set *need, const rz_expr *expr)
{
    if (expr != NULL) {
        need_learn(planner, expr);
        rz_plan_set_looks(planner, need, expr);
    }
}

static void need_exprs(rz_planner *planner, plan_set *need, rz_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        need_expr(planner, need, exprs[i]);
    }
}

/* Notes variable-length relationships, and what is never NULL. */
static void need_note_pattern(rz_planner *planner, const rz_bound_match *match)
{
    const rz_bound_pattern *pattern = &match->pattern;
    for (uint32_t i = 0; i < pattern->edge_count; i++) {
        const rz_bound_edge *edge = &pattern->edges[i];
        if (edge->recursive != NULL) {
            rz_plan_set_add(planner, &planner->walks, edge->column);
        } else if (!match->optional && !edge->bound) {
            rz_plan_set_add(planner, &planner->solid, edge->column);
        }
    }
    for (uint32_t i = 0; i < pattern->node_count && !match->optional; i++) {
        if (!pattern->nodes[i].bound) {
            rz_plan_set_add(planner, &planner->solid, pattern->nodes[i].column);
        }
    }
}

static void need_match(rz_planner *planner, plan_set *need, const rz_bound_match *match)
{
    const rz_bound_pattern *pattern = &match->pattern;
    for (uint32_t i = 0; i < pattern->path_count; i++) {
        rz_plan_learn(planner, pattern->paths[i].column, pattern->paths[i].expr->type, pattern->paths[i].expr->name);
        if (rz_plan_set_has(need, pattern->paths[i].column)) {
            need_expr(planner, need, pattern->paths[i].expr);
        }
    }
    need_exprs(planner, need, match->predicates, match->predicate_count);
    for (uint32_t i = 0; i < pattern->node_count; i++) {
        const rz_bound_node *node = &pattern->nodes[i];
        rz_plan_learn(planner, node->column, NULL, node->name);
        if (node->bound) {
            rz_plan_set_add(planner, need, node->column);
        }
    }
    for (uint32_t i = 0; i < pattern->edge_count; i++) {
        const rz_bound_edge *edge = &pattern->edges[i];
        rz_plan_learn(planner, edge->column, NULL, edge->name);
        if (edge->bound) {
            rz_plan_set_add(planner, need, edge->column);
        }
        if (edge->recursive != NULL) {
            need_exprs(planner, need, edge->recursive->rel_filters, edge->recursive->rel_filter_count);
            need_exprs(planner, need, edge->recursive->node_filters, edge->recursive->node_filter_count);
        }
    }
}

static void need_create(rz_planner *planner, plan_set *need, const rz_bound_create *create)
{
    for (uint32_t i = 0; i < create->node_count; i++) {
        const rz_cat_table *table = rz_catalog_node_table(planner->context->catalog, create->nodes[i].table);
        const rz_type *type = rz_type_node(planner->arena, &create->nodes[i].table, 1);
        planner->failed |= type == NULL;
        rz_plan_learn(planner, create->nodes[i].column, type, NULL);
        for (uint32_t p = 0; table != NULL && p < table->property_count; p++) {
            need_expr(planner, need, create->nodes[i].values[p]);
        }
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        const rz_bound_insert_rel *rel = &create->rels[i];
        uint32_t *pairs = RZ_NEW_ARRAY(planner->arena, uint32_t, rel->pair_count);
        planner->failed |= pairs == NULL;
        for (uint32_t p = 0; p < rel->pair_count && pairs != NULL; p++) {
            pairs[p] = rel->pairs[p].id;
        }
        const rz_type *type = pairs == NULL ? NULL : rz_type_rel(planner->arena, pairs, rel->pair_count);
        planner->failed |= type == NULL;
        rz_plan_learn(planner, rel->column, type, NULL);
        rz_plan_set_add(planner, need, rel->src_column);
        rz_plan_set_add(planner, need, rel->dst_column);
        const rz_cat_table *table =
            rel->pair_count == 0 ? NULL : rz_catalog_rel_of_pair(planner->context->catalog, rel->pairs[0].id, NULL);
        for (uint32_t p = 0; table != NULL && p < table->property_count; p++) {
            need_expr(planner, need, rel->values[p]);
        }
    }
    for (uint32_t i = 0; i < create->path_count; i++) {
        need_expr(planner, need, create->paths[i].expr);
    }
}

static void need_set(rz_planner *planner, plan_set *need, const rz_bound_set *set)
{
    for (uint32_t i = 0; i < set->item_count; i++) {
        rz_plan_learn(planner, set->items[i].target, set->items[i].type, NULL);
        rz_plan_set_add(planner, need, set->items[i].target);
        need_expr(planner, need, set->items[i].value);
    }
}

static void need_items(rz_planner *planner, plan_set *need, const rz_bound_item *items, uint32_t count, bool all)
{
    for (uint32_t i = 0; i < count; i++) {
        rz_plan_learn(planner, items[i].column, items[i].expr->type, items[i].name);
        if (all || rz_plan_set_has(need, items[i].column)) {
            need_expr(planner, need, items[i].expr);
        } else {
            need_learn(planner, items[i].expr);
        }
    }
}

void rz_plan_need_projection(rz_planner *planner, plan_set *need, const rz_bound_projection *projection, const bool *left_out)
{
    need_exprs(planner, need, projection->predicates, projection->predicate_count);
    for (uint32_t i = 0; i < projection->order_count; i++) {
        need_expr(planner, need, projection->orders[i].expr);
    }
    need_items(planner, need, projection->items, projection->item_count, projection->distinct);
    need_items(planner, need, projection->keys, projection->key_count, true);
    for (uint32_t i = 0; i < projection->aggregate_count; i++) {
        const rz_bound_item *item = &projection->aggregates[i];
        if ((left_out != NULL && left_out[i]) || rz_plan_counts_rows(planner, item->expr)) {
            rz_plan_learn(planner, item->column, item->expr->type, item->name);
            need_learn(planner, item->expr);
        } else {
            need_items(planner, need, item, 1, true);
        }
    }
}

static void need_subquery(rz_planner *planner, plan_set *need, const rz_bound_query *query)
{
    for (uint32_t a = 0; a < query->arm_count; a++) {
        rz_plan_set_columns(planner, need, query->columns + (size_t)a * query->result_count, query->result_count);
        for (uint32_t i = query->arms[a].clause_count; i > 0; i--) {
            rz_plan_need_before(planner, &query->arms[a].clauses[i - 1], need);
        }
    }
}

void rz_plan_need_before(rz_planner *planner, const rz_bound_clause *clause, plan_set *need)
{
    switch (clause->kind) {
    case RZ_BOUND_MATCH: need_match(planner, need, &clause->u.match); break;
    case RZ_BOUND_UNWIND:
        rz_plan_learn(planner, clause->u.unwind.column, clause->u.unwind.list->type->child, NULL);
        need_expr(planner, need, clause->u.unwind.list);
        break;
    case RZ_BOUND_CALL:
        for (uint32_t i = 0; i < clause->u.call.column_count; i++) {
            rz_plan_learn(planner, clause->u.call.columns[i], clause->u.call.types[i], NULL);
        }
        need_exprs(planner, need, clause->u.call.args, clause->u.call.arg_count);
        need_exprs(planner, need, clause->u.call.predicates, clause->u.call.predicate_count);
        break;
    case RZ_BOUND_CALL_SUBQUERY: need_subquery(planner, need, clause->u.subquery); break;
    case RZ_BOUND_LOAD:
        for (uint32_t i = 0; i < clause->u.load.column_count; i++) {
            rz_plan_learn(planner, clause->u.load.columns[i], clause->u.load.types[i], clause->u.load.names[i]);
        }
        need_exprs(planner, need, clause->u.load.predicates, clause->u.load.predicate_count);
        break;
    case RZ_BOUND_CREATE: need_create(planner, need, &clause->u.create); break;
    case RZ_BOUND_MERGE:
        need_set(planner, need, &clause->u.merge.on_create);
        need_set(planner, need, &clause->u.merge.on_match);
        need_create(planner, need, &clause->u.merge.create);
        need_match(planner, need, &clause->u.merge.match);
        break;
    case RZ_BOUND_SET: need_set(planner, need, &clause->u.set); break;
    case RZ_BOUND_DELETE: need_exprs(planner, need, clause->u.del.exprs, clause->u.del.count); break;
    case RZ_BOUND_PROJECTION: rz_plan_need_projection(planner, need, &clause->u.projection, NULL); break;
    case RZ_BOUND_FINISH: break;
    }
}

ruzu_status rz_plan_needs(rz_planner *planner, const rz_bound_single_query *arm, const plan_set *after, plan_set **out,
                          rz_error *err)
{
    plan_set *sets = RZ_NEW_ARRAY(planner->arena, plan_set, arm->clause_count);
    RZ_TRY_ALLOC(sets, err, "planning a query");
    plan_set need = {0};
    for (uint32_t i = 0; i < arm->clause_count; i++) {
        if (arm->clauses[i].kind == RZ_BOUND_MATCH) {
            need_note_pattern(planner, &arm->clauses[i].u.match);
        }
    }
    rz_plan_set_union(planner, &need, after);
    for (uint32_t i = arm->clause_count; i > 0; i--) {
        rz_plan_set_union(planner, &sets[i - 1], &need);
        rz_plan_need_before(planner, &arm->clauses[i - 1], &need);
    }
    *out = sets;
    return rz_plan_check(planner, err);
}
