/* SPDX-License-Identifier: MIT */
/*
 * Maps from node ids to numbers: open addressing, linear probing; generations instead of clearing.
 */
#include "executor/node_map.h"

#include <string.h>

#define NODE_MAP_FIRST_BITS 6u

void rz_node_map_init(rz_node_map *map, rz_mem *mem, uint32_t stride)
{
    memset(map, 0, sizeof *map);
    map->mem = mem;
    map->stride = stride;
    map->generation = 1;
}

void rz_node_map_free(rz_node_map *map)
{
    if (map->entries != NULL) {
        rz_mem_free(map->mem, map->entries, sizeof *map->entries << map->bits);
    }
    rz_mem_free(map->mem, map->ids, map->capacity * sizeof *map->ids);
    rz_mem_free(map->mem, map->data, (size_t)map->capacity * map->stride);
    rz_node_map_init(map, map->mem, map->stride);
}

void rz_node_map_reset(rz_node_map *map)
{
    map->count = 0;
    map->generation++;
    if (map->generation == 0 && map->entries != NULL) { /* after 2^32 searches */
        memset(map->entries, 0, sizeof *map->entries << map->bits);
    }
    map->generation += map->generation == 0;
}

static ruzu_status node_map_grow(rz_node_map *map, rz_error *err)
{
    uint32_t bits = map->bits == 0 ? NODE_MAP_FIRST_BITS : map->bits + 1;
    if (bits > 32) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A search touches more than 2 billion nodes.");
    }
    uint32_t capacity = (uint32_t)((UINT64_C(1) << bits) / 2);
    rz_node_entry *entries = (rz_node_entry *)rz_mem_calloc(map->mem, (size_t)1 << bits, sizeof *entries);
    RZ_TRY_ALLOC(entries, err, "searching paths");
    rz_id *ids = (rz_id *)rz_mem_realloc(map->mem, map->ids, map->capacity * sizeof *ids, capacity * sizeof *ids);
    uint8_t *data = NULL;
    if (ids != NULL) {
        map->ids = ids;
        data = (uint8_t *)rz_mem_realloc(map->mem, map->data, (size_t)map->capacity * map->stride, (size_t)capacity * map->stride);
    }
    if (data == NULL) {
        /* ids may have grown already: give the room back, so that both have map->capacity. Shrinking cannot matter to what is kept. */
        if (ids != NULL) {
            rz_mem_free(map->mem, map->ids, capacity * sizeof *ids);
            map->ids = NULL;
            rz_mem_free(map->mem, map->data, (size_t)map->capacity * map->stride);
            map->data = NULL;
            map->capacity = 0;
            map->count = 0;
        }
        rz_mem_free(map->mem, entries, sizeof *entries << bits);
        return rz_error_no_memory(err, "searching paths");
    }
    map->data = data;
    map->capacity = capacity;
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t at = rz_hash_u64(map->ids[i]) & mask;
        while (entries[at].generation == map->generation) {
            at = (at + 1) & mask;
        }
        entries[at] = (rz_node_entry){map->ids[i], i, map->generation};
    }
    if (map->entries != NULL) {
        rz_mem_free(map->mem, map->entries, sizeof *entries << map->bits);
    }
    map->entries = entries;
    map->bits = bits;
    return RUZU_OK;
}

ruzu_status rz_node_map_add(rz_node_map *map, rz_id id, uint32_t *out_idx, bool *out_new, rz_error *err)
{
    if (RZ_UNLIKELY(map->count >= map->capacity)) {
        RZ_TRY(node_map_grow(map, err));
    }
    uint64_t mask = (UINT64_C(1) << map->bits) - 1;
    uint64_t at = rz_hash_u64(id) & mask;
    while (map->entries[at].generation == map->generation) {
        if (map->entries[at].id == id) {
            *out_idx = map->entries[at].idx;
            *out_new = false;
            return RUZU_OK;
        }
        at = (at + 1) & mask;
    }
    uint32_t idx = map->count++;
    map->entries[at] = (rz_node_entry){id, idx, map->generation};
    map->ids[idx] = id;
    memset(map->data + (size_t)idx * map->stride, 0, map->stride);
    *out_idx = idx;
    *out_new = true;
    return RUZU_OK;
}

uint32_t rz_node_map_find(const rz_node_map *map, rz_id id)
{
    if (map->entries == NULL) {
        return RZ_NODE_NONE;
    }
    uint64_t mask = (UINT64_C(1) << map->bits) - 1;
    for (uint64_t at = rz_hash_u64(id) & mask; map->entries[at].generation == map->generation; at = (at + 1) & mask) {
        if (map->entries[at].id == id) {
            return map->entries[at].idx;
        }
    }
    return RZ_NODE_NONE;
}
