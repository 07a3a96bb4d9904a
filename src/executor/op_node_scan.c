/* SPDX-License-Identifier: MIT */
/*
 * NODE_SCAN: ids of all visible nodes of some tables, block by block (RZ_VECTOR_CAPACITY offsets, the unit of zone maps) or in smaller pieces.
 *
 * Below a SORT with a limit, blocks and rows that cannot be among its first k by their first key are left out as soon as a bound is known (top_bound.h); blocks whose zone maps
 * promise the best values come first, where that tells many of them apart.
 *
 * Where long texts are read, pieces are as small as texts.c wants them. A block that no row can pass by its zone maps is skipped. A fully visible block becomes a SEQUENCE, which readers of properties recognise as dense.
 *
 * Where a join above wants only nodes whose values its build side has (planner/join_bound.c), blocks are skipped by these values as well, and packed values tested for lying
 * between those that the block may have.
 */
#include "executor/join.h"
#include "executor/node_scan.h"
#include "executor/sort.h"
#include "executor/top_bound.h"

#include <string.h>

#ifdef RZ_TINY
#define SCAN_TRIAL 64u
#else
#define SCAN_TRIAL 16384u /* rows after which tests against a join's values are judged */
#endif

/* Values of a join's build side that the scan looks at. */
typedef struct scan_bound {
    const rz_join_bounds *values;
    const uint32_t *column_idxs; /* NULL: the node's id */
    const rz_type *type;
    uint64_t low, high;          /* of the values that the unit may have */
    bool tests;                  /* some rows of the unit may lie outside of them */
    bool given_up;               /* most rows pass */
    uint64_t seen, kept;         /* of the trial */
} scan_bound;

typedef struct scan_shared {
    rz_morsel_source source; /* units of unit_rows offsets, tables one after the other */
    uint64_t unit_rows;      /* a block, or a part of one */
    uint64_t *unit_ends;     /* per table: units up to and including it */
    uint64_t *offset_ends;
    rz_top_piece *pieces;    /* the units in the order in which they are taken; NULL: as they come */
} scan_shared;

typedef struct op_node_scan {
    rz_op op;
    scan_shared *shared;
    uint64_t private_next;
    rz_eval **zone_evals;    /* one per zone condition */
    rz_value *zone_values;   /* the same; is_null: cannot be used */
    rz_arena zone_heap;      /* what values point to */
    bool begun;              /* zone_values are of this execution */
    uint32_t *rows;
    scan_bound *bounds;
    /* the rest of a block, when chunks are capped below the capacity */
    uint64_t pending_offset;
    uint64_t pending_end;
    uint32_t pending_table;
    rz_top_bound *bound;     /* of the SORT above; NULL: there is none */
    bool pending_bounded;    /* rows of the block may be left out by it */
    uint64_t range_rank;     /* what the range below was made of */
    rz_col_range range;
} op_node_scan;

/* Work worth several threads, in rows, and the pieces each should find. */
#define SCAN_DIVIDED_WORK 20000.0
#define SCAN_UNITS_PER_THREAD 8u
#define SCAN_UNIT_ROWS_MIN (RZ_VECTOR_CAPACITY / 32 == 0 ? 1u : RZ_VECTOR_CAPACITY / 32u)

/*
 * A block is the unit where there are enough of them; few nodes with much work behind them are divided further. Where zone maps may leave little, the few that are kept count: they may
 * lie in one block. Then every unit costs a look at the zones, so they do not become too small.
 */
static uint64_t node_scan_unit_rows(const rz_exec *exec, const rz_plan *plan, uint64_t rows)
{
    uint64_t unit_rows = RZ_VECTOR_CAPACITY;
    uint64_t wanted = (uint64_t)exec->context->max_threads * SCAN_UNITS_PER_THREAD;
    uint64_t least = 1;
    if (plan->u.scan.zone_count != 0 && plan->u.scan.kept >= 1 && plan->u.scan.kept < (double)rows) {
        rows = (uint64_t)plan->u.scan.kept;
        least = SCAN_UNIT_ROWS_MIN;
    }
    if (exec->context->max_threads > 1 && plan->u.scan.work >= SCAN_DIVIDED_WORK && plan->u.scan.work > 2 * (double)rows) {
        while (unit_rows > least && rows / unit_rows < wanted) {
            unit_rows /= 2;
        }
    }
    return unit_rows;
}

/* ---- bounds ---- */

static bool node_scan_has_bound(const rz_plan *plan)
{
    return plan->u.scan.top != NULL && rz_top_bound_fits(plan->u.scan.top_type);
}

/* The ranks that a block's zone allows. False: not known, or it may have rows of any rank. */
static bool node_scan_ranks(const rz_plan *plan, rz_ntab_reader *reader, uint32_t table_idx, uint64_t first, uint64_t *out_low, uint64_t *out_high)
{
    uint32_t column = plan->u.scan.top_column_idxs[table_idx];
    rz_zone zone;
    return column != RZ_NO_COLUMN && rz_ntab_zone(reader, column, first, &zone) &&
           rz_top_bound_zone(plan->u.scan.top_type, &plan->u.scan.top->u.sort.orders[0], &zone, out_low, out_high);
}

/* The table's units with their ranks. */
static void node_scan_note_pieces(scan_shared *shared, const rz_plan *plan, rz_ntab_reader *reader, uint32_t table_idx)
{
    uint64_t begin = table_idx == 0 ? 0 : shared->unit_ends[table_idx - 1];
    for (uint64_t unit = begin; unit < shared->unit_ends[table_idx]; unit++) {
        rz_top_piece *piece = &shared->pieces[unit];
        piece->unit = unit;
        if (!node_scan_ranks(plan, reader, table_idx, (unit - begin) * shared->unit_rows, &piece->low, &piece->high)) {
            piece->low = 0;
            piece->high = UINT64_MAX;
        }
    }
}

static ruzu_status node_scan_order_units(rz_exec *exec, const rz_plan *plan, scan_shared *shared, rz_error *err)
{
    shared->pieces = RZ_NEW_ARRAY(&exec->arena, rz_top_piece, shared->source.count);
    RZ_TRY_ALLOC(shared->pieces, err, "preparing a scan");
    for (uint32_t i = 0; i < plan->u.scan.table_count; i++) {
        rz_ntab_reader *reader = NULL;
        RZ_TRY(rz_ntab_reader_create(rz_txn_ntab(exec->context->txn, plan->u.scan.tables[i]), rz_txn_snapshot(exec->context->txn), exec->context->mem, &reader, err));
        node_scan_note_pieces(shared, plan, reader, i);
        rz_ntab_reader_free(reader);
    }
    if (!rz_top_pieces_order(shared->pieces, shared->source.count)) {
        shared->pieces = NULL;
    }
    return RUZU_OK;
}

/* How far the tables go in this snapshot, and the pieces of that. */
ruzu_status rz_node_scan_divide(rz_exec *exec, const rz_plan *plan, rz_error *err)
{
    scan_shared *shared = (scan_shared *)rz_exec_shared(exec, plan);
    uint64_t rows = 0;
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
    shared->source.count = 0;
    atomic_store_explicit(&shared->source.next, 0, memory_order_relaxed);
    for (uint32_t i = 0; i < plan->u.scan.table_count; i++) {
        shared->source.count += (shared->offset_ends[i] + shared->unit_rows - 1) / shared->unit_rows;
        shared->unit_ends[i] = shared->source.count;
    }
    return node_scan_has_bound(plan) ? node_scan_order_units(exec, plan, shared, err) : RUZU_OK;
}

static ruzu_status node_scan_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    scan_shared *shared = RZ_NEW(&exec->arena, scan_shared);
    RZ_TRY_ALLOC(shared, err, "preparing a scan");
    shared->unit_ends = RZ_NEW_ARRAY(&exec->arena, uint64_t, plan->u.scan.table_count);
    shared->offset_ends = RZ_NEW_ARRAY(&exec->arena, uint64_t, plan->u.scan.table_count);
    if (shared->unit_ends == NULL || shared->offset_ends == NULL) {
        return rz_error_no_memory(err, "preparing a scan");
    }
    *out = shared;
    return rz_node_scan_divide(exec, plan, err);
}

static uint64_t node_scan_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const scan_shared *)rz_exec_shared(exec, plan))->source.count;
}

static ruzu_status node_scan_open_bounds(op_node_scan *op, rz_error *err)
{
    const rz_plan *plan = op->op.plan;
    op->bounds = RZ_NEW_ARRAY(&op->op.worker->arena, scan_bound, plan->u.scan.bound_count);
    RZ_TRY_ALLOC(op->bounds, err, "building a scan");
    for (uint32_t i = 0; i < plan->u.scan.bound_count; i++) {
        const rz_plan_scan_bound *bound = &plan->u.scan.bounds[i];
        const rz_join_shared *shared = (const rz_join_shared *)rz_exec_shared(op->op.worker->exec, bound->join);
        op->bounds[i].values = shared == NULL ? NULL : &shared->bounds[bound->bound];
        op->bounds[i].column_idxs = bound->column_idxs;
        op->bounds[i].type = bound->join->u.join.probe_keys[bound->join->u.join.bounds[bound->bound]]->type;
    }
    return RUZU_OK;
}

static ruzu_status node_scan_open(rz_op *base, rz_error *err)
{
    op_node_scan *op = (op_node_scan *)base;
    rz_arena *arena = &base->worker->arena;
    const rz_plan *plan = base->plan;
    op->shared = (scan_shared *)rz_exec_shared(base->worker->exec, plan);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    rz_arena_init(&op->zone_heap, rz_op_account(base));
    op->zone_evals = RZ_NEW_ARRAY(arena, rz_eval *, plan->u.scan.zone_count);
    op->zone_values = RZ_NEW_ARRAY(arena, rz_value, plan->u.scan.zone_count);
    if (op->rows == NULL || op->zone_evals == NULL || op->zone_values == NULL) {
        return rz_error_no_memory(err, "building a scan");
    }
    for (uint32_t i = 0; i < plan->u.scan.zone_count; i++) {
        RZ_TRY(rz_eval_create(base->worker, plan->u.scan.zones[i].value, NULL, 0, &op->zone_evals[i], err));
    }
    if (node_scan_has_bound(plan)) {
        op->bound = rz_sort_bound(rz_exec_shared(base->worker->exec, plan->u.scan.top));
        op->range_rank = UINT64_MAX;
    }
    RZ_TRY(node_scan_open_bounds(op, err));
    return rz_op_make_chunk(base, &plan->u.scan.column, 1, err);
}

/* What rows are compared with, in this execution. */
static void node_scan_begin(op_node_scan *op)
{
    op->begun = true;
    rz_arena_reset(&op->zone_heap);
    for (uint32_t i = 0; i < op->op.plan->u.scan.zone_count; i++) {
        rz_error ignored;
        rz_error_init(&ignored);
        /* A constant that fails to evaluate fails again, properly, in the filter above. */
        if (rz_eval_constant_run(op->zone_evals[i], &op->zone_heap, &op->zone_values[i], &ignored) != RUZU_OK) {
            op->zone_values[i].is_null = true;
        }
    }
}

/* ---- values of joins ---- */

/* Zones give bits; those of signed types have to be turned to compare as unsigned numbers. */
static uint64_t scan_zone_key(const rz_type *type, uint64_t bits)
{
    bool is_signed = type->physical >= RZ_PHYS_INT8 && type->physical <= RZ_PHYS_INT64;
    return is_signed ? bits ^ UINT64_C(1) << 63 : bits;
}

/* Cuts the pending unit to the ids that the join has; false: none. */
static bool scan_bound_ids(op_node_scan *op, scan_bound *bound)
{
    uint32_t table = op->op.plan->u.scan.tables[op->pending_table];
    bound->low = rz_id_make(table, op->pending_offset);
    bound->high = rz_id_make(table, op->pending_end - 1);
    if (!rz_join_bounds_narrow(bound->values, &bound->low, &bound->high)) {
        return false;
    }
    op->pending_offset = rz_id_offset(bound->low);
    op->pending_end = rz_id_offset(bound->high) + 1;
    bound->tests = !bound->values->many;
    return true;
}

/* What values rows of the pending unit may have; false: none that the join has. */
static bool scan_bound_zone(const op_node_scan *op, rz_ntab_reader *reader, scan_bound *bound)
{
    uint32_t column_idx = bound->column_idxs[op->pending_table];
    rz_zone zone;
    if (column_idx == RZ_NO_COLUMN) {
        return false; /* NULL meets nothing */
    }
    bool known = rz_ntab_zone(reader, column_idx, op->pending_offset, &zone);
    if (known && zone.all_null) {
        return false;
    }
    uint64_t low = known ? scan_zone_key(bound->type, zone.min_bits) : 0;
    uint64_t high = known ? scan_zone_key(bound->type, zone.max_bits) : UINT64_MAX;
    bound->low = low;
    bound->high = high;
    bool meets = rz_join_bounds_narrow(bound->values, &bound->low, &bound->high);
    bound->tests = !known || zone.null_count != 0 || bound->low != low || bound->high != high;
    return meets;
}

/* True when no row of the pending unit has values that the joins above have. */
static bool node_scan_outside(op_node_scan *op, rz_ntab_reader *reader)
{
    for (uint32_t i = 0; i < op->op.plan->u.scan.bound_count; i++) {
        scan_bound *bound = &op->bounds[i];
        bool meets = bound->values == NULL || (bound->column_idxs == NULL ? scan_bound_ids(op, bound) : scan_bound_zone(op, reader, bound));
        if (!meets) {
            return true;
        }
    }
    return false;
}

/* Leaves the rows of the chunk whose values may be among those of the join. */
static ruzu_status scan_bound_test(op_node_scan *op, rz_ntab_reader *reader, scan_bound *bound, uint64_t first, uint32_t count, uint64_t *bits, rz_error *err)
{
    uint32_t table_idx = op->pending_table;
    uint64_t before = rz_bits_count(bits, count);
    if (bound->column_idxs == NULL) {
        uint64_t marks[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)] = {0};
        (void)rz_join_bounds_mark(bound->values, rz_id_make(op->op.plan->u.scan.tables[table_idx], first), count, marks);
        for (uint32_t w = 0; w < RZ_BITMAP_WORDS(count); w++) {
            bits[w] &= marks[w];
        }
    } else {
        rz_col_range range = {.low = bound->low, .high = bound->high};
        bool done = false;
        RZ_TRY(rz_ntab_filter(reader, bound->column_idxs[table_idx], first, count, &range, bits, &done, err));
    }
    bound->seen += before;
    bound->kept += rz_bits_count(bits, count);
    if (bound->seen >= SCAN_TRIAL) {
        bound->given_up = bound->kept > bound->seen - bound->seen / 4;
        bound->seen = bound->kept = 0;
    }
    return RUZU_OK;
}

/* Narrows the chunk's selection. */
static ruzu_status node_scan_narrow(op_node_scan *op, rz_ntab_reader *reader, uint64_t first, rz_error *err)
{
    rz_chunk *chunk = op->op.chunk;
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    bool any = false;
    for (uint32_t i = 0; i < op->op.plan->u.scan.bound_count; i++) {
        scan_bound *bound = &op->bounds[i];
        if (bound->values == NULL || !bound->tests || bound->given_up) {
            continue;
        }
        if (!any) {
            memset(bits, chunk->sel == NULL ? 0xff : 0, RZ_BITMAP_WORDS(chunk->count) * sizeof *bits);
            for (uint32_t r = 0; chunk->sel != NULL && r < chunk->sel_count; r++) {
                rz_bit_set(bits, chunk->sel[r]);
            }
        }
        any = true;
        RZ_TRY(scan_bound_test(op, reader, bound, first, chunk->count, bits, err));
    }
    if (any && rz_bits_count(bits, chunk->count) != (chunk->sel == NULL ? chunk->count : chunk->sel_count)) {
        chunk->sel = op->rows;
        chunk->sel_count = rz_bits_positions(bits, chunk->count, op->rows);
    }
    return RUZU_OK;
}

/* ---- blocks ---- */

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

/* True when the bound says that no row of the block is wanted; else notes whether it may be asked of single rows. */
static bool node_scan_is_beyond(op_node_scan *op, rz_ntab_reader *reader, uint32_t table_idx, uint64_t first)
{
    const rz_plan *plan = op->op.plan;
    uint64_t low = 0, high = UINT64_MAX;
    op->pending_bounded = false;
    if (op->bound == NULL) {
        return false;
    }
    bool known = node_scan_ranks(plan, reader, table_idx, first, &low, &high);
    op->pending_bounded = plan->u.scan.top_column_idxs[table_idx] != RZ_NO_COLUMN && (known || !plan->u.scan.top->u.sort.orders[0].nulls_first);
    return low > rz_top_bound_get(op->bound);
}

/* Leaves out rows of the output beyond the bound, by encoded values. NULLs go, too: they are behind every bound, or there are none. */
static ruzu_status node_scan_bound_rows(op_node_scan *op, rz_ntab_reader *reader, uint64_t first, rz_error *err)
{
    const rz_plan *plan = op->op.plan;
    rz_chunk *chunk = op->op.chunk;
    uint64_t rank = rz_top_bound_get(op->bound);
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    bool done = false;
    if (rank == UINT64_MAX) {
        return RUZU_OK;
    }
    if (rank != op->range_rank && !rz_top_bound_range(plan->u.scan.top_type, plan->u.scan.top->u.sort.orders[0].descending, rank, &op->range)) {
        return RUZU_OK;
    }
    op->range_rank = rank;
    memset(bits, chunk->sel == NULL ? 0xff : 0, sizeof bits);
    for (uint32_t i = 0; chunk->sel != NULL && i < chunk->sel_count; i++) {
        rz_bit_set(bits, chunk->sel[i]);
    }
    RZ_TRY(rz_ntab_filter(reader, plan->u.scan.top_column_idxs[op->pending_table], first, chunk->count, &op->range, bits, &done, err));
    if (done) {
        chunk->sel_count = rz_bits_positions(bits, chunk->count, op->rows);
        chunk->sel = op->rows;
    }
    return RUZU_OK;
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
    uint64_t first = op->pending_offset;
    op->pending_offset += count;
    RZ_TRY(op->pending_bounded ? node_scan_bound_rows(op, reader, first, err) : RUZU_OK);
    return op->op.plan->u.scan.bound_count == 0 ? RUZU_OK : node_scan_narrow(op, reader, first, err);
}

static ruzu_status node_scan_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_node_scan *op = (op_node_scan *)base;
    const rz_plan *plan = base->plan;
    if (!op->begun) {
        node_scan_begin(op);
    }
    for (;;) {
        rz_ntab_reader *reader = NULL;
        if (op->pending_offset == op->pending_end) {
            uint64_t unit = 0;
            if (!rz_morsel_take(&op->shared->source, base->private_source, &op->private_next, &unit)) {
                return RUZU_OK;
            }
            unit = op->shared->pieces == NULL ? unit : op->shared->pieces[unit].unit;
            uint32_t table_idx = 0;
            while (unit >= op->shared->unit_ends[table_idx]) {
                table_idx++;
            }
            uint64_t first = (unit - (table_idx == 0 ? 0 : op->shared->unit_ends[table_idx - 1])) * op->shared->unit_rows;
            uint64_t end = first + op->shared->unit_rows;
            RZ_TRY(rz_worker_ntab(base->worker, plan->u.scan.tables[table_idx], &reader, err));
            if (node_scan_skips(op, reader, table_idx, first) || node_scan_is_beyond(op, reader, table_idx, first)) {
                RZ_TRY(rz_exec_poll(base->worker->exec, err));
                continue;
            }
            op->pending_table = table_idx;
            op->pending_offset = first;
            op->pending_end = end < op->shared->offset_ends[table_idx] ? end : op->shared->offset_ends[table_idx];
            if (node_scan_outside(op, reader)) {
                op->pending_offset = op->pending_end = 0;
                RZ_TRY(rz_exec_poll(base->worker->exec, err));
                continue;
            }
        } else {
            RZ_TRY(rz_worker_ntab(base->worker, plan->u.scan.tables[op->pending_table], &reader, err));
        }
        RZ_TRY(node_scan_emit(op, reader, err));
        if (base->chunk->sel == NULL || base->chunk->sel_count != 0) {
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status node_scan_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_node_scan *op = (op_node_scan *)base;
    op->private_next = 0;
    op->pending_offset = op->pending_end = 0;
    op->pending_bounded = false;
    return RUZU_OK;
}

static ruzu_status node_scan_restart(rz_op *base, rz_error *err)
{
    ((op_node_scan *)base)->begun = false;
    return node_scan_rewind(base, err);
}

static void node_scan_close(rz_op *base)
{
    rz_arena_free(&((op_node_scan *)base)->zone_heap);
}

const rz_op_class rz_op_node_scan = {.name = "NODE_SCAN",
                                     .size = sizeof(op_node_scan),
                                     .open = node_scan_open,
                                     .next = node_scan_next,
                                     .rewind = node_scan_rewind,
                                     .close = node_scan_close,
                                     .restart = node_scan_restart,
                                     .prepare = node_scan_prepare,
                                     .units = node_scan_units};
