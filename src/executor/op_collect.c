/* SPDX-License-Identifier: MIT */
/*
 * AGGREGATE and SORT inside an APPLY: collect the inner rows of one chunk of outer rows, then give theirs.
 *
 * Elsewhere these two end a pipeline; here they are links of the inner chain, once per outer chunk. So the op runs the sink and the source of the plan node by itself, one after
 * the other, with an rz_exec and an rz_worker of its own that hold nothing but this node's objects; a rewind throws them away. The number of the outer row is a key of the
 * groups like any other. A sort does not look at it, since whoever takes the rows divides them by it and keeps their order.
 */
#include "executor/aggregate.h"
#include "executor/top_each.h"

typedef struct op_collect {
    rz_op op;
    const rz_sink_class *sink;
    rz_exec_context context; /* the statement's, with one thread */
    rz_exec exec;
    rz_worker worker;        /* shares the readers of the op's worker */
    void **slots;            /* exec.shared: only the node's own is used */
    void *local;             /* the sink's, while it consumes */
    rz_op *source;
    bool running;            /* exec and worker hold something */
    rz_top_each top;         /* a sort below a limit */
} op_collect;

static ruzu_status collect_open(rz_op *base, rz_error *err)
{
    op_collect *op = (op_collect *)base;
    op->sink = base->plan->kind == RZ_PLAN_AGGREGATE ? &rz_sink_aggregate : &rz_sink_sort;
    op->slots = RZ_NEW_ARRAY(&base->worker->arena, void *, base->plan->id + 1);
    RZ_TRY_ALLOC(op->slots, err, "building a subquery");
    if (base->plan->kind == RZ_PLAN_SORT) {
        RZ_TRY(rz_top_each_open(base->worker, base->plan, base->input->plan, &op->top, err));
    }
    return rz_op_make_chunk(base, NULL, 0, err);
}

static void collect_begin(op_collect *op)
{
    const rz_worker *worker = op->op.worker;
    op->context = *worker->exec->context;
    op->context.mem = rz_op_account(&op->op);
    op->context.max_threads = 1;
    op->exec = (rz_exec){.context = &op->context,
                         .parameters = worker->exec->parameters,
                         .shared = op->slots,
                         .plan_count = op->op.plan->id + 1,
                         .vector_rows = worker->exec->vector_rows};
    rz_arena_init(&op->exec.arena, op->context.mem);
    op->worker = *worker;
    op->worker.exec = &op->exec;
    op->worker.account = op->context.mem;
    op->worker.evals = NULL;
    op->worker.varying = NULL;
    rz_arena_init(&op->worker.arena, op->context.mem);
    rz_arena_init(&op->worker.scratch, op->context.mem);
    op->worker.fn.scratch = &op->worker.scratch;
    op->running = true;
}

static void collect_end(op_collect *op)
{
    if (!op->running) {
        return;
    }
    if (op->source != NULL) {
        if (op->source->opened && op->source->class->close != NULL) {
            op->source->class->close(op->source);
        }
        rz_arena_free(&op->source->heap);
        op->source = NULL;
    }
    if (op->local != NULL) {
        op->sink->close(&op->worker, op->local);
        op->local = NULL;
    }
    void **shared = &op->slots[op->op.plan->id];
    if (*shared != NULL) {
        op->sink->destroy(&op->exec, *shared);
        *shared = NULL;
    }
    rz_eval_close_all(&op->worker);
    rz_arena_free(&op->worker.scratch);
    rz_arena_free(&op->worker.arena);
    rz_arena_free(&op->exec.arena);
    op->running = false;
}

/* A group for every outer row, with or without input. */
static ruzu_status collect_seed(op_collect *op, rz_error *err)
{
    const rz_plan *plan = op->op.plan;
    const rz_chunk *outer = rz_apply_outer(op->op.outer);
    rz_arena *arena = &op->worker.scratch;
    rz_sel sel = rz_chunk_sel(outer);
    rz_vec **keys = RZ_NEW_ARRAY(arena, rz_vec *, plan->u.aggregate.key_count);
    RZ_TRY_ALLOC(keys, err, "grouping");
    for (uint32_t k = 0; k < plan->u.aggregate.key_count; k++) {
        const rz_expr *key = plan->u.aggregate.keys[k];
        RZ_TRY(rz_vec_create_empty(arena, arena, key->type, &keys[k], err));
        if (key->u.column == plan->row_number) {
            rz_vec_set_sequence(keys[k], 0, 1);
        } else {
            rz_vec_reference(keys[k], outer->columns[rz_plan_position(op->op.outer->input->plan, key->u.column)]);
        }
        if (keys[k]->kind == RZ_VEC_SEQUENCE) {
            RZ_TRY(rz_vec_flatten(keys[k], &sel, err));
        }
    }
    return rz_aggregate_seed(op->local, keys, &sel, err);
}

static ruzu_status collect_consume(op_collect *op, rz_chunk *chunk, rz_error *err)
{
    void *shared = op->slots[op->op.plan->id];
    if (op->top.eval == NULL) {
        return op->sink->consume(&op->worker, shared, op->local, chunk, err);
    }
    rz_sel kept;
    RZ_TRY(rz_top_each_keep(&op->top, chunk, &kept, err));
    rz_chunk narrow = *chunk;
    narrow.sel = kept.rows;
    narrow.sel_count = kept.count;
    return kept.count == 0 ? RUZU_OK : op->sink->consume(&op->worker, shared, op->local, &narrow, err);
}

static ruzu_status collect_rows(op_collect *op, rz_error *err)
{
    rz_op *base = &op->op;
    void **shared = &op->slots[base->plan->id];
    RZ_TRY(op->sink->prepare(&op->exec, base->plan, shared, err));
    RZ_TRY(op->sink->open(&op->worker, base->plan, *shared, &op->local, err));
    if (base->plan->kind == RZ_PLAN_AGGREGATE && base->plan->u.aggregate.every_row) {
        RZ_TRY(collect_seed(op, err));
    }
    rz_top_each_begin(&op->top);
    for (;;) {
        rz_chunk *chunk = NULL;
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
        RZ_TRY(rz_op_next(base->input, &chunk, err));
        if (chunk == NULL) {
            break;
        }
        RZ_TRY(collect_consume(op, chunk, err));
        rz_arena_reset(&op->worker.scratch);
    }
    RZ_TRY(op->sink->combine(&op->worker, *shared, op->local, err));
    op->sink->close(&op->worker, op->local);
    op->local = NULL;
    for (uint32_t i = 0; i < 2; i++) { /* the next chunk's random numbers are others */
        base->worker->fn.random_state[i] = op->worker.fn.random_state[i];
    }
    return op->sink->finish(&op->exec, base->plan, *shared, err);
}

static ruzu_status collect_open_source(op_collect *op, rz_error *err)
{
    const rz_op_class *class = rz_op_class_of(op->op.plan->kind);
    rz_op *source = (rz_op *)rz_arena_calloc(&op->worker.arena, 1, class->size);
    RZ_TRY_ALLOC(source, err, "building a subquery");
    source->class = class;
    source->plan = op->op.plan;
    source->worker = &op->worker;
    source->outer = op->op.outer;
    source->private_source = true;
    rz_arena_init(&source->heap, op->context.mem);
    op->source = source;
    source->opened = true;
    return class->open(source, err);
}

static ruzu_status collect_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_collect *op = (op_collect *)base;
    if (!op->running) {
        collect_begin(op);
        RZ_TRY(collect_rows(op, err));
        RZ_TRY(collect_open_source(op, err));
    }
    return op->source == NULL ? RUZU_OK : op->source->class->next(op->source, out, err);
}

static ruzu_status collect_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    collect_end((op_collect *)base);
    return RUZU_OK;
}

static void collect_close(rz_op *base)
{
    collect_end((op_collect *)base);
}

const rz_op_class rz_op_collect = {
    .name = "COLLECT", .size = sizeof(op_collect), .open = collect_open, .next = collect_next, .rewind = collect_rewind, .close = collect_close,
    .restart = rz_op_restart_plain};
