/* SPDX-License-Identifier: MIT */
/*
 * INTERSECT: the nodes that are neighbours of several known nodes at once: one row per common neighbour, its multiplicity (the product over the lists) in the
 * weight, or as repeated rows where the plan is not weighted. Where nobody looks at the common neighbours, each row stays one, and its weight is multiplied by their number.
 *
 * intersect_lists.c holds lists of one table against each other. Where inputs lead to several tables, lists of whole ids are merged here; each input keeps its node's decoded list while
 * the node stays the same, which it does over long runs: rows come from expansions.
 */
#include "executor/intersect.h"

typedef struct op_intersect {
    rz_op op;
    rz_intersect lists;
    const int32_t *positions;
    int32_t to_position;   /* -1: common neighbours are only counted */
    uint32_t *index;
    uint64_t *weights;
    rz_vec **in_vecs, **out_vecs, **flat_inputs;
    uint32_t pass_count;
    rz_chunk *input;
    rz_sel sel;
    uint32_t at_row;
    bool in_row;           /* the row's lists are there */
    rz_id pending;         /* a neighbour with copies still to give (plans without weights) */
    uint64_t pending_copies;
    const uint32_t *common; /* of the row: lists of one table */
    const uint64_t *copies; /* NULL: each once */
    uint32_t common_count;
    uint32_t common_at;
} op_intersect;

static ruzu_status intersect_open(rz_op *base, rz_error *err)
{
    op_intersect *op = (op_intersect *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    if (op->index == NULL || op->weights == NULL || op->in_vecs == NULL || op->out_vecs == NULL || op->flat_inputs == NULL) {
        return rz_error_no_memory(err, "building an intersection");
    }
    RZ_TRY(rz_intersect_open(base->worker, plan, base->input->plan, &op->lists, err));
    RZ_TRY(rz_op_make_chunk(base, &plan->u.intersect.to, 1, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->to_position = rz_plan_position(plan, plan->u.intersect.to);
    return RUZU_OK;
}

static ruzu_status intersect_take_input(op_intersect *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->input, err));
    if (op->input == NULL) {
        return RUZU_OK;
    }
    op->sel = rz_chunk_sel(op->input);
    for (uint32_t i = 0; i < op->lists.input_count; i++) { /* each keeps the rows whose node is not NULL */
        rz_sel valid;
        RZ_TRY(rz_hops_ids(&op->lists.inputs[i].hops, op->input, &op->sel, &valid, err));
        op->sel = valid;
    }
    RZ_TRY(rz_intersect_lookup(&op->lists, &op->sel, err));
    op->at_row = 0;
    op->in_row = false;
    op->pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count && op->to_position >= 0; i++) {
        if (op->positions[i] >= 0 && (int32_t)i != op->to_position) {
            RZ_TRY(rz_op_flat_input(base, op->input, op->positions[i], op->flat_inputs, &op->in_vecs[op->pass_count], err));
            op->out_vecs[op->pass_count++] = base->chunk->columns[i];
        }
    }
    return RUZU_OK;
}

/* ---- lists of whole ids ---- */

/* First position >= at whose id is >= id: gallops, then halves. */
static uint64_t near_seek(const rz_near_list *list, uint64_t at, rz_id id)
{
    uint64_t step = 1;
    uint64_t low = at;
    while (low + step < list->count && list->ids[low + step] < id) {
        low += step;
        step *= 2;
    }
    uint64_t high = low + step < list->count ? low + step : list->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (list->ids[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The next id that stands in all lists, and the product of how often: 0 at the end. */
static ruzu_status intersect_advance(op_intersect *op, rz_id *out_id, uint64_t *out_multiplicity, rz_error *err)
{
    *out_multiplicity = 0;
    for (;;) {
        if (op->lists.inputs[0].at >= op->lists.inputs[0].near.count) {
            return RUZU_OK;
        }
        rz_id candidate = op->lists.inputs[0].near.ids[op->lists.inputs[0].at];
        bool all = true;
        for (uint32_t i = 1; i < op->lists.input_count && all; i++) {
            rz_intersect_input *input = &op->lists.inputs[i];
            input->at = near_seek(&input->near, input->at, candidate);
            if (input->at == input->near.count) {
                return RUZU_OK;
            }
            if (input->near.ids[input->at] != candidate) {
                op->lists.inputs[0].at = near_seek(&op->lists.inputs[0].near, op->lists.inputs[0].at, input->near.ids[input->at]);
                all = false;
            }
        }
        if (!all) {
            continue;
        }
        uint64_t multiplicity = 1;
        for (uint32_t i = 0; i < op->lists.input_count; i++) {
            rz_intersect_input *input = &op->lists.inputs[i];
            uint64_t start = input->at;
            while (input->at < input->near.count && input->near.ids[input->at] == candidate) {
                input->at++;
            }
            if (RZ_UNLIKELY(rz_mul_overflow(multiplicity, input->at - start, &multiplicity))) {
                return rz_intersect_overflow(err);
            }
        }
        *out_id = candidate;
        *out_multiplicity = multiplicity;
        return RUZU_OK;
    }
}

static ruzu_status intersect_start_merge(op_intersect *op, uint32_t row, rz_error *err)
{
    for (uint32_t i = 0; i < op->lists.input_count; i++) {
        RZ_TRY(rz_hops_near(&op->lists.inputs[i].hops, row, &op->lists.inputs[i].near, err));
        op->lists.inputs[i].at = 0;
    }
    return RUZU_OK;
}

/* ---- rows ---- */

static ruzu_status intersect_start_row(op_intersect *op, uint32_t row, rz_error *err)
{
    op->in_row = true;
    if (!op->lists.narrow) {
        return intersect_start_merge(op, row, err);
    }
    op->common_at = 0;
    return rz_intersect_row(&op->lists, row, &op->common, &op->copies, &op->common_count, err);
}

/* The row's next common neighbour into pending; no copies of it: that was all. */
static ruzu_status intersect_next_common(op_intersect *op, rz_error *err)
{
    if (!op->lists.narrow) {
        return intersect_advance(op, &op->pending, &op->pending_copies, err);
    }
    if (op->common_at < op->common_count) {
        op->pending = rz_id_make(op->lists.to_table, op->common[op->common_at]);
        op->pending_copies = op->copies == NULL ? 1 : op->copies[op->common_at];
        op->common_at++;
    }
    return RUZU_OK;
}

static ruzu_status intersect_weigh(const op_intersect *op, uint32_t row, uint64_t number, uint64_t *out, rz_error *err)
{
    uint64_t weight = op->input->weight == NULL ? 1 : op->input->weight[row];
    if (RZ_UNLIKELY(rz_mul_overflow(number, weight, out))) {
        return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)weight, (unsigned long long)number);
    }
    return RUZU_OK;
}

static ruzu_status intersect_fill(op_intersect *op, rz_id *ids, uint32_t limit, uint32_t *out_count, rz_error *err)
{
    bool weighted = op->op.plan->weighted;
    uint32_t count = 0;
    while (op->at_row < op->sel.count && count < limit) {
        uint32_t row = rz_sel_at(&op->sel, op->at_row);
        if (!op->in_row) {
            rz_intersect_prefetch(&op->lists, &op->sel, op->at_row);
            RZ_TRY(intersect_start_row(op, row, err));
        }
        if (op->pending_copies == 0) {
            RZ_TRY(intersect_next_common(op, err));
        }
        if (op->pending_copies == 0) {
            op->at_row++;
            op->in_row = false;
            continue;
        }
        op->index[count] = row;
        ids[count] = op->pending;
        RZ_TRY(intersect_weigh(op, row, weighted ? op->pending_copies : 1, &op->weights[count], err));
        op->pending_copies = weighted ? 0 : op->pending_copies - 1;
        count++;
    }
    *out_count = count;
    return RUZU_OK;
}

/* How many common neighbours the row has, repetitions included. */
static ruzu_status intersect_number(op_intersect *op, uint32_t row, uint64_t *out, rz_error *err)
{
    if (op->lists.narrow) {
        return rz_intersect_number(&op->lists, row, out, err);
    }
    rz_id id = 0;
    uint64_t copies = 0;
    *out = 0;
    RZ_TRY(intersect_start_merge(op, row, err));
    do {
        RZ_TRY(intersect_advance(op, &id, &copies, err));
        if (RZ_UNLIKELY(rz_add_overflow(*out, copies, out))) {
            return rz_intersect_overflow(err);
        }
    } while (copies != 0);
    return RUZU_OK;
}

/* Counting only: the input's rows pass on in place, with a narrower selection and larger weights. */
static ruzu_status intersect_next_counted(op_intersect *op, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    for (;;) {
        RZ_TRY(intersect_take_input(op, err));
        if (op->input == NULL) {
            return RUZU_OK;
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < op->sel.count; i++) {
            uint32_t row = rz_sel_at(&op->sel, i);
            uint64_t number = 0;
            rz_intersect_prefetch(&op->lists, &op->sel, i);
            RZ_TRY(intersect_number(op, row, &number, err));
            RZ_TRY(intersect_weigh(op, row, number, &op->weights[row], err));
            op->index[kept] = row;
            kept += number != 0;
        }
        if (kept != 0) {
            rz_op_pass(base, op->input, op->positions);
            base->chunk->sel = op->index;
            base->chunk->sel_count = kept;
            base->chunk->weight = op->weights;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status intersect_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_intersect *op = (op_intersect *)base;
    if (op->to_position < 0) {
        return intersect_next_counted(op, out, err);
    }
    for (;;) {
        if (op->input == NULL || op->at_row == op->sel.count) {
            RZ_TRY(intersect_take_input(op, err));
            if (op->input == NULL) {
                return RUZU_OK;
            }
        }
        rz_vec *to = base->chunk->columns[op->to_position];
        rz_vec_reset(to);
        uint32_t count = 0;
        RZ_TRY(intersect_fill(op, (rz_id *)to->data, base->worker->exec->vector_rows, &count, err));
        if (count != 0) {
            RZ_TRY(rz_vec_slice_many(op->out_vecs, (const rz_vec *const *)op->in_vecs, op->pass_count, op->index, count, err));
            base->chunk->count = count;
            base->chunk->sel = NULL;
            base->chunk->weight = base->plan->weighted || op->input->weight != NULL ? op->weights : NULL;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status intersect_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_intersect *op = (op_intersect *)base;
    op->input = NULL;
    op->pending_copies = 0;
    return RUZU_OK;
}

static void intersect_close(rz_op *base)
{
    rz_intersect_close(&((op_intersect *)base)->lists);
}

const rz_op_class rz_op_intersect = {
    .name = "INTERSECT", .size = sizeof(op_intersect), .open = intersect_open, .next = intersect_next, .rewind = intersect_rewind, .close = intersect_close};
