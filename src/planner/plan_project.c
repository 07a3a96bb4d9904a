/* SPDX-License-Identifier: MIT */
/*
 * WITH and RETURN: grouping, items, DISTINCT, ORDER BY, SKIP, LIMIT, WHERE.
 *
 * With a limit, items that the order does not look at are computed above it, for the rows that are left.
 */
#include "planner/build.h"

#include <string.h>

/* Rows for each that a limit leaves, from which on keys are computed late: what is left lies scattered, and reading one such row costs as much as many that lie side by side. */
#define LATE_LEAST_FACTOR 32.0

/* True when evaluating the expression more or less often, or for other rows, would show. */
static bool project_must_stay(const rz_expr *expr)
{
    return rz_expr_is_volatile(expr) || rz_plan_has_subquery(expr);
}

static bool project_is_identity(const rz_bound_item *item)
{
    return item->expr->kind == RZ_EXPR_COLUMN && item->expr->u.column == item->column;
}

/* Computes the items that are wanted now: all, or those in (or not in) `columns`. Passes through what keeps its column.
 */
static ruzu_status project_items(plan_arm *arm, const rz_bound_item *items, uint32_t count, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, count);
    if (exprs == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (project_is_identity(&items[i])) {
            continue;
        }
        exprs[used] = items[i].expr;
        columns[used] = items[i].column;
        RZ_TRY(rz_plan_prepare_expr(arm, &exprs[used], err));
        used++;
    }
    return rz_plan_project(planner, arm->cur, exprs, columns, used, &arm->cur, err);
}

/* ---- grouping ---- */

/* The property is the primary key in each of the tables. */
bool rz_plan_is_key(const rz_planner *planner, const rz_expr *property)
{
    const rz_type *object = property->children[0]->type;
    for (uint32_t t = 0; t < object->table_count; t++) {
        const rz_cat_table *table =
            object->id == RUZU_TYPE_NODE ? rz_catalog_node_table(planner->context->catalog, object->tables[t]) : NULL;
        if (table == NULL || property->u.property.column_idxs[t] != table->key) {
            return false;
        }
    }
    return object->table_count != 0;
}

bool rz_plan_counts_rows(const rz_planner *planner, const rz_expr *aggregate)
{
    if (!rz_plan_rule(planner, RZ_RULE_COUNT_ROWS) || aggregate->kind != RZ_EXPR_AGGREGATE ||
        aggregate->u.aggregate.distinct || aggregate->child_count != 1 ||
        strcmp(aggregate->u.aggregate.bound->agg->name, "COUNT") != 0) {
        return false;
    }
    const rz_expr *counted = aggregate->children[0];
    if (counted->kind == RZ_EXPR_ID || (counted->kind == RZ_EXPR_PROPERTY && rz_plan_is_key(planner, counted))) {
        counted = counted->children[0];
    }
    return counted->kind == RZ_EXPR_COLUMN && rz_plan_set_has(&planner->solid, counted->u.column);
}

/* COUNT(DISTINCT n.key) and COUNT(DISTINCT id(n)) are COUNT(DISTINCT n): as many, nothing is read, and nodes are numbers. Keys are unique in one table only. */
static ruzu_status project_count_nodes(rz_planner *planner, rz_expr **io, rz_error *err)
{
    const rz_expr *counting = *io;
    if (!rz_plan_rule(planner, RZ_RULE_COUNT_ROWS) || counting->kind != RZ_EXPR_AGGREGATE || !counting->u.aggregate.distinct || counting->child_count != 1 ||
        strcmp(counting->u.aggregate.bound->agg->name, "COUNT") != 0) {
        return RUZU_OK;
    }
    const rz_expr *counted = counting->children[0];
    bool is_id = counted->kind == RZ_EXPR_ID;
    if (!is_id && counted->kind != RZ_EXPR_PROPERTY) {
        return RUZU_OK;
    }
    rz_expr *node = counted->children[0];
    if (node->kind != RZ_EXPR_COLUMN || node->type->id != RUZU_TYPE_NODE || node->type->physical != RZ_PHYS_UINT64 ||
        !(is_id || (node->type->table_count == 1 && rz_plan_is_key(planner, counted)))) {
        return RUZU_OK;
    }
    rz_agg_bound *bound = RZ_NEW(planner->arena, rz_agg_bound);
    rz_expr **children = RZ_NEW_ARRAY(planner->arena, rz_expr *, 1);
    if (bound == NULL || children == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    RZ_TRY(rz_agg_resolve("COUNT", node->type, false, planner->arena, bound, err));
    children[0] = node;
    *io = rz_expr_new(planner->arena, RZ_EXPR_AGGREGATE, bound->result, children, 1);
    RZ_TRY_ALLOC(*io, err, "planning a projection");
    (*io)->u.aggregate.bound = bound;
    (*io)->u.aggregate.distinct = true;
    (*io)->name = counting->name;
    return RUZU_OK;
}

ruzu_status rz_plan_count_star(rz_planner *planner, rz_expr **io, rz_error *err)
{
    const rz_expr *counting = *io;
    rz_agg_bound *bound = RZ_NEW(planner->arena, rz_agg_bound);
    RZ_TRY_ALLOC(bound, err, "planning a projection");
    RZ_TRY(rz_agg_resolve("COUNT_STAR", NULL, false, planner->arena, bound, err));
    *io = rz_expr_new(planner->arena, RZ_EXPR_AGGREGATE, bound->result, NULL, 0);
    RZ_TRY_ALLOC(*io, err, "planning a projection");
    (*io)->u.aggregate.bound = bound;
    (*io)->name = counting->name;
    return RUZU_OK;
}

/* The node that a key is a property (or id or label) of; RZ_NO_COLUMN_ID: none. */
static uint32_t project_key_node(const rz_expr *key)
{
    bool is_part = key->kind == RZ_EXPR_PROPERTY || key->kind == RZ_EXPR_ID || key->kind == RZ_EXPR_LABEL;
    if (!is_part || key->children[0]->kind != RZ_EXPR_COLUMN || key->children[0]->type->id != RUZU_TYPE_NODE ||
        key->children[0]->type->physical != RZ_PHYS_UINT64) {
        return RZ_NO_COLUMN_ID;
    }
    return key->children[0]->u.column;
}

/* Do the keys say which node it is: by itself, its id, or its primary key? */
static bool project_keys_determine(const rz_planner *planner, const rz_bound_projection *projection, uint32_t node)
{
    for (uint32_t i = 0; i < projection->key_count; i++) {
        const rz_expr *key = projection->keys[i].expr;
        if (key->kind == RZ_EXPR_COLUMN && key->u.column == node) {
            return true;
        }
        if (project_key_node(key) == node &&
            (key->kind == RZ_EXPR_ID || (key->kind == RZ_EXPR_PROPERTY && rz_plan_is_key(planner, key)))) {
            return key->kind == RZ_EXPR_ID || key->children[0]->type->table_count == 1;
        }
    }
    return false;
}

/* Replaces key columns in an expression by what they stand for. */
static ruzu_status project_substitute(rz_planner *planner, const rz_bound_item *gone, uint32_t gone_count, rz_expr **io,
                                      rz_error *err)
{
    rz_expr *expr = *io;
    if (expr->kind == RZ_EXPR_COLUMN) {
        for (uint32_t i = 0; i < gone_count; i++) {
            if (gone[i].column == expr->u.column) {
                *io = gone[i].expr;
                return RUZU_OK;
            }
        }
    }
    if (expr->child_count == 0) {
        return RUZU_OK;
    }
    rz_expr *copy = (rz_expr *)rz_arena_dup(planner->arena, expr, sizeof *expr);
    RZ_TRY_ALLOC(copy, err, "planning a projection");
    copy->children =
        (rz_expr **)rz_arena_dup(planner->arena, expr->children, expr->child_count * sizeof *expr->children);
    RZ_TRY_ALLOC(copy->children, err, "planning a projection");
    for (uint32_t i = 0; i < expr->child_count; i++) {
        RZ_TRY(project_substitute(planner, gone, gone_count, &copy->children[i], err));
    }
    *io = copy;
    return RUZU_OK;
}

static bool project_uses_subquery(const rz_bound_projection *projection)
{
    for (uint32_t i = 0; i < projection->item_count; i++) {
        if (rz_plan_has_subquery(projection->items[i].expr)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < projection->order_count; i++) {
        if (rz_plan_has_subquery(projection->orders[i].expr)) {
            return true;
        }
    }
    return false;
}

/*
 * Grouping by a node's key and further properties is grouping by the node: the properties are then read once a group,
 * and above a limit only for the groups that are left. Keys that go are replaced in the items and orders by what they
 * compute.
 */
static ruzu_status project_group_nodes(rz_planner *planner, rz_bound_projection *io, rz_error *err)
{
    rz_bound_item *keys = RZ_NEW_ARRAY(planner->arena, rz_bound_item, io->key_count);
    rz_bound_item *gone = RZ_NEW_ARRAY(planner->arena, rz_bound_item, io->key_count);
    if (keys == NULL || gone == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    uint32_t key_count = 0;
    uint32_t gone_count = 0;
    for (uint32_t i = 0; i < io->key_count; i++) {
        const rz_bound_item *key = &io->keys[i];
        uint32_t node = project_key_node(key->expr);
        if (node == RZ_NO_COLUMN_ID || !project_keys_determine(planner, io, node)) {
            keys[key_count++] = *key;
            continue;
        }
        gone[gone_count++] = *key;
        bool known = false;
        for (uint32_t k = 0; k < io->key_count; k++) {
            known |= io->keys[k].expr->kind == RZ_EXPR_COLUMN && io->keys[k].expr->u.column == node;
        }
        for (uint32_t k = 0; k < key_count; k++) {
            known |= keys[k].column == node;
        }
        if (!known) {
            keys[key_count++] =
                (rz_bound_item){.expr = key->expr->children[0], .column = node, .name = key->expr->children[0]->name};
        }
    }
    if (gone_count == 0) {
        return RUZU_OK;
    }
    io->keys = keys;
    io->key_count = key_count;
    for (uint32_t i = 0; i < io->item_count; i++) {
        RZ_TRY(project_substitute(planner, gone, gone_count, &io->items[i].expr, err));
    }
    for (uint32_t i = 0; i < io->order_count && !io->distinct; i++) { /* behind DISTINCT there are the items only, under the names of the keys */
        RZ_TRY(project_substitute(planner, gone, gone_count, &io->orders[i].expr, err));
    }
    return RUZU_OK;
}

/*
 * Inside a subquery groups belong to an outer row: its number is a key. So are the outer columns that are needed behind the
 * groups; they follow from the number.
 */
static ruzu_status project_outer_keys(plan_arm *arm, const rz_bound_projection *projection, const rz_bound_item *keys,
                                      uint32_t key_count, const rz_bound_item **out, uint32_t *out_count, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const rz_plan *argument = arm->argument;
    plan_set used = {0};
    rz_plan_set_union(planner, &used, arm->after);
    for (uint32_t i = 0; i < projection->item_count && !projection->distinct; i++) {
        rz_plan_set_uses(planner, &used, projection->items[i].expr);
    }
    for (uint32_t i = 0; i < projection->order_count; i++) {
        rz_plan_set_uses(planner, &used, projection->orders[i].expr);
    }
    for (uint32_t i = 0; i < projection->predicate_count; i++) {
        rz_plan_set_uses(planner, &used, projection->predicates[i]);
    }
    rz_plan_set_add(planner, &used, arm->row_number);
    rz_bound_item *all = RZ_NEW_ARRAY(planner->arena, rz_bound_item, key_count + argument->column_count);
    RZ_TRY_ALLOC(all, err, "planning a projection");
    uint32_t count = 0;
    for (; count < key_count; count++) {
        all[count] = keys[count];
    }
    for (uint32_t i = 0; i < argument->column_count; i++) {
        uint32_t column = argument->columns[i];
        bool known = !rz_plan_set_has(&used, column) || !rz_plan_has_column(arm->cur, column);
        for (uint32_t k = 0; k < key_count; k++) {
            known |= keys[k].column == column;
        }
        if (!known) {
            all[count].column = column;
            RZ_TRY(rz_plan_column_expr(planner, column, &all[count].expr, err));
            count++;
        }
    }
    *out = all;
    *out_count = count;
    return rz_plan_check(planner, err);
}

static ruzu_status project_aggregate(plan_arm *arm, const rz_bound_projection *projection, const rz_bound_item *keys,
                                     uint32_t key_count, const rz_bound_item *aggregates, uint32_t aggregate_count,
                                     rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool lone = key_count == 0;
    if (arm->inside_apply) {
        RZ_TRY(project_outer_keys(arm, projection, keys, key_count, &keys, &key_count, err));
    }
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, key_count + aggregate_count);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, key_count + aggregate_count);
    if (exprs == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    for (uint32_t i = 0; i < key_count + aggregate_count; i++) {
        const rz_bound_item *item = i < key_count ? &keys[i] : &aggregates[i - key_count];
        exprs[i] = item->expr;
        columns[i] = item->column;
        if (i >= key_count && rz_plan_counts_rows(planner, exprs[i])) {
            RZ_TRY(rz_plan_count_star(planner, &exprs[i], err));
        }
        RZ_TRY(project_count_nodes(planner, &exprs[i], err));
        RZ_TRY(rz_carry_aggregate(planner, &arm->carries, &exprs[i], err));
        RZ_TRY(rz_plan_prepare_expr(arm, &exprs[i], err));
    }
    double rows = arm->cur->rows;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_AGGREGATE, arm->cur, NULL, &arm->cur, err));
    rz_plan *plan = arm->cur;
    plan->u.aggregate.keys = exprs;
    plan->u.aggregate.key_columns = columns;
    plan->u.aggregate.key_count = key_count;
    plan->u.aggregate.aggregates = exprs + key_count;
    plan->u.aggregate.folds = rz_plan_rule(arm->planner, RZ_RULE_ENCODED);
    plan->u.aggregate.aggregate_columns = columns + key_count;
    plan->u.aggregate.aggregate_count = aggregate_count;
    plan->rows = key_count == 0 ? 1 : rz_plan_group_count(planner, exprs, key_count, rows);
    plan->u.aggregate.every_row = lone && arm->inside_apply;
    rz_plan_correlate(arm);
    plan->columns = columns;
    plan->column_count = key_count + aggregate_count;
    for (uint32_t i = 0; i < key_count + aggregate_count; i++) {
        rz_plan_learn(planner, columns[i], exprs[i]->type, NULL);
    }
    arm->writing = false;
    return RUZU_OK;
}

ruzu_status rz_plan_distinct(plan_arm *arm, const uint32_t *columns, uint32_t count, rz_error *err)
{
    rz_bound_projection projection = {.distinct = true, .item_count = count};
    plan_set nothing = {0};
    projection.items = RZ_NEW_ARRAY(arm->planner->arena, rz_bound_item, count);
    RZ_TRY_ALLOC(projection.items, err, "planning DISTINCT");
    for (uint32_t i = 0; i < count; i++) {
        projection.items[i].column = columns[i];
        RZ_TRY(rz_plan_column_expr(arm->planner, columns[i], &projection.items[i].expr, err));
    }
    arm->after = &nothing;
    return project_aggregate(arm, &projection, projection.items, count, NULL, 0, err);
}

/* ---- order and limit ---- */

static void project_limit_rows(rz_plan *plan, double rows, const rz_expr *limit)
{
    plan->rows = rows;
    if (limit != NULL && limit->kind == RZ_EXPR_LITERAL && limit->type->id == RUZU_TYPE_INT64 &&
        !limit->u.literal->is_null && (double)limit->u.literal->u.i64 < rows) {
        plan->rows = (double)limit->u.literal->u.i64;
    }
}

static ruzu_status project_limit(plan_arm *arm, const rz_bound_projection *projection, rz_error *err)
{
    double rows = arm->cur->rows;
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_LIMIT, arm->cur, NULL, &arm->cur, err));
    rz_plan_correlate(arm);
    arm->cur->u.limit.skip = projection->skip;
    arm->cur->u.limit.limit = projection->limit;
    project_limit_rows(arm->cur, rows, projection->limit);
    return RUZU_OK;
}

static ruzu_status project_order(plan_arm *arm, const rz_bound_projection *projection, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool bounded = projection->skip != NULL || projection->limit != NULL;
    if (projection->order_count == 0) {
        if (bounded) {
            RZ_TRY(rz_plan_settle(arm, err)); /* a limit stops what is below; writes must all happen */
            RZ_TRY(project_limit(arm, projection, err));
        }
        return RUZU_OK;
    }
    rz_plan_order *orders = RZ_NEW_ARRAY(planner->arena, rz_plan_order, projection->order_count);
    RZ_TRY_ALLOC(orders, err, "planning ORDER BY");
    for (uint32_t i = 0; i < projection->order_count; i++) {
        orders[i] = (rz_plan_order){.expr = projection->orders[i].expr,
                                    .descending = projection->orders[i].descending,
                                    .nulls_first = projection->orders[i].nulls_first};
        RZ_TRY(rz_plan_prepare_expr(arm, &orders[i].expr, err));
    }
    double rows = arm->cur->rows;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_SORT, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.sort.orders = orders;
    arm->cur->u.sort.order_count = projection->order_count;
    arm->writing = false;
    rz_plan_correlate(arm);
    if (bounded && rz_plan_rule(planner, RZ_RULE_TOP_K) && !arm->inside_apply) {
        arm->cur->u.sort.skip = projection->skip;
        arm->cur->u.sort.limit = projection->limit;
        project_limit_rows(arm->cur, rows, projection->limit);
    } else if (bounded) {
        bool top = rz_plan_rule(planner, RZ_RULE_TOP_K) && arm->cur->correlated;
        arm->cur->u.sort.each_skip = top ? projection->skip : NULL;
        arm->cur->u.sort.each_limit = top ? projection->limit : NULL;
        RZ_TRY(project_limit(arm, projection, err));
    }
    return RUZU_OK;
}

/* ---- the whole ---- */

/* Is the expression made of parts of nodes and relationships only? Those are as good as numbers to carry. */
static bool project_reads_objects(const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_COLUMN) {
        return (expr->type->id == RUZU_TYPE_NODE && expr->type->physical == RZ_PHYS_UINT64) || expr->type->physical == RZ_PHYS_REL;
    }
    bool reads = expr->kind == RZ_EXPR_PROPERTY || expr->child_count != 0;
    for (uint32_t i = 0; i < expr->child_count; i++) {
        reads = reads && (expr->children[i]->kind == RZ_EXPR_LITERAL || expr->children[i]->kind == RZ_EXPR_PARAMETER || project_reads_objects(expr->children[i]));
    }
    return reads;
}

/*
 * ORDER BY a, b LIMIT k: the sort computes the keys itself where they are items, so that it does the second and later ones for rows only that may be among the first k by the first, and
 * the items can be computed above the limit. Not where the limit leaves many rows.
 */
static ruzu_status project_order_late(const plan_arm *arm, rz_bound_projection *io, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_plan limited = {.rows = arm->cur->rows};
    if (io->limit == NULL || io->order_count < 2 || arm->inside_apply || !rz_plan_rule(planner, RZ_RULE_TOP_BOUND)) {
        return RUZU_OK;
    }
    project_limit_rows(&limited, arm->cur->rows, io->limit);
    rz_bound_item *late = RZ_NEW_ARRAY(planner->arena, rz_bound_item, io->item_count);
    RZ_TRY_ALLOC(late, err, "planning ORDER BY");
    uint32_t count = 0;
    for (uint32_t i = 0; i < io->item_count; i++) {
        const rz_expr *expr = io->items[i].expr;
        late[count] = io->items[i];
        count += expr->kind != RZ_EXPR_COLUMN && !project_must_stay(expr) && !rz_expr_can_fail(expr) && project_reads_objects(expr);
    }
    bool pays = planner->context->eager || io->limit->kind != RZ_EXPR_LITERAL || limited.rows * LATE_LEAST_FACTOR < arm->cur->rows;
    for (uint32_t i = 0; i < io->order_count && pays; i++) {
        RZ_TRY(project_substitute(planner, late, count, &io->orders[i].expr, err));
    }
    return RUZU_OK;
}

/* Moves the items that may be computed above the limit behind the others; returns how many must be computed below. */
static uint32_t project_split(rz_planner *planner, const rz_bound_projection *projection, rz_bound_item *items)
{
    plan_set ordered = {0};
    for (uint32_t i = 0; i < projection->order_count; i++) {
        rz_plan_set_uses(planner, &ordered, projection->orders[i].expr);
    }
    uint32_t below = 0;
    uint32_t above = projection->item_count;
    for (uint32_t i = 0; i < projection->item_count; i++) {
        const rz_bound_item *item = &projection->items[i];
        bool stays =
            projection->limit == NULL || project_must_stay(item->expr) || rz_plan_set_has(&ordered, item->column);
        items[stays ? below++ : --above] = *item;
    }
    return below;
}

ruzu_status rz_plan_projection(plan_arm *arm, const rz_bound_projection *bound, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_bound_projection copy = *bound;
    rz_bound_projection *projection = &copy;
    copy.items = (rz_bound_item *)rz_arena_dup(planner->arena, bound->items, bound->item_count * sizeof *bound->items);
    copy.orders =
        (rz_bound_order *)rz_arena_dup(planner->arena, bound->orders, bound->order_count * sizeof *bound->orders);
    if (copy.items == NULL || copy.orders == NULL) {
        return rz_error_no_memory(err, "planning a projection");
    }
    if (projection->grouped && rz_plan_rule(planner, RZ_RULE_GROUP_NODES) && !project_uses_subquery(projection)) {
        RZ_TRY(project_group_nodes(planner, projection, err));
    }
    if (projection->grouped) {
        RZ_TRY(project_aggregate(arm, projection, projection->keys, projection->key_count, projection->aggregates,
                                 projection->aggregate_count, err));
    }
    if (projection->distinct) {
        RZ_TRY(project_aggregate(arm, projection, projection->items, projection->item_count, NULL, 0, err));
        RZ_TRY(project_order(arm, projection, err));
    } else {
        rz_bound_item *items = RZ_NEW_ARRAY(planner->arena, rz_bound_item, projection->item_count);
        RZ_TRY_ALLOC(items, err, "planning a projection");
        RZ_TRY(project_order_late(arm, projection, err));
        uint32_t below = project_split(planner, projection, items);
        RZ_TRY(project_items(arm, items, below, err));
        RZ_TRY(project_order(arm, projection, err));
        RZ_TRY(project_items(arm, items + below, projection->item_count - below, err));
    }
    rz_expr **predicates = NULL;
    double selectivity = 1;
    RZ_TRY(rz_plan_prepare_exprs(arm, projection->predicates, projection->predicate_count, &predicates, err));
    for (uint32_t i = 0; i < projection->predicate_count; i++) {
        selectivity *= rz_plan_selectivity(planner, projection->predicates[i]);
    }
    RZ_TRY(rz_plan_filter(planner, arm->cur, predicates, projection->predicate_count, selectivity, &arm->cur, err));
    return rz_plan_check(planner, err);
}
