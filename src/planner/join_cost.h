/* SPDX-License-Identifier: MIT */
/*
 * States of the search for a join order, the steps that lead from one to the next, and what they cost (private to the planner; used by join_order.c).
 */
#ifndef RZ_PLANNER_JOIN_COST_H
#define RZ_PLANNER_JOIN_COST_H

#include "planner/join.h"

#define RZ_JOIN_STEPS 3u /* that one edge allows, at most */

/* What is bound, walked and applied at one point of the search. */
typedef struct join_state {
    bool *bound;     /* per node */
    bool *done;      /* per edge */
    bool *applied;   /* per predicate */
    uint32_t origin; /* the node that was scanned: its rows come in order; UINT32_MAX: none */
    double rows;
    double cost;
} join_state;

RZ_NODISCARD ruzu_status rz_join_state_create(join_graph *graph, join_state *out, rz_error *err);
/* What the graph says is bound, done and placed; rows and cost stay. */
void rz_join_state_clear(const join_graph *graph, join_state *state);
void rz_join_state_copy(const join_graph *graph, const join_state *from, join_state *to);
/* Marks as applied what holds already without cost: used when a state is rebuilt from a set of edges. */
void rz_join_state_mark_applied(const join_graph *graph, join_state *state);
/* A scan starts a plan of its own; on top of other rows only a look-up can. */
bool rz_join_can_start(const join_graph *graph, uint32_t node, const rz_plan *cur);
/* The state after the node has been scanned or looked up, from a cleared one. */
void rz_join_state_start(const join_graph *graph, join_state *state, uint32_t node, const rz_plan *cur, join_step *step);
/* The steps an edge allows in a state; returns their number. */
uint32_t rz_join_state_steps(const join_graph *graph, const join_state *state, uint32_t edge_idx, join_step *out);
/* Takes a step: what it binds, the rows it gives (also in step->rows), what it costs. */
void rz_join_state_take(const join_graph *graph, join_state *state, join_step *step);

#endif
