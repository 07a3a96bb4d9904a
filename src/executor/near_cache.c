/* SPDX-License-Identifier: MIT */
/*
 * Neighbour lists kept decoded.
 */
#include "executor/near_cache.h"

#include "executor/spill.h"

#include <string.h>

#ifdef RZ_TINY
#define NEAR_LEAST_PROBES 16u
#else
#define NEAR_LEAST_PROBES 16384u
#endif
#define NEAR_NODES_PER_PROBE 8u /* an array by offset is made only when so many nodes a probe are in it at most */

void rz_near_cache_open(rz_near_cache *cache, const rz_hops *hops)
{
    memset(cache, 0, sizeof *cache);
    cache->hops = hops;
    cache->mem = hops->worker->account;
    cache->budget = rz_spill_budget(hops->worker->exec);
    cache->able = hops->one_table && hops->expand->hop_count != 0;
    rz_arena_init(&cache->arena, cache->mem);
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) {
        cache->to_table = hops->expand->hops[0].to_table;
        cache->able = cache->able && hops->expand->hops[h].to_table == cache->to_table;
    }
}

void rz_near_cache_expect(rz_near_cache *cache, double probes)
{
    cache->probes = probes > 1e15 ? UINT64_C(1000000000000000) : probes > 0 ? (uint64_t)probes : 0;
}

void rz_near_cache_close(rz_near_cache *cache)
{
    if (cache->hops == NULL) {
        return;
    }
    rz_mem_free(cache->mem, cache->slots, (size_t)cache->slot_count * sizeof *cache->slots);
    rz_mem_free(cache->mem, cache->lists, (size_t)cache->list_capacity * sizeof *cache->lists);
    rz_arena_free(&cache->arena);
    cache->slots = NULL;
    cache->lists = NULL;
    cache->slot_count = 0;
    cache->hops = NULL;
}

/* Is there room in the budget for so many more bytes? If not, nothing more is kept. */
static bool near_afford(rz_near_cache *cache, uint64_t bytes)
{
    if (bytes > cache->budget || cache->bytes > cache->budget - bytes) {
        cache->able = false;
        return false;
    }
    return true;
}

static void near_grow_slots(rz_near_cache *cache)
{
    uint64_t count = cache->largest + cache->largest / 4 + 1;
    if (!near_afford(cache, (count - cache->slot_count) * sizeof *cache->slots)) {
        return;
    }
    uint32_t *slots = (uint32_t *)rz_mem_realloc(cache->mem, cache->slots, (size_t)cache->slot_count * sizeof *slots, (size_t)count * sizeof *slots);
    if (slots == NULL) {
        cache->able = false;
        return;
    }
    memset(slots + cache->slot_count, 0, (size_t)(count - cache->slot_count) * sizeof *slots);
    cache->bytes += (count - cache->slot_count) * sizeof *slots;
    cache->slots = slots;
    cache->slot_count = count;
}

void rz_near_cache_begin(rz_near_cache *cache, const rz_sel *sel)
{
    if (!cache->able) {
        return;
    }
    uint64_t largest = cache->largest;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint64_t offset = rz_id_offset(cache->hops->ids[rz_sel_at(sel, i)]);
        largest = offset > largest ? offset : largest;
    }
    cache->largest = largest;
    cache->probes += sel->count;
    if (largest >= cache->slot_count && cache->probes >= NEAR_LEAST_PROBES && largest / NEAR_NODES_PER_PROBE <= cache->probes) {
        near_grow_slots(cache);
    }
}

static bool near_reserve_list(rz_near_cache *cache)
{
    if (cache->list_count < cache->list_capacity) {
        return true;
    }
    uint32_t capacity = cache->list_capacity == 0 ? 64 : cache->list_capacity * 2;
    if (!near_afford(cache, (uint64_t)(capacity - cache->list_capacity) * sizeof *cache->lists)) {
        return false;
    }
    rz_near_kept *lists = (rz_near_kept *)rz_mem_realloc(cache->mem, cache->lists, (size_t)cache->list_capacity * sizeof *lists, (size_t)capacity * sizeof *lists);
    if (lists == NULL) {
        return false;
    }
    cache->bytes += (uint64_t)(capacity - cache->list_capacity) * sizeof *lists;
    cache->lists = lists;
    cache->list_capacity = capacity;
    return true;
}

void rz_near_cache_keep(rz_near_cache *cache, const rz_near_list *list)
{
    uint64_t offset = rz_id_offset(list->of);
    if (!cache->able || offset >= cache->slot_count || cache->list_count >= UINT32_MAX - RZ_NEAR_FIRST) {
        return;
    }
    cache->slots[offset] = RZ_NEAR_NEVER;
    uint64_t bytes = list->count * sizeof(uint32_t);
    bool narrow = list->count == 0 || rz_id_offset(list->ids[list->count - 1]) <= UINT32_MAX; /* sorted, of one table */
    if (!narrow || list->count > UINT32_MAX || !near_afford(cache, bytes) || !near_reserve_list(cache)) {
        return;
    }
    uint32_t *ends = (uint32_t *)rz_arena_alloc(&cache->arena, (size_t)bytes + sizeof *ends);
    if (ends == NULL) {
        cache->able = false;
        return;
    }
    bool repeats = false;
    for (uint64_t i = 0; i < list->count; i++) {
        ends[i] = (uint32_t)rz_id_offset(list->ids[i]);
        repeats |= i != 0 && ends[i] == ends[i - 1];
    }
    cache->bytes += bytes;
    cache->lists[cache->list_count] = (rz_near_kept){.ends = ends, .count = (uint32_t)list->count, .repeats = repeats};
    cache->slots[offset] = RZ_NEAR_FIRST + cache->list_count++;
}

uint64_t rz_near_kept_count(const rz_near_cache *cache, const rz_near_kept *list, rz_id id)
{
    uint64_t wanted = rz_id_offset(id);
    const uint32_t *ends = list->ends;
    uint32_t length = list->count;
    uint32_t low = 0;
    if (rz_id_table(id) != cache->to_table || wanted > UINT32_MAX) {
        return 0;
    }
    while (length > 1) { /* branch-free lower bound */
        uint32_t half = length / 2;
        low += ends[low + half - 1] < wanted ? half : 0;
        length -= half;
    }
    low += length == 1 && ends[low] < wanted;
    uint32_t end = low;
    while (end < list->count && ends[end] == wanted) {
        end++;
    }
    return end - low;
}
