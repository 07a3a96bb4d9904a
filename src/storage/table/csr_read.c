/* SPDX-License-Identifier: MIT */
/*
 * Reading adjacency: the lists themselves (csr_reader.c), one, many, or a part of one, and searching in them. A list is unpacked straight into the output.
 */
#include "storage/table/csr_read.h"

#define CSR_NEAR 32u /* so many entries between two lists, and a list of so many, take less to read than it takes to begin anew */

ruzu_status rz_csr_read_base(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t position, uint32_t count, uint64_t neighbour_base,
                                 uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    const rz_csr_group *group = side->group;
    bool ahead = position == side->last_end;
    while (count != 0) {
        const uint8_t *data;
        uint64_t first;
        uint64_t take = count < RZ_WINDOW_VALUES / 2 ? count : RZ_WINDOW_VALUES / 2;
        for (uint32_t kind = RZ_CSR_NEIGHBOURS; kind <= RZ_CSR_RELS; kind++) { /* not across extents */
            uint64_t per_extent = group->arrays[kind].per_extent;
            if (RZ_UNLIKELY(per_extent != UINT64_MAX)) {
                uint64_t left = per_extent - position % per_extent;
                take = take < left ? take : left;
            }
        }
        RZ_TRY(csr_cover(reader, side, group, side->group_idx, RZ_CSR_NEIGHBOURS, position, take, ahead, &data, &first, err));
        rz_unpack(data, first, take, group->arrays[RZ_CSR_NEIGHBOURS].width, group->arrays[RZ_CSR_NEIGHBOURS].base + neighbour_base, neighbours);
        neighbours += take;
        if (rels != NULL && group->implicit_rels) {
            uint64_t rel = group->arrays[RZ_CSR_RELS].base + rel_base + position;
            for (uint64_t i = 0; i < take; i++) {
                rels[i] = rel + i;
            }
            rels += take;
        } else if (rels != NULL) {
            RZ_TRY(csr_cover(reader, side, group, side->group_idx, RZ_CSR_RELS, position, take, ahead, &data, &first, err));
            rz_unpack(data, first, take, group->arrays[RZ_CSR_RELS].width, group->arrays[RZ_CSR_RELS].base + rel_base, rels);
            rels += take;
        }
        position += take;
        count -= (uint32_t)take;
    }
    side->last_end = position;
    return RUZU_OK;
}

ruzu_status rz_csr_get(rz_csr_reader *reader, rz_csr_side_reader *side, uint32_t kind, uint64_t position, uint64_t *out, rz_error *err)
{
    const rz_csr_group *group = side->group;
    const rz_parray *array = &group->arrays[kind];
    const uint8_t *data;
    uint64_t first;
    if (kind == RZ_CSR_RELS && group->implicit_rels) {
        *out = array->base + position;
        return RUZU_OK;
    }
    RZ_TRY(csr_cover(reader, side, group, side->group_idx, kind, position, 1, false, &data, &first, err));
    *out = rz_packed_get(data, first, array->width) + array->base;
    return RUZU_OK;
}

ruzu_status rz_csr_search(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t neighbour, bool above, uint64_t low, uint64_t high,
                              uint64_t *out, rz_error *err)
{
    const rz_csr_group *group = side->group;
    const rz_parray *array = &group->arrays[RZ_CSR_NEIGHBOURS];
    /* Down to a few pages one page at a time, the rest in place. */
    uint64_t near = RZ_WINDOW_VALUES / 16;
    while (high - low > near || (high > low && array->per_extent != UINT64_MAX && low / array->per_extent != (high - 1) / array->per_extent)) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t value;
        RZ_TRY(rz_csr_get(reader, side, RZ_CSR_NEIGHBOURS, middle, &value, err));
        if (value < neighbour || (above && value == neighbour)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < high) {
        const uint8_t *data;
        uint64_t first;
        RZ_TRY(csr_cover(reader, side, group, side->group_idx, RZ_CSR_NEIGHBOURS, low, high - low, false, &data, &first, err));
        if (neighbour < array->base) {
            high = low;
        }
        uint64_t wanted = neighbour - array->base;
        uint64_t shift = first - low; /* of positions within the extent */
        while (low < high) {
            uint64_t middle = low + (high - low) / 2;
            uint64_t value = rz_packed_get(data, middle + shift, array->width);
            if (value < wanted || (above && value == wanted)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
    }
    *out = low;
    return RUZU_OK;
}

ruzu_status rz_csr_read(rz_csr_reader *reader, rz_direction direction, const rz_slice *slice, uint32_t first, uint32_t count, uint64_t neighbour_base,
                        uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    RZ_ASSERT(first <= slice->length && count <= slice->length - first);
    if (RZ_UNLIKELY(slice->bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
        RZ_TRY(rz_csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
    }
    if (count == 0) {
        return RUZU_OK;
    }
    if (RZ_UNLIKELY(slice->length != slice->base_length)) {
        rz_sel one = {NULL, 1};
        uint32_t entries;
        if (side->overlay != NULL && count == slice->length && rz_csr_changed_run(side, slice, &one, 0, count, &entries) == 1) {
            return rz_csr_read_overlaid(reader, side, slice->bound, slice, &one, 0, 1, neighbour_base, neighbours, rel_base, rels, err);
        }
        if (count == slice->length && side->changes != NULL) {
            bool done;
            RZ_TRY(rz_csr_read_changed(reader, side, slice, neighbour_base, neighbours, rel_base, rels, &done, err));
            if (done) {
                return RUZU_OK;
            }
        }
        return rz_csr_read_merged(reader, side, slice, first, count, neighbour_base, neighbours, rel_base, rels, err);
    }
    return rz_csr_read_base(reader, side, slice->start + first, count, neighbour_base, neighbours, rel_base, rels, err);
}

static void csr_fill_u32(uint32_t *out, uint32_t count, uint32_t value)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = value;
    }
}

/* How many of the next slices follow the one at *io_at (from entry *io_entry) in the same group's arrays, so that up to `capacity` of their entries can be
 * read together; writes the parents and moves *io_at and *io_entry. Returns the number of entries. */
static uint32_t csr_expand_run(const rz_slice *slices, const rz_sel *sel, uint32_t *io_at, uint32_t *io_entry, uint32_t capacity, uint32_t *parents)
{
    uint32_t row = rz_sel_at(sel, *io_at);
    uint64_t group = slices[row].bound / RZ_CSR_GROUP_NODES;
    uint64_t next = slices[row].start + *io_entry; /* position */
    uint32_t count = 0;
    while (*io_at < sel->count) {
        row = rz_sel_at(sel, *io_at);
        const rz_slice *slice = &slices[row];
        if ((slice->length | slice->base_length) == 0) { /* nothing to read; perhaps the node is of another table */
            ++*io_at;
            continue;
        }
        if (slice->length != slice->base_length || slice->bound / RZ_CSR_GROUP_NODES != group ||
            (slice->length != 0 && slice->start + *io_entry != next)) {
            break;
        }
        uint32_t take = slice->length - *io_entry;
        take = take < capacity - count ? take : capacity - count;
        if (parents != NULL) {
            csr_fill_u32(parents + count, take, row);
        }
        count += take;
        next += take;
        *io_entry += take;
        if (*io_entry < slice->length) {
            break; /* no room left */
        }
        ++*io_at;
        *io_entry = 0;
    }
    return count;
}

/* A list's row for each of its entries; `room` for how many there is. Most lists are short, and how short is hard to guess. */
static inline void csr_fill_parents(uint32_t *parents, uint32_t length, uint32_t room, uint32_t row)
{
    if (RZ_LIKELY(length <= RZ_CSR_COPY && room >= RZ_CSR_COPY)) {
        for (uint32_t k = 0; k < RZ_CSR_COPY; k++) {
            parents[k] = row;
        }
    } else {
        csr_fill_u32(parents, length, row);
    }
}

/*
 * How many positions from the first one's start on hold the lists of the rows from `at` on, if they lie one after the other with little between them; 0: they do not seem to. Only
 * the first and the last list are looked at; *io_last was the number of the last row at first, and is that of the last one that has a list.
 */
static uint32_t csr_near_span(const rz_slice *slices, const rz_sel *sel, uint32_t at, uint32_t *io_last)
{
    const rz_slice *first = &slices[rz_sel_at(sel, at)];
    uint32_t last = *io_last;
    while (last > at && slices[rz_sel_at(sel, last)].length == 0) {
        last--;
    }
    *io_last = last; /* so that each empty list is passed once, whatever is asked how often */
    const rz_slice *end = &slices[rz_sel_at(sel, last)];
    uint64_t span = end->start + end->length - first->start;
    bool near = end->bound / RZ_CSR_GROUP_NODES == first->bound / RZ_CSR_GROUP_NODES && end->start >= first->start && end->length == end->base_length &&
                span <= RZ_VECTOR_CAPACITY && span <= (uint64_t)(last - at + 1) * CSR_NEAR;
    return near ? (uint32_t)span : 0;
}

/*
 * Reads the lists from the selected row number *io_at on, which csr_near_span found near, at once, and leaves out what lies between them. Stops at a list that lies elsewhere or for
 * which there is no room.
 */
static ruzu_status csr_expand_near(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slices, const rz_sel *sel, uint32_t *io_at, uint32_t span,
                                   uint32_t capacity, uint64_t neighbour_base, uint64_t *neighbours, uint32_t *parents, uint32_t *out_count, rz_error *err)
{
    uint32_t at = *io_at, done = 0;
    uint64_t first = slices[rz_sel_at(sel, at)].start, group = slices[rz_sel_at(sel, at)].bound / RZ_CSR_GROUP_NODES;
    if (group != side->group_idx) {
        RZ_TRY(rz_csr_enter(reader, side, group, err));
    }
    RZ_TRY(rz_csr_read_base(reader, side, first, span, neighbour_base, side->buffer, 0, NULL, err));
    for (; at < sel->count; at++) {
        uint32_t row = rz_sel_at(sel, at);
        const rz_slice *slice = &slices[row];
        uint32_t length = slice->length, room = capacity - done;
        uint64_t begin = slice->start - first;
        bool empty = (length | slice->base_length) == 0; /* perhaps the node is of another table */
        bool fits = (length == slice->base_length) & (slice->bound / RZ_CSR_GROUP_NODES == group) & (begin + length <= span) & (begin <= span) & (length <= room);
        if (RZ_UNLIKELY(!(empty | fits))) {
            break;
        }
        const uint64_t *from = side->buffer + (empty ? 0 : begin);
        if (RZ_LIKELY((length <= RZ_CSR_COPY) & (room >= RZ_CSR_COPY))) { /* most are short, and how short is hard to guess */
            memcpy(neighbours + done, from, RZ_CSR_COPY * sizeof *neighbours);
            for (uint32_t k = 0; parents != NULL && k < RZ_CSR_COPY; k++) {
                parents[done + k] = row;
            }
        } else {
            memcpy(neighbours + done, from, length * sizeof *neighbours);
            if (parents != NULL) {
                csr_fill_u32(parents + done, length, row);
            }
        }
        done += length;
    }
    *io_at = at;
    *out_count = done;
    return RUZU_OK;
}

ruzu_status rz_csr_expand(rz_csr_reader *reader, rz_direction direction, const rz_slice *slices, const rz_sel *sel, uint32_t *io_at, uint32_t *io_entry,
                          uint32_t capacity, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, uint32_t *parents,
                          uint32_t *out_count, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    uint32_t done = 0, last = sel->count - 1;
    bool nears = rels == NULL;
    while (done < capacity && *io_at < sel->count) {
        uint32_t row = rz_sel_at(sel, *io_at);
        const rz_slice *slice = &slices[row];
        if ((slice->length | slice->base_length) == 0) {
            ++*io_at;
            continue;
        }
        if (RZ_UNLIKELY(slice->length != slice->base_length)) {
            uint32_t take;
            if (slice->bound / RZ_CSR_GROUP_NODES != side->group_idx) {
                RZ_TRY(rz_csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
            }
            bool together = (side->overlay != NULL || side->image != NULL) && *io_entry == 0;
            uint32_t run = together ? rz_csr_changed_run(side, slices, sel, *io_at, capacity - done, &take) : 0;
            if (run != 0 && side->overlay == NULL) {
                RZ_TRY(rz_csr_read_imaged(reader, side, slice->bound, slices, sel, *io_at, run, neighbour_base, neighbours + done, rel_base,
                                          rels == NULL ? NULL : rels + done, &run, err));
            } else if (run != 0) {
                RZ_TRY(rz_csr_read_overlaid(reader, side, slice->bound, slices, sel, *io_at, run, neighbour_base, neighbours + done, rel_base,
                                         rels == NULL ? NULL : rels + done, err));
            }
            if (run != 0) {
                for (uint32_t k = 0; k < run; k++) {
                    row = rz_sel_at(sel, *io_at + k);
                    if (parents != NULL) {
                        csr_fill_u32(parents + done, slices[row].length, row);
                    }
                    done += slices[row].length;
                }
                *io_at += run;
                continue;
            }
            take = slice->length - *io_entry;
            take = take < capacity - done ? take : capacity - done;
            RZ_TRY(rz_csr_read(reader, direction, slice, *io_entry, take, neighbour_base, neighbours + done, rel_base, rels == NULL ? NULL : rels + done,
                               err));
            if (parents != NULL) {
                csr_fill_u32(parents + done, take, row);
            }
            *io_entry += take;
            done += take;
            if (*io_entry == slice->length) {
                ++*io_at;
                *io_entry = 0;
            }
            continue;
        }
        uint32_t span = nears && *io_entry == 0 && slice->length <= capacity - done && slice->length <= CSR_NEAR ? csr_near_span(slices, sel, *io_at, &last) : 0;
        if (span != 0) {
            uint32_t read;
            RZ_TRY(csr_expand_near(reader, side, slices, sel, io_at, span, capacity - done, neighbour_base, neighbours + done, parents == NULL ? NULL : parents + done,
                                   &read, err));
            done += read;
            nears = read >= span / CSR_NEAR; /* else the lists are in no order */
            continue;
        }
        uint64_t position = slice->start + *io_entry;
        uint32_t count = csr_expand_run(slices, sel, io_at, io_entry, capacity - done, parents == NULL ? NULL : parents + done);
        if (count != 0) {
            if (slice->bound / RZ_CSR_GROUP_NODES != side->group_idx) {
                RZ_TRY(rz_csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
            }
            RZ_TRY(rz_csr_read_base(reader, side, position, count, neighbour_base, neighbours + done, rel_base, rels == NULL ? NULL : rels + done, err));
            done += count;
        }
    }
    while (*io_at < sel->count && slices[rz_sel_at(sel, *io_at)].length == 0) { /* so that the end is seen at once */
        ++*io_at;
    }
    *out_count = done;
    return RUZU_OK;
}

/* First index of the changes whose neighbour is >= neighbour (or, `above`, greater). */
static uint32_t csr_search_changes(const rz_delta_changes *changes, uint64_t neighbour, bool above)
{
    uint32_t low = 0, high = changes->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (changes->neighbours[middle] < neighbour || (above && changes->neighbours[middle] == neighbour)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Base positions [*io_low, *out_high) of [*io_low, end) that hold the neighbour. */
static ruzu_status csr_find_base(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t neighbour, uint64_t *io_low, uint64_t end, uint64_t *out_high,
                                 rz_error *err)
{
    uint64_t high = *io_low;
    if (high < end) {
        uint64_t value = 0;
        RZ_TRY(rz_csr_search(reader, side, neighbour, false, *io_low, end, io_low, err));
        high = *io_low;
        uint64_t step = 1; /* gallop over parallel edges: nearly always none or one */
        while (high < end) {
            RZ_TRY(rz_csr_get(reader, side, RZ_CSR_NEIGHBOURS, high, &value, err));
            if (value != neighbour) {
                break;
            }
            if (step < 8) {
                high++;
                step++;
            } else {
                RZ_TRY(rz_csr_search(reader, side, neighbour, true, high, end, &high, err));
                break;
            }
        }
    }
    *out_high = high;
    return RUZU_OK;
}

/* Of the sorted entries [first, end) of the overlay: how many are before the neighbour, and how many are it. */
static ruzu_status csr_overlay_rank(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, uint64_t first, uint64_t end, uint64_t neighbour,
                                    uint64_t *out_before, uint64_t *out_equal, rz_error *err)
{
    const rz_csr_group *overlay = side->overlay;
    uint64_t bounds[2];
    for (uint32_t above = 0; above < 2; above++) {
        uint64_t low = above == 0 ? first : bounds[0], high = end;
        while (low < high) {
            const uint8_t *data;
            uint64_t at, middle = low + (high - low) / 2;
            RZ_TRY(csr_cover(reader, side, overlay, group_idx, CSR_OVERLAY_NEIGHBOURS, middle, 1, false, &data, &at, err));
            uint64_t value = rz_packed_get(data, at, overlay->arrays[RZ_CSR_NEIGHBOURS].width) + overlay->arrays[RZ_CSR_NEIGHBOURS].base;
            if (value < neighbour || (above == 1 && value == neighbour)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        bounds[above] = low;
    }
    *out_before = bounds[0] - first;
    *out_equal = bounds[1] - bounds[0];
    return RUZU_OK;
}

/* rz_csr_find in a list that has changes in the overlay of the remembered group only. */
static ruzu_status csr_find_overlaid(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint64_t neighbour, uint32_t *out_first,
                                     uint32_t *out_count, rz_error *err)
{
    uint64_t start, inserted_at, removed_at, end, high, group_idx = side->group_idx;
    uint64_t inserted_before, inserted, removed_before, removed;
    uint32_t base_length;
    if (!csr_base_list(side, slice->bound, &start, &base_length) || !csr_overlay_list(side, slice->bound, &inserted_at, &removed_at, &end)) {
        return rz_csr_damaged(side, slice->bound, err);
    }
    uint64_t low = start;
    RZ_TRY(csr_find_base(reader, side, neighbour, &low, start + base_length, &high, err));
    RZ_TRY(csr_overlay_rank(reader, side, group_idx, inserted_at, removed_at, neighbour, &inserted_before, &inserted, err));
    RZ_TRY(csr_overlay_rank(reader, side, group_idx, removed_at, end, neighbour, &removed_before, &removed, err));
    if (low - start + inserted_before < removed_before || high - low + inserted < removed) {
        return rz_csr_damaged(side, slice->bound, err);
    }
    uint64_t count = high - low + inserted - removed;
    *out_first = count == 0 ? 0 : (uint32_t)(low - start + inserted_before - removed_before);
    *out_count = (uint32_t)count;
    return RUZU_OK;
}

ruzu_status rz_csr_find(rz_csr_reader *reader, rz_direction direction, const rz_slice *slice, uint64_t neighbour, uint32_t *out_first,
                        uint32_t *out_count, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    const rz_csr_merged *merged = NULL;
    *out_first = 0;
    *out_count = 0;
    if (slice->length == 0) {
        return RUZU_OK;
    }
    if (RZ_UNLIKELY(slice->bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
        RZ_TRY(rz_csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
    }
    uint64_t base_length = slice->base_length;
    if (RZ_UNLIKELY(slice->length != slice->base_length)) {
        if (side->overlay != NULL && (side->changes == NULL || !rz_delta_marked(side->changes, slice->bound))) {
            return csr_find_overlaid(reader, side, slice, neighbour, out_first, out_count, err);
        }
        RZ_TRY(rz_csr_merged_of(reader, side, slice, &merged, err));
        base_length = merged->places[merged->changes.count];
    }
    uint64_t low = slice->start, high;
    RZ_TRY(csr_find_base(reader, side, neighbour, &low, slice->start + base_length, &high, err));
    uint64_t first = low - slice->start;
    uint64_t end = high - slice->start;
    if (RZ_UNLIKELY(merged != NULL)) { /* what the changes before move the positions by */
        uint32_t before = csr_search_changes(&merged->changes, neighbour, false);
        uint32_t behind = csr_search_changes(&merged->changes, neighbour, true);
        first = first + merged->at[before] - merged->places[before];
        end = end + merged->at[behind] - merged->places[behind];
    }
    *out_first = end == first ? 0 : (uint32_t)first;
    *out_count = (uint32_t)(end - first);
    return RUZU_OK;
}
