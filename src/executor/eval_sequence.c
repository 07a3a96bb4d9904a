/* SPDX-License-Identifier: MIT */
/*
 * nextval and currval: one value a row, in the order of the rows. The statement runs on one worker (rz_bound_statement.in_order), which writes.
 */
#include "executor/eval.h"

static ruzu_status sequence_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err)
{
    rz_txn *txn = eval->worker->exec->context->txn;
    bool next = eval->expr->kind == RZ_EXPR_NEXTVAL;
    rz_vec *names = NULL;
    rz_view view;
    rz_str name;
    ruzu_status status = RUZU_OK;
    RZ_TRY(rz_eval_run(eval->children[0], input, sel, &names, err));
    rz_vec_view(names, &view);
    rz_eval_begin(eval);
    rz_str_init(&name, eval->worker->exec->context->mem);
    int64_t *values = (int64_t *)eval->result->data;
    for (uint32_t i = 0; i < sel->count && status == RUZU_OK; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(&view, row);
        if (!rz_view_valid(&view, at)) {
            rz_vec_set_null(eval->result, row);
            continue;
        }
        const rz_string *text = (const rz_string *)view.data + at;
        rz_str_clear(&name);
        rz_str_append(&name, rz_string_data(text), text->length);
        if (name.failed) {
            status = rz_error_no_memory(err, "using a sequence");
        } else {
            status = next ? rz_txn_next_values(txn, rz_str_text(&name), 1, &values[row], err)
                          : rz_txn_current_value(txn, rz_str_text(&name), &values[row], err);
        }
    }
    rz_str_free(&name);
    *out = eval->result;
    return status;
}

ruzu_status rz_eval_open_sequence(rz_eval *eval, rz_error *err)
{
    (void)err;
    eval->run = sequence_run;
    return RUZU_OK;
}
