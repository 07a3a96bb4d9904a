/* SPDX-License-Identifier: MIT */
/*
 * COPY FROM: what its parts share (private to copy*.c).
 */
#ifndef RZ_EXECUTOR_COPY_H
#define RZ_EXECUTOR_COPY_H

#include "executor/csv_source.h"
#include "executor/exec.h"

/* One COPY under way. */
typedef struct copy_run {
    const rz_exec_context *context;
    const rz_bound_copy_from *copy;
    rz_exec exec;
    uint32_t key_count;        /* 2 for a relationship table: columns of the source that are keys of its ends */
    uint32_t column_count;     /* of the source: keys, then properties */
    const rz_type **types;     /* of those */
    const char **names;
    const rz_cat_table *ends[2]; /* REL: node tables of the pair */
    rz_ntab_bulk *nodes;       /* owned until finished */
    rz_rtab_bulk *rels;
    uint64_t rows_seen;        /* guarded by lock, as the bulk loads and all below */
    rz_mutex lock;
    rz_cond turn;              /* next_block or failed changed */
    uint64_t next_block;       /* whose rows may be appended */
    bool failed;
    rz_error error;
    rz_csv_scan *scan;
    uint64_t last_progress_us; /* worker 0's alone */
} copy_run;

/* Where rows come from, for the reports about bad ones. */
typedef struct copy_place {
    copy_run *run;
    rz_csv_reader *reader; /* NULL: a query */
    uint32_t first_row;    /* of the batch, in the reader's block */
    rz_arena *arena;       /* scratch */
} copy_place;

/* What turns one worker's batches into calls of the bulk loads. */
typedef struct copy_loader {
    copy_run *run;
    rz_worker worker;
    bool opened;               /* worker must be closed */
    rz_eval **defaults;        /* per property; NULL: comes from the source, or SERIAL */
    rz_vec **values;           /* per property, of the current batch */
    rz_vec **nulls;            /* per property; of those that have neither */
} copy_loader;

/* A batch after the look-ups of a relationship's ends. */
typedef struct copy_batch {
    rz_chunk *chunk;
    uint64_t *ends[2];         /* offsets by row */
    uint32_t *rows;            /* those that are loaded */
    uint32_t row_count;
    uint32_t first_row;        /* in the reader's block */
} copy_batch;

RZ_NODISCARD ruzu_status rz_copy_loader_open(copy_run *run, uint32_t worker_idx, copy_loader *loader, rz_error *err);
void rz_copy_loader_close(copy_loader *loader);
RZ_NODISCARD ruzu_status rz_copy_batch_create(copy_loader *loader, rz_arena *heap, copy_batch **out, rz_error *err);
/* Finds the ends' offsets and chooses the rows. Needs no lock. */
RZ_NODISCARD ruzu_status rz_copy_batch_look_up(copy_loader *loader, copy_batch *batch, const copy_place *place, rz_error *err);
/* Appends it to the table. The lock is held, or there is one worker. */
RZ_NODISCARD ruzu_status rz_copy_batch_append(copy_loader *loader, copy_batch *batch, const copy_place *place, rz_error *err);

#endif
