/* SPDX-License-Identifier: MIT */
/*
 * Common numbers of sorted lists: the scalar ways, and the choice.
 */
#include "executor/overlap.h"

#include "os/os.h"

/* Looking for a number by galloping costs about as much as merging so many. */
#define OVERLAP_GALLOP_VECTOR 48u
#define OVERLAP_GALLOP_SCALAR 8u
#define OVERLAP_VECTOR_MIN    16u
#define OVERLAP_TRIM_MIN      512u /* below, finding out where the lists begin to overlap takes longer than it saves */

uint32_t rz_overlap_seek(const uint32_t *list, uint32_t count, uint32_t at, uint32_t wanted)
{
    uint32_t step = 1;
    uint32_t low = at;
    while (step < count - low && list[low + step] < wanted) {
        low += step;
        step *= 2;
    }
    uint32_t length = step < count - low ? step : count - low;
    const uint32_t *base = list + low;
    while (length > 1) { /* without branches: where the number lies is hard to guess */
        uint32_t half = length / 2;
        base += base[half - 1] < wanted ? half : 0;
        length -= half;
    }
    low = (uint32_t)(base - list);
    return low + (length == 1 && *base < wanted);
}

uint32_t rz_overlap_merge_scalar(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    uint32_t i = 0;
    uint32_t j = 0;
    uint32_t found = 0;
    while (i < a_count && j < b_count) { /* without branches, but for the ends */
        uint32_t x = a[i];
        uint32_t y = b[j];
        if (out != NULL) {
            out[found] = x;
        }
        found += x == y;
        i += x <= y;
        j += y <= x;
    }
    return found;
}

uint32_t rz_overlap_gallop(const uint32_t *few, uint32_t few_count, const uint32_t *many, uint32_t many_count, uint32_t *out)
{
    uint32_t at = 0;
    uint32_t found = 0;
    for (uint32_t i = 0; i < few_count && at < many_count; i++) {
        at = rz_overlap_seek(many, many_count, at, few[i]);
        bool hit = at < many_count && many[at] == few[i];
        if (out != NULL) {
            out[found] = few[i];
        }
        found += hit;
    }
    return found;
}

/* Leaves out the ends of both lists that the other one does not reach. */
static void overlap_trim(const uint32_t **a, uint32_t *a_count, const uint32_t **b, uint32_t *b_count)
{
    if (*a_count == 0 || *b_count == 0) {
        *a_count = *b_count = 0;
        return;
    }
    uint32_t skip = rz_overlap_seek(*b, *b_count, 0, **a);
    *b += skip;
    *b_count -= skip;
    skip = *b_count == 0 ? *a_count : rz_overlap_seek(*a, *a_count, 0, **b);
    *a += skip;
    *a_count -= skip;
}

static uint32_t overlap_find(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    if (a_count > b_count) {
        const uint32_t *list = a;
        uint32_t count = a_count;
        a = b;
        a_count = b_count;
        b = list;
        b_count = count;
    }
    bool vectors = false;
#if defined(__x86_64__)
    vectors = a_count >= OVERLAP_VECTOR_MIN && rz_cpu()->avx2 && rz_cpu()->bmi2;
#endif
    if (b_count / (vectors ? OVERLAP_GALLOP_VECTOR : OVERLAP_GALLOP_SCALAR) >= a_count) {
        return rz_overlap_gallop(a, a_count, b, b_count, out);
    }
    if (a_count + b_count >= OVERLAP_TRIM_MIN) {
        overlap_trim(&a, &a_count, &b, &b_count);
    }
#if defined(__x86_64__)
    if (vectors) {
        return rz_overlap_merge_avx2(a, a_count, b, b_count, out);
    }
#endif
    return rz_overlap_merge_scalar(a, a_count, b, b_count, out);
}

uint32_t rz_overlap_count(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    return overlap_find(a, a_count, b, b_count, NULL);
}

uint32_t rz_overlap_list(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    return overlap_find(a, a_count, b, b_count, out);
}

uint32_t rz_overlap_bits_count(const uint64_t *bits, const uint32_t *list, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        found += (uint32_t)(bits[list[i] / 64] >> (list[i] % 64)) & 1;
    }
    return found;
}

uint32_t rz_overlap_bits_list(const uint64_t *bits, const uint32_t *list, uint32_t count, uint32_t *out)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = list[i];
        out[found] = number;
        found += (uint32_t)(bits[number / 64] >> (number % 64)) & 1;
    }
    return found;
}
