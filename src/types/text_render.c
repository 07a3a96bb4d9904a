/* SPDX-License-Identifier: MIT */
/*
 * Text of values of any type (dialect §11), from vectors and from boxed values. NULL gives nothing, also inside nested
 * values.
 *
 * Relationships have two forms: `(src)-{…}->(dst)` in results and `{_SRC: …, _DST: …, …}` where a value is cast to
 * STRING.
 */
#include "types/text.h"

size_t rz_text_scalar_size(const rz_type *type)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_BOOL: return 5;
    case RUZU_TYPE_INT8:
    case RUZU_TYPE_INT16:
    case RUZU_TYPE_INT32:
    case RUZU_TYPE_INT64:
    case RUZU_TYPE_SERIAL:
    case RUZU_TYPE_UINT8:
    case RUZU_TYPE_UINT16:
    case RUZU_TYPE_UINT32:
    case RUZU_TYPE_UINT64: return RZ_TEXT_INT64_SIZE;
    case RUZU_TYPE_INT128: return RZ_TEXT_INT128_SIZE;
    case RUZU_TYPE_FLOAT:
    case RUZU_TYPE_DOUBLE: return RZ_TEXT_DOUBLE_SIZE;
    case RUZU_TYPE_DECIMAL: return RZ_TEXT_DECIMAL_SIZE;
    case RUZU_TYPE_UUID: return RZ_TEXT_UUID_SIZE;
    case RUZU_TYPE_DATE: return RZ_TEXT_DATE_SIZE;
    case RUZU_TYPE_TIMESTAMP:
    case RUZU_TYPE_TIMESTAMP_SEC:
    case RUZU_TYPE_TIMESTAMP_MS:
    case RUZU_TYPE_TIMESTAMP_NS:
    case RUZU_TYPE_TIMESTAMP_TZ: return RZ_TEXT_TIMESTAMP_SIZE;
    case RUZU_TYPE_INTERVAL: return RZ_TEXT_INTERVAL_SIZE;
    case RUZU_TYPE_INTERNAL_ID: return RZ_TEXT_INT64_SIZE * 2;
    case RUZU_TYPE_NODE: return type->physical == RZ_PHYS_UINT64 ? RZ_TEXT_INT64_SIZE * 2 : 0;
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_STRING:
    case RUZU_TYPE_BLOB:
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: return 0;
    }
    return 0;
}

static size_t render_write_id(rz_id id, char *out)
{
    size_t length = rz_text_write_u64(rz_id_table(id), out);
    out[length++] = ':';
    return length + rz_text_write_u64(rz_id_offset(id), out + length);
}

size_t rz_text_write_scalar(const rz_type *type, const void *data, uint32_t at, char *out)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_BOOL: {
        bool value = ((const uint8_t *)data)[at] != 0;
        memcpy(out, value ? "True" : "False", value ? 4 : 5);
        return value ? 4 : 5;
    }
    case RUZU_TYPE_INT8: return rz_text_write_i64(((const int8_t *)data)[at], out);
    case RUZU_TYPE_INT16: return rz_text_write_i64(((const int16_t *)data)[at], out);
    case RUZU_TYPE_INT32: return rz_text_write_i64(((const int32_t *)data)[at], out);
    case RUZU_TYPE_SERIAL:
    case RUZU_TYPE_INT64: return rz_text_write_i64(((const int64_t *)data)[at], out);
    case RUZU_TYPE_INT128: return rz_text_write_i128(((const rz_int128 *)data)[at], out);
    case RUZU_TYPE_UINT8: return rz_text_write_u64(((const uint8_t *)data)[at], out);
    case RUZU_TYPE_UINT16: return rz_text_write_u64(((const uint16_t *)data)[at], out);
    case RUZU_TYPE_UINT32: return rz_text_write_u64(((const uint32_t *)data)[at], out);
    case RUZU_TYPE_UINT64: return rz_text_write_u64(((const uint64_t *)data)[at], out);
    case RUZU_TYPE_FLOAT: return rz_text_write_float(((const float *)data)[at], out);
    case RUZU_TYPE_DOUBLE: return rz_text_write_double(((const double *)data)[at], out);
    case RUZU_TYPE_DECIMAL:
        return rz_text_write_decimal(rz_decimal_load(data, (rz_physical)type->physical, at), type->scale, out);
    case RUZU_TYPE_UUID: return rz_text_write_uuid(((const rz_int128 *)data)[at], out);
    case RUZU_TYPE_DATE: return rz_text_write_date(((const int32_t *)data)[at], out);
    case RUZU_TYPE_TIMESTAMP:
    case RUZU_TYPE_TIMESTAMP_SEC:
    case RUZU_TYPE_TIMESTAMP_MS:
    case RUZU_TYPE_TIMESTAMP_NS:
    case RUZU_TYPE_TIMESTAMP_TZ:
        return rz_text_write_timestamp((ruzu_type_id)type->id, ((const int64_t *)data)[at], out);
    case RUZU_TYPE_INTERVAL: return rz_text_write_interval(((const rz_interval *)data)[at], out);
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_INTERNAL_ID: return render_write_id(((const rz_id *)data)[at], out);
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_STRING:
    case RUZU_TYPE_BLOB:
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: break;
    }
    RZ_ASSERT(rz_text_scalar_size(type) != 0);
    return 0;
}

/* ---- common to both sources ---- */

static void render_scalar(const rz_type *type, const void *data, uint32_t at, rz_str *out)
{
    char buffer[RZ_TEXT_INTERVAL_SIZE];
    RZ_STATIC_ASSERT(RZ_TEXT_INTERVAL_SIZE >= RZ_TEXT_TIMESTAMP_SIZE, "the buffer holds any scalar");
    rz_str_append(out, buffer, rz_text_write_scalar(type, data, at, buffer));
}

static void render_bytes(const rz_type *type, const char *data, size_t length, rz_str *out)
{
    if (type->id != RUZU_TYPE_BLOB) {
        rz_str_append(out, data, length);
        return;
    }
    char buffer[256];
    for (size_t done = 0; done < length;) {
        size_t part = length - done < sizeof buffer / 4 ? length - done : sizeof buffer / 4;
        rz_str_append(out, buffer, rz_text_write_blob(data + done, part, buffer));
        done += part;
    }
}

static void render_rel_ref(rz_rel_ref rel, rz_str *out)
{
    char buffer[RZ_TEXT_INT64_SIZE * 2];
    rz_str_append_char(out, '(');
    rz_str_append(out, buffer, render_write_id(rel.src, buffer));
    rz_str_append_text(out, ")-{_ID: ");
    rz_str_append(out, buffer, render_write_id(rel.rel, buffer));
    rz_str_append_text(out, "}->(");
    rz_str_append(out, buffer, render_write_id(rel.dst, buffer));
    rz_str_append_char(out, ')');
}

void rz_text_append_fixed(double value, uint32_t digits, rz_str *out)
{
    char buffer[RZ_TEXT_FIXED_SIZE];
    rz_str_append(out, buffer, rz_text_write_fixed(value, digits, buffer));
}

/* Where the fields of a relationship's value form stand; idx is the count of fields when there is none of the name. */
#define RENDER_REL_SRC "_SRC"
#define RENDER_REL_DST "_DST"

/* True for a field that a value form leaves out of the braces: a NULL property, or an end of a relationship shown
 * outside of them. */
static bool render_skips_field(const rz_type *type, uint32_t idx, bool is_null, bool ends_outside)
{
    if (type->id != RUZU_TYPE_NODE && type->id != RUZU_TYPE_REL) {
        return false;
    }
    const char *name = type->fields[idx].name;
    return is_null || (ends_outside && (strcmp(name, RENDER_REL_SRC) == 0 || strcmp(name, RENDER_REL_DST) == 0));
}

/* ---- from vectors ---- */

static void render_vec(const rz_vec *vec, uint32_t row, bool as_cast, rz_str *out);

static void render_vec_list(const rz_type *type, const rz_view *view, uint32_t at, bool as_cast, rz_str *out)
{
    rz_list_entry entry = ((const rz_list_entry *)view->data)[at];
    const rz_vec *elements = view->base->children[0];
    bool is_map = type->id == RUZU_TYPE_MAP;
    rz_str_append_char(out, is_map ? '{' : '[');
    for (uint32_t i = 0; i < entry.length; i++) {
        if (!is_map) {
            if (i != 0) {
                rz_str_append_char(out, ',');
            }
            render_vec(elements, entry.offset + i, as_cast, out);
            continue;
        }
        if (i != 0) {
            rz_str_append(out, ", ", 2);
        }
        rz_view pair;
        rz_vec_view(elements, &pair);
        uint32_t pair_at = rz_view_at(&pair, entry.offset + i);
        render_vec(pair.base->children[0], pair_at, as_cast, out);
        rz_str_append_char(out, '=');
        render_vec(pair.base->children[1], pair_at, as_cast, out);
    }
    rz_str_append_char(out, is_map ? '}' : ']');
}

static void render_vec_end(const rz_type *type, const rz_view *view, uint32_t at, const char *name, rz_str *out)
{
    int32_t idx = rz_type_find_field(type, name);
    rz_str_append_char(out, '(');
    if (idx >= 0) {
        render_vec(view->base->children[idx], at, false, out);
    }
    rz_str_append_char(out, ')');
}

static void render_vec_struct(const rz_type *type, const rz_view *view, uint32_t at, bool as_cast, rz_str *out)
{
    bool ends_outside = type->id == RUZU_TYPE_REL && !as_cast;
    if (ends_outside) {
        render_vec_end(type, view, at, RENDER_REL_SRC, out);
        rz_str_append_char(out, '-');
    }
    rz_str_append_char(out, '{');
    bool first = true;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const rz_vec *field = view->base->children[i];
        if (render_skips_field(type, i, rz_vec_is_null(field, at), ends_outside)) {
            continue;
        }
        if (!first) {
            rz_str_append(out, ", ", 2);
        }
        first = false;
        rz_str_append_text(out, type->fields[i].name);
        rz_str_append(out, ": ", 2);
        render_vec(field, at, as_cast, out);
    }
    rz_str_append_char(out, '}');
    if (ends_outside) {
        rz_str_append(out, "->", 2);
        render_vec_end(type, view, at, RENDER_REL_DST, out);
    }
}

static void render_vec(const rz_vec *vec, uint32_t row, bool as_cast, rz_str *out)
{
    const rz_type *type = vec->type;
    if (vec->kind == RZ_VEC_SEQUENCE) {
        int64_t value = (int64_t)((uint64_t)vec->start + row * (uint64_t)vec->step);
        render_scalar(type, &value, 0, out);
        return;
    }
    rz_view view;
    rz_vec_view(vec, &view);
    uint32_t at = rz_view_at(&view, row);
    if (type->id == RUZU_TYPE_ANY || !rz_view_valid(&view, at)) {
        return;
    }
    switch ((rz_physical)type->physical) {
    case RZ_PHYS_STRING: {
        const rz_string *text = (const rz_string *)view.data + at;
        render_bytes(type, rz_string_data(text), text->length, out);
        break;
    }
    case RZ_PHYS_LIST: render_vec_list(type, &view, at, as_cast, out); break;
    case RZ_PHYS_STRUCT:
        if (type->id == RUZU_TYPE_UNION) {
            rz_view tag;
            rz_vec_view(view.base->children[0], &tag);
            uint8_t member = ((const uint8_t *)tag.data)[rz_view_at(&tag, at)];
            render_vec(view.base->children[1 + member], at, as_cast, out);
        } else {
            render_vec_struct(type, &view, at, as_cast, out);
        }
        break;
    case RZ_PHYS_REL: render_rel_ref(((const rz_rel_ref *)view.data)[at], out); break;
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_INT128:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL: render_scalar(type, view.data, at, out); break;
    }
}

void rz_text_append(const rz_vec *vec, uint32_t row, rz_str *out)
{
    render_vec(vec, row, false, out);
}

void rz_text_append_cast(const rz_vec *vec, uint32_t row, rz_str *out)
{
    render_vec(vec, row, true, out);
}

/* ---- from boxed values ---- */

static void render_value_items(const rz_value *value, rz_str *out)
{
    bool is_map = value->type->id == RUZU_TYPE_MAP;
    rz_str_append_char(out, is_map ? '{' : '[');
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        const rz_value *item = &value->u.nested.items[i];
        if (i != 0) {
            rz_str_append(out, ", ", is_map ? 2 : 1);
        }
        if (is_map) {
            rz_text_append_value(&item->u.nested.items[0], out);
            rz_str_append_char(out, '=');
            rz_text_append_value(&item->u.nested.items[1], out);
        } else {
            rz_text_append_value(item, out);
        }
    }
    rz_str_append_char(out, is_map ? '}' : ']');
}

static void render_value_end(const rz_value *value, const char *name, rz_str *out)
{
    int32_t idx = rz_type_find_field(value->type, name);
    rz_str_append_char(out, '(');
    if (idx >= 0) {
        rz_text_append_value(&value->u.nested.items[idx], out);
    }
    rz_str_append_char(out, ')');
}

static void render_value_fields(const rz_value *value, rz_str *out)
{
    const rz_type *type = value->type;
    bool is_rel = type->id == RUZU_TYPE_REL;
    if (is_rel) {
        render_value_end(value, RENDER_REL_SRC, out);
        rz_str_append_char(out, '-');
    }
    rz_str_append_char(out, '{');
    bool first = true;
    for (uint32_t i = 0; i < value->u.nested.count; i++) {
        const rz_value *field = &value->u.nested.items[i];
        if (render_skips_field(type, i, field->is_null, is_rel)) {
            continue;
        }
        if (!first) {
            rz_str_append(out, ", ", 2);
        }
        first = false;
        rz_str_append_text(out, type->fields[i].name);
        rz_str_append(out, ": ", 2);
        rz_text_append_value(field, out);
    }
    rz_str_append_char(out, '}');
    if (is_rel) {
        rz_str_append(out, "->", 2);
        render_value_end(value, RENDER_REL_DST, out);
    }
}

void rz_text_append_value(const rz_value *value, rz_str *out)
{
    const rz_type *type = value->type;
    if (value->is_null || type == NULL || type->id == RUZU_TYPE_ANY) {
        return;
    }
    switch ((rz_physical)type->physical) {
    case RZ_PHYS_STRING: render_bytes(type, value->u.text.data, value->u.text.length, out); break;
    case RZ_PHYS_LIST: render_value_items(value, out); break;
    case RZ_PHYS_STRUCT:
        if (type->id == RUZU_TYPE_UNION) {
            rz_text_append_value(&value->u.nested.items[1], out);
        } else {
            render_value_fields(value, out);
        }
        break;
    case RZ_PHYS_REL: render_rel_ref(value->u.rel, out); break;
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_INT128:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
        render_scalar(type, &value->u, 0, out);
        break; /* every member of the union begins where it does */
    }
}
