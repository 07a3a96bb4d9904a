/* SPDX-License-Identifier: MIT */
/*
 * INTERSECT over lists of offsets: bringing them, choosing how to hold them against each other.
 */
#include "executor/intersect.h"

#include "executor/overlap.h"
#include "executor/spill.h"

#include <string.h>

#define INTERSECT_BITS_ROWS 2u  /* rows in which a list must have been met before it gets a bitmap */
#define INTERSECT_BITS_MIN  24u /* shorter lists get none … */
#define INTERSECT_BITS_LONG 8u  /* … before they have been met in so many */
#define INTERSECT_BITS_LONGER 4u /* how many times as long a list may be that is tested */

ruzu_status rz_intersect_overflow(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of common neighbours is not within UINT64 range.");
}

/* ---- opening ---- */

/* All hops lead to one table whose offsets fit. */
static ruzu_status intersect_find_table(rz_intersect *intersect, const rz_plan *plan, rz_error *err)
{
    uint32_t table = UINT32_MAX;
    bool one = true;
    for (uint32_t i = 0; i < plan->u.intersect.input_count; i++) {
        const rz_plan_expand *walk = &plan->u.intersect.inputs[i];
        for (uint32_t h = 0; h < walk->hop_count; h++) {
            one = one && (table == UINT32_MAX || table == walk->hops[h].to_table);
            table = walk->hops[h].to_table;
        }
    }
    intersect->narrow = one && table != UINT32_MAX;
    intersect->to_table = table;
    if (intersect->narrow) {
        rz_ntab_reader *reader = NULL;
        RZ_TRY(rz_worker_ntab(intersect->worker, table, &reader, err));
        intersect->bit_count = rz_ntab_offset_end(reader);
        intersect->narrow = intersect->bit_count <= UINT32_MAX;
    }
    return RUZU_OK;
}

ruzu_status rz_intersect_open(rz_worker *worker, const rz_plan *plan, const rz_plan *input, rz_intersect *out, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    memset(out, 0, sizeof *out);
    out->worker = worker;
    uint32_t count = plan->u.intersect.input_count;
    out->inputs = RZ_NEW_ARRAY(arena, rz_intersect_input, count);
    out->order = RZ_NEW_ARRAY(arena, rz_intersect_input *, count);
    if (out->inputs == NULL || out->order == NULL) {
        return rz_error_no_memory(err, "building an intersection");
    }
    out->input_count = count;
    out->most_words = rz_spill_budget(worker->exec) / 4 / sizeof(uint64_t) / count;
    RZ_TRY(intersect_find_table(out, plan, err));
    for (uint32_t i = 0; i < count; i++) {
        rz_intersect_input *in = &out->inputs[i];
        RZ_TRY(rz_hops_open(worker, &plan->u.intersect.inputs[i], input, &in->hops, err));
        in->near.of = in->of = UINT64_MAX;
        in->near.arena = arena;
        in->lookups = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
        RZ_TRY_ALLOC(in->lookups, err, "building an intersection");
        rz_near_cache_open(&in->cache, &in->hops);
        in->cache.able = in->cache.able && out->narrow;
        rz_near_cache_expect(&in->cache, input->rows / worker->exec->context->max_threads);
    }
    return RUZU_OK;
}

void rz_intersect_close(rz_intersect *intersect)
{
    for (uint32_t i = 0; i < intersect->input_count; i++) {
        rz_near_cache_close(&intersect->inputs[i].cache);
    }
}

/* ---- lists ---- */

ruzu_status rz_intersect_lookup(rz_intersect *intersect, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; i < intersect->input_count; i++) {
        rz_intersect_input *in = &intersect->inputs[i];
        rz_near_cache_begin(&in->cache, sel);
        if (in->cache.list_count == 0) {
            RZ_TRY(rz_hops_lookup(&in->hops, sel, err));
            continue;
        }
        rz_sel unknown = {.rows = in->lookups, .count = 0};
        for (uint32_t s = 0; s < sel->count; s++) {
            uint32_t row = rz_sel_at(sel, s);
            in->lookups[unknown.count] = row;
            unknown.count += rz_near_cache_find(&in->cache, in->hops.ids[row]) == NULL;
        }
        if (unknown.count != 0) {
            RZ_TRY(rz_hops_lookup(&in->hops, &unknown, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status intersect_reserve_own(rz_intersect_input *in, uint64_t count, rz_error *err)
{
    if (count <= in->own_capacity) {
        return RUZU_OK;
    }
    uint64_t capacity = in->own_capacity * 2 < count ? count : in->own_capacity * 2;
    in->own_ends = RZ_NEW_ARRAY(in->near.arena, uint32_t, (size_t)capacity);
    in->own_times = RZ_NEW_ARRAY(in->near.arena, uint32_t, (size_t)capacity);
    in->own_capacity = in->own_ends == NULL || in->own_times == NULL ? 0 : capacity;
    return in->own_capacity == 0 ? rz_error_no_memory(err, "intersecting neighbours") : RUZU_OK;
}

/* A list with repetitions: each once, and how often. Returns the number of different ones. */
static uint32_t intersect_fold(uint32_t *ends, uint32_t *times, uint64_t count)
{
    uint32_t kept = 0;
    for (uint64_t i = 0; i < count;) {
        uint64_t next = i + 1;
        while (next < count && ends[next] == ends[i]) {
            next++;
        }
        ends[kept] = ends[i];
        times[kept++] = (uint32_t)(next - i);
        i = next;
    }
    return kept;
}

/* The list is `count` ascending offsets in own_ends. */
static void intersect_take_own(rz_intersect_input *in, uint64_t count)
{
    uint32_t repeats = 0;
    for (uint64_t i = 1; i < count; i++) {
        repeats |= (uint32_t)(in->own_ends[i] == in->own_ends[i - 1]);
    }
    in->ends = in->own_ends;
    in->times = repeats != 0 ? in->own_times : NULL;
    in->count = repeats != 0 ? intersect_fold(in->own_ends, in->own_times, count) : (uint32_t)count;
}

static ruzu_status intersect_decode(rz_intersect_input *in, uint32_t row, rz_error *err)
{
    bool again = rz_near_cache_again(&in->cache, in->hops.ids[row]);
    RZ_TRY(rz_hops_near(&in->hops, row, &in->near, err));
    uint64_t count = in->near.count;
    if (count > UINT32_MAX || (count != 0 && rz_id_offset(in->near.ids[count - 1]) > UINT32_MAX)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A node has more neighbours than can be intersected.");
    }
    RZ_TRY(intersect_reserve_own(in, count, err));
    for (uint64_t i = 0; i < count; i++) {
        in->own_ends[i] = (uint32_t)rz_id_offset(in->near.ids[i]);
    }
    intersect_take_own(in, count);
    if (again) {
        rz_near_cache_keep(&in->cache, &in->near);
    }
    return RUZU_OK;
}

/* Clears the bits of the list while it is still there. */
static void intersect_unmark(rz_intersect_input *in)
{
    for (uint32_t i = 0; i < in->count && in->marked; i++) {
        in->bits[in->ends[i] / 64] = 0;
    }
    in->marked = false;
}

/* The list of the row's node. */
static ruzu_status intersect_bring(rz_intersect_input *in, uint32_t row, rz_error *err)
{
    rz_id id = in->hops.ids[row];
    if (in->of == id) {
        in->rows += in->rows < UINT32_MAX;
        return RUZU_OK;
    }
    intersect_unmark(in);
    in->of = UINT64_MAX;
    in->rows = 1;
    const rz_near_kept *kept = rz_near_cache_find(&in->cache, id);
    if (kept == NULL) {
        RZ_TRY(intersect_decode(in, row, err));
    } else if (kept->repeats) {
        RZ_TRY(intersect_reserve_own(in, kept->count, err));
        memcpy(in->own_ends, kept->ends, kept->count * sizeof *kept->ends);
        intersect_take_own(in, kept->count);
    } else {
        in->ends = kept->ends;
        in->times = NULL;
        in->count = kept->count;
    }
    in->of = id;
    return RUZU_OK;
}

/* Rows between fetching what a row will look at and looking at it: where its list is kept, and the list. (The slots have just been looked at for all rows.) */
#define INTERSECT_AHEAD_KEPT 16u
#define INTERSECT_AHEAD_LIST 8u

void rz_intersect_prefetch(const rz_intersect *intersect, const rz_sel *sel, uint32_t at)
{
    for (uint32_t i = 0; i < intersect->input_count; i++) {
        const rz_near_cache *cache = &intersect->inputs[i].cache;
        const rz_id *ids = intersect->inputs[i].hops.ids;
        if (cache->list_count == 0) {
            continue;
        }
        uint64_t offset = at + INTERSECT_AHEAD_KEPT < sel->count ? rz_id_offset(ids[rz_sel_at(sel, at + INTERSECT_AHEAD_KEPT)]) : UINT64_MAX;
        if (offset < cache->slot_count && cache->slots[offset] >= RZ_NEAR_FIRST) {
            RZ_PREFETCH(&cache->lists[cache->slots[offset] - RZ_NEAR_FIRST]);
        }
        const rz_near_kept *kept = at + INTERSECT_AHEAD_LIST < sel->count ? rz_near_cache_find(cache, ids[rz_sel_at(sel, at + INTERSECT_AHEAD_LIST)]) : NULL;
        for (uint32_t line = 0; kept != NULL && line < kept->count && line < 64; line += 16) {
            RZ_PREFETCH(kept->ends + line);
        }
    }
}

/* ---- one row ---- */

/* Has the list served so many rows that it is likely to serve more? */
static bool intersect_stays(const rz_intersect_input *in)
{
    return in->rows >= (in->count < INTERSECT_BITS_MIN ? INTERSECT_BITS_LONG : INTERSECT_BITS_ROWS);
}

/* What a list counts for in the order: one that stays is tested by its bitmap and comes behind others that are not much longer. */
static uint64_t intersect_length(const rz_intersect_input *in)
{
    return in->count * (uint64_t)(intersect_stays(in) ? INTERSECT_BITS_LONGER : 1);
}

/* Is the input's list set in its bitmap? Sets it there when it has served rows enough; when memory for that is refused, it never is. */
static bool intersect_is_marked(const rz_intersect *intersect, rz_intersect_input *in)
{
    if (in->marked) {
        return true;
    }
    if (!intersect_stays(in) || in->ends[in->count - 1] >= intersect->bit_count) {
        return false;
    }
    if (in->bits == NULL) {
        uint64_t words = (intersect->bit_count + 63) / 64;
        in->bits = words > intersect->most_words ? NULL : RZ_NEW_ARRAY(in->near.arena, uint64_t, (size_t)words);
        if (in->bits == NULL) {
            return false;
        }
    }
    for (uint32_t i = 0; i < in->count; i++) {
        in->bits[in->ends[i] / 64] |= UINT64_C(1) << (in->ends[i] % 64);
    }
    in->marked = true;
    return true;
}

/* Tests against a bitmap pay for lists that are not much longer than the marked one: a test costs less than a step of a merge. The marked list has to know all their offsets. */
static bool intersect_tests_bits(const rz_intersect *intersect, rz_intersect_input *in, const uint32_t *list, uint32_t count)
{
    return count / INTERSECT_BITS_LONGER <= in->count && list[count - 1] < intersect->bit_count && intersect_is_marked(intersect, in);
}

/* Brings all lists of the row, the shortest (intersect_length) first into order[]; *out_empty: one of them is empty. */
static ruzu_status intersect_begin(rz_intersect *intersect, uint32_t row, bool *out_empty, rz_error *err)
{
    *out_empty = false;
    for (uint32_t i = 0; i < intersect->input_count; i++) {
        rz_intersect_input *in = &intersect->inputs[i];
        RZ_TRY(intersect_bring(in, row, err));
        if (in->count == 0) {
            *out_empty = true;
            return RUZU_OK;
        }
        uint32_t at = i;
        for (; at > 0 && intersect_length(in) < intersect_length(intersect->order[at - 1]); at--) {
            intersect->order[at] = intersect->order[at - 1];
        }
        intersect->order[at] = in;
    }
    return RUZU_OK;
}

static ruzu_status intersect_reserve_common(rz_intersect *intersect, rz_error *err)
{
    uint64_t count = (uint64_t)intersect->order[0]->count + RZ_OVERLAP_ROOM;
    if (count <= intersect->common_capacity) {
        return RUZU_OK;
    }
    rz_arena *arena = &intersect->worker->arena;
    uint64_t capacity = intersect->common_capacity * 2 < count ? count : intersect->common_capacity * 2;
    intersect->common_capacity = 0;
    intersect->common[0] = RZ_NEW_ARRAY(arena, uint32_t, (size_t)capacity);
    intersect->common[1] = RZ_NEW_ARRAY(arena, uint32_t, (size_t)capacity);
    intersect->copies = RZ_NEW_ARRAY(arena, uint64_t, (size_t)capacity);
    if (intersect->common[0] == NULL || intersect->common[1] == NULL || intersect->copies == NULL) {
        return rz_error_no_memory(err, "intersecting neighbours");
    }
    intersect->common_capacity = capacity;
    return RUZU_OK;
}

/* What is in the list and in the input's; into `out`, or NULL: only how much. */
static uint32_t intersect_two(const rz_intersect *intersect, const uint32_t *list, uint32_t count, rz_intersect_input *in, uint32_t *out)
{
    if (count == 0) {
        return 0;
    }
    if (intersect_tests_bits(intersect, in, list, count)) {
        return out == NULL ? rz_overlap_bits_count(in->bits, list, count) : rz_overlap_bits_list(in->bits, list, count, out);
    }
    return out == NULL ? rz_overlap_count(list, count, in->ends, in->count) : rz_overlap_list(list, count, in->ends, in->count, out);
}

/* The common offsets of the first `inputs` lists in order. */
static uint32_t intersect_first(rz_intersect *intersect, uint32_t inputs, const uint32_t **out)
{
    const uint32_t *list = intersect->order[0]->ends;
    uint32_t count = intersect->order[0]->count;
    for (uint32_t i = 1; i < inputs; i++) {
        uint32_t *into = intersect->common[i % 2];
        count = intersect_two(intersect, list, count, intersect->order[i], into);
        list = into;
    }
    *out = list;
    return count;
}

/* copies[i] times how often the i-th offset comes in the input's list. */
static ruzu_status intersect_multiply(const rz_intersect_input *in, const uint32_t *list, uint32_t count, uint64_t *copies, rz_error *err)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        at = rz_overlap_seek(in->ends, in->count, at, list[i]);
        if (RZ_UNLIKELY(rz_mul_overflow(copies[i], (uint64_t)in->times[at], &copies[i]))) {
            return rz_intersect_overflow(err);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_intersect_row(rz_intersect *intersect, uint32_t row, const uint32_t **out, const uint64_t **out_copies, uint32_t *out_count, rz_error *err)
{
    bool empty = false;
    bool repeats = false;
    *out_count = 0;
    *out_copies = NULL;
    RZ_TRY(intersect_begin(intersect, row, &empty, err));
    if (empty) {
        return RUZU_OK;
    }
    RZ_TRY(intersect_reserve_common(intersect, err));
    *out_count = intersect_first(intersect, intersect->input_count, out);
    for (uint32_t i = 0; i < intersect->input_count && *out_count != 0; i++) {
        const rz_intersect_input *in = &intersect->inputs[i];
        if (in->times == NULL) {
            continue;
        }
        for (uint32_t k = 0; k < *out_count && !repeats; k++) {
            intersect->copies[k] = 1;
        }
        repeats = true;
        RZ_TRY(intersect_multiply(in, *out, *out_count, intersect->copies, err));
    }
    *out_copies = repeats ? intersect->copies : NULL;
    return RUZU_OK;
}

ruzu_status rz_intersect_number(rz_intersect *intersect, uint32_t row, uint64_t *out, rz_error *err)
{
    bool empty = false;
    bool repeats = false;
    *out = 0;
    RZ_TRY(intersect_begin(intersect, row, &empty, err));
    if (empty) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < intersect->input_count; i++) {
        repeats = repeats || intersect->inputs[i].times != NULL;
    }
    if (!repeats) {
        RZ_TRY(intersect->input_count > 2 ? intersect_reserve_common(intersect, err) : RUZU_OK);
        const uint32_t *list = NULL;
        uint32_t last = intersect->input_count - 1;
        uint32_t count = intersect_first(intersect, last, &list);
        *out = last == 0 ? count : intersect_two(intersect, list, count, intersect->order[last], NULL);
        return RUZU_OK;
    }
    const uint32_t *list = NULL;
    const uint64_t *copies = NULL;
    uint32_t count = 0;
    RZ_TRY(rz_intersect_row(intersect, row, &list, &copies, &count, err));
    *out = copies == NULL ? count : 0;
    for (uint32_t i = 0; i < count && copies != NULL; i++) {
        if (RZ_UNLIKELY(rz_add_overflow(*out, copies[i], out))) {
            return rz_intersect_overflow(err);
        }
    }
    return RUZU_OK;
}
