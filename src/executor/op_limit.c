/* SPDX-License-Identifier: MIT */
/*
 * LIMIT and SKIP without an order: workers take numbers for their rows from a shared counter; rows numbered below skip or from skip + limit on are dropped. A weighted row
 * takes as many numbers as it stands for and keeps those inside.
 */
#include "executor/op.h"

#include "executor/limit.h"

#include <string.h>

ruzu_status rz_limit_value(rz_worker *worker, const rz_expr *expr, uint64_t *out, rz_error *err)
{
    if (expr == NULL) {
        return RUZU_OK;
    }
    rz_value value;
    rz_value number;
    RZ_TRY(rz_eval_constant(worker, expr, &worker->arena, &value, err));
    bool integer = !value.is_null && rz_type_is_integer(value.type);
    if (integer) {
        RZ_TRY(rz_value_cast(&value, rz_type_of(RUZU_TYPE_INT128), &worker->arena, &number, err));
        integer = number.u.i128 >= 0;
    }
    if (!integer) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "The number of rows to skip/limit must be a non-negative integer.");
    }
    *out = number.u.i128 > INT64_MAX ? INT64_MAX : (uint64_t)number.u.i128;
    return RUZU_OK;
}

typedef struct limit_shared {
    _Atomic uint64_t next; /* rows numbered so far */
} limit_shared;

typedef struct op_limit {
    rz_op op;
    limit_shared *shared;
    limit_shared own;      /* inside APPLY */
    uint64_t skip, end;
    const int32_t *positions;
    uint32_t *kept;
    uint64_t *weights;
    int32_t number_position; /* correlated: the row number in the input … */
    uint64_t *numbers;       /* … and rows numbered so far, by it */
} op_limit;

static ruzu_status limit_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    (void)plan;
    limit_shared *shared = RZ_NEW(&exec->arena, limit_shared);
    RZ_TRY_ALLOC(shared, err, "preparing a limit");
    *out = shared;
    return RUZU_OK;
}

static ruzu_status limit_open(rz_op *base, rz_error *err)
{
    op_limit *op = (op_limit *)base;
    uint64_t limit = INT64_MAX;
    op->shared = base->private_source ? &op->own : (limit_shared *)rz_exec_shared(base->worker->exec, base->plan);
    RZ_TRY(rz_limit_value(base->worker, base->plan->u.limit.skip, &op->skip, err));
    RZ_TRY(rz_limit_value(base->worker, base->plan->u.limit.limit, &limit, err));
    op->end = op->skip + limit; /* both at most 2^63 - 1 */
    op->kept = RZ_NEW_ARRAY(&base->worker->arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(&base->worker->arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->numbers = RZ_NEW_ARRAY(&base->worker->arena, uint64_t, base->plan->correlated ? RZ_VECTOR_CAPACITY : 0);
    if (op->kept == NULL || op->weights == NULL || op->numbers == NULL) {
        return rz_error_no_memory(err, "building a limit");
    }
    op->number_position = base->plan->correlated ? rz_plan_position(base->input->plan, base->plan->row_number) : -1;
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
}

/* Keeps what is left of a row that takes the numbers from `number` on. */
static void limit_keep(op_limit *op, uint32_t row, uint64_t number, uint64_t weight, uint32_t *io_kept)
{
    uint64_t first = number > op->skip ? number : op->skip;
    uint64_t last = number + weight < op->end ? number + weight : op->end;
    if (first < last) {
        op->kept[(*io_kept)++] = row;
        op->weights[row] = last - first;
    }
}

static ruzu_status limit_give(op_limit *op, const rz_chunk *input, uint32_t kept, rz_chunk **out)
{
    rz_op_pass(&op->op, input, op->positions);
    op->op.chunk->sel = op->kept;
    op->op.chunk->sel_count = kept;
    op->op.chunk->weight = input->weight == NULL ? NULL : op->weights;
    *out = op->op.chunk;
    return RUZU_OK;
}

/* Inside an APPLY: rows are numbered for each outer row anew. Ends when all outer rows have theirs. */
static ruzu_status limit_next_correlated(op_limit *op, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_chunk *outer = rz_apply_outer(base->outer);
    rz_sel outer_sel = rz_chunk_sel(outer);
    for (;;) {
        bool open = false;
        for (uint32_t i = 0; i < outer_sel.count && !open; i++) {
            open = op->numbers[rz_sel_at(&outer_sel, i)] < op->end;
        }
        rz_chunk *input = NULL;
        if (open) {
            RZ_TRY(rz_op_next(base->input, &input, err));
        }
        if (input == NULL) {
            return RUZU_OK;
        }
        const rz_vec *numbers = input->columns[op->number_position];
        rz_view view = {0};
        if (numbers->kind != RZ_VEC_SEQUENCE) {
            rz_vec_view(numbers, &view);
        }
        rz_sel sel = rz_chunk_sel(input);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            uint64_t weight = input->weight == NULL ? 1 : input->weight[row];
            uint64_t outer_row = numbers->kind == RZ_VEC_SEQUENCE ? (uint64_t)(numbers->start + (int64_t)row * numbers->step)
                                                                  : ((const uint64_t *)view.data)[rz_view_at(&view, row)];
            uint64_t number = op->numbers[outer_row];
            if (number < op->end) {
                limit_keep(op, row, number, weight, &kept);
                op->numbers[outer_row] = number + weight;
            }
        }
        if (kept != 0) {
            return limit_give(op, input, kept, out);
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status limit_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_limit *op = (op_limit *)base;
    if (base->plan->correlated) {
        return limit_next_correlated(op, out, err);
    }
    while (atomic_load_explicit(&op->shared->next, memory_order_relaxed) < op->end) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        rz_sel sel = rz_chunk_sel(input);
        uint64_t total = sel.count;
        if (input->weight != NULL) {
            total = 0;
            for (uint32_t i = 0; i < sel.count; i++) {
                total += input->weight[rz_sel_at(&sel, i)];
            }
        }
        uint64_t number = atomic_fetch_add_explicit(&op->shared->next, total, memory_order_relaxed);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel.count && number < op->end; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            uint64_t weight = input->weight == NULL ? 1 : input->weight[row];
            limit_keep(op, row, number, weight, &kept);
            number += weight;
        }
        if (kept != 0) {
            return limit_give(op, input, kept, out);
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
    return RUZU_OK;
}

static ruzu_status limit_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_limit *op = (op_limit *)base;
    atomic_store_explicit(&op->shared->next, 0, memory_order_relaxed);
    if (base->plan->correlated) {
        memset(op->numbers, 0, RZ_VECTOR_CAPACITY * sizeof *op->numbers);
    }
    return RUZU_OK;
}

const rz_op_class rz_op_limit = {
    .name = "LIMIT", .size = sizeof(op_limit), .open = limit_open, .next = limit_next, .rewind = limit_rewind, .restart = rz_op_restart_plain, .prepare = limit_prepare};
