/* SPDX-License-Identifier: MIT */
/*
 * Functions of paths and internal ids (dialect §13.9) that need no table: a path is a struct of two lists, nodes and
 * relationships. What needs labels or properties is the binder's (fn_rewrite.c).
 */
#include "function/fn.h"

static ruzu_status path_fn_part(uint32_t part, const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader paths = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(rz_fn_copy_row(out, row, paths.base->children[part], rz_fn_at(&paths, row), err));
    }
    return RUZU_OK;
}

static ruzu_status path_fn_nodes(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return path_fn_part(0, args, sel, out, err);
}

static ruzu_status path_fn_rels(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return path_fn_part(1, args, sel, out, err);
}

static ruzu_status path_fn_bind_part(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                     rz_fn_bound *out, rz_error *err)
{
    (void)arg_count;
    (void)arena;
    (void)err;
    if (args[0].type->id == RUZU_TYPE_RECURSIVE_REL && args[0].type->field_count >= 2) {
        out->result = args[0].type->fields[def->fn.name[0] == 'N' ? 0 : 1].type;
    }
    return RUZU_OK;
}

/* The list of a path's parts in a row. */
static const rz_vec *path_fn_list(const rz_fn_reader *paths, uint32_t part, uint32_t row, rz_list_entry *out_list)
{
    rz_fn_reader lists = rz_fn_read(paths->base->children[part]);
    *out_list = RZ_FN_GET(rz_list_entry, lists, rz_fn_at(paths, row));
    return rz_fn_elements(&lists);
}

static ruzu_status path_fn_length(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    rz_fn_reader paths = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry rels;
        (void)path_fn_list(&paths, 1, row, &rels);
        ((int64_t *)out->data)[row] = rels.length;
    }
    return RUZU_OK;
}

/* True where no part occurs twice. Paths are short: quadratic. */
static ruzu_status path_fn_all_different(uint32_t part, rz_fn_context *context, const rz_vec *const *args,
                                         const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader paths = rz_fn_read(args[0]);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        rz_list_entry list;
        const rz_vec *elements = path_fn_list(&paths, part, row, &list);
        bool different = true;
        for (uint32_t i = 1; i < list.length && different; i++) {
            for (uint32_t j = 0; j < i && different; j++) {
                different = !rz_vec_equal(elements, list.offset + i, elements, list.offset + j);
            }
        }
        ((uint8_t *)out->data)[row] = different;
        RZ_TRY(rz_fn_check_interrupt(context, err));
    }
    return RUZU_OK;
}

static ruzu_status path_fn_is_trail(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                    const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return path_fn_all_different(1, context, args, sel, out, err);
}

static ruzu_status path_fn_is_acyclic(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                      const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return path_fn_all_different(0, context, args, sel, out, err);
}

/* ---- internal ids ---- */

#define RZ_U_NAME     path_fn_offset
#define RZ_U_IN       rz_id
#define RZ_U_OUT      int64_t
#define RZ_U_OP(a, r) (*(r) = (int64_t)rz_id_offset(a), 0u)
#include "function/fn_unary_tmpl.h"

static unsigned path_fn_make_id(int64_t table, int64_t offset, rz_id *out)
{
    bool bad = table < 0 || table > RZ_ID_MAX_TABLE || offset < 0 || (uint64_t)offset > RZ_ID_OFFSET_MASK;
    *out = bad ? 0 : rz_id_make((uint32_t)table, (uint64_t)offset);
    return bad;
}

#define RZ_B_NAME path_fn_internal_id
#define RZ_B_A    int64_t
#define RZ_B_B    int64_t
#define RZ_B_OUT  rz_id
#define RZ_B_BAD  uint32_t
#define RZ_B_OP   path_fn_make_id
#define RZ_B_FAIL(a, b, err) \
    rz_error_set(err, RUZU_ERROR_OVERFLOW, "%lld:%lld is not an internal id.", (long long)(a), (long long)(b))
#include "function/fn_binary_tmpl.h"

static const rz_fn_def path_fn_defs[] = {
    RZ_FN("INTERNAL_ID", RZ_FN_CAN_FAIL, path_fn_internal_id, INTERNAL_ID, RZ_P2(INT64, INT64)),
    RZ_FN("IS_ACYCLIC", 0, path_fn_is_acyclic, BOOL, RZ_P1(RECURSIVE_REL)),
    RZ_FN("IS_TRAIL", 0, path_fn_is_trail, BOOL, RZ_P1(RECURSIVE_REL)),
    RZ_FN("LENGTH", 0, path_fn_length, INT64, RZ_P1(RECURSIVE_REL)),
    RZ_FN_BIND("NODES", 0, path_fn_nodes, path_fn_bind_part, ANY, RZ_P1(RECURSIVE_REL)),
    RZ_FN("OFFSET", 0, path_fn_offset, INT64, RZ_P1(INTERNAL_ID)),
    RZ_FN_BIND("RELS", 0, path_fn_rels, path_fn_bind_part, ANY, RZ_P1(RECURSIVE_REL)),
};

RZ_FN_GROUP(rz_fn_graph_group, path_fn_defs);
