/* SPDX-License-Identifier: MIT */
/*
 * CLOSED: for each node a how often (a)-(b)-(c) matches with c where it must not be: next to a, or a itself. Less this number, all matches become those that are left.
 *
 * All three are nodes of one table, both steps walk the same hops in both directions, and so does what makes c a neighbour of a – which is asked but once, however many relationships
 * there are. Let m(a, b) be the number of relationships between two nodes, l(a) the number of self-loops of one, v(b) and w(c) what hangs on the middle and the far node. Then the sum
 * for a is, over
 *
 *   triangles {a, x, y}                          m(a, x) * m(x, y) * v(x) * w(y)  +  m(a, y) * m(x, y) * v(y) * w(x)     each is found once and gives to its three corners
 *   neighbours x of a, b being one of the two    m(a, x) * w(x) * (l(a) * v(a) + l(x) * v(x))
 *   a itself: neighbours x, and a by self-loops  m(a, x)^2 * v(x) * w(a)                     if a itself is left out, or is its own neighbour
 *
 * Numbers that are too large are noted as such (message.h): an error only where a row needs them. Vertices, their graph and the parts that workers take are those of TRIANGLE.
 */
#include "executor/message.h"
#include "executor/triangle.h"

#include <string.h>

typedef struct op_closed {
    rz_op op;
    rz_triangle_shared *shared;
    rz_triangle_graph graph;
    bool graph_open;
    uint64_t *weights;       /* of the output */
    uint64_t *sums;          /* by vertex; owned with the next two; NULL: nothing has been counted */
    uint64_t *middle;        /* by vertex: v; NULL: 1 each */
    uint64_t *far;           /* by vertex: w */
    uint64_t capacity;
    uint32_t shown;          /* vertices that have been given out */
    uint64_t private_next;
} op_closed;

static ruzu_status closed_open(rz_op *base, rz_error *err)
{
    op_closed *op = (op_closed *)base;
    const uint32_t own[1] = {base->plan->u.triangle.corner};
    op->shared = (rz_triangle_shared *)rz_exec_shared(base->worker->exec, base->plan);
    RZ_TRY(rz_op_make_chunk(base, own, 1, err));
    if (rz_plan_position(base->plan, own[0]) != 0 || base->plan->column_count != 1) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "closed paths give their first node only");
    }
    op->weights = RZ_NEW_ARRAY(&base->worker->arena, uint64_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(op->weights, err, "counting closed paths");
    op->graph_open = true;
    return rz_triangle_graph_open(&op->graph, base->worker, base->plan, op->shared, err);
}

/* ---- numbers ---- */

static uint64_t closed_middle(const op_closed *op, uint32_t vertex)
{
    return op->middle == NULL ? 1 : op->middle[vertex];
}

static uint64_t closed_far(const op_closed *op, uint32_t vertex)
{
    return op->far == NULL ? 1 : op->far[vertex];
}

static void closed_add(op_closed *op, uint32_t vertex, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t product = rz_message_multiply(rz_message_multiply(a, b), rz_message_multiply(c, d));
    op->sums[vertex] = rz_message_add(op->sums[vertex], product);
}

/* between[i]: relationships between corner i and the next. */
static void closed_add_triangle(op_closed *op, const uint32_t corners[3], const uint64_t between[3])
{
    for (uint32_t a = 0; a < 3; a++) {
        uint32_t b = (a + 1) % 3;
        uint32_t c = (a + 2) % 3;
        closed_add(op, corners[a], between[a], between[b], closed_middle(op, corners[b]), closed_far(op, corners[c]));
        closed_add(op, corners[a], between[c], between[b], closed_middle(op, corners[c]), closed_far(op, corners[b]));
    }
}

static uint64_t closed_copies(const rz_triangle_list *list, uint64_t i)
{
    return list->copies == NULL ? 1 : list->copies[i];
}

/* Triangles whose corner of least rank is this one. */
static ruzu_status closed_triangles(op_closed *op, uint32_t vertex, rz_error *err)
{
    rz_triangle_graph *graph = &op->graph;
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
    for (uint64_t i = 0; i < list.count; i++) {
        uint32_t second = list.ends[i];
        RZ_TRY(rz_triangle_graph_list(graph, second, 1, &other, err));
        for (uint64_t k = 0; k < other.count; k++) {
            uint32_t third = other.ends[k];
            if (places[third] != 0) {
                const uint32_t corners[3] = {vertex, second, third};
                const uint64_t between[3] = {closed_copies(&list, i), closed_copies(&other, k), closed_copies(&list, places[third] - 1)};
                closed_add_triangle(op, corners, between);
            }
        }
    }
    for (uint64_t i = 0; i < list.count; i++) {
        places[list.ends[i]] = 0;
    }
    return RUZU_OK;
}

/* What a vertex' whole list says: paths back to itself, and with self-loops paths that stand still on one of their steps. */
static ruzu_status closed_list(op_closed *op, uint32_t vertex, rz_error *err)
{
    rz_triangle_graph *graph = &op->graph;
    RZ_TRY(rz_triangle_graph_near(graph, vertex, err));
    const rz_near_list *near = &graph->near;
    const rz_id *ids = near->ids;
    uint64_t loops = rz_near_count(near, graph->base + graph->vertices[vertex].node);
    bool back = op->op.plan->u.triangle.itself || loops != 0;
    bool still = op->op.plan->u.triangle.next && loops != 0;
    for (uint64_t i = 0; i < near->count;) {
        uint64_t first = i;
        uint32_t other = rz_triangle_graph_find(graph, ids[i]);
        while (i < near->count && ids[i] == ids[first]) {
            i++;
        }
        uint64_t times = i - first;
        if (other != UINT32_MAX && back) {
            closed_add(op, vertex, times, times, closed_middle(op, other), closed_far(op, vertex));
        }
        if (other != UINT32_MAX && other != vertex && still) {
            closed_add(op, vertex, loops, times, closed_middle(op, vertex), closed_far(op, other));
            closed_add(op, other, loops, times, closed_middle(op, vertex), closed_far(op, vertex));
        }
    }
    return RUZU_OK;
}

/* ---- parts ---- */

static ruzu_status closed_weigh(op_closed *op, uint32_t child, uint64_t **out, rz_error *err)
{
    const rz_triangle_graph *graph = &op->graph;
    if (child == 0) {
        return RUZU_OK;
    }
    const rz_message *message = rz_message_of(op->op.worker->exec, op->op.plan->children[child]);
    *out = (uint64_t *)rz_mem_alloc(rz_op_account(&op->op), (size_t)op->capacity * sizeof **out);
    RZ_TRY_ALLOC(*out, err, "counting closed paths");
    for (uint32_t v = 0; v < graph->count; v++) {
        (*out)[v] = rz_message_find(message, graph->base + graph->vertices[v].node);
    }
    return RUZU_OK;
}

/* Before the first part: the graph, and numbers by vertex. */
static ruzu_status closed_load(op_closed *op, rz_error *err)
{
    if (op->sums != NULL) {
        return RUZU_OK;
    }
    RZ_TRY(rz_triangle_graph_load(&op->graph, 0, err));
    op->capacity = op->graph.count;
    op->sums = (uint64_t *)rz_mem_calloc(rz_op_account(&op->op), (size_t)op->capacity, sizeof *op->sums);
    RZ_TRY_ALLOC(op->sums, err, "counting closed paths");
    RZ_TRY(closed_weigh(op, op->op.plan->u.triangle.middle_child, &op->middle, err));
    return closed_weigh(op, op->op.plan->u.triangle.far_child, &op->far, err);
}

/* Paths back to a vertex without self-loops, where no relationship is parallel to another and nothing hangs on the middle: as many as there are neighbours. */
static bool closed_back_by_degree(op_closed *op, uint32_t vertex)
{
    uint64_t degree = op->graph.ranks[vertex + (size_t)1] >> 32;
    if (op->middle != NULL || !op->graph.stored || op->graph.multiple || degree == UINT32_MAX) {
        return false;
    }
    closed_add(op, vertex, degree, closed_far(op, vertex), 1, 1);
    return true;
}

static ruzu_status closed_count(op_closed *op, uint32_t first, uint32_t end, rz_error *err)
{
    rz_triangle_graph *graph = &op->graph;
    const rz_plan *plan = op->op.plan;
    bool simple = op->middle == NULL && op->far == NULL && graph->stored && !graph->multiple;
    uint32_t loop = 0;
    uint64_t total = 0;
    for (uint32_t v = first; v < end; v++) {
        if (v % 64 == 0) {
            RZ_TRY(rz_exec_poll(op->op.worker->exec, err));
        }
        while (loop < graph->loop_count && graph->loops[loop] < v) {
            loop++;
        }
        bool loops = loop < graph->loop_count && graph->loops[loop] == v;
        if (loops || (plan->u.triangle.itself && !closed_back_by_degree(op, v))) {
            RZ_TRY(closed_list(op, v, err));
        }
        if (plan->u.triangle.next) {
            RZ_TRY(simple ? rz_triangle_count_simple(graph, v, op->sums, &total, err) : closed_triangles(op, v, err));
        }
    }
    return RUZU_OK;
}

/* ---- rows ---- */

static ruzu_status closed_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_closed *op = (op_closed *)base;
    uint64_t unit;
    while (rz_morsel_take(&op->shared->source, base->private_source, &op->private_next, &unit)) {
        const rz_triangle_part *part = &op->shared->parts[unit];
        RZ_TRY(closed_load(op, err));
        RZ_TRY(closed_count(op, (uint32_t)part->first, (uint32_t)part->end, err));
    }
    rz_vec *column = base->chunk->columns[0];
    uint32_t limit = base->worker->exec->vector_rows;
    uint32_t count = 0;
    rz_vec_reset(column);
    for (; op->sums != NULL && op->shown < op->graph.count && count < limit; op->shown++) {
        if (op->sums[op->shown] != 0) {
            ((rz_id *)column->data)[count] = op->graph.base + op->graph.vertices[op->shown].node;
            op->weights[count++] = op->sums[op->shown];
        }
    }
    if (count != 0) {
        base->chunk->count = count;
        base->chunk->sel = NULL;
        base->chunk->weight = op->weights;
        *out = base->chunk;
    }
    return RUZU_OK;
}

static void closed_free(op_closed *op)
{
    rz_mem *mem = rz_op_account(&op->op);
    size_t size = (size_t)op->capacity * sizeof(uint64_t);
    rz_mem_free(mem, op->sums, op->sums == NULL ? 0 : size);
    rz_mem_free(mem, op->middle, op->middle == NULL ? 0 : size);
    rz_mem_free(mem, op->far, op->far == NULL ? 0 : size);
    op->sums = op->middle = op->far = NULL;
    op->capacity = 0;
}

static ruzu_status closed_rewind(rz_op *base, rz_error *err)
{
    op_closed *op = (op_closed *)base;
    (void)err;
    closed_free(op);
    op->shown = 0;
    op->private_next = 0;
    return RUZU_OK;
}

static void closed_close(rz_op *base)
{
    op_closed *op = (op_closed *)base;
    if (op->graph_open) {
        rz_triangle_graph_close(&op->graph);
    }
    closed_free(op);
}

static uint64_t closed_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const rz_triangle_shared *)rz_exec_shared(exec, plan))->part_count;
}

const rz_op_class rz_op_closed = {.name = "CLOSED",
                                  .size = sizeof(op_closed),
                                  .open = closed_open,
                                  .next = closed_next,
                                  .rewind = closed_rewind,
                                  .close = closed_close,
                                  .units = closed_units};
