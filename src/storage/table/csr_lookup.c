/* SPDX-License-Identifier: MIT */
/*
 * Reading adjacency: where the lists of nodes are and how long (csr_reader.c). Runs of consecutive nodes are unpacked at once; what overlays and changes in memory add and
 * take away is counted without reading it.
 */
#include "storage/table/csr_read.h"

#define CSR_RUN 12u          /* consecutive nodes that are worth unpacking together */
#define CSR_OVERLAY_RUN 128u /* nodes whose overlay lists are unpacked together, at most */
#define CSR_SPAN_SHARE 8u    /* one row in so many nodes: still cheaper to unpack the starts of those between, too … */
#ifdef RZ_TINY
#    define CSR_SPAN_ROWS 3u
#else
#    define CSR_SPAN_ROWS 12u /* … for so many rows at least */
#endif

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

/*
 * What the overlay of the remembered group adds to the lengths of the lists of nodes [bound, bound + count), count <= CSR_OVERLAY_RUN, less what it removes
 * (modulo 2^64), and how many entries it has for each. False when its starts make no sense.
 */
static bool csr_overlay_run(const rz_csr_side_reader *side, uint64_t bound, uint32_t count, uint64_t *lengthens, uint64_t *entries)
{
    const rz_csr_group *overlay = side->overlay;
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    uint64_t stored = local >= overlay->nodes ? 0 : overlay->nodes - local < count ? overlay->nodes - local : count;
    uint64_t starts[2 * CSR_OVERLAY_RUN + 1];
    uint32_t stride = overlay->removals ? 2 : 1;
    memset(lengthens + stored, 0, (count - stored) * sizeof *lengthens);
    memset(entries + stored, 0, (count - stored) * sizeof *entries);
    if (stored == 0) {
        return true;
    }
    rz_unpack(side->overlay_starts, local * stride, stored * stride + 1, side->overlay_width, 0, starts);
    uint64_t disorder = starts[0]; /* in the highest bit, as in rz_csr_unpack_starts */
    for (uint64_t i = 0; i < stored * stride; i++) {
        disorder |= (starts[i + 1] - starts[i]) | starts[i + 1];
    }
    for (uint64_t i = 0; stride == 1 && i < stored; i++) {
        entries[i] = lengthens[i] = starts[i + 1] - starts[i];
    }
    for (uint64_t i = 0; stride == 2 && i < stored; i++) {
        entries[i] = starts[2 * i + 2] - starts[2 * i];
        lengthens[i] = 2 * starts[2 * i + 1] - starts[2 * i] - starts[2 * i + 2];
    }
    return disorder >> 63 == 0 && starts[stored * stride] <= overlay->entries;
}

/* The slices of the selected rows [first, first + count), which are consecutive nodes of the remembered group, with its overlay. */
static ruzu_status csr_overlay_slices(const rz_csr_side_reader *side, const rz_sel *sel, uint32_t first, uint32_t count, rz_slice *slices, rz_error *err)
{
    uint64_t lengthens[CSR_OVERLAY_RUN], entries[CSR_OVERLAY_RUN];
    for (uint32_t i = first; count < CSR_RUN && i < first + count; i++) {
        rz_slice *slice = &slices[rz_sel_at(sel, i)];
        uint64_t length = slice->length;
        bool changed;
        if (RZ_UNLIKELY(!csr_add_overlay(side, slice->bound, &length, &changed))) {
            return rz_csr_damaged(side, slice->bound, err);
        }
        if (changed) {
            slice->length = (uint32_t)length;
            slice->base_length = CSR_CHANGED;
        }
    }
    for (uint32_t done = count < CSR_RUN ? count : 0; done < count;) {
        uint32_t take = count - done < CSR_OVERLAY_RUN ? count - done : CSR_OVERLAY_RUN;
        uint64_t bound = slices[rz_sel_at(sel, first + done)].bound;
        if (RZ_UNLIKELY(!csr_overlay_run(side, bound, take, lengthens, entries))) {
            return rz_csr_damaged(side, bound, err);
        }
        for (uint32_t k = 0; k < take; k++) {
            rz_slice *slice = &slices[rz_sel_at(sel, first + done + k)];
            uint64_t length = slice->length + lengthens[k]; /* one that is negative is too long */
            if (entries[k] == 0) {
                continue;
            }
            if (RZ_UNLIKELY(length >= CSR_CHANGED)) {
                return rz_csr_damaged(side, slice->bound, err);
            }
            slice->length = (uint32_t)length;
            slice->base_length = CSR_CHANGED;
        }
        done += take;
    }
    return RUZU_OK;
}

/* Adds a node's visible changes to the length of its list; false when there are none. A list cannot become shorter than nothing, unless it is damaged. */
static bool csr_add_changes(const rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t bound, uint64_t *io_length)
{
    const rz_delta_entry *entries;
    const rz_delta_removal *removals;
    if (side->image != NULL && bound / RZ_CSR_GROUP_NODES == side->group_idx) {
        uint32_t local = (uint32_t)(bound % RZ_CSR_GROUP_NODES);
        if (!rz_delta_image_has(side->image, local)) {
            return false;
        }
        int64_t length = (int64_t)*io_length + side->image->lengthens[rz_delta_image_rank(side->image, local)];
        *io_length = length > 0 ? (uint64_t)length : 0;
        return true;
    }
    const rz_delta_node *node = rz_delta_find(side->changes, bound);
    side->slow++;
    side->slow_here++;
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

static ruzu_status csr_too_long(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_LIMIT, "a node can have at most 4294967294 relationships of a table in one direction.");
}

/* The same for changes in memory, from their image: only nodes that have any are looked at. */
static ruzu_status csr_image_slices(const rz_delta_image *image, const rz_sel *sel, uint32_t first, uint32_t count, rz_slice *slices, rz_error *err)
{
    uint32_t low = (uint32_t)(slices[rz_sel_at(sel, first)].bound % RZ_CSR_GROUP_NODES);
    if (count == 1 && !rz_delta_image_has(image, low)) {
        return RUZU_OK;
    }
    uint32_t end = rz_delta_image_rank(image, low + count);
    for (uint32_t k = rz_delta_image_rank(image, low); k < end; k++) {
        rz_slice *slice = &slices[rz_sel_at(sel, first + (image->nodes[k] - low))];
        int64_t length = (int64_t)slice->length + image->lengthens[k];
        if (RZ_UNLIKELY(length >= (int64_t)CSR_CHANGED)) {
            return csr_too_long(err);
        }
        slice->length = length > 0 ? (uint32_t)length : 0;
        slice->base_length = CSR_CHANGED;
    }
    return RUZU_OK;
}

/* The same where the nodes are of one group, but follow one another in no order. */
static ruzu_status csr_image_each(const rz_delta_image *image, const rz_sel *sel, uint32_t first, rz_slice *slices, rz_error *err)
{
    for (uint32_t i = first; i < sel->count; i++) {
        rz_slice *slice = &slices[rz_sel_at(sel, i)];
        const rz_sel one = {.rows = NULL, .count = 1};
        if (RZ_UNLIKELY(rz_delta_image_has(image, (uint32_t)(slice->bound % RZ_CSR_GROUP_NODES)))) {
            RZ_TRY(csr_image_slices(image, &one, 0, 1, slice, err));
        }
    }
    return RUZU_OK;
}

/* The same for changes in memory. */
static ruzu_status csr_memory_slices(const rz_csr_reader *reader, rz_csr_side_reader *side, const rz_sel *sel, uint32_t first, uint32_t count, rz_slice *slices,
                                     rz_error *err)
{
    if (side->image != NULL) {
        return csr_image_slices(side->image, sel, first, count, slices, err);
    }
    for (uint32_t i = first; i < first + count; i++) {
        rz_slice *slice = &slices[rz_sel_at(sel, i)];
        uint64_t length = slice->length;
        for (uint32_t step = 0; step < 3 && i + (3 - step) * CSR_AHEAD < first + count; step++) {
            csr_look_ahead(side->changes, slices[rz_sel_at(sel, i + (3 - step) * CSR_AHEAD)].bound, step);
        }
        if (rz_delta_marked(side->changes, slice->bound) && csr_add_changes(reader, side, slice->bound, &length)) {
            if (RZ_UNLIKELY(length >= CSR_CHANGED)) {
                return csr_too_long(err);
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

/* Says that nodes [bound, bound + count) are about to be looked at, whose group is to be entered next. */
static void csr_announce(rz_csr_side_reader *side, uint64_t bound, uint32_t count)
{
    side->coming = side->coming_span = count;
    side->coming_first = (uint32_t)(bound % RZ_CSR_GROUP_NODES);
}

/* The same of the nodes ids[sel first …], as many of them as are of the same group as the first. */
static void csr_announce_rows(rz_csr_side_reader *side, const rz_id *ids, const rz_sel *sel, uint32_t first)
{
    uint64_t low = rz_id_offset(ids[rz_sel_at(sel, first)]), high = low, group = low / RZ_CSR_GROUP_NODES;
    uint32_t i = first;
    for (; i < sel->count && side->changes != NULL; i++) {
        uint64_t bound = rz_id_offset(ids[rz_sel_at(sel, i)]);
        if (bound / RZ_CSR_GROUP_NODES != group) {
            break;
        }
        low = bound < low ? bound : low;
        high = bound > high ? bound : high;
    }
    csr_announce(side, low, (uint32_t)(high - low) + 1);
    side->coming = i - first;
}

bool rz_csr_unpack_starts(const rz_csr_side_reader *side, uint64_t bound, uint32_t count, uint64_t *starts)
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

/*
 * Unpacks the starts between the rows of sel from `first` on when these seem to be nodes of the remembered group that lie close together, in whatever order: *out_span is 0 when
 * they do not. What a condition left of a scan's rows is like that: how long its runs are is hard to guess, so nothing should depend on it. Only the first and the last
 * row have been looked at: of the others the caller finds out.
 */
static ruzu_status csr_unpack_close(rz_csr_side_reader *side, const rz_id *ids, const rz_sel *sel, uint32_t first, uint64_t *out_low, uint32_t *out_span, rz_error *err)
{
    uint32_t count = sel->count - first;
    uint64_t low = rz_id_offset(ids[rz_sel_at(sel, first)]), high = rz_id_offset(ids[rz_sel_at(sel, sel->count - 1)]);
    *out_low = low;
    *out_span = 0;
    if (side->overlay != NULL || count < CSR_SPAN_ROWS || high < low || high / RZ_CSR_GROUP_NODES != side->group_idx ||
        (high - low) / CSR_SPAN_SHARE >= count || high - low >= RZ_VECTOR_CAPACITY) {
        return RUZU_OK;
    }
    *out_span = (uint32_t)(high - low) + 1;
    return RZ_LIKELY(rz_csr_unpack_starts(side, low, *out_span, side->buffer)) ? RUZU_OK : rz_csr_damaged(side, low, err);
}

/* The slices of rows whose starts have been unpacked. False: some row lies elsewhere. */
static bool csr_close_slices(const rz_csr_side_reader *side, const rz_id *ids, const rz_sel *sel, uint32_t first, uint64_t low, uint32_t span, rz_slice *slices)
{
    const uint64_t *starts = side->buffer;
    bool elsewhere = false;
    for (uint32_t i = first; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t local = rz_id_offset(ids[row]) - low;
        elsewhere |= local >= span;
        local = local < span ? local : 0;
        uint32_t length = (uint32_t)(starts[local + 1] - starts[local]);
        slices[row] = (rz_slice){.bound = low + local, .start = starts[local], .length = length, .base_length = length};
    }
    return !elsewhere;
}

ruzu_status rz_csr_lookup(rz_csr_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, rz_slice *slices, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    uint64_t tried = UINT64_MAX; /* the group whose rows have been asked about */
    bool scattered = false;      /* rows that seemed close together were not: another try, a group, would be a pass over the rows a row */
    for (uint32_t i = 0; i < sel->count;) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t bound = rz_id_offset(ids[row]);
        if (RZ_UNLIKELY(bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
            csr_announce_rows(side, ids, sel, i);
            RZ_TRY(rz_csr_enter(reader, side, bound / RZ_CSR_GROUP_NODES, err));
        }
        uint64_t low;
        uint32_t span = 0;
        if (bound / RZ_CSR_GROUP_NODES != tried && !scattered) {
            tried = bound / RZ_CSR_GROUP_NODES;
            RZ_TRY(csr_unpack_close(side, ids, sel, i, &low, &span, err));
        }
        scattered = scattered || (span != 0 && !csr_close_slices(side, ids, sel, i, low, span, slices));
        if (span != 0 && !scattered) {
            return side->changes == NULL ? RUZU_OK
                   : side->image != NULL ? csr_image_each(side->image, sel, i, slices, err)
                                         : csr_memory_slices(reader, side, sel, i, sel->count - i, slices, err);
        }
        uint32_t run = i + 1 < sel->count && rz_id_offset(ids[rz_sel_at(sel, i + 1)]) == bound + 1
                           ? csr_run(ids, sel, i, sel->count - i < RZ_VECTOR_CAPACITY ? sel->count - i : RZ_VECTOR_CAPACITY)
                           : 1;
        if (run < CSR_RUN) {
            for (uint32_t k = 0; k < run; k++) {
                uint64_t start;
                uint32_t length;
                if (RZ_UNLIKELY(!csr_base_list(side, bound + k, &start, &length))) {
                    return rz_csr_damaged(side, bound + k, err);
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
        if (RZ_UNLIKELY(!rz_csr_unpack_starts(side, bound, run, side->buffer))) {
            return rz_csr_damaged(side, bound, err);
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

/* Adds the lengths of the lists of rows whose starts have been unpacked, if none lies elsewhere. */
static bool csr_close_degrees(const rz_csr_side_reader *side, const rz_id *ids, const rz_sel *sel, uint32_t first, uint64_t low, uint32_t span, uint64_t *degrees)
{
    const uint64_t *starts = side->buffer;
    bool elsewhere = false;
    for (uint32_t i = first; i < sel->count; i++) {
        elsewhere |= rz_id_offset(ids[rz_sel_at(sel, i)]) - low >= span;
    }
    for (uint32_t i = first; i < sel->count && !elsewhere; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t local = rz_id_offset(ids[row]) - low;
        degrees[row] += starts[local + 1] - starts[local];
    }
    return !elsewhere;
}

ruzu_status rz_csr_degrees(rz_csr_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, uint64_t *degrees, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    uint64_t tried = UINT64_MAX; /* the group whose rows have been asked about */
    bool scattered = false;      /* rows that seemed close together were not: another try, a group, would be a pass over the rows a row */
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t bound = rz_id_offset(ids[row]);
        uint64_t start;
        uint32_t length;
        if (RZ_UNLIKELY(bound / RZ_CSR_GROUP_NODES != side->group_idx)) {
            csr_announce_rows(side, ids, sel, i);
            RZ_TRY(rz_csr_enter(reader, side, bound / RZ_CSR_GROUP_NODES, err));
        }
        uint64_t low;
        uint32_t span;
        if (side->changes == NULL && bound / RZ_CSR_GROUP_NODES != tried && !scattered) {
            tried = bound / RZ_CSR_GROUP_NODES;
            RZ_TRY(csr_unpack_close(side, ids, sel, i, &low, &span, err));
            if (span != 0 && csr_close_degrees(side, ids, sel, i, low, span, degrees)) {
                return RUZU_OK;
            }
            scattered = span != 0;
        }
        if (RZ_UNLIKELY(!csr_base_list(side, bound, &start, &length))) {
            return rz_csr_damaged(side, bound, err);
        }
        uint64_t degree = length;
        bool changed;
        if (RZ_UNLIKELY(side->overlay != NULL && !csr_add_overlay(side, bound, &degree, &changed))) {
            return rz_csr_damaged(side, bound, err);
        }
        if (side->changes != NULL && rz_delta_marked(side->changes, bound)) {
            (void)csr_add_changes(reader, side, bound, &degree);
        }
        degrees[row] += degree;
    }
    return RUZU_OK;
}

/* Makes lengths, the overlay of the remembered group included, of the starts of nodes that have been unpacked. */
static ruzu_status csr_overlay_degrees(rz_csr_side_reader *side, uint64_t bound, uint32_t count, rz_error *err)
{
    uint64_t lengthens[CSR_OVERLAY_RUN], entries[CSR_OVERLAY_RUN];
    for (uint32_t done = 0; done < count;) {
        uint32_t take = count - done < CSR_OVERLAY_RUN ? count - done : CSR_OVERLAY_RUN;
        uint64_t longest = 0;
        bool good = csr_overlay_run(side, bound + done, take, lengthens, entries);
        uint64_t *starts = side->buffer + done;
        for (uint32_t k = 0; k < take; k++) {
            starts[k] = starts[k + 1] - starts[k] + lengthens[k];
            longest = starts[k] > longest ? starts[k] : longest; /* one that is negative is too long */
        }
        if (RZ_UNLIKELY(!good || longest >= CSR_CHANGED)) {
            return rz_csr_damaged(side, bound + done, err);
        }
        done += take;
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
        const rz_delta_image *image = side->image;
        uint32_t low = (uint32_t)(bound % RZ_CSR_GROUP_NODES), end = rz_delta_image_rank(image, low + count);
        for (uint32_t i = 0; i < count; i++) {
            out[i] += side->buffer[i + 1] - side->buffer[i];
        }
        for (uint32_t k = rz_delta_image_rank(image, low); k < end; k++) {
            uint32_t i = image->nodes[k] - low;
            int64_t length = (int64_t)(side->buffer[i + 1] - side->buffer[i]), lengthens = image->lengthens[k];
            out[i] += (uint64_t)(length + lengthens > 0 ? lengthens : -length); /* a list that would be shorter than nothing is damaged */
        }
        return RUZU_OK;
    }
    if (side->overlay != NULL) {
        RZ_TRY(csr_overlay_degrees(side, bound, count, err));
    } else {
        for (uint32_t i = 0; i < count; i++) {
            side->buffer[i] = side->buffer[i + 1] - side->buffer[i];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t degree = side->buffer[i];
        for (uint32_t step = 0; side->changes != NULL && side->image == NULL && step < 3; step++) {
            csr_look_ahead(side->changes, bound + i + (3 - step) * CSR_AHEAD, step);
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
            csr_announce(side, bound, take);
            RZ_TRY(rz_csr_enter(reader, side, bound / RZ_CSR_GROUP_NODES, err));
        }
        if (side->group != NULL || side->changes != NULL) {
            if (!rz_csr_unpack_starts(side, bound, take, side->buffer)) {
                return rz_csr_damaged(side, bound, err);
            }
            RZ_TRY(csr_degrees_here(reader, side, bound, take, out + done, err));
        }
        done += take;
    }
    return RUZU_OK;
}

/* What the overlay of the remembered group has for the nodes [first, first + count), into the scratch, in its order. */
static ruzu_status csr_stretch_overlay(rz_csr_reader *reader, rz_csr_side_reader *side, uint64_t first, uint32_t count, rz_adj_changes *out, rz_error *err)
{
    uint64_t low = first % RZ_CSR_GROUP_NODES, stored = low >= side->overlay->nodes ? 0 : side->overlay->nodes - low, begin, removed, end, from, behind;
    stored = stored < count ? stored : count;
    if (stored == 0) {
        return RUZU_OK;
    }
    if (!csr_overlay_list(side, first, &begin, &removed, &end) || !csr_overlay_list(side, first + stored - 1, &from, &removed, &end) || end < begin) {
        return rz_csr_damaged(side, first, err);
    }
    uint64_t entries = end - begin;
    RZ_TRY(rz_csr_scratch(reader, side, 3 * entries, err)); /* the last third has room for more than the numbers of nodes */
    uint64_t *neighbours = side->scratch, *rels = neighbours + entries;
    uint16_t *nodes = (uint16_t *)(void *)(rels + entries);
    from = begin;
    for (uint64_t k = 0; k < stored; k++) { /* before anything is pinned */
        uint64_t here;
        if (!csr_overlay_list(side, first + k, &here, &removed, &behind) || here != from || behind > end) {
            return rz_csr_damaged(side, first + k, err);
        }
        for (; from < behind; from++) {
            rels[from - begin] = from < removed ? 0 : RZ_DELTA_REMOVED;
            nodes[from - begin] = (uint16_t)k;
        }
    }
    if (entries != 0) {
        RZ_TRY(rz_csr_read_entries(reader, side, first / RZ_CSR_GROUP_NODES, begin, entries, 0, neighbours, 0, NULL, err));
    }
    *out = (rz_adj_changes){.count = (uint32_t)entries, .neighbours = neighbours, .rels = rels, .nodes = nodes};
    return RUZU_OK;
}

ruzu_status rz_csr_stretch(rz_csr_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *starts, rz_slice *out, rz_adj_changes *changes,
                           bool *out_whole, rz_error *err)
{
    rz_csr_side_reader *side = &reader->sides[direction];
    uint64_t group_idx = first / RZ_CSR_GROUP_NODES;
    *out_whole = false;
    *out = (rz_slice){.bound = first};
    changes[0] = changes[1] = (rz_adj_changes){0};
    if ((first + count - 1) / RZ_CSR_GROUP_NODES != group_idx) {
        return RUZU_OK;
    }
    if (side->group_idx != group_idx || side->changed != NULL) { /* perhaps there is an image by now */
        csr_announce(side, first, count);
        RZ_TRY(rz_csr_enter(reader, side, group_idx, err));
    }
    if (side->changed != NULL) { /* without an image */
        return RUZU_OK;
    }
    if (RZ_UNLIKELY(!rz_csr_unpack_starts(side, first, count, starts))) {
        return rz_csr_damaged(side, first, err);
    }
    out->start = starts[0];
    out->length = out->base_length = (uint32_t)(starts[count] - starts[0]);
    if (side->image != NULL) {
        uint32_t low = (uint32_t)(first % RZ_CSR_GROUP_NODES), begin = side->image->starts[rz_delta_image_rank(side->image, low)];
        uint32_t end = side->image->starts[rz_delta_image_rank(side->image, low + count)];
        changes[1] = (rz_adj_changes){.count = end - begin, .first_node = low, .neighbours = side->image->neighbours + begin, .rels = side->image->rels + begin,
                                      .nodes = side->image->owners + begin};
    }
    if (side->overlay != NULL) {
        RZ_TRY(csr_stretch_overlay(reader, side, first, count, &changes[0], err));
    }
    *out_whole = true;
    return RUZU_OK;
}
