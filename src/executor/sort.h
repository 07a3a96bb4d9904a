/* SPDX-License-Identifier: MIT */
/*
 * What the parts of SORT share (private to op_sort.c, sort_sink.c, sort_run.c, sort_merge.c).
 *
 *   record   size u32 (of the whole) | key length u32 | key | row (one value per column, row form)
 *   run      records in memory, with an array of (first 8 key bytes as a number, record); or, once spilled, records in order
 */
#ifndef RZ_EXECUTOR_SORT_H
#define RZ_EXECUTOR_SORT_H

#include "executor/limit.h"
#include "executor/records.h"
#include "executor/top_bound.h"

#define RZ_SORT_HEADER 8u

typedef struct rz_sort_entry {
    uint64_t prefix;
    const uint8_t *record;
} rz_sort_entry;

static inline uint32_t rz_sort_record_size(const uint8_t *record)
{
    return rz_load_u32(record);
}
static inline uint32_t rz_sort_key_length(const uint8_t *record)
{
    return rz_load_u32(record + 4);
}
static inline const uint8_t *rz_sort_record_row(const uint8_t *record)
{
    return record + RZ_SORT_HEADER + rz_sort_key_length(record);
}
/* The first 8 bytes of a key, big-endian, zero-padded. */
uint64_t rz_sort_prefix(const uint8_t *key, uint32_t length);
/* Order of two keys: by prefix, then by what follows. */
int rz_sort_compare(const rz_sort_entry *a, const rz_sort_entry *b);

/* ---- rows that may be among the first k ---- */

/* Types of first keys that rz_sort_near knows: strings and those of fixed width. */
bool rz_sort_near_fits(const rz_type *type);
/* Writes the selected rows whose keys may come before one that begins with the eight bytes `bound`; vec is the first key's. keys: for fixed widths, room for its keys
 * and eight bytes. */
uint32_t rz_sort_near(const rz_vec *vec, const rz_sel *sel, const rz_plan_order *order, uint64_t bound, uint8_t *keys, uint32_t *rows);

/* The bound that a SORT's shared object keeps for a scan below (top_bound.h). */
rz_top_bound *rz_sort_bound(void *shared);

/* ---- runs ---- */

typedef struct rz_sort_run {
    rz_mem *mem;
    rz_arena arena;          /* records */
    rz_sort_entry *entries;
    uint64_t count;
    uint64_t capacity;
} rz_sort_run;

RZ_NODISCARD ruzu_status rz_sort_run_create(rz_mem *mem, rz_sort_run **out, rz_error *err);
void rz_sort_run_free(rz_sort_run *run); /* NULL is fine */
void rz_sort_run_clear(rz_sort_run *run);
uint64_t rz_sort_run_bytes(const rz_sort_run *run); /* what sorting needs included */
RZ_NODISCARD ruzu_status rz_sort_run_reserve(rz_sort_run *run, uint64_t extra, rz_error *err);
/* Sorts by key; equal keys stay in their order. */
RZ_NODISCARD ruzu_status rz_sort_run_sort(rz_sort_run *run, rz_error *err);
/* Drops all but the first `keep` of a sorted run and moves the others' records together. */
RZ_NODISCARD ruzu_status rz_sort_run_cut(rz_sort_run *run, uint64_t keep, rz_error *err);
/* Writes a sorted run to new records and clears it. */
RZ_NODISCARD ruzu_status rz_sort_run_spill(rz_sort_run *run, rz_pool *pool, rz_records **out, rz_error *err);

/* ---- merging ---- */

/* A sorted sequence of records: in memory or spilled. */
typedef struct rz_sort_source {
    rz_sort_run *run;    /* or NULL */
    rz_records *records; /* or NULL */
} rz_sort_source;

typedef struct rz_sort_reader {
    const rz_sort_source *source;
    uint64_t at;             /* in the run */
    rz_records_cursor cursor;
    rz_sort_entry current;
} rz_sort_reader;

typedef struct rz_sort_merge {
    rz_sort_reader *readers;
    uint32_t *heap;          /* indexes of readers that have a current record, the smallest first */
    uint32_t reader_count;
    uint32_t heap_count;
    bool given;              /* the record on top was given out: it must be left first */
} rz_sort_merge;

/* first: so many records are left out; 0 where some source is spilled. */
RZ_NODISCARD ruzu_status rz_sort_merge_open(rz_arena *arena, const rz_sort_source *sources, uint32_t count, uint64_t first, rz_sort_merge *merge, rz_error *err);
/* The next record, NULL at the end. With `hold`, records given before are still in use: where going on would let go of them, *out is NULL and *out_blocked true; go on without
 * `hold` later. */
RZ_NODISCARD ruzu_status rz_sort_merge_next(rz_sort_merge *merge, bool hold, const uint8_t **out, bool *out_blocked, rz_error *err);
void rz_sort_merge_close(rz_sort_merge *merge); /* zeroed is fine */

/* ---- between sink and source ---- */

typedef struct rz_sort_shared {
    rz_mem *mem;
    rz_pool *pool;
    rz_mutex lock;
    bool locked;
    rz_sort_source *sources; /* owned: the workers' runs */
    uint32_t source_count;
    uint32_t source_capacity;
    rz_top_bound bound;      /* of the first key, for a scan below */
    bool spilled;            /* some source is */
    uint64_t stretch_rows;
    rz_morsel_source stretches; /* pieces of the order; none where a source is spilled */
} rz_sort_shared;

/* skip, and skip + limit (UINT64_MAX without a limit). */
RZ_NODISCARD ruzu_status rz_sort_bounds(rz_worker *worker, const rz_plan *plan, uint64_t *out_skip, uint64_t *out_end, rz_error *err);

#endif
