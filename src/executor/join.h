/* SPDX-License-Identifier: MIT */
/*
 * What the parts of HASH_JOIN share (private to op_hash_join.c, join_build.c, join_cross.c).
 *
 *   row     next (pointer) | hash u64 | weight u64 | keys | payload          in memory; keys and payload in row form
 *   record  hash u64 | weight u64 | keys | payload                           spilled, of either side
 *
 * Rows with equal lower hash bits hang together in a chain. When the build side does not fit in memory, both sides are divided by hash and joined part by part.
 */
#ifndef RZ_EXECUTOR_JOIN_H
#define RZ_EXECUTOR_JOIN_H

#include "executor/op.h"
#include "executor/records.h"
#include "executor/spill.h"

typedef struct rz_join_row {
    struct rz_join_row *next;
    uint64_t hash;
    uint64_t weight;
    uint8_t values[]; /* keys, payload */
} rz_join_row;

/* Rows by hash. Chains of all rows first, buckets when it is complete. */
typedef struct rz_join_table {
    rz_mem *mem;
    rz_arena *arenas;      /* owned: where rows are */
    uint32_t arena_count;
    uint32_t arena_capacity;
    rz_join_row *rows;     /* all, while there are no buckets */
    uint64_t count;
    rz_join_row **buckets; /* 1 << bits; NULL until built */
    uint32_t bits;
} rz_join_table;

void rz_join_table_init(rz_join_table *table, rz_mem *mem);
void rz_join_table_clear(rz_join_table *table);
/* Takes the rows and the arena that holds them. */
RZ_NODISCARD ruzu_status rz_join_table_take(rz_join_table *table, rz_arena *arena, rz_join_row *rows, rz_join_row *last, uint64_t count, rz_error *err);
RZ_NODISCARD ruzu_status rz_join_table_build(rz_join_table *table, rz_error *err);
/* Makes rows of spilled records and builds. */
RZ_NODISCARD ruzu_status rz_join_table_load(rz_join_table *table, const rz_exec *exec, rz_records *records, rz_error *err);

/* Which output columns come from where; the same for build and probe. */
typedef struct rz_join_columns {
    const int32_t *probe;     /* output column → column of children[0], or -1 */
    const int32_t *build;     /* output column → column of children[1], or -1 */
    const uint32_t *payload;  /* output columns that come from the build side, in the order of the payload */
    uint32_t payload_count;
} rz_join_columns;
RZ_NODISCARD ruzu_status rz_join_columns_map(rz_arena *arena, const rz_plan *plan, rz_join_columns *out, rz_error *err);

/* Which keys there are, roughly: join_sieve.c. */
typedef struct rz_join_sieve {
    rz_mem *mem;
    uint64_t *words; /* owned; 1 << bits; NULL: nothing is known */
    uint32_t bits;
    bool given_up;   /* memory for some worker's part was refused */
} rz_join_sieve;
/* An empty one; memory that is refused is no error. */
void rz_join_sieve_open(rz_join_sieve *sieve, rz_mem *mem, double rows, uint64_t most_bytes);
void rz_join_sieve_close(rz_join_sieve *sieve);
void rz_join_sieve_add(const rz_join_sieve *sieve, const uint64_t *hashes, const rz_sel *sel);
/* Adds what is in `from`, opened for the same number of rows. */
void rz_join_sieve_take(rz_join_sieve *into, rz_join_sieve *from);
/* The rows that may be in it; returns their number. */
uint32_t rz_join_sieve_test(const rz_join_sieve *sieve, const uint64_t *hashes, const rz_sel *sel, uint32_t *rows);

/* The values of one key of the build side: join_bounds.c. */
typedef struct rz_join_bounds {
    rz_mem *mem;
    uint64_t low, high; /* as keys of zone maps; low > high: there is none */
    uint64_t *keys;     /* owned; 1 << bits of them: a table, and once sealed `count` values in ascending order */
    uint32_t bits;
    uint32_t count;
    bool has_last;      /* the greatest number of all is one of them; not in the table */
    bool many;          /* the values are not kept */
} rz_join_bounds;
void rz_join_bounds_open(rz_join_bounds *bounds, rz_mem *mem);
void rz_join_bounds_close(rz_join_bounds *bounds);
/* The selected rows; none of them NULL. Memory that is refused is no error. */
void rz_join_bounds_add(rz_join_bounds *bounds, const rz_vec *vec, const rz_sel *sel);
void rz_join_bounds_take(rz_join_bounds *into, rz_join_bounds *from); /* empties from */
void rz_join_bounds_seal(rz_join_bounds *bounds);
/* Cuts [*io_low, *io_high] to where values are; false: there are none. Sealed. */
bool rz_join_bounds_narrow(const rz_join_bounds *bounds, uint64_t *io_low, uint64_t *io_high);
/* Sets the bits of the values in [first, first + count), returns their number; not where they are too many to be kept. Sealed. */
uint32_t rz_join_bounds_mark(const rz_join_bounds *bounds, uint64_t first, uint32_t count, uint64_t *bits);

typedef struct rz_join_shared {
    const rz_plan *plan;
    rz_mem *mem;
    rz_pool *pool;
    rz_mutex lock;
    bool locked;
    rz_join_columns columns;
    rz_join_table table;
    rz_records **parts;    /* owned, [RZ_SPILL_PARTS]; NULL entries */
    bool spilled;
    bool weighted;         /* some build row has a weight */
    rz_rowset *rows;       /* CROSS: owned; payload, weight */
    const rz_type **row_types;
    uint64_t row_count;    /* of the build side */
    rz_join_sieve *sieves; /* owned; as many as the plan has */
    rz_join_bounds *bounds; /* owned; as many as the plan has */
} rz_join_shared;

/* Fills, for the rows of sel, sizes[i] and then cursors[i] with (keys, then columns) in row form. */
void rz_join_measure(rz_vec *const *keys, uint32_t key_count, rz_vec *const *columns, uint32_t column_count, const rz_sel *sel, size_t *sizes);
void rz_join_write(rz_vec *const *keys, uint32_t key_count, rz_vec *const *columns, uint32_t column_count, const rz_sel *sel, uint8_t **cursors);
/* The rows of sel without a NULL among the keys: *sel unchanged when that is all, else rows[]. */
void rz_join_drop_nulls(rz_vec *const *keys, uint32_t key_count, rz_sel *sel, uint32_t *rows);
/* Hashes of the keys by row; rows of a join without keys all have the same. */
void rz_join_hash(rz_vec *const *keys, uint32_t key_count, const rz_sel *sel, uint64_t *hashes);
/* Writes rows to the records of their parts (made when needed). */
RZ_NODISCARD ruzu_status rz_join_spill(rz_mem *mem, rz_pool *pool, rz_records **parts, rz_vec *const *keys, uint32_t key_count, rz_vec *const *columns, uint32_t column_count,
                                       const uint64_t *hashes, const uint64_t *weights, const rz_sel *sel, size_t *sizes, uint8_t **cursors, rz_error *err);

/* A row of the build side stands for so many, and its partner too, that their product cannot be counted. */
RZ_NODISCARD ruzu_status rz_join_overflow(uint64_t built, uint64_t probed, rz_error *err);

/* CROSS. */
typedef struct rz_join_cross rz_join_cross;
RZ_NODISCARD ruzu_status rz_join_cross_open(rz_op *op, const rz_join_shared *shared, rz_join_cross **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_join_cross_next(rz_op *op, rz_join_cross *cross, rz_chunk **out, rz_error *err);
void rz_join_cross_rewind(rz_join_cross *cross);
void rz_join_cross_close(rz_join_cross *cross);

#endif
