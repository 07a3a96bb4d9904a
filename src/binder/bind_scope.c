/* SPDX-License-Identifier: MIT */
/*
 * Scopes: which names mean which columns.
 */
#include "binder/bind.h"

ruzu_status rz_bind_scope_new(rz_binder *binder, bind_scope *outer, bind_scope **out, rz_error *err)
{
    *out = RZ_NEW(binder->arena, bind_scope);
    RZ_TRY_ALLOC(*out, err, "binding names");
    (*out)->outer = outer;
    return RUZU_OK;
}

uint32_t rz_bind_new_column(rz_binder *binder)
{
    return binder->column_count++;
}

ruzu_status rz_bind_declare(rz_binder *binder, const char *name, uint32_t column, const rz_type *type, rz_error *err)
{
    bind_variable variable = {.name = name, .column = column, .type = type};
    return RZ_ARRAY_PUSH(&binder->scope->variables, binder->arena, variable) ? RUZU_OK : rz_error_no_memory(err, "binding names");
}

static const bind_variable *scope_find(const bind_scope *scope, const char *name)
{
    for (uint32_t i = scope->variables.count; i > 0; i--) {
        const bind_variable *variable = &scope->variables.items[i - 1];
        if (variable->name != NULL && rz_name_equal(variable->name, name)) {
            return variable;
        }
    }
    return NULL;
}

const bind_variable *rz_bind_find_here(const rz_binder *binder, const char *name)
{
    return scope_find(binder->scope, name);
}

ruzu_status rz_bind_note_outer(rz_binder *binder, bind_scope *scope, uint32_t column, rz_error *err)
{
    for (uint32_t i = 0; i < scope->outer_columns.count; i++) {
        if (scope->outer_columns.items[i] == column) {
            return RUZU_OK;
        }
    }
    return RZ_ARRAY_PUSH(&scope->outer_columns, binder->arena, column) ? RUZU_OK : rz_error_no_memory(err, "binding names");
}

ruzu_status rz_bind_lookup(rz_binder *binder, const char *name, const bind_variable **out, rz_error *err)
{
    *out = NULL;
    bind_scope *scope = binder->scope;
    while (scope != NULL && (*out = scope_find(scope, name)) == NULL) {
        scope = scope->outer;
    }
    if (*out == NULL) {
        return RUZU_OK;
    }
    for (bind_scope *inner = binder->scope; inner != scope; inner = inner->outer) {
        if (!inner->is_lambda) {
            RZ_TRY(rz_bind_note_outer(binder, inner, (*out)->column, err));
        }
    }
    return RUZU_OK;
}
