/* SPDX-License-Identifier: MIT */
/*
 * MATCH patterns: variables, labels, FROM/TO pairs, inline properties.
 *
 * First the shape is collected with every table a label allows; then tables and hops are narrowed against each other until nothing changes. Types keep every table that the labels
 * allow: whether a property exists does not depend on what the pattern can reach.
 */
#include "binder/bind_pattern.h"

/* ---- sets of table ids: ascending arrays ---- */

static bool table_set_has(const uint32_t *tables, uint32_t count, uint32_t table)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tables[i] == table) {
            return true;
        }
    }
    return false;
}

static ruzu_status table_set_add(rz_binder *binder, bind_tables *set, uint32_t table, rz_error *err)
{
    if (table_set_has(set->items, set->count, table)) {
        return RUZU_OK;
    }
    if (!RZ_ARRAY_PUSH(set, binder->arena, table)) {
        return rz_error_no_memory(err, "binding labels");
    }
    for (uint32_t i = set->count - 1; i > 0 && set->items[i - 1] > set->items[i]; i--) {
        uint32_t swap = set->items[i];
        set->items[i] = set->items[i - 1];
        set->items[i - 1] = swap;
    }
    return RUZU_OK;
}

static ruzu_status table_set_copy(rz_binder *binder, const bind_tables *from, bind_tables *to, rz_error *err)
{
    for (uint32_t i = 0; i < from->count; i++) {
        RZ_TRY(table_set_add(binder, to, from->items[i], err));
    }
    return RUZU_OK;
}

/* ---- labels ---- */

/* In a pattern `:A:B` means "A or B" (dialect §5). */
static bool pattern_label_matches(const rz_ast_label *label, const char *name)
{
    switch (label->kind) {
    case RZ_AST_LABEL_NAME: return rz_name_equal(label->name, name);
    case RZ_AST_LABEL_ANY: return true;
    case RZ_AST_LABEL_NOT: return !pattern_label_matches(label->children[0], name);
    case RZ_AST_LABEL_AND:
        for (uint32_t i = 0; i < label->child_count; i++) {
            if (!pattern_label_matches(label->children[i], name)) {
                return false;
            }
        }
        return true;
    case RZ_AST_LABEL_OR:
    case RZ_AST_LABEL_COLONS:
        for (uint32_t i = 0; i < label->child_count; i++) {
            if (pattern_label_matches(label->children[i], name)) {
                return true;
            }
        }
        return false;
    }
    return false;
}

/* Every name in a label expression must be a table of the right kind. */
static ruzu_status label_check(rz_binder *binder, const rz_ast_label *label, rz_cat_kind kind, rz_error *err)
{
    for (uint32_t i = 0; i < label->child_count; i++) {
        RZ_TRY(label_check(binder, label->children[i], kind, err));
    }
    if (label->kind != RZ_AST_LABEL_NAME) {
        return RUZU_OK;
    }
    const rz_cat_table *table = rz_catalog_find_table(binder->context->catalog, label->name);
    if (table == NULL) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, label->position, "Table %s does not exist.", label->name);
    }
    if (table->kind != kind) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, label->position, "Cannot bind %s as a %s pattern label.", table->name,
                               kind == RZ_CAT_NODE_TABLE ? "node" : "relationship");
    }
    return RUZU_OK;
}

/* Node tables, or FROM/TO pairs, that a label allows; all of the kind without a label. */
static ruzu_status label_tables(rz_binder *binder, const rz_ast_label *label, rz_cat_kind kind, bind_tables *out, rz_error *err)
{
    const rz_catalog *catalog = binder->context->catalog;
    if (label != NULL) {
        RZ_TRY(label_check(binder, label, kind, err));
    }
    for (uint32_t i = 0; i < rz_catalog_table_count(catalog); i++) {
        const rz_cat_table *table = rz_catalog_table_at(catalog, i);
        if (table->kind != kind || (label != NULL && !pattern_label_matches(label, table->name))) {
            continue;
        }
        if (kind == RZ_CAT_NODE_TABLE) {
            RZ_TRY(table_set_add(binder, out, table->id, err));
        }
        for (uint32_t p = 0; p < table->pair_count; p++) {
            RZ_TRY(table_set_add(binder, out, table->pairs[p].id, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_bind_node_labels(rz_binder *binder, const rz_ast_label *label, const uint32_t **out_tables, uint32_t *out_count, rz_error *err)
{
    bind_tables tables = {0};
    RZ_TRY(label_tables(binder, label, RZ_CAT_NODE_TABLE, &tables, err));
    *out_tables = tables.items;
    *out_count = tables.count;
    return RUZU_OK;
}

/* ---- collecting nodes and edges ---- */

static ruzu_status pattern_add_node(rz_binder *binder, bind_pattern_state *state, const rz_ast_node_pattern *ast, uint32_t *out_idx, rz_error *err)
{
    bind_node node = {.ast = ast, .name = ast->variable, .column = RZ_NO_COLUMN_ID};
    if (ast->variable != NULL) {
        for (uint32_t i = 0; i < state->nodes.count; i++) {
            bind_node *known = &state->nodes.items[i];
            if (known->name != NULL && rz_name_equal(known->name, ast->variable)) {
                *out_idx = i;
                if (ast->labels != NULL) {
                    bind_tables again = {0};
                    RZ_TRY(label_tables(binder, ast->labels, RZ_CAT_NODE_TABLE, &again, err));
                    uint32_t kept = 0;
                    for (uint32_t t = 0; t < known->tables.count; t++) {
                        known->tables.items[kept] = known->tables.items[t];
                        kept += table_set_has(again.items, again.count, known->tables.items[t]);
                    }
                    known->tables.count = kept;
                }
                return RZ_ARRAY_PUSH(&state->maps, binder->arena, ((bind_map){.ast = ast, .node = i})) ? RUZU_OK : rz_error_no_memory(err, "binding a pattern");
            }
        }
        for (uint32_t i = 0; i < state->edges.count; i++) {
            if (state->edges.items[i].name != NULL && rz_name_equal(state->edges.items[i].name, ast->variable)) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "%s has data type REL but NODE was expected.", ast->variable);
            }
        }
        const bind_variable *variable = NULL;
        RZ_TRY(rz_bind_lookup(binder, ast->variable, &variable, err));
        if (variable != NULL) {
            if (variable->type->id == RUZU_TYPE_REL || variable->type->id == RUZU_TYPE_RECURSIVE_REL) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "%s has data type %s but NODE was expected.", ast->variable,
                                       rz_bind_type_text(binder, variable->type));
            }
            if (variable->type->id != RUZU_TYPE_NODE) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot bind %s as node pattern.", ast->variable);
            }
            node.bound = true;
            node.column = variable->column;
            node.bound_type = variable->type;
            node.name = variable->name;
        }
    }
    RZ_TRY(label_tables(binder, ast->labels, RZ_CAT_NODE_TABLE, &node.tables, err));
    RZ_TRY(table_set_copy(binder, &node.tables, &node.label_tables, err));
    if (node.bound) {
        uint32_t kept = 0;
        for (uint32_t t = 0; t < node.tables.count; t++) {
            node.tables.items[kept] = node.tables.items[t];
            kept += table_set_has(node.bound_type->tables, node.bound_type->table_count, node.tables.items[t]);
        }
        node.tables.count = kept;
    }
    *out_idx = state->nodes.count;
    if (!RZ_ARRAY_PUSH(&state->nodes, binder->arena, node) ||
        !RZ_ARRAY_PUSH(&state->maps, binder->arena, ((bind_map){.ast = ast, .node = state->nodes.count - 1}))) {
        return rz_error_no_memory(err, "binding a pattern");
    }
    return RUZU_OK;
}

static ruzu_status pattern_add_edge(rz_binder *binder, bind_pattern_state *state, const rz_ast_rel_pattern *ast, uint32_t from, uint32_t to, uint32_t *out_idx,
                                    rz_error *err)
{
    bind_edge edge = {.ast = ast, .name = ast->variable, .from = from, .to = to, .column = RZ_NO_COLUMN_ID};
    if (ast->group != NULL) {
        return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, ast->position, "Quantified path patterns over groups are not implemented.");
    }
    if (ast->variable != NULL) {
        for (uint32_t i = 0; i < state->edges.count; i++) {
            if (state->edges.items[i].name != NULL && rz_name_equal(state->edges.items[i].name, ast->variable)) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Bind relationship %s to relationship with same name is not supported.",
                                       ast->variable);
            }
        }
        for (uint32_t i = 0; i < state->nodes.count; i++) {
            if (state->nodes.items[i].name != NULL && rz_name_equal(state->nodes.items[i].name, ast->variable)) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "%s has data type NODE but REL was expected.", ast->variable);
            }
        }
        const bind_variable *variable = NULL;
        RZ_TRY(rz_bind_lookup(binder, ast->variable, &variable, err));
        if (variable != NULL) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position,
                                   variable->type->id == RUZU_TYPE_RECURSIVE_REL || variable->type->id == RUZU_TYPE_REL
                                       ? "Bind relationship %s to relationship with same name is not supported."
                                       : "%s has data type %s but REL was expected.",
                                   ast->variable, rz_bind_type_text(binder, variable->type));
        }
    }
    RZ_TRY(label_tables(binder, ast->labels, RZ_CAT_REL_TABLE, &edge.pairs, err));
    *out_idx = state->edges.count;
    return RZ_ARRAY_PUSH(&state->edges, binder->arena, edge) ? RUZU_OK : rz_error_no_memory(err, "binding a pattern");
}

static ruzu_status pattern_collect_path(rz_binder *binder, bind_pattern_state *state, const rz_ast_path *path, rz_error *err)
{
    bind_path bound = {.ast = path, .name = path->variable};
    bound.nodes = RZ_NEW_ARRAY(binder->arena, uint32_t, path->node_count);
    bound.edges = RZ_NEW_ARRAY(binder->arena, uint32_t, path->node_count);
    if (bound.nodes == NULL || bound.edges == NULL) {
        return rz_error_no_memory(err, "binding a pattern");
    }
    for (uint32_t i = 0; i < path->node_count; i++) {
        RZ_TRY(pattern_add_node(binder, state, path->nodes[i], &bound.nodes[i], err));
    }
    for (uint32_t i = 0; i + 1 < path->node_count; i++) {
        RZ_TRY(pattern_add_edge(binder, state, path->rels[i], bound.nodes[i], bound.nodes[i + 1], &bound.edges[i], err));
    }
    return RZ_ARRAY_PUSH(&state->paths, binder->arena, bound) ? RUZU_OK : rz_error_no_memory(err, "binding a pattern");
}

/* ---- narrowing ---- */

static ruzu_status edge_add_hop(rz_binder *binder, bind_edge *edge, const rz_cat_pair *pair, rz_direction direction, rz_error *err)
{
    rz_hop hop = {.pair = pair->id,
                  .direction = direction,
                  .from_table = direction == RZ_FORWARD ? pair->src_table : pair->dst_table,
                  .to_table = direction == RZ_FORWARD ? pair->dst_table : pair->src_table};
    return RZ_ARRAY_PUSH(&edge->hops, binder->arena, hop) ? RUZU_OK : rz_error_no_memory(err, "binding a pattern");
}

static ruzu_status edge_make_hops(rz_binder *binder, bind_edge *edge, rz_error *err)
{
    for (uint32_t i = 0; i < edge->pairs.count; i++) {
        const rz_cat_pair *pair = NULL;
        (void)rz_catalog_rel_of_pair(binder->context->catalog, edge->pairs.items[i], &pair);
        if (edge->ast->direction != RZ_AST_DIRECTION_LEFT) {
            RZ_TRY(edge_add_hop(binder, edge, pair, RZ_FORWARD, err));
        }
        if (edge->ast->direction != RZ_AST_DIRECTION_RIGHT) {
            RZ_TRY(edge_add_hop(binder, edge, pair, RZ_BACKWARD, err));
        }
    }
    return RUZU_OK;
}

/* Keeps the hops whose ends are allowed. Variable-length edges keep all: their middle is free. */
static bool edge_narrow_hops(bind_pattern_state *state, bind_edge *edge)
{
    const bind_node *from = &state->nodes.items[edge->from];
    const bind_node *to = &state->nodes.items[edge->to];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < edge->hops.count; i++) {
        const rz_hop hop = edge->hops.items[i];
        edge->hops.items[kept] = hop;
        kept += table_set_has(from->tables.items, from->tables.count, hop.from_table) && table_set_has(to->tables.items, to->tables.count, hop.to_table);
    }
    bool changed = kept != edge->hops.count;
    edge->hops.count = kept;
    return changed;
}

static bool node_narrow(bind_node *node, const bind_edge *edge, bool as_from, bool as_to)
{
    uint32_t kept = 0;
    for (uint32_t t = 0; t < node->tables.count; t++) {
        uint32_t table = node->tables.items[t];
        bool reachable = false;
        for (uint32_t i = 0; i < edge->hops.count && !reachable; i++) {
            reachable = (as_from && edge->hops.items[i].from_table == table) || (as_to && edge->hops.items[i].to_table == table);
        }
        node->tables.items[kept] = table;
        kept += reachable;
    }
    bool changed = kept != node->tables.count;
    node->tables.count = kept;
    return changed;
}

static bool edge_is_single(const bind_edge *edge)
{
    return edge->ast->recursive == NULL;
}

/* The text Kuzu gives when a labelled relationship cannot touch a labelled node. */
static ruzu_status edge_check(rz_binder *binder, const bind_pattern_state *state, const bind_edge *edge, rz_error *err)
{
    if (edge->hops.count != 0 || edge->ast->labels == NULL || edge->pairs.count == 0) {
        return RUZU_OK;
    }
    const rz_cat_pair *pair = NULL;
    const rz_cat_table *rel = rz_catalog_rel_of_pair(binder->context->catalog, edge->pairs.items[0], &pair);
    for (uint32_t side = 0; side < 2; side++) {
        const bind_node *node = &state->nodes.items[side == 0 ? edge->from : edge->to];
        bool wants_source = (side == 0) == (edge->ast->direction != RZ_AST_DIRECTION_LEFT);
        if (edge->ast->direction == RZ_AST_DIRECTION_BOTH || edge->pairs.count != 1 || node->name == NULL || node->ast->labels == NULL || node->bound) {
            continue;
        }
        uint32_t wanted = wants_source ? pair->src_table : pair->dst_table;
        if (!table_set_has(node->tables.items, node->tables.count, wanted)) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, node->ast->position, "Query node %s violates schema. Expected labels are %s.", node->name,
                                   rz_catalog_node_table(binder->context->catalog, wanted)->name);
        }
    }
    (void)rel;
    return RUZU_OK;
}

static ruzu_status pattern_narrow(rz_binder *binder, bind_pattern_state *state, rz_error *err)
{
    for (uint32_t i = 0; i < state->edges.count; i++) {
        bind_edge *edge = &state->edges.items[i];
        RZ_TRY(edge_make_hops(binder, edge, err));
        if (edge_is_single(edge)) {
            bind_edge probe = *edge;
            probe.hops.items = (rz_hop *)rz_arena_dup(binder->arena, edge->hops.items, edge->hops.count * sizeof(rz_hop));
            if (probe.hops.items == NULL && edge->hops.count != 0) {
                return rz_error_no_memory(err, "binding a pattern");
            }
            (void)edge_narrow_hops(state, &probe);
            RZ_TRY(edge_check(binder, state, &probe, err));
        }
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < state->edges.count; i++) {
            bind_edge *edge = &state->edges.items[i];
            bind_node *from = &state->nodes.items[edge->from];
            bind_node *to = &state->nodes.items[edge->to];
            if (edge_is_single(edge)) {
                changed |= edge_narrow_hops(state, edge);
            } else if (edge->ast->recursive->has_lower && edge->ast->recursive->lower == 0) {
                continue; /* a path of length 0 needs no relationship */
            }
            changed |= node_narrow(from, edge, true, false);
            changed |= node_narrow(to, edge, false, true);
        }
    }
    return RUZU_OK;
}

/* ---- columns and types ---- */

static ruzu_status node_finish(rz_binder *binder, bind_node *node, rz_error *err)
{
    if (node->bound) {
        return RUZU_OK;
    }
    const rz_type *type = rz_type_node(binder->arena, node->label_tables.items, node->label_tables.count);
    RZ_TRY_ALLOC(type, err, "binding a pattern");
    node->bound_type = type;
    node->column = rz_bind_new_column(binder);
    return node->name == NULL ? RUZU_OK : rz_bind_declare(binder, node->name, node->column, type, err);
}

static ruzu_status edge_rel_type(rz_binder *binder, const bind_edge *edge, const rz_type **out, rz_error *err)
{
    *out = rz_type_rel(binder->arena, edge->pairs.items, edge->pairs.count);
    RZ_TRY_ALLOC(*out, err, "binding a pattern");
    return RUZU_OK;
}

/* `{r.a, r.b}` or `{n.*}`: what a path keeps of its relationships, or of its nodes, as a type of their references. */
static ruzu_status edge_restrict(rz_binder *binder, const rz_type *type, const char *variable, rz_ast_expr *const *items, uint32_t count, const rz_type **out,
                                 rz_error *err)
{
    rz_type *kept = (rz_type *)rz_arena_dup(binder->arena, type, sizeof *type);
    const char **names = RZ_NEW_ARRAY(binder->arena, const char *, count);
    if (kept == NULL || names == NULL) {
        return rz_error_no_memory(err, "binding a path");
    }
    kept->restricted = true;
    kept->shown = names;
    for (uint32_t i = 0; i < count; i++) {
        const rz_ast_expr *item = items[i];
        bool is_property = item->kind == RZ_AST_EXPR_PROPERTY || item->kind == RZ_AST_EXPR_PROPERTY_STAR;
        if (!is_property || item->children[0]->kind != RZ_AST_EXPR_VARIABLE || !rz_name_equal(item->children[0]->name, variable)) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, item->position, "A path keeps properties of %s here, as in {%s.name}.", variable, variable);
        }
        if (item->kind == RZ_AST_EXPR_PROPERTY_STAR) {
            kept->restricted = false;
            continue;
        }
        rz_expr *object = NULL;
        rz_expr *property = NULL;
        RZ_TRY(rz_bind_column(binder, variable, RZ_NO_COLUMN_ID, type, &object, err));
        RZ_TRY(rz_bind_property(binder, object, item->name, item->position, &property, err));
        names[kept->shown_count++] = item->name;
    }
    *out = kept;
    return RUZU_OK;
}

static ruzu_status edge_path_type(rz_binder *binder, bind_edge *edge, rz_error *err)
{
    const rz_ast_recursive *ast = edge->ast->recursive;
    const rz_type *rel_type = edge->rel_type;
    const rz_type *node_type = edge->node_type;
    if (ast->has_projection) {
        RZ_TRY(edge_restrict(binder, rel_type, ast->rel_variable, ast->rel_items, ast->rel_item_count, &rel_type, err));
        RZ_TRY(edge_restrict(binder, node_type, ast->node_variable, ast->node_items, ast->node_item_count, &node_type, err));
    }
    edge->bound_type = rz_type_path(binder->arena, node_type, rel_type);
    RZ_TRY_ALLOC(edge->bound_type, err, "binding a path");
    return RUZU_OK;
}

static ruzu_status edge_finish(rz_binder *binder, const bind_pattern_state *state, bind_edge *edge, rz_error *err)
{
    if (edge->bound) {
        return RUZU_OK;
    }
    const rz_type *rel_type = NULL;
    RZ_TRY(edge_rel_type(binder, edge, &rel_type, err));
    edge->bound_type = edge->rel_type = rel_type;
    if (!edge_is_single(edge)) {
        bind_tables tables = {0};
        for (uint32_t i = 0; i < edge->hops.count; i++) {
            RZ_TRY(table_set_add(binder, &tables, edge->hops.items[i].from_table, err));
            RZ_TRY(table_set_add(binder, &tables, edge->hops.items[i].to_table, err));
        }
        (void)state;
        edge->node_type = rz_type_node(binder->arena, tables.items, tables.count);
        RZ_TRY_ALLOC(edge->node_type, err, "binding a pattern");
        RZ_TRY(edge_path_type(binder, edge, err));
    }
    edge->column = rz_bind_new_column(binder);
    return edge->name == NULL ? RUZU_OK : rz_bind_declare(binder, edge->name, edge->column, edge->bound_type, err);
}

/* ---- conditions ---- */

static ruzu_status map_bind(rz_binder *binder, const rz_ast_property_map *map, rz_expr *object, uint32_t position, bind_exprs *out, rz_error *err)
{
    if (map->parameter != NULL) {
        rz_expr *value = NULL;
        RZ_TRY(rz_bind_expr(binder, map->parameter, &value, err));
        if (value->type->id != RUZU_TYPE_STRUCT) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "%s has data type %s but STRUCT was expected.", rz_expr_text(value),
                                   rz_bind_type_text(binder, value->type));
        }
        for (uint32_t i = 0; i < value->type->field_count; i++) {
            rz_expr *sides[2];
            rz_expr *equal = NULL;
            RZ_TRY(rz_bind_property(binder, object, value->type->fields[i].name, position, &sides[0], err));
            RZ_TRY(rz_bind_property(binder, value, value->type->fields[i].name, position, &sides[1], err));
            RZ_TRY(rz_bind_compare(binder, "EQUALS", sides[0], sides[1], &equal, err));
            RZ_TRY(rz_bind_add_conjuncts(binder, equal, out, err));
        }
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        rz_expr *property = NULL;
        rz_expr *value = NULL;
        rz_expr *equal = NULL;
        RZ_TRY(rz_bind_property(binder, object, map->keys[i], position, &property, err));
        RZ_TRY(rz_bind_expr(binder, map->values[i], &value, err));
        RZ_TRY(rz_bind_compare(binder, "EQUALS", property, value, &equal, err));
        RZ_TRY(rz_bind_add_conjuncts(binder, equal, out, err));
    }
    return RUZU_OK;
}

/* A bound node met again with a narrower label: its label must be one of them. */
static ruzu_status node_label_condition(rz_binder *binder, const bind_node *node, rz_expr *object, bind_exprs *out, rz_error *err)
{
    uint32_t count = 0;
    rz_expr **choices = RZ_NEW_ARRAY(binder->arena, rz_expr *, node->bound_type->table_count + 1);
    rz_expr *label = NULL;
    RZ_TRY_ALLOC(choices, err, "binding a label");
    if (!node->bound) {
        return RUZU_OK;
    }
    RZ_TRY(rz_bind_label(binder, object, &label, err));
    for (uint32_t i = 0; i < node->bound_type->table_count; i++) {
        uint32_t table = node->bound_type->tables[i];
        if (table_set_has(node->label_tables.items, node->label_tables.count, table)) {
            rz_expr *name = NULL;
            RZ_TRY(rz_bind_literal_string(binder, rz_catalog_node_table(binder->context->catalog, table)->name, &name, err));
            RZ_TRY(rz_bind_compare(binder, "EQUALS", label, name, &choices[count++], err));
        }
    }
    if (count == node->bound_type->table_count) {
        return RUZU_OK; /* the labels say nothing new */
    }
    rz_expr *condition = choices[0];
    if (count == 0) {
        rz_value never = {.type = RZ_BOOL, .u.boolean = false};
        condition = rz_expr_literal(binder->arena, &never);
        RZ_TRY_ALLOC(condition, err, "binding a label");
    } else if (count > 1) {
        RZ_TRY(rz_bind_new(binder, RZ_EXPR_OR, RZ_BOOL, choices, count, &condition, err));
    }
    return rz_bind_add_conjuncts(binder, condition, out, err);
}

static ruzu_status pattern_bind_nodes(rz_binder *binder, bind_pattern_state *state, bind_exprs *out, rz_error *err)
{
    for (uint32_t i = 0; i < state->nodes.count; i++) {
        rz_expr *object = NULL;
        RZ_TRY(rz_bind_column(binder, state->nodes.items[i].name, state->nodes.items[i].column, state->nodes.items[i].bound_type, &object, err));
        RZ_TRY(node_label_condition(binder, &state->nodes.items[i], object, out, err));
    }
    for (uint32_t i = 0; i < state->maps.count; i++) {
        const rz_ast_node_pattern *ast = state->maps.items[i].ast;
        const bind_node *node = &state->nodes.items[state->maps.items[i].node];
        rz_expr *object = NULL;
        RZ_TRY(rz_bind_column(binder, node->name, node->column, node->bound_type, &object, err));
        RZ_TRY(map_bind(binder, &ast->properties, object, ast->position, out, err));
        if (ast->where != NULL) {
            RZ_TRY(rz_bind_condition(binder, ast->where, out, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status edge_bind_recursive(rz_binder *binder, bind_edge *edge, rz_error *err);

static ruzu_status pattern_bind_edges(rz_binder *binder, bind_pattern_state *state, bind_exprs *out, rz_error *err)
{
    for (uint32_t i = 0; i < state->edges.count; i++) {
        bind_edge *edge = &state->edges.items[i];
        if (!edge_is_single(edge)) {
            RZ_TRY(edge_bind_recursive(binder, edge, err));
            continue;
        }
        rz_expr *object = NULL;
        RZ_TRY(rz_bind_column(binder, edge->name, edge->column, edge->bound_type, &object, err));
        RZ_TRY(map_bind(binder, &edge->ast->properties, object, edge->ast->position, out, err));
        if (edge->ast->where != NULL) {
            RZ_TRY(rz_bind_condition(binder, edge->ast->where, out, err));
        }
    }
    return RUZU_OK;
}

/* ---- variable length ---- */

static ruzu_status recursive_bounds(rz_binder *binder, const bind_edge *edge, rz_bound_recursive *out, rz_error *err)
{
    const rz_ast_recursive *ast = edge->ast->recursive;
    const char *name = edge->name == NULL ? "" : edge->name;
    uint32_t maximum = binder->context->options->max_recursive_depth;
    int64_t lower = ast->has_lower ? ast->lower : ast->quantifier ? 0 : 1;
    int64_t upper = ast->has_upper ? ast->upper : (int64_t)maximum;
    if (upper > (int64_t)maximum) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, edge->ast->position, "Upper bound of rel %s exceeds maximum: %u.", name, maximum);
    }
    if (lower > upper) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, edge->ast->position, "Lower bound of rel %s is greater than upperBound.", name);
    }
    bool shortest = out->semantic != RZ_PATH_WALK && out->semantic != RZ_PATH_TRAIL && out->semantic != RZ_PATH_ACYCLIC;
    if (shortest && lower != 1) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, edge->ast->position, "Lower bound of shortest/all_shortest path must be 1.");
    }
    out->lower = (uint32_t)lower;
    out->upper = (uint32_t)upper;
    return RUZU_OK;
}

typedef struct recursive_uses {
    uint32_t rel, node;
    bool uses_rel, uses_node;
} recursive_uses;

static void recursive_note(void *user, uint32_t column)
{
    recursive_uses *uses = (recursive_uses *)user;
    uses->uses_rel |= column == uses->rel;
    uses->uses_node |= column == uses->node;
}

static ruzu_status recursive_filters(rz_binder *binder, bind_edge *edge, rz_bound_recursive *out, rz_error *err)
{
    const rz_ast_recursive *ast = edge->ast->recursive;
    bind_scope *outer = binder->scope;
    bind_exprs conjuncts = {0};
    bind_exprs rel_filters = {0};
    bind_exprs node_filters = {0};
    rz_expr *rel = NULL;
    out->rel_param = rz_bind_new_column(binder);
    out->node_param = rz_bind_new_column(binder);
    RZ_TRY(rz_bind_scope_new(binder, outer, &binder->scope, err));
    binder->scope->is_lambda = true;
    if (ast->rel_variable != NULL) {
        RZ_TRY(rz_bind_declare(binder, ast->rel_variable, out->rel_param, edge->rel_type, err));
        RZ_TRY(rz_bind_declare(binder, ast->node_variable, out->node_param, edge->node_type, err));
    }
    RZ_TRY(rz_bind_column(binder, ast->rel_variable == NULL ? "r" : ast->rel_variable, out->rel_param, edge->rel_type, &rel, err));
    ruzu_status status = ast->where == NULL ? RUZU_OK : rz_bind_condition(binder, ast->where, &conjuncts, err);
    if (status == RUZU_OK) {
        status = map_bind(binder, &edge->ast->properties, rel, edge->ast->position, &conjuncts, err);
    }
    if (status == RUZU_OK && ast->weight_property != NULL) {
        status = rz_bind_property(binder, rel, ast->weight_property, edge->ast->position, &out->weight, err);
        if (status == RUZU_OK) {
            status = rz_bind_implicit_cast(binder, out->weight, RZ_DOUBLE, &out->weight, err);
        }
    }
    binder->scope = outer;
    RZ_TRY(status);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        recursive_uses uses = {.rel = out->rel_param, .node = out->node_param};
        rz_expr_each_column(conjuncts.items[i], recursive_note, &uses);
        if (uses.uses_rel && uses.uses_node) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, conjuncts.items[i]->position, "Cannot evaluate %s because it depends on both %s and %s.",
                                   rz_expr_text(conjuncts.items[i]), ast->node_variable, ast->rel_variable);
        }
        if (!RZ_ARRAY_PUSH(uses.uses_node ? &node_filters : &rel_filters, binder->arena, conjuncts.items[i])) {
            return rz_error_no_memory(err, "binding a path filter");
        }
    }
    out->rel_filters = rel_filters.items;
    out->rel_filter_count = rel_filters.count;
    out->node_filters = node_filters.items;
    out->node_filter_count = node_filters.count;
    return RUZU_OK;
}

static ruzu_status edge_bind_recursive(rz_binder *binder, bind_edge *edge, rz_error *err)
{
    static const rz_path_semantic semantics[] = {[RZ_AST_RECURSIVE_TRAIL] = RZ_PATH_TRAIL,
                                                 [RZ_AST_RECURSIVE_ACYCLIC] = RZ_PATH_ACYCLIC,
                                                 [RZ_AST_RECURSIVE_SHORTEST] = RZ_PATH_SHORTEST,
                                                 [RZ_AST_RECURSIVE_ALL_SHORTEST] = RZ_PATH_ALL_SHORTEST,
                                                 [RZ_AST_RECURSIVE_WSHORTEST] = RZ_PATH_WSHORTEST,
                                                 [RZ_AST_RECURSIVE_ALL_WSHORTEST] = RZ_PATH_ALL_WSHORTEST};
    rz_bound_recursive *recursive = RZ_NEW(binder->arena, rz_bound_recursive);
    RZ_TRY_ALLOC(recursive, err, "binding a path");
    recursive->cost_column = RZ_NO_COLUMN_ID;
    recursive->semantic = edge->ast->recursive->kind == RZ_AST_RECURSIVE_DEFAULT ? binder->context->options->recursive_semantic
                                                                                 : semantics[edge->ast->recursive->kind];
    RZ_TRY(recursive_bounds(binder, edge, recursive, err));
    RZ_TRY(recursive_filters(binder, edge, recursive, err));
    edge->recursive = recursive;
    return rz_bind_walk_add(binder, edge->column, recursive, err);
}

/* ---- result ---- */

/* Adds the tables of one step's type to those that the path's elements may come from. */
static ruzu_status path_add_tables(rz_binder *binder, const rz_type *type, bind_tables *tables, bind_tables *pairs, rz_error *err)
{
    if (type->id == RUZU_TYPE_RECURSIVE_REL) {
        RZ_TRY(path_add_tables(binder, type->fields[0].type->child, tables, pairs, err));
        return path_add_tables(binder, type->fields[1].type->child, tables, pairs, err);
    }
    for (uint32_t t = 0; t < type->table_count; t++) {
        RZ_TRY(table_set_add(binder, type->id == RUZU_TYPE_NODE ? tables : pairs, type->tables[t], err));
    }
    return RUZU_OK;
}

ruzu_status rz_bind_path(rz_binder *binder, const char *name, const bind_variable *nodes, const bind_variable *rels, uint32_t node_count, rz_expr **out, rz_error *err)
{
    uint32_t count = 2 * node_count - 1;
    rz_expr **steps = RZ_NEW_ARRAY(binder->arena, rz_expr *, count);
    RZ_TRY_ALLOC(steps, err, "binding a path");
    bind_tables tables = {0};
    bind_tables pairs = {0};
    for (uint32_t i = 0; i < count; i++) {
        const bind_variable *step = i % 2 == 0 ? &nodes[i / 2] : &rels[i / 2];
        RZ_TRY(rz_bind_column(binder, step->name, step->column, step->type, &steps[i], err));
        RZ_TRY(path_add_tables(binder, step->type, &tables, &pairs, err));
    }
    const rz_type *node_type = rz_type_node(binder->arena, tables.items, tables.count);
    const rz_type *rel_type = rz_type_rel(binder->arena, pairs.items, pairs.count);
    if (node_count == 2 && rels[0].type->id == RUZU_TYPE_RECURSIVE_REL) {
        rel_type = rels[0].type->fields[1].type->child; /* with what it keeps */
    }
    const rz_type *type = node_type == NULL || rel_type == NULL ? NULL : rz_type_path(binder->arena, node_type, rel_type);
    RZ_TRY_ALLOC(type, err, "binding a path");
    RZ_TRY(rz_bind_new(binder, RZ_EXPR_PATH, type, steps, count, out, err));
    (*out)->name = name;
    return RUZU_OK;
}

static ruzu_status path_finish(rz_binder *binder, const bind_pattern_state *state, const bind_path *path, rz_bound_path *out, rz_error *err)
{
    uint32_t count = path->ast->node_count;
    bind_variable *nodes = RZ_NEW_ARRAY(binder->arena, bind_variable, count);
    bind_variable *rels = RZ_NEW_ARRAY(binder->arena, bind_variable, count);
    if (nodes == NULL || rels == NULL) {
        return rz_error_no_memory(err, "binding a path");
    }
    for (uint32_t i = 0; i < count; i++) {
        const bind_node *node = &state->nodes.items[path->nodes[i]];
        nodes[i] = (bind_variable){.name = node->name, .column = node->column, .type = node->bound_type};
        if (i + 1 < count) {
            const bind_edge *edge = &state->edges.items[path->edges[i]];
            rels[i] = (bind_variable){.name = edge->name, .column = edge->column, .type = edge->bound_type};
        }
    }
    RZ_TRY(rz_bind_path(binder, path->name, nodes, rels, count, &out->expr, err));
    out->column = rz_bind_new_column(binder);
    return rz_bind_declare(binder, path->name, out->column, out->expr->type, err);
}

static ruzu_status pattern_finish(rz_binder *binder, const bind_pattern_state *state, rz_bound_pattern *out, rz_error *err)
{
    out->nodes = RZ_NEW_ARRAY(binder->arena, rz_bound_node, state->nodes.count);
    out->edges = RZ_NEW_ARRAY(binder->arena, rz_bound_edge, state->edges.count);
    if (out->nodes == NULL || out->edges == NULL) {
        return rz_error_no_memory(err, "binding a pattern");
    }
    out->node_count = state->nodes.count;
    out->edge_count = state->edges.count;
    out->trail = binder->context->options->match_mode_trail;
    for (uint32_t i = 0; i < state->nodes.count; i++) {
        const bind_node *node = &state->nodes.items[i];
        out->nodes[i] = (rz_bound_node){.column = node->column,
                                        .name = node->name,
                                        .tables = node->tables.items,
                                        .table_count = node->tables.count,
                                        .bound = node->bound};
    }
    for (uint32_t i = 0; i < state->edges.count; i++) {
        const bind_edge *edge = &state->edges.items[i];
        out->edges[i] = (rz_bound_edge){.column = edge->column,
                                        .name = edge->name,
                                        .from = edge->from,
                                        .to = edge->to,
                                        .hops = edge->hops.items,
                                        .hop_count = edge->hops.count,
                                        .undirected = edge->ast->direction == RZ_AST_DIRECTION_BOTH,
                                        .bound = edge->bound,
                                        .recursive = edge->recursive};
    }
    return RUZU_OK;
}

ruzu_status rz_bind_pattern(rz_binder *binder, rz_ast_path *const *paths, uint32_t path_count, const rz_ast_expr *where, rz_bound_match *out, rz_error *err)
{
    bind_pattern_state state = {0};
    bind_exprs predicates = {0};
    for (uint32_t i = 0; i < path_count; i++) {
        RZ_TRY(pattern_collect_path(binder, &state, paths[i], err));
    }
    RZ_TRY(pattern_narrow(binder, &state, err));
    for (uint32_t i = 0; i < state.nodes.count; i++) {
        RZ_TRY(node_finish(binder, &state.nodes.items[i], err));
    }
    for (uint32_t i = 0; i < state.edges.count; i++) {
        RZ_TRY(edge_finish(binder, &state, &state.edges.items[i], err));
    }
    RZ_TRY(pattern_bind_nodes(binder, &state, &predicates, err));
    RZ_TRY(pattern_bind_edges(binder, &state, &predicates, err));
    RZ_TRY(pattern_finish(binder, &state, &out->pattern, err));
    out->pattern.paths = RZ_NEW_ARRAY(binder->arena, rz_bound_path, path_count);
    RZ_TRY_ALLOC(out->pattern.paths, err, "binding a pattern");
    for (uint32_t i = 0; i < state.paths.count; i++) {
        if (state.paths.items[i].name != NULL) {
            if (rz_bind_find_here(binder, state.paths.items[i].name) != NULL) {
                return rz_error_set_at(err, RUZU_ERROR_BINDER, paths[i]->position, "Variable %s already exists.", state.paths.items[i].name);
            }
            RZ_TRY(path_finish(binder, &state, &state.paths.items[i], &out->pattern.paths[out->pattern.path_count++], err));
        }
    }
    if (where != NULL) {
        RZ_TRY(rz_bind_condition(binder, where, &predicates, err));
    }
    out->predicates = predicates.items;
    out->predicate_count = predicates.count;
    return RUZU_OK;
}
