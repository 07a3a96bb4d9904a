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

/* Nothing to do: IF NOT EXISTS of what exists, IF EXISTS of what does not. */
static ruzu_status ddl_nothing(rz_binder *binder, rz_bound_statement *out, rz_error *err, const char *format, const char *name)
{
    out->kind = RZ_BOUND_NOTHING;
    out->writes = false;
    return ddl_message(binder, out, err, format, name);
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
    return ddl_nothing(binder, out, err, "Table %s already exists.", table->name);
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

ruzu_status rz_bind_property_name(const char *name, uint32_t position, rz_error *err)
{
    return ddl_reserved_name(name) ? rz_error_set_at(err, RUZU_ERROR_BINDER, position, "%s is a reserved property name.", name) : RUZU_OK;
}

/* A default is bound again at each insert, where neither parameters nor a plan of its own are at hand. */
static bool ddl_default_allowed(const rz_expr *expr)
{
    bool allowed = expr->kind != RZ_EXPR_PARAMETER && expr->kind != RZ_EXPR_SUBQUERY;
    for (uint32_t i = 0; i < expr->child_count && allowed; i++) {
        allowed = ddl_default_allowed(expr->children[i]);
    }
    return allowed;
}

ruzu_status rz_bind_default_text(rz_binder *binder, const rz_ast_expr *ast, rz_cat_property *out, rz_error *err)
{
    if (out->type->id == RUZU_TYPE_SERIAL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "No DEFAULT value should be set for SERIAL columns");
    }
    rz_str text;
    rz_str_init(&text, binder->arena->mem);
    rz_ast_print_expr(ast, &text);
    out->default_text = text.failed ? NULL : rz_arena_strndup(binder->arena, rz_str_text(&text), text.length);
    rz_str_free(&text);
    RZ_TRY_ALLOC(out->default_text, err, "binding a default");
    rz_expr *checked = NULL; /* raises what is wrong with it now rather than at the first insert */
    RZ_TRY(rz_bind_expr(binder, ast, &checked, err));
    if (!ddl_default_allowed(checked)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "The DEFAULT value of property %s must not contain parameters or subqueries.", out->name);
    }
    return rz_bind_default(binder, out, &checked, err);
}

ruzu_status rz_bind_column_def(rz_binder *binder, const rz_ast_column *ast, rz_cat_property *out, rz_error *err)
{
    RZ_TRY(rz_bind_property_name(ast->name, ast->position, err));
    out->name = ast->name;
    RZ_TRY(rz_bind_type_name(binder, ast->type.data, ast->type.length, &out->type, err));
    if (out->type->id == RUZU_TYPE_ANY) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Column %s cannot have the type ANY.", ast->name);
    }
    if (ast->not_null || ast->unique) {
        return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, ast->position, "NOT NULL and UNIQUE columns are not implemented.");
    }
    return ast->default_value == NULL ? RUZU_OK : rz_bind_default_text(binder, ast->default_value, out, err);
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
        RZ_TRY(rz_bind_column_def(binder, &columns[i], &out->properties[i], err));
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

/* ---- CREATE … AS query ---- */

/* A property's name from a result column: n.age gives age. */
static const char *ddl_column_name(const rz_bound_query *query, uint32_t idx)
{
    const rz_bound_single_query *arm = &query->arms[0];
    const rz_bound_item *item = &arm->clauses[arm->clause_count - 1].u.projection.items[idx];
    bool unaliased = item->expr->kind == RZ_EXPR_PROPERTY && item->expr->name != NULL && strcmp(item->name, item->expr->name) == 0;
    return unaliased ? item->expr->u.property.name : item->name;
}

/* The type of the column that keeps a result column: what cannot be stored is refused. */
static ruzu_status ddl_column_type(rz_binder *binder, const char *name, const rz_type *type, const rz_type **out, rz_error *err)
{
    *out = type->id == RUZU_TYPE_ANY ? RZ_STRING : type->id == RUZU_TYPE_SERIAL ? RZ_INT64 : type;
    if (rz_type_has_graph_ref(type) || type->id == RUZU_TYPE_RECURSIVE_REL || type->id == RUZU_TYPE_INTERNAL_ID) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Column %s has data type %s, which cannot be stored in a table.", name, rz_bind_type_text(binder, type));
    }
    return RUZU_OK;
}

/* Properties from the query's columns; of a relationship table the first two columns are the keys of its ends. */
static ruzu_status ddl_as_query(rz_binder *binder, const rz_ast_query *ast, rz_cat_table *table, rz_bound_query **out, rz_error *err)
{
    bool writes = false;
    bind_scope *outer = binder->scope;
    RZ_TRY(rz_bind_scope_new(binder, NULL, &binder->scope, err));
    RZ_TRY(rz_bind_query(binder, ast, out, &writes, err));
    binder->scope = outer;
    uint32_t count = (*out)->result_count;
    uint32_t keys = table->kind == RZ_CAT_REL_TABLE ? 2 : 0;
    if (count < (keys == 0 ? 1 : keys)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The query of table %s must return at least %u columns, not %u.", table->name, keys == 0 ? 1 : keys, count);
    }
    const rz_type **wanted = RZ_NEW_ARRAY(binder->arena, const rz_type *, count);
    table->properties = RZ_NEW_ARRAY(binder->arena, rz_cat_property, count - keys + 1);
    if (wanted == NULL || table->properties == NULL) {
        return rz_error_no_memory(err, "binding a table");
    }
    for (uint32_t i = 0; i < keys; i++) {
        const rz_cat_table *end = rz_catalog_node_table(binder->context->catalog, i == 0 ? table->pairs[0].src_table : table->pairs[0].dst_table);
        wanted[i] = end->properties[end->key].type;
    }
    for (uint32_t i = keys; i < count; i++) {
        rz_cat_property *property = &table->properties[table->property_count];
        property->name = ddl_column_name(*out, i);
        RZ_TRY(rz_bind_property_name(property->name, RZ_ERROR_NO_POSITION, err));
        if (rz_cat_find_property(table, property->name) >= 0) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Duplicated column name: %s, column name must be unique.", property->name);
        }
        RZ_TRY(ddl_column_type(binder, property->name, (*out)->result_types[i], &wanted[i], err));
        property->type = wanted[i];
        table->property_count++;
    }
    return rz_bind_query_columns(binder, *out, wanted, err);
}

static ruzu_status ddl_check_key(rz_binder *binder, const rz_cat_table *table, rz_error *err)
{
    const rz_type *type = table->properties[table->key].type;
    return ddl_key_type(type) ? RUZU_OK
                              : rz_error_set(err, RUZU_ERROR_BINDER, "Invalid primary key column type %s. Primary keys must be either STRING or a numeric type.",
                                             rz_bind_type_text(binder, type));
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
        RZ_TRY(ddl_as_query(binder, ast->query, table, &out->u.table.query, err));
        RZ_TRY(ddl_check_key(binder, table, err)); /* the first column */
        return ddl_message(binder, out, err, "Table %s has been created.", table->name);
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
    RZ_TRY(ddl_check_key(binder, table, err));
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

ruzu_status rz_bind_pair_end(rz_binder *binder, const char *name, uint32_t *out, rz_error *err)
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
    if (ast->query != NULL && ast->pair_count != 1) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Multiple FROM/TO pairs are not supported for CREATE REL TABLE AS.");
    }
    table->pairs = RZ_NEW_ARRAY(binder->arena, rz_cat_pair, ast->pair_count);
    RZ_TRY_ALLOC(table->pairs, err, "binding a table");
    for (uint32_t i = 0; i < ast->pair_count; i++) {
        rz_cat_pair *pair = &table->pairs[i];
        pair->id = UINT32_MAX;
        RZ_TRY(rz_bind_pair_end(binder, ast->pairs[i].from, &pair->src_table, err));
        RZ_TRY(rz_bind_pair_end(binder, ast->pairs[i].to, &pair->dst_table, err));
        for (uint32_t j = 0; j < i; j++) {
            if (table->pairs[j].src_table == pair->src_table && table->pairs[j].dst_table == pair->dst_table) {
                return rz_error_set(err, RUZU_ERROR_BINDER, "Found duplicate FROM-TO %s-%s pairs.", ast->pairs[i].from, ast->pairs[i].to);
            }
        }
        table->pair_count++;
    }
    RZ_TRY(ddl_multiplicity(ast->multiplicity, table, err));
    RZ_TRY(ddl_storage_direction(binder, &ast->options, table, err));
    if (ast->query != NULL) {
        if (ast->column_count != 0) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Columns of table %s come from its query; none can be given.", table->name);
        }
        RZ_TRY(ddl_as_query(binder, ast->query, table, &out->u.table.query, err));
        return ddl_message(binder, out, err, "Table %s has been created.", table->name);
    }
    RZ_TRY(ddl_columns(binder, ast->columns, ast->column_count, table, err));
    return ddl_message(binder, out, err, "Table %s has been created.", table->name);
}

/* ---- DROP ---- */

static ruzu_status ddl_drop_table(rz_binder *binder, const rz_ast_drop *ast, rz_bound_statement *out, rz_error *err)
{
    const rz_catalog *catalog = binder->context->catalog;
    const rz_cat_table *table = rz_catalog_find_table(catalog, ast->name);
    if (table == NULL) {
        return ast->if_exists ? ddl_nothing(binder, out, err, "Table %s does not exist.", ast->name)
                              : rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", ast->name);
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

/* What has only a name: its name in the catalog, or NULL when there is none; formats of the messages. */
static ruzu_status ddl_drop_named(rz_binder *binder, const rz_ast_drop *ast, const char *found, const char *dropped, const char *missing,
                                  rz_bound_statement *out, rz_error *err)
{
    if (found != NULL) {
        return ddl_message(binder, out, err, dropped, found);
    }
    RZ_TRY(ddl_nothing(binder, out, err, missing, ast->name));
    return ast->if_exists ? RUZU_OK : rz_error_set(err, RUZU_ERROR_BINDER, "%s", out->message);
}

static ruzu_status ddl_drop(rz_binder *binder, const rz_ast_drop *ast, rz_bound_statement *out, rz_error *err)
{
    const rz_catalog *catalog = binder->context->catalog;
    const rz_cat_sequence *sequence = rz_catalog_find_sequence(catalog, ast->name);
    const rz_cat_macro *macro = rz_catalog_find_macro(catalog, ast->name);
    const rz_cat_type *type = rz_catalog_find_type(catalog, ast->name);
    out->kind = RZ_BOUND_DROP;
    out->u.drop.object = ast->object;
    out->u.drop.name = ast->name;
    switch (ast->object) {
    case RZ_AST_OBJECT_TABLE: return ddl_drop_table(binder, ast, out, err);
    case RZ_AST_OBJECT_SEQUENCE:
        return ddl_drop_named(binder, ast, sequence == NULL ? NULL : sequence->name, "Sequence %s has been dropped.", "Sequence %s does not exist.", out, err);
    case RZ_AST_OBJECT_MACRO:
        return ddl_drop_named(binder, ast, macro == NULL ? NULL : macro->name, "Macro %s has been dropped.", "Macro %s does not exist.", out, err);
    case RZ_AST_OBJECT_TYPE:
        return ddl_drop_named(binder, ast, type == NULL ? NULL : type->name, "Type %s has been dropped.", "Type %s does not exist.", out, err);
    case RZ_AST_OBJECT_INDEX:
    case RZ_AST_OBJECT_CONSTRAINT: break;
    }
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Secondary indexes and constraints are not implemented.");
}

/* ---- sequences ---- */

/* The value of an option of CREATE SEQUENCE, or what it is when not given. */
static ruzu_status ddl_sequence_number(const rz_ast_expr *given, int64_t otherwise, int64_t *out, rz_error *err)
{
    *out = otherwise;
    if (given == NULL) {
        return RUZU_OK;
    }
    if (given->kind != RZ_AST_EXPR_INT64) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, given->position, "Out of bounds: SEQUENCE accepts integers within INT64.");
    }
    *out = given->value.int64;
    return RUZU_OK;
}

static ruzu_status ddl_create_sequence(rz_binder *binder, const rz_ast_create_sequence *ast, rz_bound_statement *out, rz_error *err)
{
    const rz_cat_sequence *existing = rz_catalog_find_sequence(binder->context->catalog, ast->name);
    if (existing != NULL) {
        return ast->if_not_exists ? ddl_nothing(binder, out, err, "Sequence %s already exists.", existing->name)
                                  : rz_error_set(err, RUZU_ERROR_BINDER, "%s already exists in catalog.", existing->name);
    }
    rz_cat_sequence *sequence = RZ_NEW(binder->arena, rz_cat_sequence);
    RZ_TRY_ALLOC(sequence, err, "binding a sequence");
    sequence->name = ast->name;
    sequence->cycle = ast->cycle;
    RZ_TRY(ddl_sequence_number(ast->increment, 1, &sequence->increment, err));
    if (sequence->increment == 0) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "INCREMENT must be non-zero.");
    }
    bool rises = sequence->increment > 0;
    RZ_TRY(ddl_sequence_number(ast->min_value, rises ? 1 : INT64_MIN, &sequence->minimum, err));
    RZ_TRY(ddl_sequence_number(ast->max_value, rises ? INT64_MAX : -1, &sequence->maximum, err));
    RZ_TRY(ddl_sequence_number(ast->start, rises ? sequence->minimum : sequence->maximum, &sequence->start, err));
    if (sequence->maximum < sequence->minimum) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "SEQUENCE MAXVALUE should be greater than or equal to MINVALUE.");
    }
    if (sequence->start < sequence->minimum || sequence->start > sequence->maximum) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "SEQUENCE START value should be between MINVALUE and MAXVALUE.");
    }
    sequence->current = sequence->start;
    out->kind = RZ_BOUND_CREATE_SEQUENCE;
    out->u.sequence = sequence;
    return ddl_message(binder, out, err, "Sequence %s has been created.", sequence->name);
}

/* ---- comments, types, macros ---- */

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
    const rz_cat_type *existing = rz_catalog_find_type(binder->context->catalog, ast->name);
    if (existing != NULL && ast->if_not_exists) {
        return ddl_nothing(binder, out, err, "Type %s already exists.", existing->name);
    }
    out->kind = RZ_BOUND_CREATE_TYPE;
    out->u.type = RZ_NEW(binder->arena, rz_cat_type);
    RZ_TRY_ALLOC(out->u.type, err, "binding a type");
    out->u.type->name = ast->name;
    RZ_TRY(rz_bind_type_name(binder, ast->type.data, ast->type.length, &out->u.type->type, err));
    if (existing != NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Duplicated type name: %s.", ast->name);
    }
    const char *shown = rz_bind_type_copy(binder, out->u.type->type);
    RZ_TRY_ALLOC(shown, err, "binding a type");
    const char *text = rz_arena_printf(binder->arena, "Type %s(%s) has been created.", ast->name, shown);
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
        if (ast->if_not_exists) {
            return ddl_nothing(binder, out, err, "Macro %s already exists.", ast->name);
        }
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
    case RZ_AST_STATEMENT_ALTER: return rz_bind_alter(binder, &ast->alter, out, err);
    case RZ_AST_STATEMENT_CREATE_SEQUENCE: return ddl_create_sequence(binder, &ast->create_sequence, out, err);
    case RZ_AST_STATEMENT_CREATE_INDEX:
    case RZ_AST_STATEMENT_CREATE_CONSTRAINT: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Secondary indexes and constraints are not implemented.");
    default: return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "This statement is not implemented.");
    }
}
