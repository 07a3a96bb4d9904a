/* SPDX-License-Identifier: MIT */
/* Bounds that a SORT with a limit hands down to a scan: see top_bound.h. */
#include "executor/top_bound.h"

/* Bytes of the value in a key; 0: no bounds of this type. */
static uint32_t top_bound_width(const rz_type *type, bool *out_signed)
{
    return rz_integer_width((rz_physical)type->physical, out_signed);
}

/* Ranks are of the type's width. */
static uint64_t top_bound_mask(uint32_t width)
{
    return UINT64_MAX >> (64 - 8 * width);
}

bool rz_top_bound_fits(const rz_type *type)
{
    bool is_signed = false;
    return top_bound_width(type, &is_signed) != 0 && rz_sort_key_width(type) == top_bound_width(type, &is_signed) + 1;
}

void rz_top_bound_reset(rz_top_bound *bound)
{
    atomic_store_explicit(&bound->rank, UINT64_MAX, memory_order_relaxed);
}

void rz_top_bound_lower(rz_top_bound *bound, const rz_type *type, const uint8_t *key, bool nulls_first)
{
    bool is_signed = false;
    uint32_t width = top_bound_width(type, &is_signed);
    uint64_t rank = 0;
    if (key[0] != 1) { /* NULL: last, then it says nothing; first, then no value is near, and the least bound is close to that */
        rank = nulls_first ? 0 : UINT64_MAX;
    } else {
        for (uint32_t i = 0; i < width; i++) {
            rank = rank << 8 | key[1 + i];
        }
    }
    uint64_t now = rz_top_bound_get(bound);
    while (rank < now && !atomic_compare_exchange_weak_explicit(&bound->rank, &now, rank, memory_order_relaxed, memory_order_relaxed)) {
    }
}

bool rz_top_bound_range(const rz_type *type, bool descending, uint64_t rank, rz_col_range *out)
{
    bool is_signed = false;
    uint32_t width = top_bound_width(type, &is_signed);
    uint64_t mask = top_bound_mask(width), sign = (mask >> 1) + 1;
    uint64_t bits = (descending ? ~rank : rank) & mask;
    bits = is_signed ? bits ^ sign : bits;
    rz_value value = {.type = type};
    return rz_integer_set((rz_physical)type->physical, &value.u, 0, (int64_t)bits) &&
           rz_col_range_make(type, descending ? RZ_CMP_GE : RZ_CMP_LE, &value, out);
}

bool rz_top_bound_zone(const rz_type *type, const rz_plan_order *order, const rz_zone *zone, uint64_t *out_low, uint64_t *out_high)
{
    bool is_signed = false;
    uint64_t mask = top_bound_mask(top_bound_width(type, &is_signed));
    uint64_t flip = is_signed ? (mask >> 1) + 1 : 0;
    if (zone->null_count != 0 && order->nulls_first) {
        return false;
    }
    if (zone->all_null) { /* behind every value */
        *out_low = *out_high = UINT64_MAX;
        return true;
    }
    uint64_t low = (zone->min_bits ^ flip) & mask, high = (zone->max_bits ^ flip) & mask;
    *out_low = order->descending ? ~high & mask : low;
    *out_high = order->descending ? ~low & mask : high;
    return true;
}

/* ---- which pieces come first ---- */

static bool top_piece_before(const rz_top_piece *a, const rz_top_piece *b)
{
    return a->low != b->low ? a->low < b->low : a->unit < b->unit;
}

static void top_piece_sift(rz_top_piece *pieces, uint64_t at, uint64_t count)
{
    rz_top_piece moved = pieces[at];
    for (uint64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && top_piece_before(&pieces[child], &pieces[child + 1]);
        if (!top_piece_before(&moved, &pieces[child])) {
            break;
        }
        pieces[at] = pieces[child];
        at = child;
    }
    pieces[at] = moved;
}

bool rz_top_pieces_order(rz_top_piece *pieces, uint64_t count)
{
    uint64_t least = UINT64_MAX, apart = 0;
    for (uint64_t i = 0; i < count; i++) {
        least = pieces[i].high < least ? pieces[i].high : least;
    }
    for (uint64_t i = 0; i < count; i++) {
        apart += pieces[i].low > least;
    }
    if (apart < count / 2 || count < 2) {
        return false;
    }
    for (uint64_t i = count / 2; i > 0; i--) {
        top_piece_sift(pieces, i - 1, count);
    }
    for (uint64_t end = count - 1; end > 0; end--) {
        rz_top_piece last = pieces[end];
        pieces[end] = pieces[0];
        pieces[0] = last;
        top_piece_sift(pieces, 0, end);
    }
    return true;
}
