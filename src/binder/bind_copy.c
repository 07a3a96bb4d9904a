/* SPDX-License-Identifier: MIT */
/*
 * COPY FROM and the file sources of LOAD FROM.
 */
#include "binder/bind.h"

ruzu_status rz_bind_files(rz_binder *binder, const rz_ast_source *source, const rz_ast_options *options, rz_bound_files *out, rz_error *err)
{
    if (source->kind != RZ_AST_SOURCE_FILES) {
        return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, source->position, "Only files and queries can be read from in this version.");
    }
    const char **patterns = RZ_NEW_ARRAY(binder->arena, const char *, source->file_count);
    RZ_TRY_ALLOC(patterns, err, "binding files");
    for (uint32_t i = 0; i < source->file_count; i++) {
        patterns[i] = source->files[i]->value.string.data;
    }
    out->patterns = patterns;
    out->count = source->file_count;
    out->options = options;
    return RUZU_OK;
}

/* The value of an option given as text, or NULL. */
static const char *copy_option_text(const rz_ast_options *options, const char *name)
{
    for (uint32_t i = 0; i < options->count; i++) {
        const rz_ast_expr *value = options->items[i].value;
        if (rz_name_equal(options->items[i].name, name) && value != NULL && value->kind == RZ_AST_EXPR_STRING) {
            return value->value.string.data;
        }
    }
    return NULL;
}

static bool copy_option_true(const rz_ast_options *options, const char *name)
{
    for (uint32_t i = 0; i < options->count; i++) {
        const rz_ast_expr *value = options->items[i].value;
        if (rz_name_equal(options->items[i].name, name)) {
            return value == NULL || (value->kind == RZ_AST_EXPR_BOOL && value->value.boolean) ||
                   (value->kind == RZ_AST_EXPR_INT64 && value->value.int64 != 0) ||
                   (value->kind == RZ_AST_EXPR_STRING && rz_name_equal(value->value.string.data, "true"));
        }
    }
    return false;
}

static ruzu_status copy_choose_pair(rz_binder *binder, const rz_ast_copy_from *ast, rz_bound_copy_from *out, rz_error *err)
{
    const rz_catalog *catalog = binder->context->catalog;
    const char *from = copy_option_text(&ast->options, "from");
    const char *to = copy_option_text(&ast->options, "to");
    if (from == NULL || to == NULL) {
        if (out->table->pair_count == 1 && from == NULL && to == NULL) {
            return RUZU_OK;
        }
        return rz_error_set(err, RUZU_ERROR_BINDER,
                            "The table %s has multiple FROM and TO pairs defined in the schema. A specific pair of FROM and TO options is expected when copying data into "
                            "the %s table.",
                            out->table->name, out->table->name);
    }
    for (uint32_t i = 0; i < out->table->pair_count; i++) {
        const rz_cat_table *src = rz_catalog_node_table(catalog, out->table->pairs[i].src_table);
        const rz_cat_table *dst = rz_catalog_node_table(catalog, out->table->pairs[i].dst_table);
        if (rz_name_equal(src->name, from) && rz_name_equal(dst->name, to)) {
            out->pair = i;
            return RUZU_OK;
        }
    }
    const char *names[2] = {from, to};
    for (uint32_t i = 0; i < 2; i++) {
        if (rz_catalog_find_table(catalog, names[i]) == NULL) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", names[i]);
        }
    }
    return rz_error_set(err, RUZU_ERROR_BINDER, "Rel table %s does not contain %s-%s from-to pair.", out->table->name, from, to);
}

static ruzu_status copy_bind_columns(rz_binder *binder, const rz_ast_copy_from *ast, rz_bound_copy_from *out, rz_error *err)
{
    const rz_cat_table *table = out->table;
    uint32_t *idxs = RZ_NEW_ARRAY(binder->arena, uint32_t, table->property_count + ast->column_count);
    RZ_TRY_ALLOC(idxs, err, "binding COPY");
    out->property_idxs = idxs;
    for (uint32_t i = 0; !ast->has_columns && i < table->property_count; i++) {
        if (table->properties[i].type->id != RUZU_TYPE_SERIAL) {
            idxs[out->column_count++] = i;
        }
    }
    for (uint32_t i = 0; ast->has_columns && i < ast->column_count; i++) {
        int32_t idx = rz_cat_find_property(table, ast->columns[i]);
        if (idx < 0) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not contain column %s.", table->name, ast->columns[i]);
        }
        for (uint32_t j = 0; j < out->column_count; j++) {
            if (idxs[j] == (uint32_t)idx) {
                return rz_error_set(err, RUZU_ERROR_BINDER, "Detect duplicate column name %s during COPY.", ast->columns[i]);
            }
        }
        idxs[out->column_count++] = (uint32_t)idx;
    }
    out->defaults = RZ_NEW_ARRAY(binder->arena, rz_expr *, table->property_count);
    RZ_TRY_ALLOC(out->defaults, err, "binding COPY");
    bool in_order = binder->uses_nextval;
    for (uint32_t i = 0; i < table->property_count; i++) {
        bool given = table->properties[i].type->id == RUZU_TYPE_SERIAL;
        for (uint32_t j = 0; j < out->column_count; j++) {
            given |= idxs[j] == i;
        }
        if (!given) {
            RZ_TRY(rz_bind_default(binder, &table->properties[i], &out->defaults[i], err));
        }
    }
    binder->uses_nextval = in_order; /* COPY appends the batches in order, whoever read them */
    return RUZU_OK;
}

/* A second projection behind an arm's RETURN, passing its columns on: what casts go into (ORDER BY of the first refers to its columns). */
static ruzu_status copy_add_projection(rz_binder *binder, rz_bound_single_query *arm, rz_error *err)
{
    rz_bound_clause *clauses = RZ_NEW_ARRAY(binder->arena, rz_bound_clause, arm->clause_count + 1);
    RZ_TRY_ALLOC(clauses, err, "binding COPY");
    memcpy(clauses, arm->clauses, arm->clause_count * sizeof *clauses);
    rz_bound_projection *first = &clauses[arm->clause_count - 1].u.projection;
    rz_bound_clause *second = &clauses[arm->clause_count];
    second->kind = RZ_BOUND_PROJECTION;
    second->u.projection.is_return = true;
    second->u.projection.item_count = first->item_count;
    second->u.projection.items = RZ_NEW_ARRAY(binder->arena, rz_bound_item, first->item_count);
    RZ_TRY_ALLOC(second->u.projection.items, err, "binding COPY");
    first->is_return = false;
    for (uint32_t i = 0; i < first->item_count; i++) {
        rz_bound_item *item = &second->u.projection.items[i];
        *item = first->items[i];
        RZ_TRY(rz_bind_column(binder, item->name, first->items[i].column, first->items[i].expr->type, &item->expr, err));
    }
    arm->clauses = clauses;
    arm->clause_count++;
    return RUZU_OK;
}

static ruzu_status copy_cast_column(rz_binder *binder, rz_bound_query *query, uint32_t idx, const rz_type *wanted, rz_error *err)
{
    uint32_t *columns = (uint32_t *)(uintptr_t)query->columns; /* made by the binder a moment ago */
    for (uint32_t a = 0; a < query->arm_count; a++) {
        rz_bound_item *item = &query->arms[a].clauses[query->arms[a].clause_count - 1].u.projection.items[idx];
        if (!rz_type_equal(item->expr->type, wanted)) {
            RZ_TRY(rz_bind_assign_cast(binder, item->expr, wanted, &item->expr, err));
            item->column = rz_bind_new_column(binder);
            columns[a * query->result_count + idx] = item->column;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_bind_query_columns(rz_binder *binder, rz_bound_query *query, const rz_type *const *wanted, rz_error *err)
{
    for (uint32_t a = 0; a < query->arm_count; a++) {
        RZ_TRY(copy_add_projection(binder, &query->arms[a], err));
    }
    for (uint32_t i = 0; i < query->result_count; i++) {
        RZ_TRY(copy_cast_column(binder, query, i, wanted[i], err));
        ((const rz_type **)(uintptr_t)query->result_types)[i] = wanted[i];
    }
    return RUZU_OK;
}

/* The query's columns, cast to the table's. */
static ruzu_status copy_bind_query(rz_binder *binder, const rz_ast_query *ast, rz_bound_copy_from *out, rz_error *err)
{
    bool writes = false;
    bind_scope *outer = binder->scope;
    RZ_TRY(rz_bind_scope_new(binder, NULL, &binder->scope, err));
    RZ_TRY(rz_bind_query(binder, ast, &out->query, &writes, err));
    binder->scope = outer;
    uint32_t keys = out->table->kind == RZ_CAT_REL_TABLE ? 2 : 0;
    if (out->query->result_count != out->column_count + keys) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Query returns %u columns but %u columns were expected.", out->query->result_count, out->column_count + keys);
    }
    const rz_type **wanted = RZ_NEW_ARRAY(binder->arena, const rz_type *, out->query->result_count);
    RZ_TRY_ALLOC(wanted, err, "binding COPY");
    for (uint32_t i = 0; i < out->query->result_count; i++) {
        if (i < keys) {
            const rz_cat_pair *pair = &out->table->pairs[out->pair];
            const rz_cat_table *end = rz_catalog_node_table(binder->context->catalog, i == 0 ? pair->src_table : pair->dst_table);
            wanted[i] = end->properties[end->key].type;
        } else {
            wanted[i] = out->table->properties[out->property_idxs[i - keys]].type;
        }
    }
    return rz_bind_query_columns(binder, out->query, wanted, err);
}

ruzu_status rz_bind_copy_from(rz_binder *binder, const rz_ast_copy_from *ast, rz_bound_copy_from *out, rz_error *err)
{
    out->table = rz_catalog_find_table(binder->context->catalog, ast->table);
    if (out->table == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", ast->table);
    }
    if (out->table->kind == RZ_CAT_REL_TABLE) {
        RZ_TRY(copy_choose_pair(binder, ast, out, err));
    }
    RZ_TRY(copy_bind_columns(binder, ast, out, err));
    out->ignore_errors = copy_option_true(&ast->options, "ignore_errors");
    if (ast->source.kind == RZ_AST_SOURCE_QUERY) {
        return copy_bind_query(binder, ast->source.query, out, err);
    }
    out->from_files = true;
    return rz_bind_files(binder, &ast->source, &ast->options, &out->files, err);
}
