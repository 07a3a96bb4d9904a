/* SPDX-License-Identifier: MIT */
/*
 * Aggregates over two places of a pattern within messages: sum(a.x * c.y), avg(a.x + r.w), max(b.x - c.x).
 *
 * Each side is carried by itself, like an aggregate over one place (plan_carry.c), as what is needed to answer for all pairs: how many values, their sum, least and greatest (agg_pair.c). Where the
 * two meet – in a message whose rows have both below them, or in the rows that are left – the rows are all pairs of the one's and the other's matches, and the states of the pairs are made. These
 * travel on as any state does. Whichever side is not carried, because somebody looks at its node, is evaluated where they meet.
 */
#include "planner/join.h"

bool rz_carry_is_pair(const rz_expr *aggregate, rz_agg_pair *out)
{
    if (aggregate->kind != RZ_EXPR_AGGREGATE || aggregate->child_count != 1 || aggregate->u.aggregate.distinct || aggregate->children[0]->kind != RZ_EXPR_FUNCTION) {
        return false;
    }
    const rz_expr *arg = aggregate->children[0];
    return arg->child_count == 2 && rz_agg_pairs(aggregate->u.aggregate.bound, arg->u.function, out);
}

/* One side as INT64. */
static ruzu_status pair_value(rz_planner *planner, const rz_expr *aggregate, uint32_t side, rz_expr **out, rz_error *err)
{
    rz_expr *value = aggregate->children[0]->children[side];
    *out = value;
    if (value->type->id != RUZU_TYPE_INT64) {
        *out = rz_expr_new(planner->arena, RZ_EXPR_CAST, RZ_INT64, &value, 1);
        RZ_TRY_ALLOC(*out, err, "planning aggregates");
        (*out)->name = value->name;
    }
    return RUZU_OK;
}

ruzu_status rz_carry_side(rz_planner *planner, const rz_expr *aggregate, uint32_t side, rz_expr **out, rz_error *err)
{
    rz_agg_bound *bound = RZ_NEW(planner->arena, rz_agg_bound);
    rz_expr *value = NULL;
    RZ_TRY_ALLOC(bound, err, "planning aggregates");
    rz_agg_side(bound);
    RZ_TRY(pair_value(planner, aggregate, side, &value, err));
    *out = rz_expr_new(planner->arena, RZ_EXPR_AGGREGATE, bound->result, &value, 1);
    RZ_TRY_ALLOC(*out, err, "planning aggregates");
    (*out)->u.aggregate.bound = bound;
    (*out)->name = rz_arena_printf(planner->arena, "%s OF %s", value->name == NULL ? "" : value->name, aggregate->name == NULL ? "" : aggregate->name);
    RZ_TRY_ALLOC((*out)->name, err, "planning aggregates");
    return RUZU_OK;
}

/* Both sides as one argument: records' addresses, or values. */
static ruzu_status pair_argument(rz_planner *planner, rz_expr **sides, rz_expr **out, rz_error *err)
{
    static const char *const names[2] = {"a", "b"};
    rz_fn_arg args[2] = {{.type = sides[0]->type, .name = names[0]}, {.type = sides[1]->type, .name = names[1]}};
    rz_fn_bound *bound = RZ_NEW(planner->arena, rz_fn_bound);
    RZ_TRY_ALLOC(bound, err, "planning aggregates");
    RZ_TRY(rz_fn_resolve("STRUCT_PACK", args, 2, planner->arena, bound, err));
    *out = rz_expr_new(planner->arena, RZ_EXPR_FUNCTION, bound->result, sides, 2);
    RZ_TRY_ALLOC(*out, err, "planning aggregates");
    (*out)->u.function = bound;
    return RUZU_OK;
}

ruzu_status rz_carry_pair(rz_planner *planner, const plan_carries *carries, const plan_pair *pair, rz_expr **out, rz_error *err)
{
    rz_agg_pair *how = (rz_agg_pair *)rz_arena_dup(planner->arena, &pair->how, sizeof pair->how);
    rz_agg_bound *bound = RZ_NEW(planner->arena, rz_agg_bound);
    rz_expr *sides[2];
    rz_expr *arg = NULL;
    if (how == NULL || bound == NULL) {
        return rz_error_no_memory(err, "planning aggregates");
    }
    for (uint32_t side = 0; side < 2; side++) {
        const plan_carry *carry = &carries->items[pair->sides[side]];
        how->recorded[side] = carry->record != RZ_NO_COLUMN_ID;
        how->offsets[side] = carry->offset;
        RZ_TRY(how->recorded[side] ? rz_plan_column_expr(planner, carry->record, &sides[side], err) : pair_value(planner, pair->aggregate, side, &sides[side], err));
    }
    RZ_TRY(pair_argument(planner, sides, &arg, err));
    rz_agg_pair_bind(pair->aggregate->u.aggregate.bound, how, arg->type, bound);
    *out = rz_expr_new(planner->arena, RZ_EXPR_AGGREGATE, bound->result, &arg, 1);
    RZ_TRY_ALLOC(*out, err, "planning aggregates");
    (*out)->u.aggregate.bound = bound;
    (*out)->name = pair->aggregate->name;
    return RUZU_OK;
}
