/* SPDX-License-Identifier: MIT */
/*
 * Numeric functions of one or two numbers (dialect §13.2): roots, logarithms, trigonometry, rounding, signs, random
 * numbers.
 */
#include "function/fn.h"

#include <math.h>

/* M_PI and M_E are no part of C11. */
#define MATH_PI 3.14159265358979323846
#define MATH_E  2.71828182845904523536

/* ---- DOUBLE to DOUBLE ---- */

static double math_cot(double x)
{
    return 1.0 / tan(x);
}

static double math_degrees(double x)
{
    return x * (180.0 / MATH_PI);
}

static double math_radians(double x)
{
    return x * (MATH_PI / 180.0);
}

/* The next even whole number away from zero. */
static double math_even(double x)
{
    double magnitude = ceil(fabs(x));
    if (isfinite(magnitude) && fmod(magnitude, 2.0) >= 1.0) {
        magnitude += 1.0;
    }
    return copysign(magnitude, x);
}

static double math_lgamma(double x)
{
    int sign; /* lgamma() itself writes a global */
    return lgamma_r(x, &sign);
}

/* Half of the versed sine. */
static double math_haversin(double x)
{
    return (1.0 - cos(x)) / 2.0;
}

#define MATH_DOUBLE(name, function)                            \
    static inline unsigned name##_of(double x, double *result) \
    {                                                          \
        *result = function(x);                                 \
        return 0;                                              \
    }
MATH_DOUBLE(math_run_acos, acos)
MATH_DOUBLE(math_run_asin, asin)
MATH_DOUBLE(math_run_atan, atan)
MATH_DOUBLE(math_run_cbrt, cbrt)
MATH_DOUBLE(math_run_ceil, ceil)
MATH_DOUBLE(math_run_cos, cos)
MATH_DOUBLE(math_run_cosh, cosh)
MATH_DOUBLE(math_run_cot, math_cot)
MATH_DOUBLE(math_run_degrees, math_degrees)
MATH_DOUBLE(math_run_even, math_even)
MATH_DOUBLE(math_run_exp, exp)
MATH_DOUBLE(math_run_floor, floor)
MATH_DOUBLE(math_run_gamma, tgamma)
MATH_DOUBLE(math_run_haversin, math_haversin)
MATH_DOUBLE(math_run_lgamma, math_lgamma)
MATH_DOUBLE(math_run_ln, log)
MATH_DOUBLE(math_run_log, log10)
MATH_DOUBLE(math_run_log2, log2)
MATH_DOUBLE(math_run_radians, math_radians)
MATH_DOUBLE(math_run_round_whole, round)
MATH_DOUBLE(math_run_sin, sin)
MATH_DOUBLE(math_run_sinh, sinh)
MATH_DOUBLE(math_run_sqrt, sqrt)
MATH_DOUBLE(math_run_tan, tan)
MATH_DOUBLE(math_run_tanh, tanh)
MATH_DOUBLE(math_run_trunc, trunc)
#undef MATH_DOUBLE

#define RZ_U_NAME math_vec_acos
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_acos_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_asin
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_asin_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_atan
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_atan_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_cbrt
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_cbrt_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_ceil
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_ceil_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_cos
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_cos_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_cosh
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_cosh_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_cot
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_cot_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_degrees
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_degrees_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_even
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_even_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_exp
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_exp_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_floor
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_floor_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_gamma
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_gamma_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_haversin
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_haversin_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_lgamma
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_lgamma_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_ln
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_ln_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_log
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_log_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_log2
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_log2_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_radians
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_radians_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_round_whole
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_round_whole_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_sin
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_sin_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_sinh
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_sinh_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_sqrt
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_sqrt_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_tan
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_tan_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_tanh
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_tanh_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_trunc
#define RZ_U_IN   double
#define RZ_U_OUT  double
#define RZ_U_OP   math_run_trunc_of
#include "function/fn_unary_tmpl.h"

/* ---- other types ---- */

static unsigned math_floor_float_of(float x, float *result)
{
    *result = floorf(x);
    return 0;
}

static unsigned math_ceil_float_of(float x, float *result)
{
    *result = ceilf(x);
    return 0;
}

static unsigned math_sign_int64_of(int64_t x, int64_t *result)
{
    *result = (x > 0) - (x < 0);
    return 0;
}

/* NaN counts as positive, as in Kuzu. */
static unsigned math_sign_double_of(double x, int64_t *result)
{
    *result = isnan(x) ? 1 : (x > 0) - (x < 0);
    return 0;
}

static unsigned math_sign_float_of(float x, int64_t *result)
{
    *result = isnan(x) ? 1 : (x > 0) - (x < 0);
    return 0;
}

static unsigned math_isnan_of(double x, uint8_t *result)
{
    *result = (uint8_t)(isnan(x) ? 1 : 0);
    return 0;
}

static unsigned math_isinf_of(double x, uint8_t *result)
{
    *result = (uint8_t)(isinf(x) ? 1 : 0);
    return 0;
}

#define RZ_U_NAME math_vec_floor_float
#define RZ_U_IN   float
#define RZ_U_OUT  float
#define RZ_U_OP   math_floor_float_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_ceil_float
#define RZ_U_IN   float
#define RZ_U_OUT  float
#define RZ_U_OP   math_ceil_float_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_sign_int64
#define RZ_U_IN   int64_t
#define RZ_U_OUT  int64_t
#define RZ_U_OP   math_sign_int64_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_sign_double
#define RZ_U_IN   double
#define RZ_U_OUT  int64_t
#define RZ_U_OP   math_sign_double_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_sign_float
#define RZ_U_IN   float
#define RZ_U_OUT  int64_t
#define RZ_U_OP   math_sign_float_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_isnan
#define RZ_U_IN   double
#define RZ_U_OUT  uint8_t
#define RZ_U_OP   math_isnan_of
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME math_vec_isinf
#define RZ_U_IN   double
#define RZ_U_OUT  uint8_t
#define RZ_U_OP   math_isinf_of
#include "function/fn_unary_tmpl.h"

/* Whole numbers are their own floor and ceiling. */
static ruzu_status math_same(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return rz_fn_copy_rows(out, args[0], sel, err);
}

/* ---- two arguments ---- */

/* Half away from zero at n digits behind the point; a value that the scaling takes out of range has no such digits. */
static double math_round_to(double x, int64_t digits)
{
    double scale = pow(10.0, (double)(digits < 0 ? -digits : digits));
    if (!isfinite(x)) {
        return x;
    }
    if (digits < 0) {
        return isfinite(scale) ? round(x / scale) * scale : 0.0;
    }
    double scaled = round(x * scale);
    return isfinite(scaled) && isfinite(scale) ? scaled / scale : x;
}

#define RZ_B_NAME        math_vec_round
#define RZ_B_A           double
#define RZ_B_B           int64_t
#define RZ_B_OUT         double
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = math_round_to(a, (b) < -1000 ? -1000 : (b) > 1000 ? 1000 : (b)), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

#define RZ_B_NAME        math_vec_atan2
#define RZ_B_A           double
#define RZ_B_B           double
#define RZ_B_OUT         double
#define RZ_B_BAD         uint64_t
#define RZ_B_OP(a, b, r) (*(r) = atan2(a, b), UINT64_C(0))
#include "function/fn_binary_tmpl.h"

/* ---- no argument ---- */

static ruzu_status math_fill(const rz_sel *sel, rz_vec *out, double value)
{
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((double *)out->data)[rz_sel_at(sel, idx)] = value;
    }
    return RUZU_OK;
}

static ruzu_status math_pi(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                           const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)args;
    (void)err;
    return math_fill(sel, out, MATH_PI);
}

static ruzu_status math_e(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                          const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)args;
    (void)err;
    return math_fill(sel, out, MATH_E);
}

/* xoroshiro128+ (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2018). */
uint64_t rz_fn_random_next(rz_fn_context *context)
{
    uint64_t a = context->random_state[0];
    uint64_t b = context->random_state[1];
    uint64_t result = a + b;
    b ^= a;
    context->random_state[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    context->random_state[1] = (b << 37) | (b >> 27);
    return result;
}

static ruzu_status math_random(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)args;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((double *)out->data)[rz_sel_at(sel, idx)] = (double)(rz_fn_random_next(context) >> 11) * 0x1p-53;
    }
    return RUZU_OK;
}

/* The seed holds for this worker and query; the result is NULL. */
static ruzu_status math_setseed(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)err;
    rz_fn_reader seeds = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        double seed = RZ_FN_GET(double, seeds, row);
        uint64_t bits;
        memcpy(&bits, &seed, sizeof bits);
        context->random_state[0] = rz_hash_u64(bits + 1);
        context->random_state[1] = rz_hash_u64(bits + 2) | 1;
        rz_vec_set_null(out, row);
    }
    return RUZU_OK;
}

/* ---- GREATEST and LEAST, of any types that compare ---- */

static ruzu_status math_extreme(int sign, const rz_fn_bound *bound, const rz_vec *const *args, const rz_sel *sel,
                                rz_vec *out, rz_error *err)
{
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_vec *best = args[0];
        for (uint32_t i = 1; i < bound->arg_count; i++) {
            best = rz_vec_compare(args[i], row, best, row) * sign > 0 ? args[i] : best;
        }
        RZ_TRY(rz_fn_copy_row(out, row, best, row, err));
    }
    return RUZU_OK;
}

static ruzu_status math_greatest(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    return math_extreme(1, bound, args, sel, out, err);
}

static ruzu_status math_least(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    return math_extreme(-1, bound, args, sel, out, err);
}

static ruzu_status math_bind_extreme(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    const rz_type *type = args[0].type;
    for (uint32_t i = 1; i < arg_count && type != NULL; i++) {
        type = rz_type_common(arena, type, args[i].type);
    }
    if (type == NULL) {
        return rz_fn_fail_arguments(err, def->fn.name, args, arg_count);
    }
    if (type->id >= RUZU_TYPE_TIMESTAMP && type->id <= RUZU_TYPE_TIMESTAMP_TZ) {
        type = rz_type_of(RUZU_TYPE_TIMESTAMP); /* as Kuzu's only overload for them */
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        out->arg_types[i] = type;
    }
    out->result = type;
    return RUZU_OK;
}

#define MATH_WHOLE(name)                                                                                    \
    RZ_FN(name, 0, math_same, INT128, RZ_P1(INT128)), RZ_FN(name, 0, math_same, INT64, RZ_P1(INT64)),       \
        RZ_FN(name, 0, math_same, INT32, RZ_P1(INT32)), RZ_FN(name, 0, math_same, INT16, RZ_P1(INT16)),     \
        RZ_FN(name, 0, math_same, INT8, RZ_P1(INT8)), RZ_FN(name, 0, math_same, UINT64, RZ_P1(UINT64)),     \
        RZ_FN(name, 0, math_same, UINT32, RZ_P1(UINT32)), RZ_FN(name, 0, math_same, UINT16, RZ_P1(UINT16)), \
        RZ_FN(name, 0, math_same, UINT8, RZ_P1(UINT8))
#define MATH_ONE(name, kernel) RZ_FN(name, 0, kernel, DOUBLE, RZ_P1(DOUBLE))

static const rz_fn_def math_defs[] = {
    MATH_ONE("ACOS", math_vec_acos),
    MATH_ONE("ASIN", math_vec_asin),
    MATH_ONE("ATAN", math_vec_atan),
    RZ_FN("ATAN2", 0, math_vec_atan2, DOUBLE, RZ_P2(DOUBLE, DOUBLE)),
    MATH_ONE("CBRT", math_vec_cbrt),
    MATH_WHOLE("CEIL"),
    MATH_ONE("CEIL", math_vec_ceil),
    RZ_FN("CEIL", 0, math_vec_ceil_float, FLOAT, RZ_P1(FLOAT)),
    MATH_ONE("COS", math_vec_cos),
    MATH_ONE("COSH", math_vec_cosh),
    MATH_ONE("COT", math_vec_cot),
    MATH_ONE("DEGREES", math_vec_degrees),
    RZ_FN("E", 0, math_e, DOUBLE, RZ_P0()),
    MATH_ONE("EVEN", math_vec_even),
    MATH_ONE("EXP", math_vec_exp),
    MATH_WHOLE("FLOOR"),
    MATH_ONE("FLOOR", math_vec_floor),
    RZ_FN("FLOOR", 0, math_vec_floor_float, FLOAT, RZ_P1(FLOAT)),
    MATH_ONE("GAMMA", math_vec_gamma),
    RZ_FN_VARIADIC("GREATEST", 0, math_greatest, math_bind_extreme, ANY, RZ_P1(ANY)),
    MATH_ONE("HAVERSIN", math_vec_haversin),
    RZ_FN("ISINF", 0, math_vec_isinf, BOOL, RZ_P1(DOUBLE)),
    RZ_FN("ISNAN", 0, math_vec_isnan, BOOL, RZ_P1(DOUBLE)),
    RZ_FN_VARIADIC("LEAST", 0, math_least, math_bind_extreme, ANY, RZ_P1(ANY)),
    MATH_ONE("LGAMMA", math_vec_lgamma),
    MATH_ONE("LN", math_vec_ln),
    MATH_ONE("LOG", math_vec_log),
    MATH_ONE("LOG2", math_vec_log2),
    RZ_FN("PI", 0, math_pi, DOUBLE, RZ_P0()),
    MATH_ONE("RADIANS", math_vec_radians),
    RZ_FN("RANDOM", RZ_FN_VOLATILE, math_random, DOUBLE, RZ_P0()),
    RZ_FN("ROUND", 0, math_vec_round, DOUBLE, RZ_P2(DOUBLE, INT64)),
    MATH_ONE("ROUND", math_vec_round_whole),
    RZ_FN("SETSEED", RZ_FN_VOLATILE, math_setseed, INT64, RZ_P1(DOUBLE)),
    RZ_FN("SIGN", 0, math_vec_sign_int64, INT64, RZ_P1(INT64)),
    RZ_FN("SIGN", 0, math_vec_sign_double, INT64, RZ_P1(DOUBLE)),
    RZ_FN("SIGN", 0, math_vec_sign_float, INT64, RZ_P1(FLOAT)),
    MATH_ONE("SIN", math_vec_sin),
    MATH_ONE("SINH", math_vec_sinh),
    MATH_ONE("SQRT", math_vec_sqrt),
    MATH_ONE("TAN", math_vec_tan),
    MATH_ONE("TANH", math_vec_tanh),
    MATH_ONE("TRUNC", math_vec_trunc),
};

RZ_FN_GROUP(rz_fn_math_group, math_defs);
