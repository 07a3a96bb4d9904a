/* SPDX-License-Identifier: MIT */
/*
 * INSERT: for each input row the nodes, then the relationships of a CREATE clause.
 *
 * What stands above sees the new rows; what stands below in the same pipeline reads other tables (the planner puts a BARRIER between otherwise).
 *
 * Works chunk by chunk: all nodes of one pattern element for the whole chunk, then the next element; relationships after all nodes, so that they may join nodes made in the same
 * clause. A relationship between ends of several tables goes to the pair that fits each row. One worker: the writer's list of changes is not shared.
 */
#include "executor/op.h"
#include "transaction/write.h"

typedef struct insert_element {
    rz_eval **evals;   /* per property; NULL: SERIAL */
    rz_vec **values;   /* per property, of the current chunk */
    int32_t position;  /* of the new column in the output; -1: nobody needs it */
    rz_vec *made;      /* ids or references of the current chunk, whether or not they are in the output */
} insert_element;

typedef struct op_insert {
    rz_op op;
    insert_element *nodes;
    insert_element *rels;
    const int32_t *positions;
    rz_id *src_ids;
    rz_id *dst_ids;
    rz_id *rel_ids;
    uint32_t *rows;
} op_insert;

static ruzu_status insert_element_open(op_insert *op, insert_element *element, uint32_t column, const rz_type *type, rz_expr *const *values, uint32_t count,
                                       rz_error *err)
{
    rz_op *base = &op->op;
    rz_arena *arena = &base->worker->arena;
    element->position = rz_plan_position(base->plan, column);
    element->evals = RZ_NEW_ARRAY(arena, rz_eval *, count);
    element->values = RZ_NEW_ARRAY(arena, rz_vec *, count);
    if (element->evals == NULL || element->values == NULL) {
        return rz_error_no_memory(err, "building CREATE");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] != NULL) {
            RZ_TRY(rz_eval_create(base->worker, values[i], base->input->plan->columns, base->input->plan->column_count, &element->evals[i], err));
        }
    }
    return rz_vec_create(arena, &base->heap, type, RZ_VECTOR_CAPACITY, &element->made, err);
}

static ruzu_status insert_node_open(op_insert *op, const rz_bound_insert_node *node, insert_element *element, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_node_table(rz_txn_catalog(op->op.worker->exec->context->txn), node->table);
    const rz_type *type = rz_type_node(&op->op.worker->arena, &node->table, 1);
    RZ_TRY_ALLOC(type, err, "building CREATE");
    return insert_element_open(op, element, node->column, type, node->values, table->property_count, err);
}

static ruzu_status insert_rel_open(op_insert *op, const rz_bound_insert_rel *rel, insert_element *element, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_rel_of_pair(rz_txn_catalog(op->op.worker->exec->context->txn), rel->pairs[0].id, NULL);
    const rz_type *type = rz_type_rel(&op->op.worker->arena, &rel->pairs[0].id, 1);
    RZ_TRY_ALLOC(type, err, "building CREATE");
    return insert_element_open(op, element, rel->column, type, rel->values, table->property_count, err);
}

static ruzu_status insert_open(rz_op *base, rz_error *err)
{
    op_insert *op = (op_insert *)base;
    const rz_bound_create *create = base->plan->u.insert;
    rz_arena *arena = &base->worker->arena;
    op->nodes = RZ_NEW_ARRAY(arena, insert_element, create->node_count);
    op->rels = RZ_NEW_ARRAY(arena, insert_element, create->rel_count);
    op->src_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->dst_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->rel_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->nodes == NULL || op->rels == NULL || op->src_ids == NULL || op->dst_ids == NULL || op->rel_ids == NULL || op->rows == NULL) {
        return rz_error_no_memory(err, "building CREATE");
    }
    for (uint32_t i = 0; i < create->node_count; i++) {
        RZ_TRY(insert_node_open(op, &create->nodes[i], &op->nodes[i], err));
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        RZ_TRY(insert_rel_open(op, &create->rels[i], &op->rels[i], err));
    }
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
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

static ruzu_status insert_nodes(op_insert *op, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    const rz_bound_create *create = op->op.plan->u.insert;
    rz_txn *txn = op->op.worker->exec->context->txn;
    for (uint32_t i = 0; i < create->node_count; i++) {
        insert_element *element = &op->nodes[i];
        const rz_cat_table *table = rz_catalog_node_table(rz_txn_catalog(txn), create->nodes[i].table);
        rz_vec_reset(element->made);
        RZ_TRY(insert_values(element, table->property_count, input, sel, err));
        RZ_TRY(rz_txn_insert_nodes(txn, table->id, element->values, sel, (rz_id *)element->made->data, err));
        rz_worker_forget_ntab(op->op.worker, table->id);
    }
    return RUZU_OK;
}

/* Ids of an end of a relationship: a node made just now or a column of the input. */
static ruzu_status insert_ends(op_insert *op, uint32_t column, const rz_chunk *input, const rz_sel *sel, rz_id *out, rz_error *err)
{
    const rz_bound_create *create = op->op.plan->u.insert;
    const rz_vec *vec = NULL;
    for (uint32_t i = 0; i < create->node_count; i++) {
        vec = create->nodes[i].column == column ? op->nodes[i].made : vec;
    }
    if (vec == NULL) {
        int32_t position = rz_plan_position(op->op.input->plan, column);
        if (position < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of CREATE", column);
        }
        vec = input->columns[position];
    }
    rz_view view;
    if (vec->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(vec, &view);
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (vec->kind == RZ_VEC_SEQUENCE) {
            out[row] = (rz_id)(vec->start + (int64_t)row * vec->step);
            continue;
        }
        uint32_t at = rz_view_at(&view, row);
        if (!rz_view_valid(&view, at)) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "A relationship cannot be created: one of its ends is NULL.");
        }
        out[row] = ((const rz_id *)view.data)[at];
    }
    return RUZU_OK;
}

/* The rows whose ends lie in the tables of one pair. */
static uint32_t insert_pair_rows(op_insert *op, const rz_cat_pair *pair, const rz_sel *sel)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        op->rows[count] = row;
        count += rz_id_table(op->src_ids[row]) == pair->src_table && rz_id_table(op->dst_ids[row]) == pair->dst_table;
    }
    return count;
}

static ruzu_status insert_rels(op_insert *op, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    const rz_bound_create *create = op->op.plan->u.insert;
    rz_txn *txn = op->op.worker->exec->context->txn;
    for (uint32_t i = 0; i < create->rel_count; i++) {
        insert_element *element = &op->rels[i];
        const rz_bound_insert_rel *rel = &create->rels[i];
        const rz_cat_table *table = rz_catalog_rel_of_pair(rz_txn_catalog(txn), rel->pairs[0].id, NULL);
        rz_rel_ref *refs = (rz_rel_ref *)element->made->data;
        uint32_t done = 0;
        rz_vec_reset(element->made);
        RZ_TRY(insert_values(element, table->property_count, input, sel, err));
        RZ_TRY(insert_ends(op, rel->src_column, input, sel, op->src_ids, err));
        RZ_TRY(insert_ends(op, rel->dst_column, input, sel, op->dst_ids, err));
        for (uint32_t p = 0; p < rel->pair_count; p++) {
            rz_sel rows = {.rows = op->rows, .count = insert_pair_rows(op, &rel->pairs[p], sel)};
            if (rows.count == 0) {
                continue;
            }
            RZ_TRY(rz_txn_insert_rels(txn, rel->pairs[p].id, op->src_ids, op->dst_ids, element->values, &rows, op->rel_ids, err));
            rz_worker_forget_rtab(op->op.worker, rel->pairs[p].id);
            for (uint32_t r = 0; r < rows.count; r++) {
                uint32_t row = op->rows[r];
                refs[row] = (rz_rel_ref){.src = op->src_ids[row], .dst = op->dst_ids[row], .rel = op->rel_ids[row]};
            }
            done += rows.count;
        }
        if (done != sel->count) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "A relationship of table %s cannot be created: it does not connect the tables of its ends.", table->name);
        }
    }
    return RUZU_OK;
}

static ruzu_status insert_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_insert *op = (op_insert *)base;
    const rz_bound_create *create = base->plan->u.insert;
    rz_chunk *input = NULL;
    RZ_TRY(rz_op_next(base->input, &input, err));
    if (input == NULL) {
        return RUZU_OK;
    }
    RZ_ASSERT(input->weight == NULL); /* the planner repeats weighted rows below */
    rz_sel sel = rz_chunk_sel(input);
    rz_arena_reset(&base->heap);
    RZ_TRY(insert_nodes(op, input, &sel, err));
    RZ_TRY(insert_rels(op, input, &sel, err));
    rz_op_pass(base, input, op->positions);
    for (uint32_t i = 0; i < create->node_count; i++) {
        if (op->nodes[i].position >= 0) {
            rz_vec_reference(base->chunk->columns[op->nodes[i].position], op->nodes[i].made);
        }
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        if (op->rels[i].position >= 0) {
            rz_vec_reference(base->chunk->columns[op->rels[i].position], op->rels[i].made);
        }
    }
    *out = base->chunk;
    return RUZU_OK;
}

const rz_op_class rz_op_insert = {.name = "INSERT", .size = sizeof(op_insert), .open = insert_open, .next = insert_next, .single_worker = true};
