/* SPDX-License-Identifier: MIT */
/*
 * Vector mathematics over ARRAYs (dialect §13.4): inner product, distances, cosine similarity, cross product. One side
 * may be a LIST, which is cast to the other side's length; two LISTs have to be equally long in each row. A NULL
 * element makes the result NULL.
 */
#include "function/fn.h"

#include <math.h>

#define ARRAY_LANES 8u

static RZ_COLD ruzu_status array_fail_length(uint32_t expected, uint32_t actual, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CONVERSION,
                        "Unsupported casting LIST with incorrect list entry to ARRAY. Expected: %u, Actual: %u.",
                        expected, actual);
}

/* True when no element of a list is NULL. */
static bool array_is_full(const rz_vec *elements, rz_list_entry list)
{
    for (uint32_t i = 0; elements->validity != NULL && i < list.length; i++) {
        if (!rz_bit_get(elements->validity, list.offset + i)) {
            return false;
        }
    }
    return true;
}

#define RZ_A_T    float
#define RZ_A_S    float
#define RZ_A_SQRT sqrtf
#include "function/fn_array_tmpl.h"

#define RZ_A_T    double
#define RZ_A_S    double
#define RZ_A_SQRT sqrt
#include "function/fn_array_tmpl.h"

#undef ARRAY_LANES

/* ---- binding ---- */

static bool array_is_float(const rz_type *element)
{
    return element->id == RUZU_TYPE_FLOAT || element->id == RUZU_TYPE_DOUBLE;
}

/* Elements of an ARRAY; 0 of a LIST. */
static uint32_t array_length_of(const rz_fn_arg *arg)
{
    return arg->type->id == RUZU_TYPE_ARRAY ? arg->type->array_length : 0;
}

/* The one of FLOAT and DOUBLE to compute in: a column's rather than a literal's. */
static const rz_type *array_element_type(const rz_fn_arg *args)
{
    const rz_type *a = args[0].type->id == RUZU_TYPE_ANY ? NULL : rz_fn_element_type(args[0].type);
    const rz_type *b = args[1].type->id == RUZU_TYPE_ANY ? NULL : rz_fn_element_type(args[1].type);
    if (a == NULL || b == NULL) {
        return a != NULL ? a : b;
    }
    if (!array_is_float(a) || !array_is_float(b)) {
        bool a_leads = args[0].type->id == RUZU_TYPE_ARRAY && array_is_float(a) && rz_type_is_numeric(b);
        bool b_leads = args[1].type->id == RUZU_TYPE_ARRAY && array_is_float(b) && rz_type_is_numeric(a);
        return a_leads ? a : b_leads ? b : NULL;
    }
    if (a->id == b->id) {
        return a;
    }
    if ((args[0].constant == NULL) != (args[1].constant == NULL)) {
        return args[0].constant == NULL ? a : b;
    }
    return args[0].constant != NULL ? a : RZ_DOUBLE;
}

/* Both arguments as ARRAYs of one type; of two LISTs the lengths are known row by row only. */
static ruzu_status array_bind_types(const char *name, const rz_fn_arg *args, rz_arena *arena, rz_fn_bound *out,
                                    const rz_type **out_element, rz_error *err)
{
    const rz_type *element = array_element_type(args);
    if (element == NULL || !array_is_float(element)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "%s requires argument type to be FLOAT[] or DOUBLE[].", name);
    }
    uint32_t lengths[2] = {array_length_of(&args[0]), array_length_of(&args[1])};
    uint32_t length = lengths[0] == 0 ? lengths[1] : lengths[0];
    const rz_type *type = length == 0 ? rz_type_list(arena, element) : rz_type_array(arena, element, length);
    RZ_TRY_ALLOC(type, err, "binding a function");
    if (lengths[0] != 0 && lengths[1] != 0 && lengths[0] != lengths[1]) {
        return rz_fn_fail_cast(err, arena, &args[1], type);
    }
    out->arg_types[0] = type;
    out->arg_types[1] = type;
    *out_element = element;
    return RUZU_OK;
}

typedef enum array_op {
    ARRAY_INNER,
    ARRAY_SQUARED,
    ARRAY_DISTANCE,
    ARRAY_COSINE,
    ARRAY_CROSS
} array_op;

#define ARRAY_PAIR(name, op)                 \
    {                                        \
        {name, 0, array_run_##op##_float},   \
        {                                    \
            name, 0, array_run_##op##_double \
        }                                    \
    }
static const rz_fn array_fns[][2] = {
    [ARRAY_INNER] = ARRAY_PAIR("ARRAY_INNER_PRODUCT", inner),
    [ARRAY_SQUARED] = ARRAY_PAIR("ARRAY_SQUARED_DISTANCE", squared),
    [ARRAY_DISTANCE] = ARRAY_PAIR("ARRAY_DISTANCE", distance),
    [ARRAY_COSINE] = ARRAY_PAIR("ARRAY_COSINE_SIMILARITY", cosine),
    [ARRAY_CROSS] = ARRAY_PAIR("ARRAY_CROSS_PRODUCT", cross),
};
#undef ARRAY_PAIR

static ruzu_status array_bind_op(array_op op, const rz_fn_arg *args, rz_arena *arena, rz_fn_bound *out, rz_error *err)
{
    const rz_type *element = RZ_DOUBLE;
    RZ_TRY(array_bind_types(array_fns[op][0].name, args, arena, out, &element, err));
    out->fn = &array_fns[op][element->id == RUZU_TYPE_FLOAT ? 0 : 1];
    out->result = element;
    return RUZU_OK;
}

#define ARRAY_BIND(name, op)                                                                                  \
    static ruzu_status name(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena, \
                            rz_fn_bound *out, rz_error *err)                                                  \
    {                                                                                                         \
        (void)def;                                                                                            \
        (void)arg_count;                                                                                      \
        return array_bind_op(op, args, arena, out, err);                                                      \
    }
ARRAY_BIND(array_bind_inner, ARRAY_INNER)
ARRAY_BIND(array_bind_squared, ARRAY_SQUARED)
ARRAY_BIND(array_bind_distance, ARRAY_DISTANCE)
ARRAY_BIND(array_bind_cosine, ARRAY_COSINE)
#undef ARRAY_BIND

static ruzu_status array_bind_cross(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)def;
    (void)arg_count;
    RZ_TRY(array_bind_op(ARRAY_CROSS, args, arena, out, err));
    if (out->arg_types[0]->id == RUZU_TYPE_ARRAY && out->arg_types[0]->array_length != 3) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "ARRAY_CROSS_PRODUCT requires arrays of 3 elements.");
    }
    out->result = rz_type_array(arena, out->arg_types[0]->child, 3);
    RZ_TRY_ALLOC(out->result, err, "binding a function");
    return RUZU_OK;
}

static const rz_fn_def array_defs[] = {
    RZ_FN_BIND("ARRAY_COSINE_SIMILARITY", RZ_FN_CAN_FAIL, array_run_cosine_double, array_bind_cosine, ANY, RZ_P2(ARRAY, ARRAY)),
    RZ_FN_BIND("ARRAY_CROSS_PRODUCT", RZ_FN_CAN_FAIL, array_run_cross_double, array_bind_cross, ARRAY, RZ_P2(ARRAY, ARRAY)),
    RZ_FN_BIND("ARRAY_DISTANCE", RZ_FN_CAN_FAIL, array_run_distance_double, array_bind_distance, ANY, RZ_P2(ARRAY, ARRAY)),
    RZ_FN_BIND("ARRAY_INNER_PRODUCT", RZ_FN_CAN_FAIL, array_run_inner_double, array_bind_inner, ANY, RZ_P2(ARRAY, ARRAY)),
    RZ_FN_BIND("ARRAY_SQUARED_DISTANCE", RZ_FN_CAN_FAIL, array_run_squared_double, array_bind_squared, ANY, RZ_P2(ARRAY, ARRAY)),
};

RZ_FN_GROUP(rz_fn_array_group, array_defs);
