/* SPDX-License-Identifier: MIT */
/*
 * Patches: values written over rows of one row group, in versions; base and tail below them never change.
 *
 *   rz_patches ── column ── block ──► table of rows ── row ──► node ──► node ──► …       newest first
 *                                                               └► rz_patch: the values that one change gave to rows of one block, with its stamp
 *
 * Invariants
 *   (1) A node, once linked, does not change; chains grow at their newest end, by a release store into the row's slot.
 *   (2) Newest first is the order of commits: a reader takes the first node whose stamp it sees. A patch rolled back has the stamp RZ_STAMP_NEVER.
 *   (3) Every node stays until the whole object goes: what is needed no more is left behind by making another object (rz_patches_rebuild) that
 *       shares the patches. So commit and rollback, which set a patch's stamp, are seen in all objects.
 *   (4) An object may stand above another one (`below`), with an overlay between: whole columns on pages, as one transaction saw them (rows_shed.c). What the overlay
 *       has is older than all nodes of the object and newer than all of those below.
 *
 * One thread adds at a time (under the store's write lock); readers walk without locks.
 */
#ifndef RZ_STORAGE_TABLE_ROWS_PATCH_H
#define RZ_STORAGE_TABLE_ROWS_PATCH_H

#include "storage/table/stamps.h"
#include "storage/table/tail.h"

struct rz_rows;
struct rz_row_base;

/* One allocation: this, the values, their NULL bytes, the bytes of strings and nested values. */
typedef struct rz_patch {
    rz_mem *mem;
    _Atomic uint64_t stamp; /* of the transaction; its commit timestamp; NEVER after rollback */
    _Atomic uint32_t refs;
    uint32_t count;
    size_t size;            /* bytes of the allocation */
    const uint8_t *data;    /* count values as in a tail */
    const uint8_t *nulls;
    bool kept;              /* write lock: scratch of rz_patches_rebuild */
} rz_patch;

/*
 * Value i is row positions[i] of values; values NULL: numbers[i] (a SERIAL column). Counted once.
 */
RZ_NODISCARD ruzu_status rz_patch_create(rz_mem *mem, const rz_tail_column *column, const rz_vec *values, const uint32_t *positions,
                                         const uint64_t *numbers, uint32_t count, uint64_t stamp, rz_patch **out, rz_error *err);
/* Without values: a stamp. NULL when memory is refused. */
rz_patch *rz_patch_create_empty(rz_mem *mem, uint64_t stamp);
void rz_patch_release(rz_patch *patch); /* NULL is fine */

typedef struct rz_patch_node rz_patch_node;
struct rz_patch_node {
    const rz_patch_node *older;
    rz_patch *patch;
    uint32_t index; /* of the value in the patch */
    uint32_t row;   /* in the block */
};

/* Rows of a block that have nodes: open addressing, linear probing from row & mask; never full unless it has a slot for every row. */
typedef struct rz_patch_table {
    uint32_t mask; /* slots - 1 */
    uint32_t used; /* write lock */
    _Atomic uint64_t *marks; /* of a large table: a bit a row that may have a node; set before it has one. NULL: look */
    _Atomic(const rz_patch_node *) slots[];
} rz_patch_table;

typedef struct rz_patch_column {
    _Atomic(rz_patch_table *) blocks[RZ_GROUP_BLOCKS]; /* NULL: no row of the block. release / acquire */
} rz_patch_column;

typedef struct rz_patch_hold rz_patch_hold;

/* Columns of rows [0, rows) of the group. */
typedef struct rz_patch_overlay {
    _Atomic uint32_t refs;
    uint32_t rows;
    rz_patch *stamp;          /* counted; without values: its stamp says who sees the overlay */
    struct rz_rows *owner;    /* borrowed */
    struct rz_row_base *base; /* counted; the segments of the columns that it has */
} rz_patch_overlay;

void rz_patch_overlay_release(rz_patch_overlay *overlay); /* NULL is fine */

static inline uint64_t rz_patch_overlay_stamp(const rz_patch_overlay *overlay)
{
    return atomic_load_explicit(&overlay->stamp->stamp, memory_order_relaxed);
}

typedef struct rz_patches rz_patches;
struct rz_patches {
    rz_patches *below;         /* counted; NULL: none; by (4) */
    rz_patch_overlay *overlay; /* counted; NULL: none */
    rz_mem *mem;
    _Atomic uint32_t refs;
    uint32_t column_count;
    rz_arena arena;        /* write lock: columns, tables, nodes */
    rz_patch_hold *holds;  /* arena; write lock: each patch that a node refers to, counted */
    uint64_t folded;       /* write lock: patches up to here were left out when this was made */
    uint64_t patch_bytes;  /* write lock: of the patches held */
    uint64_t node_count;   /* write lock */
    uint64_t rebuild_at;   /* write lock: node_count from which on looking for old nodes pays */
    _Atomic(rz_patch_column *) columns[]; /* NULL: no row. release / acquire */
};

/* folded: the base below has everything up to this timestamp. NULL when memory is refused. */
rz_patches *rz_patches_create(rz_mem *mem, uint32_t column_count, uint64_t folded);
void rz_patches_acquire(rz_patches *patches);
void rz_patches_release(rz_patches *patches); /* NULL is fine */
uint64_t rz_patches_bytes(const rz_patches *patches); /* under the write lock */

/* Links the patch (and counts it): its value i is for row rows[i] of the block. Rows differ. On failure nothing is linked. */
RZ_NODISCARD ruzu_status rz_patches_add(rz_patches *patches, uint32_t column, uint32_t block, rz_patch *patch, const uint32_t *rows, rz_error *err);
/* Whether something of this stamp is in the object or below it; among its own nodes; among those of one column. Under the write lock. */
bool rz_patches_has(const rz_patches *patches, uint64_t stamp);
bool rz_patches_patched_by(const rz_patches *patches, uint64_t stamp);
bool rz_patches_sets(const rz_patches *patches, uint32_t column, uint64_t stamp);
uint32_t rz_patches_depth(const rz_patches *patches); /* objects, itself included */
/* Whether values of the column in this block, or of the column as a whole, may lie here. */
bool rz_patches_cover(const rz_patches *patches, uint32_t column, uint32_t block);
/* Stamp of the newest value of a row, rolled back ones aside; 0: none. */
uint64_t rz_patches_newest(const rz_patches *patches, uint32_t column, uint32_t row);
/* Whether a value of the column has a stamp in (after, up_to]. Any thread that keeps `patches`. */
bool rz_patches_touched(const rz_patches *patches, uint32_t column, uint64_t after, uint64_t up_to);
/* Sets the bits (room for a row group) of rows with a value of the column with a stamp in (after, up_to]. False: whole columns have such stamps. */
bool rz_patches_rows(const rz_patches *patches, uint32_t column, uint64_t after, uint64_t up_to, uint64_t *bits);
/*
 * For column_count columns, at least as many as there are, what is still needed above a base that has everything up to `folded`, by snapshots from `oldest` on, but for what has the stamp `without` (RZ_STAMP_NEVER:
 * nothing). *out is NULL when that is nothing. False when memory is refused.
 */
RZ_NODISCARD bool rz_patches_rebuild(const rz_patches *patches, uint64_t folded, uint64_t oldest, uint32_t column_count, uint64_t without,
                                     rz_patches **out);

/* The table of a block, or NULL: then no row of it is patched. */
static inline const rz_patch_table *rz_patches_table(const rz_patches *patches, uint32_t column, uint32_t block)
{
    const rz_patch_column *found = column >= patches->column_count ? NULL : atomic_load_explicit(&patches->columns[column], memory_order_acquire);
    return found == NULL ? NULL : atomic_load_explicit(&found->blocks[block], memory_order_acquire);
}

/* Puts the values of rows [first, first + count) of the group that the snapshot sees over rows out_start … of out (FLAT). Of this object only. */
RZ_NODISCARD ruzu_status rz_patches_read(const rz_patches *patches, const rz_tail_column *layout, uint32_t column, const rz_snapshot *snapshot,
                                         uint32_t first, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err);
/* The same for row rows[i] of the group into out_rows[i]. */
RZ_NODISCARD ruzu_status rz_patches_gather(const rz_patches *patches, const rz_tail_column *layout, uint32_t column, const rz_snapshot *snapshot,
                                           const uint32_t *rows, const uint32_t *out_rows, uint32_t count, rz_vec *out, rz_error *err);

#endif
