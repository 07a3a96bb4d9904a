/* SPDX-License-Identifier: MIT */
/*
 * storage/column: immutable column segments: codecs, null bitmaps, zone maps, O(1) random access.
 *
 * Purpose   turns up to RZ_ROW_GROUP_ROWS values of one column into a segment on pages, and reads it back: by block, or at any rows.
 * Model     a segment is a tree that mirrors the type: STRUCT has a child segment per field, LIST/MAP offsets + one child segment with all elements, ARRAY one child with
 *           rows * array_length elements, UNION tag + members. A leaf's data is one page range (strings: dictionary or plain offsets + bytes), cut into several ranges
 *           at block borders where it exceeds 16 MiB. The codec is chosen per segment from the values: constant, frame-of-reference bit-packed, RLE, dictionary, bitmap, plain.
 * Must not  know transactions or tables.
 * Threads   a segment is immutable and shared; readers and builders belong to one thread.
 * More      docs/file-format.md ("Segments").
 */
#ifndef RZ_STORAGE_COLUMN_COLUMN_H
#define RZ_STORAGE_COLUMN_COLUMN_H

#include "storage/buffer/buffer.h"
#include "types/types.h"

typedef struct rz_segment rz_segment; /* metadata of one column of one row group, in an arena; immutable */

/* ---- building ---- */

typedef struct rz_col_builder rz_col_builder;

/* Collects values of one column (buffers charged to mem), then writes them. */
RZ_NODISCARD ruzu_status rz_col_builder_create(rz_mem *mem, const rz_type *type, rz_col_builder **out, rz_error *err);
void rz_col_builder_free(rz_col_builder *builder);
/* Appends the selected rows of vec (any kind). */
RZ_NODISCARD ruzu_status rz_col_builder_append(rz_col_builder *builder, const rz_vec *vec, const rz_sel *sel, rz_error *err);
uint64_t rz_col_builder_rows(const rz_col_builder *builder);
uint64_t rz_col_builder_bytes(const rz_col_builder *builder); /* memory held */
/*
 * Writes the rows that are held, if they are texts that take more than most_bytes, and forgets them: the column gets several parts then, and takes no more memory than that
 * however long it becomes. disk and arena: those of the rz_col_builder_finish to come. Pages of a builder that is freed before it go back.
 */
RZ_NODISCARD ruzu_status rz_col_builder_cut(rz_col_builder *builder, uint64_t most_bytes, rz_disk *disk, rz_arena *arena, rz_error *err);
/* Chooses codecs, allocates ranges, writes pages (through the disk manager, not the pool), returns the metadata in arena, empties the builder for reuse.
 * On failure the ranges taken are given back. */
RZ_NODISCARD ruzu_status rz_col_builder_finish(rz_col_builder *builder, rz_disk *disk, rz_arena *arena, rz_segment **out, rz_error *err);

/* ---- metadata ---- */

uint64_t rz_segment_rows(const rz_segment *segment);
uint64_t rz_segment_null_count(const rz_segment *segment);
/* Name and bit width as storage_info shows them, e.g. "BITPACKED", 7; and the pages of the whole tree. */
const char *rz_segment_codec_name(const rz_segment *segment, uint32_t *out_bit_width);
uint64_t rz_segment_page_count(const rz_segment *segment);
uint64_t rz_segment_first_page(const rz_segment *segment); /* of the root's first part; 0: it has none */
/* Calls fn for every page range of the tree (claiming at load, freeing). */
typedef ruzu_status (*rz_range_fn)(void *user, rz_page_range range, rz_error *err);
RZ_NODISCARD ruzu_status rz_segment_each_range(const rz_segment *segment, rz_range_fn fn, void *user, rz_error *err);
void rz_segment_encode(const rz_segment *segment, rz_str *out);
/* Every count, width and range is checked against the type (RUZU_ERROR_CORRUPT). */
RZ_NODISCARD ruzu_status rz_segment_decode(rz_reader *reader, const rz_type *type, rz_arena *arena, rz_segment **out, rz_error *err);

/* Calls walk for every page range of the encoded segment at the reader, which it moves behind it. CORRUPT when the bytes end too early. */
RZ_NODISCARD ruzu_status rz_segment_walk(rz_reader *reader, const rz_type *type, const rz_page_walk *walk, rz_error *err);
/* Reads every row and compares it with what the metadata say (NULL counts, zone maps). what: "table Person, column name"; first_row: of the segment in its
 * table. Damage is reported; fails only where the check itself cannot go on. */
RZ_NODISCARD ruzu_status rz_segment_check(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t first_row,
                                          rz_inspector *inspector, rz_error *err);

/*
 * A segment with new values of some rows over those of `base` (overlay.c). rows: numbers of type UINT32, ascending; values: as many. All three are borrowed, as `mem`, to
 * which what readers share is charged. written: pages that overlays of this base have cost. The result is in arena, and rz_segment_overlay_free has to be called before that
 * goes. It reads like any other; rz_segment_each_range and rz_segment_encode are about the base's part of it.
 */
RZ_NODISCARD ruzu_status rz_segment_overlay_make(const rz_segment *base, const rz_segment *rows, const rz_segment *values, uint64_t written, rz_mem *mem,
                                                 rz_arena *arena, rz_segment **out, rz_error *err);
void rz_segment_overlay_free(rz_segment *segment); /* one without an overlay is fine */
bool rz_segment_overlaid(const rz_segment *segment);
uint64_t rz_segment_overlay_written(const rz_segment *segment); /* 0 without an overlay */
/* Sets the bits (room for a row group) of the rows that the overlay has. */
RZ_NODISCARD ruzu_status rz_segment_overlay_rows(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t *bits, rz_error *err);
/* The overlay's own ranges, encoded form, and walking that. */
RZ_NODISCARD ruzu_status rz_segment_overlay_each_range(const rz_segment *segment, rz_range_fn fn, void *user, rz_error *err);
void rz_segment_overlay_encode(const rz_segment *segment, rz_str *out);
RZ_NODISCARD ruzu_status rz_segment_overlay_decode(rz_reader *reader, const rz_segment *base, rz_mem *mem, rz_arena *arena, rz_segment **out,
                                                   rz_error *err);
RZ_NODISCARD ruzu_status rz_segment_overlay_walk(rz_reader *reader, const rz_type *type, const rz_page_walk *walk, rz_error *err);

/* Zone map of block `block_idx` (RZ_VECTOR_CAPACITY rows), or of the whole segment with UINT32_MAX. False when there is none for this type.
 * Integers, dates, timestamps, booleans as int64; unsigned as uint64 bits; doubles as double bits: compare with rz_zone_excludes. */
typedef struct rz_zone {
    uint64_t min_bits;
    uint64_t max_bits;
    uint32_t null_count;
    bool all_null;
} rz_zone;
bool rz_segment_zone(const rz_segment *segment, uint32_t block_idx, rz_zone *out);
/* The bounds as numbers, for estimates. False: all NULL, NaN, or the type's bounds are no numbers. */
bool rz_zone_range(const rz_type *type, const rz_zone *zone, double *out_min, double *out_max);
typedef enum rz_compare_op { RZ_CMP_EQ, RZ_CMP_NE, RZ_CMP_LT, RZ_CMP_LE, RZ_CMP_GT, RZ_CMP_GE } rz_compare_op;
/* True when no row of the zone can satisfy `column op value` (value of the column's type, not NULL). */
bool rz_zone_excludes(const rz_type *type, const rz_zone *zone, rz_compare_op op, const rz_value *value);

/* What a text is tested for: its order beside another one, or whether that is a part of it. */
typedef enum rz_text_op { RZ_TEXT_COMPARE, RZ_TEXT_STARTS, RZ_TEXT_ENDS, RZ_TEXT_CONTAINS } rz_text_op;

/* A test of strings, with what it remembers of the dictionary of the part that it was last used on: each entry is tested once, when it is first met. One thread. */
typedef struct rz_col_text {
    rz_text_op op;
    rz_compare_op compare; /* RZ_TEXT_COMPARE */
    bool negated;          /* what does not pass passes; NULL never does */
    rz_string part;        /* what texts are compared with; its bytes are the caller's */
    rz_mem *mem;           /* borrowed: for the verdicts */
    uint8_t *verdicts;     /* owned: one per entry */
    uint32_t capacity;     /* of verdicts */
    uint64_t key_page;     /* which part: see rz_col_dictionary */
    uint64_t key_hash;
} rz_col_text;

/* A comparison with a constant as a range of keys (unsigned, in the order of the type), so that encoded values can be tested without decoding them; or a
 * test of texts. */
typedef struct rz_col_range {
    uint64_t low, high; /* inclusive; low > high: no value */
    bool outside;       /* what is not in between passes */
    rz_col_text *text;  /* borrowed; not NULL: strings are tested for this instead */
} rz_col_range;
/* For a column of type STRING; false for other types and for a NULL. The value's bytes must outlive the test. */
bool rz_col_text_init(rz_col_text *text, rz_mem *mem, const rz_type *type, rz_text_op op, rz_compare_op compare, bool negated, const rz_value *value);
void rz_col_text_deinit(rz_col_text *text);
/* Whether one text passes. */
bool rz_col_text_passes(const rz_col_text *text, const char *data, size_t length);
/* Integers, dates, timestamps and booleans; false for other types and for a NULL constant. */
bool rz_col_range_make(const rz_type *type, rz_compare_op op, const rz_value *value, rz_col_range *out);
typedef enum rz_range_match { RZ_RANGE_NONE, RZ_RANGE_SOME, RZ_RANGE_ALL } rz_range_match;
/* What the bounds of a zone say about its rows. */
rz_range_match rz_zone_match(const rz_type *type, const rz_zone *zone, const rz_col_range *range);

/* ---- reading ---- */

typedef struct rz_col_reader rz_col_reader; /* pins and decode buffers of one thread over one column; moves from segment to segment */

/* what: e.g. "table Person, column name"; borrowed, for error messages. */
RZ_NODISCARD ruzu_status rz_col_reader_create(rz_mem *mem, rz_pool *pool, const rz_type *type, const char *what, rz_col_reader **out, rz_error *err);
void rz_col_reader_free(rz_col_reader *reader);
void rz_col_reader_release(rz_col_reader *reader); /* drops the pins (end of a chunk), keeps buffers */

/*
 * Rows [first, first + count) of the segment into rows out_start … of out (FLAT). Strings longer than 12 bytes are copied into out's heap, unless the call
 * documents pinning in a later version. count <= RZ_VECTOR_CAPACITY when out_start is 0; no alignment is required, but aligned blocks are fastest.
 */
RZ_NODISCARD ruzu_status rz_col_read(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err);
/*
 * Rows [first, first + count) of a STRING segment as codes: entries (FLAT) gets the texts of the dictionary and those of rows that were changed since, codes[i] the row of
 * entries that row first + i shows; NULL is an entry too, and a text may be several. *out_done is false, and nothing was read, where rows do not repeat a few short texts or
 * too many were changed: then the caller reads them. count <= RZ_VECTOR_CAPACITY.
 */
RZ_NODISCARD ruzu_status rz_col_read_entries(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *entries,
                                             uint32_t *codes, bool *out_done, rz_error *err);
/* Adds to *io_bytes what rz_col_read of those rows takes beside the vectors themselves: the bytes of texts, rather more than less. Of lists of them it is the average over
 * the segment. Costs little. count <= RZ_VECTOR_CAPACITY. */
RZ_NODISCARD ruzu_status rz_col_text_bytes(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, uint64_t *io_bytes,
                                           rz_error *err);
/* Row rows[i] of the segment into row out_rows[i] (or i when NULL) of out, for i < count; rows in any order, repeats allowed. */
RZ_NODISCARD ruzu_status rz_col_gather(rz_col_reader *reader, const rz_segment *segment, const uint32_t *rows, const uint32_t *out_rows, uint32_t count, rz_vec *out, rz_error *err);

/* Clears bit i (< count) where row first + i is NULL or fails the condition, comparing encoded values. *out_done is false, and nothing is changed, where the
 * codec at that place has no such test: then the caller reads the rows. */
RZ_NODISCARD ruzu_status rz_col_filter(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const rz_col_range *range,
                                       uint64_t *bits, bool *out_done, rz_error *err);

/* Values added up. */
typedef struct rz_col_total {
    rz_int128 sum;
    uint64_t count;
} rz_col_total;
/* Adds the values of rows [first, first + count) of an integer column whose bits are set (bits NULL: all) as they are encoded; NULLs do not count. *out_done is false, and
 * nothing is added, where the codec at that place has no such way, and of segments with overlays. */
RZ_NODISCARD ruzu_status rz_col_sum(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const uint64_t *bits, rz_col_total *io,
                                    bool *out_done, rz_error *err);

/* ---- packed integers (shared with CSR groups and indexes) ---- */

/* Packs count values of `width` bits (0…64, each value < 2^width) little-endian, bit after bit, into out (rz_packed_bytes(count, width) bytes). */
uint64_t rz_packed_bytes(uint64_t count, uint32_t width); /* rounded up to 8, plus 8 bytes of zero padding so that unpacking may read a whole word */
void rz_pack(const uint64_t *values, uint64_t count, uint32_t width, uint8_t *out);
/* Value number idx. data must be followed by the padding. */
static inline uint64_t rz_packed_get(const uint8_t *data, uint64_t idx, uint32_t width)
{
    if (width == 0) {
        return 0;
    }
    uint64_t bit = idx * width;
    const uint8_t *p = data + (bit >> 3);
    uint32_t shift = (uint32_t)(bit & 7);
    uint64_t low = rz_load_u64(p) >> shift;
    if (shift + width > 64) {
        low |= (uint64_t)p[8] << (64 - shift);
    }
    return width == 64 ? low : low & ((UINT64_C(1) << width) - 1);
}
/* Values [first, first + count) plus base into out: the hot loop of expansion (SIMD where present, all widths). */
void rz_unpack(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint64_t base, uint64_t *out);

#endif
