/* SPDX-License-Identifier: MIT */
/*
 * Private structure of segments: the tree, its parts, where the sections of a part lie.
 *
 * A segment is cut into parts, nearly always one: runs of rows with a codec and a page range of their own, so that no range exceeds 16 MiB (single
 * long strings apart). A part's range begins at byte 0 and holds, in this order, each section at a multiple of 8 bytes:
 *
 *   codec              validity   data                        aux                           bytes
 *   CONSTANT           bitmap*    -                           -                             -            value in the metadata
 *   SEQUENCE           -          -                           -                             -            value of row i: base + i * step
 *   BITPACKED          bitmap*    packed (value - base)       -                             -
 *   RLE                bitmap*    packed ends of runs         packed (value - base), or     -            value i holds up to row end i
 *                                                             values as they are
 *   DICTIONARY fixed   bitmap*    packed codes                values                        -
 *   DICTIONARY string  bitmap*    packed codes                packed n + 1 offsets          all bytes
 *   PLAIN fixed        bitmap*    values                      -                             -
 *   PLAIN string       bitmap*    packed rows + 1 offsets     -                             all bytes
 *   LIST               bitmap*    packed rows + 1 starts      -                             -            elements in the child segment
 *   ARRAY, STRUCT      bitmap*    -                           -                             -            rows in the child segments
 *
 * (*) only when some of the rows are NULL but not all; bit 1 = a value. A part whose rows are all NULL is CONSTANT without pages (leaves).
 * "Packed" is the array of packed.h. NULL rows hold a value that does not hurt packing: readers must not rely on it.
 */
#ifndef RZ_COLUMN_SEGMENT_H
#define RZ_COLUMN_SEGMENT_H

#include "storage/column/column.h"

/* Stands in files. */
typedef enum rz_codec {
    RZ_CODEC_CONSTANT = 1,
    RZ_CODEC_SEQUENCE = 2,
    RZ_CODEC_BITPACKED = 3,
    RZ_CODEC_RLE = 4,
    RZ_CODEC_DICTIONARY = 5,
    RZ_CODEC_PLAIN = 6,
    RZ_CODEC_LIST = 7,
    RZ_CODEC_ARRAY = 8,
    RZ_CODEC_STRUCT = 9
} rz_codec;

#define RZ_CONSTANT_STRING_MAX 64u /* longer ones are a dictionary of one */

typedef enum rz_section { RZ_SECTION_VALIDITY, RZ_SECTION_DATA, RZ_SECTION_AUX, RZ_SECTION_BYTES, RZ_SECTION_COUNT } rz_section;

typedef struct rz_part {
    uint8_t codec;       /* rz_codec */
    uint8_t width;       /* bits of a packed item of the data section */
    uint8_t aux_width;   /* bits of a packed item of the aux section; 0 also where aux is not packed */
    bool has_validity;
    uint32_t rows;
    uint32_t null_count;
    uint32_t aux_count;  /* RLE: runs; DICTIONARY: entries */
    uint64_t byte_count; /* strings: size of the bytes section, or of a constant; LIST: elements of these rows */
    uint64_t first_row;  /* derived: rows of the parts before */
    uint64_t first_element; /* derived, LIST: elements of the parts before */
    uint64_t base[2];    /* low and high half of the base or of a constant of up to 16 bytes; SEQUENCE: base and step */
    const uint8_t *text; /* CONSTANT string: its bytes; arena of the segment */
    rz_stored_pages pages; /* pages.range.count 0: nothing stored */
    uint64_t section_off[RZ_SECTION_COUNT]; /* derived */
    uint64_t size_bytes;                    /* derived: end of the last section */
} rz_part;

/* Zone maps of a root segment, in key space (zone.h). Bounds of a block are kept in 16 bits each, rounded outwards: block bounds are
 * min + (low[i] << shift) and min + (high[i] << shift) + (1 << shift) - 1, never beyond the segment's. */
typedef struct rz_zone_table {
    bool present;
    uint64_t min_key;
    uint64_t max_key;      /* both meaningless when every row is NULL */
    uint32_t shift;
    uint32_t block_count;  /* 0: no zones by block (one block only, or all rows equal) */
    const uint16_t *low;
    const uint16_t *high;
    const uint16_t *nulls; /* NULL rows of each block; NULL when the segment has none */
} rz_zone_table;

struct rz_segment {
    const rz_type *type; /* borrowed */
    uint64_t rows;
    uint64_t null_count;
    rz_part *parts;
    uint32_t part_count;
    uint32_t child_count;
    struct rz_segment *children;
    rz_zone_table zones; /* root only */
    struct rz_segment_overlay *overlay; /* root only; NULL: none. Everything else is the base's (overlay.c) */
};

typedef struct rz_segment_overlay rz_segment_overlay;

/* Widens a zone of the base, of `rows` rows, by the overlay's values; false when they have none. */
bool rz_segment_overlay_zone(const rz_segment *segment, uint32_t rows, rz_zone *io);
/* What an overlay has for the check. */
RZ_NODISCARD ruzu_status rz_segment_overlay_check(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t first_row,
                                                  rz_inspector *inspector, rz_error *err);

/* Child segments that a type has, and their types: STRUCT fields; LIST, MAP, ARRAY elements; UNION tag and members. */
uint32_t rz_column_child_count(const rz_type *type);
const rz_type *rz_column_child_type(const rz_type *type, uint32_t idx);

static inline bool rz_column_is_array(const rz_type *type)
{
    return type->id == RUZU_TYPE_ARRAY;
}

/* Physicals whose codecs work with packed differences to a base. */
static inline bool rz_column_is_packable(rz_physical physical)
{
    return physical >= RZ_PHYS_BOOL && physical <= RZ_PHYS_UINT64 && physical != RZ_PHYS_INT128;
}

/* Derives section_off and size_bytes from the other fields; false when the sizes overflow. Fields are trusted only as far as their C types. */
bool rz_part_layout(rz_part *part, rz_physical physical);
static inline uint64_t rz_part_page_count(const rz_part *part)
{
    return (part->size_bytes + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
}

/* The part that holds row (row < segment->rows). */
const rz_part *rz_segment_part_at(const rz_segment *segment, uint64_t row);

#endif
