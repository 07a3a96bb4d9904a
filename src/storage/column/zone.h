/* SPDX-License-Identifier: MIT */
/*
 * Private part of zone maps: values as unsigned keys in the order of the type, bounds per block, and their compact form.
 *
 * Keys: unsigned values as they are, signed ones with the top bit flipped, FLOAT and DOUBLE as the bits of the double turned so that keys compare
 * like numbers (-0.0 just below 0.0), every NaN as UINT64_MAX, above +inf. A zone whose maximum is NaN therefore says that some row is NaN.
 */
#ifndef RZ_COLUMN_ZONE_H
#define RZ_COLUMN_ZONE_H

#include "storage/column/segment.h"

#define RZ_ZONE_KEY_NAN UINT64_MAX

/* Exact bounds of one block while a segment is built. min_key > max_key: no value but NULLs. */
typedef struct rz_zone_block {
    uint64_t min_key;
    uint64_t max_key;
    uint32_t null_count;
} rz_zone_block;

bool rz_zone_has_order(rz_physical physical);
bool rz_zone_is_signed(rz_physical physical);
/* Back from a key to the bits that rz_zone and the codecs use. */
uint64_t rz_zone_key_to_bits(rz_physical physical, uint64_t key);
uint64_t rz_zone_bits_to_key(rz_physical physical, uint64_t bits);
/* A value's bits, signed ones widened with their sign; 0 for types without. */
uint64_t rz_zone_value_bits(rz_physical physical, const rz_value *value);

/* Bounds of `count` values starting at row `first` of data; validity (by row) may be NULL. */
void rz_zone_block_compute(rz_physical physical, const void *data, const uint64_t *validity, uint64_t first, uint32_t count, rz_zone_block *out);

/* The compact table of a segment; false when the arena refuses. */
RZ_NODISCARD bool rz_zone_table_build(const rz_zone_block *blocks, uint32_t block_count, uint64_t null_count, rz_arena *arena, rz_zone_table *out);

#endif
