/* SPDX-License-Identifier: MIT */
/*
 * Messages: parts of a pattern that nobody looks at become one number a node.
 *
 * Where rows are only counted or aggregated, a branch of the pattern – a node, what hangs on it, and their own conditions – is worth to the node it hangs on the number of its
 * matches there (variable elimination over the join tree). Leaf after leaf is taken off; what stays are the nodes that are looked at, those on cycles, and at
 * least one. That rest is ordered as ever, and each of its nodes multiplies the rows by what its branches say. A branch is counted in the cheapest of four ways:
 *
 *   degree  nothing but a node without conditions: the length of its list
 *   pull    the child's numbers in an array; each row adds them up over its node's list
 *   push    the child's rows are walked to the parent once, which adds up an array of the parent's numbers; each row looks its own up
 *   table   degree or pull for every node of the parent's tables, then look-ups: where rows outnumber nodes
 *
 * A branch that carries aggregates (plan_carry.c) is pushed: rows of the child add to records of the parent.
 *
 * Not for parts that are found by key, nor for relationships that somebody looks at (with match_mode='trail' that is every table which occurs twice).
 * Branches are chosen by estimates; a rule bit turns them off, and `eager` on.
 */
#include "planner/join.h"

#include <float.h>

/* Costs in the units of join_order.c. */
#define MESSAGE_COST_SCAN      0.3
#define MESSAGE_COST_PREDICATE 0.2
#define MESSAGE_COST_DEGREE    0.5 /* per row: the length of a list, of nodes in their order … */
#define MESSAGE_COST_SCATTERED 2.0 /* … or of nodes that come again and again, in any */
#define MESSAGE_COST_LIST      1.0 /* per row: finding its list … */
#define MESSAGE_COST_ENTRY     0.3 /* … and per neighbour: decoding … */
#define MESSAGE_COST_FETCH     0.2 /* … and adding its number, times how far apart numbers lie */
#define MESSAGE_COST_KEEP      0.3 /* per row kept in an array */
#define MESSAGE_COST_WALK      0.8 /* per neighbour walked to … */
#define MESSAGE_COST_ADD       0.3 /* … and added to, times the same */
#define MESSAGE_COST_VALUE     1.5 /* per row and aggregate that is carried */
#define MESSAGE_COST_GROUP     1.0 /* per row that is left to be aggregated */
#define MESSAGE_RECORD         40  /* about what an aggregate takes in a record */
#define MESSAGE_COST_ARRAY     0.2 /* per node of an array: clearing, uniting those of several workers */
#define MESSAGE_COST_FIND      0.4 /* per row that looks its number up */
#define MESSAGE_COST_SETUP     50.0
#define MESSAGE_SPARSE_SHARE   64.0 /* a message for fewer than one node in so many is a hash map */
#define MESSAGE_GAIN           0.8
#define MESSAGE_MEMORY_SHARE   0.25
#define MESSAGE_NO_ROOM        1e30

typedef enum message_form { MESSAGE_DEGREE, MESSAGE_PULL, MESSAGE_PUSH, MESSAGE_TABLE } message_form;

typedef struct message_estimate {
    double cost;
    double share; /* of the parent's rows that are left */
    message_form form;
} message_estimate;

typedef struct message_stream {
    double cost;
    double rows;
} message_stream;

/* The branches of a pattern, all seen from one set of nodes that stay. */
typedef struct message_tree {
    join_graph *graph;
    uint32_t component;
    join_messages messages;
    uint32_t *degrees; /* by node: edges that are left */
    bool *stays;       /* by node: it must not become part of a message */
    bool *taken;       /* by edge: it belongs to a branch */
} message_tree;

/* ---- predicates ---- */

/* A condition on one node of the pattern and nothing else, that may be checked wherever the node is. */
static bool message_is_local(const join_predicate *predicate)
{
    uint32_t columns = 0;
    for (uint32_t w = 0; w < predicate->uses.word_count; w++) {
        columns += rz_popcount64(predicate->uses.words[w]);
    }
    return predicate->node_count == 1 && predicate->edge_count == 0 && columns == 1 && !predicate->late &&
           !predicate->foreign && !predicate->has_subquery;
}

static bool message_concerns(const join_predicate *predicate, uint32_t node)
{
    for (uint32_t i = 0; i < predicate->node_count; i++) {
        if (predicate->nodes[i] == node) {
            return true;
        }
    }
    return false;
}

/* Share of the node's rows that its conditions leave; *out_cost per row. */
static double message_selectivity(const join_graph *graph, uint32_t node, double *out_cost, bool *out_any)
{
    double share = 1;
    *out_cost = 0;
    *out_any = false;
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        const join_predicate *predicate = &graph->predicates.items[i];
        if (!predicate->placed && message_concerns(predicate, node) && message_is_local(predicate)) {
            *out_cost += share * predicate->cost * MESSAGE_COST_PREDICATE;
            share *= predicate->selectivity;
            *out_any = true;
        }
    }
    return share;
}

/* ---- branches ---- */

/* carries: what branches may carry, or NULL. closed: see join_messages. */
static ruzu_status message_tree_init(message_tree *tree, join_graph *graph, uint32_t component, plan_carries *carries, const join_closed *closed, rz_error *err)
{
    rz_arena *arena = graph->planner->arena;
    *tree = (message_tree){.graph = graph, .component = component};
    tree->messages.closed = closed;
    tree->messages.carries = carries;
    tree->messages.parents = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    tree->messages.edges = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    tree->messages.applied = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    tree->degrees = RZ_NEW_ARRAY(arena, uint32_t, graph->nodes.count);
    tree->stays = RZ_NEW_ARRAY(arena, bool, graph->nodes.count);
    tree->taken = RZ_NEW_ARRAY(arena, bool, graph->edges.count);
    return tree->messages.parents == NULL || tree->messages.edges == NULL || tree->messages.applied == NULL ||
                   tree->degrees == NULL || tree->stays == NULL || tree->taken == NULL
               ? rz_error_no_memory(err, "planning MATCH")
               : RUZU_OK;
}

static bool message_is_inside(const message_tree *tree, uint32_t node)
{
    return tree->graph->nodes.items[node].component == tree->component;
}

/* Nodes that somebody looks at (but for what is carried), or that a condition on several things concerns. Returns whether there are any. */
static bool message_find_stays(message_tree *tree)
{
    join_graph *graph = tree->graph;
    bool any = false;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        const join_node *node = &graph->nodes.items[n];
        const join_closed *closed = tree->messages.closed;
        tree->stays[n] = node->bound || (node->wanted && !(node->summed && tree->messages.carries != NULL)) || (closed != NULL && closed->first == n);
        for (uint32_t i = 0; i < graph->predicates.count && !tree->stays[n]; i++) {
            const join_predicate *predicate = &graph->predicates.items[i];
            bool seen_to = closed != NULL && rz_closed_sees_to(closed, predicate);
            tree->stays[n] = !predicate->placed && !seen_to && message_concerns(predicate, n) && !message_is_local(predicate);
        }
        any |= tree->stays[n] && message_is_inside(tree, n);
    }
    return any;
}

/* Takes leaf after leaf off: fills parents and edges. root: a node that stays whatever it is; UINT32_MAX: none. */
static void message_peel(message_tree *tree, uint32_t root)
{
    join_graph *graph = tree->graph;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        tree->messages.parents[n] = tree->messages.edges[n] = UINT32_MAX;
        tree->degrees[n] = 0;
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        tree->taken[e] = graph->edges.items[e].done;
        tree->degrees[graph->edges.items[e].from] += !tree->taken[e];
        tree->degrees[graph->edges.items[e].to] += !tree->taken[e];
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t e = 0; e < graph->edges.count; e++) {
            const join_edge *edge = &graph->edges.items[e];
            for (uint32_t end = 0; end < 2 && !tree->taken[e] && rz_join_is_plain(edge) && !edge->bridge; end++) {
                uint32_t leaf = end == 0 ? edge->from : edge->to;
                uint32_t parent = end == 0 ? edge->to : edge->from;
                if (leaf == root || tree->stays[leaf] || tree->degrees[leaf] != 1 || !message_is_inside(tree, leaf)) {
                    continue;
                }
                tree->messages.parents[leaf] = parent;
                tree->messages.edges[leaf] = e;
                tree->taken[e] = true;
                tree->degrees[leaf]--;
                tree->degrees[parent]--;
                changed = true;
            }
        }
    }
}

/* ---- estimates ---- */

static message_estimate message_estimate_branch(const join_graph *graph, const join_messages *messages, uint32_t child,
                                                double rows);

/* How much dearer a place in an array of so many numbers is than one in the nearest cache. */
static double message_distance(double rows)
{
    return rows < 5e4 ? 1 : rows < 5e5 ? 2 : 6;
}

/* Arrays that would take too much of the statement's memory (two workers may fill one each) are not made: what they
 * would cost. */
static double message_room(const join_graph *graph, const join_node *node, double size)
{
    double limit = (double)graph->planner->context->memory_bytes;
    return limit > 0 && node->rows * 2 * size > limit * MESSAGE_MEMORY_SHARE ? MESSAGE_NO_ROOM : 0;
}

/* All rows of a node and its branches: as if the pattern began there. */
static message_stream message_estimate_stream(const join_graph *graph, const join_messages *messages, uint32_t node)
{
    message_stream stream = {.rows = graph->nodes.items[node].rows};
    double cost = 0;
    bool any = false;
    double share = message_selectivity(graph, node, &cost, &any);
    stream.cost = stream.rows * (MESSAGE_COST_SCAN + cost);
    stream.rows *= share;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (messages->parents[n] == node) {
            message_estimate branch = message_estimate_branch(graph, messages, n, stream.rows);
            stream.cost += branch.cost;
            stream.rows *= branch.share;
        }
    }
    return stream;
}

/* Does walking from the parent lead to the child's tables only? */
static bool message_hops_fit(const join_edge *edge, bool backward, const join_node *child)
{
    for (uint32_t h = 0; h < edge->hop_count; h++) {
        bool fits = false;
        for (uint32_t t = 0; t < child->table_count; t++) {
            fits |= edge->hops[backward ? 1 : 0][h].to_table == child->tables[t];
        }
        if (!fits) {
            return false;
        }
    }
    return true;
}

static bool message_is_bare(const join_graph *graph, const join_messages *messages, uint32_t child)
{
    double cost = 0;
    bool any = false;
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    (void)message_selectivity(graph, child, &cost, &any);
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        any |= messages->parents[n] == child;
    }
    return !any && message_hops_fit(edge, edge->to != child, &graph->nodes.items[child]);
}

/* A branch that carries so many aggregates to so many rows of its parent. */
static message_estimate message_estimate_carrying(const join_graph *graph, const join_messages *messages, uint32_t child, double rows, uint32_t count)
{
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    bool backward = edge->to != child;
    const join_node *parent = &graph->nodes.items[messages->parents[child]];
    message_stream stream = message_estimate_stream(graph, messages, child);
    double share = stream.rows * rz_join_fan(graph, edge, backward) / graph->nodes.items[child].rows;
    double each = MESSAGE_COST_WALK + MESSAGE_COST_ADD * message_distance(parent->rows) + MESSAGE_COST_VALUE * count;
    double size = RZ_AGG_RECORD_HEAD + (double)MESSAGE_RECORD * count;
    message_estimate branch = {.share = edge->reach[backward ? 1 : 0] * (share < 1 ? share : 1), .form = MESSAGE_PUSH};
    branch.cost = MESSAGE_COST_SETUP + stream.cost + stream.rows * MESSAGE_COST_VALUE * count + rows * (MESSAGE_COST_FIND + MESSAGE_COST_VALUE * count) +
                  parent->rows * MESSAGE_COST_ARRAY * (1 + count) + message_room(graph, parent, size) +
                  stream.rows * (MESSAGE_COST_LIST + rz_join_fan(graph, edge, !backward) * each);
    return branch;
}

/* The cheapest way to apply the child's branch to so many rows of its parent. */
static message_estimate message_estimate_branch(const join_graph *graph, const join_messages *messages, uint32_t child,
                                                double rows)
{
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    bool backward = edge->to != child;
    const join_node *parent = &graph->nodes.items[messages->parents[child]];
    double fan = rz_join_fan(graph, edge, backward);
    message_estimate best = {.share = edge->reach[backward ? 1 : 0], .form = MESSAGE_DEGREE};
    double before = 0;   /* once */
    double per_row = 0;
    uint32_t carried = rz_carry_count(graph, messages, child);
    if (carried != 0) {
        return message_estimate_carrying(graph, messages, child, rows, carried);
    }
    if (message_is_bare(graph, messages, child)) {
        per_row = MESSAGE_COST_DEGREE;
        best.cost = rows * (rows > parent->rows ? MESSAGE_COST_SCATTERED : MESSAGE_COST_DEGREE);
    } else {
        message_stream stream = message_estimate_stream(graph, messages, child);
        double all = graph->nodes.items[child].rows;
        double share = stream.rows * fan / all;
        best.share *= share < 1 ? share : 1;
        before = MESSAGE_COST_SETUP + stream.cost + stream.rows * MESSAGE_COST_KEEP +
                 message_room(graph, &graph->nodes.items[child], sizeof(uint64_t));
        per_row = MESSAGE_COST_LIST + fan * (MESSAGE_COST_ENTRY + MESSAGE_COST_FETCH * message_distance(all));
        best.form = MESSAGE_PULL;
        best.cost = before + rows * per_row;
        double each = MESSAGE_COST_WALK + MESSAGE_COST_ADD * message_distance(parent->rows);
        double push = MESSAGE_COST_SETUP + stream.cost + rows * MESSAGE_COST_FIND + parent->rows * MESSAGE_COST_ARRAY +
                      message_room(graph, parent, sizeof(uint64_t)) +
                      stream.rows * (MESSAGE_COST_LIST + rz_join_fan(graph, edge, !backward) * each);
        if (push < best.cost) {
            best.form = MESSAGE_PUSH;
            best.cost = push;
        }
    }
    if (graph->planner->context->eager && best.form != MESSAGE_DEGREE) { /* tests meet every form */
        best.form = (message_form)(MESSAGE_PULL + graph->nodes.items[child].column % 3);
        return best;
    }
    double table = MESSAGE_COST_SETUP + before + parent->rows * (MESSAGE_COST_SCAN + per_row + MESSAGE_COST_KEEP) +
                   rows * MESSAGE_COST_FIND + message_room(graph, parent, sizeof(uint64_t));
    if (table < best.cost) {
        best.form = MESSAGE_TABLE;
        best.cost = table;
    }
    return best;
}

/* Everything, when the rest is one node. */
static double message_root_cost(message_tree *tree, uint32_t root)
{
    message_peel(tree, root);
    return message_estimate_stream(tree->graph, &tree->messages, root).cost;
}

/* ---- deciding ---- */

static bool message_any_key(const join_graph *graph, uint32_t component, const rz_plan *cur)
{
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        join_key key;
        if (graph->nodes.items[n].component == component && rz_join_find_key(graph, n, cur, &key)) {
            return true;
        }
    }
    return false;
}

/* The branches of a component without nodes that must stay, seen from the best root. */
static void message_choose_root(message_tree *tree)
{
    uint32_t root = UINT32_MAX;
    double best = DBL_MAX;
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        if (!message_is_inside(tree, n)) {
            continue;
        }
        double cost = message_root_cost(tree, n);
        if (cost < best) {
            root = n;
            best = cost;
        }
    }
    message_peel(tree, root);
}

/* Nodes of the component on which nothing is taken off: does the rest hang together as one node? */
static uint32_t message_count_rest(const message_tree *tree, uint32_t *out_only)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        if (message_is_inside(tree, n) && tree->messages.parents[n] == UINT32_MAX) {
            *out_only = n;
            count++;
        }
    }
    return count;
}

/* Does the path lie in one branch, whose number can be taken the rest off? */
static bool message_holds_closed(const message_tree *tree)
{
    const join_messages *messages = &tree->messages;
    const join_closed *closed = messages->closed;
    return messages->parents[closed->far] == closed->middle && messages->edges[closed->far] == closed->second_edge && messages->parents[closed->middle] == closed->first &&
           messages->edges[closed->middle] == closed->first_edge && messages->parents[closed->first] == UINT32_MAX;
}

/* Marks what the branches stand for, or (back) takes the marks off. */
static void message_mark(message_tree *tree, bool back)
{
    join_graph *graph = tree->graph;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (tree->messages.parents[n] != UINT32_MAX) {
            graph->nodes.items[n].gone = !back;
            graph->nodes.items[n].component = back ? tree->component : graph->component_count - 1;
            graph->edges.items[tree->messages.edges[n]].done = !back;
        }
    }
}

/* What applying the branches to the rest costs, when its nodes have been ordered in `steps`. */
static double message_apply_cost(const message_tree *tree, const join_steps *steps)
{
    const join_graph *graph = tree->graph;
    double cost = 0;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        uint32_t parent = tree->messages.parents[n];
        if (parent == UINT32_MAX || tree->messages.parents[parent] != UINT32_MAX) {
            continue;
        }
        double rows = graph->nodes.items[parent].rows;
        for (uint32_t s = 0; s < steps->count; s++) {
            rows = steps->items[s].node == parent ? steps->items[s].rows : rows;
        }
        cost += message_estimate_branch(graph, &tree->messages, n, rows).cost;
    }
    return cost;
}

static bool message_any(const message_tree *tree)
{
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        if (tree->messages.parents[n] != UINT32_MAX) {
            return true;
        }
    }
    return false;
}

/* A way of planning a component: some of it by messages, the rest in steps. */
typedef struct message_choice {
    message_tree tree;
    join_steps steps;
    double cost;
    double rows; /* that are left */
    bool any;    /* else there is nothing that messages could stand for */
} message_choice;

/* Does anything hang on the path's middle or its end? */
static bool message_weighs_closed(const message_tree *tree)
{
    const join_closed *closed = tree->messages.closed;
    uint32_t hangs = 0;
    double cost = 0;
    bool any[2] = {false, false};
    for (uint32_t n = 0; n < tree->graph->nodes.count; n++) {
        hangs += tree->messages.parents[n] == closed->far || (tree->messages.parents[n] == closed->middle && n != closed->far);
    }
    (void)message_selectivity(tree->graph, closed->middle, &cost, &any[0]);
    (void)message_selectivity(tree->graph, closed->far, &cost, &any[1]);
    return hangs != 0 || any[0] || any[1];
}

static ruzu_status message_try(join_graph *graph, uint32_t component, const rz_plan *cur, plan_carries *carries, const join_closed *closed, message_choice *out, rz_error *err)
{
    message_tree *tree = &out->tree;
    uint32_t only = 0;
    *out = (message_choice){0};
    RZ_TRY(message_tree_init(tree, graph, component, carries, closed, err));
    if (message_find_stays(tree)) {
        message_peel(tree, UINT32_MAX);
    } else {
        message_choose_root(tree);
    }
    out->any = message_any(tree) && (closed == NULL || message_holds_closed(tree));
    if (!out->any) {
        return RUZU_OK;
    }
    message_mark(tree, false);
    RZ_TRY(rz_join_order(graph, component, cur, &out->steps, &out->cost, err));
    if (message_count_rest(tree, &only) == 1) {
        message_stream stream = message_estimate_stream(graph, &tree->messages, only);
        out->cost = stream.cost;
        out->rows = stream.rows;
    } else {
        out->cost += message_apply_cost(tree, &out->steps);
        out->rows = out->steps.count == 0 ? 1 : out->steps.items[out->steps.count - 1].rows;
    }
    out->cost += closed == NULL ? 0 : rz_closed_cost(graph, closed, message_weighs_closed(tree));
    message_mark(tree, true);
    return RUZU_OK;
}

/* The cheapest way that counts a path by what it is not; out->any false: there is none. */
static ruzu_status message_try_closed(join_graph *graph, uint32_t component, const rz_plan *cur, message_choice *out, rz_error *err)
{
    join_closed closed = {0};
    while (rz_join_find_closed(graph, component, &closed)) {
        message_choice choice;
        join_closed *kept = (join_closed *)rz_arena_dup(graph->planner->arena, &closed, sizeof closed);
        RZ_TRY_ALLOC(kept, err, "planning MATCH");
        RZ_TRY(message_try(graph, component, cur, NULL, kept, &choice, err));
        if (choice.any && (!out->any || choice.cost < out->cost)) {
            *out = choice;
        }
    }
    return RUZU_OK;
}

/* What keeps the ends of the path apart need not be tested any more. */
static void message_settle_closed(const message_tree *tree)
{
    const join_closed *closed = tree->messages.closed;
    for (uint32_t i = 0; i < tree->graph->predicates.count && closed != NULL; i++) {
        join_predicate *predicate = &tree->graph->predicates.items[i];
        predicate->placed |= rz_closed_sees_to(closed, predicate);
    }
}

/* Does anything of the component look like it could be carried? Rows with records may not be joined with others, so the component is the whole pattern. */
static bool message_may_carry(const plan_arm *arm, const join_graph *graph, uint32_t component)
{
    bool any = false;
    for (uint32_t n = 0; n < graph->nodes.count && arm->carries.count != 0; n++) {
        if (graph->nodes.items[n].component != component) {
            return false;
        }
        any |= graph->nodes.items[n].summed;
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) {
        any &= !graph->edges.items[e].bridge;
    }
    return any;
}

ruzu_status rz_join_find_messages(plan_arm *arm, join_graph *graph, uint32_t component, join_steps *steps, double cost,
                                  join_messages *out, rz_error *err)
{
    rz_planner *planner = arm->planner;
    bool eager = planner->context->eager;
    *out = (join_messages){0};
    if (!arm->counted || arm->inside_apply || component == 0 || !rz_plan_is_unit(arm->cur) ||
        !rz_plan_rule(planner, RZ_RULE_MESSAGES) || !rz_plan_rule(planner, RZ_RULE_PUSH_DOWN) ||
        message_any_key(graph, component, arm->cur)) {
        return RUZU_OK;
    }
    message_choice counting;
    message_choice carrying = {0};
    message_choice closing = {0};
    RZ_TRY(message_try(graph, component, arm->cur, NULL, NULL, &counting, err));
    RZ_TRY(message_try_closed(graph, component, arm->cur, &closing, err));
    if (closing.any && (!counting.any || eager || closing.cost < counting.cost)) {
        counting = closing;
    }
    if (message_may_carry(arm, graph, component)) {
        RZ_TRY(message_try(graph, component, arm->cur, &arm->carries, NULL, &carrying, err));
    }
    bool counts = counting.any && (eager || counting.cost <= cost * MESSAGE_GAIN);
    if (carrying.any) {
        double rows = counts ? counting.rows : steps->count == 0 ? 1 : steps->items[steps->count - 1].rows;
        double otherwise = (counts ? counting.cost : cost) + rows * MESSAGE_COST_GROUP;
        carrying.any = eager || carrying.cost + carrying.rows * MESSAGE_COST_GROUP <= otherwise * MESSAGE_GAIN;
    }
    if (!counts && !carrying.any) {
        return RUZU_OK;
    }
    message_choice *chosen = carrying.any ? &carrying : &counting;
    message_mark(&chosen->tree, false);
    message_settle_closed(&chosen->tree);
    *steps = chosen->steps;
    *out = chosen->tree.messages;
    out->used = true;
    return RUZU_OK;
}

/* ---- building ---- */

static ruzu_status message_apply_branches(plan_arm *arm, join_graph *graph, const join_messages *messages,
                                          uint32_t node, rz_error *err);

/* Rows of a node of the pattern with its conditions, by themselves. */
static ruzu_status message_scan(rz_planner *planner, join_graph *graph, uint32_t node, plan_arm *out, rz_error *err)
{
    const join_step step = {.kind = JOIN_START, .edge = UINT32_MAX, .node = node};
    *out = (plan_arm){.planner = planner, .counted = true};
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_SINGLE_ROW, NULL, NULL, &out->cur, err));
    RZ_TRY(rz_match_start(out, graph, &step, err));
    return RUZU_OK;
}

/* The same with the branches that hang on it. */
static ruzu_status message_stream_of(rz_planner *planner, join_graph *graph, const join_messages *messages,
                                     uint32_t node, plan_arm *out, rz_error *err)
{
    RZ_TRY(message_scan(planner, graph, node, out, err));
    RZ_TRY(rz_match_place(out, graph, false, err));
    return message_apply_branches(out, graph, messages, node, err);
}

/* What is carried to a message: from below a node, with what is aggregated of itself or without. */
typedef struct message_load {
    const join_graph *graph;
    const join_messages *messages;
    uint32_t node;
    bool with_own;
    uint32_t record; /* out: the column of the records */
} message_load;

/* The rows of `part` by node. load: NULL: nothing is carried. */
static ruzu_status message_collect(rz_planner *planner, const plan_arm *part, const join_node *node, bool divided,
                                   message_load *load, rz_plan **out, rz_error *err)
{
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_MESSAGE, part->cur, NULL, out, err));
    (*out)->u.message.key = node->column;
    (*out)->u.message.divided = divided;
    (*out)->u.message.sparse = part->cur->rows * MESSAGE_SPARSE_SHARE < node->rows;
    (*out)->rows = part->cur->rows < node->rows ? part->cur->rows : node->rows;
    if (load != NULL) {
        RZ_TRY(rz_carry_collect(planner, load->graph, load->messages, load->node, load->with_own, *out, &load->record, err));
    }
    return RUZU_OK;
}

/* Puts MESSAGE_APPLY on the arm's plan. message: NULL to count neighbours. record: the column of its records, or RZ_NO_COLUMN_ID. */
static ruzu_status message_put(plan_arm *arm, rz_plan_expand walk, rz_plan *message, rz_message_mode mode, double share,
                               uint32_t record, rz_error *err)
{
    rz_planner *planner = arm->planner;
    double rows = arm->cur->rows;
    rz_plan *plan = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_MESSAGE_APPLY, arm->cur, NULL, &plan, err));
    if (message != NULL) {
        rz_plan **children = RZ_NEW_ARRAY(planner->arena, rz_plan *, 2);
        RZ_TRY_ALLOC(children, err, "planning MATCH");
        children[0] = arm->cur;
        children[1] = message;
        plan->children = children;
        plan->child_count = 2;
    }
    walk.rel = RZ_NO_COLUMN_ID;
    plan->u.apply_message.walk = walk;
    plan->u.apply_message.mode = mode;
    plan->u.apply_message.record = record;
    RZ_TRY(rz_plan_add_column(planner, plan, record, err));
    plan->rows = mode == RZ_MESSAGE_OPTIONAL ? rows : rows * share;
    arm->cur = plan;
    return RUZU_OK;
}

/* Degree or pull from the rows of `arm`. */
static ruzu_status message_apply_walk(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t child,
                                      rz_message_mode mode, double share, rz_error *err)
{
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    rz_plan *message = NULL;
    if (!message_is_bare(graph, messages, child)) {
        plan_arm part;
        RZ_TRY(message_stream_of(arm->planner, graph, messages, child, &part, err));
        RZ_TRY(message_collect(arm->planner, &part, &graph->nodes.items[child], true, NULL, &message, err));
    }
    return message_put(arm, rz_match_walk(graph, edge, edge->to != child), message, mode, share, RZ_NO_COLUMN_ID, err);
}

static ruzu_status message_apply_branch(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t child,
                                        rz_message_mode mode, rz_error *err)
{
    rz_planner *planner = arm->planner;
    message_estimate choice = message_estimate_branch(graph, messages, child, arm->cur->rows);
    uint32_t parent = messages->parents[child];
    const join_node *node = &graph->nodes.items[parent];
    const join_edge *edge = &graph->edges.items[messages->edges[child]];
    const rz_plan_expand look = {.from = node->column, .to = RZ_NO_COLUMN_ID};
    plan_arm part;
    rz_plan *message = NULL;
    message_load load = {.graph = graph, .messages = messages, .node = child, .with_own = true, .record = RZ_NO_COLUMN_ID};
    switch (choice.form) {
    case MESSAGE_DEGREE:
    case MESSAGE_PULL: return message_apply_walk(arm, graph, messages, child, mode, choice.share, err);
    case MESSAGE_PUSH: {
        RZ_TRY(message_stream_of(planner, graph, messages, child, &part, err));
        RZ_TRY(rz_plan_node(planner, RZ_PLAN_EXPAND, part.cur, NULL, &part.cur, err));
        part.cur->u.expand = rz_match_walk(graph, edge, edge->to == child);
        part.cur->rows *= rz_join_fan(graph, edge, edge->to == child);
        RZ_TRY(rz_plan_add_column(planner, part.cur, part.cur->u.expand.to, err));
        RZ_TRY(rz_plan_add_column(planner, part.cur, part.cur->u.expand.rel, err));
        RZ_TRY(message_collect(planner, &part, node, false, &load, &message, err));
        return message_put(arm, look, message, mode, choice.share, load.record, err);
    }
    case MESSAGE_TABLE:
        RZ_TRY(message_scan(planner, graph, parent, &part, err));
        RZ_TRY(message_apply_walk(&part, graph, messages, child, RZ_MESSAGE_INNER, choice.share, err));
        RZ_TRY(message_collect(planner, &part, node, true, NULL, &message, err));
        return message_put(arm, look, message, mode, choice.share, RZ_NO_COLUMN_ID, err);
    }
    return RUZU_OK;
}

/* ---- paths whose ends must not meet ---- */

/* How many matches hang on each node, without one of its branches; *out NULL: one each. */
static ruzu_status message_of_node(rz_planner *planner, join_graph *graph, const join_messages *messages, uint32_t node, uint32_t without, rz_plan **out, rz_error *err)
{
    plan_arm part;
    double cost = 0;
    bool any = false;
    join_messages others = *messages;
    others.closed = NULL;
    others.parents = (uint32_t *)rz_arena_dup(planner->arena, messages->parents, graph->nodes.count * sizeof *messages->parents);
    RZ_TRY_ALLOC(others.parents, err, "planning MATCH");
    (void)message_selectivity(graph, node, &cost, &any);
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        others.parents[n] = n == without ? UINT32_MAX : others.parents[n];
        any |= others.parents[n] == node;
    }
    if (!any) {
        return RUZU_OK;
    }
    RZ_TRY(message_stream_of(planner, graph, &others, node, &part, err));
    return message_collect(planner, &part, &graph->nodes.items[node], true, NULL, out, err);
}

/* The number of paths to be taken off, as a message to the first node. What hangs on the others is planned a second time: its predicates are placed there and once more in the branch. */
static ruzu_status message_closed(rz_planner *planner, join_graph *graph, const join_messages *messages, rz_plan **out, rz_error *err)
{
    const join_closed *closed = messages->closed;
    rz_plan *middle = NULL;
    rz_plan *far = NULL;
    bool *placed = RZ_NEW_ARRAY(planner->arena, bool, graph->predicates.count);
    RZ_TRY_ALLOC(placed, err, "planning MATCH");
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        placed[i] = graph->predicates.items[i].placed;
    }
    RZ_TRY(message_of_node(planner, graph, messages, closed->middle, closed->far, &middle, err));
    RZ_TRY(message_of_node(planner, graph, messages, closed->far, UINT32_MAX, &far, err));
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        graph->predicates.items[i].placed = placed[i];
    }
    return rz_closed_plan(planner, graph, closed, middle, far, out, err);
}

/* Gives a MESSAGE_APPLY another message to take off. */
static ruzu_status message_take_off(rz_planner *planner, rz_plan *apply, rz_plan *less, rz_error *err)
{
    rz_plan **children = RZ_NEW_ARRAY(planner->arena, rz_plan *, 3);
    RZ_TRY_ALLOC(children, err, "planning MATCH");
    for (uint32_t i = 0; i < apply->child_count; i++) {
        children[i] = apply->children[i];
    }
    apply->u.apply_message.less_child = apply->child_count;
    children[apply->child_count++] = less;
    apply->children = children;
    return RUZU_OK;
}

/* Applies the branches of one node to the arm's rows: those first that leave few rows for little work. */
static ruzu_status message_apply_branches(plan_arm *arm, join_graph *graph, const join_messages *messages,
                                          uint32_t node, rz_error *err)
{
    bool *done = RZ_NEW_ARRAY(arm->planner->arena, bool, graph->nodes.count);
    RZ_TRY_ALLOC(done, err, "planning MATCH");
    for (;;) {
        uint32_t best = UINT32_MAX;
        double best_rank = DBL_MAX;
        for (uint32_t n = 0; n < graph->nodes.count; n++) {
            if (messages->parents[n] != node || done[n]) {
                continue;
            }
            message_estimate branch = message_estimate_branch(graph, messages, n, arm->cur->rows);
            double rank = branch.cost / (1.01 - branch.share);
            if (rank < best_rank) {
                best = n;
                best_rank = rank;
            }
        }
        if (best == UINT32_MAX) {
            return RUZU_OK;
        }
        done[best] = true;
        rz_plan *less = NULL;
        if (messages->closed != NULL && messages->closed->middle == best) {
            RZ_TRY(message_closed(arm->planner, graph, messages, &less, err));
        }
        RZ_TRY(message_apply_branch(arm, graph, messages, best, RZ_MESSAGE_INNER, err));
        if (less != NULL) {
            RZ_TRY(message_take_off(arm->planner, arm->cur, less, err));
        }
    }
}

ruzu_status rz_join_apply_messages(plan_arm *arm, join_graph *graph, join_messages *messages, rz_error *err)
{
    for (uint32_t n = 0; n < graph->nodes.count && messages->used; n++) {
        if (messages->applied[n] || messages->parents[n] != UINT32_MAX ||
            !rz_plan_has_column(arm->cur, graph->nodes.items[n].column)) {
            continue;
        }
        messages->applied[n] = true;
        RZ_TRY(message_apply_branches(arm, graph, messages, n, err));
    }
    return RUZU_OK;
}

ruzu_status rz_join_prune_pairs(plan_arm *arm, join_graph *graph, const join_steps *steps, uint32_t at, rz_error *err)
{
    for (uint32_t s = at + 2; s < steps->count; s++) {
        const join_step *step = &steps->items[s];
        for (uint32_t side = 0; side < 2 && step->kind == JOIN_PAIR; side++) {
            const join_edge *edge = &graph->edges.items[side == 0 ? step->edge : step->pair_edge];
            bool backward = side == 0 ? step->backward : step->pair_backward;
            double reach = edge->reach[backward ? 1 : 0];
            if (steps->items[at].node != (backward ? edge->to : edge->from) || reach > MESSAGE_GAIN ||
                !rz_plan_rule(arm->planner, RZ_RULE_MESSAGES)) {
                continue;
            }
            rz_plan_expand walk = rz_match_walk(graph, edge, backward);
            walk.to = RZ_NO_COLUMN_ID;
            RZ_TRY(message_put(arm, walk, NULL, RZ_MESSAGE_SEMI, reach, RZ_NO_COLUMN_ID, err));
        }
    }
    return RUZU_OK;
}

/* ---- whole patterns on one known node ---- */

/* What making all matches for so many rows of a node would cost. */
static double message_enumerate_cost(const join_graph *graph, const join_messages *messages, uint32_t node, double rows)
{
    double cost = 0;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (messages->parents[n] != node) {
            continue;
        }
        const join_edge *edge = &graph->edges.items[messages->edges[n]];
        double predicate_cost = 0;
        bool any = false;
        double share = message_selectivity(graph, n, &predicate_cost, &any);
        double walked = rows * rz_join_fan(graph, edge, edge->to != n);
        cost += rows * 2 * MESSAGE_COST_LIST + walked * (1 + predicate_cost * 5); /* properties lie far apart */
        rows = walked * share;
        cost += message_enumerate_cost(graph, messages, n, rows);
    }
    return cost;
}

/* The only known node, when the pattern is a tree whose other nodes and relationships nobody looks at; UINT32_MAX:
 * it is something else. */
static uint32_t message_find_key(message_tree *tree)
{
    join_graph *graph = tree->graph;
    uint32_t key = UINT32_MAX;
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        const join_node *node = &graph->nodes.items[n];
        if (node->component != 0 || (node->bound && key != UINT32_MAX)) {
            return UINT32_MAX;
        }
        key = node->bound ? n : key;
    }
    for (uint32_t i = 0; i < graph->predicates.count; i++) {
        if (!message_is_local(&graph->predicates.items[i])) {
            return UINT32_MAX;
        }
    }
    if (key == UINT32_MAX || graph->edges.count == 0) {
        return UINT32_MAX;
    }
    (void)message_find_stays(tree);
    message_peel(tree, key);
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (n != key && tree->messages.parents[n] == UINT32_MAX) {
            return UINT32_MAX;
        }
    }
    for (uint32_t e = 0; e < graph->edges.count; e++) { /* a cycle or a self-loop */
        if (!tree->taken[e]) {
            return UINT32_MAX;
        }
    }
    return key;
}

/* Does every walk from the node start at one of its tables? */
static bool message_starts_fit(const join_graph *graph, const join_messages *messages, uint32_t key)
{
    for (uint32_t n = 0; n < graph->nodes.count; n++) {
        if (messages->parents[n] == key) {
            const join_edge *edge = &graph->edges.items[messages->edges[n]];
            if (!message_hops_fit(edge, edge->to == n, &graph->nodes.items[key])) {
                return false;
            }
        }
    }
    return true;
}

/* The pattern by itself, for every node that may be the known one. */
static ruzu_status message_apply_whole(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t key,
                                       rz_message_mode mode, rz_error *err)
{
    plan_arm part;
    rz_plan *message = NULL;
    const join_node *node = &graph->nodes.items[key];
    RZ_TRY(message_stream_of(arm->planner, graph, messages, key, &part, err));
    message_load load = {.graph = graph, .messages = messages, .node = key, .record = RZ_NO_COLUMN_ID};
    RZ_TRY(message_collect(arm->planner, &part, node, true, &load, &message, err));
    return message_put(arm, (rz_plan_expand){.from = node->column, .to = RZ_NO_COLUMN_ID}, message, mode, 0.5, load.record, err);
}

ruzu_status rz_join_count_match(plan_arm *arm, const rz_bound_match *match, const plan_set *after, rz_message_mode mode,
                                bool *out_done, rz_error *err)
{
    rz_planner *planner = arm->planner;
    join_graph graph;
    message_tree tree;
    *out_done = false;
    if (!rz_plan_rule(planner, RZ_RULE_OPTIONAL) || !rz_plan_rule(planner, RZ_RULE_PUSH_DOWN)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_join_graph(planner, arm->cur, &match, 1, after, &graph, err));
    bool carries = mode == RZ_MESSAGE_OPTIONAL && arm->carries.count != 0;
    rz_carry_only_strict(&graph, &arm->carries);
    RZ_TRY(message_tree_init(&tree, &graph, 0, carries ? &arm->carries : NULL, NULL, err));
    uint32_t key = graph.impossible ? UINT32_MAX : message_find_key(&tree);
    if (key == UINT32_MAX || !message_starts_fit(&graph, &tree.messages, key)) {
        return RUZU_OK;
    }
    const join_messages *messages = &tree.messages;
    double predicate_cost = 0;
    bool whole = false;
    (void)message_selectivity(&graph, key, &predicate_cost, &whole);
    whole |= graph.nodes.items[key].edge_count > 1;
    uint32_t only = 0;
    while (messages->parents[only] != key) {
        only++;
    }
    double rows = arm->cur->rows;
    message_estimate branch = message_estimate_branch(&graph, messages, only, rows);
    double cost = whole ? message_estimate_stream(&graph, messages, key).cost + rows * MESSAGE_COST_FIND +
                              message_room(&graph, &graph.nodes.items[key], sizeof(uint64_t))
                        : branch.cost;
    bool pays = cost < MESSAGE_GAIN * message_enumerate_cost(&graph, messages, key, rows);
    if (!planner->context->eager && (whole || branch.form != MESSAGE_DEGREE) && (!arm->counted || !pays)) {
        return RUZU_OK;
    }
    *out_done = true;
    return whole ? message_apply_whole(arm, &graph, messages, key, mode, err)
                 : message_apply_branch(arm, &graph, messages, only, mode, err);
}
