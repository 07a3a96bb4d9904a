/* SPDX-License-Identifier: MIT */
/*
 * Template of the vector mathematics of one floating-point type: kernels
 * array_run_{inner,squared,distance,cosine,cross}_S over n elements each. Parameters, undefined at the end: RZ_A_T the
 * C type, RZ_A_S the suffix S, RZ_A_SQRT its square root.
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

/* The rows of one kernel; inlined with its function, so that no pointer is left. */
RZ_FORCE_INLINE ruzu_status ARRAY_NAME(array_rows_)(RZ_A_T (*compute)(const RZ_A_T *a, const RZ_A_T *b, uint32_t n),
                                                    const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                                    rz_error *err)
{
    rz_fn_reader as = rz_fn_read(args[0]);
    rz_fn_reader bs = rz_fn_read(args[1]);
    const rz_vec *a_elements = rz_fn_elements(&as);
    const rz_vec *b_elements = rz_fn_elements(&bs);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry a = RZ_FN_GET(rz_list_entry, as, row);
        rz_list_entry b = RZ_FN_GET(rz_list_entry, bs, row);
        if (a.length != b.length) {
            return array_fail_length(a.length, b.length, err);
        }
        if (!array_is_full(a_elements, a) || !array_is_full(b_elements, b)) {
            rz_vec_set_null(out, row);
            continue;
        }
        const RZ_A_T *a_data = (const RZ_A_T *)a_elements->data + a.offset;
        const RZ_A_T *b_data = (const RZ_A_T *)b_elements->data + b.offset;
        ((RZ_A_T *)out->data)[row] = compute(a_data, b_data, a.length);
    }
    return RUZU_OK;
}

#define ARRAY_KERNEL(op)                                                                                        \
    static ruzu_status ARRAY_NAME(array_run_##op##_)(const rz_fn_bound *bound, rz_fn_context *context,          \
                                                     const rz_vec *const *args, const rz_sel *sel, rz_vec *out, \
                                                     rz_error *err)                                             \
    {                                                                                                           \
        (void)bound;                                                                                            \
        (void)context;                                                                                          \
        return ARRAY_NAME(array_rows_)(ARRAY_NAME(array_##op##_), args, sel, out, err);                         \
    }
ARRAY_KERNEL(inner)
ARRAY_KERNEL(squared)
ARRAY_KERNEL(distance)
ARRAY_KERNEL(cosine)
#undef ARRAY_KERNEL

/* Three elements are reserved for each selected row. */
static ruzu_status ARRAY_NAME(array_run_cross_)(const rz_fn_bound *bound, rz_fn_context *context,
                                                const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                                rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader as = rz_fn_read(args[0]);
    rz_fn_reader bs = rz_fn_read(args[1]);
    uint32_t offset;
    RZ_TRY(rz_vec_list_reserve(out, 3 * sel->count, &offset, err));
    RZ_A_T *result = (RZ_A_T *)out->children[0]->data;
    memset(result + offset, 0, (size_t)sel->count * 3 * sizeof(RZ_A_T));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry a = RZ_FN_GET(rz_list_entry, as, row);
        rz_list_entry b = RZ_FN_GET(rz_list_entry, bs, row);
        rz_list_entry entry = {offset + 3 * idx, 3};
        ((rz_list_entry *)out->data)[row] = entry;
        if (a.length != 3 || b.length != 3) {
            return array_fail_length(3, a.length != 3 ? a.length : b.length, err);
        }
        if (!array_is_full(rz_fn_elements(&as), a) || !array_is_full(rz_fn_elements(&bs), b)) {
            rz_vec_set_null(out, row);
            continue;
        }
        const RZ_A_T *x = (const RZ_A_T *)rz_fn_elements(&as)->data + a.offset;
        const RZ_A_T *y = (const RZ_A_T *)rz_fn_elements(&bs)->data + b.offset;
        for (uint32_t i = 0; i < 3; i++) {
            result[entry.offset + i] = x[(i + 1) % 3] * y[(i + 2) % 3] - x[(i + 2) % 3] * y[(i + 1) % 3];
        }
    }
    return RUZU_OK;
}

#undef ARRAY_JOIN2
#undef ARRAY_JOIN
#undef ARRAY_NAME
#undef RZ_A_T
#undef RZ_A_S
#undef RZ_A_SQRT
