/* SPDX-License-Identifier: MIT */
/*
 * Slices and decoded neighbour lists for operators that walk relationships.
 */
#include "executor/hops.h"

#include "os/os.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define HOPS_DENSE_SHARE 4u /* one selected row in so many: still cheaper to count all nodes between */

ruzu_status rz_hops_open(rz_worker *worker, const rz_plan_expand *expand, const rz_plan *input, rz_hops *hops, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    memset(hops, 0, sizeof *hops);
    hops->worker = worker;
    hops->expand = expand;
    hops->from_position = rz_plan_position(input, expand->from);
    if (hops->from_position < 0) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in the input of an expansion", expand->from);
    }
    const rz_type *type = input->types[hops->from_position];
    hops->one_table = type->table_count == 1;
    hops->readers = RZ_NEW_ARRAY(arena, rz_rtab_reader *, expand->hop_count);
    hops->skips_loops = RZ_NEW_ARRAY(arena, bool, expand->hop_count);
    hops->slices = RZ_NEW_ARRAY(arena, rz_slice *, expand->hop_count);
    hops->ids = hops->own_ids = RZ_NEW_ARRAY(arena, rz_id, RZ_VECTOR_CAPACITY);
    hops->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (hops->readers == NULL || hops->skips_loops == NULL || hops->slices == NULL || hops->ids == NULL || hops->rows == NULL) {
        return rz_error_no_memory(err, "building an expansion");
    }
    for (uint32_t h = 0; h < expand->hop_count; h++) {
        const rz_hop *hop = &expand->hops[h];
        RZ_TRY(rz_worker_rtab(worker, hop->pair, &hops->readers[h], err));
        hops->slices[h] = RZ_NEW_ARRAY(arena, rz_slice, RZ_VECTOR_CAPACITY);
        RZ_TRY_ALLOC(hops->slices[h], err, "building an expansion");
        hops->one_table = hops->one_table && hop->from_table == type->tables[0];
        hops->skips_loops[h] = expand->undirected && hop->direction == RZ_BACKWARD && hop->from_table == hop->to_table;
    }
    return RUZU_OK;
}

bool rz_hops_dense(const rz_hops *hops, const rz_chunk *input, const rz_sel *sel, uint32_t share, uint32_t *out_low, uint32_t *out_span)
{
    const rz_vec *column = input->columns[hops->from_position];
    *out_low = sel->count == 0 ? 0 : rz_sel_at(sel, 0);
    *out_span = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) - *out_low + 1;
    return column->kind == RZ_VEC_SEQUENCE && column->step == 1 && sel->count != 0 && *out_span / share <= sel->count;
}

ruzu_status rz_hops_ids(rz_hops *hops, const rz_chunk *input, const rz_sel *sel, rz_sel *out_sel, rz_error *err)
{
    (void)err;
    const rz_vec *column = input->columns[hops->from_position];
    *out_sel = *sel;
    hops->ids = hops->own_ids;
    uint32_t low, span;
    if (rz_hops_dense(hops, input, sel, HOPS_DENSE_SHARE, &low, &span)) {
        rz_id *ids = hops->own_ids + low;
        rz_id first = (rz_id)column->start + low;
        for (uint32_t i = 0; i < span; i++) { /* those between, too: it takes less than to leave them out */
            ids[i] = first + i;
        }
        return RUZU_OK;
    }
    if (column->kind == RZ_VEC_SEQUENCE) {
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            hops->own_ids[row] = (rz_id)(column->start + (int64_t)row * column->step);
        }
        return RUZU_OK;
    }
    rz_view view;
    rz_vec_view(column, &view);
    const rz_id *ids = (const rz_id *)view.data;
    if (view.validity == NULL && view.index == NULL) {
        hops->ids = ids;
        return RUZU_OK;
    }
    if (view.validity == NULL) {
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            hops->own_ids[row] = ids[view.index[row]];
        }
        return RUZU_OK;
    }
    out_sel->rows = hops->rows;
    out_sel->count = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        if (rz_view_valid(&view, at)) {
            hops->own_ids[row] = ids[at];
            hops->rows[out_sel->count++] = row;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_hops_lookup(rz_hops *hops, const rz_sel *sel, rz_error *err)
{
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) {
        const rz_hop *hop = &hops->expand->hops[h];
        if (hops->one_table) {
            RZ_TRY(rz_adj_lookup(hops->readers[h], hop->direction, hops->ids, sel, hops->slices[h], err));
            continue;
        }
        uint32_t rows[RZ_VECTOR_CAPACITY];
        rz_sel of_table = {.rows = rows, .count = 0};
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            if (rz_id_table(hops->ids[row]) == hop->from_table) {
                rows[of_table.count++] = row;
            } else {
                hops->slices[h][row] = (rz_slice){0};
            }
        }
        if (of_table.count != 0) {
            RZ_TRY(rz_adj_lookup(hops->readers[h], hop->direction, hops->ids, &of_table, hops->slices[h], err));
        }
    }
    return RUZU_OK;
}

/* ---- lengths ---- */

rz_sel rz_hops_rows(const rz_hops *hops, uint32_t h, const rz_chunk *input, const rz_sel *sel, uint32_t *rows)
{
    uint32_t table = hops->expand->hops[h].from_table;
    const rz_vec *column = input->columns[hops->from_position];
    rz_sel out = *sel;
    if (hops->one_table || sel->count == 0) {
        return out;
    }
    if (column->kind == RZ_VEC_SEQUENCE) { /* of one table */
        out.count = rz_id_table(hops->ids[rz_sel_at(sel, 0)]) == table ? sel->count : 0;
        return out;
    }
    out.rows = rows;
    out.count = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        rows[out.count] = row;
        out.count += rz_id_table(hops->ids[row]) == table;
    }
    return out;
}

/* Takes the self-loops that a BACKWARD hop of an undirected pattern counted a second time off again. */
static ruzu_status hops_drop_loops(rz_hops *hops, uint32_t h, const rz_sel *sel, uint64_t *degrees, rz_error *err)
{
    const rz_hop *hop = &hops->expand->hops[h];
    RZ_TRY(rz_adj_lookup(hops->readers[h], hop->direction, hops->ids, sel, hops->slices[h], err));
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t first = 0;
        uint32_t count = 0;
        RZ_TRY(rz_adj_find(hops->readers[h], hop->direction, &hops->slices[h][row], rz_id_offset(hops->ids[row]), &first, &count, err));
        degrees[row] -= count;
    }
    return RUZU_OK;
}

ruzu_status rz_hops_degrees(rz_hops *hops, const rz_chunk *input, const rz_sel *sel, uint64_t *degrees, uint32_t *rows, rz_error *err)
{
    uint32_t low, span;
    bool dense = rz_hops_dense(hops, input, sel, HOPS_DENSE_SHARE, &low, &span);
    if (dense) {
        memset(degrees + low, 0, span * sizeof *degrees);
    }
    for (uint32_t i = 0; i < sel->count && !dense; i++) {
        degrees[rz_sel_at(sel, i)] = 0;
    }
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) {
        const rz_hop *hop = &hops->expand->hops[h];
        rz_sel of_table = rz_hops_rows(hops, h, input, sel, rows);
        if (of_table.count == 0) {
            continue;
        }
        if (dense) {
            RZ_TRY(rz_adj_degrees_range(hops->readers[h], hop->direction, rz_id_offset(hops->ids[low]), span, degrees + low, err));
        } else {
            RZ_TRY(rz_adj_degrees(hops->readers[h], hop->direction, hops->ids, &of_table, degrees, err));
        }
        if (hops->skips_loops[h]) {
            RZ_TRY(hops_drop_loops(hops, h, &of_table, degrees, err));
        }
    }
    return RUZU_OK;
}

/* ---- weights ---- */

/* One row: its weight, and in the flags what it is made of. No branches: whether a node has neighbours is hard to guess. */
static inline uint64_t hops_product(uint64_t number, uint64_t weight, uint64_t none, uint64_t *io_factors)
{
    number += (uint64_t)(number == 0) & none;
    *io_factors |= number | weight;
    return (uint64_t)(uint32_t)number * (uint32_t)weight;
}

/* All rows of sel, one by one; returns how many are kept. */
static uint32_t hops_weigh_rows(const uint64_t *numbers, const uint64_t *weight, const rz_sel *sel, uint64_t none, uint64_t *restrict weights, uint32_t *restrict rows,
                                uint64_t *io_factors)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t product = hops_product(numbers[row], weight == NULL ? 1 : weight[row], none, io_factors);
        weights[row] = product;
        rows[left] = row;
        left += product != 0;
    }
    return left;
}

#if defined(__x86_64__)
/* Rows [0, words * 64); a bit for each that is kept. */
RZ_TARGET("avx2") static void hops_weigh_avx2(const uint64_t *numbers, const uint64_t *weight, uint32_t words, bool optional, uint64_t *restrict weights, uint64_t *restrict bits,
                                              uint64_t *io_factors)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi64x(1);
    __m256i factors = zero;
    for (uint32_t word = 0; word < words; word++) {
        uint64_t gone = 0;
        for (uint32_t i = 0; i < 64; i += 4) {
            uint32_t row = word * 64 + i;
            __m256i number = _mm256_loadu_si256((const __m256i *)(const void *)(numbers + row));
            __m256i other = weight == NULL ? one : _mm256_loadu_si256((const __m256i *)(const void *)(weight + row));
            number = optional ? _mm256_sub_epi64(number, _mm256_cmpeq_epi64(number, zero)) : number;
            factors = _mm256_or_si256(factors, _mm256_or_si256(number, other));
            __m256i product = _mm256_mul_epu32(number, other);
            _mm256_storeu_si256((__m256i *)(void *)(weights + row), product);
            gone |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(product, zero))) << i;
        }
        bits[word] = ~gone;
    }
    uint64_t each[4];
    _mm256_storeu_si256((__m256i *)(void *)each, factors);
    *io_factors |= each[0] | each[1] | each[2] | each[3];
}
#endif

/* All rows [0, count); returns how many are kept. */
static uint32_t hops_weigh_all(const uint64_t *numbers, const uint64_t *weight, uint32_t count, bool optional, uint64_t *weights, uint32_t *rows, uint64_t *io_factors)
{
    uint32_t kept = 0, words = 0;
#if defined(__x86_64__)
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    if (rz_cpu()->avx2 && count <= RZ_VECTOR_CAPACITY) {
        words = count / 64;
        hops_weigh_avx2(numbers, weight, words, optional, weights, bits, io_factors);
        kept = rz_bits_positions(bits, words * 64, rows);
    }
#endif
    for (uint32_t row = words * 64; row < count; row++) {
        weights[row] = hops_product(numbers[row], weight == NULL ? 1 : weight[row], optional ? 1 : 0, io_factors);
        rows[kept] = row;
        kept += weights[row] != 0;
    }
    return kept;
}

bool rz_hops_weigh(const uint64_t *numbers, const uint64_t *weight, const rz_sel *sel, bool optional, uint64_t *restrict weights, uint32_t *restrict rows, rz_sel *kept)
{
    uint64_t factors = 0;
    uint32_t left = sel->rows == NULL ? hops_weigh_all(numbers, weight, sel->count, optional, weights, rows, &factors)
                                      : hops_weigh_rows(numbers, weight, sel, optional ? 1 : 0, weights, rows, &factors);
    *kept = left == sel->count ? *sel : (rz_sel){.rows = rows, .count = left};
    return factors >> 32 == 0;
}

/* ---- decoded lists ---- */

static bool near_reserve(rz_near_list *list, uint64_t count)
{
    if (count <= list->capacity) {
        return true;
    }
    uint64_t capacity = list->capacity * 2 < count ? count : list->capacity * 2;
    rz_id *ids = (rz_id *)rz_arena_alloc(list->arena, (size_t)capacity * sizeof(rz_id));
    rz_id *spare = (rz_id *)rz_arena_alloc(list->arena, (size_t)capacity * sizeof(rz_id));
    if (ids == NULL || spare == NULL) {
        return false;
    }
    list->ids = ids;
    list->spare = spare;
    list->capacity = capacity;
    return true;
}

/* Merges the sorted ids [0, middle) and [middle, end). */
static void near_merge(rz_near_list *list, uint64_t middle, uint64_t end)
{
    const rz_id *ids = list->ids;
    rz_id *out = list->spare;
    if (middle == 0 || middle == end || ids[middle - 1] <= ids[middle]) {
        return;
    }
    uint64_t a = 0;
    uint64_t b = middle;
    uint64_t n = 0;
    while (a < middle && b < end) { /* without branches: which list is next is hard to guess */
        rz_id x = ids[a];
        rz_id y = ids[b];
        bool first = x <= y;
        out[n++] = first ? x : y;
        a += first;
        b += !first;
    }
    memcpy(out + n, a < middle ? ids + a : ids + b, (size_t)(end - n) * sizeof *ids);
    list->spare = list->ids;
    list->ids = out;
}

/* The neighbours by one hop, behind the `used` ids that are there. */
static ruzu_status near_read(rz_hops *hops, uint32_t h, uint32_t row, rz_near_list *list, uint64_t *used, rz_error *err)
{
    const rz_hop *hop = &hops->expand->hops[h];
    const rz_slice *slice = &hops->slices[h][row];
    uint64_t start = *used;
    for (uint32_t first = 0; first < slice->length;) {
        uint32_t take = slice->length - first < 65536 ? slice->length - first : 65536;
        RZ_TRY(rz_adj_read(hops->readers[h], hop->direction, slice, first, take, rz_id_make(hop->to_table, 0), list->ids + *used, 0, NULL, err));
        *used += take;
        first += take;
        RZ_TRY(first < slice->length ? rz_exec_poll(hops->worker->exec, err) : RUZU_OK);
    }
    if (hops->skips_loops[h]) {
        uint64_t kept = start;
        for (uint64_t i = start; i < *used; i++) {
            list->ids[kept] = list->ids[i];
            kept += list->ids[i] != hops->ids[row];
        }
        *used = kept;
    }
    return RUZU_OK;
}

ruzu_status rz_hops_near(rz_hops *hops, uint32_t row, rz_near_list *list, rz_error *err)
{
    rz_id of = hops->ids[row];
    if (list->of == of) {
        return RUZU_OK;
    }
    uint64_t total = 0;
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) {
        total += hops->slices[h][row].length;
    }
    list->of = UINT64_MAX;
    if (!near_reserve(list, total)) {
        return rz_error_no_memory(err, "reading a neighbour list");
    }
    uint64_t used = 0;
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) { /* few hops: each list is sorted, so they are merged as they come */
        uint64_t start = used;
        RZ_TRY(near_read(hops, h, row, list, &used, err));
        near_merge(list, start, used);
    }
    list->count = used;
    list->of = of;
    return RUZU_OK;
}

uint64_t rz_near_count(const rz_near_list *list, rz_id id)
{
    uint64_t low = 0;
    uint64_t length = list->count;
    while (length > 1) { /* branch-free lower bound */
        uint64_t half = length / 2;
        low += list->ids[low + half - 1] < id ? half : 0;
        length -= half;
    }
    low += length == 1 && list->ids[low] < id;
    uint64_t end = low;
    while (end < list->count && list->ids[end] == id) {
        end++;
    }
    return end - low;
}
