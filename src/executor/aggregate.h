/* SPDX-License-Identifier: MIT */
/*
 * What the parts of AGGREGATE share (private to op_aggregate.c, aggregate_sink.c, aggregate_merge.c).
 *
 * Workers fill tables of their own. DISTINCT aggregates do not see their input at once: each has a set of (keys, argument) rows, and only when all workers have ended are
 * the members of the united set fed into it, once each. What does not fit in memory waits in records, divided by hash.
 *
 *   sink      rows → table, sets                                       (each worker)
 *   combine   tables, sets, records change hands                       (each worker)
 *   finish    sets → more tables; then either everything in memory: tables → results, part by part, by several threads;
 *             or something was spilled: the rest is spilled too
 *   source    results (or one part of the records at a time) → rows    (each worker takes parts)
 *
 * Where groups can be united by their bytes, the source makes the result of a part when it takes it: the groups are still in the cache when their rows are made.
 */
#ifndef RZ_EXECUTOR_AGGREGATE_H
#define RZ_EXECUTOR_AGGREGATE_H

#include "executor/group_unite.h"
#include "executor/node_set.h"

/*
 * One DISTINCT aggregate: its set holds the keys and the argument. COUNT(DISTINCT node) without keys has bits by offset instead, when those of the whole table are
 * little memory; and how many there are, of bits or of one worker's rows, is all that a COUNT without keys wants to know.
 */
typedef struct rz_aggregate_set {
    uint32_t agg;                  /* which aggregate it feeds */
    rz_group_layout *layout;
    rz_group_table **tables;       /* of the workers; owned; as many as worker_count; NULL when fed */
    rz_records **parts;            /* spilled; owned; NULL entries: nothing */
    bool spilled;
    bool divided;                  /* all tables were retired: part after part is fed */
    bool counts;                   /* COUNT without keys */
    bool by_node;
    bool fed;                      /* the aggregate has its input */
    rz_node_set *nodes;            /* by_node: owned; of the workers that have ended */
} rz_aggregate_set;

typedef struct rz_aggregate_shared {
    const rz_plan *plan;
    rz_mem *mem;
    rz_pool *pool;
    rz_mutex lock;
    bool locked;
    rz_group_layout *layout;
    rz_group_table **tables;       /* the workers', and those that DISTINCT aggregates were fed into; owned */
    uint32_t table_count;
    uint32_t table_capacity;
    uint32_t worker_count;         /* tables of workers */
    rz_group_table **results;      /* [RZ_SPILL_PARTS], of which unit_count are used when nothing is spilled; owned */
    bool late;                     /* a part's result is made by the source that takes it, here only when others may ask for it */
    rz_records **parts;            /* spilled groups; owned */
    bool spilled;
    rz_aggregate_set *sets;
    uint32_t set_count;
    rz_vec *one;                   /* one row that is not NULL: what COUNT counts */
    uint32_t unit_count;           /* parts that the source gives out */
    rz_morsel_source source;
} rz_aggregate_shared;

/* The sink's finish phase. */
RZ_NODISCARD ruzu_status rz_aggregate_finish(rz_exec *exec, const rz_plan *plan, void *shared, rz_error *err);
/* Makes a group for each of the rows, whose keys are given, without anything aggregated: in a worker's own state (`local` of the sink). */
RZ_NODISCARD ruzu_status rz_aggregate_seed(void *local, rz_vec *const *keys, const rz_sel *sel, rz_error *err);
/* Makes the result of a part, for late ones: its groups into out (empty), what their states own into arena. */
RZ_NODISCARD ruzu_status rz_aggregate_unite(rz_worker *worker, rz_aggregate_shared *shared, rz_group_unite *unite, uint32_t part, rz_arena *arena, rz_group_list *out,
                                            rz_error *err);
/* The same into shared->results. */
RZ_NODISCARD ruzu_status rz_aggregate_unite_shared(rz_worker *worker, rz_aggregate_shared *shared, rz_group_unite *unite, uint32_t part, rz_error *err);
/* A scratch vector per key of a layout. */
RZ_NODISCARD ruzu_status rz_aggregate_key_vecs(rz_arena *arena, const rz_group_layout *layout, rz_vec ***out, rz_error *err);
/* Moves records of from[RZ_SPILL_PARTS] behind those of into; entries of from become NULL. */
RZ_NODISCARD ruzu_status rz_aggregate_take_parts(rz_records **into, rz_records **from, rz_error *err);

#endif
