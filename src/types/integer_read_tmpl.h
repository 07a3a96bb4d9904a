/* SPDX-License-Identifier: MIT */
/*
 * Reads integers of one width into 64 bits. Included by integer.c once per width with
 *   READ_NAME   the function's name
 *   READ_TYPE   the C type of the values
 */

static void READ_NAME(const rz_view *view, const rz_sel *sel, uint32_t first, uint32_t count, int64_t *RZ_RESTRICT out)
{
    const READ_TYPE *RZ_RESTRICT data = (const READ_TYPE *)view->data;
    if (view->index == NULL && sel->rows == NULL) {
        data += first;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = (int64_t)data[i];
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int64_t)data[rz_view_at(view, rz_sel_at(sel, first + i))];
    }
}
#undef READ_NAME
#undef READ_TYPE
