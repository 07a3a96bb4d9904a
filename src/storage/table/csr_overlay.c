/* SPDX-License-Identifier: MIT */
/*
 * Overlays: what checkpoints have changed in a CSR group since it was written, beside it on pages of its own.
 *
 * Random changes touch every group at every checkpoint. Writing each anew would cost the whole topology each time, and as much free space again; so a
 * checkpoint writes the changes of a group alone, those of its overlay before included, until the overlays of a group have cost about as many pages as the
 * group has (the rent has reached the price), or until reading them would cost too much. Then the group is written anew, with all changes in it.
 * Where exactly differs from group to group and from time to time (overlay_dice): groups that are changed evenly are not all rewritten by the same checkpoint.
 *
 * On pages an overlay is three packed arrays, as a group is:
 *   starts       without removals nodes + 1 positions: what is inserted into list i is [start i, start i + 1);
 *                with removals 2 × nodes + 1: inserted is [start 2i, start 2i + 1), removed [start 2i + 1, start 2i + 2)
 *   neighbours   as in a group; each part of a list is sorted by (neighbour, rel offset)
 *   rel offsets  always stored
 *
 * Directory form: nodes u32, then of the merged lists: bound nodes u32, max degree u32; flags u8 (1: with removals), neighbour width u8, rel width u8, 0 u8,
 * edges of the merged lists u64, entries u64, pages written u64, smallest neighbour u64, smallest rel offset u64, extents (one).
 */
#include "storage/table/csr.h"

#define OVERLAY_FLAG_REMOVALS 1u
#define OVERLAY_MOST_CHANGES (UINT64_C(1) << 18) /* in memory while they are merged */
#ifdef RZ_TINY
#define OVERLAY_SHARE 1u      /* small groups are to have overlays, too */
#define OVERLAY_FREE_PAGES 6u
#else
#define OVERLAY_SHARE 4u      /* changes are at most about this part of a group's edges */
#define OVERLAY_FREE_PAGES 0u
#endif

/* ---- changes in memory ---- */

void rz_csr_changes_deinit(rz_csr_changes *changes)
{
    if (changes->mem != NULL) {
        rz_mem_free(changes->mem, changes->bounds, (size_t)changes->capacity * 3 * sizeof(uint64_t));
    }
    *changes = (rz_csr_changes){.mem = changes->mem};
}

bool rz_csr_changes_reserve(rz_csr_changes *changes, uint64_t count)
{
    if (count <= changes->capacity) {
        return true;
    }
    uint64_t capacity = count < RZ_EDGE_BATCH ? RZ_EDGE_BATCH : count > changes->capacity * 2 ? count : changes->capacity * 2;
    uint64_t *numbers = (uint64_t *)rz_mem_alloc(changes->mem, (size_t)capacity * 3 * sizeof *numbers);
    if (numbers == NULL) {
        return false;
    }
    if (changes->count != 0) {
        memcpy(numbers, changes->bounds, (size_t)changes->count * sizeof *numbers);
        memcpy(numbers + capacity, changes->neighbours, (size_t)changes->count * sizeof *numbers);
        memcpy(numbers + 2 * capacity, changes->rels, (size_t)changes->count * sizeof *numbers);
    }
    rz_mem_free(changes->mem, changes->bounds, (size_t)changes->capacity * 3 * sizeof *numbers);
    changes->bounds = numbers;
    changes->neighbours = numbers + capacity;
    changes->rels = numbers + 2 * capacity;
    changes->capacity = capacity;
    return true;
}

/* Order of change a[i] and b[k] as edges: -1, 0, 1. */
static int overlay_order(const rz_csr_changes *a, uint64_t i, const rz_csr_changes *b, uint64_t k)
{
    if (a->bounds[i] != b->bounds[k]) {
        return a->bounds[i] < b->bounds[k] ? -1 : 1;
    }
    if (a->neighbours[i] != b->neighbours[k]) {
        return a->neighbours[i] < b->neighbours[k] ? -1 : 1;
    }
    uint64_t left = a->rels[i] & ~RZ_DELTA_REMOVED, right = b->rels[k] & ~RZ_DELTA_REMOVED;
    return left < right ? -1 : left > right;
}

static void overlay_take(rz_csr_changes *out, const rz_csr_changes *from, uint64_t at)
{
    out->bounds[out->count] = from->bounds[at];
    out->neighbours[out->count] = from->neighbours[at];
    out->rels[out->count++] = from->rels[at];
}

ruzu_status rz_csr_changes_merge(const rz_csr_changes *first, const rz_csr_changes *second, rz_csr_changes *out, rz_error *err)
{
    uint64_t i = 0, k = 0;
    out->count = 0;
    if (!rz_csr_changes_reserve(out, first->count + second->count)) {
        return rz_error_no_memory(err, "merging adjacency lists");
    }
    while (i < first->count && k < second->count) {
        int order = overlay_order(first, i, second, k);
        if (order < 0) {
            overlay_take(out, first, i++);
        } else if (order > 0) {
            overlay_take(out, second, k++);
        } else if (((first->rels[i] ^ second->rels[k]) & RZ_DELTA_REMOVED) == 0) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: a relationship of node %llu is changed twice.",
                                (unsigned long long)first->bounds[i]);
        } else { /* inserted and removed again, or the other way round */
            i++;
            k++;
        }
    }
    for (; i < first->count; i++) {
        overlay_take(out, first, i);
    }
    for (; k < second->count; k++) {
        overlay_take(out, second, k);
    }
    return RUZU_OK;
}

/* ---- reading all of it ---- */

static ruzu_status overlay_damaged(const rz_csr *csr, uint32_t direction, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the overlay of a group is damaged.", csr->what[direction]);
}

static uint32_t overlay_stride(const rz_csr_group *overlay)
{
    return overlay->removals ? 2 : 1;
}

/* The entries of one list: what it inserts and what it removes, merged into `out`. */
static void overlay_list(uint64_t bound, const uint64_t *neighbours, const uint64_t *rels, uint64_t inserted_end, uint64_t removed_end,
                         rz_csr_changes *out)
{
    uint64_t i = 0, r = inserted_end;
    while (i < inserted_end || r < removed_end) {
        bool insert = r == removed_end || (i < inserted_end && (neighbours[i] < neighbours[r] || (neighbours[i] == neighbours[r] && rels[i] < rels[r])));
        uint64_t at = insert ? i++ : r++;
        out->bounds[out->count] = bound;
        out->neighbours[out->count] = neighbours[at];
        out->rels[out->count++] = rels[at] | (insert ? 0 : RZ_DELTA_REMOVED);
    }
}

static ruzu_status overlay_lists(rz_csr *csr, uint32_t direction, const rz_csr_group *overlay, uint64_t first_bound, const uint64_t *starts,
                                 const uint64_t *numbers, rz_csr_changes *out, rz_error *err)
{
    uint32_t stride = overlay_stride(overlay);
    bool good = starts[0] == 0 && starts[(size_t)overlay->nodes * stride] == overlay->entries;
    for (size_t i = 0; i < (size_t)overlay->nodes * stride; i++) {
        good &= starts[i] <= starts[i + 1];
    }
    if (!good) {
        return overlay_damaged(csr, direction, err);
    }
    for (uint32_t i = 0; i < overlay->nodes; i++) {
        uint64_t first = starts[(size_t)i * stride];
        uint64_t inserted_end = starts[(size_t)i * stride + 1];
        uint64_t removed_end = starts[(size_t)(i + 1) * stride];
        overlay_list(first_bound + i, numbers + first, numbers + overlay->entries + first, inserted_end - first, removed_end - first, out);
    }
    return RUZU_OK;
}

ruzu_status rz_csr_overlay_load(rz_csr *csr, uint32_t direction, const rz_csr_group *overlay, uint64_t group_idx, rz_csr_changes *out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_window window = {0};
    rz_window_source source = {csr->env.pool, csr->what[direction]};
    uint64_t start_count = overlay->arrays[RZ_CSR_STARTS].count;
    size_t bytes = (size_t)(start_count + 2 * overlay->entries) * sizeof(uint64_t);
    out->count = 0;
    uint64_t *starts = (uint64_t *)rz_mem_alloc(csr->env.mem, bytes);
    if (starts == NULL || !rz_csr_changes_reserve(out, overlay->entries)) {
        status = rz_error_no_memory(err, "reading adjacency lists");
        goto cleanup;
    }
    uint64_t *numbers = starts + start_count;
    RZ_TRY_GOTO(rz_parray_read(&window, &source, &overlay->extents, &overlay->arrays[RZ_CSR_STARTS], 0, start_count, 0, starts, err));
    RZ_TRY_GOTO(rz_parray_read(&window, &source, &overlay->extents, &overlay->arrays[RZ_CSR_NEIGHBOURS], 0, overlay->entries, 0, numbers, err));
    RZ_TRY_GOTO(rz_parray_read(&window, &source, &overlay->extents, &overlay->arrays[RZ_CSR_RELS], 0, overlay->entries, 0,
                               numbers + overlay->entries, err));
    status = overlay_lists(csr, direction, overlay, group_idx * RZ_CSR_GROUP_NODES, starts, numbers, out, err);
cleanup:
    rz_window_release(&window, csr->env.pool);
    rz_mem_free(csr->env.mem, starts, bytes);
    return status;
}

/* ---- writing ---- */

/* 128 … 383, in 256ths: how much of the usual bounds this group is given. Another place on disk, another number. */
static uint64_t overlay_dice(const rz_csr_group *group, uint64_t group_idx)
{
    uint64_t place = group->extents.count == 0 ? 0 : group->extents.items[0].range.start;
    return 128 + (rz_hash_u64(group_idx * UINT64_C(0x9e3779b97f4a7c15) + place) >> 56);
}

uint64_t rz_csr_overlay_most(const rz_csr_group *group, uint64_t group_idx)
{
    uint64_t most = (group->edges / OVERLAY_SHARE * overlay_dice(group, group_idx)) >> 8;
    return most < OVERLAY_MOST_CHANGES ? most : OVERLAY_MOST_CHANGES;
}

/* What the overlay's lists are: sizes, and the starts with `stride` to `out_starts`. False when they do not fit the group. */
static bool overlay_measure(const rz_csr_group *group, const uint64_t *starts, const rz_csr_changes *changes, rz_csr_group *overlay,
                            uint64_t *out_starts)
{
    uint32_t stride = overlay_stride(overlay);
    uint64_t at = 0;
    for (uint32_t i = 0; i < overlay->nodes || i < group->nodes; i++) {
        uint64_t degree = i < group->nodes ? starts[i + 1] - starts[i] : 0;
        uint64_t first = at, removed = 0;
        for (; at < changes->count && changes->bounds[at] % RZ_CSR_GROUP_NODES == i; at++) {
            removed += (changes->rels[at] & RZ_DELTA_REMOVED) != 0;
        }
        uint64_t inserted = at - first - removed;
        if (degree + inserted < removed) {
            return false;
        }
        degree += inserted - removed;
        if (degree > UINT32_MAX) {
            return false;
        }
        overlay->edges += degree;
        overlay->bound_nodes += degree != 0;
        overlay->max_degree = degree > overlay->max_degree ? (uint32_t)degree : overlay->max_degree;
        if (i < overlay->nodes) {
            out_starts[(size_t)i * stride] = first;
            if (stride == 2) {
                out_starts[(size_t)i * 2 + 1] = first + inserted;
            }
        }
    }
    out_starts[(size_t)overlay->nodes * stride] = changes->count;
    return at == changes->count;
}

/* The changes list by list, in each what is inserted before what is removed: to `out_neighbours` and `out_rels`. */
static void overlay_arrange(const rz_csr_changes *changes, const uint64_t *starts, uint32_t stride, uint64_t *out_neighbours, uint64_t *out_rels)
{
    uint64_t inserted = 0, removed = 0, node = UINT64_MAX;
    for (uint64_t i = 0; i < changes->count; i++) {
        uint64_t local = changes->bounds[i] % RZ_CSR_GROUP_NODES;
        if (local != node) {
            node = local;
            inserted = starts[local * stride];
            removed = stride == 2 ? starts[local * 2 + 1] : 0;
        }
        uint64_t at = (changes->rels[i] & RZ_DELTA_REMOVED) != 0 ? removed++ : inserted++;
        out_neighbours[at] = changes->neighbours[i];
        out_rels[at] = changes->rels[i] & ~RZ_DELTA_REMOVED;
    }
}

/* Counts, bases and widths of the arrays. */
static void overlay_shape(const rz_csr_changes *changes, rz_csr_group *overlay)
{
    uint64_t low[2] = {UINT64_MAX, UINT64_MAX}, high[2] = {0, 0};
    for (uint64_t i = 0; i < changes->count; i++) {
        uint64_t neighbour = changes->neighbours[i], rel = changes->rels[i] & ~RZ_DELTA_REMOVED;
        low[0] = neighbour < low[0] ? neighbour : low[0];
        high[0] = neighbour > high[0] ? neighbour : high[0];
        low[1] = rel < low[1] ? rel : low[1];
        high[1] = rel > high[1] ? rel : high[1];
        overlay->removals = overlay->removals || changes->rels[i] >= RZ_DELTA_REMOVED;
    }
    overlay->nodes = (uint32_t)(changes->bounds[changes->count - 1] % RZ_CSR_GROUP_NODES) + 1;
    overlay->entries = changes->count;
    overlay->arrays[RZ_CSR_STARTS] = (rz_parray){.count = (uint64_t)overlay->nodes * overlay_stride(overlay) + 1, .width = rz_bit_width(changes->count)};
    overlay->arrays[RZ_CSR_NEIGHBOURS] = (rz_parray){.count = changes->count, .base = low[0], .width = rz_bit_width(high[0] - low[0])};
    overlay->arrays[RZ_CSR_RELS] = (rz_parray){.count = changes->count, .base = low[1], .width = rz_bit_width(high[1] - low[1])};
}

/* Whether the group is to keep its pages, and have this overlay. */
static bool overlay_worth(const rz_csr_group *group, uint64_t group_idx, const rz_csr_group *old, rz_csr_group *overlay)
{
    uint64_t pages = 0;
    uint32_t extents = 0;
    if (!rz_parray_layout(overlay->arrays, 3, &pages, 1, &extents) || extents > 1) {
        return false;
    }
    uint64_t bound = (group->extents.page_count * overlay_dice(group, group_idx)) >> 8;
    overlay->written = pages + (old == NULL ? 0 : old->written);
    return overlay->edges != 0 && overlay->entries <= rz_csr_overlay_most(group, group_idx) && overlay->written <= bound + OVERLAY_FREE_PAGES &&
           pages * 2 <= group->extents.page_count + 2 * (uint64_t)OVERLAY_FREE_PAGES;
}

static ruzu_status overlay_put(rz_csr_group *overlay, const uint64_t *numbers, rz_parray_writer *writer, rz_error *err)
{
    const uint64_t *neighbours = numbers + overlay->arrays[RZ_CSR_STARTS].count;
    RZ_TRY(rz_parray_begin(writer, overlay->arrays, 3, err));
    ruzu_status status = rz_parray_push(writer, numbers, overlay->arrays[RZ_CSR_STARTS].count, err);
    status = status == RUZU_OK ? rz_parray_push(writer, neighbours, overlay->entries, err) : status;
    status = status == RUZU_OK ? rz_parray_push(writer, neighbours + overlay->entries, overlay->entries, err) : status;
    status = status == RUZU_OK ? rz_parray_finish(writer, &overlay->extents, err) : status;
    if (status != RUZU_OK) {
        rz_parray_abort(writer);
    }
    return status;
}

ruzu_status rz_csr_overlay_write(const rz_csr_group *group, uint64_t group_idx, const uint64_t *starts, const rz_csr_group *old,
                                 const rz_csr_changes *changes, rz_mem *mem, rz_parray_writer *writer, rz_csr_group **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    *out = NULL;
    if (changes->count == 0 || changes->count > rz_csr_overlay_most(group, group_idx)) {
        return RUZU_OK;
    }
    rz_csr_group *overlay = (rz_csr_group *)rz_mem_calloc(mem, 1, sizeof *overlay);
    RZ_TRY_ALLOC(overlay, err, "writing a checkpoint");
    atomic_init(&overlay->refs, 1);
    overlay_shape(changes, overlay);
    size_t bytes = (size_t)(overlay->arrays[RZ_CSR_STARTS].count + 2 * changes->count) * sizeof(uint64_t);
    uint64_t *numbers = (uint64_t *)rz_mem_alloc(mem, bytes);
    if (numbers == NULL) {
        status = rz_error_no_memory(err, "writing a checkpoint");
    } else if (overlay_measure(group, starts, changes, overlay, numbers) && overlay_worth(group, group_idx, old, overlay)) {
        uint64_t *neighbours = numbers + overlay->arrays[RZ_CSR_STARTS].count;
        overlay_arrange(changes, numbers, overlay_stride(overlay), neighbours, neighbours + changes->count);
        status = overlay_put(overlay, numbers, writer, err);
        if (status == RUZU_OK) {
            *out = overlay;
            overlay = NULL;
        }
    }
    rz_mem_free(mem, numbers, bytes);
    rz_mem_free(mem, overlay, sizeof *overlay);
    return status;
}

/* ---- directory ---- */

void rz_csr_overlay_encode(const rz_csr_group *overlay, rz_str *out)
{
    uint8_t bytes[56];
    rz_store_u32(bytes, overlay->nodes);
    rz_store_u32(bytes + 4, overlay->bound_nodes);
    rz_store_u32(bytes + 8, overlay->max_degree);
    bytes[12] = overlay->removals ? OVERLAY_FLAG_REMOVALS : 0;
    bytes[13] = (uint8_t)overlay->arrays[RZ_CSR_NEIGHBOURS].width;
    bytes[14] = (uint8_t)overlay->arrays[RZ_CSR_RELS].width;
    bytes[15] = 0;
    rz_store_u64(bytes + 16, overlay->edges);
    rz_store_u64(bytes + 24, overlay->entries);
    rz_store_u64(bytes + 32, overlay->written);
    rz_store_u64(bytes + 40, overlay->arrays[RZ_CSR_NEIGHBOURS].base);
    rz_store_u64(bytes + 48, overlay->arrays[RZ_CSR_RELS].base);
    rz_str_append(out, (const char *)bytes, sizeof bytes);
    rz_extents_encode(&overlay->extents, out);
}

/* The values of an array may stay below `end`: a width reaches beyond the greatest value by less than one bit. */
static bool overlay_below(const rz_parray *array, uint64_t end)
{
    uint64_t span = array->width == 0 ? 1 : array->width > RZ_ID_OFFSET_BITS ? UINT64_MAX : UINT64_C(1) << (array->width - 1);
    return array->base < end && span <= end - array->base;
}

ruzu_status rz_csr_overlay_decode(rz_csr *csr, rz_reader *reader, uint32_t direction, uint64_t rel_end, rz_csr_group **out, rz_error *err)
{
    *out = NULL;
    rz_csr_group *overlay = (rz_csr_group *)rz_mem_calloc(csr->env.mem, 1, sizeof *overlay);
    RZ_TRY_ALLOC(overlay, err, "opening a table");
    atomic_init(&overlay->refs, 1);
    overlay->nodes = rz_read_u32(reader);
    overlay->bound_nodes = rz_read_u32(reader);
    overlay->max_degree = rz_read_u32(reader);
    uint8_t flags = rz_read_u8(reader);
    overlay->removals = (flags & OVERLAY_FLAG_REMOVALS) != 0;
    overlay->arrays[RZ_CSR_NEIGHBOURS].width = rz_read_u8(reader);
    overlay->arrays[RZ_CSR_RELS].width = rz_read_u8(reader);
    (void)rz_read_u8(reader);
    overlay->edges = rz_read_u64(reader);
    overlay->entries = rz_read_u64(reader);
    overlay->written = rz_read_u64(reader);
    overlay->arrays[RZ_CSR_NEIGHBOURS].base = rz_read_u64(reader);
    overlay->arrays[RZ_CSR_RELS].base = rz_read_u64(reader);
    overlay->arrays[RZ_CSR_NEIGHBOURS].count = overlay->entries;
    overlay->arrays[RZ_CSR_RELS].count = overlay->entries;
    overlay->arrays[RZ_CSR_STARTS] = (rz_parray){.count = (uint64_t)overlay->nodes * overlay_stride(overlay) + 1, .width = rz_bit_width(overlay->entries)};
    bool good = !reader->failed && (flags & ~OVERLAY_FLAG_REMOVALS) == 0 && overlay->nodes >= 1 && overlay->nodes <= RZ_CSR_GROUP_NODES &&
                overlay->bound_nodes >= 1 && overlay->bound_nodes <= RZ_CSR_GROUP_NODES && overlay->edges >= overlay->bound_nodes &&
                overlay->max_degree <= overlay->edges && overlay->edges <= rel_end && overlay->entries >= 1 &&
                overlay->entries <= OVERLAY_MOST_CHANGES && overlay_below(&overlay->arrays[RZ_CSR_NEIGHBOURS], RZ_ID_OFFSET_MASK) &&
                overlay_below(&overlay->arrays[RZ_CSR_RELS], rel_end);
    ruzu_status status = good ? RUZU_OK : overlay_damaged(csr, direction, err);
    if (status == RUZU_OK) {
        status = rz_extents_decode(reader, overlay->arrays, 3, csr->env.mem, csr->what[direction], &overlay->extents, err);
    }
    if (status == RUZU_OK) {
        status = overlay->extents.count == 1 ? rz_extents_claim(&overlay->extents, csr->env.disk, false, csr->what[direction], err)
                                             : overlay_damaged(csr, direction, err);
    }
    if (status != RUZU_OK) {
        rz_extents_free(&overlay->extents, csr->env.mem);
        rz_mem_free(csr->env.mem, overlay, sizeof *overlay);
        return status;
    }
    *out = overlay;
    return RUZU_OK;
}
