/* SPDX-License-Identifier: MIT */
/*
 * RANGE(first, last[, step]): both ends inclusive; a step in the wrong direction gives an empty list. Same-type kernels
 * over the integers.
 */
#include "function/fn.h"

/* Number of values; RUZU_ERROR_LIMIT when they are more than a list holds. */
static ruzu_status range_count(rz_int128 first, rz_int128 last, rz_int128 step, uint32_t *out, rz_error *err)
{
    *out = 0;
    if (step == 0) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Step of range cannot be 0.");
    }
    if (step > 0 ? first > last : first < last) {
        return RUZU_OK;
    }
    rz_uint128 span = step > 0 ? (rz_uint128)last - (rz_uint128)first : (rz_uint128)first - (rz_uint128)last;
    rz_uint128 width = step > 0 ? (rz_uint128)step : 0 - (rz_uint128)step;
    rz_uint128 count = span / width;
    if (count >= UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A list cannot hold more than %u elements.", UINT32_MAX);
    }
    *out = (uint32_t)count + 1;
    return RUZU_OK;
}

#define RANGE_KERNEL(type_name, type)                                                                                 \
    static ruzu_status range_##type_name(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args, \
                                         const rz_sel *sel, rz_vec *out, rz_error *err)                               \
    {                                                                                                                 \
        rz_fn_reader firsts = rz_fn_read(args[0]);                                                                    \
        rz_fn_reader lasts = rz_fn_read(args[1]);                                                                     \
        rz_fn_reader steps = rz_fn_read(args[bound->arg_count - 1]);                                                  \
        for (uint32_t idx = 0; idx < sel->count; idx++) {                                                             \
            uint32_t row = rz_sel_at(sel, idx);                                                                       \
            rz_int128 first = (rz_int128)RZ_FN_GET(type, firsts, row);                                                \
            rz_int128 step = bound->arg_count == 2 ? 1 : (rz_int128)RZ_FN_GET(type, steps, row);                      \
            rz_list_entry entry;                                                                                      \
            RZ_TRY(range_count(first, (rz_int128)RZ_FN_GET(type, lasts, row), step, &entry.length, err));             \
            RZ_TRY(rz_vec_list_reserve(out, entry.length, &entry.offset, err));                                       \
            ((rz_list_entry *)out->data)[row] = entry;                                                                \
            type *values = (type *)out->children[0]->data + entry.offset;                                             \
            for (uint32_t i = 0; i < entry.length; i++) {                                                             \
                values[i] = (type)(first + (rz_int128)i * step);                                                      \
            }                                                                                                         \
            RZ_TRY(rz_fn_check_interrupt(context, err));                                                              \
        }                                                                                                             \
        return RUZU_OK;                                                                                               \
    }
RANGE_KERNEL(int128, rz_int128)
RANGE_KERNEL(int64, int64_t)
RANGE_KERNEL(int32, int32_t)
RANGE_KERNEL(int16, int16_t)
RANGE_KERNEL(int8, int8_t)
RANGE_KERNEL(uint64, uint64_t)
RANGE_KERNEL(uint32, uint32_t)
RANGE_KERNEL(uint16, uint16_t)
RANGE_KERNEL(uint8, uint8_t)
#undef RANGE_KERNEL

static ruzu_status range_bind(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                              rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    out->result = rz_type_list(arena, out->arg_types[0]);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

#define RANGE_ROWS(type_name, id)                                                            \
    RZ_FN_BIND("RANGE", RZ_FN_CAN_FAIL, range_##type_name, range_bind, LIST, RZ_P2(id, id)), \
        RZ_FN_BIND("RANGE", RZ_FN_CAN_FAIL, range_##type_name, range_bind, LIST, RZ_P3(id, id, id))

static const rz_fn_def range_defs[] = {
    RANGE_ROWS(int128, INT128), RANGE_ROWS(int64, INT64),   RANGE_ROWS(int32, INT32),
    RANGE_ROWS(int16, INT16),   RANGE_ROWS(int8, INT8),     RANGE_ROWS(uint64, UINT64),
    RANGE_ROWS(uint32, UINT32), RANGE_ROWS(uint16, UINT16), RANGE_ROWS(uint8, UINT8),
};
#undef RANGE_ROWS

RZ_FN_GROUP(rz_fn_range_group, range_defs);
