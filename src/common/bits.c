/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps: what is too long to be inline.
 */
#include "common/bits.h"

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
