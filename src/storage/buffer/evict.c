/* SPDX-License-Identifier: MIT */
/*
 * Frames: the queues, the choice of victims, and eviction.
 *
 * Three queues, first in first out, with a second chance for pages touched meanwhile. Which one gives way:
 *
 *     TEMP   when temporary pages fill more than half of the pool: operators spill at their own expense
 *     COLD   when the pages of scans fill more than an eighth: a scan replaces its own pages, so the hot set stays
 *     HOT    otherwise: pages asked for one by one, and pages that a scan came back for while they would still
 *            have been here, had the hot set not stood in the way (their version tells how many evictions ago they left)
 *
 * and when the first choice has nothing but pinned pages, the others follow.
 *
 * Victims are taken out of the queues under the mutex, LOCKED; writing them to the spill file and giving back their
 * memory happens outside. Their frames pass to whoever asked, without being uncharged in between.
 */
#include "storage/buffer/pool.h"

/* ---- queues ---- */

void rz_queue_init(rz_pool_queue *queue)
{
    queue->head = POOL_NO_PAGE;
    queue->tail = POOL_NO_PAGE;
    queue->count = 0;
}

static rz_pool_link *queue_link(rz_pool *pool, uint32_t id)
{
    return &pool_region_of(pool, id)->links[(id & ~POOL_TEMP_BIT) % RZ_REGION_PAGES];
}

void rz_queue_push(rz_pool *pool, pool_queue_kind kind, uint32_t id)
{
    rz_pool_queue *queue = &pool->queues[kind];
    rz_pool_link *link = queue_link(pool, id);
    link->prev = queue->tail;
    link->next = POOL_NO_PAGE;
    if (queue->tail == POOL_NO_PAGE) {
        queue->head = id;
    } else {
        queue_link(pool, queue->tail)->next = id;
    }
    queue->tail = id;
    queue->count++;
}

void rz_queue_remove(rz_pool *pool, pool_queue_kind kind, uint32_t id)
{
    rz_pool_queue *queue = &pool->queues[kind];
    const rz_pool_link *link = queue_link(pool, id);
    if (link->prev == POOL_NO_PAGE) {
        queue->head = link->next;
    } else {
        queue_link(pool, link->prev)->next = link->next;
    }
    if (link->next == POOL_NO_PAGE) {
        queue->tail = link->prev;
    } else {
        queue_link(pool, link->next)->prev = link->prev;
    }
    queue->count--;
}

/* ---- victims ---- */

typedef struct evict_batch {
    uint32_t ids[POOL_BATCH];
    uint32_t count;
} evict_batch;

static void evict_order(const rz_pool *pool, pool_queue_kind order[3])
{
    bool temp_first = pool->queues[POOL_QUEUE_TEMP].count > pool->max_frames / 2;
    bool cold_first = pool->queues[POOL_QUEUE_COLD].count > pool->max_frames / 8;
    uint32_t next = 0;
    if (temp_first) {
        order[next++] = POOL_QUEUE_TEMP;
    }
    order[next++] = cold_first ? POOL_QUEUE_COLD : POOL_QUEUE_HOT;
    order[next++] = cold_first ? POOL_QUEUE_HOT : POOL_QUEUE_COLD;
    if (!temp_first) {
        order[next] = POOL_QUEUE_TEMP;
    }
}

/*
 * Looks at the oldest page of a queue: takes it into the batch, or marks it and queues it again (in HOT when it was
 * COLD), or passes over it because somebody is using it.
 */
static void evict_look(rz_pool *pool, pool_queue_kind kind, bool force, evict_batch *batch)
{
    uint32_t id = pool->queues[kind].head;
    _Atomic uint64_t *word = pool_word_of(pool, id);
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t state = seen & POOL_STATE_MASK;
    rz_queue_remove(pool, kind, id);
    if (state == POOL_LOCKED || (seen & POOL_PIN_MASK) != 0 || ((seen & POOL_DIRTY) != 0 && !rz_spill_possible(pool))) {
        rz_queue_push(pool, kind, id);
        return;
    }
    if (state == POOL_UNLOCKED && !force) {
        pool_queue_kind next = kind == POOL_QUEUE_COLD ? POOL_QUEUE_HOT : kind;
        uint64_t marked =
            (seen & ~(POOL_STATE_MASK | POOL_QUEUE_MASK)) | POOL_MARKED | ((uint64_t)next << POOL_QUEUE_SHIFT);
        bool done =
            atomic_compare_exchange_strong_explicit(word, &seen, marked, memory_order_relaxed, memory_order_relaxed);
        rz_queue_push(pool, done ? next : kind, id);
        return;
    }
    /* Acquires what the last holder of a pin did to the page (pairs with the release of its unpin). */
    uint64_t locked = (seen & ~POOL_QUEUE_MASK) | POOL_LOCKED;
    if (atomic_compare_exchange_strong_explicit(word, &seen, locked, memory_order_acquire, memory_order_relaxed)) {
        batch->ids[batch->count++] = id;
    } else {
        rz_queue_push(pool, kind, id);
    }
}

/* Up to `want` victims after at most POOL_BATCH looks; `looks` counts down. Mutex held. */
static void evict_collect(rz_pool *pool, pool_queue_kind kind, bool force, uint32_t want, uint64_t *looks,
                          evict_batch *batch)
{
    uint32_t most = want < POOL_BATCH ? want : POOL_BATCH;
    batch->count = 0;
    for (uint32_t i = 0; i<POOL_BATCH && * looks> 0 && batch->count < most && pool->queues[kind].count > 0; i++) {
        evict_look(pool, kind, force, batch);
        *looks -= 1;
    }
}

static void evict_sort(evict_batch *batch)
{
    for (uint32_t i = 1; i < batch->count; i++) {
        uint32_t id = batch->ids[i];
        uint32_t at = i;
        while (at > 0 && batch->ids[at - 1] > id) {
            batch->ids[at] = batch->ids[at - 1];
            at--;
        }
        batch->ids[at] = id;
    }
}

/* Length of the run of neighbours in one region at ids[from] whose dirty flags are alike. */
static uint32_t evict_run(rz_pool *pool, const evict_batch *batch, uint32_t from, bool *out_dirty)
{
    uint32_t id = batch->ids[from];
    uint64_t dirty = atomic_load_explicit(pool_word_of(pool, id), memory_order_relaxed) & POOL_DIRTY;
    uint32_t count = 1;
    while (from + count < batch->count && batch->ids[from + count] == id + count &&
           (id + count) % RZ_REGION_PAGES != 0 &&
           (atomic_load_explicit(pool_word_of(pool, id + count), memory_order_relaxed) & POOL_DIRTY) == dirty) {
        count++;
    }
    *out_dirty = dirty != 0;
    return count;
}

/* A victim that could not be written stays where it was. */
static void evict_return(rz_pool *pool, uint32_t id, uint32_t count)
{
    rz_mutex_lock(&pool->mutex);
    for (uint32_t i = 0; i < count; i++) {
        _Atomic uint64_t *word = pool_word_of(pool, id + i);
        uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
        rz_queue_push(pool, POOL_QUEUE_TEMP, id + i);
        atomic_store_explicit(
            word, (seen & ~POOL_STATE_MASK) | POOL_UNLOCKED | ((uint64_t)POOL_QUEUE_TEMP << POOL_QUEUE_SHIFT),
            memory_order_release);
    }
    rz_mutex_unlock(&pool->mutex);
}

/* Writes what is dirty and drops the memory of the victims. Returns how many frames that freed; a failure goes to
 * spill_err. */
static uint32_t evict_victims(rz_pool *pool, evict_batch *batch, rz_error *spill_err)
{
    uint32_t freed = 0;
    evict_sort(batch);
    for (uint32_t from = 0; from < batch->count;) {
        bool dirty = false;
        uint32_t id = batch->ids[from];
        uint32_t count = evict_run(pool, batch, from, &dirty);
        from += count;
        if (dirty) {
            if (rz_spill_write(pool, id, count, spill_err) != RUZU_OK) {
                evict_return(pool, id, count);
                continue;
            }
            atomic_fetch_add_explicit(&pool->dirty_writes, count, memory_order_relaxed);
        }
        rz_map_drop(pool_data_of(pool, id), (size_t)count * RZ_PAGE_SIZE);
        uint32_t clock = atomic_fetch_add_explicit(&pool->eviction_clock, count, memory_order_relaxed) + count;
        for (uint32_t i = 0; i < count; i++) {
            _Atomic uint64_t *word = pool_word_of(pool, id + i);
            uint64_t kept = atomic_load_explicit(word, memory_order_relaxed) & POOL_SPILLED;
            kept |= dirty ? POOL_SPILLED : 0;
            uint64_t version = clock == 0 ? 1 : clock; /* 0 means never */
            /* Releases the dropped memory to who loads the page next (pairs with the acquire of its lock). */
            atomic_store_explicit(word, version << POOL_VERSION_SHIFT | kept | POOL_EVICTED, memory_order_release);
        }
        freed += count;
    }
    atomic_fetch_add_explicit(&pool->evictions, freed, memory_order_relaxed);
    return freed;
}

/* One pass over a queue, POOL_BATCH candidates at a time, until something was freed or a write failed (spill_err). */
static uint32_t evict_pass(rz_pool *pool, pool_queue_kind kind, bool force, uint32_t want, rz_error *spill_err)
{
    rz_mutex_lock(&pool->mutex);
    uint64_t looks = pool->queues[kind].count;
    rz_mutex_unlock(&pool->mutex);
    if (!force) {
        looks = looks < POOL_LOOKS / 2 ? 2 * looks : POOL_LOOKS; /* twice: marked, then taken */
    }
    while (looks > 0) {
        evict_batch batch;
        rz_mutex_lock(&pool->mutex);
        evict_collect(pool, kind, force, want, &looks, &batch);
        bool empty = pool->queues[kind].count == 0;
        rz_mutex_unlock(&pool->mutex);
        uint32_t freed = batch.count == 0 ? 0 : evict_victims(pool, &batch, spill_err);
        if (freed > 0 || empty || (kind == POOL_QUEUE_TEMP && spill_err->code != RUZU_OK)) {
            return freed;
        }
    }
    return 0;
}

/* Frees up to `want` frames, which belong to the caller then; 0 when every page is in use just now, or could not be
 * written. */
static uint32_t evict_some(rz_pool *pool, uint32_t want, rz_error *spill_err)
{
    pool_queue_kind order[3];
    rz_mutex_lock(&pool->mutex);
    evict_order(pool, order);
    rz_mutex_unlock(&pool->mutex);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t pass = 0; pass < 2; pass++) {
            if (order[i] == POOL_QUEUE_TEMP && (!rz_spill_possible(pool) || spill_err->code != RUZU_OK)) {
                break;
            }
            uint32_t freed = evict_pass(pool, order[i], pass == 1, want, spill_err);
            if (freed > 0) {
                return freed;
            }
        }
    }
    return 0;
}

/* ---- frames ---- */

static RZ_COLD ruzu_status evict_refused(const rz_pool *pool, uint64_t temp_pages, rz_error *err)
{
    if (temp_pages > 0 && !rz_spill_possible(pool)) {
        return rz_error_set(
            err, RUZU_ERROR_LIMIT,
            "The buffer pool is full of %llu temporary pages, and %s does not spill them "
            "to disk: buffer_pool_size or memory_limit is reached",
            (unsigned long long)temp_pages, pool->temp_path == NULL ? "a database in memory" : "spill_to_disk = false");
    }
    return rz_error_set(err, RUZU_ERROR_NO_MEMORY,
                        "Unable to allocate memory! The buffer pool is full and no memory could be freed!");
}

/* Charges so many frames more. Those that the pool keeps are charged already: they are to be had even where an overdraft has passed the limit, and nothing else is. */
static bool pool_charge_more(rz_pool *pool, uint64_t frames)
{
    uint64_t more = pool_charged(pool, pool->used_frames + frames) - pool_charged(pool, pool->used_frames);
    return more == 0 || rz_mem_charge(&pool->mem, more * RZ_PAGE_SIZE);
}

/* Takes up to `want` frames that nobody has. Fewer when the pool is full or the account refuses. Mutex held. */
static uint32_t evict_take_unused(rz_pool *pool, uint32_t want)
{
    uint64_t room = pool->max_frames - pool->used_frames;
    uint32_t step = want < room ? want : (uint32_t)room;
    while (step > 0 && !pool_charge_more(pool, step)) {
        step = pool->used_frames < pool->floor_frames && step > pool->floor_frames - pool->used_frames ? (uint32_t)(pool->floor_frames - pool->used_frames)
                                                                                                     : step / 2;
    }
    pool->used_frames += step;
    return step;
}

/* The pool is full: `count` frames from other pages. Gives back what it took when it fails. */
static ruzu_status evict_take_used(rz_pool *pool, uint32_t count, uint32_t taken, rz_error *err)
{
    rz_error spill_err; /* a failed write matters only when nothing else could be evicted */
    rz_error_init(&spill_err);
    uint64_t temp_pages = 0;
    for (uint32_t tries = 0; taken < count && tries < POOL_TRIES; tries++) {
        uint32_t freed = evict_some(pool, count - taken, &spill_err);
        taken += freed;
        if (freed > 0) {
            tries = 0;
            continue;
        }
        if (spill_err.code != RUZU_OK) {
            break;
        }
        rz_thread_yield(); /* pins of other threads come and go */
        rz_mutex_lock(&pool->mutex);
        taken += evict_take_unused(pool, count - taken);
        temp_pages = pool->queues[POOL_QUEUE_TEMP].count;
        rz_mutex_unlock(&pool->mutex);
    }
    if (taken == count) {
        return RUZU_OK;
    }
    (void)rz_evict_give(pool, taken);
    return spill_err.code != RUZU_OK ? rz_error_copy(err, &spill_err) : evict_refused(pool, temp_pages, err);
}

ruzu_status rz_evict_take(rz_pool *pool, uint32_t count, rz_error *err)
{
    rz_mutex_lock(&pool->mutex);
    uint32_t taken = evict_take_unused(pool, count);
    rz_mutex_unlock(&pool->mutex);
    return taken == count ? RUZU_OK : evict_take_used(pool, count, taken, err);
}

uint64_t rz_evict_give(rz_pool *pool, uint64_t count)
{
    rz_mutex_lock(&pool->mutex);
    RZ_ASSERT(pool->used_frames >= count);
    uint64_t charged = pool_charged(pool, pool->used_frames);
    pool->used_frames -= count;
    charged -= pool_charged(pool, pool->used_frames);
    rz_mutex_unlock(&pool->mutex);
    rz_mem_uncharge(&pool->mem, charged * RZ_PAGE_SIZE);
    return charged;
}

/* Frames beyond those that the pool keeps. */
static uint64_t evict_surplus(rz_pool *pool)
{
    rz_mutex_lock(&pool->mutex);
    uint64_t surplus = pool_charged(pool, pool->used_frames) - pool->floor_frames;
    rz_mutex_unlock(&pool->mutex);
    return surplus;
}

uint64_t rz_pool_shrink(rz_pool *pool, uint64_t size_bytes)
{
    uint64_t pages = size_bytes / RZ_PAGE_SIZE + (size_bytes % RZ_PAGE_SIZE != 0);
    uint64_t given = 0;
    rz_error spill_err;
    rz_error_init(&spill_err);
    while (given < pages) {
        uint64_t want = pages - given < POOL_BATCH ? pages - given : POOL_BATCH;
        uint64_t surplus = evict_surplus(pool);
        want = want < surplus ? want : surplus;
        uint32_t freed = want == 0 ? 0 : evict_some(pool, (uint32_t)want, &spill_err);
        if (freed == 0) {
            break;
        }
        given += rz_evict_give(pool, freed);
    }
    return given * RZ_PAGE_SIZE;
}

bool rz_evict_relieve(rz_pool *pool)
{
    return rz_pool_shrink(pool, POOL_BATCH * RZ_PAGE_SIZE) > 0;
}
