/* SPDX-License-Identifier: MIT */
/*
 * storage/buffer: the buffer pool: pages of the database file, and temporary pages, in bounded memory.
 *
 * Purpose   page ranges as contiguous memory over reserved regions; windows of up to RZ_WINDOW_PAGES pages are pinned,
 *           never a whole range.
 * Owns      the regions, the page state words, the eviction queues, the temporary file.
 * Must not  know tables. The caller brings each page's CRC, so that a page is verified whenever it enters the pool.
 * Threads   all functions may be called by any thread; a hit takes no lock.
 * More      docs/architecture.md ("Buffer pool"); page states and transitions are drawn in pool.h.
 */
#ifndef RZ_STORAGE_BUFFER_BUFFER_H
#define RZ_STORAGE_BUFFER_BUFFER_H

#include "storage/page/page.h"

#define RZ_WINDOW_PAGES 64u

typedef struct rz_pool rz_pool;

/*
 * size_bytes: at most that much page memory at a time (charged to mem); at least 256 KiB is enforced. temp_path: what
 * the name of the spill file begins with (a process number and random digits are added; it is unlinked as soon as it is
 * open); NULL: nothing is spilled.
 */
RZ_NODISCARD ruzu_status rz_pool_create(rz_mem *mem, rz_disk *disk, uint64_t size_bytes, const char *temp_path,
                                        rz_pool **out, rz_error *err);
void rz_pool_destroy(rz_pool *pool); /* no pins may be held */

/* A pinned window: data[0 .. page_count * RZ_PAGE_SIZE) stays until unpinned. */
typedef struct rz_pin {
    const uint8_t *data;
    uint64_t first_page;
    uint32_t page_count; /* 0: holds nothing */
    bool temp;
} rz_pin;

/* Where an immutable segment lies and what its pages must contain. */
typedef struct rz_stored_pages {
    rz_page_range range;
    const uint32_t *crcs; /* one per page; lives with the segment's metadata */
} rz_stored_pages;

/*
 * Pins pages [first, first + count) of a stored range (first relative to its start; count 1 … RZ_WINDOW_PAGES). Missing
 * pages are read in runs and verified: RUZU_ERROR_CORRUPT names file, page and `what`. RUZU_ERROR_NO_MEMORY when every
 * frame is pinned. what: borrowed text such as "table Person, column name", for messages only.
 */
RZ_NODISCARD ruzu_status rz_pool_pin(rz_pool *pool, const rz_stored_pages *pages, uint64_t first, uint32_t count,
                                     const char *what, rz_pin *out, rz_error *err);
void rz_pool_unpin(rz_pool *pool, rz_pin *pin); /* pin becomes empty; an empty one is fine */
/* Tells the pool that a sequential scan is going on over these pages: they are inserted at the cold end (scan
 * resistance). */
RZ_NODISCARD ruzu_status rz_pool_pin_scan(rz_pool *pool, const rz_stored_pages *pages, uint64_t first, uint32_t count,
                                          const char *what, rz_pin *out, rz_error *err);
/* Drops the frames of a freed range, so that its next use finds nothing stale. Nobody has them pinned. */
void rz_pool_drop(rz_pool *pool, rz_page_range range);

/* Temporary pages: contiguous, writable, spilled to an unlinked file when memory is short. Contents of new pages are
 * zero. An in-memory database has no spill file: then they count against the pool and RUZU_ERROR_LIMIT is the end. */
RZ_NODISCARD ruzu_status rz_pool_temp_allocate(rz_pool *pool, uint64_t page_count, rz_page_range *out, rz_error *err);
void rz_pool_temp_free(rz_pool *pool, rz_page_range range);
/* Pages of the range that were written to the spill file, once or several times; while nobody else works on it. */
uint64_t rz_pool_temp_spilled(rz_pool *pool, rz_page_range range);
/* Whether temporary pages may be written to a file (at first: yes, where there is a path). Those that were stay readable. Thread-safe. */
void rz_pool_allow_spill(rz_pool *pool, bool allowed);
RZ_NODISCARD ruzu_status rz_pool_temp_pin(rz_pool *pool, rz_page_range range, uint64_t first, uint32_t count,
                                          rz_pin *out, uint8_t **out_data, rz_error *err);
void rz_pool_temp_unpin(rz_pool *pool, rz_pin *pin, bool dirty);

/*
 * From now on the pool keeps a sixteenth of its frames (half of a very small pool) when others are refused memory, and has them charged from the beginning: so whoever must read pages
 * to make room, as a checkpoint must, always finds frames. Once, before others use the pool. NO_MEMORY.
 */
RZ_NODISCARD ruzu_status rz_pool_keep_some(rz_pool *pool, rz_error *err);

typedef struct rz_pool_stats {
    uint64_t pages_total; /* frames the pool may hold */
    uint64_t pages_used;
    uint64_t pages_charged; /* to the memory account: those, and the rest of the few that the pool never gives away */
    uint64_t hits;
    uint64_t misses;
    uint64_t evictions;
    uint64_t dirty_writes;
} rz_pool_stats;
/* hits are counted without synchronisation: concurrent threads may lose a few. */
void rz_pool_stats_get(rz_pool *pool, rz_pool_stats *out);
uint64_t rz_pool_pages_total(const rz_pool *pool); /* frames the pool may hold: never changes */

/* Evicts unpinned pages until size_bytes have been given back to the memory account or none is left: cached pages give
 * way when others are refused memory. Returns the bytes given back. */
uint64_t rz_pool_shrink(rz_pool *pool, uint64_t size_bytes);
/* Walks the queues and page states; false when an invariant is broken. For tests: no other thread is inside the pool.
 */
bool rz_pool_verify(rz_pool *pool);

#include "storage/buffer/spool.h" /* bytes written once and read once, over temporary pages */

#endif
