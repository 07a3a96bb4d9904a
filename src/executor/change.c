/* SPDX-License-Identifier: MIT */
/*
 * Changes to rows: finding what they refer to, and assigning properties.
 */
#include "executor/change.h"


/* ---- references ---- */

static bool change_locate(const rz_vec *vec, const rz_view *view, uint32_t row, rz_id *out_id, rz_rel_ref *out_ref)
{
    if (vec->kind == RZ_VEC_SEQUENCE) { /* nodes only */
        *out_id = (rz_id)(vec->start + (int64_t)row * vec->step);
        return true;
    }
    uint32_t at = rz_view_at(view, row);
    if (!rz_view_valid(view, at)) {
        return false;
    }
    if (vec->type->id == RUZU_TYPE_REL) {
        *out_ref = ((const rz_rel_ref *)view->data)[at];
        *out_id = out_ref->rel;
    } else {
        *out_id = ((const rz_id *)view->data)[at];
    }
    return true;
}

bool rz_change_id(const rz_vec *vec, uint32_t row, rz_id *out_id)
{
    rz_view view = {0};
    rz_rel_ref ref;
    if (vec->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(vec, &view);
    }
    return change_locate(vec, &view, row, out_id, &ref);
}

uint32_t rz_change_ids(const rz_vec *vec, const rz_sel *sel, rz_id *ids, rz_rel_ref *refs, uint32_t *rows)
{
    rz_view view = {0};
    uint32_t count = 0;
    if (vec->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(vec, &view);
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        rz_rel_ref ref;
        rows[count] = row;
        if (change_locate(vec, &view, row, &ids[row], &ref)) {
            count++;
            if (refs != NULL && vec->type->id == RUZU_TYPE_REL) {
                refs[row] = ref;
            }
        }
    }
    return count;
}

uint32_t rz_change_table_rows(const rz_id *ids, const uint32_t *rows, uint32_t count, uint32_t table_id, uint32_t *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        out[kept] = rows[i];
        kept += rz_id_table(ids[rows[i]]) == table_id;
    }
    return kept;
}

/* ---- sets of ids ---- */

ruzu_status rz_touched_init(rz_touched *set, rz_arena *arena, uint32_t capacity, rz_error *err)
{
    uint32_t size = 16;
    while (size < capacity * 2) {
        size *= 2;
    }
    set->ids = RZ_NEW_ARRAY(arena, rz_id, size);
    set->epochs = RZ_NEW_ARRAY(arena, uint32_t, size);
    if (set->ids == NULL || set->epochs == NULL) {
        return rz_error_no_memory(err, "building a change");
    }
    set->mask = size - 1;
    set->epoch = 1;
    return RUZU_OK;
}

void rz_touched_clear(rz_touched *set)
{
    set->epoch++;
    if (set->epoch == 0) { /* wrapped: old marks would look new */
        for (uint32_t i = 0; i <= set->mask; i++) {
            set->epochs[i] = 0;
        }
        set->epoch = 1;
    }
}

static uint32_t touched_slot(const rz_touched *set, rz_id id)
{
    uint32_t slot = (uint32_t)rz_hash_u64(id) & set->mask;
    while (set->epochs[slot] == set->epoch && set->ids[slot] != id) {
        slot = (slot + 1) & set->mask;
    }
    return slot;
}

bool rz_touched_has(const rz_touched *set, rz_id id)
{
    return set->epochs[touched_slot(set, id)] == set->epoch;
}

void rz_touched_add(rz_touched *set, rz_id id)
{
    uint32_t slot = touched_slot(set, id);
    set->ids[slot] = id;
    set->epochs[slot] = set->epoch;
}

/* ---- assignments ---- */

struct rz_assigner {
    rz_worker *worker;
    const rz_bound_set *set;
    rz_eval **evals;      /* per item */
    rz_vec **values;
    int32_t *positions;   /* of each item's target */
    int32_t *targets;     /* each once */
    uint32_t target_count;
    rz_id *ids;
    uint32_t *rows;
    uint32_t *table_rows;
};

ruzu_status rz_assigner_create(rz_worker *worker, const rz_bound_set *set, const rz_plan *input, rz_assigner **out, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    rz_assigner *assigner = RZ_NEW(arena, rz_assigner);
    RZ_TRY_ALLOC(assigner, err, "building SET");
    assigner->worker = worker;
    assigner->set = set;
    assigner->evals = RZ_NEW_ARRAY(arena, rz_eval *, set->item_count);
    assigner->values = RZ_NEW_ARRAY(arena, rz_vec *, set->item_count);
    assigner->positions = RZ_NEW_ARRAY(arena, int32_t, set->item_count);
    assigner->targets = RZ_NEW_ARRAY(arena, int32_t, set->item_count);
    assigner->ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    assigner->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    assigner->table_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY + 1);
    if (assigner->evals == NULL || assigner->values == NULL || assigner->positions == NULL || assigner->targets == NULL || assigner->ids == NULL ||
        assigner->rows == NULL || assigner->table_rows == NULL) {
        return rz_error_no_memory(err, "building SET");
    }
    for (uint32_t i = 0; i < set->item_count; i++) {
        int32_t position = rz_plan_position(input, set->items[i].target);
        if (position < 0) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of SET", set->items[i].target);
        }
        assigner->positions[i] = position;
        bool known = false;
        for (uint32_t t = 0; t < assigner->target_count; t++) {
            known |= assigner->targets[t] == position;
        }
        if (!known) {
            assigner->targets[assigner->target_count++] = position;
        }
        RZ_TRY(rz_eval_create(worker, set->items[i].value, input->columns, input->column_count, &assigner->evals[i], err));
    }
    *out = assigner;
    return RUZU_OK;
}

uint32_t rz_assigner_targets(const rz_assigner *assigner, const int32_t **out_positions)
{
    *out_positions = assigner->targets;
    return assigner->target_count;
}

ruzu_status rz_assigner_evaluate(rz_assigner *assigner, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; i < assigner->set->item_count && sel->count != 0; i++) {
        RZ_TRY(rz_eval_run(assigner->evals[i], input, sel, &assigner->values[i], err));
    }
    return RUZU_OK;
}

static ruzu_status assigner_write_item(rz_assigner *assigner, uint32_t idx, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    const rz_bound_set_item *item = &assigner->set->items[idx];
    rz_txn *txn = assigner->worker->exec->context->txn;
    uint32_t count = rz_change_ids(input->columns[assigner->positions[idx]], sel, assigner->ids, NULL, assigner->rows);
    for (uint32_t t = 0; t < item->type->table_count; t++) {
        uint32_t table_id = item->type->tables[t];
        rz_sel rows = {.rows = assigner->table_rows, .count = rz_change_table_rows(assigner->ids, assigner->rows, count, table_id, assigner->table_rows)};
        if (rows.count == 0 || item->column_idxs[t] == RZ_NO_COLUMN) {
            continue;
        }
        if (item->type->id == RUZU_TYPE_NODE) {
            const rz_cat_table *table = rz_catalog_node_table(rz_txn_catalog(txn), table_id);
            if (table != NULL && table->key == item->column_idxs[t]) {
                return rz_error_set(err, RUZU_ERROR_RUNTIME, "Cannot set property %s in table %s because it is used as primary key. Try delete and then insert.",
                                    item->property, table->name);
            }
            RZ_TRY(rz_txn_update_nodes(txn, table_id, item->column_idxs[t], assigner->ids, assigner->values[idx], &rows, err));
        } else {
            RZ_TRY(rz_txn_update_rels(txn, table_id, item->column_idxs[t], assigner->ids, assigner->values[idx], &rows, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_assigner_write(rz_assigner *assigner, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    const rz_bound_set *set = assigner->set;
    for (uint32_t i = 0; i < set->item_count && sel->count != 0; i++) {
        RZ_TRY(assigner_write_item(assigner, i, input, sel, err));
    }
    for (uint32_t i = 0; i < set->item_count; i++) {
        for (uint32_t t = 0; t < set->items[i].type->table_count; t++) {
            if (set->items[i].type->id == RUZU_TYPE_NODE) {
                rz_worker_forget_ntab(assigner->worker, set->items[i].type->tables[t]);
            } else {
                rz_worker_forget_rtab(assigner->worker, set->items[i].type->tables[t]);
            }
        }
    }
    return RUZU_OK;
}
