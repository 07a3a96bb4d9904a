/* SPDX-License-Identifier: MIT */
/*
 * Levels: immutable sorted arrays of (H, offset) on pages.
 *
 *   arrays[0]  entries, bucket after bucket: (lower 32 - b bits of H) << offset_width | offset, ascending within a bucket
 *   arrays[1]  2^b + 1 positions: bucket i has the entries [start i, start i + 1)
 *
 * b is chosen for about IDX_BUCKET entries a bucket, which a probe searches by halving; hashes spread evenly, so the starts say all that a
 * tree would. The entries come first because they are written while the starts are being counted.
 *
 * Directory form: count u64, min offset u64, max offset u64, bucket bits u8, offset width u8, starts width u8, 0 u8, extents (parray.h).
 */
#include "storage/index/idx.h"

#define IDX_BUCKET 32u
#define IDX_HASH_BITS 32u
#define IDX_BATCH 512u

static uint32_t idx_bucket_bits(uint64_t count, uint32_t offset_width)
{
    uint32_t bits = rz_bit_width(count / IDX_BUCKET);
    /* An entry has to fit 64 bits. */
    uint32_t least = offset_width > 64 - IDX_HASH_BITS ? offset_width - (64 - IDX_HASH_BITS) : 0;
    bits = bits < least ? least : bits;
    return bits > IDX_HASH_BITS ? IDX_HASH_BITS : bits;
}

static inline uint64_t idx_bucket_of(uint32_t hash, uint32_t bucket_bits)
{
    return (uint64_t)hash >> (IDX_HASH_BITS - bucket_bits); /* 0 when bucket_bits is 0: the shift is of 64 bits */
}

static inline uint64_t idx_rest_mask(uint32_t bucket_bits)
{
    return (UINT64_C(1) << (IDX_HASH_BITS - bucket_bits)) - 1;
}

/* A level may have more entries than the table has rows: those of keys that rows had. */
#define IDX_MAX_ENTRIES (UINT64_C(1) << 44)

/* Sizes of both arrays from count, max_offset and bucket_bits. */
static void idx_level_shape(rz_idx_level *level)
{
    level->arrays[0] = (rz_parray){.count = level->count, .width = IDX_HASH_BITS - level->bucket_bits + level->offset_width};
    level->arrays[1] = (rz_parray){.count = (UINT64_C(1) << level->bucket_bits) + 1, .width = rz_bit_width(level->count)};
}

static ruzu_status idx_level_push(rz_idx_level *level, const rz_idx_level_source *source, rz_parray_writer *writer, uint64_t *starts,
                                  rz_error *err)
{
    uint64_t bucket = 0; /* starts[0 … bucket] are set */
    uint64_t mask = idx_rest_mask(level->bucket_bits);
    uint64_t position = 0;
    uint64_t values[IDX_BATCH];
    starts[0] = 0;
    for (;;) {
        const rz_idx_entry *entries;
        uint32_t count = 0;
        RZ_TRY(source->pull(source->user, &entries, &count, err));
        if (count == 0) {
            break;
        }
        if (count > level->count - position) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "an index level has more entries than it says.");
        }
        for (uint32_t i = 0; i < count;) {
            uint32_t filled = 0;
            for (; i < count && filled < IDX_BATCH; i++, position++) {
                for (uint64_t own = idx_bucket_of(entries[i].hash, level->bucket_bits); bucket < own;) {
                    starts[++bucket] = position;
                }
                values[filled++] = (entries[i].hash & mask) << level->offset_width | entries[i].offset;
            }
            RZ_TRY(rz_parray_push(writer, values, filled, err));
        }
    }
    if (position != level->count) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "an index level has fewer entries than it says.");
    }
    while (bucket < UINT64_C(1) << level->bucket_bits) {
        starts[++bucket] = position;
    }
    return rz_parray_push(writer, starts, level->arrays[1].count, err);
}

ruzu_status rz_idx_level_write(rz_idx *idx, const rz_idx_level_source *source, rz_idx_level **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    uint64_t *starts = NULL;
    size_t starts_size = 0;
    rz_parray_writer writer;
    *out = NULL;
    rz_parray_writer_init(&writer, idx->mem, idx->disk);
    rz_idx_level *level = (rz_idx_level *)rz_mem_calloc(idx->mem, 1, sizeof *level);
    RZ_TRY_ALLOC(level, err, "writing an index level");
    atomic_init(&level->refs, 1);
    level->count = source->count;
    level->min_offset = source->min_offset;
    level->max_offset = source->max_offset;
    level->offset_width = rz_bit_width(source->max_offset);
    level->bucket_bits = idx_bucket_bits(source->count, level->offset_width);
    idx_level_shape(level);
    starts_size = level->arrays[1].count * sizeof *starts;
    starts = (uint64_t *)rz_mem_alloc(idx->mem, starts_size);
    if (starts == NULL) {
        status = rz_error_no_memory(err, "writing an index level");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_parray_begin(&writer, level->arrays, 2, err));
    RZ_TRY_GOTO(idx_level_push(level, source, &writer, starts, err));
    RZ_TRY_GOTO(rz_parray_finish(&writer, &level->extents, err));
    *out = level;
    level = NULL;
cleanup:
    rz_parray_writer_deinit(&writer);
    rz_mem_free(idx->mem, starts, starts_size);
    if (level != NULL) {
        rz_mem_free(idx->mem, level, sizeof *level);
    }
    return status;
}

void rz_idx_level_release(rz_idx *idx, rz_idx_level *level)
{
    if (atomic_fetch_sub_explicit(&level->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (!idx->keep_pages) {
        rz_extents_give_back(&level->extents, idx->disk, idx->pool);
    }
    rz_extents_free(&level->extents, idx->mem);
    rz_mem_free(idx->mem, level, sizeof *level);
}

void rz_idx_level_encode(const rz_idx_level *level, rz_str *out)
{
    uint8_t bytes[28];
    rz_store_u64(bytes, level->count);
    rz_store_u64(bytes + 8, level->min_offset);
    rz_store_u64(bytes + 16, level->max_offset);
    bytes[24] = (uint8_t)level->bucket_bits;
    bytes[25] = (uint8_t)level->offset_width;
    bytes[26] = (uint8_t)level->arrays[1].width;
    bytes[27] = 0;
    rz_str_append(out, (const char *)bytes, sizeof bytes);
    rz_extents_encode(&level->extents, out);
}

ruzu_status rz_idx_level_decode(rz_idx *idx, rz_reader *reader, uint64_t row_end, bool logged, rz_idx_level **out, rz_error *err)
{
    *out = NULL;
    rz_idx_level *level = (rz_idx_level *)rz_mem_calloc(idx->mem, 1, sizeof *level);
    RZ_TRY_ALLOC(level, err, "opening an index");
    atomic_init(&level->refs, 1);
    level->count = rz_read_u64(reader);
    level->min_offset = rz_read_u64(reader);
    level->max_offset = rz_read_u64(reader);
    level->bucket_bits = rz_read_u8(reader);
    level->offset_width = rz_read_u8(reader);
    uint32_t starts_width = rz_read_u8(reader);
    (void)rz_read_u8(reader);
    bool good = !reader->failed && level->count != 0 && level->count <= IDX_MAX_ENTRIES && level->min_offset <= level->max_offset &&
                level->max_offset < row_end && level->max_offset <= RZ_IDX_MAX_OFFSET && level->bucket_bits <= IDX_HASH_BITS &&
                level->offset_width == rz_bit_width(level->max_offset) &&
                IDX_HASH_BITS - level->bucket_bits + level->offset_width <= 64 && starts_width == rz_bit_width(level->count);
    if (!good) {
        rz_mem_free(idx->mem, level, sizeof *level);
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: an index level is damaged.", idx->what);
    }
    idx_level_shape(level);
    ruzu_status status = rz_extents_decode(reader, level->arrays, 2, idx->mem, idx->what, &level->extents, err);
    if (status == RUZU_OK) {
        status = rz_extents_claim(&level->extents, idx->disk, logged, idx->what, err);
    }
    if (status != RUZU_OK) {
        rz_extents_free(&level->extents, idx->mem);
        rz_mem_free(idx->mem, level, sizeof *level);
        return status;
    }
    *out = level;
    return RUZU_OK;
}

/* ---- iterating ---- */

struct rz_idx_level_cursor {
    rz_idx *idx;
    const rz_idx_level *level; /* borrowed */
    rz_window windows[2];
    uint64_t bucket;   /* of the next entry, or before it */
    uint64_t bucket_end; /* position at which it ends */
    uint64_t position;
    uint64_t starts_first; /* starts[0] is start number starts_first */
    uint32_t starts_count;
    uint64_t starts[IDX_BATCH];
    uint64_t values[IDX_BATCH];
    rz_idx_entry entries[IDX_BATCH];
};

ruzu_status rz_idx_level_cursor_create(rz_idx *idx, const rz_idx_level *level, rz_idx_level_cursor **out, rz_error *err)
{
    *out = (rz_idx_level_cursor *)rz_mem_calloc(idx->mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "merging index levels");
    (*out)->idx = idx;
    (*out)->level = level;
    (*out)->bucket = UINT64_MAX; /* one step leads to bucket 0 */
    return RUZU_OK;
}

void rz_idx_level_cursor_free(rz_idx_level_cursor *cursor)
{
    if (cursor != NULL) {
        rz_window_release(&cursor->windows[0], cursor->idx->pool);
        rz_window_release(&cursor->windows[1], cursor->idx->pool);
        rz_mem_free(cursor->idx->mem, cursor, sizeof *cursor);
    }
}

/* Goes to the next bucket. */
static ruzu_status idx_cursor_bucket(rz_idx_level_cursor *cursor, rz_error *err)
{
    const rz_idx_level *level = cursor->level;
    rz_window_source source = {cursor->idx->pool, cursor->idx->what};
    cursor->bucket++;
    uint64_t wanted = cursor->bucket + 1; /* its end is the next one's start */
    if (wanted >= level->arrays[1].count) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the buckets of an index level end early.", cursor->idx->what);
    }
    if (wanted < cursor->starts_first || wanted >= cursor->starts_first + cursor->starts_count) {
        uint64_t left = level->arrays[1].count - wanted;
        cursor->starts_first = wanted;
        cursor->starts_count = left < IDX_BATCH ? (uint32_t)left : IDX_BATCH;
        RZ_TRY(rz_parray_read(&cursor->windows[1], &source, &level->extents, &level->arrays[1], wanted, cursor->starts_count, 0,
                              cursor->starts, err));
    }
    uint64_t end = cursor->starts[wanted - cursor->starts_first];
    if (end < cursor->position || end > level->count) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the buckets of an index level overlap.", cursor->idx->what);
    }
    cursor->bucket_end = end;
    return RUZU_OK;
}

ruzu_status rz_idx_level_cursor_pull(void *user, const rz_idx_entry **out_entries, uint32_t *out_count, rz_error *err)
{
    rz_idx_level_cursor *cursor = (rz_idx_level_cursor *)user;
    const rz_idx_level *level = cursor->level;
    rz_window_source source = {cursor->idx->pool, cursor->idx->what};
    uint64_t left = level->count - cursor->position;
    uint32_t count = left < IDX_BATCH ? (uint32_t)left : IDX_BATCH;
    uint64_t offset_mask = (UINT64_C(1) << level->offset_width) - 1;
    RZ_TRY(rz_parray_read(&cursor->windows[0], &source, &level->extents, &level->arrays[0], cursor->position, count, 0, cursor->values, err));
    for (uint32_t i = 0; i < count; i++, cursor->position++) {
        while (cursor->position >= cursor->bucket_end || cursor->bucket == UINT64_MAX) {
            RZ_TRY(idx_cursor_bucket(cursor, err));
        }
        uint64_t rest = cursor->values[i] >> level->offset_width;
        cursor->entries[i].hash = (uint32_t)(cursor->bucket << (IDX_HASH_BITS - level->bucket_bits) | rest);
        cursor->entries[i].offset = cursor->values[i] & offset_mask;
    }
    *out_entries = cursor->entries;
    *out_count = count;
    return RUZU_OK;
}
