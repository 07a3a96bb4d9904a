/* SPDX-License-Identifier: MIT */
/*
 * Catalog versions: lists of shared, reference-counted entries. An edited copy shares every entry; a changed one is replaced by a new entry.
 *
 * Invariants
 *  (1) An entry is never changed once it stands in a version.
 *  (2) by_id[i] is the entry that owns table or pair id i, or NULL: node tables and pairs share one id space; a relationship table's own id is that of the
 *      first pair it was made with.
 *  (3) names is an open-addressing table (power of two, at most half full) of the table entries by rz_name_hash.
 */
#include "catalog/catalog.h"

#include "catalog/entry.h"

#include <string.h>

static void list_free(rz_mem *mem, cat_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        rz_cat_entry_release(list->items[i]);
    }
    rz_mem_free(mem, list->items, list->capacity * sizeof(cat_entry *));
}

static bool list_reserve(rz_mem *mem, cat_list *list, uint32_t count)
{
    if (count <= list->capacity) {
        return true;
    }
    uint32_t capacity = list->capacity < 8 ? 8 : list->capacity * 2;
    capacity = capacity < count ? count : capacity;
    cat_entry **items = (cat_entry **)rz_mem_realloc(mem, list->items, list->capacity * sizeof(cat_entry *), capacity * sizeof(cat_entry *));
    if (items == NULL) {
        return false;
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

static bool list_copy(rz_mem *mem, const cat_list *from, cat_list *to)
{
    if (from->count == 0) {
        return true;
    }
    if (!list_reserve(mem, to, from->count)) {
        return false;
    }
    for (uint32_t i = 0; i < from->count; i++) {
        to->items[i] = from->items[i];
        rz_cat_entry_retain(to->items[i]);
    }
    to->count = from->count;
    return true;
}

/* ---- index of tables by name and id ---- */

static void names_insert(rz_catalog *catalog, cat_entry *entry)
{
    uint32_t mask = catalog->name_slots - 1;
    uint32_t slot = (uint32_t)rz_name_hash(entry->u.table.name) & mask;
    while (catalog->names[slot] != NULL) {
        slot = (slot + 1) & mask;
    }
    catalog->names[slot] = entry;
}

/* Rebuilds both look-up structures from the list of tables. */
static bool catalog_reindex(rz_catalog *catalog)
{
    uint32_t slots = 16;
    while (slots < 2 * (catalog->tables.count + 1)) {
        slots *= 2;
    }
    if (slots != catalog->name_slots) {
        cat_entry **names = (cat_entry **)rz_mem_alloc(catalog->mem, slots * sizeof(cat_entry *));
        if (names == NULL) {
            return false;
        }
        rz_mem_free(catalog->mem, catalog->names, catalog->name_slots * sizeof(cat_entry *));
        catalog->names = names;
        catalog->name_slots = slots;
    }
    if (catalog->next_id > catalog->id_slots) {
        uint32_t id_slots = catalog->next_id + 16;
        cat_entry **by_id =
            (cat_entry **)rz_mem_realloc(catalog->mem, catalog->by_id, catalog->id_slots * sizeof(cat_entry *), id_slots * sizeof(cat_entry *));
        if (by_id == NULL) {
            return false;
        }
        catalog->by_id = by_id;
        catalog->id_slots = id_slots;
    }
    memset(catalog->names, 0, catalog->name_slots * sizeof(cat_entry *));
    if (catalog->id_slots != 0) {
        memset(catalog->by_id, 0, catalog->id_slots * sizeof(cat_entry *));
    }
    for (uint32_t i = 0; i < catalog->tables.count; i++) {
        cat_entry *entry = catalog->tables.items[i];
        names_insert(catalog, entry);
        if (entry->u.table.kind == RZ_CAT_NODE_TABLE) {
            catalog->by_id[entry->u.table.id] = entry;
        }
        for (uint32_t p = 0; p < entry->u.table.pair_count; p++) {
            catalog->by_id[entry->u.table.pairs[p].id] = entry;
        }
    }
    return true;
}

/* ---- versions ---- */

static void catalog_destroy(rz_catalog *catalog)
{
    rz_mem *mem = catalog->mem;
    list_free(mem, &catalog->tables);
    list_free(mem, &catalog->sequences);
    list_free(mem, &catalog->macros);
    list_free(mem, &catalog->types);
    rz_mem_free(mem, catalog->names, catalog->name_slots * sizeof(cat_entry *));
    rz_mem_free(mem, catalog->by_id, catalog->id_slots * sizeof(cat_entry *));
    rz_mem_free(mem, catalog, sizeof *catalog);
}

ruzu_status rz_catalog_create(rz_mem *mem, rz_catalog **out, rz_error *err)
{
    *out = NULL;
    rz_catalog *catalog = (rz_catalog *)rz_mem_calloc(mem, 1, sizeof *catalog);
    RZ_TRY_ALLOC(catalog, err, "creating the catalog");
    catalog->mem = mem;
    atomic_init(&catalog->references, 1);
    if (!catalog_reindex(catalog)) {
        catalog_destroy(catalog);
        return rz_error_no_memory(err, "creating the catalog");
    }
    *out = catalog;
    return RUZU_OK;
}

void rz_catalog_retain(rz_catalog *catalog)
{
    atomic_fetch_add_explicit(&catalog->references, 1, memory_order_relaxed);
}

void rz_catalog_release(rz_catalog *catalog)
{
    if (catalog != NULL && atomic_fetch_sub_explicit(&catalog->references, 1, memory_order_acq_rel) == 1) {
        catalog_destroy(catalog);
    }
}

ruzu_status rz_catalog_fork(const rz_catalog *from, rz_catalog **out, rz_error *err)
{
    *out = NULL;
    rz_catalog *catalog = NULL;
    RZ_TRY(rz_catalog_create(from->mem, &catalog, err));
    catalog->version = from->version;
    catalog->next_id = from->next_id;
    catalog->next_object_id = from->next_object_id;
    if (!list_copy(from->mem, &from->tables, &catalog->tables) || !list_copy(from->mem, &from->sequences, &catalog->sequences) ||
        !list_copy(from->mem, &from->macros, &catalog->macros) || !list_copy(from->mem, &from->types, &catalog->types) ||
        !catalog_reindex(catalog)) {
        catalog_destroy(catalog);
        return rz_error_no_memory(err, "copying the catalog");
    }
    *out = catalog;
    return RUZU_OK;
}

ruzu_status rz_catalog_edit(const rz_catalog *from, rz_catalog **out, rz_error *err)
{
    RZ_TRY(rz_catalog_fork(from, out, err));
    (*out)->version++;
    return RUZU_OK;
}

uint64_t rz_catalog_version(const rz_catalog *catalog)
{
    return catalog->version;
}

/* ---- reading ---- */

uint32_t rz_catalog_id_end(const rz_catalog *catalog)
{
    return catalog->next_id;
}

uint32_t rz_catalog_table_count(const rz_catalog *catalog)
{
    return catalog->tables.count;
}

const rz_cat_table *rz_catalog_table_at(const rz_catalog *catalog, uint32_t idx)
{
    return &catalog->tables.items[idx]->u.table;
}

const rz_cat_table *rz_catalog_find_table(const rz_catalog *catalog, const char *name)
{
    uint32_t mask = catalog->name_slots - 1;
    uint32_t slot = (uint32_t)rz_name_hash(name) & mask;
    for (; catalog->names[slot] != NULL; slot = (slot + 1) & mask) {
        if (rz_name_equal(catalog->names[slot]->u.table.name, name)) {
            return &catalog->names[slot]->u.table;
        }
    }
    return NULL;
}

const rz_cat_table *rz_catalog_node_table(const rz_catalog *catalog, uint32_t table_id)
{
    cat_entry *entry = table_id < catalog->id_slots ? catalog->by_id[table_id] : NULL;
    return entry != NULL && entry->u.table.kind == RZ_CAT_NODE_TABLE ? &entry->u.table : NULL;
}

const rz_cat_table *rz_catalog_rel_of_pair(const rz_catalog *catalog, uint32_t pair_id, const rz_cat_pair **out_pair)
{
    cat_entry *entry = pair_id < catalog->id_slots ? catalog->by_id[pair_id] : NULL;
    if (entry == NULL || entry->u.table.kind != RZ_CAT_REL_TABLE) {
        return NULL;
    }
    for (uint32_t i = 0; out_pair != NULL && i < entry->u.table.pair_count; i++) {
        if (entry->u.table.pairs[i].id == pair_id) {
            *out_pair = &entry->u.table.pairs[i];
        }
    }
    return &entry->u.table;
}

int32_t rz_cat_find_property(const rz_cat_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->property_count; i++) {
        if (rz_name_equal(table->properties[i].name, name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* Position of a named entry in a list, or -1. `name_of` reads the entry's name. */
static int32_t list_find(const cat_list *list, const char *name, const char *(*name_of)(const cat_entry *))
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (rz_name_equal(name_of(list->items[i]), name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static const char *sequence_name(const cat_entry *entry)
{
    return entry->u.sequence.name;
}

static const char *macro_name(const cat_entry *entry)
{
    return entry->u.macro.name;
}

static const char *user_type_name(const cat_entry *entry)
{
    return entry->u.type.name;
}

const rz_cat_sequence *rz_catalog_find_sequence(const rz_catalog *catalog, const char *name)
{
    int32_t idx = list_find(&catalog->sequences, name, sequence_name);
    return idx < 0 ? NULL : &catalog->sequences.items[idx]->u.sequence;
}

const rz_cat_macro *rz_catalog_find_macro(const rz_catalog *catalog, const char *name)
{
    int32_t idx = list_find(&catalog->macros, name, macro_name);
    return idx < 0 ? NULL : &catalog->macros.items[idx]->u.macro;
}

const rz_cat_type *rz_catalog_find_type(const rz_catalog *catalog, const char *name)
{
    int32_t idx = list_find(&catalog->types, name, user_type_name);
    return idx < 0 ? NULL : &catalog->types.items[idx]->u.type;
}

/* Whether text begins with prefix, in any case; the rest is in *out_rest. */
static bool serial_takes(const char *text, const char *prefix, const char **out_rest)
{
    for (; *prefix != '\0'; text++, prefix++) {
        if (rz_ascii_lower(*text) != rz_ascii_lower(*prefix)) {
            return false;
        }
    }
    *out_rest = text;
    return true;
}

/* Whether a sequence's name is the one of the column's implicit sequence. */
static bool serial_is_named(const char *name, const rz_cat_table *table, const rz_cat_property *property)
{
    return serial_takes(name, table->name, &name) && serial_takes(name, "_", &name) && serial_takes(name, property->name, &name) &&
           rz_name_equal(name, "_serial");
}

const rz_cat_sequence *rz_catalog_serial_sequence(const rz_catalog *catalog, const rz_cat_table *table, uint32_t property_idx)
{
    for (uint32_t i = 0; i < catalog->sequences.count; i++) {
        const rz_cat_sequence *sequence = &catalog->sequences.items[i]->u.sequence;
        if (sequence->implicit && serial_is_named(sequence->name, table, &table->properties[property_idx])) {
            return sequence;
        }
    }
    return NULL;
}

uint32_t rz_catalog_sequence_count(const rz_catalog *catalog)
{
    return catalog->sequences.count;
}

const rz_cat_sequence *rz_catalog_sequence_at(const rz_catalog *catalog, uint32_t idx)
{
    return &catalog->sequences.items[idx]->u.sequence;
}

uint32_t rz_catalog_macro_count(const rz_catalog *catalog)
{
    return catalog->macros.count;
}

const rz_cat_macro *rz_catalog_macro_at(const rz_catalog *catalog, uint32_t idx)
{
    return &catalog->macros.items[idx]->u.macro;
}

/* ---- changing ---- */

static ruzu_status list_add(rz_catalog *catalog, cat_list *list, cat_entry *take_entry, rz_error *err)
{
    if (!list_reserve(catalog->mem, list, list->count + 1)) {
        rz_cat_entry_release(take_entry);
        return rz_error_no_memory(err, "extending the catalog");
    }
    list->items[list->count++] = take_entry;
    return RUZU_OK;
}

static void list_remove(cat_list *list, uint32_t idx)
{
    rz_cat_entry_release(list->items[idx]);
    memmove(&list->items[idx], &list->items[idx + 1], (list->count - idx - 1) * sizeof(cat_entry *));
    list->count--;
}

static ruzu_status catalog_exists(rz_error *err, const char *name)
{
    return rz_error_set(err, RUZU_ERROR_BINDER, "%s already exists in catalog.", name);
}

/* Numbers what is new in an entry that is not shared yet: the table, its pairs and properties with id UINT32_MAX. */
static ruzu_status catalog_number(rz_catalog *catalog, rz_cat_table *table, bool is_new, rz_error *err)
{
    uint64_t wanted = table->kind == RZ_CAT_NODE_TABLE ? (is_new ? 1 : 0) : table->pair_count;
    if (catalog->next_id + wanted > RZ_ID_MAX_TABLE) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Table %s cannot be created: a database has at most %u tables and FROM/TO pairs.", table->name, RZ_ID_MAX_TABLE);
    }
    if (is_new && table->kind == RZ_CAT_NODE_TABLE) {
        table->id = catalog->next_id++;
    }
    for (uint32_t i = 0; i < table->pair_count; i++) {
        if (is_new || table->pairs[i].id == UINT32_MAX) {
            table->pairs[i].id = catalog->next_id++;
        }
    }
    if (is_new && table->kind == RZ_CAT_REL_TABLE) {
        table->id = table->pair_count == 0 ? catalog->next_id++ : table->pairs[0].id;
    }
    if (is_new) {
        table->next_property_id = 0;
    }
    for (uint32_t i = 0; i < table->property_count; i++) {
        if (is_new || table->properties[i].id == UINT32_MAX) {
            table->properties[i].id = table->next_property_id++;
        }
    }
    return RUZU_OK;
}

/* ---- implicit sequences of SERIAL columns ---- */

static bool catalog_serial_name(rz_str *out, const rz_cat_table *table, const rz_cat_property *property)
{
    rz_str_append_format(out, "%s_%s_serial", table->name, property->name);
    return !out->failed;
}

/* The implicit sequences of those columns from `first` on that have none yet. A sequence of that name that exists already becomes the column's. */
static ruzu_status catalog_add_serials(rz_catalog *catalog, const rz_cat_table *table, uint32_t first_id, rz_error *err)
{
    for (uint32_t i = 0; i < table->property_count; i++) {
        if (table->properties[i].type->id != RUZU_TYPE_SERIAL || table->properties[i].id < first_id) {
            continue;
        }
        rz_str name;
        rz_str_init(&name, catalog->mem);
        ruzu_status status = RUZU_OK;
        if (!catalog_serial_name(&name, table, &table->properties[i])) {
            status = rz_error_no_memory(err, "naming a sequence");
        } else if (rz_catalog_find_sequence(catalog, name.data) != NULL) {
            status = rz_error_set(err, RUZU_ERROR_BINDER, "%s already exists in catalog.", name.data);
        } else {
            rz_cat_sequence sequence = {.name = name.data, .start = 0, .increment = 1, .minimum = 0, .maximum = INT64_MAX, .implicit = true};
            status = rz_catalog_add_sequence(catalog, &sequence, err);
        }
        rz_str_free(&name);
        RZ_TRY(status);
    }
    return RUZU_OK;
}

/* Position of a column's implicit sequence in the list, or -1. */
static int32_t catalog_serial_idx(const rz_catalog *catalog, const rz_cat_table *table, const rz_cat_property *property)
{
    for (uint32_t i = 0; property->type->id == RUZU_TYPE_SERIAL && i < catalog->sequences.count; i++) {
        const rz_cat_sequence *sequence = &catalog->sequences.items[i]->u.sequence;
        if (sequence->implicit && serial_is_named(sequence->name, table, property)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static ruzu_status catalog_rename_serial(rz_catalog *catalog, uint32_t idx, const rz_cat_table *table, const rz_cat_property *property, rz_error *err)
{
    rz_cat_sequence sequence = catalog->sequences.items[idx]->u.sequence;
    rz_str name;
    rz_str_init(&name, catalog->mem);
    ruzu_status status = RUZU_OK;
    cat_entry *entry = NULL;
    if (!catalog_serial_name(&name, table, property)) {
        status = rz_error_no_memory(err, "renaming a sequence");
    } else {
        const rz_cat_sequence *other = rz_catalog_find_sequence(catalog, name.data);
        sequence.name = name.data;
        status = other != NULL && other->id != sequence.id ? rz_error_set(err, RUZU_ERROR_BINDER, "%s already exists in catalog.", name.data)
                                                           : rz_cat_entry_sequence(catalog->mem, &sequence, &entry, err);
    }
    rz_str_free(&name);
    RZ_TRY(status);
    rz_cat_entry_release(catalog->sequences.items[idx]);
    catalog->sequences.items[idx] = entry;
    return RUZU_OK;
}

/* Before a table's definition is replaced: sequences are renamed with their table or column and go with their column. */
static ruzu_status catalog_move_serials(rz_catalog *catalog, const rz_cat_table *from, const rz_cat_table *to, rz_error *err)
{
    for (uint32_t i = 0; i < from->property_count; i++) {
        int32_t idx = catalog_serial_idx(catalog, from, &from->properties[i]);
        uint32_t at = 0;
        if (idx < 0) {
            continue;
        }
        while (at < to->property_count && to->properties[at].id != from->properties[i].id) {
            at++;
        }
        if (at == to->property_count) {
            list_remove(&catalog->sequences, (uint32_t)idx);
        } else if (!serial_is_named(catalog->sequences.items[idx]->u.sequence.name, to, &to->properties[at])) {
            RZ_TRY(catalog_rename_serial(catalog, (uint32_t)idx, to, &to->properties[at], err));
        }
    }
    return RUZU_OK;
}

/* ---- changing tables ---- */

ruzu_status rz_catalog_add_table(rz_catalog *catalog, const rz_cat_table *table, const rz_cat_table **out, rz_error *err)
{
    *out = NULL;
    if (rz_catalog_find_table(catalog, table->name) != NULL) {
        return catalog_exists(err, table->name);
    }
    cat_entry *entry = NULL;
    RZ_TRY(rz_cat_entry_table(catalog->mem, table, &entry, err));
    ruzu_status status = catalog_number(catalog, &entry->u.table, true, err);
    if (status != RUZU_OK) {
        rz_cat_entry_release(entry);
        return status;
    }
    RZ_TRY(list_add(catalog, &catalog->tables, entry, err));
    if (!catalog_reindex(catalog)) {
        return rz_error_no_memory(err, "extending the catalog");
    }
    *out = &entry->u.table;
    return catalog_add_serials(catalog, &entry->u.table, 0, err);
}

static int32_t catalog_table_idx(const rz_catalog *catalog, uint32_t table_id)
{
    for (uint32_t i = 0; i < catalog->tables.count; i++) {
        if (catalog->tables.items[i]->u.table.id == table_id) {
            return (int32_t)i;
        }
    }
    return -1;
}

ruzu_status rz_catalog_replace_table(rz_catalog *catalog, const rz_cat_table *table, const rz_cat_table **out, rz_error *err)
{
    *out = NULL;
    int32_t idx = catalog_table_idx(catalog, table->id);
    if (idx < 0) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", table->name);
    }
    const rz_cat_table *same_name = rz_catalog_find_table(catalog, table->name);
    if (same_name != NULL && same_name->id != table->id) {
        return catalog_exists(err, table->name);
    }
    cat_entry *entry = NULL;
    const rz_cat_table *old = &catalog->tables.items[idx]->u.table;
    uint32_t first_new = old->next_property_id;
    RZ_TRY(rz_cat_entry_table(catalog->mem, table, &entry, err));
    entry->u.table.next_property_id = first_new;
    ruzu_status status = catalog_number(catalog, &entry->u.table, false, err);
    status = status == RUZU_OK ? catalog_move_serials(catalog, old, &entry->u.table, err) : status;
    if (status != RUZU_OK) {
        rz_cat_entry_release(entry);
        return status;
    }
    rz_cat_entry_release(catalog->tables.items[idx]);
    catalog->tables.items[idx] = entry;
    if (!catalog_reindex(catalog)) {
        return rz_error_no_memory(err, "changing the catalog");
    }
    *out = &entry->u.table;
    return catalog_add_serials(catalog, &entry->u.table, first_new, err);
}

ruzu_status rz_catalog_drop_table(rz_catalog *catalog, uint32_t table_id, rz_error *err)
{
    int32_t idx = catalog_table_idx(catalog, table_id);
    if (idx < 0) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "Table %u does not exist in catalog.", table_id);
    }
    const rz_cat_table *table = &catalog->tables.items[idx]->u.table;
    for (uint32_t i = 0; i < table->property_count; i++) {
        int32_t sequence = catalog_serial_idx(catalog, table, &table->properties[i]);
        if (sequence >= 0) {
            list_remove(&catalog->sequences, (uint32_t)sequence);
        }
    }
    list_remove(&catalog->tables, (uint32_t)idx);
    return catalog_reindex(catalog) ? RUZU_OK : rz_error_no_memory(err, "dropping a table");
}

ruzu_status rz_catalog_add_sequence(rz_catalog *catalog, const rz_cat_sequence *sequence, rz_error *err)
{
    if (rz_catalog_find_sequence(catalog, sequence->name) != NULL) {
        return catalog_exists(err, sequence->name);
    }
    cat_entry *entry = NULL;
    RZ_TRY(rz_cat_entry_sequence(catalog->mem, sequence, &entry, err));
    entry->u.sequence.id = catalog->next_object_id++;
    if (!sequence->used) {
        entry->u.sequence.current = sequence->start;
    }
    for (uint32_t i = 0; i < catalog->tables.count && !entry->u.sequence.implicit; i++) {
        const rz_cat_table *table = &catalog->tables.items[i]->u.table;
        for (uint32_t p = 0; p < table->property_count && !entry->u.sequence.implicit; p++) {
            entry->u.sequence.implicit = table->properties[p].type->id == RUZU_TYPE_SERIAL && serial_is_named(sequence->name, table, &table->properties[p]);
        }
    }
    return list_add(catalog, &catalog->sequences, entry, err);
}

ruzu_status rz_catalog_set_sequence(rz_catalog *catalog, const char *name, int64_t current, bool used, rz_error *err)
{
    int32_t idx = list_find(&catalog->sequences, name, sequence_name);
    if (idx < 0) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", name);
    }
    cat_entry *entry = NULL;
    RZ_TRY(rz_cat_entry_sequence(catalog->mem, &catalog->sequences.items[idx]->u.sequence, &entry, err));
    entry->u.sequence.current = current;
    entry->u.sequence.used = used;
    rz_cat_entry_release(catalog->sequences.items[idx]);
    catalog->sequences.items[idx] = entry;
    return RUZU_OK;
}

static ruzu_status catalog_drop_named(cat_list *list, const char *name, const char *(*name_of)(const cat_entry *), rz_error *err)
{
    int32_t idx = list_find(list, name, name_of);
    if (idx < 0) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", name);
    }
    list_remove(list, (uint32_t)idx);
    return RUZU_OK;
}

ruzu_status rz_catalog_drop_sequence(rz_catalog *catalog, const char *name, rz_error *err)
{
    return catalog_drop_named(&catalog->sequences, name, sequence_name, err);
}

ruzu_status rz_catalog_add_macro(rz_catalog *catalog, const rz_cat_macro *macro, rz_error *err)
{
    if (rz_catalog_find_macro(catalog, macro->name) != NULL) {
        return catalog_exists(err, macro->name);
    }
    cat_entry *entry = NULL;
    RZ_TRY(rz_cat_entry_macro(catalog->mem, macro, &entry, err));
    return list_add(catalog, &catalog->macros, entry, err);
}

ruzu_status rz_catalog_drop_macro(rz_catalog *catalog, const char *name, rz_error *err)
{
    return catalog_drop_named(&catalog->macros, name, macro_name, err);
}

ruzu_status rz_catalog_add_type(rz_catalog *catalog, const rz_cat_type *type, rz_error *err)
{
    if (rz_catalog_find_type(catalog, type->name) != NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Duplicated type name: %s.", type->name);
    }
    cat_entry *entry = NULL;
    RZ_TRY(rz_cat_entry_type(catalog->mem, type, &entry, err));
    return list_add(catalog, &catalog->types, entry, err);
}

ruzu_status rz_catalog_drop_type(rz_catalog *catalog, const char *name, rz_error *err)
{
    return catalog_drop_named(&catalog->types, name, user_type_name, err);
}

/* ---- loading (catalog_code.c reads the bytes) ---- */

ruzu_status rz_catalog_adopt(rz_catalog *catalog, cat_list *list, cat_entry *take_entry, rz_error *err)
{
    return list_add(catalog, list, take_entry, err);
}

ruzu_status rz_catalog_adopted(rz_catalog *catalog, rz_error *err)
{
    return catalog_reindex(catalog) ? RUZU_OK : rz_error_no_memory(err, "loading the catalog");
}
