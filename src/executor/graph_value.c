/* SPDX-License-Identifier: MIT */
/*
 * References to value forms, recursively: NODE and REL become structs with their properties; LIST, ARRAY, MAP and STRUCT around them are rebuilt.
 *
 * Elements of lists are handled in batches of RZ_VECTOR_CAPACITY: gathered from the source, filled in a scratch vector, copied behind the result's elements.
 */
#include "executor/graph_value.h"

#include <string.h>

struct rz_graph_map {
    rz_worker *worker;
    const rz_type *ref;
    const rz_type *value;
    rz_graph_map **children;   /* LIST: [0]; STRUCT, RECURSIVE_REL, UNION members: per field; NULL where nothing changes */
    uint32_t child_count;
    /* NODE, REL */
    const char **labels;       /* per table */
    uint32_t **columns;        /* per table, per value field: column index or RZ_NO_COLUMN */
    uint32_t first_property;   /* fields before it are internal */
    rz_id *ids;
    uint32_t *rows;
    uint32_t *table_rows;
    /* LIST */
    rz_vec *element_refs;      /* a batch of elements, by reference */
    rz_vec *element_values;
    uint32_t *element_index;
};

static ruzu_status map_create_graph(rz_graph_map *map, rz_error *err)
{
    rz_arena *arena = &map->worker->arena;
    const rz_catalog *catalog = rz_txn_catalog(map->worker->exec->context->txn);
    uint32_t tables = map->ref->table_count;
    map->labels = RZ_NEW_ARRAY(arena, const char *, tables);
    map->columns = RZ_NEW_ARRAY(arena, uint32_t *, tables);
    map->ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    map->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    map->table_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    if (map->labels == NULL || map->columns == NULL || map->ids == NULL || map->rows == NULL || map->table_rows == NULL) {
        return rz_error_no_memory(err, "preparing a result");
    }
    map->first_property = map->ref->id == RUZU_TYPE_NODE ? 2 : 4;
    for (uint32_t t = 0; t < tables; t++) {
        const rz_cat_table *table = map->ref->id == RUZU_TYPE_NODE ? rz_catalog_node_table(catalog, map->ref->tables[t])
                                                                   : rz_catalog_rel_of_pair(catalog, map->ref->tables[t], NULL);
        map->columns[t] = RZ_NEW_ARRAY(arena, uint32_t, map->value->field_count);
        if (table == NULL || map->columns[t] == NULL) {
            return table == NULL ? rz_error_set(err, RUZU_ERROR_INTERNAL, "table %u is not in the catalog", map->ref->tables[t])
                                 : rz_error_no_memory(err, "preparing a result");
        }
        map->labels[t] = table->name;
        for (uint32_t f = map->first_property; f < map->value->field_count; f++) {
            int32_t idx = rz_cat_find_property(table, map->value->fields[f].name);
            map->columns[t][f] = idx < 0 ? RZ_NO_COLUMN : (uint32_t)idx;
            if (idx >= 0 && map->ref->id == RUZU_TYPE_NODE) {
                RZ_TRY(rz_texts_note(map->worker, map->ref->tables[t], (uint32_t)idx, map->value->fields[f].type, err));
            }
        }
    }
    return RUZU_OK;
}

static ruzu_status map_create_list(rz_graph_map *map, rz_error *err)
{
    rz_arena *arena = &map->worker->arena;
    map->children = RZ_NEW_ARRAY(arena, rz_graph_map *, 1);
    map->element_index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (map->children == NULL || map->element_index == NULL) {
        return rz_error_no_memory(err, "preparing a result");
    }
    map->child_count = 1;
    RZ_TRY(rz_graph_map_create(map->worker, map->ref->child, map->value->child, &map->children[0], err));
    RZ_TRY(rz_vec_create_empty(arena, &map->worker->scratch, map->ref->child, &map->element_refs, err));
    return rz_vec_create(arena, &map->worker->scratch, map->value->child, RZ_VECTOR_CAPACITY, &map->element_values, err);
}

ruzu_status rz_graph_map_create(rz_worker *worker, const rz_type *ref, const rz_type *value, rz_graph_map **out, rz_error *err)
{
    *out = NULL;
    rz_arena *arena = &worker->arena;
    rz_graph_map *map = RZ_NEW(arena, rz_graph_map);
    RZ_TRY_ALLOC(map, err, "preparing a result");
    map->worker = worker;
    map->ref = ref;
    map->value = value;
    if ((ref->id == RUZU_TYPE_NODE || ref->id == RUZU_TYPE_REL) && ref->physical != RZ_PHYS_STRUCT) {
        RZ_TRY(map_create_graph(map, err));
    } else if (ref->physical == RZ_PHYS_LIST) {
        RZ_TRY(map_create_list(map, err));
    } else if (ref->physical == RZ_PHYS_STRUCT) {
        map->child_count = ref->field_count;
        map->children = RZ_NEW_ARRAY(arena, rz_graph_map *, ref->field_count);
        RZ_TRY_ALLOC(map->children, err, "preparing a result");
        for (uint32_t i = 0; i < ref->field_count; i++) {
            if (rz_type_has_graph_ref(ref->fields[i].type)) {
                RZ_TRY(rz_graph_map_create(worker, ref->fields[i].type, value->fields[i].type, &map->children[i], err));
            }
        }
    }
    *out = map;
    return RUZU_OK;
}

/* ---- filling ---- */

/* Splits the selected rows: NULL ones become NULL in out, the others go to map->rows with their ids. */
static uint32_t fill_ids(rz_graph_map *map, const rz_view *view, const rz_sel *sel, rz_vec *out)
{
    uint32_t count = 0;
    bool is_rel = map->ref->id == RUZU_TYPE_REL;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(view, row);
        if (!rz_view_valid(view, at)) {
            rz_vec_set_null(out, row);
            continue;
        }
        map->rows[count++] = row;
        if (is_rel) {
            const rz_rel_ref *ref = (const rz_rel_ref *)view->data + at;
            map->ids[row] = ref->rel;
            ((rz_id *)out->children[0]->data)[row] = ref->src;
            ((rz_id *)out->children[1]->data)[row] = ref->dst;
            ((rz_id *)out->children[3]->data)[row] = ref->rel;
        } else {
            map->ids[row] = ((const rz_id *)view->data)[at];
            ((rz_id *)out->children[0]->data)[row] = map->ids[row];
        }
    }
    return count;
}

static ruzu_status fill_property(rz_graph_map *map, uint32_t t, uint32_t field, const rz_sel *rows, rz_vec *out, rz_error *err)
{
    uint32_t column = map->columns[t][field];
    if (column == RZ_NO_COLUMN) {
        for (uint32_t i = 0; i < rows->count; i++) {
            rz_vec_set_null(out, rz_sel_at(rows, i));
        }
        return RUZU_OK;
    }
    if (map->ref->id == RUZU_TYPE_REL) {
        rz_rtab_reader *reader = NULL;
        RZ_TRY(rz_worker_rtab(map->worker, map->ref->tables[t], &reader, err));
        return rz_rtab_gather(reader, column, map->ids, rows, out, err);
    }
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(map->worker, map->ref->tables[t], &reader, err));
    return rz_ntab_gather(reader, column, map->ids, rows, out, err);
}

static ruzu_status fill_graph(rz_graph_map *map, const rz_vec *refs, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_view view;
    rz_vec_view(refs, &view);
    uint32_t count = fill_ids(map, &view, sel, out);
    rz_string *labels = (rz_string *)out->children[map->first_property == 2 ? 1 : 2]->data;
    for (uint32_t t = 0; t < map->ref->table_count; t++) {
        rz_sel rows = {.rows = map->table_rows, .count = 0};
        rz_string label = rz_string_make(map->labels[t], (uint32_t)strlen(map->labels[t]));
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = map->rows[i];
            if (rz_id_table(map->ids[row]) == map->ref->tables[t]) {
                map->table_rows[rows.count++] = row;
                labels[row] = label;
            }
        }
        for (uint32_t f = map->first_property; rows.count != 0 && f < map->value->field_count; f++) {
            RZ_TRY(fill_property(map, t, f, &rows, out->children[f], err));
        }
    }
    return RUZU_OK;
}

/* Fills and appends the elements collected so far. */
static ruzu_status fill_list_flush(rz_graph_map *map, const rz_vec *elements, uint32_t count, rz_vec *out, rz_error *err)
{
    if (count == 0) {
        return RUZU_OK;
    }
    rz_sel all = {.rows = NULL, .count = count};
    rz_vec_reset(map->element_values);
    RZ_TRY(rz_vec_slice(map->element_refs, elements, map->element_index, count, err));
    RZ_TRY(rz_graph_value_fill(map->children[0], map->element_refs, &all, map->element_values, err));
    uint32_t offset = 0;
    RZ_TRY(rz_vec_list_reserve(out, count, &offset, err));
    return rz_vec_copy(out->children[0], offset, map->element_values, &all, err);
}

static ruzu_status fill_list(rz_graph_map *map, const rz_vec *refs, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_view view;
    rz_vec_view(refs, &view);
    const rz_vec *elements = view.base->children[0];
    rz_list_entry *entries = (rz_list_entry *)out->data;
    uint32_t batched = 0;
    uint32_t next = out->children[0]->length;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        entries[row].offset = next;
        entries[row].length = 0;
        if (!rz_view_valid(&view, at)) {
            rz_vec_set_null(out, row);
            continue;
        }
        const rz_list_entry *entry = (const rz_list_entry *)view.data + at;
        entries[row].length = entry->length;
        next += entry->length;
        for (uint32_t e = 0; e < entry->length; e++) {
            map->element_index[batched++] = entry->offset + e;
            if (batched == RZ_VECTOR_CAPACITY) {
                RZ_TRY(fill_list_flush(map, elements, batched, out, err));
                batched = 0;
            }
        }
    }
    return fill_list_flush(map, elements, batched, out, err);
}

static ruzu_status fill_struct(rz_graph_map *map, const rz_vec *refs, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_view view;
    rz_vec_view(refs, &view);
    uint32_t end = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        end = row + 1;
        if (!rz_view_valid(&view, rz_view_at(&view, row))) {
            rz_vec_set_null(out, row);
        }
    }
    uint32_t shift = map->ref->id == RUZU_TYPE_UNION ? 1 : 0; /* the tag */
    for (uint32_t c = 0; c < view.base->child_count; c++) {
        rz_graph_map *child_map = c < shift ? NULL : map->children[c - shift];
        const rz_vec *child = view.base->children[c];
        rz_vec *shown = NULL;
        RZ_TRY(rz_vec_create_empty(&map->worker->scratch, &map->worker->scratch, child->type, &shown, err));
        if (view.index == NULL) {
            rz_vec_reference(shown, child);
        } else {
            RZ_TRY(rz_vec_slice(shown, child, view.index, end, err));
        }
        if (child_map != NULL) {
            RZ_TRY(rz_graph_value_fill(child_map, shown, sel, out->children[c], err));
            continue;
        }
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            rz_sel one = {.rows = &row, .count = 1};
            RZ_TRY(rz_vec_copy(out->children[c], row, shown, &one, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_graph_value_fill(rz_graph_map *map, const rz_vec *refs, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    if (map->labels != NULL) {
        return fill_graph(map, refs, sel, out, err);
    }
    if (map->ref->physical == RZ_PHYS_LIST) {
        return fill_list(map, refs, sel, out, err);
    }
    if (map->ref->physical == RZ_PHYS_STRUCT) {
        return fill_struct(map, refs, sel, out, err);
    }
    return rz_vec_copy(out, 0, refs, sel, err);
}
