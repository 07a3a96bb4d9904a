/* SPDX-License-Identifier: MIT */
/*
 * SET, DELETE and MERGE.
 *
 * Whatever a clause reads is read before it writes: values are computed below the barrier that stands under each change, and the pattern of a MERGE is matched there.
 * Only the ON MATCH and ON CREATE values of a MERGE are computed row by row, because a row sees what the rows before it did.
 *
 * Rows that leave a change show its target as their own change left it. What another variable shows of a changed table depends on how far the change has come, so
 * a clause that looks at one waits for all of it (rz_plan_settle_changes).
 */
#include "planner/build.h"

/* ---- what changes ---- */

/* From here on rows leave a change. */
static void change_begin(plan_arm *arm, const rz_bound_set *set)
{
    rz_planner *planner = arm->planner;
    if (!arm->writing) {
        arm->changed_columns = (plan_set){0};
        arm->changes.count = 0;
    }
    arm->writing = true;
    for (uint32_t i = 0; set != NULL && i < set->item_count; i++) {
        rz_plan_set_add(planner, &arm->changed_columns, set->items[i].target);
        planner->failed |= !RZ_ARRAY_PUSH(&arm->changes, planner->arena, &set->items[i]);
    }
}

/* Does the item assign to a table of the type; column_idxs: to one of these columns? */
static bool change_meets(const rz_bound_set_item *item, const rz_type *type, const uint32_t *column_idxs)
{
    for (uint32_t t = 0; t < type->table_count; t++) {
        for (uint32_t i = 0; i < item->type->table_count; i++) {
            if (type->tables[t] == item->type->tables[i] && item->column_idxs[i] != RZ_NO_COLUMN &&
                (column_idxs == NULL || column_idxs[t] == item->column_idxs[i])) {
                return true;
            }
        }
    }
    return false;
}

/* May a value of the type show a property that changes? */
static bool change_shows(const plan_arm *arm, const rz_type *type, const uint32_t *column_idxs)
{
    for (uint32_t i = 0; i < arm->changes.count; i++) {
        if (change_meets(arm->changes.items[i], type, column_idxs)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (change_shows(arm, type->fields[i].type, NULL)) {
            return true;
        }
    }
    return type->child != NULL && change_shows(arm, type->child, NULL);
}

static bool change_is_seen(const plan_arm *arm, const rz_expr *expr)
{
    const rz_expr *object = expr->kind == RZ_EXPR_PROPERTY ? expr->children[0] : NULL;
    if (expr->kind == RZ_EXPR_ID || expr->kind == RZ_EXPR_LABEL) {
        return false;
    }
    if (object != NULL && object->kind == RZ_EXPR_COLUMN) {
        return !rz_plan_set_has(&arm->changed_columns, object->u.column) && change_shows(arm, object->type, expr->u.property.column_idxs);
    }
    if (expr->kind == RZ_EXPR_COLUMN) {
        return rz_type_has_graph_ref(expr->type) && !rz_plan_set_has(&arm->changed_columns, expr->u.column) && change_shows(arm, expr->type, NULL);
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        if (change_is_seen(arm, expr->children[i])) {
            return true;
        }
    }
    return false;
}

static bool change_seen_by_items(const plan_arm *arm, const rz_bound_item *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (change_is_seen(arm, items[i].expr)) {
            return true;
        }
    }
    return false;
}

static bool change_seen_by_exprs(const plan_arm *arm, rz_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i] != NULL && change_is_seen(arm, exprs[i])) {
            return true;
        }
    }
    return false;
}

static bool change_seen_by_projection(const plan_arm *arm, const rz_bound_projection *projection)
{
    for (uint32_t i = 0; i < projection->order_count; i++) {
        if (change_is_seen(arm, projection->orders[i].expr)) {
            return true;
        }
    }
    return change_seen_by_items(arm, projection->keys, projection->key_count) ||
           change_seen_by_items(arm, projection->aggregates, projection->aggregate_count) ||
           change_seen_by_items(arm, projection->items, projection->item_count) ||
           change_seen_by_exprs(arm, projection->predicates, projection->predicate_count);
}

static bool change_seen_by_set(const plan_arm *arm, const rz_bound_set *set)
{
    for (uint32_t i = 0; i < set->item_count; i++) {
        if (change_is_seen(arm, set->items[i].value)) {
            return true;
        }
    }
    return false;
}

static bool change_seen_by_create(const plan_arm *arm, const rz_bound_create *create)
{
    const rz_catalog *catalog = arm->planner->context->catalog;
    for (uint32_t i = 0; i < create->node_count; i++) {
        const rz_cat_table *table = rz_catalog_node_table(catalog, create->nodes[i].table);
        if (change_seen_by_exprs(arm, create->nodes[i].values, table == NULL ? 0 : table->property_count)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        const rz_bound_insert_rel *rel = &create->rels[i];
        const rz_cat_table *table = rel->pair_count == 0 ? NULL : rz_catalog_rel_of_pair(catalog, rel->pairs[0].id, NULL);
        if (change_seen_by_exprs(arm, rel->values, table == NULL ? 0 : table->property_count)) {
            return true;
        }
    }
    return false;
}

ruzu_status rz_plan_settle_changes(plan_arm *arm, const rz_bound_clause *clause, rz_error *err)
{
    bool seen = false;
    if (!arm->writing) {
        return RUZU_OK;
    }
    switch (clause->kind) {
    case RZ_BOUND_PROJECTION: seen = change_seen_by_projection(arm, &clause->u.projection); break;
    case RZ_BOUND_UNWIND: seen = change_is_seen(arm, clause->u.unwind.list); break;
    case RZ_BOUND_SET: seen = change_seen_by_set(arm, &clause->u.set); break;
    case RZ_BOUND_CREATE: seen = change_seen_by_create(arm, &clause->u.create); break;
    case RZ_BOUND_MATCH: /* those wait for all writes */
    case RZ_BOUND_CALL:
    case RZ_BOUND_CALL_SUBQUERY:
    case RZ_BOUND_MERGE:
    case RZ_BOUND_LOAD: /* those read nothing of it */
    case RZ_BOUND_DELETE:
    case RZ_BOUND_FINISH: break;
    }
    return seen ? rz_plan_barrier(arm, err) : RUZU_OK;
}

/* ---- values computed below ---- */

typedef struct change_values {
    RZ_ARRAY(rz_expr *) exprs;
    RZ_ARRAY(uint32_t) columns;
} change_values;

/* Replaces a value that depends on the row by a column that will hold it. */
static ruzu_status change_lift(plan_arm *arm, rz_expr **io, change_values *values, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_expr *expr = *io;
    uint32_t column = 0;
    RZ_TRY(rz_plan_new_column(planner, expr->type, NULL, &column, err));
    if (!RZ_ARRAY_PUSH(&values->exprs, planner->arena, expr) || !RZ_ARRAY_PUSH(&values->columns, planner->arena, column)) {
        return rz_error_no_memory(err, "planning a change");
    }
    *io = rz_expr_column(planner->arena, column, expr->type);
    RZ_TRY_ALLOC(*io, err, "planning a change");
    (*io)->name = expr->name;
    return RUZU_OK;
}

static bool change_is_plain(const rz_expr *expr)
{
    return expr->kind == RZ_EXPR_COLUMN || rz_expr_is_constant(expr);
}

static ruzu_status change_compute(plan_arm *arm, const change_values *values, rz_error *err)
{
    return rz_plan_project(arm->planner, arm->cur, values->exprs.items, values->columns.items, values->exprs.count, &arm->cur, err);
}

static ruzu_status change_barrier(plan_arm *arm, rz_error *err)
{
    return rz_plan_is_single(arm->cur) ? RUZU_OK : rz_plan_barrier(arm, err);
}

/* ---- SET ---- */

static ruzu_status change_copy_set(plan_arm *arm, const rz_bound_set *set, rz_bound_set *out, rz_error *err)
{
    *out = *set;
    out->items = (rz_bound_set_item *)rz_arena_dup(arm->planner->arena, set->items, set->item_count * sizeof *set->items);
    if (out->items == NULL && set->item_count != 0) {
        return rz_error_no_memory(err, "planning SET");
    }
    for (uint32_t i = 0; i < out->item_count; i++) {
        RZ_TRY(rz_plan_prepare_expr(arm, &out->items[i].value, err));
    }
    return RUZU_OK;
}

ruzu_status rz_plan_set_clause(plan_arm *arm, const rz_bound_set *set, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_bound_set *copy = RZ_NEW(planner->arena, rz_bound_set);
    change_values values = {0};
    RZ_TRY_ALLOC(copy, err, "planning SET");
    RZ_TRY(rz_plan_check_sink(arm, "SET", err));
    RZ_TRY(change_copy_set(arm, set, copy, err));
    if (!rz_plan_is_single(arm->cur)) {
        for (uint32_t i = 0; i < copy->item_count; i++) {
            if (!change_is_plain(copy->items[i].value)) {
                RZ_TRY(change_lift(arm, &copy->items[i].value, &values, err));
            }
        }
        RZ_TRY(change_compute(arm, &values, err));
        RZ_TRY(rz_plan_barrier(arm, err));
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_SET, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.set = copy;
    change_begin(arm, set);
    return rz_plan_check(planner, err);
}

/* ---- DELETE ---- */

/* One operator for the columns of one kind; *out_any false when there is none. */
static ruzu_status delete_kind(plan_arm *arm, const rz_bound_delete *del, ruzu_type_id id, bool *out_any, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_bound_delete *part = (rz_bound_delete *)rz_arena_dup(planner->arena, del, sizeof *del);
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, del->count);
    if (part == NULL || columns == NULL) {
        return rz_error_no_memory(err, "planning DELETE");
    }
    part->count = 0;
    part->columns = columns;
    part->exprs = NULL;
    for (uint32_t i = 0; i < del->count; i++) {
        columns[part->count] = del->columns[i];
        part->count += del->exprs[i]->type->id == id;
    }
    *out_any = part->count != 0;
    if (!*out_any) {
        return RUZU_OK;
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_DELETE, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.del = part;
    change_begin(arm, NULL);
    return RUZU_OK;
}

/* All relationships go before the first node does: a node may lose its last one in a later row. */
ruzu_status rz_plan_delete(plan_arm *arm, const rz_bound_delete *del, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool any_rels = false;
    bool any_nodes = false;
    change_values values = {0};
    RZ_TRY(rz_plan_check_sink(arm, "DELETE", err));
    for (uint32_t i = 0; i < del->count; i++) {
        rz_expr *expr = del->exprs[i];
        any_nodes |= expr->type->id == RUZU_TYPE_NODE;
        if (expr->kind != RZ_EXPR_COLUMN) {
            RZ_TRY(rz_plan_prepare_expr(arm, &expr, err));
            if (!RZ_ARRAY_PUSH(&values.exprs, planner->arena, expr) || !RZ_ARRAY_PUSH(&values.columns, planner->arena, del->columns[i])) {
                return rz_error_no_memory(err, "planning DELETE");
            }
        }
    }
    RZ_TRY(change_compute(arm, &values, err));
    RZ_TRY(change_barrier(arm, err));
    RZ_TRY(delete_kind(arm, del, RUZU_TYPE_REL, &any_rels, err));
    if (any_rels && any_nodes) {
        RZ_TRY(change_barrier(arm, err));
    }
    return delete_kind(arm, del, RUZU_TYPE_NODE, &any_nodes, err);
}

/* ---- MERGE ---- */

typedef struct merge_keys {
    RZ_ARRAY(uint32_t) columns;
} merge_keys;

static bool merge_creates(const rz_bound_create *create, uint32_t column)
{
    for (uint32_t i = 0; i < create->node_count; i++) {
        if (create->nodes[i].column == column) {
            return true;
        }
    }
    return false;
}

static ruzu_status merge_add_key(plan_arm *arm, merge_keys *keys, uint32_t column, rz_error *err)
{
    for (uint32_t i = 0; i < keys->columns.count; i++) {
        if (keys->columns.items[i] == column) {
            return RUZU_OK;
        }
    }
    return RZ_ARRAY_PUSH(&keys->columns, arm->planner->arena, column) ? RUZU_OK : rz_error_no_memory(err, "planning MERGE");
}

/* Values that the pattern gives: those that depend on the row become columns, and keys. (The others are the same for all rows.) */
static ruzu_status merge_lift(plan_arm *arm, const rz_bound_merge *merge, rz_expr *const *given, rz_expr **values, uint32_t count, change_values *lifted,
                              merge_keys *keys, rz_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_given = false;
        for (uint32_t k = 0; k < merge->key_count; k++) {
            is_given |= given[i] == merge->keys[k];
        }
        if (values[i] == NULL || !is_given || rz_expr_is_constant(values[i])) {
            continue;
        }
        if (values[i]->kind != RZ_EXPR_COLUMN) {
            RZ_TRY(change_lift(arm, &values[i], lifted, err));
        }
        RZ_TRY(merge_add_key(arm, keys, values[i]->u.column, err));
    }
    return RUZU_OK;
}

static ruzu_status merge_prepare(plan_arm *arm, const rz_bound_merge *merge, rz_bound_merge *out, merge_keys *keys, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const rz_catalog *catalog = planner->context->catalog;
    change_values values = {0};
    rz_bound_create *create = NULL;
    *out = *merge;
    RZ_TRY(rz_plan_prepare_create(arm, &merge->create, &create, err));
    out->create = *create;
    for (uint32_t i = 0; i < create->node_count; i++) {
        const rz_cat_table *table = rz_catalog_node_table(catalog, create->nodes[i].table);
        RZ_TRY(merge_lift(arm, merge, merge->create.nodes[i].values, create->nodes[i].values, table == NULL ? 0 : table->property_count, &values, keys, err));
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        rz_bound_insert_rel *rel = &create->rels[i];
        const rz_cat_table *table = rz_catalog_rel_of_pair(catalog, rel->pairs[0].id, NULL);
        RZ_TRY(merge_lift(arm, merge, merge->create.rels[i].values, rel->values, table == NULL ? 0 : table->property_count, &values, keys, err));
        if (!merge_creates(create, rel->src_column)) {
            RZ_TRY(merge_add_key(arm, keys, rel->src_column, err));
        }
        if (!merge_creates(create, rel->dst_column)) {
            RZ_TRY(merge_add_key(arm, keys, rel->dst_column, err));
        }
    }
    RZ_TRY(change_copy_set(arm, &merge->on_match, &out->on_match, err));
    RZ_TRY(change_copy_set(arm, &merge->on_create, &out->on_create, err));
    return change_compute(arm, &values, err);
}

ruzu_status rz_plan_merge(plan_arm *arm, const rz_bound_merge *merge, const plan_set *after, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_bound_merge *copy = RZ_NEW(planner->arena, rz_bound_merge);
    merge_keys keys = {0};
    plan_set wanted = {0};
    RZ_TRY_ALLOC(copy, err, "planning MERGE");
    RZ_TRY(rz_plan_check_sink(arm, "MERGE", err));
    RZ_TRY(rz_plan_settle(arm, err));
    rz_plan_set_union(planner, &wanted, after);
    for (uint32_t i = 0; i < merge->create.node_count; i++) {
        rz_plan_set_add(planner, &wanted, merge->create.nodes[i].column);
    }
    for (uint32_t i = 0; i < merge->create.rel_count; i++) {
        rz_plan_set_add(planner, &wanted, merge->create.rels[i].column);
    }
    RZ_TRY(rz_plan_optional(arm, &merge->match, &wanted, err));
    RZ_TRY(merge_prepare(arm, merge, copy, &keys, err));
    RZ_TRY(change_barrier(arm, err));
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_MERGE, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.merge.bound = copy;
    arm->cur->u.merge.keys = keys.columns.items;
    arm->cur->u.merge.key_count = keys.columns.count;
    arm->cur->u.merge.probe = copy->create.rel_count != 0 ? copy->create.rels[0].column : copy->create.nodes[0].column;
    change_begin(arm, &copy->on_match);
    change_begin(arm, &copy->on_create);
    for (uint32_t i = 0; i < copy->create.node_count; i++) {
        rz_plan_set_add(planner, &planner->present, copy->create.nodes[i].column);
        rz_plan_set_add(planner, &arm->changed_columns, copy->create.nodes[i].column);
    }
    for (uint32_t i = 0; i < copy->create.rel_count; i++) {
        rz_plan_set_add(planner, &arm->changed_columns, copy->create.rels[i].column);
    }
    RZ_TRY(rz_plan_create_paths(arm, &copy->create, after, err));
    return rz_plan_check(planner, err);
}
