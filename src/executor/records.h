/* SPDX-License-Identifier: MIT */
/*
 * Records: byte strings appended one after the other and read back in order, in bounded memory (private to the executor). Everything that has to wait — rows of
 * results, runs of a sort, partitions of an aggregation — waits here.
 *
 * Blocks: the first ones are small and on the heap, so that tiny queries stay cheap; later ones are temporary pages of the pool, pinned only while they are written or
 * read, so that the pool may spill them. Memory addresses of pages do not change: a pinned block is one contiguous piece, whatever its size.
 *
 *   block: { u32 size, bytes, padding to 8 } …
 */
#ifndef RZ_EXECUTOR_RECORDS_H
#define RZ_EXECUTOR_RECORDS_H

#include "storage/buffer/buffer.h"

typedef struct rz_records rz_records;

RZ_NODISCARD ruzu_status rz_records_create(rz_mem *mem, rz_pool *pool, rz_records **out, rz_error *err);
/* The same for one of many that are written side by side: small blocks, so that few pages are pinned together. */
RZ_NODISCARD ruzu_status rz_records_create_part(rz_mem *mem, rz_pool *pool, rz_records **out, rz_error *err);
void rz_records_free(rz_records *records); /* NULL is fine */
/* Room for a record of size bytes behind the others: *out is 8-aligned and stays valid until the next call on records. */
RZ_NODISCARD ruzu_status rz_records_add(rz_records *records, uint32_t size, uint8_t **out, rz_error *err);
/* No more records for now: the last block may be spilled too. Appending may go on later. */
void rz_records_seal(rz_records *records);
/* Moves all of from's records behind those of records; frees from. */
RZ_NODISCARD ruzu_status rz_records_take(rz_records *records, rz_records *from, rz_error *err);
/* The same, but from stays, empty. Cheap when records is empty: from gets the memory that records had. */
RZ_NODISCARD ruzu_status rz_records_move(rz_records *records, rz_records *from, rz_error *err);
/* Forgets all records; keeps the first block if it is a small one. */
void rz_records_clear(rz_records *records);
uint64_t rz_records_count(const rz_records *records);
uint64_t rz_records_bytes(const rz_records *records);
uint64_t rz_records_widest(const rz_records *records); /* bytes of the largest block: what a cursor pins */

/* Reads in order. A cursor pins the block it stands in; close it. Zero-initialise, then rz_records_open. */
typedef struct rz_records_cursor {
    rz_records *records;
    uint32_t block;
    uint64_t off;
    const uint8_t *data;   /* the pinned block, or NULL */
    rz_pin *pins;
    uint32_t pin_count;
} rz_records_cursor;
void rz_records_open(rz_records *records, rz_records_cursor *cursor);
/* *out is NULL at the end. It stays valid until the cursor leaves its block: with `same_block_only`, a record of the next block is not fetched (*out NULL,
 * *out_block_end true), so that several records can be used together. */
RZ_NODISCARD ruzu_status rz_records_next(rz_records_cursor *cursor, bool same_block_only, const uint8_t **out, uint32_t *out_size, bool *out_block_end, rz_error *err);
void rz_records_close(rz_records_cursor *cursor);

#endif
