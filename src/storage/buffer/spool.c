/* SPDX-License-Identifier: MIT */
/*
 * Spools. The memory grows by doubling to its limit; then all of it moves to one temporary range and filling starts again.
 */
#include "storage/buffer/spool.h"

#define SPOOL_FIRST ((size_t)RZ_PAGE_SIZE)
#define SPOOL_COPY_PAGES 4u /* pinned at a time */

void rz_spool_init(rz_spool *spool, rz_mem *mem, rz_pool *pool, size_t limit_bytes)
{
    size_t pages = (limit_bytes + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
    *spool = (rz_spool){.mem = mem, .pool = pool, .limit = (pages == 0 ? 1 : pages) * RZ_PAGE_SIZE};
}

void rz_spool_reset(rz_spool *spool)
{
    for (uint32_t i = 0; i < spool->range_count; i++) {
        rz_pool_temp_free(spool->pool, spool->ranges[i]);
    }
    spool->range_count = 0;
    spool->fill = 0;
}

void rz_spool_deinit(rz_spool *spool)
{
    if (spool->mem == NULL) {
        return;
    }
    rz_spool_reset(spool);
    rz_mem_free(spool->mem, spool->ranges, spool->range_capacity * sizeof *spool->ranges);
    rz_mem_free(spool->mem, spool->memory, spool->capacity);
    *spool = (rz_spool){0};
}

uint64_t rz_spool_size(const rz_spool *spool)
{
    uint64_t ranges = spool->range_count;
    if (spool->memory == NULL && ranges != 0) { /* shed: the last range has `fill` bytes */
        ranges--;
    }
    return ranges * spool->limit + spool->fill;
}

/* The memory's bytes to a new temporary range. */
static ruzu_status spool_flush(rz_spool *spool, rz_error *err)
{
    if (spool->range_count == spool->range_capacity) {
        uint32_t capacity = spool->range_capacity == 0 ? 8 : spool->range_capacity * 2;
        rz_page_range *ranges = (rz_page_range *)rz_mem_realloc(spool->mem, spool->ranges, spool->range_capacity * sizeof *ranges,
                                                                capacity * sizeof *ranges);
        RZ_TRY_ALLOC(ranges, err, "spilling");
        spool->ranges = ranges;
        spool->range_capacity = capacity;
    }
    rz_page_range range;
    RZ_TRY(rz_pool_temp_allocate(spool->pool, spool->limit / RZ_PAGE_SIZE, &range, err));
    spool->ranges[spool->range_count++] = range;
    for (uint64_t page = 0; page * RZ_PAGE_SIZE < spool->fill; page += SPOOL_COPY_PAGES) {
        uint64_t left = range.count - page;
        uint32_t count = left < SPOOL_COPY_PAGES ? (uint32_t)left : SPOOL_COPY_PAGES;
        size_t bytes = spool->fill - page * RZ_PAGE_SIZE;
        bytes = bytes < count * (size_t)RZ_PAGE_SIZE ? bytes : count * (size_t)RZ_PAGE_SIZE;
        rz_pin pin;
        uint8_t *data;
        RZ_TRY(rz_pool_temp_pin(spool->pool, range, page, count, &pin, &data, err));
        memcpy(data, spool->memory + page * RZ_PAGE_SIZE, bytes);
        rz_pool_temp_unpin(spool->pool, &pin, true);
    }
    return RUZU_OK;
}

ruzu_status rz_spool_append(rz_spool *spool, const void *data, size_t size, rz_error *err)
{
    const uint8_t *bytes = (const uint8_t *)data;
    while (size != 0) {
        if (spool->fill == spool->capacity) {
            if (spool->capacity == spool->limit) {
                RZ_TRY(spool_flush(spool, err));
                spool->fill = 0;
            } else {
                size_t capacity = spool->capacity == 0 ? SPOOL_FIRST : spool->capacity * 2;
                capacity = capacity < spool->limit ? capacity : spool->limit;
                uint8_t *memory = (uint8_t *)rz_mem_realloc(spool->mem, spool->memory, spool->capacity, capacity);
                RZ_TRY_ALLOC(memory, err, "collecting rows");
                spool->memory = memory;
                spool->capacity = capacity;
            }
        }
        size_t take = spool->capacity - spool->fill;
        take = take < size ? take : size;
        memcpy(spool->memory + spool->fill, bytes, take);
        spool->fill += take;
        bytes += take;
        size -= take;
    }
    return RUZU_OK;
}

/* The last range is not full then: `fill` keeps saying how many of its bytes count. */
ruzu_status rz_spool_shed(rz_spool *spool, rz_error *err)
{
    if (spool->memory == NULL || spool->fill == 0) {
        return RUZU_OK;
    }
    RZ_TRY(spool_flush(spool, err));
    rz_mem_free(spool->mem, spool->memory, spool->capacity);
    spool->memory = NULL;
    spool->capacity = 0;
    return RUZU_OK;
}

/* ---- reading ---- */

void rz_spool_reader_init(rz_spool_reader *reader, const rz_spool *spool)
{
    *reader = (rz_spool_reader){.spool = spool};
}

void rz_spool_reader_deinit(rz_spool_reader *reader)
{
    if (reader->spool != NULL && reader->buffer != NULL) {
        rz_mem_free(reader->spool->mem, reader->buffer, RZ_SPOOL_READ);
    }
    *reader = (rz_spool_reader){0};
}

/* Brings the pages around reader->off into the buffer. */
static ruzu_status spool_load(rz_spool_reader *reader, rz_error *err)
{
    const rz_spool *spool = reader->spool;
    rz_page_range range = spool->ranges[reader->off / spool->limit];
    uint64_t page = reader->off % spool->limit / RZ_PAGE_SIZE;
    uint64_t left = range.count - page;
    uint32_t count = left < RZ_SPOOL_READ / RZ_PAGE_SIZE ? (uint32_t)left : (uint32_t)(RZ_SPOOL_READ / RZ_PAGE_SIZE);
    rz_pin pin;
    uint8_t *data;
    if (reader->buffer == NULL) {
        reader->buffer = (uint8_t *)rz_mem_alloc(spool->mem, RZ_SPOOL_READ);
        RZ_TRY_ALLOC(reader->buffer, err, "reading spilled rows");
    }
    RZ_TRY(rz_pool_temp_pin(spool->pool, range, page, count, &pin, &data, err));
    memcpy(reader->buffer, data, count * (size_t)RZ_PAGE_SIZE);
    rz_pool_temp_unpin(spool->pool, &pin, false);
    reader->buffer_off = reader->off / RZ_PAGE_SIZE * RZ_PAGE_SIZE;
    reader->buffer_size = count * (size_t)RZ_PAGE_SIZE;
    return RUZU_OK;
}

ruzu_status rz_spool_next(rz_spool_reader *reader, size_t most, const uint8_t **out, size_t *out_size, rz_error *err)
{
    const rz_spool *spool = reader->spool;
    uint64_t in_pages = (uint64_t)spool->range_count * spool->limit;
    uint64_t left = rz_spool_size(spool) - reader->off;
    most = left < most ? (size_t)left : most;
    *out_size = most;
    *out = NULL;
    if (most == 0) {
        return RUZU_OK;
    }
    if (reader->off >= in_pages) {
        *out = spool->memory + (reader->off - in_pages);
    } else {
        if (reader->off < reader->buffer_off || reader->off >= reader->buffer_off + reader->buffer_size) {
            RZ_TRY(spool_load(reader, err));
        }
        size_t at = (size_t)(reader->off - reader->buffer_off);
        *out = reader->buffer + at;
        *out_size = most < reader->buffer_size - at ? most : reader->buffer_size - at;
    }
    reader->off += *out_size;
    return RUZU_OK;
}

ruzu_status rz_spool_read(rz_spool_reader *reader, void *out, size_t size, rz_error *err)
{
    uint8_t *to = (uint8_t *)out;
    while (size != 0) {
        const uint8_t *bytes;
        size_t got;
        RZ_TRY(rz_spool_next(reader, size, &bytes, &got, err));
        if (got == 0) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "spilled rows end early.");
        }
        memcpy(to, bytes, got);
        to += got;
        size -= got;
    }
    return RUZU_OK;
}
