/* SPDX-License-Identifier: MIT */
/* Maps that are kept between uses: see mem_maps.h. */
#include "common/mem_maps.h"

/* In the first bytes of a map that nobody uses. */
typedef struct rz_mem_map_head {
    struct rz_mem_map_head *next;
} rz_mem_map_head;

ruzu_status rz_mem_maps_init(rz_mem_maps *maps, rz_mem *owner, uint64_t most_bytes)
{
    uint64_t most = most_bytes / RZ_MEM_MAP_BYTES;
    *maps = (rz_mem_maps){.most = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX};
    rz_mem_init_passive(&maps->account, owner);
    ruzu_status status = rz_mutex_init(&maps->lock);
    if (status == RUZU_OK) {
        maps->owner = owner;
        owner->maps = maps;
    }
    return status;
}

static rz_mem_map_head *maps_take(rz_mem_maps *maps)
{
    rz_mutex_lock(&maps->lock);
    rz_mem_map_head *map = maps->first;
    if (map != NULL) {
        maps->first = map->next;
        maps->count--;
    }
    rz_mutex_unlock(&maps->lock);
    if (map != NULL) {
        rz_mem_uncharge(&maps->account, RZ_MEM_MAP_BYTES);
    }
    return map;
}

static bool maps_keep(rz_mem_maps *maps, void *memory)
{
    rz_mem_map_head *map = (rz_mem_map_head *)memory;
    if (maps->most == 0 || !rz_mem_charge(&maps->account, RZ_MEM_MAP_BYTES)) {
        return false;
    }
    rz_mutex_lock(&maps->lock);
    bool keeps = maps->count < maps->most;
    if (keeps) {
        map->next = maps->first;
        maps->first = map;
        maps->count++;
    }
    rz_mutex_unlock(&maps->lock);
    if (!keeps) {
        rz_mem_uncharge(&maps->account, RZ_MEM_MAP_BYTES);
    }
    return keeps;
}

uint64_t rz_mem_maps_release(rz_mem_maps *maps, uint64_t bytes)
{
    uint64_t released = 0;
    for (void *map; released < bytes && (map = maps_take(maps)) != NULL; released += RZ_MEM_MAP_BYTES) {
        rz_map_release(map, RZ_MEM_MAP_BYTES);
    }
    return released;
}

uint64_t rz_mem_maps_bytes(const rz_mem_maps *maps)
{
    return atomic_load_explicit(&maps->account.used, memory_order_relaxed);
}

void rz_mem_maps_deinit(rz_mem_maps *maps)
{
    if (maps->owner != NULL) {
        (void)rz_mem_maps_release(maps, UINT64_MAX);
        maps->owner->maps = NULL;
        rz_mutex_destroy(&maps->lock);
    }
    maps->owner = NULL;
}

/* Those of the account or of the nearest one above it; NULL: none are kept. */
static rz_mem_maps *maps_of(const rz_mem *mem)
{
    while (mem != NULL && mem->maps == NULL) {
        mem = mem->parent;
    }
    return mem == NULL ? NULL : mem->maps;
}

void *rz_mem_map_alloc(rz_mem *mem)
{
    rz_mem_maps *maps = maps_of(mem);
    void *map = maps == NULL ? NULL : maps_take(maps); /* first, so that the charge does not ask for what is about to be used */
    if (!rz_mem_admit(mem, RZ_MEM_MAP_BYTES, RZ_MEM_MAP_BYTES)) {
        rz_map_release(map, RZ_MEM_MAP_BYTES);
        return NULL;
    }
    if (map == NULL && (map = rz_map_reserve_huge(RZ_MEM_MAP_BYTES)) == NULL) {
        rz_mem_uncharge(mem, RZ_MEM_MAP_BYTES);
    }
    return map;
}

void rz_mem_map_free(rz_mem *mem, void *map)
{
    if (map == NULL) {
        return;
    }
    rz_mem_maps *maps = maps_of(mem);
    rz_mem_uncharge(mem, RZ_MEM_MAP_BYTES);
    if (maps == NULL || !maps_keep(maps, map)) {
        rz_map_release(map, RZ_MEM_MAP_BYTES);
    }
}
