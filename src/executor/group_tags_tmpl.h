/* SPDX-License-Identifier: MIT */
/*
 * Reads an integer key column into 64-bit tags. Included by group_layout.c once per type with
 *   GROUP_NAME   the function's name
 *   GROUP_TYPE   the C type of the values
 */

static void GROUP_NAME(const rz_view *view, const rz_sel *sel, uint64_t *tags)
{
    const GROUP_TYPE *data = (const GROUP_TYPE *)view->data;
    if (view->index == NULL && sel->rows == NULL) {
        for (uint32_t i = 0; i < sel->count; i++) {
            tags[i] = (uint64_t)(int64_t)data[i];
        }
        return;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        tags[i] = (uint64_t)(int64_t)data[rz_view_at(view, rz_sel_at(sel, i))];
    }
}
#undef GROUP_NAME
#undef GROUP_TYPE
