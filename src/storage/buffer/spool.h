/* SPDX-License-Identifier: MIT */
/*
 * A spool: bytes written once from front to back and read from front to back, in memory up to a limit, then in temporary pages of the pool (which
 * spills them when memory is short). Holds no pin between calls. One thread.
 */
#ifndef RZ_STORAGE_BUFFER_SPOOL_H
#define RZ_STORAGE_BUFFER_SPOOL_H

#include "storage/buffer/buffer.h"

typedef struct rz_spool {
    rz_mem *mem;          /* borrowed */
    rz_pool *pool;        /* borrowed */
    size_t limit;         /* of memory; a multiple of the page size */
    uint8_t *memory;      /* owned: the bytes behind those in ranges */
    size_t capacity;
    size_t fill;
    rz_page_range *ranges; /* owned: temporary, limit bytes each */
    uint32_t range_count;
    uint32_t range_capacity;
} rz_spool;

void rz_spool_init(rz_spool *spool, rz_mem *mem, rz_pool *pool, size_t limit_bytes);
void rz_spool_deinit(rz_spool *spool);
void rz_spool_reset(rz_spool *spool); /* forgets the contents, keeps the memory */
uint64_t rz_spool_size(const rz_spool *spool);
RZ_NODISCARD ruzu_status rz_spool_append(rz_spool *spool, const void *data, size_t size, rz_error *err);
/* Moves what is in memory to temporary pages and frees the memory. Nothing may be appended afterwards. */
RZ_NODISCARD ruzu_status rz_spool_shed(rz_spool *spool, rz_error *err);

typedef struct rz_spool_reader {
    const rz_spool *spool;
    uint64_t off;
    uint8_t *buffer;   /* owned: RZ_SPOOL_READ bytes, when something lies in pages */
    uint64_t buffer_off;
    size_t buffer_size;
} rz_spool_reader;

#define RZ_SPOOL_READ ((size_t)4 * RZ_PAGE_SIZE)

void rz_spool_reader_init(rz_spool_reader *reader, const rz_spool *spool);
void rz_spool_reader_deinit(rz_spool_reader *reader);
/* The next bytes in place: at most `most` of them, at least one unless the end is reached (*out_size 0). Valid until the next call. When `most` and all sizes
 * asked for are multiples of 8, so is *out_size. */
RZ_NODISCARD ruzu_status rz_spool_next(rz_spool_reader *reader, size_t most, const uint8_t **out, size_t *out_size, rz_error *err);
/* Exactly size bytes, copied; CORRUPT when fewer are left. */
RZ_NODISCARD ruzu_status rz_spool_read(rz_spool_reader *reader, void *out, size_t size, rz_error *err);

#endif
