/* SPDX-License-Identifier: MIT */
/*
 * How many rows: what a predicate keeps and how many groups there are, guessed from what the tables know of their columns (distinct values, NULLs, smallest and
 * largest value). Columns are taken as independent and values as evenly spread; where nothing is known, fixed guesses stand in.
 */
#include "planner/build.h"

#include <math.h>
#include <string.h>

#define ESTIMATE_EQUAL 0.05
#define ESTIMATE_RANGE 0.33

/* Statistics of a property that is read from one place: a node's or relationship's, casts around it aside. False when it is something else. */
static bool estimate_property(rz_planner *planner, const rz_expr *expr, rz_column_stats *out, double *out_rows)
{
    while (expr->kind == RZ_EXPR_CAST) {
        expr = expr->children[0];
    }
    if (expr->kind != RZ_EXPR_PROPERTY || planner->context->column_stats == NULL) {
        return false;
    }
    const rz_type *type = expr->children[0]->type;
    bool first = true;
    double nulls = 0;
    memset(out, 0, sizeof *out);
    *out_rows = 0;
    for (uint32_t t = 0; t < type->table_count; t++) {
        double rows = (double)rz_plan_stats(planner, type->tables[t])->rows;
        rz_column_stats column;
        *out_rows += rows;
        if (expr->u.property.column_idxs[t] == RZ_NO_COLUMN) {
            nulls += rows;
            continue;
        }
        if (planner->context->column_stats(planner->context->user, type->tables[t], expr->u.property.column_idxs[t], &column) != RUZU_OK) {
            return false;
        }
        nulls += column.null_share * rows;
        out->distinct += column.distinct; /* of several tables at most so many */
        out->has_range = column.has_range && (first || out->has_range);
        out->min = first || column.min < out->min ? column.min : out->min;
        out->max = first || column.max > out->max ? column.max : out->max;
        first = false;
    }
    out->null_share = *out_rows > 0 ? nulls / *out_rows : 0;
    return !first;
}

/* The number of values an expression can take, at most; 0: unknown. */
static double estimate_values(rz_planner *planner, const rz_expr *expr)
{
    rz_column_stats column;
    double rows;
    const rz_expr *node = expr->kind == RZ_EXPR_ID ? expr->children[0] : expr;
    if (node->type->id == RUZU_TYPE_NODE || node->type->id == RUZU_TYPE_REL) {
        rows = 1;
        for (uint32_t t = 0; t < node->type->table_count; t++) {
            rows += (double)rz_plan_stats(planner, node->type->tables[t])->rows;
        }
        return rows;
    }
    if (expr->type->id == RUZU_TYPE_BOOL) {
        return 2;
    }
    return estimate_property(planner, expr, &column, &rows) ? (double)column.distinct : 0;
}

static double estimate_equality(rz_planner *planner, const rz_expr *expr)
{
    double left = estimate_values(planner, expr->children[0]), right = estimate_values(planner, expr->children[1]);
    double values = left > right ? left : right;
    return values >= 1 ? 1 / values : ESTIMATE_EQUAL;
}

static bool estimate_literal(const rz_expr *expr, double *out)
{
    const rz_value *value = expr->kind == RZ_EXPR_LITERAL ? expr->u.literal : NULL;
    if (value == NULL || value->is_null) {
        return false;
    }
    switch ((rz_physical)value->type->physical) {
    case RZ_PHYS_INT8: *out = value->u.i8; return true;
    case RZ_PHYS_INT16: *out = value->u.i16; return true;
    case RZ_PHYS_INT32: *out = value->u.i32; return true;
    case RZ_PHYS_INT64: *out = (double)value->u.i64; return true;
    case RZ_PHYS_UINT8: *out = value->u.u8; return true;
    case RZ_PHYS_UINT16: *out = value->u.u16; return true;
    case RZ_PHYS_UINT32: *out = value->u.u32; return true;
    case RZ_PHYS_UINT64: *out = (double)value->u.u64; return true;
    case RZ_PHYS_FLOAT: *out = (double)value->u.f32; return *out == *out;
    case RZ_PHYS_DOUBLE: *out = value->u.f64; return *out == *out;
    case RZ_PHYS_NONE:
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT128:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return false;
}

/* property < literal and the like: the part of the range on that side. */
static double estimate_range(rz_planner *planner, const rz_expr *expr, rz_compare_op op)
{
    for (uint32_t i = 0; i < 2; i++) {
        rz_column_stats column;
        double rows, value;
        if (!estimate_literal(expr->children[1 - i], &value) || !estimate_property(planner, expr->children[i], &column, &rows) || !column.has_range) {
            continue;
        }
        double width = column.max - column.min, step = column.distinct > 1 ? width / (double)(column.distinct - 1) : 1;
        double below = width + step > 0 ? (value - column.min) / (width + step) : 0.5; /* share of values < literal */
        bool less = (op == RZ_CMP_LT || op == RZ_CMP_LE) == (i == 0);
        bool with_equal = op == RZ_CMP_LE || op == RZ_CMP_GE;
        double equal = column.distinct != 0 ? 1 / (double)column.distinct : 0;
        double share = less ? below + (with_equal ? equal : 0) : 1 - below - (with_equal ? 0 : equal);
        double least = rows > 0 ? 1 / rows : 1; /* not nothing: changes may lie outside of what was known */
        share *= 1 - column.null_share;
        return share < least ? least : share > 1 ? 1 : share;
    }
    return ESTIMATE_RANGE;
}

static double estimate_comparison(rz_planner *planner, const rz_expr *expr, rz_compare_op op)
{
    switch (op) {
    case RZ_CMP_EQ: return estimate_equality(planner, expr);
    case RZ_CMP_NE: return 1 - estimate_equality(planner, expr) * 0.99;
    case RZ_CMP_LT:
    case RZ_CMP_LE:
    case RZ_CMP_GT:
    case RZ_CMP_GE: break;
    }
    return estimate_range(planner, expr, op);
}

static double estimate_null(rz_planner *planner, const rz_expr *expr)
{
    rz_column_stats column;
    double rows;
    return estimate_property(planner, expr->children[0], &column, &rows) ? column.null_share : 0.1;
}

double rz_plan_selectivity(rz_planner *planner, const rz_expr *expr)
{
    rz_compare_op op;
    if (rz_plan_comparison(expr, &op)) {
        return estimate_comparison(planner, expr, op);
    }
    double result = 1;
    switch (expr->kind) {
    case RZ_EXPR_NOT: return 1 - rz_plan_selectivity(planner, expr->children[0]) * 0.99;
    case RZ_EXPR_AND:
        for (uint32_t i = 0; i < expr->child_count; i++) {
            result *= rz_plan_selectivity(planner, expr->children[i]);
        }
        return result;
    case RZ_EXPR_OR:
        for (uint32_t i = 0; i < expr->child_count; i++) {
            result *= 1 - rz_plan_selectivity(planner, expr->children[i]);
        }
        return 1 - result;
    case RZ_EXPR_IS_NULL: return estimate_null(planner, expr);
    case RZ_EXPR_IS_NOT_NULL: return 1 - estimate_null(planner, expr);
    case RZ_EXPR_FUNCTION: return 0.2; /* text search and membership */
    case RZ_EXPR_LITERAL:
    case RZ_EXPR_PARAMETER:
    case RZ_EXPR_COLUMN:
    case RZ_EXPR_CAST:
    case RZ_EXPR_XOR:
    case RZ_EXPR_CASE:
    case RZ_EXPR_COALESCE:
    case RZ_EXPR_PROPERTY:
    case RZ_EXPR_ID:
    case RZ_EXPR_LABEL:
    case RZ_EXPR_START_NODE:
    case RZ_EXPR_END_NODE:
    case RZ_EXPR_PATH:
    case RZ_EXPR_FIELD:
    case RZ_EXPR_LIST_LAMBDA:
    case RZ_EXPR_GRAPH_VALUE:
    case RZ_EXPR_NEXTVAL:
    case RZ_EXPR_CURRVAL:
    case RZ_EXPR_AGGREGATE:
    case RZ_EXPR_SUBQUERY: return 0.5;
    }
    return 0.5;
}

/* ---- lists ---- */

/* The sum of m r^-s over the ranks 1 … n, nearly. */
static double estimate_falling_sum(double most, double nodes, double slope)
{
    double rest = fabs(1 - slope) < 1e-6 ? log(nodes) : (pow(nodes, 1 - slope) - 1) / (1 - slope);
    return most * (1 + rest);
}

/*
 * The sum of the squares of n list lengths that add up to `edges`, the longest being `most`. Lengths are taken to fall as a power of their rank, of which these numbers say which one:
 * half to twice the truth for relationships of social networks, and right where all lists are alike, or one has everything.
 */
static double estimate_squares(double edges, double nodes, double most)
{
    double low = 0, high = 8;
    if (nodes < 1 || edges < 1 || most * nodes <= edges * 1.001) {
        return nodes < 1 ? 0 : edges * edges / nodes;
    }
    for (uint32_t i = 0; i < 30; i++) {
        double middle = (low + high) / 2;
        bool flat = estimate_falling_sum(most, nodes, middle) > edges;
        low = flat ? middle : low;
        high = flat ? high : middle;
    }
    return estimate_falling_sum(most * most, nodes, low + high);
}

double rz_plan_met_length(rz_planner *planner, const rz_hop *hops, uint32_t count, double nodes)
{
    double squares = 0, all = 0;
    for (uint32_t i = 0; i < count; i++) {
        const rz_table_stats *stats = rz_plan_stats(planner, hops[i].pair);
        rz_direction side = hops[i].direction;
        double edges = (double)stats->rows;
        squares += estimate_squares(edges, (double)stats->bound_nodes[side], (double)stats->max_degree[side]);
        squares += 2 * all * edges / nodes; /* the lists of one node follow each other; their lengths have nothing to do with one another */
        all += edges;
    }
    return all < 1 ? 0 : squares / all;
}

double rz_plan_group_count(rz_planner *planner, rz_expr *const *keys, uint32_t count, double rows)
{
    double groups = 1;
    for (uint32_t i = 0; i < count; i++) {
        double values = estimate_values(planner, keys[i]);
        groups *= values >= 1 ? values : 10 + rows * 0.1;
    }
    /* So many of equally likely values turn up in so many rows (Cardenas 1975). */
    double found = groups * -expm1(-rows / groups);
    return found < 1 ? (rows < 1 ? rows : 1) : found;
}
