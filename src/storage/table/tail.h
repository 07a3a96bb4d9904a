/* SPDX-License-Identifier: MIT */
/*
 * The tail: rows of the last row group that are not on pages yet, in memory, append-only.
 *
 * Rows lie in chunks of RZ_TAIL_ROWS; a chunk holds, per column, the values side by side and one byte a row that says NULL. (Bytes and not bits: a reader
 * and the writer never share a memory location.) Strings are rz_string with their bytes in the tail's arena; nested values are pointers to their row
 * form there. What is written is never changed while a reader may see it: the store publishes the number of rows with a release store.
 */
#ifndef RZ_STORAGE_TABLE_TAIL_H
#define RZ_STORAGE_TABLE_TAIL_H

#include "storage/table/table.h"

#ifdef RZ_TINY
#define RZ_TAIL_ROWS 4u
#else
#define RZ_TAIL_ROWS 128u
#endif

/* How a table's rows lie in a chunk; the same for all tails of a table. */
typedef struct rz_tail_column {
    const rz_type *type;
    uint32_t value_size; /* bytes of a value in the chunk */
    bool nested;         /* pointers to row form */
    size_t data_off;     /* in the chunk */
    size_t nulls_off;
} rz_tail_column;

typedef struct rz_tail_layout {
    uint32_t column_count;
    size_t chunk_size;
    rz_tail_column columns[];
} rz_tail_layout;

/* In the arena. NULL when memory is refused. */
rz_tail_layout *rz_tail_layout_create(rz_arena *arena, const rz_column_def *columns, uint32_t column_count);

typedef struct rz_tail {
    rz_mem *mem;
    const rz_tail_layout *layout; /* borrowed */
    _Atomic uint32_t refs;
    uint64_t first;        /* offset of its first row */
    uint32_t chunk_count;  /* in use; writer only */
    uint32_t chunk_capacity;
    uint8_t **chunks;      /* owned */
    rz_arena heap;         /* bytes of strings and nested values; writer only */
    struct rz_tail *origin; /* counted: the tail that it was widened from, whose bytes its values point to; NULL: none */
} rz_tail;

/* count values side by side, as they lie in a chunk, into rows out_start … of a FLAT vector. */
RZ_NODISCARD ruzu_status rz_tail_values_read(const rz_tail_column *column, const uint8_t *data, const uint8_t *nulls, uint32_t count, rz_vec *out,
                                             uint32_t out_start, rz_error *err);

/* For at most row_capacity rows. NULL when memory is refused. */
rz_tail *rz_tail_create(rz_mem *mem, const rz_tail_layout *layout, uint64_t first, uint32_t row_capacity);
/* A tail with the first row_count rows of another one, and with more columns: those have row 0 of fills[column], or NULL where that is NULL. What is written to
 * one of the two from now on is not in the other. NULL when memory is refused. */
rz_tail *rz_tail_widen(rz_tail *tail, const rz_tail_layout *layout, uint32_t row_count, const rz_vec *const *fills);
void rz_tail_acquire(rz_tail *tail);
void rz_tail_release(rz_tail *tail);             /* NULL is fine */
void rz_tail_clear(rz_tail *tail, uint64_t first); /* forgets the rows, keeps the chunks; nobody else sees the tail */
uint64_t rz_tail_bytes(const rz_tail *tail);     /* memory held */

/* Writes rows [at, at + count) of the tail from rows sel[sel_first …] of the vectors. A NULL vector is numbered: the row's offset (SERIAL). */
RZ_NODISCARD ruzu_status rz_tail_write(rz_tail *tail, uint32_t at, rz_vec *const *values, const rz_sel *sel, uint32_t sel_first, uint32_t count,
                                       rz_error *err);
/* Rows [at, at + count) of a column into rows out_start … of a FLAT vector. */
RZ_NODISCARD ruzu_status rz_tail_read(const rz_tail *tail, uint32_t column, uint32_t at, uint32_t count, rz_vec *out, uint32_t out_start,
                                      rz_error *err);

#endif
