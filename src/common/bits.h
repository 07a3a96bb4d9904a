/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps (bit i%64 of word i/64) and little-endian byte access with bounds.
 */
#ifndef RZ_COMMON_BITS_H
#define RZ_COMMON_BITS_H

#include "os/compiler.h"

#include <string.h>

static inline bool rz_bit_get(const uint64_t *bits, uint64_t idx)
{
    return (bits[idx >> 6] >> (idx & 63)) & 1u;
}

static inline void rz_bit_set(uint64_t *bits, uint64_t idx)
{
    bits[idx >> 6] |= UINT64_C(1) << (idx & 63);
}

static inline void rz_bit_clear(uint64_t *bits, uint64_t idx)
{
    bits[idx >> 6] &= ~(UINT64_C(1) << (idx & 63));
}

#define RZ_BITMAP_WORDS(count) (((count) + 63) / 64)

uint64_t rz_bits_count(const uint64_t *bits, uint64_t count); /* set bits among the first count */

/* Writes the numbers of the set bits among the first count, ascending, and returns how many. out has room for count. */
uint32_t rz_bits_positions(const uint64_t *bits, uint32_t count, uint32_t *out);
uint32_t rz_bits_positions_scalar(const uint64_t *bits, uint32_t count, uint32_t *out);
/* Bit i of bits = (bytes[i] != 0), for i < count; the rest of the last word is 0. */
void rz_bits_from_bytes(const uint8_t *bytes, uint32_t count, uint64_t *bits);

/* Bits needed for values 0 … max: 0 for 0. */
static inline uint32_t rz_bit_width(uint64_t max)
{
    return max == 0 ? 0 : 64 - rz_clz64(max);
}

static inline uint16_t rz_load_u16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint32_t rz_load_u32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline uint64_t rz_load_u64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void rz_store_u16(void *p, uint16_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline void rz_store_u32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline void rz_store_u64(void *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
}

/* Bounded reader over untrusted bytes: the error is sticky, reads past the end give zero, the caller checks `failed` once. */
typedef struct rz_reader {
    const uint8_t *data; /* borrowed */
    size_t size;
    size_t off;
    bool failed;
} rz_reader;

static inline void rz_reader_init(rz_reader *reader, const void *data, size_t size)
{
    reader->data = (const uint8_t *)data;
    reader->size = size;
    reader->off = 0;
    reader->failed = false;
}

/* size bytes at the cursor, or NULL (and failed) when fewer are left. */
static inline const void *rz_read_bytes(rz_reader *reader, size_t size)
{
    if (reader->failed || size > reader->size - reader->off + (RZ_MUTANT_IS(21) ? 1u : 0u)) {
        reader->failed = true;
        return NULL;
    }
    const void *bytes = reader->data + reader->off;
    reader->off += size;
    return bytes;
}

static inline uint8_t rz_read_u8(rz_reader *reader)
{
    const uint8_t *p = (const uint8_t *)rz_read_bytes(reader, 1);
    return p == NULL ? 0 : *p;
}
static inline uint16_t rz_read_u16(rz_reader *reader)
{
    const void *p = rz_read_bytes(reader, 2);
    return p == NULL ? 0 : rz_load_u16(p);
}
static inline uint32_t rz_read_u32(rz_reader *reader)
{
    const void *p = rz_read_bytes(reader, 4);
    return p == NULL ? 0 : rz_load_u32(p);
}
static inline uint64_t rz_read_u64(rz_reader *reader)
{
    const void *p = rz_read_bytes(reader, 8);
    return p == NULL ? 0 : rz_load_u64(p);
}

#endif
