/* SPDX-License-Identifier: MIT */
/*
 * Logical and physical types. A type is immutable; simple ones are static, composed ones live in an arena.
 *
 * Graph values have two forms. Inside the engine a NODE is a *reference*: its packed internal id (8 bytes); a REL is rz_rel_ref
 * (source, destination, own id); a path is STRUCT(_NODES LIST(NODE), _RELS LIST(REL)) of references. Only when a result is built are
 * they turned into their *value* form, a STRUCT with the properties as fields (rz_type_graph_value), which every consumer of results
 * handles like any other struct. `physical` tells the two apart.
 */
#ifndef RZ_TYPES_TYPE_H
#define RZ_TYPES_TYPE_H

#include "common/common.h"

/* How a value lies in a vector. */
typedef enum rz_physical {
    RZ_PHYS_NONE = 0, /* ANY: all NULL; one byte a row */
    RZ_PHYS_BOOL,     /* uint8_t 0 or 1 */
    RZ_PHYS_INT8,
    RZ_PHYS_INT16,
    RZ_PHYS_INT32,
    RZ_PHYS_INT64,
    RZ_PHYS_INT128, /* rz_int128. UUID: its bytes as a big-endian number with the top bit flipped, so that signed order is the order of its text */
    RZ_PHYS_UINT8,
    RZ_PHYS_UINT16,
    RZ_PHYS_UINT32,
    RZ_PHYS_UINT64, /* also INTERNAL_ID and NODE references: rz_id */
    RZ_PHYS_FLOAT,
    RZ_PHYS_DOUBLE,
    RZ_PHYS_INTERVAL, /* rz_interval, 16 bytes */
    RZ_PHYS_STRING,   /* rz_string, 16 bytes: STRING and BLOB */
    RZ_PHYS_REL,      /* rz_rel_ref, 24 bytes */
    RZ_PHYS_LIST,     /* rz_list_entry, 8 bytes; LIST, ARRAY and MAP; elements in children[0] */
    RZ_PHYS_STRUCT    /* no data of its own; children[i] for field i. UNION: children[0] is the tag (UINT8), members follow */
} rz_physical;

/* Internal ids: table id in the upper 16 bits, row (or relationship) offset in the lower 48. So one integer names any node, and
 * nodes of several tables travel in one vector. Order of ids = order by (table, offset). */
typedef uint64_t rz_id;
#define RZ_ID_OFFSET_BITS 48
#define RZ_ID_OFFSET_MASK ((UINT64_C(1) << RZ_ID_OFFSET_BITS) - 1)
#define RZ_ID_MAX_TABLE 65535u

static inline rz_id rz_id_make(uint32_t table_id, uint64_t offset)
{
    return ((uint64_t)table_id << RZ_ID_OFFSET_BITS) | offset;
}
static inline uint32_t rz_id_table(rz_id id)
{
    return (uint32_t)(id >> RZ_ID_OFFSET_BITS);
}
static inline uint64_t rz_id_offset(rz_id id)
{
    return id & RZ_ID_OFFSET_MASK;
}

typedef struct rz_rel_ref {
    rz_id src; /* in the direction of the stored relationship */
    rz_id dst;
    rz_id rel; /* (id of the FROM/TO pair's storage, rel offset) */
} rz_rel_ref;

typedef struct rz_interval {
    int32_t months;
    int32_t days;
    int64_t micros;
} rz_interval;

typedef struct rz_list_entry {
    uint32_t offset; /* first element in the child vector */
    uint32_t length; /* elements */
} rz_list_entry;

/* A string of bytes: up to 12 inline, longer ones by pointer with the first four repeated in prefix. */
#define RZ_STRING_INLINE 12u
typedef struct rz_string {
    uint32_t length; /* bytes */
    char prefix[4];  /* the first bytes, zero-padded */
    union {
        char rest[8];     /* length <= 12: bytes 4…11, zero-padded */
        const char *data; /* length > 12: all bytes; owned by the vector's heap or by a pinned page */
    } u;
} rz_string;
RZ_STATIC_ASSERT(sizeof(rz_string) == 16, "strings in vectors are 16 bytes");
RZ_STATIC_ASSERT(sizeof(rz_interval) == 16, "intervals are 16 bytes");
RZ_STATIC_ASSERT(sizeof(rz_rel_ref) == 24, "relationship references are 24 bytes");

static inline const char *rz_string_data(const rz_string *s)
{
    return s->length <= RZ_STRING_INLINE ? s->prefix : s->u.data; /* prefix and rest are adjacent */
}

/* Makes a string over `data`, which must outlive it when length > 12. */
static inline rz_string rz_string_make(const char *data, uint32_t length)
{
    rz_string s = {.length = length, .prefix = {0}, .u = {.rest = {0}}};
    if (length <= RZ_STRING_INLINE) {
        if (length != 0) {
            memcpy((char *)&s + offsetof(rz_string, prefix), data, length);
        }
    } else {
        memcpy(s.prefix, data, 4);
        s.u.data = data;
    }
    return s;
}

static inline bool rz_string_equal(const rz_string *a, const rz_string *b)
{
    if (memcmp(a, b, 8) != 0) { /* length and prefix */
        return false;
    }
    return a->length <= RZ_STRING_INLINE ? memcmp(&a->u, &b->u, 8) == 0 : memcmp(a->u.data, b->u.data, a->length) == 0;
}
int rz_string_compare(const rz_string *a, const rz_string *b); /* by bytes; <0, 0, >0 */

typedef struct ruzu_type rz_type;

typedef struct rz_type_field {
    const char *name; /* as spelled in the definition */
    const rz_type *type;
} rz_type_field;

struct ruzu_type {
    uint8_t id;       /* ruzu_type_id */
    uint8_t physical; /* rz_physical */
    uint8_t precision; /* DECIMAL: 1…38 */
    uint8_t scale;
    uint32_t array_length;        /* ARRAY: elements, >= 1 */
    uint32_t field_count;         /* STRUCT, UNION (members), RECURSIVE_REL, graph values */
    uint32_t table_count;         /* NODE, REL references: how many tables they may come from */
    const rz_type_field *fields;
    const rz_type *child;         /* LIST, ARRAY: element; MAP: its entry STRUCT(KEY, VALUE) */
    const uint32_t *tables;       /* NODE: node table ids; REL: ids of FROM/TO pairs; ascending */
    bool restricted;              /* NODE, REL references on a path that keeps only some properties: the others are not there */
    uint32_t shown_count;
    const char *const *shown;     /* those that are kept */
};

/* The static type of a simple id (not DECIMAL, LIST, …, NODE, REL). DATE, STRING, … */
const rz_type *rz_type_of(ruzu_type_id id);
#define RZ_ANY rz_type_of(RUZU_TYPE_ANY)
#define RZ_BOOL rz_type_of(RUZU_TYPE_BOOL)
#define RZ_INT64 rz_type_of(RUZU_TYPE_INT64)
#define RZ_DOUBLE rz_type_of(RUZU_TYPE_DOUBLE)
#define RZ_STRING rz_type_of(RUZU_TYPE_STRING)

/* Constructors of composed types in an arena; NULL when memory is refused. Names and children are borrowed (same or longer lifetime). */
RZ_NODISCARD const rz_type *rz_type_decimal(rz_arena *arena, uint8_t precision, uint8_t scale);
RZ_NODISCARD const rz_type *rz_type_list(rz_arena *arena, const rz_type *element);
RZ_NODISCARD const rz_type *rz_type_array(rz_arena *arena, const rz_type *element, uint32_t length);
RZ_NODISCARD const rz_type *rz_type_struct(rz_arena *arena, const rz_type_field *fields, uint32_t field_count); /* copies the array */
RZ_NODISCARD const rz_type *rz_type_map(rz_arena *arena, const rz_type *key, const rz_type *value);
RZ_NODISCARD const rz_type *rz_type_union(rz_arena *arena, const rz_type_field *members, uint32_t member_count);
RZ_NODISCARD const rz_type *rz_type_node(rz_arena *arena, const uint32_t *tables, uint32_t table_count);
RZ_NODISCARD const rz_type *rz_type_rel(rz_arena *arena, const uint32_t *pairs, uint32_t pair_count);
RZ_NODISCARD const rz_type *rz_type_path(rz_arena *arena, const rz_type *node, const rz_type *rel); /* RECURSIVE_REL of references */
/* Value form of a NODE (_ID, _LABEL, properties) or REL (_SRC, _DST, _LABEL, _ID, properties): id NODE/REL, physical STRUCT. */
RZ_NODISCARD const rz_type *rz_type_graph_value(rz_arena *arena, ruzu_type_id id, const rz_type_field *fields, uint32_t field_count);
RZ_NODISCARD const rz_type *rz_type_clone(rz_arena *arena, const rz_type *type); /* deep copy, names included */

bool rz_type_equal(const rz_type *a, const rz_type *b); /* field names compared without case; table sets ignored */
bool rz_type_has_graph_ref(const rz_type *type);        /* contains a NODE/REL reference at any depth */
uint32_t rz_physical_size(rz_physical physical);        /* bytes a row in a flat vector; 0 for STRUCT */
static inline uint32_t rz_type_size(const rz_type *type)
{
    return rz_physical_size((rz_physical)type->physical);
}
static inline bool rz_type_is_integer(const rz_type *type)
{
    return type->id >= RUZU_TYPE_INT8 && type->id <= RUZU_TYPE_SERIAL;
}
static inline bool rz_type_is_numeric(const rz_type *type)
{
    return type->id >= RUZU_TYPE_INT8 && type->id <= RUZU_TYPE_DECIMAL;
}
/* What consumers must refuse to nest deeper than (RUZU_ERROR_LIMIT): walks over types and values recurse. */
#define RZ_TYPE_MAX_DEPTH 64u
uint32_t rz_type_depth(const rz_type *type); /* composed types on the longest way down: 0 for a simple type; a MAP counts its entry STRUCT too */
/* Index of a field by name without case, or -1. */
int32_t rz_type_find_field(const rz_type *type, const char *name);

/* Appends the name as typeof() shows it: INT64, INT64[], STRUCT(a INT64, b STRING), DECIMAL(5, 2), MAP(INT64, STRING). */
void rz_type_format(const rz_type *type, rz_str *out);
const char *rz_type_id_name(ruzu_type_id id); /* without what is inside: "INT64", "STRUCT", "NODE"; static */

/* Resolves a user type's name; returns NULL when there is none. */
typedef const rz_type *(*rz_type_resolve_fn)(void *user, const char *name);

/*
 * Reads a type name (dialect §9: any spacing and case, aliases, T[], T[n], STRUCT(a T, …), MAP(K, V), UNION(a T, …), DECIMAL(p, s)).
 * resolve may be NULL. ANY, INTERNAL_ID and graph types cannot be named. Errors: Catalog "X is neither an internal type nor a user defined type.", Binder for array lengths and
 * precision, RUZU_ERROR_LIMIT for nesting beyond 64.
 */
RZ_NODISCARD ruzu_status rz_type_parse(const char *text, size_t length, rz_type_resolve_fn resolve, void *user, rz_arena *arena,
                                       const rz_type **out, rz_error *err);

/* Compact self-describing bytes for the catalog; decode checks every length (RUZU_ERROR_CORRUPT). */
void rz_type_encode(const rz_type *type, rz_str *out);
RZ_NODISCARD ruzu_status rz_type_decode(rz_reader *reader, rz_arena *arena, const rz_type **out, rz_error *err);

/* ---- implicit casts and common types (dialect §10.2, §10.3) ---- */

#define RZ_CAST_IMPOSSIBLE UINT32_MAX
/* Cost of implicitly casting `from` to `to`: 0 same, RZ_CAST_IMPOSSIBLE when there is no implicit cast. */
uint32_t rz_type_implicit_cost(const rz_type *from, const rz_type *to);
/* True when `from` becomes `to` implicitly outside of function arguments too: as above without "anything to STRING". */
bool rz_type_widens(const rz_type *from, const rz_type *to);
/* The common type of two, or NULL (no error raised) when they have none or memory is refused. */
const rz_type *rz_type_common(rz_arena *arena, const rz_type *a, const rz_type *b);

#endif
