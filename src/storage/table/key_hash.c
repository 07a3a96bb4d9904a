/* SPDX-License-Identifier: MIT */
/*
 * Hashes of primary keys, by physical type (docs/file-format.md, "Primary-key index").
 */
#include "storage/table/key_hash.h"

static uint64_t key_hash_double(double value)
{
    uint64_t bits;
    value = value == 0.0 ? 0.0 : value; /* -0.0 */
    memcpy(&bits, &value, sizeof bits);
    return rz_hash_u64(value != value ? UINT64_C(0x7ff8000000000000) : bits);
}

static uint64_t key_hash_int128(rz_int128 value)
{
    return rz_hash_combine(rz_hash_u64((uint64_t)value), (uint64_t)((rz_uint128)value >> 64));
}

#define KEY_HASH_LOOP(type, expression)                                                                                \
    for (uint32_t i = 0; i < sel->count; i++) {                                                                        \
        uint32_t row = rz_sel_at(sel, i);                                                                              \
        type value;                                                                                                    \
        memcpy(&value, (const char *)view.data + rz_view_at(&view, row) * sizeof value, sizeof value);                 \
        hashes[row] = (expression);                                                                                    \
    }

void rz_key_hash(const rz_vec *keys, const rz_sel *sel, uint64_t *hashes)
{
    rz_view view;
    if (keys->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            hashes[row] = rz_hash_u64((uint64_t)keys->start + (uint64_t)keys->step * row);
        }
        return;
    }
    rz_vec_view(keys, &view);
    switch ((rz_physical)keys->type->physical) {
    case RZ_PHYS_BOOL:
    case RZ_PHYS_UINT8: KEY_HASH_LOOP(uint8_t, rz_hash_u64(value)) break;
    case RZ_PHYS_UINT16: KEY_HASH_LOOP(uint16_t, rz_hash_u64(value)) break;
    case RZ_PHYS_UINT32: KEY_HASH_LOOP(uint32_t, rz_hash_u64(value)) break;
    case RZ_PHYS_UINT64: KEY_HASH_LOOP(uint64_t, rz_hash_u64(value)) break;
    case RZ_PHYS_INT8: KEY_HASH_LOOP(int8_t, rz_hash_u64((uint64_t)(int64_t)value)) break;
    case RZ_PHYS_INT16: KEY_HASH_LOOP(int16_t, rz_hash_u64((uint64_t)(int64_t)value)) break;
    case RZ_PHYS_INT32: KEY_HASH_LOOP(int32_t, rz_hash_u64((uint64_t)(int64_t)value)) break;
    case RZ_PHYS_INT64: KEY_HASH_LOOP(int64_t, rz_hash_u64((uint64_t)value)) break;
    case RZ_PHYS_INT128: KEY_HASH_LOOP(rz_int128, key_hash_int128(value)) break;
    case RZ_PHYS_FLOAT: KEY_HASH_LOOP(float, key_hash_double((double)value)) break;
    case RZ_PHYS_DOUBLE: KEY_HASH_LOOP(double, key_hash_double(value)) break;
    case RZ_PHYS_STRING:
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            uint32_t at = rz_view_at(&view, row);
            const rz_string *value = (const rz_string *)view.data + at;
            hashes[row] = rz_view_valid(&view, at) ? rz_hash_bytes(rz_string_data(value), value->length) : 0;
        }
        break;
    case RZ_PHYS_NONE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: /* not types of keys (dialect §3): found equal by comparison alone */
        for (uint32_t i = 0; i < sel->count; i++) {
            hashes[rz_sel_at(sel, i)] = 0;
        }
        break;
    }
}

#undef KEY_HASH_LOOP
