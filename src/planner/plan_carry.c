/* SPDX-License-Identifier: MIT */
/*
 * Aggregates within messages: sum, avg, min, max, count(x), deviations of nodes that nobody else looks at.
 *
 * In MATCH (a)-->(b)-->(c) RETURN a.k, sum(c.x) a row of the result is a group of matches, and c only adds to it: for each b the sum over its c, times nothing; for each a the sum over
 * its b of those, and so on. A message then holds for each node, beside the number of matches (plan_message.c), the states of the aggregates over them: its *record*. Where two branches
 * meet, the sums of one are multiplied by the number of matches of the other; that need not be done at each step, since a row's weight is a multiple of the record's number of
 * matches, and the quotient is how often the record counts. So a row carries the address of its record until it is aggregated again.
 *
 * An aggregate is carried if its argument looks at one node only and is not volatile, if it is not DISTINCT, and if it can be merged (rz_agg_has_parts). The argument is evaluated for nodes that
 * no row may reach: should it fail there, the record keeps the error until a row is aggregated that has it. Rows that carry records must not be repeated: their weights are needed. So only one connected pattern, followed by OPTIONAL MATCH clauses at most,
 * right below a projection without volatile parts. Aggregates over two places: carry_pair.c.
 */
#include "planner/join.h"

/* ---- finding ---- */

/* The only column that the expression uses, if it is a node's; else RZ_NO_COLUMN_ID. */
static uint32_t carry_only_column(rz_planner *planner, const rz_expr *expr)
{
    plan_set uses = {0};
    uint32_t found = RZ_NO_COLUMN_ID;
    rz_plan_set_uses(planner, &uses, expr);
    for (uint32_t w = 0; w < uses.word_count; w++) {
        for (uint64_t rest = uses.words[w]; rest != 0; rest &= rest - 1) {
            if (found != RZ_NO_COLUMN_ID) {
                return RZ_NO_COLUMN_ID;
            }
            found = w * 64 + rz_ctz64(rest);
        }
    }
    return found;
}

static bool carry_is_volatile(rz_bound_item *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rz_expr_is_volatile(items[i].expr)) {
            return true;
        }
    }
    return false;
}

static bool carry_takes(rz_planner *planner, const rz_expr *aggregate, uint32_t *out_column)
{
    if (aggregate->kind != RZ_EXPR_AGGREGATE || aggregate->child_count != 1 || aggregate->u.aggregate.distinct || rz_plan_counts_rows(planner, aggregate) ||
        !rz_agg_has_parts(aggregate->u.aggregate.bound)) {
        return false;
    }
    const rz_expr *arg = aggregate->children[0];
    *out_column = rz_plan_has_subquery(arg) ? RZ_NO_COLUMN_ID : carry_only_column(planner, arg);
    return *out_column != RZ_NO_COLUMN_ID;
}

void rz_carry_forget(plan_arm *arm)
{
    arm->carries = (plan_carries){0};
    arm->planner->summed = (plan_set){0};
}

static void carry_add(plan_carries *carries, rz_expr *aggregate, uint32_t column, uint32_t pair)
{
    carries->items[carries->count++] = (plan_carry){.aggregate = aggregate, .column = column, .record = RZ_NO_COLUMN_ID, .pair = pair};
}

/* The two sides, if the aggregate has some that each look at one place of their own. */
static ruzu_status carry_begin_pair(rz_planner *planner, plan_carries *carries, rz_expr *aggregate, rz_error *err)
{
    plan_pair *pair = &carries->pairs[carries->pair_count];
    uint32_t columns[2];
    *pair = (plan_pair){.aggregate = aggregate, .record = RZ_NO_COLUMN_ID};
    if (!rz_plan_rule(planner, RZ_RULE_CARRY_MORE) || !rz_carry_is_pair(aggregate, &pair->how) || rz_plan_has_subquery(aggregate->children[0])) {
        return RUZU_OK;
    }
    for (uint32_t side = 0; side < 2; side++) {
        columns[side] = carry_only_column(planner, aggregate->children[0]->children[side]);
    }
    if (columns[0] == RZ_NO_COLUMN_ID || columns[1] == RZ_NO_COLUMN_ID || columns[0] == columns[1]) {
        return RUZU_OK;
    }
    for (uint32_t side = 0; side < 2; side++) {
        rz_expr *part = NULL;
        RZ_TRY(rz_carry_side(planner, aggregate, side, &part, err));
        pair->sides[side] = carries->count;
        carry_add(carries, part, columns[side], carries->pair_count);
    }
    carries->pair_count++;
    return RUZU_OK;
}

static ruzu_status carry_begin(plan_arm *arm, const rz_bound_projection *projection, rz_error *err)
{
    plan_carries *carries = &arm->carries;
    *carries = (plan_carries){.projection = projection};
    carries->items = RZ_NEW_ARRAY(arm->planner->arena, plan_carry, 2 * (size_t)projection->aggregate_count);
    carries->pairs = RZ_NEW_ARRAY(arm->planner->arena, plan_pair, projection->aggregate_count);
    if (carries->items == NULL || carries->pairs == NULL) {
        return rz_error_no_memory(err, "planning aggregates");
    }
    if (carry_is_volatile(projection->keys, projection->key_count) || carry_is_volatile(projection->aggregates, projection->aggregate_count)) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < projection->aggregate_count; i++) {
        uint32_t column = RZ_NO_COLUMN_ID;
        if (carry_takes(arm->planner, projection->aggregates[i].expr, &column)) {
            carry_add(carries, projection->aggregates[i].expr, column, UINT32_MAX);
        } else {
            RZ_TRY(carry_begin_pair(arm->planner, carries, projection->aggregates[i].expr, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_carry_find(plan_arm *arm, const rz_bound_single_query *query, uint32_t idx, uint32_t end, const plan_set *needs, rz_error *err)
{
    rz_planner *planner = arm->planner;
    const rz_bound_projection *projection = &query->clauses[end].u.projection;
    planner->summed = (plan_set){0};
    if (!projection->grouped || !rz_plan_rule(planner, RZ_RULE_CARRY) || !rz_plan_rule(planner, RZ_RULE_MESSAGES)) {
        return RUZU_OK;
    }
    for (uint32_t i = idx + 1; i < end; i++) {
        if (!query->clauses[i].u.match.optional) { /* may make what is there the build side of a join, whose rows are repeated */
            return RUZU_OK;
        }
    }
    if (arm->carries.projection != projection) {
        RZ_TRY(carry_begin(arm, projection, err));
    }
    bool *left_out = RZ_NEW_ARRAY(planner->arena, bool, projection->aggregate_count);
    RZ_TRY_ALLOC(left_out, err, "planning aggregates");
    for (uint32_t i = 0; i < projection->aggregate_count; i++) {
        for (uint32_t c = 0; c < arm->carries.count; c++) {
            left_out[i] |= arm->carries.items[c].aggregate == projection->aggregates[i].expr;
        }
        for (uint32_t p = 0; p < arm->carries.pair_count; p++) {
            left_out[i] |= arm->carries.pairs[p].aggregate == projection->aggregates[i].expr;
        }
    }
    plan_set others = {0};
    rz_plan_set_union(planner, &others, &needs[end]);
    rz_plan_need_projection(planner, &others, projection, left_out);
    for (uint32_t i = end; i > idx + 1; i--) {
        rz_plan_need_before(planner, &query->clauses[i - 1], &others);
    }
    for (uint32_t c = 0; c < arm->carries.count; c++) {
        if (!rz_plan_set_has(&others, arm->carries.items[c].column)) {
            rz_plan_set_add(planner, &planner->summed, arm->carries.items[c].column);
        }
    }
    return rz_plan_check(planner, err);
}

/* ---- records ---- */

/* The node with that column, or the one that hangs on the relationship with it; nodes.count: neither. */
static uint32_t carry_node(const join_graph *graph, const join_messages *messages, const plan_carry *carry)
{
    uint32_t node = 0;
    while (node < graph->nodes.count && graph->nodes.items[node].column != carry->column &&
           (messages->parents[node] == UINT32_MAX || graph->edges.items[messages->edges[node]].column != carry->column)) {
        node++;
    }
    return node;
}

static bool carry_is_below(const join_graph *graph, const join_messages *messages, const plan_carry *carry, uint32_t node)
{
    uint32_t n = carry_node(graph, messages, carry);
    if (n == graph->nodes.count) {
        return false;
    }
    while (n != node && n != UINT32_MAX) {
        n = messages->parents[n];
    }
    return n == node;
}

/* NULL of a NULL node. */
static bool carry_is_strict(const rz_expr *arg)
{
    while (arg->kind == RZ_EXPR_PROPERTY || arg->kind == RZ_EXPR_CAST || arg->kind == RZ_EXPR_ID) {
        arg = arg->children[0];
    }
    return arg->kind == RZ_EXPR_COLUMN;
}

void rz_carry_only_strict(join_graph *graph, const plan_carries *carries)
{
    for (uint32_t c = 0; c < carries->count; c++) {
        bool strict = carry_is_strict(carries->items[c].aggregate->children[0]);
        for (uint32_t n = 0; n < graph->nodes.count && !strict; n++) {
            graph->nodes.items[n].summed &= graph->nodes.items[n].column != carries->items[c].column;
        }
        for (uint32_t e = 0; e < graph->edges.count && !strict; e++) {
            graph->edges.items[e].summed &= graph->edges.items[e].column != carries->items[c].column;
        }
    }
}

uint32_t rz_carry_count(const join_graph *graph, const join_messages *messages, uint32_t node)
{
    uint32_t count = 0;
    for (uint32_t c = 0; messages->carries != NULL && c < messages->carries->count; c++) {
        count += carry_is_below(graph, messages, &messages->carries->items[c], node);
    }
    for (uint32_t p = 0; messages->carries != NULL && p < messages->carries->pair_count; p++) { /* one state instead of two */
        const plan_pair *pair = &messages->carries->pairs[p];
        count -= carry_is_below(graph, messages, &messages->carries->items[pair->sides[0]], node) && carry_is_below(graph, messages, &messages->carries->items[pair->sides[1]], node);
    }
    return count;
}

bool rz_carry_any(const join_graph *graph, const join_messages *messages, uint32_t node)
{
    return rz_carry_count(graph, messages, node) != 0;
}

/* An aggregate over the records that hold it. */
static ruzu_status carry_over_records(rz_planner *planner, const rz_agg_bound *of, const char *name, uint32_t record, uint32_t offset, rz_expr **out, rz_error *err)
{
    rz_agg_bound *bound = RZ_NEW(planner->arena, rz_agg_bound);
    rz_expr *column = NULL;
    RZ_TRY_ALLOC(bound, err, "planning aggregates");
    rz_agg_part(of, offset, bound);
    RZ_TRY(rz_plan_column_expr(planner, record, &column, err));
    *out = rz_expr_new(planner->arena, RZ_EXPR_AGGREGATE, bound->result, &column, 1);
    RZ_TRY_ALLOC(*out, err, "planning aggregates");
    (*out)->u.aggregate.bound = bound;
    (*out)->name = name;
    return RUZU_OK;
}

/* What computes the carried aggregate from rows that have its place, or the record that holds it. */
static ruzu_status carry_value(rz_planner *planner, const plan_carry *carry, rz_expr **out, rz_error *err)
{
    *out = carry->aggregate;
    return carry->record == RZ_NO_COLUMN_ID ? RUZU_OK
                                            : carry_over_records(planner, carry->aggregate->u.aggregate.bound, carry->aggregate->name, carry->record, carry->offset, out, err);
}

/* The same of a pair whose sides are both there. */
static ruzu_status carry_pair_value(rz_planner *planner, const plan_carries *carries, const plan_pair *pair, rz_expr **out, rz_error *err)
{
    return pair->record == RZ_NO_COLUMN_ID ? rz_carry_pair(planner, carries, pair, out, err)
                                           : carry_over_records(planner, pair->bound, pair->aggregate->name, pair->record, pair->offset, out, err);
}

ruzu_status rz_carry_aggregate(rz_planner *planner, const plan_carries *carries, rz_expr **io, rz_error *err)
{
    for (uint32_t c = 0; c < carries->count; c++) {
        if (carries->items[c].aggregate == *io) {
            return carry_value(planner, &carries->items[c], io, err);
        }
    }
    for (uint32_t p = 0; p < carries->pair_count; p++) {
        const plan_pair *pair = &carries->pairs[p];
        bool carried = carries->items[pair->sides[0]].record != RZ_NO_COLUMN_ID || carries->items[pair->sides[1]].record != RZ_NO_COLUMN_ID || pair->record != RZ_NO_COLUMN_ID;
        if (pair->aggregate == *io) {
            return carried ? carry_pair_value(planner, carries, pair, io, err) : RUZU_OK;
        }
    }
    return RUZU_OK;
}

/* Do the rows that a message is made of have it? */
static bool carry_comes(const join_graph *graph, const join_messages *messages, const plan_carry *carry, uint32_t node, bool with_own)
{
    return carry_is_below(graph, messages, carry, node) && (with_own || carry_node(graph, messages, carry) != node);
}

ruzu_status rz_carry_collect(rz_planner *planner, const join_graph *graph, const join_messages *messages, uint32_t node, bool with_own, rz_plan *message, uint32_t *out_record,
                             rz_error *err)
{
    plan_carries *carries = messages->carries;
    uint32_t count = 0;
    *out_record = RZ_NO_COLUMN_ID;
    if (!rz_carry_any(graph, messages, node)) {
        return RUZU_OK;
    }
    rz_expr **values = RZ_NEW_ARRAY(planner->arena, rz_expr *, carries->count); /* pairs take the places of their sides */
    uint32_t *offs = RZ_NEW_ARRAY(planner->arena, uint32_t, carries->count);
    uint32_t record = RZ_NO_COLUMN_ID;
    uint32_t size = RZ_AGG_RECORD_HEAD;
    if (values == NULL || offs == NULL) {
        return rz_error_no_memory(err, "planning aggregates");
    }
    RZ_TRY(rz_plan_new_column(planner, rz_type_of(RUZU_TYPE_UINT64), NULL, &record, err));
    rz_plan_set_add(planner, &planner->records, record);
    for (uint32_t c = 0; c < carries->count; c++) {
        plan_carry *carry = &carries->items[c];
        plan_pair *pair = carry->pair == UINT32_MAX ? NULL : &carries->pairs[carry->pair];
        if (!carry_comes(graph, messages, carry, node, with_own)) {
            continue;
        }
        if (pair != NULL && carry_comes(graph, messages, &carries->items[pair->sides[0]], node, with_own) && carry_comes(graph, messages, &carries->items[pair->sides[1]], node, with_own)) {
            if (c == pair->sides[1]) {
                continue;
            }
            RZ_TRY(carry_pair_value(planner, carries, pair, &values[count], err));
            pair->bound = pair->record == RZ_NO_COLUMN_ID ? values[count]->u.aggregate.bound : pair->bound;
            pair->record = record;
            pair->offset = size;
            offs[count++] = size;
            size += pair->bound->state_size;
            continue;
        }
        RZ_TRY(carry_value(planner, carry, &values[count], err));
        carry->record = record;
        carry->offset = size;
        offs[count++] = size;
        size += carry->aggregate->u.aggregate.bound->state_size;
    }
    if (count == 0) {
        return RUZU_OK;
    }
    message->u.message.values = values;
    message->u.message.value_offs = offs;
    message->u.message.value_count = count;
    message->u.message.record_size = size;
    *out_record = record;
    return RUZU_OK;
}
