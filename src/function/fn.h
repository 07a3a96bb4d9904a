/* SPDX-License-Identifier: MIT */
/*
 * Private to function: how a function is defined, and what kernels share.
 *
 * A function is a row of a static table: name, parameter types, result, kernel. Rows of one name are its overloads, in
 * the order in which messages list them. Whatever depends on the very types of the arguments (lists, decimals,
 * comparisons) has a bind callback, which may put another kernel into out->fn.
 */
#ifndef RZ_FUNCTION_FN_H
#define RZ_FUNCTION_FN_H

#include "function/function.h"

#define RZ_FN_MAX_PARAMS 4

typedef struct rz_fn_def rz_fn_def;

/* Fills out->arg_types (room for every argument, preset by the parameters), result and data, and may change out->fn. */
typedef ruzu_status (*rz_fn_bind)(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                  rz_fn_bound *out, rz_error *err);

struct rz_fn_def {
    rz_fn fn;
    rz_fn_bind bind;  /* NULL: arg_types and result as the ids below say */
    const void *data; /* bound->data unless bind says otherwise */
    uint8_t result;   /* ruzu_type_id: the static result, and what signatures show */
    bool variadic;    /* the last parameter may be repeated */
    uint8_t param_count;
    uint8_t params[RZ_FN_MAX_PARAMS]; /* ruzu_type_id; ANY takes everything; LIST takes ARRAY too */
    const char *signature;            /* as messages and show_functions() have it */
};

typedef struct rz_fn_group {
    const rz_fn_def *defs;
    uint32_t count;
} rz_fn_group;

/* Rows of a table: RZ_FN("ABS", 0, math_abs_double, DOUBLE, RZ_P1(DOUBLE)). RZ_P… are the parameters: their number, ids
 * and text. */
#define RZ_P0()        0, {0}, "()"
#define RZ_P1(a)       1, {RUZU_TYPE_##a}, "(" #a ")"
#define RZ_P2(a, b)    2, {RUZU_TYPE_##a, RUZU_TYPE_##b}, "(" #a "," #b ")"
#define RZ_P3(a, b, c) 3, {RUZU_TYPE_##a, RUZU_TYPE_##b, RUZU_TYPE_##c}, "(" #a "," #b "," #c ")"
#define RZ_P4(a, b, c, d) \
    4, {RUZU_TYPE_##a, RUZU_TYPE_##b, RUZU_TYPE_##c, RUZU_TYPE_##d}, "(" #a "," #b "," #c "," #d ")"

#define RZ_FN_ROW(name, flags, run, bind, data, variadic, result, ...)                           \
    {                                                                                            \
        {name, flags, run}, bind, data, RUZU_TYPE_##result, variadic, __VA_ARGS__ " -> " #result \
    }
#define RZ_FN(name, flags, run, result, ...) RZ_FN_ROW(name, flags, run, NULL, NULL, false, result, __VA_ARGS__)
#define RZ_FN_BIND(name, flags, run, bind, result, ...) \
    RZ_FN_ROW(name, flags, run, bind, NULL, false, result, __VA_ARGS__)
#define RZ_FN_VARIADIC(name, flags, run, bind, result, ...) \
    RZ_FN_ROW(name, flags, run, bind, NULL, true, result, __VA_ARGS__)
#define RZ_FN_REWRITTEN(name, ...)                                                                    \
    {                                                                                                 \
        {name, RZ_FN_REWRITE | RZ_FN_NULL_AWARE, NULL}, NULL, NULL, RUZU_TYPE_ANY, false, __VA_ARGS__ \
    }
#define RZ_FN_GROUP(group, table) const rz_fn_group group = {table, sizeof(table) / sizeof((table)[0])}

extern const rz_fn_group rz_fn_arith_group;
extern const rz_fn_group rz_fn_decimal_group;
extern const rz_fn_group rz_fn_compare_group;
extern const rz_fn_group rz_fn_bitwise_group;
extern const rz_fn_group rz_fn_temporal_group;
extern const rz_fn_group rz_fn_math_group;
extern const rz_fn_group rz_fn_date_group;
extern const rz_fn_group rz_fn_text_group;
extern const rz_fn_group rz_fn_text_cut_group;
extern const rz_fn_group rz_fn_concat_group;
extern const rz_fn_group rz_fn_regexp_group;
extern const rz_fn_group rz_fn_convert_group;
extern const rz_fn_group rz_fn_list_group;
extern const rz_fn_group rz_fn_list_build_group;
extern const rz_fn_group rz_fn_list_sort_group;
extern const rz_fn_group rz_fn_list_number_group;
extern const rz_fn_group rz_fn_range_group;
extern const rz_fn_group rz_fn_array_group;
extern const rz_fn_group rz_fn_struct_group;
extern const rz_fn_group rz_fn_map_group;
extern const rz_fn_group rz_fn_graph_group;
extern const rz_fn_group rz_fn_utility_group;
extern const rz_fn_group rz_fn_digest_group;
extern const rz_fn_group rz_fn_rewrite_group;

/* Enumerates rows and aliases, for rz_fn_list. */
uint32_t rz_fn_list_scalar_count(void);
bool rz_fn_list_scalar(uint32_t idx, const char **out_name, const rz_fn_def **out_def);

/* ---- binding ---- */

/* Binder "Function F did not receive correct arguments: …" with all overloads of name. */
ruzu_status rz_fn_fail_arguments(rz_error *err, const char *name, const rz_fn_arg *args, uint32_t arg_count);
/* Cost of passing `from` for a parameter of this id (dialect §10.2), or RZ_CAST_IMPOSSIBLE. */
uint32_t rz_fn_param_cost(const rz_type *from, ruzu_type_id param);
/* Name of a type id as signatures show it. */
const char *rz_fn_type_id_name(ruzu_type_id id);
/* Text of a type in the arena; NULL when memory is refused. */
const char *rz_fn_type_copy(rz_arena *arena, const rz_type *type);
/* The same, "?" when memory is refused: for messages of errors only. */
const char *rz_fn_type_text(rz_arena *arena, const rz_type *type);
/* Binder "Expression E has data type T but expected U. Implicit cast is not supported." */
ruzu_status rz_fn_fail_cast(rz_error *err, rz_arena *arena, const rz_fn_arg *arg, const rz_type *expected);
/* The common type of all arguments (ANY when all are untyped NULLs), or NULL with that error raised. */
const rz_type *rz_fn_common_type(rz_arena *arena, const rz_fn_arg *args, uint32_t arg_count, rz_error *err);
/* The type of an argument for unification: that of an open list has ANY elements. NULL when memory is refused. */
const rz_type *rz_fn_open_type(rz_arena *arena, const rz_fn_arg *arg);
/* The type with INT64 for the elements of lists that stayed open. NULL when memory is refused. */
const rz_type *rz_fn_close_type(rz_arena *arena, const rz_type *type);
/* The element type of a LIST or ARRAY; INT64 for an untyped NULL. */
const rz_type *rz_fn_element_type(const rz_type *type);
/* Digits before the point that a number of this type may need, as a DECIMAL of scale 0. */
uint8_t rz_fn_integer_digits(const rz_type *type);

/* ---- kernels ---- */

/* How the two arguments of a kernel lie; the first three are the shapes that loops are specialised for. */
typedef enum rz_fn_shape {
    RZ_FN_FLAT_FLAT,
    RZ_FN_FLAT_CONSTANT,
    RZ_FN_CONSTANT_FLAT,
    RZ_FN_GENERAL
} rz_fn_shape;

static inline rz_fn_shape rz_fn_shape_of(const rz_vec *a, const rz_vec *b, const rz_sel *sel)
{
    if (sel->rows == NULL) {
        if (a->kind == RZ_VEC_FLAT && b->kind == RZ_VEC_FLAT) {
            return RZ_FN_FLAT_FLAT;
        }
        if (a->kind == RZ_VEC_FLAT && b->kind == RZ_VEC_CONSTANT) {
            return RZ_FN_FLAT_CONSTANT;
        }
        if (a->kind == RZ_VEC_CONSTANT && b->kind == RZ_VEC_FLAT) {
            return RZ_FN_CONSTANT_FLAT;
        }
    }
    return RZ_FN_GENERAL;
}

/* Reads a FLAT, CONSTANT or DICTIONARY vector by row. Unlike rz_view it knows no highest row for constants: mask is 0
 * for them, all ones else. */
typedef struct rz_fn_reader {
    const void *data;
    const uint32_t *index; /* NULL: identity */
    const rz_vec *base;    /* the vector that holds data and children */
    uint32_t mask;
} rz_fn_reader;

static inline rz_fn_reader rz_fn_read(const rz_vec *vec)
{
    rz_fn_reader reader;
    bool dictionary = vec->kind == RZ_VEC_DICTIONARY;
    reader.base = dictionary ? vec->dictionary : vec;
    reader.index = dictionary ? vec->index : NULL;
    reader.data = reader.base->data;
    reader.mask = reader.base->kind == RZ_VEC_CONSTANT ? 0 : UINT32_MAX;
    return reader;
}

/* Row of reader->base. */
static inline uint32_t rz_fn_at(const rz_fn_reader *reader, uint32_t row)
{
    return (reader->index == NULL ? row : reader->index[row]) & reader->mask;
}
/* By a row of reader->base. */
static inline bool rz_fn_is_null_at(const rz_fn_reader *reader, uint32_t at)
{
    return reader->base->type->physical == RZ_PHYS_NONE ||
           (reader->base->validity != NULL && !rz_bit_get(reader->base->validity, at));
}

/* The value of a row, as an lvalue of the C type. */
#define RZ_FN_GET(type, reader, row) (((const type *)(reader).data)[rz_fn_at(&(reader), row)])

/* RUZU_OK, or the error of an interrupted or timed-out statement. Kernels whose work per row is unbounded ask now and
 * then. */
#define RZ_FN_POLL 4096u /* steps between two times */
ruzu_status rz_fn_check_interrupt(const rz_fn_context *context, rz_error *err);

/* Stores a string of bytes that outlive the chunk (an argument's, or in the scratch arena): no copy. */
static inline void rz_fn_put_string(rz_vec *out, uint32_t row, const char *data, size_t length)
{
    ((rz_string *)out->data)[row] = rz_string_make(data, (uint32_t)length);
}

/* Strings longer than this are refused by functions that build them (dialect §21). */
#define RZ_FN_MAX_STRING (UINT64_C(256) << 20)
/* Room for a string of length bytes in the vector's heap. */
RZ_NODISCARD ruzu_status rz_fn_new_string(rz_vec *out, uint64_t length, char **data, rz_error *err);

/* dst (FLAT) rows dst_start… = rows first… of src (FLAT or CONSTANT), count rows. Strings are shared, not copied. */
RZ_NODISCARD ruzu_status rz_fn_copy_run(rz_vec *dst, uint32_t dst_start, const rz_vec *src, uint32_t first,
                                        uint32_t count, rz_arena *scratch, rz_error *err);
/* dst (FLAT) row = src (any kind but SEQUENCE) src_row. Strings are shared, not copied. */
RZ_NODISCARD ruzu_status rz_fn_copy_row(rz_vec *dst, uint32_t row, const rz_vec *src, uint32_t src_row, rz_error *err);
/* The same for the selected rows, to the same positions. */
RZ_NODISCARD ruzu_status rz_fn_copy_rows(rz_vec *dst, const rz_vec *src, const rz_sel *sel, rz_error *err);

/* dst (FLAT) rows start, start + stride, … = the selected rows of src. Strings are shared, not copied. */
RZ_NODISCARD ruzu_status rz_fn_copy_strided(rz_vec *dst, uint32_t start, uint32_t stride, const rz_vec *src,
                                            const rz_sel *sel, rz_error *err);

/* The elements of a LIST, ARRAY or MAP argument. */
static inline const rz_vec *rz_fn_elements(const rz_fn_reader *lists)
{
    return lists->base->children[0];
}

/* The characters or elements first … last (1-based) that [begin:end] means among count (dialect §8); first 1, last 0
 * when there are none. */
void rz_fn_slice_bounds(int64_t count, int64_t begin, int64_t end, int64_t *out_first, int64_t *out_last);
/* Bind callback: the result is STRING[]. */
ruzu_status rz_fn_bind_string_list(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                   rz_fn_bound *out, rz_error *err);

/* The next random number of the worker. */
uint64_t rz_fn_random_next(rz_fn_context *context);

/* Equality as the `=` operator sees it: NULL inside equals NULL, NaN equals nothing. Same type; neither row is NULL. */
bool rz_fn_values_equal(const rz_vec *a, uint32_t a_row, const rz_vec *b, uint32_t b_row);

/* Values of both types compare, but are never equal: structs with other fields, and lists of them. */
bool rz_fn_never_equal(const rz_type *a, const rz_type *b);
/* Binds equality, membership and such: what both sides are cast to before they are compared, or NULL when they cannot
 * be. */
const rz_type *rz_fn_compare_type(rz_arena *arena, const rz_type *a, const rz_type *b);

#endif
