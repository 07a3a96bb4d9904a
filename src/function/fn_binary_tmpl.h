/* SPDX-License-Identifier: MIT */
/*
 * Template of a kernel of two arguments of fixed size. Parameters, undefined at the end:
 *
 *   RZ_B_NAME            the function to define
 *   RZ_B_A, RZ_B_B       C types of the arguments
 *   RZ_B_OUT             C type of the result
 *   RZ_B_OP(a, b, r)     stores the result through r; non-zero when it fails (constant 0 when it cannot)
 *   RZ_B_BAD             unsigned type that collects what RZ_B_OP gives: as wide as the values, so that the loops
 * vectorise RZ_B_FAIL(a, b, err) raises the error of the first failing row; only for kernels that can fail
 *
 * The loops without selection compute all rows and look at the failures afterwards, once.
 */
static ruzu_status RZ_B_NAME(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader_a = rz_fn_read(args[0]);
    rz_fn_reader reader_b = rz_fn_read(args[1]);
    const RZ_B_A *a = (const RZ_B_A *)reader_a.data;
    const RZ_B_B *b = (const RZ_B_B *)reader_b.data;
    RZ_B_OUT *RZ_RESTRICT result = (RZ_B_OUT *)out->data;
    RZ_B_BAD bad = 0;
    uint32_t count = sel->count;
    if (count == 0) {
        return RUZU_OK;
    }
    switch (rz_fn_shape_of(args[0], args[1], sel)) {
    case RZ_FN_FLAT_FLAT:
        for (uint32_t i = 0; i < count; i++) {
            bad = (RZ_B_BAD)(bad | RZ_B_OP(a[i], b[i], &result[i]));
        }
        break;
    case RZ_FN_FLAT_CONSTANT: {
        RZ_B_B constant = b[0];
        for (uint32_t i = 0; i < count; i++) {
            bad = (RZ_B_BAD)(bad | RZ_B_OP(a[i], constant, &result[i]));
        }
        break;
    }
    case RZ_FN_CONSTANT_FLAT: {
        RZ_B_A constant = a[0];
        for (uint32_t i = 0; i < count; i++) {
            bad = (RZ_B_BAD)(bad | RZ_B_OP(constant, b[i], &result[i]));
        }
        break;
    }
    case RZ_FN_GENERAL:
        for (uint32_t idx = 0; idx < count; idx++) {
            uint32_t row = rz_sel_at(sel, idx);
            bad = (RZ_B_BAD)(bad | RZ_B_OP(a[rz_fn_at(&reader_a, row)], b[rz_fn_at(&reader_b, row)], &result[row]));
        }
        break;
    }
#ifdef RZ_B_FAIL
    for (uint32_t idx = 0; RZ_UNLIKELY(bad != 0) && idx < count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_B_A value_a = a[rz_fn_at(&reader_a, row)];
        RZ_B_B value_b = b[rz_fn_at(&reader_b, row)];
        RZ_B_OUT ignored;
        if (RZ_B_OP(value_a, value_b, &ignored) != 0) {
            return RZ_B_FAIL(value_a, value_b, err);
        }
    }
#else
    (void)bad;
#endif
    return RUZU_OK;
}
#undef RZ_B_NAME
#undef RZ_B_A
#undef RZ_B_B
#undef RZ_B_OUT
#undef RZ_B_OP
#undef RZ_B_BAD
#undef RZ_B_FAIL
