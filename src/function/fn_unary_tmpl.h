/* SPDX-License-Identifier: MIT */
/*
 * Template of a kernel of one argument of fixed size. Parameters, undefined at the end:
 *
 *   RZ_U_NAME         the function to define
 *   RZ_U_IN, RZ_U_OUT C types of argument and result
 *   RZ_U_OP(a, r)     stores the result through r; non-zero when it fails (constant 0 when it cannot)
 *   RZ_U_FAIL(a, err) raises the error of the first failing row; only for kernels that can fail
 */
static ruzu_status RZ_U_NAME(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader reader = rz_fn_read(args[0]);
    const RZ_U_IN *a = (const RZ_U_IN *)reader.data;
    RZ_U_OUT *RZ_RESTRICT result = (RZ_U_OUT *)out->data;
    unsigned bad = 0;
    if (sel->rows == NULL && args[0]->kind == RZ_VEC_FLAT) {
        for (uint32_t i = 0; i < sel->count; i++) {
            bad |= RZ_U_OP(a[i], &result[i]);
        }
    } else {
        for (uint32_t idx = 0; idx < sel->count; idx++) {
            uint32_t row = rz_sel_at(sel, idx);
            bad |= RZ_U_OP(a[rz_fn_at(&reader, row)], &result[row]);
        }
    }
#ifdef RZ_U_FAIL
    for (uint32_t idx = 0; RZ_UNLIKELY(bad != 0) && idx < sel->count; idx++) {
        RZ_U_IN value = a[rz_fn_at(&reader, rz_sel_at(sel, idx))];
        RZ_U_OUT ignored;
        if (RZ_U_OP(value, &ignored) != 0) {
            return RZ_U_FAIL(value, err);
        }
    }
#else
    (void)bad;
#endif
    return RUZU_OK;
}
#undef RZ_U_NAME
#undef RZ_U_IN
#undef RZ_U_OUT
#undef RZ_U_OP
#undef RZ_U_FAIL
