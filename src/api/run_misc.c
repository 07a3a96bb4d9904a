/* SPDX-License-Identifier: MIT */
/*
 * COPY FROM, CALL option = value, and standalone calls.
 */
#include "api/api.h"

#include <string.h>

/* ---- COPY FROM ---- */

ruzu_status rz_run_copy_from(rz_run *run, rz_error *err)
{
    const rz_bound_copy_from *copy = &run->slot->bound->u.copy_from;
    rz_warnings *warnings = run->conn->warnings;
    uint64_t warnings_before = rz_warnings_total(warnings);
    uint64_t rows = 0;
    RZ_TRY(rz_exec_copy_from(&run->exec, copy, run->slot->plan, &rows, err));
    uint64_t warning_count = rz_warnings_total(warnings) - warnings_before;
    rz_arena *arena = &run->slot->arena;
    const char *texts[2] = {
        rz_arena_printf(arena, "%llu tuples have been copied to the %s table.", (unsigned long long)rows, copy->table->name),
        rz_arena_printf(arena, "%llu warnings encountered during copy. Use 'CALL show_warnings() RETURN *' to view the actual warnings. Query ID: %llu",
                        (unsigned long long)warning_count, (unsigned long long)run->exec.query_id),
    };
    if (texts[0] == NULL || texts[1] == NULL) {
        return rz_error_no_memory(err, "reporting a COPY");
    }
    return rz_run_texts(run, "result", texts, warning_count == 0 ? 1 : 2, err);
}

/* ---- CALL option = value ---- */

ruzu_status rz_run_evaluate(rz_run *run, rz_expr *expr, rz_value *out, rz_error *err)
{
    static const char *const name = "value";
    rz_plan single = {.kind = RZ_PLAN_SINGLE_ROW, .id = 0, .rows = 1};
    rz_plan *child = &single;
    rz_plan result = {.kind = RZ_PLAN_RESULT, .id = 1, .child_count = 1, .children = &child, .rows = 1};
    const rz_type *type = expr->type;
    result.u.result.names = &name;
    result.u.result.types = &type;
    result.u.result.exprs = &expr;
    result.u.result.count = 1;
    rz_result_set *set = NULL;
    RZ_TRY(rz_exec_run(&run->exec, &result, NULL, &set, err));
    const rz_chunk *chunk = NULL;
    ruzu_status status = rz_result_set_next(set, &chunk, err);
    if (status == RUZU_OK && chunk == NULL) {
        status = rz_error_set(err, RUZU_ERROR_INTERNAL, "a constant expression gave no value");
    }
    if (status == RUZU_OK) {
        rz_sel sel = rz_chunk_sel(chunk);
        rz_value boxed; /* its type is the set's */
        status = rz_value_from_vec(chunk->columns[0], rz_sel_at(&sel, 0), &run->slot->arena, &boxed, err);
        status = status == RUZU_OK ? rz_value_clone(&boxed, &run->slot->arena, out, err) : status;
    }
    rz_result_set_free(set);
    return status;
}

ruzu_status rz_run_option(rz_run *run, rz_error *err)
{
    const char *name = run->slot->bound->u.option.name;
    rz_expr *expr = run->slot->bound->u.option.value;
    rz_option_id id;
    if (!rz_option_find(name, &id)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Invalid option name: %s.", name);
    }
    rz_value value;
    if (expr->kind == RZ_EXPR_LITERAL) {
        value = *expr->u.literal;
    } else {
        RZ_TRY(rz_run_evaluate(run, expr, &value, err));
    }
    rz_str shown;
    rz_str_init(&shown, &run->mem);
    if (expr->name != NULL && *expr->name != '\0') {
        rz_str_append_text(&shown, expr->name);
    } else {
        rz_text_append_value(&value, &shown);
    }
    ruzu_status status = shown.failed ? rz_error_no_memory(err, "setting an option") : rz_option_set(run->conn, id, &value, rz_str_text(&shown), err);
    rz_str_free(&shown);
    return status;
}

/* ---- standalone calls ---- */

ruzu_status rz_run_standalone_call(rz_run *run, rz_error *err)
{
    const char *function = run->slot->bound->u.call.function;
    if (strcmp(function, "clear_warnings") == 0) {
        rz_warnings_clear(run->conn->warnings);
        return RUZU_OK;
    }
    if (strcmp(function, "_cache_array_column_locally") == 0) {
        return RUZU_OK; /* Kuzu's internal hint: there is nothing to do */
    }
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "%s is not implemented in this version.", function);
}
