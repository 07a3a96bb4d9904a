/* SPDX-License-Identifier: MIT */
/*
 * Reading types.
 */
#include "api/api.h"

#include <string.h>

#define TYPE_NAME_SIZE 1024u

/* The name that ruzu_type_name gave last in this thread. */
static _Thread_local char type_name_buffer[TYPE_NAME_SIZE];

ruzu_type_id ruzu_type_get_id(const ruzu_type *type)
{
    return type == NULL ? RUZU_TYPE_ANY : (ruzu_type_id)type->id;
}

const char *ruzu_type_name(const ruzu_type *type)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    if (type != NULL) {
        rz_type_format(type, &text);
    }
    /* Without memory for the whole name, the short one has to do. */
    const char *name = type == NULL ? "" : text.failed ? rz_type_id_name((ruzu_type_id)type->id) : rz_str_text(&text);
    size_t length = strlen(name);
    length = length < TYPE_NAME_SIZE ? length : TYPE_NAME_SIZE - 1;
    memcpy(type_name_buffer, name, length);
    type_name_buffer[length] = '\0';
    rz_str_free(&text);
    return type_name_buffer;
}

const ruzu_type *ruzu_type_child(const ruzu_type *type)
{
    return type == NULL ? NULL : type->child;
}

size_t ruzu_type_field_count(const ruzu_type *type)
{
    return type == NULL ? 0 : type->field_count;
}

const char *ruzu_type_field_name(const ruzu_type *type, size_t idx)
{
    return idx < ruzu_type_field_count(type) ? type->fields[idx].name : NULL;
}

const ruzu_type *ruzu_type_field_type(const ruzu_type *type, size_t idx)
{
    return idx < ruzu_type_field_count(type) ? type->fields[idx].type : NULL;
}

uint64_t ruzu_type_array_length(const ruzu_type *type)
{
    return type == NULL || type->id != RUZU_TYPE_ARRAY ? 0 : type->array_length;
}

uint32_t ruzu_type_decimal_precision(const ruzu_type *type)
{
    return type == NULL || type->id != RUZU_TYPE_DECIMAL ? 0 : type->precision;
}

uint32_t ruzu_type_decimal_scale(const ruzu_type *type)
{
    return type == NULL || type->id != RUZU_TYPE_DECIMAL ? 0 : type->scale;
}
