/* SPDX-License-Identifier: MIT */
/*
 * The expression evaluator: compiling trees, columns, constants, functions and casts. Logic, graph values and lambdas have files of their own.
 *
 * Constant sub-trees are computed once, at creation; if that fails (1/0), the error waits: the node stays uncomputed and fails when, and only when, a row reaches it.
 */
#include "executor/eval.h"

/* ---- leaves ---- */

static ruzu_status eval_constant_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    (void)input;
    (void)sel;
    (void)err;
    *out = eval->result;
    return RUZU_OK;
}

static ruzu_status eval_column_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_vec *column = input->columns[eval->position];
    if (column->kind != RZ_VEC_SEQUENCE) {
        *out = column;
        return RUZU_OK;
    }
    rz_vec_reset(eval->result);
    rz_vec_reference(eval->result, column);
    *out = eval->result;
    return rz_vec_flatten(eval->result, sel, err);
}

static ruzu_status eval_set_constant(rz_eval *eval, const rz_value *value, rz_error *err)
{
    rz_vec_set_constant(eval->result);
    eval->constant = true;
    eval->run = eval_constant_run;
    if (value->is_null || value->type->id == RUZU_TYPE_ANY) {
        rz_vec_set_all_null(eval->result);
        return RUZU_OK;
    }
    return rz_value_to_vec(value, eval->result, 0, err);
}

/* ---- functions ---- */

/* Narrows sel to the rows where no argument is NULL; the others become NULL in the result. */
static void eval_drop_nulls(rz_eval *eval, rz_sel *sel)
{
    for (uint32_t a = 0; a < eval->child_count; a++) {
        rz_view view;
        rz_vec_view(eval->args[a], &view);
        if (view.validity == NULL) {
            continue;
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            if (rz_view_valid(&view, rz_view_at(&view, row))) {
                eval->rows[kept++] = row;
            } else {
                rz_vec_set_null(eval->result, row);
            }
        }
        sel->rows = eval->rows;
        sel->count = kept;
    }
}

static ruzu_status eval_function_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    const rz_fn_bound *function = eval->expr->u.function;
    bool all_constant = eval->child_count != 0 && (function->fn->flags & RZ_FN_VOLATILE) == 0;
    for (uint32_t i = 0; i < eval->child_count; i++) {
        rz_vec *arg = NULL;
        RZ_TRY(rz_eval_run(eval->children[i], input, sel, &arg, err));
        eval->args[i] = arg;
        all_constant = all_constant && arg->kind == RZ_VEC_CONSTANT;
    }
    rz_eval_begin(eval);
    *out = eval->result;
    rz_sel rows = *sel;
    static const uint32_t first_row = 0;
    if (all_constant && sel->count != 0) { /* constant in, constant out: one row stands for all */
        rows.rows = &first_row;
        rows.count = 1;
    }
    if ((function->fn->flags & RZ_FN_NULL_AWARE) == 0) {
        eval_drop_nulls(eval, &rows);
    }
    if (rows.count != 0) {
        RZ_TRY(function->fn->run(function, &eval->worker->fn, eval->args, &rows, eval->result, err));
    }
    if (all_constant && sel->count != 0) {
        eval->result->kind = RZ_VEC_CONSTANT;
    }
    return RUZU_OK;
}

static ruzu_status eval_cast_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_vec *arg = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &arg, err));
    rz_eval_begin(eval);
    *out = eval->result;
    static const uint32_t first_row = 0;
    rz_sel rows = *sel;
    bool constant = arg->kind == RZ_VEC_CONSTANT && sel->count != 0;
    if (constant) {
        rows.rows = &first_row;
        rows.count = 1;
    }
    RZ_TRY(rz_cast(arg, &rows, eval->expr->u.try_cast, eval->result, err));
    if (constant) {
        eval->result->kind = RZ_VEC_CONSTANT;
    }
    return RUZU_OK;
}

/* ---- creation ---- */

static ruzu_status eval_children(rz_eval *eval, const uint32_t *columns, uint32_t column_count, rz_error *err)
{
    const rz_expr *expr = eval->expr;
    rz_arena *arena = &eval->worker->arena;
    eval->child_count = expr->child_count;
    eval->children = RZ_NEW_ARRAY(arena, rz_eval *, expr->child_count);
    eval->args = RZ_NEW_ARRAY(arena, const rz_vec *, expr->child_count);
    if (eval->children == NULL || eval->args == NULL) {
        return rz_error_no_memory(err, "compiling an expression");
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        RZ_TRY(rz_eval_compile(eval->worker, expr->children[i], columns, column_count, &eval->children[i], err));
    }
    return RUZU_OK;
}

/* Computes a node whose children are all constant now, once. A failure is forgotten: it comes again when a row reaches the node. */
static void eval_fold(rz_eval *eval)
{
    if (eval->child_count == 0 || eval->expr->kind == RZ_EXPR_LIST_LAMBDA || eval->expr->kind == RZ_EXPR_NEXTVAL ||
        eval->expr->kind == RZ_EXPR_CURRVAL || (eval->expr->kind == RZ_EXPR_FUNCTION && (eval->expr->u.function->fn->flags & RZ_FN_VOLATILE) != 0)) {
        return;
    }
    for (uint32_t i = 0; i < eval->child_count; i++) {
        if (!eval->children[i]->constant) {
            return;
        }
    }
    rz_chunk one_row = {.count = 1};
    rz_sel sel = {.rows = NULL, .count = 1};
    rz_error ignored;
    rz_error_init(&ignored);
    rz_vec *result = NULL;
    if (eval->run(eval, &one_row, &sel, &result, &ignored) != RUZU_OK || result->kind == RZ_VEC_DICTIONARY) {
        return;
    }
    result->kind = RZ_VEC_CONSTANT;
    eval->result = result;
    eval->constant = true;
    eval->run = eval_constant_run;
}

static ruzu_status eval_open(rz_eval *eval, const uint32_t *columns, uint32_t column_count, rz_error *err)
{
    const rz_expr *expr = eval->expr;
    if (expr->kind == RZ_EXPR_LIST_LAMBDA) {
        return rz_eval_open_lambda(eval, columns, column_count, err);
    }
    RZ_TRY(eval_children(eval, columns, column_count, err));
    switch (expr->kind) {
    case RZ_EXPR_LITERAL: return eval_set_constant(eval, expr->u.literal, err);
    case RZ_EXPR_PARAMETER:
        if (expr->u.parameter >= eval->worker->exec->context->parameter_count) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "parameter %u was not bound", expr->u.parameter);
        }
        eval->varies = true;
        return eval_set_constant(eval, eval->worker->exec->context->parameters[expr->u.parameter].value, err);
    case RZ_EXPR_COLUMN:
        eval->run = eval_column_run;
        eval->position = -1;
        for (uint32_t i = 0; i < column_count; i++) {
            if (columns[i] == expr->u.column) {
                eval->position = (int32_t)i;
            }
        }
        return eval->position >= 0 ? RUZU_OK : rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not in its input", expr->u.column);
    case RZ_EXPR_FUNCTION:
        eval->run = eval_function_run;
        return expr->u.function->fn->run != NULL ? RUZU_OK : rz_error_set(err, RUZU_ERROR_INTERNAL, "function %s cannot run", expr->u.function->fn->name);
    case RZ_EXPR_CAST: eval->run = eval_cast_run; return RUZU_OK;
    case RZ_EXPR_AND:
    case RZ_EXPR_OR:
    case RZ_EXPR_XOR:
    case RZ_EXPR_NOT:
    case RZ_EXPR_IS_NULL:
    case RZ_EXPR_IS_NOT_NULL:
    case RZ_EXPR_CASE:
    case RZ_EXPR_COALESCE: return rz_eval_open_logic(eval, err);
    case RZ_EXPR_PROPERTY:
    case RZ_EXPR_ID:
    case RZ_EXPR_LABEL:
    case RZ_EXPR_START_NODE:
    case RZ_EXPR_END_NODE:
    case RZ_EXPR_PATH:
    case RZ_EXPR_FIELD:
    case RZ_EXPR_GRAPH_VALUE: return rz_eval_open_graph(eval, err);
    case RZ_EXPR_NEXTVAL:
    case RZ_EXPR_CURRVAL: return rz_eval_open_sequence(eval, err);
    case RZ_EXPR_LIST_LAMBDA:
    case RZ_EXPR_AGGREGATE:
    case RZ_EXPR_SUBQUERY: break;
    }
    return rz_error_set(err, RUZU_ERROR_INTERNAL, "an expression of kind %d reached the evaluator", (int)expr->kind);
}

ruzu_status rz_eval_compile(rz_worker *worker, const rz_expr *expr, const uint32_t *columns, uint32_t column_count, rz_eval **out, rz_error *err)
{
    *out = NULL;
    rz_eval *eval = RZ_NEW(&worker->arena, rz_eval);
    RZ_TRY_ALLOC(eval, err, "compiling an expression");
    eval->expr = expr;
    eval->worker = worker;
    rz_arena_init(&eval->heap, worker->account);
    eval->next_heap = worker->evals; /* rz_worker_close frees the heaps */
    worker->evals = eval;
    bool is_leaf = expr->kind == RZ_EXPR_LITERAL || expr->kind == RZ_EXPR_PARAMETER || expr->kind == RZ_EXPR_COLUMN;
    if (is_leaf) {
        RZ_TRY(rz_vec_create_empty(&worker->arena, &eval->heap, expr->type, &eval->result, err));
    } else {
        eval->rows = RZ_NEW_ARRAY(&worker->arena, uint32_t, RZ_VECTOR_CAPACITY);
        RZ_TRY_ALLOC(eval->rows, err, "compiling an expression");
        RZ_TRY(rz_vec_create(&worker->arena, &eval->heap, expr->type, RZ_VECTOR_CAPACITY, &eval->result, err));
    }
    RZ_TRY(eval_open(eval, columns, column_count, err));
    for (uint32_t i = 0; i < eval->child_count; i++) {
        eval->varies = eval->varies || eval->children[i]->varies;
    }
    eval->own = eval->result;
    eval->unfolded = eval->run;
    if (!is_leaf) {
        eval_fold(eval);
    }
    if (eval->varies) { /* behind its children */
        rz_eval **link = &worker->varying;
        while (*link != NULL) {
            link = &(*link)->next_varying;
        }
        *link = eval;
    }
    *out = eval;
    return RUZU_OK;
}

ruzu_status rz_eval_restart_all(rz_worker *worker, rz_error *err)
{
    for (rz_eval *eval = worker->varying; eval != NULL; eval = eval->next_varying) {
        if (eval->expr->kind == RZ_EXPR_PARAMETER) {
            rz_eval_begin(eval);
            RZ_TRY(eval_set_constant(eval, worker->exec->context->parameters[eval->expr->u.parameter].value, err));
            continue;
        }
        eval->run = eval->unfolded;
        eval->result = eval->own;
        eval->constant = false;
        eval_fold(eval);
    }
    return RUZU_OK;
}

void rz_eval_close_all(rz_worker *worker)
{
    for (rz_eval *eval = worker->evals; eval != NULL; eval = eval->next_heap) {
        rz_arena_free(&eval->heap);
    }
    worker->evals = NULL;
}

ruzu_status rz_eval_create(rz_worker *worker, const rz_expr *expr, const uint32_t *columns, uint32_t column_count, rz_eval **out, rz_error *err)
{
    return rz_eval_compile(worker, expr, columns, column_count, out, err);
}

/* ---- running ---- */

ruzu_status rz_eval_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    return eval->run(eval, input, sel, out, err);
}

ruzu_status rz_eval_filter(rz_eval *eval, const rz_chunk *input, rz_sel *sel, uint32_t *rows, rz_error *err)
{
    rz_vec *result = NULL;
    RZ_TRY(eval->run(eval, input, sel, &result, err));
    if (result->kind == RZ_VEC_CONSTANT) {
        if (sel->count != 0 && (rz_vec_is_null(result, 0) || !((const uint8_t *)result->data)[0])) {
            sel->rows = rows;
            sel->count = 0;
        }
        return RUZU_OK;
    }
    rz_view view;
    rz_vec_view(result, &view);
    const uint8_t *values = (const uint8_t *)view.data;
    uint32_t kept = 0;
    if (sel->rows == NULL && view.index == NULL && view.validity == NULL) {
        uint64_t bits[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
        rz_bits_from_bytes(values, sel->count, bits);
        kept = rz_bits_positions(bits, sel->count, rows);
    } else if (view.index == NULL && view.validity == NULL) { /* branch-free: every candidate is written, only kept ones are counted */
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            rows[kept] = row;
            kept += values[row] != 0;
        }
    } else {
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            uint32_t at = rz_view_at(&view, row);
            rows[kept] = row;
            kept += rz_view_valid(&view, at) && values[at] != 0;
        }
    }
    if (kept != sel->count) {
        sel->rows = rows;
        sel->count = kept;
    }
    return RUZU_OK;
}

ruzu_status rz_eval_constant(rz_worker *worker, const rz_expr *expr, rz_arena *arena, rz_value *out, rz_error *err)
{
    rz_eval *eval = NULL;
    RZ_TRY(rz_eval_compile(worker, expr, NULL, 0, &eval, err));
    return rz_eval_constant_run(eval, arena, out, err);
}

ruzu_status rz_eval_constant_run(rz_eval *eval, rz_arena *arena, rz_value *out, rz_error *err)
{
    rz_chunk one_row = {.count = 1};
    rz_sel sel = {.rows = NULL, .count = 1};
    rz_vec *result = NULL;
    RZ_TRY(eval->run(eval, &one_row, &sel, &result, err));
    return rz_value_from_vec(result, 0, arena, out, err);
}
