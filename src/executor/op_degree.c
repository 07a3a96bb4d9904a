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

/* Takes the self-loops that a BACKWARD hop of an undirected pattern counted a second time off again. */
static ruzu_status degree_drop_loops(op_degree *op, uint32_t h, const rz_sel *sel, rz_error *err)
{
    const rz_hop *hop = &op->hops.expand->hops[h];
    RZ_TRY(rz_adj_lookup(op->hops.readers[h], hop->direction, op->hops.ids, sel, op->hops.slices[h], err));
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t first = 0;
        uint32_t count = 0;
        RZ_TRY(rz_adj_find(op->hops.readers[h], hop->direction, &op->hops.slices[h][row], rz_id_offset(op->hops.ids[row]), &first, &count, err));
        op->degrees[row] -= count;
    }
    return RUZU_OK;
}

static ruzu_status degree_count(op_degree *op, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        op->degrees[rz_sel_at(sel, i)] = 0;
    }
    for (uint32_t h = 0; h < op->hops.expand->hop_count; h++) {
        const rz_hop *hop = &op->hops.expand->hops[h];
        rz_sel rows = *sel;
        if (!op->hops.one_table) {
            rows.rows = op->table_rows;
            rows.count = 0;
            for (uint32_t i = 0; i < sel->count; i++) {
                uint32_t row = rz_sel_at(sel, i);
                op->table_rows[rows.count] = row;
                rows.count += rz_id_table(op->hops.ids[row]) == hop->from_table;
            }
        }
        if (rows.count != 0) {
            RZ_TRY(rz_adj_degrees(op->hops.readers[h], hop->direction, op->hops.ids, &rows, op->degrees, err));
        }
        if (rows.count != 0 && op->hops.skips_loops[h]) {
            RZ_TRY(degree_drop_loops(op, h, &rows, err));
        }
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
        RZ_TRY(degree_count(op, &valid, err));
        uint32_t kept = 0;
        for (uint32_t i = 0; i < valid.count; i++) {
            uint32_t row = rz_sel_at(&valid, i);
            uint64_t weight = input->weight == NULL ? 1 : input->weight[row];
            if (RZ_UNLIKELY(rz_mul_overflow(weight, op->degrees[row], &op->weights[row]))) {
                return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)weight,
                                    (unsigned long long)op->degrees[row]);
            }
            op->kept[kept] = row;
            kept += op->degrees[row] != 0;
        }
        if (kept != 0) {
            rz_op_pass(base, input, op->positions);
            base->chunk->sel = op->kept;
            base->chunk->sel_count = kept;
            base->chunk->weight = op->weights;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

const rz_op_class rz_op_degree = {.name = "DEGREE", .size = sizeof(op_degree), .open = degree_open, .next = degree_next};
