/* SPDX-License-Identifier: MIT */
/*
 * What the searches behind RECURSIVE share (private to op_recursive.c and recursive_*.c).
 *
 *   steps      one relationship further, from many nodes at once, filters applied          recursive_steps.c
 *   levels     walks counted level by level; sets of end nodes                             recursive_levels.c
 *   trails     paths one by one, depth first: path columns, TRAIL, ACYCLIC                 recursive_trails.c
 *   shortest   breadth first: SHORTEST, ALL SHORTEST                                       recursive_shortest.c, recursive_bfs.c, recursive_upward.c
 *   wide       breadth first over sets as bits, by several threads, once a level is large     recursive_wide.c
 *   pair       the same between two known nodes, from both ends                             recursive_pair.c
 *   weighted   by cost: WSHORTEST, ALL WSHORTEST                                           recursive_weighted.c
 *
 * A search is begun for one input row and then asked for answers until it has no more; it stops in between when the output chunk is full. Node filters hold for nodes
 * that a path goes through: a node is an answer whatever they say, but is left again only if it passes.
 */
#ifndef RZ_EXECUTOR_RECURSIVE_H
#define RZ_EXECUTOR_RECURSIVE_H

#include "executor/node_map.h"

/* ---- steps ---- */

/* Relationships found, in arrays of the caller's. */
typedef struct rz_step_batch {
    rz_id *to;
    rz_id *rels;        /* NULL: not wanted */
    uint32_t *origins;  /* number of the node in the frontier */
    bool *forward;      /* in the direction of the stored relationship */
    double *costs;      /* weighted searches, else NULL */
    uint32_t count;
} rz_step_batch;

/* Up to RZ_VECTOR_CAPACITY nodes whose relationships are read, and how far that is. */
typedef struct rz_frontier {
    const rz_id *nodes;
    uint32_t count;
    rz_slice **slices; /* per hop, room for `count` */
    uint32_t at_row, at_hop, at_entry;
} rz_frontier;

typedef struct rz_steps {
    rz_worker *worker;
    const rz_plan_recursive *spec;
    const rz_plan *input_plan;
    rz_rtab_reader **readers;
    bool *skips_loops;        /* per hop: BACKWARD of an undirected pattern: self-loops were met FORWARD */
    uint32_t polls;
    /* filters and weight: evaluated over chunks of (input columns, parameter) */
    rz_eval **rel_filters;
    rz_eval **node_filters;
    rz_eval *weight;
    rz_chunk rel_chunk;
    rz_chunk node_chunk;
    rz_vec *rel_vec;          /* the last column of rel_chunk; NULL: never used */
    rz_vec *node_vec;
    bool *outer_used;         /* by input column */
    bool any_outer;
    uint32_t *same;           /* RZ_VECTOR_CAPACITY times the current input row */
    uint32_t *kept;
    rz_arena scratch;         /* of functions in filters: a search may be long, the worker's is reset only between chunks */
} rz_steps;

/* rz_steps_close must follow, also after a failure. */
RZ_NODISCARD ruzu_status rz_steps_open(rz_worker *worker, const rz_plan_recursive *spec, const rz_plan *input, rz_steps *steps, rz_error *err);
void rz_steps_close(rz_steps *steps);
/* Shows an input row to the filters. flats: see rz_op_flat_input. */
RZ_NODISCARD ruzu_status rz_steps_set_row(rz_steps *steps, rz_op *op, rz_chunk *input, rz_vec **flats, uint32_t row, rz_error *err);
/* Room for frontiers of up to `count` nodes. */
RZ_NODISCARD ruzu_status rz_steps_make_frontier(rz_steps *steps, uint32_t count, rz_frontier *frontier, rz_error *err);
/* Room for RZ_VECTOR_CAPACITY (or fewer) steps. */
RZ_NODISCARD ruzu_status rz_steps_make_batch(rz_steps *steps, uint32_t count, bool with_rels, rz_step_batch *batch, rz_error *err);
/* Starts reading at the nodes. */
RZ_NODISCARD ruzu_status rz_steps_begin(rz_steps *steps, rz_frontier *frontier, const rz_id *nodes, uint32_t count, rz_error *err);
/* The next up to max steps that pass the filters; batch->count 0 at the end. Polls for interruption. */
RZ_NODISCARD ruzu_status rz_steps_read(rz_steps *steps, rz_frontier *frontier, uint32_t max, rz_step_batch *batch, rz_error *err);
/* Which of up to RZ_VECTOR_CAPACITY nodes may be passed through: positions into kept (room for count). */
RZ_NODISCARD ruzu_status rz_steps_filter_nodes(rz_steps *steps, const rz_id *nodes, uint32_t count, uint32_t *kept, uint32_t *out_count, rz_error *err);
static inline bool rz_steps_filters_nodes(const rz_steps *steps)
{
    return steps->spec->spec->node_filter_count != 0;
}

/* ---- answers ---- */

typedef struct rz_recur rz_recur; /* the running operator */

/* One answer; nodes and rels (length - 1 and length of them) only when paths are wanted. */
typedef struct rz_recur_answer {
    rz_id to;
    uint32_t length;
    double cost;
    uint64_t count;          /* as many equal rows */
    const rz_id *nodes;
    const rz_rel_ref *rels;
} rz_recur_answer;

/* ---- answers remembered: recursive_memo.c ---- */

typedef struct rz_recur_memo {
    rz_mem *mem;
    bool enabled;             /* answers depend on the node that a search begins from, and nothing else */
    bool off;                 /* it does not pay */
    struct rz_recur_memo_entry *entries; /* owned */
    rz_recur_answer *answers; /* owned; without paths */
    uint32_t count, capacity;
    uint32_t nodes;           /* entries in use */
    uint32_t asked, found;
    bool recording;           /* answers[first … count) are those found so far from `from` */
    rz_id from;
    uint32_t first;
    uint32_t at, end;         /* answers still to be given again */
} rz_recur_memo;

/* Are the answers from the node known? Then answers[at … end) are; else they are recorded from now on, if there is room. */
bool rz_recur_memo_find(rz_recur_memo *memo, rz_id from);
/* While recording. */
void rz_recur_memo_add(rz_recur_memo *memo, const rz_recur_answer *answer);
void rz_recur_memo_keep(rz_recur_memo *memo); /* the search has ended */
void rz_recur_memo_drop(rz_recur_memo *memo); /* it was given up */
void rz_recur_memo_clear(rz_recur_memo *memo);

/* ---- many searches at once that only count their ends: recursive_batch.c ---- */

typedef struct rz_recur_batch rz_recur_batch;
#define RZ_RECUR_BATCH 64u
bool rz_recur_batch_fits(const rz_recur *recur);
RZ_NODISCARD ruzu_status rz_recur_batch_open(rz_recur *recur, rz_error *err); /* close must follow, also after a failure */
void rz_recur_batch_close(rz_recur *recur); /* frees what is large; the batch can still be used */
/* Numbers of ends of up to RZ_RECUR_BATCH searches; *out_done false: not now, they have to run one by one. */
RZ_NODISCARD ruzu_status rz_recur_batch_count(rz_recur *recur, const rz_id *froms, uint32_t count, uint64_t *counts, bool *out_done, rz_error *err);

/* ---- large levels: recursive_wide.c ---- */

typedef struct rz_recur_wide rz_recur_wide;
bool rz_recur_wide_fits(const rz_recur *recur); /* may the operator's search go over? */
RZ_NODISCARD ruzu_status rz_recur_wide_open(rz_recur *recur, rz_error *err); /* close must follow, also after a failure */
void rz_recur_wide_close(rz_recur *recur);
void rz_recur_wide_suspend(rz_recur *recur); /* see rz_crew_suspend */
void rz_recur_wide_leave(rz_recur *recur);   /* the current search is given up, or another one begins */
/*
 * The current search may go over if that pays: it has reached the nodes of `seen`, those from level_start on in its last level, and has given all answers so far. rz_recur_wide_has says whether it
 * did: then rz_recur_wide_run is its run.
 */
RZ_NODISCARD ruzu_status rz_recur_wide_take(rz_recur *recur, const rz_node_map *seen, uint32_t level_start, uint32_t depth, rz_error *err);
bool rz_recur_wide_has(const rz_recur *recur);
RZ_NODISCARD ruzu_status rz_recur_wide_run(rz_recur *recur, bool *out_done, rz_error *err);

typedef struct rz_search_class {
    size_t size;
    ruzu_status (*open)(rz_recur *recur, void *search, rz_error *err);
    ruzu_status (*begin)(rz_recur *recur, void *search, rz_error *err); /* from recur->from */
    /* Gives answers until rz_recur_is_full or there are no more (*out_done). */
    ruzu_status (*run)(rz_recur *recur, void *search, bool *out_done, rz_error *err);
    void (*close)(rz_recur *recur, void *search);
} rz_search_class;
extern const rz_search_class rz_search_levels, rz_search_trails, rz_search_shortest, rz_search_pair, rz_search_weighted;

struct rz_recur {
    rz_op op;
    const rz_plan_recursive *spec;
    rz_steps steps;
    const rz_search_class *search_class;
    void *search;
    rz_mem *mem;
    bool with_path;
    bool all_tables;          /* any node that can be reached is of an allowed table */
    /* the current input row */
    rz_id from;
    rz_id target;             /* to_bound: the only end node that counts */
    /* output */
    const int32_t *positions; /* output column → input column, -1: made here */
    int32_t from_position, bound_position; /* in the input */
    int32_t to_position, path_position, length_position, cost_position;
    rz_vec **in_vecs, **out_vecs, **flats;
    uint32_t pass_count;
    uint32_t *index;
    uint64_t *weights;
    uint32_t count;           /* rows of the output chunk so far */
    uint32_t limit;
    uint64_t ends;            /* count_ends: of the current row so far */
    rz_recur_memo memo;
    bool repeatable;          /* filters do not depend on the rest of the input row */
    bool began;               /* a search was begun in this execution */
    bool plain;               /* answers depend on the node that a search begins from, and nothing else */
    rz_recur_wide *wide;      /* NULL: searches stay as they are */
    rz_recur_batch *batch;    /* NULL: searches run one by one */
    bool replaying;           /* the current row's answers come from the memo */
    rz_recur_answer pending;  /* answer with copies still to give (plans without weights) */
    rz_chunk *input;
    rz_sel sel;
    uint32_t at_row;
    bool in_row;
    rz_view from_view, bound_view;
};

static inline bool rz_recur_is_full(const rz_recur *recur)
{
    return recur->count >= recur->limit;
}
/* Does a path that ends here count? */
bool rz_recur_accepts(const rz_recur *recur, rz_id to);
/* Adds an answer that rz_recur_accepts; the output is not full. */
RZ_NODISCARD ruzu_status rz_recur_answer_add(rz_recur *recur, const rz_recur_answer *answer, rz_error *err);

/* The same for many nodes that it accepts, once each, without paths and costs; there is room for them. */
void rz_recur_answer_ends(rz_recur *recur, const rz_id *ends, uint32_t count, uint32_t length);

/* Does nobody want to know which nodes they are? Then a number of them is an answer: there is room for a row. */
bool rz_recur_wants_numbers(const rz_recur *recur);
RZ_NODISCARD ruzu_status rz_recur_answer_number(rz_recur *recur, uint64_t number, uint32_t length, rz_error *err);

static inline rz_rel_ref rz_recur_rel(rz_id from, rz_id to, rz_id rel, bool forward)
{
    return (rz_rel_ref){.src = forward ? from : to, .dst = forward ? to : from, .rel = rel};
}

#endif
