/* SPDX-License-Identifier: MIT */
/*
 * What sorted lists of 32-bit numbers have in common (private to the executor; used by INTERSECT).
 *
 * Lists are strictly ascending. Lists of alike length are merged: eight numbers of the one against eight of the other with AVX2, one against one without it. Where one is much longer
 * than the other, the shorter one's numbers are looked for in it by galloping. A list that meets many others is better set in a bitmap, which the others are tested against.
 * Inputs are never read beyond their ends; up to RZ_OVERLAP_ROOM numbers may be written beyond the last one of `out`.
 */
#ifndef RZ_EXECUTOR_OVERLAP_H
#define RZ_EXECUTOR_OVERLAP_H

#include "common/common.h"

/* `out` has room for so many more numbers than the shorter list. */
#define RZ_OVERLAP_ROOM 8u

/* How many numbers stand in both lists. */
uint32_t rz_overlap_count(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count);
/* They themselves, ascending; returns how many. */
uint32_t rz_overlap_list(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out);

/* The numbers of the list whose bit is set; all are smaller than the bitmap's length. `out` may be the list itself, and has room for `count`. */
uint32_t rz_overlap_bits_count(const uint64_t *bits, const uint32_t *list, uint32_t count);
uint32_t rz_overlap_bits_list(const uint64_t *bits, const uint32_t *list, uint32_t count, uint32_t *out);

/* The first position >= at whose number is >= wanted: gallops, then halves. */
uint32_t rz_overlap_seek(const uint32_t *list, uint32_t count, uint32_t at, uint32_t wanted);

/* ---- the parts, for tests and measurements ---- */

uint32_t rz_overlap_merge_scalar(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out); /* out NULL: counts only */
uint32_t rz_overlap_gallop(const uint32_t *few, uint32_t few_count, const uint32_t *many, uint32_t many_count, uint32_t *out);
#if defined(__x86_64__)
uint32_t rz_overlap_merge_avx2(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out);
#endif

#endif
