/* SPDX-License-Identifier: MIT */
/*
 * From the files and options of a statement to what the CSV reader wants.
 */
#include "executor/csv_source.h"

#include <string.h>

/* An option's value: literals, and lists of them. */
static ruzu_status source_option_value(const rz_ast_expr *ast, uint32_t depth, rz_arena *arena, rz_value *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    if (ast->kind == RZ_AST_EXPR_BOOL) {
        out->type = RZ_BOOL;
        out->u.boolean = ast->value.boolean;
    } else if (ast->kind == RZ_AST_EXPR_INT64) {
        out->type = RZ_INT64;
        out->u.i64 = ast->value.int64;
    } else if (ast->kind == RZ_AST_EXPR_DOUBLE) {
        out->type = RZ_DOUBLE;
        out->u.f64 = ast->value.dbl;
    } else if (ast->kind == RZ_AST_EXPR_STRING) {
        out->type = RZ_STRING;
        out->u.text.data = ast->value.string.data;
        out->u.text.length = ast->value.string.length;
    } else if (ast->kind == RZ_AST_EXPR_LIST && depth == 0) {
        out->u.nested.items = RZ_NEW_ARRAY(arena, rz_value, ast->child_count);
        RZ_TRY_ALLOC(out->u.nested.items, err, "reading options");
        out->u.nested.count = ast->child_count;
        for (uint32_t i = 0; i < ast->child_count; i++) {
            RZ_TRY(source_option_value(ast->children[i], depth + 1, arena, &out->u.nested.items[i], err));
        }
        out->type = rz_type_list(arena, ast->child_count == 0 ? RZ_STRING : out->u.nested.items[0].type);
        RZ_TRY_ALLOC(out->type, err, "reading options");
    } else {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "The value of an option must be a literal.");
    }
    return RUZU_OK;
}

void rz_csv_source_policy(const rz_exec_context *context, rz_file_policy *out)
{
    memset(out, 0, sizeof *out);
    if (context->files != NULL) {
        *out = *context->files;
    } else {
        out->vfs = rz_store_vfs(rz_txn_store(context->txn));
    }
}

ruzu_status rz_csv_source_find(const rz_file_policy *policy, const rz_bound_files *files, rz_arena *arena, rz_csv_source *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    out->vfs = policy->vfs;
    rz_csv_options_init(&out->options);
    for (uint32_t i = 0; files->options != NULL && i < files->options->count; i++) {
        const rz_ast_option *option = &files->options->items[i];
        rz_value value;
        if (option->value != NULL) {
            RZ_TRY(source_option_value(option->value, 0, arena, &value, err));
        }
        RZ_TRY(rz_csv_options_set(&out->options, option->name, option->value == NULL ? NULL : &value, arena, err));
    }
    return rz_files_find(policy, files->patterns, files->count, arena, &out->paths, &out->path_count, err);
}

ruzu_status rz_csv_source_sniff(rz_csv_source *source, rz_mem *mem, const rz_csv_schema *expected, rz_arena *arena, rz_csv_schema *out, rz_error *err)
{
    const rz_csv_options given = source->options;
    RZ_TRY(rz_csv_sniff(source->vfs, mem, source->paths[0], &source->options, expected, arena, out, err));
    for (uint32_t i = 1; expected == NULL && i < source->path_count; i++) {
        rz_csv_options options = given;
        rz_csv_schema schema;
        RZ_TRY(rz_csv_sniff(source->vfs, mem, source->paths[i], &options, NULL, arena, &schema, err));
        if (schema.column_count != out->column_count) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Number of columns mismatch. Expected %u but got %u.", out->column_count, schema.column_count);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_file_bind(const rz_file_policy *policy, rz_mem *mem, const rz_bound_files *files, rz_arena *arena, const char *const **out_names,
                         const rz_type *const **out_types, uint32_t *out_count, rz_error *err)
{
    rz_csv_source source;
    rz_csv_schema schema;
    RZ_TRY(rz_csv_source_find(policy, files, arena, &source, err));
    RZ_TRY(rz_csv_source_sniff(&source, mem, NULL, arena, &schema, err));
    *out_names = schema.names;
    *out_types = schema.types;
    *out_count = schema.column_count;
    return RUZU_OK;
}
