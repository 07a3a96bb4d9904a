/* SPDX-License-Identifier: MIT */
/*
 * CSR groups: building one from sorted edges, reading one back in order, its directory form.
 *
 * On pages a group is three packed arrays (parray.h):
 *   starts       nodes + 1 positions: list i is [start i, start i + 1)
 *   neighbours   offsets less the smallest of the group, sorted within each list; parallel edges side by side
 *   rel offsets  less the smallest of the group; absent when they rise by one along the group, as after a bulk load in forward order
 *
 * Directory form: nodes u32, bound nodes u32, max degree u32, flags u8 (1: implicit rel offsets), neighbour width u8, rel width u8, 0 u8,
 * edges u64, smallest neighbour u64, smallest rel offset u64, extents.
 */
#include "storage/table/csr.h"

#define CSR_FLAG_IMPLICIT 1u
#ifdef RZ_TINY
#define CSR_SPOOL_LIMIT ((size_t)RZ_PAGE_SIZE)
#else
#define CSR_SPOOL_LIMIT ((size_t)2 << 20) /* 262,144 edges; beyond, a group goes through temporary pages */
#endif

void rz_csr_group_release(rz_csr *csr, rz_csr_group *group)
{
    if (group == NULL || atomic_fetch_sub_explicit(&group->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (!csr->keep_pages) {
        rz_extents_give_back(&group->extents, csr->env.disk, csr->env.pool);
    }
    rz_extents_free(&group->extents, csr->env.mem);
    rz_mem_free(csr->env.mem, group, sizeof *group);
}

/* ---- building ---- */

static void csr_builder_start(rz_csr_builder *builder)
{
    memset(builder->counts, 0, RZ_CSR_GROUP_NODES * sizeof *builder->counts);
    rz_spool_reset(&builder->neighbours);
    rz_spool_reset(&builder->rels);
    builder->nodes = 0;
    builder->edges = 0;
    builder->min_neighbour = UINT64_MAX;
    builder->max_neighbour = 0;
    builder->min_rel = UINT64_MAX;
    builder->max_rel = 0;
    builder->implicit_rels = true;
}

ruzu_status rz_csr_builder_init(rz_csr_builder *builder, rz_csr *csr, rz_error *err)
{
    rz_mem *mem = csr->env.mem;
    *builder = (rz_csr_builder){.csr = csr};
    rz_parray_writer_init(&builder->writer, mem, csr->env.disk);
    rz_spool_init(&builder->neighbours, mem, csr->env.pool, CSR_SPOOL_LIMIT);
    rz_spool_init(&builder->rels, mem, csr->env.pool, CSR_SPOOL_LIMIT);
    builder->counts = (uint32_t *)rz_mem_alloc(mem, RZ_CSR_GROUP_NODES * sizeof *builder->counts);
    builder->starts = (uint64_t *)rz_mem_alloc(mem, (RZ_CSR_GROUP_NODES + 1) * sizeof *builder->starts);
    if (builder->counts == NULL || builder->starts == NULL) {
        rz_csr_builder_deinit(builder);
        return rz_error_no_memory(err, "building adjacency lists");
    }
    csr_builder_start(builder);
    return RUZU_OK;
}

void rz_csr_builder_deinit(rz_csr_builder *builder)
{
    if (builder->csr == NULL) {
        return;
    }
    rz_mem *mem = builder->csr->env.mem;
    rz_parray_writer_deinit(&builder->writer);
    rz_spool_deinit(&builder->neighbours);
    rz_spool_deinit(&builder->rels);
    rz_mem_free(mem, builder->counts, RZ_CSR_GROUP_NODES * sizeof *builder->counts);
    rz_mem_free(mem, builder->starts, (RZ_CSR_GROUP_NODES + 1) * sizeof *builder->starts);
    *builder = (rz_csr_builder){0};
}

ruzu_status rz_csr_builder_add(rz_csr_builder *builder, const uint64_t *bounds, const uint64_t *neighbours, const uint64_t *rels, uint32_t count,
                               rz_error *err)
{
    uint64_t min_neighbour = builder->min_neighbour, max_neighbour = builder->max_neighbour;
    uint64_t min_rel = builder->min_rel, max_rel = builder->max_rel;
    uint64_t differing = 0;
    if (count == 0) {
        return RUZU_OK;
    }
    uint64_t expected = builder->edges == 0 ? rels[0] : builder->max_rel + 1; /* only used while they are implicit */
    for (uint32_t i = 0; i < count; i++) {
        builder->counts[bounds[i] % RZ_CSR_GROUP_NODES]++;
    }
    for (uint32_t i = 0; i < count; i++) {
        min_neighbour = neighbours[i] < min_neighbour ? neighbours[i] : min_neighbour;
        max_neighbour = neighbours[i] > max_neighbour ? neighbours[i] : max_neighbour;
        min_rel = rels[i] < min_rel ? rels[i] : min_rel;
        max_rel = rels[i] > max_rel ? rels[i] : max_rel;
        differing |= rels[i] ^ (expected + i);
    }
    builder->nodes = (uint32_t)(bounds[count - 1] % RZ_CSR_GROUP_NODES) + 1;
    builder->implicit_rels = builder->implicit_rels && differing == 0;
    builder->min_neighbour = min_neighbour;
    builder->max_neighbour = max_neighbour;
    builder->min_rel = min_rel;
    builder->max_rel = max_rel;
    builder->edges += count;
    RZ_TRY(rz_spool_append(&builder->neighbours, neighbours, count * sizeof *neighbours, err));
    return rz_spool_append(&builder->rels, rels, count * sizeof *rels, err);
}

static ruzu_status csr_push_spool(rz_csr_builder *builder, const rz_spool *spool, rz_error *err)
{
    rz_spool_reader reader;
    ruzu_status status = RUZU_OK;
    rz_spool_reader_init(&reader, spool);
    for (;;) {
        const uint8_t *bytes;
        size_t size;
        RZ_TRY_GOTO(rz_spool_next(&reader, CSR_SPOOL_LIMIT, &bytes, &size, err));
        if (size == 0) {
            break;
        }
        /* Spool memory is 16-byte aligned and all pieces are whole values. */
        RZ_TRY_GOTO(rz_parray_push(&builder->writer, (const uint64_t *)(const void *)bytes, size / sizeof(uint64_t), err));
    }
cleanup:
    rz_spool_reader_deinit(&reader);
    return status;
}

static ruzu_status csr_builder_write(rz_csr_builder *builder, rz_csr_group *group, rz_error *err)
{
    uint64_t position = 0;
    for (uint32_t i = 0; i < builder->nodes; i++) {
        uint32_t degree = builder->counts[i];
        builder->starts[i] = position;
        position += degree;
        group->bound_nodes += degree != 0;
        group->max_degree = degree > group->max_degree ? degree : group->max_degree;
    }
    builder->starts[builder->nodes] = position;
    group->nodes = builder->nodes;
    group->edges = builder->edges;
    group->implicit_rels = builder->implicit_rels;
    group->arrays[RZ_CSR_STARTS] = (rz_parray){.count = builder->nodes + (uint64_t)1, .width = rz_bit_width(builder->edges)};
    group->arrays[RZ_CSR_NEIGHBOURS] = (rz_parray){.count = builder->edges, .base = builder->min_neighbour,
                                                   .width = rz_bit_width(builder->max_neighbour - builder->min_neighbour)};
    group->arrays[RZ_CSR_RELS] = (rz_parray){.count = builder->implicit_rels ? 0 : builder->edges, .base = builder->min_rel,
                                             .width = builder->implicit_rels ? 0 : rz_bit_width(builder->max_rel - builder->min_rel)};
    RZ_TRY(rz_parray_begin(&builder->writer, group->arrays, 3, err));
    RZ_TRY(rz_parray_push(&builder->writer, builder->starts, builder->nodes + (uint64_t)1, err));
    RZ_TRY(csr_push_spool(builder, &builder->neighbours, err));
    if (!builder->implicit_rels) {
        RZ_TRY(csr_push_spool(builder, &builder->rels, err));
    }
    return rz_parray_finish(&builder->writer, &group->extents, err);
}

ruzu_status rz_csr_builder_finish(rz_csr_builder *builder, rz_csr_group **out, rz_error *err)
{
    *out = NULL;
    if (builder->edges == 0) {
        return RUZU_OK;
    }
    rz_csr_group *group = (rz_csr_group *)rz_mem_calloc(builder->csr->env.mem, 1, sizeof *group);
    RZ_TRY_ALLOC(group, err, "building adjacency lists");
    atomic_init(&group->refs, 1);
    ruzu_status status = csr_builder_write(builder, group, err);
    if (status != RUZU_OK) {
        rz_parray_abort(&builder->writer);
        rz_mem_free(builder->csr->env.mem, group, sizeof *group);
        return status;
    }
    csr_builder_start(builder);
    *out = group;
    return RUZU_OK;
}

/* ---- reading in order ---- */

ruzu_status rz_csr_cursor_init(rz_csr_cursor *cursor, rz_csr *csr, uint32_t direction, rz_error *err)
{
    *cursor = (rz_csr_cursor){.csr = csr, .direction = direction, .changes = {.mem = csr->env.mem}};
    cursor->starts = (uint64_t *)rz_mem_alloc(csr->env.mem, (RZ_CSR_GROUP_NODES + 1) * sizeof *cursor->starts);
    RZ_TRY_ALLOC(cursor->starts, err, "reading adjacency lists");
    return RUZU_OK;
}

static void csr_cursor_close(rz_csr_cursor *cursor)
{
    for (uint32_t i = 0; i < 3; i++) {
        rz_window_release(&cursor->windows[i], cursor->csr->env.pool);
    }
    cursor->group = NULL;
    cursor->overlay = NULL;
}

void rz_csr_cursor_deinit(rz_csr_cursor *cursor)
{
    if (cursor->csr != NULL) {
        csr_cursor_close(cursor);
        rz_csr_changes_deinit(&cursor->changes);
        rz_mem_free(cursor->csr->env.mem, cursor->base, sizeof *cursor->base);
        rz_mem_free(cursor->csr->env.mem, cursor->starts, (RZ_CSR_GROUP_NODES + 1) * sizeof *cursor->starts);
        *cursor = (rz_csr_cursor){0};
    }
}

ruzu_status rz_csr_cursor_open(rz_csr_cursor *cursor, const rz_csr_group *group, const rz_csr_group *overlay, uint32_t group_idx, rz_error *err)
{
    rz_window_source source = {cursor->csr->env.pool, cursor->csr->what[cursor->direction]};
    csr_cursor_close(cursor);
    if (group == NULL) {
        return RUZU_OK;
    }
    RZ_TRY(rz_parray_read(&cursor->windows[RZ_CSR_STARTS], &source, &group->extents, &group->arrays[RZ_CSR_STARTS], 0, group->nodes + (uint64_t)1, 0,
                          cursor->starts, err));
    bool good = cursor->starts[0] == 0 && cursor->starts[group->nodes] == group->edges;
    for (uint32_t i = 0; i < group->nodes; i++) {
        good &= cursor->starts[i] <= cursor->starts[i + 1];
    }
    if (!good) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list starts of a group are damaged.",
                            cursor->csr->what[cursor->direction]);
    }
    cursor->next_change = 0;
    if (overlay != NULL) {
        if (cursor->base == NULL) {
            cursor->base = (rz_edge_batch *)rz_mem_alloc(cursor->csr->env.mem, sizeof *cursor->base);
            RZ_TRY_ALLOC(cursor->base, err, "reading adjacency lists");
        }
        RZ_TRY(rz_csr_overlay_load(cursor->csr, cursor->direction, overlay, group_idx, &cursor->changes, err));
        cursor->base->count = 0;
        cursor->base_at = 0;
    }
    cursor->overlay = overlay;
    cursor->group = group;
    cursor->first_bound = (uint64_t)group_idx * RZ_CSR_GROUP_NODES;
    cursor->position = 0;
    cursor->local = 0;
    return RUZU_OK;
}

/* The next edges of the group itself; count 0 at its end. */
static ruzu_status csr_cursor_pull_base(rz_csr_cursor *cursor, rz_edge_batch *batch, rz_error *err)
{
    const rz_csr_group *group = cursor->group;
    batch->count = 0;
    if (cursor->position == group->edges) {
        return RUZU_OK;
    }
    rz_window_source source = {cursor->csr->env.pool, cursor->csr->what[cursor->direction]};
    uint64_t left = group->edges - cursor->position;
    uint32_t count = left < RZ_EDGE_BATCH ? (uint32_t)left : RZ_EDGE_BATCH;
    RZ_TRY(rz_parray_read(&cursor->windows[RZ_CSR_NEIGHBOURS], &source, &group->extents, &group->arrays[RZ_CSR_NEIGHBOURS], cursor->position, count, 0,
                          batch->neighbour, err));
    if (group->implicit_rels) {
        for (uint32_t i = 0; i < count; i++) {
            batch->rel[i] = group->arrays[RZ_CSR_RELS].base + cursor->position + i;
        }
    } else {
        RZ_TRY(rz_parray_read(&cursor->windows[RZ_CSR_RELS], &source, &group->extents, &group->arrays[RZ_CSR_RELS], cursor->position, count, 0,
                              batch->rel, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        while (cursor->starts[cursor->local + 1] <= cursor->position + i) {
            cursor->local++;
        }
        batch->bound[i] = cursor->first_bound + cursor->local;
    }
    cursor->position += count;
    batch->count = count;
    return RUZU_OK;
}

/* Where the next change stands to the next edge of the group: before it (-1), at it (0), behind it (1). */
static int csr_cursor_order(const rz_csr_cursor *cursor)
{
    const rz_csr_changes *changes = &cursor->changes;
    const rz_edge_batch *base = cursor->base;
    uint64_t i = cursor->next_change, k = cursor->base_at;
    if (i == changes->count || cursor->base_at == base->count) {
        return i == changes->count ? 1 : -1;
    }
    if (changes->bounds[i] != base->bound[k]) {
        return changes->bounds[i] < base->bound[k] ? -1 : 1;
    }
    if (changes->neighbours[i] != base->neighbour[k]) {
        return changes->neighbours[i] < base->neighbour[k] ? -1 : 1;
    }
    uint64_t rel = changes->rels[i] & ~RZ_DELTA_REMOVED;
    return rel < base->rel[k] ? -1 : rel > base->rel[k];
}

/* The next edges with the overlay's changes. What an overlay removes is in the group, and what it inserts is not. */
static ruzu_status csr_cursor_pull_merged(rz_csr_cursor *cursor, rz_edge_batch *batch, rz_error *err)
{
    const rz_csr_changes *changes = &cursor->changes;
    rz_edge_batch *base = cursor->base;
    uint32_t count = 0;
    while (count < RZ_EDGE_BATCH) {
        if (cursor->base_at == base->count) {
            cursor->base_at = 0;
            RZ_TRY(csr_cursor_pull_base(cursor, base, err));
            if (base->count == 0 && cursor->next_change == changes->count) {
                break;
            }
        }
        int order = csr_cursor_order(cursor);
        bool removal = order <= 0 && changes->rels[cursor->next_change] >= RZ_DELTA_REMOVED;
        if (order <= 0 && removal != (order == 0)) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: an overlay does not fit its group.", cursor->csr->what[cursor->direction]);
        }
        if (order > 0) {
            batch->bound[count] = base->bound[cursor->base_at];
            batch->neighbour[count] = base->neighbour[cursor->base_at];
            batch->rel[count++] = base->rel[cursor->base_at];
        } else if (!removal) {
            batch->bound[count] = changes->bounds[cursor->next_change];
            batch->neighbour[count] = changes->neighbours[cursor->next_change];
            batch->rel[count++] = changes->rels[cursor->next_change];
        }
        cursor->base_at += order >= 0;
        cursor->next_change += order <= 0;
    }
    batch->count = count;
    return RUZU_OK;
}

ruzu_status rz_csr_cursor_pull(rz_csr_cursor *cursor, rz_edge_batch *batch, rz_error *err)
{
    batch->count = 0;
    if (cursor->group != NULL) {
        RZ_TRY(cursor->overlay == NULL ? csr_cursor_pull_base(cursor, batch, err) : csr_cursor_pull_merged(cursor, batch, err));
    }
    if (batch->count == 0) {
        csr_cursor_close(cursor);
    }
    return RUZU_OK;
}

/* ---- directory ---- */

void rz_csr_group_encode(const rz_csr_group *group, rz_str *out)
{
    uint8_t bytes[40];
    rz_store_u32(bytes, group->nodes);
    rz_store_u32(bytes + 4, group->bound_nodes);
    rz_store_u32(bytes + 8, group->max_degree);
    bytes[12] = group->implicit_rels ? CSR_FLAG_IMPLICIT : 0;
    bytes[13] = (uint8_t)group->arrays[RZ_CSR_NEIGHBOURS].width;
    bytes[14] = (uint8_t)group->arrays[RZ_CSR_RELS].width;
    bytes[15] = 0;
    rz_store_u64(bytes + 16, group->edges);
    rz_store_u64(bytes + 24, group->arrays[RZ_CSR_NEIGHBOURS].base);
    rz_store_u64(bytes + 32, group->arrays[RZ_CSR_RELS].base);
    rz_str_append(out, (const char *)bytes, sizeof bytes);
    rz_extents_encode(&group->extents, out);
}

/* The values of an array stay below `end`. */
static bool csr_array_below(const rz_parray *array, uint64_t span, uint64_t end)
{
    return array->width <= 64 && array->base < end && (span <= end - array->base);
}

static bool csr_group_valid(const rz_csr_group *group, uint8_t flags, uint64_t rel_end)
{
    const rz_parray *neighbours = &group->arrays[RZ_CSR_NEIGHBOURS];
    const rz_parray *rels = &group->arrays[RZ_CSR_RELS];
    /* A width may reach beyond the greatest value by less than one bit. */
    uint64_t span = neighbours->width == 0 ? 1 : neighbours->width > RZ_ID_OFFSET_BITS ? UINT64_MAX : UINT64_C(1) << (neighbours->width - 1);
    uint64_t rel_span = group->implicit_rels ? group->edges
                        : rels->width == 0 ? 1
                        : rels->width > RZ_ID_OFFSET_BITS ? UINT64_MAX
                                                          : UINT64_C(1) << (rels->width - 1);
    return (flags & ~CSR_FLAG_IMPLICIT) == 0 && group->nodes >= 1 && group->nodes <= RZ_CSR_GROUP_NODES && group->bound_nodes <= group->nodes &&
           group->edges >= group->bound_nodes && group->max_degree <= group->edges && group->edges <= rel_end &&
           csr_array_below(neighbours, span, RZ_ID_OFFSET_MASK) && csr_array_below(rels, rel_span, rel_end);
}

ruzu_status rz_csr_group_decode(rz_csr *csr, rz_reader *reader, uint32_t direction, uint64_t rel_end, bool logged,
                                rz_csr_group **out, rz_error *err)
{
    *out = NULL;
    rz_csr_group *group = (rz_csr_group *)rz_mem_calloc(csr->env.mem, 1, sizeof *group);
    RZ_TRY_ALLOC(group, err, "opening a table");
    atomic_init(&group->refs, 1);
    group->nodes = rz_read_u32(reader);
    group->bound_nodes = rz_read_u32(reader);
    group->max_degree = rz_read_u32(reader);
    uint8_t flags = rz_read_u8(reader);
    group->implicit_rels = (flags & CSR_FLAG_IMPLICIT) != 0;
    group->arrays[RZ_CSR_NEIGHBOURS].width = rz_read_u8(reader);
    group->arrays[RZ_CSR_RELS].width = rz_read_u8(reader);
    (void)rz_read_u8(reader);
    group->edges = rz_read_u64(reader);
    group->arrays[RZ_CSR_NEIGHBOURS].base = rz_read_u64(reader);
    group->arrays[RZ_CSR_RELS].base = rz_read_u64(reader);
    group->arrays[RZ_CSR_NEIGHBOURS].count = group->edges;
    group->arrays[RZ_CSR_RELS].count = group->implicit_rels ? 0 : group->edges;
    group->arrays[RZ_CSR_STARTS] = (rz_parray){.count = group->nodes + (uint64_t)1, .width = rz_bit_width(group->edges)};
    ruzu_status status = RUZU_OK;
    if (reader->failed || !csr_group_valid(group, flags, rel_end)) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: a group is damaged.", csr->what[direction]);
    }
    if (status == RUZU_OK) {
        status = rz_extents_decode(reader, group->arrays, 3, csr->env.mem, csr->what[direction], &group->extents, err);
    }
    if (status == RUZU_OK) {
        status = rz_extents_claim(&group->extents, csr->env.disk, logged, csr->what[direction], err);
    }
    if (status != RUZU_OK) {
        rz_extents_free(&group->extents, csr->env.mem);
        rz_mem_free(csr->env.mem, group, sizeof *group);
        return status;
    }
    *out = group;
    return RUZU_OK;
}
