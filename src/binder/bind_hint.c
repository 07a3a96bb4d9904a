/* SPDX-License-Identifier: MIT */
/*
 * HINT: the tree of joins that a MATCH is to be computed by, checked and brought into one order.
 *
 * A relationship knows both of its ends, so (a JOIN e) is walking from a over e. Where a bare node is joined with a whole tree, the tree is what must be computed first:
 * a JOIN (e JOIN b) begins at b and ends at a. Otherwise the left side comes before the right one.
 */
#include "binder/bind.h"

typedef struct hint_state {
    rz_binder *binder;
    const rz_bound_pattern *pattern;
    uint32_t *columns;
    uint32_t *groups;
    uint32_t count;
    uint32_t group_count;
} hint_state;

/* What a part of the tree covers. */
typedef struct hint_part {
    bool *nodes;      /* of the pattern: those that the part knows, ends of its relationships included */
    bool has_edge;
    const char *text; /* for messages */
} hint_part;

static ruzu_status hint_part_new(hint_state *state, hint_part *out, rz_error *err)
{
    *out = (hint_part){.nodes = RZ_NEW_ARRAY(state->binder->arena, bool, state->pattern->node_count), .text = ""};
    return out->nodes == NULL ? rz_error_no_memory(err, "binding a hint") : RUZU_OK;
}

static ruzu_status hint_name(hint_state *state, const char *name, uint32_t group, uint32_t position, hint_part *out, rz_error *err)
{
    const rz_bound_pattern *pattern = state->pattern;
    uint32_t column = RZ_NO_COLUMN_ID;
    RZ_TRY(hint_part_new(state, out, err));
    for (uint32_t i = 0; i < pattern->node_count; i++) {
        if (rz_name_equal(pattern->nodes[i].name, name)) {
            column = pattern->nodes[i].column;
            out->nodes[i] = true;
        }
    }
    for (uint32_t i = 0; i < pattern->edge_count && column == RZ_NO_COLUMN_ID; i++) {
        if (rz_name_equal(pattern->edges[i].name, name)) {
            column = pattern->edges[i].column;
            out->nodes[pattern->edges[i].from] = out->nodes[pattern->edges[i].to] = true;
            out->has_edge = true;
        }
    }
    if (column == RZ_NO_COLUMN_ID) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot bind %s to a node or relationship pattern", name);
    }
    for (uint32_t i = 0; i < state->count; i++) {
        if (state->columns[i] == column) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "%s stands in the join hint more than once.", name);
        }
    }
    state->columns[state->count] = column;
    state->groups[state->count++] = group;
    out->text = rz_arena_printf(state->binder->arena, "Scan(%s)", name);
    RZ_TRY_ALLOC(out->text, err, "binding a hint");
    return RUZU_OK;
}

/* Two parts can be joined when they share a node. */
static ruzu_status hint_check_join(const hint_state *state, const hint_part *left, const hint_part *right, uint32_t position, rz_error *err)
{
    for (uint32_t i = 0; i < state->pattern->node_count; i++) {
        if (left->nodes[i] && right->nodes[i]) {
            return RUZU_OK;
        }
    }
    return rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot resolve join condition between %s and %s.", left->text, right->text);
}

static ruzu_status hint_unite(hint_state *state, const rz_ast_hint *ast, const hint_part *left, const hint_part *right, hint_part *out, rz_error *err)
{
    RZ_TRY(hint_part_new(state, out, err));
    for (uint32_t i = 0; i < state->pattern->node_count; i++) {
        out->nodes[i] = left->nodes[i] || right->nodes[i];
    }
    out->has_edge = left->has_edge || right->has_edge;
    bool scans = ast->kind == RZ_AST_HINT_JOIN && ast->left->kind == RZ_AST_HINT_NAME && ast->right->kind == RZ_AST_HINT_NAME;
    out->text = scans ? rz_arena_printf(state->binder->arena, "Scan(%s,%s)", ast->left->names[0], ast->right->names[0])
                      : rz_arena_printf(state->binder->arena, "JOIN(%s,%s)", left->text, right->text);
    RZ_TRY_ALLOC(out->text, err, "binding a hint");
    return RUZU_OK;
}

static ruzu_status hint_tree(hint_state *state, const rz_ast_hint *ast, uint32_t depth, hint_part *out, rz_error *err);

static ruzu_status hint_join(hint_state *state, const rz_ast_hint *ast, uint32_t depth, hint_part *out, rz_error *err)
{
    hint_part left = {0};
    hint_part right = {0};
    bool turned = ast->left->kind == RZ_AST_HINT_NAME && ast->right->kind != RZ_AST_HINT_NAME;
    RZ_TRY(hint_tree(state, turned ? ast->right : ast->left, depth + 1, turned ? &right : &left, err));
    RZ_TRY(hint_tree(state, turned ? ast->left : ast->right, depth + 1, turned ? &left : &right, err));
    RZ_TRY(hint_check_join(state, &left, &right, ast->position, err));
    return hint_unite(state, ast, &left, &right, out, err);
}

static ruzu_status hint_multi_join(hint_state *state, const rz_ast_hint *ast, uint32_t depth, hint_part *out, rz_error *err)
{
    uint32_t group = ++state->group_count;
    RZ_TRY(hint_tree(state, ast->left, depth + 1, out, err));
    for (uint32_t i = 0; i < ast->name_count; i++) {
        hint_part left = *out;
        hint_part right = {0};
        RZ_TRY(hint_name(state, ast->names[i], group, ast->position, &right, err));
        RZ_TRY(hint_check_join(state, &left, &right, ast->position, err));
        RZ_TRY(hint_unite(state, ast, &left, &right, out, err));
    }
    return RUZU_OK;
}

static ruzu_status hint_tree(hint_state *state, const rz_ast_hint *ast, uint32_t depth, hint_part *out, rz_error *err)
{
    if (depth > 512) { /* twice the nodes and relationships that a MATCH may have */
        return rz_error_set_at(err, RUZU_ERROR_LIMIT, ast->position, "The join hint is nested too deeply.");
    }
    switch (ast->kind) {
    case RZ_AST_HINT_NAME: return hint_name(state, ast->names[0], 0, ast->position, out, err);
    case RZ_AST_HINT_JOIN: return hint_join(state, ast, depth, out, err);
    case RZ_AST_HINT_MULTI_JOIN: return hint_multi_join(state, ast, depth, out, err);
    }
    return rz_error_set_at(err, RUZU_ERROR_INTERNAL, ast->position, "an unknown kind of hint");
}

static bool hint_has(const hint_state *state, uint32_t column)
{
    for (uint32_t i = 0; i < state->count; i++) {
        if (state->columns[i] == column) {
            return true;
        }
    }
    return false;
}

static ruzu_status hint_check_pattern(const rz_bound_pattern *pattern, uint32_t position, rz_error *err)
{
    bool named = true;
    for (uint32_t i = 0; i < pattern->node_count; i++) {
        named = named && pattern->nodes[i].name != NULL;
        if (pattern->nodes[i].bound) {
            return rz_error_set_at(err, RUZU_ERROR_NOT_IMPLEMENTED, position,
                                   "Hint join pattern has correlation with previous patterns. This is not supported yet.");
        }
    }
    for (uint32_t i = 0; i < pattern->edge_count; i++) {
        named = named && pattern->edges[i].name != NULL;
    }
    return named ? RUZU_OK
                 : rz_error_set_at(err, RUZU_ERROR_BINDER, position, "Cannot hint join order in a match patter with anonymous node or relationship.");
}

ruzu_status rz_bind_hint(rz_binder *binder, const rz_ast_hint *ast, const rz_bound_pattern *pattern, const rz_bound_hint **out, rz_error *err)
{
    uint32_t total = pattern->node_count + pattern->edge_count;
    rz_bound_hint *hint = RZ_NEW(binder->arena, rz_bound_hint);
    hint_state state = {.binder = binder, .pattern = pattern};
    state.columns = RZ_NEW_ARRAY(binder->arena, uint32_t, total);
    state.groups = RZ_NEW_ARRAY(binder->arena, uint32_t, total);
    if (hint == NULL || state.columns == NULL || state.groups == NULL) {
        return rz_error_no_memory(err, "binding a hint");
    }
    hint_part whole = {0};
    RZ_TRY(hint_check_pattern(pattern, ast->position, err));
    RZ_TRY(hint_tree(&state, ast, 0, &whole, err));
    for (uint32_t i = 0; i < total; i++) {
        bool is_node = i < pattern->node_count;
        const char *name = is_node ? pattern->nodes[i].name : pattern->edges[i - pattern->node_count].name;
        if (!hint_has(&state, is_node ? pattern->nodes[i].column : pattern->edges[i - pattern->node_count].column)) {
            return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cannot find %s in join hint.", name);
        }
    }
    *hint = (rz_bound_hint){.columns = state.columns, .groups = state.groups, .count = state.count};
    *out = hint;
    return RUZU_OK;
}
