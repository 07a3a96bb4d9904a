/* SPDX-License-Identifier: MIT */
/*
 * TRIANGLE, the consuming side: collects (key, corner, weight) of the input's rows, sorts and adds up equal ones, and divides the groups into parts.
 */
#include "executor/triangle.h"

#include <string.h>

#if defined(RZ_TINY) || defined(RZ_ASSERTS) /* builds that check themselves see nets of several workers whatever the size of their data */
#define TRIANGLE_PART_VERTICES 8u
#else
#define TRIANGLE_PART_VERTICES 256u /* corners of a part: the last parts are taken when others have none left */
#endif
#define TRIANGLE_MAX_PARTS 1024u    /* of one group */

typedef struct triangle_local {
    rz_mem *mem;
    rz_triangle_vertex *vertices;
    uint64_t count;
    uint64_t capacity;
    int32_t key_position;
    int32_t node_position;
} triangle_local;

static ruzu_status triangle_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    rz_triangle_shared *shared = (rz_triangle_shared *)rz_arena_calloc(&exec->arena, 1, sizeof *shared);
    RZ_TRY_ALLOC(shared, err, "counting triangles");
    shared->mem = rz_exec_account(exec, plan);
    rz_error_init(&shared->error);
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "counting triangles");
    }
    if (rz_cond_init(&shared->changed) != RUZU_OK) {
        rz_mutex_destroy(&shared->lock);
        return rz_error_no_memory(err, "counting triangles");
    }
    *out = shared;
    return RUZU_OK;
}

static ruzu_status triangle_open_sink(rz_worker *worker, const rz_plan *plan, void *shared, void **out_local, rz_error *err)
{
    (void)shared;
    const rz_plan *input = plan->children[0];
    triangle_local *local = (triangle_local *)rz_arena_calloc(&worker->arena, 1, sizeof *local);
    RZ_TRY_ALLOC(local, err, "counting triangles");
    *out_local = local;
    local->mem = rz_exec_account(worker->exec, plan);
    local->key_position = plan->u.triangle.key == RZ_NO_COLUMN_ID ? -1 : rz_plan_position(input, plan->u.triangle.key);
    local->node_position = rz_plan_position(input, plan->u.triangle.expand.from);
    if (local->node_position < 0 || (local->key_position < 0 && plan->u.triangle.key != RZ_NO_COLUMN_ID)) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "the corners of triangles are not in the input");
    }
    return RUZU_OK;
}

static bool triangle_reserve(rz_mem *mem, rz_triangle_vertex **vertices, uint64_t *capacity, uint64_t count)
{
    if (count <= *capacity) {
        return true;
    }
    uint64_t size = *capacity == 0 ? RZ_VECTOR_CAPACITY : *capacity * 2;
    size = size < count ? count : size;
    rz_triangle_vertex *moved = (rz_triangle_vertex *)rz_mem_realloc(mem, *vertices, (size_t)*capacity * sizeof *moved, (size_t)size * sizeof *moved);
    if (moved == NULL) {
        return false;
    }
    *vertices = moved;
    *capacity = size;
    return true;
}

/* Ids of a node column, whatever its kind; UINT64_MAX: NULL. */
typedef struct triangle_column {
    const rz_vec *vec;
    rz_view view;
} triangle_column;

static void triangle_column_open(triangle_column *column, const rz_vec *vec)
{
    column->vec = vec;
    if (vec->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(vec, &column->view);
    }
}

static rz_id triangle_column_id(const triangle_column *column, uint32_t row)
{
    if (column->vec->kind == RZ_VEC_SEQUENCE) {
        return (rz_id)(column->vec->start + (int64_t)row * column->vec->step);
    }
    uint32_t at = rz_view_at(&column->view, row);
    return rz_view_valid(&column->view, at) ? ((const rz_id *)column->view.data)[at] : UINT64_MAX;
}

static ruzu_status triangle_consume(rz_worker *worker, void *shared, void *local_state, const rz_chunk *chunk, rz_error *err)
{
    (void)worker;
    (void)shared;
    triangle_local *local = (triangle_local *)local_state;
    rz_sel sel = rz_chunk_sel(chunk);
    triangle_column key;
    triangle_column node;
    if (!triangle_reserve(local->mem, &local->vertices, &local->capacity, local->count + sel.count)) {
        return rz_error_no_memory(err, "counting triangles");
    }
    triangle_column_open(&node, chunk->columns[local->node_position]);
    triangle_column_open(&key, chunk->columns[local->key_position < 0 ? local->node_position : local->key_position]);
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        rz_id node_id = triangle_column_id(&node, row);
        rz_id key_id = local->key_position < 0 ? 0 : triangle_column_id(&key, row);
        if (node_id != UINT64_MAX && key_id != UINT64_MAX) {
            local->vertices[local->count++] =
                (rz_triangle_vertex){.key = rz_id_offset(key_id), .node = rz_id_offset(node_id), .weight = chunk->weight == NULL ? 1 : chunk->weight[row]};
        }
    }
    return RUZU_OK;
}

static void triangle_close_sink(rz_worker *worker, void *local_state)
{
    (void)worker;
    triangle_local *local = (triangle_local *)local_state;
    rz_mem_free(local->mem, local->vertices, (size_t)local->capacity * sizeof *local->vertices);
    local->vertices = NULL;
    local->capacity = 0;
}

static ruzu_status triangle_combine(rz_worker *worker, void *shared_state, void *local_state, rz_error *err)
{
    rz_triangle_shared *shared = (rz_triangle_shared *)shared_state;
    triangle_local *local = (triangle_local *)local_state;
    (void)worker;
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&shared->lock);
    if (shared->vertices == NULL) {
        shared->vertices = local->vertices;
        shared->count = local->count;
        shared->capacity = local->capacity;
        local->vertices = NULL;
        local->capacity = 0;
    } else if (!triangle_reserve(shared->mem, &shared->vertices, &shared->capacity, shared->count + local->count)) {
        status = rz_error_no_memory(err, "counting triangles");
    } else if (local->count != 0) {
        memcpy(shared->vertices + shared->count, local->vertices, (size_t)local->count * sizeof *local->vertices);
        shared->count += local->count;
    }
    rz_mutex_unlock(&shared->lock);
    return status;
}

/* ---- sorting ---- */

static bool triangle_is_sorted(const rz_triangle_shared *shared)
{
    const rz_triangle_vertex *v = shared->vertices;
    for (uint64_t i = 1; i < shared->count; i++) {
        if (v[i - 1].key > v[i].key || (v[i - 1].key == v[i].key && v[i - 1].node > v[i].node)) {
            return false;
        }
    }
    return true;
}

/* One pass of a radix sort by a byte of the key or the node. */
static void triangle_sort_pass(const rz_triangle_vertex *from, rz_triangle_vertex *to, uint64_t count, bool by_key, uint32_t shift)
{
    uint64_t ends[257] = {0};
    for (uint64_t i = 0; i < count; i++) {
        ends[(((by_key ? from[i].key : from[i].node) >> shift) & 255) + 1]++;
    }
    for (uint32_t b = 1; b < 257; b++) {
        ends[b] += ends[b - 1];
    }
    for (uint64_t i = 0; i < count; i++) {
        to[ends[((by_key ? from[i].key : from[i].node) >> shift) & 255]++] = from[i];
    }
}

static ruzu_status triangle_sort(rz_triangle_shared *shared, rz_error *err)
{
    uint64_t max[2] = {0, 0}; /* node, key */
    if (shared->count < 2 || triangle_is_sorted(shared)) {
        return RUZU_OK;
    }
    for (uint64_t i = 0; i < shared->count; i++) {
        max[0] |= shared->vertices[i].node;
        max[1] |= shared->vertices[i].key;
    }
    rz_triangle_vertex *spare = (rz_triangle_vertex *)rz_mem_alloc(shared->mem, (size_t)shared->capacity * sizeof *spare);
    RZ_TRY_ALLOC(spare, err, "counting triangles");
    for (uint32_t by_key = 0; by_key < 2; by_key++) {
        for (uint32_t shift = 0; shift < 64 && max[by_key] >> shift != 0; shift += 8) {
            triangle_sort_pass(shared->vertices, spare, shared->count, by_key != 0, shift);
            rz_triangle_vertex *swap = shared->vertices;
            shared->vertices = spare;
            spare = swap;
        }
    }
    rz_mem_free(shared->mem, spare, (size_t)shared->capacity * sizeof *spare);
    return RUZU_OK;
}

/* Adds up rows of one vertex; counts the groups. */
static ruzu_status triangle_merge(rz_triangle_shared *shared, rz_error *err)
{
    rz_triangle_vertex *v = shared->vertices;
    uint64_t kept = 0;
    for (uint64_t i = 0; i < shared->count; i++) {
        if (kept != 0 && v[kept - 1].key == v[i].key && v[kept - 1].node == v[i].node) {
            if (rz_add_overflow(v[kept - 1].weight, v[i].weight, &v[kept - 1].weight)) {
                return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within UINT64 range.");
            }
            continue;
        }
        shared->group_count += kept == 0 || v[kept - 1].key != v[i].key;
        v[kept++] = v[i];
    }
    shared->count = kept;
    for (uint64_t i = 0; i < kept; i++) {
        shared->max_node = v[i].node > shared->max_node ? v[i].node : shared->max_node;
        shared->weighted |= v[i].weight != 1;
    }
    return RUZU_OK;
}

/* ---- parts ---- */

static ruzu_status triangle_add_part(rz_triangle_shared *shared, rz_triangle_part part, rz_error *err)
{
    if (shared->part_count == shared->part_capacity) {
        uint64_t capacity = shared->part_capacity == 0 ? 16 : shared->part_capacity * 2;
        rz_triangle_part *parts = (rz_triangle_part *)rz_mem_realloc(shared->mem, shared->parts, (size_t)shared->part_capacity * sizeof *parts,
                                                                     (size_t)capacity * sizeof *parts);
        RZ_TRY_ALLOC(parts, err, "counting triangles");
        shared->parts = parts;
        shared->part_capacity = capacity;
    }
    shared->parts[shared->part_count++] = part;
    return RUZU_OK;
}

/* A large group: its corners in parts, which share a net. */
static ruzu_status triangle_divide_group(rz_triangle_shared *shared, uint64_t group, rz_error *err)
{
    uint64_t size = shared->groups[group + 1] - shared->groups[group];
    uint64_t parts = size / TRIANGLE_PART_VERTICES;
    parts = parts > TRIANGLE_MAX_PARTS ? TRIANGLE_MAX_PARTS : parts;
    for (uint64_t p = 0; p < parts; p++) {
        rz_triangle_part part = {.first_group = group, .group_count = 1, .first = size * p / parts, .end = size * (p + 1) / parts, .net = shared->net_count};
        RZ_TRY(triangle_add_part(shared, part, err));
    }
    shared->net_count++;
    return RUZU_OK;
}

/* Small groups together, large ones divided. */
static ruzu_status triangle_divide(rz_triangle_shared *shared, rz_error *err)
{
    for (uint64_t g = 0; g < shared->group_count;) {
        uint64_t size = shared->groups[g + 1] - shared->groups[g];
        if (size > 2 * TRIANGLE_PART_VERTICES) {
            RZ_TRY(triangle_divide_group(shared, g, err));
            g++;
            continue;
        }
        uint64_t end = g + 1;
        while (end < shared->group_count && shared->groups[end + 1] - shared->groups[g] <= TRIANGLE_PART_VERTICES) {
            end++;
        }
        RZ_TRY(triangle_add_part(shared, (rz_triangle_part){.first_group = g, .group_count = end - g, .net = RZ_TRIANGLE_NO_NET}, err));
        g = end;
    }
    if (shared->net_count != 0) {
        shared->nets = (rz_triangle_net *)rz_mem_calloc(shared->mem, (size_t)shared->net_count, sizeof *shared->nets);
        RZ_TRY_ALLOC(shared->nets, err, "counting triangles");
    }
    return RUZU_OK;
}

static ruzu_status triangle_finish(rz_exec *exec, const rz_plan *plan, void *shared_state, rz_error *err)
{
    (void)exec;
    (void)plan;
    rz_triangle_shared *shared = (rz_triangle_shared *)shared_state;
    RZ_TRY(triangle_sort(shared, err));
    RZ_TRY(triangle_merge(shared, err));
    shared->groups = (uint64_t *)rz_mem_alloc(shared->mem, (size_t)(shared->group_count + 1) * sizeof *shared->groups);
    RZ_TRY_ALLOC(shared->groups, err, "counting triangles");
    uint64_t group = 0;
    for (uint64_t i = 0; i < shared->count; i++) {
        if (i == 0 || shared->vertices[i - 1].key != shared->vertices[i].key) {
            shared->groups[group++] = i;
        }
    }
    shared->groups[group] = shared->count;
    RZ_TRY(triangle_divide(shared, err));
    shared->source.count = shared->part_count;
    return RUZU_OK;
}

static void triangle_destroy(rz_exec *exec, void *shared_state)
{
    (void)exec;
    rz_triangle_shared *shared = (rz_triangle_shared *)shared_state;
    rz_mem_free(shared->mem, shared->vertices, (size_t)shared->capacity * sizeof *shared->vertices);
    rz_mem_free(shared->mem, shared->groups, shared->groups == NULL ? 0 : (size_t)(shared->group_count + 1) * sizeof *shared->groups);
    rz_mem_free(shared->mem, shared->parts, (size_t)shared->part_capacity * sizeof *shared->parts);
    rz_mem_free(shared->mem, shared->nets, shared->nets == NULL ? 0 : (size_t)shared->net_count * sizeof *shared->nets);
    rz_cond_destroy(&shared->changed);
    rz_mutex_destroy(&shared->lock);
}

const rz_sink_class rz_sink_triangle = {.prepare = triangle_prepare,
                                        .open = triangle_open_sink,
                                        .consume = triangle_consume,
                                        .combine = triangle_combine,
                                        .close = triangle_close_sink,
                                        .finish = triangle_finish,
                                        .destroy = triangle_destroy};
