/* SPDX-License-Identifier: MIT */
/*
 * Functions that run an expression for each element of a list: transform, filter, reduce and the quantifiers.
 *
 * Elements of all rows are put side by side in batches of RZ_VECTOR_CAPACITY: a batch is a chunk whose columns are the outer columns the body uses (repeated by
 * dictionary) and the element. The body runs once a batch.
 */
#include "executor/eval.h"

typedef struct lambda_state {
    rz_chunk batch;           /* outer columns in use, then params[0] (, params[1]) */
    const uint32_t *outer;    /* positions in the input */
    uint32_t outer_count;
    rz_eval *body;
    uint32_t *row_index;      /* per element of the batch: the outer row */
    uint32_t *element_index;  /* its position in the list's child */
    rz_vec *accumulator;      /* REDUCE: one value a row */
    rz_vec *accumulator_next;
    uint32_t *kept;
    uint32_t *row_true;       /* quantifiers: per outer row */
    uint32_t *row_null;
} lambda_state;

static ruzu_status lambda_run_batch(rz_eval *eval, const rz_chunk *input, const rz_vec *elements, uint32_t count, rz_vec **out, rz_error *err)
{
    lambda_state *state = (lambda_state *)eval->state;
    for (uint32_t i = 0; i < state->outer_count; i++) {
        const rz_vec *column = input->columns[state->outer[i]];
        rz_vec *shown = state->batch.columns[i];
        if (column->kind == RZ_VEC_SEQUENCE) {
            rz_vec *flat = NULL;
            rz_sel rows = {.rows = NULL, .count = input->count};
            RZ_TRY(rz_vec_create_empty(&eval->worker->scratch, &eval->worker->scratch, column->type, &flat, err));
            rz_vec_reference(flat, column);
            RZ_TRY(rz_vec_flatten(flat, &rows, err));
            column = flat;
        }
        shown->type = column->type; /* known only now: layouts are lists of ids */
        shown->child_count = column->child_count; /* of a constant list it is `shown` itself that a body looks into */
        RZ_TRY(rz_vec_slice(shown, column, state->row_index, count, err));
    }
    uint32_t element_position = state->outer_count + (eval->expr->u.lambda.kind == RZ_LAMBDA_REDUCE ? 1 : 0);
    RZ_TRY(rz_vec_slice(state->batch.columns[element_position], elements, state->element_index, count, err));
    state->batch.count = count;
    state->batch.sel = NULL;
    rz_sel all = {.rows = NULL, .count = count};
    return rz_eval_run(state->body, &state->batch, &all, out, err);
}

/* What a batch's results are for. */
static ruzu_status lambda_use_batch(rz_eval *eval, const rz_chunk *input, const rz_vec *elements, uint32_t count, rz_error *err)
{
    lambda_state *state = (lambda_state *)eval->state;
    rz_vec *values = NULL;
    if (count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(lambda_run_batch(eval, input, elements, count, &values, err));
    rz_sel all = {.rows = NULL, .count = count};
    if (eval->expr->u.lambda.kind == RZ_LAMBDA_TRANSFORM) {
        uint32_t offset = 0;
        RZ_TRY(rz_vec_list_reserve(eval->result, count, &offset, err));
        return rz_vec_copy(eval->result->children[0], offset, values, &all, err);
    }
    rz_view view;
    rz_vec_view(values, &view);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = rz_view_at(&view, i);
        bool is_null = !rz_view_valid(&view, at);
        bool is_true = !is_null && ((const uint8_t *)view.data)[at] != 0;
        state->row_null[state->row_index[i]] += is_null;
        state->row_true[state->row_index[i]] += is_true;
        if (is_true) {
            state->kept[kept++] = state->element_index[i];
        }
    }
    if (eval->expr->u.lambda.kind == RZ_LAMBDA_FILTER && kept != 0) {
        uint32_t offset = 0;
        RZ_TRY(rz_vec_list_reserve(eval->result, kept, &offset, err));
        return rz_vec_gather(eval->result->children[0], offset, elements, state->kept, kept, err);
    }
    return RUZU_OK;
}

/* Three-valued: a NULL decides nothing, and leaves undecided what it could have decided (dialect §20, case 6). */
static void lambda_quantify(rz_eval *eval, uint32_t row, uint32_t length)
{
    lambda_state *state = (lambda_state *)eval->state;
    uint32_t trues = state->row_true[row];
    uint32_t nulls = state->row_null[row];
    bool value = false;
    bool unknown = false;
    switch (eval->expr->u.lambda.kind) {
    case RZ_LAMBDA_ALL:
        value = trues == length;
        unknown = !value && trues + nulls == length; /* no element was FALSE */
        break;
    case RZ_LAMBDA_ANY:
        value = trues != 0;
        unknown = !value && nulls != 0;
        break;
    case RZ_LAMBDA_NONE:
        value = trues == 0;
        unknown = value && nulls != 0;
        break;
    case RZ_LAMBDA_SINGLE:
        value = trues == 1;
        unknown = nulls != 0 && trues <= 1;
        break;
    case RZ_LAMBDA_TRANSFORM:
    case RZ_LAMBDA_FILTER:
    case RZ_LAMBDA_REDUCE: break;
    }
    ((uint8_t *)eval->result->data)[row] = value;
    if (unknown) {
        rz_vec_set_null(eval->result, row);
    }
}

static ruzu_status lambda_list_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    lambda_state *state = (lambda_state *)eval->state;
    const rz_lambda_kind kind = eval->expr->u.lambda.kind;
    rz_vec *list = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &list, err));
    rz_eval_begin(eval);
    *out = eval->result;
    rz_view view;
    rz_vec_view(list, &view);
    const rz_vec *elements = view.base->child_count == 0 ? NULL : view.base->children[0];
    uint32_t batched = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        state->row_true[row] = 0;
        state->row_null[row] = 0;
        if (!rz_view_valid(&view, at)) {
            continue;
        }
        const rz_list_entry *entry = (const rz_list_entry *)view.data + at;
        for (uint32_t e = 0; e < entry->length; e++) {
            state->row_index[batched] = row;
            state->element_index[batched++] = entry->offset + e;
            if (batched == RZ_VECTOR_CAPACITY) {
                RZ_TRY(lambda_use_batch(eval, input, elements, batched, err));
                RZ_TRY(rz_exec_poll(eval->worker->exec, err));
                batched = 0;
            }
        }
    }
    RZ_TRY(lambda_use_batch(eval, input, elements, batched, err));
    uint32_t next = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        uint32_t length = rz_view_valid(&view, at) ? ((const rz_list_entry *)view.data)[at].length : 0;
        if (kind == RZ_LAMBDA_TRANSFORM || kind == RZ_LAMBDA_FILTER) {
            rz_list_entry *entry = (rz_list_entry *)eval->result->data + row;
            entry->offset = next;
            entry->length = kind == RZ_LAMBDA_TRANSFORM ? length : state->row_true[row];
            next += entry->length;
        } else {
            lambda_quantify(eval, row, length);
        }
        if (!rz_view_valid(&view, at)) {
            rz_vec_set_null(eval->result, row);
        }
    }
    return RUZU_OK;
}

/* ---- reduce: element number e of every row at a time, so that a batch holds at most one element a row ---- */

static ruzu_status lambda_reduce_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    lambda_state *state = (lambda_state *)eval->state;
    rz_vec *list = NULL;
    rz_vec *initial = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &list, err));
    if (eval->child_count > 1) {
        RZ_TRY(rz_eval_run(eval->children[1], input, sel, &initial, err));
    }
    rz_eval_begin(eval);
    *out = eval->result;
    rz_view view;
    rz_vec_view(list, &view);
    const rz_vec *elements = view.base->child_count == 0 ? NULL : view.base->children[0];
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        rz_sel one = {.rows = &row, .count = 1};
        if (!rz_view_valid(&view, at)) {
            rz_vec_set_null(eval->result, row);
            continue;
        }
        const rz_list_entry *entry = (const rz_list_entry *)view.data + at;
        if (initial == NULL && entry->length == 0) {
            return rz_error_set(err, RUZU_ERROR_RUNTIME, "Cannot execute list_reduce on an empty list.");
        }
        rz_vec *current = state->accumulator;
        rz_vec *following = state->accumulator_next;
        rz_vec_reset(current);
        uint32_t first = entry->offset;
        RZ_TRY(initial != NULL ? rz_vec_copy(current, 0, initial, &one, err) : rz_vec_gather(current, 0, elements, &first, 1, err));
        for (uint32_t e = initial != NULL ? 0 : 1; e < entry->length; e++) {
            state->row_index[0] = row;
            state->element_index[0] = entry->offset + e;
            rz_vec_reference(state->batch.columns[state->outer_count], current);
            rz_vec *value = NULL;
            RZ_TRY(lambda_run_batch(eval, input, elements, 1, &value, err));
            rz_sel zero = {.rows = NULL, .count = 1};
            rz_vec_reset(following);
            RZ_TRY(rz_vec_copy(following, 0, value, &zero, err));
            rz_vec *swap = current;
            current = following;
            following = swap;
            RZ_TRY((e & 1023) == 0 ? rz_exec_poll(eval->worker->exec, err) : RUZU_OK);
        }
        rz_sel zero = {.rows = NULL, .count = 1};
        RZ_TRY(rz_vec_copy(eval->result, row, current, &zero, err));
    }
    return RUZU_OK;
}

/* ---- creation ---- */

typedef struct lambda_columns {
    const uint32_t *columns; /* of the input */
    uint32_t column_count;
    uint32_t *positions;     /* found so far */
    uint32_t count;
} lambda_columns;

static void lambda_note_column(void *user, uint32_t column)
{
    lambda_columns *found = (lambda_columns *)user;
    for (uint32_t i = 0; i < found->column_count; i++) {
        if (found->columns[i] == column) {
            for (uint32_t j = 0; j < found->count; j++) {
                if (found->positions[j] == i) {
                    return;
                }
            }
            found->positions[found->count++] = i;
        }
    }
}

static ruzu_status lambda_buffers(rz_eval *eval, lambda_state *state, rz_error *err)
{
    rz_arena *arena = &eval->worker->arena;
    state->row_index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    state->element_index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    state->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    state->row_true = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    state->row_null = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (state->row_index == NULL || state->element_index == NULL || state->kept == NULL || state->row_true == NULL || state->row_null == NULL) {
        return rz_error_no_memory(err, "compiling a lambda");
    }
    return RUZU_OK;
}

ruzu_status rz_eval_open_lambda(rz_eval *eval, const uint32_t *columns, uint32_t column_count, rz_error *err)
{
    const rz_expr *expr = eval->expr;
    rz_arena *arena = &eval->worker->arena;
    lambda_state *state = RZ_NEW(arena, lambda_state);
    RZ_TRY_ALLOC(state, err, "compiling a lambda");
    bool reduce = expr->u.lambda.kind == RZ_LAMBDA_REDUCE;
    uint32_t param_count = reduce ? 2 : 1;
    lambda_columns found = {.columns = columns, .column_count = column_count, .positions = RZ_NEW_ARRAY(arena, uint32_t, column_count)};
    uint32_t *layout = RZ_NEW_ARRAY(arena, uint32_t, column_count + 2);
    state->batch.columns = RZ_NEW_ARRAY(arena, rz_vec *, column_count + 2);
    eval->children = RZ_NEW_ARRAY(arena, rz_eval *, 2);
    if (found.positions == NULL || layout == NULL || state->batch.columns == NULL || eval->children == NULL) {
        return rz_error_no_memory(err, "compiling a lambda");
    }
    rz_expr_each_column(expr->children[1], lambda_note_column, &found);
    for (uint32_t i = 0; i < found.count; i++) {
        layout[i] = columns[found.positions[i]];
    }
    state->outer = found.positions;
    state->outer_count = found.count;
    for (uint32_t i = 0; i < param_count; i++) {
        layout[found.count + i] = expr->u.lambda.params[i];
    }
    state->batch.column_count = found.count + param_count;
    RZ_TRY(lambda_buffers(eval, state, err));
    RZ_TRY(rz_eval_compile(eval->worker, expr->children[0], columns, column_count, &eval->children[0], err));
    eval->child_count = 1;
    if (expr->child_count > 2) {
        RZ_TRY(rz_eval_compile(eval->worker, expr->children[2], columns, column_count, &eval->children[1], err));
        eval->child_count = 2;
    }
    RZ_TRY(rz_eval_compile(eval->worker, expr->children[1], layout, state->batch.column_count, &state->body, err));
    for (uint32_t i = 0; i < state->batch.column_count; i++) {
        /* slices take their type from what they show; the type here only names the parameter's */
        const rz_type *type = i < found.count ? RZ_INT64 : (reduce && i == found.count) ? expr->type : expr->children[0]->type->child;
        RZ_TRY(rz_vec_create_empty(arena, &eval->heap, type == NULL ? RZ_INT64 : type, &state->batch.columns[i], err));
    }
    if (reduce) {
        RZ_TRY(rz_vec_create(arena, &eval->heap, expr->type, 1, &state->accumulator, err));
        RZ_TRY(rz_vec_create(arena, &eval->heap, expr->type, 1, &state->accumulator_next, err));
    }
    eval->state = state;
    eval->run = reduce ? lambda_reduce_run : lambda_list_run;
    return RUZU_OK;
}
