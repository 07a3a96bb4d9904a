/* SPDX-License-Identifier: MIT */
/*
 * Expressions over graph references: properties, ids, labels, ends of relationships, path construction.
 *
 * PROPERTY is where late materialisation happens: a column is read where it is first used, by block when the ids are a dense sequence, else by offset. When the ids are a
 * dictionary (the parents of an expansion) each distinct parent is read once and the dictionary is kept.
 */
#include "executor/eval.h"

#include "executor/graph_value.h"

typedef struct property_state {
    rz_vec *base;      /* values of a dictionary's distinct parents */
    uint32_t *used;    /* their rows */
    uint64_t *marked;  /* bitmap of RZ_VECTOR_CAPACITY rows */
    uint32_t *codes;   /* STRING: rows of base, for a run of nodes whose texts repeat */
} property_state;

/* The id that names the stored row: a node's own, a relationship's own. */
static inline rz_id graph_id_at(const rz_type *type, const void *data, uint32_t at)
{
    return type->physical == RZ_PHYS_REL ? ((const rz_rel_ref *)data)[at].rel : ((const rz_id *)data)[at];
}

static ruzu_status property_gather_table(rz_eval *eval, const rz_type *type, uint32_t table_idx, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    uint32_t column_idx = eval->expr->u.property.column_idxs[table_idx];
    if (column_idx == RZ_NO_COLUMN) {
        for (uint32_t i = 0; i < sel->count; i++) {
            rz_vec_set_null(out, rz_sel_at(sel, i));
        }
        return RUZU_OK;
    }
    if (type->id == RUZU_TYPE_REL) {
        rz_rtab_reader *reader = NULL;
        RZ_TRY(rz_worker_rtab(eval->worker, type->tables[table_idx], &reader, err));
        return rz_rtab_gather(reader, column_idx, ids, sel, out, err);
    }
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(eval->worker, type->tables[table_idx], &reader, err));
    return rz_ntab_gather(reader, column_idx, ids, sel, out, err);
}

/* Nodes of several tables, all there, by row: table by table. */
static ruzu_status property_read_tables(rz_eval *eval, const rz_type *type, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    rz_sel left = *sel; /* of tables that are not read yet; lists of rows may be written over as they are read */
    for (uint32_t t = 0; t < type->table_count && left.count != 0; t++) {
        uint32_t others = 0;
        rz_sel rows = {.rows = eval->more_rows, .count = 0};
        for (uint32_t i = 0; i < left.count; i++) {
            uint32_t row = rz_sel_at(&left, i);
            bool here = rz_id_table(ids[row]) == type->tables[t];
            eval->more_rows[rows.count] = row;
            eval->rows[others] = row;
            rows.count += here;
            others += !here;
        }
        left = (rz_sel){.rows = eval->rows, .count = others};
        if (rows.count != 0) {
            RZ_TRY(property_gather_table(eval, type, t, ids, &rows, out, err));
        }
    }
    return RUZU_OK;
}

/* Reads the property of the rows of sel of `refs` (FLAT or CONSTANT view) into the same rows of out. */
static ruzu_status property_read(rz_eval *eval, const rz_type *type, const rz_view *refs, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    uint32_t count = 0;
    if (refs->index == NULL && refs->validity == NULL && type->physical != RZ_PHYS_REL && sel->count != 0) {
        const rz_id *ids = (const rz_id *)refs->data;
        return type->table_count == 1 ? property_gather_table(eval, type, 0, ids, sel, out, err) : property_read_tables(eval, type, ids, sel, out, err);
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(refs, row);
        if (rz_view_valid(refs, at)) {
            eval->ids[row] = graph_id_at(type, refs->data, at);
            eval->rows[count++] = row;
        } else {
            rz_vec_set_null(out, row);
        }
    }
    if (type->table_count == 1) {
        rz_sel rows = {.rows = count == sel->count ? sel->rows : eval->rows, .count = count};
        return count == 0 ? RUZU_OK : property_gather_table(eval, type, 0, eval->ids, &rows, out, err);
    }
    rz_sel rows = {.rows = eval->rows, .count = count};
    return property_read_tables(eval, type, eval->ids, &rows, out, err);
}

/* The ids are a dense run of one node table: whole blocks are read when enough of them is wanted. */
static ruzu_status property_read_dense(rz_eval *eval, const rz_vec *column, uint32_t rows, rz_error *err)
{
    property_state *state = (property_state *)eval->state;
    rz_ntab_reader *reader = NULL;
    uint32_t column_idx = eval->expr->u.property.column_idxs[0];
    uint64_t first = rz_id_offset((rz_id)column->start);
    bool done = false;
    RZ_TRY(rz_worker_ntab(eval->worker, rz_id_table((rz_id)column->start), &reader, err));
    if (state->codes != NULL) {
        RZ_TRY(rz_ntab_read_entries(reader, column_idx, first, rows, state->base, state->codes, &done, err));
    }
    return done ? rz_vec_slice(eval->result, state->base, state->codes, rows, err) : rz_ntab_read(reader, column_idx, first, rows, eval->result, err);
}

static ruzu_status property_read_dictionary(rz_eval *eval, const rz_vec *refs, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    property_state *state = (property_state *)eval->state;
    memset(state->marked, 0, RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY) * sizeof(uint64_t));
    uint32_t end = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        rz_bit_set(state->marked, refs->index[row]);
        end = row + 1;
    }
    rz_sel base_sel = {.rows = state->used, .count = 0};
    for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
        state->used[base_sel.count] = i;
        base_sel.count += rz_bit_get(state->marked, i);
    }
    rz_view view;
    rz_vec_view(refs->dictionary, &view);
    rz_vec_reset(state->base);
    RZ_TRY(property_read(eval, eval->expr->children[0]->type, &view, &base_sel, state->base, err));
    *out = eval->result;
    return rz_vec_slice(eval->result, state->base, refs->index, end, err);
}

static ruzu_status property_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    const rz_type *type = eval->expr->children[0]->type;
    rz_eval *child = eval->children[0];
    rz_eval_begin(eval);
    *out = eval->result;
    if (child->expr->kind == RZ_EXPR_COLUMN && type->table_count == 1 && eval->expr->u.property.column_idxs[0] != RZ_NO_COLUMN) {
        const rz_vec *column = input->columns[child->position];
        if (column->kind == RZ_VEC_SEQUENCE && column->step == 1 && type->id == RUZU_TYPE_NODE && sel->count * 8 >= input->count) {
            return property_read_dense(eval, column, input->count, err);
        }
    }
    rz_vec *refs = NULL;
    RZ_TRY(rz_eval_run(child, input, sel, &refs, err));
    if (refs->kind == RZ_VEC_DICTIONARY && refs->dictionary->capacity <= RZ_VECTOR_CAPACITY && sel->count > 1) {
        return property_read_dictionary(eval, refs, sel, out, err);
    }
    rz_view view;
    rz_vec_view(refs, &view);
    static const uint32_t first_row = 0;
    rz_sel rows = *sel;
    if (refs->kind == RZ_VEC_CONSTANT && sel->count != 0) {
        rows.rows = &first_row;
        rows.count = 1;
    }
    RZ_TRY(property_read(eval, type, &view, &rows, eval->result, err));
    if (refs->kind == RZ_VEC_CONSTANT && sel->count != 0) {
        eval->result->kind = RZ_VEC_CONSTANT;
    }
    return RUZU_OK;
}

/* ---- id, label, start and end node ---- */

static ruzu_status graph_part_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    const rz_type *type = eval->expr->children[0]->type;
    rz_vec *refs = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &refs, err));
    rz_eval_begin(eval);
    *out = eval->result;
    rz_view view;
    rz_vec_view(refs, &view);
    rz_id *values = (rz_id *)eval->result->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        if (!rz_view_valid(&view, at)) {
            rz_vec_set_null(eval->result, row);
        } else if (eval->expr->kind == RZ_EXPR_START_NODE) {
            values[row] = ((const rz_rel_ref *)view.data)[at].src;
        } else if (eval->expr->kind == RZ_EXPR_END_NODE) {
            values[row] = ((const rz_rel_ref *)view.data)[at].dst;
        } else {
            values[row] = graph_id_at(type, view.data, at);
        }
    }
    return RUZU_OK;
}

static ruzu_status label_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    const rz_type *type = eval->expr->children[0]->type;
    rz_vec *refs = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &refs, err));
    rz_eval_begin(eval);
    *out = eval->result;
    rz_view view;
    rz_vec_view(refs, &view);
    rz_string *values = (rz_string *)eval->result->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        uint32_t table = rz_view_valid(&view, at) ? rz_id_table(graph_id_at(type, view.data, at)) : UINT32_MAX;
        uint32_t t = 0;
        while (t < type->table_count && type->tables[t] != table) {
            t++;
        }
        if (t == type->table_count) {
            rz_vec_set_null(eval->result, row);
        } else { /* the names live as long as the plan */
            const char *name = eval->expr->u.label.names[t];
            values[row] = rz_string_make(name, (uint32_t)strlen(name));
        }
    }
    return RUZU_OK;
}

/* ---- paths ---- */

/* Appends the elements of row `at` of a list (base vector) to the list under construction at row `row` of `list`. */
static ruzu_status path_append(rz_vec *list, uint32_t row, const void *elements, uint32_t count, uint32_t size, rz_error *err)
{
    uint32_t offset = 0;
    RZ_TRY(rz_vec_list_reserve(list, count, &offset, err));
    if (count != 0) {
        memcpy((char *)list->children[0]->data + (size_t)offset * size, elements, (size_t)count * size);
    }
    ((rz_list_entry *)list->data)[row].length += count;
    return RUZU_OK;
}

/* Appends the steps of one child to the row's lists; false in *out_valid when it is NULL. A recursive relationship of no steps ends where it begins: *skip_node then
 * says that the node behind it is there already. */
static ruzu_status path_append_child(rz_eval *eval, uint32_t child_idx, uint32_t row, int pass, bool *skip_node, bool *out_valid, rz_error *err)
{
    rz_view view;
    rz_vec_view(eval->args[child_idx], &view);
    uint32_t at = rz_view_at(&view, row);
    const rz_type *type = eval->expr->children[child_idx]->type;
    bool skipped = *skip_node;
    *skip_node = false;
    if (!rz_view_valid(&view, at)) {
        *out_valid = false;
        return RUZU_OK;
    }
    rz_vec *nodes = eval->result->children[0];
    rz_vec *rels = eval->result->children[1];
    if (type->id == RUZU_TYPE_NODE) {
        return pass == 0 && !skipped ? path_append(nodes, row, (const rz_id *)view.data + at, 1, sizeof(rz_id), err) : RUZU_OK;
    }
    if (type->id == RUZU_TYPE_REL) {
        return pass == 1 ? path_append(rels, row, (const rz_rel_ref *)view.data + at, 1, sizeof(rz_rel_ref), err) : RUZU_OK;
    }
    rz_view list_view;
    rz_vec_view(view.base->children[1], &list_view);
    *skip_node = ((const rz_list_entry *)list_view.data)[rz_view_at(&list_view, at)].length == 0;
    rz_vec_view(view.base->children[pass], &list_view);
    const rz_list_entry *entry = (const rz_list_entry *)list_view.data + rz_view_at(&list_view, at);
    uint32_t size = pass == 0 ? (uint32_t)sizeof(rz_id) : (uint32_t)sizeof(rz_rel_ref);
    const char *elements = (const char *)list_view.base->children[0]->data + (size_t)entry->offset * size;
    return path_append(pass == 0 ? nodes : rels, row, elements, entry->length, size, err);
}

static ruzu_status path_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    for (uint32_t i = 0; i < eval->child_count; i++) {
        rz_vec *arg = NULL;
        RZ_TRY(rz_eval_run(eval->children[i], input, sel, &arg, err));
        eval->args[i] = arg;
    }
    rz_eval_begin(eval);
    *out = eval->result;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        bool valid = true;
        for (int pass = 0; pass < 2; pass++) { /* first all nodes, then all relationships: each list stays contiguous */
            rz_vec *list = eval->result->children[pass];
            rz_list_entry *entry = (rz_list_entry *)list->data + row;
            entry->offset = list->children[0]->length;
            entry->length = 0;
            bool skip_node = false;
            for (uint32_t c = 0; c < eval->child_count; c++) {
                RZ_TRY(path_append_child(eval, c, row, pass, &skip_node, &valid, err));
            }
        }
        if (!valid) {
            rz_vec_set_null(eval->result, row);
        }
    }
    return RUZU_OK;
}

/* One field of a struct: the child's vector under the struct's own kind; NULL structs have NULL fields. */
static ruzu_status field_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_vec *object = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &object, err));
    rz_eval_begin(eval);
    *out = eval->result;
    rz_view view;
    rz_vec_view(object, &view);
    const rz_vec *field = view.base->child_count == 0 ? NULL : view.base->children[eval->expr->u.field];
    if (field == NULL || (object->kind == RZ_VEC_CONSTANT && rz_vec_is_null(object, 0))) {
        rz_vec_set_all_null(eval->result);
        return RUZU_OK;
    }
    uint32_t rows = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
    if (object->kind == RZ_VEC_CONSTANT) {
        rz_vec_reference(eval->result, field);
        eval->result->kind = RZ_VEC_CONSTANT;
        return RUZU_OK;
    }
    if (view.index == NULL) {
        rz_vec_reference(eval->result, field);
        return RUZU_OK;
    }
    return rz_vec_slice(eval->result, field, view.index, rows, err);
}

/* ---- value forms ---- */

static ruzu_status graph_value_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_vec *refs = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &refs, err));
    rz_eval_begin(eval);
    *out = eval->result;
    return rz_graph_value_fill((rz_graph_map *)eval->state, refs, sel, eval->result, err);
}

static ruzu_status property_open(rz_eval *eval, rz_error *err)
{
    rz_arena *arena = &eval->worker->arena;
    property_state *state = RZ_NEW(arena, property_state);
    RZ_TRY_ALLOC(state, err, "compiling an expression");
    state->used = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    state->marked = RZ_NEW_ARRAY(arena, uint64_t, RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY));
    eval->more_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    eval->ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    if (state->used == NULL || state->marked == NULL || eval->more_rows == NULL || eval->ids == NULL) {
        return rz_error_no_memory(err, "compiling an expression");
    }
    if (eval->expr->type->id == RUZU_TYPE_STRING) {
        state->codes = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
        RZ_TRY_ALLOC(state->codes, err, "compiling an expression");
    }
    const rz_type *type = eval->expr->children[0]->type;
    for (uint32_t t = 0; t < type->table_count && type->id == RUZU_TYPE_NODE; t++) {
        if (eval->expr->u.property.column_idxs[t] != RZ_NO_COLUMN) {
            RZ_TRY(rz_texts_note(eval->worker, type->tables[t], eval->expr->u.property.column_idxs[t], eval->expr->type, err));
        }
    }
    eval->state = state;
    eval->run = property_run;
    return rz_vec_create(arena, &eval->heap, eval->expr->type, RZ_VECTOR_CAPACITY, &state->base, err);
}

ruzu_status rz_eval_open_graph(rz_eval *eval, rz_error *err)
{
    switch ((int)eval->expr->kind) {
    case RZ_EXPR_PROPERTY: return property_open(eval, err);
    case RZ_EXPR_LABEL: eval->run = label_run; return RUZU_OK;
    case RZ_EXPR_PATH: eval->run = path_run; return RUZU_OK;
    case RZ_EXPR_FIELD: eval->run = field_run; return RUZU_OK;
    case RZ_EXPR_GRAPH_VALUE: {
        rz_graph_map *map = NULL;
        RZ_TRY(rz_graph_map_create(eval->worker, eval->expr->children[0]->type, eval->expr->type, &map, err));
        eval->state = map;
        eval->run = graph_value_run;
        return RUZU_OK;
    }
    default: eval->run = graph_part_run; return RUZU_OK;
    }
}
