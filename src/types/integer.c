/* SPDX-License-Identifier: MIT */
/* Integers of any width up to 64 bits: see integer.h. */
#include "types/integer.h"

#include <string.h>

#define READ_NAME integer_read_i8
#define READ_TYPE int8_t
#include "types/integer_read_tmpl.h"
#define READ_NAME integer_read_u8
#define READ_TYPE uint8_t
#include "types/integer_read_tmpl.h"
#define READ_NAME integer_read_i16
#define READ_TYPE int16_t
#include "types/integer_read_tmpl.h"
#define READ_NAME integer_read_u16
#define READ_TYPE uint16_t
#include "types/integer_read_tmpl.h"
#define READ_NAME integer_read_i32
#define READ_TYPE int32_t
#include "types/integer_read_tmpl.h"
#define READ_NAME integer_read_u32
#define READ_TYPE uint32_t
#include "types/integer_read_tmpl.h"
#define READ_NAME integer_read_64
#define READ_TYPE int64_t
#include "types/integer_read_tmpl.h"

uint32_t rz_integer_width(rz_physical physical, bool *out_signed)
{
    *out_signed = false;
    switch (physical) {
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64: *out_signed = true; break;
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64: break;
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT128:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: return 0;
    }
    return rz_physical_size(physical);
}

bool rz_integer_fits_int64(rz_physical physical)
{
    bool is_signed = false;
    return rz_integer_width(physical, &is_signed) != 0 && physical != RZ_PHYS_UINT64;
}

#define INTEGER_GET(name, PHYS, T) case RZ_PHYS_##PHYS: return (int64_t)((const T *)data)[at];

int64_t rz_integer_get(rz_physical physical, const void *data, uint32_t at)
{
    switch (physical) {
        RZ_FOR_EACH_INTEGER_64(INTEGER_GET)
    case RZ_PHYS_BOOL: return ((const uint8_t *)data)[at];
    case RZ_PHYS_NONE:
    case RZ_PHYS_INT128:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return 0;
}
#undef INTEGER_GET

#define INTEGER_SET(name, PHYS, T) case RZ_PHYS_##PHYS: ((T *)data)[at] = (T)value; return true;

bool rz_integer_set(rz_physical physical, void *data, uint32_t at, int64_t value)
{
    switch (physical) {
        RZ_FOR_EACH_INTEGER_64(INTEGER_SET)
    case RZ_PHYS_BOOL: ((uint8_t *)data)[at] = (uint8_t)(value & 1); return true;
    case RZ_PHYS_NONE:
    case RZ_PHYS_INT128:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return false;
}
#undef INTEGER_SET

void rz_integer_read(rz_physical physical, const rz_view *view, const rz_sel *sel, uint32_t first, uint32_t count, int64_t *out)
{
    switch (physical) {
    case RZ_PHYS_INT8: integer_read_i8(view, sel, first, count, out); return;
    case RZ_PHYS_BOOL:
    case RZ_PHYS_UINT8: integer_read_u8(view, sel, first, count, out); return;
    case RZ_PHYS_INT16: integer_read_i16(view, sel, first, count, out); return;
    case RZ_PHYS_UINT16: integer_read_u16(view, sel, first, count, out); return;
    case RZ_PHYS_INT32: integer_read_i32(view, sel, first, count, out); return;
    case RZ_PHYS_UINT32: integer_read_u32(view, sel, first, count, out); return;
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64: integer_read_64(view, sel, first, count, out); return;
    case RZ_PHYS_NONE:
    case RZ_PHYS_INT128:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    memset(out, 0, count * sizeof *out);
}
