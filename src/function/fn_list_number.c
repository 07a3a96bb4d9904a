/* SPDX-License-Identifier: MIT */
/*
 * LIST_SUM and LIST_PRODUCT: of the elements that are not NULL, in the element type. Nothing sums to 0 and multiplies
 * to 1. Integers are checked.
 */
#include "function/fn.h"

static RZ_COLD ruzu_status list_number_overflow(const rz_vec *elements, const char *what, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s of the list is not within %s range.", what,
                        rz_fn_type_id_name((ruzu_type_id)elements->type->id));
}

#define LIST_NUMBER_INTEGER(type_name, physical, type)                                                             \
    static ruzu_status list_number_##type_name(bool product, const rz_fn_reader *lists, rz_int128 unit,            \
                                               const rz_sel *sel, rz_vec *out, rz_error *err)                      \
    {                                                                                                              \
        const rz_vec *elements = rz_fn_elements(lists);                                                            \
        for (uint32_t idx = 0; idx < sel->count; idx++) {                                                          \
            uint32_t row = rz_sel_at(sel, idx);                                                                    \
            rz_list_entry list = RZ_FN_GET(rz_list_entry, *lists, row);                                            \
            type value = product ? (type)unit : 0;                                                                 \
            for (uint32_t i = list.offset; i < list.offset + list.length; i++) {                                   \
                type element = ((const type *)elements->data)[i];                                                  \
                if (elements->validity != NULL && !rz_bit_get(elements->validity, i)) {                            \
                    continue;                                                                                      \
                }                                                                                                  \
                if (product ? rz_mul_overflow(value, element, &value) : rz_add_overflow(value, element, &value)) { \
                    return list_number_overflow(elements, product ? "Product" : "Sum", err);                       \
                }                                                                                                  \
                if (product && unit != 1) { /* decimals */                                                        \
                    value = (type)(value / (type)unit);                                                           \
                }                                                                                                 \
            }                                                                                                      \
            ((type *)out->data)[row] = value;                                                                      \
        }                                                                                                          \
        return RUZU_OK;                                                                                            \
    }
LIST_NUMBER_INTEGER(int8, INT8, int8_t)
LIST_NUMBER_INTEGER(int16, INT16, int16_t)
LIST_NUMBER_INTEGER(int32, INT32, int32_t)
LIST_NUMBER_INTEGER(int64, INT64, int64_t)
LIST_NUMBER_INTEGER(int128, INT128, rz_int128)
LIST_NUMBER_INTEGER(uint8, UINT8, uint8_t)
LIST_NUMBER_INTEGER(uint16, UINT16, uint16_t)
LIST_NUMBER_INTEGER(uint32, UINT32, uint32_t)
LIST_NUMBER_INTEGER(uint64, UINT64, uint64_t)
#undef LIST_NUMBER_INTEGER

#define LIST_NUMBER_FLOAT(type)                                                                                    \
    static ruzu_status list_number_##type(bool product, const rz_fn_reader *lists, const rz_sel *sel, rz_vec *out) \
    {                                                                                                              \
        const rz_vec *elements = rz_fn_elements(lists);                                                            \
        for (uint32_t idx = 0; idx < sel->count; idx++) {                                                          \
            uint32_t row = rz_sel_at(sel, idx);                                                                    \
            rz_list_entry list = RZ_FN_GET(rz_list_entry, *lists, row);                                            \
            type value = product ? 1 : 0;                                                                          \
            for (uint32_t i = list.offset; i < list.offset + list.length; i++) {                                   \
                type element = ((const type *)elements->data)[i];                                                  \
                if (elements->validity == NULL || rz_bit_get(elements->validity, i)) {                             \
                    value = product ? value * element : value + element;                                           \
                }                                                                                                  \
            }                                                                                                      \
            ((type *)out->data)[row] = value;                                                                      \
        }                                                                                                          \
        return RUZU_OK;                                                                                            \
    }
LIST_NUMBER_FLOAT(float)
LIST_NUMBER_FLOAT(double)
#undef LIST_NUMBER_FLOAT

static ruzu_status list_number(bool product, const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_fn_reader lists = rz_fn_read(args[0]);
    const rz_type *element = rz_fn_elements(&lists)->type;
    rz_int128 unit = element->id == RUZU_TYPE_DECIMAL ? rz_pow10_i128(element->scale) : 1;
    switch ((int)element->physical) {
    case RZ_PHYS_INT8: return list_number_int8(product, &lists, unit, sel, out, err);
    case RZ_PHYS_INT16: return list_number_int16(product, &lists, unit, sel, out, err);
    case RZ_PHYS_INT32: return list_number_int32(product, &lists, unit, sel, out, err);
    case RZ_PHYS_INT64: return list_number_int64(product, &lists, unit, sel, out, err);
    case RZ_PHYS_INT128: return list_number_int128(product, &lists, unit, sel, out, err);
    case RZ_PHYS_UINT8: return list_number_uint8(product, &lists, unit, sel, out, err);
    case RZ_PHYS_UINT16: return list_number_uint16(product, &lists, unit, sel, out, err);
    case RZ_PHYS_UINT32: return list_number_uint32(product, &lists, unit, sel, out, err);
    case RZ_PHYS_UINT64: return list_number_uint64(product, &lists, unit, sel, out, err);
    case RZ_PHYS_FLOAT: return list_number_float(product, &lists, sel, out);
    default: return list_number_double(product, &lists, sel, out);
    }
}

static ruzu_status list_sum(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                            const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return list_number(false, args, sel, out, err);
}

static ruzu_status list_product(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args,
                                const rz_sel *sel, rz_vec *out, rz_error *err)
{
    (void)bound;
    (void)context;
    return list_number(true, args, sel, out, err);
}

static ruzu_status list_bind_number(const rz_fn_def *def, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena,
                                    rz_fn_bound *out, rz_error *err)
{
    (void)args;
    (void)arg_count;
    const rz_type *element = rz_fn_element_type(out->arg_types[0]);
    if (!rz_type_is_numeric(element)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Unsupported inner data type for %s: %s", def->fn.name,
                            rz_fn_type_text(arena, element));
    }
    out->result = element;
    return RUZU_OK;
}

static const rz_fn_def list_number_defs[] = {
    RZ_FN_BIND("LIST_PRODUCT", RZ_FN_CAN_FAIL, list_product, list_bind_number, ANY, RZ_P1(LIST)),
    RZ_FN_BIND("LIST_SUM", RZ_FN_CAN_FAIL, list_sum, list_bind_number, ANY, RZ_P1(LIST)),
};

RZ_FN_GROUP(rz_fn_list_number_group, list_number_defs);
