/* SPDX-License-Identifier: MIT */
/*
 * REUSE: rows of a sub-plan that occurs several times (planner/plan_reuse.c). The first one has the sub-plan for its child and is its sink: it keeps the rows, with their weights. It and the
 * others, which have no child, give them on; workers of a pipeline share a cursor.
 *
 * Kept rows go to temporary pages like those of any sink. Which row comes first is not said.
 */
#include "executor/op.h"

typedef struct share_rows {
    rz_mutex lock;
    bool locked;              /* the lock is there */
    rz_rowset *rows;          /* owned by the sink's */
    const rz_type **types;    /* of the kept columns, and of the weight */
    uint32_t width;           /* of types */
    rz_rowset_cursor cursor;  /* of the pipeline that reads here; under the lock */
} share_rows;

static ruzu_status share_create(rz_exec *exec, share_rows **out, rz_error *err)
{
    share_rows *shared = RZ_NEW(&exec->arena, share_rows);
    RZ_TRY_ALLOC(shared, err, "keeping rows");
    *out = shared;
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "keeping rows");
    }
    shared->locked = true;
    return RUZU_OK;
}

static void share_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    share_rows *shared = (share_rows *)shared_object;
    rz_rowset_free(shared->rows);
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

/* ---- keeping ---- */

static ruzu_status share_rowset(rz_exec *exec, const rz_plan *plan, const share_rows *shared, rz_rowset **out, rz_error *err)
{
    return rz_rowset_create(rz_exec_account(exec, plan), rz_store_pool(rz_txn_store(exec->context->txn)), shared->types, shared->width, out, err);
}

static ruzu_status share_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    const rz_plan *input = plan->children[0];
    share_rows *shared = NULL;
    ruzu_status status = share_create(exec, &shared, err);
    *out = shared;
    RZ_TRY(status);
    shared->types = RZ_NEW_ARRAY(&exec->arena, const rz_type *, (size_t)input->column_count + 1);
    RZ_TRY_ALLOC(shared->types, err, "keeping rows");
    for (uint32_t i = 0; i < input->column_count; i++) {
        shared->types[i] = input->types[i];
    }
    shared->types[input->column_count] = rz_type_of(RUZU_TYPE_UINT64);
    shared->width = input->column_count + 1;
    return share_rowset(exec, plan, shared, &shared->rows, err);
}

typedef struct share_local {
    rz_rowset *rows;
    rz_vec **vecs;
    rz_vec **flats; /* the last one: weights */
    uint32_t width;
} share_local;

static ruzu_status share_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    const share_rows *shared = (const share_rows *)shared_object;
    rz_arena *arena = &worker->arena;
    share_local *local = RZ_NEW(arena, share_local);
    RZ_TRY_ALLOC(local, err, "keeping rows");
    *out = local;
    local->width = shared->width;
    local->vecs = RZ_NEW_ARRAY(arena, rz_vec *, shared->width);
    local->flats = RZ_NEW_ARRAY(arena, rz_vec *, shared->width);
    if (local->vecs == NULL || local->flats == NULL) {
        return rz_error_no_memory(err, "keeping rows");
    }
    for (uint32_t i = 0; i + 1 < shared->width; i++) {
        RZ_TRY(rz_vec_create_empty(arena, &worker->scratch, shared->types[i], &local->flats[i], err));
    }
    RZ_TRY(rz_vec_create(arena, arena, shared->types[shared->width - 1], RZ_VECTOR_CAPACITY, &local->flats[shared->width - 1], err));
    return share_rowset(worker->exec, plan, shared, &local->rows, err);
}

static ruzu_status share_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    (void)worker;
    (void)shared_object;
    share_local *local = (share_local *)local_object;
    rz_sel sel = rz_chunk_sel(chunk);
    uint32_t last = local->width - 1;
    uint64_t *weights = (uint64_t *)local->flats[last]->data;
    for (uint32_t i = 0; i < last; i++) {
        local->vecs[i] = chunk->columns[i];
        if (local->vecs[i]->kind == RZ_VEC_SEQUENCE) {
            rz_vec_reset(local->flats[i]);
            rz_vec_reference(local->flats[i], local->vecs[i]);
            RZ_TRY(rz_vec_flatten(local->flats[i], &sel, err));
            local->vecs[i] = local->flats[i];
        }
    }
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        weights[row] = chunk->weight == NULL ? 1 : chunk->weight[row];
    }
    local->vecs[last] = local->flats[last];
    return rz_rowset_append(local->rows, local->vecs, &sel, err);
}

static ruzu_status share_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    share_rows *shared = (share_rows *)shared_object;
    share_local *local = (share_local *)local_object;
    rz_mutex_lock(&shared->lock);
    ruzu_status status = rz_rowset_take(shared->rows, local->rows, err);
    rz_mutex_unlock(&shared->lock);
    if (status == RUZU_OK) {
        local->rows = NULL;
    }
    return status;
}

static void share_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    rz_rowset_free(((share_local *)local_object)->rows);
}

static ruzu_status share_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)exec;
    (void)plan;
    (void)err;
    rz_rowset_seal(((share_rows *)shared_object)->rows);
    return RUZU_OK;
}

const rz_sink_class rz_sink_reuse = {.prepare = share_prepare,
                                     .open = share_open,
                                     .consume = share_consume,
                                     .combine = share_combine,
                                     .close = share_close,
                                     .finish = share_finish,
                                     .destroy = share_destroy};

/* ---- giving on ---- */

typedef struct op_reuse {
    rz_op op;
    share_rows *shared;       /* whose cursor is used */
    const share_rows *kept;   /* whose rows are read */
    rz_chunk *whole;          /* all kept columns */
    rz_rowset_cursor cursor;  /* inside an APPLY: every chain reads all rows */
} op_reuse;

/* Of one without a child; the first one's is its sink's. */
static ruzu_status share_op_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    (void)plan;
    share_rows *shared = NULL;
    ruzu_status status = share_create(exec, &shared, err);
    *out = shared;
    return status;
}

static const share_rows *share_kept(const rz_exec *exec, const rz_plan *plan)
{
    return (const share_rows *)rz_exec_shared(exec, plan->u.reuse.source == NULL ? plan : plan->u.reuse.source);
}

static ruzu_status share_op_open(rz_op *base, rz_error *err)
{
    op_reuse *op = (op_reuse *)base;
    op->shared = (share_rows *)rz_exec_shared(base->worker->exec, base->plan);
    op->kept = share_kept(base->worker->exec, base->plan);
    RZ_TRY(rz_chunk_create(&base->worker->arena, &base->heap, op->kept->types, op->kept->width, &op->whole, err));
    return rz_op_make_chunk(base, NULL, 0, err);
}

static ruzu_status share_op_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_reuse *op = (op_reuse *)base;
    const rz_plan *plan = base->plan;
    uint32_t count = 0;
    rz_arena_reset(&base->heap);
    rz_chunk_reset(op->whole);
    if (base->private_source) {
        RZ_TRY(rz_rowset_read(op->kept->rows, &op->cursor, op->whole->columns, base->worker->exec->vector_rows, &count, err));
    } else {
        rz_mutex_lock(&op->shared->lock);
        ruzu_status status = rz_rowset_read(op->kept->rows, &op->shared->cursor, op->whole->columns, base->worker->exec->vector_rows, &count, err);
        rz_mutex_unlock(&op->shared->lock);
        RZ_TRY(status);
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        rz_vec_reference(base->chunk->columns[i], op->whole->columns[plan->u.reuse.positions[i]]);
    }
    base->chunk->count = count;
    base->chunk->weight = plan->weighted ? (uint64_t *)op->whole->columns[op->kept->width - 1]->data : NULL;
    *out = count == 0 ? NULL : base->chunk;
    return RUZU_OK;
}

static ruzu_status share_op_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_reuse *)base)->cursor = (rz_rowset_cursor){0};
    return RUZU_OK;
}

static uint64_t share_op_units(const rz_exec *exec, const rz_plan *plan)
{
    return rz_rowset_count(share_kept(exec, plan)->rows) / RZ_VECTOR_CAPACITY + 1;
}

const rz_op_class rz_op_reuse = {.name = "REUSE",
                                 .size = sizeof(op_reuse),
                                 .open = share_op_open,
                                 .next = share_op_next,
                                 .rewind = share_op_rewind,
                                 .prepare = share_op_prepare,
                                 .destroy = share_destroy,
                                 .units = share_op_units};
