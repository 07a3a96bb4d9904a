/* SPDX-License-Identifier: MIT */
/*
 * Reading adjacency: lists that are not as the group has them (csr_reader.c), because of its overlay or of changes in memory.
 *
 * Whole lists are merged while they are read. Of parts of lists the changes are brought into order, each with its place in the base list and in the merged one, so that any part,
 * and any search, needs no more than what the base gives.
 */
#include "storage/table/csr_read.h"

/* First base position in [*io_low, end) at or behind (neighbour, rel); *out_found: it is that one. */
static ruzu_status csr_search_edge(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t neighbour, uint64_t rel, uint64_t *io_low, uint64_t end,
                                   bool *out_found, rz_error *err)
{
    uint64_t low = *io_low, high = end, value;
    *out_found = false;
    if (low == end) {
        return RUZU_OK;
    }
    RZ_TRY(rz_csr_search(reader, side, neighbour, false, low, end, &low, err));
    *io_low = low;
    for (uint32_t step = 0; low < high; step++) { /* parallel edges, by rel offset: nearly always none or one */
        if (step == 4) {
            RZ_TRY(rz_csr_search(reader, side, neighbour, true, low, end, &high, err));
            if (low == high) {
                break;
            }
        }
        if (step < 4) {
            RZ_TRY(rz_csr_get(reader, side, RZ_CSR_NEIGHBOURS, low, &value, err));
            if (value != neighbour) {
                break;
            }
        }
        uint64_t middle = step < 4 ? low : low + (high - low) / 2;
        RZ_TRY(rz_csr_get(reader, side, RZ_CSR_RELS, middle, &value, err));
        *out_found = *out_found || value == rel;
        if (value < rel) {
            low = middle + 1;
        } else if (step < 4) {
            break;
        } else {
            high = middle;
        }
    }
    *io_low = low;
    return RUZU_OK;
}

#define CSR_WALK_SHARE 32u /* one change in so many entries: passing over these is cheaper than searching */

/* A part of a base list that was read into the scratch. */
typedef struct csr_walk {
    uint64_t first, end; /* positions */
} csr_walk;

/* csr_search_edge, entry by entry. */
static ruzu_status csr_walk_to_edge(rz_csr_reader *reader, rz_csr_side_reader *side, csr_walk *walk, uint64_t neighbour, uint64_t rel, uint64_t *io_low, uint64_t end,
                                    bool *out_found, rz_error *err)
{
    const uint64_t *neighbours = side->scratch, *rels = side->scratch + RZ_VECTOR_CAPACITY;
    uint64_t low = *io_low;
    *out_found = false;
    while (low < end) {
        if (low >= walk->end) {
            uint64_t take = end - low < RZ_VECTOR_CAPACITY ? end - low : RZ_VECTOR_CAPACITY;
            RZ_TRY(rz_csr_read_base(reader, side, low, (uint32_t)take, 0, side->scratch, 0, side->scratch + RZ_VECTOR_CAPACITY, err));
            *walk = (csr_walk){low, low + take};
        }
        uint64_t at = low - walk->first;
        if (neighbours[at] > neighbour || (neighbours[at] == neighbour && rels[at] >= rel)) {
            *out_found = neighbours[at] == neighbour && rels[at] == rel;
            break;
        }
        low++;
    }
    *io_low = low;
    return RUZU_OK;
}

/* For each change the number of base entries before it, and where it comes to stand: places and at. The node's group is the remembered one. */
static ruzu_status csr_merge_places(rz_csr_reader *reader, rz_csr_side_reader *side, rz_csr_merged *merged, uint64_t start, uint32_t base_length,
                                    rz_error *err)
{
    const rz_delta_changes *changes = &merged->changes;
    uint64_t low = start, end = start + base_length;
    uint64_t inserted = 0, removed = 0;
    bool walks = base_length / CSR_WALK_SHARE <= changes->count;
    csr_walk walk = {start, start};
    if (walks) {
        RZ_TRY(rz_csr_scratch(reader, side, 2 * (uint64_t)RZ_VECTOR_CAPACITY, err));
    }
    for (uint32_t i = 0; i < changes->count; i++) {
        bool removal = (changes->rels[i] & RZ_DELTA_REMOVED) != 0;
        uint64_t wanted = changes->rels[i] & ~RZ_DELTA_REMOVED;
        bool found;
        RZ_TRY(walks ? csr_walk_to_edge(reader, side, &walk, changes->neighbours[i], wanted, &low, end, &found, err)
                     : csr_search_edge(reader, side, changes->neighbours[i], wanted, &low, end, &found, err));
        merged->places[i] = low - start;
        merged->at[i] = low - start + inserted - removed;
        if (found != removal) { /* what is deleted was there, what is inserted was not */
            return rz_csr_damaged(side, merged->bound, err);
        }
        inserted += !removal;
        removed += removal;
        low += removal;
    }
    merged->places[changes->count] = base_length;
    merged->at[changes->count] = base_length + inserted - removed;
    return RUZU_OK;
}

ruzu_status rz_csr_read_entries(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, uint64_t first, uint64_t count,
                                    uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    const rz_csr_group *overlay = side->overlay;
    for (uint64_t done = 0; done < count;) {
        const uint8_t *data;
        uint64_t at, take = count - done < RZ_WINDOW_VALUES / 2 ? count - done : RZ_WINDOW_VALUES / 2;
        RZ_TRY(csr_cover(reader, side, overlay, group_idx, CSR_OVERLAY_NEIGHBOURS, first + done, take, false, &data, &at, err));
        rz_unpack(data, at, take, overlay->arrays[RZ_CSR_NEIGHBOURS].width, overlay->arrays[RZ_CSR_NEIGHBOURS].base + neighbour_base, neighbours + done);
        if (rels != NULL) {
            RZ_TRY(csr_cover(reader, side, overlay, group_idx, CSR_OVERLAY_RELS, first + done, take, false, &data, &at, err));
            rz_unpack(data, at, take, overlay->arrays[RZ_CSR_RELS].width, overlay->arrays[RZ_CSR_RELS].base + rel_base, rels + done);
        }
        done += take;
    }
    return RUZU_OK;
}

ruzu_status rz_csr_scratch(const rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t count, rz_error *err)
{
    if (count > side->scratch_count) {
        uint64_t capacity = count < 2 * RZ_VECTOR_CAPACITY ? 2 * RZ_VECTOR_CAPACITY : count + count / 4;
        uint64_t *scratch = (uint64_t *)rz_mem_alloc(reader->mem, (size_t)capacity * sizeof *scratch);
        RZ_TRY_ALLOC(scratch, err, "reading adjacency lists");
        rz_mem_free(reader->mem, side->scratch, (size_t)side->scratch_count * sizeof *scratch);
        side->scratch = scratch;
        side->scratch_count = capacity;
    }
    return RUZU_OK;
}

/* Whether change i of a comes before (neighbour, rel). */
static inline bool csr_edge_less(uint64_t neighbour, uint64_t rel, uint64_t than_neighbour, uint64_t than_rel)
{
    return neighbour < than_neighbour || (neighbour == than_neighbour && (rel & ~RZ_DELTA_REMOVED) < (than_rel & ~RZ_DELTA_REMOVED));
}

/* merged->changes, which are those in memory, with those of the overlay; what they take back of each other is left out. */
static ruzu_status csr_combine(rz_csr_reader *reader, rz_csr_side_reader *side, rz_csr_merged *merged, uint64_t bound, rz_error *err)
{
    uint64_t first, removed, end, group_idx = bound / RZ_CSR_GROUP_NODES;
    rz_delta_changes *out = &side->combined;
    rz_delta_changes memory = merged->changes;
    if (!csr_overlay_list(side, bound, &first, &removed, &end)) {
        return rz_csr_damaged(side, bound, err);
    }
    uint64_t count = end - first;
    if (count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_csr_scratch(reader, side, 2 * count, err));
    uint64_t *neighbours = side->scratch, *rels = side->scratch + count;
    RZ_TRY(rz_csr_read_entries(reader, side, group_idx, first, count, 0, neighbours, 0, rels, err));
    if (!rz_delta_changes_reserve(out, reader->mem, count + memory.count)) {
        return rz_error_no_memory(err, "reading adjacency lists");
    }
    uint64_t i = 0, r = removed - first; /* inserted, removed, in memory */
    uint32_t m = 0, n = 0;
    for (uint64_t k = r; k < count; k++) {
        rels[k] |= RZ_DELTA_REMOVED;
    }
    while (i < removed - first || r < count || m < memory.count) {
        bool insert = i < removed - first && (r == count || csr_edge_less(neighbours[i], rels[i], neighbours[r], rels[r]));
        bool stored = insert || r < count;
        uint64_t at = insert ? i : r;
        bool before = stored && (m == memory.count || csr_edge_less(neighbours[at], rels[at], memory.neighbours[m], memory.rels[m]));
        bool same = stored && !before && m < memory.count && !csr_edge_less(memory.neighbours[m], memory.rels[m], neighbours[at], rels[at]);
        if (before) {
            out->neighbours[n] = neighbours[at];
            out->rels[n++] = rels[at];
        } else if (!same) {
            out->neighbours[n] = memory.neighbours[m];
            out->rels[n++] = memory.rels[m];
        } else if (((rels[at] ^ memory.rels[m]) & RZ_DELTA_REMOVED) == 0) {
            return rz_csr_damaged(side, bound, err);
        }
        i += (before || same) && insert;
        r += (before || same) && !insert;
        m += !before;
    }
    out->count = n;
    merged->changes = *out;
    *out = memory;
    return RUZU_OK;
}

/* A node's changes in the image of its group, where they are. */
static rz_delta_changes csr_imaged_changes(const rz_delta_image *image, uint64_t bound)
{
    uint32_t local = (uint32_t)(bound % RZ_CSR_GROUP_NODES), rank = rz_delta_image_rank(image, local);
    uint32_t first = image->starts[rank], end = rz_delta_image_has(image, local) ? image->starts[rank + 1] : first;
    return (rz_delta_changes){.count = end - first, .neighbours = image->neighbours + first, .rels = image->rels + first};
}

/* A node's changes in memory. */
static bool csr_load_memory(const rz_csr_reader *reader, rz_csr_side_reader *side, rz_delta_changes *out, uint64_t bound)
{
    if (side->image == NULL) {
        side->slow++;
        side->slow_here++;
        return rz_delta_load(out, reader->mem, side->changes == NULL ? NULL : rz_delta_find(side->changes, bound), &reader->view);
    }
    rz_delta_changes image = csr_imaged_changes(side->image, bound);
    uint32_t count = image.count;
    if (!rz_delta_changes_reserve(out, reader->mem, count)) {
        return false;
    }
    out->count = count;
    if (count != 0) {
        memcpy(out->neighbours, image.neighbours, count * sizeof *out->neighbours);
        memcpy(out->rels, image.rels, count * sizeof *out->rels);
    }
    return true;
}

/* A node's changes in memory and in the overlay, and its base list. The node's group is the remembered one. */
static ruzu_status csr_load_changes(rz_csr_reader *reader, rz_csr_side_reader *side, rz_csr_merged *merged, uint64_t bound, uint64_t *out_start,
                                    uint32_t *out_base_length, rz_error *err)
{
    merged->used = false;
    merged->bound = bound;
    if (!csr_base_list(side, bound, out_start, out_base_length)) {
        return rz_csr_damaged(side, bound, err);
    }
    if (!csr_load_memory(reader, side, &merged->changes, bound)) {
        return rz_error_no_memory(err, "reading adjacency lists");
    }
    /* The overlay's pins may take the group's starts; they are not wanted afterwards. */
    return side->overlay == NULL ? RUZU_OK : csr_combine(reader, side, merged, bound, err);
}

static ruzu_status csr_merge_load(rz_csr_reader *reader, rz_csr_side_reader *side, rz_csr_merged *merged, uint64_t bound, rz_error *err)
{
    uint64_t start;
    uint32_t base_length;
    RZ_TRY(csr_load_changes(reader, side, merged, bound, &start, &base_length, err));
    if (merged->changes.count >= merged->capacity) {
        uint32_t capacity = merged->changes.capacity + 1;
        uint64_t *places = (uint64_t *)rz_mem_alloc(reader->mem, (size_t)capacity * 2 * sizeof *places);
        RZ_TRY_ALLOC(places, err, "reading adjacency lists");
        rz_mem_free(reader->mem, merged->places, (size_t)merged->capacity * 2 * sizeof *places);
        merged->places = places;
        merged->at = places + capacity;
        merged->capacity = capacity;
    }
    RZ_TRY(csr_merge_places(reader, side, merged, start, base_length, err));
    merged->used = true;
    return RUZU_OK;
}

ruzu_status rz_csr_merged_of(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, const rz_csr_merged **out, rz_error *err)
{
    for (uint32_t i = 0; i < RZ_CSR_MERGED; i++) {
        if (side->merged[i].used && side->merged[i].bound == slice->bound) {
            *out = &side->merged[i];
            return RUZU_OK;
        }
    }
    rz_csr_merged *merged = &side->merged[side->next_merged++ % RZ_CSR_MERGED];
    if (side->changes == NULL && side->overlay == NULL) { /* the slice is not this reader's */
        return rz_csr_damaged(side, slice->bound, err);
    }
    RZ_TRY(csr_merge_load(reader, side, merged, slice->bound, err));
    *out = merged;
    return RUZU_OK;
}

ruzu_status rz_csr_read_merged(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint32_t first, uint32_t count,
                                   uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    const rz_csr_merged *merged;
    RZ_TRY(rz_csr_merged_of(reader, side, slice, &merged, err));
    uint32_t change_count = merged->changes.count;
    uint32_t low = 0, high = change_count; /* the first change at or behind `first` */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (merged->at[middle] < first) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint64_t base = merged->places[low] + first - merged->at[low]; /* base entries before `first` */
    for (uint32_t done = 0; done < count;) {
        uint64_t take = merged->places[low] - base;
        take = take < count - done ? take : count - done;
        if (take != 0) {
            RZ_TRY(rz_csr_read_base(reader, side, slice->start + base, (uint32_t)take, neighbour_base, neighbours + done, rel_base,
                                 rels == NULL ? NULL : rels + done, err));
            base += take;
            done += (uint32_t)take;
            continue;
        }
        if (low == change_count) { /* the slice is not this reader's */
            return rz_csr_damaged(side, slice->bound, err);
        }
        if ((merged->changes.rels[low] & RZ_DELTA_REMOVED) != 0) {
            base++;
            low++;
            continue;
        }
        neighbours[done] = merged->changes.neighbours[low] + neighbour_base;
        if (rels != NULL) {
            rels[done] = merged->changes.rels[low] + rel_base;
        }
        low++;
        done++;
    }
    return RUZU_OK;
}

/* One list: base entries with sorted changes. False when it does not become `length` entries. */
static bool csr_apply_changes(const uint64_t *base, const uint64_t *base_rels, uint64_t base_count, const rz_delta_changes *changes, uint64_t length,
                              uint64_t neighbour_base, uint64_t *out, uint64_t rel_base, uint64_t *out_rels)
{
    uint64_t b = 0, done = 0;
    for (uint32_t i = 0; i <= changes->count; i++) {
        bool last = i == changes->count;
        uint64_t neighbour = last ? UINT64_MAX : changes->neighbours[i] + neighbour_base;
        uint64_t rel = last ? 0 : (changes->rels[i] & ~RZ_DELTA_REMOVED) + rel_base;
        /* Without rel offsets parallel edges are all the same. */
        while (b < base_count && done < length && (base[b] < neighbour || (out_rels != NULL && base[b] == neighbour && base_rels[b] < rel))) {
            if (out_rels != NULL) {
                out_rels[done] = base_rels[b];
            }
            out[done++] = base[b++];
        }
        if (last) {
            break;
        }
        if ((changes->rels[i] & RZ_DELTA_REMOVED) != 0) {
            if (b == base_count || base[b] != neighbour || (out_rels != NULL && base_rels[b] != rel)) {
                return false;
            }
            b++;
            continue;
        }
        if (done == length) {
            return false;
        }
        if (out_rels != NULL) {
            out_rels[done] = rel;
        }
        out[done++] = neighbour;
    }
    return b == base_count && done == length;
}

#define CSR_WHOLE_LIST ((uint64_t)RZ_VECTOR_CAPACITY * 2) /* longer ones are merged part by part */

ruzu_status rz_csr_read_changed(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint64_t neighbour_base, uint64_t *neighbours,
                                    uint64_t rel_base, uint64_t *rels, bool *out_done, rz_error *err)
{
    rz_csr_merged *merged = &side->merged[side->next_merged % RZ_CSR_MERGED];
    uint64_t start;
    uint32_t base_length;
    *out_done = false;
    if (!csr_base_list(side, slice->bound, &start, &base_length)) {
        return rz_csr_damaged(side, slice->bound, err);
    }
    if (base_length > CSR_WHOLE_LIST) {
        return RUZU_OK;
    }
    rz_delta_changes image = {0};
    const rz_delta_changes *changes = &image;
    if (side->image != NULL && side->overlay == NULL) {
        image = csr_imaged_changes(side->image, slice->bound);
    } else {
        changes = &merged->changes;
        side->next_merged++;
        RZ_TRY(csr_load_changes(reader, side, merged, slice->bound, &start, &base_length, err));
    }
    RZ_TRY(rz_csr_scratch(reader, side, 2 * (uint64_t)base_length, err));
    uint64_t *base = side->scratch, *base_rels = rels == NULL ? NULL : base + base_length;
    RZ_TRY(rz_csr_read_base(reader, side, start, base_length, neighbour_base, base, rel_base, base_rels, err));
    if (!csr_apply_changes(base, base_rels, base_length, changes, slice->length, neighbour_base, neighbours, rel_base, rels)) {
        return rz_csr_damaged(side, slice->bound, err);
    }
    *out_done = true;
    return RUZU_OK;
}

ruzu_status rz_csr_read_imaged(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, const rz_slice *slices, const rz_sel *sel, uint32_t at,
                               uint32_t count, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, uint32_t *out_lists,
                               rz_error *err)
{
    const rz_delta_image *image = side->image;
    const uint64_t *starts = side->buffer;
    *out_lists = 0;
    if (!rz_csr_unpack_starts(side, bound, count, side->buffer)) {
        return rz_csr_damaged(side, bound, err);
    }
    while (count != 0 && starts[count] - starts[0] > CSR_WHOLE_LIST) {
        count--;
    }
    uint64_t base_count = starts[count] - starts[0];
    RZ_TRY(rz_csr_scratch(reader, side, 2 * base_count, err));
    uint64_t *base = side->scratch, *base_rels = rels == NULL ? NULL : base + base_count;
    if (base_count != 0) {
        RZ_TRY(rz_csr_read_base(reader, side, starts[0], (uint32_t)base_count, neighbour_base, base, rel_base, base_rels, err));
    }
    uint32_t low = (uint32_t)(bound % RZ_CSR_GROUP_NODES), changed = rz_delta_image_rank(image, low), changed_end = rz_delta_image_rank(image, low + count);
    for (uint32_t k = 0; k < count;) {
        uint32_t next = changed < changed_end ? image->nodes[changed] - low : count; /* up to there lists are as they are on pages */
        uint64_t start = starts[k] - starts[0], copied = starts[next] - starts[k], length = 0;
        for (uint32_t i = k; i < next; i++) {
            length += slices[rz_sel_at(sel, at + i)].length;
        }
        bool good = length == copied;
        if (good && copied != 0) {
            memcpy(neighbours, base + start, (size_t)copied * sizeof *base);
            if (rels != NULL) {
                memcpy(rels, base_rels + start, (size_t)copied * sizeof *base);
            }
        }
        neighbours += good ? copied : 0;
        rels = rels == NULL || !good ? rels : rels + copied;
        k = next;
        if (good && k < count) {
            const rz_delta_changes changes = csr_imaged_changes(image, bound + k);
            uint64_t list = starts[k] - starts[0];
            length = slices[rz_sel_at(sel, at + k)].length;
            good = csr_apply_changes(base + list, rels == NULL ? NULL : base_rels + list, starts[k + 1] - starts[k], &changes, length, neighbour_base, neighbours,
                                     rel_base, rels);
            changed++;
            neighbours += length;
            rels = rels == NULL ? NULL : rels + length;
            k++;
        }
        if (!good) { /* the slices are not this reader's */
            return rz_csr_damaged(side, bound + k, err);
        }
    }
    *out_lists = count;
    return RUZU_OK;
}

/* One list: base entries and the overlay's, whose first `inserted` are to be merged in and the others to be left out. False when it does not become `length`
 * entries. */
static bool csr_merge_list(const uint64_t *base, const uint64_t *base_rels, uint64_t base_count, const uint64_t *entries, const uint64_t *entry_rels,
                           uint64_t inserted, uint64_t entry_count, uint64_t length, uint64_t *out, uint64_t *out_rels)
{
    uint64_t b = 0, i = 0, r = inserted, done = 0;
    while (done < length) {
        /* Up to the next change the entries go through. */
        uint64_t until = r < entry_count ? entries[r] : UINT64_MAX;
        until = i < inserted && entries[i] < until ? entries[i] : until;
        while (b < base_count && done < length && base[b] < until) {
            if (out_rels != NULL) {
                out_rels[done] = base_rels[b];
            }
            out[done++] = base[b++];
        }
        if (done == length) {
            break;
        }
        if (out_rels == NULL) { /* parallel edges are all the same */
            if (r < entry_count && b < base_count && base[b] == until && entries[r] == until) {
                b++;
                r++;
            } else if (i < inserted && entries[i] == until) {
                out[done++] = entries[i++];
            } else if (b < base_count) {
                out[done++] = base[b++];
            } else {
                return false;
            }
            continue;
        }
        bool has = b < base_count;
        if (has && r < entry_count && base[b] == entries[r] && base_rels[b] == entry_rels[r]) {
            b++;
            r++;
        } else if (i < inserted && (!has || entries[i] < base[b] || (entries[i] == base[b] && entry_rels[i] < base_rels[b]))) {
            out_rels[done] = entry_rels[i];
            out[done++] = entries[i++];
        } else if (has) {
            out_rels[done] = base_rels[b];
            out[done++] = base[b++];
        } else {
            return false;
        }
    }
    while (b < base_count && r < entry_count && base[b] == entries[r] && (out_rels == NULL || base_rels[b] == entry_rels[r])) {
        b++;
        r++;
    }
    return b == base_count && i == inserted && r == entry_count;
}

ruzu_status rz_csr_read_overlaid(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, const rz_slice *slices, const rz_sel *sel, uint32_t at,
                                     uint32_t count, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    uint64_t first, removed, end, last_first, last_removed, group_idx = side->group_idx;
    if (!rz_csr_unpack_starts(side, bound, count, side->buffer) || !csr_overlay_list(side, bound, &first, &removed, &end) ||
        !csr_overlay_list(side, bound + count - 1, &last_first, &last_removed, &end)) {
        return rz_csr_damaged(side, bound, err);
    }
    if ((bound + count - 1) % RZ_CSR_GROUP_NODES >= side->overlay->nodes) { /* behind its last node nothing follows */
        end = bound % RZ_CSR_GROUP_NODES >= side->overlay->nodes ? first : side->overlay->entries;
    }
    if (end < first) {
        return rz_csr_damaged(side, bound, err);
    }
    uint64_t base_count = side->buffer[count] - side->buffer[0], entry_count = end - first;
    RZ_TRY(rz_csr_scratch(reader, side, 2 * (base_count + entry_count) + 2 * (uint64_t)count, err));
    uint64_t *ends = side->scratch; /* of each list: of what is inserted, of what is removed */
    uint64_t *base = ends + 2 * (uint64_t)count, *base_rels = rels == NULL ? NULL : base + base_count;
    uint64_t *entries = base + 2 * base_count, *entry_rels = rels == NULL ? NULL : entries + entry_count;
    uint64_t from = 0;
    for (uint32_t k = 0; k < count; k++) { /* before anything is pinned */
        uint64_t begin, middle, behind;
        bool good = csr_overlay_list(side, bound + k, &begin, &middle, &behind);
        bool none = behind == begin;
        if (!good || (!none && (begin != first + from || behind > end))) {
            return rz_csr_damaged(side, bound + k, err);
        }
        ends[2 * k] = none ? from : middle - first;
        ends[2 * k + 1] = from = none ? from : behind - first;
    }
    RZ_TRY(rz_csr_read_base(reader, side, side->buffer[0], (uint32_t)base_count, neighbour_base, base, rel_base, base_rels, err));
    RZ_TRY(rz_csr_read_entries(reader, side, group_idx, first, entry_count, neighbour_base, entries, rel_base, entry_rels, err));
    from = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint64_t length = slices[rz_sel_at(sel, at + k)].length, start = side->buffer[k] - side->buffer[0], base_length = side->buffer[k + 1] - side->buffer[k];
        if (!csr_merge_list(base + start, rels == NULL ? NULL : base_rels + start, base_length, entries + from, rels == NULL ? NULL : entry_rels + from,
                            ends[2 * k] - from, ends[2 * k + 1] - from, length, neighbours, rels)) {
            return rz_csr_damaged(side, bound + k, err);
        }
        from = ends[2 * k + 1];
        neighbours += length;
        rels = rels == NULL ? NULL : rels + length;
    }
    return RUZU_OK;
}

uint32_t rz_csr_changed_run(const rz_csr_side_reader *side, const rz_slice *slices, const rz_sel *sel, uint32_t at, uint32_t capacity,
                                 uint32_t *out_entries)
{
    uint64_t bound = slices[rz_sel_at(sel, at)].bound;
    uint64_t room = RZ_CSR_GROUP_NODES - bound % RZ_CSR_GROUP_NODES;
    uint32_t run = 0, entries = 0;
    room = room < RZ_VECTOR_CAPACITY ? room : RZ_VECTOR_CAPACITY;
    for (; run < room && at + run < sel->count; run++) {
        const rz_slice *slice = &slices[rz_sel_at(sel, at + run)];
        if (slice->bound != bound + run || slice->length > capacity - entries ||
            (side->overlay != NULL && slice->length != slice->base_length && side->changes != NULL && rz_delta_marked(side->changes, slice->bound))) {
            break;
        }
        entries += slice->length;
    }
    *out_entries = entries;
    return run;
}
