/* SPDX-License-Identifier: MIT */
/*
 * Patterns as graphs, and the order in which their parts are joined (private to the planner).
 */
#ifndef RZ_PLANNER_JOIN_H
#define RZ_PLANNER_JOIN_H

#include "planner/build.h"

typedef struct join_node {
    uint32_t column;
    const uint32_t *tables;
    uint32_t table_count;
    double rows;        /* nodes in these tables */
    uint32_t component; /* 0: contains nodes known before */
    uint32_t edge_count;
    bool bound; /* known already: from an earlier clause, or by the steps so far */
    bool used;  /* somebody looks at the column: a predicate, a path, a later clause */
    bool wanted; /* somebody other than a predicate does */
    bool summed; /* wanted, but only by aggregates that messages can carry */
    bool gone;   /* a message stands for it (plan_message.c): its component is the last one, which nobody plans */
} join_node;

typedef struct join_edge {
    const rz_bound_edge *edge;
    uint32_t from, to;     /* indices into nodes, as written */
    uint32_t column;       /* of the relationship; a fresh one where the pattern's is known before */
    const rz_hop *hops[2]; /* walking from `from`; walking from `to` */
    uint32_t hop_count;
    double count;    /* relationships, summed over the hops */
    double reach[2]; /* share of the nodes at either end that have any */
    double met[2];   /* length of a list at either end, as met by rows that came from such lists */
    bool used;       /* somebody looks at the relationship */
    bool wanted;     /* somebody other than a predicate does */
    bool summed;     /* wanted, but only by aggregates that messages can carry */
    bool bridge; /* walked from left to right only, outside of the search for an order: its path is looked at, and the
                    executor gives paths as walked */
    bool done;
} join_edge;

/* What a predicate says when it only keeps two nodes apart. */
typedef enum join_bar {
    JOIN_BAR_NONE,    /* something else */
    JOIN_BAR_UNEQUAL, /* they are not the same */
    JOIN_BAR_EDGE     /* there is no relationship between them over certain hops */
} join_bar;

typedef struct join_predicate {
    rz_expr *expr;
    plan_set uses;
    uint32_t *nodes; /* of the pattern */
    uint32_t node_count;
    uint32_t *edges;
    uint32_t edge_count;
    double selectivity;
    double cost;
    bool late;    /* may fail or is volatile: after everything else, in written order */
    bool foreign; /* uses a column that only exists at the end (a named path) */
    bool has_subquery;
    bool placed;
    join_bar bar;
    uint32_t bar_nodes[2];
    const rz_hop *bar_hops[2]; /* EDGE: walking from the one, from the other */
    uint32_t bar_hop_count;
    double bar_met[2]; /* EDGE: as join_edge.met, at bar_nodes[i] */
    bool bar_undirected;
} join_predicate;

typedef struct join_graph {
    rz_planner *planner;
    RZ_ARRAY(join_node) nodes;
    RZ_ARRAY(join_edge) edges;
    RZ_ARRAY(join_predicate) predicates;
    uint32_t component_count;
    bool impossible; /* some part can never match */
    const rz_bound_hint *hint; /* the order that the only clause wants, or NULL */
} join_graph;

typedef enum join_step_kind {
    JOIN_START,    /* scan or look-up of `node` */
    JOIN_EXPAND,   /* over `edge` to its other end, `node` */
    JOIN_INTO,     /* `edge` between two known nodes */
    JOIN_COUNT,    /* the other end of `edge` is only counted */
    JOIN_PAIR,     /* the other ends of `edge` and `pair_edge` are counted together: pairs of nodes that differ */
    JOIN_INTERSECT /* `node` from all its plain edges to known nodes */
} join_step_kind;

typedef struct join_step {
    join_step_kind kind;
    uint32_t edge;
    uint32_t node;
    bool backward; /* walks from the edge's `to` */
    double rows;   /* estimated, before predicates */
    uint32_t pair_edge;
    uint32_t pair_node;
    bool pair_backward;
} join_step;

typedef RZ_ARRAY(join_step) join_steps;

/* How a node could be found by its key: the predicate, and the key's expression. */
typedef struct join_key {
    uint32_t predicate;
    rz_expr *key;
} join_key;

/* ---- join_walk.c ---- */

/* The clauses with variable-length relationships replaced by chains where nothing but one chain is possible and nobody looks at the path. after: what is needed behind them. */
RZ_NODISCARD ruzu_status rz_join_unroll(rz_planner *planner, const rz_bound_match *const *matches, uint32_t count, const plan_set *after,
                                        const rz_bound_match *const **out, rz_error *err);

/* ---- join_triangle.c ---- */

/* A triangle whose corners are alike: plans it, and the rest of the pattern on top; *out_done false: the pattern has none, and nothing was done. after: what is needed behind the pattern. */
RZ_NODISCARD ruzu_status rz_join_triangle(plan_arm *arm, join_graph *graph, const rz_bound_match *const *matches, uint32_t count, const plan_set *after,
                                          bool *out_done, rz_error *err);

/* A side: a plain relationship, undirected, between two nodes of one table, neither of them known, walking the same both ways. */
bool rz_join_is_side(const join_graph *graph, const join_edge *edge);
/* The same hops in any order. */
bool rz_join_same_hops(const rz_hop *a, uint32_t a_count, const rz_hop *b, uint32_t b_count);

/* ---- join_graph.c ---- */

RZ_NODISCARD ruzu_status rz_join_graph(rz_planner *planner, const rz_plan *cur, const rz_bound_match *const *matches,
                                       uint32_t match_count, const plan_set *after, join_graph *out, rz_error *err);
/* A key look-up for the node over the columns of `cur`; false: none. */
bool rz_join_find_key(const join_graph *graph, uint32_t node, const rz_plan *cur, join_key *out);

/* ---- join_bar.c ---- */

/* Finds the predicates that only keep nodes apart, and drops those that follow from others. */
RZ_NODISCARD ruzu_status rz_join_find_bars(join_graph *graph, rz_error *err);

/* The component is planned on its own and sees nothing that others have found: what keeps their nodes apart is tested where they meet. */
void rz_join_bars_of_part(join_graph *graph, uint32_t component);
/* Hops walked the other way. */
RZ_NODISCARD ruzu_status rz_join_reverse_hops(rz_planner *planner, const rz_hop *hops, uint32_t count, const rz_hop **out,
                                              rz_error *err);
/* The node that the predicate keeps apart from `node`; UINT32_MAX: none. */
uint32_t rz_join_bar_other(const join_predicate *predicate, uint32_t node);
/* COUNT_EXCEPT for JOIN_COUNT and JOIN_PAIR. *out_done false: nothing is kept apart. */
RZ_NODISCARD ruzu_status rz_join_count_except(plan_arm *arm, join_graph *graph, const join_step *step, bool *out_done,
                                              rz_error *err);

/* ---- join_order.c ---- */

/*
 * The steps that bind the component's nodes and use up its edges, starting from what is bound. cur: what look-up keys
 * may use; its rows are the rows to start with. Nodes and edges of the graph keep their state; the caller marks them as
 * it builds.
 */
RZ_NODISCARD ruzu_status rz_join_order(join_graph *graph, uint32_t component, const rz_plan *cur, join_steps *out,
                                       double *out_cost, rz_error *err);
/* Marks what the step binds and uses up. */
void rz_join_mark(join_graph *graph, const join_step *step);

/* ---- join_hint.c ---- */

/* The same as the graph's hint says; nothing of the component is known. */
RZ_NODISCARD ruzu_status rz_join_hinted(join_graph *graph, uint32_t component, join_steps *out, rz_error *err);

/* ---- join_cost.c ---- */

/* Plain, unused edges between a node and known ones: what an INTERSECT would take; returns their number, writes up to
 * `limit` of them. */
uint32_t rz_join_common(const join_graph *graph, uint32_t node, uint32_t *edges, uint32_t limit);

/* Relationships walked for each node at one end, on average. */
double rz_join_fan(const join_graph *graph, const join_edge *edge, bool backward);
/* One relationship that nobody looks at. */
bool rz_join_is_plain(const join_edge *edge);

/* ---- plan_match.c: parts that plan_message.c and branch_build.c use too ---- */

/* A scan or look-up of the step's node on the arm's plan, which is a single row unless a look-up is possible. */
RZ_NODISCARD ruzu_status rz_match_start(plan_arm *arm, join_graph *graph, const join_step *step, rz_error *err);
/* Adds the predicates that can be checked now; at the end all that are left. */
RZ_NODISCARD ruzu_status rz_match_place(plan_arm *arm, join_graph *graph, bool at_end, rz_error *err);
/* Types for which equal values hash alike and EQUALS has no exceptions. */
bool rz_match_type_hashes(const rz_type *type);
rz_plan_expand rz_match_walk(const join_graph *graph, const join_edge *edge, bool backward);

/* ---- join_closed.c ---- */

/* A path (first)-(middle)-(far) whose end must not be where it began, or next to it. */
typedef struct join_closed {
    uint32_t turn; /* where the search goes on; 0: at the beginning */
    uint32_t first, middle, far;
    uint32_t first_edge, second_edge;
    bool next, itself; /* what far must not be: a neighbour of first, first itself */
} join_closed;

/* The component's next such path from io->turn on; false: there is none. */
bool rz_join_find_closed(const join_graph *graph, uint32_t component, join_closed *io);
/* Is the predicate one of those that keep the two ends apart? */
bool rz_closed_sees_to(const join_closed *closed, const join_predicate *predicate);
/* What counting the paths that end where they must not costs. weighted: something hangs on the middle or the end. */
double rz_closed_cost(const join_graph *graph, const join_closed *closed, bool weighted);
/* A MESSAGE with their number for each first node. middle, far: MESSAGEs with what hangs on those nodes, or NULL. */
RZ_NODISCARD ruzu_status rz_closed_plan(rz_planner *planner, join_graph *graph, const join_closed *closed, rz_plan *middle, rz_plan *far, rz_plan **out, rz_error *err);

/* ---- plan_message.c, branch_build.c ---- */

/* What messages stand for, and which nodes they are applied to. */
typedef struct join_messages {
    bool used;         /* else the rest is empty: plan as if there were no messages */
    uint32_t *parents; /* by node: the node that its message goes to; UINT32_MAX: it stays */
    uint32_t *edges;   /* by node: the edge to the parent */
    bool *applied;     /* by node: what goes to it has been applied */
    const join_closed *closed; /* from the number of the branch that begins with its middle node the paths are taken off that end where they must not; NULL: there is none */
    plan_carries *carries; /* aggregates over nodes that messages stand for travel with them; NULL: there are none */
} join_messages;

/* Finds out whether the component should be planned with messages; if so, marks the nodes and edges that they stand
 * for. steps: the order that was found for the component without them, and its cost; becomes that of the rest. */
RZ_NODISCARD ruzu_status rz_join_find_messages(plan_arm *arm, join_graph *graph, uint32_t component, join_steps *steps,
                                               double cost, join_messages *out, rz_error *err);
/* Applies the messages to the nodes that the arm's plan knows by now. */
RZ_NODISCARD ruzu_status rz_join_apply_messages(plan_arm *arm, join_graph *graph, join_messages *messages,
                                                rz_error *err);
/* Drops rows whose node, bound by step `at`, has no neighbours that a later JOIN_PAIR counts: before more is walked
 * from it. */
RZ_NODISCARD ruzu_status rz_join_prune_pairs(plan_arm *arm, join_graph *graph, const join_steps *steps, uint32_t at,
                                             rz_error *err);
/* A pattern of which only one node is known, and of which only the number of its matches for that node is asked
 * (OPTIONAL MATCH, EXISTS): as one message to that node. *out_done false: not possible, or not worth it. */
RZ_NODISCARD ruzu_status rz_join_count_match(plan_arm *arm, const rz_bound_match *match, const plan_set *after,
                                             rz_message_mode mode, bool *out_done, rz_error *err);

/* ---- plan_unnest.c: patterns that only equalities connect with the outer rows; *out_done false: something else does ---- */

/* [NOT] EXISTS as a SEMI or ANTI join. */
RZ_NODISCARD ruzu_status rz_unnest_semi(plan_arm *arm, const rz_bound_match *match, bool negated, bool *out_done,
                                        rz_error *err);
/* OPTIONAL MATCH as a LEFT join. */
RZ_NODISCARD ruzu_status rz_unnest_optional(plan_arm *arm, const rz_bound_match *match, const plan_set *after,
                                            bool *out_done, rz_error *err);
/* COUNT (counts) or EXISTS as a value: what it is above the arm's new plan. */
RZ_NODISCARD ruzu_status rz_unnest_value(plan_arm *arm, const rz_bound_match *match, bool counts, rz_expr **out,
                                         bool *out_done, rz_error *err);

/* ---- carry_pair.c ---- */

/* Can the aggregate be made of two sides? */
bool rz_carry_is_pair(const rz_expr *aggregate, rz_agg_pair *out);
/* The aggregate that knows one side of the pair. */
RZ_NODISCARD ruzu_status rz_carry_side(rz_planner *planner, const rz_expr *aggregate, uint32_t side, rz_expr **out, rz_error *err);
/* The aggregate over rows that have both sides, in records or by themselves. */
RZ_NODISCARD ruzu_status rz_carry_pair(rz_planner *planner, const plan_carries *carries, const plan_pair *pair, rz_expr **out, rz_error *err);

/* ---- plan_carry.c ---- */

/* Is something carried from the branch that begins with `node`? */
bool rz_carry_any(const join_graph *graph, const join_messages *messages, uint32_t node);
/* For an optional pattern: where it matches nothing its nodes are NULL, and what is carried must be nothing. Others stay. */
void rz_carry_only_strict(join_graph *graph, const plan_carries *carries);
uint32_t rz_carry_count(const join_graph *graph, const join_messages *messages, uint32_t node);
/* Gives a MESSAGE what is carried from below `node` (and, with_own, from itself): the rows below it have the nodes, or records. *out_record: the column that the records will have, or
 * RZ_NO_COLUMN_ID. */
RZ_NODISCARD ruzu_status rz_carry_collect(rz_planner *planner, const join_graph *graph, const join_messages *messages, uint32_t node, bool with_own, rz_plan *message, uint32_t *out_record,
                                          rz_error *err);

#endif
