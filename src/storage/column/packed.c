/* SPDX-License-Identifier: MIT */
/*
 * Packed integers: packing, and unpacking with the best variant of the machine (packed_x86.c).
 *
 * The typical call of graph expansion unpacks 1 … 100 values of 10 … 24 bits from anywhere, so the scalar loop takes the short lists without
 * looking at the machine, and the vector loops need about a dozen instructions before their first value.
 */
#include "storage/column/packed.h"

#define PACKED_VECTOR_MIN 20u /* below, the set-up of the vector loop costs more than it saves */

uint64_t rz_packed_bytes(uint64_t count, uint32_t width)
{
    uint64_t bits = count * width;
    return ((bits + 63) / 64) * 8 + 8;
}

void rz_pack(const uint64_t *values, uint64_t count, uint32_t width, uint8_t *out)
{
    uint64_t word = 0;
    uint32_t fill = 0; /* bits of word in use, 0 … 63 */

    if (width != 0) {
        for (uint64_t i = 0; i < count; i++) {
            uint64_t value = values[i];
            word |= value << fill;
            fill += width;
            if (fill >= 64) {
                rz_store_u64(out, word);
                out += 8;
                fill -= 64;
                /* The part of the value that did not fit: its upper `fill` bits. */
                word = fill == 0 ? 0 : value >> (width - fill);
            }
        }
    }
    if (fill != 0) {
        rz_store_u64(out, word);
        out += 8;
    }
    rz_store_u64(out, 0);
}

void rz_unpack_scalar(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint64_t base, uint64_t *out)
{
    if (width > 57) { /* a value may lie in nine bytes */
        for (uint64_t i = 0; i < count; i++) {
            out[i] = rz_packed_get(data, first + i, width) + base;
        }
        return;
    }
    uint64_t mask = (UINT64_C(1) << width) - 1;
    uint64_t bit = first * width;
    for (uint64_t i = 0; i < count; i++) {
        out[i] = ((rz_load_u64(data + (bit >> 3)) >> (bit & 7)) & mask) + base;
        bit += width;
    }
}

void rz_unpack_u32_scalar(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint32_t base, uint32_t *out)
{
    uint64_t mask = (UINT64_C(1) << width) - 1;
    uint64_t bit = first * width;
    for (uint64_t i = 0; i < count; i++) {
        out[i] = (uint32_t)((rz_load_u64(data + (bit >> 3)) >> (bit & 7)) & mask) + base;
        bit += width;
    }
}

void rz_unpack(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint64_t base, uint64_t *out)
{
    if (width == 0) { /* there may be no byte to look at */
        for (uint64_t i = 0; i < count; i++) {
            out[i] = base;
        }
        return;
    }
    uint64_t done = 0;
#if defined(__x86_64__)
    if (count >= PACKED_VECTOR_MIN && width <= 57 && rz_cpu()->avx2) {
        done = rz_unpack_avx2(data, first, count, width, base, out);
    }
#endif
    rz_unpack_scalar(data, first + done, count - done, width, base, out + done);
}

void rz_unpack_u32(const uint8_t *data, uint64_t first, uint64_t count, uint32_t width, uint32_t base, uint32_t *out)
{
    if (width == 0) {
        for (uint64_t i = 0; i < count; i++) {
            out[i] = base;
        }
        return;
    }
    uint64_t done = 0;
#if defined(__x86_64__)
    if (count >= PACKED_VECTOR_MIN && width <= 25 && rz_cpu()->avx2) {
        done = rz_unpack_u32_avx2(data, first, count, width, base, out);
    }
#endif
    rz_unpack_u32_scalar(data, first + done, count - done, width, base, out + done);
}

void rz_packed_match_scalar(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, uint64_t low, uint64_t span, bool outside,
                            uint64_t *bits)
{
    for (uint32_t i = 0; i < count; i += 64) {
        uint32_t n = count - i < 64 ? count - i : 64;
        uint64_t word = 0;
        for (uint32_t j = 0; j < n; j++) {
            uint64_t passes = (rz_packed_get(data, first + i + j, width) - low <= span) != outside;
            word |= passes << j;
        }
        bits[i / 64] &= n == 64 ? word : word | (UINT64_MAX << n);
    }
}

/* An array of single bits is the mask, or its complement. */
static void packed_match_bits(const uint8_t *data, uint64_t first, uint32_t count, bool wanted, uint64_t *bits)
{
    uint64_t flip = wanted ? 0 : UINT64_MAX;
    for (uint32_t i = 0; i < count; i += 64) {
        uint64_t bit = first + i;
        const uint8_t *p = data + (bit >> 3);
        uint32_t shift = (uint32_t)(bit & 7), n = count - i < 64 ? count - i : 64;
        if (n < 64) { /* no further than the last byte needed */
            for (uint32_t j = 0; j < n; j++) {
                uint64_t value = ((uint64_t)data[(bit + j) >> 3] >> ((bit + j) & 7)) & 1u;
                bits[i / 64] &= ~((UINT64_C(1) ^ value ^ (flip & 1u)) << j);
            }
            continue;
        }
        uint64_t word = rz_load_u64(p) >> shift;
        word |= shift == 0 ? 0 : (uint64_t)p[8] << (64 - shift);
        bits[i / 64] &= word ^ flip;
    }
}

void rz_packed_match(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, uint64_t low, uint64_t span, bool outside, uint64_t *bits)
{
    uint32_t done = 0;
    if (width == 1 && span == 0) {
        packed_match_bits(data, first, count, (low == 1) != outside, bits);
        return;
    }
#if defined(__x86_64__)
    if (count >= 64 && width <= 25 && rz_cpu()->avx2 && low + span <= UINT32_MAX) {
        done = rz_packed_match_avx2(data, first, count, width, (uint32_t)low, (uint32_t)span, outside, bits);
    }
#endif
    rz_packed_match_scalar(data, first + done, count - done, width, low, span, outside, bits + done / 64);
}

uint64_t rz_packed_sum_scalar(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, const uint64_t *bits)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t takes = bits == NULL ? 1 : bits[i / 64] >> (i % 64) & 1;
        sum += rz_packed_get(data, first + i, width) & (0 - takes);
    }
    return sum;
}

uint64_t rz_packed_sum(const uint8_t *data, uint64_t first, uint32_t count, uint32_t width, const uint64_t *bits)
{
    uint32_t done = 0;
    uint64_t sum = 0;
#if defined(__x86_64__)
    if (count >= 64 && width <= 25 && rz_cpu()->avx2) {
        sum = rz_packed_sum_avx2(data, first, count, width, bits, &done);
    }
#endif
    return sum + rz_packed_sum_scalar(data, first + done, count - done, width, bits == NULL ? NULL : bits + done / 64);
}

void rz_unpack_bits(const uint8_t *data, uint64_t first, uint64_t count, uint8_t *out)
{
    uint64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t bit = first + i;
        uint64_t byte = (rz_load_u64(data + (bit >> 3)) >> (bit & 7)) & 0xff;
        /* Byte k keeps bit k only; adding 0x7f carries it into the byte's top bit. */
        uint64_t spread = (byte * UINT64_C(0x0101010101010101)) & UINT64_C(0x8040201008040201);
        spread = ((spread + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7) & UINT64_C(0x0101010101010101);
        rz_store_u64(out + i, spread);
    }
    for (; i < count; i++) {
        uint64_t bit = first + i;
        out[i] = (data[bit >> 3] >> (bit & 7)) & 1u;
    }
}
