/* SPDX-License-Identifier: MIT */
/*
 * Maps from node ids to small records, for searches (private to the executor). Nodes are numbered in the order they were added; what a search keeps of each lies in an array by
 * that number.
 *
 * A map begins as a hash table sized by what is touched; once a search has touched a good part of a table, that table gets an array by offset. Emptying a map costs at most what was added,
 * so a map serves search after search.
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

/* Numbers + 1 by offset, 0: not there. */
typedef struct rz_node_array {
    uint32_t *numbers; /* NULL: the table's nodes are hashed */
    uint64_t size;
} rz_node_array;

typedef struct rz_node_map {
    rz_mem *mem;
    rz_worker *worker;      /* knows the sizes of tables; NULL: everything is hashed */
    rz_node_entry *entries; /* 1 << bits */
    uint32_t bits;
    uint32_t generation;
    uint32_t hashed;        /* entries in use; at most half */
    uint32_t count;         /* nodes */
    uint32_t capacity;      /* of ids and data */
    rz_id *ids;             /* by number */
    uint8_t *data;          /* stride bytes each, zeroed when the node is added; moves when nodes are added */
    uint32_t stride;
    rz_node_array *arrays;  /* by table id */
    uint32_t array_count;
} rz_node_map;

void rz_node_map_init(rz_node_map *map, rz_mem *mem, rz_worker *worker, uint32_t stride);
void rz_node_map_free(rz_node_map *map);
void rz_node_map_reset(rz_node_map *map);
/* The node's number; *out_new when it was added. */
RZ_NODISCARD ruzu_status rz_node_map_add(rz_node_map *map, rz_id id, uint32_t *out_idx, bool *out_new, rz_error *err);
uint32_t rz_node_map_find(const rz_node_map *map, rz_id id); /* RZ_NODE_NONE: not there */

/* Is the node known to be there? False when it is not, and also when only a longer look can tell. */
static inline bool rz_node_map_has_quick(const rz_node_map *map, rz_id id)
{
    uint32_t table = rz_id_table(id);
    if (table >= map->array_count) {
        return false;
    }
    const rz_node_array *array = &map->arrays[table];
    return array->numbers != NULL && rz_id_offset(id) < array->size && array->numbers[rz_id_offset(id)] != 0;
}

#endif
