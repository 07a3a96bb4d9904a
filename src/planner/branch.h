/* SPDX-License-Identifier: MIT */
/*
 * Branches of patterns that messages stand for (private to plan_message.c and branch_*.c).
 */
#ifndef RZ_PLANNER_BRANCH_H
#define RZ_PLANNER_BRANCH_H

#include "planner/join.h"

/* Costs in the units of join_order.c. */
#define BRANCH_COST_SCAN      0.3
#define BRANCH_COST_PREDICATE 0.2
#define BRANCH_COST_DEGREE    0.5 /* per row: the length of a list, of nodes in their order … */
#define BRANCH_COST_SCATTERED 2.0 /* … or of nodes that come again and again, in any */
#define BRANCH_COST_LIST      1.0 /* per row: finding its list … */
#define BRANCH_COST_ENTRY     0.3 /* … and per neighbour: decoding … */
#define BRANCH_COST_FETCH     0.2 /* … and adding its number, times how far apart numbers lie */
#define BRANCH_COST_KEEP      0.3 /* per row kept in an array */
#define BRANCH_COST_WALK      0.8 /* per neighbour walked to … */
#define BRANCH_COST_ADD       0.3 /* … and added to, times the same */
#define BRANCH_COST_REL       0.5 /* … with the relationship */
#define BRANCH_COST_VALUE     1.5 /* per row and aggregate that is carried */
#define BRANCH_COST_GROUP     1.0 /* per row that is left to be aggregated */
#define BRANCH_RECORD         40  /* about what an aggregate takes in a record */
#define BRANCH_COST_ARRAY     0.2 /* per node of an array: clearing, uniting those of several workers */
#define BRANCH_COST_FIND      0.4 /* per row that looks its number up */
#define BRANCH_COST_SETUP     50.0
#define BRANCH_SPARSE_SHARE   64.0 /* a message for fewer than one node in so many is a hash map */
#define BRANCH_GAIN           0.8
#define BRANCH_MEMORY_SHARE   0.25
#define BRANCH_NO_ROOM        1e30

typedef enum branch_form { BRANCH_DEGREE, BRANCH_PULL, BRANCH_PUSH, BRANCH_TABLE } branch_form;

typedef struct branch_estimate {
    double cost;
    double share; /* of the parent's rows that are left */
    branch_form form;
} branch_estimate;

typedef struct branch_stream {
    double cost;
    double rows;
} branch_stream;

/* The branches of a pattern, all seen from one set of nodes that stay. */
typedef struct branch_tree {
    join_graph *graph;
    uint32_t component;
    join_messages messages;
    uint32_t *degrees; /* by node: edges that are left */
    bool *stays;       /* by node: it must not become part of a message */
    bool *taken;       /* by edge: it belongs to a branch */
} branch_tree;

/* ---- branch_tree.c: what can be taken off ---- */

/* A condition on one node of the pattern and nothing else, that may be checked wherever the node is. */
bool rz_branch_is_local(const join_predicate *predicate);
/* The same on one relationship. */
bool rz_branch_is_local_to_edge(const join_predicate *predicate);
/* Share of the relationships that their conditions leave; *out_cost each. */
double rz_branch_edge_selectivity(const join_graph *graph, uint32_t edge, double *out_cost);
/* Share of the node's rows that its conditions leave; *out_cost per row. */
double rz_branch_selectivity(const join_graph *graph, uint32_t node, double *out_cost, bool *out_any);
/* carries: what branches may carry, or NULL. closed: see join_messages. */
RZ_NODISCARD ruzu_status rz_branch_tree_init(branch_tree *tree, join_graph *graph, uint32_t component, plan_carries *carries, const join_closed *closed, rz_error *err);
bool rz_branch_is_inside(const branch_tree *tree, uint32_t node);
/* Nodes that somebody looks at (but for what is carried), or that a condition on several things concerns. Returns whether there are any. */
bool rz_branch_find_stays(branch_tree *tree);
/* Takes leaf after leaf off: fills parents and edges. root: a node that stays whatever it is; UINT32_MAX: none. */
void rz_branch_peel(branch_tree *tree, uint32_t root);

/* ---- branch_cost.c ---- */

/* The cheapest way to apply the child's branch to so many rows of its parent. */
branch_estimate rz_branch_estimate(const join_graph *graph, const join_messages *messages, uint32_t child, double rows);
/* All rows of a node and its branches: as if the pattern began there. */
branch_stream rz_branch_stream(const join_graph *graph, const join_messages *messages, uint32_t node);
/* Arrays that would take too much of the statement's memory (two workers may fill one each) are not made: what they would cost. */
double rz_branch_room(const join_graph *graph, const join_node *node, double size);
/* Does walking from the parent lead to the child's tables only? */
bool rz_branch_hops_fit(const join_edge *edge, bool backward, const join_node *child);
/* Is the branch nothing but a node without conditions? */
bool rz_branch_is_bare(const join_graph *graph, const join_messages *messages, uint32_t child);

/* ---- branch_build.c ---- */

/* What is carried to a message: from below a node, with what is aggregated of itself or without. */
typedef struct branch_load {
    const join_graph *graph;
    const join_messages *messages;
    uint32_t node;
    bool with_own;
    uint32_t record; /* out: the column of the records */
} branch_load;

/* All rows of a node that its conditions leave, with what its branches say of them. */
RZ_NODISCARD ruzu_status rz_branch_build(rz_planner *planner, join_graph *graph, const join_messages *messages, uint32_t node, plan_arm *out, rz_error *err);
/* The rows of `part` by node, as a MESSAGE. load: NULL: nothing is carried. */
RZ_NODISCARD ruzu_status rz_branch_collect(rz_planner *planner, const plan_arm *part, const join_node *node, bool divided, branch_load *load, rz_plan **out, rz_error *err);
/* Puts MESSAGE_APPLY on the arm's plan. message: NULL to count neighbours. record: the column of its records, or RZ_NO_COLUMN_ID. */
RZ_NODISCARD ruzu_status rz_branch_put(plan_arm *arm, rz_plan_expand walk, rz_plan *message, rz_message_mode mode, double share, uint32_t record, rz_error *err);
/* Applies the child's branch to the rows of `arm`. */
RZ_NODISCARD ruzu_status rz_branch_apply(plan_arm *arm, join_graph *graph, const join_messages *messages, uint32_t child, rz_message_mode mode, rz_error *err);

#endif
