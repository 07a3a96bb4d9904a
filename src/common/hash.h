/* SPDX-License-Identifier: MIT */
/*
 * Hashing and checksums. rz_hash_bytes and rz_hash_u64 are stable within one file format version (they stand in index pages).
 */
#ifndef RZ_COMMON_HASH_H
#define RZ_COMMON_HASH_H

#include "os/compiler.h"

/* Finaliser of MurmurHash3/SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): bijective. */
static inline uint64_t rz_hash_u64(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x;
}

static inline uint64_t rz_hash_combine(uint64_t a, uint64_t b)
{
    return rz_hash_u64(a * UINT64_C(0x9e3779b97f4a7c15) + b);
}

uint64_t rz_hash_bytes(const void *data, size_t size);

/* CRC-32C (Castagnoli, reflected 0x1EDC6F41, init and final xor ~0): hardware where present, slicing-by-8 otherwise.
 * `crc` is the value so far (0 to begin): rz_crc32c(rz_crc32c(0, a, n), b, m) is the CRC of a‖b. */
uint32_t rz_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t rz_crc32c_scalar(uint32_t crc, const void *data, size_t size); /* for the test that compares both */

#endif
