/* SPDX-License-Identifier: MIT */
/*
 * The pages of a database in memory. They stand in reserved maps of one region each, so that a page has a fixed place
 * and can be given back to the system alone; a page is charged to the disk's account from its allocation until it is
 * freed.
 */
#include "storage/page/disk.h"

#include <errno.h>

#define MEMORY_REGION_BYTES ((size_t)RZ_REGION_PAGES * RZ_PAGE_SIZE)

uint8_t *rz_memory_page(rz_disk *disk, uint64_t page)
{
    uint64_t region = page / RZ_REGION_PAGES;
    if (region >= (uint64_t)DISK_REGION_BLOCKS * DISK_REGION_BLOCK) {
        return NULL;
    }
    /* Both loads pair with the release stores of memory_region_add. */
    rz_memory_block *block =
        atomic_load_explicit(&disk->regions.blocks[region / DISK_REGION_BLOCK], memory_order_acquire);
    if (block == NULL) {
        return NULL;
    }
    uint8_t *base = atomic_load_explicit(&block->regions[region % DISK_REGION_BLOCK], memory_order_acquire);
    return base == NULL ? NULL : base + page % RZ_REGION_PAGES * RZ_PAGE_SIZE;
}

static ruzu_status memory_region_add(rz_disk *disk, uint64_t region, rz_error *err)
{
    rz_memory_block *_Atomic *slot = &disk->regions.blocks[region / DISK_REGION_BLOCK];
    rz_memory_block *block = atomic_load_explicit(slot, memory_order_relaxed);
    if (block == NULL) {
        block = (rz_memory_block *)rz_mem_alloc(disk->mem, sizeof *block);
        RZ_TRY_ALLOC(block, err, "adding a region");
        for (uint32_t i = 0; i < DISK_REGION_BLOCK; i++) {
            atomic_init(&block->regions[i], NULL);
        }
        atomic_store_explicit(slot, block, memory_order_release);
    }
    if (atomic_load_explicit(&block->regions[region % DISK_REGION_BLOCK], memory_order_relaxed) == NULL) {
        uint8_t *base = (uint8_t *)rz_map_reserve(MEMORY_REGION_BYTES);
        if (base == NULL) {
            char cause[64];
            return rz_error_set(err, RUZU_ERROR_NO_MEMORY,
                                "Cannot reserve %zu bytes of address space for the database in memory: %s (see "
                                "vm.overcommit_memory and ulimit -v)",
                                MEMORY_REGION_BYTES, rz_os_error_text(errno, cause, sizeof cause));
        }
        atomic_store_explicit(&block->regions[region % DISK_REGION_BLOCK], base, memory_order_release);
    }
    return RUZU_OK;
}

ruzu_status rz_memory_add(rz_disk *disk, rz_page_range range, rz_error *err)
{
    RZ_TRY(memory_region_add(disk, range.start / RZ_REGION_PAGES, err));
    if (!rz_mem_charge(disk->mem, range.count * RZ_PAGE_SIZE)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT,
                            "The database in memory has reached memory_limit: no room for another %llu bytes",
                            (unsigned long long)(range.count * RZ_PAGE_SIZE));
    }
    disk->memory_pages += range.count;
    return RUZU_OK;
}

void rz_memory_drop(rz_disk *disk, rz_page_range range)
{
    rz_map_drop(rz_memory_page(disk, range.start), (size_t)(range.count * RZ_PAGE_SIZE));
    rz_mem_uncharge(disk->mem, range.count * RZ_PAGE_SIZE);
    disk->memory_pages -= range.count;
}

void rz_memory_release(rz_disk *disk)
{
    rz_mem_uncharge(disk->mem, disk->memory_pages * RZ_PAGE_SIZE);
    for (uint32_t i = 0; i < DISK_REGION_BLOCKS; i++) {
        rz_memory_block *block = atomic_load_explicit(&disk->regions.blocks[i], memory_order_relaxed);
        for (uint32_t j = 0; block != NULL && j < DISK_REGION_BLOCK; j++) {
            rz_map_release(atomic_load_explicit(&block->regions[j], memory_order_relaxed), MEMORY_REGION_BYTES);
        }
        rz_mem_free(disk->mem, block, sizeof *block);
    }
}
