/* SPDX-License-Identifier: MIT */
/*
 * Regions: reserved address space of 1 GiB each, with one word and one queue link per page. They are added when a page
 * of them is first needed and stay until the pool is destroyed; what they hold in memory is only the frames in use, and
 * the words and links of pages that have been touched (1/256 of their size at most, not charged).
 */
#include "storage/buffer/pool.h"

#include <errno.h>

#define REGION_DATA_BYTES  ((size_t)RZ_REGION_PAGES * RZ_PAGE_SIZE)
#define REGION_WORDS_BYTES ((size_t)RZ_REGION_PAGES * sizeof(uint64_t))
#define REGION_LINKS_BYTES ((size_t)RZ_REGION_PAGES * sizeof(rz_pool_link))

RZ_STATIC_ASSERT(sizeof(_Atomic uint64_t) == sizeof(uint64_t), "page words are mapped as plain memory");

rz_pool_region *rz_region_find(rz_pool_regions *regions, uint64_t page)
{
    uint64_t idx = page / RZ_REGION_PAGES;
    /* Both loads pair with the release stores of region_add. */
    rz_pool_region_block *block = atomic_load_explicit(&regions->blocks[idx / POOL_REGION_BLOCK], memory_order_acquire);
    if (RZ_UNLIKELY(block == NULL)) {
        return NULL;
    }
    return atomic_load_explicit(&block->regions[idx % POOL_REGION_BLOCK], memory_order_acquire);
}

static void region_free(rz_pool *pool, rz_pool_region *region)
{
    rz_map_release(region->data, REGION_DATA_BYTES);
    rz_map_release(region->words_map, REGION_WORDS_BYTES);
    rz_map_release(region->links, REGION_LINKS_BYTES);
    rz_mem_free(&pool->mem, region, sizeof *region);
}

static RZ_COLD ruzu_status region_refused(int errno_value, rz_error *err)
{
    char cause[64];
    return rz_error_set(
        err, RUZU_ERROR_NO_MEMORY,
        "Cannot reserve %zu bytes of address space for the buffer pool: %s (it takes no memory before it "
        "is used; see vm.overcommit_memory and ulimit -v)",
        REGION_DATA_BYTES, rz_os_error_text(errno_value, cause, sizeof cause));
}

static ruzu_status region_add(rz_pool *pool, rz_pool_regions *regions, uint64_t idx, rz_error *err)
{
    rz_pool_region_block *_Atomic *slot = &regions->blocks[idx / POOL_REGION_BLOCK];
    rz_pool_region_block *block = atomic_load_explicit(slot, memory_order_relaxed);
    if (block == NULL) {
        block = (rz_pool_region_block *)rz_mem_alloc(&pool->mem, sizeof *block);
        RZ_TRY_ALLOC(block, err, "adding a region to the buffer pool");
        for (uint32_t i = 0; i < POOL_REGION_BLOCK; i++) {
            atomic_init(&block->regions[i], NULL);
        }
        atomic_store_explicit(slot, block, memory_order_release);
    }
    if (atomic_load_explicit(&block->regions[idx % POOL_REGION_BLOCK], memory_order_relaxed) != NULL) {
        return RUZU_OK; /* another thread was first */
    }
    rz_pool_region *region = (rz_pool_region *)rz_mem_alloc(&pool->mem, sizeof *region);
    RZ_TRY_ALLOC(region, err, "adding a region to the buffer pool");
    region->data = (uint8_t *)rz_map_reserve(REGION_DATA_BYTES);
    region->words_map = rz_map_reserve(REGION_WORDS_BYTES);
    region->words = (_Atomic uint64_t *)region->words_map; /* zero: all EVICTED */
    region->links = (rz_pool_link *)rz_map_reserve(REGION_LINKS_BYTES);
    if (region->data == NULL || region->words == NULL || region->links == NULL) {
        int cause = errno;
        region_free(pool, region);
        return region_refused(cause, err);
    }
    atomic_store_explicit(&block->regions[idx % POOL_REGION_BLOCK], region, memory_order_release);
    return RUZU_OK;
}

ruzu_status rz_region_get(rz_pool *pool, rz_pool_regions *regions, uint64_t page, rz_pool_region **out, rz_error *err)
{
    *out = rz_region_find(regions, page);
    if (RZ_LIKELY(*out != NULL)) {
        return RUZU_OK;
    }
    for (;;) {
        rz_error reason;
        rz_error_init(&reason);
        rz_mutex_lock(&pool->mutex);
        ruzu_status status = region_add(pool, regions, page / RZ_REGION_PAGES, &reason);
        rz_mutex_unlock(&pool->mutex);
        if (status == RUZU_OK) {
            *out = rz_region_find(regions, page);
            return RUZU_OK;
        }
        if (status != RUZU_ERROR_NO_MEMORY || !rz_evict_relieve(pool)) {
            return rz_error_copy(err, &reason);
        }
    }
}

void rz_regions_release(rz_pool *pool, rz_pool_regions *regions)
{
    for (uint32_t i = 0; i < POOL_REGION_BLOCKS; i++) {
        rz_pool_region_block *block = atomic_load_explicit(&regions->blocks[i], memory_order_relaxed);
        for (uint32_t j = 0; block != NULL && j < POOL_REGION_BLOCK; j++) {
            rz_pool_region *region = atomic_load_explicit(&block->regions[j], memory_order_relaxed);
            if (region != NULL) {
                region_free(pool, region);
            }
        }
        rz_mem_free(&pool->mem, block, sizeof *block);
    }
}
