/* SPDX-License-Identifier: MIT */
/*
 * Maps from node ids to small records, for searches (private to the executor). Nodes are numbered in the order they were added; what a search keeps of each lies in an array by
 * that number. Sized by what is touched; emptying one costs nothing, so a map serves search after search.
 */
#ifndef RZ_EXECUTOR_NODE_MAP_H
#define RZ_EXECUTOR_NODE_MAP_H

#include "executor/op.h"

#define RZ_NODE_NONE UINT32_MAX

typedef struct rz_node_entry {
    rz_id id;
    uint32_t idx;
    uint32_t generation; /* another one than the map's: empty */
} rz_node_entry;

typedef struct rz_node_map {
    rz_mem *mem;
    rz_node_entry *entries; /* 1 << bits */
    uint32_t bits;
    uint32_t generation;
    uint32_t count;         /* nodes */
    uint32_t capacity;      /* of ids and data */
    rz_id *ids;             /* by number */
    uint8_t *data;          /* stride bytes each, zeroed when the node is added; moves when nodes are added */
    uint32_t stride;
} rz_node_map;

void rz_node_map_init(rz_node_map *map, rz_mem *mem, uint32_t stride);
void rz_node_map_free(rz_node_map *map);
void rz_node_map_reset(rz_node_map *map);
/* The node's number; *out_new when it was added. */
RZ_NODISCARD ruzu_status rz_node_map_add(rz_node_map *map, rz_id id, uint32_t *out_idx, bool *out_new, rz_error *err);
uint32_t rz_node_map_find(const rz_node_map *map, rz_id id); /* RZ_NODE_NONE: not there */

#endif
