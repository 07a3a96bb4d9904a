/* SPDX-License-Identifier: MIT */
/*
 * CROSS joins: every probe row with every build row. Build rows are read in batches; for each batch all rows of the probe's chunk go over it, and both sides become
 * dictionaries. A build side of one batch is read once.
 */
#include "executor/join.h"

#include <string.h>

struct rz_join_cross {
    const rz_join_shared *shared;
    rz_arena heap;           /* strings of the batch */
    rz_vec **batch;          /* payload, weight */
    uint32_t batch_count;
    rz_rowset_cursor cursor; /* behind the batch */
    bool whole;              /* the batch is the whole build side */
    rz_chunk *input;
    rz_sel sel;
    uint32_t at_row;         /* of sel */
    uint32_t at_build;       /* of the batch */
    uint32_t *probe_index;
    uint32_t *build_index;
    uint64_t *weights;
    rz_vec **in_vecs, **out_vecs, **flats;
    rz_vec **build_out;      /* output vectors of the payload */
    uint32_t pass_count;
};

ruzu_status rz_join_cross_open(rz_op *op, const rz_join_shared *shared, rz_join_cross **out, rz_error *err)
{
    rz_arena *arena = &op->worker->arena;
    const rz_plan *plan = op->plan;
    uint32_t payload_count = shared->columns.payload_count;
    rz_join_cross *cross = RZ_NEW(arena, rz_join_cross);
    RZ_TRY_ALLOC(cross, err, "building a join");
    cross->shared = shared;
    rz_arena_init(&cross->heap, rz_op_account(op));
    *out = cross;
    cross->batch = RZ_NEW_ARRAY(arena, rz_vec *, payload_count + 1);
    cross->build_out = RZ_NEW_ARRAY(arena, rz_vec *, payload_count);
    cross->probe_index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    cross->build_index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    cross->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    cross->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    cross->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    cross->flats = RZ_NEW_ARRAY(arena, rz_vec *, op->input->plan->column_count);
    if (cross->batch == NULL || cross->build_out == NULL || cross->probe_index == NULL || cross->build_index == NULL || cross->weights == NULL ||
        cross->in_vecs == NULL || cross->out_vecs == NULL || cross->flats == NULL) {
        return rz_error_no_memory(err, "building a join");
    }
    RZ_TRY(rz_op_make_chunk(op, NULL, 0, err));
    for (uint32_t c = 0; c <= payload_count; c++) {
        RZ_TRY(rz_vec_create(arena, &cross->heap, shared->row_types[c], RZ_VECTOR_CAPACITY, &cross->batch[c], err));
    }
    for (uint32_t c = 0; c < payload_count; c++) {
        cross->build_out[c] = op->chunk->columns[shared->columns.payload[c]];
    }
    return RUZU_OK;
}

static ruzu_status cross_read_batch(rz_join_cross *cross, rz_error *err)
{
    rz_arena_reset(&cross->heap);
    for (uint32_t c = 0; c <= cross->shared->columns.payload_count; c++) {
        rz_vec_reset(cross->batch[c]);
    }
    cross->at_row = cross->at_build = 0;
    return rz_rowset_read(cross->shared->rows, &cross->cursor, cross->batch, RZ_VECTOR_CAPACITY, &cross->batch_count, err);
}

/* Takes the next probe chunk and the first batch for it. */
static ruzu_status cross_take_input(rz_op *op, rz_join_cross *cross, rz_error *err)
{
    RZ_TRY(rz_op_next(op->input, &cross->input, err));
    if (cross->input == NULL) {
        return RUZU_OK;
    }
    cross->sel = rz_chunk_sel(cross->input);
    cross->pass_count = 0;
    for (uint32_t i = 0; i < op->plan->column_count; i++) {
        int32_t position = cross->shared->columns.probe[i];
        if (position >= 0) {
            RZ_TRY(rz_op_flat_input(op, cross->input, position, cross->flats, &cross->in_vecs[cross->pass_count], err));
            cross->out_vecs[cross->pass_count++] = op->chunk->columns[i];
        }
    }
    if (cross->whole) {
        cross->at_row = cross->at_build = 0;
        return RUZU_OK;
    }
    memset(&cross->cursor, 0, sizeof cross->cursor);
    RZ_TRY(cross_read_batch(cross, err));
    cross->whole = cross->batch_count == cross->shared->row_count;
    return RUZU_OK;
}

static ruzu_status cross_emit(rz_op *op, rz_join_cross *cross, uint32_t limit, rz_error *err)
{
    uint32_t count = 0;
    while (count < limit && cross->at_row < cross->sel.count) {
        uint32_t row = rz_sel_at(&cross->sel, cross->at_row);
        uint32_t left = cross->batch_count - cross->at_build;
        uint32_t take = left < limit - count ? left : limit - count;
        for (uint32_t i = 0; i < take; i++) {
            cross->probe_index[count + i] = row;
            cross->build_index[count + i] = cross->at_build + i;
        }
        count += take;
        cross->at_build += take;
        if (cross->at_build == cross->batch_count) {
            cross->at_build = 0;
            cross->at_row++;
        }
    }
    uint32_t payload_count = cross->shared->columns.payload_count;
    RZ_TRY(rz_vec_slice_many(cross->out_vecs, (const rz_vec *const *)cross->in_vecs, cross->pass_count, cross->probe_index, count, err));
    RZ_TRY(rz_vec_slice_many(cross->build_out, (const rz_vec *const *)cross->batch, payload_count, cross->build_index, count, err));
    op->chunk->count = count;
    op->chunk->sel = NULL;
    op->chunk->weight = NULL;
    if (cross->input->weight != NULL || cross->shared->weighted) {
        const uint64_t *build = (const uint64_t *)cross->batch[payload_count]->data;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t weight = cross->input->weight == NULL ? 1 : cross->input->weight[cross->probe_index[i]];
            if (RZ_UNLIKELY(rz_mul_overflow(build[cross->build_index[i]], weight, &cross->weights[i]))) {
                return rz_join_overflow(build[cross->build_index[i]], weight, err);
            }
        }
        op->chunk->weight = cross->weights;
    }
    return RUZU_OK;
}

ruzu_status rz_join_cross_next(rz_op *op, rz_join_cross *cross, rz_chunk **out, rz_error *err)
{
    if (cross->shared->row_count == 0) {
        return RUZU_OK;
    }
    for (;;) {
        if (cross->input == NULL) {
            RZ_TRY(cross_take_input(op, cross, err));
            if (cross->input == NULL) {
                return RUZU_OK;
            }
        }
        if (cross->at_row < cross->sel.count) {
            RZ_TRY(cross_emit(op, cross, op->worker->exec->vector_rows, err));
            *out = op->chunk;
            return RUZU_OK;
        }
        if (!cross->whole) {
            RZ_TRY(cross_read_batch(cross, err));
        }
        if (cross->whole || cross->batch_count == 0) {
            cross->input = NULL;
        }
        RZ_TRY(rz_exec_poll(op->worker->exec, err));
    }
}

void rz_join_cross_rewind(rz_join_cross *cross)
{
    cross->input = NULL;
}

void rz_join_cross_close(rz_join_cross *cross)
{
    if (cross != NULL) {
        rz_arena_free(&cross->heap);
    }
}
