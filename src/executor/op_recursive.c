/* SPDX-License-Identifier: MIT */
/*
 * RECURSIVE: variable-length and shortest paths from each input row.
 *
 * The op chooses a search, begins it for one row after the other and collects its answers in the output chunk: columns of the input become dictionaries over its
 * chunk, as in EXPAND. Equal answers are given once with a weight where the plan is weighted, else repeated.
 */
#include "executor/recursive.h"

#include <string.h>

static const rz_search_class *recur_choose(const rz_plan_recursive *spec, bool with_path)
{
    switch (spec->spec->semantic) {
    case RZ_PATH_WALK: return with_path ? &rz_search_trails : &rz_search_levels;
    case RZ_PATH_ACYCLIC:
        /* The shortest walk to a node repeats no node in between, so it is one of the paths asked for. */
        return spec->distinct_ends && !with_path && spec->spec->lower <= 1 ? &rz_search_levels : &rz_search_trails;
    case RZ_PATH_TRAIL:
        /* The same for relationships, unless they may be walked back: a-b-a. */
        return spec->distinct_ends && !with_path && spec->spec->lower <= 1 && !spec->undirected ? &rz_search_levels : &rz_search_trails;
    case RZ_PATH_SHORTEST:
    case RZ_PATH_ALL_SHORTEST: return spec->to_bound ? &rz_search_pair : &rz_search_shortest;
    case RZ_PATH_WSHORTEST:
    case RZ_PATH_ALL_WSHORTEST: return &rz_search_weighted;
    }
    return &rz_search_trails;
}

static bool recur_is_table(const rz_plan_recursive *spec, uint32_t table)
{
    for (uint32_t i = 0; i < spec->to_table_count; i++) {
        if (spec->to_tables[i] == table) {
            return true;
        }
    }
    return false;
}

bool rz_recur_accepts(const rz_recur *recur, rz_id to)
{
    return (recur->all_tables || recur_is_table(recur->spec, rz_id_table(to))) && (!recur->spec->to_bound || to == recur->target);
}

/* ---- opening ---- */

static ruzu_status recur_open_columns(rz_recur *recur, rz_error *err)
{
    const rz_plan *plan = recur->op.plan;
    const rz_plan *input = recur->op.input->plan;
    rz_arena *arena = &recur->op.worker->arena;
    uint32_t own[4];
    uint32_t own_count = 0;
    int32_t *positions = NULL;
    recur->path_position = rz_plan_position(plan, recur->spec->path);
    recur->length_position = rz_plan_position(plan, recur->spec->length);
    recur->cost_position = rz_plan_position(plan, recur->spec->spec->cost_column);
    recur->to_position = recur->spec->to_bound ? -1 : rz_plan_position(plan, recur->spec->to);
    const int32_t made[4] = {recur->path_position, recur->length_position, recur->cost_position, recur->to_position};
    for (uint32_t i = 0; i < 4; i++) {
        if (made[i] >= 0) {
            own[own_count++] = plan->columns[made[i]];
        }
    }
    RZ_TRY(rz_op_make_chunk(&recur->op, own, own_count, err));
    positions = RZ_NEW_ARRAY(arena, int32_t, plan->column_count);
    RZ_TRY_ALLOC(positions, err, "building a search");
    for (uint32_t i = 0; i < plan->column_count; i++) {
        bool is_made = false;
        for (uint32_t j = 0; j < own_count; j++) {
            is_made = is_made || own[j] == plan->columns[i];
        }
        positions[i] = is_made ? -1 : rz_plan_position(input, plan->columns[i]);
    }
    recur->positions = positions;
    recur->from_position = rz_plan_position(input, recur->spec->from);
    recur->bound_position = recur->spec->to_bound ? rz_plan_position(input, recur->spec->to) : -1;
    if (recur->from_position < 0 || (recur->spec->to_bound && recur->bound_position < 0)) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "an end of a search is not in its input");
    }
    recur->with_path = recur->path_position >= 0;
    return RUZU_OK;
}

static bool recur_any_volatile(rz_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rz_expr_is_volatile(exprs[i])) {
            return true;
        }
    }
    return false;
}

/* Do the answers depend on the ends of a search alone? */
static bool recur_is_repeatable(const rz_recur *recur)
{
    const rz_bound_recursive *spec = recur->spec->spec;
    return !recur->steps.any_outer && !recur_any_volatile(spec->rel_filters, spec->rel_filter_count) && !recur_any_volatile(spec->node_filters, spec->node_filter_count);
}

static ruzu_status recur_open(rz_op *base, rz_error *err)
{
    rz_recur *recur = (rz_recur *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    recur->spec = &plan->u.recursive;
    recur->mem = rz_op_account(base);
    recur->memo.mem = recur->mem;
    RZ_TRY(recur_open_columns(recur, err));
    recur->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    recur->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    recur->flats = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    recur->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    recur->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    if (recur->in_vecs == NULL || recur->out_vecs == NULL || recur->flats == NULL || recur->index == NULL || recur->weights == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    recur->limit = base->worker->exec->vector_rows;
    recur->all_tables = true;
    for (uint32_t h = 0; h < recur->spec->hop_count; h++) {
        recur->all_tables = recur->all_tables && recur_is_table(recur->spec, recur->spec->hops[h].to_table);
    }
    const rz_type *from_type = base->input->plan->types[recur->from_position];
    for (uint32_t t = 0; recur->spec->spec->lower == 0 && t < from_type->table_count; t++) { /* the zero-length path ends where it begins */
        recur->all_tables = recur->all_tables && recur_is_table(recur->spec, from_type->tables[t]);
    }
    RZ_TRY(rz_steps_open(base->worker, recur->spec, base->input->plan, &recur->steps, err));
    recur->repeatable = recur_is_repeatable(recur);
    recur->plain = recur->repeatable && !recur->with_path && !recur->spec->to_bound;
    recur->memo.enabled = recur->plain && !recur->spec->count_ends;
    if (rz_recur_batch_fits(recur)) {
        RZ_TRY(rz_recur_batch_open(recur, err));
    }
    recur->search_class = recur_choose(recur->spec, recur->with_path);
    if (rz_recur_wide_fits(recur)) {
        RZ_TRY(rz_recur_wide_open(recur, err));
    }
    recur->search = rz_arena_calloc(arena, 1, recur->search_class->size);
    RZ_TRY_ALLOC(recur->search, err, "building a search");
    return recur->search_class->open(recur, recur->search, err);
}

/* ---- answers ---- */

static ruzu_status recur_write_list(rz_vec *list, uint32_t row, const void *items, uint32_t count, size_t size, rz_error *err)
{
    uint32_t offset = 0;
    RZ_TRY(rz_vec_list_reserve(list, count, &offset, err));
    ((rz_list_entry *)list->data)[row] = (rz_list_entry){offset, count};
    if (count != 0) {
        memcpy((char *)list->children[0]->data + offset * size, items, count * size);
    }
    return RUZU_OK;
}

/* Writes one row. */
static ruzu_status recur_write_row(rz_recur *recur, const rz_recur_answer *answer, uint64_t weight, rz_error *err)
{
    rz_chunk *chunk = recur->op.chunk;
    uint32_t row = recur->count++;
    recur->index[row] = rz_sel_at(&recur->sel, recur->at_row);
    recur->weights[row] = weight;
    if (recur->to_position >= 0) {
        ((rz_id *)chunk->columns[recur->to_position]->data)[row] = answer->to;
    }
    if (recur->length_position >= 0) {
        ((int64_t *)chunk->columns[recur->length_position]->data)[row] = answer->length;
    }
    if (recur->cost_position >= 0) {
        ((double *)chunk->columns[recur->cost_position]->data)[row] = answer->cost;
    }
    if (recur->path_position < 0) {
        return RUZU_OK;
    }
    rz_vec *path = chunk->columns[recur->path_position];
    uint32_t inner = answer->length == 0 ? 0 : answer->length - 1;
    RZ_TRY(recur_write_list(path->children[0], row, answer->nodes, inner, sizeof(rz_id), err));
    return recur_write_list(path->children[1], row, answer->rels, answer->length, sizeof(rz_rel_ref), err);
}

static ruzu_status recur_give(rz_recur *recur, const rz_recur_answer *answer, rz_error *err)
{
    if (recur->op.plan->weighted) {
        return recur_write_row(recur, answer, answer->count, err);
    }
    uint64_t copies = answer->count;
    for (; copies != 0 && !rz_recur_is_full(recur); copies--) {
        RZ_TRY(recur_write_row(recur, answer, 1, err));
    }
    recur->pending = *answer; /* without copies left it is none */
    recur->pending.count = copies;
    return RUZU_OK;
}

void rz_recur_answer_ends(rz_recur *recur, const rz_id *ends, uint32_t count, uint32_t length)
{
    rz_chunk *chunk = recur->op.chunk;
    uint32_t start = recur->count;
    uint32_t row = rz_sel_at(&recur->sel, recur->at_row);
    if (recur->spec->count_ends) {
        recur->ends += count;
        return;
    }
    RZ_ASSERT(recur->path_position < 0 && recur->cost_position < 0 && count <= recur->limit - start);
    if (recur->to_position >= 0 && count != 0) { /* a level may be empty, before there is any memory for ids */
        memcpy((rz_id *)chunk->columns[recur->to_position]->data + start, ends, count * sizeof *ends);
    }
    for (uint32_t i = start; i < start + count; i++) {
        recur->index[i] = row;
        recur->weights[i] = 1;
    }
    for (uint32_t i = start; i < start + count && recur->length_position >= 0; i++) {
        ((int64_t *)chunk->columns[recur->length_position]->data)[i] = length;
    }
    recur->count += count;
    for (uint32_t i = 0; i < count && recur->memo.recording; i++) {
        const rz_recur_answer answer = {.to = ends[i], .length = length, .count = 1};
        rz_recur_memo_add(&recur->memo, &answer);
    }
}

bool rz_recur_wants_numbers(const rz_recur *recur)
{
    bool only_lengths = recur->to_position < 0 && recur->path_position < 0 && recur->cost_position < 0;
    return recur->spec->count_ends || (recur->op.plan->weighted && only_lengths);
}

ruzu_status rz_recur_answer_number(rz_recur *recur, uint64_t number, uint32_t length, rz_error *err)
{
    const rz_recur_answer answer = {.length = length, .count = number};
    if (recur->spec->count_ends) {
        recur->ends += number;
        return RUZU_OK;
    }
    return number == 0 ? RUZU_OK : recur_write_row(recur, &answer, number, err);
}

ruzu_status rz_recur_answer_add(rz_recur *recur, const rz_recur_answer *answer, rz_error *err)
{
    if (recur->spec->count_ends) {
        recur->ends++;
        return RUZU_OK;
    }
    if (recur->memo.recording) {
        rz_recur_memo_add(&recur->memo, answer);
    }
    return recur_give(recur, answer, err);
}

/* The same as a search's run. */
static ruzu_status recur_replay(rz_recur *recur, bool *out_done, rz_error *err)
{
    rz_recur_memo *memo = &recur->memo;
    while (memo->at < memo->end && !rz_recur_is_full(recur)) {
        RZ_TRY(recur_give(recur, &memo->answers[memo->at++], err));
    }
    *out_done = memo->at == memo->end;
    return RUZU_OK;
}

/* ---- rows ---- */

static ruzu_status recur_take_input(rz_recur *recur, rz_error *err)
{
    rz_op *base = &recur->op;
    rz_vec *column = NULL;
    RZ_TRY(rz_op_next(base->input, &recur->input, err));
    if (recur->input == NULL) {
        return RUZU_OK;
    }
    recur->sel = rz_chunk_sel(recur->input);
    recur->at_row = 0;
    recur->in_row = false;
    recur->pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (recur->positions[i] >= 0) {
            RZ_TRY(rz_op_flat_input(base, recur->input, recur->positions[i], recur->flats, &recur->in_vecs[recur->pass_count], err));
            recur->out_vecs[recur->pass_count++] = base->chunk->columns[i];
        }
    }
    RZ_TRY(rz_op_flat_input(base, recur->input, recur->from_position, recur->flats, &column, err));
    rz_vec_view(column, &recur->from_view);
    if (recur->bound_position >= 0) {
        RZ_TRY(rz_op_flat_input(base, recur->input, recur->bound_position, recur->flats, &column, err));
        rz_vec_view(column, &recur->bound_view);
    }
    return RUZU_OK;
}

/* The id of a NODE column in a row; false for NULL. */
static bool recur_id(const rz_view *view, uint32_t row, rz_id *out)
{
    uint32_t at = rz_view_at(view, row);
    *out = ((const rz_id *)view->data)[at];
    return rz_view_valid(view, at);
}

static ruzu_status recur_begin_row(rz_recur *recur, bool *out_some, rz_error *err)
{
    uint32_t row = rz_sel_at(&recur->sel, recur->at_row);
    *out_some = recur_id(&recur->from_view, row, &recur->from) && (recur->bound_position < 0 || recur_id(&recur->bound_view, row, &recur->target));
    if (!*out_some) {
        return RUZU_OK;
    }
    recur->replaying = rz_recur_memo_find(&recur->memo, recur->from);
    if (recur->replaying) {
        recur->in_row = true;
        return RUZU_OK;
    }
    RZ_TRY(rz_steps_set_row(&recur->steps, &recur->op, recur->input, recur->flats, row, err));
    recur->in_row = true;
    rz_recur_wide_leave(recur);
    return recur->search_class->begin(recur, recur->search, err);
}

/* The next rows of the input at once, if there are several: a row of output for each that reaches anything. */
static ruzu_status recur_run_batch(rz_recur *recur, bool *out_done, rz_error *err)
{
    rz_id froms[RZ_RECUR_BATCH];
    uint32_t rows[RZ_RECUR_BATCH];
    uint64_t counts[RZ_RECUR_BATCH];
    uint32_t count = 0;
    uint32_t at = recur->at_row;
    uint32_t room = recur->limit - recur->count;
    for (; at < recur->sel.count && count < RZ_RECUR_BATCH && count < room; at++) {
        rows[count] = at;
        count += recur_id(&recur->from_view, rz_sel_at(&recur->sel, at), &froms[count]);
    }
    *out_done = false;
    if (count > 1) {
        RZ_TRY(rz_recur_batch_count(recur, froms, count, counts, out_done, err));
    }
    for (uint32_t i = 0; i < count && *out_done; i++) {
        const rz_recur_answer answer = {.count = counts[i]};
        recur->at_row = rows[i];
        RZ_TRY(counts[i] == 0 ? RUZU_OK : recur_write_row(recur, &answer, counts[i], err));
    }
    recur->at_row = *out_done ? at : recur->at_row;
    return RUZU_OK;
}

static ruzu_status recur_run(rz_recur *recur, bool *out_done, rz_error *err)
{
    if (recur->replaying) {
        return recur_replay(recur, out_done, err);
    }
    if (!rz_recur_wide_has(recur)) {
        RZ_TRY(recur->search_class->run(recur, recur->search, out_done, err));
    }
    return rz_recur_wide_has(recur) ? rz_recur_wide_run(recur, out_done, err) : RUZU_OK;
}

/* Runs searches until the output is full or the input chunk is done. */
static ruzu_status recur_fill(rz_recur *recur, rz_error *err)
{
    if (recur->pending.count != 0) { /* of the row at at_row */
        rz_recur_answer rest = recur->pending;
        RZ_TRY(recur_give(recur, &rest, err));
    }
    while (recur->at_row < recur->sel.count && !rz_recur_is_full(recur)) {
        bool done = true;
        if (!recur->in_row && recur->batch != NULL) {
            bool at_once = false;
            RZ_TRY(recur_run_batch(recur, &at_once, err));
            if (at_once) {
                continue;
            }
        }
        if (!recur->in_row) {
            bool some = false;
            RZ_TRY(recur_begin_row(recur, &some, err));
            if (!some) {
                recur->at_row++;
                continue;
            }
        }
        RZ_TRY(recur_run(recur, &done, err));
        if (recur->pending.count != 0) {
            return RUZU_OK; /* the output is full; the search is asked again when these are given */
        }
        if (done) {
            if (recur->ends != 0) { /* they took no place: there is one for their number */
                const rz_recur_answer answer = {.count = recur->ends};
                recur->ends = 0;
                RZ_TRY(recur_write_row(recur, &answer, answer.count, err));
            }
            rz_recur_memo_keep(&recur->memo);
            recur->in_row = false;
            recur->at_row++;
        }
    }
    return RUZU_OK;
}

static ruzu_status recur_finish(rz_recur *recur, rz_error *err)
{
    rz_chunk *chunk = recur->op.chunk;
    RZ_TRY(rz_vec_slice_many(recur->out_vecs, (const rz_vec *const *)recur->in_vecs, recur->pass_count, recur->index, recur->count, err));
    chunk->count = recur->count;
    chunk->sel = NULL;
    chunk->weight = recur->op.plan->weighted || recur->input->weight != NULL ? recur->weights : NULL;
    for (uint32_t i = 0; recur->input->weight != NULL && i < recur->count; i++) {
        recur->weights[i] *= recur->input->weight[recur->index[i]];
    }
    return RUZU_OK;
}

static ruzu_status recur_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    rz_recur *recur = (rz_recur *)base;
    for (;;) {
        if (recur->input == NULL || recur->at_row == recur->sel.count) {
            RZ_TRY(recur_take_input(recur, err));
            if (recur->input == NULL) {
                return RUZU_OK;
            }
        }
        for (uint32_t i = 0; i < base->plan->column_count; i++) {
            if (recur->positions[i] < 0) {
                rz_vec_reset(base->chunk->columns[i]);
            }
        }
        recur->count = 0;
        RZ_TRY(recur_fill(recur, err));
        if (recur->count != 0) {
            RZ_TRY(recur_finish(recur, err));
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status recur_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    rz_recur *recur = (rz_recur *)base;
    recur->input = NULL;
    recur->in_row = false;
    recur->ends = 0;
    recur->pending.count = 0;
    rz_recur_memo_drop(&recur->memo);
    rz_recur_wide_leave(recur);
    return RUZU_OK;
}

static ruzu_status recur_restart(rz_op *base, rz_error *err)
{
    rz_recur_memo_clear(&((rz_recur *)base)->memo);
    rz_recur_wide_suspend((rz_recur *)base);
    ((rz_recur *)base)->began = false;
    return recur_rewind(base, err);
}

static void recur_close(rz_op *base)
{
    rz_recur *recur = (rz_recur *)base;
    if (recur->search != NULL) {
        recur->search_class->close(recur, recur->search);
    }
    rz_recur_batch_close(recur);
    rz_recur_wide_close(recur);
    rz_steps_close(&recur->steps);
    rz_recur_memo_clear(&recur->memo);
}

const rz_op_class rz_op_recursive = {
    .name = "RECURSIVE", .size = sizeof(rz_recur), .open = recur_open, .next = recur_next, .rewind = recur_rewind, .close = recur_close, .restart = recur_restart};
