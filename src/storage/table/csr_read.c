/* SPDX-License-Identifier: MIT */
/*
 * Reading adjacency: the hot path of the engine.
 *
 * A list is found by two neighbouring packed starts; the reader remembers the group it looked at last, whose starts are covered by a window, so that a
 * look-up in the same group is two loads. Runs of consecutive nodes are unpacked at once. Reading a list unpacks straight into the output. Windows are
 * kept per group in a small direct-mapped cache; a read that goes on where the last one ended pins ahead.
 *
 * Where the group has an overlay, lengths come from its starts too, and whole lists are merged while they are read, those of consecutive nodes together
 * (csr_read_overlaid).
 *
 * A node with changes in memory (a mark says so), and a part of a list with an overlay, goes through csr_merged: its visible changes sorted, each with its place in the base list and in the merged
 * one, so that any part of the merged list, and any search in it, needs no more than what the base gives. Its slice has the base_length CSR_CHANGED.
 */
#include "storage/table/csr.h"

#include <inttypes.h>

#define CSR_BUDGET_SHARE 128u   /* of the pool's pages that one direction of one reader may hold pinned … */
#define CSR_LEAST_BUDGET 16u    /* … but at least so many */
#define CSR_CHANGED UINT32_MAX /* base_length of a slice whose entries are not side by side on pages */
#define CSR_NARROW_PINS 32u
#define CSR_RUN 12u /* consecutive nodes that are worth unpacking together */
#define CSR_OVERLAY_STARTS (3u + RZ_CSR_STARTS) /* kinds of arrays, as those of groups */
#define CSR_OVERLAY_NEIGHBOURS (3u + RZ_CSR_NEIGHBOURS)
#define CSR_OVERLAY_RELS (3u + RZ_CSR_RELS)

/* Pins what the snapshot sees. */
static ruzu_status csr_reader_look(rz_csr_reader *reader, const rz_snapshot *snapshot, uint64_t visible_end, rz_error *err)
{
    rz_csr *csr = reader->csr;
    uint64_t sequence_end = atomic_load_explicit(&csr->sequence, memory_order_acquire);
    reader->version = rz_csr_pin_with(csr, snapshot, &reader->delta);
    if (reader->version == NULL) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "%s: no version is left for timestamp %" PRIu64 ".", csr->what[0], snapshot->timestamp);
    }
    uint64_t budget = rz_pool_pages_total(csr->env.pool) / CSR_BUDGET_SHARE;
    reader->view = (rz_delta_view){.first_rel = reader->version->folded_end, .end_rel = visible_end, .folded_time = reader->version->folded_time,
                                   .sequence_end = sequence_end, .snapshot = *snapshot};
    bool changes = rz_delta_any(reader->delta, &reader->view);
    for (uint32_t i = 0; i < 2; i++) {
        rz_csr_side_reader *side = &reader->sides[i];
        side->side = &reader->version->sides[i];
        side->changes = changes ? &reader->delta->sides[i] : NULL;
        side->budget_pages = budget < CSR_LEAST_BUDGET ? CSR_LEAST_BUDGET : budget > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)budget;
        side->pin_groups = side->side->page_count <= side->budget_pages;
        for (uint32_t g = 0; g < side->side->group_count && !side->overlaid; g++) {
            side->overlaid = side->side->overlays[g] != NULL;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_csr_reader_init(rz_csr_reader *reader, rz_csr *csr, const rz_snapshot *snapshot, uint64_t visible_end, rz_mem *mem, rz_error *err)
{
    memset(reader, 0, sizeof *reader);
    reader->csr = csr;
    reader->mem = mem;
    for (uint32_t i = 0; i < 2; i++) {
        rz_csr_side_reader *side = &reader->sides[i];
        side->source = (rz_window_source){csr->env.pool, csr->what[i]};
        side->group_idx = UINT64_MAX;
        side->windows = side->first;
        side->window_count = RZ_CSR_FIRST_WINDOWS;
    }
    ruzu_status status = csr_reader_look(reader, snapshot, visible_end, err);
    if (status != RUZU_OK) {
        reader->csr = NULL;
    }
    return status;
}

static void csr_release_image(rz_csr_side_reader *side)
{
    rz_delta_image_release(side->image);
    side->image = NULL;
}

static void csr_release_side(rz_csr_side_reader *side)
{
    side->group_idx = UINT64_MAX; /* `starts` points into a window */
    side->pinned_pages = 0;
    for (uint32_t w = 0; w < (side->overlaid ? RZ_CSR_KINDS : 3) * side->window_count; w++) {
        rz_window_release(&side->windows[w], side->source.pool);
    }
}

/* Everything but the starts of the remembered group and of its overlay. */
static void csr_release_others(rz_csr_side_reader *side)
{
    const rz_window *kept = side->group_idx == UINT64_MAX ? NULL : &side->windows[side->group_idx & (side->window_count - 1)];
    const rz_window *kept_too = kept == NULL ? NULL : kept + (size_t)CSR_OVERLAY_STARTS * side->window_count;
    side->pinned_pages = 0;
    for (uint32_t w = 0; w < (side->overlaid ? RZ_CSR_KINDS : 3) * side->window_count; w++) {
        rz_window *window = &side->windows[w];
        if (window != kept && window != kept_too) {
            rz_window_release(window, side->source.pool);
        } else if (window->pages != NULL) {
            side->pinned_pages += window->pin.page_count;
        }
    }
}

void rz_csr_reader_release(rz_csr_reader *reader)
{
    csr_release_side(&reader->sides[0]);
    csr_release_side(&reader->sides[1]);
}

static void csr_free_windows(rz_csr_reader *reader, rz_csr_side_reader *side)
{
    if (side->windows != side->first) {
        rz_mem_free(reader->mem, side->windows, (size_t)RZ_CSR_KINDS * side->window_count * sizeof *side->windows);
    }
}

/* Many pins for few windows: more windows. Without memory for them nothing changes. */
static void csr_grow_windows(rz_csr_reader *reader, rz_csr_side_reader *side)
{
    uint32_t count = side->window_count * 4;
    side->pins_made = 0;
    if (side->window_count >= side->side->group_count || count > RZ_CSR_MOST_WINDOWS) {
        return;
    }
    rz_window *windows = (rz_window *)rz_mem_calloc(reader->mem, (size_t)RZ_CSR_KINDS * count, sizeof *windows);
    if (windows == NULL) {
        return;
    }
    csr_release_side(side);
    csr_free_windows(reader, side);
    side->windows = windows;
    side->window_count = count;
}

void rz_csr_reader_suspend(rz_csr_reader *reader)
{
    if (reader->version == NULL) {
        return;
    }
    rz_csr_reader_release(reader);
    for (uint32_t i = 0; i < 2; i++) {
        rz_csr_side_reader *side = &reader->sides[i];
        csr_release_image(side);
        side->slow = 0;
        side->last_end = 0;
        side->pins_made = 0;
        side->pins_narrow = 0;
        for (uint32_t m = 0; m < RZ_CSR_MERGED; m++) {
            side->merged[m].used = false;
        }
    }
    rz_delta_release(reader->delta);
    rz_csr_unpin(reader->csr, reader->version);
    reader->delta = NULL;
    reader->version = NULL;
}

ruzu_status rz_csr_reader_resume(rz_csr_reader *reader, const rz_snapshot *snapshot, uint64_t visible_end, rz_error *err)
{
    return csr_reader_look(reader, snapshot, visible_end, err);
}

void rz_csr_reader_deinit(rz_csr_reader *reader)
{
    if (reader->csr == NULL) {
        return;
    }
    rz_csr_reader_suspend(reader);
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t m = 0; m < RZ_CSR_MERGED; m++) {
            rz_csr_merged *merged = &reader->sides[i].merged[m];
            rz_delta_changes_free(&merged->changes, reader->mem);
            rz_mem_free(reader->mem, merged->places, (size_t)merged->capacity * 2 * sizeof *merged->places);
        }
        rz_delta_changes_free(&reader->sides[i].combined, reader->mem);
        rz_mem_free(reader->mem, reader->sides[i].scratch, (size_t)reader->sides[i].scratch_count * sizeof *reader->sides[i].scratch);
        csr_free_windows(reader, &reader->sides[i]);
    }
    reader->csr = NULL;
}

/* ---- finding lists ---- */

static ruzu_status csr_damaged(const rz_csr_side_reader *side, uint64_t bound, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list of node %" PRIu64 " is damaged.", side->source.what, bound);
}

static inline rz_window *csr_window(const rz_csr_side_reader *side, uint64_t group_idx, uint32_t kind)
{
    return &side->windows[kind * side->window_count + (group_idx & (side->window_count - 1))];
}

/* Pins what the window lacks. A pin that finds every frame pinned is tried again without the reader's own. */
static RZ_NOINLINE ruzu_status csr_pin(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_csr_group *group, uint64_t group_idx, uint32_t kind,
                                       uint64_t first, uint64_t count, bool ahead, const uint8_t **out_data, uint64_t *out_first, rz_error *err)
{
    const rz_parray *array = &group->arrays[kind % 3];
    bool spread = array->per_extent != UINT64_MAX;
    uint64_t local = spread ? first % array->per_extent : first;
    const rz_stored_pages *pages = &group->extents.items[array->first_extent + (spread ? first / array->per_extent : 0)];
    uint64_t first_byte = array->byte_off + ((local * array->width) >> 3);
    uint64_t end_byte = array->byte_off + (((local + count - 1) * array->width) >> 3) + 9;
    uint64_t ahead_bytes = ahead ? (uint64_t)(side->budget_pages / 4) * RZ_PAGE_SIZE : 0;
    if (++side->pins_made > 8 * side->window_count) {
        csr_grow_windows(reader, side);
    }
    if (side->pin_groups && side->pins_narrow < CSR_NARROW_PINS) { /* small queries look at few lists: each page that is pinned costs as much as a list */
        side->pins_narrow++;
    } else if (side->pin_groups) { /* as much as there is, once and for all */
        first_byte = pages->range.count <= RZ_WINDOW_PAGES ? 0 : first_byte;
        ahead_bytes = pages->range.count * RZ_PAGE_SIZE;
    } else if (side->pinned_pages + (end_byte - first_byte + ahead_bytes) / RZ_PAGE_SIZE + 2 > side->budget_pages) {
        csr_release_others(side);
    }
    rz_window *window = csr_window(side, group_idx, kind);
    side->pinned_pages -= window->pages == NULL ? 0 : window->pin.page_count;
    rz_error attempt;
    rz_error_init(&attempt);
    ruzu_status status = rz_window_pin(window, &side->source, pages, first_byte, end_byte, ahead_bytes, &attempt);
    if (RZ_UNLIKELY(status == RUZU_ERROR_NO_MEMORY)) {
        rz_csr_reader_release(reader);
        status = rz_window_pin(window, &side->source, pages, first_byte, end_byte, 0, err);
    } else if (RZ_UNLIKELY(status != RUZU_OK)) {
        return rz_error_copy(err, &attempt);
    }
    if (status == RUZU_OK) {
        side->pinned_pages += window->pin.page_count;
        *out_data = window->extent_data + array->byte_off;
        *out_first = local;
    }
    return status;
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
    return csr_pin(reader, side, group, group_idx, kind, first, count, ahead, out_data, out_first, err);
}

/* The group's starts are covered: now those of its overlay. */
static ruzu_status csr_enter_overlay(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_csr_group *overlay, uint64_t group_idx, rz_error *err)
{
    uint64_t first, count = overlay->arrays[RZ_CSR_STARTS].count;
    for (uint32_t attempt = 0;; attempt++) {
        side->group_idx = group_idx; /* keeps the group's own */
        ruzu_status status = csr_cover(reader, side, overlay, group_idx, CSR_OVERLAY_STARTS, 0, count, false, &side->overlay_starts, &first, err);
        if (status == RUZU_OK && side->group_idx == group_idx) {
            break;
        }
        side->group_idx = UINT64_MAX;
        RZ_TRY(status);
        if (attempt == 2) {
            return rz_error_set(err, RUZU_ERROR_NO_MEMORY, "the buffer pool is too small for reading adjacency lists.");
        }
        /* To find a frame everything was let go, the group's own starts as well. */
        RZ_TRY(csr_cover(reader, side, side->group, group_idx, RZ_CSR_STARTS, 0, side->group->nodes + (uint64_t)1, false, &side->starts, &first, err));
    }
    side->overlay = overlay;
    side->overlay_width = overlay->arrays[RZ_CSR_STARTS].width;
    return RUZU_OK;
}

/* A node looked at one by one pays for the images of so many: they serve later statements, too. */
#define CSR_IMAGE_CREDIT 32u
/* Nodes looked at one by one before the first image. */
#ifdef RZ_TINY
#define CSR_IMAGE_LEAST 2u
#else
#define CSR_IMAGE_LEAST 64u
#endif

/* The image of the changes in memory of the group that is entered, made when so many nodes have been looked at one by one that it would have been worth it. */
static void csr_enter_changes(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx)
{
    rz_delta_group *changed = rz_delta_group_of(side->changes, group_idx);
    if (changed == NULL) {
        return;
    }
    side->image = rz_delta_image_get(reader->delta, changed, &reader->view);
    uint32_t cost = atomic_load_explicit(&changed->node_count, memory_order_relaxed) / CSR_IMAGE_CREDIT;
    if (side->image == NULL && side->slow >= CSR_IMAGE_LEAST && side->slow >= cost && rz_mutex_trylock(&reader->csr->write_lock)) {
        /* Who writes is not waited for. One that cannot be made is paid for, too: not to be tried again and again. */
        side->slow -= cost;
        side->image = rz_delta_image_make(reader->delta, changed, &reader->view, &side->combined, reader->mem);
        rz_mutex_unlock(&reader->csr->write_lock);
    }
}

/* Makes group_idx the remembered group. */
static RZ_NOINLINE ruzu_status csr_enter(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, rz_error *err)
{
    const rz_csr_group *group = group_idx < side->side->group_count ? side->side->groups[group_idx] : NULL;
    side->group_idx = UINT64_MAX;
    side->group = group;
    side->overlay = NULL;
    side->last_end = UINT64_MAX;
    csr_release_image(side);
    if (side->changes != NULL) {
        csr_enter_changes(reader, side, group_idx);
    }
    if (group != NULL) {
        uint64_t first;
        RZ_TRY(csr_cover(reader, side, group, group_idx, RZ_CSR_STARTS, 0, group->nodes + (uint64_t)1, false, &side->starts, &first, err));
        side->starts_width = group->arrays[RZ_CSR_STARTS].width;
        if (side->overlaid && side->side->overlays[group_idx] != NULL) {
            return csr_enter_overlay(reader, side, side->side->overlays[group_idx], group_idx, err);
        }
    }
    side->group_idx = group_idx;
    return RUZU_OK;
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

/* Changes the length of a node's list by what the overlay of the remembered group has for it; *out_changed when it has anything. False when that makes no sense. */
static inline bool csr_add_overlay(const rz_csr_side_reader *side, uint64_t bound, uint64_t *io_length, bool *out_changed)
{
    uint64_t first, removed, end;
    bool good = csr_overlay_list(side, bound, &first, &removed, &end);
    *out_changed = end != first;
    good = good && *io_length >= end - removed;
    *io_length += (removed - first) - (end - removed);
    return good && *io_length < CSR_CHANGED;
}

/* The slices of the selected rows [first, first + count), whose nodes are of the remembered group, with its overlay. */
static ruzu_status csr_overlay_slices(const rz_csr_side_reader *side, const rz_sel *sel, uint32_t first, uint32_t count, rz_slice *slices, rz_error *err)
{
    for (uint32_t i = first; i < first + count; i++) {
        rz_slice *slice = &slices[rz_sel_at(sel, i)];
        uint64_t length = slice->length;
        bool changed;
        if (RZ_UNLIKELY(!csr_add_overlay(side, slice->bound, &length, &changed))) {
            return csr_damaged(side, slice->bound, err);
        }
        if (changed) {
            slice->length = (uint32_t)length;
            slice->base_length = CSR_CHANGED;
        }
    }
    return RUZU_OK;
}

/* Adds a node's visible changes to the length of its list; false when there are none. A list cannot become shorter than nothing, unless it is damaged. */
static bool csr_add_changes(const rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, uint64_t *io_length)
{
    const rz_delta_entry *entries;
    const rz_delta_removal *removals;
    if (side->image != NULL && bound / RZ_CSR_GROUP_NODES == side->group_idx) {
        int64_t length = (int64_t)*io_length + side->image->lengthens[bound % RZ_CSR_GROUP_NODES];
        *io_length = length > 0 ? (uint64_t)length : 0;
        return side->image->counts[bound % RZ_CSR_GROUP_NODES] != 0;
    }
    const rz_delta_node *node = rz_delta_find(side->changes, bound);
    side->slow++;
    uint32_t inserted = rz_delta_inserted(node, &reader->view, &entries);
    uint32_t removed = rz_delta_removed(node, &reader->view, &removals);
    uint32_t revived = rz_delta_revived(node, removals, removed);
    uint64_t length = *io_length + inserted + revived;
    removed -= revived;
    *io_length = length > removed ? length - removed : 0;
    return (inserted | removed | revived) != 0;
}

/* Prepares csr_add_changes for a node that comes (3 - step) × CSR_AHEAD places later: its data arrive while others are looked at. */
#define CSR_AHEAD 5u
static inline void csr_look_ahead(const rz_delta_side *changes, uint64_t bound, uint32_t step)
{
    if (rz_delta_marked(changes, bound)) {
        rz_delta_prefetch(changes, bound, step);
    }
}

/* The same for changes in memory. */
static ruzu_status csr_memory_slices(const rz_csr_reader *reader, rz_csr_side_reader *side, const rz_sel *sel, uint32_t first, uint32_t count, rz_slice *slices,
                                     rz_error *err)
{
    for (uint32_t i = first; i < first + count; i++) {
        rz_slice *slice = &slices[rz_sel_at(sel, i)];
        uint64_t length = slice->length;
        for (uint32_t step = 0; side->image == NULL && step < 3 && i + (3 - step) * CSR_AHEAD < first + count; step++) {
            csr_look_ahead(side->changes, slices[rz_sel_at(sel, i + (3 - step) * CSR_AHEAD)].bound, step);
        }
        if (rz_delta_marked(side->changes, slice->bound) && csr_add_changes(reader, side, slice->bound, &length)) {
            if (RZ_UNLIKELY(length >= CSR_CHANGED)) {
                return rz_error_set(err, RUZU_ERROR_LIMIT, "a node can have at most 4294967294 relationships of a table in one direction.");
            }
            slice->length = (uint32_t)length;
            slice->base_length = CSR_CHANGED;
        }
    }
    return RUZU_OK;
}

/* How many of the nodes ids[sel first …] are consecutive and of the same group as the first, at most `most`. */
static uint32_t csr_run(const rz_id *ids, const rz_sel *sel, uint32_t first, uint32_t most)
{
    uint64_t bound = rz_id_offset(ids[rz_sel_at(sel, first)]);
    uint64_t room = RZ_CSR_GROUP_NODES - bound % RZ_CSR_GROUP_NODES;
    uint32_t run = 1;
    most = most < room ? most : (uint32_t)room;
    while (run < most && rz_id_offset(ids[rz_sel_at(sel, first + run)]) == bound + run) {
        run++;
    }
    return run;
}

/* starts of the nodes bound … bound + count of the remembered group into starts (count + 1 of them); nodes beyond the group's last have empty lists.
 * False when they are damaged. */
static bool csr_unpack_starts(const rz_csr_side_reader *side, uint64_t bound, uint32_t count, uint64_t *starts)
{
    const rz_csr_group *group = side->group;
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    if (group == NULL || local >= group->nodes) {
        memset(starts, 0, (count + (size_t)1) * sizeof *starts);
        return true;
    }
    uint32_t stored = group->nodes - local < count ? (uint32_t)(group->nodes - local) : count;
    rz_unpack(side->starts, local, stored + (uint64_t)1, side->starts_width, 0, starts);
    uint64_t disorder = starts[0]; /* in the highest bit: where no start has it, a difference has it when it is negative; comparing would not vectorise */
    for (uint32_t i = 0; i < stored; i++) {
        disorder |= (starts[i + 1] - starts[i]) | starts[i + 1];
    }
    for (uint32_t i = stored; i < count; i++) {
        starts[i + 1] = starts[i];
    }
    return disorder >> 63 == 0 && starts[stored] <= group->edges && starts[stored] - starts[0] < CSR_CHANGED;
}

ruzu_status rz_csr_lookup(rz_csr_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, rz_slice *slices, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    for (uint32_t i = 0; i < sel->count;) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t bound = rz_id_offset(ids[row]);
        if (RZ_UNLIKELY(bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
            RZ_TRY(csr_enter(reader, side, bound / RZ_CSR_GROUP_NODES, err));
        }
        uint32_t run = i + 1 < sel->count && rz_id_offset(ids[rz_sel_at(sel, i + 1)]) == bound + 1
                           ? csr_run(ids, sel, i, sel->count - i < RZ_VECTOR_CAPACITY ? sel->count - i : RZ_VECTOR_CAPACITY)
                           : 1;
        if (run < CSR_RUN) {
            for (uint32_t k = 0; k < run; k++) {
                uint64_t start;
                uint32_t length;
                if (RZ_UNLIKELY(!csr_base_list(side, bound + k, &start, &length))) {
                    return csr_damaged(side, bound + k, err);
                }
                slices[rz_sel_at(sel, i + k)] = (rz_slice){.bound = bound + k, .start = start, .length = length, .base_length = length};
            }
            if (RZ_UNLIKELY(side->overlay != NULL)) {
                RZ_TRY(csr_overlay_slices(side, sel, i, run, slices, err));
            }
            if (RZ_UNLIKELY(side->changes != NULL)) {
                RZ_TRY(csr_memory_slices(reader, side, sel, i, run, slices, err));
            }
            i += run;
            continue;
        }
        if (RZ_UNLIKELY(!csr_unpack_starts(side, bound, run, side->buffer))) {
            return csr_damaged(side, bound, err);
        }
        for (uint32_t k = 0; k < run; k++) {
            uint32_t length = (uint32_t)(side->buffer[k + 1] - side->buffer[k]);
            slices[rz_sel_at(sel, i + k)] = (rz_slice){.bound = bound + k, .start = side->buffer[k], .length = length, .base_length = length};
        }
        if (RZ_UNLIKELY(side->overlay != NULL)) {
            RZ_TRY(csr_overlay_slices(side, sel, i, run, slices, err));
        }
        if (RZ_UNLIKELY(side->changes != NULL)) {
            RZ_TRY(csr_memory_slices(reader, side, sel, i, run, slices, err));
        }
        i += run;
    }
    return RUZU_OK;
}

ruzu_status rz_csr_degrees(rz_csr_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, uint64_t *degrees, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t bound = rz_id_offset(ids[row]);
        uint64_t start;
        uint32_t length;
        if (RZ_UNLIKELY(bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
            RZ_TRY(csr_enter(reader, side, bound / RZ_CSR_GROUP_NODES, err));
        }
        if (RZ_UNLIKELY(!csr_base_list(side, bound, &start, &length))) {
            return csr_damaged(side, bound, err);
        }
        uint64_t degree = length;
        bool changed;
        if (RZ_UNLIKELY(side->overlay != NULL && !csr_add_overlay(side, bound, &degree, &changed))) {
            return csr_damaged(side, bound, err);
        }
        if (side->changes != NULL && rz_delta_marked(side->changes, bound)) {
            (void)csr_add_changes(reader, side, bound, &degree);
        }
        degrees[row] += degree;
    }
    return RUZU_OK;
}

/* Adds the lengths of the lists of nodes of the remembered group, whose starts have been unpacked. */
static ruzu_status csr_degrees_here(const rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, uint32_t count, uint64_t *out, rz_error *err)
{
    if (side->overlay == NULL && side->changes == NULL) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] += side->buffer[i + 1] - side->buffer[i];
        }
        return RUZU_OK;
    }
    if (side->overlay == NULL && side->image != NULL) {
        const int64_t *lengthens = side->image->lengthens + bound % RZ_CSR_GROUP_NODES;
        for (uint32_t i = 0; i < count; i++) {
            int64_t degree = (int64_t)(side->buffer[i + 1] - side->buffer[i]) + lengthens[i];
            out[i] += degree > 0 ? (uint64_t)degree : 0;
        }
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t degree = side->buffer[i + 1] - side->buffer[i];
        bool changed;
        for (uint32_t step = 0; side->changes != NULL && side->image == NULL && step < 3; step++) {
            csr_look_ahead(side->changes, bound + i + (3 - step) * CSR_AHEAD, step);
        }
        if (side->overlay != NULL && RZ_UNLIKELY(!csr_add_overlay(side, bound + i, &degree, &changed))) {
            return csr_damaged(side, bound + i, err);
        }
        if (side->changes != NULL && rz_delta_marked(side->changes, bound + i)) {
            (void)csr_add_changes(reader, side, bound + i, &degree);
        }
        out[i] += degree;
    }
    return RUZU_OK;
}

ruzu_status rz_csr_degrees_range(rz_csr_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *out, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    for (uint32_t done = 0; done < count;) {
        uint64_t bound = first + done;
        uint64_t room = RZ_CSR_GROUP_NODES - bound % RZ_CSR_GROUP_NODES;
        uint32_t take = count - done < RZ_VECTOR_CAPACITY ? count - done : RZ_VECTOR_CAPACITY;
        take = take < room ? take : (uint32_t)room;
        if (bound / RZ_CSR_GROUP_NODES != side->group_idx) {
            RZ_TRY(csr_enter(reader, side, bound / RZ_CSR_GROUP_NODES, err));
        }
        if (side->group != NULL || side->changes != NULL) {
            if (!csr_unpack_starts(side, bound, take, side->buffer)) {
                return csr_damaged(side, bound, err);
            }
            RZ_TRY(csr_degrees_here(reader, side, bound, take, out + done, err));
        }
        done += take;
    }
    return RUZU_OK;
}

ruzu_status rz_csr_stretch(rz_csr_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *starts, rz_slice *out, bool *out_whole, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    uint64_t group_idx = first / RZ_CSR_GROUP_NODES;
    *out_whole = false;
    *out = (rz_slice){.bound = first};
    if ((first + count - 1) / RZ_CSR_GROUP_NODES != group_idx || (side->changes != NULL && rz_delta_group_of(side->changes, group_idx) != NULL)) {
        return RUZU_OK;
    }
    if (side->group_idx != group_idx) {
        RZ_TRY(csr_enter(reader, side, group_idx, err));
    }
    if (side->overlay != NULL) {
        return RUZU_OK;
    }
    if (RZ_UNLIKELY(!csr_unpack_starts(side, first, count, starts))) {
        return csr_damaged(side, first, err);
    }
    out->start = starts[0];
    out->length = out->base_length = (uint32_t)(starts[count] - starts[0]);
    *out_whole = true;
    return RUZU_OK;
}

/* ---- reading lists ---- */

/* Base entries [position, position + count) of the remembered group. */
static ruzu_status csr_read_base(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t position, uint32_t count, uint64_t neighbour_base,
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

/* Neighbour and rel offset at one base position. */
static ruzu_status csr_get(rz_csr_reader *reader, rz_csr_side_reader *side, uint32_t kind, uint64_t position, uint64_t *out, rz_error *err)
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

/* First base position in [low, high) whose neighbour is >= neighbour (or, `above`, greater). The list is sorted. */
static ruzu_status csr_search(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t neighbour, bool above, uint64_t low, uint64_t high,
                              uint64_t *out, rz_error *err)
{
    const rz_csr_group *group = side->group;
    const rz_parray *array = &group->arrays[RZ_CSR_NEIGHBOURS];
    /* Down to a few pages one page at a time, the rest in place. */
    uint64_t near = RZ_WINDOW_VALUES / 16;
    while (high - low > near || (high > low && array->per_extent != UINT64_MAX && low / array->per_extent != (high - 1) / array->per_extent)) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t value;
        RZ_TRY(csr_get(reader, side, RZ_CSR_NEIGHBOURS, middle, &value, err));
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

/* ---- lists with changes ---- */

/* First base position in [*io_low, end) at or behind (neighbour, rel); *out_found: it is that one. */
static ruzu_status csr_search_edge(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t neighbour, uint64_t rel, uint64_t *io_low, uint64_t end,
                                   bool *out_found, rz_error *err)
{
    uint64_t low = *io_low, high = end, value;
    *out_found = false;
    if (low == end) {
        return RUZU_OK;
    }
    RZ_TRY(csr_search(reader, side, neighbour, false, low, end, &low, err));
    *io_low = low;
    for (uint32_t step = 0; low < high; step++) { /* parallel edges, by rel offset: nearly always none or one */
        if (step == 4) {
            RZ_TRY(csr_search(reader, side, neighbour, true, low, end, &high, err));
            if (low == high) {
                break;
            }
        }
        if (step < 4) {
            RZ_TRY(csr_get(reader, side, RZ_CSR_NEIGHBOURS, low, &value, err));
            if (value != neighbour) {
                break;
            }
        }
        uint64_t middle = step < 4 ? low : low + (high - low) / 2;
        RZ_TRY(csr_get(reader, side, RZ_CSR_RELS, middle, &value, err));
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

/* For each change the number of base entries before it, and where it comes to stand: places and at. The node's group is the remembered one. */
static ruzu_status csr_merge_places(rz_csr_reader *reader, rz_csr_side_reader *side, rz_csr_merged *merged, uint64_t start, uint32_t base_length,
                                    rz_error *err)
{
    const rz_delta_changes *changes = &merged->changes;
    uint64_t low = start, end = start + base_length;
    uint64_t inserted = 0, removed = 0;
    for (uint32_t i = 0; i < changes->count; i++) {
        bool removal = (changes->rels[i] & RZ_DELTA_REMOVED) != 0;
        uint64_t wanted = changes->rels[i] & ~RZ_DELTA_REMOVED;
        bool found;
        RZ_TRY(csr_search_edge(reader, side, changes->neighbours[i], wanted, &low, end, &found, err));
        merged->places[i] = low - start;
        merged->at[i] = low - start + inserted - removed;
        if (found != removal) { /* what is deleted was there, what is inserted was not */
            return csr_damaged(side, merged->bound, err);
        }
        inserted += !removal;
        removed += removal;
        low += removal;
    }
    merged->places[changes->count] = base_length;
    merged->at[changes->count] = base_length + inserted - removed;
    return RUZU_OK;
}

/* Entries [first, first + count) of the overlay of the remembered group. */
static ruzu_status csr_read_entries(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, uint64_t first, uint64_t count,
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

static ruzu_status csr_scratch(const rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t count, rz_error *err)
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
        return csr_damaged(side, bound, err);
    }
    uint64_t count = end - first;
    if (count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(csr_scratch(reader, side, 2 * count, err));
    uint64_t *neighbours = side->scratch, *rels = side->scratch + count;
    RZ_TRY(csr_read_entries(reader, side, group_idx, first, count, 0, neighbours, 0, rels, err));
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
            return csr_damaged(side, bound, err);
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

/* A node's changes in memory. */
static bool csr_load_memory(const rz_csr_reader *reader, rz_csr_side_reader *side, rz_delta_changes *out, uint64_t bound)
{
    if (side->image == NULL) {
        side->slow++;
        return rz_delta_load(out, reader->mem, side->changes == NULL ? NULL : rz_delta_find(side->changes, bound), &reader->view);
    }
    uint32_t first = side->image->starts[bound % RZ_CSR_GROUP_NODES], count = side->image->counts[bound % RZ_CSR_GROUP_NODES];
    if (!rz_delta_changes_reserve(out, reader->mem, count)) {
        return false;
    }
    out->count = count;
    if (count != 0) {
        memcpy(out->neighbours, side->image->neighbours + first, count * sizeof *out->neighbours);
        memcpy(out->rels, side->image->rels + first, count * sizeof *out->rels);
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
        return csr_damaged(side, bound, err);
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

/* The node's group is the remembered one. */
static ruzu_status csr_merged_of(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, const rz_csr_merged **out, rz_error *err)
{
    for (uint32_t i = 0; i < RZ_CSR_MERGED; i++) {
        if (side->merged[i].used && side->merged[i].bound == slice->bound) {
            *out = &side->merged[i];
            return RUZU_OK;
        }
    }
    rz_csr_merged *merged = &side->merged[side->next_merged++ % RZ_CSR_MERGED];
    if (side->changes == NULL && side->overlay == NULL) { /* the slice is not this reader's */
        return csr_damaged(side, slice->bound, err);
    }
    RZ_TRY(csr_merge_load(reader, side, merged, slice->bound, err));
    *out = merged;
    return RUZU_OK;
}

static ruzu_status csr_read_merged(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint32_t first, uint32_t count,
                                   uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    const rz_csr_merged *merged;
    RZ_TRY(csr_merged_of(reader, side, slice, &merged, err));
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
            RZ_TRY(csr_read_base(reader, side, slice->start + base, (uint32_t)take, neighbour_base, neighbours + done, rel_base,
                                 rels == NULL ? NULL : rels + done, err));
            base += take;
            done += (uint32_t)take;
            continue;
        }
        if (low == change_count) { /* the slice is not this reader's */
            return csr_damaged(side, slice->bound, err);
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

/* A whole list with changes in memory: read once, without looking for the place of each change. *out_done is false when it is too long for that. */
static ruzu_status csr_read_changed(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_slice *slice, uint64_t neighbour_base, uint64_t *neighbours,
                                    uint64_t rel_base, uint64_t *rels, bool *out_done, rz_error *err)
{
    rz_csr_merged *merged = &side->merged[side->next_merged % RZ_CSR_MERGED];
    uint64_t start;
    uint32_t base_length;
    *out_done = false;
    if (!csr_base_list(side, slice->bound, &start, &base_length)) {
        return csr_damaged(side, slice->bound, err);
    }
    if (base_length > CSR_WHOLE_LIST) {
        return RUZU_OK;
    }
    rz_delta_changes image = {0};
    const rz_delta_changes *changes = &image;
    if (side->image != NULL && side->overlay == NULL) {
        uint32_t at = side->image->starts[slice->bound % RZ_CSR_GROUP_NODES];
        image.count = side->image->counts[slice->bound % RZ_CSR_GROUP_NODES];
        image.neighbours = side->image->neighbours + at;
        image.rels = side->image->rels + at;
    } else {
        changes = &merged->changes;
        side->next_merged++;
        RZ_TRY(csr_load_changes(reader, side, merged, slice->bound, &start, &base_length, err));
    }
    RZ_TRY(csr_scratch(reader, side, 2 * (uint64_t)base_length, err));
    uint64_t *base = side->scratch, *base_rels = rels == NULL ? NULL : base + base_length;
    RZ_TRY(csr_read_base(reader, side, start, base_length, neighbour_base, base, rel_base, base_rels, err));
    if (!csr_apply_changes(base, base_rels, base_length, changes, slice->length, neighbour_base, neighbours, rel_base, rels)) {
        return csr_damaged(side, slice->bound, err);
    }
    *out_done = true;
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

/* The whole lists of `count` consecutive nodes of the remembered group, which has an overlay; none has changes in memory. lengths[k]: as looked up. */
static ruzu_status csr_read_overlaid(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, const rz_slice *slices, const rz_sel *sel, uint32_t at,
                                     uint32_t count, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    uint64_t first, removed, end, last_first, last_removed, group_idx = side->group_idx;
    if (!csr_unpack_starts(side, bound, count, side->buffer) || !csr_overlay_list(side, bound, &first, &removed, &end) ||
        !csr_overlay_list(side, bound + count - 1, &last_first, &last_removed, &end)) {
        return csr_damaged(side, bound, err);
    }
    if ((bound + count - 1) % RZ_CSR_GROUP_NODES >= side->overlay->nodes) { /* behind its last node nothing follows */
        end = bound % RZ_CSR_GROUP_NODES >= side->overlay->nodes ? first : side->overlay->entries;
    }
    if (end < first) {
        return csr_damaged(side, bound, err);
    }
    uint64_t base_count = side->buffer[count] - side->buffer[0], entry_count = end - first;
    RZ_TRY(csr_scratch(reader, side, 2 * (base_count + entry_count) + 2 * (uint64_t)count, err));
    uint64_t *ends = side->scratch; /* of each list: of what is inserted, of what is removed */
    uint64_t *base = ends + 2 * (uint64_t)count, *base_rels = rels == NULL ? NULL : base + base_count;
    uint64_t *entries = base + 2 * base_count, *entry_rels = rels == NULL ? NULL : entries + entry_count;
    uint64_t from = 0;
    for (uint32_t k = 0; k < count; k++) { /* before anything is pinned */
        uint64_t begin, middle, behind;
        bool good = csr_overlay_list(side, bound + k, &begin, &middle, &behind);
        bool none = behind == begin;
        if (!good || (!none && (begin != first + from || behind > end))) {
            return csr_damaged(side, bound + k, err);
        }
        ends[2 * k] = none ? from : middle - first;
        ends[2 * k + 1] = from = none ? from : behind - first;
    }
    RZ_TRY(csr_read_base(reader, side, side->buffer[0], (uint32_t)base_count, neighbour_base, base, rel_base, base_rels, err));
    RZ_TRY(csr_read_entries(reader, side, group_idx, first, entry_count, neighbour_base, entries, rel_base, entry_rels, err));
    from = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint64_t length = slices[rz_sel_at(sel, at + k)].length, start = side->buffer[k] - side->buffer[0], base_length = side->buffer[k + 1] - side->buffer[k];
        if (!csr_merge_list(base + start, rels == NULL ? NULL : base_rels + start, base_length, entries + from, rels == NULL ? NULL : entry_rels + from,
                            ends[2 * k] - from, ends[2 * k + 1] - from, length, neighbours, rels)) {
            return csr_damaged(side, bound + k, err);
        }
        from = ends[2 * k + 1];
        neighbours += length;
        rels = rels == NULL ? NULL : rels + length;
    }
    return RUZU_OK;
}

/* How many of the slices from the selected row number `at` on csr_read_overlaid can read together, into `capacity` entries. The first one's group is the
 * remembered one. */
static uint32_t csr_overlaid_run(const rz_csr_side_reader *side, const rz_slice *slices, const rz_sel *sel, uint32_t at, uint32_t capacity,
                                 uint32_t *out_entries)
{
    uint64_t bound = slices[rz_sel_at(sel, at)].bound;
    uint64_t room = RZ_CSR_GROUP_NODES - bound % RZ_CSR_GROUP_NODES;
    uint32_t run = 0, entries = 0;
    room = room < RZ_VECTOR_CAPACITY ? room : RZ_VECTOR_CAPACITY;
    for (; run < room && at + run < sel->count; run++) {
        const rz_slice *slice = &slices[rz_sel_at(sel, at + run)];
        if (slice->bound != bound + run || slice->length > capacity - entries ||
            (slice->length != slice->base_length && side->changes != NULL && rz_delta_marked(side->changes, slice->bound))) {
            break;
        }
        entries += slice->length;
    }
    *out_entries = entries;
    return run;
}

ruzu_status rz_csr_read(rz_csr_reader *reader, rz_direction direction, const rz_slice *slice, uint32_t first, uint32_t count, uint64_t neighbour_base,
                        uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    RZ_ASSERT(first <= slice->length && count <= slice->length - first);
    if (RZ_UNLIKELY(slice->bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
        RZ_TRY(csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
    }
    if (count == 0) {
        return RUZU_OK;
    }
    if (RZ_UNLIKELY(slice->length != slice->base_length)) {
        rz_sel one = {NULL, 1};
        uint32_t entries;
        if (side->overlay != NULL && count == slice->length && csr_overlaid_run(side, slice, &one, 0, count, &entries) == 1) {
            return csr_read_overlaid(reader, side, slice->bound, slice, &one, 0, 1, neighbour_base, neighbours, rel_base, rels, err);
        }
        if (count == slice->length && side->changes != NULL) {
            bool done;
            RZ_TRY(csr_read_changed(reader, side, slice, neighbour_base, neighbours, rel_base, rels, &done, err));
            if (done) {
                return RUZU_OK;
            }
        }
        return csr_read_merged(reader, side, slice, first, count, neighbour_base, neighbours, rel_base, rels, err);
    }
    return csr_read_base(reader, side, slice->start + first, count, neighbour_base, neighbours, rel_base, rels, err);
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

ruzu_status rz_csr_expand(rz_csr_reader *reader, rz_direction direction, const rz_slice *slices, const rz_sel *sel, uint32_t *io_at, uint32_t *io_entry,
                          uint32_t capacity, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, uint32_t *parents,
                          uint32_t *out_count, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    uint32_t done = 0;
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
                RZ_TRY(csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
            }
            uint32_t run = side->overlay == NULL || *io_entry != 0 ? 0 : csr_overlaid_run(side, slices, sel, *io_at, capacity - done, &take);
            if (run != 0) {
                RZ_TRY(csr_read_overlaid(reader, side, slice->bound, slices, sel, *io_at, run, neighbour_base, neighbours + done, rel_base,
                                         rels == NULL ? NULL : rels + done, err));
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
        uint64_t position = slice->start + *io_entry;
        uint32_t count = csr_expand_run(slices, sel, io_at, io_entry, capacity - done, parents == NULL ? NULL : parents + done);
        if (count != 0) {
            if (slice->bound / RZ_CSR_GROUP_NODES != side->group_idx) {
                RZ_TRY(csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
            }
            RZ_TRY(csr_read_base(reader, side, position, count, neighbour_base, neighbours + done, rel_base, rels == NULL ? NULL : rels + done, err));
            done += count;
        }
    }
    while (*io_at < sel->count && slices[rz_sel_at(sel, *io_at)].length == 0) { /* so that the end is seen at once */
        ++*io_at;
    }
    *out_count = done;
    return RUZU_OK;
}

/* ---- searching ---- */

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
        RZ_TRY(csr_search(reader, side, neighbour, false, *io_low, end, io_low, err));
        high = *io_low;
        uint64_t step = 1; /* gallop over parallel edges: nearly always none or one */
        while (high < end) {
            RZ_TRY(csr_get(reader, side, RZ_CSR_NEIGHBOURS, high, &value, err));
            if (value != neighbour) {
                break;
            }
            if (step < 8) {
                high++;
                step++;
            } else {
                RZ_TRY(csr_search(reader, side, neighbour, true, high, end, &high, err));
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
        return csr_damaged(side, slice->bound, err);
    }
    uint64_t low = start;
    RZ_TRY(csr_find_base(reader, side, neighbour, &low, start + base_length, &high, err));
    RZ_TRY(csr_overlay_rank(reader, side, group_idx, inserted_at, removed_at, neighbour, &inserted_before, &inserted, err));
    RZ_TRY(csr_overlay_rank(reader, side, group_idx, removed_at, end, neighbour, &removed_before, &removed, err));
    if (low - start + inserted_before < removed_before || high - low + inserted < removed) {
        return csr_damaged(side, slice->bound, err);
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
        RZ_TRY(csr_enter(reader, side, slice->bound / RZ_CSR_GROUP_NODES, err));
    }
    uint64_t base_length = slice->base_length;
    if (RZ_UNLIKELY(slice->length != slice->base_length)) {
        if (side->overlay != NULL && (side->changes == NULL || !rz_delta_marked(side->changes, slice->bound))) {
            return csr_find_overlaid(reader, side, slice, neighbour, out_first, out_count, err);
        }
        RZ_TRY(csr_merged_of(reader, side, slice, &merged, err));
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
