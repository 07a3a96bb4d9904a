/* SPDX-License-Identifier: MIT */
/*
 * Version stamps of one row group: who inserted and who deleted each row.
 *
 * Per block of RZ_VECTOR_CAPACITY rows the insert stamps are one number for all rows (0: everybody sees them) or an array, and the delete marks
 * are absent, a bitmap with one stamp for all, or an array of RZ_STAMP_NEVER and real stamps. A block becomes an array when rows of a second transaction join
 * it; so what one transaction deletes takes little memory, however much it is. Bitmaps and arrays, once published, stay until the group's stamps go.
 *
 * The insert stamps tell when a place came into being, and rise with the offset. A place may be used again after its row was deleted: who inserted the
 * row that is there now then stands in the reuse stamps (absent, or an array; 0: the place has its first row; NEVER: nobody, a reuse was rolled
 * back). A place is reused only when nobody can see the row before, so one reuse stamp is enough. Order matters between the two stamps: reusing writes
 * the reuse stamp, then takes the delete mark back (release); a reader looks at the delete mark (acquire), then at the reuse stamp. Taking a
 * reuse back sets its stamp to NEVER for good, because a reader may be between the two.
 *
 * One thread writes (the writer, under the store's write lock); readers load stamps at any time, without locks. They look only at rows below the end they
 * found when they were created, so rows that are being added, or taken back, are nobody's business.
 */
#ifndef RZ_STORAGE_TABLE_STAMPS_H
#define RZ_STORAGE_TABLE_STAMPS_H

#include "storage/table/table.h"

#define RZ_GROUP_BLOCKS (RZ_ROW_GROUP_ROWS / RZ_VECTOR_CAPACITY)

#define RZ_MARK_WORDS ((RZ_VECTOR_CAPACITY + 63u) / 64u)

/* Delete marks of one block. Rows of the bitmap have `stamp`, while there is no array; then bitmap and stamp stay as they were. */
typedef struct rz_block_marks {
    _Atomic(_Atomic uint64_t *) rows; /* RZ_VECTOR_CAPACITY stamps, or NULL. release / acquire */
    _Atomic uint64_t stamp;           /* written while no bit is set, or when the transaction that set them all ends */
    uint32_t live;                    /* writer: bits that are set */
    _Atomic uint64_t bits[RZ_MARK_WORDS];
} rz_block_marks;

typedef struct rz_block_stamps {
    _Atomic uint64_t inserted;                         /* of every row while inserted_rows is NULL */
    _Atomic(_Atomic uint64_t *) inserted_rows;         /* RZ_VECTOR_CAPACITY stamps, or NULL. release / acquire */
    _Atomic(rz_block_marks *) deleted;                 /* NULL: none is. release / acquire */
    _Atomic(_Atomic uint64_t *) reused_rows;           /* as inserted_rows; NULL: none is reused */
} rz_block_stamps;

typedef struct rz_stamps {
    rz_mem *mem;
    _Atomic uint32_t refs;
    _Atomic uint32_t deletes; /* delete marks set, committed or not */
    _Atomic uint32_t reuses;  /* reuse stamps that are not 0 */
    rz_undo *marking;         /* write lock: the entry of the open transaction that takes its delete marks back; NULL: none */
    rz_block_stamps blocks[RZ_GROUP_BLOCKS];
} rz_stamps;

/* All rows inserted by 0. NULL when memory is refused. */
rz_stamps *rz_stamps_create(rz_mem *mem);
void rz_stamps_acquire(rz_stamps *stamps);
void rz_stamps_release(rz_stamps *stamps); /* NULL is fine */

/* Rows [first, first + count) of the group are added with this stamp; rows of the group below first exist already. False: memory refused. */
RZ_NODISCARD bool rz_stamps_append(rz_stamps *stamps, uint32_t first, uint32_t count, uint64_t stamp);
/* Gives rows appended by one transaction their final stamp. */
void rz_stamps_settle(rz_stamps *stamps, uint32_t first, uint32_t count, uint64_t stamp);
/* Makes room for a delete mark of a row with this stamp. False: memory refused. */
RZ_NODISCARD bool rz_stamps_prepare_delete(rz_stamps *stamps, uint32_t row, uint64_t stamp);
void rz_stamps_set_deleted(rz_stamps *stamps, uint32_t row, uint64_t stamp); /* RZ_STAMP_NEVER takes the mark back */
/* Gives the marks of one transaction in a block the stamp of its commit; RZ_STAMP_NEVER takes them back. */
void rz_stamps_settle_deleted(rz_stamps *stamps, uint32_t block, uint64_t own_stamp, uint64_t stamp);
/* Makes room for the reuse stamp of a row, whose delete mark is taken back then, and may be set again. False: memory refused. */
RZ_NODISCARD bool rz_stamps_prepare_reuse(rz_stamps *stamps, uint32_t row);
void rz_stamps_set_reused(rz_stamps *stamps, uint32_t row, uint64_t stamp);
/*
 * The same for rows [0, count), which are all there are, with one bit a deleted row in blocks where every stamp is at most `limit`, which nobody needs to tell apart any more: what many
 * small transactions leave is an array a block. *io_newest is raised to the newest stamp that is gone: snapshots below it cannot read the new ones. NULL: nothing is to be
 * gained, an open transaction has marked rows, or memory was refused. Under the write lock; the old ones stay as they are.
 */
rz_stamps *rz_stamps_compact(const rz_stamps *stamps, uint32_t count, uint64_t limit, uint64_t *io_newest);
/* Bytes held. Under the write lock. */
uint64_t rz_stamps_bytes(const rz_stamps *stamps);

/* stamps may be NULL: 0. */
static inline uint64_t rz_stamps_inserted(const rz_stamps *stamps, uint32_t row)
{
    if (stamps == NULL) {
        return 0;
    }
    const rz_block_stamps *block = &stamps->blocks[row / RZ_VECTOR_CAPACITY];
    _Atomic uint64_t *rows = atomic_load_explicit(&block->inserted_rows, memory_order_acquire);
    return rows == NULL ? atomic_load_explicit(&block->inserted, memory_order_relaxed)
                        : atomic_load_explicit(&rows[row % RZ_VECTOR_CAPACITY], memory_order_relaxed);
}

/* RZ_STAMP_NEVER when the row is not deleted. */
static inline uint64_t rz_stamps_deleted(const rz_stamps *stamps, uint32_t row)
{
    if (stamps == NULL) {
        return RZ_STAMP_NEVER;
    }
    const rz_block_marks *marks = atomic_load_explicit(&stamps->blocks[row / RZ_VECTOR_CAPACITY].deleted, memory_order_acquire);
    if (marks == NULL) {
        return RZ_STAMP_NEVER;
    }
    uint32_t at = row % RZ_VECTOR_CAPACITY;
    const _Atomic uint64_t *rows = atomic_load_explicit(&marks->rows, memory_order_acquire);
    if (rows != NULL) {
        return atomic_load_explicit(&rows[at], memory_order_acquire);
    }
    uint64_t word = atomic_load_explicit(&marks->bits[at / 64], memory_order_acquire);
    return (word >> (at % 64) & 1) == 0 ? RZ_STAMP_NEVER : atomic_load_explicit(&marks->stamp, memory_order_acquire);
}

static inline uint64_t rz_stamps_reused(const rz_stamps *stamps, uint32_t row)
{
    if (stamps == NULL) {
        return 0;
    }
    _Atomic uint64_t *rows = atomic_load_explicit(&stamps->blocks[row / RZ_VECTOR_CAPACITY].reused_rows, memory_order_acquire);
    return rows == NULL ? 0 : atomic_load_explicit(&rows[row % RZ_VECTOR_CAPACITY], memory_order_relaxed);
}

/* Whether the snapshot sees a row in a place that exists for it. */
static inline bool rz_stamps_alive(const rz_stamps *stamps, uint32_t row, const rz_snapshot *snapshot)
{
    return !rz_stamp_visible(rz_stamps_deleted(stamps, row), snapshot) && rz_stamp_visible(rz_stamps_reused(stamps, row), snapshot);
}

/* The same of rows [first, first + count), 1 to 64 that lie in one word of their block's marks: bit i for row first + i. */
uint64_t rz_stamps_alive_bits(const rz_stamps *stamps, uint32_t first, uint32_t count, const rz_snapshot *snapshot);

/* How many rows from `row` on lie in one word of their block's marks, and before `end`. */
static inline uint32_t rz_stamps_word_rows(uint32_t row, uint32_t end)
{
    uint32_t at = row % RZ_VECTOR_CAPACITY;
    uint32_t rest = RZ_VECTOR_CAPACITY - at < 64 - at % 64 ? RZ_VECTOR_CAPACITY - at : 64 - at % 64;
    return rest < end - row ? rest : end - row;
}

static inline bool rz_stamps_visible(const rz_stamps *stamps, uint32_t row, const rz_snapshot *snapshot)
{
    return rz_stamp_visible(rz_stamps_inserted(stamps, row), snapshot) && rz_stamps_alive(stamps, row, snapshot);
}

/* Whether rows of the block may be missing for somebody. */
static inline bool rz_stamps_marked(const rz_stamps *stamps, uint32_t block)
{
    return stamps != NULL && (atomic_load_explicit(&stamps->blocks[block].deleted, memory_order_acquire) != NULL ||
                              atomic_load_explicit(&stamps->blocks[block].reused_rows, memory_order_acquire) != NULL);
}

#endif
