/* SPDX-License-Identifier: MIT */
/*
 * APPLY: runs an inner plan for batches of outer rows; ARGUMENT is its leaf.
 *
 * ARGUMENT shows the whole outer chunk plus one hidden column: the row number. It travels through the inner operators like any column, so each inner row says which outer row
 * it belongs to. The inner plan is pulled to its end for one outer chunk, then rewound for the next: correlation costs nothing per row.
 *
 *   OPTIONAL, JOIN  inner rows go out with the outer columns sliced by row number; OPTIONAL then gives the outer rows that had none, with NULLs
 *   EXISTS, SEMI, ANTI  only mark rows; COUNT adds weights; COLLECT appends to one list a row
 */
#include "executor/op.h"

#include <string.h>

typedef struct op_apply {
    rz_op op;
    const int32_t *positions;   /* output column → outer column, or -1 */
    int32_t *inner_positions;   /* output column → inner column, or -1 */
    int32_t number_position;    /* of the row number in the inner plan's output */
    int32_t mark_position;
    rz_vec **in_vecs, **out_vecs, **flat_inputs;
    rz_chunk *outer;            /* current outer chunk */
    rz_sel sel;
    bool inner_done;
    uint32_t *index;
    uint32_t *kept;
    uint64_t *weights;
    uint64_t *counts;           /* per outer row: inner rows so far, weights counted */
    rz_vec *collected;          /* COLLECT: pairs arrive in any order of rows: values behind each other … */
    uint32_t *collected_rows;   /* … and their rows */
    uint32_t collected_capacity;
} op_apply;

const rz_chunk *rz_apply_outer(const rz_op *apply)
{
    return ((const op_apply *)apply)->outer;
}

/* ---- ARGUMENT ---- */

typedef struct op_argument {
    rz_op op;
    const int32_t *positions; /* in the outer chunk; -1: the row number */
    bool done;
} op_argument;

static ruzu_status argument_open(rz_op *base, rz_error *err)
{
    op_argument *op = (op_argument *)base;
    const rz_plan *plan = base->plan;
    int32_t *positions = RZ_NEW_ARRAY(&base->worker->arena, int32_t, plan->column_count);
    RZ_TRY_ALLOC(positions, err, "building an inner plan");
    if (base->outer == NULL || base->outer->input == NULL) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "an inner plan stands outside of an APPLY");
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        positions[i] = plan->columns[i] == plan->u.argument.row_number ? -1 : rz_plan_position(base->outer->input->plan, plan->columns[i]);
    }
    op->positions = positions;
    return rz_op_make_chunk(base, NULL, 0, err);
}

static ruzu_status argument_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    (void)err;
    op_argument *op = (op_argument *)base;
    const rz_chunk *outer = ((const op_apply *)base->outer)->outer;
    if (op->done || outer == NULL) {
        return RUZU_OK;
    }
    op->done = true;
    rz_op_pass(base, outer, op->positions);
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->positions[i] < 0) {
            rz_vec_reset(base->chunk->columns[i]);
            rz_vec_set_sequence(base->chunk->columns[i], 0, 1);
        }
    }
    base->chunk->weight = NULL; /* the outer row's weight is put back by APPLY */
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status argument_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_argument *)base)->done = false;
    return RUZU_OK;
}

const rz_op_class rz_op_argument = {
    .name = "ARGUMENT", .size = sizeof(op_argument), .open = argument_open, .next = argument_next, .rewind = argument_rewind, .restart = rz_op_restart_plain};

/* ---- APPLY ---- */

static ruzu_status apply_open(rz_op *base, rz_error *err)
{
    op_apply *op = (op_apply *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    op->mark_position = rz_plan_position(plan, plan->u.apply.mark);
    op->number_position = rz_plan_position(base->inner->plan, plan->u.apply.row_number);
    RZ_TRY(rz_op_make_chunk(base, &plan->u.apply.mark, op->mark_position >= 0 ? 1 : 0, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->inner_positions = RZ_NEW_ARRAY(arena, int32_t, plan->column_count);
    op->in_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->out_vecs = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input->plan->column_count);
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->counts = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    if (op->inner_positions == NULL || op->in_vecs == NULL || op->out_vecs == NULL || op->flat_inputs == NULL || op->index == NULL || op->kept == NULL ||
        op->weights == NULL || op->counts == NULL) {
        return rz_error_no_memory(err, "building a subquery");
    }
    if (op->number_position < 0) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "the inner plan of an APPLY lost the row number");
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        op->inner_positions[i] = op->positions[i] >= 0 ? -1 : rz_plan_position(base->inner->plan, plan->columns[i]);
    }
    if (plan->u.apply.kind == RZ_APPLY_COLLECT) {
        int32_t value = rz_plan_position(base->inner->plan, plan->u.apply.value);
        const rz_type *type = value < 0 ? RZ_INT64 : base->inner->plan->types[value];
        op->collected_capacity = RZ_VECTOR_CAPACITY;
        op->collected_rows = RZ_NEW_ARRAY(arena, uint32_t, op->collected_capacity);
        RZ_TRY_ALLOC(op->collected_rows, err, "building a subquery");
        return rz_vec_create(arena, &base->heap, type, RZ_VECTOR_CAPACITY, &op->collected, err);
    }
    return RUZU_OK;
}

/* The row numbers of an inner chunk's rows. */
static uint32_t apply_number(const rz_vec *numbers, const rz_view *view, uint32_t row)
{
    if (numbers->kind == RZ_VEC_SEQUENCE) {
        return (uint32_t)(numbers->start + (int64_t)row * numbers->step);
    }
    return (uint32_t)((const uint64_t *)view->data)[rz_view_at(view, row)];
}

static void apply_numbers(const op_apply *op, const rz_chunk *inner, const rz_vec **out_numbers, rz_view *view)
{
    *out_numbers = inner->columns[op->number_position];
    memset(view, 0, sizeof *view);
    if ((*out_numbers)->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(*out_numbers, view);
    }
}

/* Begins with a new outer chunk; *out_end when there is none. */
static ruzu_status apply_take_outer(op_apply *op, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(rz_op_next(base->input, &op->outer, err));
    if (op->outer == NULL) {
        return RUZU_OK;
    }
    op->sel = rz_chunk_sel(op->outer);
    for (uint32_t i = 0; i < op->sel.count; i++) {
        op->counts[rz_sel_at(&op->sel, i)] = 0;
    }
    op->inner_done = false;
    return rz_op_rewind(base->inner, err);
}

/* ---- inner rows go out: OPTIONAL, JOIN ---- */

static ruzu_status apply_emit_inner(op_apply *op, const rz_chunk *inner, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    rz_chunk *chunk = base->chunk;
    const rz_vec *numbers = NULL;
    rz_view view;
    apply_numbers(op, inner, &numbers, &view);
    rz_sel sel = rz_chunk_sel(inner);
    uint32_t end = 0;
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        for (; end < row; end++) {
            op->index[end] = rz_sel_at(&op->sel, 0); /* unselected rows must still point at something */
        }
        op->index[row] = apply_number(numbers, &view, row);
        op->counts[op->index[row]]++;
        end = row + 1;
    }
    uint32_t pass_count = 0;
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->inner_positions[i] >= 0) {
            rz_vec_reference(chunk->columns[i], inner->columns[op->inner_positions[i]]);
        } else if (op->positions[i] >= 0) {
            RZ_TRY(rz_op_flat_input(base, op->outer, op->positions[i], op->flat_inputs, &op->in_vecs[pass_count], err));
            op->out_vecs[pass_count++] = chunk->columns[i];
        }
    }
    RZ_TRY(rz_vec_slice_many(op->out_vecs, (const rz_vec *const *)op->in_vecs, pass_count, op->index, end, err));
    chunk->count = end;
    chunk->sel = inner->sel;
    chunk->sel_count = inner->sel_count;
    chunk->weight = inner->weight;
    if (op->outer->weight != NULL) {
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            uint64_t weight = inner->weight == NULL ? 1 : inner->weight[row];
            if (RZ_UNLIKELY(rz_mul_overflow(op->outer->weight[op->index[row]], weight, &op->weights[row]))) {
                return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)op->outer->weight[op->index[row]],
                                    (unsigned long long)weight);
            }
        }
        chunk->weight = op->weights;
    }
    *out = chunk;
    return RUZU_OK;
}

/* The outer rows without inner rows, the inner's columns NULL. */
static bool apply_emit_unmatched(op_apply *op, rz_chunk **out)
{
    rz_op *base = &op->op;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < op->sel.count; i++) {
        uint32_t row = rz_sel_at(&op->sel, i);
        op->kept[kept] = row;
        kept += op->counts[row] == 0;
    }
    if (kept == 0) {
        return false;
    }
    rz_op_pass(base, op->outer, op->positions);
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        if (op->positions[i] < 0) {
            rz_vec_reset(base->chunk->columns[i]);
            rz_vec_set_all_null(base->chunk->columns[i]);
        }
    }
    base->chunk->sel = op->kept;
    base->chunk->sel_count = kept;
    *out = base->chunk;
    return true;
}

static ruzu_status apply_next_rows(op_apply *op, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    for (;;) {
        if (op->outer == NULL || op->inner_done) {
            RZ_TRY(apply_take_outer(op, err));
            if (op->outer == NULL) {
                return RUZU_OK;
            }
        }
        rz_chunk *inner = NULL;
        RZ_TRY(rz_op_next(base->inner, &inner, err));
        if (inner != NULL) {
            return apply_emit_inner(op, inner, out, err);
        }
        op->inner_done = true;
        if (base->plan->u.apply.kind == RZ_APPLY_OPTIONAL && apply_emit_unmatched(op, out)) {
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

/* ---- inner rows only count: EXISTS, SEMI, ANTI, COUNT ---- */

static ruzu_status apply_count_inner(op_apply *op, bool early_exit, rz_error *err)
{
    rz_op *base = &op->op;
    uint32_t found = 0;
    for (;;) {
        rz_chunk *inner = NULL;
        RZ_TRY(rz_op_next(base->inner, &inner, err));
        if (inner == NULL) {
            return RUZU_OK;
        }
        const rz_vec *numbers = NULL;
        rz_view view;
        apply_numbers(op, inner, &numbers, &view);
        rz_sel sel = rz_chunk_sel(inner);
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            uint32_t number = apply_number(numbers, &view, row);
            found += op->counts[number] == 0;
            if (RZ_UNLIKELY(rz_add_overflow(op->counts[number], inner->weight == NULL ? 1 : inner->weight[row], &op->counts[number]))) {
                op->counts[number] = UINT64_MAX; /* an error only where the number is asked */
            }
        }
        if (early_exit && found == op->sel.count) {
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static ruzu_status apply_next_marks(op_apply *op, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_apply_kind kind = base->plan->u.apply.kind;
    for (;;) {
        RZ_TRY(apply_take_outer(op, err));
        if (op->outer == NULL) {
            return RUZU_OK;
        }
        RZ_TRY(apply_count_inner(op, kind != RZ_APPLY_COUNT, err));
        rz_op_pass(base, op->outer, op->positions);
        if (kind == RZ_APPLY_SEMI || kind == RZ_APPLY_ANTI) {
            uint32_t kept = 0;
            for (uint32_t i = 0; i < op->sel.count; i++) {
                uint32_t row = rz_sel_at(&op->sel, i);
                op->kept[kept] = row;
                kept += (op->counts[row] != 0) == (kind == RZ_APPLY_SEMI);
            }
            base->chunk->sel = op->kept;
            base->chunk->sel_count = kept;
            if (kept == 0) {
                RZ_TRY(rz_exec_poll(base->worker->exec, err));
                continue;
            }
        } else if (op->mark_position >= 0) {
            rz_vec *mark = base->chunk->columns[op->mark_position];
            rz_vec_reset(mark);
            for (uint32_t i = 0; i < op->sel.count; i++) {
                uint32_t row = rz_sel_at(&op->sel, i);
                if (kind == RZ_APPLY_EXISTS) {
                    ((uint8_t *)mark->data)[row] = op->counts[row] != 0;
                } else if (RZ_UNLIKELY(op->counts[row] > INT64_MAX)) {
                    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within INT64 range.");
                } else {
                    ((int64_t *)mark->data)[row] = (int64_t)op->counts[row];
                }
            }
        }
        *out = base->chunk;
        return RUZU_OK;
    }
}

/* ---- COLLECT ---- */

static ruzu_status apply_collect_inner(op_apply *op, uint32_t *out_count, rz_error *err)
{
    rz_op *base = &op->op;
    uint32_t count = 0;
    int32_t value_position = rz_plan_position(base->inner->plan, base->plan->u.apply.value);
    rz_vec_reset(op->collected);
    for (;;) {
        rz_chunk *inner = NULL;
        RZ_TRY(rz_op_next(base->inner, &inner, err));
        if (inner == NULL) {
            *out_count = count;
            return RUZU_OK;
        }
        const rz_vec *numbers = NULL;
        rz_view view;
        apply_numbers(op, inner, &numbers, &view);
        rz_sel sel = rz_chunk_sel(inner);
        if (count + sel.count > op->collected_capacity) {
            uint32_t capacity = (count + sel.count) * 2;
            uint32_t *rows = RZ_NEW_ARRAY(&base->worker->arena, uint32_t, capacity);
            RZ_TRY_ALLOC(rows, err, "collecting a subquery");
            memcpy(rows, op->collected_rows, count * sizeof *rows);
            op->collected_rows = rows;
            op->collected_capacity = capacity;
            RZ_TRY(rz_vec_reserve(op->collected, capacity, err));
        }
        rz_vec *flat = NULL;
        RZ_TRY(rz_vec_create_empty(&base->worker->scratch, &base->worker->scratch, op->collected->type, &flat, err));
        rz_vec_reference(flat, inner->columns[value_position]);
        if (flat->kind == RZ_VEC_SEQUENCE) {
            RZ_TRY(rz_vec_flatten(flat, &sel, err));
        }
        RZ_TRY(rz_vec_copy(op->collected, count, flat, &sel, err));
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t number = apply_number(numbers, &view, rz_sel_at(&sel, i));
            op->collected_rows[count + i] = number;
            op->counts[number]++;
        }
        count += sel.count;
    }
}

static ruzu_status apply_next_collect(op_apply *op, rz_chunk **out, rz_error *err)
{
    rz_op *base = &op->op;
    RZ_TRY(apply_take_outer(op, err));
    if (op->outer == NULL) {
        return RUZU_OK;
    }
    rz_arena_reset(&base->heap);
    uint32_t count = 0;
    RZ_TRY(apply_collect_inner(op, &count, err));
    rz_op_pass(base, op->outer, op->positions);
    *out = base->chunk;
    if (op->mark_position < 0) {
        return RUZU_OK;
    }
    rz_vec *mark = base->chunk->columns[op->mark_position];
    rz_vec_reset(mark);
    uint32_t first = 0;
    RZ_TRY(rz_vec_list_reserve(mark, count, &first, err));
    rz_list_entry *entries = (rz_list_entry *)mark->data;
    uint32_t next = 0;
    for (uint32_t i = 0; i < op->sel.count; i++) {
        uint32_t row = rz_sel_at(&op->sel, i);
        entries[row].offset = next;
        entries[row].length = 0;
        next += (uint32_t)op->counts[row];
    }
    for (uint32_t i = 0; i < count; i++) { /* to the place of its row: a counting sort that keeps the order within a row */
        rz_list_entry *entry = &entries[op->collected_rows[i]];
        rz_sel one = {.rows = &i, .count = 1};
        RZ_TRY(rz_vec_copy(mark->children[0], entry->offset + entry->length, op->collected, &one, err));
        entry->length++;
    }
    return RUZU_OK;
}

static ruzu_status apply_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_apply *op = (op_apply *)base;
    switch (base->plan->u.apply.kind) {
    case RZ_APPLY_OPTIONAL:
    case RZ_APPLY_JOIN: return apply_next_rows(op, out, err);
    case RZ_APPLY_EXISTS:
    case RZ_APPLY_COUNT:
    case RZ_APPLY_SEMI:
    case RZ_APPLY_ANTI: return apply_next_marks(op, out, err);
    case RZ_APPLY_COLLECT: return apply_next_collect(op, out, err);
    }
    return RUZU_OK;
}

static ruzu_status apply_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_apply *op = (op_apply *)base;
    op->outer = NULL;
    op->inner_done = false;
    return RUZU_OK;
}

const rz_op_class rz_op_apply = {.name = "APPLY", .size = sizeof(op_apply), .open = apply_open, .next = apply_next, .rewind = apply_rewind, .restart = rz_op_restart_plain};
