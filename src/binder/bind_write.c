/* SPDX-License-Identifier: MIT */
/*
 * CREATE, and what MERGE creates: which nodes and relationships a pattern makes, and the values of their properties.
 */
#include "binder/bind.h"

typedef struct create_state {
    bool is_merge;
    RZ_ARRAY(rz_bound_insert_node) nodes;
    RZ_ARRAY(rz_bound_insert_rel) rels;
    RZ_ARRAY(rz_bound_path) paths;
    RZ_ARRAY(bind_variable) created; /* declared after the whole clause is bound: its own names are not visible in its property maps */
    bind_exprs given;                /* values that property maps give */
} create_state;

/* A property map: the names that it gives, and for a parameter that stands for the map its value. */
typedef struct create_map {
    const rz_ast_property_map *ast;
    rz_expr *parameter;
    uint32_t count;
} create_map;

static const char *create_map_name(const create_map *map, uint32_t idx)
{
    return map->parameter != NULL ? map->parameter->type->fields[idx].name : map->ast->keys[idx];
}

/* Binds a parameter map, and checks the names against the table. */
static ruzu_status create_open_map(rz_binder *binder, const create_state *state, const rz_cat_table *table, const rz_ast_property_map *ast, const char *variable,
                                   uint32_t position, create_map *out, rz_error *err)
{
    *out = (create_map){.ast = ast, .count = ast->count};
    if (ast->parameter != NULL) {
        if (state->is_merge) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "A parameter cannot be the property map of MERGE.");
        }
        RZ_TRY(rz_bind_expr(binder, ast->parameter, &out->parameter, err));
        if (out->parameter->type->id != RUZU_TYPE_STRUCT) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "%s has data type %s but STRUCT was expected.", rz_expr_text(out->parameter),
                                   rz_bind_type_text(binder, out->parameter->type));
        }
        out->count = out->parameter->type->field_count;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        if (rz_cat_find_property(table, create_map_name(out, i)) < 0) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot find property %s for %s.", create_map_name(out, i),
                                   variable == NULL ? table->name : variable);
        }
    }
    return RUZU_OK;
}

static ruzu_status create_map_value(rz_binder *binder, const create_map *map, uint32_t idx, uint32_t position, rz_expr **out, rz_error *err)
{
    return map->parameter != NULL ? rz_bind_property(binder, map->parameter, create_map_name(map, idx), position, out, err)
                                  : rz_bind_expr(binder, map->ast->values[idx], out, err);
}

ruzu_status rz_bind_default(rz_binder *binder, const rz_cat_property *property, rz_expr **out, rz_error *err)
{
    if (property->default_text == NULL) {
        return rz_bind_literal_null(binder, property->type, out, err);
    }
    const char *text = rz_arena_printf(binder->arena, "RETURN %s", property->default_text);
    RZ_TRY_ALLOC(text, err, "binding a default");
    rz_ast_script *script = NULL;
    RZ_TRY(rz_parse(text, strlen(text), binder->arena, NULL, &script, err));
    const rz_ast_single_query *arm = script->statements[0]->query->arms[0];
    const rz_ast_script *outer_script = binder->script;
    bind_scope *outer = binder->scope;
    RZ_TRY(rz_bind_scope_new(binder, NULL, &binder->scope, err));
    binder->script = script;
    ruzu_status status = rz_bind_expr(binder, arm->clauses[0]->body.items[0].expr, out, err);
    binder->script = outer_script;
    binder->scope = outer;
    RZ_TRY(status);
    return rz_bind_assign_cast(binder, *out, property->type, out, err);
}

/* One value per property: given, default, or NULL for a SERIAL that the table numbers. */
static ruzu_status create_values(rz_binder *binder, create_state *state, const rz_cat_table *table, const create_map *map, uint32_t position, rz_expr ***out,
                                 rz_error *err)
{
    rz_expr **values = RZ_NEW_ARRAY(binder->arena, rz_expr *, table->property_count);
    RZ_TRY_ALLOC(values, err, "binding CREATE");
    for (uint32_t i = 0; i < table->property_count; i++) {
        const rz_cat_property *property = &table->properties[i];
        for (uint32_t m = 0; m < map->count; m++) {
            if (rz_name_equal(create_map_name(map, m), property->name)) {
                RZ_TRY(create_map_value(binder, map, m, position, &values[i], err));
                RZ_TRY(rz_bind_assign_cast(binder, values[i], property->type, &values[i], err));
            }
        }
        if (values[i] != NULL) {
            if (!RZ_ARRAY_PUSH(&state->given, binder->arena, values[i])) {
                return rz_error_no_memory(err, "binding CREATE");
            }
        } else if (property->type->id != RUZU_TYPE_SERIAL) {
            RZ_TRY(rz_bind_default(binder, property, &values[i], err));
        }
    }
    *out = values;
    return RUZU_OK;
}

static bool create_map_has(const create_map *map, const char *name)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (rz_name_equal(create_map_name(map, i), name)) {
            return true;
        }
    }
    return false;
}

/* Without a label: the tables that the labelled relationships next to the node allow. Narrows tables in place. */
static void create_infer_tables(rz_binder *binder, const rz_ast_path *path, uint32_t node_idx, uint32_t *tables, uint32_t *io_count)
{
    for (uint32_t side = 0; side < 2; side++) {
        if ((side == 0 && node_idx == 0) || (side == 1 && node_idx + 1 == path->node_count)) {
            continue;
        }
        const rz_ast_rel_pattern *rel = path->rels[side == 0 ? node_idx - 1 : node_idx];
        const rz_cat_table *table = rel->labels == NULL || rel->labels->kind != RZ_AST_LABEL_NAME
                                        ? NULL
                                        : rz_catalog_find_table(binder->context->catalog, rel->labels->name);
        bool is_source = (side == 1) == (rel->direction == RZ_AST_DIRECTION_RIGHT);
        uint32_t kept = 0;
        for (uint32_t t = 0; table != NULL && t < *io_count; t++) {
            bool fits = false;
            for (uint32_t p = 0; p < table->pair_count; p++) {
                fits |= (is_source ? table->pairs[p].src_table : table->pairs[p].dst_table) == tables[t];
            }
            tables[kept] = tables[t];
            kept += fits;
        }
        *io_count = table != NULL ? kept : *io_count;
    }
}

static ruzu_status create_node(rz_binder *binder, create_state *state, const rz_ast_path *path, uint32_t node_idx, rz_bound_insert_node *out, rz_error *err)
{
    const rz_ast_node_pattern *ast = path->nodes[node_idx];
    const uint32_t *labelled = NULL;
    uint32_t count = 0;
    const char *name = ast->variable == NULL ? "" : ast->variable;
    RZ_TRY(rz_bind_node_labels(binder, ast->labels, &labelled, &count, err));
    uint32_t *tables = (uint32_t *)rz_arena_dup(binder->arena, labelled, count * sizeof *labelled);
    if (tables == NULL && count != 0) {
        return rz_error_no_memory(err, "binding CREATE");
    }
    if (ast->labels == NULL) {
        create_infer_tables(binder, path, node_idx, tables, &count);
    }
    if (count != 1) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position,
                               ast->labels == NULL ? "Create node %s with empty node labels is not supported." : "Create node %s with multiple node labels is not supported.",
                               name);
    }
    const rz_cat_table *table = rz_catalog_node_table(binder->context->catalog, tables[0]);
    create_map map;
    RZ_TRY(create_open_map(binder, state, table, &ast->properties, ast->variable, ast->position, &map, err));
    const rz_cat_property *key = &table->properties[table->key];
    if (key->type->id != RUZU_TYPE_SERIAL && key->default_text == NULL && !create_map_has(&map, key->name)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Create node %s expects primary key %s as input.", name, key->name);
    }
    out->table = table->id;
    return create_values(binder, state, table, &map, ast->position, &out->values, err);
}

/* Pairs of a relationship table that fit the ends' tables. */
static ruzu_status create_pairs(rz_binder *binder, const rz_cat_table *table, const rz_type *src, const rz_type *dst, rz_bound_insert_rel *out, rz_error *err)
{
    rz_cat_pair *pairs = RZ_NEW_ARRAY(binder->arena, rz_cat_pair, table->pair_count);
    RZ_TRY_ALLOC(pairs, err, "binding CREATE");
    for (uint32_t i = 0; i < table->pair_count; i++) {
        bool src_fits = false;
        bool dst_fits = false;
        for (uint32_t t = 0; t < src->table_count; t++) {
            src_fits |= src->tables[t] == table->pairs[i].src_table;
        }
        for (uint32_t t = 0; t < dst->table_count; t++) {
            dst_fits |= dst->tables[t] == table->pairs[i].dst_table;
        }
        if (src_fits && dst_fits) {
            pairs[out->pair_count++] = table->pairs[i];
        }
    }
    out->pairs = pairs;
    return RUZU_OK;
}

static ruzu_status create_rel_table(rz_binder *binder, const rz_ast_rel_pattern *ast, const rz_type *src, const rz_type *dst, const rz_cat_table **out, rz_error *err)
{
    const rz_catalog *catalog = binder->context->catalog;
    const char *name = ast->variable == NULL ? "" : ast->variable;
    *out = NULL;
    if (ast->labels != NULL && ast->labels->kind == RZ_AST_LABEL_NAME) {
        *out = rz_catalog_find_table(catalog, ast->labels->name);
        if (*out == NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Table %s does not exist.", ast->labels->name);
        }
        if ((*out)->kind != RZ_CAT_REL_TABLE) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot bind %s as a relationship pattern label.", (*out)->name);
        }
        return RUZU_OK;
    }
    uint32_t fitting = 0;
    for (uint32_t i = 0; ast->labels == NULL && i < rz_catalog_table_count(catalog); i++) { /* inferred when the schema leaves one choice */
        const rz_cat_table *table = rz_catalog_table_at(catalog, i);
        rz_bound_insert_rel probe = {0};
        if (table->kind == RZ_CAT_REL_TABLE) {
            RZ_TRY(create_pairs(binder, table, src, dst, &probe, err));
            fitting += probe.pair_count != 0;
            *out = probe.pair_count != 0 ? table : *out;
        }
    }
    if (fitting != 1) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Create rel %s with multiple rel labels is not supported.", name);
    }
    return RUZU_OK;
}

static ruzu_status create_rel(rz_binder *binder, create_state *state, const rz_ast_rel_pattern *ast, const bind_variable *left, const bind_variable *right,
                              rz_bound_insert_rel *out, rz_error *err)
{
    const char *name = ast->variable == NULL ? "" : ast->variable;
    if (ast->recursive != NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot create recursive rel %s.", name);
    }
    if (ast->direction == RZ_AST_DIRECTION_BOTH && !state->is_merge) { /* MERGE matches both directions and creates from left to right */
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position,
                               "Create undirected relationship is not supported. Try create 2 directed relationships instead.");
    }
    const bind_variable *src = ast->direction != RZ_AST_DIRECTION_LEFT ? left : right;
    const bind_variable *dst = ast->direction != RZ_AST_DIRECTION_LEFT ? right : left;
    const rz_cat_table *table = NULL;
    RZ_TRY(create_rel_table(binder, ast, src->type, dst->type, &table, err));
    create_map map;
    RZ_TRY(create_open_map(binder, state, table, &ast->properties, ast->variable, ast->position, &map, err));
    RZ_TRY(create_pairs(binder, table, src->type, dst->type, out, err));
    if (out->pair_count == 0) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot find a label for relationship %s that connects to all of its neighbour nodes.",
                               ast->variable == NULL ? table->name : ast->variable);
    }
    out->rel_table = table->id;
    out->src_column = src->column;
    out->dst_column = dst->column;
    return create_values(binder, state, table, &map, ast->position, &out->values, err);
}

static const bind_variable *create_find(rz_binder *binder, const create_state *state, const char *name, rz_error *err)
{
    for (uint32_t i = 0; i < state->created.count; i++) {
        if (state->created.items[i].name != NULL && rz_name_equal(state->created.items[i].name, name)) {
            return &state->created.items[i];
        }
    }
    const bind_variable *variable = NULL;
    return rz_bind_lookup(binder, name, &variable, err) == RUZU_OK ? variable : NULL;
}

static ruzu_status create_path_node(rz_binder *binder, create_state *state, const rz_ast_path *path, uint32_t node_idx, bind_variable *out, rz_error *err)
{
    const rz_ast_node_pattern *ast = path->nodes[node_idx];
    const bind_variable *known = ast->variable == NULL ? NULL : create_find(binder, state, ast->variable, err);
    if (known != NULL) {
        if (known->type->id != RUZU_TYPE_NODE) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot bind %s as node pattern.", ast->variable);
        }
        if (ast->properties.count != 0) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Variable %s already exists.", ast->variable);
        }
        *out = *known;
        return RUZU_OK;
    }
    rz_bound_insert_node node = {0};
    RZ_TRY(create_node(binder, state, path, node_idx, &node, err));
    node.column = rz_bind_new_column(binder);
    uint32_t *table = (uint32_t *)rz_arena_dup(binder->arena, &node.table, sizeof node.table);
    const rz_type *type = table == NULL ? NULL : rz_type_node(binder->arena, table, 1);
    RZ_TRY_ALLOC(type, err, "binding CREATE");
    *out = (bind_variable){.name = ast->variable, .column = node.column, .type = type};
    return RZ_ARRAY_PUSH(&state->nodes, binder->arena, node) && RZ_ARRAY_PUSH(&state->created, binder->arena, *out) ? RUZU_OK
                                                                                                               : rz_error_no_memory(err, "binding CREATE");
}

/* A path variable: nodes and rels are its elements in order. */
static ruzu_status create_named_path(rz_binder *binder, create_state *state, const rz_ast_path *path, const bind_variable *nodes, const bind_variable *rels,
                                     rz_error *err)
{
    rz_bound_path bound = {.column = rz_bind_new_column(binder)};
    if (create_find(binder, state, path->variable, err) != NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, path->position, "Variable %s already exists.", path->variable);
    }
    RZ_TRY(rz_bind_path(binder, path->variable, nodes, rels, path->node_count, &bound.expr, err));
    bind_variable variable = {.name = path->variable, .column = bound.column, .type = bound.expr->type};
    return RZ_ARRAY_PUSH(&state->paths, binder->arena, bound) && RZ_ARRAY_PUSH(&state->created, binder->arena, variable)
               ? RUZU_OK
               : rz_error_no_memory(err, "binding CREATE");
}

static ruzu_status create_path(rz_binder *binder, create_state *state, const rz_ast_path *path, rz_error *err)
{
    bind_variable *nodes = RZ_NEW_ARRAY(binder->arena, bind_variable, path->node_count);
    bind_variable *rels = RZ_NEW_ARRAY(binder->arena, bind_variable, path->node_count);
    if (nodes == NULL || rels == NULL) {
        return rz_error_no_memory(err, "binding CREATE");
    }
    if (path->node_count == 1 && path->nodes[0]->variable != NULL && create_find(binder, state, path->nodes[0]->variable, err) != NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, path->position, "Cannot resolve any node or relationship to create.");
    }
    for (uint32_t i = 0; i < path->node_count; i++) {
        RZ_TRY(create_path_node(binder, state, path, i, &nodes[i], err));
    }
    for (uint32_t i = 0; i + 1 < path->node_count; i++) {
        const rz_ast_rel_pattern *ast = path->rels[i];
        rz_bound_insert_rel rel = {0};
        if (ast->variable != NULL && create_find(binder, state, ast->variable, err) != NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Variable %s already exists.", ast->variable);
        }
        RZ_TRY(create_rel(binder, state, ast, &nodes[i], &nodes[i + 1], &rel, err));
        rel.column = rz_bind_new_column(binder);
        uint32_t *pairs = RZ_NEW_ARRAY(binder->arena, uint32_t, rel.pair_count);
        RZ_TRY_ALLOC(pairs, err, "binding CREATE");
        for (uint32_t p = 0; p < rel.pair_count; p++) {
            pairs[p] = rel.pairs[p].id;
        }
        const rz_type *type = rz_type_rel(binder->arena, pairs, rel.pair_count);
        RZ_TRY_ALLOC(type, err, "binding CREATE");
        bind_variable variable = {.name = ast->variable, .column = rel.column, .type = type};
        if (!RZ_ARRAY_PUSH(&state->rels, binder->arena, rel) || !RZ_ARRAY_PUSH(&state->created, binder->arena, variable)) {
            return rz_error_no_memory(err, "binding CREATE");
        }
        rels[i] = variable;
    }
    return path->variable == NULL ? RUZU_OK : create_named_path(binder, state, path, nodes, rels, err);
}

static ruzu_status create_pattern(rz_binder *binder, rz_ast_path *const *paths, uint32_t path_count, create_state *state, rz_bound_create *out, rz_error *err)
{
    for (uint32_t i = 0; i < path_count; i++) {
        RZ_TRY(create_path(binder, state, paths[i], err));
    }
    out->nodes = state->nodes.items;
    out->node_count = state->nodes.count;
    out->rels = state->rels.items;
    out->rel_count = state->rels.count;
    out->paths = state->paths.items;
    out->path_count = state->paths.count;
    return RUZU_OK;
}

ruzu_status rz_bind_create(rz_binder *binder, rz_ast_path *const *paths, uint32_t path_count, rz_bound_create *out, rz_error *err)
{
    create_state state = {0};
    RZ_TRY(create_pattern(binder, paths, path_count, &state, out, err));
    for (uint32_t i = 0; i < state.created.count; i++) {
        if (state.created.items[i].name != NULL) {
            RZ_TRY(rz_bind_declare(binder, state.created.items[i].name, state.created.items[i].column, state.created.items[i].type, err));
        }
    }
    return RUZU_OK;
}

/* ---- MERGE ---- */

/*
 * The pattern is bound twice: as what is created, before its names are visible, and as what is matched. Both walk the syntax in the same order, so the n-th element
 * that is created is the n-th of the pattern that was not bound before; the columns of the matched ones become those of the created ones.
 */
static void merge_join_columns(const rz_bound_pattern *pattern, rz_bound_create *create)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < pattern->node_count; i++) {
        if (pattern->nodes[i].bound || next == create->node_count) {
            continue;
        }
        uint32_t old = create->nodes[next].column;
        create->nodes[next++].column = pattern->nodes[i].column;
        for (uint32_t r = 0; r < create->rel_count; r++) {
            rz_bound_insert_rel *rel = &create->rels[r];
            rel->src_column = rel->src_column == old ? pattern->nodes[i].column : rel->src_column;
            rel->dst_column = rel->dst_column == old ? pattern->nodes[i].column : rel->dst_column;
        }
    }
    for (uint32_t i = 0; i < pattern->edge_count && i < create->rel_count; i++) {
        create->rels[i].column = pattern->edges[i].column;
    }
}

ruzu_status rz_bind_merge(rz_binder *binder, const rz_ast_merge *ast, rz_bound_merge *out, rz_error *err)
{
    create_state state = {.is_merge = true};
    RZ_TRY(create_pattern(binder, ast->paths, ast->path_count, &state, &out->create, err));
    RZ_TRY(rz_bind_pattern(binder, ast->paths, ast->path_count, NULL, &out->match, err));
    RZ_ASSERT(out->match.pattern.edge_count == out->create.rel_count);
    merge_join_columns(&out->match.pattern, &out->create);
    out->match.optional = true;
    out->create.paths = out->match.pattern.paths; /* made of whatever was found or created */
    out->create.path_count = out->match.pattern.path_count;
    out->match.pattern.paths = NULL;
    out->match.pattern.path_count = 0;
    out->keys = state.given.items;
    out->key_count = state.given.count;
    RZ_TRY(rz_bind_set(binder, &ast->on_match, &out->on_match, err));
    return rz_bind_set(binder, &ast->on_create, &out->on_create, err);
}
