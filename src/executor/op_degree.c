/* SPDX-License-Identifier: MIT */
/*
 * DEGREE: an end node that nobody looks at is counted, not enumerated: the weight is multiplied by the number of neighbours; rows without any are dropped.
 */
#include "executor/hops.h"

typedef struct op_degree {
    rz_op op;
    rz_hops hops;
    const int32_t *positions;
    uint64_t *degrees;
    uint64_t *weights;
    uint32_t *kept;
    uint32_t *table_rows;
} op_degree;

static ruzu_status degree_open(rz_op *base, rz_error *err)
{
    op_degree *op = (op_degree *)base;
    rz_arena *arena = &base->worker->arena;
    RZ_TRY(rz_hops_open(base->worker, &base->plan->u.expand, base->input->plan, &op->hops, err));
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->degrees = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->table_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->degrees == NULL || op->weights == NULL || op->kept == NULL || op->table_rows == NULL) {
        return rz_error_no_memory(err, "building a count of neighbours");
    }
    return RUZU_OK;
}

/* Large weights. */
static ruzu_status degree_weigh(op_degree *op, const uint64_t *weights, const rz_sel *sel, rz_sel *out_kept, rz_error *err)
{
    *out_kept = (rz_sel){.rows = op->kept, .count = 0};
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t weight = weights == NULL ? 1 : weights[row];
        if (RZ_UNLIKELY(rz_mul_overflow(weight, op->degrees[row], &op->weights[row]))) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)weight,
                                (unsigned long long)op->degrees[row]);
        }
        op->kept[out_kept->count] = row;
        out_kept->count += op->degrees[row] != 0;
    }
    return RUZU_OK;
}

static ruzu_status degree_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_degree *op = (op_degree *)base;
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        rz_sel sel = rz_chunk_sel(input);
        rz_sel valid;
        RZ_TRY(rz_hops_ids(&op->hops, input, &sel, &valid, err));
        RZ_TRY(rz_hops_degrees(&op->hops, input, &valid, op->degrees, op->table_rows, err));
        rz_sel kept;
        if (RZ_UNLIKELY(!rz_hops_weigh(op->degrees, input->weight, &valid, false, op->weights, op->kept, &kept))) {
            RZ_TRY(degree_weigh(op, input->weight, &valid, &kept, err));
        }
        if (kept.count != 0) {
            rz_op_pass(base, input, op->positions);
            base->chunk->sel = kept.rows;
            base->chunk->sel_count = kept.count;
            base->chunk->weight = op->weights;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

const rz_op_class rz_op_degree = {.name = "DEGREE", .size = sizeof(op_degree), .open = degree_open, .next = degree_next, .restart = rz_op_restart_plain};
