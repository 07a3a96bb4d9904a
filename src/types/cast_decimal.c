/* SPDX-License-Identifier: MIT */
/*
 * Casts from and to DECIMAL. Rounding is half away from zero throughout. A DOUBLE becomes value * 10^scale, computed in
 * DOUBLE and then rounded, as in Kuzu: 1.005 to two digits is 1.00, because the DOUBLE is a little less.
 */
#include "types/cast.h"

/* An integer of any width. */
static rz_int128 cast_load_integer(const void *data, rz_physical physical, uint32_t at)
{
    switch ((int)physical) {
    case RZ_PHYS_INT8: return ((const int8_t *)data)[at];
    case RZ_PHYS_INT16: return ((const int16_t *)data)[at];
    case RZ_PHYS_INT32: return ((const int32_t *)data)[at];
    case RZ_PHYS_INT64: return ((const int64_t *)data)[at];
    case RZ_PHYS_UINT8: return ((const uint8_t *)data)[at];
    case RZ_PHYS_UINT16: return ((const uint16_t *)data)[at];
    case RZ_PHYS_UINT32: return ((const uint32_t *)data)[at];
    case RZ_PHYS_UINT64: return ((const uint64_t *)data)[at];
    default: return ((const rz_int128 *)data)[at];
    }
}

/* False when the type does not hold the value. */
static bool cast_store_integer(void *data, rz_physical physical, uint32_t at, rz_int128 value)
{
    switch ((int)physical) {
    case RZ_PHYS_INT8: ((int8_t *)data)[at] = (int8_t)value; return value >= INT8_MIN && value <= INT8_MAX;
    case RZ_PHYS_INT16: ((int16_t *)data)[at] = (int16_t)value; return value >= INT16_MIN && value <= INT16_MAX;
    case RZ_PHYS_INT32: ((int32_t *)data)[at] = (int32_t)value; return value >= INT32_MIN && value <= INT32_MAX;
    case RZ_PHYS_INT64: ((int64_t *)data)[at] = (int64_t)value; return value >= INT64_MIN && value <= INT64_MAX;
    case RZ_PHYS_UINT8: ((uint8_t *)data)[at] = (uint8_t)value; return value >= 0 && value <= UINT8_MAX;
    case RZ_PHYS_UINT16: ((uint16_t *)data)[at] = (uint16_t)value; return value >= 0 && value <= UINT16_MAX;
    case RZ_PHYS_UINT32: ((uint32_t *)data)[at] = (uint32_t)value; return value >= 0 && value <= UINT32_MAX;
    case RZ_PHYS_UINT64: ((uint64_t *)data)[at] = (uint64_t)value; return value >= 0 && value <= UINT64_MAX;
    default: ((rz_int128 *)data)[at] = value; return true;
    }
}

static bool cast_double_to_decimal(double value, const rz_type *to, rz_int128 *out)
{
    double scaled = value * (double)rz_pow10_i128(to->scale);
    double magnitude = scaled < 0 ? -scaled : scaled;
    if (!(magnitude < 1e38)) { /* NaN and infinities too */
        return false;
    }
    rz_int128 whole = (rz_int128)magnitude;
    whole += magnitude - (double)whole >= 0.5; /* exact: a fraction exists only below 2^52 */
    *out = scaled < 0 ? -whole : whole;
    return rz_decimal_fits(*out, to->precision);
}

static bool cast_to_decimal_row(const rz_cast_job *job, uint32_t at, uint32_t row)
{
    const rz_type *to = job->out->type;
    rz_physical physical = (rz_physical)job->from->physical;
    rz_int128 value = 0;
    bool fits;
    if (job->from->id == RUZU_TYPE_DECIMAL) {
        fits = rz_decimal_rescale(rz_decimal_load(job->view.data, physical, at), job->from->scale, to->scale, &value) &&
               rz_decimal_fits(value, to->precision);
    } else if (physical == RZ_PHYS_DOUBLE) {
        fits = cast_double_to_decimal(((const double *)job->view.data)[at], to, &value);
    } else if (physical == RZ_PHYS_FLOAT) {
        fits = cast_double_to_decimal((double)((const float *)job->view.data)[at], to, &value);
    } else {
        fits = rz_decimal_rescale(cast_load_integer(job->view.data, physical, at), 0, to->scale, &value) &&
               rz_decimal_fits(value, to->precision);
    }
    if (fits) {
        rz_decimal_store(job->out->data, (rz_physical)to->physical, row, value);
    }
    return fits;
}

static bool cast_from_decimal_row(const rz_cast_job *job, uint32_t at, uint32_t row)
{
    rz_int128 value = rz_decimal_load(job->view.data, (rz_physical)job->from->physical, at);
    uint32_t scale = job->from->scale;
    rz_physical to = (rz_physical)job->out->type->physical;
    if (to == RZ_PHYS_DOUBLE) {
        ((double *)job->out->data)[row] = rz_decimal_to_double(value, scale);
        return true;
    }
    if (to == RZ_PHYS_FLOAT) {
        char text[RZ_TEXT_DECIMAL_SIZE];
        return rz_text_read_float(text, rz_text_write_decimal(value, scale, text), false,
                                  &((float *)job->out->data)[row]);
    }
    rz_int128 whole = 0;
    return rz_decimal_rescale(value, scale, 0, &whole) && cast_store_integer(job->out->data, to, row, whole);
}

static RZ_COLD ruzu_status cast_decimal_failure(const rz_cast_job *job, uint32_t at, rz_error *err)
{
    if (err == NULL) {
        return RUZU_ERROR_OVERFLOW;
    }
    char value[RZ_TEXT_FIXED_SIZE];
    int length = (int)rz_cast_write_number(job, at, value);
    rz_str name;
    rz_str_init(&name, job->out->heap->mem);
    rz_type_format(job->out->type, &name);
    ruzu_status status;
    if (job->out->type->id != RUZU_TYPE_DECIMAL) {
        status = rz_error_set(err, RUZU_ERROR_OVERFLOW, "Cast Failed: %.*s is not in %s range", length, value,
                              rz_str_text(&name));
    } else if (job->from->id == RUZU_TYPE_DECIMAL) {
        status = rz_error_set(err, RUZU_ERROR_OVERFLOW, "Decimal Cast Failed: input %.*s is not in range of %s", length,
                              value, rz_str_text(&name));
    } else {
        status = rz_error_set(err, RUZU_ERROR_OVERFLOW, "To Decimal Cast Failed: %.*s is not in %s range", length,
                              value, rz_str_text(&name));
    }
    rz_str_free(&name);
    return status;
}

ruzu_status rz_cast_decimal(const rz_cast_job *job, rz_error *err)
{
    bool to_decimal = job->out->type->id == RUZU_TYPE_DECIMAL;
    rz_cast_copy_validity(job);
    for (uint32_t i = 0; i < job->sel.count; i++) {
        uint32_t row = rz_sel_at(&job->sel, i);
        uint32_t at = rz_view_at(&job->view, row);
        if (!rz_view_valid(&job->view, at) ||
            (to_decimal ? cast_to_decimal_row(job, at, row) : cast_from_decimal_row(job, at, row))) {
            continue;
        }
        if (!job->try_cast) {
            return cast_decimal_failure(job, at, err);
        }
        rz_vec_set_null(job->out, row);
    }
    return RUZU_OK;
}
