/* SPDX-License-Identifier: MIT */
/*
 * UNWIND: one row per element of a list; NULL and empty lists give none. And REPEAT: a row as often as its weight says. Both repeat input rows, so they share the
 * machinery: a place in the input, an index of output rows, columns passed on as dictionaries.
 *
 * The list of UNWIND range(first, last[, step]) is not made: its elements are counted and computed, so that it may be larger than memory.
 */
#include "executor/op.h"

#define UNWIND_BOUNDS 3u

typedef struct op_unwind {
    rz_op op;
    rz_eval *list;          /* NULL for REPEAT, and for a range */
    rz_eval *bounds[UNWIND_BOUNDS]; /* of a range: first, last, perhaps step */
    const rz_vec *bound_vecs[UNWIND_BOUNDS];
    rz_view bound_views[UNWIND_BOUNDS]; /* of those that are no sequences */
    uint32_t bound_count;   /* 0: not a range */
    int64_t range_first, range_step; /* of the row that is being given out */
    int64_t *range_values;  /* elements of the output chunk */
    const int32_t *positions;
    int32_t element_position;
    uint32_t *index;
    uint32_t *element_index;
    uint64_t *weights;
    rz_vec **in_vecs, **out_vecs, **flat_inputs;
    uint32_t pass_count;
    rz_chunk *input;
    rz_sel sel;
    rz_view view;
    const rz_vec *elements;
    uint32_t at_row;
    uint64_t at_copy;       /* elements or copies of the current row already given */
} op_unwind;

/* A range of INT64 is unwound without making the list. */
static bool unwind_is_range(const rz_expr *list)
{
    return list->kind == RZ_EXPR_FUNCTION && strcmp(list->u.function->fn->name, "RANGE") == 0 && list->type->child->id == RUZU_TYPE_INT64 &&
           (list->child_count == 2 || list->child_count == UNWIND_BOUNDS);
}

static ruzu_status unwind_open_list(op_unwind *op, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_expr *list = base->plan->u.unwind.list;
    const rz_plan *input = base->input->plan;
    if (!unwind_is_range(list)) {
        return rz_eval_create(base->worker, list, input->columns, input->column_count, &op->list, err);
    }
    op->range_values = RZ_NEW_ARRAY(&base->worker->arena, int64_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(op->range_values, err, "building an operator");
    for (uint32_t i = 0; i < list->child_count; i++) {
        RZ_TRY(rz_eval_create(base->worker, list->children[i], input->columns, input->column_count, &op->bounds[i], err));
    }
    op->bound_count = list->child_count;
    return RUZU_OK;
}

static ruzu_status unwind_open(rz_op *base, rz_error *err)
{
    op_unwind *op = (op_unwind *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    bool range = plan->kind == RZ_PLAN_UNWIND && unwind_is_range(plan->u.unwind.list); /* its elements lie in no list */
    RZ_TRY(rz_op_make_chunk(base, range ? &plan->u.unwind.column : NULL, range ? 1 : 0, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->element_position = -1;
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->element_index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    if (op->index == NULL || op->element_index == NULL || op->weights == NULL || op->in_vecs == NULL || op->out_vecs == NULL || op->flat_inputs == NULL) {
        return rz_error_no_memory(err, "building an operator");
    }
    if (plan->kind == RZ_PLAN_UNWIND) {
        op->element_position = rz_plan_position(plan, plan->u.unwind.column);
        return unwind_open_list(op, err);
    }
    return RUZU_OK;
}

/* Bound i of a row's range; false: NULL. */
static bool unwind_bound(const op_unwind *op, uint32_t i, uint32_t row, int64_t *out)
{
    const rz_vec *vec = op->bound_vecs[i];
    if (vec->kind == RZ_VEC_SEQUENCE) {
        *out = (int64_t)((uint64_t)vec->start + (uint64_t)vec->step * row);
        return true;
    }
    uint32_t at = rz_view_at(&op->bound_views[i], row);
    if (!rz_view_valid(&op->bound_views[i], at)) {
        return false;
    }
    *out = ((const int64_t *)op->bound_views[i].data)[at];
    return true;
}

/* Number of elements of a row's range. The rules, and the limit, of the function. */
static ruzu_status unwind_range_count(const op_unwind *op, uint32_t row, int64_t *out_first, int64_t *out_step, uint64_t *out_count, rz_error *err)
{
    int64_t last = 0;
    *out_count = 0;
    *out_first = 0;
    *out_step = 1;
    if (!unwind_bound(op, 0, row, out_first) || !unwind_bound(op, 1, row, &last) ||
        (op->bound_count == UNWIND_BOUNDS && !unwind_bound(op, 2, row, out_step))) {
        return RUZU_OK;
    }
    if (*out_step == 0) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Step of range cannot be 0.");
    }
    if (*out_step > 0 ? *out_first > last : *out_first < last) {
        return RUZU_OK;
    }
    uint64_t span = *out_step > 0 ? (uint64_t)last - (uint64_t)*out_first : (uint64_t)*out_first - (uint64_t)last;
    uint64_t count = span / (*out_step > 0 ? (uint64_t)*out_step : 0 - (uint64_t)*out_step);
    if (count >= UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A list cannot hold more than %u elements.", UINT32_MAX);
    }
    *out_count = count + 1;
    return RUZU_OK;
}

/* The bounds of the rows of the input; errors are raised before any row is given out, as the function would. */
static ruzu_status unwind_take_bounds(op_unwind *op, rz_error *err)
{
    for (uint32_t i = 0; i < op->bound_count; i++) {
        rz_vec *bound = NULL;
        RZ_TRY(rz_eval_run(op->bounds[i], op->input, &op->sel, &bound, err));
        op->bound_vecs[i] = bound;
        if (bound->kind != RZ_VEC_SEQUENCE) {
            rz_vec_view(bound, &op->bound_views[i]);
        }
    }
    for (uint32_t i = 0; i < op->sel.count && op->bound_count != 0; i++) {
        int64_t first, step;
        uint64_t count;
        RZ_TRY(unwind_range_count(op, rz_sel_at(&op->sel, i), &first, &step, &count, err));
    }
    return RUZU_OK;
}

static ruzu_status unwind_take_input(op_unwind *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->input, err));
    if (op->input == NULL) {
        return RUZU_OK;
    }
    op->sel = rz_chunk_sel(op->input);
    op->at_row = 0;
    op->at_copy = 0;
    RZ_TRY(unwind_take_bounds(op, err));
    if (op->list != NULL) {
        rz_vec *list = NULL;
        RZ_TRY(rz_eval_run(op->list, op->input, &op->sel, &list, err));
        rz_vec_view(list, &op->view);
        op->elements = op->view.base->child_count == 0 ? NULL : op->view.base->children[0];
    }
    op->pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->positions[i] >= 0 && (int32_t)i != op->element_position) {
            RZ_TRY(rz_op_flat_input(base, op->input, op->positions[i], op->flat_inputs, &op->in_vecs[op->pass_count], err));
            op->out_vecs[op->pass_count++] = base->chunk->columns[i];
        }
    }
    return RUZU_OK;
}

/* How many output rows an input row gives, and where its elements begin. */
static uint64_t unwind_copies(op_unwind *op, uint32_t row, uint32_t *out_first)
{
    *out_first = 0;
    if (op->bound_count != 0) {
        uint64_t count = 0;
        rz_error ignored; /* unwind_take_bounds has looked */
        rz_error_init(&ignored);
        return unwind_range_count(op, row, &op->range_first, &op->range_step, &count, &ignored) == RUZU_OK ? count : 0;
    }
    if (op->list == NULL) {
        return op->input->weight == NULL ? 1 : op->input->weight[row];
    }
    uint32_t at = rz_view_at(&op->view, row);
    if (op->elements == NULL || !rz_view_valid(&op->view, at)) {
        return 0;
    }
    const rz_list_entry *entry = (const rz_list_entry *)op->view.data + at;
    *out_first = entry->offset;
    return entry->length;
}

static uint32_t unwind_fill(op_unwind *op, uint32_t limit)
{
    uint32_t count = 0;
    while (op->at_row < op->sel.count && count < limit) {
        uint32_t row = rz_sel_at(&op->sel, op->at_row);
        uint32_t first = 0;
        uint64_t copies = unwind_copies(op, row, &first);
        uint64_t left = copies - op->at_copy;
        uint32_t take = left < limit - count ? (uint32_t)left : limit - count;
        for (uint32_t i = 0; i < take; i++) {
            op->index[count + i] = row;
            op->element_index[count + i] = first + (uint32_t)op->at_copy + i;
        }
        for (uint32_t i = 0; i < take && op->bound_count != 0; i++) {
            op->range_values[count + i] = (int64_t)((uint64_t)op->range_first + (op->at_copy + i) * (uint64_t)op->range_step);
        }
        count += take;
        op->at_copy += take;
        if (op->at_copy == copies) {
            op->at_row++;
            op->at_copy = 0;
        }
    }
    return count;
}

static ruzu_status unwind_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_unwind *op = (op_unwind *)base;
    for (;;) {
        if (op->input == NULL || op->at_row == op->sel.count) {
            RZ_TRY(unwind_take_input(op, err));
            if (op->input == NULL) {
                return RUZU_OK;
            }
        }
        uint32_t count = unwind_fill(op, base->worker->exec->vector_rows);
        if (count == 0) {
            RZ_TRY(rz_exec_poll(base->worker->exec, err));
            continue;
        }
        RZ_TRY(rz_vec_slice_many(op->out_vecs, (const rz_vec *const *)op->in_vecs, op->pass_count, op->index, count, err));
        if (op->element_position >= 0 && op->bound_count != 0) {
            rz_vec *elements = base->chunk->columns[op->element_position];
            rz_vec_reset(elements);
            memcpy(elements->data, op->range_values, count * sizeof *op->range_values);
        } else if (op->element_position >= 0) {
            RZ_TRY(rz_vec_slice(base->chunk->columns[op->element_position], op->elements, op->element_index, count, err));
        }
        base->chunk->count = count;
        base->chunk->sel = NULL;
        base->chunk->weight = NULL;
        if (base->plan->kind == RZ_PLAN_UNWIND && op->input->weight != NULL) {
            for (uint32_t i = 0; i < count; i++) {
                op->weights[i] = op->input->weight[op->index[i]];
            }
            base->chunk->weight = op->weights;
        }
        *out = base->chunk;
        return RUZU_OK;
    }
}

static ruzu_status unwind_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_unwind *)base)->input = NULL;
    return RUZU_OK;
}

const rz_op_class rz_op_unwind = {.name = "UNWIND", .size = sizeof(op_unwind), .open = unwind_open, .next = unwind_next, .rewind = unwind_rewind, .restart = rz_op_restart_plain};
const rz_op_class rz_op_repeat = {.name = "REPEAT", .size = sizeof(op_unwind), .open = unwind_open, .next = unwind_next, .rewind = unwind_rewind, .restart = rz_op_restart_plain};
