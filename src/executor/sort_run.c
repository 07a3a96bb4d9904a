/* SPDX-License-Identifier: MIT */
/*
 * Sorted runs: sorting in memory.
 *
 * Entries are sorted by 8 bytes of their keys at a time, as numbers: by radix (from the last byte; bytes that are the same everywhere cost nothing), or by merging when there are
 * few; then each stretch of equal ones by the next 8 bytes. Far into long keys whole keys are compared. Everything is stable.
 */
#include "executor/sort.h"

#include <string.h>

#define RUN_INSERTION 12u /* shorter stretches are sorted by insertion */
#define RUN_RADIX 512u    /* shorter ones are merged */
#define RUN_DEPTH 64u     /* bytes of keys that are taken as numbers */
#define RUN_AHEAD 16u     /* entries between prefetching a record and looking at it */

uint64_t rz_sort_prefix(const uint8_t *key, uint32_t length)
{
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < 8; i++) {
        prefix = prefix << 8 | (i < length ? key[i] : 0u);
    }
    return prefix;
}

int rz_sort_compare(const rz_sort_entry *a, const rz_sort_entry *b)
{
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    uint32_t a_length = rz_sort_key_length(a->record);
    uint32_t b_length = rz_sort_key_length(b->record);
    uint32_t both = a_length < b_length ? a_length : b_length;
    int order = both <= 8 ? 0 : memcmp(a->record + RZ_SORT_HEADER + 8, b->record + RZ_SORT_HEADER + 8, both - 8);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

ruzu_status rz_sort_run_create(rz_mem *mem, rz_sort_run **out, rz_error *err)
{
    *out = (rz_sort_run *)rz_mem_calloc(mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "sorting");
    (*out)->mem = mem;
    rz_arena_init(&(*out)->arena, mem);
    return RUZU_OK;
}

void rz_sort_run_clear(rz_sort_run *run)
{
    rz_mem_free(run->mem, run->entries, run->capacity * sizeof *run->entries);
    run->entries = NULL;
    run->count = run->capacity = 0;
    rz_arena_free(&run->arena);
}

void rz_sort_run_free(rz_sort_run *run)
{
    if (run != NULL) {
        rz_sort_run_clear(run);
        rz_mem_free(run->mem, run, sizeof *run);
    }
}

uint64_t rz_sort_run_bytes(const rz_sort_run *run)
{
    return run->arena.used_bytes + (run->capacity + run->count) * sizeof *run->entries;
}

ruzu_status rz_sort_run_reserve(rz_sort_run *run, uint64_t extra, rz_error *err)
{
    uint64_t need = run->count + extra;
    if (need <= run->capacity) {
        return RUZU_OK;
    }
    uint64_t capacity = run->capacity * 2 < need ? need : run->capacity * 2;
    rz_sort_entry *entries = (rz_sort_entry *)rz_mem_realloc(run->mem, run->entries, run->capacity * sizeof *entries, capacity * sizeof *entries);
    RZ_TRY_ALLOC(entries, err, "sorting");
    run->entries = entries;
    run->capacity = capacity;
    return RUZU_OK;
}

/* ---- sorting ---- */

static inline bool run_is_after(const rz_sort_entry *a, const rz_sort_entry *b, bool whole)
{
    return whole ? rz_sort_compare(a, b) > 0 : a->prefix > b->prefix;
}

static void run_insertion_sort(rz_sort_entry *entries, uint64_t count, bool whole)
{
    for (uint64_t i = 1; i < count; i++) {
        rz_sort_entry entry = entries[i];
        uint64_t j = i;
        while (j > 0 && run_is_after(&entries[j - 1], &entry, whole)) {
            entries[j] = entries[j - 1];
            j--;
        }
        entries[j] = entry;
    }
}

/* Merges the sorted from[0 .. middle) and from[middle .. count) into `to`. */
static void run_merge_halves(const rz_sort_entry *from, uint64_t middle, uint64_t count, rz_sort_entry *to, bool whole)
{
    uint64_t a = 0;
    uint64_t b = middle;
    for (uint64_t i = 0; i < count; i++) {
        bool take_a = b == count || (a < middle && !run_is_after(&from[a], &from[b], whole));
        to[i] = take_a ? from[a++] : from[b++];
    }
}

/* Bottom-up merge sort by whole keys or by prefix; the result is in entries. */
static void run_merge_sort(rz_sort_entry *entries, rz_sort_entry *scratch, uint64_t count, bool whole)
{
    for (uint64_t i = 0; i < count; i += RUN_INSERTION) {
        run_insertion_sort(entries + i, count - i < RUN_INSERTION ? count - i : RUN_INSERTION, whole);
    }
    rz_sort_entry *from = entries;
    rz_sort_entry *to = scratch;
    for (uint64_t width = RUN_INSERTION; width < count; width *= 2) {
        for (uint64_t i = 0; i < count; i += 2 * width) {
            uint64_t middle = count - i < width ? count - i : width;
            uint64_t end = count - i < 2 * width ? count - i : 2 * width;
            run_merge_halves(from + i, middle, end, to + i, whole);
        }
        rz_sort_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries) {
        memcpy(entries, from, count * sizeof *entries);
    }
}

/* By prefix; the result is in entries. */
static void run_radix_sort(rz_sort_entry *entries, rz_sort_entry *scratch, uint64_t count)
{
    uint64_t counts[8][256];
    memset(counts, 0, sizeof counts);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t prefix = entries[i].prefix;
        for (uint32_t d = 0; d < 8; d++) {
            counts[d][(prefix >> (8 * d)) & 255]++;
        }
    }
    rz_sort_entry *from = entries;
    rz_sort_entry *to = scratch;
    for (uint32_t d = 0; d < 8; d++) {
        uint64_t *places = counts[d];
        if (places[(entries[0].prefix >> (8 * d)) & 255] == count) {
            continue; /* the same everywhere */
        }
        uint64_t place = 0;
        for (uint32_t v = 0; v < 256; v++) {
            uint64_t here = places[v];
            places[v] = place;
            place += here;
        }
        for (uint64_t i = 0; i < count; i++) {
            to[places[(from[i].prefix >> (8 * d)) & 255]++] = from[i];
        }
        rz_sort_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries) {
        memcpy(entries, from, count * sizeof *entries);
    }
}

/* Sorts keys that are equal in their first `depth` bytes: by the 8 bytes there, then stretches of equal ones by what follows. Recursion ends at RUN_DEPTH bytes. The
 * entries' prefixes are those of depth 0 before and after. */
static void run_sort_from(rz_sort_entry *entries, rz_sort_entry *scratch, uint64_t count, uint32_t depth)
{
    uint64_t first_prefix = entries[0].prefix;
    bool longer = false; /* some key goes on behind these bytes */
    if (depth >= RUN_DEPTH) {
        run_merge_sort(entries, scratch, count, true);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (i + RUN_AHEAD < count) {
            RZ_PREFETCH(entries[i + RUN_AHEAD].record);
        }
        uint32_t length = rz_sort_key_length(entries[i].record);
        longer = longer || length > depth + 8;
        if (depth != 0) {
            entries[i].prefix = length <= depth ? 0 : rz_sort_prefix(entries[i].record + RZ_SORT_HEADER + depth, length - depth);
        }
    }
    if (count <= 2 * RUN_INSERTION) {
        run_insertion_sort(entries, count, false);
    } else if (count < RUN_RADIX) {
        run_merge_sort(entries, scratch, count, false);
    } else {
        run_radix_sort(entries, scratch, count);
    }
    for (uint64_t start = 0; start < count && (longer || depth != 0);) {
        uint64_t end = start + 1;
        while (end < count && entries[end].prefix == entries[start].prefix) {
            end++;
        }
        if (depth != 0) {
            for (uint64_t i = start; i < end; i++) {
                entries[i].prefix = first_prefix;
            }
        }
        if (end - start > 1 && longer) {
            run_sort_from(entries + start, scratch, end - start, depth + 8);
        }
        start = end;
    }
}

ruzu_status rz_sort_run_sort(rz_sort_run *run, rz_error *err)
{
    uint64_t count = run->count;
    if (count <= RUN_INSERTION) {
        run_insertion_sort(run->entries, count, true);
        return RUZU_OK;
    }
    rz_sort_entry *scratch = (rz_sort_entry *)rz_mem_alloc(run->mem, count * sizeof *scratch);
    RZ_TRY_ALLOC(scratch, err, "sorting");
    run_sort_from(run->entries, scratch, count, 0);
    rz_mem_free(run->mem, scratch, count * sizeof *scratch);
    return RUZU_OK;
}

ruzu_status rz_sort_run_cut(rz_sort_run *run, uint64_t keep, rz_error *err)
{
    if (run->count <= keep) {
        return RUZU_OK;
    }
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < keep; i++) {
        bytes += rz_sort_record_size(run->entries[i].record);
    }
    run->count = keep;
    if (bytes * 2 > run->arena.used_bytes) {
        return RUZU_OK; /* little to gain */
    }
    rz_arena arena;
    rz_arena_init(&arena, run->mem);
    uint8_t *to = (uint8_t *)rz_arena_alloc(&arena, bytes);
    RZ_TRY_ALLOC(to, err, "sorting");
    for (uint64_t i = 0; i < keep; i++) {
        uint32_t size = rz_sort_record_size(run->entries[i].record);
        memcpy(to, run->entries[i].record, size);
        run->entries[i].record = to;
        to += size;
    }
    rz_arena_free(&run->arena);
    run->arena = arena;
    return RUZU_OK;
}

ruzu_status rz_sort_run_spill(rz_sort_run *run, rz_pool *pool, rz_records **out, rz_error *err)
{
    *out = NULL;
    rz_records *records = NULL;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_records_create(run->mem, pool, &records, err));
    for (uint64_t i = 0; i < run->count; i++) {
        const uint8_t *record = run->entries[i].record;
        uint32_t size = rz_sort_record_size(record);
        uint8_t *place = NULL;
        RZ_TRY_GOTO(rz_records_add(records, size, &place, err));
        memcpy(place, record, size);
    }
    rz_records_seal(records);
    rz_sort_run_clear(run);
    *out = records;
    records = NULL;
cleanup:
    rz_records_free(records);
    return status;
}
