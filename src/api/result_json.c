/* SPDX-License-Identifier: MIT */
/*
 * Results as JSON: a row is an object of its columns. Numbers that JSON readers keep exactly are numbers (NaN and infinities, INT128 and DECIMAL are texts),
 * lists are arrays, structs are objects, maps are objects with the keys' texts, nodes are objects with _ID and _LABEL before their properties,
 * all other types are their texts.
 */
#include "api/api.h"

#include <string.h>

static void json_text(rz_str *out, const char *text, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    rz_str_append_char(out, '"');
    for (size_t at = 0; at < length;) {
        uint8_t c = (uint8_t)text[at];
        uint32_t code_point = 0;
        size_t bytes = rz_utf8_decode(text + at, length - at, &code_point);
        if (c == '"' || c == '\\') {
            rz_str_append_char(out, '\\');
            rz_str_append_char(out, (char)c);
        } else if (c == '\n') {
            rz_str_append_text(out, "\\n");
        } else if (c == '\t') {
            rz_str_append_text(out, "\\t");
        } else if (c == '\r') {
            rz_str_append_text(out, "\\r");
        } else if (c < 0x20) {
            rz_str_append_text(out, "\\u00");
            rz_str_append_char(out, digits[c >> 4]);
            rz_str_append_char(out, digits[c & 15]);
        } else if (bytes == 0) {
            rz_str_append_text(out, "\\ufffd");
        } else {
            rz_str_append(out, text + at, bytes);
        }
        at += bytes == 0 ? 1 : bytes;
    }
    rz_str_append_char(out, '"');
}

static void json_as_text(rz_str *out, const rz_value *value)
{
    rz_str text;
    rz_str_init(&text, out->mem);
    rz_text_append_value(value, &text);
    out->failed = out->failed || text.failed;
    json_text(out, rz_str_text(&text), text.length);
    rz_str_free(&text);
}

static void json_value(rz_str *out, const rz_value *value);

static void json_fields(rz_str *out, const rz_value *value)
{
    rz_str_append_char(out, '{');
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        const char *name = value->type->fields[i].name;
        rz_str_append_text(out, i == 0 ? "" : ",");
        json_text(out, name, strlen(name));
        rz_str_append_char(out, ':');
        json_value(out, &value->u.nested.items[i]);
    }
    rz_str_append_char(out, '}');
}

static void json_map(rz_str *out, const rz_value *value)
{
    rz_str_append_char(out, '{');
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        const rz_value *entry = &value->u.nested.items[i];
        rz_str_append_text(out, i == 0 ? "" : ",");
        json_as_text(out, &entry->u.nested.items[0]);
        rz_str_append_char(out, ':');
        json_value(out, &entry->u.nested.items[1]);
    }
    rz_str_append_char(out, '}');
}

static void json_list(rz_str *out, const rz_value *value)
{
    rz_str_append_char(out, '[');
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ",");
        json_value(out, &value->u.nested.items[i]);
    }
    rz_str_append_char(out, ']');
}

/* Depth is that of the type, which has a limit. */
static void json_value(rz_str *out, const rz_value *value)
{
    if (value->is_null) {
        rz_str_append_text(out, "null");
        return;
    }
    switch ((ruzu_type_id)value->type->id) {
    case RUZU_TYPE_BOOL: rz_str_append_text(out, value->u.boolean ? "true" : "false"); return;
    case RUZU_TYPE_INT8:
    case RUZU_TYPE_INT16:
    case RUZU_TYPE_INT32:
    case RUZU_TYPE_INT64:
    case RUZU_TYPE_UINT8:
    case RUZU_TYPE_UINT16:
    case RUZU_TYPE_UINT32:
    case RUZU_TYPE_UINT64:
    case RUZU_TYPE_SERIAL: rz_text_append_value(value, out); return;
    case RUZU_TYPE_FLOAT:
    case RUZU_TYPE_DOUBLE: {
        double number = rz_value_as_double(value);
        if (number - number == 0) { /* finite */
            rz_text_append_value(value, out);
            return;
        }
        break;
    }
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY: json_list(out, value); return;
    case RUZU_TYPE_MAP: json_map(out, value); return;
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: json_fields(out, value); return;
    case RUZU_TYPE_UNION: json_value(out, &value->u.nested.items[1]); return;
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_INT128:
    case RUZU_TYPE_DECIMAL:
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
    case RUZU_TYPE_INTERNAL_ID: break;
    }
    json_as_text(out, value);
}

ruzu_status rz_result_write_json(ruzu_result *result, bool lines, rz_str *out)
{
    rz_str_append_text(out, lines ? "" : "[");
    bool more = false;
    bool first = true;
    for (;;) {
        RZ_TRY(rz_result_step(result, &more));
        if (!more || out->failed) {
            break;
        }
        rz_str_append_text(out, lines ? "{" : first ? "\n{" : ",\n{");
        first = false;
        for (uint32_t c = 0; c < result->column_count; c++) {
            const rz_value *value = rz_result_value(result, c);
            RZ_TRY(result->status);
            rz_str_append_text(out, c == 0 ? "" : ",");
            json_text(out, result->columns[c].name, strlen(result->columns[c].name));
            rz_str_append_char(out, ':');
            if (value != NULL) {
                json_value(out, value);
            }
        }
        rz_str_append_text(out, lines ? "}\n" : "}");
    }
    rz_str_append_text(out, lines ? "" : first ? "]\n" : "\n]\n");
    return RUZU_OK;
}
