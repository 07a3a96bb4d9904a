/* SPDX-License-Identifier: MIT */
/*
 * ALTER TABLE: the changed definition of the table, made here; the api puts it into the catalog and the column into the storage.
 */
#include "binder/bind.h"

static ruzu_status alter_say(rz_binder *binder, rz_bound_statement *out, const char *message, rz_error *err)
{
    (void)binder;
    RZ_TRY_ALLOC(message, err, "binding ALTER TABLE");
    out->message = message;
    return RUZU_OK;
}

static ruzu_status alter_nothing(rz_binder *binder, rz_bound_statement *out, const char *message, rz_error *err)
{
    out->kind = RZ_BOUND_NOTHING;
    out->writes = false;
    return alter_say(binder, out, message, err);
}

/* The index of a column that must exist. */
static ruzu_status alter_find(const rz_cat_table *table, const char *name, uint32_t *out, rz_error *err)
{
    int32_t idx = rz_cat_find_property(table, name);
    *out = (uint32_t)idx;
    return idx >= 0 ? RUZU_OK : rz_error_set(err, RUZU_ERROR_RUNTIME, "%s table does not have property %s.", table->name, name);
}

/* ---- columns ---- */

/* What rows that exist get: the default, or the next values of a SERIAL column's sequence. */
static ruzu_status alter_added_value(rz_binder *binder, const rz_cat_table *table, const rz_cat_property *property, rz_expr **out, rz_error *err)
{
    if (property->type->id == RUZU_TYPE_SERIAL) {
        const char *name = rz_arena_printf(binder->arena, "%s_%s_serial", table->name, property->name);
        rz_expr *argument = NULL;
        RZ_TRY_ALLOC(name, err, "binding ALTER TABLE");
        RZ_TRY(rz_bind_literal_string(binder, name, &argument, err));
        RZ_TRY(rz_bind_new(binder, RZ_EXPR_NEXTVAL, property->type, &argument, 1, out, err));
        return rz_bind_name(binder, *out, err);
    }
    return rz_bind_default(binder, property, out, err);
}

static ruzu_status alter_add_column(rz_binder *binder, const rz_ast_alter *ast, rz_cat_table *table, rz_bound_statement *out, rz_error *err)
{
    int32_t existing = rz_cat_find_property(table, ast->column.name);
    if (existing >= 0) {
        const char *name = table->properties[existing].name;
        return ast->if_exists_guard ? alter_nothing(binder, out, rz_arena_printf(binder->arena, "%s table already has property %s.", table->name, name), err)
                                    : rz_error_set(err, RUZU_ERROR_RUNTIME, "%s table already has property %s.", table->name, name);
    }
    if (table->property_count >= 4096) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "Table %s has %u columns; the limit is 4096.", table->name, table->property_count);
    }
    rz_cat_property *properties = RZ_NEW_ARRAY(binder->arena, rz_cat_property, (size_t)table->property_count + 1);
    RZ_TRY_ALLOC(properties, err, "binding ALTER TABLE");
    if (table->property_count != 0) {
        memcpy(properties, table->properties, table->property_count * sizeof *properties);
    }
    rz_cat_property *added = &properties[table->property_count];
    RZ_TRY(rz_bind_column_def(binder, &ast->column, added, err));
    added->id = UINT32_MAX;
    RZ_TRY(alter_added_value(binder, table, added, &out->u.table.added_value, err));
    if (table->kind == RZ_CAT_REL_TABLE && !rz_expr_is_constant(out->u.table.added_value)) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Cannot set a non-constant default value when adding columns on REL tables.");
    }
    table->properties = properties;
    table->property_count++;
    return alter_say(binder, out, rz_arena_printf(binder->arena, "Property %s added to table %s.", added->name, table->name), err);
}

static ruzu_status alter_drop_column(rz_binder *binder, const rz_ast_alter *ast, rz_cat_table *table, rz_bound_statement *out, rz_error *err)
{
    uint32_t idx = 0;
    if (ast->if_exists_guard && rz_cat_find_property(table, ast->name) < 0) {
        return alter_nothing(binder, out, rz_arena_printf(binder->arena, "%s table does not have property %s.", table->name, ast->name), err);
    }
    RZ_TRY(alter_find(table, ast->name, &idx, err));
    rz_cat_property dropped = table->properties[idx];
    if (table->kind == RZ_CAT_NODE_TABLE && idx == table->key) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot drop property %s in table %s because it is used as primary key.", dropped.name, table->name);
    }
    memmove(&table->properties[idx], &table->properties[idx + 1], (table->property_count - idx - 1) * sizeof *table->properties);
    table->property_count--;
    table->key -= table->kind == RZ_CAT_NODE_TABLE && idx < table->key;
    return alter_say(binder, out, rz_arena_printf(binder->arena, "Property %s has been dropped from table %s.", dropped.name, table->name), err);
}

static ruzu_status alter_rename_column(rz_binder *binder, const rz_ast_alter *ast, rz_cat_table *table, rz_bound_statement *out, rz_error *err)
{
    uint32_t idx = 0;
    RZ_TRY(alter_find(table, ast->name, &idx, err));
    int32_t other = rz_cat_find_property(table, ast->new_name);
    if (other >= 0 && (uint32_t)other != idx) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "%s table already has property %s.", table->name, table->properties[other].name);
    }
    RZ_TRY(rz_bind_property_name(ast->new_name, RZ_ERROR_NO_POSITION, err));
    const char *message = rz_arena_printf(binder->arena, "Property %s renamed to %s.", table->properties[idx].name, ast->new_name);
    table->properties[idx].name = ast->new_name;
    return alter_say(binder, out, message, err);
}

static ruzu_status alter_default(rz_binder *binder, const rz_ast_alter *ast, rz_cat_table *table, rz_bound_statement *out, rz_error *err)
{
    uint32_t idx = 0;
    RZ_TRY(alter_find(table, ast->name, &idx, err));
    rz_cat_property *property = &table->properties[idx];
    property->default_text = NULL;
    if (ast->kind == RZ_AST_ALTER_SET_DEFAULT) {
        RZ_TRY(rz_bind_default_text(binder, ast->column.default_value, property, err));
    }
    return alter_say(binder, out,
                     rz_arena_printf(binder->arena, "Default of property %s in table %s has been %s.", property->name, table->name,
                                     ast->kind == RZ_AST_ALTER_SET_DEFAULT ? "set" : "dropped"),
                     err);
}

/* ---- the table ---- */

static ruzu_status alter_rename_table(rz_binder *binder, const rz_ast_alter *ast, rz_cat_table *table, rz_bound_statement *out, rz_error *err)
{
    const rz_cat_table *other = rz_catalog_find_table(binder->context->catalog, ast->new_name);
    if (other != NULL && other->id != table->id) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s already exists.", other->name);
    }
    const char *message = rz_arena_printf(binder->arena, "Table %s renamed to %s.", table->name, ast->new_name);
    table->name = ast->new_name;
    return alter_say(binder, out, message, err);
}

/* ---- FROM/TO pairs ---- */

static ruzu_status alter_pair(rz_binder *binder, const rz_ast_alter *ast, rz_cat_table *table, rz_bound_statement *out, rz_error *err)
{
    bool adds = ast->kind == RZ_AST_ALTER_ADD_PAIR;
    rz_cat_pair pair = {.id = UINT32_MAX};
    if (table->kind != RZ_CAT_REL_TABLE) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "%s is not of type REL.", table->name);
    }
    RZ_TRY(rz_bind_pair_end(binder, ast->pair.from, &pair.src_table, err));
    RZ_TRY(rz_bind_pair_end(binder, ast->pair.to, &pair.dst_table, err));
    const char *from = rz_catalog_node_table(binder->context->catalog, pair.src_table)->name;
    const char *to = rz_catalog_node_table(binder->context->catalog, pair.dst_table)->name;
    uint32_t at = 0;
    while (at < table->pair_count && (table->pairs[at].src_table != pair.src_table || table->pairs[at].dst_table != pair.dst_table)) {
        at++;
    }
    if (adds == (at < table->pair_count)) {
        const char *why = rz_arena_printf(binder->arena, "%s->%s %s in %s table.", from, to, adds ? "already exists" : "does not exist", table->name);
        RZ_TRY_ALLOC(why, err, "binding ALTER TABLE");
        return ast->if_exists_guard ? alter_nothing(binder, out, why, err) : rz_error_set(err, RUZU_ERROR_BINDER, "%s", why);
    }
    if (!adds) {
        memmove(&table->pairs[at], &table->pairs[at + 1], (table->pair_count - at - 1) * sizeof *table->pairs);
        table->pair_count--;
        return alter_say(binder, out, rz_arena_printf(binder->arena, "%s->%s has been dropped from table %s.", from, to, table->name), err);
    }
    rz_cat_pair *pairs = RZ_NEW_ARRAY(binder->arena, rz_cat_pair, (size_t)table->pair_count + 1);
    RZ_TRY_ALLOC(pairs, err, "binding ALTER TABLE");
    if (table->pair_count != 0) {
        memcpy(pairs, table->pairs, table->pair_count * sizeof *pairs);
    }
    pairs[table->pair_count++] = pair;
    table->pairs = pairs;
    return alter_say(binder, out, rz_arena_printf(binder->arena, "%s->%s added to table %s.", from, to, table->name), err);
}

/* ---- the statement ---- */

/* A copy whose lists may be changed. */
static ruzu_status alter_copy(rz_binder *binder, const rz_cat_table *from, rz_cat_table **out, rz_error *err)
{
    rz_cat_table *copy = (rz_cat_table *)rz_arena_dup(binder->arena, from, sizeof *from);
    RZ_TRY_ALLOC(copy, err, "binding ALTER TABLE");
    copy->properties = RZ_NEW_ARRAY(binder->arena, rz_cat_property, from->property_count);
    copy->pairs = RZ_NEW_ARRAY(binder->arena, rz_cat_pair, from->pair_count);
    if (copy->properties == NULL || copy->pairs == NULL) {
        return rz_error_no_memory(err, "binding ALTER TABLE");
    }
    if (from->property_count != 0) {
        memcpy(copy->properties, from->properties, from->property_count * sizeof *copy->properties);
    }
    if (from->pair_count != 0) {
        memcpy(copy->pairs, from->pairs, from->pair_count * sizeof *copy->pairs);
    }
    *out = copy;
    return RUZU_OK;
}

ruzu_status rz_bind_alter(rz_binder *binder, const rz_ast_alter *ast, rz_bound_statement *out, rz_error *err)
{
    const rz_cat_table *found = rz_catalog_find_table(binder->context->catalog, ast->table);
    rz_cat_table *table = NULL;
    if (found == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist.", ast->table);
    }
    RZ_TRY(alter_copy(binder, found, &table, err));
    out->kind = RZ_BOUND_ALTER;
    out->u.table.table = table;
    switch (ast->kind) {
    case RZ_AST_ALTER_ADD_COLUMN: return alter_add_column(binder, ast, table, out, err);
    case RZ_AST_ALTER_DROP_COLUMN: return alter_drop_column(binder, ast, table, out, err);
    case RZ_AST_ALTER_RENAME_TABLE: return alter_rename_table(binder, ast, table, out, err);
    case RZ_AST_ALTER_RENAME_COLUMN: return alter_rename_column(binder, ast, table, out, err);
    case RZ_AST_ALTER_ADD_PAIR:
    case RZ_AST_ALTER_DROP_PAIR: return alter_pair(binder, ast, table, out, err);
    case RZ_AST_ALTER_SET_DEFAULT:
    case RZ_AST_ALTER_DROP_DEFAULT: return alter_default(binder, ast, table, out, err);
    case RZ_AST_ALTER_COLUMN_TYPE:
    case RZ_AST_ALTER_SET_NOT_NULL:
    case RZ_AST_ALTER_DROP_NOT_NULL: break;
    }
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Types of columns and NOT NULL cannot be altered in this version.");
}
