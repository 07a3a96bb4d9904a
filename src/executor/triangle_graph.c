/* SPDX-License-Identifier: MIT */
/*
 * TRIANGLE: the graph between the vertices of one group, as one worker reads it.
 *
 * Every vertex' list is decoded once, and of it kept what ends in a vertex of greater rank. Kept ends rise, because vertices are in the order of nodes and lists are sorted.
 * Where they would take more than the worker's budget nothing is stored: lists are then decoded again for every use, which is slow and needs next to no memory.
 */
#include "executor/spill.h"
#include "executor/triangle.h"

#include <string.h>

ruzu_status rz_triangle_graph_open(rz_triangle_graph *graph, rz_worker *worker, const rz_plan *plan, const rz_triangle_shared *shared, rz_error *err)
{
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
    return RUZU_OK;
}

static void graph_free_by_vertex(rz_triangle_graph *graph)
{
    rz_mem *mem = graph->shared->mem;
    uint64_t capacity = graph->capacity;
    rz_mem_free(mem, graph->ranks, (size_t)capacity * sizeof *graph->ranks);
    rz_mem_free(mem, graph->starts, (size_t)capacity * sizeof *graph->starts);
    rz_mem_free(mem, graph->marks, (size_t)capacity * sizeof *graph->marks);
    rz_mem_free(mem, graph->places, (size_t)capacity * sizeof *graph->places);
    graph->ranks = graph->starts = NULL;
    graph->marks = NULL;
    graph->places = NULL;
    graph->capacity = 0;
}

void rz_triangle_graph_close(rz_triangle_graph *graph)
{
    if (graph->shared == NULL) {
        return;
    }
    rz_mem *mem = graph->shared->mem;
    graph_free_by_vertex(graph);
    rz_mem_free(mem, graph->numbers, (size_t)graph->number_count * sizeof *graph->numbers);
    rz_mem_free(mem, graph->edges, (size_t)graph->edge_capacity * sizeof *graph->edges);
    rz_mem_free(mem, graph->copies, (size_t)graph->copy_capacity * sizeof *graph->copies);
    rz_mem_free(mem, graph->loops, (size_t)graph->loop_capacity * sizeof *graph->loops);
    for (uint32_t slot = 0; slot < 2; slot++) {
        rz_mem_free(mem, graph->own[slot], (size_t)graph->own_capacity[slot] * 2 * sizeof *graph->own[slot]);
    }
    graph->shared = NULL;
}

/* ---- vertices ---- */

/* ranks has a place before the first vertex: the rank of what is no vertex, which is less than any. */
static ruzu_status graph_reserve_vertices(rz_triangle_graph *graph, uint32_t count, rz_error *err)
{
    rz_mem *mem = graph->shared->mem;
    if (count + (uint64_t)1 <= graph->capacity) {
        return RUZU_OK;
    }
    graph_free_by_vertex(graph);
    uint64_t capacity = count + (uint64_t)1;
    graph->capacity = (uint32_t)capacity;
    graph->ranks = (uint64_t *)rz_mem_alloc(mem, (size_t)capacity * sizeof *graph->ranks);
    graph->starts = (uint64_t *)rz_mem_alloc(mem, (size_t)capacity * sizeof *graph->starts);
    graph->marks = (uint8_t *)rz_mem_calloc(mem, (size_t)capacity, sizeof *graph->marks);
    graph->places = (uint32_t *)rz_mem_calloc(mem, (size_t)capacity, sizeof *graph->places);
    if (graph->ranks == NULL || graph->starts == NULL || graph->marks == NULL || graph->places == NULL) {
        return rz_error_no_memory(err, "counting triangles");
    }
    return RUZU_OK;
}

/* Forgets the numbers of the group before, notes those of this one. Without memory for all offsets vertices are searched. */
static void graph_number(rz_triangle_graph *graph, const rz_triangle_vertex *vertices, uint32_t count)
{
    if (graph->numbers == NULL) {
        uint64_t size = graph->shared->max_node + 1;
        graph->numbers = size * sizeof *graph->numbers > rz_spill_budget(graph->worker->exec)
                             ? NULL
                             : (uint32_t *)rz_mem_calloc(graph->shared->mem, (size_t)size, sizeof *graph->numbers);
        graph->number_count = graph->numbers == NULL ? 0 : size;
    }
    if (graph->numbers != NULL) {
        for (uint32_t i = 0; i < graph->count; i++) {
            graph->numbers[graph->vertices[i].node] = 0;
        }
        for (uint32_t i = 0; i < count; i++) {
            graph->numbers[vertices[i].node] = i + 1;
        }
    }
    graph->vertices = vertices;
    graph->count = count;
}

/* Number of the vertex, 0: none. */
static uint32_t graph_number_of(const rz_triangle_graph *graph, uint64_t offset)
{
    if (graph->numbers != NULL) {
        return offset < graph->number_count ? graph->numbers[offset] : 0;
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

/* Looks `count` vertices up from `first` on: slices in rows 0 … */
static ruzu_status graph_lookup(rz_triangle_graph *graph, uint32_t first, uint32_t count, rz_error *err)
{
    rz_sel sel = {.rows = NULL, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        graph->hops.own_ids[i] = graph->base + graph->vertices[first + i].node;
    }
    return rz_hops_lookup(&graph->hops, &sel, err);
}

static ruzu_status graph_rank(rz_triangle_graph *graph, rz_error *err)
{
    graph->ranks[0] = 0;
    for (uint32_t first = 0; first < graph->count;) {
        uint32_t batch = graph->count - first < RZ_VECTOR_CAPACITY ? graph->count - first : RZ_VECTOR_CAPACITY;
        RZ_TRY(rz_exec_poll(graph->worker->exec, err));
        RZ_TRY(graph_lookup(graph, first, batch, err));
        for (uint32_t i = 0; i < batch; i++) {
            uint64_t degree = 0;
            for (uint32_t h = 0; h < graph->hops.expand->hop_count; h++) {
                degree += graph->hops.slices[h][i].length;
            }
            degree = degree < UINT32_MAX ? degree : UINT32_MAX;
            graph->ranks[first + i + 1] = degree << 32 | (first + i + 1);
        }
        first += batch;
    }
    return RUZU_OK;
}

/* ---- edges ---- */

ruzu_status rz_triangle_graph_near(rz_triangle_graph *graph, uint32_t vertex, rz_error *err)
{
    RZ_TRY(graph_lookup(graph, vertex, 1, err));
    return rz_hops_near(&graph->hops, 0, &graph->near, err);
}

/* Of the decoded neighbours of the vertex those of greater rank, with repetitions; *out_loops: how often it stands there itself. */
static uint64_t graph_keep(const rz_triangle_graph *graph, uint32_t vertex, uint32_t *ends, uint64_t *out_loops)
{
    const rz_id *ids = graph->near.ids;
    const uint32_t *numbers = graph->numbers;
    const uint64_t *ranks = graph->ranks;
    uint64_t number_count = graph->number_count;
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

static bool graph_has_parallels(const uint32_t *ends, uint64_t count)
{
    bool any = false;
    for (uint64_t i = 1; i < count; i++) {
        any |= ends[i - 1] == ends[i];
    }
    return any;
}

/* Equal ends, which stand side by side, become one, with how many there were. */
static uint64_t graph_count_parallels(uint32_t *ends, uint32_t *copies, uint64_t count)
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

/* Room for `count` entries of *array; false when memory or the budget refuses. */
static bool graph_reserve(rz_mem *mem, uint32_t **array, uint64_t *capacity, uint64_t count, uint64_t budget)
{
    if (count <= *capacity) {
        return true;
    }
    uint64_t size = *capacity * 2 < count ? count : *capacity * 2;
    if (size > budget / sizeof **array) {
        return false;
    }
    uint32_t *moved = (uint32_t *)rz_mem_realloc(mem, *array, (size_t)*capacity * sizeof *moved, (size_t)size * sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    *array = moved;
    *capacity = size;
    return true;
}

static ruzu_status graph_add_loops(rz_triangle_graph *graph, uint32_t vertex, rz_error *err)
{
    if (graph->loop_count == graph->loop_capacity) {
        uint32_t capacity = graph->loop_capacity == 0 ? 64 : graph->loop_capacity * 2;
        uint32_t *loops = (uint32_t *)rz_mem_realloc(graph->shared->mem, graph->loops, (size_t)graph->loop_capacity * sizeof *loops,
                                                     (size_t)capacity * sizeof *loops);
        RZ_TRY_ALLOC(loops, err, "counting triangles");
        graph->loops = loops;
        graph->loop_capacity = capacity;
    }
    graph->loops[graph->loop_count++] = vertex;
    return RUZU_OK;
}

/* Stores the decoded list of the vertex behind *used edges, or gives storing up. */
static void graph_store(rz_triangle_graph *graph, uint32_t vertex, uint64_t *used, uint64_t *out_loops, uint64_t budget)
{
    rz_mem *mem = graph->shared->mem;
    graph->stored = graph_reserve(mem, &graph->edges, &graph->edge_capacity, *used + graph->near.count + 1, budget);
    if (!graph->stored) {
        return;
    }
    uint32_t *ends = graph->edges + *used;
    uint64_t count = graph_keep(graph, vertex, ends, out_loops);
    bool parallel = graph_has_parallels(ends, count);
    if (graph->multiple || parallel) {
        graph->stored = graph_reserve(mem, &graph->copies, &graph->copy_capacity, *used + count, budget);
        if (!graph->stored) {
            return;
        }
        for (uint64_t i = 0; i < *used && !graph->multiple; i++) {
            graph->copies[i] = 1;
        }
        graph->multiple = true;
        count = graph_count_parallels(ends, graph->copies + *used, count);
    }
    graph->starts[vertex] = *used;
    *used += count;
}

/* All lists once: stored as long as there is room; self-loops are noted in any case. */
static ruzu_status graph_read(rz_triangle_graph *graph, rz_error *err)
{
    uint64_t budget = rz_spill_budget(graph->worker->exec);
    uint64_t used = 0;
    graph->stored = true;
    graph->multiple = false;
    graph->loop_count = 0;
    for (uint32_t first = 0; first < graph->count;) {
        uint32_t batch = graph->count - first < RZ_VECTOR_CAPACITY ? graph->count - first : RZ_VECTOR_CAPACITY;
        RZ_TRY(rz_exec_poll(graph->worker->exec, err));
        RZ_TRY(graph_lookup(graph, first, batch, err));
        for (uint32_t i = 0; i < batch; i++) {
            uint64_t loops = 0;
            RZ_TRY(rz_hops_near(&graph->hops, i, &graph->near, err));
            if (graph->stored) {
                graph_store(graph, first + i, &used, &loops, budget);
            }
            if (!graph->stored) {
                rz_id own = graph->base + graph->vertices[first + i].node;
                loops = rz_near_count(&graph->near, own);
            }
            RZ_TRY(loops != 0 ? graph_add_loops(graph, first + i, err) : RUZU_OK);
        }
        first += batch;
    }
    graph->starts[graph->count] = used;
    return RUZU_OK;
}

ruzu_status rz_triangle_graph_load(rz_triangle_graph *graph, uint64_t group, rz_error *err)
{
    const rz_triangle_shared *shared = graph->shared;
    uint64_t count = shared->groups[group + 1] - shared->groups[group];
    const rz_triangle_vertex *vertices = shared->vertices + shared->groups[group];
    if (graph->vertices == vertices) {
        return RUZU_OK;
    }
    if (count >= UINT32_MAX - 1) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "triangles between more than 4294967293 nodes cannot be counted.");
    }
    RZ_TRY(graph_reserve_vertices(graph, (uint32_t)count, err));
    graph_number(graph, vertices, (uint32_t)count);
    RZ_TRY(graph_rank(graph, err));
    return graph_read(graph, err);
}

ruzu_status rz_triangle_graph_list(rz_triangle_graph *graph, uint32_t vertex, uint32_t slot, rz_triangle_list *out, rz_error *err)
{
    if (graph->stored) {
        uint64_t start = graph->starts[vertex];
        *out = (rz_triangle_list){.ends = graph->edges + start,
                                  .copies = graph->multiple ? graph->copies + start : NULL,
                                  .count = graph->starts[vertex + (size_t)1] - start};
        return RUZU_OK;
    }
    uint64_t loops = 0;
    rz_mem *mem = graph->shared->mem;
    RZ_TRY(rz_triangle_graph_near(graph, vertex, err));
    if (graph->near.count >= graph->own_capacity[slot]) {
        uint64_t capacity = graph->near.count * 2 + 1;
        rz_mem_free(mem, graph->own[slot], (size_t)graph->own_capacity[slot] * 2 * sizeof *graph->own[slot]);
        graph->own_capacity[slot] = 0;
        graph->own[slot] = (uint32_t *)rz_mem_calloc(mem, (size_t)capacity, 2 * sizeof *graph->own[slot]);
        RZ_TRY_ALLOC(graph->own[slot], err, "counting triangles");
        graph->own_capacity[slot] = capacity;
    }
    uint32_t *ends = graph->own[slot];
    uint32_t *copies = ends + graph->own_capacity[slot];
    uint64_t count = graph_keep(graph, vertex, ends, &loops);
    *out = (rz_triangle_list){.ends = ends, .copies = copies, .count = graph_count_parallels(ends, copies, count)};
    return RUZU_OK;
}
