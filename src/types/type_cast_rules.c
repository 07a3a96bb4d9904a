/* SPDX-License-Identifier: MIT */
/*
 * Implicit casts and common types (dialect §10.2, §10.3). Which type widens to which is a table of bit sets; costs depend on the target
 * only. Differences from Kuzu: SERIAL is never the target of choice (INT32 + INT64 is INT64), an integer beside a DECIMAL counts with the
 * digits it may have.
 */
#include "types/type.h"

#define TYPE_BIT(name) (UINT64_C(1) << RUZU_TYPE_##name)
#define TYPE_REALS (TYPE_BIT(FLOAT) | TYPE_BIT(DOUBLE))
#define TYPE_FRACTIONS (TYPE_REALS | TYPE_BIT(DECIMAL))

RZ_STATIC_ASSERT(RUZU_TYPE_RECURSIVE_REL < 64, "type ids are used as bit numbers");

/* Which simple types a type widens to. */
static const uint64_t type_widening[RUZU_TYPE_RECURSIVE_REL + 1] = {
    [RUZU_TYPE_INT8] = TYPE_BIT(INT16) | TYPE_BIT(INT32) | TYPE_BIT(INT64) | TYPE_BIT(SERIAL) | TYPE_BIT(INT128) | TYPE_FRACTIONS,
    [RUZU_TYPE_INT16] = TYPE_BIT(INT32) | TYPE_BIT(INT64) | TYPE_BIT(SERIAL) | TYPE_BIT(INT128) | TYPE_FRACTIONS,
    [RUZU_TYPE_INT32] = TYPE_BIT(INT64) | TYPE_BIT(SERIAL) | TYPE_BIT(INT128) | TYPE_FRACTIONS,
    [RUZU_TYPE_INT64] = TYPE_BIT(SERIAL) | TYPE_BIT(INT128) | TYPE_FRACTIONS,
    [RUZU_TYPE_INT128] = TYPE_FRACTIONS,
    [RUZU_TYPE_UINT8] = TYPE_BIT(INT16) | TYPE_BIT(INT32) | TYPE_BIT(INT64) | TYPE_BIT(INT128) | TYPE_BIT(UINT16) | TYPE_BIT(UINT32) |
                        TYPE_BIT(UINT64) | TYPE_FRACTIONS,
    [RUZU_TYPE_UINT16] = TYPE_BIT(INT32) | TYPE_BIT(INT64) | TYPE_BIT(INT128) | TYPE_BIT(UINT32) | TYPE_BIT(UINT64) | TYPE_FRACTIONS,
    [RUZU_TYPE_UINT32] = TYPE_BIT(INT64) | TYPE_BIT(INT128) | TYPE_BIT(UINT64) | TYPE_FRACTIONS,
    [RUZU_TYPE_UINT64] = TYPE_BIT(INT128) | TYPE_FRACTIONS,
    /* A SERIAL value is an INT64. */
    [RUZU_TYPE_SERIAL] = TYPE_BIT(INT64) | TYPE_BIT(INT128) | TYPE_FRACTIONS,
    [RUZU_TYPE_FLOAT] = TYPE_BIT(DOUBLE),
    [RUZU_TYPE_DECIMAL] = TYPE_REALS | TYPE_BIT(DECIMAL), /* of another precision or scale; checked at run time */
    [RUZU_TYPE_DATE] = TYPE_BIT(TIMESTAMP),
    [RUZU_TYPE_TIMESTAMP_SEC] = TYPE_BIT(TIMESTAMP),
    [RUZU_TYPE_TIMESTAMP_MS] = TYPE_BIT(TIMESTAMP),
    [RUZU_TYPE_TIMESTAMP_NS] = TYPE_BIT(TIMESTAMP),
    [RUZU_TYPE_TIMESTAMP_TZ] = TYPE_BIT(TIMESTAMP),
    [RUZU_TYPE_UUID] = TYPE_BIT(STRING),
};

#define TYPE_COST_NESTED 160u
#define TYPE_COST_STRING 149u

static uint32_t type_target_cost(ruzu_type_id id)
{
    switch (id) {
    case RUZU_TYPE_INT16: return 100;
    case RUZU_TYPE_INT64: return 101;
    case RUZU_TYPE_INT32: return 102;
    case RUZU_TYPE_INT128: return 103;
    case RUZU_TYPE_DECIMAL: return 104;
    case RUZU_TYPE_DOUBLE: return 105;
    case RUZU_TYPE_TIMESTAMP: return 120;
    case RUZU_TYPE_STRING: return TYPE_COST_STRING;
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION: return TYPE_COST_NESTED;
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_BOOL:
    case RUZU_TYPE_INT8:
    case RUZU_TYPE_UINT8:
    case RUZU_TYPE_UINT16:
    case RUZU_TYPE_UINT32:
    case RUZU_TYPE_UINT64:
    case RUZU_TYPE_SERIAL: /* 100 in Kuzu, which makes INT32 + INT64 a SERIAL */
    case RUZU_TYPE_FLOAT:
    case RUZU_TYPE_BLOB:
    case RUZU_TYPE_UUID:
    case RUZU_TYPE_DATE:
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
    return 110;
}

/* ---- widening ---- */

/* Fields of the same names in the same order, each of which widens. */
static bool type_fields_widen(const rz_type *from, const rz_type *to)
{
    if (from->field_count != to->field_count) {
        return false;
    }
    for (uint32_t i = 0; i < from->field_count; i++) {
        if (!rz_name_equal(from->fields[i].name, to->fields[i].name) || !rz_type_widens(from->fields[i].type, to->fields[i].type)) {
            return false;
        }
    }
    return true;
}

bool rz_type_widens(const rz_type *from, const rz_type *to)
{
    if (from == to || from->id == RUZU_TYPE_ANY || to->id == RUZU_TYPE_ANY || rz_type_equal(from, to)) {
        return true;
    }
    if (type_widening[from->id] >> to->id & 1) {
        return true;
    }
    bool from_list = from->id == RUZU_TYPE_LIST || from->id == RUZU_TYPE_ARRAY;
    bool to_list = to->id == RUZU_TYPE_LIST || to->id == RUZU_TYPE_ARRAY;
    if (from_list && to_list) {
        bool lengths_fit = from->id != to->id || from->array_length == to->array_length;
        return lengths_fit && rz_type_widens(from->child, to->child);
    }
    if (from->id == RUZU_TYPE_MAP && to->id == RUZU_TYPE_MAP) {
        return rz_type_widens(from->child, to->child);
    }
    if (from->id == RUZU_TYPE_STRUCT && to->id == RUZU_TYPE_STRUCT) {
        return type_fields_widen(from, to);
    }
    return false;
}

static bool type_has_argument_text(ruzu_type_id id)
{
    return id != RUZU_TYPE_BLOB && id != RUZU_TYPE_INTERNAL_ID && id != RUZU_TYPE_NODE && id != RUZU_TYPE_REL &&
           id != RUZU_TYPE_RECURSIVE_REL;
}

uint32_t rz_type_implicit_cost(const rz_type *from, const rz_type *to)
{
    if (rz_type_equal(from, to)) {
        return 0;
    }
    if (from->id == RUZU_TYPE_ANY || to->id == RUZU_TYPE_ANY) {
        return 1;
    }
    if ((from->id == RUZU_TYPE_SERIAL && to->id == RUZU_TYPE_INT64) || (from->id == RUZU_TYPE_INT64 && to->id == RUZU_TYPE_SERIAL)) {
        return 0; /* the same values */
    }
    if (rz_type_widens(from, to)) {
        return type_target_cost((ruzu_type_id)to->id);
    }
    return to->id == RUZU_TYPE_STRING && type_has_argument_text((ruzu_type_id)from->id) ? TYPE_COST_STRING : RZ_CAST_IMPOSSIBLE;
}

/* ---- common types ---- */

/* Position in the order DATE < SEC < MS < TIMESTAMP < TZ < NS, or 0. */
static uint32_t type_time_rank(ruzu_type_id id)
{
    static const uint8_t rank[RUZU_TYPE_RECURSIVE_REL + 1] = {
        [RUZU_TYPE_DATE] = 1,      [RUZU_TYPE_TIMESTAMP_SEC] = 2, [RUZU_TYPE_TIMESTAMP_MS] = 3,
        [RUZU_TYPE_TIMESTAMP] = 4, [RUZU_TYPE_TIMESTAMP_TZ] = 5,  [RUZU_TYPE_TIMESTAMP_NS] = 6,
    };
    return rank[id];
}

/* Decimal digits that an integer type may need. */
static uint32_t type_integer_digits(ruzu_type_id id)
{
    static const uint8_t digits[RUZU_TYPE_RECURSIVE_REL + 1] = {
        [RUZU_TYPE_INT8] = 3,   [RUZU_TYPE_INT16] = 5,  [RUZU_TYPE_INT32] = 10,  [RUZU_TYPE_INT64] = 19,  [RUZU_TYPE_INT128] = 38,
        [RUZU_TYPE_UINT8] = 3,  [RUZU_TYPE_UINT16] = 5, [RUZU_TYPE_UINT32] = 10, [RUZU_TYPE_UINT64] = 20, [RUZU_TYPE_SERIAL] = 19,
    };
    return digits[id];
}

/* a or b is DECIMAL, the other one DECIMAL or an integer. Beyond 38 digits the integer part gives way; values that need it fail when cast. */
static const rz_type *type_common_decimal(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    uint32_t a_integer = a->id == RUZU_TYPE_DECIMAL ? (uint32_t)a->precision - a->scale : type_integer_digits((ruzu_type_id)a->id);
    uint32_t b_integer = b->id == RUZU_TYPE_DECIMAL ? (uint32_t)b->precision - b->scale : type_integer_digits((ruzu_type_id)b->id);
    uint32_t scale = a->scale > b->scale ? a->scale : b->scale;
    uint32_t precision = (a_integer > b_integer ? a_integer : b_integer) + scale;
    precision = precision > 38 ? 38 : precision;
    if (a->id == RUZU_TYPE_DECIMAL && a->precision == precision && a->scale == scale) {
        return a;
    }
    if (b->id == RUZU_TYPE_DECIMAL && b->precision == precision && b->scale == scale) {
        return b;
    }
    return rz_type_decimal(arena, (uint8_t)precision, (uint8_t)scale);
}

/* The smallest signed type that holds an unsigned and a signed one, neither of which widens to the other. */
static const rz_type *type_common_signed(const rz_type *a, const rz_type *b)
{
    const rz_type *u = a->id >= RUZU_TYPE_UINT8 && a->id <= RUZU_TYPE_UINT64 ? a : b;
    switch ((ruzu_type_id)u->id) {
    case RUZU_TYPE_UINT8: return rz_type_of(RUZU_TYPE_INT16);
    case RUZU_TYPE_UINT16: return rz_type_of(RUZU_TYPE_INT32);
    case RUZU_TYPE_UINT32: return rz_type_of(RUZU_TYPE_INT64);
    default: return rz_type_of(RUZU_TYPE_INT128);
    }
}

static const rz_type *type_common_list(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    const rz_type *element = rz_type_common(arena, a->child, b->child);
    if (element == NULL) {
        return NULL;
    }
    if (a->id == RUZU_TYPE_ARRAY && b->id == RUZU_TYPE_ARRAY && a->array_length == b->array_length) {
        return rz_type_array(arena, element, a->array_length);
    }
    return rz_type_list(arena, element);
}

static const rz_type *type_common_struct(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    if (a->field_count != b->field_count) {
        return NULL;
    }
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, (size_t)a->field_count + 1);
    if (fields == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < a->field_count; i++) {
        if (!rz_name_equal(a->fields[i].name, b->fields[i].name)) {
            return NULL;
        }
        fields[i].name = a->fields[i].name;
        fields[i].type = rz_type_common(arena, a->fields[i].type, b->fields[i].type);
        if (fields[i].type == NULL) {
            return NULL;
        }
    }
    return rz_type_struct(arena, fields, a->field_count);
}

static const rz_type *type_common_map(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    const rz_type *key = rz_type_common(arena, a->child->fields[0].type, b->child->fields[0].type);
    const rz_type *value = key == NULL ? NULL : rz_type_common(arena, a->child->fields[1].type, b->child->fields[1].type);
    return value == NULL ? NULL : rz_type_map(arena, key, value);
}

/* Two references to nodes or two to relationships: of the tables of both. */
static const rz_type *type_common_tables(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    uint32_t *tables = RZ_NEW_ARRAY(arena, uint32_t, (size_t)a->table_count + b->table_count + 1);
    if (tables == NULL) {
        return NULL;
    }
    uint32_t count = 0, i = 0, j = 0;
    while (i < a->table_count || j < b->table_count) {
        bool take_a = j == b->table_count || (i < a->table_count && a->tables[i] <= b->tables[j]);
        uint32_t table = take_a ? a->tables[i] : b->tables[j];
        i += i < a->table_count && a->tables[i] == table;
        j += j < b->table_count && b->tables[j] == table;
        tables[count++] = table;
    }
    if (count == a->table_count || count == b->table_count) {
        return count == a->table_count ? a : b;
    }
    return a->id == RUZU_TYPE_NODE ? rz_type_node(arena, tables, count) : rz_type_rel(arena, tables, count);
}

static const rz_type *type_common_path(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    const rz_type *node = rz_type_common(arena, a->fields[0].type->child, b->fields[0].type->child);
    const rz_type *rel = node == NULL ? NULL : rz_type_common(arena, a->fields[1].type->child, b->fields[1].type->child);
    return rel == NULL ? NULL : rz_type_path(arena, node, rel);
}

static const rz_type *type_common_numeric(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    bool reals = a->id == RUZU_TYPE_FLOAT || a->id == RUZU_TYPE_DOUBLE || b->id == RUZU_TYPE_FLOAT || b->id == RUZU_TYPE_DOUBLE;
    if (!reals && (a->id == RUZU_TYPE_DECIMAL || b->id == RUZU_TYPE_DECIMAL)) {
        return type_common_decimal(arena, a, b);
    }
    /* Beside another type a SERIAL is an INT64. */
    a = a->id == RUZU_TYPE_SERIAL ? rz_type_of(RUZU_TYPE_INT64) : a;
    b = b->id == RUZU_TYPE_SERIAL ? rz_type_of(RUZU_TYPE_INT64) : b;
    if (rz_type_widens(a, b)) {
        return b;
    }
    return rz_type_widens(b, a) ? a : type_common_signed(a, b);
}

const rz_type *rz_type_common(rz_arena *arena, const rz_type *a, const rz_type *b)
{
    if (a == b || b->id == RUZU_TYPE_ANY) {
        return a;
    }
    if (a->id == RUZU_TYPE_ANY) {
        return b;
    }
    bool both_lists = (a->id == RUZU_TYPE_LIST || a->id == RUZU_TYPE_ARRAY) && (b->id == RUZU_TYPE_LIST || b->id == RUZU_TYPE_ARRAY);
    if (a->id == b->id && a->physical == b->physical && rz_type_has_graph_ref(a)) {
        /* Equal types may differ in their tables. */
        if (a->physical != RZ_PHYS_STRUCT && a->physical != RZ_PHYS_LIST) {
            return type_common_tables(arena, a, b);
        }
        if (a->id == RUZU_TYPE_RECURSIVE_REL) {
            return type_common_path(arena, a, b);
        }
    } else if (rz_type_equal(a, b)) {
        return a;
    }
    if (rz_type_is_numeric(a) && rz_type_is_numeric(b)) {
        return type_common_numeric(arena, a, b);
    }
    uint32_t a_rank = type_time_rank((ruzu_type_id)a->id), b_rank = type_time_rank((ruzu_type_id)b->id);
    if (a_rank != 0 && b_rank != 0) {
        return a_rank > b_rank ? a : b;
    }
    if (both_lists) {
        return type_common_list(arena, a, b);
    }
    if (a->id == RUZU_TYPE_STRUCT && b->id == RUZU_TYPE_STRUCT) {
        return type_common_struct(arena, a, b);
    }
    if (a->id == RUZU_TYPE_MAP && b->id == RUZU_TYPE_MAP) {
        return type_common_map(arena, a, b);
    }
    if (rz_type_equal(a, b)) {
        return a;
    }
    if (rz_type_widens(a, b)) {
        return b;
    }
    return rz_type_widens(b, a) ? a : NULL;
}

#undef TYPE_BIT
#undef TYPE_REALS
#undef TYPE_FRACTIONS
#undef TYPE_COST_NESTED
#undef TYPE_COST_STRING
