/* SPDX-License-Identifier: MIT */
/*
 * MIN, MAX and ANY_VALUE of types of fixed size; the choice of the aggregate for the others. NULLs are ignored; NaN is
 * above all numbers.
 */
#include "function/agg.h"

#include <math.h>

static void agg_extreme_init(const rz_agg_bound *bound, uint8_t *state)
{
    memset(state, 0, bound->state_size);
}

#define RZ_E_T          int8_t
#define RZ_E_S          int8
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          int16_t
#define RZ_E_S          int16
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          int32_t
#define RZ_E_S          int32
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          int64_t
#define RZ_E_S          int64
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          rz_int128
#define RZ_E_S          int128
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          uint8_t
#define RZ_E_S          uint8
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          uint16_t
#define RZ_E_S          uint16
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          uint32_t
#define RZ_E_S          uint32
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          uint64_t
#define RZ_E_S          uint64
#define RZ_E_LESS(a, b) ((a) < (b))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          float
#define RZ_E_S          float
#define RZ_E_LESS(a, b) ((a) < (b) || (isnan(b) && !isnan(a)))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          double
#define RZ_E_S          double
#define RZ_E_LESS(a, b) ((a) < (b) || (isnan(b) && !isnan(a)))
#include "function/agg_extreme_tmpl.h"

#define RZ_E_T          rz_interval
#define RZ_E_S          interval
#define RZ_E_LESS(a, b) (rz_interval_compare(a, b) < 0)
#include "function/agg_extreme_tmpl.h"

/* By physical type; BOOL is ordered like UINT8. */
static const rz_agg *agg_extreme_table(rz_physical physical, uint32_t *state_size)
{
    switch (physical) {
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_UINT8: *state_size = sizeof(agg_extreme_state_uint8); return agg_extremes_uint8;
    case RZ_PHYS_INT8: *state_size = sizeof(agg_extreme_state_int8); return agg_extremes_int8;
    case RZ_PHYS_INT16: *state_size = sizeof(agg_extreme_state_int16); return agg_extremes_int16;
    case RZ_PHYS_INT32: *state_size = sizeof(agg_extreme_state_int32); return agg_extremes_int32;
    case RZ_PHYS_INT64: *state_size = sizeof(agg_extreme_state_int64); return agg_extremes_int64;
    case RZ_PHYS_INT128: *state_size = sizeof(agg_extreme_state_int128); return agg_extremes_int128;
    case RZ_PHYS_UINT16: *state_size = sizeof(agg_extreme_state_uint16); return agg_extremes_uint16;
    case RZ_PHYS_UINT32: *state_size = sizeof(agg_extreme_state_uint32); return agg_extremes_uint32;
    case RZ_PHYS_UINT64: *state_size = sizeof(agg_extreme_state_uint64); return agg_extremes_uint64;
    case RZ_PHYS_FLOAT: *state_size = sizeof(agg_extreme_state_float); return agg_extremes_float;
    case RZ_PHYS_DOUBLE: *state_size = sizeof(agg_extreme_state_double); return agg_extremes_double;
    case RZ_PHYS_INTERVAL: *state_size = sizeof(agg_extreme_state_interval); return agg_extremes_interval;
    case RZ_PHYS_STRING: *state_size = RZ_AGG_STRING_STATE_SIZE; return rz_agg_string_extremes;
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: *state_size = RZ_AGG_NESTED_STATE_SIZE; return rz_agg_nested_extremes;
    }
    return NULL;
}

ruzu_status rz_agg_bind_extreme(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                rz_error *err)
{
    (void)arena;
    (void)err;
    rz_agg_extreme which = strcmp(name, "MIN") == 0 ? RZ_AGG_MIN : strcmp(name, "MAX") == 0 ? RZ_AGG_MAX : RZ_AGG_ANY;
    bool ordered = arg_type->id < RUZU_TYPE_STRUCT;
    const rz_type *type = arg_type->id == RUZU_TYPE_ANY ? RZ_INT64 : arg_type;
    if (!ordered && which != RZ_AGG_ANY) {
        return RUZU_ERROR_BINDER;
    }
    uint32_t size = 0;
    const rz_agg *table = agg_extreme_table((rz_physical)type->physical, &size);
    out->agg = &table[which];
    out->arg_type = type;
    out->result = type;
    out->state_size = (size + 15u) & ~15u;
    return RUZU_OK;
}
