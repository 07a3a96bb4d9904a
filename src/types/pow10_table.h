/* SPDX-License-Identifier: MIT */
/*
 * Powers of ten as 128-bit significands, for reading and writing floating-point numbers: entry e - RZ_POW10_MIN is
 * floor(10^e * 2^(127 - floor(log2(10^e)))), so the top bit is always set; exact for 0 <= e <= 55. The unit test computes
 * every entry again with exact integers.
 */
#ifndef RZ_TYPES_POW10_TABLE_H
#define RZ_TYPES_POW10_TABLE_H

#include "os/compiler.h"

#define RZ_POW10_MIN (-343)
#define RZ_POW10_MAX 324
#define RZ_POW10_EXACT_MAX 55

/* High half, low half. */
extern const uint64_t rz_pow10_significands[RZ_POW10_MAX - RZ_POW10_MIN + 1][2];

#endif
