/* SPDX-License-Identifier: MIT */
/*
 * SORT's source: merges what the workers of its sink left (sort_sink.c).
 *
 * As order matters it is one worker, unless the sink above keeps stretches of an ordered source in order (rz_sink_class.keeps_order): then each worker takes one stretch of the order after
 * the other, finds where it begins in each run, and merges and decodes it.
 */
#include "executor/sort.h"

ruzu_status rz_sort_bounds(rz_worker *worker, const rz_plan *plan, uint64_t *out_skip, uint64_t *out_end, rz_error *err)
{
    uint64_t limit = 0;
    *out_skip = 0;
    *out_end = UINT64_MAX;
    RZ_TRY(rz_limit_value(worker, plan->u.sort.skip, out_skip, err));
    if (plan->u.sort.limit != NULL) {
        RZ_TRY(rz_limit_value(worker, plan->u.sort.limit, &limit, err));
        *out_end = *out_skip + limit; /* both at most 2^63 - 1 */
    }
    return RUZU_OK;
}

typedef struct op_sort {
    rz_op op;
    rz_sort_shared *shared;
    rz_arena arena;          /* of the merge */
    rz_sort_merge merge;
    bool begun;
    uint64_t skip, end;
    uint64_t position;       /* rows taken from the merge, or left out at once */
    uint64_t stop;           /* of the rows that this worker reads now */
    const uint8_t **cursors;
} op_sort;

static ruzu_status sort_op_open(rz_op *base, rz_error *err)
{
    op_sort *op = (op_sort *)base;
    op->shared = (rz_sort_shared *)rz_exec_shared(base->worker->exec, base->plan);
    rz_arena_init(&op->arena, rz_op_account(base));
    op->cursors = RZ_NEW_ARRAY(&base->worker->arena, const uint8_t *, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(op->cursors, err, "reading sorted rows");
    RZ_TRY(rz_sort_bounds(base->worker, base->plan, &op->skip, &op->end, err));
    return rz_op_make_chunk(base, base->plan->columns, base->plan->column_count, err);
}

static ruzu_status sort_op_begin(op_sort *op, uint64_t first, uint64_t stop, rz_error *err)
{
    const rz_sort_shared *shared = op->shared;
    op->position = shared->spilled ? 0 : first;
    op->stop = stop;
    op->begun = true;
    rz_sort_merge_close(&op->merge);
    rz_arena_reset(&op->arena);
    return rz_sort_merge_open(&op->arena, shared->sources, shared->source_count, op->position, &op->merge, err);
}

/* Takes the next stretch of which something is wanted. False: there is none. */
static ruzu_status sort_op_take(op_sort *op, bool *out_taken, rz_error *err)
{
    rz_sort_shared *shared = op->shared;
    uint64_t unit = 0;
    *out_taken = false;
    while (rz_morsel_take(&shared->stretches, false, NULL, &unit)) {
        uint64_t first = unit * shared->stretch_rows, stop = first + shared->stretch_rows;
        first = first < op->skip ? op->skip : first;
        stop = stop > op->end ? op->end : stop;
        if (first < stop) {
            op->op.worker->stretch = unit;
            *out_taken = true;
            return sort_op_begin(op, first, stop, err);
        }
    }
    return RUZU_OK;
}

/* Rows of the merge for one chunk: op->cursors. */
static ruzu_status sort_op_fill(op_sort *op, uint32_t *out_count, rz_error *err)
{
    const rz_exec *exec = op->op.worker->exec;
    uint32_t count = 0;
    while (count < exec->vector_rows && op->position < op->stop) {
        const uint8_t *record = NULL;
        bool blocked = false;
        RZ_TRY(rz_sort_merge_next(&op->merge, count != 0, &record, &blocked, err));
        if (record == NULL) {
            break; /* the end, or the rows of this chunk must be used first */
        }
        if (op->position++ >= op->skip) {
            op->cursors[count++] = rz_sort_record_row(record);
        } else if (op->position % 4096 == 0 && !RZ_MUTANT_IS(25)) {
            RZ_TRY(rz_exec_poll(exec, err));
        }
    }
    *out_count = count;
    return RUZU_OK;
}

static ruzu_status sort_op_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_sort *op = (op_sort *)base;
    uint32_t count = 0;
    if (!op->begun && !base->worker->exec->in_stretches) {
        RZ_TRY(sort_op_begin(op, op->skip, op->end, err));
    }
    if (op->begun) {
        RZ_TRY(sort_op_fill(op, &count, err));
    }
    while (count == 0) {
        bool more = false;
        if (base->worker->exec->in_stretches) {
            RZ_TRY(sort_op_take(op, &more, err));
        }
        if (!more) {
            return RUZU_OK;
        }
        RZ_TRY(sort_op_fill(op, &count, err));
    }
    rz_arena_reset(&base->heap);
    rz_chunk_reset(base->chunk);
    for (uint32_t c = 0; c < base->plan->column_count; c++) {
        RZ_TRY(rz_row_values_read(op->cursors, count, false, base->chunk->columns[c], 0, err));
    }
    base->chunk->count = count;
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status sort_op_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_sort *op = (op_sort *)base;
    rz_sort_merge_close(&op->merge);
    rz_arena_reset(&op->arena);
    op->begun = false;
    op->position = op->stop = 0;
    return RUZU_OK;
}

static void sort_op_close(rz_op *base)
{
    op_sort *op = (op_sort *)base;
    rz_sort_merge_close(&op->merge);
    rz_arena_free(&op->arena);
}

static uint64_t sort_op_units(const rz_exec *exec, const rz_plan *plan)
{
    (void)exec;
    (void)plan;
    return 1; /* one worker: the order is the point */
}

static uint64_t sort_op_stretches(const rz_exec *exec, const rz_plan *plan)
{
    return ((const rz_sort_shared *)rz_exec_shared(exec, plan))->stretches.count;
}

const rz_op_class rz_op_sort = {.name = "SORT",
                                .size = sizeof(op_sort),
                                .open = sort_op_open,
                                .next = sort_op_next,
                                .rewind = sort_op_rewind,
                                .restart = rz_op_restart_plain,
                                .close = sort_op_close,
                                .units = sort_op_units,
                                .stretches = sort_op_stretches,
                                .single_worker = true};
