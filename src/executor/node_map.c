/* SPDX-License-Identifier: MIT */
/*
 * Maps from node ids to numbers: open addressing, linear probing, generations instead of clearing; arrays by offset for tables of which much is touched.
 */
#include "executor/node_map.h"

#include <string.h>

#define NODE_MAP_FIRST_BITS 6u
#define NODE_MAP_FIRST_CAPACITY 32u
#ifdef RZ_TINY
#define NODE_MAP_DENSE_MIN 4u    /* nodes, before arrays are thought of */
#else
#define NODE_MAP_DENSE_MIN 2048u
#endif
#define NODE_MAP_DENSE_SHARE 16u /* a table of up to so many times the nodes in the map gets an array: no more memory than hashing takes */

void rz_node_map_init(rz_node_map *map, rz_mem *mem, rz_worker *worker, uint32_t stride)
{
    memset(map, 0, sizeof *map);
    map->mem = mem;
    map->worker = worker;
    map->stride = stride;
    map->generation = 1;
}

void rz_node_map_free(rz_node_map *map)
{
    if (map->entries != NULL) {
        rz_mem_free(map->mem, map->entries, sizeof *map->entries << map->bits);
    }
    for (uint32_t t = 0; t < map->array_count; t++) {
        rz_mem_free(map->mem, map->arrays[t].numbers, (size_t)map->arrays[t].size * sizeof(uint32_t));
    }
    rz_mem_free(map->mem, map->arrays, map->array_count * sizeof *map->arrays);
    rz_mem_free(map->mem, map->ids, map->capacity * sizeof *map->ids);
    rz_mem_free(map->mem, map->data, (size_t)map->capacity * map->stride);
    rz_node_map_init(map, map->mem, map->worker, map->stride);
}

static inline uint32_t *node_map_slot(const rz_node_map *map, rz_id id)
{
    uint32_t table = rz_id_table(id);
    if (table >= map->array_count || map->arrays[table].numbers == NULL || rz_id_offset(id) >= map->arrays[table].size) {
        return NULL;
    }
    return &map->arrays[table].numbers[rz_id_offset(id)];
}

void rz_node_map_reset(rz_node_map *map)
{
    for (uint32_t i = 0; map->array_count != 0 && i < map->count; i++) {
        uint32_t *slot = node_map_slot(map, map->ids[i]);
        if (slot != NULL) {
            *slot = 0;
        }
    }
    map->count = map->hashed = 0;
    map->generation++;
    if (map->generation == 0 && map->entries != NULL) { /* after 2^32 searches */
        memset(map->entries, 0, sizeof *map->entries << map->bits);
    }
    map->generation += map->generation == 0;
}

/* ---- growing ---- */

static ruzu_status node_map_grow_nodes(rz_node_map *map, rz_error *err)
{
    uint64_t capacity = map->capacity == 0 ? NODE_MAP_FIRST_CAPACITY : (uint64_t)map->capacity * 2;
    if (capacity > (UINT64_C(1) << 31)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A search touches more than 2 billion nodes.");
    }
    rz_id *ids = (rz_id *)rz_mem_alloc(map->mem, capacity * sizeof *ids);
    uint8_t *data = (uint8_t *)rz_mem_alloc(map->mem, capacity * map->stride);
    if (ids == NULL || data == NULL) {
        rz_mem_free(map->mem, ids, capacity * sizeof *ids);
        rz_mem_free(map->mem, data, capacity * map->stride);
        return rz_error_no_memory(err, "searching paths");
    }
    if (map->count != 0) {
        memcpy(ids, map->ids, map->count * sizeof *ids);
        memcpy(data, map->data, (size_t)map->count * map->stride);
    }
    rz_mem_free(map->mem, map->ids, map->capacity * sizeof *ids);
    rz_mem_free(map->mem, map->data, (size_t)map->capacity * map->stride);
    map->ids = ids;
    map->data = data;
    map->capacity = (uint32_t)capacity;
    return RUZU_OK;
}

static void node_map_put(rz_node_entry *entries, uint64_t mask, rz_node_entry entry)
{
    uint64_t at = rz_hash_u64(entry.id) & mask;
    while (entries[at].generation == entry.generation) {
        at = (at + 1) & mask;
    }
    entries[at] = entry;
}

static ruzu_status node_map_grow_entries(rz_node_map *map, rz_error *err)
{
    uint32_t bits = map->bits == 0 ? NODE_MAP_FIRST_BITS : map->bits + 1;
    rz_node_entry *entries = (rz_node_entry *)rz_mem_calloc(map->mem, (size_t)1 << bits, sizeof *entries);
    RZ_TRY_ALLOC(entries, err, "searching paths");
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    map->hashed = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        if (node_map_slot(map, map->ids[i]) == NULL) {
            node_map_put(entries, mask, (rz_node_entry){map->ids[i], i, map->generation});
            map->hashed++;
        }
    }
    if (map->entries != NULL) {
        rz_mem_free(map->mem, map->entries, sizeof *entries << map->bits);
    }
    map->entries = entries;
    map->bits = bits;
    return RUZU_OK;
}

/*
 * Gives the node's table an array when it is worth it, and enters the table's nodes there; their old entries stay and count until the entries grow. A refusal of memory is no
 * failure: they stay hashed.
 */
static ruzu_status node_map_try_array(rz_node_map *map, uint32_t table, rz_error *err)
{
    if (map->arrays == NULL) {
        map->arrays = (rz_node_array *)rz_mem_calloc(map->mem, map->worker->reader_slots, sizeof *map->arrays);
        RZ_TRY_ALLOC(map->arrays, err, "searching paths");
        map->array_count = map->worker->reader_slots;
    }
    if (table >= map->array_count || map->arrays[table].numbers != NULL) {
        return RUZU_OK;
    }
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(map->worker, table, &reader, err));
    uint64_t size = rz_ntab_offset_end(reader);
    if (size > (uint64_t)map->count * NODE_MAP_DENSE_SHARE) {
        return RUZU_OK;
    }
    rz_node_array *array = &map->arrays[table];
    array->numbers = (uint32_t *)rz_mem_calloc(map->mem, (size_t)size, sizeof(uint32_t));
    if (array->numbers == NULL) {
        return RUZU_OK;
    }
    array->size = size;
    for (uint32_t i = 0; i < map->count; i++) {
        uint32_t *slot = rz_id_table(map->ids[i]) == table ? node_map_slot(map, map->ids[i]) : NULL;
        if (slot != NULL) {
            *slot = i + 1;
        }
    }
    return RUZU_OK;
}

/* ---- nodes ---- */

static uint32_t node_map_append(rz_node_map *map, rz_id id)
{
    uint32_t idx = map->count++;
    map->ids[idx] = id;
    memset(map->data + (size_t)idx * map->stride, 0, map->stride);
    return idx;
}

/* A node that has no place in an array. */
static ruzu_status node_map_add_hashed(rz_node_map *map, rz_id id, uint32_t *out_idx, bool *out_new, rz_error *err)
{
    if (RZ_UNLIKELY(map->entries == NULL || map->hashed >= (UINT64_C(1) << map->bits) / 2)) {
        if (map->worker != NULL && map->count >= NODE_MAP_DENSE_MIN) {
            RZ_TRY(node_map_try_array(map, rz_id_table(id), err));
            if (node_map_slot(map, id) != NULL) {
                return rz_node_map_add(map, id, out_idx, out_new, err);
            }
        }
        RZ_TRY(node_map_grow_entries(map, err));
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
    *out_idx = node_map_append(map, id);
    *out_new = true;
    map->entries[at] = (rz_node_entry){id, *out_idx, map->generation};
    map->hashed++;
    return RUZU_OK;
}

ruzu_status rz_node_map_add(rz_node_map *map, rz_id id, uint32_t *out_idx, bool *out_new, rz_error *err)
{
    if (RZ_UNLIKELY(map->count >= map->capacity)) {
        RZ_TRY(node_map_grow_nodes(map, err));
    }
    uint32_t *slot = node_map_slot(map, id);
    if (slot == NULL) {
        return node_map_add_hashed(map, id, out_idx, out_new, err);
    }
    *out_new = *slot == 0;
    if (*slot == 0) {
        *slot = node_map_append(map, id) + 1;
    }
    *out_idx = *slot - 1;
    return RUZU_OK;
}

uint32_t rz_node_map_find(const rz_node_map *map, rz_id id)
{
    const uint32_t *slot = node_map_slot(map, id);
    if (slot != NULL) {
        return *slot == 0 ? RZ_NODE_NONE : *slot - 1;
    }
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
