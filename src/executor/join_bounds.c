/* SPDX-License-Identifier: MIT */
/*
 * What a join's build side says of the values of one key: the least, the greatest and, while they are few, all of them. Scans of the probe side look at it (op_node_scan.c).
 *
 * Keys are unsigned numbers in the order of the type, as those of zone maps: signed values with the top bit flipped. A worker fills one of its own, in an open-addressed table;
 * rz_join_bounds_seal makes an ascending array of what all of them found. Where they become many, or memory is refused, only the ends are known.
 */
#include "executor/join.h"

#include <string.h>

#ifdef RZ_TINY
#define BOUNDS_MOST 16u
#else
#define BOUNDS_MOST 4096u /* different values */
#endif
#define BOUNDS_FIRST_BITS 6u
#define BOUNDS_BLOCK 256u /* keys read at a time */
#define BOUNDS_SIGN (UINT64_C(1) << 63)

void rz_join_bounds_open(rz_join_bounds *bounds, rz_mem *mem)
{
    *bounds = (rz_join_bounds){.mem = mem, .low = UINT64_MAX, .high = 0};
}

void rz_join_bounds_close(rz_join_bounds *bounds)
{
    rz_mem_free(bounds->mem, bounds->keys, sizeof *bounds->keys << bounds->bits);
    bounds->keys = NULL;
    bounds->count = 0;
    bounds->bits = 0;
}

/* Only the ends are known from here on. */
static void bounds_give_up(rz_join_bounds *bounds)
{
    rz_join_bounds_close(bounds);
    bounds->many = true;
}

/* ---- the table: UINT64_MAX marks a free slot, so that value is kept apart ---- */

static bool bounds_put(uint64_t *slots, uint32_t bits, uint64_t key)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    uint64_t at = rz_hash_u64(key) & mask;
    while (slots[at] != UINT64_MAX && slots[at] != key) {
        at = (at + 1) & mask;
    }
    bool fresh = slots[at] == UINT64_MAX;
    slots[at] = key;
    return fresh;
}

static bool bounds_grow(rz_join_bounds *bounds)
{
    uint32_t bits = bounds->bits == 0 ? BOUNDS_FIRST_BITS : bounds->bits + 1;
    size_t size = sizeof(uint64_t) << bits;
    uint64_t *slots = bounds->count >= BOUNDS_MOST ? NULL : (uint64_t *)rz_mem_alloc(bounds->mem, size);
    if (slots == NULL) {
        bounds_give_up(bounds);
        return false;
    }
    memset(slots, 0xff, size);
    for (uint64_t i = 0; bounds->keys != NULL && i < UINT64_C(1) << bounds->bits; i++) {
        if (bounds->keys[i] != UINT64_MAX) {
            (void)bounds_put(slots, bits, bounds->keys[i]);
        }
    }
    rz_mem_free(bounds->mem, bounds->keys, bounds->keys == NULL ? 0 : sizeof *bounds->keys << bounds->bits);
    bounds->keys = slots;
    bounds->bits = bits;
    return true;
}

static void bounds_note(rz_join_bounds *bounds, uint64_t key)
{
    if (key == UINT64_MAX) {
        bounds->has_last = true;
        return;
    }
    bool full = bounds->keys == NULL || bounds->count >= (UINT32_C(1) << bounds->bits) / 2;
    if (!full || bounds_grow(bounds)) {
        bounds->count += bounds_put(bounds->keys, bounds->bits, key);
    }
}

/* The planner asks for integers and BOOL only. */
void rz_join_bounds_add(rz_join_bounds *bounds, const rz_vec *vec, const rz_sel *sel)
{
    rz_physical physical = (rz_physical)vec->type->physical;
    rz_view view;
    int64_t keys[BOUNDS_BLOCK];
    bool is_signed = false;
    (void)rz_integer_width(physical, &is_signed);
    uint64_t flip = is_signed ? BOUNDS_SIGN : 0;
    uint64_t low = bounds->low;
    uint64_t high = bounds->high;
    rz_vec_view(vec, &view);
    for (uint32_t first = 0; first < sel->count; first += BOUNDS_BLOCK) {
        uint32_t count = sel->count - first < BOUNDS_BLOCK ? sel->count - first : BOUNDS_BLOCK;
        rz_integer_read(physical, &view, sel, first, count, keys);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t key = (uint64_t)keys[i] ^ flip;
            low = key < low ? key : low;
            high = key > high ? key : high;
        }
        for (uint32_t i = 0; i < count && !bounds->many; i++) {
            bounds_note(bounds, (uint64_t)keys[i] ^ flip);
        }
    }
    bounds->low = low;
    bounds->high = high;
}

void rz_join_bounds_take(rz_join_bounds *into, rz_join_bounds *from)
{
    into->low = from->low < into->low ? from->low : into->low;
    into->high = from->high > into->high ? from->high : into->high;
    into->has_last |= from->has_last;
    if (from->many) {
        bounds_give_up(into);
    }
    for (uint64_t i = 0; from->keys != NULL && i < UINT64_C(1) << from->bits && !into->many; i++) {
        if (from->keys[i] != UINT64_MAX) {
            bounds_note(into, from->keys[i]);
        }
    }
    rz_join_bounds_close(from);
}

/* ---- the array ---- */

/* Shell sort: they are few, and nothing recurses. */
static void bounds_sort(uint64_t *keys, uint32_t count)
{
    uint32_t gap = 1;
    while (gap < count / 3) {
        gap = gap * 3 + 1;
    }
    for (; gap != 0; gap /= 3) {
        for (uint32_t i = gap; i < count; i++) {
            uint64_t key = keys[i];
            uint32_t at = i;
            for (; at >= gap && keys[at - gap] > key; at -= gap) {
                keys[at] = keys[at - gap];
            }
            keys[at] = key;
        }
    }
}

void rz_join_bounds_seal(rz_join_bounds *bounds)
{
    uint32_t count = 0;
    for (uint64_t i = 0; bounds->keys != NULL && i < UINT64_C(1) << bounds->bits; i++) {
        if (bounds->keys[i] != UINT64_MAX) {
            bounds->keys[count++] = bounds->keys[i];
        }
    }
    bounds_sort(bounds->keys, count);
    if (bounds->has_last && !bounds->many) { /* the table is half empty */
        if (bounds->keys == NULL && !bounds_grow(bounds)) {
            return;
        }
        bounds->keys[count++] = UINT64_MAX;
    }
    bounds->count = count;
}

/* The number of values below the key. */
static uint32_t bounds_rank(const rz_join_bounds *bounds, uint64_t key)
{
    uint32_t low = 0;
    uint32_t high = bounds->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bounds->keys[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool rz_join_bounds_narrow(const rz_join_bounds *bounds, uint64_t *io_low, uint64_t *io_high)
{
    if (bounds->many || bounds->low > bounds->high) {
        *io_low = *io_low < bounds->low ? bounds->low : *io_low;
        *io_high = *io_high > bounds->high ? bounds->high : *io_high;
        return *io_low <= *io_high;
    }
    uint32_t first = bounds_rank(bounds, *io_low);
    uint32_t end = *io_high == UINT64_MAX ? bounds->count : bounds_rank(bounds, *io_high + 1);
    if (first >= end) {
        return false;
    }
    *io_low = bounds->keys[first];
    *io_high = bounds->keys[end - 1];
    return true;
}

uint32_t rz_join_bounds_mark(const rz_join_bounds *bounds, uint64_t first, uint32_t count, uint64_t *bits)
{
    uint32_t at = bounds_rank(bounds, first);
    uint32_t marked = 0;
    for (; at < bounds->count && bounds->keys[at] - first < count; at++) {
        rz_bit_set(bits, bounds->keys[at] - first);
        marked++;
    }
    return marked;
}
