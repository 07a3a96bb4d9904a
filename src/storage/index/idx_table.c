/* SPDX-License-Identifier: MIT */
/*
 * Hash tables in memory: 256 parts that grow one by one, so that growing never copies everything and takes little more memory than the entries.
 *
 * One thread writes. In a shared table any number of others probe meanwhile: they take the part's array (acquire) and read slots with relaxed loads; an
 * entry that a reader must see was inserted before the reader was created, which the mutex of the index orders. A part that is replaced by a larger
 * one is kept until the table goes, because a reader may still be in it: together they are no larger than the newest.
 */
#include "storage/index/idx.h"

#define IDX_SLOT_DEAD UINT64_MAX
#define IDX_OFFSET_BITS 40u
#define IDX_OFFSET_MASK ((UINT64_C(1) << IDX_OFFSET_BITS) - 1)
#define IDX_PART_BITS 8u
#define IDX_FIRST_BITS 3u
#define IDX_LAST_BITS 24u

static inline uint32_t idx_part_of(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - IDX_PART_BITS));
}

/* The 24 bits of the hash below the part's. */
static inline uint64_t idx_rest_of(uint64_t hash)
{
    return (hash >> 32) & 0xffffff;
}

static size_t idx_part_size(uint32_t bits)
{
    return sizeof(rz_idx_part) + (sizeof(uint64_t) << bits);
}

static inline uint64_t idx_home(uint64_t rest, uint32_t bits)
{
    return rest >> (IDX_LAST_BITS - bits);
}

ruzu_status rz_idx_table_create(rz_mem *mem, rz_idx_table **out, rz_error *err)
{
    *out = NULL;
    rz_idx_table *table = (rz_idx_table *)rz_mem_calloc(mem, 1, sizeof *table);
    RZ_TRY_ALLOC(table, err, "creating a hash table");
    table->mem = mem;
    atomic_init(&table->refs, 1);
    atomic_init(&table->count, 0);
    atomic_init(&table->bytes, sizeof *table);
    for (uint32_t i = 0; i < RZ_IDX_PARTS; i++) {
        atomic_init(&table->parts[i], NULL);
    }
    *out = table;
    return RUZU_OK;
}

void rz_idx_table_acquire(rz_idx_table *table)
{
    atomic_fetch_add_explicit(&table->refs, 1, memory_order_relaxed);
}

void rz_idx_table_free(rz_idx_table *table)
{
    if (table == NULL || atomic_fetch_sub_explicit(&table->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < RZ_IDX_PARTS; i++) {
        rz_idx_part *part = atomic_load_explicit(&table->parts[i], memory_order_relaxed);
        while (part != NULL) {
            rz_idx_part *retired = part->retired;
            rz_mem_free(table->mem, part, idx_part_size(part->bits));
            part = retired;
        }
    }
    rz_mem_free(table->mem, table, sizeof *table);
}

uint64_t rz_idx_table_count(const rz_idx_table *table)
{
    return atomic_load_explicit(&table->count, memory_order_relaxed);
}

void rz_idx_table_prefetch(const rz_idx_table *table, uint64_t hash)
{
    const rz_idx_part *part = atomic_load_explicit(&table->parts[idx_part_of(hash)], memory_order_acquire);
    if (part != NULL) {
        RZ_PREFETCH(&part->slots[idx_home(idx_rest_of(hash), part->bits)]);
    }
}

static rz_idx_part *idx_part_create(rz_idx_table *table, uint32_t bits)
{
    size_t size = idx_part_size(bits);
    rz_idx_part *part = (rz_idx_part *)rz_mem_calloc(table->mem, 1, size);
    if (part != NULL) {
        part->bits = bits;
        atomic_fetch_add_explicit(&table->bytes, size, memory_order_relaxed);
    }
    return part;
}

/* Puts a slot value into a part that has a free slot. */
static void idx_part_put(rz_idx_part *part, uint64_t slot)
{
    uint64_t mask = (UINT64_C(1) << part->bits) - 1;
    uint64_t at = idx_home(slot >> IDX_OFFSET_BITS, part->bits);
    while (atomic_load_explicit(&part->slots[at], memory_order_relaxed) != 0) {
        at = (at + 1) & mask;
    }
    atomic_store_explicit(&part->slots[at], slot, memory_order_relaxed);
    part->used++;
}

/* Replaces a part by one with room; dead slots are left behind. */
static ruzu_status idx_part_grow(rz_idx_table *table, uint32_t part_idx, rz_idx_part **out, rz_error *err)
{
    rz_idx_part *old = atomic_load_explicit(&table->parts[part_idx], memory_order_relaxed);
    uint32_t bits = IDX_FIRST_BITS;
    uint64_t live = 0;
    if (old != NULL) {
        for (uint64_t i = 0; i < UINT64_C(1) << old->bits; i++) {
            uint64_t slot = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
            live += slot != 0 && slot != IDX_SLOT_DEAD;
        }
        bits = live * 2 > UINT64_C(1) << old->bits ? old->bits + 1 : old->bits;
    }
    if (bits > IDX_LAST_BITS) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "too many keys since the last checkpoint.");
    }
    rz_idx_part *part = idx_part_create(table, bits);
    RZ_TRY_ALLOC(part, err, "growing a hash table");
    if (old != NULL) {
        for (uint64_t i = 0; i < UINT64_C(1) << old->bits; i++) {
            uint64_t slot = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
            if (slot != 0 && slot != IDX_SLOT_DEAD) {
                idx_part_put(part, slot);
            }
        }
    }
    if (old != NULL && table->shared) {
        part->retired = old;
    }
    atomic_store_explicit(&table->parts[part_idx], part, memory_order_release);
    if (old != NULL && !table->shared) {
        atomic_fetch_sub_explicit(&table->bytes, idx_part_size(old->bits), memory_order_relaxed);
        rz_mem_free(table->mem, old, idx_part_size(old->bits));
    }
    *out = part;
    return RUZU_OK;
}

static ruzu_status idx_table_put(rz_idx_table *table, uint32_t part_idx, uint64_t slot, rz_error *err)
{
    rz_idx_part *part = atomic_load_explicit(&table->parts[part_idx], memory_order_relaxed);
    if (part == NULL || (uint64_t)(part->used + 1) * 4 > (UINT64_C(1) << part->bits) * 3) {
        RZ_TRY(idx_part_grow(table, part_idx, &part, err));
    }
    idx_part_put(part, slot);
    /* One thread writes: no need for an atomic addition. */
    uint64_t count = atomic_load_explicit(&table->count, memory_order_relaxed);
    atomic_store_explicit(&table->count, count + 1, memory_order_relaxed);
    return RUZU_OK;
}

ruzu_status rz_idx_table_insert(rz_idx_table *table, uint64_t hash, uint64_t offset, rz_error *err)
{
    if (RZ_UNLIKELY(offset > RZ_IDX_MAX_OFFSET)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "a table can have at most %llu rows.", (unsigned long long)RZ_IDX_MAX_OFFSET + 1);
    }
    return idx_table_put(table, idx_part_of(hash), idx_rest_of(hash) << IDX_OFFSET_BITS | (offset + 1), err);
}

ruzu_status rz_idx_table_insert_copied(rz_idx_table *table, uint32_t part, uint64_t entry, rz_error *err)
{
    return idx_table_put(table, part, entry + 1, err);
}

/* cursor: 0, or one more than the distance from the home slot to the slot of the last hit. */
bool rz_idx_table_next(const rz_idx_table *table, uint64_t hash, uint64_t *cursor, uint64_t *out_offset)
{
    const rz_idx_part *part = atomic_load_explicit(&table->parts[idx_part_of(hash)], memory_order_acquire);
    if (part == NULL) {
        return false;
    }
    uint64_t mask = (UINT64_C(1) << part->bits) - 1;
    uint64_t rest = idx_rest_of(hash);
    uint64_t home = idx_home(rest, part->bits);
    for (uint64_t distance = *cursor; distance <= mask; distance++) {
        uint64_t slot = atomic_load_explicit(&part->slots[(home + distance) & mask], memory_order_relaxed);
        if (slot == 0) {
            return false;
        }
        if (slot >> IDX_OFFSET_BITS == rest && slot != IDX_SLOT_DEAD) {
            *cursor = distance + 1;
            *out_offset = (slot & IDX_OFFSET_MASK) - 1;
            return true;
        }
    }
    return false;
}

void rz_idx_table_remove(rz_idx_table *table, uint64_t hash, uint64_t offset)
{
    rz_idx_table_remove_copied(table, idx_part_of(hash), idx_rest_of(hash) << IDX_OFFSET_BITS | offset);
}

/* The slot of an entry copied so, or NULL. */
static _Atomic uint64_t *idx_table_slot(const rz_idx_table *table, uint32_t part_idx, uint64_t entry)
{
    rz_idx_part *part = atomic_load_explicit(&table->parts[part_idx], memory_order_acquire);
    uint64_t mask = part == NULL ? 0 : (UINT64_C(1) << part->bits) - 1;
    uint64_t at = part == NULL ? 0 : idx_home(entry >> IDX_OFFSET_BITS, part->bits);
    for (uint64_t seen = 0; part != NULL && seen <= mask; seen++, at = (at + 1) & mask) {
        uint64_t slot = atomic_load_explicit(&part->slots[at], memory_order_relaxed);
        if (slot == 0) {
            return NULL;
        }
        if (slot == entry + 1) {
            return &part->slots[at];
        }
    }
    return NULL;
}

bool rz_idx_table_has_copied(const rz_idx_table *table, uint32_t part, uint64_t entry)
{
    return idx_table_slot(table, part, entry) != NULL;
}

void rz_idx_table_remove_copied(rz_idx_table *table, uint32_t part, uint64_t entry)
{
    _Atomic uint64_t *slot = idx_table_slot(table, part, entry);
    if (slot != NULL) {
        atomic_store_explicit(slot, IDX_SLOT_DEAD, memory_order_relaxed);
        uint64_t count = atomic_load_explicit(&table->count, memory_order_relaxed);
        atomic_store_explicit(&table->count, count - 1, memory_order_relaxed);
    }
}

uint64_t rz_idx_table_part_capacity(const rz_idx_table *table, uint32_t part_idx)
{
    const rz_idx_part *part = atomic_load_explicit(&table->parts[part_idx], memory_order_acquire);
    return part == NULL ? 0 : part->used;
}

uint64_t rz_idx_table_copy_part(const rz_idx_table *table, uint32_t part_idx, uint64_t first, uint64_t end, uint64_t *out)
{
    const rz_idx_part *part = atomic_load_explicit(&table->parts[part_idx], memory_order_acquire);
    uint64_t count = 0;
    if (part == NULL) {
        return 0;
    }
    for (uint64_t i = 0; i < UINT64_C(1) << part->bits; i++) {
        uint64_t slot = atomic_load_explicit(&part->slots[i], memory_order_relaxed);
        if (slot != 0 && slot != IDX_SLOT_DEAD) {
            uint64_t offset = (slot & IDX_OFFSET_MASK) - 1;
            if (offset >= first && offset < end) {
                out[count++] = slot - 1;
            }
        }
    }
    return count;
}
