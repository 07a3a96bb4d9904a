/* SPDX-License-Identifier: MIT */
/*
 * SUM and AVG. Integers and decimals are summed in 128 bits, checked; FLOAT and DOUBLE in double precision with a
 * running compensation (Neumaier 1974), so that the order of the rows matters little. AVG divides at the end.
 */
#include "function/agg.h"

#include <math.h>

typedef struct agg_real_state {
    double sum;
    double compensation;
    uint64_t count;
    uint64_t unused;
} agg_real_state;

RZ_STATIC_ASSERT(sizeof(rz_agg_sum_state) == 32 && sizeof(agg_real_state) == 32, "states are multiples of 16 bytes");

ruzu_status rz_agg_fail_sum(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "INT128 is out of range: cannot add.");
}

static void agg_sum_init(const rz_agg_bound *bound, uint8_t *state)
{
    memset(state, 0, bound->state_size);
}

/* ---- integers ---- */

#define RZ_S_T    int8_t
#define RZ_S_S    int8
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    int16_t
#define RZ_S_S    int16
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    int32_t
#define RZ_S_S    int32
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    int64_t
#define RZ_S_S    int64
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    rz_int128
#define RZ_S_S    int128
#define RZ_S_WIDE 1
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    uint8_t
#define RZ_S_S    uint8
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    uint16_t
#define RZ_S_S    uint16
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    uint32_t
#define RZ_S_S    uint32
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

#define RZ_S_T    uint64_t
#define RZ_S_S    uint64
#define RZ_S_WIDE 0
#include "function/agg_sum_tmpl.h"

static ruzu_status agg_sum_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into_bytes,
                                   const uint8_t *from_bytes, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_agg_sum_state *into = (rz_agg_sum_state *)(void *)into_bytes;
    rz_agg_sum_state from;
    memcpy(&from, from_bytes, sizeof from);
    into->count = rz_agg_add_counts(into->count, from.count);
    return rz_add_overflow(into->sum, from.sum, &into->sum) ? rz_agg_fail_sum(err) : RUZU_OK;
}

bool rz_agg_takes_totals(const rz_agg_bound *bound)
{
    return bound->agg->update_one != NULL && rz_agg_slots_of(bound) == RZ_AGG_SLOTS_SUM;
}

ruzu_status rz_agg_add_total(const rz_agg_bound *bound, uint8_t *state, rz_int128 sum, uint64_t count, rz_error *err)
{
    rz_agg_sum_state total = {.sum = sum, .count = count, .unused = 0};
    return agg_sum_combine(bound, NULL, state, (const uint8_t *)&total, err);
}

static ruzu_status agg_sum_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into_bytes,
                                 const uint8_t *const *from_bytes, const uint64_t *times, uint32_t count, rz_error *err)
{
    (void)bound;
    (void)context;
    bool bad = false;
    for (uint32_t i = 0; i < count; i++) {
        rz_agg_sum_state *into = (rz_agg_sum_state *)(void *)into_bytes[i];
        const rz_agg_sum_state *from = (const rz_agg_sum_state *)(const void *)from_bytes[i];
        rz_int128 product = from->sum;
        into->count = rz_agg_add_counts(into->count, rz_agg_times_count(from->count, times[i]));
        if (RZ_UNLIKELY(times[i] != 1)) {
            bad |= rz_mul_overflow(from->sum, (rz_int128)times[i], &product);
        }
        bad |= rz_add_overflow(into->sum, product, &into->sum);
    }
    return bad ? rz_agg_fail_sum(err) : RUZU_OK;
}

/* Results of 128 bits: INT128, or DECIMAL of 38 digits. */
static ruzu_status agg_sum_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                  uint32_t out_start, rz_error *err)
{
    (void)fn;
    rz_int128 limit = rz_pow10_i128(38);
    for (uint32_t i = 0; i < count; i++) {
        const rz_agg_sum_state *state = (const rz_agg_sum_state *)(const void *)states[i];
        if (state->count == 0) {
            rz_vec_set_null(out, out_start + i);
            continue;
        }
        if (bound->result->id == RUZU_TYPE_DECIMAL && (state->sum >= limit || state->sum <= -limit)) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Decimal Addition result is out of range");
        }
        ((rz_int128 *)out->data)[out_start + i] = state->sum;
    }
    return RUZU_OK;
}

static ruzu_status agg_check_mean(uint64_t count, rz_error *err)
{
    return count == UINT64_MAX ? rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of values is not within UINT64 range.") : RUZU_OK;
}

double rz_agg_mean(rz_int128 sum, uint64_t count)
{
    rz_int128 whole = sum / (rz_int128)count;
    rz_int128 rest = sum % (rz_int128)count;
    return (double)whole + (double)rest / (double)count;
}

static ruzu_status agg_avg_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                  uint32_t out_start, rz_error *err)
{
    (void)fn;
    double unit = bound->arg_type->id == RUZU_TYPE_DECIMAL ? (double)rz_pow10_i128(bound->arg_type->scale) : 1.0;
    for (uint32_t i = 0; i < count; i++) {
        const rz_agg_sum_state *state = (const rz_agg_sum_state *)(const void *)states[i];
        if (state->count == 0) {
            rz_vec_set_null(out, out_start + i);
            continue;
        }
        RZ_TRY(agg_check_mean(state->count, err));
        ((double *)out->data)[out_start + i] = rz_agg_mean(state->sum, state->count) / unit;
    }
    return RUZU_OK;
}

/* ---- floating point ---- */

static void agg_real_add(agg_real_state *state, double value, uint64_t weight)
{
    double added = weight == 1 ? value : value * (double)weight;
    double sum = state->sum + added;
    /* Infinities have no error to keep. */
    if (isfinite(sum)) {
        state->compensation +=
            fabs(state->sum) >= fabs(added) ? (state->sum - sum) + added : (added - sum) + state->sum;
    }
    state->sum = sum;
    state->count = rz_agg_add_counts(state->count, weight);
}

static double agg_real_total(const agg_real_state *state)
{
    return isfinite(state->sum) ? state->sum + state->compensation : state->sum;
}

static double agg_real_value(const rz_fn_reader *reader, uint32_t at)
{
    return reader->base->type->physical == RZ_PHYS_FLOAT ? (double)((const float *)reader->data)[at]
                                                         : ((const double *)reader->data)[at];
}

static ruzu_status agg_real_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                   const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            agg_real_add((agg_real_state *)(void *)states[row], agg_real_value(&reader, at),
                         rz_agg_weight(weights, row));
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_real_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                       const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            agg_real_add((agg_real_state *)(void *)state, agg_real_value(&reader, at), rz_agg_weight(weights, row));
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_real_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into_bytes,
                                    const uint8_t *from_bytes, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    agg_real_state *into = (agg_real_state *)(void *)into_bytes;
    agg_real_state from;
    memcpy(&from, from_bytes, sizeof from);
    uint64_t count = rz_agg_add_counts(into->count, from.count);
    agg_real_add(into, from.sum, 1);
    into->compensation += isfinite(into->sum) ? from.compensation : 0;
    into->count = count;
    return RUZU_OK;
}

static ruzu_status agg_real_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into_bytes,
                                  const uint8_t *const *from_bytes, const uint64_t *times, uint32_t count,
                                  rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        agg_real_state *into = (agg_real_state *)(void *)into_bytes[i];
        const agg_real_state *from = (const agg_real_state *)(const void *)from_bytes[i];
        uint64_t rows = rz_agg_add_counts(into->count, rz_agg_times_count(from->count, times[i]));
        if (from->count == 0) { /* also: no NaN out of 0 times infinity */
            continue;
        }
        agg_real_add(into, from->sum, times[i]);
        into->compensation += isfinite(into->sum) ? from->compensation * (double)times[i] : 0;
        into->count = rows;
    }
    return RUZU_OK;
}

static ruzu_status agg_real_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                   uint32_t out_start, rz_error *err)
{
    (void)fn;
    bool average = bound->agg->name[0] == 'A';
    for (uint32_t i = 0; i < count; i++) {
        const agg_real_state *state = (const agg_real_state *)(const void *)states[i];
        if (state->count == 0) {
            rz_vec_set_null(out, out_start + i);
        } else {
            RZ_TRY(average ? agg_check_mean(state->count, err) : RUZU_OK);
            ((double *)out->data)[out_start + i] =
                average ? agg_real_total(state) / (double)state->count : agg_real_total(state);
        }
    }
    return RUZU_OK;
}

/* ---- STDEV, STDEVP ---- */

/* Mean and squared differences from it (Welford 1962; weights and merging: Chan, Golub, LeVeque 1979). */
typedef struct agg_deviation_state {
    double mean;
    double squares;
    double count;
    uint64_t unused;
} agg_deviation_state;

static void agg_deviation_merge(agg_deviation_state *into, double mean, double squares, double count)
{
    if (count == 0) {
        return;
    }
    double total = into->count + count;
    double difference = mean - into->mean;
    into->mean += difference * (count / total);
    into->squares += squares + difference * difference * (into->count * count / total);
    into->count = total;
}

static ruzu_status agg_deviation_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                        const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            agg_deviation_merge((agg_deviation_state *)(void *)states[row], agg_real_value(&reader, at), 0,
                                (double)rz_agg_weight(weights, row));
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_deviation_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                            const rz_vec *arg, const rz_sel *sel, const uint64_t *weights,
                                            rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            agg_deviation_merge((agg_deviation_state *)(void *)state, agg_real_value(&reader, at), 0,
                                (double)rz_agg_weight(weights, row));
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_deviation_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into,
                                         const uint8_t *from_bytes, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    agg_deviation_state from;
    memcpy(&from, from_bytes, sizeof from);
    agg_deviation_merge((agg_deviation_state *)(void *)into, from.mean, from.squares, from.count);
    return RUZU_OK;
}

static ruzu_status agg_deviation_parts(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into,
                                       const uint8_t *const *from_bytes, const uint64_t *times, uint32_t count,
                                       rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        const agg_deviation_state *from = (const agg_deviation_state *)(const void *)from_bytes[i];
        double often = (double)times[i];
        agg_deviation_merge((agg_deviation_state *)(void *)into[i], from->mean, from->squares * often,
                            from->count * often);
    }
    return RUZU_OK;
}

/* Of one value: 0, as in openCypher; of none: NULL. */
static ruzu_status agg_deviation_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                        uint32_t out_start, rz_error *err)
{
    (void)fn;
    (void)err;
    bool population = strcmp(bound->agg->name, "STDEVP") == 0;
    for (uint32_t i = 0; i < count; i++) {
        const agg_deviation_state *state = (const agg_deviation_state *)(const void *)states[i];
        double divisor = population ? state->count : state->count - 1;
        if (state->count == 0) {
            rz_vec_set_null(out, out_start + i);
        } else {
            ((double *)out->data)[out_start + i] = divisor > 0 ? sqrt(state->squares / divisor) : 0;
        }
    }
    return RUZU_OK;
}

/* ---- tables ---- */

#define AGG_INTEGERS(name, finish, S)                                                                             \
    {                                                                                                             \
        name, true, agg_sum_init, agg_sum_update_##S, agg_sum_update_one_##S, agg_sum_combine, finish, NULL, NULL, \
            agg_sum_merge \
    }
#define AGG_INTEGER_TABLE(name, finish)                                                                               \
    {                                                                                                                 \
        [RZ_PHYS_INT8] = AGG_INTEGERS(name, finish, int8), [RZ_PHYS_INT16] = AGG_INTEGERS(name, finish, int16),       \
        [RZ_PHYS_INT32] = AGG_INTEGERS(name, finish, int32), [RZ_PHYS_INT64] = AGG_INTEGERS(name, finish, int64),     \
        [RZ_PHYS_INT128] = AGG_INTEGERS(name, finish, int128), [RZ_PHYS_UINT8] = AGG_INTEGERS(name, finish, uint8),   \
        [RZ_PHYS_UINT16] = AGG_INTEGERS(name, finish, uint16), [RZ_PHYS_UINT32] = AGG_INTEGERS(name, finish, uint32), \
        [RZ_PHYS_UINT64] = AGG_INTEGERS(name, finish, uint64)                                                         \
    }

/* By physical type. */
static const rz_agg agg_sum_integers[RZ_PHYS_UINT64 + 1] = AGG_INTEGER_TABLE("SUM", agg_sum_finish);
static const rz_agg agg_avg_integers[RZ_PHYS_UINT64 + 1] = AGG_INTEGER_TABLE("AVG", agg_avg_finish);
#undef AGG_INTEGERS
#undef AGG_INTEGER_TABLE

static const rz_agg agg_sum_reals = {
    "SUM", true, agg_sum_init, agg_real_update, agg_real_update_one, agg_real_combine, agg_real_finish, NULL, NULL, agg_real_merge};
static const rz_agg agg_avg_reals = {
    "AVG", true, agg_sum_init, agg_real_update, agg_real_update_one, agg_real_combine, agg_real_finish, NULL, NULL, agg_real_merge};
static const rz_agg agg_deviations[2] = {
    {"STDEV", true, agg_sum_init, agg_deviation_update, agg_deviation_update_one, agg_deviation_combine,
     agg_deviation_finish, NULL, NULL, agg_deviation_parts},
    {"STDEVP", true, agg_sum_init, agg_deviation_update, agg_deviation_update_one, agg_deviation_combine,
     agg_deviation_finish, NULL, NULL, agg_deviation_parts},
};

static bool agg_is_real(const rz_type *type)
{
    return type->id == RUZU_TYPE_FLOAT || type->id == RUZU_TYPE_DOUBLE;
}

ruzu_status rz_agg_bind_sum(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                            rz_error *err)
{
    (void)name;
    const rz_type *type = arg_type->id == RUZU_TYPE_ANY ? RZ_INT64 : arg_type;
    if (!rz_type_is_numeric(type)) {
        return RUZU_ERROR_BINDER;
    }
    out->arg_type = type;
    out->state_size = sizeof(rz_agg_sum_state);
    out->agg = agg_is_real(type) ? &agg_sum_reals : &agg_sum_integers[type->physical];
    out->result = agg_is_real(type) ? RZ_DOUBLE : rz_type_of(RUZU_TYPE_INT128);
    if (type->id == RUZU_TYPE_DECIMAL) {
        out->result = rz_type_decimal(arena, 38, type->scale);
        RZ_TRY_ALLOC(out->result, err, "binding an aggregate");
    }
    return RUZU_OK;
}

ruzu_status rz_agg_bind_avg(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                            rz_error *err)
{
    (void)name;
    (void)arena;
    (void)err;
    const rz_type *type = arg_type->id == RUZU_TYPE_ANY ? RZ_INT64 : arg_type;
    if (!rz_type_is_numeric(type)) {
        return RUZU_ERROR_BINDER;
    }
    out->arg_type = type;
    out->state_size = sizeof(rz_agg_sum_state);
    out->agg = agg_is_real(type) ? &agg_avg_reals : &agg_avg_integers[type->physical];
    out->result = RZ_DOUBLE;
    return RUZU_OK;
}

ruzu_status rz_agg_bind_deviation(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                  rz_error *err)
{
    (void)arena;
    (void)err;
    if (arg_type->id != RUZU_TYPE_ANY && !rz_type_is_numeric(arg_type)) {
        return RUZU_ERROR_BINDER;
    }
    out->arg_type = RZ_DOUBLE;
    out->state_size = sizeof(agg_deviation_state);
    out->agg = &agg_deviations[strcmp(name, "STDEVP") == 0 ? 1 : 0];
    out->result = RZ_DOUBLE;
    return RUZU_OK;
}
