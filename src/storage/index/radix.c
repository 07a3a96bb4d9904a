/* SPDX-License-Identifier: MIT */
/*
 * Stable sorting of 64-bit keys by some of their bits: least significant digit first, 8 to 11 bits a pass, passes whose digit is the same in all
 * keys left out. Three to five passes over the bits in use beat comparison sorting by far from a few hundred keys on; below, insertion.
 */
#include "storage/index/parray.h"

#define RADIX_MAX_BITS 11u
#define RADIX_INSERTION 48u /* fewer keys than this are inserted */

static void radix_insertion(uint64_t *keys, uint32_t *payload, uint64_t count, uint32_t low_bit, uint64_t mask)
{
    for (uint64_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        uint32_t carried = payload == NULL ? 0 : payload[i];
        uint64_t j = i;
        while (j > 0 && ((keys[j - 1] >> low_bit) & mask) > ((key >> low_bit) & mask)) {
            keys[j] = keys[j - 1];
            if (payload != NULL) {
                payload[j] = payload[j - 1];
            }
            j--;
        }
        keys[j] = key;
        if (payload != NULL) {
            payload[j] = carried;
        }
    }
}

/* One pass; false (and nothing moved) when all keys have the same digit. */
static bool radix_pass(const uint64_t *keys, uint64_t *to_keys, const uint32_t *payload, uint32_t *to_payload, uint64_t count, uint32_t shift,
                       uint32_t bits)
{
    uint64_t places[1u << RADIX_MAX_BITS] = {0};
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (uint64_t i = 0; i < count; i++) {
        places[(keys[i] >> shift) & mask]++;
    }
    if (places[(keys[0] >> shift) & mask] == count) {
        return false;
    }
    uint64_t sum = 0;
    for (uint64_t digit = 0; digit <= mask; digit++) {
        uint64_t here = places[digit];
        places[digit] = sum;
        sum += here;
    }
    if (payload == NULL) {
        for (uint64_t i = 0; i < count; i++) {
            uint64_t key = keys[i];
            to_keys[places[(key >> shift) & mask]++] = key;
        }
    } else {
        for (uint64_t i = 0; i < count; i++) {
            uint64_t key = keys[i];
            uint64_t place = places[(key >> shift) & mask]++;
            to_keys[place] = key;
            to_payload[place] = payload[i];
        }
    }
    return true;
}

void rz_radix_sort(uint64_t *keys, uint64_t *keys_scratch, uint32_t *payload, uint32_t *payload_scratch, uint64_t count, uint32_t low_bit,
                   uint32_t high_bit)
{
    if (count < 2 || high_bit <= low_bit) {
        return;
    }
    uint32_t width = high_bit - low_bit;
    if (count < RADIX_INSERTION) {
        radix_insertion(keys, payload, count, low_bit, width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1);
        return;
    }
    uint32_t max_bits = count < 4096 ? 8 : RADIX_MAX_BITS; /* large tables of counters do not pay for few keys */
    uint32_t passes = (width + max_bits - 1) / max_bits;
    uint32_t bits = (width + passes - 1) / passes;
    uint64_t *from = keys;
    uint64_t *to = keys_scratch;
    uint32_t *from_payload = payload;
    uint32_t *to_payload = payload_scratch;
    for (uint32_t shift = low_bit; shift < high_bit; shift += bits) {
        uint32_t digit_bits = high_bit - shift < bits ? high_bit - shift : bits;
        if (radix_pass(from, to, from_payload, to_payload, count, shift, digit_bits)) {
            uint64_t *swap = from;
            uint32_t *swap_payload = from_payload;
            from = to;
            to = swap;
            from_payload = to_payload;
            to_payload = swap_payload;
        }
    }
    if (from != keys) {
        memcpy(keys, from, count * sizeof *keys);
        if (payload != NULL) {
            memcpy(payload, from_payload, count * sizeof *payload);
        }
    }
}
