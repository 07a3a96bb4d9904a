/* SPDX-License-Identifier: MIT */
/*
 * Sets of columns, what is known of columns, statistics of tables.
 */
#include "planner/build.h"

/* ---- sets ---- */

void rz_plan_set_add(rz_planner *planner, plan_set *set, uint32_t column)
{
    if (column == RZ_NO_COLUMN_ID) {
        return;
    }
    if (column / 64 >= set->word_count) {
        uint32_t wanted = column / 64 + 1;
        uint32_t least = RZ_BITMAP_WORDS(planner->columns.count);
        uint32_t word_count = wanted > least ? wanted : least;
        uint64_t *words = RZ_NEW_ARRAY(planner->arena, uint64_t, word_count);
        if (words == NULL) {
            planner->failed = true;
            return;
        }
        if (set->word_count != 0) {
            memcpy(words, set->words, set->word_count * sizeof *words);
        }
        set->words = words;
        set->word_count = word_count;
    }
    rz_bit_set(set->words, column);
}

bool rz_plan_set_has(const plan_set *set, uint32_t column)
{
    return column / 64 < set->word_count && rz_bit_get(set->words, column);
}

void rz_plan_set_union(rz_planner *planner, plan_set *set, const plan_set *other)
{
    for (uint32_t w = 0; w < other->word_count; w++) {
        for (uint64_t rest = other->words[w]; rest != 0; rest &= rest - 1) {
            rz_plan_set_add(planner, set, w * 64 + rz_ctz64(rest));
        }
    }
}

void rz_plan_set_columns(rz_planner *planner, plan_set *set, const uint32_t *columns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rz_plan_set_add(planner, set, columns[i]);
    }
}

typedef struct set_target {
    rz_planner *planner;
    plan_set *set;
} set_target;

static void set_note_use(void *user, uint32_t column)
{
    const set_target *target = (const set_target *)user;
    rz_plan_set_add(target->planner, target->set, column);
}

void rz_plan_set_uses(rz_planner *planner, plan_set *set, const rz_expr *expr)
{
    set_target target = {.planner = planner, .set = set};
    if (expr != NULL) {
        rz_expr_each_column(expr, set_note_use, &target);
    }
}

void rz_plan_set_uses_all(rz_planner *planner, plan_set *set, rz_expr *const *exprs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rz_plan_set_uses(planner, set, exprs[i]);
    }
}

void rz_plan_set_looks(rz_planner *planner, plan_set *set, const rz_expr *expr)
{
    if (expr->kind == RZ_EXPR_COLUMN) {
        rz_plan_set_add(planner, set, expr->u.column);
    } else if (expr->kind == RZ_EXPR_SUBQUERY) {
        rz_plan_set_columns(planner, set, expr->u.subquery.outer_columns, expr->u.subquery.outer_count);
    } else if (!rz_plan_set_has(&planner->walks, rz_plan_length_of(expr))) {
        for (uint32_t i = 0; i < expr->child_count; i++) {
            rz_plan_set_looks(planner, set, expr->children[i]);
        }
    }
}

ruzu_status rz_plan_check(const rz_planner *planner, rz_error *err)
{
    return planner->failed ? rz_error_no_memory(err, "planning a query") : RUZU_OK;
}

/* ---- columns ---- */

void rz_plan_learn(rz_planner *planner, uint32_t column, const rz_type *type, const char *name)
{
    if (column == RZ_NO_COLUMN_ID) {
        return;
    }
    while (planner->columns.count <= column && !planner->failed) {
        planner->failed = !RZ_ARRAY_PUSH(&planner->columns, planner->arena, ((plan_name){0}));
    }
    if (planner->failed) {
        return;
    }
    plan_name *known = &planner->columns.items[column];
    known->type = type != NULL ? type : known->type;
    known->name = known->name == NULL && name != NULL && name[0] != '\0' ? name : known->name;
}

ruzu_status rz_plan_new_column(rz_planner *planner, const rz_type *type, const char *name, uint32_t *out, rz_error *err)
{
    *out = (*planner->context->column_count)++;
    rz_plan_learn(planner, *out, type, name);
    return rz_plan_check(planner, err);
}

const rz_type *rz_plan_type(const rz_planner *planner, uint32_t column)
{
    const rz_type *type = column < planner->columns.count ? planner->columns.items[column].type : NULL;
    return type == NULL ? RZ_ANY : type;
}

/* ---- statistics ---- */

const rz_table_stats *rz_plan_stats(rz_planner *planner, uint32_t id)
{
    static const rz_table_stats unknown = {.rows = 1000, .bound_nodes = {1000, 1000}, .max_degree = {10, 10}};
    if (id >= planner->stat_count) {
        return &unknown;
    }
    plan_stat *stat = &planner->stats[id];
    if (!stat->known) {
        stat->known = true;
        if (planner->context->stats == NULL ||
            planner->context->stats(planner->context->user, id, &stat->stats) != RUZU_OK) {
            stat->stats = unknown; /* only estimates suffer */
        }
    }
    return &stat->stats;
}
