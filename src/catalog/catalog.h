/* SPDX-License-Identifier: MIT */
/*
 * catalog: the schema: node tables, relationship tables, sequences, macros, user types.
 *
 * Purpose   immutable versions of the whole schema. A version is shared by every transaction that started on it; DDL makes a changed copy (entries are shared,
 *           only the lists are copied), which its commit publishes. So reading takes no lock and rolling back costs nothing.
 * Owns      entries and versions, both reference-counted.
 * Must not  know where tables are stored. Default expressions and macros are kept as text; the binder binds them again.
 * Enter by  rz_catalog_find_table …; rz_catalog_edit, rz_catalog_add_table …
 * Threads   a published version is immutable; counts are atomic; an edited copy belongs to its writer.
 * More      docs/file-format.md ("Catalog").
 */
#ifndef RZ_CATALOG_CATALOG_H
#define RZ_CATALOG_CATALOG_H

#include "types/types.h"

#define RZ_NO_TABLE UINT32_MAX

typedef enum rz_cat_kind { RZ_CAT_NODE_TABLE, RZ_CAT_REL_TABLE } rz_cat_kind;

typedef struct rz_cat_property {
    uint32_t id;              /* column id, never reused within the table */
    const char *name;
    const rz_type *type;
    const char *default_text; /* the DEFAULT expression as written; NULL: none */
} rz_cat_property;

/* One FROM/TO pair of a relationship table: has storage and an id of its own. */
typedef struct rz_cat_pair {
    uint32_t id;        /* in the same space as node table ids: the table part of its relationships' rz_id */
    uint32_t src_table; /* node table ids */
    uint32_t dst_table;
} rz_cat_pair;

typedef struct rz_cat_table {
    rz_cat_kind kind;
    uint32_t id;               /* node tables: also the table part of their nodes' rz_id; never reused */
    const char *name;
    const char *comment;       /* "" when none */
    rz_cat_property *properties;
    uint32_t property_count;
    uint32_t next_property_id;
    uint32_t key;              /* NODE: index of the primary key in properties */
    rz_cat_pair *pairs;        /* REL */
    uint32_t pair_count;
    bool one_src, one_dst;     /* REL: multiplicity: ONE on the source / destination side */
    uint8_t storage_direction; /* REL: 0 both, 1 fwd, 2 bwd */
} rz_cat_table;

typedef struct rz_cat_sequence {
    uint32_t id;
    const char *name;
    int64_t start, increment, minimum, maximum;
    bool cycle;
    int64_t current;  /* the last value given; start before the first */
    bool used;        /* a value was given */
    bool implicit;    /* numbers a SERIAL column: its name is <table>_<column>_serial */
} rz_cat_sequence;

typedef struct rz_cat_macro {
    const char *name;             /* as spelled */
    const char *text;             /* the whole CREATE MACRO statement, parsed again when used */
} rz_cat_macro;

typedef struct rz_cat_type {
    const char *name;
    const rz_type *type;
} rz_cat_type;

typedef struct rz_catalog rz_catalog;

/* An empty first version (reference count 1). */
RZ_NODISCARD ruzu_status rz_catalog_create(rz_mem *mem, rz_catalog **out, rz_error *err);
void rz_catalog_retain(rz_catalog *catalog);
void rz_catalog_release(rz_catalog *catalog); /* NULL is fine */
uint64_t rz_catalog_version(const rz_catalog *catalog); /* rises with each edited copy: plans remember it */

/* ---- reading ---- */

/* Every id of a node table or pair is below this. */
uint32_t rz_catalog_id_end(const rz_catalog *catalog);
uint32_t rz_catalog_table_count(const rz_catalog *catalog);
const rz_cat_table *rz_catalog_table_at(const rz_catalog *catalog, uint32_t idx);          /* in creation order */
const rz_cat_table *rz_catalog_find_table(const rz_catalog *catalog, const char *name);    /* without case; NULL: none */
const rz_cat_table *rz_catalog_node_table(const rz_catalog *catalog, uint32_t table_id);   /* NULL: none */
/* The relationship table that owns a pair, and the pair. NULL: none. */
const rz_cat_table *rz_catalog_rel_of_pair(const rz_catalog *catalog, uint32_t pair_id, const rz_cat_pair **out_pair);
int32_t rz_cat_find_property(const rz_cat_table *table, const char *name);                 /* index, without case; -1: none */
const rz_cat_sequence *rz_catalog_find_sequence(const rz_catalog *catalog, const char *name);
/* The implicit sequence of a SERIAL property. NULL: it was dropped. */
const rz_cat_sequence *rz_catalog_serial_sequence(const rz_catalog *catalog, const rz_cat_table *table, uint32_t property_idx);
const rz_cat_macro *rz_catalog_find_macro(const rz_catalog *catalog, const char *name);
const rz_cat_type *rz_catalog_find_type(const rz_catalog *catalog, const char *name);
uint32_t rz_catalog_sequence_count(const rz_catalog *catalog);
const rz_cat_sequence *rz_catalog_sequence_at(const rz_catalog *catalog, uint32_t idx);
uint32_t rz_catalog_macro_count(const rz_catalog *catalog);
const rz_cat_macro *rz_catalog_macro_at(const rz_catalog *catalog, uint32_t idx);

/* ---- changing: on a copy ---- */

/* A changed copy to work on (reference count 1), one version higher. */
RZ_NODISCARD ruzu_status rz_catalog_edit(const rz_catalog *catalog, rz_catalog **out, rz_error *err);
/* A copy of the same version: nothing but values of sequences may be changed in it (rz_catalog_set_sequence), which plans do not depend on. */
RZ_NODISCARD ruzu_status rz_catalog_fork(const rz_catalog *catalog, rz_catalog **out, rz_error *err);
/* Adds a deep copy of `table` with fresh ids (of the table, and of each pair of a relationship table; property ids too), and the implicit sequence of each SERIAL column.
 * The entry is in *out. Errors: Binder "X already exists in catalog.", LIMIT beyond 65,535 tables. */
RZ_NODISCARD ruzu_status rz_catalog_add_table(rz_catalog *catalog, const rz_cat_table *table, const rz_cat_table **out, rz_error *err);
/* Replaces the entry with the same id by a deep copy of `table` (ALTER, COMMENT ON; new properties have id UINT32_MAX, new pairs too, and get ids). Implicit
 * sequences follow: renamed with their table or column, dropped with their column. */
RZ_NODISCARD ruzu_status rz_catalog_replace_table(rz_catalog *catalog, const rz_cat_table *table, const rz_cat_table **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_drop_table(rz_catalog *catalog, uint32_t table_id, rz_error *err); /* implicit sequences too */
/* One that is named as a SERIAL column's sequence becomes that column's. */
RZ_NODISCARD ruzu_status rz_catalog_add_sequence(rz_catalog *catalog, const rz_cat_sequence *sequence, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_set_sequence(rz_catalog *catalog, const char *name, int64_t current, bool used, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_drop_sequence(rz_catalog *catalog, const char *name, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_add_macro(rz_catalog *catalog, const rz_cat_macro *macro, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_drop_macro(rz_catalog *catalog, const char *name, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_add_type(rz_catalog *catalog, const rz_cat_type *type, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_drop_type(rz_catalog *catalog, const char *name, rz_error *err);

/* Bytes for the catalog's metadata range, and back (every length checked: CORRUPT). */
void rz_catalog_encode(const rz_catalog *catalog, rz_str *out);
RZ_NODISCARD ruzu_status rz_catalog_decode(rz_mem *mem, const void *data, size_t size, rz_catalog **out, rz_error *err);

#endif
