/* SPDX-License-Identifier: MIT */
/*
 * Loops of segments: instances for each type and size, and their dispatch.
 */
#include "storage/column/kernels.h"

#define COL_TYPE int8_t
#define COL_NAME(stem) colk_i8_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE int16_t
#define COL_NAME(stem) colk_i16_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE int32_t
#define COL_NAME(stem) colk_i32_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE int64_t
#define COL_NAME(stem) colk_i64_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE uint8_t
#define COL_NAME(stem) colk_u8_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE uint16_t
#define COL_NAME(stem) colk_u16_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE uint32_t
#define COL_NAME(stem) colk_u32_##stem
#include "storage/column/ints_tmpl.h"
#define COL_TYPE uint64_t
#define COL_NAME(stem) colk_u64_##stem
#include "storage/column/ints_tmpl.h"

#define COL_TYPE uint8_t
#define COL_NAME(stem) colk_lane1_##stem
#include "storage/column/lanes_tmpl.h"
#define COL_TYPE uint16_t
#define COL_NAME(stem) colk_lane2_##stem
#include "storage/column/lanes_tmpl.h"
#define COL_TYPE uint32_t
#define COL_NAME(stem) colk_lane4_##stem
#include "storage/column/lanes_tmpl.h"
#define COL_TYPE uint64_t
#define COL_NAME(stem) colk_lane8_##stem
#include "storage/column/lanes_tmpl.h"

/* Values of 16 and 24 bytes: moved as bytes. */
typedef struct colk_wide16 {
    uint64_t words[2];
} colk_wide16;
typedef struct colk_wide24 {
    uint64_t words[3];
} colk_wide24;

/* One case per packable type; `call(type, stem)` is an expression or statement of the place of use. */
#define COLK_EACH_INT(call)                                                                                            \
    case RZ_PHYS_BOOL:                                                                                                 \
    case RZ_PHYS_UINT8:                                                                                                \
        call(uint8_t, u8);                                                                                             \
        break;                                                                                                         \
    case RZ_PHYS_INT8:                                                                                                 \
        call(int8_t, i8);                                                                                              \
        break;                                                                                                         \
    case RZ_PHYS_INT16:                                                                                                \
        call(int16_t, i16);                                                                                            \
        break;                                                                                                         \
    case RZ_PHYS_INT32:                                                                                                \
        call(int32_t, i32);                                                                                            \
        break;                                                                                                         \
    case RZ_PHYS_INT64:                                                                                                \
        call(int64_t, i64);                                                                                            \
        break;                                                                                                         \
    case RZ_PHYS_UINT16:                                                                                               \
        call(uint16_t, u16);                                                                                           \
        break;                                                                                                         \
    case RZ_PHYS_UINT32:                                                                                               \
        call(uint32_t, u32);                                                                                           \
        break;                                                                                                         \
    case RZ_PHYS_UINT64:                                                                                               \
        call(uint64_t, u64);                                                                                           \
        break;                                                                                                         \
    case RZ_PHYS_NONE:                                                                                                 \
    case RZ_PHYS_INT128:                                                                                               \
    case RZ_PHYS_FLOAT:                                                                                                \
    case RZ_PHYS_DOUBLE:                                                                                               \
    case RZ_PHYS_INTERVAL:                                                                                             \
    case RZ_PHYS_STRING:                                                                                               \
    case RZ_PHYS_REL:                                                                                                  \
    case RZ_PHYS_LIST:                                                                                                 \
    case RZ_PHYS_STRUCT:                                                                                               \
        RZ_ASSERT(false);                                                                                              \
        break

bool rz_colk_minmax(rz_physical physical, const void *data, const uint64_t *validity, uint64_t first, uint32_t count, uint64_t *out_min,
                    uint64_t *out_max)
{
    bool any = false;
#define COLK_CALL(type, stem)                                                                                          \
    do {                                                                                                               \
        type low = 0, high = 0;                                                                                        \
        any = colk_##stem##_minmax((const type *)data, validity, first, count, &low, &high);                           \
        *out_min = (uint64_t)low;                                                                                      \
        *out_max = (uint64_t)high;                                                                                     \
    } while (0)
    switch (physical) {
        COLK_EACH_INT(COLK_CALL);
    }
#undef COLK_CALL
    return any;
}

void rz_colk_differences(rz_physical physical, const void *data, uint64_t first, uint64_t count, uint64_t base, uint64_t *out)
{
#define COLK_CALL(type, stem) colk_##stem##_differences((const type *)data + first, count, base, out)
    switch (physical) {
        COLK_EACH_INT(COLK_CALL);
    }
#undef COLK_CALL
}

bool rz_colk_is_sequence(rz_physical physical, const void *data, uint64_t first, uint64_t count)
{
    bool is_sequence = false;
#define COLK_CALL(type, stem) is_sequence = colk_##stem##_is_sequence((const type *)data + first, count)
    switch (physical) {
        COLK_EACH_INT(COLK_CALL);
    }
#undef COLK_CALL
    return is_sequence;
}

uint64_t rz_colk_value(rz_physical physical, const void *data, uint64_t row)
{
    uint64_t value = 0;
#define COLK_CALL(type, stem) value = (uint64_t)((const type *)data)[row]
    switch (physical) {
        COLK_EACH_INT(COLK_CALL);
    }
#undef COLK_CALL
    return value;
}

void rz_colk_narrow(uint32_t size, const uint64_t *values, uint32_t count, void *out)
{
    switch (size) {
    case 1:
        colk_lane1_narrow(values, count, (uint8_t *)out);
        break;
    case 2:
        colk_lane2_narrow(values, count, (uint16_t *)out);
        break;
    case 4:
        colk_lane4_narrow(values, count, (uint32_t *)out);
        break;
    default:
        RZ_ASSERT(size == 8);
        colk_lane8_narrow(values, count, (uint64_t *)out);
        break;
    }
}

void rz_colk_narrow_u32(uint32_t size, const uint32_t *values, uint32_t count, void *out)
{
    switch (size) {
    case 1:
        colk_lane1_narrow_u32(values, count, (uint8_t *)out);
        break;
    case 2:
        colk_lane2_narrow_u32(values, count, (uint16_t *)out);
        break;
    case 4:
        colk_lane4_narrow_u32(values, count, (uint32_t *)out);
        break;
    default:
        RZ_ASSERT(size == 8);
        colk_lane8_narrow_u32(values, count, (uint64_t *)out);
        break;
    }
}

void rz_colk_scatter(uint32_t size, const uint64_t *values, const uint32_t *rows, uint32_t count, void *out)
{
    switch (size) {
    case 1:
        colk_lane1_scatter(values, rows, count, (uint8_t *)out);
        break;
    case 2:
        colk_lane2_scatter(values, rows, count, (uint16_t *)out);
        break;
    case 4:
        colk_lane4_scatter(values, rows, count, (uint32_t *)out);
        break;
    default:
        RZ_ASSERT(size == 8);
        colk_lane8_scatter(values, rows, count, (uint64_t *)out);
        break;
    }
}

void rz_colk_pick(uint32_t size, const void *data, const uint32_t *rows, uint32_t count, void *out)
{
    switch (size) {
    case 1:
        colk_lane1_pick((const uint8_t *)data, rows, count, (uint8_t *)out);
        break;
    case 2:
        colk_lane2_pick((const uint16_t *)data, rows, count, (uint16_t *)out);
        break;
    case 4:
        colk_lane4_pick((const uint32_t *)data, rows, count, (uint32_t *)out);
        break;
    case 8:
        colk_lane8_pick((const uint64_t *)data, rows, count, (uint64_t *)out);
        break;
    case 16:
        for (uint32_t i = 0; i < count; i++) {
            ((colk_wide16 *)out)[i] = ((const colk_wide16 *)data)[rows[i]];
        }
        break;
    default:
        RZ_ASSERT(size == 24);
        for (uint32_t i = 0; i < count; i++) {
            ((colk_wide24 *)out)[i] = ((const colk_wide24 *)data)[rows[i]];
        }
        break;
    }
}

void rz_colk_fill(uint32_t size, const void *value, uint64_t count, void *out)
{
    switch (size) {
    case 1:
        colk_lane1_fill(*(const uint8_t *)value, count, (uint8_t *)out);
        break;
    case 2:
        colk_lane2_fill(rz_load_u16(value), count, (uint16_t *)out);
        break;
    case 4:
        colk_lane4_fill(rz_load_u32(value), count, (uint32_t *)out);
        break;
    case 8:
        colk_lane8_fill(rz_load_u64(value), count, (uint64_t *)out);
        break;
    default:
        for (uint64_t i = 0; i < count; i++) {
            memcpy((uint8_t *)out + i * size, value, size);
        }
        break;
    }
}

uint64_t rz_colk_runs(uint32_t size, const void *data, uint64_t first, uint64_t count)
{
    switch (size) {
    case 1:
        return colk_lane1_runs((const uint8_t *)data + first, count);
    case 2:
        return colk_lane2_runs((const uint16_t *)data + first, count);
    case 4:
        return colk_lane4_runs((const uint32_t *)data + first, count);
    case 8:
        return colk_lane8_runs((const uint64_t *)data + first, count);
    default:
        break;
    }
    const uint8_t *bytes = (const uint8_t *)data + first * size;
    uint64_t runs = 1;
    for (uint64_t i = 1; i < count; i++) {
        runs += memcmp(bytes + i * size, bytes + (i - 1) * size, size) != 0;
    }
    return runs;
}

/* ---- bits ---- */

/* `count` (1 … 64) bits starting at bit `first`, reading only the bytes that hold them. */
static uint64_t colk_load_bits(const uint8_t *src, uint64_t first, uint32_t count)
{
    const uint8_t *p = src + (first >> 3);
    uint32_t shift = (uint32_t)(first & 7);
    uint32_t bytes = (shift + count + 7) / 8; /* 1 … 9 */
    uint64_t word = 0;
    memcpy(&word, p, bytes > 8 ? 8 : bytes);
    word >>= shift;
    if (bytes > 8) {
        word |= (uint64_t)p[8] << (64 - shift);
    }
    return count == 64 ? word : word & ((UINT64_C(1) << count) - 1);
}

void rz_colk_copy_bits(uint64_t *dst, uint64_t dst_first, const uint8_t *src, uint64_t src_first, uint64_t count)
{
    while (count != 0) {
        uint32_t at = (uint32_t)(dst_first & 63);
        uint32_t n = count < 64 - at ? (uint32_t)count : 64 - at;
        uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << at;
        uint64_t *word = dst + (dst_first >> 6);
        *word = (*word & ~mask) | (colk_load_bits(src, src_first, n) << at);
        dst_first += n;
        src_first += n;
        count -= n;
    }
}

bool rz_colk_all_bits(const uint8_t *src, uint64_t first, uint64_t count)
{
    for (uint64_t done = 0; done < count; done += 64) {
        uint32_t n = count - done < 64 ? (uint32_t)(count - done) : 64;
        if (colk_load_bits(src, first + done, n) != UINT64_MAX >> (64 - n)) {
            return false;
        }
    }
    return true;
}

void rz_colk_set_bits(uint64_t *bits, uint64_t first, uint64_t count, bool value)
{
    while (count != 0) {
        uint32_t at = (uint32_t)(first & 63);
        uint32_t n = count < 64 - at ? (uint32_t)count : 64 - at;
        uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << at;
        if (value) {
            bits[first >> 6] |= mask;
        } else {
            bits[first >> 6] &= ~mask;
        }
        first += n;
        count -= n;
    }
}

uint64_t rz_colk_count_bits(const uint64_t *bits, uint64_t first, uint64_t count)
{
    uint64_t total = 0;
    while (count != 0) {
        uint32_t at = (uint32_t)(first & 63);
        uint32_t n = count < 64 - at ? (uint32_t)count : 64 - at;
        uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << at;
        total += rz_popcount64(bits[first >> 6] & mask);
        first += n;
        count -= n;
    }
    return total;
}
