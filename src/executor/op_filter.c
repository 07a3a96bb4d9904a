/* SPDX-License-Identifier: MIT */
/*
 * FILTER: keeps the rows for which every predicate is TRUE, by narrowing the selection.
 *
 * Comparisons with constants of rows that come straight from a scan are tested on encoded values first, all together in one bitmap: they cannot fail and cost
 * a fraction of decoding. The others, and these where a block has changes in memory, are evaluated on what is left, in the planner's order at first, then in one that
 * follows what they cost and drop (filter_order.h).
 *
 * Where the predicates look at one node only and rows come many times as often as there are nodes, the planner says so (per_node): then each node is judged once, by an
 * array over the table's offsets. A node is judged when it is first met, so nothing is evaluated that would not have been. Where the array would take more than
 * the worker's memory budget, rows beyond it are judged one by one.
 */
#include "executor/filter_order.h"
#include "executor/spill.h"

#include <string.h>

#ifdef RZ_TINY
#define FILTER_FIRST 4u
#else
#define FILTER_FIRST 4096u
#endif

enum { FILTER_UNKNOWN = 0, FILTER_DROPPED = 1, FILTER_KEPT = 2 };

/* A predicate that encoded values can be tested for. */
typedef struct filter_encoded {
    const rz_expr *property;
    rz_eval *value;   /* of the constant; NULL: there is none */
    int32_t position; /* of the node column in the input; -1: the predicate is evaluated */
    rz_col_range range;
    rz_col_text text; /* range.text, where it is that */
} filter_encoded;

typedef struct op_filter {
    rz_op op;
    rz_eval **evals;
    const int32_t *positions;
    uint32_t *rows;
    int32_t node_position; /* per_node: of the node in the input; else -1 */
    uint8_t *verdicts;     /* per_node: FILTER_* by offset */
    uint64_t size;         /* of verdicts */
    uint64_t max_size;
    uint32_t *unknown;     /* per_node: rows to judge */
    uint32_t *judged;      /* those of them that are kept */
    filter_encoded *encoded; /* one per predicate */
    bool *tested;            /* one per predicate: encoded values were, for this chunk */
    rz_filter_order order;
    bool any_encoded;
    bool any_text;           /* strings among them */
    bool begun;              /* encoded, any_encoded and any_text are of this execution */
    rz_arena constants;      /* what ranges point to */
} op_filter;

/* What encoded values are compared with, in this execution. */
static void filter_begin_encoded(op_filter *op, const rz_plan_encoded *plan, filter_encoded *out)
{
    out->position = -1;
    out->range.text = NULL;
    if (plan->property == NULL) {
        return;
    }
    const rz_type *type = plan->property->type;
    rz_value value = {.type = type};
    value.u.boolean = true;
    if (out->value != NULL) {
        rz_error ignored;
        rz_error_init(&ignored);
        if (rz_eval_constant_run(out->value, &op->constants, &value, &ignored) != RUZU_OK) {
            return; /* it fails again, properly, where it is evaluated */
        }
    }
    bool is_text = out->value != NULL && rz_col_text_init(&out->text, rz_op_account(&op->op), type, plan->text_op, plan->op, plan->negated, &value);
    out->range.text = is_text ? &out->text : NULL;
    if (is_text || (type->id != RUZU_TYPE_STRING && rz_col_range_make(type, plan->op, &value, &out->range))) {
        out->position = rz_plan_position(op->op.input->plan, plan->property->children[0]->u.column);
        op->any_encoded |= out->position >= 0;
        op->any_text |= is_text;
    }
}

static void filter_begin(op_filter *op)
{
    op->begun = true;
    rz_arena_reset(&op->constants);
    for (uint32_t i = 0; op->op.plan->u.filter.encoded != NULL && i < op->op.plan->u.filter.count; i++) {
        filter_begin_encoded(op, &op->op.plan->u.filter.encoded[i], &op->encoded[i]);
    }
}

static ruzu_status filter_open_encoded(op_filter *op, const rz_plan_encoded *plan, filter_encoded *out, rz_error *err)
{
    out->property = plan->property;
    return plan->property == NULL || plan->value == NULL ? RUZU_OK : rz_eval_create(op->op.worker, plan->value, NULL, 0, &out->value, err);
}

static ruzu_status filter_open(rz_op *base, rz_error *err)
{
    op_filter *op = (op_filter *)base;
    rz_arena_init(&op->constants, rz_op_account(base));
    rz_arena *arena = &base->worker->arena;
    const rz_plan *input = base->input->plan;
    uint32_t count = base->plan->u.filter.count;
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->node_position = -1;
    op->evals = RZ_NEW_ARRAY(arena, rz_eval *, count);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (base->plan->u.filter.per_node != RZ_NO_COLUMN_ID) {
        op->node_position = rz_plan_position(input, base->plan->u.filter.per_node);
        op->max_size = rz_spill_budget(base->worker->exec);
        op->unknown = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
        op->judged = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    }
    op->encoded = RZ_NEW_ARRAY(arena, filter_encoded, count);
    op->tested = RZ_NEW_ARRAY(arena, bool, count);
    if (op->evals == NULL || op->rows == NULL || op->encoded == NULL || op->tested == NULL ||
        (op->node_position >= 0 && (op->unknown == NULL || op->judged == NULL))) {
        return rz_error_no_memory(err, "building a filter");
    }
    RZ_TRY(rz_filter_order_open(&op->order, arena, base->plan->u.filter.predicates, count, base->plan->u.filter.reorders, err));
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_eval_create(base->worker, base->plan->u.filter.predicates[i], input->columns, input->column_count, &op->evals[i], err));
        if (base->plan->u.filter.encoded != NULL) {
            RZ_TRY(filter_open_encoded(op, &base->plan->u.filter.encoded[i], &op->encoded[i], err));
        }
    }
    return RUZU_OK;
}

/* Tests encoded values for predicate i; false in *out_done where that cannot be done. */
static ruzu_status filter_test_encoded(op_filter *op, const rz_chunk *input, uint32_t i, uint64_t *bits, bool *out_done, rz_error *err)
{
    const filter_encoded *encoded = &op->encoded[i];
    const rz_vec *nodes = encoded->position < 0 ? NULL : input->columns[encoded->position];
    *out_done = false;
    if (nodes == NULL || nodes->kind != RZ_VEC_SEQUENCE || nodes->step != 1) {
        return RUZU_OK;
    }
    rz_id first = (rz_id)nodes->start;
    const rz_type *type = encoded->property->children[0]->type;
    uint32_t t = 0;
    while (t < type->table_count && type->tables[t] != rz_id_table(first)) {
        t++;
    }
    if (t == type->table_count || encoded->property->u.property.column_idxs[t] == RZ_NO_COLUMN) {
        return RUZU_OK;
    }
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(op->op.worker, type->tables[t], &reader, err));
    return rz_ntab_filter(reader, encoded->property->u.property.column_idxs[t], rz_id_offset(first), input->count, &encoded->range, bits, out_done, err);
}

static ruzu_status filter_encoded_all(op_filter *op, const rz_chunk *input, rz_sel *sel, rz_error *err)
{
    uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    uint32_t words = RZ_BITMAP_WORDS(input->count);
    bool any = false;
    if (sel->rows == NULL) {
        memset(bits, 0xff, words * sizeof *bits);
    } else {
        memset(bits, 0, words * sizeof *bits);
        for (uint32_t i = 0; i < sel->count; i++) {
            rz_bit_set(bits, sel->rows[i]);
        }
    }
    for (uint32_t i = 0; i < op->op.plan->u.filter.count; i++) {
        op->tested[i] = false;
        if (op->encoded[i].range.text == NULL) {
            RZ_TRY(filter_test_encoded(op, input, i, bits, &op->tested[i], err));
            any |= op->tested[i];
        }
    }
    for (uint32_t i = 0; i < op->op.plan->u.filter.count && op->any_text; i++) { /* texts cost more: not for the few rows that numbers leave */
        if (op->encoded[i].range.text != NULL && rz_bits_count(bits, input->count) * 8 >= input->count) {
            RZ_TRY(filter_test_encoded(op, input, i, bits, &op->tested[i], err));
            any |= op->tested[i];
        }
    }
    if (any && rz_bits_count(bits, input->count) != sel->count) {
        sel->count = rz_bits_positions(bits, input->count, op->rows);
        sel->rows = op->rows;
    }
    return RUZU_OK;
}

/* The predicates but those that are tested already, on the rows of sel. */
static ruzu_status filter_evaluate(op_filter *op, const rz_chunk *input, const bool *tested, rz_sel *sel, uint32_t *rows, rz_error *err)
{
    rz_filter_order *order = &op->order;
    uint32_t total = sel->count;
    for (uint32_t i = 0; i < order->count && sel->count != 0; i++) {
        uint32_t predicate = order->order[i];
        if (tested != NULL && tested[predicate]) {
            continue;
        }
        if (RZ_LIKELY(!order->measures)) {
            RZ_TRY(rz_eval_filter(op->evals[predicate], input, sel, rows, err));
            continue;
        }
        uint32_t count = sel->count;
        uint64_t begin = rz_now_monotonic_us();
        RZ_TRY(rz_eval_filter(op->evals[predicate], input, sel, rows, err));
        rz_filter_order_note(order, predicate, rz_now_monotonic_us() - begin, count, sel->count);
    }
    rz_filter_order_next(order, total);
    return RUZU_OK;
}

static ruzu_status filter_run(op_filter *op, const rz_chunk *input, rz_sel *sel, uint32_t *rows, rz_error *err)
{
    return filter_evaluate(op, input, NULL, sel, rows, err);
}

/* Makes room for the offset if the budget and memory allow. */
static void filter_grow(op_filter *op, uint64_t offset)
{
    uint64_t size = op->size == 0 ? FILTER_FIRST : op->size * 2;
    size = size <= offset ? offset + offset / 4 + 1 : size;
    size = size > op->max_size ? op->max_size : size;
    if (offset >= size) {
        return;
    }
    uint8_t *verdicts = (uint8_t *)rz_mem_realloc(rz_op_account(&op->op), op->verdicts, (size_t)op->size, (size_t)size);
    if (verdicts != NULL) {
        memset(verdicts + op->size, FILTER_UNKNOWN, (size_t)(size - op->size));
        op->verdicts = verdicts;
        op->size = size;
    }
}

static uint8_t filter_verdict(const op_filter *op, const rz_view *view, uint32_t row)
{
    uint32_t at = rz_view_at(view, row);
    uint64_t offset = rz_id_offset(((const rz_id *)view->data)[at]);
    return rz_view_valid(view, at) && offset < op->size ? op->verdicts[offset] : (uint8_t)FILTER_UNKNOWN;
}

/* Judges rows whose nodes are not known yet (and rows without a node), and notes what came out. *out_rows become op->judged. */
static ruzu_status filter_judge(op_filter *op, const rz_chunk *input, const rz_view *view, uint32_t unknown_count, uint32_t *out_kept, rz_error *err)
{
    const rz_id *ids = (const rz_id *)view->data;
    rz_sel sel = {.rows = op->unknown, .count = unknown_count};
    RZ_TRY(filter_run(op, input, &sel, op->judged, err));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < unknown_count; i++) {
        uint32_t row = op->unknown[i];
        uint32_t at = rz_view_at(view, row);
        bool is_kept = kept < sel.count && rz_sel_at(&sel, kept) == row;
        kept += is_kept;
        if (rz_view_valid(view, at)) {
            uint64_t offset = rz_id_offset(ids[at]);
            if (offset >= op->size) {
                filter_grow(op, offset);
            }
            if (offset < op->size) {
                op->verdicts[offset] = is_kept ? FILTER_KEPT : FILTER_DROPPED;
            }
        }
    }
    *out_kept = kept;
    for (uint32_t i = 0; i < kept && sel.rows != op->judged; i++) {
        op->judged[i] = rz_sel_at(&sel, i);
    }
    return RUZU_OK;
}

/* The rows that are kept among those of known nodes, and the others; for the usual case: ids without NULLs, one a row. */
static void filter_sort_out(const op_filter *op, const rz_id *ids, const rz_sel *sel, uint32_t *out_kept, uint32_t *out_unknown)
{
    const uint8_t *verdicts = op->verdicts;
    uint64_t size = op->size;
    uint32_t *kept_rows = op->rows;
    uint32_t *unknown_rows = op->unknown;
    uint32_t kept = 0;
    uint32_t unknown = 0;
    for (uint32_t i = 0; i < sel->count; i++) { /* without branches: what is kept is hard to guess */
        uint32_t row = rz_sel_at(sel, i);
        uint64_t offset = rz_id_offset(ids[row]);
        bool inside = offset < size;
        uint8_t verdict = verdicts[inside ? offset : 0];
        verdict = inside ? verdict : (uint8_t)FILTER_UNKNOWN;
        kept_rows[kept] = row;
        unknown_rows[unknown] = row;
        kept += verdict == FILTER_KEPT;
        unknown += verdict == FILTER_UNKNOWN;
    }
    *out_kept = kept;
    *out_unknown = unknown;
}

/* The same for any vector. */
static void filter_sort_out_any(const op_filter *op, const rz_view *view, const rz_sel *sel, uint32_t *out_kept, uint32_t *out_unknown)
{
    *out_kept = *out_unknown = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint8_t verdict = filter_verdict(op, view, row);
        op->rows[*out_kept] = row;
        op->unknown[*out_unknown] = row;
        *out_kept += verdict == FILTER_KEPT;
        *out_unknown += verdict == FILTER_UNKNOWN;
    }
}

static ruzu_status filter_by_node(op_filter *op, const rz_chunk *input, rz_sel *sel, rz_error *err)
{
    rz_view view;
    uint32_t kept = 0;
    uint32_t unknown = 0;
    rz_vec_view(input->columns[op->node_position], &view);
    bool plain = view.index == NULL && view.validity == NULL;
    if (plain && op->size != 0) {
        filter_sort_out(op, (const rz_id *)view.data, sel, &kept, &unknown);
    } else {
        filter_sort_out_any(op, &view, sel, &kept, &unknown);
    }
    if (unknown != 0) { /* both parts are in the order of rows: they are merged from behind */
        uint32_t judged = 0;
        uint32_t known = kept;
        RZ_TRY(filter_judge(op, input, &view, unknown, &judged, err));
        kept += judged;
        for (uint32_t out = kept; judged > 0;) {
            bool takes_known = known > 0 && op->rows[known - 1] > op->judged[judged - 1];
            op->rows[--out] = takes_known ? op->rows[known - 1] : op->judged[judged - 1];
            known -= takes_known;
            judged -= !takes_known;
        }
    }
    sel->rows = op->rows;
    sel->count = kept;
    return RUZU_OK;
}

/* All predicates on what the input has selected: encoded values first. */
static ruzu_status filter_narrow(op_filter *op, const rz_chunk *input, rz_sel *sel, rz_error *err)
{
    if (!op->any_encoded || sel->count * (uint64_t)8 < input->count) { /* of few rows, values are fetched one by one */
        return filter_run(op, input, sel, op->rows, err);
    }
    RZ_TRY(filter_encoded_all(op, input, sel, err));
    return filter_evaluate(op, input, op->tested, sel, op->rows, err);
}

static ruzu_status filter_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_filter *op = (op_filter *)base;
    if (!op->begun) {
        filter_begin(op);
    }
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        rz_sel sel = rz_chunk_sel(input);
        if (op->node_position >= 0 && input->columns[op->node_position]->kind != RZ_VEC_SEQUENCE) {
            RZ_TRY(filter_by_node(op, input, &sel, err));
        } else {
            RZ_TRY(filter_narrow(op, input, &sel, err));
        }
        if (sel.count != 0) {
            rz_op_pass(base, input, op->positions);
            base->chunk->sel = sel.rows;
            base->chunk->sel_count = sel.count;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

/* Verdicts and constants are of one snapshot and one set of parameters. */
static void filter_forget(op_filter *op)
{
    rz_mem_free(rz_op_account(&op->op), op->verdicts, (size_t)op->size);
    op->verdicts = NULL;
    op->size = 0;
    for (uint32_t i = 0; op->any_text && i < op->op.plan->u.filter.count; i++) {
        if (op->encoded[i].range.text != NULL) {
            rz_col_text_deinit(&op->encoded[i].text);
            op->encoded[i].range.text = NULL;
        }
    }
    op->any_encoded = op->any_text = op->begun = false;
}

static void filter_close(rz_op *base)
{
    op_filter *op = (op_filter *)base;
    filter_forget(op);
    rz_arena_free(&op->constants);
}

static ruzu_status filter_restart(rz_op *base, rz_error *err)
{
    (void)err;
    filter_forget((op_filter *)base);
    return RUZU_OK;
}

const rz_op_class rz_op_filter = {
    .name = "FILTER", .size = sizeof(op_filter), .open = filter_open, .next = filter_next, .close = filter_close, .restart = filter_restart};
