/* SPDX-License-Identifier: MIT */
/* Searching runs of bytes with AVX2: 64 places a step. Nothing behind the data is read: the last places are left to the search without vectors. */
#include "common/find.h"

#if defined(__x86_64__)

#include "common/bits.h"

#include <immintrin.h>
#include <string.h>

#define FIND_WRONG_MAX 64u /* wrong candidates, each worth 16 bytes of progress, before memmem takes over */

RZ_TARGET("avx2") static inline uint64_t find_candidates(const char *at, size_t last, __m256i first_byte, __m256i last_byte)
{
    __m256i begins = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)at), first_byte);
    __m256i ends = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(at + last)), last_byte);
    __m256i begins_next = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(at + 32)), first_byte);
    __m256i ends_next = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)(at + 32 + last)), last_byte);
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(begins, ends));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(begins_next, ends_next));
    return low | (uint64_t)high << 32;
}

RZ_TARGET("avx2") size_t rz_find_avx2(const char *data, size_t size, size_t from, const char *part, size_t part_size)
{
    const __m256i first_byte = _mm256_set1_epi8(part[0]), last_byte = _mm256_set1_epi8(part[part_size - 1]);
    size_t at = from;
    size_t wrong = 0;
    while (at <= size && size - at >= 64 + part_size - 1) {
        uint64_t candidates = find_candidates(data + at, part_size - 1, first_byte, last_byte);
        for (; candidates != 0; candidates &= candidates - 1) {
            size_t place = at + rz_ctz64(candidates);
            if (memcmp(data + place, part, part_size) == 0) {
                return place;
            }
            if (++wrong > FIND_WRONG_MAX + (place - from) / 16) {
                return rz_find_scalar(data, size, place + 1, part, part_size);
            }
        }
        at += 64;
    }
    return rz_find_scalar(data, size, at, part, part_size);
}

#endif
