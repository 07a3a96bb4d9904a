/* SPDX-License-Identifier: MIT */
/*
 * Template of the vector mathematics of one floating-point type: array_inner_S, array_squared_S, array_cosine_S over n
 * elements each. Parameters, undefined at the end: RZ_A_T the C type, RZ_A_S the suffix S, RZ_A_SQRT its square root.
 *
 * Sums go through ARRAY_LANES partial sums, so that the loops vectorise without reordering what the compiler must not.
 */
#define ARRAY_JOIN2(a, b) a##b
#define ARRAY_JOIN(a, b)  ARRAY_JOIN2(a, b)
#define ARRAY_NAME(stem)  ARRAY_JOIN(stem, RZ_A_S)

static RZ_A_T ARRAY_NAME(array_total_)(const RZ_A_T *lanes)
{
    RZ_A_T total = 0;
    for (uint32_t i = 0; i < ARRAY_LANES; i++) {
        total += lanes[i];
    }
    return total;
}

static RZ_A_T ARRAY_NAME(array_inner_)(const RZ_A_T *a, const RZ_A_T *b, uint32_t n)
{
    RZ_A_T lanes[ARRAY_LANES] = {0};
    uint32_t i = 0;
    for (; i + ARRAY_LANES <= n; i += ARRAY_LANES) {
        for (uint32_t j = 0; j < ARRAY_LANES; j++) {
            lanes[j] += a[i + j] * b[i + j];
        }
    }
    for (; i < n; i++) {
        lanes[i % ARRAY_LANES] += a[i] * b[i];
    }
    return ARRAY_NAME(array_total_)(lanes);
}

static RZ_A_T ARRAY_NAME(array_squared_)(const RZ_A_T *a, const RZ_A_T *b, uint32_t n)
{
    RZ_A_T lanes[ARRAY_LANES] = {0};
    uint32_t i = 0;
    for (; i + ARRAY_LANES <= n; i += ARRAY_LANES) {
        for (uint32_t j = 0; j < ARRAY_LANES; j++) {
            RZ_A_T difference = a[i + j] - b[i + j];
            lanes[j] += difference * difference;
        }
    }
    for (; i < n; i++) {
        lanes[i % ARRAY_LANES] += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return ARRAY_NAME(array_total_)(lanes);
}

/* 0 when one of them has no direction. */
static RZ_A_T ARRAY_NAME(array_cosine_)(const RZ_A_T *a, const RZ_A_T *b, uint32_t n)
{
    RZ_A_T lengths = RZ_A_SQRT(ARRAY_NAME(array_inner_)(a, a, n)) * RZ_A_SQRT(ARRAY_NAME(array_inner_)(b, b, n));
    return lengths > 0 ? ARRAY_NAME(array_inner_)(a, b, n) / lengths : 0;
}

static RZ_A_T ARRAY_NAME(array_distance_)(const RZ_A_T *a, const RZ_A_T *b, uint32_t n)
{
    return RZ_A_SQRT(ARRAY_NAME(array_squared_)(a, b, n));
}

#undef ARRAY_JOIN2
#undef ARRAY_JOIN
#undef ARRAY_NAME
#undef RZ_A_T
#undef RZ_A_S
#undef RZ_A_SQRT
