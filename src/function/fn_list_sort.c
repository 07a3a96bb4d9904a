/* SPDX-License-Identifier: MIT */
/*
 * list_sort and list_reverse_sort (dialect §13.4): NULLs come first in both directions unless said otherwise.
 *
 * Elements are sorted as numbers of rows, with a merge sort: stable, no recursion, n log n comparisons whatever the
 * input.
 */
#include "function/fn.h"

typedef struct list_order {
    bool descending;
    bool nulls_last;
} list_order;

static ruzu_status list_read_order(const rz_string *direction, const rz_string *nulls, list_order *out, rz_error *err)
{
    if (direction != NULL) {
        bool ascending = rz_name_equal_n(rz_string_data(direction), direction->length, "ASC", 3);
        out->descending = rz_name_equal_n(rz_string_data(direction), direction->length, "DESC", 4);
        if (!ascending && !out->descending) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "Invalid sortOrder");
        }
    }
    if (nulls != NULL) {
        bool first = rz_name_equal_n(rz_string_data(nulls), nulls->length, "NULLS FIRST", 11);
        out->nulls_last = rz_name_equal_n(rz_string_data(nulls), nulls->length, "NULLS LAST", 10);
        if (!first && !out->nulls_last) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "Invalid nullOrder");
        }
    }
    return RUZU_OK;
}

#define LIST_COMPARE(type)                                \
    {                                                     \
        const type *data = (const type *)elements->data;  \
        return (data[a] > data[b]) - (data[a] < data[b]); \
    }

static int list_compare(const rz_vec *elements, uint32_t a, uint32_t b)
{
    switch ((int)elements->type->physical) {
    case RZ_PHYS_INT32: LIST_COMPARE(int32_t)
    case RZ_PHYS_INT64: LIST_COMPARE(int64_t)
    case RZ_PHYS_STRING:
        return rz_string_compare(&((const rz_string *)elements->data)[a], &((const rz_string *)elements->data)[b]);
    default: return rz_vec_compare(elements, a, elements, b);
    }
}
#undef LIST_COMPARE

/* Sorts rows[0 … count), none of them NULL; spare has the same room. */
static ruzu_status list_merge_sort(const rz_vec *elements, bool descending, uint32_t *rows, uint32_t *spare,
                                   uint32_t count, const rz_fn_context *context, rz_error *err)
{
    int wanted = descending ? -1 : 1;
    uint32_t *from = rows;
    uint32_t *to = spare;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t start = 0; start < count; start += 2 * width) {
            uint64_t left = start;
            uint64_t middle = start + width < count ? start + width : count;
            uint64_t right = middle;
            uint64_t end = start + 2 * width < count ? start + 2 * width : count;
            for (uint64_t i = start; i < end; i++) {
                if (i % RZ_FN_POLL == 0) {
                    RZ_TRY(rz_fn_check_interrupt(context, err));
                }
                bool take_left =
                    left < middle && (right >= end || list_compare(elements, from[left], from[right]) * wanted <= 0);
                to[i] = take_left ? from[left++] : from[right++];
            }
        }
        uint32_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != rows) {
        memcpy(rows, from, (size_t)count * sizeof *rows);
    }
    return RUZU_OK;
}

/* Rows of the elements of a list in order: NULLs, then the others, or the other way round. */
static ruzu_status list_order_elements(const rz_vec *elements, rz_list_entry list, list_order order, uint32_t *rows,
                                       uint32_t *spare, const rz_fn_context *context, rz_error *err)
{
    uint32_t null_count = 0;
    for (uint32_t i = 0; i < list.length; i++) {
        null_count += rz_vec_is_null(elements, list.offset + i);
    }
    uint32_t next_null = order.nulls_last ? list.length - null_count : 0;
    uint32_t first_value = order.nulls_last ? 0 : null_count;
    uint32_t next_value = first_value;
    for (uint32_t i = 0; i < list.length; i++) {
        bool is_null = rz_vec_is_null(elements, list.offset + i);
        rows[is_null ? next_null++ : next_value++] = list.offset + i;
    }
    return list_merge_sort(elements, order.descending, rows + first_value, spare, list.length - null_count, context,
                           err);
}

static ruzu_status list_sort_rows(bool reverse, const rz_fn_bound *bound, rz_fn_context *context,
                                  const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader lists = rz_fn_read(args[0]);
    uint32_t order_arg = reverse ? 0 : 1; /* list_reverse_sort has no direction */
    uint32_t nulls_arg = order_arg + 1;
    rz_fn_reader directions = rz_fn_read(args[bound->arg_count > order_arg ? order_arg : 0]);
    rz_fn_reader nulls = rz_fn_read(args[bound->arg_count > nulls_arg ? nulls_arg : 0]);
    uint32_t longest = 0;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t length = RZ_FN_GET(rz_list_entry, lists, rz_sel_at(sel, idx)).length;
        longest = length > longest ? length : longest;
    }
    uint32_t *rows = RZ_NEW_ARRAY(context->scratch, uint32_t, (size_t)longest + 1);
    RZ_TRY_ALLOC(rows, err, "sorting a list");
    uint32_t *spare = RZ_NEW_ARRAY(context->scratch, uint32_t, (size_t)longest + 1);
    RZ_TRY_ALLOC(spare, err, "sorting a list");
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        list_order order = {reverse, false};
        const rz_string *direction =
            !reverse && bound->arg_count > order_arg ? &RZ_FN_GET(rz_string, directions, row) : NULL;
        const rz_string *null_order = bound->arg_count > nulls_arg ? &RZ_FN_GET(rz_string, nulls, row) : NULL;
        RZ_TRY(list_read_order(direction, null_order, &order, err));
        RZ_TRY(list_order_elements(rz_fn_elements(&lists), list, order, rows, spare, context, err));
        uint32_t offset;
        RZ_TRY(rz_vec_list_reserve(out, list.length, &offset, err));
        rz_list_entry entry = {offset, list.length};
        ((rz_list_entry *)out->data)[row] = entry;
        for (uint32_t i = 0; i < list.length; i++) {
            if (i % RZ_FN_POLL == 0) {
                RZ_TRY(rz_fn_check_interrupt(context, err));
            }
            RZ_TRY(rz_fn_copy_row(out->children[0], offset + i, rz_fn_elements(&lists), rows[i], err));
        }
    }
    return RUZU_OK;
}

static ruzu_status list_sort(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return list_sort_rows(false, bound, context, args, sel, out, err);
}

static ruzu_status list_reverse_sort(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                     const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return list_sort_rows(true, bound, context, args, sel, out, err);
}

static ruzu_status list_bind_sort(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                  rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    out->result = rz_type_list(arena, rz_fn_element_type(out->arg_types[0]));
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static const rz_fn_def list_sort_defs[] = {
    RZ_FN_BIND("LIST_REVERSE_SORT", 0, list_reverse_sort, list_bind_sort, LIST, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_REVERSE_SORT", RZ_FN_CAN_FAIL, list_reverse_sort, list_bind_sort, LIST, RZ_P2(LIST, STRING)),
    RZ_FN_BIND("LIST_SORT", 0, list_sort, list_bind_sort, LIST, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_SORT", RZ_FN_CAN_FAIL, list_sort, list_bind_sort, LIST, RZ_P2(LIST, STRING)),
    RZ_FN_BIND("LIST_SORT", RZ_FN_CAN_FAIL, list_sort, list_bind_sort, LIST, RZ_P3(LIST, STRING, STRING)),
};

RZ_FN_GROUP(rz_fn_list_sort_group, list_sort_defs);
