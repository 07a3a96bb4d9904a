/* SPDX-License-Identifier: MIT */
/*
 * SET, REMOVE and DELETE: which property of which variable gets which value, and what goes.
 */
#include "binder/bind.h"

/* What kind of expression stands where a variable was expected, as the message names it. */
static const char *change_expr_kind(const rz_ast_expr *ast)
{
    switch (ast->kind) {
    case RZ_AST_EXPR_NULL:
    case RZ_AST_EXPR_BOOL:
    case RZ_AST_EXPR_INT64:
    case RZ_AST_EXPR_INT128:
    case RZ_AST_EXPR_DOUBLE:
    case RZ_AST_EXPR_STRING: return "LITERAL";
    case RZ_AST_EXPR_PARAMETER: return "PARAMETER";
    case RZ_AST_EXPR_VARIABLE: return "VARIABLE";
    case RZ_AST_EXPR_PROPERTY:
    case RZ_AST_EXPR_PROPERTY_STAR: return "PROPERTY";
    case RZ_AST_EXPR_CASE: return "CASE_ELSE";
    case RZ_AST_EXPR_SUBQUERY:
    case RZ_AST_EXPR_PATTERN: return "SUBQUERY";
    case RZ_AST_EXPR_LAMBDA: return "LAMBDA";
    case RZ_AST_EXPR_OPERATOR:
    case RZ_AST_EXPR_COMPARE_CHAIN:
    case RZ_AST_EXPR_FUNCTION:
    case RZ_AST_EXPR_CAST:
    case RZ_AST_EXPR_LIST:
    case RZ_AST_EXPR_STRUCT:
    case RZ_AST_EXPR_INDEX:
    case RZ_AST_EXPR_SLICE:
    case RZ_AST_EXPR_QUANTIFIER:
    case RZ_AST_EXPR_LIST_COMPREHENSION:
    case RZ_AST_EXPR_PATTERN_COMPREHENSION:
    case RZ_AST_EXPR_REDUCE:
    case RZ_AST_EXPR_MAP_PROJECTION:
    case RZ_AST_EXPR_LABEL_PREDICATE:
    case RZ_AST_EXPR_IS_TYPE: break;
    }
    return "FUNCTION";
}

static bool change_is_element(const rz_type *type)
{
    return (type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL) && type->physical != RZ_PHYS_STRUCT;
}

/* ---- SET, REMOVE ---- */

typedef struct change_items {
    RZ_ARRAY(rz_bound_set_item) items;
} change_items;

/* The primary key cannot be set. Where other tables have the property too, whether a row is of one whose key it is shows when it is written. */
static ruzu_status bind_set_check_key(rz_binder *binder, const rz_expr *property, uint32_t position, rz_error *err)
{
    const rz_type *type = property->children[0]->type;
    const rz_cat_table *key_of = NULL;
    bool free_elsewhere = false;
    for (uint32_t t = 0; t < type->table_count && type->id == RUZU_TYPE_NODE; t++) {
        const rz_cat_table *table = rz_catalog_node_table(binder->context->catalog, type->tables[t]);
        if (table == NULL || property->u.property.column_idxs[t] == RZ_NO_COLUMN) {
            continue;
        }
        if (property->u.property.column_idxs[t] == table->key) {
            key_of = key_of == NULL ? table : key_of;
        } else {
            free_elsewhere = true;
        }
    }
    return key_of == NULL || free_elsewhere
               ? RUZU_OK
               : rz_error_set_at(err, RUZU_ERROR_BINDER, position,
                                 "Cannot set property %s in table %s because it is used as primary key. Try delete and then insert.",
                                 key_of->properties[key_of->key].name, key_of->name);
}

/* target.name = value; value NULL: NULL. */
static ruzu_status bind_set_property(rz_binder *binder, rz_expr *target, const char *name, uint32_t position, rz_expr *value, change_items *out, rz_error *err)
{
    rz_expr *property = NULL;
    RZ_TRY(rz_bind_property(binder, target, name, position, &property, err));
    if (property->kind != RZ_EXPR_PROPERTY) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot set %s: it is not a property.", rz_expr_text(property));
    }
    RZ_TRY(bind_set_check_key(binder, property, position, err));
    rz_bound_set_item item = {.target = target->u.column,
                              .type = target->type,
                              .property = property->u.property.name,
                              .column_idxs = property->u.property.column_idxs};
    if (value == NULL) {
        RZ_TRY(rz_bind_literal_null(binder, property->type, &item.value, err));
    } else {
        RZ_TRY(rz_bind_assign_cast(binder, value, property->type, &item.value, err));
    }
    return RZ_ARRAY_PUSH(&out->items, binder->arena, item) ? RUZU_OK : rz_error_no_memory(err, "binding SET");
}

static ruzu_status bind_set_target(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    RZ_TRY(rz_bind_expr(binder, ast, out, err));
    if ((*out)->kind != RZ_EXPR_COLUMN || !change_is_element((*out)->type)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot set expression %s with type %s. Expect node or rel pattern.", rz_expr_text(*out),
                               change_expr_kind(ast));
    }
    return RUZU_OK;
}

/* v = {…}, v += {…}: each property that the map gives. The map is a literal, or anything of type STRUCT. */
static ruzu_status bind_set_map(rz_binder *binder, rz_expr *target, const rz_ast_expr *ast, change_items *out, rz_error *err)
{
    if (ast->kind == RZ_AST_EXPR_STRUCT) {
        for (uint32_t i = 0; i < ast->child_count; i++) {
            rz_expr *value = NULL;
            RZ_TRY(rz_bind_expr(binder, ast->children[i], &value, err));
            RZ_TRY(bind_set_property(binder, target, ast->field_names[i], ast->children[i]->position, value, out, err));
        }
        return RUZU_OK;
    }
    rz_expr *map = NULL;
    RZ_TRY(rz_bind_expr(binder, ast, &map, err));
    if (map->type->id != RUZU_TYPE_STRUCT) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "%s has data type %s but STRUCT was expected.", rz_expr_text(map),
                               rz_bind_type_text(binder, map->type));
    }
    for (uint32_t i = 0; i < map->type->field_count; i++) {
        rz_expr *value = NULL;
        RZ_TRY(rz_bind_property(binder, map, map->type->fields[i].name, ast->position, &value, err));
        RZ_TRY(bind_set_property(binder, target, map->type->fields[i].name, ast->position, value, out, err));
    }
    return RUZU_OK;
}

static ruzu_status bind_set_item(rz_binder *binder, const rz_ast_set_item *ast, change_items *out, rz_error *err)
{
    rz_expr *target = NULL;
    rz_expr *value = NULL;
    switch (ast->kind) {
    case RZ_AST_SET_PROPERTY:
        RZ_TRY(bind_set_target(binder, ast->target->children[0], &target, err));
        if (ast->value != NULL) {
            RZ_TRY(rz_bind_expr(binder, ast->value, &value, err));
        }
        return bind_set_property(binder, target, ast->target->name, ast->target->position, value, out, err);
    case RZ_AST_SET_ALL:
    case RZ_AST_SET_MERGE:
        RZ_TRY(bind_set_target(binder, ast->target, &target, err));
        return bind_set_map(binder, target, ast->value, out, err);
    case RZ_AST_SET_LABEL: break;
    }
    return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->target->position, "The label of a node or relationship cannot be changed.");
}

ruzu_status rz_bind_set(rz_binder *binder, const rz_ast_set *ast, rz_bound_set *out, rz_error *err)
{
    change_items items = {0};
    for (uint32_t i = 0; i < ast->item_count; i++) {
        RZ_TRY(bind_set_item(binder, &ast->items[i], &items, err));
    }
    out->items = items.items.items;
    out->item_count = items.items.count;
    return RUZU_OK;
}

/* ---- DELETE ---- */

ruzu_status rz_bind_delete(rz_binder *binder, const rz_ast_delete *ast, rz_bound_delete *out, rz_error *err)
{
    uint32_t *columns = RZ_NEW_ARRAY(binder->arena, uint32_t, ast->expr_count);
    out->exprs = RZ_NEW_ARRAY(binder->arena, rz_expr *, ast->expr_count);
    if (columns == NULL || out->exprs == NULL) {
        return rz_error_no_memory(err, "binding DELETE");
    }
    for (uint32_t i = 0; i < ast->expr_count; i++) {
        rz_expr *expr = NULL;
        RZ_TRY(rz_bind_expr(binder, ast->exprs[i], &expr, err));
        if (!change_is_element(expr->type)) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->exprs[i]->position, "Cannot delete expression %s with type %s. Expect node or rel pattern.",
                                   rz_expr_text(expr), change_expr_kind(ast->exprs[i]));
        }
        if (ast->detach && expr->type->id == RUZU_TYPE_REL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->exprs[i]->position, "Detach delete on rel tables is not supported.");
        }
        columns[i] = expr->kind == RZ_EXPR_COLUMN ? expr->u.column : rz_bind_new_column(binder);
        out->exprs[i] = expr;
    }
    out->columns = columns;
    out->count = ast->expr_count;
    out->detach = ast->detach;
    return RUZU_OK;
}
