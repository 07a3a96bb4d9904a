/* SPDX-License-Identifier: MIT */
/*
 * What the parts of TRIANGLE and CLOSED share (private to triangle_sink.c, triangle_net.c, triangle_graph.c, triangle_run.c, op_triangle.c, op_closed.c).
 *
 * The input's rows say which nodes may be corners: (key, node, weight). Rows are sorted by key and node and equal ones added up: a *vertex*. Vertices with one key are a *group*;
 * triangles have their corners in one group. Between the vertices of a group lies a graph: the relationships that the pattern walks.
 *
 * Each triangle is found once: an edge is kept at the end that comes first by (degree, place in the group), so that hubs keep few edges; of a corner's edges, two that end in neighbours of
 * each other close a triangle. What is counted is every way in which the pattern matches (see op_triangle.c).
 *
 * The kept edges of a group are its *net*. Small groups are a worker's own, net and all. A large one is divided into parts, and all workers that take some build its net together (triangle_net.c);
 * then each counts its parts by itself.
 */
#ifndef RZ_EXECUTOR_TRIANGLE_H
#define RZ_EXECUTOR_TRIANGLE_H

#include "executor/hops.h"
#include "executor/message.h"

#define RZ_TRIANGLE_NO_NET UINT64_MAX
#define RZ_TRIANGLE_NO_GROUP UINT64_MAX

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
    uint64_t net;   /* of a divided group: its number among rz_triangle_shared.nets; else RZ_TRIANGLE_NO_NET */
} rz_triangle_part;

/* What a net keeps of one vertex. */
typedef struct rz_triangle_kept {
    const uint32_t *ends; /* `count` vertices of greater rank, rising; with parallels as many numbers follow: how many relationships lead there */
    uint32_t count;
    bool parallel;        /* some of these relationships are parallel to others */
    bool loops;           /* the vertex has self-loops */
} rz_triangle_kept;

/* Memory that ends lie in. */
typedef struct rz_triangle_room {
    struct rz_triangle_room *next;
    uint64_t size; /* numbers that follow this head */
} rz_triangle_room;

/* A step of building that is divided into blocks of vertices. */
typedef struct rz_triangle_step {
    _Atomic uint64_t next; /* the first vertex that nobody has taken */
    uint64_t done;         /* guarded by the shared lock: vertices that are finished */
} rz_triangle_step;

typedef struct rz_triangle_net {
    const rz_triangle_vertex *vertices;
    uint32_t count;          /* vertices of the group */
    uint32_t users;          /* guarded by the shared lock: workers that hold it. It is there as long as there are any. */
    uint32_t capacity;       /* of the arrays by vertex */
    uint64_t *ranks;         /* by vertex + 1: degree << 32 | place: an edge is kept at the end of smaller rank. ranks[0]: of what is no vertex, less than any */
    rz_triangle_kept *kept;  /* by vertex */
    uint64_t *values[2];     /* by vertex: what the two messages say, if there are any */
    uint32_t *numbers;       /* by offset: vertex + 1, 0: none; NULL: vertices are searched */
    uint64_t number_count;
    rz_triangle_room *rooms; /* guarded by the shared lock, with the next two */
    uint64_t room_bytes;
    uint64_t own_size;       /* of the last group's rooms: a worker's own net asks for as much at once */
    rz_triangle_step rank, read;
    _Atomic uint64_t degrees;  /* of all ranked vertices */
    _Atomic uint32_t refused;  /* edges take more memory than they may: nothing is kept */
    _Atomic uint32_t multiple; /* some relationship is parallel to another */
} rz_triangle_net;

typedef struct rz_triangle_shared {
    rz_mem *mem;
    rz_mutex lock;
    rz_cond changed;              /* a step is done, or has failed */
    rz_error error;               /* guarded by lock: the first failure in building a net */
    rz_triangle_vertex *vertices; /* owned; sorted when finished */
    uint64_t count;
    uint64_t capacity;
    uint64_t *groups;             /* owned, group_count + 1: first vertex of each */
    uint64_t group_count;
    rz_triangle_part *parts;      /* owned */
    uint64_t part_count;
    uint64_t part_capacity;
    rz_triangle_net *nets;        /* owned: of divided groups */
    uint64_t net_count;
    uint64_t max_node;            /* largest offset of a vertex */
    bool weighted;                /* some weight is not 1 */
    rz_morsel_source source;      /* of parts */
} rz_triangle_shared;

/* The graph of one group, as a worker sees it. */
typedef struct rz_triangle_graph {
    rz_triangle_shared *shared;
    rz_worker *worker;
    rz_hops hops;
    rz_id base;              /* first id of the corners' table */
    const rz_message *messages[2]; /* what hangs on a vertex: see rz_triangle_net.values; NULL: nothing */
    rz_triangle_net *net;    /* the loaded one; NULL: none */
    rz_triangle_net own;     /* for groups that are not divided */
    const rz_triangle_vertex *vertices; /* of the loaded net, as the next three */
    uint32_t count;
    bool stored;             /* its edges are kept; else lists are decoded for each use */
    bool multiple;
    uint32_t *room;          /* where the next ends go */
    uint64_t room_left;
    uint32_t capacity;       /* of the arrays by vertex */
    uint8_t *marks;          /* by vertex; all 0 between uses */
    uint32_t *places;        /* the same, with numbers */
    uint32_t *thirds;        /* room for as many vertices, and one more */
    rz_near_list near;
    uint32_t *lists[2];      /* lists of edges that are not stored: ends, then copies */
    uint64_t list_capacity[2];
} rz_triangle_graph;

/* Kept edges of one vertex. copies NULL: one each. */
typedef struct rz_triangle_list {
    const uint32_t *ends;
    const uint32_t *copies;
    uint64_t count;
} rz_triangle_list;

/* ---- nets (triangle_net.c) ---- */

/* Makes the net of graph->net together with the others that hold it; returns when it is complete. */
RZ_NODISCARD ruzu_status rz_triangle_net_build(rz_triangle_graph *graph, rz_error *err);
/* Holds the group's net: the shared one of that number, or the worker's own. */
RZ_NODISCARD ruzu_status rz_triangle_net_enter(rz_triangle_graph *graph, uint64_t net, uint64_t group, rz_error *err);
void rz_triangle_net_leave(rz_triangle_graph *graph);
void rz_triangle_net_free(rz_mem *mem, rz_triangle_net *net);

/* ---- graphs (triangle_graph.c) ---- */

RZ_NODISCARD ruzu_status rz_triangle_graph_open(rz_triangle_graph *graph, rz_worker *worker, const rz_plan *plan, rz_triangle_shared *shared, rz_error *err);
void rz_triangle_graph_close(rz_triangle_graph *graph);
/* Reads the relationships between the vertices of a group, unless they are there. */
RZ_NODISCARD ruzu_status rz_triangle_graph_load(rz_triangle_graph *graph, uint64_t net, uint64_t group, rz_error *err);
/* The kept edges of a vertex; valid until the next call with the same slot (0 or 1). */
RZ_NODISCARD ruzu_status rz_triangle_graph_list(rz_triangle_graph *graph, uint32_t vertex, uint32_t slot, rz_triangle_list *out, rz_error *err);
/* Decodes all neighbours of a vertex into graph->near: sorted ids. */
RZ_NODISCARD ruzu_status rz_triangle_graph_near(rz_triangle_graph *graph, uint32_t vertex, rz_error *err);
/* Looks `count` vertices up from `first` on: slices in rows 0 … */
RZ_NODISCARD ruzu_status rz_triangle_graph_lookup(rz_triangle_graph *graph, uint32_t first, uint32_t count, rz_error *err);
/* Of the decoded neighbours of the vertex those of greater rank, with repetitions (room for all of them and one more); *out_loops: how often it stands there itself. */
uint64_t rz_triangle_graph_keep(const rz_triangle_graph *graph, uint32_t vertex, uint32_t *ends, uint64_t *out_loops);
/* Equal ends, which stand side by side, become one, with how many there were. */
uint64_t rz_triangle_count_parallels(uint32_t *ends, uint32_t *copies, uint64_t count);
/* The vertex of a node; UINT32_MAX: it is none of this group. */
uint32_t rz_triangle_graph_find(const rz_triangle_graph *graph, rz_id id);
/* Triangles whose corner of least rank is this one, where the graph is stored and all weights and numbers of relationships are 1: adds 6 each to *total and 2 to sums of each corner. sums
 * NULL: only their number is wanted. */
void rz_triangle_count_simple(rz_triangle_graph *graph, uint32_t vertex, uint64_t *sums, uint64_t *total);

/* ---- counting and giving out (triangle_run.c) ---- */

typedef struct rz_triangle_run rz_triangle_run;

/* Counts what belongs to vertices [first, end) of the loaded group: adds to run->sums by vertex, or where that is NULL to run->total. */
typedef ruzu_status (*rz_triangle_count_fn)(rz_triangle_run *run, uint32_t first, uint32_t end, rz_error *err);

/*
 * An operator that counts by group (the first member of TRIANGLE's and CLOSED's): takes parts and gives a row for each group, or one for each corner, with the number in the weight. What a worker
 * counts in parts of one group is added up before it gives rows; the rows of different workers are not.
 */
struct rz_triangle_run {
    rz_op op;
    rz_triangle_count_fn count;
    rz_triangle_shared *shared;
    rz_triangle_graph graph;
    bool graph_open;
    int32_t key_position;   /* in the output, or -1 */
    int32_t corner_position;
    rz_id key_base;
    uint64_t *weights;      /* of the output */
    uint64_t *sums;         /* with a corner: by vertex of the group; else NULL */
    uint64_t sum_capacity;
    uint64_t total;
    uint64_t adding;        /* the group that is counted, or RZ_TRIANGLE_NO_GROUP */
    rz_triangle_part part;
    bool in_part;
    uint64_t group;         /* of the part: next to count */
    uint64_t shown_group;   /* with a corner: the group that is given out … */
    uint32_t shown_at, shown_end;
    uint64_t private_next;
};

RZ_NODISCARD ruzu_status rz_triangle_run_open(rz_triangle_run *run, rz_triangle_count_fn count, rz_error *err);
RZ_NODISCARD ruzu_status rz_triangle_run_next(rz_op *op, rz_chunk **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_triangle_run_rewind(rz_op *op, rz_error *err);
void rz_triangle_run_close(rz_op *op);
uint64_t rz_triangle_run_units(const rz_exec *exec, const rz_plan *plan);
/* Is there work enough that other threads are worth calling at once? */
bool rz_triangle_is_long(const rz_exec *exec, const rz_plan *plan);

#endif
