/* SPDX-License-Identifier: MIT */
/*
 * Aggregates over few groups by slot: sums of a chunk in an array of plain 64-bit integers, added to the wide states once a chunk. So a row costs one addition in the
 * first-level cache instead of an addition of 128 bits through a pointer.
 */
#include "function/agg.h"

#define RZ_S_T int8_t
#define RZ_S_S int8
#include "function/agg_slots_tmpl.h"
#define RZ_S_T int16_t
#define RZ_S_S int16
#include "function/agg_slots_tmpl.h"
#define RZ_S_T int32_t
#define RZ_S_S int32
#include "function/agg_slots_tmpl.h"
#define RZ_S_T int64_t
#define RZ_S_S int64
#include "function/agg_slots_tmpl.h"
#define RZ_S_T uint8_t
#define RZ_S_S uint8
#include "function/agg_slots_tmpl.h"
#define RZ_S_T uint16_t
#define RZ_S_S uint16
#include "function/agg_slots_tmpl.h"
#define RZ_S_T uint32_t
#define RZ_S_S uint32
#include "function/agg_slots_tmpl.h"

rz_agg_slot_kind rz_agg_slots_of(const rz_agg_bound *bound)
{
    const char *name = bound->agg->name;
    if (strcmp(name, "COUNT_STAR") == 0) {
        return RZ_AGG_SLOTS_COUNT_STAR;
    }
    if (strcmp(name, "COUNT") == 0) {
        return RZ_AGG_SLOTS_COUNT;
    }
    bool sums = strcmp(name, "SUM") == 0 || strcmp(name, "AVG") == 0;
    return sums && rz_integer_fits_int64((rz_physical)bound->arg_type->physical) ? RZ_AGG_SLOTS_SUM : RZ_AGG_SLOTS_NONE;
}

#define SLOTS_SUM(T, S)                                                                                                                                      \
    (agg_slots_small_##S((const T *)arg->data, sel) ? (agg_slots_add_##S((const T *)arg->data, sel, slots->slots, sums), true) : false)

static bool agg_slots_sum(const rz_agg_slots *slots, uint32_t state_off, const rz_vec *arg, const rz_sel *sel)
{
    int64_t sums[RZ_AGG_SLOTS_MAX];
    bool done = false;
    memset(sums, 0, slots->count * sizeof *sums);
    switch ((int)arg->type->physical) {
    case RZ_PHYS_INT8: done = SLOTS_SUM(int8_t, int8); break;
    case RZ_PHYS_INT16: done = SLOTS_SUM(int16_t, int16); break;
    case RZ_PHYS_INT32: done = SLOTS_SUM(int32_t, int32); break;
    case RZ_PHYS_INT64: done = SLOTS_SUM(int64_t, int64); break;
    case RZ_PHYS_UINT8: done = SLOTS_SUM(uint8_t, uint8); break;
    case RZ_PHYS_UINT16: done = SLOTS_SUM(uint16_t, uint16); break;
    case RZ_PHYS_UINT32: done = SLOTS_SUM(uint32_t, uint32); break;
    default: break;
    }
    for (uint32_t i = 0; done && i < slots->count; i++) {
        if (slots->counts[i] != 0) {
            rz_agg_sum_state *state = (rz_agg_sum_state *)(void *)(slots->groups[i] + state_off);
            state->sum += sums[i];
            state->count = rz_agg_add_counts(state->count, slots->counts[i]);
        }
    }
    return done;
}
#undef SLOTS_SUM

bool rz_agg_update_slots(rz_agg_slot_kind kind, const rz_agg_bound *bound, const rz_agg_slots *slots, uint32_t state_off, const rz_vec *arg, const rz_sel *sel)
{
    (void)bound;
    if (kind == RZ_AGG_SLOTS_NONE || (arg != NULL && (arg->kind != RZ_VEC_FLAT || arg->validity != NULL || arg->type->physical == RZ_PHYS_NONE))) {
        return false;
    }
    if (kind == RZ_AGG_SLOTS_SUM) {
        return agg_slots_sum(slots, state_off, arg, sel);
    }
    for (uint32_t i = 0; i < slots->count; i++) {
        if (slots->counts[i] != 0) {
            uint8_t *state = slots->groups[i] + state_off;
            rz_store_u64(state, rz_agg_add_counts(rz_load_u64(state), slots->counts[i]));
        }
    }
    return true;
}
