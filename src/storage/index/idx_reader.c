/* SPDX-License-Identifier: MIT */
/*
 * Probing: candidates of a batch of hashes, from the in-memory part and from every level.
 *
 * In a level, H says the bucket, two neighbouring starts where its entries lie, and the rest of H about where among them. Hashes spread probes over all
 * pages of a level, so a probe costs two cache misses at best: a level that is small beside the pool stays pinned, and probes are made in groups that
 * prefetch for each other. Of a larger level only the pages at hand are pinned.
 */
#include "storage/index/idx.h"

#define IDX_READER_HASH_BITS 32u
#define IDX_CHUNK_PAGES 16u   /* what a window covers of a level that may be pinned as a whole */
#define IDX_FEW_WINDOWS 64u   /* of a larger one */
#define IDX_BUDGET_SHARE 64u  /* of the pool's pages that one level may hold pinned … */
#define IDX_LEAST_BUDGET 8u   /* … but at least so many */
#define IDX_TOGETHER 16u      /* probes under way at a time */
#define IDX_NEAR 512u         /* entries of a bucket that are walked through */

typedef struct idx_level_reader {
    rz_window *windows;   /* owned; window_count for each of the two arrays; NULL: not probed yet */
    uint32_t window_count; /* a power of two */
    uint32_t pinned_pages;
    bool whole;           /* all of it may be pinned */
} idx_level_reader;

struct rz_idx_reader {
    rz_idx *idx;
    rz_mem *mem;
    rz_idx_version *version; /* pinned; NULL: closed or suspended */
    const rz_idx_version *before; /* the one windows were made for: an address to compare, it may be gone */
    uint32_t budget_pages;
    idx_level_reader levels[RZ_IDX_MAX_LEVELS];
    rz_idx_hit *hits; /* owned */
    uint32_t hit_count;
    uint32_t hit_capacity;
};

ruzu_status rz_idx_reader_create(rz_idx *idx, rz_mem *mem, rz_idx_reader **out, rz_error *err)
{
    *out = (rz_idx_reader *)rz_mem_calloc(mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "reading an index");
    uint64_t budget = rz_pool_pages_total(idx->pool) / IDX_BUDGET_SHARE;
    (*out)->idx = idx;
    (*out)->mem = mem;
    (*out)->budget_pages = budget < IDX_LEAST_BUDGET ? IDX_LEAST_BUDGET : budget > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)budget;
    (*out)->version = rz_idx_pin(idx);
    return RUZU_OK;
}

static void idx_release_level(idx_level_reader *level, rz_pool *pool)
{
    for (uint32_t w = 0; w < 2 * level->window_count; w++) {
        rz_window_release(&level->windows[w], pool);
    }
    level->pinned_pages = 0;
}

void rz_idx_reader_release(rz_idx_reader *reader)
{
    for (uint32_t i = 0; i < RZ_IDX_MAX_LEVELS; i++) {
        idx_release_level(&reader->levels[i], reader->idx->pool);
    }
}

static void idx_free_windows(rz_idx_reader *reader)
{
    for (uint32_t i = 0; i < RZ_IDX_MAX_LEVELS; i++) {
        rz_mem_free(reader->mem, reader->levels[i].windows, (size_t)2 * reader->levels[i].window_count * sizeof(rz_window));
        reader->levels[i] = (idx_level_reader){0};
    }
}

void rz_idx_reader_suspend(rz_idx_reader *reader)
{
    if (reader->version != NULL) {
        rz_idx_reader_release(reader);
        reader->before = reader->version;
        rz_idx_unpin(reader->idx, reader->version);
        reader->version = NULL;
    }
}

void rz_idx_reader_resume(rz_idx_reader *reader)
{
    reader->version = rz_idx_pin(reader->idx);
    if (reader->version != reader->before) { /* a new version in an old one's place would do no harm: windows only say how many there are */
        idx_free_windows(reader);
    }
}

void rz_idx_reader_close(rz_idx_reader *reader)
{
    rz_idx_reader_suspend(reader);
    idx_free_windows(reader);
}

void rz_idx_reader_free(rz_idx_reader *reader)
{
    if (reader != NULL) {
        rz_idx_reader_close(reader);
        rz_mem_free(reader->mem, reader->hits, reader->hit_capacity * sizeof *reader->hits);
        rz_mem_free(reader->mem, reader, sizeof *reader);
    }
}

void rz_idx_reader_refresh(rz_idx_reader *reader)
{
    rz_idx_reader_close(reader);
    reader->version = rz_idx_pin(reader->idx);
}

static ruzu_status idx_reader_hit(rz_idx_reader *reader, uint32_t row, uint64_t offset, rz_error *err)
{
    if (RZ_UNLIKELY(reader->hit_count == reader->hit_capacity)) {
        uint32_t capacity = reader->hit_capacity == 0 ? 64 : reader->hit_capacity * 2;
        rz_idx_hit *hits = (rz_idx_hit *)rz_mem_realloc(reader->mem, reader->hits, reader->hit_capacity * sizeof *hits,
                                                        capacity * sizeof *hits);
        RZ_TRY_ALLOC(hits, err, "probing an index");
        reader->hits = hits;
        reader->hit_capacity = capacity;
    }
    reader->hits[reader->hit_count++] = (rz_idx_hit){.offset = offset, .row = row};
    return RUZU_OK;
}

static ruzu_status idx_probe_table(rz_idx_reader *reader, const rz_idx_table *table, const uint64_t *hashes, const rz_sel *sel, rz_error *err)
{
    if (table == NULL || rz_idx_table_count(table) == 0) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t cursor = 0, offset;
        if (i + 8 < sel->count) {
            rz_idx_table_prefetch(table, hashes[rz_sel_at(sel, i + 8)]);
        }
        while (rz_idx_table_next(table, hashes[row], &cursor, &offset)) {
            RZ_TRY(idx_reader_hit(reader, row, offset, err));
        }
    }
    return RUZU_OK;
}

/* ---- levels ---- */

/* Windows of a level that is probed for the first time. */
static ruzu_status idx_open_level(rz_idx_reader *reader, uint32_t level_idx, rz_error *err)
{
    idx_level_reader *level = &reader->levels[level_idx];
    const rz_extents *extents = &reader->version->levels[level_idx]->extents;
    uint32_t chunks = extents->page_count / IDX_CHUNK_PAGES + extents->count;
    uint32_t count = 4;
    level->whole = extents->page_count <= reader->budget_pages;
    uint32_t most = level->whole ? chunks : IDX_FEW_WINDOWS;
    while (count < most && count < chunks) {
        count *= 2;
    }
    level->windows = (rz_window *)rz_mem_calloc(reader->mem, (size_t)2 * count, sizeof *level->windows);
    RZ_TRY_ALLOC(level->windows, err, "probing an index");
    level->window_count = count;
    return RUZU_OK;
}

/* Where values [first, first + count) of an array are: extent and bytes in it. */
typedef struct idx_place {
    const rz_stored_pages *pages;
    rz_window *window;
    uint64_t local; /* number of the first value in its extent */
    uint64_t first_byte, end_byte;
} idx_place;

static inline idx_place idx_place_of(const rz_idx_reader *reader, uint32_t level_idx, uint32_t array_idx, uint64_t first, uint64_t count)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    const idx_level_reader *windows = &reader->levels[level_idx];
    const rz_parray *array = &level->arrays[array_idx];
    uint32_t extent = array->first_extent;
    idx_place place = {.local = first};
    if (first >= array->per_extent) {
        extent += (uint32_t)(first / array->per_extent);
        place.local = first % array->per_extent;
    }
    place.pages = &level->extents.items[extent];
    place.first_byte = array->byte_off + ((place.local * array->width) >> 3);
    place.end_byte = array->byte_off + (((place.local + count - 1) * array->width) >> 3) + 9;
    uint64_t chunk = extent * (uint64_t)(RZ_EXTENT_PAGES / IDX_CHUNK_PAGES + 1) + place.first_byte / (IDX_CHUNK_PAGES * RZ_PAGE_SIZE);
    place.window = &windows->windows[array_idx * windows->window_count + (chunk & (windows->window_count - 1))];
    return place;
}

static inline bool idx_place_here(const idx_place *place)
{
    const rz_window *window = place->window;
    return window->pages == place->pages && place->first_byte >= window->first_byte && place->end_byte <= window->end_byte;
}

/* Brings the bytes near the processor, if they are pinned already. */
static inline void idx_prefetch(const idx_place *place)
{
    if (idx_place_here(place)) {
        RZ_PREFETCH(place->window->extent_data + place->first_byte);
    }
}

static RZ_NOINLINE ruzu_status idx_pin(rz_idx_reader *reader, uint32_t level_idx, const idx_place *place, rz_error *err)
{
    idx_level_reader *level = &reader->levels[level_idx];
    rz_window_source source = {reader->idx->pool, reader->idx->what};
    uint64_t first = place->first_byte;
    uint64_t ahead = 0;
    if (level->whole) { /* the chunk, and the page behind it for what begins in it */
        uint64_t chunk_bytes = IDX_CHUNK_PAGES * (uint64_t)RZ_PAGE_SIZE;
        first = first / chunk_bytes * chunk_bytes;
        ahead = first + chunk_bytes > place->end_byte ? first + chunk_bytes - place->end_byte + RZ_PAGE_SIZE : 0;
    }
    if (!level->whole && level->pinned_pages + 4 > reader->budget_pages) {
        idx_release_level(level, reader->idx->pool);
    }
    level->pinned_pages -= place->window->pages == NULL ? 0 : place->window->pin.page_count;
    rz_error attempt;
    rz_error_init(&attempt);
    ruzu_status status = rz_window_pin(place->window, &source, place->pages, first, place->end_byte, ahead, &attempt);
    if (status == RUZU_ERROR_NO_MEMORY) { /* every frame is pinned: again without our own */
        rz_idx_reader_release(reader);
        status = rz_window_pin(place->window, &source, place->pages, place->first_byte, place->end_byte, 0, err);
    } else if (status != RUZU_OK) {
        return rz_error_copy(err, &attempt);
    }
    level->pinned_pages += status == RUZU_OK ? place->window->pin.page_count : 0;
    return status;
}

/* Makes values [first, first + count) readable: at *out_data, the first being number *out_local. Within one extent, at most RZ_WINDOW_VALUES. */
static inline ruzu_status idx_cover(rz_idx_reader *reader, uint32_t level_idx, uint32_t array_idx, uint64_t first, uint64_t count,
                                    const uint8_t **out_data, uint64_t *out_local, rz_error *err)
{
    idx_place place = idx_place_of(reader, level_idx, array_idx, first, count);
    if (RZ_UNLIKELY(!idx_place_here(&place))) {
        RZ_TRY(idx_pin(reader, level_idx, &place, err));
    }
    *out_data = place.window->extent_data + reader->version->levels[level_idx]->arrays[array_idx].byte_off;
    *out_local = place.local;
    return RUZU_OK;
}

static ruzu_status idx_level_get(rz_idx_reader *reader, uint32_t level_idx, uint32_t array_idx, uint64_t position, uint64_t *out, rz_error *err)
{
    const uint8_t *data;
    uint64_t local;
    RZ_TRY(idx_cover(reader, level_idx, array_idx, position, 1, &data, &local, err));
    *out = rz_packed_get(data, local, reader->version->levels[level_idx]->arrays[array_idx].width);
    return RUZU_OK;
}

/* A bucket being searched. */
typedef struct idx_search {
    uint64_t rest;
    uint64_t low, end; /* its entries */
    uint64_t guess;    /* hashes spread evenly: about here */
} idx_search;

/* A large bucket (many equal hashes), or one that is cut by extents. */
static ruzu_status idx_search_far(rz_idx_reader *reader, uint32_t level_idx, uint32_t row, const idx_search *search, rz_error *err)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    uint64_t low = search->low, high = search->end, value = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        RZ_TRY(idx_level_get(reader, level_idx, 0, middle, &value, err));
        if (value >> level->offset_width < search->rest) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < search->end; low++) {
        RZ_TRY(idx_level_get(reader, level_idx, 0, low, &value, err));
        if (value >> level->offset_width != search->rest) {
            break;
        }
        RZ_TRY(idx_reader_hit(reader, row, value & ((UINT64_C(1) << level->offset_width) - 1), err));
    }
    return RUZU_OK;
}

static ruzu_status idx_search_near(rz_idx_reader *reader, uint32_t level_idx, uint32_t row, const idx_search *search, rz_error *err)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    uint32_t width = level->arrays[0].width;
    uint32_t shift = level->offset_width;
    const uint8_t *data;
    uint64_t local;
    uint64_t count = search->end - search->low;
    if (count == 0) {
        return RUZU_OK;
    }
    if (count > IDX_NEAR || (level->arrays[0].per_extent != UINT64_MAX &&
                             search->low / level->arrays[0].per_extent != (search->end - 1) / level->arrays[0].per_extent)) {
        return idx_search_far(reader, level_idx, row, search, err);
    }
    RZ_TRY(idx_cover(reader, level_idx, 0, search->low, count, &data, &local, err));
    uint64_t at = local + (search->guess - search->low);
    uint64_t end = local + count;
    while (at > local && rz_packed_get(data, at - 1, width) >> shift >= search->rest) {
        at--;
    }
    while (at < end) {
        uint64_t value = rz_packed_get(data, at, width);
        if (value >> shift > search->rest) {
            break;
        }
        if (value >> shift == search->rest) {
            RZ_TRY(idx_reader_hit(reader, row, value & ((UINT64_C(1) << shift) - 1), err));
        }
        at++;
    }
    return RUZU_OK;
}

/* Bucket of a hash, from its starts. */
static ruzu_status idx_search_begin(rz_idx_reader *reader, uint32_t level_idx, uint64_t hash, idx_search *search, rz_error *err)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    uint32_t h = (uint32_t)(hash >> 32);
    uint32_t rest_bits = IDX_READER_HASH_BITS - level->bucket_bits;
    uint64_t bucket = (uint64_t)h >> rest_bits;
    search->rest = h & ((UINT64_C(1) << rest_bits) - 1);
    RZ_TRY(idx_level_get(reader, level_idx, 1, bucket, &search->low, err));
    RZ_TRY(idx_level_get(reader, level_idx, 1, bucket + 1, &search->end, err));
    if (search->low > search->end || search->end > level->count) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: a bucket of the index is damaged.", reader->idx->what);
    }
    uint64_t count = search->end - search->low;
    search->guess = search->low;
    if (count > 1 && count <= IDX_NEAR) {
        search->guess += (search->rest * count) >> rest_bits;
    }
    return RUZU_OK;
}

/* In groups, so that the memory of one probe is fetched while others are worked on. */
static ruzu_status idx_probe_level(rz_idx_reader *reader, uint32_t level_idx, const uint64_t *hashes, const rz_sel *sel, rz_error *err)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    idx_search searches[IDX_TOGETHER];
    if (reader->levels[level_idx].windows == NULL) {
        RZ_TRY(idx_open_level(reader, level_idx, err));
    }
    for (uint32_t first = 0; first < sel->count; first += IDX_TOGETHER) {
        uint32_t count = sel->count - first < IDX_TOGETHER ? sel->count - first : IDX_TOGETHER;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t bucket = (hashes[rz_sel_at(sel, first + i)] >> 32) >> (IDX_READER_HASH_BITS - level->bucket_bits);
            idx_place place = idx_place_of(reader, level_idx, 1, bucket, 1);
            idx_prefetch(&place);
        }
        for (uint32_t i = 0; i < count; i++) {
            RZ_TRY(idx_search_begin(reader, level_idx, hashes[rz_sel_at(sel, first + i)], &searches[i], err));
            if (searches[i].low < searches[i].end) {
                idx_place place = idx_place_of(reader, level_idx, 0, searches[i].guess, 1);
                idx_prefetch(&place);
            }
        }
        for (uint32_t i = 0; i < count; i++) {
            RZ_TRY(idx_search_near(reader, level_idx, rz_sel_at(sel, first + i), &searches[i], err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_idx_probe(rz_idx_reader *reader, const uint64_t *hashes, const rz_sel *sel, const rz_idx_hit **out_hits, uint32_t *out_count,
                         rz_error *err)
{
    reader->hit_count = 0;
    *out_count = 0;
    RZ_TRY(idx_probe_table(reader, reader->version->table, hashes, sel, err));
    RZ_TRY(idx_probe_table(reader, reader->version->frozen, hashes, sel, err));
    for (uint32_t level = 0; level < reader->version->level_count; level++) {
        RZ_TRY(idx_probe_level(reader, level, hashes, sel, err));
    }
    *out_hits = reader->hits;
    *out_count = reader->hit_count;
    return RUZU_OK;
}
