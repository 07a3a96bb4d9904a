/* SPDX-License-Identifier: MIT */
/*
 * TRIANGLE and CLOSED: nets, what is kept of the graph between the vertices of one group.
 *
 * Two steps: *rank* looks up how long every vertex' list is; *read* decodes every list once and keeps of it what ends in a vertex of greater rank. Kept ends rise, because vertices are in the
 * order of nodes and lists are sorted. Both are divided into blocks of vertices, which all workers that hold the net take until none is left; then each waits until those that the others have
 * taken are finished, since reading needs all ranks, and counting all lists. Whoever waits waits for somebody who is at work: nobody is waited for who has not come.
 *
 *   enter ── rank: blocks … ── all ranked ── read: blocks … ── all read ── (counting) ── leave: the last one frees the net
 *
 * A worker puts ends into room of its own, one list behind the other, so that nothing is moved when all have ended. Where ends would take more than the budget nothing is kept: lists are then
 * decoded again for every use, which is slow and needs next to no memory.
 */
#include "executor/spill.h"
#include "executor/triangle.h"

#include <string.h>

#if defined(RZ_TINY) || defined(RZ_ASSERTS)
#define NET_BLOCK 4u
#else
#define NET_BLOCK 128u      /* vertices of a block: what somebody who waits may have to wait for */
#endif
#define NET_ROOM_MIN 1024u  /* numbers */
#define NET_ROOM_MAX (1u << 22) /* unless a list is longer */

RZ_STATIC_ASSERT(NET_BLOCK <= RZ_VECTOR_CAPACITY, "a block is looked up at once");

/* ---- memory ---- */

static uint32_t *net_room_data(rz_triangle_room *room)
{
    return (uint32_t *)(void *)(room + 1);
}

static void net_free_rooms(rz_mem *mem, rz_triangle_net *net)
{
    while (net->rooms != NULL) {
        rz_triangle_room *room = net->rooms;
        net->rooms = room->next;
        rz_mem_free(mem, room, sizeof *room + (size_t)room->size * sizeof(uint32_t));
    }
    net->room_bytes = 0;
}

static void net_free_by_vertex(rz_mem *mem, rz_triangle_net *net)
{
    size_t capacity = net->capacity;
    rz_mem_free(mem, net->ranks, capacity * sizeof *net->ranks);
    rz_mem_free(mem, net->kept, capacity * sizeof *net->kept);
    for (uint32_t i = 0; i < 2; i++) {
        rz_mem_free(mem, net->values[i], net->values[i] == NULL ? 0 : capacity * sizeof *net->values[i]);
        net->values[i] = NULL;
    }
    net->ranks = NULL;
    net->kept = NULL;
    net->capacity = 0;
}

void rz_triangle_net_free(rz_mem *mem, rz_triangle_net *net)
{
    net_free_by_vertex(mem, net);
    net_free_rooms(mem, net);
    rz_mem_free(mem, net->numbers, (size_t)net->number_count * sizeof *net->numbers);
    net->numbers = NULL;
    net->number_count = 0;
    net->vertices = NULL;
    net->count = 0;
}

static ruzu_status net_reserve_vertices(const rz_triangle_graph *graph, rz_triangle_net *net, uint32_t count, rz_error *err)
{
    rz_mem *mem = graph->shared->mem;
    if (count + (uint64_t)1 <= net->capacity) {
        return RUZU_OK;
    }
    net_free_by_vertex(mem, net);
    size_t capacity = count + (size_t)1;
    net->capacity = (uint32_t)capacity;
    net->ranks = (uint64_t *)rz_mem_alloc(mem, capacity * sizeof *net->ranks);
    net->kept = (rz_triangle_kept *)rz_mem_alloc(mem, capacity * sizeof *net->kept);
    bool made = net->ranks != NULL && net->kept != NULL;
    for (uint32_t i = 0; i < 2; i++) {
        net->values[i] = graph->messages[i] == NULL ? NULL : (uint64_t *)rz_mem_alloc(mem, capacity * sizeof *net->values[i]);
        made = made && (graph->messages[i] == NULL || net->values[i] != NULL);
    }
    return made ? RUZU_OK : rz_error_no_memory(err, "counting triangles");
}

/* Forgets the numbers of the group before; there is room for those of the next one. Without memory for all offsets vertices are searched. */
static void net_clear_numbers(const rz_triangle_graph *graph, rz_triangle_net *net)
{
    for (uint32_t i = 0; i < net->count && net->numbers != NULL; i++) {
        net->numbers[net->vertices[i].node] = 0;
    }
    if (net->numbers == NULL) {
        uint64_t size = graph->shared->max_node + 1;
        net->numbers = size * sizeof *net->numbers > rz_spill_budget(graph->worker->exec)
                           ? NULL
                           : (uint32_t *)rz_mem_calloc(graph->shared->mem, (size_t)size, sizeof *net->numbers);
        net->number_count = net->numbers == NULL ? 0 : size;
    }
}

/* ---- who holds it ---- */

static void net_restart_step(rz_triangle_step *step)
{
    atomic_store_explicit(&step->next, 0, memory_order_relaxed);
    step->done = 0;
}

/* An empty net of the group; nobody holds it. */
static ruzu_status net_begin(rz_triangle_graph *graph, rz_triangle_net *net, uint64_t group, rz_error *err)
{
    const rz_triangle_shared *shared = graph->shared;
    uint64_t count = shared->groups[group + 1] - shared->groups[group];
    if (count >= UINT32_MAX - 1) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "triangles between more than 4294967293 nodes cannot be counted.");
    }
    net_clear_numbers(graph, net);
    net->count = 0;
    if (net->rooms != NULL && net->rooms->next != NULL) { /* one room serves all groups that follow */
        net->own_size = net->room_bytes / sizeof(uint32_t);
        net_free_rooms(shared->mem, net);
    }
    RZ_TRY(net_reserve_vertices(graph, net, (uint32_t)count, err));
    net->vertices = shared->vertices + shared->groups[group];
    net->count = (uint32_t)count;
    net->ranks[0] = 0;
    net_restart_step(&net->rank);
    net_restart_step(&net->read);
    atomic_store_explicit(&net->degrees, 0, memory_order_relaxed);
    atomic_store_explicit(&net->refused, 0, memory_order_relaxed);
    atomic_store_explicit(&net->multiple, 0, memory_order_relaxed);
    return RUZU_OK;
}

ruzu_status rz_triangle_net_enter(rz_triangle_graph *graph, uint64_t net_idx, uint64_t group, rz_error *err)
{
    rz_triangle_shared *shared = graph->shared;
    rz_triangle_net *net = net_idx == RZ_TRIANGLE_NO_NET ? &graph->own : &shared->nets[net_idx];
    ruzu_status status = RUZU_OK;
    graph->room = NULL;
    graph->room_left = 0;
    rz_mutex_lock(&shared->lock);
    if (net->users == 0) {
        status = net_begin(graph, net, group, err);
        graph->room = net->rooms == NULL ? NULL : net_room_data(net->rooms);
        graph->room_left = net->rooms == NULL ? 0 : net->rooms->size;
    }
    net->users += status == RUZU_OK;
    rz_mutex_unlock(&shared->lock);
    graph->net = status == RUZU_OK ? net : NULL;
    return status;
}

void rz_triangle_net_leave(rz_triangle_graph *graph)
{
    rz_triangle_shared *shared = graph->shared;
    rz_triangle_net *net = graph->net;
    if (net == NULL) {
        return;
    }
    rz_mutex_lock(&shared->lock);
    net->users--;
    if (net->users == 0 && net != &graph->own) { /* whose memory serves the next group */
        rz_triangle_net_free(shared->mem, net);
    }
    rz_mutex_unlock(&shared->lock);
    graph->net = NULL;
}

/* ---- ranks ---- */

static ruzu_status net_rank_block(rz_triangle_graph *graph, uint32_t first, uint32_t count, rz_error *err)
{
    rz_triangle_net *net = graph->net;
    uint64_t degrees = 0;
    RZ_TRY(rz_triangle_graph_lookup(graph, first, count, err));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t vertex = first + i;
        uint64_t degree = 0;
        for (uint32_t h = 0; h < graph->hops.expand->hop_count; h++) {
            degree += graph->hops.slices[h][i].length;
        }
        degree = degree < UINT32_MAX ? degree : UINT32_MAX;
        degrees += degree;
        net->ranks[vertex + (size_t)1] = degree << 32 | (vertex + 1);
        if (net->numbers != NULL) {
            net->numbers[net->vertices[vertex].node] = vertex + 1;
        }
    }
    atomic_fetch_add_explicit(&net->degrees, degrees, memory_order_relaxed);
    for (uint32_t m = 0; m < 2; m++) {
        for (uint32_t vertex = first; vertex < first + count && graph->messages[m] != NULL; vertex++) {
            net->values[m][vertex] = rz_message_find(graph->messages[m], graph->base + net->vertices[vertex].node);
        }
    }
    return RUZU_OK;
}

/* ---- edges ---- */

static bool net_has_parallels(const uint32_t *ends, uint64_t count)
{
    bool any = false;
    for (uint64_t i = 1; i < count; i++) {
        any |= ends[i - 1] == ends[i];
    }
    return any;
}

/* Room for `needed` numbers; false when memory or the budget refuses. */
static bool net_reserve_room(rz_triangle_graph *graph, uint64_t needed)
{
    rz_triangle_net *net = graph->net;
    rz_mem *mem = graph->shared->mem;
    if (RZ_LIKELY(needed <= graph->room_left)) {
        return true;
    }
    uint64_t budget = rz_spill_budget(graph->worker->exec);
    rz_mutex_lock(&graph->shared->lock);
    uint64_t degrees = atomic_load_explicit(&net->degrees, memory_order_relaxed);
    uint64_t size = graph->room == NULL ? degrees / 2 + degrees / 16 : degrees / 16; /* each edge is kept at one of its ends; what is not used is not touched, either */
    size = size > net->own_size ? size : net->own_size;
    size = size < NET_ROOM_MIN ? NET_ROOM_MIN : size > NET_ROOM_MAX ? NET_ROOM_MAX : size;
    if (size > budget / 8 / sizeof(uint32_t)) {
        size = budget / 8 / sizeof(uint32_t);
    }
    size = size < needed ? needed : size;
    uint64_t bytes = sizeof(rz_triangle_room) + size * sizeof(uint32_t);
    rz_triangle_room *room = bytes > budget - (net->room_bytes < budget ? net->room_bytes : budget) ? NULL : (rz_triangle_room *)rz_mem_alloc(mem, (size_t)bytes);
    if (room != NULL) {
        room->size = size;
        room->next = net->rooms;
        net->rooms = room;
        net->room_bytes += bytes;
        graph->room = net_room_data(room);
        graph->room_left = size;
    }
    rz_mutex_unlock(&graph->shared->lock);
    return room != NULL;
}

/* Keeps what the decoded list of the vertex says, or gives keeping up. */
static void net_keep(rz_triangle_graph *graph, uint32_t vertex, uint64_t *out_loops)
{
    rz_triangle_net *net = graph->net;
    rz_triangle_kept *kept = &net->kept[vertex];
    uint64_t all = graph->near.count;
    if (all > UINT32_MAX / 2 || !net_reserve_room(graph, 2 * all + 1)) {
        atomic_store_explicit(&net->refused, 1, memory_order_relaxed);
        return;
    }
    uint32_t *ends = graph->room;
    uint64_t count = rz_triangle_graph_keep(graph, vertex, ends, out_loops);
    uint64_t used = count;
    if (net_has_parallels(ends, count)) {
        uint32_t *copies = ends + count;
        uint64_t different = rz_triangle_count_parallels(ends, copies, count);
        memmove(ends + different, copies, (size_t)different * sizeof *ends);
        atomic_store_explicit(&net->multiple, 1, memory_order_relaxed);
        kept->parallel = true;
        count = different;
        used = 2 * different;
    }
    kept->ends = ends;
    kept->count = (uint32_t)count;
    graph->room += used;
    graph->room_left -= used;
}

static ruzu_status net_read_block(rz_triangle_graph *graph, uint32_t first, uint32_t count, rz_error *err)
{
    rz_triangle_net *net = graph->net;
    RZ_TRY(rz_triangle_graph_lookup(graph, first, count, err));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t loops = 0;
        bool refused = atomic_load_explicit(&net->refused, memory_order_relaxed) != 0;
        net->kept[first + i] = (rz_triangle_kept){.ends = NULL};
        RZ_TRY(rz_hops_near(&graph->hops, i, &graph->near, err));
        if (!refused) {
            net_keep(graph, first + i, &loops);
            refused = atomic_load_explicit(&net->refused, memory_order_relaxed) != 0;
        }
        if (refused) {
            loops = rz_near_count(&graph->near, graph->base + net->vertices[first + i].node);
        }
        net->kept[first + i].loops = loops != 0;
    }
    return RUZU_OK;
}

/* ---- steps ---- */

typedef ruzu_status (*net_block_fn)(rz_triangle_graph *graph, uint32_t first, uint32_t count, rz_error *err);

static ruzu_status net_take_blocks(rz_triangle_graph *graph, rz_triangle_step *step, net_block_fn run, uint64_t *done, rz_error *err)
{
    uint64_t count = graph->net->count;
    for (;;) {
        uint64_t first = atomic_fetch_add_explicit(&step->next, NET_BLOCK, memory_order_relaxed);
        if (first >= count) {
            return RUZU_OK;
        }
        uint64_t block = count - first < NET_BLOCK ? count - first : NET_BLOCK;
        RZ_TRY(rz_exec_poll(graph->worker->exec, err));
        RZ_TRY(run(graph, (uint32_t)first, (uint32_t)block, err));
        *done += block;
    }
}

/* Takes blocks until none is left, and returns when all are finished. A failure is everybody's. */
static ruzu_status net_run_step(rz_triangle_graph *graph, rz_triangle_step *step, net_block_fn run, rz_error *err)
{
    rz_triangle_shared *shared = graph->shared;
    uint64_t done = 0;
    ruzu_status status = net_take_blocks(graph, step, run, &done, err);
    rz_mutex_lock(&shared->lock);
    if (status != RUZU_OK) {
        (void)rz_error_copy(&shared->error, err);
    }
    step->done += done;
    if (shared->error.code != RUZU_OK || step->done == graph->net->count) {
        rz_cond_broadcast(&shared->changed);
    }
    while (shared->error.code == RUZU_OK && step->done < graph->net->count) {
        rz_cond_wait(&shared->changed, &shared->lock);
    }
    if (status == RUZU_OK && shared->error.code != RUZU_OK) {
        status = rz_error_copy(err, &shared->error);
    }
    rz_mutex_unlock(&shared->lock);
    return status;
}

ruzu_status rz_triangle_net_build(rz_triangle_graph *graph, rz_error *err)
{
    RZ_TRY(net_run_step(graph, &graph->net->rank, net_rank_block, err));
    return net_run_step(graph, &graph->net->read, net_read_block, err);
}
