/* SPDX-License-Identifier: MIT */
/*
 * Comparison operators, over every type (dialect §12.2). The binder casts both sides to one type first
 * (rz_fn_compare_type); then the kernel of its physical type runs. Ordered comparisons with NaN are false. Inside lists
 * and structs NULL equals NULL; NaN equals nothing there either.
 */
#include "function/fn.h"

#include <math.h>

/* ---- simple types ---- */

#define RZ_C_T                uint8_t
#define RZ_C_S                uint8
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                int8_t
#define RZ_C_S                int8
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                int16_t
#define RZ_C_S                int16
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                int32_t
#define RZ_C_S                int32
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                int64_t
#define RZ_C_S                int64
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                rz_int128
#define RZ_C_S                int128
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                uint16_t
#define RZ_C_S                uint16
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                uint32_t
#define RZ_C_S                uint32
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                uint64_t
#define RZ_C_S                uint64
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                float
#define RZ_C_S                float
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                double
#define RZ_C_S                double
#define RZ_C_EQUAL(a, b)      ((a) == (b))
#define RZ_C_LESS(a, b)       ((a) < (b))
#define RZ_C_LESS_EQUAL(a, b) ((a) <= (b))
#include "function/fn_compare_tmpl.h"

static inline bool compare_intervals_equal(const rz_interval *a, const rz_interval *b)
{
    return a->months == b->months && a->days == b->days && a->micros == b->micros;
}

#define RZ_C_T                rz_interval
#define RZ_C_S                interval
#define RZ_C_EQUAL(a, b)      compare_intervals_equal(&(a), &(b))
#define RZ_C_LESS(a, b)       (rz_interval_compare(a, b) < 0)
#define RZ_C_LESS_EQUAL(a, b) (rz_interval_compare(a, b) <= 0)
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                rz_string
#define RZ_C_S                string
#define RZ_C_EQUAL(a, b)      rz_string_equal(&(a), &(b))
#define RZ_C_LESS(a, b)       (rz_string_compare(&(a), &(b)) < 0)
#define RZ_C_LESS_EQUAL(a, b) (rz_string_compare(&(a), &(b)) <= 0)
#include "function/fn_compare_tmpl.h"

#define RZ_C_T                rz_rel_ref
#define RZ_C_S                rel
#define RZ_C_EQUAL(a, b)      ((a).rel == (b).rel)
#define RZ_C_LESS(a, b)       ((a).rel < (b).rel)
#define RZ_C_LESS_EQUAL(a, b) ((a).rel <= (b).rel)
#include "function/fn_compare_tmpl.h"

/* ---- nested types ---- */

static bool compare_has_nan(const rz_vec *vec, uint32_t row)
{
    rz_fn_reader reader = rz_fn_read(vec);
    uint32_t at = rz_fn_at(&reader, row);
    if (rz_fn_is_null_at(&reader, at)) {
        return false;
    }
    rz_physical physical = (rz_physical)vec->type->physical;
    if (physical == RZ_PHYS_FLOAT) {
        return isnan(((const float *)reader.data)[at]);
    }
    if (physical == RZ_PHYS_DOUBLE) {
        return isnan(((const double *)reader.data)[at]);
    }
    if (physical == RZ_PHYS_LIST) {
        rz_physical child = (rz_physical)reader.base->children[0]->type->physical;
        if (child != RZ_PHYS_FLOAT && child != RZ_PHYS_DOUBLE && child != RZ_PHYS_LIST && child != RZ_PHYS_STRUCT) {
            return false;
        }
        rz_list_entry entry = ((const rz_list_entry *)reader.data)[at];
        for (uint32_t i = 0; i < entry.length; i++) {
            if (compare_has_nan(reader.base->children[0], entry.offset + i)) {
                return true;
            }
        }
    } else if (physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < reader.base->child_count; i++) {
            if (compare_has_nan(reader.base->children[i], at)) {
                return true;
            }
        }
    }
    return false;
}

bool rz_fn_values_equal(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row)
{
    return rz_vec_equal(a, a_row, b, b_row) && !compare_has_nan(a, a_row);
}

typedef enum compare_op {
    COMPARE_EQUAL,
    COMPARE_NOT_EQUAL,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_GREATER,
    COMPARE_GREATER_EQUAL
} compare_op;

static bool compare_nested_rows(compare_op op, const rz_vec *a, const rz_vec *b, uint32_t row)
{
    switch (op) {
    case COMPARE_EQUAL: return rz_fn_values_equal(a, row, b, row);
    case COMPARE_NOT_EQUAL: return !rz_fn_values_equal(a, row, b, row);
    case COMPARE_LESS: return rz_vec_compare(a, row, b, row) < 0;
    case COMPARE_LESS_EQUAL: return rz_vec_compare(a, row, b, row) < 0 || rz_fn_values_equal(a, row, b, row);
    case COMPARE_GREATER: return rz_vec_compare(a, row, b, row) > 0;
    case COMPARE_GREATER_EQUAL: return rz_vec_compare(a, row, b, row) > 0 || rz_fn_values_equal(a, row, b, row);
    }
    return false;
}

static ruzu_status compare_nested(compare_op op, const rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        ((uint8_t *)out->data)[row] = compare_nested_rows(op, args[0], args[1], row);
    }
    return rz_fn_check_interrupt(context, err);
}

static ruzu_status compare_equal_nested(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                        const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return compare_nested(COMPARE_EQUAL, context, args, sel, out, err);
}

static ruzu_status compare_not_equal_nested(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                            const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return compare_nested(COMPARE_NOT_EQUAL, context, args, sel, out, err);
}

static ruzu_status compare_less_nested(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                       const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return compare_nested(COMPARE_LESS, context, args, sel, out, err);
}

static ruzu_status compare_less_equal_nested(const rz_fn_bound *bound, rz_fn_context *context,
                                             const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return compare_nested(COMPARE_LESS_EQUAL, context, args, sel, out, err);
}

static ruzu_status compare_greater_nested(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                          const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    return compare_nested(COMPARE_GREATER, context, args, sel, out, err);
}

static ruzu_status compare_greater_equal_nested(const rz_fn_bound *bound, rz_fn_context *context,
                                                const rz_vec *const *args, const rz_sel *sel, rz_vec *out,
                                                rz_error *err)
{
    (void)bound;
    return compare_nested(COMPARE_GREATER_EQUAL, context, args, sel, out, err);
}

/* ---- binding ---- */

#define COMPARE_KERNELS(name, op)                                                                                     \
    {                                                                                                                 \
        [RZ_PHYS_NONE] = {name, 0, compare_##op##_uint8}, [RZ_PHYS_BOOL] = {name, 0, compare_##op##_uint8},           \
        [RZ_PHYS_INT8] = {name, 0, compare_##op##_int8}, [RZ_PHYS_INT16] = {name, 0, compare_##op##_int16},           \
        [RZ_PHYS_INT32] = {name, 0, compare_##op##_int32}, [RZ_PHYS_INT64] = {name, 0, compare_##op##_int64},         \
        [RZ_PHYS_INT128] = {name, 0, compare_##op##_int128}, [RZ_PHYS_UINT8] = {name, 0, compare_##op##_uint8},       \
        [RZ_PHYS_UINT16] = {name, 0, compare_##op##_uint16}, [RZ_PHYS_UINT32] = {name, 0, compare_##op##_uint32},     \
        [RZ_PHYS_UINT64] = {name, 0, compare_##op##_uint64}, [RZ_PHYS_FLOAT] = {name, 0, compare_##op##_float},       \
        [RZ_PHYS_DOUBLE] = {name, 0, compare_##op##_double}, [RZ_PHYS_INTERVAL] = {name, 0, compare_##op##_interval}, \
        [RZ_PHYS_STRING] = {name, 0, compare_##op##_string}, [RZ_PHYS_REL] = {name, 0, compare_##op##_rel},           \
        [RZ_PHYS_LIST] = {name, 0, compare_##op##_nested}, [RZ_PHYS_STRUCT] = {                                       \
            name,                                                                                                     \
            0,                                                                                                        \
            compare_##op##_nested                                                                                     \
        }                                                                                                             \
    }

/* By operator and physical type; BOOL and UINT8 are the same bytes. */
static const rz_fn compare_fns[6][RZ_PHYS_STRUCT + 1] = {
    [COMPARE_EQUAL] = COMPARE_KERNELS("EQUALS", equal),
    [COMPARE_NOT_EQUAL] = COMPARE_KERNELS("NOT_EQUALS", not_equal),
    [COMPARE_LESS] = COMPARE_KERNELS("LESS_THAN", less),
    [COMPARE_LESS_EQUAL] = COMPARE_KERNELS("LESS_THAN_EQUALS", less_equal),
    [COMPARE_GREATER] = COMPARE_KERNELS("GREATER_THAN", greater),
    [COMPARE_GREATER_EQUAL] = COMPARE_KERNELS("GREATER_THAN_EQUALS", greater_equal),
};
#undef COMPARE_KERNELS

const rz_type *rz_fn_compare_type(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    if (a->id == RUZU_TYPE_ANY || rz_type_equal(a, b)) {
        return b;
    }
    if (b->id == RUZU_TYPE_ANY) {
        return a;
    }
    /* Text is read as the other side's type, column or not. */
    if (a->id == RUZU_TYPE_STRING && rz_cast_exists(a, b)) {
        return b;
    }
    if (b->id == RUZU_TYPE_STRING && rz_cast_exists(b, a)) {
        return a;
    }
    return rz_type_common(arena, a, b);
}

bool rz_fn_never_equal(const rz_type *a, const rz_type *b)
{
    while ((a->id == RUZU_TYPE_LIST || a->id == RUZU_TYPE_ARRAY) &&
           (b->id == RUZU_TYPE_LIST || b->id == RUZU_TYPE_ARRAY)) {
        a = a->child;
        b = b->child;
    }
    return a->id == RUZU_TYPE_STRUCT && b->id == RUZU_TYPE_STRUCT;
}

static void compare_fill(const rz_sel *sel, rz_vec *out, bool value)
{
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        ((uint8_t *)out->data)[rz_sel_at(sel, idx)] = value;
    }
}

static ruzu_status compare_never(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                 const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)args;
    (void)err;
    compare_fill(sel, out, false);
    return RUZU_OK;
}

static ruzu_status compare_always(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                  const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)args;
    (void)err;
    compare_fill(sel, out, true);
    return RUZU_OK;
}

/* EQUALS and NOT_EQUALS of structs with other fields: the arguments stay what they are. */
static const rz_fn compare_unequal_fns[2] = {{"EQUALS", 0, compare_never}, {"NOT_EQUALS", 0, compare_always}};

static ruzu_status compare_bind(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                rz_fn_bound *out, rz_error *err)
{
    (void)arg_count;
    const rz_type *a = args[0].type;
    const rz_type *b = args[1].type;
    const rz_type *open_a = rz_fn_open_type(arena, &args[0]);
    const rz_type *open_b = rz_fn_open_type(arena, &args[1]);
    RZ_TRY_ALLOC(open_a, err, "binding a comparison");
    RZ_TRY_ALLOC(open_b, err, "binding a comparison");
    const rz_type *type = rz_fn_compare_type(arena, open_a, open_b);
    if (type != NULL) {
        type = rz_fn_close_type(arena, type);
        RZ_TRY_ALLOC(type, err, "binding a comparison");
    }
    compare_op op = (compare_op)(def - (const rz_fn_def *)rz_fn_compare_group.defs);
    if (type == NULL && op <= COMPARE_NOT_EQUAL && rz_fn_never_equal(a, b)) {
        out->fn = &compare_unequal_fns[op];
        return RUZU_OK;
    }
    if (type == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Type Mismatch: Cannot compare types %s and %s",
                            rz_fn_type_text(arena, a), rz_fn_type_text(arena, b));
    }
    /* References of several tables differ in type only by their table sets: no cast. */
    bool same = rz_type_equal(a, b);
    out->arg_types[0] = same ? a : type;
    out->arg_types[1] = same ? b : type;
    out->fn = &compare_fns[op][type->physical];
    return RUZU_OK;
}

/* In the order of compare_op. */
static const rz_fn_def compare_defs[] = {
    RZ_FN_BIND("EQUALS", 0, compare_equal_nested, compare_bind, BOOL, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("NOT_EQUALS", 0, compare_not_equal_nested, compare_bind, BOOL, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("LESS_THAN", 0, compare_less_nested, compare_bind, BOOL, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("LESS_THAN_EQUALS", 0, compare_less_equal_nested, compare_bind, BOOL, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("GREATER_THAN", 0, compare_greater_nested, compare_bind, BOOL, RZ_P2(ANY, ANY)),
    RZ_FN_BIND("GREATER_THAN_EQUALS", 0, compare_greater_equal_nested, compare_bind, BOOL, RZ_P2(ANY, ANY)),
};

RZ_FN_GROUP(rz_fn_compare_group, compare_defs);
