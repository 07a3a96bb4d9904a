/* SPDX-License-Identifier: MIT */
/*
 * Three-valued logic, NULL tests, CASE and COALESCE.
 *
 * AND, OR, CASE and COALESCE evaluate a later child only for the rows that earlier ones left open, so a guard protects what follows it.
 */
#include "executor/eval.h"

/* ---- AND, OR ---- */

/* The value that decides: FALSE for AND, TRUE for OR. A decided row is closed; NULL keeps it open but is remembered. */
static ruzu_status logic_connective_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    const uint8_t deciding = eval->expr->kind == RZ_EXPR_OR;
    rz_eval_begin(eval);
    *out = eval->result;
    uint8_t *values = (uint8_t *)eval->result->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        values[rz_sel_at(sel, i)] = !deciding;
    }
    rz_sel open = *sel;
    for (uint32_t c = 0; c < eval->child_count && open.count != 0; c++) {
        rz_vec *child = NULL;
        RZ_TRY(rz_eval_run(eval->children[c], input, &open, &child, err));
        rz_view view;
        rz_vec_view(child, &view);
        const uint8_t *child_values = (const uint8_t *)view.data;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < open.count; i++) {
            uint32_t row = rz_sel_at(&open, i);
            uint32_t at = rz_view_at(&view, row);
            if (!rz_view_valid(&view, at)) {
                rz_vec_set_null(eval->result, row);
            } else if (child_values[at] == deciding) {
                values[row] = deciding;
                if (eval->result->validity != NULL) {
                    rz_vec_set_valid(eval->result, row);
                }
                continue;
            }
            eval->open_rows[kept++] = row;
        }
        open.rows = eval->open_rows;
        open.count = kept;
    }
    return RUZU_OK;
}

static ruzu_status logic_xor_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_eval_begin(eval);
    *out = eval->result;
    uint8_t *values = (uint8_t *)eval->result->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        values[rz_sel_at(sel, i)] = 0;
    }
    for (uint32_t c = 0; c < eval->child_count; c++) {
        rz_vec *child = NULL;
        RZ_TRY(rz_eval_run(eval->children[c], input, sel, &child, err));
        rz_view view;
        rz_vec_view(child, &view);
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            uint32_t at = rz_view_at(&view, row);
            if (!rz_view_valid(&view, at)) {
                rz_vec_set_null(eval->result, row);
            } else {
                values[row] ^= ((const uint8_t *)view.data)[at];
            }
        }
    }
    return RUZU_OK;
}

static ruzu_status logic_not_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_vec *child = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &child, err));
    rz_eval_begin(eval);
    *out = eval->result;
    uint8_t *values = (uint8_t *)eval->result->data;
    rz_view view;
    rz_vec_view(child, &view);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        if (rz_view_valid(&view, at)) {
            values[row] = !((const uint8_t *)view.data)[at];
        } else {
            rz_vec_set_null(eval->result, row);
        }
    }
    return RUZU_OK;
}

static ruzu_status logic_is_null_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_vec *child = NULL;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &child, err));
    rz_eval_begin(eval);
    *out = eval->result;
    uint8_t *values = (uint8_t *)eval->result->data;
    const bool negated = eval->expr->kind == RZ_EXPR_IS_NOT_NULL;
    rz_view view;
    rz_vec_view(child, &view);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        values[row] = rz_view_valid(&view, rz_view_at(&view, row)) == negated;
    }
    return RUZU_OK;
}

/* ---- CASE, COALESCE: rows of several results side by side ---- */

/* Branch results are appended compactly to `pool`; index says where each row's value went; at the end the result shows them as a dictionary. */
typedef struct logic_choice {
    rz_vec *pool;
    uint32_t *index;
    uint32_t used;
} logic_choice;

static ruzu_status choice_add(logic_choice *choice, const rz_vec *values, const rz_sel *sel, rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_vec_copy(choice->pool, choice->used, values, sel, err));
    for (uint32_t i = 0; i < sel->count; i++) {
        choice->index[rz_sel_at(sel, i)] = choice->used + i;
    }
    choice->used += sel->count;
    return RUZU_OK;
}

static void choice_add_null(logic_choice *choice, const rz_sel *sel)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        rz_vec_set_null(choice->pool, choice->used);
        choice->index[rz_sel_at(sel, i)] = choice->used++;
    }
}

static ruzu_status choice_finish(rz_eval *eval, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    logic_choice *choice = (logic_choice *)eval->state;
    *out = eval->result;
    uint32_t rows = sel->count == 0 ? 0 : rz_sel_at(sel, sel->count - 1) + 1;
    return rz_vec_slice(eval->result, choice->pool, choice->index, rows, err);
}

static logic_choice *choice_begin(rz_eval *eval)
{
    logic_choice *choice = (logic_choice *)eval->state;
    rz_arena_reset(&eval->heap);
    rz_vec_reset(choice->pool);
    rz_vec_reset(eval->result);
    choice->used = 0;
    return choice;
}

static ruzu_status logic_case_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    logic_choice *choice = choice_begin(eval);
    rz_sel open = *sel;
    uint32_t c = 0;
    for (; c + 1 < eval->child_count && open.count != 0; c += 2) {
        rz_vec *when = NULL;
        rz_vec *then = NULL;
        RZ_TRY(rz_eval_run(eval->children[c], input, &open, &when, err));
        rz_view view;
        rz_vec_view(when, &view);
        uint32_t taken = 0;
        uint32_t left = 0;
        for (uint32_t i = 0; i < open.count; i++) {
            uint32_t row = rz_sel_at(&open, i);
            uint32_t at = rz_view_at(&view, row);
            if (rz_view_valid(&view, at) && ((const uint8_t *)view.data)[at]) {
                eval->rows[taken++] = row;
            } else {
                eval->open_rows[left++] = row;
            }
        }
        open.rows = eval->open_rows;
        open.count = left;
        if (taken != 0) {
            rz_sel branch = {.rows = eval->rows, .count = taken};
            RZ_TRY(rz_eval_run(eval->children[c + 1], input, &branch, &then, err));
            RZ_TRY(choice_add(choice, then, &branch, err));
        }
    }
    if (open.count != 0 && eval->child_count % 2 == 1) {
        rz_vec *otherwise = NULL;
        RZ_TRY(rz_eval_run(eval->children[eval->child_count - 1], input, &open, &otherwise, err));
        RZ_TRY(choice_add(choice, otherwise, &open, err));
    } else {
        choice_add_null(choice, &open);
    }
    return choice_finish(eval, sel, out, err);
}

static ruzu_status logic_coalesce_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    logic_choice *choice = choice_begin(eval);
    rz_sel open = *sel;
    for (uint32_t c = 0; c < eval->child_count && open.count != 0; c++) {
        rz_vec *values = NULL;
        RZ_TRY(rz_eval_run(eval->children[c], input, &open, &values, err));
        rz_view view;
        rz_vec_view(values, &view);
        uint32_t taken = 0;
        uint32_t left = 0;
        for (uint32_t i = 0; i < open.count; i++) {
            uint32_t row = rz_sel_at(&open, i);
            if (rz_view_valid(&view, rz_view_at(&view, row))) {
                eval->rows[taken++] = row;
            } else {
                eval->open_rows[left++] = row;
            }
        }
        rz_sel branch = {.rows = eval->rows, .count = taken};
        RZ_TRY(choice_add(choice, values, &branch, err));
        open.rows = eval->open_rows;
        open.count = left;
    }
    choice_add_null(choice, &open);
    return choice_finish(eval, sel, out, err);
}

ruzu_status rz_eval_open_logic(rz_eval *eval, rz_error *err)
{
    rz_arena *arena = &eval->worker->arena;
    eval->open_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(eval->open_rows, err, "compiling an expression");
    switch (eval->expr->kind) {
    case RZ_EXPR_AND:
    case RZ_EXPR_OR: eval->run = logic_connective_run; return RUZU_OK;
    case RZ_EXPR_XOR: eval->run = logic_xor_run; return RUZU_OK;
    case RZ_EXPR_NOT: eval->run = logic_not_run; return RUZU_OK;
    case RZ_EXPR_IS_NULL:
    case RZ_EXPR_IS_NOT_NULL: eval->run = logic_is_null_run; return RUZU_OK;
    case RZ_EXPR_CASE: eval->run = logic_case_run; break;
    case RZ_EXPR_COALESCE: eval->run = logic_coalesce_run; break;
    case RZ_EXPR_LITERAL:
    case RZ_EXPR_PARAMETER:
    case RZ_EXPR_COLUMN:
    case RZ_EXPR_FUNCTION:
    case RZ_EXPR_CAST:
    case RZ_EXPR_PROPERTY:
    case RZ_EXPR_ID:
    case RZ_EXPR_LABEL:
    case RZ_EXPR_START_NODE:
    case RZ_EXPR_END_NODE:
    case RZ_EXPR_PATH:
    case RZ_EXPR_FIELD:
    case RZ_EXPR_LIST_LAMBDA:
    case RZ_EXPR_GRAPH_VALUE:
    case RZ_EXPR_NEXTVAL:
    case RZ_EXPR_CURRVAL:
    case RZ_EXPR_AGGREGATE:
    case RZ_EXPR_SUBQUERY: return rz_error_set(err, RUZU_ERROR_INTERNAL, "not a logical expression");
    }
    logic_choice *choice = RZ_NEW(arena, logic_choice);
    RZ_TRY_ALLOC(choice, err, "compiling an expression");
    choice->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(choice->index, err, "compiling an expression");
    eval->state = choice;
    return rz_vec_create(arena, &eval->heap, eval->expr->type, RZ_VECTOR_CAPACITY, &choice->pool, err);
}
