/* SPDX-License-Identifier: MIT */
/*
 * COLLAPSE: rows that are nothing but one node and a weight become one row per node, with the sum of their weights (a message of the variable elimination, counted by
 * pushing). What stands above then walks on from each node once, not once per row that arrived there.
 *
 * Each worker takes all of its input first and adds it up in an array by offset; then it gives the nodes by rising offset. Where the table's array would take more than the worker's
 * memory budget, rows are passed on as they come. NULLs are dropped: the planner puts this only below operators that drop them.
 */
#include "executor/op.h"
#include "executor/spill.h"

#include <string.h>

#ifdef RZ_TINY
#define COLLAPSE_FIRST 4u
#else
#define COLLAPSE_FIRST 4096u
#endif

typedef struct op_collapse {
    rz_op op;
    uint64_t *sums;     /* by offset; 0: the node is not there */
    uint64_t size;      /* of sums */
    uint64_t max_size;  /* by the budget */
    uint64_t end;       /* offsets from here on are not there */
    uint64_t next;      /* offset to give next */
    rz_id base;         /* the table's first id */
    uint64_t *weights;  /* of the output */
    rz_id *ids;         /* of a SEQUENCE */
    uint32_t *kept;     /* rows passed on that are not NULL */
    rz_vec *own;        /* the output column's own memory */
    bool passes;        /* no array: rows are passed on */
    bool taken;         /* the input has ended */
} op_collapse;

static ruzu_status collapse_open(rz_op *base, rz_error *err)
{
    op_collapse *op = (op_collapse *)base;
    RZ_ASSERT(base->plan->column_count == 1 && base->plan->types[0]->table_count == 1);
    RZ_TRY(rz_op_make_chunk(base, base->plan->columns, 1, err));
    op->own = base->chunk->columns[0];
    op->base = rz_id_make(base->plan->types[0]->tables[0], 0);
    op->max_size = rz_spill_budget(base->worker->exec) / sizeof *op->sums;
    op->weights = RZ_NEW_ARRAY(&base->worker->arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(&base->worker->arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->ids = RZ_NEW_ARRAY(&base->worker->arena, rz_id, RZ_VECTOR_CAPACITY);
    if (op->weights == NULL || op->kept == NULL || op->ids == NULL) {
        return rz_error_no_memory(err, "building a sum by node");
    }
    return RUZU_OK;
}

static rz_mem *collapse_mem(const op_collapse *op)
{
    return rz_op_account(&op->op);
}

/* Makes room for the offset; false when that is too much. */
static bool collapse_grow(op_collapse *op, uint64_t offset)
{
    uint64_t size = op->size == 0 ? COLLAPSE_FIRST : op->size * 2;
    size = size <= offset ? offset + offset / 4 + 1 : size;
    size = size > op->max_size ? op->max_size : size;
    if (offset >= size) {
        return false;
    }
    uint64_t *sums = (uint64_t *)rz_mem_realloc(collapse_mem(op), op->sums, op->size * sizeof *sums, size * sizeof *sums);
    if (sums == NULL) {
        return false;
    }
    memset(sums + op->size, 0, (size_t)(size - op->size) * sizeof *sums);
    op->sums = sums;
    op->size = size;
    return true;
}

/* Adds rows from *io_done of the selection on; stops at one that finds no room. */
static ruzu_status collapse_add(op_collapse *op, const rz_view *view, const uint64_t *weight, const rz_sel *sel, uint32_t *io_done, rz_error *err)
{
    const rz_id *ids = (const rz_id *)view->data;
    for (; *io_done < sel->count; ++*io_done) {
        uint32_t row = rz_sel_at(sel, *io_done);
        uint32_t at = rz_view_at(view, row);
        if (!rz_view_valid(view, at)) {
            continue;
        }
        uint64_t offset = rz_id_offset(ids[at]);
        if (RZ_UNLIKELY(offset >= op->end)) {
            if (offset >= op->size && !collapse_grow(op, offset)) {
                return RUZU_OK;
            }
            op->end = offset + 1;
        }
        if (RZ_UNLIKELY(rz_add_overflow(op->sums[offset], weight == NULL ? 1 : weight[row], &op->sums[offset]))) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within UINT64 range.");
        }
    }
    return RUZU_OK;
}

/* Shows rows of the input from `done` on as they are. */
static bool collapse_pass(op_collapse *op, const rz_chunk *input, const rz_view *view, uint32_t done)
{
    rz_chunk *chunk = op->op.chunk;
    rz_sel sel = rz_chunk_sel(input);
    uint32_t count = 0;
    for (uint32_t i = done; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        if (rz_view_valid(view, rz_view_at(view, row))) {
            op->kept[count++] = row;
        }
    }
    chunk->columns[0] = input->columns[0];
    chunk->count = input->count;
    chunk->sel = op->kept;
    chunk->sel_count = count;
    chunk->weight = input->weight;
    return count != 0;
}

static void collapse_view(op_collapse *op, const rz_vec *column, const rz_sel *sel, rz_view *out)
{
    if (column->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(column, out);
        return;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        op->ids[row] = (rz_id)(column->start + (int64_t)row * column->step);
    }
    *out = (rz_view){.data = op->ids};
}

/* Takes the input; true with rows in the chunk when they are passed on. */
static ruzu_status collapse_take(op_collapse *op, bool *out_rows, rz_error *err)
{
    *out_rows = false;
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_exec_poll(op->op.worker->exec, err));
        RZ_TRY(rz_op_next(op->op.input, &input, err));
        if (input == NULL) {
            op->taken = true;
            return RUZU_OK;
        }
        rz_view view;
        rz_sel sel = rz_chunk_sel(input);
        uint32_t done = 0;
        collapse_view(op, input->columns[0], &sel, &view);
        if (!op->passes) {
            RZ_TRY(collapse_add(op, &view, input->weight, &sel, &done, err));
            op->passes = done < sel.count;
        }
        if (op->passes && collapse_pass(op, input, &view, done)) {
            *out_rows = true;
            return RUZU_OK;
        }
    }
}

static ruzu_status collapse_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_collapse *op = (op_collapse *)base;
    bool rows = false;
    RZ_TRY(op->taken ? RUZU_OK : collapse_take(op, &rows, err));
    if (rows) {
        *out = base->chunk;
        return RUZU_OK;
    }
    rz_vec_reset(op->own);
    rz_id *ids = (rz_id *)op->own->data;
    uint32_t limit = base->worker->exec->vector_rows;
    uint32_t count = 0;
    for (; op->next < op->end && count < limit; op->next++) {
        ids[count] = op->base + op->next;
        op->weights[count] = op->sums[op->next];
        count += op->sums[op->next] != 0;
    }
    if (count == 0) {
        return RUZU_OK;
    }
    base->chunk->columns[0] = op->own;
    base->chunk->count = count;
    base->chunk->sel = NULL;
    base->chunk->weight = op->weights;
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status collapse_rewind(rz_op *base, rz_error *err)
{
    op_collapse *op = (op_collapse *)base;
    (void)err;
    if (op->end != 0) {
        memset(op->sums, 0, (size_t)op->end * sizeof *op->sums);
    }
    op->end = op->next = 0;
    op->passes = op->taken = false;
    return RUZU_OK;
}

static void collapse_close(rz_op *base)
{
    op_collapse *op = (op_collapse *)base;
    rz_mem_free(collapse_mem(op), op->sums, op->size * sizeof *op->sums);
    op->sums = NULL;
}

const rz_op_class rz_op_collapse = {
    .name = "COLLAPSE", .size = sizeof(op_collapse), .open = collapse_open, .next = collapse_next, .rewind = collapse_rewind, .close = collapse_close, .restart = rz_op_restart_plain};
