/* SPDX-License-Identifier: MIT */
/*
 * Segments with an overlay: new values of some rows, beside a base segment that stays as it is.
 *
 * A checkpoint that finds a few rows of a row group changed writes their numbers and values, and not the column. Whoever reads the segment sees it merged: a block is
 * read from the base, then what the overlay has of it is put over; the zone of a block is that of the base widened by that of all the overlay's values (never too
 * narrow); filters compare encoded values on both sides.
 *
 * Row numbers are turned into a map once, when they are first wanted, and kept with the segment for all readers: a bit a row, and before each word the
 * number of bits below it. So whether a row is overlaid is one load, and where its value stands a count of bits.
 *
 * Encoded form, behind that of the base: u64 written · segment of the row numbers (UINT32, ascending) · segment of the values.
 */
#include "storage/column/reader.h"
#include "storage/column/zone.h"

#include <inttypes.h>

#define OVERLAY_MAP_WORDS (RZ_ROW_GROUP_ROWS / 64u)

typedef struct overlay_map {
    uint64_t bits[OVERLAY_MAP_WORDS];
    uint32_t before[OVERLAY_MAP_WORDS]; /* values of rows of earlier words */
} overlay_map;

struct rz_segment_overlay {
    rz_mem *mem;                /* borrowed: the map's */
    uint64_t written;
    const rz_segment *rows;     /* borrowed */
    const rz_segment *values;   /* borrowed */
    _Atomic(overlay_map *) map; /* owned; NULL: not wanted yet. release / acquire */
};

/* What a column reader needs beside itself. */
struct rz_col_overlay_reader {
    rz_col_reader *values;
    uint32_t *positions; /* owned, RZ_VECTOR_CAPACITY each: of values … */
    uint32_t *places;    /* … and the rows they go to */
    rz_arena arena;
    rz_vec *scratch;     /* arena: values on their way; NULL where they are not of a fixed size */
};

/* ---- making ---- */

ruzu_status rz_segment_overlay_make(const rz_segment *base, const rz_segment *rows, const rz_segment *values, uint64_t written, rz_mem *mem, rz_arena *arena,
                                    rz_segment **out, rz_error *err)
{
    *out = NULL;
    RZ_ASSERT(base->overlay == NULL && rows->rows == values->rows && base->rows <= RZ_ROW_GROUP_ROWS);
    rz_segment *segment = (rz_segment *)rz_arena_dup(arena, base, sizeof *base);
    rz_segment_overlay *overlay = RZ_NEW(arena, rz_segment_overlay);
    if (segment == NULL || overlay == NULL) {
        return rz_error_no_memory(err, "changing a column");
    }
    overlay->mem = mem;
    overlay->written = written;
    overlay->rows = rows;
    overlay->values = values;
    atomic_init(&overlay->map, NULL);
    segment->overlay = overlay;
    *out = segment;
    return RUZU_OK;
}

void rz_segment_overlay_free(rz_segment *segment)
{
    if (segment->overlay != NULL) {
        overlay_map *map = atomic_exchange_explicit(&segment->overlay->map, NULL, memory_order_acq_rel);
        rz_mem_free(segment->overlay->mem, map, sizeof *map);
    }
}

bool rz_segment_overlaid(const rz_segment *segment)
{
    return segment->overlay != NULL;
}

uint64_t rz_segment_overlay_written(const rz_segment *segment)
{
    return segment->overlay == NULL ? 0 : segment->overlay->written;
}

ruzu_status rz_segment_overlay_each_range(const rz_segment *segment, rz_range_fn fn, void *user, rz_error *err)
{
    RZ_TRY(rz_segment_each_range(segment->overlay->rows, fn, user, err));
    return rz_segment_each_range(segment->overlay->values, fn, user, err);
}

/* ---- directory ---- */

void rz_segment_overlay_encode(const rz_segment *segment, rz_str *out)
{
    char bytes[8];
    rz_store_u64(bytes, segment->overlay->written);
    rz_str_append(out, bytes, sizeof bytes);
    rz_segment_encode(segment->overlay->rows, out);
    rz_segment_encode(segment->overlay->values, out);
}

ruzu_status rz_segment_overlay_decode(rz_reader *reader, const rz_segment *base, rz_mem *mem, rz_arena *arena, rz_segment **out, rz_error *err)
{
    rz_segment *rows = NULL, *values = NULL;
    *out = NULL;
    uint64_t written = rz_read_u64(reader);
    RZ_TRY(rz_segment_decode(reader, rz_type_of(RUZU_TYPE_UINT32), arena, &rows, err));
    RZ_TRY(rz_segment_decode(reader, base->type, arena, &values, err));
    if (rows->rows == 0 || rows->rows > base->rows || rows->rows != values->rows || rows->null_count != 0 || base->rows > RZ_ROW_GROUP_ROWS ||
        base->type->physical == RZ_PHYS_NONE) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: metadata of a column segment: an overlay that does not fit");
    }
    return rz_segment_overlay_make(base, rows, values, written, mem, arena, out, err);
}

ruzu_status rz_segment_overlay_walk(rz_reader *reader, const rz_type *type, const rz_page_walk *walk, rz_error *err)
{
    (void)rz_read_u64(reader);
    RZ_TRY(rz_segment_walk(reader, rz_type_of(RUZU_TYPE_UINT32), walk, err));
    return rz_segment_walk(reader, type, walk, err);
}

/* ---- the map ---- */

static ruzu_status overmap_damaged(const char *what, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the row numbers of an overlay do not ascend, or lead outside of it", what);
}

static ruzu_status overmap_fill(const rz_segment *segment, rz_col_reader *rows, rz_vec *vec, rz_arena *heap, overlay_map *map, const char *what,
                                    rz_error *err)
{
    uint64_t count = segment->overlay->rows->rows;
    uint64_t next = 0; /* the least that the following number may be */
    for (uint64_t done = 0; done < count;) {
        uint32_t take = count - done < RZ_VECTOR_CAPACITY ? (uint32_t)(count - done) : RZ_VECTOR_CAPACITY;
        rz_vec_reset(vec);
        RZ_TRY(rz_col_read(rows, segment->overlay->rows, done, take, vec, 0, err));
        const uint32_t *numbers = (const uint32_t *)vec->data;
        for (uint32_t i = 0; i < take; i++) {
            if (numbers[i] < next || numbers[i] >= segment->rows) {
                return overmap_damaged(what, err);
            }
            map->bits[numbers[i] / 64] |= UINT64_C(1) << (numbers[i] % 64);
            next = (uint64_t)numbers[i] + 1;
        }
        rz_arena_reset(heap);
        done += take;
    }
    uint32_t before = 0;
    for (uint32_t w = 0; w < OVERLAY_MAP_WORDS; w++) {
        map->before[w] = before;
        before += rz_popcount64(map->bits[w]);
    }
    return RUZU_OK;
}

static ruzu_status overmap_make(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, overlay_map *map, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_col_reader *rows = NULL;
    rz_vec *vec = NULL;
    rz_arena arena, heap;
    rz_arena_init(&arena, mem);
    rz_arena_init(&heap, mem);
    RZ_TRY_GOTO(rz_vec_create(&arena, &heap, rz_type_of(RUZU_TYPE_UINT32), RZ_VECTOR_CAPACITY, &vec, err));
    RZ_TRY_GOTO(rz_col_reader_create(mem, pool, rz_type_of(RUZU_TYPE_UINT32), what, &rows, err));
    RZ_TRY_GOTO(overmap_fill(segment, rows, vec, &heap, map, what, err));
cleanup:
    rz_col_reader_free(rows);
    rz_arena_free(&heap);
    rz_arena_free(&arena);
    return status;
}

/* The segment's map; made when nobody has wanted it yet. Two that make it at once make the same. */
static ruzu_status overmap_get(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, const overlay_map **out, rz_error *err)
{
    rz_segment_overlay *overlay = segment->overlay;
    *out = atomic_load_explicit(&overlay->map, memory_order_acquire);
    if (RZ_LIKELY(*out != NULL)) {
        return RUZU_OK;
    }
    overlay_map *map = (overlay_map *)rz_mem_calloc(overlay->mem, 1, sizeof *map);
    RZ_TRY_ALLOC(map, err, "reading a column");
    ruzu_status status = overmap_make(segment, mem, pool, what, map, err);
    if (status != RUZU_OK) {
        rz_mem_free(overlay->mem, map, sizeof *map);
        return status;
    }
    overlay_map *other = NULL;
    if (atomic_compare_exchange_strong_explicit(&overlay->map, &other, map, memory_order_acq_rel, memory_order_acquire)) {
        *out = map;
    } else {
        rz_mem_free(overlay->mem, map, sizeof *map);
        *out = other;
    }
    return RUZU_OK;
}

static inline bool overmap_has(const overlay_map *map, uint32_t row)
{
    return (map->bits[row / 64] >> (row % 64) & 1) != 0;
}

/* Values of rows below `row`. */
static inline uint32_t overmap_rank(const overlay_map *map, uint32_t row)
{
    return map->before[row / 64] + rz_popcount64(map->bits[row / 64] & ((UINT64_C(1) << (row % 64)) - 1));
}

ruzu_status rz_segment_overlay_rows(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t *bits, rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(overmap_get(segment, mem, pool, what, &map, err));
    for (uint32_t w = 0; w < OVERLAY_MAP_WORDS; w++) {
        bits[w] |= map->bits[w];
    }
    return RUZU_OK;
}

/* ---- zones ---- */

bool rz_segment_overlay_zone(const rz_segment *segment, uint32_t rows, rz_zone *io)
{
    rz_zone over;
    rz_physical physical = (rz_physical)segment->type->physical;
    if (!rz_segment_zone(segment->overlay->values, UINT32_MAX, &over)) {
        return false;
    }
    uint64_t nulls = (uint64_t)io->null_count + over.null_count;
    if (io->all_null) {
        io->min_bits = over.min_bits;
        io->max_bits = over.max_bits;
    } else if (!over.all_null) {
        uint64_t low = rz_zone_bits_to_key(physical, io->min_bits), over_low = rz_zone_bits_to_key(physical, over.min_bits);
        uint64_t high = rz_zone_bits_to_key(physical, io->max_bits), over_high = rz_zone_bits_to_key(physical, over.max_bits);
        io->min_bits = over_low < low ? over.min_bits : io->min_bits;
        io->max_bits = over_high > high ? over.max_bits : io->max_bits;
    }
    io->null_count = nulls < rows ? (uint32_t)nulls : rows;
    io->all_null = io->all_null && over.all_null;
    return true;
}

/* ---- reading ---- */

void rz_col_overlay_reader_release(rz_col_reader *reader)
{
    if (reader->overlay != NULL && reader->overlay->values != NULL) {
        rz_col_reader_release(reader->overlay->values);
    }
}

void rz_col_overlay_reader_free(rz_col_reader *reader)
{
    rz_col_overlay_reader *over = reader->overlay;
    if (over != NULL) {
        rz_col_reader_free(over->values);
        rz_mem_free(reader->mem, over->positions, 2 * RZ_VECTOR_CAPACITY * sizeof *over->positions);
        rz_arena_free(&over->arena);
        rz_mem_free(reader->mem, over, sizeof *over);
        reader->overlay = NULL;
    }
}

static ruzu_status overmap_begin(rz_col_reader *reader, const rz_segment *segment, const overlay_map **out_map, rz_error *err)
{
    if (reader->overlay == NULL) {
        reader->overlay = (rz_col_overlay_reader *)rz_mem_calloc(reader->mem, 1, sizeof *reader->overlay);
        RZ_TRY_ALLOC(reader->overlay, err, "reading a column");
        rz_arena_init(&reader->overlay->arena, reader->mem);
    }
    rz_col_overlay_reader *over = reader->overlay;
    if (over->positions == NULL) {
        over->positions = (uint32_t *)rz_mem_alloc(reader->mem, 2 * RZ_VECTOR_CAPACITY * sizeof *over->positions);
        RZ_TRY_ALLOC(over->positions, err, "reading a column");
        over->places = over->positions + RZ_VECTOR_CAPACITY;
    }
    if (over->values == NULL) {
        RZ_TRY(rz_col_reader_create(reader->mem, reader->pool, reader->type, reader->what, &over->values, err));
    }
    bool fixed = reader->physical != RZ_PHYS_STRING && reader->physical != RZ_PHYS_LIST && reader->physical != RZ_PHYS_STRUCT;
    if (over->scratch == NULL && fixed) {
        RZ_TRY(rz_vec_create(&over->arena, &over->arena, reader->type, RZ_VECTOR_CAPACITY, &over->scratch, err));
    }
    return overmap_get(segment, reader->mem, reader->pool, reader->what, out_map, err);
}

#define OVERMAP_SCATTER(type) \
    for (uint32_t i = 0; i < count; i++) {                                                                             \
        ((type *)out->data)[places[i]] = ((const type *)from->data)[i];                                                \
    }

/* Row i of `from`, of a type of fixed size, into row places[i]. */
static void overmap_scatter(const rz_vec *from, const uint32_t *places, uint32_t count, uint32_t size, rz_vec *out)
{
    switch (size) {
    case 1: OVERMAP_SCATTER(uint8_t) break;
    case 2: OVERMAP_SCATTER(uint16_t) break;
    case 4: OVERMAP_SCATTER(uint32_t) break;
    case 8: OVERMAP_SCATTER(uint64_t) break;
    default:
        for (uint32_t i = 0; i < count; i++) {
            memcpy((uint8_t *)out->data + (size_t)places[i] * size, (const uint8_t *)from->data + (size_t)i * size, size);
        }
    }
    for (uint32_t i = 0; (from->validity != NULL || out->validity != NULL) && i < count; i++) {
        if (rz_vec_is_null(from, i)) {
            rz_vec_set_null(out, places[i]);
        } else {
            rz_vec_set_valid(out, places[i]);
        }
    }
}

/* Values [rank, rank + count) of the overlay, count at least 1 and at most RZ_VECTOR_CAPACITY, into the rows over->places. Of a fixed size they are decoded in one go. */
static ruzu_status overmap_put(rz_col_overlay_reader *over, const rz_segment *values, uint32_t size, uint32_t rank, uint32_t count, rz_vec *out, rz_error *err)
{
    if (over->scratch != NULL) {
        rz_vec_reset(over->scratch);
        RZ_TRY(rz_col_read(over->values, values, rank, count, over->scratch, 0, err));
        overmap_scatter(over->scratch, over->places, count, size, out);
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        over->positions[i] = rank + i;
    }
    return rz_col_gather(over->values, values, over->positions, over->places, count, out, err);
}

/* What the map has of rows [first, first + count), at most RZ_VECTOR_CAPACITY of them: to places, counted from `first`. */
static uint32_t overmap_places(const overlay_map *map, uint32_t first, uint32_t count, uint32_t *places)
{
    uint32_t found = 0;
    for (uint32_t w = first / 64; w * 64 < first + count; w++) {
        uint64_t bits = map->bits[w];
        if (w == first / 64) {
            bits &= ~UINT64_C(0) << (first % 64);
        }
        if ((w + 1) * 64 > first + count) {
            bits &= ~UINT64_C(0) >> ((w + 1) * 64 - (first + count));
        }
        for (; bits != 0; bits &= bits - 1) {
            places[found++] = w * 64 + rz_ctz64(bits) - first;
        }
    }
    return found;
}

ruzu_status rz_col_overlay_read(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *out, uint32_t out_start,
                                rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(overmap_begin(reader, segment, &map, err));
    rz_col_overlay_reader *over = reader->overlay;
    for (uint32_t done = 0; done < count;) {
        uint32_t take = count - done < RZ_VECTOR_CAPACITY ? count - done : RZ_VECTOR_CAPACITY;
        uint32_t row = (uint32_t)first + done;
        uint32_t found = overmap_places(map, row, take, over->places);
        for (uint32_t i = 0; i < found; i++) {
            over->places[i] += out_start + done;
        }
        if (found != 0) {
            RZ_TRY(overmap_put(over, segment->overlay->values, reader->size, overmap_rank(map, row), found, out, err));
        }
        done += take;
    }
    return RUZU_OK;
}

ruzu_status rz_col_overlay_bytes(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, uint64_t *io_bytes, rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(overmap_begin(reader, segment, &map, err));
    rz_col_overlay_reader *over = reader->overlay;
    uint32_t found = overmap_places(map, (uint32_t)first, count, over->places);
    return found == 0 ? RUZU_OK : rz_col_text_bytes(over->values, segment->overlay->values, overmap_rank(map, (uint32_t)first), found, io_bytes, err);
}

ruzu_status rz_col_overlay_gather(rz_col_reader *reader, const rz_segment *segment, const uint32_t *rows, const uint32_t *out_rows, uint32_t count,
                                  rz_vec *out, rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(overmap_begin(reader, segment, &map, err));
    rz_col_overlay_reader *over = reader->overlay;
    for (uint32_t i = 0; i < count;) {
        uint32_t found = 0;
        for (; i < count && found < RZ_VECTOR_CAPACITY; i++) {
            if (overmap_has(map, rows[i])) {
                over->positions[found] = overmap_rank(map, rows[i]);
                over->places[found++] = out_rows == NULL ? i : out_rows[i];
            }
        }
        if (found != 0) {
            RZ_TRY(rz_col_gather(over->values, segment->overlay->values, over->positions, over->places, found, out, err));
        }
    }
    return RUZU_OK;
}

/* Which of rows [first, first + count), 1 to 64 of them, the map has: bit i for row first + i. */
static uint64_t overmap_word(const overlay_map *map, uint32_t first, uint32_t count)
{
    uint32_t w = first / 64, shift = first % 64;
    uint64_t bits = map->bits[w] >> shift;
    if (shift != 0 && w + 1 < OVERLAY_MAP_WORDS) {
        bits |= map->bits[w + 1] << (64 - shift);
    }
    return bits & (UINT64_MAX >> (64 - count));
}

/* Bits rank, rank + 1 … of `passes`, one for each bit of `mask` from the lowest on, in their places. */
static uint64_t overmap_spread(uint64_t mask, const uint64_t *passes, uint32_t rank)
{
    uint64_t out = 0;
    for (; mask != 0; mask &= mask - 1, rank++) {
        out |= (mask & (~mask + 1)) & (0 - (passes[rank / 64] >> (rank % 64) & 1)); /* without a branch that nobody could foretell */
    }
    return out;
}

static uint32_t overmap_count(const overlay_map *map, uint32_t first, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t done = 0; done < count; done += 64) {
        found += rz_popcount64(overmap_word(map, first + done, count - done < 64 ? count - done : 64));
    }
    return found;
}

ruzu_status rz_col_overlay_count(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, uint32_t *out, rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(overmap_begin(reader, segment, &map, err));
    *out = overmap_count(map, (uint32_t)first, count);
    return RUZU_OK;
}

ruzu_status rz_col_overlay_entries(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *entries, uint32_t start,
                                   uint32_t *codes, rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(overmap_begin(reader, segment, &map, err));
    rz_col_overlay_reader *over = reader->overlay;
    uint32_t found = overmap_places(map, (uint32_t)first, count, over->places);
    for (uint32_t i = 0; i < found; i++) {
        codes[over->places[i]] = start + i;
        over->places[i] = start + i;
    }
    return overmap_put(over, segment->overlay->values, reader->size, overmap_rank(map, (uint32_t)first), found, entries, err);
}

ruzu_status rz_col_overlay_filter(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                                  bool *out_done, rz_error *err)
{
    const overlay_map *map = NULL;
    uint64_t passes[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    uint64_t kept[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    *out_done = false;
    if (count == 0 || count > RZ_VECTOR_CAPACITY || count > segment->rows || first > segment->rows - count) {
        return RUZU_OK;
    }
    RZ_TRY(overmap_begin(reader, segment, &map, err));
    rz_col_overlay_reader *over = reader->overlay;
    uint32_t row = (uint32_t)first;
    uint32_t found = overmap_count(map, row, count);
    if (found == 0) {
        return rz_col_filter_base(reader, segment, first, count, range, bits, out_done, err);
    }
    memset(passes, 0xff, sizeof passes);
    RZ_TRY(rz_col_filter(over->values, segment->overlay->values, overmap_rank(map, row), found, range, passes, out_done, err));
    if (!*out_done) {
        return RUZU_OK;
    }
    memcpy(kept, bits, RZ_BITMAP_WORDS(count) * sizeof *kept);
    RZ_TRY(rz_col_filter_base(reader, segment, first, count, range, bits, out_done, err));
    for (uint32_t w = 0, rank = 0; *out_done && w < RZ_BITMAP_WORDS(count); w++) {
        uint64_t mask = overmap_word(map, row + w * 64, count - w * 64 < 64 ? count - w * 64 : 64);
        bits[w] = (bits[w] & ~mask) | (kept[w] & overmap_spread(mask, passes, rank));
        rank += rz_popcount64(mask);
    }
    return RUZU_OK;
}

/* ---- checking ---- */

ruzu_status rz_segment_overlay_check(const rz_segment *segment, rz_mem *mem, rz_pool *pool, const char *what, uint64_t first_row, rz_inspector *inspector,
                                     rz_error *err)
{
    const overlay_map *map = NULL;
    RZ_TRY(rz_segment_check(segment->overlay->rows, mem, pool, what, first_row, inspector, err));
    RZ_TRY(rz_segment_check(segment->overlay->values, mem, pool, what, first_row, inspector, err));
    ruzu_status status = overmap_get(segment, mem, pool, what, &map, err);
    return status == RUZU_OK ? RUZU_OK : rz_inspector_absorb(inspector, status, what, first_row, err);
}
