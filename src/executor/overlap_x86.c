/* SPDX-License-Identifier: MIT */
/*
 * Merging sorted lists with AVX2: eight numbers of the one list are compared with eight of the other in all 64 pairs, by turning the second eight around: three times within halves, and
 * three times with the halves exchanged. Then the eight with the smaller last number are done with, both if it is the same. Lists are strictly ascending, so a number is found once at
 * most.
 */
#include "executor/overlap.h"

#if defined(__x86_64__)

#include <immintrin.h>

RZ_TARGET("avx2") static inline __m256i overlap_load(const uint32_t *list)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)list);
}

/* Bits of the numbers of `a` that stand anywhere in `b`. */
RZ_TARGET("avx2") static inline uint32_t overlap_match(__m256i a, __m256i b)
{
    __m256i turned = _mm256_permute2x128_si256(b, b, 1);
    __m256i low = _mm256_or_si256(_mm256_cmpeq_epi32(a, b), _mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(b, 0x39)));
    __m256i more = _mm256_or_si256(_mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(b, 0x4e)), _mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(b, 0x93)));
    __m256i high = _mm256_or_si256(_mm256_cmpeq_epi32(a, turned), _mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(turned, 0x39)));
    __m256i most = _mm256_or_si256(_mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(turned, 0x4e)), _mm256_cmpeq_epi32(a, _mm256_shuffle_epi32(turned, 0x93)));
    __m256i all = _mm256_or_si256(_mm256_or_si256(low, more), _mm256_or_si256(high, most));
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(all));
}

/* Writes the numbers of `a` whose bits are set side by side. */
RZ_TARGET("avx2,bmi2") static inline void overlap_store(__m256i a, uint32_t mask, uint32_t *out)
{
    uint64_t wanted = _pdep_u64(mask, UINT64_C(0x0101010101010101)) * 0xff;
    uint64_t places = _pext_u64(UINT64_C(0x0706050403020100), wanted);
    __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)places));
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permutevar8x32_epi32(a, order));
}

RZ_TARGET("avx2,bmi2,popcnt")
static uint32_t overlap_blocks(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out, uint32_t *io_a, uint32_t *io_b)
{
    uint32_t i = 0;
    uint32_t j = 0;
    uint32_t found = 0;
    while (i + 8 <= a_count && j + 8 <= b_count) {
        __m256i of_a = overlap_load(a + i);
        uint32_t mask = overlap_match(of_a, overlap_load(b + j));
        uint32_t last_a = a[i + 7];
        uint32_t last_b = b[j + 7];
        if (out != NULL && mask != 0) {
            overlap_store(of_a, mask, out + found);
        }
        found += (uint32_t)__builtin_popcount(mask);
        i += last_a <= last_b ? 8 : 0;
        j += last_b <= last_a ? 8 : 0;
    }
    *io_a = i;
    *io_b = j;
    return found;
}

uint32_t rz_overlap_merge_avx2(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    uint32_t i = 0;
    uint32_t j = 0;
    uint32_t found = overlap_blocks(a, a_count, b, b_count, out, &i, &j);
    return found + rz_overlap_merge_scalar(a + i, a_count - i, b + j, b_count - j, out == NULL ? NULL : out + found);
}

#endif
