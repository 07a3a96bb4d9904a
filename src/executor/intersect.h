/* SPDX-License-Identifier: MIT */
/*
 * The lists that INTERSECT holds against each other (private to the executor).
 *
 * Where all inputs lead to nodes of one table, a node's neighbours are a strictly ascending list of 32-bit offsets, with how often each comes where some come more than once: so lists can
 * be merged many numbers at a time (overlap.h). Lists that come again and again stay decoded (near_cache.h). An input whose node stays the same for some rows, as that of an outer
 * loop does, gets a bitmap.
 */
#ifndef RZ_EXECUTOR_INTERSECT_H
#define RZ_EXECUTOR_INTERSECT_H

#include "executor/near_cache.h"

typedef struct rz_intersect_input {
    rz_hops hops;
    rz_near_list near;
    uint64_t at;           /* cursor in `near` during a merge of whole ids */
    /* offsets */
    rz_near_cache cache;
    uint32_t *lookups;     /* rows whose lists are not kept */
    rz_id of;              /* node that the list is of; UINT64_MAX: none */
    const uint32_t *ends;  /* ascending, each once */
    const uint32_t *times; /* how often each; NULL: once */
    uint32_t count;
    uint32_t rows;         /* that the list has served */
    uint32_t *own_ends;    /* where `ends` is, unless it is kept */
    uint32_t *own_times;
    uint64_t own_capacity;
    uint64_t *bits;        /* by offset; NULL: never needed */
    bool marked;           /* the list is set in them; else they are all clear */
} rz_intersect_input;

typedef struct rz_intersect {
    rz_worker *worker;
    rz_intersect_input *inputs;
    uint32_t input_count;
    bool narrow;           /* lists are offsets of to_table */
    uint32_t to_table;
    uint64_t bit_count;    /* length of the bitmaps: nodes of the table */
    uint64_t most_words;   /* that a bitmap may take */
    rz_intersect_input **order; /* of the current row, the shortest list first; those with bitmaps count for longer */
    uint32_t *common[2];   /* room for the first list in order */
    uint64_t common_capacity;
    uint64_t *copies;      /* how often each common neighbour comes */
} rz_intersect;

RZ_NODISCARD ruzu_status rz_intersect_open(rz_worker *worker, const rz_plan *plan, const rz_plan *input, rz_intersect *out, rz_error *err);
void rz_intersect_close(rz_intersect *intersect);
/* Finds the lists of the rows of sel; call after rz_hops_ids for each input. */
RZ_NODISCARD ruzu_status rz_intersect_lookup(rz_intersect *intersect, const rz_sel *sel, rz_error *err);
/* Fetches what rows behind the one at position `at` of sel will look at. */
void rz_intersect_prefetch(const rz_intersect *intersect, const rz_sel *sel, uint32_t at);
/* The common neighbours of a row as offsets into *out, how often each comes into *out_copies (NULL: once); they live until the next call. Only where lists are narrow. */
RZ_NODISCARD ruzu_status rz_intersect_row(rz_intersect *intersect, uint32_t row, const uint32_t **out, const uint64_t **out_copies, uint32_t *out_count, rz_error *err);
/* Only how many they are, repetitions included. */
RZ_NODISCARD ruzu_status rz_intersect_number(rz_intersect *intersect, uint32_t row, uint64_t *out, rz_error *err);
/* Repetitions multiply to more than can be counted. */
RZ_NODISCARD ruzu_status rz_intersect_overflow(rz_error *err);

#endif
