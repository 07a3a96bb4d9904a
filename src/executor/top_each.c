/* SPDX-License-Identifier: MIT */
/*
 * For each outer row a heap of the ranks of its best rows so far: a rank is the first key as a number that rises in the order asked for. A row whose rank is larger than the largest of a full
 * heap has `limit` rows before it.
 */
#include "executor/top_each.h"

#include "executor/limit.h"
#include "executor/spill.h"

#include <string.h>

#define TOP_EACH_MOST 1024u /* beyond, heaps take more than they save */

ruzu_status rz_top_each_open(rz_worker *worker, const rz_plan *plan, const rz_plan *input, rz_top_each *out, rz_error *err)
{
    rz_arena *arena = &worker->arena;
    uint64_t skip = 0;
    uint64_t limit = INT64_MAX;
    memset(out, 0, sizeof *out);
    const rz_plan_order *order = &plan->u.sort.orders[0];
    out->number = rz_plan_position(input, plan->row_number);
    if (plan->u.sort.each_limit == NULL || out->number < 0 || rz_expr_is_volatile(order->expr) || !rz_integer_fits_int64((rz_physical)order->expr->type->physical)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_limit_value(worker, plan->u.sort.each_skip, &skip, err));
    RZ_TRY(rz_limit_value(worker, plan->u.sort.each_limit, &limit, err));
    uint64_t wanted = skip > TOP_EACH_MOST ? skip : skip + limit; /* both at most 2^63 - 1 */
    if (wanted == 0 || wanted > TOP_EACH_MOST || wanted * RZ_VECTOR_CAPACITY * sizeof(uint64_t) > rz_spill_budget(worker->exec) / 4) {
        return RUZU_OK;
    }
    out->limit = (uint32_t)wanted;
    out->descending = order->descending;
    out->nulls_first = order->nulls_first;
    out->heaps = RZ_NEW_ARRAY(arena, uint64_t, (size_t)wanted * RZ_VECTOR_CAPACITY);
    out->counts = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    out->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    out->values = RZ_NEW_ARRAY(arena, int64_t, RZ_VECTOR_CAPACITY);
    if (out->heaps == NULL || out->counts == NULL || out->rows == NULL || out->values == NULL) {
        return rz_error_no_memory(err, "building a subquery");
    }
    return rz_eval_create(worker, order->expr, input->columns, input->column_count, &out->eval, err);
}

void rz_top_each_begin(rz_top_each *top)
{
    if (top->eval != NULL) {
        memset(top->counts, 0, RZ_VECTOR_CAPACITY * sizeof *top->counts);
    }
}

/* Lets the rank sink from the top of a heap whose largest is gone. */
static void top_each_sink(uint64_t *heap, uint32_t count, uint64_t rank)
{
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        child += child + 1 < count && heap[child + 1] > heap[child];
        if (child >= count || heap[child] <= rank) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = rank;
}

static void top_each_rise(uint64_t *heap, uint32_t at, uint64_t rank)
{
    for (; at > 0 && heap[(at - 1) / 2] < rank; at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = rank;
}

/* Whether a row of the outer row with this rank may be wanted; notes it. */
static bool top_each_add(rz_top_each *top, uint64_t outer_row, uint64_t rank)
{
    uint64_t *heap = top->heaps + outer_row * top->limit;
    uint32_t *count = &top->counts[outer_row];
    if (*count < top->limit) {
        top_each_rise(heap, (*count)++, rank);
        return true;
    }
    if (rank < heap[0]) {
        top_each_sink(heap, *count, rank);
        return true;
    }
    return rank == heap[0];
}

ruzu_status rz_top_each_keep(rz_top_each *top, rz_chunk *chunk, rz_sel *out, rz_error *err)
{
    rz_sel sel = rz_chunk_sel(chunk);
    *out = sel;
    if (top->eval == NULL || chunk->weight != NULL) {
        return RUZU_OK;
    }
    rz_vec *key = NULL;
    rz_view view = {0};
    rz_view number_view = {0};
    const rz_vec *numbers = chunk->columns[top->number];
    RZ_TRY(rz_eval_run(top->eval, chunk, &sel, &key, err));
    bool steps = key->kind == RZ_VEC_SEQUENCE;
    if (!steps) {
        rz_vec_view(key, &view);
        rz_integer_read((rz_physical)key->type->physical, &view, &sel, 0, sel.count, top->values);
    }
    if (numbers->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(numbers, &number_view);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        uint64_t outer_row = numbers->kind == RZ_VEC_SEQUENCE ? (uint64_t)(numbers->start + (int64_t)row * numbers->step)
                                                              : ((const uint64_t *)number_view.data)[rz_view_at(&number_view, row)];
        uint32_t at = steps ? 0 : rz_view_at(&view, row);
        bool keeps;
        if (!steps && !rz_view_valid(&view, at)) { /* before all others: not counted; behind all others: wanted while too few are there */
            keeps = top->nulls_first || top->counts[outer_row] < top->limit;
        } else {
            int64_t value = steps ? key->start + (int64_t)row * key->step : top->values[i];
            uint64_t rank = (uint64_t)value ^ UINT64_C(1) << 63;
            keeps = top_each_add(top, outer_row, top->descending ? ~rank : rank);
        }
        top->rows[kept] = row;
        kept += keeps;
    }
    *out = (rz_sel){.rows = top->rows, .count = kept};
    return RUZU_OK;
}
