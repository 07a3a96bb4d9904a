/* SPDX-License-Identifier: MIT */
/*
 * Names of types as typeof() shows them. Field names that are no plain identifiers stand in backticks, so that rz_type_parse reads the
 * name of any storable type back.
 */
#include "types/type.h"

const char *rz_type_id_name(ruzu_type_id id)
{
    switch (id) {
    case RUZU_TYPE_ANY: return "ANY";
    case RUZU_TYPE_BOOL: return "BOOL";
    case RUZU_TYPE_INT8: return "INT8";
    case RUZU_TYPE_INT16: return "INT16";
    case RUZU_TYPE_INT32: return "INT32";
    case RUZU_TYPE_INT64: return "INT64";
    case RUZU_TYPE_INT128: return "INT128";
    case RUZU_TYPE_UINT8: return "UINT8";
    case RUZU_TYPE_UINT16: return "UINT16";
    case RUZU_TYPE_UINT32: return "UINT32";
    case RUZU_TYPE_UINT64: return "UINT64";
    case RUZU_TYPE_SERIAL: return "SERIAL";
    case RUZU_TYPE_FLOAT: return "FLOAT";
    case RUZU_TYPE_DOUBLE: return "DOUBLE";
    case RUZU_TYPE_DECIMAL: return "DECIMAL";
    case RUZU_TYPE_STRING: return "STRING";
    case RUZU_TYPE_BLOB: return "BLOB";
    case RUZU_TYPE_UUID: return "UUID";
    case RUZU_TYPE_DATE: return "DATE";
    case RUZU_TYPE_TIMESTAMP: return "TIMESTAMP";
    case RUZU_TYPE_TIMESTAMP_SEC: return "TIMESTAMP_SEC";
    case RUZU_TYPE_TIMESTAMP_MS: return "TIMESTAMP_MS";
    case RUZU_TYPE_TIMESTAMP_NS: return "TIMESTAMP_NS";
    case RUZU_TYPE_TIMESTAMP_TZ: return "TIMESTAMP_TZ";
    case RUZU_TYPE_INTERVAL: return "INTERVAL";
    case RUZU_TYPE_LIST: return "LIST";
    case RUZU_TYPE_ARRAY: return "ARRAY";
    case RUZU_TYPE_STRUCT: return "STRUCT";
    case RUZU_TYPE_MAP: return "MAP";
    case RUZU_TYPE_UNION: return "UNION";
    case RUZU_TYPE_INTERNAL_ID: return "INTERNAL_ID";
    case RUZU_TYPE_NODE: return "NODE";
    case RUZU_TYPE_REL: return "REL";
    case RUZU_TYPE_RECURSIVE_REL: return "RECURSIVE_REL";
    }
    return "ANY";
}

static bool type_name_is_plain(const char *name)
{
    size_t length = strlen(name), at = 0;
    while (at < length) {
        uint32_t code_point = 0;
        size_t step = rz_utf8_decode(name + at, length - at, &code_point);
        if (step == 0 || !(at == 0 ? rz_unicode_id_start(code_point) : rz_unicode_id_part(code_point))) {
            return false;
        }
        at += step;
    }
    return length != 0;
}

static void type_format_fields(const rz_type *type, rz_str *out)
{
    rz_str_append_char(out, '(');
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i != 0) {
            rz_str_append_text(out, ", ");
        }
        bool plain = type_name_is_plain(type->fields[i].name);
        rz_str_append_text(out, plain ? "" : "`");
        rz_str_append_text(out, type->fields[i].name);
        rz_str_append_text(out, plain ? " " : "` ");
        rz_type_format(type->fields[i].type, out);
    }
    rz_str_append_char(out, ')');
}

void rz_type_format(const rz_type *type, rz_str *out)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_LIST:
        rz_type_format(type->child, out);
        rz_str_append_text(out, "[]");
        return;
    case RUZU_TYPE_ARRAY:
        rz_type_format(type->child, out);
        rz_str_append_format(out, "[%u]", type->array_length);
        return;
    case RUZU_TYPE_MAP:
        rz_str_append_text(out, "MAP(");
        rz_type_format(type->child->fields[0].type, out);
        rz_str_append_text(out, ", ");
        rz_type_format(type->child->fields[1].type, out);
        rz_str_append_char(out, ')');
        return;
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_UNION:
        rz_str_append_text(out, rz_type_id_name((ruzu_type_id)type->id));
        type_format_fields(type, out);
        return;
    case RUZU_TYPE_DECIMAL: rz_str_append_format(out, "DECIMAL(%u, %u)", type->precision, type->scale); return;
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_BOOL:
    case RUZU_TYPE_INT8:
    case RUZU_TYPE_INT16:
    case RUZU_TYPE_INT32:
    case RUZU_TYPE_INT64:
    case RUZU_TYPE_INT128:
    case RUZU_TYPE_UINT8:
    case RUZU_TYPE_UINT16:
    case RUZU_TYPE_UINT32:
    case RUZU_TYPE_UINT64:
    case RUZU_TYPE_SERIAL:
    case RUZU_TYPE_FLOAT:
    case RUZU_TYPE_DOUBLE:
    case RUZU_TYPE_STRING:
    case RUZU_TYPE_BLOB:
    case RUZU_TYPE_UUID:
    case RUZU_TYPE_DATE:
    case RUZU_TYPE_TIMESTAMP:
    case RUZU_TYPE_TIMESTAMP_SEC:
    case RUZU_TYPE_TIMESTAMP_MS:
    case RUZU_TYPE_TIMESTAMP_NS:
    case RUZU_TYPE_TIMESTAMP_TZ:
    case RUZU_TYPE_INTERVAL:
    case RUZU_TYPE_INTERNAL_ID:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: break;
    }
    rz_str_append_text(out, rz_type_id_name((ruzu_type_id)type->id));
}
