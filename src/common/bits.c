/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps: what is too long to be inline.
 */
#include "common/bits.h"

#include "os/os.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Loads and stores are plain copies: files are little-endian, and so is every host this version supports. */
RZ_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ruzu runs on little-endian hosts");

uint64_t rz_bits_count(const uint64_t *bits, uint64_t count)
{
    uint64_t words = count / 64;
    uint64_t set = 0;
    for (uint64_t i = 0; i < words; i++) {
        set += rz_popcount64(bits[i]);
    }
    if (count % 64 != 0) {
        set += rz_popcount64(bits[words] & ((UINT64_C(1) << (count % 64)) - 1));
    }
    return set;
}

uint32_t rz_bits_positions_scalar(const uint64_t *bits, uint32_t count, uint32_t *out)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i += 64) {
        uint64_t word = bits[i / 64];
        if (count - i < 64) {
            word &= (UINT64_C(1) << (count - i)) - 1;
        }
        while (word != 0) {
            out[found++] = i + rz_ctz64(word);
            word &= word - 1;
        }
    }
    return found;
}

#if defined(__x86_64__)

/* Eight bits at a time: their positions are squeezed into the low bytes of a word, widened, and all eight are stored; what was too much is written
 * over. No store leaves the room of the words' bits. */
RZ_TARGET("avx2,bmi2,popcnt") static uint32_t bits_positions_x86(const uint64_t *bits, uint32_t words, uint32_t *out)
{
    const __m256i step = _mm256_set1_epi32(8);
    __m256i base = _mm256_setzero_si256();
    uint32_t found = 0;
    for (uint32_t i = 0; i < words; i++) {
        uint64_t word = bits[i];
        if (word == 0) {
            base = _mm256_add_epi32(base, _mm256_slli_epi32(step, 3));
            continue;
        }
        for (uint32_t j = 0; j < 64; j += 8) {
            uint64_t byte = (word >> j) & 0xff;
            uint64_t wanted = _pdep_u64(byte, UINT64_C(0x0101010101010101)) * 0xff;
            uint64_t places = _pext_u64(UINT64_C(0x0706050403020100), wanted);
            __m256i positions = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)places));
            _mm256_storeu_si256((__m256i *)(void *)(out + found), _mm256_add_epi32(positions, base));
            found += (uint32_t)__builtin_popcountll(byte);
            base = _mm256_add_epi32(base, step);
        }
    }
    return found;
}
#endif

uint32_t rz_bits_positions(const uint64_t *bits, uint32_t count, uint32_t *out)
{
#if defined(__x86_64__)
    if (rz_cpu()->avx2 && rz_cpu()->bmi2) {
        uint32_t words = count / 64;
        uint32_t found = bits_positions_x86(bits, words, out);
        uint32_t more = rz_bits_positions_scalar(bits + words, count - words * 64, out + found);
        for (uint32_t i = 0; i < more; i++) {
            out[found + i] += words * 64;
        }
        return found + more;
    }
#endif
    return rz_bits_positions_scalar(bits, count, out);
}

void rz_bits_from_bytes(const uint8_t *bytes, uint32_t count, uint64_t *bits)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    for (uint32_t i = 0; i < count; i += 64) {
        uint32_t n = count - i < 64 ? count - i : 64;
        uint64_t word = 0;
        uint32_t j = 0;
        for (; j + 8 <= n; j += 8) {
            uint64_t eight = rz_load_u64(bytes + i + j);
            eight = ((((eight & low) + low) | eight) & ~low) >> 7; /* 1 in each byte that is not 0 */
            word |= ((eight * UINT64_C(0x0102040810204080)) >> 56) << j;
        }
        for (; j < n; j++) {
            word |= (uint64_t)(bytes[i + j] != 0) << j;
        }
        bits[i / 64] = word;
    }
}
