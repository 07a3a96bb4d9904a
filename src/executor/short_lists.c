/* SPDX-License-Identifier: MIT */
/*
 * Decoding the lists of a chunk, and comparing them row by row: up to four entries with up to four without asking how many there are, which is hard to guess.
 */
#include "executor/short_lists.h"

#include "os/os.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SHORT_ROOM (4u * RZ_VECTOR_CAPACITY) /* entries */
#define SHORT_SIDE 4u                        /* entries that are compared at once; behind the last one there are as many that are not looked at */

uint64_t rz_list_equal_pairs(const rz_id *a, uint64_t a_count, const rz_id *b, uint64_t b_count)
{
    uint64_t pairs = 0;
    for (uint64_t i = 0, j = 0; i < a_count && j < b_count;) {
        rz_id x = a[i];
        rz_id y = b[j];
        if (x != y) {
            i += x < y;
            j += y < x;
            continue;
        }
        uint64_t first = i, second = j;
        while (i < a_count && a[i] == x) {
            i++;
        }
        while (j < b_count && b[j] == x) {
            j++;
        }
        pairs += (i - first) * (j - second);
    }
    return pairs;
}

uint64_t rz_list_common(const rz_id *a, uint64_t a_count, const rz_id *b, uint64_t b_count)
{
    uint64_t common = 0;
    for (uint64_t i = 0, j = 0; i < a_count && j < b_count;) {
        rz_id x = a[i];
        rz_id y = b[j];
        common += x == y;
        i += x <= y;
        j += y < x;
    }
    return common;
}

ruzu_status rz_short_lists_open(rz_arena *arena, rz_short_lists *out, rz_error *err)
{
    out->ids = RZ_NEW_ARRAY(arena, rz_id, SHORT_ROOM + SHORT_SIDE);
    out->begins = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    out->lengths = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    return out->ids == NULL || out->begins == NULL || out->lengths == NULL ? rz_error_no_memory(err, "building neighbour lists") : RUZU_OK;
}

/* Fills lengths. False: the lists cannot be decoded together. */
static bool short_measure(const rz_hops *hops, const rz_sel *sel, rz_short_lists *lists)
{
    uint64_t total = 0;
    bool several = false;
    for (uint32_t i = 0; i < sel->count; i++) {
        lists->lengths[rz_sel_at(sel, i)] = 0;
    }
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) {
        const rz_slice *slices = hops->slices[h];
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            several |= (lists->lengths[row] != 0) & (slices[row].length != 0);
            lists->lengths[row] += slices[row].length;
            total += slices[row].length;
        }
        several |= hops->skips_loops[h];
    }
    return !several && total <= SHORT_ROOM;
}

ruzu_status rz_short_lists_read(rz_hops *hops, const rz_sel *sel, rz_short_lists *lists, bool *out_done, rz_error *err)
{
    uint32_t used = 0;
    *out_done = short_measure(hops, sel, lists);
    for (uint32_t h = 0; h < hops->expand->hop_count && *out_done; h++) {
        const rz_hop *hop = &hops->expand->hops[h];
        const rz_slice *slices = hops->slices[h];
        uint32_t begin = used, at = 0, entry = 0;
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i), length = slices[row].length;
            lists->begins[row] = (h == 0) | (length != 0) ? begin : lists->begins[row];
            begin += length;
        }
        while (at < sel->count) {
            uint32_t count = 0;
            RZ_TRY(rz_adj_expand(hops->readers[h], hop->direction, slices, sel, &at, &entry, SHORT_ROOM - used, rz_id_make(hop->to_table, 0), lists->ids + used, 0, NULL, NULL,
                                 &count, err));
            used += count;
            if (count == 0) { /* only empty lists are left */
                break;
            }
        }
    }
    return RUZU_OK;
}

void rz_short_lists_equal_scalar(const rz_short_lists *a, const rz_short_lists *b, const rz_sel *sel, bool pairs, uint64_t *out)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        const rz_id *x = a->ids + a->begins[row], *y = b->ids + b->begins[row];
        out[row] = pairs ? rz_list_equal_pairs(x, a->lengths[row], y, b->lengths[row]) : rz_list_common(x, a->lengths[row], y, b->lengths[row]);
    }
}

#if defined(__x86_64__)
RZ_TARGET("avx2") static inline uint32_t short_match(__m256i x, rz_id y)
{
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(x, _mm256_set1_epi64x((long long)y))));
}

RZ_TARGET("avx2,popcnt") static void short_equal_avx2(const rz_short_lists *a, const rz_short_lists *b, const rz_sel *sel, bool pairs, uint64_t *out)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i), a_count = a->lengths[row], b_count = b->lengths[row];
        const rz_id *x = a->ids + a->begins[row], *y = b->ids + b->begins[row];
        if (RZ_UNLIKELY((a_count > SHORT_SIDE) | (b_count > SHORT_SIDE))) {
            out[row] = pairs ? rz_list_equal_pairs(x, a_count, y, b_count) : rz_list_common(x, a_count, y, b_count);
            continue;
        }
        __m256i four = _mm256_loadu_si256((const __m256i *)(const void *)x);
        uint32_t there = ((1u << a_count) - 1) * 0x1111u & ((1u << (4 * b_count)) - 1); /* four bits an entry of b: the entries of a */
        uint32_t equal = there & (short_match(four, y[0]) | short_match(four, y[1]) << 4 | short_match(four, y[2]) << 8 | short_match(four, y[3]) << 12);
        uint32_t found = (equal | equal >> 8);
        found = (found | found >> 4) & 0xf;
        out[row] = (uint64_t)(uint32_t)__builtin_popcount(pairs ? equal : found);
    }
}
#endif

void rz_short_lists_equal(const rz_short_lists *a, const rz_short_lists *b, const rz_sel *sel, bool pairs, uint64_t *out)
{
#if defined(__x86_64__)
    if (rz_cpu()->avx2) {
        short_equal_avx2(a, b, sel, pairs, out);
        return;
    }
#endif
    rz_short_lists_equal_scalar(a, b, sel, pairs, out);
}
