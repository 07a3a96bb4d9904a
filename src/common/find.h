/* SPDX-License-Identifier: MIT */
/*
 * Searching long runs of bytes for a part, place after place: where the texts of a column lie one behind the other, one search serves them all.
 *
 * The part's first and last byte are compared at 64 places at a time (AVX2 where present), candidates in full. When too many of them are wrong, memmem, whose time
 * is linear, looks for the next place.
 */
#ifndef RZ_COMMON_FIND_H
#define RZ_COMMON_FIND_H

#include "os/compiler.h"

#define RZ_FIND_NONE SIZE_MAX

/* The first place at or behind `from` where the part (1 <= part_size) begins and ends within data[0 .. size); RZ_FIND_NONE when there is none. */
size_t rz_find(const char *data, size_t size, size_t from, const char *part, size_t part_size);
size_t rz_find_scalar(const char *data, size_t size, size_t from, const char *part, size_t part_size);

#if defined(__x86_64__)
size_t rz_find_avx2(const char *data, size_t size, size_t from, const char *part, size_t part_size);
#endif

#endif
