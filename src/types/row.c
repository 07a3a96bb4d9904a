/* SPDX-License-Identifier: MIT */
/*
 * Values as bytes, unaligned, in the byte order of the machine (rows live in memory and in spill files of one process).
 *
 *   value    ROW_NULL, or ROW_VALUE and
 *     fixed    the bytes of the value
 *     STRING   length u32, bytes
 *     LIST     count u32 (ARRAY and MAP too); elements of a fixed size: has_nulls u8, then if set a mask of (count + 7) / 8 bytes, then
 *              count values side by side; other elements: one value each
 *     STRUCT   one value per field
 *     UNION    tag u8, value of the active member
 */
#include "types/vec_base.h"

static bool row_is_fixed(const rz_type *type)
{
    return type->physical != RZ_PHYS_NONE && type->physical != RZ_PHYS_STRING && type->physical != RZ_PHYS_LIST &&
           type->physical != RZ_PHYS_STRUCT;
}

/* ---- one value ---- */

static size_t row_list_size(const rz_vec *base, rz_list_entry entry)
{
    const rz_vec *elements = base->children[0];
    if (row_is_fixed(elements->type)) {
        size_t mask = elements->validity == NULL ? 0 : ((size_t)entry.length + 7) / 8;
        return 4 + 1 + mask + (size_t)entry.length * rz_type_size(elements->type);
    }
    size_t size = 4;
    for (uint32_t i = 0; i < entry.length; i++) {
        size += rz_row_value_size(elements, entry.offset + i);
    }
    return size;
}

size_t rz_row_value_size(const rz_vec *vec, uint32_t row)
{
    if (vec->kind == RZ_VEC_SEQUENCE) {
        return 1 + 8;
    }
    const rz_vec *base = vec_locate(vec, &row);
    if (vec_base_is_null(base, row)) {
        return 1;
    }
    size_t size = 1;
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE: break;
    case RZ_PHYS_STRING: size += 4 + (size_t)((const rz_string *)base->data)[row].length; break;
    case RZ_PHYS_LIST: size += row_list_size(base, ((const rz_list_entry *)base->data)[row]); break;
    case RZ_PHYS_STRUCT:
        if (base->type->id == RUZU_TYPE_UNION) {
            uint32_t tag = 0;
            return size + 1 + rz_row_value_size(vec_union_member(base, row, &tag), row);
        }
        for (uint32_t i = 0; i < base->child_count; i++) {
            size += rz_row_value_size(base->children[i], row);
        }
        break;
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
    case RZ_PHYS_REL: size += rz_type_size(base->type); break;
    }
    return size;
}

static uint8_t *row_write_string(const rz_string *s, uint8_t *out)
{
    rz_store_u32(out, s->length);
    if (s->length != 0) {
        memcpy(out + 4, rz_string_data(s), s->length);
    }
    return out + 4 + s->length;
}

static uint8_t *row_write_list(const rz_vec *base, rz_list_entry entry, uint8_t *out)
{
    const rz_vec *elements = base->children[0];
    rz_store_u32(out, entry.length);
    out += 4;
    if (!row_is_fixed(elements->type)) {
        for (uint32_t i = 0; i < entry.length; i++) {
            out = rz_row_value_write(elements, entry.offset + i, out);
        }
        return out;
    }
    RZ_ASSERT(elements->kind == RZ_VEC_FLAT);
    *out++ = elements->validity != NULL;
    if (elements->validity != NULL) {
        size_t mask_bytes = ((size_t)entry.length + 7) / 8;
        for (uint32_t i = 0; i < entry.length; i += 64) {
            uint32_t take = entry.length - i < 64 ? entry.length - i : 64;
            uint64_t word = 0;
            rz_vec_bits_copy(&word, 0, elements->validity, entry.offset + i, take);
            memcpy(out + i / 8, &word, (take + 7) / 8);
        }
        out += mask_bytes;
    }
    size_t size = rz_type_size(elements->type);
    if (entry.length != 0) {
        memcpy(out, (const char *)elements->data + size * entry.offset, size * entry.length);
    }
    return out + size * entry.length;
}

uint8_t *rz_row_value_write(const rz_vec *vec, uint32_t row, uint8_t *out)
{
    if (vec->kind == RZ_VEC_SEQUENCE) {
        *out = ROW_VALUE;
        rz_store_u64(out + 1, (uint64_t)vec_sequence_at(vec, row));
        return out + 9;
    }
    const rz_vec *base = vec_locate(vec, &row);
    if (vec_base_is_null(base, row)) {
        *out = ROW_NULL;
        return out + 1;
    }
    *out++ = ROW_VALUE;
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE: break;
    case RZ_PHYS_STRING: return row_write_string((const rz_string *)base->data + row, out);
    case RZ_PHYS_LIST: return row_write_list(base, ((const rz_list_entry *)base->data)[row], out);
    case RZ_PHYS_STRUCT:
        if (base->type->id == RUZU_TYPE_UNION) {
            uint32_t tag = 0;
            const rz_vec *member = vec_union_member(base, row, &tag);
            *out = (uint8_t)tag;
            return rz_row_value_write(member, row, out + 1);
        }
        for (uint32_t i = 0; i < base->child_count; i++) {
            out = rz_row_value_write(base->children[i], row, out);
        }
        break;
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
    case RZ_PHYS_REL: {
        size_t size = rz_type_size(base->type);
        memcpy(out, (const char *)base->data + size * row, size);
        return out + size;
    }
    }
    return out;
}

static ruzu_status row_read_list(const uint8_t *data, bool copy_strings, rz_vec *vec, uint32_t row, const uint8_t **out_end, rz_error *err)
{
    uint32_t count = rz_load_u32(data), offset = 0;
    data += 4;
    RZ_TRY(rz_vec_list_reserve(vec, count, &offset, err));
    ((rz_list_entry *)vec->data)[row] = (rz_list_entry){offset, count};
    rz_vec *elements = vec->children[0];
    if (!row_is_fixed(elements->type)) {
        for (uint32_t i = 0; i < count; i++) {
            RZ_TRY(rz_row_value_read(data, copy_strings, elements, offset + i, &data, err));
        }
        *out_end = data;
        return RUZU_OK;
    }
    if (*data++ == 0) {
        if (elements->validity != NULL) {
            rz_vec_bits_fill(elements->validity, offset, count, true);
        }
    } else {
        rz_vec_use_validity(elements);
        for (uint32_t i = 0; i < count; i += 64) {
            uint32_t take = count - i < 64 ? count - i : 64;
            uint64_t word = 0;
            memcpy(&word, data + i / 8, (take + 7) / 8);
            rz_vec_bits_copy(elements->validity, offset + i, &word, 0, take);
        }
        data += ((size_t)count + 7) / 8;
    }
    size_t size = rz_type_size(elements->type);
    if (count != 0) {
        memcpy((char *)elements->data + size * offset, data, size * count);
    }
    *out_end = data + size * count;
    return RUZU_OK;
}

static ruzu_status row_read_string(const uint8_t *data, bool copy_strings, rz_vec *vec, uint32_t row, const uint8_t **out_end, rz_error *err)
{
    uint32_t length = rz_load_u32(data);
    *out_end = data + 4 + length;
    if (copy_strings) {
        return rz_vec_set_string(vec, row, (const char *)data + 4, length, err);
    }
    ((rz_string *)vec->data)[row] = rz_string_make((const char *)data + 4, length);
    return RUZU_OK;
}

ruzu_status rz_row_value_read(const uint8_t *data, bool copy_strings, rz_vec *vec, uint32_t row, const uint8_t **out_end, rz_error *err)
{
    *out_end = data + 1;
    if (*data++ == ROW_NULL) {
        rz_vec_set_null(vec, row);
        return RUZU_OK;
    }
    RZ_ASSERT(vec->kind == RZ_VEC_FLAT && row < vec->capacity);
    rz_vec_set_valid(vec, row);
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_NONE: return RUZU_OK;
    case RZ_PHYS_STRING: return row_read_string(data, copy_strings, vec, row, out_end, err);
    case RZ_PHYS_LIST: return row_read_list(data, copy_strings, vec, row, out_end, err);
    case RZ_PHYS_STRUCT:
        if (vec->type->id == RUZU_TYPE_UNION) {
            uint32_t tag = *data++;
            rz_vec_set_valid(vec->children[0], row);
            ((uint8_t *)vec->children[0]->data)[row] = (uint8_t)tag;
            for (uint32_t i = 1; i < vec->child_count; i++) {
                if (i == tag + 1) {
                    RZ_TRY(rz_row_value_read(data, copy_strings, vec->children[i], row, out_end, err));
                } else {
                    rz_vec_set_null(vec->children[i], row);
                }
            }
            return RUZU_OK;
        }
        for (uint32_t i = 0; i < vec->child_count; i++) {
            RZ_TRY(rz_row_value_read(data, copy_strings, vec->children[i], row, &data, err));
        }
        *out_end = data;
        return RUZU_OK;
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
    case RZ_PHYS_REL: break;
    }
    size_t size = rz_type_size(vec->type);
    memcpy((char *)vec->data + size * row, data, size);
    *out_end = data + size;
    return RUZU_OK;
}

const uint8_t *rz_row_value_skip(const rz_type *type, const uint8_t *data)
{
    if (*data++ == ROW_NULL) {
        return data;
    }
    switch ((rz_physical)type->physical) {
    case RZ_PHYS_NONE: return data;
    case RZ_PHYS_STRING: return data + 4 + rz_load_u32(data);
    case RZ_PHYS_LIST: {
        uint32_t count = rz_load_u32(data);
        data += 4;
        if (row_is_fixed(type->child)) {
            size_t mask = *data++ == 0 ? 0 : ((size_t)count + 7) / 8;
            return data + mask + (size_t)count * rz_type_size(type->child);
        }
        for (uint32_t i = 0; i < count; i++) {
            data = rz_row_value_skip(type->child, data);
        }
        return data;
    }
    case RZ_PHYS_STRUCT:
        if (type->id == RUZU_TYPE_UNION) {
            return rz_row_value_skip(type->fields[*data].type, data + 1);
        }
        for (uint32_t i = 0; i < type->field_count; i++) {
            data = rz_row_value_skip(type->fields[i].type, data);
        }
        return data;
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
    case RZ_PHYS_REL: break;
    }
    return data + rz_type_size(type);
}

/* ---- comparison with a vector's value ---- */

static bool row_equal_value(const uint8_t *data, const rz_vec *vec, uint32_t row);

/* A value of a fixed-size type without its marker byte. */
static bool row_equal_fixed(const uint8_t *data, const rz_vec *vec, uint32_t row)
{
    union {
        rz_int128 aligned;
        uint8_t bytes[sizeof(rz_rel_ref)];
    } value;
    memcpy(value.bytes, data, rz_type_size(vec->type));
    rz_vec one = {.type = vec->type, .kind = RZ_VEC_FLAT, .capacity = 1, .data = &value};
    return rz_vec_equal(&one, 0, vec, row);
}

static bool row_equal_list(const uint8_t *data, const rz_vec *base, uint32_t row)
{
    rz_list_entry entry = ((const rz_list_entry *)base->data)[row];
    const rz_vec *elements = base->children[0];
    uint32_t count = rz_load_u32(data);
    data += 4;
    if (count != entry.length) {
        return false;
    }
    if (!row_is_fixed(elements->type)) {
        for (uint32_t i = 0; i < count; i++) {
            if (!row_equal_value(data, elements, entry.offset + i)) {
                return false;
            }
            data = rz_row_value_skip(elements->type, data);
        }
        return true;
    }
    const uint8_t *mask = *data++ == 0 ? NULL : data;
    data += mask == NULL ? 0 : ((size_t)count + 7) / 8;
    size_t size = rz_type_size(elements->type);
    for (uint32_t i = 0; i < count; i++) {
        bool valid = mask == NULL || ((uint32_t)mask[i / 8] >> (i % 8) & 1) != 0;
        if (valid == rz_vec_is_null(elements, entry.offset + i) ||
            (valid && !row_equal_fixed(data + size * i, elements, entry.offset + i))) {
            return false;
        }
    }
    return true;
}

static bool row_equal_struct(const uint8_t *data, const rz_vec *base, uint32_t row)
{
    if (base->type->id == RUZU_TYPE_UNION) {
        uint32_t tag = 0;
        const rz_vec *member = vec_union_member(base, row, &tag);
        return *data == tag && row_equal_value(data + 1, member, row);
    }
    int32_t key = vec_key_child(base->type);
    for (uint32_t i = 0; i < base->child_count; i++) {
        if (key < 0 || i == (uint32_t)key) {
            if (!row_equal_value(data, base->children[i], row)) {
                return false;
            }
        }
        data = rz_row_value_skip(base->children[i]->type, data);
    }
    return true;
}

static bool row_equal_value(const uint8_t *data, const rz_vec *vec, uint32_t row)
{
    if (vec->kind == RZ_VEC_SEQUENCE) {
        return *data == ROW_VALUE && rz_load_u64(data + 1) == (uint64_t)vec_sequence_at(vec, row);
    }
    const rz_vec *base = vec_locate(vec, &row);
    if (vec_base_is_null(base, row)) {
        return *data == ROW_NULL;
    }
    if (*data++ == ROW_NULL) {
        return false;
    }
    switch ((rz_physical)base->type->physical) {
    case RZ_PHYS_NONE: return true;
    case RZ_PHYS_STRING: {
        const rz_string *s = (const rz_string *)base->data + row;
        return rz_load_u32(data) == s->length && (s->length == 0 || memcmp(data + 4, rz_string_data(s), s->length) == 0);
    }
    case RZ_PHYS_LIST: return row_equal_list(data, base, row);
    case RZ_PHYS_STRUCT: return row_equal_struct(data, base, row);
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
    case RZ_PHYS_REL: break;
    }
    return row_equal_fixed(data, base, row);
}

bool rz_row_value_equal(const uint8_t *data, const rz_vec *vec, uint32_t row, const uint8_t **out_end)
{
    *out_end = rz_row_value_skip(vec->type, data);
    return row_equal_value(data, vec, row);
}
