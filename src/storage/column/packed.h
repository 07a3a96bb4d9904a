/* SPDX-License-Identifier: MIT */
/*
 * Private part of the packed integers: unpacking to the width of a column, and the variants that the test compares.
 *
 * Value i of an array of `width`-bit integers occupies bits [i * width, (i + 1) * width), bit b being bit b%8 of byte b/8. Arrays end with at least
 * 8 zero bytes, so every value can be fetched by one 8-byte load (and one more byte when it straddles 9 bytes). No variant reads further than
 * 9 bytes from the byte in which the last requested value begins: windows need not be longer.
 */
#ifndef RZ_COLUMN_PACKED_H
#define RZ_COLUMN_PACKED_H

#include "storage/column/column.h"

/* The same into 32-bit integers: width <= 32. */
void rz_unpack_u32(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint32_t base, uint32_t *out);
/* One byte per bit: an array of width 1. */
void rz_unpack_bits(const uint8_t *data, uint64_t first, uint64_t count, uint8_t *out);

void rz_unpack_scalar(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint64_t base, uint64_t *out);
void rz_unpack_u32_scalar(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint32_t base, uint32_t *out);

/* End of the bytes that fetching values [first, first + count), count >= 1, may touch; the padding keeps it inside the array. */
static inline uint64_t rz_packed_end_byte(uint64_t first, uint64_t count, uint32_t width)
{
    return (((first + count - 1) * width) >> 3) + 9;
}

/* Clears bit i of bits (i < count) unless low <= value first + i <= low + span, or unless it is outside of that when `outside`. 1 <= width. */
void rz_packed_match(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, uint64_t low, uint64_t span, bool outside, uint64_t *bits);
void rz_packed_match_scalar(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, uint64_t low, uint64_t span, bool outside,
                            uint64_t *bits);

/* The sum of those values [first, first + count) whose bit (from 0 on) is set; bits NULL: of all. 1 <= width; count * 2^width < 2^64. */
uint64_t rz_packed_sum(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, const uint64_t *bits);
uint64_t rz_packed_sum_scalar(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, const uint64_t *bits);

#if defined(__x86_64__)
/* The same of as many as is safe to read, in multiples of 64; *out_done: how many. 1 <= width <= 25. */
uint64_t rz_packed_sum_avx2(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, const uint64_t *bits, uint32_t *out_done);
/* As much of rz_packed_match as is safe to read, in multiples of 64; the caller does the rest. 1 <= width <= 25. */
uint32_t rz_packed_match_avx2(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, uint32_t low, uint32_t span, bool outside,
                              uint64_t *bits);
/* Unpack a multiple of four (eight for u32) values and return how many; the caller does the rest. 1 <= width <= 57 (25 for u32). */
uint64_t rz_unpack_avx2(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint64_t base, uint64_t *out);
uint64_t rz_unpack_u32_avx2(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint32_t base, uint32_t *out);
#endif

#endif
