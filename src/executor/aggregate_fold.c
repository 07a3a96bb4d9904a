/* SPDX-License-Identifier: MIT */
/* Aggregates from stored columns: see aggregate_fold.h. */
#include "executor/aggregate_fold.h"

#include <string.h>

/* Integers, dates, timestamps: their zones are in the order of MIN and MAX. */
static bool fold_is_integer(const rz_type *type)
{
    rz_physical physical = (rz_physical)type->physical;
    return physical >= RZ_PHYS_INT8 && physical <= RZ_PHYS_UINT64 && physical != RZ_PHYS_INT128;
}

static rz_fold_kind fold_kind(const rz_expr *expr)
{
    const rz_agg_bound *bound = expr->u.aggregate.bound;
    if (expr->u.aggregate.distinct || expr->child_count == 0 || expr->children[0]->kind != RZ_EXPR_PROPERTY || expr->children[0]->children[0]->kind != RZ_EXPR_COLUMN ||
        expr->children[0]->children[0]->type->id != RUZU_TYPE_NODE || !fold_is_integer(expr->children[0]->type) ||
        expr->children[0]->type->physical != bound->arg_type->physical) {
        return RZ_FOLD_NONE;
    }
    if (strcmp(bound->agg->name, "MIN") == 0 || strcmp(bound->agg->name, "MAX") == 0) {
        return strcmp(bound->agg->name, "MIN") == 0 ? RZ_FOLD_MIN : RZ_FOLD_MAX;
    }
    return rz_agg_takes_totals(bound) ? RZ_FOLD_SUM : RZ_FOLD_NONE;
}

ruzu_status rz_aggregate_fold_open(rz_worker *worker, const rz_plan *plan, uint32_t agg, rz_aggregate_fold *out, rz_error *err)
{
    const rz_expr *expr = plan->u.aggregate.aggregates[agg];
    *out = (rz_aggregate_fold){.kind = plan->u.aggregate.folds && plan->u.aggregate.key_count == 0 ? fold_kind(expr) : RZ_FOLD_NONE};
    if (out->kind == RZ_FOLD_NONE) {
        return RUZU_OK;
    }
    out->property = expr->children[0];
    out->position = rz_plan_position(plan->children[0], out->property->children[0]->u.column);
    out->kind = out->position < 0 ? RZ_FOLD_NONE : out->kind;
    return out->kind == RZ_FOLD_MIN || out->kind == RZ_FOLD_MAX ? rz_vec_create(&worker->arena, &worker->arena, expr->u.aggregate.bound->result, 1, &out->best, err)
                                                                : RUZU_OK;
}

/* True when no row of the block is better than what the state has. */
static ruzu_status fold_is_beaten(const rz_fn_context *fn, const rz_aggregate_fold *fold, const rz_agg_bound *bound, rz_ntab_reader *reader, uint32_t column, uint64_t first,
                                  uint8_t *state, bool *out_beaten, rz_error *err)
{
    rz_zone zone;
    rz_value value;
    *out_beaten = false;
    if (!rz_ntab_zone(reader, column, first, &zone)) {
        return RUZU_OK;
    }
    rz_vec_reset(fold->best);
    RZ_TRY(bound->agg->finish(bound, fn, &state, 1, fold->best, 0, err));
    RZ_TRY(rz_value_from_vec(fold->best, 0, NULL, &value, err)); /* numbers need no memory */
    *out_beaten = zone.all_null || (!value.is_null && rz_zone_excludes(bound->arg_type, &zone, fold->kind == RZ_FOLD_MIN ? RZ_CMP_LT : RZ_CMP_GT, &value));
    return RUZU_OK;
}

static void fold_make_rows(const rz_chunk *chunk, rz_fold_rows *rows)
{
    rows->made = true;
    rows->whole = chunk->sel == NULL;
    if (!rows->whole) {
        memset(rows->bits, 0, sizeof rows->bits);
        for (uint32_t i = 0; i < chunk->sel_count; i++) {
            rz_bit_set(rows->bits, chunk->sel[i]);
        }
    }
}

ruzu_status rz_aggregate_fold_run(rz_worker *worker, const rz_aggregate_fold *fold, const rz_agg_bound *bound, const rz_chunk *chunk, rz_fold_rows *rows, uint8_t *state,
                                  bool *out_done, rz_error *err)
{
    const rz_vec *nodes = chunk->columns[fold->position];
    *out_done = false;
    if (nodes->kind != RZ_VEC_SEQUENCE || nodes->step != 1 || chunk->weight != NULL || chunk->count == 0) {
        return RUZU_OK;
    }
    rz_id id = (rz_id)nodes->start;
    uint64_t first = rz_id_offset(id);
    const rz_type *type = fold->property->children[0]->type;
    uint32_t t = 0;
    while (t < type->table_count && type->tables[t] != rz_id_table(id)) {
        t++;
    }
    if (t == type->table_count || fold->property->u.property.column_idxs[t] == RZ_NO_COLUMN || first / RZ_VECTOR_CAPACITY != (first + chunk->count - 1) / RZ_VECTOR_CAPACITY) {
        return RUZU_OK;
    }
    uint32_t column = fold->property->u.property.column_idxs[t];
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(worker, type->tables[t], &reader, err));
    if (fold->kind != RZ_FOLD_SUM) {
        return fold_is_beaten(&worker->fn, fold, bound, reader, column, first, state, out_done, err);
    }
    if (chunk->sel != NULL && chunk->sel_count * (uint64_t)8 < chunk->count) { /* of few rows, values are fetched one by one */
        return RUZU_OK;
    }
    if (!rows->made) {
        fold_make_rows(chunk, rows);
    }
    rz_col_total total = {.sum = 0, .count = 0};
    RZ_TRY(rz_ntab_sum(reader, column, first, chunk->count, rows->whole ? NULL : rows->bits, &total, out_done, err));
    return *out_done ? rz_agg_add_total(bound, state, total.sum, total.count, err) : RUZU_OK;
}
