/* SPDX-License-Identifier: MIT */
/*
 * From bound patterns to a graph: nodes and edges of several MATCH clauses together, their predicates, who looks at
 * what.
 */
#include "planner/join.h"

/* ---- nodes ---- */

static uint32_t graph_find_node(const join_graph *graph, uint32_t column)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        if (graph->nodes.items[i].column == column) {
            return i;
        }
    }
    return UINT32_MAX;
}

static double graph_rows(rz_planner *planner, const uint32_t *tables, uint32_t count)
{
    double rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        rows += (double)rz_plan_stats(planner, tables[i])->rows;
    }
    return rows < 1 ? 1 : rows;
}

/* Tables in both ascending lists. */
static ruzu_status graph_common_tables(rz_planner *planner, join_node *node, const rz_bound_node *bound, rz_error *err)
{
    uint32_t *tables = RZ_NEW_ARRAY(planner->arena, uint32_t, node->table_count);
    RZ_TRY_ALLOC(tables, err, "planning MATCH");
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->table_count; i++) {
        for (uint32_t j = 0; j < bound->table_count; j++) {
            if (node->tables[i] == bound->tables[j]) {
                tables[count++] = node->tables[i];
            }
        }
    }
    node->tables = tables;
    node->table_count = count;
    return RUZU_OK;
}

static ruzu_status graph_add_node(join_graph *graph, const rz_plan *cur, const rz_bound_node *bound, uint32_t *out,
                                  rz_error *err)
{
    rz_planner *planner = graph->planner;
    *out = graph_find_node(graph, bound->column);
    if (*out == UINT32_MAX) {
        join_node node = {.column = bound->column,
                          .tables = bound->tables,
                          .table_count = bound->table_count,
                          .component = UINT32_MAX,
                          .bound = rz_plan_has_column(cur, bound->column)};
        if (!node.bound && rz_plan_type(planner, bound->column)->id == RUZU_TYPE_ANY) {
            const rz_type *type = rz_type_node(planner->arena, bound->tables, bound->table_count);
            RZ_TRY_ALLOC(type, err, "planning MATCH");
            rz_plan_learn(planner, bound->column, type, bound->name);
        }
        *out = graph->nodes.count;
        if (!RZ_ARRAY_PUSH(&graph->nodes, planner->arena, node)) {
            return rz_error_no_memory(err, "planning MATCH");
        }
    } else {
        RZ_TRY(graph_common_tables(planner, &graph->nodes.items[*out], bound, err));
    }
    graph->impossible |= graph->nodes.items[*out].table_count == 0;
    return RUZU_OK;
}

/* ---- edges ---- */

static ruzu_status graph_tables_add(rz_planner *planner, uint32_t *tables, uint32_t *count, uint32_t table)
{
    uint32_t at = 0;
    (void)planner;
    while (at < *count && tables[at] < table) {
        at++;
    }
    if (at < *count && tables[at] == table) {
        return RUZU_OK;
    }
    for (uint32_t i = *count; i > at; i--) {
        tables[i] = tables[i - 1];
    }
    tables[at] = table;
    (*count)++;
    return RUZU_OK;
}

/* REL over the hops' pairs, or the path type over their pairs and nodes. */
static ruzu_status graph_edge_type(rz_planner *planner, const rz_bound_edge *edge, const rz_type **out, rz_error *err)
{
    uint32_t *pairs = RZ_NEW_ARRAY(planner->arena, uint32_t, edge->hop_count + 1);
    uint32_t *tables = RZ_NEW_ARRAY(planner->arena, uint32_t, 2 * (size_t)edge->hop_count + 1);
    uint32_t pair_count = 0;
    uint32_t table_count = 0;
    if (pairs == NULL || tables == NULL) {
        return rz_error_no_memory(err, "planning MATCH");
    }
    for (uint32_t i = 0; i < edge->hop_count; i++) {
        RZ_TRY(graph_tables_add(planner, pairs, &pair_count, edge->hops[i].pair));
        RZ_TRY(graph_tables_add(planner, tables, &table_count, edge->hops[i].from_table));
        RZ_TRY(graph_tables_add(planner, tables, &table_count, edge->hops[i].to_table));
    }
    const rz_type *rel = rz_type_rel(planner->arena, pairs, pair_count);
    RZ_TRY_ALLOC(rel, err, "planning MATCH");
    *out = rel;
    if (edge->recursive != NULL) {
        const rz_type *node = rz_type_node(planner->arena, tables, table_count);
        *out = node == NULL ? NULL : rz_type_path(planner->arena, node, rel);
    }
    RZ_TRY_ALLOC(*out, err, "planning MATCH");
    return RUZU_OK;
}

ruzu_status rz_join_reverse_hops(rz_planner *planner, const rz_hop *from, uint32_t count, const rz_hop **out, rz_error *err)
{
    rz_hop *hops = RZ_NEW_ARRAY(planner->arena, rz_hop, count);
    RZ_TRY_ALLOC(hops, err, "planning MATCH");
    for (uint32_t i = 0; i < count; i++) {
        const rz_hop *hop = &from[i];
        hops[i] = (rz_hop){.pair = hop->pair,
                           .direction = hop->direction == RZ_FORWARD ? RZ_BACKWARD : RZ_FORWARD,
                           .from_table = hop->to_table,
                           .to_table = hop->from_table};
    }
    *out = hops;
    return RUZU_OK;
}

static void graph_edge_stats(join_graph *graph, join_edge *edge)
{
    double bound[2] = {0, 0};
    for (uint32_t i = 0; i < edge->hop_count; i++) {
        const rz_hop *hop = &edge->hops[0][i];
        const rz_table_stats *stats = rz_plan_stats(graph->planner, hop->pair);
        bool forward = hop->direction == RZ_FORWARD;
        edge->count += (double)stats->rows;
        bound[0] += (double)stats->bound_nodes[forward ? RZ_FORWARD : RZ_BACKWARD];
        bound[1] += (double)stats->bound_nodes[forward ? RZ_BACKWARD : RZ_FORWARD];
    }
    for (uint32_t end = 0; end < 2; end++) {
        double rows = graph->nodes.items[end == 0 ? edge->from : edge->to].rows;
        edge->reach[end] = bound[end] < rows ? bound[end] / rows : 1;
        edge->met[end] = rz_plan_met_length(graph->planner, edge->hops[end], edge->hop_count, rows);
    }
}

static ruzu_status graph_add_predicate(join_graph *graph, rz_expr *expr, rz_error *err)
{
    join_predicate predicate = {.expr = expr};
    rz_planner *planner = graph->planner;
    rz_plan_set_uses(planner, &predicate.uses, expr);
    predicate.selectivity = rz_plan_selectivity(planner, expr);
    predicate.cost = rz_plan_expr_cost(expr);
    predicate.late = rz_expr_can_fail(expr) || rz_expr_is_volatile(expr);
    predicate.has_subquery = rz_plan_has_subquery(expr);
    return RZ_ARRAY_PUSH(&graph->predicates, planner->arena, predicate) ? RUZU_OK
                                                                        : rz_error_no_memory(err, "planning MATCH");
}

static ruzu_status graph_add_edge(join_graph *graph, const rz_plan *cur, const rz_bound_edge *bound,
                                  const uint32_t *nodes, rz_error *err)
{
    rz_planner *planner = graph->planner;
    join_edge edge = {.edge = bound,
                      .from = nodes[bound->from],
                      .to = nodes[bound->to],
                      .column = bound->column,
                      .hop_count = bound->hop_count};
    edge.hops[0] = bound->hops;
    RZ_TRY(rz_join_reverse_hops(planner, edge.hops[0], edge.hop_count, &edge.hops[1], err));
    bool empty_path = bound->recursive != NULL && bound->recursive->lower == 0;
    graph->impossible |= bound->hop_count == 0 && !empty_path;
    bool known = rz_plan_has_column(cur, bound->column);
    for (uint32_t i = 0; i < graph->edges.count; i++) {
        known |= graph->edges.items[i].column == bound->column;
    }
    const rz_type *type = NULL;
    RZ_TRY(graph_edge_type(planner, bound, &type, err));
    if (known) { /* walks its own relationship, which must then be the known one */
        rz_expr *sides[2];
        rz_expr *same = NULL;
        RZ_TRY(rz_plan_new_column(planner, type, bound->name, &edge.column, err));
        RZ_TRY(rz_plan_column_expr(planner, edge.column, &sides[0], err));
        RZ_TRY(rz_plan_column_expr(planner, bound->column, &sides[1], err));
        RZ_TRY(rz_plan_compare_ids(planner, "EQUALS", sides[0], sides[1], &same, err));
        RZ_TRY(graph_add_predicate(graph, same, err));
    } else if (rz_plan_type(planner, bound->column)->id == RUZU_TYPE_ANY) {
        rz_plan_learn(planner, bound->column, type, bound->name);
    }
    graph->nodes.items[edge.from].edge_count++;
    graph->nodes.items[edge.to].edge_count++;
    return RZ_ARRAY_PUSH(&graph->edges, planner->arena, edge) ? RUZU_OK : rz_error_no_memory(err, "planning MATCH");
}

/* ---- match_mode='trail': no relationship twice in one pattern ---- */

static bool graph_edges_overlap(const rz_bound_edge *a, const rz_bound_edge *b)
{
    for (uint32_t i = 0; i < a->hop_count; i++) {
        for (uint32_t j = 0; j < b->hop_count; j++) {
            if (a->hops[i].pair == b->hops[j].pair) {
                return true;
            }
        }
    }
    return false;
}

/* NONE(x IN RELS(path) WHERE ID(x) = ID(other)), or another quantifier. */
static ruzu_status graph_rels_quantified(rz_planner *planner, const join_edge *path, rz_lambda_kind kind,
                                         rz_expr *param, rz_expr *body, rz_expr **out, rz_error *err)
{
    rz_expr *column = NULL;
    RZ_TRY(rz_plan_column_expr(planner, path->column, &column, err));
    if (column->type->field_count != 2) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "a variable-length relationship without a path type");
    }
    rz_expr *list = rz_expr_new(planner->arena, RZ_EXPR_FIELD, column->type->fields[1].type, &column, 1);
    RZ_TRY_ALLOC(list, err, "planning MATCH");
    list->u.field = 1;
    rz_expr *children[2] = {list, body};
    *out = rz_expr_new(planner->arena, RZ_EXPR_LIST_LAMBDA, RZ_BOOL, children, 2);
    RZ_TRY_ALLOC(*out, err, "planning MATCH");
    (*out)->u.lambda.kind = kind;
    (*out)->u.lambda.params[0] = param->u.column;
    (*out)->u.lambda.params[1] = RZ_NO_COLUMN_ID;
    (*out)->name = "distinct relationships";
    return RUZU_OK;
}

static ruzu_status graph_rel_param(rz_planner *planner, const join_edge *path, rz_expr **out, rz_error *err)
{
    const rz_type *type = rz_plan_type(planner, path->column);
    uint32_t column = 0;
    if (type->field_count != 2) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "a variable-length relationship without a path type");
    }
    RZ_TRY(rz_plan_new_column(planner, type->fields[1].type->child, NULL, &column, err));
    return rz_plan_column_expr(planner, column, out, err);
}

static ruzu_status graph_add_distinct(join_graph *graph, const join_edge *a, const join_edge *b, rz_error *err)
{
    rz_planner *planner = graph->planner;
    rz_expr *sides[2];
    rz_expr *condition = NULL;
    const join_edge *edges[2] = {a, b};
    for (uint32_t i = 0; i < 2; i++) {
        RZ_TRY(edges[i]->edge->recursive == NULL ? rz_plan_column_expr(planner, edges[i]->column, &sides[i], err)
                                                 : graph_rel_param(planner, edges[i], &sides[i], err));
    }
    bool single = a->edge->recursive == NULL && b->edge->recursive == NULL;
    RZ_TRY(rz_plan_compare_ids(planner, single ? "NOT_EQUALS" : "EQUALS", sides[0], sides[1], &condition, err));
    if (a->edge->recursive != NULL) {
        RZ_TRY(graph_rels_quantified(planner, a, b->edge->recursive != NULL ? RZ_LAMBDA_ANY : RZ_LAMBDA_NONE, sides[0],
                                     condition, &condition, err));
    }
    if (b->edge->recursive != NULL) {
        RZ_TRY(graph_rels_quantified(planner, b, RZ_LAMBDA_NONE, sides[1], condition, &condition, err));
    }
    return graph_add_predicate(graph, condition, err);
}

static ruzu_status graph_add_trail(join_graph *graph, uint32_t first_edge, rz_error *err)
{
    for (uint32_t i = first_edge; i < graph->edges.count; i++) {
        for (uint32_t j = first_edge; j < i; j++) {
            if (graph_edges_overlap(graph->edges.items[i].edge, graph->edges.items[j].edge)) {
                const join_edge a = graph->edges.items[j];
                const join_edge b = graph->edges.items[i];
                RZ_TRY(graph_add_distinct(graph, &a, &b, err));
            }
        }
    }
    return RUZU_OK;
}

/* ---- who looks at what ---- */

static ruzu_status graph_predicate_parts(join_graph *graph, join_predicate *predicate, const rz_plan *cur,
                                         rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    predicate->nodes = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    predicate->edges = RZ_NEW_ARRAY(arena, uint32_t, graph->edges.count);
    if (predicate->nodes == NULL || predicate->edges == NULL) {
        return rz_error_no_memory(err, "planning MATCH");
    }
    plan_set rest = {0};
    plan_set looks = {0};
    rz_plan_set_union(graph->planner, &rest, &predicate->uses);
    rz_plan_set_looks(graph->planner, &looks, predicate->expr);
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        if (rz_plan_set_has(&rest, graph->nodes.items[i].column)) {
            predicate->nodes[predicate->node_count++] = i;
            graph->nodes.items[i].used = true;
            rz_bit_clear(rest.words, graph->nodes.items[i].column);
        }
    }
    for (uint32_t i = 0; i < graph->edges.count; i++) {
        if (rz_plan_set_has(&rest, graph->edges.items[i].column)) {
            predicate->edges[predicate->edge_count++] = i;
            graph->edges.items[i].used |= rz_plan_set_has(&looks, graph->edges.items[i].column);
            rz_bit_clear(rest.words, graph->edges.items[i].column);
        }
    }
    predicate->foreign = !rz_plan_has_all(cur, &rest);
    return RUZU_OK;
}

static void graph_mark_used(join_graph *graph, const plan_set *columns)
{
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        graph->nodes.items[i].used |= rz_plan_set_has(columns, graph->nodes.items[i].column);
    }
    for (uint32_t i = 0; i < graph->edges.count; i++) {
        graph->edges.items[i].used |= rz_plan_set_has(columns, graph->edges.items[i].column);
    }
}

static ruzu_status graph_uses(join_graph *graph, const rz_plan *cur, const rz_bound_match *const *matches,
                              uint32_t match_count, const plan_set *after, rz_error *err)
{
    plan_set used = {0};
    plan_set wanted = {0}; /* by the pattern itself, but for predicates */
    rz_plan_set_union(graph->planner, &used, after);
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        rz_plan_set_looks(graph->planner, &used, graph->predicates.items[i].expr);
        RZ_TRY(graph_predicate_parts(graph, &graph->predicates.items[i], cur, err));
    }
    for (uint32_t m = 0; m < match_count; m++) {
        for (uint32_t p = 0; p < matches[m]->pattern.path_count; p++) {
            if (rz_plan_set_has(&used, matches[m]->pattern.paths[p].column)) {
                rz_plan_set_uses(graph->planner, &used, matches[m]->pattern.paths[p].expr);
                rz_plan_set_uses(graph->planner, &wanted, matches[m]->pattern.paths[p].expr);
            }
        }
    }
    for (uint32_t i = 0; i < graph->edges.count;
         i++) { /* filters inside variable-length relationships may look at nodes outside */
        const rz_bound_recursive *recursive = graph->edges.items[i].edge->recursive;
        if (recursive != NULL) {
            rz_plan_set_uses_all(graph->planner, &used, recursive->rel_filters, recursive->rel_filter_count);
            rz_plan_set_uses_all(graph->planner, &used, recursive->node_filters, recursive->node_filter_count);
            rz_plan_set_uses_all(graph->planner, &wanted, recursive->rel_filters, recursive->rel_filter_count);
            rz_plan_set_uses_all(graph->planner, &wanted, recursive->node_filters, recursive->node_filter_count);
        }
    }
    graph_mark_used(graph, &used);
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        join_node *node = &graph->nodes.items[i];
        bool inside = rz_plan_set_has(&wanted, node->column);
        node->wanted = inside || rz_plan_set_has(after, node->column);
        node->summed = !inside && rz_plan_set_has(&graph->planner->summed, node->column);
    }
    for (uint32_t i = 0; i < graph->edges.count; i++) {
        join_edge *edge = &graph->edges.items[i];
        bool inside = rz_plan_set_has(&wanted, edge->column);
        edge->wanted = inside || rz_plan_set_has(after, edge->column);
        edge->summed = !inside && rz_plan_set_has(&graph->planner->summed, edge->column);
    }
    return RUZU_OK;
}

/* ---- components ---- */

/* Numbers the connected parts; nodes known before all belong to part 0. Bridges do not connect. */
static void graph_components(join_graph *graph)
{
    uint32_t next = 1;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        graph->edges.items[e].bridge = graph->edges.items[e].edge->recursive != NULL && graph->edges.items[e].used;
    }
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        graph->nodes.items[i].component = graph->nodes.items[i].bound ? 0 : next++;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t e = 0; e < graph->edges.count; e++) {
            join_node *a = &graph->nodes.items[graph->edges.items[e].from];
            join_node *b = &graph->nodes.items[graph->edges.items[e].to];
            if (graph->edges.items[e].bridge) {
                continue;
            }
            uint32_t least = a->component < b->component ? a->component : b->component;
            changed |= a->component != b->component;
            a->component = b->component = least;
        }
    }
    graph->component_count = next + 1; /* the last one is for nodes that messages stand for */
}

/* A node known before that may be NULL matches nothing; edges drop it by themselves. */
static ruzu_status graph_not_null(join_graph *graph, rz_error *err)
{
    rz_planner *planner = graph->planner;
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        const join_node *node = &graph->nodes.items[i];
        if (!node->bound || node->edge_count != 0 || rz_plan_set_has(&planner->present, node->column)) {
            continue;
        }
        rz_expr *column = NULL;
        RZ_TRY(rz_plan_column_expr(planner, node->column, &column, err));
        rz_expr *condition = rz_expr_new(planner->arena, RZ_EXPR_IS_NOT_NULL, RZ_BOOL, &column, 1);
        RZ_TRY_ALLOC(condition, err, "planning MATCH");
        condition->name = rz_arena_printf(planner->arena, "IS_NOT_NULL(%s)", column->name == NULL ? "" : column->name);
        RZ_TRY_ALLOC(condition->name, err, "planning MATCH");
        RZ_TRY(graph_add_predicate(graph, condition, err));
    }
    return RUZU_OK;
}

ruzu_status rz_join_graph(rz_planner *planner, const rz_plan *cur, const rz_bound_match *const *matches,
                          uint32_t match_count, const plan_set *after, join_graph *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    out->planner = planner;
    for (uint32_t m = 0; m < match_count; m++) {
        const rz_bound_pattern *pattern = &matches[m]->pattern;
        uint32_t first_edge = out->edges.count;
        uint32_t *nodes = RZ_NEW_ARRAY(planner->arena, uint32_t, pattern->node_count);
        RZ_TRY_ALLOC(nodes, err, "planning MATCH");
        for (uint32_t i = 0; i < pattern->node_count; i++) {
            RZ_TRY(graph_add_node(out, cur, &pattern->nodes[i], &nodes[i], err));
        }
        for (uint32_t i = 0; i < pattern->edge_count; i++) {
            RZ_TRY(graph_add_edge(out, cur, &pattern->edges[i], nodes, err));
        }
        if (pattern->trail) {
            RZ_TRY(graph_add_trail(out, first_edge, err));
        }
        for (uint32_t i = 0; i < matches[m]->predicate_count; i++) {
            RZ_TRY(graph_add_predicate(out, matches[m]->predicates[i], err));
        }
    }
    for (uint32_t i = 0; i < out->nodes.count; i++) {
        out->nodes.items[i].rows = graph_rows(planner, out->nodes.items[i].tables, out->nodes.items[i].table_count);
    }
    for (uint32_t i = 0; i < out->edges.count; i++) {
        graph_edge_stats(out, &out->edges.items[i]);
    }
    RZ_TRY(graph_not_null(out, err));
    RZ_TRY(graph_uses(out, cur, matches, match_count, after, err));
    graph_components(out);
    RZ_TRY(rz_join_find_bars(out, err));
    return rz_plan_check(planner, err);
}

/* ---- keys ---- */

/* A key that may fail is evaluated where it stands only if everything written before it has been applied. */
static bool key_may_be_evaluated(const join_graph *graph, uint32_t predicate_idx)
{
    const join_predicate *predicate = &graph->predicates.items[predicate_idx];
    if (predicate->placed || predicate->has_subquery || rz_expr_is_volatile(predicate->expr)) {
        return false;
    }
    for (uint32_t i = 0; i < predicate_idx && predicate->late; i++) {
        if (!graph->predicates.items[i].placed) {
            return false;
        }
    }
    return true;
}

/* The property is the primary key, of the given type, of each table that the node may be in. */
static bool key_is_of_all(const rz_planner *planner, const rz_expr *property, const join_node *node, const rz_type *type)
{
    for (uint32_t t = 0; t < node->table_count; t++) {
        const rz_cat_table *table = rz_catalog_node_table(planner->context->catalog, node->tables[t]);
        if (table == NULL || !rz_plan_is_key_of(planner, property, node->tables[t]) ||
            type->physical != table->properties[table->key].type->physical) {
            return false;
        }
    }
    return node->table_count != 0;
}

bool rz_join_find_key(const join_graph *graph, uint32_t node_idx, const rz_plan *cur, join_key *out)
{
    const join_node *node = &graph->nodes.items[node_idx];
    if (!rz_plan_rule(graph->planner, RZ_RULE_KEY_LOOKUP)) {
        return false;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        rz_compare_op op;
        rz_expr *key = NULL;
        plan_set uses = {0};
        const rz_expr *property =
            key_may_be_evaluated(graph, i)
                ? rz_plan_property_comparison(graph->planner, predicate->expr, node->column, &op, &key)
                : NULL;
        if (property == NULL || op != RZ_CMP_EQ) {
            continue;
        }
        rz_plan_set_uses(graph->planner, &uses, key);
        if (!key_is_of_all(graph->planner, property, node, key->type) || !rz_plan_has_all(cur, &uses)) {
            continue;
        }
        *out = (join_key){.predicate = i, .key = key};
        return true;
    }
    return false;
}
