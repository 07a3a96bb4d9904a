/* SPDX-License-Identifier: MIT */
/*
 * Packed arrays on pages: immutable arrays of bit-packed integers over one or more page ranges (extents), shared by index levels and CSR groups.
 *
 * An object (a level, a group) is one to three arrays. When all of them fit into RZ_EXTENT_PAGES pages they lie one after the other in one
 * extent; else each array has extents of its own and is cut at a multiple of 64 values, so that no value straddles two extents:
 *
 *   small    extent 0: [array 0][array 1][array 2]
 *   large    extent 0: [array 0]   extent 1, 2, …: [array 1, values 0 … per_extent) [values per_extent … ) …   next extents: [array 2] …
 *
 * Each piece is rz_packed_bytes(values, width) long (a multiple of 8, with 8 bytes of padding); an array of width 0 takes no bytes. The
 * layout follows from counts and widths alone (rz_parray_layout), so a directory stores only those, the ranges and the CRCs.
 *
 * A reader pins windows of an extent (rz_window): the address of the extent's first byte is known as soon as any of its pages is pinned, because
 * a page range is contiguous memory; only bytes that the window covers may be touched.
 */
#ifndef RZ_STORAGE_INDEX_PARRAY_H
#define RZ_STORAGE_INDEX_PARRAY_H

#include "storage/buffer/buffer.h"
#include "storage/column/column.h"

#ifdef RZ_TINY
#define RZ_EXTENT_PAGES 4u
#else
#define RZ_EXTENT_PAGES 4096u /* 16 MiB */
#endif
#define RZ_PARRAY_MAX 3u /* arrays of one object */

/* The page ranges of one object. */
typedef struct rz_extents {
    rz_stored_pages *items; /* owned */
    uint32_t *crcs;         /* owned: of all pages, extent after extent; items point into it */
    uint32_t count;
    uint32_t page_count; /* of all extents */
} rz_extents;

void rz_extents_free(rz_extents *extents, rz_mem *mem); /* memory only; empty afterwards */
/* The pages go back to the disk and their frames out of the pool. */
void rz_extents_give_back(const rz_extents *extents, rz_disk *disk, rz_pool *pool);
/* rz_disk_claim for every extent; rz_disk_take_logged when they are from a log. */
RZ_NODISCARD ruzu_status rz_extents_claim(const rz_extents *extents, rz_disk *disk, bool logged, const char *what, rz_error *err);
/* rz_disk_hold for every extent; pages that could not be marked only cost space should the process crash. */
void rz_extents_hold(const rz_extents *extents, rz_disk *disk);
void rz_extents_unhold(const rz_extents *extents, rz_disk *disk); /* the next header refers to them after all */
uint64_t rz_extents_bytes(const rz_extents *extents); /* of memory, for accounting */

/* One array. */
typedef struct rz_parray {
    uint64_t count;
    uint64_t base;         /* added to each stored value */
    uint32_t width;        /* bits a value, 0 … 64 */
    uint32_t first_extent; /* filled by the layout … */
    uint32_t byte_off;     /* … of value 0 within its extent */
    uint64_t per_extent;   /* values an extent; >= count when there is one */
} rz_parray;

/* Places of count arrays; how many pages each extent takes goes to pages (room for *out_extents, at most `capacity`; NULL to only count).
 * False when the sizes overflow what a file can hold. */
bool rz_parray_layout(rz_parray *arrays, uint32_t count, uint64_t *pages, uint32_t capacity, uint32_t *out_extents);

/* Directory form: the ranges and CRCs. Decoding checks them against the layout of the arrays (CORRUPT). */
void rz_extents_encode(const rz_extents *extents, rz_str *out);
RZ_NODISCARD ruzu_status rz_extents_decode(rz_reader *reader, rz_parray *arrays, uint32_t count, rz_mem *mem, const char *what,
                                           rz_extents *out, rz_error *err);

/* Calls walk for every range of encoded extents, and moves the reader behind them. */
RZ_NODISCARD ruzu_status rz_extents_walk(rz_reader *reader, const rz_page_walk *walk, rz_error *err);

/* ---- writing: one writer serves many objects, one after the other ---- */

typedef struct rz_parray_writer {
    rz_mem *mem;   /* borrowed */
    rz_disk *disk; /* borrowed */
    rz_parray *arrays; /* borrowed from begin to finish */
    uint32_t array_count;
    uint32_t array;      /* the one being written */
    uint64_t value;      /* values of it pushed so far, buffered ones included */
    uint32_t buffered;   /* of them in values */
    uint64_t *values;    /* owned */
    uint8_t *bytes;      /* owned: pages not yet written */
    size_t fill;         /* bytes in use */
    rz_extents extents;  /* being built */
    uint32_t extent;     /* the one being written */
    uint64_t extent_page; /* pages of it written */
    uint32_t crc_count;
} rz_parray_writer;

void rz_parray_writer_init(rz_parray_writer *writer, rz_mem *mem, rz_disk *disk);
void rz_parray_writer_deinit(rz_parray_writer *writer); /* gives the pages of an unfinished object back */
/* Lays out the arrays (count, base and width are set) and takes the pages. */
RZ_NODISCARD ruzu_status rz_parray_begin(rz_parray_writer *writer, rz_parray *arrays, uint32_t count, rz_error *err);
/* The next values, with the base (each < base + 2^width): all of array 0, then all of array 1, …; a call may not cross arrays. */
RZ_NODISCARD ruzu_status rz_parray_push(rz_parray_writer *writer, const uint64_t *values, uint64_t count, rz_error *err);
RZ_NODISCARD ruzu_status rz_parray_push_u32(rz_parray_writer *writer, const uint32_t *values, uint64_t count, rz_error *err);
/* All values have been pushed: the extents are the caller's. */
RZ_NODISCARD ruzu_status rz_parray_finish(rz_parray_writer *writer, rz_extents *out, rz_error *err);
void rz_parray_abort(rz_parray_writer *writer);

/* ---- reading ---- */

typedef struct rz_window {
    const rz_stored_pages *pages; /* the extent; NULL: holds nothing */
    const uint8_t *extent_data;   /* address of the extent's first byte */
    uint64_t first_byte;          /* covered bytes of the extent */
    uint64_t end_byte;
    rz_pin pin;
} rz_window;

/* What a reader needs to pin. */
typedef struct rz_window_source {
    rz_pool *pool;
    const char *what; /* for messages */
} rz_window_source;

void rz_window_release(rz_window *window, rz_pool *pool);
RZ_NODISCARD ruzu_status rz_window_pin(rz_window *window, const rz_window_source *source, const rz_stored_pages *pages, uint64_t first_byte,
                                       uint64_t end_byte, uint64_t ahead_bytes, rz_error *err);

/* Makes the window cover bytes [first_byte, end_byte) of the extent (at most RZ_WINDOW_PAGES - 1 pages of them) and, when it has to pin, as much of the
 * ahead_bytes behind as fits. */
static inline ruzu_status rz_window_cover(rz_window *window, const rz_window_source *source, const rz_stored_pages *pages,
                                          uint64_t first_byte, uint64_t end_byte, uint64_t ahead_bytes, rz_error *err)
{
    if (RZ_LIKELY(window->pages == pages && first_byte >= window->first_byte && end_byte <= window->end_byte)) {
        return RUZU_OK;
    }
    return rz_window_pin(window, source, pages, first_byte, end_byte, ahead_bytes, err);
}

/* Most values that one cover may ask for, whatever their width. */
#define RZ_WINDOW_VALUES ((uint64_t)((RZ_WINDOW_PAGES - 2u) * (RZ_PAGE_SIZE / 8u)))

/* Covers values [first, first + count) of one piece of the array; then *out_data with *out_first is what rz_unpack and rz_packed_get want. count >= 1,
 * at most RZ_WINDOW_VALUES, within one extent. */
static inline ruzu_status rz_parray_cover(rz_window *window, const rz_window_source *source, const rz_extents *extents, const rz_parray *array,
                                          uint64_t first, uint64_t count, uint64_t ahead_bytes, const uint8_t **out_data, uint64_t *out_first,
                                          rz_error *err)
{
    uint32_t extent = array->first_extent;
    uint64_t local = first;
    if (array->width == 0) { /* all values are the base: there is no byte, perhaps no extent */
        *out_data = NULL;
        *out_first = 0;
        return RUZU_OK;
    }
    if (RZ_UNLIKELY(first >= array->per_extent)) {
        extent += (uint32_t)(first / array->per_extent);
        local = first % array->per_extent;
    }
    uint64_t first_byte = array->byte_off + ((local * array->width) >> 3);
    /* The word of the last value, and the byte behind it that rz_packed_get may look at: within the piece, thanks to its padding. */
    uint64_t end_byte = array->byte_off + (((local + count - 1) * array->width) >> 3) + 9;
    ruzu_status status = rz_window_cover(window, source, &extents->items[extent], first_byte, end_byte, ahead_bytes, err);
    *out_data = window->extent_data + array->byte_off;
    *out_first = local;
    return status;
}

/* Values [first, first + count) with the base, any count, across extents. */
RZ_NODISCARD ruzu_status rz_parray_read(rz_window *window, const rz_window_source *source, const rz_extents *extents, const rz_parray *array,
                                        uint64_t first, uint64_t count, uint64_t base, uint64_t *out, rz_error *err);

/* ---- sorting of integers ---- */

/* Sorts keys (and, when payload is not NULL, payload along with them) by bits [low_bit, high_bit) of the keys, stable. The scratch arrays are as long as
 * the arrays. The result stands in keys and payload. */
void rz_radix_sort(uint64_t *keys, uint64_t *keys_scratch, uint32_t *payload, uint32_t *payload_scratch, uint64_t count, uint32_t low_bit,
                   uint32_t high_bit);

#endif
