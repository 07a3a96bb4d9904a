/* SPDX-License-Identifier: MIT */
/*
 * Catalog entries: deep copies in an arena of their own.
 */
#include "catalog/entry.h"

#include <string.h>

void rz_cat_entry_retain(cat_entry *entry)
{
    atomic_fetch_add_explicit(&entry->references, 1, memory_order_relaxed);
}

void rz_cat_entry_release(cat_entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->references, 1, memory_order_acq_rel) == 1) {
        rz_mem *mem = entry->mem;
        rz_arena_free(&entry->arena);
        rz_mem_free(mem, entry, sizeof *entry);
    }
}

static cat_entry *entry_new(rz_mem *mem)
{
    cat_entry *entry = (cat_entry *)rz_mem_calloc(mem, 1, sizeof *entry);
    if (entry != NULL) {
        entry->mem = mem;
        atomic_init(&entry->references, 1);
        rz_arena_init(&entry->arena, mem);
    }
    return entry;
}

static ruzu_status entry_no_memory(cat_entry *entry, rz_error *err)
{
    if (entry != NULL) {
        rz_cat_entry_release(entry);
    }
    return rz_error_no_memory(err, "copying a catalog entry");
}

static bool entry_copy_properties(cat_entry *entry, const rz_cat_table *table)
{
    rz_cat_property *properties = RZ_NEW_ARRAY(&entry->arena, rz_cat_property, table->property_count);
    if (properties == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->property_count; i++) {
        const rz_cat_property *from = &table->properties[i];
        properties[i].id = from->id;
        properties[i].name = rz_arena_strdup(&entry->arena, from->name);
        properties[i].type = rz_type_clone(&entry->arena, from->type);
        properties[i].default_text = from->default_text == NULL ? NULL : rz_arena_strdup(&entry->arena, from->default_text);
        if (properties[i].name == NULL || properties[i].type == NULL || (from->default_text != NULL && properties[i].default_text == NULL)) {
            return false;
        }
    }
    entry->u.table.properties = properties;
    return true;
}

ruzu_status rz_cat_entry_table(rz_mem *mem, const rz_cat_table *table, cat_entry **out, rz_error *err)
{
    *out = NULL;
    cat_entry *entry = entry_new(mem);
    if (entry == NULL) {
        return entry_no_memory(entry, err);
    }
    entry->u.table = *table;
    entry->u.table.name = rz_arena_strdup(&entry->arena, table->name);
    entry->u.table.comment = rz_arena_strdup(&entry->arena, table->comment == NULL ? "" : table->comment);
    entry->u.table.pairs = RZ_NEW_ARRAY(&entry->arena, rz_cat_pair, table->pair_count);
    if (entry->u.table.name == NULL || entry->u.table.comment == NULL || entry->u.table.pairs == NULL || !entry_copy_properties(entry, table)) {
        return entry_no_memory(entry, err);
    }
    if (table->pair_count != 0) {
        memcpy(entry->u.table.pairs, table->pairs, table->pair_count * sizeof *table->pairs);
    }
    *out = entry;
    return RUZU_OK;
}

ruzu_status rz_cat_entry_sequence(rz_mem *mem, const rz_cat_sequence *sequence, cat_entry **out, rz_error *err)
{
    *out = NULL;
    cat_entry *entry = entry_new(mem);
    if (entry == NULL) {
        return entry_no_memory(entry, err);
    }
    entry->u.sequence = *sequence;
    entry->u.sequence.name = rz_arena_strdup(&entry->arena, sequence->name);
    if (entry->u.sequence.name == NULL) {
        return entry_no_memory(entry, err);
    }
    *out = entry;
    return RUZU_OK;
}

ruzu_status rz_cat_entry_macro(rz_mem *mem, const rz_cat_macro *macro, cat_entry **out, rz_error *err)
{
    *out = NULL;
    cat_entry *entry = entry_new(mem);
    if (entry == NULL) {
        return entry_no_memory(entry, err);
    }
    entry->u.macro.name = rz_arena_strdup(&entry->arena, macro->name);
    entry->u.macro.text = rz_arena_strdup(&entry->arena, macro->text);
    if (entry->u.macro.name == NULL || entry->u.macro.text == NULL) {
        return entry_no_memory(entry, err);
    }
    *out = entry;
    return RUZU_OK;
}

ruzu_status rz_cat_entry_type(rz_mem *mem, const rz_cat_type *type, cat_entry **out, rz_error *err)
{
    *out = NULL;
    cat_entry *entry = entry_new(mem);
    if (entry == NULL) {
        return entry_no_memory(entry, err);
    }
    entry->u.type.name = rz_arena_strdup(&entry->arena, type->name);
    entry->u.type.type = rz_type_clone(&entry->arena, type->type);
    if (entry->u.type.name == NULL || entry->u.type.type == NULL) {
        return entry_no_memory(entry, err);
    }
    *out = entry;
    return RUZU_OK;
}
