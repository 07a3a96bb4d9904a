/* SPDX-License-Identifier: MIT */
/*
 * Spreading: a pipeline that begins at one row (a key) and fans out has no morsels at its source, so where the planner says (plan->spread) its rows are dealt out.
 *
 * The part below that place runs once, with a worker of its own that the pipeline's workers drive in turn under a lock; each takes a few rows as a copy and goes on with
 * them by itself. The deal begins small, so that the first worker soon polls and may call others, grows, and becomes small again towards the end of each chunk, so that no worker is
 * left with much to do: how much hangs on a row is not known.
 */
#include "executor/spread.h"

#define SPREAD_FIRST 16u /* rows of the first deal */
#define SPREAD_LEAST 8u

struct rz_spread {
    rz_exec *exec;
    const rz_plan *plan;
    rz_mutex lock;
    rz_worker worker;     /* of the part below; this and what follows: under the lock */
    rz_op *chain;         /* the plan's own operator */
    rz_chunk *chunk;      /* its rows, not all of them dealt yet; or NULL */
    rz_sel sel;           /* of the chunk */
    uint32_t at;          /* in sel */
    uint32_t last;        /* rows of the last deal */
    uint32_t *rows;       /* those of a deal */
    bool opened;          /* worker, and the chain as far as it was built, are to be closed */
    bool suspended;       /* by rz_spread_restart */
    bool ended;
};

typedef struct op_spread {
    rz_op op;
    rz_spread *spread;
    uint64_t *weights;
} op_spread;

ruzu_status rz_spread_create(rz_exec *exec, const rz_plan *plan, rz_spread **out, rz_error *err)
{
    *out = NULL;
    rz_spread *spread = RZ_NEW(&exec->arena, rz_spread);
    RZ_TRY_ALLOC(spread, err, "starting a pipeline");
    spread->exec = exec;
    spread->plan = plan;
    spread->last = SPREAD_FIRST;
    if (rz_mutex_init(&spread->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "starting a pipeline");
    }
    *out = spread;
    return RUZU_OK;
}

void rz_spread_close(rz_spread *spread)
{
    if (spread == NULL) {
        return;
    }
    if (spread->opened) {
        rz_op_close(spread->chain);
        rz_worker_close(&spread->worker);
    }
    rz_mutex_destroy(&spread->lock);
}

ruzu_status rz_spread_restart(rz_spread *spread, rz_error *err)
{
    spread->chunk = NULL;
    spread->last = SPREAD_FIRST;
    spread->ended = false;
    if (spread->opened && !spread->suspended) {
        RZ_TRY(rz_op_restart(spread->chain, err));
        rz_worker_suspend(&spread->worker);
        spread->suspended = true;
    }
    return RUZU_OK;
}

bool rz_spread_feeds(const rz_spread *spread, const rz_worker *worker, const rz_plan *plan)
{
    return spread != NULL && spread->plan == plan && worker != &spread->worker;
}

/* ---- dealing, under the lock ---- */

static ruzu_status spread_start(rz_spread *spread, rz_error *err)
{
    if (spread->suspended) {
        spread->suspended = false;
        return rz_worker_restart(&spread->worker, err);
    }
    if (spread->opened) {
        return RUZU_OK;
    }
    spread->opened = true;
    RZ_TRY(rz_worker_open(spread->exec, 0, &spread->worker, err));
    spread->rows = RZ_NEW_ARRAY(&spread->worker.arena, uint32_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(spread->rows, err, "starting a pipeline");
    return rz_op_build(&spread->worker, spread->plan, NULL, &spread->chain, err);
}

/* The next chunk, unless there are rows left. */
static ruzu_status spread_pull(rz_spread *spread, rz_error *err)
{
    if (spread->chunk != NULL && spread->at < spread->sel.count) {
        return RUZU_OK;
    }
    spread->chunk = NULL;
    if (spread->ended) {
        return RUZU_OK;
    }
    spread->ended = true; /* nobody goes on after a failure */
    RZ_TRY(spread_start(spread, err));
    rz_arena_reset(&spread->worker.scratch);
    RZ_TRY(rz_op_next(spread->chain, &spread->chunk, err));
    if (spread->chunk != NULL) {
        spread->ended = false;
        spread->sel = rz_chunk_sel(spread->chunk);
        spread->at = 0;
    }
    return RUZU_OK;
}

static uint32_t spread_deal_size(const rz_spread *spread)
{
    uint32_t left = spread->sel.count - spread->at;
    uint32_t size = left / (2 * spread->exec->context->max_threads);
    size = size < spread->last * 2 ? size : spread->last * 2;
    size = size < SPREAD_LEAST ? SPREAD_LEAST : size;
    size = size < spread->exec->vector_rows ? size : spread->exec->vector_rows;
    return size < left ? size : left;
}

static ruzu_status spread_deal(op_spread *op, rz_error *err)
{
    rz_spread *spread = op->spread;
    rz_chunk *chunk = op->op.chunk;
    uint32_t count = spread_deal_size(spread);
    for (uint32_t i = 0; i < count; i++) {
        spread->rows[i] = rz_sel_at(&spread->sel, spread->at + i);
    }
    const rz_sel sel = {.rows = spread->rows, .count = count};
    rz_arena_reset(&op->op.heap);
    rz_chunk_reset(chunk);
    for (uint32_t i = 0; i < chunk->column_count; i++) {
        RZ_TRY(rz_vec_copy(chunk->columns[i], 0, spread->chunk->columns[i], &sel, err));
    }
    chunk->count = count;
    chunk->weight = spread->chunk->weight == NULL ? NULL : op->weights;
    for (uint32_t i = 0; chunk->weight != NULL && i < count; i++) {
        op->weights[i] = spread->chunk->weight[spread->rows[i]];
    }
    spread->at += count;
    spread->last = count;
    return RUZU_OK;
}

/* ---- the operator ---- */

static ruzu_status spread_open(rz_op *base, rz_error *err)
{
    op_spread *op = (op_spread *)base;
    rz_arena *arena = &base->worker->arena;
    op->spread = base->worker->exec->spread;
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(op->weights, err, "building an operator");
    return rz_chunk_create(arena, &base->heap, base->plan->types, base->plan->column_count, &base->chunk, err);
}

static ruzu_status spread_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_spread *op = (op_spread *)base;
    rz_mutex_lock(&op->spread->lock);
    ruzu_status status = spread_pull(op->spread, err);
    if (status == RUZU_OK && op->spread->chunk != NULL) {
        status = spread_deal(op, err);
        *out = status == RUZU_OK ? base->chunk : NULL;
    }
    rz_mutex_unlock(&op->spread->lock);
    return status;
}

const rz_op_class rz_op_spread = {.name = "SPREAD", .size = sizeof(op_spread), .open = spread_open, .next = spread_next, .restart = rz_op_restart_plain};
