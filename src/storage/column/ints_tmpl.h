/* SPDX-License-Identifier: MIT */
/*
 * Loops over integers of one type, instantiated by kernels.c. Parameters, undefined at the end:
 *   COL_TYPE  the C type        COL_NAME(stem)  the name of the function for this type
 */

/* Bounds of the values whose validity bit is set (all when NULL); false when there is none. */
static bool COL_NAME(minmax)(const COL_TYPE *RZ_RESTRICT values, const uint64_t *validity, uint64_t first, uint32_t count, COL_TYPE *out_min,
                             COL_TYPE *out_max)
{
    const COL_TYPE *v = values + first;
    COL_TYPE low = v[0], high = v[0];
    if (validity == NULL) {
        for (uint32_t i = 0; i < count; i++) {
            low = v[i] < low ? v[i] : low;
            high = v[i] > high ? v[i] : high;
        }
    } else {
        bool any = false;
        for (uint32_t i = 0; i < count; i++) {
            if (rz_bit_get(validity, first + i)) {
                low = !any || v[i] < low ? v[i] : low;
                high = !any || v[i] > high ? v[i] : high;
                any = true;
            }
        }
        if (!any) {
            return false;
        }
    }
    *out_min = low;
    *out_max = high;
    return true;
}

/* out[i] = values[i] - base, modulo 2^64. */
static void COL_NAME(differences)(const COL_TYPE *RZ_RESTRICT values, uint64_t count, uint64_t base, uint64_t *RZ_RESTRICT out)
{
    for (uint64_t i = 0; i < count; i++) {
        out[i] = (uint64_t)values[i] - base;
    }
}

/* Whether values[i] = values[0] + i * step with one step (modulo the type). */
static bool COL_NAME(is_sequence)(const COL_TYPE *values, uint64_t count)
{
    uint64_t step = (uint64_t)values[1] - (uint64_t)values[0];
    for (uint64_t i = 2; i < count; i++) {
        if ((uint64_t)values[i] - (uint64_t)values[i - 1] != step) {
            return false;
        }
    }
    return true;
}

#undef COL_TYPE
#undef COL_NAME
