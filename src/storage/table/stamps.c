/* SPDX-License-Identifier: MIT */
/*
 * Version stamps: setting them. See stamps.h for who may do what.
 */
#include "storage/table/stamps.h"

rz_stamps *rz_stamps_create(rz_mem *mem)
{
    rz_stamps *stamps = (rz_stamps *)rz_mem_calloc(mem, 1, sizeof *stamps);
    if (stamps == NULL) {
        return NULL;
    }
    stamps->mem = mem;
    atomic_init(&stamps->refs, 1);
    atomic_init(&stamps->deletes, 0);
    atomic_init(&stamps->reuses, 0);
    for (uint32_t i = 0; i < RZ_GROUP_BLOCKS; i++) {
        atomic_init(&stamps->blocks[i].inserted, 0);
        atomic_init(&stamps->blocks[i].inserted_rows, NULL);
        atomic_init(&stamps->blocks[i].deleted, NULL);
        atomic_init(&stamps->blocks[i].reused_rows, NULL);
    }
    return stamps;
}

void rz_stamps_acquire(rz_stamps *stamps)
{
    atomic_fetch_add_explicit(&stamps->refs, 1, memory_order_relaxed);
}

static void stamps_free_rows(rz_mem *mem, _Atomic uint64_t *rows)
{
    rz_mem_free(mem, (void *)(uintptr_t)rows, RZ_VECTOR_CAPACITY * sizeof *rows);
}

void rz_stamps_release(rz_stamps *stamps)
{
    if (stamps == NULL || atomic_fetch_sub_explicit(&stamps->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < RZ_GROUP_BLOCKS; i++) {
        stamps_free_rows(stamps->mem, atomic_load_explicit(&stamps->blocks[i].inserted_rows, memory_order_relaxed));
        rz_block_marks *marks = atomic_load_explicit(&stamps->blocks[i].deleted, memory_order_relaxed);
        if (marks != NULL) {
            stamps_free_rows(stamps->mem, atomic_load_explicit(&marks->rows, memory_order_relaxed));
            rz_mem_free(stamps->mem, marks, sizeof *marks);
        }
        stamps_free_rows(stamps->mem, atomic_load_explicit(&stamps->blocks[i].reused_rows, memory_order_relaxed));
    }
    rz_mem_free(stamps->mem, stamps, sizeof *stamps);
}

static _Atomic uint64_t *stamps_create_rows(rz_mem *mem, uint64_t value)
{
    _Atomic uint64_t *rows = (_Atomic uint64_t *)rz_mem_alloc(mem, RZ_VECTOR_CAPACITY * sizeof *rows);
    for (uint32_t i = 0; rows != NULL && i < RZ_VECTOR_CAPACITY; i++) {
        atomic_init(&rows[i], value);
    }
    return rows;
}

/* Rows [first, end) of one block. */
static bool stamps_append_block(rz_stamps *stamps, rz_block_stamps *block, uint32_t first, uint32_t end, uint64_t stamp)
{
    _Atomic uint64_t *rows = atomic_load_explicit(&block->inserted_rows, memory_order_relaxed);
    uint64_t all = atomic_load_explicit(&block->inserted, memory_order_relaxed);
    if (rows == NULL) {
        if (first == 0) { /* whatever stood here was rolled back */
            atomic_store_explicit(&block->inserted, stamp, memory_order_relaxed);
            return true;
        }
        if (all == stamp) {
            return true;
        }
        rows = stamps_create_rows(stamps->mem, all);
        if (rows == NULL) {
            return false;
        }
    }
    for (uint32_t row = first; row < end; row++) {
        atomic_store_explicit(&rows[row], stamp, memory_order_relaxed);
    }
    atomic_store_explicit(&block->inserted_rows, rows, memory_order_release);
    return true;
}

bool rz_stamps_append(rz_stamps *stamps, uint32_t first, uint32_t count, uint64_t stamp)
{
    uint32_t end = first + count;
    RZ_ASSERT(end <= RZ_ROW_GROUP_ROWS);
    while (first < end) {
        uint32_t block = first / RZ_VECTOR_CAPACITY;
        uint32_t block_end = (block + 1) * RZ_VECTOR_CAPACITY;
        block_end = block_end < end ? block_end : end;
        uint32_t base = block * RZ_VECTOR_CAPACITY;
        if (!stamps_append_block(stamps, &stamps->blocks[block], first - base, block_end - base, stamp)) {
            return false;
        }
        first = block_end;
    }
    return true;
}

void rz_stamps_settle(rz_stamps *stamps, uint32_t first, uint32_t count, uint64_t stamp)
{
    for (uint32_t row = first; row < first + count;) {
        rz_block_stamps *block = &stamps->blocks[row / RZ_VECTOR_CAPACITY];
        uint32_t block_end = (row / RZ_VECTOR_CAPACITY + 1) * RZ_VECTOR_CAPACITY;
        block_end = block_end < first + count ? block_end : first + count;
        _Atomic uint64_t *rows = atomic_load_explicit(&block->inserted_rows, memory_order_relaxed);
        if (rows == NULL) { /* one stamp: all of the block's rows are this transaction's */
            atomic_store_explicit(&block->inserted, stamp, memory_order_relaxed);
        } else {
            for (uint32_t i = row; i < block_end; i++) {
                atomic_store_explicit(&rows[i % RZ_VECTOR_CAPACITY], stamp, memory_order_relaxed);
            }
        }
        row = block_end;
    }
}

static bool stamps_prepare_rows(rz_mem *mem, _Atomic(_Atomic uint64_t *) *place, uint64_t value)
{
    if (atomic_load_explicit(place, memory_order_relaxed) == NULL) {
        _Atomic uint64_t *rows = stamps_create_rows(mem, value);
        if (rows == NULL) {
            return false;
        }
        atomic_store_explicit(place, rows, memory_order_release);
    }
    return true;
}

/* The block's delete marks, none at first; NULL: memory refused. */
static rz_block_marks *stamps_get_marks(rz_stamps *stamps, uint32_t block)
{
    rz_block_marks *marks = atomic_load_explicit(&stamps->blocks[block].deleted, memory_order_relaxed);
    if (marks == NULL) {
        marks = (rz_block_marks *)rz_mem_calloc(stamps->mem, 1, sizeof *marks);
        if (marks == NULL) {
            return NULL;
        }
        atomic_init(&marks->rows, NULL);
        atomic_init(&marks->stamp, RZ_STAMP_NEVER);
        for (uint32_t i = 0; i < RZ_MARK_WORDS; i++) {
            atomic_init(&marks->bits[i], 0);
        }
        atomic_store_explicit(&stamps->blocks[block].deleted, marks, memory_order_release);
    }
    return marks;
}

static bool marks_has_bit(const rz_block_marks *marks, uint32_t at)
{
    return (atomic_load_explicit(&marks->bits[at / 64], memory_order_relaxed) >> (at % 64) & 1) != 0;
}

/* From the bitmap to an array. */
static bool marks_spread(rz_mem *mem, rz_block_marks *marks)
{
    if (atomic_load_explicit(&marks->rows, memory_order_relaxed) != NULL) {
        return true;
    }
    _Atomic uint64_t *rows = stamps_create_rows(mem, RZ_STAMP_NEVER);
    if (rows == NULL) {
        return false;
    }
    uint64_t stamp = atomic_load_explicit(&marks->stamp, memory_order_relaxed);
    for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
        if (marks_has_bit(marks, i)) {
            atomic_store_explicit(&rows[i], stamp, memory_order_relaxed);
        }
    }
    atomic_store_explicit(&marks->rows, rows, memory_order_release);
    return true;
}

bool rz_stamps_prepare_delete(rz_stamps *stamps, uint32_t row, uint64_t stamp)
{
    rz_block_marks *marks = stamps_get_marks(stamps, row / RZ_VECTOR_CAPACITY);
    if (marks == NULL) {
        return false;
    }
    return marks->live == 0 || atomic_load_explicit(&marks->stamp, memory_order_relaxed) == stamp || marks_spread(stamps->mem, marks);
}

bool rz_stamps_prepare_reuse(rz_stamps *stamps, uint32_t row)
{
    rz_block_marks *marks = stamps_get_marks(stamps, row / RZ_VECTOR_CAPACITY);
    return marks != NULL && marks_spread(stamps->mem, marks) &&
           stamps_prepare_rows(stamps->mem, &stamps->blocks[row / RZ_VECTOR_CAPACITY].reused_rows, 0);
}

/* Counts are raised before the stamp is there and lowered after it has gone: who finds 0 may skip the stamps. */
static void stamps_set(_Atomic uint64_t *stamp, _Atomic uint32_t *count, uint64_t none, uint64_t value)
{
    uint64_t before = atomic_load_explicit(stamp, memory_order_relaxed);
    if (before == none && value != none) {
        atomic_fetch_add_explicit(count, 1, memory_order_release);
    }
    atomic_store_explicit(stamp, value, memory_order_release);
    if (before != none && value == none) {
        atomic_fetch_sub_explicit(count, 1, memory_order_release);
    }
}

/* A mark of the bitmap; the count moves as in stamps_set. */
static void marks_set_bit(rz_block_marks *marks, uint32_t at, _Atomic uint32_t *count, uint64_t stamp)
{
    uint64_t word = atomic_load_explicit(&marks->bits[at / 64], memory_order_relaxed);
    uint64_t bit = UINT64_C(1) << (at % 64);
    if (stamp == RZ_STAMP_NEVER) {
        if ((word & bit) != 0) {
            atomic_store_explicit(&marks->bits[at / 64], word & ~bit, memory_order_release);
            marks->live--;
            atomic_fetch_sub_explicit(count, 1, memory_order_release);
        }
    } else if ((word & bit) == 0) {
        if (marks->live == 0) {
            atomic_store_explicit(&marks->stamp, stamp, memory_order_release);
        }
        RZ_ASSERT(atomic_load_explicit(&marks->stamp, memory_order_relaxed) == stamp); /* rz_stamps_prepare_delete */
        atomic_fetch_add_explicit(count, 1, memory_order_release);
        marks->live++;
        atomic_store_explicit(&marks->bits[at / 64], word | bit, memory_order_release);
    }
}

void rz_stamps_set_deleted(rz_stamps *stamps, uint32_t row, uint64_t stamp)
{
    rz_block_marks *marks = atomic_load_explicit(&stamps->blocks[row / RZ_VECTOR_CAPACITY].deleted, memory_order_relaxed);
    RZ_ASSERT(marks != NULL);
    _Atomic uint64_t *rows = atomic_load_explicit(&marks->rows, memory_order_relaxed);
    if (rows != NULL) {
        stamps_set(&rows[row % RZ_VECTOR_CAPACITY], &stamps->deletes, RZ_STAMP_NEVER, stamp);
    } else {
        marks_set_bit(marks, row % RZ_VECTOR_CAPACITY, &stamps->deletes, stamp);
    }
}

void rz_stamps_settle_deleted(rz_stamps *stamps, uint32_t block, uint64_t own_stamp, uint64_t stamp)
{
    rz_block_marks *marks = atomic_load_explicit(&stamps->blocks[block].deleted, memory_order_relaxed);
    if (marks == NULL) {
        return;
    }
    _Atomic uint64_t *rows = atomic_load_explicit(&marks->rows, memory_order_relaxed);
    for (uint32_t i = 0; rows != NULL && i < RZ_VECTOR_CAPACITY; i++) {
        if (atomic_load_explicit(&rows[i], memory_order_relaxed) == own_stamp) {
            stamps_set(&rows[i], &stamps->deletes, RZ_STAMP_NEVER, stamp);
        }
    }
    if (rows != NULL || atomic_load_explicit(&marks->stamp, memory_order_relaxed) != own_stamp) {
        return;
    }
    if (stamp != RZ_STAMP_NEVER) { /* all bits are this transaction's */
        atomic_store_explicit(&marks->stamp, stamp, memory_order_release);
        return;
    }
    for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
        marks_set_bit(marks, i, &stamps->deletes, RZ_STAMP_NEVER);
    }
}

void rz_stamps_set_reused(rz_stamps *stamps, uint32_t row, uint64_t stamp)
{
    _Atomic uint64_t *rows = atomic_load_explicit(&stamps->blocks[row / RZ_VECTOR_CAPACITY].reused_rows, memory_order_relaxed);
    RZ_ASSERT(rows != NULL);
    stamps_set(&rows[row % RZ_VECTOR_CAPACITY], &stamps->reuses, 0, stamp);
}

uint64_t rz_stamps_bytes(const rz_stamps *stamps)
{
    uint64_t arrays = 0, bytes = sizeof *stamps;
    for (uint32_t i = 0; i < RZ_GROUP_BLOCKS; i++) {
        arrays += atomic_load_explicit(&stamps->blocks[i].inserted_rows, memory_order_relaxed) != NULL;
        const rz_block_marks *marks = atomic_load_explicit(&stamps->blocks[i].deleted, memory_order_relaxed);
        if (marks != NULL) {
            arrays += atomic_load_explicit(&marks->rows, memory_order_relaxed) != NULL;
            bytes += sizeof *marks;
        }
        arrays += atomic_load_explicit(&stamps->blocks[i].reused_rows, memory_order_relaxed) != NULL;
    }
    return bytes + arrays * RZ_VECTOR_CAPACITY * sizeof(uint64_t);
}

/* ---- asking ---- */

uint64_t rz_stamps_alive_bits(const rz_stamps *stamps, uint32_t first, uint32_t count, const rz_snapshot *snapshot)
{
    uint64_t all = UINT64_MAX >> (64 - count);
    uint64_t dead = 0;
    if (stamps == NULL) {
        return all;
    }
    const rz_block_stamps *block = &stamps->blocks[first / RZ_VECTOR_CAPACITY];
    uint32_t at = first % RZ_VECTOR_CAPACITY;
    const rz_block_marks *marks = atomic_load_explicit(&block->deleted, memory_order_acquire);
    bool apart = marks != NULL && atomic_load_explicit(&marks->rows, memory_order_acquire) != NULL;
    if (marks != NULL && !apart) { /* in the order of rz_stamps_deleted: the bits, then their stamp */
        uint64_t word = atomic_load_explicit(&marks->bits[at / 64], memory_order_acquire) >> (at % 64) & all;
        dead = word != 0 && rz_stamp_visible(atomic_load_explicit(&marks->stamp, memory_order_acquire), snapshot) ? word : 0;
    }
    if (!apart && atomic_load_explicit(&block->reused_rows, memory_order_acquire) == NULL) { /* looked at after the marks, as stamps.h says */
        return all & ~dead;
    }
    uint64_t bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        bits |= (uint64_t)rz_stamps_alive(stamps, first + i, snapshot) << i;
    }
    return bits;
}
