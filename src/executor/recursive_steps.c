/* SPDX-License-Identifier: MIT */
/*
 * Steps of searches: reading relationships of many nodes, with filters.
 */
#include "executor/recursive.h"

#include <string.h>

#define STEPS_POLL 64u /* reads between looks at the interruption flag */

/* ---- filters ---- */

typedef struct steps_columns {
    rz_steps *steps;
    uint32_t param;
    bool param_used;
} steps_columns;

static void steps_note_column(void *user, uint32_t column)
{
    steps_columns *columns = (steps_columns *)user;
    if (column == columns->param) {
        columns->param_used = true;
        return;
    }
    int32_t position = rz_plan_position(columns->steps->input_plan, column);
    if (position >= 0) {
        columns->steps->outer_used[position] = true;
        columns->steps->any_outer = true;
    }
}

static const rz_type *steps_find_type(const rz_expr *expr, uint32_t column)
{
    if (expr->kind == RZ_EXPR_COLUMN) {
        return expr->u.column == column ? expr->type : NULL;
    }
    const rz_type *type = NULL;
    for (uint32_t i = 0; i < expr->child_count && type == NULL; i++) {
        type = steps_find_type(expr->children[i], column);
    }
    return type;
}

/* Makes the chunk that expressions over a parameter see; *out_vec is the parameter's column, NULL when none uses it. */
static ruzu_status steps_open_chunk(rz_steps *steps, uint32_t param, rz_expr *const *exprs, uint32_t expr_count, rz_chunk *chunk, rz_vec **out_vec, rz_error *err)
{
    rz_arena *arena = &steps->worker->arena;
    const rz_plan *input = steps->input_plan;
    const rz_type *type = NULL;
    steps_columns columns = {.steps = steps, .param = param};
    for (uint32_t i = 0; i < expr_count; i++) {
        rz_expr_each_column(exprs[i], steps_note_column, &columns);
        type = type == NULL ? steps_find_type(exprs[i], param) : type;
    }
    chunk->column_count = input->column_count + 1;
    chunk->columns = RZ_NEW_ARRAY(arena, rz_vec *, chunk->column_count);
    RZ_TRY_ALLOC(chunk->columns, err, "building a search");
    for (uint32_t i = 0; i < input->column_count; i++) {
        RZ_TRY(rz_vec_create_empty(arena, arena, input->types[i], &chunk->columns[i], err));
    }
    RZ_TRY(rz_vec_create(arena, arena, type == NULL ? RZ_INT64 : type, RZ_VECTOR_CAPACITY, &chunk->columns[input->column_count], err));
    *out_vec = columns.param_used && type != NULL ? chunk->columns[input->column_count] : NULL;
    return RUZU_OK;
}

static ruzu_status steps_compile(rz_steps *steps, uint32_t param, rz_expr *const *exprs, uint32_t count, rz_eval ***out, rz_error *err)
{
    rz_arena *arena = &steps->worker->arena;
    const rz_plan *input = steps->input_plan;
    uint32_t *columns = RZ_NEW_ARRAY(arena, uint32_t, input->column_count + 1);
    *out = RZ_NEW_ARRAY(arena, rz_eval *, count);
    if (columns == NULL || *out == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    for (uint32_t i = 0; i < input->column_count; i++) {
        columns[i] = input->columns[i];
    }
    columns[input->column_count] = param;
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_eval_create(steps->worker, exprs[i], columns, input->column_count + 1, &(*out)[i], err));
    }
    return RUZU_OK;
}

static ruzu_status steps_open_filters(rz_steps *steps, rz_error *err)
{
    const rz_bound_recursive *spec = steps->spec->spec;
    rz_arena *arena = &steps->worker->arena;
    uint32_t rel_count = spec->rel_filter_count;
    rz_expr **rel_exprs = RZ_NEW_ARRAY(arena, rz_expr *, rel_count + 1);
    RZ_TRY_ALLOC(rel_exprs, err, "building a search");
    for (uint32_t i = 0; i < rel_count; i++) {
        rel_exprs[i] = spec->rel_filters[i];
    }
    if (spec->weight != NULL) {
        rz_eval **weight = NULL;
        rel_exprs[rel_count++] = spec->weight;
        RZ_TRY(steps_compile(steps, spec->rel_param, &spec->weight, 1, &weight, err));
        steps->weight = weight[0];
    }
    if (rel_count != 0) {
        RZ_TRY(steps_open_chunk(steps, spec->rel_param, rel_exprs, rel_count, &steps->rel_chunk, &steps->rel_vec, err));
        RZ_TRY(steps_compile(steps, spec->rel_param, spec->rel_filters, spec->rel_filter_count, &steps->rel_filters, err));
    }
    if (spec->node_filter_count != 0) {
        RZ_TRY(steps_open_chunk(steps, spec->node_param, spec->node_filters, spec->node_filter_count, &steps->node_chunk, &steps->node_vec, err));
        RZ_TRY(steps_compile(steps, spec->node_param, spec->node_filters, spec->node_filter_count, &steps->node_filters, err));
    }
    return RUZU_OK;
}

ruzu_status rz_steps_open(rz_worker *worker, const rz_plan_recursive *spec, const rz_plan *input, rz_steps *steps, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    memset(steps, 0, sizeof *steps);
    rz_arena_init(&steps->scratch, worker->account);
    steps->worker = worker;
    steps->spec = spec;
    steps->input_plan = input;
    steps->readers = RZ_NEW_ARRAY(arena, rz_rtab_reader *, spec->hop_count);
    steps->skips_loops = RZ_NEW_ARRAY(arena, bool, spec->hop_count);
    steps->outer_used = RZ_NEW_ARRAY(arena, bool, input->column_count);
    steps->same = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    steps->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (steps->readers == NULL || steps->skips_loops == NULL || steps->outer_used == NULL || steps->same == NULL || steps->kept == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    for (uint32_t h = 0; h < spec->hop_count; h++) {
        const rz_hop *hop = &spec->hops[h];
        RZ_TRY(rz_worker_rtab(worker, hop->pair, &steps->readers[h], err));
        steps->skips_loops[h] = spec->undirected && hop->direction == RZ_BACKWARD && hop->from_table == hop->to_table;
    }
    return steps_open_filters(steps, err);
}

void rz_steps_close(rz_steps *steps)
{
    if (steps->worker != NULL) {
        rz_arena_free(&steps->scratch);
    }
}

static ruzu_status steps_show_row(rz_chunk *chunk, rz_steps *steps, uint32_t column, const rz_vec *source, rz_error *err)
{
    if (chunk->columns == NULL) {
        return RUZU_OK;
    }
    rz_vec_reset(chunk->columns[column]);
    return rz_vec_slice(chunk->columns[column], source, steps->same, RZ_VECTOR_CAPACITY, err);
}

ruzu_status rz_steps_set_row(rz_steps *steps, rz_op *op, rz_chunk *input, rz_vec **flats, uint32_t row, rz_error *err)
{
    if (!steps->any_outer) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < RZ_VECTOR_CAPACITY; i++) {
        steps->same[i] = row;
    }
    for (uint32_t i = 0; i < input->column_count; i++) {
        if (steps->outer_used[i]) {
            rz_vec *source = NULL;
            RZ_TRY(rz_op_flat_input(op, input, (int32_t)i, flats, &source, err));
            RZ_TRY(steps_show_row(&steps->rel_chunk, steps, i, source, err));
            RZ_TRY(steps_show_row(&steps->node_chunk, steps, i, source, err));
        }
    }
    return RUZU_OK;
}

/* Functions take scratch memory from the search's own arena in between. */
static rz_arena *steps_enter(rz_steps *steps)
{
    rz_arena *scratch = steps->worker->fn.scratch;
    rz_arena_reset(&steps->scratch);
    steps->worker->fn.scratch = &steps->scratch;
    return scratch;
}

static void steps_leave(rz_steps *steps, rz_arena *scratch)
{
    steps->worker->fn.scratch = scratch;
}

ruzu_status rz_steps_filter_nodes(rz_steps *steps, const rz_id *nodes, uint32_t count, uint32_t *kept, uint32_t *out_count, rz_error *err)
{
    const rz_bound_recursive *spec = steps->spec->spec;
    rz_sel sel = {.rows = NULL, .count = count};
    if (steps->node_vec != NULL && count != 0) {
        rz_vec_reset(steps->node_vec);
        memcpy(steps->node_vec->data, nodes, count * sizeof *nodes);
    }
    steps->node_chunk.count = count;
    rz_arena *scratch = steps_enter(steps);
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < spec->node_filter_count && sel.count != 0 && status == RUZU_OK; i++) {
        status = rz_eval_filter(steps->node_filters[i], &steps->node_chunk, &sel, kept, err);
    }
    steps_leave(steps, scratch);
    RZ_TRY(status);
    for (uint32_t i = 0; sel.rows != kept && i < sel.count; i++) {
        kept[i] = i;
    }
    *out_count = sel.count;
    return RUZU_OK;
}

/* ---- reading ---- */

ruzu_status rz_steps_make_frontier(rz_steps *steps, uint32_t count, rz_frontier *frontier, rz_error *err)
{
    rz_arena *arena = &steps->worker->arena;
    memset(frontier, 0, sizeof *frontier);
    frontier->slices = RZ_NEW_ARRAY(arena, rz_slice *, steps->spec->hop_count);
    RZ_TRY_ALLOC(frontier->slices, err, "building a search");
    for (uint32_t h = 0; h < steps->spec->hop_count; h++) {
        frontier->slices[h] = RZ_NEW_ARRAY(arena, rz_slice, count);
        RZ_TRY_ALLOC(frontier->slices[h], err, "building a search");
    }
    return RUZU_OK;
}

ruzu_status rz_steps_make_batch(rz_steps *steps, uint32_t count, bool with_rels, rz_step_batch *batch, rz_error *err)
{
    rz_arena *arena = &steps->worker->arena;
    memset(batch, 0, sizeof *batch);
    with_rels = with_rels || steps->rel_vec != NULL;
    batch->to = RZ_NEW_ARRAY(arena, rz_id, count);
    batch->rels = with_rels ? RZ_NEW_ARRAY(arena, rz_id, count) : NULL;
    batch->origins = RZ_NEW_ARRAY(arena, uint32_t, count);
    batch->forward = RZ_NEW_ARRAY(arena, bool, count);
    batch->costs = steps->weight != NULL ? RZ_NEW_ARRAY(arena, double, count) : NULL;
    bool ok = batch->to != NULL && batch->origins != NULL && batch->forward != NULL && (batch->rels != NULL || !with_rels) &&
              (batch->costs != NULL || steps->weight == NULL);
    return ok ? RUZU_OK : rz_error_no_memory(err, "building a search");
}

ruzu_status rz_steps_begin(rz_steps *steps, rz_frontier *frontier, const rz_id *nodes, uint32_t count, rz_error *err)
{
    uint32_t rows[RZ_VECTOR_CAPACITY];
    frontier->nodes = nodes;
    frontier->count = count;
    frontier->at_row = frontier->at_hop = frontier->at_entry = 0;
    for (uint32_t h = 0; h < steps->spec->hop_count; h++) {
        const rz_hop *hop = &steps->spec->hops[h];
        rz_sel sel = {.rows = rows, .count = 0};
        for (uint32_t i = 0; i < count; i++) {
            if (rz_id_table(nodes[i]) == hop->from_table) {
                rows[sel.count++] = i;
            } else {
                frontier->slices[h][i] = (rz_slice){0};
            }
        }
        if (sel.count != 0) {
            RZ_TRY(rz_adj_lookup(steps->readers[h], hop->direction, nodes, &sel, frontier->slices[h], err));
        }
    }
    return RUZU_OK;
}

static inline void steps_move(rz_step_batch *batch, uint32_t from, uint32_t to)
{
    batch->to[to] = batch->to[from];
    batch->origins[to] = batch->origins[from];
    batch->forward[to] = batch->forward[from];
    if (batch->rels != NULL) {
        batch->rels[to] = batch->rels[from];
    }
}

/* One hop whose self-loops all count: whole stretches of lists are decoded together. */
static ruzu_status steps_fill_many(rz_steps *steps, rz_frontier *frontier, uint32_t max, rz_step_batch *batch, rz_error *err)
{
    const rz_hop *hop = &steps->spec->hops[0];
    rz_sel sel = {.rows = NULL, .count = frontier->count};
    RZ_TRY(rz_adj_expand(steps->readers[0], hop->direction, frontier->slices[0], &sel, &frontier->at_row, &frontier->at_entry, max, rz_id_make(hop->to_table, 0),
                         batch->to, rz_id_make(hop->pair, 0), batch->rels, batch->origins, &batch->count, err));
    if (batch->rels != NULL) {
        memset(batch->forward, hop->direction == RZ_FORWARD, batch->count * sizeof *batch->forward);
    }
    return RUZU_OK;
}

/* Reads without filters. */
static ruzu_status steps_fill(rz_steps *steps, rz_frontier *frontier, uint32_t max, rz_step_batch *batch, rz_error *err)
{
    uint32_t count = 0;
    uint32_t hop_count = steps->spec->hop_count;
    if (hop_count == 1 && !steps->skips_loops[0]) {
        return steps_fill_many(steps, frontier, max, batch, err);
    }
    while (frontier->at_row < frontier->count && count < max && hop_count != 0) {
        uint32_t h = frontier->at_hop;
        const rz_hop *hop = &steps->spec->hops[h];
        const rz_slice *slice = &frontier->slices[h][frontier->at_row];
        uint32_t left = slice->length - frontier->at_entry;
        uint32_t take = left < max - count ? left : max - count;
        if (take != 0) {
            RZ_TRY(rz_adj_read(steps->readers[h], hop->direction, slice, frontier->at_entry, take, rz_id_make(hop->to_table, 0), batch->to + count,
                               rz_id_make(hop->pair, 0), batch->rels == NULL ? NULL : batch->rels + count, err));
            frontier->at_entry += take;
            uint32_t end = count + take;
            for (uint32_t i = count; i < end; i++) {
                batch->origins[i] = frontier->at_row;
                batch->forward[i] = hop->direction == RZ_FORWARD;
            }
            uint32_t kept = count;
            for (uint32_t i = count; i < end && steps->skips_loops[h]; i++) {
                steps_move(batch, i, kept);
                kept += batch->to[i] != frontier->nodes[frontier->at_row];
            }
            count = steps->skips_loops[h] ? kept : end;
        }
        if (frontier->at_entry == slice->length) {
            frontier->at_entry = 0;
            if (++frontier->at_hop == hop_count) {
                frontier->at_hop = 0;
                frontier->at_row++;
            }
        }
    }
    batch->count = count;
    return RUZU_OK;
}

/* "Found negative weight -1. …": as the property shows it. */
static ruzu_status steps_fail_weight(const rz_steps *steps, double weight, rz_error *err)
{
    rz_str text;
    rz_str_init(&text, steps->worker->exec->context->mem);
    const rz_expr *expr = steps->spec->spec->weight;
    bool integer = expr->kind == RZ_EXPR_CAST && expr->child_count == 1 && rz_type_is_integer(expr->children[0]->type);
    if (integer) {
        rz_str_append_format(&text, "%lld", (long long)weight);
    } else {
        rz_text_append_double(weight, &text);
    }
    ruzu_status status = rz_error_set(err, RUZU_ERROR_RUNTIME, "Found negative weight %s. This is not a supported weight for %s", rz_str_text(&text),
                                      steps->spec->spec->semantic == RZ_PATH_ALL_WSHORTEST ? "ALL_WEIGHTED_SP_PATHS" : "WEIGHTED_SP_PATHS");
    rz_str_free(&text);
    return status;
}

/* Costs of the selected steps; a step without a weight is left out of *sel. */
static ruzu_status steps_read_costs(rz_steps *steps, rz_step_batch *batch, rz_sel *sel, rz_error *err)
{
    rz_vec *weights = NULL;
    rz_view view;
    uint32_t kept = 0;
    RZ_TRY(rz_eval_run(steps->weight, &steps->rel_chunk, sel, &weights, err));
    rz_vec_view(weights, &view);
    const double *values = (const double *)view.data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        if (!rz_view_valid(&view, at) || values[at] != values[at]) {
            continue;
        }
        if (values[at] < 0) {
            return steps_fail_weight(steps, values[at], err);
        }
        batch->costs[row] = values[at];
        steps->kept[kept++] = row;
    }
    sel->rows = steps->kept;
    sel->count = kept;
    return RUZU_OK;
}

static ruzu_status steps_apply_filters(rz_steps *steps, const rz_frontier *frontier, rz_step_batch *batch, rz_error *err)
{
    const rz_bound_recursive *spec = steps->spec->spec;
    rz_sel sel = {.rows = NULL, .count = batch->count};
    if (steps->rel_vec != NULL) {
        rz_vec_reset(steps->rel_vec);
        rz_rel_ref *refs = (rz_rel_ref *)steps->rel_vec->data;
        for (uint32_t i = 0; i < batch->count; i++) {
            refs[i] = rz_recur_rel(frontier->nodes[batch->origins[i]], batch->to[i], batch->rels[i], batch->forward[i]);
        }
    }
    steps->rel_chunk.count = batch->count;
    for (uint32_t i = 0; i < spec->rel_filter_count && sel.count != 0; i++) {
        RZ_TRY(rz_eval_filter(steps->rel_filters[i], &steps->rel_chunk, &sel, steps->kept, err));
    }
    if (steps->weight != NULL && sel.count != 0) {
        RZ_TRY(steps_read_costs(steps, batch, &sel, err));
    }
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        steps_move(batch, row, i);
        if (batch->costs != NULL) {
            batch->costs[i] = batch->costs[row];
        }
    }
    batch->count = sel.count;
    return RUZU_OK;
}

ruzu_status rz_steps_read(rz_steps *steps, rz_frontier *frontier, uint32_t max, rz_step_batch *batch, rz_error *err)
{
    do {
        if (++steps->polls % STEPS_POLL == 0) {
            RZ_TRY(rz_exec_poll(steps->worker->exec, err));
        }
        RZ_TRY(steps_fill(steps, frontier, max, batch, err));
        if (batch->count != 0 && steps->rel_chunk.columns != NULL) {
            rz_arena *scratch = steps_enter(steps);
            ruzu_status status = steps_apply_filters(steps, frontier, batch, err);
            steps_leave(steps, scratch);
            RZ_TRY(status);
        }
    } while (batch->count == 0 && frontier->at_row < frontier->count && steps->spec->hop_count != 0);
    return RUZU_OK;
}
