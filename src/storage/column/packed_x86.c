/* SPDX-License-Identifier: MIT */
/*
 * Packed integers with AVX2: one unaligned 16-byte load brings the bytes of two (u32: four) values, a byte shuffle puts each value's bytes into its
 * lane, a variable shift and a mask finish it.
 *
 * Eight values of w bits are w bytes, so the position inside a byte repeats after eight values: the shuffles and shifts are computed once per
 * call and the loop advances by w bytes. The loads may reach beyond the last value needed, hence the test against `safe`: the end of the
 * 8-byte load of the last value, which the caller of rz_unpack has promised to be readable.
 */
#include "storage/column/packed.h"

#if defined(__x86_64__)

#include <immintrin.h>

RZ_TARGET("avx2") static inline __m256i packed_load_pair(const uint8_t *low, const uint8_t *high)
{
    __m256i bytes = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)low));
    return _mm256_inserti128_si256(bytes, _mm_loadu_si128((const __m128i *)(const void *)high), 1);
}

/* From the bit positions of four values (relative to the load of each 128-bit half) to the shuffle that brings their eight bytes. */
RZ_TARGET("avx2") static inline __m256i packed_shuffle_u64(__m256i bits)
{
    const __m256i spread = _mm256_set_epi64x(0x0808080808080808, 0, 0x0808080808080808, 0);
    const __m256i steps = _mm256_set1_epi64x(0x0706050403020100);
    return _mm256_add_epi8(_mm256_shuffle_epi8(_mm256_srli_epi64(bits, 3), spread), steps);
}

RZ_TARGET("avx2") uint64_t rz_unpack_avx2(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint64_t base, uint64_t *out)
{
    uint64_t start = first * width;
    uint32_t phase = (uint32_t)(start & 7);
    const uint8_t *p = data + (start >> 3);
    const uint8_t *safe = data + (((first + count - 1) * width) >> 3) + 8;
    uint32_t off1 = (phase + 2 * width) >> 3, off2 = (phase + 4 * width) >> 3, off3 = (phase + 6 * width) >> 3;

    const __m256i sevens = _mm256_set1_epi64x(7);
    const __m256i mask = _mm256_set1_epi64x((int64_t)((UINT64_C(1) << width) - 1));
    const __m256i bases = _mm256_set1_epi64x((int64_t)base);
    __m256i bits = _mm256_mul_epu32(_mm256_set_epi64x(3, 2, 1, 0), _mm256_set1_epi64x(width));
    bits = _mm256_add_epi64(bits, _mm256_set1_epi64x(phase));
    __m256i bits_high = _mm256_add_epi64(bits, _mm256_set1_epi64x(4 * (int64_t)width));
    /* Each half loads from the byte in which its first value begins. */
    bits = _mm256_sub_epi64(bits, _mm256_andnot_si256(sevens, _mm256_shuffle_epi32(bits, 0x44)));
    bits_high = _mm256_sub_epi64(bits_high, _mm256_andnot_si256(sevens, _mm256_shuffle_epi32(bits_high, 0x44)));
    const __m256i shuffle = packed_shuffle_u64(bits), shuffle_high = packed_shuffle_u64(bits_high);
    const __m256i shift = _mm256_and_si256(bits, sevens), shift_high = _mm256_and_si256(bits_high, sevens);

    uint64_t done = 0;
    while (done + 8 <= count && p + off3 + 16 <= safe) {
        __m256i low = _mm256_shuffle_epi8(packed_load_pair(p, p + off1), shuffle);
        __m256i high = _mm256_shuffle_epi8(packed_load_pair(p + off2, p + off3), shuffle_high);
        low = _mm256_add_epi64(_mm256_and_si256(_mm256_srlv_epi64(low, shift), mask), bases);
        high = _mm256_add_epi64(_mm256_and_si256(_mm256_srlv_epi64(high, shift_high), mask), bases);
        _mm256_storeu_si256((__m256i *)(void *)(out + done), low);
        _mm256_storeu_si256((__m256i *)(void *)(out + done + 4), high);
        p += width;
        done += 8;
    }
    if (done + 4 <= count && p + off1 + 16 <= safe) {
        __m256i low = _mm256_shuffle_epi8(packed_load_pair(p, p + off1), shuffle);
        low = _mm256_add_epi64(_mm256_and_si256(_mm256_srlv_epi64(low, shift), mask), bases);
        _mm256_storeu_si256((__m256i *)(void *)(out + done), low);
        done += 4;
    }
    return done;
}

RZ_TARGET("avx2")
uint64_t rz_unpack_u32_avx2(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint32_t base, uint32_t *out)
{
    uint64_t start = first * width;
    uint32_t phase = (uint32_t)(start & 7);
    const uint8_t *p = data + (start >> 3);
    const uint8_t *safe = data + (((first + count - 1) * width) >> 3) + 8;
    uint32_t off1 = (phase + 4 * width) >> 3;

    const __m256i sevens = _mm256_set1_epi32(7);
    const __m256i mask = _mm256_set1_epi32((int32_t)((UINT32_C(1) << width) - 1));
    const __m256i bases = _mm256_set1_epi32((int32_t)base);
    __m256i bits = _mm256_mullo_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), _mm256_set1_epi32((int32_t)width));
    bits = _mm256_add_epi32(bits, _mm256_set1_epi32((int32_t)phase));
    bits = _mm256_sub_epi32(bits, _mm256_andnot_si256(sevens, _mm256_shuffle_epi32(bits, 0x00)));
    const __m256i spread = _mm256_set_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0, 0x0c0c0c0c, 0x08080808, 0x04040404, 0);
    const __m256i shuffle = _mm256_add_epi8(_mm256_shuffle_epi8(_mm256_srli_epi32(bits, 3), spread), _mm256_set1_epi32(0x03020100));
    const __m256i shift = _mm256_and_si256(bits, sevens);

    uint64_t done = 0;
    while (done + 8 <= count && p + off1 + 16 <= safe) {
        __m256i values = _mm256_shuffle_epi8(packed_load_pair(p, p + off1), shuffle);
        values = _mm256_add_epi32(_mm256_and_si256(_mm256_srlv_epi32(values, shift), mask), bases);
        _mm256_storeu_si256((__m256i *)(void *)(out + done), values);
        p += width;
        done += 8;
    }
    return done;
}

/* Eight values become one byte of the mask: subtracting the lower bound turns the range into an unsigned comparison, which AVX2 has as a minimum. */
RZ_TARGET("avx2")
uint32_t rz_packed_match_avx2(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, uint32_t low, uint32_t span, bool outside,
                              uint64_t *bits)
{
    uint64_t start = first * width;
    uint32_t phase = (uint32_t)(start & 7);
    const uint8_t *p = data + (start >> 3);
    const uint8_t *safe = data + (((first + count - 1) * width) >> 3) + 8;
    uint32_t off1 = (phase + 4 * width) >> 3;

    const __m256i sevens = _mm256_set1_epi32(7);
    const __m256i mask = _mm256_set1_epi32((int32_t)((UINT32_C(1) << width) - 1));
    const __m256i lows = _mm256_set1_epi32((int32_t)low), spans = _mm256_set1_epi32((int32_t)span);
    __m256i at = _mm256_mullo_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), _mm256_set1_epi32((int32_t)width));
    at = _mm256_add_epi32(at, _mm256_set1_epi32((int32_t)phase));
    at = _mm256_sub_epi32(at, _mm256_andnot_si256(sevens, _mm256_shuffle_epi32(at, 0x00)));
    const __m256i spread = _mm256_set_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0, 0x0c0c0c0c, 0x08080808, 0x04040404, 0);
    const __m256i shuffle = _mm256_add_epi8(_mm256_shuffle_epi8(_mm256_srli_epi32(at, 3), spread), _mm256_set1_epi32(0x03020100));
    const __m256i shift = _mm256_and_si256(at, sevens);
    const uint64_t flip = outside ? UINT64_MAX : 0;

    uint32_t done = 0;
    while (done + 64 <= count && p + 7 * (uint64_t)width + off1 + 16 <= safe) {
        uint64_t word = 0;
        for (uint32_t i = 0; i < 64; i += 8) {
            __m256i values = _mm256_shuffle_epi8(packed_load_pair(p, p + off1), shuffle);
            values = _mm256_sub_epi32(_mm256_and_si256(_mm256_srlv_epi32(values, shift), mask), lows);
            __m256i passes = _mm256_cmpeq_epi32(_mm256_min_epu32(values, spans), values);
            word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(passes)) << i;
            p += width;
        }
        bits[done / 64] &= word ^ flip;
        done += 64;
    }
    return done;
}

/* Sums of 64 values stay in 32 bits, then they are widened. A byte of the mask is spread over eight lanes by testing one bit in each. */
RZ_TARGET("avx2")
uint64_t rz_packed_sum_avx2(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, const uint64_t *bits, uint32_t *out_done)
{
    uint64_t start = first * width;
    uint32_t phase = (uint32_t)(start & 7);
    const uint8_t *p = data + (start >> 3);
    const uint8_t *safe = data + (((first + count - 1) * width) >> 3) + 8;
    uint32_t off1 = (phase + 4 * width) >> 3;

    const __m256i sevens = _mm256_set1_epi32(7);
    const __m256i mask = _mm256_set1_epi32((int32_t)((UINT32_C(1) << width) - 1));
    const __m256i lanes = _mm256_set_epi32(128, 64, 32, 16, 8, 4, 2, 1);
    const __m256i halves = _mm256_set1_epi64x(UINT32_MAX);
    __m256i at = _mm256_mullo_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0), _mm256_set1_epi32((int32_t)width));
    at = _mm256_add_epi32(at, _mm256_set1_epi32((int32_t)phase));
    at = _mm256_sub_epi32(at, _mm256_andnot_si256(sevens, _mm256_shuffle_epi32(at, 0x00)));
    const __m256i spread = _mm256_set_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0, 0x0c0c0c0c, 0x08080808, 0x04040404, 0);
    const __m256i shuffle = _mm256_add_epi8(_mm256_shuffle_epi8(_mm256_srli_epi32(at, 3), spread), _mm256_set1_epi32(0x03020100));
    const __m256i shift = _mm256_and_si256(at, sevens);

    __m256i total = _mm256_setzero_si256();
    uint32_t done = 0;
    while (done + 64 <= count && p + 7 * (uint64_t)width + off1 + 16 <= safe) {
        uint64_t word = bits == NULL ? UINT64_MAX : bits[done / 64];
        __m256i part = _mm256_setzero_si256();
        for (uint32_t i = 0; i < 64; i += 8) {
            __m256i values = _mm256_shuffle_epi8(packed_load_pair(p, p + off1), shuffle);
            values = _mm256_and_si256(_mm256_srlv_epi32(values, shift), mask);
            __m256i takes = _mm256_and_si256(_mm256_set1_epi32((int32_t)(word >> i & 255)), lanes);
            part = _mm256_add_epi32(part, _mm256_and_si256(values, _mm256_cmpeq_epi32(takes, lanes)));
            p += width;
        }
        total = _mm256_add_epi64(total, _mm256_add_epi64(_mm256_and_si256(part, halves), _mm256_srli_epi64(part, 32)));
        done += 64;
    }
    uint64_t sums[4];
    _mm256_storeu_si256((__m256i *)(void *)sums, total);
    *out_done = done;
    return sums[0] + sums[1] + sums[2] + sums[3];
}

#endif
