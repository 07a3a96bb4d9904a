/* SPDX-License-Identifier: MIT */
/*
 * AGGREGATE, giving side: groups as rows, part by part.
 *
 * Results in memory are made once, a late one by the first who takes its part, and then only read, so that several chains may do it at once and again after a rewind. A late one
 * of a common source nobody else will ask for: it is made in memory of the op's own, part after part. A part that waits in records is merged into a table of the op's own.
 */
#include "executor/aggregate.h"

typedef struct op_aggregate {
    rz_op op;
    rz_aggregate_shared *shared;
    uint64_t private_next;
    bool in_unit;
    const rz_group_list *list; /* the part's groups */
    uint64_t at;           /* the next of them */
    rz_group_table *own;   /* of a spilled part */
    rz_vec **own_keys;     /* scratch for merging it */
    rz_group_unite unite;  /* makes late results */
    rz_group_list united;  /* the one at hand, of a common source */
    rz_arena united_arena; /* of its states */
    rz_vec **keys;         /* output vectors by key; NULL: not wanted */
    rz_vec **aggregates;   /* the same by aggregate */
    uint8_t **states;
} op_aggregate;

static ruzu_status aggregate_op_open(rz_op *base, rz_error *err)
{
    op_aggregate *op = (op_aggregate *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    op->shared = (rz_aggregate_shared *)rz_exec_shared(base->worker->exec, plan);
    const rz_group_layout *layout = op->shared->layout;
    rz_group_unite_init(&op->unite, op->shared->mem, layout);
    rz_arena_init(&op->united_arena, op->shared->mem);
    op->keys = RZ_NEW_ARRAY(arena, rz_vec *, layout->key_count);
    op->aggregates = RZ_NEW_ARRAY(arena, rz_vec *, layout->agg_count);
    op->states = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    if (op->keys == NULL || op->aggregates == NULL || op->states == NULL) {
        return rz_error_no_memory(err, "reading groups");
    }
    RZ_TRY(rz_op_make_chunk(base, plan->columns, plan->column_count, err));
    for (uint32_t k = 0; k < layout->key_count; k++) {
        int32_t position = rz_plan_position(plan, plan->u.aggregate.key_columns[k]);
        op->keys[k] = position < 0 ? NULL : base->chunk->columns[position];
    }
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        int32_t position = rz_plan_position(plan, plan->u.aggregate.aggregate_columns[a]);
        op->aggregates[a] = position < 0 ? NULL : base->chunk->columns[position];
    }
    return RUZU_OK;
}

static ruzu_status aggregate_op_load(op_aggregate *op, uint32_t part, rz_error *err)
{
    rz_aggregate_shared *shared = op->shared;
    rz_worker *worker = op->op.worker;
    if (op->own == NULL) {
        RZ_TRY(rz_aggregate_key_vecs(&worker->arena, shared->layout, &op->own_keys, err));
        RZ_TRY(rz_group_table_create(shared->mem, shared->layout, RZ_SPILL_BITS, RZ_GROUP_NO_LIMIT, &op->own, err));
    }
    rz_group_table_clear(op->own);
    if (shared->parts[part] == NULL) {
        return RUZU_OK;
    }
    rz_agg_context context = {.arena = &op->own->arena, .fn = &worker->fn};
    return rz_group_load(op->own, worker->exec, &context, shared->parts[part], op->own_keys, err);
}

/* The result of a late part. A common source gives out each part once; chains that each read all parts meet here. */
static ruzu_status aggregate_op_unite(op_aggregate *op, uint32_t part, rz_error *err)
{
    rz_aggregate_shared *shared = op->shared;
    rz_worker *worker = op->op.worker;
    if (!op->op.private_source) {
        op->united.count = 0;
        rz_arena_reset(&op->united_arena);
        op->list = &op->united;
        return rz_aggregate_unite(worker, shared, &op->unite, part, &op->united_arena, &op->united, err);
    }
    rz_mutex_lock(&shared->lock);
    ruzu_status status = shared->results[part] == NULL ? rz_aggregate_unite_shared(worker, shared, &op->unite, part, err) : RUZU_OK;
    op->list = status == RUZU_OK ? &shared->results[part]->list : NULL;
    rz_mutex_unlock(&shared->lock);
    return status;
}

/* Takes the next part; *out_ended when there is none. */
static ruzu_status aggregate_op_take(op_aggregate *op, bool *out_ended, rz_error *err)
{
    rz_aggregate_shared *shared = op->shared;
    uint64_t part = 0;
    *out_ended = !rz_morsel_take(&shared->source, op->op.private_source, &op->private_next, &part);
    if (*out_ended) {
        return RUZU_OK;
    }
    if (shared->spilled) {
        RZ_TRY(aggregate_op_load(op, (uint32_t)part, err));
        op->list = &op->own->list;
    } else if (shared->late) {
        RZ_TRY(aggregate_op_unite(op, (uint32_t)part, err));
    } else {
        op->list = &shared->results[part]->list;
    }
    op->at = 0;
    op->in_unit = true;
    return RUZU_OK;
}

static ruzu_status aggregate_op_emit(op_aggregate *op, uint8_t *const *groups, uint32_t count, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_group_layout *layout = op->shared->layout;
    rz_arena_reset(&base->heap);
    rz_chunk_reset(base->chunk);
    RZ_TRY(rz_group_read_keys(layout, groups, count, op->keys, err));
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        if (op->aggregates[a] == NULL) {
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            op->states[i] = groups[i] + layout->state_offs[a];
        }
        RZ_TRY(layout->aggs[a]->agg->finish(layout->aggs[a], &base->worker->fn, op->states, count, op->aggregates[a], 0, err));
    }
    base->chunk->count = count;
    return RUZU_OK;
}

static ruzu_status aggregate_op_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_aggregate *op = (op_aggregate *)base;
    for (;;) {
        if (!op->in_unit) {
            bool ended = false;
            RZ_TRY(aggregate_op_take(op, &ended, err));
            if (ended) {
                return RUZU_OK;
            }
        }
        uint64_t left = op->list->count - op->at;
        uint32_t count = left < base->worker->exec->vector_rows ? (uint32_t)left : base->worker->exec->vector_rows;
        if (count != 0) {
            RZ_TRY(aggregate_op_emit(op, op->list->groups + op->at, count, err));
            op->at += count;
            *out = base->chunk;
            return RUZU_OK;
        }
        op->in_unit = false;
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status aggregate_op_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_aggregate *op = (op_aggregate *)base;
    op->private_next = 0;
    op->in_unit = false;
    return RUZU_OK;
}

static void aggregate_op_close(rz_op *base)
{
    op_aggregate *op = (op_aggregate *)base;
    if (op->shared != NULL) {
        rz_group_unite_deinit(&op->unite);
        rz_group_list_free(op->shared->mem, &op->united);
        rz_arena_free(&op->united_arena);
    }
    rz_group_table_free(op->own);
}

static uint64_t aggregate_op_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const rz_aggregate_shared *)rz_exec_shared(exec, plan))->unit_count;
}

const rz_op_class rz_op_aggregate = {.name = "AGGREGATE",
                                     .size = sizeof(op_aggregate),
                                     .open = aggregate_op_open,
                                     .next = aggregate_op_next,
                                     .rewind = aggregate_op_rewind,
                                     .restart = rz_op_restart_plain,
                                     .close = aggregate_op_close,
                                     .units = aggregate_op_units};
