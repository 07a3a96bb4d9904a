/* SPDX-License-Identifier: MIT */
/*
 * Reading adjacency, the hot path of the engine: readers, and how they find what they read.
 *
 * A list is found by two neighbouring packed starts; the reader remembers the group it looked at last, whose starts are covered by a window, so that a
 * look-up in the same group is two loads (csr_lookup.c). Reading a list unpacks straight into the output (csr_read.c). Windows are
 * kept per group in a small direct-mapped cache; a read that goes on where the last one ended pins ahead.
 *
 * Where the group has an overlay, lengths come from its starts, too. Of a node with changes in memory (a mark says so) the visible ones are found and counted; a reader
 * that meets many such nodes makes images of their groups' changes, or finds those that others made (delta_image.c), and keeps them at hand. The slice of a node whose list is not as the
 * group has it has the base_length CSR_CHANGED and is read with its changes (csr_changed.c).
 */
#include "storage/table/csr_read.h"

#include <inttypes.h>

#define CSR_BUDGET_SHARE 128u   /* of the pool's pages that one direction of one reader may hold pinned … */
#define CSR_LEAST_BUDGET 16u    /* … but at least so many */
#define CSR_NARROW_PINS 32u

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
        side->overlaid = rz_csr_side_overlaid(side->side);
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
        side->images = &side->first_image;
        side->image_slots = 1;
    }
    ruzu_status status = csr_reader_look(reader, snapshot, visible_end, err);
    if (status != RUZU_OK) {
        reader->csr = NULL;
    }
    return status;
}

/* The remembered group is left: nodes looked at one by one count for its next image. */
static void csr_leave_changes(rz_csr_side_reader *side)
{
    if (side->changed != NULL && side->slow_here != 0) {
        atomic_fetch_add_explicit(&side->changed->looked_up, side->slow_here, memory_order_relaxed);
    }
    side->changed = NULL;
    side->slow_here = 0;
    side->image = NULL;
}

static void csr_release_images(rz_csr_side_reader *side)
{
    csr_leave_changes(side);
    for (uint32_t i = 0; i < side->image_slots; i++) {
        rz_delta_image_release(side->images[i].image);
        side->images[i].image = NULL;
    }
}

static void csr_free_images(rz_csr_reader *reader, rz_csr_side_reader *side)
{
    if (side->images != &side->first_image) {
        rz_mem_free(reader->mem, side->images, (size_t)side->image_slots * sizeof *side->images);
    }
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
        csr_release_images(side);
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
        csr_free_images(reader, &reader->sides[i]);
    }
    reader->csr = NULL;
}

ruzu_status rz_csr_damaged(const rz_csr_side_reader *side, uint64_t bound, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list of node %" PRIu64 " is damaged.", side->source.what, bound);
}

ruzu_status rz_csr_cover_pages(rz_csr_reader *reader, rz_csr_side_reader *side, const rz_csr_group *group, uint64_t group_idx, uint32_t kind,
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

/* The first image of a group may cost so many times what was looked up one by one, each further one half of that: they serve later statements, too, unless somebody
 * keeps changing the group. */
#define CSR_IMAGE_CREDIT_BITS 5u
/* Nodes looked at one by one before an image. */
#ifdef RZ_TINY
#define CSR_IMAGE_LEAST 2u
#else
#define CSR_IMAGE_LEAST 4u
#endif
#define CSR_MOST_IMAGES 1024u /* that a reader keeps at hand */

/* How many of the nodes that are about to be looked at have changes: all of a stretch are counted, of which some are passed over. */
static uint64_t csr_changes_coming(const rz_csr_side_reader *side, const rz_delta_group *changed)
{
    uint64_t marked = 0;
    uint32_t end = side->coming == 0 ? 0 : side->coming_first + side->coming_span;
    for (uint32_t at = side->coming_first; at < end;) {
        uint32_t take = 64 - at % 64 < end - at ? 64 - at % 64 : end - at;
        uint64_t bits = atomic_load_explicit(&changed->bits[at / 64], memory_order_relaxed) >> (at % 64);
        marked += rz_popcount64(take == 64 ? bits : bits & ((UINT64_C(1) << take) - 1));
        at += take;
    }
    return side->coming_span == 0 ? 0 : marked * side->coming / side->coming_span;
}

/* Whether so many nodes have been looked at one by one, of this group by anybody or of any group by this reader, or are about to be, that an image is worth it. */
static bool csr_image_due(rz_csr_side_reader *side, const rz_delta_group *changed)
{
    uint32_t images = atomic_load_explicit(&changed->images, memory_order_relaxed);
    uint32_t cost = atomic_load_explicit(&changed->node_count, memory_order_relaxed) >> (images < CSR_IMAGE_CREDIT_BITS ? CSR_IMAGE_CREDIT_BITS - images : 0);
    cost = cost < CSR_IMAGE_LEAST ? CSR_IMAGE_LEAST : cost;
    if (atomic_load_explicit(&changed->looked_up, memory_order_relaxed) + csr_changes_coming(side, changed) >= cost) {
        return true;
    }
    if (side->slow < cost) {
        return false;
    }
    side->slow -= cost; /* one that cannot be made is paid for, too: not to be tried again and again */
    return true;
}

/* Takes over the image, which is of the group that is entered. */
static void csr_keep_image(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, rz_delta_image *image)
{
    rz_csr_kept_image *kept = &side->images[group_idx & (side->image_slots - 1)];
    uint32_t slots = side->image_slots;
    while (slots < side->side->group_count && slots < CSR_MOST_IMAGES) {
        slots *= 2;
    }
    if (kept->image != NULL && slots > side->image_slots) { /* two groups want the same place; without memory they take turns */
        rz_csr_kept_image *more = (rz_csr_kept_image *)rz_mem_calloc(reader->mem, slots, sizeof *more);
        for (uint32_t i = 0; more != NULL && i < side->image_slots; i++) {
            if (side->images[i].image != NULL) {
                more[side->images[i].group_idx & (slots - 1)] = side->images[i];
            }
        }
        if (more != NULL) {
            csr_free_images(reader, side);
            side->first_image.image = NULL;
            side->images = more;
            side->image_slots = slots;
            kept = &more[group_idx & (slots - 1)];
        }
    }
    rz_delta_image_release(kept->image);
    *kept = (rz_csr_kept_image){group_idx, image};
    side->image = image;
}

/* The image of the changes in memory of the group that is entered, made when it is due. */
static void csr_enter_changes(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx)
{
    const rz_csr_kept_image *kept = &side->images[group_idx & (side->image_slots - 1)];
    if (kept->image != NULL && kept->group_idx == group_idx) {
        side->image = kept->image;
        return;
    }
    rz_delta_group *changed = rz_delta_group_of(side->changes, group_idx);
    if (changed == NULL) {
        return;
    }
    rz_delta_image *image = rz_delta_image_get(reader->delta, changed, &reader->view);
    if (image == NULL && csr_image_due(side, changed)) {
        image = rz_delta_image_make(reader->delta, changed, &reader->view, &side->combined, reader->mem);
    }
    if (image != NULL) {
        csr_keep_image(reader, side, group_idx, image);
    } else {
        side->changed = changed;
    }
}

ruzu_status rz_csr_enter(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t group_idx, rz_error *err)
{
    const rz_csr_group *group = group_idx < side->side->group_count ? side->side->groups[group_idx] : NULL;
    side->group_idx = UINT64_MAX;
    side->group = group;
    side->overlay = NULL;
    side->last_end = UINT64_MAX;
    csr_leave_changes(side);
    if (side->changes != NULL) {
        csr_enter_changes(reader, side, group_idx);
    }
    side->coming = 0;
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
