/* SPDX-License-Identifier: MIT */
/*
 * TRIANGLE: how often (a)-(b)-(c)-(a) matches among the vertices of a group (triangle.h), by finding each triangle once.
 *
 * The pattern's three corners are alike: their nodes come from one set, with one weight each (w), and all three relationships walk the same hops in both directions. Let m(a, b) be the number of
 * relationships between two nodes, l(a) the number of self-loops of one. Then the rows are the sum of
 *
 *   three different nodes       6 * m(a, b) * m(b, c) * m(c, a) * w(a) * w(b) * w(c)     each triangle matches in six ways; each corner is the first in two of them
 *   one node twice              3 * l(a) * m(a, b)^2 * w(a)^2 * w(b)                     a is the first corner in two of the three ways, b in one
 *   one node three times        l(a)^3 * w(a)^3
 *
 * Out come rows of the key with the number in the weight; or, where the plan asks for one corner, rows of key and corner: the ways in which that node is the first corner. A group divided into
 * parts gives a row for each part.
 */
#include "executor/triangle.h"

#include <string.h>

typedef struct op_triangle {
    rz_op op;
    rz_triangle_shared *shared;
    rz_triangle_graph graph;
    bool graph_open;
    int32_t key_position;   /* in the output, or -1 */
    int32_t corner_position;
    rz_id key_base, corner_base;
    uint64_t *weights;      /* of the output */
    uint64_t *sums;         /* with a corner: by vertex of the group */
    uint64_t sum_capacity;
    rz_triangle_part part;
    bool in_part;
    uint64_t group;         /* of the part: next to count */
    uint64_t shown_group;   /* with a corner: the group that is given out … */
    uint32_t shown_at, shown_end;
    uint64_t private_next;
} op_triangle;

static ruzu_status triangle_open(rz_op *base, rz_error *err)
{
    op_triangle *op = (op_triangle *)base;
    const rz_plan *plan = base->plan;
    const uint32_t own[2] = {plan->u.triangle.key, plan->u.triangle.corner};
    op->shared = (rz_triangle_shared *)rz_exec_shared(base->worker->exec, plan);
    RZ_TRY(rz_op_make_chunk(base, own, 2, err));
    op->key_position = plan->u.triangle.key == RZ_NO_COLUMN_ID ? -1 : rz_plan_position(plan, plan->u.triangle.key);
    op->corner_position = plan->u.triangle.corner == RZ_NO_COLUMN_ID ? -1 : rz_plan_position(plan, plan->u.triangle.corner);
    op->key_base = op->key_position < 0 ? 0 : rz_id_make(plan->types[op->key_position]->tables[0], 0);
    op->weights = RZ_NEW_ARRAY(&base->worker->arena, uint64_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(op->weights, err, "counting triangles");
    op->graph_open = true;
    RZ_TRY(rz_triangle_graph_open(&op->graph, base->worker, plan, op->shared, err));
    op->corner_base = op->graph.base;
    return RUZU_OK;
}

static ruzu_status triangle_overflow(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within UINT64 range.");
}

/* *sum += the product of `count` factors; false: too large. */
static bool triangle_add_product(uint64_t *sum, const uint64_t *factors, uint32_t count)
{
    uint64_t product = 1;
    bool overflow = false;
    for (uint32_t i = 0; i < count; i++) {
        overflow |= rz_mul_overflow(product, factors[i], &product);
    }
    return !(overflow | rz_add_overflow(*sum, product, sum));
}

/* ---- three different nodes ---- */

/* How many of the ends are marked. */
static uint64_t triangle_count_marked(const uint8_t *restrict marks, const uint32_t *restrict ends, uint64_t count)
{
    uint64_t sum[4] = {0, 0, 0, 0};
    uint64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        sum[0] += marks[ends[i]];
        sum[1] += marks[ends[i + 1]];
        sum[2] += marks[ends[i + 2]];
        sum[3] += marks[ends[i + 3]];
    }
    for (; i < count; i++) {
        sum[0] += marks[ends[i]];
    }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

ruzu_status rz_triangle_count_simple(rz_triangle_graph *graph, uint32_t vertex, uint64_t *sums, uint64_t *total, rz_error *err)
{
    uint8_t *marks = graph->marks;
    rz_triangle_list list;
    rz_triangle_list other;
    RZ_TRY(rz_triangle_graph_list(graph, vertex, 0, &list, err));
    if (list.count < 2) {
        return RUZU_OK;
    }
    for (uint64_t i = 0; i < list.count; i++) {
        marks[list.ends[i]] = 1;
    }
    uint64_t found = 0;
    for (uint64_t i = 0; i < list.count; i++) {
        RZ_TRY(rz_triangle_graph_list(graph, list.ends[i], 1, &other, err));
        uint64_t count = triangle_count_marked(marks, other.ends, other.count);
        found += count;
        if (sums != NULL && count != 0) {
            sums[list.ends[i]] += 2 * count;
            for (uint64_t k = 0; k < other.count; k++) {
                sums[other.ends[k]] += 2 * (uint64_t)marks[other.ends[k]];
            }
        }
    }
    for (uint64_t i = 0; i < list.count; i++) {
        marks[list.ends[i]] = 0;
    }
    if (sums != NULL) {
        sums[vertex] += 2 * found;
    }
    *total += 6 * found;
    return RUZU_OK;
}

static uint64_t triangle_copies(const rz_triangle_list *list, uint64_t i)
{
    return list->copies == NULL ? 1 : list->copies[i];
}

/* The same with weights and parallel relationships. */
static ruzu_status triangle_count_weighted(op_triangle *op, uint32_t vertex, uint64_t *sums, uint64_t *total, rz_error *err)
{
    rz_triangle_graph *graph = &op->graph;
    const rz_triangle_vertex *vertices = graph->vertices;
    uint32_t *places = graph->places;
    rz_triangle_list list;
    rz_triangle_list other;
    RZ_TRY(rz_triangle_graph_list(graph, vertex, 0, &list, err));
    if (list.count < 2) {
        return RUZU_OK;
    }
    for (uint64_t i = 0; i < list.count; i++) {
        places[list.ends[i]] = (uint32_t)i + 1;
    }
    bool fits = true;
    for (uint64_t i = 0; i < list.count; i++) {
        uint32_t second = list.ends[i];
        RZ_TRY(rz_triangle_graph_list(graph, second, 1, &other, err));
        for (uint64_t k = 0; k < other.count; k++) {
            uint32_t third = other.ends[k];
            if (places[third] != 0) {
                uint64_t factors[7] = {sums == NULL ? 6 : 2,
                                       triangle_copies(&list, i),
                                       triangle_copies(&list, places[third] - 1),
                                       triangle_copies(&other, k),
                                       vertices[vertex].weight,
                                       vertices[second].weight,
                                       vertices[third].weight};
                if (sums == NULL) {
                    fits &= triangle_add_product(total, factors, 7);
                } else {
                    fits &= triangle_add_product(&sums[vertex], factors, 7);
                    fits &= triangle_add_product(&sums[second], factors, 7);
                    fits &= triangle_add_product(&sums[third], factors, 7);
                }
            }
        }
    }
    for (uint64_t i = 0; i < list.count; i++) {
        places[list.ends[i]] = 0;
    }
    return fits ? RUZU_OK : triangle_overflow(err);
}

/* ---- self-loops ---- */

static ruzu_status triangle_count_loops(op_triangle *op, uint32_t vertex, uint64_t *sums, uint64_t *total, rz_error *err)
{
    rz_triangle_graph *graph = &op->graph;
    RZ_TRY(rz_triangle_graph_near(graph, vertex, err));
    const rz_near_list *near = &graph->near;
    const rz_id *ids = near->ids;
    uint64_t w = graph->vertices[vertex].weight;
    uint64_t loops = rz_near_count(near, graph->base + graph->vertices[vertex].node);
    bool fits = true;
    for (uint64_t i = 0; i < near->count;) {
        uint64_t first = i;
        uint32_t other = rz_triangle_graph_find(graph, ids[i]);
        while (i < near->count && ids[i] == ids[first]) {
            i++;
        }
        if (other == UINT32_MAX) {
            continue;
        }
        if (other == vertex) {
            uint64_t factors[6] = {loops, loops, loops, w, w, w};
            fits &= triangle_add_product(sums == NULL ? total : &sums[vertex], factors, 6);
            continue;
        }
        uint64_t factors[7] = {3, loops, i - first, i - first, w, w, graph->vertices[other].weight};
        if (sums == NULL) {
            fits &= triangle_add_product(total, factors, 7);
        } else {
            factors[0] = 2;
            fits &= triangle_add_product(&sums[vertex], factors, 7);
            factors[0] = 1;
            fits &= triangle_add_product(&sums[other], factors, 7);
        }
    }
    return fits ? RUZU_OK : triangle_overflow(err);
}

/* ---- groups ---- */

/* Counts what belongs to vertices [first, end) of a loaded group. */
static ruzu_status triangle_count(op_triangle *op, uint32_t first, uint32_t end, uint64_t *total, rz_error *err)
{
    const rz_triangle_graph *graph = &op->graph;
    uint64_t *sums = op->corner_position < 0 ? NULL : op->sums;
    bool simple = !op->shared->weighted && graph->stored && !graph->multiple;
    for (uint32_t v = first; v < end; v++) {
        if (v % 64 == 0) {
            RZ_TRY(rz_exec_poll(op->op.worker->exec, err));
        }
        RZ_TRY(simple ? rz_triangle_count_simple(&op->graph, v, sums, total, err) : triangle_count_weighted(op, v, sums, total, err));
    }
    for (uint32_t i = 0; i < graph->loop_count; i++) {
        if (graph->loops[i] >= first && graph->loops[i] < end) {
            RZ_TRY(triangle_count_loops(op, graph->loops[i], sums, total, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status triangle_reserve_sums(op_triangle *op, uint32_t count, rz_error *err)
{
    if (count > op->sum_capacity) {
        uint64_t *sums = (uint64_t *)rz_mem_realloc(op->shared->mem, op->sums, (size_t)op->sum_capacity * sizeof *sums, (size_t)count * sizeof *sums);
        RZ_TRY_ALLOC(sums, err, "counting triangles");
        op->sums = sums;
        op->sum_capacity = count;
    }
    memset(op->sums, 0, (size_t)count * sizeof *op->sums);
    return RUZU_OK;
}

/* Counts the part's next group; its rows follow in the output. */
static ruzu_status triangle_next_group(op_triangle *op, uint64_t *out_total, rz_error *err)
{
    uint64_t group = op->group++;
    uint32_t count = (uint32_t)(op->shared->groups[group + 1] - op->shared->groups[group]);
    bool divided = op->part.group_count == 1;
    *out_total = 0;
    RZ_TRY(rz_triangle_graph_load(&op->graph, group, err));
    if (op->corner_position >= 0) {
        RZ_TRY(triangle_reserve_sums(op, count, err));
        op->shown_group = group;
        op->shown_at = 0;
        op->shown_end = count;
    }
    return triangle_count(op, divided ? (uint32_t)op->part.first : 0, divided ? (uint32_t)op->part.end : count, out_total, err);
}

static bool triangle_take_part(op_triangle *op)
{
    uint64_t unit;
    if (!rz_morsel_take(&op->shared->source, op->op.private_source, &op->private_next, &unit)) {
        return false;
    }
    op->part = op->shared->parts[unit];
    op->group = op->part.first_group;
    op->in_part = true;
    return true;
}

static void triangle_put(op_triangle *op, uint32_t row, uint64_t key, uint64_t node, uint64_t weight)
{
    rz_chunk *chunk = op->op.chunk;
    if (op->key_position >= 0) {
        ((rz_id *)chunk->columns[op->key_position]->data)[row] = op->key_base + key;
    }
    if (op->corner_position >= 0) {
        ((rz_id *)chunk->columns[op->corner_position]->data)[row] = op->corner_base + node;
    }
    op->weights[row] = weight;
}

/* Vertices of the group that was counted last, as far as there is room. */
static uint32_t triangle_show(op_triangle *op, uint32_t count, uint32_t limit)
{
    const rz_triangle_vertex *vertices = op->shared->vertices + op->shared->groups[op->shown_group];
    for (; op->shown_at < op->shown_end && count < limit; op->shown_at++) {
        if (op->sums[op->shown_at] != 0) {
            triangle_put(op, count++, vertices[op->shown_at].key, vertices[op->shown_at].node, op->sums[op->shown_at]);
        }
    }
    return count;
}

static ruzu_status triangle_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_triangle *op = (op_triangle *)base;
    uint32_t limit = base->worker->exec->vector_rows;
    uint32_t count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        rz_vec_reset(base->chunk->columns[i]);
    }
    while (count < limit) {
        if (op->shown_at < op->shown_end) {
            count = triangle_show(op, count, limit);
            continue;
        }
        if (!op->in_part && !triangle_take_part(op)) {
            break;
        }
        if (op->group == op->part.first_group + op->part.group_count) {
            op->in_part = false;
            continue;
        }
        uint64_t total = 0;
        RZ_TRY(triangle_next_group(op, &total, err));
        if (op->corner_position < 0 && total != 0) {
            triangle_put(op, count++, op->graph.vertices[0].key, 0, total);
        }
    }
    if (count == 0) {
        return RUZU_OK;
    }
    base->chunk->count = count;
    base->chunk->sel = NULL;
    base->chunk->weight = op->weights;
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status triangle_rewind(rz_op *base, rz_error *err)
{
    op_triangle *op = (op_triangle *)base;
    (void)err;
    op->in_part = false;
    op->shown_at = op->shown_end = 0;
    op->private_next = 0;
    return RUZU_OK;
}

static void triangle_close(rz_op *base)
{
    op_triangle *op = (op_triangle *)base;
    if (op->graph_open) {
        rz_triangle_graph_close(&op->graph);
    }
    rz_mem_free(rz_op_account(base), op->sums, (size_t)op->sum_capacity * sizeof *op->sums);
    op->sums = NULL;
    op->sum_capacity = 0;
}

static uint64_t triangle_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const rz_triangle_shared *)rz_exec_shared(exec, plan))->part_count;
}

const rz_op_class rz_op_triangle = {.name = "TRIANGLE",
                                    .size = sizeof(op_triangle),
                                    .open = triangle_open,
                                    .next = triangle_next,
                                    .rewind = triangle_rewind,
                                    .close = triangle_close,
                                    .units = triangle_units};
