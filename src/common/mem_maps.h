/* SPDX-License-Identifier: MIT */
/*
 * Maps: large pieces of memory, all of one size, that come from the system in huge pages where it has them.
 *
 * What is given back is kept for whoever asks next, within bounds: the system clears every page that it gives out and has all threads wait while the address space changes, which costs
 * a statement that needs some tens of megabytes for some tens of milliseconds more than a tenth of its time, each time again.
 *
 * What is kept is charged to the account that the maps belong to (a database's), and gives way before that account refuses anything: whoever owns it sees to that by
 * rz_mem_maps_release. Thread-safety: everything but init and deinit may be called by several threads.
 */
#ifndef RZ_COMMON_MEM_MAPS_H
#define RZ_COMMON_MEM_MAPS_H

#include "common/mem.h"
#include "os/os.h"

#ifdef RZ_TINY
#define RZ_MEM_MAP_BYTES (64u * 1024u)
#else
#define RZ_MEM_MAP_BYTES (2u * 1024u * 1024u)
#endif

typedef struct rz_mem_maps {
    rz_mem *owner;
    rz_mem account;               /* passive, a child of owner: what is kept */
    rz_mutex lock;                /* a leaf */
    struct rz_mem_map_head *first; /* guarded by lock; owned */
    uint32_t count;               /* guarded by lock */
    uint32_t most;
} rz_mem_maps;

/* From here on owner and the accounts below it take maps from here; at most `most_bytes` are kept. While one thread knows owner. */
RZ_NODISCARD ruzu_status rz_mem_maps_init(rz_mem_maps *maps, rz_mem *owner, uint64_t most_bytes);
void rz_mem_maps_deinit(rz_mem_maps *maps); /* a zeroed one is fine */
/* Gives kept maps back to the system, so many bytes or all there are; how many bytes. Waits for nobody. */
uint64_t rz_mem_maps_release(rz_mem_maps *maps, uint64_t bytes);
uint64_t rz_mem_maps_bytes(const rz_mem_maps *maps); /* kept */

/* RZ_MEM_MAP_BYTES, page-aligned, contents undefined, charged to mem; NULL when a limit or the system refuses. */
RZ_NODISCARD void *rz_mem_map_alloc(rz_mem *mem);
void rz_mem_map_free(rz_mem *mem, void *map); /* NULL is fine */

#endif
