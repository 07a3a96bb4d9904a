/* SPDX-License-Identifier: MIT */
/*
 * Functions over nodes, relationships and paths: they need the catalog or the form of references, so they are expression kinds, not registry functions.
 */
#include "binder/bind.h"

static bool graph_is_element(const rz_expr *expr)
{
    return (expr->type->id == RUZU_TYPE_NODE || expr->type->id == RUZU_TYPE_REL) && expr->type->physical != RZ_PHYS_STRUCT;
}

static ruzu_status graph_unary(rz_binder *binder, rz_expr_kind kind, const rz_type *type, rz_expr *object, rz_expr **out, rz_error *err)
{
    RZ_TRY(rz_bind_new(binder, kind, type, &object, 1, out, err));
    return rz_bind_name(binder, *out, err);
}

ruzu_status rz_bind_id(rz_binder *binder, rz_expr *object, rz_expr **out, rz_error *err)
{
    return graph_unary(binder, RZ_EXPR_ID, rz_type_of(RUZU_TYPE_INTERNAL_ID), object, out, err);
}

static const char *graph_table_name(rz_binder *binder, const rz_type *type, uint32_t idx)
{
    const rz_cat_table *table = type->id == RUZU_TYPE_NODE ? rz_catalog_node_table(binder->context->catalog, type->tables[idx])
                                                           : rz_catalog_rel_of_pair(binder->context->catalog, type->tables[idx], NULL);
    return table == NULL ? "" : table->name;
}

ruzu_status rz_bind_label(rz_binder *binder, rz_expr *object, rz_expr **out, rz_error *err)
{
    const char **names = RZ_NEW_ARRAY(binder->arena, const char *, object->type->table_count);
    RZ_TRY_ALLOC(names, err, "binding a label");
    bool same = object->type->table_count != 0;
    for (uint32_t i = 0; i < object->type->table_count; i++) {
        names[i] = graph_table_name(binder, object->type, i);
        same = same && strcmp(names[i], names[0]) == 0;
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_LABEL, RZ_STRING, &object, 1, out, err));
    (*out)->u.label.names = names;
    RZ_TRY(rz_bind_name(binder, *out, err));
    if (same) { /* a single table: the column is named by the label itself (dialect §4.1) */
        (*out)->name = names[0];
    }
    return RUZU_OK;
}

/* ---- label predicates ---- */

static bool label_matches(const rz_ast_label *label, const char *name)
{
    switch (label->kind) {
    case RZ_AST_LABEL_NAME: return rz_name_equal(label->name, name);
    case RZ_AST_LABEL_ANY: return true;
    case RZ_AST_LABEL_NOT: return !label_matches(label->children[0], name);
    case RZ_AST_LABEL_AND:
    case RZ_AST_LABEL_COLONS:
        for (uint32_t i = 0; i < label->child_count; i++) {
            if (!label_matches(label->children[i], name)) {
                return false;
            }
        }
        return true;
    case RZ_AST_LABEL_OR:
        for (uint32_t i = 0; i < label->child_count; i++) {
            if (label_matches(label->children[i], name)) {
                return true;
            }
        }
        return false;
    }
    return false;
}

ruzu_status rz_bind_label_predicate(rz_binder *binder, rz_expr *object, const rz_ast_label *label, rz_expr **out, rz_error *err)
{
    if (!graph_is_element(object)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, label->position, "%s has data type %s but (NODE,REL) was expected.", rz_expr_text(object),
                               rz_bind_type_text(binder, object->type));
    }
    rz_expr *name = NULL;
    RZ_TRY(rz_bind_label(binder, object, &name, err));
    rz_expr **choices = RZ_NEW_ARRAY(binder->arena, rz_expr *, object->type->table_count + 1);
    RZ_TRY_ALLOC(choices, err, "binding a label");
    uint32_t count = 0;
    for (uint32_t i = 0; i < object->type->table_count; i++) {
        if (label_matches(label, name->u.label.names[i])) {
            rz_expr *literal = NULL;
            RZ_TRY(rz_bind_literal_string(binder, name->u.label.names[i], &literal, err));
            RZ_TRY(rz_bind_compare(binder, "EQUALS", name, literal, &choices[count++], err));
        }
    }
    if (count == 0) { /* never TRUE; NULL for a NULL object */
        rz_expr *literal = NULL;
        RZ_TRY(rz_bind_literal_string(binder, "", &literal, err));
        RZ_TRY(rz_bind_compare(binder, "EQUALS", name, literal, &choices[count++], err));
    }
    if (count == 1) {
        *out = choices[0];
        return RUZU_OK;
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_OR, RZ_BOOL, choices, count, out, err));
    return rz_bind_name(binder, *out, err);
}

/* ---- paths ---- */

static ruzu_status graph_field(rz_binder *binder, rz_expr *path, uint32_t field, rz_expr **out, rz_error *err)
{
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_FIELD, path->type->fields[field].type, &path, 1, out, err));
    (*out)->u.field = field;
    return rz_bind_name(binder, *out, err);
}

static ruzu_status graph_length(rz_binder *binder, rz_expr *path, rz_expr **out, rz_error *err)
{
    rz_expr *rels = NULL;
    RZ_TRY(graph_field(binder, path, 1, &rels, err));
    RZ_TRY(rz_bind_call(binder, "SIZE", &rels, NULL, 1, out, err));
    (*out)->name = rz_arena_printf(binder->arena, "%s._LENGTH", rz_expr_text(path));
    RZ_TRY_ALLOC((*out)->name, err, "naming a column");
    return RUZU_OK;
}

/* TRANSFORM over a list of references with a body made here. */
static ruzu_status graph_map(rz_binder *binder, rz_expr *list, rz_expr *param, rz_expr *body, rz_expr **out, rz_error *err)
{
    const rz_type *type = rz_type_list(binder->arena, body->type);
    RZ_TRY_ALLOC(type, err, "binding a path function");
    rz_expr *children[2] = {list, body};
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_LIST_LAMBDA, type, children, 2, out, err));
    (*out)->u.lambda.kind = RZ_LAMBDA_TRANSFORM;
    (*out)->u.lambda.params[0] = param->u.column;
    (*out)->u.lambda.params[1] = RZ_NO_COLUMN_ID;
    return rz_bind_name(binder, *out, err);
}

static ruzu_status graph_param(rz_binder *binder, const rz_expr *list, rz_expr **out, rz_error *err)
{
    return rz_bind_column(binder, "_", rz_bind_new_column(binder), list->type->child, out, err);
}

/* properties(nodes(p), 'name') */
static ruzu_status graph_properties(rz_binder *binder, const rz_ast_expr *ast, rz_expr **args, uint32_t count, rz_expr **out, rz_error *err)
{
    if (count != 2 || args[0]->type->id != RUZU_TYPE_LIST || args[1]->kind != RZ_EXPR_LITERAL || args[1]->type->id != RUZU_TYPE_STRING ||
        (args[0]->type->child->id != RUZU_TYPE_NODE && args[0]->type->child->id != RUZU_TYPE_REL)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "PROPERTIES takes a list of nodes or relationships and the name of a property.");
    }
    rz_expr *param = NULL;
    rz_expr *body = NULL;
    RZ_TRY(graph_param(binder, args[0], &param, err));
    const char *name = rz_arena_strndup(binder->arena, args[1]->u.literal->u.text.data, (size_t)args[1]->u.literal->u.text.length);
    RZ_TRY_ALLOC(name, err, "binding a property");
    RZ_TRY(rz_bind_property(binder, param, name, ast->position, &body, err));
    return graph_map(binder, args[0], param, body, out, err);
}

/* is_trail, is_acyclic: as many different ids as there are elements */
static ruzu_status graph_all_distinct(rz_binder *binder, rz_expr *path, uint32_t field, rz_expr **out, rz_error *err)
{
    rz_expr *list = NULL;
    rz_expr *param = NULL;
    rz_expr *id = NULL;
    rz_expr *ids = NULL;
    rz_expr *sides[2];
    RZ_TRY(graph_field(binder, path, field, &list, err));
    RZ_TRY(graph_param(binder, list, &param, err));
    RZ_TRY(rz_bind_id(binder, param, &id, err));
    RZ_TRY(graph_map(binder, list, param, id, &ids, err));
    RZ_TRY(rz_bind_call(binder, "LIST_UNIQUE", &ids, NULL, 1, &sides[0], err));
    RZ_TRY(rz_bind_call(binder, "SIZE", &ids, NULL, 1, &sides[1], err));
    RZ_TRY(rz_bind_compare(binder, "EQUALS", sides[0], sides[1], out, err));
    (*out)->name = rz_arena_printf(binder->arena, "%s(%s)", field == 1 ? "IS_TRAIL" : "IS_ACYCLIC", rz_expr_text(path));
    RZ_TRY_ALLOC((*out)->name, err, "naming a column");
    return RUZU_OK;
}

/* ---- keys and properties of one element ---- */

static ruzu_status graph_table_keys(rz_binder *binder, const rz_type *type, uint32_t idx, rz_expr **out, rz_error *err)
{
    const rz_cat_table *table = type->id == RUZU_TYPE_NODE ? rz_catalog_node_table(binder->context->catalog, type->tables[idx])
                                                           : rz_catalog_rel_of_pair(binder->context->catalog, type->tables[idx], NULL);
    uint32_t count = table == NULL ? 0 : table->property_count;
    rz_expr **names = RZ_NEW_ARRAY(binder->arena, rz_expr *, count);
    RZ_TRY_ALLOC(names, err, "binding keys");
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_bind_literal_string(binder, table->properties[i].name, &names[i], err));
    }
    RZ_TRY(rz_bind_call(binder, "LIST_CREATION", names, NULL, count, out, err));
    const rz_type *strings = rz_type_list(binder->arena, RZ_STRING);
    RZ_TRY_ALLOC(strings, err, "binding keys");
    return rz_bind_cast(binder, *out, strings, false, out, err);
}

/* CASE label WHEN … THEN its property names */
static ruzu_status graph_keys(rz_binder *binder, rz_expr *object, rz_expr **out, rz_error *err)
{
    uint32_t tables = object->type->table_count;
    rz_expr **parts = RZ_NEW_ARRAY(binder->arena, rz_expr *, 2 * tables + 1);
    RZ_TRY_ALLOC(parts, err, "binding keys");
    rz_expr *label = NULL;
    RZ_TRY(rz_bind_label(binder, object, &label, err));
    for (uint32_t i = 0; i < tables; i++) {
        rz_expr *name = NULL;
        RZ_TRY(rz_bind_literal_string(binder, label->u.label.names[i], &name, err));
        RZ_TRY(rz_bind_compare(binder, "EQUALS", label, name, &parts[2 * i], err));
        RZ_TRY(graph_table_keys(binder, object->type, i, &parts[2 * i + 1], err));
    }
    const rz_type *strings = rz_type_list(binder->arena, RZ_STRING);
    RZ_TRY_ALLOC(strings, err, "binding keys");
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_CASE, strings, parts, 2 * tables, out, err));
    (*out)->name = rz_arena_printf(binder->arena, "KEYS(%s)", rz_expr_text(object));
    RZ_TRY_ALLOC((*out)->name, err, "naming a column");
    return RUZU_OK;
}

/* ---- dispatch ---- */

static ruzu_status graph_element_function(rz_binder *binder, const char *name, rz_expr *object, rz_expr **out, rz_error *err)
{
    if (rz_name_equal(name, "ID")) {
        return rz_bind_id(binder, object, out, err);
    }
    if (rz_name_equal(name, "LABEL") || rz_name_equal(name, "LABELS") || rz_name_equal(name, "TYPE")) {
        return rz_bind_label(binder, object, out, err);
    }
    if (rz_name_equal(name, "KEYS")) {
        return graph_keys(binder, object, out, err);
    }
    if (object->type->id == RUZU_TYPE_REL && (rz_name_equal(name, "START_NODE") || rz_name_equal(name, "STARTNODE") || rz_name_equal(name, "END_NODE") ||
                                              rz_name_equal(name, "ENDNODE"))) {
        RZ_ARRAY(uint32_t) tables = {0};
        bool start = rz_name_equal(name, "START_NODE") || rz_name_equal(name, "STARTNODE");
        for (uint32_t i = 0; i < object->type->table_count; i++) {
            const rz_cat_pair *pair = NULL;
            (void)rz_catalog_rel_of_pair(binder->context->catalog, object->type->tables[i], &pair);
            uint32_t table = pair == NULL ? 0 : start ? pair->src_table : pair->dst_table;
            uint32_t at = 0;
            while (at < tables.count && tables.items[at] < table) {
                at++;
            }
            if (at < tables.count && tables.items[at] == table) {
                continue;
            }
            if (!RZ_ARRAY_PUSH(&tables, binder->arena, table)) {
                return rz_error_no_memory(err, "binding a function");
            }
            for (uint32_t j = tables.count - 1; j > at; j--) {
                tables.items[j] = tables.items[j - 1];
            }
            tables.items[at] = table;
        }
        const rz_type *type = rz_type_node(binder->arena, tables.items, tables.count);
        RZ_TRY_ALLOC(type, err, "binding a function");
        return graph_unary(binder, start ? RZ_EXPR_START_NODE : RZ_EXPR_END_NODE, type, object, out, err);
    }
    return RUZU_OK;
}

ruzu_status rz_bind_graph_function(rz_binder *binder, const rz_ast_expr *ast, const char *canonical, rz_expr **args, uint32_t count, rz_expr **out, rz_error *err)
{
    const char *name = canonical == NULL ? ast->function.name : canonical;
    *out = NULL;
    if (rz_name_equal(name, "PROPERTIES")) {
        return graph_properties(binder, ast, args, count, out, err);
    }
    if (count == 2 && graph_is_element(args[0]) && rz_name_equal(name, "STRUCT_EXTRACT") && args[1]->kind == RZ_EXPR_LITERAL &&
        args[1]->type->id == RUZU_TYPE_STRING) {
        const char *field = rz_arena_strndup(binder->arena, args[1]->u.literal->u.text.data, (size_t)args[1]->u.literal->u.text.length);
        RZ_TRY_ALLOC(field, err, "binding a property");
        return rz_bind_property(binder, args[0], field, ast->position, out, err);
    }
    if (count != 1) {
        return RUZU_OK;
    }
    if (graph_is_element(args[0])) {
        return graph_element_function(binder, name, args[0], out, err);
    }
    if (args[0]->type->id == RUZU_TYPE_RECURSIVE_REL && args[0]->type->field_count == 2) {
        if (rz_name_equal(name, "NODES")) {
            return graph_field(binder, args[0], 0, out, err);
        }
        if (rz_name_equal(name, "RELS") || rz_name_equal(name, "RELATIONSHIPS")) {
            return graph_field(binder, args[0], 1, out, err);
        }
        if (rz_name_equal(name, "COST")) {
            return rz_bind_cost(binder, ast, args[0], out, err);
        }
        if (rz_name_equal(name, "LENGTH")) {
            return graph_length(binder, args[0], out, err);
        }
        if (rz_name_equal(name, "IS_TRAIL")) {
            return graph_all_distinct(binder, args[0], 1, out, err);
        }
        if (rz_name_equal(name, "IS_ACYCLIC")) {
            return graph_all_distinct(binder, args[0], 0, out, err);
        }
    }
    if (args[0]->type->id == RUZU_TYPE_ANY &&
        (rz_name_equal(name, "ID") || rz_name_equal(name, "LABEL") || rz_name_equal(name, "NODES") || rz_name_equal(name, "RELS") ||
         rz_name_equal(name, "LENGTH") || rz_name_equal(name, "TYPE") || rz_name_equal(name, "LABELS"))) {
        return rz_bind_literal_null(binder, RZ_ANY, out, err);
    }
    return RUZU_OK;
}
