/* SPDX-License-Identifier: MIT */
/*
 * INTERSECT: the nodes that are neighbours of several known nodes at once: one row per common neighbour, its multiplicity (the product over the lists) in the
 * weight, or as repeated rows where the plan is not weighted.
 *
 * Each input keeps its node's decoded list while the node stays the same, which it does over long runs: rows come from expansions.
 */
#include "executor/hops.h"

typedef struct intersect_input {
    rz_hops hops;
    rz_near_list near;
    uint64_t at; /* cursor in the list during a merge */
} intersect_input;

typedef struct op_intersect {
    rz_op op;
    intersect_input *inputs;
    uint32_t input_count;
    const int32_t *positions;
    int32_t to_position;
    uint32_t *index;
    uint64_t *weights;
    rz_vec **in_vecs, **out_vecs, **flat_inputs;
    uint32_t pass_count;
    rz_chunk *input;
    rz_sel sel;
    uint32_t at_row;
    bool in_row;           /* the row's lists are decoded and being merged */
    rz_id pending;         /* a neighbour with copies still to give (plans without weights) */
    uint64_t pending_copies;
} op_intersect;

static ruzu_status intersect_open(rz_op *base, rz_error *err)
{
    op_intersect *op = (op_intersect *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    op->input_count = plan->u.intersect.input_count;
    op->inputs = RZ_NEW_ARRAY(arena, intersect_input, op->input_count);
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    if (op->inputs == NULL || op->index == NULL || op->weights == NULL || op->in_vecs == NULL || op->out_vecs == NULL || op->flat_inputs == NULL) {
        return rz_error_no_memory(err, "building an intersection");
    }
    for (uint32_t i = 0; i < op->input_count; i++) {
        RZ_TRY(rz_hops_open(base->worker, &plan->u.intersect.inputs[i], base->input->plan, &op->inputs[i].hops, err));
        op->inputs[i].near.of = UINT64_MAX;
        op->inputs[i].near.arena = arena;
    }
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
    for (uint32_t i = 0; i < op->input_count; i++) { /* each keeps the rows whose node is not NULL */
        rz_sel valid;
        RZ_TRY(rz_hops_ids(&op->inputs[i].hops, op->input, &op->sel, &valid, err));
        op->sel = valid;
    }
    for (uint32_t i = 0; i < op->input_count; i++) {
        RZ_TRY(rz_hops_lookup(&op->inputs[i].hops, &op->sel, err));
    }
    op->at_row = 0;
    op->in_row = false;
    op->pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->positions[i] >= 0 && (int32_t)i != op->to_position) {
            RZ_TRY(rz_op_flat_input(base, op->input, op->positions[i], op->flat_inputs, &op->in_vecs[op->pass_count], err));
            op->out_vecs[op->pass_count++] = base->chunk->columns[i];
        }
    }
    return RUZU_OK;
}

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

/* The next id that stands in all lists, and the product of how often; false at the end. */
static bool intersect_advance(op_intersect *op, rz_id *out_id, uint64_t *out_multiplicity)
{
    for (;;) {
        if (op->inputs[0].at >= op->inputs[0].near.count) {
            return false;
        }
        rz_id candidate = op->inputs[0].near.ids[op->inputs[0].at];
        bool all = true;
        for (uint32_t i = 1; i < op->input_count && all; i++) {
            intersect_input *input = &op->inputs[i];
            input->at = near_seek(&input->near, input->at, candidate);
            if (input->at == input->near.count) {
                return false;
            }
            if (input->near.ids[input->at] != candidate) {
                op->inputs[0].at = near_seek(&op->inputs[0].near, op->inputs[0].at, input->near.ids[input->at]);
                all = false;
            }
        }
        if (!all) {
            continue;
        }
        uint64_t multiplicity = 1;
        for (uint32_t i = 0; i < op->input_count; i++) {
            intersect_input *input = &op->inputs[i];
            uint64_t start = input->at;
            while (input->at < input->near.count && input->near.ids[input->at] == candidate) {
                input->at++;
            }
            multiplicity *= input->at - start;
        }
        *out_id = candidate;
        *out_multiplicity = multiplicity;
        return true;
    }
}

static ruzu_status intersect_start_row(op_intersect *op, uint32_t row, rz_error *err)
{
    for (uint32_t i = 0; i < op->input_count; i++) {
        RZ_TRY(rz_hops_near(&op->inputs[i].hops, row, &op->inputs[i].near, err));
        op->inputs[i].at = 0;
    }
    op->in_row = true;
    return RUZU_OK;
}

static ruzu_status intersect_fill(op_intersect *op, rz_id *ids, uint32_t limit, uint32_t *out_count, rz_error *err)
{
    bool weighted = op->op.plan->weighted;
    uint32_t count = 0;
    while (op->at_row < op->sel.count && count < limit) {
        uint32_t row = rz_sel_at(&op->sel, op->at_row);
        if (!op->in_row) {
            RZ_TRY(intersect_start_row(op, row, err));
        }
        if (op->pending_copies == 0 && !intersect_advance(op, &op->pending, &op->pending_copies)) {
            op->at_row++;
            op->in_row = false;
            continue;
        }
        op->index[count] = row;
        ids[count] = op->pending;
        op->weights[count] = (weighted ? op->pending_copies : 1) * (op->input->weight == NULL ? 1 : op->input->weight[row]);
        op->pending_copies = weighted ? 0 : op->pending_copies - 1;
        count++;
    }
    *out_count = count;
    return RUZU_OK;
}

static ruzu_status intersect_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_intersect *op = (op_intersect *)base;
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

const rz_op_class rz_op_intersect = {
    .name = "INTERSECT", .size = sizeof(op_intersect), .open = intersect_open, .next = intersect_next, .rewind = intersect_rewind};
