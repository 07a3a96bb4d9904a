/* SPDX-License-Identifier: MIT */
/*
 * TRIANGLE and CLOSED: taking parts, and giving out what was counted. What is counted is in op_triangle.c and op_closed.c.
 */
#include "executor/triangle.h"

#include <string.h>

#define RUN_LONG_VERTICES 4096u /* whose lists take a millisecond or so to read */

ruzu_status rz_triangle_run_open(rz_triangle_run *run, rz_triangle_count_fn count, rz_error *err)
{
    rz_op *base = &run->op;
    const rz_plan *plan = base->plan;
    const uint32_t own[2] = {plan->u.triangle.key, plan->u.triangle.corner};
    run->count = count;
    run->shared = (rz_triangle_shared *)rz_exec_shared(base->worker->exec, plan);
    run->adding = RZ_TRIANGLE_NO_GROUP;
    RZ_TRY(rz_op_make_chunk(base, own, 2, err));
    run->key_position = plan->u.triangle.key == RZ_NO_COLUMN_ID ? -1 : rz_plan_position(plan, plan->u.triangle.key);
    run->corner_position = plan->u.triangle.corner == RZ_NO_COLUMN_ID ? -1 : rz_plan_position(plan, plan->u.triangle.corner);
    run->key_base = run->key_position < 0 ? 0 : rz_id_make(plan->types[run->key_position]->tables[0], 0);
    run->weights = RZ_NEW_ARRAY(&base->worker->arena, uint64_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(run->weights, err, "counting triangles");
    run->graph_open = true;
    return rz_triangle_graph_open(&run->graph, base->worker, plan, run->shared, err);
}

/* ---- counting ---- */

static ruzu_status run_clear_sums(rz_triangle_run *run, uint64_t count, rz_error *err)
{
    run->total = 0;
    if (run->corner_position < 0) {
        return RUZU_OK;
    }
    if (run->sums != NULL && count <= run->sum_capacity) {
        memset(run->sums, 0, (size_t)count * sizeof *run->sums);
        return RUZU_OK;
    }
    rz_mem_free(run->shared->mem, run->sums, (size_t)run->sum_capacity * sizeof *run->sums);
    run->sum_capacity = 0;
    run->sums = (uint64_t *)rz_mem_calloc(run->shared->mem, (size_t)count, sizeof *run->sums);
    RZ_TRY_ALLOC(run->sums, err, "counting triangles");
    run->sum_capacity = count;
    return RUZU_OK;
}

/* Counts the part's next group, or its vertices of a group that is divided. */
static ruzu_status run_count_group(rz_triangle_run *run, rz_error *err)
{
    uint64_t group = run->group;
    uint64_t count = run->shared->groups[group + 1] - run->shared->groups[group];
    bool divided = run->part.net != RZ_TRIANGLE_NO_NET;
    if (run->adding != group) {
        RZ_TRY(run_clear_sums(run, count, err));
        RZ_TRY(rz_triangle_graph_load(&run->graph, run->part.net, group, err));
        run->adding = group;
    }
    run->group++;
    return run->count(run, divided ? (uint32_t)run->part.first : 0, divided ? (uint32_t)run->part.end : (uint32_t)count, err);
}

static bool run_take_part(rz_triangle_run *run)
{
    uint64_t unit;
    if (!rz_morsel_take(&run->shared->source, run->op.private_source, &run->private_next, &unit)) {
        return false;
    }
    run->part = run->shared->parts[unit];
    run->group = run->part.first_group;
    run->in_part = true;
    return true;
}

/* ---- rows ---- */

static void run_put(rz_triangle_run *run, uint32_t row, const rz_triangle_vertex *vertex, uint64_t weight)
{
    rz_chunk *chunk = run->op.chunk;
    if (run->key_position >= 0) {
        ((rz_id *)chunk->columns[run->key_position]->data)[row] = run->key_base + vertex->key;
    }
    if (run->corner_position >= 0) {
        ((rz_id *)chunk->columns[run->corner_position]->data)[row] = run->graph.base + vertex->node;
    }
    run->weights[row] = weight;
}

/* Vertices of the group that was counted last, as far as there is room. */
static uint32_t run_show(rz_triangle_run *run, uint32_t count, uint32_t limit)
{
    const rz_triangle_vertex *vertices = run->shared->vertices + run->shared->groups[run->shown_group];
    for (; run->shown_at < run->shown_end && count < limit; run->shown_at++) {
        if (run->sums[run->shown_at] != 0) {
            run_put(run, count++, &vertices[run->shown_at], run->sums[run->shown_at]);
        }
    }
    return count;
}

/* The group is counted, as far as this worker is concerned: its row, or the rows that follow. */
static uint32_t run_end_group(rz_triangle_run *run, uint32_t count)
{
    const uint64_t *groups = run->shared->groups;
    uint64_t group = run->adding;
    run->adding = RZ_TRIANGLE_NO_GROUP;
    if (run->corner_position >= 0) {
        run->shown_group = group;
        run->shown_at = 0;
        run->shown_end = (uint32_t)(groups[group + 1] - groups[group]);
    } else if (run->total != 0) {
        run_put(run, count++, &run->shared->vertices[groups[group]], run->total);
    }
    return count;
}

ruzu_status rz_triangle_run_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    rz_triangle_run *run = (rz_triangle_run *)base;
    uint32_t limit = base->worker->exec->vector_rows;
    uint32_t count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        rz_vec_reset(base->chunk->columns[i]);
    }
    while (count < limit) {
        if (run->shown_at < run->shown_end) {
            count = run_show(run, count, limit);
            continue;
        }
        bool more = run->in_part || run_take_part(run);
        if (more && run->group == run->part.first_group + run->part.group_count) {
            run->in_part = false;
        } else if (run->adding != RZ_TRIANGLE_NO_GROUP && (!more || run->group != run->adding)) {
            count = run_end_group(run, count);
        } else if (more) {
            RZ_TRY(run_count_group(run, err));
        } else {
            break;
        }
    }
    if (count != 0) {
        base->chunk->count = count;
        base->chunk->sel = NULL;
        base->chunk->weight = run->weights;
        *out = base->chunk;
    }
    return RUZU_OK;
}

ruzu_status rz_triangle_run_rewind(rz_op *base, rz_error *err)
{
    rz_triangle_run *run = (rz_triangle_run *)base;
    (void)err;
    run->in_part = false;
    run->adding = RZ_TRIANGLE_NO_GROUP;
    run->shown_at = run->shown_end = 0;
    run->private_next = 0;
    return RUZU_OK;
}

void rz_triangle_run_close(rz_op *base)
{
    rz_triangle_run *run = (rz_triangle_run *)base;
    if (run->graph_open) {
        rz_triangle_graph_close(&run->graph);
    }
    if (run->sums != NULL) {
        rz_mem_free(run->shared->mem, run->sums, (size_t)run->sum_capacity * sizeof *run->sums);
    }
    run->sums = NULL;
    run->sum_capacity = 0;
}

uint64_t rz_triangle_run_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const rz_triangle_shared *)rz_exec_shared(exec, plan))->part_count;
}

bool rz_triangle_is_long(const rz_exec *exec, const rz_plan *plan)
{
    return ((const rz_triangle_shared *)rz_exec_shared(exec, plan))->count >= RUN_LONG_VERTICES;
}
