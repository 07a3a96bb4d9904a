/* SPDX-License-Identifier: MIT */
/*
 * Loops over values of one size, instantiated by kernels.c for 1, 2, 4 and 8 bytes. Parameters, undefined at the end:
 *   COL_TYPE  unsigned C type of that size        COL_NAME(stem)  the name of the function for this size
 */

static void COL_NAME(narrow)(const uint64_t *RZ_RESTRICT values, uint32_t count, COL_TYPE *RZ_RESTRICT out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (COL_TYPE)values[i];
    }
}

static void COL_NAME(narrow_u32)(const uint32_t *RZ_RESTRICT values, uint32_t count, COL_TYPE *RZ_RESTRICT out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (COL_TYPE)values[i];
    }
}

static void COL_NAME(scatter)(const uint64_t *RZ_RESTRICT values, const uint32_t *rows, uint32_t count, COL_TYPE *RZ_RESTRICT out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[rows[i]] = (COL_TYPE)values[i];
    }
}

static void COL_NAME(pick)(const COL_TYPE *RZ_RESTRICT values, const uint32_t *rows, uint32_t count, COL_TYPE *RZ_RESTRICT out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = values[rows[i]];
    }
}

static void COL_NAME(fill)(COL_TYPE value, uint64_t count, COL_TYPE *out)
{
    for (uint64_t i = 0; i < count; i++) {
        out[i] = value;
    }
}

/* Positions i > 0 whose value differs from the one before, plus one. */
static uint64_t COL_NAME(runs)(const COL_TYPE *values, uint64_t count)
{
    uint64_t runs = 1;
    for (uint64_t i = 1; i < count; i++) {
        runs += values[i] != values[i - 1];
    }
    return runs;
}

#undef COL_TYPE
#undef COL_NAME
