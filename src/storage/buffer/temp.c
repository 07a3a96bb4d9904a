/* SPDX-License-Identifier: MIT */
/*
 * Temporary pages: ranges of a space of their own, kept in the pool like other pages and written to a spill file before
 * they are evicted. Page n has its place at offset n * RZ_PAGE_SIZE. The file has no name while it is used and is as
 * long as the pages that were ever spilled need; it is cut when ranges at the end are freed.
 *
 * Its contents are not verified: it does not outlive the process.
 */
#include "storage/buffer/pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEMP_CUT_PAGES   4096u /* shorten the file when so much of its end is free, or everything */
#define TEMP_SPARE_NODES 64u

/* ---- the spill file ---- */

bool rz_spill_possible(const rz_pool *pool)
{
    return pool->temp_path != NULL && !atomic_load_explicit(&pool->spill_forbidden, memory_order_relaxed);
}

void rz_pool_allow_spill(rz_pool *pool, bool allowed)
{
    atomic_store_explicit(&pool->spill_forbidden, !allowed, memory_order_relaxed);
}

static RZ_COLD ruzu_status spill_error(ruzu_status status, int errno_value, const char *operation, const char *name,
                                       uint64_t off, uint64_t size, rz_error *err)
{
    char cause[64];
    return rz_error_set(err, status, "Cannot %s temporary file '%s' (offset %llu, %llu bytes): %s", operation, name,
                        (unsigned long long)off, (unsigned long long)size,
                        rz_os_error_text(errno_value, cause, sizeof cause));
}

static ruzu_status spill_open_locked(rz_pool *pool, rz_file **out, rz_error *err)
{
    *out = atomic_load_explicit(&pool->spill_file, memory_order_relaxed);
    if (*out != NULL) {
        return RUZU_OK;
    }
    rz_vfs *vfs = rz_disk_vfs(pool->disk);
    char *name = pool->spill_name;
    ruzu_status status = RUZU_OK;
    rz_file *file = NULL;
    for (uint32_t tries = 0; tries < 4; tries++) {
        uint64_t digits = 0;
        vfs->random(vfs, &digits, sizeof digits);
        (void)snprintf(name, pool->spill_name_size, "%s.%u.%016llx", pool->temp_path, rz_process_id(), (unsigned long long)digits);
        status = vfs->open(vfs, name, RZ_OPEN_WRITE | RZ_OPEN_TEMP, &file);
        if (status == RUZU_OK || errno != EEXIST) {
            break;
        }
    }
    if (status != RUZU_OK) {
        status = spill_error(status, errno, "create", name, 0, 0, err);
    } else {
        atomic_store_explicit(&pool->spill_file, file, memory_order_release);
        *out = file;
    }
    return status;
}

ruzu_status rz_spill_write(rz_pool *pool, uint32_t id, uint32_t count, rz_error *err)
{
    /* Pairs with the release of spill_open_locked. */
    rz_file *file = atomic_load_explicit(&pool->spill_file, memory_order_acquire);
    if (file == NULL) {
        rz_mutex_lock(&pool->spill_mutex);
        ruzu_status status = spill_open_locked(pool, &file, err);
        rz_mutex_unlock(&pool->spill_mutex);
        RZ_TRY(status);
    }
    uint64_t off = (uint64_t)(id & ~POOL_TEMP_BIT) * RZ_PAGE_SIZE;
    size_t size = (size_t)count * RZ_PAGE_SIZE;
    ruzu_status status = rz_disk_vfs(pool->disk)->write(file, pool_data_of(pool, id), size, off);
    if (status != RUZU_OK) {
        return spill_error(status, errno, "write", pool->temp_path, off, size, err);
    }
    return RUZU_OK;
}

ruzu_status rz_spill_read(rz_pool *pool, uint32_t id, uint32_t count, rz_error *err)
{
    rz_file *file = atomic_load_explicit(&pool->spill_file, memory_order_acquire);
    uint64_t off = (uint64_t)(id & ~POOL_TEMP_BIT) * RZ_PAGE_SIZE;
    size_t size = (size_t)count * RZ_PAGE_SIZE;
    size_t got = 0;
    ruzu_status status = rz_disk_vfs(pool->disk)->read(file, pool_data_of(pool, id), size, off, &got);
    if (status != RUZU_OK) {
        return spill_error(status, errno, "read", pool->temp_path, off, size, err);
    }
    if (got < size) {
        return spill_error(RUZU_ERROR_IO, EIO, "read", pool->temp_path, off, size, err);
    }
    return RUZU_OK;
}

/* ---- ranges ---- */

ruzu_status rz_pool_temp_allocate(rz_pool *pool, uint64_t page_count, rz_page_range *out, rz_error *err)
{
    out->start = 0;
    out->count = 0;
    if (page_count == 0 || page_count > RZ_REGION_PAGES) {
        return rz_error_set(err, RUZU_ERROR_LIMIT,
                            "Cannot allocate %llu contiguous temporary pages: a range has 1 to %u",
                            (unsigned long long)page_count, RZ_REGION_PAGES);
    }
    bool spares = false;
    bool done = false;
    do {
        rz_mutex_lock(&pool->mutex);
        spares = rz_page_nodes_reserve(&pool->temp_nodes, TEMP_SPARE_NODES);
        done = spares && rz_space_allocate(&pool->temp_space, page_count, RZ_MAX_PAGES - 1, out);
        rz_mutex_unlock(&pool->mutex);
    } while (!spares && rz_evict_relieve(pool));
    if (!spares) {
        return rz_error_no_memory(err, "allocating temporary pages");
    }
    if (!done) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Cannot allocate %llu temporary pages: there are too many already",
                            (unsigned long long)page_count);
    }
    rz_pool_region *region = NULL;
    ruzu_status status = rz_region_get(pool, &pool->temp_regions, out->start, &region, err);
    if (status != RUZU_OK) {
        rz_pool_temp_free(pool, *out);
        out->start = 0;
        out->count = 0;
    }
    return status;
}

void rz_pool_temp_free(rz_pool *pool, rz_page_range range)
{
    if (range.count == 0) {
        return;
    }
    rz_pool_discard(pool, (uint32_t)range.start | POOL_TEMP_BIT, range.count);
    rz_mutex_lock(&pool->mutex);
    if (!rz_space_give(&pool->temp_space, range)) {
        /* No memory to note it: the numbers are lost until the pool is destroyed, their memory and frames are not. */
        rz_mutex_unlock(&pool->mutex);
        return;
    }
    uint64_t before = pool->temp_space.end;
    (void)rz_space_trim(&pool->temp_space);
    uint64_t end = pool->temp_space.end;
    rz_file *file = atomic_load_explicit(&pool->spill_file, memory_order_acquire);
    /* Under the mutex on purpose: nobody gets a page of the tail, and so writes it, before it is cut off. */
    if (file != NULL && before != end && (end == 0 || before - end >= TEMP_CUT_PAGES)) {
        (void)rz_disk_vfs(pool->disk)->truncate(file, end * RZ_PAGE_SIZE);
    }
    rz_mutex_unlock(&pool->mutex);
}

uint64_t rz_pool_temp_spilled(rz_pool *pool, rz_page_range range)
{
    uint64_t spilled = 0;
    for (uint64_t i = 0; i < range.count; i++) {
        uint64_t word = atomic_load_explicit(pool_word_of(pool, (uint32_t)(range.start + i) | POOL_TEMP_BIT), memory_order_relaxed);
        spilled += (word & POOL_SPILLED) != 0;
    }
    return spilled;
}

ruzu_status rz_pool_temp_pin(rz_pool *pool, rz_page_range range, uint64_t first, uint32_t count, rz_pin *out,
                             uint8_t **out_data, rz_error *err)
{
    memset(out, 0, sizeof *out);
    *out_data = NULL;
    RZ_ASSERT(count > 0 && count <= RZ_WINDOW_PAGES && first + count <= range.count);
    uint32_t id = (uint32_t)(range.start + first) | POOL_TEMP_BIT;
    RZ_TRY(rz_pool_pin_run(pool, id, count, NULL, false, "temporary page", err));
    out->first_page = range.start + first;
    out->page_count = count;
    out->temp = true;
    *out_data = pool_data_of(pool, id);
    out->data = *out_data;
    return RUZU_OK;
}

void rz_pool_temp_unpin(rz_pool *pool, rz_pin *pin, bool dirty)
{
    if (pin->page_count == 0) {
        return;
    }
    RZ_ASSERT(pin->temp);
    rz_pool_unpin_run(pool, (uint32_t)pin->first_page | POOL_TEMP_BIT, pin->page_count, dirty);
    memset(pin, 0, sizeof *pin);
}
