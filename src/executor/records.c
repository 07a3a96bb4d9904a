/* SPDX-License-Identifier: MIT */
/*
 * Records in blocks that the buffer pool may spill.
 */
#include "executor/records.h"

#include <string.h>

#define RECORDS_FIRST_BLOCK 4096u           /* heap blocks: 4 KiB, 16 KiB, … */
#define RECORDS_HEAP_BLOCKS 3u
#define RECORDS_BLOCK_PAGES RZ_WINDOW_PAGES /* a block of the pool, unless one record is larger */
#define RECORDS_PART_PAGES 4u               /* the same for parts */
#define RECORDS_PART_HEAP_BLOCKS 1u

typedef struct records_block {
    uint8_t *heap;        /* owned; NULL: pages */
    rz_page_range range;  /* temporary pages */
    uint64_t size;        /* bytes */
    uint64_t used;
    uint64_t count;       /* records */
} records_block;

struct rz_records {
    rz_mem *mem;
    rz_pool *pool;
    records_block *blocks;
    uint32_t block_count;
    uint32_t block_capacity;
    uint32_t block_pages;
    uint32_t heap_blocks;
    uint64_t count;
    uint64_t bytes;
    uint8_t *writing;     /* start of the last block while it is pinned for writing */
    rz_pin *pins;
    uint32_t pin_count;
};

ruzu_status rz_records_create(rz_mem *mem, rz_pool *pool, rz_records **out, rz_error *err)
{
    *out = (rz_records *)rz_mem_calloc(mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "keeping rows");
    (*out)->mem = mem;
    (*out)->pool = pool;
    (*out)->block_pages = RECORDS_BLOCK_PAGES;
    (*out)->heap_blocks = RECORDS_HEAP_BLOCKS;
    return RUZU_OK;
}

ruzu_status rz_records_create_part(rz_mem *mem, rz_pool *pool, rz_records **out, rz_error *err)
{
    RZ_TRY(rz_records_create(mem, pool, out, err));
    (*out)->block_pages = RECORDS_PART_PAGES;
    (*out)->heap_blocks = RECORDS_PART_HEAP_BLOCKS;
    return RUZU_OK;
}

/* Pins all pages of a block. Windows of a contiguous range are contiguous memory. */
static ruzu_status records_pin(rz_records *records, const records_block *block, rz_pin **out_pins, uint32_t *out_count, uint8_t **out_data, rz_error *err)
{
    uint32_t windows = (uint32_t)((block->range.count + RZ_WINDOW_PAGES - 1) / RZ_WINDOW_PAGES);
    rz_pin *pins = (rz_pin *)rz_mem_calloc(records->mem, windows, sizeof *pins);
    RZ_TRY_ALLOC(pins, err, "reading kept rows");
    for (uint32_t i = 0; i < windows; i++) {
        uint64_t first = (uint64_t)i * RZ_WINDOW_PAGES;
        uint64_t count = block->range.count - first < RZ_WINDOW_PAGES ? block->range.count - first : RZ_WINDOW_PAGES;
        uint8_t *data = NULL;
        ruzu_status status = rz_pool_temp_pin(records->pool, block->range, first, (uint32_t)count, &pins[i], &data, err);
        if (status != RUZU_OK) {
            for (uint32_t j = 0; j < i; j++) {
                rz_pool_temp_unpin(records->pool, &pins[j], false);
            }
            rz_mem_free(records->mem, pins, windows * sizeof *pins);
            return status;
        }
        *out_data = i == 0 ? data : *out_data;
    }
    *out_pins = pins;
    *out_count = windows;
    return RUZU_OK;
}

static void records_unpin(rz_records *records, rz_pin **pins, uint32_t *count, bool dirty)
{
    for (uint32_t i = 0; i < *count; i++) {
        rz_pool_temp_unpin(records->pool, &(*pins)[i], dirty);
    }
    rz_mem_free(records->mem, *pins, *count * sizeof **pins);
    *pins = NULL;
    *count = 0;
}

void rz_records_seal(rz_records *records)
{
    records_unpin(records, &records->pins, &records->pin_count, true);
    records->writing = NULL;
}

static void records_free_blocks(rz_records *records, uint32_t first)
{
    for (uint32_t i = first; i < records->block_count; i++) {
        records_block *block = &records->blocks[i];
        if (block->heap != NULL) {
            rz_mem_free(records->mem, block->heap, (size_t)block->size);
        } else {
            rz_mem_note_spilled(records->mem, rz_pool_temp_spilled(records->pool, block->range) * RZ_PAGE_SIZE);
            rz_pool_temp_free(records->pool, block->range);
        }
    }
    records->block_count = records->block_count < first ? records->block_count : first;
}

void rz_records_clear(rz_records *records)
{
    rz_records_seal(records);
    bool keeps = records->block_count != 0 && records->blocks[0].heap != NULL && records->blocks[0].size <= RECORDS_FIRST_BLOCK;
    records_free_blocks(records, keeps ? 1 : 0);
    if (keeps) {
        records->blocks[0].used = 0;
        records->blocks[0].count = 0;
    }
    records->count = 0;
    records->bytes = 0;
}

void rz_records_free(rz_records *records)
{
    if (records == NULL) {
        return;
    }
    rz_records_seal(records);
    records_free_blocks(records, 0);
    rz_mem_free(records->mem, records->blocks, records->block_capacity * sizeof(records_block));
    rz_mem_free(records->mem, records, sizeof *records);
}

static ruzu_status records_reserve_blocks(rz_records *records, uint32_t count, rz_error *err)
{
    if (count <= records->block_capacity) {
        return RUZU_OK;
    }
    uint32_t capacity = records->block_capacity * 2 < count ? count + 3 : records->block_capacity * 2;
    records_block *blocks =
        (records_block *)rz_mem_realloc(records->mem, records->blocks, records->block_capacity * sizeof *blocks, capacity * sizeof *blocks);
    RZ_TRY_ALLOC(blocks, err, "keeping rows");
    records->blocks = blocks;
    records->block_capacity = capacity;
    return RUZU_OK;
}

/* Opens a new last block with room for need bytes. */
static ruzu_status records_new_block(rz_records *records, uint64_t need, rz_error *err)
{
    rz_records_seal(records);
    RZ_TRY(records_reserve_blocks(records, records->block_count + 1, err));
    records_block block = {0};
    uint64_t heap_size = records->block_count < records->heap_blocks ? (uint64_t)RECORDS_FIRST_BLOCK << (2 * records->block_count) : 0;
    if (need <= heap_size) {
        block.heap = (uint8_t *)rz_mem_alloc(records->mem, (size_t)heap_size);
        RZ_TRY_ALLOC(block.heap, err, "keeping rows");
        block.size = heap_size;
        records->writing = block.heap;
    } else {
        uint64_t pages = (need + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
        RZ_TRY(rz_pool_temp_allocate(records->pool, pages < records->block_pages ? records->block_pages : pages, &block.range, err));
        block.size = block.range.count * RZ_PAGE_SIZE;
        ruzu_status status = records_pin(records, &block, &records->pins, &records->pin_count, &records->writing, err);
        if (status != RUZU_OK) {
            rz_pool_temp_free(records->pool, block.range);
            return status;
        }
    }
    records->blocks[records->block_count++] = block;
    return RUZU_OK;
}

ruzu_status rz_records_add(rz_records *records, uint32_t size, uint8_t **out, rz_error *err)
{
    uint64_t need = 8 + (((uint64_t)size + 7) & ~UINT64_C(7));
    records_block *block = records->block_count == 0 ? NULL : &records->blocks[records->block_count - 1];
    if (block != NULL && records->writing == NULL && block->size - block->used >= need) { /* sealed before: go on in it */
        if (block->heap != NULL) {
            records->writing = block->heap;
        } else {
            RZ_TRY(records_pin(records, block, &records->pins, &records->pin_count, &records->writing, err));
        }
    }
    if (block == NULL || block->size - block->used < need) {
        RZ_TRY(records_new_block(records, need, err));
        block = &records->blocks[records->block_count - 1];
    }
    uint8_t *place = records->writing + block->used;
    rz_store_u32(place, size);
    *out = place + 8;
    block->used += need;
    block->count++;
    records->count++;
    records->bytes += need;
    return RUZU_OK;
}

ruzu_status rz_records_take(rz_records *records, rz_records *from, rz_error *err)
{
    RZ_TRY(rz_records_move(records, from, err));
    rz_records_free(from);
    return RUZU_OK;
}

ruzu_status rz_records_move(rz_records *records, rz_records *from, rz_error *err)
{
    rz_records_seal(records);
    rz_records_seal(from);
    if (records->count == 0 && records->mem == from->mem && records->block_pages == from->block_pages) {
        rz_records old = *records;
        *records = *from;
        *from = old;
        return RUZU_OK;
    }
    RZ_TRY(records_reserve_blocks(records, records->block_count + from->block_count, err));
    if (from->block_count != 0) {
        memcpy(records->blocks + records->block_count, from->blocks, from->block_count * sizeof(records_block));
    }
    records->block_count += from->block_count;
    records->count += from->count;
    records->bytes += from->bytes;
    from->block_count = 0;
    from->count = 0;
    from->bytes = 0;
    return RUZU_OK;
}

uint64_t rz_records_count(const rz_records *records)
{
    return records->count;
}

uint64_t rz_records_bytes(const rz_records *records)
{
    return records->bytes;
}

uint64_t rz_records_widest(const rz_records *records)
{
    uint64_t widest = 0;
    for (uint32_t i = 0; i < records->block_count; i++) {
        widest = records->blocks[i].size > widest ? records->blocks[i].size : widest;
    }
    return widest;
}

/* ---- reading ---- */

void rz_records_open(rz_records *records, rz_records_cursor *cursor)
{
    memset(cursor, 0, sizeof *cursor);
    cursor->records = records;
}

static void cursor_leave(rz_records_cursor *cursor)
{
    records_unpin(cursor->records, &cursor->pins, &cursor->pin_count, false);
    cursor->data = NULL;
}

void rz_records_close(rz_records_cursor *cursor)
{
    if (cursor->records != NULL) {
        cursor_leave(cursor);
    }
}

ruzu_status rz_records_next(rz_records_cursor *cursor, bool same_block_only, const uint8_t **out, uint32_t *out_size, bool *out_block_end, rz_error *err)
{
    rz_records *records = cursor->records;
    *out = NULL;
    *out_block_end = false;
    while (cursor->block < records->block_count) {
        const records_block *block = &records->blocks[cursor->block];
        if (cursor->off == block->used) {
            if (same_block_only && cursor->data != NULL) {
                *out_block_end = true;
                return RUZU_OK;
            }
            cursor_leave(cursor);
            cursor->block++;
            cursor->off = 0;
            continue;
        }
        if (cursor->data == NULL) {
            uint8_t *data = block->heap;
            if (data == NULL) {
                RZ_TRY(records_pin(records, block, &cursor->pins, &cursor->pin_count, &data, err));
            }
            cursor->data = data;
        }
        const uint8_t *record = cursor->data + cursor->off;
        *out_size = rz_load_u32(record);
        *out = record + 8;
        cursor->off += 8 + (((uint64_t)*out_size + 7) & ~UINT64_C(7));
        return RUZU_OK;
    }
    return RUZU_OK;
}
