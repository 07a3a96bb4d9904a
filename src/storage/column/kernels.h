/* SPDX-License-Identifier: MIT */
/*
 * Private loops of segments over plain arrays, dispatched by physical type or by size once per call.
 */
#ifndef RZ_COLUMN_KERNELS_H
#define RZ_COLUMN_KERNELS_H

#include "types/types.h"

/* Integers and booleans (rz_column_is_packable). Values are widened to 64 bits, signed ones with their sign; arithmetic is modulo 2^64. */

/* Bounds of the valid values among [first, first + count), as widened bits; false when all are NULL. count >= 1. */
bool rz_colk_minmax(rz_physical physical, const void *data, const uint64_t *validity, uint64_t first, uint32_t count, uint64_t *out_min,
                    uint64_t *out_max);
void rz_colk_differences(rz_physical physical, const void *data, uint64_t first, uint64_t count, uint64_t base, uint64_t *out);
/* count >= 2 */
bool rz_colk_is_sequence(rz_physical physical, const void *data, uint64_t first, uint64_t count);
/* One value, widened. */
uint64_t rz_colk_value(rz_physical physical, const void *data, uint64_t row);

/* Any values, by size. */

/* Writes the low `size` (1, 2, 4, 8) bytes of each value to out[0 .. count). */
void rz_colk_narrow(uint32_t size, const uint64_t *values, uint32_t count, void *out);
void rz_colk_narrow_u32(uint32_t size, const uint32_t *values, uint32_t count, void *out); /* size 1, 2 or 4 */
/* The same to out[rows[i]]. */
void rz_colk_scatter(uint32_t size, const uint64_t *values, const uint32_t *rows, uint32_t count, void *out);
/* out[i] = data[rows[i]] for values of size 1 … 24. */
void rz_colk_pick(uint32_t size, const void *data, const uint32_t *rows, uint32_t count, void *out);
/* out[i] = *value */
void rz_colk_fill(uint32_t size, const void *value, uint64_t count, void *out);
/* Runs of values with equal bytes among [first, first + count), count >= 1. */
uint64_t rz_colk_runs(uint32_t size, const void *data, uint64_t first, uint64_t count);

/* Copies `count` bits from bit src_first of src to
 * bit dst_first of dst. No byte outside those that hold the bits is read. */
void rz_colk_copy_bits(uint64_t *dst, uint64_t dst_first, const uint8_t *src, uint64_t src_first, uint64_t count);
/* Whether `count` bits from bit `first` of src are all 1. */
bool rz_colk_all_bits(const uint8_t *src, uint64_t first, uint64_t count);
/* Sets bits [first, first + count) to 1 or 0. */
void rz_colk_set_bits(uint64_t *bits, uint64_t first, uint64_t count, bool value);
/* Set bits among [first, first + count). */
uint64_t rz_colk_count_bits(const uint64_t *bits, uint64_t first, uint64_t count);

#endif
