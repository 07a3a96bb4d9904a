/* SPDX-License-Identifier: MIT */
/*
 * Reads type names (dialect §9):
 *
 *   type    := base { '[' [ number ] ']' }
 *   base    := name | DECIMAL '(' number [ ',' number ] ')' | STRUCT '(' fields ')' | UNION '(' fields ')' | MAP '(' type ',' type ')'
 *            | VECTOR '(' number ')'
 *   fields  := name type { ',' name type }
 *
 * Names are identifiers or text in backticks. Recursion is bounded by RZ_TYPE_MAX_DEPTH.
 */
#include "types/type.h"

#define TYPE_MAX_STRUCT_FIELDS 65535u
#define TYPE_MAX_UNION_MEMBERS 255u

typedef struct type_parser {
    const char *text;
    size_t length;
    size_t at;
    rz_type_resolve_fn resolve;
    void *user;
    rz_arena *arena;
    rz_error *err;
} type_parser;

typedef struct type_token {
    const char *data;
    size_t length;
    bool quoted;
} type_token;

typedef struct type_name {
    const char *name;
    ruzu_type_id id;
} type_name;

static const type_name type_names[] = {
    {"BOOL", RUZU_TYPE_BOOL},
    {"BOOLEAN", RUZU_TYPE_BOOL},
    {"INT8", RUZU_TYPE_INT8},
    {"INT16", RUZU_TYPE_INT16},
    {"INT32", RUZU_TYPE_INT32},
    {"INT", RUZU_TYPE_INT32},
    {"INT64", RUZU_TYPE_INT64},
    {"INT128", RUZU_TYPE_INT128},
    {"UINT8", RUZU_TYPE_UINT8},
    {"UINT16", RUZU_TYPE_UINT16},
    {"UINT32", RUZU_TYPE_UINT32},
    {"UINT64", RUZU_TYPE_UINT64},
    {"SERIAL", RUZU_TYPE_SERIAL},
    {"FLOAT", RUZU_TYPE_FLOAT},
    {"REAL", RUZU_TYPE_FLOAT},
    {"FLOAT4", RUZU_TYPE_FLOAT},
    {"DOUBLE", RUZU_TYPE_DOUBLE},
    {"FLOAT8", RUZU_TYPE_DOUBLE},
    {"DECIMAL", RUZU_TYPE_DECIMAL},
    {"NUMERIC", RUZU_TYPE_DECIMAL},
    {"STRING", RUZU_TYPE_STRING},
    {"BLOB", RUZU_TYPE_BLOB},
    {"BYTEA", RUZU_TYPE_BLOB},
    {"UUID", RUZU_TYPE_UUID},
    {"DATE", RUZU_TYPE_DATE},
    {"TIMESTAMP", RUZU_TYPE_TIMESTAMP},
    {"TIMESTAMP_SEC", RUZU_TYPE_TIMESTAMP_SEC},
    {"TIMESTAMP_S", RUZU_TYPE_TIMESTAMP_SEC},
    {"TIMESTAMP_MS", RUZU_TYPE_TIMESTAMP_MS},
    {"TIMESTAMP_NS", RUZU_TYPE_TIMESTAMP_NS},
    {"TIMESTAMP_TZ", RUZU_TYPE_TIMESTAMP_TZ},
    {"INTERVAL", RUZU_TYPE_INTERVAL},
    {"DURATION", RUZU_TYPE_INTERVAL},
    {"STRUCT", RUZU_TYPE_STRUCT},
    {"MAP", RUZU_TYPE_MAP},
    {"UNION", RUZU_TYPE_UNION},
    {"VECTOR", RUZU_TYPE_ARRAY}, /* VECTOR(n) = FLOAT[n] */
};

static ruzu_status type_parse_one(type_parser *parser, uint32_t depth, const rz_type **out, uint32_t *out_depth);

/* ---- tokens ---- */

static int type_shown(size_t length)
{
    return length > 200 ? 200 : (int)length;
}

static ruzu_status type_malformed(type_parser *parser)
{
    return rz_error_set(parser->err, RUZU_ERROR_BINDER, "Cannot parse type name: %.*s.", type_shown(parser->length), parser->text);
}

static void type_skip_blanks(type_parser *parser)
{
    while (parser->at < parser->length) {
        uint32_t code_point = 0;
        size_t step = rz_utf8_decode(parser->text + parser->at, parser->length - parser->at, &code_point);
        if (step == 0 || !rz_unicode_space(code_point)) {
            return;
        }
        parser->at += step;
    }
}

static bool type_accept(type_parser *parser, char c)
{
    type_skip_blanks(parser);
    if (parser->at < parser->length && parser->text[parser->at] == c) {
        parser->at++;
        return true;
    }
    return false;
}

static ruzu_status type_expect(type_parser *parser, char c)
{
    return type_accept(parser, c) ? RUZU_OK : type_malformed(parser);
}

/* An identifier or quoted name; false when there is none. */
static bool type_read_name(type_parser *parser, type_token *out)
{
    type_skip_blanks(parser);
    size_t begin = parser->at;
    out->quoted = begin < parser->length && parser->text[begin] == '`';
    if (out->quoted) {
        const char *end = (const char *)memchr(parser->text + begin + 1, '`', parser->length - begin - 1);
        if (end == NULL) {
            return false;
        }
        out->data = parser->text + begin + 1;
        out->length = (size_t)(end - out->data);
        parser->at = (size_t)(end + 1 - parser->text);
        return out->length != 0 && memchr(out->data, '\0', out->length) == NULL;
    }
    while (parser->at < parser->length) {
        uint32_t code_point = 0;
        size_t step = rz_utf8_decode(parser->text + parser->at, parser->length - parser->at, &code_point);
        if (step == 0 || !(parser->at == begin ? rz_unicode_id_start(code_point) : rz_unicode_id_part(code_point))) {
            break;
        }
        parser->at += step;
    }
    out->data = parser->text + begin;
    out->length = parser->at - begin;
    return out->length != 0;
}

/* An optional minus and digits; numbers beyond the range give its end. */
static ruzu_status type_read_number(type_parser *parser, int64_t *out)
{
    *out = 0;
    bool negative = type_accept(parser, '-');
    type_skip_blanks(parser);
    size_t begin = parser->at;
    while (parser->at < parser->length && parser->text[parser->at] >= '0' && parser->text[parser->at] <= '9') {
        int digit = parser->text[parser->at++] - '0';
        *out = *out > (INT64_MAX - 9) / 10 ? INT64_MAX : *out * 10 + digit;
    }
    if (parser->at == begin) {
        return type_malformed(parser);
    }
    *out = negative ? -*out : *out;
    return RUZU_OK;
}

/* ---- composed types ---- */

static ruzu_status type_parse_decimal(type_parser *parser, const rz_type **out)
{
    int64_t precision = 18, scale = 3;
    if (type_accept(parser, '(')) {
        RZ_TRY(type_read_number(parser, &precision));
        scale = 0;
        if (type_accept(parser, ',')) {
            RZ_TRY(type_read_number(parser, &scale));
        }
        RZ_TRY(type_expect(parser, ')'));
    }
    if (precision > 38) {
        return rz_error_set(parser->err, RUZU_ERROR_BINDER, "Precision of decimal must be no greater than 38");
    }
    if (precision < 1) {
        return rz_error_set(parser->err, RUZU_ERROR_BINDER, "Precision of decimal must be greater than 0");
    }
    if (scale < 0 || scale > precision) {
        return rz_error_set(parser->err, RUZU_ERROR_BINDER, "Scale of decimal must be between 0 and its precision");
    }
    *out = rz_type_decimal(parser->arena, (uint8_t)precision, (uint8_t)scale);
    RZ_TRY_ALLOC(*out, parser->err, "reading a type name");
    return RUZU_OK;
}

/* Names are compared through a hash table of field numbers (0: free), so that wide structs take linear time. */
static ruzu_status type_check_names(type_parser *parser, const rz_type_field *fields, uint32_t count)
{
    uint32_t slots = 4;
    while (slots < count * 2) {
        slots *= 2;
    }
    uint32_t *table = RZ_NEW_ARRAY(parser->arena, uint32_t, slots);
    RZ_TRY_ALLOC(table, parser->err, "reading a type name");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = (uint32_t)rz_name_hash(fields[i].name) & (slots - 1);
        while (table[slot] != 0) {
            if (rz_name_equal(fields[table[slot] - 1].name, fields[i].name)) {
                return rz_error_set(parser->err, RUZU_ERROR_BINDER, "Duplicate field name: %s.", fields[i].name);
            }
            slot = (slot + 1) & (slots - 1);
        }
        table[slot] = i + 1;
    }
    return RUZU_OK;
}

static ruzu_status type_parse_fields(type_parser *parser, ruzu_type_id id, uint32_t depth, const rz_type **out, uint32_t *out_depth)
{
    RZ_ARRAY(rz_type_field) fields = {NULL, 0, 0};
    RZ_TRY(type_expect(parser, '('));
    do {
        type_token name;
        rz_type_field field = {NULL, NULL};
        uint32_t below = 0;
        if (!type_read_name(parser, &name)) {
            return type_malformed(parser);
        }
        field.name = rz_arena_strndup(parser->arena, name.data, name.length);
        RZ_TRY_ALLOC(field.name, parser->err, "reading a type name");
        RZ_TRY(type_parse_one(parser, depth + 1, &field.type, &below));
        *out_depth = below + 1 > *out_depth ? below + 1 : *out_depth;
        if (!RZ_ARRAY_PUSH(&fields, parser->arena, field)) {
            return rz_error_no_memory(parser->err, "reading a type name");
        }
    } while (type_accept(parser, ','));
    RZ_TRY(type_expect(parser, ')'));

    uint32_t max = id == RUZU_TYPE_UNION ? TYPE_MAX_UNION_MEMBERS : TYPE_MAX_STRUCT_FIELDS;
    if (fields.count > max) {
        return rz_error_set(parser->err, RUZU_ERROR_BINDER, "Too many fields in %s definition (max %u, got %u)", rz_type_id_name(id), max,
                            fields.count);
    }
    RZ_TRY(type_check_names(parser, fields.items, fields.count));
    *out = id == RUZU_TYPE_UNION ? rz_type_union(parser->arena, fields.items, fields.count)
                                 : rz_type_struct(parser->arena, fields.items, fields.count);
    RZ_TRY_ALLOC(*out, parser->err, "reading a type name");
    return RUZU_OK;
}

static ruzu_status type_parse_map(type_parser *parser, uint32_t depth, const rz_type **out, uint32_t *out_depth)
{
    const rz_type *key = NULL, *value = NULL;
    uint32_t key_depth = 0, value_depth = 0;
    RZ_TRY(type_expect(parser, '('));
    RZ_TRY(type_parse_one(parser, depth + 2, &key, &key_depth));
    RZ_TRY(type_expect(parser, ','));
    RZ_TRY(type_parse_one(parser, depth + 2, &value, &value_depth));
    RZ_TRY(type_expect(parser, ')'));
    *out = rz_type_map(parser->arena, key, value);
    RZ_TRY_ALLOC(*out, parser->err, "reading a type name");
    *out_depth = (key_depth > value_depth ? key_depth : value_depth) + 2;
    return RUZU_OK;
}

static ruzu_status type_make_array(type_parser *parser, const rz_type *element, int64_t length, const rz_type **out)
{
    if (length < 1) {
        return rz_error_set(parser->err, RUZU_ERROR_BINDER, "The number of elements in an array must be greater than 0. Given: %lld.",
                            (long long)length);
    }
    if (length > UINT32_MAX) {
        return rz_error_set(parser->err, RUZU_ERROR_LIMIT, "The number of elements in an array must be at most %u. Given: %lld.", UINT32_MAX,
                            (long long)length);
    }
    *out = rz_type_array(parser->arena, element, (uint32_t)length);
    RZ_TRY_ALLOC(*out, parser->err, "reading a type name");
    return RUZU_OK;
}

static ruzu_status type_parse_vector(type_parser *parser, const rz_type **out)
{
    int64_t length = 0;
    RZ_TRY(type_expect(parser, '('));
    RZ_TRY(type_read_number(parser, &length));
    RZ_TRY(type_expect(parser, ')'));
    return type_make_array(parser, rz_type_of(RUZU_TYPE_FLOAT), length, out);
}

static ruzu_status type_parse_user(type_parser *parser, const type_token *name, const rz_type **out, uint32_t *out_depth)
{
    *out = NULL;
    if (parser->resolve != NULL && name->length != 0) {
        char *text = rz_arena_strndup(parser->arena, name->data, name->length);
        RZ_TRY_ALLOC(text, parser->err, "reading a type name");
        *out = parser->resolve(parser->user, text);
    }
    if (*out == NULL) {
        return rz_error_set(parser->err, RUZU_ERROR_CATALOG, "%.*s is neither an internal type nor a user defined type.",
                            type_shown(name->length), name->data);
    }
    *out_depth = rz_type_depth(*out);
    return RUZU_OK;
}

static const type_name *type_find_name(const type_token *name)
{
    for (size_t i = 0; !name->quoted && i < sizeof type_names / sizeof type_names[0]; i++) {
        if (rz_name_equal_n(type_names[i].name, strlen(type_names[i].name), name->data, name->length)) {
            return &type_names[i];
        }
    }
    return NULL;
}

static ruzu_status type_parse_base(type_parser *parser, uint32_t depth, const rz_type **out, uint32_t *out_depth)
{
    type_token name;
    if (!type_read_name(parser, &name)) {
        name.data = parser->text + parser->at;
        name.length = parser->length - parser->at;
        return type_parse_user(parser, &name, out, out_depth);
    }
    const type_name *known = type_find_name(&name);
    if (known == NULL) {
        return type_parse_user(parser, &name, out, out_depth);
    }
    switch (known->id) {
    case RUZU_TYPE_DECIMAL: return type_parse_decimal(parser, out);
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_UNION: return type_parse_fields(parser, known->id, depth, out, out_depth);
    case RUZU_TYPE_MAP: return type_parse_map(parser, depth, out, out_depth);
    case RUZU_TYPE_ARRAY: *out_depth = 1; return type_parse_vector(parser, out);
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
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_INTERNAL_ID:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: break;
    }
    *out = rz_type_of(known->id);
    return RUZU_OK;
}

static ruzu_status type_too_deep(type_parser *parser)
{
    return rz_error_set(parser->err, RUZU_ERROR_LIMIT, "Types may be nested at most %u levels deep.", RZ_TYPE_MAX_DEPTH);
}

/* depth: levels around this type; *out_depth: levels of the type itself (rz_type_depth). */
static ruzu_status type_parse_one(type_parser *parser, uint32_t depth, const rz_type **out, uint32_t *out_depth)
{
    *out = NULL;
    *out_depth = 0;
    if (depth > RZ_TYPE_MAX_DEPTH) {
        return type_too_deep(parser);
    }
    RZ_TRY(type_parse_base(parser, depth, out, out_depth));
    while (type_accept(parser, '[')) {
        if (type_accept(parser, ']')) {
            *out = rz_type_list(parser->arena, *out);
            RZ_TRY_ALLOC(*out, parser->err, "reading a type name");
        } else {
            int64_t length = 0;
            RZ_TRY(type_read_number(parser, &length));
            RZ_TRY(type_expect(parser, ']'));
            RZ_TRY(type_make_array(parser, *out, length, out));
        }
        if (++*out_depth > RZ_TYPE_MAX_DEPTH) {
            return type_too_deep(parser);
        }
    }
    return depth + *out_depth > RZ_TYPE_MAX_DEPTH ? type_too_deep(parser) : RUZU_OK;
}

ruzu_status rz_type_parse(const char *text, size_t length, rz_type_resolve_fn resolve, void *user, rz_arena *arena, const rz_type **out,
                          rz_error *err)
{
    *out = NULL;
    type_parser parser = {text, length, 0, resolve, user, arena, err};
    const rz_type *type = NULL;
    uint32_t depth = 0;
    RZ_TRY(type_parse_one(&parser, 0, &type, &depth));
    type_skip_blanks(&parser);
    if (parser.at != parser.length) {
        return type_malformed(&parser);
    }
    *out = type;
    return RUZU_OK;
}

#undef TYPE_MAX_STRUCT_FIELDS
#undef TYPE_MAX_UNION_MEMBERS
