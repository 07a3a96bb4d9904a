/* SPDX-License-Identifier: MIT */
/*
 * Inserting: all nodes of one pattern element for the whole chunk, then the next element; relationships after all nodes, so that they may join nodes made in the same
 * clause. A relationship between ends of several tables goes to the pair that fits each row.
 */
#include "executor/insert.h"

#include "executor/change.h"

#ifdef RZ_TINY
#define INSERT_FIRST_SLICE 2u
#else
#define INSERT_FIRST_SLICE 4u
#endif
#define INSERT_MEMORY_SHARE 32u /* of the memory limit, for the texts of the rows that are made at once */

typedef struct insert_element {
    rz_eval **evals;  /* per property; NULL: SERIAL */
    rz_vec **values;  /* per property, of the current chunk */
    rz_vec *made;     /* ids or references of the current chunk */
} insert_element;

struct rz_inserter {
    rz_worker *worker;
    const rz_bound_create *create;
    const rz_plan *input;
    rz_arena *heap;
    insert_element *nodes;
    insert_element *rels;
    rz_id *src_ids;
    rz_id *dst_ids;
    rz_id *rel_ids;
    uint32_t *rows;
    uint32_t *src_rows; /* with an end */
    uint32_t *dst_rows;
    bool null_ends_fail;
    uint32_t slice; /* rows of nodes whose values are made at once */
};

static ruzu_status insert_element_open(rz_inserter *inserter, insert_element *element, const rz_type *type, rz_expr *const *values, uint32_t count, rz_error *err)
{
    rz_arena *arena = &inserter->worker->arena;
    element->evals = RZ_NEW_ARRAY(arena, rz_eval *, count);
    element->values = RZ_NEW_ARRAY(arena, rz_vec *, count);
    if (element->evals == NULL || element->values == NULL) {
        return rz_error_no_memory(err, "building CREATE");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != NULL) {
            RZ_TRY(rz_eval_create(inserter->worker, values[i], inserter->input->columns, inserter->input->column_count, &element->evals[i], err));
        }
    }
    return rz_vec_create(arena, inserter->heap, type, RZ_VECTOR_CAPACITY, &element->made, err);
}

static ruzu_status insert_node_open(rz_inserter *inserter, const rz_bound_insert_node *node, insert_element *element, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_node_table(rz_txn_catalog(inserter->worker->exec->context->txn), node->table);
    const rz_type *type = rz_type_node(&inserter->worker->arena, &node->table, 1);
    RZ_TRY_ALLOC(type, err, "building CREATE");
    return insert_element_open(inserter, element, type, node->values, table->property_count, err);
}

static ruzu_status insert_rel_open(rz_inserter *inserter, const rz_bound_insert_rel *rel, insert_element *element, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_rel_of_pair(rz_txn_catalog(inserter->worker->exec->context->txn), rel->pairs[0].id, NULL);
    const rz_type *type = rz_type_rel(&inserter->worker->arena, &rel->pairs[0].id, 1);
    RZ_TRY_ALLOC(type, err, "building CREATE");
    return insert_element_open(inserter, element, type, rel->values, table->property_count, err);
}

void rz_inserter_restart(rz_inserter *inserter)
{
    inserter->slice = INSERT_FIRST_SLICE;
}

ruzu_status rz_inserter_create(rz_worker *worker, rz_arena *heap, const rz_bound_create *create, const rz_plan *input, bool null_ends_fail,
                               rz_inserter **out, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    rz_inserter *inserter = RZ_NEW(arena, rz_inserter);
    RZ_TRY_ALLOC(inserter, err, "building CREATE");
    *inserter = (rz_inserter){.worker = worker, .create = create, .input = input, .heap = heap, .null_ends_fail = null_ends_fail, .slice = INSERT_FIRST_SLICE};
    inserter->nodes = RZ_NEW_ARRAY(arena, insert_element, create->node_count);
    inserter->rels = RZ_NEW_ARRAY(arena, insert_element, create->rel_count);
    inserter->src_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    inserter->dst_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    inserter->rel_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    inserter->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    inserter->src_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    inserter->dst_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    if (inserter->nodes == NULL || inserter->rels == NULL || inserter->src_ids == NULL || inserter->dst_ids == NULL || inserter->rel_ids == NULL ||
        inserter->rows == NULL || inserter->src_rows == NULL || inserter->dst_rows == NULL) {
        return rz_error_no_memory(err, "building CREATE");
    }
    for (uint32_t i = 0; i < create->node_count; i++) {
        RZ_TRY(insert_node_open(inserter, &create->nodes[i], &inserter->nodes[i], err));
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        RZ_TRY(insert_rel_open(inserter, &create->rels[i], &inserter->rels[i], err));
    }
    *out = inserter;
    return RUZU_OK;
}

static ruzu_status insert_values(insert_element *element, uint32_t count, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        element->values[i] = NULL;
        if (element->evals[i] != NULL) {
            RZ_TRY(rz_eval_run(element->evals[i], input, sel, &element->values[i], err));
        }
    }
    return RUZU_OK;
}

/* Bytes of the texts among the values; those of lists and the like are not known so easily. */
static uint64_t insert_text_bytes(const insert_element *element, uint32_t count, const rz_sel *sel)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        const rz_vec *vec = element->values[i];
        if (vec == NULL || vec->type->physical != RZ_PHYS_STRING || vec->kind == RZ_VEC_CONSTANT) {
            continue;
        }
        rz_view view;
        rz_vec_view(vec, &view);
        for (uint32_t r = 0; r < sel->count; r++) {
            uint32_t from = rz_view_at(&view, rz_sel_at(sel, r));
            bytes += rz_view_valid(&view, from) ? ((const rz_string *)view.data)[from].length : 0;
        }
    }
    return bytes;
}

/*
 * The nodes of one element, some rows at a time: texts of two thousand rows may be more than memory holds, and they are needed no longer than until they are in the table. Slices
 * grow as long as they are short.
 */
static ruzu_status insert_node_slices(rz_inserter *inserter, insert_element *element, const rz_cat_table *table, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    rz_txn *txn = inserter->worker->exec->context->txn;
    uint64_t most = rz_mem_smallest_limit(inserter->worker->arena.mem) / INSERT_MEMORY_SHARE;
    for (uint32_t done = 0; done < sel->count;) {
        rz_sel part = {.rows = inserter->rows, .count = sel->count - done < inserter->slice ? sel->count - done : inserter->slice};
        for (uint32_t i = 0; i < part.count; i++) {
            inserter->rows[i] = rz_sel_at(sel, done + i);
        }
        if (part.count == sel->count) {
            part = *sel; /* perhaps all rows, without a list */
        }
        RZ_TRY(insert_values(element, table->property_count, input, &part, err));
        uint64_t bytes = insert_text_bytes(element, table->property_count, &part);
        if (bytes > most) {
            inserter->slice = inserter->slice > 1 ? inserter->slice / 2 : 1;
        } else if (bytes <= most / 4 && inserter->slice < RZ_VECTOR_CAPACITY) {
            inserter->slice *= 2;
        }
        RZ_TRY(rz_txn_insert_nodes(txn, table->id, element->values, &part, (rz_id *)element->made->data, err));
        done += part.count;
    }
    return RUZU_OK;
}

static ruzu_status insert_nodes(rz_inserter *inserter, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    const rz_bound_create *create = inserter->create;
    rz_txn *txn = inserter->worker->exec->context->txn;
    for (uint32_t i = 0; i < create->node_count; i++) {
        insert_element *element = &inserter->nodes[i];
        const rz_cat_table *table = rz_catalog_node_table(rz_txn_catalog(txn), create->nodes[i].table);
        rz_vec_reset(element->made);
        RZ_TRY(insert_node_slices(inserter, element, table, input, sel, err));
        rz_worker_forget_ntab(inserter->worker, table->id);
    }
    return RUZU_OK;
}

/* Ids of an end of a relationship: a node made just now or a column of the input. Rows where it is NULL leave io_sel, whose rows are then in `rows`. */
static ruzu_status insert_ends(rz_inserter *inserter, uint32_t column, const rz_chunk *input, rz_sel *io_sel, uint32_t *rows, rz_id *out, rz_error *err)
{
    const rz_bound_create *create = inserter->create;
    const rz_vec *vec = NULL;
    for (uint32_t i = 0; i < create->node_count; i++) {
        vec = create->nodes[i].column == column ? inserter->nodes[i].made : vec;
    }
    if (vec == NULL) {
        int32_t position = rz_plan_position(inserter->input, column);
        if (position < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of CREATE", column);
        }
        vec = input->columns[position];
    }
    uint32_t count = rz_change_ids(vec, io_sel, out, NULL, rows);
    if (count != io_sel->count && inserter->null_ends_fail) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "A relationship cannot be created: one of its ends is NULL.");
    }
    *io_sel = (rz_sel){.rows = rows, .count = count};
    return RUZU_OK;
}

/* The rows whose ends lie in the tables of one pair. */
static uint32_t insert_pair_rows(rz_inserter *inserter, const rz_cat_pair *pair, const rz_sel *sel)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        inserter->rows[count] = row;
        count += rz_id_table(inserter->src_ids[row]) == pair->src_table && rz_id_table(inserter->dst_ids[row]) == pair->dst_table;
    }
    return count;
}

static ruzu_status insert_rel_rows(rz_inserter *inserter, uint32_t idx, const rz_sel *sel, rz_error *err)
{
    insert_element *element = &inserter->rels[idx];
    const rz_bound_insert_rel *rel = &inserter->create->rels[idx];
    rz_txn *txn = inserter->worker->exec->context->txn;
    rz_rel_ref *refs = (rz_rel_ref *)element->made->data;
    uint32_t done = 0;
    for (uint32_t p = 0; p < rel->pair_count; p++) {
        rz_sel rows = {.rows = inserter->rows, .count = insert_pair_rows(inserter, &rel->pairs[p], sel)};
        if (rows.count == 0) {
            continue;
        }
        RZ_TRY(rz_txn_insert_rels(txn, rel->pairs[p].id, inserter->src_ids, inserter->dst_ids, element->values, &rows, inserter->rel_ids, err));
        rz_worker_forget_rtab(inserter->worker, rel->pairs[p].id);
        for (uint32_t r = 0; r < rows.count; r++) {
            uint32_t row = inserter->rows[r];
            refs[row] = (rz_rel_ref){.src = inserter->src_ids[row], .dst = inserter->dst_ids[row], .rel = inserter->rel_ids[row]};
        }
        done += rows.count;
    }
    if (done != sel->count) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "A relationship of table %s cannot be created: it does not connect the tables of its ends.",
                            rz_catalog_rel_of_pair(rz_txn_catalog(txn), rel->pairs[0].id, NULL)->name);
    }
    return RUZU_OK;
}

/* A relationship with an end that is NULL is not made: it is NULL itself. */
static ruzu_status insert_rels(rz_inserter *inserter, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    const rz_bound_create *create = inserter->create;
    rz_txn *txn = inserter->worker->exec->context->txn;
    for (uint32_t i = 0; i < create->rel_count; i++) {
        insert_element *element = &inserter->rels[i];
        const rz_bound_insert_rel *rel = &create->rels[i];
        const rz_cat_table *table = rz_catalog_rel_of_pair(rz_txn_catalog(txn), rel->pairs[0].id, NULL);
        rz_sel joined = *sel;
        rz_vec_reset(element->made);
        RZ_TRY(insert_ends(inserter, rel->src_column, input, &joined, inserter->src_rows, inserter->src_ids, err));
        RZ_TRY(insert_ends(inserter, rel->dst_column, input, &joined, inserter->dst_rows, inserter->dst_ids, err));
        for (uint32_t r = 0, next = 0; r < sel->count && joined.count != sel->count; r++) {
            uint32_t row = rz_sel_at(sel, r);
            if (next < joined.count && rz_sel_at(&joined, next) == row) {
                next++;
            } else {
                rz_vec_set_null(element->made, row);
            }
        }
        if (joined.count != 0) {
            RZ_TRY(insert_values(element, table->property_count, input, &joined, err));
            RZ_TRY(insert_rel_rows(inserter, i, &joined, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_inserter_run(rz_inserter *inserter, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    rz_arena_reset(inserter->heap);
    RZ_TRY(insert_nodes(inserter, input, sel, err));
    return insert_rels(inserter, input, sel, err);
}

const rz_vec *rz_inserter_node(const rz_inserter *inserter, uint32_t idx)
{
    return inserter->nodes[idx].made;
}

const rz_vec *rz_inserter_rel(const rz_inserter *inserter, uint32_t idx)
{
    return inserter->rels[idx].made;
}
