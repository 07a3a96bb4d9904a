/* SPDX-License-Identifier: MIT */
/*
 * Casts that the binder inserts, common types, and the value form of graph types.
 */
#include "binder/bind.h"

#include <string.h>

const char *rz_bind_type_copy(rz_binder *binder, const rz_type *type)
{
    rz_str text;
    rz_str_init(&text, binder->arena->mem);
    rz_type_format(type, &text);
    const char *copy = text.failed ? NULL : rz_arena_strndup(binder->arena, text.data, text.length);
    rz_str_free(&text);
    return copy;
}

const char *rz_bind_type_text(rz_binder *binder, const rz_type *type)
{
    const char *copy = rz_bind_type_copy(binder, type);
    return copy == NULL ? "?" : copy;
}

static const rz_type *cast_resolve_user_type(void *user, const char *name)
{
    const rz_cat_type *type = rz_catalog_find_type((const rz_catalog *)user, name);
    return type == NULL ? NULL : type->type;
}

ruzu_status rz_bind_type_name(rz_binder *binder, const char *text, size_t length, const rz_type **out, rz_error *err)
{
    rz_catalog *catalog = (rz_catalog *)(uintptr_t)binder->context->catalog; /* the callback only reads it */
    return rz_type_parse(text, length, cast_resolve_user_type, catalog, binder->arena, out, err);
}

static bool cast_is_untyped_null(const rz_expr *expr)
{
    return expr->type->id == RUZU_TYPE_ANY;
}

ruzu_status rz_bind_cast(rz_binder *binder, rz_expr *expr, const rz_type *type, bool try_cast, rz_expr **out, rz_error *err)
{
    if (rz_type_equal(expr->type, type) || type->id == RUZU_TYPE_ANY) {
        *out = expr;
        return RUZU_OK;
    }
    if (expr->kind == RZ_EXPR_LITERAL) {
        rz_value value = {.type = type, .is_null = true};
        if (!expr->u.literal->is_null && !cast_is_untyped_null(expr)) {
            ruzu_status status = rz_value_cast(expr->u.literal, type, binder->arena, &value, try_cast ? NULL : err);
            if (status != RUZU_OK && (!try_cast || status == RUZU_ERROR_NO_MEMORY)) {
                return status;
            }
            value.is_null = value.is_null || status != RUZU_OK;
        }
        value.type = type;
        *out = rz_expr_literal(binder->arena, &value);
        RZ_TRY_ALLOC(*out, err, "binding a constant");
        (*out)->position = expr->position;
        return rz_bind_name(binder, *out, err);
    }
    if (rz_type_has_graph_ref(expr->type) && type->id == RUZU_TYPE_STRING) {
        RZ_TRY(rz_bind_to_value(binder, expr, &expr, err));
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_CAST, type, &expr, 1, out, err));
    (*out)->u.try_cast = try_cast;
    (*out)->position = expr->position;
    return rz_bind_name(binder, *out, err);
}

/* ---- open types ---- */

static bool cast_is_call(const rz_expr *expr, const char *name)
{
    return expr->kind == RZ_EXPR_FUNCTION && strcmp(expr->u.function->fn->name, name) == 0;
}

static const rz_type *cast_open_part(rz_arena *arena, const rz_expr *expr);

static const rz_type *cast_open_struct(rz_arena *arena, const rz_expr *expr)
{
    rz_type_field *fields = (rz_type_field *)rz_arena_dup(arena, expr->type->fields, expr->type->field_count * sizeof *fields);
    bool open = false;
    for (uint32_t i = 0; fields != NULL && i < expr->child_count; i++) {
        fields[i].type = cast_open_part(arena, expr->children[i]);
        if (fields[i].type == NULL) {
            return NULL;
        }
        open |= fields[i].type != expr->type->fields[i].type;
    }
    return fields == NULL ? NULL : open ? rz_type_struct(arena, fields, expr->type->field_count) : expr->type;
}

const rz_type *rz_bind_open_type(rz_arena *arena, const rz_expr *expr)
{
    if (cast_is_call(expr, "STRUCT_PACK") && expr->type->id == RUZU_TYPE_STRUCT && expr->type->field_count == expr->child_count && expr->child_count != 0) {
        return cast_open_struct(arena, expr);
    }
    if (!cast_is_call(expr, "LIST_CREATION") || expr->type->id != RUZU_TYPE_LIST) {
        return expr->type;
    }
    const rz_type *element = RZ_ANY;
    for (uint32_t i = 0; i < expr->child_count; i++) {
        const rz_type *part = cast_open_part(arena, expr->children[i]);
        element = part == NULL ? NULL : rz_type_common(arena, element, part);
        if (element == NULL) { /* not open: its parts were brought together by casts */
            return part == NULL ? NULL : expr->type;
        }
    }
    return rz_type_equal(element, expr->type->child) ? expr->type : rz_type_list(arena, element);
}

/* Inside a constructor an untyped NULL has been given a type already. */
static const rz_type *cast_open_part(rz_arena *arena, const rz_expr *expr)
{
    return expr->kind == RZ_EXPR_LITERAL && expr->u.literal->is_null ? RZ_ANY : rz_bind_open_type(arena, expr);
}

/* The type with what is still open decided: INT64 for elements of lists, STRING for fields. NULL: no memory. */
static const rz_type *cast_close_type(rz_arena *arena, const rz_type *type)
{
    if (type->id == RUZU_TYPE_LIST) {
        const rz_type *element = type->child->id == RUZU_TYPE_ANY ? RZ_INT64 : cast_close_type(arena, type->child);
        return element == NULL || element == type->child ? (element == NULL ? NULL : type) : rz_type_list(arena, element);
    }
    if (type->id != RUZU_TYPE_STRUCT) {
        return type;
    }
    rz_type_field *fields = (rz_type_field *)rz_arena_dup(arena, type->fields, type->field_count * sizeof *fields);
    bool open = false;
    for (uint32_t i = 0; fields != NULL && i < type->field_count; i++) {
        fields[i].type = type->fields[i].type->id == RUZU_TYPE_ANY ? RZ_STRING : cast_close_type(arena, type->fields[i].type);
        if (fields[i].type == NULL) {
            return NULL;
        }
        open |= fields[i].type != type->fields[i].type;
    }
    return fields == NULL ? NULL : open ? rz_type_struct(arena, fields, type->field_count) : type;
}

/* A constructor with open parts, made anew with the type that they take. */
static ruzu_status cast_decide(rz_binder *binder, rz_expr *expr, const rz_type *type, rz_expr **out, rz_error *err)
{
    bool is_list = type->id == RUZU_TYPE_LIST && cast_is_call(expr, "LIST_CREATION");
    bool is_struct = type->id == RUZU_TYPE_STRUCT && cast_is_call(expr, "STRUCT_PACK");
    if (expr->kind == RZ_EXPR_LITERAL && expr->u.literal->is_null) {
        return rz_bind_literal_null(binder, type, out, err);
    }
    if (is_list && expr->child_count == 0) {
        rz_value empty = {.type = type};
        *out = rz_expr_literal(binder->arena, &empty);
        RZ_TRY_ALLOC(*out, err, "binding a list");
        return rz_bind_name(binder, *out, err);
    }
    if (!is_list && !is_struct) {
        return rz_bind_implicit_cast(binder, expr, type, out, err);
    }
    rz_expr **children = RZ_NEW_ARRAY(binder->arena, rz_expr *, expr->child_count);
    const char **names = RZ_NEW_ARRAY(binder->arena, const char *, expr->child_count);
    if (children == NULL || names == NULL) {
        return rz_error_no_memory(err, "binding a cast");
    }
    for (uint32_t i = 0; i < expr->child_count; i++) {
        names[i] = is_list ? NULL : type->fields[i].name;
        RZ_TRY(cast_decide(binder, expr->children[i], is_list ? type->child : type->fields[i].type, &children[i], err));
    }
    return rz_bind_call(binder, is_list ? "LIST_CREATION" : "STRUCT_PACK", children, is_list ? NULL : names, expr->child_count, out, err);
}

ruzu_status rz_bind_implicit_cast(rz_binder *binder, rz_expr *expr, const rz_type *type, rz_expr **out, rz_error *err)
{
    const rz_type *open = rz_bind_open_type(binder->arena, expr);
    RZ_TRY_ALLOC(open, err, "binding a cast");
    if (open != expr->type && !rz_type_equal(expr->type, type) && rz_type_widens(open, type) && type->id == expr->type->id) {
        return cast_decide(binder, expr, type, out, err);
    }
    bool becomes = open != expr->type && rz_type_widens(open, type) && rz_cast_exists(expr->type, type);
    if (rz_type_equal(expr->type, type) || cast_is_untyped_null(expr) || becomes || rz_type_widens(expr->type, type)) {
        return rz_bind_cast(binder, expr, type, false, out, err);
    }
    return rz_error_set_at(err, RUZU_ERROR_BINDER, expr->position, "Expression %s has data type %s but expected %s. Implicit cast is not supported.",
                           rz_expr_text(expr), rz_bind_type_text(binder, expr->type), rz_bind_type_text(binder, type));
}

ruzu_status rz_bind_unify(rz_binder *binder, rz_expr **exprs, uint32_t count, const rz_type **out_type, rz_error *err)
{
    const rz_type *type = RZ_ANY;
    for (uint32_t i = 0; i < count; i++) {
        const rz_type *open = rz_bind_open_type(binder->arena, exprs[i]);
        RZ_TRY_ALLOC(open, err, "binding a cast");
        const rz_type *common = rz_type_common(binder->arena, type, open);
        if (common == NULL) { /* the first typed one decides: the others must cast to it */
            common = type;
        }
        type = common;
    }
    type = cast_close_type(binder->arena, type);
    RZ_TRY_ALLOC(type, err, "binding a cast");
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_bind_implicit_cast(binder, exprs[i], type, &exprs[i], err));
    }
    *out_type = type;
    return RUZU_OK;
}

ruzu_status rz_bind_open_elements(rz_binder *binder, rz_expr **exprs, uint32_t count, rz_error *err)
{
    const rz_type *type = RZ_ANY;
    bool any_open = false;
    for (uint32_t i = 0; i < count; i++) {
        const rz_type *open = rz_bind_open_type(binder->arena, exprs[i]);
        RZ_TRY_ALLOC(open, err, "binding a list");
        any_open |= open != exprs[i]->type;
        type = rz_type_common(binder->arena, type, open);
        if (type == NULL) {
            return RUZU_OK; /* the constructor words the error */
        }
    }
    if (!any_open) {
        return RUZU_OK;
    }
    type = cast_close_type(binder->arena, type);
    RZ_TRY_ALLOC(type, err, "binding a list");
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]->type->id != RUZU_TYPE_ANY && rz_bind_open_type(binder->arena, exprs[i]) != exprs[i]->type) {
            RZ_TRY(rz_bind_implicit_cast(binder, exprs[i], type, &exprs[i], err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_bind_assign_cast(rz_binder *binder, rz_expr *expr, const rz_type *type, rz_expr **out, rz_error *err)
{
    bool graph_text = type->id == RUZU_TYPE_STRING && rz_type_has_graph_ref(expr->type);
    if (rz_type_equal(expr->type, type) || cast_is_untyped_null(expr) || graph_text || rz_cast_exists(expr->type, type)) {
        return rz_bind_cast(binder, expr, type, false, out, err);
    }
    return rz_bind_implicit_cast(binder, expr, type, out, err);
}

/* ---- value forms ---- */

bool rz_bind_is_shown(const rz_type *type, const char *property)
{
    bool shown = !type->restricted;
    for (uint32_t i = 0; i < type->shown_count && !shown; i++) {
        shown = rz_name_equal(type->shown[i], property);
    }
    return shown;
}

/* The union of the tables' properties, in order of first appearance, behind the internal fields. */
static uint32_t value_fields(const rz_catalog *catalog, const rz_type *type, rz_type_field *fields, uint32_t count, uint32_t capacity)
{
    for (uint32_t t = 0; t < type->table_count; t++) {
        const rz_cat_table *table = type->id == RUZU_TYPE_NODE ? rz_catalog_node_table(catalog, type->tables[t])
                                                               : rz_catalog_rel_of_pair(catalog, type->tables[t], NULL);
        for (uint32_t p = 0; table != NULL && p < table->property_count; p++) {
            bool known = !rz_bind_is_shown(type, table->properties[p].name);
            for (uint32_t f = 0; f < count; f++) {
                known = known || rz_name_equal(fields[f].name, table->properties[p].name);
            }
            if (!known && count < capacity) {
                fields[count].name = table->properties[p].name;
                fields[count++].type = table->properties[p].type;
            }
        }
    }
    return count;
}

static ruzu_status value_type_graph(const rz_catalog *catalog, rz_arena *arena, const rz_type *type, const rz_type **out, rz_error *err)
{
    uint32_t capacity = 4;
    for (uint32_t t = 0; t < type->table_count; t++) {
        const rz_cat_table *table = type->id == RUZU_TYPE_NODE ? rz_catalog_node_table(catalog, type->tables[t])
                                                               : rz_catalog_rel_of_pair(catalog, type->tables[t], NULL);
        capacity += table == NULL ? 0 : table->property_count;
    }
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, capacity);
    RZ_TRY_ALLOC(fields, err, "binding a result");
    uint32_t count = 0;
    const rz_type *id_type = rz_type_of(RUZU_TYPE_INTERNAL_ID);
    if (type->id == RUZU_TYPE_REL) {
        fields[count++] = (rz_type_field){.name = "_SRC", .type = id_type};
        fields[count++] = (rz_type_field){.name = "_DST", .type = id_type};
        fields[count++] = (rz_type_field){.name = "_LABEL", .type = RZ_STRING};
        fields[count++] = (rz_type_field){.name = "_ID", .type = id_type};
    } else {
        fields[count++] = (rz_type_field){.name = "_ID", .type = id_type};
        fields[count++] = (rz_type_field){.name = "_LABEL", .type = RZ_STRING};
    }
    count = value_fields(catalog, type, fields, count, capacity);
    *out = rz_type_graph_value(arena, (ruzu_type_id)type->id, fields, count);
    RZ_TRY_ALLOC(*out, err, "binding a result");
    return RUZU_OK;
}

static ruzu_status value_type_fields(const rz_catalog *catalog, rz_arena *arena, const rz_type *type, const rz_type **out, rz_error *err)
{
    rz_type *copy = (rz_type *)rz_arena_dup(arena, type, sizeof *type);
    rz_type_field *fields = RZ_NEW_ARRAY(arena, rz_type_field, type->field_count);
    if (copy == NULL || fields == NULL) {
        return rz_error_no_memory(err, "binding a result");
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i].name = type->fields[i].name;
        RZ_TRY(rz_bound_value_type(catalog, arena, type->fields[i].type, &fields[i].type, err));
    }
    copy->fields = fields;
    *out = copy;
    return RUZU_OK;
}

ruzu_status rz_bound_value_type(const rz_catalog *catalog, rz_arena *arena, const rz_type *type, const rz_type **out, rz_error *err)
{
    *out = type;
    if (!rz_type_has_graph_ref(type)) {
        return RUZU_OK;
    }
    if (type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL) {
        return value_type_graph(catalog, arena, type, out, err);
    }
    if (type->physical == RZ_PHYS_STRUCT) {
        return value_type_fields(catalog, arena, type, out, err);
    }
    rz_type *copy = (rz_type *)rz_arena_dup(arena, type, sizeof *type);
    RZ_TRY_ALLOC(copy, err, "binding a result");
    *out = copy;
    return rz_bound_value_type(catalog, arena, type->child, &copy->child, err);
}

ruzu_status rz_bind_value_type(rz_binder *binder, const rz_type *type, const rz_type **out, rz_error *err)
{
    return rz_bound_value_type(binder->context->catalog, binder->arena, type, out, err);
}

ruzu_status rz_bind_to_value(rz_binder *binder, rz_expr *expr, rz_expr **out, rz_error *err)
{
    *out = expr;
    if (!rz_type_has_graph_ref(expr->type)) {
        return RUZU_OK;
    }
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_value_type(binder, expr->type, &type, err));
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_GRAPH_VALUE, type, &expr, 1, out, err));
    return rz_bind_name(binder, *out, err);
}
