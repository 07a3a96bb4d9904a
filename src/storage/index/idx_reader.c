/* SPDX-License-Identifier: MIT */
/*
 * Probing: candidates of a batch of hashes, from the in-memory part and from every level.
 *
 * In a level, H says the bucket, two neighbouring starts where its entries lie, and halving finds the first with the wanted rest of H. Hashes
 * spread probes over all pages of a level, so only the pages at hand are pinned, except that a small level is pinned whole.
 */
#include "storage/index/idx.h"

#define IDX_READER_HASH_BITS 32u
#define IDX_AHEAD_ALL ((uint64_t)RZ_WINDOW_PAGES * RZ_PAGE_SIZE)

struct rz_idx_reader {
    rz_idx *idx;
    rz_mem *mem;
    rz_idx_version *version; /* pinned; NULL: closed */
    rz_window windows[RZ_IDX_MAX_LEVELS][2];
    rz_idx_hit *hits; /* owned */
    uint32_t hit_count;
    uint32_t hit_capacity;
};

ruzu_status rz_idx_reader_create(rz_idx *idx, rz_mem *mem, rz_idx_reader **out, rz_error *err)
{
    *out = (rz_idx_reader *)rz_mem_calloc(mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "reading an index");
    (*out)->idx = idx;
    (*out)->mem = mem;
    (*out)->version = rz_idx_pin(idx);
    return RUZU_OK;
}

void rz_idx_reader_release(rz_idx_reader *reader)
{
    for (uint32_t i = 0; i < RZ_IDX_MAX_LEVELS; i++) {
        rz_window_release(&reader->windows[i][0], reader->idx->pool);
        rz_window_release(&reader->windows[i][1], reader->idx->pool);
    }
}

void rz_idx_reader_close(rz_idx_reader *reader)
{
    rz_idx_reader_release(reader);
    rz_idx_unpin(reader->idx, reader->version);
    reader->version = NULL;
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

static ruzu_status idx_probe_table(rz_idx_reader *reader, const uint64_t *hashes, const rz_sel *sel, rz_error *err)
{
    const rz_idx_table *table = reader->version->table;
    if (rz_idx_table_count(table) == 0) {
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

/* The value at one position, whatever has to be pinned for it. */
static ruzu_status idx_level_get(rz_idx_reader *reader, uint32_t level_idx, uint32_t array, uint64_t position, uint64_t *out, rz_error *err)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    rz_window_source source = {reader->idx->pool, reader->idx->what};
    const uint8_t *data;
    uint64_t local;
    uint64_t ahead = level->extents.page_count <= RZ_WINDOW_PAGES ? IDX_AHEAD_ALL : 0;
    RZ_TRY(rz_parray_cover(&reader->windows[level_idx][array], &source, &level->extents, &level->arrays[array], position, 1, ahead, &data, &local,
                           err));
    *out = rz_packed_get(data, local, level->arrays[array].width);
    return RUZU_OK;
}

static ruzu_status idx_probe_level(rz_idx_reader *reader, uint32_t level_idx, uint32_t row, uint64_t hash, rz_error *err)
{
    const rz_idx_level *level = reader->version->levels[level_idx];
    uint32_t h = (uint32_t)(hash >> 32);
    uint32_t rest_bits = IDX_READER_HASH_BITS - level->bucket_bits;
    uint64_t bucket = (uint64_t)h >> rest_bits;
    uint64_t rest = h & ((UINT64_C(1) << rest_bits) - 1);
    uint64_t low, end, value = 0;
    RZ_TRY(idx_level_get(reader, level_idx, 1, bucket, &low, err));
    RZ_TRY(idx_level_get(reader, level_idx, 1, bucket + 1, &end, err));
    if (low > end || end > level->count) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: a bucket of the index is damaged.", reader->idx->what);
    }
    uint64_t high = end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        RZ_TRY(idx_level_get(reader, level_idx, 0, middle, &value, err));
        if (value >> level->offset_width < rest) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < end; low++) {
        RZ_TRY(idx_level_get(reader, level_idx, 0, low, &value, err));
        if (value >> level->offset_width != rest) {
            break;
        }
        RZ_TRY(idx_reader_hit(reader, row, value & ((UINT64_C(1) << level->offset_width) - 1), err));
    }
    return RUZU_OK;
}

ruzu_status rz_idx_probe(rz_idx_reader *reader, const uint64_t *hashes, const rz_sel *sel, const rz_idx_hit **out_hits, uint32_t *out_count,
                         rz_error *err)
{
    reader->hit_count = 0;
    *out_count = 0;
    RZ_TRY(idx_probe_table(reader, hashes, sel, err));
    for (uint32_t level = 0; level < reader->version->level_count; level++) {
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            RZ_TRY(idx_probe_level(reader, level, row, hashes[row], err));
        }
    }
    *out_hits = reader->hits;
    *out_count = reader->hit_count;
    return RUZU_OK;
}
