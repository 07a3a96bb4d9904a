/* SPDX-License-Identifier: MIT */
/*
 * Sorting the relationships of a bulk load: pairs of offsets, each with a number (tag) or the bytes of a row, in memory or by sorted runs that are merged.
 *
 * A run is sorted when its memory is used up and goes to temporary pages; with a single run everything stays in memory. Equal pairs keep the order
 * in which they came. 24 bytes a pair, plus rows.
 */
#ifndef RZ_STORAGE_TABLE_SORTER_H
#define RZ_STORAGE_TABLE_SORTER_H

#include "storage/buffer/buffer.h"
#include "storage/index/index.h"

#define RZ_SORTER_BATCH 1024u

typedef struct rz_sorter_run {
    rz_spool keys;
    rz_spool tags;
    rz_spool rows; /* length u32, bytes */
    uint64_t count;
} rz_sorter_run;

typedef struct rz_sorter_input rz_sorter_input; /* a run being merged */

typedef struct rz_sorter_array {
    void *memory; /* owned */
    uint64_t capacity;
} rz_sorter_array;

typedef struct rz_sorter {
    rz_mem *mem;
    rz_pool *pool;
    size_t budget;       /* bytes of memory for a run */
    bool with_tags;
    bool with_rows;
    bool by_first;       /* pairs come with ascending second parts: only the first one needs sorting */
    uint64_t total;
    /* The run being filled. */
    uint64_t count;
    uint64_t capacity;   /* of all arrays */
    rz_sorter_array key_array, key_scratch_array, tag_array, tag_scratch_array, off_array; /* what the next five point to */
    uint64_t *keys;      /* first << 32 | second */
    uint64_t *keys_scratch;
    uint32_t *tags;      /* with rows, the pair's number in the run */
    uint32_t *tags_scratch;
    uint32_t *row_offs;  /* by number in the run */
    uint64_t max_first, max_second; /* all their bits ored: only the width counts */
    uint8_t *row_bytes;  /* owned */
    size_t row_fill, row_capacity;
    /* Finished runs. */
    rz_sorter_run *runs; /* owned */
    uint32_t run_count;
    uint32_t run_capacity;
    /* Reading. */
    bool sorted;         /* rz_sorter_sort was called */
    uint64_t next;       /* in memory */
    rz_sorter_input *inputs; /* owned; a heap, run_count of them */
    uint32_t heap_count;
    uint8_t *batch_bytes; /* owned: rows of the batch given out */
    size_t batch_fill, batch_capacity;
} rz_sorter;

void rz_sorter_init(rz_sorter *sorter, rz_mem *mem, rz_pool *pool, size_t budget_bytes, bool with_tags, bool with_rows, bool by_first);
void rz_sorter_deinit(rz_sorter *sorter);
bool rz_sorter_in_memory(const rz_sorter *sorter); /* once sorted: there is one run */

/* The next pairs; both parts below 2^32 (RUZU_ERROR_LIMIT). tags NULL unless with_tags. */
RZ_NODISCARD ruzu_status rz_sorter_add(rz_sorter *sorter, const uint64_t *firsts, const uint64_t *seconds, const uint32_t *tags, uint32_t count,
                                       rz_error *err);
/* The same with rows: pair i has sizes[i] bytes, to be written at out_places[i] before the next call. Takes at least one of the pairs, as many as fit. */
RZ_NODISCARD ruzu_status rz_sorter_add_rows(rz_sorter *sorter, const uint64_t *firsts, const uint64_t *seconds, const size_t *sizes, uint32_t count,
                                            uint8_t **out_places, uint32_t *out_taken, rz_error *err);

/* No more pairs. */
RZ_NODISCARD ruzu_status rz_sorter_sort(rz_sorter *sorter, rz_error *err);

typedef struct rz_sorted_batch {
    uint32_t count; /* 0: the end */
    uint64_t first[RZ_SORTER_BATCH];
    uint64_t second[RZ_SORTER_BATCH];
    uint32_t tag[RZ_SORTER_BATCH];
    const uint8_t *row[RZ_SORTER_BATCH]; /* until the next call */
    size_t row_at[RZ_SORTER_BATCH];      /* private */
} rz_sorted_batch;
RZ_NODISCARD ruzu_status rz_sorter_pull(rz_sorter *sorter, rz_sorted_batch *batch, rz_error *err);

/* A sorter in memory whose pairs have all been pulled gets its pairs turned around, with their places in the order as tags, and is sorted again. */
RZ_NODISCARD ruzu_status rz_sorter_reverse(rz_sorter *sorter, rz_error *err);

#endif
