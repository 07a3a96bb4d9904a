/* SPDX-License-Identifier: MIT */
/*
 * Values of a hash join's build side for the scans of its probe side: where a key is a property of a node that is scanned, or its id, nodes whose values lie outside of those of the build
 * side are not scanned – blocks by zone maps, the rest on packed values. The scan belongs to the pipeline that runs when the build side is complete.
 *
 * For joins that drop rows without a partner. Between the scan and the join there may only be what gives rows for one row each (as for a JOIN_FILTER). Types are those that packed values are
 * tested for: integers, dates, timestamps, booleans. It costs next to nothing, so nothing is estimated; a scan stops testing where too much passes.
 */
#include "planner/build.h"

static bool bound_has_order(const rz_type *type)
{
    return type->physical >= RZ_PHYS_BOOL && type->physical <= RZ_PHYS_UINT64 && type->physical != RZ_PHYS_INT128;
}

/* The node whose property or id the key is; RZ_NO_COLUMN_ID: it is something else. */
static uint32_t bound_node_of(const rz_expr *key)
{
    bool fits = (key->kind == RZ_EXPR_PROPERTY || key->kind == RZ_EXPR_ID) && bound_has_order(key->type) && key->children[0]->kind == RZ_EXPR_COLUMN &&
                key->children[0]->type->id == RUZU_TYPE_NODE;
    return fits ? key->children[0]->u.column : RZ_NO_COLUMN_ID;
}

static rz_plan *bound_scan_of(const rz_plan *join, uint32_t node)
{
    rz_plan *plan = join->children[0];
    while (plan->kind != RZ_PLAN_NODE_SCAN && rz_plan_sieve_passes(plan)) {
        plan = plan->children[0];
    }
    return plan->kind == RZ_PLAN_NODE_SCAN && plan->u.scan.column == node ? plan : NULL;
}

/* The property's column in each of the scanned tables. */
static ruzu_status bound_columns(const rz_planner *planner, const rz_plan *scan, const rz_expr *property, const uint32_t **out, rz_error *err)
{
    const rz_type *object = property->children[0]->type;
    uint32_t *columns = RZ_NEW_ARRAY(planner->arena, uint32_t, scan->u.scan.table_count);
    RZ_TRY_ALLOC(columns, err, "planning a join");
    for (uint32_t t = 0; t < scan->u.scan.table_count; t++) {
        columns[t] = RZ_NO_COLUMN;
        for (uint32_t o = 0; o < object->table_count; o++) {
            if (object->tables[o] == scan->u.scan.tables[t]) {
                columns[t] = property->u.property.column_idxs[o];
            }
        }
    }
    *out = columns;
    return RUZU_OK;
}

static ruzu_status bound_put(const rz_planner *planner, rz_plan *scan, rz_plan_scan_bound bound, rz_error *err)
{
    rz_plan_scan_bound *bounds = RZ_NEW_ARRAY(planner->arena, rz_plan_scan_bound, (size_t)scan->u.scan.bound_count + 1);
    RZ_TRY_ALLOC(bounds, err, "planning a join");
    for (uint32_t i = 0; i < scan->u.scan.bound_count; i++) {
        bounds[i] = scan->u.scan.bounds[i];
    }
    bounds[scan->u.scan.bound_count++] = bound;
    scan->u.scan.bounds = bounds;
    return RUZU_OK;
}

ruzu_status rz_plan_bound_join(rz_planner *planner, rz_plan *join, rz_error *err)
{
    uint32_t count = join->u.join.key_count;
    if ((join->u.join.kind != RZ_JOIN_INNER && join->u.join.kind != RZ_JOIN_SEMI) || !rz_plan_rule(planner, RZ_RULE_BOUNDS)) {
        return RUZU_OK;
    }
    uint32_t *keys = RZ_NEW_ARRAY(planner->arena, uint32_t, count);
    RZ_TRY_ALLOC(keys, err, "planning a join");
    for (uint32_t k = 0; k < count; k++) {
        const rz_expr *key = join->u.join.probe_keys[k];
        uint32_t node = bound_node_of(key);
        rz_plan *scan = node == RZ_NO_COLUMN_ID ? NULL : bound_scan_of(join, node);
        if (scan != NULL) {
            rz_plan_scan_bound bound = {.join = join, .bound = join->u.join.bound_count};
            RZ_TRY(key->kind == RZ_EXPR_ID ? RUZU_OK : bound_columns(planner, scan, key, &bound.column_idxs, err));
            RZ_TRY(bound_put(planner, scan, bound, err));
            keys[join->u.join.bound_count++] = k;
        }
    }
    join->u.join.bounds = keys;
    return RUZU_OK;
}
