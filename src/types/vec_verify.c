/* SPDX-License-Identifier: MIT */
/*
 * Walks the invariants of vectors (vec.h); for tests and debugging.
 */
#include "types/vec_base.h"

static const char *verify_row(const rz_vec *vec, uint32_t row);

static const char *verify_shape(const rz_vec *vec)
{
    const rz_type *type = vec->type;
    uint32_t children = type->physical == RZ_PHYS_LIST ? 1 : 0;
    if (type->physical == RZ_PHYS_STRUCT) {
        children = type->field_count + (type->id == RUZU_TYPE_UNION ? 1 : 0);
    }
    if (vec->child_count != children) {
        return "a vector has a child per field";
    }
    if (vec->kind == RZ_VEC_SEQUENCE) {
        return type->physical == RZ_PHYS_INT64 || type->physical == RZ_PHYS_UINT64 ? NULL : "only 64-bit integers come as sequences";
    }
    if (vec->kind == RZ_VEC_DICTIONARY) {
        if (vec->dictionary == NULL || vec->index == NULL) {
            return "a dictionary vector has a child and an index";
        }
        if (vec->dictionary->kind != RZ_VEC_FLAT && vec->dictionary->kind != RZ_VEC_CONSTANT) {
            return "the child of a dictionary vector is flat or constant";
        }
        return vec->dictionary->type->physical == type->physical ? verify_shape(vec->dictionary) : "a dictionary has the type of its child";
    }
    if (type->physical != RZ_PHYS_STRUCT && vec->data == NULL) {
        return "flat and constant vectors have data";
    }
    return type->physical == RZ_PHYS_LIST && vec->children[0]->kind != RZ_VEC_FLAT && vec->children[0]->type->physical != RZ_PHYS_NONE
               ? "the elements of lists are flat"
               : NULL;
}

static const char *verify_string(const rz_string *s)
{
    static const char zero[RZ_STRING_INLINE] = {0};
    if (s->length <= RZ_STRING_INLINE) {
        return memcmp(rz_string_data(s) + s->length, zero, RZ_STRING_INLINE - s->length) == 0 ? NULL : "short strings are padded with zeros";
    }
    return memcmp(s->prefix, s->u.data, sizeof s->prefix) == 0 ? NULL : "the prefix of a long string is its beginning";
}

static const char *verify_list(const rz_vec *base, uint32_t row)
{
    rz_list_entry entry = ((const rz_list_entry *)base->data)[row];
    const rz_vec *elements = base->children[0];
    if (base->type->id == RUZU_TYPE_ARRAY && entry.length != base->type->array_length) {
        return "an array has the elements its type says";
    }
    if ((uint64_t)entry.offset + entry.length > elements->length) {
        return "lists lie within their child";
    }
    for (uint32_t i = 0; i < entry.length; i++) {
        const char *problem = verify_row(elements, entry.offset + i);
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

static const char *verify_struct(const rz_vec *base, uint32_t row, bool is_null)
{
    uint32_t active = UINT32_MAX;
    if (base->type->id == RUZU_TYPE_UNION && !is_null) {
        uint32_t tag_row = row;
        const rz_vec *tags = vec_locate(base->children[0], &tag_row);
        active = 1 + (uint32_t)((const uint8_t *)tags->data)[tag_row];
        if (rz_vec_is_null(base->children[0], row) || active >= base->child_count) {
            return "the tag of a union names a member";
        }
    }
    for (uint32_t i = 0; i < base->child_count; i++) {
        bool must_be_null = is_null || (active != UINT32_MAX && i != 0 && i != active);
        if (must_be_null && !rz_vec_is_null(base->children[i], row)) {
            return is_null ? "the fields of a NULL struct are NULL" : "members that are not active are NULL";
        }
        const char *problem = verify_row(base->children[i], row);
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

static const char *verify_row(const rz_vec *vec, uint32_t row)
{
    const char *problem = verify_shape(vec);
    if (problem != NULL || vec->kind == RZ_VEC_SEQUENCE) {
        return problem;
    }
    const rz_vec *base = vec_locate(vec, &row);
    if (row >= base->capacity && row != 0) {
        return "rows lie within the capacity";
    }
    bool is_null = vec_base_is_null(base, row);
    if (base->type->physical == RZ_PHYS_STRUCT) {
        return verify_struct(base, row, is_null);
    }
    if (is_null) {
        return NULL;
    }
    if (base->type->physical == RZ_PHYS_STRING) {
        return verify_string((const rz_string *)base->data + row);
    }
    if (base->type->physical == RZ_PHYS_LIST) {
        return verify_list(base, row);
    }
    return base->type->physical == RZ_PHYS_BOOL && ((const uint8_t *)base->data)[row] > 1 ? "booleans are 0 or 1" : NULL;
}

const char *rz_vec_verify(const rz_vec *vec, const rz_sel *sel)
{
    const char *problem = verify_shape(vec);
    for (uint32_t i = 0; problem == NULL && i < sel->count; i++) {
        problem = verify_row(vec, rz_sel_at(sel, i));
    }
    return problem;
}
