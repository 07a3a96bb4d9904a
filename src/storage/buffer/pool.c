/* SPDX-License-Identifier: MIT */
/*
 * The buffer pool: pinning and unpinning, loading of missing pages, dropping of freed ranges. The page states are drawn
 * in pool.h.
 */
#include "storage/buffer/pool.h"

#include <string.h>

#define POOL_MIN_BYTES (UINT64_C(256) << 10)
#define POOL_SPINS     64u

/* ---- the pool ---- */


ruzu_status rz_pool_create(rz_mem *mem, rz_disk *disk, uint64_t size_bytes, const char *temp_path, rz_pool **out,
                           rz_error *err)
{
    *out = NULL;
    rz_pool *pool = (rz_pool *)rz_mem_calloc(mem, 1, sizeof *pool);
    RZ_TRY_ALLOC(pool, err, "creating the buffer pool");
    pool->parent = mem;
    rz_mem_init_passive(&pool->mem, mem);
    pool->disk = disk;
    uint64_t frames = (size_bytes < POOL_MIN_BYTES ? POOL_MIN_BYTES : size_bytes) / RZ_PAGE_SIZE;
    pool->max_frames = frames < RZ_MAX_PAGES ? frames : RZ_MAX_PAGES;
    if (temp_path != NULL && !rz_disk_in_memory(disk)) {
        pool->temp_path_size = strlen(temp_path) + 1;
        pool->spill_name_size = pool->temp_path_size + POOL_NAME_EXTRA;
        pool->temp_path = (char *)rz_mem_alloc(&pool->mem, pool->temp_path_size);
        pool->spill_name = (char *)rz_mem_alloc(&pool->mem, pool->spill_name_size);
        if (pool->temp_path == NULL || pool->spill_name == NULL) {
            goto cleanup;
        }
        memcpy(pool->temp_path, temp_path, pool->temp_path_size);
    }
    if (rz_mutex_init(&pool->mutex) != RUZU_OK) {
        goto cleanup;
    }
    if (rz_mutex_init(&pool->spill_mutex) != RUZU_OK) {
        goto no_spill_mutex;
    }
    for (uint32_t i = 0; i < POOL_REGION_BLOCKS; i++) {
        atomic_init(&pool->file_regions.blocks[i], NULL);
        atomic_init(&pool->temp_regions.blocks[i], NULL);
    }
    for (uint32_t i = 0; i < POOL_QUEUES; i++) {
        rz_queue_init(&pool->queues[i]);
    }
    rz_page_nodes_init(&pool->temp_nodes, &pool->mem, 0);
    rz_space_init(&pool->temp_space, &pool->temp_nodes, 0);
    atomic_init(&pool->spill_file, NULL);
    atomic_init(&pool->eviction_clock, 0);
    atomic_init(&pool->misses, 0);
    atomic_init(&pool->evictions, 0);
    atomic_init(&pool->dirty_writes, 0);
    for (uint32_t i = 0; i < POOL_SHARDS; i++) {
        atomic_init(&pool->shards[i].hits, 0);
    }
    *out = pool;
    return RUZU_OK;

no_spill_mutex:
    rz_mutex_destroy(&pool->mutex);
cleanup:
    rz_mem_free(&pool->mem, pool->spill_name, pool->spill_name_size);
    rz_mem_free(&pool->mem, pool->temp_path, pool->temp_path_size);
    rz_mem_free(mem, pool, sizeof *pool);
    return rz_error_no_memory(err, "creating the buffer pool");
}

ruzu_status rz_pool_keep_some(rz_pool *pool, rz_error *err)
{
    uint64_t floor = pool->max_frames / POOL_FLOOR_SHARE;
    floor = floor < POOL_FLOOR_LEAST ? POOL_FLOOR_LEAST : floor;
    floor = floor > POOL_FLOOR_MOST ? POOL_FLOOR_MOST : floor;
    floor = floor > pool->max_frames / 2 ? pool->max_frames / 2 : floor;
    rz_mutex_lock(&pool->mutex);
    uint64_t extra = floor > pool->used_frames ? floor - pool->used_frames : 0;
    bool charged = rz_mem_charge(&pool->mem, extra * RZ_PAGE_SIZE);
    pool->floor_frames = charged ? floor : 0;
    rz_mutex_unlock(&pool->mutex);
    return charged ? RUZU_OK : rz_error_no_memory(err, "creating the buffer pool");
}

void rz_pool_destroy(rz_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    rz_mem *mem = pool->parent;
    rz_file *file = atomic_load_explicit(&pool->spill_file, memory_order_acquire);
    if (file != NULL) {
        (void)rz_disk_vfs(pool->disk)->close(file); /* unlinked already: nothing to lose */
    }
    rz_mem_uncharge(&pool->mem, pool_charged(pool, pool->used_frames) * RZ_PAGE_SIZE);
    rz_regions_release(pool, &pool->file_regions);
    rz_regions_release(pool, &pool->temp_regions);
    rz_page_nodes_deinit(&pool->temp_nodes);
    rz_mutex_destroy(&pool->spill_mutex);
    rz_mutex_destroy(&pool->mutex);
    rz_mem_free(&pool->mem, pool->spill_name, pool->spill_name_size);
    rz_mem_free(&pool->mem, pool->temp_path, pool->temp_path_size);
    rz_mem_free(mem, pool, sizeof *pool);
}

/* Threads have stacks in different places, which spreads them over the shards well enough. */
static void pool_count_hits(rz_pool *pool, uint32_t hits)
{
    uint64_t place = (uint64_t)(uintptr_t)&hits >> 16;
    _Atomic uint64_t *counter = &pool->shards[rz_hash_u64(place) % POOL_SHARDS].hits;
    uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, count + hits, memory_order_relaxed);
}

void rz_pool_stats_get(rz_pool *pool, rz_pool_stats *out)
{
    rz_mutex_lock(&pool->mutex);
    out->pages_total = pool->max_frames;
    out->pages_used = pool->used_frames;
    out->pages_charged = pool_charged(pool, pool->used_frames);
    rz_mutex_unlock(&pool->mutex);
    out->hits = 0;
    for (uint32_t i = 0; i < POOL_SHARDS; i++) {
        out->hits += atomic_load_explicit(&pool->shards[i].hits, memory_order_relaxed);
    }
    out->misses = atomic_load_explicit(&pool->misses, memory_order_relaxed);
    out->evictions = atomic_load_explicit(&pool->evictions, memory_order_relaxed);
    out->dirty_writes = atomic_load_explicit(&pool->dirty_writes, memory_order_relaxed);
}

uint64_t rz_pool_pages_total(const rz_pool *pool)
{
    return pool->max_frames;
}

/* ---- states ---- */

/* Until the page is no longer LOCKED. By invariant (3) its owner does not wait for us. */
void rz_pool_wait(_Atomic uint64_t *word)
{
    for (uint32_t spin = 0;; spin++) {
        if ((atomic_load_explicit(word, memory_order_relaxed) & POOL_STATE_MASK) != POOL_LOCKED) {
            return;
        }
        if (spin >= POOL_SPINS) {
            rz_thread_yield();
        }
    }
}

/* Pins a page that is here: one compare-and-swap. Returns the state that stood in the way, or UNLOCKED when it is
 * pinned. */
RZ_FORCE_INLINE uint64_t pool_hit(_Atomic uint64_t *word, bool scan)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    for (;;) {
        uint64_t state = seen & POOL_STATE_MASK;
        if (state == POOL_EVICTED || state == POOL_LOCKED) {
            return state;
        }
        uint64_t next = scan ? seen : (seen & ~POOL_STATE_MASK) | POOL_UNLOCKED;
        RZ_ASSERT((seen & POOL_PIN_MASK) != POOL_PIN_MASK);
        /* Acquires the page's content (pairs with the release of pool_load_run). */
        if (atomic_compare_exchange_weak_explicit(word, &seen, next + POOL_PIN_ONE, memory_order_acquire,
                                                  memory_order_relaxed)) {
            return POOL_UNLOCKED;
        }
    }
}

/* Locks the missing pages at the beginning of words[0 .. count); returns how many. */
static uint32_t pool_lock_run(_Atomic uint64_t *words, uint32_t count)
{
    uint32_t locked = 0;
    while (locked < count) {
        uint64_t seen = atomic_load_explicit(&words[locked], memory_order_relaxed);
        if ((seen & POOL_STATE_MASK) != POOL_EVICTED ||
            !atomic_compare_exchange_strong_explicit(&words[locked], &seen, seen | POOL_LOCKED, memory_order_acquire,
                                                     memory_order_relaxed)) {
            break;
        }
        locked++;
    }
    return locked;
}

static void pool_unlock_run(_Atomic uint64_t *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = atomic_load_explicit(&words[i], memory_order_relaxed);
        atomic_store_explicit(&words[i], word & ~POOL_STATE_MASK, memory_order_release);
    }
}

/* ---- loading ---- */

typedef struct pool_load {
    uint32_t id;
    uint32_t count;
    const uint32_t *crcs; /* of the first page; NULL for temporary pages */
    bool scan;
    const char *what;
} pool_load;

static ruzu_status pool_verify_pages(const rz_pool *pool, const pool_load *load, const uint8_t *data, rz_error *err)
{
    for (uint32_t i = 0; i < load->count; i++) {
        uint32_t crc = rz_page_crc(pool->disk, load->id + i, data + (size_t)i * RZ_PAGE_SIZE);
        if (RZ_UNLIKELY(crc != load->crcs[i])) {
            rz_disk_note_corruption(pool->disk, load->id + i, load->what, crc, load->crcs[i]);
            return rz_error_set(err, RUZU_ERROR_CORRUPT,
                                "corrupt database: file '%s' page %u (%s): checksum 0x%08x, expected 0x%08x",
                                rz_disk_path(pool->disk), load->id + i, load->what, crc, load->crcs[i]);
        }
    }
    return RUZU_OK;
}

static ruzu_status pool_read_temp(rz_pool *pool, const _Atomic uint64_t *words, const pool_load *load, rz_error *err)
{
    for (uint32_t i = 0; i < load->count;) {
        uint32_t run = 0;
        while (i + run < load->count &&
               (atomic_load_explicit(&words[i + run], memory_order_relaxed) & POOL_SPILLED) != 0) {
            run++;
        }
        if (run > 0) {
            RZ_TRY(rz_spill_read(pool, load->id + i, run, err));
        }
        i += run + 1; /* the page that ended the run was never written: zero, by invariant (4) */
    }
    return RUZU_OK;
}

/* Which queue a loaded page goes to. Mutex held. */
static pool_queue_kind pool_choose_queue(const rz_pool *pool, const pool_load *load, uint64_t word)
{
    if (load->id & POOL_TEMP_BIT) {
        return POOL_QUEUE_TEMP;
    }
    if (!load->scan) {
        return POOL_QUEUE_HOT;
    }
    uint32_t version = (uint32_t)(word >> POOL_VERSION_SHIFT);
    uint32_t clock = atomic_load_explicit(&pool->eviction_clock, memory_order_relaxed);
    bool recent = version != 0 && clock - version < pool->queues[POOL_QUEUE_HOT].count;
    return recent ? POOL_QUEUE_HOT : POOL_QUEUE_COLD;
}

/* Brings LOCKED pages in and pins them once. On failure they are EVICTED again. */
static ruzu_status pool_load_run(rz_pool *pool, rz_pool_region *region, const pool_load *load, rz_error *err)
{
    uint32_t place = (load->id & ~POOL_TEMP_BIT) % RZ_REGION_PAGES;
    _Atomic uint64_t *words = region->words + place;
    uint8_t *data = region->data + (size_t)place * RZ_PAGE_SIZE;
    ruzu_status status = rz_evict_take(pool, load->count, err);
    if (status != RUZU_OK) {
        pool_unlock_run(words, load->count);
        return status;
    }
    if (load->id & POOL_TEMP_BIT) {
        status = pool_read_temp(pool, words, load, err);
    } else {
        status = rz_disk_read(pool->disk, load->id, load->count, data, err);
        if (status == RUZU_OK) {
            status = pool_verify_pages(pool, load, data, err);
        }
    }
    if (status != RUZU_OK) {
        rz_map_drop(data, (size_t)load->count * RZ_PAGE_SIZE);
        pool_unlock_run(words, load->count);
        (void)rz_evict_give(pool, load->count);
        return status;
    }
    atomic_fetch_add_explicit(&pool->misses, load->count, memory_order_relaxed);
    rz_mutex_lock(&pool->mutex);
    for (uint32_t i = 0; i < load->count; i++) {
        uint64_t word = atomic_load_explicit(&words[i], memory_order_relaxed);
        pool_queue_kind kind = pool_choose_queue(pool, load, word);
        rz_queue_push(pool, kind, load->id + i);
        word = (word & ~(POOL_STATE_MASK | POOL_QUEUE_MASK)) | POOL_MARKED | POOL_PIN_ONE |
               ((uint64_t)kind << POOL_QUEUE_SHIFT);
        /* Releases the content to pool_hit of others. */
        atomic_store_explicit(&words[i], word, memory_order_release);
    }
    rz_mutex_unlock(&pool->mutex);
    return RUZU_OK;
}

ruzu_status rz_pool_pin_run(rz_pool *pool, uint32_t id, uint32_t count, const uint32_t *crcs, bool scan,
                            const char *what, rz_error *err)
{
    rz_pool_region *region = NULL;
    uint64_t page = id & ~POOL_TEMP_BIT;
    RZ_TRY(rz_region_get(pool, pool_regions_of(pool, id), page, &region, err));
    _Atomic uint64_t *words = region->words + page % RZ_REGION_PAGES;
    uint32_t hits = 0;
    for (uint32_t i = 0; i < count;) {
        uint64_t state = pool_hit(&words[i], scan);
        if (RZ_LIKELY(state == POOL_UNLOCKED)) {
            hits++;
            i++;
            continue;
        }
        if (state == POOL_LOCKED) {
            rz_pool_wait(&words[i]);
            continue;
        }
        pool_load load = {.id = id + i, .crcs = crcs == NULL ? NULL : crcs + i, .scan = scan, .what = what};
        load.count = pool_lock_run(&words[i], count - i);
        if (load.count == 0) {
            continue; /* somebody was faster */
        }
        ruzu_status status = pool_load_run(pool, region, &load, err);
        if (status != RUZU_OK) {
            rz_pool_unpin_run(pool, id, i, false);
            return status;
        }
        i += load.count;
    }
    if (hits > 0) {
        pool_count_hits(pool, hits);
    }
    return RUZU_OK;
}

void rz_pool_unpin_run(rz_pool *pool, uint32_t id, uint32_t count, bool dirty)
{
    if (count == 0) {
        return;
    }
    _Atomic uint64_t *words = pool_word_of(pool, id);
    for (uint32_t i = 0; i < count; i++) {
        if (dirty) {
            atomic_fetch_or_explicit(&words[i], POOL_DIRTY, memory_order_relaxed);
        }
        /* Releases what this thread read and wrote to whoever evicts the page. */
        uint64_t before = atomic_fetch_sub_explicit(&words[i], POOL_PIN_ONE, memory_order_release);
        RZ_ASSERT((before & POOL_PIN_MASK) != 0);
        (void)before;
    }
}

/* ---- the file's pages ---- */

static ruzu_status pool_pin_stored(rz_pool *pool, const rz_stored_pages *pages, uint64_t first, uint32_t count,
                                   bool scan, const char *what, rz_pin *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    RZ_ASSERT(count > 0 && count <= RZ_WINDOW_PAGES && first + count <= pages->range.count);
    uint64_t page = pages->range.start + first;
    /* Ranges were claimed when they were loaded. This keeps a window inside its region whatever happens. */
    if (RZ_UNLIKELY(!rz_page_range_valid((rz_page_range){page, count}, RZ_HEADER_SLOTS, RZ_MAX_PAGES))) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT,
                            "corrupt database: file '%s' page %llu (%s): %u pages are not a range of the file",
                            rz_disk_path(pool->disk), (unsigned long long)page, what, count);
    }
    RZ_TRY(rz_pool_pin_run(pool, (uint32_t)page, count, pages->crcs + first, scan, what, err));
    out->data = pool_data_of(pool, (uint32_t)page);
    out->first_page = page;
    out->page_count = count;
    return RUZU_OK;
}

ruzu_status rz_pool_pin(rz_pool *pool, const rz_stored_pages *pages, uint64_t first, uint32_t count, const char *what,
                        rz_pin *out, rz_error *err)
{
    return pool_pin_stored(pool, pages, first, count, false, what, out, err);
}

ruzu_status rz_pool_pin_scan(rz_pool *pool, const rz_stored_pages *pages, uint64_t first, uint32_t count,
                             const char *what, rz_pin *out, rz_error *err)
{
    return pool_pin_stored(pool, pages, first, count, true, what, out, err);
}

void rz_pool_unpin(rz_pool *pool, rz_pin *pin)
{
    if (pin->page_count == 0) {
        return;
    }
    RZ_ASSERT(!pin->temp);
    rz_pool_unpin_run(pool, (uint32_t)pin->first_page, pin->page_count, false);
    memset(pin, 0, sizeof *pin);
}

/* ---- dropping ---- */

/* Makes a page ours if it is here. True when it is LOCKED by us now; out_queue is where it stands. */
static bool pool_seize(_Atomic uint64_t *word, pool_queue_kind *out_queue)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    for (;;) {
        uint64_t state = seen & POOL_STATE_MASK;
        if (state == POOL_LOCKED) {
            rz_pool_wait(word); /* another thread is just evicting it */
            seen = atomic_load_explicit(word, memory_order_acquire);
            continue;
        }
        bool here = state != POOL_EVICTED;
        bool pinned = (seen & POOL_PIN_MASK) != 0;
        RZ_ASSERT(!pinned);
        if (pinned) {
            return false;
        }
        if (!here && seen == 0) {
            return false;
        }
        /* Of a page that is not here, what is forgotten is its past: version and spilled content. */
        uint64_t next = here ? seen | POOL_LOCKED : 0;
        if (atomic_compare_exchange_strong_explicit(word, &seen, next, memory_order_acquire, memory_order_acquire)) {
            *out_queue = (pool_queue_kind)((seen & POOL_QUEUE_MASK) >> POOL_QUEUE_SHIFT);
            return here;
        }
    }
}

void rz_pool_discard(rz_pool *pool, uint32_t id, uint64_t count)
{
    rz_pool_region *region = pool_region_of(pool, id);
    if (region == NULL) {
        return;
    }
    uint32_t place = (id & ~POOL_TEMP_BIT) % RZ_REGION_PAGES;
    _Atomic uint64_t *words = region->words + place;
    uint64_t from = 0; /* pages [from, i) are LOCKED by us and out of the queues */
    for (uint64_t i = 0; i <= count; i++) {
        pool_queue_kind kind = POOL_QUEUE_NONE;
        bool seized = i < count && pool_seize(&words[i], &kind);
        if (seized) {
            rz_mutex_lock(&pool->mutex);
            rz_queue_remove(pool, kind, id + (uint32_t)i);
            rz_mutex_unlock(&pool->mutex);
            if (i + 1 - from < POOL_BATCH * 4) {
                continue;
            }
        }
        uint64_t end = seized ? i + 1 : i;
        if (end > from) {
            rz_map_drop(region->data + (size_t)(place + from) * RZ_PAGE_SIZE, (size_t)(end - from) * RZ_PAGE_SIZE);
            for (uint64_t j = from; j < end; j++) {
                atomic_store_explicit(&words[j], 0, memory_order_release);
            }
            (void)rz_evict_give(pool, end - from);
        }
        from = i + 1;
    }
}

void rz_pool_drop(rz_pool *pool, rz_page_range range)
{
    if (rz_page_range_valid(range, RZ_HEADER_SLOTS, RZ_MAX_PAGES)) {
        rz_pool_discard(pool, (uint32_t)range.start, range.count);
    }
}

/* ---- tests ---- */

static bool pool_verify_queue(rz_pool *pool, pool_queue_kind kind)
{
    const rz_pool_queue *queue = &pool->queues[kind];
    uint32_t last = POOL_NO_PAGE;
    uint64_t count = 0;
    for (uint32_t id = queue->head; id != POOL_NO_PAGE;) {
        const rz_pool_link *link = &pool_region_of(pool, id)->links[(id & ~POOL_TEMP_BIT) % RZ_REGION_PAGES];
        uint64_t word = atomic_load_explicit(pool_word_of(pool, id), memory_order_relaxed);
        uint64_t state = word & POOL_STATE_MASK;
        if (link->prev != last || ++count > queue->count || state == POOL_EVICTED || state == POOL_LOCKED ||
            (word & POOL_QUEUE_MASK) >> POOL_QUEUE_SHIFT != (uint64_t)kind) {
            return false;
        }
        last = id;
        id = link->next;
    }
    return count == queue->count && queue->tail == last;
}

bool rz_pool_verify(rz_pool *pool)
{
    rz_mutex_lock(&pool->mutex);
    uint64_t queued = 0;
    bool sound = pool->used_frames <= pool->max_frames && pool->queues[POOL_QUEUE_NONE].count == 0 &&
                 rz_page_set_verify(&pool->temp_space.free);
    for (uint32_t kind = POOL_QUEUE_COLD; kind < POOL_QUEUES; kind++) {
        sound = sound && pool_verify_queue(pool, (pool_queue_kind)kind);
        queued += pool->queues[kind].count;
    }
    sound = sound && queued == pool->used_frames;
    rz_mutex_unlock(&pool->mutex);
    return sound;
}
