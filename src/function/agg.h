/* SPDX-License-Identifier: MIT */
/*
 * Private to function: the aggregates' parts.
 *
 * A state is created by init, fed by update or update_one, joined by combine and read by finish. States of COUNT, SUM,
 * AVG, deviations and of MIN and MAX over fixed-size types are plain bytes; those of strings, nested values and COLLECT
 * own memory of the worker's arena.
 */
#ifndef RZ_FUNCTION_AGG_H
#define RZ_FUNCTION_AGG_H

#include "function/fn.h"

/* Binds an aggregate for an argument type; RUZU_ERROR_BINDER without a message when the type does not fit. */
typedef ruzu_status (*rz_agg_bind)(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                   rz_error *err);

ruzu_status rz_agg_bind_count(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                              rz_error *err);
ruzu_status rz_agg_bind_sum(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                            rz_error *err);
ruzu_status rz_agg_bind_avg(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                            rz_error *err);
ruzu_status rz_agg_bind_deviation(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                  rz_error *err);
ruzu_status rz_agg_bind_extreme(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                rz_error *err);
ruzu_status rz_agg_bind_collect(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                                rz_error *err);

/* MIN, MAX and ANY_VALUE of values that are not of fixed size. */
typedef enum rz_agg_extreme {
    RZ_AGG_MIN,
    RZ_AGG_MAX,
    RZ_AGG_ANY
} rz_agg_extreme;
#define RZ_AGG_EXTREME_COUNT 3
extern const rz_agg rz_agg_string_extremes[RZ_AGG_EXTREME_COUNT];
extern const rz_agg rz_agg_nested_extremes[RZ_AGG_EXTREME_COUNT];
#define RZ_AGG_STRING_STATE_SIZE 32u
#define RZ_AGG_NESTED_STATE_SIZE 16u

/* Of SUM and AVG over integers and decimals. */
typedef struct rz_agg_sum_state {
    rz_int128 sum;
    uint64_t count; /* values, weights added; 0: NULL; UINT64_MAX: too many for a mean */
    uint64_t unused;
} rz_agg_sum_state;

/* Numbers of values, which stay at UINT64_MAX: a sum of so many may still be known, their mean is not. */
static inline uint64_t rz_agg_add_counts(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum < a ? UINT64_MAX : sum;
}

static inline uint64_t rz_agg_times_count(uint64_t count, uint64_t times)
{
    uint64_t product;
    return rz_mul_overflow(count, times, &product) ? UINT64_MAX : product;
}

static inline uint64_t rz_agg_weight(const uint64_t *weights, uint32_t row)
{
    return weights == NULL ? 1 : weights[row];
}

/* SUM and AVG of values too many or too large. */
ruzu_status rz_agg_fail_sum(rz_error *err);
/* Raises the error at an address that a record has kept. */
ruzu_status rz_agg_fail_kept(uint64_t address, rz_error *err);
/* sum / count: the whole part exactly, so that large sums lose nothing that the result could hold. */
double rz_agg_mean(rz_int128 sum, uint64_t count);

#endif
