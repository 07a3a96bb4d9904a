/* SPDX-License-Identifier: MIT */
/*
 * Schema statements: definitions are checked and made here, the api edits the catalog with them.
 */
#include "binder/bind.h"

static ruzu_status ddl_message(rz_binder *binder, rz_bound_statement *out, rz_error *err, const char *format, const char *name)
{
    rz_str text;
    rz_str_init(&text, binder->arena->mem);
    const char *at = strstr(format, "%s");
    rz_str_append(&text, format, (size_t)(at - format));
    rz_str_append_text(&text, name);
    rz_str_append_text(&text, at + 2);
    out->message = text.failed ? NULL : rz_arena_strndup(binder->arena, text.data, text.length);
    rz_str_free(&text);
    return out->message == NULL ? rz_error_no_memory(err, "binding a statement") : RUZU_OK;
}

/* What exists already: an error, or nothing to do with IF NOT EXISTS. *out_exists tells. */
static ruzu_status ddl_check_new(rz_binder *binder, const char *name, bool if_not_exists, rz_bound_statement *out, bool *out_exists, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_find_table(binder->context->catalog, name);
    *out_exists = table != NULL;
    if (table == NULL) {
        return RUZU_OK;
    }
    if (!if_not_exists) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "%s already exists in catalog.", name);
    }
    out->kind = RZ_BOUND_NOTHING;
    out->writes = false;
    return ddl_message(binder, out, err, "Table %s already exists.", table->name);
}

static bool ddl_reserved_name(const char *name)
{
    static const char *const names[] = {"_id", "_label", "_src", "_dst", "_nodes", "_rels", "_length", "_direction"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (rz_name_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

static ruzu_status ddl_column(rz_binder *binder, const rz_ast_column *ast, rz_cat_property *out, rz_error *err)
{
    if (ddl_reserved_name(ast->name)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "%s is a reserved property name.", ast->name);
    }
    out->name = ast->name;
    RZ_TRY(rz_bind_type_name(binder, ast->type.data, ast->type.length, &out->type, err));
    if (out->type->id == RUZU_TYPE_ANY) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Column %s cannot have the type ANY.", ast->name);
    }
    if (ast->not_null || ast->unique) {
        return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, ast->position, "NOT NULL and UNIQUE columns are not implemented.");
    }
    if (ast->default_value == NULL) {
        return RUZU_OK;
    }
    if (out->type->id == RUZU_TYPE_SERIAL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "No DEFAULT value should be set for SERIAL columns");
    }
    rz_ast_text text = rz_ast_expr_text(binder->script, ast->default_value);
    out->default_text = rz_arena_strndup(binder->arena, text.data, text.length);
    RZ_TRY_ALLOC(out->default_text, err, "binding a default");
    rz_expr *checked = NULL; /* raises what is wrong with it now rather than at the first insert */
    return rz_bind_default(binder, out, &checked, err);
}

static ruzu_status ddl_columns(rz_binder *binder, const rz_ast_column *columns, uint32_t count, rz_cat_table *out, rz_error *err)
{
    out->properties = RZ_NEW_ARRAY(binder->arena, rz_cat_property, count);
    RZ_TRY_ALLOC(out->properties, err, "binding columns");
    if (count > 4096) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Table %s has %u columns; the limit is 4096.", out->name, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (rz_name_equal(columns[i].name, columns[j].name)) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, columns[i].position, "Duplicated column name: %s, column name must be unique.", columns[i].name);
            }
        }
        RZ_TRY(ddl_column(binder, &columns[i], &out->properties[i], err));
        out->property_count++;
    }
    return RUZU_OK;
}

static bool ddl_key_type(const rz_type *type)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_ANY:
    case RUZU_TYPE_BOOL:
    case RUZU_TYPE_INTERVAL:
    case RUZU_TYPE_LIST:
    case RUZU_TYPE_ARRAY:
    case RUZU_TYPE_STRUCT:
    case RUZU_TYPE_MAP:
    case RUZU_TYPE_UNION:
    case RUZU_TYPE_INTERNAL_ID:
    case RUZU_TYPE_NODE:
    case RUZU_TYPE_REL:
    case RUZU_TYPE_RECURSIVE_REL: return false;
    default: return true;
    }
}

static ruzu_status ddl_create_node_table(rz_binder *binder, const rz_ast_create_node_table *ast, rz_bound_statement *out, rz_error *err)
{
    bool exists = false;
    RZ_TRY(ddl_check_new(binder, ast->name, ast->if_not_exists, out, &exists, err));
    if (exists) {
        return RUZU_OK;
    }
    rz_cat_table *table = RZ_NEW(binder->arena, rz_cat_table);
    RZ_TRY_ALLOC(table, err, "binding a table");
    table->kind = RZ_CAT_NODE_TABLE;
    table->name = ast->name;
    out->kind = RZ_BOUND_CREATE_TABLE;
    out->u.table.table = table;
    out->u.table.if_not_exists = ast->if_not_exists;
    if (ast->query != NULL) {
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "CREATE NODE TABLE … AS is not implemented.");
    }
    if (ast->key_count > 1) {
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Primary keys of several columns are not implemented.");
    }
    RZ_TRY(ddl_columns(binder, ast->columns, ast->column_count, table, err));
    const char *key = ast->key_count == 1 ? ast->keys[0] : NULL;
    for (uint32_t i = 0; i < ast->column_count && key == NULL; i++) {
        key = ast->columns[i].primary_key ? ast->columns[i].name : NULL;
    }
    int32_t idx = key == NULL ? -1 : rz_cat_find_property(table, key);
    if (idx < 0) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Primary key %s does not match any of the predefined node properties.", key == NULL ? "" : key);
    }
    table->key = (uint32_t)idx;
    if (!ddl_key_type(table->properties[idx].type)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Invalid primary key column type %s. Primary keys must be either STRING or a numeric type.",
                            rz_bind_type_text(binder, table->properties[idx].type));
    }
    return ddl_message(binder, out, err, "Table %s has been created.", table->name);
}

static ruzu_status ddl_multiplicity(const char *word, rz_cat_table *table, rz_error *err)
{
    static const struct {
        const char *word;
        bool one_src, one_dst;
    } words[] = {{"MANY_MANY", false, false}, {"MANY_ONE", false, true}, {"ONE_MANY", true, false}, {"ONE_ONE", true, true}};
    for (size_t i = 0; word != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (rz_name_equal(word, words[i].word)) {
            table->one_src = words[i].one_src;
            table->one_dst = words[i].one_dst;
            return RUZU_OK;
        }
    }
    return word == NULL ? RUZU_OK : rz_error_set(err, RUZU_ERROR_BINDER, "Cannot bind %s as relationship multiplicity.", word);
}

static ruzu_status ddl_pair_end(rz_binder *binder, const char *name, uint32_t *out, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_find_table(binder->context->catalog, name);
    if (table == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", name);
    }
    if (table->kind != RZ_CAT_NODE_TABLE) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "%s is not of type NODE.", table->name);
    }
    *out = table->id;
    return RUZU_OK;
}

static ruzu_status ddl_storage_direction(rz_binder *binder, const rz_ast_options *options, rz_cat_table *table, rz_error *err)
{
    (void)binder;
    for (uint32_t i = 0; i < options->count; i++) {
        const rz_ast_option *option = &options->items[i];
        const rz_ast_expr *value = option->value;
        if (!rz_name_equal(option->name, "storage_direction")) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, option->position, "Unrecognized relationship table option: %s.", option->name);
        }
        const char *text = value == NULL                           ? ""
                           : value->kind == RZ_AST_EXPR_STRING     ? value->value.string.data
                           : value->kind == RZ_AST_EXPR_VARIABLE   ? value->name
                                                                   : "";
        if (rz_name_equal(text, "both")) {
            table->storage_direction = 0;
        } else if (rz_name_equal(text, "fwd")) {
            table->storage_direction = 1;
        } else if (rz_name_equal(text, "bwd")) {
            table->storage_direction = 2;
        } else {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, option->position, "Cannot parse %s as a storage direction. Supported inputs are [both, fwd, bwd].", text);
        }
    }
    return RUZU_OK;
}

static ruzu_status ddl_create_rel_table(rz_binder *binder, const rz_ast_create_rel_table *ast, rz_bound_statement *out, rz_error *err)
{
    bool exists = false;
    RZ_TRY(ddl_check_new(binder, ast->name, ast->if_not_exists, out, &exists, err));
    if (exists) {
        return RUZU_OK;
    }
    rz_cat_table *table = RZ_NEW(binder->arena, rz_cat_table);
    RZ_TRY_ALLOC(table, err, "binding a table");
    table->kind = RZ_CAT_REL_TABLE;
    table->name = ast->name;
    out->kind = RZ_BOUND_CREATE_TABLE;
    out->u.table.table = table;
    out->u.table.if_not_exists = ast->if_not_exists;
    if (ast->query != NULL) {
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "CREATE REL TABLE … AS is not implemented.");
    }
    table->pairs = RZ_NEW_ARRAY(binder->arena, rz_cat_pair, ast->pair_count);
    RZ_TRY_ALLOC(table->pairs, err, "binding a table");
    for (uint32_t i = 0; i < ast->pair_count; i++) {
        rz_cat_pair *pair = &table->pairs[i];
        pair->id = UINT32_MAX;
        RZ_TRY(ddl_pair_end(binder, ast->pairs[i].from, &pair->src_table, err));
        RZ_TRY(ddl_pair_end(binder, ast->pairs[i].to, &pair->dst_table, err));
        for (uint32_t j = 0; j < i; j++) {
            if (table->pairs[j].src_table == pair->src_table && table->pairs[j].dst_table == pair->dst_table) {
                return rz_error_set(err, RUZU_ERROR_BINDER, "Found duplicate FROM-TO %s-%s pairs.", ast->pairs[i].from, ast->pairs[i].to);
            }
        }
        table->pair_count++;
    }
    RZ_TRY(ddl_multiplicity(ast->multiplicity, table, err));
    RZ_TRY(ddl_storage_direction(binder, &ast->options, table, err));
    RZ_TRY(ddl_columns(binder, ast->columns, ast->column_count, table, err));
    return ddl_message(binder, out, err, "Table %s has been created.", table->name);
}

static ruzu_status ddl_drop(rz_binder *binder, const rz_ast_drop *ast, rz_bound_statement *out, rz_error *err)
{
    out->kind = RZ_BOUND_DROP;
    out->u.drop.object = ast->object;
    out->u.drop.name = ast->name;
    if (ast->object != RZ_AST_OBJECT_TABLE) {
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Only tables can be dropped in this version.");
    }
    const rz_catalog *catalog = binder->context->catalog;
    const rz_cat_table *table = rz_catalog_find_table(catalog, ast->name);
    if (table == NULL) {
        if (!ast->if_exists) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", ast->name);
        }
        out->kind = RZ_BOUND_NOTHING;
        out->writes = false;
        return ddl_message(binder, out, err, "Table %s does not exist.", ast->name);
    }
    for (uint32_t i = 0; table->kind == RZ_CAT_NODE_TABLE && i < rz_catalog_table_count(catalog); i++) {
        const rz_cat_table *rel = rz_catalog_table_at(catalog, i);
        for (uint32_t p = 0; p < rel->pair_count; p++) {
            if (rel->pairs[p].src_table == table->id || rel->pairs[p].dst_table == table->id) {
                return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot delete node table %s because it is referenced by relationship table %s.", table->name,
                                    rel->name);
            }
        }
    }
    out->u.drop.table_id = table->id;
    return ddl_message(binder, out, err, "Table %s has been dropped.", table->name);
}

static ruzu_status ddl_comment(rz_binder *binder, const rz_ast_comment *ast, rz_bound_statement *out, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_find_table(binder->context->catalog, ast->table);
    if (table == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", ast->table);
    }
    rz_cat_table *copy = (rz_cat_table *)rz_arena_dup(binder->arena, table, sizeof *table);
    RZ_TRY_ALLOC(copy, err, "binding a comment");
    copy->comment = ast->comment->value.string.data;
    out->kind = RZ_BOUND_COMMENT;
    out->u.table.table = copy;
    return ddl_message(binder, out, err, "Comment added to table %s.", table->name);
}

static ruzu_status ddl_create_type(rz_binder *binder, const rz_ast_create_type *ast, rz_bound_statement *out, rz_error *err)
{
    out->kind = RZ_BOUND_CREATE_TYPE;
    out->u.type = RZ_NEW(binder->arena, rz_cat_type);
    RZ_TRY_ALLOC(out->u.type, err, "binding a type");
    out->u.type->name = ast->name;
    RZ_TRY(rz_bind_type_name(binder, ast->type.data, ast->type.length, &out->u.type->type, err));
    if (rz_catalog_find_type(binder->context->catalog, ast->name) != NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Duplicated type name: %s.", ast->name);
    }
    const char *text = rz_arena_printf(binder->arena, "Type %s(%s) has been created.", ast->name, rz_bind_type_text(binder, out->u.type->type));
    RZ_TRY_ALLOC(text, err, "binding a type");
    out->message = text;
    return RUZU_OK;
}

static ruzu_status ddl_create_macro(rz_binder *binder, const rz_ast_statement *statement, rz_bound_statement *out, rz_error *err)
{
    const rz_ast_create_macro *ast = &statement->create_macro;
    out->kind = RZ_BOUND_CREATE_MACRO;
    if (rz_fn_exists(ast->name) || rz_agg_exists(ast->name)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "function %s already exists.", ast->name);
    }
    if (rz_catalog_find_macro(binder->context->catalog, ast->name) != NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Macro %s already exists.", ast->name);
    }
    rz_cat_macro *macro = RZ_NEW(binder->arena, rz_cat_macro);
    char *name = rz_arena_strdup(binder->arena, ast->name);
    if (macro == NULL || name == NULL) {
        return rz_error_no_memory(err, "binding a macro");
    }
    for (char *c = name; *c != '\0'; c++) {
        *c = rz_ascii_upper(*c);
    }
    macro->name = name;
    macro->text = rz_arena_strndup(binder->arena, binder->script->text + statement->position, statement->length);
    RZ_TRY_ALLOC(macro->text, err, "binding a macro");
    out->u.macro = macro;
    return ddl_message(binder, out, err, "Macro: %s has been created.", name);
}

ruzu_status rz_bind_ddl(rz_binder *binder, const rz_ast_statement *ast, rz_bound_statement *out, rz_error *err)
{
    out->writes = true;
    switch ((int)ast->kind) {
    case RZ_AST_STATEMENT_CREATE_NODE_TABLE: return ddl_create_node_table(binder, &ast->create_node_table, out, err);
    case RZ_AST_STATEMENT_CREATE_REL_TABLE: return ddl_create_rel_table(binder, &ast->create_rel_table, out, err);
    case RZ_AST_STATEMENT_DROP: return ddl_drop(binder, &ast->drop, out, err);
    case RZ_AST_STATEMENT_COMMENT: return ddl_comment(binder, &ast->comment, out, err);
    case RZ_AST_STATEMENT_CREATE_TYPE: return ddl_create_type(binder, &ast->create_type, out, err);
    case RZ_AST_STATEMENT_CREATE_MACRO: return ddl_create_macro(binder, ast, out, err);
    case RZ_AST_STATEMENT_ALTER: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "ALTER TABLE is not implemented.");
    case RZ_AST_STATEMENT_CREATE_SEQUENCE: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Sequences are not implemented.");
    case RZ_AST_STATEMENT_CREATE_INDEX:
    case RZ_AST_STATEMENT_CREATE_CONSTRAINT: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Secondary indexes and constraints are not implemented.");
    default: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "This statement is not implemented.");
    }
}
