/* SPDX-License-Identifier: MIT */
/*
 * Triangles whose corners are alike.
 *
 *   (b)-[:Knows]-(c)-[:Knows]-(a)-[:Knows]-(b), and on each corner the same: filters, chains of other nodes, perhaps all to one node they share (the key)
 *
 * is planned as: the rows of (key, b) from one corner's part of the pattern alone; TRIANGLE, which finds each triangle once and counts the ways in which it matches; then the rest of the pattern from
 * key and a. So the three corners' parts are computed once instead of once inside the other, and one triangle of six is looked for.
 *
 * Terms on which this is right, checked here:
 *   (1) three nodes of one table, all three relationships undirected over the same hops, none of them looked at: then every order of a triangle's corners matches as often as any other;
 *   (2) what hangs on b and on c is the same tree of plain relationships, with the same predicates, leading to nothing else but the key; nobody looks at anything in it. What hangs on a contains
 *       that tree; whatever else hangs on a, and who looks at a, comes afterwards (TRIANGLE says how often each node is the first corner);
 *   (3) predicates over the trees can neither fail nor do they contain subqueries or random numbers;
 *   (4) rows are only counted or grouped above (the statement could otherwise end early), the pattern stands alone (nothing is known before it), relationships may repeat (no trail).
 * Parallel relationships, self-loops and weights are TRIANGLE's matter.
 */
#include "planner/join.h"

#include <string.h>

#define TRI_MOST_DEPTH      8u
#define TRI_LEAST_SHARE     0.2 /* of the matches that must be expected to survive what is checked afterwards */
#define TRI_BYTES_PER_NODE  64u
#define TRI_MEMORY_SHARE    8u

typedef struct tri_match {
    join_graph *graph;
    const plan_set *after;
    uint32_t corners[3]; /* a, b, c */
    uint32_t edges[3];
    uint32_t key;        /* node, UINT32_MAX: none */
    uint32_t *part;      /* per node: connected part without the triangle and the key */
    uint32_t *to_c;      /* per node of b's tree: its counterpart; UINT32_MAX for others */
    uint32_t *to_a;
    bool *gone_nodes;    /* of c's tree, and of a's counterpart of it without a itself */
    bool *tree_nodes;    /* of b's tree */
    bool *gone_edges;    /* the triangle, c's tree, a's counterpart */
    bool *tree_edges;
    bool *gone_predicates;
    bool *tree_predicates;
} tri_match;

static bool tri_is_triangle_edge(const tri_match *match, uint32_t edge)
{
    return edge == match->edges[0] || edge == match->edges[1] || edge == match->edges[2];
}

static bool tri_is_plain(const join_edge *edge)
{
    return edge->edge->recursive == NULL && !edge->used && edge->from != edge->to && edge->column == edge->edge->column && !edge->edge->bound && !edge->done;
}

static bool tri_has_hop(const rz_hop *hops, uint32_t count, const rz_hop *wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (hops[i].pair == wanted->pair && hops[i].direction == wanted->direction && hops[i].from_table == wanted->from_table &&
            hops[i].to_table == wanted->to_table) {
            return true;
        }
    }
    return false;
}

bool rz_join_same_hops(const rz_hop *a, uint32_t a_count, const rz_hop *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++) {
        same = tri_has_hop(b, b_count, &a[i]) && tri_has_hop(a, a_count, &b[i]);
    }
    return same;
}

/* The same hops, walking `a` from one of its ends and `b` from one of its. */
static bool tri_same_hops(const join_edge *a, bool a_backward, const join_edge *b, bool b_backward)
{
    return a->edge->undirected == b->edge->undirected && rz_join_same_hops(a->hops[a_backward ? 1 : 0], a->hop_count, b->hops[b_backward ? 1 : 0], b->hop_count);
}

/* ---- finding triangles ---- */

bool rz_join_is_side(const join_graph *graph, const join_edge *edge)
{
    const join_node *from = &graph->nodes.items[edge->from];
    const join_node *to = &graph->nodes.items[edge->to];
    if (!tri_is_plain(edge) || !edge->edge->undirected || edge->hop_count == 0 || from->bound || to->bound || from->table_count != 1 || to->table_count != 1 ||
        from->tables[0] != to->tables[0] || !tri_same_hops(edge, false, edge, true)) {
        return false;
    }
    for (uint32_t i = 0; i < edge->hop_count; i++) {
        if (edge->hops[0][i].from_table != from->tables[0] || edge->hops[0][i].to_table != from->tables[0]) {
            return false;
        }
    }
    return true;
}

/* The only edge between two nodes, if it is a side; UINT32_MAX: none, or several. */
static uint32_t tri_side_between(const join_graph *graph, uint32_t a, uint32_t b)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if ((edge->from == a && edge->to == b) || (edge->from == b && edge->to == a)) {
            if (found != UINT32_MAX || !rz_join_is_side(graph, edge)) {
                return UINT32_MAX;
            }
            found = e;
        }
    }
    return found;
}

/* Numbers the connected parts that are left without the triangle's sides and the key. */
static void tri_number_parts(tri_match *match)
{
    const join_graph *graph = match->graph;
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        match->part[i] = i;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t e = 0; e < graph->edges.count; e++) {
            const join_edge *edge = &graph->edges.items[e];
            if (tri_is_triangle_edge(match, e) || edge->from == match->key || edge->to == match->key || match->part[edge->from] == match->part[edge->to]) {
                continue;
            }
            uint32_t least = match->part[edge->from] < match->part[edge->to] ? match->part[edge->from] : match->part[edge->to];
            match->part[edge->from] = match->part[edge->to] = least;
            changed = true;
        }
    }
}

static bool tri_corners_are_apart(const tri_match *match)
{
    const uint32_t *part = match->part;
    const uint32_t *c = match->corners;
    return part[c[0]] != part[c[1]] && part[c[1]] != part[c[2]] && part[c[0]] != part[c[2]];
}

/* ---- comparing trees ---- */

/* Does the edge lead from the node to a child (another node of the tree, or the key)? */
static bool tri_leads_down(const tri_match *match, uint32_t edge_idx, uint32_t node, uint32_t parent_edge)
{
    const join_edge *edge = &match->graph->edges.items[edge_idx];
    return edge_idx != parent_edge && !tri_is_triangle_edge(match, edge_idx) && (edge->from == node || edge->to == node);
}

static uint32_t tri_other_end(const join_edge *edge, uint32_t node)
{
    return edge->from == node ? edge->to : edge->from;
}

/* Nobody looks at the node but predicates. */
static bool tri_is_unseen(const tri_match *match, uint32_t node)
{
    return !rz_plan_set_has(match->after, match->graph->nodes.items[node].column);
}

static bool tri_same_tables(const join_node *a, const join_node *b)
{
    return a->table_count == b->table_count && memcmp(a->tables, b->tables, a->table_count * sizeof *a->tables) == 0;
}

static bool tri_same_tree(const tri_match *match, uint32_t x, uint32_t y, uint32_t x_parent, uint32_t y_parent, bool more_allowed, uint32_t depth, uint32_t *map, bool *used);

/* Finds for the edge ex down from x one down from y that nobody has taken, with the same behind it. */
static bool tri_find_child(const tri_match *match, uint32_t x, uint32_t ex, uint32_t y, uint32_t y_parent, uint32_t depth, uint32_t *map, bool *used)
{
    const join_graph *graph = match->graph;
    const join_edge *edge = &graph->edges.items[ex];
    uint32_t x_child = tri_other_end(edge, x);
    size_t map_size = graph->nodes.count * sizeof *map;
    size_t used_size = graph->edges.count * sizeof *used;
    uint32_t *map_before = (uint32_t *)rz_arena_dup(graph->planner->arena, map, map_size); /* what an attempt that fails has noted is forgotten */
    bool *used_before = (bool *)rz_arena_dup(graph->planner->arena, used, used_size);
    if (map_before == NULL || used_before == NULL) {
        graph->planner->failed = true;
        return false;
    }
    for (uint32_t ey = 0; ey < graph->edges.count; ey++) {
        const join_edge *other = &graph->edges.items[ey];
        if (used[ey] || !tri_leads_down(match, ey, y, y_parent) || !tri_is_plain(other) || !tri_same_hops(edge, edge->to == x, other, other->to == y)) {
            continue;
        }
        uint32_t y_child = tri_other_end(other, y);
        memcpy(map_before, map, map_size);
        memcpy(used_before, used, used_size);
        bool same = x_child == match->key || y_child == match->key
                        ? x_child == y_child
                        : tri_is_unseen(match, y_child) && tri_same_tree(match, x_child, y_child, ex, ey, false, depth + 1, map, used);
        if (same) {
            used[ey] = true;
            return true;
        }
        memcpy(map, map_before, map_size);
        memcpy(used, used_before, used_size);
    }
    return false;
}

/* Is the tree below y the same as that below x, or (more_allowed, at the root) does it contain it? map: from x's nodes to y's. used: y's edges that stand for one of x's. */
static bool tri_same_tree(const tri_match *match, uint32_t x, uint32_t y, uint32_t x_parent, uint32_t y_parent, bool more_allowed, uint32_t depth, uint32_t *map, bool *used)
{
    const join_graph *graph = match->graph;
    if (depth > TRI_MOST_DEPTH || map[x] != UINT32_MAX || !tri_same_tables(&graph->nodes.items[x], &graph->nodes.items[y])) {
        return false; /* met before: a cycle */
    }
    uint32_t counts[2] = {0, 0};
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        counts[0] += tri_leads_down(match, e, x, x_parent);
        counts[1] += tri_leads_down(match, e, y, y_parent);
    }
    if (counts[0] > counts[1] || (counts[0] < counts[1] && !more_allowed)) {
        return false;
    }
    map[x] = y;
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        if (!tri_leads_down(match, e, x, x_parent)) {
            continue;
        }
        if (!tri_is_plain(&graph->edges.items[e]) || !tri_find_child(match, x, e, y, y_parent, depth, map, used)) {
            return false;
        }
    }
    return true;
}

/* ---- predicates ---- */

/* A copy of the expression with the columns of b's tree replaced by those of the counterparts. */
static rz_expr *tri_translate(const tri_match *match, const rz_expr *expr, const uint32_t *map)
{
    rz_arena *arena = match->graph->planner->arena;
    rz_expr *copy = (rz_expr *)rz_arena_dup(arena, expr, sizeof *expr);
    if (copy == NULL) {
        return NULL;
    }
    if (expr->kind == RZ_EXPR_COLUMN) {
        for (uint32_t i = 0; i < match->graph->nodes.count; i++) {
            if (match->graph->nodes.items[i].column == expr->u.column && map[i] != UINT32_MAX) {
                copy->u.column = match->graph->nodes.items[map[i]].column;
            }
        }
    }
    if (expr->child_count != 0) {
        copy->children = RZ_NEW_ARRAY(arena, rz_expr *, expr->child_count);
        for (uint32_t i = 0; i < expr->child_count && copy->children != NULL; i++) {
            copy->children[i] = tri_translate(match, expr->children[i], map);
            if (copy->children[i] == NULL) {
                return NULL;
            }
        }
    }
    return expr->child_count != 0 && copy->children == NULL ? NULL : copy;
}

/* Marks the counterpart of a predicate of b's tree; false: there is none. */
static bool tri_mark_counterpart(tri_match *match, const rz_expr *expr, const uint32_t *map)
{
    rz_expr *wanted = tri_translate(match, expr, map);
    if (wanted == NULL) {
        match->graph->planner->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < match->graph->predicates.count; i++) {
        if (!match->gone_predicates[i] && !match->tree_predicates[i] && rz_expr_equal(wanted, match->graph->predicates.items[i].expr)) {
            match->gone_predicates[i] = true;
            return true;
        }
    }
    return false;
}

/* Terms (2) and (3) for predicates: those over b's tree have counterparts over the other two, and nothing else looks at what goes. */
static bool tri_divide_predicates(tri_match *match)
{
    join_graph *graph = match->graph;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        bool inside = predicate->node_count != 0; /* b's tree and the key only */
        bool key_only = predicate->node_count != 0;
        for (uint32_t n = 0; n < predicate->node_count; n++) {
            inside &= match->tree_nodes[predicate->nodes[n]] || predicate->nodes[n] == match->key;
            key_only &= predicate->nodes[n] == match->key;
        }
        bool simple = !predicate->late && !predicate->foreign && !predicate->has_subquery && !predicate->placed && predicate->edge_count == 0;
        if (inside && simple) {
            match->tree_predicates[i] = true;
            if (!key_only && (!tri_mark_counterpart(match, predicate->expr, match->to_c) || !tri_mark_counterpart(match, predicate->expr, match->to_a))) {
                return false;
            }
        }
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        for (uint32_t n = 0; n < predicate->node_count && !match->gone_predicates[i] && !match->tree_predicates[i]; n++) {
            if (match->gone_nodes[predicate->nodes[n]] || match->tree_nodes[predicate->nodes[n]]) {
                return false;
            }
        }
    }
    return true;
}

/* Enough of what TRIANGLE counts must be expected to be of use. */
static bool tri_is_worth_it(const tri_match *match)
{
    join_graph *graph = match->graph;
    uint64_t memory = graph->planner->context->memory_bytes;
    double share = 1;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        share *= match->gone_predicates[i] || match->tree_predicates[i] ? 1 : graph->predicates.items[i].selectivity;
    }
    bool fits = memory == 0 || graph->nodes.items[match->corners[1]].rows * TRI_BYTES_PER_NODE < (double)(memory / TRI_MEMORY_SHARE);
    return graph->planner->context->eager || (share >= TRI_LEAST_SHARE && fits);
}

/* ---- trying ---- */

/* b's tree, its counterparts, and what goes. */
static bool tri_compare(tri_match *match)
{
    const join_graph *graph = match->graph;
    uint32_t a = match->corners[0];
    uint32_t b = match->corners[1];
    uint32_t c = match->corners[2];
    memset(match->gone_edges, 0, graph->edges.count * sizeof(bool));
    memset(match->tree_edges, 0, graph->edges.count * sizeof(bool));
    memset(match->gone_nodes, 0, graph->nodes.count * sizeof(bool));
    memset(match->tree_nodes, 0, graph->nodes.count * sizeof(bool));
    memset(match->gone_predicates, 0, graph->predicates.count * sizeof(bool));
    memset(match->tree_predicates, 0, graph->predicates.count * sizeof(bool));
    memset(match->to_a, 0xff, graph->nodes.count * sizeof *match->to_a);
    memset(match->to_c, 0xff, graph->nodes.count * sizeof *match->to_c);
    if (!tri_is_unseen(match, b) || !tri_is_unseen(match, c) || !tri_same_tree(match, b, c, UINT32_MAX, UINT32_MAX, false, 0, match->to_c, match->gone_edges) ||
        !tri_same_tree(match, b, a, UINT32_MAX, UINT32_MAX, true, 0, match->to_a, match->gone_edges)) {
        return false;
    }
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        if (match->to_c[i] != UINT32_MAX) {
            match->tree_nodes[i] = true;
            match->gone_nodes[match->to_c[i]] = true;
            match->gone_nodes[match->to_a[i]] |= match->to_a[i] != a;
            if (!tri_is_unseen(match, i)) {
                return false;
            }
        }
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        match->gone_edges[e] |= tri_is_triangle_edge(match, e);
        match->tree_edges[e] = !match->gone_edges[e] && (match->tree_nodes[edge->from] || match->tree_nodes[edge->to]);
    }
    return tri_divide_predicates(match) && tri_is_worth_it(match);
}

/* A key that b's tree does not meet divides nothing. */
static bool tri_meets_key(const tri_match *match)
{
    bool meets = match->key == UINT32_MAX;
    for (uint32_t e = 0; e < match->graph->edges.count; e++) {
        const join_edge *edge = &match->graph->edges.items[e];
        meets |= match->tree_edges[e] && (edge->from == match->key || edge->to == match->key);
    }
    return meets;
}

/* The three nodes as corners, with each of them as the one that may carry more, and each possible key. */
static bool tri_try_corners(tri_match *match, const uint32_t *nodes)
{
    const join_graph *graph = match->graph;
    for (uint32_t key = 0; key <= graph->nodes.count; key++) { /* the last: none */
        match->key = key == graph->nodes.count ? UINT32_MAX : key;
        if (key == nodes[0] || key == nodes[1] || key == nodes[2] || (match->key != UINT32_MAX && graph->nodes.items[key].table_count != 1)) {
            continue;
        }
        for (uint32_t turn = 0; turn < 3; turn++) {
            for (uint32_t i = 0; i < 3; i++) {
                match->corners[i] = nodes[(turn + i) % 3];
            }
            tri_number_parts(match);
            if (!tri_corners_are_apart(match)) {
                break;
            }
            if (tri_compare(match) && tri_meets_key(match)) {
                return true;
            }
        }
    }
    return false;
}

static ruzu_status tri_init(tri_match *match, join_graph *graph, const plan_set *after, rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    *match = (tri_match){.graph = graph, .after = after};
    match->part = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    match->to_a = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    match->to_c = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    match->gone_nodes = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    match->tree_nodes = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    match->gone_edges = RZ_NEW_ARRAY(arena, bool, graph->edges.count);
    match->tree_edges = RZ_NEW_ARRAY(arena, bool, graph->edges.count);
    match->gone_predicates = RZ_NEW_ARRAY(arena, bool, graph->predicates.count);
    match->tree_predicates = RZ_NEW_ARRAY(arena, bool, graph->predicates.count);
    bool ok = match->part != NULL && match->to_a != NULL && match->to_c != NULL && match->gone_nodes != NULL && match->tree_nodes != NULL && match->gone_edges != NULL &&
              match->tree_edges != NULL && match->gone_predicates != NULL && match->tree_predicates != NULL;
    return ok ? RUZU_OK : rz_error_no_memory(err, "planning MATCH");
}

static bool tri_find(tri_match *match)
{
    const join_graph *graph = match->graph;
    for (uint32_t a = 0; a < graph->nodes.count; a++) {
        for (uint32_t b = a + 1; b < graph->nodes.count; b++) {
            match->edges[0] = tri_side_between(graph, a, b);
            for (uint32_t c = b + 1; c < graph->nodes.count && match->edges[0] != UINT32_MAX; c++) {
                const uint32_t nodes[3] = {a, b, c};
                match->edges[1] = tri_side_between(graph, b, c);
                match->edges[2] = tri_side_between(graph, a, c);
                if (match->edges[1] != UINT32_MAX && match->edges[2] != UINT32_MAX &&
                    tri_same_hops(&graph->edges.items[match->edges[0]], false, &graph->edges.items[match->edges[1]], false) &&
                    tri_same_hops(&graph->edges.items[match->edges[0]], false, &graph->edges.items[match->edges[2]], false) && tri_try_corners(match, nodes)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* ---- planning ---- */

/* A pattern of the chosen nodes and edges, with the chosen predicates. */
static ruzu_status tri_pattern(const tri_match *match, bool tree, rz_bound_match *out, rz_error *err)
{
    const join_graph *graph = match->graph;
    rz_arena *arena = graph->planner->arena;
    *out = (rz_bound_match){0};
    uint32_t *place = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    out->pattern.nodes = RZ_NEW_ARRAY(arena, rz_bound_node, graph->nodes.count);
    out->pattern.edges = RZ_NEW_ARRAY(arena, rz_bound_edge, graph->edges.count);
    out->predicates = RZ_NEW_ARRAY(arena, rz_expr *, graph->predicates.count);
    if (place == NULL || out->pattern.nodes == NULL || out->pattern.edges == NULL || out->predicates == NULL) {
        return rz_error_no_memory(err, "planning MATCH");
    }
    for (uint32_t i = 0; i < graph->nodes.count; i++) {
        const join_node *node = &graph->nodes.items[i];
        place[i] = out->pattern.node_count;
        if (i == match->key || (tree ? match->tree_nodes[i] : !match->tree_nodes[i] && !match->gone_nodes[i])) {
            out->pattern.nodes[out->pattern.node_count++] = (rz_bound_node){.column = node->column,
                                                                            .name = graph->planner->columns.items[node->column].name,
                                                                            .tables = node->tables,
                                                                            .table_count = node->table_count};
        }
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        const join_edge *edge = &graph->edges.items[e];
        if (tree ? match->tree_edges[e] : !match->tree_edges[e] && !match->gone_edges[e]) {
            rz_bound_edge *bound = &out->pattern.edges[out->pattern.edge_count++];
            *bound = *edge->edge;
            bound->from = place[edge->from];
            bound->to = place[edge->to];
            bound->hops = edge->hops[0];
            bound->hop_count = edge->hop_count;
        }
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        if (tree ? match->tree_predicates[i] : !match->tree_predicates[i] && !match->gone_predicates[i]) {
            out->predicates[out->predicate_count++] = graph->predicates.items[i].expr;
        }
    }
    return RUZU_OK;
}

static ruzu_status tri_plan(plan_arm *arm, const tri_match *match, const plan_set *after, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const join_graph *graph = match->graph;
    const join_node *corner = &graph->nodes.items[match->corners[0]];
    const join_node *own = &graph->nodes.items[match->corners[1]];
    const join_node *key = match->key == UINT32_MAX ? NULL : &graph->nodes.items[match->key];
    const join_edge *edge = &graph->edges.items[match->edges[0]];
    rz_bound_match tree;
    rz_bound_match rest;
    const rz_bound_match *one = &tree;
    plan_set wanted = {0};
    RZ_TRY(tri_pattern(match, true, &tree, err));
    RZ_TRY(tri_pattern(match, false, &rest, err));
    rz_plan_set_add(planner, &wanted, own->column);
    rz_plan_set_add(planner, &wanted, key == NULL ? RZ_NO_COLUMN_ID : key->column);
    RZ_TRY(rz_plan_match(arm, &one, 1, &wanted, err));
    rz_plan *plan = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_TRIANGLE, arm->cur, NULL, &plan, err));
    plan->u.triangle.expand = (rz_plan_expand){
        .from = own->column, .to = RZ_NO_COLUMN_ID, .rel = RZ_NO_COLUMN_ID, .hops = edge->hops[0], .hop_count = edge->hop_count, .undirected = true};
    plan->u.triangle.key = key == NULL ? RZ_NO_COLUMN_ID : key->column;
    plan->u.triangle.corner = corner->column;
    plan->columns = NULL;
    plan->column_count = 0;
    plan->rows = corner->rows;
    RZ_TRY(rz_plan_add_column(planner, plan, plan->u.triangle.key, err));
    RZ_TRY(rz_plan_add_column(planner, plan, plan->u.triangle.corner, err));
    rz_plan_set_add(planner, &planner->present, plan->u.triangle.key);
    rz_plan_set_add(planner, &planner->present, plan->u.triangle.corner);
    arm->cur = plan;
    one = &rest;
    return rz_plan_match(arm, &one, 1, after, err);
}

ruzu_status rz_join_triangle(plan_arm *arm, join_graph *graph, const rz_bound_match *const *matches, uint32_t count, const plan_set *after, bool *out_done,
                             rz_error *err)
{
    tri_match match;
    *out_done = false;
    if (!rz_plan_rule(arm->planner, RZ_RULE_TRIANGLE) || !arm->counted || arm->inside_apply || !rz_plan_is_unit(arm->cur) || graph->edges.count < 3) {
        return RUZU_OK;
    }
    for (uint32_t m = 0; m < count; m++) {
        if (matches[m]->pattern.trail || matches[m]->pattern.path_count != 0) {
            return RUZU_OK;
        }
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        if (graph->edges.items[e].edge->recursive != NULL || graph->edges.items[e].column != graph->edges.items[e].edge->column) {
            return RUZU_OK;
        }
    }
    RZ_TRY(tri_init(&match, graph, after, err));
    *out_done = tri_find(&match);
    RZ_TRY(rz_plan_check(arm->planner, err));
    return *out_done ? tri_plan(arm, &match, after, err) : RUZU_OK;
}
