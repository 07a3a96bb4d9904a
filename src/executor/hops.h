/* SPDX-License-Identifier: MIT */
/*
 * Walking from node columns through several FROM/TO pairs at once (private to the executor; used by EXPAND, EXPAND_INTO, INTERSECT, DEGREE).
 */
#ifndef RZ_EXECUTOR_HOPS_H
#define RZ_EXECUTOR_HOPS_H

#include "executor/op.h"

/* What one operator knows of its hops: readers, and slices of the current rows. */
typedef struct rz_hops {
    rz_worker *worker;
    const rz_plan_expand *expand;
    int32_t from_position;     /* of the `from` column in the input */
    rz_rtab_reader **readers;  /* per hop */
    bool *skips_loops;         /* per hop: BACKWARD of an undirected pattern: self-loops were met FORWARD */
    bool one_table;            /* all hops start at the only table the column can have */
    const rz_id *ids;          /* per row of the chunk: the from node; the input's own values, or: */
    rz_id *own_ids;
    rz_slice **slices;         /* per hop, per row */
    uint32_t *rows;
} rz_hops;

RZ_NODISCARD ruzu_status rz_hops_open(rz_worker *worker, const rz_plan_expand *expand, const rz_plan *input, rz_hops *hops, rz_error *err);
/* Ids of the from column for the selected rows: hops->ids, as long as the input's chunk is; NULL rows are left out: *out_sel (rows in hops->rows) are the others. */
RZ_NODISCARD ruzu_status rz_hops_ids(rz_hops *hops, const rz_chunk *input, const rz_sel *sel, rz_sel *out_sel, rz_error *err);
/* Slices of the rows of sel for every hop; rows whose node is of another table get an empty one. Call after rz_hops_ids. */
RZ_NODISCARD ruzu_status rz_hops_lookup(rz_hops *hops, const rz_sel *sel, rz_error *err);

/*
 * Lengths of the lists of the rows of sel over all hops, self-loops of undirected patterns once, into degrees[row]. Nodes that follow one another are counted from
 * their packed starts all at once. rows: room for as many as a chunk has. Call after rz_hops_ids.
 */
RZ_NODISCARD ruzu_status rz_hops_degrees(rz_hops *hops, const rz_chunk *input, const rz_sel *sel, uint64_t *degrees, uint32_t *rows, rz_error *err);
/* The rows of sel whose node is of the table that hop h starts from; they may be written to rows. */
rz_sel rz_hops_rows(const rz_hops *hops, uint32_t h, const rz_chunk *input, const rz_sel *sel, uint32_t *rows);

/* True when the rows of sel are nodes that follow one another, with few others between them: no more than `share` nodes for each row. *out_low: the first row, *out_span: rows up to
 * the last one, selected or not. */
bool rz_hops_dense(const rz_hops *hops, const rz_chunk *input, const rz_sel *sel, uint32_t share, uint32_t *out_low, uint32_t *out_span);
/*
 * weights[row] = weight[row] (NULL: 1) × numbers[row], where `optional` takes a number 0 as 1, for the rows of sel; kept: those whose weight is not 0, as a selection (which may be sel itself).
 * False when a factor is 2^32 or more, so that the product may be too large: then nothing is said.
 */
bool rz_hops_weigh(const uint64_t *numbers, const uint64_t *weight, const rz_sel *sel, bool optional, uint64_t *weights, uint32_t *rows, rz_sel *kept);

/* A decoded, sorted list of all neighbours of one node over all hops (ids, with repetitions), kept while the node stays the same. */
typedef struct rz_near_list {
    rz_id of;           /* UINT64_MAX: empty */
    rz_id *ids;
    rz_id *spare;       /* of the same capacity; merged into, then exchanged */
    uint64_t count;
    uint64_t capacity;
    rz_arena *arena;
} rz_near_list;

/* Decodes the neighbours of the node of `row` unless they are there already. Polls for interruption on long lists. */
RZ_NODISCARD ruzu_status rz_hops_near(rz_hops *hops, uint32_t row, rz_near_list *list, rz_error *err);
/* How often id stands in a sorted list. */
uint64_t rz_near_count(const rz_near_list *list, rz_id id);

#endif
