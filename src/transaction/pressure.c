/* SPDX-License-Identifier: MIT */
/*
 * When changes in memory are so many that a checkpoint should write them to pages, however short the log is.
 *
 * The account of the database knows what is in use. Cached pages, and maps that nobody uses, give way by themselves, so they do not count; what opening needed, or what the newest checkpoint left behind
 * (metadata of tables, versions that snapshots read), no further checkpoint gives back. A quarter of the rest of memory_limit is for changes: a checkpoint needs memory as well.
 */
#include "transaction/store.h"

#define PRESSURE_SHARE       4u  /* of what the floor leaves, for changes */
#define PRESSURE_LEAST_SHARE 16u /* of the limit: so much at least, or a database with much metadata would never stop writing checkpoints */

#define GRACE_SHARE 8u                  /* of the limit … */
#define GRACE_LEAST (UINT64_C(2) << 20) /* … and so much more: buffers of writers have a fixed size */

uint64_t rz_store_grace(const rz_store *store)
{
    return store->mem.limit == UINT64_MAX ? 0 : store->mem.limit / GRACE_SHARE + GRACE_LEAST;
}

static uint64_t pressure_used(rz_store *store)
{
    rz_pool_stats stats;
    rz_pool_stats_get(store->pool, &stats);
    uint64_t used = atomic_load_explicit(&store->mem.used, memory_order_relaxed);
    uint64_t cached = stats.pages_charged * RZ_PAGE_SIZE + rz_mem_maps_bytes(&store->maps);
    return used > cached ? used - cached : 0;
}

bool rz_store_memory_pressed(rz_store *store)
{
    uint64_t limit = store->mem.limit;
    if (atomic_load_explicit(&store->mem.used, memory_order_relaxed) < limit / PRESSURE_LEAST_SHARE) {
        return false; /* the usual case costs one load */
    }
    uint64_t floor = atomic_load_explicit(&store->memory_floor, memory_order_relaxed);
    uint64_t share = floor < limit ? (limit - floor) / PRESSURE_SHARE : 0;
    share = share < limit / PRESSURE_LEAST_SHARE ? limit / PRESSURE_LEAST_SHARE : share;
    uint64_t used = pressure_used(store);
    if (used < floor) { /* a query's memory, or versions for a reader, have gone since */
        atomic_store_explicit(&store->memory_floor, used, memory_order_relaxed);
    }
    return used > floor && used - floor > share;
}

void rz_store_note_memory(rz_store *store)
{
    if (store->mem.limit != UINT64_MAX) {
        atomic_store_explicit(&store->memory_floor, pressure_used(store), memory_order_relaxed);
    }
}
