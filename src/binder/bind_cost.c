/* SPDX-License-Identifier: MIT */
/*
 * cost(e): the sum of the weights of a cheapest path, a column beside that of its relationship.
 *
 * The column is made when somebody asks for it. Until then a WITH passes only the relationship on; a cost that is asked for behind it is added to the items
 * (and, where the WITH groups, to the keys) of every projection on the way: it depends on the path alone, so no row is told from another by it.
 */
#include "binder/bind.h"

ruzu_status rz_bind_walk_add(rz_binder *binder, uint32_t column, rz_bound_recursive *recursive, rz_error *err)
{
    bind_walk walk = {.column = column, .scope = binder->scope, .recursive = recursive, .cost = RZ_NO_COLUMN_ID};
    return RZ_ARRAY_PUSH(&binder->walks, binder->arena, walk) ? RUZU_OK : rz_error_no_memory(err, "binding a path");
}

ruzu_status rz_bind_walks_pass(rz_binder *binder, const bind_scope *input, rz_bound_projection *through, rz_error *err)
{
    uint32_t count = binder->walks.count;
    for (uint32_t w = 0; w < count; w++) {
        for (uint32_t i = 0; i < through->item_count && binder->walks.items[w].scope == input; i++) {
            const rz_expr *expr = through->items[i].expr;
            bind_walk walk = binder->walks.items[w];
            if (expr->kind != RZ_EXPR_COLUMN || expr->u.column != walk.column) {
                continue;
            }
            walk = (bind_walk){.column = through->items[i].column, .scope = binder->scope, .recursive = walk.recursive, .cost = RZ_NO_COLUMN_ID, .through = through, .before = w};
            if (!RZ_ARRAY_PUSH(&binder->walks, binder->arena, walk)) {
                return rz_error_no_memory(err, "binding a path");
            }
        }
    }
    return RUZU_OK;
}

static bool cost_is_item(const rz_bound_item *items, uint32_t count, uint32_t column)
{
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].column == column) {
            return true;
        }
    }
    return false;
}

static ruzu_status cost_add_item(rz_binder *binder, rz_bound_item **items, uint32_t *count, uint32_t column, rz_error *err)
{
    if (cost_is_item(*items, *count, column)) {
        return RUZU_OK;
    }
    rz_bound_item *more = RZ_NEW_ARRAY(binder->arena, rz_bound_item, *count + 1);
    rz_expr *expr = NULL;
    RZ_TRY_ALLOC(more, err, "binding a path");
    RZ_TRY(rz_bind_column(binder, "cost", column, RZ_DOUBLE, &expr, err));
    for (uint32_t i = 0; i < *count; i++) {
        more[i] = (*items)[i];
    }
    more[*count] = (rz_bound_item){.expr = expr, .column = column, .name = "cost"};
    *items = more;
    *count += 1;
    return RUZU_OK;
}

/* The column of a walk's cost where the walk is known: made, and passed on by all projections before, when nobody has asked yet. */
static ruzu_status cost_column(rz_binder *binder, uint32_t walk_idx, uint32_t *out, rz_error *err)
{
    bind_walk *walk = &binder->walks.items[walk_idx];
    uint32_t depth = 0;
    if (walk->recursive->cost_column == RZ_NO_COLUMN_ID) {
        walk->recursive->cost_column = rz_bind_new_column(binder);
    }
    *out = walk->recursive->cost_column;
    for (; walk->cost == RZ_NO_COLUMN_ID && depth <= binder->walks.count; depth++) {
        walk->cost = *out;
        if (walk->through == NULL) {
            break;
        }
        rz_bound_projection *through = walk->through;
        RZ_TRY(cost_add_item(binder, &through->items, &through->item_count, *out, err));
        if (through->grouped) {
            RZ_TRY(cost_add_item(binder, &through->keys, &through->key_count, *out, err));
        }
        walk = &binder->walks.items[walk->before];
    }
    return RUZU_OK;
}

static bool walk_has_cost(const bind_walk *walk)
{
    return walk->recursive->semantic == RZ_PATH_WSHORTEST || walk->recursive->semantic == RZ_PATH_ALL_WSHORTEST;
}

/* The walk that a column is in the innermost scope that knows one, looking outwards; *out_scope: that scope. */
static bool cost_find_walk(const rz_binder *binder, uint32_t column, uint32_t *out, const bind_scope **out_scope)
{
    for (const bind_scope *scope = binder->scope; scope != NULL; scope = scope->outer) {
        for (uint32_t i = binder->walks.count; i-- > 0;) {
            const bind_walk *walk = &binder->walks.items[i];
            if (walk->column == column && walk->scope == scope) {
                *out = i;
                *out_scope = scope;
                return walk_has_cost(walk);
            }
        }
    }
    return false;
}

ruzu_status rz_bind_cost(rz_binder *binder, const rz_ast_expr *ast, const rz_expr *walk, rz_expr **out, rz_error *err)
{
    uint32_t idx = 0;
    uint32_t column = 0;
    const bind_scope *scope = NULL;
    if (walk->kind != RZ_EXPR_COLUMN || !cost_find_walk(binder, walk->u.column, &idx, &scope)) {
        return rz_error_set_at(err, RUZU_ERROR_BINDER, ast->position, "Cost function is not defined for %s", rz_expr_text(walk));
    }
    RZ_TRY(cost_column(binder, idx, &column, err));
    for (bind_scope *inner = binder->scope; inner != scope; inner = inner->outer) {
        if (!inner->is_lambda) {
            RZ_TRY(rz_bind_note_outer(binder, inner, column, err));
        }
    }
    const char *name = rz_arena_printf(binder->arena, "%s_cost", rz_expr_text(walk));
    RZ_TRY_ALLOC(name, err, "naming a column");
    return rz_bind_column(binder, name, column, RZ_DOUBLE, out, err);
}

uint32_t rz_bind_walk_of_cost(const rz_binder *binder, const bind_scope *scope, uint32_t column)
{
    for (uint32_t i = 0; i < binder->walks.count; i++) {
        const bind_walk *walk = &binder->walks.items[i];
        if (walk->scope == scope && walk->cost == column) {
            return walk->column;
        }
    }
    return RZ_NO_COLUMN_ID;
}
