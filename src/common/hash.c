/* SPDX-License-Identifier: MIT */
/*
 * rz_hash_bytes: 64-bit hash by folded 64×64→128-bit multiplication.
 *
 * Two lanes take 16 bytes each per step: (a, b) → fold((a ^ k) · (b ^ lane)), fold being high xor low half. The last 32 bytes
 * are read by loads that overlap what came before, so that no tail loop is needed, and the length is mixed in, so that overlap
 * makes no two lengths equal. A factor of zero would forget the other one; the old lane, rotated, is therefore kept beside the
 * product. The result goes through a bijective finaliser: every output bit may be used alone.
 *
 * The function stands in index pages: a change of it is a change of the file format (tests pin values). It resists accidents,
 * not an adversary who knows it.
 */
#include "common/hash.h"

#include "common/bits.h"

/* Leading fraction bits of the square roots of 2, 3, 5 and 7, made odd. */
#define HASH_K0 UINT64_C(0x6a09e667f3bcc909)
#define HASH_K1 UINT64_C(0xbb67ae8584caa73b)
#define HASH_K2 UINT64_C(0x3c6ef372fe94f82b)
#define HASH_K3 UINT64_C(0xa54ff53a5f1d36f1)

RZ_FORCE_INLINE uint64_t hash_fold(uint64_t a, uint64_t b)
{
    rz_uint128 product = (rz_uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

RZ_FORCE_INLINE uint64_t hash_rotate(uint64_t x, uint32_t bits)
{
    return (x << bits) | (x >> (64 - bits));
}

RZ_FORCE_INLINE uint64_t hash_step(uint64_t lane, uint64_t a, uint64_t b, uint64_t k)
{
    return hash_fold(a ^ k, b ^ lane) + hash_rotate(lane, 23);
}

RZ_FORCE_INLINE uint64_t hash_finish(uint64_t a, uint64_t b, uint64_t size)
{
    uint64_t state = hash_fold(a ^ HASH_K2, b ^ (size * HASH_K3) ^ HASH_K1);
    return rz_hash_u64(state + a + hash_rotate(b, 29));
}

uint64_t rz_hash_bytes(const void *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    if (size <= 16) {
        if (size >= 8) {
            return hash_finish(rz_load_u64(p), rz_load_u64(p + size - 8), size);
        }
        if (size >= 4) {
            return hash_finish(rz_load_u32(p), rz_load_u32(p + size - 4), size);
        }
        if (size > 0) {
            return hash_finish((uint64_t)p[0] | (uint64_t)p[size / 2] << 8 | (uint64_t)p[size - 1] << 16, 0, size);
        }
        return hash_finish(0, 0, 0);
    }
    uint64_t lane0 = HASH_K0;
    uint64_t lane1 = HASH_K1;
    size_t left = size;
    while (left > 32) {
        lane0 = hash_step(lane0, rz_load_u64(p), rz_load_u64(p + 8), HASH_K2);
        lane1 = hash_step(lane1, rz_load_u64(p + 16), rz_load_u64(p + 24), HASH_K3);
        p += 32;
        left -= 32;
    }
    /* 1 to 32 bytes left (17 to 32 when the loop did not run): the last 32 of the input, or all of a shorter one, overlapping. */
    const uint8_t *last = (const uint8_t *)data + size;
    const uint8_t *tail = size >= 32 ? last - 32 : (const uint8_t *)data;
    lane0 = hash_step(lane0, rz_load_u64(tail), rz_load_u64(tail + 8), HASH_K2);
    lane1 = hash_step(lane1, rz_load_u64(last - 16), rz_load_u64(last - 8), HASH_K3);
    return hash_finish(lane0, lane1, size);
}
