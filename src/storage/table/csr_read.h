/* SPDX-License-Identifier: MIT */
/*
 * Reading adjacency, what its parts share (private to csr_reader.c, csr_lookup.c, csr_read.c and csr_changed.c). csr_reader.c says how a reader finds its way.
 */
#ifndef RZ_STORAGE_TABLE_CSR_READ_H
#define RZ_STORAGE_TABLE_CSR_READ_H

#include "storage/table/csr.h"

#define CSR_CHANGED UINT32_MAX /* base_length of a slice whose entries are not side by side on pages */
#define CSR_OVERLAY_STARTS (3u + RZ_CSR_STARTS) /* kinds of arrays, as those of groups */
#define CSR_OVERLAY_NEIGHBOURS (3u + RZ_CSR_NEIGHBOURS)
#define CSR_OVERLAY_RELS (3u + RZ_CSR_RELS)

/* ---- where things are (csr_reader.c) ---- */

/* Says that the list of a node is damaged. */
ruzu_status rz_csr_damaged(const rz_csr_side_reader *side, uint64_t bound, rz_error *err);
/* Pins what the window lacks. A pin that finds every frame pinned is tried again without the reader's own. */
RZ_NODISCARD ruzu_status rz_csr_cover_pages(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_csr_group *group, uint64_t group_idx, uint32_t kind,
                                       uint64_t first, uint64_t count, bool ahead, const uint8_t **out_data, uint64_t *out_first, rz_error *err);
/* Makes group_idx the remembered group. */
RZ_NODISCARD ruzu_status rz_csr_enter(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, rz_error *err);

static inline rz_window *csr_window(const rz_csr_side_reader *side, uint64_t group_idx, uint32_t kind)
{
    return &side->windows[kind * side->window_count + (group_idx & (side->window_count - 1))];
}

/* Makes values [first, first + count) of an array of the group (or the overlay, for whose kinds it is called) readable: *out_data with *out_first. ahead: the
 * values behind will be wanted next. */
static inline ruzu_status csr_cover(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_csr_group *group, uint64_t group_idx, uint32_t kind,
                                    uint64_t first, uint64_t count, bool ahead, const uint8_t **out_data, uint64_t *out_first, rz_error *err)
{
    const rz_parray *array = &group->arrays[kind % 3];
    if (RZ_UNLIKELY(array->width == 0)) { /* there is no byte, perhaps no extent */
        *out_data = NULL;
        *out_first = first;
        return RUZU_OK;
    }
    if (RZ_LIKELY(array->per_extent == UINT64_MAX)) {
        const rz_window *window = csr_window(side, group_idx, kind);
        uint64_t first_byte = array->byte_off + ((first * array->width) >> 3);
        uint64_t end_byte = array->byte_off + (((first + count - 1) * array->width) >> 3) + 9;
        if (RZ_LIKELY(window->pages == group->extents.items && first_byte >= window->first_byte &&
                      end_byte <= window->end_byte)) {
            *out_data = window->extent_data + array->byte_off;
            *out_first = first;
            return RUZU_OK;
        }
    }
    return rz_csr_cover_pages(reader, side, group, group_idx, kind, first, count, ahead, out_data, out_first, err);
}

/* The base list of a node of the remembered group; false when its starts make no sense. */
static inline bool csr_base_list(const rz_csr_side_reader *side, uint64_t bound, uint64_t *out_start, uint32_t *out_length)
{
    const rz_csr_group *group = side->group;
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    if (group == NULL || local >= group->nodes) {
        *out_start = 0;
        *out_length = 0;
        return true;
    }
    uint64_t start = rz_packed_get(side->starts, local, side->starts_width);
    uint64_t end = rz_packed_get(side->starts, local + 1, side->starts_width);
    *out_start = start;
    *out_length = (uint32_t)(end - start);
    return start <= end && end <= group->edges && end - start < CSR_CHANGED;
}

/* What the overlay of the remembered group has for a node: entries [*out_first, *out_removed) are inserted, [*out_removed, *out_end) removed. False when its starts
 * make no sense. */
static inline bool csr_overlay_list(const rz_csr_side_reader *side, uint64_t bound, uint64_t *out_first, uint64_t *out_removed, uint64_t *out_end)
{
    const rz_csr_group *overlay = side->overlay;
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    *out_first = *out_removed = *out_end = 0;
    if (local >= overlay->nodes) {
        return true;
    }
    if (overlay->removals) {
        *out_first = rz_packed_get(side->overlay_starts, local * 2, side->overlay_width);
        *out_removed = rz_packed_get(side->overlay_starts, local * 2 + 1, side->overlay_width);
        *out_end = rz_packed_get(side->overlay_starts, local * 2 + 2, side->overlay_width);
    } else {
        *out_first = rz_packed_get(side->overlay_starts, local, side->overlay_width);
        *out_removed = *out_end = rz_packed_get(side->overlay_starts, local + 1, side->overlay_width);
    }
    return *out_first <= *out_removed && *out_removed <= *out_end && *out_end <= overlay->entries;
}

/* ---- the parts ---- */

/* csr_lookup.c: */
/* starts of the nodes bound … bound + count of the remembered group into starts (count + 1 of them); nodes beyond the group's last have empty lists.
 * False when they are damaged. */
bool rz_csr_unpack_starts(const rz_csr_side_reader *side, uint64_t bound, uint32_t count, uint64_t *starts);

/* csr_read.c: */
/* Base entries [position, position + count) of the remembered group. */
RZ_NODISCARD ruzu_status rz_csr_read_base(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t position, uint32_t count, uint64_t neighbour_base,
                                 uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err);
/* Neighbour and rel offset at one base position. */
RZ_NODISCARD ruzu_status rz_csr_get(rz_csr_reader *reader, rz_csr_side_reader *side, uint32_t kind, uint64_t position, uint64_t *out, rz_error *err);
/* First base position in [low, high) whose neighbour is >= neighbour (or, `above`, greater). The list is sorted. */
RZ_NODISCARD ruzu_status rz_csr_search(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t neighbour, bool above, uint64_t low, uint64_t high,
                              uint64_t *out, rz_error *err);

/* csr_changed.c: */
/* Room for `count` numbers in the side's scratch; what was there is lost. */
RZ_NODISCARD ruzu_status rz_csr_scratch(const rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t count, rz_error *err);
/* Entries [first, first + count) of the overlay of the remembered group. */
RZ_NODISCARD ruzu_status rz_csr_read_entries(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, uint64_t first, uint64_t count,
                                    uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err);
/* The node's group is the remembered one. */
RZ_NODISCARD ruzu_status rz_csr_merged_of(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, const rz_csr_merged **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_read_merged(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint32_t first, uint32_t count,
                                   uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err);
/* A whole list with changes in memory: read once, without looking for the place of each change. *out_done is false when it is too long for that. */
RZ_NODISCARD ruzu_status rz_csr_read_changed(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint64_t neighbour_base, uint64_t *neighbours,
                                    uint64_t rel_base, uint64_t *rels, bool *out_done, rz_error *err);
/* The whole lists of `count` consecutive nodes of the remembered group, which has an overlay; none has changes in memory. */
RZ_NODISCARD ruzu_status rz_csr_read_overlaid(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, const rz_slice *slices, const rz_sel *sel, uint32_t at,
                                     uint32_t count, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err);
/* The same of a group without an overlay, whose changes in memory have an image: of the first *out_lists nodes, perhaps 0 where lists are long. */
RZ_NODISCARD ruzu_status rz_csr_read_imaged(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, const rz_slice *slices, const rz_sel *sel, uint32_t at,
                                     uint32_t count, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels,
                                     uint32_t *out_lists, rz_error *err);
/* How many of the slices from the selected row number `at` on rz_csr_read_overlaid or rz_csr_read_imaged can read together, into `capacity` entries. The first one's group is the
 * remembered one. */
uint32_t rz_csr_changed_run(const rz_csr_side_reader *side, const rz_slice *slices, const rz_sel *sel, uint32_t at, uint32_t capacity,
                                 uint32_t *out_entries);

#endif
