/* SPDX-License-Identifier: MIT */
/*
 * Hashes of vectors.
 *
 * All rows of a run are hashed as if they were values (the data of NULL rows is initialised memory, except that strings and lists are not
 * followed), then NULL rows are overwritten: the loops over values have no branch. Integers are widened to 64 bits first, so that an
 * integer hashes the same in every width it fits.
 *
 * Nested values are hashed by column: a STRUCT combines its fields' hashes, a LIST its length and its elements' in order, through
 * buffers of HASH_BLOCK hashes on the stack.
 */
#include "types/type_list.h"
#include "types/vec_base.h"

#define HASH_BLOCK 64u
#define HASH_NULL UINT64_C(0x6e756c6c9d3f1a57)
#define HASH_LIST_SEED UINT64_C(0x6c6973745b2f0c61)
#define HASH_STRUCT_SEED UINT64_C(0x7374727563740b1d)

static inline uint64_t hash_of_int128(rz_int128 value)
{
    int64_t low = (int64_t)(uint64_t)value;
    uint64_t hash = rz_hash_u64((uint64_t)low);
    return value == (rz_int128)low ? hash : rz_hash_combine(hash, (uint64_t)((rz_uint128)value >> 64));
}

static inline uint64_t hash_of_double(double value)
{
    uint64_t bits;
    value = value == 0.0 ? 0.0 : value; /* -0.0 */
    memcpy(&bits, &value, sizeof bits);
    return rz_hash_u64(value != value ? UINT64_C(0x7ff8000000000000) : bits);
}

static inline uint64_t hash_of_float(float value)
{
    return hash_of_double((double)value);
}

static inline uint64_t hash_of_interval(rz_interval value)
{
    uint64_t date = (uint64_t)(uint32_t)value.months << 32 | (uint32_t)value.days;
    return rz_hash_combine(rz_hash_u64(date), (uint64_t)value.micros);
}

#define HASH_NAME hash_int8
#define HASH_TYPE int8_t
#define HASH_VALUE(v) rz_hash_u64((uint64_t)(int64_t)(v))
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_int16
#define HASH_TYPE int16_t
#define HASH_VALUE(v) rz_hash_u64((uint64_t)(int64_t)(v))
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_int32
#define HASH_TYPE int32_t
#define HASH_VALUE(v) rz_hash_u64((uint64_t)(int64_t)(v))
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_uint8
#define HASH_TYPE uint8_t
#define HASH_VALUE(v) rz_hash_u64(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_uint16
#define HASH_TYPE uint16_t
#define HASH_VALUE(v) rz_hash_u64(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_uint32
#define HASH_TYPE uint32_t
#define HASH_VALUE(v) rz_hash_u64(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_uint64
#define HASH_TYPE uint64_t
#define HASH_VALUE(v) rz_hash_u64(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_int128
#define HASH_TYPE rz_int128
#define HASH_VALUE(v) hash_of_int128(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_float
#define HASH_TYPE float
#define HASH_VALUE(v) hash_of_float(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_double
#define HASH_TYPE double
#define HASH_VALUE(v) hash_of_double(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_interval
#define HASH_TYPE rz_interval
#define HASH_VALUE(v) hash_of_interval(v)
#include "types/vec_hash_tmpl.h"
#define HASH_NAME hash_rel
#define HASH_TYPE rz_rel_ref
#define HASH_VALUE(v) rz_hash_u64((v).rel)
#include "types/vec_hash_tmpl.h"

static void hash_values(const rz_vec *vec, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out);

/* Short strings are two words, zero-padded; their length takes part through the first. */
static inline uint64_t hash_of_string(const rz_string *s)
{
    if (s->length > RZ_STRING_INLINE) {
        return rz_hash_bytes(s->u.data, s->length);
    }
    return rz_hash_combine(rz_load_u64(s), rz_load_u64(&s->u));
}

static void hash_strings(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out)
{
    const rz_string *data = (const rz_string *)base->data;
    const uint64_t *validity = base->validity;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        out[i] = validity != NULL && !rz_bit_get(validity, row) ? HASH_NULL : hash_of_string(&data[row]);
    }
}

static void hash_lists(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out)
{
    const rz_list_entry *data = (const rz_list_entry *)base->data;
    const rz_vec *elements = base->children[0];
    uint64_t buffer[HASH_BLOCK];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        if (base->validity != NULL && !rz_bit_get(base->validity, row)) {
            out[i] = HASH_NULL;
            continue;
        }
        uint32_t left = data[row].length, offset = data[row].offset;
        uint64_t hash = HASH_LIST_SEED + left;
        while (left != 0) {
            uint32_t take = left < HASH_BLOCK ? left : HASH_BLOCK;
            hash_values(elements, NULL, offset, take, buffer);
            for (uint32_t j = 0; j < take; j++) {
                hash = rz_hash_combine(hash, buffer[j]);
            }
            offset += take;
            left -= take;
        }
        out[i] = hash;
    }
}

static void hash_unions(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        if (base->validity != NULL && !rz_bit_get(base->validity, row)) {
            out[i] = HASH_NULL;
            continue;
        }
        uint32_t tag = 0;
        uint64_t hash = 0;
        hash_values(vec_union_member(base, row, &tag), NULL, row, 1, &hash);
        out[i] = rz_hash_combine(HASH_STRUCT_SEED + tag, hash);
    }
}

static void hash_structs(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out)
{
    if (base->type->id == RUZU_TYPE_UNION) {
        hash_unions(base, at, start, count, out);
        return;
    }
    int32_t key = vec_key_child(base->type);
    uint64_t buffer[HASH_BLOCK];
    for (uint32_t i = 0; i < count; i++) {
        out[i] = HASH_STRUCT_SEED;
    }
    for (uint32_t c = key < 0 ? 0 : (uint32_t)key; c < base->child_count; c++) {
        for (uint32_t i = 0; i < count; i += HASH_BLOCK) {
            uint32_t take = count - i < HASH_BLOCK ? count - i : HASH_BLOCK;
            hash_values(base->children[c], at == NULL ? NULL : at + i, start + i, take, buffer);
            for (uint32_t j = 0; j < take; j++) {
                out[i + j] = rz_hash_combine(out[i + j], buffer[j]);
            }
        }
        if (key >= 0) {
            break;
        }
    }
}

static void hash_nulls(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *RZ_RESTRICT out)
{
    const uint64_t *validity = base->validity;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        out[i] = rz_bit_get(validity, row) ? out[i] : HASH_NULL;
    }
}

static void hash_base(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out)
{
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE:
        for (uint32_t i = 0; i < count; i++) {
            out[i] = HASH_NULL;
        }
        return;
    case RZ_PHYS_STRING: hash_strings(base, at, start, count, out); return;
    case RZ_PHYS_BOOL:
    case RZ_PHYS_UINT8: hash_uint8(base, at, start, count, out); break;
    case RZ_PHYS_INT8: hash_int8(base, at, start, count, out); break;
    case RZ_PHYS_INT16: hash_int16(base, at, start, count, out); break;
    case RZ_PHYS_INT32: hash_int32(base, at, start, count, out); break;
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64: hash_uint64(base, at, start, count, out); break;
    case RZ_PHYS_INT128: hash_int128(base, at, start, count, out); break;
    case RZ_PHYS_UINT16: hash_uint16(base, at, start, count, out); break;
    case RZ_PHYS_UINT32: hash_uint32(base, at, start, count, out); break;
    case RZ_PHYS_FLOAT: hash_float(base, at, start, count, out); break;
    case RZ_PHYS_DOUBLE: hash_double(base, at, start, count, out); break;
    case RZ_PHYS_INTERVAL: hash_interval(base, at, start, count, out); break;
    case RZ_PHYS_REL: hash_rel(base, at, start, count, out); break;
    case RZ_PHYS_LIST: hash_lists(base, at, start, count, out); break;
    case RZ_PHYS_STRUCT: hash_structs(base, at, start, count, out); break;
    }
    if (base->validity != NULL) {
        hash_nulls(base, at, start, count, out);
    }
}

static uint64_t hash_one(const rz_vec *base, uint32_t row)
{
    uint64_t hash = 0;
    hash_base(base, NULL, row, 1, &hash);
    return hash;
}

/* out[i] = hash of row at[i] (or start + i) of a vector of any kind. */
static void hash_values(const rz_vec *vec, const uint32_t *at, uint32_t start, uint32_t count, uint64_t *out)
{
    if (vec->kind == RZ_VEC_FLAT) {
        hash_base(vec, at, start, count, out);
        return;
    }
    if (vec->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = rz_hash_u64((uint64_t)vec_sequence_at(vec, at == NULL ? start + i : at[i]));
        }
        return;
    }
    if (vec->kind == RZ_VEC_CONSTANT) {
        uint64_t hash = hash_one(vec, 0);
        for (uint32_t i = 0; i < count; i++) {
            out[i] = hash;
        }
        return;
    }
    vec_walk walk;
    vec_walk_begin(&walk, vec, at, start, count);
    while (vec_walk_next(&walk)) {
        hash_base(walk.base, walk.at, walk.start, walk.count, out + walk.offset);
    }
}

void rz_vec_hash(const rz_vec *vec, const rz_sel *sel, uint64_t *hashes, bool combine)
{
    if (sel->rows == NULL && !combine) {
        hash_values(vec, NULL, 0, sel->count, hashes);
        return;
    }
    uint64_t buffer[VEC_BLOCK];
    for (uint32_t i = 0; i < sel->count; i += VEC_BLOCK) {
        uint32_t take = sel->count - i < VEC_BLOCK ? sel->count - i : VEC_BLOCK;
        const uint32_t *rows = sel->rows == NULL ? NULL : sel->rows + i;
        hash_values(vec, rows, i, take, buffer);
        if (rows == NULL) {
            for (uint32_t j = 0; j < take; j++) {
                hashes[i + j] = rz_hash_combine(hashes[i + j], buffer[j]);
            }
        } else if (combine) {
            for (uint32_t j = 0; j < take; j++) {
                hashes[rows[j]] = rz_hash_combine(hashes[rows[j]], buffer[j]);
            }
        } else {
            for (uint32_t j = 0; j < take; j++) {
                hashes[rows[j]] = buffer[j];
            }
        }
    }
}

#undef HASH_BLOCK
#undef HASH_NULL
#undef HASH_LIST_SEED
#undef HASH_STRUCT_SEED
