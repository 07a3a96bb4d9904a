/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C. Three versions that agree: slicing by eight (Kounavis and Berry, 2005) for any machine, and the CRC instructions of
 * x86-64 and of ARMv8.
 *
 * The x86 instruction has a latency of three cycles and a throughput of one, so long inputs are cut into three lanes computed
 * side by side (Gopal et al., 2011). CRC is linear: the CRC of A‖B, with B begun from zero, is shift(crc(A), |B|) ^ crc(B),
 * where shift, "as many zero bytes follow", is four table look-ups. 1,360-byte lanes fit a page (3 · 1,360 + 16 = 4,096).
 */
#include "common/hash.h"

#include "common/bits.h"
#include "common/crc32c_tables.h"

#include "os/os.h"

/* All three work on the inverted state, so that the public function does the inversions once. */

static uint32_t crc32c_table(uint32_t state, const uint8_t *p, size_t size)
{
    while (size >= 8) {
        uint64_t word = rz_load_u64(p) ^ state;
        state = crc32c_slices[7][word & 255] ^ crc32c_slices[6][(word >> 8) & 255] ^
                crc32c_slices[5][(word >> 16) & 255] ^ crc32c_slices[4][(word >> 24) & 255] ^
                crc32c_slices[3][(word >> 32) & 255] ^ crc32c_slices[2][(word >> 40) & 255] ^
                crc32c_slices[1][(word >> 48) & 255] ^ crc32c_slices[0][word >> 56];
        p += 8;
        size -= 8;
    }
    while (size > 0) {
        state = (state >> 8) ^ crc32c_slices[0][(state ^ *p) & 255];
        p++;
        size--;
    }
    return state;
}

uint32_t rz_crc32c_scalar(uint32_t crc, const void *data, size_t size)
{
    return ~crc32c_table(~crc, (const uint8_t *)data, size);
}

#if defined(__x86_64__)

#include <nmmintrin.h>

#define CRC32C_LONG_LANE 1360u
#define CRC32C_SHORT_LANE 136u

static uint32_t crc32c_shift(const uint32_t table[4][256], uint32_t state)
{
    return table[0][state & 255] ^ table[1][(state >> 8) & 255] ^ table[2][(state >> 16) & 255] ^
           table[3][state >> 24];
}

/* Three neighbouring lanes of lane_bytes (a multiple of 8). */
RZ_TARGET("sse4.2")
static uint32_t crc32c_three_lanes(uint32_t state, const uint8_t *p, size_t lane_bytes, const uint32_t table[4][256])
{
    uint64_t lane0 = state;
    uint64_t lane1 = 0;
    uint64_t lane2 = 0;
    for (size_t i = 0; i < lane_bytes; i += 8) {
        lane0 = _mm_crc32_u64(lane0, rz_load_u64(p + i));
        lane1 = _mm_crc32_u64(lane1, rz_load_u64(p + lane_bytes + i));
        lane2 = _mm_crc32_u64(lane2, rz_load_u64(p + 2 * lane_bytes + i));
    }
    uint32_t first_two = crc32c_shift(table, (uint32_t)lane0) ^ (uint32_t)lane1;
    return crc32c_shift(table, first_two) ^ (uint32_t)lane2;
}

RZ_TARGET("sse4.2")
static uint32_t crc32c_sse42(uint32_t state, const uint8_t *p, size_t size)
{
    for (; size >= 3 * CRC32C_LONG_LANE; p += 3 * CRC32C_LONG_LANE, size -= 3 * CRC32C_LONG_LANE) {
        state = crc32c_three_lanes(state, p, CRC32C_LONG_LANE, crc32c_shift_1360);
    }
    for (; size >= 3 * CRC32C_SHORT_LANE; p += 3 * CRC32C_SHORT_LANE, size -= 3 * CRC32C_SHORT_LANE) {
        state = crc32c_three_lanes(state, p, CRC32C_SHORT_LANE, crc32c_shift_136);
    }
    uint64_t wide = state;
    for (; size >= 8; p += 8, size -= 8) {
        wide = _mm_crc32_u64(wide, rz_load_u64(p));
    }
    state = (uint32_t)wide;
    for (; size > 0; p++, size--) {
        state = _mm_crc32_u8(state, *p);
    }
    return state;
}

uint32_t rz_crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    return ~(rz_cpu()->sse42 ? crc32c_sse42(~crc, p, size) : crc32c_table(~crc, p, size));
}

#elif defined(__aarch64__)

/* The two compilers agree neither on the spelling of the attribute nor on the names. */
#if defined(__clang__)
#define CRC32C_TARGET RZ_TARGET("crc")
#define CRC32C_U64(state, word) __builtin_arm_crc32cd(state, word)
#define CRC32C_U8(state, byte) __builtin_arm_crc32cb(state, byte)
#else
#define CRC32C_TARGET RZ_TARGET("+crc")
#define CRC32C_U64(state, word) __builtin_aarch64_crc32cx(state, word)
#define CRC32C_U8(state, byte) __builtin_aarch64_crc32cb(state, byte)
#endif

CRC32C_TARGET
static uint32_t crc32c_arm(uint32_t state, const uint8_t *p, size_t size)
{
    for (; size >= 8; p += 8, size -= 8) {
        state = CRC32C_U64(state, rz_load_u64(p));
    }
    for (; size > 0; p++, size--) {
        state = CRC32C_U8(state, *p);
    }
    return state;
}

uint32_t rz_crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    return ~(rz_cpu()->arm_crc ? crc32c_arm(~crc, p, size) : crc32c_table(~crc, p, size));
}

#else

uint32_t rz_crc32c(uint32_t crc, const void *data, size_t size)
{
    return rz_crc32c_scalar(crc, data, size);
}

#endif
