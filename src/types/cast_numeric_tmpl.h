/* SPDX-License-Identifier: MIT */
/*
 * Template: casts between two numeric C types. Included once per pair by cast_numeric_from_tmpl.h, which undefines the
 * target's parameters.
 *
 *   CAST_FROM, CAST_FROM_NAME   C type of the input, its name inside function names
 *   CAST_FROM_REAL              1 for float and double
 *   CAST_TO, CAST_TO_NAME       C type of the output …
 *   CAST_TO_REAL                1 for float and double
 *   CAST_TO_LOWEST, CAST_TO_LIMIT   for integers, as doubles: the smallest value, and one more than the largest
 *
 * The functions write every row and say whether some value did not fit (then written as an unspecified number), so that
 * the loop has no exit and vectorises. NULL rows count too: the caller looks again, row by row, when something did not
 * fit.
 */

static inline bool CAST_NUMERIC_PASTE(cast_value, CAST_FROM_NAME, CAST_TO_NAME)(CAST_FROM value, CAST_TO *out)
{
#if CAST_TO_REAL
    *out = (CAST_TO)value; /* a DOUBLE beyond FLOAT becomes an infinity */
    return false;
#elif CAST_FROM_REAL
    double rounded = cast_round_even((double)value);
    bool fits = rounded >= CAST_TO_LOWEST && rounded < CAST_TO_LIMIT; /* false for NaN */
    *out = (CAST_TO)(fits ? rounded : 0.0);
    return !fits;
#else
    *out = (CAST_TO)value;
    return (CAST_FROM)*out != value || (*out < (CAST_TO)1) != (value < (CAST_FROM)1);
#endif
}

/* Consecutive rows. */
static bool CAST_NUMERIC_PASTE(cast_dense, CAST_FROM_NAME, CAST_TO_NAME)(const void *RZ_RESTRICT in,
                                                                         void *RZ_RESTRICT out, uint32_t count)
{
    const CAST_FROM *from = (const CAST_FROM *)in;
    CAST_TO *to = (CAST_TO *)out;
    uint32_t failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        failed |= CAST_NUMERIC_PASTE(cast_value, CAST_FROM_NAME, CAST_TO_NAME)(from[i], &to[i]);
    }
    return failed != 0;
}

/* Selected rows, perhaps through an index. */
static bool CAST_NUMERIC_PASTE(cast_sparse, CAST_FROM_NAME, CAST_TO_NAME)(const rz_view *view, const rz_sel *sel,
                                                                          void *RZ_RESTRICT out)
{
    const CAST_FROM *from = (const CAST_FROM *)view->data;
    CAST_TO *to = (CAST_TO *)out;
    uint32_t failed = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        failed |= CAST_NUMERIC_PASTE(cast_value, CAST_FROM_NAME, CAST_TO_NAME)(from[rz_view_at(view, row)], &to[row]);
    }
    return failed != 0;
}
