/* SPDX-License-Identifier: MIT */
/*
 * Casts between integers, FLOAT and DOUBLE: one pair of loops for every pair of types, from templates; here are their
 * table, the second look at values that did not fit, and the error texts.
 */
#include "types/cast.h"

#define CAST_NUMERIC_PASTE3(a, b, c) a##_##b##_##c
#define CAST_NUMERIC_PASTE(a, b, c)  CAST_NUMERIC_PASTE3(a, b, c)

/* To the nearest integer, ties to even: adding 2^52 leaves no bits for a fraction, and the addition rounds so. Spelled
 * out because rint() is a call on the plainest machines, which keeps the loops from vectorising. */
static inline double cast_round_even(double value)
{
    double magic = __builtin_copysign(0x1p52, value);
    double rounded = (value + magic) - magic;
    return __builtin_fabs(value) < 0x1p52 ? rounded : value;
}

#define CAST_FROM      int8_t
#define CAST_FROM_NAME int8
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      int16_t
#define CAST_FROM_NAME int16
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      int32_t
#define CAST_FROM_NAME int32
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      int64_t
#define CAST_FROM_NAME int64
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      rz_int128
#define CAST_FROM_NAME int128
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      uint8_t
#define CAST_FROM_NAME uint8
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      uint16_t
#define CAST_FROM_NAME uint16
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      uint32_t
#define CAST_FROM_NAME uint32
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      uint64_t
#define CAST_FROM_NAME uint64
#define CAST_FROM_REAL 0
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      float
#define CAST_FROM_NAME float
#define CAST_FROM_REAL 1
#include "types/cast_numeric_from_tmpl.h"

#define CAST_FROM      double
#define CAST_FROM_NAME double
#define CAST_FROM_REAL 1
#include "types/cast_numeric_from_tmpl.h"

/* ---- the table ---- */

typedef bool (*cast_dense_fn)(const void *in, void *out, uint32_t count);
typedef bool (*cast_sparse_fn)(const rz_view *view, const rz_sel *sel, void *out);

typedef struct cast_loops {
    cast_dense_fn dense;
    cast_sparse_fn sparse;
} cast_loops;

#define CAST_LOOPS(from, to_phys, to) [RZ_PHYS_##to_phys] = {cast_dense_##from##_##to, cast_sparse_##from##_##to}
#define CAST_ROW(from, from_phys)                                                                             \
    [RZ_PHYS_##from_phys] = {                                                                                 \
        CAST_LOOPS(from, INT8, int8),     CAST_LOOPS(from, INT16, int16),   CAST_LOOPS(from, INT32, int32),   \
        CAST_LOOPS(from, INT64, int64),   CAST_LOOPS(from, INT128, int128), CAST_LOOPS(from, UINT8, uint8),   \
        CAST_LOOPS(from, UINT16, uint16), CAST_LOOPS(from, UINT32, uint32), CAST_LOOPS(from, UINT64, uint64), \
        CAST_LOOPS(from, FLOAT, float),   CAST_LOOPS(from, DOUBLE, double),                                   \
    }

static const cast_loops cast_table[RZ_PHYS_DOUBLE + 1][RZ_PHYS_DOUBLE + 1] = {
    CAST_ROW(int8, INT8),     CAST_ROW(int16, INT16), CAST_ROW(int32, INT32),   CAST_ROW(int64, INT64),
    CAST_ROW(int128, INT128), CAST_ROW(uint8, UINT8), CAST_ROW(uint16, UINT16), CAST_ROW(uint32, UINT32),
    CAST_ROW(uint64, UINT64), CAST_ROW(float, FLOAT), CAST_ROW(double, DOUBLE),
};

/* ---- errors ---- */

size_t rz_cast_write_number(const rz_cast_job *job, uint32_t at, char *out)
{
    if (job->from->physical == RZ_PHYS_DOUBLE) {
        return rz_text_write_fixed(((const double *)job->view.data)[at], 6, out);
    }
    if (job->from->physical == RZ_PHYS_FLOAT) {
        return rz_text_write_fixed((double)((const float *)job->view.data)[at], 6, out);
    }
    return rz_text_write_scalar(job->from, job->view.data, at, out);
}

ruzu_status rz_cast_out_of_range(const rz_cast_job *job, uint32_t at, rz_error *err)
{
    if (err == NULL) {
        return RUZU_ERROR_OVERFLOW;
    }
    char value[RZ_TEXT_FIXED_SIZE];
    int length = (int)rz_cast_write_number(job, at, value);
    ruzu_type_id to = (ruzu_type_id)job->out->type->id;
    bool is_unsigned = to >= RUZU_TYPE_UINT8 && to <= RUZU_TYPE_UINT64;
    if (job->from->id == RUZU_TYPE_INT128 && is_unsigned && value[0] == '-') {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Cast failed. Cannot cast %.*s to unsigned type.", length, value);
    }
    rz_str name;
    rz_str_init(&name, job->out->heap->mem);
    rz_type_format(to == RUZU_TYPE_SERIAL ? RZ_INT64 : job->out->type, &name);
    ruzu_status status =
        rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %.*s is not within %s range", length, value, rz_str_text(&name));
    rz_str_free(&name);
    return status;
}

/* Some value did not fit: finds which, NULL rows aside. */
static ruzu_status cast_numeric_failures(const rz_cast_job *job, cast_sparse_fn sparse, rz_error *err)
{
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        uint32_t at = rz_view_at(&job->view, row);
        rz_sel one = {&row, 1};
        if (!rz_view_valid(&job->view, at) || !sparse(&job->view, &one, job->out->data)) {
            continue;
        }
        if (!job->try_cast) {
            return rz_cast_out_of_range(job, at, err);
        }
        rz_vec_set_null(job->out, row);
    }
    return RUZU_OK;
}

ruzu_status rz_cast_numeric(const rz_cast_job *job, rz_error *err)
{
    const cast_loops *loops = &cast_table[job->from->physical][job->out->type->physical];
    RZ_ASSERT(loops->dense != NULL);
    bool dense = job->sel.rows == NULL && job->view.index == NULL;
    bool failed = dense ? loops->dense(job->view.data, job->out->data, job->sel.count)
                        : loops->sparse(&job->view, &job->sel, job->out->data);
    rz_cast_copy_validity(job);
    return failed ? cast_numeric_failures(job, loops->sparse, err) : RUZU_OK;
}

#undef CAST_NUMERIC_PASTE
#undef CAST_NUMERIC_PASTE3
#undef CAST_LOOPS
#undef CAST_ROW
