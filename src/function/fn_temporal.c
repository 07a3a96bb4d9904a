/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic of dates, timestamps and intervals (dialect §8): the calendar itself is in types. Out of range: Overflow
 * or Conversion errors of its own.
 */
#include "function/fn.h"

#define TEMPORAL_DAY_MICROS INT64_C(86400000000)
#define TEMPORAL_MONTH_DAYS 30

typedef struct temporal_pair {
    rz_fn_reader a;
    rz_fn_reader b;
} temporal_pair;

static temporal_pair temporal_read(const rz_vec *const *args)
{
    temporal_pair pair = {rz_fn_read(args[0]), rz_fn_read(args[1])};
    return pair;
}

/* ---- DATE and days ---- */

static unsigned temporal_date_plus(int32_t date, int64_t days, int32_t *result)
{
    int64_t sum;
    bool bad = rz_add_overflow((int64_t)date, days, &sum) || sum < INT32_MIN || sum > INT32_MAX;
    *result = bad ? 0 : (int32_t)sum;
    return bad;
}

static unsigned temporal_date_minus(int32_t date, int64_t days, int32_t *result)
{
    int64_t difference;
    bool bad = rz_sub_overflow((int64_t)date, days, &difference) || difference < INT32_MIN || difference > INT32_MAX;
    *result = bad ? 0 : (int32_t)difference;
    return bad;
}

#define RZ_B_NAME            temporal_date_add_days
#define RZ_B_A               int32_t
#define RZ_B_B               int64_t
#define RZ_B_OUT             int32_t
#define RZ_B_BAD             uint32_t
#define RZ_B_OP              temporal_date_plus
#define RZ_B_FAIL(a, b, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Date is out of range.")
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME            temporal_date_subtract_days
#define RZ_B_A               int32_t
#define RZ_B_B               int64_t
#define RZ_B_OUT             int32_t
#define RZ_B_BAD             uint32_t
#define RZ_B_OP              temporal_date_minus
#define RZ_B_FAIL(a, b, err) rz_error_set(err, RUZU_ERROR_OVERFLOW, "Date is out of range.")
#include "function/fn_binary_tmpl.h"

static ruzu_status temporal_days_add_date(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                          const rz_sel *sel, rz_vec *out, rz_error *err)
{
    const rz_vec *exchanged[2] = {args[1], args[0]};
    return temporal_date_add_days(bound, context, exchanged, sel, out, err);
}

#define RZ_B_NAME        temporal_date_subtract_date
#define RZ_B_A           int32_t
#define RZ_B_B           int32_t
#define RZ_B_OUT         int64_t
#define RZ_B_BAD         uint32_t
#define RZ_B_OP(a, b, r) (*(r) = (int64_t)(a) - (b), 0u)
#include "function/fn_binary_tmpl.h"

/* ---- DATE, TIMESTAMP and INTERVAL ---- */

static ruzu_status temporal_date_interval(const rz_vec *const *args, int sign, const rz_sel *sel, rz_vec *out,
                                          rz_error *err)
{
    temporal_pair pair = temporal_read(args);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(rz_date_add_interval(RZ_FN_GET(int32_t, pair.a, row), RZ_FN_GET(rz_interval, pair.b, row), sign,
                                    &((int32_t *)out->data)[row], err));
    }
    return RUZU_OK;
}

static ruzu_status temporal_timestamp_interval(const rz_vec *const *args, int sign, const rz_sel *sel, rz_vec *out,
                                               rz_error *err)
{
    temporal_pair pair = temporal_read(args);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(rz_timestamp_add_interval(RZ_FN_GET(int64_t, pair.a, row), RZ_FN_GET(rz_interval, pair.b, row), sign,
                                         &((int64_t *)out->data)[row], err));
    }
    return RUZU_OK;
}

static ruzu_status temporal_interval_interval(const rz_vec *const *args, int sign, const rz_sel *sel, rz_vec *out,
                                              rz_error *err)
{
    temporal_pair pair = temporal_read(args);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(rz_interval_add(RZ_FN_GET(rz_interval, pair.a, row), RZ_FN_GET(rz_interval, pair.b, row), sign,
                               &((rz_interval *)out->data)[row], err));
    }
    return RUZU_OK;
}

#define TEMPORAL_KERNEL(name, kernel, first, second, sign)                                               \
    static ruzu_status name(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args, \
                            const rz_sel *sel, rz_vec *out, rz_error *err)                               \
    {                                                                                                    \
        (void)bound;                                                                                     \
        (void)context;                                                                                   \
        const rz_vec *ordered[2] = {args[first], args[second]};                                          \
        return kernel(ordered, sign, sel, out, err);                                                     \
    }
TEMPORAL_KERNEL(temporal_date_add_interval, temporal_date_interval, 0, 1, 1)
TEMPORAL_KERNEL(temporal_interval_add_date, temporal_date_interval, 1, 0, 1)
TEMPORAL_KERNEL(temporal_date_subtract_interval, temporal_date_interval, 0, 1, -1)
TEMPORAL_KERNEL(temporal_timestamp_add_interval, temporal_timestamp_interval, 0, 1, 1)
TEMPORAL_KERNEL(temporal_interval_add_timestamp, temporal_timestamp_interval, 1, 0, 1)
TEMPORAL_KERNEL(temporal_timestamp_subtract_interval, temporal_timestamp_interval, 0, 1, -1)
TEMPORAL_KERNEL(temporal_interval_add, temporal_interval_interval, 0, 1, 1)
TEMPORAL_KERNEL(temporal_interval_subtract, temporal_interval_interval, 0, 1, -1)
#undef TEMPORAL_KERNEL

/* Whole days, and the time that is left, both with the sign of the difference. */
static unsigned temporal_micros_between(int64_t a, int64_t b, rz_interval *result)
{
    rz_int128 micros = (rz_int128)a - b;
    result->months = 0;
    result->days = (int32_t)(micros / TEMPORAL_DAY_MICROS);
    result->micros = (int64_t)(micros % TEMPORAL_DAY_MICROS);
    return 0;
}

#define RZ_B_NAME temporal_timestamp_subtract_timestamp
#define RZ_B_A    int64_t
#define RZ_B_B    int64_t
#define RZ_B_OUT  rz_interval
#define RZ_B_BAD  uint32_t
#define RZ_B_OP   temporal_micros_between
#include "function/fn_binary_tmpl.h"

/* Truncated months; their rest counts as days, the rest of those as time. */
static unsigned temporal_divide_one(rz_interval a, int64_t b, rz_interval *result)
{
    memset(result, 0, sizeof *result);
    if (b == 0) {
        return 1;
    }
    int64_t days = a.days + (a.months % b) * TEMPORAL_MONTH_DAYS;
    rz_int128 micros = (rz_int128)a.micros + (rz_int128)(days % b) * TEMPORAL_DAY_MICROS;
    int64_t months = a.months / b;
    days /= b;
    micros /= b;
    if (months > INT32_MAX || days > INT32_MAX || days < INT32_MIN || micros > INT64_MAX || micros < INT64_MIN) {
        return 1;
    }
    result->months = (int32_t)months;
    result->days = (int32_t)days;
    result->micros = (int64_t)micros;
    return 0;
}

static ruzu_status temporal_divide_fail(int64_t b, rz_error *err)
{
    if (b == 0) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Divide by zero.");
    }
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Interval value is out of range");
}

#define RZ_B_NAME            temporal_interval_divide
#define RZ_B_A               rz_interval
#define RZ_B_B               int64_t
#define RZ_B_OUT             rz_interval
#define RZ_B_BAD             uint32_t
#define RZ_B_OP              temporal_divide_one
#define RZ_B_FAIL(a, b, err) temporal_divide_fail(b, err)
#include "function/fn_binary_tmpl.h"

static const rz_fn_def temporal_defs[] = {
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_interval_add, INTERVAL, RZ_P2(INTERVAL, INTERVAL)),
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_date_add_days, DATE, RZ_P2(DATE, INT64)),
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_days_add_date, DATE, RZ_P2(INT64, DATE)),
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_date_add_interval, DATE, RZ_P2(DATE, INTERVAL)),
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_interval_add_date, DATE, RZ_P2(INTERVAL, DATE)),
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_timestamp_add_interval, TIMESTAMP, RZ_P2(TIMESTAMP, INTERVAL)),
    RZ_FN("+", RZ_FN_CAN_FAIL, temporal_interval_add_timestamp, TIMESTAMP, RZ_P2(INTERVAL, TIMESTAMP)),
    RZ_FN("-", 0, temporal_date_subtract_date, INT64, RZ_P2(DATE, DATE)),
    RZ_FN("-", RZ_FN_CAN_FAIL, temporal_date_subtract_days, DATE, RZ_P2(DATE, INT64)),
    RZ_FN("-", RZ_FN_CAN_FAIL, temporal_date_subtract_interval, DATE, RZ_P2(DATE, INTERVAL)),
    RZ_FN("-", 0, temporal_timestamp_subtract_timestamp, INTERVAL, RZ_P2(TIMESTAMP, TIMESTAMP)),
    RZ_FN("-", RZ_FN_CAN_FAIL, temporal_timestamp_subtract_interval, TIMESTAMP, RZ_P2(TIMESTAMP, INTERVAL)),
    RZ_FN("-", RZ_FN_CAN_FAIL, temporal_interval_subtract, INTERVAL, RZ_P2(INTERVAL, INTERVAL)),
    RZ_FN("/", RZ_FN_CAN_FAIL, temporal_interval_divide, INTERVAL, RZ_P2(INTERVAL, INT64)),
};

RZ_FN_GROUP(rz_fn_temporal_group, temporal_defs);
