/* SPDX-License-Identifier: MIT */
/*
 * Merging sorted runs: a binary heap over the runs' next records. Equal keys come in the order of their runs. Among runs in memory the merge may begin anywhere in
 * the order: bisection tells how many records of each come before.
 */
#include "executor/sort.h"

#include <string.h>

#define MERGE_AHEAD 24u /* records between prefetching one and giving it out */

/* Goes to the next record; current.record is NULL at the end of the run. */
static ruzu_status merge_advance(rz_sort_reader *reader, bool hold, bool *out_blocked, rz_error *err)
{
    *out_blocked = false;
    if (reader->source->run != NULL) {
        const rz_sort_run *run = reader->source->run;
        if (reader->at < run->count) {
            if (reader->at + MERGE_AHEAD < run->count) {
                RZ_PREFETCH(run->entries[reader->at + MERGE_AHEAD].record);
            }
            reader->current = run->entries[reader->at++];
        } else {
            reader->current.record = NULL;
        }
        return RUZU_OK;
    }
    const uint8_t *record = NULL;
    uint32_t size = 0;
    RZ_TRY(rz_records_next(&reader->cursor, hold, &record, &size, out_blocked, err));
    if (*out_blocked) {
        return RUZU_OK;
    }
    reader->current.record = record;
    if (record != NULL) {
        reader->current.prefix = rz_sort_prefix(record + RZ_SORT_HEADER, rz_sort_key_length(record));
    }
    return RUZU_OK;
}

static bool merge_before(const rz_sort_merge *merge, uint32_t a, uint32_t b)
{
    int order = rz_sort_compare(&merge->readers[a].current, &merge->readers[b].current);
    return order != 0 ? order < 0 : a < b;
}

static void merge_sift_down(rz_sort_merge *merge, uint32_t at)
{
    uint32_t moved = merge->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= merge->heap_count) {
            break;
        }
        if (child + 1 < merge->heap_count && merge_before(merge, merge->heap[child + 1], merge->heap[child])) {
            child++;
        }
        if (!merge_before(merge, merge->heap[child], moved)) {
            break;
        }
        merge->heap[at] = merge->heap[child];
        at = child;
    }
    merge->heap[at] = moved;
}

/* How many of the run's records come before the record number `at` of the run `of`: equal keys come in the order of their runs. */
static uint64_t merge_rank(const rz_sort_source *sources, uint32_t run, uint32_t of, uint64_t at)
{
    const rz_sort_entry *pivot = &sources[of].run->entries[at];
    uint64_t low = 0, high = sources[run].run->count;
    while (low < high && run != of) {
        uint64_t middle = low + (high - low) / 2;
        int order = rz_sort_compare(&sources[run].run->entries[middle], pivot);
        if (order < 0 || (order == 0 && run < of)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return run == of ? at : low;
}

/* How many records of each run are among the first `first` of all. ends, ranks: room for as many numbers. */
static void merge_split(const rz_sort_source *sources, uint32_t count, uint64_t first, uint64_t *starts, uint64_t *ends, uint64_t *ranks)
{
    for (uint32_t i = 0; i < count; i++) {
        starts[i] = 0;
        ends[i] = sources[i].run->count;
    }
    for (;;) { /* the answer for each run lies in [start, end]; the longest of these ranges is halved */
        uint32_t of = 0;
        uint64_t rank = 0;
        for (uint32_t i = 1; i < count; i++) {
            of = ends[i] - starts[i] > ends[of] - starts[of] ? i : of;
        }
        if (count == 0 || ends[of] == starts[of]) {
            return;
        }
        uint64_t at = starts[of] + (ends[of] - starts[of]) / 2;
        for (uint32_t i = 0; i < count; i++) {
            ranks[i] = merge_rank(sources, i, of, at);
            rank += ranks[i];
        }
        bool among = rank < first; /* so is the record in the middle, and all before it; else none behind it is */
        for (uint32_t i = 0; i < count; i++) {
            if (among) {
                starts[i] = ranks[i] > starts[i] ? ranks[i] : starts[i];
            } else {
                ends[i] = ranks[i] < ends[i] ? ranks[i] : ends[i];
            }
        }
        starts[of] = among ? at + 1 : starts[of];
    }
}

static ruzu_status merge_leave_out(rz_arena *arena, const rz_sort_source *sources, rz_sort_merge *merge, uint64_t first, rz_error *err)
{
    uint32_t count = merge->reader_count;
    uint64_t *numbers = RZ_NEW_ARRAY(arena, uint64_t, 3 * (size_t)count);
    RZ_TRY_ALLOC(numbers, err, "merging sorted rows");
    merge_split(sources, count, first, numbers, numbers + count, numbers + 2 * (size_t)count);
    for (uint32_t i = 0; i < count; i++) {
        merge->readers[i].at = numbers[i];
    }
    return RUZU_OK;
}

ruzu_status rz_sort_merge_open(rz_arena *arena, const rz_sort_source *sources, uint32_t count, uint64_t first, rz_sort_merge *merge, rz_error *err)
{
    memset(merge, 0, sizeof *merge);
    merge->readers = RZ_NEW_ARRAY(arena, rz_sort_reader, count);
    merge->heap = RZ_NEW_ARRAY(arena, uint32_t, count);
    if (merge->readers == NULL || merge->heap == NULL) {
        return rz_error_no_memory(err, "merging sorted rows");
    }
    for (uint32_t i = 0; i < count; i++) {
        merge->readers[i].source = &sources[i];
        if (sources[i].run == NULL) {
            rz_records_open(sources[i].records, &merge->readers[i].cursor);
        }
    }
    merge->reader_count = count;
    if (first != 0) {
        RZ_TRY(merge_leave_out(arena, sources, merge, first, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        bool blocked = false;
        RZ_TRY(merge_advance(&merge->readers[i], false, &blocked, err));
        if (merge->readers[i].current.record != NULL) {
            merge->heap[merge->heap_count++] = i;
        }
    }
    for (uint32_t i = merge->heap_count / 2; i > 0; i--) {
        merge_sift_down(merge, i - 1);
    }
    return RUZU_OK;
}

ruzu_status rz_sort_merge_next(rz_sort_merge *merge, bool hold, const uint8_t **out, bool *out_blocked, rz_error *err)
{
    *out = NULL;
    *out_blocked = false;
    if (merge->given) {
        rz_sort_reader *reader = &merge->readers[merge->heap[0]];
        RZ_TRY(merge_advance(reader, hold, out_blocked, err));
        if (*out_blocked) {
            return RUZU_OK;
        }
        merge->given = false;
        if (reader->current.record == NULL) {
            merge->heap[0] = merge->heap[--merge->heap_count];
        }
        if (merge->heap_count > 1) {
            merge_sift_down(merge, 0);
        }
    }
    if (merge->heap_count != 0) {
        *out = merge->readers[merge->heap[0]].current.record;
        merge->given = true;
    }
    return RUZU_OK;
}

void rz_sort_merge_close(rz_sort_merge *merge)
{
    for (uint32_t i = 0; i < merge->reader_count; i++) {
        rz_records_close(&merge->readers[i].cursor);
    }
    merge->reader_count = merge->heap_count = 0;
}
