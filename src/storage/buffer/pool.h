/* SPDX-License-Identifier: MIT */
/*
 * Private to storage/buffer: regions, page words and queues.
 *
 * Page n of the file has its fixed place in region n / RZ_REGION_PAGES, and so have temporary pages in regions of their
 * own. Each page has one word, which is all that a hit touches:
 *
 *     bit   0 …  1   state: EVICTED, UNLOCKED, MARKED, LOCKED
 *           2        dirty: changed since it was last written to the spill file (temporary pages)
 *           3        spilled: the spill file has its content (temporary pages)
 *           4 …  5   queue that the page stands in: none, COLD, HOT, TEMP
 *           8 … 31   pins
 *          32 … 63   version: the eviction clock when the page was last evicted, 0: never
 *
 *                  pool_lock_run            pool_load_run
 *         EVICTED ---------------> LOCKED ------------------> MARKED (one pin)
 *            ^                      |  ^                       |   ^  |
 *            |     evict_victims,   |  |      evict_look,      |   |  |
 *            +--- rz_pool_discard, -+  +------ pool_seize -----+   |  | pool_hit, but not by a scan
 *                  pool_unlock_run     |       (no pins)           |  |
 *                  (load failed)       |                evict_look |  v
 *                                      +------ pool_seize ------- UNLOCKED <--- evict_return (LOCKED; the spill failed)
 *
 * pool_hit and rz_pool_unpin_run change the pins of UNLOCKED and MARKED pages. A LOCKED page has no pins and one owner,
 * who alone changes its word; everybody else waits (rz_pool_wait) or goes round it. Data is read under a pin or by the
 * owner of LOCKED.
 *
 * MARKED means: not touched since it was queued or last looked at by the evictor, which takes such pages; UNLOCKED
 * pages it marks and queues again (second chance).
 *
 * Invariants
 *   (1) A page that is not EVICTED holds a frame: `used_frames` counts them, frames between owners included. The larger of
 *       it and floor_frames is charged to the account. used_frames <= max_frames.
 *   (2) UNLOCKED and MARKED pages stand in exactly the queue that their word names. LOCKED pages stand in none, but for
 *       the moment until rz_pool_discard has taken them out.
 *   (3) Nobody waits for a LOCKED page, or for memory, while owning one: so waits end. (rz_evict_take yields a bounded
 *       number of times.)
 *   (4) The memory of an EVICTED page reads as zero.
 */
#ifndef RZ_STORAGE_BUFFER_POOL_H
#define RZ_STORAGE_BUFFER_POOL_H

#include "storage/buffer/buffer.h"

#include <stdatomic.h>

#define POOL_STATE_MASK    UINT64_C(3)
#define POOL_EVICTED       UINT64_C(0)
#define POOL_UNLOCKED      UINT64_C(1)
#define POOL_MARKED        UINT64_C(2)
#define POOL_LOCKED        UINT64_C(3)
#define POOL_DIRTY         (UINT64_C(1) << 2)
#define POOL_SPILLED       (UINT64_C(1) << 3)
#define POOL_QUEUE_SHIFT   4
#define POOL_QUEUE_MASK    (UINT64_C(3) << POOL_QUEUE_SHIFT)
#define POOL_PIN_ONE       (UINT64_C(1) << 8)
#define POOL_PIN_MASK      (UINT64_C(0xffffff) << 8)
#define POOL_VERSION_SHIFT 32

/* Pages are named by 32 bits: the number in the file, or a temporary page's number with the top bit. */
#define POOL_TEMP_BIT (UINT32_C(1) << 31)
#define POOL_NO_PAGE  UINT32_MAX

#define POOL_NAME_EXTRA    48u /* what the name of the spill file has beyond the path */
#define POOL_FLOOR_SHARE   16u   /* of all frames, which a pool keeps that is told to … */
#define POOL_FLOOR_LEAST   192u  /* … at least so many, but no more than half of them, */
#define POOL_FLOOR_MOST    1024u /* and at most so many */
#define POOL_BATCH         64u /* candidates per look at the queues */
#define POOL_LOOKS         1024u /* candidates before touched pages are taken too: bounds the search when everything is hot */
#define POOL_TRIES         64u /* searches before memory is refused, the processor yielded between them */
#define POOL_SHARDS        16u
#define POOL_REGION_BLOCK  64u
#define POOL_REGION_BLOCKS (RZ_MAX_PAGES / RZ_REGION_PAGES / POOL_REGION_BLOCK)

typedef struct rz_pool_link {
    uint32_t prev;
    uint32_t next;
} rz_pool_link;

typedef struct rz_pool_region {
    uint8_t *data;           /* RZ_REGION_PAGES pages */
    _Atomic uint64_t *words; /* one per page */
    void *words_map;         /* the same, as it was reserved */
    rz_pool_link *links;     /* one per page; guarded by the pool's mutex */
} rz_pool_region;

typedef struct rz_pool_region_block {
    rz_pool_region *_Atomic regions[POOL_REGION_BLOCK];
} rz_pool_region_block;

typedef struct rz_pool_regions {
    /* atomic, both levels: released under the pool's mutex by who adds a region, acquired by all */
    rz_pool_region_block *_Atomic blocks[POOL_REGION_BLOCKS];
} rz_pool_regions;

typedef enum pool_queue_kind {
    POOL_QUEUE_NONE,
    POOL_QUEUE_COLD, /* brought in by scans */
    POOL_QUEUE_HOT,
    POOL_QUEUE_TEMP
} pool_queue_kind;
#define POOL_QUEUES 4u

/* First in, first out; head is the oldest. Guarded by the pool's mutex. */
typedef struct rz_pool_queue {
    uint32_t head;
    uint32_t tail;
    uint64_t count;
} rz_pool_queue;

typedef struct rz_pool_shard {
    RZ_ALIGNED(64) _Atomic uint64_t hits; /* relaxed, without read-modify-write: may lose a few */
} rz_pool_shard;

struct rz_pool {
    rz_mem *parent; /* borrowed; holds the pool itself */
    rz_mem mem;     /* all else; passive: the pool is who is asked for memory, with the mutex free */
    rz_disk *disk;  /* borrowed */
    uint64_t max_frames;
    uint64_t floor_frames; /* rz_pool_keep_some: charged, used or not; whoever writes changes to pages finds so many, however full memory is */
    rz_pool_regions file_regions;
    rz_pool_regions temp_regions;

    rz_mutex mutex;
    uint64_t used_frames;
    rz_pool_queue queues[POOL_QUEUES];
    rz_page_nodes temp_nodes;
    rz_space temp_space;

    rz_mutex spill_mutex;
    rz_file *_Atomic spill_file; /* owned; opened when first needed, under spill_mutex */
    char *temp_path;             /* owned; NULL: nothing is spilled */
    _Atomic bool spill_forbidden; /* rz_pool_allow_spill */
    size_t temp_path_size;
    char *spill_name;            /* owned; room for the file's name: spilling must not ask for memory */
    size_t spill_name_size;

    _Atomic uint32_t eviction_clock;
    _Atomic uint64_t misses;
    _Atomic uint64_t evictions;
    _Atomic uint64_t dirty_writes;
    rz_pool_shard shards[POOL_SHARDS];
};

/* region.c */
rz_pool_region *rz_region_find(rz_pool_regions *regions, uint64_t page); /* NULL when it was never needed */
RZ_NODISCARD ruzu_status rz_region_get(rz_pool *pool, rz_pool_regions *regions, uint64_t page, rz_pool_region **out,
                                       rz_error *err);
void rz_regions_release(rz_pool *pool, rz_pool_regions *regions);

static inline rz_pool_regions *pool_regions_of(rz_pool *pool, uint32_t id)
{
    return (id & POOL_TEMP_BIT) ? &pool->temp_regions : &pool->file_regions;
}

/* The region of a page that is, or was, in the pool. */
static inline rz_pool_region *pool_region_of(rz_pool *pool, uint32_t id)
{
    return rz_region_find(pool_regions_of(pool, id), id & ~POOL_TEMP_BIT);
}

static inline _Atomic uint64_t *pool_word_of(rz_pool *pool, uint32_t id)
{
    return &pool_region_of(pool, id)->words[(id & ~POOL_TEMP_BIT) % RZ_REGION_PAGES];
}

static inline uint8_t *pool_data_of(rz_pool *pool, uint32_t id)
{
    return pool_region_of(pool, id)->data + (size_t)((id & ~POOL_TEMP_BIT) % RZ_REGION_PAGES) * RZ_PAGE_SIZE;
}

/* What is charged when so many frames are used. */
static inline uint64_t pool_charged(const rz_pool *pool, uint64_t used)
{
    return used > pool->floor_frames ? used : pool->floor_frames;
}

/* evict.c */
void rz_queue_init(rz_pool_queue *queue);
void rz_queue_push(rz_pool *pool, pool_queue_kind kind, uint32_t id); /* mutex held */
void rz_queue_remove(rz_pool *pool, pool_queue_kind kind, uint32_t id);
/* count frames for the caller to give to pages it has LOCKED. */
RZ_NODISCARD ruzu_status rz_evict_take(rz_pool *pool, uint32_t count, rz_error *err);
/* The reverse. Returns how many of them the account got back; the others are of the floor. */
uint64_t rz_evict_give(rz_pool *pool, uint64_t count);
/* The pool's own account was refused: gives some pages away, so that asking again makes sense. No lock is held. */
bool rz_evict_relieve(rz_pool *pool);

/* temp.c: contents of temporary pages, owned LOCKED by the caller */
bool rz_spill_possible(const rz_pool *pool);
RZ_NODISCARD ruzu_status rz_spill_write(rz_pool *pool, uint32_t id, uint32_t count, rz_error *err);
RZ_NODISCARD ruzu_status rz_spill_read(rz_pool *pool, uint32_t id, uint32_t count, rz_error *err);

/* pool.c */
void rz_pool_wait(_Atomic uint64_t *word);
void rz_pool_discard(rz_pool *pool, uint32_t id, uint64_t count);
RZ_NODISCARD ruzu_status rz_pool_pin_run(rz_pool *pool, uint32_t id, uint32_t count, const uint32_t *crcs, bool scan,
                                         const char *what, rz_error *err);
void rz_pool_unpin_run(rz_pool *pool, uint32_t id, uint32_t count, bool dirty);

#endif
