/* SPDX-License-Identifier: MIT */
/*
 * Neighbour lists that are probed again and again, decoded once (private to the executor; used by EXPAND_INTO, INTERSECT).
 *
 * A probe of a packed list costs a look-up of its place and a search through packed values. Where many more probes come than there are nodes, a list is decoded at the second
 * probe that it meets and kept as sorted 32-bit offsets, all hops together. What is kept ends at the worker's memory budget; other lists are searched as ever.
 */
#ifndef RZ_EXECUTOR_NEAR_CACHE_H
#define RZ_EXECUTOR_NEAR_CACHE_H

#include "executor/hops.h"

typedef struct rz_near_kept {
    const uint32_t *ends; /* sorted offsets, with repetitions */
    uint32_t count;
    bool repeats;         /* some come more than once */
} rz_near_kept;

typedef struct rz_near_cache {
    const rz_hops *hops;
    rz_mem *mem;
    uint32_t *slots;       /* by offset of the node: 0 never met, 1 met once, 2 not to be kept, else its list + 3; NULL: nothing is kept yet */
    uint64_t slot_count;
    rz_near_kept *lists;
    uint32_t list_count;
    uint32_t list_capacity;
    rz_arena arena;        /* of the lists' offsets */
    uint64_t bytes;        /* in slots, lists and arena */
    uint64_t budget;
    uint64_t probes;       /* so far, until something is kept */
    uint64_t largest;      /* offset met so far */
    uint32_t to_table;
    bool able;             /* one table on either side */
} rz_near_cache;

void rz_near_cache_open(rz_near_cache *cache, const rz_hops *hops);
/* So many probes are expected of this worker: as if they had been seen. */
void rz_near_cache_expect(rz_near_cache *cache, double probes);
void rz_near_cache_close(rz_near_cache *cache);
/* Notes that these rows (hops->ids) will be probed. */
void rz_near_cache_begin(rz_near_cache *cache, const rz_sel *sel);
/* The node of `list` (just decoded for a probe of it) may be kept. */
void rz_near_cache_keep(rz_near_cache *cache, const rz_near_list *list);

#define RZ_NEAR_PROBES_PER_NODE 2u /* from here on lists are kept when they are first met */
#define RZ_NEAR_ONCE 1u
#define RZ_NEAR_NEVER 2u
#define RZ_NEAR_FIRST 3u

/* The node's list, or NULL. */
static inline const rz_near_kept *rz_near_cache_find(const rz_near_cache *cache, rz_id id)
{
    uint64_t offset = rz_id_offset(id);
    if (offset >= cache->slot_count || cache->slots[offset] < RZ_NEAR_FIRST) {
        return NULL;
    }
    return &cache->lists[cache->slots[offset] - RZ_NEAR_FIRST];
}

/* Fetches what a probe of the node's list will read first. */
static inline void rz_near_cache_prefetch(const rz_near_cache *cache, rz_id id)
{
    const rz_near_kept *list = rz_near_cache_find(cache, id);
    if (list != NULL) {
        RZ_PREFETCH(list->ends + list->count / 2);
        RZ_PREFETCH(list->ends + list->count / 4);
        RZ_PREFETCH(list->ends + list->count - list->count / 4);
    }
}

/* Was the node probed before, or will it be (there are several probes a node), so that its list is worth keeping? Notes this probe. */
static inline bool rz_near_cache_again(rz_near_cache *cache, rz_id id)
{
    uint64_t offset = rz_id_offset(id);
    if (offset >= cache->slot_count || cache->slots[offset] == RZ_NEAR_NEVER) {
        return false;
    }
    bool again = cache->slots[offset] == RZ_NEAR_ONCE || cache->probes / RZ_NEAR_PROBES_PER_NODE > cache->largest;
    cache->slots[offset] = RZ_NEAR_ONCE;
    return again;
}

/* How often the node stands in the list. */
uint64_t rz_near_kept_count(const rz_near_cache *cache, const rz_near_kept *list, rz_id id);

#endif
