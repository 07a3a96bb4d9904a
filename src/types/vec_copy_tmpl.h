/* SPDX-License-Identifier: MIT */
/*
 * Loops that move values of one size. Included by vec_copy.c once per size with
 *   COPY_NAME(stem)  the function's name for a stem
 *   COPY_TYPE        a C type of the size
 */

/* out[i] = in[at[i]] */
static void COPY_NAME(vec_pick)(COPY_TYPE *RZ_RESTRICT out, const COPY_TYPE *RZ_RESTRICT in, const uint32_t *RZ_RESTRICT at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = in[at[i]];
    }
}

/* out[row] = in[index[row]] for the selected rows */
static void COPY_NAME(vec_spread)(COPY_TYPE *RZ_RESTRICT out, const COPY_TYPE *RZ_RESTRICT in, const uint32_t *RZ_RESTRICT index,
                                  const rz_sel *sel)
{
    if (sel->rows == NULL) {
        COPY_NAME(vec_pick)(out, in, index, sel->count);
        return;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = sel->rows[i];
        out[row] = in[index[row]];
    }
}

/* out[row] = *in for the selected rows; in may be out. */
static void COPY_NAME(vec_fill)(COPY_TYPE *out, const COPY_TYPE *in, const rz_sel *sel)
{
    COPY_TYPE value = *in;
    if (sel->rows == NULL) {
        for (uint32_t i = 0; i < sel->count; i++) {
            out[i] = value;
        }
        return;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        out[sel->rows[i]] = value;
    }
}

#undef COPY_NAME
#undef COPY_TYPE
