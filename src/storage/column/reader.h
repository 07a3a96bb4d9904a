/* SPDX-License-Identifier: MIT */
/*
 * Private structure of column readers: a tree that mirrors the type, each node with the windows it has pinned.
 *
 * Decoding works in chunks of at most RZ_VECTOR_CAPACITY rows. Bytes of a section come through rz_col_fetch (a run that must fit a window) or through
 * rz_col_access (scattered places, nearly always in the window at hand). Both keep a few windows per section pinned until rz_col_reader_release.
 */
#ifndef RZ_COLUMN_READER_H
#define RZ_COLUMN_READER_H

#include "storage/column/kernels.h"
#include "storage/column/packed.h"
#include "storage/column/segment.h"

#define RZ_COL_WINDOWS 4u      /* pinned per section */
#define RZ_COL_AHEAD_PAGES 16u /* pinned at once by scans */
#define RZ_COL_WINDOW_BYTES ((uint64_t)RZ_WINDOW_PAGES * RZ_PAGE_SIZE)

typedef struct rz_col_window {
    rz_pin pin; /* page_count 0: empty */
    uint64_t first_page; /* number in the file */
} rz_col_window;

typedef struct rz_col_stream {
    rz_col_window windows[RZ_COL_WINDOWS];
    uint32_t last; /* used last */
    uint32_t next; /* to be replaced next */
} rz_col_stream;

/* A decoded dictionary of strings, kept while reading on in the same part. */
typedef struct rz_col_dictionary {
    bool present;
    uint64_t key_page; /* which part: first page and the CRCs of its pages */
    uint64_t key_hash;
    uint64_t rows_seen; /* of the part since it became current: decides when decoding it pays */
    uint32_t count;
    uint64_t byte_count;
    rz_string *entries; /* long ones point into the heap of the current call, where epochs[i] == epoch */
    uint32_t *epochs;
    uint64_t *offsets; /* count + 1: the source of entry i is bytes[offsets[i] …] */
    char *bytes;
    uint32_t epoch; /* of the current call */
} rz_col_dictionary;

typedef struct rz_col_overlay_reader rz_col_overlay_reader; /* overlay.c */

struct rz_col_reader {
    rz_mem *mem;      /* borrowed */
    rz_pool *pool;    /* borrowed */
    const rz_type *type; /* borrowed */
    const char *what; /* borrowed: for messages */
    rz_physical physical;
    uint32_t size;    /* bytes a row in a flat vector */
    rz_col_stream streams[RZ_SECTION_COUNT];
    uint64_t *values;  /* owned: RZ_VECTOR_CAPACITY + 1 decoded values or positions */
    uint32_t *lengths; /* owned: RZ_VECTOR_CAPACITY + 1; also narrow values */
    uint32_t *positions; /* owned, LIST only: RZ_VECTOR_CAPACITY elements to gather */
    rz_col_dictionary dictionary;
    struct rz_col_reader *children; /* owned */
    uint32_t child_count;
    rz_col_overlay_reader *overlay; /* owned, of a root; NULL until a segment with an overlay was read */
};

/* Rows of a vector to be written: rows[i], or start + i when rows is NULL. */
typedef struct rz_col_target {
    rz_vec *out;
    const uint32_t *rows;
    uint32_t start;
} rz_col_target;

static inline uint32_t rz_col_target_at(const rz_col_target *target, uint32_t i)
{
    return target->rows == NULL ? target->start + i : target->rows[i];
}

/* Raises CORRUPT for a part. */
ruzu_status rz_col_corrupt(const rz_col_reader *reader, const rz_part *part, const char *problem, rz_error *err) RZ_COLD;

/* Pins bytes [off, off + size) of a section; size plus a page must fit a window. scan: reading goes on behind them. */
RZ_NODISCARD ruzu_status rz_col_fetch(rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t off, uint64_t size, bool scan,
                                      const uint8_t **out, rz_error *err);

/* Fetches the bytes of packed values [first, first + count), to be read on; *out points to value 0 as rz_unpack wants it, with *out_first the number of
 * `first` there. */
RZ_NODISCARD ruzu_status rz_col_fetch_packed(rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t first, uint32_t count,
                                             uint32_t width, const uint8_t **out, uint64_t *out_first, rz_error *err);

/* Scattered reads of one section. */
typedef struct rz_col_access {
    rz_col_reader *reader;
    const rz_part *part;
    rz_section section;
    uint32_t window_pages; /* pages to pin at a miss, when there are as many */
    uint64_t first_page;   /* windows begin at multiples of window_pages from this page of the part */
    const uint8_t *data;   /* of byte `low` */
    uint64_t low, high;    /* bytes of the section that are pinned at data */
    ruzu_status status;
    rz_error *err;
} rz_col_access;

/* lowest … highest: the bytes that will be touched, by count reads, ascending when sorted; decides how much to pin at a time. */
void rz_col_access_begin(rz_col_access *access, rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t lowest, uint64_t highest,
                         uint64_t count, bool sorted, rz_error *err);
const uint8_t *rz_col_access_miss(rz_col_access *access, uint64_t off, uint64_t size);

/* size bytes at off, or NULL with access->status set. */
static inline const uint8_t *rz_col_access_get(rz_col_access *access, uint64_t off, uint64_t size)
{
    if (RZ_LIKELY(off >= access->low && off + size <= access->high)) {
        return access->data + (off - access->low);
    }
    return rz_col_access_miss(access, off, size);
}

/* Packed value idx through an access; 0 with access->status set on failure. */
static inline uint64_t rz_col_access_packed(rz_col_access *access, uint64_t idx, uint32_t width)
{
    if (width == 0) {
        return 0;
    }
    uint64_t bit = idx * width;
    uint32_t shift = (uint32_t)(bit & 7);
    const uint8_t *p = rz_col_access_get(access, bit >> 3, 9);
    if (RZ_UNLIKELY(p == NULL)) {
        return 0;
    }
    uint64_t value = rz_load_u64(p) >> shift;
    if (shift + width > 64) {
        value |= (uint64_t)p[8] << (64 - shift);
    }
    return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

/* ---- decoding, one chunk (count <= RZ_VECTOR_CAPACITY) of one part; rows count from the part's first ---- */

/* Least and greatest value (count >= 1); true when they ascend. */
bool rz_col_bounds(const uint64_t *values, uint32_t count, uint64_t *out_low, uint64_t *out_high);

/* values[i] = packed value number values[i]. */
RZ_NODISCARD ruzu_status rz_col_gather_packed(rz_col_reader *reader, const rz_part *part, rz_section section, uint32_t width, uint64_t *values,
                                              uint32_t count, rz_error *err);

RZ_NODISCARD ruzu_status rz_col_read_fixed(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target,
                                           rz_error *err);
/* Rows in reader->values. */
RZ_NODISCARD ruzu_status rz_col_gather_fixed(rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err);
RZ_NODISCARD ruzu_status rz_col_read_strings(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target,
                                             rz_error *err);
RZ_NODISCARD ruzu_status rz_col_gather_strings(rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err);
void rz_col_dictionary_free(rz_col_reader *reader);
/* Adds the bytes that rz_col_read_strings copies for those rows, rather more than less. */
RZ_NODISCARD ruzu_status rz_col_string_bytes(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, uint64_t *io_bytes, rz_error *err);
/* Unpacks entries [first, first + count] of an offsets array into reader->values and checks them; *out_long gets the sum of the lengths above 12. */
RZ_NODISCARD ruzu_status rz_col_string_offsets(rz_col_reader *reader, const rz_part *part, rz_section section, uint32_t width, uint64_t first, uint32_t count,
                                               uint64_t *out_long, rz_error *err);
/* Whether `count` more rows of the part should be read through the decoded dictionary; decodes it when it is time. */
RZ_NODISCARD ruzu_status rz_col_dictionary_use(rz_col_reader *reader, const rz_part *part, uint32_t count, bool *out_use, rz_error *err);
/* Codes of rows [row, row + count) of a DICTIONARY part into reader->lengths, each below aux_count. */
RZ_NODISCARD ruzu_status rz_col_read_codes(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_error *err);

/* rz_col_filter for strings: rows of one part; those that are NULL are the caller's. */
RZ_NODISCARD ruzu_status rz_col_filter_text(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_col_text *text, uint64_t *bits,
                                            bool *out_done, rz_error *err);

/* Whole trees: rows of the segment. */
RZ_NODISCARD ruzu_status rz_col_read_tree(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint64_t count, rz_vec *out,
                                          uint32_t out_start, rz_error *err);
/* Row rows[i] into out_rows[i], or out_start + i when out_rows is NULL. */
RZ_NODISCARD ruzu_status rz_col_gather_tree(rz_col_reader *reader, const rz_segment *segment, const uint32_t *rows, const uint32_t *out_rows,
                                            uint32_t out_start, uint32_t count, rz_vec *out, rz_error *err);

/* Of a segment with an overlay: what that has over what the base gave; rz_col_filter of both. */
RZ_NODISCARD ruzu_status rz_col_overlay_read(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *out,
                                             uint32_t out_start, rz_error *err);
/* How many values of rows [first, first + count) it has. */
RZ_NODISCARD ruzu_status rz_col_overlay_count(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, uint32_t *out, rz_error *err);
/* Those values into rows start … of entries, and codes[i] to where row first + i has its value there. */
RZ_NODISCARD ruzu_status rz_col_overlay_entries(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *entries,
                                                uint32_t start, uint32_t *codes, rz_error *err);
RZ_NODISCARD ruzu_status rz_col_overlay_bytes(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, uint64_t *io_bytes,
                                              rz_error *err);
RZ_NODISCARD ruzu_status rz_col_overlay_gather(rz_col_reader *reader, const rz_segment *segment, const uint32_t *rows, const uint32_t *out_rows,
                                               uint32_t count, rz_vec *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_col_overlay_filter(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const rz_col_range *range,
                                               uint64_t *bits, bool *out_done, rz_error *err);
/* rz_col_filter as if there were no overlay. */
RZ_NODISCARD ruzu_status rz_col_filter_base(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const rz_col_range *range,
                                            uint64_t *bits, bool *out_done, rz_error *err);
void rz_col_overlay_reader_release(rz_col_reader *reader);
void rz_col_overlay_reader_free(rz_col_reader *reader);

/* LIST and ARRAY, one chunk. For the gather the rows stand in reader->values. */
RZ_NODISCARD ruzu_status rz_col_read_lists(rz_col_reader *reader, const rz_segment *segment, const rz_part *part, uint32_t row, uint32_t count,
                                           const rz_col_target *target, rz_error *err);
RZ_NODISCARD ruzu_status rz_col_gather_lists(rz_col_reader *reader, const rz_segment *segment, const rz_part *part, uint32_t count,
                                             const rz_col_target *target, rz_error *err);

#endif
