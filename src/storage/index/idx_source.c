/* SPDX-License-Identifier: MIT */
/*
 * Where a level's entries come from: a hash table in memory, sorted part by part, a part of a level, or several sorted sources merged.
 */
#include "storage/index/idx.h"

#define IDX_SOURCE_BATCH 1024u
#define IDX_SOURCE_OFFSET_BITS 40u
#define IDX_SOURCE_OFFSET_MASK ((UINT64_C(1) << IDX_SOURCE_OFFSET_BITS) - 1)

/* Entries of part into source->keys (grown as needed). */
static ruzu_status idx_source_load(rz_idx_table_source *source, uint32_t part, rz_error *err)
{
    uint64_t capacity = rz_idx_table_part_capacity(source->table, part);
    if (capacity > source->capacity) {
        uint64_t *keys = (uint64_t *)rz_mem_alloc(source->mem, capacity * 2 * sizeof *keys);
        RZ_TRY_ALLOC(keys, err, "sorting the keys of an index");
        rz_mem_free(source->mem, source->keys, source->capacity * 2 * sizeof *keys);
        source->keys = keys;
        source->capacity = capacity;
    }
    source->count = capacity == 0 ? 0 : rz_idx_table_copy_part(source->table, part, source->first, source->end, source->keys);
    source->at = 0;
    return RUZU_OK;
}

static ruzu_status idx_table_pull(void *user, const rz_idx_entry **out_entries, uint32_t *out_count, rz_error *err)
{
    rz_idx_table_source *source = (rz_idx_table_source *)user;
    *out_count = 0;
    *out_entries = source->entries;
    while (source->at == source->count) {
        if (source->part == RZ_IDX_PARTS) {
            return RUZU_OK;
        }
        RZ_TRY(idx_source_load(source, source->part++, err));
        uint64_t *scratch = source->keys + source->capacity;
        rz_radix_sort(source->keys, scratch, NULL, NULL, source->count, 0, source->offset_width);
        rz_radix_sort(source->keys, scratch, NULL, NULL, source->count, IDX_SOURCE_OFFSET_BITS, 64);
    }
    uint64_t left = source->count - source->at;
    uint32_t count = left < IDX_SOURCE_BATCH ? (uint32_t)left : IDX_SOURCE_BATCH;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = source->keys[source->at++];
        source->entries[i].hash = (source->part - 1) << 24 | (uint32_t)(key >> IDX_SOURCE_OFFSET_BITS);
        source->entries[i].offset = key & IDX_SOURCE_OFFSET_MASK;
    }
    *out_count = count;
    return RUZU_OK;
}

ruzu_status rz_idx_table_source_init(rz_idx_table_source *source, rz_mem *mem, const rz_idx_table *table, uint64_t first, uint64_t end,
                                     rz_idx_level_source *out, rz_error *err)
{
    uint64_t count = 0, min = UINT64_MAX, max = 0;
    *source = (rz_idx_table_source){.mem = mem, .table = table, .first = first, .end = end};
    *out = (rz_idx_level_source){0};
    for (uint32_t part = 0; part < RZ_IDX_PARTS; part++) {
        RZ_TRY(idx_source_load(source, part, err));
        for (uint64_t i = 0; i < source->count; i++) {
            uint64_t offset = source->keys[i] & IDX_SOURCE_OFFSET_MASK;
            min = offset < min ? offset : min;
            max = offset > max ? offset : max;
        }
        count += source->count;
    }
    source->count = 0;
    source->at = 0;
    source->offset_width = rz_bit_width(max);
    source->entries = (rz_idx_entry *)rz_mem_alloc(mem, IDX_SOURCE_BATCH * sizeof *source->entries);
    RZ_TRY_ALLOC(source->entries, err, "sorting the keys of an index");
    *out = (rz_idx_level_source){.pull = idx_table_pull, .user = source, .count = count, .min_offset = count == 0 ? 0 : min, .max_offset = max};
    return RUZU_OK;
}

void rz_idx_table_source_deinit(rz_idx_table_source *source)
{
    if (source->mem != NULL) {
        rz_mem_free(source->mem, source->keys, source->capacity * 2 * sizeof *source->keys);
        rz_mem_free(source->mem, source->entries, IDX_SOURCE_BATCH * sizeof *source->entries);
        *source = (rz_idx_table_source){0};
    }
}

/* ---- a part of a level ---- */

static ruzu_status idx_part_pull(void *user, const rz_idx_entry **out_entries, uint32_t *out_count, rz_error *err)
{
    rz_idx_part_source *part = (rz_idx_part_source *)user;
    uint32_t kept = 0;
    while (kept == 0) {
        const rz_idx_entry *entries;
        uint32_t count = 0;
        RZ_TRY(rz_idx_level_cursor_pull(part->cursor, &entries, &count, err));
        if (count == 0) {
            break;
        }
        RZ_ASSERT(count <= IDX_SOURCE_BATCH);
        for (uint32_t i = 0; i < count; i++) {
            bool keep = entries[i].offset >= part->first && entries[i].offset < part->end;
            if (part->dropped != NULL && part->counting && part->gone(part->user, entries[i].offset)) {
                rz_bit_set(part->dropped, part->position + i);
            }
            keep = keep && (part->dropped == NULL || !rz_bit_get(part->dropped, part->position + i));
            part->entries[kept] = entries[i];
            kept += keep;
        }
        part->position += count;
    }
    *out_entries = part->entries;
    *out_count = kept;
    return RUZU_OK;
}

void rz_idx_part_source_deinit(rz_idx_part_source *part)
{
    rz_mem_free(part->mem, part->dropped, part->dropped_words * sizeof *part->dropped);
    part->dropped = NULL;
    rz_idx_level_cursor_free(part->cursor);
    rz_mem_free(part->mem, part->entries, IDX_SOURCE_BATCH * sizeof *part->entries);
    part->cursor = NULL;
    part->entries = NULL;
}

/* The entries are counted by reading them once: a level's size is known before it is written. */
static ruzu_status idx_part_count(rz_idx_part_source *part, rz_error *err)
{
    rz_idx_level_source *source = &part->source;
    source->min_offset = UINT64_MAX;
    for (;;) {
        const rz_idx_entry *entries;
        uint32_t count = 0;
        RZ_TRY(idx_part_pull(part, &entries, &count, err));
        if (count == 0) {
            return RUZU_OK;
        }
        for (uint32_t i = 0; i < count; i++) {
            source->min_offset = entries[i].offset < source->min_offset ? entries[i].offset : source->min_offset;
            source->max_offset = entries[i].offset > source->max_offset ? entries[i].offset : source->max_offset;
        }
        source->count += count;
    }
}

ruzu_status rz_idx_part_source_init(rz_idx_part_source *part, rz_idx *idx, const rz_idx_level *level, uint64_t first, uint64_t end, rz_idx_gone_fn gone,
                                    void *user, rz_error *err)
{
    *part = (rz_idx_part_source){
        .mem = idx->mem, .first = first, .end = end, .gone = gone, .user = user, .source = {.pull = idx_part_pull, .user = part}};
    part->entries = (rz_idx_entry *)rz_mem_alloc(idx->mem, IDX_SOURCE_BATCH * sizeof *part->entries);
    RZ_TRY_ALLOC(part->entries, err, "folding an index");
    if (gone != NULL) { /* without memory for it all entries stay */
        part->dropped_words = RZ_BITMAP_WORDS(level->count);
        part->dropped = (uint64_t *)rz_mem_calloc(idx->mem, (size_t)part->dropped_words, sizeof *part->dropped);
    }
    ruzu_status status = rz_idx_level_cursor_create(idx, level, &part->cursor, err);
    part->counting = true;
    if (status == RUZU_OK) {
        status = idx_part_count(part, err);
    }
    part->counting = false;
    part->position = 0;
    if (status == RUZU_OK && part->source.count != 0) { /* from the beginning */
        rz_idx_level_cursor_free(part->cursor);
        part->cursor = NULL;
        status = rz_idx_level_cursor_create(idx, level, &part->cursor, err);
    }
    if (status != RUZU_OK || part->source.count == 0) {
        rz_idx_part_source_deinit(part);
        part->source.count = 0;
    }
    return status;
}

/* ---- merging ---- */

static bool idx_entry_before(const rz_idx_entry *a, const rz_idx_entry *b)
{
    return a->hash != b->hash ? a->hash < b->hash : a->offset < b->offset;
}

static ruzu_status idx_merge_pull(void *user, const rz_idx_entry **out_entries, uint32_t *out_count, rz_error *err)
{
    rz_idx_merge_source *merge = (rz_idx_merge_source *)user;
    uint32_t count = 0;
    while (count < IDX_SOURCE_BATCH) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < merge->count; i++) {
            if (merge->left[i] == 0 && !merge->ended[i]) {
                RZ_TRY(merge->inputs[i].pull(merge->inputs[i].user, &merge->batch[i], &merge->left[i], err));
                merge->ended[i] = merge->left[i] == 0;
            }
            if (merge->left[i] != 0 && (best == UINT32_MAX || idx_entry_before(merge->batch[i], merge->batch[best]))) {
                best = i;
            }
        }
        if (best == UINT32_MAX) {
            break;
        }
        merge->entries[count++] = *merge->batch[best]++;
        merge->left[best]--;
    }
    *out_entries = merge->entries;
    *out_count = count;
    return RUZU_OK;
}

ruzu_status rz_idx_merge_source_init(rz_idx_merge_source *merge, rz_mem *mem, rz_idx_level_source *out, rz_error *err)
{
    *out = (rz_idx_level_source){.pull = idx_merge_pull, .user = merge, .min_offset = UINT64_MAX};
    for (uint32_t i = 0; i < merge->count; i++) {
        const rz_idx_level_source *input = &merge->inputs[i];
        out->count += input->count;
        out->min_offset = input->min_offset < out->min_offset ? input->min_offset : out->min_offset;
        out->max_offset = input->max_offset > out->max_offset ? input->max_offset : out->max_offset;
        merge->left[i] = 0;
        merge->ended[i] = false;
    }
    merge->mem = mem;
    merge->entries = (rz_idx_entry *)rz_mem_alloc(mem, IDX_SOURCE_BATCH * sizeof *merge->entries);
    RZ_TRY_ALLOC(merge->entries, err, "merging index levels");
    return RUZU_OK;
}

void rz_idx_merge_source_deinit(rz_idx_merge_source *merge)
{
    if (merge->mem != NULL) {
        rz_mem_free(merge->mem, merge->entries, IDX_SOURCE_BATCH * sizeof *merge->entries);
        merge->mem = NULL;
    }
}
