/* SPDX-License-Identifier: MIT */
/*
 * NODE_SCAN: ids of all visible nodes of some tables, block by block (RZ_VECTOR_CAPACITY offsets, the unit of zone maps) or in smaller pieces.
 *
 * Where long texts are read, pieces are as small as texts.c wants them. A block that no row can pass by its zone maps is skipped. A fully visible block becomes a SEQUENCE, which readers of properties recognise as dense.
 */
#include "executor/op.h"

typedef struct scan_shared {
    rz_morsel_source source; /* units of unit_rows offsets, tables one after the other */
    uint64_t unit_rows;      /* a block, or a part of one */
    uint64_t *unit_ends;     /* per table: units up to and including it */
    uint64_t *offset_ends;
} scan_shared;

typedef struct op_node_scan {
    rz_op op;
    scan_shared *shared;
    uint64_t private_next;
    rz_value *zone_values;   /* one per zone condition; is_null: cannot be used */
    uint32_t *rows;
    /* the rest of a block, when chunks are capped below the capacity */
    uint64_t pending_offset;
    uint64_t pending_end;
    uint32_t pending_table;
} op_node_scan;

/* Work worth several threads, in rows, and the pieces each should find. */
#define SCAN_DIVIDED_WORK 20000.0
#define SCAN_UNITS_PER_THREAD 8u

/* A block is the unit where there are enough of them; few nodes with much work behind them are divided further. */
static uint64_t node_scan_unit_rows(const rz_exec *exec, const rz_plan *plan, uint64_t rows)
{
    uint64_t unit_rows = RZ_VECTOR_CAPACITY;
    uint64_t wanted = (uint64_t)exec->context->max_threads * SCAN_UNITS_PER_THREAD;
    if (exec->context->max_threads > 1 && plan->u.scan.work >= SCAN_DIVIDED_WORK && plan->u.scan.work > 2 * (double)rows) {
        while (unit_rows > 1 && rows / unit_rows < wanted) {
            unit_rows /= 2;
        }
    }
    return unit_rows;
}

static ruzu_status node_scan_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    scan_shared *shared = RZ_NEW(&exec->arena, scan_shared);
    uint64_t rows = 0;
    RZ_TRY_ALLOC(shared, err, "preparing a scan");
    shared->unit_ends = RZ_NEW_ARRAY(&exec->arena, uint64_t, plan->u.scan.table_count);
    shared->offset_ends = RZ_NEW_ARRAY(&exec->arena, uint64_t, plan->u.scan.table_count);
    if (shared->unit_ends == NULL || shared->offset_ends == NULL) {
        return rz_error_no_memory(err, "preparing a scan");
    }
    for (uint32_t i = 0; i < plan->u.scan.table_count; i++) {
        rz_ntab *table = rz_txn_ntab(exec->context->txn, plan->u.scan.tables[i]);
        if (table == NULL) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "node table %u has no storage", plan->u.scan.tables[i]);
        }
        rz_ntab_reader *reader = NULL;
        RZ_TRY(rz_ntab_reader_create(table, rz_txn_snapshot(exec->context->txn), exec->context->mem, &reader, err));
        shared->offset_ends[i] = rz_ntab_offset_end(reader);
        rz_ntab_reader_free(reader);
        rows += shared->offset_ends[i];
    }
    shared->unit_rows = node_scan_unit_rows(exec, plan, rows);
    for (uint32_t i = 0; i < plan->u.scan.table_count; i++) {
        shared->source.count += (shared->offset_ends[i] + shared->unit_rows - 1) / shared->unit_rows;
        shared->unit_ends[i] = shared->source.count;
    }
    *out = shared;
    return RUZU_OK;
}

static uint64_t node_scan_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const scan_shared *)rz_exec_shared(exec, plan))->source.count;
}

static ruzu_status node_scan_open(rz_op *base, rz_error *err)
{
    op_node_scan *op = (op_node_scan *)base;
    rz_arena *arena = &base->worker->arena;
    const rz_plan *plan = base->plan;
    op->shared = (scan_shared *)rz_exec_shared(base->worker->exec, plan);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->zone_values = RZ_NEW_ARRAY(arena, rz_value, plan->u.scan.zone_count);
    if (op->rows == NULL || op->zone_values == NULL) {
        return rz_error_no_memory(err, "building a scan");
    }
    for (uint32_t i = 0; i < plan->u.scan.zone_count; i++) {
        rz_error ignored;
        rz_error_init(&ignored);
        /* A constant that fails to evaluate fails again, properly, in the filter above. */
        if (rz_eval_constant(base->worker, plan->u.scan.zones[i].value, arena, &op->zone_values[i], &ignored) != RUZU_OK) {
            op->zone_values[i].is_null = true;
        }
    }
    return rz_op_make_chunk(base, &plan->u.scan.column, 1, err);
}

/* True when the zone maps say that no row of the block can pass. */
static bool node_scan_skips(op_node_scan *op, rz_ntab_reader *reader, uint32_t table_idx, uint64_t first)
{
    const rz_plan *plan = op->op.plan;
    for (uint32_t i = 0; i < plan->u.scan.zone_count; i++) {
        const rz_plan_zone *zone_plan = &plan->u.scan.zones[i];
        rz_zone zone;
        if (!op->zone_values[i].is_null && zone_plan->column_idxs[table_idx] != RZ_NO_COLUMN &&
            rz_ntab_zone(reader, zone_plan->column_idxs[table_idx], first, &zone) &&
            rz_zone_excludes(zone_plan->value->type, &zone, zone_plan->op, &op->zone_values[i])) {
            return true;
        }
    }
    return false;
}

/* Fills the output with the next run of the pending block. */
static ruzu_status node_scan_emit(op_node_scan *op, rz_ntab_reader *reader, rz_error *err)
{
    rz_chunk *chunk = op->op.chunk;
    uint64_t left = op->pending_end - op->pending_offset;
    uint32_t limit = op->op.worker->exec->vector_rows;
    uint32_t count = left < limit ? (uint32_t)left : limit;
    uint32_t visible = 0;
    RZ_TRY(rz_texts_fit(op->op.worker, reader, op->op.plan->u.scan.tables[op->pending_table], op->pending_offset, count, &count, err));
    chunk->count = count;
    chunk->sel = NULL;
    if (!rz_ntab_visible(reader, op->pending_offset, count, op->rows, &visible)) {
        chunk->sel = op->rows;
        chunk->sel_count = visible;
    }
    rz_vec_reset(chunk->columns[0]);
    rz_vec_set_sequence(chunk->columns[0], (int64_t)rz_id_make(op->op.plan->u.scan.tables[op->pending_table], op->pending_offset), 1);
    op->pending_offset += count;
    return RUZU_OK;
}

static ruzu_status node_scan_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_node_scan *op = (op_node_scan *)base;
    const rz_plan *plan = base->plan;
    for (;;) {
        rz_ntab_reader *reader = NULL;
        if (op->pending_offset == op->pending_end) {
            uint64_t unit = 0;
            if (!rz_morsel_take(&op->shared->source, base->private_source, &op->private_next, &unit)) {
                return RUZU_OK;
            }
            uint32_t table_idx = 0;
            while (unit >= op->shared->unit_ends[table_idx]) {
                table_idx++;
            }
            uint64_t first = (unit - (table_idx == 0 ? 0 : op->shared->unit_ends[table_idx - 1])) * op->shared->unit_rows;
            uint64_t end = first + op->shared->unit_rows;
            RZ_TRY(rz_worker_ntab(base->worker, plan->u.scan.tables[table_idx], &reader, err));
            if (node_scan_skips(op, reader, table_idx, first)) {
                RZ_TRY(rz_exec_poll(base->worker->exec, err));
                continue;
            }
            op->pending_table = table_idx;
            op->pending_offset = first;
            op->pending_end = end < op->shared->offset_ends[table_idx] ? end : op->shared->offset_ends[table_idx];
        } else {
            RZ_TRY(rz_worker_ntab(base->worker, plan->u.scan.tables[op->pending_table], &reader, err));
        }
        RZ_TRY(node_scan_emit(op, reader, err));
        if (base->chunk->sel == NULL || base->chunk->sel_count != 0) {
            *out = base->chunk;
            return RUZU_OK;
        }
    }
}

static ruzu_status node_scan_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_node_scan *op = (op_node_scan *)base;
    op->private_next = 0;
    op->pending_offset = op->pending_end = 0;
    return RUZU_OK;
}

const rz_op_class rz_op_node_scan = {.name = "NODE_SCAN",
                                     .size = sizeof(op_node_scan),
                                     .open = node_scan_open,
                                     .next = node_scan_next,
                                     .rewind = node_scan_rewind,
                                     .prepare = node_scan_prepare,
                                     .units = node_scan_units};
