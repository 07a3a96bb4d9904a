/* SPDX-License-Identifier: MIT */
/*
 * Types as bytes (catalog, spill files). Little-endian:
 *
 *   type      id u8 (ruzu_type_id; bit 7: value form of NODE or REL), then
 *   DECIMAL   precision u8, scale u8
 *   LIST      type                       ARRAY   length u32, type
 *   MAP       type of keys, type of values
 *   STRUCT, UNION, value forms: count u32, then per field: length u32 and bytes of the name, type
 *   NODE, REL (references): count u32, then that many u32, ascending
 *   RECURSIVE_REL: type of nodes, type of relationships
 *
 * Decoding trusts nothing: lengths are checked before use, counts against the bytes that are left, nesting against RZ_TYPE_MAX_DEPTH.
 */
#include "types/type.h"

#define TYPE_CODE_VALUE_FORM 0x80u

/* ---- encoding ---- */

static void type_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4] = {(char)(uint8_t)value, (char)(uint8_t)(value >> 8), (char)(uint8_t)(value >> 16), (char)(uint8_t)(value >> 24)};
    rz_str_append(out, bytes, sizeof bytes);
}

static void type_encode_fields(const rz_type *type, rz_str *out)
{
    type_put_u32(out, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
        size_t length = strlen(type->fields[i].name);
        RZ_ASSERT(length <= UINT32_MAX);
        type_put_u32(out, (uint32_t)length);
        rz_str_append(out, type->fields[i].name, length);
        rz_type_encode(type->fields[i].type, out);
    }
}

static void type_encode_graph(const rz_type *type, rz_str *out)
{
    if (type->physical == RZ_PHYS_STRUCT) {
        type_encode_fields(type, out);
        return;
    }
    type_put_u32(out, type->table_count);
    for (uint32_t i = 0; i < type->table_count; i++) {
        type_put_u32(out, type->tables[i]);
    }
}

void rz_type_encode(const rz_type *type, rz_str *out)
{
    bool graph = type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL;
    bool value_form = graph && type->physical == RZ_PHYS_STRUCT;
    rz_str_append_char(out, (char)(uint8_t)(type->id | (value_form ? TYPE_CODE_VALUE_FORM : 0)));
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_DECIMAL:
        rz_str_append_char(out, (char)type->precision);
        rz_str_append_char(out, (char)type->scale);
        return;
    case RUZU_TYPE_LIST: rz_type_encode(type->child, out); return;
    case RUZU_TYPE_ARRAY:
        type_put_u32(out, type->array_length);
        rz_type_encode(type->child, out);
        return;
    case RUZU_TYPE_MAP:
        rz_type_encode(type->child->fields[0].type, out);
        rz_type_encode(type->child->fields[1].type, out);
        return;
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_UNION: type_encode_fields(type, out); return;
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL: type_encode_graph(type, out); return;
    case RUZU_TYPE_RECURSIVE_REL:
        rz_type_encode(type->fields[0].type->child, out);
        rz_type_encode(type->fields[1].type->child, out);
        return;
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
    case RUZU_TYPE_INTERNAL_ID: return;
    }
}

/* ---- decoding ---- */

typedef struct type_decoder {
    rz_reader *reader;
    rz_arena *arena;
    rz_error *err;
} type_decoder;

static ruzu_status type_decode_one(type_decoder *decoder, uint32_t depth, const rz_type **out);

static ruzu_status type_corrupt(type_decoder *decoder, const char *what)
{
    return rz_error_set(decoder->err, RUZU_ERROR_CORRUPT, "Damaged type definition: %s.", what);
}

/* A count of items of at least item_size bytes each; 0 with *failed when the bytes left cannot hold them. */
static uint32_t type_decode_count(type_decoder *decoder, size_t item_size, bool *failed)
{
    uint32_t count = rz_read_u32(decoder->reader);
    *failed = decoder->reader->failed || count > (decoder->reader->size - decoder->reader->off) / item_size;
    return *failed ? 0 : count;
}

static ruzu_status type_decode_fields(type_decoder *decoder, ruzu_type_id id, uint32_t depth, const rz_type **out)
{
    bool failed = false;
    uint32_t count = type_decode_count(decoder, 5, &failed);
    if (failed || (id == RUZU_TYPE_UNION && (count == 0 || count > 255))) {
        return type_corrupt(decoder, "number of fields");
    }
    rz_type_field *fields = RZ_NEW_ARRAY(decoder->arena, rz_type_field, (size_t)count + 1);
    RZ_TRY_ALLOC(fields, decoder->err, "reading a type definition");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = rz_read_u32(decoder->reader);
        const char *name = (const char *)rz_read_bytes(decoder->reader, length);
        if (name == NULL || memchr(name, '\0', length) != NULL || !rz_utf8_valid(name, length)) {
            return type_corrupt(decoder, "name of a field");
        }
        fields[i].name = rz_arena_strndup(decoder->arena, name, length);
        RZ_TRY_ALLOC(fields[i].name, decoder->err, "reading a type definition");
        RZ_TRY(type_decode_one(decoder, depth + 1, &fields[i].type));
    }
    if (id == RUZU_TYPE_UNION) {
        *out = rz_type_union(decoder->arena, fields, count);
    } else if (id == RUZU_TYPE_STRUCT) {
        *out = rz_type_struct(decoder->arena, fields, count);
    } else {
        *out = rz_type_graph_value(decoder->arena, id, fields, count);
    }
    RZ_TRY_ALLOC(*out, decoder->err, "reading a type definition");
    return RUZU_OK;
}

static ruzu_status type_decode_tables(type_decoder *decoder, ruzu_type_id id, const rz_type **out)
{
    bool failed = false;
    uint32_t count = type_decode_count(decoder, 4, &failed);
    if (failed) {
        return type_corrupt(decoder, "number of tables");
    }
    uint32_t *tables = RZ_NEW_ARRAY(decoder->arena, uint32_t, (size_t)count + 1);
    RZ_TRY_ALLOC(tables, decoder->err, "reading a type definition");
    for (uint32_t i = 0; i < count; i++) {
        tables[i] = rz_read_u32(decoder->reader);
        if (i != 0 && tables[i] <= tables[i - 1]) {
            return type_corrupt(decoder, "order of tables");
        }
    }
    *out = id == RUZU_TYPE_NODE ? rz_type_node(decoder->arena, tables, count) : rz_type_rel(decoder->arena, tables, count);
    RZ_TRY_ALLOC(*out, decoder->err, "reading a type definition");
    return RUZU_OK;
}

static ruzu_status type_decode_decimal(type_decoder *decoder, const rz_type **out)
{
    uint8_t precision = rz_read_u8(decoder->reader);
    uint8_t scale = rz_read_u8(decoder->reader);
    if (decoder->reader->failed || precision < 1 || precision > 38 || scale > precision) {
        return type_corrupt(decoder, "precision and scale");
    }
    *out = rz_type_decimal(decoder->arena, precision, scale);
    RZ_TRY_ALLOC(*out, decoder->err, "reading a type definition");
    return RUZU_OK;
}

static ruzu_status type_decode_list(type_decoder *decoder, ruzu_type_id id, uint32_t depth, const rz_type **out)
{
    uint32_t length = id == RUZU_TYPE_ARRAY ? rz_read_u32(decoder->reader) : 0;
    if (id == RUZU_TYPE_ARRAY && (decoder->reader->failed || length == 0)) {
        return type_corrupt(decoder, "length of an array");
    }
    const rz_type *element = NULL;
    RZ_TRY(type_decode_one(decoder, depth + 1, &element));
    *out = id == RUZU_TYPE_ARRAY ? rz_type_array(decoder->arena, element, length) : rz_type_list(decoder->arena, element);
    RZ_TRY_ALLOC(*out, decoder->err, "reading a type definition");
    return RUZU_OK;
}

/* MAP and RECURSIVE_REL: two types at depth + 2. */
static ruzu_status type_decode_pair(type_decoder *decoder, ruzu_type_id id, uint32_t depth, const rz_type **out)
{
    const rz_type *first = NULL, *second = NULL;
    RZ_TRY(type_decode_one(decoder, depth + 2, &first));
    RZ_TRY(type_decode_one(decoder, depth + 2, &second));
    if (id == RUZU_TYPE_MAP) {
        *out = rz_type_map(decoder->arena, first, second);
    } else if (first->id != RUZU_TYPE_NODE || second->id != RUZU_TYPE_REL) {
        return type_corrupt(decoder, "parts of a path");
    } else {
        *out = rz_type_path(decoder->arena, first, second);
    }
    RZ_TRY_ALLOC(*out, decoder->err, "reading a type definition");
    return RUZU_OK;
}

static ruzu_status type_decode_one(type_decoder *decoder, uint32_t depth, const rz_type **out)
{
    uint8_t code = rz_read_u8(decoder->reader);
    uint8_t id = code & (uint8_t)~TYPE_CODE_VALUE_FORM;
    if (decoder->reader->failed || id > RUZU_TYPE_RECURSIVE_REL) {
        return type_corrupt(decoder, "unknown type");
    }
    if (depth > RZ_TYPE_MAX_DEPTH) {
        return type_corrupt(decoder, "nested too deep");
    }
    if (code != id) {
        if (id != RUZU_TYPE_NODE && id != RUZU_TYPE_REL) {
            return type_corrupt(decoder, "unknown type");
        }
        return type_decode_fields(decoder, (ruzu_type_id)id, depth, out);
    }
    switch ((ruzu_type_id)id) {
    case RUZU_TYPE_DECIMAL: return type_decode_decimal(decoder, out);
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY: return type_decode_list(decoder, (ruzu_type_id)id, depth, out);
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_RECURSIVE_REL: return type_decode_pair(decoder, (ruzu_type_id)id, depth, out);
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_UNION: return type_decode_fields(decoder, (ruzu_type_id)id, depth, out);
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL: return type_decode_tables(decoder, (ruzu_type_id)id, out);
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
    case RUZU_TYPE_INTERNAL_ID: break;
    }
    *out = rz_type_of((ruzu_type_id)id);
    return RUZU_OK;
}

ruzu_status rz_type_decode(rz_reader *reader, rz_arena *arena, const rz_type **out, rz_error *err)
{
    *out = NULL;
    type_decoder decoder = {reader, arena, err};
    const rz_type *type = NULL;
    RZ_TRY(type_decode_one(&decoder, 0, &type));
    *out = type;
    return RUZU_OK;
}

#undef TYPE_CODE_VALUE_FORM
