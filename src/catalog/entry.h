/* SPDX-License-Identifier: MIT */
/*
 * Private to the catalog: entries and the version's struct.
 */
#ifndef RZ_CATALOG_ENTRY_H
#define RZ_CATALOG_ENTRY_H

#include "catalog/catalog.h"

/* One object of the schema with everything it points to in its own arena; freed with its last reference. */
typedef struct cat_entry {
    _Atomic uint32_t references;
    rz_mem *mem; /* borrowed: the database's account */
    rz_arena arena;
    union {
        rz_cat_table table;
        rz_cat_sequence sequence;
        rz_cat_macro macro;
        rz_cat_type type;
    } u;
} cat_entry;

typedef struct cat_list {
    cat_entry **items; /* owned array of counted references */
    uint32_t count;
    uint32_t capacity;
} cat_list;

struct rz_catalog {
    rz_mem *mem; /* borrowed */
    _Atomic uint32_t references;
    uint64_t version;
    uint32_t next_id;        /* of node tables and pairs */
    uint32_t next_object_id; /* of sequences */
    cat_list tables;         /* in creation order */
    cat_list sequences;
    cat_list macros;
    cat_list types;
    cat_entry **names; /* owned: table entries by name hash */
    uint32_t name_slots;
    cat_entry **by_id; /* owned */
    uint32_t id_slots;
};

void rz_cat_entry_retain(cat_entry *entry);
void rz_cat_entry_release(cat_entry *entry);
/* Entries with deep copies, reference count 1. */
RZ_NODISCARD ruzu_status rz_cat_entry_table(rz_mem *mem, const rz_cat_table *table, cat_entry **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_cat_entry_sequence(rz_mem *mem, const rz_cat_sequence *sequence, cat_entry **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_cat_entry_macro(rz_mem *mem, const rz_cat_macro *macro, cat_entry **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_cat_entry_type(rz_mem *mem, const rz_cat_type *type, cat_entry **out, rz_error *err);

/* For decoding: puts an entry with its ids as they are into a list; then rz_catalog_adopted builds the look-up structures. */
RZ_NODISCARD ruzu_status rz_catalog_adopt(rz_catalog *catalog, cat_list *list, cat_entry *take_entry, rz_error *err);
RZ_NODISCARD ruzu_status rz_catalog_adopted(rz_catalog *catalog, rz_error *err);

#endif
