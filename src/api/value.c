/* SPDX-License-Identifier: MIT */
/*
 * Reading values and types. A ruzu_value is a boxed value of types/value.h; nodes, relationships and paths are in their value form: structs with
 * the fields _ID and _LABEL (and _SRC, _DST of a relationship) before the properties.
 */
#include "api/api.h"

#include "types/types.h"

#include <string.h>

#define VALUE_NODE_FIELDS 2u /* _ID, _LABEL */
#define VALUE_REL_FIELDS  4u /* _SRC, _DST, _LABEL, _ID */

/* The value when it is there, not NULL and of this type. */
static const rz_value *value_of(const rz_value *value, ruzu_type_id id)
{
    return value != NULL && !value->is_null && value->type->id == id ? value : NULL;
}

static const rz_value *value_item(const rz_value *value, size_t idx)
{
    return value != NULL && idx < value->u.nested.count ? &value->u.nested.items[idx] : NULL;
}

const ruzu_type *ruzu_value_type(const ruzu_value *value)
{
    return value == NULL ? NULL : value->type;
}

bool ruzu_value_is_null(const ruzu_value *value)
{
    return value == NULL || value->is_null;
}

/* ---- numbers ---- */

/* The integer in a value, unscaled for DECIMAL; false when there is none. */
static bool value_integer(const rz_value *value, rz_int128 *out)
{
    if (value == NULL || value->is_null) {
        return false;
    }
    switch ((rz_physical)value->type->physical) {
    case RZ_PHYS_BOOL: *out = value->u.boolean; return true;
    case RZ_PHYS_INT8: *out = value->u.i8; return true;
    case RZ_PHYS_INT16: *out = value->u.i16; return true;
    case RZ_PHYS_INT32: *out = value->u.i32; return true;
    case RZ_PHYS_INT64: *out = value->u.i64; return true;
    case RZ_PHYS_INT128: *out = value->u.i128; return value->type->id != RUZU_TYPE_UUID;
    case RZ_PHYS_UINT8: *out = value->u.u8; return true;
    case RZ_PHYS_UINT16: *out = value->u.u16; return true;
    case RZ_PHYS_UINT32: *out = value->u.u32; return true;
    case RZ_PHYS_UINT64: *out = (rz_int128)value->u.u64; return value->type->id == RUZU_TYPE_UINT64;
    case RZ_PHYS_NONE:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return false;
}

static int64_t value_clamp(rz_int128 number)
{
    return number > INT64_MAX ? INT64_MAX : number < INT64_MIN ? INT64_MIN : (int64_t)number;
}

static int64_t value_cut_double(double number)
{
    if (!(number == number)) {
        return 0;
    }
    /* 2^63 is the first double beyond INT64. */
    return number >= 9223372036854775808.0 ? INT64_MAX : number < -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
}

int64_t rz_value_as_int64(const rz_value *value)
{
    rz_int128 number = 0;
    if (value_integer(value, &number)) {
        return value_clamp(value->type->id == RUZU_TYPE_DECIMAL ? number / rz_pow10_i128(value->type->scale) : number);
    }
    if (value_of(value, RUZU_TYPE_DOUBLE) != NULL) {
        return value_cut_double(value->u.f64);
    }
    return value_of(value, RUZU_TYPE_FLOAT) != NULL ? value_cut_double((double)value->u.f32) : 0;
}

double rz_value_as_double(const rz_value *value)
{
    rz_int128 number = 0;
    if (value == NULL || value->is_null) {
        return 0;
    }
    if (value->type->id == RUZU_TYPE_DOUBLE) {
        return value->u.f64;
    }
    if (value->type->id == RUZU_TYPE_FLOAT) {
        return (double)value->u.f32;
    }
    if ((!rz_type_is_numeric(value->type) && value->type->id != RUZU_TYPE_BOOL) || !value_integer(value, &number)) {
        return 0;
    }
    return value->type->id == RUZU_TYPE_DECIMAL ? (double)number / (double)rz_pow10_i128(value->type->scale) : (double)number;
}

bool ruzu_value_get_bool(const ruzu_value *value)
{
    return rz_value_as_double(value) != 0;
}

int64_t ruzu_value_get_int64(const ruzu_value *value)
{
    return rz_value_as_int64(value);
}

uint64_t ruzu_value_get_uint64(const ruzu_value *value)
{
    rz_int128 number = 0;
    if (!value_integer(value, &number) || value->type->id == RUZU_TYPE_DECIMAL) {
        int64_t cut = rz_value_as_int64(value);
        return cut < 0 ? 0 : (uint64_t)cut;
    }
    return number < 0 ? 0 : number > (rz_int128)UINT64_MAX ? UINT64_MAX : (uint64_t)number;
}

double ruzu_value_get_double(const ruzu_value *value)
{
    return rz_value_as_double(value);
}

bool ruzu_value_get_int128(const ruzu_value *value, ruzu_int128 *out)
{
    rz_int128 number = 0;
    if (out == NULL || value == NULL || !rz_type_is_numeric(value->type) || !value_integer(value, &number)) {
        return false;
    }
    out->low = (uint64_t)(rz_uint128)number;
    out->high = (int64_t)(number >> 64);
    return true;
}

/* ---- texts, dates and the like ---- */

static const char *value_text(const rz_value *value, size_t *length)
{
    if (length != NULL) {
        *length = value == NULL ? 0 : (size_t)value->u.text.length;
    }
    return value == NULL ? "" : value->u.text.data; /* boxed texts end with a NUL */
}

const char *ruzu_value_get_string(const ruzu_value *value, size_t *length)
{
    return value_text(value_of(value, RUZU_TYPE_STRING), length);
}

const void *ruzu_value_get_blob(const ruzu_value *value, size_t *size)
{
    return value_text(value_of(value, RUZU_TYPE_BLOB), size);
}

int32_t ruzu_value_get_date(const ruzu_value *value)
{
    return value_of(value, RUZU_TYPE_DATE) == NULL ? 0 : value->u.i32;
}

int64_t ruzu_value_get_timestamp(const ruzu_value *value)
{
    if (value == NULL || value->is_null || value->type->id < RUZU_TYPE_TIMESTAMP || value->type->id > RUZU_TYPE_TIMESTAMP_TZ) {
        return 0;
    }
    return rz_timestamp_to_micros((ruzu_type_id)value->type->id, value->u.i64);
}

bool ruzu_value_get_interval(const ruzu_value *value, ruzu_interval *out)
{
    if (out == NULL || value_of(value, RUZU_TYPE_INTERVAL) == NULL) {
        return false;
    }
    *out = (ruzu_interval){.months = value->u.interval.months, .days = value->u.interval.days, .microseconds = value->u.interval.micros};
    return true;
}

rz_int128 rz_uuid_from_bytes(const uint8_t *bytes)
{
    rz_uint128 number = 0;
    for (uint32_t i = 0; i < 16; i++) {
        number = number << 8 | bytes[i];
    }
    return (rz_int128)(number ^ (rz_uint128)1 << 127); /* stored with the top bit flipped: signed order is the order of the texts */
}

void rz_uuid_to_bytes(rz_int128 value, uint8_t *bytes)
{
    rz_uint128 number = (rz_uint128)value ^ (rz_uint128)1 << 127;
    for (uint32_t i = 0; i < 16; i++) {
        bytes[i] = (uint8_t)(number >> (120 - 8 * i));
    }
}

bool ruzu_value_get_uuid(const ruzu_value *value, ruzu_uuid *out)
{
    if (out == NULL || value_of(value, RUZU_TYPE_UUID) == NULL) {
        return false;
    }
    rz_uuid_to_bytes(value->u.i128, out->bytes);
    return true;
}

bool ruzu_value_get_internal_id(const ruzu_value *value, ruzu_internal_id *out)
{
    if (out == NULL || value_of(value, RUZU_TYPE_INTERNAL_ID) == NULL) {
        return false;
    }
    *out = (ruzu_internal_id){.table = rz_id_table(value->u.u64), .offset = rz_id_offset(value->u.u64)};
    return true;
}

/* ---- lists, structs, maps ---- */

static const rz_value *value_list(const rz_value *value)
{
    return value_of(value, RUZU_TYPE_LIST) != NULL ? value : value_of(value, RUZU_TYPE_ARRAY);
}

size_t ruzu_value_list_size(const ruzu_value *list)
{
    const rz_value *value = value_list(list);
    return value == NULL ? 0 : value->u.nested.count;
}

const ruzu_value *ruzu_value_list_element(const ruzu_value *list, size_t idx)
{
    return value_item(value_list(list), idx);
}

size_t ruzu_value_struct_field_count(const ruzu_value *value)
{
    if (value_of(value, RUZU_TYPE_UNION) != NULL) {
        return 1;
    }
    return value_of(value, RUZU_TYPE_STRUCT) == NULL ? 0 : value->u.nested.count;
}

const char *ruzu_value_struct_field_name(const ruzu_value *value, size_t idx)
{
    if (idx >= ruzu_value_struct_field_count(value)) {
        return NULL;
    }
    if (value->type->id == RUZU_TYPE_UNION) {
        uint32_t tag = value->u.nested.items[0].u.u8;
        return tag < value->type->field_count ? value->type->fields[tag].name : NULL;
    }
    return value->type->fields[idx].name;
}

const ruzu_value *ruzu_value_struct_field_value(const ruzu_value *value, size_t idx)
{
    if (idx >= ruzu_value_struct_field_count(value)) {
        return NULL;
    }
    return value_item(value, value->type->id == RUZU_TYPE_UNION ? 1 : idx);
}

size_t ruzu_value_map_size(const ruzu_value *map)
{
    return value_of(map, RUZU_TYPE_MAP) == NULL ? 0 : map->u.nested.count;
}

const ruzu_value *ruzu_value_map_key(const ruzu_value *map, size_t idx)
{
    return value_item(value_item(value_of(map, RUZU_TYPE_MAP), idx), 0);
}

const ruzu_value *ruzu_value_map_value(const ruzu_value *map, size_t idx)
{
    return value_item(value_item(value_of(map, RUZU_TYPE_MAP), idx), 1);
}

/* ---- nodes, relationships, paths ---- */

/* A field by its name. */
static const rz_value *value_field(const rz_value *value, const char *name)
{
    int32_t idx = value == NULL ? -1 : rz_type_find_field(value->type, name);
    return idx < 0 ? NULL : value_item(value, (size_t)idx);
}

static size_t value_property_count(const rz_value *value, size_t own_fields)
{
    return value == NULL || value->u.nested.count < own_fields ? 0 : value->u.nested.count - own_fields;
}

static const char *value_property_name(const rz_value *value, size_t own_fields, size_t idx)
{
    return idx < value_property_count(value, own_fields) ? value->type->fields[own_fields + idx].name : NULL;
}

static const rz_value *value_property_at(const rz_value *value, size_t own_fields, size_t idx)
{
    return idx < value_property_count(value, own_fields) ? value_item(value, own_fields + idx) : NULL;
}

static const rz_value *value_property(const rz_value *value, size_t own_fields, const char *name)
{
    for (size_t i = 0; name != NULL && i < value_property_count(value, own_fields); i++) {
        if (rz_name_equal(value->type->fields[own_fields + i].name, name)) {
            return value_item(value, own_fields + i);
        }
    }
    return NULL;
}

const ruzu_value *ruzu_value_node_id(const ruzu_value *node)
{
    return value_field(value_of(node, RUZU_TYPE_NODE), "_ID");
}

const char *ruzu_value_node_label(const ruzu_value *node)
{
    return ruzu_value_get_string(value_field(value_of(node, RUZU_TYPE_NODE), "_LABEL"), NULL);
}

size_t ruzu_value_node_property_count(const ruzu_value *node)
{
    return value_property_count(value_of(node, RUZU_TYPE_NODE), VALUE_NODE_FIELDS);
}

const char *ruzu_value_node_property_name(const ruzu_value *node, size_t idx)
{
    return value_property_name(value_of(node, RUZU_TYPE_NODE), VALUE_NODE_FIELDS, idx);
}

const ruzu_value *ruzu_value_node_property_value(const ruzu_value *node, size_t idx)
{
    return value_property_at(value_of(node, RUZU_TYPE_NODE), VALUE_NODE_FIELDS, idx);
}

const ruzu_value *ruzu_value_node_property(const ruzu_value *node, const char *name)
{
    return value_property(value_of(node, RUZU_TYPE_NODE), VALUE_NODE_FIELDS, name);
}

const ruzu_value *ruzu_value_rel_id(const ruzu_value *rel)
{
    return value_field(value_of(rel, RUZU_TYPE_REL), "_ID");
}

const ruzu_value *ruzu_value_rel_src(const ruzu_value *rel)
{
    return value_field(value_of(rel, RUZU_TYPE_REL), "_SRC");
}

const ruzu_value *ruzu_value_rel_dst(const ruzu_value *rel)
{
    return value_field(value_of(rel, RUZU_TYPE_REL), "_DST");
}

const char *ruzu_value_rel_label(const ruzu_value *rel)
{
    return ruzu_value_get_string(value_field(value_of(rel, RUZU_TYPE_REL), "_LABEL"), NULL);
}

size_t ruzu_value_rel_property_count(const ruzu_value *rel)
{
    return value_property_count(value_of(rel, RUZU_TYPE_REL), VALUE_REL_FIELDS);
}

const char *ruzu_value_rel_property_name(const ruzu_value *rel, size_t idx)
{
    return value_property_name(value_of(rel, RUZU_TYPE_REL), VALUE_REL_FIELDS, idx);
}

const ruzu_value *ruzu_value_rel_property_value(const ruzu_value *rel, size_t idx)
{
    return value_property_at(value_of(rel, RUZU_TYPE_REL), VALUE_REL_FIELDS, idx);
}

const ruzu_value *ruzu_value_rel_property(const ruzu_value *rel, const char *name)
{
    return value_property(value_of(rel, RUZU_TYPE_REL), VALUE_REL_FIELDS, name);
}

const ruzu_value *ruzu_value_path_nodes(const ruzu_value *path)
{
    return value_item(value_of(path, RUZU_TYPE_RECURSIVE_REL), 0);
}

const ruzu_value *ruzu_value_path_rels(const ruzu_value *path)
{
    return value_item(value_of(path, RUZU_TYPE_RECURSIVE_REL), 1);
}

/* ---- text ---- */

/* What ruzu_free frees begins with its size, in front of what the caller sees. */
#define VALUE_SIZE_PREFIX 16u

char *rz_public_text(const char *data, size_t length)
{
    size_t size = length + 1 + VALUE_SIZE_PREFIX;
    char *memory = size < length ? NULL : (char *)rz_mem_alloc(rz_mem_root(), size);
    if (memory == NULL) {
        return NULL;
    }
    rz_store_u64(memory, size);
    memcpy(memory + VALUE_SIZE_PREFIX, data, length);
    memory[VALUE_SIZE_PREFIX + length] = '\0';
    return memory + VALUE_SIZE_PREFIX;
}

void ruzu_free(void *memory)
{
    if (memory != NULL) {
        char *start = (char *)memory - VALUE_SIZE_PREFIX;
        rz_mem_free(rz_mem_root(), start, (size_t)rz_load_u64(start));
    }
}

char *ruzu_value_to_string(const ruzu_value *value)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    if (value != NULL) {
        rz_text_append_value(value, &text);
    }
    char *copy = text.failed ? NULL : rz_public_text(rz_str_text(&text), text.length);
    rz_str_free(&text);
    return copy;
}
