/* SPDX-License-Identifier: MIT */
/*
 * MATCH: operators for a pattern.
 *
 * The part of the pattern that hangs on what is known already continues the plan. Other parts are found by key where a
 * key is given, else planned on their own and joined: by hash where an equality connects them, else as a cross product.
 * Predicates stand where their columns first exist; those that may fail stand above everything else.
 */
#include "planner/join.h"

/* ---- predicates ---- */

/* Cheap and selective ones first. */
static bool match_goes_before(const join_predicate *a, const join_predicate *b)
{
    double rank_a = a->cost / (1.01 - a->selectivity);
    double rank_b = b->cost / (1.01 - b->selectivity);
    return rank_a < rank_b;
}

/* Adds the predicates [of those chosen by idxs] as one FILTER; those with subqueries one by one above it. */
static ruzu_status match_add_filters(plan_arm *arm, join_graph *graph, const uint32_t *idxs, uint32_t count,
                                     rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_expr **exprs = RZ_NEW_ARRAY(planner->arena, rz_expr *, count);
    RZ_TRY_ALLOC(exprs, err, "planning MATCH");
    uint32_t plain = 0;
    double selectivity = 1;
    for (uint32_t i = 0; i < count; i++) {
        join_predicate *predicate = &graph->predicates.items[idxs[i]];
        predicate->placed = true;
        if (!predicate->has_subquery) {
            exprs[plain] = predicate->expr;
            RZ_TRY(rz_plan_prepare_expr(arm, &exprs[plain], err));
            plain++;
            selectivity *= predicate->selectivity;
        }
    }
    RZ_TRY(rz_plan_filter(planner, arm->cur, exprs, plain, selectivity, &arm->cur, err));
    for (uint32_t i = 0; i < count; i++) {
        const join_predicate *predicate = &graph->predicates.items[idxs[i]];
        bool done = false;
        if (!predicate->has_subquery) {
            continue;
        }
        RZ_TRY(rz_plan_semi(arm, predicate->expr, &done, err));
        if (!done) {
            rz_expr **one = NULL;
            RZ_TRY(rz_plan_prepare_exprs(arm, &graph->predicates.items[idxs[i]].expr, 1, &one, err));
            RZ_TRY(rz_plan_filter(planner, arm->cur, one, 1, predicate->selectivity, &arm->cur, err));
        }
    }
    return RUZU_OK;
}

/* Adds what can be checked now: all that is not late, or (at the end) everything, late ones last and in written order.
 */
ruzu_status rz_match_place(plan_arm *arm, join_graph *graph, bool at_end, rz_error *err)
{
    uint32_t *idxs = RZ_NEW_ARRAY(arm->planner->arena, uint32_t, graph->predicates.count);
    RZ_TRY_ALLOC(idxs, err, "planning MATCH");
    if (!at_end && !rz_plan_rule(arm->planner, RZ_RULE_PUSH_DOWN)) {
        return RUZU_OK;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (predicate->placed || predicate->late || !rz_plan_has_all(arm->cur, &predicate->uses)) {
            continue;
        }
        uint32_t at = count++;
        for (; at > 0 && match_goes_before(predicate, &graph->predicates.items[idxs[at - 1]]); at--) {
            idxs[at] = idxs[at - 1];
        }
        idxs[at] = i;
    }
    RZ_TRY(match_add_filters(arm, graph, idxs, count, err));
    for (uint32_t i = 0; i < graph->predicates.count && at_end; i++) {
        if (!graph->predicates.items[i].placed) {
            RZ_TRY(match_add_filters(arm, graph, &i, 1, err));
        }
    }
    return RUZU_OK;
}

/* ---- starting a component ---- */

/* `property op constant` conditions on the node, for zone maps. */
static ruzu_status match_zones(const join_graph *graph, const join_node *node, rz_plan *scan, rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    rz_plan_zone *zones = RZ_NEW_ARRAY(arena, rz_plan_zone, graph->predicates.count);
    RZ_TRY_ALLOC(zones, err, "planning a scan");
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->predicates.count && rz_plan_rule(graph->planner, RZ_RULE_ZONES); i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        rz_compare_op op;
        rz_expr *value = NULL;
        const rz_expr *property =
            predicate->late ? NULL
                            : rz_plan_property_comparison(graph->planner, predicate->expr, node->column, &op, &value);
        if (property == NULL || !rz_expr_is_constant(value) || property->type->physical != value->type->physical) {
            continue;
        }
        uint32_t *column_idxs = RZ_NEW_ARRAY(arena, uint32_t, node->table_count);
        RZ_TRY_ALLOC(column_idxs, err, "planning a scan");
        const rz_type *object = property->children[0]->type;
        for (uint32_t t = 0; t < node->table_count; t++) {
            column_idxs[t] = RZ_NO_COLUMN;
            for (uint32_t o = 0; o < object->table_count; o++) {
                if (object->tables[o] == node->tables[t]) {
                    column_idxs[t] = property->u.property.column_idxs[o];
                }
            }
        }
        zones[count++] = (rz_plan_zone){.column_idxs = column_idxs, .op = op, .value = value};
    }
    scan->u.scan.zones = zones;
    scan->u.scan.zone_count = count;
    return RUZU_OK;
}

static ruzu_status match_lookup(plan_arm *arm, join_graph *graph, const join_node *node, const join_key *key,
                                rz_error *err)
{
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_NODE_LOOKUP, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.lookup.column = node->column;
    arm->cur->u.lookup.tables = node->tables;
    arm->cur->u.lookup.table_count = node->table_count;
    arm->cur->u.lookup.key = key->key;
    /* The index finds equal bits; EQUALS on floating point has its own mind about NaN and zeros, and checks again. */
    bool floating = key->key->type->physical == RZ_PHYS_DOUBLE || key->key->type->physical == RZ_PHYS_FLOAT;
    graph->predicates.items[key->predicate].placed = !floating;
    return rz_plan_add_column(arm->planner, arm->cur, node->column, err);
}

/* The arm's plan is a single row, or a key look-up is possible from it. */
ruzu_status rz_match_start(plan_arm *arm, join_graph *graph, const join_step *step, rz_error *err)
{
    const join_node *node = &graph->nodes.items[step->node];
    join_key key;
    if (rz_join_find_key(graph, step->node, arm->cur, &key)) {
        return match_lookup(arm, graph, node, &key, err);
    }
    if (!rz_plan_is_unit(arm->cur)) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "a scan was planned on top of other rows");
    }
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_NODE_SCAN, NULL, NULL, &arm->cur, err));
    arm->cur->u.scan.column = node->column;
    arm->cur->u.scan.tables = node->tables;
    arm->cur->u.scan.table_count = node->table_count;
    arm->cur->rows = node->rows;
    RZ_TRY(match_zones(graph, node, arm->cur, err));
    return rz_plan_add_column(arm->planner, arm->cur, node->column, err);
}

/* ---- steps ---- */

rz_plan_expand rz_match_walk(const join_graph *graph, const join_edge *edge, bool backward)
{
    return (rz_plan_expand){.from = graph->nodes.items[backward ? edge->to : edge->from].column,
                            .to = graph->nodes.items[backward ? edge->from : edge->to].column,
                            .rel = edge->column,
                            .hops = edge->hops[backward ? 1 : 0],
                            .hop_count = edge->hop_count,
                            .undirected = edge->edge->undirected};
}

/* Inside a trail pattern, a variable-length walk is a trail itself. */
static ruzu_status match_recursive_spec(rz_planner *planner, const join_edge *edge, bool trail,
                                        const rz_bound_recursive **out, rz_error *err)
{
    *out = edge->edge->recursive;
    if (trail && edge->edge->recursive->semantic == RZ_PATH_WALK) {
        rz_bound_recursive *copy =
            (rz_bound_recursive *)rz_arena_dup(planner->arena, edge->edge->recursive, sizeof *copy);
        RZ_TRY_ALLOC(copy, err, "planning MATCH");
        copy->semantic = RZ_PATH_TRAIL;
        *out = copy;
    }
    return RUZU_OK;
}

static ruzu_status match_recursive(plan_arm *arm, join_graph *graph, const join_step *step, bool trail, rz_error *err)
{
    const join_edge *edge = &graph->edges.items[step->edge];
    rz_planner *planner = arm->planner;
    const join_node *to = &graph->nodes.items[step->backward ? edge->from : edge->to];
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_RECURSIVE, arm->cur, NULL, &arm->cur, err));
    rz_plan_recursive *recursive = &arm->cur->u.recursive;
    rz_plan_expand walk = rz_match_walk(graph, edge, step->backward);
    recursive->from = walk.from;
    recursive->to = walk.to;
    recursive->to_bound = step->kind == JOIN_INTO;
    recursive->path = edge->column;
    RZ_TRY(rz_plan_length_column(planner, edge->column, &recursive->length, err));
    recursive->hops = walk.hops;
    recursive->hop_count = walk.hop_count;
    recursive->undirected = walk.undirected;
    recursive->to_tables = to->tables;
    recursive->to_table_count = to->table_count;
    RZ_TRY(match_recursive_spec(planner, edge, trail, &recursive->spec, err));
    RZ_TRY(rz_plan_add_column(planner, arm->cur, walk.to, err));
    RZ_TRY(rz_plan_add_column(planner, arm->cur, edge->column, err));
    RZ_TRY(rz_plan_add_column(planner, arm->cur, recursive->length, err));
    rz_plan_learn(planner, recursive->spec->cost_column, RZ_DOUBLE, NULL);
    return rz_plan_add_column(planner, arm->cur, recursive->spec->cost_column, err);
}

static ruzu_status match_intersect(plan_arm *arm, join_graph *graph, const join_step *step, rz_error *err)
{
    rz_planner *planner = arm->planner;
    uint32_t *edges = RZ_NEW_ARRAY(planner->arena, uint32_t, graph->edges.count);
    rz_plan_expand *inputs = RZ_NEW_ARRAY(planner->arena, rz_plan_expand, graph->edges.count);
    if (edges == NULL || inputs == NULL) {
        return rz_error_no_memory(err, "planning MATCH");
    }
    uint32_t count = rz_join_common(graph, step->node, edges, graph->edges.count);
    double shortest = 0;
    for (uint32_t i = 0; i < count; i++) { /* the input with the shortest lists leads */
        join_edge *edge = &graph->edges.items[edges[i]];
        bool backward = edge->to != step->node;
        double fan = edge->count / graph->nodes.items[backward ? edge->to : edge->from].rows;
        inputs[i] = rz_match_walk(graph, edge, backward);
        inputs[i].rel = RZ_NO_COLUMN_ID;
        edge->done = true;
        if (i == 0 || fan < shortest) {
            rz_plan_expand swap = inputs[0];
            inputs[0] = inputs[i];
            inputs[i] = swap;
            shortest = fan;
        }
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_INTERSECT, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.intersect.to = graph->nodes.items[step->node].column;
    arm->cur->u.intersect.inputs = inputs;
    arm->cur->u.intersect.input_count = count;
    return rz_plan_add_column(planner, arm->cur, arm->cur->u.intersect.to, err);
}

static uint32_t match_position(const rz_plan *plan, uint32_t column)
{
    uint32_t position = 0;
    while (position < plan->column_count && plan->columns[position] != column) {
        position++;
    }
    return position;
}

/*
 * A probe decodes the list of its `from` once for a run of rows with the same one. Columns that have been there longer
 * change less often, so of two ends with lists of like length the older one is walked from.
 */
static bool match_probe_backward(const join_graph *graph, const join_edge *edge, const rz_plan *cur, bool backward)
{
    double fan[2] = {edge->count / graph->nodes.items[edge->from].rows,
                     edge->count / graph->nodes.items[edge->to].rows};
    if (fan[0] > 8 * fan[1] || fan[1] > 8 * fan[0]) {
        return backward;
    }
    return match_position(cur, graph->nodes.items[edge->to].column) <
           match_position(cur, graph->nodes.items[edge->from].column);
}

static ruzu_status match_step(plan_arm *arm, join_graph *graph, const join_step *step, bool trail, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const join_edge *edge = step->edge == UINT32_MAX ? NULL : &graph->edges.items[step->edge];
    bool counted = false;
    if (step->kind == JOIN_COUNT || step->kind == JOIN_PAIR) {
        RZ_TRY(rz_join_count_except(arm, graph, step, &counted, err));
    }
    if (counted) {
        arm->cur->rows = step->rows;
    } else if (step->kind == JOIN_START) {
        RZ_TRY(rz_match_start(arm, graph, step, err));
    } else if (step->kind == JOIN_INTERSECT) {
        RZ_TRY(match_intersect(arm, graph, step, err));
        arm->cur->rows = step->rows;
    } else if (edge->edge->recursive != NULL) {
        RZ_TRY(match_recursive(arm, graph, step, trail, err));
        arm->cur->rows = step->rows;
    } else {
        rz_plan_kind kind = step->kind == JOIN_INTO    ? RZ_PLAN_EXPAND_INTO
                            : step->kind == JOIN_COUNT ? RZ_PLAN_DEGREE
                                                       : RZ_PLAN_EXPAND;
        RZ_TRY(rz_plan_node(planner, kind, arm->cur, NULL, &arm->cur, err));
        bool backward =
            kind == RZ_PLAN_EXPAND_INTO ? match_probe_backward(graph, edge, arm->cur, step->backward) : step->backward;
        arm->cur->u.expand = rz_match_walk(graph, edge, backward);
        arm->cur->rows = step->rows;
        if (step->kind == JOIN_COUNT) {
            arm->cur->u.expand.to = arm->cur->u.expand.rel = RZ_NO_COLUMN_ID;
        } else {
            RZ_TRY(rz_plan_add_column(planner, arm->cur, arm->cur->u.expand.to, err));
            RZ_TRY(rz_plan_add_column(planner, arm->cur, arm->cur->u.expand.rel, err));
        }
    }
    rz_join_mark(graph, step);
    if (step->node != UINT32_MAX) {
        rz_plan_set_add(planner, &planner->present, graph->nodes.items[step->node].column);
    }
    return rz_match_place(arm, graph, false, err);
}

static bool match_is_anchored(const join_graph *graph, uint32_t component)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        if (graph->nodes.items[i].component == component && graph->nodes.items[i].bound) {
            return true;
        }
    }
    return false;
}

/* Is looking a node up better than walking to it? A constant key is looked up once, so only where there is one row
 * anyway. */
static bool match_key_is_useful(const join_key *key, const rz_plan *cur)
{
    return cur->rows <= 1 || !rz_expr_is_constant(key->key);
}

/* Nodes of the component that have a key are looked up first: walks between them then end in probes and searches with
 * both ends known. */
static ruzu_status match_lookups(plan_arm *arm, join_graph *graph, uint32_t component, bool trail, rz_error *err)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        const join_node *node = &graph->nodes.items[i];
        join_key key;
        if (node->component == component && !node->bound && rz_join_find_key(graph, i, arm->cur, &key) &&
            match_key_is_useful(&key, arm->cur)) {
            const join_step step = {.kind = JOIN_START, .edge = UINT32_MAX, .node = i, .rows = arm->cur->rows};
            RZ_TRY(match_step(arm, graph, &step, trail, err));
        }
    }
    return RUZU_OK;
}

/* The predicate `key IN constant list` of a node; UINT32_MAX: none. */
static uint32_t match_find_list(const join_graph *graph, const join_node *node, rz_expr **out_list,
                                const rz_type **out_cast)
{
    if (node->table_count != 1 || !rz_plan_rule(graph->planner, RZ_RULE_KEY_LOOKUP)) {
        return UINT32_MAX;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        const rz_expr *property = predicate->placed || predicate->late
                                      ? NULL
                                      : rz_plan_property_in(predicate->expr, node->column, out_list, out_cast);
        if (property != NULL && rz_expr_is_constant(*out_list) && property->type->physical != RZ_PHYS_DOUBLE &&
            property->type->physical != RZ_PHYS_FLOAT && rz_plan_is_key_of(graph->planner, property, node->tables[0])) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* A node whose key is in a list is looked up once for each different element. */
static ruzu_status match_lookup_list(plan_arm *arm, join_graph *graph, uint32_t node_idx, uint32_t predicate,
                                     rz_expr *list, const rz_type *cast, bool trail, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const join_node *node = &graph->nodes.items[node_idx];
    rz_expr *distinct = NULL;
    join_key key = {.predicate = predicate};
    uint32_t element = 0;
    RZ_TRY(rz_plan_call(planner, "LIST_DISTINCT", &list, 1, &distinct, err));
    distinct->name = list->name;
    RZ_TRY(rz_plan_new_column(planner, list->type->child, NULL, &element, err));
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_UNWIND, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.unwind.list = distinct;
    arm->cur->u.unwind.column = element;
    arm->cur->rows *= 10;
    RZ_TRY(rz_plan_add_column(planner, arm->cur, element, err));
    RZ_TRY(rz_plan_column_expr(planner, element, &key.key, err));
    if (cast != NULL) {
        key.key = rz_expr_new(planner->arena, RZ_EXPR_CAST, cast, &key.key, 1);
        RZ_TRY_ALLOC(key.key, err, "planning a look-up");
        key.key->u.try_cast = true;
    }
    RZ_TRY(match_lookup(arm, graph, node, &key, err));
    const join_step step = {.kind = JOIN_START, .edge = UINT32_MAX, .node = node_idx};
    rz_join_mark(graph, &step);
    rz_plan_set_add(planner, &planner->present, node->column);
    RZ_TRY(rz_match_place(arm, graph, false, err));
    return match_lookups(arm, graph, node->component, trail, err);
}

/* Where nothing of the component is known yet: a node whose key is in a list. */
static ruzu_status match_lists(plan_arm *arm, join_graph *graph, uint32_t component, bool trail, rz_error *err)
{
    if (arm->cur->rows > 1 || match_is_anchored(graph, component)) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        rz_expr *list = NULL;
        const rz_type *cast = NULL;
        uint32_t predicate = graph->nodes.items[i].component == component
                                 ? match_find_list(graph, &graph->nodes.items[i], &list, &cast)
                                 : UINT32_MAX;
        if (predicate != UINT32_MAX) {
            return match_lookup_list(arm, graph, i, predicate, list, cast, trail, err);
        }
    }
    return RUZU_OK;
}

static ruzu_status match_component(plan_arm *arm, join_graph *graph, uint32_t component, bool trail, rz_error *err)
{
    join_steps steps = {0};
    join_messages messages = {0};
    double cost = 0;
    if (graph->hint == NULL) {
        RZ_TRY(match_lookups(arm, graph, component, trail, err));
        RZ_TRY(match_lists(arm, graph, component, trail, err));
    }
    RZ_TRY(rz_join_order(graph, component, arm->cur, &steps, &cost, err));
    if (graph->hint == NULL) {
        RZ_TRY(rz_join_find_messages(arm, graph, component, &steps, cost, &messages, err));
    }
    for (uint32_t i = 0; i < steps.count; i++) {
        RZ_TRY(match_step(arm, graph, &steps.items[i], trail, err));
        rz_plan *top = arm->cur;
        while (top->kind == RZ_PLAN_FILTER) {
            top = top->children[0];
        }
        top->hinted = graph->hint != NULL;
        RZ_TRY(rz_join_apply_messages(arm, graph, &messages, err));
        RZ_TRY(rz_join_prune_pairs(arm, graph, &steps, i, err));
    }
    return RUZU_OK;
}

/* ---- joining components ---- */

bool rz_match_type_hashes(const rz_type *type)
{
    return type->physical != RZ_PHYS_NONE && type->physical != RZ_PHYS_FLOAT && type->physical != RZ_PHYS_DOUBLE &&
           type->physical <= RZ_PHYS_STRING && type->physical != RZ_PHYS_INTERVAL;
}

/* An equality with one side over `left` and the other over `right`: sets the sides. */
static bool match_join_key(rz_planner *planner, const join_predicate *predicate, const rz_plan *left,
                           const rz_plan *right, rz_expr **out_left, rz_expr **out_right)
{
    rz_compare_op op;
    if (predicate->placed || predicate->late || predicate->has_subquery || !rz_plan_comparison(predicate->expr, &op) ||
        op != RZ_CMP_EQ) {
        return false;
    }
    for (uint32_t side = 0; side < 2; side++) {
        rz_expr *a = predicate->expr->children[side];
        rz_expr *b = predicate->expr->children[1 - side];
        plan_set uses_a = {0};
        plan_set uses_b = {0};
        rz_plan_set_uses(planner, &uses_a, a);
        rz_plan_set_uses(planner, &uses_b, b);
        if (rz_expr_is_constant(a) || rz_expr_is_constant(b) || !rz_plan_has_all(left, &uses_a) ||
            !rz_plan_has_all(right, &uses_b)) {
            continue;
        }
        if (rz_type_equal(a->type, b->type) && rz_match_type_hashes(a->type)) {
            *out_left = a;
            *out_right = b;
            return true;
        }
    }
    return false;
}

/* Joins `part` to the arm's plan. The build side is the smaller one, but never one that depends on an outer row, and
 * never what stands above a write. */
static ruzu_status match_join(plan_arm *arm, join_graph *graph, rz_plan *part, bool writes_below, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool turned = arm->cur->rows < part->rows && !rz_plan_is_correlated(arm->cur) && !writes_below;
    rz_plan *probe = turned ? part : arm->cur;
    rz_plan *build = turned ? arm->cur : part;
    rz_expr **probe_keys = RZ_NEW_ARRAY(planner->arena, rz_expr *, graph->predicates.count);
    rz_expr **build_keys = RZ_NEW_ARRAY(planner->arena, rz_expr *, graph->predicates.count);
    if (probe_keys == NULL || build_keys == NULL) {
        return rz_error_no_memory(err, "planning a join");
    }
    uint32_t count = 0;
    double selectivity = 1;
    for (uint32_t i = 0; i < graph->predicates.count && rz_plan_rule(planner, RZ_RULE_HASH_JOIN); i++) {
        join_predicate *predicate = &graph->predicates.items[i];
        if (match_join_key(planner, predicate, probe, build, &probe_keys[count], &build_keys[count])) {
            predicate->placed = true;
            selectivity *= predicate->selectivity;
            count++;
        }
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_HASH_JOIN, probe, build, &arm->cur, err));
    arm->cur->u.join.kind = count == 0 ? RZ_JOIN_CROSS : RZ_JOIN_INNER;
    arm->cur->u.join.probe_keys = probe_keys;
    arm->cur->u.join.build_keys = build_keys;
    arm->cur->u.join.key_count = count;
    arm->cur->rows = probe->rows * build->rows * selectivity;
    return rz_match_place(arm, graph, false, err);
}

/* Can some node of the component be looked up from the arm's plan? */
static bool match_has_key(const join_graph *graph, uint32_t component, const rz_plan *cur)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        join_key key;
        if (graph->nodes.items[i].component == component && rz_join_find_key(graph, i, cur, &key) &&
            match_key_is_useful(&key, cur)) {
            return true;
        }
    }
    return false;
}

/* Is there an equality that connects the component with what is there? */
static bool match_has_equality(const join_graph *graph, uint32_t component, const rz_plan *cur)
{
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        rz_compare_op op;
        bool inside = false;
        bool outside = false;
        for (uint32_t n = 0; n < predicate->node_count; n++) {
            inside |= graph->nodes.items[predicate->nodes[n]].component == component;
            outside |= rz_plan_has_column(cur, graph->nodes.items[predicate->nodes[n]].column);
        }
        if (inside && outside && !predicate->placed && rz_plan_comparison(predicate->expr, &op) && op == RZ_CMP_EQ) {
            return true;
        }
    }
    return false;
}

/* Will the component be reached over a bridge? */
static bool match_is_reached(const join_graph *graph, uint32_t component)
{
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if (edge->bridge && !edge->done && graph->nodes.items[edge->to].component == component &&
            graph->nodes.items[edge->from].component != component) {
            return true;
        }
    }
    return false;
}

/* The next component to add: one that is known in part, or can be looked up, else one that an equality connects, else
 * the first that no bridge leads to. */
static uint32_t match_choose(const join_graph *graph, const bool *done, const rz_plan *cur)
{
    uint32_t best = UINT32_MAX;
    uint32_t best_rank = UINT32_MAX;
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        uint32_t component = graph->nodes.items[i].component;
        if (done[component] || graph->nodes.items[i].gone) {
            continue;
        }
        uint32_t rank = match_is_anchored(graph, component) || match_has_key(graph, component, cur) ? 0
                        : match_has_equality(graph, component, cur)                                 ? 1
                        : !match_is_reached(graph, component)                                       ? 2
                                                                                                    : 3;
        if (rank < best_rank) {
            best = component;
            best_rank = rank;
        }
    }
    return best;
}

/* Walks the bridges whose left end is known by now. */
static ruzu_status match_bridges(plan_arm *arm, join_graph *graph, bool trail, rz_error *err)
{
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        const join_node *to = &graph->nodes.items[edge->to];
        if (!edge->bridge || edge->done || !graph->nodes.items[edge->from].bound ||
            (!to->bound && match_has_key(graph, to->component, arm->cur))) {
            continue;
        }
        join_step step = {.kind = JOIN_EXPAND, .edge = e, .node = edge->to, .rows = arm->cur->rows * 10};
        if (to->bound) {
            step = (join_step){.kind = JOIN_INTO, .edge = e, .node = UINT32_MAX, .rows = arm->cur->rows};
        }
        RZ_TRY(match_step(arm, graph, &step, trail, err));
    }
    return RUZU_OK;
}

static ruzu_status match_components(plan_arm *arm, join_graph *graph, bool trail, bool writes_below, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool *done = RZ_NEW_ARRAY(planner->arena, bool, graph->component_count);
    RZ_TRY_ALLOC(done, err, "planning MATCH");
    for (;;) {
        uint32_t component = match_choose(graph, done, arm->cur);
        if (component == UINT32_MAX) {
            return RUZU_OK;
        }
        done[component] = true;
        if (rz_plan_is_unit(arm->cur) || match_is_anchored(graph, component) ||
            (graph->hint == NULL && match_has_key(graph, component, arm->cur))) {
            RZ_TRY(match_component(arm, graph, component, trail, err));
        } else {
            plan_arm part = {.planner = planner, .counted = arm->counted};
            RZ_TRY(rz_plan_node(planner, RZ_PLAN_SINGLE_ROW, NULL, NULL, &part.cur, err));
            rz_join_bars_of_part(graph, component);
            RZ_TRY(match_component(&part, graph, component, trail, err));
            RZ_TRY(match_join(arm, graph, part.cur, writes_below, err));
        }
        RZ_TRY(match_bridges(arm, graph, trail, err));
    }
}

/* ---- the whole ---- */

/* Nothing can match: no rows, but all columns. */
static ruzu_status match_nothing(plan_arm *arm, const join_graph *graph, const rz_bound_match *const *matches,
                                 uint32_t count, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_plan *empty = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_EMPTY, NULL, NULL, &empty, err));
    empty->rows = 0;
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        RZ_TRY(rz_plan_add_column(planner, empty, graph->nodes.items[i].column, err));
    }
    for (uint32_t i = 0; i < graph->edges.count; i++) {
        const rz_bound_edge *edge = graph->edges.items[i].edge;
        RZ_TRY(rz_plan_add_column(planner, empty, edge->column, err));
        if (edge->recursive != NULL) {
            rz_plan_learn(planner, edge->recursive->cost_column, RZ_DOUBLE, NULL);
            RZ_TRY(rz_plan_add_column(planner, empty, edge->recursive->cost_column, err));
        }
    }
    for (uint32_t m = 0; m < count; m++) {
        for (uint32_t i = 0; i < matches[m]->pattern.path_count; i++) {
            rz_plan_learn(planner, matches[m]->pattern.paths[i].column, matches[m]->pattern.paths[i].expr->type, NULL);
            RZ_TRY(rz_plan_add_column(planner, empty, matches[m]->pattern.paths[i].column, err));
        }
    }
    if (rz_plan_is_unit(arm->cur) || rz_plan_is_correlated(arm->cur)) {
        for (uint32_t i = 0; i < arm->cur->column_count; i++) {
            RZ_TRY(rz_plan_add_column(planner, empty, arm->cur->columns[i], err));
        }
        arm->cur = empty;
        return RUZU_OK;
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_HASH_JOIN, arm->cur, empty, &arm->cur, err)); /* what stands below may write */
    arm->cur->u.join.kind = RZ_JOIN_CROSS;
    arm->cur->rows = 0;
    return RUZU_OK;
}

/* Named paths that a predicate or a later clause looks at. */
static ruzu_status match_paths(plan_arm *arm, const join_graph *graph, const rz_bound_match *const *matches,
                               uint32_t count, const plan_set *after, rz_error *err)
{
    for (uint32_t m = 0; m < count; m++) {
        for (uint32_t i = 0; i < matches[m]->pattern.path_count; i++) {
            const rz_bound_path *path = &matches[m]->pattern.paths[i];
            bool wanted = rz_plan_set_has(after, path->column);
            for (uint32_t p = 0; p < graph->predicates.count && !wanted; p++) {
                wanted = rz_plan_set_has(&graph->predicates.items[p].uses, path->column);
            }
            if (wanted) {
                rz_expr **expr = (rz_expr **)rz_arena_dup(arm->planner->arena, &path->expr, sizeof path->expr);
                RZ_TRY_ALLOC(expr, err, "planning a path");
                RZ_TRY(rz_plan_project(arm->planner, arm->cur, expr, &path->column, 1, &arm->cur, err));
            }
        }
    }
    return RUZU_OK;
}

static bool match_writes_below(const rz_plan *plan)
{
    if (plan->kind == RZ_PLAN_INSERT || plan->kind == RZ_PLAN_SET || plan->kind == RZ_PLAN_DELETE ||
        plan->kind == RZ_PLAN_MERGE) {
        return true;
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        if (match_writes_below(plan->children[i])) {
            return true;
        }
    }
    return false;
}

ruzu_status rz_plan_match(plan_arm *arm, const rz_bound_match *const *matches, uint32_t count, const plan_set *after,
                          rz_error *err)
{
    join_graph graph;
    bool trail = false;
    const rz_bound_hint *hint = rz_plan_rule(arm->planner, RZ_RULE_JOIN_ORDER) ? matches[0]->hint : NULL;
    if (hint == NULL) {
        RZ_TRY(rz_join_unroll(arm->planner, matches, count, after, &matches, err));
    }
    RZ_TRY(rz_join_graph(arm->planner, arm->cur, matches, count, after, &graph, err));
    graph.hint = hint;
    for (uint32_t m = 0; m < count; m++) {
        trail |= matches[m]->pattern.trail;
    }
    if (graph.impossible) {
        return match_nothing(arm, &graph, matches, count, err);
    }
    bool done = false;
    if (hint == NULL) {
        RZ_TRY(rz_join_triangle(arm, &graph, matches, count, after, &done, err));
    }
    if (done) {
        return rz_plan_check(arm->planner, err);
    }
    RZ_TRY(rz_match_place(arm, &graph, false, err));
    RZ_TRY(match_components(arm, &graph, trail, match_writes_below(arm->cur), err));
    for (uint32_t i = 0; i < graph.nodes.count; i++) {
        rz_plan_set_add(arm->planner, &arm->planner->present, graph.nodes.items[i].column);
    }
    RZ_TRY(match_paths(arm, &graph, matches, count, after, err));
    RZ_TRY(rz_match_place(arm, &graph, true, err));
    return rz_plan_check(arm->planner, err);
}
