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
 * Numbers that are too large are noted as such (message.h): an error only where a row needs them. Vertices, their graph, and how parts are taken and rows given are those of TRIANGLE (triangle.h).
 */
#include "executor/triangle.h"

/* ---- numbers ---- */

static uint64_t closed_middle(const rz_triangle_run *run, uint32_t vertex)
{
    const uint64_t *middle = run->graph.net->values[0];
    return middle == NULL ? 1 : middle[vertex];
}

static uint64_t closed_far(const rz_triangle_run *run, uint32_t vertex)
{
    const uint64_t *far = run->graph.net->values[1];
    return far == NULL ? 1 : far[vertex];
}

static void closed_add(rz_triangle_run *run, uint32_t vertex, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t product = rz_message_multiply(rz_message_multiply(a, b), rz_message_multiply(c, d));
    run->sums[vertex] = rz_message_add(run->sums[vertex], product);
}

/* between[i]: relationships between corner i and the next. */
static void closed_add_triangle(rz_triangle_run *run, const uint32_t corners[3], const uint64_t between[3])
{
    for (uint32_t a = 0; a < 3; a++) {
        uint32_t b = (a + 1) % 3;
        uint32_t c = (a + 2) % 3;
        closed_add(run, corners[a], between[a], between[b], closed_middle(run, corners[b]), closed_far(run, corners[c]));
        closed_add(run, corners[a], between[c], between[b], closed_middle(run, corners[c]), closed_far(run, corners[b]));
    }
}

static uint64_t closed_copies(const rz_triangle_list *list, uint64_t i)
{
    return list->copies == NULL ? 1 : list->copies[i];
}

/* Triangles whose corner of least rank is this one. */
static ruzu_status closed_triangles(rz_triangle_run *run, uint32_t vertex, rz_error *err)
{
    rz_triangle_graph *graph = &run->graph;
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
                closed_add_triangle(run, corners, between);
            }
        }
    }
    for (uint64_t i = 0; i < list.count; i++) {
        places[list.ends[i]] = 0;
    }
    return RUZU_OK;
}

/* What a vertex' whole list says: paths back to itself, and with self-loops paths that stand still on one of their steps. */
static ruzu_status closed_list(rz_triangle_run *run, uint32_t vertex, rz_error *err)
{
    rz_triangle_graph *graph = &run->graph;
    RZ_TRY(rz_triangle_graph_near(graph, vertex, err));
    const rz_near_list *near = &graph->near;
    const rz_id *ids = near->ids;
    uint64_t loops = rz_near_count(near, graph->base + graph->vertices[vertex].node);
    bool back = run->op.plan->u.triangle.itself || loops != 0;
    bool still = run->op.plan->u.triangle.next && loops != 0;
    for (uint64_t i = 0; i < near->count;) {
        uint64_t first = i;
        uint32_t other = rz_triangle_graph_find(graph, ids[i]);
        while (i < near->count && ids[i] == ids[first]) {
            i++;
        }
        uint64_t times = i - first;
        if (other != UINT32_MAX && back) {
            closed_add(run, vertex, times, times, closed_middle(run, other), closed_far(run, vertex));
        }
        if (other != UINT32_MAX && other != vertex && still) {
            closed_add(run, vertex, loops, times, closed_middle(run, vertex), closed_far(run, other));
            closed_add(run, other, loops, times, closed_middle(run, vertex), closed_far(run, vertex));
        }
    }
    return RUZU_OK;
}

/* Paths back to a vertex without self-loops, where no relationship is parallel to another and nothing hangs on the middle: as many as there are neighbours. */
static bool closed_back_by_degree(rz_triangle_run *run, uint32_t vertex)
{
    uint64_t degree = run->graph.net->ranks[vertex + (size_t)1] >> 32;
    if (run->graph.net->values[0] != NULL || !run->graph.stored || run->graph.multiple || degree == UINT32_MAX) {
        return false;
    }
    closed_add(run, vertex, degree, closed_far(run, vertex), 1, 1);
    return true;
}

/* ---- parts ---- */

static ruzu_status closed_count(rz_triangle_run *run, uint32_t first, uint32_t end, rz_error *err)
{
    rz_triangle_graph *graph = &run->graph;
    const rz_plan *plan = run->op.plan;
    bool simple = graph->messages[0] == NULL && graph->messages[1] == NULL && graph->stored && !graph->multiple;
    for (uint32_t v = first; v < end; v++) {
        if (v % 64 == 0) {
            RZ_TRY(rz_exec_poll(run->op.worker->exec, err));
        }
        if (graph->net->kept[v].loops || (plan->u.triangle.itself && !closed_back_by_degree(run, v))) {
            RZ_TRY(closed_list(run, v, err));
        }
        if (plan->u.triangle.next && simple) {
            rz_triangle_count_simple(graph, v, run->sums, &run->total);
        } else if (plan->u.triangle.next) {
            RZ_TRY(closed_triangles(run, v, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status closed_open(rz_op *base, rz_error *err)
{
    RZ_TRY(rz_triangle_run_open((rz_triangle_run *)base, closed_count, err));
    if (((const rz_triangle_run *)base)->corner_position != 0 || base->plan->column_count != 1) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "closed paths give their first node only");
    }
    return RUZU_OK;
}

const rz_op_class rz_op_closed = {.name = "CLOSED",
                                  .size = sizeof(rz_triangle_run),
                                  .open = closed_open,
                                  .next = rz_triangle_run_next,
                                  .rewind = rz_triangle_run_rewind,
                                  .close = rz_triangle_run_close,
                                  .units = rz_triangle_run_units};
