/* SPDX-License-Identifier: MIT */
/*
 * Stamps that nobody needs to tell apart: blocks of them in less memory.
 *
 * A block that rows of several transactions joined, or in which several transactions deleted, has an array of stamps. Once all of them are older than every snapshot, and the
 * deletions stand in a durable directory, what is left to say is which rows are there. The object is replaced, never changed: readers of older versions go on with the old one.
 */
#include "storage/table/stamps.h"

/* What a block's rows are, as far as stamps say. */
typedef struct compact_look {
    bool arrays;     /* there is something to be gained */
    bool settled;    /* every stamp is at most the limit */
    uint64_t newest; /* of them */
} compact_look;

static void compact_note(compact_look *look, uint64_t stamp, uint64_t limit)
{
    look->settled = look->settled && stamp <= limit;
    look->newest = stamp > look->newest ? stamp : look->newest;
}

/* Rows [first, end) of the group, of one block. False: a transaction that is open has left a mark. */
static bool compact_look_at(const rz_stamps *stamps, uint32_t first, uint32_t end, uint64_t limit, compact_look *look)
{
    const rz_block_stamps *block = &stamps->blocks[first / RZ_VECTOR_CAPACITY];
    const rz_block_marks *marks = atomic_load_explicit(&block->deleted, memory_order_relaxed);
    *look = (compact_look){.settled = true};
    look->arrays = atomic_load_explicit(&block->inserted_rows, memory_order_relaxed) != NULL || atomic_load_explicit(&block->reused_rows, memory_order_relaxed) != NULL ||
                   (marks != NULL && atomic_load_explicit(&marks->rows, memory_order_relaxed) != NULL);
    for (uint32_t row = first; row < end; row++) {
        uint64_t reused = rz_stamps_reused(stamps, row);
        uint64_t deleted = rz_stamps_deleted(stamps, row);
        bool gone = deleted != RZ_STAMP_NEVER;
        if ((gone && (deleted & RZ_STAMP_UNCOMMITTED) != 0) || (reused != RZ_STAMP_NEVER && (reused & RZ_STAMP_UNCOMMITTED) != 0)) {
            return false;
        }
        compact_note(look, rz_stamps_inserted(stamps, row), limit);
        if (gone) {
            compact_note(look, deleted, limit);
        }
        if (reused != RZ_STAMP_NEVER) { /* NEVER: taken back, and the row before is marked as deleted again */
            compact_note(look, reused, limit);
        } else {
            look->settled = look->settled && gone;
        }
    }
    return true;
}

static bool compact_copy_rows(rz_mem *mem, _Atomic(_Atomic uint64_t *) *from, _Atomic(_Atomic uint64_t *) *to)
{
    const _Atomic uint64_t *rows = atomic_load_explicit(from, memory_order_relaxed);
    if (rows == NULL) {
        return true;
    }
    _Atomic uint64_t *copy = (_Atomic uint64_t *)rz_mem_alloc(mem, RZ_VECTOR_CAPACITY * sizeof *copy);
    for (uint32_t i = 0; copy != NULL && i < RZ_VECTOR_CAPACITY; i++) {
        atomic_init(&copy[i], atomic_load_explicit(&rows[i], memory_order_relaxed));
    }
    atomic_store_explicit(to, copy, memory_order_relaxed);
    return copy != NULL;
}

/* The block as it is. */
static bool compact_copy(const rz_stamps *stamps, uint32_t idx, rz_stamps *out)
{
    rz_block_stamps from = stamps->blocks[idx];
    rz_block_stamps *to = &out->blocks[idx];
    atomic_store_explicit(&to->inserted, atomic_load_explicit(&from.inserted, memory_order_relaxed), memory_order_relaxed);
    if (!compact_copy_rows(out->mem, &from.inserted_rows, &to->inserted_rows) || !compact_copy_rows(out->mem, &from.reused_rows, &to->reused_rows)) {
        return false;
    }
    rz_block_marks *marks = atomic_load_explicit(&from.deleted, memory_order_relaxed);
    if (marks == NULL) {
        return true;
    }
    rz_block_marks *copy = (rz_block_marks *)rz_mem_calloc(out->mem, 1, sizeof *copy);
    if (copy == NULL) {
        return false;
    }
    atomic_init(&copy->rows, NULL);
    atomic_init(&copy->stamp, atomic_load_explicit(&marks->stamp, memory_order_relaxed));
    copy->live = marks->live;
    for (uint32_t i = 0; i < RZ_MARK_WORDS; i++) {
        atomic_init(&copy->bits[i], atomic_load_explicit(&marks->bits[i], memory_order_relaxed));
    }
    atomic_store_explicit(&to->deleted, copy, memory_order_relaxed);
    return compact_copy_rows(out->mem, &marks->rows, &copy->rows);
}

/* Marks for the rows of a settled block that are gone, and nothing else. */
static bool compact_block(const rz_stamps *stamps, uint32_t first, uint32_t end, rz_stamps *out)
{
    for (uint32_t row = first; row < end; row++) {
        if (rz_stamps_deleted(stamps, row) == RZ_STAMP_NEVER) {
            continue;
        }
        if (!rz_stamps_prepare_delete(out, row, 0)) {
            return false;
        }
        rz_stamps_set_deleted(out, row, 0);
    }
    return true;
}

static uint32_t compact_count_marks(const rz_stamps *stamps, uint32_t first, uint32_t end)
{
    uint32_t marked = 0;
    for (uint32_t row = first; row < end; row++) {
        marked += rz_stamps_deleted(stamps, row) != RZ_STAMP_NEVER;
    }
    return marked;
}

static uint32_t compact_count_reuses(const rz_stamps *stamps, uint32_t first, uint32_t end)
{
    uint32_t reused = 0;
    for (uint32_t row = first; row < end; row++) {
        reused += rz_stamps_reused(stamps, row) != 0;
    }
    return reused;
}

rz_stamps *rz_stamps_compact(const rz_stamps *stamps, uint32_t count, uint64_t limit, uint64_t *io_newest)
{
    compact_look looks[RZ_GROUP_BLOCKS];
    bool gain = false;
    uint64_t newest = *io_newest;
    if (stamps->marking != NULL) {
        return NULL;
    }
    for (uint32_t first = 0; first < count; first += RZ_VECTOR_CAPACITY) {
        uint32_t end = first + RZ_VECTOR_CAPACITY < count ? first + RZ_VECTOR_CAPACITY : count;
        compact_look *look = &looks[first / RZ_VECTOR_CAPACITY];
        if (!compact_look_at(stamps, first, end, limit, look)) {
            return NULL;
        }
        gain |= look->arrays && look->settled;
    }
    rz_stamps *out = gain ? rz_stamps_create(stamps->mem) : NULL;
    for (uint32_t first = 0; out != NULL && first < count; first += RZ_VECTOR_CAPACITY) {
        uint32_t end = first + RZ_VECTOR_CAPACITY < count ? first + RZ_VECTOR_CAPACITY : count;
        const compact_look *look = &looks[first / RZ_VECTOR_CAPACITY];
        bool done = look->settled ? compact_block(stamps, first, end, out) : compact_copy(stamps, first / RZ_VECTOR_CAPACITY, out);
        if (!done) {
            rz_stamps_release(out);
            return NULL;
        }
        if (look->settled) {
            newest = look->newest > newest ? look->newest : newest;
        } else { /* copied without the counts that setting them keeps */
            atomic_fetch_add_explicit(&out->deletes, compact_count_marks(stamps, first, end), memory_order_relaxed);
            atomic_fetch_add_explicit(&out->reuses, compact_count_reuses(stamps, first, end), memory_order_relaxed);
        }
    }
    if (out != NULL) {
        *io_newest = newest;
    }
    return out;
}
