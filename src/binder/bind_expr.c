/* SPDX-License-Identifier: MIT */
/*
 * Expressions: literals, operators, CASE, property access, subqueries, comprehensions.
 *
 * Recursion follows the syntax tree, whose height the parser has limited (rz_ast_expr.height).
 */
#include "binder/bind.h"

/* ---- literals ---- */

static ruzu_status expr_literal(rz_binder *binder, const rz_value *value, rz_expr **out, rz_error *err)
{
    *out = rz_expr_literal(binder->arena, value);
    RZ_TRY_ALLOC(*out, err, "binding a constant");
    return rz_bind_name(binder, *out, err);
}

ruzu_status rz_bind_literal_string(rz_binder *binder, const char *text, rz_expr **out, rz_error *err)
{
    rz_value value = {.type = RZ_STRING, .u.text = {.data = text, .length = strlen(text)}};
    return expr_literal(binder, &value, out, err);
}

ruzu_status rz_bind_literal_int(rz_binder *binder, int64_t number, rz_expr **out, rz_error *err)
{
    rz_value value = {.type = RZ_INT64, .u.i64 = number};
    return expr_literal(binder, &value, out, err);
}

ruzu_status rz_bind_literal_null(rz_binder *binder, const rz_type *type, rz_expr **out, rz_error *err)
{
    rz_value value = {.type = type, .is_null = true};
    return expr_literal(binder, &value, out, err);
}

static ruzu_status expr_bind_literal(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_value value = {.type = RZ_ANY, .is_null = true};
    switch ((int)ast->kind) {
    case RZ_AST_EXPR_BOOL: value = (rz_value){.type = RZ_BOOL, .u.boolean = ast->value.boolean}; break;
    case RZ_AST_EXPR_INT64: value = (rz_value){.type = RZ_INT64, .u.i64 = ast->value.int64}; break;
    case RZ_AST_EXPR_INT128: value = (rz_value){.type = rz_type_of(RUZU_TYPE_INT128), .u.i128 = ast->value.int128}; break;
    case RZ_AST_EXPR_DOUBLE: value = (rz_value){.type = RZ_DOUBLE, .u.f64 = ast->value.dbl}; break;
    case RZ_AST_EXPR_STRING:
        value = (rz_value){.type = RZ_STRING, .u.text = {.data = ast->value.string.data, .length = ast->value.string.length}};
        break;
    default: break; /* NULL */
    }
    return expr_literal(binder, &value, out, err);
}

static ruzu_status expr_bind_parameter(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    for (uint32_t i = 0; i < binder->context->parameter_count; i++) {
        if (rz_name_equal(binder->context->parameters[i].name, ast->name)) {
            RZ_TRY(rz_bind_new(binder, RZ_EXPR_PARAMETER, binder->context->parameters[i].value->type, NULL, 0, out, err));
            (*out)->u.parameter = i;
            return rz_bind_name(binder, *out, err);
        }
    }
    return rz_error_set_at(err, RUZU_ERROR_RUNTIME, ast->position, "Parameter %s not found.", ast->name);
}

/* ---- names ---- */

ruzu_status rz_bind_column(rz_binder *binder, const char *name, uint32_t column, const rz_type *type, rz_expr **out, rz_error *err)
{
    *out = rz_expr_column(binder->arena, column, type);
    RZ_TRY_ALLOC(*out, err, "binding a variable");
    (*out)->name = name;
    return RUZU_OK;
}

static ruzu_status expr_bind_variable(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    const bind_variable *variable = NULL;
    RZ_TRY(rz_bind_lookup(binder, ast->name, &variable, err));
    if (variable == NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Variable %s is not in scope.", ast->name);
    }
    return rz_bind_column(binder, variable->name, variable->column, variable->type, out, err);
}

/* Column index of a property in each table of a NODE or REL type, and their one type. */
static ruzu_status property_columns(rz_binder *binder, const rz_type *type, const char *name, const uint32_t **out_idxs, const rz_type **out_type,
                                    const char **out_name, rz_error *err)
{
    uint32_t *idxs = RZ_NEW_ARRAY(binder->arena, uint32_t, type->table_count);
    RZ_TRY_ALLOC(idxs, err, "binding a property");
    *out_type = NULL;
    for (uint32_t t = 0; t < type->table_count; t++) {
        const rz_cat_table *table = type->id == RUZU_TYPE_NODE ? rz_catalog_node_table(binder->context->catalog, type->tables[t])
                                                               : rz_catalog_rel_of_pair(binder->context->catalog, type->tables[t], NULL);
        int32_t idx = table == NULL ? -1 : rz_cat_find_property(table, name);
        idxs[t] = idx < 0 ? RZ_NO_COLUMN : (uint32_t)idx;
        if (idx < 0) {
            continue;
        }
        const rz_type *found = table->properties[idx].type;
        if (*out_type != NULL && !rz_type_equal(*out_type, found)) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Expected the same data type for property %s but found %s and %s.", name,
                                rz_bind_type_text(binder, *out_type), rz_bind_type_text(binder, found));
        }
        *out_type = found;
        *out_name = table->properties[idx].name;
        if (!rz_bind_is_shown(type, name)) {
            idxs[t] = RZ_NO_COLUMN;
        }
    }
    *out_idxs = idxs;
    return RUZU_OK;
}

ruzu_status rz_bind_property(rz_binder *binder, rz_expr *object, const char *name, uint32_t position, rz_expr **out, rz_error *err)
{
    const rz_type *type = object->type;
    if (type->id == RUZU_TYPE_NODE || type->id == RUZU_TYPE_REL) {
        if (rz_name_equal(name, "_id")) {
            return rz_bind_id(binder, object, out, err);
        }
        if (rz_name_equal(name, "_label")) {
            return rz_bind_label(binder, object, out, err);
        }
        const uint32_t *idxs = NULL;
        const rz_type *property_type = NULL;
        const char *spelled = name;
        RZ_TRY(property_columns(binder, type, name, &idxs, &property_type, &spelled, err));
        if (property_type == NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot find property %s for %s.", name, rz_expr_text(object));
        }
        RZ_TRY(rz_bind_new(binder, RZ_EXPR_PROPERTY, property_type, &object, 1, out, err));
        (*out)->u.property.name = spelled;
        (*out)->u.property.column_idxs = idxs;
        (*out)->position = position;
        return rz_bind_name(binder, *out, err);
    }
    if (type->id == RUZU_TYPE_STRUCT || type->id == RUZU_TYPE_UNION || type->id == RUZU_TYPE_MAP) {
        rz_expr *args[2] = {object, NULL};
        RZ_TRY(rz_bind_literal_string(binder, name, &args[1], err));
        return rz_bind_call(binder, type->id == RUZU_TYPE_STRUCT ? "STRUCT_EXTRACT" : type->id == RUZU_TYPE_UNION ? "UNION_EXTRACT" : "MAP_EXTRACT", args, NULL, 2,
                            out, err);
    }
    if (type->id == RUZU_TYPE_ANY) {
        return rz_bind_literal_null(binder, RZ_ANY, out, err);
    }
    if (type->id == RUZU_TYPE_RECURSIVE_REL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot read property of variable length rel %s.", rz_expr_text(object));
    }
    return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "%s has data type %s but (NODE,REL,STRUCT,ANY) was expected.", rz_expr_text(object),
                           rz_bind_type_text(binder, type));
}

/* ---- operators ---- */

static const char *op_function(rz_ast_op op)
{
    switch (op) {
    case RZ_AST_OP_ADD: return "+";
    case RZ_AST_OP_CONCAT: return "+";
    case RZ_AST_OP_NEGATE: return "NEGATE";
    case RZ_AST_OP_FACTORIAL: return "FACTORIAL";
    case RZ_AST_OP_EQ: return "EQUALS";
    case RZ_AST_OP_NE: return "NOT_EQUALS";
    case RZ_AST_OP_LT: return "LESS_THAN";
    case RZ_AST_OP_LE: return "LESS_THAN_EQUALS";
    case RZ_AST_OP_GT: return "GREATER_THAN";
    case RZ_AST_OP_GE: return "GREATER_THAN_EQUALS";
    case RZ_AST_OP_REGEX: return "REGEXP_FULL_MATCH";
    case RZ_AST_OP_STARTS_WITH: return "STARTS_WITH";
    case RZ_AST_OP_ENDS_WITH: return "ENDS_WITH";
    case RZ_AST_OP_CONTAINS: return "CONTAINS";
    case RZ_AST_OP_IN: return "LIST_CONTAINS";
    case RZ_AST_OP_BIT_OR: return "BITWISE_OR";
    case RZ_AST_OP_BIT_AND: return "BITWISE_AND";
    case RZ_AST_OP_SHIFT_LEFT: return "BITSHIFT_LEFT";
    case RZ_AST_OP_SHIFT_RIGHT: return "BITSHIFT_RIGHT";
    case RZ_AST_OP_SUBTRACT: return "-";
    case RZ_AST_OP_MULTIPLY: return "*";
    case RZ_AST_OP_DIVIDE: return "/";
    case RZ_AST_OP_MODULO: return "%";
    case RZ_AST_OP_POWER: return "^";
    case RZ_AST_OP_OR:
    case RZ_AST_OP_XOR:
    case RZ_AST_OP_AND:
    case RZ_AST_OP_NOT:
    case RZ_AST_OP_PLUS:
    case RZ_AST_OP_IS_NULL:
    case RZ_AST_OP_IS_NOT_NULL: break;
    }
    return NULL;
}

static bool op_is_comparison(rz_ast_op op)
{
    return op >= RZ_AST_OP_EQ && op <= RZ_AST_OP_GE;
}

static ruzu_status expr_bind_children(rz_binder *binder, const rz_ast_expr *ast, rz_expr ***out, rz_error *err)
{
    *out = RZ_NEW_ARRAY(binder->arena, rz_expr *, ast->child_count);
    RZ_TRY_ALLOC(*out, err, "binding an expression");
    for (uint32_t i = 0; i < ast->child_count; i++) {
        if (ast->children[i] != NULL) {
            RZ_TRY(rz_bind_expr(binder, ast->children[i], &(*out)[i], err));
        }
    }
    return RUZU_OK;
}

static ruzu_status expr_bind_connective(rz_binder *binder, rz_expr_kind kind, rz_expr **children, uint32_t count, rz_expr **out, rz_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_bind_implicit_cast(binder, children[i], RZ_BOOL, &children[i], err));
    }
    RZ_TRY(rz_bind_new(binder, kind, RZ_BOOL, children, count, out, err));
    return rz_bind_name(binder, *out, err);
}

/* n-ary + is the left fold; each step resolves on its own (dates, lists, numbers may mix). */
static ruzu_status expr_bind_fold(rz_binder *binder, rz_expr **children, uint32_t count, rz_expr **out, rz_error *err)
{
    *out = children[0];
    for (uint32_t i = 1; i < count; i++) {
        rz_expr *args[2] = {*out, children[i]};
        RZ_TRY(rz_bind_call(binder, "+", args, NULL, 2, out, err));
    }
    return RUZU_OK;
}

static ruzu_status expr_bind_operator(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    rz_ast_op op = (rz_ast_op)ast->op;
    switch ((int)op) {
    case RZ_AST_OP_OR: return expr_bind_connective(binder, RZ_EXPR_OR, children, ast->child_count, out, err);
    case RZ_AST_OP_XOR: return expr_bind_connective(binder, RZ_EXPR_XOR, children, ast->child_count, out, err);
    case RZ_AST_OP_AND: return expr_bind_connective(binder, RZ_EXPR_AND, children, ast->child_count, out, err);
    case RZ_AST_OP_NOT: return expr_bind_connective(binder, RZ_EXPR_NOT, children, 1, out, err);
    case RZ_AST_OP_PLUS: *out = children[0]; return RUZU_OK;
    case RZ_AST_OP_IS_NULL:
    case RZ_AST_OP_IS_NOT_NULL:
        RZ_TRY(rz_bind_new(binder, op == RZ_AST_OP_IS_NULL ? RZ_EXPR_IS_NULL : RZ_EXPR_IS_NOT_NULL, RZ_BOOL, children, 1, out, err));
        return rz_bind_name(binder, *out, err);
    case RZ_AST_OP_ADD: return expr_bind_fold(binder, children, ast->child_count, out, err);
    case RZ_AST_OP_CONCAT:
        for (uint32_t i = 0; i < ast->child_count; i++) {
            if (children[i]->type->physical != RZ_PHYS_LIST) {
                RZ_TRY(rz_bind_cast(binder, children[i], RZ_STRING, false, &children[i], err));
            }
        }
        return expr_bind_fold(binder, children, ast->child_count, out, err);
    case RZ_AST_OP_IN: {
        rz_expr *swapped[2] = {children[1], children[0]};
        if (children[1]->type->id == RUZU_TYPE_ANY) {
            return rz_bind_literal_null(binder, RZ_BOOL, out, err);
        }
        return rz_bind_call(binder, "LIST_CONTAINS", swapped, NULL, 2, out, err);
    }
    default: break;
    }
    if (op_is_comparison(op)) {
        return rz_bind_compare(binder, op_function(op), children[0], children[1], out, err);
    }
    return rz_bind_call(binder, op_function(op), children, NULL, ast->child_count, out, err);
}

static ruzu_status expr_bind_chain(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    rz_expr **parts = RZ_NEW_ARRAY(binder->arena, rz_expr *, ast->child_count);
    RZ_TRY_ALLOC(parts, err, "binding a comparison");
    for (uint32_t i = 0; i + 1 < ast->child_count; i++) {
        RZ_TRY(rz_bind_compare(binder, op_function((rz_ast_op)ast->chain_ops[i]), children[i], children[i + 1], &parts[i], err));
    }
    return expr_bind_connective(binder, RZ_EXPR_AND, parts, ast->child_count - 1, out, err);
}

/* ---- CASE ---- */

static ruzu_status expr_bind_case(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    uint32_t first = (ast->flags & RZ_AST_FLAG_HAS_OPERAND) != 0 ? 1 : 0;
    bool has_else = (ast->flags & RZ_AST_FLAG_HAS_ELSE) != 0;
    uint32_t count = ast->child_count - first;
    uint32_t pairs = count / 2;
    rz_expr **parts = RZ_NEW_ARRAY(binder->arena, rz_expr *, count);
    rz_expr **values = RZ_NEW_ARRAY(binder->arena, rz_expr *, pairs + 1);
    if (parts == NULL || values == NULL) {
        return rz_error_no_memory(err, "binding CASE");
    }
    for (uint32_t i = 0; i < pairs; i++) {
        rz_expr *when = children[first + 2 * i];
        if (first == 1 && when->kind == RZ_EXPR_LITERAL && when->type->id == RUZU_TYPE_ANY) { /* WHEN NULL */
            RZ_TRY(rz_bind_new(binder, RZ_EXPR_IS_NULL, RZ_BOOL, &children[0], 1, &when, err));
            RZ_TRY(rz_bind_name(binder, when, err));
        } else if (first == 1) {
            RZ_TRY(rz_bind_compare(binder, "EQUALS", children[0], when, &when, err));
        } else {
            RZ_TRY(rz_bind_implicit_cast(binder, when, RZ_BOOL, &when, err));
        }
        parts[2 * i] = when;
        values[i] = children[first + 2 * i + 1];
    }
    if (has_else) {
        values[pairs] = children[ast->child_count - 1];
    }
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_unify(binder, values, pairs + (has_else ? 1 : 0), &type, err));
    for (uint32_t i = 0; i < pairs; i++) {
        parts[2 * i + 1] = values[i];
    }
    if (has_else) {
        parts[count - 1] = values[pairs];
    }
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_CASE, type, parts, count, out, err));
    return rz_bind_name(binder, *out, err);
}

/* ---- lists, structs, casts ---- */

static ruzu_status expr_bind_list(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    RZ_TRY(rz_bind_open_elements(binder, children, ast->child_count, err));
    return rz_bind_call(binder, "LIST_CREATION", children, NULL, ast->child_count, out, err);
}

static ruzu_status expr_bind_struct(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    return rz_bind_call(binder, "STRUCT_PACK", children, ast->field_names, ast->child_count, out, err);
}

static ruzu_status expr_bind_cast(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr *child = NULL;
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &child, err));
    RZ_TRY(rz_bind_type_name(binder, ast->type.data, ast->type.length, &type, err));
    bool graph_text = type->id == RUZU_TYPE_STRING && rz_type_has_graph_ref(child->type);
    if (child->type->id != RUZU_TYPE_ANY && !graph_text && !rz_type_equal(child->type, type) && !rz_cast_exists(child->type, type)) {
        return rz_error_set_at(err, RUZU_ERROR_CONVERSION, ast->position, "Unsupported casting function from %s to %s.", rz_bind_type_text(binder, child->type),
                               rz_bind_type_text(binder, type));
    }
    return rz_bind_cast(binder, child, type, false, out, err);
}

static ruzu_status expr_bind_index(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    if (children[0]->type->id == RUZU_TYPE_MAP) { /* m[key]: the value or NULL */
        rz_expr *list = NULL;
        RZ_TRY(rz_bind_call(binder, "MAP_EXTRACT", children, NULL, 2, &list, err));
        return rz_bind_call(binder, "HEAD", &list, NULL, 1, out, err);
    }
    if (children[0]->type->id == RUZU_TYPE_ANY) {
        return rz_bind_literal_null(binder, RZ_ANY, out, err);
    }
    return rz_bind_call(binder, "LIST_EXTRACT", children, NULL, 2, out, err);
}

static ruzu_status expr_bind_slice(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr **children = NULL;
    RZ_TRY(expr_bind_children(binder, ast, &children, err));
    if (children[0]->type->id == RUZU_TYPE_ANY) {
        return rz_bind_literal_null(binder, RZ_ANY, out, err);
    }
    if (children[1] == NULL) {
        RZ_TRY(rz_bind_literal_int(binder, 1, &children[1], err));
    }
    if (children[2] == NULL) {
        RZ_TRY(rz_bind_literal_int(binder, -1, &children[2], err));
    }
    return rz_bind_call(binder, "LIST_SLICE", children, NULL, 3, out, err);
}

/* ---- things with variables of their own ---- */

static ruzu_status expr_bind_quantifier(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    static const rz_lambda_kind kinds[] = {[RZ_AST_QUANTIFIER_ALL] = RZ_LAMBDA_ALL,
                                           [RZ_AST_QUANTIFIER_ANY] = RZ_LAMBDA_ANY,
                                           [RZ_AST_QUANTIFIER_NONE] = RZ_LAMBDA_NONE,
                                           [RZ_AST_QUANTIFIER_SINGLE] = RZ_LAMBDA_SINGLE};
    rz_expr *list = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &list, err));
    return rz_bind_lambda(binder, kinds[ast->quantifier.kind], list, &ast->quantifier.variable, 1, ast->children[1], NULL, out, err);
}

static ruzu_status expr_bind_comprehension(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    RZ_TRY(rz_bind_expr(binder, ast->children[0], out, err));
    if (ast->children[1] != NULL) {
        RZ_TRY(rz_bind_lambda(binder, RZ_LAMBDA_FILTER, *out, &ast->name, 1, ast->children[1], NULL, out, err));
    }
    if (ast->children[2] != NULL) {
        RZ_TRY(rz_bind_lambda(binder, RZ_LAMBDA_TRANSFORM, *out, &ast->name, 1, ast->children[2], NULL, out, err));
    }
    return RUZU_OK;
}

static ruzu_status expr_bind_reduce(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr *initial = NULL;
    rz_expr *list = NULL;
    const char *params[2] = {ast->reduce.accumulator, ast->reduce.variable};
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &initial, err));
    RZ_TRY(rz_bind_expr(binder, ast->children[1], &list, err));
    return rz_bind_lambda(binder, RZ_LAMBDA_REDUCE, list, params, 2, ast->children[2], initial, out, err);
}

static ruzu_status expr_bind_map_projection(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr *object = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &object, err));
    RZ_ARRAY(rz_expr *) values = {0};
    RZ_ARRAY(const char *) names = {0};
    uint32_t next_child = 1;
    for (uint32_t i = 0; i < ast->projection.item_count; i++) {
        const rz_ast_projection_item *item = &ast->projection.items[i];
        rz_expr *value = NULL;
        if (item->kind == RZ_AST_MAP_PROPERTY) {
            RZ_TRY(rz_bind_property(binder, object, item->name, ast->position, &value, err));
        } else if (item->kind == RZ_AST_MAP_KEY) {
            RZ_TRY(rz_bind_expr(binder, ast->children[next_child++], &value, err));
        } else if (item->kind == RZ_AST_MAP_VARIABLE) {
            rz_ast_expr variable = {.kind = RZ_AST_EXPR_VARIABLE, .position = ast->position, .name = item->name};
            RZ_TRY(expr_bind_variable(binder, &variable, &value, err));
        } else {
            const rz_type *type = NULL;
            RZ_TRY(rz_bind_value_type(binder, object->type, &type, err));
            for (uint32_t f = 0; f < type->field_count; f++) {
                if (type->fields[f].name[0] == '_') {
                    continue;
                }
                RZ_TRY(rz_bind_property(binder, object, type->fields[f].name, ast->position, &value, err));
                if (!RZ_ARRAY_PUSH(&values, binder->arena, value) || !RZ_ARRAY_PUSH(&names, binder->arena, type->fields[f].name)) {
                    return rz_error_no_memory(err, "binding a map projection");
                }
            }
            continue;
        }
        if (!RZ_ARRAY_PUSH(&values, binder->arena, value) || !RZ_ARRAY_PUSH(&names, binder->arena, item->name)) {
            return rz_error_no_memory(err, "binding a map projection");
        }
    }
    return rz_bind_call(binder, "STRUCT_PACK", values.items, names.items, values.count, out, err);
}

static ruzu_status expr_bind_is_type(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr *child = NULL;
    const rz_type *type = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &child, err));
    RZ_TRY(rz_bind_type_name(binder, ast->type.data, ast->type.length, &type, err));
    bool is = rz_type_equal(child->type, type) != ((ast->flags & RZ_AST_FLAG_NEGATED) != 0);
    rz_value value = {.type = RZ_BOOL, .u.boolean = is};
    return expr_literal(binder, &value, out, err);
}

static ruzu_status expr_bind_label_predicate(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr *object = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &object, err));
    return rz_bind_label_predicate(binder, object, ast->label, out, err);
}

static ruzu_status expr_bind_property_access(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    rz_expr *object = NULL;
    RZ_TRY(rz_bind_expr(binder, ast->children[0], &object, err));
    return rz_bind_property(binder, object, ast->name, ast->position, out, err);
}

static ruzu_status expr_bind_subquery(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    static const rz_subquery_kind kinds[] = {[RZ_AST_SUBQUERY_EXISTS] = RZ_SUBQUERY_EXISTS,
                                             [RZ_AST_SUBQUERY_COUNT] = RZ_SUBQUERY_COUNT,
                                             [RZ_AST_SUBQUERY_COLLECT] = RZ_SUBQUERY_COLLECT};
    if (ast->kind == RZ_AST_EXPR_PATTERN) {
        RZ_TRY(rz_bind_subquery(binder, RZ_SUBQUERY_EXISTS, NULL, ast->path, out, err));
    } else if (ast->kind == RZ_AST_EXPR_PATTERN_COMPREHENSION) {
        RZ_TRY(rz_bind_pattern_comprehension(binder, ast, out, err));
    } else {
        RZ_TRY(rz_bind_subquery(binder, kinds[ast->subquery.kind], ast->subquery.query, NULL, out, err));
    }
    rz_ast_text text = rz_ast_expr_text(binder->script, ast);
    (*out)->name = rz_arena_strndup(binder->arena, text.data, text.length);
    RZ_TRY_ALLOC((*out)->name, err, "binding a subquery");
    return RUZU_OK;
}

static ruzu_status expr_bind(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    switch ((rz_ast_expr_kind)ast->kind) {
    case RZ_AST_EXPR_NULL:
    case RZ_AST_EXPR_BOOL:
    case RZ_AST_EXPR_INT64:
    case RZ_AST_EXPR_INT128:
    case RZ_AST_EXPR_DOUBLE:
    case RZ_AST_EXPR_STRING: return expr_bind_literal(binder, ast, out, err);
    case RZ_AST_EXPR_PARAMETER: return expr_bind_parameter(binder, ast, out, err);
    case RZ_AST_EXPR_VARIABLE: return expr_bind_variable(binder, ast, out, err);
    case RZ_AST_EXPR_PROPERTY: return expr_bind_property_access(binder, ast, out, err);
    case RZ_AST_EXPR_PROPERTY_STAR: return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "v.* is only possible as an item of RETURN or WITH.");
    case RZ_AST_EXPR_OPERATOR: return expr_bind_operator(binder, ast, out, err);
    case RZ_AST_EXPR_COMPARE_CHAIN: return expr_bind_chain(binder, ast, out, err);
    case RZ_AST_EXPR_FUNCTION: return rz_bind_function(binder, ast, out, err);
    case RZ_AST_EXPR_CASE: return expr_bind_case(binder, ast, out, err);
    case RZ_AST_EXPR_CAST: return expr_bind_cast(binder, ast, out, err);
    case RZ_AST_EXPR_LIST: return expr_bind_list(binder, ast, out, err);
    case RZ_AST_EXPR_STRUCT: return expr_bind_struct(binder, ast, out, err);
    case RZ_AST_EXPR_INDEX: return expr_bind_index(binder, ast, out, err);
    case RZ_AST_EXPR_SLICE: return expr_bind_slice(binder, ast, out, err);
    case RZ_AST_EXPR_LAMBDA: return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "A lambda is only possible as the last argument of a list function.");
    case RZ_AST_EXPR_QUANTIFIER: return expr_bind_quantifier(binder, ast, out, err);
    case RZ_AST_EXPR_LIST_COMPREHENSION: return expr_bind_comprehension(binder, ast, out, err);
    case RZ_AST_EXPR_REDUCE: return expr_bind_reduce(binder, ast, out, err);
    case RZ_AST_EXPR_MAP_PROJECTION: return expr_bind_map_projection(binder, ast, out, err);
    case RZ_AST_EXPR_PATTERN:
    case RZ_AST_EXPR_PATTERN_COMPREHENSION:
    case RZ_AST_EXPR_SUBQUERY: return expr_bind_subquery(binder, ast, out, err);
    case RZ_AST_EXPR_LABEL_PREDICATE: return expr_bind_label_predicate(binder, ast, out, err);
    case RZ_AST_EXPR_IS_TYPE: return expr_bind_is_type(binder, ast, out, err);
    }
    return rz_error_set_at(err, RUZU_ERROR_INTERNAL, ast->position, "an unknown kind of expression");
}

ruzu_status rz_bind_expr(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err)
{
    RZ_TRY(expr_bind(binder, ast, out, err));
    if ((*out)->position == RZ_ERROR_NO_POSITION) {
        (*out)->position = ast->position;
    }
    if ((*out)->kind == RZ_EXPR_LIST_LAMBDA) { /* its body has no text of its own: the source's */
        rz_ast_text text = rz_ast_expr_text(binder->script, ast);
        (*out)->name = rz_arena_strndup(binder->arena, text.data, text.length);
        RZ_TRY_ALLOC((*out)->name, err, "naming a column");
    }
    return RUZU_OK;
}

/* ---- conditions ---- */

ruzu_status rz_bind_add_conjuncts(rz_binder *binder, rz_expr *expr, bind_exprs *out, rz_error *err)
{
    if (expr->kind == RZ_EXPR_AND) {
        for (uint32_t i = 0; i < expr->child_count; i++) {
            RZ_TRY(rz_bind_add_conjuncts(binder, expr->children[i], out, err));
        }
        return RUZU_OK;
    }
    return RZ_ARRAY_PUSH(out, binder->arena, expr) ? RUZU_OK : rz_error_no_memory(err, "binding a condition");
}

ruzu_status rz_bind_condition(rz_binder *binder, const rz_ast_expr *ast, bind_exprs *out, rz_error *err)
{
    rz_expr *expr = NULL;
    RZ_TRY(rz_bind_expr(binder, ast, &expr, err));
    RZ_TRY(rz_bind_implicit_cast(binder, expr, RZ_BOOL, &expr, err));
    return rz_bind_add_conjuncts(binder, expr, out, err);
}
