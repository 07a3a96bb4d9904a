/* SPDX-License-Identifier: MIT */
/*
 * Breadth-first search from one node, level by level, and the shortest paths it has found (private to recursive_shortest.c, recursive_pair.c and recursive_upward.c).
 *
 * Nodes are numbered in the order they are reached, so a level is a range of numbers; the root is number 0. With `count_paths` every node knows its number of shortest paths. With `links` a node
 * keeps the relationships by which it was reached in its own level: all of them with count_paths, else the first. A path is then a choice of one link a level: a *way*.
 */
#ifndef RZ_EXECUTOR_RECURSIVE_BFS_H
#define RZ_EXECUTOR_RECURSIVE_BFS_H

#include "executor/node_order.h"
#include "executor/recursive.h"

#define RZ_BFS_NONE UINT32_MAX

typedef struct rz_bfs_node {
    uint64_t paths;   /* number of shortest paths; with count_paths */
    uint32_t depth;
    uint32_t link;    /* first of its links, or RZ_BFS_NONE */
} rz_bfs_node;

/* One way into a node. */
typedef struct rz_bfs_link {
    rz_id rel;
    uint32_t parent;
    uint32_t next;
    bool forward;     /* from the parent to the node is the direction of the stored relationship */
} rz_bfs_link;

typedef struct rz_bfs {
    rz_recur *recur;
    rz_steps *steps;
    bool count_paths;
    bool with_links;
    bool allows_upward;
    rz_node_map seen;        /* node → rz_bfs_node */
    rz_bfs_link *links;
    uint32_t link_count;
    uint32_t link_capacity;
    uint32_t depth;          /* of the last level */
    uint32_t level_start;    /* its nodes: [level_start, level_end) */
    uint32_t level_end;
    /* the next level in the making */
    bool prepared;           /* frontier shows the first batch of the last level */
    uint32_t at;             /* nodes of the last level that have been put into batches */
    rz_id *batch_nodes;
    uint32_t *numbers;       /* of the batch's nodes */
    uint32_t batch_count;
    uint32_t *kept;
    rz_frontier frontier;
    rz_step_batch batch;
    rz_node_order order;     /* the last level by id: batches are parts of it */
} rz_bfs;

/* rz_bfs_close must follow, also after a failure. */
RZ_NODISCARD ruzu_status rz_bfs_open(rz_recur *recur, rz_steps *steps, bool count_paths, bool with_links, rz_bfs *bfs, rz_error *err);
void rz_bfs_close(rz_bfs *bfs);
RZ_NODISCARD ruzu_status rz_bfs_begin(rz_bfs *bfs, rz_id root, rz_error *err);
/* About how many relationships the next level costs. */
RZ_NODISCARD ruzu_status rz_bfs_work(rz_bfs *bfs, uint64_t *out, rz_error *err);
/* Goes one level further; the level is empty at the end. With `other`, stops at the first node that is in the last level of that search, too: *out_met is its number here, else
 * RZ_BFS_NONE. */
RZ_NODISCARD ruzu_status rz_bfs_expand(rz_bfs *bfs, const rz_bfs *other, uint32_t *out_met, rz_error *err);

/* ---- a level from the other side: recursive_upward.c ---- */

bool rz_bfs_allows_upward(const rz_bfs *bfs); /* is it a search that may? */
/* Is it worth it for the next level, of a search that may? */
RZ_NODISCARD ruzu_status rz_bfs_choose_upward(rz_bfs *bfs, bool *out, rz_error *err);
/* Adds the nodes of the next level. */
RZ_NODISCARD ruzu_status rz_bfs_go_upward(rz_bfs *bfs, rz_error *err);

static inline rz_bfs_node *rz_bfs_at(const rz_bfs *bfs, uint32_t idx)
{
    return (rz_bfs_node *)(void *)bfs->seen.data + idx;
}

/* The first way into a node: way[depth - 1] is its own link, way[0] one of the root's. */
void rz_bfs_first_way(const rz_bfs *bfs, uint32_t node, uint32_t *way);
/* The next one; false when there is none. */
bool rz_bfs_next_way(const rz_bfs *bfs, uint32_t depth, uint32_t *way);

#endif
