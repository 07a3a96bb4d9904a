/* SPDX-License-Identifier: MIT */
/*
 * Boxed values: from and to vectors, copies, equality.
 */
#include "types/value.h"
#include "types/vec_base.h"

/* Values of fixed size: X(name in RZ_PHYS_*, member of the union, grouping equality by address). */
#define VALUE_FIELD_FIXED(X)                                                                                           \
    X(BOOL, boolean, VEC_EQUAL_PLAIN)                                                                                  \
    X(INT8, i8, VEC_EQUAL_PLAIN)                                                                                       \
    X(INT16, i16, VEC_EQUAL_PLAIN)                                                                                     \
    X(INT32, i32, VEC_EQUAL_PLAIN)                                                                                     \
    X(INT64, i64, VEC_EQUAL_PLAIN)                                                                                     \
    X(INT128, i128, VEC_EQUAL_PLAIN)                                                                                   \
    X(UINT8, u8, VEC_EQUAL_PLAIN)                                                                                      \
    X(UINT16, u16, VEC_EQUAL_PLAIN)                                                                                    \
    X(UINT32, u32, VEC_EQUAL_PLAIN)                                                                                    \
    X(UINT64, u64, VEC_EQUAL_PLAIN)                                                                                    \
    X(FLOAT, f32, VEC_EQUAL_FLOAT)                                                                                     \
    X(DOUBLE, f64, VEC_EQUAL_FLOAT)                                                                                    \
    X(INTERVAL, interval, VEC_EQUAL_INTERVAL)                                                                          \
    X(REL, rel, VEC_EQUAL_REL)

RZ_STATIC_ASSERT(sizeof(bool) == 1, "a boolean in a value is the byte it is in a vector");

/* ---- from vectors ---- */

static ruzu_status value_items(rz_arena *arena, rz_value *out, uint32_t count, rz_error *err)
{
    out->u.nested.items = RZ_NEW_ARRAY(arena, rz_value, (size_t)count + 1);
    RZ_TRY_ALLOC(out->u.nested.items, err, "copying a value");
    out->u.nested.count = count;
    return RUZU_OK;
}

static ruzu_status value_copy_text(rz_arena *arena, const char *data, size_t length, rz_value *out, rz_error *err)
{
    out->u.text.data = rz_arena_strndup(arena, data, length); /* the NUL helps those who look at it in a debugger */
    RZ_TRY_ALLOC(out->u.text.data, err, "copying a value");
    out->u.text.length = length;
    return RUZU_OK;
}

static ruzu_status value_from_struct(const rz_vec *base, uint32_t row, rz_arena *arena, rz_value *out, rz_error *err)
{
    if (base->type->id == RUZU_TYPE_UNION) {
        uint32_t tag = 0;
        const rz_vec *member = vec_union_member(base, row, &tag);
        RZ_TRY(value_items(arena, out, 2, err));
        out->u.nested.items[0].type = rz_type_of(RUZU_TYPE_UINT8);
        out->u.nested.items[0].u.u8 = (uint8_t)tag;
        return rz_value_from_vec(member, row, arena, &out->u.nested.items[1], err);
    }
    RZ_TRY(value_items(arena, out, base->child_count, err));
    for (uint32_t i = 0; i < base->child_count; i++) {
        RZ_TRY(rz_value_from_vec(base->children[i], row, arena, &out->u.nested.items[i], err));
    }
    return RUZU_OK;
}

ruzu_status rz_value_from_vec(const rz_vec *vec, uint32_t row, rz_arena *arena, rz_value *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    out->type = vec->type;
    if (vec->kind == RZ_VEC_SEQUENCE) {
        out->u.i64 = vec_sequence_at(vec, row); /* the bytes of a u64 as well */
        return RUZU_OK;
    }
    const rz_vec *base = vec_locate(vec, &row);
    out->is_null = vec_base_is_null(base, row);
    if (out->is_null) {
        return RUZU_OK;
    }
#define VALUE_FROM_CASE(phys, field, equal)                                                                                   \
    case RZ_PHYS_##phys:                                                                                               \
        memcpy(&out->u.field, (const char *)base->data + sizeof out->u.field * row, sizeof out->u.field);              \
        return RUZU_OK;
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE: return RUZU_OK;
        VALUE_FIELD_FIXED(VALUE_FROM_CASE)
    case RZ_PHYS_STRING: {
        const rz_string *s = (const rz_string *)base->data + row;
        return value_copy_text(arena, rz_string_data(s), s->length, out, err);
    }
    case RZ_PHYS_LIST: {
        rz_list_entry entry = ((const rz_list_entry *)base->data)[row];
        RZ_TRY(value_items(arena, out, entry.length, err));
        for (uint32_t i = 0; i < entry.length; i++) {
            RZ_TRY(rz_value_from_vec(base->children[0], entry.offset + i, arena, &out->u.nested.items[i], err));
        }
        return RUZU_OK;
    }
    case RZ_PHYS_STRUCT: return value_from_struct(base, row, arena, out, err);
    }
#undef VALUE_FROM_CASE
    return RUZU_OK;
}

/* ---- to vectors ---- */

static ruzu_status value_misfit(const rz_value *value, const rz_vec *vec, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_INTERNAL, "A value of type %s was given where %s is stored.",
                        rz_type_id_name((ruzu_type_id)value->type->id), rz_type_id_name((ruzu_type_id)vec->type->id));
}

static ruzu_status value_to_union(const rz_value *value, rz_vec *vec, uint32_t row, rz_error *err)
{
    if (value->u.nested.count != 2 || value->u.nested.items[0].u.u8 + 1u >= vec->child_count) {
        return value_misfit(value, vec, err);
    }
    uint32_t tag = value->u.nested.items[0].u.u8;
    rz_vec_set_valid(vec->children[0], row);
    ((uint8_t *)vec->children[0]->data)[row] = (uint8_t)tag;
    for (uint32_t i = 1; i < vec->child_count; i++) {
        if (i == tag + 1) {
            RZ_TRY(rz_value_to_vec(&value->u.nested.items[1], vec->children[i], row, err));
        } else {
            rz_vec_set_null(vec->children[i], row);
        }
    }
    return RUZU_OK;
}

static ruzu_status value_to_struct(const rz_value *value, rz_vec *vec, uint32_t row, rz_error *err)
{
    if (vec->type->id == RUZU_TYPE_UNION) {
        return value_to_union(value, vec, row, err);
    }
    if (value->u.nested.count != vec->child_count) {
        return value_misfit(value, vec, err);
    }
    for (uint32_t i = 0; i < vec->child_count; i++) {
        RZ_TRY(rz_value_to_vec(&value->u.nested.items[i], vec->children[i], row, err));
    }
    return RUZU_OK;
}

static ruzu_status value_to_list(const rz_value *value, rz_vec *vec, uint32_t row, rz_error *err)
{
    uint32_t offset = 0, count = value->u.nested.count;
    if (vec->type->id == RUZU_TYPE_ARRAY && count != vec->type->array_length) {
        return value_misfit(value, vec, err);
    }
    RZ_TRY(rz_vec_list_reserve(vec, count, &offset, err));
    ((rz_list_entry *)vec->data)[row] = (rz_list_entry){offset, count};
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_value_to_vec(&value->u.nested.items[i], vec->children[0], offset + i, err));
    }
    return RUZU_OK;
}

ruzu_status rz_value_to_vec(const rz_value *value, rz_vec *vec, uint32_t row, rz_error *err)
{
    if (vec->type->physical == RZ_PHYS_NONE) {
        return value->is_null ? RUZU_OK : value_misfit(value, vec, err);
    }
    RZ_ASSERT(row < vec->capacity);
    if (value->is_null || value->type->physical == RZ_PHYS_NONE) {
        rz_vec_set_null(vec, row);
        return RUZU_OK;
    }
    if (value->type->physical != vec->type->physical) {
        return value_misfit(value, vec, err);
    }
    rz_vec_set_valid(vec, row);
#define VALUE_TO_CASE(phys, field, equal)                                                                                     \
    case RZ_PHYS_##phys:                                                                                               \
        memcpy((char *)vec->data + sizeof value->u.field * row, &value->u.field, sizeof value->u.field);               \
        return RUZU_OK;
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_NONE: return RUZU_OK;
        VALUE_FIELD_FIXED(VALUE_TO_CASE)
    case RZ_PHYS_STRING: return rz_vec_set_string(vec, row, value->u.text.data, value->u.text.length, err);
    case RZ_PHYS_LIST: return value_to_list(value, vec, row, err);
    case RZ_PHYS_STRUCT: return value_to_struct(value, vec, row, err);
    }
#undef VALUE_TO_CASE
    return RUZU_OK;
}

/* ---- copies ---- */

static const rz_type *value_item_type(const rz_type *type, uint32_t idx, const rz_value *value)
{
    if (type->physical == RZ_PHYS_LIST) {
        return type->child;
    }
    if (type->id == RUZU_TYPE_UNION) {
        uint32_t tag = value->u.nested.items[0].u.u8;
        return idx == 0 || tag >= type->field_count ? rz_type_of(RUZU_TYPE_UINT8) : type->fields[tag].type;
    }
    return idx < type->field_count ? type->fields[idx].type : rz_type_of(RUZU_TYPE_ANY);
}

/* type: an equal one of value's own that lives as long as the copy. */
static ruzu_status value_clone_as(const rz_value *value, const rz_type *type, rz_arena *arena, rz_value *out, rz_error *err)
{
    *out = *value;
    out->type = type;
    if (value->is_null) {
        return RUZU_OK;
    }
    if (value->type->physical == RZ_PHYS_STRING) {
        return value_copy_text(arena, value->u.text.data, value->u.text.length, out, err);
    }
    if (value->type->physical != RZ_PHYS_LIST && value->type->physical != RZ_PHYS_STRUCT) {
        return RUZU_OK;
    }
    RZ_TRY(value_items(arena, out, value->u.nested.count, err));
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        const rz_value *item = &value->u.nested.items[i];
        const rz_type *item_type = value_item_type(type, i, value);
        if (item->type != value_item_type(value->type, i, value) && !rz_type_equal(item->type, item_type)) {
            item_type = rz_type_clone(arena, item->type); /* a NULL without a type, say */
            RZ_TRY_ALLOC(item_type, err, "copying a value");
        }
        RZ_TRY(value_clone_as(item, item_type, arena, &out->u.nested.items[i], err));
    }
    return RUZU_OK;
}

ruzu_status rz_value_clone(const rz_value *value, rz_arena *arena, rz_value *out, rz_error *err)
{
    const rz_type *type = rz_type_clone(arena, value->type);
    RZ_TRY_ALLOC(type, err, "copying a value");
    return value_clone_as(value, type, arena, out, err);
}

/* ---- equality ---- */

static bool value_equal_items(const rz_value *a, const rz_value *b)
{
    if (a->u.nested.count != b->u.nested.count) {
        return false;
    }
    int32_t key = a->type->physical == RZ_PHYS_STRUCT ? vec_key_child(a->type) : -1;
    if (key >= 0 && (uint32_t)key < a->u.nested.count) {
        return rz_value_equal(&a->u.nested.items[key], &b->u.nested.items[key]);
    }
    for (uint32_t i = 0; i < a->u.nested.count; i++) {
        if (!rz_value_equal(&a->u.nested.items[i], &b->u.nested.items[i])) {
            return false;
        }
    }
    return true;
}

bool rz_value_equal(const rz_value *a, const rz_value *b)
{
    if (a->is_null || b->is_null) {
        return a->is_null == b->is_null;
    }
    if (a->type->physical != b->type->physical || !rz_type_equal(a->type, b->type)) {
        return false;
    }
#define VALUE_EQUAL_CASE(phys, field, equal)                                                                                  \
    case RZ_PHYS_##phys: return equal(&a->u.field, &b->u.field);
    switch ((rz_physical)a->type->physical) {
    case RZ_PHYS_NONE: return true;
        VALUE_FIELD_FIXED(VALUE_EQUAL_CASE)
    case RZ_PHYS_STRING:
        return a->u.text.length == b->u.text.length &&
               (a->u.text.length == 0 || memcmp(a->u.text.data, b->u.text.data, a->u.text.length) == 0);
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: return value_equal_items(a, b);
    }
    return false;
}

#undef VALUE_EQUAL_CASE
#undef VALUE_FIELD_FIXED
