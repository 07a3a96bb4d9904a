/* SPDX-License-Identifier: MIT */
/*
 * What the parts of TRIANGLE and CLOSED share (private to triangle_sink.c, triangle_graph.c, op_triangle.c, op_closed.c).
 *
 * The input's rows say which nodes may be corners: (key, node, weight). Rows are sorted by key and node and equal ones added up: a *vertex*. Vertices with one key are a *group*;
 * triangles have their corners in one group. Between the vertices of a group lies a graph: the relationships that the pattern walks.
 *
 * Each triangle is found once: an edge is kept at the end that comes first by (degree, place in the group), so that hubs keep few edges; of a corner's edges, two that end in neighbours of
 * each other close a triangle. What is counted is every way in which the pattern matches (see op_triangle.c).
 */
#ifndef RZ_EXECUTOR_TRIANGLE_H
#define RZ_EXECUTOR_TRIANGLE_H

#include "executor/hops.h"

typedef struct rz_triangle_vertex {
    uint64_t key;    /* offset of the key node; 0 without a key */
    uint64_t node;   /* offset */
    uint64_t weight;
} rz_triangle_vertex;

/* A piece of work: whole groups, or some corners of one. */
typedef struct rz_triangle_part {
    uint64_t first_group;
    uint64_t group_count;
    uint64_t first; /* vertices of the only group whose edges are looked at */
    uint64_t end;
} rz_triangle_part;

typedef struct rz_triangle_shared {
    rz_mem *mem;
    rz_mutex lock;
    rz_triangle_vertex *vertices; /* owned; sorted when finished */
    uint64_t count;
    uint64_t capacity;
    uint64_t *groups;             /* owned, group_count + 1: first vertex of each */
    uint64_t group_count;
    rz_triangle_part *parts;      /* owned */
    uint64_t part_count;
    uint64_t part_capacity;
    uint64_t max_node;            /* largest offset of a vertex */
    bool weighted;                /* some weight is not 1 */
    rz_morsel_source source;      /* of parts */
} rz_triangle_shared;

/* The graph of one group, as a worker sees it. */
typedef struct rz_triangle_graph {
    const rz_triangle_shared *shared;
    rz_worker *worker;
    rz_hops hops;
    rz_id base;              /* first id of the corners' table */
    const rz_triangle_vertex *vertices;
    uint32_t count;          /* vertices of the group */
    uint32_t capacity;       /* of the arrays by vertex */
    uint64_t *ranks;         /* by vertex: degree << 32 | place: an edge is kept at the end of smaller rank */
    uint64_t *starts;        /* count + 1, when the edges are stored */
    uint8_t *marks;          /* by vertex; all 0 between uses */
    uint32_t *places;        /* the same, with numbers */
    uint32_t *numbers;       /* by offset: vertex + 1, 0: none; NULL: vertices are searched */
    uint64_t number_count;
    uint32_t *edges;         /* when stored: kept ends, rising */
    uint32_t *copies;        /* when stored and some relationship is parallel to another: how many */
    uint64_t edge_capacity;
    uint64_t copy_capacity;
    uint32_t *loops;         /* vertices with self-loops */
    uint32_t loop_count;
    uint32_t loop_capacity;
    bool stored;
    bool multiple;           /* some relationship is parallel to another */
    rz_near_list near;
    uint32_t *own[2];        /* lists of edges that are not stored: ends, then copies */
    uint64_t own_capacity[2];
} rz_triangle_graph;

/* Kept edges of one vertex. copies NULL: one each. */
typedef struct rz_triangle_list {
    const uint32_t *ends;
    const uint32_t *copies;
    uint64_t count;
} rz_triangle_list;

RZ_NODISCARD ruzu_status rz_triangle_graph_open(rz_triangle_graph *graph, rz_worker *worker, const rz_plan *plan, const rz_triangle_shared *shared, rz_error *err);
void rz_triangle_graph_close(rz_triangle_graph *graph);
/* Reads the relationships between the vertices of a group. */
RZ_NODISCARD ruzu_status rz_triangle_graph_load(rz_triangle_graph *graph, uint64_t group, rz_error *err);
/* The kept edges of a vertex; valid until the next call with the same slot (0 or 1). */
RZ_NODISCARD ruzu_status rz_triangle_graph_list(rz_triangle_graph *graph, uint32_t vertex, uint32_t slot, rz_triangle_list *out, rz_error *err);
/* Decodes all neighbours of a vertex into graph->near: sorted ids. */
RZ_NODISCARD ruzu_status rz_triangle_graph_near(rz_triangle_graph *graph, uint32_t vertex, rz_error *err);
/* The vertex of a node; UINT32_MAX: it is none of this group. */
uint32_t rz_triangle_graph_find(const rz_triangle_graph *graph, rz_id id);
/* Triangles whose corner of least rank is this one, where the graph is stored and all weights and numbers of relationships are 1: adds 6 each to *total and 2 to sums of each corner. sums
 * NULL: only their number is wanted. */
RZ_NODISCARD ruzu_status rz_triangle_count_simple(rz_triangle_graph *graph, uint32_t vertex, uint64_t *sums, uint64_t *total, rz_error *err);

#endif
