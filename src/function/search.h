/* SPDX-License-Identifier: MIT */
/*
 * Private to function: whether a text contains another one.
 *
 * Texts of databases are mostly short. Where there are fewer than 16 places for the part, its first bytes are compared at every place; in longer texts 16 places at
 * a time are tested for the part's first and last byte. Candidates are compared in full; when too many of them are wrong, memmem takes over, whose time is
 * linear.
 */
#ifndef RZ_FUNCTION_SEARCH_H
#define RZ_FUNCTION_SEARCH_H

#include "common/common.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define RZ_SEARCH_TRIES 8u

/* Where part begins in text, or NULL. */
static inline const char *rz_search(const char *data, size_t size, const char *part, size_t part_size)
{
    if (part_size == 0 || part_size > size) {
        return part_size == 0 ? data : NULL;
    }
    const char *last = data + (size - part_size);
    for (uint32_t tries = 0; tries < RZ_SEARCH_TRIES && data <= last; tries++, data++) {
        data = (const char *)memchr(data, part[0], (size_t)(last - data) + 1);
        if (data == NULL || memcmp(data, part, part_size) == 0) {
            return data;
        }
    }
    return data > last ? NULL : (const char *)memmem(data, (size_t)(last - data) + part_size, part, part_size);
}

/* Few places, a part of two or more bytes: whether its first two, or four, bytes stand at one of them. */
static inline bool rz_search_head(const char *data, size_t places, const char *part, size_t part_size)
{
    if (part_size >= 4) {
        uint32_t head = rz_load_u32(part);
        for (size_t i = 0; i < places; i++) {
            if (rz_load_u32(data + i) == head) {
                return true;
            }
        }
        return false;
    }
    uint16_t head = rz_load_u16(part);
    for (size_t i = 0; i < places; i++) {
        if (rz_load_u16(data + i) == head) {
            return true;
        }
    }
    return false;
}

#if defined(__SSE2__)
/* At least 16 places, a part of two or more bytes. The last 16 places are tested as a block that may overlap the one before, so that nothing behind is read. */
static inline bool rz_search_blocks(const char *data, size_t places, const char *part, size_t part_size)
{
    const __m128i first = _mm_set1_epi8(part[0]), last = _mm_set1_epi8(part[part_size - 1]);
    uint32_t tries = 0;
    for (size_t at = 0;;) {
        __m128i begins = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + at)), first);
        __m128i ends = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + at + part_size - 1)), last);
        uint32_t candidates = (uint32_t)_mm_movemask_epi8(_mm_and_si128(begins, ends));
        while (candidates != 0) {
            const char *place = data + at + rz_ctz64(candidates);
            if (memcmp(place, part, part_size) == 0) {
                return true;
            }
            candidates &= candidates - 1;
            if (tries++ == RZ_SEARCH_TRIES) {
                return memmem(place + 1, (size_t)(data + places - 1 - place) + part_size - 1, part, part_size) != NULL;
            }
        }
        if (at + 16 >= places) {
            return false;
        }
        at = at + 32 <= places ? at + 16 : places - 16;
    }
}
#endif

static inline bool rz_search_contains(const char *data, size_t size, const char *part, size_t part_size)
{
    if (part_size < 2 || part_size > size) {
        return part_size == 0 || (part_size <= size && memchr(data, part[0], size) != NULL);
    }
    size_t places = size - part_size + 1;
    if (places < 16) {
        bool found = rz_search_head(data, places, part, part_size);
        return found && (part_size == 2 || part_size == 4 || rz_search(data, size, part, part_size) != NULL);
    }
#if defined(__SSE2__)
    return rz_search_blocks(data, places, part, part_size);
#else
    return rz_search(data, size, part, part_size) != NULL;
#endif
}

#endif
