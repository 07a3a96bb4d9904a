/* SPDX-License-Identifier: MIT */
/*
 * The static simple types, constructors of composed ones, comparison and copies of types.
 */
#include "types/type.h"

#define TYPE_SIMPLE(name, phys) [RUZU_TYPE_##name] = {.id = RUZU_TYPE_##name, .physical = RZ_PHYS_##phys}

static const rz_type type_simple[] = {
    TYPE_SIMPLE(ANY, NONE),
    TYPE_SIMPLE(BOOL, BOOL),
    TYPE_SIMPLE(INT8, INT8),
    TYPE_SIMPLE(INT16, INT16),
    TYPE_SIMPLE(INT32, INT32),
    TYPE_SIMPLE(INT64, INT64),
    TYPE_SIMPLE(INT128, INT128),
    TYPE_SIMPLE(UINT8, UINT8),
    TYPE_SIMPLE(UINT16, UINT16),
    TYPE_SIMPLE(UINT32, UINT32),
    TYPE_SIMPLE(UINT64, UINT64),
    TYPE_SIMPLE(SERIAL, INT64),
    TYPE_SIMPLE(FLOAT, FLOAT),
    TYPE_SIMPLE(DOUBLE, DOUBLE),
    TYPE_SIMPLE(STRING, STRING),
    TYPE_SIMPLE(BLOB, STRING),
    TYPE_SIMPLE(UUID, INT128),
    TYPE_SIMPLE(DATE, INT32),
    TYPE_SIMPLE(TIMESTAMP, INT64),
    TYPE_SIMPLE(TIMESTAMP_SEC, INT64),
    TYPE_SIMPLE(TIMESTAMP_MS, INT64),
    TYPE_SIMPLE(TIMESTAMP_NS, INT64),
    TYPE_SIMPLE(TIMESTAMP_TZ, INT64),
    TYPE_SIMPLE(INTERVAL, INTERVAL),
    TYPE_SIMPLE(INTERNAL_ID, UINT64),
};

#undef TYPE_SIMPLE

const rz_type *rz_type_of(ruzu_type_id id)
{
    const rz_type *type = (size_t)id < sizeof type_simple / sizeof type_simple[0] ? &type_simple[id] : NULL;
    RZ_ASSERT(type != NULL && type->id == (uint8_t)id);
    return type;
}

uint32_t rz_physical_size(rz_physical physical)
{
    switch (physical) {
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_UINT8: return 1;
    case RZ_PHYS_INT16:
    case RZ_PHYS_UINT16: return 2;
    case RZ_PHYS_INT32:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_FLOAT: return 4;
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_LIST: return 8;
    case RZ_PHYS_INT128:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING: return 16;
    case RZ_PHYS_REL: return 24;
    case RZ_PHYS_STRUCT: return 0;
    }
    return 0;
}

int rz_string_compare(const rz_string *a, const rz_string *b)
{
    /* The zero padding of the prefix only makes a difference where the shorter string ends, which is what the lengths say too. */
    int order = memcmp(a->prefix, b->prefix, 4);
    if (order != 0) {
        return order;
    }
    uint32_t shorter = a->length < b->length ? a->length : b->length;
    order = shorter == 0 ? 0 : memcmp(rz_string_data(a), rz_string_data(b), shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* ---- constructors ---- */

static rz_type *type_new(rz_arena *arena, ruzu_type_id id, rz_physical physical)
{
    rz_type *type = RZ_NEW(arena, rz_type);
    if (type != NULL) {
        type->id = (uint8_t)id;
        type->physical = (uint8_t)physical;
    }
    return type;
}

static rz_physical type_decimal_physical(uint8_t precision)
{
    if (precision <= 4) {
        return RZ_PHYS_INT16;
    }
    if (precision <= 9) {
        return RZ_PHYS_INT32;
    }
    return precision <= 18 ? RZ_PHYS_INT64 : RZ_PHYS_INT128;
}

const rz_type *rz_type_decimal(rz_arena *arena, uint8_t precision, uint8_t scale)
{
    RZ_ASSERT(precision >= 1 && precision <= 38 && scale <= precision);
    rz_type *type = type_new(arena, RUZU_TYPE_DECIMAL, type_decimal_physical(precision));
    if (type != NULL) {
        type->precision = precision;
        type->scale = scale;
    }
    return type;
}

const rz_type *rz_type_list(rz_arena *arena, const rz_type *element)
{
    rz_type *type = type_new(arena, RUZU_TYPE_LIST, RZ_PHYS_LIST);
    if (type != NULL) {
        type->child = element;
    }
    return type;
}

const rz_type *rz_type_array(rz_arena *arena, const rz_type *element, uint32_t length)
{
    RZ_ASSERT(length >= 1);
    rz_type *type = type_new(arena, RUZU_TYPE_ARRAY, RZ_PHYS_LIST);
    if (type != NULL) {
        type->child = element;
        type->array_length = length;
    }
    return type;
}

static const rz_type *type_with_fields(rz_arena *arena, ruzu_type_id id, const rz_type_field *fields, uint32_t field_count)
{
    rz_type *type = type_new(arena, id, RZ_PHYS_STRUCT);
    rz_type_field *copy = RZ_NEW_ARRAY(arena, rz_type_field, field_count);
    if (type == NULL || copy == NULL) {
        return NULL;
    }
    if (field_count != 0) {
        memcpy(copy, fields, field_count * sizeof *fields);
    }
    type->fields = copy;
    type->field_count = field_count;
    return type;
}

const rz_type *rz_type_struct(rz_arena *arena, const rz_type_field *fields, uint32_t field_count)
{
    return type_with_fields(arena, RUZU_TYPE_STRUCT, fields, field_count);
}

const rz_type *rz_type_union(rz_arena *arena, const rz_type_field *members, uint32_t member_count)
{
    RZ_ASSERT(member_count >= 1 && member_count <= 255);
    return type_with_fields(arena, RUZU_TYPE_UNION, members, member_count);
}

const rz_type *rz_type_graph_value(rz_arena *arena, ruzu_type_id id, const rz_type_field *fields, uint32_t field_count)
{
    RZ_ASSERT(id == RUZU_TYPE_NODE || id == RUZU_TYPE_REL);
    return type_with_fields(arena, id, fields, field_count);
}

const rz_type *rz_type_map(rz_arena *arena, const rz_type *key, const rz_type *value)
{
    rz_type_field fields[2] = {{"KEY", key}, {"VALUE", value}};
    const rz_type *entry = rz_type_struct(arena, fields, 2);
    rz_type *type = type_new(arena, RUZU_TYPE_MAP, RZ_PHYS_LIST);
    if (type == NULL || entry == NULL) {
        return NULL;
    }
    type->child = entry;
    return type;
}

static const rz_type *type_with_tables(rz_arena *arena, ruzu_type_id id, rz_physical physical, const uint32_t *tables, uint32_t table_count)
{
    rz_type *type = type_new(arena, id, physical);
    if (type == NULL || table_count == 0) {
        return type;
    }
    type->tables = (const uint32_t *)rz_arena_dup(arena, tables, table_count * sizeof *tables);
    type->table_count = table_count;
    return type->tables == NULL ? NULL : type;
}

const rz_type *rz_type_node(rz_arena *arena, const uint32_t *tables, uint32_t table_count)
{
    return type_with_tables(arena, RUZU_TYPE_NODE, RZ_PHYS_UINT64, tables, table_count);
}

const rz_type *rz_type_rel(rz_arena *arena, const uint32_t *pairs, uint32_t pair_count)
{
    return type_with_tables(arena, RUZU_TYPE_REL, RZ_PHYS_REL, pairs, pair_count);
}

const rz_type *rz_type_path(rz_arena *arena, const rz_type *node, const rz_type *rel)
{
    rz_type_field fields[2] = {{"_NODES", rz_type_list(arena, node)}, {"_RELS", rz_type_list(arena, rel)}};
    if (fields[0].type == NULL || fields[1].type == NULL) {
        return NULL;
    }
    return type_with_fields(arena, RUZU_TYPE_RECURSIVE_REL, fields, 2);
}

const rz_type *rz_type_clone(rz_arena *arena, const rz_type *type)
{
    rz_type *copy = (rz_type *)rz_arena_dup(arena, type, sizeof *type);
    if (copy == NULL) {
        return NULL;
    }
    if (type->child != NULL) {
        copy->child = rz_type_clone(arena, type->child);
        if (copy->child == NULL) {
            return NULL;
        }
    }
    if (type->tables != NULL) {
        copy->tables = (const uint32_t *)rz_arena_dup(arena, type->tables, type->table_count * sizeof *type->tables);
        if (copy->tables == NULL) {
            return NULL;
        }
    }
    if (type->fields == NULL) {
        return copy;
    }
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, type->field_count);
    if (fields == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i].name = rz_arena_strdup(arena, type->fields[i].name);
        fields[i].type = rz_type_clone(arena, type->fields[i].type);
        if (fields[i].name == NULL || fields[i].type == NULL) {
            return NULL;
        }
    }
    copy->fields = fields;
    return copy;
}

/* ---- questions ---- */

bool rz_type_equal(const rz_type *a, const rz_type *b)
{
    if (a == b) {
        return true;
    }
    if (a->id != b->id || a->physical != b->physical || a->precision != b->precision || a->scale != b->scale ||
        a->array_length != b->array_length || a->field_count != b->field_count) {
        return false;
    }
    if (a->child != NULL && !rz_type_equal(a->child, b->child)) {
        return false;
    }
    for (uint32_t i = 0; i < a->field_count; i++) {
        if (!rz_name_equal(a->fields[i].name, b->fields[i].name) || !rz_type_equal(a->fields[i].type, b->fields[i].type)) {
            return false;
        }
    }
    return true;
}

bool rz_type_has_graph_ref(const rz_type *type)
{
    if (type->physical != RZ_PHYS_STRUCT && (type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL)) {
        return true;
    }
    if (type->child != NULL && rz_type_has_graph_ref(type->child)) {
        return true;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (rz_type_has_graph_ref(type->fields[i].type)) {
            return true;
        }
    }
    return false;
}

uint32_t rz_type_depth(const rz_type *type)
{
    if (type->child == NULL && type->fields == NULL) {
        return 0;
    }
    uint32_t below = type->child == NULL ? 0 : rz_type_depth(type->child);
    for (uint32_t i = 0; i < type->field_count; i++) {
        uint32_t depth = rz_type_depth(type->fields[i].type);
        below = depth > below ? depth : below;
    }
    return below + 1;
}

int32_t rz_type_find_field(const rz_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (rz_name_equal(type->fields[i].name, name)) {
            return (int32_t)i;
        }
    }
    return -1;
}
