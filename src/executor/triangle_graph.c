/* SPDX-License-Identifier: MIT */
/*
 * TRIANGLE and CLOSED: the graph between the vertices of one group, as one worker sees it: a net (triangle_net.c) that is its own or everybody's, and what it needs to count by itself.
 */
#include "executor/triangle.h"

#include <string.h>

ruzu_status rz_triangle_graph_open(rz_triangle_graph *graph, rz_worker *worker, const rz_plan *plan, rz_triangle_shared *shared, rz_error *err)
{
    const uint32_t children[2] = {plan->u.triangle.middle_child, plan->u.triangle.far_child};
    memset(graph, 0, sizeof *graph);
    graph->shared = shared;
    graph->worker = worker;
    RZ_TRY(rz_hops_open(worker, &plan->u.triangle.expand, plan->children[0], &graph->hops, err));
    if (!graph->hops.one_table) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "triangles over several tables");
    }
    const rz_type *type = plan->children[0]->types[graph->hops.from_position];
    graph->base = rz_id_make(type->tables[0], 0);
    graph->near.of = UINT64_MAX;
    graph->near.arena = &worker->arena;
    for (uint32_t i = 0; i < 2; i++) {
        graph->messages[i] = children[i] == 0 ? NULL : rz_message_of(worker->exec, plan->children[children[i]]);
    }
    return RUZU_OK;
}

static void graph_free_by_vertex(rz_triangle_graph *graph)
{
    rz_mem *mem = graph->shared->mem;
    size_t capacity = graph->capacity;
    rz_mem_free(mem, graph->marks, capacity * sizeof *graph->marks);
    rz_mem_free(mem, graph->places, capacity * sizeof *graph->places);
    rz_mem_free(mem, graph->thirds, capacity * sizeof *graph->thirds);
    graph->marks = NULL;
    graph->places = graph->thirds = NULL;
    graph->capacity = 0;
}

void rz_triangle_graph_close(rz_triangle_graph *graph)
{
    if (graph->shared == NULL) {
        return;
    }
    rz_mem *mem = graph->shared->mem;
    rz_triangle_net_leave(graph);
    rz_triangle_net_free(mem, &graph->own);
    graph_free_by_vertex(graph);
    for (uint32_t slot = 0; slot < 2; slot++) {
        rz_mem_free(mem, graph->lists[slot], (size_t)graph->list_capacity[slot] * 2 * sizeof *graph->lists[slot]);
    }
    graph->shared = NULL;
}

/* ---- vertices ---- */

static ruzu_status graph_reserve_vertices(rz_triangle_graph *graph, uint32_t count, rz_error *err)
{
    rz_mem *mem = graph->shared->mem;
    if (count < graph->capacity) {
        return RUZU_OK;
    }
    graph_free_by_vertex(graph);
    size_t capacity = count + (size_t)1;
    graph->capacity = (uint32_t)capacity;
    graph->marks = (uint8_t *)rz_mem_calloc(mem, capacity, sizeof *graph->marks);
    graph->places = (uint32_t *)rz_mem_calloc(mem, capacity, sizeof *graph->places);
    graph->thirds = (uint32_t *)rz_mem_alloc(mem, capacity * sizeof *graph->thirds);
    if (graph->marks == NULL || graph->places == NULL || graph->thirds == NULL) {
        return rz_error_no_memory(err, "counting triangles");
    }
    return RUZU_OK;
}

/* Number of the vertex, 0: none. */
static uint32_t graph_number_of(const rz_triangle_graph *graph, uint64_t offset)
{
    const rz_triangle_net *net = graph->net;
    if (net->numbers != NULL) {
        return offset < net->number_count ? net->numbers[offset] : 0;
    }
    uint32_t low = 0;
    uint32_t high = graph->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->vertices[middle].node < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < graph->count && graph->vertices[low].node == offset ? low + 1 : 0;
}

uint32_t rz_triangle_graph_find(const rz_triangle_graph *graph, rz_id id)
{
    return graph_number_of(graph, rz_id_offset(id)) - 1;
}

ruzu_status rz_triangle_graph_lookup(rz_triangle_graph *graph, uint32_t first, uint32_t count, rz_error *err)
{
    rz_sel sel = {.rows = NULL, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        graph->hops.own_ids[i] = graph->base + graph->vertices[first + i].node;
    }
    return rz_hops_lookup(&graph->hops, &sel, err);
}

ruzu_status rz_triangle_graph_load(rz_triangle_graph *graph, uint64_t net, uint64_t group, rz_error *err)
{
    rz_triangle_shared *shared = graph->shared;
    const rz_triangle_vertex *vertices = shared->vertices + shared->groups[group];
    if (graph->net != NULL && graph->vertices == vertices) {
        return RUZU_OK;
    }
    rz_triangle_net_leave(graph);
    RZ_TRY(rz_triangle_net_enter(graph, net, group, err));
    graph->vertices = graph->net->vertices;
    graph->count = graph->net->count;
    RZ_TRY(graph_reserve_vertices(graph, graph->count, err));
    RZ_TRY(rz_triangle_net_build(graph, err));
    graph->stored = atomic_load_explicit(&graph->net->refused, memory_order_relaxed) == 0;
    graph->multiple = atomic_load_explicit(&graph->net->multiple, memory_order_relaxed) != 0;
    return RUZU_OK;
}

/* ---- lists ---- */

ruzu_status rz_triangle_graph_near(rz_triangle_graph *graph, uint32_t vertex, rz_error *err)
{
    RZ_TRY(rz_triangle_graph_lookup(graph, vertex, 1, err));
    return rz_hops_near(&graph->hops, 0, &graph->near, err);
}

uint64_t rz_triangle_graph_keep(const rz_triangle_graph *graph, uint32_t vertex, uint32_t *ends, uint64_t *out_loops)
{
    const rz_id *ids = graph->near.ids;
    const uint32_t *numbers = graph->net->numbers;
    const uint64_t *ranks = graph->net->ranks;
    uint64_t number_count = graph->net->number_count;
    uint64_t own = ranks[vertex + (size_t)1];
    uint64_t kept = 0;
    uint64_t loops = 0;
    if (numbers == NULL) {
        for (uint64_t i = 0; i < graph->near.count; i++) {
            uint32_t number = graph_number_of(graph, rz_id_offset(ids[i]));
            ends[kept] = number - 1;
            kept += ranks[number] > own;
            loops += number == vertex + 1;
        }
    } else {
        for (uint64_t i = 0; i < graph->near.count; i++) { /* without branches: what is kept is hard to guess */
            uint64_t offset = rz_id_offset(ids[i]);
            uint32_t number = offset < number_count ? numbers[offset] : 0;
            ends[kept] = number - 1;
            kept += ranks[number] > own;
            loops += number == vertex + 1;
        }
    }
    *out_loops = loops;
    return kept;
}

uint64_t rz_triangle_count_parallels(uint32_t *ends, uint32_t *copies, uint64_t count)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (kept != 0 && ends[kept - 1] == ends[i]) {
            copies[kept - 1]++;
        } else {
            ends[kept] = ends[i];
            copies[kept++] = 1;
        }
    }
    return kept;
}

ruzu_status rz_triangle_graph_list(rz_triangle_graph *graph, uint32_t vertex, uint32_t slot, rz_triangle_list *out, rz_error *err)
{
    if (graph->stored) {
        const rz_triangle_kept *kept = &graph->net->kept[vertex];
        *out = (rz_triangle_list){.ends = kept->ends, .copies = kept->parallel ? kept->ends + kept->count : NULL, .count = kept->count};
        return RUZU_OK;
    }
    uint64_t loops = 0;
    rz_mem *mem = graph->shared->mem;
    RZ_TRY(rz_triangle_graph_near(graph, vertex, err));
    if (graph->near.count >= graph->list_capacity[slot]) {
        uint64_t capacity = graph->near.count * 2 + 1;
        rz_mem_free(mem, graph->lists[slot], (size_t)graph->list_capacity[slot] * 2 * sizeof *graph->lists[slot]);
        graph->list_capacity[slot] = 0;
        graph->lists[slot] = (uint32_t *)rz_mem_calloc(mem, (size_t)capacity, 2 * sizeof *graph->lists[slot]);
        RZ_TRY_ALLOC(graph->lists[slot], err, "counting triangles");
        graph->list_capacity[slot] = capacity;
    }
    uint32_t *ends = graph->lists[slot];
    uint32_t *copies = ends + graph->list_capacity[slot];
    uint64_t count = rz_triangle_graph_keep(graph, vertex, ends, &loops);
    *out = (rz_triangle_list){.ends = ends, .copies = copies, .count = rz_triangle_count_parallels(ends, copies, count)};
    return RUZU_OK;
}

/* ---- counting where everything counts once ---- */

/* How many of the ends are marked. */
static uint64_t graph_count_marked(const uint8_t *restrict marks, const uint32_t *restrict ends, uint64_t count)
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

/* The ends that are marked go to `thirds`, which has room for one more; returns how many. */
static uint32_t graph_take_marked(const uint8_t *restrict marks, const uint32_t *restrict ends, uint32_t count, uint32_t *restrict thirds)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < count; i++) { /* without branches */
        uint32_t end = ends[i];
        thirds[taken] = end;
        taken += marks[end];
    }
    return taken;
}

void rz_triangle_count_simple(rz_triangle_graph *graph, uint32_t vertex, uint64_t *sums, uint64_t *total)
{
    const rz_triangle_kept *kept = graph->net->kept;
    const uint32_t *ends = kept[vertex].ends;
    uint32_t count = kept[vertex].count;
    uint8_t *marks = graph->marks;
    uint32_t *thirds = graph->thirds;
    uint64_t found = 0;
    if (count < 2) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        marks[ends[i]] = 1;
    }
    for (uint32_t i = 0; i < count && sums == NULL; i++) {
        found += graph_count_marked(marks, kept[ends[i]].ends, kept[ends[i]].count);
    }
    for (uint32_t i = 0; i < count && sums != NULL; i++) {
        uint32_t taken = graph_take_marked(marks, kept[ends[i]].ends, kept[ends[i]].count, thirds);
        found += taken;
        sums[ends[i]] += 2 * (uint64_t)taken;
        for (uint32_t k = 0; k < taken; k++) {
            sums[thirds[k]] += 2;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        marks[ends[i]] = 0;
    }
    if (sums != NULL) {
        sums[vertex] += 2 * found;
    }
    *total += 6 * found;
}
