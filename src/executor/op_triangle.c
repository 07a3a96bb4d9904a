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
 * Out come rows of the key with the number in the weight; or, where the plan asks for one corner, rows of key and corner: the ways in which that node is the first corner (triangle_run.c). Each
 * worker gives rows of its own for a group that is divided.
 */
#include "executor/triangle.h"

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

static uint64_t triangle_copies(const rz_triangle_list *list, uint64_t i)
{
    return list->copies == NULL ? 1 : list->copies[i];
}

/* With weights and parallel relationships. */
static ruzu_status triangle_count_weighted(rz_triangle_run *run, uint32_t vertex, rz_error *err)
{
    rz_triangle_graph *graph = &run->graph;
    uint64_t *sums = run->sums;
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
                    fits &= triangle_add_product(&run->total, factors, 7);
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

static ruzu_status triangle_count_loops(rz_triangle_run *run, uint32_t vertex, rz_error *err)
{
    rz_triangle_graph *graph = &run->graph;
    uint64_t *sums = run->sums;
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
            fits &= triangle_add_product(sums == NULL ? &run->total : &sums[vertex], factors, 6);
            continue;
        }
        uint64_t factors[7] = {3, loops, i - first, i - first, w, w, graph->vertices[other].weight};
        if (sums == NULL) {
            fits &= triangle_add_product(&run->total, factors, 7);
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

static ruzu_status triangle_count(rz_triangle_run *run, uint32_t first, uint32_t end, rz_error *err)
{
    rz_triangle_graph *graph = &run->graph;
    bool simple = !run->shared->weighted && graph->stored && !graph->multiple;
    for (uint32_t v = first; v < end; v++) {
        if (v % 64 == 0) {
            RZ_TRY(rz_exec_poll(run->op.worker->exec, err));
        }
        if (simple) {
            rz_triangle_count_simple(graph, v, run->sums, &run->total);
        } else {
            RZ_TRY(triangle_count_weighted(run, v, err));
        }
        if (RZ_UNLIKELY(graph->net->kept[v].loops)) {
            RZ_TRY(triangle_count_loops(run, v, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status triangle_open(rz_op *base, rz_error *err)
{
    return rz_triangle_run_open((rz_triangle_run *)base, triangle_count, err);
}

const rz_op_class rz_op_triangle = {.name = "TRIANGLE",
                                    .size = sizeof(rz_triangle_run),
                                    .open = triangle_open,
                                    .next = rz_triangle_run_next,
                                    .rewind = rz_triangle_run_rewind,
                                    .close = rz_triangle_run_close,
                                    .units = rz_triangle_run_units};
