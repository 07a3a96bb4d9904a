/* SPDX-License-Identifier: MIT */
/*
 * Functions that put lists together (dialect §13.4): constructors, concatenation, appending. ARRAYs are taken like
 * LISTs; the results are LISTs, except of array_value.
 */
#include "function/fn.h"

static ruzu_status listb_append(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err);

static const rz_fn listb_append_fn = {"+", 0, listb_append};

/* ---- binding ---- */

static ruzu_status listb_fail(rz_error *err, rz_arena *arena, const char *name, const rz_type *a, const rz_type *b)
{
    return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot bind %s with parameter type %s and %s.", name,
                        rz_fn_type_text(arena, a), rz_fn_type_text(arena, b));
}

/* Element types of untyped NULLs and of open lists do not count. */
static const rz_type *listb_known_element(const rz_fn_arg *arg)
{
    return arg->type->id == RUZU_TYPE_ANY || arg->open_list ? RZ_ANY : rz_fn_element_type(arg->type);
}

static ruzu_status listb_set_list(const rz_type *element, rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    out->result = rz_type_list(arena, element->id == RUZU_TYPE_ANY ? RZ_INT64 : element);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static ruzu_status listb_bind_creation(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                       rz_fn_bound *out, rz_error *err)
{
    (void)def;
    const rz_type *element = rz_fn_common_type(arena, args, arg_count, err);
    if (element == NULL) {
        return err == NULL || err->code == RUZU_OK ? RUZU_ERROR_BINDER : err->code;
    }
    RZ_TRY(listb_set_list(element, arena, out, err));
    for (uint32_t i = 0; i < arg_count; i++) {
        out->arg_types[i] = out->result->child;
    }
    return RUZU_OK;
}

static ruzu_status listb_bind_array_value(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                          rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    RZ_TRY(listb_bind_creation(def, args, arg_count, arena, out, err));
    out->result = rz_type_array(arena, out->result->child, arg_count);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

/* A list and an element, in the order of list_append or (element_first) of `e + list`. */
static ruzu_status listb_bind_element(const rz_fn_arg *list, const rz_fn_arg *element, const rz_type **list_type,
                                      const rz_type **element_type, rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    const rz_type *common = rz_type_common(arena, listb_known_element(list), element->type);
    if (common == NULL) {
        return listb_fail(err, arena, "LIST_APPEND", list->type, element->type);
    }
    RZ_TRY(listb_set_list(common, arena, out, err));
    bool same = list->type->id != RUZU_TYPE_ANY && rz_type_equal(list->type->child, out->result->child);
    *list_type = same ? list->type : out->result;
    *element_type = out->result->child;
    return RUZU_OK;
}

static ruzu_status listb_bind_append(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    return listb_bind_element(&args[0], &args[1], &out->arg_types[0], &out->arg_types[1], arena, out, err);
}

static ruzu_status listb_bind_concat(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    const rz_type *element = rz_type_common(arena, listb_known_element(&args[0]), listb_known_element(&args[1]));
    if (element == NULL && strcmp(def->fn.name, "+") == 0 &&
        rz_type_common(arena, listb_known_element(&args[0]), args[1].type) != NULL) {
        out->fn = &listb_append_fn; /* a list of lists takes another list as its element */
        return listb_bind_append(def, args, arg_count, arena, out, err);
    }
    if (element == NULL) {
        return listb_fail(err, arena, "LIST_CONCAT", args[0].type, args[1].type);
    }
    RZ_TRY(listb_set_list(element, arena, out, err));
    for (uint32_t i = 0; i < 2; i++) {
        bool same = args[i].type->id != RUZU_TYPE_ANY && rz_type_equal(args[i].type->child, out->result->child);
        out->arg_types[i] = same ? args[i].type : out->result;
    }
    return RUZU_OK;
}

static ruzu_status listb_bind_add_front(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count,
                                        rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    return listb_bind_element(&args[1], &args[0], &out->arg_types[1], &out->arg_types[0], arena, out, err);
}

/* ---- kernels ---- */

static ruzu_status listb_creation(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)context;
    uint32_t width = bound->arg_count;
    uint64_t total = (uint64_t)width * sel->count;
    if (total > UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A vector of lists cannot hold %llu elements.",
                            (unsigned long long)total);
    }
    uint32_t offset;
    RZ_TRY(rz_vec_list_reserve(out, (uint32_t)total, &offset, err));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        rz_list_entry entry = {offset + idx * width, width};
        ((rz_list_entry *)out->data)[rz_sel_at(sel, idx)] = entry;
    }
    for (uint32_t i = 0; i < width; i++) {
        RZ_TRY(rz_fn_copy_strided(out->children[0], offset + i, width, args[i], sel, err));
    }
    return RUZU_OK;
}

/* Reserves the elements of all rows at once: each row's length is what the callers have put into its entry. */
static ruzu_status listb_reserve(const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_list_entry *entries = (rz_list_entry *)out->data;
    uint64_t total = 0;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        total += entries[rz_sel_at(sel, idx)].length;
    }
    if (total > UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A vector of lists cannot hold %llu elements.",
                            (unsigned long long)total);
    }
    uint32_t offset;
    RZ_TRY(rz_vec_list_reserve(out, (uint32_t)total, &offset, err));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        rz_list_entry *entry = &entries[rz_sel_at(sel, idx)];
        entry->offset = offset;
        offset += entry->length;
    }
    return RUZU_OK;
}

static ruzu_status listb_concat(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    rz_fn_reader as = rz_fn_read(args[0]);
    rz_fn_reader bs = rz_fn_read(args[1]);
    rz_list_entry *entries = (rz_list_entry *)out->data;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint64_t length = (uint64_t)RZ_FN_GET(rz_list_entry, as, row).length + RZ_FN_GET(rz_list_entry, bs, row).length;
        if (length > UINT32_MAX) {
            return rz_error_set(err, RUZU_ERROR_LIMIT, "A list cannot hold %llu elements.", (unsigned long long)length);
        }
        entries[row].length = (uint32_t)length;
    }
    RZ_TRY(listb_reserve(sel, out, err));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry a = RZ_FN_GET(rz_list_entry, as, row);
        rz_list_entry b = RZ_FN_GET(rz_list_entry, bs, row);
        RZ_TRY(rz_fn_copy_run(out->children[0], entries[row].offset, rz_fn_elements(&as), a.offset, a.length,
                              context->scratch, err));
        RZ_TRY(rz_fn_copy_run(out->children[0], entries[row].offset + a.length, rz_fn_elements(&bs), b.offset, b.length,
                              context->scratch, err));
    }
    return RUZU_OK;
}

static ruzu_status listb_add_element(bool front, const rz_vec *lists, const rz_vec *values, rz_fn_context *context,
                                     const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader reader = rz_fn_read(lists);
    rz_list_entry *entries = (rz_list_entry *)out->data;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        entries[row].length = RZ_FN_GET(rz_list_entry, reader, row).length + 1;
    }
    RZ_TRY(listb_reserve(sel, out, err));
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list = RZ_FN_GET(rz_list_entry, reader, row);
        uint32_t start = entries[row].offset;
        RZ_TRY(rz_fn_copy_run(out->children[0], start + (front ? 1 : 0), rz_fn_elements(&reader), list.offset,
                              list.length, context->scratch, err));
        RZ_TRY(rz_fn_copy_row(out->children[0], start + (front ? 0 : list.length), values, row, err));
    }
    return RUZU_OK;
}

static ruzu_status listb_append(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return listb_add_element(false, args[0], args[1], context, sel, out, err);
}

static ruzu_status listb_prepend(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return listb_add_element(true, args[0], args[1], context, sel, out, err);
}

static ruzu_status listb_add_front(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                   const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return listb_add_element(true, args[1], args[0], context, sel, out, err);
}

static const rz_fn_def listb_defs[] = {
    RZ_FN_BIND("+", 0, listb_concat, listb_bind_concat, LIST, RZ_P2(LIST, LIST)),
    RZ_FN_BIND("+", 0, listb_append, listb_bind_append, LIST, RZ_P2(LIST, ANY)),
    RZ_FN_BIND("+", 0, listb_add_front, listb_bind_add_front, LIST, RZ_P2(ANY, LIST)),
    RZ_FN_BIND("||", 0, listb_concat, listb_bind_concat, LIST, RZ_P2(LIST, LIST)),
    RZ_FN_VARIADIC("ARRAY_VALUE", RZ_FN_NULL_AWARE, listb_creation, listb_bind_array_value, ARRAY, RZ_P1(ANY)),
    RZ_FN_BIND("LIST_APPEND", 0, listb_append, listb_bind_append, LIST, RZ_P2(LIST, ANY)),
    RZ_FN_BIND("LIST_CONCAT", 0, listb_concat, listb_bind_concat, LIST, RZ_P2(LIST, LIST)),
    RZ_FN_VARIADIC("LIST_CREATION", RZ_FN_NULL_AWARE, listb_creation, listb_bind_creation, LIST, RZ_P1(ANY)),
    RZ_FN_BIND("LIST_CREATION", 0, listb_creation, listb_bind_creation, LIST, RZ_P0()),
    RZ_FN_BIND("LIST_PREPEND", 0, listb_prepend, listb_bind_append, LIST, RZ_P2(LIST, ANY)),
};

RZ_FN_GROUP(rz_fn_list_build_group, listb_defs);
