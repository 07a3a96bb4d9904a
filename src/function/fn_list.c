/* SPDX-License-Identifier: MIT */
/*
 * Functions that look into lists (dialect §13.4): elements, slices, membership, distinct elements, text. ARRAYs are
 * taken like LISTs, mostly MAPs too.
 */
#include "function/fn.h"

/* ---- size, elements ---- */

#define RZ_U_NAME     list_size
#define RZ_U_IN       rz_list_entry
#define RZ_U_OUT      int64_t
#define RZ_U_OP(a, r) (*(r) = (a).length, 0u)
#include "function/fn_unary_tmpl.h"

#define RZ_U_NAME     list_is_empty
#define RZ_U_IN       rz_list_entry
#define RZ_U_OUT      uint8_t
#define RZ_U_OP(a, r) (*(r) = (a).length == 0, 0u)
#include "function/fn_unary_tmpl.h"

static ruzu_status list_extract(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader lists = rz_fn_read(args[0]);
    rz_fn_reader positions = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        int64_t position = RZ_FN_GET(int64_t, positions, row);
        if (position == 0) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "List extract takes 1-based position.");
        }
        int64_t element = position > 0 ? position - 1 : (int64_t)list.length + position;
        if (position < -(int64_t)list.length || element >= list.length) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "list_extract(list, index): index=%lld is out of range.",
                                (long long)position);
        }
        RZ_TRY(rz_fn_copy_row(out, row, rz_fn_elements(&lists), list.offset + (uint32_t)element, err));
    }
    return RUZU_OK;
}

/* The first or last element, NULL of an empty list. */
static ruzu_status list_end(bool last, const rz_vec *lists_vec, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader lists = rz_fn_read(lists_vec);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        if (list.length == 0) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(rz_fn_copy_row(out, row, rz_fn_elements(&lists), last ? list.offset + list.length - 1 : list.offset,
                                  err));
        }
    }
    return RUZU_OK;
}

static ruzu_status list_head(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return list_end(false, args[0], sel, out, err);
}

static ruzu_status list_last(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return list_end(true, args[0], sel, out, err);
}

static ruzu_status list_any_value(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader lists = rz_fn_read(args[0]);
    const rz_vec *elements = rz_fn_elements(&lists);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        uint32_t i = 0;
        while (i < list.length && rz_vec_is_null(elements, list.offset + i)) {
            i++;
        }
        if (i == list.length) {
            rz_vec_set_null(out, row);
        } else {
            RZ_TRY(rz_fn_copy_row(out, row, elements, list.offset + i, err));
        }
    }
    return RUZU_OK;
}

/* ---- parts ---- */

/* Row of out becomes elements first … first + length - 1 of a list. */
static ruzu_status list_put_run(rz_vec *out, uint32_t row, const rz_vec *elements, uint32_t first, uint32_t length,
                                rz_fn_context *context, rz_error *err)
{
    uint32_t offset;
    RZ_TRY(rz_vec_list_reserve(out, length, &offset, err));
    rz_list_entry entry = {offset, length};
    ((rz_list_entry *)out->data)[row] = entry;
    return rz_fn_copy_run(out->children[0], offset, elements, first, length, context->scratch, err);
}

static ruzu_status list_slice(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                              const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader lists = rz_fn_read(args[0]);
    rz_fn_reader begins = rz_fn_read(args[1]);
    rz_fn_reader ends = rz_fn_read(args[2]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        int64_t first, last;
        rz_fn_slice_bounds(list.length, RZ_FN_GET(int64_t, begins, row), RZ_FN_GET(int64_t, ends, row), &first, &last);
        RZ_TRY(list_put_run(out, row, rz_fn_elements(&lists), list.offset + (uint32_t)first - 1,
                            (uint32_t)(last - first + 1), context, err));
    }
    return RUZU_OK;
}

static ruzu_status list_tail(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                             const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader lists = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        RZ_TRY(list_put_run(out, row, rz_fn_elements(&lists), list.offset + 1, list.length == 0 ? 0 : list.length - 1,
                            context, err));
    }
    return RUZU_OK;
}

/* Row of out becomes the elements at picks[0 … count). */
static ruzu_status list_put_picks(rz_vec *out, uint32_t row, const rz_vec *elements, const uint32_t *picks,
                                  uint32_t count, rz_error *err)
{
    uint32_t offset;
    RZ_TRY(rz_vec_list_reserve(out, count, &offset, err));
    rz_list_entry entry = {offset, count};
    ((rz_list_entry *)out->data)[row] = entry;
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_fn_copy_row(out->children[0], offset + i, elements, picks[i], err));
    }
    return RUZU_OK;
}

/* Room for the elements of the longest selected list. */
static ruzu_status list_new_picks(const rz_fn_reader *lists, const rz_sel *sel, rz_fn_context *context, uint32_t **out,
                                  rz_error *err)
{
    uint32_t longest = 0;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t length = RZ_FN_GET(rz_list_entry, *lists, rz_sel_at(sel, idx)).length;
        longest = length > longest ? length : longest;
    }
    *out = RZ_NEW_ARRAY(context->scratch, uint32_t, (size_t)longest + 1);
    RZ_TRY_ALLOC(*out, err, "working on lists");
    return RUZU_OK;
}

static ruzu_status list_reverse(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader lists = rz_fn_read(args[0]);
    uint32_t *picks;
    RZ_TRY(list_new_picks(&lists, sel, context, &picks, err));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        for (uint32_t i = 0; i < list.length; i++) {
            picks[i] = list.offset + list.length - 1 - i;
        }
        RZ_TRY(list_put_picks(out, row, rz_fn_elements(&lists), picks, list.length, err));
    }
    return RUZU_OK;
}

/* ---- search ---- */

#define LIST_SEARCH(type)                                                                                            \
    for (; i < list.length && ((validity != NULL && !rz_bit_get(validity, list.offset + i)) ||                       \
                               ((const type *)elements->data)[list.offset + i] != ((const type *)reader->data)[at]); \
         i++) {                                                                                                      \
    }                                                                                                                \
    break

/* Number of the first element that equals a value that is not NULL, or the list's length. */
static uint32_t list_search(const rz_vec *elements, rz_list_entry list, const rz_vec *values,
                            const rz_fn_reader *reader, uint32_t row)
{
    const uint64_t *validity = elements->validity;
    uint32_t at = rz_fn_at(reader, row);
    uint32_t i = 0;
    switch ((int)elements->type->physical) {
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: LIST_SEARCH(uint8_t);
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: LIST_SEARCH(uint16_t);
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32: LIST_SEARCH(uint32_t);
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64: LIST_SEARCH(uint64_t);
    case RZ_PHYS_INT128: LIST_SEARCH(rz_int128);
    case RZ_PHYS_FLOAT: LIST_SEARCH(float);
    case RZ_PHYS_DOUBLE: LIST_SEARCH(double);
    default:
        while (i < list.length && (rz_vec_is_null(elements, list.offset + i) ||
                                   !rz_fn_values_equal(elements, list.offset + i, values, row))) {
            i++;
        }
    }
    return i;
}
#undef LIST_SEARCH

static bool list_has_null(const rz_vec *elements, rz_list_entry list)
{
    for (uint32_t i = 0; elements->validity != NULL && i < list.length; i++) {
        if (!rz_bit_get(elements->validity, list.offset + i)) {
            return true;
        }
    }
    return false;
}

/* Three-valued: absent from a list with a NULL is NULL (dialect §20, case 5). */
static ruzu_status list_contains(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader lists = rz_fn_read(args[0]);
    rz_fn_reader values = rz_fn_read(args[1]);
    const rz_vec *elements = rz_fn_elements(&lists);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        bool found = list_search(elements, list, args[1], &values, row) < list.length;
        if (!found && list_has_null(elements, list)) {
            rz_vec_set_null(out, row);
        } else {
            ((uint8_t *)out->data)[row] = found;
        }
    }
    return rz_fn_check_interrupt(context, err);
}

/* Structs with other fields are in no list; a NULL element leaves it open. */
static ruzu_status list_contains_none(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader lists = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        ((uint8_t *)out->data)[row] = 0;
        if (list_has_null(rz_fn_elements(&lists), RZ_FN_GET(rz_list_entry, lists, row))) {
            rz_vec_set_null(out, row);
        }
    }
    return RUZU_OK;
}

static ruzu_status list_position(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader lists = rz_fn_read(args[0]);
    rz_fn_reader values = rz_fn_read(args[1]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        uint32_t found = list_search(rz_fn_elements(&lists), list, args[1], &values, row);
        ((int64_t *)out->data)[row] = found == list.length ? 0 : (int64_t)found + 1;
    }
    return rz_fn_check_interrupt(context, err);
}

/* A list of other types holds no such value. */
static ruzu_status list_position_none(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)args;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((int64_t *)out->data)[rz_sel_at(sel, idx)] = 0;
    }
    return RUZU_OK;
}

/* NULLs of the second list do not count. */
static ruzu_status list_has_all(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader lists = rz_fn_read(args[0]);
    rz_fn_reader wanted = rz_fn_read(args[1]);
    const rz_vec *values = rz_fn_elements(&wanted);
    rz_fn_reader values_reader = rz_fn_read(values);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        rz_list_entry part = RZ_FN_GET(rz_list_entry, wanted, row);
        bool all = true;
        for (uint32_t i = 0; i < part.length && all; i++) {
            uint32_t value_row = part.offset + i;
            all = rz_vec_is_null(values, value_row) ||
                  list_search(rz_fn_elements(&lists), list, values, &values_reader, value_row) < list.length;
        }
        ((uint8_t *)out->data)[row] = all;
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    return RUZU_OK;
}

/* ---- distinct elements ---- */

/* Open addressing over element numbers + 1; 0 is free. */
typedef struct list_set {
    uint32_t *slots;
    uint32_t mask;
    uint64_t *hashes; /* by element of the child vector */
    const rz_vec *elements;
} list_set;

static ruzu_status list_set_init(list_set *set, const rz_fn_reader *lists, const rz_sel *sel, rz_fn_context *context,
                                 rz_error *err)
{
    uint32_t longest = 1;
    uint32_t end = 0;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        rz_list_entry list = RZ_FN_GET(rz_list_entry, *lists, rz_sel_at(sel, idx));
        longest = list.length > longest ? list.length : longest;
        end = list.length != 0 && list.offset + list.length > end ? list.offset + list.length : end;
    }
    uint32_t capacity = 8;
    while (capacity < longest * 2u && capacity < UINT32_C(1) << 31) {
        capacity *= 2;
    }
    set->elements = rz_fn_elements(lists);
    set->mask = capacity - 1;
    set->slots = RZ_NEW_ARRAY(context->scratch, uint32_t, capacity);
    RZ_TRY_ALLOC(set->slots, err, "finding distinct elements");
    set->hashes = RZ_NEW_ARRAY(context->scratch, uint64_t, (size_t)end + 1);
    RZ_TRY_ALLOC(set->hashes, err, "finding distinct elements");
    rz_sel all = {NULL, end};
    rz_vec_hash(set->elements, &all, set->hashes, false);
    return RUZU_OK;
}

/* Notes an element; false when an equal one is there. */
static bool list_set_add(list_set *set, uint32_t element)
{
    for (uint32_t slot = (uint32_t)set->hashes[element] & set->mask;; slot = (slot + 1) & set->mask) {
        uint32_t other = set->slots[slot];
        if (other == 0) {
            set->slots[slot] = element + 1;
            return true;
        }
        if (set->hashes[other - 1] == set->hashes[element] &&
            rz_vec_equal(set->elements, other - 1, set->elements, element)) {
            return false;
        }
    }
}

/* Numbers of the distinct elements that are not NULL, in order, into picks. */
static uint32_t list_pick_distinct(list_set *set, rz_list_entry list, uint32_t *picks)
{
    uint32_t count = 0;
    memset(set->slots, 0, ((size_t)set->mask + 1) * sizeof *set->slots);
    for (uint32_t i = 0; i < list.length; i++) {
        if (!rz_vec_is_null(set->elements, list.offset + i) && list_set_add(set, list.offset + i)) {
            picks[count++] = list.offset + i;
        }
    }
    return count;
}

static ruzu_status list_distinct_rows(bool only_count, const rz_vec *const *args, rz_fn_context *context,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    rz_fn_reader lists = rz_fn_read(args[0]);
    list_set set;
    uint32_t *picks;
    RZ_TRY(list_set_init(&set, &lists, sel, context, err));
    RZ_TRY(list_new_picks(&lists, sel, context, &picks, err));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t count = list_pick_distinct(&set, RZ_FN_GET(rz_list_entry, lists, row), picks);
        if (only_count) {
            ((int64_t *)out->data)[row] = count;
        } else {
            RZ_TRY(list_put_picks(out, row, set.elements, picks, count, err));
        }
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    return RUZU_OK;
}

static ruzu_status list_distinct(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return list_distinct_rows(false, args, context, sel, out, err);
}

static ruzu_status list_unique(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                               const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return list_distinct_rows(true, args, context, sel, out, err);
}

/* ---- text ---- */

static ruzu_status list_to_string(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader separators = rz_fn_read(args[0]);
    rz_fn_reader lists = rz_fn_read(args[1]);
    ruzu_status status = RUZU_OK;
    rz_str text;
    rz_str_init(&text, context->mem);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        const rz_string *separator = &RZ_FN_GET(rz_string, separators, row);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, lists, row);
        bool first = true;
        rz_str_clear(&text);
        for (uint32_t i = 0; i < list.length; i++) {
            if (rz_vec_is_null(rz_fn_elements(&lists), list.offset + i)) {
                continue;
            }
            if (!first) {
                rz_str_append(&text, rz_string_data(separator), separator->length);
            }
            rz_text_append(rz_fn_elements(&lists), list.offset + i, &text);
            first = false;
        }
        if (text.failed) {
            status = rz_error_no_memory(err, "building a string");
            goto cleanup;
        }
        RZ_TRY_GOTO(rz_vec_set_string(out, row, rz_str_text(&text), text.length, err));
    }
cleanup:
    rz_str_free(&text);
    return status;
}

/* ---- binding ---- */

/* The result is one element. */
static ruzu_status list_bind_element(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    (void)arena;
    (void)err;
    out->result = rz_fn_element_type(out->arg_types[0]);
    return RUZU_OK;
}

/* The result is a list of the same elements. */
static ruzu_status list_bind_same(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                  rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)args;
    (void)arg_count;
    out->result = rz_type_list(arena, rz_fn_element_type(out->arg_types[0]));
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

/* Makes a list and a value comparable; NULL in *out_common when they are not. */
static ruzu_status list_bind_search(const rz_fn_arg *list, const rz_fn_arg *value, rz_arena *arena, rz_fn_bound *out,
                                    const rz_type **out_common, rz_error *err)
{
    bool open = list->type->id == RUZU_TYPE_ANY || list->open_list;
    const rz_type *element = open ? value->type : rz_fn_element_type(list->type);
    const rz_type *common = rz_type_equal(element, value->type) ? element : rz_type_common(arena, element, value->type);
    *out_common = common;
    if (common == NULL) {
        return RUZU_OK;
    }
    common = common->id == RUZU_TYPE_ANY ? RZ_INT64 : common;
    if (open || !rz_type_equal(element, common)) {
        out->arg_types[0] = rz_type_list(arena, common);
        RZ_TRY_ALLOC(out->arg_types[0], err, "binding a function");
    }
    out->arg_types[1] = rz_type_equal(value->type, common) ? value->type : common;
    return RUZU_OK;
}

static ruzu_status list_bind_contains(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                      rz_fn_bound *out, rz_error *err)
{
    static const rz_fn none = {"LIST_CONTAINS", 0, list_contains_none};
    (void)def;
    (void)arg_count;
    const rz_type *common;
    RZ_TRY(list_bind_search(&args[0], &args[1], arena, out, &common, err));
    if (common != NULL) {
        return RUZU_OK;
    }
    const rz_type *element = rz_fn_element_type(args[0].type);
    if (rz_fn_never_equal(element, args[1].type)) {
        out->fn = &none;
        return RUZU_OK;
    }
    if (args[1].type->id == RUZU_TYPE_STRING) {
        return rz_fn_fail_cast(err, arena, &args[1], element);
    }
    return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot compare %s and %s in list_contains function.",
                        rz_fn_type_text(arena, element), rz_fn_type_text(arena, args[1].type));
}

static ruzu_status list_bind_position(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                      rz_fn_bound *out, rz_error *err)
{
    static const rz_fn none = {"LIST_POSITION", 0, list_position_none};
    (void)def;
    (void)arg_count;
    const rz_type *common;
    RZ_TRY(list_bind_search(&args[0], &args[1], arena, out, &common, err));
    if (common == NULL) {
        out->fn = &none;
    }
    return RUZU_OK;
}

static ruzu_status list_bind_has_all(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    bool open_a = args[0].type->id == RUZU_TYPE_ANY || args[0].open_list;
    bool open_b = args[1].type->id == RUZU_TYPE_ANY || args[1].open_list;
    const rz_type *a = open_a ? RZ_ANY : rz_fn_element_type(args[0].type);
    const rz_type *b = open_b ? RZ_ANY : rz_fn_element_type(args[1].type);
    const rz_type *common = rz_type_common(arena, a, b);
    if (common == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot bind LIST_HAS_ALL with parameter type %s and %s.",
                            rz_fn_type_text(arena, args[0].type), rz_fn_type_text(arena, args[1].type));
    }
    const rz_type *list = rz_type_list(arena, common->id == RUZU_TYPE_ANY ? RZ_INT64 : common);
    RZ_TRY_ALLOC(list, err, "binding a function");
    for (uint32_t i = 0; i < 2; i++) {
        bool same = args[i].type->id != RUZU_TYPE_ANY && rz_type_equal(args[i].type->child, list->child);
        out->arg_types[i] = same ? args[i].type : list;
    }
    return RUZU_OK;
}

static const rz_fn_def list_defs[] = {
    RZ_FN_BIND("ARRAY_EXTRACT", RZ_FN_CAN_FAIL, list_extract, list_bind_element, ANY, RZ_P2(LIST, INT64)),
    RZ_FN_BIND("HEAD", 0, list_head, list_bind_element, ANY, RZ_P1(LIST)),
    RZ_FN("ISEMPTY", 0, list_is_empty, BOOL, RZ_P1(LIST)),
    RZ_FN("ISEMPTY", 0, list_is_empty, BOOL, RZ_P1(MAP)),
    RZ_FN_BIND("LAST", 0, list_last, list_bind_element, ANY, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_ANY_VALUE", 0, list_any_value, list_bind_element, ANY, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_CONTAINS", 0, list_contains, list_bind_contains, BOOL, RZ_P2(LIST, ANY)),
    RZ_FN_BIND("LIST_DISTINCT", 0, list_distinct, list_bind_same, LIST, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_EXTRACT", RZ_FN_CAN_FAIL, list_extract, list_bind_element, ANY, RZ_P2(LIST, INT64)),
    RZ_FN_BIND("LIST_EXTRACT", RZ_FN_CAN_FAIL, list_extract, list_bind_element, ANY, RZ_P2(ARRAY, INT64)),
    RZ_FN_BIND("LIST_HAS_ALL", 0, list_has_all, list_bind_has_all, BOOL, RZ_P2(LIST, LIST)),
    RZ_FN_BIND("LIST_POSITION", 0, list_position, list_bind_position, INT64, RZ_P2(LIST, ANY)),
    RZ_FN_BIND("LIST_REVERSE", 0, list_reverse, list_bind_same, LIST, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_SLICE", 0, list_slice, list_bind_same, LIST, RZ_P3(LIST, INT64, INT64)),
    RZ_FN("LIST_TO_STRING", 0, list_to_string, STRING, RZ_P2(STRING, LIST)),
    RZ_FN("LIST_UNIQUE", 0, list_unique, INT64, RZ_P1(LIST)),
    RZ_FN_BIND("REVERSE", 0, list_reverse, list_bind_same, LIST, RZ_P1(LIST)),
    RZ_FN("SIZE", 0, list_size, INT64, RZ_P1(LIST)),
    RZ_FN("SIZE", 0, list_size, INT64, RZ_P1(ARRAY)),
    RZ_FN("SIZE", 0, list_size, INT64, RZ_P1(MAP)),
    RZ_FN_BIND("TAIL", 0, list_tail, list_bind_same, LIST, RZ_P1(LIST)),
};

RZ_FN_GROUP(rz_fn_list_group, list_defs);
