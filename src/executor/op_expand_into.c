/* SPDX-License-Identifier: MIT */
/*
 * EXPAND_INTO: both ends are known: one row per relationship between them.
 *
 * Without a relationship column, rows without a connection are dropped and the number of parallel relationships goes into the weight (or, where the plan is not
 * weighted, the row is repeated). Runs of rows with the same source share one decoded list; lists that are probed again and again are kept decoded (near_cache.h); other rows search the
 * packed list.
 */
#include "executor/near_cache.h"

#define INTO_AHEAD 8u /* rows between fetching a kept list and probing it */

typedef struct op_expand_into {
    rz_op op;
    rz_hops hops;
    int32_t to_position;      /* of the bound end in the input */
    int32_t rel_position;     /* in the output, or -1 */
    const int32_t *positions;
    rz_near_list near;
    rz_near_cache cache;      /* without relationships */
    uint32_t *lookups;        /* rows whose lists are not kept */
    rz_rel_ref *found;        /* relationships of the current output chunk */
    uint32_t *index;
    uint64_t *weights;
    rz_vec **in_vecs;
    rz_vec **out_vecs;
    rz_vec **flat_inputs;
    uint32_t pass_count;
    rz_chunk *input;
    rz_sel sel;
    rz_view to_view;
    rz_vec *to_flat;
    uint32_t at_row, at_hop, at_entry;
    uint32_t at_copy;         /* without relationships and weights: copies of the current row already given */
    uint64_t *counts;         /* per row of the input: number of connections */
} op_expand_into;

static ruzu_status into_open(rz_op *base, rz_error *err)
{
    op_expand_into *op = (op_expand_into *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    RZ_TRY(rz_hops_open(base->worker, &plan->u.expand, base->input->plan, &op->hops, err));
    RZ_TRY(rz_op_make_chunk(base, &plan->u.expand.rel, 1, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->rel_position = rz_plan_position(plan, plan->u.expand.rel);
    op->to_position = rz_plan_position(base->input->plan, plan->u.expand.to);
    op->near.of = UINT64_MAX;
    op->near.arena = arena;
    rz_near_cache_open(&op->cache, &op->hops);
    op->cache.able = op->cache.able && op->rel_position < 0;
    op->lookups = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->counts = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    if (op->index == NULL || op->lookups == NULL || op->weights == NULL || op->counts == NULL || op->in_vecs == NULL || op->out_vecs == NULL || op->flat_inputs == NULL) {
        return rz_error_no_memory(err, "building a probe");
    }
    if (op->to_position < 0) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of a probe", plan->u.expand.to);
    }
    return RUZU_OK;
}

/* Finds the lists of the rows, but of those whose nodes' lists are kept. */
static ruzu_status into_lookup(op_expand_into *op, rz_error *err)
{
    rz_near_cache_begin(&op->cache, &op->sel);
    if (op->cache.list_count == 0) {
        return rz_hops_lookup(&op->hops, &op->sel, err);
    }
    rz_sel unknown = {.rows = op->lookups, .count = 0};
    for (uint32_t i = 0; i < op->sel.count; i++) {
        uint32_t row = rz_sel_at(&op->sel, i);
        op->lookups[unknown.count] = row;
        unknown.count += rz_near_cache_find(&op->cache, op->hops.ids[row]) == NULL;
    }
    return unknown.count == 0 ? RUZU_OK : rz_hops_lookup(&op->hops, &unknown, err);
}

static ruzu_status into_take_input(op_expand_into *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->input, err));
    if (op->input == NULL) {
        return RUZU_OK;
    }
    rz_sel sel = rz_chunk_sel(op->input);
    RZ_TRY(rz_hops_ids(&op->hops, op->input, &sel, &op->sel, err));
    RZ_TRY(into_lookup(op, err));
    RZ_TRY(rz_op_flat_input(base, op->input, op->to_position, op->flat_inputs, &op->to_flat, err));
    rz_vec_view(op->to_flat, &op->to_view);
    op->at_row = op->at_hop = op->at_entry = op->at_copy = 0;
    op->pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->positions[i] >= 0 && (int32_t)i != op->rel_position) {
            RZ_TRY(rz_op_flat_input(base, op->input, op->positions[i], op->flat_inputs, &op->in_vecs[op->pass_count], err));
            op->out_vecs[op->pass_count++] = base->chunk->columns[i];
        }
    }
    return RUZU_OK;
}

/* Id of the bound end in a row; UINT64_MAX for NULL. */
static rz_id into_target(const op_expand_into *op, uint32_t row)
{
    uint32_t at = rz_view_at(&op->to_view, row);
    return rz_view_valid(&op->to_view, at) ? ((const rz_id *)op->to_view.data)[at] : UINT64_MAX;
}

/* Entries of hop h's list that lead to `to`. */
static ruzu_status into_find(op_expand_into *op, uint32_t h, uint32_t row, rz_id to, uint32_t *out_first, uint32_t *out_count, rz_error *err)
{
    const rz_hop *hop = &op->hops.expand->hops[h];
    *out_first = *out_count = 0;
    if (rz_id_table(to) != hop->to_table || op->hops.slices[h][row].length == 0 || (op->hops.skips_loops[h] && to == op->hops.ids[row])) {
        return RUZU_OK;
    }
    return rz_adj_find(op->hops.readers[h], hop->direction, &op->hops.slices[h][row], rz_id_offset(to), out_first, out_count, err);
}

/* Number of connections of every selected row. */
static ruzu_status into_count(op_expand_into *op, rz_error *err)
{
    for (uint32_t i = 0; i < op->sel.count; i++) {
        uint32_t row = rz_sel_at(&op->sel, i);
        rz_id to = into_target(op, row);
        op->counts[row] = 0;
        if (i + INTO_AHEAD < op->sel.count) {
            rz_near_cache_prefetch(&op->cache, op->hops.ids[rz_sel_at(&op->sel, i + INTO_AHEAD)]);
        }
        if (to == UINT64_MAX) {
            continue;
        }
        rz_id from = op->hops.ids[row];
        const rz_near_kept *kept = rz_near_cache_find(&op->cache, from);
        if (kept != NULL) {
            op->counts[row] = rz_near_kept_count(&op->cache, kept, to);
            continue;
        }
        bool again = rz_near_cache_again(&op->cache, from);
        bool repeats = again || op->near.of == from || (i + 2 < op->sel.count && op->hops.ids[rz_sel_at(&op->sel, i + 1)] == from && op->hops.ids[rz_sel_at(&op->sel, i + 2)] == from);
        if (repeats) {
            RZ_TRY(rz_hops_near(&op->hops, row, &op->near, err));
            op->counts[row] = rz_near_count(&op->near, to);
            if (again) {
                rz_near_cache_keep(&op->cache, &op->near);
            }
            continue;
        }
        for (uint32_t h = 0; h < op->hops.expand->hop_count; h++) {
            uint32_t first = 0;
            uint32_t count = 0;
            RZ_TRY(into_find(op, h, row, to, &first, &count, err));
            op->counts[row] += count;
        }
    }
    return RUZU_OK;
}

static ruzu_status into_emit(op_expand_into *op, uint32_t count, rz_chunk **out, rz_error *err)
{
    rz_chunk *chunk = op->op.chunk;
    RZ_TRY(rz_vec_slice_many(op->out_vecs, (const rz_vec *const *)op->in_vecs, op->pass_count, op->index, count, err));
    chunk->count = count;
    chunk->sel = NULL;
    chunk->weight = NULL;
    if (op->input->weight != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            op->weights[i] = op->input->weight[op->index[i]];
        }
        chunk->weight = op->weights;
    }
    *out = chunk;
    return RUZU_OK;
}

/* Weighted: the input's rows pass on in place, with a narrower selection and larger weights. */
static ruzu_status into_next_weighted(op_expand_into *op, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    for (;;) {
        RZ_TRY(into_take_input(op, err));
        if (op->input == NULL) {
            return RUZU_OK;
        }
        RZ_TRY(into_count(op, err));
        uint32_t kept = 0;
        bool all_one = op->input->weight == NULL;
        for (uint32_t i = 0; i < op->sel.count; i++) {
            uint32_t row = rz_sel_at(&op->sel, i);
            if (op->counts[row] != 0) {
                uint64_t weight = op->input->weight == NULL ? 1 : op->input->weight[row];
                op->index[kept++] = row;
                if (RZ_UNLIKELY(rz_mul_overflow(op->counts[row], weight, &op->weights[row]))) {
                    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)weight,
                                        (unsigned long long)op->counts[row]);
                }
                all_one = all_one && op->counts[row] == 1;
            }
        }
        if (kept != 0) {
            rz_op_pass(base, op->input, op->positions);
            base->chunk->sel = op->index;
            base->chunk->sel_count = kept;
            base->chunk->weight = all_one ? NULL : op->weights;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

/* Neither weights nor relationships: rows repeated by their count. */
static void into_fill_copies(op_expand_into *op, uint32_t limit, uint32_t *out_count)
{
    uint32_t count = 0;
    while (op->at_row < op->sel.count && count < limit) {
        uint32_t row = rz_sel_at(&op->sel, op->at_row);
        if (op->at_copy == op->counts[row]) {
            op->at_copy = 0;
            op->at_row++;
            continue;
        }
        op->index[count++] = row;
        op->at_copy++;
    }
    *out_count = count;
}

static ruzu_status into_fill_rels(op_expand_into *op, uint32_t limit, uint32_t *out_count, rz_error *err)
{
    rz_rel_ref *refs = (rz_rel_ref *)op->op.chunk->columns[op->rel_position]->data;
    uint32_t count = 0;
    while (op->at_row < op->sel.count && count < limit) {
        uint32_t row = rz_sel_at(&op->sel, op->at_row);
        const rz_hop *hop = &op->hops.expand->hops[op->at_hop];
        rz_id to = into_target(op, row);
        uint32_t first = 0;
        uint32_t found = 0;
        if (to != UINT64_MAX) {
            RZ_TRY(into_find(op, op->at_hop, row, to, &first, &found, err));
        }
        while (op->at_entry < found && count < limit) {
            rz_id neighbour;
            uint64_t rel;
            RZ_TRY(rz_adj_read(op->hops.readers[op->at_hop], hop->direction, &op->hops.slices[op->at_hop][row], first + op->at_entry, 1, 0, &neighbour,
                               rz_id_make(hop->pair, 0), &rel, err));
            rz_id from = op->hops.ids[row];
            refs[count] = (rz_rel_ref){.src = hop->direction == RZ_FORWARD ? from : to, .dst = hop->direction == RZ_FORWARD ? to : from, .rel = rel};
            op->index[count++] = row;
            op->at_entry++;
        }
        if (op->at_entry >= found) {
            op->at_entry = 0;
            if (++op->at_hop == op->hops.expand->hop_count) {
                op->at_hop = 0;
                op->at_row++;
            }
        }
    }
    *out_count = count;
    return RUZU_OK;
}

static ruzu_status into_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_expand_into *op = (op_expand_into *)base;
    if (base->plan->u.expand.hop_count == 0) {
        return RUZU_OK;
    }
    if (op->rel_position < 0 && base->plan->weighted) {
        return into_next_weighted(op, out, err);
    }
    for (;;) {
        if (op->input == NULL || op->at_row == op->sel.count) {
            RZ_TRY(into_take_input(op, err));
            if (op->input == NULL) {
                return RUZU_OK;
            }
            if (op->rel_position < 0) {
                RZ_TRY(into_count(op, err));
            }
        }
        uint32_t count = 0;
        if (op->rel_position < 0) {
            into_fill_copies(op, base->worker->exec->vector_rows, &count);
        } else {
            rz_vec_reset(base->chunk->columns[op->rel_position]);
            RZ_TRY(into_fill_rels(op, base->worker->exec->vector_rows, &count, err));
        }
        if (count != 0) {
            return into_emit(op, count, out, err);
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status into_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_expand_into *)base)->input = NULL;
    return RUZU_OK;
}

static void into_close(rz_op *base)
{
    rz_near_cache_close(&((op_expand_into *)base)->cache);
}

const rz_op_class rz_op_expand_into = {
    .name = "EXPAND_INTO", .size = sizeof(op_expand_into), .open = into_open, .next = into_next, .rewind = into_rewind, .close = into_close};
