/* SPDX-License-Identifier: MIT */
/*
 * EXPAND: from each input row to the neighbours of a node, one output row each.
 *
 * The input chunk is looked up once (slices, nothing decoded); then lists are decoded straight into the output's vectors until a chunk is full. With one hop, or several with short
 * lists, many lists are decoded at once, hop after hop; long lists of several hops are decoded row after row, so that rows of one node stay together. Columns of the input become dictionaries
 * over its chunk: nothing is copied. The place where a chunk ended (row, hop, entry) is where the next one begins.
 */
#include "executor/hops.h"

#define EXPAND_SHORT_LIST 16u /* entries a row and hop on average, up to which hops are walked one after the other */

typedef struct op_expand {
    rz_op op;
    rz_hops hops;
    const int32_t *positions; /* output column → input column, -1: made here */
    int32_t to_position;
    int32_t rel_position;
    rz_vec **in_vecs;         /* columns passed on, and where */
    rz_vec **out_vecs;
    uint32_t pass_count;
    rz_vec **flat_inputs;     /* flattened SEQUENCE columns of the current input, by input position */
    uint32_t *index;          /* output row → input row */
    uint64_t *weights;
    rz_id *neighbours;        /* when `to` is not wanted but needed for relationships */
    uint64_t *rels;
    uint32_t *kept;           /* selection after the filters */
    rz_eval **filters;
    rz_chunk *input;
    rz_sel sel;
    uint32_t at_row, at_hop, at_entry;
    bool by_hop;              /* hop after hop for this input */
} op_expand;

static ruzu_status expand_open(rz_op *base, rz_error *err)
{
    op_expand *op = (op_expand *)base;
    const rz_plan *plan = base->plan;
    const rz_plan_expand *expand = &plan->u.expand;
    rz_arena *arena = &base->worker->arena;
    const uint32_t own[2] = {expand->to, expand->rel};
    RZ_TRY(rz_hops_open(base->worker, expand, base->input->plan, &op->hops, err));
    RZ_TRY(rz_op_make_chunk(base, own, 2, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->to_position = rz_plan_position(plan, expand->to);
    op->rel_position = rz_plan_position(plan, expand->rel);
    op->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->neighbours = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    op->rels = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->filters = RZ_NEW_ARRAY(arena, rz_eval *, expand->filter_count);
    if (op->in_vecs == NULL || op->out_vecs == NULL || op->flat_inputs == NULL || op->index == NULL || op->weights == NULL || op->neighbours == NULL ||
        op->rels == NULL || op->kept == NULL || op->filters == NULL) {
        return rz_error_no_memory(err, "building an expansion");
    }
    for (uint32_t i = 0; i < expand->filter_count; i++) {
        RZ_TRY(rz_eval_create(base->worker, expand->filters[i], plan->columns, plan->column_count, &op->filters[i], err));
    }
    return RUZU_OK;
}

ruzu_status rz_op_flat_input(rz_op *base, rz_chunk *input, int32_t position, rz_vec **flats, rz_vec **out, rz_error *err)
{
    rz_vec *column = input->columns[position];
    *out = column;
    if (column->kind != RZ_VEC_SEQUENCE) {
        return RUZU_OK;
    }
    if (flats[position] == NULL) {
        RZ_TRY(rz_vec_create(&base->worker->arena, &base->heap, column->type, RZ_VECTOR_CAPACITY, &flats[position], err));
    }
    rz_sel sel = rz_chunk_sel(input);
    rz_vec_reset(flats[position]);
    rz_vec_reference(flats[position], column);
    *out = flats[position];
    return rz_vec_flatten(flats[position], &sel, err);
}

/* Are so few entries in the lists of all hops that finding each would cost more than reading it? */
static bool expand_lists_are_short(const op_expand *op)
{
    uint32_t hop_count = op->hops.expand->hop_count;
    uint64_t entries = 0;
    for (uint32_t h = 0; h < hop_count && hop_count > 1; h++) {
        for (uint32_t i = 0; i < op->sel.count; i++) {
            entries += op->hops.slices[h][rz_sel_at(&op->sel, i)].length;
        }
    }
    return entries <= (uint64_t)op->sel.count * hop_count * EXPAND_SHORT_LIST;
}

/* Takes the next input chunk: ids, slices, and the columns that are passed on (flattened where they are sequences). */
static ruzu_status expand_take_input(op_expand *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->input, err));
    if (op->input == NULL) {
        return RUZU_OK;
    }
    rz_sel sel = rz_chunk_sel(op->input);
    RZ_TRY(rz_hops_ids(&op->hops, op->input, &sel, &op->sel, err));
    RZ_TRY(rz_hops_lookup(&op->hops, &op->sel, err));
    op->at_row = op->at_hop = op->at_entry = 0;
    op->by_hop = expand_lists_are_short(op);
    op->pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->positions[i] < 0 || (int32_t)i == op->to_position || (int32_t)i == op->rel_position) {
            continue;
        }
        RZ_TRY(rz_op_flat_input(base, op->input, op->positions[i], op->flat_inputs, &op->in_vecs[op->pass_count], err));
        op->out_vecs[op->pass_count++] = base->chunk->columns[i];
    }
    return RUZU_OK;
}

/* Removes self-loops among entries [start, end) of the output; returns the new end. */
static uint32_t expand_drop_loops(op_expand *op, rz_id *neighbours, bool with_rels, rz_id from, uint32_t start, uint32_t end)
{
    uint32_t kept = start;
    for (uint32_t i = start; i < end; i++) {
        neighbours[kept] = neighbours[i];
        if (with_rels) {
            op->rels[kept] = op->rels[i];
        }
        kept += neighbours[i] != from;
    }
    return kept;
}

static void expand_write_rels(op_expand *op, const rz_hop *hop, const rz_id *neighbours, rz_id from, uint32_t start, uint32_t end)
{
    rz_rel_ref *refs = (rz_rel_ref *)op->op.chunk->columns[op->rel_position]->data;
    for (uint32_t i = start; i < end; i++) {
        refs[i].src = hop->direction == RZ_FORWARD ? from : neighbours[i];
        refs[i].dst = hop->direction == RZ_FORWARD ? neighbours[i] : from;
        refs[i].rel = op->rels[i];
    }
}

/* Removes the rows of self-loops among all `count` rows of the output. */
static uint32_t expand_drop_all_loops(op_expand *op, rz_id *neighbours, bool with_rels, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = op->index[i];
        bool is_loop = neighbours[i] == op->hops.ids[row];
        op->index[kept] = row;
        neighbours[kept] = neighbours[i];
        if (with_rels) {
            op->rels[kept] = op->rels[i];
        }
        kept += !is_loop;
    }
    return kept;
}

/* Whole stretches of lists of one hop together; the next hop when its lists have ended. */
static ruzu_status expand_fill_many(op_expand *op, rz_id *neighbours, uint32_t limit, uint32_t *out_count, rz_error *err)
{
    const rz_hop *hop = &op->hops.expand->hops[op->at_hop];
    bool with_rels = op->rel_position >= 0;
    uint32_t count = 0;
    RZ_TRY(rz_adj_expand(op->hops.readers[op->at_hop], hop->direction, op->hops.slices[op->at_hop], &op->sel, &op->at_row, &op->at_entry, limit, rz_id_make(hop->to_table, 0),
                         neighbours, rz_id_make(hop->pair, 0), with_rels ? op->rels : NULL, op->index, &count, err));
    if (op->hops.skips_loops[op->at_hop]) {
        count = expand_drop_all_loops(op, neighbours, with_rels, count);
    }
    if (with_rels) {
        rz_rel_ref *refs = (rz_rel_ref *)op->op.chunk->columns[op->rel_position]->data;
        for (uint32_t i = 0; i < count; i++) {
            rz_id from = op->hops.ids[op->index[i]];
            refs[i].src = hop->direction == RZ_FORWARD ? from : neighbours[i];
            refs[i].dst = hop->direction == RZ_FORWARD ? neighbours[i] : from;
            refs[i].rel = op->rels[i];
        }
    }
    if (op->at_row == op->sel.count && op->at_hop + 1 < op->hops.expand->hop_count) {
        op->at_hop++;
        op->at_row = 0;
    }
    *out_count = count;
    return RUZU_OK;
}

/* Decodes lists from where the last chunk ended until `limit` rows are there; returns the number of rows. */
static ruzu_status expand_fill(op_expand *op, rz_id *neighbours, uint32_t limit, uint32_t *out_count, rz_error *err)
{
    const rz_plan_expand *expand = op->hops.expand;
    bool with_rels = op->rel_position >= 0;
    uint32_t count = 0;
    if (op->by_hop) {
        return expand_fill_many(op, neighbours, limit, out_count, err);
    }
    while (op->at_row < op->sel.count && count < limit) {
        uint32_t row = rz_sel_at(&op->sel, op->at_row);
        const rz_hop *hop = &expand->hops[op->at_hop];
        const rz_slice *slice = &op->hops.slices[op->at_hop][row];
        uint32_t left = slice->length - op->at_entry;
        uint32_t take = left < limit - count ? left : limit - count;
        if (take != 0) {
            RZ_TRY(rz_adj_read(op->hops.readers[op->at_hop], hop->direction, slice, op->at_entry, take, rz_id_make(hop->to_table, 0), neighbours + count,
                               rz_id_make(hop->pair, 0), with_rels ? op->rels + count : NULL, err));
            op->at_entry += take;
            uint32_t end = count + take;
            if (op->hops.skips_loops[op->at_hop]) {
                end = expand_drop_loops(op, neighbours, with_rels, op->hops.ids[row], count, end);
            }
            if (with_rels) {
                expand_write_rels(op, hop, neighbours, op->hops.ids[row], count, end);
            }
            for (uint32_t i = count; i < end; i++) {
                op->index[i] = row;
            }
            count = end;
        }
        if (op->at_entry == slice->length) {
            op->at_entry = 0;
            if (++op->at_hop == expand->hop_count) {
                op->at_hop = 0;
                op->at_row++;
            }
        }
    }
    *out_count = count;
    return RUZU_OK;
}

/* Completes the chunk of count rows: parents' columns, weights, filters. */
static ruzu_status expand_finish(op_expand *op, uint32_t count, rz_error *err)
{
    rz_op *base = &op->op;
    rz_chunk *chunk = base->chunk;
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
    rz_sel sel = {.rows = NULL, .count = count};
    for (uint32_t i = 0; i < base->plan->u.expand.filter_count && sel.count != 0; i++) {
        RZ_TRY(rz_eval_filter(op->filters[i], chunk, &sel, op->kept, err));
    }
    chunk->sel = sel.rows;
    chunk->sel_count = sel.count;
    return RUZU_OK;
}

static ruzu_status expand_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_expand *op = (op_expand *)base;
    if (base->plan->u.expand.hop_count == 0) {
        return RUZU_OK;
    }
    for (;;) {
        if (op->input == NULL || op->at_row == op->sel.count) {
            RZ_TRY(expand_take_input(op, err));
            if (op->input == NULL) {
                return RUZU_OK;
            }
        }
        rz_arena_reset(&base->heap);
        if (op->to_position >= 0) {
            rz_vec_reset(base->chunk->columns[op->to_position]);
        }
        if (op->rel_position >= 0) {
            rz_vec_reset(base->chunk->columns[op->rel_position]);
        }
        rz_id *neighbours = op->to_position >= 0 ? (rz_id *)base->chunk->columns[op->to_position]->data : op->neighbours;
        uint32_t count = 0;
        RZ_TRY(expand_fill(op, neighbours, base->worker->exec->vector_rows, &count, err));
        if (count != 0) {
            RZ_TRY(expand_finish(op, count, err));
            if (base->chunk->sel == NULL || base->chunk->sel_count != 0) {
                *out = base->chunk;
                return RUZU_OK;
            }
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status expand_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_expand *)base)->input = NULL;
    return RUZU_OK;
}

const rz_op_class rz_op_expand = {.name = "EXPAND", .size = sizeof(op_expand), .open = expand_open, .next = expand_next, .rewind = expand_rewind, .restart = rz_op_restart_plain};
