/* SPDX-License-Identifier: MIT */
/*
 * Building values for parameters. An owned value is a boxed value with the arena that holds its texts, elements and type.
 */
#include "api/api.h"

#include <string.h>

typedef struct owned_value {
    rz_value value; /* first: what the caller holds points here */
    rz_arena arena;
} owned_value;

static owned_value *owned_new(const rz_type *type)
{
    owned_value *owned = (owned_value *)rz_mem_calloc(rz_mem_root(), 1, sizeof *owned);
    if (owned != NULL) {
        rz_arena_init(&owned->arena, rz_mem_root());
        owned->value.type = type;
    }
    return owned;
}

void ruzu_value_free(ruzu_value *value)
{
    if (value != NULL) {
        owned_value *owned = (owned_value *)(void *)value;
        rz_arena_free(&owned->arena);
        rz_mem_free(rz_mem_root(), owned, sizeof *owned);
    }
}

/* Gives the value out, or frees it when it could not be completed. */
static ruzu_value *owned_finish(owned_value *owned, bool complete)
{
    if (owned != NULL && !complete) {
        ruzu_value_free(&owned->value);
        owned = NULL;
    }
    return owned == NULL ? NULL : &owned->value;
}

/* A copy of a value whose type is static. */
static ruzu_value *owned_plain(const rz_value *value)
{
    owned_value *owned = owned_new(value->type);
    if (owned != NULL) {
        owned->value = *value;
    }
    return owned_finish(owned, true);
}

ruzu_value *ruzu_value_create_null(void)
{
    return owned_plain(&(rz_value){.type = RZ_ANY, .is_null = true});
}

ruzu_value *ruzu_value_create_bool(bool value)
{
    return owned_plain(&(rz_value){.type = RZ_BOOL, .u = {.boolean = value}});
}

ruzu_value *ruzu_value_create_int64(int64_t value)
{
    return owned_plain(&(rz_value){.type = RZ_INT64, .u = {.i64 = value}});
}

ruzu_value *ruzu_value_create_double(double value)
{
    return owned_plain(&(rz_value){.type = RZ_DOUBLE, .u = {.f64 = value}});
}

ruzu_value *ruzu_value_create_date(int32_t days)
{
    return owned_plain(&(rz_value){.type = rz_type_of(RUZU_TYPE_DATE), .u = {.i32 = days}});
}

ruzu_value *ruzu_value_create_timestamp(int64_t microseconds)
{
    return owned_plain(&(rz_value){.type = rz_type_of(RUZU_TYPE_TIMESTAMP), .u = {.i64 = microseconds}});
}

ruzu_value *ruzu_value_create_interval(int32_t months, int32_t days, int64_t microseconds)
{
    return owned_plain(
        &(rz_value){.type = rz_type_of(RUZU_TYPE_INTERVAL), .u = {.interval = {.months = months, .days = days, .micros = microseconds}}});
}

ruzu_value *ruzu_value_create_uuid(const uint8_t *bytes)
{
    return bytes == NULL ? NULL : owned_plain(&(rz_value){.type = rz_type_of(RUZU_TYPE_UUID), .u = {.i128 = rz_uuid_from_bytes(bytes)}});
}

static ruzu_value *owned_text(const rz_type *type, const char *data, size_t length)
{
    owned_value *owned = owned_new(type);
    if (owned != NULL) {
        owned->value.u.text.data = rz_arena_strndup(&owned->arena, data, length);
        owned->value.u.text.length = length;
    }
    return owned_finish(owned, owned != NULL && owned->value.u.text.data != NULL);
}

ruzu_value *ruzu_value_create_string(const char *text, size_t length)
{
    if (text == NULL) {
        return NULL;
    }
    size_t bytes = length == SIZE_MAX ? strlen(text) : length;
    return rz_utf8_valid(text, bytes) ? owned_text(RZ_STRING, text, bytes) : NULL;
}

ruzu_value *ruzu_value_create_blob(const void *data, size_t size)
{
    return data == NULL && size != 0 ? NULL : owned_text(rz_type_of(RUZU_TYPE_BLOB), data == NULL ? "" : (const char *)data, size);
}

/* ---- nested values ---- */

/* The common type of values, ANY when there are none; NULL when they have none in common. */
static const rz_type *owned_common_type(rz_arena *arena, const ruzu_value *const *values, size_t count)
{
    const rz_type *common = RZ_ANY;
    for (size_t i = 0; i < count && common != NULL; i++) {
        common = values[i] == NULL ? NULL : rz_type_common(arena, common, values[i]->type);
    }
    return common == NULL ? NULL : rz_type_clone(arena, common);
}

/* items[i] = values[i] as a value of the type; item types are those of their container. */
static bool owned_cast_items(rz_arena *arena, const ruzu_value *const *values, const rz_type *type, rz_value *items, size_t stride, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rz_value *item = &items[i * stride];
        if (values[i]->is_null) {
            memset(item, 0, sizeof *item);
            item->is_null = true;
        } else if (rz_type_equal(values[i]->type, type)) {
            if (rz_value_clone(values[i], arena, item, NULL) != RUZU_OK) {
                return false;
            }
        } else {
            rz_value cast;
            if (rz_value_cast(values[i], type, arena, &cast, NULL) != RUZU_OK) {
                return false;
            }
            *item = cast;
        }
        item->type = type;
    }
    return true;
}

static bool owned_fill_list(owned_value *owned, const ruzu_value *const *elements, size_t count)
{
    const rz_type *type = owned_common_type(&owned->arena, elements, count);
    owned->value.type = type == NULL ? NULL : rz_type_list(&owned->arena, type);
    owned->value.u.nested.items = RZ_NEW_ARRAY(&owned->arena, rz_value, count + 1);
    owned->value.u.nested.count = (uint32_t)count;
    return owned->value.type != NULL && owned->value.u.nested.items != NULL && rz_type_depth(owned->value.type) <= RZ_TYPE_MAX_DEPTH &&
           owned_cast_items(&owned->arena, elements, type, owned->value.u.nested.items, 1, count);
}

ruzu_value *ruzu_value_create_list(const ruzu_value *const *elements, size_t count)
{
    if ((elements == NULL && count != 0) || count > UINT32_MAX / 2) {
        return NULL;
    }
    owned_value *owned = owned_new(RZ_ANY);
    return owned_finish(owned, owned != NULL && owned_fill_list(owned, elements, count));
}

static bool owned_fill_struct(owned_value *owned, const char *const *names, const ruzu_value *const *values, size_t count)
{
    rz_arena *arena = &owned->arena;
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, count);
    rz_value *items = RZ_NEW_ARRAY(arena, rz_value, count);
    for (size_t i = 0; fields != NULL && items != NULL && i < count; i++) {
        for (size_t j = 0; j < i && names[i] != NULL; j++) {
            if (rz_name_equal(names[i], names[j])) {
                return false;
            }
        }
        if (names[i] == NULL || values[i] == NULL || rz_value_clone(values[i], arena, &items[i], NULL) != RUZU_OK) {
            return false;
        }
        fields[i].name = rz_arena_strdup(arena, names[i]);
        fields[i].type = items[i].type;
        if (fields[i].name == NULL) {
            return false;
        }
    }
    owned->value.type = fields == NULL || items == NULL ? NULL : rz_type_struct(arena, fields, (uint32_t)count);
    owned->value.u.nested.items = items;
    owned->value.u.nested.count = (uint32_t)count;
    return owned->value.type != NULL && rz_type_depth(owned->value.type) <= RZ_TYPE_MAX_DEPTH;
}

ruzu_value *ruzu_value_create_struct(const char *const *names, const ruzu_value *const *values, size_t count)
{
    if (names == NULL || values == NULL || count == 0 || count > UINT16_MAX) {
        return NULL;
    }
    owned_value *owned = owned_new(RZ_ANY);
    return owned_finish(owned, owned != NULL && owned_fill_struct(owned, names, values, count));
}

static bool owned_fill_map(owned_value *owned, const ruzu_value *const *keys, const ruzu_value *const *values, size_t count)
{
    rz_arena *arena = &owned->arena;
    const rz_type *key_type = owned_common_type(arena, keys, count);
    const rz_type *value_type = owned_common_type(arena, values, count);
    rz_value *entries = RZ_NEW_ARRAY(arena, rz_value, count + 1);
    rz_value *parts = RZ_NEW_ARRAY(arena, rz_value, 2 * count + 1);
    if (key_type == NULL || value_type == NULL || entries == NULL || parts == NULL) {
        return false;
    }
    owned->value.type = rz_type_map(arena, key_type, value_type);
    if (owned->value.type == NULL || rz_type_depth(owned->value.type) > RZ_TYPE_MAX_DEPTH ||
        !owned_cast_items(arena, keys, key_type, parts, 2, count) || !owned_cast_items(arena, values, value_type, parts + 1, 2, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (rz_value_equal(&parts[2 * i], &parts[2 * j])) {
                return false;
            }
        }
        if (parts[2 * i].is_null) {
            return false;
        }
        entries[i].type = owned->value.type->child;
        entries[i].u.nested.items = &parts[2 * i];
        entries[i].u.nested.count = 2;
    }
    owned->value.u.nested.items = entries;
    owned->value.u.nested.count = (uint32_t)count;
    return true;
}

ruzu_value *ruzu_value_create_map(const ruzu_value *const *keys, const ruzu_value *const *values, size_t count)
{
    if (((keys == NULL || values == NULL) && count != 0) || count > UINT32_MAX / 4) {
        return NULL;
    }
    owned_value *owned = owned_new(RZ_ANY);
    return owned_finish(owned, owned != NULL && owned_fill_map(owned, keys, values, count));
}

static bool owned_fill_from_text(owned_value *owned, const char *type_name, const char *text, size_t length)
{
    const rz_type *type = NULL;
    rz_vec *vec = NULL;
    rz_arena scratch;
    rz_arena_init(&scratch, rz_mem_root());
    bool complete = rz_type_parse(type_name, strlen(type_name), NULL, NULL, &owned->arena, &type, NULL) == RUZU_OK &&
                    rz_vec_create(&scratch, &scratch, type, 1, &vec, NULL) == RUZU_OK && rz_text_parse(text, length, NULL, vec, 0, NULL) == RUZU_OK &&
                    rz_value_from_vec(vec, 0, &owned->arena, &owned->value, NULL) == RUZU_OK;
    rz_arena_free(&scratch);
    return complete;
}

ruzu_value *ruzu_value_create_from_text(const char *type, const char *text, size_t length)
{
    size_t bytes = text == NULL ? 0 : length == SIZE_MAX ? strlen(text) : length;
    if (type == NULL || text == NULL || !rz_utf8_valid(text, bytes)) {
        return NULL;
    }
    owned_value *owned = owned_new(RZ_ANY);
    return owned_finish(owned, owned != NULL && owned_fill_from_text(owned, type, text, bytes));
}
